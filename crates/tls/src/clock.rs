//! The wall clock of the simulation, as rustls asks for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base::WallTime;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

use crate::random::Lease;

/// A clock that shows what the executor last set. All hosts of a world share one.
#[derive(Debug)]
pub struct Clock(AtomicI64);

impl Clock {
    /// A clock that shows `now`.
    pub fn new(now: WallTime) -> Arc<Clock> {
        Arc::new(Clock(AtomicI64::new(now.as_unix_nanos())))
    }
    /// Sets the clock.
    pub fn set(&self, now: WallTime) {
        // The executor is one thread; where threads do share a clock, its value orders nothing else.
        self.0.store(now.as_unix_nanos(), Ordering::Relaxed);
    }
    /// What the clock shows.
    pub fn now(&self) -> WallTime {
        WallTime::from_unix_nanos(self.0.load(Ordering::Relaxed))
    }
}

impl TimeProvider for Clock {
    /// Whole seconds since 1970; a moment before that has no [`UnixTime`], and certificates do not verify then.
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.now().as_unix_secs()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    }
}

/// A clock that also holds a lease of randomness: a configuration keeps its time provider for as long as it lives, and
/// a connection that still draws randomness keeps its configuration.
#[derive(Debug)]
pub(crate) struct LeasedClock {
    pub(crate) clock: Arc<Clock>,
    pub(crate) _lease: Lease,
}

impl TimeProvider for LeasedClock {
    fn current_time(&self) -> Option<UnixTime> {
        self.clock.current_time()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_shows_whole_seconds_of_what_was_set() {
        let clock = Clock::new(WallTime::SIMULATION_EPOCH);
        assert_eq!(clock.current_time().unwrap().as_secs(), 1_767_225_600);
        clock.set(WallTime::from_unix_nanos(1_999_999_999));
        assert_eq!(clock.current_time().unwrap().as_secs(), 1);
        clock.set(WallTime::from_unix_nanos(-1));
        assert_eq!(clock.current_time(), None);
    }
}
