//! Receiving: is it a packet, is it for us, and for whom here (RFC 8200 §4)?

use std::net::IpAddr;

use base::{EventId, Map};
use trace::Cx;
use trace::kinds::ipv6 as kinds;
use wire::Packet;
use wire::ipv6::{Header, NextHeader};

use super::extensions::{Chain, ERRONEOUS, INCOMPLETE_CHAIN, Place, UNKNOWN_HEADER, walk};
use super::fragment::{FragmentKey, TIMEOUT, whole};
use crate::Host;
use crate::interface::{Arrival, Cast};
use crate::ipv4::body_behind;
use crate::reassembly::{Outcome, Piece, Reassembly};
use crate::timers::Timer;
use wire::icmpv6::Type;

/// The largest payload of a packet.
const MAX_PAYLOAD: usize = 65_535;

/// Packets of which fragments are missing, each with a number for its timer.
#[derive(Debug)]
pub(crate) struct Fragments {
    pieces: Reassembly<FragmentKey>,
    numbers: Map<u32, FragmentKey>,
    last: u32,
}

impl Fragments {
    pub(crate) fn new() -> Fragments {
        Fragments { pieces: Reassembly::new(TIMEOUT), numbers: Map::default(), last: 0 }
    }
}

impl Host {
    /// An IPv6 packet has arrived; it may have padding behind it.
    pub(crate) fn ipv6_input(&mut self, mut packet: Packet, arrival: Arrival, cx: &mut Cx<'_>) {
        let port = arrival.interface.and_then(|id| self.interfaces.get(id.index()));
        if port.is_some_and(|port| !port.speaks_ipv6()) {
            return; // a protocol that is not spoken here
        }
        let Some(header) = check(&mut packet) else {
            return self.discard("an IPv6 header that is not valid", cx);
        };
        let (src, dst) = (header.src, header.dst);
        if dst.is_multicast() {
            // What no address of the interface listens to is somebody else's: a network card would not have let it in.
            let listens =
                port.and_then(|port| port.ipv6.as_ref()).is_none_or(|ipv6| ipv6.listens_to(dst, self.forwarding));
            if !listens {
                return;
            }
        }
        if src.is_multicast() {
            return self.discard("a source address that cannot be a sender's", cx);
        }
        if arrival.interface.is_some() {
            // RFC 4291 §2.5.2, §2.5.3: addresses that are never seen on a link; and ours, yet from outside.
            if src.is_loopback() || self.is_own(src) {
                return self.discard("a source address that cannot be a sender's", cx);
            }
            if dst.is_loopback() || dst.is_unspecified() {
                return self.discard("a destination address that is never seen on a link", cx);
            }
        }
        if dst.is_multicast() {
            self.deliver_ipv6(packet, header, arrival, cx);
        } else if arrival.cast != Cast::Unicast {
            self.discard("a packet for one host in a frame for all", cx);
        } else if self.is_own(dst) || dst.is_loopback() {
            self.deliver_ipv6(packet, header, arrival, cx);
        } else if self.forwarding {
            self.forward_ipv6(packet, header, arrival, cx);
        } else {
            self.discard("a packet for another host, and this one does not forward", cx);
        }
    }

    /// A packet for this machine, whole or not.
    fn deliver_ipv6(&mut self, mut packet: Packet, header: Header, arrival: Arrival, cx: &mut Cx<'_>) {
        match walk(&mut packet, &header) {
            Chain::Upper(place) => self.dispatch_ipv6(packet, &header, place, arrival, cx),
            Chain::Fragment(..) if !self.accepts_fragments => {
                self.discard("a fragment, and a firewall drops those", cx);
            }
            Chain::Fragment(place, fragment) => {
                let key = FragmentKey { src: header.src, dst: header.dst, id: fragment.id };
                let Some((packet, event)) = self.reassemble_ipv6(key, packet, place, arrival, cx) else { return };
                // The packet as it was sent: its headers are gone through anew.
                self.deliver_ipv6(packet.0, packet.1, arrival, &mut cx.caused_by(event));
            }
            Chain::Discard(why) => self.discard(why, cx),
            Chain::Problem(code, at, groups) => {
                if !header.dst.is_multicast() || groups {
                    self.parameter_problem(&packet, code, at, arrival.cast, cx);
                }
                self.discard("an extension header that cannot be followed", cx);
            }
        }
    }

    /// Collects fragments; gives the packet and its header when all are there, with the event of its completion.
    fn reassemble_ipv6(
        &mut self,
        key: FragmentKey,
        packet: Packet,
        place: Place,
        arrival: Arrival,
        cx: &mut Cx<'_>,
    ) -> Option<((Packet, Header), EventId)> {
        let fragment = wire::ipv6::Fragment::read(packet.head().get(place.at..)?);
        let behind = place.at + wire::ipv6::Fragment::LEN;
        let data = body_behind(&packet, behind);
        let start = usize::from(fragment.offset) * 8;
        if fragment.more && (data.is_empty() || !data.len().is_multiple_of(8)) {
            // RFC 8200 §4.5: its sender is told, with the place of the payload length.
            self.parameter_problem(&packet, ERRONEOUS, 4, arrival.cast, cx);
            self.discard("a fragment that is not the last and no multiple of 8 bytes long", cx);
            return None;
        }
        if place.at - Header::LEN + start + data.len() > MAX_PAYLOAD {
            self.parameter_problem(&packet, ERRONEOUS, place.at + 2, arrival.cast, cx);
            self.discard("a fragment that ends behind the largest packet", cx);
            return None;
        }
        if start == 0 && !holds_all_headers(&packet, fragment.next_header, behind) {
            // RFC 7112 §5, RFC 8200 §4.5.
            self.parameter_problem(&packet, INCOMPLETE_CHAIN, 0, arrival.cast, cx);
            self.discard("a first fragment without all headers", cx);
            return None;
        }
        let marked = Header::read(packet.head()).ecn == wire::ipv4::Ecn::CE;
        let piece = Piece { start, data, last: !fragment.more, marked, packet };
        match self.fragments_ipv6.pieces.insert(key, piece, cx.now, cx.cause) {
            Outcome::Waits { arm } => {
                if let Some(at) = arm {
                    let fragments = &mut self.fragments_ipv6;
                    fragments.last = fragments.last.wrapping_add(1);
                    fragments.numbers.insert(fragments.last, key);
                    self.timers.arm(at, Timer::ReassemblyIpv6(fragments.last));
                }
                None
            }
            Outcome::Discarded(why) => {
                self.discard(why, cx);
                None
            }
            Outcome::Whole(all) => {
                let len = all.data.len();
                let mut packet = whole(all, place.at, place.named_at)?;
                let header = check(&mut packet)?;
                let event = cx.event(&kinds::REASSEMBLED, 0, [len as u64, 0]);
                Some(((packet, header), event))
            }
        }
    }

    /// The time for a packet's fragments is up.
    pub(crate) fn reassembly_ipv6_timeout(&mut self, number: u32, cx: &mut Cx<'_>) {
        let Some(key) = self.fragments_ipv6.numbers.remove(&number) else { return };
        let Some((first, cause)) = self.fragments_ipv6.pieces.expire(key, cx.now) else { return };
        let waited = TIMEOUT.as_nanos().unsigned_abs();
        let event = cx.caused_by(cause).event(&kinds::REASSEMBLY_TIMEOUT, 0, [waited, 0]);
        // RFC 8200 §4.5: only if the first fragment has come.
        if let Some(first) = first {
            self.icmpv6_error(&first, Type::TIME_EXCEEDED, 1, 0, Cast::Unicast, &mut cx.caused_by(event));
        }
    }

    /// A whole packet for this machine goes to its protocol.
    fn dispatch_ipv6(&mut self, mut packet: Packet, header: &Header, place: Place, arrival: Arrival, cx: &mut Cx<'_>) {
        let cast = if header.dst.is_multicast() { Cast::Multicast } else { arrival.cast };
        let addresses = (IpAddr::V6(header.src), IpAddr::V6(header.dst));
        match place.kind {
            NextHeader::ICMPV6 => self.icmpv6_input(packet, header, place.at, arrival, cast, cx),
            // RFC 4291 §2.5.2: nobody answers a sender without an address.
            _ if header.src.is_unspecified() => self.discard("a packet without a source", cx),
            NextHeader::TCP => {
                packet.strip(place.at);
                self.tcp_input(packet, addresses, header.ecn, arrival, cast, cx);
            }
            NextHeader::UDP => self.udp_input(packet, addresses, place.at, arrival, cast, cx),
            // RFC 8200 §4.7: nothing follows, and what does is ignored.
            NextHeader::NONE => {}
            _ if self.answers_closed_ports => {
                // RFC 8200 §4: the sender learns which next header is not known.
                self.parameter_problem(&packet, UNKNOWN_HEADER, place.named_at, cast, cx);
            }
            _ => self.discard("a protocol that nobody here speaks", cx),
        }
    }

    /// Tells a sender that byte `at` of its packet is wrong (RFC 4443 §3.4).
    fn parameter_problem(&mut self, packet: &Packet, code: u8, at: usize, cast: Cast, cx: &mut Cx<'_>) {
        let event = cx.event(&kinds::PARAMETER_PROBLEM, 0, [at as u64, 0]);
        let mut cx = cx.caused_by(event);
        self.icmpv6_error(packet, Type::PARAMETER_PROBLEM, code, at as u32, cast, &mut cx);
    }
}

/// Whether a first fragment goes on, behind its fragment header, at least to the beginning of the transport's header.
fn holds_all_headers(packet: &Packet, next: NextHeader, behind: usize) -> bool {
    let have = packet.len().saturating_sub(behind);
    match next {
        NextHeader::TCP => have >= wire::tcp::Header::LEN,
        NextHeader::UDP | NextHeader::ICMPV6 => have >= wire::udp::Header::LEN,
        _ => true, // extension headers are gone through when all is there
    }
}

/// Checks the header (RFC 8200 §3: version and length), moves it into the packet's head and cuts padding off. `None` if the
/// packet is to be discarded silently.
pub(crate) fn check(packet: &mut Packet) -> Option<Header> {
    let header = Header::read(packet.pull(Header::LEN)?);
    let total = Header::LEN + usize::from(header.payload_len);
    if header.version != 6 || total > packet.len() {
        return None;
    }
    packet.truncate(total);
    Some(header)
}
