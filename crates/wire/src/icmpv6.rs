//! ICMP for IPv6 (RFC 4443) with neighbour discovery (RFC 4861).

use std::net::{IpAddr, Ipv6Addr};

use crate::{MacAddr, Malformed, Note, Reader, Sink, open_enum};

open_enum! {
    /// ICMPv6 message types.
    pub struct Type(u8) {
        UNREACHABLE = 1, "destination unreachable", "RFC 4443 §3.1", "the packet could not be delivered; the code says why";
        PACKET_TOO_BIG = 2, "packet too big", "RFC 4443 §3.2", "too large for the next link; routers do not fragment IPv6";
        TIME_EXCEEDED = 3, "time exceeded", "RFC 4443 §3.3", "the packet's hop limit ran out, or its fragments did not arrive in time";
        PARAMETER_PROBLEM = 4, "parameter problem", "RFC 4443 §3.4", "a field of the packet's header is wrong";
        ECHO_REQUEST = 128, "echo request", "RFC 4443 §4.1", "a ping: please send this back";
        ECHO_REPLY = 129, "echo reply", "RFC 4443 §4.2", "the answer to a ping";
        MLD_QUERY = 130, "multicast listener query", "RFC 2710 §3", "who listens to this group?";
        MLD_REPORT = 131, "multicast listener report", "RFC 2710 §3", "I listen to this group";
        MLD_DONE = 132, "multicast listener done", "RFC 2710 §3", "I have stopped listening to this group";
        ROUTER_SOLICITATION = 133, "router solicitation", "RFC 4861 §4.1", "is there a router on this link?";
        ROUTER_ADVERTISEMENT = 134, "router advertisement", "RFC 4861 §4.2", "I am a router, and these are the link's prefixes";
        NEIGHBOR_SOLICITATION = 135, "neighbour solicitation", "RFC 4861 §4.3", "who has this address? tell me";
        NEIGHBOR_ADVERTISEMENT = 136, "neighbour advertisement", "RFC 4861 §4.4", "that address is mine; this is my hardware address";
        REDIRECT = 137, "redirect", "RFC 4861 §4.5", "there is a better way to this destination";
        MLD2_REPORT = 143, "multicast listener report v2", "RFC 3810 §5.2", "the groups that I listen to";
    }
}

open_enum! {
    /// Options of neighbour discovery.
    pub struct NdOption(u8) {
        SOURCE_LINK = 1, "Source link-layer address", "RFC 4861 §4.6.1", "the sender's hardware address";
        TARGET_LINK = 2, "Target link-layer address", "RFC 4861 §4.6.1", "the hardware address asked for";
        PREFIX = 3, "Prefix information", "RFC 4861 §4.6.2", "a prefix of this link";
        REDIRECTED = 4, "Redirected header", "RFC 4861 §4.6.3", "the packet that caused this";
        MTU = 5, "MTU", "RFC 4861 §4.6.4", "the link's MTU";
        RDNSS = 25, "Recursive DNS server", "RFC 8106 §5.1", "name servers to ask";
    }
}

crate::header! {
    /// The first 4 bytes of every ICMPv6 message.
    pub struct Header, mod field = "icmpv6", "ICMPv6", "RFC 4443 §2.1", "errors, echoes and neighbours of IPv6";
    kind: Type = 8, Dec, "Type", "RFC 4443 §2.1", "what the message is", codes Type::CODES;
    code: u8 = 8, Dec, "Code", "RFC 4443 §2.1", "which case of its type";
    checksum: u16 = 16, Hex, "Checksum", "RFC 4443 §2.3", "guards the message and the addresses";
}

crate::fields! {
    /// Fields that depend on the type.
    pub TYPE_FIELDS;
    ECHO_ID = "icmpv6.echo.id", "Identifier", "RFC 4443 §4.1", Dec, "which ping program this belongs to";
    ECHO_SEQ = "icmpv6.echo.seq", "Sequence number", "RFC 4443 §4.1", Dec, "which of its pings";
    ECHO_DATA = "icmpv6.echo.data", "Data", "RFC 4443 §4.1", Opaque(Body), "comes back unchanged";
    MTU = "icmpv6.mtu", "MTU", "RFC 4443 §3.2", Octets, "the largest packet that the next link takes";
    UNUSED = "icmpv6.unused", "Unused", "RFC 4443 §3.1", Hex, "zero; for a parameter problem, where it is";
    ORIGINAL = "icmpv6.original", "Original packet", "RFC 4443 §2.4", Opaque(Body), "the beginning of the packet that caused this";
    TARGET = "icmpv6.nd.target", "Target address", "RFC 4861 §4.3", Address, "the address asked for, or answered for";
    DESTINATION = "icmpv6.nd.destination", "Destination address", "RFC 4861 §4.5", Address, "the destination that has a better way";
    RESERVED = "icmpv6.nd.reserved", "Reserved", "RFC 4861 §4.1", Hex, "zero";
    NA_FLAGS = "icmpv6.nd.flags", "Flags", "RFC 4861 §4.4", Hex, "from the left: sent by a router, solicited, override what you knew";
    HOP_LIMIT = "icmpv6.ra.hop_limit", "Current hop limit", "RFC 4861 §4.2", Dec, "the hop limit that hosts should use; 0 leaves it open";
    RA_FLAGS = "icmpv6.ra.flags", "Flags", "RFC 4861 §4.2", Hex, "M: addresses by DHCPv6; O: other settings by DHCPv6";
    LIFETIME = "icmpv6.ra.lifetime", "Router lifetime", "RFC 4861 §4.2", Seconds, "how long this is a default router; 0: not at all";
    REACHABLE = "icmpv6.ra.reachable", "Reachable time", "RFC 4861 §4.2", Millis, "how long a neighbour is taken to be there; 0 leaves it open";
    RETRANS = "icmpv6.ra.retrans", "Retransmission timer", "RFC 4861 §4.2", Millis, "between solicitations; 0 leaves it open";
    OPTION = "icmpv6.option", "Option", "RFC 4861 §4.6", Group, "an option of neighbour discovery";
    OPTION_KIND = "icmpv6.option.kind", "Type", "RFC 4861 §4.6", Dec, "which option this is", codes NdOption::CODES;
    OPTION_LEN = "icmpv6.option.len", "Length", "RFC 4861 §4.6", Dec, "the whole option in units of 8 bytes";
    OPTION_MAC = "icmpv6.option.mac", "Link-layer address", "RFC 4861 §4.6.1", Address, "a hardware address";
    OPTION_DATA = "icmpv6.option.data", "Data", "RFC 4861 §4.6", Bytes, "the option's data";
    DATA = "icmpv6.data", "Data", "RFC 4443 §2.1", Opaque(Body), "the message's data";
}

/// Decodes an ICMPv6 message that fills the rest of the reader, as a group; verifies the checksum with `addresses`.
///
/// # Errors
/// If it is cut short, or its checksum is wrong (with [`crate::Silent`]; the inspector notes it).
pub fn decode<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    addresses: Option<(Ipv6Addr, Ipv6Addr)>,
) -> Result<Header, Malformed> {
    reader.group(&field::GROUP, |reader| {
        let message = reader.peek();
        let kind = reader.get(&field::kind, 8)?;
        let code = reader.u8(&field::code)?;
        let checksum = reader.u16(&field::checksum)?;
        if let Some((src, dst)) = addresses {
            let pseudo = crate::pseudo_header(IpAddr::V6(src), IpAddr::V6(dst), 58, message.len());
            if pseudo.then(crate::Sum::of(message)).verifies() {
                reader.note(Note::ChecksumOk);
            } else {
                reader.note(Note::Remark("the checksum is wrong"));
                reader.report(&field::checksum, "is wrong")?;
            }
        }
        match kind {
            Type::ECHO_REQUEST | Type::ECHO_REPLY => {
                reader.u16(&ECHO_ID)?;
                reader.u16(&ECHO_SEQ)?;
                reader.rest(&ECHO_DATA)?;
            }
            Type::PACKET_TOO_BIG => {
                reader.u32(&MTU)?;
                reader.rest(&ORIGINAL)?;
            }
            Type::UNREACHABLE | Type::TIME_EXCEEDED | Type::PARAMETER_PROBLEM => {
                reader.u32(&UNUSED)?;
                reader.rest(&ORIGINAL)?;
            }
            Type::ROUTER_SOLICITATION => {
                reader.u32(&RESERVED)?;
                options(reader)?;
            }
            Type::ROUTER_ADVERTISEMENT => {
                reader.u8(&HOP_LIMIT)?;
                reader.u8(&RA_FLAGS)?;
                reader.u16(&LIFETIME)?;
                reader.u32(&REACHABLE)?;
                reader.u32(&RETRANS)?;
                options(reader)?;
            }
            Type::NEIGHBOR_SOLICITATION | Type::NEIGHBOR_ADVERTISEMENT | Type::REDIRECT => {
                reader.u32(if kind == Type::NEIGHBOR_ADVERTISEMENT { &NA_FLAGS } else { &RESERVED })?;
                reader.get::<Ipv6Addr>(&TARGET, 128)?;
                if kind == Type::REDIRECT {
                    reader.get::<Ipv6Addr>(&DESTINATION, 128)?;
                }
                options(reader)?;
            }
            _ => drop(reader.rest(&DATA)?),
        }
        Ok(Header { kind, code, checksum })
    })
}

fn options<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    while !reader.is_empty() {
        reader.group(&OPTION, |reader| {
            let kind: NdOption = reader.get(&OPTION_KIND, 8)?;
            let len = usize::from(reader.u8(&OPTION_LEN)?) * 8;
            let Some(data) = len.checked_sub(2) else {
                // RFC 4861 §4.6: a packet with an option of length zero is discarded.
                return Err(reader.error(&OPTION_LEN, "is zero"));
            };
            if matches!(kind, NdOption::SOURCE_LINK | NdOption::TARGET_LINK) && data == 6 {
                reader.get::<MacAddr>(&OPTION_MAC, 48)?;
            } else {
                reader.bytes(&OPTION_DATA, data)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}
