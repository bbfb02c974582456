//! Field lines (RFC 9112 §5): names and values.

use super::head::text;
use super::line::{self, EMPTY_LINE, is_space, is_token};
use super::name::known;
use super::value::meanings;
use crate::{Malformed, Note, Reader, Sink};

crate::fields! {
    /// Fields of field lines.
    pub FIELD_FIELDS;
    FIELD = "http.field", "Field line", "RFC 9112 §5", Group, "a name and a value, of no meaning known here";
    NAME = "http.field_name", "Field name", "RFC 9110 §5.1", Text, "what the value is about; upper and lower case are the same";
    COLON = "http.field_colon", "Colon", "RFC 9112 §5", Text, "parts name and value";
    SPACE_BEFORE = "http.field_space", "White space", "RFC 9112 §5", Text, "around the value; not part of it";
    VALUE = "http.field_value", "Field value", "RFC 9110 §5.5", Text, "what the sender says about it";
    FOLD = "http.field_fold", "Line folding", "RFC 9112 §5.2", Text, "the value goes on in the next line; obsolete";
}

/// A field line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldLine {
    /// The name, case as sent.
    pub name: String,
    /// The value without white space around it; folds became a space, bytes that are no UTF-8 are replaced.
    pub value: String,
}

/// The field lines of a head or of trailers, in order.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Fields(pub Vec<FieldLine>);

impl Fields {
    /// The value of the first field with this name, in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|line| line.name.eq_ignore_ascii_case(name)).map(|line| line.value.as_str())
    }
    /// The values of all fields with this name, in any case.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |line| line.name.eq_ignore_ascii_case(name)).map(|line| line.value.as_str())
    }
    /// The members of a field that is a list with commas, over all its lines (RFC 9110 §5.6.1). Commas in quotation marks
    /// part members too: fields in which those occur are not to be read so.
    pub fn list<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.all(name).flat_map(|value| value.split(',')).map(str::trim).filter(|member| !member.is_empty())
    }
    /// Whether a list has this member, in any case.
    pub fn list_has(&self, name: &str, member: &str) -> bool {
        self.list(name).any(|found| found.eq_ignore_ascii_case(member))
    }
}

/// Decodes field lines and the empty line behind them. `after_start`: a start line stands before.
pub(super) fn field_lines<S: Sink>(reader: &mut Reader<'_, '_, S>, after_start: bool) -> Result<Fields, Malformed> {
    let mut fields = Fields::default();
    let mut first = after_start;
    loop {
        let Some(mut found) = line::first(reader.peek()) else {
            return Err(reader.error(&EMPTY_LINE, "is missing: the head is cut short"));
        };
        if found.text.is_empty() {
            line::end_as(reader, &EMPTY_LINE)?;
            return Ok(fields);
        }
        // RFC 9112 §2.2: white space between the start line and the first field is an attack or a mistake.
        let misplaced = first && is_space(found.text[0]);
        first = false;
        // RFC 9112 §5.2: a line that begins with white space goes on with the one before.
        let mut n = found.len();
        let rest = reader.peek();
        while rest.get(n).is_some_and(|byte| is_space(*byte)) {
            found = match line::first(&rest[n..]) {
                Some(next) if !misplaced => next,
                _ => break,
            };
            n += found.len();
        }
        let name = rest[..n].iter().position(|byte| *byte == b':').map_or(&rest[..0], |colon| &rest[..colon]);
        // The stack needs no meanings.
        let group = if S::RECORDS { known(name).unwrap_or(&FIELD) } else { &FIELD };
        reader.group(group, |reader| {
            let text = n - found.end;
            let line = reader.within(text, |reader| {
                if misplaced {
                    return Err(reader.error(&NAME, "stands behind white space, right after the start line"));
                }
                field_line(reader)
            })?;
            fields.0.extend(line);
            line::end(reader)
        })?;
    }
}

/// A field line, folds included, without its end.
fn field_line<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<FieldLine, Malformed> {
    let rest = reader.peek();
    let Some(colon) = rest.iter().position(|byte| *byte == b':') else {
        return Err(reader.error(&NAME, "is not followed by a colon"));
    };
    let name = &rest[..colon];
    if name.is_empty() {
        return Err(reader.error(&NAME, "is empty"));
    }
    let trimmed = name.trim_ascii_end();
    if !trimmed.iter().copied().all(is_token) {
        return Err(reader.error(&NAME, "has a character that names may not have"));
    }
    reader.bytes(&NAME, trimmed.len())?;
    if trimmed.len() < name.len() {
        // RFC 9112 §5.1: a server must reject this, for it has been used to smuggle requests.
        reader.report(&SPACE_BEFORE, "stands between name and colon")?;
        reader.bytes(&SPACE_BEFORE, name.len() - trimmed.len())?;
    }
    reader.bytes(&COLON, 1)?;
    let mut value = String::new();
    loop {
        let rest = reader.peek();
        let line = line::first(rest);
        let part = line.map_or(rest, |line| line.text);
        let before = part.iter().take_while(|byte| is_space(**byte)).count();
        let behind = part[before..].iter().rev().take_while(|byte| is_space(**byte)).count();
        reader.bytes(&SPACE_BEFORE, before)?;
        let part = reader.bytes(&VALUE, part.len() - before - behind)?;
        // RFC 9110 §5.5: CR, LF and NUL are dangerous in a value.
        if part.iter().any(|byte| matches!(byte, b'\r' | 0)) {
            reader.report(&VALUE, "has a control character that values may not have")?;
        }
        if S::RECORDS && !part.is_empty() {
            for meaning in meanings(trimmed, part) {
                reader.note(Note::Remark(meaning));
            }
        }
        value.push_str(&text(part));
        reader.bytes(&SPACE_BEFORE, behind)?;
        let Some(line) = line else { break };
        reader.bytes(&FOLD, line.end)?;
        reader.note(Note::Remark("obsolete: receivers replace it by a space or refuse the message (RFC 9112 §5.2)"));
        value.push(' ');
    }
    Ok(FieldLine { name: text(trimmed), value: value.trim().to_owned() })
}
