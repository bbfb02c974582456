//! Runs: what was opened, kept so that it can be asked again.
//!
//! A story is not for several threads, so each run lives on a thread of its own and is asked by sending it a closure.

mod id;
mod open;
mod read;
mod store;
mod subject;
mod worker;
mod workshop;

pub use id::{OfCapture, of_capture, of_request};
pub use open::Plan;
pub use read::{Capture, CaptureFile, MAX_FILE};
pub use store::{Limits, Store};
pub use subject::Subject;
pub use worker::{Report, Run, State};
pub use workshop::{Seen, Workshop};
