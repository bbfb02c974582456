//! The machine under test on its link: what the script sends goes in, what the stack sends is kept until it is expected.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};

use base::{EventId, Instant, PlaceId, Seed, TapId};
use bytes::Bytes;
use host::{Host, HostConfig, InterfaceId, Ipv6Config, Prefix, SocketId};
use trace::{Cx, Direction, Level, Recorder, Role, Trace};
use wire::ethernet::{self, EtherType};
use wire::icmpv6::Type;
use wire::ipv4::Protocol;
use wire::{MacAddr, Packet, arp};

use crate::datagram::{Body, Datagram};
use crate::neighbours;
use crate::setup::Setup;
use crate::tables;

/// The interface of the machine.
const LINK: InterfaceId = InterfaceId(0);
const OWN: MacAddr = MacAddr([0x02, 0, 0x5e, 0, 0, 1]);
pub(crate) const OTHER: MacAddr = MacAddr([0x02, 0, 0x5e, 0, 0, 2]);
/// At most so many steps without time passing: beyond, the stack talks to itself.
const MAX_STEPS: usize = 1_000_000;

/// An IP packet that the stack has sent.
pub(crate) struct Heard {
    pub(crate) at: Instant,
    pub(crate) packet: Vec<u8>,
}

/// One host, its clock, and the other end of its only link.
pub(crate) struct Machine {
    pub(crate) host: Host,
    pub(crate) now: Instant,
    recorder: Recorder,
    place: PlaceId,
    tap: TapId,
    /// What it has sent and nobody has looked at.
    pub(crate) heard: VecDeque<Heard>,
    /// Sockets that something has happened to.
    pub(crate) woken: Vec<SocketId>,
    /// How many events there were when counters were read last.
    counted: usize,
    /// Neighbour discovery is the script's.
    scripted_neighbours: bool,
    /// Who has asked for a neighbour last, and for which.
    pub(crate) asked: Option<(Ipv6Addr, Ipv6Addr)>,
}

impl Machine {
    /// A machine with one address on one link, over which everybody is reached.
    pub(crate) fn new(setup: &Setup, tcp: tcp::Config) -> Machine {
        let local = (setup.local(), setup.prefix_len());
        let mut recorder = Recorder::new(Level::Full);
        let place = recorder.place("machine", Role::Server);
        let tap = recorder.tap(place, "machine.tun0");
        let script = recorder.place("script", Role::Client);
        recorder.name(local.0, place);
        recorder.name(setup.remote(), script);
        let machine = HostConfig::new("machine", Seed(1));
        let mut config = match local.0 {
            IpAddr::V4(address) => machine.interface("tun0", OWN, &[(address, local.1)]).route(Prefix::ALL, None, LINK),
            IpAddr::V6(address) => {
                let ipv6 = match setup.autoconfigures {
                    true => Ipv6Config::automatic(),
                    false => Ipv6Config::fixed(&[(address, local.1)]),
                };
                let routes = if setup.autoconfigures { None } else { Some(Prefix::ALL_IPV6) };
                let machine = routes.into_iter().fold(machine, |machine, prefix| machine.route(prefix, None, LINK));
                machine.interface("tun0", OWN, &[]).ipv6(ipv6)
            }
        };
        config.tcp = tcp;
        (setup.adjust_machine)(&mut config);
        let mut host = Host::new(config, place);
        host.set_mtu(LINK, setup.mtu());
        host.set_tells_each_arrival(true);
        if setup.autoconfigures {
            host.join_ipv6(LINK, &mut Cx::new(Instant::ZERO, place, EventId::NONE, &mut recorder));
        }
        Machine {
            host,
            scripted_neighbours: setup.scripted_neighbours,
            asked: None,
            now: Instant::ZERO,
            recorder,
            place,
            tap,
            heard: VecDeque::new(),
            woken: Vec::new(),
            counted: 0,
        }
    }

    /// What `nstat` tells.
    pub(crate) fn counters(&self) -> String {
        tables::counters(self.recorder.trace().events.iter().skip(self.counted))
    }

    /// `nstat` tells of what happens from now on.
    pub(crate) fn restart_counters(&mut self) {
        self.counted = self.recorder.trace().events.len();
    }

    /// Does something on the machine, as a program on it would.
    pub(crate) fn with<R>(&mut self, act: impl FnOnce(&mut Host, &mut Cx<'_>) -> R) -> R {
        let mut cx = Cx::new(self.now, self.place, EventId::NONE, &mut self.recorder);
        let result = act(&mut self.host, &mut cx);
        self.collect();
        result
    }

    /// Gives the machine an IP packet.
    pub(crate) fn inject(&mut self, packet: Vec<u8>) {
        let v6 = packet.first().is_some_and(|first| first >> 4 == 6);
        let frame = Self::frame(if v6 { EtherType::IPV6 } else { EtherType::IPV4 }, packet);
        let id = self.recorder.frame(self.tap, self.now, Direction::In, None, EventId::NONE, &frame);
        self.with(|host, cx| host.handle_frame(LINK, frame, id, cx));
    }

    fn frame(ethertype: EtherType, packet: Vec<u8>) -> Packet {
        let mut frame = Packet::from_bytes(Bytes::from(packet));
        ethernet::Header { dst: OWN, src: OTHER, ethertype }.write(frame.push(ethernet::Header::LEN));
        frame
    }

    /// Takes what the host has to say; whoever it looks for on the link is there.
    fn collect(&mut self) {
        for _ in 0..MAX_STEPS {
            let mut cx = Cx::new(self.now, self.place, EventId::NONE, &mut self.recorder);
            let Some(out) = self.host.poll_transmit(&mut cx) else { break };
            let bytes = out.frame.to_vec();
            let (head, packet) = bytes.split_at(ethernet::Header::LEN.min(bytes.len()));
            match ethernet::Header::read(head).ethertype {
                EtherType::ARP => self.answer(packet),
                EtherType::IPV6 if packet.get(6) == Some(&Protocol::ICMPV6.0) && self.answer_solicitation(packet) => {}
                _ => {
                    let event = out.event;
                    self.recorder.frame(self.tap, self.now, Direction::Out, out.derived_from, event, &out.frame);
                    self.heard.push_back(Heard { at: self.now, packet: packet.to_vec() });
                }
            }
        }
        while let Some((socket, _)) = self.host.poll_ready() {
            self.woken.push(socket);
        }
    }

    /// Everybody else is at the other end of the link.
    fn answer(&mut self, question: &[u8]) {
        if question.len() < arp::Header::LEN {
            return;
        }
        let asked = arp::Header::read(question);
        if asked.operation != arp::Operation::REQUEST || self.host.is_own(asked.target_ip) {
            return;
        }
        let reply = arp::Header {
            operation: arp::Operation::REPLY,
            sender_mac: OTHER,
            sender_ip: asked.target_ip,
            target_mac: asked.sender_mac,
            target_ip: asked.sender_ip,
            ..asked
        };
        let mut bytes = vec![0; arp::Header::LEN];
        reply.write(&mut bytes);
        let frame = Self::frame(EtherType::ARP, bytes);
        let mut cx = Cx::new(self.now, self.place, EventId::NONE, &mut self.recorder);
        self.host.handle_frame(LINK, frame, None, &mut cx);
    }

    /// As [`Machine::answer`], for IPv6 (RFC 4861 §7.2.4). Whether it was such a question.
    fn answer_solicitation(&mut self, question: &[u8]) -> bool {
        let Some(asked) = Datagram::read(question) else { return false };
        let Body::Icmp { kind, data, .. } = &asked.body else { return false };
        if *kind != Type::NEIGHBOR_SOLICITATION.0 {
            return false;
        }
        let Some(target) = data.first_chunk::<16>().map(|octets| std::net::Ipv6Addr::from(*octets)) else {
            return true;
        };
        if let (true, IpAddr::V6(asker)) = (self.scripted_neighbours, asked.src) {
            self.asked = Some((asker, target));
            return false;
        }
        if self.host.is_own(target) {
            return true;
        }
        let IpAddr::V6(asker) = asked.src else { return true };
        let answer = neighbours::advertisement(target, asker, OTHER);
        let frame = Self::frame(EtherType::IPV6, answer.write());
        let mut cx = Cx::new(self.now, self.place, EventId::NONE, &mut self.recorder);
        self.host.handle_frame(LINK, frame, None, &mut cx);
        true
    }

    /// Lets the next timer run, if it is due by `until`; otherwise time passes up to `until`. Whether a timer ran.
    pub(crate) fn step(&mut self, until: Instant) -> bool {
        let due = self.host.poll_timeout();
        if due > until {
            self.now = self.now.max(until);
            return false;
        }
        self.now = self.now.max(due);
        self.with(Host::handle_timeout);
        true
    }

    /// The trace of the run.
    pub(crate) fn into_trace(self) -> Trace {
        self.recorder.into_trace()
    }
}
