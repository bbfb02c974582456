//! `compare`: two runs or captures side by side.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use story::Story;
use story::compare::{Comparison, compare};

use crate::args::{Compare, Format, Knobs, Simulate, View};
use crate::error::Error;
use crate::style::{Style, Tone, wrap};
use crate::{open, simulate};

/// Compares two runs and prints what differs.
pub fn run(out: &mut impl Write, args: &Compare) -> Result<ExitCode, Error> {
    let a = side(args, &args.a, &args.a_set)?;
    let b = side(args, &args.b, &args.b_set)?;
    let comparison = compare(&a.digest(), &b.digest());
    match args.format {
        Format::Json => {
            let mut document = json!({ "schema": export::SCHEMA, "a": args.a, "b": args.b });
            let found = serde_json::to_value(&comparison).unwrap_or_default();
            if let (Some(document), serde_json::Value::Object(found)) = (document.as_object_mut(), found) {
                document.extend(found);
            }
            writeln!(out, "{document:#}")?;
        }
        Format::Text => print(out, args, &comparison, Style::detect())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One of the two: a capture's file, a scenario or a URL.
fn side(args: &Compare, source: &str, own: &[String]) -> Result<Story, Error> {
    let settings: Vec<&String> = args.set.iter().chain(own).collect();
    let path = Path::new(source);
    let capture = matches!(path.extension().and_then(|extension| extension.to_str()), Some("pcap" | "pcapng" | "cap"));
    if capture || (path.is_file() && path.extension().is_none_or(|extension| extension != "toml")) {
        if !own.is_empty() {
            let error = Error::usage(format!("{source} is a capture: nothing can be set about it"));
            return Err(error.remedy("set conditions of a URL or a scenario"));
        }
        return open::story(path, &args.keylog).map(|(_, story, _)| story);
    }
    let knobs = Knobs { turned: settings.into_iter().map(|setting| knob(setting)).collect::<Result<_, _>>()? };
    let file = path.extension().is_some_and(|extension| extension == "toml");
    let (target, scenario) = if file { (None, Some(source)) } else { (Some(source), None) };
    let [target, scenario] = [target, scenario].map(|name| name.map(str::to_owned));
    simulate::story(&Simulate { target, scenario, knobs, view: View::default() })
}

/// A setting as the command line has it: `tls=1.2`.
fn knob(setting: &str) -> Result<(&'static scenario::Knob, String), Error> {
    let Some((name, value)) = setting.split_once('=') else {
        return Err(Error::usage(format!("`{setting}` sets nothing")).remedy("write it like tls=1.2"));
    };
    let Some(knob) = scenario::find_knob(name) else {
        let known: Vec<&str> = scenario::KNOBS.iter().map(|knob| knob.name).collect();
        return Err(
            Error::usage(format!("there is no condition `{name}`")).remedy(format!("there are {}", known.join(", ")))
        );
    };
    Ok((knob, value.to_owned()))
}

fn print(out: &mut impl Write, args: &Compare, found: &Comparison, style: Style) -> Result<(), Error> {
    let named = |source: &str, own: &[String]| {
        let settings: Vec<&str> = args.set.iter().chain(own).map(String::as_str).collect();
        if settings.is_empty() { source.to_owned() } else { format!("{source} with {}", settings.join(", ")) }
    };
    writeln!(out, "{} {}", style.paint(Tone::Heading, "A"), named(&args.a, &args.a_set))?;
    writeln!(out, "{} {}\n", style.paint(Tone::Heading, "B"), named(&args.b, &args.b_set))?;
    writeln!(out, "{}", style.paint(Tone::Heading, "What differs"))?;
    for sentence in &found.sentences {
        for (at, line) in wrap(&sentence.text, style.prose_width().saturating_sub(4)).iter().enumerate() {
            writeln!(out, "  {} {line}", if at == 0 { "-" } else { " " })?;
        }
    }
    if !found.milestones.is_empty() {
        let heading = format!("\n{:<18} {:>14} {:>14} {:>14}", "What happened", "A, ms", "B, ms", "later, ms");
        writeln!(out, "{}", style.paint(Tone::Heading, &heading))?;
    }
    let time = |ns: Option<i64>| ns.map_or_else(|| "never".to_owned(), |ns| format!("{:.3}", ns as f64 / 1e6));
    for one in &found.milestones {
        let later = one.later_ns.map_or_else(String::new, |ns| format!("{:+.3}", ns as f64 / 1e6));
        let line = format!("{:<18} {:>14} {:>14} {later:>14}", one.name, time(one.a_ns), time(one.b_ns));
        writeln!(out, "{}", line.trim_end())?;
    }
    if !found.phases.is_empty() {
        let heading = format!("\n{:<18} {:>14} {:>14}  {}", "Phase", "A, ms", "B, ms", "round trips");
        writeln!(out, "{}", style.paint(Tone::Heading, &heading))?;
    }
    let trips = |milli: Option<i64>| milli.map_or_else(|| "?".to_owned(), |milli| format!("{:.2}", milli as f64 / 1e3));
    for phase in &found.phases {
        let both = [phase.a_milli_round_trips, phase.b_milli_round_trips];
        let both = if both.iter().all(Option::is_none) { String::new() } else { both.map(trips).join(" and ") };
        let line = format!("{:<18} {:>14} {:>14}  {both}", phase.name, time(Some(phase.a_ns)), time(Some(phase.b_ns)));
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out, "{}", style.paint(Tone::Heading, &format!("\n{:<26} {:>10} {:>10}", "Counted", "A", "B")))?;
    let number = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
    for count in &found.counts {
        writeln!(out, "{:<26} {:>10} {:>10}", count.name, number(count.a), number(count.b))?;
    }
    Ok(())
}
