//! HTTP/1.1 messages (RFC 9112, RFC 9110), decoded to the last character.
//!
//! A stream is heads ([`next_head`], [`decode_request`], [`decode_response`]), each followed by a body whose end
//! [`request_framing`] and [`response_framing`] tell. A body is decoded whole by [`decode_body`], or freed of its chunks as
//! it comes by a [`Dechunker`].

mod chunked;
mod fields;
mod framing;
mod head;
mod line;
mod method;
mod name;
mod status;
#[cfg(test)]
mod tests;
mod value;

pub use chunked::{ChunkStep, Dechunker, MAX_CHUNK_LINE, decode_body, decode_chunked};
pub use fields::{FieldLine, Fields};
pub use framing::{Framing, FramingFault, persists, request_framing, response_framing};
pub use head::{
    MAX_HEAD, NextHead, Request, Response, Version, decode_request, decode_response, looks_like_http, next_head,
};
pub use method::{METHODS, is_idempotent, is_safe, method};
pub use name::{NAMES, known};
pub use status::{Status, StatusClass};
pub(crate) use value::meanings;

/// Every field of HTTP, list by list; the groups of known field names among them.
pub static FIELDS: &[&[&crate::Field]] =
    &[head::HEAD_FIELDS, fields::FIELD_FIELDS, name::NAMES, line::LINE_FIELDS, chunked::BODY_FIELDS];
