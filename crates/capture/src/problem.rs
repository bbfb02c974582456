//! What was wrong with an input and did not end its reading.

use std::borrow::Cow;
use std::fmt;

/// Where in an input something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Place {
    /// A byte offset from the file's start; in a compressed file, from the start of its decompressed content.
    Byte(u64),
    /// A line number, the first is 1.
    Line(u64),
}

/// One thing that was wrong, where, and what was done about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where it was found.
    pub place: Place,
    /// What is wrong there, as a sentence without its full stop.
    pub reason: Cow<'static, str>,
}

/// The problems of one input. At most [`Problems::KEPT`] are kept; the others are counted, so that a file that is wrong
/// everywhere costs no more memory than one that is wrong in places.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    total: u64,
}

impl Problems {
    /// How many problems are kept in full.
    pub const KEPT: usize = 1_000;

    /// The problems that were kept, in the order found.
    pub fn kept(&self) -> &[Problem] {
        &self.kept
    }
    /// How many problems there were, those not kept included.
    pub fn total(&self) -> u64 {
        self.total
    }
    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
    /// Records a problem; `reason` is asked only when it will be kept.
    pub(crate) fn note<S: Into<Cow<'static, str>>>(&mut self, place: Place, reason: impl FnOnce() -> S) {
        self.total += 1;
        if self.kept.len() < Problems::KEPT {
            self.kept.push(Problem { place, reason: reason().into() });
        }
    }
    /// Adds another input's problems after these.
    pub fn append(&mut self, other: Problems) {
        self.total += other.total;
        let room = Problems::KEPT - self.kept.len();
        self.kept.extend(other.kept.into_iter().take(room));
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Byte(n) => write!(f, "at byte {n}"),
            Place::Line(n) => write!(f, "line {n}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}
