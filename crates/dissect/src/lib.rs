//! One packet on demand: a tree of labelled fields over every buffer that it carries or completes, with values in words,
//! bit diagrams and hex.
//!
//! The decoders are the stack's own (`wire`), with the recording sink; so what is shown here is what a stack reads.

mod compressed;
mod diagram;
mod hex;
mod layers;
mod nesting;
mod show;

pub use diagram::{Diagram, diagrams};
pub use hex::{HexLine, hex_lines};
pub use layers::{Section, completed, datagram};
pub use show::{meaning, note_text, value_text};

use wire::frame::{Frame, Transport, checksum_note};
use wire::link::LinkType;
use wire::{Datum, Node, Note, Record};

/// The tree of a captured frame and what the frame said.
pub fn frame(link: LinkType, bytes: &[u8], original_len: usize) -> (Record, Frame) {
    let mut record = Record::new();
    let frame = wire::frame::decode(link, bytes, original_len, &mut record);
    note_checksums(&mut record, &frame, bytes);
    (record, frame)
}

/// The checksums' verdicts, beside the fields that hold them. The decoder knows them only when all else is read.
fn note_checksums(record: &mut Record, frame: &Frame, bytes: &[u8]) {
    let group = match frame.transport {
        Transport::Tcp(..) => "tcp",
        Transport::Udp(_) => "udp",
        _ => "",
    };
    // Of a tunnel the innermost: that is what the frame says.
    let start = record.nodes.iter().rev().find(|node| node.field.id == group).map(|node| node.bits.start / 8);
    if let Some(segment) = start.and_then(|start| bytes.get(start..frame.payload.end)) {
        let note = checksum_note(frame, segment);
        let id = format!("{group}.checksum");
        if let Some(node) = record.nodes.iter_mut().rev().find(|node| node.field.id == id) {
            node.notes.push(note);
        }
    }
    // Every header on the way to the transport; what an ICMP error quotes may be cut.
    let groups: Vec<usize> = (0..record.nodes.len())
        .take_while(|&at| !matches!(record.nodes[at].field.id, "icmp" | "icmpv6"))
        .filter(|&at| record.nodes[at].field.id == "ipv4")
        .collect();
    for at in groups {
        let range = record.nodes[at].bits.start / 8..record.nodes[at].bits.end / 8;
        let Some(header) = bytes.get(range) else { continue };
        let good = wire::Sum::of(header).verifies();
        let field = record.nodes.iter_mut().skip(at).find(|node| node.field.id == "ipv4.checksum");
        if let Some(node) = field {
            let mut zeroed = header.to_vec();
            if let Some(field) = zeroed.get_mut(10..12) {
                field.fill(0);
            }
            node.notes.push(if good { Note::ChecksumOk } else { Note::ChecksumBad(wire::Sum::of(&zeroed).checksum()) });
        }
    }
}

fn find_mut<'r>(record: &'r mut Record, id: &str) -> Option<&'r mut Node> {
    record.nodes.iter_mut().find(|node| node.field.id == id)
}

/// Adds a derived value beside a field: the relative sequence number, the window after scaling.
pub fn derive(record: &mut Record, id: &str, what: &'static str, value: u64) {
    if let Some(node) = find_mut(record, id) {
        node.notes.push(Note::Derived(what, value));
    }
}

/// The number that a leaf holds, if it holds one.
pub fn number(node: &Node) -> Option<u64> {
    match node.value {
        Datum::Uint(n) => Some(n),
        _ => None,
    }
}
