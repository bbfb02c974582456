//! Small worlds for the arguments: two machines on a line, and how their runs are read.

use std::net::{Ipv4Addr, SocketAddr};

use base::{Duration, Instant, PlaceId, Rate, Seed};
use bytes::Bytes;
use host::{ConnectOptions, HostConfig, InterfaceId};
use net::{LinkConfig, NodeId, Stop, World};
use trace::kinds::{self, app, tcp as tcp_kinds};
use trace::{Kind, Level, Role, Trace};
use wire::tcp::{Header, State};
use wire::{Body, Packet, Sum, ipv4, pseudo_header};

use crate::RunError;
use crate::plan::mac;

/// The client's address.
pub(super) const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
/// The server's address.
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 80);
/// The delay of the line, one way.
pub(super) const ONE_WAY: Duration = Duration::from_millis(10);
/// Longer than every run: than TIME-WAIT and all that goes before it.
const LONGEST: Duration = Duration::from_secs(1800);

/// Two machines on one line.
pub(super) struct Pair {
    pub world: World,
    pub client: NodeId,
    pub server: NodeId,
}

pub(super) fn port(ip: Ipv4Addr, port: u16) -> SocketAddr {
    SocketAddr::new(ip.into(), port)
}

/// A local port that the program chooses itself.
pub(super) fn from_port(port: u16) -> ConnectOptions {
    ConnectOptions { local: Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))), ..ConnectOptions::default() }
}

/// The line between the two, without loss.
pub(super) fn line() -> LinkConfig {
    LinkConfig::new(ONE_WAY, Rate::mbit(100))
}

impl Pair {
    /// Two machines with Linux' defaults.
    pub fn plain(seed: Seed) -> Pair {
        Pair::new(seed, line(), |_| {}, |_| {})
    }

    /// Two machines that are changed by `client` and `server`. The client's interface has its addresses before them.
    pub fn new(
        seed: Seed,
        line: LinkConfig,
        client: impl FnOnce(&mut HostConfig),
        server: impl FnOnce(&mut HostConfig),
    ) -> Pair {
        let mut world = World::new(seed, Level::Full);
        let mut near = HostConfig::new("client", seed).interface("eth0", mac(1, 0), &[(CLIENT, 24)]);
        // Programs that ask and answer set TCP_NODELAY.
        near.tcp.nagle = false;
        client(&mut near);
        let mut far = HostConfig::new("server", seed).interface("eth0", mac(2, 0), &[(SERVER, 24)]);
        far.tcp.nagle = false;
        server(&mut far);
        let addresses = near.interfaces[0].addresses.clone();
        let (client, server) = (world.add_host(Role::Client, near), world.add_host(Role::Server, far));
        world.link((client, 0), (server, 0), line);
        know(&mut world, client, SERVER, mac(2, 0));
        for (address, _) in addresses {
            know(&mut world, server, address, mac(1, 0));
        }
        Pair { world, client, server }
    }

    /// Runs to the end of the last timer.
    pub fn finish(mut self) -> Result<Trace, RunError> {
        finish(&mut self.world)?;
        Ok(self.world.into_trace())
    }
}

/// The router of the network that `ip` is in.
fn gateway(ip: Ipv4Addr) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(ip) & 0xffff_ff00) + 1)
}

/// The machine `n` of [`three_networks`], with the address `ip`.
pub(super) fn behind_router(name: &str, seed: Seed, n: u8, ip: Ipv4Addr) -> HostConfig {
    HostConfig::new(name, seed).interface("eth0", mac(n, 0), &[(ip, 24)]).gateway(gateway(ip), InterfaceId(0))
}

/// Three machines made by [`behind_router`], numbered from 1, each in a network of its own, and the router between them. All
/// know their neighbours. The routers do not check where packets come from, as BCP 38 would have them do.
pub(super) fn three_networks(seed: Seed, machines: [(Role, HostConfig); 3]) -> (World, [NodeId; 3], NodeId) {
    let mut world = World::new(seed, Level::Full);
    let addresses = machines.each_ref().map(|(_, config)| config.interfaces[0].addresses[0].0);
    let nodes = machines.map(|(role, config)| world.add_host(role, config));
    let mut config = HostConfig::new("router", seed);
    for (at, ip) in addresses.into_iter().enumerate() {
        config = config.interface(["clients", "servers", "others"][at], mac(9, at as u8), &[(gateway(ip), 24)]);
    }
    config.forwarding = true;
    let router = world.add_host(Role::Router, config);
    for (at, (node, ip)) in nodes.into_iter().zip(addresses).enumerate() {
        world.link((node, 0), (router, at as u16), LinkConfig::new(ONE_WAY / 2, Rate::mbit(100)));
        know(&mut world, node, gateway(ip), mac(9, at as u8));
        let text = "the router, which has talked to its neighbours before";
        world.with_host(router, &app::OPERATOR_STARTS, text, |host, cx| {
            host.set_neighbour(InterfaceId(at as u16), ip, mac(at as u8 + 1, 0), cx);
        });
    }
    (world, nodes, router)
}

/// An IPv4 packet with this TCP segment, as anybody can make it in another's name.
pub(super) fn forged(from: Ipv4Addr, to: Ipv4Addr, mut header: Header, data: &'static [u8]) -> Packet {
    let len = Header::LEN + data.len();
    let mut bytes = [0; Header::LEN];
    header.write(&mut bytes);
    let pseudo = pseudo_header(from.into(), to.into(), ipv4::Protocol::TCP.0, len);
    header.checksum = pseudo.then(Sum::of(&bytes)).then(Sum::of(data)).checksum();
    let mut packet = Packet::new(Body::from(Bytes::from_static(data)));
    header.write(packet.push(Header::LEN));
    let mut ip = ipv4::Header::new(from, to, ipv4::Protocol::TCP, len);
    let mut bytes = [0; ipv4::Header::LEN];
    ip.write(&mut bytes);
    ip.checksum = Sum::of(&bytes).checksum();
    ip.write(packet.push(ipv4::Header::LEN));
    packet
}

/// Lets a machine know a neighbour's hardware address, so that ARP stays out of the picture.
pub(super) fn know(world: &mut World, node: NodeId, address: Ipv4Addr, hardware: wire::MacAddr) {
    let text = "the machine, which has talked to its neighbour before";
    world.with_host(node, &app::OPERATOR_STARTS, text, |host, cx| {
        host.set_neighbour(InterfaceId(0), address, hardware, cx);
    });
}

/// Runs until nothing is left to happen.
pub(super) fn finish(world: &mut World) -> Result<(), RunError> {
    match world.run_until(Instant::ZERO + LONGEST) {
        Stop::Limit { steps } => Err(RunError::TooLong(steps)),
        Stop::Idle | Stop::Deadline => Ok(()),
    }
}

/// The place called `name`.
pub(super) fn place(trace: &Trace, name: &str) -> PlaceId {
    trace.places.iter().find(|place| place.name == name).map_or(PlaceId(0), |place| place.id)
}

/// How often `kind` happened at a place from `since` on.
pub(super) fn count(trace: &Trace, name: &str, kind: &'static Kind, since: Instant) -> usize {
    let at = place(trace, name);
    let wanted = |event: &&trace::Event| event.place == at && event.at >= since && std::ptr::eq(event.kind, kind);
    trace.events.iter().filter(wanted).count()
}

/// A state in which a machine's connection arrived, and when.
pub(super) type Step = (Instant, State);

/// The states that the machine's connection went through, the first that was established.
pub(super) fn states(trace: &Trace, name: &str) -> Vec<Step> {
    let at = place(trace, name);
    let of = |event: &&trace::Event| event.place == at && std::ptr::eq(event.kind, &tcp_kinds::STATE);
    let state = |event: &trace::Event| State(event.args[1] as u8);
    let open = trace.events.iter().filter(of).find(|event| state(event) == State::ESTABLISHED);
    let Some(open) = open.map(|event| event.subject) else { return Vec::new() };
    let own = trace.events.iter().filter(of).filter(|event| event.subject == open);
    own.map(|event| (event.at, state(event))).collect()
}

/// States as a path, from one of them on.
pub(super) fn path(steps: &[Step], from: State) -> String {
    let steps = steps.iter().skip_while(|(_, state)| *state != from);
    steps.map(|(_, state)| state.to_string()).collect::<Vec<_>>().join(" -> ")
}

/// When the machine's connection came to a state first.
pub(super) fn reached(steps: &[Step], wanted: State) -> Option<Instant> {
    steps.iter().find(|(_, state)| *state == wanted).map(|(at, _)| *at)
}

/// The segments that both machines sent from `from` until `to`, both included.
pub(super) fn segments(trace: &Trace, from: Instant, to: Instant) -> usize {
    let sent =
        |event: &&trace::Event| std::ptr::eq(event.kind, &kinds::tcp::SENT) && event.at >= from && event.at <= to;
    trace.events.iter().filter(sent).count()
}
