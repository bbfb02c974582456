//! Sockets and connections: from `socket` to `close`.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use host::{ConnectOptions, ListenOptions, SocketId, UdpOptions};
use tcp::Errno;

use super::errors::Errors;
use super::options::SocketOptions;
use super::{Called, Descriptor, Outcome, Pending, Socket, SocketState};
use crate::flow::{Flow, Stage};
use crate::run::{Runner, Stop};
use crate::script::{Call, Value};
use crate::setup::IpVersion;
use crate::symbols::number;

impl Runner<'_> {
    /// Gives what was made the number that the script wants for it.
    pub(super) fn assign(&mut self, call: &Call, descriptor: Descriptor) -> Called {
        let fd = self.integer(&call.result)?;
        let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0);
        let Some(fd) = fd else { return Ok(Outcome::done(3)) };
        if let Some(other) = self.descriptors.open.insert(fd, descriptor) {
            // A script's number names what it was given to last; the other stays open, without a name.
            let unnamed = self.descriptors.open.keys().next().map_or(-1, |&least| least.min(0) - 1);
            self.descriptors.open.insert(unnamed, other);
        }
        Ok(Outcome::done(fd.into()))
    }

    pub(super) fn call_socket(&mut self, call: &Call) -> Called {
        self.arguments(call, 3)?;
        if !matches!(call.arguments[0].value, Value::Any) {
            match self.number(call, 0)? {
                2 if self.setup.version != IpVersion::V6 => {}
                10 if self.setup.version.has_v6_sockets() => {}
                2 | 10 => return Err(Stop::unsupported("a socket of another family than --ip_version says")),
                _ => return Ok(Outcome::Fails("EAFNOSUPPORT")),
            }
        }
        let kind = self.number(call, 1)?;
        let nonblocking = kind & number("SOCK_NONBLOCK").unwrap_or(0) != 0;
        let protocol = self.number(call, 2)?;
        let stream = match (kind & 0xF, protocol) {
            (1, 0 | 6) => true,
            (2, 0 | 17) => false,
            _ => return Err(Stop::unsupported(format!("sockets of type {} for protocol {protocol}", kind & 0xF))),
        };
        let mut flow = Flow::new(Stage::New);
        flow.udp = !stream;
        flow.fd = i32::try_from(self.integer(&call.result)?).ok();
        self.flows.push(flow);
        self.current = Some(self.flows.len() - 1);
        let options = SocketOptions::new(&self.kernel);
        let socket = Socket {
            stream,
            nonblocking,
            bound: None,
            state: SocketState::New,
            options,
            errors: Errors::default(),
            flow: self.flows.len() - 1,
        };
        self.assign(call, Descriptor::Socket(Box::new(socket)))
    }

    pub(super) fn call_bind(&mut self, call: &Call) -> Called {
        self.arguments(call, 3)?;
        let Some(fd) = self.socket_fd(call, 0)? else { return Ok(Outcome::Fails("ENOTSOCK")) };
        let local = SocketAddr::from((self.setup.local(), self.setup.bind_port));
        let port = self.setup.bind_port;
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        if socket.bound.is_some() || socket.state != SocketState::New {
            return Ok(Outcome::Fails("EINVAL"));
        }
        socket.bound = Some(port);
        if !socket.stream {
            let bound = self.machine.with(|host, cx| host.udp_bind(local, UdpOptions::default(), cx));
            match (bound, self.descriptors.socket(fd)) {
                (Ok(id), Some(socket)) => {
                    socket.state = SocketState::Udp(id);
                    _ = self.machine.host.udp_keep_errors(id, socket.options.keeps_errors);
                }
                (Err(error), _) => return Ok(error.into()),
                _ => {}
            }
        }
        Ok(Outcome::done(0))
    }

    pub(super) fn call_listen(&mut self, call: &Call) -> Called {
        self.arguments(call, 2)?;
        let backlog = self.number(call, 1)?.clamp(0, 4096) as usize;
        let Some(fd) = self.socket_fd(call, 0)? else { return Ok(Outcome::Fails("ENOTSOCK")) };
        let ip = self.setup.local();
        let base = self.kernel.tcp();
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        if !socket.stream {
            return Ok(Outcome::Fails("EOPNOTSUPP"));
        }
        if let SocketState::Listening(id) = socket.state {
            // Called again it changes the backlog. The packets that follow go to the listener again: so a script has more than
            // one connection opened.
            socket.options.backlog = backlog;
            self.current = Some(socket.flow);
            return Ok(self
                .machine
                .host
                .tcp_set_backlog(id, backlog)
                .map_or_else(Outcome::from, |()| Outcome::done(0)));
        }
        if socket.state != SocketState::New {
            return Ok(Outcome::Fails("EINVAL"));
        }
        let local = SocketAddr::from((ip, socket.bound.unwrap_or(0)));
        let tcp = Some(socket.options.config(base));
        let options =
            ListenOptions { backlog, reuse_address: socket.options.reuse_address, tcp, ..ListenOptions::default() };
        let flow = socket.flow;
        let listening = self.machine.with(|host, cx| host.tcp_listen(local, options, cx));
        match (listening, self.descriptors.socket(fd)) {
            (Ok(id), Some(socket)) => socket.state = SocketState::Listening(id),
            (Err(error), _) => return Ok(error.into()),
            _ => {}
        }
        if let Some(socket) = self.descriptors.socket(fd) {
            socket.options.backlog = backlog;
        }
        self.flows[flow].stage = Stage::Listening;
        self.apply_fast_open();
        Ok(Outcome::done(0))
    }

    pub(super) fn call_accept(&mut self, call: &Call) -> Called {
        let Some(fd) = self.socket_fd(call, 0)? else { return Ok(Outcome::Fails("ENOTSOCK")) };
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        let SocketState::Listening(id) = socket.state else { return Ok(Outcome::Fails("EINVAL")) };
        let (wait, options, zerocopy) = (!socket.nonblocking, socket.options.inherited(), socket.errors.zerocopy);
        let nonblocking = call.name == "accept4" && self.number(call, 3)? & number("SOCK_NONBLOCK").unwrap_or(0) != 0;
        match self.machine.with(|host, cx| host.tcp_accept(id, cx)) {
            Err(Errno::WouldBlock) if wait => Ok(Outcome::Blocks),
            Err(error) => Ok(error.into()),
            Ok((accepted, peer)) => {
                let peer = Some((peer.ip(), peer.port()));
                let flow = self.flows.iter().rposition(|flow| flow.remote == peer && flow.fd.is_none());
                let flow = flow.unwrap_or_else(|| {
                    self.flows.push(Flow::new(Stage::Open));
                    self.flows.len() - 1
                });
                self.flows[flow].fd = i32::try_from(self.integer(&call.result)?).ok();
                let state = SocketState::Connected(accepted, true);
                let errors = Errors::new(zerocopy);
                let socket = Socket { stream: true, nonblocking, bound: None, state, options, errors, flow };
                self.assign(call, Descriptor::Socket(Box::new(socket)))
            }
        }
    }

    pub(super) fn call_connect(&mut self, pending: &mut Pending) -> Called {
        self.arguments(&pending.call, 3)?;
        let Some(fd) = self.socket_fd(&pending.call, 0)? else { return Ok(Outcome::Fails("ENOTSOCK")) };
        if matches!(&pending.call.arguments[1].value, Value::Word(name) if name == "AF_UNSPEC") {
            return self.disconnect(fd);
        }
        self.connect(fd, pending)
    }

    /// `connect` to AF_UNSPEC: the connection is reset, and the socket is as new (connect(2)).
    fn disconnect(&mut self, fd: i32) -> Called {
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        match socket.state {
            SocketState::New => {}
            SocketState::Connected(id, _) => {
                socket.state = SocketState::New;
                let mut flow = Flow::new(Stage::New);
                flow.fd = Some(fd);
                let old = std::mem::replace(&mut socket.flow, self.flows.len());
                self.flows[old].fd = None;
                self.flows.push(flow);
                // What follows is about the old connection until the socket begins another.
                self.current = Some(old);
                _ = self.machine.with(|host, cx| host.tcp_abort(id, cx));
            }
            _ => return Err(Stop::unsupported("connect to AF_UNSPEC of a socket that is no connection")),
        }
        Ok(Outcome::done(0))
    }

    /// Connects a socket, or goes on with it.
    pub(super) fn connect(&mut self, fd: i32, pending: &mut Pending) -> Called {
        let remote = SocketAddr::from((self.setup.remote(), self.setup.connect_port));
        let local = self.setup.local();
        let base = self.kernel.tcp();
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        if socket.state == SocketState::New
            && socket.stream
            && let Some(outcome) = self.connect_later(fd, pending)?
        {
            return Ok(outcome);
        }
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        let wait = !socket.nonblocking;
        match socket.state {
            SocketState::Deferred => Ok(Outcome::Fails("EISCONN")),
            SocketState::New if socket.stream => {
                let bound = socket.bound.map(|port| SocketAddr::from((local, port)));
                let tcp = Some(socket.options.config(base));
                let options = ConnectOptions { local: bound, reuse_address: socket.options.reuse_address, tcp };
                let flow = socket.flow;
                if self.current.is_some_and(|current| self.flows[current].fd.is_none())
                    && let Some(text) = self.left_over()
                {
                    // The packets that follow are another connection's.
                    return Err(Stop::failed(format!("the stack has sent one more packet: {text}")));
                }
                self.current = Some(flow);
                self.flows[flow].stage = Stage::Connecting;
                self.flows[flow].remote = Some((self.setup.remote(), self.setup.connect_port));
                let begun = self.machine.with(|host, cx| host.tcp_connect(remote, options, cx));
                match (begun, self.descriptors.socket(fd)) {
                    (Ok(id), Some(socket)) => socket.state = SocketState::Connected(id, false),
                    (Err(error), _) => return Ok(error.into()),
                    _ => {}
                }
                pending.started = true;
                if wait { self.connected(fd, true) } else { Ok(Outcome::Fails("EINPROGRESS")) }
            }
            SocketState::New | SocketState::Udp(_) => self.connect_udp(fd, remote),
            SocketState::Listening(_) => Ok(Outcome::Fails("EISCONN")),
            SocketState::Connected(_, true) => Ok(Outcome::Fails("EISCONN")),
            SocketState::Connected(_, false) if pending.started || wait => self.connected(fd, true),
            SocketState::Connected(_, false) => self.connected(fd, false),
        }
    }

    /// What became of a connection that was begun.
    fn connected(&mut self, fd: i32, wait: bool) -> Called {
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        let SocketState::Connected(id, _) = socket.state else { return Ok(Outcome::Fails("ENOTCONN")) };
        match self.machine.with(|host, _| host.tcp_connected(id)) {
            Err(Errno::WouldBlock) if wait => Ok(Outcome::Blocks),
            Err(Errno::WouldBlock) => Ok(Outcome::Fails("EALREADY")),
            Err(error) => Ok(error.into()),
            Ok(()) => {
                if let Some(socket) = self.descriptors.socket(fd) {
                    socket.state = SocketState::Connected(id, true);
                }
                Ok(Outcome::done(0))
            }
        }
    }

    fn connect_udp(&mut self, fd: i32, remote: SocketAddr) -> Called {
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        let (flow, state) = (socket.flow, socket.state);
        let id = match state.id() {
            Some(id) => id,
            None => {
                let any = match remote {
                    SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
                    SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
                };
                match self.machine.with(|host, cx| host.udp_bind(any, UdpOptions::default(), cx)) {
                    Ok(id) => id,
                    Err(error) => return Ok(error.into()),
                }
            }
        };
        if let Some(socket) = self.descriptors.socket(fd) {
            socket.state = SocketState::Udp(id);
            _ = self.machine.host.udp_keep_errors(id, socket.options.keeps_errors);
        }
        self.flows[flow].stage = Stage::Connecting;
        self.flows[flow].remote = Some((self.setup.remote(), self.setup.connect_port));
        match self.machine.with(|host, _| host.udp_connect(id, remote)) {
            Ok(()) => Ok(Outcome::done(0)),
            Err(error) => Ok(error.into()),
        }
    }

    pub(super) fn call_shutdown(&mut self, call: &Call) -> Called {
        self.arguments(call, 2)?;
        let Some(id) = self.connection(call, 0)? else { return Ok(Outcome::Fails("ENOTCONN")) };
        let (reads, writes) = match self.number(call, 1)? {
            0 => (true, false),
            1 => (false, true),
            2 => (true, true),
            _ => return Ok(Outcome::Fails("EINVAL")),
        };
        let result = self.machine.with(|host, cx| host.tcp_shutdown_how(id, reads, writes, cx));
        Ok(result.map_or_else(Outcome::from, |()| Outcome::done(0)))
    }

    pub(super) fn call_close(&mut self, call: &Call) -> Called {
        self.arguments(call, 1)?;
        let fd = self.open_fd(call, 0)?;
        match self.descriptors.open.remove(&fd) {
            Some(Descriptor::Socket(socket)) => {
                if self.flows[socket.flow].fd == Some(fd) {
                    self.flows[socket.flow].fd = None;
                }
                self.forget_watches(fd);
                if let Some(id) = socket.state.id() {
                    let abort = socket.options.linger == Some(0) && matches!(socket.state, SocketState::Connected(..));
                    self.machine.with(|host, cx| if abort { _ = host.tcp_abort(id, cx) } else { host.close(id, cx) });
                }
            }
            Some(Descriptor::PipeEnd { pipe, write }) => self.close_pipe(pipe, write),
            _ => {}
        }
        Ok(Outcome::done(0))
    }

    /// The connection behind a descriptor.
    pub(super) fn connection(&mut self, call: &Call, i: usize) -> Result<Option<SocketId>, Stop> {
        let fd = self.open_fd(call, i)?;
        Ok(self.descriptors.socket(fd).and_then(|socket| match socket.state {
            SocketState::Connected(id, _) => Some(id),
            _ => None,
        }))
    }
}
