//! Reads a capture: its beginning, which can be looked at soon, and then the whole.

use std::fs::File;
use std::io::Read as _;

use axum::body::Bytes;
use capture::keylog::KeyLog;
use story::Story;

use super::id::of_capture;
use super::worker::Report;
use super::{Subject, Workshop};
use crate::api::{Code, Problem};

/// The largest file that is opened on the page, in bytes.
pub const MAX_FILE: u64 = 4 << 30;
/// Bytes of a capture in which its beginning is looked for. What is not longer is read at once.
const AHEAD: usize = 16 << 20;
/// Packets of a beginning.
const BEGINNING: usize = 20_000;

/// A capture that was handed over.
#[derive(Debug)]
pub struct Capture {
    /// What it is called.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytes,
    /// The bytes of a key log beside it; empty if there is none.
    pub keys: Bytes,
}

impl Capture {
    /// Reads it, as far as it can be read.
    ///
    /// # Errors
    /// If nothing of it can be read.
    pub fn open(self, report: &Report) -> Result<Workshop, Problem> {
        if self.bytes.len() > AHEAD {
            self.beginning(self.bytes.slice(..AHEAD)).show(report);
        }
        self.whole(report)
    }

    fn beginning(&self, bytes: Bytes) -> Beginning {
        Beginning(Capture { name: self.name.clone(), bytes, keys: self.keys.clone() })
    }

    /// Reads all of it.
    fn whole(self, report: &Report) -> Result<Workshop, Problem> {
        let (key_log, found) = KeyLog::parse(&self.keys);
        let size = self.bytes.len() as f64;
        let reading = |position: u64| report.progress("reading the capture", (position as f64).min(size), Some(size));
        let story = Story::from_memory(&self.bytes, key_log.clone(), reading)
            .map_err(|error| unreadable(&self.name, &error))?;
        report.progress("looking at the connections", 0.0, None);
        let mut subject = self.subject(&story)?;
        let wrong = |message: String| Problem::new(Code::BadKeys, message).input("key log");
        for problem in found.kept().iter().take(5) {
            subject.problems.push(wrong(problem.reason.to_string()).place(problem.place.to_string()));
        }
        if key_log.is_empty() && !self.keys.is_empty() {
            let remedy = "a key log has lines such as CLIENT_RANDOM <64 hex digits> <96 hex digits>";
            subject.problems.push(wrong("the key log holds no TLS secret".to_owned()).remedy(remedy));
        }
        if let Some(useless) = story::useless_keys(&story, &key_log) {
            subject.problems.push(wrong(format!("the key log {useless}")).remedy(story::USELESS_KEYS_REMEDY));
        }
        let workshop = Workshop::new(subject, story, Some(self.bytes));
        workshop.story().analysis();
        report.progress("listing the packets", 0.0, Some(workshop.story().len() as f64));
        workshop.main().tables();
        Ok(workshop)
    }

    fn subject(&self, story: &Story) -> Result<Subject, Problem> {
        let file = story.capture().ok_or_else(|| Problem::new(Code::Internal, "a capture without a file"))?;
        Ok(Subject::capture(&self.name, file))
    }
}

/// The first bytes of a capture, which break off anywhere.
struct Beginning(Capture);

impl Beginning {
    /// Lets it be asked until the whole is there.
    fn show(self, report: &Report) {
        report.begin(move |_| self.open());
        report.progress("reading the capture", 0.0, None);
    }

    fn open(self) -> Result<Workshop, Problem> {
        let Beginning(capture) = self;
        let (key_log, _) = KeyLog::parse(&capture.keys);
        let file = capture::read::read_beginning(&capture.bytes[..], BEGINNING)
            .map_err(|error| unreadable(&capture.name, &error))?;
        let story = Story::from_beginning(file, key_log);
        let subject = capture.subject(&story)?.of_beginning();
        let workshop = Workshop::new(subject, story, None);
        workshop.main().tables();
        Ok(workshop)
    }
}

fn unreadable(name: &str, error: &capture::Error) -> Problem {
    Problem {
        code: Code::BadCapture,
        input: Some(name.to_owned()),
        place: error.offset().map(|offset| format!("byte {offset}")),
        message: error.to_string(),
        remedy: Some(error.remedy().to_owned()),
    }
}

/// A capture in a file that is open.
#[derive(Debug)]
pub struct CaptureFile {
    /// What it is called.
    pub name: String,
    /// The file.
    pub file: File,
    /// The bytes of a key log beside it; empty if there is none.
    pub keys: Bytes,
}

impl CaptureFile {
    /// Reads it, as far as it can be read, and names the run.
    ///
    /// # Errors
    /// If the file cannot be read, is too large, or nothing of it is a capture.
    pub fn open(self, report: &Report) -> Result<Workshop, Problem> {
        let CaptureFile { name, mut file, keys } = self;
        let wrong = |error: std::io::Error| {
            Problem::new(Code::BadCapture, format!("cannot read {name}: {error}")).input(name.as_str())
        };
        let size = file.metadata().map_or(0, |about| about.len().min(MAX_FILE));
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
        let ahead = file.by_ref().take(AHEAD as u64 + 1).read_to_end(&mut bytes).map_err(wrong)?;
        if ahead > AHEAD {
            let first = Bytes::copy_from_slice(bytes.get(..AHEAD).unwrap_or_default());
            Beginning(Capture { name: name.clone(), bytes: first, keys: keys.clone() }).show(report);
            file.take(MAX_FILE - ahead as u64).read_to_end(&mut bytes).map_err(wrong)?;
        }
        if bytes.len() as u64 == MAX_FILE {
            let message = format!("{name} is too large for the page: it takes less than {MAX_FILE} bytes");
            return Err(Problem::new(Code::TooLarge, message).input(name));
        }
        let capture = Capture { name, bytes: bytes.into(), keys };
        // To be read it needs no name.
        let (bytes, keys) = (capture.bytes.clone(), capture.keys.clone());
        std::thread::scope(|scope| {
            let naming = std::thread::Builder::new().name("naming".to_owned());
            let naming = naming.spawn_scoped(scope, || of_capture(&bytes, &keys));
            let workshop = capture.whole(report)?;
            let id = naming.ok().and_then(|naming| naming.join().ok());
            report.name(&id.unwrap_or_else(|| of_capture(&bytes, &keys)));
            Ok(workshop)
        })
    }
}
