//! The chunked transfer coding (RFC 9112 §7.1): a body in pieces, each with its length.

use super::fields::{Fields, field_lines};
use super::framing::Framing;
use super::head::{NextHead, next_head};
use super::line::{self, CRLF};
use crate::{Malformed, Reader, Sink, Value};

crate::fields! {
    /// Fields of bodies.
    pub BODY_FIELDS;
    BODY = "http.body", "Body", "RFC 9112 §6", Opaque(Body), "the content, perhaps compressed (see Content-Encoding)";
    CHUNKED = "http.chunked", "Chunked body", "RFC 9112 §7.1", Group, "the content in pieces, so that it can be sent before its length is known";
    CHUNK = "http.chunk", "Chunk", "RFC 9112 §7.1", Group, "one piece with its length";
    LAST_CHUNK = "http.last_chunk", "Last chunk", "RFC 9112 §7.1", Group, "a length of zero: the content is complete";
    SIZE = "http.chunk.size", "Chunk size", "RFC 9112 §7.1", Octets, "the bytes of this piece; hexadecimal digits on the wire";
    EXTENSION = "http.chunk.extension", "Chunk extension", "RFC 9112 §7.1.1", Text, "something about the chunk; nobody uses it";
    DATA = "http.chunk.data", "Chunk data", "RFC 9112 §7.1", Opaque(Body), "a piece of the content";
    TRAILERS = "http.trailers", "Trailer section", "RFC 9112 §7.1.2", Group, "fields that were not known before the body was sent, and the empty line that ends the message";
}

/// A line with a chunk's size may have this many bytes; extensions are attacker's room (RFC 9112 §7.1.1).
pub const MAX_CHUNK_LINE: usize = 4096;

/// What a decoder of chunks made of the bytes that it was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChunkStep {
    /// Nothing yet: call again with these bytes and more.
    Need,
    /// The first `n` bytes were framing. Go on behind them.
    Framing(usize),
    /// The first `n` bytes are content. Go on behind them.
    Data(usize),
    /// The first `n` bytes were the last chunk's trailers: the body ends behind them.
    End(usize),
    /// The framing is broken: how.
    Malformed(&'static str),
}

/// Takes the chunked coding off a stream, piece by piece, whatever the pieces are. Holds no bytes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Dechunker {
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum State {
    #[default]
    Size,
    /// Bytes of data to come.
    Data(u64),
    DataEnd,
    Trailers,
    Done,
}

impl Dechunker {
    /// Before the first chunk.
    pub fn new() -> Dechunker {
        Dechunker::default()
    }

    /// Whether the body has ended.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Looks at the front of `input`, which follows what the steps before consumed.
    pub fn step(&mut self, input: &[u8]) -> ChunkStep {
        match self.state {
            State::Size => match size_line(input) {
                Ok(Some((size, _, len))) => {
                    self.state = if size == 0 { State::Trailers } else { State::Data(size) };
                    ChunkStep::Framing(len)
                }
                Ok(None) => ChunkStep::Need,
                Err(what) => ChunkStep::Malformed(what),
            },
            State::Data(left) => {
                let n = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                if n == 0 {
                    return ChunkStep::Need;
                }
                let left = left - n as u64;
                self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
                ChunkStep::Data(n)
            }
            State::DataEnd => match input {
                [] | [b'\r'] => ChunkStep::Need,
                [b'\r', b'\n', ..] => self.framed(2),
                [b'\n', ..] => self.framed(1),
                _ => ChunkStep::Malformed("a chunk's data is longer than its size says"),
            },
            State::Trailers => match trailers_len(input) {
                Ok(Some(n)) => {
                    self.state = State::Done;
                    ChunkStep::End(n)
                }
                Ok(None) => ChunkStep::Need,
                Err(what) => ChunkStep::Malformed(what),
            },
            State::Done => ChunkStep::Need,
        }
    }

    fn framed(&mut self, n: usize) -> ChunkStep {
        self.state = State::Size;
        ChunkStep::Framing(n)
    }
}

/// The line with a chunk's size at the front of `input`: size, number of digits, length of the line with its end.
fn size_line(input: &[u8]) -> Result<Option<(u64, usize, usize)>, &'static str> {
    let Some(line) = line::first(&input[..input.len().min(MAX_CHUNK_LINE)]) else {
        return if input.len() < MAX_CHUNK_LINE { Ok(None) } else { Err("a chunk's size line is too long") };
    };
    let digits = line.text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    // Sixteen digits overflow when added to; no chunk is that long.
    if digits == 0 || digits > 15 {
        return Err("a chunk's size is no hexadecimal number of at most 15 digits");
    }
    // RFC 9112 §7.1.1: white space, then a semicolon, begin an extension.
    match line.text[digits..].trim_ascii_start() {
        [] | [b';', ..] => {}
        _ => return Err("a chunk's size is followed by something else than an extension"),
    }
    let size = line.text[..digits]
        .iter()
        .fold(0, |size, digit| size << 4 | u64::from(char::from(*digit).to_digit(16).unwrap_or(0)));
    Ok(Some((size, digits, line.len())))
}

/// The length of the trailers with their empty line.
fn trailers_len(input: &[u8]) -> Result<Option<usize>, &'static str> {
    if let Some(line) = line::first(input).filter(|line| line.text.is_empty()) {
        return Ok(Some(line.len()));
    }
    match next_head(input) {
        NextHead::Whole(n) => Ok(Some(n)),
        NextHead::Need => Ok(None),
        NextHead::TooLong => Err("the trailers are too long"),
    }
}

/// Decodes a chunked body, which fills the reader, and gives its trailers.
///
/// # Errors
/// If the framing is broken or the body is cut short.
pub fn decode_chunked<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Fields, Malformed> {
    reader.group(&CHUNKED, |reader| {
        loop {
            let (size, digits, len) = match size_line(reader.peek()) {
                Ok(Some(found)) => found,
                Ok(None) => return Err(reader.error(&SIZE, "is cut short")),
                Err(what) => return Err(reader.error(&SIZE, what)),
            };
            reader.group(if size == 0 { &LAST_CHUNK } else { &CHUNK }, |reader| {
                let line = line::first(reader.peek()).map_or(len, |line| line.text.len());
                reader.bytes_as(&SIZE, digits, |_| Value::Uint(size))?;
                reader.bytes(&EXTENSION, line - digits)?;
                line::end(reader)?;
                if size == 0 {
                    return Ok(());
                }
                match usize::try_from(size).ok().filter(|size| *size <= reader.remaining()) {
                    Some(size) => drop(reader.bytes(&DATA, size)?),
                    None => {
                        reader.rest(&DATA)?;
                        return Err(reader.error(&DATA, "is cut short"));
                    }
                }
                match line::end(reader) {
                    Err(_) if !reader.is_empty() => {
                        Err(reader.error(&CRLF, "is missing: the data is longer than its size"))
                    }
                    ended => ended,
                }
            })?;
            if size == 0 {
                return reader.group(&TRAILERS, |reader| field_lines(reader, false));
            }
        }
    })
}

/// Decodes a body, which fills the reader, and gives the trailers of a chunked one.
///
/// # Errors
/// If it is shorter or longer than its framing says, or its chunks are broken.
pub fn decode_body<S: Sink>(reader: &mut Reader<'_, '_, S>, framing: Framing) -> Result<Fields, Malformed> {
    match framing {
        Framing::None => {}
        Framing::Length(n) => {
            let there = usize::try_from(n).ok().filter(|n| *n <= reader.remaining());
            reader.bytes(&BODY, there.unwrap_or(reader.remaining()))?;
            if there.is_none() {
                return Err(reader.error(&BODY, "is shorter than Content-Length says"));
            }
        }
        Framing::Chunked => return decode_chunked(reader),
        Framing::UntilClose | Framing::EndStream | Framing::Tunnel | Framing::Unknown => drop(reader.rest(&BODY)?),
    }
    Ok(Fields::default())
}
