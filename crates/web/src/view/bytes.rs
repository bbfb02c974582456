//! Bytes in JSON: base64 (RFC 4648 §4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The bytes in base64.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
