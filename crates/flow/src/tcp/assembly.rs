//! Which bytes of a stream are there, and where: the map from a stream's sequence numbers to captured bytes.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::BufferRef;

/// A range of a stream and where its bytes stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamPiece {
    /// The relative sequence number of its first byte: 1 is the first byte behind the SYN.
    pub start: i64,
    /// How many bytes.
    pub len: u32,
    /// How many of them, from the first, the capture holds: fewer than `len` in a snapped packet.
    pub have: u32,
    /// The packet that brought it (the last fragment's, if it came in fragments).
    pub frame: u32,
    /// Where in `buffer` its bytes start.
    pub at: u32,
    /// The buffer that holds its bytes: the frame itself or a datagram put together from fragments.
    pub buffer: BufferRef,
}

impl StreamPiece {
    /// The number behind its last byte.
    pub fn end(&self) -> i64 {
        self.start + i64::from(self.len)
    }
    /// Takes in a piece that follows it, unless both are too long together.
    fn lengthened(&mut self, next: &StreamPiece) -> bool {
        let len = self.len.checked_add(next.len);
        self.len = len.unwrap_or(self.len);
        len.is_some()
    }
    /// The part of it that lies in `start..end`, if any.
    fn part(&self, start: i64, end: i64) -> Option<StreamPiece> {
        let (from, to) = (start.max(self.start), end.min(self.end()));
        (from < to).then(|| StreamPiece {
            start: from,
            len: (to - from) as u32,
            have: (i64::from(self.have) - (from - self.start)).clamp(0, to - from) as u32,
            at: self.at + (from - self.start) as u32,
            ..*self
        })
    }
}

/// Bytes that came twice: the first copy counts (RFC 9293 §3.10.7.4 leaves it open; Linux keeps what it has).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overlap {
    /// The first copy, which the stream uses.
    pub kept: StreamPiece,
    /// The later copy of the same range.
    pub dropped: StreamPiece,
}

/// What inserting a piece did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Inserted {
    /// How many of its bytes are new.
    pub new: u32,
    /// The packet that had brought the first of its bytes that were known; 0 if none was.
    pub known_from: u32,
}

/// The pieces of one direction's stream, each byte once. Bytes stay where they are.
///
/// Nearly all segments come in order, so most pieces stand in a list that only grows at its end; those that fill a hole
/// stand in a tree beside it.
#[derive(Clone, Default, Debug)]
pub struct Assembly {
    /// Sorted, not overlapping, appended at the end only. Holes may lie between them.
    ordered: Vec<StreamPiece>,
    /// Pieces in holes of `ordered`, by start.
    late: BTreeMap<i64, StreamPiece>,
    /// Bytes that came twice, as many as the limits allow.
    overlaps: Vec<Overlap>,
    /// How many overlaps were not kept.
    overlaps_dropped: u64,
    /// Whether only the ranges count that are there, and not where their bytes stand.
    ranges_only: bool,
}

/// Ranges with holes between them that are kept where only ranges are.
const MAX_RANGES: usize = 256;

impl Assembly {
    /// The pieces, in order of the stream. Between two that do not touch lies a hole.
    pub fn pieces(&self) -> impl Iterator<Item = &StreamPiece> {
        let mut ordered = self.ordered.iter().peekable();
        let mut late = self.late.values().peekable();
        std::iter::from_fn(move || match (ordered.peek(), late.peek()) {
            (Some(a), Some(b)) if b.start < a.start => late.next(),
            (None, _) => late.next(),
            _ => ordered.next(),
        })
    }

    /// The pieces of the stream that lie in `range`, cut to it, in order.
    pub fn pieces_in(&self, range: Range<i64>) -> impl Iterator<Item = StreamPiece> {
        let first = self.ordered.partition_point(|piece| piece.end() <= range.start);
        let before = self.late.range(..range.start).next_back().map_or(range.start, |(&start, _)| start);
        let late = if before < range.end { before..range.end } else { range.end..range.end };
        let mut ordered = self.ordered[first..].iter().take_while({
            let end = range.end;
            move |piece| piece.start < end
        });
        let mut late = self.late.range(late).map(|(_, piece)| piece);
        let (mut a, mut b) = (ordered.next(), late.next());
        std::iter::from_fn(move || {
            loop {
                let piece = match (a, b) {
                    (Some(x), Some(y)) if y.start < x.start => std::mem::replace(&mut b, late.next()),
                    (None, _) => std::mem::replace(&mut b, late.next()),
                    _ => std::mem::replace(&mut a, ordered.next()),
                }?;
                if let Some(part) = piece.part(range.start, range.end) {
                    return Some(part);
                }
            }
        })
    }

    /// Overlaps, in order of arrival.
    pub fn overlaps(&self) -> &[Overlap] {
        &self.overlaps
    }
    /// How many overlaps were not kept because of the limit.
    pub fn overlaps_dropped(&self) -> u64 {
        self.overlaps_dropped
    }
    /// The lowest number of any byte.
    pub fn start(&self) -> Option<i64> {
        let ordered = self.ordered.first().map(|piece| piece.start);
        let late = self.late.first_key_value().map(|(&start, _)| start);
        match (ordered, late) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
    /// The number behind the highest byte.
    pub fn end(&self) -> Option<i64> {
        self.ordered.last().map(StreamPiece::end)
    }

    /// How many of the bytes in `range` have come.
    pub fn covered(&self, range: Range<i64>) -> u64 {
        self.pieces_in(range).map(|piece| u64::from(piece.len)).sum()
    }

    /// The packet that brought byte `number`.
    pub fn frame_at(&self, number: i64) -> Option<u32> {
        self.pieces_in(number..number.saturating_add(1)).next().map(|piece| piece.frame)
    }

    /// From now on pieces that touch become one: which packets brought them is forgotten, and memory stays small. Of more
    /// holes than a few hundred the oldest count as filled.
    pub(crate) fn forget_places(&mut self) {
        self.ranges_only = true;
    }

    /// Joins what touches.
    fn join(&mut self) {
        let mut ranges: Vec<StreamPiece> = Vec::with_capacity(self.ordered.len() + self.late.len());
        for piece in self.pieces() {
            let touched = ranges.last_mut().filter(|last| last.end() == piece.start);
            if !touched.is_some_and(|last| last.lengthened(piece)) {
                ranges.push(*piece);
            }
        }
        if ranges.len() > MAX_RANGES {
            let oldest: Vec<StreamPiece> = ranges.drain(..ranges.len() - MAX_RANGES / 2).collect();
            if let [first, .., last] = oldest.as_slice() {
                let len = u32::try_from(last.end() - first.start).unwrap_or(u32::MAX);
                let start = last.end() - i64::from(len);
                ranges.insert(0, StreamPiece { start, len, ..*first });
            }
        }
        self.ordered = ranges;
        self.late.clear();
    }

    /// Adds a piece: what is new of it is kept, what is known is noted as an overlap (at most `max_overlaps` of them).
    pub(crate) fn insert(&mut self, piece: StreamPiece, max_overlaps: usize) -> Inserted {
        if piece.len == 0 {
            return Inserted::default();
        }
        let end = self.end().unwrap_or(i64::MIN);
        if piece.start >= end {
            // In order, or beyond a hole.
            let grown = self.ranges_only
                && piece.start == end
                && self.ordered.last_mut().is_some_and(|last| last.lengthened(&piece));
            if !grown {
                self.ordered.push(piece);
            }
            if self.ranges_only && self.ordered.len() > MAX_RANGES {
                self.join();
            }
            return Inserted { new: piece.len, known_from: 0 };
        }
        let mut inserted = Inserted::default();
        let known: Vec<StreamPiece> = self.pieces_in(piece.start..piece.end()).collect();
        let mut at = piece.start;
        let fill = |assembly: &mut Assembly, from: i64, to: i64, inserted: &mut Inserted| {
            if let Some(new) = piece.part(from, to) {
                inserted.new += new.len;
                if new.start >= end { assembly.ordered.push(new) } else { _ = assembly.late.insert(new.start, new) }
            }
        };
        for kept in known {
            fill(self, at, kept.start, &mut inserted);
            if inserted.known_from == 0 {
                inserted.known_from = kept.frame;
            }
            if let Some(dropped) = piece.part(kept.start, kept.end()) {
                if self.overlaps.len() < max_overlaps {
                    self.overlaps.push(Overlap { kept, dropped });
                } else {
                    self.overlaps_dropped += 1;
                }
            }
            at = kept.end();
        }
        fill(self, at, piece.end(), &mut inserted);
        if self.ranges_only && inserted.new > 0 {
            self.join();
        }
        inserted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(start: i64, len: u32, frame: u32) -> StreamPiece {
        StreamPiece { start, len, have: len, frame, at: 0, buffer: BufferRef::Frame(frame) }
    }

    #[test]
    fn the_first_copy_counts_and_holes_are_filled() {
        let mut assembly = Assembly::default();
        assembly.insert(piece(1, 10, 1), 8);
        assembly.insert(piece(21, 10, 2), 8);
        // Covers the end of the first, the hole, the second, and goes beyond it.
        let inserted = assembly.insert(piece(6, 40, 3), 8);
        assert_eq!(inserted, Inserted { new: 10 + 15, known_from: 1 });
        let got: Vec<_> = assembly.pieces().map(|p| (p.start, p.len, p.frame, p.at)).collect();
        assert_eq!(got, [(1, 10, 1, 0), (11, 10, 3, 5), (21, 10, 2, 0), (31, 15, 3, 25)]);
        assert_eq!(assembly.overlaps().len(), 2);
        assert_eq!(assembly.frame_at(12), Some(3));
        assert_eq!(assembly.frame_at(46), None);
    }

    proptest! {
        /// However segments are cut, doubled, reordered and lost: each byte that came is there once, from its first copy.
        #[test]
        fn each_byte_once_from_its_first_copy(segments in proptest::collection::vec((0i64..200, 0u32..40), 0..60)) {
            let mut assembly = Assembly::default();
            let mut first: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
            for (i, &(start, len)) in segments.iter().enumerate() {
                let frame = i as u32 + 1;
                let fresh = (0..len).filter(|&k| !first.contains_key(&(start + i64::from(k)))).count() as u32;
                let inserted = assembly.insert(piece(start, len, frame), 1000);
                prop_assert_eq!(inserted.new, fresh);
                prop_assert_eq!(inserted.known_from == 0, fresh == len);
                for k in 0..len {
                    first.entry(start + i64::from(k)).or_insert((frame, k));
                }
            }
            let got: BTreeMap<i64, (u32, u32)> = assembly
                .pieces()
                .flat_map(|p| (0..p.len).map(move |k| (p.start + i64::from(k), (p.frame, p.at + k))))
                .collect();
            prop_assert_eq!(&got, &first);
            for from in (0..200).step_by(17) {
                let part: BTreeMap<i64, (u32, u32)> = assembly
                    .pieces_in(from..from + 23)
                    .flat_map(|p| (0..p.len).map(move |k| (p.start + i64::from(k), (p.frame, p.at + k))))
                    .collect();
                let want: BTreeMap<_, _> = first.range(from..from + 23).map(|(&k, &v)| (k, v)).collect();
                prop_assert_eq!(part, want);
            }
        }
    }
}
