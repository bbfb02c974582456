//! Reads a connection onward from where the last look at it stopped: each byte is looked at once. What is strange (holes that
//! stay, broken formats) is left to the look at all that is there, [`super::Settled::of`].

use std::ops::Range;

use capture::keylog::KeyLog;
use wire::http::Version;
use wire::tls::{ContentType, NextRecord, RecordHeader, next_record};

use super::bodies::{Bodies, Lost, beside};
use super::{BEGINNING, Settled, joined};
use crate::layers::{Handshakes, KeptPart, SettledRecord, detect};
use crate::tcp::Half;
use crate::tls::{Opened, Record, Sender, Session};
use crate::{Application, BufferRef, ConversationId, Direction, Flow, RecordContent, Source, TlsRecord};

/// How far a connection was read.
#[derive(Debug)]
pub(crate) struct Onward {
    conversation: ConversationId,
    sides: [Side; 2],
    what: What,
}

/// What is spoken.
#[derive(Debug)]
enum What {
    Http(Bodies),
    Tls(Box<Secret>),
}

/// TLS, and what is inside.
#[derive(Debug)]
struct Secret {
    session: Session,
    handshakes: Handshakes,
    inside: Bodies,
    /// Of each direction whether it can no longer be told what is a body.
    closed: [bool; 2],
}

/// How far one direction was read.
#[derive(Debug)]
struct Side {
    /// The relative sequence number of the stream's first byte.
    first: i64,
    /// Where in the stream it goes on.
    at: usize,
    /// The latest packet among those that brought what stands before `at`.
    latest: u32,
    /// The stretch before `at` that is not read again: what of it stands in a packet that reaches beyond `at` waits for that.
    run: Range<usize>,
    /// Where the first piece begins that is not wholly before `at`: a relative sequence number.
    from: i64,
    /// The relative sequence numbers that nothing will be read of.
    ahead: Range<i64>,
    lost: bool,
}

/// What a look came to.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// What is to be let go.
    pub settled: Settled,
    /// Packets before this one are not needed for what comes.
    pub needed: u32,
    /// Pieces of the streams that were looked at.
    pub pieces: u64,
    /// Whether it got any further.
    pub further: bool,
    /// Whether it could go on if something came that is missing in between.
    pub waits: bool,
}

impl Onward {
    /// Before the first byte of a connection; `None` if it is better looked at as a whole.
    pub fn new(flow: &Flow, id: ConversationId, source: &dyn Source) -> Option<Onward> {
        let connection = flow.conversation(id)?.tcp()?;
        if connection.mid_stream() {
            return None;
        }
        let what = match detect(flow, id, source, BEGINNING)? {
            (Application::Http, version) => What::Http(Bodies::new(Some(version.unwrap_or(Version::HTTP_11)))),
            (Application::Tls, _) => What::Tls(Box::new(Secret {
                session: Session::new(),
                handshakes: Handshakes::default(),
                inside: Bodies::new(None),
                closed: [false; 2],
            })),
            _ => return None,
        };
        let sides = Direction::BOTH.map(|direction| {
            let half = connection.half(direction);
            let first = if half.isn().is_some() { 1 } else { half.stream().start().unwrap_or(1) };
            Side { first, at: 0, latest: 0, run: 0..0, from: first, ahead: 0..0, lost: false }
        });
        Some(Onward { conversation: id, sides, what })
    }

    /// Which connection.
    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// Reads what came since the last time. `scratch` is room for the bytes of both directions.
    pub fn read(
        &mut self,
        flow: &Flow,
        source: &dyn Source,
        keys: &KeyLog,
        scratch: &mut [Vec<u8>; 2],
    ) -> Option<Read> {
        let connection = flow.conversation(self.conversation)?.tcp()?;
        let mut read = Read { needed: u32::MAX, ..Read::default() };
        let mut ranges: [Vec<Range<usize>>; 2] = Default::default();
        let before = self.sides.each_ref().map(|side| side.at);
        match &mut self.what {
            What::Http(bodies) => {
                for direction in Direction::BOTH {
                    let side = &mut self.sides[direction as usize];
                    let half = connection.half(direction);
                    let ranges = &mut ranges[direction as usize];
                    read.pieces += side.http(half, direction, bodies, flow, source, &mut scratch[0], ranges);
                }
            }
            What::Tls(secret) => {
                let halves = Direction::BOTH.map(|direction| connection.half(direction));
                let sides = &mut self.sides;
                read.pieces += secret.read(sides, halves, flow, source, keys, scratch, &mut ranges, &mut read.settled);
            }
        }
        read.further = self.sides.each_ref().map(|side| side.at) != before;
        for direction in Direction::BOTH {
            let ranges = std::mem::take(&mut ranges[direction as usize]);
            let side = &mut self.sides[direction as usize];
            side.let_go(connection.half(direction), ranges, &mut read);
            read.settled.ahead[direction as usize] = side.ahead.clone();
        }
        read.waits &= !self.sides.iter().any(|side| side.lost);
        Some(read)
    }
}

impl Side {
    /// Reads HTTP in clear.
    #[expect(clippy::too_many_arguments, reason = "what is read, where it stands, and where what is found goes")]
    fn http(
        &mut self,
        half: &Half,
        direction: Direction,
        bodies: &mut Bodies,
        flow: &Flow,
        source: &dyn Source,
        scratch: &mut Vec<u8>,
        ranges: &mut Vec<Range<usize>>,
    ) -> u64 {
        let mut pieces = 0;
        // Behind the last message nothing is read.
        while !self.lost && self.at < usize::MAX {
            // Of a body whose end is known, nothing needs to be there.
            if let Some(end) = bodies.ends(direction) {
                ranges.push(self.at..end);
                self.ahead = self.number(self.at)..self.number(end);
                bodies.pass(direction);
                self.at = end;
            }
            let ends = self.gather(half, flow, source, scratch);
            pieces += ends.len() as u64;
            if scratch.is_empty() {
                break;
            }
            if bodies.read(direction, scratch, ranges) == Err(Lost) {
                self.lost = true;
                break;
            }
            self.at += scratch.len();
        }
        pieces
    }

    /// The relative sequence number of a byte of the stream.
    fn number(&self, at: usize) -> i64 {
        self.first.saturating_add(i64::try_from(at).unwrap_or(i64::MAX))
    }

    /// Puts what stands from `at` on into `scratch`, up to the first byte that is not there. Gives for each piece where it ends
    /// there, and the latest packet among it and all before it.
    fn gather(&self, half: &Half, flow: &Flow, source: &dyn Source, scratch: &mut Vec<u8>) -> Vec<(usize, u32)> {
        scratch.clear();
        let mut ends = Vec::new();
        let from = self.number(self.at);
        let mut latest = self.latest;
        let mut next = from;
        for piece in half.stream().pieces_in(from..i64::MAX) {
            if piece.start != next || piece.have < piece.len {
                break;
            }
            let range = piece.at as usize..(piece.at + piece.len) as usize;
            let mut take = |bytes: Option<&[u8]>| bytes.map(|bytes| scratch.extend_from_slice(bytes));
            let copied = match piece.buffer {
                BufferRef::Frame(n) if source.let_go(n) => None,
                BufferRef::Frame(n) => take(source.frame(n).as_deref().and_then(|frame| frame.get(range))),
                BufferRef::Datagram(n) => take(flow.datagram(n).and_then(|whole| whole.bytes.get(range))),
                BufferRef::Derived(_) => None,
            };
            if copied.is_none() {
                break;
            }
            next = piece.end();
            latest = latest.max(piece.frame);
            ends.push((scratch.len(), latest));
        }
        ends
    }

    /// Lets go of the packets that bring nothing but what stands in `ranges`.
    fn let_go(&mut self, half: &Half, ranges: Vec<Range<usize>>, read: &mut Read) {
        let mut all = vec![self.run.clone()];
        all.extend(ranges);
        let all = joined(all);
        let mut ranges = all.iter().peekable();
        let place = |number: i64| usize::try_from(number - self.first).unwrap_or(0);
        let mut next = self.at;
        for piece in half.stream().pieces_in(self.from..i64::MAX) {
            let (start, end) = (place(piece.start), place(piece.end()));
            if end > self.at {
                // It waits, and those behind it.
                read.needed = read.needed.min(piece.frame);
                read.pieces += 1;
                read.waits |= start > next;
                next = end;
                continue;
            }
            while ranges.peek().is_some_and(|range| range.end <= start) {
                ranges.next();
            }
            let inside = ranges.peek().is_some_and(|range| range.start <= start && end <= range.end);
            if inside && piece.buffer == BufferRef::Frame(piece.frame) {
                read.settled.frames.insert(piece.frame);
            }
            self.from = piece.end();
        }
        self.run = all.last().filter(|range| range.end >= self.at).map_or(0..0, Range::clone);
    }
}

/// A record that is all there.
struct Whole {
    direction: Direction,
    /// Where it stands in its stream.
    range: Range<usize>,
    /// Where it stands among the bytes that were gathered.
    at: usize,
    header: RecordHeader,
    frame: u32,
}

impl Secret {
    /// Reads records.
    #[expect(clippy::too_many_arguments, reason = "what is read, where it stands, and where what is found goes")]
    fn read(
        &mut self,
        sides: &mut [Side; 2],
        halves: [&Half; 2],
        flow: &Flow,
        source: &dyn Source,
        keys: &KeyLog,
        gathered: &mut [Vec<u8>; 2],
        ranges: &mut [Vec<Range<usize>>; 2],
        settled: &mut Settled,
    ) -> u64 {
        let mut whole = Vec::new();
        let mut pieces = 0;
        for direction in Direction::BOTH {
            let side = &mut sides[direction as usize];
            if side.lost {
                continue;
            }
            let bytes = &mut gathered[direction as usize];
            let ends = side.gather(halves[direction as usize], flow, source, bytes);
            pieces += ends.len() as u64;
            let (mut at, mut piece) = (0, ends.iter().peekable());
            loop {
                match next_record(bytes.get(at..).unwrap_or_default()) {
                    NextRecord::Whole { header, len } => {
                        let end = at + len;
                        while piece.next_if(|(to, _)| *to < end).is_some() {}
                        let frame = piece.peek().map_or(side.latest, |(_, latest)| *latest);
                        let range = side.at..side.at + len;
                        whole.push(Whole { direction, range, at, header, frame });
                        (side.at, side.latest, at) = (side.at + len, frame, end);
                    }
                    NextRecord::Need(_) => break,
                    NextRecord::NotTls => {
                        side.lost = true;
                        break;
                    }
                }
            }
        }
        // As they became whole, so that an answer does not come before its question.
        whole.sort_by_key(|whole| whole.frame);
        for whole in whole {
            let bytes = &gathered[whole.direction as usize];
            let fragment = bytes.get(whole.at + RecordHeader::LEN..whole.at + whole.range.len()).unwrap_or_default();
            let (direction, range) = (whole.direction, whole.range.clone());
            if let Some(known) = self.record(whole, fragment, keys) {
                ranges[direction as usize].push(range.clone());
                settled.records.insert((direction, range.start), known);
            }
        }
        pieces
    }

    /// Opens the next record, and tells what is to be known of it if its bytes need not be kept.
    fn record(&mut self, whole: Whole, fragment: &[u8], keys: &KeyLog) -> Option<SettledRecord> {
        let Whole { direction, range, header, frame, .. } = whole;
        let sender = if direction == Direction::ToServer { Sender::Client } else { Sender::Server };
        let record = Record { content_type: header.content_type, version: header.version, fragment };
        match self.session.record(sender, record, keys) {
            Opened::Plain => {
                if header.content_type == ContentType::HANDSHAKE {
                    self.handshakes.push(direction, fragment);
                }
                None
            }
            Opened::Undecrypted(why) => {
                self.closed[direction as usize] = true;
                let content = RecordContent::Undecrypted(why);
                SettledRecord::of(&TlsRecord { direction, range, header, frame, content }, Vec::new())
            }
            Opened::Decrypted(plain) if plain.content_type == ContentType::APPLICATION_DATA => {
                let content = plain.content();
                let parts = self.beside(direction, content)?;
                let kept = |part: Range<usize>| {
                    Some(KeptPart { at: u16::try_from(part.start).ok()?, bytes: content.get(part)?.into() })
                };
                let parts = parts.into_iter().map(kept).collect::<Option<Vec<KeptPart>>>()?;
                let content = RecordContent::Decrypted {
                    buffer: BufferRef::Derived(0),
                    content_type: plain.content_type,
                    layout: plain.layout,
                    sequence: plain.sequence,
                    epoch: plain.epoch,
                };
                SettledRecord::of(&TlsRecord { direction, range, header, frame, content }, parts)
            }
            Opened::Decrypted(plain) => {
                if plain.content_type == ContentType::HANDSHAKE {
                    self.handshakes.push(direction, plain.content());
                }
                None
            }
        }
    }

    /// What of the application's next bytes is to be kept; `None` if all of them.
    fn beside(&mut self, direction: Direction, content: &[u8]) -> Option<Vec<Range<usize>>> {
        // Where something is missing, it is not told from here on what is a body.
        if self.closed[direction as usize] {
            return None;
        }
        if !self.inside.decided() && self.handshakes.alpn() == Some("h2") {
            self.inside.decide(Version::HTTP_2);
        }
        let range = self.inside.at(direction)..self.inside.at(direction) + content.len();
        let mut found = Vec::new();
        if self.inside.read(direction, content, &mut found) == Err(Lost) {
            self.closed = [true; 2];
            return None;
        }
        beside(&found, &range)
    }
}
