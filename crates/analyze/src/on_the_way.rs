//! Segments that an end has not been shown to have got.

use std::collections::VecDeque;

use base::Instant;
use wire::tcp::Flags;

/// A segment that an end has not been shown to have got.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coming {
    pub frame: u32,
    pub at: Instant,
    pub flags: Flags,
    /// The relative number of its first byte (or SYN, or FIN).
    pub start: i64,
    /// The relative number behind its data, SYN and FIN.
    pub end: i64,
    /// Whether it occupies numbers.
    pub occupies: bool,
    pub ack: Option<i64>,
    /// It was sent again later, so this one may have been lost.
    pub repeated: bool,
}

/// Segments that may be on their way to an end at once, at most.
pub(crate) const MAX_COMING: usize = 4096;

/// The segments on their way to one end, in the order in which they passed the tap.
#[derive(Default)]
pub(crate) struct OnTheWay {
    queue: VecDeque<Coming>,
    /// How many have left the queue: the place of its first among all that were ever in it.
    gone: u64,
    /// Of those that occupy numbers: the place among all, the end, and whether one before it ends later.
    occupying: VecDeque<(u64, i64, bool)>,
    /// How many of those do not stand in order of their ends.
    out_of_order: usize,
    highest: i64,
}

impl OnTheWay {
    /// One more has passed. Of too many the first is forgotten.
    pub fn push(&mut self, coming: Coming) {
        if coming.occupies {
            let late = coming.end < self.highest;
            self.out_of_order += usize::from(late);
            self.highest = self.highest.max(coming.end);
            self.occupying.push_back((self.gone + self.queue.len() as u64, coming.end, late));
        }
        self.queue.push_back(coming);
        if self.queue.len() > MAX_COMING {
            self.pop();
        }
    }

    /// The one that passed first.
    pub fn first(&self) -> Option<Coming> {
        self.queue.front().copied()
    }

    /// Takes the one that passed first.
    pub fn pop(&mut self) -> Option<Coming> {
        let first = self.queue.pop_front()?;
        if let Some(&(place, _, late)) = self.occupying.front()
            && place == self.gone
        {
            self.occupying.pop_front();
            self.out_of_order -= usize::from(late);
        }
        self.gone += 1;
        Some(first)
    }

    /// How many have arrived by what `ack` shows: the last whose numbers all lie before it, and those before that one.
    pub fn shown_by(&self, ack: i64) -> usize {
        let last = if self.out_of_order == 0 {
            self.occupying.partition_point(|(_, end, _)| *end <= ack).checked_sub(1)
        } else {
            self.occupying.iter().rposition(|(_, end, _)| *end <= ack)
        };
        last.and_then(|last| self.occupying.get(last)).map_or(0, |(place, ..)| (place - self.gone) as usize + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(end: i64, occupies: bool) -> Coming {
        let (start, flags) = (end - 1, Flags::ACK);
        Coming { frame: 1, at: Instant::ZERO, flags, start, end, occupies, ack: None, repeated: false }
    }

    /// What is shown, by looking at each of them.
    fn one_by_one(way: &OnTheWay, ack: i64) -> usize {
        way.queue.iter().rposition(|coming| coming.occupies && coming.end <= ack).map_or(0, |last| last + 1)
    }

    #[test]
    fn an_acknowledgment_shows_the_last_that_it_covers_and_all_before() {
        let mut random = 1u64;
        let mut next = |n: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % n
        };
        let mut way = OnTheWay::default();
        let (mut end, mut shown) = (0, 0);
        for _ in 0..20_000 {
            match next(4) {
                0 => _ = way.pop(),
                // Now and then one that was sent again.
                1 => way.push(segment(if next(50) == 0 { end - 5 } else { end }, next(3) > 0)),
                _ => {
                    end += next(3) as i64;
                    way.push(segment(end, next(3) > 0));
                }
            }
            let ack = end - next(20) as i64;
            assert_eq!(way.shown_by(ack), one_by_one(&way, ack));
            shown += usize::from(way.shown_by(ack) > 0);
        }
        assert!(shown > 1_000 && way.queue.len() > MAX_COMING - 100, "{shown}, {}", way.queue.len());
    }
}
