//! Files and pipes, as far as sockets are fed from them.

use std::path::PathBuf;

use bytes::Bytes;
use tcp::SendFlags;

use super::{Called, Descriptor, Outcome, Pending, SocketState};
use crate::run::{Runner, Stop};
use crate::script::{Call, Value};

/// An open file.
pub(crate) struct File {
    content: Bytes,
    at: usize,
}

/// A pipe: how much is in it, and whether its ends are open.
#[derive(Default)]
pub(crate) struct Pipe {
    held: usize,
    no_reader: bool,
    no_writer: bool,
}

/// What a pipe takes (Linux: sixteen pages).
const PIPE: usize = 65_536;

impl Pipe {
    pub(super) fn read(&mut self, len: usize, wait: bool) -> Called {
        let taken = self.held.min(len);
        self.held -= taken;
        Ok(match taken {
            0 if len > 0 && !self.no_writer => {
                if wait {
                    Outcome::Blocks
                } else {
                    Outcome::Fails("EAGAIN")
                }
            }
            taken => Outcome::done(taken as i64),
        })
    }
    pub(super) fn write(&mut self, len: usize) -> Called {
        if self.no_reader {
            return Ok(Outcome::Fails("EPIPE"));
        }
        let taken = (PIPE - self.held).min(len);
        self.held += taken;
        Ok(if taken == 0 && len > 0 { Outcome::Fails("EAGAIN") } else { Outcome::done(taken as i64) })
    }
}

impl Runner<'_> {
    pub(super) fn call_open(&mut self, call: &Call) -> Called {
        let Value::Text(path) = &self.argument(call, 0)?.value else {
            return Err(Stop::Invalid("open needs a path".to_owned()));
        };
        let path = PathBuf::from(String::from_utf8_lossy(path).into_owned());
        match self.files.iter().rev().find(|(made, _)| *made == path) {
            Some((_, content)) => {
                let content = Bytes::from(content.clone());
                self.assign(call, Descriptor::File(File { content, at: 0 }))
            }
            None => Ok(Outcome::Fails("ENOENT")),
        }
    }

    pub(super) fn call_sendfile(&mut self, pending: &mut Pending) -> Called {
        let call = pending.call.clone();
        self.arguments(&call, 4)?;
        let Some(id) = self.connection(&call, 0)? else { return Ok(Outcome::Fails("ENOTCONN")) };
        let from = self.open_fd(&call, 1)?;
        let offset = match &self.argument(&call, 2)?.value {
            Value::List(_) => Some(usize::try_from(self.number(&call, 2)?).unwrap_or(0)),
            _ => None,
        };
        let len = usize::try_from(self.number(&call, 3)?).unwrap_or(0);
        let Some(Descriptor::File(file)) = self.descriptors.get(from) else { return Ok(Outcome::Fails("EINVAL")) };
        let start = offset.unwrap_or(file.at).min(file.content.len());
        let content = file.content.slice(start..(start + len).min(file.content.len()));
        let fd = self.fd(&call, 0)?;
        let wait = self.descriptors.socket(fd).is_some_and(|socket| !socket.nonblocking);
        let result =
            self.send_all(id, content.len(), wait, SendFlags::default(), pending, |done| content.slice(done..))?;
        if offset.is_none()
            && let Outcome::Returns(sent, _) = result
            && let Some(Descriptor::File(file)) = self.descriptors.open.get_mut(&from)
        {
            file.at += sent as usize;
        }
        Ok(result)
    }

    pub(super) fn call_pipe(&mut self, call: &Call) -> Called {
        let Value::List(ends) = &self.argument(call, 0)?.value else {
            return Err(Stop::Invalid("pipe needs two descriptors: `pipe([5, 6])`".to_owned()));
        };
        let [reader, writer] = &ends[..] else {
            return Err(Stop::Invalid("pipe needs two descriptors: `pipe([5, 6])`".to_owned()));
        };
        let fds = [(self.integer(reader)?, false), (self.integer(writer)?, true)];
        self.descriptors.pipes.push(Pipe::default());
        let pipe = self.descriptors.pipes.len() - 1;
        for (fd, write) in fds {
            let fd = i32::try_from(fd).map_err(|_| Stop::Invalid("this is no descriptor".to_owned()))?;
            if self.descriptors.open.insert(fd, Descriptor::PipeEnd { pipe, write }).is_some() {
                return Err(Stop::Invalid(format!("the descriptor {fd} is open already")));
            }
        }
        Ok(Outcome::done(0))
    }

    /// `splice(from, NULL, to, NULL, length, flags)` between a connection and a pipe.
    pub(super) fn call_splice(&mut self, pending: &mut Pending) -> Called {
        let call = pending.call.clone();
        self.arguments(&call, 6)?;
        let (from, to) = (self.open_fd(&call, 0)?, self.open_fd(&call, 2)?);
        let len = usize::try_from(self.number(&call, 4)?).unwrap_or(0);
        let wait_pipe = self.number(&call, 5)? & crate::symbols::number("SPLICE_F_NONBLOCK").unwrap_or(0) == 0;
        match (self.descriptors.get(from), self.descriptors.get(to)) {
            (Some(Descriptor::Socket(socket)), Some(&Descriptor::PipeEnd { pipe, write: true })) => {
                let SocketState::Connected(id, _) = socket.state else { return Ok(Outcome::Fails("ENOTCONN")) };
                let wait = !socket.nonblocking && wait_pipe;
                let room = PIPE - self.descriptors.pipes[pipe].held;
                // As on Linux it does not get past the urgent byte.
                if self.machine.host.ready(id).readable && self.machine.host.tcp_at_urgent(id) {
                    return Ok(Outcome::done(0));
                }
                match self.machine.with(|host, cx| host.tcp_recv(id, len.min(room), cx)) {
                    Ok(data) => {
                        self.descriptors.pipes[pipe].held += data.len();
                        Ok(Outcome::done(data.len() as i64))
                    }
                    Err(tcp::Errno::WouldBlock) if wait => Ok(Outcome::Blocks),
                    Err(error) => Ok(error.into()),
                }
            }
            (Some(&Descriptor::PipeEnd { pipe, write: false }), Some(Descriptor::Socket(socket))) => {
                let SocketState::Connected(id, _) = socket.state else { return Ok(Outcome::Fails("ENOTCONN")) };
                let wait = !socket.nonblocking && wait_pipe;
                let held = self.descriptors.pipes[pipe].held.min(len);
                if held == 0 {
                    return self.descriptors.pipes[pipe].read(len, wait);
                }
                let result = self.send_all(id, held, wait, SendFlags::default(), pending, |done| {
                    Bytes::from(vec![0; held - done])
                })?;
                if let Outcome::Returns(sent, _) = result {
                    self.descriptors.pipes[pipe].held -= sent as usize;
                }
                Ok(result)
            }
            _ => Ok(Outcome::Fails("EINVAL")),
        }
    }

    pub(super) fn close_pipe(&mut self, pipe: usize, write: bool) {
        let pipe = &mut self.descriptors.pipes[pipe];
        *(if write { &mut pipe.no_writer } else { &mut pipe.no_reader }) = true;
    }
}
