//! A run as files: pcapng for other tools, JSON and tables for programs, HAR for browsers, the ladder as SVG.
//!
//! Nothing that depends on the machine, the moment or the program's version stands in them: the same seed gives the same
//! bytes.

mod connections;
mod content;
mod har;
mod json;
#[cfg(feature = "parquet")]
mod parquet;
mod pcapng;
mod sanitize;
mod selection;
mod svg;
mod tables;

pub use connections::connections;
pub use har::{Har, har_entry, write_har};
pub use json::{SCHEMA, document, findings, findings_document, packet_document, time, write_document};
#[cfg(feature = "parquet")]
pub use parquet::{Parquet, write_parquet};
pub use pcapng::{TapSet, write_pcapng, write_story};
pub use sanitize::{Removed, sanitize};
pub use svg::ladder_svg;
pub use tables::{
    Cell, Column, ColumnKind, Lines, TABLES, TABLES_SCHEMA, Table, connection_row, finding_row, request_row, run_line,
    table, talk_row, write_jsonl,
};
