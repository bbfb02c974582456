//! Using a connection: data in and out, options, figures, and letting go.

use std::net::SocketAddr;

use base::EventId;
use tcp::{Connection, Errno, IcmpReport, Info, Keepalive, SendFlags};
use trace::Cx;
use wire::Body;

use super::{Connected, ConnectionRow};
use crate::sockets::{Slot, Socket};
use crate::{Host, SocketId};

/// Commands.
impl Host {
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

    /// As [`Host::tcp_send`], with a word on how the data is to leave.
    ///
    /// # Errors
    /// As [`Host::tcp_send`].
    pub fn tcp_send_with(
        &mut self,
        id: SocketId,
        data: Body,
        flags: SendFlags,
        cx: &mut Cx<'_>,
    ) -> Result<usize, Errno> {
        self.with_connection(id, cx, |connection, cx| connection.send_with(data, flags, cx))
    }

    /// Takes at most `max` bytes that have arrived; none means that the other side has closed.
    ///
    /// # Errors
    /// [`Errno::WouldBlock`] if nothing has arrived; why the connection failed.
    pub fn tcp_recv(&mut self, id: SocketId, max: usize, cx: &mut Cx<'_>) -> Result<Body, Errno> {
        let slot = self.sockets.slot(id).ok_or(Errno::BadSocket)?;
        let connected = self.sockets.connected(slot).ok_or(Errno::Invalid)?;
        let body = connected.connection.recv(max, cx)?;
        // Reading makes a connection send nothing but news of its window.
        if connected.connection.owes_ack() {
            self.drive(slot, EventId::NONE, cx);
        } else {
            self.settle_read(slot, cx);
        }
        Ok(body)
    }

    /// Whether what is read next is urgent (SIOCATMARK).
    pub fn tcp_at_urgent(&self, id: SocketId) -> bool {
        self.connection(id).is_some_and(Connection::at_urgent)
    }

    /// Closes the sending direction: a FIN follows the data.
    ///
    /// # Errors
    /// [`Errno::NotConnected`] if it is not open.
    pub fn tcp_shutdown(&mut self, id: SocketId, cx: &mut Cx<'_>) -> Result<(), Errno> {
        self.with_connection(id, cx, |connection, cx| connection.shutdown(cx))
    }

    /// Closes a direction or both (shutdown): without `writes` no FIN is sent, with `reads` the stream ends for the program.
    ///
    /// # Errors
    /// [`Errno::NotConnected`] if it is not open.
    pub fn tcp_shutdown_how(&mut self, id: SocketId, reads: bool, writes: bool, cx: &mut Cx<'_>) -> Result<(), Errno> {
        self.with_connection(id, cx, |connection, cx| {
            if connection.is_closed() {
                return Err(Errno::NotConnected);
            }
            if reads {
                connection.shutdown_read();
            }
            if writes { connection.shutdown(cx) } else { Ok(()) }
        })
    }

    /// Does something to a connection that has no call of its own here: sets an option, asks a figure. What it then has to
    /// send is sent.
    ///
    /// # Errors
    /// [`Errno::BadSocket`] or [`Errno::Invalid`] if it is not a connection; those of `act`.
    pub fn tcp_with<R>(
        &mut self,
        id: SocketId,
        cx: &mut Cx<'_>,
        act: impl FnOnce(&mut Connection, &mut Cx<'_>) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        self.with_connection(id, cx, act)
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

    /// The route by which everybody is reached takes packets of `mtu` bytes from now on: for all open connections.
    pub fn tcp_set_route_mtu(&mut self, mtu: u16) {
        let connected = |socket: &Socket| matches!(socket, Socket::Connected(_));
        let slots: Vec<Slot> =
            self.sockets.iter().filter(|(_, _, socket)| connected(socket)).map(|(slot, ..)| slot).collect();
        for slot in slots {
            if let Some(connected) = self.sockets.connected(slot) {
                connected.connection.set_route_mtu(mtu);
            }
        }
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

    /// The ICMP error in a connection's error queue, which stays there.
    pub fn tcp_icmp_report(&self, id: SocketId) -> Option<IcmpReport> {
        self.connection(id).and_then(Connection::icmp_report)
    }

    /// Takes the ICMP error out of a connection's error queue: the program has been told then, and the connection has no error any
    /// more.
    pub fn tcp_take_icmp_report(&mut self, id: SocketId) -> Option<IcmpReport> {
        let slot = self.sockets.slot(id)?;
        self.sockets.connected(slot)?.connection.take_icmp_report()
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
            local: c.tuple().local(),
            remote: c.tuple().remote(),
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

    /// Where programs listen, in the order of their sockets.
    pub fn listening(&self) -> Vec<SocketAddr> {
        let listening = self.sockets.iter().filter_map(|(_, id, socket)| match socket {
            Socket::Listening(listening) => Some((id, listening.local)),
            _ => None,
        });
        let mut rows: Vec<_> = listening.collect();
        rows.sort_by_key(|(id, _)| *id);
        rows.into_iter().map(|(_, local)| local).collect()
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
        self.drive(slot, EventId::NONE, cx);
        Ok(result)
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

    /// The program stops listening: whoever waits in the queue is reset, and who is half-open forgotten (as Linux does).
    pub(crate) fn close_listener(&mut self, slot: Slot, cx: &mut Cx<'_>) {
        let Some((_, Socket::Listening(listening))) = self.sockets.remove(slot) else { return };
        let port = listening.local.port();
        if let Some(usage) = self.tcp.by_port.get_mut(&port) {
            usage.listeners.retain(|other| *other != slot);
            self.tidy_port(port);
        }
        let orphans = listening.listener.close(cx);
        let half_open = orphans.half_open.into_iter().map(|id| (id, true));
        for (orphan, half_open) in half_open.chain(orphans.complete.into_iter().map(|id| (id, false))) {
            let Some(slot) = self.sockets.slot(SocketId(orphan)) else { continue };
            self.sockets.let_go(SocketId(orphan));
            if let Some(connected) = self.sockets.connected(slot) {
                (connected.held, connected.listener) = (false, None);
                if half_open {
                    connected.connection.forsake(cx)
                } else {
                    connected.connection.abort(cx)
                }
                self.drive(slot, EventId::NONE, cx);
            }
        }
    }
}
