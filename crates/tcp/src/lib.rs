//! One TCP connection, sans-IO: the state machine of RFC 9293 with RFC 5681's congestion control, RFC 6298's timer, RFC 7323's
//! options and RFC 5961's defences.
//!
//! Time, place, cause and recorder come in with every call ([`trace::Cx`]); what is to be sent and when to come back is polled.

mod config;
mod connection;
mod errno;
mod info;
mod isn;
mod listener;
mod segment;

pub use config::{Config, CongestionKind, Keepalive};
pub use connection::{Connection, IcmpError, Transmit};
pub use errno::Errno;
pub use info::{Info, Ready};
pub use isn::{isn, timestamp_offset};
pub use listener::{Arrival, Listener};
pub use segment::{Segment, refuse};
pub use wire::tcp::{Flags, Seq, State};
