//! Handshake messages (RFC 8446 §4, RFC 5246 §7.4) over the joined content of handshake records.

use super::certificate::{
    CertificateMessage, certificate, certificate_request, certificate_verify, compressed_certificate,
};
use super::extensions::{Extensions, Place, certificate_status, extensions};
use super::hello::{ClientHello, ServerHello, client_hello, server_hello};
use super::key_exchange::{ServerKeyExchange, client_key_exchange, server_key_exchange};
use super::ticket::{NewSessionTicket, new_session_ticket};
use super::{CertificateCompression, CipherSuite, HandshakeType, KeyUpdateRequest, SignatureScheme, Version};
use crate::{Malformed, Reader, Sink};

crate::fields! {
    /// Fields of handshake messages.
    pub HANDSHAKE_FIELDS;
    TYPE = "tls.handshake.type", "Handshake type", "RFC 8446 §4", Dec, "which message this is", codes HandshakeType::CODES;
    MESSAGE_LEN = "tls.handshake.len", "Length", "RFC 8446 §4", Octets, "the bytes of the message behind this field";
    VERIFY_DATA = "tls.finished.verify_data", "Verify data", "RFC 8446 §4.4.4", Bytes, "a checksum over all messages so far under the new keys: 12 bytes in TLS 1.2, a hash's length in 1.3";
    UPDATE_REQUEST = "tls.key_update.request", "Request update", "RFC 8446 §4.6.3", Dec, "whether the other side shall change its keys too", codes KeyUpdateRequest::CODES;
    TRANSCRIPT_HASH = "tls.message_hash.hash", "Hash", "RFC 8446 §4.4.1", Bytes, "the hash of the first ClientHello";
    NEXT_PROTOCOL = "tls.next_protocol.protocol", "Selected protocol", "draft-agl-tls-nextprotoneg-04 §3", Text, "what the client speaks from now on";
    NEXT_PROTOCOL_PADDING = "tls.next_protocol.padding", "Padding", "draft-agl-tls-nextprotoneg-04 §3", Opaque(Padding), "zeros that hide the name's length";
    MESSAGE_DATA = "tls.handshake.data", "Content", "RFC 8446 §4", Bytes, "the content of a message of unknown type";
}

/// What a decoder must know of the messages before to read this one. Where it is not known, the decoder goes by the
/// form of the message.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Context {
    /// The version that the ServerHello chose.
    pub version: Option<Version>,
    /// The cipher suite that the ServerHello chose.
    pub suite: Option<CipherSuite>,
}

/// A handshake message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handshake {
    /// Which message it is.
    pub kind: HandshakeType,
    /// Its length in bytes, the four bytes of type and length included.
    pub len: usize,
    /// What it says. `None` if its content is malformed, which only a sink that goes on returns.
    pub body: Option<Body>,
}

/// What a handshake message says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// The server asks for a new handshake.
    HelloRequest,
    /// The client opens.
    ClientHello(Box<ClientHello>),
    /// The server chooses, or asks for another ClientHello ([`ServerHello::is_retry`]).
    ServerHello(Box<ServerHello>),
    /// The server's encrypted answers to extensions.
    EncryptedExtensions(Box<Extensions>),
    /// A chain of certificates.
    Certificate(CertificateMessage),
    /// A chain of certificates, compressed.
    CompressedCertificate {
        /// How.
        algorithm: CertificateCompression,
        /// Bytes of the Certificate message when uncompressed.
        uncompressed_len: u32,
    },
    /// The server wants a certificate of the client.
    CertificateRequest,
    /// A signature over the handshake.
    CertificateVerify {
        /// How it was made; none before TLS 1.2.
        scheme: Option<SignatureScheme>,
    },
    /// The server's fresh key of TLS 1.2.
    ServerKeyExchange(ServerKeyExchange),
    /// The server waits.
    ServerHelloDone,
    /// The client's key of TLS 1.2.
    ClientKeyExchange,
    /// The checksum over the handshake.
    Finished {
        /// The checksum.
        verify_data: Vec<u8>,
    },
    /// A ticket for the next visit.
    NewSessionTicket(NewSessionTicket),
    /// The client's early data ends.
    EndOfEarlyData,
    /// The sender changes its keys.
    KeyUpdate(KeyUpdateRequest),
    /// A statement about revocation (TLS 1.2).
    CertificateStatus,
    /// A message that is not taken apart.
    Other,
}

/// Length in bytes of a handshake message's type and length.
pub const HANDSHAKE_HEADER_LEN: usize = 4;

/// What stands at the front of the joined content of handshake records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NextMessage {
    /// A whole message in the first `len` bytes (its four bytes of type and length included).
    Whole {
        /// Its type.
        kind: HandshakeType,
        /// Its length in bytes.
        len: usize,
    },
    /// The message is not all there: this many bytes in total are needed. At most 2^24 + 3 (RFC 8446 §4: a length of 24
    /// bits); a caller sets its own limit.
    Need(usize),
}

/// Looks at the front of `buffer` for a handshake message.
pub fn next_message(buffer: &[u8]) -> NextMessage {
    let &[kind, a, b, c, ..] = buffer else { return NextMessage::Need(HANDSHAKE_HEADER_LEN) };
    let len = HANDSHAKE_HEADER_LEN + u32::from_be_bytes([0, a, b, c]) as usize;
    if buffer.len() < len { NextMessage::Need(len) } else { NextMessage::Whole { kind: HandshakeType(kind), len } }
}

/// Decodes one handshake message from the front of the reader, as a group named after its type.
///
/// # Errors
/// If it is cut short or its content breaks its format.
pub fn decode_handshake<S: Sink>(reader: &mut Reader<'_, '_, S>, context: &Context) -> Result<Handshake, Malformed> {
    let kind = HandshakeType(reader.peek().first().copied().ok_or_else(|| reader.error(&TYPE, "is cut short"))?);
    reader.group(kind.group(), |reader| {
        reader.u8(&TYPE)?;
        let n = reader.u24(&MESSAGE_LEN)? as usize;
        if n > reader.remaining() {
            return Err(reader.error(&MESSAGE_LEN, "reaches behind the end of what was received"));
        }
        let body = reader.within(n, |reader| body(reader, kind, context))?;
        Ok(Handshake { kind, len: HANDSHAKE_HEADER_LEN + n, body })
    })
}

fn body<S: Sink>(reader: &mut Reader<'_, '_, S>, kind: HandshakeType, context: &Context) -> Result<Body, Malformed> {
    Ok(match kind {
        HandshakeType::HELLO_REQUEST => Body::HelloRequest,
        HandshakeType::CLIENT_HELLO => Body::ClientHello(Box::new(client_hello(reader)?)),
        HandshakeType::SERVER_HELLO => Body::ServerHello(Box::new(server_hello(reader)?)),
        HandshakeType::NEW_SESSION_TICKET => Body::NewSessionTicket(new_session_ticket(reader, context)?),
        HandshakeType::END_OF_EARLY_DATA => Body::EndOfEarlyData,
        HandshakeType::ENCRYPTED_EXTENSIONS => {
            Body::EncryptedExtensions(Box::new(extensions(reader, Place::EncryptedExtensions)?))
        }
        HandshakeType::CERTIFICATE => Body::Certificate(certificate(reader, context)?),
        HandshakeType::COMPRESSED_CERTIFICATE => {
            let (algorithm, uncompressed_len) = compressed_certificate(reader)?;
            Body::CompressedCertificate { algorithm, uncompressed_len }
        }
        HandshakeType::CERTIFICATE_REQUEST => {
            certificate_request(reader, context)?;
            Body::CertificateRequest
        }
        HandshakeType::CERTIFICATE_VERIFY => Body::CertificateVerify { scheme: certificate_verify(reader, context)? },
        HandshakeType::SERVER_KEY_EXCHANGE => Body::ServerKeyExchange(server_key_exchange(reader, context)?),
        HandshakeType::SERVER_HELLO_DONE => Body::ServerHelloDone,
        HandshakeType::CLIENT_KEY_EXCHANGE => {
            client_key_exchange(reader, context)?;
            Body::ClientKeyExchange
        }
        HandshakeType::FINISHED => Body::Finished { verify_data: reader.rest(&VERIFY_DATA)?.to_vec() },
        HandshakeType::KEY_UPDATE => {
            let request: KeyUpdateRequest = reader.get(&UPDATE_REQUEST, 8)?;
            // RFC 8446 §4.6.3: any other value is an illegal_parameter.
            if request.name().is_none() {
                reader.report(&UPDATE_REQUEST, "is neither 0 nor 1")?;
            }
            Body::KeyUpdate(request)
        }
        HandshakeType::CERTIFICATE_STATUS => {
            certificate_status(reader)?;
            Body::CertificateStatus
        }
        HandshakeType::MESSAGE_HASH => {
            reader.rest(&TRANSCRIPT_HASH)?;
            Body::Other
        }
        HandshakeType::NEXT_PROTOCOL => {
            super::parts::opaque(reader, &NEXT_PROTOCOL, 8)?;
            super::parts::opaque(reader, &NEXT_PROTOCOL_PADDING, 8)?;
            Body::Other
        }
        _ => {
            reader.rest(&MESSAGE_DATA)?;
            Body::Other
        }
    })
}
