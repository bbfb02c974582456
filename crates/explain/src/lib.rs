//! What each term that the program prints means, at length, with its source.
//!
//! `wire` holds a field's id, name, RFC and one line of meaning, `trace` the same of an event. This crate adds the long
//! text of each, by id, and the general ideas that have no field (`rtt`, `handshake`, `time-wait`). The texts stand in
//! `texts/`, a file a protocol; a test demands one for every identifier, and an identifier for every text.
//!
//! ```
//! let found = explain::find("SYN");
//! assert_eq!(found.entries[0].id, "tcp.syn");
//! assert_eq!(found.entries[0].rfc, "RFC 9293 §3.5");
//! println!("{}", found.render(80));
//! println!("{}", explain::header("tcp", 80).unwrap());
//! ```

mod catalog;
mod drawing;
mod entry;
mod header;
mod layouts;
mod lookup;
mod render;
mod states;
mod texts;
mod wrap;

#[cfg(test)]
mod tests;

pub use catalog::all;
pub use drawing::tcp_states_svg;
pub use entry::{Entry, Place, Sort};
pub use header::{header, headers};
pub use lookup::{Found, entry, find};
pub use render::render;
pub use states::{figure, machine};
