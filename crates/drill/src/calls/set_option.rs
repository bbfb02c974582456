//! `setsockopt`.

use base::Duration;

use super::arguments::{field, only};
use super::options::{LEAST, timeouts_within};
use super::{Called, Descriptor, Outcome, SocketState};
use crate::run::{Runner, Stop};
use crate::script::{Call, Value};
use crate::symbols::number;

impl Runner<'_> {
    pub(super) fn call_setsockopt(&mut self, call: &Call) -> Called {
        self.arguments(call, 5)?;
        let Some(fd) = self.socket_fd(call, 0)? else { return Ok(Outcome::Fails("ENOTSOCK")) };
        let (level, option) = (self.number(call, 1)?, self.number(call, 2)?);
        let argument = self.argument(call, 3)?;
        let named = |name: &str| number(name) == Some(option);
        if level == 1 && named("SO_LINGER") {
            only(argument, "a time to linger", &["onoff", "linger"])?;
            let part = |name: &str| field(argument, name).map_or(Ok(0), |value| self.integer(value));
            let linger = (part("onoff")? != 0).then_some(part("linger")?);
            if let Some(socket) = self.descriptors.socket(fd) {
                socket.options.linger = linger;
            }
            return Ok(Outcome::done(0));
        }
        if level == 6 && named("TCP_CONGESTION") {
            return self.set_congestion(call, fd);
        }
        if level == 6 && named("TCP_FASTOPEN_KEY") {
            return self.set_fast_open_key(call, fd);
        }
        let value = match &argument.value {
            Value::List(_) | Value::Integer(_) | Value::Word(_) | Value::Or(..) => self.number(call, 3)?,
            _ => return Err(Stop::unsupported("this value of a socket option")),
        };
        self.set_option(fd, level, option, value, call)
    }

    fn set_option(&mut self, fd: i32, level: i64, option: i64, value: i64, call: &Call) -> Called {
        let name = |names: &[&'static str]| names.iter().copied().find(|name| number(name) == Some(option));
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        let live = match socket.state {
            SocketState::Connected(id, _) => Some(id),
            _ => None,
        };
        let options = &mut socket.options;
        let unknown = || Stop::unsupported(format!("the socket option {}", call_option(call)));
        match level {
            1 => match name(&[
                "SO_REUSEADDR",
                "SO_SNDBUF",
                "SO_RCVBUF",
                "SO_KEEPALIVE",
                "SO_OOBINLINE",
                "SO_MARK",
                "SO_PRIORITY",
                "SO_ZEROCOPY",
                "SO_TIMESTAMPING",
            ]) {
                Some("SO_REUSEADDR") => options.reuse_address = value != 0,
                // Marks and priorities are for a machine's own queues: nobody sees them on the wire.
                Some("SO_MARK" | "SO_PRIORITY") => {}
                Some("SO_ZEROCOPY") => {
                    if !(0..=1).contains(&value) {
                        return Ok(Outcome::Fails("EINVAL"));
                    }
                    socket.errors.zerocopy = value != 0;
                }
                Some("SO_TIMESTAMPING") => socket.errors.set_stamping(value),
                Some("SO_SNDBUF") => {
                    // Linux doubles what is asked for (socket(7)).
                    let bytes = (value.max(0) as usize).min(options.limits.0).saturating_mul(2).max(LEAST.0);
                    options.send_buffer = Some(bytes);
                    self.on_connection(live, |connection, cx| connection.set_send_buffer(bytes, cx))?;
                }
                Some("SO_RCVBUF") => {
                    let bytes = (value.max(0) as usize).min(options.limits.1).saturating_mul(2).max(LEAST.1);
                    options.receive_buffer = Some(bytes);
                    self.on_connection(live, |connection, _| connection.set_receive_buffer(bytes))?;
                }
                Some("SO_KEEPALIVE") => {
                    options.keepalive = value != 0;
                    self.apply_keepalive(fd)?;
                }
                Some("SO_OOBINLINE") => {
                    if live.is_none() {
                        return Err(Stop::unsupported("SO_OOBINLINE before a connection"));
                    }
                    self.on_connection(live, |connection, _| connection.set_urgent_inline(value != 0))?;
                }
                _ => return Err(unknown()),
            },
            6 => match name(&[
                "TCP_NODELAY",
                "TCP_MAXSEG",
                "TCP_USER_TIMEOUT",
                "TCP_KEEPIDLE",
                "TCP_KEEPINTVL",
                "TCP_KEEPCNT",
                "TCP_SYNCNT",
                "TCP_LINGER2",
                "TCP_DEFER_ACCEPT",
                "TCP_FASTOPEN",
                "TCP_FASTOPEN_NO_COOKIE",
                "TCP_FASTOPEN_CONNECT",
                "TCP_INQ",
                "TCP_CORK",
                "TCP_NOTSENT_LOWAT",
            ]) {
                Some("TCP_FASTOPEN") => {
                    if value < 0 || live.is_some() {
                        return Ok(Outcome::Fails("EINVAL"));
                    }
                    options.fast_open = Some(value as usize);
                    self.apply_fast_open();
                }
                Some("TCP_FASTOPEN_NO_COOKIE") => {
                    options.fast_open_without_cookie = value != 0;
                    self.apply_fast_open();
                }
                Some("TCP_FASTOPEN_CONNECT") => {
                    if !(0..=1).contains(&value) || live.is_some() {
                        return Ok(Outcome::Fails("EINVAL"));
                    }
                    if self.kernel.number("tcp_fastopen") & 1 == 0 {
                        return Ok(Outcome::Fails("EOPNOTSUPP"));
                    }
                    options.fast_open_connect = value != 0;
                }
                Some("TCP_INQ") => {
                    if !(0..=1).contains(&value) {
                        return Ok(Outcome::Fails("EINVAL"));
                    }
                    options.inq = value != 0;
                }
                Some("TCP_CORK") => {
                    options.cork = value != 0;
                    self.on_connection(live, |connection, cx| connection.set_cork(value != 0, cx))?;
                }
                Some("TCP_NOTSENT_LOWAT") => {
                    options.notsent_low_water = value as u32;
                    let low = options.config(self.kernel.tcp()).notsent_low_water;
                    self.on_connection(live, |connection, _| connection.set_notsent_low_water(low))?;
                }
                Some("TCP_NODELAY") => {
                    options.nodelay = value != 0;
                    self.on_connection(live, |connection, cx| connection.set_nodelay(value != 0, cx))?;
                }
                Some("TCP_MAXSEG") => {
                    if value != 0 && !(88..=32_767).contains(&value) {
                        return Ok(Outcome::Fails("EINVAL"));
                    }
                    options.maxseg = (value != 0).then_some(value as u16);
                }
                Some("TCP_USER_TIMEOUT") => {
                    if value < 0 {
                        return Ok(Outcome::Fails("EINVAL"));
                    }
                    options.user_timeout = value as u64;
                    let timeout = (value > 0).then(|| Duration::from_millis(value));
                    self.on_connection(live, |connection, _| connection.set_user_timeout(timeout))?;
                }
                Some(keep @ ("TCP_KEEPIDLE" | "TCP_KEEPINTVL" | "TCP_KEEPCNT")) => {
                    if !(1..=32_767).contains(&value) {
                        return Ok(Outcome::Fails("EINVAL"));
                    }
                    match keep {
                        "TCP_KEEPIDLE" => options.keep.idle = Duration::from_secs(value),
                        "TCP_KEEPINTVL" => options.keep.interval = Duration::from_secs(value),
                        _ => options.keep.probes = value.min(127) as u32,
                    }
                    self.apply_keepalive(fd)?;
                }
                Some("TCP_LINGER2") => {
                    options.linger2 = value.clamp(-1, 120);
                    let span = options.fin_wait(self.kernel.tcp().fin_wait_2);
                    self.on_connection(live, |connection, _| connection.set_fin_wait(span))?;
                }
                // For connections that begin from now on.
                Some("TCP_DEFER_ACCEPT") => options.defer_accept = timeouts_within(value),
                Some("TCP_SYNCNT") => {
                    if !(1..=127).contains(&value) {
                        return Ok(Outcome::Fails("EINVAL"));
                    }
                    options.syn_retries = Some(value as u32);
                    self.on_connection(live, |connection, _| connection.set_syn_retries(value as u32))?;
                }
                _ => return Err(unknown()),
            },
            0 | 41 => return self.set_ip_option(fd, level, option, value, call),
            _ => return Err(unknown()),
        }
        self.apply_to_listener(fd);
        Ok(Outcome::done(0))
    }

    /// What is set on a listener holds for the connections that it opens from now on.
    pub(super) fn apply_to_listener(&mut self, fd: i32) {
        let base = self.kernel.tcp();
        let Some(socket) = self.descriptors.socket(fd) else { return };
        let SocketState::Listening(id) = socket.state else { return };
        let config = socket.options.config(base);
        let _ = self.machine.host.tcp_set_listener(id, config);
    }

    fn apply_keepalive(&mut self, fd: i32) -> Result<(), Stop> {
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(()) };
        let keepalive = socket.options.keepalive.then_some(socket.options.keep);
        let SocketState::Connected(id, _) = socket.state else { return Ok(()) };
        self.on_connection(Some(id), |connection, cx| connection.set_keepalive(keepalive, cx))
    }

    /// Does something to a connection, if there is one.
    pub(crate) fn on_connection(
        &mut self,
        id: Option<host::SocketId>,
        act: impl FnOnce(&mut tcp::Connection, &mut trace::Cx<'_>),
    ) -> Result<(), Stop> {
        if let Some(id) = id {
            let _ = self.machine.with(|host, cx| {
                host.tcp_with(id, cx, |connection, cx| {
                    act(connection, cx);
                    Ok(())
                })
            });
        }
        Ok(())
    }

    /// A key of 16 bytes, or two.
    fn set_fast_open_key(&mut self, call: &Call, fd: i32) -> Called {
        let len = self.number(call, 4)?;
        let Value::Text(keys) = &self.argument(call, 3)?.value else { return Ok(Outcome::Fails("EFAULT")) };
        let key = |from: usize| keys.get(from..from + 16).and_then(|key| key.try_into().ok());
        let keys = match (len, key(0), key(16)) {
            (16, Some(key), _) => (key, None),
            (32, Some(key), Some(second)) => (key, Some(second)),
            _ => return Ok(Outcome::Fails("EINVAL")),
        };
        if let Some(socket) = self.descriptors.socket(fd) {
            socket.options.fast_open_keys = Some(keys);
        }
        self.apply_fast_open();
        Ok(Outcome::done(0))
    }

    /// Tells all listeners how they take Fast Open, after the machine's settings and their own (Linux
    /// `tcp_try_fastopen`, `inet_listen`).
    pub(crate) fn apply_fast_open(&mut self) {
        const SERVER: u64 = 0x2;
        const WITHOUT_COOKIE: u64 = 0x200;
        const EVERY_LISTENER: u64 = 0x400;
        let flags = self.kernel.number("tcp_fastopen");
        let key = self.kernel.fast_open_key();
        for descriptor in self.descriptors.open.values_mut() {
            let Descriptor::Socket(socket) = descriptor else { continue };
            let SocketState::Listening(id) = socket.state else { continue };
            let options = &mut socket.options;
            if flags & (SERVER | EVERY_LISTENER) == SERVER | EVERY_LISTENER && options.fast_open.is_none_or(|n| n == 0)
            {
                options.fast_open = Some(options.backlog);
            }
            let server = options.fast_open.filter(|_| flags & SERVER != 0).map(|queue| tcp::FastOpenServer {
                keys: options.fast_open_keys.unwrap_or((key, None)),
                without_cookie: flags & WITHOUT_COOKIE != 0 || options.fast_open_without_cookie,
                queue,
            });
            let _ = self.machine.host.tcp_set_fast_open(id, server);
        }
    }

    fn set_congestion(&mut self, call: &Call, fd: i32) -> Called {
        let Value::Text(wanted) = &self.argument(call, 3)?.value else {
            return Err(Stop::Invalid("TCP_CONGESTION needs a name".to_owned()));
        };
        let wanted = String::from_utf8_lossy(wanted).trim_end_matches('\0').to_owned();
        let Some(kind) = tcp::CongestionKind::named(&wanted) else {
            return Err(Stop::unsupported(format!("the stack has no congestion control {wanted}")));
        };
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        socket.options.congestion = Some(kind);
        let live = match socket.state {
            SocketState::Connected(id, _) => Some(id),
            _ => None,
        };
        self.on_connection(live, |connection, _| connection.set_congestion(kind))?;
        self.apply_to_listener(fd);
        Ok(Outcome::done(0))
    }
}

/// The option of a call as its script names it.
pub(super) fn call_option(call: &Call) -> String {
    let name = |i: usize| match call.arguments.get(i).map(|argument| &argument.value) {
        Some(Value::Word(name)) => name.clone(),
        Some(Value::Integer(n)) => n.to_string(),
        _ => "?".to_owned(),
    };
    format!("{} {}", name(1), name(2))
}
