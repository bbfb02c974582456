//! Frames (RFC 9113 §4, §6): nine bytes that say what follows, and on which stream.

use std::ops::Range;

use super::codes::{ErrorCode, FrameType, Setting};
use crate::{Field, Malformed, Note, Reader, Sink};

crate::header! {
    /// A frame's header: 9 bytes.
    pub struct FrameHeader, mod frame_field = "http2.frame", "HTTP/2 frame", "RFC 9113 §4.1",
        "a piece of the conversation on one of the streams that share the connection";
    len: u32 = 24, Octets, "Length", "RFC 9113 §4.1", "the bytes of payload that follow: at most 16384 unless the receiver's SETTINGS allow more";
    kind: FrameType = 8, Dec, "Type", "RFC 9113 §4.1", "what the frame is; unknown types are ignored", codes FrameType::CODES;
    unused_80: u8 = 2, Hex, "Unused flags", "RFC 9113 §4.1", "of no meaning in any type";
    priority: bool = 1, Flag, "PRIORITY", "RFC 9113 §6.2", "HEADERS: the frame says on which stream it depends";
    unused_10: u8 = 1, Hex, "Unused flag", "RFC 9113 §4.1", "of no meaning in any type";
    padded: bool = 1, Flag, "PADDED", "RFC 9113 §6.1", "DATA, HEADERS, PUSH_PROMISE: the frame is padded, which hides its length";
    end_headers: bool = 1, Flag, "END_HEADERS", "RFC 9113 §6.2", "HEADERS, PUSH_PROMISE, CONTINUATION: no more fields follow";
    unused_02: u8 = 1, Hex, "Unused flag", "RFC 9113 §4.1", "of no meaning in any type";
    end_stream: bool = 1, Flag, "END_STREAM or ACK", "RFC 9113 §6.1", "DATA, HEADERS: the sender has nothing more to send on the stream; SETTINGS, PING: it answers one of the other side's";
    reserved: u8 = 1, Hex, "Reserved", "RFC 9113 §4.1", "always 0";
    stream: u32 = 31, Dec, "Stream identifier", "RFC 9113 §5.1.1", "odd: opened by the client; even: by the server; 0: the connection as a whole";
}

crate::fields! {
    /// Fields of payloads.
    pub PAYLOAD_FIELDS;
    PREFACE_FIELD = "http2.preface", "Connection preface", "RFC 9113 §3.4", Text, "says that the client speaks HTTP/2; a server of HTTP/1 takes it for a bad request";
    PAD_LEN = "http2.pad_length", "Pad length", "RFC 9113 §6.1", Octets, "bytes of padding at the frame's end";
    PADDING = "http2.padding", "Padding", "RFC 9113 §6.1", Opaque(Padding), "zeros that hide the length of what is before them";
    DATA = "http2.data", "Data", "RFC 9113 §6.1", Opaque(Body), "a piece of the message's content";
    EXCLUSIVE = "http2.exclusive", "Exclusive", "RFC 7540 §5.3.1", Flag, "other streams that depend on the same now depend on this one; no longer used";
    DEPENDENCY = "http2.dependency", "Stream dependency", "RFC 7540 §5.3.1", Dec, "the stream that goes before this one; no longer used";
    WEIGHT = "http2.weight", "Weight", "RFC 7540 §5.3.2", Dec, "the stream's share among its siblings, less one; no longer used";
    FRAGMENT = "http2.fragment", "Header block fragment", "RFC 9113 §4.3", Bytes, "a header block, or a part of one; what it says stands in the block";
    ERROR = "http2.error", "Error code", "RFC 9113 §7", Dec, "why the stream or the connection ends", codes ErrorCode::CODES;
    SETTING = "http2.setting", "Setting", "RFC 9113 §6.5.1", Group, "one thing that the other side is to keep to";
    SETTING_ID = "http2.setting.id", "Identifier", "RFC 9113 §6.5.1", Dec, "which setting", codes Setting::CODES;
    SETTING_VALUE = "http2.setting.value", "Value", "RFC 9113 §6.5.1", Dec, "its value";
    PROMISED_RESERVED = "http2.promised.reserved", "Reserved", "RFC 9113 §6.6", Hex, "always 0";
    PROMISED = "http2.promised", "Promised stream", "RFC 9113 §6.6", Dec, "the stream on which the answer will come";
    PING = "http2.ping", "Opaque data", "RFC 9113 §6.7", Bytes, "comes back unchanged";
    LAST_RESERVED = "http2.last_stream.reserved", "Reserved", "RFC 9113 §6.8", Hex, "always 0";
    LAST_STREAM = "http2.last_stream", "Last stream", "RFC 9113 §6.8", Dec, "the last stream that was or may be processed: requests behind it can be asked again safely";
    DEBUG_DATA = "http2.debug_data", "Additional debug data", "RFC 9113 §6.8", Text, "for people who look for the reason";
    INCREMENT_RESERVED = "http2.increment.reserved", "Reserved", "RFC 9113 §6.9", Hex, "always 0";
    INCREMENT = "http2.increment", "Window size increment", "RFC 9113 §6.9", Octets, "so many more bytes of DATA may come, on the stream or, if it is 0, on the connection";
    ORIGIN_LEN = "http2.origin_len", "Origin length", "RFC 7838 §4", Octets, "the bytes of the origin";
    ORIGIN = "http2.origin", "Origin", "RFC 8336 §2", Text, "scheme, host and port of a site";
    ALT_SVC = "http2.alt_svc", "Alternative service", "RFC 7838 §4", Text, "protocol and place where the site can be had too";
    PRIORITIZED_RESERVED = "http2.prioritized.reserved", "Reserved", "RFC 9218 §7.1", Hex, "always 0";
    PRIORITIZED = "http2.prioritized", "Prioritized stream", "RFC 9218 §7.1", Dec, "the stream that this is about";
    PRIORITY_VALUE = "http2.priority_value", "Priority", "RFC 9218 §4", Text, "u: urgency from 0, first, to 7; i: parts of it are of use";
    UNKNOWN = "http2.unknown", "Payload", "RFC 9113 §5.5", Bytes, "the content of a frame of unknown type, which is ignored";
}

/// What a client sends first (RFC 9113 §3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The largest payload of a frame that is read: 16384 unless agreed otherwise, and hardly anybody agrees on more
/// than 1 MiB.
pub const MAX_PAYLOAD: u32 = 1 << 20;

/// Whether a frame's header at the front of `stream` can be one of a sender that keeps to the rules: its type is known,
/// its length one that the type can have, and its stream fits it.
fn plausible(stream: &[u8]) -> bool {
    let Some(header) = stream.get(..FrameHeader::LEN).map(FrameHeader::read) else { return false };
    let on_stream = match header.kind {
        FrameType::SETTINGS | FrameType::PING | FrameType::GOAWAY | FrameType::ORIGIN | FrameType::PRIORITY_UPDATE => {
            Some(false)
        }
        FrameType::WINDOW_UPDATE | FrameType::ALTSVC => None,
        _ => Some(true),
    };
    let fits = match header.kind {
        FrameType::SETTINGS => header.len.is_multiple_of(6) && (!header.end_stream || header.len == 0),
        FrameType::PING => header.len == 8,
        FrameType::PRIORITY => header.len == 5,
        FrameType::RST_STREAM | FrameType::WINDOW_UPDATE => header.len == 4,
        _ => header.len <= 1 << 14,
    };
    let unused = header.unused_80 | header.unused_10 | header.unused_02 | header.reserved;
    header.kind.name().is_some()
        && fits
        && unused == 0
        && on_stream.is_none_or(|on_stream| on_stream == (header.stream != 0))
}

/// Whether a stream goes on with frames of a sender that keeps to the rules: three in a row, or frames up to its end,
/// of which the last may be cut short.
pub fn is_chain(stream: &[u8]) -> bool {
    let mut rest = stream;
    for _ in 0..3 {
        if !plausible(rest) {
            return rest.len() < FrameHeader::LEN.min(stream.len());
        }
        let len = FrameHeader::LEN + FrameHeader::read(rest).len as usize;
        rest = rest.get(len..).unwrap_or_default();
    }
    true
}

/// Whether a stream that begins like this speaks HTTP/2: the client's preface, or the SETTINGS with which a server begins
/// (RFC 9113 §3.4).
pub fn looks_like_http2(stream: &[u8]) -> bool {
    if stream.starts_with(b"PRI") {
        return stream.starts_with(PREFACE) || PREFACE.starts_with(stream);
    }
    plausible(stream) && stream[3] == FrameType::SETTINGS.0 && stream[4] == 0 && stream[0] == 0
}

/// Where the parts of a frame stand, in bytes from the frame's beginning.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parts {
    /// Its header.
    pub header: FrameHeader,
    /// Header and payload.
    pub len: usize,
    /// DATA's content, or the fragment of a header block of HEADERS, PUSH_PROMISE and CONTINUATION, without padding.
    pub content: Range<usize>,
    /// PUSH_PROMISE's stream.
    pub promised: Option<u32>,
}

/// Takes the frame at the front of `stream` apart; `None` if it is not all there.
///
/// # Errors
/// If it is larger than any receiver takes, or its padding longer than itself: what is wrong, as a clause.
pub fn parts(stream: &[u8]) -> Result<Option<Parts>, &'static str> {
    let Some(header) = stream.get(..FrameHeader::LEN).map(FrameHeader::read) else { return Ok(None) };
    if header.len > MAX_PAYLOAD {
        return Err("has a frame larger than any receiver takes");
    }
    let len = FrameHeader::LEN + header.len as usize;
    let Some(frame) = stream.get(..len) else { return Ok(None) };
    let mut content = FrameHeader::LEN..len;
    let padded = matches!(header.kind, FrameType::DATA | FrameType::HEADERS | FrameType::PUSH_PROMISE);
    if header.padded && padded {
        let pad = frame.get(content.start).map_or(0, |pad| usize::from(*pad));
        content = content.start + 1..len.saturating_sub(pad);
    }
    let mut promised = None;
    if header.kind == FrameType::HEADERS && header.priority {
        content.start += 5;
    } else if header.kind == FrameType::PUSH_PROMISE {
        let id = frame.get(content.start..content.start + 4).and_then(|id| <[u8; 4]>::try_from(id).ok());
        promised = id.map(|id| u32::from_be_bytes(id) & 0x7fff_ffff);
        content.start += 4;
    }
    if content.start > content.end {
        return Err("has a frame whose padding is longer than the frame");
    }
    Ok(Some(Parts { header, len, content, promised }))
}

/// Decodes the client's preface, which fills the reader.
///
/// # Errors
/// If it is another.
pub fn decode_preface<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    if reader.peek() != PREFACE {
        return Err(reader.error(&PREFACE_FIELD, "is not the one that HTTP/2 begins with"));
    }
    reader.rest(&PREFACE_FIELD).map(drop)
}

/// Decodes a frame, which fills the reader, as a group: the header, and the payload as its type has it.
///
/// # Errors
/// If the payload is not as long as the header says, or breaks the format of its type.
pub fn decode_frame<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<FrameHeader, Malformed> {
    reader.group(&frame_field::GROUP, |reader| {
        let header = FrameHeader::decode(reader)?;
        let n = header.len as usize;
        if n > reader.remaining() {
            return Err(reader.error(&UNKNOWN, "is cut short"));
        }
        reader.within(n, |reader| payload(reader, &header))?;
        Ok(header)
    })
}

fn payload<S: Sink>(reader: &mut Reader<'_, '_, S>, header: &FrameHeader) -> Result<(), Malformed> {
    match header.kind {
        FrameType::DATA => padded(reader, header, |reader| reader.rest(&DATA).map(drop)),
        FrameType::HEADERS => padded(reader, header, |reader| {
            if header.priority {
                priority(reader)?;
            }
            reader.rest(&FRAGMENT).map(drop)
        }),
        FrameType::PRIORITY => priority(reader),
        FrameType::RST_STREAM => reader.u32(&ERROR).map(drop),
        FrameType::SETTINGS => {
            while !reader.is_empty() {
                reader.group(&SETTING, |reader| {
                    reader.u16(&SETTING_ID)?;
                    reader.u32(&SETTING_VALUE).map(drop)
                })?;
            }
            Ok(())
        }
        FrameType::PUSH_PROMISE => padded(reader, header, |reader| {
            stream(reader, &PROMISED_RESERVED, &PROMISED)?;
            reader.rest(&FRAGMENT).map(drop)
        }),
        FrameType::PING => reader.bytes(&PING, 8).map(drop),
        FrameType::GOAWAY => {
            stream(reader, &LAST_RESERVED, &LAST_STREAM)?;
            reader.u32(&ERROR)?;
            reader.rest(&DEBUG_DATA).map(drop)
        }
        FrameType::WINDOW_UPDATE => {
            // RFC 9113 §6.9: an increment of 0 is an error.
            if stream(reader, &INCREMENT_RESERVED, &INCREMENT)? == 0 {
                reader.note(Note::Remark("an increment of 0 is an error (RFC 9113 §6.9)"));
            }
            Ok(())
        }
        FrameType::CONTINUATION => reader.rest(&FRAGMENT).map(drop),
        FrameType::ALTSVC => {
            let n = reader.u16(&ORIGIN_LEN)?;
            reader.bytes(&ORIGIN, n.into())?;
            reader.rest(&ALT_SVC).map(drop)
        }
        FrameType::ORIGIN => {
            while !reader.is_empty() {
                let n = reader.u16(&ORIGIN_LEN)?;
                reader.bytes(&ORIGIN, n.into())?;
            }
            Ok(())
        }
        FrameType::PRIORITY_UPDATE => {
            stream(reader, &PRIORITIZED_RESERVED, &PRIORITIZED)?;
            reader.rest(&PRIORITY_VALUE).map(drop)
        }
        _ => reader.rest(&UNKNOWN).map(drop),
    }
}

/// A stream identifier or another number of 31 bits, behind a reserved one.
fn stream<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    reserved: &'static Field,
    field: &'static Field,
) -> Result<u64, Malformed> {
    reader.bits(reserved, 1)?;
    reader.bits(field, 31)
}

/// RFC 7540 §5.3: the priorities that nobody uses any more.
fn priority<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    reader.bits(&EXCLUSIVE, 1)?;
    reader.bits(&DEPENDENCY, 31)?;
    reader.u8(&WEIGHT).map(drop)
}

/// RFC 9113 §6.1: the pad's length first, the padding last.
fn padded<'a, S: Sink>(
    reader: &mut Reader<'a, '_, S>,
    header: &FrameHeader,
    decode: impl FnOnce(&mut Reader<'a, '_, S>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let pad = if header.padded { usize::from(reader.u8(&PAD_LEN)?) } else { 0 };
    let Some(n) = reader.remaining().checked_sub(pad) else {
        return Err(reader.error(&PADDING, "is longer than the frame"));
    };
    reader.within(n, decode)?;
    reader.bytes(&PADDING, pad).map(drop)
}
