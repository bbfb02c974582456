//! The inspector's sink: every bit of a buffer as a labelled leaf of a tree.

use std::net::IpAddr;
use std::ops::Range;

use crate::{Field, MacAddr, Malformed, Note, Sink, Value};

/// A decoded value, owned. See [`Value`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Datum {
    /// The bytes themselves are the value.
    Raw,
    /// A number, a code or a flag.
    Uint(u64),
    /// A hardware address.
    Mac(MacAddr),
    /// A network address.
    Ip(IpAddr),
    /// Text that differs from the bytes on the wire.
    Text(Box<str>),
}

impl From<Value<'_>> for Datum {
    fn from(value: Value<'_>) -> Datum {
        match value {
            Value::Raw => Datum::Raw,
            Value::Uint(n) => Datum::Uint(n),
            Value::Mac(mac) => Datum::Mac(mac),
            Value::Ip(ip) => Datum::Ip(ip),
            Value::Text(text) => Datum::Text(text.into()),
        }
    }
}

/// A leaf or a group of a recorded tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub field: &'static Field,
    /// The bits that it covers. Never empty for a leaf.
    pub bits: Range<usize>,
    /// How many groups it stands in.
    pub depth: u16,
    /// Whether it is a leaf; otherwise it is a group and its members follow, one deeper.
    pub leaf: bool,
    /// Its value; of a group, what its members amount to together, or [`Datum::Raw`].
    pub value: Datum,
    /// The decoder's remarks.
    pub notes: Vec<Note>,
}

/// A record of every bit of one buffer, in preorder.
#[derive(Clone, Default, Debug)]
pub struct Record {
    /// Groups and leaves, each group before its members.
    pub nodes: Vec<Node>,
    /// What broke the format, in order of finding.
    pub errors: Vec<Malformed>,
    open: Vec<usize>,
}

impl Record {
    /// An empty record.
    pub fn new() -> Record {
        Record::default()
    }

    /// The leaves, in order.
    pub fn leaves(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.leaf)
    }

    /// Checks that the leaves tile a buffer of `len` bytes: each bit in exactly one leaf, first to last, and each group
    /// as wide as its members. The error says where they do not.
    pub fn check_tiling(&self, len: usize) -> Result<(), String> {
        let mut next = 0;
        for leaf in self.leaves() {
            if leaf.bits.start != next || leaf.bits.end <= leaf.bits.start {
                return Err(format!("leaf {} covers bits {:?}, but bit {next} is next", leaf.field.id, leaf.bits));
            }
            next = leaf.bits.end;
        }
        if next != len * 8 {
            return Err(format!("the leaves end at bit {next} of {}", len * 8));
        }
        for (i, group) in self.nodes.iter().enumerate().filter(|(_, node)| !node.leaf) {
            let members = self.nodes[i + 1..].iter().take_while(|node| node.depth > group.depth);
            let end = members.map(|node| node.bits.end).max().unwrap_or(group.bits.start);
            if group.bits.end != end {
                return Err(format!("group {} covers bits {:?}, its members end at {end}", group.field.id, group.bits));
            }
        }
        Ok(())
    }

    /// The first leaf or group of the field with this id.
    pub fn find(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.field.id == id)
    }
}

impl Sink for Record {
    const RECORDS: bool = true;

    fn open(&mut self, group: &'static Field, at: usize) {
        let depth = self.open.len() as u16;
        self.open.push(self.nodes.len());
        self.nodes.push(Node { field: group, bits: at..at, depth, leaf: false, value: Datum::Raw, notes: Vec::new() });
    }

    fn leaf(&mut self, field: &'static Field, bits: Range<usize>, value: Value<'_>) {
        let (depth, value) = (self.open.len() as u16, value.into());
        self.nodes.push(Node { field, bits, depth, leaf: true, value, notes: Vec::new() });
    }

    fn group_value(&mut self, value: Value<'_>) {
        if let Some(&group) = self.open.last() {
            self.nodes[group].value = value.into();
        }
    }

    fn close(&mut self, at: usize) {
        if let Some(group) = self.open.pop() {
            self.nodes[group].bits.end = at;
        }
    }

    fn note(&mut self, note: Note) {
        if let Some(node) = self.nodes.last_mut() {
            node.notes.push(note);
        }
    }

    fn malformed(&mut self, error: Malformed) -> Result<(), Malformed> {
        self.errors.push(error);
        Ok(())
    }
}
