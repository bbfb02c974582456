//! UDP (RFC 768) and its sockets.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use base::Map;
use smallvec::SmallVec;
use tcp::{Errno, IcmpError, Ready};
use trace::Cx;
use trace::kinds::ip as kinds;
use wire::icmp::Unreachable;
use wire::ipv4::{self, Dscp, Ecn, Protocol};
use wire::udp::Header;
use wire::{Body, Packet, icmpv6, ipv6, pseudo_header};

use crate::interface::{Arrival, Cast};
use crate::ipv4::body_behind;
use crate::output::{Output, Sizing};
use crate::ports::{Ports, folded};
use crate::sockets::{Slot, Socket, canonical, fit, scope};
use crate::{Datagram, Host, InterfaceId, SocketId, UdpOptions};

/// Where the checksum stands in the header, in bytes.
pub(crate) const CHECKSUM: usize = 6;
/// The most that waits for a program, in bytes (Linux `rmem_default`), each message counted with its overhead.
const RECEIVE_BUFFER: usize = 212_992;
/// What a message costs beside its data.
const OVERHEAD: usize = 512;
/// The largest message: an IP packet's 65,535 bytes less both headers.
const MAX_DATA: usize = 65_535 - ipv4::Header::LEN - Header::LEN;

/// A UDP socket.
#[derive(Debug)]
pub(crate) struct UdpSocket {
    local: SocketAddr,
    remote: Option<SocketAddr>,
    options: UdpOptions,
    ttl: u8,
    queue: VecDeque<Datagram>,
    queued: usize,
    /// What an ICMP error said about an earlier message.
    error: Option<Errno>,
    /// The errors themselves, where the program wants to know them (Linux IP_RECVERR).
    reports: Option<VecDeque<UdpError>>,
}

/// An ICMP error about a message of a UDP socket (Linux `sock_extended_err`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UdpError {
    /// What it means for the program.
    pub errno: Errno,
    /// Its type and code, of ICMP or of ICMPv6.
    pub icmp: (u8, u8),
    /// Whether it is ICMPv6's.
    pub v6: bool,
    /// The next link's MTU in bytes, if it says that a packet was too large for that; else 0.
    pub mtu: u16,
}

/// So many errors wait for a program; later ones are lost.
const MAX_REPORTS: usize = 64;

impl UdpSocket {
    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }
    pub(crate) fn remote(&self) -> Option<SocketAddr> {
        self.remote
    }
    pub(crate) fn ready(&self) -> Ready {
        let readable = !self.queue.is_empty() || self.error.is_some();
        Ready { connected: self.remote.is_some(), readable, writable: true, ..Ready::default() }
    }

    /// How well a message fits this socket, the higher the better; `None` if it is not for it.
    fn score(&self, from: SocketAddr, to: IpAddr, arrival: Arrival) -> Option<u8> {
        if self.options.interface.is_some() && self.options.interface != arrival.interface {
            return None;
        }
        let address = self.local.ip();
        let fit = fit(address, self.options.v6_only, to);
        if fit.is_none() && !self.options.unconfigured {
            return None;
        }
        if self.remote.is_some() && !self.is_from(from) {
            return None;
        }
        let points = [self.remote.is_some(), !address.is_unspecified(), self.options.interface.is_some()];
        // Linux: what is bound to all addresses of the packet's family comes before what is bound to those of both.
        Some(points.into_iter().map(u8::from).sum::<u8>() * 2 + u8::from(fit != Some(0)))
    }

    /// Whether it is connected to `from`, whatever interface the address was given with.
    fn is_from(&self, from: SocketAddr) -> bool {
        self.remote.is_some_and(|remote| (remote.ip(), remote.port()) == (from.ip(), from.port()))
    }
}

/// Who is bound to which UDP port.
#[derive(Debug)]
pub(crate) struct UdpPorts {
    bound: Map<u16, SmallVec<[Slot; 2]>>,
    /// Sockets that work before their interface has an address.
    unconfigured: usize,
    ports: Ports,
}

impl UdpPorts {
    /// Whether any socket works without an address.
    #[inline]
    pub(crate) fn any_unconfigured(&self) -> bool {
        self.unconfigured > 0
    }
    pub(crate) fn new(ports: Ports) -> UdpPorts {
        UdpPorts { bound: Map::default(), unconfigured: 0, ports }
    }
    /// Whether any socket is bound to `port`.
    pub(crate) fn is_bound(&self, port: u16) -> bool {
        self.bound.contains_key(&port)
    }
}

impl Host {
    /// Makes a UDP socket and binds it. Port 0: the host chooses one.
    ///
    /// # Errors
    /// [`Errno::Invalid`] for an unknown interface; [`Errno::AddrNotAvailable`] for an
    /// address that this host does not have; [`Errno::AddrInUse`] if the port is taken, or none is left.
    pub fn udp_bind(&mut self, local: SocketAddr, options: UdpOptions, cx: &mut Cx<'_>) -> Result<SocketId, Errno> {
        let mut local = canonical(local);
        if let Some(interface) = options.interface {
            self.interfaces.get(interface.index()).ok_or(Errno::Invalid)?;
        } else if options.unconfigured {
            return Err(Errno::Invalid);
        }
        let ip = local.ip();
        if !(ip.is_unspecified() || ip.is_loopback() || self.is_own(ip) || self.is_broadcast(ip)) {
            return Err(Errno::AddrNotAvailable);
        }
        if local.port() == 0 {
            let UdpPorts { bound, ports, .. } = &mut self.udp;
            let nat = &self.nat;
            let free =
                |port| !bound.contains_key(&port) && !nat.as_ref().is_some_and(|nat| nat.lends(Protocol::UDP, port));
            local.set_port(ports.choose([folded(ip), 17], free).ok_or(Errno::AddrInUse)?);
        } else if self.udp_conflicts(local, &options) {
            return Err(Errno::AddrInUse);
        }
        let ttl = self.ttl;
        let socket = UdpSocket {
            local,
            remote: None,
            options,
            ttl,
            queue: VecDeque::new(),
            queued: 0,
            error: None,
            reports: None,
        };
        let (id, slot) = self.sockets.insert(Socket::Udp(Box::new(socket)));
        self.udp.bound.entry(local.port()).or_default().push(slot);
        self.udp.unconfigured += usize::from(options.unconfigured);
        let at = cx.socket(local.ip(), local.port());
        cx.event(&kinds::UDP_BOUND, id.0, [at, 0]);
        Ok(id)
    }

    fn udp_conflicts(&mut self, local: SocketAddr, options: &UdpOptions) -> bool {
        let slots = self.udp.bound.get(&local.port()).cloned().unwrap_or_default();
        slots.into_iter().filter_map(|slot| self.sockets.udp(slot).map(|other| (other.local, other.options))).any(
            |(other, theirs)| {
                let address = fit(other.ip(), theirs.v6_only, local.ip()).is_some()
                    || fit(local.ip(), options.v6_only, other.ip()).is_some();
                let both = (options.interface, theirs.interface);
                let interface = both.0.is_none() || both.1.is_none() || both.0 == both.1;
                address && interface && !(options.reuse_address && theirs.reuse_address)
            },
        )
    }

    /// Connects a UDP socket: it sends to `remote` alone, hears from it alone, and is told of ICMP errors.
    ///
    /// # Errors
    /// If there is no way to `remote`.
    pub fn udp_connect(&mut self, id: SocketId, remote: SocketAddr) -> Result<(), Errno> {
        let remote = canonical(remote);
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        let socket = self.sockets.udp(slot).ok_or(Errno::Invalid)?;
        let (local, options) = (socket.local, socket.options);
        check_family(local, remote)?;
        let bound = Some(local.ip()).filter(|ip| !ip.is_unspecified());
        let path = self.path(remote.ip(), bound, options.interface.or(scope(&remote)))?;
        if path.is_broadcast() && !options.broadcast {
            return Err(Errno::AccessDenied);
        }
        let socket = self.sockets.udp(slot).ok_or(Errno::Invalid)?;
        socket.local.set_ip(path.source);
        socket.remote = Some(remote);
        Ok(())
    }

    /// Sends a message.
    ///
    /// # Errors
    /// What an ICMP error said about an earlier one; [`Errno::MessageTooLong`] above 65,507 bytes, or
    /// above what the path is known to take for a socket that must not fragment;
    /// [`Errno::AccessDenied`] for a broadcast without permission; [`Errno::NetworkUnreachable`] without a route.
    pub fn udp_send_to(&mut self, id: SocketId, data: Body, to: SocketAddr, cx: &mut Cx<'_>) -> Result<(), Errno> {
        let to = canonical(to);
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        let socket = self.sockets.udp(slot).ok_or(Errno::Invalid)?;
        if let Some(error) = socket.error.take() {
            return Err(error);
        }
        if to.port() == 0 {
            return Err(Errno::Invalid);
        }
        if data.len() > MAX_DATA {
            return Err(Errno::MessageTooLong);
        }
        let (local, options, ttl) = (socket.local, socket.options, socket.ttl);
        check_family(local, to)?;
        let source = Some(local.ip()).filter(|&ip| !ip.is_unspecified() && !self.is_broadcast(ip));
        let path = self.path(to.ip(), source, options.interface.or(scope(&to)))?;
        if path.is_broadcast() && !options.broadcast {
            return Err(Errno::AccessDenied);
        }
        let sizing = if options.dont_fragment { Sizing::Never } else { Sizing::Want };
        let ip = if path.destination.is_ipv4() { ipv4::Header::LEN } else { ipv6::Header::LEN };
        let whole = ip + Header::LEN + data.len();
        if options.dont_fragment && whole > self.path_mtu(&path, cx.now) {
            return Err(Errno::MessageTooLong);
        }
        let told = cx.socket(path.destination, to.port());
        let event = cx.event(&kinds::UDP_SENT, id.0, [data.len() as u64, told]);
        Host::tell_route(&path, &mut cx.caused_by(event));
        let packet = datagram(path.source, local.port(), SocketAddr::new(path.destination, to.port()), data);
        let output =
            Output { protocol: Protocol::UDP, ttl, dscp: Dscp::DEFAULT, ecn: Ecn::NOT_ECT, sizing, id: 0, event };
        self.output(packet, &path, &output, cx)
    }

    /// Sends a message to where the socket is connected.
    ///
    /// # Errors
    /// [`Errno::NotConnected`]; else as [`Host::udp_send_to`].
    pub fn udp_send(&mut self, id: SocketId, data: Body, cx: &mut Cx<'_>) -> Result<(), Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        let remote = self.sockets.udp(slot).ok_or(Errno::Invalid)?.remote.ok_or(Errno::NotConnected)?;
        self.udp_send_to(id, data, remote, cx)
    }

    /// Takes the next message.
    ///
    /// # Errors
    /// [`Errno::WouldBlock`] if there is none; what an ICMP error said about an earlier message of this socket's.
    pub fn udp_recv_from(&mut self, id: SocketId, cx: &mut Cx<'_>) -> Result<Datagram, Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        let socket = self.sockets.udp(slot).ok_or(Errno::Invalid)?;
        if let Some(error) = socket.error.take() {
            return Err(error);
        }
        let datagram = socket.queue.pop_front().ok_or(Errno::WouldBlock)?;
        socket.queued -= datagram.data.len() + OVERHEAD;
        cx.event(&trace::kinds::app::READ, id.0, [datagram.data.len() as u64, 0]);
        Ok(datagram)
    }

    /// Sets the TTL of what a UDP socket sends from now on.
    pub fn udp_set_ttl(&mut self, id: SocketId, ttl: u8) -> Result<(), Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        self.sockets.udp(slot).ok_or(Errno::Invalid)?.ttl = ttl;
        Ok(())
    }

    pub(crate) fn udp_closed(&mut self, slot: Slot, socket: &UdpSocket) {
        if let Some(slots) = self.udp.bound.get_mut(&socket.local.port()) {
            slots.retain(|other| *other != slot);
            if slots.is_empty() {
                self.udp.bound.remove(&socket.local.port());
            }
        }
        self.udp.unconfigured -= usize::from(socket.options.unconfigured);
    }

    /// Whether a packet that is not for any address of ours is for a socket that works without one.
    pub(crate) fn has_unconfigured(&mut self, header: &ipv4::Header, arrival: Arrival) -> bool {
        if self.udp.unconfigured == 0 || header.protocol != Protocol::UDP || header.dst.is_multicast() {
            return false;
        }
        let slots: SmallVec<[Slot; 8]> = self.udp.bound.values().flatten().copied().collect();
        slots.into_iter().any(|slot| {
            let socket = self.sockets.udp(slot);
            socket.is_some_and(|s| s.options.unconfigured && s.options.interface == arrival.interface)
        })
    }

    /// A datagram for this machine, its IP header of `len` bytes in the packet's head (RFC 1122 §4.1).
    pub(crate) fn udp_input(
        &mut self,
        mut packet: Packet,
        (src, dst): (IpAddr, IpAddr),
        len: usize,
        arrival: Arrival,
        cast: Cast,
        cx: &mut Cx<'_>,
    ) {
        let Some(header) = packet.pull(len + Header::LEN).and_then(|head| head.get(len..)).map(Header::read) else {
            return self.discard("a UDP datagram that is cut short", cx);
        };
        let claimed = usize::from(header.len);
        if claimed < Header::LEN || claimed > packet.len() - len {
            return self.discard("a UDP datagram whose length is wrong", cx);
        }
        packet.truncate(len + claimed);
        // RFC 1122 §4.1.3.4: a checksum of zero was not computed; any other must be right. RFC 8200 §8.1: over IPv6 there
        // must be one.
        if header.checksum != 0 || dst.is_ipv6() {
            let pseudo = pseudo_header(src, dst, Protocol::UDP.0, claimed);
            if !pseudo.then(packet.sum_from(len)).verifies() {
                return self.discard("a UDP datagram with a wrong checksum", cx);
            }
        }
        let (from, to) = (SocketAddr::new(src, header.src_port), SocketAddr::new(dst, header.dst_port));
        let group = cast != Cast::Unicast;
        let slots = self.udp_receivers(from, to, arrival, group);
        if slots.is_empty() {
            // RFC 1122 §4.1.3.1: nobody is bound to the port.
            if self.answers_closed_ports {
                return match dst {
                    IpAddr::V4(_) => self.icmp_unreachable(&packet, cast, Unreachable::PORT, 0, cx),
                    IpAddr::V6(_) => self.icmpv6_unreachable(&packet, icmpv6::Unreachable::PORT, cast, cx),
                };
            }
            return self.discard("a UDP port that nobody is bound to", cx);
        }
        packet.strip(len + Header::LEN);
        let data = body_behind(&packet, 0);
        for slot in slots {
            let (data, interface) = (data.clone(), arrival.interface);
            let Some(&(id, _)) = self.sockets.at(slot) else { continue };
            let Some(socket) = self.sockets.udp(slot) else { continue };
            let cost = data.len() + OVERHEAD;
            let args = [data.len() as u64, cx.socket(src, header.src_port)];
            if socket.queued + cost > RECEIVE_BUFFER {
                cx.event(&kinds::UDP_DROPPED, id.0, args);
                continue;
            }
            let event = cx.event(&kinds::UDP_DELIVERED, id.0, args);
            socket.queued += cost;
            socket.queue.push_back(Datagram { data, from, to, interface, event });
            self.wake(slot, event);
        }
    }

    /// Who gets a message: all that it fits for a group, the best fit otherwise.
    fn udp_receivers(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        arrival: Arrival,
        group: bool,
    ) -> SmallVec<[Slot; 2]> {
        let Some(slots) = self.udp.bound.get(&to.port()) else { return SmallVec::new() };
        let score = |slot: &Slot| match self.sockets.at(*slot) {
            Some((_, Socket::Udp(socket))) => socket.score(from, to.ip(), arrival),
            _ => None,
        };
        let fits = slots.iter().filter(|slot| score(slot).is_some());
        if group {
            return fits.copied().collect();
        }
        // The first of equals.
        fits.rev().max_by_key(|slot| score(slot)).copied().into_iter().collect()
    }

    /// Whether a UDP socket keeps the ICMP errors about its messages for [`Host::udp_take_error`] (Linux IP_RECVERR,
    /// IPV6_RECVERR).
    ///
    /// # Errors
    /// [`Errno::BadSocket`] if there is no such socket, [`Errno::Invalid`] if it is not of UDP.
    pub fn udp_keep_errors(&mut self, id: SocketId, keep: bool) -> Result<(), Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        let socket = self.sockets.udp(slot).ok_or(Errno::Invalid)?;
        socket.reports = keep.then(|| socket.reports.take().unwrap_or_default());
        Ok(())
    }

    /// The oldest ICMP error that was kept. With the last one the socket has no error any more.
    pub fn udp_take_error(&mut self, id: SocketId) -> Option<UdpError> {
        let slot = self.sockets.slot(id)?;
        let socket = self.sockets.udp(slot)?;
        let reports = socket.reports.as_mut()?;
        let report = reports.pop_front()?;
        socket.error = reports.front().map(|next| next.errno);
        Some(report)
    }

    /// An ICMP error about a message from `local` to `remote`: a connected socket is told (RFC 1122 §4.1.3.3), and one that keeps
    /// errors. That a packet was too large only the latter: others find a smaller MTU when they send again.
    pub(crate) fn udp_icmp(
        &mut self,
        local: (IpAddr, u16),
        remote: (IpAddr, u16),
        error: IcmpError,
        code: (u8, u8),
        cx: &mut Cx<'_>,
    ) {
        let v6 = remote.0.is_ipv6();
        let (errno, mtu, too_large) = match error {
            IcmpError::Unreachable { errno, .. } => (errno, 0, false),
            // A router older than RFC 1191 says no MTU: it is 0 then.
            IcmpError::FragmentationNeeded { mtu } => (Errno::MessageTooLong, mtu, true),
        };
        let slots = self.udp.bound.get(&local.1).cloned().unwrap_or_default();
        let remote = SocketAddr::new(remote.0, remote.1);
        for slot in slots {
            let Some(socket) = self.sockets.udp(slot) else { continue };
            let bound = fit(socket.local.ip(), socket.options.v6_only, local.0).is_some();
            if !bound || !socket.is_from(remote) || (too_large && socket.reports.is_none()) {
                continue;
            }
            socket.error = Some(errno);
            if let Some(reports) = socket.reports.as_mut().filter(|reports| reports.len() < MAX_REPORTS) {
                reports.push_back(UdpError { errno, icmp: code, v6, mtu });
            }
            self.wake(slot, cx.cause);
        }
    }

    /// Whether `address` means everyone on some link of this machine.
    pub(crate) fn is_broadcast(&self, address: IpAddr) -> bool {
        let IpAddr::V4(address) = address else { return false };
        address.is_broadcast() || self.interfaces.iter().any(|port| port.is_subnet_broadcast(address))
    }

    /// The interface that has `address`.
    pub(crate) fn interface_of(&self, address: Ipv4Addr) -> Option<InterfaceId> {
        self.interfaces.iter().position(|port| port.has(address)).map(|i| InterfaceId(i as u16))
    }
}

/// A socket bound to IPv4 does not speak IPv6 (Linux: EAFNOSUPPORT).
fn check_family(local: SocketAddr, remote: SocketAddr) -> Result<(), Errno> {
    if local.is_ipv4() && remote.is_ipv6() { Err(Errno::Invalid) } else { Ok(()) }
}

/// A datagram with its header and checksum.
fn datagram(source: IpAddr, port: u16, to: SocketAddr, data: Body) -> Packet {
    let mut packet = Packet::new(data);
    let len = packet.len() + Header::LEN;
    let header = Header { src_port: port, dst_port: to.port(), len: len as u16, checksum: 0 };
    header.write(packet.push(Header::LEN));
    let pseudo = pseudo_header(source, to.ip(), Protocol::UDP.0, len);
    // RFC 768: a checksum that comes out as zero is sent as all ones.
    let sum = match pseudo.then(packet.sum_from(0)).checksum() {
        0 => 0xffff,
        sum => sum,
    };
    packet.head_mut()[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
    packet
}
