//! `open`: a capture in the same view.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use capture::keylog::KeyLog;
use story::Story;
use web::{Subject, Workshop};

use crate::args::{Open, ViewFormat};
use crate::error::Error;
use crate::style::Style;

/// The largest key log that is read.
const MAX_KEY_LOG: u64 = 64 << 20;

/// Opens the capture and prints it.
pub fn run(out: &mut impl Write, open: &Open) -> Result<ExitCode, Error> {
    crate::choice::check(&open.view)?;
    let (subject, story, damaged) = story(&open.file, &open.keylog)?;
    let workshop = Workshop::new(subject, story, None);
    let story = workshop.story();
    let chosen = crate::choice::packets(story, &open.view)?;
    if open.findings {
        match open.view.format {
            ViewFormat::Text => crate::findings::print(out, story, chosen.as_deref(), Style::detect())?,
            ViewFormat::Json => writeln!(out, "{:#}", export::findings(story, chosen.as_deref()))?,
            ViewFormat::Jsonl => lines(out, story, "findings", chosen.as_deref())?,
        }
    } else if open.time {
        match open.view.format {
            ViewFormat::Text => crate::time::print(out, story, open.view.request, Style::detect())?,
            ViewFormat::Json => writeln!(out, "{:#}", crate::time::document(story, open.view.request)?)?,
            ViewFormat::Jsonl => lines(out, story, "requests", chosen.as_deref())?,
        }
    } else {
        crate::show(out, &workshop, &open.view, chosen.as_deref(), None)?;
    }
    crate::output::write(&workshop, &open.view, chosen.as_deref())?;
    out.flush()?;
    Ok(ExitCode::from(if damaged { 3 } else { 0 }))
}

/// One table as JSON lines.
fn lines(out: &mut impl Write, story: &Story, table: &str, packets: Option<&[u32]>) -> Result<(), Error> {
    match export::table(table) {
        Some(table) => Ok(table.write_jsonl(out, story, packets)?),
        None => Ok(()),
    }
}

/// What is known of the capture in `path` (`-` is standard input), its story with the secrets of key logs, and whether it
/// was damaged. What is wrong with it is
/// said on standard error.
pub fn story(path: &Path, key_log_files: &[std::path::PathBuf]) -> Result<(Subject, Story, bool), Error> {
    let name = path.display().to_string();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(|error| unreadable(&name, &error))?)
    };
    let file = capture::read::read_all(source).map_err(|error| from_capture(&name, &error))?;
    let mut key_logs = Vec::new();
    for path in key_log_files {
        key_logs.push((path.display().to_string(), read_key_log(path)?));
    }
    let mut key_log = KeyLog::default();
    key_logs.iter().for_each(|(_, one)| key_log.merge(one));
    let damaged = file.ended_by.is_some();
    report_problems(&name, &file);
    let subject = Subject::capture(&name, &file);
    let story = Story::from_capture(file, key_log);
    report_useless(&story, &key_logs);
    Ok((subject, story, damaged))
}

pub(crate) fn unreadable(name: &str, error: &io::Error) -> Error {
    let plain = Error::input(format!("cannot read {name}: {error}"));
    match error.kind() {
        io::ErrorKind::NotFound => plain.remedy("check the path"),
        io::ErrorKind::PermissionDenied => plain.remedy("check the file's permissions"),
        _ => plain,
    }
}

fn from_capture(name: &str, error: &capture::Error) -> Error {
    Error::input(format!("{name}: {error}")).remedy(error.remedy())
}

fn read_key_log(path: &Path) -> Result<KeyLog, Error> {
    let mut into = KeyLog::default();
    let name = path.display().to_string();
    let mut text = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
    file.take(MAX_KEY_LOG).read_to_end(&mut text).map_err(|error| unreadable(&name, &error))?;
    let problems = into.read(&text);
    let mut err = io::stderr();
    for problem in problems.kept().iter().take(5) {
        let _ = writeln!(err, "warning: {name}: {problem}");
    }
    if into.is_empty() {
        let _ = writeln!(
            err,
            "warning: {name} holds no TLS secret\n  help: a key log has lines such as CLIENT_RANDOM <64 hex digits> <96 hex digits>"
        );
    }
    Ok(into)
}

/// Says which key logs have secrets, but none for a connection of the capture.
fn report_useless(story: &Story, key_logs: &[(String, KeyLog)]) {
    for (name, key_log) in key_logs {
        if let Some(useless) = story::useless_keys(story, key_log) {
            let _ = writeln!(io::stderr(), "warning: {name} {useless}\n  help: {}", story::USELESS_KEYS_REMEDY);
        }
    }
}

/// Says what was damaged; what was readable is shown all the same.
fn report_problems(name: &str, file: &capture::read::File) {
    let mut err = io::stderr();
    for problem in file.problems.kept().iter().take(10) {
        let _ = writeln!(err, "warning: {name}: {problem}");
    }
    if let Some(error) = &file.ended_by {
        let _ = writeln!(err, "warning: {name}: {error}; the {} packets before that are shown", file.packets.len());
        let _ = writeln!(err, "  help: {}", error.remedy());
    }
}
