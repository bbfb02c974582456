//! What a machine is made of: interfaces, routes, limits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base::{Duration, Seed};
use wire::MacAddr;
use wire::tcp::Seq;

use crate::{InterfaceId, Prefix};

/// One machine of the simulated internet, before it is switched on.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// Its name: `laptop`. Names its streams of randomness, so that hosts draw independently of each other.
    pub name: String,
    /// What the run is repeated from.
    pub seed: Seed,
    /// Its network interfaces; an [`InterfaceId`] is an index into them.
    pub interfaces: Vec<InterfaceConfig>,
    /// Routes beyond those that its addresses imply (each address makes its own prefix directly reachable).
    pub routes: Vec<Route>,
    /// Whether it forwards packets that are not for itself (RFC 1812 §2.2.3, Linux `ip_forward`).
    pub forwarding: bool,
    /// Network address translation for what it forwards.
    pub nat: Option<NatConfig>,
    /// What its TCP connections start with; the maximum segment size is lowered to fit the outgoing interface's MTU.
    pub tcp: tcp::Config,
    /// Initial sequence numbers to use before RFC 6528 takes over, first one first: for scenarios whose document names them.
    pub isns: Vec<Seq>,
    /// The ports that are given to programs that do not ask for one.
    pub ephemeral: EphemeralPorts,
    /// Whether a client may reuse a four-tuple in TIME-WAIT when timestamps make that safe (RFC 6191; Linux
    /// `tcp_tw_reuse=1`).
    pub time_wait_reuse: bool,
    /// TTL of the packets that it makes (RFC 1122 §3.2.1.7; Linux: 64).
    pub ttl: u8,
    /// Whether it answers pings (RFC 1122 §3.2.2.6: it must).
    pub answers_ping: bool,
    /// Whether it puts fragments together (RFC 1122 §3.3.2: it must). A machine behind a firewall that drops them never has all.
    pub accepts_fragments: bool,
    /// Whether the kernel answers on closed ports: resets and port unreachable. A machine behind a firewall that drops
    /// stays silent.
    pub answers_closed_ports: bool,
}

impl HostConfig {
    /// A machine called `name` without interfaces, with the defaults of Linux.
    pub fn new(name: &str, seed: Seed) -> HostConfig {
        HostConfig {
            name: name.to_owned(),
            seed,
            interfaces: Vec::new(),
            routes: Vec::new(),
            forwarding: false,
            nat: None,
            tcp: tcp::Config::default(),
            isns: Vec::new(),
            ephemeral: EphemeralPorts::default(),
            time_wait_reuse: false,
            ttl: 64,
            answers_ping: true,
            accepts_fragments: true,
            answers_closed_ports: true,
        }
    }

    /// With one more interface.
    pub fn interface(mut self, name: &str, mac: MacAddr, addresses: &[(Ipv4Addr, u8)]) -> HostConfig {
        self.interfaces.push(InterfaceConfig {
            name: name.to_owned(),
            mac,
            mtu: 1500,
            addresses: addresses.to_vec(),
            ipv6: None,
        });
        self
    }

    /// With IPv6 on the interface that was added last.
    pub fn ipv6(mut self, config: Ipv6Config) -> HostConfig {
        if let Some(interface) = self.interfaces.last_mut() {
            interface.ipv6 = Some(config);
        }
        self
    }

    /// With a default route by way of `gateway` out of `interface`.
    pub fn gateway(mut self, gateway: impl Into<IpAddr>, interface: InterfaceId) -> HostConfig {
        let gateway = gateway.into();
        let prefix = if gateway.is_ipv4() { Prefix::ALL } else { Prefix::ALL_IPV6 };
        self.routes.push(Route { prefix, via: Some(gateway), interface });
        self
    }

    /// With a route.
    pub fn route(mut self, prefix: Prefix, via: Option<IpAddr>, interface: InterfaceId) -> HostConfig {
        self.routes.push(Route { prefix, via, interface });
        self
    }
}

/// A network interface: one end of a link.
#[derive(Clone, Debug)]
pub struct InterfaceConfig {
    /// Its name on the machine: `eth0`.
    pub name: String,
    /// Its hardware address.
    pub mac: MacAddr,
    /// The largest IP packet that the link takes, in bytes: at least 68 (RFC 791 §3.2), usually 1500.
    pub mtu: u16,
    /// Its addresses with the length of their prefix; the first is its primary one.
    pub addresses: Vec<(Ipv4Addr, u8)>,
    /// How it speaks IPv6; `None` if it does not. A link of less than 1280 bytes never does (RFC 8200 §5).
    pub ipv6: Option<Ipv6Config>,
}

/// How an interface speaks IPv6.
#[derive(Clone, Default, Debug)]
pub struct Ipv6Config {
    /// Addresses that it has from the start, with the length of their prefix.
    pub addresses: Vec<(Ipv6Addr, u8)>,
    /// Whether it listens to routers and makes itself addresses of the prefixes that they advertise (RFC 4862), once
    /// [`crate::Host::join_ipv6`] has brought it up.
    pub autoconfigures: bool,
    /// Whether it asks for no neighbours and answers nobody who asks for it (an interface with Linux's NOARP).
    pub silent: bool,
    /// What it advertises itself, where it is a router's (RFC 4861 §6.2), once [`crate::Host::start_advertising`] says so.
    pub advertise: Option<Advertise>,
}

impl Ipv6Config {
    /// An interface with these addresses.
    pub fn fixed(addresses: &[(Ipv6Addr, u8)]) -> Ipv6Config {
        Ipv6Config { addresses: addresses.to_vec(), ..Ipv6Config::default() }
    }
    /// An interface that finds its own addresses.
    pub fn automatic() -> Ipv6Config {
        Ipv6Config { autoconfigures: true, ..Ipv6Config::default() }
    }
}

/// What a router tells its link (RFC 4861 §6.2.1).
#[derive(Clone, Debug)]
pub struct Advertise {
    /// How long it may be used as a default router; at most 9000 s.
    pub lifetime: Duration,
    /// The hop limit that hosts should use; 0 leaves it open.
    pub hop_limit: u8,
    /// The link's MTU, where hosts cannot know it.
    pub mtu: Option<u16>,
    /// The link's prefixes.
    pub prefixes: Vec<AdvertisedPrefix>,
    /// Name servers to ask (RFC 8106).
    pub name_servers: Vec<Ipv6Addr>,
}

/// A prefix that a router advertises.
#[derive(Clone, Copy, Debug)]
pub struct AdvertisedPrefix {
    /// The prefix.
    pub prefix: Prefix,
    /// Whether its addresses are on the link itself.
    pub on_link: bool,
    /// Whether hosts may make themselves addresses with it.
    pub autonomous: bool,
    /// How long such an address exists.
    pub valid: Duration,
    /// How long new conversations may start from it; at most `valid`.
    pub preferred: Duration,
}

impl Advertise {
    /// What radvd says by default: a default router for half an hour, and one prefix that is on the link and for addresses,
    /// for a day, new conversations for four hours.
    pub fn prefix(prefix: Prefix) -> Advertise {
        Advertise {
            lifetime: Duration::from_secs(1800),
            hop_limit: 64,
            mtu: None,
            prefixes: vec![AdvertisedPrefix {
                prefix,
                on_link: true,
                autonomous: true,
                valid: Duration::from_secs(86_400),
                preferred: Duration::from_secs(14_400),
            }],
            name_servers: Vec::new(),
        }
    }
}

/// A row of a routing table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Route {
    /// The destinations that it is for.
    pub prefix: Prefix,
    /// The router to hand packets to; `None` where the destination is on the link itself.
    pub via: Option<IpAddr>,
    /// The interface to send them out of.
    pub interface: InterfaceId,
}

/// Ports for programs that do not ask for one (RFC 6335 §6 would start at 49152; Linux starts at 32768).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EphemeralPorts {
    /// The first port of the range.
    pub first: u16,
    /// The last port of the range, included.
    pub last: u16,
    /// How they are chosen.
    pub order: PortOrder,
}

/// How ephemeral ports are chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PortOrder {
    /// A keyed hash of the destination decides where to start, a counter goes on from there (RFC 6056 §3.3.3).
    Hashed,
    /// One after the other, the first one first: for scenarios whose document names the port.
    Ascending,
}

impl Default for EphemeralPorts {
    /// Linux: 32768 to 60999 (`ip_local_port_range`), hashed.
    fn default() -> EphemeralPorts {
        EphemeralPorts { first: 32768, last: 60999, order: PortOrder::Hashed }
    }
}

impl EphemeralPorts {
    /// The range of RFC 6335 (49152 to 65535), in order from 49152 on.
    pub const FROM_49152: EphemeralPorts = EphemeralPorts { first: 49152, last: 65535, order: PortOrder::Ascending };
}

/// A network address and port translator (RFC 3022 §2.2) between its other interfaces and an outside one. Mapping is
/// endpoint-independent (RFC 4787 REQ-1), filtering depends on address and port (as Linux' connection tracking does).
#[derive(Clone, Debug)]
pub struct NatConfig {
    /// The interface towards the internet; its primary address stands in for all inside.
    pub outside: InterfaceId,
    /// Ports to lend, first and last, when the inside's own is taken.
    pub ports: (u16, u16),
    /// How long an unanswered UDP mapping lives (Linux: 30 s).
    pub udp_unreplied: Duration,
    /// How long a UDP mapping lives that has been used both ways (Linux: 120 s; RFC 4787 REQ-5: at least 2 min).
    pub udp_timeout: Duration,
    /// How long an idle established TCP connection keeps its mapping (RFC 5382 REQ-5: at least 2 h 4 min).
    pub tcp_established: Duration,
    /// How long one keeps it that is opening or closing (RFC 5382 REQ-5: at least 4 min).
    pub tcp_transitory: Duration,
    /// How long a ping keeps its mapping (RFC 5508 REQ-2: at least 60 s; Linux: 30 s).
    pub icmp_timeout: Duration,
    /// The most sessions that it keeps; new ones are refused beyond.
    pub max_sessions: usize,
}

impl NatConfig {
    /// A translator towards `outside` with the usual timeouts.
    pub fn new(outside: InterfaceId) -> NatConfig {
        NatConfig {
            outside,
            ports: (1024, 65535),
            udp_unreplied: Duration::from_secs(30),
            udp_timeout: Duration::from_secs(120),
            tcp_established: Duration::from_secs(2 * 3600 + 4 * 60),
            tcp_transitory: Duration::from_secs(4 * 60),
            icmp_timeout: Duration::from_secs(60),
            max_sessions: 65_536,
        }
    }
}
