//! `open`: a capture in the same view.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use capture::keylog::KeyLog;
use story::Story;

use crate::args::Open;
use crate::error::Error;

/// The largest key log that is read.
const MAX_KEY_LOG: u64 = 64 << 20;

/// Opens the capture and prints it.
pub fn run(out: &mut impl Write, open: &Open) -> Result<ExitCode, Error> {
    let name = open.file.display().to_string();
    let source: Box<dyn Read> = if open.file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(&open.file).map_err(|error| unreadable(&name, &error))?)
    };
    let file = capture::read::read_all(source).map_err(|error| from_capture(&name, &error))?;
    let mut key_log = KeyLog::default();
    for path in &open.keylog {
        read_key_log(path, &mut key_log)?;
    }
    let damaged = file.ended_by.is_some();
    report_problems(&name, &file);
    let story = Story::from_capture(file, key_log);
    crate::show(out, &story, &open.view, None)?;
    crate::output::write(&story, &open.view, None)?;
    out.flush()?;
    Ok(ExitCode::from(if damaged { 3 } else { 0 }))
}

fn unreadable(name: &str, error: &io::Error) -> Error {
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

fn read_key_log(path: &Path, into: &mut KeyLog) -> Result<(), Error> {
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
    Ok(())
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
