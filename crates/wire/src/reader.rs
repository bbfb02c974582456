//! Reads a buffer front to back and tells the sink what each bit was.

use crate::field::MALFORMED;
use crate::{Field, Malformed, Note, Sink, Value};

/// A cursor over a buffer that emits a leaf for everything it consumes, so that the leaves tile the buffer by
/// construction: what no leaf claimed when a scope ends is reported malformed.
///
/// All reads are big-endian (network byte order, RFC 791 Appendix B).
pub struct Reader<'a, 's, S: Sink> {
    buffer: &'a [u8],
    /// Where `buffer` starts in the sink's buffer, in bits.
    base: usize,
    /// Bits of `buffer` consumed.
    pos: usize,
    sink: &'s mut S,
}

impl<'a, 's, S: Sink> Reader<'a, 's, S> {
    /// Reads `buffer`, which is the sink's whole buffer.
    pub fn new(buffer: &'a [u8], sink: &'s mut S) -> Self {
        Reader { buffer, base: 0, pos: 0, sink }
    }

    /// Reads `buffer`, which starts at byte `offset` of the sink's buffer.
    pub fn at(buffer: &'a [u8], offset: usize, sink: &'s mut S) -> Self {
        Reader { buffer, base: offset * 8, pos: 0, sink }
    }

    /// Decodes the whole of `buffer` with `decode`. What it leaves over, or cannot decode, becomes malformed bytes.
    pub fn decode_all<T>(
        buffer: &'a [u8],
        sink: &'s mut S,
        decode: impl FnOnce(&mut Reader<'a, '_, S>) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        Reader::new(buffer, sink).within(buffer.len(), decode)
    }

    /// Bytes not yet consumed (rounded down inside a byte).
    pub fn remaining(&self) -> usize {
        self.buffer.len() - self.pos.div_ceil(8)
    }
    /// Bits not yet consumed.
    pub fn remaining_bits(&self) -> usize {
        self.buffer.len() * 8 - self.pos
    }
    /// Whether every bit is consumed.
    pub fn is_empty(&self) -> bool {
        self.pos == self.buffer.len() * 8
    }
    /// The next bit's position in the sink's buffer.
    pub fn bit(&self) -> usize {
        self.base + self.pos
    }
    /// The next byte's offset in this reader's own buffer.
    pub fn offset(&self) -> usize {
        self.pos / 8
    }
    /// The buffer's bytes from the cursor on, without consuming them.
    pub fn peek(&self) -> &'a [u8] {
        &self.buffer[self.pos.div_ceil(8)..]
    }
    /// All of this reader's buffer, consumed or not (a DNS name points back into it).
    pub fn buffer(&self) -> &'a [u8] {
        self.buffer
    }
    /// The sink.
    pub fn sink(&mut self) -> &mut S {
        self.sink
    }

    /// An error at the cursor: `field` `what`.
    pub fn error(&self, field: &'static Field, what: &'static str) -> Malformed {
        Malformed { field, at: self.bit(), what }
    }
    /// Reports an error at the cursor and goes on where the sink does.
    pub fn report(&mut self, field: &'static Field, what: &'static str) -> Result<(), Malformed> {
        let error = self.error(field, what);
        self.sink.malformed(error)
    }
    /// A remark on what was emitted last.
    pub fn note(&mut self, note: Note) {
        self.sink.note(note);
    }

    /// Consumes `bits` bits (at most 64) as `field`.
    #[inline]
    pub fn bits(&mut self, field: &'static Field, bits: usize) -> Result<u64, Malformed> {
        if self.pos + bits > self.buffer.len() * 8 {
            return Err(self.error(field, "is cut short"));
        }
        let value = crate::header::get_bits(self.buffer, self.pos, bits);
        self.sink.leaf(field, self.bit()..self.bit() + bits, Value::Uint(value));
        self.pos += bits;
        Ok(value)
    }
    /// Consumes `bits` bits as `field` with a value that is not simply those bits: a number in a form of its own.
    pub fn bits_as(&mut self, field: &'static Field, bits: usize, value: u64) -> Result<(), Malformed> {
        if self.pos + bits > self.buffer.len() * 8 {
            return Err(self.error(field, "is cut short"));
        }
        self.sink.leaf(field, self.bit()..self.bit() + bits, Value::Uint(value));
        self.pos += bits;
        Ok(())
    }
    /// Consumes a byte as `field`.
    #[inline]
    pub fn u8(&mut self, field: &'static Field) -> Result<u8, Malformed> {
        self.bits(field, 8).map(|v| v as u8)
    }
    /// Consumes two bytes as `field`.
    #[inline]
    pub fn u16(&mut self, field: &'static Field) -> Result<u16, Malformed> {
        self.bits(field, 16).map(|v| v as u16)
    }
    /// Consumes three bytes as `field`.
    #[inline]
    pub fn u24(&mut self, field: &'static Field) -> Result<u32, Malformed> {
        self.bits(field, 24).map(|v| v as u32)
    }
    /// Consumes four bytes as `field`.
    #[inline]
    pub fn u32(&mut self, field: &'static Field) -> Result<u32, Malformed> {
        self.bits(field, 32).map(|v| v as u32)
    }
    /// Consumes eight bytes as `field`.
    #[inline]
    pub fn u64(&mut self, field: &'static Field) -> Result<u64, Malformed> {
        self.bits(field, 64)
    }
    /// Consumes `n` bytes as `field`; the value is the bytes. Nothing is emitted for `n` = 0.
    #[inline]
    pub fn bytes(&mut self, field: &'static Field, n: usize) -> Result<&'a [u8], Malformed> {
        let taken = self.take(field, n)?;
        if n > 0 {
            self.sink.leaf(field, self.bit() - n * 8..self.bit(), Value::Raw);
        }
        Ok(taken)
    }
    /// Consumes `n` bytes as `field` with a value that `decode` makes of them.
    pub fn bytes_as<'v>(
        &mut self,
        field: &'static Field,
        n: usize,
        decode: impl FnOnce(&'a [u8]) -> Value<'v>,
    ) -> Result<&'a [u8], Malformed> {
        let taken = self.take(field, n)?;
        if n > 0 && S::RECORDS {
            self.sink.leaf(field, self.bit() - n * 8..self.bit(), decode(taken));
        }
        Ok(taken)
    }
    /// Consumes all that remains as `field`.
    pub fn rest(&mut self, field: &'static Field) -> Result<&'a [u8], Malformed> {
        self.bytes(field, self.remaining())
    }
    /// Consumes all remaining bits as `field`, even inside a byte: what is left after an error.
    pub fn abandon(&mut self, field: &'static Field) {
        let end = self.base + self.buffer.len() * 8;
        if self.bit() < end {
            self.sink.leaf(field, self.bit()..end, Value::Raw);
        }
        self.pos = self.buffer.len() * 8;
    }
    /// Consumes a value of fixed size: an integer, an address, an open enumeration.
    #[inline]
    pub fn get<T: crate::Bits>(&mut self, field: &'static Field, bits: usize) -> Result<T, Malformed> {
        if self.pos + bits > self.buffer.len() * 8 {
            return Err(self.error(field, "is cut short"));
        }
        let value = T::get(self.buffer, self.pos, bits);
        self.sink.leaf(field, self.bit()..self.bit() + bits, value.value());
        self.pos += bits;
        Ok(value)
    }

    /// Consumes `n` bytes at a byte boundary without telling the sink: for sinks that do not want to be told. `None`, and
    /// nothing consumed, if they are not there.
    #[inline]
    pub fn skip(&mut self, n: usize) -> Option<&'a [u8]> {
        debug_assert!(!S::RECORDS, "every bit is told to a sink that records");
        let start = if self.pos.is_multiple_of(8) { self.pos / 8 } else { return None };
        let taken = self.buffer.get(start..)?.get(..n)?;
        self.pos += n * 8;
        Some(taken)
    }

    #[inline]
    fn take(&mut self, field: &'static Field, n: usize) -> Result<&'a [u8], Malformed> {
        debug_assert!(self.pos.is_multiple_of(8), "bytes are read at byte boundaries");
        let start = self.pos / 8;
        match start.checked_add(n).and_then(|end| self.buffer.get(start..end)) {
            Some(taken) => {
                self.pos += n * 8;
                Ok(taken)
            }
            None => Err(self.error(field, "is cut short")),
        }
    }

    /// Emits a group around what `decode` consumes.
    #[inline]
    pub fn group<T>(
        &mut self,
        field: &'static Field,
        decode: impl FnOnce(&mut Reader<'a, 's, S>) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        self.sink.open(field, self.bit());
        let result = decode(self);
        self.sink.close(self.bit());
        result
    }

    /// Decodes the next `n` bytes with `decode`, which sees nothing beyond them. If it fails and the sink goes on, the
    /// bytes that it had not consumed become malformed bytes, the result is `None`, and this reader stands behind them.
    /// Bytes that it leaves over are malformed too.
    pub fn within<T>(
        &mut self,
        n: usize,
        decode: impl FnOnce(&mut Reader<'a, '_, S>) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        let base = self.bit();
        let buffer = self.take(&MALFORMED, n)?;
        let mut inner = Reader { buffer, base, pos: 0, sink: &mut *self.sink };
        let result = match decode(&mut inner) {
            Ok(value) => {
                if !inner.is_empty() {
                    inner.report(&MALFORMED, "stands behind the end of the structure")?;
                }
                Some(value)
            }
            Err(error) => {
                inner.sink.malformed(error)?;
                None
            }
        };
        inner.abandon(&MALFORMED);
        Ok(result)
    }

    /// [`Reader::within`] inside a group.
    pub fn group_within<T>(
        &mut self,
        field: &'static Field,
        n: usize,
        decode: impl FnOnce(&mut Reader<'a, '_, S>) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        if n > self.remaining() {
            return Err(self.error(field, "is cut short"));
        }
        self.sink.open(field, self.bit());
        let result = self.within(n, decode);
        self.sink.close(self.bit());
        result
    }
}
