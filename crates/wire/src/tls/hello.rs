//! ClientHello and ServerHello (RFC 8446 §4.1, RFC 5246 §7.4.1): what can be, and what shall be.

use super::extensions::{Extensions, Place, extensions};
use super::parts::{list, opaque_with};
use super::{CipherSuite, CompressionMethod, ExtensionType, NamedGroup, Version};
use crate::{Malformed, Note, Reader, Sink};

crate::fields! {
    /// Fields of hellos.
    pub HELLO_FIELDS;
    CLIENT_VERSION = "tls.client_hello.version", "Legacy version", "RFC 8446 §4.1.2", Hex, "the newest version before TLS 1.3; newer ones stand in supported_versions", codes Version::CODES;
    CLIENT_RANDOM = "tls.client_hello.random", "Random", "RFC 8446 §4.1.2", Bytes, "32 random bytes: no two handshakes are alike. Key logs name a connection by them";
    SESSION_LEN = "tls.session_id.len", "Session id length", "RFC 8446 §4.1.2", Octets, "the bytes of the session id; 0 if there is none";
    CLIENT_SESSION = "tls.client_hello.session_id", "Legacy session id", "RFC 8446 §4.1.2", Bytes, "TLS 1.2: an earlier session to go on with. TLS 1.3: random bytes that please middleboxes";
    SUITES = "tls.client_hello.cipher_suites", "Cipher suites", "RFC 8446 §4.1.2", Group, "the protections that the client can use, the best first";
    SUITE = "tls.cipher_suite", "Cipher suite", "RFC 8446 §B.4", Hex, "ciphers and hashes that protect a connection", codes CipherSuite::CODES;
    COMPRESSIONS = "tls.client_hello.compression_methods", "Legacy compression methods", "RFC 8446 §4.1.2", Group, "null alone: compression lets attackers guess secrets";
    COMPRESSION = "tls.compression_method", "Compression method", "RFC 8446 §4.1.2", Dec, "0: none", codes CompressionMethod::CODES;
    SERVER_VERSION = "tls.server_hello.version", "Legacy version", "RFC 8446 §4.1.3", Hex, "the version chosen, if it is older than TLS 1.3; otherwise see supported_versions", codes Version::CODES;
    SERVER_RANDOM = "tls.server_hello.random", "Random", "RFC 8446 §4.1.3", Bytes, "32 random bytes; one special value makes this a HelloRetryRequest";
    SERVER_SESSION = "tls.server_hello.session_id", "Legacy session id", "RFC 8446 §4.1.3", Bytes, "TLS 1.2: the session's name, the client's if it is resumed. TLS 1.3: the client's, echoed";
}

/// The random of a ServerHello that is a HelloRetryRequest: the SHA-256 hash of "HelloRetryRequest" (RFC 8446 §4.1.3).
pub const HELLO_RETRY_REQUEST_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What a ClientHello says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientHello {
    /// The legacy version field.
    pub legacy_version: Version,
    /// The random; key logs name a connection by it.
    pub random: [u8; 32],
    /// The session id: at most 32 bytes.
    pub session_id: Vec<u8>,
    /// Suites offered, the best first; GREASE and signals among them.
    pub cipher_suites: Vec<CipherSuite>,
    /// The extensions; none in very old clients.
    pub extensions: Extensions,
}

impl ClientHello {
    /// The site that the client names (RFC 6066 §3).
    pub fn server_name(&self) -> Option<&str> {
        self.extensions.server_name.as_deref()
    }
    /// Whether TLS 1.3 is offered (RFC 8446 §4.2.1).
    pub fn offers_tls13(&self) -> bool {
        self.extensions.supported_versions.iter().any(|version| version.is_tls13())
    }
    /// Whether 0-RTT data follows (RFC 8446 §4.2.10).
    pub fn offers_early_data(&self) -> bool {
        self.extensions.has(ExtensionType::EARLY_DATA)
    }
    /// Whether it asks to go on with an earlier session, by a key (TLS 1.3), a ticket or a session id (TLS 1.2). Of a
    /// session id alone one cannot say: TLS 1.3 sends a random one.
    pub fn offers_resumption(&self) -> bool {
        self.extensions.psk_identities > 0
            || self.extensions.session_ticket.as_ref().is_some_and(|ticket| !ticket.is_empty())
            || (!self.session_id.is_empty() && !self.offers_tls13())
    }
}

/// What a ServerHello says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerHello {
    /// The legacy version field.
    pub legacy_version: Version,
    /// The random.
    pub random: [u8; 32],
    /// The session id: at most 32 bytes.
    pub session_id: Vec<u8>,
    /// The suite chosen.
    pub cipher_suite: CipherSuite,
    /// The compression chosen: none, but in very old captures.
    pub compression_method: CompressionMethod,
    /// The extensions.
    pub extensions: Extensions,
}

impl ServerHello {
    /// The version that is spoken from now on (RFC 8446 §4.2.1).
    pub fn version(&self) -> Version {
        self.extensions.selected_version.unwrap_or(self.legacy_version)
    }
    /// Whether it is a HelloRetryRequest (RFC 8446 §4.1.4).
    pub fn is_retry(&self) -> bool {
        self.random == HELLO_RETRY_REQUEST_RANDOM
    }
    /// The group of the key exchange in TLS 1.3.
    pub fn group(&self) -> Option<NamedGroup> {
        self.extensions.key_shares.first().copied().or(self.extensions.selected_group)
    }
    /// Whether encrypt-then-MAC was agreed (RFC 7366).
    pub fn encrypt_then_mac(&self) -> bool {
        self.extensions.has(ExtensionType::ENCRYPT_THEN_MAC)
    }
    /// Whether the extended master secret was agreed (RFC 7627).
    pub fn extended_master_secret(&self) -> bool {
        self.extensions.has(ExtensionType::EXTENDED_MASTER_SECRET)
    }
}

/// Decodes the body of a ClientHello.
pub(super) fn client_hello<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<ClientHello, Malformed> {
    let legacy_version = reader.get(&CLIENT_VERSION, 16)?;
    let random = reader.get(&CLIENT_RANDOM, 256)?;
    let session_id = session_id(reader, &CLIENT_SESSION)?;
    let cipher_suites = list(reader, &SUITES, 16, &SUITE, 16)?;
    list::<S, CompressionMethod>(reader, &COMPRESSIONS, 8, &COMPRESSION, 8)?;
    let extensions = optional_extensions(reader, Place::ClientHello)?;
    Ok(ClientHello { legacy_version, random, session_id, cipher_suites, extensions })
}

/// Decodes the body of a ServerHello.
pub(super) fn server_hello<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<ServerHello, Malformed> {
    let legacy_version = reader.get(&SERVER_VERSION, 16)?;
    let random: [u8; 32] = reader.get(&SERVER_RANDOM, 256)?;
    if random == HELLO_RETRY_REQUEST_RANDOM {
        reader.note(Note::Remark("the special value of a HelloRetryRequest: the client shall say hello again"));
    } else if random.ends_with(b"DOWNGRD\x01") || random.ends_with(b"DOWNGRD\x00") {
        // RFC 8446 §4.1.3: a client that offered more must abort, for somebody changed its offer.
        reader.note(Note::Remark("ends in DOWNGRD: the server could speak a newer version than the one chosen here"));
    }
    let session_id = session_id(reader, &SERVER_SESSION)?;
    let cipher_suite = reader.get(&SUITE, 16)?;
    let compression_method = reader.get(&COMPRESSION, 8)?;
    let place = if random == HELLO_RETRY_REQUEST_RANDOM { Place::HelloRetryRequest } else { Place::ServerHello };
    let extensions = optional_extensions(reader, place)?;
    Ok(ServerHello { legacy_version, random, session_id, cipher_suite, compression_method, extensions })
}

/// RFC 8446 §4.1.2: opaque legacy_session_id<0..32>.
fn session_id<S: Sink>(reader: &mut Reader<'_, '_, S>, field: &'static crate::Field) -> Result<Vec<u8>, Malformed> {
    let id = opaque_with(reader, &SESSION_LEN, field, 8)?;
    if id.len() > 32 {
        reader.report(field, "is longer than 32 bytes")?;
    }
    Ok(id.to_vec())
}

/// RFC 5246 §7.4.1.2: whether there are extensions is told by whether anything is left.
fn optional_extensions<S: Sink>(reader: &mut Reader<'_, '_, S>, place: Place) -> Result<Extensions, Malformed> {
    if reader.is_empty() { Ok(Extensions::default()) } else { extensions(reader, place) }
}
