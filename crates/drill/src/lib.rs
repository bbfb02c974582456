//! Scripts in packetdrill's language, run against our own stack in virtual time: a script takes milliseconds, and two runs
//! of it are the same.
//!
//! ```
//! let text = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 close(3) = 0";
//! let script = drill::Script::parse("example.pkt", text).unwrap();
//! let report = script.run(&drill::Setup::default(), std::path::Path::new("."));
//! assert_eq!(report.verdict, drill::Verdict::Passed);
//! ```

mod calls;
mod code;
mod datagram;
mod error;
mod flow;
mod kernel;
mod lex;
mod machine;
mod neighbours;
mod parse;
mod report;
mod route;
mod run;
mod script;
mod setup;
mod shell;
mod symbols;
mod tables;

pub use error::{Fault, ScriptError, Span};
pub use parse::MAX_SCRIPT;
pub use report::{Mismatch, Place, Report, Verdict};
pub use script::Script;
pub use setup::{IpVersion, Setup};
