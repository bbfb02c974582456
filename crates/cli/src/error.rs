//! Errors: what was wrong, where, and what to do. And the exit code that says so to a script.

use std::fmt;
use std::process::ExitCode;

/// Why the program ends without having done what was asked.
#[derive(Debug)]
pub struct Error {
    /// Which kind: decides the exit code.
    pub kind: Kind,
    /// The input and what is wrong with it.
    pub message: String,
    /// What would help, if we know.
    pub remedy: Option<String>,
}

/// Whose error it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The request failed: exit code 1.
    Failed,
    /// Wrong use: exit code 2.
    Usage,
    /// Unreadable input or unwritable output: exit code 3.
    Input,
    /// Whoever reads our output has stopped reading: no error.
    ClosedPipe,
}

impl Error {
    /// Wrong use.
    pub fn usage(message: impl Into<String>) -> Error {
        Error { kind: Kind::Usage, message: message.into(), remedy: None }
    }
    /// Unreadable input.
    pub fn input(message: impl Into<String>) -> Error {
        Error { kind: Kind::Input, message: message.into(), remedy: None }
    }
    /// With a remedy.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Error {
        self.remedy = Some(remedy.into());
        self
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::ClosedPipe => 0,
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Input => 3,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "\n  help: {remedy}")?;
        }
        Ok(())
    }
}

/// Writing to standard output failed: the reader may have gone.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        let kind = if error.kind() == std::io::ErrorKind::BrokenPipe { Kind::ClosedPipe } else { Kind::Input };
        Error { kind, message: format!("cannot write: {error}"), remedy: None }
    }
}
