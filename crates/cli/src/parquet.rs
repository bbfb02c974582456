//! `-o NAME.parquet`: a table for engines that read columns, where the program was built with the feature `parquet`.

use std::path::Path;

use export::{Cell, Table};
use story::Story;

use crate::error::Error;
use crate::output;

/// Writes the table that the file's name asks for.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: &Path, story: &Story, packets: Option<&[u32]>) -> Result<(), Error> {
    let table = output::table(path)?;
    let mut file = File::create(path, table)?;
    table.rows(story, packets, &mut |cells| file.push(cells)).map_err(|error| output::failed(path, &error))?;
    file.finish().map_err(|error| output::failed(path, &error))
}

#[cfg(feature = "parquet")]
pub use with::File;
#[cfg(not(feature = "parquet"))]
pub use without::File;

#[cfg(feature = "parquet")]
mod with {
    use std::io::{self, BufWriter, Write};

    use super::*;

    /// A Parquet file, row by row.
    pub struct File(export::Parquet<BufWriter<std::fs::File>>);

    impl File {
        /// Makes it.
        pub fn create(path: &Path, table: &'static Table) -> Result<File, Error> {
            let made = export::Parquet::new(output::create(path)?, table);
            made.map(File).map_err(|error| output::failed(path, &error))
        }
        /// Takes the next row.
        pub fn push(&mut self, cells: &[Cell]) -> io::Result<()> {
            self.0.push(cells)
        }
        /// Takes the next row as it stands in JSON lines.
        pub fn push_json(&mut self, line: &[u8]) -> io::Result<()> {
            self.0.push_json(line)
        }
        /// Writes the end.
        pub fn finish(self) -> io::Result<()> {
            self.0.finish()?.flush()
        }
    }
}

#[cfg(not(feature = "parquet"))]
mod without {
    use std::io;

    use super::*;

    /// There is none.
    pub enum File {}

    impl File {
        /// Says that this program cannot.
        pub fn create(path: &Path, _: &'static Table) -> Result<File, Error> {
            let error = Error::usage(format!("-o {}: this program was built without Parquet", path.display()));
            Err(error.remedy("write a .csv, or build it with: cargo build --release --features parquet"))
        }
        /// Takes the next row.
        pub fn push(&mut self, _: &[Cell]) -> io::Result<()> {
            match *self {}
        }
        /// Takes the next row as it stands in JSON lines.
        pub fn push_json(&mut self, _: &[u8]) -> io::Result<()> {
            match *self {}
        }
        /// Writes the end.
        pub fn finish(self) -> io::Result<()> {
            match self {}
        }
    }
}
