//! What nobody will read again of a connection under way: the bodies of messages, what cannot be decrypted, what is not
//! understood. Its bytes are let go, so that a connection takes no more memory for carrying much.

mod bodies;
mod onward;

use std::ops::Range;

use base::{Map, Set};
use capture::keylog::KeyLog;
use wire::http::Framing;

use crate::layers::{KeptPart, SettledRecord};
use crate::{Application, BufferRef, ConversationId, Direction, Flow, Http, Layers, RecordContent, Source, TlsRecord};

pub(crate) use onward::Onward;

/// The beginning of a stream that is kept whatever it is: it tells what the stream is.
const BEGINNING: usize = 64 << 10;

/// What is to be let go of a connection.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Packets whose payload is not read again.
    pub frames: Set<u32>,
    /// Records whose content is known, by direction and place in the stream.
    pub records: Map<(Direction, usize), SettledRecord>,
    /// Of each direction the relative sequence numbers from which on, and until which, nothing will be read that comes.
    pub ahead: [Range<i64>; 2],
}

impl Settled {
    /// Looks through what is there of a connection.
    pub fn of(flow: &Flow, id: ConversationId, source: &dyn Source, keys: &KeyLog) -> Option<Settled> {
        let layers = Layers::unlisted(flow, id, source, keys)?;
        let connection = flow.conversation(id)?.tcp()?;
        let mut settled = Settled::default();
        // Ranges of the two streams.
        let mut ranges: [Vec<Range<usize>>; 2] = [Vec::new(), Vec::new()];
        match layers.application {
            Application::Http => settled.http(&layers, &mut ranges),
            Application::Tls => settled.tls(&layers, source, &mut ranges),
            Application::Unknown => {
                for direction in Direction::BOTH {
                    settled.all_behind(&layers, direction, BEGINNING, &mut ranges);
                }
            }
            Application::Nothing | Application::Dns => {}
        }
        for direction in Direction::BOTH {
            let first = layers.stream(direction).first;
            let ranges = joined(std::mem::take(&mut ranges[direction as usize]));
            let mut ranges = ranges.iter().map(|range| first + range.start as i64..first + range.end as i64).peekable();
            for piece in connection.half(direction).stream().pieces() {
                while ranges.peek().is_some_and(|range| range.end <= piece.start) {
                    ranges.next();
                }
                let inside = ranges.peek().is_some_and(|range| range.start <= piece.start && piece.end() <= range.end);
                if inside && piece.buffer == BufferRef::Frame(piece.frame) {
                    settled.frames.insert(piece.frame);
                }
            }
        }
        Some(settled)
    }

    /// Nothing behind `from` is read.
    fn all_behind(&mut self, layers: &Layers, direction: Direction, from: usize, ranges: &mut [Vec<Range<usize>>; 2]) {
        let stream = layers.stream(direction);
        let len = stream.bytes().len();
        if from < len {
            ranges[direction as usize].push(from..len);
            self.ahead[direction as usize] = stream.first + from as i64..i64::MAX;
        }
    }

    /// HTTP in clear: bodies.
    fn http(&mut self, layers: &Layers, ranges: &mut [Vec<Range<usize>>; 2]) {
        let Some(http) = &layers.http else { return };
        for (buffer, bodies) in bodies(http) {
            if let BufferRef::Derived(side @ 0..2) = buffer {
                ranges[side as usize].extend(bodies);
            }
        }
        for message in &http.messages {
            let first = layers.stream(message.direction).first;
            let begins = first + message.body.start as i64;
            // What is still to come of it.
            self.ahead[message.direction as usize] = match message.framing {
                // HTTP/2, whose bodies stand among the frames.
                Framing::Tunnel if !http.frames.is_empty() => continue,
                Framing::Tunnel => {
                    self.all_behind(layers, message.direction, message.range.end, ranges);
                    continue;
                }
                Framing::Length(length) => {
                    let ends = i64::try_from(length).ok().and_then(|len| begins.checked_add(len));
                    begins..ends.unwrap_or(i64::MAX)
                }
                Framing::UntilClose => begins..i64::MAX,
                _ => continue,
            };
        }
    }

    /// TLS: records that cannot be opened, and of the others what stands in bodies, or is not understood.
    fn tls(&mut self, layers: &Layers, source: &dyn Source, ranges: &mut [Vec<Range<usize>>; 2]) {
        let Some(tls) = &layers.tls else { return };
        let is_settled =
            |record: &TlsRecord| source.settled(layers.conversation, record.direction, record.range.start).is_some();
        let mut new: Set<BufferRef> = Set::default();
        for record in tls.records.iter().filter(|record| !is_settled(record)) {
            if let RecordContent::Decrypted { buffer, .. } = &record.content {
                new.insert(*buffer);
            }
        }
        let bodies = match &layers.http {
            Some(http) => bodies(http),
            None => {
                let buffers = tls.plaintext.iter().flatten();
                buffers.map(|&buffer| (buffer, std::iter::once(BEGINNING..usize::MAX).collect())).collect()
            }
        };
        // Of each record that holds little else, what else it holds.
        let mut held: Map<BufferRef, Vec<KeptPart>> = Map::default();
        for buffer in tls.plaintext.iter().flatten() {
            let (Some(bodies), Some(joined)) = (bodies.get(buffer), layers.buffer(*buffer)) else { continue };
            let mut bodies = bodies.iter().peekable();
            for piece in &joined.parents {
                while bodies.peek().is_some_and(|body| body.end <= piece.range.start) {
                    bodies.next();
                }
                if new.contains(&piece.parent)
                    && let Some(parts) = beside(bodies.clone(), &piece.range, &joined.bytes)
                {
                    held.insert(piece.parent, parts);
                }
            }
        }
        for record in &tls.records {
            if is_settled(record) {
                ranges[record.direction as usize].push(record.range.clone());
                continue;
            }
            let parts = match &record.content {
                RecordContent::Decrypted { buffer, .. } => held.remove(buffer),
                RecordContent::Undecrypted(_) => Some(Vec::new()),
                _ => None,
            };
            if let Some(known) = parts.and_then(|parts| SettledRecord::of(record, parts)) {
                self.records.insert((record.direction, record.range.start), known);
                ranges[record.direction as usize].push(record.range.clone());
            }
        }
    }
}

/// The bodies of messages, by the buffers in which they stand, in order: what their framing consists of is left out.
fn bodies(http: &Http) -> Map<BufferRef, Vec<Range<usize>>> {
    let mut bodies: Map<BufferRef, Vec<Range<usize>>> = Map::default();
    for message in http.messages.iter().filter(|message| message.on_stream.is_none()) {
        let own = bodies.entry(message.buffer).or_default();
        match message.framing {
            Framing::Length(_) | Framing::UntilClose => own.push(message.body.clone()),
            Framing::Chunked => own.extend(message.chunks.iter().cloned()),
            _ => {}
        }
    }
    for frame in &http.frames {
        if let Some(data) = frame.data() {
            bodies.entry(frame.buffer).or_default().push(data);
        }
    }
    bodies
}

/// What stands in `range` beside bodies, if that is less than half of it.
fn beside<'a>(
    bodies: impl Iterator<Item = &'a Range<usize>>,
    range: &Range<usize>,
    bytes: &[u8],
) -> Option<Vec<KeptPart>> {
    let (mut parts, mut at, mut kept) = (Vec::new(), range.start, 0);
    let mut keep = |from: usize, to: usize| -> Option<()> {
        if from < to {
            kept += to - from;
            parts.push(KeptPart { at: u16::try_from(from - range.start).ok()?, bytes: bytes.get(from..to)?.into() });
        }
        Some(())
    };
    for body in bodies.take_while(|body| body.start < range.end) {
        keep(at, body.start.min(range.end))?;
        at = at.max(body.end).min(range.end);
    }
    keep(at, range.end)?;
    (kept * 2 < range.len()).then_some(parts)
}

/// Ranges in order, those that touch as one.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}
