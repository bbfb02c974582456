//! Sending: which interface, next hop and source address; fragments where the packet does not fit.

use std::net::Ipv4Addr;

use base::{Duration, EventId, FrameId, Instant, Map};
use tcp::Errno;
use trace::Cx;
use trace::kinds::ip as kinds;
use wire::ethernet::EtherType;
use wire::ipv4::{Dscp, Header, Protocol};
use wire::{MacAddr, Packet};

use super::fragment::fragments;
use super::{body_behind, push_header};
use crate::interface::MIN_MTU;
use crate::timers::Timer;
use crate::{Host, InterfaceId, Prefix};

/// The largest IP packet.
const MAX_PACKET: usize = 65535;
/// How long a packet takes from this machine to itself: time must pass, or two programs of one machine that answer each
/// other would stop the clock for ever.
const LOOPBACK_DELAY: Duration = Duration::from_micros(5);
/// The most packets on their way from this machine to itself.
const MAX_LOOPED: usize = 4096;

/// What to do with a packet that is larger than the MTU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sizing {
    /// Cut it; DF is never set.
    Fragment,
    /// Set DF where it fits and cut it otherwise (Linux' default for UDP, IP_PMTUDISC_WANT).
    Want,
    /// Set DF; too long is an error (TCP, and UDP sockets that ask for it: IP_PMTUDISC_DO).
    Never,
}

/// What the transport layer asks of IP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) protocol: Protocol,
    pub(crate) ttl: u8,
    pub(crate) dscp: Dscp,
    pub(crate) sizing: Sizing,
    /// The identification of a packet that is not to be fragmented; it has no meaning (RFC 6864 §4.1).
    pub(crate) id: u16,
    /// Why it is sent.
    pub(crate) event: EventId,
}

/// The way to a destination.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Path {
    pub(crate) source: Ipv4Addr,
    pub(crate) destination: Ipv4Addr,
    pub(crate) hop: Hop,
    /// The row of the routing table that decided, if one did.
    pub(crate) row: Option<Prefix>,
}

/// The next step of the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hop {
    /// To this machine itself.
    Loopback,
    /// To a station of the link: the destination, or a router.
    Neighbour(InterfaceId, Ipv4Addr),
    /// To a group or to everyone on the link.
    Group(InterfaceId, MacAddr),
}

impl Path {
    /// Whether everyone on the link gets it.
    pub(crate) fn is_broadcast(&self) -> bool {
        matches!(self.hop, Hop::Group(_, mac) if mac.is_broadcast())
    }
}

/// MTUs of paths that are narrower than their first link (RFC 1191 §6.3: a host keeps them by destination).
#[derive(Default, Debug)]
pub(crate) struct PathMtus(Map<Ipv4Addr, (u16, Instant)>);

/// How long a path's MTU is believed (Linux `mtu_expires`; RFC 1191 §6.3 suggests 10 minutes).
const PATH_MTU_LIFETIME: Duration = Duration::from_secs(600);
/// The least that is believed of an ICMP message (Linux `min_pmtu`).
const MIN_PATH_MTU: u16 = 552;
/// The most paths remembered.
const MAX_PATHS: usize = 1024;

impl PathMtus {
    /// Believes a router that says that packets to `destination` must not exceed `mtu` bytes.
    pub(crate) fn learn(&mut self, destination: Ipv4Addr, mtu: u16, now: Instant) {
        if self.0.len() >= MAX_PATHS && !self.0.contains_key(&destination) {
            let oldest =
                self.0.iter().min_by_key(|(address, (_, until))| (*until, **address)).map(|(&address, _)| address);
            oldest.map(|address| self.0.remove(&address));
        }
        let old = self.get(destination, now).unwrap_or(u16::MAX);
        self.0.insert(destination, (mtu.max(MIN_PATH_MTU).min(old), now + PATH_MTU_LIFETIME));
    }
    pub(crate) fn get(&self, destination: Ipv4Addr, now: Instant) -> Option<u16> {
        if self.0.is_empty() {
            return None; // the usual case, asked for every packet
        }
        self.0.get(&destination).filter(|(_, until)| *until > now).map(|&(mtu, _)| mtu)
    }
}

/// A packet on its way from this machine to itself.
#[derive(Debug)]
pub(crate) struct Looped {
    pub(crate) at: Instant,
    pub(crate) packet: Packet,
    pub(crate) event: EventId,
}

impl Host {
    /// The way to `destination`, from `source` if that is given, out of `bound` if the socket is bound to an interface.
    pub(crate) fn path(
        &self,
        destination: Ipv4Addr,
        source: Option<Ipv4Addr>,
        bound: Option<InterfaceId>,
    ) -> Result<Path, Errno> {
        let destination = if destination.is_unspecified() { Ipv4Addr::LOCALHOST } else { destination };
        if destination.is_loopback() || self.is_own(destination) {
            let source = source.unwrap_or(destination);
            return Ok(Path { source, destination, hop: Hop::Loopback, row: None });
        }
        let owner = || source.and_then(|source| self.interface_of(source));
        if destination.is_broadcast() || destination.is_multicast() {
            // RFC 1122 §3.3.1.1: these do not go through the routing table; without a hint the default interface has it.
            let by_route = || self.routes.lookup(destination).map(|row| row.interface);
            let interface = bound.or_else(owner).or_else(by_route).unwrap_or_default();
            let port = self.interfaces.get(interface.index()).ok_or(Errno::NetworkUnreachable)?;
            let source = source.or_else(|| port.primary()).unwrap_or(Ipv4Addr::UNSPECIFIED);
            let mac = if destination.is_broadcast() { MacAddr::BROADCAST } else { group_mac(destination) };
            return Ok(Path { source, destination, hop: Hop::Group(interface, mac), row: None });
        }
        let row = match bound {
            None => self.routes.lookup(destination),
            Some(interface) => self.routes.lookup_on(destination, interface),
        };
        let (interface, via) = match (row, bound) {
            (Some(row), _) => (row.interface, row.via),
            // Linux: a socket bound to an interface reaches everything on its link, routes or not.
            (None, Some(interface)) => (interface, None),
            (None, None) => return Err(Errno::NetworkUnreachable),
        };
        let port = self.interfaces.get(interface.index()).ok_or(Errno::NetworkUnreachable)?;
        let next_hop = via.unwrap_or(destination);
        let elsewhere = || self.interfaces.iter().find_map(|other| other.primary());
        let own = source.or_else(|| port.source_for(next_hop)).or_else(elsewhere);
        let unconfigured = bound.map(|_| Ipv4Addr::UNSPECIFIED);
        let source = own.or(unconfigured).ok_or(Errno::AddrNotAvailable)?;
        let hop = if via.is_none() && port.is_subnet_broadcast(destination) {
            Hop::Group(interface, MacAddr::BROADCAST)
        } else {
            Hop::Neighbour(interface, next_hop)
        };
        Ok(Path { source, destination, hop, row: row.map(|row| row.prefix) })
    }

    /// Says which row of the routing table decided over `path`; what follows from that is caused by the event given.
    pub(crate) fn tell_route(path: &Path, cx: &mut Cx<'_>) -> EventId {
        match (path.row, path.hop) {
            (Some(row), Hop::Neighbour(_, next_hop)) => {
                cx.event(&kinds::ROUTED, 0, [row.packed(), next_hop.to_bits().into()])
            }
            _ => cx.cause,
        }
    }

    /// The largest packet that the path is known to take.
    pub(crate) fn path_mtu(&self, path: &Path, now: Instant) -> usize {
        let link = match path.hop {
            Hop::Loopback => return MAX_PACKET,
            Hop::Neighbour(interface, _) | Hop::Group(interface, _) => {
                self.interfaces.get(interface.index()).map_or(MIN_MTU, |port| port.mtu)
            }
        };
        usize::from(self.path_mtus.get(path.destination, now).map_or(link, |mtu| mtu.min(link)))
    }

    /// Sends `packet`, which starts with its transport header, along `path`.
    pub(crate) fn output(
        &mut self,
        mut packet: Packet,
        path: &Path,
        output: &Output,
        cx: &mut Cx<'_>,
    ) -> Result<(), Errno> {
        if packet.len() + Header::LEN > MAX_PACKET {
            return Err(Errno::MessageTooLong);
        }
        let mtu = self.path_mtu(path, cx.now);
        let fits = packet.len() + Header::LEN <= mtu;
        let mut header = Header::new(path.source, path.destination, output.protocol, packet.len());
        (header.ttl, header.dscp, header.id) = (output.ttl, output.dscp, output.id);
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

    /// Hands a finished IP packet to the next step of its way.
    pub(crate) fn send_hop(
        &mut self,
        hop: Hop,
        packet: Packet,
        event: EventId,
        derived_from: Option<FrameId>,
        cx: &mut Cx<'_>,
    ) {
        match hop {
            Hop::Neighbour(interface, next_hop) => {
                self.transmit_to_neighbour(interface, next_hop, packet, event, derived_from, cx);
            }
            Hop::Group(interface, mac) => {
                self.transmit_ethernet(interface, mac, EtherType::IPV4, packet, event, derived_from);
            }
            Hop::Loopback if self.looped.len() < MAX_LOOPED => {
                let at = cx.now + LOOPBACK_DELAY;
                self.looped.push_back(Looped { at, packet, event });
                self.timers.arm(at, Timer::Loopback);
            }
            Hop::Loopback => self.discard("too many packets are on their way from this machine to itself", cx),
        }
    }
}

/// The hardware address of a group: its low 23 bits behind 01:00:5e (RFC 1112 §6.4).
fn group_mac(group: Ipv4Addr) -> MacAddr {
    let [_, b, c, d] = group.octets();
    MacAddr([0x01, 0x00, 0x5e, b & 0x7f, c, d])
}
