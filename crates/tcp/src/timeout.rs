//! What happens when a timer runs out.

use base::{Duration, EventId};
use trace::{Cx, kinds::tcp as kind};
use wire::Body;
use wire::tcp::{Event, Flags, State};

use crate::Errno;
use crate::connection::Connection;
use crate::timers::Waiting;

/// How soon to try again what the outgoing device had no room for (Linux `TCP_RESOURCE_PROBE_INTERVAL`).
const LOCAL_RETRY: Duration = Duration::from_millis(500);

impl Connection {
    /// The time that [`Connection::poll_timeout`] named has come. Earlier: nothing happens.
    pub fn handle_timeout(&mut self, cx: &mut Cx) {
        if let Some((span, armed)) = self.timers.linger.fire(cx.now) {
            self.linger_over(span, &mut cx.caused_by(armed));
        }
        if let Some((span, armed)) = self.timers.retransmit.fire(cx.now) {
            let (nanos, cx) = (span.as_nanos() as u64, &mut cx.caused_by(armed));
            match self.timers.waiting {
                Waiting::Timeout => self.retransmission_timeout(span, cx),
                Waiting::Probe => {
                    let fired = cx.event(&kind::TLP_FIRED, self.id, [nanos, 0]);
                    self.probe_tail(fired, cx);
                }
                Waiting::Reordering => {
                    let fired = cx.event(&kind::REORDERING_OVER, self.id, [nanos, 0]);
                    self.reordering_over(fired, cx);
                }
            }
        }
        if let Some((_, armed)) = self.timers.persist.fire(cx.now) {
            self.probe_window(&mut cx.caused_by(armed));
        }
        if let Some((_, armed)) = self.timers.keepalive.fire(cx.now) {
            self.ask_if_there(&mut cx.caused_by(armed));
        }
        if let Some((_, armed)) = self.timers.delayed_ack.fire(cx.now) {
            let due = cx.caused_by(armed).event(&kind::ACK_TIMER, self.id, [0, 0]);
            self.acks.on_timer(self.rtt.rto());
            self.acks.now = Some(due);
        }
        if let Some((_, armed)) = self.timers.pacing.fire(cx.now) {
            self.trigger = armed;
        }
    }

    /// RFC 6298 §5.4 to §5.6.
    fn retransmission_timeout(&mut self, span: Duration, cx: &mut Cx) {
        let fired = cx.event(&kind::RTO_FIRED, self.id, [span.as_nanos() as u64, 0]);
        let cx = &mut cx.caused_by(fired);
        let syn = self.snd_una == self.iss;
        let (done, allowed) = match self.state {
            // As on Linux the linear ones come on top.
            State::SYN_SENT => (self.syn_retries, self.config.syn_retries + self.config.syn_linear_timeouts),
            State::SYN_RECEIVED if self.deferred => {
                (self.syn_retries, self.config.syn_ack_retries.max(self.config.defer_accept))
            }
            State::SYN_RECEIVED => (self.syn_retries, self.config.syn_ack_retries),
            _ => (self.attempts, self.retries()),
        };
        if done >= allowed || self.user_timeout_over(cx) || self.open_took_too_long(cx) {
            return self.give_up(done + 1, cx);
        }
        self.trigger = fired;
        if syn {
            self.syn_retries += 1;
            if self.waits_for_data() {
                self.rtt.back_off();
                return self.arm_retransmit(fired, cx);
            }
            let head = self.flight.numbers().start;
            self.flight.mark_lost(head);
        } else {
            self.look_for_black_hole(fired, cx);
            self.enter_loss(fired, cx);
        }
        self.attempts += 1;
        self.probes_counted = false;
        if self.is_refused(cx) {
            let armed = cx.caused_by(cx.recorder.last_event()).event(
                &kind::RTO_ARMED,
                self.id,
                [LOCAL_RETRY.as_nanos() as u64, 0],
            );
            return self.timers.wait_for(Waiting::Timeout, cx.now, LOCAL_RETRY, armed);
        }
        if self.state != State::SYN_SENT || self.syn_retries > self.config.syn_linear_timeouts {
            self.rtt.back_off();
        }
        self.retransmit_now = true;
    }

    /// How often data is sent again: without a program that waits for it, less often (RFC 9293 §3.8.3, Linux).
    fn retries(&self) -> u32 {
        if self.orphan { self.config.retries.min(self.config.orphan_retries) } else { self.config.retries }
    }

    /// RFC 9293 §3.8.3: data has been unacknowledged for as long as the program is willing to wait.
    fn user_timeout_over(&self, cx: &Cx) -> bool {
        let since = self.flight.oldest().map_or(cx.now, |oldest| oldest.first_sent);
        self.config.user_timeout.is_some_and(|limit| cx.now - since >= limit)
    }

    /// The linear SYNs do not make an open wait longer than it would have if the time between SYNs had doubled from the
    /// first on: of the count of SYNs and that time the first to be over decides, as on Linux (`retransmits_timed_out`).
    fn open_took_too_long(&self, cx: &Cx) -> bool {
        if self.state != State::SYN_SENT || self.syn_retries == 0 {
            return false;
        }
        let Some(syn) = self.flight.oldest() else { return false };
        let elapsed = cx.now - syn.first_sent;
        let (mut wait, mut limit) = (self.config.initial_rto, Duration::ZERO);
        (0..=self.config.syn_retries).all(|_| {
            limit += wait;
            wait = (wait + wait).min(self.config.max_rto);
            limit <= elapsed
        })
    }

    /// RFC 9293 §3.10.8, USER TIMEOUT: the other side does not answer. What ICMP said of it, if anything, is a better reason
    /// than silence (RFC 5461 §2).
    fn give_up(&mut self, attempts: u32, cx: &mut Cx) {
        let why = cx.event(&kind::TIMED_OUT, self.id, [attempts.into(), 0]);
        let error = self.soft_error.unwrap_or(Errno::TimedOut);
        self.fail(error, Event::GiveUp, &mut cx.caused_by(why));
    }

    /// RFC 9293 §3.8.6.1: asks a closed window for news, or tries again what the outgoing device had no room for.
    fn probe_window(&mut self, cx: &mut Cx) {
        // RFC 5482 §3, as on Linux: a user timeout bounds how long a window may stay closed, answered or not.
        let since = *self.probing_since.get_or_insert(cx.now);
        let too_long = self.config.user_timeout.is_some_and(|limit| cx.now - since >= limit);
        if self.attempts >= self.retries() || too_long {
            return self.give_up(self.attempts, cx);
        }
        self.attempts += 1;
        self.probes_counted = true;
        if self.is_refused(cx) {
            return self.arm_persist_for(LOCAL_RETRY, cx.cause, cx);
        }
        self.probe_backoff = self.probe_backoff.saturating_add(1);
        let probe = cx.event(&kind::PROBE, self.id, [self.probe_backoff.into(), 0]);
        self.trigger = probe;
        if self.config.bare_probes && self.snd_wnd == 0 {
            // SEG.SEQ = SND.UNA - 1 lies outside the window, so it is answered.
            let question = self.segment(self.snd_una - 1, Flags::NONE, Body::empty(), cx);
            self.post(question, probe);
        } else if self.probing {
            self.flight.mark_all_lost();
            self.retransmit_now = true;
        } else {
            self.probe_now = true;
        }
        self.arm_persist(probe, cx);
    }

    /// RFC 9293 §3.8.4.
    fn ask_if_there(&mut self, cx: &mut Cx) {
        let Some(keepalive) = self.config.keepalive else { return };
        if !self.connected || matches!(self.state, State::CLOSED | State::TIME_WAIT) {
            return;
        }
        let silent = cx.now - self.last_received;
        // What is in flight is asked after by its own timer.
        if !self.flight.is_empty() || silent < keepalive.idle {
            return self.arm_keepalive(cx.cause, cx);
        }
        let too_long = self.keepalives > 0 && self.config.user_timeout.is_some_and(|limit| silent >= limit);
        if self.keepalives >= keepalive.probes || too_long {
            let why = cx.event(&kind::TIMED_OUT, self.id, [self.keepalives.into(), 0]);
            let error = self.soft_error.unwrap_or(Errno::TimedOut);
            return match self.state {
                State::ESTABLISHED | State::CLOSE_WAIT | State::FIN_WAIT_1 | State::FIN_WAIT_2 => {
                    self.reset(error, &mut cx.caused_by(why));
                }
                _ => self.fail(error, Event::GiveUp, &mut cx.caused_by(why)),
            };
        }
        self.keepalives += 1;
        let asks = cx.event(&kind::KEEPALIVE, self.id, [self.keepalives.into(), 0]);
        // SEG.SEQ = SND.NXT - 1 lies outside the window, so it is answered with an ACK.
        let question = self.segment(self.snd_nxt - 1, Flags::NONE, Body::empty(), cx);
        self.post(question, asks);
        let armed =
            cx.caused_by(asks).event(&kind::KEEPALIVE_ARMED, self.id, [keepalive.interval.as_nanos() as u64, 0]);
        self.timers.keepalive.arm(cx.now, keepalive.interval, armed);
    }

    fn linger_over(&mut self, span: Duration, cx: &mut Cx) {
        let nanos = span.as_nanos() as u64;
        let (over, event) = match self.state {
            State::TIME_WAIT => (&kind::TIME_WAIT_OVER, Event::TimeWaitOver),
            State::FIN_WAIT_2 => (&kind::FIN_WAIT_OVER, Event::FinWaitOver),
            _ => return,
        };
        let over = cx.event(over, self.id, [nanos, 0]);
        self.step(event, &mut cx.caused_by(over));
    }
}

/// Arming.
impl Connection {
    /// RFC 6298 §5.1, §5.3, §5.6: (re)starts the retransmission timer.
    pub(crate) fn arm_retransmit(&mut self, cause: EventId, cx: &mut Cx) {
        let mut rto = self.rtt.rto();
        // Whoever is willing to wait so long is told then, not a timeout later (Linux `tcp_clamp_rto_to_user_timeout`).
        if let (Some(limit), 1..) = (self.config.user_timeout, self.attempts) {
            let since = self.flight.oldest().map_or(cx.now, |oldest| oldest.first_sent);
            rto = rto.min((since + limit - cx.now).max(Duration::from_millis(1)));
        }
        let armed = cx.caused_by(cause).event(&kind::RTO_ARMED, self.id, [rto.as_nanos() as u64, 0]);
        self.timers.wait_for(Waiting::Timeout, cx.now, rto, armed);
    }

    /// Nothing is in flight that would bring news: from here on the other side is asked, if it is not already.
    pub(crate) fn begin_probing(&mut self, cause: EventId, cx: &mut Cx) {
        if !self.timers.persist.is_armed() {
            self.probing_since = None;
            self.arm_persist(cause, cx);
        }
    }

    /// RFC 9293 §3.8.6.1 (MUST-36, SHLD-29, SHLD-30): first after a retransmission timeout, then exponentially rarer.
    fn arm_persist(&mut self, cause: EventId, cx: &mut Cx) {
        let span = self.rtt.rto().saturating_mul(1 << self.probe_backoff.min(32)).min(self.config.max_rto);
        self.arm_persist_for(span, cause, cx);
    }

    fn arm_persist_for(&mut self, span: Duration, cause: EventId, cx: &mut Cx) {
        // As with the retransmission timer (Linux `tcp_clamp_probe0_to_user_timeout`).
        let span = match (self.config.user_timeout, self.probing_since) {
            (Some(limit), Some(since)) => span.min((since + limit - cx.now).max(Duration::from_millis(1))),
            _ => span,
        };
        let armed = cx.caused_by(cause).event(&kind::PROBE_ARMED, self.id, [span.as_nanos() as u64, 0]);
        self.timers.persist.arm(cx.now, span, armed);
    }

    /// (Re)starts the keepalive timer for what is left of the idle time.
    pub(crate) fn arm_keepalive(&mut self, cause: EventId, cx: &mut Cx) {
        self.timers.keepalive.stop();
        let Some(keepalive) = self.config.keepalive.filter(|_| self.connected && !self.is_closed()) else { return };
        let left = (self.last_received + keepalive.idle - cx.now).max(Duration::from_millis(1));
        let span = if self.flight.is_empty() { left } else { keepalive.idle };
        let armed = cx.caused_by(cause).event(&kind::KEEPALIVE_ARMED, self.id, [span.as_nanos() as u64, 0]);
        self.timers.keepalive.arm(cx.now, span, armed);
    }
}
