//! The translator's table: who inside talks to whom outside, from which port.

use std::net::{Ipv4Addr, SocketAddrV4};

use base::{Duration, Instant, Map, Rng};
use wire::ipv4::{Header, Protocol};
use wire::tcp::Flags;

use super::Endpoint;
use crate::{InterfaceId, NatConfig};

/// How often the whole table is searched for sessions that have run out, at most, when it is full.
const SWEEP: Duration = Duration::from_secs(1);

/// The ends of a conversation. `local` is the sender of a packet from inside, the receiver of one from outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Flow {
    pub(crate) protocol: Protocol,
    pub(crate) local: Endpoint,
    pub(crate) remote: Endpoint,
}

impl Flow {
    /// The flow of a packet from inside with this header and these ports. [`Nat::answer`] turns it around.
    pub(crate) fn new(header: &Header, src: u16, dst: u16) -> Flow {
        Flow { protocol: header.protocol, local: (header.src, src), remote: (header.dst, dst) }
    }
}

/// What a packet says about the life of its conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passing {
    /// TCP's flags; none for other protocols.
    pub(crate) flags: Flags,
}

/// How far a session has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NatState {
    /// Nothing has come back yet.
    Unreplied,
    /// Packets have passed both ways.
    Replied,
    /// A TCP connection that is open.
    Established,
    /// A TCP connection that is being closed, or was reset.
    Closing,
}

/// A session of a translator, for display.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NatRow {
    /// The transport protocol (or ICMP, whose identifiers stand for ports).
    pub protocol: Protocol,
    /// The inside end.
    pub inside: SocketAddrV4,
    /// The outside end that stands in for it.
    pub outside: SocketAddrV4,
    /// The other end of the conversation.
    pub remote: SocketAddrV4,
    /// How far it has come.
    pub state: NatState,
    /// When it is forgotten unless something passes.
    pub expires: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    flow: Flow,
    outside: Endpoint,
    state: NatState,
    expires: Instant,
}

/// An outside port that is lent to an inside endpoint.
#[derive(Clone, Copy, Debug)]
struct Mapping {
    port: u16,
    sessions: usize,
}

/// A translator at work.
#[derive(Debug)]
pub(crate) struct Nat {
    config: NatConfig,
    rng: Rng,
    /// By the flow as the inside sees it.
    sessions: Map<Flow, Session>,
    /// From the flow as the outside address sees it to the flow as the inside does.
    by_outside: Map<Flow, Flow>,
    mappings: Map<(Protocol, Endpoint), Mapping>,
    /// Who a port is lent to.
    lent: Map<(Protocol, u16), Endpoint>,
    swept: Instant,
}

impl Nat {
    pub(crate) fn new(config: NatConfig, rng: Rng) -> Nat {
        Nat {
            config,
            rng,
            sessions: Map::default(),
            by_outside: Map::default(),
            mappings: Map::default(),
            lent: Map::default(),
            swept: Instant::ZERO,
        }
    }
    /// The interface towards the internet.
    pub(crate) fn outside(&self) -> InterfaceId {
        self.config.outside
    }
    /// Whether a port of the outside address is lent to someone inside.
    pub(crate) fn lends(&self, protocol: Protocol, port: u16) -> bool {
        self.lent.contains_key(&(protocol, port))
    }

    /// A packet from inside passes: the port that it leaves from, and whether its session is new. `taken` says which ports
    /// the machine itself uses. `None` if there is no room or no port.
    pub(crate) fn question(
        &mut self,
        flow: Flow,
        outside: Ipv4Addr,
        passing: Passing,
        now: Instant,
        taken: impl Fn(u16) -> bool,
    ) -> Option<(u16, bool)> {
        if let Some(session) = self.sessions.get_mut(&flow) {
            if session.expires > now && session.outside.0 == outside {
                session.state = next(session.state, flow.protocol, passing, true);
                session.expires = now + lifetime(&self.config, flow.protocol, session.state);
                return Some((session.outside.1, false));
            }
            self.remove(flow);
        }
        if self.sessions.len() >= self.config.max_sessions {
            self.sweep(now);
            if self.sessions.len() >= self.config.max_sessions {
                return None;
            }
        }
        let key = (flow.protocol, flow.local);
        let port = match self.mappings.get_mut(&key) {
            Some(mapping) => {
                mapping.sessions += 1;
                mapping.port
            }
            None => {
                let port = self.choose(flow.protocol, flow.local.1, taken)?;
                self.mappings.insert(key, Mapping { port, sessions: 1 });
                self.lent.insert((flow.protocol, port), flow.local);
                port
            }
        };
        let outside = (outside, port);
        let state = next(NatState::Unreplied, flow.protocol, passing, true);
        let expires = now + lifetime(&self.config, flow.protocol, state);
        self.sessions.insert(flow, Session { flow, outside, state, expires });
        self.by_outside.insert(Flow { local: outside, ..flow }, flow);
        Some((port, true))
    }

    /// A packet from outside passes, with the sender as `local`: who inside it is for, if they have spoken to its sender.
    pub(crate) fn answer(&mut self, flow: Flow, passing: Passing, now: Instant) -> Option<Endpoint> {
        let inside = self.find(Flow { local: flow.remote, remote: flow.local, ..flow }, now)?;
        let session = self.sessions.get_mut(&inside)?;
        session.state = next(session.state, flow.protocol, passing, false);
        session.expires = now + lifetime(&self.config, flow.protocol, session.state);
        Some(inside.local)
    }

    /// The flow inside that `flow` is outside.
    pub(crate) fn find(&mut self, flow: Flow, now: Instant) -> Option<Flow> {
        let inside = *self.by_outside.get(&flow)?;
        if self.sessions.get(&inside).is_none_or(|session| session.expires <= now) {
            self.remove(inside);
            return None;
        }
        Some(inside)
    }
    /// The outside endpoint that stands in for the local one of a flow inside.
    pub(crate) fn outside_of(&self, flow: Flow, now: Instant) -> Option<Endpoint> {
        self.sessions.get(&flow).filter(|session| session.expires > now).map(|session| session.outside)
    }

    /// An outside port: the inside's own if it is free (RFC 4787 §4.2.1, preservation), else one of the range drawn by lot, of
    /// the same parity if possible (REQ-4).
    fn choose(&mut self, protocol: Protocol, wanted: u16, taken: impl Fn(u16) -> bool) -> Option<u16> {
        let lent = &self.lent;
        let free = |port: u16| port != 0 && !lent.contains_key(&(protocol, port)) && !taken(port);
        if free(wanted) {
            return Some(wanted);
        }
        let (first, last) = (self.config.ports.0.max(1), self.config.ports.1.max(1));
        let (first, last) = (first.min(last), first.max(last));
        let size = u32::from(last - first) + 1;
        let start = self.rng.below(size.into()) as u32;
        let candidates = || (0..size).map(|step| first + ((start + step) % size) as u16);
        let same_parity = |port: &u16| port % 2 == wanted % 2;
        candidates().filter(same_parity).find(|&port| free(port)).or_else(|| candidates().find(|&port| free(port)))
    }

    fn remove(&mut self, flow: Flow) {
        let Some(session) = self.sessions.remove(&flow) else { return };
        self.by_outside.remove(&Flow { local: session.outside, ..flow });
        let key = (flow.protocol, flow.local);
        if let Some(mapping) = self.mappings.get_mut(&key) {
            mapping.sessions -= 1;
            if mapping.sessions == 0 {
                self.lent.remove(&(flow.protocol, mapping.port));
                self.mappings.remove(&key);
            }
        }
    }

    /// Forgets what has run out.
    fn sweep(&mut self, now: Instant) {
        if now - self.swept < SWEEP {
            return;
        }
        self.swept = now;
        let mut gone: Vec<Flow> =
            self.sessions.values().filter(|session| session.expires <= now).map(|session| session.flow).collect();
        gone.sort_unstable();
        gone.into_iter().for_each(|flow| self.remove(flow));
    }

    pub(crate) fn rows(&self, now: Instant) -> Vec<NatRow> {
        let socket = |(address, port): Endpoint| SocketAddrV4::new(address, port);
        let mut sessions: Vec<&Session> = self.sessions.values().filter(|session| session.expires > now).collect();
        sessions.sort_unstable_by_key(|session| session.flow);
        sessions
            .into_iter()
            .map(|&Session { flow, outside, state, expires }| NatRow {
                protocol: flow.protocol,
                inside: socket(flow.local),
                outside: socket(outside),
                remote: socket(flow.remote),
                state,
                expires,
            })
            .collect()
    }
}

/// How far a session is after one more packet.
fn next(state: NatState, protocol: Protocol, passing: Passing, from_inside: bool) -> NatState {
    let Passing { flags } = passing;
    match state {
        _ if protocol != Protocol::TCP => {
            if from_inside {
                state
            } else {
                NatState::Replied
            }
        }
        _ if flags.intersects(Flags::FIN | Flags::RST) => NatState::Closing,
        // A new SYN on an old four-tuple begins anew.
        NatState::Closing if flags.contains(Flags::SYN) && !flags.contains(Flags::ACK) => NatState::Unreplied,
        NatState::Unreplied if !from_inside => NatState::Replied,
        // The handshake's last acknowledgment, or anything after it.
        NatState::Replied if flags.contains(Flags::ACK) && !flags.contains(Flags::SYN) => NatState::Established,
        state => state,
    }
}

/// How long a session lives from now on.
fn lifetime(config: &NatConfig, protocol: Protocol, state: NatState) -> Duration {
    match (protocol, state) {
        (Protocol::TCP, NatState::Established) => config.tcp_established,
        (Protocol::TCP, _) => config.tcp_transitory,
        (Protocol::ICMP, _) => config.icmp_timeout,
        (_, NatState::Unreplied) => config.udp_unreplied,
        _ => config.udp_timeout,
    }
}
