//! Loss recovery: which segments are lost, and what to send while that is being repaired.

mod newreno;

use std::fmt::Debug;

use base::Instant;
use wire::tcp::Seq;

use crate::InFlight;
pub use newreno::NewReno;

/// A loss recovery algorithm. It looks at acknowledgments and at the segments in flight, and marks those that it takes for
/// lost; the connection sends them again.
pub trait Recovery: Debug {
    /// An acknowledgment came. What it acknowledged is out of `flight` already.
    fn on_ack(&mut self, ack: &AckEvent, flight: &mut InFlight) -> Verdict;
    /// The retransmission timer ran out; `nxt` is SND.NXT. The connection marks what is lost.
    fn on_timeout(&mut self, nxt: Seq);
    /// Bytes by which more (or less) than the congestion window may be in flight just now.
    fn allowance(&self) -> i64;
    /// Where the fast recovery that is going on will end.
    fn until(&self) -> Option<Seq>;
    /// Duplicate acknowledgments in a row.
    fn dup_acks(&self) -> u32;
}

/// An acknowledgment, as loss recovery sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AckEvent {
    /// When it came.
    pub now: Instant,
    /// SND.UNA, the acknowledgment counted.
    pub una: Seq,
    /// SND.NXT.
    pub nxt: Seq,
    /// Bytes of sequence space that it acknowledged for the first time.
    pub acked: u32,
    /// It is a duplicate (RFC 5681 §2).
    pub duplicate: bool,
    /// A segment's size in bytes.
    pub mss: u32,
}

/// What loss recovery concludes from an acknowledgment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing new.
    Nothing,
    /// A segment is lost: fast recovery begins. The segments marked lost are sent at once.
    Enter,
    /// Another segment is lost in the same window, and is sent at once. `restart` says whether the retransmission timer starts
    /// anew (RFC 6582 §4).
    Partial {
        /// Whether the retransmission timer starts anew.
        restart: bool,
    },
    /// All that was in flight when the recovery began is acknowledged.
    Done,
}
