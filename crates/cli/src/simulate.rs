//! `simulate`: a scenario or a URL, run and shown.

use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;

use scenario::{Outcome, Run, Scenario, ScenarioError, UrlError, UrlParts};
use story::{Story, TapChoice};
use web::api::RunRequest;
use web::{Subject, Workshop};

use crate::args::{Knobs, Simulate};
use crate::error::{Error, Kind};
use crate::input::unreadable;
use crate::{argument, choice, output, show, summary};

/// Runs what was asked for and prints it.
pub fn run(out: &mut impl Write, args: &Simulate) -> Result<ExitCode, Error> {
    choice::check(&args.view)?;
    if let Some(argument) = argument::named(args) {
        return argument::run(out, args, argument);
    }
    let Played { scenario, file, run } = play(args)?;
    let Run { trace, url, outcome, .. } = run;
    let tap = match args.view.tap.as_deref() {
        None => TapChoice::Client,
        Some("all") => TapChoice::All,
        Some(name) => TapChoice::Named(name.to_owned()),
    };
    let story = Story::from_trace(trace, tap).map_err(|error| Error::usage(error.to_string()))?;
    let source = args.scenario.as_ref().or(args.target.as_ref()).cloned().unwrap_or_default();
    let asked = RunRequest { source, knobs: args.knobs.map(), file };
    let subject = Subject::request(&asked, &scenario, &url, &outcome);
    let workshop = Workshop::new(subject, story, None);
    let top = summary::Top::Request(summary::Request { scenario: &scenario, url: &url, outcome: &outcome });
    let chosen = choice::packets(workshop.story(), &args.view)?;
    show(out, &workshop, &args.view, chosen.as_deref(), Some(&top))?;
    output::write(&workshop, &args.view, chosen.as_deref())?;
    Ok(ExitCode::from(if matches!(outcome, Outcome::Failed(_)) { 1 } else { 0 }))
}

/// What was run, and what came of it.
struct Played {
    scenario: Scenario,
    /// The text of the file that it was read from.
    file: Option<String>,
    run: Run,
}

/// The run that the arguments name, under their conditions.
fn play(args: &Simulate) -> Result<Played, Error> {
    let (mut scenario, file) = choose(args)?;
    turn(&mut scenario, &args.knobs)?;
    scenario.check().map_err(from_scenario)?;
    let run = scenario::run(&scenario).map_err(|error| match error {
        scenario::RunError::Scenario(error) => from_scenario(error),
        other => Error { kind: Kind::Failed, message: other.to_string(), remedy: None },
    })?;
    Ok(Played { scenario, file, run })
}

/// The story of the run that the arguments name, as its client saw it.
pub fn story(args: &Simulate) -> Result<Story, Error> {
    if let Some(argument) = argument::named(args) {
        return argument::story(args, argument);
    }
    let Played { run, .. } = play(args)?;
    Story::from_trace(run.trace, TapChoice::Client).map_err(|error| Error::usage(error.to_string()))
}

/// The scenario that the arguments name, and the text of its file.
fn choose(args: &Simulate) -> Result<(Scenario, Option<String>), Error> {
    let scenario = match (&args.scenario, &args.target) {
        (Some(name), target) => {
            let (mut scenario, file) = named(name)?;
            if let Some(url) = target {
                scenario.request.url = UrlParts::parse(url).map_err(from_url)?.href;
                // The address that the file gives belongs to the file's own host.
                scenario.server.address = None;
            }
            return Ok((scenario, file));
        }
        (None, Some(target)) => match scenario::find(target) {
            Some(built_in) => built_in.scenario(),
            None => Scenario::for_url(target).map_err(from_scenario)?,
        },
        (None, None) => {
            return Err(Error::usage("there is nothing to simulate")
                .remedy("name a URL or a scenario: wirescope https://www.example.com/"));
        }
    };
    Ok((scenario, None))
}

fn named(name: &str) -> Result<(Scenario, Option<String>), Error> {
    if let Some(built_in) = scenario::find(name) {
        return Ok((built_in.scenario(), None));
    }
    let path = Path::new(name);
    if path.extension().is_none() && !path.exists() {
        let mut known: Vec<&str> = scenario::BUILT_IN.iter().map(|built_in| built_in.name).collect();
        known.extend(scenario::ARGUMENTS.iter().map(|argument| argument.name));
        return Err(Error::usage(format!("there is no scenario `{name}`"))
            .remedy(format!("built in are {}; or name a TOML file", known.join(", "))));
    }
    let text = scenario_text(name)?;
    let scenario = Scenario::parse(&text).map_err(|error| {
        // What is wrong with TOML is drawn with its place.
        let place = match &error {
            ScenarioError::Toml(_) => None,
            other => scenario::place_of(&text, other),
        };
        let mut error = from_scenario(error);
        error.message = match place {
            Some(place) => format!("{name}, {place}: {}", error.message),
            None => format!("{name}: {}", error.message),
        };
        error
    })?;
    Ok((scenario, Some(text)))
}

/// The text of a scenario file.
pub fn scenario_text(name: &str) -> Result<String, Error> {
    let unreadable = |error: std::io::Error| unreadable(name, &error);
    let mut text = String::new();
    let mut file = std::fs::File::open(name).map_err(unreadable)?.take(scenario::MAX_FILE + 1);
    file.read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > scenario::MAX_FILE {
        let most = scenario::MAX_FILE;
        return Err(Error::input(format!("{name} is too large for a scenario: it has more than {most} bytes")));
    }
    Ok(text)
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
