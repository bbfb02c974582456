//! ProbeBW: the cycle of sending a little less, as much, and more than the path delivers (§5.3.3).

use base::Duration;

use super::{AckPhase, Bbr, BbrState, HEADROOM, INFINITY, MIN_PIPE, Sample};

/// §5.3.3.8: no more rounds between probes than a Reno flow with the same window would leave, and no more than this.
const RENO_ROUNDS: u64 = 63;
/// §5.3.3.7: the slope of growth doubles so often at most.
const MAX_SLOPE: u32 = 30;

impl Bbr {
    /// §5.3.3.9, EnterProbeBW and StartProbeBW_DOWN.
    pub(super) fn start_down(&mut self) {
        self.reset_congestion_signals();
        self.probe_up_acked_per_inc = INFINITY;
        self.pick_probe_wait();
        self.cycle_stamp = self.now;
        self.ack_phase = AckPhase::ProbeStopping;
        self.start_round();
        self.enter(BbrState::Down);
    }

    /// StartProbeBW_REFILL.
    pub(super) fn start_refill(&mut self) {
        self.reset_short_term_model();
        (self.bw_probe_up_rounds, self.bw_probe_up_acked) = (0, 0);
        self.prev_probe_precautionary = false;
        self.ack_phase = AckPhase::Refilling;
        self.start_round();
        self.enter(BbrState::Refill);
    }

    /// StartProbeBW_UP.
    fn start_up(&mut self, rs: &Sample) {
        self.ack_phase = AckPhase::ProbeStarting;
        self.start_round();
        self.reset_full_bw();
        self.full_bw = rs.rate;
        self.enter(BbrState::Up);
        self.raise_slope();
    }

    /// §5.3.3.9, UpdateProbeBWCyclePhase.
    pub(super) fn update_probe_bw_cycle(&mut self, rs: &Sample) {
        if !self.full_bw_reached || self.adapt_long_term_model(rs) {
            return;
        }
        match self.state {
            BbrState::Down => {
                let refills = self.goes_to_refill();
                if !refills && self.is_time_to_cruise() {
                    self.enter(BbrState::Cruise);
                }
            }
            BbrState::Cruise => _ = self.goes_to_refill(),
            // After one round.
            BbrState::Refill if self.round_start => {
                self.is_bw_probe_sample = true;
                self.start_up(rs);
            }
            BbrState::Up => {
                let down = self.is_time_to_go_down(rs);
                if down {
                    self.prev_probe_too_high = false;
                    self.start_down();
                }
            }
            _ => {}
        }
    }

    /// AdaptLongTermModel. Whether it decided over the state.
    fn adapt_long_term_model(&mut self, rs: &Sample) -> bool {
        if self.ack_phase == AckPhase::ProbeStarting && self.round_start {
            self.ack_phase = AckPhase::ProbeFeedback;
        }
        if self.ack_phase == AckPhase::ProbeStopping && self.round_start {
            self.is_bw_probe_sample = false;
            self.ack_phase = AckPhase::Init;
            if self.state.is_probe_bw() {
                if !rs.app_limited {
                    self.advance_max_bw_filter();
                }
                // A probe that was cut short for caution did no harm: the next one follows at once.
                if self.prev_probe_precautionary && !self.prev_probe_too_high {
                    self.start_refill();
                    return true;
                }
            }
        }
        if !self.is_inflight_too_high(rs.lost, rs.tx_in_flight) && self.inflight_longterm != INFINITY {
            self.inflight_longterm = self.inflight_longterm.max(rs.tx_in_flight);
            if self.state == BbrState::Up {
                self.probe_upward(rs);
            }
        }
        false
    }

    /// IsTimeToProbeBW: from DOWN or CRUISE to REFILL.
    fn goes_to_refill(&mut self) -> bool {
        let due = self.now > self.cycle_stamp + self.bw_probe_wait || self.is_reno_coexistence_probe_time();
        if due {
            self.start_refill();
        }
        due
    }

    /// §5.3.3.8, PickProbeWait: a round more or less, and two to three seconds.
    fn pick_probe_wait(&mut self) {
        let draw = self.draws.at(self.drawn);
        self.drawn += 1;
        self.rounds_since_probe_up = draw & 1;
        self.bw_probe_wait = Duration::from_secs(2) + Duration::from_nanos(((draw >> 1) % 1_000_000_000) as i64);
    }

    /// IsRenoCoexistenceProbeTime.
    fn is_reno_coexistence_probe_time(&self) -> bool {
        let reno_rounds = self.target_inflight() / self.mss;
        self.rounds_since_probe_up >= reno_rounds.min(RENO_ROUNDS)
    }

    /// IsTimeToCruise.
    fn is_time_to_cruise(&self) -> bool {
        self.inflight <= self.inflight_with_headroom() && self.inflight <= self.inflight_for(self.max_bw(), 100)
    }

    /// IsTimeToGoDown.
    fn is_time_to_go_down(&mut self, rs: &Sample) -> bool {
        if self.prev_probe_too_high && self.inflight >= self.inflight_longterm {
            self.prev_probe_precautionary = true;
            return true;
        }
        if rs.cwnd_limited && self.bytes(self.cwnd) >= self.inflight_longterm {
            // The bound keeps the rate from growing.
            self.reset_full_bw();
            self.full_bw = rs.rate;
            return false;
        }
        self.full_bw_now
    }

    /// InflightWithHeadroom: leaves others a little room.
    pub(super) fn inflight_with_headroom(&self) -> u64 {
        if self.inflight_longterm == INFINITY {
            return INFINITY;
        }
        let headroom = (self.inflight_longterm / 100 * HEADROOM).max(self.mss);
        self.inflight_longterm.saturating_sub(headroom).max(self.bytes(MIN_PIPE))
    }

    /// RaiseInflightLongtermSlope: 1, 2, 4 ... segments a round.
    fn raise_slope(&mut self) {
        let growth = 1u64 << self.bw_probe_up_rounds;
        self.bw_probe_up_rounds = (self.bw_probe_up_rounds + 1).min(MAX_SLOPE);
        self.probe_up_acked_per_inc = (self.bytes(self.cwnd) / growth).max(self.mss);
    }

    /// ProbeInflightLongtermUpward.
    fn probe_upward(&mut self, rs: &Sample) {
        if !rs.cwnd_limited || self.bytes(self.cwnd) < self.inflight_longterm {
            return;
        }
        self.bw_probe_up_acked += rs.newly_acked;
        if self.bw_probe_up_acked >= self.probe_up_acked_per_inc {
            let delta = self.bw_probe_up_acked / self.probe_up_acked_per_inc;
            self.bw_probe_up_acked -= delta * self.probe_up_acked_per_inc;
            self.inflight_longterm = self.inflight_longterm.saturating_add(delta * self.mss);
        }
        if self.round_start {
            self.raise_slope();
        }
    }
}
