//! Sending: which interface, next hop and source address; fragments where the packet does not fit.

use std::net::{IpAddr, Ipv4Addr};

use tcp::Errno;
use trace::Cx;
use trace::kinds::ip as kinds;
use wire::ipv4::Header;
use wire::{MacAddr, Packet};

use super::fragment::fragments;
use super::{body_behind, push_header};
use crate::output::{Hop, MAX_PACKET, Output, Path, Sizing};
use crate::{Host, InterfaceId};

impl Host {
    /// The way to an IPv4 address, from `source` if that is given, out of `bound` if the socket is bound to an interface.
    pub(crate) fn path_ipv4(
        &self,
        destination: Ipv4Addr,
        source: Option<Ipv4Addr>,
        bound: Option<InterfaceId>,
    ) -> Result<Path, Errno> {
        let destination = if destination.is_unspecified() { Ipv4Addr::LOCALHOST } else { destination };
        if destination.is_loopback() || self.is_own(destination) {
            let source = source.unwrap_or(destination);
            return Ok(Path { source: source.into(), destination: destination.into(), hop: Hop::Loopback, row: None });
        }
        let owner = || source.and_then(|source| self.interface_of(source));
        if destination.is_broadcast() || destination.is_multicast() {
            // RFC 1122 §3.3.1.1: these do not go through the routing table; without a hint the default interface has it.
            let by_route = || self.routes.lookup(destination).map(|row| row.interface);
            let interface = bound.or_else(owner).or_else(by_route).unwrap_or_default();
            let port = self.interfaces.get(interface.index()).ok_or(Errno::NetworkUnreachable)?;
            let source = source.or_else(|| port.primary()).unwrap_or(Ipv4Addr::UNSPECIFIED);
            let mac = if destination.is_broadcast() { MacAddr::BROADCAST } else { group_mac(destination) };
            let hop = Hop::Group(interface, mac);
            return Ok(Path { source: source.into(), destination: destination.into(), hop, row: None });
        }
        let row = match bound {
            None => self.routes.lookup(destination),
            Some(interface) => self.routes.lookup_on(destination.into(), interface),
        };
        let (interface, via) = match (row, bound) {
            (Some(row), _) => (row.interface, row.via),
            // Linux: a socket bound to an interface reaches everything on its link, routes or not.
            (None, Some(interface)) => (interface, None),
            (None, None) => return Err(Errno::NetworkUnreachable),
        };
        let port = self.interfaces.get(interface.index()).ok_or(Errno::NetworkUnreachable)?;
        let next_hop = via.unwrap_or(destination.into());
        let elsewhere = || self.interfaces.iter().find_map(|other| other.primary());
        let near = match next_hop {
            IpAddr::V4(next_hop) => port.source_for(next_hop),
            IpAddr::V6(_) => None,
        };
        let own = source.or(near).or_else(elsewhere);
        let unconfigured = bound.map(|_| Ipv4Addr::UNSPECIFIED);
        let source = own.or(unconfigured).ok_or(Errno::AddrNotAvailable)?;
        let hop = if via.is_none() && port.is_subnet_broadcast(destination) {
            Hop::Group(interface, MacAddr::BROADCAST)
        } else {
            Hop::Neighbour(interface, next_hop)
        };
        Ok(Path { source: source.into(), destination: destination.into(), hop, row: row.map(|row| row.prefix) })
    }

    /// Sends `packet`, which starts with its transport header, along `path`.
    #[inline]
    pub(crate) fn output_ipv4(
        &mut self,
        mut packet: Packet,
        (source, destination): (Ipv4Addr, Ipv4Addr),
        path: &Path,
        output: &Output,
        cx: &mut Cx<'_>,
    ) -> Result<(), Errno> {
        if packet.len() + Header::LEN > MAX_PACKET {
            return Err(Errno::MessageTooLong);
        }
        let mtu = self.path_mtu(path, cx.now);
        let fits = packet.len() + Header::LEN <= mtu;
        let mut header = Header::new(source, destination, output.protocol, packet.len());
        (header.ttl, header.dscp, header.id) = (output.ttl, output.dscp, output.id);
        header.ecn = output.ecn;
        header.dont_fragment = match output.sizing {
            Sizing::Fragment => false,
            Sizing::Want => fits,
            Sizing::Never => true,
        };
        if !header.dont_fragment {
            // RFC 6864 §4.1: what may be fragmented needs an identification of its own.
            header.id = self.identification.next(header.src, header.dst, header.protocol);
        } else if !fits {
            return Err(Errno::MessageTooLong);
        }
        if fits {
            push_header(&mut packet, &header);
            self.send_hop(path.hop, packet, output.event, None, cx);
            return Ok(());
        }
        let cut = cx.caused_by(output.event).event(&kinds::FRAGMENTED, 0, [header.total_len.into(), mtu as u64]);
        let body = body_behind(&packet, 0);
        for piece in fragments(&header, &[], &body, mtu) {
            self.send_hop(path.hop, piece, cut, None, cx);
        }
        Ok(())
    }
}

/// The hardware address of a group: its low 23 bits behind 01:00:5e (RFC 1112 §6.4).
fn group_mac(group: Ipv4Addr) -> MacAddr {
    let [_, b, c, d] = group.octets();
    MacAddr([0x01, 0x00, 0x5e, b & 0x7f, c, d])
}
