//! What the page is shown of a story, in the API's types.

mod bytes;
mod columns;
mod exchange;
mod filtered;
mod head;
mod hops;
mod hosts;
#[cfg(test)]
mod in_short;
mod journeys;
mod lose;
mod packet;
mod sources;
mod tables;
mod told;

pub use bytes::{encode as base64, packed};
pub use columns::Packed;
pub use exchange::{chain, explained, find, texts};
pub use filtered::filter;
pub use head::head;
pub use hops::hops;
pub use lose::lose;
pub use packet::{number as packet_number, packet};
pub use sources::sources;
pub use tables::Tables;
pub use told::{answer, comparison, dns, journey, log, machines, questions, series, tour};

use base::{Duration, Instant};

/// Nanoseconds as a number of the page's.
pub(crate) fn ns(at: Instant) -> f64 {
    at.as_nanos() as f64
}

/// A span in nanoseconds as a number of the page's.
pub(crate) fn span_ns(span: Duration) -> f64 {
    span.as_nanos() as f64
}
