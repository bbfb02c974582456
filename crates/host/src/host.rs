//! The machine: frames in, frames out, and a clock.

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use base::{Duration, EventId, FrameId, Instant, Map, PlaceId, Rng, Set};
use tcp::{Errno, Ready};
use trace::Cx;
use trace::kinds::ip as kinds;
use wire::ethernet::{EtherType, Header};
use wire::{MacAddr, Packet};

use crate::icmp::Limiter;
use crate::interface::{Arrival, Cast, Interface, MIN_MTU};
use crate::ipv4::{self, Decisions, Identification};
use crate::ipv6::Fragments;
use crate::nat::Nat;
use crate::neighbour::{Cache, Neighbour, REACHABLE};
use crate::output::{Looped, PathMtus, is_ipv6};
use crate::ports::{Isns, Ports};
use crate::reassembly::Reassembly;
use crate::sockets::{Slot, Socket, Sockets};
use crate::tcp::Tables;
use crate::timers::{Timer, Timers};
use crate::udp::UdpPorts;
use crate::{HostConfig, InterfaceId, Outgoing, Prefix, Route, Routes, SocketId};

/// One machine of the simulated internet: a client, a server or a router. It never waits and reads no clock: give it frames
/// ([`Host::handle_frame`]) and time ([`Host::handle_timeout`] when [`Host::poll_timeout`] is due), use its sockets, and take
/// what it sends ([`Host::poll_transmit`]) and which sockets are worth looking at ([`Host::poll_ready`]) after each call.
#[repr(C)] // in this order in memory: of many hosts each packet touches little
pub struct Host {
    // What each packet looks at.
    place: PlaceId,
    pub(crate) forwarding: bool,
    pub(crate) ttl: u8,
    pub(crate) answers_ping: bool,
    pub(crate) accepts_fragments: bool,
    pub(crate) answers_closed_ports: bool,
    pub(crate) tells_each_arrival: bool,
    /// The queue in front of its devices has no room.
    pub(crate) refuses: bool,
    pub(crate) interfaces: Vec<Interface>,
    /// What was decided of packets from one address to another.
    pub(crate) decisions: Decisions,
    pub(crate) tcp: Tables,
    pub(crate) sockets: Sockets,
    pub(crate) timers: Timers,
    pub(crate) out: VecDeque<Outgoing>,
    pub(crate) ready: VecDeque<(SocketId, EventId)>,
    pub(crate) udp: UdpPorts,
    pub(crate) routes: Routes,
    pub(crate) path_mtus: PathMtus,

    // The rest.
    name: String,
    /// The addresses of all interfaces.
    pub(crate) own: Set<IpAddr>,
    pub(crate) tcp_config: tcp::Settings,
    pub(crate) identification: Identification,
    pub(crate) reassembly: Reassembly<ipv4::FragmentKey>,
    pub(crate) fragments_ipv6: Fragments,
    /// What is drawn for IPv6 alone: delays, identifications.
    pub(crate) ipv6_rng: Rng,
    /// What its interface identifiers are made with (RFC 7217), and its flow labels.
    pub(crate) ipv6_secret: [u8; 16],
    pub(crate) flow_key: u64,
    pub(crate) icmp_limiter: Limiter,
    pub(crate) nat: Option<Nat>,
    /// When an address was last defended against another station that uses it.
    pub(crate) defended: Option<Instant>,
    pub(crate) ping_ids: Map<u16, Slot>,
    pub(crate) ping_id: u16,
    pub(crate) looped: VecDeque<Looped>,
}

/// A machine at work, and what it knows.
impl Host {
    /// Switches a machine on; its events happen at `place`.
    pub fn new(config: HostConfig, place: PlaceId) -> Host {
        let HostConfig { name, seed, .. } = &config;
        let mut rng = seed.stream(&format!("host/{name}"));
        let reachable = |rng: &mut base::Rng| {
            // Half to one and a half times the base (RFC 4861 §6.3.2).
            Duration::from_nanos(REACHABLE.as_nanos() / 2 + rng.below(REACHABLE.as_nanos() as u64) as i64)
        };
        let interfaces: Vec<Interface> =
            config.interfaces.iter().map(|config| Interface::new(config, Cache::new(reachable(&mut rng)))).collect();
        let mut secret = [0; 16];
        rng.fill(&mut secret);
        let mut ipv6_rng = seed.stream(&format!("ipv6/{name}"));
        let mut ipv6_secret = [0; 16];
        ipv6_rng.fill(&mut ipv6_secret);
        let named = config.isns.iter().rev().copied().collect();
        let ports = |what: &str| Ports::new(config.ephemeral, seed.stream(&format!("ports/{what}/{name}")));
        let mut host = Host {
            place,
            own: config.interfaces.iter().flat_map(|i| &i.addresses).map(|&(address, _)| address.into()).collect(),
            interfaces,
            routes: Routes::default(),
            decisions: Decisions::default(),
            forwarding: config.forwarding,
            ttl: config.ttl.max(1),
            answers_ping: config.answers_ping,
            accepts_fragments: config.accepts_fragments,
            answers_closed_ports: config.answers_closed_ports,
            tells_each_arrival: false,
            refuses: config.tcp.qdisc == tcp::Qdisc::Full,
            tcp_config: tcp::Settings::from(&config.tcp),
            identification: Identification::new(*seed, name),
            path_mtus: PathMtus::default(),
            reassembly: Reassembly::new(ipv4::REASSEMBLY_TIMEOUT),
            fragments_ipv6: Fragments::new(),
            flow_key: ipv6_rng.u64(),
            ipv6_rng,
            ipv6_secret,
            icmp_limiter: Limiter::new(),
            nat: config.nat.clone().map(|nat| Nat::new(nat, seed.stream(&format!("nat/{name}")))),
            defended: None,
            sockets: Sockets::default(),
            udp: UdpPorts::new(ports("udp")),
            tcp: Tables::new(ports("tcp"), Isns { named, secret }, config.time_wait_reuse),
            ping_ids: Map::default(),
            ping_id: rng.u32() as u16,
            timers: Timers::default(),
            looped: VecDeque::new(),
            out: VecDeque::new(),
            ready: VecDeque::new(),
            name: config.name,
        };
        for (i, interface) in config.interfaces.iter().enumerate() {
            for &(address, len) in &interface.addresses {
                let (prefix, interface) = (Prefix::new(address, len), InterfaceId(i as u16));
                host.routes.add(Route { prefix, via: None, interface });
            }
            for &(address, len) in interface.ipv6.iter().flat_map(|ipv6| &ipv6.addresses) {
                host.own.insert(address.into());
                if !address.is_unicast_link_local() {
                    let (prefix, interface) = (Prefix::new(address, len), InterfaceId(i as u16));
                    host.routes.add(Route { prefix, via: None, interface });
                }
            }
        }
        config.routes.into_iter().for_each(|route| host.routes.add(route));
        host
    }

    /// Where its events happen.
    pub fn place(&self) -> PlaceId {
        self.place
    }
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Its interfaces, by [`InterfaceId`].
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }
    /// Its routing table.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }
    /// What it knows of its neighbours at `now`, of either family.
    pub fn neighbour_table(&self, now: Instant) -> Vec<Neighbour> {
        let rows = |(i, port): (usize, &Interface)| port.neighbours.rows(InterfaceId(i as u16), now);
        self.interfaces.iter().enumerate().flat_map(rows).collect()
    }
    /// Whether `address` is one of its own.
    pub fn is_own(&self, address: impl Into<IpAddr>) -> bool {
        self.own.contains(&address.into())
    }
    /// The address and port that a socket is bound to; for a ping, port 0.
    pub fn local_addr(&self, id: SocketId) -> Option<SocketAddr> {
        Some(match &self.sockets.at(self.sockets.slot(id)?)?.1 {
            Socket::Udp(socket) => socket.local(),
            Socket::Ping(_) => SocketAddr::from(([0, 0, 0, 0], 0)),
            Socket::Listening(socket) => socket.listener.local(),
            Socket::Connected(socket) => socket.connection.local(),
        })
    }
    /// Where a socket is connected to.
    pub fn peer_addr(&self, id: SocketId) -> Option<SocketAddr> {
        match &self.sockets.at(self.sockets.slot(id)?)?.1 {
            Socket::Udp(socket) => socket.remote(),
            Socket::Connected(socket) => Some(socket.connection.remote()),
            Socket::Ping(_) | Socket::Listening(_) => None,
        }
    }
    /// What a program may do with a socket without waiting. Nothing with one that it has closed.
    pub fn ready(&self, id: SocketId) -> Ready {
        match self.sockets.slot(id).and_then(|slot| self.sockets.at(slot)) {
            Some((_, Socket::Udp(socket))) => socket.ready(),
            Some((_, Socket::Ping(socket))) => {
                Ready { readable: Host::ping_readable(socket), writable: true, ..Ready::default() }
            }
            Some((_, Socket::Listening(socket))) => Ready { readable: socket.listener.readable(), ..Ready::default() },
            Some((_, Socket::Connected(socket))) => socket.ready,
            None => Ready::default(),
        }
    }
}

/// Input.
impl Host {
    /// A frame has arrived at `interface`, from its Ethernet header on. `id` is its observation in the trace.
    pub fn handle_frame(&mut self, interface: InterfaceId, mut frame: Packet, id: Option<FrameId>, cx: &mut Cx<'_>) {
        if self.take_expected(interface, &mut frame, cx) {
            return frame.recycle();
        }
        let Some(port) = self.interfaces.get(interface.index()) else { return };
        let Some(header) = frame.pull(Header::LEN).map(|head| Header::read(head)) else {
            return self.discard("a frame that is cut short", cx);
        };
        // A switch floods what is for others, too: an interface leaves that alone.
        let Some(cast) = Cast::of_frame(header.dst, port.mac) else { return };
        if header.src.is_multicast() {
            return self.discard("a frame from a group", cx);
        }
        frame.strip(Header::LEN);
        match header.ethertype {
            EtherType::IPV4 => {
                self.ipv4_input(frame, Arrival { interface: Some(interface), cast, frame: id }, cx);
            }
            EtherType::ARP => self.arp_input(interface, frame, cx),
            EtherType::IPV6 => self.ipv6_input(frame, Arrival { interface: Some(interface), cast, frame: id }, cx),
            _ => {} // somebody speaks a protocol that is not spoken here
        }
    }

    /// Time has passed: sees to all timers that are due.
    pub fn handle_timeout(&mut self, cx: &mut Cx<'_>) {
        let mark = self.timers.mark();
        while let Some((at, timer)) = self.timers.pop_due(cx.now, mark) {
            match timer {
                Timer::Tcp(slot) => self.tcp_timeout(slot, at, cx),
                Timer::Neighbour(interface, address) => self.neighbour_timeout(interface, address, cx),
                Timer::Reassembly(key) => self.reassembly_timeout(key, cx),
                Timer::ReassemblyIpv6(number) => self.reassembly_ipv6_timeout(number, cx),
                Timer::Nd(interface) => self.nd_timeout(interface, at, cx),
                Timer::Loopback => self.loopback(cx),
            }
        }
    }

    /// Packets from this machine to itself arrive.
    fn loopback(&mut self, cx: &mut Cx<'_>) {
        for _ in 0..self.looped.len() {
            let Some(looped) = self.looped.pop_front_if(|looped| looped.at <= cx.now) else { break };
            let arrival = Arrival { interface: None, cast: Cast::Unicast, frame: None };
            let cx = &mut cx.caused_by(looped.event);
            if is_ipv6(&looped.packet) {
                self.ipv6_input(looped.packet, arrival, cx);
            } else {
                self.ipv4_input(looped.packet, arrival, cx);
            }
        }
    }
}

/// Commands.
impl Host {
    /// Closes a socket. A connection says goodbye first and may stay for a while in TIME-WAIT, which no program sees.
    pub fn close(&mut self, id: SocketId, cx: &mut Cx<'_>) {
        let Some(slot) = self.sockets.slot(id) else { return };
        match self.sockets.at(slot) {
            Some((_, Socket::Connected(_))) => self.close_connection(id, slot, cx),
            Some((_, Socket::Listening(_))) => self.close_listener(slot, cx),
            _ => match self.sockets.remove(slot) {
                Some((_, Socket::Udp(socket))) => self.udp_closed(slot, &socket),
                Some((_, Socket::Ping(socket))) => self.ping_closed(&socket),
                _ => {}
            },
        }
    }

    /// Gives an interface one more address, reachable for all of its prefix (what a DHCP client does with its lease).
    ///
    /// # Errors
    /// [`Errno::Invalid`] for an unknown interface, a prefix beyond 32 bits or an address that no host can have.
    pub fn add_address(&mut self, interface: InterfaceId, address: Ipv4Addr, prefix_len: u8) -> Result<(), Errno> {
        let port = self.interfaces.get_mut(interface.index()).ok_or(Errno::Invalid)?;
        if prefix_len > 32 || address.is_unspecified() || address.is_multicast() || address.is_broadcast() {
            return Err(Errno::Invalid);
        }
        let prefix = Prefix::new(address, prefix_len);
        if !port.has(address) {
            port.addresses.push((address, prefix));
            self.own.insert(address.into());
        }
        self.routes.add(Route { prefix, via: None, interface });
        Ok(())
    }

    /// Takes an address away, and the route to its prefix unless another address has the same.
    pub fn remove_address(&mut self, interface: InterfaceId, address: Ipv4Addr) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let gone: Vec<Prefix> = port.addresses.iter().filter(|(own, _)| *own == address).map(|&(_, p)| p).collect();
        port.addresses.retain(|(own, _)| *own != address);
        let left: Vec<Prefix> = port.addresses.iter().map(|&(_, prefix)| prefix).collect();
        if !self.interfaces.iter().any(|port| port.has(address)) {
            self.own.remove(&address.into());
        }
        self.routes.remove(|row| {
            row.interface == interface && row.via.is_none() && gone.contains(&row.prefix) && !left.contains(&row.prefix)
        });
    }

    /// Adds a route.
    pub fn add_route(&mut self, route: Route) {
        self.routes.add(route);
    }

    /// Removes the routes for exactly `prefix`.
    pub fn remove_routes(&mut self, prefix: Prefix) {
        self.routes.remove(|row| row.prefix == prefix);
    }

    /// Changes an interface's MTU; below 68 bytes counts as 68 (RFC 791 §3.2).
    pub fn set_mtu(&mut self, interface: InterfaceId, mtu: u16) {
        if let Some(port) = self.interfaces.get_mut(interface.index()) {
            port.mtu = mtu.max(MIN_MTU);
        }
    }

    /// A program is told of each arrival, though it has not read what came before: as an edge-triggered `epoll` does.
    pub fn set_tells_each_arrival(&mut self, tells: bool) {
        self.tells_each_arrival = tells;
    }
    /// A connection in TIME-WAIT gives way to a new one from here, or not (RFC 6191; Linux `tcp_tw_reuse`).
    pub fn set_time_wait_reuse(&mut self, reuse: bool) {
        self.tcp.set_time_wait_reuse(reuse);
    }
    /// From now on programs that ask for no port get one from `first` to `last`.
    pub fn set_ephemeral_ports(&mut self, first: u16, last: u16) {
        self.tcp.set_port_range(first, last);
    }
    /// What TCP connections start with from now on.
    pub fn set_tcp_config(&mut self, config: tcp::Config) {
        self.tcp_config = tcp::Settings::from(&config);
    }
    /// What TCP connections start with.
    pub fn tcp_config(&self) -> &tcp::Config {
        &self.tcp_config
    }

    /// Sends an IPv4 packet as it is, header and all, out of `interface`: for an attacker who forges (a raw socket with
    /// IP_HDRINCL). Its lengths and checksum are the caller's.
    ///
    /// # Errors
    /// [`Errno::Invalid`] without a header; [`Errno::NetworkUnreachable`] without a route.
    pub fn send_raw(&mut self, packet: Packet, cx: &mut Cx<'_>) -> Result<(), Errno> {
        let mut packet = packet;
        let header = packet.pull(wire::ipv4::Header::LEN).map(|head| wire::ipv4::Header::read(head));
        let header = header.ok_or(Errno::Invalid)?;
        let path = self.path_ipv4(header.dst, Some(header.src), None)?;
        if packet.len() > self.path_mtu(&path, cx.now) {
            return Err(Errno::MessageTooLong);
        }
        let to = cx.address(header.dst);
        let event = cx.event(&kinds::RAW_SENT, 0, [packet.len() as u64, to]);
        self.send_hop(path.hop, packet, event, None, cx);
        Ok(())
    }
}

/// Output: to be asked after every call, until there is nothing more.
impl Host {
    /// The next frame to send.
    #[inline]
    pub fn poll_transmit(&mut self, cx: &mut Cx<'_>) -> Option<Outgoing> {
        if self.refuses { self.refuse_all(cx) } else { self.out.pop_front() }
    }

    /// When to call [`Host::handle_timeout`] next; [`Instant::NEVER`] if no timer is armed. It may turn out that there is
    /// nothing to do by then: a timer that was put off is only then armed anew.
    #[inline]
    pub fn poll_timeout(&self) -> Instant {
        self.timers.next()
    }

    /// A socket whose readiness has changed, and the event that changed it. [`Host::ready`] says to what.
    #[inline]
    pub fn poll_ready(&mut self) -> Option<(SocketId, EventId)> {
        self.ready.pop_front()
    }
}

impl Host {
    /// Something has happened to a socket that its program should look at.
    pub(crate) fn wake(&mut self, slot: Slot, event: EventId) {
        if let Some(&(id, _)) = self.sockets.at(slot) {
            self.ready.push_back((id, event));
        }
    }

    /// Drops what has arrived, and says why.
    pub(crate) fn discard(&mut self, why: &'static str, cx: &mut Cx<'_>) {
        let text = cx.recorder.text(why);
        cx.event(&kinds::DISCARDED, 0, [text, 0]);
    }

    /// Puts an Ethernet header in front and lets the frame out.
    #[inline]
    pub(crate) fn transmit_ethernet(
        &mut self,
        interface: InterfaceId,
        dst: MacAddr,
        ethertype: EtherType,
        mut frame: Packet,
        event: EventId,
        derived_from: Option<FrameId>,
    ) {
        let Some(port) = self.interfaces.get(interface.index()) else { return };
        Header { dst, src: port.mac, ethertype }.write(frame.push(Header::LEN));
        self.out.push_back(Outgoing { interface, frame, event, derived_from });
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("name", &self.name).field("interfaces", &self.interfaces.len()).finish()
    }
}

/// Packs a hardware address for [`trace::Arg::Mac`].
pub(crate) fn mac_arg(mac: MacAddr) -> u64 {
    mac.0.iter().fold(0, |packed, &byte| packed << 8 | u64::from(byte))
}
