//! The provider's randomness: a stream of the run's seed, in a place that lives as long as the process.
//!
//! rustls asks for `&'static` references to the source of randomness and to the key-exchange groups, so their places
//! can never be freed. They are pooled instead: a [`Lease`] takes a free [`Slot`] or makes one (about 500 bytes) and
//! gives it back when the last configuration that uses it is dropped. A process holds as many slots as it ever had
//! configurations at once, however many runs it makes. Which slot a run gets changes nothing: a lease sets its stream anew.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::Rng;
use rustls::crypto::{GetRandomFailed, SecureRandom};

use crate::hybrid::X25519MlKem768;
use crate::key_exchange::{Secp256r1, X25519};

/// A stream of randomness that rustls can share.
pub(crate) struct SharedRng(Mutex<Rng>);

impl SharedRng {
    fn lock(&self) -> MutexGuard<'_, Rng> {
        // A stream has no state between draws that a panic elsewhere could break.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next `N` bytes.
    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.lock().fill(&mut bytes);
        bytes
    }
}

impl SecureRandom for SharedRng {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), GetRandomFailed> {
        self.lock().fill(buffer);
        Ok(())
    }
}

impl fmt::Debug for SharedRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedRng")
    }
}

/// What rustls wants for ever: a source of randomness, and the groups that draw from it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) random: &'static SharedRng,
    pub(crate) x25519: X25519,
    pub(crate) secp256r1: Secp256r1,
    pub(crate) x25519_mlkem768: X25519MlKem768,
}

static FREE: Mutex<Vec<&'static Slot>> = Mutex::new(Vec::new());

/// The use of a slot, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lease(&'static Slot);

impl Lease {
    /// A slot whose randomness is `rng`.
    pub(crate) fn new(rng: Rng) -> Lease {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match free {
            Some(slot) => {
                *slot.random.lock() = rng;
                Lease(slot)
            }
            None => {
                let random: &'static SharedRng = Box::leak(Box::new(SharedRng(Mutex::new(rng))));
                Lease(Box::leak(Box::new(Slot {
                    random,
                    x25519: X25519(random),
                    secp256r1: Secp256r1(random),
                    x25519_mlkem768: X25519MlKem768(random),
                })))
            }
        }
    }

    /// The slot. It outlives the lease, but its stream does not: keep the lease as long as anything draws from it.
    pub(crate) fn slot(&self) -> &'static Slot {
        self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;

    #[test]
    fn a_slot_that_was_used_before_repeats_the_stream_of_its_new_lease() {
        let draw = || Lease::new(Seed(7).stream("tls")).slot().random.bytes::<32>();
        let first = draw();
        Lease::new(Seed(8).stream("other")).slot().random.bytes::<5>();
        assert_eq!(draw(), first);
    }

    #[test]
    fn the_slot_is_as_small_as_its_documentation_says() {
        assert!(size_of::<Slot>() + size_of::<SharedRng>() <= 512);
    }
}
