//! What happened in a run: frames and their lineage, events and their causes, secrets.
//!
//! The making side writes a trace through a [`Cx`]; the reading side asks it. Recording is off, decisions or full, and
//! never changes behaviour or ids.

mod cx;
mod event;
mod frame;
pub mod kinds;
mod known;
mod place;
mod recorder;

pub use cx::Cx;
pub use event::{Arg, Class, Event, Kind};
pub use frame::{Direction, FrameMeta, Frames};
pub use known::{Basis, Known, Why};
pub use place::{Place, Role, Tap};
pub use recorder::{Level, Recorder};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use base::{EventId, FrameId, PlaceId, TapId, WallTime};

/// A whole run: everything that a face may show of it.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Where the trace's zero lies on the wall clock.
    pub epoch: WallTime,
    /// The devices, links and people of the run, by [`PlaceId`].
    pub places: Vec<Place>,
    /// The points of observation, by [`TapId`].
    pub taps: Vec<Tap>,
    /// The frames, by [`FrameId`].
    pub frames: Frames,
    /// The events, in order of their ids (not every id is there unless recording was full).
    pub events: Vec<Event>,
    /// Strings that events refer to by number (see [`Arg::Text`]).
    pub strings: Vec<String>,
    /// IPv6 addresses that events refer to by number (see [`Arg::Ip`]).
    pub ipv6: Vec<Ipv6Addr>,
    /// TLS secrets in NSS key log format, a line each.
    pub secrets: String,
    /// Which device an address belongs to, for display.
    pub names: Vec<(IpAddr, PlaceId)>,
}

impl Default for Trace {
    fn default() -> Trace {
        Trace {
            epoch: WallTime::SIMULATION_EPOCH,
            places: Vec::new(),
            taps: Vec::new(),
            frames: Frames::default(),
            events: Vec::new(),
            strings: Vec::new(),
            ipv6: Vec::new(),
            secrets: String::new(),
            names: Vec::new(),
        }
    }
}

impl Trace {
    /// The event `id`, if it was recorded.
    pub fn event(&self, id: EventId) -> Option<&Event> {
        self.events.binary_search_by_key(&id, |event| event.id).ok().map(|at| &self.events[at])
    }
    /// The place `id`.
    pub fn place(&self, id: PlaceId) -> Option<&Place> {
        self.places.get(id.index())
    }
    /// The tap `id`.
    pub fn tap(&self, id: TapId) -> Option<&Tap> {
        self.taps.get(id.index())
    }
    /// The string that an event refers to as number `n`.
    pub fn string(&self, n: u64) -> &str {
        usize::try_from(n).ok().and_then(|n| self.strings.get(n)).map_or("", String::as_str)
    }
    /// The address that an event holds as `value` ([`Arg::Ip`]); the unspecified one for a number that was never given.
    pub fn address(&self, value: u64) -> IpAddr {
        match value & Arg::IPV6 {
            0 => Ipv4Addr::from(value as u32).into(),
            _ => self.ipv6.get(value as u32 as usize).copied().unwrap_or(Ipv6Addr::UNSPECIFIED).into(),
        }
    }
    /// The address and port that an event holds as `value` ([`Arg::Socket`]).
    pub fn socket(&self, value: u64) -> SocketAddr {
        SocketAddr::new(self.address(value >> 16), value as u16)
    }
    /// The prefix that an event holds as `value` ([`Arg::Prefix`]): network and length.
    pub fn prefix(&self, value: u64) -> (IpAddr, u8) {
        (self.address(value >> 8), value as u8)
    }
    /// The device that has this address.
    pub fn owner(&self, ip: IpAddr) -> Option<&Place> {
        self.names.iter().find(|(address, _)| *address == ip).and_then(|(_, place)| self.place(*place))
    }
    /// The tap called `name`.
    pub fn tap_named(&self, name: &str) -> Option<&Tap> {
        self.taps.iter().find(|tap| tap.name == name)
    }
    /// The frames seen at `tap`, in order.
    pub fn frames_at(&self, tap: TapId) -> impl Iterator<Item = &FrameMeta> {
        self.frames.metas().iter().filter(move |meta| meta.tap == tap)
    }
    /// The frame's ancestors, the next one first: the same packet one observation earlier, and so on to its sender.
    pub fn ancestors(&self, frame: FrameId) -> impl Iterator<Item = FrameId> + '_ {
        std::iter::successors(Some(frame), |&id| self.frames.meta(id).and_then(|meta| meta.derived_from)).skip(1)
    }
    /// The event's chain of causes: the event itself, what triggered it, and so on to a root. Each cause has a smaller id
    /// than its effect, so the chain ends.
    pub fn causes(&self, id: EventId) -> impl Iterator<Item = &Event> {
        std::iter::successors(
            self.event(id),
            |event| {
                if event.cause < event.id { self.event(event.cause) } else { None }
            },
        )
    }
}
