//! The routing table: which interface and which next hop lead to a destination.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use base::Map;

use crate::{InterfaceId, Route};

/// A set of addresses of one family that share their first bits: `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Prefix {
    network: IpAddr,
    len: u8,
}

impl Prefix {
    /// Every IPv4 address: what a default route is for.
    pub const ALL: Prefix = Prefix { network: IpAddr::V4(Ipv4Addr::UNSPECIFIED), len: 0 };
    /// Every IPv6 address.
    pub const ALL_IPV6: Prefix = Prefix { network: IpAddr::V6(Ipv6Addr::UNSPECIFIED), len: 0 };

    /// The addresses whose first `len` bits (at most 32 count, or 128) are those of `address`.
    #[inline]
    pub fn new(address: impl Into<IpAddr>, len: u8) -> Prefix {
        match address.into() {
            IpAddr::V4(address) => {
                let len = len.min(32);
                Prefix { network: Ipv4Addr::from_bits(address.to_bits() & mask(len)).into(), len }
            }
            IpAddr::V6(address) => {
                let len = len.min(128);
                Prefix { network: Ipv6Addr::from_bits(address.to_bits() & mask_ipv6(len)).into(), len }
            }
        }
    }
    /// The first address.
    pub fn network(self) -> IpAddr {
        self.network
    }
    /// How many bits are fixed: 0 to 32, or to 128.
    pub fn len(self) -> u8 {
        self.len
    }
    /// Whether it holds every address (a prefix of no bits).
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
    /// Whether `address` is in it; one of the other family never is.
    #[inline]
    pub fn contains(self, address: impl Into<IpAddr>) -> bool {
        match (self.network, address.into()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => address.to_bits() & mask(self.len) == network.to_bits(),
            (IpAddr::V6(network), IpAddr::V6(address)) => address.to_bits() & mask_ipv6(self.len) == network.to_bits(),
            _ => false,
        }
    }
    /// The address that means every host of the prefix (RFC 919 §6, RFC 1122 §3.2.1.3(d)). Prefixes of 31 and 32 bits have
    /// none (RFC 3021 §2.1), nor have those of IPv6.
    pub fn broadcast(self) -> Option<Ipv4Addr> {
        match self.network {
            IpAddr::V4(network) if self.len < 31 => Some(Ipv4Addr::from_bits(network.to_bits() | !mask(self.len))),
            _ => None,
        }
    }
}

/// `len` ones, then zeros.
fn mask(len: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0)
}

/// `len` ones, then zeros.
fn mask_ipv6(len: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(len)).unwrap_or(0)
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.len)
    }
}

impl FromStr for Prefix {
    type Err = String;
    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or `default` (of IPv4); the host bits must be zero.
    fn from_str(input: &str) -> Result<Prefix, String> {
        if input == "default" {
            return Ok(Prefix::ALL);
        }
        let error = || format!("`{input}` is not a prefix such as 10.0.0.0/8");
        let (address, len) = input.split_once('/').ok_or_else(error)?;
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let len: u8 = len.parse().ok().filter(|&len| len <= longest).ok_or_else(error)?;
        let prefix = Prefix::new(address, len);
        if prefix.network != address {
            return Err(format!("`{input}` has bits set behind its prefix: {prefix} would be right"));
        }
        Ok(prefix)
    }
}

/// A routing table: the longest matching prefix decides (RFC 1812 §5.2.4.3(2)), the earlier of equals.
#[derive(Clone, Default, Debug)]
pub struct Routes {
    /// Longest prefix first; equals in order of arrival.
    rows: Vec<Route>,
    ipv4: Index<u64>,
    ipv6: Index<(u128, u8)>,
    /// Changes with every change, so that whoever remembers what it found knows whether that still holds.
    version: u64,
}

/// The rows of one family by prefix: a look-up takes one step for each length that occurs, however many rows there are.
#[derive(Clone, Debug)]
struct Index<K> {
    /// The first row for each prefix.
    first: Map<K, Route>,
    /// The lengths that occur, longest first.
    lengths: Vec<u8>,
}

impl<K> Default for Index<K> {
    fn default() -> Index<K> {
        Index { first: Map::default(), lengths: Vec::new() }
    }
}

impl<K: Eq + std::hash::Hash> Index<K> {
    fn add(&mut self, key: K, route: Route) {
        let len = route.prefix.len();
        if let Err(at) = self.lengths.binary_search_by(|other| len.cmp(other)) {
            self.lengths.insert(at, len);
        }
        self.first.entry(key).or_insert(route);
    }
    #[inline]
    fn lookup(&self, key: impl Fn(u8) -> K) -> Option<&Route> {
        self.lengths.iter().find_map(|&len| self.first.get(&key(len)))
    }
}

/// An IPv4 prefix as one number.
#[inline]
fn key(address: Ipv4Addr, len: u8) -> u64 {
    u64::from(address.to_bits() & mask(len)) << 8 | u64::from(len)
}

impl Routes {
    /// Adds a row. One that is there already is not added again.
    pub fn add(&mut self, route: Route) {
        self.version += 1;
        if !self.rows.contains(&route) {
            let at = self.rows.partition_point(|row| row.prefix.len() >= route.prefix.len());
            self.rows.insert(at, route);
            self.index(route);
        }
    }

    fn index(&mut self, route: Route) {
        let len = route.prefix.len();
        match route.prefix.network() {
            IpAddr::V4(network) => self.ipv4.add(key(network, len), route),
            IpAddr::V6(network) => self.ipv6.add((network.to_bits(), len), route),
        }
    }
    /// Removes all rows that `which` names.
    pub fn remove(&mut self, mut which: impl FnMut(&Route) -> bool) {
        self.version += 1;
        self.rows.retain(|row| !which(row));
        (self.ipv4, self.ipv6) = (Index::default(), Index::default());
        for at in 0..self.rows.len() {
            self.index(self.rows[at]);
        }
    }
    /// As [`Routes::remove`], but a table without such rows stays as it is.
    pub(crate) fn remove_if_any(&mut self, mut which: impl FnMut(&Route) -> bool) {
        if self.rows.iter().any(&mut which) {
            self.remove(which);
        }
    }
    /// This machine's addresses have changed: whoever remembers a way looks again.
    pub(crate) fn touch(&mut self) {
        self.version += 1;
    }
    /// The row for `destination`.
    #[inline]
    pub fn lookup(&self, destination: impl Into<IpAddr>) -> Option<&Route> {
        match destination.into() {
            IpAddr::V4(address) => self.ipv4.lookup(|len| key(address, len)),
            IpAddr::V6(address) => self.ipv6.lookup(|len| (address.to_bits() & mask_ipv6(len), len)),
        }
    }
    /// Which state of the table this is: another after every change to it or to this machine's addresses.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }
    /// The row for `destination` among those that lead out of `interface`.
    pub fn lookup_on(&self, destination: IpAddr, interface: InterfaceId) -> Option<&Route> {
        self.rows.iter().find(|row| row.interface == interface && row.prefix.contains(destination))
    }
    /// All rows, in the order in which they are tried.
    pub fn rows(&self) -> &[Route] {
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(prefix: &str, via: u8) -> Route {
        Route {
            prefix: prefix.parse().unwrap(),
            via: Some(Ipv4Addr::new(192, 0, 2, via).into()),
            interface: InterfaceId(u16::from(via)),
        }
    }

    #[test]
    fn a_look_up_finds_what_a_walk_over_the_rows_finds() {
        let mut routes = Routes::default();
        for (n, prefix) in
            ["10.0.0.0/8", "10.1.0.0/16", "default", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32"].iter().enumerate()
        {
            routes.add(route(prefix, n as u8));
        }
        let check = |routes: &Routes| {
            for address in ["10.1.2.3", "10.1.2.4", "10.1.3.1", "10.2.0.1", "192.0.2.1"] {
                let address: Ipv4Addr = address.parse().unwrap();
                let walked = routes.rows().iter().find(|row| row.prefix.contains(address));
                assert_eq!(routes.lookup(address), walked, "{address}");
            }
        };
        check(&routes);
        routes.remove(|row| row.via == Some(Ipv4Addr::new(192, 0, 2, 1).into()));
        check(&routes);
        routes.remove(|row| row.prefix.is_empty() || row.prefix.len() == 24);
        check(&routes);
        assert!(routes.lookup(Ipv4Addr::new(192, 0, 2, 1)).is_none());
    }

    #[test]
    fn the_longest_prefix_decides_not_the_first_row() {
        let mut routes = Routes::default();
        for (prefix, via) in [("default", 1), ("10.0.0.0/8", 2), ("10.1.0.0/16", 3), ("10.1.2.3/32", 4)] {
            routes.add(route(prefix, via));
        }
        let via = |address: &str| routes.lookup(address.parse::<Ipv4Addr>().unwrap()).unwrap().interface.0;
        assert_eq!(via("198.51.100.1"), 1);
        assert_eq!(via("10.9.9.9"), 2);
        assert_eq!(via("10.1.9.9"), 3);
        assert_eq!(via("10.1.2.3"), 4);
        routes.remove(|row| row.prefix == Prefix::ALL);
        assert!(routes.lookup("198.51.100.1".parse::<Ipv4Addr>().unwrap()).is_none());
    }

    #[test]
    fn prefixes_have_broadcast_addresses_unless_too_long() {
        let prefix = |text: &str| text.parse::<Prefix>().unwrap();
        assert_eq!(prefix("10.0.1.0/24").broadcast(), Some(Ipv4Addr::new(10, 0, 1, 255)));
        assert_eq!(prefix("10.0.1.0/31").broadcast(), None);
        assert_eq!(prefix("2001:db8:1::/64").broadcast(), None);
        assert!("10.0.1.5/24".parse::<Prefix>().unwrap_err().contains("10.0.1.0/24"));
        assert!("10.0.1.5".parse::<Prefix>().is_err() && "10.0.1.5/33".parse::<Prefix>().is_err());
    }

    #[test]
    fn the_families_do_not_meet() {
        let mut routes = Routes::default();
        for (via, prefix) in ["::/0", "2001:db8::/32", "2001:db8:1::/48", "default"].iter().enumerate() {
            routes.add(route(prefix, via as u8));
        }
        let via = |address: &str| routes.lookup(address.parse::<IpAddr>().unwrap()).unwrap().interface.0;
        assert_eq!(["2001:db9::1", "2001:db8:2::1", "2001:db8:1::1", "192.0.2.1"].map(via), [0, 1, 2, 3]);
        assert!(!Prefix::ALL.contains(Ipv6Addr::LOCALHOST) && Prefix::ALL_IPV6.contains(Ipv6Addr::LOCALHOST));
        assert!("2001:db8::1/64".parse::<Prefix>().unwrap_err().contains("2001:db8::/64"));
        assert!("2001:db8::/129".parse::<Prefix>().is_err());
    }
}
