//! What SACK options say (RFC 2018 §5, RFC 2883 §4): what has arrived behind a gap, what has arrived twice, and that the path
//! reorders.

use trace::{Cx, kinds::tcp as kind};
use wire::tcp::Seq;

use super::{Ack, Phase};
use crate::Segment;
use crate::connection::Connection;
use crate::rate::Sample;

/// Linux's `tcp_max_reordering`: no path is believed to reorder by more.
const MAX_REORDERING: u32 = 300;

impl Connection {
    /// Enters the blocks of a segment into the scoreboard.
    pub(crate) fn take_sack(&mut self, segment: &Segment, ack: &mut Ack, sample: &mut Sample, cx: &mut Cx) {
        let blocks = &segment.options.sack;
        let mut real = blocks.iter().copied();
        if let Some(&first) = blocks.first()
            && is_dsack(first, blocks.get(1).copied(), segment.ack)
        {
            self.take_dsack(first, ack, cx);
            // The second block, if it is there, says where the duplicate lies: it is an ordinary one.
            real.next();
        }
        let highest = self.flight.highest_sacked();
        let mut bytes = 0;
        for (left, right) in real {
            if !self.block_is_possible(left, right) {
                continue;
            }
            let (from, to) = (self.flight.find(left), self.flight.find_end(right));
            let (until, now, min_rtt) = (self.recovery.until, cx.now, self.min_rtt.get());
            let (rack, rate) = (&mut self.recovery.rack, &mut self.rate);
            self.flight.sack(from, to, |sent| {
                rack.on_delivered(sent, now, min_rtt);
                rate.deliver(sample, sent, sent.len(), now);
                bytes += sent.len();
                ack.sacked += 1;
                ack.delivered += 1;
                if sent.times_sent == 1 {
                    // It was in a hole and had not been sent again: it came late.
                    if highest.is_some_and(|highest| sent.start.before(highest)) {
                        ack.late = Some(ack.late.map_or(sent.start, |late| late.min(sent.start)));
                    }
                    ack.original_arrived |= sent.end.at_or_before(until);
                    let (first, _) = ack.sacked_sent.unwrap_or((sent.last_sent, sent.last_sent));
                    ack.sacked_sent = Some((first, sent.last_sent));
                } else {
                    ack.resent_arrived = true;
                }
            });
        }
        if ack.sacked > 0 {
            let upto = self.flight.highest_sacked().unwrap_or(self.snd_una);
            let said = cx.event(&kind::SACKED, self.id, [bytes.into(), upto.0.into()]);
            self.trigger = said;
            // RFC 6298 §5.3 for SACK: it tells of something that was sent no earlier than the oldest.
            let oldest = self.flight.oldest().map(|sent| sent.last_sent);
            ack.timer_due = ack.sacked_sent.is_some_and(|(first, _)| oldest.is_some_and(|oldest| first >= oldest));
            let sure = self.recovery.phase != Phase::Loss || self.recovery.undo.marker.is_some();
            if let Some(late) = ack.late.take().filter(|_| sure) {
                self.learn_reordering(late, &mut cx.caused_by(said));
            }
        }
    }

    /// RFC 2018 §5 leaves it to us to doubt: a block lies above what is acknowledged and below what was sent.
    fn block_is_possible(&self, left: Seq, right: Seq) -> bool {
        left.before(right) && right.at_or_before(self.snd_nxt) && left.after(self.snd_una)
    }

    /// RFC 2883 §4: `left` to `right` has arrived twice.
    fn take_dsack(&mut self, (left, right): (Seq, Seq), ack: &mut Ack, cx: &mut Cx) {
        let plausible = left.before(right)
            && right.at_or_before(self.snd_nxt)
            && right.distance(left) <= self.max_snd_wnd.max(1)
            && right.after(self.snd_una - self.max_snd_wnd.max(1));
        if !plausible {
            return;
        }
        let segments = right.distance(left).div_ceil(self.agreed.mss.max(1));
        self.recovery.dsacks += u64::from(segments);
        // RFC 3708 §3: what we did not send again was duplicated by the network.
        if self.recovery.dsacks > self.counts.retransmits {
            return;
        }
        ack.dsack = true;
        cx.event(&kind::DSACK, self.id, [right.distance(left).into(), left.0.into()]);
        if let Some(probe) = self.recovery.tlp.filter(|probe| probe.resent && right == probe.end) {
            ack.dsack_of_probe = true;
            debug_assert!(probe.end.at_or_before(self.snd_nxt));
        } else if self.recovery.reordering_seen {
            self.recovery.rack.on_dsack();
        }
        let undo = &mut self.recovery.undo;
        if undo.marker.is_some_and(|marker| right.after(marker)) {
            undo.resends = undo.resends.map(|resends| resends.saturating_sub(segments));
        }
    }

    /// Something from `low` on arrived later than what was sent behind it: the path reorders by this much (RFC 6675 §5 would wait
    /// for three segments whatever the path does; RFC 8985 §3.3.2).
    pub(crate) fn learn_reordering(&mut self, low: Seq, cx: &mut Cx) {
        let highest = self.flight.highest_sacked().unwrap_or(self.snd_una);
        if !low.before(highest) {
            return;
        }
        self.set_reordering(highest.distance(low).div_ceil(self.agreed.mss.max(1)), cx);
    }

    pub(super) fn set_reordering(&mut self, segments: u32, cx: &mut Cx) {
        let segments = segments.min(MAX_REORDERING);
        self.counts.reordered += 1;
        let first = !std::mem::replace(&mut self.recovery.reordering_seen, true);
        if first || segments > self.recovery.reordering {
            self.recovery.reordering = self.recovery.reordering.max(segments);
            cx.event(&kind::REORDERING, self.id, [segments.into(), 0]);
        }
    }

    /// RFC 2018 §8: the receiver has dropped what it had reported: the oldest segment is sacked and yet not acknowledged. Linux
    /// gives it a moment; here the timer decides at once, as without SACK.
    pub(super) fn reneged(&mut self, ack: &mut Ack, cx: &mut Cx) -> bool {
        let reneged = ack.advanced > 0 && self.flight.oldest().is_some_and(|sent| sent.sacked);
        if !reneged {
            return false;
        }
        ack.timer_due = false;
        // Half a round trip for what may only be a late acknowledgment; at least 10 ms.
        let half = self.rtt.srtt().unwrap_or_default() / 2;
        let span = half.max(base::Duration::from_millis(10));
        let armed = cx.event(&kind::RTO_RESUMED, self.id, [span.as_nanos() as u64, 0]);
        self.timers.wait_for(crate::timers::Waiting::Timeout, cx.now, span, armed);
        true
    }
}

/// RFC 2883 §4.1, §4.2: the first block reports a duplicate if it lies below the acknowledgment, or within the second block.
fn is_dsack((left, right): (Seq, Seq), second: Option<(Seq, Seq)>, ack: Seq) -> bool {
    let within = |(l, r): (Seq, Seq)| left.at_or_after(l) && right.at_or_before(r);
    left.before(ack) || second.is_some_and(within)
}
