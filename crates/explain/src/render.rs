//! An entry as plain text for a terminal.

use std::fmt::Write as _;

use crate::catalog::STATE_TABLE;
use crate::entry::{Entry, Sort};
use crate::states;
use crate::wrap::{hang, wrap};

/// Columns before the meaning of a value.
const VALUE_COLUMN: usize = 34;
/// Columns before what stands behind a label.
pub(crate) const LABEL_COLUMN: usize = 12;

/// The entry at length, in lines of at most `width` characters: name and id, the line, the source, the text, where it
/// stands, its values, what else to read.
pub fn render(entry: &Entry, width: usize) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", title(entry));
    let _ = writeln!(out, "{}", wrap(&sentence(&plain(entry)), width, 0));
    let _ = writeln!(out);
    if let Some(long) = entry.long {
        let _ = writeln!(out, "{}\n", wrap(long, width, 0));
    } else if let Some((name, long)) = wider_text(entry) {
        let _ = writeln!(out, "{}\n", wrap(&format!("{name} in general: {long}"), width, 0));
    }
    let mut label = |name: &str, text: &str| {
        let _ = writeln!(out, "{}", hang(name, text, width, LABEL_COLUMN));
    };
    label("Source", entry.rfc);
    if let Some(place) = &entry.place {
        let (first, last) = (place.slot.start, place.slot.start + place.slot.bits - 1);
        let bits = if first == last { format!("bit {first}") } else { format!("bits {first} to {last}") };
        let header = place.layout.group;
        label("Stands in", &format!("{bits} of the {} header ({})", header.name, header.rfc));
    }
    if let (Sort::Value, Some(field)) = (entry.sort, entry.field) {
        let value = entry.id.strip_prefix(field.id).map_or("", |value| value.trim_start_matches('.'));
        label("Value", &format!("{value} of {} ({})", field.name, field.id));
    }
    if !entry.also.is_empty() {
        label("Also called", &entry.also.join(", "));
    }
    if !entry.see.is_empty() {
        label("See also", &entry.see.join(", "));
    }
    if let Some(layout) = &entry.layout {
        let _ = write!(out, "\n{}", layout.diagram(|_| None));
    }
    if let Some(state) = entry.state() {
        let _ = write!(out, "\n{}", states::machine(state));
    }
    if !entry.values.is_empty() {
        let _ = writeln!(out, "\nValues:");
        for code in entry.values {
            let value = Entry::written(entry.field, code);
            let head = if value == code.name { format!("  {value}") } else { format!("  {value:>6}  {}", code.name) };
            let _ = writeln!(out, "{}", hang(&format!("{head} "), code.line, width, VALUE_COLUMN));
        }
    }
    if entry.id == STATE_TABLE && entry.sort == Sort::Idea {
        let _ = write!(out, "\nThe machine (+ marks what figure 5 leaves to the text):\n{}", states::figure());
    }
    out
}

/// `Window (tcp.window): field`.
fn title(entry: &Entry) -> String {
    match entry.sort {
        _ if entry.name == entry.id => format!("{}: {}", entry.id, entry.sort.name()),
        sort => format!("{} ({}): {}", entry.name, entry.id, sort.name()),
    }
}

/// A line of a list: `  Window (tcp.window, field): how many ...`.
pub(crate) fn item(entry: &Entry, width: usize) -> String {
    let sort = entry.sort.name();
    let head = if entry.name == entry.id {
        format!("{} ({sort})", entry.id)
    } else {
        format!("{} ({}, {sort})", entry.name, entry.id)
    };
    let text = wrap(&format!("{head}: {}", plain(entry)), width, 6);
    format!("  {}", text.trim_start())
}

/// The line; in an event's, words stand where its arguments will be.
pub(crate) fn plain(entry: &Entry) -> String {
    if entry.sort != Sort::Event {
        return entry.line.to_owned();
    }
    let mut line = entry.line.to_owned();
    if let Some(kind) = trace::kinds::find(&entry.id) {
        for (i, arg) in kind.args.iter().enumerate() {
            line = line.replace(&format!("{{{i}}}"), argument(*arg));
        }
    }
    line
}

/// What stands for an argument when no event is at hand.
fn argument(arg: trace::Arg) -> &'static str {
    use trace::Arg;
    match arg {
        Arg::None => "",
        Arg::Count => "<number>",
        Arg::Bytes => "<bytes>",
        Arg::Nanos => "<time>",
        Arg::Text => "<text>",
        Arg::Frame => "<number>",
        Arg::Seq => "<sequence number>",
        Arg::Flags => "<flags>",
        Arg::State => "<state>",
        Arg::Ip => "<address>",
        Arg::Prefix => "<prefix>",
        Arg::Mac => "<hardware address>",
        Arg::Port => "<port>",
        Arg::Socket => "<address:port>",
        Arg::Code(_) => "<reason>",
    }
}

/// With a capital and a full stop.
fn sentence(line: &str) -> String {
    let mut chars = line.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let stop = if line.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// What a value or a group without a text of its own belongs to: its field or the group around it, and that one's text.
fn wider_text(entry: &Entry) -> Option<(&'static str, &'static str)> {
    let wider = match entry.sort {
        Sort::Value => entry.field?.id,
        _ => entry.id.rsplit_once('.')?.0,
    };
    let wider = crate::lookup::entry(wider)?;
    Some((wider.name, wider.long?))
}
