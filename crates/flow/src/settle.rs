//! What nobody will read again of a connection under way: the bodies of messages, what cannot be decrypted, what is not
//! understood. Its bytes are let go, so that a connection takes no more memory for carrying much.

use std::ops::Range;

use base::{Map, Set};
use capture::keylog::KeyLog;
use wire::http::Framing;

use crate::layers::SettledRecord;
use crate::{Application, BufferRef, ConversationId, Direction, Flow, Layers, Source};

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
        let layers = Layers::of(flow, id, source, keys)?;
        let connection = flow.conversation(id)?.tcp()?;
        let mut settled = Settled::default();
        // Ranges of the two streams.
        let mut ranges: [Vec<Range<usize>>; 2] = [Vec::new(), Vec::new()];
        match layers.application {
            Application::Http => settled.http(&layers, &mut ranges),
            Application::Tls => settled.tls(&layers, &mut ranges),
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

    /// HTTP in clear: bodies whose length is known.
    fn http(&mut self, layers: &Layers, ranges: &mut [Vec<Range<usize>>; 2]) {
        let Some(http) = &layers.http else { return };
        for message in &http.messages {
            let (Framing::Length(length), direction) = (message.framing, message.direction) else {
                if message.framing == Framing::Tunnel {
                    self.all_behind(layers, message.direction, message.range.end, ranges);
                }
                continue;
            };
            ranges[direction as usize].push(message.body.clone());
            // What is still to come of it.
            let first = layers.stream(direction).first;
            let ends = i64::try_from(length).ok().and_then(|len| (first + message.body.start as i64).checked_add(len));
            self.ahead[direction as usize] = first + message.body.start as i64..ends.unwrap_or(i64::MAX);
        }
    }

    /// TLS: records that cannot be opened, and those inside of which only bodies stand, or nothing that is understood.
    fn tls(&mut self, layers: &Layers, ranges: &mut [Vec<Range<usize>>; 2]) {
        let Some(tls) = &layers.tls else { return };
        let mut bodies: Map<BufferRef, Vec<Range<usize>>> = Map::default();
        match &layers.http {
            Some(http) => {
                let known = http.messages.iter().filter(|message| matches!(message.framing, Framing::Length(_)));
                known.for_each(|message| bodies.entry(message.buffer).or_default().push(message.body.clone()));
            }
            None => {
                let buffers = tls.plaintext.iter().flatten();
                buffers.for_each(|&buffer| bodies.entry(buffer).or_default().push(BEGINNING..usize::MAX));
            }
        }
        // The records that hold nothing else.
        let mut held: Set<BufferRef> = Set::default();
        for buffer in tls.plaintext.iter().flatten() {
            let (Some(bodies), Some(joined)) = (bodies.get(buffer), layers.buffer(*buffer)) else { continue };
            let mut bodies = bodies.iter().peekable();
            for piece in &joined.parents {
                while bodies.peek().is_some_and(|body| body.end <= piece.range.start) {
                    bodies.next();
                }
                if bodies.peek().is_some_and(|body| body.start <= piece.range.start && piece.range.end <= body.end) {
                    held.insert(piece.parent);
                }
            }
        }
        for record in &tls.records {
            let settles = match &record.content {
                crate::RecordContent::Decrypted { buffer, .. } => held.contains(buffer),
                crate::RecordContent::Undecrypted(_) => true,
                _ => false,
            };
            if let Some(known) = SettledRecord::of(record).filter(|_| settles) {
                self.records.insert((record.direction, record.range.start), known);
                ranges[record.direction as usize].push(record.range.clone());
            }
        }
    }
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
