//! Sockets: what programs hold of the network, by number.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};

use base::{EventId, Map};
use wire::{Body, icmp, icmpv6};

use crate::InterfaceId;
use crate::icmp::PingSocket;
use crate::tcp::{Connected, Listening};
use crate::udp::UdpSocket;

/// A socket of a host. Numbers start at 1, are given in order and never again; they are the subject of the socket's
/// events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SocketId(pub u32);

/// What a UDP socket is asked for when it is made.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct UdpOptions {
    /// It may send to broadcast addresses (SO_BROADCAST).
    pub broadcast: bool,
    /// It sends and receives on this interface alone (SO_BINDTODEVICE).
    pub interface: Option<InterfaceId>,
    /// Others that ask for the same may bind the same address and port (SO_REUSEADDR).
    pub reuse_address: bool,
    /// It works before the interface has an address, as a DHCP client must (RFC 2131 §4.1, which Linux' clients do with
    /// packet sockets): it sends from 0.0.0.0 where the interface has no address yet, and receives what comes to its port
    /// in frames for this machine, whatever IP address they are for. Needs `interface`.
    pub unconfigured: bool,
    /// What it sends is never cut into fragments, on the way or here: too long is an error (IP_PMTUDISC_DO, which QUIC needs:
    /// RFC 9000 §14).
    pub dont_fragment: bool,
    /// Bound to `::`, it hears IPv6 alone and not IPv4 as well (IPV6_V6ONLY, RFC 3493 §5.3).
    pub v6_only: bool,
}

/// What a listening socket is asked for.
#[derive(Clone, Debug)]
pub struct ListenOptions {
    /// How many complete connections may wait for the program (the argument of `listen`).
    pub backlog: usize,
    /// It may take a port on which old connections still are in TIME-WAIT (SO_REUSEADDR, which servers set).
    pub reuse_address: bool,
    /// TCP settings of the connections that it accepts; `None` for the host's.
    pub tcp: Option<tcp::Config>,
    /// Bound to `::`, it accepts over IPv6 alone and not over IPv4 as well (IPV6_V6ONLY, RFC 3493 §5.3).
    pub v6_only: bool,
}

impl Default for ListenOptions {
    fn default() -> ListenOptions {
        ListenOptions { backlog: 128, reuse_address: true, tcp: None, v6_only: false }
    }
}

/// What a connecting socket is asked for.
#[derive(Clone, Default, Debug)]
pub struct ConnectOptions {
    /// The local end; an address of 0.0.0.0 or a port of 0 leaves that part to the host. `None` leaves both.
    pub local: Option<SocketAddr>,
    /// The local port may be one on which old connections still are in TIME-WAIT (SO_REUSEADDR). It helps only where
    /// `local` names the port, and never lets a four-tuple in TIME-WAIT be used again.
    pub reuse_address: bool,
    /// TCP settings of this connection; `None` for the host's.
    pub tcp: Option<tcp::Config>,
}

/// A message that a UDP socket received.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// What it says.
    pub data: Body,
    /// Who sent it.
    pub from: SocketAddr,
    /// Which address it was sent to: one of this host's, or a broadcast address (IP_PKTINFO).
    pub to: SocketAddr,
    /// Which interface it came by; `None` from this machine itself.
    pub interface: Option<InterfaceId>,
    /// The event of its arrival.
    pub event: EventId,
}

/// What sort of answer came back of a ping.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PingResult {
    /// The echo.
    Reply,
    /// An error of this type, over IPv4.
    Icmp(icmp::Type),
    /// An error of this type, over IPv6.
    Icmpv6(icmpv6::Type),
}

/// What came back of a ping.
#[derive(Clone, Debug)]
pub struct PingAnswer {
    /// Who answered: the host that was asked, or a router on the way that reports an error.
    pub from: std::net::IpAddr,
    /// The ping's sequence number.
    pub sequence: u16,
    /// What it is.
    pub kind: PingResult,
    /// The error's code; 0 for a reply.
    pub code: u8,
    /// The TTL with which the answer arrived.
    pub ttl: u8,
    /// The data that came back; empty in an error.
    pub data: Body,
    /// The event of its arrival.
    pub event: EventId,
}

/// An address as the stack keeps it: an IPv4 address written as an IPv6 address (RFC 4291 §2.5.5.2, `::ffff:192.0.2.1`) is an
/// IPv4 address.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

/// The interface that an address with a scope names (RFC 4007 §6): its number, counted from 1.
pub(crate) fn scope(address: &SocketAddr) -> Option<InterfaceId> {
    match address {
        SocketAddr::V6(address) => {
            address.scope_id().checked_sub(1).and_then(|n| u16::try_from(n).ok()).map(InterfaceId)
        }
        SocketAddr::V4(_) => None,
    }
}

/// How well a socket bound to `bound` fits a packet for `address`: 2 for the very address, 1 for all of the address's family,
/// 0 for all of both families (`::`, unless it was asked to hear IPv6 alone); `None` if it does not.
pub(crate) fn fit(bound: IpAddr, v6_only: bool, address: IpAddr) -> Option<u8> {
    if bound == address {
        Some(2)
    } else if !bound.is_unspecified() {
        None
    } else if bound.is_ipv4() == address.is_ipv4() {
        Some(1)
    } else {
        (bound.is_ipv6() && !v6_only).then_some(0)
    }
}

/// Where a socket stands in the table. Used again when the socket is gone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Slot(pub(crate) u32);

/// A socket of one kind or another. Boxed, so that the table of them stays small: it is looked into for every packet.
pub(crate) enum Socket {
    Udp(Box<UdpSocket>),
    Ping(Box<PingSocket>),
    Listening(Box<Listening>),
    Connected(Box<Connected>),
}

/// All sockets of a machine. Those that no program holds any more (a connection in TIME-WAIT) keep their slot alone.
#[derive(Default)]
pub(crate) struct Sockets {
    slots: Vec<Option<(SocketId, Socket)>>,
    free: Vec<Slot>,
    by_id: Map<SocketId, Slot>,
    /// What was looked up last: mostly the same is asked for again.
    found: Cell<Option<(SocketId, Slot)>>,
    last: u32,
}

impl Sockets {
    /// The number that the next socket will get.
    pub(crate) fn next_id(&self) -> SocketId {
        SocketId(self.last + 1)
    }
    /// Adds a socket under [`Sockets::next_id`].
    pub(crate) fn insert(&mut self, socket: Socket) -> (SocketId, Slot) {
        self.last += 1;
        let id = SocketId(self.last);
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot.0 as usize] = Some((id, socket));
                slot
            }
            None => {
                self.slots.push(Some((id, socket)));
                Slot(self.slots.len() as u32 - 1)
            }
        };
        self.by_id.insert(id, slot);
        (id, slot)
    }
    /// How many slots there are, in use or free.
    pub(crate) fn places(&self) -> usize {
        self.slots.len()
    }
    /// Where the socket `id` stands, unless its program has closed it.
    #[inline]
    pub(crate) fn slot(&self, id: SocketId) -> Option<Slot> {
        match self.found.get() {
            Some((found, slot)) if found == id => Some(slot),
            _ => self.look_up(id),
        }
    }
    #[inline(never)]
    fn look_up(&self, id: SocketId) -> Option<Slot> {
        let slot = self.by_id.get(&id).copied()?;
        self.found.set(Some((id, slot)));
        Some(slot)
    }
    /// The program lets go of the socket; it keeps its slot until it is removed.
    pub(crate) fn let_go(&mut self, id: SocketId) {
        self.by_id.remove(&id);
        self.found.set(None);
    }
    /// The socket in `slot`, and its number.
    pub(crate) fn at(&self, slot: Slot) -> Option<&(SocketId, Socket)> {
        self.slots.get(slot.0 as usize)?.as_ref()
    }
    /// The socket in `slot`, to be changed.
    pub(crate) fn at_mut(&mut self, slot: Slot) -> Option<&mut (SocketId, Socket)> {
        self.slots.get_mut(slot.0 as usize)?.as_mut()
    }
    /// Takes the socket out of its slot for good.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<(SocketId, Socket)> {
        let taken = self.slots.get_mut(slot.0 as usize)?.take()?;
        self.let_go(taken.0);
        self.free.push(slot);
        Some(taken)
    }
    /// All sockets, by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, SocketId, &Socket)> {
        self.slots.iter().enumerate().filter_map(|(i, s)| s.as_ref().map(|(id, socket)| (Slot(i as u32), *id, socket)))
    }

    /// The UDP socket in `slot`.
    pub(crate) fn udp(&mut self, slot: Slot) -> Option<&mut UdpSocket> {
        match self.at_mut(slot) {
            Some((_, Socket::Udp(socket))) => Some(socket),
            _ => None,
        }
    }
    /// The ping socket in `slot`.
    pub(crate) fn ping(&mut self, slot: Slot) -> Option<&mut PingSocket> {
        match self.at_mut(slot) {
            Some((_, Socket::Ping(socket))) => Some(socket),
            _ => None,
        }
    }
    /// The listening socket in `slot`.
    pub(crate) fn listening(&mut self, slot: Slot) -> Option<&mut Listening> {
        match self.at_mut(slot) {
            Some((_, Socket::Listening(socket))) => Some(socket),
            _ => None,
        }
    }
    /// The connection in `slot`.
    pub(crate) fn connected(&mut self, slot: Slot) -> Option<&mut Connected> {
        match self.at_mut(slot) {
            Some((_, Socket::Connected(socket))) => Some(socket),
            _ => None,
        }
    }
}
