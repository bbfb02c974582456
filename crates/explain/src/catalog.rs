//! Every term, gathered once from `wire`, `trace` and the texts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use wire::tcp::State;
use wire::{Code, Field, Show};

use crate::entry::{Entry, Place, Sort};
use crate::layouts::layouts;
use crate::texts::{About, TEXTS, Text};

/// Every term that there is.
pub fn all() -> &'static [Entry] {
    &CATALOG
}

static CATALOG: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut by_term: BTreeMap<(u8, &str), &Text> = BTreeMap::new();
    for text in TEXTS.iter() {
        for term in &text.terms {
            by_term.insert((text.about as u8, term), text);
        }
    }
    let text = |about: About, term: &str| by_term.get(&(about as u8, term)).copied();
    let mut entries = Vec::new();
    for field in wire::glossary::fields() {
        entries.push(of_field(field, text(About::Wire, field.id)));
    }
    for table in tables() {
        for code in table.codes {
            let term = format!("{} = {}", table.id, code.name);
            // A value that names a group (`client_hello` of `tls.handshake.type`) has the group's text.
            let group = || Some(format!("{}.{}", table.id.strip_suffix(".type")?, code.name));
            let own = text(About::Wire, &term);
            entries.push(of_value(&table, code, own.or_else(|| text(About::Wire, &group()?))));
        }
    }
    for oid in wire::x509::oid::OIDS {
        let id = format!("{OIDS}.{}", oid.dotted);
        let entry = blank(id, oid.name, Sort::Value, oid.rfc, oid.line);
        entries.push(Entry { field: wire::glossary::fields().find(|field| field.id == OIDS), ..entry });
    }
    for kind in trace::kinds::all() {
        let text = text(About::Events, kind.id);
        entries.push(blank(kind.id.to_owned(), kind.id, Sort::Event, kind.rfc, kind.line).with(text));
    }
    for card in analyze::findings::cards() {
        let entry = blank(card.id.to_owned(), card.title, Sort::Finding, card.source, card.line);
        entries.push(Entry { long: Some(card.advice), ..entry });
    }
    for text in TEXTS.iter() {
        let sort = match text.about {
            About::Ideas => Sort::Idea,
            About::Marks => Sort::Mark,
            About::Wire | About::Events => continue,
        };
        for term in &text.terms {
            let name = text.name.unwrap_or(term);
            let (rfc, line) = (text.rfc.unwrap_or_default(), text.line.unwrap_or_default());
            let mut entry = blank((*term).to_owned(), name, sort, rfc, line).with(Some(text));
            if *term == STATE_TABLE {
                entry.values = State::CODES;
            }
            entries.push(entry);
        }
    }
    entries
});

/// The field whose values are object identifiers.
const OIDS: &str = "der.oid";

/// The id of the table of TCP states: no field of a packet holds a state, but the program prints it.
pub(crate) const STATE_TABLE: &str = "tcp.state";

/// Named values and the id that they are known under.
pub(crate) struct Table {
    /// The id of the first field that uses the values.
    pub(crate) id: &'static str,
    /// That field.
    pub(crate) field: Option<&'static Field>,
    /// The values.
    pub(crate) codes: &'static [Code],
}

/// Every table of named values, once each.
pub(crate) fn tables() -> Vec<Table> {
    let mut tables = vec![Table { id: STATE_TABLE, field: None, codes: State::CODES }];
    for field in wire::glossary::fields() {
        let known = tables.iter().any(|table| same(table.codes, field.codes));
        if !field.codes.is_empty() && !known {
            tables.push(Table { id: field.id, field: Some(field), codes: field.codes });
        }
    }
    tables
}

/// Whether two fields have the same named values.
fn same(a: &[Code], b: &[Code]) -> bool {
    let parts = |code: &Code| (code.value, code.name, code.line);
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| parts(a) == parts(b))
}

fn blank(id: String, name: &'static str, sort: Sort, rfc: &'static str, line: &'static str) -> Entry {
    Entry {
        id,
        name,
        sort,
        also: Vec::new(),
        rfc,
        line,
        long: None,
        field: None,
        value: None,
        values: &[],
        place: None,
        layout: None,
        see: Vec::new(),
    }
}

impl Entry {
    fn with(mut self, text: Option<&'static Text>) -> Entry {
        if let Some(text) = text {
            self.long = (!text.long.is_empty()).then_some(text.long);
            self.also.clone_from(&text.also);
            self.see.clone_from(&text.see);
        }
        self
    }
}

fn of_field(field: &'static Field, text: Option<&'static Text>) -> Entry {
    let layout = layouts().find(|layout| layout.group.id == field.id);
    let sort = if field.show == Show::Group || layout.is_some() { Sort::Group } else { Sort::Field };
    let place = layouts().find_map(|layout| {
        let slot = layout.slots.iter().find(|slot| slot.field.id == field.id)?;
        Some(Place { layout, slot: *slot })
    });
    let entry = blank(field.id.to_owned(), field.name, sort, field.rfc, field.line).with(text);
    Entry { field: Some(field), values: field.codes, place, layout, ..entry }
}

fn of_value(table: &Table, code: &'static Code, text: Option<&'static Text>) -> Entry {
    let id = format!("{}.{}", table.id, Entry::written(table.field, code));
    let entry = blank(id, code.name, Sort::Value, code.rfc, code.line).with(text);
    let number = table.field.is_none_or(|field| field.show != Show::Text);
    Entry { field: table.field, value: number.then_some(code.value), ..entry }
}
