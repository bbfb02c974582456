//! The documents' arguments as named runs: each shows one thing, and says in a table what came out.

mod closes;
mod exhaustion;
mod flood;
mod injection;
mod lab;
mod lossy;
mod opens;
mod pool;
mod round_trips;
mod stale;

use base::Seed;
use trace::Trace;

use crate::RunError;

/// A named run that makes a point.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Its name on the command line.
    pub name: &'static str,
    /// A line about it.
    pub title: &'static str,
    /// What it shows, in a few sentences.
    pub about: &'static str,
    /// Where its packets are best watched: the name of a tap.
    pub tap: &'static str,
    play: fn(Seed) -> Result<Played, RunError>,
}

impl Argument {
    /// Plays it from `seed`: the same seed gives the same run.
    ///
    /// # Errors
    /// If one of its runs does not come to an end.
    pub fn play(&self, seed: Seed) -> Result<Played, RunError> {
        (self.play)(seed)
    }
}

/// What came of an argument.
#[derive(Debug)]
pub struct Played {
    /// The telling run, of those that were compared.
    pub trace: Trace,
    /// What came out of all of them.
    pub findings: Findings,
}

/// The outcome of an argument, counted from what happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Findings {
    /// The table's heading.
    pub columns: Vec<&'static str>,
    /// The table, a row a variant.
    pub rows: Vec<Vec<String>>,
    /// What the table says, in words.
    pub verdict: String,
}

/// All of them, in the order in which they are listed.
pub static ARGUMENTS: &[Argument] = &[
    opens::SIMULTANEOUS_OPEN,
    opens::TWO_CONNECTIONS,
    closes::THREE_PACKETS,
    closes::FOUR_PACKETS,
    closes::SIMULTANEOUS,
    exhaustion::PORT_EXHAUSTION,
    round_trips::ROUND_TRIPS,
    pool::POOL,
    lossy::LOSSY,
    stale::STALE_SEGMENT,
    injection::BLIND_INJECTION,
    flood::SYN_FLOOD,
];

/// The argument called `name`.
pub fn find_argument(name: &str) -> Option<&'static Argument> {
    ARGUMENTS.iter().find(|argument| argument.name == name)
}
