//! AES in CBC mode (NIST SP 800-38A §6.2).

use aes::cipher::{Block, BlockCipherDecrypt, KeyInit};
use aes::{Aes128, Aes256};
use wire::tls::Cipher;

/// AES has blocks of 16 bytes.
pub(super) const BLOCK: usize = 16;

/// AES with its key.
pub(super) enum Aes {
    Aes128(Box<Aes128>),
    Aes256(Box<Aes256>),
}

impl Aes {
    /// The block cipher, or nothing if the cipher is another or the key's length is wrong.
    pub(super) fn new(cipher: Cipher, key: &[u8]) -> Option<Aes> {
        match cipher {
            Cipher::Aes128Cbc => Some(Aes::Aes128(Box::new(Aes128::new_from_slice(key).ok()?))),
            Cipher::Aes256Cbc => Some(Aes::Aes256(Box::new(Aes256::new_from_slice(key).ok()?))),
            _ => None,
        }
    }

    /// Decrypts `ciphertext`, a whole number of blocks, chained from `iv`.
    pub(super) fn decrypt(&self, iv: &[u8; BLOCK], ciphertext: &[u8]) -> Vec<u8> {
        match self {
            Aes::Aes128(aes) => unchain(&**aes, iv, ciphertext),
            Aes::Aes256(aes) => unchain(&**aes, iv, ciphertext),
        }
    }
}

/// CBC: each decrypted block is XORed with the ciphertext before it (NIST SP 800-38A §6.2).
fn unchain<C: BlockCipherDecrypt>(aes: &C, iv: &[u8; BLOCK], ciphertext: &[u8]) -> Vec<u8> {
    let mut plain = ciphertext.to_vec();
    let (blocks, _) = Block::<C>::slice_as_chunks_mut(&mut plain);
    aes.decrypt_blocks(blocks);
    for (byte, before) in plain.iter_mut().zip(iv.iter().chain(ciphertext)) {
        *byte ^= before;
    }
    plain
}
