//! The fixed headers: those that `wire` declares, and the four bytes before every handshake message of TLS.

use std::sync::LazyLock;

use wire::{Field, Layout, Slot, glossary};

/// Where type and length of a handshake message stand (RFC 8446 §4).
static HANDSHAKE: LazyLock<Option<(&'static Field, [Slot; 2])>> = LazyLock::new(|| {
    let field = |id: &str| glossary::fields().find(|field| field.id == id);
    let kind = Slot { field: field("tls.handshake.type")?, start: 0, bits: 8 };
    let len = Slot { field: field("tls.handshake.len")?, start: 8, bits: 24 };
    Some((field("tls.handshake")?, [kind, len]))
});

/// Every fixed header.
pub(crate) fn layouts() -> impl Iterator<Item = Layout> {
    let handshake = HANDSHAKE.as_ref().map(|(group, slots)| Layout { group, slots });
    glossary::layouts().chain(handshake)
}
