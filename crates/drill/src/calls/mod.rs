//! System calls: what a program on the machine does.

mod arguments;
mod connect;
mod errors;
mod fast_open;
mod figures;
mod files;
mod get_option;
mod ip_options;
mod options;
mod poll;
mod set_option;
mod transfer;

use std::collections::BTreeMap;

use base::{Duration, Instant};
use host::SocketId;
use tcp::Errno;

use crate::error::Span;
use crate::run::{Runner, Stop, seconds};
use crate::script::Call;
use crate::symbols;

use errors::Errors;
pub(crate) use figures::state_number;
use files::{File, Pipe};
use options::SocketOptions;
use poll::Epoll;

/// What a descriptor stands for.
pub(crate) enum Descriptor {
    Socket(Box<Socket>),
    Epoll(Epoll),
    File(File),
    PipeEnd { pipe: usize, write: bool },
}

/// A socket as its program sees it.
pub(crate) struct Socket {
    pub(crate) stream: bool,
    pub(crate) nonblocking: bool,
    pub(crate) bound: Option<u16>,
    pub(crate) state: SocketState,
    pub(crate) options: SocketOptions,
    pub(crate) errors: Errors,
    /// The flow of packets that it is, in [`Runner::flows`].
    pub(crate) flow: usize,
}

/// How far a socket has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SocketState {
    New,
    /// `connect` waits for the first write (TCP_FASTOPEN_CONNECT).
    Deferred,
    Listening(SocketId),
    /// A connection; `connect` has said so or not yet.
    Connected(SocketId, bool),
    Udp(SocketId),
}

impl SocketState {
    /// The host's number for it.
    pub(crate) fn id(self) -> Option<SocketId> {
        match self {
            SocketState::New | SocketState::Deferred => None,
            SocketState::Listening(id) | SocketState::Connected(id, _) | SocketState::Udp(id) => Some(id),
        }
    }
}

/// The descriptors of the program, by the script's numbers, and what stands behind them.
#[derive(Default)]
pub(crate) struct Descriptors {
    open: BTreeMap<i32, Descriptor>,
    pipes: Vec<Pipe>,
}

impl Descriptors {
    /// All connections.
    pub(crate) fn connections(&self) -> Vec<SocketId> {
        let connection = |descriptor: &Descriptor| match descriptor {
            Descriptor::Socket(socket) => match socket.state {
                SocketState::Connected(id, _) => Some(id),
                _ => None,
            },
            _ => None,
        };
        self.open.values().filter_map(connection).collect()
    }
    pub(crate) fn get(&self, fd: i32) -> Option<&Descriptor> {
        self.open.get(&fd)
    }
    pub(crate) fn socket(&mut self, fd: i32) -> Option<&mut Socket> {
        match self.open.get_mut(&fd) {
            Some(Descriptor::Socket(socket)) => Some(socket),
            _ => None,
        }
    }
}

/// A call that has begun and may not have returned.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) call: Call,
    pub(crate) span: Span,
    began: Instant,
    /// When it has to return, if the script says so.
    ends: Option<Instant>,
    /// Bytes that it has moved so far.
    done: usize,
    /// It has done what it does once: started to connect.
    started: bool,
    /// It found no room: it goes on once the program would be told that there is.
    waits_for_room: bool,
    /// When it gives up waiting; [`Instant::NEVER`] if it does not.
    pub(crate) wake: Instant,
}

impl Pending {
    pub(crate) fn new(call: &Call, span: Span, now: Instant, base: Instant) -> Pending {
        let ends = call.end.map(|end| base + end);
        Pending {
            call: call.clone(),
            span,
            began: now,
            ends,
            done: 0,
            started: false,
            waits_for_room: false,
            wake: Instant::NEVER,
        }
    }
}

/// How a call goes on.
pub(crate) enum Outcome {
    /// It returns a number; what it wrote to its arguments is not what the script says.
    Returns(i64, Option<String>),
    /// It fails with an error.
    Fails(&'static str),
    /// It waits.
    Blocks,
}

impl Outcome {
    fn done(result: i64) -> Outcome {
        Outcome::Returns(result, None)
    }
}

impl From<Errno> for Outcome {
    fn from(error: Errno) -> Outcome {
        Outcome::Fails(symbols::errno(error))
    }
}

type Called = Result<Outcome, Stop>;

impl Runner<'_> {
    /// Begins a call. One that may block goes on beside the script; one that may not must return.
    pub(crate) fn begin(&mut self, pending: Pending) -> Result<(), Stop> {
        let may_block = pending.call.end.is_some();
        self.pending = Some(pending);
        self.retry()?;
        if self.pending.is_some() && !may_block {
            self.await_call(Duration::from_secs(600))?;
        }
        Ok(())
    }

    /// Tries the pending call again.
    pub(crate) fn retry(&mut self) -> Result<(), Stop> {
        self.note_errors();
        let Some(mut pending) = self.pending.take() else { return Ok(()) };
        let outcome = self.attempt(&mut pending)?;
        self.note_errors();
        match outcome {
            Outcome::Blocks => {
                self.pending = Some(pending);
                Ok(())
            }
            Outcome::Returns(result, problem) => self.returned(&pending, result, None, problem),
            Outcome::Fails(error) => self.returned(&pending, -1, Some(error), None),
        }
    }

    /// Compares what a call has returned with what the script says.
    fn returned(
        &mut self,
        pending: &Pending,
        result: i64,
        error: Option<&str>,
        problem: Option<String>,
    ) -> Result<(), Stop> {
        let call = &pending.call;
        let name = &call.name;
        let expected = self.integer(&call.result)?;
        let gives_descriptor =
            matches!(name.as_str(), "socket" | "accept" | "accept4" | "open" | "epoll_create" | "epoll_create1");
        let fits = if gives_descriptor && expected >= 0 { result >= 0 } else { result == expected };
        let with = error.map_or(String::new(), |error| format!(" {error}"));
        if !fits {
            return Err(Stop::failed(format!(
                "{name} returns {result}{with}, expected {expected}{}",
                match &call.errno {
                    Some(errno) => format!(" {errno}"),
                    None => String::new(),
                }
            )));
        }
        if let Some(wanted) = &call.errno {
            let number =
                symbols::number(wanted).ok_or_else(|| Stop::Invalid(format!("`{wanted}` is no error's name")))?;
            if error.and_then(symbols::number) != Some(number) {
                return Err(Stop::failed(format!(
                    "{name} fails with {}, expected {wanted}",
                    error.unwrap_or("no error")
                )));
            }
        }
        if let Some(problem) = problem {
            return Err(Stop::failed(problem));
        }
        if let Some(ends) = pending.ends {
            let tolerance = self.tolerance(ends.since(pending.began));
            let off = self.machine.now.since(ends).abs();
            if off > tolerance {
                let (wanted, is) = (seconds(ends), seconds(self.machine.now));
                return Err(Stop::failed(format!(
                    "time: {name} is expected to return at {wanted} and returns at {is}"
                )));
            }
        }
        Ok(())
    }

    fn attempt(&mut self, pending: &mut Pending) -> Called {
        match pending.call.name.as_str() {
            "socket" => self.call_socket(&pending.call),
            "bind" => self.call_bind(&pending.call),
            "listen" => self.call_listen(&pending.call),
            "accept" | "accept4" => self.call_accept(&pending.call),
            "connect" => self.call_connect(pending),
            "shutdown" => self.call_shutdown(&pending.call),
            "close" => self.call_close(&pending.call),
            "read" | "recv" | "recvfrom" | "readv" | "recvmsg" => self.call_read(pending),
            "write" | "send" | "sendto" | "writev" | "sendmsg" => self.call_write(pending),
            "fcntl" => self.call_fcntl(&pending.call),
            "ioctl" => self.call_ioctl(&pending.call),
            "setsockopt" => self.call_setsockopt(&pending.call),
            "getsockopt" => self.call_getsockopt(&pending.call),
            "poll" => self.call_poll(pending),
            "epoll_create" | "epoll_create1" => self.call_epoll_create(&pending.call),
            "epoll_ctl" => self.call_epoll_ctl(&pending.call),
            "epoll_wait" => self.call_epoll_wait(pending),
            "open" => self.call_open(&pending.call),
            "sendfile" => self.call_sendfile(pending),
            "pipe" => self.call_pipe(&pending.call),
            "splice" => self.call_splice(pending),
            other => Err(Stop::unsupported(format!("the system call {other} is not known"))),
        }
    }
}
