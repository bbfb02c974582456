//! Session tickets that carry the session itself, sealed (RFC 5077, RFC 8446 §4.6.1), on virtual time.

use std::sync::{Arc, Mutex, PoisonError};

use base::Rng;
use rustls::crypto::hmac::Hmac as _;
use rustls::server::ProducesTickets;

use crate::Clock;
use crate::aead::{Algorithm, TAG_LEN};
use crate::hash::HmacSha256;

const NONCE_LEN: usize = 12;
const PERIOD_LEN: usize = 8;

/// Seals sessions into tickets: the number of the period whose key was used, a nonce, the sealed session, its tag.
///
/// rustls wants a ticket's lifetime to be enforced by changing keys. Each period of [`Ticketer::LIFETIME_S`] has its own
/// key, derived from a master key; a ticket is accepted in its own period and the next one.
pub struct Ticketer {
    master: [u8; 32],
    rng: Mutex<Rng>,
    clock: Arc<Clock>,
}

impl Ticketer {
    /// How long a ticket is promised to work: two hours, in seconds.
    pub const LIFETIME_S: u32 = 7200;

    /// A ticketer whose keys and nonces come from `rng`.
    pub fn new(mut rng: Rng, clock: &Arc<Clock>) -> Arc<Ticketer> {
        let mut master = [0; 32];
        rng.fill(&mut master);
        Arc::new(Ticketer { master, rng: Mutex::new(rng), clock: clock.clone() })
    }

    fn period(&self) -> i64 {
        self.clock.now().as_unix_secs().div_euclid(i64::from(Self::LIFETIME_S))
    }

    fn key(&self, period: [u8; PERIOD_LEN]) -> crate::aead::Aead {
        let key = HmacSha256.with_key(&self.master).sign_concat(b"ticket", &[], &period);
        Algorithm::Aes256Gcm.keyed(key.as_ref())
    }
}

impl std::fmt::Debug for Ticketer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticketer")
    }
}

impl ProducesTickets for Ticketer {
    fn enabled(&self) -> bool {
        true
    }
    fn lifetime(&self) -> u32 {
        Self::LIFETIME_S
    }

    fn encrypt(&self, session: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut nonce);
        let period = self.period().to_be_bytes();
        let mut sealed = session.to_vec();
        let tag = self.key(period).seal(nonce, &period, &mut sealed);
        Some([&period[..], &nonce, &sealed, &tag].concat())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (&period, rest) = ticket.split_first_chunk::<PERIOD_LEN>()?;
        let (&nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let (sealed, tag) = rest.split_last_chunk::<TAG_LEN>()?;
        let age = self.period().checked_sub(i64::from_be_bytes(period))?;
        if !(0..=1).contains(&age) {
            return None;
        }
        let mut session = sealed.to_vec();
        self.key(period).open(nonce, &period, &mut session, tag).ok()?;
        Some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Duration, Seed, WallTime};

    #[test]
    fn a_ticket_opens_until_its_keys_are_gone_and_never_when_changed() {
        let clock = Clock::new(WallTime::SIMULATION_EPOCH);
        let ticketer = Ticketer::new(Seed(1).stream("tickets"), &clock);
        let ticket = ticketer.encrypt(b"session").unwrap();
        assert_eq!(ticketer.decrypt(&ticket).as_deref(), Some(&b"session"[..]));
        for at in 0..ticket.len() {
            let mut changed = ticket.clone();
            changed[at] ^= 1;
            assert_eq!(ticketer.decrypt(&changed), None, "byte {at}");
            assert_eq!(ticketer.decrypt(&ticket[..at]), None, "cut at {at}");
        }
        clock.set(WallTime::SIMULATION_EPOCH + Duration::from_secs(i64::from(Ticketer::LIFETIME_S)));
        assert!(ticketer.decrypt(&ticket).is_some(), "the promised lifetime");
        clock.set(WallTime::SIMULATION_EPOCH + Duration::from_secs(2 * i64::from(Ticketer::LIFETIME_S)));
        assert_eq!(ticketer.decrypt(&ticket), None, "expired");
    }
}
