//! Errors as the page gets them: which input, which place in it, what would help.

use serde::{Deserialize, Serialize};

/// The body of every answer that is an error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ApiError {
    /// What went wrong.
    pub error: Problem,
}

/// What went wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "ApiProblem"))]
pub struct Problem {
    /// The sort of error.
    #[cfg_attr(test, ts(type = "string"))]
    pub code: Code,
    /// The input that is wrong.
    pub input: Option<String>,
    /// The place in it: a knob's name, `byte 1234` of a file, a field.
    pub place: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What would help.
    pub remedy: Option<String>,
}

/// The sorts of error.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The URL cannot be requested.
    BadUrl,
    /// A knob was given what it does not take.
    BadKnob,
    /// The scenario makes no sense.
    BadScenario,
    /// The capture cannot be read, or not to its end.
    BadCapture,
    /// The key log is of no use.
    BadKeys,
    /// The request itself is wrong.
    BadRequest,
    /// There is more than is taken.
    TooLarge,
    /// There is no room for it.
    NoRoom,
    /// It took too long.
    TooSlow,
    /// Too much is under way already.
    TooMany,
    /// There is no such run here.
    UnknownRun,
    /// The run has no such packet.
    UnknownPacket,
    /// The run has no such tap.
    UnknownTap,
    /// There is nothing here.
    NotFound,
    /// This source has no such thing.
    NotAvailable,
    /// The request comes from elsewhere.
    Foreign,
    /// The run does not come to an end.
    RunFailed,
    /// A fault of the program.
    Internal,
}

impl Code {
    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        match self {
            Code::BadUrl | Code::BadKnob | Code::BadScenario | Code::BadCapture | Code::BadKeys | Code::RunFailed => {
                422
            }
            Code::BadRequest => 400,
            Code::TooLarge => 413,
            Code::NoRoom => 507,
            Code::TooSlow => 408,
            Code::TooMany => 503,
            Code::UnknownRun | Code::UnknownPacket | Code::UnknownTap | Code::NotFound | Code::NotAvailable => 404,
            Code::Foreign => 403,
            Code::Internal => 500,
        }
    }
}

impl Problem {
    /// An error without input, place and remedy.
    pub fn new(code: Code, message: impl Into<String>) -> Problem {
        Problem { code, input: None, place: None, message: message.into(), remedy: None }
    }
    /// With the input that is wrong.
    pub fn input(mut self, input: impl Into<String>) -> Problem {
        self.input = Some(input.into());
        self
    }
    /// With the place in the input.
    pub fn place(mut self, place: impl Into<String>) -> Problem {
        self.place = Some(place.into());
        self
    }
    /// With what would help.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Problem {
        self.remedy = Some(remedy.into());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for Problem {}

impl From<Problem> for ApiError {
    fn from(error: Problem) -> ApiError {
        ApiError { error }
    }
}
