//! Network interfaces: addresses, MTU, and which frames are for this machine.

use std::net::{IpAddr, Ipv4Addr};

use base::{EventId, FrameId};
use wire::{MacAddr, Packet};

use crate::ipv6::Ipv6Port;
use crate::neighbour::Cache;
use crate::{InterfaceConfig, Prefix};

/// An interface of a host: an index into [`crate::HostConfig::interfaces`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct InterfaceId(pub u16);

impl InterfaceId {
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A frame that leaves, from its Ethernet header on (no preamble, no frame check sequence, not padded).
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Out of which interface.
    pub interface: InterfaceId,
    /// The frame.
    pub frame: Packet,
    /// Why: the event that made it, or that let it go.
    pub event: EventId,
    /// The frame that was received and is passed on in this one (a router's, or its fragments').
    pub derived_from: Option<FrameId>,
}

/// An interface at work.
#[derive(Clone, Debug)]
pub struct Interface {
    pub(crate) name: String,
    pub(crate) mac: MacAddr,
    pub(crate) mtu: u16,
    pub(crate) addresses: Vec<(Ipv4Addr, Prefix)>,
    pub(crate) neighbours: Cache,
    /// What it knows of IPv6, if it speaks it.
    pub(crate) ipv6: Option<Ipv6Port>,
    /// The address that is being probed for (RFC 5227 §2.1.1), and whether someone has it.
    pub(crate) probing: Option<(Ipv4Addr, bool)>,
}

/// The smallest MTU of a link (RFC 791 §3.2: every internet module must forward 68 bytes without fragmentation).
pub(crate) const MIN_MTU: u16 = 68;

impl Interface {
    pub(crate) fn new(config: &InterfaceConfig, neighbours: Cache) -> Interface {
        Interface {
            name: config.name.clone(),
            mac: config.mac,
            mtu: config.mtu.max(MIN_MTU),
            addresses: config.addresses.iter().map(|&(address, len)| (address, Prefix::new(address, len))).collect(),
            neighbours,
            ipv6: config.ipv6.as_ref().map(Ipv6Port::new),
            probing: None,
        }
    }

    /// Its name on the machine: `eth0`.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Its hardware address.
    pub fn mac(&self) -> MacAddr {
        self.mac
    }
    /// The largest IP packet that its link takes, in bytes.
    pub fn mtu(&self) -> u16 {
        self.mtu
    }
    /// Its addresses, each with the prefix that is reachable directly; the primary one first.
    pub fn addresses(&self) -> &[(Ipv4Addr, Prefix)] {
        &self.addresses
    }
    /// Its primary address.
    pub fn primary(&self) -> Option<Ipv4Addr> {
        self.addresses.first().map(|&(address, _)| address)
    }
    /// Whether it speaks IPv6: it is set up to, and its link is wide enough (RFC 8200 §5).
    pub(crate) fn speaks_ipv6(&self) -> bool {
        self.ipv6.is_some() && self.mtu >= crate::ipv6::MIN_MTU
    }
    /// The largest packet to `destination` that its link takes: routers may say less for IPv6 (RFC 4861 §6.3.4).
    pub(crate) fn mtu_towards(&self, destination: IpAddr) -> u16 {
        match (&self.ipv6, destination) {
            (Some(ipv6), IpAddr::V6(_)) => ipv6.mtu.map_or(self.mtu, |mtu| mtu.min(self.mtu)),
            _ => self.mtu,
        }
    }
    /// Whether `address` is one of its own.
    pub(crate) fn has(&self, address: Ipv4Addr) -> bool {
        self.addresses.iter().any(|&(own, _)| own == address)
    }
    /// Whether `address` means every host of one of its links.
    pub(crate) fn is_subnet_broadcast(&self, address: Ipv4Addr) -> bool {
        self.addresses.iter().any(|(_, prefix)| prefix.broadcast() == Some(address))
    }
    /// The own address to use towards `destination` on this link: one of the same prefix, or the primary one (RFC 1122
    /// §3.3.4.3).
    pub(crate) fn source_for(&self, destination: Ipv4Addr) -> Option<Ipv4Addr> {
        let same_prefix = self.addresses.iter().find(|(_, prefix)| prefix.contains(destination));
        same_prefix.or(self.addresses.first()).map(|&(address, _)| address)
    }
}

/// Who a frame or packet was meant for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cast {
    /// One station.
    Unicast,
    /// A group.
    Multicast,
    /// Everyone on the link.
    Broadcast,
}

impl Cast {
    /// Who the frame to `dst` is for, seen from a station with the address `own`. `None` if it is for another station.
    pub(crate) fn of_frame(dst: MacAddr, own: MacAddr) -> Option<Cast> {
        if dst == own {
            Some(Cast::Unicast)
        } else if dst.is_broadcast() {
            Some(Cast::Broadcast)
        } else {
            dst.is_multicast().then_some(Cast::Multicast)
        }
    }
}

/// How a packet came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// By which interface; `None` for a packet from this machine to itself.
    pub(crate) interface: Option<InterfaceId>,
    /// Who its frame was for.
    pub(crate) cast: Cast,
    /// Its frame in the trace.
    pub(crate) frame: Option<FrameId>,
}
