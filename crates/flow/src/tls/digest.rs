//! HMAC over the hashes of TLS, and the two ways to make keys of secrets: HKDF-Expand-Label (TLS 1.3) and the PRF
//! (TLS 1.2 and before).

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use wire::tls::Hash;

/// HMAC (RFC 2104) of the parts in a row; `None` for a hash of suites that are named but not decrypted (the caller says which).
pub(super) fn hmac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
    fn run<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
        let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
        for part in parts {
            mac.update(part);
        }
        Some(mac.finalize().into_bytes().to_vec())
    }
    match hash {
        Hash::Md5 => run::<Hmac<Md5>>(key, parts),
        Hash::Sha1 => run::<Hmac<Sha1>>(key, parts),
        Hash::Sha256 => run::<Hmac<Sha256>>(key, parts),
        Hash::Sha384 => run::<Hmac<Sha384>>(key, parts),
        _ => None,
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446 §7.1). `len` is at most the hash's length, as all that records
/// need is, so the first block of HKDF-Expand (RFC 5869 §2.3) is the whole of it.
pub(super) fn expand_label(hash: Hash, secret: &[u8], label: &str, len: usize) -> Option<Vec<u8>> {
    let length = u16::try_from(len).ok()?.to_be_bytes();
    let label_len = u8::try_from("tls13 ".len() + label.len()).ok()?;
    let mut block = hmac(hash, secret, &[&length, &[label_len], b"tls13 ", label.as_bytes(), &[0], &[1]])?;
    if block.len() < len {
        return None;
    }
    block.truncate(len);
    Some(block)
}

/// The PRF of TLS 1.2 with the suite's hash (RFC 5246 §5), or of TLS 1.0 and 1.1 with both of its hashes (RFC 2246 §5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Prf {
    Tls12(Hash),
    Md5AndSha1,
}

impl Prf {
    /// The first `len` bytes of PRF(secret, label, seed).
    pub(super) fn expand(self, secret: &[u8], label: &str, seed: &[&[u8]], len: usize) -> Option<Vec<u8>> {
        match self {
            Prf::Tls12(hash) => p_hash(hash, secret, label, seed, len),
            Prf::Md5AndSha1 => {
                // RFC 2246 §5: two halves, which share the middle byte of a secret of odd length.
                let half = secret.len().div_ceil(2);
                let first = p_hash(Hash::Md5, secret.get(..half)?, label, seed, len)?;
                let second = p_hash(Hash::Sha1, secret.get(secret.len() - half..)?, label, seed, len)?;
                Some(first.iter().zip(&second).map(|(a, b)| a ^ b).collect())
            }
        }
    }
}

/// P_hash (RFC 5246 §5).
fn p_hash(hash: Hash, secret: &[u8], label: &str, seed: &[&[u8]], len: usize) -> Option<Vec<u8>> {
    let seed = [&[label.as_bytes()], seed].concat().concat();
    let mut out = Vec::with_capacity(len + 48);
    let mut a = hmac(hash, secret, &[&seed])?;
    while out.len() < len {
        out.extend(hmac(hash, secret, &[&a, &seed])?);
        a = hmac(hash, secret, &[&a])?;
    }
    out.truncate(len);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::hex;

    /// RFC 8448 §3: the server's handshake traffic key and IV.
    #[test]
    fn traffic_keys_are_those_of_rfc_8448() {
        let secret = hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
        let key = expand_label(Hash::Sha256, &secret, "key", 16).unwrap();
        let iv = expand_label(Hash::Sha256, &secret, "iv", 12).unwrap();
        assert_eq!(key, hex("3fce516009c21727d0f2e4e86ee403bc"));
        assert_eq!(iv, hex("5d313eb2671276ee13000b30"));
        assert_eq!(expand_label(Hash::Sha256, &secret, "key", 33), None);
    }

    /// The vector for SHA-256 that the TLS working group published on its list with RFC 5246.
    #[test]
    fn the_prf_of_tls_12_gives_its_known_answer() {
        let out = Prf::Tls12(Hash::Sha256)
            .expand(
                &hex("9bbe436ba940f017b17652849a71db35"),
                "test label",
                &[&hex("a0ba9f936cda311827a6f796ffd5198c")],
                100,
            )
            .unwrap();
        assert_eq!(out[..32], hex("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"));
        assert_eq!(out.len(), 100);
    }
}
