//! HTTP/2 (RFC 9113) and the compression of its fields (RFC 7541).
//!
//! A connection is, each way, [`FrameHeader`]s with their payloads ([`decode_frame`]), the client's behind [`PREFACE`].
//! Header blocks are pieced together from frames and decoded by [`decode_block`] in the order in which they came, for each
//! changes the sender's [`Table`].

mod codes;
mod frame;
mod hpack;
mod huffman;
mod table;
#[cfg(test)]
mod tests;

pub use codes::{ErrorCode, FrameType, Setting};
pub use frame::{
    FrameHeader, MAX_PAYLOAD, PREFACE, Parts, decode_frame, decode_preface, frame_field, is_chain, looks_like_http2,
    parts,
};
pub use hpack::{MAX_LIST, decode_block};
pub use huffman::huffman_filler;
pub use table::{Mark, Table};

/// Every field of HTTP/2, list by list.
pub static FIELDS: &[&[&crate::Field]] = &[frame_field::ALL, frame::PAYLOAD_FIELDS, hpack::HPACK_FIELDS];
