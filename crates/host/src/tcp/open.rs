//! Opening: listening, accepting, connecting, and the local port that a connection gets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use base::{Duration, EventId};
use smallvec::SmallVec;
use tcp::{Connection, Errno, FastOpenServer, Listener};
use trace::Cx;
use trace::kinds::tcp as kinds;
use wire::ipv4::Protocol;
use wire::tcp::Seq;

use super::{FastOpenConnect, FourTuple, Listening, Tables, headers};
use crate::output::{Hop, Path};
use crate::ports::{Isns, folded};
use crate::sockets::{Socket, canonical, fit, scope};
use crate::{ConnectOptions, Host, ListenOptions, SocketId};

/// How long a connection is in TIME-WAIT before its four-tuple may be used again (Linux `tcp_tw_reuse_delay`: 1 s).
const REUSE_DELAY: Duration = Duration::from_secs(1);

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
        let mut local = canonical(local);
        self.check_local(local.ip())?;
        if local.port() == 0 {
            let Tables { by_port, ports, .. } = &mut self.tcp;
            let free = |port| !by_port.contains_key(&port);
            local.set_port(ports.choose([folded(local.ip()), 6], free).ok_or(Errno::AddrInUse)?);
        } else if self.tcp_bind_conflicts(local, options.v6_only, options.reuse_address) {
            return Err(Errno::AddrInUse);
        }
        let config = options.tcp.as_ref().map_or_else(|| self.tcp_config.clone(), tcp::Settings::from);
        let id = self.sockets.next_id();
        let listener = Listener::new(&config, id.0, local, options.backlog, cx);
        let reuse_address = options.reuse_address;
        let v6_only = options.v6_only;
        let fast_open = self.fast_open_server(config.fast_open);
        let listening = Listening { listener, local, reuse_address, v6_only, fast_open, unproven: SmallVec::new() };
        let (id, slot) = self.sockets.insert(Socket::Listening(Box::new(listening)));
        self.tcp.by_port.entry(local.port()).or_default().listeners.push(slot);
        Ok(id)
    }

    /// Whether binding `local` meets a socket that does not allow it (Linux `inet_csk_bind_conflict`): two listeners never
    /// share a port, all others do if both sides set SO_REUSEADDR.
    fn tcp_bind_conflicts(&mut self, local: SocketAddr, v6_only: bool, reuse: bool) -> bool {
        let Some(usage) = self.tcp.by_port.get(&local.port()) else { return false };
        let (with, without) = (usage.with_reuse, usage.without_reuse);
        let overlaps = |other: IpAddr, theirs: bool| {
            fit(other, theirs, local.ip()).is_some() || fit(local.ip(), v6_only, other).is_some()
        };
        let listened = usage.listeners.iter().any(|&slot| match self.sockets.at(slot) {
            Some((_, Socket::Listening(other))) => overlaps(other.local.ip(), other.v6_only),
            _ => false,
        });
        listened || without > 0 || (with > 0 && !reuse)
    }

    fn check_local(&self, ip: IpAddr) -> Result<(), Errno> {
        let fine = ip.is_unspecified() || ip.is_loopback() || self.is_own(ip);
        if fine { Ok(()) } else { Err(Errno::AddrNotAvailable) }
    }

    /// What the connections of a listener start with from now on.
    ///
    /// # Errors
    /// [`Errno::BadSocket`] or [`Errno::Invalid`] if it is no listener.
    pub fn tcp_set_listener(&mut self, id: SocketId, config: tcp::Config) -> Result<(), Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        self.sockets.listening(slot).ok_or(Errno::Invalid)?.listener.set_config(&config);
        Ok(())
    }

    /// Says how a listener takes Fast Open; `None`: not at all (TCP_FASTOPEN).
    ///
    /// # Errors
    /// [`Errno::BadSocket`] or [`Errno::Invalid`] if it is no listener.
    pub fn tcp_set_fast_open(&mut self, id: SocketId, server: Option<FastOpenServer>) -> Result<(), Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        self.sockets.listening(slot).ok_or(Errno::Invalid)?.fast_open = server;
        Ok(())
    }

    /// Changes how many connections may wait at a listener (`listen` called again).
    ///
    /// # Errors
    /// [`Errno::BadSocket`] if there is no such socket, [`Errno::Invalid`] if it does not listen.
    pub fn tcp_set_backlog(&mut self, id: SocketId, backlog: usize) -> Result<(), Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        self.sockets.listening(slot).ok_or(Errno::Invalid)?.listener.set_backlog(backlog);
        Ok(())
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
        connected.connection.take_over();
        Ok((accepted, connected.tuple().remote()))
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
        self.connect_with(remote, options, None, cx).map(|(id, _)| id)
    }

    /// As [`Host::tcp_connect`], with Fast Open (RFC 7413): data rides on the SYN if a cookie of the server is known, or else the
    /// SYN asks for one. How much of the data went.
    ///
    /// # Errors
    /// As [`Host::tcp_connect`].
    pub fn tcp_connect_fast(
        &mut self,
        remote: SocketAddr,
        options: ConnectOptions,
        fast: &FastOpenConnect,
        cx: &mut Cx<'_>,
    ) -> Result<(SocketId, usize), Errno> {
        self.connect_with(remote, options, Some(fast), cx)
    }

    /// Whether a cookie of this server is known.
    pub fn tcp_fast_open_known(&self, server: IpAddr) -> bool {
        self.tcp.cookies.has(server)
    }

    /// Forgets what is known of servers (Linux: `ip tcp_metrics flush`).
    pub fn tcp_forget_metrics(&mut self) {
        self.tcp.cookies.clear();
    }

    fn connect_with(
        &mut self,
        remote: SocketAddr,
        options: ConnectOptions,
        fast: Option<&FastOpenConnect>,
        cx: &mut Cx<'_>,
    ) -> Result<(SocketId, usize), Errno> {
        let remote = canonical(remote);
        let local = options.local.map_or(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0), canonical);
        self.check_local(local.ip())?;
        let source = Some(local.ip()).filter(|ip| !ip.is_unspecified());
        let path = self.path(remote.ip(), source, scope(&remote))?;
        if remote.port() == 0 || path.is_broadcast() || path.destination.is_multicast() {
            return Err(Errno::NetworkUnreachable);
        }
        let ends = |port| FourTuple::new((path.source, port), (path.destination, remote.port()));
        let port_bound = local.port() != 0;
        let (tuple, least) = if port_bound {
            if self.tcp_bind_conflicts(SocketAddr::new(path.source, local.port()), true, options.reuse_address) {
                return Err(Errno::AddrInUse);
            }
            // SO_REUSEADDR does not bring back a four-tuple that still exists.
            let least = self.vacate(ends(local.port()), true, cx).ok_or(Errno::AddrNotAvailable)?;
            (ends(local.port()), least)
        } else {
            self.choose_tuple(ends, cx).ok_or_else(|| {
                let to = cx.socket(path.destination, remote.port());
                cx.event(&kinds::NO_PORT, 0, [to, 0]);
                Errno::AddrNotAvailable
            })?
        };
        let isn = least.unwrap_or_else(|| self.tcp.isn(cx.now, tuple));
        let mut config = options.tcp.as_ref().map_or_else(|| self.tcp_config.clone(), tcp::Settings::from);
        config.mss = config.mss.min(self.mss(&path));
        self.keep_timestamps_secret(&mut config, tuple);
        let routed = Host::tell_route(&path, cx);
        let cx = &mut cx.caused_by(routed);
        let id = self.sockets.next_id();
        let (here, there) = (tuple.local(), tuple.remote());
        let request = match fast {
            Some(fast) => Some(fast.request(&self.tcp.cookies, &config, there.ip())),
            None => self.tcp.cookies.question(&config, there.ip()),
        };
        let sent = request.as_ref().map_or(0, |request| request.data.len());
        let connection = match (request, self.tcp.cookies.later(&config, there.ip())) {
            (Some(request), _) => Connection::connect_fast(&config, id.0, here, there, isn, request, cx),
            (None, Some(later)) => Connection::connect_on_write(&config, id.0, here, there, isn, later, cx),
            (None, None) => Connection::connect(&config, id.0, here, there, isn, cx),
        };
        let packet_id = isn.0 as u16 ^ (isn.0 >> 16) as u16;
        let reuse_address = options.reuse_address;
        let slot = self.add_connection(connection, tuple, packet_id, reuse_address, port_bound, None);
        self.drive(slot, EventId::NONE, cx);
        Ok((id, sent))
    }

    /// A local port that makes the four-tuple a new one. Like Linux, a port is free for this destination even if it is in
    /// use towards others, unless a program has bound it.
    fn choose_tuple(&mut self, ends: impl Fn(u16) -> FourTuple, cx: &mut Cx<'_>) -> Option<(FourTuple, Option<Seq>)> {
        let mut ports = self.tcp.ports.clone();
        let about = ends(0).about();
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
            chosen = self.vacate(tuple, false, cx).map(|least| (tuple, least));
            chosen.is_some()
        });
        self.tcp.ports = ports;
        chosen
    }

    /// Makes sure that no connection has this four-tuple: `None` if one has. One in TIME-WAIT gives way where the host is
    /// set up so and a second has passed, or the program asks for this very port, `bound` (RFC 6191; Linux `tcp_tw_reuse`,
    /// `tcp_twsk_unique`): then the ISN must be at least the number in the result.
    fn vacate(&mut self, tuple: FourTuple, bound: bool, cx: &mut Cx<'_>) -> Option<Option<Seq>> {
        let Some(slot) = self.tcp.connections.get(&tuple) else { return Some(None) };
        let old = &self.sockets.connected(slot)?.connection;
        let info = old.info();
        let since = old.time_wait_since()?;
        let waited = self.tcp.time_wait_reuse && cx.now - since >= REUSE_DELAY;
        if !info.timestamps || !(bound || waited) {
            return None;
        }
        // Linux `tcp_twsk_unique`: with timestamps, a number 65,535 and more behind the old ones keeps them apart.
        let least = info.snd_nxt + 65_535 + 2;
        cx.event(&kinds::TIME_WAIT_REUSED, old.id(), [u64::from(tuple.local().port()), 0]);
        self.remove_connection(slot);
        Some(Some(least))
    }

    /// The largest segment for the first link of a path.
    pub(super) fn mss(&self, path: &Path) -> u16 {
        let headers = headers(path.destination);
        match &path.hop {
            Hop::Loopback => u16::MAX - headers,
            Hop::Neighbour(interface, _) | Hop::Group(interface, _) => self
                .interfaces
                .get(interface.index())
                .map_or(536, |port| port.mtu_towards(path.destination).saturating_sub(headers)),
        }
    }

    /// RFC 7323 §7.1: timestamps must not tell how long the machine has been up.
    pub(super) fn keep_timestamps_secret(&self, config: &mut tcp::Settings, tuple: FourTuple) {
        if config.timestamp_offset == 0 {
            let Isns { secret, .. } = self.tcp.isns;
            config.timestamp_offset = tcp::timestamp_offset(secret, tuple.local(), tuple.remote());
        }
    }
}
