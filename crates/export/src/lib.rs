//! A run as files: pcapng for other tools, JSON for programs, the ladder as SVG.
//!
//! Nothing that depends on the machine, the moment or the program's version stands in them: the same seed gives the same
//! bytes.

mod json;
mod pcapng;
mod svg;

pub use json::{SCHEMA, document, findings, packet_document, time};
pub use pcapng::{TapSet, write_pcapng, write_story};
pub use svg::ladder_svg;
