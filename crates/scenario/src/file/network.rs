//! What lies between: the `[network]` table.

use serde::Deserialize;

use crate::{LineFault, Octets, Share, Span, Speed};

/// What lies between.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// The shape of it.
    pub topology: Topology,
    /// Round-trip time between client and server, without queues and transmission times.
    pub rtt: Span,
    /// Rate of the access line towards the home.
    pub rate: Speed,
    /// Rate of the access line from the home; at most `rate`.
    pub upload: Speed,
    /// Length of the access line's queues.
    pub queue: Octets,
    /// From so many bytes in a queue on packets that may be are marked instead of dropped (RFC 3168 §5); 0: never.
    pub mark: Octets,
    /// Loss on the access line, each way.
    pub loss: Share,
    /// MTU of the client's link.
    pub mtu: u16,
    /// Which versions of IP are spoken between client and server.
    pub ip: IpVersions,
    /// Whether the access line loses every IPv6 packet, as a broken network does.
    pub ipv6_broken: bool,
    /// Frames of the access line that are dropped, from the client, counted from 1.
    pub drop_from_client: Vec<u64>,
    /// Frames of the access line that are dropped, towards the client, counted from 1.
    pub drop_to_client: Vec<u64>,
    /// What else goes wrong on the access line.
    pub faults: Vec<LineFault>,
}

impl Default for Network {
    /// A home connection: 33 ms to the server, 100 Mbit/s down and 20 up, queues of 256 kB, no loss, Ethernet's MTU.
    fn default() -> Network {
        Network {
            topology: Topology::Home,
            rtt: Span(base::Duration::from_millis(33)),
            rate: Speed(base::Rate::mbit(100)),
            upload: Speed(base::Rate::mbit(20)),
            queue: Octets(256_000),
            mark: Octets(0),
            loss: Share(base::Chance::NEVER),
            mtu: 1500,
            ip: IpVersions::Four,
            ipv6_broken: false,
            drop_from_client: Vec::new(),
            drop_to_client: Vec::new(),
            faults: Vec::new(),
        }
    }
}

choice! {
    /// Versions of IP.
    IpVersions {
        /// IPv4 alone.
        #[default]
        Four = "4",
        /// IPv6 alone.
        Six = "6",
        /// Both.
        Dual = "dual",
    }
}

impl IpVersions {
    /// Whether IPv4 is spoken.
    pub fn has_ipv4(self) -> bool {
        self != IpVersions::Six
    }
    /// Whether IPv6 is spoken.
    pub fn has_ipv6(self) -> bool {
        self != IpVersions::Four
    }
}

/// The shape of a network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topology {
    /// A laptop behind a switch and a home router with NAT, a provider, resolvers and name servers, and the server.
    #[default]
    Home,
    /// Client, one router, server.
    Direct,
}

impl Topology {
    /// The taps at both ends of the access line, the client's side first.
    pub const fn access_line(self) -> [&'static str; 2] {
        match self {
            Topology::Home => ["home-router.wan", "access-router.homes"],
            Topology::Direct => ["client", "router.near"],
        }
    }
}
