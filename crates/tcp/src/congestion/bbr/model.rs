//! The model of the path: what is measured, and what losses say of it (§5.5).

use base::{Duration, Instant};

use super::{BETA, Bbr, BbrState, INFINITY, Sample};
use crate::congestion::LostSegment;

/// §2.8, BBR.LossThresh: 2 %, as one in so many.
const LOSS_THRESH: u64 = 50;
/// §2.12, BBR.ExtraAckedFilterLen, in rounds.
const EXTRA_ACKED_ROUNDS: u64 = 10;

/// §5.5.9: how much more arrives at once than the rate explains.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aggregation {
    start: Option<Instant>,
    delivered: u64,
    /// The largest of this stretch of rounds and of the one before, and in which round this one began.
    most: [u64; 2],
    since: u64,
}

impl Aggregation {
    pub(super) fn restart(&mut self, now: Instant) {
        (self.start, self.delivered) = (Some(now), 0);
    }
    /// BBR.extra_acked: the largest of the last ten rounds, or somewhat fewer, as in Linux.
    pub(super) fn extra_acked(&self) -> u64 {
        self.most[0].max(self.most[1])
    }
    fn add(&mut self, extra: u64, round: u64, len: u64) {
        if round >= self.since + len.div_ceil(2) {
            (self.most, self.since) = ([0, self.most[0]], round);
        }
        self.most[0] = self.most[0].max(extra);
    }
}

/// `rate` bytes a second for `span`, in bytes.
pub(super) fn volume(rate: u64, span: Duration) -> u64 {
    let nanos = u128::try_from(span.as_nanos()).unwrap_or(0);
    u64::try_from(u128::from(rate) * nanos / 1_000_000_000).unwrap_or(INFINITY)
}

impl Bbr {
    /// §5.5.2, BBR.max_bw: the largest rate of this cycle and the last.
    pub(super) fn max_bw(&self) -> u64 {
        self.max_bw[0].max(self.max_bw[1])
    }

    /// §5.5.6, AdvanceMaxBwFilter.
    pub(super) fn advance_max_bw_filter(&mut self) {
        if self.max_bw[0] > 0 {
            self.max_bw = [0, self.max_bw[0]];
        }
    }

    /// §5.5.1, StartRound.
    pub(super) fn start_round(&mut self) {
        self.next_round_delivered = self.delivered;
    }

    /// §5.5.1, UpdateRound, and §5.5.5, UpdateMaxBw.
    fn update_max_bw(&mut self, rs: &Sample) {
        self.round_start = rs.delivered > 0 && rs.prior_delivered >= self.next_round_delivered;
        if self.round_start {
            self.start_round();
            self.round_count += 1;
            self.rounds_since_probe_up += 1;
        }
        if rs.rate > 0 && (rs.rate >= self.max_bw() || !rs.app_limited) {
            self.max_bw[0] = self.max_bw[0].max(rs.rate);
        }
    }

    /// §5.5.9, UpdateACKAggregation.
    pub(super) fn update_ack_aggregation(&mut self, rs: &Sample) {
        let start = *self.aggregation.start.get_or_insert(self.now);
        let mut expected = volume(self.bw, self.now - start);
        if self.aggregation.delivered <= expected {
            self.aggregation.restart(self.now);
            expected = 0;
        }
        self.aggregation.delivered += rs.newly_acked;
        let extra = self.aggregation.delivered.saturating_sub(expected).min(self.bytes(self.cwnd));
        let len = if self.full_bw_reached { EXTRA_ACKED_ROUNDS } else { 1 };
        self.aggregation.add(extra, self.round_count, len);
    }
}

/// What losses say.
impl Bbr {
    /// §5.5.10.2, IsInflightTooHigh: of `in_flight` bytes more than 2 % were lost.
    pub(super) fn is_inflight_too_high(&self, lost: u64, in_flight: u64) -> bool {
        lost * LOSS_THRESH > in_flight || (lost > 0 && !self.sack)
    }

    /// NoteLoss. As Linux: the state is saved when a recovery begins, not again for the losses behind it.
    pub(super) fn note_loss(&mut self, delivered: u64) {
        if !self.is_loss_in_round {
            self.loss_round_delivered = delivered;
        }
        self.is_loss_in_round = true;
    }

    /// HandleLostPacket.
    pub(super) fn handle_lost_packet(&mut self, packet: &LostSegment) {
        self.note_loss(packet.delivered);
        self.lost_in_round += self.mss;
        if !self.is_bw_probe_sample {
            return;
        }
        let (tx_in_flight, lost) = (self.bytes(packet.in_flight), self.bytes(packet.lost_since_sent));
        if self.is_inflight_too_high(lost, tx_in_flight) {
            // InflightAtLoss: where the losses crossed the threshold. (x - prev) / (1 - 1/50) is (50 x - 50 prev) / 49.
            let (before, lost_before) = (tx_in_flight.saturating_sub(self.mss), lost.saturating_sub(self.mss));
            let prefix = before.saturating_sub(lost_before * LOSS_THRESH) / (LOSS_THRESH - 1);
            self.handle_inflight_too_high(before + prefix, packet.app_limited);
        }
    }

    /// HandleInflightTooHigh: with `in_flight` bytes out too much was lost.
    pub(super) fn handle_inflight_too_high(&mut self, in_flight: u64, app_limited: bool) {
        self.prev_probe_too_high = true;
        self.is_bw_probe_sample = false;
        if !app_limited {
            self.inflight_longterm = in_flight.max(self.target_inflight() / 100 * BETA);
        }
        if self.state == BbrState::Up {
            self.undo_state = Some(BbrState::Up);
            self.start_down();
        }
    }

    /// §5.5.10.3, UpdateLatestDeliverySignals.
    pub(super) fn update_latest_delivery_signals(&mut self, rs: &Sample) {
        self.loss_round_start = false;
        self.bw_latest = self.bw_latest.max(rs.rate);
        self.inflight_latest = self.inflight_latest.max(rs.delivered);
        if rs.delivered > 0 && rs.prior_delivered >= self.loss_round_delivered {
            self.loss_round_delivered = self.delivered;
            self.loss_round_start = true;
        }
    }

    /// AdvanceLatestDeliverySignals.
    pub(super) fn advance_latest_delivery_signals(&mut self, rs: &Sample) {
        if self.loss_round_start {
            (self.bw_latest, self.inflight_latest) = (rs.rate, rs.delivered);
        }
    }

    /// ResetCongestionSignals.
    pub(super) fn reset_congestion_signals(&mut self) {
        self.forget_losses();
        (self.bw_latest, self.inflight_latest) = (0, 0);
    }

    /// UpdateCongestionSignals: once a round, if something was lost in it, the short-term model follows what is delivered.
    pub(super) fn update_congestion_signals(&mut self, rs: &Sample) {
        self.update_max_bw(rs);
        if !self.loss_round_start {
            return;
        }
        if self.is_loss_in_round && !self.state.is_probing() && self.is_round_congested(rs) {
            if self.bw_shortterm == INFINITY {
                self.bw_shortterm = self.max_bw();
            }
            if self.inflight_shortterm == INFINITY {
                self.inflight_shortterm = self.bytes(self.cwnd);
            }
            self.bw_shortterm = self.bw_latest.max(self.bw_shortterm / 100 * BETA);
            self.inflight_shortterm = self.inflight_latest.max(self.inflight_shortterm / 100 * BETA);
        }
        self.forget_losses();
    }

    /// Whether the round has lost more than LossThresh of what it delivered, in whole segments, or was marked. The draft, and Linux'
    /// BBRv3, answer any loss: of each round that loses something they keep what arrived, less the pacing margin. With 1 % of random
    /// loss that leaves three quarters of a path on which 63 rounds pass between two probes; a probe itself would
    /// take so few losses for no sign of congestion (docs/deviations.md). And what was sent in ProbeRTT was delivered slowly as
    /// we sent it slowly.
    fn is_round_congested(&self, rs: &Sample) -> bool {
        let segments = |bytes: u64| bytes / self.mss;
        let tolerated = (segments(self.inflight_latest) + LOSS_THRESH / 2) / LOSS_THRESH;
        let lossy = segments(self.lost_in_round) > tolerated && rs.prior_delivered >= self.probe_rtt_over;
        self.is_marked_in_round || lossy
    }

    /// What was lost is answered, or of no interest.
    pub(super) fn forget_losses(&mut self) {
        (self.is_loss_in_round, self.is_marked_in_round, self.lost_in_round) = (false, false, 0);
    }

    /// ResetShortTermModel.
    pub(super) fn reset_short_term_model(&mut self) {
        (self.bw_shortterm, self.inflight_shortterm) = (INFINITY, INFINITY);
    }

    /// BoundBWForModel.
    pub(super) fn bound_bw_for_model(&mut self) {
        self.bw = self.max_bw().min(self.bw_shortterm);
    }

    /// §5.5.11.1, SaveStateUponLoss.
    pub(super) fn save_state_upon_loss(&mut self) {
        self.undo_state = None;
        self.undo_bw_shortterm = self.bw_shortterm;
        self.undo_inflight_shortterm = self.inflight_shortterm;
        self.undo_inflight_longterm = self.inflight_longterm;
    }
}
