//! One direction of a TCP connection: what one end has sent so far, as the tap saw it.

use std::collections::VecDeque;

use base::{Duration, Instant};
use wire::tcp::{Flags, Options, SackBlocks, Seq};

use super::{Assembly, Segment, Verdicts};

/// Segments in flight that are remembered for RTT samples and for what a retransmission repeats. A capture of one
/// direction only has no ACKs that would remove them.
const MAX_UNACKED: usize = 16_384;

/// A segment that occupies sequence numbers and is not acknowledged yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unacked {
    pub start: i64,
    pub end: i64,
    pub frame: u32,
    pub at: Instant,
    /// It was sent more than once, so its acknowledgment says nothing about the round-trip time (Karn's algorithm,
    /// RFC 6298 §3).
    pub again: bool,
}

/// Figures of one direction.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Segments.
    pub packets: u64,
    /// Bytes on the wire, link headers included.
    pub wire_bytes: u64,
    /// Bytes of data, repeated ones included.
    pub data_bytes: u64,
    /// Bytes of data that had been seen before.
    pub repeated_bytes: u64,
    /// Segments that were sent again, spurious and fast ones included.
    pub retransmissions: u32,
    /// Segments that were overtaken on the way.
    pub out_of_order: u32,
    /// Duplicate acknowledgments.
    pub dup_acks: u32,
    /// Segments that announced a closed window.
    pub zero_windows: u32,
    /// Segments that the receiver drops because of their checksum.
    pub damaged: u32,
    /// Resets.
    pub resets: u32,
}

/// What one end of a connection sent. Numbers are relative: 0 is the SYN, 1 the first byte of data.
#[derive(Clone, Debug, Default)]
pub struct Half {
    /// The sequence number on the wire that has relative number 0.
    pub(crate) base: Option<Seq>,
    /// Whether `base` comes from a SYN, or from an acknowledgment of one.
    pub(crate) base_known: bool,
    /// The highest number sent so far, plus one; probes of a closed window do not count.
    pub(crate) next: Option<i64>,
    /// As `next`, probes included.
    pub(crate) max_seen: Option<i64>,
    /// When `next` grew last.
    pub(crate) next_at: Instant,
    /// The timestamp of the segment with which it did (RFC 7323 §3.2).
    pub(crate) next_timestamp: Option<u32>,
    /// The highest acknowledgment number that this end has sent, in the other direction's relative numbers.
    pub(crate) last_ack: Option<i64>,
    /// When it was sent last.
    pub(crate) last_ack_at: Instant,
    /// The packet that carried it first.
    pub(crate) last_ack_frame: u32,
    /// How often it was repeated by duplicate acknowledgments.
    pub(crate) dup_acks: u32,
    /// When the first of those was sent.
    pub(crate) dup_acks_since: Instant,
    /// The window field of the last segment.
    pub(crate) window: Option<u16>,
    /// That window in bytes, where the scale is known.
    pub(crate) window_bytes: Option<u64>,
    /// The SACK blocks of the last segment.
    pub(crate) sack: SackBlocks,
    /// The verdicts on the last segment.
    pub(crate) last_verdicts: Verdicts,
    /// What an empty segment of the other side that repeats its numbers would be, in answer to this side's last segment.
    pub(crate) provokes: Verdicts,
    /// Whether it has sent a SYN without an ACK, and one with.
    pub(crate) syn_asked: bool,
    pub(crate) syn_acked: bool,
    /// The options of its SYN.
    pub(crate) syn_options: Option<Options>,
    /// The packets of its first SYN and its first FIN.
    pub(crate) syn_frame: u32,
    pub(crate) fin_frame: u32,
    pub(crate) syn_at: Instant,
    /// How many SYNs it sent.
    pub(crate) syns: u32,
    /// The relative number of its FIN.
    pub(crate) fin: Option<i64>,
    /// The packet of its first reset.
    pub(crate) rst_frame: u32,
    /// What is in flight, by start.
    pub(crate) unacked: VecDeque<Unacked>,
    /// Whether any of its checksums was one that a network card was to complete.
    pub(crate) checksums_offloaded: bool,
    /// Whether any of its checksums was right.
    pub(crate) checksums_fit: bool,
    /// Segments with data whose checksum is wrong, which the other end may have taken all the same.
    pub(crate) doubtful: Vec<Segment>,
    pub(crate) stream: Assembly,
    pub(crate) counts: Counts,
    pub(crate) first_frame: u32,
    pub(crate) max_len: u32,
    pub(crate) rtt_min: Option<Duration>,
}

impl Half {
    /// The relative number of `seq`: near the highest number seen, so that it grows beyond 32 bits.
    pub(crate) fn relative(&self, seq: Seq) -> Option<i64> {
        let base = self.base?;
        let near = self.next.unwrap_or(1);
        // Sequence numbers less than 2^31 apart have an order (RFC 9293 §3.4).
        let near_seq = Seq(base.0.wrapping_add(near as u32));
        Some(near + i64::from(seq.0.wrapping_sub(near_seq.0) as i32))
    }

    /// Its initial sequence number, if it is known.
    pub fn isn(&self) -> Option<Seq> {
        self.base.filter(|_| self.base_known)
    }
    /// The sequence number on the wire that counts as relative number 0: the initial one, or, of a connection that was
    /// open when the capture began, the one before the first number seen.
    pub fn relative_zero(&self) -> Option<Seq> {
        self.base
    }
    /// The highest relative number sent so far, plus one.
    pub fn next(&self) -> Option<i64> {
        self.next
    }
    /// The highest relative number of the other direction that this end has acknowledged.
    pub fn acked(&self) -> Option<i64> {
        self.last_ack
    }
    /// The options of its SYN, if that was captured.
    pub fn syn_options(&self) -> Option<&Options> {
        self.syn_options.as_ref()
    }
    /// The packet of its first SYN.
    pub fn syn_frame(&self) -> Option<u32> {
        (self.syn_frame != 0).then_some(self.syn_frame)
    }
    /// The packet of its first segment.
    pub fn first_frame(&self) -> Option<u32> {
        (self.first_frame != 0).then_some(self.first_frame)
    }
    /// Whether it asked for the connection itself: it sent a SYN without ACK. Both sides of a simultaneous open did.
    pub fn asked(&self) -> bool {
        self.syn_asked
    }
    /// The packet of its first FIN.
    pub fn fin_frame(&self) -> Option<u32> {
        (self.fin_frame != 0).then_some(self.fin_frame)
    }
    /// The packet of its first reset.
    pub fn rst_frame(&self) -> Option<u32> {
        (self.rst_frame != 0).then_some(self.rst_frame)
    }
    /// The relative number of its FIN: one more than that of its last byte.
    pub fn fin(&self) -> Option<i64> {
        self.fin
    }
    /// The map of its stream.
    pub fn stream(&self) -> &Assembly {
        &self.stream
    }
    /// Its figures.
    pub fn counts(&self) -> Counts {
        self.counts
    }
    /// Its last advertised window in bytes, scaled; `None` where the scale is not known.
    pub fn window_bytes(&self) -> Option<u64> {
        self.window_bytes
    }
    /// The largest data length of any of its segments: with segmentation offload this is larger than a packet.
    pub fn max_segment(&self) -> u32 {
        self.max_len
    }
    /// Whether its checksums are left to the network card, and so whether this end is the machine that captured: some of
    /// its packets hold the pseudo header's sum alone, or zero, where the checksum belongs.
    pub fn checksums_offloaded(&self) -> bool {
        self.checksums_offloaded
    }
    /// The smallest round-trip time from this end's segments to their acknowledgments, as seen at the tap.
    pub fn rtt_min(&self) -> Option<Duration> {
        self.rtt_min
    }

    /// Remembers a segment until it is acknowledged.
    pub(crate) fn sent(&mut self, segment: Unacked) {
        if self.unacked.len() >= MAX_UNACKED {
            self.unacked.pop_front();
        }
        match self.unacked.back() {
            Some(last) if last.start > segment.start => {
                let at = self.unacked.partition_point(|other| other.start <= segment.start);
                self.unacked.insert(at, segment);
            }
            _ => self.unacked.push_back(segment),
        }
    }

    /// Marks all in flight that overlaps `start..end` as sent again and returns the packet of the first of them.
    pub(crate) fn sent_again(&mut self, start: i64, end: i64) -> u32 {
        let mut first = 0;
        let from = self.unacked.partition_point(|other| other.end <= start);
        for other in self.unacked.range_mut(from..) {
            if other.start >= end {
                break;
            }
            other.again = true;
            if first == 0 {
                first = other.frame;
            }
        }
        first
    }

    /// Forgets all that `ack` acknowledges; the last of it, if it ends exactly there or before.
    pub(crate) fn acknowledged(&mut self, ack: i64) -> Option<Unacked> {
        let mut last = None;
        while self.unacked.front().is_some_and(|first| first.end <= ack) {
            last = self.unacked.pop_front();
        }
        last
    }

    /// The window in bytes that `window` stands for, in a segment with `flags`, if the scale is known.
    pub(crate) fn scaled(&self, other: &Half, window: u16, flags: Flags) -> Option<u64> {
        // RFC 7323 §2.2: the window of a segment with SYN is never scaled.
        if flags.contains(Flags::SYN) {
            return Some(window.into());
        }
        // RFC 7323 §2.2: scaling is on if both SYNs carried the option.
        let (mine, theirs) = (self.syn_options.as_ref()?, other.syn_options.as_ref()?);
        let shift = if theirs.window_scale.is_some() { mine.window_scale.unwrap_or(0).min(14) } else { 0 };
        Some(u64::from(window) << shift)
    }
}
