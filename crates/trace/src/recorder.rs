//! Writes a trace while a run goes on.

use std::net::{IpAddr, Ipv6Addr};

use base::{EventId, FrameId, Instant, Map, PlaceId, TapId};
use wire::Packet;

use crate::{Arg, Class, Direction, Event, Kind, Place, Role, Tap, Trace};

/// How much is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Level {
    /// Nothing.
    Off,
    /// Acts, timers and decisions; no passages and no frames.
    Decisions,
    /// Everything.
    #[default]
    Full,
}

/// Numbers events as they happen and keeps as many as its level asks for. Event ids do not depend on the level.
#[derive(Debug, Default)]
pub struct Recorder {
    level: Level,
    last_event: u64,
    trace: Trace,
    symbols: Map<String, u64>,
    ipv6: Map<Ipv6Addr, u64>,
}

impl Recorder {
    /// A recorder that keeps what `level` says.
    pub fn new(level: Level) -> Recorder {
        Recorder { level, ..Recorder::default() }
    }
    /// How much is kept.
    pub fn level(&self) -> Level {
        self.level
    }
    /// Changes how much is kept from now on.
    pub fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// Adds a place.
    pub fn place(&mut self, name: &str, role: Role) -> PlaceId {
        let id = PlaceId(self.trace.places.len() as u16);
        self.trace.places.push(Place { id, name: name.to_owned(), role });
        id
    }
    /// Adds a tap on an interface of `place`.
    pub fn tap(&mut self, place: PlaceId, name: &str) -> TapId {
        let id = TapId(self.trace.taps.len() as u16);
        self.trace.taps.push(Tap { id, place, name: name.to_owned() });
        id
    }
    /// The number of a string in the trace's table, for [`crate::Arg::Text`]; 0 (the empty string) when nothing is kept.
    pub fn text(&mut self, text: &str) -> u64 {
        if self.trace.strings.is_empty() {
            self.trace.strings.push(String::new());
        }
        if self.level == Level::Off || text.is_empty() {
            return 0;
        }
        if let Some(&n) = self.symbols.get(text) {
            return n;
        }
        let n = self.trace.strings.len() as u64;
        self.trace.strings.push(text.to_owned());
        self.symbols.insert(text.to_owned(), n);
        n
    }

    /// An address as an argument of an event ([`Arg::Ip`]). An IPv6 address gets a number in the trace's table of them.
    #[inline]
    pub fn address(&mut self, address: IpAddr) -> u64 {
        match address {
            IpAddr::V4(address) => address.to_bits().into(),
            IpAddr::V6(address) => self.ipv6(address),
        }
    }

    fn ipv6(&mut self, address: Ipv6Addr) -> u64 {
        if self.level == Level::Off {
            return Arg::IPV6;
        }
        let known = &mut self.trace.ipv6;
        *self.ipv6.entry(address).or_insert_with(|| {
            known.push(address);
            (known.len() - 1) as u64 | Arg::IPV6
        })
    }

    /// Something happened. Its id is given whether or not it is kept.
    #[allow(clippy::too_many_arguments)] // an event's fields, in their order
    #[inline]
    pub fn event(
        &mut self,
        at: Instant,
        place: PlaceId,
        kind: &'static Kind,
        subject: u32,
        cause: EventId,
        because: Option<EventId>,
        args: [u64; 2],
    ) -> EventId {
        self.last_event += 1;
        let id = EventId(self.last_event);
        if self.level != Level::Off {
            self.keep(Event { id, at, place, kind, subject, cause, because, args });
        }
        id
    }

    /// Out of the way of runs that keep nothing: events are made at many places.
    #[inline(never)]
    fn keep(&mut self, event: Event) {
        if self.level == Level::Full || event.kind.class != Class::Passage {
            self.trace.events.push(event);
        }
    }

    /// The event that happened last; [`EventId::NONE`] before the first.
    pub fn last_event(&self) -> EventId {
        EventId(self.last_event)
    }
    /// The number that the next frame will get; `None` unless everything is kept.
    #[inline]
    pub fn next_frame(&self) -> Option<FrameId> {
        (self.level == Level::Full).then(|| FrameId(self.trace.frames.len() as u32))
    }

    /// A frame passed a tap because of `event`. `None` unless everything is kept.
    #[inline]
    pub fn frame(
        &mut self,
        tap: TapId,
        at: Instant,
        direction: Direction,
        derived_from: Option<FrameId>,
        event: EventId,
        packet: &Packet,
    ) -> Option<FrameId> {
        // Not so much as a call where nothing is kept.
        if self.level != Level::Full {
            return None;
        }
        Some(self.trace.frames.push(tap, at, direction, derived_from, event, packet))
    }

    /// Appends TLS secrets: lines in NSS key log format, each ended by a newline.
    pub fn secrets(&mut self, lines: &str) {
        if self.level != Level::Off {
            self.trace.secrets.push_str(lines);
        }
    }

    /// Says that `place` has the address `ip`. Said twice, it counts once.
    pub fn name(&mut self, ip: IpAddr, place: PlaceId) {
        if !self.trace.names.contains(&(ip, place)) {
            self.trace.names.push((ip, place));
        }
    }

    /// The trace so far.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
    /// The finished trace.
    pub fn into_trace(self) -> Trace {
        self.trace
    }
}
