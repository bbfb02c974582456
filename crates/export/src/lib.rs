//! A run as files: pcapng for other tools, JSON for programs.
//!
//! Nothing that depends on the machine, the moment or the program's version stands in them: the same seed gives the same
//! bytes.

mod json;
mod pcapng;

pub use json::{SCHEMA, document, packet_document};
pub use pcapng::{TapSet, write_pcapng};
