//! HTTP/2 on a connection (RFC 9113): its frames, and the messages on its streams, each put together from the frames that
//! carry it.

use std::collections::BTreeMap;
use std::ops::Range;

use wire::http::{Fields, Framing, Request, Response, Status, Version};
use wire::http2::{
    ErrorCode, FrameHeader, FrameType, Mark, PREFACE, Parts, Setting, Table, decode_block, is_chain, parts,
};
use wire::{Reader, Silent};

use super::Joint;
use super::http::{Exchange, Head, Http, HttpMessage, Input, MessageState, Unread};
use crate::{Buffer, BufferKind, BufferRef, Direction, Piece};

/// Frames of one connection that are told apart.
const MAX_FRAMES: usize = 1 << 20;

/// Bytes of uncompressed fields that are kept of one connection: a byte on the wire can stand for thousands.
const MAX_FIELDS: usize = 64 << 20;

/// A frame of HTTP/2, or the client's preface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Http2Frame {
    /// Which way it went.
    pub direction: Direction,
    /// The buffer that its ranges count in: a stream, or the plaintext of TLS.
    pub buffer: BufferRef,
    /// The whole frame.
    pub range: Range<usize>,
    /// Its header; `None` for the preface (RFC 9113 §3.4).
    pub header: Option<FrameHeader>,
    /// RST_STREAM's and GOAWAY's error code.
    pub error: Option<ErrorCode>,
    /// DATA's content or a fragment of a header block, without padding.
    content: Range<usize>,
    /// PUSH_PROMISE's stream.
    promised: Option<u32>,
    /// The table that SETTINGS allow the other side, in bytes.
    table: Option<u32>,
    /// How many of its bytes were not captured.
    missing: u64,
    /// Frames may be missing before it.
    resumed: bool,
}

impl Http2Frame {
    /// Where the content of a DATA frame stands, without padding.
    pub(crate) fn data(&self) -> Option<Range<usize>> {
        self.header.filter(|header| header.kind == FrameType::DATA).map(|_| self.content.clone())
    }
}

/// What makes a message one of HTTP/2: its stream, and its header blocks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OnStream {
    /// The stream's identifier (RFC 9113 §5.1.1).
    pub stream: u32,
    /// Its header blocks, trailers last, as ranges of the message's buffer, each with the sender's table before it.
    pub blocks: Vec<(Range<usize>, Mark)>,
}

/// Reads both directions, of each its stretches: between two of them something is missing. `derive` keeps a derived buffer
/// and gives its reference.
pub(crate) fn read(inputs: [Vec<Input<'_>>; 2], mut derive: impl FnMut(Buffer) -> BufferRef) -> Http {
    let mut http = Http::default();
    let mut frames = [Vec::new(), Vec::new()];
    for direction in Direction::BOTH {
        let side = direction as usize;
        for (i, input) in inputs[side].iter().enumerate() {
            cut(input, direction, i > 0, &mut frames[side], &mut http.unread);
        }
    }
    let mut exchanges: BTreeMap<u32, usize> = BTreeMap::new();
    let mut budget = MAX_FIELDS;
    for direction in Direction::BOTH {
        let (own, other) = (&frames[direction as usize], &frames[direction.opposite() as usize]);
        let buffers: Vec<&Buffer> = inputs[direction as usize].iter().map(|input| input.buffer).collect();
        let mut messages = Messages::new(direction, &buffers, other, budget);
        for frame in own {
            messages.push(frame);
        }
        budget = messages.budget;
        http.unread.append(&mut messages.unread);
        for draft in messages.drafts {
            let number = http.messages.len();
            let stream = draft.stream;
            let answers = matches!(draft.head, Head::Response(_));
            let exchange = match exchanges.get(&stream) {
                Some(at) if answers => *at,
                _ => {
                    exchanges.insert(stream, http.exchanges.len());
                    http.exchanges.push(Exchange { request: (!answers).then_some(number), responses: Vec::new() });
                    http.exchanges.len() - 1
                }
            };
            if answers && let Some(exchange) = http.exchanges.get_mut(exchange) {
                exchange.responses.push(number);
            }
            http.messages.push(draft.finish(direction, &buffers, &mut derive));
        }
        http.tables[direction as usize] = messages.table;
    }
    http.frames = frames.into_iter().flatten().collect();
    http
}

/// The content of `setting` in a SETTINGS frame's payload, the last if there are several.
fn setting(payload: &[u8], setting: Setting) -> Option<u32> {
    let pairs = payload
        .chunks_exact(6)
        .map(|pair| (u16::from_be_bytes([pair[0], pair[1]]), u32::from_be_bytes([pair[2], pair[3], pair[4], pair[5]])));
    pairs.rev().find(|(id, _)| *id == setting.0).map(|(_, value)| value)
}

/// Cuts a stretch into frames.
fn cut(
    input: &Input<'_>,
    direction: Direction,
    mut resumed: bool,
    frames: &mut Vec<Http2Frame>,
    unread: &mut Vec<Unread>,
) {
    let bytes = &input.buffer.bytes;
    let mut at = input.from;
    let frame = |range: Range<usize>, parts: Option<Parts>, resumed: bool| {
        let (header, content, promised) = match parts {
            Some(parts) => (Some(parts.header), parts.content, parts.promised),
            None => (None, 0..0, None),
        };
        let content = range.start + content.start..range.start + content.end;
        let missing = input.missing(range.clone());
        let is_settings = header.is_some_and(|header| header.kind == FrameType::SETTINGS);
        let payload = bytes.get(content.clone()).filter(|_| is_settings);
        let table = payload.and_then(|payload| setting(payload, Setting::HEADER_TABLE_SIZE));
        // RFC 9113 §6.4, §6.8: GOAWAY's stands behind the last stream.
        let code = match header.map(|header| header.kind) {
            Some(FrameType::RST_STREAM) => bytes.get(content.clone()),
            Some(FrameType::GOAWAY) => bytes.get(content.start + 4..content.end),
            _ => None,
        };
        let code = code.and_then(|payload| <[u8; 4]>::try_from(payload.get(..4)?).ok());
        let error = code.map(|code| ErrorCode(u32::from_be_bytes(code)));
        let buffer = input.buffer.id;
        Http2Frame { direction, buffer, range, header, error, content, promised, table, missing, resumed }
    };
    if !resumed && direction == Direction::ToServer {
        let preface = at..at + PREFACE.len();
        if bytes.get(preface.clone()) == Some(PREFACE) && input.missing(preface.clone()) == 0 {
            at = preface.end;
            frames.push(frame(preface, None, false));
        } else {
            resumed = true;
        }
    }
    if resumed && !begins(input, at) {
        let next = resync(input, at + 1);
        unread.extend(input.unread(direction, at..next.unwrap_or(bytes.len()), "follows something that is missing"));
        let Some(next) = next else { return };
        at = next;
    }
    while at < bytes.len() && frames.len() < MAX_FRAMES {
        let header = at..bytes.len().min(at + FrameHeader::LEN);
        let why = match parts(&bytes[at..]) {
            _ if input.missing(header) > 0 => "is broken by missing bytes",
            Ok(Some(parts)) => {
                let range = at..at + parts.len;
                at = range.end;
                frames.push(frame(range, Some(parts), std::mem::take(&mut resumed)));
                continue;
            }
            Ok(None) => "is the beginning of a frame whose end is not there",
            Err(why) => why,
        };
        let next = resync(input, at + 1);
        unread.extend(input.unread(direction, at..next.unwrap_or(bytes.len()), why));
        let Some(next) = next else { return };
        (at, resumed) = (next, true);
    }
}

/// Whether frames that keep to the rules stand at `at`, where nothing is missing.
fn begins(input: &Input<'_>, at: usize) -> bool {
    let whole =
        input.buffer.holes(at..input.buffer.bytes.len()).first().map_or(input.buffer.bytes.len(), |hole| hole.start);
    input.buffer.bytes.get(at..whole).is_some_and(is_chain)
}

/// The next place from `from` on where frames begin: at the beginning of a packet's data or of a TLS record, as programs
/// write them.
fn resync(input: &Input<'_>, from: usize) -> Option<usize> {
    let first = input.packets.partition_point(|(start, _)| *start < from);
    input.packets.get(first..)?.iter().map(|(start, _)| *start).find(|&at| begins(input, at))
}

/// A message in the making.
struct Draft {
    stream: u32,
    head: Head,
    parts: Vec<(BufferRef, Range<usize>)>,
    blocks: Vec<(Range<usize>, Mark)>,
    body: Range<usize>,
    len: usize,
    missing: u64,
    ended: bool,
}

/// A header block that is being put together.
struct Block {
    stream: u32,
    promised: Option<u32>,
    end_stream: bool,
    parts: Vec<(BufferRef, Range<usize>)>,
    missing: u64,
}

/// The messages of one direction.
struct Messages<'a> {
    direction: Direction,
    buffers: &'a [&'a Buffer],
    table: Table,
    drafts: Vec<Draft>,
    open: BTreeMap<u32, usize>,
    block: Option<Block>,
    unread: Vec<Unread>,
    budget: usize,
}

impl<'a> Messages<'a> {
    /// `other`: the frames of the other direction, whose SETTINGS say how large the table may become.
    fn new(direction: Direction, buffers: &'a [&'a Buffer], other: &[Http2Frame], budget: usize) -> Messages<'a> {
        let mut table = Table::default();
        // Where their frames begin later than the connection, what they said at its beginning is not known.
        if other.first().is_none_or(|frame| frame.resumed) {
            table.allow(u32::MAX);
        }
        other.iter().filter_map(|frame| frame.table).for_each(|bytes| table.allow(bytes));
        let (drafts, open, block, unread) = (Vec::new(), BTreeMap::new(), None, Vec::new());
        Messages { direction, buffers, table, drafts, open, block, unread, budget }
    }

    fn push(&mut self, frame: &Http2Frame) {
        if frame.resumed {
            self.table.forget();
            self.open.clear();
            self.block = None;
        }
        let Some(header) = frame.header else { return };
        if header.kind != FrameType::CONTINUATION && self.block.take().is_some() {
            // RFC 9113 §6.10: nothing may come between the parts of a block.
            self.lose(frame, "follows a header block that does not end");
        }
        let part = (frame.buffer, frame.content.clone());
        match header.kind {
            FrameType::HEADERS | FrameType::PUSH_PROMISE => {
                self.block = Some(Block {
                    stream: header.stream,
                    promised: frame.promised.filter(|_| header.kind == FrameType::PUSH_PROMISE),
                    end_stream: header.end_stream && header.kind == FrameType::HEADERS,
                    parts: vec![part],
                    missing: frame.missing,
                });
            }
            FrameType::CONTINUATION => match &mut self.block {
                Some(block) if block.stream == header.stream => {
                    block.parts.push(part);
                    block.missing += frame.missing;
                }
                _ => return self.lose(frame, "goes on with a header block that did not begin"),
            },
            FrameType::DATA => {
                if let Some(draft) = self.open.get(&header.stream).and_then(|at| self.drafts.get_mut(*at)) {
                    draft.take(part);
                    draft.body.end = draft.len;
                    draft.missing += frame.missing;
                    if header.end_stream {
                        draft.ended = true;
                        self.open.remove(&header.stream);
                    }
                }
                return;
            }
            FrameType::RST_STREAM => {
                self.open.remove(&header.stream);
                return;
            }
            _ => return,
        }
        if header.end_headers
            && let Some(block) = self.block.take()
        {
            self.headers(frame, block);
        }
    }

    /// A block that cannot be read: those behind it may stand for what it said.
    fn lose(&mut self, frame: &Http2Frame, why: &'static str) {
        self.table.forget();
        self.skip(frame, why);
    }

    /// A whole block, of which `frame` is the last.
    fn headers(&mut self, frame: &Http2Frame, block: Block) {
        if block.missing > 0 {
            return self.lose(frame, "has a header block of which bytes are missing");
        }
        let mark = self.table.mark();
        let bytes: Vec<u8> =
            block.parts.iter().flat_map(|(_, range)| self.slice(frame.buffer, range)).copied().collect();
        let decoded = Reader::decode_all(&bytes, &mut Silent, |reader| decode_block(reader, &mut self.table));
        let fields = match decoded {
            Ok(fields) => fields.unwrap_or_default(),
            Err(error) => return self.lose(frame, error.what),
        };
        let size: usize = fields.0.iter().map(|line| line.name.len() + line.value.len()).sum();
        let Some(left) = self.budget.checked_sub(size) else {
            return self.lose(frame, "comes after more fields than are kept");
        };
        self.budget = left;
        let stream = block.promised.unwrap_or(block.stream);
        let at = match head(fields) {
            Some(head) => {
                let (parts, blocks) = (Vec::new(), Vec::new());
                self.drafts.push(Draft { stream, head, parts, blocks, body: 0..0, len: 0, missing: 0, ended: false });
                self.drafts.len() - 1
            }
            // RFC 9113 §8.1: fields without pseudo fields behind the content are trailers.
            None => match self.open.get(&stream) {
                Some(at) => *at,
                None => return self.skip(frame, "has fields without what they belong to"),
            },
        };
        let Some(draft) = self.drafts.get_mut(at) else { return };
        let (start, first) = (draft.len, draft.blocks.is_empty());
        block.parts.into_iter().for_each(|part| draft.take(part));
        draft.blocks.push((start..draft.len, mark));
        if first {
            draft.body = draft.len..draft.len;
        }
        // RFC 9113 §8.4.1: the client has nothing to add to a request that the server makes up.
        if block.end_stream || block.promised.is_some() {
            draft.ended = true;
            self.open.remove(&stream);
        } else if matches!(&draft.head, Head::Response(response) if matches!(response.status.0, 100 | 102..=199)) {
            draft.ended = true;
        } else {
            self.open.insert(stream, at);
        }
    }

    fn skip(&mut self, frame: &Http2Frame, why: &'static str) {
        let (direction, buffer, range) = (self.direction, frame.buffer, frame.range.clone());
        self.unread.push(Unread { direction, buffer, range, missing: frame.missing, why });
    }

    fn slice(&self, buffer: BufferRef, range: &Range<usize>) -> &'a [u8] {
        of(self.buffers, buffer).and_then(|buffer| buffer.bytes.get(range.clone())).unwrap_or_default()
    }
}

/// The buffer with this id among those of a direction, which are in order.
fn of<'a>(buffers: &[&'a Buffer], id: BufferRef) -> Option<&'a Buffer> {
    buffers.binary_search_by_key(&id, |buffer| buffer.id).ok().map(|at| buffers[at])
}

/// The head that a block's fields make, by their pseudo fields (RFC 9113 §8.3); `None` if they have none.
fn head(fields: Fields) -> Option<Head> {
    let version = Version::HTTP_2;
    if let Some(status) = fields.get(":status") {
        let status = Status(status.parse().unwrap_or(0));
        let reason = status.name().unwrap_or_default().to_owned();
        return Some(Head::Response(Response { version, status, reason, fields }));
    }
    let method = fields.get(":method")?.to_owned();
    // RFC 9113 §8.5: CONNECT has no path.
    let target = fields.get(":path").or(fields.get(":authority")).unwrap_or_default().to_owned();
    Some(Head::Request(Request { method, target, version, fields }))
}

impl Draft {
    fn take(&mut self, part: (BufferRef, Range<usize>)) {
        self.len += part.1.len();
        self.parts.push(part);
    }

    /// Puts it together as a buffer of its own: header block, content, trailers.
    fn finish(
        self,
        direction: Direction,
        buffers: &[&Buffer],
        derive: &mut impl FnMut(Buffer) -> BufferRef,
    ) -> HttpMessage {
        let mut bytes = Joint::new(self.len);
        let mut parents = Vec::new();
        for (parent, range) in &self.parts {
            if let Some(buffer) = of(buffers, *parent) {
                let from = bytes.push(buffer.bytes.get(range.clone()).unwrap_or_default()).start;
                // What is missing there is missing here.
                parents.extend(buffer.origins(range.clone()).map(|piece| Piece {
                    range: from + piece.range.start - range.start..from + piece.range.end - range.start,
                    parent: *parent,
                    at: piece.range.start,
                }));
            }
        }
        let whole = Buffer { id: BufferRef::Derived(0), kind: BufferKind::Message, bytes: bytes.finish(), parents };
        let state = match (self.missing, self.ended) {
            (0, true) => MessageState::Whole,
            (0, false) => MessageState::CutShort,
            (missing, _) => MessageState::Missing(missing),
        };
        let head_range = self.blocks.first().map_or(0..0, |(range, _)| range.clone());
        HttpMessage {
            direction,
            buffer: derive(whole),
            head: self.head,
            range: 0..self.len,
            head_range,
            body: self.body,
            framing: Framing::EndStream,
            faults: Vec::new(),
            chunks: Vec::new(),
            decoded: None,
            state,
            resumed: false,
            on_stream: Some(OnStream { stream: self.stream, blocks: self.blocks }),
        }
    }
}
