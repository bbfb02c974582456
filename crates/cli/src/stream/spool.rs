//! Rows that wait for their numbers: those of requests, which are numbered in order of time and come when their connections are
//! over. Many of them wait in a file of their own.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};

use base::Instant;
use export::Lines;

/// Bytes that are kept in memory.
const IN_MEMORY: usize = 16 << 20;

/// Rows, by the moment at which what they tell of began; each is written in several ways.
pub struct Spool<W> {
    /// The ways that are wanted.
    wanted: Vec<W>,
    /// When, on which connection, and where in `bytes` it stands written in each way: its beginning.
    rows: Vec<(Instant, usize, u64)>,
    bytes: Bytes,
}

impl<W: Copy> Spool<W> {
    /// None yet; each row is to be written in each of these ways.
    pub fn new(wanted: Vec<W>) -> Spool<W> {
        Spool { wanted, rows: Vec::new(), bytes: Bytes::default() }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds a row, which `write` writes.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn push(
        &mut self,
        start: Instant,
        connection: usize,
        mut write: impl FnMut(W, &mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        let place = self.bytes.len;
        for way in &self.wanted {
            let mut line = Vec::new();
            write(*way, &mut line)?;
            self.bytes.push(&(line.len() as u64).to_le_bytes())?;
            self.bytes.push(&line)?;
        }
        self.rows.push((start, connection, place));
        Ok(())
    }

    /// Gives all rows in order of time, with their numbers from 1.
    ///
    /// # Errors
    /// If the file cannot be read, or what `each` returns.
    pub fn finish(mut self, mut each: impl FnMut(W, usize, &[u8]) -> io::Result<()>) -> io::Result<()> {
        // Of one moment by connections, and on each in the order in which they came.
        self.rows.sort_unstable();
        let mut line = Vec::new();
        for (number, (.., place)) in (1..).zip(std::mem::take(&mut self.rows)) {
            let mut place = place;
            for way in &self.wanted {
                let mut len = [0; 8];
                self.bytes.read(place, &mut len)?;
                let len = u64::from_le_bytes(len);
                line.resize(usize::try_from(len).map_err(io::Error::other)?, 0);
                self.bytes.read(place + 8, &mut line)?;
                place += 8 + len;
                each(*way, number, &line)?;
            }
        }
        Ok(())
    }
}

/// A table's row with its number in the place that was left for it.
pub fn numbered(line: &[u8], lines: Lines, number: usize) -> Vec<u8> {
    const EMPTY: &[u8] = b"\"number\":null";
    let number = number.to_string();
    match lines {
        Lines::Csv => [number.as_bytes(), line].concat(),
        Lines::Json => match line.windows(EMPTY.len()).position(|part| part == EMPTY) {
            Some(at) => {
                let (before, behind) = line.split_at(at + EMPTY.len() - b"null".len());
                [before, number.as_bytes(), behind.strip_prefix(b"null").unwrap_or(behind)].concat()
            }
            None => line.to_vec(),
        },
    }
}

/// Bytes in memory, or in a file if they are many.
#[derive(Default)]
struct Bytes {
    memory: Vec<u8>,
    file: Option<Temporary>,
    len: u64,
}

impl Bytes {
    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.len += bytes.len() as u64;
        self.memory.extend_from_slice(bytes);
        if self.memory.len() > IN_MEMORY {
            let file = match &mut self.file {
                Some(file) => file,
                None => self.file.insert(Temporary::new()?),
            };
            file.file.write_all(&self.memory)?;
            self.memory.clear();
        }
        Ok(())
    }

    fn read(&mut self, at: u64, into: &mut [u8]) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            if !self.memory.is_empty() {
                file.file.seek(SeekFrom::End(0))?;
                file.file.write_all(&self.memory)?;
                self.memory.clear();
            }
            file.file.seek(SeekFrom::Start(at))?;
            return file.file.read_exact(into);
        }
        let at = usize::try_from(at).map_err(io::Error::other)?;
        let from = self.memory.get(at..).and_then(|rest| rest.get(..into.len()));
        into.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// A file that goes when it is no longer needed.
struct Temporary {
    file: File,
    path: std::path::PathBuf,
}

impl Temporary {
    fn new() -> io::Result<Temporary> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        // Others read what is in it no more than the capture itself.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut last = io::ErrorKind::AlreadyExists.into();
        for attempt in 0..100 {
            let path = std::env::temp_dir().join(format!("wirescope-{}-{attempt}", std::process::id()));
            match options.open(&path) {
                Ok(file) => return Ok(Temporary { file, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use export::Cell;

    use super::*;

    #[test]
    fn rows_come_in_order_of_time_with_their_numbers_however_many_there_are() {
        let table = export::table("requests").unwrap();
        let mut cells = vec![Cell::Empty; table.columns.len()];
        let mut spool = Spool::new(vec![Lines::Csv, Lines::Json]);
        let count = 60_000;
        for n in 0..count {
            // From the last to the first.
            cells[1] = Cell::Integer(n);
            cells[2] = Cell::Text("a request's line, \"number\":null".repeat(4));
            let write = |lines, out: &mut Vec<u8>| table.row(out, lines, &cells);
            spool.push(Instant::from_nanos(-n), 1, write).unwrap();
        }
        let path = spool.bytes.file.as_ref().map(|file| file.path.clone()).expect("it is in a file by now");
        assert!(path.exists());
        let mut next = 0;
        let each = |lines: Lines, number: usize, line: &[u8]| {
            let line = String::from_utf8(numbered(line, lines, number)).unwrap();
            let connection = count - 1 - next / 2;
            match lines {
                Lines::Csv => assert!(line.starts_with(&format!("{},{connection},", next / 2 + 1)), "{line}"),
                Lines::Json => {
                    let row: serde_json::Value = serde_json::from_str(&line).unwrap();
                    assert_eq!(
                        (row["number"].as_i64(), row["connection"].as_i64()),
                        (Some(next / 2 + 1), Some(connection))
                    );
                }
            }
            next += 1;
            Ok(())
        };
        spool.finish(each).unwrap();
        assert_eq!(next, 2 * count);
        assert!(!path.exists());
    }
}
