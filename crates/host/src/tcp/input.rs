//! What arrives for TCP: segments, ICMP errors and timers that run out.

use std::net::IpAddr;

use base::{EventId, Instant};
use tcp::{Arrival as Answer, Connection, CookieJar, FastOpenAnswer, IcmpError, Segment, refuse};
use trace::Cx;
use trace::kinds::tcp as kinds;
use wire::Packet;
use wire::ipv4::{Dscp, Ecn, Protocol};
use wire::tcp::{Flags, Seq, State};

use super::FourTuple;
use crate::interface::{Arrival, Cast};
use crate::output::{Output, Path, Sizing};
use crate::sockets::{Slot, Socket, fit};
use crate::{Host, InterfaceId};

/// Segments and timers.
impl Host {
    /// A segment for this machine, from its TCP header on (RFC 9293 §3.10.7).
    pub(crate) fn tcp_input(
        &mut self,
        mut packet: Packet,
        (src, dst): (IpAddr, IpAddr),
        ecn: Ecn,
        arrival: Arrival,
        cast: Cast,
        cx: &mut Cx<'_>,
    ) {
        // RFC 1122 §4.2.3.10: TCP is between two; a segment for all is discarded silently.
        if cast != Cast::Unicast {
            return self.discard("a TCP segment for more than one host", cx);
        }
        let mut segment = match Segment::decode(&mut packet, src, dst) {
            Ok(segment) => segment,
            Err(error) if error.what == "is wrong" => return self.discard("a TCP segment with a wrong checksum", cx),
            Err(_) => return self.discard("a TCP segment whose header is not valid", cx),
        };
        packet.recycle();
        segment.ecn = ecn;
        let tuple = FourTuple::new((dst, segment.dst_port), (src, segment.src_port));
        if let Some(slot) = self.tcp.connections.get(&tuple) {
            return self.tcp_segment(slot, tuple, &mut segment, arrival, cx);
        }
        match self.listener_for(tuple) {
            Some(slot) => self.tcp_arrives_at_listener(slot, tuple, &segment, None, cx),
            None => self.tcp_refuse(&segment, tuple, cx),
        }
    }

    /// A segment of an existing connection.
    fn tcp_segment(&mut self, slot: Slot, tuple: FourTuple, segment: &mut Segment, arrival: Arrival, cx: &mut Cx<'_>) {
        let Some(connected) = self.sockets.connected(slot) else { return };
        let before = cx.recorder.last_event();
        if connected.connection.state() == State::TIME_WAIT && segment.flags.contains(Flags::SYN) {
            // RFC 9293 §3.10.7.4 (TIME-WAIT): a SYN that is surely new may open the connection again.
            if let Some(least) = connected.connection.reopen(segment, cx) {
                self.remove_connection(slot);
                return match self.listener_for(tuple) {
                    Some(listener) => self.tcp_arrives_at_listener(listener, tuple, segment, Some(least), cx),
                    None => self.tcp_refuse(segment, tuple, cx),
                };
            }
        }
        if let Some(listener) = connected.listener {
            // A connection that is not complete yet: the listener says whether it may become so.
            let admitted = match (self.sockets.at(listener), self.sockets.at(slot)) {
                (Some((_, Socket::Listening(l))), Some((_, Socket::Connected(c)))) => {
                    l.listener.admits(&c.connection, segment, cx)
                }
                _ => true,
            };
            if !admitted {
                return;
            }
        }
        // Whether a sign of life would settle a doubt about a neighbour.
        let in_doubt =
            |id: &InterfaceId| self.interfaces.get(id.index()).is_some_and(|port| port.neighbours.has_doubts());
        let doubtful = arrival.interface.filter(in_doubt);
        let Some(connected) = self.sockets.connected(slot) else { return };
        let acknowledged = doubtful.map(|_| connected.connection.snd_una());
        connected.connection.take_segment(segment, cx);
        if let Some(limit) = connected.connection.challenge_limit()
            && !self.tcp.challenges.take(limit, cx.now, self.tcp.isns.secret)
        {
            connected.connection.withhold_challenge(cx);
        }
        if let Some(news) = connected.connection.take_fast_open_news() {
            self.tcp.cookies.learn(tuple.remote_ip, news);
        }
        let Some(connected) = self.sockets.connected(slot) else { return };
        let progress = doubtful.filter(|_| acknowledged != Some(connected.connection.snd_una()));
        if let Some(interface) = progress {
            self.confirm_neighbour(tuple.remote_ip, interface, cx);
        }
        self.drive(slot, first_after(before, cx), cx);
    }

    /// Progress proves that the way there works (RFC 1122 §2.3.2.1(4)).
    fn confirm_neighbour(&mut self, remote: IpAddr, interface: InterfaceId, cx: &Cx<'_>) {
        let Some(row) = self.routes.lookup(remote).filter(|row| row.interface == interface) else { return };
        let next_hop = row.via.unwrap_or(remote);
        if let Some(port) = self.interfaces.get_mut(interface.index()) {
            port.neighbours.confirm(next_hop, cx.now);
        }
    }

    /// The listener for a connection to `tuple`'s local end: one on that very address before one on all of its family, and
    /// that before one on all of both.
    fn listener_for(&self, tuple: FourTuple) -> Option<Slot> {
        let usage = self.tcp.by_port.get(&tuple.local().port())?;
        let fit = |slot: &Slot| match self.sockets.at(*slot) {
            Some((_, Socket::Listening(socket))) => fit(socket.local.ip(), socket.v6_only, tuple.local_ip),
            _ => None,
        };
        // The first of equals.
        usage.listeners.iter().rev().filter(|slot| fit(slot).is_some()).max_by_key(|slot| fit(slot)).copied()
    }

    fn tcp_arrives_at_listener(
        &mut self,
        slot: Slot,
        tuple: FourTuple,
        segment: &Segment,
        least: Option<Seq>,
        cx: &mut Cx<'_>,
    ) {
        let Some(listening) = self.sockets.listening(slot) else { return };
        match listening.listener.handle_segment(segment, cx) {
            Answer::Ignore => {}
            Answer::Reset(reset) => self.send_reset(&reset, tuple, cx),
            Answer::OpenByCookie => self.tcp_answer_with_cookie(slot, tuple, segment, cx),
            Answer::BringsCookie => self.tcp_open_by_cookie(slot, tuple, segment, cx),
            Answer::Open => {
                let reuse = listening.reuse_address;
                let Some((config, path)) = self.tcp_inherited(slot, tuple) else { return };
                let isn = least.unwrap_or_else(|| self.tcp.isn(cx.now, tuple));
                Host::tell_route(&path, cx);
                let id = self.sockets.next_id();
                let (local, remote) = (tuple.local(), tuple.remote());
                let answer = self.fast_open(slot, segment, tuple);
                let connection = Connection::accept_fast(&config, id.0, local, remote, isn, segment, answer, cx);
                let new = self.add_connection(connection, tuple, 0, reuse, false, Some(slot));
                if let Some(listening) = self.sockets.listening(slot) {
                    listening.listener.opened(id.0);
                    if answer.opens {
                        listening.unproven.push(new);
                    }
                }
                self.drive(new, EventId::NONE, cx);
            }
        }
    }

    /// What a connection to `tuple`'s remote end inherits from the listener in `slot`, and the way there.
    fn tcp_inherited(&mut self, slot: Slot, tuple: FourTuple) -> Option<(tcp::Settings, Path)> {
        let mut config = self.sockets.listening(slot)?.listener.config().clone();
        let path = self.path(tuple.remote_ip, Some(tuple.local_ip), None).ok()?;
        config.mss = config.mss.min(self.mss(&path));
        self.keep_timestamps_secret(&mut config, tuple);
        Some((config, path))
    }

    fn cookie_jar(&self, tuple: FourTuple) -> CookieJar {
        CookieJar { secret: self.tcp.isns.secret, local: tuple.local(), remote: tuple.remote() }
    }

    /// A SYN under a flood of them (RFC 4987 §3.6): it is answered, and forgotten.
    fn tcp_answer_with_cookie(&mut self, slot: Slot, tuple: FourTuple, syn: &Segment, cx: &mut Cx<'_>) {
        let Some((config, _)) = self.tcp_inherited(slot, tuple) else { return };
        let Some(listening) = self.sockets.listening(slot) else { return };
        let id = listening.listener.id();
        let received = cx.event(&kinds::RECEIVED, id, [syn.flags.0.into(), syn.seq.0.into()]);
        let cx = &mut cx.caused_by(received);
        let answer = self.cookie_jar(tuple).answer(&config, id, syn, cx);
        let cause = cx.recorder.last_event();
        self.send_alone(&answer, tuple, id, &mut cx.caused_by(cause));
    }

    /// An acknowledgment that may bring a cookie back: then there is a connection, as if its SYN had been remembered.
    fn tcp_open_by_cookie(&mut self, slot: Slot, tuple: FourTuple, ack: &Segment, cx: &mut Cx<'_>) {
        let Some((config, _)) = self.tcp_inherited(slot, tuple) else { return };
        let (id, jar) = (self.sockets.next_id(), self.cookie_jar(tuple));
        let Some(listening) = self.sockets.listening(slot) else { return };
        if !listening.listener.takes_cookies(cx) {
            return;
        }
        let reuse = listening.reuse_address;
        let Some(mut connection) = jar.open(&config, id.0, ack, cx) else {
            if let Answer::Reset(reset) = listening.listener.refuse(ack, cx) {
                self.send_reset(&reset, tuple, cx);
            }
            return;
        };
        listening.listener.opened(id.0);
        let before = cx.recorder.last_event();
        connection.handle_segment(ack.clone(), cx);
        let new = self.add_connection(connection, tuple, 0, reuse, false, Some(slot));
        self.drive(new, first_after(before, cx), cx);
    }

    /// What a listener makes of a SYN with Fast Open (RFC 7413 §4.2.2).
    fn fast_open(&mut self, slot: Slot, syn: &Segment, tuple: FourTuple) -> FastOpenAnswer {
        let Some(listening) = self.sockets.listening(slot) else { return FastOpenAnswer::default() };
        let Some(server) = listening.fast_open else { return FastOpenAnswer::default() };
        let mut unproven = std::mem::take(&mut listening.unproven);
        let opening = |c: &mut super::Connected| c.connection.state() == State::SYN_RECEIVED;
        unproven.retain(|slot| self.sockets.connected(*slot).is_some_and(opening));
        let (client, own) = (tuple.remote_ip, tuple.local_ip);
        let answer = server.answer(&syn.options, !syn.payload.is_empty(), unproven.len(), client, own);
        if let Some(listening) = self.sockets.listening(slot) {
            listening.unproven = unproven;
        }
        answer
    }

    /// Nobody listens: a reset, where a stranger may be told (RFC 9293 §3.10.7.1).
    fn tcp_refuse(&mut self, segment: &Segment, tuple: FourTuple, cx: &mut Cx<'_>) {
        if !self.answers_closed_ports {
            return self.discard("a TCP port that nobody listens on", cx);
        }
        if let Some(reset) = refuse(segment) {
            let event = cx.event(&kinds::REFUSED, 0, [tuple.local().port().into(), 0]);
            self.send_reset(&reset, tuple, &mut cx.caused_by(event));
        }
    }

    /// Sends a reset that belongs to no connection.
    fn send_reset(&mut self, reset: &Segment, tuple: FourTuple, cx: &mut Cx<'_>) {
        self.send_alone(reset, tuple, 0, cx);
    }

    /// Sends a segment that belongs to no connection: a reset, or a SYN-ACK of which nothing is kept. `id` is the listener's,
    /// if there is one.
    fn send_alone(&mut self, segment: &Segment, tuple: FourTuple, id: u32, cx: &mut Cx<'_>) {
        let (source, destination) = (tuple.local_ip, tuple.remote_ip);
        let Ok(path) = self.path(destination, Some(source), None) else { return };
        let event = cx.event(&kinds::SENT, id, [segment.flags.0.into(), segment.seq.0.into()]);
        let packet = segment.encode(source, destination);
        let output = Output {
            protocol: Protocol::TCP,
            ttl: self.ttl,
            dscp: Dscp::DEFAULT,
            ecn: Ecn::NOT_ECT,
            sizing: Sizing::Never,
            id: 0,
            event,
        };
        let _ = self.output(packet, &path, &output, cx);
    }

    /// A timer that was armed for `at` for the connection in `slot`.
    pub(crate) fn tcp_timeout(&mut self, slot: Slot, at: Instant, cx: &mut Cx<'_>) {
        let Some(connected) = self.sockets.connected(slot).filter(|connected| connected.armed == at) else { return };
        connected.armed = Instant::NEVER;
        let before = cx.recorder.last_event();
        if connected.connection.poll_timeout() <= cx.now {
            connected.connection.handle_timeout(cx);
        }
        let event = first_after(before, cx);
        self.drive(slot, event, cx);
    }

    /// An ICMP error about a segment of ours.
    pub(crate) fn tcp_icmp(
        &mut self,
        local: (IpAddr, u16),
        remote: (IpAddr, u16),
        error: IcmpError,
        quoted: Seq,
        cx: &mut Cx<'_>,
    ) {
        let Some(slot) = self.tcp.connections.get(&FourTuple::new(local, remote)) else { return };
        if let Some(connected) = self.sockets.connected(slot) {
            // RFC 5927 §7.2: a path is only as narrow as one says who has seen what is in flight on it.
            if let IcmpError::FragmentationNeeded { mtu } = error
                && connected.connection.believes(error, quoted)
            {
                self.path_mtus.learn(remote.0, mtu, cx.now);
            }
            let Some(connected) = self.sockets.connected(slot) else { return };
            connected.connection.handle_icmp(error, quoted, cx);
            let cause = cx.cause;
            self.drive(slot, cause, cx);
        }
    }
}

/// The first event recorded after `before`: what happened, before what followed from it. The cause if nothing did.
#[inline]
pub(super) fn first_after(before: EventId, cx: &Cx<'_>) -> EventId {
    if cx.recorder.last_event() > before { EventId(before.0 + 1) } else { cx.cause }
}
