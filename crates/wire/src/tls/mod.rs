//! TLS (RFC 8446, RFC 5246): records, handshake messages, extensions and alerts, decoded to the last field.
//!
//! A stream of TLS is records ([`next_record`], [`decode_record`]). The content of handshake records, decrypted where it
//! must be, is joined and cut into messages ([`next_message`], [`decode_handshake`]). A decrypted record of TLS 1.3 is
//! content, type and padding ([`decode_inner`]); one of TLS 1.2 is content alone, or with a MAC ([`decode_stream`],
//! [`decode_block`]).

mod alert;
mod certificate;
mod codes;
mod extension_type;
mod extensions;
mod grease;
mod handshake;
mod handshake_type;
mod hello;
mod key_exchange;
mod key_share;
mod parts;
mod record;
mod sct;
mod suites;
mod ticket;

pub mod ech;
#[cfg(test)]
mod tests;

pub use alert::{Alert, alert};
pub use certificate::CertificateMessage;
pub use codes::*;
pub use extension_type::ExtensionType;
pub use extensions::{Extensions, Place};
pub use grease::is_grease;
pub use handshake::{Body, Context, HANDSHAKE_HEADER_LEN, Handshake, NextMessage, decode_handshake, next_message};
pub use handshake_type::HandshakeType;
pub use hello::{ClientHello, HELLO_RETRY_REQUEST_RANDOM, ServerHello};
pub use key_exchange::ServerKeyExchange;
pub use key_share::Side;
pub use record::{
    Inner, MAX_FRAGMENT, NextRecord, Protection, RecordHeader, TlsRecord, decode_block, decode_inner, decode_record,
    decode_stream, looks_like_tls, next_record, plaintext,
};
pub use sct::{HashAlgorithm, SctVersion, SignatureAlgorithm, sct_list};
pub use suites::{Authentication, Cipher, CipherKind, CipherSuite, Hash, KeyExchange, Suite};
pub use ticket::NewSessionTicket;

/// Every field of TLS, list by list; the groups of messages and extensions among them.
pub static FIELDS: &[&[&crate::Field]] = &[
    record::record_field::ALL,
    record::RECORD_FIELDS,
    alert::ALERT_FIELDS,
    parts::VECTOR_FIELDS,
    handshake_type::HANDSHAKE_TYPE_FIELDS,
    HandshakeType::GROUPS,
    handshake::HANDSHAKE_FIELDS,
    hello::HELLO_FIELDS,
    extension_type::EXTENSION_TYPE_FIELDS,
    ExtensionType::GROUPS,
    extensions::EXTENSION_FIELDS,
    key_share::KEY_FIELDS,
    key_exchange::KEY_EXCHANGE_FIELDS,
    certificate::CERTIFICATE_FIELDS,
    ticket::TICKET_FIELDS,
    sct::SCT_FIELDS,
    ech::ECH_FIELDS,
];
