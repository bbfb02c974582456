//! One term with all that is known about it.

use wire::{Code, Field, Layout, Show, Slot};

/// What sort of thing a term is. In this order when several things have one name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sort {
    /// A general idea, such as slow start.
    Idea,
    /// A fixed header, or a group of fields.
    Group,
    /// A field of a wire format; a flag is a field of one bit.
    Field,
    /// A named value of a field, or a state.
    Value,
    /// What the ladder says of a packet, judged from those before it.
    Mark,
    /// A kind of event.
    Event,
    /// What can be found to have gone wrong in a capture.
    Finding,
}

impl Sort {
    /// The sort in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Sort::Idea => "idea",
            Sort::Group => "group of fields",
            Sort::Field => "field",
            Sort::Value => "value",
            Sort::Mark => "mark",
            Sort::Event => "event",
            Sort::Finding => "finding",
        }
    }
}

/// Where a field stands: which bits of which header.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The header.
    pub layout: Layout,
    /// The field's bits in it.
    pub slot: Slot,
}

/// A term and its explanation.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The term: `tcp.window`, `tls.alert.description.40`, `tcp.rto`, `rtt`. Unique within its sort.
    pub id: String,
    /// Its name for people: `Window`, `handshake_failure`, `round-trip time`.
    pub name: &'static str,
    /// What sort of thing it is.
    pub sort: Sort,
    /// Other words for it.
    pub also: Vec<&'static str>,
    /// Where it is defined: an RFC and section, or another named source.
    pub rfc: &'static str,
    /// What it means, in one line of plain words.
    pub line: &'static str,
    /// What it is for, what to look for, what goes wrong: paragraphs, separated by an empty line. Rare values have none;
    /// the text of their field says what there is to say.
    pub long: Option<&'static str>,
    /// The field itself, or for a value the field that has it; the first where several share their values.
    pub field: Option<&'static Field>,
    /// The value on the wire, if it is a number.
    pub value: Option<u64>,
    /// The named values of a field, or the states of a machine.
    pub values: &'static [Code],
    /// For a field of a fixed header: where it stands.
    pub place: Option<Place>,
    /// For a fixed header: its layout, for the diagram.
    pub layout: Option<Layout>,
    /// Terms that belong to this one: each is the id of an entry.
    pub see: Vec<&'static str>,
}

impl Entry {
    /// The TCP state that this is, if it is one.
    pub fn state(&self) -> Option<wire::tcp::State> {
        let value = self.value?;
        (self.sort == Sort::Value && self.id.starts_with("tcp.state."))
            .then(|| u8::try_from(value).ok().map(wire::tcp::State))?
    }

    /// A named value as its field writes it: in hexadecimal, in decimal, or, where the value is a text, by its name.
    pub fn written(field: Option<&Field>, code: &Code) -> String {
        match field.map(|field| field.show) {
            Some(Show::Hex) if code.value > 0xffff => format!("0x{:08x}", code.value),
            Some(Show::Hex) => format!("0x{:04x}", code.value),
            Some(Show::Text) => code.name.to_owned(),
            _ => code.value.to_string(),
        }
    }
}
