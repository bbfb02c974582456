//! HTTP/1 messages on a stream (RFC 9112): where each begins and ends, how its body is framed, which answers which.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::BytesMut;

use crate::{Buffer, BufferKind, BufferRef, Direction, Piece};

/// A message's head may have this many bytes; longer ones are not HTTP that anyone accepts.
const MAX_HEAD: usize = 256 << 10;
/// Messages of one connection that are told apart.
const MAX_MESSAGES: usize = 1 << 20;

/// An HTTP/1 message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpMessage {
    /// Which way it went.
    pub direction: Direction,
    /// The buffer that its ranges count in: a stream, or the plaintext of TLS.
    pub buffer: BufferRef,
    /// Its first line.
    pub start: Start,
    /// The whole message, as far as it is there.
    pub range: Range<usize>,
    /// The head: first line and fields, with the empty line that ends it.
    pub head: Range<usize>,
    /// The first line without its line end.
    pub start_line: Range<usize>,
    /// The fields, in order.
    pub fields: Vec<HttpField>,
    /// The body as it stands on the wire, chunk framing included.
    pub body: Range<usize>,
    /// How the body's end is known.
    pub framing: Framing,
    /// Of a chunked body: the framing's parts and, in between, the data.
    pub chunks: Vec<Chunk>,
    /// Fields behind a chunked body.
    pub trailers: Vec<HttpField>,
    /// Of a chunked body: the data alone.
    pub decoded: Option<BufferRef>,
    /// Whether the message is whole: its end was seen, and no byte of it is missing.
    pub state: MessageState,
}

/// A message's first line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Start {
    /// Of a request (RFC 9112 §3).
    Request {
        /// The method.
        method: String,
        /// The request target, as it stands there.
        target: String,
        /// The version, e.g. `HTTP/1.1`.
        version: String,
    },
    /// Of a response (RFC 9112 §4).
    Response {
        /// The version.
        version: String,
        /// The status code.
        status: u16,
        /// The reason phrase; may be empty.
        reason: String,
    },
}

/// A field line (RFC 9112 §5), as ranges of the message's buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpField {
    /// The name.
    pub name: Range<usize>,
    /// The value without the white space around it.
    pub value: Range<usize>,
}

/// A chunk of a body (RFC 9112 §7.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    /// The line with its size, line end included.
    pub line: Range<usize>,
    /// Its data; empty in the last chunk.
    pub data: Range<usize>,
}

/// How the end of a message's body is known (RFC 9112 §6.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// There is none: by the request's method, the status code, or because a request says nothing of one.
    None,
    /// Content-Length: this many bytes.
    Length(u64),
    /// The chunked transfer coding.
    Chunked,
    /// Up to the end of the connection.
    UntilClose,
    /// No message: after a successful CONNECT or a switch of protocols, the rest belongs to something else.
    Tunnel,
}

/// How much of a message is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MessageState {
    /// All of it.
    Whole,
    /// The stream has ended, or the capture has, before the message.
    CutShort,
    /// So many of its bytes are missing in between.
    Missing(u64),
    /// It breaks the format: how.
    Malformed(&'static str),
}

/// A request and what answered it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// The request, by its number among the messages; `None` if only the answer was seen.
    pub request: Option<usize>,
    /// Interim answers (1xx), then the final one, as far as they came.
    pub responses: Vec<usize>,
}

/// HTTP/1 on a connection.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Http {
    /// The messages: the client's, in order, then the server's.
    pub messages: Vec<HttpMessage>,
    /// Requests with their responses, in order of the requests.
    pub exchanges: Vec<Exchange>,
    /// Where something else than messages begins, in each direction, and why.
    pub rest: Vec<(Direction, BufferRef, usize, &'static str)>,
}

/// One direction's bytes.
pub(crate) struct Input<'a> {
    pub buffer: &'a Buffer,
    /// The stream has ended behind these bytes.
    pub ended: bool,
}

/// Whether a direction that begins like this speaks HTTP/1: a request line or a status line (RFC 9112 §3, §4).
pub fn looks_like_http(stream: &[u8]) -> bool {
    let line = &stream[..stream.iter().position(|&b| b == b'\n').unwrap_or(stream.len()).min(8192)];
    if line.starts_with(b"HTTP/1.") {
        return line.len() >= 12;
    }
    let method = line.iter().position(|&b| b == b' ').unwrap_or(0);
    let version = line.windows(8).any(|w| w == b" HTTP/1.");
    (1..=20).contains(&method) && line[..method].iter().all(u8::is_ascii_uppercase) && version
}

impl HttpMessage {
    /// The value of the first field with this name (in lower case), read from the bytes of the message's buffer.
    pub fn field<'a>(&self, bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
        field(&self.fields, bytes, name).next()
    }
    /// Whether it is an interim response: status 1xx but 101 (RFC 9110 §15.2).
    pub fn interim(&self) -> bool {
        matches!(self.start, Start::Response { status: 100 | 102..=199, .. })
    }
}

fn field<'a>(fields: &[HttpField], bytes: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    fields
        .iter()
        .filter(move |field| bytes.get(field.name.clone()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes())))
        .filter_map(|field| bytes.get(field.value.clone()))
}

/// Reads both directions. `derive` keeps a derived buffer and gives its reference.
pub(crate) fn read(
    client: Option<Input<'_>>,
    server: Option<Input<'_>>,
    mut derive: impl FnMut(Buffer) -> BufferRef,
) -> Http {
    let mut http = Http::default();
    if let Some(input) = client {
        let mut at = 0;
        while at < input.buffer.bytes.len() && http.messages.len() < MAX_MESSAGES {
            match message(&input, Direction::ToServer, at, None, &mut derive) {
                Ok(message) => {
                    at = message.range.end;
                    let stop = message.state != MessageState::Whole;
                    http.messages.push(message);
                    if stop && !resumes(http.messages.last()) {
                        break;
                    }
                }
                Err(why) => {
                    http.rest.push((Direction::ToServer, input.buffer.id, at, why));
                    break;
                }
            }
        }
    }
    let mut open: VecDeque<usize> = VecDeque::new();
    for i in 0..http.messages.len() {
        open.push_back(i);
        http.exchanges.push(Exchange { request: Some(i), responses: Vec::new() });
    }
    let Some(input) = server else { return http };
    let mut at = 0;
    while at < input.buffer.bytes.len() && http.messages.len() < MAX_MESSAGES {
        // RFC 9112 §9.3.2: responses come in the order of the requests.
        let request = open.front().copied();
        let method = request.and_then(|i| match &http.messages[i].start {
            Start::Request { method, .. } => Some(method.clone()),
            Start::Response { .. } => None,
        });
        match message(&input, Direction::ToClient, at, Some(method.as_deref()), &mut derive) {
            Ok(message) => {
                at = message.range.end;
                let (interim, tunnel) = (message.interim(), message.framing == Framing::Tunnel);
                let stop = message.state != MessageState::Whole && !resumes(Some(&message));
                let number = http.messages.len();
                http.messages.push(message);
                let exchange = match request {
                    Some(i) => http.exchanges.iter_mut().find(|exchange| exchange.request == Some(i)),
                    None => {
                        http.exchanges.push(Exchange { request: None, responses: Vec::new() });
                        http.exchanges.last_mut()
                    }
                };
                if let Some(exchange) = exchange {
                    exchange.responses.push(number);
                }
                if !interim {
                    open.pop_front();
                }
                if tunnel {
                    http.rest.push((Direction::ToClient, input.buffer.id, at, "belongs to another protocol now"));
                }
                if stop || tunnel {
                    break;
                }
            }
            Err(why) => {
                http.rest.push((Direction::ToClient, input.buffer.id, at, why));
                break;
            }
        }
    }
    http
}

/// Whether the next message's beginning is known although this one is not whole.
fn resumes(message: Option<&HttpMessage>) -> bool {
    matches!(message, Some(HttpMessage { state: MessageState::Missing(_), .. }))
}

/// Reads the message at `at`. `request` is `None` for a request, and for a response the method that it answers.
fn message(
    input: &Input<'_>,
    direction: Direction,
    at: usize,
    request: Option<Option<&str>>,
    derive: &mut impl FnMut(Buffer) -> BufferRef,
) -> Result<HttpMessage, &'static str> {
    let bytes = &input.buffer.bytes;
    // RFC 9112 §2.2: empty lines before a request line are ignored.
    let mut first = at;
    while request.is_none() && bytes.get(first..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
        first += 2;
    }
    let rest = bytes.get(first..).unwrap_or_default();
    let (head_len, whole_head) = match head_end(rest) {
        Some(len) => (len, true),
        None if rest.len() >= MAX_HEAD => return Err("no message's head ends here"),
        None => (rest.len(), false),
    };
    let head = first..first + head_len;
    if !input.buffer.holes(head.clone()).is_empty() {
        return Err("bytes of a message's head are missing");
    }
    let mut lines = lines(bytes, head.clone());
    let start_line = lines.next().unwrap_or(first..first);
    let start = start_line_of(bytes.get(start_line.clone()).unwrap_or_default()).ok_or("is not HTTP/1")?;
    if matches!(start, Start::Request { .. }) != request.is_none() {
        return Err("is a message of the other direction");
    }
    let fields = read_fields(bytes, lines);
    let mut message = HttpMessage {
        direction,
        buffer: input.buffer.id,
        start,
        range: at..head.end,
        body: head.end..head.end,
        head,
        start_line,
        fields,
        framing: Framing::None,
        chunks: Vec::new(),
        trailers: Vec::new(),
        decoded: None,
        state: MessageState::Whole,
    };
    if !whole_head {
        message.state = MessageState::CutShort;
        return Ok(message);
    }
    match framing(&message, bytes, request) {
        Ok(framing) => message.framing = framing,
        Err(why) => {
            message.state = MessageState::Malformed(why);
            return Ok(message);
        }
    }
    body(&mut message, input, derive);
    Ok(message)
}

/// Finds a message's body and its end.
fn body(message: &mut HttpMessage, input: &Input<'_>, derive: &mut impl FnMut(Buffer) -> BufferRef) {
    let len = input.buffer.bytes.len();
    let start = message.head.end;
    let (end, whole) = match message.framing {
        Framing::None | Framing::Tunnel => (start, true),
        Framing::Length(n) => match usize::try_from(n).ok().and_then(|n| start.checked_add(n)) {
            Some(end) if end <= len => (end, true),
            _ => (len, false),
        },
        Framing::UntilClose => (len, input.ended),
        Framing::Chunked => match chunked(message, &input.buffer.bytes) {
            Ok(end) => (end, true),
            Err((end, "")) => (end, false),
            Err((end, why)) => {
                message.state = MessageState::Malformed(why);
                (end, true)
            }
        },
    };
    message.body = start..end;
    message.range.end = end;
    let missing: usize = input.buffer.holes(message.body.clone()).iter().map(|hole| hole.len()).sum();
    if message.state == MessageState::Whole {
        message.state = match (whole, missing) {
            (false, _) => MessageState::CutShort,
            (true, 0) => MessageState::Whole,
            (true, missing) => MessageState::Missing(missing as u64),
        };
    }
    if !message.chunks.is_empty() {
        let mut out = BytesMut::new();
        let mut parents = Vec::new();
        for chunk in message.chunks.iter().filter(|chunk| !chunk.data.is_empty()) {
            let from = out.len();
            out.extend_from_slice(input.buffer.bytes.get(chunk.data.clone()).unwrap_or_default());
            parents.push(Piece { range: from..out.len(), parent: message.buffer, at: chunk.data.start });
        }
        let id = BufferRef::Derived(0); // given its own number where it is kept
        let decoded = Buffer { id, kind: BufferKind::Body, bytes: out.freeze(), parents };
        message.decoded = Some(derive(decoded));
    }
}

/// Reads a chunked body (RFC 9112 §7.1) and gives its end. The error tells how far it could be read and what is wrong, or
/// nothing if the bytes end.
fn chunked(message: &mut HttpMessage, bytes: &[u8]) -> Result<usize, (usize, &'static str)> {
    let mut at = message.head.end;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(newline) = rest.iter().take(8192).position(|&b| b == b'\n') else {
            let why = if rest.len() >= 8192 { "a chunk's size has no line end" } else { "" };
            return Err((if why.is_empty() { bytes.len() } else { at }, why));
        };
        let line = at..at + newline + 1;
        let digits: Vec<u8> = rest.iter().copied().take_while(u8::is_ascii_hexdigit).collect();
        let size = std::str::from_utf8(&digits).ok().and_then(|d| usize::from_str_radix(d, 16).ok());
        let Some(size) = size.filter(|_| digits.len() <= 15) else { return Err((at, "a chunk's size is no number")) };
        at = line.end;
        if size == 0 {
            message.chunks.push(Chunk { line, data: at..at });
            break;
        }
        let end = at.checked_add(size).filter(|&end| end <= bytes.len());
        let data = at..end.unwrap_or(bytes.len());
        message.chunks.push(Chunk { line, data: data.clone() });
        let Some(end) = end else { return Err((bytes.len(), "")) };
        at = match bytes.get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([b'\n', ..]) => end + 1,
            Some([] | [b'\r']) => return Err((bytes.len(), "")),
            _ => return Err((end, "a chunk is longer than it says")),
        };
    }
    // The trailer section: field lines, then an empty line (RFC 9112 §7.1.2).
    let rest = bytes.get(at..).unwrap_or_default();
    let len = if rest.starts_with(b"\r\n") {
        2
    } else if rest.starts_with(b"\n") {
        1
    } else {
        match head_end(rest) {
            Some(len) => len,
            None => return Err((bytes.len(), "")),
        }
    };
    message.trailers = read_fields(bytes, lines(bytes, at..at + len));
    Ok(at + len)
}

/// RFC 9112 §6.3, in its order.
fn framing(message: &HttpMessage, bytes: &[u8], request: Option<Option<&str>>) -> Result<Framing, &'static str> {
    if let Start::Response { status, .. } = message.start {
        let method = request.flatten();
        if status == 101 {
            return Ok(Framing::Tunnel); // RFC 9110 §15.2.2
        }
        if method == Some("HEAD") || matches!(status, 100..=199 | 204 | 304) {
            return Ok(Framing::None);
        }
        if method == Some("CONNECT") && (200..300).contains(&status) {
            return Ok(Framing::Tunnel);
        }
    }
    let codings: Vec<&[u8]> = field(&message.fields, bytes, "transfer-encoding").collect();
    if let Some(last) = codings.last() {
        let last = last.rsplit(|&b| b == b',').next().unwrap_or_default().trim_ascii();
        return match (last.eq_ignore_ascii_case(b"chunked"), request) {
            (true, _) => Ok(Framing::Chunked),
            (false, Some(_)) => Ok(Framing::UntilClose),
            (false, None) => Err("its transfer coding does not end in chunked, so its length is not known"),
        };
    }
    let mut lengths = field(&message.fields, bytes, "content-length")
        .flat_map(|value| value.split(|&b| b == b',').map(<[u8]>::trim_ascii));
    if let Some(first) = lengths.next() {
        let n = std::str::from_utf8(first).ok().filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
        let n = n.and_then(|n| n.parse().ok()).ok_or("its Content-Length is no number")?;
        if lengths.any(|other| other != first) {
            return Err("its Content-Lengths contradict each other");
        }
        return Ok(Framing::Length(n));
    }
    Ok(if request.is_none() { Framing::None } else { Framing::UntilClose })
}

/// The length of a head with its empty line, if that is there. A line may end in LF alone (RFC 9112 §2.2).
fn head_end(bytes: &[u8]) -> Option<usize> {
    let bytes = &bytes[..bytes.len().min(MAX_HEAD)];
    let mut at = 0;
    while let Some(newline) = bytes[at..].iter().position(|&b| b == b'\n') {
        at += newline + 1;
        match &bytes[at..] {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// The lines of `range`, without their ends.
fn lines(bytes: &[u8], range: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = range.start;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..range.end).filter(|rest| !rest.is_empty())?;
        let newline = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        let line = &rest[..newline];
        let from = at;
        at += newline + 1;
        let len = if line.ends_with(b"\r") { newline - 1 } else { newline };
        Some(from..from + len)
    })
}

/// Field lines (RFC 9112 §5.1). A line that is none is left out; an obsolete fold continues the line before (§5.2).
fn read_fields(bytes: &[u8], lines: impl Iterator<Item = Range<usize>>) -> Vec<HttpField> {
    let mut fields: Vec<HttpField> = Vec::new();
    for line in lines {
        let text = bytes.get(line.clone()).unwrap_or_default();
        if text.starts_with(b" ") || text.starts_with(b"\t") {
            if let Some(last) = fields.last_mut() {
                last.value.end = line.start + text.trim_ascii_end().len();
            }
            continue;
        }
        let Some(colon) = text.iter().position(|&b| b == b':') else { continue };
        let value = &text[colon + 1..];
        let from = line.start + colon + 1 + (value.len() - value.trim_ascii_start().len());
        let to = from + value.trim_ascii().len();
        fields.push(HttpField { name: line.start..line.start + colon, value: from..to });
    }
    fields
}

fn start_line_of(line: &[u8]) -> Option<Start> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut words = line.splitn(3, |&b| b == b' ');
    let (first, second, third) = (words.next()?, words.next()?, words.next());
    if first.starts_with(b"HTTP/") {
        let status = std::str::from_utf8(second).ok().filter(|s| s.len() == 3)?.parse().ok()?;
        return Some(Start::Response { version: text(first), status, reason: text(third.unwrap_or_default()) });
    }
    // A request target has no spaces in it (RFC 9112 §3.2), but what clients send may.
    let rest = &line[first.len() + 1..];
    let version = rest.iter().rposition(|&b| b == b' ')?;
    let (target, version) = (&rest[..version], &rest[version + 1..]);
    (version.starts_with(b"HTTP/") && !first.is_empty()).then(|| Start::Request {
        method: text(first),
        target: text(target),
        version: text(version),
    })
}
