//! Receiving: is it a packet, is it for us, and for whom here (RFC 1122 §3.2.1)?

use std::net::Ipv4Addr;

use trace::Cx;
use trace::kinds::ip as kinds;
use wire::icmp::{Type, Unreachable};
use wire::ipv4::{Header, Protocol};
use wire::{Packet, Reader, Silent};

use super::reassembly::{insert, whole};
use super::{FragmentKey, is_martian_source};
use crate::Host;
use crate::interface::{Arrival, Cast};
use crate::reassembly::Outcome;
use crate::timers::Timer;

/// Who a packet is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Destination {
    /// One of our addresses.
    Own,
    /// Everyone on the link, us included, or a group that we are in.
    Group(Cast),
    /// Somebody else.
    Other,
}

impl Host {
    /// An IPv4 packet has arrived; it may have padding behind it.
    pub(crate) fn ipv4_input(&mut self, packet: Packet, arrival: Arrival, cx: &mut Cx<'_>) {
        if let Some(packet) = self.handle_known(packet, arrival, cx) {
            self.judge(packet, arrival, cx);
        }
    }

    /// Decides what becomes of a packet.
    fn judge(&mut self, mut packet: Packet, arrival: Arrival, cx: &mut Cx<'_>) {
        let Some(header) = check(&mut packet) else {
            return self.discard("an IPv4 header that is not valid", cx);
        };
        let destination = self.destination(&header, arrival);
        if arrival.interface.is_some() {
            // RFC 1122 §3.2.1.3: addresses that are nobody's source, or ours and yet from outside. A host without an
            // address may speak to everyone.
            if is_martian_source(header.src) || (self.is_own(header.src) && !header.dst.is_loopback()) {
                return self.discard("a source address that cannot be a sender's", cx);
            }
            if header.dst.is_loopback() || header.dst.is_unspecified() {
                return self.discard("a destination address that is never seen on a link", cx);
            }
            if header.src.is_unspecified() && destination != Destination::Group(Cast::Broadcast) {
                return self.discard("a packet without a source to one host", cx);
            }
        }
        match destination {
            Destination::Own if self.nat_inbound(&mut packet, &header, arrival, cx) => {}
            Destination::Own => {
                self.learn_own(&header, arrival);
                self.deliver(packet, header, arrival, Cast::Unicast, cx);
            }
            Destination::Group(cast) => self.deliver(packet, header, arrival, cast, cx),
            Destination::Other if self.has_unconfigured(&header, arrival) => {
                self.deliver(packet, header, arrival, arrival.cast, cx);
            }
            // RFC 1122 §3.3.6, RFC 1812 §5.3.4: a packet for one host in a frame for everyone is somebody's mistake.
            Destination::Other if arrival.cast != Cast::Unicast => {
                self.discard("a packet for one host in a frame for all", cx);
            }
            Destination::Other if self.forwarding => self.forward(packet, header, arrival, cx),
            Destination::Other => self.discard("a packet for another host, and this one does not forward", cx),
        }
    }

    fn destination(&self, header: &Header, arrival: Arrival) -> Destination {
        let dst = header.dst;
        if dst.is_broadcast() {
            return Destination::Group(Cast::Broadcast);
        }
        if dst.is_multicast() {
            // RFC 1112 §7.2: every host is in 224.0.0.1; groups of programs are not supported.
            let all_hosts = dst == Ipv4Addr::new(224, 0, 0, 1);
            return if all_hosts { Destination::Group(Cast::Multicast) } else { Destination::Other };
        }
        // A host answers for any of its addresses on any interface, as Linux does (RFC 1122 §3.3.4.2, weak model).
        if self.is_own(dst) || dst.is_loopback() {
            return Destination::Own;
        }
        let port = arrival.interface.and_then(|interface| self.interfaces.get(interface.index()));
        match port {
            Some(port) if port.is_subnet_broadcast(dst) => Destination::Group(Cast::Broadcast),
            _ => Destination::Other,
        }
    }

    /// A packet for this machine, whole or not.
    fn deliver(&mut self, packet: Packet, header: Header, arrival: Arrival, cast: Cast, cx: &mut Cx<'_>) {
        if !header.is_fragment() {
            return self.dispatch(packet, header, arrival, cast, cx);
        }
        if !self.accepts_fragments {
            return self.discard("a fragment, and a firewall drops those", cx);
        }
        if let Some((packet, header, event)) = self.reassemble(packet, &header, cx) {
            self.dispatch(packet, header, arrival, cast, &mut cx.caused_by(event));
        }
    }

    /// Collects fragments; gives the packet when all are there, with its header and the event of its completion.
    pub(crate) fn reassemble(
        &mut self,
        packet: Packet,
        header: &Header,
        cx: &mut Cx<'_>,
    ) -> Option<(Packet, Header, base::EventId)> {
        match insert(&mut self.reassembly, header, packet, cx.now, cx.cause) {
            Outcome::Waits { arm } => {
                if let Some(at) = arm {
                    self.timers.arm(at, Timer::Reassembly(FragmentKey::of(header)));
                }
                None
            }
            Outcome::Discarded(why) => {
                self.discard(why, cx);
                None
            }
            Outcome::Whole(all) => {
                let mut packet = whole(all)?;
                let header = check(&mut packet)?;
                let data = packet.len() - header.header_len();
                let event = cx.event(&kinds::REASSEMBLED, 0, [data as u64, 0]);
                Some((packet, header, event))
            }
        }
    }

    /// The time for a packet's fragments is up.
    pub(crate) fn reassembly_timeout(&mut self, key: FragmentKey, cx: &mut Cx<'_>) {
        let Some((first, cause)) = self.reassembly.expire(key, cx.now) else { return };
        let waited = super::reassembly::TIMEOUT.as_nanos() as u64;
        let event = cx.caused_by(cause).event(&kinds::REASSEMBLY_TIMEOUT, 0, [waited, 0]);
        // RFC 792: "if fragment zero is not available then no time exceeded need be sent at all".
        if let Some(first) = first {
            let mut cx = cx.caused_by(event);
            self.icmp_error(&first, Cast::Unicast, Type::TIME_EXCEEDED, 1, 0, &mut cx);
        }
    }

    /// A whole packet for this machine goes to its protocol.
    pub(crate) fn dispatch(
        &mut self,
        mut packet: Packet,
        header: Header,
        arrival: Arrival,
        cast: Cast,
        cx: &mut Cx<'_>,
    ) {
        // A frame for all carries nothing for one, not even if the packet says so.
        let cast = if arrival.cast == Cast::Unicast { cast } else { arrival.cast };
        match header.protocol {
            Protocol::TCP => {
                packet.strip(header.header_len());
                self.tcp_input(packet, (header.src.into(), header.dst.into()), header.ecn, arrival, cast, cx);
            }
            Protocol::UDP => {
                let addresses = (header.src.into(), header.dst.into());
                self.udp_input(packet, addresses, header.header_len(), arrival, cast, cx);
            }
            Protocol::ICMP => self.icmp_input(packet, &header, cast, cx),
            // RFC 1122 §3.2.2.1: no such protocol here.
            _ if self.answers_closed_ports => self.icmp_unreachable(&packet, cast, Unreachable::PROTOCOL, 0, cx),
            _ => self.discard("a protocol that nobody here speaks", cx),
        }
    }
}

/// Checks the header (RFC 1122 §3.2.1.1 to §3.2.1.3: version, checksum, lengths), moves it with its options into the
/// packet's head and cuts padding off. `None` if the packet is to be discarded silently.
pub(crate) fn check(packet: &mut Packet) -> Option<Header> {
    let first = *packet.pull(Header::LEN)?.first()?;
    let len = (usize::from(first & 15) * 4).max(Header::LEN);
    let head = packet.pull(len)?;
    let header = wire::ipv4::decode(&mut Reader::new(head.get(..len)?, &mut Silent)).ok()?;
    let total = usize::from(header.total_len);
    if total < len || total > packet.len() {
        return None;
    }
    packet.truncate(total);
    Some(header)
}
