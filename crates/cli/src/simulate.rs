//! `simulate`: a scenario or a URL, run and shown.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use scenario::{Outcome, Run, Scenario, ScenarioError, UrlError, UrlParts};
use story::{Story, TapChoice};
use web::{Subject, Workshop};

use crate::args::{Knobs, Simulate};
use crate::error::{Error, Kind};
use crate::{argument, choice, output, show, summary};

/// The largest scenario file that is read.
const MAX_FILE: u64 = 1 << 20;

/// Runs what was asked for and prints it.
pub fn run(out: &mut impl Write, args: &Simulate) -> Result<ExitCode, Error> {
    choice::check(&args.view)?;
    if let Some(argument) = argument::named(args) {
        return argument::run(out, args, argument);
    }
    let (scenario, run) = play(args)?;
    let Run { trace, url, outcome, .. } = run;
    let tap = match args.view.tap.as_deref() {
        None => TapChoice::Client,
        Some("all") => TapChoice::All,
        Some(name) => TapChoice::Named(name.to_owned()),
    };
    let story = Story::from_trace(trace, tap).map_err(|error| Error::usage(error.to_string()))?;
    let source = args.scenario.as_ref().or(args.target.as_ref()).map_or("", String::as_str);
    let subject = Subject::request(source, &args.knobs.map(), &scenario, &url, &outcome);
    let workshop = Workshop::new(subject, story, None);
    let top = summary::Top::Request(summary::Request { scenario: &scenario, url: &url, outcome: &outcome });
    let chosen = choice::packets(workshop.story(), &args.view)?;
    show(out, &workshop, &args.view, chosen.as_deref(), Some(&top))?;
    output::write(&workshop, &args.view, chosen.as_deref())?;
    Ok(ExitCode::from(if matches!(outcome, Outcome::Failed(_)) { 1 } else { 0 }))
}

/// The run that the arguments name, under their conditions.
fn play(args: &Simulate) -> Result<(Scenario, Run), Error> {
    let mut scenario = choose(args)?;
    turn(&mut scenario, &args.knobs)?;
    scenario.check().map_err(from_scenario)?;
    let run = scenario::run(&scenario).map_err(|error| match error {
        scenario::RunError::Scenario(error) => from_scenario(error),
        other => Error { kind: Kind::Failed, message: other.to_string(), remedy: None },
    })?;
    Ok((scenario, run))
}

/// The story of the run that the arguments name, as its client saw it.
pub fn story(args: &Simulate) -> Result<Story, Error> {
    if let Some(argument) = argument::named(args) {
        return argument::story(args, argument);
    }
    let (_, run) = play(args)?;
    Story::from_trace(run.trace, TapChoice::Client).map_err(|error| Error::usage(error.to_string()))
}

/// The scenario that the arguments name.
fn choose(args: &Simulate) -> Result<Scenario, Error> {
    match (&args.scenario, &args.target) {
        (Some(name), target) => {
            let mut scenario = named(name)?;
            if let Some(url) = target {
                scenario.request.url = UrlParts::parse(url).map_err(from_url)?.href;
                // The address that the file gives belongs to the file's own host.
                scenario.server.address = None;
            }
            Ok(scenario)
        }
        (None, Some(target)) => match scenario::find(target) {
            Some(built_in) => Ok(built_in.scenario()),
            None => Scenario::for_url(target).map_err(from_scenario),
        },
        (None, None) => Err(Error::usage("there is nothing to simulate")
            .remedy("name a URL or a scenario: wirescope https://www.example.com/")),
    }
}

fn named(name: &str) -> Result<Scenario, Error> {
    if let Some(built_in) = scenario::find(name) {
        return Ok(built_in.scenario());
    }
    let path = Path::new(name);
    if path.extension().is_none() && !path.exists() {
        let mut known: Vec<&str> = scenario::BUILT_IN.iter().map(|built_in| built_in.name).collect();
        known.extend(scenario::ARGUMENTS.iter().map(|argument| argument.name));
        return Err(Error::usage(format!("there is no scenario `{name}`"))
            .remedy(format!("built in are {}; or name a TOML file", known.join(", "))));
    }
    let unreadable = |error: std::io::Error| Error::input(format!("cannot read {name}: {error}"));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE {
        return Err(Error::input(format!("{name} is too large for a scenario ({size} bytes)")));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    Scenario::parse(&text).map_err(|error| {
        let mut error = from_scenario(error);
        error.message = format!("{name}: {}", error.message);
        error
    })
}

fn from_scenario(error: ScenarioError) -> Error {
    match error {
        ScenarioError::Url(error) => from_url(error),
        other => Error::usage(other.to_string()),
    }
}

fn from_url(error: UrlError) -> Error {
    Error::usage(error.to_string()).remedy(error.remedy)
}

/// Sets what the knobs say.
fn turn(scenario: &mut Scenario, knobs: &Knobs) -> Result<(), Error> {
    for (knob, text) in &knobs.turned {
        knob.turn(scenario, text).map_err(|error| Error {
            kind: Kind::Usage,
            message: error.to_string(),
            remedy: error.remedy,
        })?;
    }
    Ok(())
}
