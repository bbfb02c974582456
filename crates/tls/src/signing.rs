//! Private keys that sign certificates and handshakes: ECDSA over P-256 with SHA-256 and deterministic nonces
//! (RFC 6979), and Ed25519 (RFC 8032), which is deterministic by design.

use std::fmt;
use std::sync::Arc;

use base::Rng;
use p256::ecdsa::signature::Signer as _;
use rustls::pki_types::{AlgorithmIdentifier, SubjectPublicKeyInfoDer, alg_id};
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use crate::der;

/// The algorithm of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum KeyKind {
    /// ECDSA over P-256 with SHA-256: what most of the web uses.
    #[default]
    EcdsaP256,
    /// Ed25519: faster, and not accepted by browsers.
    Ed25519,
}

/// A private key of either kind. Clones share it.
#[derive(Clone)]
pub struct PrivateKey(Key);

#[derive(Clone)]
enum Key {
    EcdsaP256(Arc<p256::ecdsa::SigningKey>),
    Ed25519(Arc<ed25519_dalek::SigningKey>),
}

impl PrivateKey {
    /// A new key drawn from `rng`.
    pub fn generate(kind: KeyKind, rng: &mut Rng) -> PrivateKey {
        let mut secret = [0; 32];
        PrivateKey(match kind {
            // All but 2^-32 of the 32-byte strings are scalars of P-256.
            KeyKind::EcdsaP256 => loop {
                rng.fill(&mut secret);
                if let Ok(key) = p256::ecdsa::SigningKey::from_slice(&secret) {
                    break Key::EcdsaP256(Arc::new(key));
                }
            },
            KeyKind::Ed25519 => {
                rng.fill(&mut secret);
                Key::Ed25519(Arc::new(ed25519_dalek::SigningKey::from_bytes(&secret)))
            }
        })
    }

    /// The key's algorithm.
    pub fn kind(&self) -> KeyKind {
        match self.0 {
            Key::EcdsaP256(_) => KeyKind::EcdsaP256,
            Key::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    /// The public half as a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    pub fn public_key_info(&self) -> Vec<u8> {
        let algorithm = match self.kind() {
            KeyKind::EcdsaP256 => alg_id::ECDSA_P256,
            KeyKind::Ed25519 => alg_id::ED25519,
        };
        let mut info = Vec::with_capacity(96);
        der::sequence(&mut info, |info| {
            der::sequence(info, |out| out.extend_from_slice(&algorithm));
            der::bit_string(info, &self.public_key_bits());
        });
        info
    }

    /// The public half alone: an uncompressed point (RFC 5480 §2.2), or Ed25519's 32 bytes (RFC 8410 §4).
    pub(crate) fn public_key_bits(&self) -> Vec<u8> {
        match &self.0 {
            Key::EcdsaP256(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Key::Ed25519(key) => key.verifying_key().to_bytes().to_vec(),
        }
    }

    /// The contents of the AlgorithmIdentifier of this key's signatures (RFC 5758 §3.2, RFC 8410 §3).
    pub(crate) fn signature_algorithm(&self) -> AlgorithmIdentifier {
        match self.0 {
            Key::EcdsaP256(_) => alg_id::ECDSA_SHA256,
            Key::Ed25519(_) => alg_id::ED25519,
        }
    }

    /// Signs `message`. An ECDSA signature is in the DER form that TLS and X.509 use (RFC 8422 §5.10, RFC 5480 §A).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.0 {
            Key::EcdsaP256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Key::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?})", self.kind())
    }
}

impl SigningKey for PrivateKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.scheme()).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }
    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(SubjectPublicKeyInfoDer::from(self.public_key_info()))
    }
    fn algorithm(&self) -> SignatureAlgorithm {
        match self.kind() {
            KeyKind::EcdsaP256 => SignatureAlgorithm::ECDSA,
            KeyKind::Ed25519 => SignatureAlgorithm::ED25519,
        }
    }
}

impl Signer for PrivateKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(PrivateKey::sign(self, message))
    }
    fn scheme(&self) -> SignatureScheme {
        match self.kind() {
            KeyKind::EcdsaP256 => SignatureScheme::ECDSA_NISTP256_SHA256,
            KeyKind::Ed25519 => SignatureScheme::ED25519,
        }
    }
}
