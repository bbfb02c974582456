//! The [`CryptoProvider`] itself: suites, groups, signatures and the seeded randomness, put together.

use std::sync::Arc;

use base::Rng;
use rustls::crypto::{CryptoProvider, KeyProvider, SupportedKxGroup};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use rustls::{CipherSuite, Error, NamedGroup};

use crate::random::{Lease, Slot};
use crate::{suites, verify};

/// A key-exchange group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// X25519 (RFC 7748): a share of 32 bytes each way.
    X25519,
    /// NIST P-256 (RFC 8422): 65 bytes each way.
    Secp256r1,
    /// X25519 with ML-KEM-768, as today's browsers offer: 1,216 bytes from the client, so that its hello no longer
    /// fits one segment, and 1,120 back. TLS 1.3 only.
    X25519MlKem768,
}

impl Group {
    /// The group's name and number in the protocol.
    pub fn name(self) -> NamedGroup {
        match self {
            Group::X25519 => NamedGroup::X25519,
            Group::Secp256r1 => NamedGroup::secp256r1,
            Group::X25519MlKem768 => NamedGroup::X25519MLKEM768,
        }
    }

    fn of(self, slot: &'static Slot) -> &'static dyn SupportedKxGroup {
        match self {
            Group::X25519 => &slot.x25519,
            Group::Secp256r1 => &slot.secp256r1,
            Group::X25519MlKem768 => &slot.x25519_mlkem768,
        }
    }
}

/// A provider whose every random byte comes from `rng`, with all suites and the given groups, the preferred first.
///
/// The place of its randomness (about 500 bytes) is never freed; [`client`](crate::client) and
/// [`server`](crate::server) use places that are given back, so prefer them when configurations come and go.
pub fn provider(rng: Rng, groups: &[Group]) -> Arc<CryptoProvider> {
    let lease = Lease::new(rng);
    let slot = lease.slot();
    std::mem::forget(lease);
    Arc::new(assemble(slot, groups))
}

/// The provider that draws from `slot`, with `groups` and all suites.
pub(crate) fn assemble(slot: &'static Slot, groups: &[Group]) -> CryptoProvider {
    CryptoProvider {
        cipher_suites: suites::all().to_vec(),
        kx_groups: groups.iter().map(|group| group.of(slot)).collect(),
        signature_verification_algorithms: verify::ALGORITHMS,
        secure_random: slot.random,
        key_provider: &NoKeyFiles,
    }
}

/// Restricts `provider` to `suites`, in that order.
///
/// # Errors
/// Names the first suite that the provider does not have.
pub(crate) fn restrict(provider: &mut CryptoProvider, suites: &[CipherSuite]) -> Result<(), Error> {
    provider.cipher_suites = suites
        .iter()
        .map(|&wanted| {
            suites::all().into_iter().find(|have| have.suite() == wanted).ok_or_else(|| {
                let have: Vec<_> = suites::all().iter().map(|suite| format!("{:?}", suite.suite())).collect();
                Error::General(format!("no cipher suite {wanted:?} here; there are {}", have.join(", ")))
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(())
}

/// Keys come from [`crate::Authority`], never from files.
#[derive(Debug)]
struct NoKeyFiles;

impl KeyProvider for NoKeyFiles {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("the simulation's keys come from its own authority: use tls::Authority::issue".into()))
    }
}
