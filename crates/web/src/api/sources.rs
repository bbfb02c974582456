//! What can be opened, and the knobs that can be turned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Problem;

/// What can be opened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Sources {
    /// The program's version.
    pub version: String,
    /// What the server was started with.
    pub start: Option<Start>,
    /// The scenarios that ship with the program.
    pub scenarios: Vec<Scenario>,
    /// The knobs, in the order in which they are listed.
    pub knobs: Vec<Knob>,
    /// The most bytes of a capture and its key log that are taken.
    pub largest_upload: f64,
    /// The most bytes of a scenario file that are taken.
    pub largest_scenario: f64,
}

/// What the server was started with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Start {
    /// The run, if it could be made.
    pub run: Option<String>,
    /// The URL or scenario; `None` for a capture.
    pub source: Option<String>,
    /// The knobs that were turned.
    pub knobs: BTreeMap<String, String>,
    /// Why it could not be opened.
    pub error: Option<Problem>,
}

/// A scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// A line about it.
    pub title: String,
    /// What it shows, in a few sentences.
    pub about: String,
    /// The URL that it requests.
    pub url: Option<String>,
    /// What sort it is.
    pub kind: ScenarioKind,
    /// Where its knobs stand.
    pub knobs: BTreeMap<String, String>,
}

/// The sorts of scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ScenarioKind {
    /// A request; every knob can be turned.
    Scenario,
    /// Runs that are compared, with a verdict; only the seed can be turned.
    Argument,
}

/// A condition of a run that can be set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Knob {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// The part of the run that it belongs to.
    pub group: String,
    /// What it takes.
    pub kind: KnobKind,
    /// How a number without a unit is read.
    pub unit: Option<String>,
    /// Where it stands for a URL.
    pub default: String,
    /// The least that makes sense.
    pub min: Option<String>,
    /// The most that makes sense.
    pub max: Option<String>,
    /// Good values in order, for a slider.
    pub steps: Vec<String>,
    /// The values of a choice.
    pub choices: Vec<Choice>,
    /// A line of help.
    pub help: String,
    /// The option on the command line.
    pub flag: String,
}

/// What a knob takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum KnobKind {
    /// A whole number of 64 bits, as text.
    Seed,
    /// A span of time.
    Duration,
    /// A rate.
    Rate,
    /// A probability.
    Chance,
    /// A number of bytes.
    Bytes,
    /// A whole number.
    Number,
    /// One of the choices.
    Choice,
    /// `on` or `off`.
    Switch,
    /// A text.
    Text,
    /// Lines of text.
    Lines,
}

/// A value of a choice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Choice {
    /// The value.
    pub value: String,
    /// Its name for people.
    pub label: String,
}
