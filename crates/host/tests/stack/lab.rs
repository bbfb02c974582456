//! A few hosts on wires that take a millisecond, and everything that was said on them.

use std::net::{Ipv4Addr, SocketAddr};

use base::{Duration, EventId, FrameId, Instant, Seed};
use host::{Host, HostConfig, InterfaceId, Outgoing, Prefix, Route};
use trace::{Cx, Direction, Level, Recorder, Role, Trace};
use wire::ethernet::EtherType;
use wire::ipv4::Protocol;
use wire::{MacAddr, Packet, Reader, Silent};

/// How long a frame takes.
pub const DELAY: Duration = Duration::from_millis(1);

/// A frame on its way.
struct Flying {
    at: Instant,
    to: (usize, InterfaceId),
    frame: Packet,
    sent: EventId,
    derived_from: Option<FrameId>,
}

/// A frame that was sent.
pub struct Said {
    pub at: Instant,
    pub host: usize,
    pub frame: Packet,
    pub event: EventId,
}

type Filter = Box<dyn FnMut(&mut Packet) -> bool>;

pub struct Lab {
    pub hosts: Vec<Host>,
    wires: Vec<Vec<(usize, InterfaceId)>>,
    flying: Vec<Flying>,
    pub now: Instant,
    pub recorder: Recorder,
    taps: Vec<Vec<base::TapId>>,
    pub said: Vec<Said>,
    /// Sees every frame; those that it says no to are lost.
    pub filter: Option<Filter>,
    /// Every socket that was reported ready.
    pub woken: Vec<(usize, host::SocketId)>,
}

impl Lab {
    /// Hosts, and wires that connect some of their interfaces.
    pub fn new(configs: Vec<HostConfig>, wires: &[&[(usize, u16)]]) -> Lab {
        let mut recorder = Recorder::new(Level::Full);
        let mut lab = Lab {
            hosts: Vec::new(),
            wires: wires.iter().map(|ends| ends.iter().map(|&(h, i)| (h, InterfaceId(i))).collect()).collect(),
            flying: Vec::new(),
            now: Instant::ZERO,
            taps: Vec::new(),
            recorder: Recorder::new(Level::Off),
            said: Vec::new(),
            filter: None,
            woken: Vec::new(),
        };
        for config in configs {
            let place = recorder.place(&config.name, Role::Server);
            let taps = config.interfaces.iter().map(|i| recorder.tap(place, &format!("{}.{}", config.name, i.name)));
            lab.taps.push(taps.collect());
            lab.hosts.push(Host::new(config, place));
        }
        lab.recorder = recorder;
        lab
    }

    /// Two hosts on one wire: 10.0.0.1 and 10.0.0.2.
    pub fn pair() -> Lab {
        Lab::new(vec![config("a", 1, 1), config("b", 2, 1)], &[&[(0, 0), (1, 0)]])
    }

    /// A client 10.0.1.5, a router, and a server 10.0.2.10.
    pub fn routed() -> Lab {
        let (client, router, server) = (addr("10.0.1.5"), config("router", 9, 1), addr("10.0.2.10"));
        let mut router = HostConfig { interfaces: Vec::new(), ..router }
            .interface("lan", mac(9), &[(addr("10.0.1.1"), 24)])
            .interface("wan", mac(10), &[(addr("10.0.2.1"), 24)]);
        router.forwarding = true;
        let client = HostConfig::new("client", Seed(1))
            .interface("eth0", mac(1), &[(client, 24)])
            .gateway(addr("10.0.1.1"), InterfaceId(0));
        let server = HostConfig::new("server", Seed(1))
            .interface("eth0", mac(2), &[(server, 24)])
            .gateway(addr("10.0.2.1"), InterfaceId(0));
        Lab::new(vec![client, router, server], &[&[(0, 0), (1, 0)], &[(1, 1), (2, 0)]])
    }

    /// Does something to a host, as its operator.
    pub fn with<R>(&mut self, host: usize, f: impl FnOnce(&mut Host, &mut Cx<'_>) -> R) -> R {
        let place = self.hosts[host].place();
        let result = f(&mut self.hosts[host], &mut Cx::new(self.now, place, EventId::NONE, &mut self.recorder));
        self.collect(host);
        result
    }

    /// Gives a host a frame.
    pub fn inject(&mut self, host: usize, interface: u16, frame: Packet) {
        self.with(host, |h, cx| h.handle_frame(InterfaceId(interface), frame, None, cx));
    }

    fn collect(&mut self, host: usize) {
        let place = self.hosts[host].place();
        loop {
            let mut cx = Cx::new(self.now, place, EventId::NONE, &mut self.recorder);
            let Some(out) = self.hosts[host].poll_transmit(&mut cx) else { break };
            let Outgoing { interface, mut frame, event, derived_from } = out;
            let tap = self.taps[host][usize::from(interface.0)];
            let id = self.recorder.frame(tap, self.now, Direction::Out, derived_from, event, &frame).expect("full");
            let passes = self.filter.as_mut().is_none_or(|filter| filter(&mut frame));
            self.said.push(Said { at: self.now, host, frame: frame.clone(), event });
            let ends = self.wires.iter().find(|ends| ends.contains(&(host, interface))).cloned().unwrap_or_default();
            for to in ends.into_iter().filter(|&to| passes && to != (host, interface)) {
                let at = self.now + DELAY;
                self.flying.push(Flying { at, to, frame: frame.clone(), sent: event, derived_from: Some(id) });
            }
        }
        while let Some((socket, _)) = self.hosts[host].poll_ready() {
            self.woken.push((host, socket));
        }
    }

    /// Lets time pass up to `until`.
    pub fn run_until(&mut self, until: Instant) {
        for _ in 0..1_000_000 {
            let frame = self.flying.iter().map(|flying| flying.at).min().unwrap_or(Instant::NEVER);
            let timer = self.hosts.iter().map(Host::poll_timeout).min().unwrap_or(Instant::NEVER);
            let next = frame.min(timer);
            if next > until {
                self.now = until;
                return;
            }
            self.now = self.now.max(next);
            if frame <= timer {
                let first = self.flying.iter().position(|flying| flying.at == frame).expect("there is one");
                let Flying { to: (host, interface), frame, sent, derived_from, .. } = self.flying.remove(first);
                let tap = self.taps[host][usize::from(interface.0)];
                let id = self.recorder.frame(tap, self.now, Direction::In, derived_from, sent, &frame);
                let place = self.hosts[host].place();
                let mut cx = Cx::new(self.now, place, sent, &mut self.recorder);
                self.hosts[host].handle_frame(interface, frame, id, &mut cx);
                self.collect(host);
            } else {
                let host = self.hosts.iter().position(|host| host.poll_timeout() == timer).expect("there is one");
                self.with(host, |h, cx| h.handle_timeout(cx));
            }
        }
        panic!("a million steps, and no end");
    }
    /// Lets `ms` milliseconds pass.
    pub fn run(&mut self, ms: i64) {
        self.run_until(self.now + Duration::from_millis(ms));
    }

    pub fn trace(&self) -> &Trace {
        self.recorder.trace()
    }
    /// How many events of this kind there were.
    pub fn count(&self, kind: &str) -> usize {
        self.trace().events.iter().filter(|event| event.kind.id == kind).count()
    }
    /// The frames that `host` sent and that `which` likes, as it makes them.
    pub fn sent<T>(&self, host: usize, which: impl Fn(&Parsed) -> Option<T>) -> Vec<T> {
        self.said.iter().filter(|said| said.host == host).filter_map(|said| which(&parse(&said.frame))).collect()
    }
    /// A line for each frame, `host: what`.
    pub fn lines(&self) -> Vec<String> {
        self.said.iter().map(|said| format!("{}: {}", self.hosts[said.host].name(), describe(&said.frame))).collect()
    }
}

/// A frame taken apart with `wire`'s decoders, which verify lengths and header checksums; the transport checksums are
/// verified here.
pub struct Parsed {
    pub ethernet: wire::ethernet::Header,
    pub arp: Option<wire::arp::Header>,
    pub ip: Option<wire::ipv4::Header>,
    /// Behind the IP header.
    pub payload: Vec<u8>,
}

impl Parsed {
    pub fn icmp(&self) -> Option<wire::icmp::Header> {
        self.ip.filter(|ip| ip.protocol == Protocol::ICMP && ip.fragment_offset == 0)?;
        Some(wire::icmp::decode(&mut Reader::new(&self.payload, &mut Silent)).expect("a valid ICMP message"))
    }
    pub fn udp(&self) -> Option<(wire::udp::Header, Vec<u8>)> {
        let ip = self.ip.filter(|ip| ip.protocol == Protocol::UDP && !ip.is_fragment())?;
        let header = wire::udp::Header::read(&self.payload);
        let pseudo = wire::pseudo_header(ip.src.into(), ip.dst.into(), 17, self.payload.len());
        assert!(header.checksum == 0 || pseudo.then(wire::Sum::of(&self.payload)).verifies(), "UDP checksum");
        Some((header, self.payload[8..].to_vec()))
    }
    pub fn tcp(&self) -> Option<tcp::Segment> {
        let ip = self.ip.filter(|ip| ip.protocol == Protocol::TCP && !ip.is_fragment())?;
        let mut packet = Packet::from_bytes(self.payload.clone().into());
        Some(tcp::Segment::decode(&mut packet, ip.src.into(), ip.dst.into()).expect("a valid segment"))
    }
}

pub fn parse(frame: &Packet) -> Parsed {
    let bytes = frame.to_vec();
    let ethernet = wire::ethernet::Header::read(&bytes);
    let rest = &bytes[14..];
    let mut parsed = Parsed { ethernet, arp: None, ip: None, payload: Vec::new() };
    match ethernet.ethertype {
        EtherType::ARP => {
            parsed.arp = Some(wire::arp::decode(&mut Reader::new(rest, &mut Silent)).expect("a valid ARP message"));
        }
        EtherType::IPV4 => {
            let ip = wire::ipv4::decode(&mut Reader::new(rest, &mut Silent)).expect("a valid IPv4 header");
            assert_eq!(usize::from(ip.total_len), rest.len(), "nothing stands behind the packet");
            parsed.payload = rest[ip.header_len()..].to_vec();
            parsed.ip = Some(ip);
        }
        other => panic!("{other:?}"),
    }
    parsed
}

/// A frame in a few words.
pub fn describe(frame: &Packet) -> String {
    let parsed = parse(frame);
    if let Some(arp) = parsed.arp {
        let verb = if arp.operation == wire::arp::Operation::REQUEST { "asks for" } else { "tells" };
        return format!("ARP {} {verb} {}", arp.sender_ip, arp.target_ip);
    }
    let ip = parsed.ip.expect("IPv4");
    let ends = format!("{} > {}", ip.src, ip.dst);
    if ip.is_fragment() {
        return format!("{ends} fragment at {} of {}", ip.fragment_start(), parsed.payload.len());
    }
    if let Some(segment) = parsed.tcp() {
        let len = segment.payload.len();
        return format!(
            "{}:{} > {}:{} {} len {len}",
            ip.src, segment.src_port, ip.dst, segment.dst_port, segment.flags
        );
    }
    if let Some((udp, data)) = parsed.udp() {
        return format!("{}:{} > {}:{} UDP {}", ip.src, udp.src_port, ip.dst, udp.dst_port, data.len());
    }
    match parsed.icmp() {
        Some(icmp) => format!("{ends} ICMP {} {}", icmp.kind.0, icmp.code),
        None => format!("{ends} protocol {}", ip.protocol.0),
    }
}

pub fn addr(text: &str) -> Ipv4Addr {
    text.parse().expect("an address")
}
pub fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address and port")
}
pub fn mac(last: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, last])
}
/// A host with the address 10.0.0.`n`/24 and the hardware address of that number.
pub fn config(name: &str, n: u8, seed: u64) -> HostConfig {
    HostConfig::new(name, Seed(seed)).interface("eth0", mac(n), &[(Ipv4Addr::new(10, 0, 0, n), 24)])
}
pub fn route(prefix: &str, via: &str, interface: u16) -> Route {
    Route {
        prefix: prefix.parse::<Prefix>().expect("a prefix"),
        via: Some(addr(via).into()),
        interface: InterfaceId(interface),
    }
}

/// An IPv4 packet in a frame from `src_mac` to `dst_mac`, made by hand.
pub fn frame(src_mac: MacAddr, dst_mac: MacAddr, header: wire::ipv4::Header, payload: &[u8]) -> Packet {
    let mut header = header;
    header.total_len = (header.header_len() + payload.len()) as u16;
    let mut bytes = vec![0; 14 + header.header_len()];
    wire::ethernet::Header { dst: dst_mac, src: src_mac, ethertype: EtherType::IPV4 }.write(&mut bytes);
    header.write(&mut bytes[14..]);
    let sum = wire::Sum::of(&bytes[14..]).checksum();
    bytes[24..26].copy_from_slice(&sum.to_be_bytes());
    bytes.extend_from_slice(payload);
    Packet::from_bytes(bytes.into())
}
