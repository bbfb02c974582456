//! Where what was found goes: to standard output and to files, row by row.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use analyze::Summary;
use analyze::findings::{Finding, Search};
use export::{Lines, Table};
use flow::{ConversationId, Split};

use super::digest::{Digest, Wants};
use crate::args::{Open, ViewFormat};
use crate::error::Error;
use crate::output;
use crate::style::Style;

/// Takes what was found.
pub struct Sinks<'a, W: Write> {
    out: &'a mut W,
    /// What standard output is to hold.
    shown: Shown,
    files: Vec<Written>,
    search: Search,
    /// The connections that something went wrong on, by their numbers.
    concerned: BTreeMap<ConversationId, usize>,
    /// The first connections.
    first: BTreeMap<usize, Summary>,
    requests: usize,
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
    /// Every row.
    Rows,
}

/// A file that is written.
struct Written {
    path: PathBuf,
    out: BufWriter<File>,
    /// The one table that it holds; all of them as JSON lines otherwise.
    table: Option<&'static Table>,
}

impl Written {
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
        let shown = match (open.findings, open.view.format) {
            (true, format) => Shown::Findings(format),
            (false, ViewFormat::Text) => Shown::Overview,
            (false, _) => Shown::Rows,
        };
        let one = |path: &PathBuf| {
            let csv = path.extension().is_some_and(|kind| kind == "csv");
            let table = if csv { Some(output::table(path)?) } else { None };
            let mut written = Written { path: path.clone(), out: output::create(path)?, table };
            if let Some(table) = table {
                let headed = table.csv_heading(&mut written.out);
                headed.map_err(|error| written.failed(&error))?;
            }
            Ok(written)
        };
        let files = open.view.output.iter().map(one).collect::<Result<Vec<Written>, Error>>()?;
        Ok(Sinks {
            out,
            shown,
            files,
            search: Search::default(),
            concerned: BTreeMap::new(),
            first: BTreeMap::new(),
            requests: 0,
            begun: false,
            listed: false,
        })
    }

    /// Standard output.
    pub fn out(&mut self) -> &mut W {
        self.out
    }
    /// What is wanted of each packet.
    pub fn wants(&self) -> Wants {
        let json = self.shown == Shown::Rows || self.files.iter().any(|file| file.table.is_none());
        Wants { json, csv: self.files.iter().any(|file| file.table.is_some_and(|table| table.name == "packets")) }
    }

    /// Takes what was found in the next parts of the capture.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn take(&mut self, digest: Digest) -> Result<(), Error> {
        let Digest { epoch, connections, requests, search, concerned, json, csv, .. } = digest;
        if !std::mem::replace(&mut self.begun, true) {
            self.json_only(|out| export::run_line(out, false, epoch))?;
        }
        self.json_only(|out| out.write_all(&json))?;
        self.csv_only("packets", |out| out.write_all(&csv))?;
        for (number, summary) in &connections {
            self.row("connections", || export::connection_row(*number, summary).to_vec())?;
        }
        for (connection, request) in &requests {
            self.requests += 1;
            let number = self.requests;
            self.row("requests", || export::request_row(number, *connection, request).to_vec())?;
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
        let findings = std::mem::take(&mut self.search).finish();
        for (number, finding) in (1..).zip(&findings) {
            let connection = finding.conversation.and_then(|id| self.concerned.get(&id).copied());
            self.row("findings", || export::finding_row(number, connection, finding).to_vec())?;
        }
        for file in &mut self.files {
            file.out.flush().map_err(|error| output::failed(&file.path, &error))?;
        }
        let listed: Vec<&Finding> = findings.iter().collect();
        let packets = split.packets() as usize;
        let style = Style::detect();
        match self.shown {
            Shown::Rows | Shown::Findings(ViewFormat::Jsonl) => {}
            Shown::Findings(ViewFormat::Text) => crate::findings::print(self.out, &listed, packets, style)?,
            Shown::Findings(ViewFormat::Json) => writeln!(self.out, "{:#}", export::findings_document(&listed))?,
            Shown::Overview => {
                crate::findings::first_lines(self.out, &listed, false, style)?;
                let first: Vec<&Summary> = self.first.values().collect();
                crate::connections::list(self.out, &first, split.connections(), style)?;
                let (connections, requests) = (split.connections(), self.requests);
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
            let count = split.given_up();
            let _ = writeln!(
                err,
                "note: {count} connections that were open at one time with too many others, or silent for hours, were given up: what came later counts as connections of its own"
            );
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

    /// Writes a row wherever its table is wanted.
    fn row(&mut self, name: &str, cells: impl Fn() -> Vec<export::Cell>) -> Result<(), Error> {
        let Some(table) = export::table(name) else { return Ok(()) };
        let printed = match self.shown {
            Shown::Rows => true,
            Shown::Findings(ViewFormat::Jsonl) => name == "findings",
            Shown::Findings(_) | Shown::Overview => false,
        };
        if !printed && self.files.is_empty() {
            return Ok(());
        }
        let cells = cells();
        if printed {
            table.row(self.out, Lines::Json, &cells)?;
        }
        for file in &mut self.files {
            let written = match file.table {
                None => table.row(&mut file.out, Lines::Json, &cells),
                Some(one) if one.name == name => table.row(&mut file.out, Lines::Csv, &cells),
                Some(_) => Ok(()),
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
        for file in self.files.iter_mut().filter(|file| file.table.is_none()) {
            write(&mut file.out).map_err(|error| file.failed(&error))?;
        }
        Ok(())
    }

    /// Writes to all that holds one table as CSV.
    fn csv_only(&mut self, name: &str, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
        for file in self.files.iter_mut().filter(|file| file.table.is_some_and(|table| table.name == name)) {
            write(&mut file.out).map_err(|error| file.failed(&error))?;
        }
        Ok(())
    }
}
