//! Whether the congestion window is used (RFC 2861, RFC 7661, as Linux does it): one that is not says nothing of the path.

use base::{Duration, Instant};
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::Seq;

use crate::congestion::initial_window;
use crate::connection::Connection;
use crate::recovery::Phase;

/// How much of the window was used, in segments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Usage {
    /// In this round the window was what limited the sender, and the most that was out.
    limited: bool,
    most: u32,
    /// The round ends when this is acknowledged.
    until: Seq,
    /// The most that was out since the window was last found used, and when that was.
    used: u32,
    since: Instant,
    /// What was sent last before the idle time that has been allowed for.
    restarted: Option<Instant>,
}

impl Usage {
    /// Whether the window was what limited the sender at some time in this round.
    pub(crate) fn was_limited(&self) -> bool {
        self.limited
    }

    pub(crate) fn new(now: Instant, iss: Seq) -> Usage {
        Usage { limited: false, most: 0, until: iss, used: 0, since: now, restarted: None }
    }
}

impl Connection {
    /// Whether the window limits the sender; in slow start, whether at least half of it was used (RFC 7661 §4.2).
    pub(crate) fn is_cwnd_limited(&self) -> bool {
        !self.config.validate_window
            || self.usage.limited
            || (self.window.in_slow_start() && self.window.cwnd < self.usage.most.saturating_mul(2))
    }

    /// What could be sent was sent; `limited`: the window had no room for more.
    pub(crate) fn validate_window(&mut self, limited: bool, cx: &mut Cx) {
        let out = self.flight.len() as u32;
        let usage = &mut self.usage;
        if self.snd_una.at_or_after(usage.until) || limited || (!usage.limited && out > usage.most) {
            (usage.limited, usage.most, usage.until) = (limited, out, self.snd_nxt);
        }
        if self.is_cwnd_limited() {
            (self.usage.used, self.usage.since) = (0, cx.now);
            return;
        }
        self.usage.used = self.usage.used.max(out);
        let over = cx.now - self.usage.since >= self.rtt.rto();
        if over && self.config.slow_start_after_idle && !self.congestion.rules_window() {
            self.decay_unused(cx);
        }
    }

    /// RFC 2861 §3.2: for a retransmission timeout less was sent than the window allows: half of the difference goes.
    fn decay_unused(&mut self, cx: &mut Cx) {
        if self.recovery.phase == Phase::Open {
            let used = self.usage.used.max(initial_window(self.agreed.mss, self.config.initial_window));
            if used < self.window.cwnd {
                let before = self.window_now();
                self.window.ssthresh = self.current_ssthresh();
                self.window.cwnd = u32::midpoint(self.window.cwnd, used);
                let cx = &mut cx.caused_by(self.trigger);
                let unused = cx.event(&kind::CWND_UNUSED, self.id, [self.usage.used.into(), before.0.into()]);
                self.tell_window(before, unused, cx);
            }
            self.usage.used = 0;
        }
        self.usage.since = cx.now;
    }

    /// RFC 2861 §3.2 and RFC 5681 §4.1: after an idle time the old window says ever less of the path; it is halved for each
    /// retransmission timeout, down to the initial window.
    pub(crate) fn restart_after_idle(&mut self, cx: &mut Cx) {
        let (idle, rto) = (cx.now - self.last_sent, self.rtt.rto());
        if self.usage.restarted.replace(self.last_sent) == Some(self.last_sent) {
            return;
        }
        let app_limited = self.rate.is_app_limited();
        self.congestion.on_idle(&mut self.window, cx.now, idle, app_limited);
        let stays = !self.config.slow_start_after_idle || self.congestion.rules_window();
        if idle <= rto || !self.connected || stays {
            return;
        }
        let before = self.window_now();
        self.window.ssthresh = self.current_ssthresh();
        let restart = initial_window(self.agreed.mss, self.config.initial_window).min(self.window.cwnd);
        let mut left = idle - rto;
        while left > Duration::ZERO && self.window.cwnd > restart {
            self.window.cwnd /= 2;
            left -= rto;
        }
        self.window.cwnd = self.window.cwnd.max(restart);
        (self.usage.used, self.usage.since) = (0, cx.now);
        if self.window_now() != before {
            let cx = &mut cx.caused_by(self.trigger);
            let restart = cx.event(&kind::IDLE_RESTART, self.id, [idle.as_nanos() as u64, 0]);
            self.tell_window(before, restart, cx);
        }
    }
}
