//! Congestion control: how much may be in flight.

mod bbr;
mod cubic;
mod hystart;
mod reno;

use std::fmt::Debug;

use base::{Duration, Instant, Rate};

use crate::{CongestionKind, SlowStart};
pub use bbr::{Bbr, BbrState};
pub use cubic::Cubic;
pub use reno::Reno;

/// What bounds the flight, in segments as on Linux: each segment counts for one, however long it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// The congestion window.
    pub cwnd: u32,
    /// The slow start threshold; `u32::MAX`: none yet.
    pub ssthresh: u32,
    /// Segments acknowledged in congestion avoidance and not yet turned into growth (RFC 3465 §2.1).
    pub credit: u32,
    /// The most that the window may ever be.
    pub limit: u32,
}

impl Window {
    /// A window of `segments` segments to begin with.
    pub fn new(segments: u32) -> Window {
        Window { cwnd: segments.max(1), ssthresh: u32::MAX, credit: 0, limit: u32::MAX }
    }
    /// Whether it grows by slow start (RFC 5681 §3.1).
    pub fn in_slow_start(&self) -> bool {
        self.cwnd < self.ssthresh
    }
    /// Slow start (RFC 5681 §3.1, equation 2, counted as RFC 3465 §2.2 does, with no limit on what one acknowledgment may
    /// count for, as on Linux). Gives what is left of `acked` once the threshold is reached.
    pub fn slow_start(&mut self, acked: u32) -> u32 {
        let cwnd = self.cwnd.saturating_add(acked).min(self.ssthresh);
        let left = acked - (cwnd - self.cwnd);
        self.cwnd = cwnd.min(self.limit);
        left
    }
    /// Congestion avoidance: a segment more for each `per` segments acknowledged (RFC 3465 §2.1).
    pub fn avoid(&mut self, per: u32, acked: u32) {
        let per = per.max(1);
        if self.credit >= per {
            // `per` has shrunk: what was saved up for the larger one counts for one.
            self.credit = 0;
            self.cwnd = self.cwnd.saturating_add(1);
        }
        self.credit = self.credit.saturating_add(acked);
        self.cwnd = self.cwnd.saturating_add(self.credit / per).min(self.limit);
        self.credit %= per;
    }
}

/// A congestion control algorithm: told what the network does, it moves the window.
///
/// It knows nothing of sequence numbers or timers; which segments are lost, and what is sent while that is being repaired, is the
/// business of loss recovery ([`crate::recovery`]).
pub trait Congestion: Debug {
    /// An acknowledgment came that acknowledged something, and the window was used: it may grow. Not called while loss recovery
    /// brings the window down, unless the algorithm [rules the window](Congestion::rules_window).
    fn on_ack(&mut self, window: &mut Window, ack: &AckSample);
    /// A round trip was measured, in whatever phase, before [`Congestion::on_ack`]: slow start may end early.
    fn on_rtt(&mut self, _window: &mut Window, _ack: &AckSample) {}
    /// Something was lost, or a router has marked a packet, for the first time in this round: the new slow start threshold, in
    /// segments (RFC 5681 §3.1, equation 4, or the algorithm's own).
    fn threshold(&mut self, window: &Window) -> u32;
    /// The retransmission timer ran out: whatever is known of the path is forgotten.
    fn on_timeout(&mut self) {}
    /// Something is sent after `idle` without anything in flight; `app_limited`: because the program had nothing to send.
    fn on_idle(&mut self, _window: &mut Window, _now: Instant, _idle: Duration, _app_limited: bool) {}
    /// A segment is taken for lost. Called only if the algorithm [rules the window](Congestion::rules_window), and before the
    /// next [`Congestion::on_ack`].
    fn on_lost(&mut self, _lost: &LostSegment) {}
    /// A router has marked a packet, with so many segments in flight now, for the first time in this round; called before
    /// [`Congestion::threshold`].
    fn on_mark(&mut self, _now: Instant, _in_flight: u32) {}
    /// A reduction turns out to have been needless: the window as it should be now. `prior` is what it was before.
    fn undo(&mut self, window: &Window, prior: u32) -> u32 {
        window.cwnd.max(prior)
    }
    /// At which rate to send; `None`: as acknowledgments come.
    fn pacing(&self) -> Option<Rate> {
        None
    }
    /// Whether the algorithm moves the window itself in recovery too.
    fn rules_window(&self) -> bool {
        false
    }
    /// Whether it sends less than it could, so that what is delivered meanwhile says nothing of the path's rate.
    fn holds_back(&self) -> bool {
        false
    }
    /// What it has to say about its last decision, if it decided something: see [`Note`]. Called until there is none.
    fn take_note(&mut self) -> Option<Note> {
        None
    }
    /// Its name, as Linux calls it.
    fn name(&self) -> &'static str;
}

/// A decision that does not show in the window alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Note {
    /// Slow start ends because the round trip has grown to `now` from `least`.
    DelayGrew {
        /// The least of this round.
        now: Duration,
        /// The least there was.
        least: Duration,
    },
    /// Slow start ends because a train of acknowledgments was `train` long, half of the least round trip.
    LongTrain {
        /// How long.
        train: Duration,
    },
    /// BBR goes to another state.
    Bbr {
        /// From this one.
        from: BbrState,
        /// To this one.
        to: BbrState,
        /// The largest rate at which the path has delivered lately, in bytes a second.
        bandwidth: u64,
        /// The least round trip that it knows; zero before the first.
        min_rtt: Duration,
    },
}

/// A segment that is taken for lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LostSegment {
    /// When it was found lost.
    pub now: Instant,
    /// Bytes delivered over the connection's life by then.
    pub delivered: u64,
    /// Segments in flight when it was sent, itself included.
    pub in_flight: u32,
    /// Segments found lost since it was sent, itself included.
    pub lost_since_sent: u32,
    /// The program had nothing more to send when it was sent.
    pub app_limited: bool,
}

/// What an acknowledgment says: the rate sample of the segment sent last among those it acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AckSample {
    /// When it came.
    pub now: Instant,
    /// Segments that it acknowledged for the first time, selectively or not.
    pub acked: u32,
    /// Segments that it had us take for lost.
    pub lost: u32,
    /// The round trip that it measured, by the newest segment that was sent once.
    pub rtt: Option<Duration>,
    /// The smoothed round-trip time.
    pub srtt: Option<Duration>,
    /// The least round trip of the last minutes.
    pub min_rtt: Option<Duration>,
    /// Bytes delivered over the connection's life.
    pub delivered: u64,
    /// The same when the sampled segment was sent.
    pub prior_delivered: u64,
    /// The time that delivering the difference took; zero if it could not be measured.
    pub interval: Duration,
    /// The program had nothing more to send when the sampled segment was sent: the rate is a lower bound.
    pub app_limited: bool,
    /// The window was what limited the sender at some time in this round.
    pub cwnd_limited: bool,
    /// Segments in flight when the sampled segment was sent, itself included.
    pub sent_in_flight: u32,
    /// Segments found lost since then.
    pub lost_since_sent: u32,
    /// A recovery is going on, after this acknowledgment.
    pub recovering: bool,
    /// Selective acknowledgments were agreed on.
    pub sack: bool,
    /// Segments in flight before this acknowledgment, and after it.
    pub in_flight: (u32, u32),
    /// A segment's size in bytes.
    pub mss: u32,
    /// The numbers acknowledged so far and sent so far: a round is over when what was sent at its beginning is acknowledged.
    pub una: wire::tcp::Seq,
    /// See [`AckSample::una`].
    pub nxt: wire::tcp::Seq,
}

impl AckSample {
    /// The delivery rate in bytes a second; `None` if it could not be measured.
    pub fn rate(&self) -> Option<u64> {
        let bytes = u128::from(self.delivered - self.prior_delivered);
        let ns = u128::try_from(self.interval.as_nanos()).ok().filter(|&ns| ns > 0)?;
        u64::try_from(bytes * 1_000_000_000 / ns).ok()
    }
}

/// The algorithm of this kind; `slow_start` says how those that know of it end it early, `seed` decides where one leaves
/// something to chance.
pub fn new(kind: CongestionKind, slow_start: SlowStart, seed: u64) -> Box<dyn Congestion> {
    match kind {
        CongestionKind::Reno => Box::new(Reno),
        CongestionKind::Cubic => Box::new(Cubic::new(slow_start)),
        CongestionKind::Bbr => Box::new(Bbr::new(seed)),
    }
}

/// RFC 6928 §2: min(10 MSS, max(2 MSS, 14600)) for 10 segments; for another number in proportion. In segments.
pub fn initial_window(mss: u32, segments: u32) -> u32 {
    let (mss, segments) = (mss.max(1), segments.max(1));
    (segments.saturating_mul(1460) / mss).max(segments.min(2)).min(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_6928_section_2_initial_windows() {
        // min(10 MSS, max(2 MSS, 14600)), in whole segments.
        for (mss, want) in [(536, 10), (1460, 10), (1448, 10), (8960, 2), (4000, 3)] {
            assert_eq!(initial_window(mss, 10), want, "MSS {mss}");
        }
        assert_eq!((initial_window(1460, 1), initial_window(1460, 3)), (1, 3));
    }

    #[test]
    fn rfc_5681_section_3_1_slow_start_ends_at_the_threshold_and_what_is_left_counts_for_avoidance() {
        let mut window = Window { ssthresh: 12, ..Window::new(10) };
        let left = window.slow_start(5);
        assert_eq!((window.cwnd, left), (12, 3));
        window.avoid(12, left);
        window.avoid(12, 9);
        assert_eq!((window.cwnd, window.credit), (13, 0), "a segment for a window");
    }
}
