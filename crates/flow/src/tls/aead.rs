//! The AEADs of TLS, to open records with: GCM (RFC 5288), CCM (RFC 6655) and ChaCha20-Poly1305 (RFC 7905).

use aes::{Aes128, Aes256};
use aes_gcm::aead::consts::{U8, U12, U16};
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes128Gcm, Aes256Gcm, KeyInit};
use ccm::Ccm;
use chacha20poly1305::ChaCha20Poly1305;
use wire::tls::Cipher;

/// An AEAD with its key. All have nonces of 12 bytes.
pub(super) enum Aead {
    Aes128Gcm(Box<Aes128Gcm>),
    Aes256Gcm(Box<Aes256Gcm>),
    Aes128Ccm(Box<Ccm<Aes128, U16, U12>>),
    Aes256Ccm(Box<Ccm<Aes256, U16, U12>>),
    Aes128Ccm8(Box<Ccm<Aes128, U8, U12>>),
    Aes256Ccm8(Box<Ccm<Aes256, U8, U12>>),
    ChaCha20Poly1305(Box<ChaCha20Poly1305>),
}

impl Aead {
    /// Whether [`Aead::new`] knows the cipher.
    pub(super) fn knows(cipher: Cipher) -> bool {
        use Cipher::*;
        matches!(cipher, Aes128Gcm | Aes256Gcm | Aes128Ccm | Aes256Ccm | Aes128Ccm8 | Aes256Ccm8 | ChaCha20Poly1305)
    }

    /// The AEAD, or nothing if the cipher is another or the key's length is wrong.
    pub(super) fn new(cipher: Cipher, key: &[u8]) -> Option<Aead> {
        Some(match cipher {
            Cipher::Aes128Gcm => Aead::Aes128Gcm(Box::new(KeyInit::new_from_slice(key).ok()?)),
            Cipher::Aes256Gcm => Aead::Aes256Gcm(Box::new(KeyInit::new_from_slice(key).ok()?)),
            Cipher::Aes128Ccm => Aead::Aes128Ccm(Box::new(KeyInit::new_from_slice(key).ok()?)),
            Cipher::Aes256Ccm => Aead::Aes256Ccm(Box::new(KeyInit::new_from_slice(key).ok()?)),
            Cipher::Aes128Ccm8 => Aead::Aes128Ccm8(Box::new(KeyInit::new_from_slice(key).ok()?)),
            Cipher::Aes256Ccm8 => Aead::Aes256Ccm8(Box::new(KeyInit::new_from_slice(key).ok()?)),
            Cipher::ChaCha20Poly1305 => Aead::ChaCha20Poly1305(Box::new(KeyInit::new_from_slice(key).ok()?)),
            _ => return None,
        })
    }

    /// Checks `tag` and decrypts `text` where it lies. `false` if it does not authenticate; the text is then of no use.
    pub(super) fn open(&self, nonce: &[u8; 12], aad: &[u8], text: &mut [u8], tag: &[u8]) -> bool {
        fn run<A: AeadInOut<NonceSize = U12>>(
            aead: &A,
            nonce: &[u8; 12],
            aad: &[u8],
            text: InOutBuf<'_, '_, u8>,
            tag: &[u8],
        ) -> bool {
            let Ok(tag) = tag.try_into() else { return false };
            aead.decrypt_inout_detached(&(*nonce).into(), aad, text, tag).is_ok()
        }
        let text = InOutBuf::from(text);
        match self {
            Aead::Aes128Gcm(aead) => run(&**aead, nonce, aad, text, tag),
            Aead::Aes256Gcm(aead) => run(&**aead, nonce, aad, text, tag),
            Aead::Aes128Ccm(aead) => run(&**aead, nonce, aad, text, tag),
            Aead::Aes256Ccm(aead) => run(&**aead, nonce, aad, text, tag),
            Aead::Aes128Ccm8(aead) => run(&**aead, nonce, aad, text, tag),
            Aead::Aes256Ccm8(aead) => run(&**aead, nonce, aad, text, tag),
            Aead::ChaCha20Poly1305(aead) => run(&**aead, nonce, aad, text, tag),
        }
    }
}
