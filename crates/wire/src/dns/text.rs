//! Character strings (RFC 1035 §3.3): a length byte and up to 255 bytes.

use std::fmt;

/// Up to 255 bytes that are mostly text, as TXT, HINFO, CAA and ALPN carry them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CharString(Box<[u8]>);

impl CharString {
    /// `None` if there are more than 255 bytes.
    pub fn new(bytes: &[u8]) -> Option<CharString> {
        (bytes.len() <= 255).then(|| CharString(bytes.into()))
    }
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
    /// As it stands on the wire: the length, then the bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.0.len() as u8);
        out.extend_from_slice(&self.0);
    }
}

/// In double quotes; a quote or backslash is escaped with a backslash, a byte outside printable ASCII as `\DDD`
/// (RFC 1035 §5.1).
impl fmt::Display for CharString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for &byte in &self.0 {
            match byte {
                b'"' | b'\\' => write!(f, "\\{}", char::from(byte))?,
                0x20..=0x7e => write!(f, "{}", char::from(byte))?,
                _ => write!(f, "\\{byte:03}")?,
            }
        }
        f.write_str("\"")
    }
}
impl fmt::Debug for CharString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Bytes as hexadecimal digits without spaces.
pub(crate) struct Hex<'a>(pub &'a [u8]);
impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
