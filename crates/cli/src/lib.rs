//! The command line: thin. It asks `story` and prints.

mod args;
mod argument;
mod choice;
mod compare;
mod connections;
mod drill;
mod error;
mod findings;
mod glossary;
mod input;
mod ladder;
mod open;
mod output;
mod packet;
mod parquet;
mod phases;
mod sanitize;
mod serve;
mod simulate;
mod stream;
mod style;
mod summary;
mod time;
mod waterfall;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command, View, ViewFormat};
use error::{Error, Kind};
use style::Style;
use summary::Top;
use web::Workshop;

/// Runs the program with the process' arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; a closed pipe is none either.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            if error.kind != Kind::ClosedPipe {
                let _ = writeln!(io::stderr(), "{error}");
            }
            error.code()
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Error> {
    let mut out = BufWriter::new(io::stdout().lock());
    let code = match cli.command {
        Some(Command::Open(open)) => open::run(&mut out, &open)?,
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "wirescope", &mut script);
            out.write_all(&script)?;
            ExitCode::SUCCESS
        }
        Some(Command::Man { directory }) => {
            let made = std::fs::create_dir_all(&directory);
            made.and_then(|()| clap_mangen::generate_to(Cli::command(), &directory)).map_err(|error| {
                Error::input(format!("cannot write the manual pages to {}: {error}", directory.display()))
            })?;
            ExitCode::SUCCESS
        }
        Some(Command::Scenarios) => {
            for built_in in scenario::BUILT_IN {
                writeln!(out, "{:<12} {}", built_in.name, built_in.scenario().title)?;
            }
            writeln!(out, "\nThe documents' arguments, each a run with an outcome:")?;
            for argument in scenario::ARGUMENTS {
                writeln!(out, "{:<19} {}", argument.name, argument.title)?;
            }
            ExitCode::SUCCESS
        }
        Some(Command::Drill(args)) => drill::run(&mut out, &args)?,
        Some(Command::Simulate(args)) => simulate::run(&mut out, &args)?,
        Some(Command::Sanitize(args)) => sanitize::run(&mut out, &args)?,
        Some(Command::Compare(args)) => compare::run(&mut out, &args)?,
        Some(Command::Serve(args)) => serve::run(&mut out, &args)?,
        Some(Command::Header(header)) => glossary::header(&mut out, &header)?,
        Some(Command::Explain(explain)) => glossary::explain(&mut out, &explain)?,
        None if cli.simulate.target.is_none() && cli.simulate.scenario.is_none() => {
            Cli::command().print_help()?;
            return Ok(ExitCode::from(2));
        }
        None => simulate::run(&mut out, &cli.simulate)?,
    };
    out.flush()?;
    Ok(code)
}

/// Prints what the view asks for, of `packets` or of all. `top` is what a simulation knows beside its packets.
fn show(
    out: &mut impl Write,
    workshop: &Workshop,
    view: &View,
    packets: Option<&[u32]>,
    top: Option<&Top<'_>>,
) -> Result<(), Error> {
    let story = workshop.story();
    let style = Style::detect();
    match (view.format, view.packet) {
        (_, Some(number)) if story.row(number).is_none() => {
            let error = Error::usage(format!("there is no packet {number}"));
            return Err(error.remedy(format!("the packets are numbered 1 to {}", story.packets_in_all())));
        }
        (ViewFormat::Text, Some(number)) => packet::print(out, story, number, style)?,
        // Packets alone were asked for: what is said of the whole run would hide them.
        (ViewFormat::Text, None) if packets.is_some() => {
            let packets = packets.unwrap_or_default();
            if story.trace().is_none() {
                findings::first_lines(out, &findings::chosen(story, Some(packets)), true, style)?;
            }
            ladder::print(out, story, Some(packets), style)?;
            writeln!(out, "\n{} of {} packets", packets.len(), story.packets_in_all())?;
        }
        (ViewFormat::Text, None) => {
            if let Some(top) = top {
                summary::above(out, story, top, style)?;
            }
            if story.trace().is_none() {
                findings::first_lines(out, &findings::chosen(story, None), false, style)?;
                connections::print(out, story, style)?;
            }
            ladder::print(out, story, None, style)?;
            phases::print(out, story, style)?;
            // At several taps each request is seen several times.
            if story.trace().is_some() && story.tap().is_some() {
                waterfall::print(out, story, style)?;
            }
            if let Some(top) = top {
                summary::below(out, top, style)?;
            }
        }
        (ViewFormat::Json, Some(number)) => {
            let document = export::packet_document(story, number).unwrap_or_default();
            writeln!(out, "{document:#}")?;
        }
        (ViewFormat::Jsonl, Some(number)) => {
            writeln!(out, "{}", export::packet_document(story, number).unwrap_or_default())?;
        }
        (ViewFormat::Json, None) => {
            output::few(packets.map_or(story.len(), <[u32]>::len), "a JSON document")?;
            writeln!(out, "{:#}", workshop.subject().document(story, packets))?;
        }
        (ViewFormat::Jsonl, None) => export::write_jsonl(out, story, packets)?,
    }
    Ok(())
}
