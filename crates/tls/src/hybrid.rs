//! X25519MLKEM768: X25519 together with ML-KEM-768 (FIPS 203), so that the connection stays secret if either holds
//! (draft-ietf-tls-ecdhe-mlkem §3). The ML-KEM part comes first, in both shares and in the secret.

use ml_kem::kem::{Decapsulate, KeyExport};
use ml_kem::{DecapsulationKey768, EncapsulationKey768};
use rustls::crypto::{ActiveKeyExchange, CompletedKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup, ProtocolVersion};

use crate::key_exchange::{BAD_SHARE, X25519Exchange};
use crate::random::SharedRng;

/// Bytes of an ML-KEM-768 encapsulation key: the client's share.
const ENCAPSULATION_KEY_LEN: usize = 1184;
/// Bytes of an ML-KEM-768 ciphertext: the server's share.
const CIPHERTEXT_LEN: usize = 1088;

/// The group X25519MLKEM768.
#[derive(Debug)]
pub(crate) struct X25519MlKem768(pub(crate) &'static SharedRng);

impl SupportedKxGroup for X25519MlKem768 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let ml_kem = DecapsulationKey768::from_seed(self.0.bytes::<64>().into());
        let x25519 = X25519Exchange::new(self.0);
        let mut share = ml_kem.encapsulation_key().to_bytes().to_vec();
        share.extend_from_slice(&x25519.share);
        Ok(Box::new(Exchange { ml_kem, x25519, share }))
    }

    fn start_and_complete(&self, peer: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let (key, peer_x25519) = peer.split_at_checked(ENCAPSULATION_KEY_LEN).ok_or(BAD_SHARE)?;
        let key: [u8; ENCAPSULATION_KEY_LEN] = key.try_into().map_err(|_| BAD_SHARE)?;
        // The modulus check of FIPS 203 §7.2 is part of `new`.
        let key = EncapsulationKey768::new(&key.into()).map_err(|_| BAD_SHARE)?;
        let (ciphertext, ml_kem_secret) = key.encapsulate_deterministic(&self.0.bytes::<32>().into());
        let x25519 = X25519Exchange::new(self.0);
        let mut secret = ml_kem_secret.to_vec();
        secret.extend_from_slice(&x25519.agree(peer_x25519)?);
        let mut pub_key = ciphertext.to_vec();
        pub_key.extend_from_slice(&x25519.share);
        Ok(CompletedKeyExchange { group: self.name(), pub_key, secret: SharedSecret::from(secret) })
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

/// The client's half of an exchange.
struct Exchange {
    ml_kem: DecapsulationKey768,
    x25519: X25519Exchange,
    share: Vec<u8>,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let (ciphertext, peer_x25519) = peer.split_at_checked(CIPHERTEXT_LEN).ok_or(BAD_SHARE)?;
        let mut secret = self.ml_kem.decapsulate_slice(ciphertext).map_err(|_| BAD_SHARE)?.to_vec();
        secret.extend_from_slice(&self.x25519.agree(peer_x25519)?);
        Ok(SharedSecret::from(secret))
    }

    // A client may offer the X25519 half on its own as well, for a server that does not know the hybrid.
    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        Some((NamedGroup::X25519, &self.x25519.share))
    }
    fn complete_hybrid_component(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        Box::new(self.x25519).complete(peer)
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }
    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Lease;
    use base::Seed;

    #[test]
    fn client_and_server_agree_on_64_bytes() {
        let lease = Lease::new(Seed(1).stream("tls"));
        let group = &lease.slot().x25519_mlkem768;
        let client = group.start().unwrap();
        assert_eq!(client.pub_key().len(), 1216);
        let server = group.start_and_complete(client.pub_key()).unwrap();
        assert_eq!(server.pub_key.len(), 1120);
        let secret = client.complete(&server.pub_key).unwrap();
        assert_eq!(secret.secret_bytes(), server.secret.secret_bytes());
        assert_eq!(secret.secret_bytes().len(), 64);
    }

    #[test]
    fn shares_of_a_wrong_length_or_content_are_refused() {
        let lease = Lease::new(Seed(1).stream("tls"));
        let group = &lease.slot().x25519_mlkem768;
        for bad in [vec![], vec![1; 1215], vec![1; 1217], vec![0xff; 1216]] {
            assert!(group.start_and_complete(&bad).is_err(), "{}", bad.len());
        }
        for bad in [vec![], vec![1; 1119], vec![1; 1121]] {
            assert!(group.start().unwrap().complete(&bad).is_err(), "{}", bad.len());
        }
    }
}
