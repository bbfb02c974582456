//! Where a decoder's findings go: nowhere ([`Silent`]) or into a record of every bit ([`crate::Record`]).

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use crate::{Field, MacAddr};

/// Receives what a decoder finds, in order. Bit ranges count from the start of the sink's buffer.
///
/// Leaves tile: a decoder emits each bit in exactly one leaf, first to last. [`crate::Reader`] sees to that.
pub trait Sink {
    /// Whether anything is kept. A decoder may skip work that only a record needs.
    const RECORDS: bool;

    /// A group of fields opens at bit `at`.
    fn open(&mut self, group: &'static Field, at: usize);
    /// The bits `bits` are the field `field` with the value `value`.
    fn leaf(&mut self, field: &'static Field, bits: Range<usize>, value: Value<'_>);
    /// What the members of the innermost open group amount to together: the name that a chain of labels spells.
    fn group_value(&mut self, _value: Value<'_>) {}
    /// The group opened last ends before bit `at`.
    fn close(&mut self, at: usize);
    /// A remark on the leaf or group emitted last.
    fn note(&mut self, note: Note);
    /// The input breaks the format. A sink that stops returns the error; one that goes on remembers it and returns
    /// `Ok`, and the decoder continues where it can.
    fn malformed(&mut self, error: Malformed) -> Result<(), Malformed>;
}

/// A decoded value, borrowed from the input where it can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'a> {
    /// The bytes themselves are the value (they stand in the buffer).
    Raw,
    /// A number, a code or a flag.
    Uint(u64),
    /// A hardware address.
    Mac(MacAddr),
    /// A network address.
    Ip(IpAddr),
    /// Text that differs from the bytes on the wire (a decompressed DNS name, an unescaped string).
    Text(&'a str),
}

/// A remark of the decoder on what it just emitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Note {
    /// The checksum was computed and is right.
    ChecksumOk,
    /// The checksum was computed and is wrong: it should be this.
    ChecksumBad(u16),
    /// The checksum could not be verified, for this reason (the packet was cut short, it is a fragment, ...).
    ChecksumUnverified(&'static str),
    /// A value derived from the wire's own, e.g. the window after scaling.
    Derived(&'static str, u64),
    /// Something worth a sentence, e.g. a field that should be zero and is not.
    Remark(&'static str),
}

/// The input breaks a format: where, and how.
#[derive(Clone, Copy)]
pub struct Malformed {
    /// The field that could not be read, or whose value cannot be.
    pub field: &'static Field,
    /// The bit where it stands, counted from the start of the sink's buffer.
    pub at: usize,
    /// What is wrong, as a clause: `is cut short`.
    pub what: &'static str,
}

impl PartialEq for Malformed {
    fn eq(&self, other: &Malformed) -> bool {
        self.field.id == other.field.id && self.at == other.at && self.what == other.what
    }
}
impl Eq for Malformed {}
impl fmt::Debug for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
/// E.g. `tcp.option.length at byte 34 is less than 2`.
impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} {}", self.field.id, self.at / 8, self.what)
    }
}
impl std::error::Error for Malformed {}

/// The stack's sink: keeps nothing and stops at the first error.
#[derive(Clone, Copy, Default, Debug)]
pub struct Silent;

impl Sink for Silent {
    const RECORDS: bool = false;
    #[inline(always)]
    fn open(&mut self, _: &'static Field, _: usize) {}
    #[inline(always)]
    fn leaf(&mut self, _: &'static Field, _: Range<usize>, _: Value<'_>) {}
    #[inline(always)]
    fn close(&mut self, _: usize) {}
    #[inline(always)]
    fn note(&mut self, _: Note) {}
    #[inline(always)]
    fn malformed(&mut self, error: Malformed) -> Result<(), Malformed> {
        Err(error)
    }
}
