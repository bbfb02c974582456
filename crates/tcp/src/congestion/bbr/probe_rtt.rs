//! The path's delay, and the pause in which it shows (§5.3.4).

use base::Duration;

use super::{AckPhase, Bbr, BbrState, Sample};
use crate::congestion::Window;

/// §2.16: BBR.MinRTTFilterLen, BBR.ProbeRTTInterval, BBR.ProbeRTTDuration.
const MIN_RTT_FILTER: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_secs(5);
const DURATION: Duration = Duration::from_millis(200);

impl Bbr {
    /// §5.3.4.3, UpdateMinRTT.
    pub(super) fn update_min_rtt(&mut self, rs: &Sample) {
        self.probe_rtt_expired = self.now > self.probe_rtt_min_stamp + INTERVAL;
        if let Some(rtt) = rs.rtt
            && (self.probe_rtt_expired || self.probe_rtt_min_delay.is_none_or(|least| rtt < least))
        {
            (self.probe_rtt_min_delay, self.probe_rtt_min_stamp) = (Some(rtt), self.now);
        }
        let expired = self.now > self.min_rtt_stamp + MIN_RTT_FILTER;
        let Some(least) = self.probe_rtt_min_delay else { return };
        if expired || self.min_rtt.is_none_or(|known| least < known) {
            (self.min_rtt, self.min_rtt_stamp) = (Some(least), self.probe_rtt_min_stamp);
        }
    }

    /// §5.3.4.3, CheckProbeRTT.
    pub(super) fn check_probe_rtt(&mut self, rs: &Sample, window: &mut Window) {
        if self.state != BbrState::ProbeRtt && self.probe_rtt_expired && !self.idle_restart {
            // The window as it is outside of the pause.
            self.save_cwnd(window.cwnd);
            self.enter(BbrState::ProbeRtt);
            self.probe_rtt_done_stamp = None;
            self.ack_phase = AckPhase::ProbeStopping;
            self.start_round();
        }
        if self.state == BbrState::ProbeRtt {
            self.handle_probe_rtt(window);
        }
        if rs.delivered > 0 {
            self.idle_restart = false;
        }
    }

    /// HandleProbeRTT: the pause lasts 200 ms and a round from when little enough is in flight.
    fn handle_probe_rtt(&mut self, window: &mut Window) {
        if self.probe_rtt_done_stamp.is_none() {
            if self.inflight <= self.probe_rtt_cwnd() {
                self.probe_rtt_done_stamp = Some(self.now + DURATION);
                self.probe_rtt_round_done = false;
                self.start_round();
            }
            return;
        }
        self.probe_rtt_round_done |= self.round_start;
        if self.probe_rtt_round_done {
            self.check_probe_rtt_done(window);
        }
    }

    /// CheckProbeRTTDone, RestoreCwnd, ExitProbeRTT.
    pub(super) fn check_probe_rtt_done(&mut self, window: &mut Window) {
        if self.probe_rtt_done_stamp.is_none_or(|done| self.now <= done) {
            return;
        }
        self.probe_rtt_min_stamp = self.now;
        window.cwnd = window.cwnd.max(self.prior_cwnd);
        self.cwnd = window.cwnd;
        self.reset_short_term_model();
        self.probe_rtt_over = self.delivered + self.inflight;
        if self.full_bw_reached {
            self.start_down();
            self.enter(BbrState::Cruise);
        } else {
            self.enter(BbrState::Startup);
        }
    }
}
