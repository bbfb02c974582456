//! HTTP/1 messages on a stream (RFC 9112): where each begins and ends, how its body is framed, which answers which.

use std::collections::VecDeque;
use std::ops::Range;

use wire::http::{
    ChunkStep, Dechunker, Fields, Framing, FramingFault, NextHead, Request, Response, decode_request, decode_response,
    looks_like_http, next_head, request_framing, response_framing,
};
use wire::http2::Table;
use wire::{Reader, Silent};

use super::Joint;
use super::http2::{Http2Frame, OnStream};
use crate::{Buffer, BufferKind, BufferRef, Direction, Piece};

/// Messages of one connection that are told apart.
const MAX_MESSAGES: usize = 1 << 20;

/// Bytes of a chunk's first line in which missing ones can make it look broken.
const MAX_CHUNK_LINE: usize = 64;

/// An HTTP message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpMessage {
    /// Which way it went.
    pub direction: Direction,
    /// The buffer that its ranges count in: a stream, or the plaintext of TLS; in HTTP/2 one of its own, put together from
    /// frames.
    pub buffer: BufferRef,
    /// Its first line and its fields; of HTTP/2 those among the fields whose names begin with a colon stand for that line.
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
    /// Whether it is the first behind something that could not be read: the last of [`Http::unread`] before it. Messages
    /// may be missing there.
    pub resumed: bool,
    /// Of HTTP/2: where it stands on its connection.
    pub on_stream: Option<OnStream>,
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

/// HTTP on a connection.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Http {
    /// The messages: the client's, in order, then the server's. Where the connection was upgraded (RFC 7540 §3.2), those of
    /// HTTP/2 stand in this order behind those of HTTP/1.1.
    pub messages: Vec<HttpMessage>,
    /// Requests with their responses, in order of the requests.
    pub exchanges: Vec<Exchange>,
    /// What could not be read as messages, and why.
    pub unread: Vec<Unread>,
    /// Of HTTP/2: its frames, the client's, in order, then the server's.
    pub frames: Vec<Http2Frame>,
    /// Of HTTP/2: what each direction's header blocks were compressed against.
    pub tables: [Table; 2],
}

/// A stretch that could not be read as messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unread {
    /// Which way it went.
    pub direction: Direction,
    /// The buffer.
    pub buffer: BufferRef,
    /// Where in it.
    pub range: Range<usize>,
    /// How many of its bytes were not captured.
    pub missing: u64,
    /// Why, as a clause about the bytes.
    pub why: &'static str,
}

/// One direction's bytes.
pub(crate) struct Input<'a> {
    pub buffer: &'a Buffer,
    /// Where what is meant begins: HTTP/2 may stand behind an upgrade.
    pub from: usize,
    /// Where each of its pieces starts, and the packet that brought it.
    pub packets: &'a [(usize, u32)],
    /// The stream has ended behind these bytes.
    pub ended: bool,
}

impl HttpMessage {
    /// The value of the first field with this name, in any case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.fields().get(name)
    }
    /// The site that a request is for: Host, or in HTTP/2 the field that takes its place (RFC 9113 §8.3.1).
    pub fn site(&self) -> Option<&str> {
        self.field(":authority").or_else(|| self.field("host"))
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

/// Reads both directions, of each its stretches: between two of them something is missing. `derive` keeps a derived buffer
/// and gives its reference.
pub(crate) fn read([client, server]: [Vec<Input<'_>>; 2], mut derive: impl FnMut(Buffer) -> BufferRef) -> Http {
    let mut http = Http::default();
    let mut open: VecDeque<(usize, u32)> = VecDeque::new();
    let mut lost = false;
    walk(&client, Direction::ToServer, &mut http, &mut derive, |step, http| match step {
        Step::Begins { .. } => None,
        Step::Read { number, packet } => {
            open.push_back((number, packet));
            http.exchanges.push(Exchange { request: Some(number), responses: Vec::new() });
            lost |= http.messages.last().is_some_and(|message| message.resumed);
            None
        }
    });
    let mut answers: Option<usize> = None;
    walk(&server, Direction::ToClient, &mut http, &mut derive, |step, http| match step {
        Step::Begins { packet, resumed } => {
            // RFC 9112 §9.3.2: responses come in the order of the requests. Where some were not captured, what a response
            // answers is the last request before it: nearly nobody sends one before the last is answered.
            lost |= resumed;
            let asked = open.iter().filter(|(_, asked)| *asked < packet).count();
            for _ in 1..if lost { asked } else { 0 } {
                open.pop_front();
            }
            answers = open.front().filter(|_| !lost || asked > 0).map(|(request, _)| *request);
            answers.and_then(|i| http.messages.get(i)?.head.request()).map(|request| request.method.clone())
        }
        Step::Read { number, .. } => {
            let exchange = match answers {
                Some(i) => http.exchanges.iter_mut().find(|exchange| exchange.request == Some(i)),
                None => {
                    http.exchanges.push(Exchange { request: None, responses: Vec::new() });
                    http.exchanges.last_mut()
                }
            };
            if let Some(exchange) = exchange {
                exchange.responses.push(number);
            }
            if answers.is_some() && !http.messages.get(number).is_some_and(HttpMessage::interim) {
                open.pop_front();
            }
            None
        }
    });
    http
}

/// Where [`walk`] stands.
enum Step {
    /// A message begins, in this packet. The answer is the method of the request that it answers, if that is known.
    Begins { packet: u32, resumed: bool },
    /// It was read, and has this number; its last byte is in this packet.
    Read { number: usize, packet: u32 },
}

/// Reads the messages of one direction.
fn walk(
    inputs: &[Input<'_>],
    direction: Direction,
    http: &mut Http,
    derive: &mut impl FnMut(Buffer) -> BufferRef,
    mut tell: impl FnMut(Step, &mut Http) -> Option<String>,
) {
    for (i, input) in inputs.iter().enumerate() {
        let len = input.buffer.bytes.len();
        let (mut at, mut resumed) = (input.from, false);
        // Gives up what stands at `from`, and says where it goes on: at `least` or later.
        let give_up = |http: &mut Http, from: usize, least: usize, behind_hole: bool, why: &'static str| {
            let next = resync(input, direction, least, behind_hole);
            let range = from..next.unwrap_or(len);
            http.unread.extend(input.unread(direction, range, why));
            next
        };
        if i > 0 {
            // What stands before the first message that can be told belongs to one whose beginning is missing.
            let Some(next) = give_up(http, 0, 0, false, "follows something that is missing") else { continue };
            (at, resumed) = (next, true);
        }
        while at < len && http.messages.len() < MAX_MESSAGES {
            let method = tell(Step::Begins { packet: input.packet(at), resumed }, http);
            let request = (direction == Direction::ToClient).then_some(method.as_deref());
            match message(input, direction, at, request, derive) {
                Ok(mut message) => {
                    message.resumed = std::mem::take(&mut resumed);
                    let (end, state, tunnel) = (message.range.end, message.state, message.framing == Framing::Tunnel);
                    let sized = !matches!(message.framing, Framing::Chunked);
                    http.messages.push(message);
                    tell(
                        Step::Read { number: http.messages.len() - 1, packet: input.packet(end.saturating_sub(1)) },
                        http,
                    );
                    at = end;
                    match state {
                        _ if tunnel => {
                            http.unread.extend(input.unread(direction, at..len, "belongs to another protocol now"));
                            return;
                        }
                        MessageState::Whole => {}
                        // Its length tells where the next one begins.
                        MessageState::Missing(_) if sized => {}
                        _ => match give_up(http, at, at, true, "follows a message whose end cannot be told") {
                            Some(next) => (at, resumed) = (next, true),
                            None => break,
                        },
                    }
                }
                // A capture may begin in the middle of a message.
                Err(why) => match give_up(http, at, at + 1, at > 0, why) {
                    Some(next) => (at, resumed) = (next, true),
                    None => break,
                },
            }
        }
    }
}

/// The next place from `from` on where a message can be told to begin: behind missing bytes if `behind_hole`, at the beginning
/// of a packet's data or of a TLS record, as programs write messages, and with a whole head that keeps its format. Inside a
/// body such a place may only seem to be one; but heads at the very beginning of packets are rare there.
fn resync(input: &Input<'_>, direction: Direction, from: usize, behind_hole: bool) -> Option<usize> {
    let bytes = &input.buffer.bytes;
    let from = if behind_hole {
        // The hole may have begun a little before what it broke.
        let near = from.saturating_sub(MAX_CHUNK_LINE)..bytes.len();
        input.buffer.holes(near).first().map(|hole| hole.end.max(from))?
    } else {
        from
    };
    let first = input.packets.partition_point(|(start, _)| *start < from);
    let begins = |at: usize| {
        let rest = bytes.get(at..).unwrap_or_default();
        let fits = looks_like_http(rest) && rest.starts_with(b"HTTP/1.") == (direction == Direction::ToClient);
        let NextHead::Whole(len) = (if fits { next_head(rest) } else { NextHead::Need }) else { return false };
        let head = &rest[..len];
        let reads = match direction {
            Direction::ToServer => decode_request(&mut Reader::new(head, &mut Silent)).is_ok(),
            Direction::ToClient => decode_response(&mut Reader::new(head, &mut Silent)).is_ok(),
        };
        reads && input.buffer.holes(at..at + len).is_empty()
    };
    input.packets.get(first..)?.iter().map(|(start, _)| *start).find(|&at| begins(at))
}

impl Input<'_> {
    /// The packet that brought the byte at `at`.
    fn packet(&self, at: usize) -> u32 {
        let behind = self.packets.partition_point(|(start, _)| *start <= at);
        behind.checked_sub(1).and_then(|i| self.packets.get(i)).map_or(0, |(_, packet)| *packet)
    }
    /// A range that could not be read, unless it is empty.
    pub(super) fn unread(&self, direction: Direction, range: Range<usize>, why: &'static str) -> Option<Unread> {
        let missing = self.missing(range.clone());
        (!range.is_empty()).then_some(Unread { direction, buffer: self.buffer.id, range, missing, why })
    }
    /// How many bytes of a range were not captured.
    pub(super) fn missing(&self, range: Range<usize>) -> u64 {
        self.buffer.holes(range).iter().map(|hole| hole.len() as u64).sum()
    }
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
        resumed: false,
        on_stream: None,
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
        Framing::UntilClose | Framing::EndStream => (len, MessageState::CutShort),
        Framing::Chunked => chunked(message, &input.buffer.bytes),
        Framing::Unknown => (start, MessageState::Malformed("the length of its body cannot be known")),
    };
    message.body = start..end;
    message.range.end = end;
    // What looks like a broken chunk may be the zeros that stand for missing bytes.
    let doubt = end.saturating_add(MAX_CHUNK_LINE).min(len);
    let missing = if matches!(state, MessageState::Malformed(_)) {
        let holes = input.buffer.holes(start..len);
        holes.iter().take_while(|hole| hole.start < doubt).map(|hole| hole.len() as u64).sum()
    } else {
        input.missing(start..end)
    };
    if state != MessageState::CutShort && missing > 0 {
        state = MessageState::Missing(missing);
    }
    message.state = state;
    if !message.chunks.is_empty() {
        let mut out = Joint::new(message.content_len());
        let mut parents = Vec::new();
        for data in &message.chunks {
            let range = out.push(input.buffer.bytes.get(data.clone()).unwrap_or_default());
            parents.push(Piece { range, parent: message.buffer, at: data.start });
        }
        let id = BufferRef::Derived(0); // given its own number where it is kept
        let decoded = Buffer { id, kind: BufferKind::Body, bytes: out.finish(), parents };
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
