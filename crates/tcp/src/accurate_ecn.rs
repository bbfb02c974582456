//! Accurate ECN (RFC 9768): every mark is counted and told, in three bits of each header and in an option.

use trace::{Cx, kinds::tcp as kind};
use wire::ipv4::Ecn as Field;
use wire::tcp::{AccEcn, Flags};

use crate::Segment;
use crate::connection::Connection;

/// RFC 9768 §3.2.1: the packet counters begin with 5, so that a field of zero is told from one that was wiped out.
const START: u32 = 5;
/// The field is three bits wide.
const MASK: u32 = 7;
/// Linux's ACK_COMP_THRESH: acknowledgments of more packets than this are usual where something thins them out.
const THINNED: u32 = 4;

/// The counters of one connection. Bytes by ECN field: ECT(1), ECT(0), CE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Accurate {
    /// As a receiver: marked packets (r.cep less its start), those not told of yet, and bytes.
    received_ce: u32,
    pending_ce: u8,
    received: [u32; 3],
    /// How many of the option's counters must be told, as they have changed.
    changed: usize,
    /// The field of what came last.
    last: Option<Field>,
    /// As a sender: marked packets of ours (s.cep less its start), and bytes.
    delivered_ce: u32,
    delivered: [u32; 3],
    /// Which field bytes are believed to count under while no option says it.
    estimate: Option<usize>,
    /// The average number of packets that an acknowledgment acknowledges, in 64ths.
    acked_average: u32,
    /// The other side sends the option.
    option_seen: bool,
    /// The option went out with a report of something that had come twice; sending it does harm.
    sent_with_dsack: bool,
    option_stopped: bool,
    /// The header's bits are wiped out on the way: no packet may ask for marks (RFC 9768 §3.2.2.4).
    bleached: bool,
    /// The first segment that is no SYN has been looked at; what arrives next is a SYN-ACK that crossed ours.
    looked_at_first: bool,
    crossing: bool,
    /// What the next acknowledgment tells of the other side's SYN-ACK: its ECN field (RFC 9768 §3.1.5).
    reflect: Option<Field>,
}

/// Where a field's bytes are counted.
fn index(field: Field) -> Option<usize> {
    match field {
        Field::ECT1 => Some(0),
        Field::ECT0 => Some(1),
        Field::CE => Some(2),
        _ => None,
    }
}

/// The three bits as flags.
fn bits(count: u32) -> Flags {
    let on = |bit: u32, flag: Flags| if count & bit != 0 { flag } else { Flags::NONE };
    on(4, Flags::AE) | on(2, Flags::CWR) | on(1, Flags::ECE)
}

/// RFC 9768 §3.1.1, table 2, and §3.2.2.1, table 3: the ECN field that arrived with a SYN or a SYN-ACK, as three bits.
pub(crate) fn reflection(field: Field) -> Flags {
    bits(match field {
        Field::ECT1 => 3,
        Field::ECT0 => 4,
        Field::CE => 6,
        _ => 2,
    })
}

impl Accurate {
    /// RFC 9768 §3.2.2: the bits of a segment that is no SYN.
    pub(crate) fn flags(&mut self) -> Flags {
        self.pending_ce = 0;
        match self.reflect.take() {
            Some(field) => reflection(field),
            None => bits(self.received_ce.wrapping_add(START)),
        }
    }
    /// Whether packets may ask for marks.
    pub(crate) fn may_be_marked(&self) -> bool {
        !self.bleached
    }
    /// Marked packets of ours that the other side has told of, and bytes of ours that arrived with ECT(1), ECT(0) and CE.
    pub(crate) fn delivered(&self) -> (u32, [u32; 3]) {
        (self.delivered_ce, self.delivered)
    }

    /// The client has the SYN-ACK.
    pub(crate) fn take_syn_ack(&mut self, answer: &Segment) {
        self.reflect = Some(answer.ecn);
        self.option_seen = answer.options.acc_ecn.is_some();
        if answer.ecn == Field::CE && self.last.is_none() {
            self.received_ce = 1;
        }
        self.last = Some(answer.ecn);
    }
    /// A SYN-ACK that crossed ours (RFC 9768 §3.1.1, simultaneous open).
    pub(crate) fn take_crossing(&mut self, answer: &Segment) {
        self.take_syn_ack(answer);
        self.crossing = true;
    }
    /// The SYN-ACK again: our acknowledgment of it was lost (RFC 9768 §3.1.4.1).
    pub(crate) fn answer_again(&mut self, answer: &Segment) {
        self.reflect = Some(answer.ecn);
    }
    /// The SYN again, without asking for ECN: whoever sends it is not sure that marks survive (RFC 9768 §3.1.5).
    pub(crate) fn stop_asking(&mut self) {
        self.bleached = true;
    }

    /// Counts what has arrived (RFC 9768 §3.2.1). Whether it is to be acknowledged at once: a mark behind something unmarked,
    /// or the second mark nobody was told of (§3.2.2.5.1).
    fn receive(&mut self, segment: &Segment) -> bool {
        let before = self.last.replace(segment.ecn);
        let Some(at) = index(segment.ecn) else { return false };
        let ce = segment.ecn == Field::CE;
        if ce {
            self.received_ce = self.received_ce.wrapping_add(1);
            self.pending_ce = self.pending_ce.saturating_add(1);
        }
        if !segment.payload.is_empty() {
            self.received[at] = self.received[at].wrapping_add(segment.payload.len() as u32);
            // Order 1 has ECT(1), CE, ECT(0).
            self.changed = self.changed.max([1, 3, 2][at]);
        }
        ce && !segment.payload.is_empty() && (before != Some(Field::CE) || self.pending_ce >= 2)
    }

    /// The option for a segment of which `room` bytes are left, and `blocks` SACK blocks besides; how many of these have to go
    /// for it. `None`: without.
    pub(crate) fn option(&mut self, room: usize, blocks: usize, dsack: bool) -> Option<(AccEcn, usize)> {
        if !self.option_seen || self.option_stopped {
            return None;
        }
        let len = |n: usize| (2 + 3 * n).next_multiple_of(4);
        let sack = |blocks: usize| if blocks == 0 { 0 } else { 4 + 8 * blocks };
        let fitting =
            |blocks: usize| (1..=3).rev().find(|&n| len(n) + sack(blocks) <= room && n >= self.changed.max(1));
        // RFC 9768 §3.2.3.3: what has changed is worth more than the third block.
        let (n, dropped) = match fitting(blocks) {
            Some(n) => (n, 0),
            None if blocks > 2 && self.changed > 0 => (fitting(blocks - 1)?, 1),
            None => return None,
        };
        self.changed = 0;
        self.sent_with_dsack |= dsack;
        Some((self.counters(n), dropped))
    }
    /// What the option takes of a segment, padded.
    pub(crate) fn option_room(&self) -> u32 {
        if self.option_seen && !self.option_stopped { 12 } else { 0 }
    }
    /// The option of a SYN-ACK.
    pub(crate) fn first_option() -> AccEcn {
        Accurate::default().counters(3)
    }
    /// RFC 9768 §3.2.1: bytes of ECT count from 1.
    fn counters(&self, n: usize) -> AccEcn {
        let [ect1, ect0, ce] = self.received;
        AccEcn::order_1([ect1.wrapping_add(1), ce, ect0.wrapping_add(1)], n)
    }

    /// Reads the option of an acknowledgment of `bytes` bytes (RFC 9768 §3.2.3, Linux `tcp_accecn_process_option`). Whether the
    /// byte counters say for sure what became of them.
    fn take_option(&mut self, option: Option<&AccEcn>, bytes: u32) -> bool {
        let Some(option) = option else {
            let Some(at) = self.estimate.filter(|_| self.option_seen) else { return false };
            self.delivered[at] = self.delivered[at].wrapping_add(bytes);
            return true;
        };
        self.option_seen = true;
        let (mut sure, mut ambiguous, mut first) = (self.estimate.is_some(), false, true);
        for (field, counter) in option.counters() {
            let Some(at) = index(field) else { continue };
            let start = u32::from(at != 2);
            let delta = counter.wrapping_sub(start).wrapping_sub(self.delivered[at]) & 0xFF_FFFF;
            if delta >= 1 << 23 {
                // It went back: an older one.
                (sure, ambiguous) = (false, true);
                continue;
            }
            self.delivered[at] = self.delivered[at].wrapping_add(delta);
            if delta > 0 && self.estimate != Some(at) {
                if std::mem::take(&mut first) {
                    self.estimate = Some(at);
                } else {
                    (sure, ambiguous) = (false, true);
                }
            }
        }
        if ambiguous {
            self.estimate = None;
        }
        sure
    }

    /// How many more marks an acknowledgment tells of, that acknowledges `packets` packets with `bytes` bytes (RFC 9768
    /// §3.2.2.5.2, after Linux): three bits may have gone round in an acknowledgment of more than seven.
    fn marks(&mut self, segment: &Segment, packets: u32, bytes: u32, mss: u32) -> u32 {
        let before = self.delivered[2];
        if packets > 0 {
            let now = packets.min(1 << 16) << 6;
            let average = self.acked_average;
            self.acked_average = if average == 0 { now } else { ((average << 6) - average + now) >> 6 }.min(0xFFFF);
        }
        let sure = self.take_option(segment.options.acc_ecn.as_ref(), bytes);
        let told = u32::from(segment.flags.ace()).wrapping_sub(START);
        let delta = told.wrapping_sub(self.delivered_ce) & MASK;
        if packets <= MASK {
            return delta;
        }
        // As many as there can be.
        let most = packets - ((packets - delta) & MASK);
        if !sure {
            return if self.acked_average > THINNED << 6 { delta } else { most };
        }
        let (marked, mss) = (u64::from(self.delivered[2].wrapping_sub(before)), u64::from(mss));
        if marked == 0 || (marked < (u64::from(most) * mss) >> 1 && marked <= u64::from(delta) * mss) {
            delta
        } else {
            most
        }
    }
}

impl Connection {
    /// What arrives is counted, acceptable or not; and whether the header's bits survive is seen (RFC 9768 §3.2.2.3,
    /// §3.2.2.4).
    pub(crate) fn count_marks(&mut self, segment: &Segment, cx: &mut Cx) {
        if segment.flags.contains(Flags::SYN) || segment.flags.contains(Flags::RST) {
            return;
        }
        let Some(accurate) = &mut self.ecn.accurate else { return };
        if std::mem::take(&mut accurate.crossing) {
            return;
        }
        if !std::mem::replace(&mut accurate.looked_at_first, true) {
            let told = segment.flags.ace();
            if told == 0 {
                accurate.bleached = true;
                cx.event(&kind::ACC_ECN_BLEACHED, self.id, [0, 0]);
            } else if self.passive && told == 6 && segment.is_empty() {
                // Table 4: our SYN-ACK was marked.
                accurate.delivered_ce = 1;
            }
        }
        if segment.options.acc_ecn.is_some() {
            accurate.option_seen = true;
        }
        let at_once = accurate.receive(segment);
        let total = accurate.received_ce;
        if segment.ecn == Field::CE {
            let counted = cx.event(&kind::ACC_ECN_COUNTED, self.id, [total.into(), segment.seq.0.into()]);
            if at_once {
                self.acks.now = Some(counted);
            }
        }
    }

    /// Data came twice though its acknowledgment went out with the option: the way back may drop what carries it (RFC 9768
    /// §3.2.3.2.3).
    pub(crate) fn doubt_option(&mut self) {
        if let Some(accurate) = &mut self.ecn.accurate {
            accurate.option_stopped |= accurate.sent_with_dsack;
        }
    }

    /// An acknowledgment tells of marks. Whether there are new ones. `progress`: it acknowledges something, or is newer by its
    /// timestamp; otherwise it may be an old one.
    pub(crate) fn take_marks(
        &mut self,
        segment: &Segment,
        (packets, bytes): (u32, u32),
        progress: bool,
        cx: &mut Cx,
    ) -> bool {
        let mss = self.agreed.mss;
        let opening = segment.flags.contains(Flags::SYN) || !self.connected;
        let Some(accurate) = self.ecn.accurate.as_mut().filter(|_| progress && !opening) else { return false };
        let marks = accurate.marks(segment, packets, bytes, mss);
        accurate.delivered_ce = accurate.delivered_ce.wrapping_add(marks);
        let all = accurate.delivered_ce;
        if marks > 0 {
            cx.event(&kind::ACC_ECN_TOLD, self.id, [marks.into(), all.into()]);
        }
        marks > 0
    }
}
