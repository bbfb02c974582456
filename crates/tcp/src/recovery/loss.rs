//! The retransmission timer ran out (RFC 5681 §3.1, RFC 6298 §5.4), and whether that was needless (F-RTO, RFC 5682).

use base::EventId;
use trace::{Cx, kinds::tcp as kind};

use super::{Ack, Phase};
use crate::connection::Connection;

impl Connection {
    /// The timer ran out: what was out is lost, the window closes to one segment.
    pub(crate) fn enter_loss(&mut self, fired: EventId, cx: &mut Cx) {
        let cx = &mut cx.caused_by(fired);
        let (before, first) = (self.window_now(), self.recovery.phase < Phase::Recovery);
        self.mark_lost_by_timeout(cx);
        // RFC 5681 §3.1: the threshold is reduced once for a window, not again for the same loss.
        let again = self.recovery.phase == Phase::Loss && self.attempts > 0;
        if self.recovery.phase <= Phase::Disorder
            || self.recovery.until.at_or_before(self.snd_una)
            || (self.recovery.phase == Phase::Loss && !again)
        {
            self.recovery.undo.ssthresh = self.current_ssthresh();
            self.recovery.undo.cwnd = self.window.cwnd;
            self.window.ssthresh = self.congestion.threshold(&self.window);
            self.congestion.on_timeout();
            self.remember();
        }
        // RFC 5681 §3.1, the loss window: one segment more than what is still thought to be out.
        (self.window.cwnd, self.window.credit) = (self.flight.segments() + 1, 0);
        // Duplicates came in numbers, and nothing was found lost by them: the path reorders less than was thought.
        if self.recovery.phase <= Phase::Disorder && self.flight.sacked() >= self.config.reordering {
            self.recovery.reordering = self.recovery.reordering.min(self.config.reordering);
        }
        self.recovery.phase = Phase::Loss;
        self.recovery.until = self.snd_nxt;
        self.recovery.tlp = None;
        self.ecn.reduced();
        // RFC 5682 §2.1, step 1, and not for the same loss twice unless the timer says so again.
        self.recovery.frto = self.config.frto && (first || self.attempts > 0);
        let entered = cx.event(&kind::LOSS_ENTERED, self.id, [self.snd_nxt.0.into(), 0]);
        self.tell_window(before, entered, cx);
        self.trigger = entered;
        (self.recovery.hold, self.recovery.new_first) = (false, false);
    }

    /// What is marked as lost was not lost by congestion: it is sent again as after a timeout, and the window stays as it is.
    pub(crate) fn resend_without_congestion(&mut self) {
        if self.recovery.phase != Phase::Loss {
            self.recovery.until = self.snd_nxt;
            self.window.ssthresh = self.current_ssthresh();
            (self.recovery.undo.ssthresh, self.recovery.undo.marker) = (0, None);
            self.recovery.phase = Phase::Loss;
            self.recovery.frto = false;
        }
        self.retransmit_now = self.flight.any_lost();
    }

    /// RFC 6298 §5.4 leaves open what else is lost; RFC 8985 §6.3: all that was sent long enough ago.
    fn mark_lost_by_timeout(&mut self, cx: &mut Cx) {
        let Some(&oldest) = self.flight.oldest() else { return };
        if oldest.sacked {
            // RFC 2018 §8: the timer ran out on something that was reported as received: the reports are void.
            cx.event(&kind::RENEGED, self.id, [oldest.start.0.into(), 0]);
            self.flight.forget_sacked();
        }
        self.flight.set_told(0);
        let head = self.flight.numbers().start;
        for number in self.flight.numbers() {
            let recent = self.rack_on()
                && number != head
                && self.flight.get(number).is_some_and(|sent| {
                    self.recovery.rack.left(sent, cx.now, base::Duration::ZERO) > base::Duration::ZERO
                });
            if !recent && self.flight.mark_lost(number) {
                self.recovery.lost += 1;
            }
        }
    }

    /// An acknowledgment after a timeout (RFC 5682 §3.1, with SACK; §2.1 without).
    pub(super) fn react_after_timeout(&mut self, ack: &mut Ack, cx: &mut Cx) {
        let recovered = self.snd_una.at_or_after(self.recovery.until);
        if ack.advanced > 0 && self.undo_timeout(ack, false, cx) {
            return;
        }
        if self.recovery.frto {
            // Step 3.b: something that was sent once has arrived: not all is lost, the timer was too quick.
            if ack.original_arrived && self.undo_timeout(ack, true, cx) {
                return;
            }
            if self.snd_nxt.after(self.recovery.until) {
                if ack.sacked > 0 || ack.duplicate {
                    // Step 3.a: the loss was real.
                    self.give_up_frto(cx);
                }
            } else if ack.advanced > 0 && !recovered {
                // Step 2.b: new data instead of what may not be lost; the next acknowledgment will tell.
                self.recovery.until = self.snd_nxt;
                if self.has_new_data() {
                    self.trigger = cx.event(&kind::FRTO_ASKS, self.id, [self.snd_una.0.into(), 0]);
                    self.recovery.new_first = true;
                    return;
                }
                self.recovery.frto = false;
            }
        }
        if recovered {
            if !self.undo_at_the_end(ack, cx) {
                self.recovery.phase = Phase::Open;
            }
            return;
        }
        if !self.agreed.sack {
            if self.snd_nxt.after(self.recovery.until) && ack.duplicate {
                // New data of step 2.b has arrived: what follows may leave.
                self.add_duplicate(ack, cx);
            } else if ack.advanced > 0 {
                self.flight.set_told(0);
            }
        }
    }

    fn give_up_frto(&mut self, cx: &mut Cx) {
        self.recovery.frto = false;
        self.trigger = cx.event(&kind::FRTO_REAL, self.id, [0, 0]);
    }
}
