//! Packet captures and TLS key logs, in and out.
//!
//! - [`read`]: pcap and pcapng files, plain or compressed with gzip or zstd, as a stream that lends one packet at a time
//!   ([`read::Reader`]) or whole ([`read::read_all`]). Damaged files yield all that can be read, and say where and why
//!   they end.
//! - [`mod@write`]: pcapng with nanosecond stamps, comments and TLS secrets inside, and classic pcap. The same calls give
//!   the same bytes on every machine: no host, program or version name is written.
//! - [`keylog`]: the SSLKEYLOGFILE format (RFC 9850).
//!
//! The formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng and its registry of link types,
//! draft-ietf-opsawg-pcaplinktype.

mod block;
mod direction;
mod error;
pub mod keylog;
mod link;
mod problem;
pub mod read;
pub mod write;

pub use block::SecretsKind;
pub use direction::Direction;
pub use error::Error;
pub use link::LinkType;
pub use problem::{Place, Problem, Problems};
