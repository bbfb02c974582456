//! Values in words.

use wire::{Datum, Node, Note, Show};

/// Bytes of a value that are written out; what is longer ends in its length.
const MAX_BYTES: usize = 32;
/// Characters of a text that are written out.
const MAX_TEXT: usize = 200;

/// A leaf's value as people write it: `49152`, `0x0800 (IPv4)`, `set`, `02:00:00:00:00:01`, `"GET"`. `buffer` is the
/// buffer that the node's bits count in. Empty for a group,
/// unless its members amount to something together: a name.
pub fn value_text(node: &Node, buffer: &[u8]) -> String {
    if !node.leaf && node.value == Datum::Raw {
        return String::new();
    }
    match &node.value {
        Datum::Mac(mac) => mac.to_string(),
        Datum::Ip(ip) => ip.to_string(),
        Datum::Text(text) => quoted(text),
        Datum::Uint(n) => number_text(node, *n),
        Datum::Raw => raw_text(node, buffer),
    }
}

fn number_text(node: &Node, n: u64) -> String {
    let width = node.bits.len().div_ceil(4);
    let number = match node.field.show {
        Show::Flag => return if n == 0 { "not set".to_owned() } else { "set".to_owned() },
        Show::Hex => format!("0x{n:0width$x}"),
        Show::Seconds => format!("{n} s"),
        Show::Millis => format!("{n} ms"),
        Show::Octets => format!("{n} {}", if n == 1 { "byte" } else { "bytes" }),
        _ => n.to_string(),
    };
    match node.field.code(n) {
        Some(code) => format!("{number} ({})", code.name),
        None => number,
    }
}

fn raw_text(node: &Node, buffer: &[u8]) -> String {
    let bytes = buffer.get(node.bits.start / 8..node.bits.end.div_ceil(8)).unwrap_or(&[]);
    match node.field.show {
        Show::Text => quoted(&String::from_utf8_lossy(bytes)),
        Show::Opaque(_) if bytes.len() > MAX_BYTES => format!("{} bytes", bytes.len()),
        _ => {
            let hex: String = bytes.iter().take(MAX_BYTES).map(|b| format!("{b:02x}")).collect();
            if bytes.len() > MAX_BYTES { format!("{hex}… ({} bytes)", bytes.len()) } else { hex }
        }
    }
}

/// Text in quotation marks. Control characters and those that reorder text are escaped: a stranger chose them.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for (i, c) in text.chars().enumerate() {
        if i == MAX_TEXT {
            out.push('…');
            break;
        }
        let reorders =
            matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}');
        match c {
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            _ if c.is_control() || reorders => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What the value means: the line of its code where it has one, the field's otherwise.
pub fn meaning(node: &Node) -> &'static str {
    match node.value {
        Datum::Uint(n) => node.field.code(n).map_or(node.field.line, |code| code.line),
        _ => node.field.line,
    }
}

/// A remark of the decoder, in words.
pub fn note_text(note: &Note) -> String {
    match note {
        Note::ChecksumOk => "computed again: right".to_owned(),
        Note::ChecksumBad(right) => format!("computed again: wrong, it should be 0x{right:04x}"),
        Note::ChecksumUnverified(why) => format!("not verified: {why}"),
        Note::Derived(what, value) => format!("{what} {value} (derived)"),
        Note::Remark(text) => (*text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_escaped() {
        assert_eq!(quoted("a\u{1b}[31m\u{202e}b\"\r\n"), "\"a\\u{1b}[31m\\u{202e}b\\\"\\r\\n\"");
        assert!(quoted(&"x".repeat(1000)).chars().count() < 210);
    }
}
