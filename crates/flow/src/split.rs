//! A capture taken apart while it passes: a flow of its own for each pair of TCP or UDP ends, given up as soon as what they
//! said is over. So memory holds what is open, and not the whole capture.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use base::{Instant, Map, Set};
use capture::keylog::KeyLog;
use wire::frame::{Frame, Transport};

use crate::conversation::{ConversationId, Direction, Endpoint, Key};
use crate::flow::{decode, quoted};
use crate::fragments;
use crate::layers::SettledRecord;
use crate::open::{self, MAX_OPEN, Open, Pair};
use crate::settle::{Onward, Settled};
use crate::{BufferRef, Flow, Limits, Packet, Source};

/// Packets of a UDP conversation that are kept together.
const MAX_UDP: usize = 4_096;
/// Packets of what belongs to no TCP or UDP ends, and of DNS and DHCP, that are kept.
const MAX_REST: usize = 500_000;

/// A part of a capture: all that passed between two ends, or all that belongs to none. Its packets and conversations bear
/// the numbers that they have in the whole.
#[derive(Debug, Default)]
pub struct Part {
    /// What was found out.
    pub flow: Flow,
    /// The packets' bytes.
    pub bytes: Kept,
    /// Its TCP connections and the number of each among those of the whole capture, from 1.
    pub connections: Vec<(ConversationId, usize)>,
    /// Whether it is what belongs to no pair of ends.
    pub rest: bool,
    /// When it was given up, by the capture's clock: nothing came any more until then.
    pub until: Instant,
    kept: open::Kept,
    udp: bool,
    /// How many bytes may be kept before it is looked through for what can be let go, and how many more then.
    enough: usize,
    every: usize,
    /// Whether no bytes are kept.
    bare: bool,
    /// How far its connection was read.
    onward: Option<Box<Onward>>,
    /// How many bytes were kept when it was last looked at as a whole, and which connection.
    whole: (usize, Option<ConversationId>),
    /// Of each direction of a connection the relative sequence numbers of what is not kept when it comes.
    ahead: Option<(ConversationId, [Range<i64>; 2])>,
}

/// Bytes that are kept of a part before it is looked through for the first time.
const ENOUGH: usize = 512 << 10;
/// Where it cannot be read on from where it was left, all is looked through again when as many bytes more are kept, and a tenth
/// part of all that has passed: so the work stays in proportion.
const SHARE: u64 = 10;
/// Where it waits for what is missing in between, so many times as many bytes more are kept: what is only late comes until then.
const PATIENCE: usize = 15;
/// Nobody waits where more pairs of ends are open, or more bytes are kept of all.
const FEW: usize = 1_000;
const MAX_WAITING: usize = 64 << 20;

/// The bytes of some packets of a capture, in their order. Payloads that are not read again may have been let go.
#[derive(Debug, Default)]
pub struct Kept {
    /// The bytes of packets that may still be let go, and how many such pieces there were before.
    waiting: VecDeque<Vec<u8>>,
    gone: u32,
    /// What stays of packets that were looked through.
    staying: Vec<Vec<u8>>,
    places: Vec<Place>,
    /// Bytes of the packets that are kept whole.
    len: usize,
    /// How many packets, from the first, will not be looked through again, and which behind them are to be let go then.
    done: usize,
    due: Set<u32>,
    /// What was in records of TLS whose bytes were let go.
    records: Map<(ConversationId, Direction, usize), SettledRecord>,
}

/// Where a packet's bytes stand.
#[derive(Clone, Copy, Debug)]
struct Place {
    number: u32,
    piece: u32,
    start: u32,
    len: u32,
    stays: bool,
    let_go: bool,
}

/// Bytes of a piece: small enough that the allocator hands pieces on from one part to the next.
const PIECE: usize = 64 << 10;

impl Kept {
    fn push(&mut self, number: u32, bytes: &[u8], let_go: bool) {
        let room = self.waiting.back().map_or(0, |piece| piece.capacity() - piece.len());
        // A packet may be empty: of such a one, too, it is known that it was there.
        if room < bytes.len() || self.waiting.is_empty() {
            // A part of a few packets takes little, one of many takes whole pieces.
            let least = if self.gone == 0 { 256 } else { PIECE };
            let before = self.waiting.back().map_or(least, |piece| piece.capacity() * 4);
            self.waiting.push_back(Vec::with_capacity(before.min(PIECE).max(bytes.len())));
        }
        let piece = self.gone + self.waiting.len() as u32 - 1;
        let Some(last) = self.waiting.back_mut() else { return };
        let start = last.len() as u32;
        last.extend_from_slice(bytes);
        self.len += if let_go { 0 } else { bytes.len() };
        self.places.push(Place { number, piece, start, len: bytes.len() as u32, stays: false, let_go });
    }

    /// Lets go of what of these packets' bytes stands behind their headers, which `header` tells the length of.
    fn thin(&mut self, frames: &Set<u32>, header: impl Fn(u32) -> Option<usize>) {
        let mut thinner = Kept { records: std::mem::take(&mut self.records), ..Kept::default() };
        for place in &self.places {
            let bytes = self.at(place).unwrap_or_default();
            let header = if frames.contains(&place.number) { header(place.number) } else { None };
            match header.and_then(|len| bytes.get(..len)) {
                Some(header) => thinner.push(place.number, header, true),
                None => thinner.push(place.number, bytes, place.let_go),
            }
        }
        *self = thinner;
    }

    /// As [`Kept::thin`], where the packets before `needed` will not be looked through again.
    fn thin_front(&mut self, needed: u32, frames: Set<u32>, header: impl Fn(u32) -> Option<usize>) {
        if self.due.is_empty() {
            self.due = frames
        } else {
            self.due.extend(frames)
        }
        for place in self.places.iter_mut().skip(self.done).take_while(|place| place.number < needed) {
            let piece = self.waiting.get((place.piece - self.gone) as usize);
            let range = place.start as usize..(place.start + place.len) as usize;
            let Some(bytes) = piece.and_then(|piece| piece.get(range)) else { break };
            let header = if self.due.remove(&place.number) { header(place.number) } else { None };
            let stays = header.and_then(|len| bytes.get(..len)).unwrap_or(bytes);
            self.len -= if header.is_some() && !place.let_go { bytes.len() } else { 0 };
            let room = self.staying.last().map_or(0, |piece| piece.capacity() - piece.len());
            if room < stays.len() || self.staying.is_empty() {
                self.staying.push(Vec::with_capacity(PIECE.max(stays.len())));
            }
            (place.stays, place.let_go, place.len) = (true, place.let_go || header.is_some(), stays.len() as u32);
            place.piece = self.staying.len() as u32 - 1;
            if let Some(last) = self.staying.last_mut() {
                place.start = last.len() as u32;
                last.extend_from_slice(stays);
            }
            self.done += 1;
        }
        let used = self.places.get(self.done).map_or(u32::MAX, |place| place.piece);
        while self.gone < used && self.waiting.pop_front().is_some() {
            self.gone += 1;
        }
    }

    /// What was in some records.
    fn remember(&mut self, id: ConversationId, records: Map<(Direction, usize), SettledRecord>) {
        self.records.extend(records.into_iter().map(|((direction, at), record)| ((id, direction, at), record)));
    }

    fn find(&self, number: u32) -> Option<&Place> {
        let at = self.places.binary_search_by_key(&number, |place| place.number).ok()?;
        self.places.get(at)
    }

    fn at(&self, place: &Place) -> Option<&[u8]> {
        let piece = match place.stays {
            true => self.staying.get(place.piece as usize),
            false => self.waiting.get(place.piece.checked_sub(self.gone)? as usize),
        };
        piece?.get(place.start as usize..(place.start + place.len) as usize)
    }
}

impl Source for Kept {
    fn frame(&self, number: u32) -> Option<Cow<'_, [u8]>> {
        self.at(self.find(number)?).map(Cow::Borrowed)
    }
    fn let_go(&self, number: u32) -> bool {
        self.find(number).is_some_and(|place| place.let_go)
    }
    fn settled(&self, conversation: ConversationId, direction: Direction, at: usize) -> Option<&SettledRecord> {
        self.records.get(&(conversation, direction, at))
    }
}

/// Which part of a capture a packet belongs to, while it is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Whose(Option<Key>);

/// Takes a capture apart while it passes, part by part.
#[derive(Debug)]
pub struct Split {
    limits: Limits,
    enough: usize,
    /// As [`ENOUGH`].
    every: usize,
    bare: bool,
    open: Open<Part>,
    rest: Part,
    ready: VecDeque<Part>,
    packets: u32,
    connections: usize,
    next_id: u32,
    dropped: u64,
    /// The ends of packets that come in fragments.
    fragments: fragments::Ends<Ends>,
    /// The part that has enough.
    full: Option<Key>,
    /// The part that the last packet went to.
    last: Whose,
    /// Packets that were looked through again for what can be let go.
    looked_through: u64,
    /// Room for what is looked through.
    scratch: [Vec<u8>; 2],
}

impl Split {
    /// Nothing yet. `limits` are those of each part.
    pub fn new(limits: Limits) -> Split {
        let limits = Limits { packets: u32::MAX, ..limits };
        Split {
            rest: Part { rest: true, ..Part::new(limits) },
            limits,
            enough: ENOUGH,
            every: ENOUGH,
            bare: false,
            open: Open::new(MAX_OPEN),
            ready: VecDeque::new(),
            packets: 0,
            connections: 0,
            next_id: 0,
            dropped: 0,
            fragments: fragments::Ends::default(),
            full: None,
            last: Whose(None),
            looked_through: 0,
            scratch: Default::default(),
        }
    }

    /// Keeps no bytes: who belongs together is all that is asked.
    pub fn without_bytes(mut self) -> Split {
        self.bare = true;
        self.rest.bare = true;
        self
    }
    /// Keeps at least so many bytes of a part before it is looked through for what can be let go.
    pub fn keeping(mut self, bytes: usize) -> Split {
        self.enough = bytes.max(ENOUGH);
        self
    }
    /// Looks through a part whenever so many bytes more are kept.
    #[cfg(test)]
    pub(crate) fn looking_every(mut self, bytes: usize) -> Split {
        (self.enough, self.every) = (bytes, bytes);
        self
    }

    /// Packets so far.
    pub fn packets(&self) -> u32 {
        self.packets
    }
    /// TCP connections so far.
    pub fn connections(&self) -> usize {
        self.connections
    }
    /// Pairs of ends that are open now.
    pub fn open(&self) -> usize {
        self.open.len()
    }
    /// Connections that were given up although they were not over: too many were open, or they had been silent for hours.
    pub fn given_up(&self) -> u64 {
        self.open.given_up()
    }
    /// Packets that were not looked at: of those that belong to no TCP or UDP ends, the first 500,000 are.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
    /// What belongs to no pair of ends, so far: ARP, neighbour discovery, DHCP, DNS, ICMP.
    pub fn rest(&self) -> &Part {
        &self.rest
    }

    /// Takes the next packet in and gives its number, from 1; `None` beyond 2^32 of them.
    pub fn push(&mut self, packet: Packet<'_>) -> Option<u32> {
        let frame = decode(&packet);
        self.push_decoded(packet, frame)
    }

    /// As [`Split::push`], of a packet that was decoded already.
    pub fn push_decoded(&mut self, packet: Packet<'_>, frame: Frame) -> Option<u32> {
        let number = self.packets.checked_add(1)?;
        self.packets = number;
        let released = self.ready.len();
        self.open.passes(packet.at, &mut self.ready);
        self.released(released);
        self.last = Whose(None);
        match self.key(&packet, &frame) {
            Some(Ends { key, opens, udp }) if opens || self.open.contains(&key) => {
                self.last = Whose(Some(key));
                self.part(number, key, udp, packet, frame);
            }
            _ if self.rest.flow.rows().len() < MAX_REST => {
                self.rest.take(number, &mut self.next_id, &mut self.connections, packet, frame);
            }
            _ => self.dropped += 1,
        }
        Some(number)
    }

    /// Whose the last packet is.
    pub fn last(&self) -> Whose {
        self.last
    }
    /// The part that packet `number` belongs to, until it has been given up and taken.
    pub fn part_of(&mut self, number: u32, whose: Whose) -> Option<&mut Part> {
        let Some(key) = whose.0 else { return Some(&mut self.rest) };
        let open = self.open.get_mut(&key);
        let has = |part: &&mut Part| part.flow.row(number).is_some();
        open.filter(has).or_else(|| self.ready.iter_mut().find(has))
    }

    /// Whether a part keeps so much that [`Split::settle`] should be called.
    pub fn full(&self) -> bool {
        self.full.is_some()
    }
    /// Packets that were looked through for what can be let go, one as often as it was: the work of [`Split::settle`].
    pub fn looked_through(&self) -> u64 {
        self.looked_through
    }
    /// Bytes of packets that are kept whole, of what is open.
    pub fn kept(&self) -> usize {
        self.open.values().map(|part| part.bytes.len).sum()
    }

    /// Lets go of what nobody will read again of a connection that carries much: the bodies of its messages, and what cannot
    /// be decrypted with `keys`.
    pub fn settle(&mut self, keys: &KeyLog) {
        let Some(key) = self.full.take() else { return };
        let patient = self.open.len() <= FEW && self.kept() <= MAX_WAITING;
        if let Some(part) = self.open.get_mut(&key) {
            self.looked_through += part.settle(&key, keys, patient, &mut self.scratch);
        }
    }

    /// Whether a part is over and waits to be taken.
    pub fn ready(&self) -> bool {
        !self.ready.is_empty()
    }
    /// The part that is over for longest, if there is one.
    pub fn poll(&mut self) -> Option<Part> {
        self.ready.pop_front()
    }

    /// The capture is at its end: all that is still open, in order of first packets.
    pub fn finish(&mut self) -> Vec<Part> {
        let mut parts = self.open.take_all();
        parts.sort_by_key(|part| part.flow.rows().first().map(|row| row.number));
        parts.iter_mut().for_each(|part| part.until = self.open.now());
        parts
    }
    /// What belongs to no pair of ends, to be kept.
    pub fn take_rest(&mut self) -> Part {
        let new = Part { rest: true, bare: self.bare, ..Part::new(self.limits) };
        let rest = std::mem::replace(&mut self.rest, new);
        Part { until: self.open.now(), ..rest }
    }

    /// The ends that a packet is between, or that the packet which an ICMP error quotes was between.
    fn key(&mut self, packet: &Packet<'_>, frame: &Frame) -> Option<Ends> {
        match frame.transport {
            Transport::Tcp(..) | Transport::Udp(_) => ends(packet.interface, frame),
            Transport::Icmp(_) | Transport::Icmpv6(_) => {
                let (protocol, src, dst) = quoted(frame, packet.bytes.get(frame.payload.clone())?)?;
                let key = Key::new(packet.interface, protocol, src, dst);
                Some(Ends { key, opens: false, udp: false })
            }
            Transport::Fragment => {
                let (datagram, start, _) = fragments::key(packet.interface, &frame.network)?;
                self.fragments.of(packet.at, datagram, start == 0, || {
                    let bytes = packet.bytes.get(frame.payload.clone())?;
                    ends(packet.interface, &wire::frame::decode_datagram(frame.network, bytes, &mut wire::Silent))
                })
            }
            _ => None,
        }
    }

    /// A packet between two ends.
    fn part(&mut self, number: u32, key: Key, udp: bool, packet: Packet<'_>, frame: Frame) {
        let Split { limits, enough, every, bare, .. } = *self;
        let part = self.open.heard(key, || Part { udp, enough, every, bare, ..Part::new(limits) });
        part.take(number, &mut self.next_id, &mut self.connections, packet, frame);
        if part.bytes.len > part.enough {
            self.full = Some(key);
        }
        let released = self.ready.len();
        self.open.taken(&key, &mut self.ready);
        self.released(released);
    }

    /// Those that were let go from the `from`th on were until now.
    fn released(&mut self, from: usize) {
        let until = self.open.now();
        self.ready.iter_mut().skip(from).for_each(|part| part.until = until);
    }
}

/// The ends that a packet of TCP or UDP is between.
fn ends(interface: u32, frame: &Frame) -> Option<Ends> {
    let (protocol, udp) = match frame.transport {
        Transport::Tcp(..) => (6, false),
        Transport::Udp(_) => (17, true),
        _ => return None,
    };
    let (ips, ports) = (frame.addresses()?, frame.ports()?);
    // What DNS and DHCP say is for all connections to know.
    let for_all = |port| matches!(port, wire::dns::PORT | wire::dhcp::SERVER_PORT | wire::dhcp::CLIENT_PORT);
    if udp && (for_all(ports.0) || for_all(ports.1)) {
        return None;
    }
    let (src, dst) = (Endpoint { ip: ips.0, port: ports.0 }, Endpoint { ip: ips.1, port: ports.1 });
    Some(Ends { key: Key::new(interface, protocol, src, dst), opens: true, udp })
}

/// Two ends.
#[derive(Clone, Copy, Debug)]
struct Ends {
    key: Key,
    /// Whether the packet opens a part where there is none: it is not about others.
    opens: bool,
    udp: bool,
}

impl Part {
    fn new(limits: Limits) -> Part {
        Part { flow: Flow::new(limits), ..Part::default() }
    }

    fn take(&mut self, number: u32, next_id: &mut u32, connections: &mut usize, packet: Packet<'_>, frame: Frame) {
        self.flow.set_next_id(*next_id);
        let before = self.flow.conversations().len();
        self.flow.take(number, packet, frame);
        *next_id = self.flow.next_id().max(*next_id);
        let opened = self.flow.conversations().iter().skip(before).filter(|conversation| conversation.tcp().is_some());
        for conversation in opened {
            *connections += 1;
            self.connections.push((conversation.id, *connections));
        }
        if self.bare {
            return;
        }
        match self.read_no_more(number) {
            Some(header) => self.bytes.push(number, packet.bytes.get(..header).unwrap_or_default(), true),
            None => self.bytes.push(number, packet.bytes, false),
        }
    }

    /// The length of the headers of a packet whose payload nobody will read.
    fn read_no_more(&self, number: u32) -> Option<usize> {
        let (id, ahead) = self.ahead.as_ref()?;
        let view = self.flow.row(number)?;
        let (tcp, payload) = (view.tcp?, view.row.payload);
        let start = tcp.relative_seq()? + i64::from(tcp.flags.contains(wire::tcp::Flags::SYN));
        let range = &ahead[view.row.direction as usize];
        let inside = tcp.len > 0 && range.start <= start && start + i64::from(tcp.len) <= range.end;
        let own = view.row.conversation == Some(*id) && payload.buffer == BufferRef::Frame(number);
        (inside && own).then_some(payload.at as usize)
    }

    /// Looks through what is kept; gives how many packets that were. `patient`: what is missing may still come.
    fn settle(&mut self, key: &Key, keys: &KeyLog, patient: bool, scratch: &mut [Vec<u8>; 2]) -> u64 {
        let Some(conversation) = self.flow.current(key) else { return 0 };
        let (id, packets) = (conversation.id, conversation.packets.len() as u64);
        let passed: u64 = conversation
            .tcp()
            .map_or(0, |tcp| [tcp.client(), tcp.server()].iter().map(|half| half.counts().wire_bytes).sum());
        if self.onward.as_ref().is_none_or(|onward| onward.conversation() != id) && self.whole.1 != Some(id) {
            self.onward = Onward::new(&self.flow, id, &self.bytes).map(Box::new);
            self.whole = (0, self.onward.is_none().then_some(id));
        }
        let (flow, mut looked, mut further, mut waits) = (&self.flow, 0, false, false);
        let header = |number| flow.row(number).map(|view| view.row.payload.at as usize);
        if let Some(read) = self.onward.as_mut().and_then(|onward| onward.read(flow, &self.bytes, keys, scratch)) {
            (looked, further, waits) = (read.pieces, read.further, read.waits && patient);
            self.bytes.thin_front(read.needed, read.settled.frames, header);
            self.bytes.remember(id, read.settled.records);
            self.ahead = Some((id, read.settled.ahead));
        }
        let share = self.every + usize::try_from(passed / SHARE).unwrap_or(usize::MAX);
        let wait = if waits { self.every.saturating_mul(PATIENCE) } else { 0 };
        if self.onward.is_none() || self.bytes.len > self.whole.0.saturating_add(share).saturating_add(wait) {
            if let Some(settled) = Settled::of(flow, id, &self.bytes, keys) {
                self.bytes.thin(&settled.frames, header);
                self.bytes.remember(id, settled.records);
                self.ahead = Some((id, settled.ahead));
            }
            looked += packets;
            if !further {
                self.onward = None;
            }
            let as_a_whole = self.onward.is_none();
            self.whole = (self.bytes.len, as_a_whole.then_some(id));
            self.enough = self.bytes.len + if as_a_whole { share } else { self.every };
        } else {
            self.enough = self.bytes.len + self.every;
        }
        looked
    }
}

impl Pair for Part {
    fn over(&self, key: &Key) -> bool {
        if self.udp {
            return self.flow.rows().len() >= MAX_UDP;
        }
        self.flow.current(key).and_then(|conversation| conversation.tcp()).is_some_and(|tcp| tcp.ended())
    }
    fn udp(&self) -> bool {
        self.udp
    }
    fn weight(&self) -> usize {
        self.flow.rows().len()
    }
    fn kept(&mut self) -> &mut open::Kept {
        &mut self.kept
    }
}
