//! What the hellos say about keys (RFC 8446 §4.1, RFC 5246 §7.4.1).

use wire::tls::{Body, CipherSuite, CompressionMethod, Context, Version, decode_handshake};
use wire::{Field, Malformed, Note, Reader, Sink, Value};

use super::protection::supported;

/// Of a ClientHello.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ClientHello {
    pub(super) random: [u8; 32],
    /// The suites of TLS 1.3 that it offers and that can be opened here, each once: whatever the hello says, few.
    pub(super) suites: Vec<CipherSuite>,
    /// Early data follows, in records of its own.
    pub(super) early_data: bool,
    /// Encrypted Client Hello is offered, or pretended to be.
    pub(super) encrypted_hello: bool,
}

/// Of a ServerHello.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ServerHello {
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    /// The version that was chosen, wherever it stands.
    pub(super) version: Version,
    pub(super) suite: CipherSuite,
    pub(super) compression: CompressionMethod,
    pub(super) encrypt_then_mac: bool,
    pub(super) extended_master_secret: bool,
    /// It asks for another ClientHello (HelloRetryRequest).
    pub(super) retry: bool,
}

/// Keeps nothing and goes on at errors: a hello with one bad extension still tells its Random.
struct Tolerant;

impl Sink for Tolerant {
    const RECORDS: bool = false;
    fn open(&mut self, _: &'static Field, _: usize) {}
    fn leaf(&mut self, _: &'static Field, _: std::ops::Range<usize>, _: Value<'_>) {}
    fn close(&mut self, _: usize) {}
    fn note(&mut self, _: Note) {}
    fn malformed(&mut self, _: Malformed) -> Result<(), Malformed> {
        Ok(())
    }
}

/// Decodes a message, header included.
fn body(message: &[u8]) -> Option<Body> {
    decode_handshake(&mut Reader::new(message, &mut Tolerant), &Context::default()).ok()?.body
}

impl ClientHello {
    /// Reads the message, header included. `None` if it is malformed.
    pub(super) fn read(message: &[u8]) -> Option<ClientHello> {
        let Body::ClientHello(hello) = body(message)? else { return None };
        let mut suites = Vec::new();
        for suite in &hello.cipher_suites {
            if !suites.contains(suite) && supported(*suite).is_some_and(|suite| suite.is_tls13()) {
                suites.push(*suite);
            }
        }
        Some(ClientHello {
            random: hello.random,
            early_data: hello.offers_early_data(),
            encrypted_hello: hello.extensions.ech.is_some(),
            suites,
        })
    }
}

impl ServerHello {
    /// Reads the message, header included. `None` if it is malformed.
    pub(super) fn read(message: &[u8]) -> Option<ServerHello> {
        let Body::ServerHello(hello) = body(message)? else { return None };
        Some(ServerHello {
            random: hello.random,
            version: hello.version(),
            suite: hello.cipher_suite,
            compression: hello.compression_method,
            encrypt_then_mac: hello.encrypt_then_mac(),
            extended_master_secret: hello.extended_master_secret(),
            retry: hello.is_retry(),
            session_id: hello.session_id,
        })
    }
}
