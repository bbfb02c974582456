//! The three AEADs of TLS: AES-128-GCM and AES-256-GCM (RFC 5116 §5.1 and 5.2), ChaCha20-Poly1305 (RFC 8439 §2.8).
//! Each has a nonce of 12 bytes and a tag of 16.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use chacha20poly1305::ChaCha20Poly1305;
use rustls::ConnectionTrafficSecrets;
use rustls::crypto::cipher::{AeadKey, Iv};

/// Length of the tag that every one of these AEADs appends.
pub(crate) const TAG_LEN: usize = 16;

/// Which AEAD.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Algorithm {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

impl Algorithm {
    /// Bytes of key.
    pub(crate) const fn key_len(self) -> usize {
        match self {
            Algorithm::Aes128Gcm => 16,
            Algorithm::Aes256Gcm | Algorithm::ChaCha20Poly1305 => 32,
        }
    }

    /// The AEAD keyed with `key`, which has [`Algorithm::key_len`] bytes.
    pub(crate) fn keyed(self, key: &[u8]) -> Aead {
        const LENGTH: &str = "the caller passes key_len bytes";
        match self {
            Algorithm::Aes128Gcm => Aead::Aes128Gcm(Box::new(Aes128Gcm::new_from_slice(key).expect(LENGTH))),
            Algorithm::Aes256Gcm => Aead::Aes256Gcm(Box::new(Aes256Gcm::new_from_slice(key).expect(LENGTH))),
            Algorithm::ChaCha20Poly1305 => {
                Aead::ChaCha20Poly1305(Box::new(ChaCha20Poly1305::new_from_slice(key).expect(LENGTH)))
            }
        }
    }

    /// The secrets in the form in which rustls hands them to other record layers (kernel TLS).
    pub(crate) fn secrets(self, key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets {
        match self {
            Algorithm::Aes128Gcm => ConnectionTrafficSecrets::Aes128Gcm { key, iv },
            Algorithm::Aes256Gcm => ConnectionTrafficSecrets::Aes256Gcm { key, iv },
            Algorithm::ChaCha20Poly1305 => ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv },
        }
    }
}

/// An AEAD with its key.
pub(crate) enum Aead {
    Aes128Gcm(Box<Aes128Gcm>),
    Aes256Gcm(Box<Aes256Gcm>),
    ChaCha20Poly1305(Box<ChaCha20Poly1305>),
}

/// A message did not authenticate: wrong key, nonce, associated data, ciphertext or tag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadTag;

impl Aead {
    /// Encrypts `text` where it lies and returns the tag.
    pub(crate) fn seal(&self, nonce: [u8; 12], aad: &[u8], text: &mut [u8]) -> [u8; TAG_LEN] {
        const LIMIT: &str = "a TLS record is far below the AEAD's 2^36 bytes";
        let nonce = nonce.into();
        match self {
            Aead::Aes128Gcm(aead) => aead.encrypt_inout_detached(&nonce, aad, text.into()).expect(LIMIT).into(),
            Aead::Aes256Gcm(aead) => aead.encrypt_inout_detached(&nonce, aad, text.into()).expect(LIMIT).into(),
            Aead::ChaCha20Poly1305(aead) => aead.encrypt_inout_detached(&nonce, aad, text.into()).expect(LIMIT).into(),
        }
    }

    /// Checks `tag` and decrypts `text` where it lies; on [`BadTag`] the text is not to be used.
    pub(crate) fn open(&self, nonce: [u8; 12], aad: &[u8], text: &mut [u8], tag: &[u8]) -> Result<(), BadTag> {
        let tag: [u8; TAG_LEN] = tag.try_into().map_err(|_| BadTag)?;
        let (nonce, tag) = (nonce.into(), tag.into());
        match self {
            Aead::Aes128Gcm(aead) => aead.decrypt_inout_detached(&nonce, aad, text.into(), &tag),
            Aead::Aes256Gcm(aead) => aead.decrypt_inout_detached(&nonce, aad, text.into(), &tag),
            Aead::ChaCha20Poly1305(aead) => aead.decrypt_inout_detached(&nonce, aad, text.into(), &tag),
        }
        .map_err(|_| BadTag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::hex;

    /// RFC 8439 §2.8.2.
    #[test]
    fn chacha20_poly1305_gives_the_tag_of_rfc_8439() {
        let key: Vec<u8> = (0x80..=0x9f).collect();
        let nonce = hex("070000004041424344454647").try_into().unwrap();
        let aad = hex("50515253c0c1c2c3c4c5c6c7");
        let plain = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
            sunscreen would be it.";
        let aead = Algorithm::ChaCha20Poly1305.keyed(&key);
        let mut text = plain.to_vec();
        let tag = aead.seal(nonce, &aad, &mut text);
        assert_eq!(text[..16], hex("d31a8d34648e60db7b86afbc53ef7ec2"));
        assert_eq!(tag.as_slice(), hex("1ae10b594f09e26a7e902ecbd0600691"));
        assert_eq!(aead.open(nonce, &aad, &mut text, &tag), Ok(()));
        assert_eq!(text, plain);
    }

    /// The GCM specification's test cases 2 and 14 (a block of zeros under a key of zeros).
    #[test]
    fn gcm_gives_the_tags_of_its_specification() {
        for (algorithm, cipher, expected) in [
            (Algorithm::Aes128Gcm, "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf"),
            (Algorithm::Aes256Gcm, "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"),
        ] {
            let aead = algorithm.keyed(&vec![0; algorithm.key_len()]);
            let mut text = [0; 16];
            let tag = aead.seal([0; 12], b"", &mut text);
            assert_eq!((text.to_vec(), tag.to_vec()), (hex(cipher), hex(expected)), "{algorithm:?}");
        }
    }

    #[test]
    fn anything_changed_is_a_bad_tag() {
        for algorithm in [Algorithm::Aes128Gcm, Algorithm::Aes256Gcm, Algorithm::ChaCha20Poly1305] {
            let aead = algorithm.keyed(&vec![7; algorithm.key_len()]);
            let mut text = b"hello".to_vec();
            let tag = aead.seal([1; 12], b"aad", &mut text);
            assert_eq!(aead.open([2; 12], b"aad", &mut text.clone(), &tag), Err(BadTag));
            assert_eq!(aead.open([1; 12], b"axd", &mut text.clone(), &tag), Err(BadTag));
            assert_eq!(aead.open([1; 12], b"aad", &mut text.clone(), &tag[..15]), Err(BadTag));
            text[0] ^= 1;
            assert_eq!(aead.open([1; 12], b"aad", &mut text, &tag), Err(BadTag));
        }
    }
}
