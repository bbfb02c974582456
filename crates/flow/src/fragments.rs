//! Puts fragmented IP packets together again (RFC 791 §3.2, RFC 8200 §4.5).

use std::collections::VecDeque;
use std::net::IpAddr;

use base::{Duration, Instant, Map};
use wire::frame::Network;

use crate::{Buffer, BufferKind, BufferRef, Dropped, Limits, Piece};

/// How long fragments wait for the rest: as Linux (`ipfrag_time`); RFC 1122 §3.3.2 says 60 to 120 s.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest payload of an IP packet in bytes.
const MAX_DATAGRAM: usize = 65_535;
/// Fragments of one packet: Linux' own limit lies higher, real packets have fewer than 60 (an MTU of 1,280).
const MAX_PIECES: usize = 8_192;

/// What tells packets apart whose fragments arrive mixed: RFC 791 §3.2 (addresses, protocol, identification), RFC 8200
/// §4.5 (addresses, identification).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key {
    interface: u32,
    src: IpAddr,
    dst: IpAddr,
    id: u32,
    protocol: u16,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    serial: u64,
    /// The first fragment's header.
    network: Option<Network>,
    /// Start, bytes, packet and offset in it, sorted by start.
    pieces: Vec<(usize, Vec<u8>, u32, usize)>,
    /// Where the last fragment ends.
    end: Option<usize>,
    have: usize,
}

/// Fragments that wait for the rest of their packets.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    waiting: Map<Key, Waiting>,
    order: VecDeque<(Key, u64)>,
    serial: u64,
}

/// A fragment to add.
pub(crate) struct Fragment<'a> {
    pub interface: u32,
    pub at: Instant,
    pub number: u32,
    pub network: Network,
    /// Its payload and where that starts in the packet's bytes.
    pub bytes: &'a [u8],
    pub offset: usize,
    /// Whether all of it was captured.
    pub whole: bool,
}

/// A packet that is whole again.
pub(crate) struct Whole {
    pub network: Network,
    pub buffer: Buffer,
    /// The packets that carried its fragments.
    pub frames: Vec<u32>,
}

impl Fragments {
    /// Adds a fragment; gives the packet that it completes. A fragment that was cut short by the capture is of no use. One
    /// that overlaps others makes the whole packet worthless: RFC 5722 §4 demands it of IPv6, Linux does the same for IPv4.
    /// Only if all of it is there already it is ignored, as Linux does (RFC 8200 §4.5 allows it of exact repetitions).
    pub(crate) fn push(
        &mut self,
        fragment: &Fragment<'_>,
        id: u32,
        limits: &Limits,
        dropped: &mut Dropped,
    ) -> Option<Whole> {
        let (key, start, more) = key(fragment.interface, &fragment.network)?;
        let end = start.checked_add(fragment.bytes.len()).filter(|&end| end <= MAX_DATAGRAM)?;
        // RFC 791 §3.2: all fragments but the last carry a multiple of 8 bytes.
        if !fragment.whole || fragment.bytes.is_empty() || (more && !fragment.bytes.len().is_multiple_of(8)) {
            return None;
        }
        self.expire(fragment.at, limits, dropped);
        let serial = &mut self.serial;
        let order = &mut self.order;
        let waiting = self.waiting.entry(key).or_insert_with(|| {
            *serial += 1;
            order.push_back((key, *serial));
            Waiting { since: fragment.at, serial: *serial, network: None, pieces: Vec::new(), end: None, have: 0 }
        });
        let beyond = waiting.end.is_some_and(|last| end > last || (!more && end != last));
        if !beyond && covered(&waiting.pieces, start, end) {
            return None; // the same again, perhaps cut smaller on another way
        }
        let place = waiting.pieces.partition_point(|piece| piece.0 < start);
        let after = waiting.pieces.get(place);
        let before = place.checked_sub(1).and_then(|at| waiting.pieces.get(at));
        let overlaps = beyond
            || before.is_some_and(|piece| piece.0 + piece.1.len() > start)
            || after.is_some_and(|piece| piece.0 < end)
            || waiting.pieces.len() >= MAX_PIECES;
        if overlaps {
            self.waiting.remove(&key);
            return None;
        }
        waiting.pieces.insert(place, (start, fragment.bytes.to_vec(), fragment.number, fragment.offset));
        waiting.have += fragment.bytes.len();
        if start == 0 {
            waiting.network = Some(fragment.network);
        }
        if !more {
            waiting.end = Some(end);
        }
        if waiting.end != Some(waiting.have) {
            return None;
        }
        let waiting = self.waiting.remove(&key)?;
        let mut bytes = Vec::with_capacity(waiting.have);
        let mut parents = Vec::with_capacity(waiting.pieces.len());
        let mut frames = Vec::with_capacity(waiting.pieces.len());
        for (start, piece, frame, at) in waiting.pieces {
            parents.push(Piece { range: start..start + piece.len(), parent: BufferRef::Frame(frame), at });
            frames.push(frame);
            bytes.extend_from_slice(&piece);
        }
        let buffer = Buffer { id: BufferRef::Datagram(id), kind: BufferKind::Datagram, bytes: bytes.into(), parents };
        Some(Whole { network: waiting.network?, buffer, frames })
    }

    /// Gives up what has waited too long, or is too much.
    fn expire(&mut self, now: Instant, limits: &Limits, dropped: &mut Dropped) {
        while let Some(&(key, serial)) = self.order.front() {
            let current = self.waiting.get(&key).filter(|waiting| waiting.serial == serial);
            let late = current.is_none_or(|waiting| now.since(waiting.since) > PATIENCE);
            let many = self.waiting.len() > limits.waiting_datagrams;
            if !late && !many {
                break;
            }
            if current.is_some() {
                self.waiting.remove(&key);
                dropped.waiting_datagrams += u64::from(!late);
            }
            self.order.pop_front();
        }
    }
}

/// Whether pieces that are sorted by their start, and do not overlap, hold all of a range.
fn covered(pieces: &[(usize, Vec<u8>, u32, usize)], start: usize, end: usize) -> bool {
    let first = pieces.partition_point(|piece| piece.0 <= start).saturating_sub(1);
    let mut to = start;
    for (from, bytes, ..) in pieces.iter().skip(first).take_while(|piece| piece.0 < end) {
        if *from > to {
            return false;
        }
        to = to.max(from + bytes.len());
    }
    to >= end
}

/// The key of a fragment, where it starts in its packet's payload, and whether more follow.
pub(crate) fn key(interface: u32, network: &Network) -> Option<(Key, usize, bool)> {
    match network {
        Network::Ipv4(ip) => {
            let (src, dst, protocol) = (ip.src.into(), ip.dst.into(), ip.protocol.0.into());
            let key = Key { interface, src, dst, id: ip.id.into(), protocol };
            Some((key, ip.fragment_start(), ip.more_fragments))
        }
        Network::Ipv6(ip) => {
            let piece = ip.fragment?;
            let (src, dst) = (ip.header.src.into(), ip.header.dst.into());
            // IPv4's protocol is part of the key, IPv6's is not; 256 keeps the two families apart.
            let key = Key { interface, src, dst, id: piece.id, protocol: 256 };
            Some((key, usize::from(piece.offset) * 8, piece.more))
        }
        _ => None,
    }
}

/// Which ends the packets are between whose fragments are under way: the first fragment alone has the ports.
#[derive(Debug)]
pub(crate) struct Ends<T> {
    known: Map<Key, (Instant, Option<T>)>,
    order: VecDeque<Key>,
}

impl<T> Default for Ends<T> {
    fn default() -> Ends<T> {
        Ends { known: Map::default(), order: VecDeque::new() }
    }
}

/// Packets whose fragments are under way at one time.
const MAX_UNDER_WAY: usize = 1_024;

impl<T: Copy> Ends<T> {
    /// The ends of a fragment, which `ports` tells of a first one; `None` if another fragment of its packet came before the
    /// first: then those that follow have none either, so that all stay together.
    pub(crate) fn of(&mut self, at: Instant, key: Key, first: bool, ports: impl FnOnce() -> Option<T>) -> Option<T> {
        let known = self.known.get(&key).filter(|(since, _)| at.since(*since) <= PATIENCE);
        if let Some((_, ends)) = known.filter(|(_, ends)| !first || ends.is_none()) {
            return *ends;
        }
        let ends = if first { ports() } else { None };
        if self.known.insert(key, (at, ends)).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MAX_UNDER_WAY
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        ends
    }
}
