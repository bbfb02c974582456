//! What is different in a packet between two places: field by field, old beside new.

use std::collections::BTreeMap;

use base::FrameId;
use serde::Serialize;
use trace::Trace;
use wire::link::LinkType;

/// A field that differs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Change {
    /// The field's id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The header that it stands in, by its name for people.
    pub layer: &'static str,
    /// Its value before.
    pub old: String,
    /// Its value after.
    pub new: String,
    /// What it means.
    pub line: &'static str,
    /// Where it is defined.
    pub rfc: &'static str,
}

/// The name of the header that a field stands in: the first part of its id names that.
fn header(field: &'static str) -> &'static str {
    let id = field.split('.').next().unwrap_or_default();
    explain::entry(id).map_or(id, |entry| entry.name)
}

/// The fields that both observations have and that differ, in order of the packet. Content that is carried for somebody else
/// is not compared.
pub(super) fn between(trace: &Trace, before: FrameId, after: FrameId) -> Vec<Change> {
    let (old, new) = (trace.frames.bytes(before), trace.frames.bytes(after));
    if old == new {
        return Vec::new();
    }
    let tree = |bytes: &[u8]| dissect::frame(LinkType::ETHERNET, bytes, bytes.len()).0;
    let (old_tree, new_tree) = (tree(&old), tree(&new));
    // A field may stand in a packet several times: the nth of one is compared with the nth of the other.
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut values: BTreeMap<(&str, usize), String> = BTreeMap::new();
    for node in old_tree.leaves().filter(|node| node.field.opaque().is_none()) {
        let nth = seen.entry(node.field.id).or_default();
        values.insert((node.field.id, *nth), dissect::value_text(node, &old));
        *nth += 1;
    }
    seen.clear();
    let mut changes = Vec::new();
    for node in new_tree.leaves().filter(|node| node.field.opaque().is_none()) {
        let nth = seen.entry(node.field.id).or_default();
        let value = dissect::value_text(node, &new);
        if let Some(before) = values.get(&(node.field.id, *nth)).filter(|before| **before != value) {
            changes.push(Change {
                id: node.field.id,
                name: node.field.name,
                layer: header(node.field.id),
                old: before.clone(),
                new: value,
                line: node.field.line,
                rfc: node.field.rfc,
            });
        }
        *nth += 1;
    }
    changes
}
