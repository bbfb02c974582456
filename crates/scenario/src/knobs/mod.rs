//! The knobs: the conditions of a run that a face lets people turn, declared once for all of them.
//!
//! The command line makes its options from [`KNOBS`], the page its sliders and switches; both turn them by
//! [`Knob::turn`], so that the same text means the same run everywhere.

mod network;
mod request;
mod server;
mod tcp;
mod text;

use std::fmt;

use crate::{Scenario, ScenarioError};
use text::number;

/// A condition of a run that can be set from outside.
#[derive(Clone, Copy, Debug)]
pub struct Knob {
    /// Its name: on the command line `--` stands before it.
    pub name: &'static str,
    /// A letter that is short for it on the command line.
    pub short: Option<char>,
    /// Its name for people.
    pub label: &'static str,
    /// The part of the run that it belongs to.
    pub group: Group,
    /// The key of a scenario file that it sets, dotted.
    pub key: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it takes, in a word of the help: `TIME`.
    pub value_name: &'static str,
    /// A line of help.
    pub help: &'static str,
    /// Good values in order, from little to much, for faces that offer some.
    pub steps: &'static [&'static str],
    get: fn(&Scenario) -> String,
    set: fn(&mut Scenario, &str) -> Result<(), String>,
}

/// The part of a run that a knob belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Group {
    /// The whole run.
    Run,
    /// What lies between client and server.
    Network,
    /// TCP, on both ends.
    Tcp,
    /// What is asked for.
    Request,
    /// What is answered.
    Server,
}

impl Group {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Run => "run",
            Group::Network => "network",
            Group::Tcp => "tcp",
            Group::Request => "request",
            Group::Server => "server",
        }
    }
}

/// What a knob takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The seed: a whole number of 64 bits.
    Seed,
    /// A span of time: `33ms`.
    Duration,
    /// A rate: `100Mbit/s`.
    Rate,
    /// A probability: `1%`.
    Chance,
    /// A number of bytes: `64k`.
    Bytes,
    /// A whole number from the first to the second, both included.
    Number(u64, u64),
    /// One of these, each with its name for people.
    Choice(&'static [(&'static str, &'static str)]),
    /// `on` or `off`.
    Switch,
    /// Any text.
    Text,
    /// Lines of text; on the command line, given once for each.
    Lines,
}

/// Why a knob cannot be turned so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnobError {
    /// The knob's name; as it was given, if there is no such knob.
    pub knob: String,
    /// The text that it was to take.
    pub input: String,
    /// What is wrong.
    pub reason: String,
    /// What would be right, where the reason does not say.
    pub remedy: Option<String>,
}

impl fmt::Display for KnobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{}: {}", self.knob, self.reason)
    }
}
impl std::error::Error for KnobError {}

impl Knob {
    /// Turns it: `text` is read as on the command line.
    ///
    /// # Errors
    /// If the text is not what the knob takes. Whether the value makes sense, [`Scenario::check`] says.
    pub fn turn(&self, scenario: &mut Scenario, text: &str) -> Result<(), KnobError> {
        let wrong = |reason: String| KnobError {
            knob: self.name.to_owned(),
            input: text.to_owned(),
            reason,
            remedy: (self.kind == Kind::Lines).then(|| "write it like Accept: text/html".to_owned()),
        };
        (self.set)(scenario, text).map_err(wrong)
    }

    /// Where the knob stands in a scenario: a text that [`Knob::turn`] reads as the same value.
    pub fn value(&self, scenario: &Scenario) -> String {
        (self.get)(scenario)
    }
}

/// The knob called `name`.
pub fn find_knob(name: &str) -> Option<&'static Knob> {
    KNOBS.iter().find(|knob| knob.name == name)
}

/// The knob that a wrong value belongs to, if one sets its key.
pub fn knob_of(error: &ScenarioError) -> Option<&'static Knob> {
    match error {
        ScenarioError::Value { key, .. } => KNOBS.iter().find(|knob| knob.key == *key),
        ScenarioError::Toml(_) | ScenarioError::Url(_) => None,
    }
}

/// All knobs, in the order in which they are listed.
pub static KNOBS: &[Knob] = &{
    const PARTS: [&[Knob]; 5] = [RUN, network::KNOBS, tcp::KNOBS, request::KNOBS, server::KNOBS];
    const COUNT: usize =
        RUN.len() + network::KNOBS.len() + tcp::KNOBS.len() + request::KNOBS.len() + server::KNOBS.len();
    let mut all = [RUN[0]; COUNT];
    let (mut part, mut next) = (0, 0);
    while part < PARTS.len() {
        let these = PARTS[part];
        all.split_at_mut(next).1.split_at_mut(these.len()).0.copy_from_slice(these);
        next += these.len();
        part += 1;
    }
    all
};

/// Those of the whole run.
const RUN: &[Knob] = &[Knob {
    name: "seed",
    short: None,
    label: "Seed",
    group: Group::Run,
    key: "seed",
    kind: Kind::Seed,
    value_name: "N",
    help: "The seed: the same seed gives the same bytes [default: 1].",
    steps: &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
    get: |scenario| scenario.seed.to_string(),
    set: |scenario, text| number(text, 0, u64::MAX, &mut scenario.seed),
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knob_reads_what_it_says() {
        for built_in in crate::BUILT_IN {
            let scenario = built_in.scenario();
            for knob in KNOBS {
                let value = knob.value(&scenario);
                let mut other = scenario.clone();
                knob.turn(&mut other, &value).unwrap_or_else(|error| panic!("{}: {error}", built_in.name));
                assert_eq!(knob.value(&other), value, "{}", knob.name);
            }
        }
    }

    #[test]
    fn every_step_is_a_value_that_makes_sense_and_differs_from_the_next() {
        for knob in KNOBS {
            let mut seen = Vec::new();
            for step in knob.steps {
                let mut scenario = Scenario::for_url("https://www.example.com/").unwrap();
                knob.turn(&mut scenario, step).unwrap();
                scenario.check().unwrap();
                let value = knob.value(&scenario);
                assert!(!seen.contains(&value), "{} {step}", knob.name);
                seen.push(value);
            }
            assert!(!knob.help.is_empty() && knob.help.ends_with('.'), "{}", knob.name);
        }
    }

    #[test]
    fn a_wrong_value_names_its_knob() {
        let mut scenario = Scenario::for_url("https://www.example.com/").unwrap();
        let turn = |scenario: &mut Scenario, name: &str, text: &str| {
            let error = find_knob(name).unwrap().turn(scenario, text).unwrap_err();
            assert_eq!((error.knob.as_str(), error.input.as_str()), (name, text));
            error.to_string()
        };
        assert!(turn(&mut scenario, "rtt", "33 parsecs").starts_with("--rtt: `33 parsecs` is not a duration"));
        assert!(turn(&mut scenario, "sack", "maybe").contains("neither on nor off"));
        assert!(turn(&mut scenario, "drop-up", "3,0").contains("counted from 1"));
        assert!(turn(&mut scenario, "tls", "1.1").contains("neither 1.3 nor 1.2"));
        assert!(turn(&mut scenario, "mtu", "70000").contains("whole number"));
        assert!(turn(&mut scenario, "header", "nonsense").contains("no colon"));
        find_knob("mtu").unwrap().turn(&mut scenario, "20").unwrap();
        let error = scenario.check().unwrap_err();
        assert_eq!(knob_of(&error).map(|knob| knob.name), Some("mtu"));
    }
}
