//! Which way a packet went past the interface that saw it.

use std::fmt;

/// Which way a packet went, as seen by the capturing interface (pcapng: bits 0 and 1 of epb_flags).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// The interface received it.
    Inbound,
    /// The interface sent it.
    Outbound,
}

impl Direction {
    /// From the two lowest bits of a flags word: 1 is inbound, 2 is outbound, anything else says nothing.
    pub const fn from_flags(flags: u32) -> Option<Direction> {
        match flags & 3 {
            1 => Some(Direction::Inbound),
            2 => Some(Direction::Outbound),
            _ => None,
        }
    }
    /// The two lowest bits of a flags word.
    pub const fn to_flags(self) -> u32 {
        match self {
            Direction::Inbound => 1,
            Direction::Outbound => 2,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        })
    }
}
