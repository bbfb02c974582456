//! Where the figures of connections go: to standard output and to files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use export::{Lines, Table};
use flow::tcp::VERDICTS;
use flow::{Direction, Talk};

use super::transport::Seen;
use crate::args::{Open, ViewFormat};
use crate::connections::LISTED;
use crate::error::Error;
use crate::output;
use crate::style::{Style, Tone};

/// Takes connections as they end.
pub struct Tables<'a, W: Write> {
    out: &'a mut W,
    format: ViewFormat,
    files: Vec<(PathBuf, BufWriter<File>, Lines)>,
    table: &'static Table,
    /// The first of them.
    first: BTreeMap<usize, Talk>,
    /// How often each verdict was given: on what clients sent, and servers.
    verdicts: [[u64; VERDICTS.len()]; 2],
    bytes: u64,
}

impl<'a, W: Write> Tables<'a, W> {
    /// Makes the files.
    ///
    /// # Errors
    /// If one cannot be written, or is to hold what headers do not tell.
    pub fn new(out: &'a mut W, open: &Open) -> Result<Tables<'a, W>, Error> {
        let no_table = || Error::usage("there is no table of connections");
        let table = export::table("connections").ok_or_else(no_table)?;
        let one = |path: &PathBuf| {
            let lines = match path.extension().and_then(|kind| kind.to_str()) {
                Some("csv") if output::table(path)?.name == table.name => Lines::Csv,
                Some("jsonl") => Lines::Json,
                _ => {
                    let error = Error::usage(format!("-o {}: --transport knows connections alone", path.display()));
                    return Err(error.remedy("the file's name ends in .connections.csv or .jsonl"));
                }
            };
            let mut file = output::create(path)?;
            if lines == Lines::Csv {
                table.csv_heading(&mut file).map_err(|error| output::failed(path, &error))?;
            }
            Ok((path.clone(), file, lines))
        };
        if open.view.format == ViewFormat::Json {
            let error =
                Error::usage("--transport: a row is written as a connection ends, which one document cannot be");
            return Err(error.remedy("--format jsonl writes an object a line"));
        }
        let files = open.view.output.iter().map(one).collect::<Result<_, Error>>()?;
        let (format, first) = (open.view.format, BTreeMap::new());
        Ok(Tables { out, format, files, table, first, verdicts: [[0; VERDICTS.len()]; 2], bytes: 0 })
    }

    /// Takes a connection that is over.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn connection(&mut self, number: usize, talk: Talk) -> Result<(), Error> {
        if self.format == ViewFormat::Jsonl || !self.files.is_empty() {
            let cells = export::talk_row(number, &talk);
            if self.format == ViewFormat::Jsonl {
                self.table.row(self.out, Lines::Json, &cells)?;
            }
            for (path, file, lines) in &mut self.files {
                self.table.row(file, *lines, &cells).map_err(|error| output::failed(path, &error))?;
            }
        }
        for (all, own) in self.verdicts.iter_mut().flatten().zip(talk.verdicts.iter().flatten()) {
            *all += u64::from(*own);
        }
        for direction in Direction::BOTH {
            self.bytes += talk.connection.half(direction).counts().data_bytes;
        }
        if self.format == ViewFormat::Text {
            self.first.insert(number, talk);
            if self.first.len() > LISTED {
                self.first.pop_last();
            }
        }
        Ok(())
    }

    /// The capture is at its end.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn finish(mut self, seen: &Seen, stopped: bool) -> Result<(), Error> {
        for (path, file, _) in &mut self.files {
            file.flush().map_err(|error| output::failed(path, &error))?;
        }
        if self.format == ViewFormat::Text {
            let style = Style::detect();
            let first: Vec<&Talk> = self.first.values().collect();
            crate::connections::talks(self.out, &first, seen.connections, style)?;
            self.totals(style)?;
            let (packets, others) = (seen.packets, seen.others);
            writeln!(self.out, "{packets} packets, {} connections, {} bytes of data.", seen.connections, self.bytes)?;
            if others > 0 {
                writeln!(self.out, "{others} packets carry no whole TCP segment and were not looked at.")?;
            }
        }
        self.out.flush()?;
        let mut err = io::stderr();
        if stopped {
            let _ = writeln!(err, "\nstopped: this is what the first {} packets tell", seen.packets);
        }
        if seen.given_up > 0 {
            let _ = writeln!(err, "note: {}", super::sinks::given_up(seen.given_up));
        }
        Ok(())
    }

    /// How often each verdict was given.
    fn totals(&mut self, style: Style) -> io::Result<()> {
        let given: Vec<_> = VERDICTS
            .iter()
            .enumerate()
            .map(|(bit, verdict)| (verdict.name, self.verdicts[0][bit], self.verdicts[1][bit]))
            .filter(|(_, client, server)| client + server > 0)
            .collect();
        if given.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "{}", style.paint(Tone::Heading, "Verdicts on segments of the clients, of the servers"))?;
        for (name, client, server) in given {
            writeln!(self.out, "  {name:<32} {client:>10} {server:>10}")?;
        }
        writeln!(self.out)
    }
}
