//! What came of a script.

use std::fmt;

use base::Duration;
use trace::Trace;

/// What came of a script.
#[derive(Clone, Debug)]
pub struct Report {
    /// The script's name.
    pub file: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Packets that went either way.
    pub packets: usize,
    /// How long it took in the simulated world.
    pub took: Duration,
    /// What the script printed.
    pub printed: Vec<String>,
    /// Everything that happened; empty if the run never began.
    pub trace: Trace,
}

/// Whether the stack does what a script says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It does.
    Passed,
    /// It does not.
    Failed(Mismatch),
    /// The script asks for something that does not exist here.
    Unsupported(Place, String),
    /// The script breaks the rules of the language.
    Invalid(Place, String),
}

/// A place in a script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The script's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1; 0 for all of the line.
    pub column: usize,
}

/// What a script says and the stack does not do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// The line that says it.
    pub place: Place,
    /// The line's text.
    pub line: String,
    /// The field that differs, or what else is wrong.
    pub what: String,
    /// The packets that were expected and that came, side by side; empty where it is not about packets.
    pub sides: Option<(String, String)>,
    /// The packets before, a line each.
    pub ladder: Vec<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.column > 0 { write!(f, ":{}", self.column) } else { Ok(()) }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.place, self.what)?;
        writeln!(f, "  script    {}", self.line)?;
        if let Some((expected, actual)) = &self.sides {
            writeln!(f, "  expected  {expected}")?;
            writeln!(f, "  actual    {actual}")?;
        }
        if !self.ladder.is_empty() {
            writeln!(f, "  so far")?;
        }
        self.ladder.iter().try_for_each(|line| writeln!(f, "    {line}"))
    }
}
