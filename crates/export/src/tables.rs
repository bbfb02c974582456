//! A run as four tables, for CSV and JSON lines: packets, connections, requests, findings. `docs/tables.md` describes them,
//! and a test holds it against what stands here.

mod connections;
mod findings;
mod packets;
mod requests;

pub use connections::{row as connection_row, talk_row};
pub use findings::row as finding_row;
pub use requests::row as request_row;

use std::io::{self, Write};

use flow::ConversationId;
use story::Story;

/// The version of the tables: it changes when a reader would have to. New columns come last.
pub const TABLES_SCHEMA: u32 = 1;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ColumnKind {
    /// A whole number of at most 64 bits, with a sign.
    Integer,
    /// Text in UTF-8.
    Text,
    /// Yes or no: `true` or `false`.
    Boolean,
}

impl ColumnKind {
    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            ColumnKind::Integer => "integer",
            ColumnKind::Text => "text",
            ColumnKind::Boolean => "boolean",
        }
    }
}

/// A column: its name, its kind, what it means in a line.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The name, in the heading.
    pub name: &'static str,
    /// What it holds; any cell may be empty where nothing is known.
    pub kind: ColumnKind,
    /// What it means.
    pub line: &'static str,
}

/// One value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// Nothing is known, or there is none.
    Empty,
    /// A number.
    Integer(i64),
    /// A text.
    Text(String),
    /// Yes or no.
    Boolean(bool),
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Empty, Into::into)
    }
}
impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}
impl From<bool> for Cell {
    fn from(yes: bool) -> Cell {
        Cell::Boolean(yes)
    }
}
impl From<i64> for Cell {
    fn from(n: i64) -> Cell {
        Cell::Integer(n)
    }
}
impl From<u32> for Cell {
    fn from(n: u32) -> Cell {
        Cell::Integer(n.into())
    }
}
impl From<u16> for Cell {
    fn from(n: u16) -> Cell {
        Cell::Integer(n.into())
    }
}
impl From<u64> for Cell {
    fn from(n: u64) -> Cell {
        i64::try_from(n).map_or(Cell::Empty, Cell::Integer)
    }
}
impl From<usize> for Cell {
    fn from(n: usize) -> Cell {
        Cell::from(n as u64)
    }
}
impl From<base::Duration> for Cell {
    fn from(time: base::Duration) -> Cell {
        Cell::Integer(time.as_nanos())
    }
}
impl From<base::Instant> for Cell {
    fn from(at: base::Instant) -> Cell {
        Cell::Integer(at.as_nanos())
    }
}

/// Takes a row's cells, one a column.
type Sink<'s> = dyn FnMut(&[Cell]) -> io::Result<()> + 's;

/// A table: its columns, and how its rows come out of a story.
pub struct Table {
    /// The name: `packets`.
    pub name: &'static str,
    /// What a row is, in a line.
    pub line: &'static str,
    /// The columns, in order.
    pub columns: &'static [Column],
    rows: fn(&Chosen<'_>, &mut Sink<'_>) -> io::Result<()>,
}

/// The tables.
pub static TABLES: [&Table; 4] = [&packets::TABLE, &connections::TABLE, &requests::TABLE, &findings::TABLE];

/// The table called `name`.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.into_iter().find(|table| table.name == name)
}

/// A story, and the packets of it that are meant.
struct Chosen<'a> {
    story: &'a Story,
    /// In order; `None` for all.
    packets: Option<&'a [u32]>,
}

impl<'a> Chosen<'a> {
    fn new(story: &'a Story, packets: Option<&'a [u32]>) -> Chosen<'a> {
        Chosen { story, packets }
    }

    /// Whether any of these packets is meant.
    fn any(&self, mut of: impl Iterator<Item = u32>) -> bool {
        self.packets.is_none_or(|chosen| of.any(|number| chosen.binary_search(&number).is_ok()))
    }

    fn number(&self, id: ConversationId) -> Option<usize> {
        self.story.connection_number(id)
    }
}

impl Table {
    /// Gives every row of which a packet is among `packets` (all, if that is `None`), cell by cell.
    ///
    /// # Errors
    /// What `each` returns.
    pub fn rows(&self, story: &Story, packets: Option<&[u32]>, each: &mut Sink<'_>) -> io::Result<()> {
        (self.rows)(&Chosen::new(story, packets), each)
    }

    /// Writes the table as CSV with a heading (RFC 4180).
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_csv(&self, out: &mut impl Write, story: &Story, packets: Option<&[u32]>) -> io::Result<()> {
        self.csv_heading(out)?;
        self.rows(story, packets, &mut |cells| self.row(out, Lines::Csv, cells))
    }

    /// Writes the table as JSON lines: an object a row, with `row` naming the table and a key a column.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_jsonl(&self, out: &mut impl Write, story: &Story, packets: Option<&[u32]>) -> io::Result<()> {
        self.rows(story, packets, &mut |cells| self.row(out, Lines::Json, cells))
    }

    /// Writes CSV's first line: the names of the columns.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn csv_heading(&self, out: &mut impl Write) -> io::Result<()> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        write!(out, "{}\r\n", names.join(","))
    }

    /// Writes one row.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn row(&self, out: &mut impl Write, lines: Lines, cells: &[Cell]) -> io::Result<()> {
        match lines {
            Lines::Csv => {
                for (at, cell) in cells.iter().enumerate() {
                    if at > 0 {
                        out.write_all(b",")?;
                    }
                    match cell {
                        Cell::Empty => {}
                        Cell::Integer(n) => write!(out, "{n}")?,
                        Cell::Boolean(yes) => write!(out, "{yes}")?,
                        Cell::Text(text) => csv_text(out, text)?,
                    }
                }
                out.write_all(b"\r\n")
            }
            Lines::Json => {
                let row = self.name.strip_suffix('s').unwrap_or(self.name);
                write!(out, "{{\"row\":\"{row}\"")?;
                for (column, cell) in self.columns.iter().zip(cells) {
                    write!(out, ",\"{}\":", column.name)?;
                    match cell {
                        Cell::Empty => out.write_all(b"null")?,
                        Cell::Integer(n) => write!(out, "{n}")?,
                        Cell::Boolean(yes) => write!(out, "{yes}")?,
                        Cell::Text(text) => serde_json::to_writer(&mut *out, text)?,
                    }
                }
                out.write_all(b"}\n")
            }
        }
    }
}

/// How rows are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lines {
    /// RFC 4180.
    Csv,
    /// An object a line.
    Json,
}

/// RFC 4180 §2: what holds a comma, a quote or a line end is quoted, and quotes in it are doubled.
fn csv_text(out: &mut impl Write, text: &str) -> io::Result<()> {
    if text.contains([',', '"', '\r', '\n']) {
        write!(out, "\"{}\"", text.replace('"', "\"\""))
    } else {
        out.write_all(text.as_bytes())
    }
}

/// Writes a run as JSON lines: what it is, then the rows of all tables.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_jsonl(out: &mut impl Write, story: &Story, packets: Option<&[u32]>) -> io::Result<()> {
    run_line(out, story.trace().is_some(), story.epoch())?;
    TABLES.into_iter().try_for_each(|table| table.write_jsonl(out, story, packets))
}

/// Writes the line that says what a run is.
///
/// # Errors
/// If `out` cannot be written.
pub fn run_line(out: &mut (impl Write + ?Sized), simulated: bool, epoch: base::WallTime) -> io::Result<()> {
    let source = if simulated { "simulated" } else { "captured" };
    writeln!(out, "{{\"row\":\"run\",\"schema\":{TABLES_SCHEMA},\"source\":\"{source}\",\"epoch\":\"{epoch}\"}}")
}

/// Declares a table's columns.
macro_rules! columns {
    ($($name:literal $kind:ident $line:literal;)*) => {
        &[$($crate::tables::Column { name: $name, kind: $crate::tables::ColumnKind::$kind, line: $line }),*]
    };
}
use columns;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_tables_says_what_stands_here() {
        let page = include_str!("../../../docs/tables.md");
        for table in TABLES {
            assert!(
                page.contains(&format!("## {}\n\n{}", table.name, table.line)),
                "docs/tables.md lacks {}",
                table.name
            );
            for column in table.columns {
                let row = format!("| `{}` | {} | {} |", column.name, column.kind.name(), column.line);
                assert!(page.contains(&row), "docs/tables.md lacks {row}");
            }
        }
    }

    #[test]
    fn csv_quotes_what_would_break_it() {
        let written = |text: &str| {
            let mut out = Vec::new();
            csv_text(&mut out, text).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written("plain text"), "plain text");
        assert_eq!(written("a,b"), "\"a,b\"");
        assert_eq!(written("say \"a\"\r\n"), "\"say \"\"a\"\"\r\n\"");
    }
}
