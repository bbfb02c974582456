//! Two runs side by side: aligned by what happened, with the differences in words.

mod milestones;
mod words;

pub use milestones::{Digest, Milestone, PhaseTime};

use serde::Serialize;

use crate::Story;

/// What is different between two runs, A and B.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Comparison {
    /// The differences in words, the most telling first.
    pub sentences: Vec<Sentence>,
    /// What happened in either, with its time in both.
    pub milestones: Vec<Aligned>,
    /// The phases of either, with how long they took in both.
    pub phases: Vec<PhasePair>,
    /// Figures of both.
    pub counts: Vec<Count>,
}

/// A difference in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Sentence {
    /// The words.
    pub text: String,
    /// The time that it speaks of, in A.
    pub a_ns: Option<i64>,
    /// In B.
    pub b_ns: Option<i64>,
    /// The phase or milestone that it is about; empty for figures.
    pub phase: String,
}

/// Something that happened in A, in B or in both. Times count from the run's own beginning.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Aligned {
    /// Its id: `first_byte`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// When, in A.
    pub a_ns: Option<i64>,
    /// When, in B.
    pub b_ns: Option<i64>,
    /// How much later in B.
    pub later_ns: Option<i64>,
    /// The packet in A with which it happened.
    pub a_packet: Option<u32>,
    /// In B.
    pub b_packet: Option<u32>,
}

/// A phase in both runs.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PhasePair {
    /// Its name.
    pub name: &'static str,
    /// How long it took in A; 0 if it does not occur.
    pub a_ns: i64,
    /// In B.
    pub b_ns: i64,
    /// Derived: how many round trips of its path in A, in thousandths.
    pub a_milli_round_trips: Option<i64>,
    /// In B.
    pub b_milli_round_trips: Option<i64>,
}

/// A figure of both runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Count {
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// In A; `None` if it is not known.
    pub a: Option<u64>,
    /// In B.
    pub b: Option<u64>,
}

impl Story {
    /// What a comparison needs of this run: owned, so that it can go to another thread.
    pub fn digest(&self) -> Digest {
        milestones::digest(self)
    }
}

/// Compares two runs.
pub fn compare(a: &Digest, b: &Digest) -> Comparison {
    let milestones = milestones::ALL.iter().filter_map(|(id, name)| {
        let (in_a, in_b) = (a.milestone(id), b.milestone(id));
        if in_a.is_none() && in_b.is_none() {
            return None;
        }
        let times = in_a.zip(in_b);
        Some(Aligned {
            id,
            name,
            a_ns: in_a.map(|one| one.at_ns),
            b_ns: in_b.map(|one| one.at_ns),
            later_ns: times.map(|(a, b)| b.at_ns - a.at_ns),
            a_packet: in_a.and_then(|one| one.packet),
            b_packet: in_b.and_then(|one| one.packet),
        })
    });
    let phases = words::names(a, b).into_iter().map(|name| {
        let (in_a, in_b) = (a.phase(name), b.phase(name));
        PhasePair {
            name,
            a_ns: in_a.map_or(0, |phase| phase.ns),
            b_ns: in_b.map_or(0, |phase| phase.ns),
            a_milli_round_trips: in_a.and_then(PhaseTime::milli_round_trips),
            b_milli_round_trips: in_b.and_then(PhaseTime::milli_round_trips),
        }
    });
    let counts = a.counts.iter().zip(&b.counts).map(|(a, b)| Count { id: a.0, name: a.1, a: a.2, b: b.2 });
    Comparison {
        sentences: words::sentences(a, b),
        milestones: milestones.collect(),
        phases: phases.collect(),
        counts: counts.collect(),
    }
}
