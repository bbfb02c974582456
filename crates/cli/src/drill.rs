//! `drill`: packetdrill scripts against the stack.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use drill::{Mismatch, Place, Report, Script, Setup, Verdict};
use export::{TapSet, write_pcapng};
use serde_json::{Value, json};

use crate::args::{Drill, Format};
use crate::error::Error;

/// The version of the JSON that is printed.
const SCHEMA: u32 = 1;

/// How many scripts came to what.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    unsupported: usize,
    invalid: usize,
}

/// Runs the scripts and prints what came of them.
pub fn run(out: &mut impl Write, args: &Drill) -> Result<ExitCode, Error> {
    if args.output.is_some() && args.script.len() > 1 {
        return Err(Error::usage("-o is for one script").remedy("run the scripts one by one"));
    }
    let setup = setup(args)?;
    let defines = defines(&args.define, &setup)?;
    let mut count = Count::default();
    let mut documents = Vec::new();
    for path in &args.script {
        let report = one(path, &setup, &defines)?;
        match &report.verdict {
            Verdict::Passed => count.passed += 1,
            Verdict::Failed(_) => count.failed += 1,
            Verdict::Unsupported(..) => count.unsupported += 1,
            Verdict::Invalid(..) => count.invalid += 1,
        }
        match args.format {
            Format::Text => print(out, &report)?,
            Format::Json => documents.push(document(&report)),
        }
        if let Some(file) = &args.output {
            pcapng(&report, file)?;
        }
    }
    let Count { passed, failed, unsupported, invalid } = count;
    match args.format {
        Format::Text => {
            write!(out, "{passed} passed, {failed} failed, {unsupported} unsupported")?;
            writeln!(out, "{}", if invalid > 0 { format!(", {invalid} not valid") } else { String::new() })?;
        }
        Format::Json => {
            let document = json!({
                "schema": SCHEMA,
                "scripts": documents,
                "summary": { "passed": passed, "failed": failed, "unsupported": unsupported, "invalid": invalid },
            });
            writeln!(out, "{document:#}")?;
        }
    }
    Ok(ExitCode::from(match (failed, invalid, unsupported) {
        (0, 0, 0) => 0,
        (0, 0, _) => 4,
        (0, _, _) => 3,
        _ => 1,
    }))
}

/// What the command line says to all scripts.
fn setup(args: &Drill) -> Result<Setup, Error> {
    let mut setup = Setup { strict: args.strict, init_scripts: args.init_scripts.clone(), ..Setup::default() };
    let given = [
        ("ip_version", Some(&args.ip_version)),
        ("local_ip", args.local_ip.as_ref()),
        ("remote_ip", args.remote_ip.as_ref()),
        ("gateway_ip", args.gateway_ip.as_ref()),
        ("netmask_ip", args.netmask_ip.as_ref()),
        ("mtu", args.mtu.as_ref()),
        ("tolerance_usecs", args.tolerance_usecs.as_ref()),
    ];
    for (name, value) in given.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        setup.set(name, value).map_err(Error::usage)?;
    }
    Ok(setup)
}

/// The symbols that scripts may use: those that the public suites' runners define, and those of the command line.
fn defines(given: &[String], setup: &Setup) -> Result<Vec<(String, String)>, Error> {
    let mut defines = setup.symbols();
    for define in given {
        let (name, value) = define.split_once('=').ok_or_else(|| {
            Error::usage(format!("--define {define} gives no value")).remedy("write --define NAME=VALUE")
        })?;
        defines.push((name.to_owned(), value.to_owned()));
    }
    Ok(defines)
}

fn one(path: &Path, setup: &Setup, defines: &[(String, String)]) -> Result<Report, Error> {
    let unreadable = |error: std::io::Error| Error::input(format!("cannot read {}: {error}", path.display()));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > drill::MAX_SCRIPT as u64 {
        return Err(Error::input(format!("{} is too large for a script ({size} bytes)", path.display())));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let name = path.display().to_string();
    Ok(match Script::parse_with(&name, &text, defines) {
        Ok(script) => script.run(setup, path.parent().unwrap_or(Path::new("."))),
        Err(error) => Report::of_error(error),
    })
}

fn print(out: &mut impl Write, report: &Report) -> Result<(), Error> {
    let Report { file, packets, took, .. } = report;
    match &report.verdict {
        Verdict::Passed => writeln!(out, "passed       {file}: {packets} packets in {} ms", took.as_millis_f64())?,
        Verdict::Failed(mismatch) => write!(out, "failed       {mismatch}")?,
        Verdict::Unsupported(place, why) => writeln!(out, "unsupported  {place}: {why}")?,
        Verdict::Invalid(place, why) => writeln!(out, "not valid    {place}: {why}")?,
    }
    Ok(())
}

fn document(report: &Report) -> Value {
    let place = |place: &Place| json!({ "line": place.line, "column": (place.column > 0).then_some(place.column) });
    let (verdict, at, why) = match &report.verdict {
        Verdict::Passed => ("passed", Value::Null, Value::Null),
        Verdict::Failed(Mismatch { place: at, what, .. }) => ("failed", place(at), json!(what)),
        Verdict::Unsupported(at, why) => ("unsupported", place(at), json!(why)),
        Verdict::Invalid(at, why) => ("invalid", place(at), json!(why)),
    };
    let mut document = json!({
        "file": report.file,
        "verdict": verdict,
        "at": at,
        "why": why,
        "packets": report.packets,
        "took_ns": report.took.as_nanos(),
        "printed": report.printed,
    });
    if let Verdict::Failed(mismatch) = &report.verdict {
        document["script"] = json!(mismatch.line);
        document["ladder"] = json!(mismatch.ladder);
        if let Some((expected, actual)) = &mismatch.sides {
            document["expected"] = json!(expected);
            document["actual"] = json!(actual);
        }
    }
    document
}

fn pcapng(report: &Report, path: &PathBuf) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::input(format!("cannot write {}: {error}", path.display()));
    if path.extension().is_none_or(|extension| extension != "pcapng") {
        let error = Error::usage(format!("-o {}: the format is not known", path.display()));
        return Err(error.remedy("the file's name ends in .pcapng"));
    }
    let file = BufWriter::new(File::create(path).map_err(failed)?);
    write_pcapng(file, &report.trace, TapSet::All, |_| None).map_err(failed)
}
