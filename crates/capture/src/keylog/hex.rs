//! Bytes as hexadecimal digits.

use std::fmt;

/// Shows bytes as digits in lower case.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The bytes that digits in either case stand for.
pub(super) fn decode(digits: &str) -> Result<Vec<u8>, &'static str> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return Err("has an odd number of hexadecimal digits");
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).map(|n| n as u8);
    let bytes = digits.chunks_exact(2).map(|pair| match pair {
        [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
        _ => None,
    });
    bytes.collect::<Option<Vec<u8>>>().ok_or("is not hexadecimal")
}
