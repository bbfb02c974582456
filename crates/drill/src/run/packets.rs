//! Packets that the script sends, and packets that it expects.

use std::net::IpAddr;

use base::Instant;
use wire::icmpv6::Type;
use wire::ipv4::Protocol;
use wire::tcp::Flags;

use super::{PATIENCE, Runner, Stop, live_ports, seconds};
use crate::datagram::{self, Body, Datagram, Segment, segment_text};
use crate::flow::{Flow, Stage, difference, script_segment};
use crate::machine::{Heard, OTHER};
use crate::neighbours;
use crate::script::{Icmp, Packet, Quoted, Tcp, Time, Tos, Transport, Way};

/// The TTL of packets that say nothing about it (packetdrill's own).
const TTL: u8 = 255;

impl Runner<'_> {
    /// The connection that a packet to the stack belongs to; for a listener it is a new one.
    fn inbound_flow(&mut self, packet: &Packet) -> Result<usize, Stop> {
        let listening = self.current.is_none_or(|i| self.flows[i].stage == Stage::Listening);
        if let (Transport::Tcp(tcp), true) = (&packet.body, listening) {
            let mut flow = Flow::new(Stage::Arrived);
            flow.remote_isn = tcp.seq;
            flow.local = Some((self.setup.local(), self.setup.bind_port));
            flow.remote = Some((self.setup.remote(), self.next_port));
            self.next_port += 1;
            self.flows.push(flow);
            self.current = Some(self.flows.len() - 1);
        }
        self.current.ok_or_else(|| Stop::Invalid("no socket is there that this packet could be for".to_owned()))
    }

    /// Sends a packet to the stack.
    pub(super) fn inject(&mut self, packet: &Packet) -> Result<(), Stop> {
        let at = self.inbound_flow(packet)?;
        let flow = &mut self.flows[at];
        if let Transport::Tcp(tcp) = &packet.body {
            let (syn, ack) = (tcp.flags.contains(Flags::SYN), tcp.flags.contains(Flags::ACK));
            match flow.stage {
                Stage::SynAckSent if ack => flow.stage = Stage::Open,
                Stage::SynSent if syn && ack => {
                    flow.stage = Stage::SynAnswered;
                    flow.remote_isn = tcp.seq;
                }
                _ => {}
            }
        }
        let local = flow.local.unwrap_or((self.setup.local(), self.setup.bind_port));
        let remote = flow.remote.unwrap_or((self.setup.remote(), self.setup.connect_port));
        let ports = live_ports(packet, (remote.1, local.1));
        let (body, text) = match &packet.body {
            Transport::Tcp(tcp) => {
                let segment = flow.inbound(tcp, ports, self.setup.scaled_echoes).map_err(Stop::Invalid)?;
                (Body::Tcp(segment), segment_text(&script_segment(tcp), true))
            }
            Transport::Udp(len) => (Body::Udp { ports, payload: vec![0; *len] }, format!("udp ({len})")),
            Transport::Icmp(icmp) => {
                let (kind, code) = icmp.number(local.0.is_ipv6()).map_err(Stop::Invalid)?;
                (icmp_body(icmp, (kind, code), flow, local, remote), format!("icmp type {kind} code {code}"))
            }
        };
        let tos = match packet.ip.tos {
            Some(Tos::Ecn(tos) | Tos::Whole(tos)) => tos,
            Some(Tos::AnyEct) | None => 0,
        };
        let (ttl, flow_label) = (packet.ip.ttl.unwrap_or(TTL), packet.ip.flow_label.unwrap_or(0));
        let datagram = Datagram { src: remote.0, dst: local.0, tos, ttl, flow_label, body };
        self.tell(self.machine.now, Way::In, &text);
        match (&packet.body, packet.ip.fragments) {
            (Transport::Icmp(icmp), _) if icmp.is_discovery() => {
                let datagram = self.discovery(icmp)?;
                self.machine.inject(datagram.write());
            }
            (_, Some(count)) => {
                datagram.write_fragments(count).into_iter().rev().for_each(|piece| self.machine.inject(piece));
            }
            (_, None) => self.machine.inject(datagram.write()),
        }
        self.retry()
    }

    /// A message of neighbour discovery from the other end of the link.
    fn discovery(&self, icmp: &Icmp) -> Result<Datagram, Stop> {
        if !self.setup.scripted_neighbours {
            return Err(Stop::Invalid("neighbours are found without the script: say --scripted_neighbours".to_owned()));
        }
        let (IpAddr::V6(local), IpAddr::V6(remote)) = (self.setup.local(), self.setup.remote()) else {
            return Err(Stop::Invalid("ICMP has no message of this name".to_owned()));
        };
        match icmp.v6.map_or(Type(0), |(kind, _)| Type(kind)) {
            Type::NEIGHBOR_SOLICITATION => Ok(neighbours::solicitation(remote, local, OTHER)),
            Type::NEIGHBOR_ADVERTISEMENT => match self.machine.asked {
                Some((asker, target)) => Ok(neighbours::advertisement(target, asker, OTHER)),
                None => Err(Stop::Invalid("the stack has asked for no neighbour".to_owned())),
            },
            Type::ROUTER_ADVERTISEMENT => neighbours::router_advertisement(local.into(), OTHER)
                .ok_or_else(|| Stop::Invalid("a router's prefix is one of IPv6".to_owned())),
            _ => Err(Stop::unsupported("a router that asks for routers")),
        }
    }

    /// Waits for the packet that the script expects, and compares.
    pub(super) fn expect(&mut self, packet: &Packet, when: (Instant, Instant), time: Time) -> Result<(), Stop> {
        let Transport::Tcp(tcp) = &packet.body else { return self.expect_other(packet, when, time) };
        let at = self.current.ok_or_else(|| Stop::Invalid("no socket is there that could send this".to_owned()))?;
        let syn = tcp.flags.contains(Flags::SYN);
        let flow = &mut self.flows[at];
        if syn && !tcp.flags.contains(Flags::ACK) && flow.stage == Stage::Connecting {
            flow.stage = Stage::SynSent;
            flow.script_isn = tcp.seq;
        }
        let answers = flow.stage == Stage::Arrived && syn && tcp.flags.contains(Flags::ACK);
        if answers {
            flow.script_isn = tcp.seq;
        }
        let mut expected = script_segment(tcp);
        let Some((first, datagram, segment)) = self.next_of_flow(at, when.1)? else {
            return Err(Stop::Failed {
                what: format!("the stack sends nothing up to {}", seconds(self.machine.now)),
                sides: Some((segment_text(&expected, tcp.window.is_some()), "nothing".to_owned())),
            });
        };
        if answers {
            self.flows[at].stage = Stage::SynAckSent;
            self.flows[at].live_isn = segment.seq;
        }
        let mut actual = self.flows[at].outbound(segment);
        self.tell(first, Way::Out, &segment_text(&actual, true));
        let sent = self.aggregate(at, tcp, &mut actual, when.1)?.unwrap_or(first);
        self.flows[at].map_timestamps(&expected, &mut actual);
        expected.ports = actual.ports;
        let problem = ip_difference(packet, &datagram)
            .or_else(|| difference(tcp, &expected, &actual))
            .or_else(|| self.timestamp_difference(&expected, &actual, when.0))
            .or_else(|| self.strict_difference(&datagram));
        if let Some(what) = problem {
            let sides = (segment_text(&expected, tcp.window.is_some()), segment_text(&actual, true));
            return Err(Stop::Failed { what, sides: Some(sides) });
        }
        if time == Time::Any { Ok(()) } else { self.check_time(when, sent, "the packet") }
    }

    /// Puts the segments behind the first one to it, as an offload would have sent them in one, as long as the script
    /// expects more than has come. When the last one left.
    fn aggregate(
        &mut self,
        at: usize,
        tcp: &Tcp,
        actual: &mut Segment,
        until: Instant,
    ) -> Result<Option<Instant>, Stop> {
        let mut sent = None;
        let size = actual.payload.len();
        let mut last_len = size;
        while !self.setup.strict_segments && actual.payload.len() < tcp.len && !actual.payload.is_empty() {
            let wanted = tcp.len - actual.payload.len();
            let follows = self.peek_of_flow(at, until)?.is_some_and(|next| {
                let next = self.flows[at].outbound(next);
                let seq = actual.seq.wrapping_add(actual.payload.len() as u32);
                // All but the last are full, and they differ in nothing but where they stand.
                next.seq == seq
                    && last_len == size
                    && next.payload.len() <= wanted.min(size)
                    && !next.payload.is_empty()
                    && next.ack == actual.ack
                    && kinds(&next) == kinds(actual)
                    && !actual.flags.intersects(Flags::FIN | Flags::SYN | Flags::RST)
            });
            if !follows {
                break;
            }
            let Some((when, _, next)) = self.next_of_flow(at, until)? else { break };
            let next = self.flows[at].outbound(next);
            self.tell(when, Way::Out, &segment_text(&next, true));
            last_len = next.payload.len();
            let cwr = actual.flags.intersects(Flags::CWR);
            let first = std::mem::take(actual);
            *actual = Segment { seq: first.seq, payload: [first.payload, next.payload.clone()].concat(), ..next };
            if cwr {
                actual.flags |= Flags::CWR;
            }
            sent = Some(when);
        }
        Ok(sent)
    }

    /// What stands at the front of the queue for this connection, once something does.
    fn peek_of_flow(&mut self, at: usize, until: Instant) -> Result<Option<Segment>, Stop> {
        let Some((when, datagram, segment)) = self.next_of_flow(at, until)? else { return Ok(None) };
        self.machine.heard.push_front(Heard { at: when, packet: datagram.write() });
        Ok(Some(segment))
    }

    /// The next segment that the stack sends on this connection, waited for up to some time behind `until`.
    fn next_of_flow(&mut self, at: usize, until: Instant) -> Result<Option<(Instant, Datagram, Segment)>, Stop> {
        let found = self.next_heard(
            until,
            |flow, datagram| {
                let Body::Tcp(segment) = &datagram.body else { return false };
                let ends = (Some((datagram.src, segment.ports.0)), Some((datagram.dst, segment.ports.1)));
                if ends == (flow.local, flow.remote) {
                    return true;
                }
                // Our own connection shows its port in its SYN.
                let opens = segment.flags.contains(Flags::SYN) && !segment.flags.contains(Flags::ACK);
                let mine = opens && flow.stage == Stage::SynSent && flow.remote == ends.1;
                if mine {
                    flow.local = ends.0;
                    flow.live_isn = segment.seq;
                }
                mine
            },
            at,
        )?;
        Ok(found.and_then(|(when, datagram)| match &datagram.body {
            Body::Tcp(segment) => Some((when, datagram.clone(), segment.clone())),
            _ => None,
        }))
    }

    /// The next packet that `fits`; what does not fit is not for this connection, and left out.
    fn next_heard(
        &mut self,
        until: Instant,
        fits: impl Fn(&mut Flow, &Datagram) -> bool,
        at: usize,
    ) -> Result<Option<(Instant, Datagram)>, Stop> {
        let deadline = if until == Instant::NEVER {
            self.machine.now + super::LONGEST_CALL
        } else {
            until.max(self.machine.now) + PATIENCE
        };
        loop {
            while let Some(Heard { at: when, packet }) = self.machine.heard.pop_front() {
                let Some(datagram) = Datagram::read(&packet) else { continue };
                if fits(&mut self.flows[at], &datagram) {
                    return Ok(Some((when, datagram)));
                }
            }
            if !self.step(deadline)? && self.machine.heard.is_empty() {
                return Ok(None);
            }
        }
    }

    /// A UDP or ICMP packet of the stack.
    fn expect_other(&mut self, packet: &Packet, when: (Instant, Instant), time: Time) -> Result<(), Stop> {
        let at = self.current.ok_or_else(|| Stop::Invalid("no socket is there that could send this".to_owned()))?;
        let found = self.next_heard(
            when.1,
            |flow, datagram| match &datagram.body {
                Body::Udp { ports, .. } => {
                    let ends = (Some((datagram.src, ports.0)), Some((datagram.dst, ports.1)));
                    if flow.udp && flow.remote == ends.1 {
                        flow.local = ends.0;
                        return true;
                    }
                    false
                }
                Body::Icmp { .. } => true,
                // The connection sends something else first.
                Body::Tcp(segment) => {
                    let ends = (Some((datagram.src, segment.ports.0)), Some((datagram.dst, segment.ports.1)));
                    ends == (flow.local, flow.remote)
                }
                Body::Other(_) => false,
            },
            at,
        )?;
        let wanted = match &packet.body {
            Transport::Udp(len) => format!("udp ({len})"),
            Transport::Icmp(icmp) => {
                let (kind, code) = icmp.number(self.setup.local().is_ipv6()).map_err(Stop::Invalid)?;
                format!("icmp type {kind} code {code}")
            }
            Transport::Tcp(_) => String::new(),
        };
        let Some((sent, datagram)) = found else {
            let what = format!("the stack sends nothing up to {}", seconds(self.machine.now));
            return Err(Stop::Failed { what, sides: Some((wanted, "nothing".to_owned())) });
        };
        let is = match &datagram.body {
            Body::Udp { payload, .. } => format!("udp ({})", payload.len()),
            Body::Icmp { kind, code, .. } => format!("icmp type {kind} code {code}"),
            Body::Tcp(segment) => segment_text(&self.flows[at].outbound(segment.clone()), true),
            Body::Other(protocol) => format!("protocol {protocol}"),
        };
        self.tell(sent, Way::Out, &is);
        let problem =
            ip_difference(packet, &datagram).or_else(|| (is != wanted).then(|| "the packets differ".to_owned()));
        if let Some(what) = problem {
            return Err(Stop::Failed { what, sides: Some((wanted, is)) });
        }
        if time == Time::Any { Ok(()) } else { self.check_time(when, sent, "the packet") }
    }

    /// Whether the stack's timestamp clock runs as the script says (only where the script gives its tick).
    fn timestamp_difference(&self, expected: &Segment, actual: &Segment, at: Instant) -> Option<String> {
        let tick = self.setup.timestamp_tick?;
        let ((wanted, _), (is, _)) = (expected.timestamps()?, actual.timestamps()?);
        let off = i64::from(is.wrapping_sub(wanted) as i32).abs();
        // A clock may drift over the whole run.
        let tolerance = self.tolerance(at.since(Instant::ZERO));
        (tick.saturating_mul(off) > tolerance).then(|| format!("TS val: expected {wanted}, actual {is}"))
    }

    /// What scripts leave out.
    fn strict_difference(&self, datagram: &Datagram) -> Option<String> {
        let Body::Tcp(segment) = &datagram.body else { return None };
        let end = segment.options.iter().position(|option| option.kind == 0).filter(|_| self.setup.strict)?;
        let padded = segment.options[end..].iter().any(|option| option.kind != 0);
        padded.then(|| "options are filled up with something other than zeros".to_owned())
    }

    /// A packet of the current connection that nobody expected, as text.
    pub(crate) fn left_over(&mut self) -> Option<String> {
        let flow = &self.flows[self.current?];
        self.machine.heard.iter().find_map(|heard| match Datagram::read(&heard.packet)?.body {
            Body::Tcp(segment) if flow.local.is_some_and(|local| local.1 == segment.ports.0) => {
                Some(format!("{} > {}", seconds(heard.at), segment_text(&flow.outbound(segment), true)))
            }
            Body::Udp { payload, .. } if flow.udp => Some(format!("{} > udp ({})", seconds(heard.at), payload.len())),
            Body::Icmp { kind, code, .. } => Some(format!("{} > icmp type {kind} code {code}", seconds(heard.at))),
            _ => None,
        })
    }
}

fn kinds(segment: &Segment) -> Vec<u8> {
    segment.options.iter().map(|option| option.kind).collect()
}

/// What differs in the IP header.
fn ip_difference(packet: &Packet, actual: &Datagram) -> Option<String> {
    let ecn = actual.tos & 3;
    let tos = match packet.ip.tos {
        None => None,
        Some(Tos::Ecn(wanted)) => (wanted != ecn).then(|| format!("ECN: expected {wanted}, actual {ecn}")),
        Some(Tos::AnyEct) => (!matches!(ecn, 1 | 2)).then(|| format!("ECN: expected ECT(0) or ECT(1), actual {ecn}")),
        Some(Tos::Whole(wanted)) => (wanted != actual.tos)
            .then(|| format!("type of service: expected {wanted:#04x}, actual {:#04x}", actual.tos)),
    };
    let ttl = packet.ip.ttl.filter(|ttl| *ttl != actual.ttl);
    let label = packet.ip.flow_label.filter(|label| *label != actual.flow_label);
    tos.or_else(|| ttl.map(|ttl| format!("TTL: expected {ttl}, actual {}", actual.ttl)))
        .or_else(|| label.map(|label| format!("flow label: expected {label:#x}, actual {:#x}", actual.flow_label)))
}

/// An ICMP message about a packet of this connection.
fn icmp_body(
    icmp: &Icmp,
    (kind, code): (u8, u8),
    flow: &Flow,
    local: (std::net::IpAddr, u16),
    remote: (std::net::IpAddr, u16),
) -> Body {
    let mut data = Vec::new();
    if let Some(quoted) = icmp.quoted {
        let (protocol, rest, len) = match quoted {
            Quoted::Tcp(seq, len) => (Protocol::TCP, flow.quoted(seq), 20 + len),
            Quoted::Udp(len) => (Protocol::UDP, ((8 + len) as u32) << 16, 8 + len),
        };
        // The header of the packet that it is about, and the first eight bytes behind it (RFC 792, RFC 4443 §3).
        data = datagram::header((local.0, remote.0), (0, TTL, 0), protocol, len);
        data.extend(local.1.to_be_bytes());
        data.extend(remote.1.to_be_bytes());
        data.extend(rest.to_be_bytes());
    }
    Body::Icmp { kind, code, rest: icmp.rest, data }
}
