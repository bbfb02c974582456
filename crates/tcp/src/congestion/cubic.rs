//! CUBIC (RFC 9438) in integers: windows in 1024ths of a segment, time in milliseconds, the same on every machine.

use std::num::NonZeroU32;

use base::{Duration, Instant};

use super::hystart::HyStart;
use super::{AckSample, Congestion, Note, Window};
use crate::SlowStart;

/// One segment.
const ONE: u64 = 1024;
/// One segment of W_est.
const FINE: u64 = 1 << 30;
/// RFC 9438 §4.6: beta_cubic = 0.7, in 1024ths.
const BETA: u64 = 717;
/// RFC 9438 §4.3: alpha_cubic = 3 (1 - beta) / (1 + beta), in 1024ths.
const ALPHA: u64 = 3 * (ONE - BETA) * ONE / (ONE + BETA);

/// How long a [`Pace`] holds: Linux' HZ / 32.
const PACE_HOLDS: Duration = Duration::from_micros(31_250);

/// CUBIC's variables (RFC 9438 §4.1.2).
#[derive(Clone, Debug)]
pub struct Cubic {
    hystart: HyStart,
    /// W_max in segments; 0: unknown.
    w_max: u32,
    /// cwnd_prior: the window before the last reduction, in segments; 0: there was none.
    prior: u32,
    epoch: Option<Epoch>,
    /// What the window lies above its whole segments: in 1024ths of a segment, times the window.
    credit: u64,
    /// How the window grows while no W_max is known.
    pace: Option<Pace>,
    fast_convergence: bool,
    /// How things stood before the last reduction, as long as it may turn out to have been needless.
    before: Option<Box<Before>>,
}

/// What a reduction changes, and its undoing brings back (RFC 9438 §4.9.2).
#[derive(Clone, Copy, Debug)]
struct Before {
    w_max: u32,
    prior: u32,
    epoch: Option<Epoch>,
    credit: u64,
}

/// A segment more for each `per` acknowledged, as it was found for the window `cwnd` at a moment.
#[derive(Clone, Copy, Debug)]
struct Pace {
    per: NonZeroU32,
    cwnd: u32,
    since: Instant,
}

/// A congestion avoidance stage.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    start: Instant,
    /// Where the plateau of the cubic function lies, in segments, and when it is reached, in milliseconds (K).
    plateau: NonZeroU32,
    k: i32,
    /// W_est: what Reno would have, in parts of a segment so small ([`FINE`]) that a large window's share of one is not lost.
    w_est: u64,
}

impl Cubic {
    /// Nothing is known of the path.
    pub fn new(slow_start: SlowStart) -> Cubic {
        Cubic {
            hystart: HyStart::new(slow_start),
            w_max: 0,
            prior: 0,
            epoch: None,
            credit: 0,
            pace: None,
            fast_convergence: true,
            before: None,
        }
    }

    /// Does not make room for others (RFC 9438 §4.7).
    pub fn without_fast_convergence(self) -> Cubic {
        Cubic { fast_convergence: false, ..self }
    }

    /// RFC 9438 §4.2: the stage begins with this window.
    fn begin(&self, cwnd: u32, now: Instant) -> Epoch {
        // K = cbrt((W_max - cwnd_epoch) / C) seconds, C = 0.4.
        let k = cube_root(u64::from(self.w_max.saturating_sub(cwnd)) * 2_500_000_000) as i32;
        let plateau = NonZeroU32::new(self.w_max.max(cwnd)).unwrap_or(NonZeroU32::MIN);
        Epoch { start: now, plateau, k, w_est: u64::from(cwnd) * FINE }
    }

    /// Congestion avoidance: `acked` segments are acknowledged.
    fn avoid(&mut self, window: &mut Window, ack: &AckSample, acked: u32) {
        let cwnd = u64::from(window.cwnd);
        if self.w_max == 0 {
            // As Linux, in whole segments, and looked at again after a while or with another window: without a W_max the
            // beginning of the function would be too flat to find one.
            let above = self.target(window, ack, acked, cwnd * ONE) / ONE - cwnd;
            let pace = match self.pace {
                Some(pace) if pace.cwnd == window.cwnd && ack.now - pace.since <= PACE_HOLDS => pace,
                _ => {
                    let per = cwnd.checked_div(above).map_or(20, |per| per.clamp(2, 20)) as u32;
                    let per = NonZeroU32::new(per).unwrap_or(NonZeroU32::MIN);
                    Pace { per, cwnd: window.cwnd, since: ack.now }
                }
            };
            self.pace = Some(pace);
            return window.avoid(pace.per.get(), acked);
        }
        // RFC 9438 §4.4, §4.5: (target - cwnd) / cwnd for each segment acknowledged. In fractions, or a window that always
        // rounds up would not come down to where it belongs.
        let here = cwnd * ONE + self.credit / cwnd;
        let above = self.target(window, ack, acked, here) - here;
        self.credit += above * u64::from(acked);
        let grown = self.credit / (cwnd * ONE);
        self.credit -= grown * cwnd * ONE;
        window.cwnd = u32::try_from(cwnd + grown).unwrap_or(u32::MAX).min(window.limit);
    }

    /// Where the window, which is `here`, is to be a round trip from now, in 1024ths of a segment.
    fn target(&mut self, window: &Window, ack: &AckSample, acked: u32, here: u64) -> u64 {
        let now = ack.now;
        let mut epoch = self.epoch.unwrap_or_else(|| self.begin(window.cwnd, now));
        // RFC 9438 §4.3: W_est grows by alpha_cubic for each window acknowledged; once it has reached cwnd_prior, by one.
        // Where no window was reduced yet there is none to reach.
        let reached = self.prior > 0 && epoch.w_est >= u64::from(self.prior) * FINE;
        let alpha = if reached { ONE } else { ALPHA };
        epoch.w_est += alpha * (FINE / ONE) * u64::from(acked) / u64::from(window.cwnd.max(1));
        self.epoch = Some(epoch);
        // RFC 9438 §4.4, §4.5: where the cubic function will be a round trip from now; at most half as much again.
        let rtt = ack.min_rtt.or(ack.srtt).unwrap_or_default();
        let target = epoch.w_cubic(now - epoch.start + rtt).clamp(here, here + here / 2);
        // RFC 9438 §4.3: in the Reno-friendly region as fast as Reno.
        target.max((epoch.w_est / (FINE / ONE)).min(here + here / 2))
    }
}

impl Epoch {
    /// RFC 9438 §4.2, figure 1: W_cubic(t) = C (t - K)^3 + W_max, in 1024ths of a segment.
    fn w_cubic(&self, t: Duration) -> u64 {
        let d = i128::from(t.as_millis() - i64::from(self.k));
        // 0.4 segments times seconds cubed.
        let above = d * d * d * 4 * i128::from(ONE) / 10_000_000_000;
        u64::try_from(i128::from(self.plateau.get()) * i128::from(ONE) + above).unwrap_or(0)
    }
}

impl Congestion for Cubic {
    fn on_ack(&mut self, window: &mut Window, ack: &AckSample) {
        let mut acked = ack.acked;
        if window.in_slow_start() {
            acked = self.hystart.slow_start(window, ack);
        }
        if acked > 0 && !window.in_slow_start() {
            self.avoid(window, ack, acked);
        }
    }

    fn on_rtt(&mut self, window: &mut Window, ack: &AckSample) {
        // Right after a recovery the queue is still as it was.
        let settled = self.epoch.is_none_or(|epoch| ack.now - epoch.start >= Duration::from_secs(1));
        if settled {
            self.hystart.on_rtt(window, ack);
        }
    }

    fn threshold(&mut self, window: &Window) -> u32 {
        let (w_max, prior, epoch, credit) = (self.w_max, self.prior, self.epoch, self.credit);
        self.before = Some(Box::new(Before { w_max, prior, epoch, credit }));
        (self.epoch, self.credit, self.pace) = (None, 0, None);
        self.prior = window.cwnd;
        // RFC 9438 §4.7, fast convergence: a window that did not get back to where it was makes room for others.
        self.w_max = if self.fast_convergence && window.cwnd < self.w_max {
            (u64::from(window.cwnd) * (ONE + BETA) / (2 * ONE)) as u32
        } else {
            window.cwnd
        };
        // RFC 9438 §4.6.
        ((u64::from(window.cwnd) * BETA / ONE) as u32).max(2)
    }

    fn on_timeout(&mut self) {
        // RFC 9438 §4.8: what comes after starts from where slow start ends.
        (self.w_max, self.prior, self.epoch, self.credit, self.pace) = (0, 0, None, 0, None);
        self.hystart = self.hystart.again();
    }

    fn on_idle(&mut self, _: &mut Window, now: Instant, idle: Duration, _: bool) {
        // RFC 9438 §5.8: time in which nothing was sent does not count; of it none before the stage began.
        if let Some(epoch) = &mut self.epoch {
            epoch.start = (epoch.start + idle).min(now);
        }
    }

    /// RFC 9438 §4.9.1, §4.9.2: if the window is still below what it was, it goes on along the curve that it was on.
    fn undo(&mut self, window: &Window, prior: u32) -> u32 {
        if let Some(before) = self.before.take().filter(|_| window.cwnd < prior) {
            (self.w_max, self.prior) = (before.w_max, before.prior);
            (self.epoch, self.credit, self.pace) = (before.epoch, before.credit, None);
        }
        window.cwnd.max(prior)
    }

    fn take_note(&mut self) -> Option<Note> {
        self.hystart.take_note()
    }

    fn name(&self) -> &'static str {
        "cubic"
    }
}

/// The integer cube root, rounded down.
fn cube_root(n: u64) -> u64 {
    let mut root = 0u64;
    for bit in (0..22).rev() {
        let next = root | 1 << bit;
        if u128::from(next).pow(3) <= u128::from(n) {
            root = next;
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cube_roots() {
        for n in [0u64, 1, 7, 8, 26, 27, 28, 999, 1000, 1_000_000_000_000, u64::MAX] {
            let root = u128::from(cube_root(n));
            assert!(root.pow(3) <= n.into() && (root + 1).pow(3) > n.into(), "{n}: {root}");
        }
    }

    #[test]
    fn rfc_9438_section_4_2_the_function_comes_back_to_w_max_after_k() {
        // W_max = 100, reduced to 70: K = cbrt(30 / 0.4) = 4.217 s.
        let mut cubic = Cubic::new(SlowStart::Plain);
        let mut window = Window::new(100);
        window.ssthresh = cubic.threshold(&window);
        assert_eq!((window.ssthresh, cubic.w_max), (70, 100));
        let epoch = cubic.begin(70, Instant::ZERO);
        assert_eq!(epoch.k, 4217);
        let at = |ms| epoch.w_cubic(Duration::from_millis(ms)) / ONE;
        assert_eq!((at(0), at(4217), at(4217 + 4217)), (70, 100, 129));
        assert_eq!(at(4217 + 1000), 100, "0.4 segments a second later");
    }

    #[test]
    fn rfc_9438_section_4_7_fast_convergence() {
        let mut cubic = Cubic::new(SlowStart::Plain);
        cubic.threshold(&Window::new(100));
        let threshold = cubic.threshold(&Window::new(80));
        // 80 (1 + 0.7) / 2.
        assert_eq!((threshold, cubic.w_max), (56, 68));
    }

    #[test]
    fn rfc_9438_section_4_9_2_a_needless_reduction_is_forgotten() {
        let mut cubic = Cubic::new(SlowStart::Plain);
        let mut window = Window::new(100);
        window.ssthresh = cubic.threshold(&window);
        (window.cwnd, cubic.epoch) = (70, Some(cubic.begin(70, Instant::ZERO)));
        // On the way back to 100 it is reduced again, for nothing: by SACKs, or by a timeout.
        for timeout in [false, true] {
            window.cwnd = 90;
            window.ssthresh = cubic.threshold(&window);
            if timeout {
                cubic.on_timeout();
            }
            assert_ne!((cubic.w_max, cubic.prior, cubic.epoch.is_some()), (100, 100, true));
            window.cwnd = 1;
            assert_eq!(cubic.undo(&window, 90), 90);
            assert_eq!((cubic.w_max, cubic.prior, cubic.epoch.unwrap().k), (100, 100, 4217));
        }
        // Nothing is left to bring back.
        cubic.w_max = 7;
        assert_eq!((cubic.undo(&window, 90), cubic.w_max), (90, 7));
    }

    #[test]
    fn rfc_9438_section_5_8_a_stage_that_was_idle_from_its_beginning_begins_anew() {
        let mut cubic = Cubic::new(SlowStart::Plain);
        let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
        let idle_until = |cubic: &mut Cubic, now, idle| {
            cubic.on_idle(&mut Window::new(10), at(now), Duration::from_secs(idle), false);
            cubic.epoch.unwrap().start
        };
        cubic.epoch = Some(cubic.begin(10, at(5)));
        assert_eq!(idle_until(&mut cubic, 9, 2), at(7));
        assert_eq!(idle_until(&mut cubic, 10, 8), at(10), "not in the future");
    }

    #[test]
    fn rfc_9438_section_4_3_alpha_is_9_17ths() {
        assert_eq!(ALPHA, 541, "9/17 is 542, and 717 is a little more than 0.7");
    }
}
