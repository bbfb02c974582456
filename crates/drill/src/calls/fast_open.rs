//! Fast Open at the client (RFC 7413): `sendto` with MSG_FASTOPEN, and TCP_FASTOPEN_CONNECT.

use std::net::SocketAddr;

use bytes::Bytes;
use host::{ConnectOptions, FastOpenConnect};
use tcp::Errno;

use super::{Called, Outcome, Pending, SocketState};
use crate::flow::Stage;
use crate::run::{Runner, Stop};

/// Bits of Linux's `tcp_fastopen`: clients may; servers need no cookie.
const CLIENT: u64 = 0x1;
const WITHOUT_COOKIE: u64 = 0x4;

impl Runner<'_> {
    /// Whether clients may use Fast Open.
    pub(super) fn fast_open_allowed(&self) -> bool {
        self.kernel.number("tcp_fastopen") & CLIENT != 0
    }

    fn fast_open_without_cookie(&mut self, fd: i32) -> bool {
        let socket = self.descriptors.socket(fd).is_some_and(|socket| socket.options.fast_open_without_cookie);
        socket || self.kernel.number("tcp_fastopen") & WITHOUT_COOKIE != 0
    }

    /// `connect` of a socket with TCP_FASTOPEN_CONNECT: with a cookie at hand it waits for the first write. `None`: it is an
    /// ordinary connect.
    pub(super) fn connect_later(&mut self, fd: i32, pending: &mut Pending) -> Result<Option<Outcome>, Stop> {
        let asked = self.descriptors.socket(fd).is_some_and(|socket| socket.options.fast_open_connect);
        if !asked || !self.fast_open_allowed() {
            return Ok(None);
        }
        let known = self.machine.host.tcp_fast_open_known(self.setup.remote());
        if known || self.fast_open_without_cookie(fd) {
            if let Some(socket) = self.descriptors.socket(fd) {
                socket.state = SocketState::Deferred;
            }
            return Ok(Some(Outcome::done(0)));
        }
        let wait = self.descriptors.socket(fd).is_some_and(|socket| !socket.nonblocking);
        if let Err(error) = self.open_fast(fd, Bytes::new())? {
            return Ok(Some(error.into()));
        }
        pending.started = true;
        Ok(Some(if wait { Outcome::Blocks } else { Outcome::Fails("EINPROGRESS") }))
    }

    /// Opens a connection with data for its SYN; how much of it went.
    fn open_fast(&mut self, fd: i32, data: Bytes) -> Result<Result<usize, Errno>, Stop> {
        let remote = SocketAddr::from((self.setup.remote(), self.setup.connect_port));
        let (local, base) = (self.setup.local(), self.kernel.tcp());
        let without_cookie = self.fast_open_without_cookie(fd);
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Err(Errno::BadSocket)) };
        let bound = socket.bound.map(|port| SocketAddr::from((local, port)));
        let tcp = Some(socket.options.config(base));
        let options = ConnectOptions { local: bound, reuse_address: socket.options.reuse_address, tcp };
        let flow = socket.flow;
        self.flows[flow].stage = Stage::Connecting;
        self.flows[flow].remote = Some((self.setup.remote(), self.setup.connect_port));
        let fast = FastOpenConnect { data, without_cookie };
        let opened = self.machine.with(|host, cx| host.tcp_connect_fast(remote, options, &fast, cx));
        Ok(opened.map(|(id, sent)| {
            if let Some(socket) = self.descriptors.socket(fd) {
                socket.state = SocketState::Connected(id, false);
            }
            sent
        }))
    }

    /// A write that opens its connection.
    pub(super) fn write_opening(&mut self, fd: i32, data: Bytes, wait: bool, pending: &mut Pending) -> Called {
        if !self.fast_open_allowed() {
            return Ok(Outcome::Fails("EOPNOTSUPP"));
        }
        let len = data.len();
        match self.open_fast(fd, data)? {
            Err(error) => Ok(error.into()),
            Ok(sent) if wait => {
                (pending.started, pending.done) = (true, sent);
                self.writer_waits(fd, sent < len)?;
                Ok(Outcome::Blocks)
            }
            Ok(0) => Ok(Outcome::Fails("EINPROGRESS")),
            Ok(sent) => {
                pending.done = sent;
                Ok(Outcome::done(sent as i64))
            }
        }
    }

    /// A call waits to write more.
    fn writer_waits(&mut self, fd: i32, waits: bool) -> Result<(), Stop> {
        let id = self.descriptors.socket(fd).and_then(|socket| socket.state.id());
        self.on_connection(id, |connection, _| connection.set_writer_waits(waits))
    }

    /// A write finds its connection on its way: whether it may go on (`None`), or what it gives.
    pub(super) fn write_while_opening(
        &mut self,
        fd: i32,
        fast: bool,
        wait: bool,
        pending: &Pending,
    ) -> Option<Outcome> {
        let SocketState::Connected(id, told) = self.descriptors.socket(fd)?.state else { return None };
        if told {
            return fast.then_some(Outcome::Fails("EISCONN"));
        }
        if !fast && !pending.started {
            return None;
        }
        match self.machine.with(|host, _| host.tcp_connected(id)) {
            Ok(()) => {
                if let Some(socket) = self.descriptors.socket(fd) {
                    socket.state = SocketState::Connected(id, true);
                }
                None
            }
            Err(Errno::WouldBlock) if wait && pending.started => Some(Outcome::Blocks),
            Err(Errno::WouldBlock) => Some(Outcome::Fails("EALREADY")),
            // The first call after a failure says why: the connection does so itself.
            Err(error) if pending.started => Some(error.into()),
            Err(_) => None,
        }
    }
}
