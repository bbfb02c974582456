//! Explicit congestion notification (RFC 3168): marks instead of losses.

use wire::tcp::Flags;

use crate::EcnUse;

/// What a connection knows of ECN, both ways.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ecn {
    /// Both sides speak it (RFC 3168 §6.1.1).
    pub(crate) agreed: bool,
    /// As a receiver: a mark came, and is echoed until the sender says that it has slowed down (§6.1.3).
    pub(crate) echo: bool,
    /// As a sender: the next new data says that we have slowed down (§6.1.2).
    owe_cwr: bool,
    /// Our SYN asks for it.
    asks: bool,
}

impl Ecn {
    pub(crate) fn new(wanted: EcnUse) -> Ecn {
        Ecn { asks: wanted == EcnUse::Ask, ..Ecn::default() }
    }
    /// RFC 3168 §6.1.1: the other side's SYN asks with ECE and CWR; its SYN-ACK grants with ECE alone. Whether both speak it now.
    pub(crate) fn agree(&mut self, theirs: Flags, wanted: EcnUse) -> bool {
        let (ece, cwr) = (theirs.contains(Flags::ECE), theirs.contains(Flags::CWR));
        self.agreed =
            if theirs.contains(Flags::ACK) { self.asks && ece && !cwr } else { wanted != EcnUse::Off && ece && cwr };
        self.agreed
    }
    /// What a segment says of it: a SYN asks, a SYN-ACK grants, others echo marks. A SYN that was not answered asks no more, as
    /// something on the path may not like it (§6.1.1.1).
    pub(crate) fn flags(&self, syn: bool, ack: bool, retries: u32) -> Flags {
        match (syn, ack) {
            (true, false) if self.asks && retries == 0 => Flags::ECE | Flags::CWR,
            (true, true) if self.agreed => Flags::ECE,
            (false, true) if self.echo => Flags::ECE,
            _ => Flags::NONE,
        }
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
