//! IPv4 (RFC 791).

use std::net::Ipv4Addr;

use crate::{Malformed, Reader, Sink, open_enum};

open_enum! {
    /// What an IP packet carries (IANA protocol numbers).
    pub struct Protocol(u8) {
        ICMP = 1, "ICMP", "RFC 792", "errors and echoes of the IP layer";
        IGMP = 2, "IGMP", "RFC 3376 §4", "membership in multicast groups";
        IPV4 = 4, "IPv4 in IP", "RFC 2003 §3.1", "another IPv4 packet, tunnelled";
        TCP = 6, "TCP", "RFC 9293 §3.1", "a segment of a reliable stream";
        UDP = 17, "UDP", "RFC 768", "a message without promises";
        IPV6 = 41, "IPv6 in IP", "RFC 4213 §3", "an IPv6 packet, tunnelled";
        GRE = 47, "GRE", "RFC 2784 §2", "generic encapsulation";
        ESP = 50, "ESP", "RFC 4303 §2", "an encrypted IPsec payload";
        AH = 51, "AH", "RFC 4302 §2", "an authenticated IPsec packet";
        ICMPV6 = 58, "ICMPv6", "RFC 4443 §2.1", "errors, echoes and neighbours of IPv6";
        SCTP = 132, "SCTP", "RFC 9260 §3", "a message stream protocol";
    }
}

open_enum! {
    /// How the network should treat the packet (RFC 2474).
    pub struct Dscp(u8) {
        DEFAULT = 0, "default", "RFC 2474 §4.1", "best effort";
        LE = 1, "lower effort", "RFC 8622 §3", "less than best effort";
        CS1 = 8, "CS1", "RFC 2474 §4.2.2", "class selector 1";
        AF11 = 10, "AF11", "RFC 2597 §6", "assured forwarding, class 1, low drop precedence";
        AF21 = 18, "AF21", "RFC 2597 §6", "assured forwarding, class 2, low drop precedence";
        AF41 = 34, "AF41", "RFC 2597 §6", "assured forwarding, class 4, low drop precedence";
        EF = 46, "EF", "RFC 3246 §2", "expedited forwarding: low delay and loss";
        CS6 = 48, "CS6", "RFC 2474 §4.2.2", "network control";
    }
}

open_enum! {
    /// Explicit congestion notification (RFC 3168 §5).
    pub struct Ecn(u8) {
        NOT_ECT = 0, "Not-ECT", "RFC 3168 §5", "the sender does not use congestion marks";
        ECT1 = 1, "ECT(1)", "RFC 3168 §5", "the sender understands congestion marks (L4S: RFC 9331)";
        ECT0 = 2, "ECT(0)", "RFC 3168 §5", "the sender understands congestion marks";
        CE = 3, "CE", "RFC 3168 §5", "a router met congestion and marked the packet instead of dropping it";
    }
}

open_enum! {
    /// IPv4 option types (RFC 791 §3.1).
    pub struct OptionKind(u8) {
        END = 0, "End of options", "RFC 791 §3.1", "the list ends here";
        NOP = 1, "No operation", "RFC 791 §3.1", "filling between options";
        RECORD_ROUTE = 7, "Record route", "RFC 791 §3.1", "routers write their addresses here";
        TIMESTAMP = 68, "Internet timestamp", "RFC 791 §3.1", "routers write their clocks here";
        LOOSE_SOURCE_ROUTE = 131, "Loose source route", "RFC 791 §3.1", "waypoints that the sender demands";
        STRICT_SOURCE_ROUTE = 137, "Strict source route", "RFC 791 §3.1", "the whole route that the sender demands";
        ROUTER_ALERT = 148, "Router alert", "RFC 2113 §2.1", "routers on the way should look at this packet";
    }
}

crate::header! {
    /// The fixed part of an IPv4 header: 20 bytes.
    pub struct Header, mod field = "ipv4", "IPv4", "RFC 791 §3.1",
        "carries a packet across many links, from one host to another";
    version: u8 = 4, Dec, "Version", "RFC 791 §3.1", "4 for IPv4";
    ihl: u8 = 4, Dec, "IHL", "RFC 791 §3.1", "the header's length in 32-bit words: 5 without options, at most 15";
    dscp: Dscp = 6, Dec, "DSCP", "RFC 2474 §3", "the treatment that the packet asks of routers", codes Dscp::CODES;
    ecn: Ecn = 2, Dec, "ECN", "RFC 3168 §5", "whether congestion may be marked on this packet, and whether it was", codes Ecn::CODES;
    total_len: u16 = 16, Octets, "Total length", "RFC 791 §3.1", "header and data together, in bytes";
    id: u16 = 16, Hex, "Identification", "RFC 6864 §4", "which packet a fragment belongs to; without meaning in a packet that is not to be fragmented";
    reserved: bool = 1, Flag, "Reserved", "RFC 791 §3.1", "always zero";
    dont_fragment: bool = 1, Flag, "DF", "RFC 791 §3.1", "don't fragment: a router that cannot forward it whole drops it and says so";
    more_fragments: bool = 1, Flag, "MF", "RFC 791 §3.1", "more fragments of the same packet follow this one";
    fragment_offset: u16 = 13, Dec, "Fragment offset", "RFC 791 §3.1", "where this fragment's data stands in the packet, in units of 8 bytes";
    ttl: u8 = 8, Dec, "TTL", "RFC 791 §3.1", "how many routers the packet may still pass; each takes one off, and at zero drops it";
    protocol: Protocol = 8, Dec, "Protocol", "RFC 791 §3.1", "which protocol's data follows", codes Protocol::CODES;
    checksum: u16 = 16, Hex, "Header checksum", "RFC 1071 §1", "guards this header; every router computes it anew";
    src: Ipv4Addr = 32, Address, "Source address", "RFC 791 §3.1", "the host that sent the packet (a NAT may have put itself in its place)";
    dst: Ipv4Addr = 32, Address, "Destination address", "RFC 791 §3.1", "the host that the packet is for";
}

crate::fields! {
    /// Fields of IPv4 options.
    pub OPTION_FIELDS;
    OPTIONS = "ipv4.options", "Options", "RFC 791 §3.1", Group, "rarely used extensions of the header";
    OPTION = "ipv4.option", "Option", "RFC 791 §3.1", Group, "one option: its type, and unless it is a single byte, its length and data";
    OPTION_KIND = "ipv4.option.kind", "Type", "RFC 791 §3.1", Dec, "which option this is", codes OptionKind::CODES;
    OPTION_LEN = "ipv4.option.len", "Length", "RFC 791 §3.1", Octets, "the whole option in bytes, type and length included";
    OPTION_DATA = "ipv4.option.data", "Data", "RFC 791 §3.1", Bytes, "the option's data";
    OPTION_PADDING = "ipv4.option.padding", "Padding", "RFC 791 §3.1", Opaque(Padding), "zeros up to a multiple of 32 bits";
}

impl Header {
    /// A header for `payload` bytes of `protocol` from `src` to `dst`: no options, don't-fragment, TTL 64 (Linux's
    /// default, RFC 1700's advice), checksum zero.
    pub fn new(src: Ipv4Addr, dst: Ipv4Addr, protocol: Protocol, payload: usize) -> Header {
        Header {
            version: 4,
            ihl: 5,
            dscp: Dscp::DEFAULT,
            ecn: Ecn::NOT_ECT,
            total_len: (Header::LEN + payload).min(0xffff) as u16,
            id: 0,
            reserved: false,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset: 0,
            ttl: 64,
            protocol,
            checksum: 0,
            src,
            dst,
        }
    }

    /// The header at the front of `bytes` if it is the usual one: whole, version 4, without options, its checksum right.
    #[inline]
    pub fn read_plain(bytes: &[u8]) -> Option<Header> {
        let plain = bytes.first_chunk::<{ Header::LEN }>().filter(|bytes| bytes[0] == 0x45)?;
        crate::Sum::of(plain).verifies().then(|| Header::read(plain))
    }

    /// As [`Header::write`] for a header without options that is no fragment, with its checksum and in one go.
    #[inline(always)]
    pub fn plain_bytes(&self) -> [u8; Header::LEN] {
        let quarters = |a: u8, b: u8| u32::from(a) << 24 | u32::from(b) << 16;
        let lengths = quarters(0x45, self.dscp.0 << 2 | self.ecn.0 & 3) | u32::from(self.total_len);
        let fragment = u32::from(self.id) << 16 | u32::from(self.dont_fragment) << 14;
        let rest = quarters(self.ttl, self.protocol.0);
        let (src, dst) = (self.src.to_bits(), self.dst.to_bits());
        let checksum = crate::Sum::of_words([lengths, fragment, rest, src, dst]).checksum();
        let words = [lengths, fragment, rest | u32::from(checksum), src, dst];
        let mut bytes = [0; Header::LEN];
        for (room, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *room = word.to_be_bytes();
        }
        bytes
    }

    /// The header's length in bytes, options included, as it says itself: at least 20 in a valid header.
    pub fn header_len(&self) -> usize {
        usize::from(self.ihl) * 4
    }

    /// Whether this is a fragment: not the whole packet (RFC 791 §3.2).
    pub fn is_fragment(&self) -> bool {
        self.more_fragments || self.fragment_offset != 0
    }

    /// Where this fragment's data starts in its packet, in bytes.
    pub fn fragment_start(&self) -> usize {
        usize::from(self.fragment_offset) * 8
    }
}

/// Decodes an IPv4 header with its options from the front of the reader, verifying lengths and checksum, as a group.
///
/// # Errors
/// If it is cut short, not version 4, or its lengths contradict each other (RFC 1122 §3.2.1.1: silently discard). A wrong
/// checksum is an error too, with [`crate::Silent`] alone: the inspector notes it and goes on.
pub fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Header, Malformed> {
    if !S::RECORDS && Header::read_plain(reader.peek()).is_some() {
        // Whatever is wrong, or has options, takes the long way.
        return Header::decode(reader);
    }
    reader.group(&field::GROUP, |reader| {
        let bytes = reader.peek();
        let header = Header::decode(reader)?;
        if header.version != 4 {
            return Err(reader.error(&field::version, "is not 4"));
        }
        if header.header_len() < Header::LEN {
            return Err(reader.error(&field::ihl, "is less than 5 words"));
        }
        if header.header_len() > Header::LEN {
            let n = header.header_len() - Header::LEN;
            reader.group_within(&OPTIONS, n, options)?;
        }
        match bytes.get(..header.header_len()).map(crate::Sum::of) {
            Some(sum) if sum.verifies() => {}
            _ => reader.report(&field::checksum, "is wrong")?,
        }
        Ok(header)
    })
}

/// Decodes a list of options.
fn options<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    while !reader.is_empty() {
        match reader.peek()[0] {
            0 => {
                reader.group(&OPTION, |reader| reader.u8(&OPTION_KIND))?;
                reader.rest(&OPTION_PADDING)?;
            }
            1 => drop(reader.group(&OPTION, |reader| reader.u8(&OPTION_KIND))?),
            _ => reader.group(&OPTION, |reader| {
                reader.u8(&OPTION_KIND)?;
                let len = reader.u8(&OPTION_LEN)?;
                let data =
                    usize::from(len).checked_sub(2).ok_or_else(|| reader.error(&OPTION_LEN, "is less than 2"))?;
                reader.bytes(&OPTION_DATA, data).map(drop)
            })?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Written in one go or a field at a time: the same bytes, and they are read as what they were.
        #[test]
        fn plain_bytes_are_the_declared_header(
            addresses: (u32, u32), len in 0usize..1481, id: u16, ttl: u8, traffic: u8, dont_fragment: bool, protocol: u8,
        ) {
            let (src, dst) = (Ipv4Addr::from_bits(addresses.0), Ipv4Addr::from_bits(addresses.1));
            let mut header = Header::new(src, dst, Protocol(protocol), len);
            (header.id, header.ttl, header.dont_fragment) = (id, ttl, dont_fragment);
            (header.dscp, header.ecn) = (Dscp(traffic >> 2), Ecn(traffic & 3));
            let mut want = [0; Header::LEN];
            header.write(&mut want);
            header.checksum = crate::Sum::of(&want).checksum();
            header.write(&mut want);
            prop_assert_eq!(header.plain_bytes(), want);
            prop_assert_eq!(Header::read_plain(&want), Some(header));
        }
    }
}
