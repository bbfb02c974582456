//! The cache of one interface: what is known of each neighbour, of either family.

use std::collections::VecDeque;
use std::net::IpAddr;

use base::{Duration, EventId, FrameId, Instant, Map};
use wire::{MacAddr, Packet};

use crate::InterfaceId;

/// The base of the time that an entry counts as reachable; each cache draws between half and one and a half times it
/// (Linux `base_reachable_time_ms`; RFC 4861 §6.3.2 has the same for IPv6).
pub(crate) const REACHABLE: Duration = Duration::from_secs(30);
/// The most entries of a cache (Linux `gc_thresh3`).
const MAX_ENTRIES: usize = 1024;

/// What is known of a neighbour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NeighbourState {
    /// It is being asked for, for the first time.
    Incomplete,
    /// Known, and confirmed of late.
    Reachable,
    /// Known, but not confirmed for a while: used, and asked about soon after.
    Stale,
    /// Stale and used: asked about unless a sign of life comes within five seconds.
    Delay,
    /// It is being asked about.
    Probe,
    /// It did not answer.
    Failed,
}

/// A row of the table of neighbours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Neighbour {
    /// The interface on whose link it is.
    pub interface: InterfaceId,
    /// Its address.
    pub address: IpAddr,
    /// Its hardware address, where known.
    pub mac: Option<MacAddr>,
    /// What is known of it.
    pub state: NeighbourState,
}

/// A packet that waits for a hardware address.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub packet: Packet,
    pub event: EventId,
    pub derived_from: Option<FrameId>,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub state: NeighbourState,
    pub mac: MacAddr,
    /// When it was last known to be right.
    pub confirmed: Instant,
    /// When it was last used or changed: the oldest goes first when the cache is full.
    pub touched: Instant,
    /// Requests sent since the last answer.
    pub probes: u8,
    /// When its timer is due; [`Instant::NEVER`] if it has none.
    pub due: Instant,
    /// Why it is being asked for.
    pub cause: EventId,
    pub waiting: VecDeque<Waiting>,
}

/// The neighbours of one interface: what Linux keeps in two tables, one a family.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    pub(crate) entries: Map<IpAddr, Entry>,
    pub(crate) reachable_for: Duration,
    /// Entries in the states Delay and Probe: whether a sign of life has any use.
    pub(super) doubtful: usize,
}

impl Cache {
    pub(crate) fn new(reachable_for: Duration) -> Cache {
        Cache { entries: Map::default(), reachable_for, doubtful: 0 }
    }

    /// The entry for `address`, made if need be; room is made by forgetting the one that was not touched for longest.
    pub(crate) fn entry(&mut self, address: IpAddr, now: Instant) -> &mut Entry {
        if !self.entries.contains_key(&address) && self.entries.len() >= MAX_ENTRIES {
            let oldest = self.entries.iter().min_by_key(|(address, entry)| (entry.touched, **address));
            if let Some((&oldest, _)) = oldest {
                self.forget(oldest);
            }
        }
        self.entries.entry(address).or_insert_with(|| Entry {
            state: NeighbourState::Failed,
            mac: MacAddr::ZERO,
            confirmed: now,
            touched: now,
            probes: 0,
            due: Instant::NEVER,
            cause: EventId::NONE,
            waiting: VecDeque::new(),
        })
    }

    pub(crate) fn forget(&mut self, address: IpAddr) {
        if let Some(entry) = self.entries.remove(&address) {
            self.doubtful -= usize::from(is_doubtful(entry.state));
        }
    }

    /// Changes an entry's state.
    pub(crate) fn set_state(&mut self, address: IpAddr, state: NeighbourState) {
        if let Some(entry) = self.entries.get_mut(&address) {
            self.doubtful += usize::from(is_doubtful(state));
            self.doubtful -= usize::from(is_doubtful(entry.state));
            entry.state = state;
        }
    }

    /// The neighbour is alive: data that it acknowledged proves it (RFC 1122 §2.3.2.1(4), advice from above; RFC 4861
    /// §7.3.1).
    pub(crate) fn confirm(&mut self, address: IpAddr, now: Instant) {
        if self.doubtful == 0 {
            return;
        }
        if let Some(entry) = self.entries.get_mut(&address).filter(|entry| is_doubtful(entry.state)) {
            entry.confirmed = now;
            entry.due = Instant::NEVER;
            self.set_state(address, NeighbourState::Reachable);
        }
    }

    /// The hardware address of a neighbour to which a packet is sent now; `None` if there is more to do than to send it: it is
    /// not known, or not asked about though nobody has confirmed it for a while.
    #[inline]
    pub(crate) fn use_known(&mut self, address: IpAddr, now: Instant) -> Option<MacAddr> {
        let reachable_for = self.reachable_for;
        let entry = self.entries.get_mut(&address)?;
        let usable = match entry.state {
            NeighbourState::Reachable => now - entry.confirmed < reachable_for,
            NeighbourState::Delay | NeighbourState::Probe => true,
            NeighbourState::Stale | NeighbourState::Incomplete | NeighbourState::Failed => false,
        };
        if !usable {
            return None;
        }
        entry.touched = now;
        Some(entry.mac)
    }

    /// Whether a sign of life has any use.
    pub(crate) fn has_doubts(&self) -> bool {
        self.doubtful > 0
    }

    pub(crate) fn rows(&self, interface: InterfaceId, now: Instant) -> Vec<Neighbour> {
        let mut rows: Vec<Neighbour> = self
            .entries
            .iter()
            .map(|(&address, entry)| {
                let aged = entry.state == NeighbourState::Reachable && now - entry.confirmed >= self.reachable_for;
                let known = !matches!(entry.state, NeighbourState::Incomplete | NeighbourState::Failed);
                Neighbour {
                    interface,
                    address,
                    mac: known.then_some(entry.mac),
                    state: if aged { NeighbourState::Stale } else { entry.state },
                }
            })
            .collect();
        rows.sort_by_key(|row| row.address);
        rows
    }
}

pub(crate) fn is_doubtful(state: NeighbourState) -> bool {
    matches!(state, NeighbourState::Delay | NeighbourState::Probe)
}
