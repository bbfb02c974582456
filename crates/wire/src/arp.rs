//! ARP for IPv4 over Ethernet (RFC 826).

use std::net::Ipv4Addr;

use crate::ethernet::EtherType;
use crate::{MacAddr, Malformed, Reader, Sink, open_enum};

open_enum! {
    /// What an ARP message wants (RFC 826; RFC 5227 for probes and announcements, which are requests).
    pub struct Operation(u16) {
        REQUEST = 1, "request", "RFC 826", "who has this address? tell me";
        REPLY = 2, "reply", "RFC 826", "that address is mine; this is my hardware address";
    }
}

open_enum! {
    /// The kind of link (IANA hardware types).
    pub struct Hardware(u16) {
        ETHERNET = 1, "Ethernet", "RFC 826", "48-bit hardware addresses";
    }
}

crate::header! {
    /// An ARP message for IPv4 over Ethernet: 28 bytes.
    pub struct Header, mod field = "arp", "ARP", "RFC 826",
        "asks which hardware address an IPv4 address on this link has, or answers";
    hardware: Hardware = 16, Dec, "Hardware type", "RFC 826", "the kind of link: 1 is Ethernet", codes Hardware::CODES;
    protocol: EtherType = 16, Hex, "Protocol type", "RFC 826", "the kind of address asked for: 0x0800 is IPv4", codes EtherType::CODES;
    hardware_len: u8 = 8, Octets, "Hardware address length", "RFC 826", "6 for Ethernet";
    protocol_len: u8 = 8, Octets, "Protocol address length", "RFC 826", "4 for IPv4";
    operation: Operation = 16, Dec, "Operation", "RFC 826", "a question or an answer", codes Operation::CODES;
    sender_mac: MacAddr = 48, Address, "Sender hardware address", "RFC 826", "the hardware address of the sender";
    sender_ip: Ipv4Addr = 32, Address, "Sender protocol address", "RFC 826", "the IPv4 address of the sender; 0.0.0.0 in a probe (RFC 5227 §2.1.1)";
    target_mac: MacAddr = 48, Address, "Target hardware address", "RFC 826", "the hardware address asked for: not known in a request";
    target_ip: Ipv4Addr = 32, Address, "Target protocol address", "RFC 826", "the IPv4 address asked for";
}

/// Decodes an ARP message as a group.
///
/// # Errors
/// If it is cut short or not for IPv4 over Ethernet (RFC 826, "Packet Reception").
pub fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Header, Malformed> {
    reader.group(&field::GROUP, |reader| {
        let header = Header::decode(reader)?;
        if header.hardware != Hardware::ETHERNET || header.hardware_len != 6 {
            reader.report(&field::hardware, "is not Ethernet")?;
        }
        if header.protocol != EtherType::IPV4 || header.protocol_len != 4 {
            reader.report(&field::protocol, "is not IPv4")?;
        }
        Ok(header)
    })
}
