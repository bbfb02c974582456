//! How fast the path delivers: a rate sample for each acknowledgment (draft-ietf-ccwg-bbr §4.1, delivery rate estimation).

use base::{Duration, Instant};

use crate::Sent;

/// The connection's counts, and the sample that is being taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Bytes delivered: acknowledged for the first time.
    pub(crate) delivered: u64,
    /// When that was counted last.
    delivered_at: Instant,
    /// When the flight that is being sampled began.
    flight_began: Instant,
    /// Up to this count of delivered bytes the program had nothing more to send; 0: not so.
    app_limited_until: u64,
    /// The rate measured last, in bytes a second.
    pub(crate) last: u64,
}

/// The record of the segment sent last among those acknowledged, as far as a sample needs it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    prior_delivered: u64,
    prior_at: Option<Instant>,
    pub(crate) app_limited: bool,
    send_elapsed: Duration,
    last_sent: Instant,
    /// Segments in flight when it was sent, itself included, and how many had been found lost by then.
    pub(crate) in_flight: u32,
    pub(crate) lost: u64,
}

impl Sample {
    /// How much had been delivered when the sampled segment was sent; `None` without one.
    pub(crate) fn prior_delivered(&self) -> Option<u64> {
        self.prior_at.map(|_| self.prior_delivered)
    }
}

impl Rate {
    pub(crate) fn new(now: Instant) -> Rate {
        Rate { delivered: 0, delivered_at: now, flight_began: now, app_limited_until: 0, last: 0 }
    }

    /// Whether the program has nothing more to send.
    pub(crate) fn is_app_limited(&self) -> bool {
        self.app_limited_until > 0
    }

    /// Whether it is known that the program has nothing more to send, with nothing in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.app_limited_until == self.delivered.max(1)
    }

    /// A segment is being sent behind `in_flight` others: notes in its record how things stand; `lost` were found lost.
    pub(crate) fn stamp(&mut self, sent: &mut Sent, now: Instant, in_flight: u32, lost: u64) {
        sent.in_flight = in_flight + 1;
        sent.lost_before = lost;
        if in_flight == 0 {
            self.flight_began = now;
            self.delivered_at = now;
        }
        sent.delivered = self.delivered;
        sent.delivered_at = self.delivered_at;
        sent.flight_began = self.flight_began;
        sent.app_limited = self.app_limited_until > 0;
    }

    /// The segment of this record is acknowledged; `bytes` of it for the first time.
    pub(crate) fn deliver(&mut self, sample: &mut Sample, sent: &Sent, bytes: u32, now: Instant) {
        self.delivered += u64::from(bytes);
        self.delivered_at = now;
        let newer = match sample.prior_at {
            None => true,
            Some(_) => (sent.delivered, sent.last_sent) >= (sample.prior_delivered, sample.last_sent),
        };
        if newer {
            sample.prior_delivered = sent.delivered;
            sample.prior_at = Some(sent.delivered_at);
            sample.app_limited = sent.app_limited;
            sample.send_elapsed = sent.last_sent - sent.flight_began;
            sample.last_sent = sent.last_sent;
            (sample.in_flight, sample.lost) = (sent.in_flight, sent.lost_before);
            self.flight_began = sent.last_sent;
        }
    }

    /// All that this acknowledgment acknowledged is counted: the interval in which the sample's bytes were delivered.
    pub(crate) fn finish(&mut self, sample: &Sample, min_rtt: Option<Duration>) -> Duration {
        if self.app_limited_until > 0 && self.delivered > self.app_limited_until {
            self.app_limited_until = 0;
        }
        let Some(prior_at) = sample.prior_at else { return Duration::ZERO };
        // The longer of the two: neither a burst of sending nor one of acknowledgments makes the path look faster.
        let interval = sample.send_elapsed.max(self.delivered_at - prior_at);
        // A shorter one than the least round trip comes from a retransmission's acknowledgment that was the original's.
        if interval <= Duration::ZERO || min_rtt.is_some_and(|min| interval < min) {
            return Duration::ZERO;
        }
        let bytes = self.delivered - sample.prior_delivered;
        let nanos = interval.as_nanos().unsigned_abs();
        // Below 18 GB a word of 64 bits holds it, and that is divided far sooner.
        self.last = match bytes.checked_mul(1_000_000_000) {
            Some(scaled) => scaled / nanos,
            None => u64::try_from(u128::from(bytes) * 1_000_000_000 / u128::from(nanos)).unwrap_or(u64::MAX),
        };
        interval
    }

    /// The program has nothing more to send while `in_flight` bytes are out: their samples are lower bounds.
    pub(crate) fn app_limited(&mut self, in_flight: u32) {
        self.app_limited_until = (self.delivered + u64::from(in_flight)).max(1);
    }
}
