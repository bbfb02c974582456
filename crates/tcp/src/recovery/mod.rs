//! Loss recovery: which segments are lost, what is sent while that is being repaired, and what of it was needless.
//!
//! The phases are Linux's. An acknowledgment is taken apart into an `Ack` first; `Connection::react` then decides:
//!
//! - `sack`: the scoreboard, DSACK, reordering (RFC 2018, 2883, 6675)
//! - `rack`: losses by time (RFC 8985 §6)
//! - `tlp`: the loss probe (RFC 8985 §7)
//! - `dupacks`: without SACK (RFC 6582), or without RACK (RFC 6675)
//! - `loss`: the timeout and F-RTO (RFC 5682)
//! - `prr`: the window's way down (RFC 9937)
//! - `undo`: what was needless is taken back (RFC 3522, 4015, 3708)

mod dupacks;
mod loss;
mod prr;
mod rack;
mod sack;
mod tlp;
mod undo;

use base::Instant;
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::Seq;

use crate::connection::Connection;
pub use prr::Prr;
pub use rack::Rack;
pub use tlp::Probe;
pub use undo::Undo;

/// The phases of Linux's congestion avoidance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Phase {
    /// All is well.
    #[default]
    Open,
    /// Something arrived out of order, or was sent again; nothing is taken for lost.
    Disorder,
    /// The window comes down because a router said so (RFC 3168).
    Cwr,
    /// Something is lost, and the window comes down: fast recovery.
    Recovery,
    /// The retransmission timer ran out.
    Loss,
}

/// What loss recovery knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recovery {
    /// The phase.
    pub phase: Phase,
    /// The phase ends when all before this is acknowledged (RFC 6582's recover, RFC 6675's RecoveryPoint).
    pub until: Seq,
    /// Duplicate acknowledgments in a row.
    pub dup_acks: u32,
    /// By how many segments the path is believed to reorder; DupThresh.
    pub reordering: u32,
    /// It has been seen to reorder.
    pub reordering_seen: bool,
    /// Losses by time.
    pub rack: Rack,
    /// The loss probe that is out.
    pub tlp: Option<Probe>,
    /// How the window comes down.
    pub prr: Prr,
    /// How it was before.
    pub undo: Undo,
    /// F-RTO is on its way.
    pub frto: bool,
    /// Segments found lost over the connection's life.
    pub lost: u64,
    /// Segments that arrived twice, as DSACKs tell.
    pub dsacks: u64,
    /// Nothing is sent again before the next acknowledgment.
    pub(crate) hold: bool,
    /// New data goes first (F-RTO, step 2.b).
    pub(crate) new_first: bool,
    /// RFC 6675 without RACK: below this segment all are looked at.
    pub(crate) looked_at: u64,
}

impl Recovery {
    /// For a connection whose first number is `iss` on a path believed to reorder by `reordering` segments.
    pub fn new(iss: Seq, reordering: u32) -> Recovery {
        Recovery {
            phase: Phase::Open,
            until: iss,
            dup_acks: 0,
            reordering,
            reordering_seen: false,
            rack: Rack::new(),
            tlp: None,
            prr: Prr::default(),
            undo: Undo::default(),
            frto: false,
            lost: 0,
            dsacks: 0,
            hold: false,
            new_first: false,
            looked_at: 0,
        }
    }
    /// Whether the window is being brought down.
    pub fn reducing(&self) -> bool {
        matches!(self.phase, Phase::Cwr | Phase::Recovery)
    }
}

/// What an acknowledgment brought, to be judged by loss recovery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ack {
    /// SND.UNA before it.
    pub(crate) una_before: Seq,
    /// By how much SND.UNA advanced, and whether that was over our SYN.
    pub(crate) advanced: u32,
    pub(crate) of_syn: bool,
    /// Segments that were acknowledged in whole.
    pub(crate) whole: u32,
    /// Segments newly sacked, and segments delivered in all.
    pub(crate) sacked: u32,
    pub(crate) delivered: u32,
    /// It is a duplicate: it brings no data, no new window, nothing new (RFC 5681 §2).
    pub(crate) duplicate: bool,
    /// It brings data, a new window or an acknowledgment of data.
    pub(crate) news: bool,
    /// It says that something arrived twice; and that this was the loss probe.
    pub(crate) dsack: bool,
    pub(crate) dsack_of_probe: bool,
    /// The receiver echoes a mark of congestion (RFC 3168 §6.1.2).
    pub(crate) ece: bool,
    /// Something that was sent once, before the recovery's end, has arrived.
    pub(crate) original_arrived: bool,
    /// Something that was sent more than once is acknowledged.
    pub(crate) resent_arrived: bool,
    /// A retransmission was found lost.
    pub(crate) retransmission_lost: bool,
    /// The timestamp that it echoes.
    pub(crate) echo: Option<u32>,
    /// The lowest number that arrived late without having been sent again, and where the highest sacked one stood before.
    pub(crate) late: Option<Seq>,
    /// When the sacked ones were sent, the first and the last of those sent once.
    pub(crate) sacked_sent: Option<(Instant, Instant)>,
    /// The retransmission timer is to start anew.
    pub(crate) timer_due: bool,
}

impl Connection {
    /// Whether losses are found by time (RFC 8985 needs SACK).
    pub(crate) fn rack_on(&self) -> bool {
        self.config.rack && self.agreed.sack
    }

    /// Whether something out is a retransmission, as far as is known.
    pub(super) fn any_resent(&self) -> bool {
        self.flight.resent() > 0 || self.flight.oldest().is_some_and(|sent| sent.times_sent > 1)
    }

    /// Window and threshold, to tell later how they changed.
    pub(crate) fn window_now(&self) -> (u32, u32) {
        (self.window.cwnd, self.window.ssthresh)
    }

    /// The threshold to keep over an idle time or an undone reduction: three quarters of the window at least (RFC 2861 §3.2).
    pub(crate) fn current_ssthresh(&self) -> u32 {
        if self.recovery.reducing() { self.window.ssthresh } else { self.window.ssthresh.max(self.window.cwnd / 4 * 3) }
    }

    /// An acknowledgment that is not the usual one: decides what is lost and in which phase we are.
    pub(crate) fn react(&mut self, ack: &mut Ack, cx: &mut Cx) {
        if ack.ece {
            self.recovery.undo.ssthresh = 0;
        }
        if self.reneged(ack, cx) {
            return;
        }
        // Does the phase end?
        if self.recovery.phase == Phase::Open {
            self.recovery.undo.first_resend = None;
        } else if (self.snd_una.at_or_after(self.recovery.until) || self.ends_without_newreno(ack))
            && self.phase_ends(ack, cx)
        {
            return;
        }
        match self.recovery.phase {
            Phase::Recovery => self.react_in_recovery(ack, cx),
            Phase::Loss => {
                self.react_after_timeout(ack, cx);
                self.find_lost(ack, cx);
                if self.recovery.phase == Phase::Open || ack.retransmission_lost {
                    self.react_in_order(ack, cx);
                }
            }
            _ => {
                if !self.agreed.sack {
                    if ack.advanced > 0 {
                        self.flight.set_told(0);
                    }
                    if ack.duplicate {
                        self.add_duplicate(ack, cx);
                    }
                }
                if self.recovery.phase <= Phase::Disorder {
                    self.undo_by_dsack(cx);
                }
                self.find_lost(ack, cx);
                self.react_in_order(ack, cx);
            }
        }
    }

    /// Everything before the end of the phase is acknowledged. Whether the acknowledgment has no more to say.
    fn phase_ends(&mut self, ack: &mut Ack, cx: &mut Cx) -> bool {
        match self.recovery.phase {
            // Something beyond the end: the reduction is not to be repeated for marks from before it.
            Phase::Cwr if self.snd_una != self.recovery.until => {
                self.end_reduction(cx);
                self.recovery.phase = Phase::Open;
            }
            Phase::Recovery => {
                self.flight.set_told(0);
                if self.undo_at_the_end(ack, cx) {
                    return true;
                }
                self.end_reduction(&mut cx.caused_by(self.trigger));
                self.recovery.phase = Phase::Open;
            }
            _ => {}
        }
        false
    }

    fn react_in_recovery(&mut self, ack: &mut Ack, cx: &mut Cx) {
        if ack.advanced == 0 {
            if !self.agreed.sack && ack.duplicate {
                self.add_duplicate(ack, cx);
            }
        } else if self.undo_partially(ack, cx) {
            self.recovery.hold = true;
            return;
        }
        if self.undo_by_dsack(cx) {
            self.try_to_open(ack, cx);
        }
        self.find_lost(ack, cx);
        if self.recovery.phase != Phase::Recovery {
            self.react_in_order(ack, cx);
        }
    }

    /// Outside of a recovery: does one begin?
    fn react_in_order(&mut self, ack: &mut Ack, cx: &mut Cx) {
        if self.flight.lost() > 0 {
            if !self.mtu_probe_is_lost(cx) {
                self.enter_recovery(ack, cx);
            }
        } else {
            self.try_to_open(ack, cx);
        }
    }

    /// Finds what is lost, by the rule that is in force.
    fn find_lost(&mut self, ack: &mut Ack, cx: &mut Cx) {
        if self.flight.is_empty() {
            return;
        }
        if !self.agreed.sack {
            self.find_lost_by_duplicates(ack, cx);
        } else if self.config.rack {
            self.find_lost_by_time(ack, cx);
        } else {
            self.find_lost_by_sack(cx);
        }
    }

    /// Nothing is lost: Open, or Disorder while something is out of order.
    fn try_to_open(&mut self, ack: &Ack, cx: &mut Cx) {
        if !self.any_resent() {
            self.recovery.undo.first_resend = None;
        }
        if ack.ece {
            self.enter_cwr(cx);
        }
        if self.recovery.phase != Phase::Cwr {
            self.stay_open();
        }
    }

    pub(super) fn stay_open(&mut self) {
        let disorder = self.flight.sacked() + self.flight.lost() > 0 || self.any_resent();
        let phase = if disorder { Phase::Disorder } else { Phase::Open };
        if self.recovery.phase != phase {
            self.recovery.phase = phase;
            self.recovery.until = self.snd_nxt;
        }
    }

    /// Something is lost: the window comes down, once for what is out now (RFC 5681 §3.2, RFC 6675 §5, RFC 9937 §6.1).
    pub(super) fn enter_recovery(&mut self, ack: &Ack, cx: &mut Cx) {
        self.recovery.undo.ssthresh = 0;
        self.remember();
        let before = self.window_now();
        if !self.recovery.reducing() {
            if !ack.ece {
                self.recovery.undo.ssthresh = self.current_ssthresh();
            }
            self.begin_reduction(ack);
        }
        self.recovery.phase = Phase::Recovery;
        let entered = cx.event(&kind::RECOVERY_ENTERED, self.id, [self.recovery.until.0.into(), 0]);
        self.trigger = entered;
        self.tell_window(before, entered, cx);
    }

    /// A router says that it is congested (RFC 3168 §6.1.2): as for a loss, once a round trip, with nothing to send again.
    pub(crate) fn enter_cwr(&mut self, cx: &mut Cx) {
        self.recovery.undo.ssthresh = 0;
        if self.recovery.phase >= Phase::Cwr {
            return;
        }
        let before = self.window_now();
        self.recovery.undo.marker = None;
        self.congestion.on_mark(cx.now, self.flight.segments());
        self.begin_reduction(&Ack::default());
        self.recovery.phase = Phase::Cwr;
        let entered = cx.event(&kind::CWR_ENTERED, self.id, [self.recovery.until.0.into(), 0]);
        self.tell_window(before, entered, cx);
    }

    /// RFC 9937 §6.1.
    pub(super) fn begin_reduction(&mut self, ack: &Ack) {
        self.recovery.until = self.snd_nxt;
        self.recovery.tlp = None;
        self.recovery.undo.cwnd = self.window.cwnd;
        self.window.credit = 0;
        // What was SACKed before will not be delivered during the recovery; without SACK nothing is known of it.
        let all = self.flight.len() as u32;
        let flight = if self.agreed.sack { (all + ack.delivered).saturating_sub(self.flight.sacked()) } else { all };
        self.recovery.prr = Prr::new(flight);
        self.window.ssthresh = self.congestion.threshold(&self.window);
        if !self.config.prr && !self.congestion.rules_window() {
            // RFC 6675 §5, steps 4.2 and 4.3: at once, and the first lost segment leaves all the same.
            self.window.cwnd = self.window.ssthresh;
            self.retransmit_now = self.flight.any_lost();
        }
        self.ecn.reduced();
    }

    /// RFC 9937 §6.2: `delivered` segments have left the network; `safe` if that was progress.
    pub(crate) fn reduce(&mut self, delivered: u32, safe: bool, cx: &mut Cx) {
        if !self.config.prr {
            return;
        }
        let in_flight = self.flight.segments();
        if let Some(cwnd) = self.recovery.prr.on_ack(delivered, in_flight, self.window.ssthresh, safe) {
            let more = cwnd.saturating_sub(in_flight);
            if cwnd != self.window.cwnd {
                cx.event(&kind::PRR, self.id, [more.into(), delivered.into()]);
            }
            self.window.cwnd = cwnd;
        }
    }

    /// RFC 9937 §6.4.
    pub(super) fn end_reduction(&mut self, cx: &mut Cx) {
        let reduced = self.recovery.phase == Phase::Cwr || self.recovery.undo.marker.is_some() || !self.config.undo;
        if self.congestion.rules_window() || self.window.ssthresh == u32::MAX || !reduced {
            return;
        }
        let before = self.window_now();
        self.window.cwnd = self.window.ssthresh;
        self.tell_window(before, cx.cause, cx);
    }
}
