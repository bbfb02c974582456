//! TCP alone, by its headers: the figures of each connection and no row a packet, for captures of which nothing else is asked.

use std::collections::VecDeque;

use base::{Duration, Instant};
use wire::Silent;
use wire::frame::{Frame, Transport, decode_datagram};

use crate::conversation::{ClientBy, Direction, Endpoint, Key};
use crate::copies::{Copies, Identity};
use crate::flow::{Belongs, Captured, belongs, check, client_of, decode, payload, segment_of, small};
use crate::fragments::{Fragment, Fragments};
use crate::open::{self, MAX_OPEN, Open, Pair};
use crate::tcp::{Connection, Segment, Tcp, VERDICTS, Verdicts};
use crate::{BufferRef, Dropped, Limits, Packet};

/// A TCP segment on its way into a [`Tally`].
#[derive(Clone, Debug)]
pub struct Wired {
    interface: u32,
    src: Endpoint,
    dst: Endpoint,
    segment: Segment,
    identity: Option<Identity>,
    /// When the first packet came that carries a part of it, and how many there are.
    since: Instant,
    packets: u32,
}

/// Takes segments out of packets, and puts those together that come in IP fragments.
#[derive(Debug, Default)]
pub struct Wires {
    limits: Limits,
    fragments: Fragments,
    dropped: Dropped,
    /// When the fragments that wait came: the earliest of each whole packet counts.
    since: VecDeque<(u32, Instant)>,
}

/// Fragments whose moments are remembered.
const MAX_SINCE: usize = 8_192;

impl Wires {
    /// The segment that packet `number` carries or completes; `None` if it carries none, or a piece of one.
    pub fn of(&mut self, number: u32, packet: &Packet<'_>) -> Option<Wired> {
        let frame = decode(packet);
        match frame.transport {
            Transport::Tcp(..) => Wired::of_frame(number, packet, &frame),
            Transport::Fragment => self.fragment(number, packet, &frame),
            _ => None,
        }
    }

    fn fragment(&mut self, number: u32, packet: &Packet<'_>, frame: &Frame) -> Option<Wired> {
        let fragment = Fragment {
            interface: packet.interface,
            at: packet.at,
            number,
            network: frame.network,
            bytes: packet.bytes.get(frame.payload.clone()).unwrap_or_default(),
            offset: frame.payload.start,
            whole: frame.payload.len() == frame.payload_len,
        };
        self.since.push_back((number, packet.at));
        if self.since.len() > MAX_SINCE {
            self.since.pop_front();
        }
        let whole = self.fragments.push(&fragment, 0, &self.limits, &mut self.dropped)?;
        let datagram = decode_datagram(whole.network, &whole.buffer.bytes, &mut Silent);
        let wired = Wired::of_frame(number, packet, &datagram)?;
        let came = |frame: &u32| {
            let at = self.since.binary_search_by_key(frame, |(number, _)| *number).ok()?;
            Some(self.since.get(at)?.1)
        };
        let since = whole.frames.iter().filter_map(came).min().unwrap_or(packet.at);
        Some(Wired { since, packets: small(whole.frames.len()), identity: None, ..wired })
    }
}

impl Wired {
    /// How many packets it came in: more than one are IP fragments.
    pub fn packets(&self) -> u32 {
        self.packets
    }

    fn of_frame(number: u32, packet: &Packet<'_>, frame: &Frame) -> Option<Wired> {
        let Transport::Tcp(header, options) = &frame.transport else { return None };
        let (ips, original) = (frame.addresses()?, packet.original_len.max(packet.bytes.len()));
        let checksum = check(frame.checksum, header.checksum, ips, header.header_len() + frame.payload_len);
        let payload = payload(frame, BufferRef::Frame(number));
        let (at, original, options_cut) = (packet.at, small(original), frame.options_cut);
        let captured = Captured { number, at, payload, original, options_cut };
        Some(Wired {
            interface: packet.interface,
            src: Endpoint { ip: ips.0, port: header.src_port },
            dst: Endpoint { ip: ips.1, port: header.dst_port },
            segment: segment_of(&captured, header, *options, checksum),
            identity: Identity::of(packet, frame),
            since: at,
            packets: 1,
        })
    }

    #[cfg(test)]
    pub(crate) fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Which of so many tallies it goes to: both directions of a connection to the same one.
    pub fn share(&self, of: usize) -> usize {
        let ip = |end: &Endpoint| match end.ip {
            std::net::IpAddr::V4(ip) => u64::from(u32::from(ip)),
            std::net::IpAddr::V6(ip) => (u128::from(ip) ^ (u128::from(ip) >> 64)) as u64,
        };
        let end = |end: &Endpoint| (ip(end) ^ (u64::from(end.port) << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // A sum does not ask which end is which.
        let both = end(&self.src).wrapping_add(end(&self.dst));
        ((both >> 32) as usize) % of.max(1)
    }
}

/// The round trips that were measured from one end's segments to their acknowledgments.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct RoundTrips {
    /// How many.
    pub count: u64,
    /// All together.
    pub sum: Duration,
    /// The longest.
    pub max: Duration,
}

impl RoundTrips {
    /// The mean of them, if there are any.
    pub fn mean(&self) -> Option<Duration> {
        let count = i64::try_from(self.count).ok().filter(|count| *count > 0)?;
        Some(Duration::from_nanos(self.sum.as_nanos() / count))
    }
}

/// A connection's figures.
#[derive(Debug)]
pub struct Talk {
    /// The packet that opened it: connections are numbered in order of these.
    pub opened_by: u32,
    /// The interface where it was seen.
    pub interface: u32,
    /// The end that began it.
    pub client: Endpoint,
    /// The other end.
    pub server: Endpoint,
    /// Why the client counts as the client.
    pub client_by: ClientBy,
    /// When its first and its last packet came.
    pub span: (Instant, Instant),
    /// Its packets.
    pub packets: u64,
    /// How often each verdict was given, in the order of [`VERDICTS`]: on what the client sent, and the server.
    pub verdicts: [[u32; VERDICTS.len()]; 2],
    /// The round trips of what the client sent, and of what the server sent.
    pub round_trips: [RoundTrips; 2],
    /// What both ends sent. Where their bytes stand is not known.
    pub connection: Connection,
    kept: open::Kept,
}

impl Talk {
    fn new(wired: &Wired) -> Talk {
        let (client, server, client_by) = client_of(&wired.segment, wired.src, wired.dst);
        Talk {
            opened_by: wired.segment.frame,
            interface: wired.interface,
            client,
            server,
            client_by,
            span: (wired.since, wired.segment.at),
            packets: 0,
            verdicts: [[0; VERDICTS.len()]; 2],
            round_trips: [RoundTrips::default(); 2],
            connection: Connection::figures_only(),
            kept: open::Kept::default(),
        }
    }

    fn direction(&self, src: Endpoint) -> Direction {
        if src == self.client { Direction::ToServer } else { Direction::ToClient }
    }

    fn push(&mut self, src: Endpoint, segment: &Segment, more: Verdicts, limits: &Limits) {
        let direction = self.direction(src);
        let mut tcp = self.connection.push(direction, segment, limits);
        tcp.verdicts |= more;
        for (_, earlier) in self.connection.believed() {
            self.take_back(direction.opposite(), Verdicts::DAMAGED, 1);
            self.count_verdicts(direction.opposite(), earlier.verdicts);
        }
        self.count(direction, segment.at, &tcp);
    }

    fn count(&mut self, direction: Direction, at: Instant, tcp: &Tcp) {
        self.packets += 1;
        self.span.1 = self.span.1.max(at);
        self.count_verdicts(direction, tcp.verdicts);
        if let Some(rtt) = tcp.rtt() {
            let trips = &mut self.round_trips[direction.opposite() as usize];
            trips.count += 1;
            trips.sum = Duration::from_nanos(trips.sum.as_nanos().saturating_add(rtt.as_nanos()));
            trips.max = trips.max.max(rtt);
        }
    }

    fn count_verdicts(&mut self, direction: Direction, verdicts: Verdicts) {
        let mut verdicts = verdicts.0;
        while verdicts != 0 {
            let bit = verdicts.trailing_zeros() as usize;
            verdicts &= verdicts - 1;
            if let Some(count) = self.verdicts[direction as usize].get_mut(bit) {
                *count = count.saturating_add(1);
            }
        }
    }

    /// A verdict was given too often.
    fn take_back(&mut self, direction: Direction, verdict: Verdicts, times: u32) {
        if let Some(count) = self.verdicts[direction as usize].get_mut(verdict.0.trailing_zeros() as usize) {
            *count = count.saturating_sub(times);
        }
    }

    /// How often a verdict was given on what one end sent.
    pub fn count_of(&self, direction: Direction, verdict: Verdicts) -> u32 {
        let bit = verdict.0.trailing_zeros() as usize;
        self.verdicts[direction as usize].get(bit).copied().unwrap_or(0)
    }
}

impl Pair for Talk {
    fn over(&self, _: &Key) -> bool {
        self.connection.ended()
    }
    fn udp(&self) -> bool {
        false
    }
    fn weight(&self) -> usize {
        1
    }
    fn kept(&mut self) -> &mut open::Kept {
        &mut self.kept
    }
}

/// Takes the figures of all connections, or of a share of them, while a capture passes.
#[derive(Debug)]
pub struct Tally {
    limits: Limits,
    copies: Copies,
    open: Open<Talk>,
    ready: VecDeque<Talk>,
    /// Packets that opened a connection.
    opened: Vec<u32>,
}

impl Tally {
    /// Nothing yet: one of `shares` tallies, among which connections are divided.
    pub fn new(shares: usize) -> Tally {
        let limits = Limits { overlaps_per_stream: 0, ..Limits::default() };
        Tally {
            limits,
            copies: Copies::default(),
            open: Open::new((MAX_OPEN / shares.max(1)).max(1)),
            ready: VecDeque::new(),
            opened: Vec::new(),
        }
    }

    /// Connections that were given up although they were not over.
    pub fn given_up(&self) -> u64 {
        self.open.given_up()
    }

    /// Takes the next segment in.
    pub fn push(&mut self, wired: &Wired) {
        let Wired { interface, src, dst, segment, identity, .. } = wired;
        self.open.passes(segment.at, &mut self.ready);
        let key = Key::new(*interface, 6, *src, *dst);
        let (opened, ready) = (&mut self.opened, &mut self.ready);
        let mut open = |talk: Talk| {
            opened.push(segment.frame);
            talk
        };
        let talk = self.open.heard(key, || open(Talk::new(wired)));
        let direction = talk.direction(*src);
        let copy_of = identity.map_or(0, |identity| self.copies.first_of(segment.frame, &identity));
        if copy_of != 0 && talk.packets > 0 {
            let tcp = talk.connection.copied(direction, segment, copy_of);
            talk.count(direction, segment.at, &tcp);
            self.open.taken(&key, &mut self.ready);
            return;
        }
        // Of a segment in fragments each of these is a packet.
        let more = u64::from(wired.packets.saturating_sub(1));
        // Of the first one there is nothing to judge by yet.
        let belongs = if talk.packets == 0 { Belongs::Own } else { belongs(&talk.connection, direction, segment) };
        match belongs {
            Belongs::Own => talk.push(*src, segment, Verdicts::NONE, &self.limits),
            Belongs::Opens => {
                let kept = talk.kept;
                ready.push_back(std::mem::replace(talk, Talk { kept, ..open(Talk::new(wired)) }));
                talk.push(*src, segment, Verdicts::PORT_REUSED, &self.limits);
            }
            Belongs::Challenges => {
                let tcp = talk.connection.challenge(direction, segment.clone());
                talk.count(direction, segment.at, &tcp);
            }
            Belongs::Answers => {
                let opening = talk.connection.opened_by(segment);
                if let Some(first) = opening.first() {
                    let asked =
                        Wired { src: *dst, dst: *src, segment: first.clone(), since: first.at, ..wired.clone() };
                    let new = Talk { kept: talk.kept, opened_by: segment.frame, ..open(Talk::new(&asked)) };
                    // The SYNs move to the connection that they open.
                    talk.packets = talk.packets.saturating_sub(opening.len() as u64);
                    talk.take_back(direction.opposite(), Verdicts::SYN_IN_CONNECTION, opening.len() as u32);
                    ready.push_back(std::mem::replace(talk, new));
                    for (i, syn) in opening.iter().enumerate() {
                        let verdicts = if i == 0 { Verdicts::PORT_REUSED } else { Verdicts::NONE };
                        talk.push(*dst, syn, verdicts, &self.limits);
                    }
                    talk.push(*src, segment, Verdicts::NONE, &self.limits);
                }
            }
        }
        talk.packets += more;
        self.open.taken(&key, &mut self.ready);
    }

    /// The packets that opened connections since this was asked last, in order.
    pub fn take_opened(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.opened)
    }
    /// The connections that are over since this was asked last.
    pub fn take_ready(&mut self) -> Vec<Talk> {
        std::mem::take(&mut self.ready).into()
    }
    /// The capture is at its end: all that is still open.
    pub fn finish(&mut self) -> Vec<Talk> {
        let mut talks = self.take_ready();
        talks.extend(self.open.take_all());
        talks
    }
}
