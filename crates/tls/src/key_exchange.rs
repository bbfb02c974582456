//! Ephemeral Diffie-Hellman over X25519 (RFC 7748) and secp256r1 (NIST P-256), as TLS uses them (RFC 8446 §4.2.8.2,
//! RFC 8422 §5.10 and §5.11).

use p256::elliptic_curve::sec1::ToSec1Point;
use rustls::crypto::{ActiveKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup, PeerMisbehaved};
use x25519_dalek::{PublicKey, StaticSecret};

use crate::random::SharedRng;

/// The peer's share is not a point that it may send.
pub(crate) const BAD_SHARE: Error = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);

/// The group X25519.
#[derive(Debug)]
pub(crate) struct X25519(pub(crate) &'static SharedRng);

impl SupportedKxGroup for X25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(X25519Exchange::new(self.0)))
    }
    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

/// Our half of an X25519 exchange.
pub(crate) struct X25519Exchange {
    secret: StaticSecret,
    pub(crate) share: [u8; 32],
}

impl X25519Exchange {
    pub(crate) fn new(random: &SharedRng) -> X25519Exchange {
        let secret = StaticSecret::from(random.bytes::<32>());
        let share = PublicKey::from(&secret).to_bytes();
        X25519Exchange { secret, share }
    }

    /// The shared secret with a peer's share.
    pub(crate) fn agree(&self, peer: &[u8]) -> Result<[u8; 32], Error> {
        let peer: [u8; 32] = peer.try_into().map_err(|_| BAD_SHARE)?;
        let shared = self.secret.diffie_hellman(&PublicKey::from(peer));
        // RFC 8446 §7.4.2: the all-zero result of a point of small order must be refused.
        if shared.was_contributory() { Ok(shared.to_bytes()) } else { Err(BAD_SHARE) }
    }
}

impl ActiveKeyExchange for X25519Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        self.agree(peer).map(|secret| SharedSecret::from(secret.as_slice()))
    }
    fn pub_key(&self) -> &[u8] {
        &self.share
    }
    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

/// The group secp256r1.
#[derive(Debug)]
pub(crate) struct Secp256r1(pub(crate) &'static SharedRng);

struct Secp256r1Exchange {
    secret: p256::SecretKey,
    share: Vec<u8>,
}

impl SupportedKxGroup for Secp256r1 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        // All but 2^-32 of the 32-byte strings are scalars: the loop ends at its first pass, almost always.
        let secret = loop {
            if let Ok(secret) = p256::SecretKey::from_slice(&self.0.bytes::<32>()) {
                break secret;
            }
        };
        // RFC 8446 §4.2.8.2: the uncompressed form.
        let share = secret.public_key().to_sec1_point(false).as_bytes().to_vec();
        Ok(Box::new(Secp256r1Exchange { secret, share }))
    }
    fn name(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

impl ActiveKeyExchange for Secp256r1Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        // RFC 8446 §4.2.8.2: only the uncompressed form, and only a point on the curve.
        if peer.first() != Some(&0x04) {
            return Err(BAD_SHARE);
        }
        let peer = p256::PublicKey::from_sec1_bytes(peer).map_err(|_| BAD_SHARE)?;
        let shared = p256::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), peer.as_affine());
        Ok(SharedSecret::from(shared.raw_secret_bytes().as_slice()))
    }
    fn pub_key(&self) -> &[u8] {
        &self.share
    }
    fn group(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::hex;
    use crate::random::Lease;
    use base::Seed;

    /// RFC 7748 §6.1.
    #[test]
    fn x25519_agrees_as_in_rfc_7748() {
        let exchange = |secret: &str| {
            let secret = StaticSecret::from(<[u8; 32]>::try_from(hex(secret)).unwrap());
            X25519Exchange { share: PublicKey::from(&secret).to_bytes(), secret }
        };
        let alice = exchange("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        let bob = exchange("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        assert_eq!(alice.share.to_vec(), hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
        let shared = hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
        assert_eq!(alice.agree(&bob.share).unwrap().to_vec(), shared);
        assert_eq!(bob.agree(&alice.share).unwrap().to_vec(), shared);
    }

    #[test]
    fn both_sides_agree_and_bad_shares_are_refused() {
        let (a, b) = (Lease::new(Seed(1).stream("a")), Lease::new(Seed(1).stream("b")));
        let groups = |lease: &Lease| -> [&'static dyn SupportedKxGroup; 2] {
            let slot = lease.slot();
            [&slot.x25519, &slot.secp256r1]
        };
        for (left, right) in groups(&a).into_iter().zip(groups(&b)) {
            let (l, r) = (left.start().unwrap(), right.start().unwrap());
            let (left_share, right_share) = (l.pub_key().to_vec(), r.pub_key().to_vec());
            assert_ne!(left_share, right_share);
            let (l, r) = (l.complete(&right_share).unwrap(), r.complete(&left_share).unwrap());
            assert_eq!(l.secret_bytes(), r.secret_bytes());
            for bad in [&[][..], &[0; 32], &[4; 65], &right_share[1..]] {
                assert!(left.start().unwrap().complete(bad).is_err(), "{:?} {bad:?}", left.name());
            }
        }
    }
}
