//! How a shown value is known.

/// A value with how it is known: seen as it happened, inferred from packets, or not known at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known<T> {
    /// A simulation said so itself.
    Witnessed(T),
    /// Concluded from packets.
    Inferred(T, Basis),
    /// Not known, and why.
    Unknown(Why),
}

/// What an inference rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// The flags and numbers of the segments seen so far.
    Segments,
    /// The connection was already open when the capture began: its beginning is assumed.
    MidStream,
    /// The time between two packets.
    Timing,
}

/// Why a value is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// The capture began later.
    NotCaptured,
    /// Packets are missing.
    Gap,
    /// It is encrypted and no secret is at hand.
    Encrypted,
    /// Nothing in the packets tells.
    NotOnTheWire,
}

impl<T> Known<T> {
    /// The value, however it is known.
    pub fn value(&self) -> Option<&T> {
        match self {
            Known::Witnessed(value) | Known::Inferred(value, _) => Some(value),
            Known::Unknown(_) => None,
        }
    }
}
