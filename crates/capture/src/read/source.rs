//! The bytes of a file, in chunks.

use std::io::{self, Chain, Cursor, Read};

use super::Compression;
use super::gzip::Gzip;
use super::zstd::Zstd;
use crate::Error;

/// How much is asked of the input at a time: past this, larger reads were not faster.
const CHUNK: usize = 1 << 20;
/// The same for compressed input, where a read that meets damage loses what it had decompressed.
const CHUNK_COMPRESSED: usize = 32 << 10;

/// A window on the input: what was read and not yet consumed.
pub(super) struct Source<R: Read> {
    input: Input<R>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where `start` lies in the (decompressed) file.
    offset: u64,
    eof: bool,
    inflated_limit: u64,
}

/// An input of which the first bytes have been read already.
type Rest<R> = Chain<Cursor<Vec<u8>>, R>;

enum Input<R: Read> {
    Plain(R),
    Gzip(Box<Gzip<Rest<R>>>),
    Zstd(Box<Zstd<Rest<R>>>),
}

impl<R: Read> Source<R> {
    pub(super) fn new(input: R, inflated_limit: u64) -> Source<R> {
        Source {
            input: Input::Plain(input),
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            offset: 0,
            eof: false,
            inflated_limit,
        }
    }

    /// Takes the input as compressed from where it stands. What is compressed already stays as it is.
    pub(super) fn decompress(self, compression: Compression) -> Source<R> {
        let read = self.available().to_vec();
        let input = match (self.input, compression) {
            (Input::Plain(input), Compression::Gzip) => {
                Input::Gzip(Box::new(Gzip::new(Cursor::new(read).chain(input))))
            }
            (Input::Plain(input), Compression::Zstd) => {
                Input::Zstd(Box::new(Zstd::new(Cursor::new(read).chain(input))))
            }
            (compressed, _) => compressed,
        };
        Source { input, start: 0, end: 0, offset: 0, eof: false, ..self }
    }

    pub(super) fn compression(&self) -> Option<Compression> {
        match self.input {
            Input::Plain(_) => None,
            Input::Gzip(_) => Some(Compression::Gzip),
            Input::Zstd(_) => Some(Compression::Zstd),
        }
    }
    /// How much memory the window takes.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }
    /// Where the window starts in the (decompressed) file.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }
    /// What was read and not yet consumed.
    #[inline]
    pub(super) fn available(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }
    /// Moves the window on by `n` bytes, at most to its end.
    #[inline]
    pub(super) fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        self.start += n;
        self.offset += n as u64;
    }

    /// Reads until the window holds `wanted` bytes or the input ends, and returns the window. The buffer grows only as
    /// the input really fills it, to about twice of what it holds.
    #[inline]
    pub(super) fn fill(&mut self, wanted: usize) -> Result<&[u8], Error> {
        if self.end - self.start < wanted {
            self.fill_slowly(wanted)?;
        }
        Ok(self.available())
    }

    #[cold]
    fn fill_slowly(&mut self, wanted: usize) -> Result<(), Error> {
        while self.end - self.start < wanted && !self.eof {
            if self.end == self.buffer.len() {
                // Move what is left to the front. At least as many bytes fit behind it before the next move, so that the
                // moves cost no more than the reading, whatever is asked for.
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
                if self.buffer.len() < self.end * 2 {
                    self.buffer.resize((self.end * 2).next_multiple_of(CHUNK), 0);
                }
            }
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            let size = room.len().min(CHUNK_COMPRESSED);
            let read = match &mut self.input {
                Input::Plain(input) => input.read(room),
                Input::Gzip(input) => input.read(room.get_mut(..size).unwrap_or_default()),
                Input::Zstd(input) => input.read(room.get_mut(..size).unwrap_or_default()),
            };
            let have = self.offset + (self.end - self.start) as u64;
            match read {
                Ok(0) => self.eof = true,
                // A reader that claims more than it was given room for is broken; believe the room.
                Ok(n) => self.end = (self.end + n).min(self.buffer.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(match self.compression() {
                        Some(compression) => Error::Compression { offset: have, compression, source },
                        None => Error::Io { offset: have, source },
                    });
                }
            }
            if self.compression().is_some() && have > self.inflated_limit {
                let what = "the decompressed size in bytes";
                return Err(Error::Limit { offset: have, what, limit: self.inflated_limit });
            }
        }
        Ok(())
    }
}
