//! `open`: a capture in the same view.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use capture::keylog::KeyLog;
use story::Story;
use web::{Subject, Workshop};

use crate::args::{Open, ViewFormat};
use crate::error::Error;
use crate::input::{Input, Stop, unreadable};
use crate::stream::{Excerpt, Way};
use crate::style::Style;

/// The largest key log that is read.
const MAX_KEY_LOG: u64 = 64 << 20;

/// Opens the capture and prints it.
pub fn run(out: &mut impl Write, open: &Open) -> Result<ExitCode, Error> {
    crate::choice::check(&open.view)?;
    let input = Input::new(&open.files);
    if open.transport {
        return crate::stream::transport(out, open, &input);
    }
    let key_logs = key_logs(&open.keylog)?;
    let way = match crate::stream::way(open) {
        // What comes through a pipe is read once.
        Way::Once if crate::stream::copies(open) && !input.lasts() => Way::Whole,
        way => way,
    };
    if open.stream && way == Way::Whole {
        let error = Error::usage("--stream: what is asked for takes the whole capture in memory");
        return Err(error.remedy(
            "--stream goes with --findings, --time, --format text or jsonl, -o FILE.jsonl, .csv, .parquet, .har or .pcapng, and \
             with --packet, --connection, --request and --filter",
        ));
    }
    let grows = way == Way::Once && input.grows() && !input.ends_soon();
    let merged = || {
        let mut keys = KeyLog::default();
        key_logs.iter().for_each(|(_, one)| keys.merge(one));
        keys
    };
    let long = open.stream || grows || (way != Way::Whole && input.long());
    if long && way == Way::Once {
        let plain = !open.findings && !open.time && open.view.format == ViewFormat::Text;
        return match grows && plain {
            true => crate::stream::follow(out, open, &input, merged()),
            false => crate::stream::run(out, open, &input, merged()),
        };
    }
    if long && way == Way::Excerpt && input.lasts() {
        let Some(Excerpt { subject, story, damaged }) = crate::stream::excerpt(open, &input, &merged())? else {
            let _ = writeln!(io::stderr(), "\nstopped: what was asked for was not found yet");
            return Ok(ExitCode::from(Stop::EXIT));
        };
        input.stop.done();
        return show(out, open, subject, story, damaged, false);
    }
    if way == Way::Whole && input.long() && input.lasts() {
        fits(open, &input)?;
    }
    let (subject, story, damaged) = told(&input, &key_logs)?;
    let stopped = input.stop.done();
    show(out, open, subject, story, damaged, stopped)
}

/// Refuses before a long capture is read into memory what could not be written of it afterwards.
fn fits(open: &Open, input: &Input) -> Result<(), Error> {
    let kind = |path: &&PathBuf| path.extension().is_some_and(|kind| kind == "json" || kind == "svg");
    let what = match open.view.output.iter().find(kind) {
        Some(path) => format!("-o {}", path.display()),
        None if open.view.format == ViewFormat::Json && !open.findings && !open.time => "a JSON document".to_owned(),
        None => return Ok(()),
    };
    crate::output::few(input.packets()?, &what)
}

/// Prints and writes what is asked for of a story.
fn show(
    out: &mut impl Write,
    open: &Open,
    subject: Subject,
    story: Story,
    damaged: bool,
    stopped: bool,
) -> Result<ExitCode, Error> {
    let workshop = Workshop::new(subject, story, None);
    let story = workshop.story();
    let chosen = crate::choice::packets(story, &open.view)?;
    if open.findings {
        match open.view.format {
            ViewFormat::Text => {
                let findings = crate::findings::chosen(story, chosen.as_deref());
                let packets = chosen.as_ref().map_or(story.len(), Vec::len);
                crate::findings::print(out, &findings, packets, Style::detect())?;
            }
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
    if stopped {
        let _ = writeln!(io::stderr(), "\nstopped: this is what the first {} packets tell", story.len());
        return Ok(ExitCode::from(Stop::EXIT));
    }
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
/// was damaged. What is wrong with it is said on standard error.
pub fn story(path: &Path, key_log_files: &[PathBuf]) -> Result<(Subject, Story, bool), Error> {
    let input = Input::new(&[path.to_owned()]);
    let told = told(&input, &key_logs(key_log_files)?);
    input.stop.done();
    told
}

/// The same of all captures of an input.
fn told(input: &Input, key_logs: &[(String, KeyLog)]) -> Result<(Subject, Story, bool), Error> {
    let file = input.read_all()?;
    let mut key_log = KeyLog::default();
    key_logs.iter().for_each(|(_, one)| key_log.merge(one));
    let damaged = file.ended_by.is_some();
    let subject = Subject::capture(&input.name(), &file, file.packets.len());
    let story = Story::from_capture(file, key_log);
    report_useless(&story, key_logs);
    Ok((subject, story, damaged))
}

fn key_logs(paths: &[PathBuf]) -> Result<Vec<(String, KeyLog)>, Error> {
    paths.iter().map(|path| Ok((path.display().to_string(), read_key_log(path)?))).collect()
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
