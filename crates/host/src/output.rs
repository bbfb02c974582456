//! Sending, as far as both families have it in common: the way to a destination, what is known of its MTU, the next hop.

use std::net::IpAddr;

use base::{Duration, EventId, FrameId, Instant, Map};
use tcp::Errno;
use trace::Cx;
use trace::kinds::ip as kinds;
use wire::ethernet::EtherType;
use wire::ipv4::{Dscp, Ecn, Protocol};
use wire::{MacAddr, Packet};

use crate::interface::MIN_MTU;
use crate::timers::Timer;
use crate::{Host, InterfaceId, Prefix};

/// The largest IP packet.
pub(crate) const MAX_PACKET: usize = 65535;
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
    /// The TTL or hop limit.
    pub(crate) ttl: u8,
    pub(crate) dscp: Dscp,
    pub(crate) ecn: Ecn,
    pub(crate) sizing: Sizing,
    /// The identification of an IPv4 packet that is not to be fragmented; it has no meaning (RFC 6864 §4.1).
    pub(crate) id: u16,
    /// Why it is sent.
    pub(crate) event: EventId,
}

/// The way to a destination. Source and destination are of one family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Path {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
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
    Neighbour(InterfaceId, IpAddr),
    /// To a group or to everyone on the link.
    Group(InterfaceId, MacAddr),
}

impl Path {
    /// Whether everyone on the link gets it.
    pub(crate) fn is_broadcast(&self) -> bool {
        matches!(self.hop, Hop::Group(_, mac) if mac.is_broadcast())
    }
}

/// MTUs of paths that are narrower than their first link (RFC 1191 §6.3, RFC 8201 §5.2: a host keeps them by destination).
#[derive(Default, Debug)]
pub(crate) struct PathMtus(Map<IpAddr, (u16, Instant)>);

/// How long a path's MTU is believed (Linux `mtu_expires`; RFC 1191 §6.3 and RFC 8201 §4 suggest 10 minutes).
const PATH_MTU_LIFETIME: Duration = Duration::from_secs(600);
/// The least that is believed of an ICMP message (Linux `min_pmtu`).
const MIN_PATH_MTU: u16 = 552;
/// The least that an IPv6 link takes (RFC 8200 §5, RFC 8201 §4: no estimate goes below it).
const MIN_PATH_MTU_IPV6: u16 = 1280;
/// The most paths remembered.
const MAX_PATHS: usize = 1024;

impl PathMtus {
    /// Believes a router that says that packets to `destination` must not exceed `mtu` bytes.
    pub(crate) fn learn(&mut self, destination: IpAddr, mtu: u16, now: Instant) {
        if self.0.len() >= MAX_PATHS && !self.0.contains_key(&destination) {
            let oldest =
                self.0.iter().min_by_key(|(address, (_, until))| (*until, **address)).map(|(&address, _)| address);
            oldest.map(|address| self.0.remove(&address));
        }
        let least = if destination.is_ipv4() { MIN_PATH_MTU } else { MIN_PATH_MTU_IPV6 };
        let old = self.get(destination, now).unwrap_or(u16::MAX);
        self.0.insert(destination, (mtu.max(least).min(old), now + PATH_MTU_LIFETIME));
    }
    pub(crate) fn get(&self, destination: IpAddr, now: Instant) -> Option<u16> {
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
        destination: IpAddr,
        source: Option<IpAddr>,
        bound: Option<InterfaceId>,
    ) -> Result<Path, Errno> {
        match (destination, source) {
            (IpAddr::V4(destination), None) => self.path_ipv4(destination, None, bound),
            (IpAddr::V6(destination), None) => self.path_ipv6(destination, None, bound),
            (IpAddr::V6(destination), Some(IpAddr::V6(source))) => self.path_ipv6(destination, Some(source), bound),
            (IpAddr::V4(destination), Some(IpAddr::V4(source))) => self.path_ipv4(destination, Some(source), bound),
            // One family cannot speak to the other.
            _ => Err(Errno::NetworkUnreachable),
        }
    }

    /// Says which row of the routing table decided over `path`; what follows from that is caused by the event given.
    pub(crate) fn tell_route(path: &Path, cx: &mut Cx<'_>) -> EventId {
        match (path.row, path.hop) {
            (Some(row), Hop::Neighbour(_, next_hop)) => Host::tell_row(row, next_hop, cx),
            _ => cx.cause,
        }
    }

    /// Says which row of the routing table decided.
    pub(crate) fn tell_row(row: Prefix, next_hop: IpAddr, cx: &mut Cx<'_>) -> EventId {
        let args = [cx.prefix(row.network(), row.len()), cx.address(next_hop)];
        cx.event(&kinds::ROUTED, 0, args)
    }

    /// The largest packet that the path is known to take.
    pub(crate) fn path_mtu(&self, path: &Path, now: Instant) -> usize {
        let link = match path.hop {
            Hop::Loopback => return MAX_PACKET,
            Hop::Neighbour(interface, _) | Hop::Group(interface, _) => {
                self.interfaces.get(interface.index()).map_or(MIN_MTU, |port| port.mtu_towards(path.destination))
            }
        };
        usize::from(self.path_mtus.get(path.destination, now).map_or(link, |mtu| mtu.min(link)))
    }

    /// Sends `packet`, which starts with its transport header, along `path`.
    #[inline]
    pub(crate) fn output(
        &mut self,
        packet: Packet,
        path: &Path,
        output: &Output,
        cx: &mut Cx<'_>,
    ) -> Result<(), Errno> {
        match (path.source, path.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                self.output_ipv4(packet, (source, destination), path, output, cx)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                self.output_ipv6(packet, (source, destination), path, output, cx)
            }
            _ => Err(Errno::Invalid),
        }
    }

    /// Hands a finished IP packet to the next step of its way.
    #[inline]
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
                let six = is_ipv6(&packet);
                let ethertype = if six { EtherType::IPV6 } else { EtherType::IPV4 };
                self.transmit_ethernet(interface, mac, ethertype, packet, event, derived_from);
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

/// Whether an IP packet whose header stands in its head is of version 6.
pub(crate) fn is_ipv6(packet: &Packet) -> bool {
    packet.head().first().is_some_and(|first| first >> 4 == 6)
}
