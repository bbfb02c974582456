//! Columns of little-endian numbers with a JSON head before them.
//!
//! `WSC1`, the head's length in four bytes, the head (padded with blanks so that what follows begins at a multiple of
//! eight), then each column, beginning at a multiple of eight bytes behind the head. A column that says nothing in any
//! row (all zero, all NaN) is left out.

use std::marker::PhantomData;

use axum::body::Bytes;

use crate::api::{ColumnInfo, ColumnType, ColumnsHead};

/// What the format begins with.
const MAGIC: &[u8; 4] = b"WSC1";

/// A number that a column can hold.
pub trait Number: Copy + PartialEq {
    /// How it is written.
    const KIND: ColumnType;
    /// What says nothing.
    const NOTHING: Self;
    /// Its bytes, the least significant first.
    type Raw: AsRef<[u8]> + for<'a> TryFrom<&'a [u8]>;
    /// How many those are.
    const SIZE: usize = size_of::<Self::Raw>();
    /// Whether it says nothing.
    fn is_nothing(self) -> bool {
        self == Self::NOTHING
    }
    /// As bytes.
    fn raw(self) -> Self::Raw;
    /// From bytes.
    fn of(raw: Self::Raw) -> Self;
}

macro_rules! numbers {
    ($($number:ty => $kind:ident $(, $is_nothing:path)?);*) => {$(
        impl Number for $number {
            const KIND: ColumnType = ColumnType::$kind;
            const NOTHING: $number = numbers!(@nothing $number $(, $is_nothing)?);
            type Raw = [u8; size_of::<$number>()];
            $(fn is_nothing(self) -> bool {
                $is_nothing(self)
            })?
            fn raw(self) -> Self::Raw {
                self.to_le_bytes()
            }
            fn of(raw: Self::Raw) -> $number {
                <$number>::from_le_bytes(raw)
            }
        }
    )*};
    (@nothing $number:ty) => { 0 };
    (@nothing $number:ty, $is_nothing:path) => { <$number>::NAN };
}
numbers!(u32 => U32; u16 => U16; u8 => U8; f64 => F64, f64::is_nan);

/// A column that is being filled, as it will be sent. It takes no memory before it says something.
#[derive(Debug)]
pub struct Column<T> {
    rows: usize,
    bytes: Vec<u8>,
    of: PhantomData<T>,
}

impl<T: Number> Column<T> {
    /// A column that says nothing in any of `rows` rows.
    pub fn new(rows: usize) -> Column<T> {
        Column { rows, bytes: Vec::new(), of: PhantomData }
    }

    /// Sets the value of a row.
    pub fn set(&mut self, row: usize, value: T) {
        if self.bytes.is_empty() {
            if value.is_nothing() {
                return;
            }
            self.begin();
        }
        let at = row * T::SIZE;
        if let Some(place) = self.bytes.get_mut(at..at + T::SIZE).filter(|_| row < self.rows) {
            place.copy_from_slice(value.raw().as_ref());
        }
    }

    /// Changes every value.
    pub fn map(mut self, change: impl Fn(T) -> T) -> Column<T> {
        if self.bytes.is_empty() {
            if change(T::NOTHING).is_nothing() {
                return self;
            }
            self.begin();
        }
        for place in self.bytes.chunks_exact_mut(T::SIZE).take(self.rows) {
            let Ok(raw) = T::Raw::try_from(&*place) else { continue };
            place.copy_from_slice(change(T::of(raw)).raw().as_ref());
        }
        self
    }

    /// Takes its memory, up to where the next column may begin.
    fn begin(&mut self) {
        let all = (self.rows * T::SIZE).next_multiple_of(8);
        // Memory that is to be zero costs nothing before it is written.
        self.bytes = vec![0; all];
        let nothing = T::NOTHING.raw();
        if nothing.as_ref().iter().any(|byte| *byte != 0) {
            let places = self.bytes.chunks_exact_mut(T::SIZE).take(self.rows);
            places.for_each(|place| place.copy_from_slice(nothing.as_ref()));
        }
    }
}

impl<T: Number> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Column<T> {
        let mut column = Column::new(values.len());
        values.into_iter().enumerate().for_each(|(row, value)| column.set(row, value));
        column
    }
}

/// Columns that are being put together.
#[derive(Debug)]
pub struct Columns {
    rows: usize,
    head: Vec<ColumnInfo>,
    parts: Vec<Bytes>,
    len: usize,
}

impl Columns {
    /// No columns yet, of `rows` rows.
    pub fn new(rows: usize) -> Columns {
        Columns { rows, head: Vec::new(), parts: Vec::new(), len: 0 }
    }

    /// Adds a column.
    pub fn add<T: Number>(&mut self, name: &str, column: Column<T>) {
        debug_assert_eq!(column.rows, self.rows);
        if column.bytes.is_empty() {
            return;
        }
        self.head.push(ColumnInfo { name: name.to_owned(), kind: T::KIND, offset: self.len as u32 });
        self.len += column.bytes.len();
        self.parts.push(column.bytes.into());
    }

    /// The whole.
    pub fn finish(mut self) -> Packed {
        let head = ColumnsHead { rows: self.rows as u32, columns: self.head };
        // A structure of numbers and names always becomes JSON.
        let mut head = serde_json::to_vec(&head).unwrap_or_default();
        head.resize((8 + head.len()).next_multiple_of(8) - 8, b' ');
        let start = [&MAGIC[..], &(head.len() as u32).to_le_bytes(), &head].concat();
        self.parts.insert(0, start.into());
        Packed(self.parts)
    }
}

/// Columns as they are sent, in parts that stand one behind the other. A copy shares their memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packed(Vec<Bytes>);

impl Packed {
    /// How many bytes that are.
    pub fn len(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }
    /// The parts.
    pub fn into_parts(self) -> Vec<Bytes> {
        self.0
    }
    /// All in one piece.
    pub fn joined(&self) -> Vec<u8> {
        self.0.concat()
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
        let mut columns = Columns::new(3);
        columns.add("side", of([0u8, 1, 0]));
        columns.add("at", of([0.0, 1.5, f64::NAN]));
        columns.add("repeats", of([0u32, 0, 0]));
        columns.add("from", of([0u16, 1, 2]).map(|n| n + 1));
        let packed = columns.finish();
        let bytes = packed.joined();
        assert_eq!(bytes.len(), packed.len());
        assert_eq!(&bytes[..4], MAGIC);
        let length = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
        assert!((8 + length).is_multiple_of(8));
        let head: ColumnsHead = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        let names: Vec<&str> = head.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!((head.rows, names), (3, vec!["side", "at", "from"]), "what says nothing is left out");
        assert!(head.columns.iter().all(|column| column.offset.is_multiple_of(8)));
        let body = &bytes[8 + length..];
        let at = head.columns[1].offset as usize;
        assert_eq!(&body[at + 8..at + 16], 1.5f64.to_le_bytes());
        let from = head.columns[2].offset as usize;
        assert_eq!(&body[from..from + 6], [1, 0, 2, 0, 3, 0]);
    }
}
