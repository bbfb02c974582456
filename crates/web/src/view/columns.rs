//! Columns of little-endian numbers with a JSON head before them.
//!
//! `WSC1`, the head's length in four bytes, the head (padded with blanks so that what follows begins at a multiple of
//! eight), then each column, beginning at a multiple of eight bytes behind the head. A column that says nothing in any
//! row (all zero, all NaN) is left out.

use crate::api::{ColumnInfo, ColumnType, ColumnsHead};

/// What the format begins with.
const MAGIC: &[u8; 4] = b"WSC1";
/// What is left free for the head until it is known, so that what stands behind it need not be moved.
const ROOM: usize = 2048;

/// A number that a column can hold.
pub trait Number: Copy + PartialEq {
    /// How it is written.
    const KIND: ColumnType;
    /// How many bytes it takes.
    const SIZE: usize;
    /// What says nothing.
    const NOTHING: Self;
    /// Whether it says nothing.
    fn is_nothing(self) -> bool {
        self == Self::NOTHING
    }
    /// Writes it.
    fn write(self, to: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($number:ty => $kind:ident),*) => {$(
        impl Number for $number {
            const KIND: ColumnType = ColumnType::$kind;
            const SIZE: usize = size_of::<$number>();
            const NOTHING: $number = 0;
            fn write(self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}
numbers!(u32 => U32, u16 => U16, u8 => U8);

impl Number for f64 {
    const KIND: ColumnType = ColumnType::F64;
    const SIZE: usize = 8;
    const NOTHING: f64 = f64::NAN;
    fn is_nothing(self) -> bool {
        self.is_nan()
    }
    fn write(self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.to_le_bytes());
    }
}

/// A column that is being filled. It takes no memory before it says something.
#[derive(Debug)]
pub struct Column<T> {
    rows: usize,
    values: Vec<T>,
}

impl<T: Number> Column<T> {
    /// A column that says nothing in any of `rows` rows.
    pub fn new(rows: usize) -> Column<T> {
        Column { rows, values: Vec::new() }
    }

    /// Sets the value of a row.
    pub fn set(&mut self, row: usize, value: T) {
        if self.values.is_empty() {
            if value.is_nothing() {
                return;
            }
            self.values = vec![T::NOTHING; self.rows];
        }
        if let Some(place) = self.values.get_mut(row) {
            *place = value;
        }
    }

    /// Changes every value.
    pub fn map(mut self, change: impl Fn(T) -> T) -> Column<T> {
        if self.values.is_empty() && !change(T::NOTHING).is_nothing() {
            self.values = vec![T::NOTHING; self.rows];
        }
        self.values.iter_mut().for_each(|value| *value = change(*value));
        self
    }
}

impl<T> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Column<T> {
        Column { rows: values.len(), values }
    }
}

/// Columns that are being written.
#[derive(Debug)]
pub struct Columns {
    rows: usize,
    head: Vec<ColumnInfo>,
    body: Vec<u8>,
}

impl Columns {
    /// No columns yet, of `rows` rows; there is room for `bytes` a row.
    pub fn new(rows: usize, bytes: usize) -> Columns {
        let mut body = Vec::with_capacity(ROOM + rows * bytes);
        body.resize(ROOM, 0);
        Columns { rows, head: Vec::new(), body }
    }

    /// Adds a column.
    pub fn add<T: Number>(&mut self, name: &str, column: Column<T>) {
        debug_assert_eq!(column.rows, self.rows);
        if column.values.iter().all(|value| value.is_nothing()) {
            return;
        }
        let offset = self.body.len().next_multiple_of(8);
        self.body.resize(offset, 0);
        self.body.reserve(column.values.len() * T::SIZE);
        column.values.iter().for_each(|value| value.write(&mut self.body));
        let offset = (offset - ROOM) as u32;
        self.head.push(ColumnInfo { name: name.to_owned(), kind: T::KIND, offset });
    }

    /// The whole.
    pub fn finish(mut self) -> Vec<u8> {
        let head = ColumnsHead { rows: self.rows as u32, columns: self.head };
        // A structure of numbers and names always becomes JSON.
        let mut head = serde_json::to_vec(&head).unwrap_or_default();
        head.resize((8 + head.len()).next_multiple_of(8).max(ROOM) - 8, b' ');
        let start = [&MAGIC[..], &(head.len() as u32).to_le_bytes(), &head].concat();
        self.body.splice(..ROOM, start);
        self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_where_the_head_says() {
        fn of<T: Number>(values: [T; 3]) -> Column<T> {
            let mut column = Column::new(3);
            values.into_iter().enumerate().for_each(|(row, value)| column.set(row, value));
            column
        }
        let mut columns = Columns::new(3, 8);
        columns.add("side", of([0u8, 1, 0]));
        columns.add("at", of([0.0, 1.5, f64::NAN]));
        columns.add("repeats", of([0u32, 0, 0]));
        columns.add("from", of([0u16, 1, 2]).map(|n| n + 1));
        let bytes = columns.finish();
        assert_eq!(&bytes[..4], MAGIC);
        let length = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
        assert!((8 + length).is_multiple_of(8));
        let head: ColumnsHead = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        let names: Vec<&str> = head.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!((head.rows, names), (3, vec!["side", "at", "from"]), "what says nothing is left out");
        let body = &bytes[8 + length..];
        let at = head.columns[1].offset as usize;
        assert_eq!(&body[at + 8..at + 16], 1.5f64.to_le_bytes());
        let from = head.columns[2].offset as usize;
        assert_eq!(&body[from..from + 6], [1, 0, 2, 0, 3, 0]);
    }
}
