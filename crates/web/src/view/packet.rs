//! One packet for the inspector.

use dissect::{Diagram, diagrams, note_text, value_text};
use story::{Mark, Story, Taken};
use trace::Known as KnownState;
use wire::tcp::State;
use wire::{Datum, Note, Opaque};

use super::bytes::encode;
use super::tables::{layer, marks};
use super::{chain, ns};
use crate::api::{Buffer, Cell, Code, Envelope, Known, Node, Packet, Problem, StateAt};
use crate::run::Seen;

/// Bytes of one buffer that are sent; the command line shows them all.
const MAX_BYTES: usize = 1 << 20;
/// Nodes of one buffer's tree that are sent.
const MAX_NODES: usize = 20_000;

/// Reads a packet's number.
///
/// # Errors
/// If it is none.
pub fn number(text: &str) -> Result<u32, Problem> {
    let message = || format!("`{text}` is not the number of a packet");
    text.parse().map_err(|_| Problem::new(Code::UnknownPacket, message()).input(text))
}

/// Packet `number` taken apart.
///
/// # Errors
/// If there is no such packet.
pub fn packet(seen: &Seen, number: u32) -> Result<Packet, Problem> {
    let story = &seen.story;
    let (Some(row), Some(taken), Some(view)) = (story.row(number), story.packet(number), story.flow().row(number))
    else {
        let problem = Problem::new(Code::UnknownPacket, format!("there is no packet {number}"));
        let remedy = match story.len() {
            0 => "there is no packet at this tap".to_owned(),
            len => format!("the packets are numbered 1 to {len}"),
        };
        return Err(problem.input(number.to_string()).remedy(remedy));
    };
    let buffers: Vec<Buffer> = taken.buffers.iter().map(buffer).collect();
    let envelopes = nested(&taken.buffers);
    let why = chain(seen, story.why(number));
    let why_note = if why.is_empty() { "a capture cannot tell: only what was on the wire is known" } else { "" };
    Ok(Packet {
        number,
        at_ns: ns(row.at),
        from: row.from.clone(),
        to: row.to.clone(),
        protocol: row.protocol.to_owned(),
        length: row.length,
        meaning: row.meaning.clone(),
        flags: row.flags.clone(),
        seq: row.seq.map(|n| n as f64),
        ack: row.ack.map(|n| n as f64),
        seq_raw: view.tcp.map(|tcp| tcp.seq.0),
        ack_raw: view.tcp.filter(|tcp| tcp.flags.contains(wire::tcp::Flags::ACK)).map(|tcp| tcp.ack.0),
        connection: view.row.conversation.and_then(|id| seen.tables().connections.get(&id)).copied(),
        marks: row.marks.iter().map(mark).collect(),
        client: row.ends.as_ref().map(|ends| state(story, number, &ends.client, true)),
        server: row.ends.as_ref().map(|ends| state(story, number, &ends.server, false)),
        envelopes,
        buffers,
        why,
        why_note: why_note.to_owned(),
        lose: None,
    })
}

fn mark(mark: &Mark) -> crate::api::Mark {
    let (id, lost_at) = match mark {
        Mark::Verdict(id, _) => (*id, None),
        Mark::Lost(place) => ("link.lost", Some(place.clone())),
        Mark::Malformed => ("malformed", None),
    };
    let known = marks().into_iter().find(|known| known.id == id);
    let text = |pick: fn(&crate::api::MarkBit) -> &String| known.as_ref().map(|known| pick(known).clone());
    crate::api::Mark {
        id: id.to_owned(),
        name: text(|known| &known.name).unwrap_or_else(|| id.to_owned()),
        line: text(|known| &known.line).unwrap_or_default(),
        rfc: text(|known| &known.rfc).unwrap_or_default(),
        lost_at,
    }
}

/// The state with the packet, and with the one before it on its connection.
fn state(story: &Story, number: u32, after: &KnownState<State>, client: bool) -> StateAt {
    let name = |state: &KnownState<State>| state.value().map(ToString::to_string);
    let conversation = story.flow().row(number).and_then(|view| view.row.conversation);
    let packets = conversation.and_then(|id| story.flow().conversation(id)).map_or(&[][..], |one| &one.packets);
    let at = packets.partition_point(|packet| *packet < number);
    let before = match at.checked_sub(1).and_then(|at| packets.get(at)) {
        Some(&packet) => story
            .row(packet)
            .and_then(|row| row.ends)
            .and_then(|ends| name(if client { &ends.client } else { &ends.server })),
        None => {
            let opens = story.row(number).is_some_and(|row| row.flags == "SYN");
            opens.then(|| if client { State::CLOSED } else { State::LISTEN }.to_string())
        }
    };
    let known = match after {
        KnownState::Witnessed(_) => Known::Witnessed,
        KnownState::Inferred(..) => Known::Inferred,
        KnownState::Unknown(_) => Known::Unknown,
    };
    StateAt { before, after: name(after), known }
}

fn buffer(taken: &Taken) -> Buffer {
    let bytes = taken.bytes.get(..MAX_BYTES).unwrap_or(&taken.bytes);
    let mut errors: Vec<String> = taken.record.errors.iter().map(ToString::to_string).collect();
    let all = taken.record.nodes.len();
    if all > MAX_NODES {
        errors.push(format!("the tree has {all} nodes; the first {MAX_NODES} are here"));
    }
    if taken.bytes.len() > MAX_BYTES {
        errors.push(format!("there are {} bytes; the first {MAX_BYTES} are here", taken.bytes.len()));
    }
    let nodes: Vec<Node> = taken.record.nodes.iter().take(MAX_NODES).map(|one| node(one, &taken.bytes)).collect();
    Buffer {
        title: taken.title.clone(),
        bytes: encode(bytes),
        length: taken.bytes.len() as u32,
        cut: all > MAX_NODES || taken.bytes.len() > MAX_BYTES,
        diagrams: diagrams(&taken.record, &taken.bytes).iter().map(|one| diagram(one, taken)).collect(),
        nodes,
        errors,
    }
}

/// Bits in a row of a diagram (RFC 791 §3.1 and all after it).
const ROW: usize = 32;
/// Numbers up to here are exact in a browser.
const EXACT: u64 = 1 << 53;

fn node(node: &wire::Node, bytes: &[u8]) -> Node {
    let (derived, notes): (Vec<_>, Vec<_>) = node.notes.iter().partition(|note| matches!(note, Note::Derived(..)));
    Node {
        id: node.field.id.to_owned(),
        name: node.field.name.to_owned(),
        depth: node.depth,
        leaf: node.leaf,
        from_bit: node.bits.start as u32,
        to_bit: node.bits.end as u32,
        value: value_text(node, bytes),
        raw: match node.value {
            Datum::Uint(n) if n <= EXACT => Some(n as f64),
            _ => None,
        },
        meaning: dissect::meaning(node).to_owned(),
        line: node.field.line.to_owned(),
        rfc: node.field.rfc.to_owned(),
        notes: notes.into_iter().map(note_text).collect(),
        derived: derived.into_iter().map(note_text).collect(),
        protected: node.field.opaque() == Some(Opaque::Ciphertext),
    }
}

fn diagram(diagram: &Diagram, taken: &Taken) -> crate::api::Diagram {
    let nodes = &taken.record.nodes;
    let group = nodes.get(diagram.group);
    let base = group.map_or(0, |group| group.bits.start);
    let depth = group.map_or(0, |group| group.depth);
    let members = nodes.iter().enumerate().skip(diagram.group + 1).take_while(|(_, node)| node.depth > depth);
    let members: Vec<_> = members.filter(|(_, node)| node.leaf).collect();
    let bits = diagram.layout.bits();
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for slot in diagram.layout.slots {
        let found = members
            .iter()
            .find(|(_, node)| node.bits.start == base + slot.start && node.bits.end == base + slot.start + slot.bits);
        let (first, last) = (slot.start / ROW, (slot.start + slot.bits - 1) / ROW);
        // As in the drawing: of a very tall field (DHCP's names) the first row stands for all.
        let last = if last - first > 3 { first } else { last };
        for row in first..=last {
            let (from, to) = (slot.start.max(row * ROW), (slot.start + slot.bits).min((row + 1) * ROW));
            let cell = Cell {
                id: found.map_or(slot.field.id, |(_, node)| node.field.id).to_owned(),
                name: slot.field.name.to_owned(),
                value: found.map_or_else(String::new, |(_, node)| value_text(node, &taken.bytes)),
                from_bit: from as u32,
                bits: (to - from) as u32,
                node: found.map(|(at, _)| *at as u32),
            };
            match rows.last_mut().filter(|cells| cells.iter().any(|other| other.from_bit as usize / ROW == row)) {
                Some(cells) => cells.push(cell),
                None => rows.push(vec![cell]),
            }
        }
    }
    crate::api::Diagram {
        id: diagram.header.id.to_owned(),
        name: diagram.header.name.to_owned(),
        rfc: diagram.header.rfc.to_owned(),
        from_bit: base as u32,
        bits: bits as u32,
        rows,
        text: diagram.drawing.clone(),
    }
}

/// All envelopes of a packet, each with the one that it stands in: the header before it, or the innermost of the buffer
/// that its own was made of.
fn nested(buffers: &[Taken]) -> Vec<Envelope> {
    let mut out: Vec<Envelope> = Vec::new();
    // The innermost envelope of each buffer; of one that has none, the one that the buffer stands in.
    let mut inmost: Vec<Option<u32>> = Vec::new();
    for (at, taken) in (0..).zip(buffers) {
        let mut holder = taken.inside.and_then(|of| inmost.get(of).copied().flatten());
        let around = holder;
        for mut envelope in envelopes(at, taken) {
            // Headers of the lower layers hold what follows; messages stand beside each other.
            envelope.inside =
                if out.last().is_some_and(|last| last.buffer == at && last.layer > 4) { around } else { holder };
            holder = Some(out.len() as u32);
            out.push(envelope);
        }
        inmost.push(holder);
    }
    out
}

/// The headers and messages at the top of a buffer's tree: each wraps what follows it in the buffer.
fn envelopes(buffer: u32, taken: &Taken) -> Vec<Envelope> {
    let end = taken.bytes.len() * 8;
    let tops = taken.record.nodes.iter().enumerate().filter(|(_, node)| node.depth == 0 && !node.leaf);
    tops.filter_map(|(at, node)| {
        let protocol = node.field.id.split('.').next().unwrap_or_default();
        let (layer, unit) = match protocol {
            "ethernet" | "vlan" | "llc" | "snap" | "sll" | "sll2" | "null" | "ppi" => (2, "frame"),
            "arp" => (3, "packet"),
            "ipv4" | "ipv6" => (3, "packet"),
            "icmp" | "icmpv6" => (3, "message"),
            "tcp" => (4, "segment"),
            "udp" => (4, "datagram"),
            "tls" => (layer("TLS"), if node.field.id.starts_with("tls.record") { "record" } else { "message" }),
            "http" | "dns" | "dhcp" => (7, "message"),
            _ => return None,
        };
        // A header of the lower layers holds everything behind it; a record or message ends where it ends.
        let holds_to = if layer <= 4 { end } else { node.bits.end };
        Some(Envelope {
            id: node.field.id.to_owned(),
            name: node.field.name.to_owned(),
            layer,
            unit: unit.to_owned(),
            buffer,
            node: at as u32,
            from_bit: node.bits.start as u32,
            to_bit: node.bits.end as u32,
            holds_to_bit: holds_to as u32,
            inside: None,
            line: node.field.line.to_owned(),
            rfc: node.field.rfc.to_owned(),
        })
    })
    .collect()
}
