//! Columns of little-endian numbers with a JSON head before them.
//!
//! `WSC1`, the head's length in four bytes, the head (padded with blanks so that what follows begins at a multiple of
//! eight), then each column, beginning at a multiple of eight bytes behind the head. A column that says nothing in any
//! row (all zero, all NaN) is left out; of one that seldom changes the changes are written, and numbers that fit into fewer
//! bytes take those. So a million packets travel in half the bytes.

use std::marker::PhantomData;

use axum::body::Bytes;

use crate::api::{ColumnInfo, ColumnType, ColumnsHead};

/// What the format begins with.
const MAGIC: &[u8; 4] = b"WSC1";

/// What stands for NaN where doubles are written as whole numbers of 32 bits.
const NONE: u32 = u32::MAX;
/// Columns of fewer rows are written as they are.
const FEW: usize = 256;

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
    /// As a whole number, if it is one: what says nothing as [`NONE`].
    fn whole(self) -> Option<u32>;
    /// As bytes.
    fn raw(self) -> Self::Raw;
    /// From bytes.
    fn of(raw: Self::Raw) -> Self;
}

macro_rules! numbers {
    ($($number:ty => $kind:ident, $whole:expr $(, $is_nothing:path)?);*) => {$(
        impl Number for $number {
            const KIND: ColumnType = ColumnType::$kind;
            const NOTHING: $number = numbers!(@nothing $number $(, $is_nothing)?);
            type Raw = [u8; size_of::<$number>()];
            $(fn is_nothing(self) -> bool {
                $is_nothing(self)
            })?
            fn whole(self) -> Option<u32> {
                $whole(self)
            }
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
numbers!(u32 => U32, Some; u16 => U16, |n: u16| Some(u32::from(n)); u8 => U8, |n: u8| Some(u32::from(n)); f64 => F64, whole, f64::is_nan);

/// A double as a whole number of 32 bits, if it is one, or NaN.
fn whole(number: f64) -> Option<u32> {
    let whole = number as u32;
    let same = f64::from(whole).to_bits() == number.to_bits() && whole != NONE;
    (same || number.is_nan()).then_some(if same { whole } else { NONE })
}

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

    /// How its numbers are written, how many stretches of equal ones if only those are, and the bytes of that.
    fn shortened(self) -> (ColumnType, u32, Vec<u8>) {
        if let Some((runs, bytes)) = self.stretches() {
            return (T::KIND, runs, bytes);
        }
        let highest = self.numbers().try_fold(0, |highest: u32, number| Some(highest.max(number.whole()?)));
        let Some(highest) = highest else { return (T::KIND, 0, self.bytes) };
        let wholes = || self.numbers().filter_map(Number::whole);
        let (stored, bytes) = match (T::KIND, highest) {
            (ColumnType::F64, _) => (ColumnType::U32, written(self.rows, wholes(), u32::to_le_bytes)),
            (ColumnType::U32 | ColumnType::U16, ..=0xff) => {
                (ColumnType::U8, written(self.rows, wholes(), |n| [n.to_le_bytes()[0]]))
            }
            (ColumnType::U32, ..=0xffff) => {
                let low = |n: u32| [n.to_le_bytes()[0], n.to_le_bytes()[1]];
                (ColumnType::U16, written(self.rows, wholes(), low))
            }
            _ => (T::KIND, self.bytes),
        };
        (stored, 0, bytes)
    }

    /// Its numbers.
    fn numbers(&self) -> impl Iterator<Item = T> + '_ {
        let raw = self.bytes.chunks_exact(T::SIZE).take(self.rows);
        raw.filter_map(|raw| T::Raw::try_from(raw).ok()).map(T::of)
    }

    /// How many stretches of equal numbers there are, and the bytes of those, if that takes a quarter of the room at most.
    fn stretches(&self) -> Option<(u32, Vec<u8>)> {
        let most = self.rows * T::SIZE / 4 / (4 + T::SIZE);
        let (mut starts, mut numbers) = (Vec::new(), Vec::new());
        let mut last: &[u8] = &[];
        for (row, raw) in self.bytes.chunks_exact(T::SIZE).take(self.rows).enumerate() {
            if raw == last {
                continue;
            }
            last = raw;
            starts.extend((row as u32).to_le_bytes());
            numbers.extend_from_slice(raw);
            if numbers.len() > most * T::SIZE {
                return None;
            }
        }
        let runs = (starts.len() / 4) as u32;
        starts.resize(starts.len().next_multiple_of(8), 0);
        starts.extend(numbers);
        starts.resize(starts.len().next_multiple_of(8), 0);
        Some((runs, starts))
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

/// Whole numbers as bytes, up to where the next column may begin.
fn written<const N: usize>(rows: usize, numbers: impl Iterator<Item = u32>, raw: impl Fn(u32) -> [u8; N]) -> Vec<u8> {
    let mut bytes = vec![0; (rows * N).next_multiple_of(8)];
    let (places, _) = bytes.as_chunks_mut::<N>();
    places.iter_mut().zip(numbers).for_each(|(place, number)| *place = raw(number));
    bytes
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
        let (stored, runs, bytes) = match self.rows {
            FEW.. => column.shortened(),
            _ => (T::KIND, 0, column.bytes),
        };
        self.head.push(ColumnInfo { name: name.to_owned(), kind: T::KIND, offset: self.len as u32, stored, runs });
        self.len += bytes.len();
        self.parts.push(bytes.into());
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
    fn what_seldom_changes_is_told_by_its_changes_and_small_numbers_are_written_short() {
        let rows = 1000;
        let mut columns = Columns::new(rows);
        let filled = |number: fn(usize) -> f64| Column::from((0..rows).map(number).collect::<Vec<f64>>());
        columns.add("ack", filled(|row| if row % 3 == 0 { f64::NAN } else { row as f64 * 1e6 }));
        columns.add("at", filled(|row| row as f64 / 2.0));
        columns.add("sent", filled(|row| row as f64 - 1.0));
        columns.add("connection", Column::from((0..rows).map(|row| u32::from(row > 700) + 5).collect::<Vec<u32>>()));
        columns.add("length", Column::from((0..rows).map(|row| row as u32 + 300).collect::<Vec<u32>>()));
        columns.add("from", Column::from((0..rows).map(|row| row as u16 % 7).collect::<Vec<u16>>()));
        columns.add("seq_raw", Column::from((0..rows).map(|row| row as u32 * 4_000_000).collect::<Vec<u32>>()));
        let bytes = columns.finish().joined();
        let length = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
        let head: ColumnsHead = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        let told: Vec<_> = head.columns.iter().map(|one| (one.name.as_str(), one.kind, one.stored, one.runs)).collect();
        use ColumnType::{F64, U8, U16, U32};
        assert_eq!(
            told,
            [
                ("ack", F64, U32, 0),
                ("at", F64, F64, 0),
                ("sent", F64, F64, 0),
                ("connection", U32, U32, 2),
                ("length", U32, U16, 0),
                ("from", U16, U8, 0),
                ("seq_raw", U32, U32, 0),
            ]
        );
        let body = &bytes[8 + length..];
        let from = |at: usize| &body[head.columns[at].offset as usize..];
        assert_eq!(from(0)[..12], [NONE, 1_000_000, 2_000_000].map(u32::to_le_bytes).concat());
        assert_eq!(from(3)[..16], [0, 701, 5, 6u32].map(u32::to_le_bytes).concat());
        assert_eq!(from(4)[..4], [300, 301u16].map(u16::to_le_bytes).concat());
        assert_eq!(from(5)[..8], [0, 1, 2, 3, 4, 5, 6, 0]);
        assert!(head.columns.iter().all(|column| column.offset.is_multiple_of(8)) && body.len().is_multiple_of(8));
    }

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
