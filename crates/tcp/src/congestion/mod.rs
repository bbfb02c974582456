//! Congestion control: how much may be in flight.

mod reno;

use std::fmt::Debug;

use base::{Duration, Instant, Rate};

use crate::CongestionKind;
pub use reno::Reno;

/// A congestion control algorithm: told what the network does, asked how much may be in flight.
///
/// It knows nothing of sequence numbers or timers; which segments are lost is the business of loss recovery
/// ([`crate::recovery`]).
pub trait Congestion: Debug {
    /// An acknowledgment came that acknowledged something. Not called during a fast recovery unless
    /// [`Congestion::on_ack_in_recovery`] asks for it.
    fn on_ack(&mut self, ack: &AckSample);
    /// Something was lost, or the connection was idle.
    fn on_loss(&mut self, what: Loss);
    /// A fast recovery is over; `in_flight` bytes are outstanding.
    fn on_recovered(&mut self, in_flight: u32);
    /// The segments that can be sent are `mss` bytes long from now on.
    fn on_mss(&mut self, mss: u32);
    /// The congestion window in bytes.
    fn cwnd(&self) -> u32;
    /// The slow start threshold in bytes; `u32::MAX` for none.
    fn ssthresh(&self) -> u32;
    /// At which rate to send; `None`: as acknowledgments come.
    fn pacing(&self) -> Option<Rate> {
        None
    }
    /// Whether acknowledgments that come in a fast recovery are reported too.
    fn on_ack_in_recovery(&self) -> bool {
        false
    }
    /// Its name, as Linux calls it.
    fn name(&self) -> &'static str;
}

/// What an acknowledgment says: the rate sample of the segment sent last among those it acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AckSample {
    /// When it came.
    pub now: Instant,
    /// Bytes that it acknowledged for the first time, selectively or not.
    pub acked: u32,
    /// The round trip that it measured, by the newest segment that was sent once.
    pub rtt: Option<Duration>,
    /// The smoothed round-trip time.
    pub srtt: Option<Duration>,
    /// Bytes delivered over the connection's life.
    pub delivered: u64,
    /// The same when the sampled segment was sent.
    pub prior_delivered: u64,
    /// The time that delivering the difference took; zero if it could not be measured.
    pub interval: Duration,
    /// The program had nothing more to send when the sampled segment was sent: the rate is a lower bound.
    pub app_limited: bool,
    /// Bytes in flight before this acknowledgment, and after it.
    pub in_flight: (u32, u32),
}

impl AckSample {
    /// The delivery rate in bytes a second; `None` if it could not be measured.
    pub fn rate(&self) -> Option<u64> {
        let bytes = u128::from(self.delivered - self.prior_delivered);
        let ns = u128::try_from(self.interval.as_nanos()).ok().filter(|&ns| ns > 0)?;
        u64::try_from(bytes * 1_000_000_000 / ns).ok()
    }
}

/// What happened to make the window smaller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loss {
    /// Acknowledgments tell of a lost segment, for the first time in this window; `in_flight` is RFC 5681's FlightSize in
    /// bytes, without what limited transmit sent.
    Acks {
        /// Bytes in flight.
        in_flight: u32,
    },
    /// The retransmission timer ran out; `again` if it already had for the same segment.
    Timeout {
        /// Bytes in flight.
        in_flight: u32,
        /// For the same segment as before.
        again: bool,
    },
    /// The SYN or the SYN-ACK was lost more than once (RFC 6928 §2).
    Handshake,
    /// Nothing was sent for longer than the retransmission timeout (RFC 5681 §4.1).
    Idle,
}

/// The algorithm of this kind, for segments of `mss` bytes and an initial window of `window` segments.
pub fn new(kind: CongestionKind, mss: u32, window: u32) -> Box<dyn Congestion> {
    match kind {
        CongestionKind::Reno => Box::new(Reno::new(mss, window)),
    }
}
