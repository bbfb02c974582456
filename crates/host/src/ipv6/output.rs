//! Sending: interface, next hop and source address; fragments, which the sender alone may make (RFC 8200 §4.5).

use std::net::{IpAddr, Ipv6Addr};

use tcp::Errno;
use trace::Cx;
use trace::kinds::ipv6 as kinds;
use wire::Packet;
use wire::ipv4::Protocol;
use wire::ipv6::Header;

use super::addresses::select;
use super::fragment::fragments;
use super::{Scope, group_mac, header, push_header};
use crate::ipv4::body_behind;
use crate::output::{Hop, MAX_PACKET, Output, Path, Sizing};
use crate::ports::{folded, mix};
use crate::{Host, InterfaceId};

impl Host {
    /// The interfaces that speak IPv6.
    fn ipv6_ports(&self) -> impl Iterator<Item = InterfaceId> + '_ {
        let speaks = self.interfaces.iter().enumerate().filter(|(_, port)| port.speaks_ipv6());
        speaks.map(|(i, _)| InterfaceId(i as u16))
    }

    /// The interface that has `address`.
    fn interface_of_ipv6(&self, address: Ipv6Addr) -> Option<InterfaceId> {
        self.ipv6_ports().find(|id| {
            self.interfaces.get(id.index()).and_then(|port| port.ipv6.as_ref()).is_some_and(|ipv6| ipv6.has(address))
        })
    }

    /// The interface that leads to the link of `destination`, which means something on one link alone (RFC 4007 §5): the one
    /// that was asked for, the source's, or the only one that there is.
    fn zone(&self, source: Option<Ipv6Addr>, bound: Option<InterfaceId>) -> Option<InterfaceId> {
        let only = || {
            let mut ports = self.ipv6_ports();
            ports.next().filter(|_| ports.next().is_none())
        };
        bound.or_else(|| source.and_then(|source| self.interface_of_ipv6(source))).or_else(only)
    }

    /// The way to an IPv6 address, from `source` if that is given, out of `bound` if the socket is bound to an interface.
    pub(crate) fn path_ipv6(
        &self,
        destination: Ipv6Addr,
        source: Option<Ipv6Addr>,
        bound: Option<InterfaceId>,
    ) -> Result<Path, Errno> {
        let destination = if destination.is_unspecified() { Ipv6Addr::LOCALHOST } else { destination };
        let path =
            |source: Ipv6Addr, hop, row| Path { source: source.into(), destination: destination.into(), hop, row };
        if destination.is_loopback() || self.is_own(destination) {
            return Ok(path(source.unwrap_or(destination), Hop::Loopback, None));
        }
        let (interface, via, row) = if destination.is_multicast() {
            let by_route = || self.routes.lookup(destination).map(|row| row.interface);
            let interface = self.zone(source, bound).or_else(by_route).or_else(|| self.ipv6_ports().next());
            (interface.ok_or(Errno::NetworkUnreachable)?, None, None)
        } else if destination.is_unicast_link_local() {
            (self.zone(source, bound).ok_or(Errno::NetworkUnreachable)?, None, None)
        } else {
            let row = match bound {
                None => self.routes.lookup(destination),
                Some(interface) => self.routes.lookup_on(destination.into(), interface),
            };
            let row = row.ok_or(Errno::NetworkUnreachable)?;
            (row.interface, row.via, Some(row.prefix))
        };
        let port = self.interfaces.get(interface.index()).filter(|port| port.speaks_ipv6());
        if port.is_none() {
            return Err(Errno::NetworkUnreachable);
        }
        // RFC 6724 §4: for what stays on the link only the interface's own addresses will do.
        let local = Scope::of(destination) <= Scope::LINK;
        let chosen = || {
            let ports = self.interfaces.iter().enumerate().filter(|(i, _)| !local || *i == interface.index());
            let all = ports.filter_map(|(i, port)| Some((InterfaceId(i as u16), port.ipv6.as_ref()?)));
            select(all.flat_map(|(id, ipv6)| ipv6.addresses.iter().map(move |own| (id, own))), destination, interface)
        };
        let source = source.or_else(chosen).ok_or(Errno::AddrNotAvailable)?;
        let hop = match via {
            _ if destination.is_multicast() => Hop::Group(interface, group_mac(destination)),
            Some(router) => Hop::Neighbour(interface, router),
            None => Hop::Neighbour(interface, IpAddr::V6(destination)),
        };
        Ok(path(source, hop, row))
    }

    /// Sends `packet`, which starts with its transport header, over IPv6.
    pub(crate) fn output_ipv6(
        &mut self,
        mut packet: Packet,
        (source, destination): (Ipv6Addr, Ipv6Addr),
        path: &Path,
        output: &Output,
        cx: &mut Cx<'_>,
    ) -> Result<(), Errno> {
        if packet.len() > MAX_PACKET {
            return Err(Errno::MessageTooLong);
        }
        let mtu = self.path_mtu(path, cx.now);
        let mut header = header(source, destination, output.protocol, packet.len());
        (header.dscp, header.ecn) = (output.dscp, output.ecn);
        header.hop_limit = self.hop_limit(path, output.ttl);
        header.flow_label = self.flow_label(&packet, source, destination, output.protocol);
        if packet.len() + Header::LEN <= mtu {
            push_header(&mut packet, &header);
            self.send_hop(path.hop, packet, output.event, None, cx);
            return Ok(());
        }
        if output.sizing == Sizing::Never {
            return Err(Errno::MessageTooLong);
        }
        let whole = (packet.len() + Header::LEN) as u64;
        let cut = cx.caused_by(output.event).event(&kinds::FRAGMENTED, 0, [whole, mtu as u64]);
        // RFC 7739 §5.1: identifications that nobody can guess.
        let id = self.ipv6_rng.u32();
        let body = body_behind(&packet, 0);
        for piece in fragments(&header, &body, mtu, id) {
            self.send_hop(path.hop, piece, cut, None, cx);
        }
        Ok(())
    }

    /// The hop limit of a packet: where a program does not ask for one, what routers of the link say (RFC 4861 §6.3.4).
    fn hop_limit(&self, path: &Path, asked: u8) -> u8 {
        let said = match path.hop {
            Hop::Neighbour(interface, _) | Hop::Group(interface, _) if asked == self.ttl => self
                .interfaces
                .get(interface.index())
                .and_then(|port| port.ipv6.as_ref())
                .map_or(0, |own| own.hop_limit),
            _ => 0,
        };
        if said == 0 { asked } else { said }
    }

    /// The flow label of a packet that starts with its transport header: the same for all packets of a conversation, and
    /// nothing that a stranger can tell beforehand (RFC 6437 §3; Linux `auto_flowlabels`).
    fn flow_label(&self, packet: &Packet, source: Ipv6Addr, destination: Ipv6Addr, protocol: Protocol) -> u32 {
        if !matches!(protocol, Protocol::TCP | Protocol::UDP) {
            return 0;
        }
        let Some(&ports) = packet.head().first_chunk::<4>() else { return 0 };
        let about = u64::from(u32::from_be_bytes(ports)) << 8 | u64::from(protocol.0);
        let ends = folded(source.into()).rotate_left(32) ^ mix(folded(destination.into()).wrapping_add(about));
        // RFC 6437 §3: zero would mean that there is none.
        ((mix(ends ^ self.flow_key) >> 44) as u32).max(1)
    }
}
