//! The cipher suites, in the order in which browsers prefer them.

use rustls::crypto::tls12::PrfUsingHmac;
use rustls::crypto::tls13::HkdfUsingHmac;
use rustls::crypto::{CipherSuiteCommon, KeyExchangeAlgorithm};
use rustls::{CipherSuite, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};

use crate::aead::Algorithm;
use crate::hash::{HmacSha256, HmacSha384, Sha256, Sha384};

/// RFC 8446 §5.5: AES-GCM keys may protect 2^24.5 full-sized records.
const GCM_RECORDS: u64 = 1 << 24;
/// RFC 8446 §5.5: the sequence number wraps before ChaCha20-Poly1305 reaches its limit.
const CHACHA20_RECORDS: u64 = u64::MAX;

/// The signatures that authenticate an ECDHE_ECDSA suite; RFC 8422 §5.10 counts Ed25519 among them.
static ECDSA: &[SignatureScheme] = &[SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ED25519];

/// A suite of TLS 1.3 (RFC 8446 appendix B.4).
macro_rules! tls13 {
    ($suite:ident, $hash:expr, $hmac:expr, $aead:ident, $records:expr) => {{
        static SUITE: Tls13CipherSuite = Tls13CipherSuite {
            common: CipherSuiteCommon {
                suite: CipherSuite::$suite,
                hash_provider: &$hash,
                confidentiality_limit: $records,
            },
            hkdf_provider: &HkdfUsingHmac(&$hmac),
            aead_alg: &Algorithm::$aead,
            quic: None,
        };
        SupportedCipherSuite::Tls13(&SUITE)
    }};
}

/// A suite of TLS 1.2 (RFC 5289 §3.2, RFC 7905 §2).
macro_rules! tls12 {
    ($suite:ident, $hash:expr, $hmac:expr, $aead:ident, $records:expr) => {{
        static SUITE: Tls12CipherSuite = Tls12CipherSuite {
            common: CipherSuiteCommon {
                suite: CipherSuite::$suite,
                hash_provider: &$hash,
                confidentiality_limit: $records,
            },
            kx: KeyExchangeAlgorithm::ECDHE,
            sign: ECDSA,
            aead_alg: &Algorithm::$aead,
            prf_provider: &PrfUsingHmac(&$hmac),
        };
        SupportedCipherSuite::Tls12(&SUITE)
    }};
}

/// Every suite of both versions, the preferred first.
pub(crate) fn all() -> [SupportedCipherSuite; 6] {
    [
        tls13!(TLS13_AES_128_GCM_SHA256, Sha256, HmacSha256, Aes128Gcm, GCM_RECORDS),
        tls13!(TLS13_AES_256_GCM_SHA384, Sha384, HmacSha384, Aes256Gcm, GCM_RECORDS),
        tls13!(TLS13_CHACHA20_POLY1305_SHA256, Sha256, HmacSha256, ChaCha20Poly1305, CHACHA20_RECORDS),
        tls12!(TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, Sha256, HmacSha256, Aes128Gcm, GCM_RECORDS),
        tls12!(TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, Sha384, HmacSha384, Aes256Gcm, GCM_RECORDS),
        tls12!(TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, Sha256, HmacSha256, ChaCha20Poly1305, CHACHA20_RECORDS),
    ]
}
