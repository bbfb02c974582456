//! HTTP/1 messages on a stream (RFC 9112): where each begins and ends, how its body is framed, which answers which.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::BytesMut;
use wire::http::{
    ChunkStep, Dechunker, Fields, Framing, FramingFault, NextHead, Request, Response, decode_request, decode_response,
    looks_like_http, next_head, request_framing, response_framing,
};
use wire::{Reader, Silent};

use crate::{Buffer, BufferKind, BufferRef, Direction, Piece};

/// Messages of one connection that are told apart.
const MAX_MESSAGES: usize = 1 << 20;

/// An HTTP/1 message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpMessage {
    /// Which way it went.
    pub direction: Direction,
    /// The buffer that its ranges count in: a stream, or the plaintext of TLS.
    pub buffer: BufferRef,
    /// Its first line and its fields.
    pub head: Head,
    /// The whole message, as far as it is there.
    pub range: Range<usize>,
    /// The head, with empty lines before it and the one that ends it.
    pub head_range: Range<usize>,
    /// The body as it stands on the wire, chunk framing included.
    pub body: Range<usize>,
    /// How the body's end is known.
    pub framing: Framing,
    /// What is wrong with the fields that tell the body's length.
    pub faults: Vec<FramingFault>,
    /// Of a chunked body: the data, without the framing in between.
    pub chunks: Vec<Range<usize>>,
    /// Of a chunked body: the data, joined.
    pub decoded: Option<BufferRef>,
    /// Whether the message is whole: its end was seen, and no byte of it is missing.
    pub state: MessageState,
}

/// A message's head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Head {
    /// Of a request (RFC 9112 §3).
    Request(Request),
    /// Of a response (RFC 9112 §4).
    Response(Response),
}

impl Head {
    /// Its field lines.
    pub fn fields(&self) -> &Fields {
        match self {
            Head::Request(request) => &request.fields,
            Head::Response(response) => &response.fields,
        }
    }
    /// The request, if it is one.
    pub fn request(&self) -> Option<&Request> {
        match self {
            Head::Request(request) => Some(request),
            Head::Response(_) => None,
        }
    }
    /// The response, if it is one.
    pub fn response(&self) -> Option<&Response> {
        match self {
            Head::Response(response) => Some(response),
            Head::Request(_) => None,
        }
    }
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

impl HttpMessage {
    /// The value of the first field with this name, in any case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.fields().get(name)
    }
    /// Whether it is an interim response: status 1xx but 101 (RFC 9110 §15.2).
    pub fn interim(&self) -> bool {
        self.head.response().is_some_and(|response| matches!(response.status.0, 100 | 102..=199))
    }
    /// Bytes of its content: of the body without the framing of chunks.
    pub fn content_len(&self) -> usize {
        match self.framing {
            Framing::Chunked => self.chunks.iter().map(Range::len).sum(),
            _ => self.body.len(),
        }
    }
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
        let method = request.and_then(|i| http.messages[i].head.request()).map(|request| request.method.clone());
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
    let rest = input.buffer.bytes.get(at..).unwrap_or_default();
    let len = match next_head(rest) {
        NextHead::Whole(len) => len,
        NextHead::Need if looks_like_http(rest) => return Err("is the beginning of a head whose end is not there"),
        NextHead::Need => return Err("is not HTTP/1"),
        NextHead::TooLong => return Err("has no end of a head within 256 KiB"),
    };
    let head_range = at..at + len;
    if !input.buffer.holes(head_range.clone()).is_empty() {
        return Err("bytes of a message's head are missing");
    }
    let mut silent = Silent;
    let mut reader = Reader::new(&rest[..len], &mut silent);
    let (head, (framing, faults)) = match request {
        None => {
            let head = decode_request(&mut reader).map_err(|error| error.what)?;
            let framing = request_framing(&head);
            (Head::Request(head), framing)
        }
        Some(method) => {
            let head = decode_response(&mut reader).map_err(|error| error.what)?;
            let framing = response_framing(&head, method);
            (Head::Response(head), framing)
        }
    };
    let mut message = HttpMessage {
        direction,
        buffer: input.buffer.id,
        head,
        range: head_range.clone(),
        body: head_range.end..head_range.end,
        head_range,
        framing,
        faults,
        chunks: Vec::new(),
        decoded: None,
        state: MessageState::Whole,
    };
    body(&mut message, input, derive);
    Ok(message)
}

/// Finds a message's body and its end.
fn body(message: &mut HttpMessage, input: &Input<'_>, derive: &mut impl FnMut(Buffer) -> BufferRef) {
    let len = input.buffer.bytes.len();
    let start = message.head_range.end;
    let (end, mut state) = match message.framing {
        Framing::None | Framing::Tunnel => (start, MessageState::Whole),
        Framing::Length(n) => match usize::try_from(n).ok().and_then(|n| start.checked_add(n)) {
            Some(end) if end <= len => (end, MessageState::Whole),
            _ => (len, MessageState::CutShort),
        },
        Framing::UntilClose if input.ended => (len, MessageState::Whole),
        Framing::UntilClose => (len, MessageState::CutShort),
        Framing::Chunked => chunked(message, &input.buffer.bytes),
        Framing::Unknown => (start, MessageState::Malformed("the length of its body cannot be known")),
    };
    message.body = start..end;
    message.range.end = end;
    let missing: usize = input.buffer.holes(message.body.clone()).iter().map(|hole| hole.len()).sum();
    if state == MessageState::Whole && missing > 0 {
        state = MessageState::Missing(missing as u64);
    }
    message.state = state;
    if !message.chunks.is_empty() {
        let mut out = BytesMut::new();
        let mut parents = Vec::new();
        for data in &message.chunks {
            let from = out.len();
            out.extend_from_slice(input.buffer.bytes.get(data.clone()).unwrap_or_default());
            parents.push(Piece { range: from..out.len(), parent: message.buffer, at: data.start });
        }
        let id = BufferRef::Derived(0); // given its own number where it is kept
        let decoded = Buffer { id, kind: BufferKind::Body, bytes: out.freeze(), parents };
        message.decoded = Some(derive(decoded));
    }
}

/// Reads a chunked body (RFC 9112 §7.1): notes where the data are, and gives the body's end.
fn chunked(message: &mut HttpMessage, bytes: &[u8]) -> (usize, MessageState) {
    let mut dechunker = Dechunker::new();
    let mut at = message.head_range.end;
    loop {
        match dechunker.step(bytes.get(at..).unwrap_or_default()) {
            ChunkStep::Need => return (bytes.len(), MessageState::CutShort),
            ChunkStep::Framing(n) => at += n,
            ChunkStep::Data(n) => {
                message.chunks.push(at..at + n);
                at += n;
            }
            ChunkStep::End(n) => return (at + n, MessageState::Whole),
            ChunkStep::Malformed(why) => return (at, MessageState::Malformed(why)),
        }
    }
}
