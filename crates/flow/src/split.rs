//! A capture taken apart while it passes: a flow of its own for each pair of TCP or UDP ends, given up as soon as what they
//! said is over. So memory holds what is open, and not the whole capture.

mod kept;
mod part;

use std::collections::VecDeque;

use capture::keylog::KeyLog;
use wire::frame::{Frame, Transport};

pub use kept::Kept;
pub use part::Part;
use part::{ENOUGH, Keeping};

use crate::conversation::{Endpoint, Key};
use crate::copies::{Copies, Identity};
use crate::flow::{Passed, decode, quoted};
use crate::fragments;
use crate::open::{MAX_OPEN, Open};
use crate::tcp::Silences;
use crate::{Limits, Packet};

/// Packets of what belongs to no TCP or UDP ends, and of DNS and DHCP, that are kept.
const MAX_REST: usize = 500_000;

/// Nobody waits where more pairs of ends are open, or more bytes are kept of all.
const FEW: usize = 1_000;
const MAX_WAITING: usize = 64 << 20;

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
    keeping: Keeping,
    open: Open<Part>,
    rest: Part,
    ready: VecDeque<Part>,
    packets: u32,
    connections: usize,
    next_id: u32,
    dropped: u64,
    /// The ends of packets that come in fragments.
    fragments: fragments::Ends<Ends>,
    copies: Copies,
    silences: Silences,
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
            rest: Part::of_rest(limits, Keeping::Headers),
            limits,
            enough: ENOUGH,
            every: ENOUGH,
            keeping: Keeping::Headers,
            open: Open::new(MAX_OPEN),
            ready: VecDeque::new(),
            packets: 0,
            connections: 0,
            next_id: 0,
            dropped: 0,
            fragments: fragments::Ends::default(),
            copies: Copies::default(),
            silences: Silences::default(),
            full: None,
            last: Whose(None),
            looked_through: 0,
            scratch: Default::default(),
        }
    }

    /// Keeps no bytes: who belongs together is all that is asked.
    pub fn without_bytes(mut self) -> Split {
        self.keeping = Keeping::Nothing;
        self.rest.keeping = Keeping::Nothing;
        self
    }
    /// Keeps no headers of TCP segments that are not needed to read what they carry: no packet will be asked for. What belongs
    /// to no pair of ends is kept whole.
    pub fn without_headers(mut self) -> Split {
        self.keeping = Keeping::Payloads;
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
        self.push_decoded(packet, &frame)
    }

    /// As [`Split::push`], of a packet that was decoded already.
    pub fn push_decoded(&mut self, packet: Packet<'_>, frame: &Frame) -> Option<u32> {
        let number = self.packets.checked_add(1)?;
        self.packets = number;
        let released = self.ready.len();
        self.open.passes(packet.at, &mut self.ready);
        self.released(released);
        self.last = Whose(None);
        let identity = Identity::of(&packet, frame);
        let copy_of = identity.map_or(0, |identity| self.copies.first_of(number, &identity));
        let passed = Passed { number, copy_of, silence: self.silences.passes(packet.at) };
        match self.key(&packet, frame) {
            Some(Ends { key, opens, udp }) if opens || self.open.contains(&key) => {
                self.last = Whose(Some(key));
                self.part(passed, key, udp, packet, frame);
            }
            _ if self.rest.flow.rows().len() < MAX_REST => {
                self.rest.take(passed, &mut self.next_id, &mut self.connections, packet, frame);
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
        self.open.values().map(|part| part.bytes.len()).sum()
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
        let next = Part::of_rest(self.limits, self.rest.keeping);
        let mut rest = std::mem::replace(&mut self.rest, next);
        rest.until = self.open.now();
        rest
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
    fn part(&mut self, passed: Passed, key: Key, udp: bool, packet: Packet<'_>, frame: &Frame) {
        let Split { limits, enough, every, keeping, .. } = *self;
        let part = self.open.heard(key, || Part::between_ends(limits, udp, (enough, every), keeping));
        part.take(passed, &mut self.next_id, &mut self.connections, packet, frame);
        if part.bytes.len() > part.enough {
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
