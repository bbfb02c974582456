//! The ground that every other crate stands on: virtual time and what is due in it, units, ids and named streams of seeded
//! randomness.
//!
//! Nothing here reads a clock or draws entropy. Time is an argument, and randomness comes from a [`Seed`].

mod ids;
mod map;
mod rng;
mod schedule;
mod time;
mod units;

pub use ids::{EventId, FrameId, PlaceId, TapId};
pub use map::{Fixed, Map, Set};
pub use rng::{Draws, Rng, Seed};
pub use schedule::{Entry, Schedule};
pub use time::{Duration, Instant, WallTime};
pub use units::{Chance, ParseUnitError, Rate, parse_bytes, parse_duration};
