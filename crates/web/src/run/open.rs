//! Opens a source: checks what was asked for before anything runs, then runs or reads it.

use base::Seed;
use scenario::{Argument, MAX_FILE, RunError, Scenario, ScenarioError, find_argument, find_knob, knob_of, place_of};
use story::{Story, TapChoice};

use super::worker::Report;
use super::{Subject, Workshop};
use crate::api::{Code, Problem, RunRequest};

/// The largest body that a simulation asked for by a browser may have: 64 MB. The command line has the larger ones.
pub const MAX_BODY: u64 = 64_000_000;
/// Characters of a scenario file's line that are repeated.
const MAX_LINE: usize = 120;

/// A simulation that has been checked.
#[derive(Debug)]
pub struct Plan {
    request: RunRequest,
    what: What,
}

#[derive(Debug)]
enum What {
    Request(Box<Scenario>),
    Argument(&'static Argument, u64),
}

impl Plan {
    /// Checks a request.
    ///
    /// # Errors
    /// If the URL cannot be requested, or a knob is not there or was given what it does not take: the error names it.
    pub fn new(request: RunRequest) -> Result<Plan, Problem> {
        let source = request.source.trim();
        let what = match find_argument(source).filter(|_| request.file.is_none()) {
            Some(argument) => What::Argument(argument, seed_alone(argument, &request)?),
            None => What::Request(Box::new(turned(source, &request)?)),
        };
        Ok(Plan { request, what })
    }

    /// Runs it.
    ///
    /// # Errors
    /// If it does not come to an end.
    pub fn run(self, report: &Report) -> Result<Workshop, Problem> {
        report.progress("simulating", 0.0, None);
        let failed = |error: RunError| match error {
            RunError::Scenario(error) => wrong(&self.request, error),
            other => Problem::new(Code::RunFailed, other.to_string()),
        };
        let (subject, trace, tap) = match &self.what {
            What::Request(scenario) => {
                let run = scenario::run(scenario).map_err(failed)?;
                let subject = Subject::request(&self.request, scenario, &run.url, &run.outcome);
                (subject, run.trace, TapChoice::Client)
            }
            What::Argument(argument, seed) => {
                let played = argument.play(Seed(*seed)).map_err(failed)?;
                let subject = Subject::argument(argument, *seed, &self.request.knobs, &played.findings);
                (subject, played.trace, TapChoice::Named(argument.tap.to_owned()))
            }
        };
        report.progress("reading the packets", 0.0, Some(trace.frames.len() as f64));
        let story = Story::from_trace(trace, tap).map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
        Ok(Workshop::new(subject, story, None))
    }
}

/// The seed, the only knob that an argument takes.
fn seed_alone(argument: &Argument, request: &RunRequest) -> Result<u64, Problem> {
    let mut seed = 1;
    for (name, value) in &request.knobs {
        if name != "seed" {
            let message = format!("{} sets its own conditions: they are what it compares", argument.name);
            let problem = Problem::new(Code::BadKnob, message).input(value.as_str()).place(name.as_str());
            return Err(problem.remedy("turn the seed alone, or choose another scenario"));
        }
        seed = value.trim().parse().map_err(|_| {
            let message = format!("`{value}` is not a whole number of 64 bits");
            Problem::new(Code::BadKnob, message).input(value.as_str()).place("seed")
        })?;
    }
    Ok(seed)
}

/// The scenario with its knobs turned.
fn turned(source: &str, request: &RunRequest) -> Result<Scenario, Problem> {
    let wrong = |error| wrong(request, error);
    let mut scenario = match (&request.file, scenario::find(source)) {
        (Some(file), _) if file.len() as u64 > MAX_FILE => {
            let message = format!("a scenario file has at most {MAX_FILE} bytes");
            return Err(Problem::new(Code::TooLarge, message).input(source));
        }
        (Some(file), _) => Scenario::parse(file).map_err(wrong)?,
        (None, Some(built_in)) => built_in.scenario(),
        (None, None) => Scenario::for_url(source).map_err(wrong)?,
    };
    for (name, value) in &request.knobs {
        let Some(knob) = find_knob(name) else {
            let problem = Problem::new(Code::BadKnob, format!("there is no knob `{name}`")).place(name.as_str());
            let names: Vec<&str> = scenario::KNOBS.iter().map(|knob| knob.name).collect();
            return Err(problem.remedy(format!("the knobs are {}", names.join(", "))));
        };
        knob.turn(&mut scenario, value).map_err(|error| Problem {
            code: Code::BadKnob,
            input: Some(error.input),
            place: Some(error.knob),
            message: error.reason,
            remedy: error.remedy,
        })?;
    }
    scenario.check().map_err(wrong)?;
    let page = &scenario.server.page;
    let size = page.size.or(page.response_size).map_or(0, |size| size.0);
    let files = page.file_size.0.saturating_mul(page.files.into());
    for (key, bytes, what) in [("server.page.size", size, "a body has"), ("server.page.files", files, "all files have")]
    {
        if bytes > MAX_BODY {
            let reason = format!("on the page {what} at most {MAX_BODY} bytes; the command line takes up to 1 GiB");
            return Err(wrong(ScenarioError::Value { key, value: bytes.to_string(), reason }));
        }
    }
    Ok(scenario)
}

/// What is wrong with what was asked for: a knob that was turned, a place in a scenario file, or the URL.
fn wrong(request: &RunRequest, error: ScenarioError) -> Problem {
    let knob = knob_of(&error).filter(|knob| request.file.is_none() || request.knobs.contains_key(knob.name));
    if let (Some(file), None) = (&request.file, knob) {
        let what = match &error {
            ScenarioError::Toml(mistake) => mistake.message.clone(),
            other => other.to_string(),
        };
        let name = &request.source;
        let problem = Problem::new(Code::BadScenario, format!("{name}: {what}")).input(name.as_str());
        let Some(place) = place_of(file, &error) else { return problem };
        let line: String = place.line_of(file).chars().take(MAX_LINE).collect();
        return problem.place(place.to_string()).remedy(format!("line {} reads: {line}", place.line));
    }
    match error {
        ScenarioError::Url(error) => Problem {
            code: Code::BadUrl,
            message: error.to_string(),
            input: Some(error.input),
            place: None,
            remedy: Some(error.remedy),
        },
        ScenarioError::Toml(mistake) => Problem::new(Code::BadScenario, mistake.message),
        ScenarioError::Value { key, value, reason } => Problem {
            code: if knob.is_some() { Code::BadKnob } else { Code::BadScenario },
            input: Some(value),
            place: Some(knob.map_or(key, |knob| knob.name).to_owned()),
            message: reason,
            remedy: None,
        },
    }
}
