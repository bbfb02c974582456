//! Header blocks (RFC 7541): the fields of a message, compressed against a table that both sides keep.

use std::sync::Arc;

use super::huffman;
use super::table::Table;
use crate::http::{FieldLine, Fields, Status, known, meanings};
use crate::{Field, Malformed, Note, Reader, Sink, Value};

crate::fields! {
    /// Fields of header blocks.
    pub HPACK_FIELDS;
    BLOCK = "http2.header_block", "Header block", "RFC 9113 §4.3", Group, "the fields of a message, compressed";
    FIELD = "http2.header", "Header field", "RFC 7541 §6", Group, "a name and a value, of no meaning known here";
    METHOD = "http2.header.method", ":method", "RFC 9113 §8.3.1", Group, "what shall be done: the method of the request";
    SCHEME = "http2.header.scheme", ":scheme", "RFC 9113 §8.3.1", Group, "http or https";
    AUTHORITY = "http2.header.authority", ":authority", "RFC 9113 §8.3.1", Group, "which site is meant; takes the place of Host";
    PATH = "http2.header.path", ":path", "RFC 9113 §8.3.1", Group, "path and query of what is asked for";
    STATUS = "http2.header.status", ":status", "RFC 9113 §8.3.2", Group, "what came of the request: the status code", codes Status::CODES;
    PROTOCOL = "http2.header.protocol", ":protocol", "RFC 8441 §4", Group, "what shall be spoken on the stream from now on, such as websocket";
    SIZE_UPDATE = "hpack.size_update", "Dynamic table size update", "RFC 7541 §6.3", Group, "how large the sender's table is from now on";
    KIND_INDEXED = "hpack.indexed", "Indexed field", "RFC 7541 §6.1", Flag, "1: a number stands for name and value";
    KIND_INDEXING = "hpack.incremental", "Literal with incremental indexing", "RFC 7541 §6.2.1", Hex, "01: written out, and to be remembered";
    KIND_WITHOUT = "hpack.not_indexed", "Literal without indexing", "RFC 7541 §6.2.2", Hex, "0000: written out, not to be remembered";
    KIND_NEVER = "hpack.never_indexed", "Literal never indexed", "RFC 7541 §6.2.3", Hex, "0001: written out, and no proxy may ever compress it: a secret";
    KIND_SIZE = "hpack.size", "Size update", "RFC 7541 §6.3", Hex, "001: sets the table's size";
    INDEX = "hpack.index", "Index", "RFC 7541 §5.1", Dec, "which entry of the table: up to 61 of the one that everyone knows, then those of this connection, newest first; 0: a name follows";
    MAX_SIZE = "hpack.max_size", "Size", "RFC 7541 §5.1", Octets, "the table's largest size: of each entry name, value and 32";
    HUFFMAN = "hpack.huffman", "H", "RFC 7541 §5.2", Flag, "the string is Huffman coded: frequent characters take fewer bits";
    NAME_LEN = "hpack.name_len", "Name length", "RFC 7541 §5.2", Octets, "the bytes of the name as they stand here";
    NAME = "hpack.name", "Name", "RFC 7541 §5.2", Text, "what the value is about; always in lower case";
    VALUE_LEN = "hpack.value_len", "Value length", "RFC 7541 §5.2", Octets, "the bytes of the value as they stand here";
    VALUE = "hpack.value", "Value", "RFC 7541 §5.2", Text, "what the sender says about it";
}

/// Fields of a block may have this many bytes together when uncompressed: more than any client or server accepts.
pub const MAX_LIST: usize = 256 << 10;

/// An integer of which the first `prefix` bits stand in the first byte: its value and how many bytes it takes (RFC 7541
/// §5.1).
fn integer(bytes: &[u8], prefix: u32) -> Result<(u64, usize), &'static str> {
    let full = (1u64 << prefix) - 1;
    let first = u64::from(*bytes.first().ok_or("is cut short")?) & full;
    if first < full {
        return Ok((first, 1));
    }
    let mut value = full;
    for (i, byte) in bytes[1..].iter().enumerate() {
        // Nothing that is counted here comes near to 2^32.
        if i > 4 {
            return Err("is larger than any number here can be");
        }
        value += u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Ok((value, i + 2));
        }
    }
    Err("is cut short")
}

/// Decodes an integer whose prefix begins at the cursor and ends with its byte.
fn number<S: Sink>(reader: &mut Reader<'_, '_, S>, field: &'static Field) -> Result<u64, Malformed> {
    let prefix = 8 - reader.bit() % 8;
    let at = reader.offset();
    let (value, bytes) = integer(&reader.buffer()[at..], prefix as u32).map_err(|what| reader.error(field, what))?;
    reader.bits_as(field, prefix + 8 * (bytes - 1), value)?;
    Ok(value)
}

/// Decodes a string with its length (RFC 7541 §5.2).
fn string<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    length: &'static Field,
    field: &'static Field,
) -> Result<Arc<str>, Malformed> {
    let huffman = reader.bits(&HUFFMAN, 1)? == 1;
    let n = number(reader, length)?;
    let n = usize::try_from(n).ok().filter(|n| *n <= reader.remaining());
    let Some(n) = n else { return Err(reader.error(field, "is cut short")) };
    let raw = &reader.peek()[..n];
    let text: Arc<str> = if huffman {
        let plain = huffman::decode(raw).map_err(|what| reader.error(field, what))?;
        String::from_utf8_lossy(&plain).into()
    } else {
        String::from_utf8_lossy(raw).into()
    };
    reader.bytes_as(field, n, |_| if huffman { Value::Text(&text) } else { Value::Raw })?;
    Ok(text)
}

/// A pseudo field's group (RFC 9113 §8.3), or that of a known field, or the general one.
fn group(name: &str) -> &'static Field {
    match name {
        ":method" => &METHOD,
        ":scheme" => &SCHEME,
        ":authority" => &AUTHORITY,
        ":path" => &PATH,
        ":status" => &STATUS,
        ":protocol" => &PROTOCOL,
        name => known(name.as_bytes()).unwrap_or(&FIELD),
    }
}

/// The name of the field at the cursor, if it can be told: its group opens before it is read.
fn name_ahead(bytes: &[u8], table: &Table) -> Option<Arc<str>> {
    let prefix = match bytes.first()? {
        0x80.. => 7,
        0x40..0x80 => 6,
        _ => 4,
    };
    let (index, used) = integer(bytes, prefix).ok()?;
    if index > 0 {
        return table.get(index).ok().map(|(name, _)| name);
    }
    let rest = bytes.get(used..)?;
    let (n, used) = integer(rest, 7).ok()?;
    let raw = rest.get(used..)?.get(..usize::try_from(n).ok()?)?;
    let name = if rest[0] & 0x80 == 0 { raw.to_vec() } else { huffman::decode(raw).ok()? };
    Some(String::from_utf8_lossy(&name).into())
}

/// Decodes a header block, which fills the reader, as a group. `table` is the sender's, and goes on with it.
///
/// # Errors
/// If the block breaks its format: then nothing that follows on the connection can be read, for the table is unknown (RFC
/// 9113 §4.3).
pub fn decode_block<S: Sink>(reader: &mut Reader<'_, '_, S>, table: &mut Table) -> Result<Fields, Malformed> {
    let mut fields = Fields::default();
    let mut total = 0;
    reader.group(&BLOCK, |reader| {
        while !reader.is_empty() {
            let first = reader.peek()[0];
            if first & 0xe0 == 0x20 {
                reader.group(&SIZE_UPDATE, |reader| {
                    reader.bits(&KIND_SIZE, 3)?;
                    let max = number(reader, &MAX_SIZE)?;
                    table.resize(max).map_err(|what| reader.error(&MAX_SIZE, what))
                })?;
                continue;
            }
            let group = match name_ahead(reader.peek(), table) {
                Some(name) if S::RECORDS => group(&name),
                _ => &FIELD,
            };
            let (name, value) = reader.group(group, |reader| field(reader, first, table))?;
            total += name.len() + value.len();
            if total > MAX_LIST {
                return Err(reader.error(&BLOCK, "has more fields than anyone accepts"));
            }
            fields.0.push(FieldLine { name: (*name).to_owned(), value: (*value).to_owned() });
        }
        Ok(fields)
    })
}

/// A field that begins with the byte `first` (RFC 7541 §6.1, §6.2).
fn field<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    first: u8,
    table: &mut Table,
) -> Result<(Arc<str>, Arc<str>), Malformed> {
    let literal = match first {
        0x80.. => None,
        0x40..0x80 => Some((&KIND_INDEXING, 2)),
        0x10..0x20 => Some((&KIND_NEVER, 4)),
        _ => Some((&KIND_WITHOUT, 4)),
    };
    let (kind, bits) = literal.unwrap_or((&KIND_INDEXED, 1));
    reader.bits(kind, bits)?;
    let at = reader.error(&INDEX, "");
    let index = number(reader, &INDEX)?;
    let (name, value) = match (index, literal) {
        (0, Some(_)) => (string(reader, &NAME_LEN, &NAME)?, None),
        _ => {
            let (name, value) = table.get(index).map_err(|what| Malformed { what, ..at })?;
            (name, literal.is_none().then_some(value))
        }
    };
    let value = match value {
        Some(value) => value,
        None => string(reader, &VALUE_LEN, &VALUE)?,
    };
    if literal.is_some_and(|(kind, _)| std::ptr::eq(kind, &KIND_INDEXING)) {
        table.insert(name.clone(), value.clone());
    }
    if S::RECORDS {
        match group(&name) {
            // Its name says nothing of the field's.
            unknown if std::ptr::eq(unknown, &FIELD) => {
                reader.sink().group_value(Value::Text(&format!("{name}: {value}")));
            }
            // A number is one here as it is in HTTP/1.
            of if std::ptr::eq(of, &STATUS)
                && let Ok(status) = value.parse::<u16>() =>
            {
                reader.sink().group_value(Value::Uint(status.into()));
            }
            _ => reader.sink().group_value(Value::Text(&value)),
        }
        for meaning in meanings(name.as_bytes(), value.as_bytes()) {
            reader.note(Note::Remark(meaning));
        }
    }
    Ok((name, value))
}
