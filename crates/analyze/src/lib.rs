//! What a capture tells about connections: both ends' states, requests and where their time went. Everything is read
//! from [`flow`]; no tree is built.
//!
//! - [`States`]: both ends' TCP states at every packet of a connection.
//! - [`Summary`]: a connection in one look; [`Details`]: it in a second, longer one.
//! - [`Request`]: when the parts of each request happened; [`CriticalPath`]: its phases, which add up exactly;
//!   [`TimeSpent`]: what each instant of it was spent on.
//! - [`compatible`]: what Wireshark would say of each segment, beside flow's own verdicts.
//! - [`findings`]: what went wrong, with evidence and advice.
//! - [`Analysis`]: all of these of a whole capture, a connection at a time.

mod analysis;
mod causes;
mod clocks;
pub mod compatible;
mod connections;
mod details;
pub mod findings;
mod on_the_way;
mod path;
mod repeats;
mod requests;
mod states;

pub use analysis::Analysis;
pub use causes::{Cause, Spending, Stretch, TimeSpent};
pub use clocks::{ClockOffset, Stamped};
pub use connections::{Ending, Side, Summary, TlsSummary, first_line, round_trip};
pub use details::{Completeness, Details, SideDetails};
pub use path::{CriticalPath, Phase, PhaseKind, joining};
pub use repeats::{Repeat, RepeatCause};
pub use requests::{Request, Span, resolution};
pub use states::{Ends, States, Tap, TimeWait};

#[cfg(test)]
mod tests;
