//! GTP-U: subscribers' packets between the nodes of a mobile network, inside UDP (3GPP TS 29.281).

use crate::ethernet::EtherType;
use crate::tunnel::Inside;
use crate::{Malformed, Reader, Sink, open_enum};

/// The port that user packets are sent to (3GPP TS 29.281 §4.4.2.3).
pub const PORT: u16 = 2152;

open_enum! {
    /// What a message is for (3GPP TS 29.281 §6.1).
    pub struct Kind(u8) {
        ECHO_REQUEST = 1, "Echo request", "3GPP TS 29.281 §7.2.1", "asks whether the peer lives";
        ECHO_RESPONSE = 2, "Echo response", "3GPP TS 29.281 §7.2.2", "says that it does";
        ERROR_INDICATION = 26, "Error indication", "3GPP TS 29.281 §7.3.1", "there is no such tunnel here";
        END_MARKER = 254, "End marker", "3GPP TS 29.281 §7.3.2", "nothing more comes on this way";
        G_PDU = 255, "G-PDU", "3GPP TS 29.281 §3.1", "a subscriber's packet";
    }
}

open_enum! {
    /// What an extension header holds (3GPP TS 29.281 §5.2.1).
    pub struct Extension(u8) {
        NONE = 0x00, "none", "3GPP TS 29.281 §5.2.1", "no more extension headers";
        UDP_PORT = 0x40, "UDP port", "3GPP TS 29.281 §5.2.2.1", "the port of the message that an error is about";
        NR_RAN = 0x84, "NR RAN container", "3GPP TS 29.281 §5.2.2.6", "what 5G base stations tell each other";
        PDU_SESSION = 0x85, "PDU session container", "3GPP TS 29.281 §5.2.2.7", "which flow of a 5G session it belongs to";
        PDCP_NUMBER = 0xc0, "PDCP PDU number", "3GPP TS 29.281 §5.2.2.2", "the packet's number on the radio";
    }
}

crate::header! {
    /// The part of a GTP-U header that is always there: 8 bytes.
    pub struct Header, mod gtpu = "gtpu", "GTP-U", "3GPP TS 29.281 §5.1", "carries a subscriber's packet between nodes of a mobile network inside UDP";
    version: u8 = 3, Dec, "Version", "3GPP TS 29.281 §5.1", "1 in all that is in use";
    gtp: bool = 1, Flag, "Protocol type", "3GPP TS 29.281 §5.1", "one: GTP; zero was GTP', for charging";
    reserved: bool = 1, Flag, "Reserved", "3GPP TS 29.281 §5.1", "zero";
    has_extension: bool = 1, Flag, "Extension header", "3GPP TS 29.281 §5.1", "whether extension headers follow";
    has_sequence: bool = 1, Flag, "Sequence number", "3GPP TS 29.281 §5.1", "whether the sequence number counts";
    has_npdu: bool = 1, Flag, "N-PDU number", "3GPP TS 29.281 §5.1", "whether the N-PDU number counts";
    kind: Kind = 8, Dec, "Message type", "3GPP TS 29.281 §5.1", "what the message is for", codes Kind::CODES;
    len: u16 = 16, Octets, "Length", "3GPP TS 29.281 §5.1", "bytes behind the first eight";
    teid: u32 = 32, Hex, "Tunnel endpoint", "3GPP TS 29.281 §5.1", "which tunnel at the receiver, and so whose packet it is";
}

crate::fields! {
    /// What follows where one of three flags is set.
    pub FIELDS;
    WHOLE = "gtpu.header", "GTP-U with its options", "3GPP TS 29.281 §5.1", Group, "the fixed part and what its flags announce";
    SEQUENCE = "gtpu.sequence", "Sequence number", "3GPP TS 29.281 §5.1", Dec, "counts a tunnel's packets whose order matters";
    NPDU = "gtpu.npdu", "N-PDU number", "3GPP TS 29.281 §5.1", Dec, "the packet's number when a subscriber changes base stations";
    NEXT = "gtpu.next", "Next extension header", "3GPP TS 29.281 §5.2.1", Hex, "what the next extension header holds", codes Extension::CODES;
    EXTENSION_LEN = "gtpu.extension.len", "Length of the extension", "3GPP TS 29.281 §5.2.1", Dec, "in units of four bytes, itself and the next type included";
    EXTENSION = "gtpu.extension", "Extension", "3GPP TS 29.281 §5.2.1", Bytes, "what network nodes tell each other beside";
}

/// How long the whole header is that a user's packet begins with; `None` if it is none.
fn header_len(front: &[u8]) -> Option<usize> {
    let header = front.get(..Header::LEN).map(Header::read)?;
    // 3GPP TS 29.281 §5.1: version 1, and the length is that of all behind the first eight bytes (more, if the capture cut it).
    let plausible = header.version == 1 && header.gtp && usize::from(header.len) >= front.len() - Header::LEN;
    if !plausible || header.kind != Kind::G_PDU {
        return None;
    }
    if !(header.has_extension || header.has_sequence || header.has_npdu) {
        return Some(Header::LEN);
    }
    // All three are there if one is (§5.1).
    let mut at = Header::LEN + 4;
    let mut next = *front.get(at - 1)?;
    while header.has_extension && next != Extension::NONE.0 {
        // §5.2.1: the length counts four bytes each, and is never zero.
        let len = front.get(at).map(|words| usize::from(*words) * 4).filter(|len| *len > 0)?;
        at += len;
        next = *front.get(at - 1)?;
    }
    (at <= front.len()).then_some(at)
}

/// Reads the header that a user's packet begins with. `None` if there is none: nothing was read then.
pub(crate) fn over_udp<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Option<Inside>, Malformed> {
    let front = reader.peek();
    let Some(len) = header_len(front) else { return Ok(None) };
    // §3.1: a G-PDU is a packet of the subscriber's: of IP, of Ethernet or of neither, and no header says which.
    let inside = match front.get(len).map(|first| first >> 4) {
        Some(4) => Inside::Typed(EtherType::IPV4),
        Some(6) => Inside::Typed(EtherType::IPV6),
        _ => Inside::Unknown,
    };
    reader.group(&WHOLE, |reader| {
        reader.group(&gtpu::GROUP, |reader| Header::decode(reader))?;
        if len > Header::LEN {
            reader.u16(&SEQUENCE)?;
            reader.u8(&NPDU)?;
            reader.u8(&NEXT)?;
        }
        let mut left = len.saturating_sub(Header::LEN + 4);
        while left > 0 {
            let words = usize::from(reader.u8(&EXTENSION_LEN)?);
            reader.bytes(&EXTENSION, (words * 4).saturating_sub(2))?;
            reader.u8(&NEXT)?;
            left = left.saturating_sub(words * 4);
        }
        Ok(())
    })?;
    Ok(Some(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_as_long_as_its_flags_and_extensions_say() {
        let of = |bytes: &[u8]| header_len(bytes);
        assert_eq!(of(&[0x30, 255, 0, 1, 0, 0, 0, 7, 0x45]), Some(8));
        assert_eq!(of(&[0x32, 255, 0, 5, 0, 0, 0, 7, 0, 1, 0, 0, 0x45]), Some(12), "a sequence number");
        let container = [0x34, 255, 0, 9, 0, 0, 0, 7, 0, 0, 0, 0x85, 1, 0x10, 9, 0, 0x45];
        assert_eq!(of(&container), Some(16), "a container of 5G");
        // Without the flag the next type does not count (§5.1).
        assert_eq!(of(&[0x32, 255, 0, 5, 0, 0, 0, 7, 0, 1, 0, 0x85, 0x45]), Some(12));
    }

    #[test]
    fn what_is_no_users_packet_is_none() {
        assert_eq!(header_len(&[0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0]), None, "an echo request");
        assert_eq!(header_len(&[0x50, 255, 0, 1, 0, 0, 0, 7, 0x45]), None, "version 2 is GTP-C");
        assert_eq!(header_len(&[0x30, 255, 0, 0, 0, 0, 0, 7, 0x45]), None, "shorter than what is there");
        assert_eq!(header_len(&[0x34, 255, 0, 5, 0, 0, 0, 7, 0, 0, 0, 0x85, 0]), None, "an extension of nothing");
        assert_eq!(header_len(&[0x34, 255, 0, 9, 0, 0, 0, 7, 0, 0, 0, 0x85, 9]), None, "one without an end");
        assert_eq!(header_len(&[0x30, 255]), None);
    }
}
