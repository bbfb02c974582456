//! DER (X.690): tags, lengths and values, and every structure that nobody names taken apart by its tags.

use super::oid;
use super::time;
use crate::{Field, Malformed, Note, Reader, Sink, Value, open_enum};

open_enum! {
    /// The first octet of a tag: class, whether members stand inside, number.
    pub struct Tag(u8) {
        BOOLEAN = 0x01, "BOOLEAN", "X.690 §8.2", "true or false";
        INTEGER = 0x02, "INTEGER", "X.690 §8.3", "a whole number of any size";
        BIT_STRING = 0x03, "BIT STRING", "X.690 §8.6", "bits, of which the last byte may leave some unused";
        OCTET_STRING = 0x04, "OCTET STRING", "X.690 §8.7", "bytes";
        NULL = 0x05, "NULL", "X.690 §8.8", "nothing";
        OID = 0x06, "OBJECT IDENTIFIER", "X.690 §8.19", "a name made of numbers, unique in the world";
        ENUMERATED = 0x0a, "ENUMERATED", "X.690 §8.4", "one of several listed values";
        UTF8_STRING = 0x0c, "UTF8String", "X.690 §8.23", "text in UTF-8";
        NUMERIC_STRING = 0x12, "NumericString", "X.690 §8.23", "digits and spaces";
        PRINTABLE_STRING = 0x13, "PrintableString", "X.690 §8.23", "letters, digits and a few signs";
        TELETEX_STRING = 0x14, "TeletexString", "X.690 §8.23", "text in an old character set";
        IA5_STRING = 0x16, "IA5String", "X.690 §8.23", "text in ASCII";
        UTC_TIME = 0x17, "UTCTime", "X.690 §8.25", "a time with a year of two digits";
        GENERALIZED_TIME = 0x18, "GeneralizedTime", "X.690 §8.25", "a time with a year of four digits";
        VISIBLE_STRING = 0x1a, "VisibleString", "X.690 §8.23", "text in ASCII";
        UNIVERSAL_STRING = 0x1c, "UniversalString", "X.690 §8.23", "text, four bytes a character";
        BMP_STRING = 0x1e, "BMPString", "X.690 §8.23", "text, two bytes a character";
        SEQUENCE = 0x30, "SEQUENCE", "X.690 §8.9", "members in a fixed order";
        SET = 0x31, "SET", "X.690 §8.11", "members whose order says nothing";
        CONTEXT_0 = 0x80, "[0]", "X.690 §8.14", "the alternative or option 0 of its structure";
        CONTEXT_1 = 0x81, "[1]", "X.690 §8.14", "the alternative or option 1 of its structure";
        CONTEXT_2 = 0x82, "[2]", "X.690 §8.14", "the alternative or option 2 of its structure";
        CONTEXT_3 = 0x83, "[3]", "X.690 §8.14", "the alternative or option 3 of its structure";
        CONTEXT_4 = 0x84, "[4]", "X.690 §8.14", "the alternative or option 4 of its structure";
        CONTEXT_5 = 0x85, "[5]", "X.690 §8.14", "the alternative or option 5 of its structure";
        CONTEXT_6 = 0x86, "[6]", "X.690 §8.14", "the alternative or option 6 of its structure";
        CONTEXT_7 = 0x87, "[7]", "X.690 §8.14", "the alternative or option 7 of its structure";
        CONTEXT_8 = 0x88, "[8]", "X.690 §8.14", "the alternative or option 8 of its structure";
        INSIDE_0 = 0xa0, "[0] with members", "X.690 §8.14", "the alternative or option 0 of its structure, with members";
        INSIDE_1 = 0xa1, "[1] with members", "X.690 §8.14", "the alternative or option 1 of its structure, with members";
        INSIDE_2 = 0xa2, "[2] with members", "X.690 §8.14", "the alternative or option 2 of its structure, with members";
        INSIDE_3 = 0xa3, "[3] with members", "X.690 §8.14", "the alternative or option 3 of its structure, with members";
        INSIDE_4 = 0xa4, "[4] with members", "X.690 §8.14", "the alternative or option 4 of its structure, with members";
    }
}

crate::fields! {
    /// Fields of DER.
    pub DER_FIELDS;
    TAG = "der.tag", "Tag", "X.690 §8.1.2", Hex, "what kind of value follows", codes Tag::CODES;
    LEN = "der.len", "Length", "X.690 §8.1.3", Octets, "the bytes of the value that follows";
    ELEMENT = "der.element", "Element", "X.690 §8.1.1", Group, "a value with its tag and length";
    BOOLEAN = "der.boolean", "Boolean", "X.690 §8.2", Dec, "0 is false, 255 is true";
    INTEGER = "der.integer", "Integer", "X.690 §8.3", Bytes, "a whole number in two's complement";
    UNUSED_BITS = "der.unused_bits", "Unused bits", "X.690 §8.6.2", Dec, "how many bits of the last byte do not count";
    BITS = "der.bits", "Bits", "X.690 §8.6", Bytes, "the bits of a bit string";
    OCTETS = "der.octets", "Octets", "X.690 §8.7", Bytes, "the bytes of an octet string";
    OID = "der.oid", "Object identifier", "X.690 §8.19", Text, "a name made of numbers";
    TEXT = "der.text", "Text", "X.690 §8.23", Text, "characters";
    TIME = "der.time", "Time", "X.690 §8.25", Text, "a moment in universal time";
    CONTENT = "der.content", "Content", "X.690 §8.1.4", Bytes, "the bytes of a value whose tag has no general meaning";
}

/// How deep structures of no name are taken apart; what is deeper stays bytes. Certificates need about eight.
pub const MAX_DEPTH: usize = 24;

/// The next element's tag, if anything is left.
pub fn peek(reader: &Reader<'_, '_, impl Sink>) -> Option<Tag> {
    reader.peek().first().copied().map(Tag)
}

/// Consumes a tag and a length that stays inside the reader.
fn head<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(Tag, usize), Malformed> {
    let bytes = reader.peek();
    let tag = Tag(*bytes.first().ok_or_else(|| reader.error(&TAG, "is cut short"))?);
    let more = if tag.0 & 0x1f == 0x1f {
        // X.690 §8.1.2.4: the number follows in base 128, the last byte has its top bit clear.
        1 + bytes.iter().skip(1).take_while(|byte| **byte & 0x80 != 0).count()
    } else {
        0
    };
    if more > 5 {
        return Err(reader.error(&TAG, "has a number too large"));
    }
    reader.bits(&TAG, 8 * (1 + more))?;
    let first = *reader.peek().first().ok_or_else(|| reader.error(&LEN, "is cut short"))?;
    let long = usize::from(first & 0x7f);
    let len = match first {
        0..0x80 => reader.u8(&LEN)?.into(),
        0x80 => return Err(reader.error(&LEN, "is indefinite, which DER forbids")),
        _ if long > 4 => return Err(reader.error(&LEN, "is more than four bytes long")),
        _ => {
            let bytes = reader.peek().get(1..=long).ok_or_else(|| reader.error(&LEN, "is cut short"))?;
            let len = bytes.iter().fold(0u32, |len, byte| len << 8 | u32::from(*byte));
            reader.number(&LEN, 1 + long, u64::from(len))?;
            // X.690 §10.1: as short as can be.
            if len < 128 || bytes.first() == Some(&0) {
                reader.note(Note::Remark("longer than it must be, which DER forbids"));
            }
            len as usize
        }
    };
    if len > reader.remaining() {
        return Err(reader.error(&LEN, "reaches behind the end of what holds it"));
    }
    Ok((tag, len))
}

/// An element with this tag, as a group; `decode` takes its value. An element with another tag is taken apart by its
/// tags, and reported.
pub fn element<'a, S: Sink, T>(
    reader: &mut Reader<'a, '_, S>,
    group: &'static Field,
    tag: Tag,
    decode: impl FnOnce(&mut Reader<'a, '_, S>) -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    if peek(reader).is_some_and(|found| found != tag) {
        reader.report(group, "has another tag than its structure demands")?;
        reader.group(group, |reader| any(reader, MAX_DEPTH))?;
        return Ok(None);
    }
    reader.group(group, |reader| {
        let (_, len) = head(reader)?;
        reader.within(len, decode)
    })
}

/// An element that may be missing: it is there if its tag is.
pub fn optional<'a, S: Sink, T>(
    reader: &mut Reader<'a, '_, S>,
    group: &'static Field,
    tag: Tag,
    decode: impl FnOnce(&mut Reader<'a, '_, S>) -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    if peek(reader) == Some(tag) { element(reader, group, tag, decode) } else { Ok(None) }
}

/// Any element, taken apart by its tags, as a group.
pub(super) fn any<S: Sink>(reader: &mut Reader<'_, '_, S>, depth: usize) -> Result<(), Malformed> {
    any_as(reader, &ELEMENT, depth)
}

/// Any element, taken apart by its tags, as this group.
pub(super) fn any_as<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    group: &'static Field,
    depth: usize,
) -> Result<(), Malformed> {
    reader.group(group, |reader| {
        let (tag, len) = head(reader)?;
        reader.within(len, |reader| content(reader, tag, depth)).map(drop)
    })
}

/// All that is left in the reader, element by element.
pub(super) fn all<S: Sink>(reader: &mut Reader<'_, '_, S>, depth: usize) -> Result<(), Malformed> {
    while !reader.is_empty() {
        any(reader, depth)?;
    }
    Ok(())
}

/// The value of an element with this tag, which fills the reader.
pub(super) fn content<S: Sink>(reader: &mut Reader<'_, '_, S>, tag: Tag, depth: usize) -> Result<(), Malformed> {
    match tag {
        // X.690 §8.1.2.5: bit 6 says that members stand inside.
        Tag(octet) if octet & 0x20 != 0 => match depth.checked_sub(1) {
            Some(depth) => all(reader, depth)?,
            None => {
                reader.rest(&CONTENT)?;
                reader.note(Note::Remark("too deep to be taken apart"));
            }
        },
        Tag::BOOLEAN => drop(reader.u8(&BOOLEAN)?),
        Tag::INTEGER | Tag::ENUMERATED => drop(integer(reader, &INTEGER)?),
        Tag::BIT_STRING => {
            unused_bits(reader)?;
            reader.rest(&BITS)?;
        }
        Tag::OCTET_STRING => drop(reader.rest(&OCTETS)?),
        Tag::NULL => {}
        Tag::OID => drop(object_identifier(reader, &OID)?),
        Tag::UTC_TIME | Tag::GENERALIZED_TIME => drop(time::time(reader, &TIME, tag)?),
        _ if is_text(tag) => drop(text(reader, &TEXT, tag)?),
        _ => drop(reader.rest(&CONTENT)?),
    }
    Ok(())
}

/// Whether a tag is one of the character strings.
pub(super) fn is_text(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::UTF8_STRING
            | Tag::NUMERIC_STRING
            | Tag::PRINTABLE_STRING
            | Tag::TELETEX_STRING
            | Tag::IA5_STRING
            | Tag::VISIBLE_STRING
            | Tag::UNIVERSAL_STRING
            | Tag::BMP_STRING
    )
}

/// An integer that fills the reader: a number if it has at most eight bytes and is not negative, bytes otherwise.
pub(super) fn integer<'a, S: Sink>(
    reader: &mut Reader<'a, '_, S>,
    field: &'static Field,
) -> Result<&'a [u8], Malformed> {
    let bytes = reader.peek();
    match bytes.first() {
        None => Err(reader.error(field, "is cut short")),
        Some(first) if bytes.len() <= 8 && first & 0x80 == 0 => {
            let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
            reader.number(field, bytes.len(), value)
        }
        Some(_) => reader.rest(field),
    }
}

/// The first byte of a bit string: 0 to 7.
pub(super) fn unused_bits<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<u8, Malformed> {
    let unused = reader.u8(&UNUSED_BITS)?;
    if unused > 7 {
        reader.report(&UNUSED_BITS, "is more than 7")?;
    }
    Ok(unused)
}

/// An object identifier that fills the reader, shown by its name where it has one. Returns its encoded bytes.
pub(super) fn object_identifier<'a, S: Sink>(
    reader: &mut Reader<'a, '_, S>,
    field: &'static Field,
) -> Result<&'a [u8], Malformed> {
    let bytes = reader.peek();
    if bytes.last().is_none_or(|last| last & 0x80 != 0) {
        return Err(reader.error(field, "is cut short"));
    }
    if S::RECORDS {
        let named = oid::lookup(bytes);
        reader.text(field, bytes.len(), &oid::describe(bytes))?;
        if let Some(named) = named {
            reader.note(Note::Remark(named.line));
        }
        Ok(bytes)
    } else {
        reader.rest(field)
    }
}

/// A character string that fills the reader. Returns it in UTF-8.
pub(super) fn text<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    field: &'static Field,
    tag: Tag,
) -> Result<String, Malformed> {
    let bytes = reader.peek();
    let text = match tag {
        Tag::BMP_STRING => {
            let units = bytes.chunks(2).map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte)));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        Tag::UNIVERSAL_STRING => {
            let units = bytes.chunks(4).map(|four| four.iter().fold(0, |unit, byte| unit << 8 | u32::from(*byte)));
            units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        // X.690 names an old character set; what is in use is Latin-1.
        Tag::TELETEX_STRING => bytes.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    if matches!(tag, Tag::BMP_STRING | Tag::UNIVERSAL_STRING | Tag::TELETEX_STRING) {
        reader.text(field, bytes.len(), &text)?;
    } else {
        reader.rest(field)?;
    }
    Ok(text)
}

/// Leaves with a value that differs from their bytes.
pub(super) trait Valued<'a> {
    /// `n` bytes that stand for a number.
    fn number(&mut self, field: &'static Field, n: usize, value: u64) -> Result<&'a [u8], Malformed>;
    /// `n` bytes that stand for a text.
    fn text(&mut self, field: &'static Field, n: usize, value: &str) -> Result<&'a [u8], Malformed>;
}

impl<'a, S: Sink> Valued<'a> for Reader<'a, '_, S> {
    fn number(&mut self, field: &'static Field, n: usize, value: u64) -> Result<&'a [u8], Malformed> {
        self.bytes_as(field, n, |_| Value::Uint(value))
    }
    fn text(&mut self, field: &'static Field, n: usize, value: &str) -> Result<&'a [u8], Malformed> {
        self.bytes_as(field, n, |_| Value::Text(value))
    }
}
