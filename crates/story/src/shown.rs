//! A value that a face shows, with how it is known.

use serde::Serialize;
use trace::{Basis, Known, Why};

/// A value and how it is known, as faces show it and as JSON writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Shown<T> {
    /// The value; `None` if it is not known, or if there is none (then `why` says which).
    pub value: Option<T>,
    /// How it is known.
    pub known: How,
    /// What an inference rests on, why a value is not known, or why there is none; empty where nothing needs to be said.
    pub why: &'static str,
}

/// How a value is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// A simulation said so itself.
    Witnessed,
    /// Concluded from packets.
    Inferred,
    /// Not known.
    Unknown,
}

impl<T> Shown<T> {
    /// A simulation said so.
    pub fn witnessed(value: T) -> Shown<T> {
        Shown { value: Some(value), known: How::Witnessed, why: "" }
    }
    /// A simulation says that there is none, and why.
    pub fn none(why: &'static str) -> Shown<T> {
        Shown { value: None, known: How::Witnessed, why }
    }
    /// Concluded from packets.
    pub fn inferred(value: T, basis: Basis) -> Shown<T> {
        Shown { value: Some(value), known: How::Inferred, why: basis_text(basis) }
    }
    /// Not known.
    pub fn unknown(why: Why) -> Shown<T> {
        Shown { value: None, known: How::Unknown, why: why_text(why) }
    }
    /// Not known, for a reason of its own.
    pub fn unknown_since(why: &'static str) -> Shown<T> {
        Shown { value: None, known: How::Unknown, why }
    }
}

impl<T> From<Known<T>> for Shown<T> {
    fn from(known: Known<T>) -> Shown<T> {
        match known {
            Known::Witnessed(value) => Shown::witnessed(value),
            Known::Inferred(value, basis) => Shown::inferred(value, basis),
            Known::Unknown(why) => Shown::unknown(why),
        }
    }
}

/// What an inference rests on, in words.
pub fn basis_text(basis: Basis) -> &'static str {
    match basis {
        Basis::Segments => "from the segments seen so far",
        Basis::MidStream => "the connection was open already when the capture began",
        Basis::Timing => "from the times of packets",
    }
}

/// Why a value is not known, in words.
pub fn why_text(why: Why) -> &'static str {
    match why {
        Why::NotCaptured => "the capture began later",
        Why::Gap => "packets are missing",
        Why::Encrypted => "it is encrypted, and no secret is at hand",
        Why::NotOnTheWire => "nothing in the packets tells",
    }
}
