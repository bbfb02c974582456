//! TCP: connections, segments, verdicts and the map from streams to packets.

mod assembly;
mod connection;
mod half;
mod judge;
mod segment;
mod steps;
mod verdict;

pub use assembly::{Assembly, Overlap, StreamPiece};
pub use connection::Connection;
pub use half::{Counts, Half};
pub use segment::Tcp;
pub use steps::ClockStep;
pub use verdict::{ALL as VERDICTS, Verdict, Verdicts};

pub(crate) use connection::same_isn;
pub(crate) use segment::{Check, Segment};
pub(crate) use steps::{Silence, Silences};
