//! A term, as people type it, becomes the entries that it may mean.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::catalog::all;
use crate::entry::{Entry, Sort};
use crate::render::{LABEL_COLUMN, item, render};
use crate::wrap::hang;

/// Suggestions at most.
const SUGGESTIONS: usize = 8;
/// Entries that a list shows at most.
const LISTED: usize = 24;

/// What a term may mean.
#[derive(Clone, Debug)]
pub struct Found {
    /// The meanings, the likeliest first.
    pub entries: Vec<&'static Entry>,
    /// Terms that contain it or are spelled alike.
    pub near: Vec<&'static Entry>,
}

impl Found {
    /// Whether the term means nothing that is known.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The likeliest meaning at length, the others in a line each, in lines of at most `width` characters; without a
    /// meaning, the terms that are spelled alike.
    pub fn render(&self, width: usize) -> String {
        let mut out = String::new();
        let mut list = |heading: &str, entries: &[&Entry]| {
            if entries.is_empty() {
                return;
            }
            let _ = writeln!(out, "{heading}");
            for entry in entries.iter().take(LISTED) {
                let _ = writeln!(out, "{}", item(entry, width));
            }
            if entries.len() > LISTED {
                let _ = writeln!(out, "  and {} more", entries.len() - LISTED);
            }
        };
        match self.entries.split_first() {
            Some((first, others)) => {
                list("\nThe word means other things too:", others);
                if !self.near.is_empty() {
                    let ids: Vec<&str> = self.near.iter().map(|entry| entry.id.as_str()).collect();
                    let _ = writeln!(out, "\n{}", hang("Near it", &ids.join(", "), width, LABEL_COLUMN));
                }
                format!("{}{out}", render(first, width))
            }
            None => {
                list("Did you mean:", &self.near);
                out
            }
        }
    }
}

/// An entry with its spellings, made once.
struct Spelled {
    entry: &'static Entry,
    name: String,
    id: String,
    /// The last part of the id.
    last: String,
    also: Vec<String>,
    /// Every word of them.
    words: BTreeSet<String>,
}

static SPELLED: LazyLock<Vec<Spelled>> = LazyLock::new(|| {
    all()
        .iter()
        .map(|entry| {
            let texts = [entry.name, entry.id.as_str()].into_iter().chain(entry.also.iter().copied());
            Spelled {
                entry,
                name: key(entry.name),
                id: key(&entry.id),
                last: key(entry.id.rsplit('.').next().unwrap_or_default()),
                also: entry.also.iter().map(|also| key(also)).collect(),
                words: texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).map(key).collect(),
            }
        })
        .collect()
});

/// The entries by id, in the order of their sorts.
static BY_ID: LazyLock<BTreeMap<&str, &Entry>> = LazyLock::new(|| {
    let mut entries: Vec<&Entry> = all().iter().collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.sort));
    entries.into_iter().map(|entry| (entry.id.as_str(), entry)).collect()
});

/// The entry with exactly this id; where an event has the same id as a field or an idea, not the event.
pub fn entry(id: &str) -> Option<&'static Entry> {
    BY_ID.get(id).copied()
}

/// Looks a term up: an id (`tcp.window`, `tls.alert.40`), a name in any spelling (`SYN`, `fin_wait_1`, `ClientHello`), a
/// number (`404`, `0x0800`), an idea (`slow start`).
pub fn find(term: &str) -> Found {
    let term = term.trim();
    let wanted = key(term);
    if wanted.is_empty() {
        return Found { entries: Vec::new(), near: Vec::new() };
    }
    let mut ranked: Vec<(u8, Sort, &Entry)> = SPELLED
        .iter()
        .filter_map(|spelled| rank(spelled, term, &wanted).map(|rank| (rank, spelled.entry.sort, spelled.entry)))
        .collect();
    ranked.sort_by_key(|(rank, sort, _)| (*rank, *sort));
    let entries: Vec<&Entry> = ranked.into_iter().map(|(_, _, entry)| entry).collect();
    let mut near = if number(term).is_some() { Vec::new() } else { containing(&wanted) };
    near.retain(|entry| !entries.iter().any(|other| std::ptr::eq(*other, *entry)));
    if entries.is_empty() && near.is_empty() {
        near = alike(&wanted);
    }
    near.truncate(SUGGESTIONS);
    Found { entries, near }
}

/// How well the entry answers to the term; the lower, the better.
fn rank(spelled: &Spelled, term: &str, wanted: &str) -> Option<u8> {
    let entry = spelled.entry;
    if entry.id.eq_ignore_ascii_case(term) {
        return Some(0);
    }
    if spelled.name == wanted || spelled.id == wanted {
        return Some(1);
    }
    if spelled.also.iter().any(|also| also == wanted) {
        return Some(if entry.sort == Sort::Idea { 1 } else { 2 });
    }
    if entry.sort == Sort::Value {
        if let Some(n) = number(term) {
            let status = entry.field.is_some_and(|field| field.id.starts_with("http"));
            return (entry.value == Some(n)).then_some(if status { 2 } else { 3 });
        }
        // `tls.alert.40`, `dns.rcode.nxdomain`: a beginning of the field's id, then the value or its name.
        let (field, value) = term.rsplit_once('.')?;
        let id = entry.id.rsplit_once('.')?.0;
        let of_field = id.get(..field.len()).is_some_and(|start| start.eq_ignore_ascii_case(field))
            && matches!(id.as_bytes().get(field.len()), None | Some(b'.'));
        let same = number(value).map_or(spelled.name == key(value), |n| entry.value == Some(n));
        return (of_field && same).then_some(3);
    }
    // The last part of an id alone: `window` of `tcp.window`.
    (entry.id.contains('.') && spelled.last == wanted).then_some(4)
}

/// Entries of whose names or ids `wanted` is a word; the shortest first.
fn containing(wanted: &str) -> Vec<&'static Entry> {
    let mut near: Vec<&Entry> =
        SPELLED.iter().filter(|spelled| spelled.words.contains(wanted)).map(|spelled| spelled.entry).collect();
    near.sort_by_key(|entry| (entry.sort, entry.id.len()));
    near
}

/// Entries whose names or ids are spelled most alike.
fn alike(wanted: &str) -> Vec<&'static Entry> {
    let limit = wanted.chars().count() / 3 + 1;
    let mut near: Vec<(usize, &Entry)> = SPELLED
        .iter()
        .filter_map(|spelled| {
            // The last part of a value's id is a number: nothing to be spelled.
            let last = if spelled.entry.sort == Sort::Value { &spelled.id } else { &spelled.last };
            let own = [&spelled.name, &spelled.id, last];
            let best = own.into_iter().chain(&spelled.also).map(|text| strsim::osa_distance(text, wanted)).min()?;
            (best <= limit).then_some((best, spelled.entry))
        })
        .collect();
    near.sort_by_key(|(distance, entry)| (*distance, entry.sort, entry.id.len()));
    near.into_iter().map(|(_, entry)| entry).collect()
}

/// A spelling without case, blanks and punctuation: `FIN-WAIT-1` and `fin_wait_1` are one word.
pub(crate) fn key(term: &str) -> String {
    term.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A decimal or hexadecimal number.
fn number(term: &str) -> Option<u64> {
    let hex = term.strip_prefix("0x").or_else(|| term.strip_prefix("0X"));
    match hex {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => term.parse().ok(),
    }
}
