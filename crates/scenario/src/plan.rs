//! The address plan of the simulated internet: documentation ranges for the public side (RFC 5737, RFC 3849), RFC 1918 at home.

use std::net::{Ipv4Addr, Ipv6Addr};

use wire::MacAddr;

/// The home's network: 192.168.1.0/24.
pub mod home {
    use super::*;
    /// Length of the prefix.
    pub const PREFIX: u8 = 24;
    /// The home router's inner side: gateway, DHCP server, DNS forwarder.
    pub const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
    /// The address that a laptop has which joined earlier.
    pub const LAPTOP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 100);
    /// The first and the last address that DHCP gives out.
    pub const POOL: (Ipv4Addr, Ipv4Addr) = (Ipv4Addr::new(192, 168, 1, 100), Ipv4Addr::new(192, 168, 1, 199));
}

/// The provider's networks.
pub mod provider {
    use super::*;
    /// Access network: homes and the access router.
    pub const ACCESS: (Ipv4Addr, u8) = (Ipv4Addr::new(198, 51, 100, 1), 25);
    /// The home router's outer side.
    pub const HOME: (Ipv4Addr, u8) = (Ipv4Addr::new(198, 51, 100, 23), 25);
    /// Between access and core router: the access router's end.
    pub const UPLINK: (Ipv4Addr, u8) = (Ipv4Addr::new(198, 51, 100, 129), 30);
    /// Between access and core router: the core router's end.
    pub const CORE: (Ipv4Addr, u8) = (Ipv4Addr::new(198, 51, 100, 130), 30);
    /// The resolvers' network: the access router's end.
    pub const RESOLVERS: (Ipv4Addr, u8) = (Ipv4Addr::new(198, 51, 100, 193), 28);
    /// The recursive resolver.
    pub const RESOLVER: (Ipv4Addr, u8) = (Ipv4Addr::new(198, 51, 100, 194), 28);
}

/// The name servers' networks, each behind the core router: its end and the server.
pub mod names {
    use super::*;
    /// The root's network and its name server.
    pub const ROOT: [(Ipv4Addr, u8); 2] = [(Ipv4Addr::new(192, 0, 2, 1), 28), (Ipv4Addr::new(192, 0, 2, 4), 28)];
    /// The top-level domains'.
    pub const TOP: [(Ipv4Addr, u8); 2] = [(Ipv4Addr::new(192, 0, 2, 17), 28), (Ipv4Addr::new(192, 0, 2, 20), 28)];
    /// The hosts' domains'.
    pub const AUTHORITY: [(Ipv4Addr, u8); 2] = [(Ipv4Addr::new(192, 0, 2, 33), 28), (Ipv4Addr::new(192, 0, 2, 36), 28)];
}

/// The web servers' network, 203.0.113.0/24: the core router's end.
pub const WEB: (Ipv4Addr, u8) = (Ipv4Addr::new(203, 0, 113, 1), 24);

/// IPv6: all of it out of 2001:db8::/32. No address is translated, so the home has a prefix of its own.
pub mod ipv6 {
    use super::*;
    /// The length of each link's prefix.
    pub const PREFIX: u8 = 64;
    /// What the provider has given the home: 2001:db8:100::/48.
    pub const DELEGATED: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2001, 0xdb8, 0x100, 0, 0, 0, 0, 0), 48);
    /// The home router's inner side, which advertises the network.
    pub const ROUTER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x100, 1, 0, 0, 0, 1);
    /// The address that a laptop has which joined earlier.
    pub const LAPTOP: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x100, 1, 0, 0, 0, 0x100);
    /// The access network: the access router's end and the home router's.
    pub const ACCESS: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1);
    /// The home router's outer side.
    pub const HOME: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x23);
    /// Between access and core router.
    pub const UPLINK: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1);
    /// The core router's end of it.
    pub const CORE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 2);
    /// The web servers' network: the core router's end.
    pub const WEB: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 80, 0, 0, 0, 0, 1);
    /// In a direct network: the client and the router's two ends.
    pub const NEAR: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 10, 0, 0, 0, 0, 0x10);
    /// The router's end on the client's side.
    pub const NEAR_GATEWAY: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 10, 0, 0, 0, 0, 1);

    /// The link-local address of device `n`, interface `i`.
    pub fn link_local(n: u8, i: u8) -> Ipv6Addr {
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, u16::from(n), u16::from(i) + 1)
    }
    /// The IPv6 address of the machine whose IPv4 address is `address`, in the web servers' network.
    pub fn web_address(address: Ipv4Addr) -> Ipv6Addr {
        Ipv6Addr::from_bits(WEB.to_bits() - 1 + (0x80_u128 << 32) + u128::from(address.to_bits()))
    }
}

/// A locally administered hardware address (IEEE 802 §8.4): device `n`, interface `i`.
pub fn mac(n: u8, i: u8) -> MacAddr {
    MacAddr([0x02, 0x00, 0x5e, 0x10, n, i])
}

/// The address of the web server for `host`: one of 203.0.113.10 to .249, the same for the same name in every run.
pub fn web_address(host: &str) -> Ipv4Addr {
    let hash =
        host.bytes().fold(0x811c_9dc5u32, |h, b| (h ^ u32::from(b.to_ascii_lowercase())).wrapping_mul(0x0100_0193));
    Ipv4Addr::new(203, 0, 113, 10 + (hash % 240) as u8)
}
