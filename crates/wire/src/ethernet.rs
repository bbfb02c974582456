//! Ethernet II framing (IEEE 802.3 §3.2.6, RFC 894).

use crate::{MacAddr, open_enum};

open_enum! {
    /// What an Ethernet frame carries (IEEE 802.3 §3.2.6; values below 1536 are lengths).
    pub struct EtherType(u16) {
        IPV4 = 0x0800, "IPv4", "RFC 894 §1", "an IPv4 packet";
        ARP = 0x0806, "ARP", "RFC 826", "an address resolution message";
        VLAN = 0x8100, "VLAN", "IEEE 802.1Q §9.6", "a VLAN tag, then another type";
        BRIDGED = 0x6558, "bridged Ethernet", "RFC 7637 §3.2", "an Ethernet frame, inside a tunnel";
        MPLS = 0x8847, "MPLS", "RFC 3032 §5", "labels of a switched path, then a packet";
        MPLS_UPSTREAM = 0x8848, "MPLS from upstream", "RFC 5332 §3", "labels of a switched path, then a packet";
        PPPOE = 0x8864, "PPPoE", "RFC 2516 §4", "a frame of a PPP session";
        QINQ = 0x88a8, "provider VLAN", "IEEE 802.1Q §9.6", "a provider's VLAN tag, then another type";
        IPV6 = 0x86dd, "IPv6", "RFC 2464 §3", "an IPv6 packet";
    }
}

crate::header! {
    /// An Ethernet header: 14 bytes.
    pub struct Header, mod field = "ethernet", "Ethernet II", "IEEE 802.3 §3.2",
        "carries a packet across one link, from one hardware address to another";
    dst: MacAddr = 48, Address, "Destination", "IEEE 802.3 §3.2.4", "the hardware address of the next station, or ff:ff:ff:ff:ff:ff for all";
    src: MacAddr = 48, Address, "Source", "IEEE 802.3 §3.2.5", "the hardware address of the station that sent this frame";
    ethertype: EtherType = 16, Hex, "Type", "IEEE 802.3 §3.2.6", "which protocol's packet follows", codes EtherType::CODES;
}
