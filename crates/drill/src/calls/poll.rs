//! `poll` and `epoll`.

use std::collections::VecDeque;

use base::{Duration, Instant};

use super::arguments::{field, only};
use super::{Called, Descriptor, Outcome, Pending, SocketState};
use crate::run::{Runner, Stop};
use crate::script::{Call, Value};

const IN: u32 = 1;
const OUT: u32 = 4;
const ERR: u32 = 8;
const HUP: u32 = 0x10;
const RDNORM: u32 = 0x40;
const WRNORM: u32 = 0x100;
const RDHUP: u32 = 0x2000;
const ONE_SHOT: u32 = 1 << 30;
const EDGE: u32 = 1 << 31;
/// What is told whether it was asked for or not.
const ALWAYS: u32 = ERR | HUP;

/// An epoll instance.
#[derive(Default)]
pub(crate) struct Epoll {
    watches: Vec<Watch>,
    /// Descriptors that something has happened to, in order.
    ready: VecDeque<i32>,
}

struct Watch {
    fd: i32,
    events: u32,
    data: u64,
    /// A one-shot watch that has been told about.
    spent: bool,
}

impl Runner<'_> {
    /// What `poll` says of a descriptor now (Linux `tcp_poll`).
    pub(super) fn mask(&mut self, fd: i32) -> u32 {
        let state = match self.descriptors.get(fd) {
            Some(Descriptor::Socket(socket)) => socket.state,
            Some(_) => return IN | OUT,
            None => return 0x20,
        };
        let Some(id) = state.id() else {
            return if state == SocketState::Deferred { OUT | WRNORM } else { OUT | WRNORM | HUP };
        };
        let told = matches!(self.descriptors.get(fd), Some(Descriptor::Socket(socket)) if socket.errors.any())
            || self.machine.host.tcp_icmp_report(id).is_some();
        let ready = self.machine.host.ready(id);
        let mut mask = 0;
        if let SocketState::Listening(_) = state {
            return if ready.readable { IN | RDNORM } else { 0 };
        }
        if ready.readable {
            mask |= IN | RDNORM;
        }
        if ready.read_closed {
            mask |= IN | RDNORM | RDHUP;
        }
        if ready.writable {
            mask |= OUT | WRNORM;
        }
        if ready.failed || told {
            mask |= ERR;
        }
        let closed = self.machine.host.tcp_info(id).is_some_and(|info| info.state == tcp::State::CLOSED);
        if closed || (ready.read_closed && ready.write_closed) {
            mask |= HUP;
        }
        mask
    }

    /// When a call that waits so many milliseconds gives up.
    fn deadline(began: Instant, timeout: i64) -> Instant {
        if timeout < 0 { Instant::NEVER } else { began + Duration::from_millis(timeout) }
    }

    pub(super) fn call_poll(&mut self, pending: &mut Pending) -> Called {
        let call = pending.call.clone();
        self.arguments(&call, 3)?;
        let Value::List(entries) = &self.argument(&call, 0)?.value else {
            return Err(Stop::Invalid("poll needs a list of `{fd=, events=, revents=}`".to_owned()));
        };
        let missing = || Stop::Invalid("an entry of poll is `{fd=3, events=POLLIN, revents=POLLIN}`".to_owned());
        let (mut count, mut problem) = (0, None);
        for entry in entries {
            only(entry, "a descriptor to poll", &["fd", "events", "revents"])?;
            let part = |name: &str| field(entry, name).ok_or_else(missing).and_then(|value| self.integer(value));
            let (fd, events) = (part("fd")? as i32, part("events")? as u32);
            let expected = field(entry, "revents").map_or(Ok(0), |value| self.integer(value))? as u32;
            let is = self.mask(fd) & (events | ALWAYS | 0x20);
            count += i64::from(is != 0);
            if is != expected {
                problem.get_or_insert(format!("poll gives revents {is:#x} for {fd}, expected {expected:#x}"));
            }
        }
        let deadline = Self::deadline(pending.began, self.number(&call, 2)?);
        if count == 0 && self.machine.now < deadline {
            pending.wake = deadline;
            return Ok(Outcome::Blocks);
        }
        Ok(Outcome::Returns(count, problem))
    }

    pub(super) fn call_epoll_create(&mut self, call: &Call) -> Called {
        self.assign(call, Descriptor::Epoll(Epoll::default()))
    }

    pub(super) fn call_epoll_ctl(&mut self, call: &Call) -> Called {
        self.arguments(call, 4)?;
        let (epoll, operation, fd) = (self.open_fd(call, 0)?, self.number(call, 1)?, self.open_fd(call, 2)?);
        let event = self.argument(call, 3)?;
        only(event, "an event", &["events", "fd", "u32", "u64", "ptr"])?;
        let events = field(event, "events").map_or(Ok(0), |value| self.integer(value))? as u32;
        let data = ["fd", "u32", "u64", "ptr"].iter().find_map(|name| field(event, name));
        let data = data.map_or(Ok(0), |value| self.integer(value))? as u64;
        self.drain_wakes();
        let ready = self.mask(fd) & (events | ALWAYS) != 0;
        let Some(Descriptor::Epoll(epoll)) = self.descriptors.open.get_mut(&epoll) else {
            return Ok(Outcome::Fails("EINVAL"));
        };
        let at = epoll.watches.iter().position(|watch| watch.fd == fd);
        let watch = Watch { fd, events, data, spent: false };
        match (operation, at) {
            (1, Some(_)) => return Ok(Outcome::Fails("EEXIST")),
            (1, None) => epoll.watches.push(watch),
            (2, Some(at)) => _ = epoll.watches.remove(at),
            (3, Some(at)) => epoll.watches[at] = watch,
            (2 | 3, None) => return Ok(Outcome::Fails("ENOENT")),
            _ => return Ok(Outcome::Fails("EINVAL")),
        }
        epoll.ready.retain(|queued| *queued != fd || operation == 3);
        if ready && operation != 2 && !epoll.ready.contains(&fd) {
            epoll.ready.push_back(fd);
        }
        Ok(Outcome::done(0))
    }

    /// Takes note of the sockets that something has happened to.
    pub(super) fn drain_wakes(&mut self) {
        let woken = std::mem::take(&mut self.machine.woken);
        let sockets: Vec<i32> = woken
            .iter()
            .filter_map(|id| {
                self.descriptors.open.iter().find_map(|(fd, descriptor)| match descriptor {
                    Descriptor::Socket(socket) if socket.state.id() == Some(*id) => Some(*fd),
                    _ => None,
                })
            })
            .collect();
        for descriptor in self.descriptors.open.values_mut() {
            let Descriptor::Epoll(epoll) = descriptor else { continue };
            for fd in &sockets {
                if epoll.watches.iter().any(|watch| watch.fd == *fd && !watch.spent) && !epoll.ready.contains(fd) {
                    epoll.ready.push_back(*fd);
                }
            }
        }
    }

    pub(super) fn call_epoll_wait(&mut self, pending: &mut Pending) -> Called {
        let call = pending.call.clone();
        self.arguments(&call, 4)?;
        let epoll_fd = self.open_fd(&call, 0)?;
        let most = self.number(&call, 2)?.max(1);
        self.drain_wakes();
        let Some(Descriptor::Epoll(epoll)) = self.descriptors.open.get_mut(&epoll_fd) else {
            return Ok(Outcome::Fails("EINVAL"));
        };
        let queued: Vec<i32> = epoll.ready.drain(..).collect();
        let (mut told, mut kept) = (Vec::new(), VecDeque::new());
        for fd in queued {
            let mask = self.mask(fd);
            let Some(Descriptor::Epoll(epoll)) = self.descriptors.open.get_mut(&epoll_fd) else { break };
            let Some(watch) = epoll.watches.iter_mut().find(|watch| watch.fd == fd && !watch.spent) else { continue };
            let events = mask & (watch.events | ALWAYS);
            if events == 0 {
                continue;
            }
            if told.len() as i64 >= most {
                kept.push_back(fd);
                continue;
            }
            told.push((events, watch.data));
            watch.spent = watch.events & ONE_SHOT != 0;
            if watch.events & (EDGE | ONE_SHOT) == 0 {
                // Level-triggered: looked at again the next time.
                kept.push_back(fd);
            }
        }
        if let Some(Descriptor::Epoll(epoll)) = self.descriptors.open.get_mut(&epoll_fd) {
            epoll.ready.extend(kept);
        }
        let deadline = Self::deadline(pending.began, self.number(&call, 3)?);
        if told.is_empty() && self.machine.now < deadline {
            pending.wake = deadline;
            return Ok(Outcome::Blocks);
        }
        let event = self.argument(&call, 1)?;
        only(event, "an event", &["events", "fd", "u32", "u64", "ptr"])?;
        let expected = field(event, "events").map_or(Ok(0), |value| self.integer(value))? as u32;
        let data = ["fd", "u32", "u64", "ptr"].iter().find_map(|name| field(event, name));
        let data = data.map_or(Ok(0), |value| self.integer(value))? as u64;
        let (events, is) = told.first().copied().unwrap_or((0, 0));
        let problem = if events != expected {
            Some(format!("epoll_wait gives events {events:#x}, expected {expected:#x}"))
        } else {
            (is != data && !told.is_empty()).then(|| format!("epoll_wait gives data {is}, expected {data}"))
        };
        Ok(Outcome::Returns(told.len() as i64, problem))
    }

    /// Something happened to a descriptor.
    pub(super) fn wake_watches(&mut self, fd: i32) {
        for descriptor in self.descriptors.open.values_mut() {
            let Descriptor::Epoll(epoll) = descriptor else { continue };
            if epoll.watches.iter().any(|watch| watch.fd == fd && !watch.spent) && !epoll.ready.contains(&fd) {
                epoll.ready.push_back(fd);
            }
        }
    }

    /// A descriptor is closed: nobody watches it any more.
    pub(super) fn forget_watches(&mut self, fd: i32) {
        for descriptor in self.descriptors.open.values_mut() {
            if let Descriptor::Epoll(epoll) = descriptor {
                epoll.watches.retain(|watch| watch.fd != fd);
                epoll.ready.retain(|queued| *queued != fd);
            }
        }
    }
}
