//! Forwarding: what makes a host a router (RFC 1812).

use trace::Cx;
use trace::kinds::ip as kinds;
use wire::Packet;
use wire::icmp::{Type, Unreachable};
use wire::ipv4::Header;

use super::fragment::fragments;
use super::{CHECKSUM, body_behind};
use crate::Host;
use crate::incremental::adjust;
use crate::interface::{Arrival, Cast};
use crate::nat::Translation;
use crate::output::Hop;

/// Where the TTL stands in the header, in bytes.
const TTL: usize = 8;

impl Host {
    /// A packet for somebody else: passes it on towards them, or says why not.
    pub(crate) fn forward(&mut self, packet: Packet, header: Header, arrival: Arrival, cx: &mut Cx<'_>) {
        // RFC 1812 §5.3.7: not what is for a group or a reserved address, nor what comes from nobody.
        if header.dst.is_multicast()
            || header.dst.octets()[0] == 0
            || header.dst.octets()[0] >= 240
            || header.src.octets()[0] == 0
        {
            return self.discard("an address that routers do not forward", cx);
        }
        if self.ttl_expired(&packet, &header, cx) {
            return;
        }
        if self.nat.is_none() {
            return self.forward_translated(packet, header, arrival, None, cx);
        }
        // Nothing comes back if the packet is refused, or its fragments are still being collected.
        if let Some((packet, header, event, translation)) = self.nat_outbound(packet, header, arrival, cx) {
            self.forward_translated(packet, header, arrival, translation, &mut cx.caused_by(event));
        }
    }

    /// RFC 1812 §5.3.1: a packet whose TTL would become zero ends here, and its sender is told.
    pub(crate) fn ttl_expired(&mut self, packet: &Packet, header: &Header, cx: &mut Cx<'_>) -> bool {
        let expired = header.ttl <= 1;
        if expired {
            let event = cx.event(&kinds::TTL_EXPIRED, 0, [0, 0]);
            let mut cx = cx.caused_by(event);
            self.icmp_error(packet, Cast::Unicast, Type::TIME_EXCEEDED, 0, 0, &mut cx);
        }
        expired
    }

    /// Passes on a packet whose translation, if it needs one, is settled but not yet made: errors about it speak of the
    /// packet as it came.
    pub(crate) fn forward_translated(
        &mut self,
        mut packet: Packet,
        header: Header,
        arrival: Arrival,
        translation: Option<Translation>,
        cx: &mut Cx<'_>,
    ) {
        let destination = translation.as_ref().map_or(header.dst, |t| t.destination(&header));
        let Some(&row) = self.routes.lookup(destination) else {
            return self.icmp_unreachable(&packet, Cast::Unicast, Unreachable::NET, 0, cx);
        };
        let Some(port) = self.interfaces.get(row.interface.index()) else {
            return self.icmp_unreachable(&packet, Cast::Unicast, Unreachable::NET, 0, cx);
        };
        // RFC 791 §3.2: a fragment that ends behind the largest packet belongs to none, and cut again its offsets would wrap.
        if header.fragment_start() + packet.len() > usize::from(u16::MAX) {
            return self.discard("a fragment that ends behind the largest packet", cx);
        }
        // RFC 2644: a broadcast on another link is not forwarded.
        if port.is_subnet_broadcast(destination) {
            return self.discard("a broadcast on another link", cx);
        }
        let mtu = usize::from(port.mtu);
        let next_hop = row.via.unwrap_or(destination.into());
        let routed = Host::tell_row(row.prefix, next_hop, cx);
        if packet.len() > mtu && header.dont_fragment {
            // RFC 1191 §4: the sender learns what would fit.
            let mut cx = cx.caused_by(routed);
            return self.icmp_unreachable(
                &packet,
                Cast::Unicast,
                Unreachable::FRAGMENTATION_NEEDED,
                mtu as u32,
                &mut cx,
            );
        }
        if translation.is_none() && !header.is_fragment() {
            self.learn_forward(&header, arrival, row);
        }
        let event = match translation {
            Some(translation) => self.translate(&mut packet, &header, translation, &mut cx.caused_by(routed)),
            None => routed,
        };
        decrement_ttl(packet.head_mut());
        let hop = Hop::Neighbour(row.interface, next_hop);
        if packet.len() <= mtu {
            return self.send_hop(hop, packet, event, arrival.frame, cx);
        }
        let cut = cx.caused_by(event).event(&kinds::FRAGMENTED, 0, [packet.len() as u64, mtu as u64]);
        let len = header.header_len();
        let now = Header::read(packet.head());
        let options = packet.head().get(Header::LEN..len).unwrap_or(&[]).to_vec();
        let body = body_behind(&packet, len);
        for piece in fragments(&now, &options, &body, mtu) {
            self.send_hop(hop, piece, cut, arrival.frame, cx);
        }
    }
}

/// Takes one off the TTL of the header at the front of `head`, which is at least 1, and adjusts the checksum (RFC 1624 §3).
#[inline(always)]
pub(super) fn decrement_ttl(head: &mut [u8]) {
    // TTL and protocol share a 16-bit word.
    let old = u16::from_be_bytes([head[TTL], head[TTL + 1]]);
    let checksum = u16::from_be_bytes([head[CHECKSUM], head[CHECKSUM + 1]]);
    head[TTL] = head[TTL].saturating_sub(1);
    let new = u16::from_be_bytes([head[TTL], head[TTL + 1]]);
    head[CHECKSUM..CHECKSUM + 2].copy_from_slice(&adjust(checksum, old, new).to_be_bytes());
}
