//! IPv6's neighbour discovery as the other end of the link does it (RFC 4861).

use std::net::{IpAddr, Ipv6Addr};

use wire::MacAddr;
use wire::icmpv6::{NdOption, Neighbor, Preference, PrefixInformation, RouterAdvertisement, Type};

use crate::datagram::{Body, Datagram};

/// The address that the other end has as a router.
const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
/// All nodes of the link (RFC 4291 §2.7.1).
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// No router can have passed such a message on (RFC 4861 §3.1).
fn datagram((src, dst): (Ipv6Addr, Ipv6Addr), kind: Type, rest: u32, data: Vec<u8>) -> Datagram {
    let body = Body::Icmp { kind: kind.0, code: 0, rest, data };
    Datagram { src: src.into(), dst: dst.into(), tos: 0, ttl: 255, flow_label: 0, body }
}

/// The first four bytes of a message's body, which stand in ICMP's own header, and the others.
fn split(bytes: &[u8]) -> (u32, &[u8]) {
    let (rest, data) = bytes.split_at(4.min(bytes.len()));
    (rest.iter().fold(0, |rest, &byte| rest << 8 | u32::from(byte)), data)
}

/// `target` tells `asker` where it is (RFC 4861 §7.2.4).
pub(crate) fn advertisement(target: Ipv6Addr, asker: Ipv6Addr, mac: MacAddr) -> Datagram {
    let mut bytes = [0; Neighbor::LEN];
    Neighbor { router: false, solicited: true, overrides: true, reserved: 0, target }.write(&mut bytes);
    let (rest, target_bytes) = split(&bytes);
    let data = [target_bytes, &NdOption::TARGET_LINK.with_address(mac)].concat();
    datagram((target, asker), Type::NEIGHBOR_ADVERTISEMENT, rest, data)
}

/// `asker` looks for `target` (RFC 4861 §7.2.2).
pub(crate) fn solicitation(asker: Ipv6Addr, target: Ipv6Addr, mac: MacAddr) -> Datagram {
    let data = [&target.octets()[..], &NdOption::SOURCE_LINK.with_address(mac)].concat();
    datagram((asker, target), Type::NEIGHBOR_SOLICITATION, 0, data)
}

/// A router tells all of the link that `network` (64 bits) is on it, and that hosts may make themselves addresses
/// (RFC 4861 §6.2.3).
pub(crate) fn router_advertisement(network: IpAddr, mac: MacAddr) -> Option<Datagram> {
    let IpAddr::V6(network) = network else { return None };
    let message = RouterAdvertisement {
        hop_limit: 64,
        managed: false,
        other: false,
        home_agent: false,
        preference: Preference::MEDIUM,
        reserved: 0,
        lifetime: 1800,
        reachable: 0,
        retrans: 0,
    };
    let prefix = PrefixInformation {
        kind: NdOption::PREFIX,
        len: 4,
        prefix_len: 64,
        on_link: true,
        autonomous: true,
        reserved: 0,
        valid: 86_400,
        preferred: 14_400,
        reserved_2: 0,
        prefix: Ipv6Addr::from_bits(network.to_bits() >> 64 << 64),
    };
    let (mut head, mut option) = ([0; RouterAdvertisement::LEN], [0; PrefixInformation::LEN]);
    message.write(&mut head);
    prefix.write(&mut option);
    let (rest, head) = split(&head);
    let data = [head, &NdOption::SOURCE_LINK.with_address(mac), &option].concat();
    Some(datagram((ROUTER, ALL_NODES), Type::ROUTER_ADVERTISEMENT, rest, data))
}
