//! What a field's bytes are replaced by.

use wire::{Datum, Node};

use super::names::Names;
use super::policy::How;

/// What data is overwritten with.
const FILLER: u8 = b'x';

/// So many bytes of nothing.
pub(super) fn fill(len: usize) -> Vec<u8> {
    vec![FILLER; len]
}

/// The bytes that stand for `original`; as many.
pub(super) fn leaf_bytes(names: &mut Names, how: How, node: &Node, original: &[u8]) -> Vec<u8> {
    let new = match how {
        How::Address => match (&node.value, original.len()) {
            (Datum::Ip(ip), 4 | 16) => names.address(*ip, original.len()),
            (Datum::Mac(_), 6) => names.hardware(original),
            // Six bytes of address and two of filling, in a cooked header.
            (_, 8) => [names.hardware(&original[..6]), vec![0; 2]].concat(),
            // A prefix or a mapped address of another length.
            _ => fill(original.len()),
        },
        How::Name => names.text(original),
        How::Url => names.url(original),
        How::Fields => names.fields(original),
        How::Type => {
            let end = original.iter().position(|byte| *byte == b';').unwrap_or(original.len());
            [&original[..end], &names.fields(&original[end..])].concat()
        }
        How::Zeros => vec![0; original.len()],
        How::Huffman => match &node.value {
            Datum::Text(plain) => wire::http2::huffman_filler(plain.len(), original.len()).unwrap_or_default(),
            _ => fill(original.len()),
        },
    };
    // Lengths stay, whatever happens.
    if new.len() == original.len() { new } else { fill(original.len()) }
}
