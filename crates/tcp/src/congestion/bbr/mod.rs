//! BBRv3 (draft-ietf-ccwg-bbr-06): it measures the path's bandwidth and delay, paces at that rate and keeps about as much in
//! flight as the path itself holds.
//!
//! - this file: what happens at an acknowledgment, a loss, an undone reduction (§5.2)
//! - `startup`: Startup, Drain, and whether the pipe is full (§5.3.1, §5.3.2)
//! - `probe_bw`: the cycle down, cruise, refill, up (§5.3.3)
//! - `probe_rtt`: the path's delay, and when it is to be looked for (§5.3.4)
//! - `model`: bandwidth, rounds, aggregation, and what losses say (§5.5)
//! - `control`: the rate and the window that come of it (§5.6)
//!
//! Volumes are bytes, rates bytes a second; names are the draft's. Segments leave one by one, so the send quantum is one
//! segment (§5.6.3 leaves it open). Marks of congestion count as losses (§3.7).

mod control;
mod model;
mod probe_bw;
mod probe_rtt;
mod startup;
#[cfg(test)]
mod tests;

use base::{Draws, Duration, Instant, Rate, Seed};
use smallvec::SmallVec;

use super::{AckSample, Congestion, LostSegment, Note, Window};
use model::Aggregation;

/// No limit.
const INFINITY: u64 = u64::MAX;
/// §2.8, BBR.MinPipeCwnd in segments: room for a receiver that acknowledges every other segment.
const MIN_PIPE: u32 = 4;
/// §2.8: BBR.Beta and BBR.Headroom, in percent.
const BETA: u64 = 70;
const HEADROOM: u64 = 15;

/// The states of BBR's machine (§5.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BbrState {
    /// Doubles the rate each round until the path gives no more.
    Startup,
    /// Drains the queue that Startup has made.
    Drain,
    /// Sends a little slower than the path delivers, to leave room.
    Down,
    /// Sends as fast as the path delivers.
    Cruise,
    /// Fills the pipe for a round, before it asks for more.
    Refill,
    /// Sends faster than the path has delivered.
    Up,
    /// Sends little for a moment, so that the queue empties and the path's delay shows.
    ProbeRtt,
}

impl BbrState {
    /// §5.6.1, the table: the pacing gain in percent.
    pub fn pacing_gain(self) -> u64 {
        match self {
            BbrState::Startup => 277,
            BbrState::Drain => 50,
            BbrState::Down => 90,
            BbrState::Cruise | BbrState::Refill | BbrState::ProbeRtt => 100,
            BbrState::Up => 125,
        }
    }
    /// §5.6.1, the table: the window's gain in percent.
    pub fn cwnd_gain(self) -> u64 {
        match self {
            BbrState::Up => 225,
            BbrState::ProbeRtt => 50,
            _ => 200,
        }
    }
    /// Whether it is one of the four of ProbeBW.
    fn is_probe_bw(self) -> bool {
        matches!(self, BbrState::Down | BbrState::Cruise | BbrState::Refill | BbrState::Up)
    }
    /// §5.5.10.3, IsProbingBW: losses are answered by where the probe ends, not by the short-term model.
    fn is_probing(self) -> bool {
        matches!(self, BbrState::Startup | BbrState::Refill | BbrState::Up)
    }
}

/// §2.14: what acknowledgments say of the bandwidth probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum AckPhase {
    Init,
    Refilling,
    ProbeStarting,
    ProbeFeedback,
    ProbeStopping,
}

/// The variables of §2, by their names there.
#[derive(Clone, Debug)]
pub struct Bbr {
    state: BbrState,
    notes: SmallVec<[Note; 2]>,
    /// Chance, for when to probe next, and how often it was asked.
    draws: Draws,
    drawn: u64,

    // The transport's figures as they were at the latest acknowledgment.
    now: Instant,
    mss: u64,
    initial_cwnd: u32,
    cwnd: u32,
    delivered: u64,
    /// As the last acknowledgment left it.
    acked: u64,
    inflight: u64,
    sack: bool,
    recovering: bool,

    // Rounds (§5.5.1).
    next_round_delivered: u64,
    round_start: bool,
    round_count: u64,

    // Startup and Drain (§2.13).
    full_bw: u64,
    full_bw_count: u32,
    full_bw_now: bool,
    full_bw_reached: bool,
    drain_start_round: u64,
    loss_events: u32,

    // The model (§2.9, §2.10).
    /// The largest rate of this probe cycle and of the last.
    max_bw: [u64; 2],
    bw: u64,
    bw_shortterm: u64,
    inflight_longterm: u64,
    inflight_shortterm: u64,
    bw_latest: u64,
    inflight_latest: u64,
    loss_round_delivered: u64,
    loss_round_start: bool,
    is_loss_in_round: bool,
    /// How much of the round was lost, and whether a router has marked something of it.
    lost_in_round: u64,
    is_marked_in_round: bool,
    aggregation: Aggregation,

    // ProbeBW (§2.14).
    ack_phase: AckPhase,
    is_bw_probe_sample: bool,
    bw_probe_up_acked: u64,
    probe_up_acked_per_inc: u64,
    bw_probe_up_rounds: u32,
    rounds_since_probe_up: u64,
    bw_probe_wait: Duration,
    cycle_stamp: Instant,
    prev_probe_too_high: bool,
    prev_probe_precautionary: bool,

    // ProbeRTT (§2.16).
    min_rtt: Option<Duration>,
    min_rtt_stamp: Instant,
    probe_rtt_min_delay: Option<Duration>,
    probe_rtt_min_stamp: Instant,
    probe_rtt_expired: bool,
    probe_rtt_done_stamp: Option<Instant>,
    probe_rtt_round_done: bool,
    /// What was in flight when it ended is delivered with this: until then rates are those of the pause.
    probe_rtt_over: u64,
    idle_restart: bool,

    // What comes back (§2.15).
    prior_cwnd: u32,
    undo_state: Option<BbrState>,
    undo_bw_shortterm: u64,
    undo_inflight_shortterm: u64,
    undo_inflight_longterm: u64,

    /// C.pacing_rate; 0 before a round trip was measured.
    pacing_rate: u64,
}

/// RS: what the acknowledgment says.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// RS.delivery_rate; 0 if it could not be measured.
    rate: u64,
    /// RS.delivered and RS.prior_delivered.
    delivered: u64,
    prior_delivered: u64,
    newly_acked: u64,
    tx_in_flight: u64,
    lost: u64,
    app_limited: bool,
    cwnd_limited: bool,
    rtt: Option<Duration>,
}

impl Bbr {
    /// §5.2.1, OnInit: nothing is known of the path. `seed` decides over the moments of its probes.
    pub fn new(seed: u64) -> Bbr {
        Bbr {
            state: BbrState::Startup,
            notes: SmallVec::new(),
            draws: Seed(seed).draws("bbr"),
            drawn: 0,
            now: Instant::ZERO,
            mss: 1,
            initial_cwnd: 0,
            cwnd: 0,
            delivered: 0,
            acked: 0,
            inflight: 0,
            sack: false,
            recovering: false,
            next_round_delivered: 0,
            round_start: false,
            round_count: 0,
            full_bw: 0,
            full_bw_count: 0,
            full_bw_now: false,
            full_bw_reached: false,
            drain_start_round: 0,
            loss_events: 0,
            max_bw: [0; 2],
            bw: 0,
            bw_shortterm: INFINITY,
            inflight_longterm: INFINITY,
            inflight_shortterm: INFINITY,
            bw_latest: 0,
            inflight_latest: 0,
            loss_round_delivered: 0,
            loss_round_start: false,
            is_loss_in_round: false,
            lost_in_round: 0,
            is_marked_in_round: false,
            aggregation: Aggregation::default(),
            ack_phase: AckPhase::Init,
            is_bw_probe_sample: false,
            bw_probe_up_acked: 0,
            probe_up_acked_per_inc: INFINITY,
            bw_probe_up_rounds: 0,
            rounds_since_probe_up: 0,
            bw_probe_wait: Duration::ZERO,
            cycle_stamp: Instant::ZERO,
            prev_probe_too_high: false,
            prev_probe_precautionary: false,
            min_rtt: None,
            min_rtt_stamp: Instant::ZERO,
            probe_rtt_min_delay: None,
            probe_rtt_min_stamp: Instant::ZERO,
            probe_rtt_expired: false,
            probe_rtt_done_stamp: None,
            probe_rtt_round_done: false,
            probe_rtt_over: 0,
            idle_restart: false,
            prior_cwnd: 0,
            undo_state: None,
            undo_bw_shortterm: 0,
            undo_inflight_shortterm: 0,
            undo_inflight_longterm: 0,
            pacing_rate: 0,
        }
    }

    /// Goes to `state`, and says so.
    fn enter(&mut self, state: BbrState) {
        let from = std::mem::replace(&mut self.state, state);
        self.notes.push(Note::Bbr {
            from,
            to: state,
            bandwidth: self.max_bw(),
            min_rtt: self.min_rtt.unwrap_or(Duration::ZERO),
        });
    }

    /// Takes over the transport's figures. `None` for the acknowledgment that measured the first round trip, the SYN's: of
    /// the path's rate it says nothing.
    fn take(&mut self, window: &Window, ack: &AckSample) -> Option<Sample> {
        let newly_acked = ack.delivered - self.acked;
        self.now = ack.now;
        self.mss = u64::from(ack.mss.max(1));
        self.cwnd = window.cwnd;
        (self.delivered, self.acked) = (ack.delivered, ack.delivered);
        self.inflight = self.bytes(ack.in_flight.1);
        self.sack = ack.sack;
        if self.pacing_rate == 0 {
            self.begin(window, ack);
            if ack.acked == 0 {
                return None;
            }
        }
        Some(Sample {
            rate: ack.rate().unwrap_or(0),
            delivered: ack.delivered - ack.prior_delivered,
            prior_delivered: ack.prior_delivered,
            newly_acked,
            tx_in_flight: self.bytes(ack.sent_in_flight),
            lost: self.bytes(ack.lost_since_sent),
            app_limited: ack.app_limited,
            cwnd_limited: ack.cwnd_limited,
            rtt: ack.rtt,
        })
    }

    /// §5.2.1: the first round trip.
    fn begin(&mut self, window: &Window, ack: &AckSample) {
        self.initial_cwnd = window.cwnd;
        self.next_round_delivered = ack.delivered;
        self.loss_round_delivered = ack.delivered;
        self.aggregation.restart(ack.now);
        (self.min_rtt, self.probe_rtt_min_delay) = (ack.rtt.or(ack.srtt), ack.rtt.or(ack.srtt));
        (self.min_rtt_stamp, self.probe_rtt_min_stamp) = (ack.now, ack.now);
        self.init_pacing_rate(ack.srtt);
    }

    fn bytes(&self, segments: u32) -> u64 {
        u64::from(segments) * self.mss
    }
}

impl Congestion for Bbr {
    /// §5.2.3, UpdateOnACK.
    fn on_ack(&mut self, window: &mut Window, ack: &AckSample) {
        let Some(rs) = self.take(window, ack) else { return };
        // §5.6.4.4: whatever ends a recovery, the window comes back.
        if std::mem::replace(&mut self.recovering, ack.recovering) && !ack.recovering {
            window.cwnd = window.cwnd.max(self.prior_cwnd);
            self.cwnd = window.cwnd;
        }
        self.update_latest_delivery_signals(&rs);
        self.update_congestion_signals(&rs);
        self.update_ack_aggregation(&rs);
        self.check_full_bw_reached(&rs);
        self.check_startup_done(&rs, ack.lost);
        self.check_drain_done();
        self.update_probe_bw_cycle(&rs);
        self.update_min_rtt(&rs);
        self.check_probe_rtt(&rs, window);
        self.advance_latest_delivery_signals(&rs);
        self.bound_bw_for_model();
        self.set_pacing_rate(self.state.pacing_gain());
        self.set_cwnd(window, ack.acked);
    }

    fn on_lost(&mut self, lost: &LostSegment) {
        (self.now, self.delivered) = (lost.now, lost.delivered);
        self.handle_lost_packet(lost);
    }

    /// §3.7: a mark is a sign of congestion, like a loss.
    fn on_mark(&mut self, now: Instant, in_flight: u32) {
        self.now = now;
        self.note_loss(self.delivered);
        self.is_marked_in_round = true;
        if self.is_bw_probe_sample {
            self.handle_inflight_too_high(self.bytes(in_flight), false);
        }
    }

    /// §5.6.4.4, OnEnterFastRecovery and OnEnterRTO. The threshold means nothing here.
    fn threshold(&mut self, window: &Window) -> u32 {
        self.save_cwnd(window.cwnd);
        self.save_state_upon_loss();
        window.ssthresh
    }

    /// §5.4.1, HandleRestartFromIdle.
    fn on_idle(&mut self, window: &mut Window, now: Instant, _: Duration, app_limited: bool) {
        if !app_limited || self.pacing_rate == 0 {
            return;
        }
        self.now = now;
        self.idle_restart = true;
        self.aggregation.restart(now);
        if self.state.is_probe_bw() {
            self.set_pacing_rate(100);
        } else if self.state == BbrState::ProbeRtt {
            self.check_probe_rtt_done(window);
        }
    }

    /// §5.5.11.2, HandleSpuriousLossDetection.
    fn undo(&mut self, window: &Window, _: u32) -> u32 {
        self.forget_losses();
        self.reset_full_bw();
        self.bw_shortterm = self.bw_shortterm.max(self.undo_bw_shortterm);
        self.inflight_shortterm = self.inflight_shortterm.max(self.undo_inflight_shortterm);
        self.inflight_longterm = self.inflight_longterm.max(self.undo_inflight_longterm);
        match self.undo_state.take() {
            Some(BbrState::Startup) if self.state != BbrState::Startup => {
                self.full_bw_reached = false;
                if self.state != BbrState::ProbeRtt {
                    self.enter(BbrState::Startup);
                }
            }
            Some(BbrState::Up) if self.state != BbrState::Up && self.state != BbrState::ProbeRtt => {
                self.start_refill();
            }
            _ => {}
        }
        window.cwnd.max(self.prior_cwnd)
    }

    fn pacing(&self) -> Option<Rate> {
        (self.pacing_rate > 0).then(|| Rate(self.pacing_rate.saturating_mul(8)))
    }

    fn rules_window(&self) -> bool {
        true
    }

    /// §5.3.4.3, MarkConnectionAppLimited: what is delivered while little is sent says nothing of the rate.
    fn holds_back(&self) -> bool {
        self.state == BbrState::ProbeRtt
    }

    fn take_note(&mut self) -> Option<Note> {
        (!self.notes.is_empty()).then(|| self.notes.remove(0))
    }

    fn name(&self) -> &'static str {
        "bbr"
    }
}
