//! Links: what lies between two interfaces. A link is two lanes, one a direction, each with its own delay, rate, queue
//! and faults.

mod fault;
mod lane;
mod mark;
mod view;

pub use fault::{Fault, Match, Then, Which};
pub use lane::LaneStats;
pub(crate) use lane::{Fate, Lane, Offer};
pub use view::View;

use base::{Chance, Duration, Rate};

/// A link: both of its directions.
#[derive(Clone, Debug, Default)]
pub struct LinkConfig {
    /// From the first end to the second.
    pub a_to_b: LaneConfig,
    /// From the second end to the first.
    pub b_to_a: LaneConfig,
}

/// One direction of a link.
#[derive(Clone, Debug)]
pub struct LaneConfig {
    /// How long a bit takes from one end to the other.
    pub delay: Duration,
    /// How fast bits are put on the line. What counts is the frame as a capture shows it, without preamble, frame check
    /// sequence and gap.
    pub rate: Rate,
    /// How much waits at most in front of the line; what comes beyond is dropped (drop-tail). The frame that is being
    /// sent no longer waits.
    pub queue: QueueLimit,
    /// With this many bytes in the queue what comes is marked as having met congestion, if its sender understands marks
    /// (RFC 3168 §5), as long as it need not be dropped. `usize::MAX`: nothing is marked.
    pub mark: usize,
    /// The largest packet that the line carries, in bytes, without the 14 bytes of the Ethernet header; larger frames are
    /// dropped, as a switch drops giants.
    pub mtu: usize,
    /// The chance for each frame to get lost. Frame n of a lane is lost or not whatever else happens on it.
    pub loss: Chance,
    /// Layers around the line, the first one outermost: each frame passes them in order.
    pub faults: Vec<Fault>,
}

/// The limit of a queue: a frame is dropped if it would exceed either.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueLimit {
    /// At most so many bytes of frames wait.
    pub bytes: usize,
    /// At most so many frames wait.
    pub packets: usize,
}

impl QueueLimit {
    /// Whatever comes waits.
    pub const UNLIMITED: QueueLimit = QueueLimit { bytes: usize::MAX, packets: usize::MAX };

    /// At most `bytes` bytes wait.
    pub const fn bytes(bytes: usize) -> QueueLimit {
        QueueLimit { bytes, ..QueueLimit::UNLIMITED }
    }
    /// At most `packets` frames wait.
    pub const fn packets(packets: usize) -> QueueLimit {
        QueueLimit { packets, ..QueueLimit::UNLIMITED }
    }
}

/// A perfect line: no delay, any rate, no loss; packets of up to 1500 bytes.
impl Default for LaneConfig {
    fn default() -> LaneConfig {
        LaneConfig {
            delay: Duration::ZERO,
            rate: Rate::UNLIMITED,
            queue: QueueLimit::UNLIMITED,
            mark: usize::MAX,
            mtu: 1500,
            loss: Chance::NEVER,
            faults: Vec::new(),
        }
    }
}

impl LaneConfig {
    /// A line with this delay and rate, otherwise perfect.
    pub fn new(delay: Duration, rate: Rate) -> LaneConfig {
        LaneConfig { delay, rate, ..LaneConfig::default() }
    }
    /// This line with a queue of `bytes` bytes.
    pub fn queue_bytes(self, bytes: usize) -> LaneConfig {
        LaneConfig { queue: QueueLimit::bytes(bytes), ..self }
    }
    /// This line with marks from `bytes` bytes in the queue on.
    pub fn mark_bytes(self, bytes: usize) -> LaneConfig {
        LaneConfig { mark: bytes, ..self }
    }
    /// This line with a chance of loss.
    pub fn loss(self, loss: Chance) -> LaneConfig {
        LaneConfig { loss, ..self }
    }
    /// This line with one more layer, inside those that it has.
    pub fn fault(mut self, fault: Fault) -> LaneConfig {
        self.faults.push(fault);
        self
    }
}

impl LinkConfig {
    /// A link whose two directions are alike.
    pub fn both(lane: LaneConfig) -> LinkConfig {
        LinkConfig { a_to_b: lane.clone(), b_to_a: lane }
    }
    /// A link with this delay each way and this rate, otherwise perfect.
    pub fn new(delay: Duration, rate: Rate) -> LinkConfig {
        LinkConfig::both(LaneConfig::new(delay, rate))
    }
}
