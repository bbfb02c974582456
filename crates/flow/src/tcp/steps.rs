//! Where the clock of a capture was set forward, as the ends of a connection tell that had not waited so long.

use base::{Duration, Instant};

/// A silence that is longer by the capture's clock than by the ends'.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockStep {
    /// The first packet behind it.
    pub frame: u32,
    /// The last one before it.
    pub before: u32,
    /// When that one passed, by the capture's clock.
    pub from: Instant,
    /// Derived: by how much the clock was set forward at least.
    pub by: Duration,
}

/// Steps that are kept of a connection.
const MAX_STEPS: usize = 16;
/// Less is no step: a busy end's clock may be read late.
const LEAST: Duration = Duration::from_secs(2);
/// A sender that knows of a round trip far below this repeats what is not acknowledged earlier (RFC 6298 §2.1: at most a
/// second without a sample, and a sample makes it less).
const UNREPEATED: Duration = Duration::from_secs(3);
/// How slow a timestamp clock counts, where that was not seen. RFC 7323 §5.4 lets a tick last up to a second; systems take
/// from one to a hundred milliseconds.
const SLOW_TICK: Duration = Duration::from_millis(100);
/// It is seen where it has counted so far.
const ENOUGH_TICKS: u32 = 20;

/// The clock of one end's timestamps (RFC 7323 §3.2), and when the capture saw it.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Ticks {
    last: Option<(Instant, u32)>,
    /// Ticks that it counted without a step, and how long that took.
    seen: (u32, Duration),
}

impl Ticks {
    /// A segment with a timestamp. Gives by how much the capture's clock went on farther than this one did, if that is
    /// more than can be.
    fn hears(&mut self, at: Instant, value: u32) -> Option<Duration> {
        let (then, before) = self.last.replace((at, value))?;
        let (passed, ticks) = (at.since(then), value.wrapping_sub(before));
        if ticks > u32::MAX / 2 || passed < Duration::ZERO {
            self.last = Some((then.max(at), before)); // overtaken on the way
            return None;
        }
        let tick = match self.seen {
            (counted, took) if counted >= ENOUGH_TICKS => took / i64::from(counted),
            _ => SLOW_TICK,
        };
        // It may have been about to count.
        let counted = tick * (i64::from(ticks) + 1);
        if passed >= LEAST && counted < passed / 2 {
            return Some(passed - counted);
        }
        self.seen = (self.seen.0.saturating_add(ticks), self.seen.1 + passed);
        None
    }
}

/// The steps that a connection shows.
#[derive(Clone, Default, Debug)]
pub(crate) struct Steps {
    last: Option<(u32, Instant)>,
    ticks: [Ticks; 2],
    pub(crate) list: Vec<ClockStep>,
}

impl Steps {
    /// A segment of one of the two ends, with its timestamp if it has one, and the time since the segment that it acknowledges,
    /// if that was sent once, beside the shortest such time.
    pub(crate) fn hears(
        &mut self,
        frame: u32,
        at: Instant,
        (end, timestamp): (usize, Option<u32>),
        answered: Option<(Duration, Duration)>,
    ) {
        let last = self.last.replace((frame, at));
        let by = match timestamp {
            Some(value) => self.ticks.get_mut(end).and_then(|ticks| ticks.hears(at, value)),
            None => None,
        };
        let Some((before, from)) = last else { return };
        let silence = at.since(from);
        // What was in flight was not sent again all the time, and then its acknowledgment came as if nothing had been.
        let unrepeated = answered.filter(|(took, least)| *took >= UNREPEATED && *least < UNREPEATED / 8);
        let by = match (by, unrepeated) {
            (Some(by), _) => by,
            (None, Some((took, least))) if timestamp.is_none() => took - least,
            _ => return,
        };
        // The other end's clock tells of the same step once more, behind no silence.
        if silence >= LEAST && silence >= by / 2 && self.list.len() < MAX_STEPS {
            self.list.push(ClockStep { frame, before, from, by: by.min(silence) });
        }
    }
}
