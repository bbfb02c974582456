//! SHA-256 and SHA-384 (FIPS 180-4), and HMAC (RFC 2104) over them, as rustls asks for them.

use ::hmac::{KeyInit, Mac};
use rustls::crypto::{hash, hmac};
use sha2::Digest;

/// Declares a hash, its running context, its HMAC and a keyed HMAC.
macro_rules! hash_function {
    ($name:ident, $context:ident, $hmac:ident, $keyed:ident, $digest:ty, $len:literal, $id:ident) => {
        pub(crate) struct $name;
        struct $context($digest);
        pub(crate) struct $hmac;
        struct $keyed(::hmac::Hmac<$digest>);

        impl hash::Hash for $name {
            fn start(&self) -> Box<dyn hash::Context> {
                Box::new($context(<$digest>::new()))
            }
            fn hash(&self, data: &[u8]) -> hash::Output {
                hash::Output::new(&<$digest>::digest(data))
            }
            fn output_len(&self) -> usize {
                $len
            }
            fn algorithm(&self) -> hash::HashAlgorithm {
                hash::HashAlgorithm::$id
            }
        }

        impl hash::Context for $context {
            fn fork_finish(&self) -> hash::Output {
                hash::Output::new(&self.0.clone().finalize())
            }
            fn fork(&self) -> Box<dyn hash::Context> {
                Box::new($context(self.0.clone()))
            }
            fn finish(self: Box<Self>) -> hash::Output {
                hash::Output::new(&self.0.finalize())
            }
            fn update(&mut self, data: &[u8]) {
                Digest::update(&mut self.0, data);
            }
        }

        impl hmac::Hmac for $hmac {
            fn with_key(&self, key: &[u8]) -> Box<dyn hmac::Key> {
                Box::new($keyed(
                    ::hmac::Hmac::new_from_slice(key).expect("HMAC takes keys of any length (RFC 2104 §2)"),
                ))
            }
            fn hash_output_len(&self) -> usize {
                $len
            }
        }

        impl hmac::Key for $keyed {
            fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> hmac::Tag {
                let mut mac = self.0.clone();
                mac.update(first);
                for part in middle {
                    mac.update(part);
                }
                mac.update(last);
                hmac::Tag::new(&mac.finalize().into_bytes())
            }
            fn tag_len(&self) -> usize {
                $len
            }
        }
    };
}

hash_function!(Sha256, Sha256Context, HmacSha256, HmacSha256Key, sha2::Sha256, 32, SHA256);
hash_function!(Sha384, Sha384Context, HmacSha384, HmacSha384Key, sha2::Sha384, 48, SHA384);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::hex;
    use rustls::crypto::hash::Hash as _;
    use rustls::crypto::tls13::{Hkdf as _, HkdfUsingHmac};

    #[test]
    fn hashes_of_abc_are_those_of_fips_180_4() {
        assert_eq!(
            Sha256.hash(b"abc").as_ref(),
            hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        let mut context = Sha384.start();
        context.update(b"a");
        assert_eq!(context.fork_finish().as_ref(), Sha384.hash(b"a").as_ref());
        let mut fork = context.fork();
        fork.update(b"x");
        context.update(b"bc");
        assert_eq!(
            context.finish().as_ref(),
            hex("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7")
        );
    }

    /// RFC 4231 §4.3, test case 2, for both hashes; the data reach the MAC in three pieces.
    #[test]
    fn hmac_gives_the_tags_of_rfc_4231() {
        let sign =
            |h: &dyn hmac::Hmac| h.with_key(b"Jefe").sign_concat(b"what do ya", &[b" want ", b"for "], b"nothing?");
        assert_eq!(sign(&HmacSha256).as_ref(), hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
        assert_eq!(
            sign(&HmacSha384).as_ref(),
            hex("af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649")
        );
    }

    /// RFC 5869 appendix A.1.
    #[test]
    fn hkdf_expands_as_rfc_5869_says() {
        let salt = hex("000102030405060708090a0b0c");
        let expander = HkdfUsingHmac(&HmacSha256).extract_from_secret(Some(&salt), &[0x0b; 22]);
        let mut okm = [0; 42];
        expander.expand_slice(&[&hex("f0f1f2f3f4f5f6f7f8f9")], &mut okm).unwrap();
        assert_eq!(
            okm.as_slice(),
            hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        );
    }
}
