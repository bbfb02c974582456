//! What is wrong with a script: where, and what would help.

use std::fmt;

/// A stretch of a script's text: byte offsets.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// From the start of this one to the end of `other`.
    pub(crate) fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }
    /// Line and column of its first byte in `source`, both from 1; columns count characters.
    pub fn place(self, source: &str) -> (usize, usize) {
        let before = source.get(..self.start).unwrap_or(source);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        (line, column)
    }
}

/// Why a script cannot be run at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It breaks the language's rules.
    Invalid,
    /// It is in order, but asks for something that this interpreter or the stack does not have.
    Unsupported,
}

/// A script that cannot be run, with the place and the remedy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScriptError {
    /// The script's name, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// Whose fault it is.
    pub fault: Fault,
    /// What is wrong.
    pub message: String,
    /// What would help, if that is known.
    pub remedy: Option<String>,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            Fault::Invalid => "",
            Fault::Unsupported => "unsupported: ",
        };
        write!(f, "{}:{}:{}: {what}{}", self.file, self.line, self.column, self.message)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  help: {remedy}"),
            None => Ok(()),
        }
    }
}
impl std::error::Error for ScriptError {}

/// An error that does not know yet which file it is in.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) span: Span,
    pub(crate) fault: Fault,
    pub(crate) message: String,
    pub(crate) remedy: Option<String>,
}

impl Problem {
    pub(crate) fn invalid(span: Span, message: impl Into<String>) -> Problem {
        Problem { span, fault: Fault::Invalid, message: message.into(), remedy: None }
    }
    pub(crate) fn unsupported(span: Span, message: impl Into<String>) -> Problem {
        Problem { span, fault: Fault::Unsupported, message: message.into(), remedy: None }
    }
    pub(crate) fn help(mut self, remedy: impl Into<String>) -> Problem {
        self.remedy = Some(remedy.into());
        self
    }
    pub(crate) fn located(self, file: &str, source: &str) -> ScriptError {
        let (line, column) = self.span.place(source);
        let Problem { fault, message, remedy, .. } = self;
        ScriptError { file: file.to_owned(), line, column, fault, message, remedy }
    }
}
