//! Reading and writing.

use bytes::Bytes;
use host::SocketId;
use tcp::{Errno, SendFlags};
use wire::Body;

use super::arguments::{field, is_null, only};
use super::{Called, Descriptor, Outcome, Pending, Socket, SocketState};
use crate::run::{Runner, Stop};
use crate::script::{Call, Expression, Value};
use crate::symbols::number;

/// The longest that one call moves.
const LONGEST: i64 = 1 << 30;

/// What a call wants to move.
struct Wanted {
    data: Option<Vec<u8>>,
    len: usize,
    flags: i64,
    /// The pointer to the data is not valid.
    fault: bool,
    /// The lengths of an I/O vector's members, the empty ones left out.
    parts: Vec<usize>,
}

impl Wanted {
    fn has(&self, flag: &str) -> bool {
        self.flags & number(flag).unwrap_or(0) != 0
    }
}

/// Linux's MAX_SKB_FRAGS: so many stretches of shared memory fit into one packet.
const SHARED_PARTS: usize = 17;

/// Flags of sending that do what they say here.
const SENDS: &[&str] =
    &["MSG_DONTWAIT", "MSG_NOSIGNAL", "MSG_MORE", "MSG_EOR", "MSG_FASTOPEN", "MSG_ZEROCOPY", "MSG_OOB"];
/// Flags of receiving that do what they say here.
const RECEIVES: &[&str] = &["MSG_DONTWAIT", "MSG_OOB", "MSG_PEEK", "MSG_TRUNC", "MSG_WAITALL", "MSG_NOSIGNAL"];

/// The fields of a message. Its address is that of the other end, which a script does not check.
const MESSAGE: &[&str] =
    &["msg_name", "msg_name()", "msg_iov", "msg_iov()", "msg_control", "msg_control()", "msg_flags"];

impl Runner<'_> {
    fn wanted(&self, call: &Call) -> Result<Wanted, Stop> {
        let (len, flags, data) = match call.name.as_str() {
            "read" | "write" => (self.number(call, 2)?, 0, self.argument(call, 1)?),
            "recv" | "send" => (self.number(call, 2)?, self.number(call, 3)?, self.argument(call, 1)?),
            "recvfrom" | "sendto" => (self.number(call, 2)?, self.number(call, 3)?, self.argument(call, 1)?),
            "readv" | "writev" => {
                let list = self.argument(call, 1)?;
                return self.vector(list, self.number(call, 2)?, 0);
            }
            _ => {
                let message = self.argument(call, 1)?;
                only(message, "a message", MESSAGE)?;
                let list = field(message, "msg_iov").ok_or_else(|| Stop::Invalid("msg_iov is missing".to_owned()))?;
                let count = field(message, "msg_iov()").map_or(Ok(0), |count| self.integer(count))?;
                return self.vector(list, count, self.number(call, 2)?);
            }
        };
        let data = match &data.value {
            Value::Text(text) => Some(text.clone()),
            _ if is_null(data) => {
                return Ok(Wanted { data: None, len: len.max(0) as usize, flags, fault: true, parts: Vec::new() });
            }
            _ => None,
        };
        let len = usize::try_from(len).ok().filter(|len| *len as i64 <= LONGEST);
        let len = len.ok_or_else(|| Stop::unsupported(format!("{} of so many bytes", call.name)))?;
        Ok(Wanted { data, len, flags, fault: false, parts: vec![len] })
    }

    /// The lengths of an I/O vector, summed up.
    fn vector(&self, list: &Expression, count: i64, flags: i64) -> Result<Wanted, Stop> {
        let Value::List(members) = &list.value else { return Err(Stop::Invalid("an I/O vector is a list".to_owned())) };
        if members.len() as i64 != count {
            return Err(Stop::Invalid(format!("the I/O vector has {} members, not {count}", members.len())));
        }
        let mut wanted = Wanted { data: None, len: 0, flags, fault: false, parts: Vec::new() };
        for member in members {
            only(member, "an I/O vector", &["iov_base", "iov_len"])?;
            let (base, len) = match (&member.value, field(member, "iov_base"), field(member, "iov_len")) {
                (_, Some(base), Some(len)) => (base, len),
                (Value::Group(parts), ..) if parts.len() == 2 => (&parts[0], &parts[1]),
                _ => {
                    let form = "a member of an I/O vector is `{..., length}` or `{iov_base=..., iov_len=length}`";
                    return Err(Stop::Invalid(form.to_owned()));
                }
            };
            wanted.fault |= is_null(base);
            let len = usize::try_from(self.integer(len)?).unwrap_or(0).min(LONGEST as usize);
            wanted.len += len;
            wanted.parts.extend((len > 0).then_some(len));
        }
        Ok(wanted)
    }

    /// Which flags are not known.
    fn check_flags(&self, flags: i64, known: &[&str]) -> Result<(), Stop> {
        let known = known.iter().filter_map(|name| number(name)).fold(0, |all, flag| all | flag);
        if flags & !known == 0 { Ok(()) } else { Err(Stop::unsupported(format!("the flags {:#x}", flags & !known))) }
    }

    pub(super) fn call_read(&mut self, pending: &mut Pending) -> Called {
        let call = pending.call.clone();
        let fd = self.open_fd(&call, 0)?;
        let wanted = self.wanted(&call)?;
        let mut descriptors = std::mem::take(&mut self.descriptors);
        let result = match descriptors.open.get_mut(&fd) {
            Some(Descriptor::Socket(socket)) => self.read_socket(socket, &wanted, &call),
            Some(Descriptor::PipeEnd { pipe, write: false }) => descriptors.pipes[*pipe].read(wanted.len, true),
            _ => Ok(Outcome::Fails("EBADF")),
        };
        self.descriptors = descriptors;
        result
    }

    fn read_socket(&mut self, socket: &mut Socket, wanted: &Wanted, call: &Call) -> Called {
        if let (Some(message), true) = (self.message(call), wanted.has("MSG_ERRQUEUE")) {
            self.check_flags(wanted.flags, &["MSG_DONTWAIT", "MSG_ERRQUEUE"])?;
            return self.read_errors(socket, message);
        }
        self.check_flags(wanted.flags, RECEIVES)?;
        let wait = !socket.nonblocking && wanted.flags & number("MSG_DONTWAIT").unwrap_or(0) == 0;
        let id = match socket.state {
            SocketState::Connected(id, _) => id,
            SocketState::Udp(id) => return self.read_udp(id, wanted, wait),
            SocketState::Deferred => return Ok(if wait { Outcome::Blocks } else { Outcome::Fails("EAGAIN") }),
            SocketState::New | SocketState::Listening(_) => return Ok(Outcome::Fails("ENOTCONN")),
        };
        if wanted.fault && wanted.len > 0 {
            // Linux copies to the program only when there is something.
            let ready = self.machine.host.ready(id);
            return Ok(if ready.readable { Outcome::Fails("EFAULT") } else { Outcome::Fails("EAGAIN") });
        }
        if wanted.has("MSG_OOB") {
            let byte = self.machine.with(|host, cx| host.tcp_with(id, cx, |connection, _| connection.recv_urgent()));
            return Ok(byte.map_or_else(Outcome::from, |_| Outcome::done(wanted.len.min(1) as i64)));
        }
        let (ready, queued) =
            (self.machine.host.ready(id), self.machine.host.tcp_info(id).map_or(0, |i| i.receive_queue));
        if wait && wanted.has("MSG_WAITALL") && queued < wanted.len && !ready.read_closed && !ready.failed {
            return Ok(Outcome::Blocks);
        }
        if wanted.has("MSG_PEEK") && queued > 0 {
            return Ok(Outcome::done(queued.min(wanted.len) as i64));
        }
        let mut read = 0;
        loop {
            match self.machine.with(|host, cx| host.tcp_recv(id, wanted.len - read, cx)) {
                Ok(data) if data.is_empty() => break,
                Ok(data) => {
                    read += data.len();
                    // An error that waits behind the data is for the next call.
                    let left = self.machine.host.tcp_info(id).map_or(0, |info| info.receive_queue);
                    if read >= wanted.len || left == 0 || self.machine.host.tcp_at_urgent(id) {
                        break;
                    }
                }
                Err(_) if read > 0 => break,
                Err(Errno::WouldBlock) if wait => return Ok(Outcome::Blocks),
                Err(error) => return Ok(error.into()),
            }
        }
        let problem = match self.message(call) {
            Some(message) => self.compare_received(socket, message)?,
            None => None,
        };
        Ok(Outcome::Returns(read as i64, problem))
    }

    fn read_udp(&mut self, id: SocketId, wanted: &Wanted, wait: bool) -> Called {
        match self.machine.with(|host, cx| host.udp_recv_from(id, cx)) {
            Ok(datagram) => Ok(Outcome::done(datagram.data.len().min(wanted.len) as i64)),
            Err(Errno::WouldBlock) if wait => Ok(Outcome::Blocks),
            Err(error) => Ok(error.into()),
        }
    }

    pub(super) fn call_write(&mut self, pending: &mut Pending) -> Called {
        let call = pending.call.clone();
        let fd = self.open_fd(&call, 0)?;
        let wanted = self.wanted(&call)?;
        match self.descriptors.open.get_mut(&fd) {
            Some(Descriptor::Socket(_)) => self.write_socket(fd, &wanted, pending),
            Some(&mut Descriptor::PipeEnd { pipe, write: true }) => self.descriptors.pipes[pipe].write(wanted.len),
            _ => Ok(Outcome::Fails("EBADF")),
        }
    }

    fn write_socket(&mut self, fd: i32, wanted: &Wanted, pending: &mut Pending) -> Called {
        self.check_flags(wanted.flags, SENDS)?;
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        let wait = !socket.nonblocking && !wanted.has("MSG_DONTWAIT");
        let (state, shares) = (socket.state, wanted.has("MSG_ZEROCOPY") && socket.errors.zerocopy);
        let fast = wanted.has("MSG_FASTOPEN") && socket.stream;
        let data = wanted.data.as_ref();
        let data = |from: usize| match data {
            Some(data) => Bytes::copy_from_slice(data.get(from..wanted.len.min(data.len())).unwrap_or_default()),
            None => Bytes::from(vec![0; wanted.len.saturating_sub(from)]),
        };
        let nowhere =
            matches!(pending.call.arguments.get(4).map(|a| &a.value), Some(Value::Word(name)) if name == "AF_UNSPEC");
        if fast && (nowhere || !self.fast_open_allowed()) {
            return Ok(Outcome::Fails("EOPNOTSUPP"));
        }
        let id = match state {
            SocketState::New if fast && !wanted.fault => {
                let result = self.write_opening(fd, data(0), wait, pending);
                self.wrote(fd, pending.done, pending, &result, shares);
                return result;
            }
            SocketState::Deferred if !wanted.fault => {
                let result = self.write_opening(fd, data(0), wait, pending);
                self.wrote(fd, pending.done, pending, &result, shares);
                return result;
            }
            SocketState::New | SocketState::Deferred if wanted.fault => return Ok(Outcome::Fails("EFAULT")),
            SocketState::Connected(id, _) => id,
            SocketState::Udp(id) => return self.write_udp(id, wanted),
            SocketState::New | SocketState::Deferred | SocketState::Listening(_) => return Ok(Outcome::Fails("EPIPE")),
        };
        if let Some(outcome) = self.write_while_opening(fd, fast && !pending.started, wait, pending) {
            return Ok(outcome);
        }
        if pending.started && pending.done >= wanted.len {
            return Ok(Outcome::done(pending.done as i64));
        }
        if wanted.fault && wanted.len > 0 {
            return Ok(Outcome::Fails("EFAULT"));
        }
        let flags = SendFlags {
            more: wanted.has("MSG_MORE"),
            end_of_record: wanted.has("MSG_EOR"),
            urgent: wanted.has("MSG_OOB"),
        };
        let before = pending.done;
        let result = if shares && wanted.parts.len() > SHARED_PARTS {
            self.send_shared(id, &wanted.parts, pending)
        } else {
            self.send_all(id, wanted.len, wait, flags, pending, data)
        };
        self.wrote(fd, pending.done - before, pending, &result, shares);
        result
    }

    /// Tells the error queue what a write has done.
    fn wrote(&mut self, fd: i32, len: usize, pending: &Pending, result: &Called, shares: bool) {
        let ends = pending.done > 0 && !matches!(result, Ok(Outcome::Blocks));
        if let Some(socket) = self.descriptors.socket(fd) {
            socket.errors.wrote(len, ends, shares);
        }
    }

    /// Memory that is shared goes out with so many stretches a packet.
    fn send_shared(&mut self, id: SocketId, parts: &[usize], pending: &mut Pending) -> Called {
        let mut groups = parts.chunks(SHARED_PARTS).map(|group| group.iter().sum::<usize>()).peekable();
        while let Some(len) = groups.next() {
            let flags = SendFlags { end_of_record: groups.peek().is_some(), ..SendFlags::default() };
            let body = Body::from(vec![0; len]);
            match self.machine.with(|host, cx| host.tcp_send_with(id, body, flags, cx)) {
                Ok(sent) => pending.done += sent,
                Err(_) if pending.done > 0 => break,
                Err(error) => return Ok(error.into()),
            }
        }
        Ok(Outcome::done(pending.done as i64))
    }

    /// Sends `len` bytes, as many as there is room for; waits for room if it may.
    pub(super) fn send_all(
        &mut self,
        id: SocketId,
        len: usize,
        wait: bool,
        flags: SendFlags,
        pending: &mut Pending,
        data: impl Fn(usize) -> Bytes,
    ) -> Called {
        if pending.waits_for_room {
            let ready = self.machine.host.ready(id);
            if !ready.writable {
                return Ok(Outcome::Blocks);
            }
            pending.waits_for_room = false;
        }
        loop {
            if pending.done > 0 && self.machine.host.tcp_send_room(id).is_err_and(|error| error != Errno::WouldBlock) {
                // The error is for the next call.
                break;
            }
            let part = Body::from(data(pending.done).to_vec());
            match self.machine.with(|host, cx| host.tcp_send_with(id, part, flags, cx)) {
                Ok(sent) => {
                    pending.done += sent;
                    if pending.done >= len || sent == 0 {
                        break;
                    }
                }
                Err(Errno::WouldBlock) if wait => {
                    pending.waits_for_room = true;
                    return Ok(Outcome::Blocks);
                }
                Err(_) if pending.done > 0 => break,
                Err(error) => return Ok(error.into()),
            }
        }
        Ok(Outcome::done(pending.done as i64))
    }

    fn write_udp(&mut self, id: SocketId, wanted: &Wanted) -> Called {
        let data = Body::from(vec![0; wanted.len]);
        match self.machine.with(|host, cx| host.udp_send(id, data, cx)) {
            Ok(()) => Ok(Outcome::done(wanted.len as i64)),
            Err(error) => Ok(error.into()),
        }
    }
}
