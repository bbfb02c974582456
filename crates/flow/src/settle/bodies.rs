//! Which bytes of HTTP are bodies, told while they pass: each byte is looked at once, and only a head that is not whole yet
//! is kept.

use std::collections::VecDeque;
use std::ops::Range;

use wire::http::{
    ChunkStep, Dechunker, Framing, NextHead, Request, Version, decode_request, decode_response, looks_like_http,
    next_head, request_framing, response_framing,
};
use wire::http2::{FrameHeader, FrameType, MAX_PAYLOAD, PREFACE};
use wire::{Reader, Silent};

use crate::Direction;
use crate::layers::is_upgrade;

/// Bytes that may wait for what makes them readable: the rest of a head, or the request that a response answers.
const MAX_WAITING: usize = 256 << 10;
/// Bytes of a client that tell what it speaks.
const TELLS: usize = 24;

/// What is read cannot be followed from here on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Lost;

/// Both directions of a connection.
#[derive(Debug)]
pub(super) struct Bodies {
    version: Option<Version>,
    sides: [Follower; 2],
    /// The methods of requests that were not answered yet.
    asked: VecDeque<String>,
}

/// One direction.
#[derive(Debug, Default)]
struct Follower {
    /// Where in its direction's bytes that stands which is read next: the first byte of `waiting`.
    at: usize,
    /// What is not all there yet.
    waiting: Vec<u8>,
    place: Place,
}

/// What comes next.
#[derive(Debug, Default)]
enum Place {
    /// It is not known what is spoken.
    #[default]
    Undecided,
    /// A head of HTTP/1.
    Head,
    /// So many bytes of a body, then a head.
    Length(u64),
    /// A body in chunks.
    Chunks(Dechunker),
    /// Nothing but a body, or what is not read.
    Rest,
    /// The client's preface (RFC 9113 §3.4).
    Preface,
    /// A frame of HTTP/2.
    Frame,
    /// So many bytes of a frame's content, and of its padding.
    Data(usize, usize),
    /// So many bytes of a frame that is no DATA, or of padding.
    Other(usize),
}

impl Bodies {
    /// Of a connection that speaks this version, or one that its first bytes will tell.
    pub fn new(version: Option<Version>) -> Bodies {
        let mut bodies = Bodies { version: None, sides: Default::default(), asked: VecDeque::new() };
        if let Some(version) = version {
            bodies.decide(version);
        }
        bodies
    }

    /// Whether it is known what is spoken.
    pub fn decided(&self) -> bool {
        self.version.is_some()
    }

    /// It speaks this version.
    pub fn decide(&mut self, version: Version) {
        self.version = Some(version);
        let client = if version == Version::HTTP_2 { Place::Preface } else { Place::Head };
        let server = if version == Version::HTTP_2 { Place::Frame } else { Place::Head };
        self.sides[0].place = client;
        self.sides[1].place = server;
    }

    /// Where that stands which comes next of a direction.
    pub fn at(&self, direction: Direction) -> usize {
        let side = &self.sides[direction as usize];
        side.at + side.waiting.len()
    }

    /// What follows of the body under way: where it ends.
    pub fn ends(&self, direction: Direction) -> Option<usize> {
        let side = &self.sides[direction as usize];
        let left = match side.place {
            Place::Length(left) => usize::try_from(left).unwrap_or(usize::MAX),
            Place::Rest => usize::MAX,
            _ => return None,
        };
        Some(side.at.saturating_add(left))
    }

    /// Goes on behind the body under way.
    pub fn pass(&mut self, direction: Direction) {
        let Some(end) = self.ends(direction) else { return };
        let side = &mut self.sides[direction as usize];
        side.at = end;
        if matches!(side.place, Place::Length(_)) {
            side.place = Place::Head;
        }
    }

    /// Takes the next bytes of a direction, and adds the ranges of bodies among its bytes so far that were not told before.
    pub fn read(&mut self, direction: Direction, bytes: &[u8], out: &mut Vec<Range<usize>>) -> Result<(), Lost> {
        let side = &mut self.sides[direction as usize];
        let joined;
        let mut rest = if side.waiting.is_empty() {
            bytes
        } else {
            side.waiting.extend_from_slice(bytes);
            joined = std::mem::take(&mut side.waiting);
            &joined
        };
        if self.version.is_none() && direction == Direction::ToServer {
            if looks_like_http(rest) {
                self.decide(Version::HTTP_11);
            } else if rest.starts_with(PREFACE) {
                self.decide(Version::HTTP_2);
            } else if rest.len() >= TELLS {
                return Err(Lost);
            }
        }
        let side = &mut self.sides[direction as usize];
        while let Some(taken) = side.step(direction, rest, &mut self.asked, out)? {
            side.at += taken;
            rest = rest.get(taken..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
        }
        if rest.len() > MAX_WAITING {
            return Err(Lost);
        }
        side.waiting.extend_from_slice(rest);
        Ok(())
    }
}

impl Follower {
    /// Looks at the front of `rest`; gives how many bytes of it were read, `None` if more are needed.
    fn step(
        &mut self,
        direction: Direction,
        rest: &[u8],
        asked: &mut VecDeque<String>,
        out: &mut Vec<Range<usize>>,
    ) -> Result<Option<usize>, Lost> {
        let mut body = |len: usize| {
            if len > 0 {
                out.push(self.at..self.at + len);
            }
        };
        let (taken, next) = match &mut self.place {
            Place::Undecided => return Ok(None),
            // RFC 7540 §3.2: behind an upgrade the client begins anew.
            Place::Head if direction == Direction::ToServer && rest.starts_with(PREFACE) => {
                (PREFACE.len(), Place::Frame)
            }
            Place::Head if direction == Direction::ToServer && PREFACE.starts_with(rest) => return Ok(None),
            Place::Head => {
                let NextHead::Whole(len) = next_head(rest) else { return Ok(None) };
                let Some(framing) = framing(direction, &rest[..len], asked)? else { return Ok(None) };
                let next = match framing {
                    Framing::None | Framing::Length(0) => Place::Head,
                    Framing::Length(length) => Place::Length(length),
                    Framing::Chunked => Place::Chunks(Dechunker::new()),
                    Framing::Tunnel if direction == Direction::ToClient && upgrades(&rest[..len]) => Place::Frame,
                    Framing::UntilClose | Framing::Tunnel => Place::Rest,
                    Framing::EndStream | Framing::Unknown => return Err(Lost),
                };
                (len, next)
            }
            Place::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                body(taken);
                let left = *left - taken as u64;
                (taken, if left == 0 { Place::Head } else { Place::Length(left) })
            }
            Place::Chunks(chunks) => match chunks.step(rest) {
                ChunkStep::Need => return Ok(None),
                ChunkStep::Framing(len) => return Ok(Some(len)),
                ChunkStep::Data(len) => {
                    body(len);
                    return Ok(Some(len));
                }
                ChunkStep::End(len) => (len, Place::Head),
                ChunkStep::Malformed(_) => return Err(Lost),
            },
            Place::Rest => {
                body(rest.len());
                return Ok(Some(rest.len()));
            }
            Place::Preface if rest.len() < PREFACE.len() => return Ok(None),
            Place::Preface if rest.starts_with(PREFACE) => (PREFACE.len(), Place::Frame),
            Place::Preface => return Err(Lost),
            Place::Frame => match frame(rest)? {
                Some(read) => read,
                None => return Ok(None),
            },
            Place::Data(left, padding) => {
                let taken = (*left).min(rest.len());
                body(taken);
                let left = *left - taken;
                (taken, if left == 0 { Place::Other(*padding) } else { Place::Data(left, *padding) })
            }
            Place::Other(left) => {
                let taken = (*left).min(rest.len());
                let left = *left - taken;
                (taken, if left == 0 { Place::Frame } else { Place::Other(left) })
            }
        };
        self.place = next;
        Ok(Some(taken))
    }
}

/// How the end of the body behind this head is known; `None` as long as the request is not known that it answers.
fn framing(direction: Direction, head: &[u8], asked: &mut VecDeque<String>) -> Result<Option<Framing>, Lost> {
    let mut silent = Silent;
    let mut reader = Reader::new(head, &mut silent);
    if direction == Direction::ToServer {
        let request: Request = decode_request(&mut reader).map_err(|_| Lost)?;
        let (framing, _) = request_framing(&request);
        asked.push_back(request.method);
        return Ok(Some(framing));
    }
    // RFC 9112 §9.3.2: responses come in the order of the requests.
    let Some(method) = asked.front() else { return Ok(None) };
    let response = decode_response(&mut reader).map_err(|_| Lost)?;
    let (framing, _) = response_framing(&response, Some(method));
    // RFC 9110 §15.2: behind an interim response comes another.
    if !matches!(response.status.0, 100 | 102..=199) {
        asked.pop_front();
    }
    Ok(Some(framing))
}

/// Whether this response's head says that HTTP/2 follows.
fn upgrades(head: &[u8]) -> bool {
    let response = decode_response(&mut Reader::new(head, &mut Silent));
    response.is_ok_and(|response| is_upgrade(response.status.0, response.fields.get("upgrade")))
}

/// The frame at the front of `rest`: how many of its bytes stand before what comes next, and what that is.
fn frame(rest: &[u8]) -> Result<Option<(usize, Place)>, Lost> {
    let Some(header) = rest.get(..FrameHeader::LEN).map(FrameHeader::read) else { return Ok(None) };
    if header.len > MAX_PAYLOAD {
        return Err(Lost);
    }
    let len = header.len as usize;
    let (before, content, padding) = match (header.kind == FrameType::DATA, header.padded) {
        (false, _) => return Ok(Some((FrameHeader::LEN, Place::Other(len)))),
        (true, false) => (FrameHeader::LEN, len, 0),
        // RFC 9113 §6.1: the padding's length stands before the content.
        (true, true) => {
            let Some(&padding) = rest.get(FrameHeader::LEN) else { return Ok(None) };
            let content = len.checked_sub(1 + usize::from(padding)).ok_or(Lost)?;
            (FrameHeader::LEN + 1, content, usize::from(padding))
        }
    };
    Ok(Some((before, Place::Data(content, padding))))
}

/// What stands in `range` of a direction's bytes beside bodies, with its place in `range`; `None` if that is half of it or more.
pub(super) fn beside(bodies: &[Range<usize>], range: &Range<usize>) -> Option<Vec<Range<usize>>> {
    let (mut parts, mut at, mut kept) = (Vec::new(), range.start, 0);
    let mut keep = |from: usize, to: usize| {
        if from < to {
            kept += to - from;
            parts.push(from - range.start..to - range.start);
        }
    };
    for body in bodies.iter().filter(|body| body.end > range.start && body.start < range.end) {
        keep(at, body.start.min(range.end));
        at = at.max(body.end).min(range.end);
    }
    keep(at, range.end);
    (kept * 2 < range.len()).then_some(parts)
}
