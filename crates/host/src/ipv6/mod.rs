//! IPv6 (RFC 8200) as a host and as a router: addresses and their selection, extension headers, fragments.

mod addresses;
mod extensions;
mod forward;
mod fragment;
mod input;
mod output;

pub use addresses::{AddressState, Ipv6Address};
pub(crate) use addresses::{Advertising, DefaultRouter, Ipv6Port, OnLink, Scope, Soliciting};
pub(crate) use input::Fragments;

use std::net::Ipv6Addr;

use wire::ipv4::{Dscp, Ecn, Protocol};
use wire::ipv6::{Header, NextHeader};
use wire::{MacAddr, Packet};

/// The smallest MTU of a link that carries IPv6 (RFC 8200 §5): an interface with less does not speak it, as on Linux.
pub(crate) const MIN_MTU: u16 = 1280;
/// All hosts of the link, and all of its routers (RFC 4291 §2.7.1).
pub(crate) const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
pub(crate) const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// A header for a packet that carries `payload_len` bytes of `protocol`.
pub(crate) fn header(src: Ipv6Addr, dst: Ipv6Addr, protocol: Protocol, payload_len: usize) -> Header {
    Header {
        version: 6,
        dscp: Dscp::DEFAULT,
        ecn: Ecn::NOT_ECT,
        flow_label: 0,
        payload_len: payload_len as u16,
        next_header: NextHeader(protocol.0),
        hop_limit: 64,
        src,
        dst,
    }
}

/// Puts a header in front of `packet`.
pub(crate) fn push_header(packet: &mut Packet, header: &Header) {
    header.write(packet.push(Header::LEN));
}

/// The hardware address of a group: its last 32 bits behind 33:33 (RFC 2464 §7).
pub(crate) fn group_mac(group: Ipv6Addr) -> MacAddr {
    let [.., a, b, c, d] = group.octets();
    MacAddr([0x33, 0x33, a, b, c, d])
}

/// The group that whoever has `address` listens to for questions about it: ff02::1:ff00:0/104 with the address's last 24 bits
/// (RFC 4291 §2.7.1).
pub(crate) fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_the_addresses_that_the_rfcs_give_them() {
        // RFC 4291 §2.7.1: 4037::01:800:200E:8C6C has the solicited-node group FF02::1:FF0E:8C6C.
        let group = solicited_node("4037::1:800:200e:8c6c".parse().unwrap());
        assert_eq!(group, "ff02::1:ff0e:8c6c".parse::<Ipv6Addr>().unwrap());
        assert_eq!(group_mac(group), MacAddr([0x33, 0x33, 0xff, 0x0e, 0x8c, 0x6c]));
        assert_eq!(group_mac(ALL_ROUTERS).to_string(), "33:33:00:00:00:02");
    }
}
