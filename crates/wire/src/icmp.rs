//! ICMP for IPv4 (RFC 792).

use crate::{Malformed, Reader, Sink, Sum, open_enum};

open_enum! {
    /// ICMP message types.
    pub struct Type(u8) {
        ECHO_REPLY = 0, "echo reply", "RFC 792", "the answer to a ping";
        UNREACHABLE = 3, "destination unreachable", "RFC 792", "the packet could not be delivered; the code says why";
        REDIRECT = 5, "redirect", "RFC 792", "there is a better gateway for this destination";
        ECHO_REQUEST = 8, "echo request", "RFC 792", "a ping: please send this back";
        TIME_EXCEEDED = 11, "time exceeded", "RFC 792", "the packet's TTL ran out, or its fragments did not arrive in time";
        PARAMETER_PROBLEM = 12, "parameter problem", "RFC 792", "a field of the packet's header is wrong";
    }
}

open_enum! {
    /// Why a destination is unreachable: the codes of type 3.
    pub struct Unreachable(u8) {
        NET = 0, "network unreachable", "RFC 792", "no route to the network";
        HOST = 1, "host unreachable", "RFC 792", "the last router got no answer to ARP";
        PROTOCOL = 2, "protocol unreachable", "RFC 792", "the host does not speak that protocol";
        PORT = 3, "port unreachable", "RFC 792", "no program listens at that UDP port";
        FRAGMENTATION_NEEDED = 4, "fragmentation needed", "RFC 1191 §4", "too large for the next link, and not to be fragmented";
        SOURCE_ROUTE_FAILED = 5, "source route failed", "RFC 792", "a waypoint could not be reached";
        ADMIN_PROHIBITED = 13, "administratively prohibited", "RFC 1812 §5.2.7.1", "a filter forbids it";
    }
}

crate::header! {
    /// An ICMP header: 8 bytes, the last four of which depend on the type.
    pub struct Header, mod field = "icmp", "ICMP", "RFC 792",
        "errors and echoes of the IP layer";
    kind: Type = 8, Dec, "Type", "RFC 792", "what the message is", codes Type::CODES;
    code: u8 = 8, Dec, "Code", "RFC 792", "which case of its type";
    checksum: u16 = 16, Hex, "Checksum", "RFC 792", "guards the whole message";
    rest: u32 = 32, Hex, "Rest of header", "RFC 792", "for an echo its identifier and sequence number; for fragmentation needed, the next link's MTU";
}

crate::fields! {
    /// Fields that depend on the type.
    pub TYPE_FIELDS;
    UNREACHABLE_CODE = "icmp.unreachable_code", "Code", "RFC 792", Dec, "why the destination is unreachable", codes Unreachable::CODES;
    ECHO_ID = "icmp.echo.id", "Identifier", "RFC 792", Dec, "which ping program this belongs to";
    ECHO_SEQ = "icmp.echo.seq", "Sequence number", "RFC 792", Dec, "which of its pings";
    ECHO_DATA = "icmp.echo.data", "Data", "RFC 792", Opaque(Body), "comes back unchanged";
    UNUSED = "icmp.unused", "Unused", "RFC 792", Hex, "zero";
    NEXT_MTU = "icmp.next_mtu", "Next-hop MTU", "RFC 1191 §4", Octets, "the largest packet that the next link takes";
    ORIGINAL = "icmp.original", "Original packet", "RFC 792", Group, "the beginning of the packet that caused this";
    ORIGINAL_DATA = "icmp.original.data", "Start of its data", "RFC 1812 §4.3.2.3", Opaque(Body), "the first bytes behind its header: ports and, for TCP, the sequence number";
    DATA = "icmp.data", "Data", "RFC 792", Opaque(Body), "the message's data";
}

impl Header {
    /// An echo's identifier and sequence number (types 0 and 8).
    pub fn echo(&self) -> (u16, u16) {
        ((self.rest >> 16) as u16, self.rest as u16)
    }
    /// The next link's MTU in bytes (type 3, code 4; RFC 1191 §4).
    pub fn next_mtu(&self) -> u16 {
        self.rest as u16
    }
    /// Whether it reports an error, as opposed to an echo (RFC 1122 §3.2.2): no error is sent about an error.
    pub fn is_error(&self) -> bool {
        matches!(self.kind, Type::UNREACHABLE | Type::REDIRECT | Type::TIME_EXCEEDED | Type::PARAMETER_PROBLEM)
    }
}

/// Decodes an ICMP message that fills the rest of the reader, as a group.
///
/// # Errors
/// If it is cut short or its checksum is wrong (with [`crate::Silent`]; the inspector notes it).
pub fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Header, Malformed> {
    reader.group(&field::GROUP, |reader| {
        let message = reader.peek();
        let Some(header) = message.get(..Header::LEN).map(Header::read) else {
            return Err(reader.error(&field::kind, "is cut short"));
        };
        reader.u8(&field::kind)?;
        reader.u8(if header.kind == Type::UNREACHABLE { &UNREACHABLE_CODE } else { &field::code })?;
        reader.u16(&field::checksum)?;
        if Sum::of(message).verifies() {
            reader.note(crate::Note::ChecksumOk);
        } else {
            let mut zeroed = message.to_vec();
            zeroed[2..4].fill(0);
            reader.note(crate::Note::ChecksumBad(Sum::of(&zeroed).checksum()));
            reader.report(&field::checksum, "is wrong")?;
        }
        match header.kind {
            Type::ECHO_REQUEST | Type::ECHO_REPLY => {
                reader.u16(&ECHO_ID)?;
                reader.u16(&ECHO_SEQ)?;
                reader.rest(&ECHO_DATA)?;
            }
            Type::UNREACHABLE | Type::TIME_EXCEEDED | Type::PARAMETER_PROBLEM | Type::REDIRECT => {
                if header.kind == Type::UNREACHABLE && header.code == Unreachable::FRAGMENTATION_NEEDED.0 {
                    reader.u16(&UNUSED)?;
                    reader.u16(&NEXT_MTU)?;
                } else {
                    reader.u32(&field::rest)?;
                }
                if S::RECORDS && !reader.is_empty() {
                    let rest = reader.remaining();
                    reader.group_within(&ORIGINAL, rest, |reader| {
                        // It is cut short by design, so its own length and checksums say nothing here.
                        crate::ipv4::decode(reader)?;
                        reader.rest(&ORIGINAL_DATA)
                    })?;
                } else {
                    reader.rest(&ORIGINAL_DATA)?;
                }
            }
            _ => {
                reader.u32(&field::rest)?;
                reader.rest(&DATA)?;
            }
        }
        Ok(header)
    })
}
