//! Reads a capture: its beginning, which can be looked at soon, and then the whole.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};

use axum::body::Bytes;
use capture::keylog::KeyLog;
use capture::read::Held;
use story::Story;

use super::id::{self, of_capture};
use super::worker::Report;
use super::{Subject, Workshop};
use crate::api::{Code, Problem};
use crate::spool::{Spool, no_room};

/// The largest file that is opened on the page, in bytes.
pub const MAX_FILE: u64 = 4 << 30;
/// Bytes of a capture in which its beginning is looked for. What is not longer is read at once.
const AHEAD: u64 = 16 << 20;
/// Bytes that are taken from a pipe at a time.
const PIECE: usize = 256 << 10;
/// Packets of a beginning.
const BEGINNING: usize = 20_000;

/// A key log, and what is wrong with it.
struct Keys {
    log: KeyLog,
    problems: capture::Problems,
}

/// A capture that was handed over.
#[derive(Clone, Debug)]
pub struct Capture {
    /// What it is called.
    pub name: String,
    /// Its bytes.
    pub held: Held,
    /// The bytes of a key log beside it; empty if there is none.
    pub keys: Bytes,
}

impl Capture {
    /// Reads it, as far as it can be read.
    ///
    /// # Errors
    /// If nothing of it can be read.
    pub fn open(self, report: &Report) -> Result<Workshop, Problem> {
        if self.held.len() > AHEAD {
            self.show_beginning(report);
        }
        let (story, found) = self.read(report)?;
        self.look(story, found, report)
    }

    /// Lets its beginning be asked until the whole is there.
    fn show_beginning(&self, report: &Report) {
        let mut first = Vec::new();
        // What cannot be read now will not be readable below either, and the whole says why.
        let _ = self.held.reader().take(AHEAD).read_to_end(&mut first);
        if let Some(begins) = id::begins(&first) {
            report.begins(begins);
        }
        let beginning = Capture { held: Held::Memory(first.into()), ..self.clone() };
        report.begin(move |_| beginning.beginning());
        report.progress("reading the capture", 0.0, None);
    }

    /// Its first packets; it breaks off anywhere.
    fn beginning(self) -> Result<Workshop, Problem> {
        let (key_log, _) = KeyLog::parse(&self.keys);
        let file = capture::read::read_beginning(self.held.reader(), BEGINNING)
            .map_err(|error| unreadable(&self.name, &error))?;
        let story = Story::from_beginning(file, key_log);
        let subject = self.subject(&story)?.of_beginning();
        let workshop = Workshop::new(subject, story, None);
        workshop.main().tables();
        Ok(workshop)
    }

    /// Reads all of its packets, and the key log; gives what was found wrong in that as well.
    fn read(&self, report: &Report) -> Result<(Story, Keys), Problem> {
        let (log, problems) = KeyLog::parse(&self.keys);
        let size = self.held.len() as f64;
        let reading = |position: u64| report.progress("reading the capture", (position as f64).min(size), Some(size));
        let story =
            Story::from_held(&self.held, log.clone(), reading).map_err(|error| unreadable(&self.name, &error))?;
        Ok((story, Keys { log, problems }))
    }

    /// Looks at what was read as a whole.
    fn look(self, story: Story, keys: Keys, report: &Report) -> Result<Workshop, Problem> {
        report.progress("looking at the connections", 0.0, None);
        let mut subject = self.subject(&story)?;
        let wrong = |message: String| Problem::new(Code::BadKeys, message).input("key log");
        for problem in keys.problems.kept().iter().take(5) {
            subject.problems.push(wrong(problem.reason.to_string()).place(problem.place.to_string()));
        }
        if keys.log.is_empty() && !self.keys.is_empty() {
            let remedy = "a key log has lines such as CLIENT_RANDOM <64 hex digits> <96 hex digits>";
            subject.problems.push(wrong("the key log holds no TLS secret".to_owned()).remedy(remedy));
        }
        if let Some(useless) = story::useless_keys(&story, &keys.log) {
            subject.problems.push(wrong(format!("the key log {useless}")).remedy(story::USELESS_KEYS_REMEDY));
        }
        let workshop = Workshop::new(subject, story, Some(self.held));
        workshop.story().analysis();
        report.progress("listing the packets", 0.0, Some(workshop.story().len() as f64));
        workshop.main().tables();
        Ok(workshop)
    }

    fn subject(&self, story: &Story) -> Result<Subject, Problem> {
        let file = story.capture().ok_or_else(|| Problem::new(Code::Internal, "a capture without a file"))?;
        Ok(Subject::capture(&self.name, file, story.len()))
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
    /// Reads it, as far as it can be read, and names the run. A file stays where it is; what comes through a pipe is taken
    /// into one without a name.
    ///
    /// # Errors
    /// If the file cannot be read, is too large, or nothing of it is a capture.
    pub fn open(self, report: &Report) -> Result<Workshop, Problem> {
        let CaptureFile { name, file, keys } = self;
        let capture = match Held::of_file(&file) {
            Some(held) => Capture { name, held, keys },
            None => from_pipe(name, file, keys, report)?,
        };
        if capture.held.len() >= MAX_FILE {
            let name = &capture.name;
            let message = format!("{name} is too large for the page: it takes less than {MAX_FILE} bytes");
            return Err(Problem::new(Code::TooLarge, message).input(name.as_str()));
        }
        if capture.held.len() > AHEAD && !report.has_beginning() {
            capture.show_beginning(report);
        }
        let (story, found) = capture.read(report)?;
        // It needs no name before. Two threads were busy so far; from here on there is one.
        let (held, keys) = (capture.held.clone(), capture.keys.clone());
        std::thread::scope(|scope| {
            let naming = std::thread::Builder::new().name("naming".to_owned());
            let naming = naming.spawn_scoped(scope, || of_capture(&held, &keys));
            let workshop = capture.look(story, found, report)?;
            let id = naming.ok().and_then(|naming| naming.join().ok());
            report.name(&id.unwrap_or_else(|| of_capture(&held, &keys)));
            Ok(workshop)
        })
    }
}

/// Takes what comes into a file without a name, and shows its beginning before the rest has come.
fn from_pipe(name: String, file: File, keys: Bytes, report: &Report) -> Result<Capture, Problem> {
    let wrong = |error: std::io::Error| {
        Problem::new(Code::BadCapture, format!("cannot read {name}: {error}")).input(name.as_str())
    };
    let mut first = Vec::new();
    (&file).take(AHEAD + 1).read_to_end(&mut first).map_err(wrong)?;
    let first = Bytes::from(first);
    if first.len() as u64 <= AHEAD {
        return Ok(Capture { name, held: Held::Memory(first), keys });
    }
    Capture { name: name.clone(), held: Held::Memory(first.clone()), keys: keys.clone() }.show_beginning(report);
    let mut spool = Spool::new().map_err(|error| no_room(&error))?;
    spool.write_all(&first).map_err(|error| no_room(&error))?;
    let mut rest = file.take(MAX_FILE - first.len() as u64);
    let mut piece = vec![0; PIECE];
    loop {
        let read = match rest.read(&mut piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read.map_err(wrong)?,
        };
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        spool.write_all(bytes).map_err(|error| no_room(&error))?;
    }
    Ok(Capture { name, held: spool.into_held(), keys })
}
