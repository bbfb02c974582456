//! The predicates behind the verdicts. Each looks at one segment and at what both ends had sent before it.

use base::{Duration, Instant};
use wire::tcp::{Flags, Seq};

use super::{Half, Verdicts};

/// The longest time from the last duplicate ACK to a fast retransmission, beside what the ACK takes to the sender and the
/// segment back.
const FAST: Duration = Duration::from_millis(20);
/// How much later than the highest segment an overtaken one may come, where the round-trip time is not known.
const REORDERING: Duration = Duration::from_millis(3);
/// The largest window that scaling allows (RFC 7323 §2.3): beyond it no receiver accepts anything.
const MAX_WINDOW: u64 = 65_535 << 14;

/// A segment with relative numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub at: Instant,
    /// The relative sequence number.
    pub start: i64,
    /// The relative number of its first byte of data, if it has any.
    pub data_start: i64,
    /// The relative number behind its data, SYN and FIN.
    pub end: i64,
    /// Bytes of data.
    pub len: u32,
    /// The relative acknowledgment number, if the ACK flag is set.
    pub ack: Option<i64>,
    /// What the other side has acknowledged before.
    pub peer_acked: Option<i64>,
    pub flags: Flags,
    pub window: u16,
    /// It repeats this side's SYN to acknowledge the other's, for the first time: a simultaneous open (RFC 9293 §3.5,
    /// figure 7).
    pub answers_syn: bool,
    pub has_sack: bool,
    /// The sender's clock when it was sent (RFC 7323 §3.2).
    pub timestamp: Option<u32>,
    /// Whether, starting below `next`, it brings bytes (or a FIN) that were not seen before.
    pub new_bytes: bool,
}

impl View {
    /// None of SYN, FIN and RST.
    fn plain(&self) -> bool {
        !self.flags.intersects(Flags(Flags::SYN.0 | Flags::FIN.0 | Flags::RST.0))
    }
    /// No data, none of SYN, FIN and RST, and the same numbers as the last segment of this side.
    fn repeats_numbers(&self, me: &Half) -> bool {
        self.len == 0 && self.plain() && self.ack.is_some() && Some(self.start) == me.next && self.ack == me.last_ack
    }
    /// Occupies sequence numbers.
    fn occupies(&self) -> bool {
        self.end > self.start
    }
}

/// All verdicts that follow from the numbers. `me` sent the segment to `peer`; neither knows of it yet.
pub(crate) fn judge(segment: &View, me: &Half, peer: &Half, initial_rtt: Option<Duration>) -> Verdicts {
    let mut verdicts = Verdicts::NONE;
    let mut set = |verdict: Verdicts, holds: bool| {
        if holds {
            verdicts |= verdict;
        }
        holds
    };
    set(Verdicts::ZERO_WINDOW, segment.window == 0 && segment.plain() && segment.ack.is_some());
    set(Verdicts::ACKED_UNSEEN, acked_unseen(segment, peer));
    if set(Verdicts::OUT_OF_WINDOW, out_of_window(segment, me, peer))
        || set(Verdicts::ZERO_WINDOW_PROBE, zero_window_probe(segment, me, peer))
        || set(Verdicts::KEEP_ALIVE, keep_alive(segment, me, peer))
    {
        return verdicts;
    }
    set(Verdicts::LOST_PREVIOUS, lost_previous(segment, me));
    set(Verdicts::WINDOW_FULL, window_full(segment, peer));
    set(Verdicts::BEHIND, behind(segment, me));
    let _ = set(Verdicts::CHALLENGE_ACK, answers(segment, me, peer, Verdicts::CHALLENGE_ACK))
        || set(Verdicts::KEEP_ALIVE_ACK, keep_alive_ack(segment, me, peer))
        || set(Verdicts::ZERO_WINDOW_PROBE_ACK, zero_window_probe_ack(segment, me, peer))
        || set(Verdicts::WINDOW_UPDATE, window_update(segment, me))
        || set(Verdicts::DUP_ACK, dup_ack(segment, me, peer))
        || set(Verdicts::UNACCEPTABLE_ANSWERED, answers(segment, me, peer, Verdicts::UNACCEPTABLE_ANSWERED));
    let _ = set(Verdicts::SPURIOUS_RETRANSMISSION, spurious_retransmission(segment, me, peer))
        || set(Verdicts::FAST_RETRANSMISSION, fast_retransmission(segment, me, peer))
        || set(Verdicts::OUT_OF_ORDER, out_of_order(segment, me, peer, initial_rtt))
        || set(Verdicts::RETRANSMISSION, not_advancing(segment, me));
    verdicts
}

/// What an answer would be that repeats its numbers to a segment with these verdicts.
pub(crate) fn provokes(verdicts: Verdicts) -> Verdicts {
    if verdicts.contains(Verdicts::ACKED_UNSEEN) {
        Verdicts::CHALLENGE_ACK
    } else if verdicts.intersects(Verdicts::OUT_OF_WINDOW | Verdicts::BEHIND | Verdicts::SPURIOUS_RETRANSMISSION) {
        Verdicts::UNACCEPTABLE_ANSWERED
    } else {
        Verdicts::NONE
    }
}

/// See [`Verdicts::CHALLENGE_ACK`] and [`Verdicts::UNACCEPTABLE_ANSWERED`].
fn answers(segment: &View, me: &Half, peer: &Half, what: Verdicts) -> bool {
    segment.repeats_numbers(me) && peer.provokes == what
}

/// See [`Verdicts::BEHIND`].
fn behind(segment: &View, me: &Half) -> bool {
    segment.plain() && !segment.occupies() && me.next.is_some_and(|next| segment.start < next)
}

/// See [`Verdicts::LOST_PREVIOUS`].
fn lost_previous(segment: &View, me: &Half) -> bool {
    me.next.is_some_and(|next| segment.start > next) && !segment.flags.contains(Flags::RST)
}

/// See [`Verdicts::ACKED_UNSEEN`]. Where nothing of the other direction was captured at all, nothing is judged.
fn acked_unseen(segment: &View, peer: &Half) -> bool {
    matches!((segment.ack, peer.max_seen), (Some(ack), Some(seen)) if ack > seen)
}

/// See [`Verdicts::OUT_OF_WINDOW`]. A window that is not known counts as the largest possible.
fn out_of_window(segment: &View, me: &Half, peer: &Half) -> bool {
    let Some(expected) = peer.last_ack else { return false };
    let window = match (peer.window_bytes, peer.window) {
        (Some(bytes), _) => bytes,
        (None, Some(window)) => u64::from(window) << 14,
        (None, None) => return false,
    };
    let edge = expected + window.min(MAX_WINDOW) as i64;
    // A probe of a closed window starts at its edge, and what the capture lost may have opened the window: only what
    // lies a whole further window behind the edge and behind all that was sent cannot have been meant.
    let slack = (window.min(MAX_WINDOW) as i64).max(65_535);
    segment.occupies() && segment.start > edge + slack && me.next.is_some_and(|next| segment.start > next + slack)
}

/// See [`Verdicts::ZERO_WINDOW_PROBE`].
fn zero_window_probe(segment: &View, me: &Half, peer: &Half) -> bool {
    let Some(next) = me.next else { return false };
    let asks = (segment.len == 1 && segment.start == next) || (segment.len <= 1 && segment.start == next - 1);
    asks && peer.window == Some(0) && segment.plain() && !peer.last_verdicts.contains(Verdicts::DAMAGED)
}

/// See [`Verdicts::KEEP_ALIVE`].
fn keep_alive(segment: &View, me: &Half, peer: &Half) -> bool {
    let Some(next) = me.next else { return false };
    let all_acked = peer.last_ack.is_none_or(|acked| acked >= next);
    segment.len <= 1 && segment.start == next - 1 && segment.plain() && segment.ack.is_some() && all_acked
}

/// See [`Verdicts::KEEP_ALIVE_ACK`].
fn keep_alive_ack(segment: &View, me: &Half, peer: &Half) -> bool {
    segment.repeats_numbers(me)
        && segment.window != 0
        && me.window == Some(segment.window)
        && peer.last_verdicts.contains(Verdicts::KEEP_ALIVE)
}

/// See [`Verdicts::ZERO_WINDOW_PROBE_ACK`].
fn zero_window_probe_ack(segment: &View, me: &Half, peer: &Half) -> bool {
    segment.repeats_numbers(me)
        && segment.window == 0
        && me.window == Some(0)
        && peer.last_verdicts.contains(Verdicts::ZERO_WINDOW_PROBE)
}

/// See [`Verdicts::WINDOW_UPDATE`].
fn window_update(segment: &View, me: &Half) -> bool {
    segment.repeats_numbers(me) && segment.window != 0 && me.window != Some(segment.window) && !segment.has_sack
}

/// See [`Verdicts::WINDOW_FULL`].
fn window_full(segment: &View, peer: &Half) -> bool {
    let Some((acked, window)) = peer.last_ack.zip(peer.window_bytes) else { return false };
    segment.len > 0 && segment.plain() && segment.end == acked.saturating_add(window.min(MAX_WINDOW) as i64)
}

/// See [`Verdicts::DUP_ACK`].
fn dup_ack(segment: &View, me: &Half, peer: &Half) -> bool {
    segment.repeats_numbers(me)
        && segment.window != 0
        // RFC 5681 §2 (e): the same window; with SACK, RFC 6675 §2 looks at the blocks instead.
        && (me.window == Some(segment.window) || segment.has_sack)
        // RFC 5681 §2 (a): the receiver of the ACK has outstanding data.
        && matches!((segment.ack, peer.next), (Some(ack), Some(next)) if next > ack)
}

/// Occupies numbers and starts below all that were sent.
fn not_advancing(segment: &View, me: &Half) -> bool {
    let Some(next) = me.next else { return false };
    // A segment that starts at the byte of an earlier probe and goes on behind it is not a repetition.
    segment.occupies()
        && segment.start < next
        && !segment.answers_syn
        && !(segment.len > 1 && segment.start == next - 1 && segment.end > next)
}

/// See [`Verdicts::SPURIOUS_RETRANSMISSION`].
fn spurious_retransmission(segment: &View, me: &Half, peer: &Half) -> bool {
    not_advancing(segment, me) && peer.last_ack.is_some_and(|acked| segment.end <= acked)
}

/// See [`Verdicts::FAST_RETRANSMISSION`].
fn fast_retransmission(segment: &View, me: &Half, peer: &Half) -> bool {
    not_advancing(segment, me)
        && peer.dup_acks >= 2
        && (peer.last_ack == Some(segment.start) || in_reported_hole(segment, me, peer))
        && segment.at.since(peer.last_ack_at) < FAST + peer.rtt_min.unwrap_or_default()
        && answers_dup_acks(segment, peer)
        && sent_later(segment, me) != Some(false)
}

/// Whether the duplicate ACKs had time to reach the sender: a hole that is filled sooner was filled by a segment that had
/// been overtaken.
fn answers_dup_acks(segment: &View, peer: &Half) -> bool {
    // From the tap to the sender and back.
    let Some(there) = peer.rtt_min else { return true };
    !segment.new_bytes || segment.at.since(peer.dup_acks_since) >= there - there / 10
}

/// Whether the other side's last SACK blocks say that it lacks this segment: a block lies above it and none covers it (RFC
/// 6675 §4, `IsLost` and `NextSeg` fill such holes).
fn in_reported_hole(segment: &View, me: &Half, peer: &Half) -> bool {
    let Some(base) = me.base else { return false };
    let (start, end) = (base + segment.start as u32, base + segment.end as u32);
    let above = |&(left, _): &(Seq, Seq)| left.at_or_after(end);
    let covers = |&(left, right): &(Seq, Seq)| left.at_or_before(start) && right.at_or_after(end);
    peer.sack.iter().any(above) && !peer.sack.iter().any(covers)
}

/// Whether it was sent after the highest segment so far, by the sender's own clock (RFC 7323 §3.2); `None` where that does not
/// tell, as in the same tick.
fn sent_later(segment: &View, me: &Half) -> Option<bool> {
    let (this, highest) = segment.timestamp.zip(me.next_timestamp)?;
    match this.wrapping_sub(highest) as i32 {
        0 => None,
        ticks => Some(ticks > 0),
    }
}

/// See [`Verdicts::OUT_OF_ORDER`].
fn out_of_order(segment: &View, me: &Half, peer: &Half, initial_rtt: Option<Duration>) -> bool {
    let soon = segment.at.since(me.next_at) < initial_rtt.unwrap_or(REORDERING);
    // The receiver has said that it lacks this, and the sender has had the time to hear that and to answer.
    let asked_for = peer.dup_acks > 0
        && peer.rtt_min.is_some()
        && (peer.last_ack == Some(segment.start) || in_reported_hole(segment, me, peer))
        && answers_dup_acks(segment, peer);
    not_advancing(segment, me)
        && segment.new_bytes
        && match sent_later(segment, me) {
            Some(later) => !later,
            None => soon && !asked_for,
        }
}
