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
use crate::layers::SettledRecord;
use crate::open::{self, MAX_OPEN, Open, Pair};
use crate::settle::Settled;
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
    /// How many bytes may be kept before it is looked through for what can be let go.
    enough: usize,
    /// Whether no bytes are kept.
    bare: bool,
    /// Of each direction of a connection the relative sequence numbers of what is not kept when it comes.
    ahead: Option<(ConversationId, [Range<i64>; 2])>,
}

/// Bytes that are kept of a part before it is looked through for the first time.
const ENOUGH: usize = 512 << 10;
/// It is looked through again when as many bytes more are kept, and a tenth part of all that has passed: so the work stays in
/// proportion.
const SHARE: u64 = 10;

/// The bytes of some packets of a capture, in their order. Payloads that are not read again may have been let go.
#[derive(Debug, Default)]
pub struct Kept {
    pieces: Vec<Vec<u8>>,
    places: Vec<Place>,
    /// Bytes of the packets that are kept whole.
    len: usize,
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
    let_go: bool,
}

/// Bytes of a piece: small enough that the allocator hands pieces on from one part to the next.
const PIECE: usize = 64 << 10;

impl Kept {
    fn push(&mut self, number: u32, bytes: &[u8], let_go: bool) {
        let room = self.pieces.last().map_or(0, |piece| piece.capacity() - piece.len());
        // A packet may be empty: of such a one, too, it is known that it was there.
        if room < bytes.len() || self.pieces.is_empty() {
            // A part of a few packets takes little, one of many takes whole pieces.
            let before = self.pieces.last().map_or(256, |piece| piece.capacity() * 4);
            self.pieces.push(Vec::with_capacity(before.min(PIECE).max(bytes.len())));
        }
        let piece = self.pieces.len() - 1;
        let Some(last) = self.pieces.last_mut() else { return };
        let start = last.len() as u32;
        last.extend_from_slice(bytes);
        self.len += if let_go { 0 } else { bytes.len() };
        self.places.push(Place { number, piece: piece as u32, start, len: bytes.len() as u32, let_go });
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

    fn find(&self, number: u32) -> Option<&Place> {
        let at = self.places.binary_search_by_key(&number, |place| place.number).ok()?;
        self.places.get(at)
    }

    fn at(&self, place: &Place) -> Option<&[u8]> {
        self.pieces.get(place.piece as usize)?.get(place.start as usize..(place.start + place.len) as usize)
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
    bare: bool,
    open: Open<Part>,
    rest: Part,
    ready: VecDeque<Part>,
    packets: u32,
    connections: usize,
    next_id: u32,
    dropped: u64,
    /// The part that has enough.
    full: Option<Key>,
    /// The part that the last packet went to.
    last: Whose,
    /// Packets that were looked through again for what can be let go.
    looked_through: u64,
}

impl Split {
    /// Nothing yet. `limits` are those of each part.
    pub fn new(limits: Limits) -> Split {
        let limits = Limits { packets: u32::MAX, ..limits };
        Split {
            rest: Part { rest: true, ..Part::new(limits) },
            limits,
            enough: ENOUGH,
            bare: false,
            open: Open::new(MAX_OPEN),
            ready: VecDeque::new(),
            packets: 0,
            connections: 0,
            next_id: 0,
            dropped: 0,
            full: None,
            last: Whose(None),
            looked_through: 0,
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
        if let Some(part) = self.open.get_mut(&key) {
            self.looked_through += part.settle(&key, keys);
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
    fn key(&self, packet: &Packet<'_>, frame: &Frame) -> Option<Ends> {
        let (protocol, udp) = match frame.transport {
            Transport::Tcp(..) => (6, false),
            Transport::Udp(_) => (17, true),
            Transport::Icmp(_) | Transport::Icmpv6(_) => {
                let (protocol, src, dst) = quoted(frame, packet.bytes.get(frame.payload.clone())?)?;
                let key = Key::new(packet.interface, protocol, src, dst);
                return Some(Ends { key, opens: false, udp: false });
            }
            _ => return None,
        };
        let (ips, ports) = (frame.addresses()?, frame.ports()?);
        // What DNS and DHCP say is for all connections to know.
        let for_all = |port| matches!(port, wire::dns::PORT | wire::dhcp::SERVER_PORT | wire::dhcp::CLIENT_PORT);
        if udp && (for_all(ports.0) || for_all(ports.1)) {
            return None;
        }
        let (src, dst) = (Endpoint { ip: ips.0, port: ports.0 }, Endpoint { ip: ips.1, port: ports.1 });
        Some(Ends { key: Key::new(packet.interface, protocol, src, dst), opens: true, udp })
    }

    /// A packet between two ends.
    fn part(&mut self, number: u32, key: Key, udp: bool, packet: Packet<'_>, frame: Frame) {
        let (limits, enough, bare) = (self.limits, self.enough, self.bare);
        let part = self.open.heard(key, || Part { udp, enough, bare, ..Part::new(limits) });
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

/// Two ends.
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

    /// Looks through what is kept; gives how many packets that were.
    fn settle(&mut self, key: &Key, keys: &KeyLog) -> u64 {
        let Some(conversation) = self.flow.current(key) else { return 0 };
        let (id, packets) = (conversation.id, conversation.packets.len() as u64);
        let passed: u64 = conversation
            .tcp()
            .map_or(0, |tcp| [tcp.client(), tcp.server()].iter().map(|half| half.counts().wire_bytes).sum());
        if let Some(settled) = Settled::of(&self.flow, id, &self.bytes, keys) {
            let flow = &self.flow;
            let header = |number| flow.row(number).map(|view| view.row.payload.at as usize);
            self.bytes.thin(&settled.frames, header);
            let records = settled.records.into_iter().map(|((direction, at), record)| ((id, direction, at), record));
            self.bytes.records.extend(records);
            self.ahead = Some((id, settled.ahead));
        }
        self.enough = self.bytes.len + ENOUGH + usize::try_from(passed / SHARE).unwrap_or(usize::MAX);
        packets
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
