//! Small worlds for the tests.
#![allow(dead_code)] // each test file uses some of it

use std::net::{Ipv4Addr, SocketAddr};

use base::{Duration, Rate, Seed};
use host::{HostConfig, InterfaceId, NatConfig};
use net::link::{LaneConfig, LinkConfig};
use net::{LinkId, NodeId, World};
use trace::{Class, Level, Role, Trace};
use wire::MacAddr;

/// A hardware address that ends in `last`.
pub fn mac(last: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, last])
}

/// A machine with one interface, on network 10.0.`net`.0/24, which sends everything else to 10.0.`net`.1.
pub fn machine(name: &str, seed: Seed, net: u8, last: u8) -> HostConfig {
    let address = Ipv4Addr::new(10, 0, net, last);
    HostConfig::new(name, seed)
        .interface("eth0", mac(net * 16 + last), &[(address, 24)])
        .gateway(Ipv4Addr::new(10, 0, net, 1), InterfaceId(0))
}

/// A router between 10.0.1.0/24 and 10.0.2.0/24.
pub fn router(seed: Seed) -> HostConfig {
    let mut config = HostConfig::new("router", seed)
        .interface("left", mac(0x11), &[(Ipv4Addr::new(10, 0, 1, 1), 24)])
        .interface("right", mac(0x21), &[(Ipv4Addr::new(10, 0, 2, 1), 24)]);
    config.forwarding = true;
    config
}

/// client - switch - router - server: a home network whose router leads to a server.
pub struct Home {
    pub world: World,
    pub client: NodeId,
    pub switch: NodeId,
    pub router: NodeId,
    pub server: NodeId,
    /// The link from the router to the server.
    pub uplink: LinkId,
}

impl Home {
    /// With a perfect local network, and `uplink` in both directions between router and server; `nat` lets the router
    /// translate.
    pub fn new(seed: Seed, level: Level, uplink: LaneConfig, nat: bool) -> Home {
        let mut world = World::new(seed, level);
        let mut router = router(seed);
        router.nat = nat.then(|| NatConfig::new(InterfaceId(1)));
        let router = world.add_host(Role::Router, router);
        let client = world.add_host(Role::Client, machine("client", seed, 1, 5));
        let server = world.add_host(Role::Server, machine("server", seed, 2, 10));
        let switch = world.add_switch("switch", 4);
        let lan = || LinkConfig::new(Duration::from_micros(50), Rate::mbit(1000));
        world.link((client, 0), (switch, 0), lan());
        world.link((switch, 1), (router, 0), lan());
        let uplink = world.link((router, 1), (server, 0), LinkConfig::both(uplink));
        Home { world, client, switch, router, server, uplink }
    }
}

/// The server's address, at a port.
pub fn server_at(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 2, 10], port))
}

/// Any address, at a port.
pub fn any_at(port: u16) -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], port))
}

/// A line of 10 ms and 100 Mbit/s.
pub fn line() -> LaneConfig {
    LaneConfig::new(Duration::from_millis(10), Rate::mbit(100))
}

/// Bytes that tell where they belong.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i ^ (i >> 8) ^ (i >> 16)) as u8).collect()
}

/// A trace in full as text: every event, every frame with its bytes.
pub fn dump(trace: &Trace) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for e in &trace.events {
        let (because, args) = (e.because, e.args);
        writeln!(
            out,
            "{} {:?} {} {} {} <- {} {because:?} {args:?}",
            e.id, e.at, e.place, e.kind.id, e.subject, e.cause
        )
        .unwrap();
    }
    for meta in trace.frames.metas() {
        writeln!(out, "{meta:?} {:?}", trace.frames.bytes(meta.id)).unwrap();
    }
    out
}

/// Walks the chain of causes of every event and of every frame: each ends at an act or a timer, which nothing caused.
pub fn check_causes(trace: &Trace) {
    for event in &trace.events {
        let last = trace.causes(event.id).last().unwrap();
        let fits = last.cause.is_none() && matches!(last.kind.class, Class::Act | Class::Timer);
        assert!(fits, "{} at {:?} goes back to {} (cause {})", event.kind.id, event.at, last.kind.id, last.cause);
    }
    for meta in trace.frames.metas() {
        assert!(trace.event(meta.event).is_some(), "frame {} has the event {}", meta.id, meta.event);
    }
}
