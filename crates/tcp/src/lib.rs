//! One TCP connection, sans-IO: the state machine of RFC 9293 with RFC 5681's congestion control, RFC 6298's timer, RFC 7323's
//! and RFC 2018's options and RFC 5961's defences.
//!
//! Time, place, cause and recorder come in with every call ([`trace::Cx`]); what is to be sent and when to come back is polled.

mod accurate_ecn;
mod acknowledge;
mod close;
mod config;
pub mod congestion;
mod connection;
mod delack;
mod ecn;
mod errno;
mod fast_open;
mod figures;
mod handshake;
mod icmp;
mod in_flight;
mod info;
mod isn;
mod limits;
mod listener;
mod memory;
mod mtu_probe;
mod packets;
mod predict;
mod rare;
mod rate;
mod reassembly;
mod receive;
pub mod recovery;
mod route_mtu;
mod rtt;
mod segment;
mod send;
mod send_buffer;
mod settings;
mod syn_cookie;
mod timeout;
mod timers;
mod tuning;
mod urgent;
mod usage;
mod whole;
mod window;
mod write;

pub use config::{Config, CongestionKind, EcnUse, FastOpenUse, Keepalive, Qdisc, SlowStart};
pub use connection::{Connection, Transmit};
pub use errno::Errno;
pub use fast_open::{FastOpenAnswer, FastOpenKey, FastOpenNews, FastOpenRequest, FastOpenServer, fast_open_cookie};
pub use icmp::{IcmpError, IcmpReport};
pub use in_flight::{InFlight, Sent};
pub use info::{Info, Ready};
pub use isn::{isn, siphash, timestamp_offset};
pub use limits::{Limited, Limits};
pub use listener::{Arrival, Listener, Orphans};
pub use mtu_probe::MtuProbing;
pub use packets::Parcel;
pub use segment::{Segment, refuse};
pub use settings::Settings;
pub use syn_cookie::{CookieJar, SynCookies};
pub use wire::tcp::{Flags, Seq, State};
pub use write::SendFlags;

#[cfg(test)]
mod tests;
