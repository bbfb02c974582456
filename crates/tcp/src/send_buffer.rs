//! What the program has written and the other side has not acknowledged: shared bytes, write by write.

use std::collections::VecDeque;

use base::EventId;
use bytes::Bytes;
use wire::tcp::Seq;
use wire::{Body, Chunk};

use crate::rare::{Blank, Rare};

/// Written data by sequence number. A segment's part of it is cut out, and its checksum computed, when the segment is sent:
/// however much is written ahead, there is one piece to keep for each write.
#[derive(Debug)]
pub(crate) struct SendBuffer {
    pieces: VecDeque<Piece>,
    /// The number behind the last byte.
    end: Seq,
    /// The piece in which the last look-up ended: the next is often there, or in the one behind it.
    hint: usize,
    /// The end of what was pushed last.
    pushed: Seq,
    marks: Rare<Marks>,
}

/// Numbers that mean something: most connections have none.
#[derive(Debug, Default)]
struct Marks {
    /// Where stretches begin that are handed down in one, oldest first.
    stretches: VecDeque<Seq>,
    /// Where records end: no segment goes beyond.
    records: VecDeque<Seq>,
    /// The number behind the last urgent byte: SND.UP, as RFC 9293 §3.8.5 has it since RFC 1122.
    urgent: Option<Seq>,
}

impl Blank for Marks {
    const BLANK: &'static Marks = &Marks { stretches: VecDeque::new(), records: VecDeque::new(), urgent: None };
}

#[derive(Debug)]
struct Piece {
    start: Seq,
    bytes: Bytes,
    /// The event of the write that supplied it.
    write: EventId,
    /// Whether a write ends with it.
    push: bool,
}

impl Piece {
    fn end(&self) -> Seq {
        self.start + self.bytes.len() as u32
    }
    fn holds(&self, number: Seq) -> bool {
        self.start.at_or_before(number) && number.before(self.end())
    }
    /// What of it lies between two numbers, the first of which is not behind its end.
    fn part(&self, from: Seq, end: Seq) -> Chunk {
        let skip = if from.after(self.start) { from.distance(self.start) } else { 0 };
        let upto = self.end().min(end).distance(self.start);
        Chunk::new(self.bytes.slice(skip as usize..upto as usize))
    }
}

/// A stretch of the buffer, to be sent.
pub(crate) struct Stretch {
    pub(crate) body: Body,
    /// The write that supplied its first byte.
    pub(crate) write: EventId,
    /// Whether it holds the end of a write.
    pub(crate) push: bool,
}

impl SendBuffer {
    /// An empty buffer whose first byte will have the number `start`.
    pub(crate) fn new(start: Seq) -> SendBuffer {
        SendBuffer { pieces: VecDeque::new(), end: start, hint: 0, pushed: start, marks: Rare::NONE }
    }

    /// The number behind the last byte.
    pub(crate) fn end(&self) -> Seq {
        self.end
    }

    /// Appends what the event `write` supplied.
    pub(crate) fn push(&mut self, bytes: Bytes, write: EventId) {
        if !bytes.is_empty() {
            let start = self.end;
            self.end += bytes.len() as u32;
            self.pieces.push_back(Piece { start, bytes, write, push: false });
        }
    }

    /// What was appended last is to be pushed: a write ends with it.
    pub(crate) fn push_end(&mut self) {
        if let Some(last) = self.pieces.back_mut() {
            last.push = true;
            self.pushed = self.end;
        }
    }

    /// What was appended last is to be pushed if more than `half` bytes, half of the window, lie behind the last push.
    pub(crate) fn push_long_stretch(&mut self, half: u32) {
        if self.end.after(self.pushed + half) {
            self.push_end();
        }
    }

    /// A record ends with what was appended last.
    pub(crate) fn end_record(&mut self) {
        if self.marks.records.back() != Some(&self.end) {
            self.marks.records.push_back(self.end);
        }
    }

    /// Whether any record ends in what is not acknowledged, or any of it is urgent.
    pub(crate) fn has_records(&self) -> bool {
        !self.marks.records.is_empty() || self.marks.urgent.is_some()
    }

    /// What was appended last is urgent.
    pub(crate) fn mark_urgent(&mut self) {
        self.marks.urgent = Some(self.end);
    }

    /// The number behind the last urgent byte, until that is acknowledged.
    pub(crate) fn urgent(&self) -> Option<Seq> {
        self.marks.urgent
    }

    /// How far a segment from `from` on may go without going beyond the end of a record; `None`: as far as it likes.
    pub(crate) fn record_left(&self, from: Seq) -> Option<u32> {
        let at = self.marks.records.partition_point(|end| end.at_or_before(from));
        self.marks.records.get(at).map(|end| end.distance(from))
    }

    /// How many bytes the last stretch still takes when `nxt` is sent next and a stretch has `goal` bytes; 0: it is full, sent,
    /// or ends a record.
    pub(crate) fn open_stretch(&self, nxt: Seq, goal: u32) -> u32 {
        let Some(&began) = self.marks.stretches.back() else { return 0 };
        let began = began.max(nxt);
        if !self.end.after(began) || self.marks.records.back() == Some(&self.end) {
            return 0;
        }
        goal.saturating_sub(self.end.distance(began))
    }

    /// The same; if it is 0 another stretch begins, and takes `goal` bytes.
    pub(crate) fn stretch_room(&mut self, nxt: Seq, goal: u32) -> u32 {
        let room = self.open_stretch(nxt, goal);
        if room > 0 {
            // What of it is sent already has become a stretch of its own.
            if self.marks.stretches.back().is_some_and(|began| began.before(nxt)) {
                self.marks.stretches.push_back(nxt);
            }
            return room;
        }
        self.marks.stretches.push_back(self.end);
        goal.max(1)
    }

    /// How many stretches are in the buffer.
    pub(crate) fn stretches(&self) -> usize {
        self.marks.stretches.len()
    }

    /// The `len` bytes from `from` on, which must be in the buffer.
    pub(crate) fn stretch(&mut self, from: Seq, len: u32) -> Stretch {
        let (end, mut at) = (from + len, self.find(from));
        if let Some(piece) = self.pieces.get(at).filter(|piece| end.at_or_before(piece.end())) {
            // As mostly: out of one write.
            self.hint = at;
            let push = piece.push && piece.end() == end;
            return Stretch { body: piece.part(from, end).into(), write: piece.write, push };
        }
        let mut out = Stretch { body: Body::empty(), write: EventId::NONE, push: false };
        while let Some(piece) = self.pieces.get(at).filter(|piece| piece.start.before(end)) {
            if out.body.is_empty() {
                out.write = piece.write;
            }
            out.push |= piece.push && piece.end().at_or_before(end);
            out.body.push(piece.part(from, end));
            self.hint = at;
            at += 1;
        }
        debug_assert_eq!(out.body.len(), len as usize, "the stretch is in the buffer");
        out
    }

    /// The index of the piece that holds `from`.
    #[inline]
    fn find(&self, from: Seq) -> usize {
        for at in [self.hint, self.hint + 1] {
            if self.pieces.get(at).is_some_and(|piece| piece.holds(from)) {
                return at;
            }
        }
        let Some(first) = self.pieces.front().map(|piece| piece.start) else { return 0 };
        self.pieces.partition_point(|piece| piece.end().distance(first) <= from.distance(first))
    }

    /// Drops what lies before `una`.
    pub(crate) fn acknowledge(&mut self, una: Seq) {
        while self.pieces.front().is_some_and(|piece| piece.end().at_or_before(una)) {
            self.pieces.pop_front();
            self.hint = self.hint.saturating_sub(1);
        }
        // A stretch is gone when the next one begins at or before what is acknowledged.
        while self.marks.stretches.get(1).is_some_and(|next| next.at_or_before(una)) {
            self.marks.stretches.pop_front();
        }
        if self.end.at_or_before(una) && !self.marks.stretches.is_empty() {
            self.marks.stretches.clear();
        }
        while self.marks.records.front().is_some_and(|end| end.at_or_before(una)) {
            self.marks.records.pop_front();
        }
        if self.marks.urgent.is_some_and(|end| end.at_or_before(una)) {
            self.marks.urgent = None;
        }
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.pieces = VecDeque::new();
        self.hint = 0;
        self.marks = Rare::NONE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(n: usize) -> Bytes {
        (0..n).map(|i| i as u8).collect::<Vec<u8>>().into()
    }

    #[test]
    fn a_segment_is_cut_out_of_the_writes_it_lies_in() {
        let start = Seq(0xffff_ff00);
        let mut buffer = SendBuffer::new(start);
        buffer.push(bytes(100), EventId(1));
        buffer.push(bytes(2500), EventId(2));
        let all = [bytes(100), bytes(2500)].concat();
        for (from, len, chunks) in [(0, 1000, 2), (1000, 1000, 1), (2000, 600, 1), (100, 300, 1), (99, 2, 2), (0, 1, 1)]
        {
            let stretch = buffer.stretch(start + from, len);
            assert_eq!(stretch.body.chunks().len(), chunks, "{len} bytes from {from}");
            assert_eq!(stretch.body.to_bytes(), all[from as usize..(from + len) as usize]);
            assert_eq!(stretch.body.sum(), wire::Sum::of(&stretch.body.to_bytes()));
        }
    }

    #[test]
    fn push_marks_the_end_of_a_write_and_the_write_is_known() {
        let mut buffer = SendBuffer::new(Seq(0));
        for (len, write) in [(1500, 1), (10, 2)] {
            buffer.push(bytes(len), EventId(write));
            buffer.push_end();
        }
        let first = buffer.stretch(Seq(0), 1000);
        assert!(!first.push && first.write == EventId(1));
        let last = buffer.stretch(Seq(1000), 510);
        assert!(last.push && last.write == EventId(1));
        buffer.acknowledge(Seq(1500));
        let rest = buffer.stretch(Seq(1500), 10);
        assert!(rest.push && rest.write == EventId(2));
    }
}
