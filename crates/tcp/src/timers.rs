//! A connection's timers: each a moment and the event that set it.

use base::{Duration, EventId, Instant};

/// One timer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer {
    at: Instant,
    span: Duration,
    /// The event that set it. One that was stopped keeps it until somebody asks.
    armed_by: EventId,
}

impl Timer {
    /// Not armed.
    pub(crate) const OFF: Timer = Timer { at: Instant::NEVER, span: Duration::ZERO, armed_by: EventId::NONE };

    /// Whether it runs.
    pub(crate) fn is_armed(&self) -> bool {
        self.at != Instant::NEVER
    }
    /// Starts it, or starts it again: it runs out in `span`; `armed_by` is the event that says so.
    pub(crate) fn arm(&mut self, now: Instant, span: Duration, armed_by: EventId) {
        *self = Timer { at: now + span, span, armed_by };
    }
    /// When it was started.
    pub(crate) fn since(&self) -> Instant {
        self.at - self.span
    }
    /// Stops it.
    pub(crate) fn stop(&mut self) {
        self.at = Instant::NEVER;
    }
    /// Whether it was stopped since anybody asked, and has not been armed again.
    fn is_stopped(&self) -> bool {
        !self.is_armed() & !self.armed_by.is_none()
    }
    /// As [`Timer::is_stopped`], once.
    fn take_stopped(&mut self) -> bool {
        let stopped = self.is_stopped();
        if stopped {
            *self = Timer::OFF;
        }
        stopped
    }
    /// If it has run out by `now`, stops it and gives how long it ran and what armed it.
    pub(crate) fn fire(&mut self, now: Instant) -> Option<(Duration, EventId)> {
        (self.at <= now).then(|| {
            let fired = (self.span, self.armed_by);
            *self = Timer::OFF;
            fired
        })
    }
}

/// What the retransmission timer waits for. As on Linux there is one timer for all of them: the soonest that matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Waiting {
    /// RFC 6298 §5: the retransmission timeout.
    Timeout,
    /// RFC 8985 §7.2: the probe timeout.
    Probe,
    /// RFC 8985 §6.2, step 5: what may only be late.
    Reordering,
}

/// All of a connection's timers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timers {
    /// RFC 6298 §5: something in flight is not acknowledged.
    pub(crate) retransmit: Timer,
    /// What it waits for.
    pub(crate) waiting: Waiting,
    /// RFC 9293 §3.8.6.3: an acknowledgment is held back.
    pub(crate) delayed_ack: Timer,
    /// RFC 9293 §3.8.6.1: the other side's window is closed.
    pub(crate) persist: Timer,
    /// RFC 9293 §3.8.4.
    pub(crate) keepalive: Timer,
    /// TIME-WAIT, or FIN-WAIT-2 after the program has gone.
    pub(crate) linger: Timer,
    /// The congestion control wants the next segment to wait.
    pub(crate) pacing: Timer,
}

impl Timers {
    /// None is armed.
    pub(crate) const OFF: Timers = Timers {
        retransmit: Timer::OFF,
        waiting: Waiting::Timeout,
        delayed_ack: Timer::OFF,
        persist: Timer::OFF,
        keepalive: Timer::OFF,
        linger: Timer::OFF,
        pacing: Timer::OFF,
    };

    /// Whether any of them was stopped that [`Timers::take_stopped`] would name.
    #[inline]
    pub(crate) fn any_stopped(&self) -> bool {
        let Timers { retransmit, delayed_ack, persist, keepalive, linger, .. } = self;
        // All of them, which is sooner done than stopping at the first.
        [retransmit, delayed_ack, persist, keepalive, linger].into_iter().fold(false, |any, t| any | t.is_stopped())
    }
    /// Which of them were stopped since this was last asked, in the order of [`trace::kinds::tcp::TIMERS`]; a pause between
    /// segments is not told.
    pub(crate) fn take_stopped(&mut self) -> [bool; 5] {
        let Timers { retransmit, delayed_ack, persist, keepalive, linger, .. } = self;
        [retransmit, delayed_ack, persist, keepalive, linger].map(Timer::take_stopped)
    }
    /// Stops all of them but the delayed acknowledgment's.
    pub(crate) fn stop_all_but_delayed_ack(&mut self) {
        let Timers { retransmit, waiting: _, delayed_ack: _, persist, keepalive, linger, pacing } = self;
        [retransmit, persist, keepalive, linger, pacing].into_iter().for_each(Timer::stop);
    }

    /// Starts the retransmission timer.
    pub(crate) fn wait_for(&mut self, what: Waiting, now: Instant, span: Duration, armed_by: EventId) {
        self.waiting = what;
        self.retransmit.arm(now, span, armed_by);
    }

    /// When the first of them runs out.
    pub(crate) fn next(&self) -> Instant {
        let [a, b, c] = [self.retransmit.at, self.delayed_ack.at, self.persist.at];
        let [d, e, f] = [self.keepalive.at, self.linger.at, self.pacing.at];
        a.min(b).min(c).min(d.min(e).min(f))
    }
}
