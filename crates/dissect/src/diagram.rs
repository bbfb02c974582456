//! The RFC's bit diagrams of a frame's headers, with this frame's values in them.

use wire::{Field, Layout, Record, Show, Slot};

use crate::value_text;

/// One header's diagram.
#[derive(Clone, Debug)]
pub struct Diagram {
    /// The header.
    pub header: &'static Field,
    /// The drawing, lines ended by newlines.
    pub drawing: String,
    /// Where its fields stand.
    pub layout: Layout,
    /// The header's place among the record's nodes.
    pub group: usize,
}

/// The diagrams of all fixed headers in a record of `buffer`, in order.
pub fn diagrams(record: &Record, buffer: &[u8]) -> Vec<Diagram> {
    let mut out = Vec::new();
    for (at, group) in record.nodes.iter().enumerate().filter(|(_, node)| !node.leaf) {
        if let Some(layout) = wire::glossary::layout(group.field.id) {
            let drawing = draw(layout, record, at, buffer);
            out.push(Diagram { header: group.field, drawing, layout, group: at });
        }
    }
    out
}

fn draw(layout: Layout, record: &Record, group: usize, buffer: &[u8]) -> String {
    let base = record.nodes[group].bits.start;
    let depth = record.nodes[group].depth;
    layout.diagram(|slot: &Slot| {
        let members = record.nodes[group + 1..].iter().take_while(|node| node.depth > depth);
        // A field is found by its place: a decoder may call it by a more special name (ICMP's code).
        let node = members
            .filter(|node| node.leaf)
            .find(|node| node.bits.start == base + slot.start && node.bits.end == base + slot.start + slot.bits)?;
        Some(match (slot.field.show, crate::number(node)) {
            (Show::Flag, Some(n)) => n.to_string(),
            (_, Some(n)) if slot.bits < 8 => n.to_string(),
            _ => value_text(node, buffer),
        })
    })
}
