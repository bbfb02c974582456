//! ICMPv6 (RFC 4443): pings both ways, errors sent, and errors received. Neighbour discovery has a place of its own.

use std::net::{IpAddr, Ipv6Addr};

use tcp::{Errno, IcmpError};
use trace::Cx;
use trace::kinds::{ip as common, ipv6 as kinds};
use wire::icmpv6::{Header, Type, Unreachable};
use wire::ipv4::{Dscp, Ecn, Protocol};
use wire::tcp::Seq;
use wire::{Body, Packet, Reader, Silent, ipv6, pseudo_header};

use crate::Host;
use crate::interface::{Arrival, Cast};
use crate::ipv4::body_behind;
use crate::ipv6::MIN_MTU;
use crate::output::{Hop, Output, Sizing};
use crate::sockets::{PingAnswer, PingResult};

/// Where the checksum stands in a message, in bytes.
const CHECKSUM: usize = 2;
/// The part of every message here that stands before its data: type, code, checksum and four bytes more.
const HEAD: usize = 8;
/// How much of a packet an error quotes: as much as fits into the smallest MTU (RFC 4443 §2.4(c)).
const MAX_QUOTED: usize = MIN_MTU as usize - ipv6::Header::LEN - HEAD;

/// A message with its checksum, which covers the addresses, too (RFC 4443 §2.3).
pub(crate) fn message(
    kind: Type,
    code: u8,
    rest: u32,
    data: Body,
    (source, destination): (Ipv6Addr, Ipv6Addr),
) -> Packet {
    let mut packet = Packet::new(data);
    let head = packet.push(HEAD);
    Header { kind, code, checksum: 0 }.write(head);
    head[Header::LEN..].copy_from_slice(&rest.to_be_bytes());
    seal(&mut packet, source, destination);
    packet
}

/// Puts the checksum into a message whose header stands in the packet's head, with zeros in its place.
fn seal(packet: &mut Packet, source: Ipv6Addr, destination: Ipv6Addr) {
    let pseudo = pseudo_header(source.into(), destination.into(), Protocol::ICMPV6.0, packet.len());
    let sum = pseudo.then(packet.sum_from(0)).checksum();
    packet.head_mut()[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
}

/// What a quoted packet says of itself: its header, its protocol, and the bytes from its transport header on.
fn quoted(bytes: &[u8]) -> Option<(ipv6::Decoded, &[u8])> {
    let decoded = ipv6::decode(&mut Reader::new(bytes, &mut Silent)).ok()?;
    Some((decoded, bytes.get(ipv6::Header::LEN + decoded.extensions_len..)?))
}

impl Host {
    /// A destination is unreachable: tells the sender of `packet`, whose frame was for `cast`.
    pub(crate) fn icmpv6_unreachable(&mut self, packet: &Packet, code: Unreachable, cast: Cast, cx: &mut Cx<'_>) {
        let Some(header) = packet.head().get(..ipv6::Header::LEN).map(ipv6::Header::read) else { return };
        let to = cx.address(header.dst);
        let event = cx.event(&kinds::UNREACHABLE, 0, [code.0.into(), to]);
        self.icmpv6_error(packet, Type::UNREACHABLE, code.0, 0, cast, &mut cx.caused_by(event));
    }

    /// Nobody answers for the next hop of `packet`: tells its sender (RFC 4861 §7.2.2).
    pub(crate) fn address_unreachable(&mut self, packet: &Packet, cx: &mut Cx<'_>) {
        self.icmpv6_unreachable(packet, Unreachable::ADDRESS, Cast::Unicast, cx);
    }

    /// Sends an error about `packet`, whose IPv6 header stands in its head and whose frame was for `cast`; or does not, where
    /// the rules forbid it (RFC 4443 §2.4(e), §2.4(f)).
    pub(crate) fn icmpv6_error(
        &mut self,
        packet: &Packet,
        kind: Type,
        code: u8,
        rest: u32,
        cast: Cast,
        cx: &mut Cx<'_>,
    ) {
        let Some(header) = packet.head().get(..ipv6::Header::LEN).map(ipv6::Header::read) else { return };
        if header.src.is_unspecified() || header.src.is_multicast() {
            return;
        }
        // About a packet to a group only what path MTU discovery and the options' own rule need.
        let of_groups = kind == Type::PACKET_TOO_BIG || (kind == Type::PARAMETER_PROBLEM && code == 2);
        if (cast != Cast::Unicast || header.dst.is_multicast()) && !of_groups {
            return;
        }
        let mut bytes = packet.to_vec();
        bytes.truncate(MAX_QUOTED);
        if let Some((decoded, inner)) = quoted(&bytes) {
            let later = decoded.fragment.is_some_and(|fragment| fragment.offset != 0);
            // No error about an error, nor about a redirect.
            let error = inner.first().is_none_or(|&kind| kind < 128 || Type(kind) == Type::REDIRECT);
            if later || (decoded.protocol == Protocol::ICMPV6 && error) {
                return;
            }
        }
        let source = Some(IpAddr::V6(header.dst)).filter(|&dst| self.is_own(dst));
        let Ok(path) = self.path(header.src.into(), source, None) else { return };
        // RFC 4443 §2.4(f); as Linux, path MTU discovery is exempt, and what stays in the machine.
        let exempt = kind == Type::PACKET_TOO_BIG || path.hop == Hop::Loopback;
        if !exempt && !self.icmp_limiter.allows(path.destination, cx.now) {
            let to = cx.address(path.destination);
            cx.event(&common::ICMP_LIMITED, 0, [to, 0]);
            return;
        }
        let (IpAddr::V6(source), IpAddr::V6(destination)) = (path.source, path.destination) else { return };
        let packet = message(kind, code, rest, Body::from(bytes), (source, destination));
        let output = self.icmpv6_output(cx);
        // It fits any link, and if it does not leave, nobody is to be told.
        let _ = self.output(packet, &path, &output, cx);
    }

    fn icmpv6_output(&self, cx: &Cx<'_>) -> Output {
        let (protocol, dscp, ecn) = (Protocol::ICMPV6, Dscp::DEFAULT, Ecn::NOT_ECT);
        Output { protocol, ttl: self.ttl, dscp, ecn, sizing: Sizing::Fragment, id: 0, event: cx.cause }
    }

    /// An ICMPv6 message for this machine; it starts at byte `at` of the packet.
    pub(crate) fn icmpv6_input(
        &mut self,
        mut packet: Packet,
        ip: &ipv6::Header,
        at: usize,
        arrival: Arrival,
        cast: Cast,
        cx: &mut Cx<'_>,
    ) {
        if packet.pull(at + HEAD).is_none() {
            return self.discard("an ICMP message that is cut short", cx);
        }
        let pseudo = pseudo_header(ip.src.into(), ip.dst.into(), Protocol::ICMPV6.0, packet.len() - at);
        if !pseudo.then(packet.sum_from(at)).verifies() {
            return self.discard("an ICMP message with a wrong checksum", cx);
        }
        packet.strip(at);
        let header = Header::read(packet.head());
        match header.kind {
            Type::ROUTER_SOLICITATION
            | Type::ROUTER_ADVERTISEMENT
            | Type::NEIGHBOR_SOLICITATION
            | Type::NEIGHBOR_ADVERTISEMENT => self.nd_input(packet, &header, ip, arrival, cx),
            _ if ip.src.is_unspecified() => self.discard("a packet without a source", cx),
            Type::ECHO_REQUEST if self.answers_ping => self.echo_ipv6(packet, ip, arrival, cx),
            Type::ECHO_REPLY if cast == Cast::Unicast => {
                let Some(&[a, b, c, d]) = packet.head().get(Header::LEN..HEAD) else { return };
                let (identifier, sequence) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                let from = cx.address(ip.src);
                let event = cx.event(&common::PING_ANSWERED, 0, [from, sequence.into()]);
                packet.strip(HEAD);
                let data = body_behind(&packet, 0);
                let (from, ttl, kind, code) = (ip.src.into(), ip.hop_limit, PingResult::Reply, 0);
                self.ping_answer(identifier, PingAnswer { from, sequence, kind, code, ttl, data, event });
            }
            Type::UNREACHABLE | Type::PACKET_TOO_BIG | Type::TIME_EXCEEDED | Type::PARAMETER_PROBLEM => {
                self.icmpv6_error_input(packet, &header, ip, cx);
            }
            // Groups of programs are not supported, so whoever asks who listens gets no answer; nor is a redirect followed.
            Type::MLD_QUERY | Type::MLD_REPORT | Type::MLD_DONE | Type::MLD2_REPORT | Type::REDIRECT => {}
            // RFC 4443 §2.4(b): unknown informational messages are discarded silently.
            _ => self.discard("an ICMP message that is not for this machine", cx),
        }
    }

    /// Answers a ping (RFC 4443 §4.2): one to a group from an address of its own, as Linux does.
    fn echo_ipv6(&mut self, mut packet: Packet, ip: &ipv6::Header, arrival: Arrival, cx: &mut Cx<'_>) {
        let from = cx.address(ip.src);
        let event = cx.event(&kinds::ECHO, 0, [from, 0]);
        let source = Some(IpAddr::V6(ip.dst)).filter(|_| !ip.dst.is_multicast());
        let bound = arrival.interface.filter(|_| ip.src.is_unicast_link_local());
        let Ok(path) = self.path(ip.src.into(), source, bound) else { return };
        let (IpAddr::V6(source), IpAddr::V6(destination)) = (path.source, path.destination) else { return };
        let head = packet.head_mut();
        head[0] = Type::ECHO_REPLY.0;
        head[CHECKSUM..CHECKSUM + 2].fill(0);
        seal(&mut packet, source, destination);
        let output = Output { event, dscp: ip.dscp, ..self.icmpv6_output(cx) };
        let _ = self.output(packet, &path, &output, cx);
    }

    /// Someone on the way reports what became of a packet of ours.
    fn icmpv6_error_input(&mut self, packet: Packet, header: &Header, outer: &ipv6::Header, cx: &mut Cx<'_>) {
        let bytes = packet.to_vec();
        let Some(&[a, b, c, d]) = bytes.get(Header::LEN..HEAD) else { return };
        let rest = u32::from_be_bytes([a, b, c, d]);
        let Some((decoded, inner)) = bytes.get(HEAD..).and_then(quoted) else {
            return self.discard("an ICMP error that quotes no packet", cx);
        };
        let (src, dst) = (decoded.header.src, decoded.header.dst);
        if !self.is_own(src) {
            return self.discard("an ICMP error about somebody else's packet", cx);
        }
        let to = cx.address(dst);
        let event = match header.kind {
            Type::UNREACHABLE => cx.event(&kinds::TOLD_UNREACHABLE, 0, [header.code.into(), to]),
            Type::PACKET_TOO_BIG => cx.event(&kinds::TOLD_TOO_BIG, 0, [rest.into(), to]),
            kind => cx.event(&kinds::TOLD_ERROR, 0, [kind.0.into(), to]),
        };
        let mut cx = cx.caused_by(event);
        let error = if header.kind == Type::PACKET_TOO_BIG {
            if rest < u32::from(MIN_MTU) {
                // RFC 8201 §4: no IPv6 link is narrower, so this is an error or an attack.
                return self.discard("an ICMP error that names an MTU below 1280", &mut cx);
            }
            let mtu = u16::try_from(rest).unwrap_or(u16::MAX);
            if decoded.protocol != Protocol::TCP {
                self.path_mtus.learn(dst.into(), mtu, cx.now);
            }
            Some(IcmpError::FragmentationNeeded { mtu })
        } else {
            errno(header.kind, header.code)
                .map(|errno| IcmpError::Unreachable { errno, code: (header.kind.0, header.code) })
        };
        let &[a, b, c, d, ..] = inner else { return };
        let (local, remote) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        match (decoded.protocol, error) {
            (Protocol::TCP, Some(error)) => {
                let Some(&[a, b, c, d]) = inner.get(4..8) else { return };
                let seq = Seq(u32::from_be_bytes([a, b, c, d]));
                self.tcp_icmp((src.into(), local), (dst.into(), remote), error, seq, &mut cx);
            }
            (Protocol::UDP, Some(error)) => {
                let code = (header.kind.0, header.code);
                self.udp_icmp((src.into(), local), (dst.into(), remote), error, code, &mut cx);
            }
            (Protocol::ICMPV6, _) if a == Type::ECHO_REQUEST.0 => {
                let Some(&[a, b, c, d]) = inner.get(Header::LEN..HEAD) else { return };
                let (identifier, sequence) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                let (from, ttl, code) = (outer.src.into(), outer.hop_limit, header.code);
                let (kind, data) = (PingResult::Icmpv6(header.kind), Body::empty());
                self.ping_answer(identifier, PingAnswer { from, sequence, kind, code, ttl, data, event });
            }
            _ => {}
        }
    }
}

/// What a program is told (Linux `icmpv6_err_convert`). `None`: nothing.
fn errno(kind: Type, code: u8) -> Option<Errno> {
    match (kind, Unreachable(code)) {
        (Type::UNREACHABLE, Unreachable::NO_ROUTE) => Some(Errno::NetworkUnreachable),
        (Type::UNREACHABLE, Unreachable::PROHIBITED | Unreachable::SOURCE_POLICY | Unreachable::REJECTED) => {
            Some(Errno::AccessDenied)
        }
        (Type::UNREACHABLE, Unreachable::PORT) => Some(Errno::ConnectionRefused),
        (Type::UNREACHABLE | Type::TIME_EXCEEDED, _) => Some(Errno::HostUnreachable),
        (Type::PARAMETER_PROBLEM, _) => Some(Errno::ProtocolUnreachable),
        _ => None,
    }
}
