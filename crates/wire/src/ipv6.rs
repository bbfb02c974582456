//! IPv6 (RFC 8200): the fixed header and the extension headers that stand between it and the transport.

use std::net::Ipv6Addr;

use crate::ipv4::{Dscp, Ecn, Protocol};
use crate::{Malformed, Note, Reader, Sink, open_enum};

open_enum! {
    /// What follows an IPv6 header: an extension header or a transport.
    pub struct NextHeader(u8) {
        HOP_BY_HOP = 0, "Hop-by-hop options", "RFC 8200 §4.3", "options for every router on the way";
        TCP = 6, "TCP", "RFC 9293 §3.1", "a segment of a reliable stream";
        UDP = 17, "UDP", "RFC 768", "a message without promises";
        ROUTING = 43, "Routing", "RFC 8200 §4.4", "waypoints";
        FRAGMENT = 44, "Fragment", "RFC 8200 §4.5", "a piece of a packet that the sender cut";
        ESP = 50, "ESP", "RFC 4303 §2", "an encrypted IPsec payload";
        AH = 51, "AH", "RFC 4302 §2", "an authenticated IPsec packet";
        ICMPV6 = 58, "ICMPv6", "RFC 4443 §2.1", "errors, echoes and neighbours";
        NONE = 59, "No next header", "RFC 8200 §4.7", "nothing follows";
        DESTINATION = 60, "Destination options", "RFC 8200 §4.6", "options for the receiver";
    }
}

crate::header! {
    /// An IPv6 header: 40 bytes.
    pub struct Header, mod field = "ipv6", "IPv6", "RFC 8200 §3",
        "carries a packet across many links, from one host to another";
    version: u8 = 4, Dec, "Version", "RFC 8200 §3", "6 for IPv6";
    dscp: Dscp = 6, Dec, "DSCP", "RFC 2474 §3", "the treatment that the packet asks of routers", codes Dscp::CODES;
    ecn: Ecn = 2, Dec, "ECN", "RFC 3168 §5", "whether congestion may be marked on this packet, and whether it was", codes Ecn::CODES;
    flow_label: u32 = 20, Hex, "Flow label", "RFC 6437 §2", "the same for all packets of one flow, so that routers keep them on one path";
    payload_len: u16 = 16, Octets, "Payload length", "RFC 8200 §3", "bytes behind this header, extension headers included";
    next_header: NextHeader = 8, Dec, "Next header", "RFC 8200 §3", "what follows", codes NextHeader::CODES;
    hop_limit: u8 = 8, Dec, "Hop limit", "RFC 8200 §3", "how many routers the packet may still pass";
    src: Ipv6Addr = 128, Address, "Source address", "RFC 8200 §3", "the host that sent the packet";
    dst: Ipv6Addr = 128, Address, "Destination address", "RFC 8200 §3", "the host that the packet is for";
}

crate::header! {
    /// A fragment header: 8 bytes.
    pub struct Fragment, mod fragment = "ipv6.fragment", "Fragment header", "RFC 8200 §4.5",
        "this packet is a piece of a larger one";
    next_header: NextHeader = 8, Dec, "Next header", "RFC 8200 §4.5", "what the whole packet carries", codes NextHeader::CODES;
    reserved: u8 = 8, Hex, "Reserved", "RFC 8200 §4.5", "zero";
    offset: u16 = 13, Dec, "Fragment offset", "RFC 8200 §4.5", "where this piece stands, in units of 8 bytes";
    reserved_2: u8 = 2, Dec, "Reserved", "RFC 8200 §4.5", "zero";
    more: bool = 1, Flag, "M", "RFC 8200 §4.5", "more fragments follow";
    id: u32 = 32, Hex, "Identification", "RFC 8200 §4.5", "which packet the piece belongs to";
}

crate::fields! {
    /// Fields of extension headers.
    pub EXTENSION_FIELDS;
    EXTENSION = "ipv6.extension", "Extension header", "RFC 8200 §4", Group, "a header between IPv6 and the transport";
    NEXT = "ipv6.extension.next_header", "Next header", "RFC 8200 §4", Dec, "what follows this one", codes NextHeader::CODES;
    LEN = "ipv6.extension.len", "Header extension length", "RFC 8200 §4.3", Dec, "its length in units of 8 bytes, the first 8 not counted (RFC 4302: 4-byte units, minus 2)";
    DATA = "ipv6.extension.data", "Options", "RFC 8200 §4.2", Bytes, "the extension's options or addresses";
}

/// An IPv6 header with what its extension headers said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decoded {
    /// The fixed header.
    pub header: Header,
    /// What the packet carries behind all extension headers.
    pub protocol: Protocol,
    /// The fragment header, if there is one.
    pub fragment: Option<Fragment>,
    /// Bytes of extension headers.
    pub extensions_len: usize,
}

/// Extension headers that a packet may have before we stop believing it: RFC 8504 §5.3 allows hosts such a limit.
const MAX_EXTENSIONS: usize = 8;

/// Decodes an IPv6 header with its extension headers from the front of the reader.
///
/// # Errors
/// If it is cut short or not version 6.
pub fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Decoded, Malformed> {
    let header = reader.group(&field::GROUP, |reader| {
        let header = Header::decode(reader)?;
        if header.version != 6 {
            return Err(reader.error(&field::version, "is not 6"));
        }
        Ok(header)
    })?;
    let extensions = extensions(reader, Protocol(header.next_header.0))?;
    let Extensions { protocol, fragment, len } = extensions;
    Ok(Decoded { header, protocol, fragment, extensions_len: len })
}

/// What extension headers said.
pub(crate) struct Extensions {
    /// What follows them.
    pub protocol: Protocol,
    /// The fragment header of a piece of a packet: what follows is the piece's data.
    pub fragment: Option<Fragment>,
    /// Their bytes.
    pub len: usize,
}

/// Decodes the extension headers at the front of the reader, the first of the kind `first`.
pub(crate) fn extensions<S: Sink>(reader: &mut Reader<'_, '_, S>, first: Protocol) -> Result<Extensions, Malformed> {
    let (mut next, mut fragment, mut len) = (NextHeader(first.0), None, 0);
    for _ in 0..MAX_EXTENSIONS {
        match next {
            NextHeader::FRAGMENT => {
                let piece = reader.group(&fragment::GROUP, |reader| Fragment::decode(reader))?;
                next = piece.next_header;
                len += Fragment::LEN;
                // RFC 6946: a fragment that is the whole packet is none. Of any other, all that follows is data to be put
                // together first, extension headers included (RFC 8200 §4.5).
                if piece.offset != 0 || piece.more {
                    fragment = Some(piece);
                    break;
                }
            }
            NextHeader::HOP_BY_HOP | NextHeader::ROUTING | NextHeader::DESTINATION | NextHeader::AH => {
                let ah = next == NextHeader::AH;
                reader.group(&EXTENSION, |reader| {
                    next = reader.get(&NEXT, 8)?;
                    let units = usize::from(reader.u8(&LEN)?);
                    let own = if ah { (units + 2) * 4 } else { (units + 1) * 8 };
                    len += own;
                    reader.bytes(&DATA, own - 2)
                })?;
            }
            _ => break,
        }
    }
    if S::RECORDS && matches!(next, NextHeader::HOP_BY_HOP) {
        reader.note(Note::Remark("more extension headers than a host must accept"));
    }
    Ok(Extensions { protocol: Protocol(next.0), fragment, len })
}
