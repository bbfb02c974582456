//! Bytes in JSON: base64 (RFC 4648 §4).

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::api::{Code, Problem};

/// The bytes in base64.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The value's JSON, packed with gzip (RFC 1952), in base64. The same value gives the same text.
///
/// # Errors
/// If the value has no JSON.
pub fn packed(value: &impl Serialize) -> Result<String, Problem> {
    let failed = |error: &dyn std::fmt::Display| Problem::new(Code::Internal, error.to_string());
    let json = serde_json::to_vec(value).map_err(|error| failed(&error))?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&json).and_then(|()| gzip.finish()).map(|bytes| encode(&bytes)).map_err(|error| failed(&error))
}
