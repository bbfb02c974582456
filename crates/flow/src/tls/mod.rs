//! TLS records decrypted by the secrets of a key log (RFC 9850).
//!
//! A [`Session`] is one TLS connection. It is given the records of both directions, roughly in the order in which they
//! were sent, and for each says what is in it: [`Opened::Plain`], [`Opened::Decrypted`], or [`Opened::Undecrypted`] with
//! the precise reason. It reads from the hellos what it needs to know, so nothing else has to be told to it but the
//! places where a stream has a hole.
//!
//! ```
//! use capture::keylog::KeyLog;
//! use flow::tls::{Opened, Record, Sender, Session, Why};
//! use wire::tls::{ContentType, Version};
//!
//! let mut session = Session::new();
//! let record = Record { content_type: ContentType::APPLICATION_DATA, version: Version::TLS12, fragment: &[0; 40] };
//! let opened = session.record(Sender::Server, record, &KeyLog::default());
//! assert_eq!(opened, Opened::Undecrypted(Why::HandshakeNotSeen));
//! ```
//!
//! - **TLS 1.3** (RFC 8446 §5, §7): early data, handshake and application keys, key updates, padding.
//! - **TLS 1.2, 1.1, 1.0** (RFC 5246 §6, RFC 4346, RFC 2246): keys from the master secret, resumption, renegotiation.
//! - Ciphers: AES-GCM, AES-CCM with long and short tags, ChaCha20-Poly1305; AES-CBC with its MAC inside or behind
//!   (RFC 7366); and suites without encryption.
//!
//! Nothing here panics, whatever the bytes, and the work for a record is bounded: where it is unclear which key or
//! sequence number comes next (after a hole, or when a secret of the handshake is missing), a bounded number are tried.

mod aead;
mod cbc;
mod digest;
mod half12;
mod half13;
mod hello;
mod messages;
mod opened;
mod protection;
mod session;
mod why;

pub use opened::{Epoch, Layout, Opened, Plaintext};
pub use session::{Agreed, Record, Sender, Session};
pub use why::Why;

/// Bytes from hexadecimal digits, for the test vectors; white space between them is skipped.
#[cfg(test)]
fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
