//! What limits a connection over its life: how long it had something to send, and how much of that it waited for the receiver's
//! window or for the program (Linux's `tcp_chrono`, the figures of TCP_INFO).

use base::{Duration, Instant};

/// What a connection waits for just now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Limit {
    /// The network: data is out, or waits for the congestion window.
    Network,
    /// The receiver's window.
    Receiver,
    /// The program, whose buffer is too small for the path.
    Buffer,
}

/// For how long a connection was limited by what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limited {
    /// It had data to send or in flight.
    pub busy: Duration,
    /// The receiver's window held data back.
    pub by_receiver: Duration,
    /// The send buffer was too small.
    pub by_buffer: Duration,
}

/// The clock of what limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// What it waits for, and since when.
    limit: Option<Limit>,
    since: Instant,
    spent: [Duration; 3],
    /// The program has more to write than there was room for.
    waits: bool,
}

impl Limits {
    /// Whether the program waits for room.
    pub(crate) fn program_is_waiting(&self) -> bool {
        self.waits
    }
    /// Whether nothing is out or waits, and nobody waits to write.
    pub(crate) fn is_idle(&self) -> bool {
        self.limit.is_none() && !self.waits
    }
    /// The program waits for room, or no longer.
    pub(crate) fn program_waits(&mut self, waits: bool, now: Instant) {
        self.waits = waits;
        if !waits && self.limit == Some(Limit::Buffer) {
            self.set(Some(Limit::Network), now);
        }
    }

    /// How things stand after all was sent that could be: whether anything is out or waits, whether the receiver's window holds
    /// it back, whether all that was written is out while the congestion window has room.
    pub(crate) fn look(&mut self, busy: bool, by_receiver: bool, all_sent: bool, now: Instant) {
        let limit = match (busy, by_receiver, all_sent && self.waits) {
            (false, ..) => None,
            (_, true, _) => Some(Limit::Receiver),
            (_, _, true) => Some(Limit::Buffer),
            // Once the program is too slow it stays so until there is room for it again.
            _ if self.waits && self.limit == Some(Limit::Buffer) => Some(Limit::Buffer),
            _ => Some(Limit::Network),
        };
        self.set(limit, now);
    }

    fn set(&mut self, limit: Option<Limit>, now: Instant) {
        if self.limit == limit {
            return;
        }
        if let Some(was) = self.limit {
            self.spent[was as usize] += now - self.since;
        }
        (self.limit, self.since) = (limit, now);
    }

    /// The time spent, up to `now`.
    pub fn totals(&self, now: Instant) -> Limited {
        let mut spent = self.spent;
        if let Some(limit) = self.limit {
            spent[limit as usize] += now - self.since;
        }
        let [network, by_receiver, by_buffer] = spent;
        Limited { busy: network + by_receiver + by_buffer, by_receiver, by_buffer }
    }
}
