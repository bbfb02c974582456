//! RACK (RFC 8985 §6): what was sent before something that has arrived, and longer ago than reordering explains, is lost.

use base::{Duration, EventId, Instant};
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::Seq;

use super::{Ack, Phase};
use crate::connection::Connection;
use crate::timers::Waiting;
use crate::{InFlight, Sent};

/// RFC 8985 §6.2, step 4: a wider reordering window is kept for so many recoveries.
const PERSIST: u8 = 16;
/// Linux's least timer: what is awaited may arrive a moment later.
pub(super) const LEAST_TIMER: Duration = Duration::from_millis(2);

/// RACK's variables (RFC 8985 §5.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rack {
    /// RACK.xmit_ts and RACK.end_seq: of all segments that have arrived the one sent last.
    newest: Option<(Instant, Seq)>,
    /// RACK.rtt: that one's round trip.
    rtt: Duration,
    /// Something arrived since losses were last looked for.
    advanced: bool,
    /// RACK.reo_wnd_mult: the reordering window in quarters of the least round trip.
    steps: u8,
    /// RACK.reo_wnd_persist.
    persist: u8,
    /// A DSACK came in this round, and how much had been delivered when the last round with one ended.
    dsack_seen: bool,
    round: u64,
}

impl Rack {
    pub(super) fn new() -> Rack {
        Rack { newest: None, rtt: Duration::ZERO, advanced: false, steps: 1, persist: 0, dsack_seen: false, round: 0 }
    }

    /// RFC 8985 §6.2, step 2: the segment has arrived.
    pub(crate) fn on_delivered(&mut self, sent: &Sent, now: Instant, min_rtt: Option<Duration>) {
        let rtt = now - sent.last_sent;
        if sent.times_sent > 1 && min_rtt.is_some_and(|min| rtt < min) {
            return; // it was the original's acknowledgment
        }
        self.advanced = true;
        self.rtt = rtt;
        if self.newest.is_none_or(|newest| sent_after((sent.last_sent, sent.end), newest)) {
            self.newest = Some((sent.last_sent, sent.end));
        }
    }

    /// Losses are to be looked for again though nothing has arrived.
    pub(super) fn look_again(&mut self) {
        self.advanced = true;
    }

    pub(super) fn on_dsack(&mut self) {
        self.dsack_seen = true;
    }

    /// RFC 8985 §6.2, step 4: the window widens in each round with a DSACK, and shrinks after 16 recoveries without one. `sent_at`
    /// is what had been delivered when the sampled segment was sent, `delivered` what has been now. Gives the window's new width
    /// if it changed.
    fn adapt(&mut self, sent_at: u64, delivered: u64) -> Option<u8> {
        let before = self.steps;
        if sent_at < self.round {
            self.dsack_seen = false; // the same round
        }
        if self.dsack_seen {
            self.steps = self.steps.saturating_add(1);
            self.dsack_seen = false;
            self.round = delivered;
            self.persist = PERSIST;
        } else if self.persist == 0 {
            self.steps = 1;
        }
        (self.steps != before).then_some(self.steps)
    }

    /// A recovery is over without being undone.
    pub(super) fn on_recovered(&mut self) {
        self.persist = self.persist.saturating_sub(1);
    }

    /// A recovery was undone because of DSACKs.
    pub(super) fn on_undone(&mut self) {
        self.persist = self.persist.saturating_add(1).min(PERSIST);
    }

    /// RFC 8985 §6.2, step 5 (RACK_detect_loss), for a reordering window of `window`; what was sent again can be lost again if `again_lost`. Calls `each` with every segment that is lost
    /// and gives the time after which to look again, if others may be.
    fn detect(
        &self,
        now: Instant,
        window: Duration,
        flight: &mut InFlight,
        again_lost: bool,
        mut each: impl FnMut(&Sent),
    ) -> Option<Duration> {
        let newest = self.newest?;
        let mut again = None;
        let mut next = flight.earliest();
        while let Some(number) = next {
            next = flight.after(number);
            let Some(&sent) = flight.get(number) else { break };
            if !sent_after(newest, (sent.last_sent, sent.end)) {
                break;
            }
            if sent.resent && !again_lost {
                continue;
            }
            let left = self.left(&sent, now, window);
            if left > Duration::ZERO {
                again = again.max(Some(left));
            } else if flight.mark_lost(number) {
                each(&sent);
            }
        }
        again
    }

    /// How long a segment may still take to arrive, late as it may be.
    pub(super) fn left(&self, sent: &Sent, now: Instant, window: Duration) -> Duration {
        sent.last_sent + self.rtt + window - now
    }
}

/// RFC 8985 §5.2, RACK_sent_after.
fn sent_after((t1, seq1): (Instant, Seq), (t2, seq2): (Instant, Seq)) -> bool {
    t1 > t2 || (t1 == t2 && seq1.after(seq2))
}

impl Connection {
    /// RFC 8985 §6.2, step 4: how much later than its followers a segment may arrive and be only reordered.
    pub(super) fn reordering_window(&self) -> Duration {
        let recovery = &self.recovery;
        if !recovery.reordering_seen
            && (recovery.phase >= Phase::Recovery || self.flight.sacked() >= recovery.reordering)
        {
            return Duration::ZERO;
        }
        let quarters = self.min_rtt.get().unwrap_or_default() / 4 * i64::from(recovery.rack.steps);
        quarters.min(self.rtt.srtt().unwrap_or(quarters))
    }

    /// RFC 8985 §6.2, step 4, for each acknowledgment.
    pub(crate) fn adapt_reordering_window(&mut self, prior_delivered: Option<u64>, cx: &mut Cx) {
        let Some(prior) = prior_delivered else { return };
        if let Some(steps) = self.recovery.rack.adapt(prior, self.rate.delivered) {
            cx.event(&kind::REORDERING_WINDOW, self.id, [steps.into(), 0]);
        }
    }

    /// RFC 8985 §6.2, step 5, once something has arrived: finds what is lost. Whether a timer was set to look again.
    pub(super) fn find_lost_by_time(&mut self, ack: &mut Ack, cx: &mut Cx) {
        if !std::mem::take(&mut self.recovery.rack.advanced) {
            return;
        }
        let resent = self.flight.resent();
        let again = self.look_for_lost(cx);
        ack.retransmission_lost |= self.flight.resent() < resent;
        if let Some(left) = again {
            let span = left + LEAST_TIMER;
            let armed = cx.event(&kind::REORDERING_ARMED, self.id, [span.as_nanos() as u64, 0]);
            self.timers.wait_for(Waiting::Reordering, cx.now, span, armed);
            ack.timer_due = false;
        }
    }

    fn look_for_lost(&mut self, cx: &mut Cx) -> Option<Duration> {
        let window = self.reordering_window();
        let (id, mut lost) = (self.id, 0);
        let again_lost = self.config.lost_retransmissions;
        let again = self.recovery.rack.detect(cx.now, window, &mut self.flight, again_lost, |sent| {
            lost += 1;
            cx.event(&kind::RACK_LOST, id, [sent.len().into(), sent.start.0.into()]);
        });
        self.recovery.lost += lost;
        again
    }

    /// RFC 8985 §6.3: the reordering timer ran out.
    pub(crate) fn reordering_over(&mut self, fired: EventId, cx: &mut Cx) {
        let cx = &mut cx.caused_by(fired);
        let (before, cwnd) = (self.flight.segments(), self.window_now());
        let again = self.look_for_lost(cx);
        self.trigger = fired;
        if self.flight.segments() != before {
            if self.recovery.phase != Phase::Recovery {
                self.enter_recovery(&Ack::default(), cx);
                if !self.congestion.rules_window() {
                    // What it found has left the network; one may take its place.
                    self.reduce(1, false, cx);
                }
            }
            self.tell_window(cwnd, fired, cx);
        }
        debug_assert!(again.is_none() || again > Some(Duration::ZERO));
        if !self.timers.retransmit.is_armed() && !self.flight.is_empty() {
            self.arm_retransmit_rest(fired, cx);
        }
    }
}
