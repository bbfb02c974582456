//! What flow keeps of one TCP segment.

use base::{Duration, Instant};
use wire::tcp::{Flags, Options, Seq};

use super::{Silence, Verdicts};
use crate::BufferRef;

/// A segment on its way into the analysis.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub frame: u32,
    pub at: Instant,
    pub seq: Seq,
    pub ack: Seq,
    pub flags: Flags,
    pub window: u16,
    pub options: Options,
    /// Whether the options were not all captured.
    pub options_cut: bool,
    /// Bytes of data by the headers, and how many of them were captured.
    pub len: u32,
    pub captured: u32,
    /// Where the captured data stands.
    pub buffer: BufferRef,
    pub offset: u32,
    pub wire_len: u32,
    pub checksum: Check,
    /// The last long silence of the capture.
    pub silence: Silence,
}

/// A segment's checksum, as far as flow cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Check {
    Unverified,
    Good,
    /// Wrong, and what is left for a network card to complete: the sum of the pseudo header alone, or zero.
    Partial,
    Bad,
}

/// What flow found out about one segment. Numbers called relative count from the initial sequence number (0 is the SYN,
/// 1 the first byte of data) and are derived; the wire's own stand beside them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tcp {
    /// The sequence number on the wire.
    pub seq: Seq,
    /// The acknowledgment number on the wire; without meaning unless the ACK flag is set.
    pub ack: Seq,
    /// The flags.
    pub flags: Flags,
    /// The window field as sent, not scaled.
    pub window: u16,
    /// Bytes of data by the headers; more than were captured if the packet was snapped.
    pub len: u32,
    /// What the segment is, judged from those before it.
    pub verdicts: Verdicts,
    /// Derived: how often this acknowledgment had been repeated when this segment repeated it; 0 unless it is a
    /// duplicate ACK.
    pub dup_ack: u32,
    pub(crate) relative_seq: i64,
    pub(crate) relative_ack: i64,
    pub(crate) repeats: u32,
    pub(crate) acks: u32,
    pub(crate) rtt: i64,
    pub(crate) in_flight: u32,
}

pub(crate) const NO_NUMBER: i64 = i64::MIN;
pub(crate) const NO_COUNT: u32 = u32::MAX;

impl Tcp {
    pub(crate) fn of(segment: &Segment) -> Tcp {
        Tcp {
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            window: segment.window,
            len: segment.len,
            verdicts: Verdicts::NONE,
            dup_ack: 0,
            relative_seq: NO_NUMBER,
            relative_ack: NO_NUMBER,
            repeats: 0,
            acks: 0,
            rtt: NO_NUMBER,
            in_flight: NO_COUNT,
        }
    }

    /// Derived: the relative sequence number; grows beyond 32 bits. `None` for a reset that came before anything else.
    pub fn relative_seq(&self) -> Option<i64> {
        (self.relative_seq != NO_NUMBER).then_some(self.relative_seq)
    }
    /// Derived: the relative acknowledgment number, if the ACK flag is set.
    pub fn relative_ack(&self) -> Option<i64> {
        (self.relative_ack != NO_NUMBER).then_some(self.relative_ack)
    }
    /// The packet that carried first what this one carries again.
    pub fn repeats(&self) -> Option<u32> {
        (self.repeats != 0).then_some(self.repeats)
    }
    /// The packet whose last byte (or SYN, or FIN) this one is the first to acknowledge; the last such packet if it
    /// acknowledges several.
    pub fn acks(&self) -> Option<u32> {
        (self.acks != 0).then_some(self.acks)
    }
    /// Derived: the time since the packet of [`Tcp::acks`], unless that was sent more than once (Karn's algorithm, RFC
    /// 6298 §3): a round-trip time from the tap to the receiver and back, its delay of the ACK included.
    pub fn rtt(&self) -> Option<Duration> {
        (self.rtt != NO_NUMBER).then(|| Duration::from_nanos(self.rtt))
    }
    /// Derived: bytes of this side that are sent and not acknowledged, this segment's included, as seen at the tap.
    /// `None` for segments without data and where no acknowledgment was seen yet.
    pub fn in_flight(&self) -> Option<u32> {
        (self.in_flight != NO_COUNT).then_some(self.in_flight)
    }
}
