//! Fast Open's option (RFC 7413 §4.1.1).

use std::fmt;

/// Fast Open's option: a cookie, or the question for one.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct FastOpen {
    bytes: [u8; 16],
    len: u8,
    /// It is the experimental option of before RFC 7413 (its Appendix A).
    pub experimental: bool,
}

impl FastOpen {
    /// Cookies have 4 to 16 bytes, an even number of them (RFC 7413 §4.1.1).
    const SIZES: std::ops::RangeInclusive<usize> = 4..=16;
    /// What the experimental option begins with (RFC 7413 Appendix A).
    pub(super) const MAGIC: [u8; 2] = [0xf9, 0x89];
    /// The longest on the wire, filled up to a multiple of 4.
    pub(super) const MAX_LEN: usize = 20;

    /// The option with this cookie, empty to ask for one; `None` if no cookie has that length.
    pub fn new(cookie: &[u8], experimental: bool) -> Option<FastOpen> {
        let fits = cookie.is_empty() || (FastOpen::SIZES.contains(&cookie.len()) && cookie.len().is_multiple_of(2));
        if !fits {
            return None;
        }
        let mut bytes = [0; 16];
        bytes[..cookie.len()].copy_from_slice(cookie);
        Some(FastOpen { bytes, len: cookie.len() as u8, experimental })
    }

    /// The cookie; empty asks for one.
    pub fn cookie(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Writes the option, filled up with no-operations, and returns the length, a multiple of 4.
    pub(super) fn write(&self, buffer: &mut [u8; FastOpen::MAX_LEN]) -> usize {
        let mut at = 2;
        if self.experimental {
            buffer[..2].copy_from_slice(&[254, 4 + self.len]);
            buffer[2..4].copy_from_slice(&FastOpen::MAGIC);
            at = 4;
        } else {
            buffer[..2].copy_from_slice(&[34, 2 + self.len]);
        }
        let end = at + usize::from(self.len);
        buffer[at..end].copy_from_slice(self.cookie());
        let len = end.next_multiple_of(4);
        buffer[end..len].fill(1);
        len
    }
}

impl fmt::Debug for FastOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FastOpen").field("cookie", &self.cookie()).field("experimental", &self.experimental).finish()
    }
}
