//! Sequence numbers: 32 bits that wrap.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A TCP sequence number (RFC 9293 §3.4). All comparison is modulo 2^32, so there is no `Ord`: which of two comes first
/// is a question of a window, and [`Seq::before`] and its kin answer it for numbers less than 2^31 apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Seq(pub u32);

impl Seq {
    /// Whether this number comes before `other`.
    pub const fn before(self, other: Seq) -> bool {
        (self.0.wrapping_sub(other.0) as i32) < 0
    }
    /// Whether this number comes after `other`.
    pub const fn after(self, other: Seq) -> bool {
        other.before(self)
    }
    /// Whether this number is `other` or comes before it.
    pub const fn at_or_before(self, other: Seq) -> bool {
        !other.before(self)
    }
    /// Whether this number is `other` or comes after it.
    pub const fn at_or_after(self, other: Seq) -> bool {
        !self.before(other)
    }
    /// Whether this number stands in the window of `len` numbers that starts at `start`.
    pub const fn in_window(self, start: Seq, len: u32) -> bool {
        self.0.wrapping_sub(start.0) < len
    }
    /// How many numbers lie from `earlier` to this one, modulo 2^32.
    pub const fn distance(self, earlier: Seq) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }
    /// The later of two.
    pub const fn max(self, other: Seq) -> Seq {
        if self.before(other) { other } else { self }
    }
    /// The earlier of two.
    pub const fn min(self, other: Seq) -> Seq {
        if other.before(self) { other } else { self }
    }
}

impl Add<u32> for Seq {
    type Output = Seq;
    fn add(self, n: u32) -> Seq {
        Seq(self.0.wrapping_add(n))
    }
}
impl AddAssign<u32> for Seq {
    fn add_assign(&mut self, n: u32) {
        *self = *self + n;
    }
}
impl Sub<u32> for Seq {
    type Output = Seq;
    fn sub(self, n: u32) -> Seq {
        Seq(self.0.wrapping_sub(n))
    }
}
impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Debug for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_survives_the_wrap() {
        let old = Seq(0xffff_fff0);
        let new = old + 0x20;
        assert_eq!(new, Seq(0x10));
        assert!(old.before(new) && new.after(old) && !new.before(old));
        assert_eq!(new.distance(old), 0x20);
        assert!(new.in_window(old, 0x21) && !new.in_window(old, 0x20));
        assert_eq!(old.max(new), new);
    }
}
