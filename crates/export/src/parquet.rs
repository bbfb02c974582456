//! A table as a Parquet file, for engines that read columns: a column each, of which any cell may be empty. Only in builds with
//! the feature `parquet`.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;
use serde_json::Value;
use story::Story;

use crate::tables::{Cell, Column, ColumnKind, TABLES_SCHEMA, Table};

/// Rows that are written together: so many are in memory.
const GROUP: usize = 100_000;

/// Writes the rows of a table of which a packet is among `packets` (all, if that is `None`).
///
/// # Errors
/// If `out` cannot be written.
pub fn write_parquet(out: impl Write + Send, table: &Table, story: &Story, packets: Option<&[u32]>) -> io::Result<()> {
    let mut file = Parquet::new(out, table)?;
    table.rows(story, packets, &mut |cells| file.push(cells))?;
    file.finish().map(drop)
}

/// A Parquet file that is written row by row.
pub struct Parquet<W: Write + Send> {
    columns: &'static [Column],
    writer: SerializedFileWriter<W>,
    group: Group,
}

impl<W: Write + Send> Parquet<W> {
    /// Begins a file of this table's rows. `wirescope.schema` among its key-value metadata is [`TABLES_SCHEMA`].
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn new(out: W, table: &Table) -> io::Result<Parquet<W>> {
        let fields = table.columns.iter().map(field).collect::<Result<Vec<Arc<Type>>, _>>()?;
        let schema = Type::group_type_builder(table.name).with_fields(fields).build()?;
        let version = KeyValue::new("wirescope.schema".to_owned(), TABLES_SCHEMA.to_string());
        let properties = WriterProperties::builder()
            .set_compression(Compression::GZIP(Default::default()))
            .set_key_value_metadata(Some(vec![version]))
            .build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
        Ok(Parquet { columns: table.columns, writer, group: Group::new(table.columns) })
    }

    /// Takes the next row, a cell a column.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn push(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.group.push(cells);
        if self.group.rows == GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    /// Takes the next row as it stands in JSON lines ([`Table::row`]).
    ///
    /// # Errors
    /// If it cannot be written, or is no such row.
    pub fn push_json(&mut self, line: &[u8]) -> io::Result<()> {
        let row: Value = serde_json::from_slice(line)?;
        let cell = |column: &Column| match &row[column.name] {
            Value::Number(number) => number.as_i64().map_or(Cell::Empty, Cell::Integer),
            Value::String(text) => Cell::Text(text.clone()),
            Value::Bool(yes) => Cell::Boolean(*yes),
            _ => Cell::Empty,
        };
        let cells: Vec<Cell> = self.columns.iter().map(cell).collect();
        self.push(&cells)
    }

    /// Writes what is left, and the file's end. Gives what was written to.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        if self.group.rows > 0 {
            self.write_group()?;
        }
        Ok(self.writer.into_inner()?)
    }

    fn write_group(&mut self) -> io::Result<()> {
        let group = std::mem::replace(&mut self.group, Group::new(self.columns));
        group.write(self.writer.next_row_group()?)
    }
}

/// A column as Parquet's schema says it.
fn field(column: &Column) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match column.kind {
        ColumnKind::Integer => (Physical::INT64, None),
        ColumnKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnKind::Boolean => (Physical::BOOLEAN, None),
    };
    let built = Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()?;
    Ok(Arc::new(built))
}

/// Rows that wait to be written, column by column: the values that are there, and of each cell whether one is.
struct Group {
    columns: Vec<(Values, Vec<i16>)>,
    rows: usize,
}

enum Values {
    Integer(Vec<i64>),
    Text(Vec<ByteArray>),
    Boolean(Vec<bool>),
}

impl Group {
    fn new(columns: &[Column]) -> Group {
        let empty = |column: &Column| match column.kind {
            ColumnKind::Integer => Values::Integer(Vec::new()),
            ColumnKind::Text => Values::Text(Vec::new()),
            ColumnKind::Boolean => Values::Boolean(Vec::new()),
        };
        Group { columns: columns.iter().map(|column| (empty(column), Vec::new())).collect(), rows: 0 }
    }

    fn push(&mut self, cells: &[Cell]) {
        self.rows += 1;
        for (at, (values, levels)) in self.columns.iter_mut().enumerate() {
            // The definition level: 1 where a value is.
            let level = match (values, cells.get(at).unwrap_or(&Cell::Empty)) {
                (Values::Integer(list), Cell::Integer(n)) => {
                    list.push(*n);
                    1
                }
                (Values::Text(list), Cell::Text(text)) => {
                    list.push(text.as_bytes().to_vec().into());
                    1
                }
                (Values::Boolean(list), Cell::Boolean(yes)) => {
                    list.push(*yes);
                    1
                }
                _ => 0,
            };
            levels.push(level);
        }
    }

    fn write<W: Write + Send>(self, mut group: SerializedRowGroupWriter<'_, W>) -> io::Result<()> {
        for (values, levels) in self.columns {
            let Some(mut column) = group.next_column()? else { break };
            let levels = Some(levels.as_slice());
            match values {
                Values::Integer(list) => column.typed::<Int64Type>().write_batch(&list, levels, None)?,
                Values::Text(list) => column.typed::<ByteArrayType>().write_batch(&list, levels, None)?,
                Values::Boolean(list) => column.typed::<BoolType>().write_batch(&list, levels, None)?,
            };
            column.close()?;
        }
        group.close()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::Field;

    use super::*;
    use crate::tables::{Lines, TABLES};

    /// A capture of two packets that are no TCP: rows with values of each kind, and empty cells.
    fn story() -> Story {
        use capture::write::{Interface, Packet, PcapNg};
        let mut file = PcapNg::new(Vec::new()).unwrap();
        let interface = file.interface(&Interface::new(capture::LinkType::Ethernet)).unwrap();
        for n in 0..2 {
            let at = base::WallTime::SIMULATION_EPOCH;
            file.packet(&Packet::new(interface, at), [&[n; 60][..]]).unwrap();
        }
        let file = capture::read::read_all(&file.finish().unwrap()[..]).unwrap();
        Story::from_capture(file, capture::keylog::KeyLog::default())
    }

    fn rows(file: Vec<u8>) -> Vec<Vec<(String, Cell)>> {
        let reader = SerializedFileReader::new(bytes::Bytes::from(file)).unwrap();
        let cell = |(name, field): (&String, &Field)| {
            let cell = match field {
                Field::Null => Cell::Empty,
                Field::Long(n) => Cell::Integer(*n),
                Field::Str(text) => Cell::Text(text.clone()),
                Field::Bool(yes) => Cell::Boolean(*yes),
                other => panic!("{name}: {other:?}"),
            };
            (name.clone(), cell)
        };
        reader.get_row_iter(None).unwrap().map(|row| row.unwrap().get_column_iter().map(cell).collect()).collect()
    }

    #[test]
    fn every_table_is_read_back_as_it_was_written() {
        let story = story();
        for table in TABLES {
            let mut out = Vec::new();
            write_parquet(&mut out, table, &story, None).unwrap();
            // The same by way of JSON lines, as a long capture's rows go.
            let mut by_lines = Parquet::new(Vec::new(), table).unwrap();
            let mut expected = Vec::new();
            let each = &mut |cells: &[Cell]| {
                expected.push(table.columns.iter().map(|c| c.name.to_owned()).zip(cells.to_vec()).collect::<Vec<_>>());
                let mut line = Vec::new();
                table.row(&mut line, Lines::Json, cells)?;
                by_lines.push_json(&line)
            };
            table.rows(&story, None, each).unwrap();
            assert_eq!(rows(out), expected, "{}", table.name);
            assert_eq!(rows(by_lines.finish().unwrap()), expected, "{}", table.name);
        }
        let table = crate::table("packets").unwrap();
        let mut out = Vec::new();
        write_parquet(&mut out, table, &story, None).unwrap();
        assert_eq!(rows(out).len(), 2, "the packets");
    }

    #[test]
    fn many_rows_are_several_groups() {
        let table = crate::table("packets").unwrap();
        let mut file = Parquet::new(Vec::new(), table).unwrap();
        let mut cells = vec![Cell::Empty; table.columns.len()];
        for n in 0..GROUP as i64 + 1 {
            cells[0] = Cell::Integer(n);
            file.push(&cells).unwrap();
        }
        let reader = SerializedFileReader::new(bytes::Bytes::from(file.finish().unwrap())).unwrap();
        assert_eq!(reader.metadata().num_row_groups(), 2);
        assert_eq!(reader.metadata().file_metadata().num_rows(), GROUP as i64 + 1);
    }
}
