//! One heap of timers for the whole machine. Timers are not cancelled: whoever armed one remembers when it is due, and
//! ignores it where that has changed since.

use std::net::IpAddr;

use base::{Entry, Instant, Schedule};

use crate::InterfaceId;
use crate::ipv4::FragmentKey;
use crate::sockets::Slot;

/// Whose timer it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Timer {
    /// A TCP connection, in its slot; the connection knows which of its timers are due.
    Tcp(Slot),
    /// What is known of a neighbour.
    Neighbour(InterfaceId, IpAddr),
    /// A packet whose fragments are being collected.
    Reassembly(FragmentKey),
    /// An IPv6 packet whose fragments are being collected, by its number.
    ReassemblyIpv6(u32),
    /// Addresses, routers and advertisements of an interface (RFC 4861, RFC 4862).
    Nd(InterfaceId),
    /// Packets from this machine to itself.
    Loopback,
}

/// The heap. Timers that are due at the same moment go off in the order in which they were armed.
#[derive(Default, Debug)]
pub(crate) struct Timers {
    heap: Schedule<Timer>,
    armed: u64,
}

impl Timers {
    /// Arms a timer. [`Instant::NEVER`] arms nothing.
    pub(crate) fn arm(&mut self, at: Instant, timer: Timer) {
        if at != Instant::NEVER {
            self.armed += 1;
            self.heap.push(Entry { at, ticket: self.armed, due: timer });
        }
    }
    /// When the next one is due, if only to find out that it was put off.
    #[inline]
    pub(crate) fn next(&self) -> Instant {
        self.heap.first().map_or(Instant::NEVER, |first| first.at)
    }
    /// The next timer that is due at `now` and was armed before the mark `until`, with the moment it was armed for.
    pub(crate) fn pop_due(&mut self, now: Instant, until: u64) -> Option<(Instant, Timer)> {
        self.heap.first().filter(|first| first.at <= now && first.ticket <= until)?;
        self.heap.pop().map(|entry| (entry.at, entry.due))
    }
    /// How many are in the heap.
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }
    /// A mark: timers armed from now on are not among those before it.
    pub(crate) fn mark(&self) -> u64 {
        self.armed
    }
}
