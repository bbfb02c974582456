//! ICMP (RFC 792): pings both ways, errors sent, and errors received.

use std::collections::VecDeque;
use std::net::IpAddr;

use base::{Duration, Instant, Map};
use tcp::{Errno, IcmpError};
use trace::Cx;
use trace::kinds::ip as kinds;
use wire::icmp::{Header, Type, Unreachable};
use wire::ipv4::{self, Dscp, Ecn, Protocol};
use wire::tcp::Seq;
use wire::{Body, Packet};

use crate::incremental::adjust;
use crate::interface::Cast;
use crate::ipv4::is_martian_source;
use crate::output::{Hop, Output, Sizing};
use crate::sockets::{PingAnswer, PingResult, Socket};
use crate::{Host, SocketId, icmpv6};

/// Where the checksum stands in an ICMP message, in bytes.
pub(crate) const CHECKSUM: usize = 2;
/// The largest ICMP error, IP header included (RFC 1812 §4.3.2.3: as much of the original as fits into 576 bytes).
const MAX_ERROR: usize = 576;
/// Answers that wait for a ping program.
const MAX_ANSWERS: usize = 256;

/// A socket that pings (Linux' ICMP datagram socket: its identifier stands for a port).
#[derive(Debug)]
pub(crate) struct PingSocket {
    pub(crate) id: u16,
    pub(crate) ttl: u8,
    answers: VecDeque<PingAnswer>,
}

/// Limits the errors that this machine sends (RFC 1812 §4.3.2.8): as Linux, by destination six at once and one a second,
/// and fifty at once and a thousand a second in all.
#[derive(Debug)]
pub(crate) struct Limiter {
    all: Bucket,
    by_destination: Map<IpAddr, Bucket>,
}

/// A token bucket in nanoseconds of credit.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    credit: Duration,
    last: Instant,
}

impl Bucket {
    fn full(now: Instant, interval: Duration, burst: i64) -> Bucket {
        Bucket { credit: interval * burst, last: now }
    }
    fn take(&mut self, now: Instant, interval: Duration, burst: i64) -> bool {
        self.credit = (self.credit + (now - self.last)).min(interval * burst);
        self.last = now;
        let enough = self.credit >= interval;
        if enough {
            self.credit -= interval;
        }
        enough
    }
}

const EACH: (Duration, i64) = (Duration::from_secs(1), 6);
const ALL: (Duration, i64) = (Duration::from_millis(1), 50);
/// The most destinations that are counted apart.
const MAX_DESTINATIONS: usize = 1024;

impl Limiter {
    pub(crate) fn new() -> Limiter {
        Limiter { all: Bucket::full(Instant::ZERO, ALL.0, ALL.1), by_destination: Map::default() }
    }
    pub(crate) fn allows(&mut self, to: IpAddr, now: Instant) -> bool {
        if self.by_destination.len() >= MAX_DESTINATIONS && !self.by_destination.contains_key(&to) {
            self.by_destination.retain(|_, bucket| now - bucket.last < EACH.0 * EACH.1);
            if self.by_destination.len() >= MAX_DESTINATIONS {
                return false;
            }
        }
        let bucket = self.by_destination.entry(to).or_insert_with(|| Bucket::full(now, EACH.0, EACH.1));
        bucket.take(now, EACH.0, EACH.1) && self.all.take(now, ALL.0, ALL.1)
    }
}

impl Host {
    /// Opens a socket that pings. Its identifier is chosen by the host.
    pub fn ping_open(&mut self) -> Result<SocketId, Errno> {
        // Identifiers count up from a random one; 65,536 ping sockets are the most.
        for _ in 0..=u16::MAX {
            self.ping_id = self.ping_id.wrapping_add(1);
            if !self.ping_ids.contains_key(&self.ping_id) {
                let socket = PingSocket { id: self.ping_id, ttl: self.ttl, answers: VecDeque::new() };
                let (id, slot) = self.sockets.insert(Socket::Ping(Box::new(socket)));
                self.ping_ids.insert(self.ping_id, slot);
                return Ok(id);
            }
        }
        Err(Errno::AddrNotAvailable)
    }

    /// Sends a ping: an echo request with this sequence number and data to `destination`, with a TTL other than the host's
    /// where one is given (for a traceroute).
    pub fn ping_send(
        &mut self,
        id: SocketId,
        destination: impl Into<IpAddr>,
        sequence: u16,
        data: Body,
        ttl: Option<u8>,
        cx: &mut Cx<'_>,
    ) -> Result<(), Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        let socket = self.sockets.ping(slot).ok_or(Errno::Invalid)?;
        let (identifier, ttl) = (socket.id, ttl.unwrap_or(socket.ttl));
        let path = self.path(destination.into(), None, None)?;
        if path.is_broadcast() {
            return Err(Errno::AccessDenied);
        }
        let to = cx.address(path.destination);
        let event = cx.event(&kinds::PING_SENT, id.0, [to, sequence.into()]);
        let rest = u32::from(identifier) << 16 | u32::from(sequence);
        let mut output = Output {
            protocol: Protocol::ICMP,
            ttl,
            dscp: Dscp::DEFAULT,
            ecn: Ecn::NOT_ECT,
            sizing: Sizing::Want,
            id: 0,
            event,
        };
        let packet = match (path.source, path.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                output.id = self.identification.next(source, destination, Protocol::ICMP);
                message(Type::ECHO_REQUEST, 0, rest, data)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                output.protocol = Protocol::ICMPV6;
                let kind = wire::icmpv6::Type::ECHO_REQUEST;
                icmpv6::message(kind, 0, rest, data, (source, destination))
            }
            _ => return Err(Errno::Invalid),
        };
        self.output(packet, &path, &output, cx)
    }

    /// Takes what came back of a ping.
    ///
    /// # Errors
    /// [`Errno::WouldBlock`] if nothing has.
    pub fn ping_recv(&mut self, id: SocketId) -> Result<PingAnswer, Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        self.sockets.ping(slot).ok_or(Errno::Invalid)?.answers.pop_front().ok_or(Errno::WouldBlock)
    }

    pub(crate) fn ping_readable(socket: &PingSocket) -> bool {
        !socket.answers.is_empty()
    }
    pub(crate) fn ping_closed(&mut self, socket: &PingSocket) {
        self.ping_ids.remove(&socket.id);
    }

    pub(crate) fn ping_answer(&mut self, identifier: u16, answer: PingAnswer) {
        let Some(&slot) = self.ping_ids.get(&identifier) else { return };
        let Some(socket) = self.sockets.ping(slot) else { return };
        if socket.answers.len() < MAX_ANSWERS {
            let event = answer.event;
            socket.answers.push_back(answer);
            self.wake(slot, event);
        }
    }

    /// A destination is unreachable: tells the sender of `packet`, with the MTU that would fit where that is why.
    pub(crate) fn icmp_unreachable(
        &mut self,
        packet: &Packet,
        cast: Cast,
        code: Unreachable,
        mtu: u32,
        cx: &mut Cx<'_>,
    ) {
        let Some(header) = packet.head().get(..ipv4::Header::LEN).map(ipv4::Header::read) else { return };
        let to = cx.address(header.dst);
        let event = cx.event(&kinds::UNREACHABLE, 0, [code.0.into(), to]);
        let mut cx = cx.caused_by(event);
        self.icmp_error(packet, cast, Type::UNREACHABLE, code.0, mtu, &mut cx);
    }

    /// Nobody answers for the next hop of `packet`: tells its sender (RFC 1122 §3.3.1.4).
    pub(crate) fn host_unreachable(&mut self, packet: &Packet, cx: &mut Cx<'_>) {
        self.icmp_unreachable(packet, Cast::Unicast, Unreachable::HOST, 0, cx);
    }

    /// Sends an error about `packet`, whose IP header stands in its head and whose frame was for `cast`; or does not, where
    /// the rules forbid it (RFC 1122 §3.2.2, RFC 1812 §4.3.2.7).
    pub(crate) fn icmp_error(&mut self, packet: &Packet, cast: Cast, kind: Type, code: u8, rest: u32, cx: &mut Cx<'_>) {
        let Some(header) = packet.head().get(..ipv4::Header::LEN).map(ipv4::Header::read) else { return };
        let from_nobody = header.src.is_unspecified() || is_martian_source(header.src) && !header.src.is_loopback();
        if cast != Cast::Unicast || header.dst.is_multicast() || header.dst.is_broadcast() || from_nobody {
            return;
        }
        // Only the first fragment says whose packet it was.
        if header.fragment_offset != 0 {
            return;
        }
        let quoted = packet.to_vec();
        if header.protocol == Protocol::ICMP {
            // RFC 1122 §3.2.2: no error about an error; Linux takes unknown types for errors too.
            let inner = quoted.get(header.header_len()).copied();
            if !matches!(inner.map(Type), Some(Type::ECHO_REQUEST | Type::ECHO_REPLY)) {
                return;
            }
        }
        // An own address is the best sender; a router that speaks of a stranger's packet uses that of the way back.
        let source = Some(header.dst).filter(|&dst| self.is_own(dst) || dst.is_loopback());
        let Ok(path) = self.path_ipv4(header.src, source, None) else { return };
        if path.is_broadcast() {
            return;
        }
        // Linux exempts path MTU discovery from the limit, and what stays in the machine.
        let exempt = kind == Type::UNREACHABLE && code == Unreachable::FRAGMENTATION_NEEDED.0;
        let stays = matches!(path.hop, Hop::Loopback);
        if !exempt && !stays && !self.icmp_limiter.allows(path.destination, cx.now) {
            let to = cx.address(path.destination);
            cx.event(&kinds::ICMP_LIMITED, 0, [to, 0]);
            return;
        }
        let room = MAX_ERROR - ipv4::Header::LEN - Header::LEN;
        let mut quoted = quoted;
        quoted.truncate(room);
        let packet = message(kind, code, rest, Body::from(quoted));
        let output = Output {
            protocol: Protocol::ICMP,
            ttl: self.ttl,
            // RFC 1812 §4.3.2.5: errors travel as network control.
            dscp: Dscp::CS6,
            ecn: Ecn::NOT_ECT,
            sizing: Sizing::Fragment,
            id: 0,
            event: cx.cause,
        };
        // It fits any link, and if it does not leave, nobody is to be told.
        let _ = self.output(packet, &path, &output, cx);
    }

    /// An ICMP message for this machine.
    pub(crate) fn icmp_input(&mut self, mut packet: Packet, ip: &ipv4::Header, cast: Cast, cx: &mut Cx<'_>) {
        let len = ip.header_len();
        if packet.pull(len + Header::LEN).is_none() {
            return self.discard("an ICMP message that is cut short", cx);
        }
        // RFC 1122 §3.2.2: what its checksum does not cover is discarded.
        if !packet.sum_from(len).verifies() {
            return self.discard("an ICMP message with a wrong checksum", cx);
        }
        packet.strip(len);
        let header = Header::read(packet.head());
        match header.kind {
            // RFC 1122 §3.2.2.6: pings to all are ignored, as Linux does.
            Type::ECHO_REQUEST if self.answers_ping && cast == Cast::Unicast => self.echo(packet, &header, ip, cx),
            Type::ECHO_REPLY => {
                let (identifier, sequence) = header.echo();
                let from = cx.address(ip.src);
                let event = cx.event(&kinds::PING_ANSWERED, 0, [from, sequence.into()]);
                packet.strip(Header::LEN);
                let data = crate::ipv4::body_behind(&packet, 0);
                let (from, ttl, kind, code) = (ip.src.into(), ip.ttl, PingResult::Reply, 0);
                self.ping_answer(identifier, PingAnswer { from, sequence, kind, code, ttl, data, event });
            }
            _ if header.is_error() => self.icmp_error_input(packet, &header, ip, cx),
            // RFC 1122 §3.2.2: unknown types are discarded silently.
            _ => self.discard("an ICMP message that is not for this machine", cx),
        }
    }

    /// Answers a ping: the same message with another type, sent back (RFC 792).
    fn echo(&mut self, mut packet: Packet, header: &Header, ip: &ipv4::Header, cx: &mut Cx<'_>) {
        let from = cx.address(ip.src);
        let event = cx.event(&kinds::ECHO, 0, [from, 0]);
        let Ok(path) = self.path_ipv4(ip.src, Some(ip.dst), None) else { return };
        let head = packet.head_mut();
        let old = u16::from_be_bytes([head[0], head[1]]);
        head[0] = Type::ECHO_REPLY.0;
        let sum = adjust(header.checksum, old, u16::from_be_bytes([head[0], head[1]]));
        head[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
        let (ttl, dscp, id) = (self.ttl, ip.dscp, 0);
        let output =
            Output { protocol: Protocol::ICMP, ttl, dscp, ecn: Ecn::NOT_ECT, sizing: Sizing::Fragment, id, event };
        let _ = self.output(packet, &path, &output, cx);
    }

    /// Someone on the way reports what became of a packet of ours.
    fn icmp_error_input(&mut self, mut packet: Packet, header: &Header, outer: &ipv4::Header, cx: &mut Cx<'_>) {
        packet.strip(Header::LEN);
        let quoted = packet.to_vec();
        let Some(ip) = quoted.get(..ipv4::Header::LEN).map(ipv4::Header::read) else {
            return self.discard("an ICMP error that quotes no packet", cx);
        };
        let Some(inner) = quoted.get(ip.header_len().max(ipv4::Header::LEN)..) else {
            return self.discard("an ICMP error that quotes no packet", cx);
        };
        // RFC 1122 §3.2.2: the quoted packet must be one of ours.
        if !self.is_own(ip.src) && !ip.src.is_loopback() {
            return self.discard("an ICMP error about somebody else's packet", cx);
        }
        let to = cx.address(ip.dst);
        let event = match header.kind {
            Type::UNREACHABLE => cx.event(&kinds::ICMP_UNREACHABLE, 0, [header.code.into(), to]),
            _ => cx.event(&kinds::ICMP_ERROR, 0, [header.kind.0.into(), to]),
        };
        let mut cx = cx.caused_by(event);
        let error = if header.kind == Type::UNREACHABLE && header.code == Unreachable::FRAGMENTATION_NEEDED.0 {
            // RFC 1191 §5: a router of before 1990 does not say; what it dropped tells a bound.
            let mtu = match header.next_mtu() {
                0 => plateau(ip.total_len),
                mtu => mtu,
            };
            if ip.protocol != Protocol::TCP {
                self.path_mtus.learn(ip.dst.into(), mtu, cx.now);
            }
            Some(IcmpError::FragmentationNeeded { mtu })
        } else {
            errno(header.kind, header.code)
                .map(|errno| IcmpError::Unreachable { errno, code: (header.kind.0, header.code) })
        };
        let ports = match inner {
            [a, b, c, d, ..] => (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])),
            _ => return,
        };
        match (ip.protocol, error) {
            (Protocol::TCP, Some(error)) => {
                let Some(&[a, b, c, d]) = inner.get(4..8) else { return };
                let seq = Seq(u32::from_be_bytes([a, b, c, d]));
                self.tcp_icmp((ip.src.into(), ports.0), (ip.dst.into(), ports.1), error, seq, &mut cx);
            }
            (Protocol::UDP, Some(error)) => {
                let code = (header.kind.0, header.code);
                self.udp_icmp((ip.src.into(), ports.0), (ip.dst.into(), ports.1), error, code, &mut cx);
            }
            (Protocol::ICMP, _) => {
                let Some(echo) = inner.get(..Header::LEN).map(Header::read) else { return };
                if echo.kind == Type::ECHO_REQUEST {
                    let (identifier, sequence) = echo.echo();
                    let (from, ttl, code) = (outer.src.into(), outer.ttl, header.code);
                    let kind = PingResult::Icmp(header.kind);
                    let data = Body::empty();
                    self.ping_answer(identifier, PingAnswer { from, sequence, kind, code, ttl, data, event });
                }
            }
            _ => {}
        }
    }
}

/// What a program is told (RFC 1122 §4.1.3.3, §4.2.3.9; the numbers are Linux' `icmp_err_convert`). `None`: nothing.
fn errno(kind: Type, code: u8) -> Option<Errno> {
    match (kind, code) {
        (Type::UNREACHABLE, 0 | 6 | 9) => Some(Errno::NetworkUnreachable),
        (Type::UNREACHABLE, 2) => Some(Errno::ProtocolUnreachable),
        (Type::UNREACHABLE, 3) => Some(Errno::ConnectionRefused),
        (Type::UNREACHABLE, _) | (Type::TIME_EXCEEDED, _) => Some(Errno::HostUnreachable),
        (Type::PARAMETER_PROBLEM, _) => Some(Errno::Invalid),
        _ => None,
    }
}

/// The next smaller MTU that links have (RFC 1191 §7.1, table 7-1).
fn plateau(len: u16) -> u16 {
    const PLATEAUS: [u16; 10] = [32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68];
    PLATEAUS.into_iter().find(|&mtu| mtu < len).unwrap_or(68)
}

/// An ICMP message with its checksum.
pub(crate) fn message(kind: Type, code: u8, rest: u32, data: Body) -> Packet {
    let mut packet = Packet::new(data);
    Header { kind, code, checksum: 0, rest }.write(packet.push(Header::LEN));
    let sum = packet.sum_from(0).checksum();
    packet.head_mut()[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
    packet
}
