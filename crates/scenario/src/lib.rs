//! A URL or a scenario file becomes a world, a world becomes a trace.
//!
//! ```no_run
//! let scenario = scenario::Scenario::for_url("http://192.0.2.80/")?;
//! let run = scenario::run(&scenario)?;
//! println!("{} frames were seen", run.trace.frames.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[macro_use]
mod choice;

mod arguments;
mod builtin;
mod faults;
mod file;
mod knobs;
mod pages;
mod place;
mod plan;
mod receive_buffer;
mod run;
mod tcp_options;
mod units;
mod url;
mod without;
mod world;

pub use arguments::{ARGUMENTS, Argument, Findings, Played, find_argument};
pub use builtin::{BUILT_IN, BuiltIn, find};
pub use faults::{Certificate, Fate, Frames, Line, LineFault, Way};
pub use file::{
    Browser, Client, Header, HttpVersion, IpVersions, Join, MAX_FILE, Network, Page, Request, Scenario, ScenarioError,
    Server, TlsVersion, Topology,
};
pub use knobs::{Group, KNOBS, Kind, Knob, KnobError, find_knob, knob_of};
pub use place::{Mistake, Place, place_of};
pub use receive_buffer::ReceiveBuffer;
pub use run::{Outcome, Run, RunError, run};
pub use tcp_options::{Congestion, EcnAsked, FastOpen, MtuProbing, Qdisc, SlowStart, TcpOptions};
pub use units::{Octets, Share, Span, Speed};
pub use url::{Scheme, UrlError, UrlParts};
pub use without::{ALGORITHMS, Algorithm, Without};
