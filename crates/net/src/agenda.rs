//! What is due, and when: the simulation's one queue of future happenings.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use base::Instant;

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Due {
    /// The first frame in flight on a lane (by index) arrives.
    Lane(u32),
    /// A host's (by node index) earliest timer runs out.
    Host(u32),
    /// A task's wait (by slot of the table of waits) is over.
    Wait(u32),
}

/// Everything that is due, by time, and at one time in the order in which it was put here: the number that breaks ties
/// is given at insertion, so the order does not depend on the heap.
///
/// Frames in flight do not stand here one by one: each lane keeps its own in order of arrival and only its first one is
/// due, so the heap stays as small as the number of links and timers however much is in flight.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Reverse<Entry>>,
    last: u64,
}

/// Something that is due at a time. The ticket makes the order total.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Instant,
    ticket: u64,
    due: Due,
}

impl Entry {
    /// Time and ticket as one number: one comparison, not two. Virtual time is never negative.
    #[inline]
    fn key(&self) -> u128 {
        u128::from(self.at.as_nanos() as u64) << 64 | u128::from(self.ticket)
    }
}
impl Ord for Entry {
    #[inline]
    fn cmp(&self, other: &Entry) -> Ordering {
        self.key().cmp(&other.key())
    }
}
impl PartialOrd for Entry {
    #[inline]
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Entry {}

impl Agenda {
    /// The number that orders what is put in now behind all that was put in before, at the same time.
    pub(crate) fn ticket(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Adds something under a ticket.
    pub(crate) fn push(&mut self, at: Instant, ticket: u64, due: Due) {
        self.heap.push(Reverse(Entry { at, ticket, due }));
    }

    /// What is due next.
    pub(crate) fn first(&self) -> Option<(Instant, u64, Due)> {
        self.heap.peek().map(|Reverse(first)| (first.at, first.ticket, first.due))
    }

    /// Takes what is due next off, putting `next` in its stead where there is one: one pass through the heap, not two.
    pub(crate) fn replace_first(&mut self, next: Option<(Instant, u64, Due)>) {
        let Some(mut first) = self.heap.peek_mut() else { return };
        match next {
            Some((at, ticket, due)) => *first = Reverse(Entry { at, ticket, due }),
            None => {
                std::collections::binary_heap::PeekMut::pop(first);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_then_order_of_insertion() {
        let mut agenda = Agenda::default();
        for (ms, due) in [(5, Due::Lane(0)), (1, Due::Host(9)), (5, Due::Wait(1)), (1, Due::Lane(3)), (0, Due::Host(2))]
        {
            let ticket = agenda.ticket();
            agenda.push(Instant::from_millis(ms), ticket, due);
        }
        let mut seen = Vec::new();
        while let Some((at, _, due)) = agenda.first() {
            seen.push((at.as_nanos() / 1_000_000, due));
            agenda.replace_first(None);
        }
        let want =
            [(0, Due::Host(2)), (1, Due::Host(9)), (1, Due::Lane(3)), (5, Due::Lane(0)), (5, Due::Wait(1))].to_vec();
        assert_eq!(seen, want);
    }

    #[test]
    fn the_first_can_be_replaced() {
        let mut agenda = Agenda::default();
        agenda.push(Instant::from_millis(1), 1, Due::Lane(0));
        agenda.push(Instant::from_millis(2), 2, Due::Lane(1));
        agenda.replace_first(Some((Instant::from_millis(3), 3, Due::Lane(0))));
        assert_eq!(agenda.first(), Some((Instant::from_millis(2), 2, Due::Lane(1))));
        agenda.replace_first(None);
        assert_eq!(agenda.first(), Some((Instant::from_millis(3), 3, Due::Lane(0))));
    }
}
