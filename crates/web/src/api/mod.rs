//! What the server and the page say to each other: JSON, and columns of little-endian numbers.
//!
//! The page's types (`page/src/api.ts`) are generated from these by a test, which fails where they differ. Times are
//! nanoseconds since the run's zero, as numbers: exact in a browser up to 104 days.

mod error;
mod head;
mod packet;
mod sources;

#[cfg(test)]
mod typescript;

pub use error::{ApiError, Code, Problem};
pub use head::{
    Badge, Cache, Class, Close, Connection, Findings, FlagBit, Head, Host, HttpLine, MarkBit, Outcome, Phase, Place,
    Protocol, RequestLine, SourceInfo, SourceKind, Tap, TimeWait, TlsInfo, Totals, UrlInfo,
};
pub use packet::{Buffer, Cell, Diagram, Envelope, Known, Link, Mark, Node, Packet, StateAt, Turn};
pub use sources::{Choice, Knob, KnobKind, Scenario, ScenarioKind, Sources, Start};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is to be run.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// A URL, the name of a scenario, or what the scenario file is called whose text stands in `file`.
    pub source: String,
    /// The knobs that are turned, by name, each with its value as on the command line.
    #[serde(default)]
    pub knobs: BTreeMap<String, String>,
    /// The text of a scenario file.
    #[serde(default)]
    pub file: Option<String>,
}

/// Where a run is to be found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RunAnswer {
    /// Its id: the same for the same request or the same bytes.
    pub run: String,
    /// Whether it is there already. If not, what is asked of it waits, and its progress can be followed.
    pub ready: bool,
}

/// How far a run is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Progress {
    /// What is being done, in words.
    pub stage: String,
    /// How much of it is done.
    pub done: f64,
    /// Of how much, if that is known.
    pub total: Option<f64>,
    /// Whether its first packets can be asked for already.
    pub beginning: bool,
}

/// What the packets of a window say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Texts {
    /// The number of the first.
    pub from: u32,
    /// A text a packet.
    pub texts: Vec<String>,
}

/// The packets that hold a text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Hits {
    /// Their numbers.
    pub numbers: Vec<u32>,
    /// The last packet that was looked at.
    pub until: u32,
    /// Whether there are packets behind that.
    pub more: bool,
}

/// A chain of causes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Chain {
    /// From the event back to a root.
    pub links: Vec<Link>,
}

/// What a term means.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Explained {
    /// The meanings, the likeliest first.
    pub entries: Vec<Entry>,
    /// Terms that are near it.
    pub near: Vec<Near>,
}

/// A term and its explanation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Entry {
    /// Its id, such as `tcp.window`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What sort of thing it is.
    pub sort: String,
    /// What it means, in a line.
    pub line: String,
    /// At length: paragraphs, separated by an empty line.
    pub text: String,
    /// Where it is defined.
    pub rfc: String,
    /// Other words for it.
    pub also: Vec<String>,
    /// Terms that belong to it.
    pub see: Vec<String>,
}

/// A term that may have been meant.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Near {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What stands before columns of numbers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ColumnsHead {
    /// Rows in each column.
    pub rows: u32,
    /// The columns.
    pub columns: Vec<ColumnInfo>,
}

/// One column.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its numbers: `f64`, `u32`, `u16` or `u8`.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Where it begins, in bytes behind the head.
    pub offset: u32,
    /// How its numbers are written: as they are, or shorter. Where doubles are written as `u32`, the highest stands for NaN.
    pub stored: ColumnType,
    /// How many stretches of equal numbers there are, if only those are written: the rows with which they begin, each of 32
    /// bits, and at the next multiple of eight bytes the number of each. 0 if a number is written for each row.
    pub runs: u32,
}

/// The numbers of a column, little-endian.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// IEEE 754 double; NaN where nothing is known.
    F64,
    /// 32 bits.
    U32,
    /// 16 bits.
    U16,
    /// 8 bits.
    U8,
}

/// What an exported page holds instead of a server: all that it would ask.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Bundle {
    /// The version of this structure: 2.
    pub version: u32,
    /// The run's title.
    pub title: String,
    /// The run's id.
    pub run: String,
    /// The tap that it is seen from.
    pub tap: String,
    /// The run in one look.
    pub head: Head,
    /// The packets' columns in base64.
    pub columns: String,
    /// The hops' columns in base64, of a simulation.
    pub hops: Option<String>,
    /// What each packet says, the first one's first.
    pub texts: Vec<String>,
    /// Packets with their trees, by number: the JSON of each, packed. Whoever sends the file to a friend sends a sixth of it.
    pub packets: BTreeMap<String, String>,
    /// Which packets those are, if not all.
    pub selection: Option<String>,
    /// Other answers by their paths below the run, as they stand in the head's `extra`: the JSON of each, packed.
    pub extra: BTreeMap<String, String>,
}

/// An answer that this crate passes on as it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(type = "unknown"))]
pub struct Extra(pub serde_json::Value);
