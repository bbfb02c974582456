//! The documents' arguments: named runs that compare, and say in a table what came out.

use std::io::{self, Write};
use std::process::ExitCode;

use base::Seed;
use scenario::Findings;
use story::{Story, TapChoice};
use web::{Subject, Workshop};

use crate::args::Simulate;
use crate::error::{Error, Kind};
use crate::style::{Style, Tone, hang, wrap};
use crate::{choice, output, show, summary};

/// What is known of an argument that was played.
pub struct Argument<'a> {
    argument: &'a scenario::Argument,
    findings: &'a Findings,
}

/// The argument that the command line names, if it names one.
pub fn named(args: &Simulate) -> Option<&'static scenario::Argument> {
    let name = match (&args.scenario, &args.target) {
        (Some(name), None) | (None, Some(name)) => name,
        _ => return None,
    };
    scenario::find_argument(name)
}

/// Plays an argument and prints it.
pub fn run(out: &mut impl Write, args: &Simulate, argument: &scenario::Argument) -> Result<ExitCode, Error> {
    let (seed, story, findings) = play(args, argument)?;
    let subject = Subject::argument(argument, seed, &args.knobs.map(), &findings);
    let workshop = Workshop::new(subject, story, None);
    let top = summary::Top::Argument(Argument { argument, findings: &findings });
    let chosen = choice::packets(workshop.story(), &args.view)?;
    show(out, &workshop, &args.view, chosen.as_deref(), Some(&top))?;
    output::write(&workshop, &args.view, chosen.as_deref())?;
    Ok(ExitCode::SUCCESS)
}

/// The story of an argument, seen where it is best seen.
pub fn story(args: &Simulate, argument: &scenario::Argument) -> Result<Story, Error> {
    play(args, argument).map(|(_, story, _)| story)
}

/// Plays an argument: the seed, the story and what was found.
fn play(args: &Simulate, argument: &scenario::Argument) -> Result<(u64, Story, Findings), Error> {
    let mut seed = 1;
    for (knob, text) in &args.knobs.turned {
        if knob.name != "seed" {
            let error = Error::usage(format!("{} sets its own conditions: they are what it compares", argument.name));
            return Err(error.remedy("of the conditions it takes --seed alone"));
        }
        seed = text.parse().map_err(|_| Error::usage(format!("--seed: `{text}` is not a whole number of 64 bits")))?;
    }
    let played = argument.play(Seed(seed)).map_err(|error| Error {
        kind: Kind::Failed,
        message: error.to_string(),
        remedy: None,
    })?;
    let tap = match args.view.tap.as_deref() {
        None => TapChoice::Named(argument.tap.to_owned()),
        Some("all") => TapChoice::All,
        Some(name) => TapChoice::Named(name.to_owned()),
    };
    let story = Story::from_trace(played.trace, tap).map_err(|error| Error::usage(error.to_string()))?;
    Ok((seed, story, played.findings))
}

impl Argument<'_> {
    /// Prints the title, what it shows, and what came out.
    pub fn print(&self, out: &mut impl Write, style: Style) -> io::Result<()> {
        for line in wrap(self.argument.title, style.prose_width()) {
            writeln!(out, "{}", style.paint(Tone::Heading, &line))?;
        }
        for line in wrap(self.argument.about, style.prose_width()) {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "\n{}", style.paint(Tone::Heading, "What came out"))?;
        let Findings { columns, rows, verdict } = self.findings;
        table(out, columns, rows, style)?;
        writeln!(out)?;
        for line in wrap(verdict, style.prose_width()) {
            writeln!(out, "{line}")?;
        }
        writeln!(out)
    }
}

/// A table; where it is too wide, a row becomes a paragraph of lines, a column each.
fn table(out: &mut impl Write, columns: &[&str], rows: &[Vec<String>], style: Style) -> io::Result<()> {
    let wide: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
            cells.chain([column.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    if style.width().is_some_and(|width| wide.iter().map(|wide| wide + 3).sum::<usize>() > width + 1) {
        for (i, row) in rows.iter().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            for (column, cell) in columns.iter().zip(row) {
                for line in hang(&format!("  {column}: "), cell, style.width()) {
                    writeln!(out, "{line}")?;
                }
            }
        }
        return Ok(());
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells.zip(&wide).map(|(cell, &wide)| format!("{cell:<wide$}")).collect();
        format!("  {}", cells.join("   ")).trim_end().to_owned()
    };
    writeln!(out, "{}", style.paint(Tone::Quiet, &line(&mut columns.iter().copied())))?;
    for row in rows {
        writeln!(out, "{}", line(&mut row.iter().map(String::as_str)))?;
    }
    Ok(())
}
