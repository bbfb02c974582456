//! What comes of the model: the rate of sending and the window (§5.6).

use base::Duration;

use super::model::volume;
use super::{Bbr, BbrState, INFINITY, MIN_PIPE};
use crate::congestion::Window;

/// §2.5, BBR.PacingMarginPercent: what is left of the rate.
const MARGIN: u64 = 99;

/// `percent` of `value`.
fn share(value: u64, percent: u64) -> u64 {
    u64::try_from(u128::from(value) * u128::from(percent) / 100).unwrap_or(INFINITY)
}

impl Bbr {
    /// §5.6.2, InitPacingRate: the initial window in a round trip, times the gain of Startup.
    pub(super) fn init_pacing_rate(&mut self, srtt: Option<Duration>) {
        let srtt = srtt.filter(|&srtt| srtt > Duration::ZERO).unwrap_or(Duration::from_millis(1));
        let nominal = u128::from(self.bytes(self.initial_cwnd)) * 1_000_000_000 / srtt.as_nanos().max(1) as u128;
        self.pacing_rate = share(u64::try_from(nominal).unwrap_or(INFINITY), BbrState::Startup.pacing_gain()).max(1);
    }

    /// §5.6.2, SetPacingRateWithGain.
    pub(super) fn set_pacing_rate(&mut self, gain: u64) {
        let rate = share(share(self.bw, gain), MARGIN);
        if rate > 0 && (self.full_bw_reached || rate > self.pacing_rate) {
            self.pacing_rate = rate;
        }
    }

    /// §5.6.4.2, BDPMultiple.
    pub(super) fn bdp(&self, bw: u64, gain: u64) -> u64 {
        match self.min_rtt {
            None => self.bytes(self.initial_cwnd),
            Some(min_rtt) => share(volume(bw, min_rtt), gain),
        }
    }

    /// QuantizationBudget. With a send quantum of one segment the offload budget of three lies below the least window.
    fn quantization_budget(&self, cap: u64) -> u64 {
        let cap = cap.max(self.bytes(MIN_PIPE));
        if self.state == BbrState::Up { cap.saturating_add(2 * self.mss) } else { cap }
    }

    /// Inflight.
    pub(super) fn inflight_for(&self, bw: u64, gain: u64) -> u64 {
        self.quantization_budget(self.bdp(bw, gain))
    }

    /// §5.3.3.8, TargetInflight: the path's product of rate and delay, unless congestion has cut the window.
    pub(super) fn target_inflight(&self) -> u64 {
        self.bdp(self.bw, 100).min(self.bytes(self.cwnd))
    }

    /// §5.6.4.5, ProbeRTTCwnd.
    pub(super) fn probe_rtt_cwnd(&self) -> u64 {
        self.bdp(self.bw, BbrState::ProbeRtt.cwnd_gain()).max(self.bytes(MIN_PIPE))
    }

    /// §5.6.4.4, SaveCwnd: the window as it was before a recovery or ProbeRTT.
    pub(super) fn save_cwnd(&mut self, cwnd: u32) {
        let undisturbed = !self.recovering && self.state != BbrState::ProbeRtt;
        self.prior_cwnd = if undisturbed { cwnd } else { self.prior_cwnd.max(cwnd) };
    }

    /// §5.6.4.6, SetCwnd; `acked` segments were acknowledged.
    pub(super) fn set_cwnd(&mut self, window: &mut Window, acked: u32) {
        let most = self.bdp(self.bw, self.state.cwnd_gain()).saturating_add(self.aggregation.extra_acked());
        let most = self.segments(self.quantization_budget(most));
        let grown = window.cwnd.saturating_add(acked);
        if self.full_bw_reached {
            window.cwnd = grown.min(most);
        } else if window.cwnd < most || self.delivered < self.bytes(self.initial_cwnd) {
            window.cwnd = grown;
        }
        window.cwnd = window.cwnd.max(MIN_PIPE);
        if self.state == BbrState::ProbeRtt {
            window.cwnd = window.cwnd.min(self.segments(self.probe_rtt_cwnd()));
        }
        window.cwnd = window.cwnd.min(self.segments(self.model_cap())).min(window.limit).max(1);
        self.cwnd = window.cwnd;
    }

    /// §5.6.4.7, BoundCwndForModel.
    fn model_cap(&self) -> u64 {
        let cap = match self.state {
            BbrState::Down | BbrState::Refill | BbrState::Up => self.inflight_longterm,
            BbrState::Cruise | BbrState::ProbeRtt => self.inflight_with_headroom(),
            BbrState::Startup | BbrState::Drain => INFINITY,
        };
        cap.min(self.inflight_shortterm).max(self.bytes(MIN_PIPE))
    }

    /// As many segments as hold so many bytes.
    fn segments(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(self.mss)).unwrap_or(u32::MAX)
    }
}
