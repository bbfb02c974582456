//! One packet: its buffers, each as bytes and as a tree, and why it was sent.

use serde::{Deserialize, Serialize};

/// One packet.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Packet {
    /// Its number at the tap, from 1.
    pub number: u32,
    /// When it passed the tap.
    pub at_ns: f64,
    /// The host that sent it.
    pub from: String,
    /// The host that it is for.
    pub to: String,
    /// The innermost protocol that says something.
    pub protocol: String,
    /// Bytes on the wire.
    pub length: u32,
    /// What it says.
    pub meaning: String,
    /// TCP's flags; empty for other packets.
    pub flags: String,
    /// Derived: the relative sequence number.
    pub seq: Option<f64>,
    /// Derived: the relative acknowledgment number.
    pub ack: Option<f64>,
    /// The sequence number on the wire.
    pub seq_raw: Option<u32>,
    /// The acknowledgment number on the wire.
    pub ack_raw: Option<u32>,
    /// The TCP connection that it belongs to; counts in the head's.
    pub connection: Option<u32>,
    /// What is special about it.
    pub marks: Vec<Mark>,
    /// The client's TCP state.
    pub client: Option<StateAt>,
    /// The server's TCP state.
    pub server: Option<StateAt>,
    /// What it is wrapped in, outermost first.
    pub envelopes: Vec<Envelope>,
    /// The frame, and whatever it completes.
    pub buffers: Vec<Buffer>,
    /// Why it was sent: back to a root.
    pub why: Vec<Link>,
    /// Why nothing is known of that; empty if something is.
    pub why_note: String,
    /// The knob that has to be turned for the run to lose this very packet, if that can be done.
    pub lose: Option<Turn>,
}

/// A knob and what to turn it to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Turn {
    /// The knob's name.
    pub knob: String,
    /// Its value.
    pub value: String,
}

/// Something special about a packet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Mark {
    /// Its id, for `explain`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it means, in a line.
    pub line: String,
    /// Where it is defined.
    pub rfc: String,
    /// Where the packet was lost, if this says that it was.
    pub lost_at: Option<String>,
}

/// A TCP state before a packet and with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct StateAt {
    /// Before it.
    pub before: Option<String>,
    /// With it.
    pub after: Option<String>,
    /// How that is known.
    pub known: Known,
}

/// How something is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Known {
    /// A simulation said so itself.
    Witnessed,
    /// Concluded from packets.
    Inferred,
    /// Not at all.
    Unknown,
}

/// A header or message that what follows is wrapped in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Envelope {
    /// Its id, for `explain`: `tcp`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its layer in the OSI model.
    pub layer: u8,
    /// What its layer calls such a unit: frame, packet, segment ...
    pub unit: String,
    /// The buffer that it stands in.
    pub buffer: u32,
    /// The node of its header.
    pub node: u32,
    /// The first bit of its header.
    pub from_bit: u32,
    /// The bit behind its header.
    pub to_bit: u32,
    /// The bit behind all that it holds.
    pub holds_to_bit: u32,
    /// The envelope that it stands in: its place in the packet's list. `None` of the outermost.
    pub inside: Option<u32>,
    /// What it is, in a line.
    pub line: String,
    /// Where it is defined.
    pub rfc: String,
}

/// Bytes and their tree.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Buffer {
    /// What it is, for people.
    pub title: String,
    /// Its bytes in base64; the first of them, if `cut`.
    pub bytes: String,
    /// How many bytes it has.
    pub length: u32,
    /// Whether not all of its bytes or nodes are here.
    pub cut: bool,
    /// Its tree in preorder; the leaves tile the bytes.
    pub nodes: Vec<Node>,
    /// The bit diagrams of its fixed headers.
    pub diagrams: Vec<Diagram>,
    /// What broke a format.
    pub errors: Vec<String>,
}

/// A leaf or a group of a tree.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Node {
    /// The field's id, for `explain`.
    pub id: String,
    /// The field's name.
    pub name: String,
    /// How many groups it stands in.
    pub depth: u16,
    /// Whether it is a leaf.
    pub leaf: bool,
    /// Its first bit.
    pub from_bit: u32,
    /// The bit behind it.
    pub to_bit: u32,
    /// Its value as people write it.
    pub value: String,
    /// Its value, where that is a number that a browser holds exactly.
    pub raw: Option<f64>,
    /// What the value means, or the field, in a line.
    pub meaning: String,
    /// What the field is, in a line.
    pub line: String,
    /// Where it is defined.
    pub rfc: String,
    /// The decoder's remarks.
    pub notes: Vec<String>,
    /// Values derived from the wire's own.
    pub derived: Vec<String>,
    /// Whether it is encrypted, and stands in clear in another buffer or nowhere.
    pub protected: bool,
}

/// The bit diagram of a fixed header.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Diagram {
    /// The header's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub rfc: String,
    /// Where the header begins in its buffer.
    pub from_bit: u32,
    /// How many bits it has.
    pub bits: u32,
    /// Its rows of 32 bits, each with the fields in it; of a field of many rows the first row stands for all.
    pub rows: Vec<Vec<Cell>>,
    /// The drawing as RFCs print it.
    pub text: String,
}

/// A field of a diagram.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Cell {
    /// The field's id.
    pub id: String,
    /// The field's name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Its first bit in this row, counted from the header's.
    pub from_bit: u32,
    /// Its bits in this row.
    pub bits: u32,
    /// Its node in the buffer's tree.
    pub node: Option<u32>,
}

/// A link of a chain of causes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Link {
    /// The event's number.
    pub event: f64,
    /// When it happened.
    pub at_ns: f64,
    /// Where.
    pub place: String,
    /// The id of its kind, for `explain`.
    pub kind: String,
    /// What happened.
    pub text: String,
    /// The rule behind it.
    pub rfc: String,
    /// Whether a chain may end here: an act of a person, or a configured timer.
    pub root: bool,
    /// The event that it served, where that is not what triggered it.
    pub because: Option<f64>,
    /// The packet at this tap that it is about.
    pub packet: Option<u32>,
}
