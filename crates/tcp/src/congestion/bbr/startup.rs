//! Startup and Drain: an exponential search for the path's rate, and the queue that it leaves (§5.3.1, §5.3.2).

use super::{Bbr, BbrState, Sample};

/// §5.3.1.2: rounds without 25 % of growth after which the pipe is full.
const FULL_BW_ROUNDS: u32 = 3;
/// §5.3.1.3, BBRStartupFullLossCnt: separate losses in a round.
const FULL_LOSSES: u32 = 6;
/// §5.3.2: rounds after which Drain gives up.
const DRAIN_ROUNDS: u64 = 3;

impl Bbr {
    /// §5.3.1.2, ResetFullBW.
    pub(super) fn reset_full_bw(&mut self) {
        (self.full_bw, self.full_bw_count, self.full_bw_now) = (0, 0, false);
    }

    /// §5.3.1.2, CheckFullBWReached: does the rate still grow?
    pub(super) fn check_full_bw_reached(&mut self, rs: &Sample) {
        if self.full_bw_now || !self.round_start || rs.app_limited || rs.rate == 0 {
            return;
        }
        if rs.rate.saturating_mul(4) >= self.full_bw.saturating_mul(5) {
            self.reset_full_bw();
            self.full_bw = rs.rate;
            return;
        }
        self.full_bw_count += 1;
        self.full_bw_now = self.full_bw_count >= FULL_BW_ROUNDS;
        self.full_bw_reached |= self.full_bw_now;
    }

    /// §5.3.1.1, CheckStartupDone; `lost`: segments that this acknowledgment had us take for lost.
    pub(super) fn check_startup_done(&mut self, rs: &Sample, lost: u32) {
        self.check_startup_high_loss(rs, lost);
        if self.state == BbrState::Startup && self.full_bw_reached {
            self.drain_start_round = self.round_count;
            self.enter(BbrState::Drain);
        }
    }

    /// §5.3.1.3: too much is lost. As Linux, each acknowledgment that tells of losses counts for one gap.
    fn check_startup_high_loss(&mut self, rs: &Sample, lost: u32) {
        if self.full_bw_reached {
            return;
        }
        if lost > 0 {
            self.loss_events = self.loss_events.saturating_add(1);
        }
        if !self.loss_round_start {
            return;
        }
        let enough = if self.sack { self.loss_events >= FULL_LOSSES } else { self.loss_events > 0 };
        if enough && self.recovering && self.is_inflight_too_high(rs.lost, rs.tx_in_flight) {
            self.undo_state = Some(BbrState::Startup);
            self.full_bw_reached = true;
            self.inflight_longterm = self.bdp(self.max_bw(), 100).max(self.inflight_latest);
        }
        self.loss_events = 0;
    }

    /// §5.3.2, CheckDrainDone.
    pub(super) fn check_drain_done(&mut self) {
        if self.state == BbrState::Drain
            && (self.inflight <= self.inflight_for(self.bw, 100)
                || self.round_count > self.drain_start_round + DRAIN_ROUNDS)
        {
            self.start_down();
        }
    }
}
