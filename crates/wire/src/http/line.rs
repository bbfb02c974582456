//! Lines: text ended by CRLF, or by LF alone (RFC 9112 §2.2).

use crate::{Malformed, Note, Reader, Sink};

crate::fields! {
    /// Fields of lines.
    pub LINE_FIELDS;
    CRLF = "http.crlf", "Line end", "RFC 9112 §2.2", Text, "carriage return and line feed: the line ends";
    EMPTY_LINE = "http.empty_line", "Empty line", "RFC 9112 §2.1", Text, "the head ends here";
    EMPTY_BEFORE = "http.empty_line_before", "Empty line before", "RFC 9112 §2.2", Text, "left over from an older client; ignored";
}

/// A line at the front of some bytes.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// The line without its end.
    pub text: &'a [u8],
    /// The length of its end: 2, or 1 for a bare LF.
    pub end: usize,
}

impl Line<'_> {
    /// Text and end, in bytes.
    pub fn len(&self) -> usize {
        self.text.len() + self.end
    }
}

/// The line at the front of `bytes`, if its end is there.
pub(super) fn first(bytes: &[u8]) -> Option<Line<'_>> {
    let newline = bytes.iter().position(|byte| *byte == b'\n')?;
    let (text, end) = match bytes[..newline].strip_suffix(b"\r") {
        Some(text) => (text, 2),
        None => (&bytes[..newline], 1),
    };
    Some(Line { text, end })
}

/// Consumes a line's end.
pub(super) fn end<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    end_as(reader, &CRLF)
}

/// Consumes a line's end as `field`.
pub(super) fn end_as<S: Sink>(reader: &mut Reader<'_, '_, S>, field: &'static crate::Field) -> Result<(), Malformed> {
    match reader.peek() {
        [b'\r', b'\n', ..] => drop(reader.bytes(field, 2)?),
        [b'\n', ..] => {
            reader.bytes(field, 1)?;
            reader.note(Note::Remark("a line feed alone; accepted, but the standard asks for CRLF (RFC 9112 §2.2)"));
        }
        _ => return Err(reader.error(field, "is cut short")),
    }
    Ok(())
}

/// Consumes empty lines before a message (RFC 9112 §2.2).
pub(super) fn skip_empty<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    while matches!(reader.peek(), [b'\r', b'\n', ..] | [b'\n', ..]) {
        end_as(reader, &EMPTY_BEFORE)?;
    }
    Ok(())
}

/// RFC 9110 §5.6.2: tchar.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 9110 §5.6.3: SP / HTAB.
pub(super) fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}
