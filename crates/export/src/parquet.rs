//! A table as a Parquet file, for engines that read columns: one column a column, any of them may be empty. Only in builds with
//! the feature `parquet`.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::basic::{LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;
use story::Story;

use crate::tables::{Cell, Column, ColumnKind, Table};

/// Rows that are written together: so many are in memory.
const GROUP: usize = 100_000;

/// Writes the rows of a table of which a packet is among `packets` (all, if that is `None`).
///
/// # Errors
/// If `out` cannot be written.
pub fn write_parquet(out: impl Write + Send, table: &Table, story: &Story, packets: Option<&[u32]>) -> io::Result<()> {
    let fields = table.columns.iter().map(field).collect::<Result<Vec<Arc<Type>>, _>>()?;
    let schema = Type::group_type_builder(table.name).with_fields(fields).build()?;
    let mut writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(WriterProperties::builder().build()))?;
    let mut group = Group::new(table);
    table.rows(story, packets, &mut |cells| {
        group.push(cells);
        if group.rows == GROUP {
            std::mem::replace(&mut group, Group::new(table)).write(writer.next_row_group()?)?;
        }
        Ok(())
    })?;
    if group.rows > 0 {
        group.write(writer.next_row_group()?)?;
    }
    writer.close()?;
    Ok(())
}

/// A column as Parquet's schema says it.
fn field(column: &Column) -> Result<Arc<Type>, ::parquet::errors::ParquetError> {
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

/// Rows that wait to be written, column by column.
struct Group {
    columns: Vec<(Values, Vec<i16>)>,
    rows: usize,
}

/// The values of a column, without those that are empty.
enum Values {
    Integer(Vec<i64>),
    Text(Vec<ByteArray>),
    Boolean(Vec<bool>),
}

impl Group {
    fn new(table: &Table) -> Group {
        let empty = |column: &Column| match column.kind {
            ColumnKind::Integer => Values::Integer(Vec::new()),
            ColumnKind::Text => Values::Text(Vec::new()),
            ColumnKind::Boolean => Values::Boolean(Vec::new()),
        };
        Group { columns: table.columns.iter().map(|column| (empty(column), Vec::new())).collect(), rows: 0 }
    }

    fn push(&mut self, cells: &[Cell]) {
        self.rows += 1;
        for ((values, levels), cell) in self.columns.iter_mut().zip(cells) {
            // Dremel's definition level: 1 where a value is.
            let there = match (values, cell) {
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
            levels.push(there);
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

    use super::*;
    use crate::tables;

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

    #[test]
    fn every_table_is_read_back_as_it_was_written() {
        let story = story();
        for table in tables::TABLES {
            let mut out = Vec::new();
            write_parquet(&mut out, table, &story, None).unwrap();
            let reader = SerializedFileReader::new(bytes::Bytes::from(out)).unwrap();
            let mut expected = Vec::new();
            table
                .rows(&story, None, &mut |cells| {
                    expected.push(cells.to_vec());
                    Ok(())
                })
                .unwrap();
            let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
            assert_eq!(rows.len(), expected.len(), "{}", table.name);
            for (row, cells) in rows.iter().zip(&expected) {
                for (((name, value), cell), column) in row.get_column_iter().zip(cells).zip(table.columns) {
                    use ::parquet::record::Field;
                    assert_eq!(name, column.name);
                    let same = match (value, cell) {
                        (Field::Null, Cell::Empty) => true,
                        (Field::Long(a), Cell::Integer(b)) => a == b,
                        (Field::Str(a), Cell::Text(b)) => a == b,
                        (Field::Bool(a), Cell::Boolean(b)) => a == b,
                        _ => false,
                    };
                    assert!(same, "{}.{}: {value:?} is not {cell:?}", table.name, column.name);
                }
            }
        }
    }
}
