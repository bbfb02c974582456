//! IPv4 (RFC 791) as a host (RFC 1122) and as a router (RFC 1812).

mod forward;
mod fragment;
mod input;
mod known;
mod output;
mod reassembly;

pub(crate) use known::Decisions;
pub(crate) use reassembly::{FragmentKey, TIMEOUT as REASSEMBLY_TIMEOUT};

use std::net::Ipv4Addr;

use base::{Rng, Seed};
use wire::ipv4::{Header, Protocol};
use wire::{Body, Packet, Sum};

/// Where the checksum stands in the header, in bytes.
pub(crate) const CHECKSUM: usize = 10;

/// Puts an IPv4 header in front of `packet`, with its checksum.
#[inline]
pub(crate) fn push_header(packet: &mut Packet, header: &Header) {
    let head = packet.push(Header::LEN);
    header.write(head);
    let sum = Sum::of(head).checksum();
    head[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
}

/// All bytes of a packet behind its first `skip` (which stand in the head) as a body.
pub(crate) fn body_behind(packet: &Packet, skip: usize) -> Body {
    match packet.head().get(skip..) {
        Some(rest) if !rest.is_empty() => {
            let mut body = Body::from(rest.to_vec());
            body.append(packet.body().clone());
            body
        }
        _ => packet.body().clone(),
    }
}

/// Whether `address` can be nobody's source: a group, everyone, a loopback address, or of the reserved class E (RFC 1122
/// §3.2.1.3, RFC 1812 §5.3.7). The unspecified address is, for a host that has none yet.
pub(crate) fn is_martian_source(address: Ipv4Addr) -> bool {
    address.is_multicast() || address.is_broadcast() || address.is_loopback() || address.octets()[0] >= 240
}

/// Gives the identification of packets that may be fragmented (RFC 6864 §4.1): counters by destination and protocol, as
/// Linux' `ip_idents`, so that one peer learns nothing of the traffic to another.
#[derive(Clone, Debug)]
pub(crate) struct Identification {
    counters: Box<[u16; 256]>,
    key: u64,
}

impl Identification {
    pub(crate) fn new(seed: Seed, name: &str) -> Identification {
        let mut rng: Rng = seed.stream(&format!("ip-id/{name}"));
        let mut counters = Box::new([0; 256]);
        counters.iter_mut().for_each(|counter| *counter = rng.u32() as u16);
        Identification { counters, key: rng.u64() }
    }
    pub(crate) fn next(&mut self, src: Ipv4Addr, dst: Ipv4Addr, protocol: Protocol) -> u16 {
        let word = u64::from(src.to_bits()) << 32 | u64::from(dst.to_bits());
        let mixed = (word ^ self.key).wrapping_add(u64::from(protocol.0)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let counter = &mut self.counters[(mixed >> 56) as usize];
        *counter = counter.wrapping_add(1);
        *counter
    }
}
