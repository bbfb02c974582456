//! `--packet N`: one packet, bit by bit.

use std::io::{self, Write};

use dissect::{diagrams, hex_lines, meaning, note_text, value_text};
use story::{Story, Taken};

use crate::style::{Style, Tone, wrap};

/// Prints packet `number`: its row, why it was sent, and each buffer's tree, diagrams and bytes.
pub fn print(out: &mut impl Write, story: &Story, number: u32, style: Style) -> io::Result<()> {
    let (Some(row), Some(packet)) = (story.row(number), story.packet(number)) else { return Ok(()) };
    let title = format!(
        "Packet {number} at {:.3} ms: {} to {}, {} bytes",
        row.at.as_millis_f64(),
        row.from,
        row.to,
        row.length
    );
    writeln!(out, "{}", style.paint(Tone::Heading, &title))?;
    writeln!(out, "{}: {}\n", row.protocol, row.meaning)?;
    why(out, story, number, style)?;
    for taken in &packet.buffers {
        buffer(out, taken, style)?;
    }
    Ok(())
}

fn why(out: &mut impl Write, story: &Story, number: u32, style: Style) -> io::Result<()> {
    writeln!(out, "{}", style.paint(Tone::Heading, "Why this packet was sent"))?;
    let links = story.why(number);
    if links.is_empty() {
        return writeln!(out, "  A capture cannot tell: only what was on the wire is known.\n");
    }
    for (i, link) in links.iter().enumerate() {
        let lead = if i == 0 { "  ".to_owned() } else { format!("  {}because ", "  ".repeat(i.min(12))) };
        let rfc = style.paint(Tone::Quiet, &format!("[{}]", link.rfc));
        writeln!(out, "{lead}{}: {} at {:.3} ms {rfc}", link.place, link.text, link.at.as_millis_f64())?;
    }
    writeln!(out)
}

fn buffer(out: &mut impl Write, taken: &Taken, style: Style) -> io::Result<()> {
    let heading = format!("{} ({} bytes)", taken.title, taken.bytes.len());
    writeln!(out, "{}", style.paint(Tone::Heading, &heading))?;
    tree(out, taken, style)?;
    for error in &taken.record.errors {
        writeln!(out, "  {}", style.paint(Tone::Trouble, &format!("malformed: {error}")))?;
    }
    writeln!(out)?;
    for diagram in diagrams(&taken.record, &taken.bytes) {
        writeln!(out, "{} [{}]", style.paint(Tone::Heading, diagram.header.name), diagram.header.rfc)?;
        writeln!(out, "{}", diagram.drawing)?;
    }
    for line in hex_lines(&taken.bytes) {
        writeln!(
            out,
            "  {}  {:<48}  {}",
            style.paint(Tone::Quiet, &format!("{:04x}", line.offset)),
            line.hex,
            line.text
        )?;
    }
    writeln!(out)
}

fn tree(out: &mut impl Write, taken: &Taken, style: Style) -> io::Result<()> {
    for node in &taken.record.nodes {
        let indent = "  ".repeat(usize::from(node.depth) + 1);
        let place = place(&node.bits);
        let place = style.paint(Tone::Quiet, &place);
        if node.leaf {
            let value = style.paint(Tone::Value, &value_text(node, &taken.bytes));
            let notes: String = node.notes.iter().map(|note| format!("; {}", note_text(note))).collect();
            writeln!(out, "{indent}{}: {value}{notes}  {place}", node.field.name)?;
            let text = format!("{} [{}]", meaning(node), node.field.rfc);
            for line in wrap(&text, style.prose_width().saturating_sub(indent.len() + 4).max(20)) {
                writeln!(out, "{indent}    {}", style.paint(Tone::Quiet, &line))?;
            }
        } else {
            let rfc = style.paint(Tone::Quiet, &format!("[{}]", node.field.rfc));
            let name = style.paint(Tone::Heading, node.field.name);
            // What the members amount to together: a name of labels, a compressed field.
            let value = match &node.value {
                wire::Datum::Raw => String::new(),
                _ => style.paint(Tone::Value, &format!(": {};", value_text(node, &taken.bytes))),
            };
            writeln!(out, "{indent}{name}{value} {}  {place} {rfc}", node.field.line)?;
        }
    }
    Ok(())
}

/// Where bits stand: `bytes 14-33`, `byte 47`, `byte 46 bits 0-3`.
fn place(bits: &std::ops::Range<usize>) -> String {
    let (first, last) = (bits.start / 8, bits.end.saturating_sub(1) / 8);
    if bits.start.is_multiple_of(8) && bits.end.is_multiple_of(8) {
        return if first == last { format!("byte {first}") } else { format!("bytes {first}-{last}") };
    }
    let (from, to) = (bits.start % 8, (bits.end - 1) % 8);
    match (first == last, bits.len()) {
        (true, 1) => format!("byte {first} bit {from}"),
        (true, _) => format!("byte {first} bits {from}-{to}"),
        (false, _) => format!("byte {first} bit {from} to byte {last} bit {to}"),
    }
}
