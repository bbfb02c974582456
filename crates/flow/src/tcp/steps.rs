//! Where the clock of a capture was set forward, as the ends of a connection tell that had not waited so long.

use base::{Duration, Instant};
use wire::tcp::Flags;

use super::Segment;

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
/// How fast a timestamp clock counts is known when it has counted so far (RFC 7323 §5.4 lets a tick last from a millisecond
/// to a second). One that never counts was set by somebody on the way, and tells no time.
const ENOUGH_TICKS: u32 = 20;

/// The last long silence of a whole capture.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Silence {
    /// When a packet broke it.
    ended: Instant,
    lasted: Duration,
}

/// What keeps them: a clock that is set forward leaves one, whoever else is captured.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Silences {
    heard: Option<Instant>,
    last: Silence,
}

impl Silences {
    /// The next packet of the capture. Gives the last silence before it.
    pub(crate) fn passes(&mut self, at: Instant) -> Silence {
        let lasted = self.heard.replace(at).map_or(Duration::ZERO, |heard| at.since(heard));
        if lasted >= LEAST {
            self.last = Silence { ended: at, lasted };
        }
        self.last
    }
}

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
        if let (ENOUGH_TICKS.., took) = self.seen {
            // It may have been about to count.
            let counted = took / i64::from(self.seen.0) * (i64::from(ticks) + 1);
            if passed >= LEAST && counted < passed / 2 {
                return Some(passed - counted);
            }
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
    /// Whether an end's acknowledgments without data were captured.
    bare: [bool; 2],
    /// What one end's clock says, until the other end's has been heard: a machine that slept counted nothing, and the
    /// other one did.
    doubtful: Option<(usize, ClockStep)>,
    pub(crate) list: Vec<ClockStep>,
}

impl Steps {
    /// A segment of end `end`, and the time since the segment that it acknowledges, if that was sent once, beside the shortest
    /// such time.
    pub(crate) fn hears(&mut self, end: usize, segment: &Segment, answered: Option<(Duration, Duration)>) {
        let (frame, at) = (segment.frame, segment.at);
        let timestamp = segment.options.timestamps.map(|(value, _)| value);
        let by = match timestamp {
            Some(value) => self.ticks.get_mut(end).and_then(|ticks| ticks.hears(at, value)),
            None => None,
        };
        match self.doubtful {
            Some((first, step)) if first != end && timestamp.is_some() => {
                self.doubtful = None;
                if by.is_some() {
                    self.tell(step);
                }
            }
            _ => {}
        }
        // Where bare acknowledgments are left out of a capture, it does not tell when data was acknowledged.
        let bare = segment.len == 0 && !segment.flags.intersects(Flags::SYN | Flags::FIN | Flags::RST);
        if let Some(seen) = self.bare.get_mut(end) {
            *seen |= bare;
        }
        let told = self.bare.get(end).is_some_and(|bare| *bare);
        let Some((before, from)) = self.last.replace((frame, at)) else { return };
        // Other connections were silent as well.
        let silence = at.since(from).min(segment.silence.lasted);
        if silence < LEAST || segment.silence.ended <= from {
            return;
        }
        let step = |by: Duration| ClockStep { frame, before, from, by: by.min(silence) };
        // What was in flight was not sent again all the time, and then its acknowledgment came as if nothing had been.
        let unrepeated = answered.filter(|(took, least)| *took >= UNREPEATED && *least < UNREPEATED / 8);
        match (by, unrepeated) {
            // The other end's clock tells of the same step once more, behind no silence.
            (Some(by), _) if silence >= by / 2 => match self.ticks.get(1 - end.min(1)) {
                Some(other) if other.last.is_some() => self.doubtful = Some((end, step(by))),
                _ => self.tell(step(by)),
            },
            (None, Some((took, least))) if timestamp.is_none() && told && silence >= (took - least) / 2 => {
                self.tell(step(took - least));
            }
            _ => {}
        }
    }

    fn tell(&mut self, step: ClockStep) {
        if self.list.len() < MAX_STEPS {
            self.list.push(step);
        }
    }
}
