//! Link layers other than Ethernet that captures come with, and VLAN tags.

use crate::ethernet::EtherType;
use crate::{Malformed, Reader, Sink, open_enum};

open_enum! {
    /// How a capture's packets begin (the LINKTYPE registry of pcap and pcapng).
    pub struct LinkType(u32) {
        NULL = 0, "BSD loopback", "draft-ietf-opsawg-pcaplinktype §3", "a protocol family in the capturing machine's byte order";
        ETHERNET = 1, "Ethernet", "IEEE 802.3 §3.2", "an Ethernet frame";
        RAW_BSD = 12, "raw IP", "draft-ietf-opsawg-pcaplinktype §3", "an IP packet without a link header (old number)";
        RAW_OPENBSD = 14, "raw IP", "draft-ietf-opsawg-pcaplinktype §3", "an IP packet without a link header (old number)";
        RAW = 101, "raw IP", "draft-ietf-opsawg-pcaplinktype §3", "an IP packet without a link header; its first bits tell the version";
        LOOP = 108, "OpenBSD loopback", "draft-ietf-opsawg-pcaplinktype §3", "a protocol family in network byte order";
        LINUX_SLL = 113, "Linux cooked v1", "draft-ietf-opsawg-pcaplinktype §3", "a packet from Linux' \"any\" interface";
        IPV4 = 228, "raw IPv4", "draft-ietf-opsawg-pcaplinktype §3", "an IPv4 packet without a link header";
        IPV6 = 229, "raw IPv6", "draft-ietf-opsawg-pcaplinktype §3", "an IPv6 packet without a link header";
        LINUX_SLL2 = 276, "Linux cooked v2", "draft-ietf-opsawg-pcaplinktype §3", "a packet from Linux' \"any\" interface, with the interface's number";
    }
}

open_enum! {
    /// Which way a cooked packet went.
    pub struct CookedType(u16) {
        HOST = 0, "to us", "packet(7)", "addressed to the capturing machine";
        BROADCAST = 1, "broadcast", "packet(7)", "addressed to all on the link";
        MULTICAST = 2, "multicast", "packet(7)", "addressed to a group";
        OTHER_HOST = 3, "to another host", "packet(7)", "addressed to another machine";
        OUTGOING = 4, "outgoing", "packet(7)", "sent by the capturing machine";
    }
}

open_enum! {
    /// Address families of loopback headers.
    pub struct Family(u32) {
        IPV4 = 2, "IPv4", "draft-ietf-opsawg-pcaplinktype §3", "AF_INET, the same everywhere";
        IPV6_BSD = 24, "IPv6", "draft-ietf-opsawg-pcaplinktype §3", "AF_INET6 of NetBSD and OpenBSD";
        IPV6_FREEBSD = 28, "IPv6", "draft-ietf-opsawg-pcaplinktype §3", "AF_INET6 of FreeBSD";
        IPV6_DARWIN = 30, "IPv6", "draft-ietf-opsawg-pcaplinktype §3", "AF_INET6 of macOS";
    }
}

crate::header! {
    /// A VLAN tag: 4 bytes between the addresses and the type.
    pub struct Vlan, mod vlan = "vlan", "VLAN tag", "IEEE 802.1Q §9.6", "which virtual LAN the frame belongs to";
    priority: u8 = 3, Dec, "Priority", "IEEE 802.1Q §9.6", "0 to 7; larger is more urgent";
    drop_eligible: bool = 1, Flag, "Drop eligible", "IEEE 802.1Q §9.6", "may be dropped first under congestion";
    id: u16 = 12, Dec, "VLAN identifier", "IEEE 802.1Q §9.6", "the number of the virtual LAN";
    ethertype: EtherType = 16, Hex, "Type", "IEEE 802.3 §3.2.6", "which protocol's packet follows", codes EtherType::CODES;
}

crate::header! {
    /// A Linux cooked header, version 1: 16 bytes.
    pub struct Sll, mod sll = "sll", "Linux cooked capture", "draft-ietf-opsawg-pcaplinktype §3",
        "stands in for the link header where a capture joins several interfaces";
    kind: CookedType = 16, Dec, "Packet type", "packet(7)", "which way the packet went", codes CookedType::CODES;
    hardware: u16 = 16, Dec, "Hardware type", "packet(7)", "the interface's kind (ARPHRD)";
    address_len: u16 = 16, Octets, "Address length", "packet(7)", "bytes of the address that count";
    address: [u8; 8] = 64, Bytes, "Address", "packet(7)", "the sender's hardware address, padded with zeros";
    ethertype: EtherType = 16, Hex, "Protocol", "IEEE 802.3 §3.2.6", "which protocol's packet follows", codes EtherType::CODES;
}

crate::header! {
    /// A Linux cooked header, version 2: 20 bytes.
    pub struct Sll2, mod sll2 = "sll2", "Linux cooked capture v2", "draft-ietf-opsawg-pcaplinktype §3",
        "stands in for the link header where a capture joins several interfaces";
    ethertype: EtherType = 16, Hex, "Protocol", "IEEE 802.3 §3.2.6", "which protocol's packet follows", codes EtherType::CODES;
    reserved: u16 = 16, Hex, "Reserved", "draft-ietf-opsawg-pcaplinktype §3", "zero";
    interface: u32 = 32, Dec, "Interface", "packet(7)", "the interface's number on the capturing machine";
    hardware: u16 = 16, Dec, "Hardware type", "packet(7)", "the interface's kind (ARPHRD)";
    kind: u8 = 8, Dec, "Packet type", "packet(7)", "which way the packet went", codes CookedType::CODES;
    address_len: u8 = 8, Octets, "Address length", "packet(7)", "bytes of the address that count";
    address: [u8; 8] = 64, Bytes, "Address", "packet(7)", "the sender's hardware address, padded with zeros";
}

crate::fields! {
    /// Fields of loopback headers and of what surrounds packets.
    pub FIELDS;
    LOOPBACK = "loopback", "Loopback", "draft-ietf-opsawg-pcaplinktype §3", Group, "a packet that never left the machine";
    FAMILY = "loopback.family", "Family", "draft-ietf-opsawg-pcaplinktype §3", Dec, "which protocol's packet follows", codes Family::CODES;
    PADDING = "ethernet.padding", "Padding", "IEEE 802.3 §3.2.8", Opaque(Padding), "fills a short frame up to 60 bytes; a frame check sequence, if the capture has it, stands here too";
    PAYLOAD = "ethernet.payload", "Payload", "IEEE 802.3 §3.2.7", Opaque(Body), "a packet of a protocol that is not taken apart here";
}

/// Decodes the loopback header of [`LinkType::NULL`] (byte order unknown: the value tells) or [`LinkType::LOOP`].
pub(crate) fn loopback<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<EtherType, Malformed> {
    reader.group(&LOOPBACK, |reader| {
        let bytes = reader.bytes_as(&FAMILY, 4, |b| crate::Value::Uint(family(b).into()))?;
        Ok(match Family(family(bytes)) {
            Family::IPV4 => EtherType::IPV4,
            Family::IPV6_BSD | Family::IPV6_FREEBSD | Family::IPV6_DARWIN => EtherType::IPV6,
            _ => EtherType(0),
        })
    })
}

/// The family, whichever byte order it was written in: families are small numbers.
fn family(bytes: &[u8]) -> u32 {
    let big = bytes.iter().fold(0, |n, &b| n << 8 | u32::from(b));
    big.min(big.swap_bytes())
}
