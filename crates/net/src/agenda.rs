//! What is due, and when: the simulation's one queue of future happenings.

use base::{Entry, Instant, Schedule};

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

/// Everything that is due, by time, and at one time in the order in which it was put here.
///
/// Frames in flight do not stand here one by one: each lane keeps its own in order of arrival and only its first one is
/// due, so there are as many entries as links and timers however much is in flight.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    schedule: Schedule<Due>,
    last: u64,
}

impl Agenda {
    /// The number that orders what is put in now behind all that was put in before, at the same time.
    #[inline]
    pub(crate) fn ticket(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Adds something under a ticket.
    pub(crate) fn push(&mut self, at: Instant, ticket: u64, due: Due) {
        self.schedule.push(Entry { at, ticket, due });
    }

    /// What is due next.
    #[inline]
    pub(crate) fn first(&self) -> Option<Entry<Due>> {
        self.schedule.first().copied()
    }

    /// Takes what is due next off, putting `next` in its stead where there is one.
    #[inline]
    pub(crate) fn replace_first(&mut self, next: Option<Entry<Due>>) {
        self.schedule.replace_first(next);
    }
}
