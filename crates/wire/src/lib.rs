//! Wire formats, each declared once.
//!
//! A fixed header is one [`header!`] declaration: bit ranges, names, RFC section, one line of meaning. From it come the
//! struct that reads and writes it, the map of its fields, its bit diagram and its entries in the glossary. Variable
//! parts (TCP options, DNS names, TLS extensions) have one decoder each, generic over a [`Sink`]: with [`Silent`] it is
//! the stack's and stops at the first error; with [`Record`] it is the inspector's, labels every bit and goes on. So the
//! inspector cannot disagree with the stack.

mod addr;
mod body;
mod checksum;
mod field;
mod header;
mod layout;
mod message;
mod packet;
mod reader;
mod record;
mod sink;

pub mod arp;
pub mod dhcp;
pub mod dns;
pub mod ethernet;
pub mod frame;
pub mod glossary;
pub mod gtp;
pub mod http;
pub mod http2;
pub mod icmp;
pub mod icmpv6;
pub mod ipv4;
pub mod ipv6;
pub mod link;
pub mod llc;
pub mod tcp;
pub mod tls;
pub mod tunnel;
pub mod udp;
pub mod x509;

pub use addr::MacAddr;
pub use body::{Body, Chunk};
pub use checksum::{Sum, pseudo_header};
pub use field::{Code, Field, Opaque, Show};
pub use header::Bits;
#[doc(hidden)]
pub use header::offset as header_offset;
pub use layout::{Layout, Slot};
pub use packet::Packet;
pub use reader::Reader;
pub use record::{Datum, Node, Record};
pub use sink::{Malformed, Note, Silent, Sink, Value};
