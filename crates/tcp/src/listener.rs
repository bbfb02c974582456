//! A program that waits for connections: LISTEN, with a queue of half-open and a queue of complete connections.

use std::collections::VecDeque;
use std::net::SocketAddr;

use base::{Instant, Set};
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::{Event, Flags, State, transition};

use crate::syn_cookie::RECENT;
use crate::{Connection, Segment, Settings, SynCookies, refuse};

/// A passive open. It holds no connections itself: whoever does (the host, by four-tuple) tells it their numbers, and it
/// says which may come in.
#[derive(Debug)]
pub struct Listener {
    id: u32,
    local: SocketAddr,
    config: Settings,
    backlog: usize,
    half_open: Set<u32>,
    complete: VecDeque<u32>,
    /// When a SYN was last answered with a cookie.
    last_cookie: Option<Instant>,
}

/// The connections of a listener that nobody will accept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Orphans {
    /// The handshake is not over.
    pub half_open: Vec<u32>,
    /// They are open on both sides.
    pub complete: Vec<u32>,
}

/// What to do with a segment that came to a listener.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// A SYN that may come in: make a connection with [`Connection::accept`], then tell [`Listener::opened`].
    Open,
    /// A SYN that there is no room to remember: answer it with [`crate::CookieJar::answer`] and forget it.
    OpenByCookie,
    /// An acknowledgment that may bring a cookie back: make a connection of it with [`crate::CookieJar::open`], then tell
    /// [`Listener::opened`]; if it brings none, answer as [`Listener::refuse`] says.
    BringsCookie,
    /// Answer with this reset.
    Reset(Segment),
    /// Nothing.
    Ignore,
}

impl Listener {
    /// Listens on `local` (RFC 9293 §3.9.1.1, passive OPEN), with room for `backlog` complete connections and as many half-open
    /// ones, and for one more of each, as Linux counts. `id` numbers it on its host.
    pub fn new(config: impl Into<Settings>, id: u32, local: SocketAddr, backlog: usize, cx: &mut Cx) -> Listener {
        let listen = cx.event(&kind::LISTEN, id, [local.port().into(), 0]);
        let state = transition(State::CLOSED, Event::PassiveOpen).map_or(State::LISTEN, |row| row.to);
        cx.caused_by(listen).event(&kind::STATE, id, [State::CLOSED.0.into(), state.0.into()]);
        let (half_open, complete, last_cookie) = Default::default();
        Listener { id, local, config: config.into(), backlog, half_open, complete, last_cookie }
    }

    /// Its number on its host.
    pub fn id(&self) -> u32 {
        self.id
    }
    /// Where it listens; the address may be unspecified.
    pub fn local(&self) -> SocketAddr {
        self.local
    }
    /// The configuration that its connections inherit.
    pub fn config(&self) -> &Settings {
        &self.config
    }
    /// From now on it has room for so many complete and so many half-open connections, and one more of each.
    pub fn set_backlog(&mut self, backlog: usize) {
        self.backlog = backlog;
    }
    /// Connections that it opens from now on inherit this.
    pub fn set_config(&mut self, config: impl Into<Settings>) {
        self.config = config.into();
    }
    /// Whether [`Listener::accept`] would give a connection.
    pub fn readable(&self) -> bool {
        !self.complete.is_empty()
    }
    /// How many connections are half-open and how many are complete.
    pub fn queued(&self) -> (usize, usize) {
        (self.half_open.len(), self.complete.len())
    }
    /// Whether the queue of complete connections has no room: Linux lets one more in than the backlog says.
    fn is_full(&self) -> bool {
        self.complete.len() > self.backlog
    }

    /// A segment came that belongs to no connection (RFC 9293 §3.10.7.2).
    pub fn handle_segment(&mut self, segment: &Segment, cx: &mut Cx) -> Arrival {
        let flags = segment.flags;
        // First, check for a RST: ignored. Second, check for an ACK: it acknowledges nothing that was ever sent.
        if flags.contains(Flags::RST) {
            return Arrival::Ignore;
        }
        if flags.contains(Flags::ACK) {
            let bare = !flags.intersects(Flags::SYN | Flags::FIN);
            if bare && self.last_cookie.is_some_and(|last| cx.now - last <= RECENT) {
                return Arrival::BringsCookie;
            }
            return self.refuse(segment, cx);
        }
        // Third, check for a SYN; fourth, anything else is dropped. A SYN with FIN is what scanners send: Linux drops it.
        if !flags.contains(Flags::SYN) || flags.contains(Flags::FIN) {
            return Arrival::Ignore;
        }
        // No room for a complete connection, no answer; the SYN will come again (RFC 4987 §2). Where only the half-open ones
        // are too many, Linux's default is to remember no more of them: SYN cookies (RFC 4987 §3.6).
        let (flood, cookies) = (self.half_open.len() > self.backlog, self.config.syn_cookies);
        if self.is_full() || (flood && cookies == SynCookies::Never) {
            cx.event(&kind::BACKLOG_FULL, self.id, [self.backlog as u64, 0]);
            return Arrival::Ignore;
        }
        if flood || cookies == SynCookies::Always {
            self.last_cookie = Some(cx.now);
            return Arrival::OpenByCookie;
        }
        Arrival::Open
    }

    /// The answer to an acknowledgment of what was never sent.
    pub fn refuse(&self, segment: &Segment, cx: &mut Cx) -> Arrival {
        refuse(segment).map_or(Arrival::Ignore, |reset| {
            cx.event(&kind::NOT_OURS, self.id, [u64::from(segment.ack.0), 0]);
            Arrival::Reset(reset)
        })
    }

    /// Whether an acknowledgment that brings a cookie back may make a connection: not while the queue of complete ones is full,
    /// as on Linux; the other side's data will come again.
    pub fn takes_cookies(&self, cx: &mut Cx) -> bool {
        if self.is_full() {
            cx.event(&kind::ACCEPT_QUEUE_FULL, self.id, [self.backlog as u64, 0]);
        }
        !self.is_full()
    }

    /// Whether a half-open connection of this listener may see `segment`. As on Linux, the acknowledgment that would complete
    /// it is ignored while the queue of complete connections is full; the SYN-ACK will be sent again and acknowledged again.
    pub fn admits(&self, connection: &Connection, segment: &Segment, cx: &mut Cx) -> bool {
        let completes = connection.state() == State::SYN_RECEIVED
            && segment.flags.contains(Flags::ACK)
            && !segment.flags.contains(Flags::RST);
        if completes && self.is_full() {
            cx.event(&kind::ACCEPT_QUEUE_FULL, connection.id(), [self.backlog as u64, 0]);
            return false;
        }
        true
    }

    /// The connection `id` is half-open.
    pub fn opened(&mut self, id: u32) {
        self.half_open.insert(id);
    }
    /// The half-open connection `id` is complete and waits for the program. `false` if it was not half-open here.
    pub fn completed(&mut self, id: u32, cx: &mut Cx) -> bool {
        let known = self.half_open.remove(&id);
        if known {
            cx.event(&kind::ACCEPTED, id, [0, 0]);
            self.complete.push_back(id);
        }
        known
    }
    /// The connection `id` has ended; if it was still half-open, nobody will accept it. A complete one stays in its queue, as on
    /// Linux: the program accepts it and then sees the error.
    pub fn gone(&mut self, id: u32) {
        self.half_open.remove(&id);
    }

    /// The next complete connection.
    pub fn accept(&mut self) -> Option<u32> {
        self.complete.pop_front()
    }

    /// Stops listening: the connections that nobody accepted, each kind in ascending order. The complete ones are to be aborted, the
    /// half-open ones are forgotten without a word, as on Linux: whoever acknowledges them finds nobody.
    pub fn close(self, cx: &mut Cx) -> Orphans {
        let state = transition(State::LISTEN, Event::Close).map_or(State::CLOSED, |row| row.to);
        cx.event(&kind::STATE, self.id, [State::LISTEN.0.into(), state.0.into()]);
        let (mut half_open, mut complete): (Vec<u32>, Vec<u32>) =
            (self.half_open.into_iter().collect(), self.complete.into());
        half_open.sort_unstable();
        complete.sort_unstable();
        Orphans { half_open, complete }
    }
}
