//! The servers of the zone that a resolution has come to.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use base::{Instant, Rng};
use wire::dns::{Name, RData, ResourceRecord, Type};

use super::super::cache::Cache;

/// A zone, and whom to ask about it.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    pub name: Name,
    /// Addresses to ask, the next first.
    pub servers: VecDeque<Ipv4Addr>,
    /// Servers whose addresses nobody has told.
    pub unknown: Vec<Name>,
    /// Rounds over `servers` that are done.
    pub round: u32,
    pub left_in_round: usize,
}

impl Zone {
    pub fn new(name: Name) -> Zone {
        Zone { name, servers: VecDeque::new(), unknown: Vec::new(), round: 0, left_in_round: 0 }
    }

    /// Adds a server with the addresses that are known of it. One whose name lies in the zone itself cannot be found
    /// without its address.
    pub fn add_server(&mut self, server: &Name, addresses: &[ResourceRecord], wanted: &Name) {
        let before = self.servers.len();
        for record in addresses {
            if let RData::A(address) = record.data
                && !self.servers.contains(&address)
            {
                self.servers.push_back(address);
            }
        }
        if self.servers.len() == before && addresses.is_empty() && !server.is_within(&self.name) && server != wanted {
            self.unknown.push(server.clone());
        }
        self.left_in_round = self.servers.len();
    }
}

/// The zone nearest to `name` whose servers the cache knows; the root with its hints if it knows none.
pub(super) fn nearest_zone(now: Instant, cache: &Cache, name: &Name, hints: &[Ipv4Addr], rng: &mut Rng) -> Zone {
    for labels in (1..=name.label_count()).rev() {
        let cut = name.suffix(labels);
        let servers = cache.set(now, &cut, Type::NS);
        if servers.is_empty() {
            continue;
        }
        let mut zone = Zone::new(cut);
        for record in &servers {
            if let RData::Ns(server) = &record.data {
                zone.add_server(server, &cache.set(now, server, Type::A), name);
            }
        }
        if !zone.servers.is_empty() || !zone.unknown.is_empty() {
            shuffle(&mut zone, rng);
            return zone;
        }
    }
    let mut zone = Zone::new(Name::root());
    zone.servers.extend(hints);
    shuffle(&mut zone, rng);
    zone
}

/// Which server comes first is drawn, to spread the load (and for RFC 5452 §7.2's sake).
fn shuffle(zone: &mut Zone, rng: &mut Rng) {
    let n = zone.servers.len();
    if n > 1 {
        zone.servers.rotate_left(rng.below(n as u64) as usize);
    }
    zone.left_in_round = n;
}
