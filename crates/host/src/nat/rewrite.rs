//! Putting another address and port into a packet, and its checksums right (RFC 3022 §4.2, by RFC 1624's arithmetic).

use std::net::Ipv4Addr;

use wire::Packet;
use wire::ipv4::Protocol;

use super::Endpoint;
use crate::incremental::{adjust_bytes, adjust_udp};
use crate::{icmp, ipv4, udp};

/// Which end of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    /// Where it comes from.
    Source,
    /// Where it goes.
    Destination,
}

impl Side {
    /// Where its address stands in an IPv4 header, in bytes.
    pub(crate) fn address_at(self) -> usize {
        if self == Side::Source { 12 } else { 16 }
    }
    /// Where its port stands in a transport header, in bytes. A ping has one identifier for both.
    pub(crate) fn port_at(self, protocol: Protocol) -> usize {
        match (protocol, self) {
            (Protocol::ICMP, _) => 4,
            (_, Side::Source) => 0,
            (_, Side::Destination) => 2,
        }
    }
}

/// Where TCP's checksum stands in its header, in bytes.
const TCP_CHECKSUM: usize = 16;

/// How many bytes of the transport header a translator reads and changes; `None` for a protocol that it does not know.
pub(crate) fn needed(protocol: Protocol) -> Option<usize> {
    match protocol {
        Protocol::TCP => Some(wire::tcp::Header::LEN),
        Protocol::UDP => Some(wire::udp::Header::LEN),
        Protocol::ICMP => Some(wire::icmp::Header::LEN),
        _ => None,
    }
}

/// Puts `new` in the place of one end of `packet`, whose IP header of `len` bytes stands in its head. The port is left alone
/// in an ICMP error, which has none (`with_port` false). Gives the old end.
pub(crate) fn rewrite(
    packet: &mut Packet,
    len: usize,
    protocol: Protocol,
    side: Side,
    new: Endpoint,
    with_port: bool,
) -> Endpoint {
    let need = if with_port { needed(protocol).unwrap_or(0) } else { 0 };
    let Some(head) = packet.pull(len + need) else { return new };
    let (ip, transport) = head.split_at_mut(len);
    let address = replace_address(ip, side, new.0);
    if need == 0 {
        return (address, new.1);
    }
    let (old, port) = replace_port(transport, protocol, side, address, new);
    adjust_transport(transport, protocol, &old, &bytes_of(new));
    (address, port)
}

/// An endpoint as the bytes that a checksum covers.
pub(crate) fn bytes_of((address, port): Endpoint) -> [u8; 6] {
    let ([a, b, c, d], [e, f]) = (address.octets(), port.to_be_bytes());
    [a, b, c, d, e, f]
}

/// Replaces an address in an IPv4 header and adjusts its checksum; gives the old one.
pub(crate) fn replace_address(ip: &mut [u8], side: Side, new: Ipv4Addr) -> Ipv4Addr {
    let at = side.address_at();
    let mut old = [0; 4];
    old.copy_from_slice(&ip[at..at + 4]);
    ip[at..at + 4].copy_from_slice(&new.octets());
    let sum = u16::from_be_bytes([ip[ipv4::CHECKSUM], ip[ipv4::CHECKSUM + 1]]);
    let sum = adjust_bytes(sum, &old, &new.octets());
    ip[ipv4::CHECKSUM..ipv4::CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
    Ipv4Addr::from(old)
}

/// Replaces a port in a transport header; gives the old end as bytes, and its port.
pub(crate) fn replace_port(
    transport: &mut [u8],
    protocol: Protocol,
    side: Side,
    address: Ipv4Addr,
    new: Endpoint,
) -> ([u8; 6], u16) {
    let at = side.port_at(protocol);
    let port = u16::from_be_bytes([transport[at], transport[at + 1]]);
    transport[at..at + 2].copy_from_slice(&new.1.to_be_bytes());
    (bytes_of((address, port)), port)
}

/// Adjusts a transport header's checksum for an end that changed, as far as the header reaches.
pub(crate) fn adjust_transport(transport: &mut [u8], protocol: Protocol, old: &[u8; 6], new: &[u8; 6]) {
    let at = match protocol {
        Protocol::TCP => TCP_CHECKSUM,
        Protocol::UDP => udp::CHECKSUM,
        _ => icmp::CHECKSUM,
    };
    let Some(&[high, low]) = transport.get(at..at + 2) else { return };
    let sum = u16::from_be_bytes([high, low]);
    let sum = match protocol {
        Protocol::UDP => adjust_udp(sum, old, new),
        Protocol::TCP => adjust_bytes(sum, old, new),
        // ICMP's checksum covers no addresses.
        _ => adjust_bytes(sum, &old[4..], &new[4..]),
    };
    transport[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}
