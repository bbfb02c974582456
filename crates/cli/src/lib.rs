//! The command line: thin. It asks `story` and prints.

mod args;
mod error;
mod ladder;
mod open;
mod packet;
mod style;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command, Format, View};
use error::{Error, Kind};
use story::Story;
use style::Style;

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
            clap_mangen::generate_to(Cli::command(), &directory).map_err(|error| {
                Error::input(format!("cannot write the manual pages to {}: {error}", directory.display()))
            })?;
            ExitCode::SUCCESS
        }
        _ => return Err(Error::usage("nothing to do")),
    };
    out.flush()?;
    Ok(code)
}

/// Prints what the view asks for.
fn show(out: &mut impl Write, story: &Story, view: &View) -> Result<(), Error> {
    let style = Style::detect();
    match (view.format, view.packet) {
        (_, Some(number)) if story.row(number).is_none() => {
            let error = Error::usage(format!("there is no packet {number}"));
            return Err(error.remedy(format!("the packets are numbered 1 to {}", story.len())));
        }
        (Format::Text, Some(number)) => packet::print(out, story, number, style)?,
        (Format::Text, None) => ladder::print(out, story, style)?,
        (Format::Json, _) => return Err(Error::usage("--format json")),
    }
    Ok(())
}
