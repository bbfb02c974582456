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
    entries: Map<IpAddr, u32>,
    /// The entries, each in the place that the map says.
    places: Vec<Option<(IpAddr, Entry)>>,
    free: Vec<u32>,
    /// The place that was used last: mostly it is used again.
    last: u32,
    pub(crate) reachable_for: Duration,
    /// Entries in the states Delay and Probe: whether a sign of life has any use.
    pub(super) doubtful: usize,
}

impl Cache {
    pub(crate) fn new(reachable_for: Duration) -> Cache {
        Cache { entries: Map::default(), places: Vec::new(), free: Vec::new(), last: 0, reachable_for, doubtful: 0 }
    }

    /// The entry for `address`.
    pub(crate) fn get(&self, address: IpAddr) -> Option<&Entry> {
        let place = *self.entries.get(&address)?;
        self.places.get(place as usize)?.as_ref().map(|(_, entry)| entry)
    }
    /// The entry for `address`, to be changed.
    pub(crate) fn get_mut(&mut self, address: IpAddr) -> Option<&mut Entry> {
        let place = *self.entries.get(&address)?;
        self.places.get_mut(place as usize)?.as_mut().map(|(_, entry)| entry)
    }

    /// The entry for `address`, made if need be; room is made by forgetting the one that was not touched for longest.
    pub(crate) fn entry(&mut self, address: IpAddr, now: Instant) -> &mut Entry {
        let known = self.entries.get(&address).copied();
        if known.is_none() && self.entries.len() >= MAX_ENTRIES {
            let all = self.places.iter().flatten();
            let oldest = all.min_by_key(|(address, entry)| (entry.touched, *address)).map(|(address, _)| *address);
            if let Some(oldest) = oldest {
                self.forget(oldest);
            }
        }
        let place = known.unwrap_or_else(|| {
            let place = self.free.pop().unwrap_or_else(|| {
                self.places.push(None);
                self.places.len() as u32 - 1
            });
            self.entries.insert(address, place);
            place
        });
        let (_, entry) = self.places[place as usize].get_or_insert_with(|| {
            let entry = Entry {
                state: NeighbourState::Failed,
                mac: MacAddr::ZERO,
                confirmed: now,
                touched: now,
                probes: 0,
                due: Instant::NEVER,
                cause: EventId::NONE,
                waiting: VecDeque::new(),
            };
            (address, entry)
        });
        entry
    }

    pub(crate) fn forget(&mut self, address: IpAddr) {
        let Some(place) = self.entries.remove(&address) else { return };
        self.free.push(place);
        if let Some((_, entry)) = self.places[place as usize].take() {
            self.doubtful -= usize::from(is_doubtful(entry.state));
        }
    }

    /// Changes an entry's state.
    pub(crate) fn set_state(&mut self, address: IpAddr, state: NeighbourState) {
        if let Some(entry) = self.get_mut(address) {
            let before = std::mem::replace(&mut entry.state, state);
            self.doubtful += usize::from(is_doubtful(state));
            self.doubtful -= usize::from(is_doubtful(before));
        }
    }

    /// The neighbour is alive: data that it acknowledged proves it (RFC 1122 §2.3.2.1(4), advice from above; RFC 4861
    /// §7.3.1).
    pub(crate) fn confirm(&mut self, address: IpAddr, now: Instant) {
        if self.doubtful == 0 {
            return;
        }
        if let Some(entry) = self.get_mut(address).filter(|entry| is_doubtful(entry.state)) {
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
        let last = self.places.get(self.last as usize).and_then(Option::as_ref);
        if last.is_none_or(|(known, _)| *known != address) {
            self.last = self.look_up(address)?;
        }
        let (_, entry) = self.places.get_mut(self.last as usize)?.as_mut()?;
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

    #[inline(never)]
    fn look_up(&self, address: IpAddr) -> Option<u32> {
        self.entries.get(&address).copied()
    }

    /// Whether a sign of life has any use.
    pub(crate) fn has_doubts(&self) -> bool {
        self.doubtful > 0
    }

    pub(crate) fn rows(&self, interface: InterfaceId, now: Instant) -> Vec<Neighbour> {
        let mut rows: Vec<Neighbour> = self
            .places
            .iter()
            .flatten()
            .map(|(address, entry)| {
                let aged = entry.state == NeighbourState::Reachable && now - entry.confirmed >= self.reachable_for;
                let known = !matches!(entry.state, NeighbourState::Incomplete | NeighbourState::Failed);
                Neighbour {
                    interface,
                    address: *address,
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
