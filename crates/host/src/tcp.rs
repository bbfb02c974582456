//! TCP's sockets: which connection a segment belongs to, listeners, ports, and the time after a close.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use base::{EventId, Instant, Map};
use smallvec::SmallVec;
use tcp::{Arrival as Answer, Connection, Errno, IcmpError, Info, Keepalive, Listener, Ready, Segment, refuse};
use trace::kinds::tcp as kinds;
use trace::{Arg, Cx};
use wire::ipv4::{self, Dscp, Protocol};
use wire::tcp::{Flags, Seq, State};
use wire::{Body, Packet};

use crate::interface::{Arrival, Cast};
use crate::ipv4::{Hop, Output, Sizing};
use crate::ports::{Isns, Ports};
use crate::sockets::{Slot, Socket};
use crate::timers::Timer;
use crate::{ConnectOptions, Host, InterfaceId, ListenOptions, SocketId};

/// Bytes of IPv4 and TCP headers without options: what the MTU loses to them (RFC 9293 §3.7.1).
const HEADERS: u16 = 40;

/// Both ends of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FourTuple {
    local: u64,
    remote: u64,
}

impl FourTuple {
    fn new(local: (Ipv4Addr, u16), remote: (Ipv4Addr, u16)) -> FourTuple {
        FourTuple { local: Arg::socket(local.0, local.1), remote: Arg::socket(remote.0, remote.1) }
    }
    fn local(self) -> SocketAddrV4 {
        unpack(self.local)
    }
    fn remote(self) -> SocketAddrV4 {
        unpack(self.remote)
    }
}

fn unpack(packed: u64) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::from_bits((packed >> 16) as u32), packed as u16)
}

/// A connection on its host.
pub(crate) struct Connected {
    pub(crate) connection: Connection,
    tuple: FourTuple,
    /// What the program was last told.
    ready: Ready,
    /// The earliest timer in the heap that is for this connection.
    armed: Instant,
    /// The identification of its packets, which says nothing (RFC 6864 §4.1) and counts up as on Linux.
    packet_id: u16,
    /// Whether SO_REUSEADDR is set, which is inherited from the listener.
    reuse_address: bool,
    /// Whether a program chose the local port: then the port is taken for all others.
    port_bound: bool,
    /// The listener in whose queue it is.
    listener: Option<Slot>,
    /// Whether a program holds it (or will, from the listener's queue).
    held: bool,
    /// Whether it stands in the tables: one that has ended no longer does, though its program may still hold it.
    listed: bool,
}

/// A listener on its host.
pub(crate) struct Listening {
    pub(crate) listener: Listener,
    local: SocketAddrV4,
    reuse_address: bool,
}

/// Who uses a local TCP port.
#[derive(Default, Debug)]
struct PortUse {
    listeners: SmallVec<[Slot; 1]>,
    /// Connections on the port that leave it to others with SO_REUSEADDR, and those that do not.
    with_reuse: usize,
    without_reuse: usize,
    /// Connections whose program chose the port.
    bound: usize,
}

/// TCP's tables.
pub(crate) struct Tables {
    connections: Map<FourTuple, Slot>,
    by_port: Map<u16, PortUse>,
    ports: Ports,
    isns: Isns,
    time_wait_reuse: bool,
}

impl Tables {
    pub(crate) fn new(ports: Ports, isns: Isns, time_wait_reuse: bool) -> Tables {
        Tables { connections: Map::default(), by_port: Map::default(), ports, isns, time_wait_reuse }
    }
    /// Whether any socket uses `port`.
    pub(crate) fn is_used(&self, port: u16) -> bool {
        self.by_port.contains_key(&port)
    }
    fn isn(&mut self, now: Instant, tuple: FourTuple) -> Seq {
        let Isns { named, secret } = &mut self.isns;
        named.pop().unwrap_or_else(|| tcp::isn(*secret, now, tuple.local().into(), tuple.remote().into()))
    }
}

/// A row of the table of connections, for display (as `ss` shows it).
#[derive(Clone, Copy, Debug)]
pub struct ConnectionRow {
    /// The socket.
    pub id: SocketId,
    /// This end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
    /// Its state.
    pub state: State,
}

/// Commands.
impl Host {
    /// Listens on `local`; port 0 lets the host choose.
    ///
    /// # Errors
    /// [`Errno::AddrNotAvailable`] for an address that this host does not have; [`Errno::AddrInUse`] if somebody listens
    /// there already, or, without `reuse_address`, if a connection still uses the port, be it in TIME-WAIT.
    pub fn tcp_listen(
        &mut self,
        local: SocketAddr,
        options: ListenOptions,
        cx: &mut Cx<'_>,
    ) -> Result<SocketId, Errno> {
        let SocketAddr::V4(mut local) = local else { return Err(Errno::Invalid) };
        self.check_local(*local.ip())?;
        if local.port() == 0 {
            let Tables { by_port, ports, .. } = &mut self.tcp;
            let free = |port| !by_port.contains_key(&port);
            local.set_port(ports.choose([u64::from(local.ip().to_bits()), 6], free).ok_or(Errno::AddrInUse)?);
        } else if self.tcp_bind_conflicts(local, options.reuse_address) {
            return Err(Errno::AddrInUse);
        }
        let config = options.tcp.unwrap_or(self.tcp_config);
        let id = self.sockets.next_id();
        let listener = Listener::new(&config, id.0, local.into(), options.backlog, cx);
        let reuse_address = options.reuse_address;
        let listening = Listening { listener, local, reuse_address };
        let (id, slot) = self.sockets.insert(Socket::Listening(Box::new(listening)));
        self.tcp.by_port.entry(local.port()).or_default().listeners.push(slot);
        Ok(id)
    }

    /// Whether binding `local` meets a socket that does not allow it (Linux `inet_csk_bind_conflict`): two listeners never
    /// share a port, all others do if both sides set SO_REUSEADDR.
    fn tcp_bind_conflicts(&mut self, local: SocketAddrV4, reuse: bool) -> bool {
        let Some(usage) = self.tcp.by_port.get(&local.port()) else { return false };
        let (with, without) = (usage.with_reuse, usage.without_reuse);
        let overlaps = |other: &Ipv4Addr| other.is_unspecified() || local.ip().is_unspecified() || other == local.ip();
        let listened = usage.listeners.iter().any(|&slot| match self.sockets.at(slot) {
            Some((_, Socket::Listening(other))) => overlaps(other.local.ip()),
            _ => false,
        });
        listened || without > 0 || (with > 0 && !reuse)
    }

    fn check_local(&self, ip: Ipv4Addr) -> Result<(), Errno> {
        let fine = ip.is_unspecified() || ip.is_loopback() || self.is_own(ip);
        if fine { Ok(()) } else { Err(Errno::AddrNotAvailable) }
    }

    /// Takes the next complete connection of a listener, and who opened it.
    ///
    /// # Errors
    /// [`Errno::WouldBlock`] if there is none.
    pub fn tcp_accept(&mut self, id: SocketId, _cx: &mut Cx<'_>) -> Result<(SocketId, SocketAddr), Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        let listening = self.sockets.listening(slot).ok_or(Errno::Invalid)?;
        let accepted = SocketId(listening.listener.accept().ok_or(Errno::WouldBlock)?);
        let slot = self.sockets.slot(accepted).ok_or(Errno::ConnectionAborted)?;
        let connected = self.sockets.connected(slot).ok_or(Errno::ConnectionAborted)?;
        connected.listener = None;
        Ok((accepted, connected.tuple.remote().into()))
    }

    /// Begins to open a connection to `remote`. It is open when [`Host::tcp_connected`] says so.
    ///
    /// # Errors
    /// [`Errno::AddrNotAvailable`] when no port is left for this destination (connections in TIME-WAIT count) or the local
    /// address is not ours, or names a four-tuple that exists; [`Errno::AddrInUse`] if the local port is taken;
    /// [`Errno::NetworkUnreachable`] without a route.
    pub fn tcp_connect(
        &mut self,
        remote: SocketAddr,
        options: ConnectOptions,
        cx: &mut Cx<'_>,
    ) -> Result<SocketId, Errno> {
        let SocketAddr::V4(remote) = remote else { return Err(Errno::Invalid) };
        let local = match options.local {
            None => SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0),
            Some(SocketAddr::V4(local)) => local,
            Some(SocketAddr::V6(_)) => return Err(Errno::Invalid),
        };
        self.check_local(*local.ip())?;
        let source = Some(*local.ip()).filter(|ip| !ip.is_unspecified());
        let path = self.path(*remote.ip(), source, None)?;
        if remote.port() == 0 || path.is_broadcast() || path.destination.is_multicast() {
            return Err(Errno::NetworkUnreachable);
        }
        let ends = |port| FourTuple::new((path.source, port), (path.destination, remote.port()));
        let port_bound = local.port() != 0;
        let (tuple, least) = if port_bound {
            if self.tcp_bind_conflicts(SocketAddrV4::new(path.source, local.port()), options.reuse_address) {
                return Err(Errno::AddrInUse);
            }
            // SO_REUSEADDR does not bring back a four-tuple that still exists.
            let least = self.vacate(ends(local.port()), cx).ok_or(Errno::AddrNotAvailable)?;
            (ends(local.port()), least)
        } else {
            self.choose_tuple(ends, cx).ok_or_else(|| {
                cx.event(&kinds::NO_PORT, 0, [Arg::socket(path.destination, remote.port()), 0]);
                Errno::AddrNotAvailable
            })?
        };
        let isn = least.unwrap_or_else(|| self.tcp.isn(cx.now, tuple));
        let mut config = options.tcp.unwrap_or(self.tcp_config);
        config.mss = config.mss.min(self.mss(&path.hop));
        self.keep_timestamps_secret(&mut config, tuple);
        let routed = Host::tell_route(&path, cx);
        let cx = &mut cx.caused_by(routed);
        let id = self.sockets.next_id();
        let connection = Connection::connect(&config, id.0, tuple.local().into(), tuple.remote().into(), isn, cx);
        let packet_id = isn.0 as u16 ^ (isn.0 >> 16) as u16;
        let reuse_address = options.reuse_address;
        let slot = self.add_connection(connection, tuple, packet_id, reuse_address, port_bound, None);
        self.drive(slot, EventId::NONE, cx);
        Ok(id)
    }

    /// A local port that makes the four-tuple a new one. Like Linux, a port is free for this destination even if it is in
    /// use towards others, unless a program has bound it.
    fn choose_tuple(&mut self, ends: impl Fn(u16) -> FourTuple, cx: &mut Cx<'_>) -> Option<(FourTuple, Option<Seq>)> {
        let mut ports = self.tcp.ports.clone();
        let about = [ends(0).local, ends(0).remote];
        let mut chosen = None;
        ports.choose(about, |port| {
            let tuple = ends(port);
            let usage = self.tcp.by_port.get(&port);
            if usage.is_some_and(|usage| usage.bound > 0 || !usage.listeners.is_empty()) {
                return false;
            }
            if self.nat.as_ref().is_some_and(|nat| nat.lends(Protocol::TCP, port)) {
                return false;
            }
            chosen = self.vacate(tuple, cx).map(|least| (tuple, least));
            chosen.is_some()
        });
        self.tcp.ports = ports;
        chosen
    }

    /// Makes sure that no connection has this four-tuple: `None` if one has. One in TIME-WAIT gives way where the host is
    /// set up so (RFC 6191; Linux `tcp_tw_reuse`): then the ISN must be at least the number in the result.
    fn vacate(&mut self, tuple: FourTuple, cx: &mut Cx<'_>) -> Option<Option<Seq>> {
        let Some(&slot) = self.tcp.connections.get(&tuple) else { return Some(None) };
        if !self.tcp.time_wait_reuse {
            return None;
        }
        let old = &self.sockets.connected(slot)?.connection;
        let info = old.info();
        if old.state() != State::TIME_WAIT || !info.timestamps {
            return None;
        }
        // Linux `tcp_twsk_unique`: with timestamps, a number 65,535 and more behind the old ones keeps them apart.
        let least = info.snd_nxt + 65_535 + 2;
        cx.event(&kinds::TIME_WAIT_REUSED, old.id(), [u64::from(tuple.local().port()), 0]);
        self.remove_connection(slot);
        Some(Some(least))
    }

    /// Whether a connection is open.
    ///
    /// # Errors
    /// [`Errno::WouldBlock`] while it opens; why it failed otherwise.
    pub fn tcp_connected(&mut self, id: SocketId) -> Result<(), Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        let connection = &self.sockets.connected(slot).ok_or(Errno::NotConnected)?.connection;
        match connection.error() {
            Some(error) => Err(error),
            None if connection.ready().connected => Ok(()),
            None => Err(Errno::WouldBlock),
        }
    }

    /// Hands data to a connection, which takes as much as it has room for and says how much that is. The data is shared,
    /// not copied.
    ///
    /// # Errors
    /// [`Errno::WouldBlock`] without room; [`Errno::BrokenPipe`] after a shutdown; why the connection failed.
    pub fn tcp_send(&mut self, id: SocketId, data: Body, cx: &mut Cx<'_>) -> Result<usize, Errno> {
        self.with_connection(id, cx, |connection, cx| connection.send(data, cx))
    }

    /// Takes at most `max` bytes that have arrived; none means that the other side has closed.
    ///
    /// # Errors
    /// [`Errno::WouldBlock`] if nothing has arrived; why the connection failed.
    pub fn tcp_recv(&mut self, id: SocketId, max: usize, cx: &mut Cx<'_>) -> Result<Body, Errno> {
        self.with_connection(id, cx, |connection, cx| connection.recv(max, cx))
    }

    /// Closes the sending direction: a FIN follows the data.
    ///
    /// # Errors
    /// [`Errno::NotConnected`] if it is not open.
    pub fn tcp_shutdown(&mut self, id: SocketId, cx: &mut Cx<'_>) -> Result<(), Errno> {
        self.with_connection(id, cx, |connection, cx| connection.shutdown(cx))
    }

    /// Resets a connection and lets go of it.
    ///
    /// # Errors
    /// [`Errno::BadSocket`] if there is none.
    pub fn tcp_abort(&mut self, id: SocketId, cx: &mut Cx<'_>) -> Result<(), Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        let connected = self.sockets.connected(slot).ok_or(Errno::Invalid)?;
        connected.connection.abort(cx);
        connected.held = false;
        self.sockets.let_go(id);
        self.drive(slot, EventId::NONE, cx);
        Ok(())
    }

    /// Sends small segments at once, or holds them back while one is unacknowledged (Nagle, RFC 9293 §3.7.4).
    ///
    /// # Errors
    /// [`Errno::BadSocket`] or [`Errno::Invalid`] if it is not a connection.
    pub fn tcp_set_nodelay(&mut self, id: SocketId, nodelay: bool, cx: &mut Cx<'_>) -> Result<(), Errno> {
        self.with_connection(id, cx, |connection, cx| {
            connection.set_nodelay(nodelay, cx);
            Ok(())
        })
    }

    /// Asks whether a silent peer is still there (RFC 9293 §3.8.4), or does not.
    ///
    /// # Errors
    /// As [`Host::tcp_set_nodelay`].
    pub fn tcp_set_keepalive(
        &mut self,
        id: SocketId,
        keepalive: Option<Keepalive>,
        cx: &mut Cx<'_>,
    ) -> Result<(), Errno> {
        self.with_connection(id, cx, |connection, cx| {
            connection.set_keepalive(keepalive, cx);
            Ok(())
        })
    }

    /// The connection's figures (TCP_INFO).
    pub fn tcp_info(&self, id: SocketId) -> Option<Info> {
        self.connection(id).map(Connection::info)
    }

    /// How many bytes [`Host::tcp_send`] would take now: at least one.
    ///
    /// # Errors
    /// As [`Host::tcp_send`]; [`Errno::Invalid`] if it is not a connection.
    pub fn tcp_send_room(&self, id: SocketId) -> Result<usize, Errno> {
        match self.sockets.slot(id).and_then(|slot| self.sockets.at(slot)) {
            Some((_, Socket::Connected(c))) => c.connection.send_room(),
            Some(_) => Err(Errno::Invalid),
            None => Err(Errno::BadSocket),
        }
    }

    /// All connections, those that no program holds any more too (in TIME-WAIT, for example), by number.
    pub fn connections(&self) -> Vec<ConnectionRow> {
        let row = |id, c: &Connected| ConnectionRow {
            id,
            local: c.tuple.local().into(),
            remote: c.tuple.remote().into(),
            state: c.connection.state(),
        };
        let mut rows: Vec<ConnectionRow> = self
            .sockets
            .iter()
            .filter_map(|(_, id, socket)| match socket {
                Socket::Connected(connected) => Some(row(id, connected)),
                _ => None,
            })
            .collect();
        rows.sort_by_key(|row| row.id);
        rows
    }

    pub(crate) fn connection(&self, id: SocketId) -> Option<&Connection> {
        match self.sockets.at(self.sockets.slot(id)?)? {
            (_, Socket::Connected(connected)) => Some(&connected.connection),
            _ => None,
        }
    }

    fn with_connection<R>(
        &mut self,
        id: SocketId,
        cx: &mut Cx<'_>,
        f: impl FnOnce(&mut Connection, &mut Cx<'_>) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        let connected = self.sockets.connected(slot).ok_or(Errno::Invalid)?;
        let result = f(&mut connected.connection, cx)?;
        // The program knows what it did: only others are woken, by what happens later.
        connected.ready = connected.connection.ready();
        self.drive(slot, EventId::NONE, cx);
        Ok(result)
    }
}

/// Segments and timers.
impl Host {
    /// A segment for this machine (RFC 9293 §3.10.7).
    pub(crate) fn tcp_input(
        &mut self,
        mut packet: Packet,
        ip: &ipv4::Header,
        arrival: Arrival,
        cast: Cast,
        cx: &mut Cx<'_>,
    ) {
        // RFC 1122 §4.2.3.10: TCP is between two; a segment for all is discarded silently.
        if cast != Cast::Unicast {
            return self.discard("a TCP segment for more than one host", cx);
        }
        packet.strip(ip.header_len());
        let segment = match Segment::decode(&mut packet, ip.src.into(), ip.dst.into()) {
            Ok(segment) => segment,
            Err(error) if error.what == "is wrong" => return self.discard("a TCP segment with a wrong checksum", cx),
            Err(_) => return self.discard("a TCP segment whose header is not valid", cx),
        };
        let tuple = FourTuple::new((ip.dst, segment.dst_port), (ip.src, segment.src_port));
        if let Some(&slot) = self.tcp.connections.get(&tuple) {
            return self.tcp_segment(slot, tuple, segment, arrival, cx);
        }
        match self.listener_for(tuple) {
            Some(slot) => self.tcp_arrives_at_listener(slot, tuple, segment, None, cx),
            None => self.tcp_refuse(&segment, tuple, cx),
        }
    }

    /// A segment of an existing connection.
    fn tcp_segment(&mut self, slot: Slot, tuple: FourTuple, segment: Segment, arrival: Arrival, cx: &mut Cx<'_>) {
        let Some(connected) = self.sockets.connected(slot) else { return };
        let before = cx.recorder.last_event();
        if connected.connection.state() == State::TIME_WAIT && segment.flags.contains(Flags::SYN) {
            // RFC 9293 §3.10.7.4 (TIME-WAIT): a SYN that is surely new may open the connection again.
            if let Some(least) = connected.connection.reopen(&segment, cx) {
                self.remove_connection(slot);
                return match self.listener_for(tuple) {
                    Some(listener) => self.tcp_arrives_at_listener(listener, tuple, segment, Some(least), cx),
                    None => self.tcp_refuse(&segment, tuple, cx),
                };
            }
        }
        if let Some(listener) = connected.listener {
            // A connection that is not complete yet: the listener says whether it may become so.
            let admitted = match (self.sockets.at(listener), self.sockets.at(slot)) {
                (Some((_, Socket::Listening(l))), Some((_, Socket::Connected(c)))) => {
                    l.listener.admits(&c.connection, &segment, cx)
                }
                _ => true,
            };
            if !admitted {
                return;
            }
        }
        // Whether a sign of life would settle a doubt about a neighbour.
        let in_doubt = |id: &InterfaceId| self.interfaces.get(id.index()).is_some_and(|port| port.arp.has_doubts());
        let doubtful = arrival.interface.filter(in_doubt);
        let Some(connected) = self.sockets.connected(slot) else { return };
        let acknowledged = doubtful.map(|_| connected.connection.info().snd_una);
        connected.connection.handle_segment(segment, cx);
        let progress = doubtful.filter(|_| acknowledged != Some(connected.connection.info().snd_una));
        if let Some(interface) = progress {
            self.confirm_neighbour(*tuple.remote().ip(), interface, cx);
        }
        self.drive(slot, first_after(before, cx), cx);
    }

    /// Progress proves that the way there works (RFC 1122 §2.3.2.1(4)).
    fn confirm_neighbour(&mut self, remote: Ipv4Addr, interface: InterfaceId, cx: &Cx<'_>) {
        let Some(row) = self.routes.lookup(remote).filter(|row| row.interface == interface) else { return };
        let next_hop = row.via.unwrap_or(remote);
        if let Some(port) = self.interfaces.get_mut(interface.index()) {
            port.arp.confirm(next_hop, cx.now);
        }
    }

    /// The listener for a connection to `tuple`'s local end: one on that very address before one on all.
    fn listener_for(&self, tuple: FourTuple) -> Option<Slot> {
        let usage = self.tcp.by_port.get(&tuple.local().port())?;
        let on = |wanted: Ipv4Addr| {
            usage.listeners.iter().copied().find(|&slot| match self.sockets.at(slot) {
                Some((_, Socket::Listening(listening))) => *listening.local.ip() == wanted,
                _ => false,
            })
        };
        on(*tuple.local().ip()).or_else(|| on(Ipv4Addr::UNSPECIFIED))
    }

    fn tcp_arrives_at_listener(
        &mut self,
        slot: Slot,
        tuple: FourTuple,
        segment: Segment,
        least: Option<Seq>,
        cx: &mut Cx<'_>,
    ) {
        let Some(listening) = self.sockets.listening(slot) else { return };
        match listening.listener.handle_segment(&segment, cx) {
            Answer::Ignore => {}
            Answer::Reset(reset) => self.send_reset(&reset, tuple, cx),
            Answer::Open => {
                let mut config = *listening.listener.config();
                let reuse = listening.reuse_address;
                let Ok(path) = self.path(*tuple.remote().ip(), Some(*tuple.local().ip()), None) else { return };
                config.mss = config.mss.min(self.mss(&path.hop));
                self.keep_timestamps_secret(&mut config, tuple);
                let isn = least.unwrap_or_else(|| self.tcp.isn(cx.now, tuple));
                Host::tell_route(&path, cx);
                let id = self.sockets.next_id();
                let (local, remote) = (tuple.local().into(), tuple.remote().into());
                let connection = Connection::accept(&config, id.0, local, remote, isn, &segment, cx);
                let new = self.add_connection(connection, tuple, 0, reuse, false, Some(slot));
                if let Some(listening) = self.sockets.listening(slot) {
                    listening.listener.opened(id.0);
                }
                self.drive(new, EventId::NONE, cx);
            }
        }
    }

    /// Nobody listens: a reset, where a stranger may be told (RFC 9293 §3.10.7.1).
    fn tcp_refuse(&mut self, segment: &Segment, tuple: FourTuple, cx: &mut Cx<'_>) {
        if !self.answers_closed_ports {
            return self.discard("a TCP port that nobody listens on", cx);
        }
        if let Some(reset) = refuse(segment) {
            let event = cx.event(&kinds::REFUSED, 0, [tuple.local().port().into(), 0]);
            self.send_reset(&reset, tuple, &mut cx.caused_by(event));
        }
    }

    /// Sends a segment that belongs to no connection.
    fn send_reset(&mut self, reset: &Segment, tuple: FourTuple, cx: &mut Cx<'_>) {
        let (source, destination) = (*tuple.local().ip(), *tuple.remote().ip());
        let Ok(path) = self.path(destination, Some(source), None) else { return };
        let event = cx.event(&kinds::SENT, 0, [reset.flags.0.into(), reset.seq.0.into()]);
        let packet = reset.encode(IpAddr::V4(source), IpAddr::V4(destination));
        let output =
            Output { protocol: Protocol::TCP, ttl: self.ttl, dscp: Dscp::DEFAULT, sizing: Sizing::Never, id: 0, event };
        let _ = self.output(packet, &path, &output, cx);
    }

    /// A timer that was armed for `at` for the connection in `slot`.
    pub(crate) fn tcp_timeout(&mut self, slot: Slot, at: Instant, cx: &mut Cx<'_>) {
        let Some(connected) = self.sockets.connected(slot).filter(|connected| connected.armed == at) else { return };
        connected.armed = Instant::NEVER;
        let before = cx.recorder.last_event();
        if connected.connection.poll_timeout() <= cx.now {
            connected.connection.handle_timeout(cx);
        }
        let event = first_after(before, cx);
        self.drive(slot, event, cx);
    }

    /// An ICMP error about a segment of ours.
    pub(crate) fn tcp_icmp(
        &mut self,
        local: (Ipv4Addr, u16),
        remote: (Ipv4Addr, u16),
        error: IcmpError,
        quoted: Seq,
        cx: &mut Cx<'_>,
    ) {
        let Some(&slot) = self.tcp.connections.get(&FourTuple::new(local, remote)) else { return };
        if let Some(connected) = self.sockets.connected(slot) {
            connected.connection.handle_icmp(error, quoted, cx);
            let cause = cx.cause;
            self.drive(slot, cause, cx);
        }
    }

    /// After anything has happened to a connection: sends what it has to send, tells its listener and its program, arms its
    /// timer, and buries it. `event` is what happened; without it the program is not woken.
    fn drive(&mut self, slot: Slot, event: EventId, cx: &mut Cx<'_>) {
        let mut told = false;
        loop {
            let Some(connected) = self.sockets.connected(slot) else { return };
            let Some(sent) = connected.connection.poll_transmit(cx) else { break };
            connected.packet_id = connected.packet_id.wrapping_add(1);
            let (tuple, id) = (connected.tuple, connected.packet_id);
            let syn_ack = Flags::SYN | Flags::ACK;
            // Linux gives SYN-ACKs, which are sent before there is a connection to count, the identification 0.
            let id = if sent.segment.flags.contains(syn_ack) { 0 } else { id };
            let (source, destination) = (*tuple.local().ip(), *tuple.remote().ip());
            let Ok(path) = self.path(destination, Some(source), None) else { continue };
            let seq = sent.segment.seq;
            let packet = sent.segment.into_packet(IpAddr::V4(source), IpAddr::V4(destination));
            let (ttl, event) = (self.ttl, sent.event);
            let output = Output { protocol: Protocol::TCP, ttl, dscp: Dscp::DEFAULT, sizing: Sizing::Never, id, event };
            if self.output(packet, &path, &output, cx) == Err(Errno::MessageTooLong)
                && !std::mem::replace(&mut told, true)
            {
                // Our own link, or a path that we know, is narrower than the connection thinks: as if a router had said so.
                let mtu = self.path_mtu(&path, cx.now) as u16;
                if let Some(connected) = self.sockets.connected(slot) {
                    let error = IcmpError::FragmentationNeeded { mtu };
                    connected.connection.handle_icmp(error, seq, &mut cx.caused_by(sent.event));
                }
            }
        }
        let Some((id, Socket::Connected(connected))) = self.sockets.at_mut(slot) else { return };
        connected.connection.tell_figures(&mut cx.caused_by(if event.is_none() { cx.cause } else { event }));
        let (id, listener) = (*id, connected.listener);
        let (ready, closed) = (connected.connection.ready(), connected.connection.is_closed());
        let (was, held) = (connected.ready, connected.held);
        connected.ready = ready;
        let due = connected.connection.poll_timeout();
        if due < connected.armed {
            connected.armed = due;
            self.timers.arm(due, Timer::Tcp(slot));
        }
        if let Some(listener) = listener {
            self.tell_listener(listener, id, ready, closed, event, cx);
        }
        if held && ready != was && !event.is_none() {
            self.ready.push_back((id, event));
        }
        // A connection that a program holds stays until the program closes it; one that it will never see goes.
        if closed && (!held || (listener.is_some() && !ready.connected)) {
            self.remove_connection(slot);
        } else if closed {
            self.unlist(slot);
        }
    }

    fn tell_listener(&mut self, slot: Slot, id: SocketId, ready: Ready, closed: bool, event: EventId, cx: &mut Cx<'_>) {
        let Some((listener_id, Socket::Listening(listening))) = self.sockets.at_mut(slot) else { return };
        let listener_id = *listener_id;
        if ready.connected && !closed {
            let mut cx = cx.caused_by(if event.is_none() { cx.cause } else { event });
            if listening.listener.completed(id.0, &mut cx) {
                let event = cx.recorder.last_event();
                self.ready.push_back((listener_id, event));
            }
        } else if closed {
            listening.listener.gone(id.0);
        }
    }

    #[allow(clippy::too_many_arguments)] // the parts of a connection on its host
    fn add_connection(
        &mut self,
        connection: Connection,
        tuple: FourTuple,
        packet_id: u16,
        reuse_address: bool,
        port_bound: bool,
        listener: Option<Slot>,
    ) -> Slot {
        let ready = connection.ready();
        let (armed, held, listed) = (Instant::NEVER, true, true);
        let connected =
            Connected { connection, tuple, ready, armed, packet_id, reuse_address, port_bound, listener, held, listed };
        let (_, slot) = self.sockets.insert(Socket::Connected(Box::new(connected)));
        self.tcp.connections.insert(tuple, slot);
        let usage = self.tcp.by_port.entry(tuple.local().port()).or_default();
        usage.bound += usize::from(port_bound);
        *(if reuse_address { &mut usage.with_reuse } else { &mut usage.without_reuse }) += 1;
        slot
    }

    fn remove_connection(&mut self, slot: Slot) {
        self.unlist(slot);
        self.sockets.remove(slot);
    }

    /// Takes a connection that has ended out of the tables: its four-tuple and its port are free again.
    fn unlist(&mut self, slot: Slot) {
        let Some(connected) = self.sockets.connected(slot).filter(|connected| connected.listed) else { return };
        connected.listed = false;
        let (tuple, port_bound, reuse) = (connected.tuple, connected.port_bound, connected.reuse_address);
        self.tcp.connections.remove(&tuple);
        let port = tuple.local().port();
        if let Some(usage) = self.tcp.by_port.get_mut(&port) {
            usage.bound -= usize::from(port_bound);
            *(if reuse { &mut usage.with_reuse } else { &mut usage.without_reuse }) -= 1;
            self.tidy_port(port);
        }
    }

    fn tidy_port(&mut self, port: u16) {
        let unused = |usage: &PortUse| usage.listeners.is_empty() && usage.with_reuse + usage.without_reuse == 0;
        if self.tcp.by_port.get(&port).is_some_and(unused) {
            self.tcp.by_port.remove(&port);
        }
    }

    /// The program lets go of a connection.
    pub(crate) fn close_connection(&mut self, id: SocketId, slot: Slot, cx: &mut Cx<'_>) {
        self.sockets.let_go(id);
        if let Some(connected) = self.sockets.connected(slot) {
            connected.held = false;
            connected.connection.close(cx);
            self.drive(slot, EventId::NONE, cx);
        }
    }

    /// The program stops listening: whoever waits in the queue is reset (as Linux does).
    pub(crate) fn close_listener(&mut self, slot: Slot, cx: &mut Cx<'_>) {
        let Some((_, Socket::Listening(listening))) = self.sockets.remove(slot) else { return };
        let port = listening.local.port();
        if let Some(usage) = self.tcp.by_port.get_mut(&port) {
            usage.listeners.retain(|other| *other != slot);
            self.tidy_port(port);
        }
        for orphan in listening.listener.close(cx) {
            let Some(slot) = self.sockets.slot(SocketId(orphan)) else { continue };
            self.sockets.let_go(SocketId(orphan));
            if let Some(connected) = self.sockets.connected(slot) {
                (connected.held, connected.listener) = (false, None);
                connected.connection.abort(cx);
                self.drive(slot, EventId::NONE, cx);
            }
        }
    }

    /// The largest segment for the first link of a path.
    fn mss(&self, hop: &Hop) -> u16 {
        match hop {
            Hop::Loopback => u16::MAX - HEADERS,
            Hop::Neighbour(interface, _) | Hop::Group(interface, _) => {
                self.interfaces.get(interface.index()).map_or(536, |port| port.mtu.saturating_sub(HEADERS))
            }
        }
    }

    /// RFC 7323 §7.1: timestamps must not tell how long the machine has been up.
    fn keep_timestamps_secret(&self, config: &mut tcp::Config, tuple: FourTuple) {
        if config.timestamp_offset == 0 {
            let Isns { secret, .. } = self.tcp.isns;
            config.timestamp_offset = tcp::timestamp_offset(secret, tuple.local().into(), tuple.remote().into());
        }
    }
}

/// The first event recorded after `before`: what happened, before what followed from it. The cause if nothing did.
fn first_after(before: EventId, cx: &Cx<'_>) -> EventId {
    if cx.recorder.last_event() > before { EventId(before.0 + 1) } else { cx.cause }
}
