//! Columns of little-endian numbers with a JSON head before them.
//!
//! `WSC1`, the head's length in four bytes, the head (padded with blanks so that what follows begins at a multiple of
//! eight), then each column, beginning at a multiple of eight bytes behind the head. A column that says nothing in any
//! row (all zero, all NaN) is left out.

use crate::api::{ColumnInfo, ColumnType, ColumnsHead};

/// What the format begins with.
const MAGIC: &[u8; 4] = b"WSC1";

/// Columns that are being written.
#[derive(Debug)]
pub struct Columns {
    rows: usize,
    head: Vec<ColumnInfo>,
    body: Vec<u8>,
}

impl Columns {
    /// No columns yet, of `rows` rows.
    pub fn new(rows: usize) -> Columns {
        Columns { rows, head: Vec::new(), body: Vec::new() }
    }

    fn add(&mut self, name: &str, kind: ColumnType, says_something: bool, write: impl FnOnce(&mut Vec<u8>)) {
        if !says_something {
            return;
        }
        let offset = self.body.len().next_multiple_of(8);
        self.body.resize(offset, 0);
        write(&mut self.body);
        self.head.push(ColumnInfo { name: name.to_owned(), kind, offset: offset as u32 });
    }

    /// Adds doubles; NaN says nothing.
    pub fn f64(&mut self, name: &str, values: &[f64]) {
        debug_assert_eq!(values.len(), self.rows);
        self.add(name, ColumnType::F64, values.iter().any(|value| !value.is_nan()), |body| {
            values.iter().for_each(|value| body.extend_from_slice(&value.to_le_bytes()));
        });
    }
    /// Adds numbers of 32 bits.
    pub fn u32(&mut self, name: &str, values: &[u32]) {
        debug_assert_eq!(values.len(), self.rows);
        self.add(name, ColumnType::U32, values.iter().any(|value| *value != 0), |body| {
            values.iter().for_each(|value| body.extend_from_slice(&value.to_le_bytes()));
        });
    }
    /// Adds numbers of 16 bits.
    pub fn u16(&mut self, name: &str, values: &[u16]) {
        debug_assert_eq!(values.len(), self.rows);
        self.add(name, ColumnType::U16, values.iter().any(|value| *value != 0), |body| {
            values.iter().for_each(|value| body.extend_from_slice(&value.to_le_bytes()));
        });
    }
    /// Adds numbers of 8 bits.
    pub fn u8(&mut self, name: &str, values: &[u8]) {
        debug_assert_eq!(values.len(), self.rows);
        self.add(name, ColumnType::U8, values.iter().any(|value| *value != 0), |body| body.extend_from_slice(values));
    }

    /// The whole.
    pub fn finish(self) -> Vec<u8> {
        let head = ColumnsHead { rows: self.rows as u32, columns: self.head };
        // A structure of numbers and names always becomes JSON.
        let mut head = serde_json::to_vec(&head).unwrap_or_default();
        head.resize((8 + head.len()).next_multiple_of(8) - 8, b' ');
        let mut out = Vec::with_capacity(8 + head.len() + self.body.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&(head.len() as u32).to_le_bytes());
        out.extend_from_slice(&head);
        out.extend_from_slice(&self.body);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_where_the_head_says() {
        let mut columns = Columns::new(3);
        columns.u8("side", &[0, 1, 0]);
        columns.f64("at", &[0.0, 1.5, f64::NAN]);
        columns.u32("repeats", &[0, 0, 0]);
        columns.u16("from", &[1, 2, 3]);
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
