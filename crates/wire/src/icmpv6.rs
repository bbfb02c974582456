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
    /// Why a destination is unreachable (type 1).
    pub struct Unreachable(u8) {
        NO_ROUTE = 0, "no route to destination", "RFC 4443 §3.1", "a router has no route to the network";
        PROHIBITED = 1, "administratively prohibited", "RFC 4443 §3.1", "a filter forbids it";
        BEYOND_SCOPE = 2, "beyond scope of source address", "RFC 4443 §3.1", "the source address means nothing where the packet would have to go";
        ADDRESS = 3, "address unreachable", "RFC 4443 §3.1", "the last router got no answer to its neighbour solicitation";
        PORT = 4, "port unreachable", "RFC 4443 §3.1", "no program listens at that UDP port";
        SOURCE_POLICY = 5, "source address failed policy", "RFC 4443 §3.1", "a filter does not let packets from this source pass";
        REJECTED = 6, "reject route to destination", "RFC 4443 §3.1", "the route says that nothing may go there";
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
        NONCE = 14, "Nonce", "RFC 3971 §5.3.2", "lets a sender know its own question when it comes back";
        ROUTE = 24, "Route information", "RFC 4191 §2.3", "a prefix that this router leads to";
        RDNSS = 25, "Recursive DNS server", "RFC 8106 §5.1", "name servers to ask";
    }
}

impl NdOption {
    /// This option with a station's hardware address (RFC 4861 §4.6.1).
    pub const fn with_address(self, mac: MacAddr) -> [u8; 8] {
        let [a, b, c, d, e, f] = mac.0;
        [self.0, 1, a, b, c, d, e, f]
    }
}

crate::header! {
    /// The first 4 bytes of every ICMPv6 message.
    pub struct Header, mod field = "icmpv6", "ICMPv6", "RFC 4443 §2.1", "errors, echoes and neighbours of IPv6";
    kind: Type = 8, Dec, "Type", "RFC 4443 §2.1", "what the message is", codes Type::CODES;
    code: u8 = 8, Dec, "Code", "RFC 4443 §2.1", "which case of its type";
    checksum: u16 = 16, Hex, "Checksum", "RFC 4443 §2.3", "guards the message and the addresses";
}

open_enum! {
    /// How much a default router wants to be used (RFC 4191 §2.1).
    pub struct Preference(u8) {
        MEDIUM = 0, "medium", "RFC 4191 §2.1", "like others";
        HIGH = 1, "high", "RFC 4191 §2.1", "rather than others";
        RESERVED = 2, "reserved", "RFC 4191 §2.1", "counts as medium";
        LOW = 3, "low", "RFC 4191 §2.1", "only if there is no other";
    }
}

crate::header! {
    /// What a neighbour advertisement says behind its first 4 bytes; a solicitation has no flags: 20 bytes.
    pub struct Neighbor, mod nd = "icmpv6.nd", "Neighbour discovery", "RFC 4861 §4.4", "who has an address";
    router: bool = 1, Flag, "R", "RFC 4861 §4.4", "the sender is a router";
    solicited: bool = 1, Flag, "S", "RFC 4861 §4.4", "it answers a question";
    overrides: bool = 1, Flag, "O", "RFC 4861 §4.4", "forget the hardware address that you knew";
    reserved: u32 = 29, Hex, "Reserved", "RFC 4861 §4.4", "zero";
    target: Ipv6Addr = 128, Address, "Target address", "RFC 4861 §4.3", "the address asked for, or answered for";
}

crate::header! {
    /// What a router advertisement says behind its first 4 bytes, before its options: 12 bytes.
    pub struct RouterAdvertisement, mod ra = "icmpv6.ra", "Router advertisement", "RFC 4861 §4.2",
        "how hosts of the link shall behave";
    hop_limit: u8 = 8, Dec, "Current hop limit", "RFC 4861 §4.2", "the hop limit that hosts should use; 0 leaves it open";
    managed: bool = 1, Flag, "M", "RFC 4861 §4.2", "addresses are given out by DHCPv6";
    other: bool = 1, Flag, "O", "RFC 4861 §4.2", "other settings are given out by DHCPv6";
    home_agent: bool = 1, Flag, "H", "RFC 6275 §7.1", "the router is a home agent of Mobile IPv6";
    preference: Preference = 2, Dec, "Prf", "RFC 4191 §2.2", "how much this default router wants to be used", codes Preference::CODES;
    reserved: u8 = 3, Hex, "Reserved", "RFC 4861 §4.2", "zero";
    lifetime: u16 = 16, Seconds, "Router lifetime", "RFC 4861 §4.2", "how long this is a default router; 0: not at all";
    reachable: u32 = 32, Millis, "Reachable time", "RFC 4861 §4.2", "how long a neighbour is taken to be there; 0 leaves it open";
    retrans: u32 = 32, Millis, "Retransmission timer", "RFC 4861 §4.2", "between solicitations; 0 leaves it open";
}

crate::header! {
    /// The prefix information option: 32 bytes.
    pub struct PrefixInformation, mod prefix = "icmpv6.prefix", "Prefix information", "RFC 4861 §4.6.2", "a prefix of this link";
    kind: NdOption = 8, Dec, "Type", "RFC 4861 §4.6", "which option this is", codes NdOption::CODES;
    len: u8 = 8, Dec, "Length", "RFC 4861 §4.6", "the whole option in units of 8 bytes: 4";
    prefix_len: u8 = 8, Dec, "Prefix length", "RFC 4861 §4.6.2", "how many bits of the prefix count";
    on_link: bool = 1, Flag, "L", "RFC 4861 §4.6.2", "addresses with this prefix are on the link itself";
    autonomous: bool = 1, Flag, "A", "RFC 4862 §5.5.3", "hosts may make themselves an address with this prefix";
    reserved: u8 = 6, Hex, "Reserved", "RFC 4861 §4.6.2", "zero";
    valid: u32 = 32, Seconds, "Valid lifetime", "RFC 4861 §4.6.2", "how long such an address exists; all ones: for ever";
    preferred: u32 = 32, Seconds, "Preferred lifetime", "RFC 4861 §4.6.2", "how long new conversations may start from such an address";
    reserved_2: u32 = 32, Hex, "Reserved", "RFC 4861 §4.6.2", "zero";
    prefix: Ipv6Addr = 128, Address, "Prefix", "RFC 4861 §4.6.2", "the prefix, with zeros behind it";
}

crate::fields! {
    /// Fields that depend on the type.
    pub TYPE_FIELDS;
    ECHO_ID = "icmpv6.echo.id", "Identifier", "RFC 4443 §4.1", Dec, "which ping program this belongs to";
    ECHO_SEQ = "icmpv6.echo.seq", "Sequence number", "RFC 4443 §4.1", Dec, "which of its pings";
    ECHO_DATA = "icmpv6.echo.data", "Data", "RFC 4443 §4.1", Opaque(Body), "comes back unchanged";
    MTU = "icmpv6.mtu", "MTU", "RFC 4443 §3.2", Octets, "the largest packet that the next link takes";
    UNUSED = "icmpv6.unused", "Unused", "RFC 4443 §3.1", Hex, "zero; for a parameter problem, where it is";
    UNREACHABLE_CODE = "icmpv6.unreachable_code", "Code", "RFC 4443 §3.1", Dec, "why the destination is unreachable", codes Unreachable::CODES;
    POINTER = "icmpv6.pointer", "Pointer", "RFC 4443 §3.4", Octets, "which byte of the original packet is wrong";
    ORIGINAL = "icmpv6.original", "Original packet", "RFC 4443 §2.4", Group, "the beginning of the packet that caused this";
    ORIGINAL_DATA = "icmpv6.original.data", "Start of its data", "RFC 4443 §2.4", Opaque(Body), "the first bytes behind its header: ports and, for TCP, the sequence number";
    DESTINATION = "icmpv6.nd.destination", "Destination address", "RFC 4861 §4.5", Address, "the destination that has a better way";
    RESERVED = "icmpv6.reserved", "Reserved", "RFC 4861 §4.1", Hex, "zero";
    OPTION = "icmpv6.option", "Option", "RFC 4861 §4.6", Group, "an option of neighbour discovery";
    OPTION_KIND = "icmpv6.option.kind", "Type", "RFC 4861 §4.6", Dec, "which option this is", codes NdOption::CODES;
    OPTION_LEN = "icmpv6.option.len", "Length", "RFC 4861 §4.6", Dec, "the whole option in units of 8 bytes";
    OPTION_MAC = "icmpv6.option.mac", "Link-layer address", "RFC 4861 §4.6.1", Address, "a hardware address";
    OPTION_MTU = "icmpv6.option.mtu", "MTU", "RFC 4861 §4.6.4", Octets, "the largest packet that this link takes";
    OPTION_LIFETIME = "icmpv6.option.lifetime", "Lifetime", "RFC 8106 §5.1", Seconds, "how long the name servers may be asked";
    OPTION_SERVER = "icmpv6.option.server", "Name server", "RFC 8106 §5.1", Address, "a name server to ask";
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
        let code = reader.u8(if kind == Type::UNREACHABLE { &UNREACHABLE_CODE } else { &field::code })?;
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
        body(reader, kind)?;
        Ok(Header { kind, code, checksum })
    })
}

/// What stands behind the first 4 bytes.
fn body<S: Sink>(reader: &mut Reader<'_, '_, S>, kind: Type) -> Result<(), Malformed> {
    match kind {
        Type::ECHO_REQUEST | Type::ECHO_REPLY => {
            reader.u16(&ECHO_ID)?;
            reader.u16(&ECHO_SEQ)?;
            reader.rest(&ECHO_DATA)?;
        }
        Type::PACKET_TOO_BIG | Type::UNREACHABLE | Type::TIME_EXCEEDED | Type::PARAMETER_PROBLEM => {
            reader.u32(match kind {
                Type::PACKET_TOO_BIG => &MTU,
                Type::PARAMETER_PROBLEM => &POINTER,
                _ => &UNUSED,
            })?;
            if S::RECORDS && !reader.is_empty() {
                let rest = reader.remaining();
                reader.group_within(&ORIGINAL, rest, |reader| {
                    // It is cut short by design, so its own length and checksums say nothing here.
                    crate::ipv6::decode(reader)?;
                    reader.rest(&ORIGINAL_DATA)
                })?;
            } else {
                reader.rest(&ORIGINAL_DATA)?;
            }
        }
        Type::ROUTER_SOLICITATION => {
            reader.u32(&RESERVED)?;
            options(reader)?;
        }
        Type::ROUTER_ADVERTISEMENT => {
            RouterAdvertisement::decode(reader)?;
            options(reader)?;
        }
        Type::NEIGHBOR_ADVERTISEMENT => {
            Neighbor::decode(reader)?;
            options(reader)?;
        }
        Type::NEIGHBOR_SOLICITATION | Type::REDIRECT => {
            reader.u32(&RESERVED)?;
            reader.get::<Ipv6Addr>(&nd::target, 128)?;
            if kind == Type::REDIRECT {
                reader.get::<Ipv6Addr>(&DESTINATION, 128)?;
            }
            options(reader)?;
        }
        _ => drop(reader.rest(&DATA)?),
    }
    Ok(())
}

/// What the options of a message of neighbour discovery said.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct NdOptions {
    /// The sender's hardware address.
    pub source_link: Option<MacAddr>,
    /// The target's hardware address.
    pub target_link: Option<MacAddr>,
    /// The link's prefixes.
    pub prefixes: Vec<PrefixInformation>,
    /// The link's MTU.
    pub mtu: Option<u32>,
    /// Name servers, and for how many seconds each may be asked.
    pub name_servers: Vec<(Ipv6Addr, u32)>,
}

/// Decodes the options of a message of neighbour discovery, which fill the rest of the reader.
///
/// # Errors
/// If one has the length zero (RFC 4861 §4.6: the whole message is to be discarded) or is cut short.
pub fn options<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<NdOptions, Malformed> {
    let mut said = NdOptions::default();
    while !reader.is_empty() {
        if let [3, 4, ..] = reader.peek() {
            said.prefixes.push(reader.group(&prefix::GROUP, |reader| PrefixInformation::decode(reader))?);
        } else {
            reader.group(&OPTION, |reader| option(reader, &mut said))?;
        }
    }
    Ok(said)
}

fn option<S: Sink>(reader: &mut Reader<'_, '_, S>, said: &mut NdOptions) -> Result<(), Malformed> {
    let kind: NdOption = reader.get(&OPTION_KIND, 8)?;
    let len = usize::from(reader.u8(&OPTION_LEN)?) * 8;
    let Some(data) = len.checked_sub(2) else {
        // RFC 4861 §4.6: a packet with an option of length zero is discarded.
        return Err(reader.error(&OPTION_LEN, "is zero"));
    };
    match kind {
        NdOption::SOURCE_LINK if data == 6 => said.source_link = Some(reader.get(&OPTION_MAC, 48)?),
        NdOption::TARGET_LINK if data == 6 => said.target_link = Some(reader.get(&OPTION_MAC, 48)?),
        NdOption::MTU if data == 6 => {
            reader.u16(&RESERVED)?;
            said.mtu = Some(reader.u32(&OPTION_MTU)?);
        }
        // RFC 8106 §5.1: 8 bytes, and 16 for each server.
        NdOption::RDNSS if data >= 22 && (data - 6) % 16 == 0 => {
            reader.u16(&RESERVED)?;
            let lifetime = reader.u32(&OPTION_LIFETIME)?;
            for _ in 0..(data - 6) / 16 {
                said.name_servers.push((reader.get(&OPTION_SERVER, 128)?, lifetime));
            }
        }
        _ => drop(reader.bytes(&OPTION_DATA, data)?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Silent;

    #[test]
    fn a_router_advertisement_names_prefix_mtu_and_name_server() {
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
            prefix: "2001:db8:1::".parse().unwrap(),
        };
        let server: Ipv6Addr = "fe80::1".parse().unwrap();
        let mut bytes = vec![1, 1, 2, 0, 0, 0, 0, 1, 5, 1, 0, 0, 0, 0, 5, 0xdc];
        bytes.resize(48, 0);
        prefix.write(&mut bytes[16..]);
        bytes.extend([25, 3, 0, 0, 0, 0, 4, 0]);
        bytes.extend(server.octets());
        let said = options(&mut Reader::new(&bytes, &mut Silent)).unwrap();
        assert_eq!(said.source_link, Some(MacAddr([2, 0, 0, 0, 0, 1])));
        assert_eq!((said.mtu, said.prefixes, said.name_servers), (Some(1500), vec![prefix], vec![(server, 1024)]));
        bytes[1] = 0;
        assert!(options(&mut Reader::new(&bytes, &mut Silent)).is_err(), "a length of zero");
    }
}
