//! Choosing ephemeral ports (RFC 6056).

use std::net::IpAddr;

use base::Rng;
use wire::tcp::Seq;

use crate::{EphemeralPorts, PortOrder};

/// Chooses ports for programs that do not ask for one.
#[derive(Clone, Debug)]
pub(crate) struct Ports {
    range: EphemeralPorts,
    /// Counts choices (RFC 6056 §3.3.4: a counter for each of several groups of destinations).
    counters: Box<[u16; 64]>,
    /// The next port of [`PortOrder::Ascending`], counted from the first.
    next: u16,
    key: u64,
}

impl Ports {
    pub(crate) fn new(range: EphemeralPorts, mut rng: Rng) -> Ports {
        let mut counters = Box::new([0; 64]);
        counters.iter_mut().for_each(|counter| *counter = rng.u32() as u16);
        let (first, last) = (range.first.min(range.last).max(1), range.first.max(range.last).max(1));
        Ports { range: EphemeralPorts { first, last, ..range }, counters, next: 0, key: rng.u64() }
    }

    /// From now on the ports are these.
    pub(crate) fn set_range(&mut self, first: u16, last: u16) {
        let (first, last) = (first.min(last).max(1), first.max(last).max(1));
        if (first, last) != (self.range.first, self.range.last) {
            (self.range.first, self.range.last, self.next) = (first, last, 0);
        }
    }

    /// The first port that `is_free` likes for a conversation described by `about` (its addresses and the other port), and
    /// `None` if no port of the range does: then a client has run out of them.
    pub(crate) fn choose(&mut self, about: [u64; 2], mut is_free: impl FnMut(u16) -> bool) -> Option<u16> {
        let size = u32::from(self.range.last - self.range.first) + 1;
        let mixed = mix(about[0] ^ self.key) ^ mix(about[1].wrapping_add(self.key));
        let group = (mixed >> 58) as usize;
        let start = match self.range.order {
            PortOrder::Ascending => u32::from(self.next),
            // RFC 6056 §3.3.4: offset F(destination) plus the counter of its group.
            PortOrder::Hashed => (mixed as u32 % size + u32::from(self.counters[group])) % size,
        };
        for step in 0..size {
            let at = (start + step) % size;
            let port = self.range.first + at as u16;
            if is_free(port) {
                self.next = ((at + 1) % size) as u16;
                self.counters[group] = self.counters[group].wrapping_add(step as u16 + 1);
                return Some(port);
            }
        }
        None
    }
}

/// An address as a number to choose a port by.
pub(crate) fn folded(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => mix((address.to_bits() >> 64) as u64) ^ address.to_bits() as u64,
    }
}

pub(crate) fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Gives initial sequence numbers: those that a scenario names first, then RFC 6528's.
#[derive(Clone, Debug)]
pub(crate) struct Isns {
    /// The last is the next.
    pub(crate) named: Vec<Seq>,
    pub(crate) secret: [u8; 16],
}

#[cfg(test)]
mod tests {
    use base::Seed;

    use super::*;

    #[test]
    fn a_scenario_gets_the_ports_that_its_document_names() {
        let mut ports = Ports::new(EphemeralPorts::FROM_49152, Seed(1).stream("ports"));
        let mut taken = Vec::new();
        for _ in 0..3 {
            let port = ports.choose([1, 2], |port| !taken.contains(&port)).unwrap();
            taken.push(port);
        }
        assert_eq!(taken, [49152, 49153, 49154]);
    }

    #[test]
    fn every_port_of_the_range_is_given_before_it_is_empty() {
        let range = EphemeralPorts { first: 40000, last: 40099, order: PortOrder::Hashed };
        let mut ports = Ports::new(range, Seed(1).stream("ports"));
        let mut taken = std::collections::BTreeSet::new();
        while let Some(port) = ports.choose([7, 8], |port| !taken.contains(&port)) {
            assert!((40000..=40099).contains(&port) && taken.insert(port));
        }
        assert_eq!(taken.len(), 100);
    }
}
