//! Packets inside packets: GRE, VXLAN, Geneve, GTP-U, IP in IP, MPLS and PPPoE. What is inside is read on as if it stood there alone,
//! so that a connection is followed wherever its packets were captured.

use crate::ethernet::EtherType;
use crate::ipv4::Protocol;
use crate::{Malformed, Reader, Sink, gtp, open_enum, udp};

/// Headers of tunnels, one inside the other, that are read at most.
pub const MAX_DEPTH: u8 = 4;
/// The port of VXLAN (RFC 7348 §5).
pub const VXLAN_PORT: u16 = 4789;
/// The port of Geneve (RFC 8926 §3.3).
pub const GENEVE_PORT: u16 = 6081;
/// The ports to which tunnels over UDP are sent.
pub(crate) const UDP_PORTS: [u16; 3] = [VXLAN_PORT, GENEVE_PORT, gtp::PORT];

open_enum! {
    /// What a PPP frame carries (RFC 1661 §2).
    pub struct Ppp(u16) {
        IPV4 = 0x0021, "IPv4", "RFC 1332 §2", "an IPv4 packet";
        IPV6 = 0x0057, "IPv6", "RFC 5072 §2", "an IPv6 packet";
        LCP = 0xc021, "LCP", "RFC 1661 §5", "what both ends of the link agree on";
    }
}

crate::header! {
    /// The first four bytes of GRE.
    pub struct Gre, mod gre = "gre", "GRE", "RFC 2784 §2.1", "carries a packet of any protocol inside an IP packet";
    has_checksum: bool = 1, Flag, "Checksum present", "RFC 2784 §2.2", "whether a checksum and two reserved bytes follow";
    has_routing: bool = 1, Flag, "Routing present", "RFC 2784 §2.3", "zero; once said that a source route follows";
    has_key: bool = 1, Flag, "Key present", "RFC 2890 §2", "whether a key follows";
    has_sequence: bool = 1, Flag, "Sequence number present", "RFC 2890 §2", "whether a sequence number follows";
    reserved: u16 = 9, Hex, "Reserved", "RFC 2784 §2.3", "zero";
    version: u8 = 3, Dec, "Version", "RFC 2784 §2.3.1", "0; 1 is the kind of PPTP";
    ethertype: EtherType = 16, Hex, "Protocol type", "RFC 2784 §2.4", "which protocol's packet follows", codes EtherType::CODES;
}

crate::header! {
    /// A VXLAN header: 8 bytes.
    pub struct Vxlan, mod vxlan = "vxlan", "VXLAN", "RFC 7348 §5", "carries an Ethernet frame of a virtual network inside UDP";
    reserved_flags: u8 = 4, Hex, "Reserved flags", "RFC 7348 §5", "zero";
    valid: bool = 1, Flag, "Network is valid", "RFC 7348 §5", "one: the network's number counts";
    reserved_more: u32 = 27, Hex, "Reserved", "RFC 7348 §5", "zero";
    network: u32 = 24, Dec, "Virtual network", "RFC 7348 §5", "the number of the virtual network";
    reserved: u8 = 8, Hex, "Reserved at the end", "RFC 7348 §5", "zero";
}

crate::header! {
    /// A Geneve header without its options: 8 bytes.
    pub struct Geneve, mod geneve = "geneve", "Geneve", "RFC 8926 §3.4", "carries a packet of a virtual network inside UDP";
    version: u8 = 2, Dec, "Version", "RFC 8926 §3.4", "zero in all that is in use";
    options_len: u8 = 6, Dec, "Length of the options", "RFC 8926 §3.4", "in units of four bytes";
    control: bool = 1, Flag, "Control", "RFC 8926 §3.4", "whether it is meant for the tunnel's end itself";
    critical: bool = 1, Flag, "Critical options", "RFC 8926 §3.4", "whether an option is there that may not be skipped";
    reserved: u8 = 6, Hex, "Reserved", "RFC 8926 §3.4", "zero";
    ethertype: EtherType = 16, Hex, "Protocol type", "RFC 8926 §3.4", "which protocol's packet follows", codes EtherType::CODES;
    network: u32 = 24, Dec, "Virtual network", "RFC 8926 §3.4", "the number of the virtual network";
    reserved_end: u8 = 8, Hex, "Reserved at the end", "RFC 8926 §3.4", "zero";
}

crate::header! {
    /// An entry of MPLS' label stack: 4 bytes.
    pub struct Label, mod mpls = "mpls", "MPLS label", "RFC 3032 §2.1", "tells routers on a switched path where the packet goes next";
    label: u32 = 20, Dec, "Label", "RFC 3032 §2.1", "means something to the next router only";
    class: u8 = 3, Dec, "Traffic class", "RFC 5462 §3", "how urgent it is";
    bottom: bool = 1, Flag, "Bottom of the stack", "RFC 3032 §2.1", "whether no more labels follow";
    ttl: u8 = 8, Dec, "Time to live", "RFC 3032 §2.4", "routers that it may still pass";
}

crate::header! {
    /// A PPPoE header with the PPP protocol behind it: 8 bytes.
    pub struct Pppoe, mod pppoe = "pppoe", "PPPoE", "RFC 2516 §4", "carries the PPP frames of a subscriber's line over Ethernet";
    version: u8 = 4, Dec, "Version", "RFC 2516 §4", "always one";
    kind: u8 = 4, Dec, "Type", "RFC 2516 §4", "one, always";
    code: u8 = 8, Hex, "Code", "RFC 2516 §4", "0 in a session";
    session: u16 = 16, Hex, "Session", "RFC 2516 §4", "the session's number";
    len: u16 = 16, Octets, "Length", "RFC 2516 §4", "bytes behind this field";
    protocol: Ppp = 16, Hex, "PPP protocol", "RFC 1661 §2", "which protocol's packet follows", codes Ppp::CODES;
}

crate::fields! {
    /// Parts of tunnels' headers that may be absent.
    pub FIELDS;
    GRE = "gre.header", "GRE with its options", "RFC 2890 §2", Group, "the fixed part and what its flags announce";
    GRE_CHECKSUM = "gre.checksum", "Checksum", "RFC 2784 §2.5", Hex, "covers the GRE header and what it carries";
    GRE_RESERVED = "gre.reserved1", "Reserved behind the checksum", "RFC 2784 §2.6", Hex, "zero";
    GRE_KEY = "gre.key", "Key", "RFC 2890 §2.1", Hex, "tells flows within one tunnel apart";
    GRE_SEQUENCE = "gre.sequence", "Sequence number", "RFC 2890 §2.2", Dec, "counts the tunnel's packets";
    GENEVE_OPTIONS = "geneve.options", "Options", "RFC 8926 §3.5", Bytes, "what the tunnel's ends tell each other beside";
    TUNNELLED = "tunnel.payload", "Tunnelled data", "RFC 2784 §2.4", Opaque(Body), "a packet of a protocol that is not taken apart here";
}

/// What stands behind a tunnel's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Inside {
    /// An Ethernet frame.
    Ethernet,
    /// A packet of this type.
    Typed(EtherType),
    /// Something that is not taken apart.
    Unknown,
}

impl Inside {
    fn of(ethertype: EtherType) -> Inside {
        match ethertype {
            EtherType::BRIDGED => Inside::Ethernet,
            EtherType::IPV4
            | EtherType::IPV6
            | EtherType::ARP
            | EtherType::VLAN
            | EtherType::QINQ
            | EtherType::MPLS => Inside::Typed(ethertype),
            _ => Inside::Unknown,
        }
    }
}

/// What an IP protocol carries that is a tunnel without a header of its own, if it is one (RFC 2003, RFC 2473, RFC 4213).
pub(crate) fn bare(protocol: Protocol) -> Option<Inside> {
    match protocol {
        Protocol::IPV4 => Some(Inside::Typed(EtherType::IPV4)),
        Protocol::IPV6 => Some(Inside::Typed(EtherType::IPV6)),
        _ => None,
    }
}

/// Reads GRE's header.
pub(crate) fn gre<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Inside, Malformed> {
    reader.group(&GRE, |reader| {
        let header = reader.group(&gre::GROUP, |reader| Gre::decode(reader))?;
        // RFC 2784 §2.3: who does not know the routing of RFC 1701 discards the packet. RFC 2637 §4.1: version 1 is PPTP's.
        if header.version != 0 || header.has_routing {
            return Ok(Inside::Unknown);
        }
        if header.has_checksum {
            reader.u16(&GRE_CHECKSUM)?;
            reader.u16(&GRE_RESERVED)?;
        }
        if header.has_key {
            reader.u32(&GRE_KEY)?;
        }
        if header.has_sequence {
            reader.u32(&GRE_SEQUENCE)?;
        }
        Ok(Inside::of(header.ethertype))
    })
}

/// Reads what a UDP datagram begins with if it is a tunnel's, told by its port and by what that port's header has to be. `None`
/// if it is none: nothing was read then.
pub(crate) fn over_udp<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    ports: &udp::Header,
) -> Result<Option<Inside>, Malformed> {
    let front = reader.peek();
    match ports.dst_port {
        VXLAN_PORT => {
            let Some(header) = front.get(..Vxlan::LEN).map(Vxlan::read) else { return Ok(None) };
            // RFC 7348 §5: reserved bits are ignored on receipt. Extensions of it give the flags other meanings, not the rest.
            if !header.valid || header.reserved != 0 {
                return Ok(None);
            }
            reader.group(&vxlan::GROUP, |reader| Vxlan::decode(reader))?;
            Ok(Some(Inside::Ethernet))
        }
        GENEVE_PORT => {
            let Some(header) = front.get(..Geneve::LEN).map(Geneve::read) else { return Ok(None) };
            let options = usize::from(header.options_len) * 4;
            // RFC 8926 §3.4: another version is dropped; a control packet is for the end of the tunnel.
            if header.version != 0 || header.control || front.len() < Geneve::LEN + options {
                return Ok(None);
            }
            reader.group(&geneve::GROUP, |reader| Geneve::decode(reader))?;
            if options > 0 {
                reader.bytes(&GENEVE_OPTIONS, options)?;
            }
            Ok(Some(Inside::of(header.ethertype)))
        }
        gtp::PORT => gtp::over_udp(reader),
        _ => Ok(None),
    }
}

/// Reads MPLS' labels. What they stand before, no header says: the first bits of an IP packet tell (RFC 4928 §2).
pub(crate) fn mpls<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Inside, Malformed> {
    while !reader.group(&mpls::GROUP, |reader| Label::decode(reader))?.bottom {}
    Ok(match reader.peek().first().map(|first| first >> 4) {
        Some(4) => Inside::Typed(EtherType::IPV4),
        Some(6) => Inside::Typed(EtherType::IPV6),
        _ => Inside::Unknown,
    })
}

/// Reads the header of a PPPoE session's frame. Gives how many bytes of what follows belong to it.
pub(crate) fn pppoe<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(Inside, usize), Malformed> {
    let header = reader.group(&pppoe::GROUP, |reader| Pppoe::decode(reader))?;
    let inside = match header.protocol {
        Ppp::IPV4 => Inside::Typed(EtherType::IPV4),
        Ppp::IPV6 => Inside::Typed(EtherType::IPV6),
        _ => Inside::Unknown,
    };
    Ok((inside, usize::from(header.len).saturating_sub(2)))
}
