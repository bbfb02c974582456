//! A scenario's world: machines, links and what runs on them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use base::{Duration, Rate, Seed};
use host::{Advertise, EphemeralPorts, HostConfig, InterfaceId, Ipv6Config, NatConfig, PortOrder, Prefix, Route};
use net::link::{Fault, Match, Then, View, Which};
use net::{LaneConfig, LinkConfig, NodeId, World};
use trace::{Level, Role};
use wire::tcp::Seq;

use crate::plan::{self, ipv6 as six, mac};
use crate::{
    Congestion, EcnAsked, FastOpen, Join, Line, MtuProbing, Network, Qdisc, ReceiveBuffer, Scenario, SlowStart,
    Topology, Way,
};

/// A world and the machines that programs run on.
pub(crate) struct Built {
    pub world: World,
    pub client: NodeId,
    pub server: NodeId,
    /// The server's address.
    pub address: Ipv4Addr,
    /// The machines of a home network.
    pub home: Option<Home>,
}

/// The machines of a home network that programs run on.
pub(crate) struct Home {
    pub router: NodeId,
    pub resolver: NodeId,
    pub root: NodeId,
    pub top: NodeId,
    pub authority: NodeId,
}

pub(crate) fn build(scenario: &Scenario, level: Level, address: Ipv4Addr) -> Built {
    match scenario.network.topology {
        Topology::Home => home(scenario, level, address),
        Topology::Direct => direct(scenario, level, address),
    }
}

fn tcp_config(scenario: &Scenario, mtu: u16) -> tcp::Config {
    let options = scenario.tcp;
    let mut config = tcp::Config {
        mss: mtu.saturating_sub(40),
        window_scale: options.window_scale,
        sack: options.sack,
        timestamps: options.timestamps,
        nagle: options.nagle,
        delayed_ack: options.delayed_ack,
        initial_window: options.initial_window,
        congestion: match options.congestion {
            Congestion::Cubic => tcp::CongestionKind::Cubic,
            Congestion::Reno => tcp::CongestionKind::Reno,
            Congestion::Bbr => tcp::CongestionKind::Bbr,
        },
        ecn: match options.ecn {
            EcnAsked::Off => tcp::EcnUse::Grant,
            EcnAsked::On => tcp::EcnUse::Ask,
            EcnAsked::Accurate => tcp::EcnUse::AskAccurate,
        },
        slow_start: match options.slow_start {
            SlowStart::Plain => tcp::SlowStart::Plain,
            SlowStart::Hystart => tcp::SlowStart::HyStart,
            SlowStart::HystartPlusPlus => tcp::SlowStart::HyStartPlusPlus,
        },
        mtu_probing: match options.mtu_probing {
            MtuProbing::Off => tcp::MtuProbing::Off,
            MtuProbing::BlackHole => tcp::MtuProbing::OnBlackHole,
            MtuProbing::Always => tcp::MtuProbing::Always,
        },
        fast_open: match options.fast_open {
            FastOpen::Off => tcp::FastOpenUse::Off,
            FastOpen::On => tcp::FastOpenUse::Cookie,
            FastOpen::NoCookie => tcp::FastOpenUse::NoCookie,
        },
        qdisc: match options.qdisc {
            Qdisc::Fifo => tcp::Qdisc::Fifo,
            Qdisc::Fq => tcp::Qdisc::Fq,
        },
        ..tcp::Config::default()
    };
    match options.receive_buffer {
        None => {}
        Some(ReceiveBuffer::Bytes(bytes)) => config.receive_buffer = bytes as usize,
        Some(ReceiveBuffer::Auto) => config.grow_window = true,
    }
    options.without.apply(&mut config);
    config
}

fn client(scenario: &Scenario, seed: Seed) -> HostConfig {
    let settings = &scenario.client;
    let mut config = HostConfig::new(&settings.name, seed);
    config.tcp = tcp_config(scenario, scenario.network.mtu);
    config.isns = settings.isns.iter().map(|&isn| Seq(isn)).collect();
    if let Some(first) = settings.first_port {
        config.ephemeral = EphemeralPorts { first, last: u16::MAX, order: PortOrder::Ascending };
    }
    config
}

fn server(scenario: &Scenario, seed: Seed) -> HostConfig {
    let mut config = HostConfig::new(&scenario.server.name, seed);
    config.tcp = tcp_config(scenario, 1500);
    config.isns = scenario.server.isns.iter().map(|&isn| Seq(isn)).collect();
    config
}

/// What each of several layers must count to, so that together they drop the frames with these numbers: a layer sees only
/// what those before it let through.
fn drop_ordinals(drop: &[u64]) -> Vec<u64> {
    let numbers: std::collections::BTreeSet<u64> = drop.iter().copied().filter(|&number| number > 0).collect();
    numbers.into_iter().zip(0..).map(|(number, before)| number - before).collect()
}

fn with_faults(lane: LaneConfig, network: &Network, line: Line, way: Way) -> LaneConfig {
    let faults = network.faults.iter().filter(|fault| fault.line == line && fault.way == way);
    faults.fold(lane, |lane, fault| lane.fault(fault.layer()))
}

/// The access line: towards the home at one rate, from it at another, with queues and loss.
fn access_line(network: &Network, delay: Duration) -> LinkConfig {
    let lane = |rate: Rate, drop: &[u64], way: Way| {
        let lane = LaneConfig::new(delay, rate).queue_bytes(network.queue.0 as usize).loss(network.loss.0);
        let lane = if network.mark.0 > 0 { lane.mark_bytes(network.mark.0 as usize) } else { lane };
        let lane = drop_ordinals(drop).into_iter().fold(lane, |lane, ordinal| {
            lane.fault(Fault { of: Match::All, which: Which::Nth(ordinal), then: Then::Lose })
        });
        let lane = with_faults(lane, network, Line::Access, way);
        if !network.ipv6_broken {
            return lane;
        }
        let ipv6 = Match::If(Rc::new(|view: &View| view.ipv6.is_some()));
        lane.fault(Fault { of: ipv6, which: Which::Every, then: Then::Lose })
    };
    let upload = match (network.upload.0, network.rate.0) {
        (Rate::UNLIMITED, rate) => rate,
        (upload, Rate::UNLIMITED) => upload,
        (upload, rate) => upload.min(rate),
    };
    LinkConfig {
        a_to_b: lane(upload, &network.drop_from_client, Way::FromClient),
        b_to_a: lane(network.rate.0, &network.drop_to_client, Way::ToClient),
    }
}

/// IPv6 on the interface that was added last, where the scenario speaks it: a link-local address and another.
fn with_ipv6(config: HostConfig, scenario: &Scenario, link_local: Ipv6Addr, address: Ipv6Addr) -> HostConfig {
    if !scenario.network.ip.has_ipv6() {
        return config;
    }
    let prefix = plan::ipv6::PREFIX;
    config.ipv6(Ipv6Config::fixed(&[(link_local, prefix), (address, prefix)]))
}

/// A default route over IPv6, where the scenario speaks it.
fn ipv6_gateway(config: HostConfig, scenario: &Scenario, gateway: Ipv6Addr, interface: u16) -> HostConfig {
    if scenario.network.ip.has_ipv6() { config.gateway(gateway, InterfaceId(interface)) } else { config }
}

/// An IPv6 route by way of a router, where the scenario speaks it.
fn ipv6_route(
    config: HostConfig,
    scenario: &Scenario,
    to: (Ipv6Addr, u8),
    via: Ipv6Addr,
    interface: u16,
) -> HostConfig {
    if !scenario.network.ip.has_ipv6() {
        return config;
    }
    config.route(Prefix::new(to.0, to.1), Some(via.into()), InterfaceId(interface))
}

/// Client, one router, server.
fn direct(scenario: &Scenario, level: Level, address: Ipv4Addr) -> Built {
    let seed = Seed(scenario.seed);
    let mut world = World::new(seed, level);
    let near = scenario.client.address.unwrap_or(Ipv4Addr::new(192, 0, 2, 10));
    let gateway = |address: Ipv4Addr| {
        let first = (u32::from(address) & !0xff) + 1;
        // The router takes the first address of each network, or the last where an end has the first.
        Ipv4Addr::from(if Ipv4Addr::from(first) == address { first + 253 } else { first })
    };
    let (near_gateway, far_gateway) = (gateway(near), gateway(address));
    let mut config =
        client(scenario, seed).interface("eth0", mac(1, 0), &[(near, 24)]).gateway(near_gateway, InterfaceId(0));
    config.interfaces[0].mtu = scenario.network.mtu;
    let config = with_ipv6(config, scenario, six::link_local(1, 0), six::NEAR);
    let client = world.add_host(Role::Client, ipv6_gateway(config, scenario, six::NEAR_GATEWAY, 0));
    let config = HostConfig::new("router", seed).interface("near", mac(2, 0), &[(near_gateway, 24)]);
    let config = with_ipv6(config, scenario, six::link_local(2, 0), six::NEAR_GATEWAY);
    let config = config.interface("far", mac(2, 1), &[(far_gateway, 24)]);
    let mut config = with_ipv6(config, scenario, six::link_local(2, 1), six::WEB);
    config.forwarding = true;
    config.interfaces[0].mtu = scenario.network.mtu;
    let router = world.add_host(Role::Router, config);
    let config = self::server(scenario, seed)
        .interface("eth0", mac(3, 0), &[(address, 24)])
        .gateway(far_gateway, InterfaceId(0));
    let config = with_ipv6(config, scenario, six::link_local(3, 0), six::web_address(address));
    let server = world.add_host(Role::Server, ipv6_gateway(config, scenario, six::WEB, 0));

    // One way is half the round trip: a fifth of it on the client's line, the rest on the server's.
    let one_way = scenario.network.rtt.0 / 2;
    let line = one_way / 5;
    world.link((client, 0), (router, 0), access_line(&scenario.network, line));
    world.link((router, 1), (server, 0), LinkConfig::new(one_way - line, Rate::mbit(1_000)));

    if scenario.client.knows_neighbours {
        let act = &trace::kinds::app::OPERATOR_STARTS;
        let mut learn = |node, interface, address: IpAddr, mac| {
            world.with_host(node, act, "the machine, which has talked to its neighbours before", |host, cx| {
                host.set_reachable_neighbour(InterfaceId(interface), address, mac, cx);
            });
        };
        learn(client, 0, near_gateway.into(), mac(2, 0));
        learn(router, 0, near.into(), mac(1, 0));
        learn(router, 1, address.into(), mac(3, 0));
        learn(server, 0, far_gateway.into(), mac(2, 1));
        if scenario.network.ip.has_ipv6() {
            learn(client, 0, six::NEAR_GATEWAY.into(), mac(2, 0));
            learn(router, 0, six::NEAR.into(), mac(1, 0));
            learn(router, 1, six::web_address(address).into(), mac(3, 0));
            learn(server, 0, six::WEB.into(), mac(2, 1));
        }
    }
    Built { world, client, server, address, home: None }
}

/// A laptop behind a switch and a home router, a provider, name servers, and the server.
fn home(scenario: &Scenario, level: Level, address: Ipv4Addr) -> Built {
    let seed = Seed(scenario.seed);
    let mut world = World::new(seed, level);

    let joined = scenario.client.join == Join::Already;
    let lan: &[(Ipv4Addr, u8)] = match joined && scenario.network.ip.has_ipv4() {
        false => &[],
        true => &[(plan::home::LAPTOP, plan::home::PREFIX)],
    };
    let mut config = client(scenario, seed).interface("eth0", mac(1, 0), lan);
    config.interfaces[0].mtu = scenario.network.mtu;
    if joined && scenario.network.ip.has_ipv4() {
        config = config.gateway(plan::home::ROUTER, InterfaceId(0));
    }
    if joined {
        config = with_ipv6(config, scenario, six::link_local(1, 0), six::LAPTOP);
        config = ipv6_gateway(config, scenario, six::ROUTER, 0);
    } else if scenario.network.ip.has_ipv6() {
        config = config.ipv6(Ipv6Config::automatic());
    }
    let client = world.add_host(Role::Client, config);
    let switch = world.add_switch("switch", 4);

    let config =
        HostConfig::new("home-router", seed).interface("lan", mac(2, 0), &[(plan::home::ROUTER, plan::home::PREFIX)]);
    let mut config = with_ipv6(config, scenario, six::link_local(2, 0), six::ROUTER);
    if let Some(ipv6) = &mut config.interfaces[0].ipv6 {
        let prefix = Prefix::new(six::ROUTER, six::PREFIX);
        ipv6.advertise = Some(Advertise { name_servers: vec![six::ROUTER], ..Advertise::prefix(prefix) });
    }
    let config = config.interface("wan", mac(2, 1), &[plan::provider::HOME]);
    let config = with_ipv6(config, scenario, six::link_local(2, 1), six::HOME);
    let config = config.gateway(plan::provider::ACCESS.0, InterfaceId(1));
    let mut config = ipv6_gateway(config, scenario, six::ACCESS, 1);
    config.forwarding = true;
    config.nat = Some(NatConfig::new(InterfaceId(1)));
    config.interfaces[0].mtu = scenario.network.mtu;
    let router = world.add_host(Role::Router, config);

    let config = HostConfig::new("access-router", seed).interface("homes", mac(3, 0), &[plan::provider::ACCESS]);
    let config = with_ipv6(config, scenario, six::link_local(3, 0), six::ACCESS);
    let config = config.interface("resolvers", mac(3, 1), &[plan::provider::RESOLVERS]).interface(
        "core",
        mac(3, 2),
        &[plan::provider::UPLINK],
    );
    let config = with_ipv6(config, scenario, six::link_local(3, 2), six::UPLINK);
    let config = config.gateway(plan::provider::CORE.0, InterfaceId(2));
    let config = ipv6_gateway(config, scenario, six::CORE, 2);
    let mut config = ipv6_route(config, scenario, six::DELEGATED, six::HOME, 0);
    config.forwarding = true;
    let access = world.add_host(Role::Router, config);

    let config = HostConfig::new("core-router", seed).interface("access", mac(4, 0), &[plan::provider::CORE]);
    let config = with_ipv6(config, scenario, six::link_local(4, 0), six::CORE)
        .interface("root", mac(4, 1), &[plan::names::ROOT[0]])
        .interface("top", mac(4, 2), &[plan::names::TOP[0]])
        .interface("authority", mac(4, 3), &[plan::names::AUTHORITY[0]])
        .interface("web", mac(4, 4), &[plan::WEB]);
    let config = with_ipv6(config, scenario, six::link_local(4, 4), six::WEB);
    let config = ipv6_route(config, scenario, six::DELEGATED, six::UPLINK, 0);
    let mut config = ipv6_route(config, scenario, (six::HOME, six::PREFIX), six::UPLINK, 0);
    config.routes.push(Route {
        prefix: Prefix::new(Ipv4Addr::new(198, 51, 100, 0), 24),
        via: Some(plan::provider::UPLINK.0.into()),
        interface: InterfaceId(0),
    });
    // A server outside the web's network (a URL with an address in it) is on the same link.
    let inside = Prefix::new(plan::WEB.0, plan::WEB.1).contains(address);
    if !inside {
        config.routes.push(Route { prefix: Prefix::new(address, 32), via: None, interface: InterfaceId(4) });
    }
    config.forwarding = true;
    let core = world.add_host(Role::Router, config);

    let machine =
        |world: &mut World, role: Role, config: HostConfig, n: u8, address: (Ipv4Addr, u8), gateway: Ipv4Addr| {
            let mut config = config.interface("eth0", mac(n, 0), &[address]);
            if role == Role::Server {
                config = with_ipv6(config, scenario, six::link_local(n, 0), six::web_address(address.0));
                config = ipv6_gateway(config, scenario, six::WEB, 0);
            }
            if !Prefix::new(address.0, address.1).contains(gateway) {
                config.routes.push(Route { prefix: Prefix::new(gateway, 32), via: None, interface: InterfaceId(0) });
            }
            world.add_host(role, config.gateway(gateway, InterfaceId(0)))
        };
    let name_server = |name: &str| HostConfig::new(name, seed);
    let resolver = machine(
        &mut world,
        Role::NameServer,
        name_server("resolver"),
        5,
        plan::provider::RESOLVER,
        plan::provider::RESOLVERS.0,
    );
    let root =
        machine(&mut world, Role::NameServer, name_server("root-dns"), 6, plan::names::ROOT[1], plan::names::ROOT[0].0);
    let top =
        machine(&mut world, Role::NameServer, name_server("tld-dns"), 7, plan::names::TOP[1], plan::names::TOP[0].0);
    let authority = machine(
        &mut world,
        Role::NameServer,
        name_server("auth-dns"),
        8,
        plan::names::AUTHORITY[1],
        plan::names::AUTHORITY[0].0,
    );
    let prefix = if inside { plan::WEB.1 } else { 32 };
    let server = machine(&mut world, Role::Server, server(scenario, seed), 9, (address, prefix), plan::WEB.0);

    let delays = Delays::of(scenario.network.rtt.0);
    let fast = |delay| LinkConfig::new(delay, Rate::mbit(10_000));
    let wire = |delay| LinkConfig::new(delay, Rate::mbit(1_000));
    let LinkConfig { a_to_b, b_to_a } = wire(delays.lan);
    let cable = |lane, way| with_faults(lane, &scenario.network, Line::Cable, way);
    let cable = LinkConfig { a_to_b: cable(a_to_b, Way::FromClient), b_to_a: cable(b_to_a, Way::ToClient) };
    world.link((client, 0), (switch, 0), cable);
    world.link((switch, 1), (router, 0), wire(delays.lan));
    world.link((router, 1), (access, 0), access_line(&scenario.network, delays.access));
    world.link((access, 1), (resolver, 0), fast(delays.resolver));
    world.link((access, 2), (core, 0), fast(delays.core));
    world.link((core, 1), (root, 0), fast(delays.names));
    world.link((core, 2), (top, 0), fast(delays.names));
    world.link((core, 3), (authority, 0), fast(delays.names));
    world.link((core, 4), (server, 0), fast(delays.web));
    // The provider's machines have talked to each other before: only the home is new.
    let mut learn = |node, interface, address: IpAddr, mac| {
        let act = &trace::kinds::app::OPERATOR_STARTS;
        world.with_host(node, act, "the machine, which has talked to its neighbours before", |host, cx| {
            host.set_reachable_neighbour(InterfaceId(interface), address, mac, cx);
        });
    };
    let pairs = [
        ((router, 1, plan::provider::HOME.0, mac(2, 1)), (access, 0, plan::provider::ACCESS.0, mac(3, 0))),
        ((access, 1, plan::provider::RESOLVERS.0, mac(3, 1)), (resolver, 0, plan::provider::RESOLVER.0, mac(5, 0))),
        ((access, 2, plan::provider::UPLINK.0, mac(3, 2)), (core, 0, plan::provider::CORE.0, mac(4, 0))),
        ((core, 1, plan::names::ROOT[0].0, mac(4, 1)), (root, 0, plan::names::ROOT[1].0, mac(6, 0))),
        ((core, 2, plan::names::TOP[0].0, mac(4, 2)), (top, 0, plan::names::TOP[1].0, mac(7, 0))),
        ((core, 3, plan::names::AUTHORITY[0].0, mac(4, 3)), (authority, 0, plan::names::AUTHORITY[1].0, mac(8, 0))),
        ((core, 4, plan::WEB.0, mac(4, 4)), (server, 0, address, mac(9, 0))),
    ];
    for (a, b) in pairs {
        learn(a.0, a.1, b.2.into(), b.3);
        learn(b.0, b.1, a.2.into(), a.3);
    }
    if scenario.network.ip.has_ipv6() {
        let pairs = [
            ((router, 1, six::HOME, mac(2, 1)), (access, 0, six::ACCESS, mac(3, 0))),
            ((access, 2, six::UPLINK, mac(3, 2)), (core, 0, six::CORE, mac(4, 0))),
            ((core, 4, six::WEB, mac(4, 4)), (server, 0, six::web_address(address), mac(9, 0))),
        ];
        for (a, b) in pairs {
            learn(a.0, a.1, b.2.into(), b.3);
            learn(b.0, b.1, a.2.into(), a.3);
        }
    }
    Built { world, client, server, address, home: Some(Home { router, resolver, root, top, authority }) }
}

/// How the round trip between laptop and server is made up, one way.
struct Delays {
    /// Laptop to switch, and switch to home router.
    lan: Duration,
    /// The access line.
    access: Duration,
    /// Access router to core router.
    core: Duration,
    /// Core router to server.
    web: Duration,
    /// Access router to resolver.
    resolver: Duration,
    /// Core router to a name server.
    names: Duration,
}

impl Delays {
    /// Laptop to server and back takes `rtt`: a quarter of it is the access line, two hundredths the home.
    fn of(rtt: Duration) -> Delays {
        let one_way = rtt / 2;
        let lan = one_way / 200;
        let access = one_way / 4;
        let core = one_way / 4;
        let web = one_way - lan * 2 - access - core;
        Delays { lan, access, core, web, resolver: one_way / 50, names: one_way / 3 }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn frames_to_drop_are_counted_before_any_is_dropped() {
        assert_eq!(super::drop_ordinals(&[7, 1, 2, 2]), [1, 1, 5], "1, 2 and 7 of all are 1, 1 and 5 of what is left");
    }
}
