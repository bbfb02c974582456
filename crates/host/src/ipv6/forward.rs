//! Forwarding IPv6: longest prefix, hop limit, and no fragments (RFC 8200 §3, §4.5).

use std::net::IpAddr;

use trace::Cx;
use trace::kinds::ipv6 as kinds;
use wire::Packet;
use wire::icmpv6::{Type, Unreachable};
use wire::ipv6::Header;

use super::Scope;
use crate::Host;
use crate::interface::{Arrival, Cast};
use crate::output::Hop;

/// Where the hop limit stands in the header, in bytes.
const HOP_LIMIT: usize = 7;

impl Host {
    /// A packet for somebody else: passes it on towards them, or says why not.
    pub(crate) fn forward_ipv6(&mut self, mut packet: Packet, header: Header, arrival: Arrival, cx: &mut Cx<'_>) {
        // RFC 4291 §2.5.2, §2.5.6: what comes from nobody, or means something on its own link alone, is not passed on.
        if header.src.is_unspecified() || Scope::of(header.dst) < Scope::GLOBAL {
            return self.discard("an address that routers do not forward", cx);
        }
        if header.hop_limit <= 1 {
            // RFC 8200 §3, RFC 4443 §3.3.
            let event = cx.event(&kinds::HOP_LIMIT_EXPIRED, 0, [0, 0]);
            return self.icmpv6_error(&packet, Type::TIME_EXCEEDED, 0, 0, Cast::Unicast, &mut cx.caused_by(event));
        }
        let row = self.routes.lookup(header.dst).copied();
        let port = row.and_then(|row| self.interfaces.get(row.interface.index())).filter(|port| port.speaks_ipv6());
        let (Some(row), Some(port)) = (row, port) else {
            return self.icmpv6_unreachable(&packet, Unreachable::NO_ROUTE, Cast::Unicast, cx);
        };
        let mtu = usize::from(port.mtu);
        if Scope::of(header.src) < Scope::GLOBAL && arrival.interface != Some(row.interface) {
            // RFC 4007 §9: the source means nothing over there.
            return self.icmpv6_unreachable(&packet, Unreachable::BEYOND_SCOPE, Cast::Unicast, cx);
        }
        let next_hop = row.via.unwrap_or(IpAddr::V6(header.dst));
        let routed = Host::tell_row(row.prefix, next_hop, cx);
        let mut cx = cx.caused_by(routed);
        if packet.len() > mtu {
            // RFC 4443 §3.2: a router does not cut; the sender learns what fits.
            let event = cx.event(&kinds::TOO_BIG, 0, [packet.len() as u64, mtu as u64]);
            let mut cx = cx.caused_by(event);
            return self.icmpv6_error(&packet, Type::PACKET_TOO_BIG, 0, mtu as u32, Cast::Unicast, &mut cx);
        }
        if let Some(limit) = packet.head_mut().get_mut(HOP_LIMIT) {
            *limit -= 1;
        }
        self.send_hop(Hop::Neighbour(row.interface, next_hop), packet, routed, arrival.frame, &mut cx);
    }
}
