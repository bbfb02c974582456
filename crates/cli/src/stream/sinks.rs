//! Where what was found goes: to standard output and to files, row by row.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use analyze::Summary;
use analyze::findings::{Finding, Search};
use export::{Lines, Table};
use flow::{ConversationId, Split};

use super::Takes;
use super::digest::{Digest, Wants};
use super::spool::{self, Spool};
use crate::args::{Open, ViewFormat};
use crate::error::Error;
use crate::style::Style;
use crate::{output, parquet};

/// Takes what was found.
pub struct Sinks<'a, W: Write> {
    out: &'a mut W,
    /// What standard output is to hold.
    shown: Shown,
    files: Vec<Written>,
    /// Files of columns: where, of which table.
    columns: Vec<(PathBuf, &'static Table, parquet::File)>,
    search: Search,
    /// The connections that something went wrong on, by their numbers.
    concerned: BTreeMap<ConversationId, usize>,
    /// The first connections.
    first: BTreeMap<usize, Summary>,
    requests: Spool<Lines>,
    /// Where the time of each request went, as it is printed.
    times: Spool<()>,
    /// Each request as an entry of a HAR.
    har: Spool<()>,
    begun: bool,
    /// Whether the packets were printed.
    pub listed: bool,
}

/// What standard output holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// What went wrong, and the connections.
    Overview,
    /// The findings.
    Findings(ViewFormat),
    /// Where the time of each request went.
    Time(ViewFormat),
    /// Every row.
    Rows,
}

/// A file that is written.
struct Written {
    path: PathBuf,
    out: BufWriter<File>,
    holds: Holds,
}

/// What a file holds.
#[derive(Clone, Copy)]
enum Holds {
    /// All tables as JSON lines.
    Rows,
    /// One table as CSV.
    Table(&'static Table),
    /// The requests as a HAR.
    Har,
}

impl Written {
    /// Whether it holds this table as CSV.
    fn is(&self, name: &str) -> bool {
        matches!(self.holds, Holds::Table(table) if table.name == name)
    }
    /// Whether it holds all tables as JSON lines.
    fn rows(&self) -> bool {
        matches!(self.holds, Holds::Rows)
    }
    fn failed(&self, error: &io::Error) -> Error {
        output::failed(&self.path, error)
    }
}

impl<'a, W: Write> Sinks<'a, W> {
    /// Makes the files.
    ///
    /// # Errors
    /// If one cannot be written.
    pub fn new(out: &'a mut W, open: &Open) -> Result<Sinks<'a, W>, Error> {
        let shown = match (open.findings, open.time, open.view.format) {
            (true, _, format) => Shown::Findings(format),
            (false, true, format) => Shown::Time(format),
            (false, false, ViewFormat::Text) => Shown::Overview,
            (false, false, _) => Shown::Rows,
        };
        let one = |path: &PathBuf| {
            let holds = match path.extension().and_then(|kind| kind.to_str()) {
                Some("csv") => Holds::Table(output::table(path)?),
                Some("har") => Holds::Har,
                _ => Holds::Rows,
            };
            let mut written = Written { path: path.clone(), out: output::create(path)?, holds };
            if let Holds::Table(table) = holds {
                let headed = table.csv_heading(&mut written.out);
                headed.map_err(|error| written.failed(&error))?;
            }
            Ok(written)
        };
        // A copy of the packets is made afterwards.
        let is_columns = |path: &&PathBuf| path.extension().is_some_and(|kind| kind == "parquet");
        let outputs = open.view.output.iter().filter(|path| !super::copy::is_meant(path) && !is_columns(path));
        let files = outputs.map(one).collect::<Result<Vec<Written>, Error>>()?;
        let columns = |path: &PathBuf| {
            let table = output::table(path)?;
            Ok((path.clone(), table, parquet::File::create(path, table)?))
        };
        let columns = open.view.output.iter().filter(is_columns).map(columns).collect::<Result<Vec<_>, Error>>()?;
        let json = matches!(shown, Shown::Rows | Shown::Time(ViewFormat::Jsonl))
            || files.iter().any(Written::rows)
            || columns.iter().any(|(_, table, _)| table.name == "requests");
        let csv = files.iter().any(|file| file.is("requests"));
        let lines = [json.then_some(Lines::Json), csv.then_some(Lines::Csv)];
        Ok(Sinks {
            out,
            shown,
            files,
            columns,
            search: Search::default(),
            concerned: BTreeMap::new(),
            first: BTreeMap::new(),
            requests: Spool::new(lines.into_iter().flatten().collect()),
            times: Spool::new(vec![()]),
            har: Spool::new(vec![()]),
            begun: false,
            listed: false,
        })
    }

    /// Standard output.
    pub fn out(&mut self) -> &mut W {
        self.out
    }

    /// Takes what was found in the next parts of the capture.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn take(&mut self, digest: Digest) -> Result<(), Error> {
        let Digest { epoch, connections, requests, times, har, search, concerned, json, csv, .. } = digest;
        if !std::mem::replace(&mut self.begun, true) {
            self.json_only(|out| export::run_line(out, false, epoch))?;
        }
        self.json_only(|out| out.write_all(&json))?;
        self.csv_only("packets", |out| out.write_all(&csv))?;
        for (path, _, file) in self.columns.iter_mut().filter(|(_, table, _)| table.name == "packets") {
            let mut lines = json.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            lines.try_for_each(|line| file.push_json(line)).map_err(|error| output::failed(path, &error))?;
        }
        for (number, summary) in &connections {
            self.row("connections", || export::connection_row(*number, summary).to_vec())?;
        }
        for (connection, request) in &requests {
            let Some(table) = export::table("requests") else { continue };
            let mut cells = export::request_row(0, *connection, request);
            if let Some(number) = cells.first_mut() {
                *number = export::Cell::Empty;
            }
            let write = |lines, out: &mut Vec<u8>| table.row(out, lines, &cells);
            self.requests.push(request.start(), connection.unwrap_or(usize::MAX), write).map_err(waiting)?;
        }
        for (written, into) in [(times, &mut self.times), (har, &mut self.har)] {
            for ((connection, request), bytes) in requests.iter().zip(written) {
                let write = |(), out: &mut Vec<u8>| {
                    out.extend_from_slice(&bytes);
                    Ok(())
                };
                into.push(request.start(), connection.unwrap_or(usize::MAX), write).map_err(waiting)?;
            }
        }
        for (number, summary) in connections {
            self.first.extend(number.map(|number| (number, summary)));
            if self.first.len() > crate::connections::LISTED {
                self.first.pop_last();
            }
        }
        self.concerned.extend(concerned);
        self.search.append(search);
        Ok(())
    }

    /// The capture is at its end.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn finish(mut self, split: &Split, stopped: bool) -> Result<(), Error> {
        let requests = self.requests.len();
        self.write_requests()?;
        self.write_har(requests)?;
        self.write_times(split.packets() as usize)?;
        let findings = std::mem::take(&mut self.search).finish();
        for (number, finding) in (1..).zip(&findings) {
            let connection = finding.conversation.and_then(|id| self.concerned.get(&id).copied());
            self.row("findings", || export::finding_row(number, connection, finding).to_vec())?;
        }
        for (path, _, file) in std::mem::take(&mut self.columns) {
            file.finish().map_err(|error| output::failed(&path, &error))?;
        }
        for file in &mut self.files {
            file.out.flush().map_err(|error| output::failed(&file.path, &error))?;
        }
        let listed: Vec<&Finding> = findings.iter().collect();
        let packets = split.packets() as usize;
        let style = Style::detect();
        match self.shown {
            Shown::Rows | Shown::Time(_) | Shown::Findings(ViewFormat::Jsonl) => {}
            Shown::Findings(ViewFormat::Text) => crate::findings::print(self.out, &listed, packets, style)?,
            Shown::Findings(ViewFormat::Json) => writeln!(self.out, "{:#}", export::findings_document(&listed))?,
            Shown::Overview => {
                crate::findings::first_lines(self.out, &listed, false, style)?;
                let first: Vec<&Summary> = self.first.values().collect();
                crate::connections::list(self.out, &first, split.connections(), style)?;
                let connections = split.connections();
                writeln!(self.out, "{packets} packets, {connections} connections, {requests} requests.")?;
                if !self.listed {
                    writeln!(
                        self.out,
                        "So many packets are not listed: --connection N, --request N, --packet N and --filter EXPR show those\n\
                        that are asked for."
                    )?;
                }
            }
        }
        self.out.flush()?;
        let mut err = io::stderr();
        if stopped {
            let _ = writeln!(err, "\nstopped: this is what the first {packets} packets tell");
        }
        if split.given_up() > 0 {
            let _ = writeln!(err, "note: {}", given_up(split.given_up()));
        }
        if split.dropped() > 0 {
            let count = split.dropped();
            let _ = writeln!(
                err,
                "note: {count} packets that are neither TCP nor UDP were not looked at: the first 500,000 were"
            );
        }
        Ok(())
    }

    /// Writes the rows of all requests, in order of time.
    fn write_requests(&mut self) -> Result<(), Error> {
        let rows = std::mem::replace(&mut self.requests, Spool::new(Vec::new()));
        let (shown, out, files, columns) = (self.shown, &mut *self.out, &mut self.files, &mut self.columns);
        // Which of the outputs failed is not told apart: the message says what is wrong.
        rows.finish(|lines, number, line| {
            let line = spool::numbered(line, lines, number);
            if matches!(shown, Shown::Rows | Shown::Time(ViewFormat::Jsonl)) && lines == Lines::Json {
                out.write_all(&line)?;
            }
            for file in files.iter_mut() {
                let wanted = match lines {
                    Lines::Json => file.rows(),
                    Lines::Csv => file.is("requests"),
                };
                if wanted {
                    file.out.write_all(&line)?;
                }
            }
            let columns = columns.iter_mut().filter(|(_, table, _)| lines == Lines::Json && table.name == "requests");
            columns.into_iter().try_for_each(|(.., file)| file.push_json(&line))
        })
        .map_err(broken)
    }

    /// Writes the HAR, if one is asked for.
    fn write_har(&mut self, requests: usize) -> Result<(), Error> {
        let entries = std::mem::replace(&mut self.har, Spool::new(Vec::new()));
        let files = self.files.iter_mut().filter(|file| matches!(file.holds, Holds::Har));
        let (paths, outs): (Vec<&PathBuf>, Vec<&mut BufWriter<File>>) =
            files.map(|file| (&file.path, &mut file.out)).unzip();
        let mut hars = outs.into_iter().map(export::Har::new).collect::<io::Result<Vec<_>>>().map_err(broken)?;
        let readable = |entry: &[u8]| !entry.is_empty();
        entries
            .finish(|(), _, entry| hars.iter_mut().filter(|_| readable(entry)).try_for_each(|har| har.entry(entry)))
            .map_err(broken)?;
        for (path, har) in paths.into_iter().zip(hars) {
            let written = har.finish().map_err(|error| output::failed(path, &error))?;
            output::warn_of_har(path, written, requests);
        }
        Ok(())
    }

    /// Prints where the time of each request went, in order of time.
    fn write_times(&mut self, packets: usize) -> Result<(), Error> {
        let times = std::mem::replace(&mut self.times, Spool::new(Vec::new()));
        let (out, style) = (&mut *self.out, Style::detect());
        match self.shown {
            Shown::Time(ViewFormat::Text) => {
                if times.len() == 0 {
                    crate::time::nothing(out, packets)?;
                }
                let each = |(), number: usize, told: &[u8]| match told {
                    [] => Ok(()),
                    told => crate::time::numbered(out, number, &String::from_utf8_lossy(told), style),
                };
                times.finish(each).map_err(broken)
            }
            Shown::Time(ViewFormat::Json) => {
                let mut count = 0;
                let each = |(), number: usize, entry: &[u8]| {
                    if entry.is_empty() {
                        return Ok(());
                    }
                    let mut entry: serde_json::Value = serde_json::from_slice(entry)?;
                    entry["request"] = number.into();
                    // As an element of an array that is written whole.
                    let text = format!("{entry:#}").replace('\n', "\n  ");
                    out.write_all(if count == 0 { b"[\n  " } else { b",\n  " })?;
                    count += 1;
                    out.write_all(text.as_bytes())
                };
                times.finish(each).map_err(broken)?;
                Ok(self.out.write_all(if count == 0 { b"[]\n" } else { b"\n]\n" })?)
            }
            _ => Ok(()),
        }
    }

    /// Writes a row wherever its table is wanted.
    fn row(&mut self, name: &str, cells: impl Fn() -> Vec<export::Cell>) -> Result<(), Error> {
        let Some(table) = export::table(name) else { return Ok(()) };
        let printed = match self.shown {
            Shown::Rows => true,
            Shown::Findings(ViewFormat::Jsonl) => name == "findings",
            Shown::Findings(_) | Shown::Time(_) | Shown::Overview => false,
        };
        if !printed && self.files.is_empty() && self.columns.is_empty() {
            return Ok(());
        }
        let cells = cells();
        for (path, _, file) in self.columns.iter_mut().filter(|(_, table, _)| table.name == name) {
            file.push(&cells).map_err(|error| output::failed(path, &error))?;
        }
        if printed {
            table.row(self.out, Lines::Json, &cells)?;
        }
        for file in &mut self.files {
            let written = match file.holds {
                Holds::Rows => table.row(&mut file.out, Lines::Json, &cells),
                Holds::Table(one) if one.name == name => table.row(&mut file.out, Lines::Csv, &cells),
                Holds::Table(_) | Holds::Har => Ok(()),
            };
            written.map_err(|error| file.failed(&error))?;
        }
        Ok(())
    }

    /// Writes to all that holds JSON lines of all tables.
    fn json_only(&mut self, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
        if self.shown == Shown::Rows {
            write(self.out)?;
        }
        for file in self.files.iter_mut().filter(|file| file.rows()) {
            write(&mut file.out).map_err(|error| file.failed(&error))?;
        }
        Ok(())
    }

    /// Writes to all that holds one table as CSV.
    fn csv_only(&mut self, name: &str, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
        for file in self.files.iter_mut().filter(|file| file.is(name)) {
            write(&mut file.out).map_err(|error| file.failed(&error))?;
        }
        Ok(())
    }
}

impl<W: Write> Takes for Sinks<'_, W> {
    fn wants(&mut self) -> Wants {
        let json = self.shown == Shown::Rows
            || self.files.iter().any(Written::rows)
            || self.columns.iter().any(|(_, table, _)| table.name == "packets");
        let csv = self.files.iter().any(|file| file.is("packets"));
        let time = match self.shown {
            Shown::Time(format @ (ViewFormat::Text | ViewFormat::Json)) => Some(format),
            _ => None,
        };
        let har = self.files.iter().any(|file| matches!(file.holds, Holds::Har));
        Wants { json, csv, time, har, find: None }
    }
    fn take(&mut self, digest: Digest) -> Result<(), Error> {
        Sinks::take(self, digest)
    }
}

/// The rows of requests could not be kept until their numbers are known, or not be written.
fn waiting(error: io::Error) -> Error {
    Error::input(format!("cannot write the rows of requests: {error}"))
}

/// What was kept could not be read again, or nobody reads what is written.
fn broken(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Error::from(error),
        _ => waiting(error),
    }
}

/// What is said of connections that were given up.
pub fn given_up(count: u64) -> String {
    format!(
        "{count} connections that were open at one time with too many others, or silent for hours, were given up: what came later counts as connections of its own"
    )
}
