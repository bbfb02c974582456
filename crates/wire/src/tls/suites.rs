//! Cipher suites (IANA "TLS Cipher Suites"): one table of names, sources, properties and meanings.

mod ciphers;
mod table;

pub use ciphers::{Cipher, CipherKind, Hash};
pub use table::CipherSuite;

use super::Version;
use table::SUITES;

/// How the two sides come to a common secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum KeyExchange {
    /// None at all (`TLS_NULL_WITH_NULL_NULL`, before the handshake).
    Null,
    /// The client makes the secret and encrypts it to the key in the server's certificate (RFC 5246 §7.4.7.1).
    Rsa,
    /// Diffie-Hellman with a key fixed in the certificate (RFC 5246 §7.4.7.2).
    Dh,
    /// Diffie-Hellman with fresh keys (RFC 5246 §7.4.3).
    Dhe,
    /// Elliptic-curve Diffie-Hellman with a key fixed in the certificate (RFC 4492 §2.1).
    Ecdh,
    /// Elliptic-curve Diffie-Hellman with fresh keys (RFC 8422 §2).
    Ecdhe,
    /// A key shared beforehand (RFC 4279 §2).
    Psk,
    /// A key shared beforehand with fresh Diffie-Hellman keys (RFC 4279 §3).
    DhePsk,
    /// A key shared beforehand with a secret encrypted by RSA (RFC 4279 §4).
    RsaPsk,
    /// A key shared beforehand with fresh elliptic-curve keys (RFC 5489 §2).
    EcdhePsk,
    /// TLS 1.3: extensions decide, not the suite (RFC 8446 §1.2).
    Tls13,
}

/// How the server proves who it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Authentication {
    /// Not at all.
    Anon,
    /// By an RSA key.
    Rsa,
    /// By a DSS key.
    Dss,
    /// By an ECDSA or EdDSA key.
    Ecdsa,
    /// By knowing the shared key.
    Psk,
    /// TLS 1.3: extensions decide, not the suite (RFC 8446 §1.2).
    Tls13,
}

/// What a cipher suite stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suite {
    /// How the secret comes about.
    pub key_exchange: KeyExchange,
    /// How the server proves itself.
    pub authentication: Authentication,
    /// What protects the records.
    pub cipher: Cipher,
    /// The hash in the suite's name: of the MAC for a CBC or stream cipher, of the key derivation for an AEAD.
    pub hash: Hash,
}

impl Suite {
    /// Whether the suite is one of TLS 1.3's, which no earlier version can use, nor the other way round (RFC 8446 §4.1.2).
    pub fn is_tls13(&self) -> bool {
        self.key_exchange == KeyExchange::Tls13
    }
    /// The oldest version that can use it: AEADs and SHA-2 need 1.2 (RFC 5246 §A.5, RFC 5288 §4).
    pub fn min_version(&self) -> Version {
        if self.is_tls13() {
            Version::TLS13
        } else if self.cipher.kind() == CipherKind::Aead || matches!(self.hash, Hash::Sha256 | Hash::Sha384) {
            Version::TLS12
        } else {
            Version::SSL3
        }
    }
    /// The MAC's length in a record in bytes: 0 with an AEAD.
    pub fn mac_len(&self) -> usize {
        if self.cipher.kind() == CipherKind::Aead { 0 } else { self.hash.len() }
    }
    /// The hash of the key derivation in TLS 1.2 and 1.3: SHA-256 unless the suite names a stronger one (RFC 5246 §5).
    pub fn prf_hash(&self) -> Hash {
        match self.hash {
            Hash::Sha384 | Hash::Sm3 => self.hash,
            _ => Hash::Sha256,
        }
    }
    /// Whether a key stolen later leaves recorded traffic secret (RFC 9325 §4.1). TLS 1.3 has it unless it resumes by PSK
    /// alone.
    pub fn has_forward_secrecy(&self) -> bool {
        use KeyExchange::*;
        matches!(self.key_exchange, Dhe | Ecdhe | DhePsk | EcdhePsk | Tls13)
    }
}

impl CipherSuite {
    /// What the suite stands for, if it is one that we know.
    pub fn suite(self) -> Option<Suite> {
        SUITES.binary_search_by_key(&self.0, |(value, _)| *value).ok().map(|i| SUITES[i].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The properties say what the name says; a name is `TLS_kx_auth_WITH_cipher_hash` (RFC 5246 §A.5).
    #[test]
    fn names_and_properties_agree() {
        assert!(SUITES.is_sorted_by(|a, b| a.0 < b.0), "binary search needs ascending numbers");
        for (value, suite) in SUITES {
            let name = CipherSuite(*value).name().unwrap();
            let (kx, rest) = name.split_once("_WITH_").unwrap_or(("TLS", name));
            assert_eq!(suite.is_tls13(), !name.contains("_WITH_"), "{name}");
            assert_eq!(kx.contains("PSK"), suite.authentication == Authentication::Psk, "{name}");
            assert_eq!(kx.contains("ECDHE") || kx.contains("ECDH_anon"), {
                use KeyExchange::*;
                matches!(suite.key_exchange, Ecdhe | EcdhePsk)
            });
            let aead = ["GCM", "CCM", "POLY1305"].iter().any(|mode| rest.contains(mode));
            assert_eq!(aead, suite.cipher.kind() == CipherKind::Aead, "{name}");
            assert_eq!(rest.contains("CBC"), suite.cipher.kind() == CipherKind::Cbc, "{name}");
            assert_eq!(rest.ends_with("SHA384"), suite.hash == Hash::Sha384, "{name}");
            assert_eq!(rest.ends_with("_SHA"), suite.hash == Hash::Sha1, "{name}");
            assert_eq!(rest.contains("CCM_8"), suite.cipher.tag_len() == 8, "{name}");
            if let Some(bits) = ["128", "256"].iter().find(|bits| rest.contains(&format!("_{bits}_"))) {
                assert_eq!(suite.cipher.key_len() * 8, bits.parse().unwrap(), "{name}");
            }
        }
    }

    #[test]
    fn signals_and_unknown_numbers_have_no_properties() {
        assert_eq!(CipherSuite::FALLBACK_SCSV.suite(), None);
        assert_eq!(CipherSuite(0xfefe).suite(), None);
        assert_eq!(CipherSuite::AES_128_GCM_SHA256.suite().map(|suite| suite.min_version()), Some(Version::TLS13));
    }
}
