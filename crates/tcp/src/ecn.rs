//! Explicit congestion notification (RFC 3168): marks instead of losses.

use wire::ipv4::Ecn as Field;
use wire::tcp::{AccEcn, Flags};

use crate::accurate_ecn::{Accurate, reflection};
use crate::{EcnUse, Segment};

/// What a connection knows of ECN, both ways.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ecn {
    /// Both sides speak it (RFC 3168 §6.1.1).
    pub(crate) agreed: bool,
    /// Both sides speak the accurate kind (RFC 9768), instead. Few do: the others need no room for it.
    pub(crate) accurate: Option<Box<Accurate>>,
    /// As a receiver: a mark came, and is echoed until the sender says that it has slowed down (§6.1.3).
    pub(crate) echo: bool,
    /// As a receiver: data came that routers may mark.
    pub(crate) seen: bool,
    /// As a sender: the next new data says that we have slowed down (§6.1.2).
    owe_cwr: bool,
    /// How our SYN asks for it.
    wanted: EcnUse,
    /// The ECN field that the other side's SYN came with, and how many SYN-ACKs have answered it.
    syn_field: Field,
    answers: u8,
}

impl Ecn {
    pub(crate) fn new(wanted: EcnUse) -> Ecn {
        Ecn { wanted, ..Ecn::default() }
    }
    /// What the other side's SYN or SYN-ACK says of it. Whether both speak it now.
    pub(crate) fn agree(&mut self, theirs: &Segment) -> bool {
        let (ece, cwr) = (theirs.flags.contains(Flags::ECE), theirs.flags.contains(Flags::CWR));
        self.agreed = false;
        self.accurate = None;
        self.syn_field = theirs.ecn;
        let told = theirs.flags.ace();
        if theirs.flags.contains(Flags::ACK) {
            match (self.wanted, told) {
                // RFC 9768 §3.1.1, table 2: nothing, all bits back as they came, or ECE alone.
                (EcnUse::AskAccurate, 0 | 7) => {}
                (EcnUse::AskAccurate, 1) => self.agreed = true,
                (EcnUse::AskAccurate, _) => self.accurate.get_or_insert_default().take_syn_ack(theirs),
                // RFC 3168 §6.1.1: ECE alone grants.
                (wanted, _) => self.agreed = wanted.asks() && ece && !cwr,
            }
        } else if self.wanted.grants_accurate() && !matches!(told, 0 | 3) {
            // RFC 9768 §3.1.1: whatever else the bits say, it is a later kind of the same.
            self.accurate = Some(Box::default());
        } else {
            self.agreed = self.wanted != EcnUse::Off && ece && cwr;
        }
        self.agreed || self.accurate.is_some()
    }
    /// The other side's SYN came again: what it says now. One that no longer asks has a doubt (RFC 9768 §3.1.5).
    pub(crate) fn agree_again(&mut self, syn: &Segment) {
        self.syn_field = syn.ecn;
        if let Some(accurate) = self.accurate.as_mut().filter(|_| syn.flags.ace() == 0) {
            accurate.stop_asking();
        }
    }
    /// What a segment says of it: a SYN asks, a SYN-ACK grants, others echo or count marks. What is not answered says it no more,
    /// as something on the path may not like it (RFC 3168 §6.1.1.1); accurate ECN is asked for twice (RFC 9768 §3.1.4.1).
    pub(crate) fn flags(&mut self, syn: bool, ack: bool, retries: u32) -> Flags {
        match (syn, ack) {
            (true, false) if self.wanted == EcnUse::AskAccurate && retries <= 1 => Flags::AE | Flags::ECE | Flags::CWR,
            (true, false) if self.wanted == EcnUse::AskAccurate => Flags::NONE,
            (true, false) if self.wanted.asks() && retries == 0 => Flags::ECE | Flags::CWR,
            (true, true) if self.accurate.is_some() => {
                self.answers = self.answers.saturating_add(1);
                if retries <= 1 { reflection(self.syn_field) } else { Flags::NONE }
            }
            (true, true) if self.agreed => Flags::ECE,
            (false, true) if self.echo => Flags::ECE,
            (false, true) => self.accurate.as_mut().map_or(Flags::NONE, |accurate| accurate.flags()),
            _ => Flags::NONE,
        }
    }
    /// The option of the SYN-ACK, which only the first one has: something on the path may drop it (RFC 9768 §3.2.3.2.2).
    pub(crate) fn first_option(&self) -> Option<AccEcn> {
        (self.accurate.is_some() && self.answers == 0).then(Accurate::first_option)
    }
    /// The ECN field of a segment: with accurate ECN all but SYNs may be marked (RFC 9768 §3.2.2, RFC 8311 §4.3), otherwise new
    /// data alone (RFC 3168 §6.1.4 to §6.1.6).
    pub(crate) fn field(&self, syn: bool, new_data: bool) -> Field {
        let accurate = self.accurate.as_ref().is_some_and(|accurate| accurate.may_be_marked()) && !syn;
        if accurate || (self.agreed && new_data) { Field::ECT0 } else { Field::NOT_ECT }
    }
    /// Whether a segment with these flags echoes a mark. In a SYN the same bits mean something else (§6.1.1).
    pub(crate) fn is_echo(&self, flags: Flags) -> bool {
        self.agreed && flags.contains(Flags::ECE) && !flags.contains(Flags::SYN)
    }
    /// The window was reduced, for whatever reason: the receiver is told.
    pub(crate) fn reduced(&mut self) {
        self.owe_cwr = self.agreed;
    }
    /// The reduction was taken back.
    pub(crate) fn withdraw(&mut self) {
        self.owe_cwr = false;
    }
    /// What new data says of it: once.
    pub(crate) fn take_cwr(&mut self) -> Flags {
        if std::mem::take(&mut self.owe_cwr) { Flags::CWR } else { Flags::NONE }
    }
}
