//! A header's bit diagram with the meaning of every field.

use std::fmt::Write as _;

use wire::{Layout, Show, glossary};

use crate::layouts::layouts;
use crate::wrap::{hang, wrap};

/// Columns before a field's meaning.
const MEANING_COLUMN: usize = 12;
/// Columns before the second line of an item.
const ITEM_INDENT: usize = 6;

/// The headers of a protocol (`tcp`, `tls`, `ipv6`; names in any case): for each its title with the RFC, its bit diagram,
/// and every field with its bits, name, meaning and RFC, in lines of at most `width` characters (diagrams are 65 wide).
/// `None` if there is no such protocol: [`headers`] lists them.
pub fn header(name: &str, width: usize) -> Option<String> {
    let name = name.trim().to_ascii_lowercase();
    let name = match name.as_str() {
        "ip" => "ipv4",
        "eth" => "ethernet",
        "bootp" => "dhcp",
        "802.1q" => "vlan",
        "icmp6" => "icmpv6",
        other => other,
    };
    let mut parts: Vec<String> =
        layouts().filter(|layout| belongs(layout.group.id, name)).map(|layout| one(&layout, width)).collect();
    if parts.is_empty() {
        return None;
    }
    let behind = behind(name, width);
    if !behind.is_empty() {
        parts.push(behind);
    }
    Some(parts.join("\n"))
}

/// The names that [`header`] knows.
pub fn headers() -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for layout in layouts() {
        let name = layout.group.id.split('.').next().unwrap_or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether the group `id` is `name` itself or a part of it.
fn belongs(id: &str, name: &str) -> bool {
    id == name || id.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

fn one(layout: &Layout, width: usize) -> String {
    let group = layout.group;
    let mut out = String::new();
    let bytes = layout.bits() / 8;
    let title =
        format!("{} header, {bytes} bytes ({}): {}", group.name.trim_end_matches(" header"), group.rfc, group.line);
    let _ = writeln!(out, "{}\n", wrap(&title, width, 0));
    let _ = writeln!(out, "{}", layout.diagram(|_| None));
    for slot in layout.slots {
        let (first, last) = (slot.start, slot.start + slot.bits - 1);
        let bits = if first == last { format!("{first}") } else { format!("{first}-{last}") };
        let field = slot.field;
        let text = format!("{} ({}): {}. {}", field.name, field.id, field.line, field.rfc);
        let _ = writeln!(out, "{}", hang(&format!("{bits:>9} "), &text, width, MEANING_COLUMN));
    }
    out
}

/// What may follow the fixed headers of a protocol: its other groups and top-level fields.
fn behind(name: &str, width: usize) -> String {
    let mut out = String::new();
    for field in glossary::fields() {
        let placed = layouts()
            .any(|layout| layout.group.id == field.id || layout.slots.iter().any(|slot| slot.field.id == field.id));
        let top = field.id.split('.').count() == 2 && belongs(field.id, name);
        if top && !placed && !matches!(field.show, Show::Opaque(wire::Opaque::Padding)) {
            if out.is_empty() {
                out.push_str("Behind it, where the message has it:\n");
            }
            let text = format!("{} ({}): {}. {}", field.name, field.id, field.line, field.rfc);
            let _ = writeln!(out, "  {}", wrap(&text, width, ITEM_INDENT).trim_start());
        }
    }
    out
}
