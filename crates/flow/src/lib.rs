//! Conversations, reassembly and decryption: one fast pass over the packets of a capture, with the silent sink.
//!
//! ```
//! use flow::{Flow, Limits, Packet};
//! let mut flow = Flow::new(Limits::default());
//! flow.push(Packet {
//!     at: base::Instant::ZERO,
//!     interface: 0,
//!     link: wire::link::LinkType::ETHERNET,
//!     bytes: &[0; 60],
//!     original_len: 60,
//! });
//! assert_eq!(flow.rows()[0].number, 1);
//! ```
//!
//! - [`Flow::push`] takes packets in, in order. [`Flow::rows`] has one [`Row`] for each: what it is, its
//!   [`Conversation`], its direction, where its payload stands. [`Flow::tcp`] adds what was found out about a segment:
//!   relative numbers, [`Verdicts`], RTT samples.
//! - [`Flow::conversations`] lists TCP connections (a new one for each incarnation), UDP, ICMP and ARP exchanges, each
//!   with its packets. A TCP [`Connection`] has two [`Half`]s, each with the map of its stream ([`Assembly`]): which bytes
//!   came, and where they stand.
//! - [`tls`] decrypts records by the secrets of a key log.
//! - [`Flow::arp`], [`Flow::dns`] and [`Flow::dhcp`] pair questions outside TCP with their answers.
//! - [`Layers::of`] reads what one connection carries: TLS records, handshake messages, HTTP/1 messages, DNS. Each is a
//!   [`Unit`] in a [`Buffer`] whose ranges lead back to packets; [`Layers::carried`] tells what a packet carries or
//!   completes.
//! - [`Split`] takes a capture apart while it passes, a [`Flow`] for each pair of ends, given up when they are done: for
//!   captures that are larger than memory, or that do not end.
//! - [`Tally`] takes no more than the figures of TCP connections, by headers alone.
//! - Packets' bytes stay with the caller, who shows them again through [`Source`].

mod buffer;
mod conversation;
mod copies;
mod exchanges;
mod flow;
mod fragments;
mod layers;
mod limits;
mod open;
mod row;
mod settle;
mod split;
mod tally;
pub mod tcp;
pub mod tls;

#[cfg(test)]
mod tests;

pub use buffer::{Buffer, BufferKind, BufferRef, Piece, Source};
pub use conversation::{ClientBy, Conversation, ConversationId, Direction, Endpoint, Kind};
pub use exchanges::{ArpExchange, DhcpExchange, DhcpMessage, DnsTransaction, NdExchange};
pub use flow::{Decoded, Flow};
pub use layers::{
    Application, Carried, Cut, DnsOverTcp, Exchange, HandshakeMessage, Head, Http, Http2Frame, HttpMessage, Layers,
    MessageState, OnStream, RecordContent, SettledRecord, Stream, Tls, TlsRecord, Unit, UnitKind, Unread,
};
pub use limits::{Dropped, Limits};
pub use row::{Packet, Payload, Row, RowKind, RowView};
pub use split::{Kept, Part, Split, Whose};
pub use tally::{RoundTrips, Talk, Tally, Wired, Wires};
pub use tcp::{Assembly, Connection, Counts, Half, Overlap, StreamPiece, Tcp, VERDICTS, Verdict, Verdicts};
