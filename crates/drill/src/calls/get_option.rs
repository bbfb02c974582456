//! `getsockopt`, `fcntl` and `ioctl`.

use super::options::seconds_until;
use super::set_option::call_option;
use super::{Called, Outcome, SocketState};
use crate::run::{Runner, Stop};
use crate::script::Call;
use crate::symbols::number;

impl Runner<'_> {
    pub(super) fn call_getsockopt(&mut self, call: &Call) -> Called {
        self.arguments(call, 5)?;
        let Some(fd) = self.socket_fd(call, 0)? else { return Ok(Outcome::Fails("ENOTSOCK")) };
        let (level, option) = (self.number(call, 1)?, self.number(call, 2)?);
        let Some(is) = self.get_option(fd, level, option)? else {
            return Err(Stop::unsupported(format!("the socket option {}", call_option(call))));
        };
        let expected = self.number(call, 3)?;
        let problem = (is as i32 != expected as i32).then(|| format!("getsockopt gives {is}, expected {expected}"));
        Ok(Outcome::Returns(0, problem))
    }

    fn get_option(&mut self, fd: i32, level: i64, option: i64) -> Result<Option<i64>, Stop> {
        let named = |name: &str| number(name) == Some(option);
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(None) };
        let (state, options, zerocopy) = (socket.state, socket.options.clone(), socket.errors.zerocopy);
        let live = state.id().and_then(|id| self.machine.host.tcp_info(id));
        Ok(match level {
            0 if named("IP_TOS") => Some(options.tos),
            41 if named("IPV6_TCLASS") => Some(options.tos),
            0 if named("IP_MTU_DISCOVER") => Some(options.mtu_discover),
            41 if named("IPV6_MTU_DISCOVER") => Some(options.mtu_discover),
            0 if named("IP_RECVERR") => Some(options.keeps_errors.into()),
            41 if named("IPV6_RECVERR") => Some(options.keeps_errors.into()),
            0 if named("IP_FREEBIND") => Some(options.free_bind.into()),
            1 if named("SO_ERROR") => {
                let SocketState::Connected(id, _) = state else { return Ok(Some(0)) };
                let error =
                    self.machine.with(|host, cx| host.tcp_with(id, cx, |connection, _| Ok(connection.take_error())));
                Some(error.ok().flatten().map_or(0, |error| number(crate::symbols::errno(error)).unwrap_or(0)))
            }
            1 if named("SO_REUSEADDR") => Some(i64::from(options.reuse_address)),
            1 if named("SO_SNDBUF") => Some(options.send_buffer.unwrap_or(options.defaults.0) as i64),
            1 if named("SO_RCVBUF") => Some(options.receive_buffer.unwrap_or(options.defaults.1) as i64),
            1 if named("SO_KEEPALIVE") => Some(i64::from(options.keepalive)),
            1 if named("SO_ACCEPTCONN") => Some(i64::from(matches!(state, SocketState::Listening(_)))),
            1 if named("SO_TYPE") => Some(1),
            1 if named("SO_ZEROCOPY") => Some(i64::from(zerocopy)),
            6 if named("TCP_NODELAY") => Some(i64::from(options.nodelay)),
            6 if named("TCP_CORK") => Some(i64::from(options.cork)),
            6 if named("TCP_INQ") => Some(i64::from(options.inq)),
            6 if named("TCP_NOTSENT_LOWAT") => Some(options.notsent_low_water.into()),
            6 if named("TCP_FASTOPEN_CONNECT") => Some(i64::from(options.fast_open_connect)),
            6 if named("TCP_MAXSEG") => Some(match (live, options.maxseg) {
                (Some(info), _) => info.mss.into(),
                (None, Some(maxseg)) => maxseg.into(),
                (None, None) => 536,
            }),
            6 if named("TCP_USER_TIMEOUT") => Some(options.user_timeout as i64),
            6 if named("TCP_KEEPIDLE") => Some(options.keep.idle.as_millis() / 1000),
            6 if named("TCP_KEEPINTVL") => Some(options.keep.interval.as_millis() / 1000),
            6 if named("TCP_KEEPCNT") => Some(options.keep.probes.into()),
            6 if named("TCP_LINGER2") => Some(match options.linger2 {
                0 => self.kernel.number("tcp_fin_timeout") as i64,
                seconds => seconds,
            }),
            6 if named("TCP_DEFER_ACCEPT") => Some(seconds_until(options.defer_accept)),
            6 if named("TCP_SYNCNT") => {
                Some(options.syn_retries.map_or(self.kernel.number("tcp_syn_retries") as i64, i64::from))
            }
            _ => None,
        })
    }

    pub(super) fn call_fcntl(&mut self, call: &Call) -> Called {
        let fd = self.open_fd(call, 0)?;
        let nonblock = number("O_NONBLOCK").unwrap_or(0);
        match self.number(call, 1)? {
            3 => {
                let flags = match self.descriptors.socket(fd) {
                    Some(socket) => 2 | if socket.nonblocking { nonblock } else { 0 },
                    None => 0,
                };
                Ok(Outcome::done(flags))
            }
            4 => {
                let nonblocking = self.number(call, 2)? & nonblock != 0;
                match self.descriptors.socket(fd) {
                    Some(socket) => socket.nonblocking = nonblocking,
                    None => return Err(Stop::unsupported("F_SETFL of something that is no socket")),
                }
                Ok(Outcome::done(0))
            }
            other => Err(Stop::unsupported(format!("the fcntl command {other}"))),
        }
    }

    pub(super) fn call_ioctl(&mut self, call: &Call) -> Called {
        let request = self.number(call, 1)?;
        let Some(id) = self.connection(call, 0)? else { return Ok(Outcome::Fails("EINVAL")) };
        let Some(info) = self.machine.host.tcp_info(id) else { return Ok(Outcome::Fails("EINVAL")) };
        let is = match request {
            0x541B => info.receive_queue,
            0x5411 => info.send_queue,
            other => return Err(Stop::unsupported(format!("the ioctl request {other:#x}"))),
        };
        let expected = self.number(call, 2)?;
        let problem = (is as i64 != expected).then(|| format!("ioctl gives {is}, expected {expected}"));
        Ok(Outcome::Returns(0, problem))
    }
}
