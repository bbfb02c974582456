//! What was found on a connection, as one list, and which packets carry it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Layers, RecordContent};
use crate::{BufferRef, Direction, Flow};

/// A piece of an upper layer: a record, a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unit {
    /// What it is.
    pub kind: UnitKind,
    /// Which way it went.
    pub direction: Direction,
    /// The buffer in which it stands.
    pub buffer: BufferRef,
    /// Where in that buffer.
    pub range: Range<usize>,
    /// The packets that carry its bytes, in ascending order.
    pub frames: Vec<u32>,
    /// The packet with which it is all there: the latest of those, or of what had to come before it in its stream.
    pub complete: u32,
}

/// What a unit is, with its number in the list of its kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum UnitKind {
    /// A TLS record: an index into [`super::Tls::records`].
    Record(usize),
    /// A TLS handshake message: an index into [`super::Tls::messages`].
    Handshake(usize),
    /// A frame of HTTP/2: an index into [`super::Http::frames`].
    Frame(usize),
    /// An HTTP message: an index into [`super::Http::messages`].
    Http(usize),
    /// A DNS message: an index into [`Layers::dns`].
    Dns(usize),
}

/// A unit that a packet carries a part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Carried<'a> {
    /// The unit.
    pub unit: &'a Unit,
    /// Whether the packet is the one with which the unit is all there.
    pub completes: bool,
}

impl Layers {
    /// The units that packet `number` carries a part of or completes: lower layers first, then in order of the stream.
    pub fn carried(&self, number: u32) -> Vec<Carried<'_>> {
        let from = self.by_frame.partition_point(|(frame, _)| *frame < number);
        let units = self.by_frame.iter().skip(from).take_while(|(frame, _)| *frame == number);
        units
            .filter_map(|(_, unit)| self.units.get(*unit as usize))
            .map(|unit| Carried { unit, completes: unit.complete == number })
            .collect()
    }

    /// All packets that carry a part of a unit or complete one, in order of packets; as [`Layers::carried`].
    pub fn carriers(&self) -> impl Iterator<Item = (u32, Carried<'_>)> {
        self.by_frame.iter().filter_map(|&(number, unit)| {
            let unit = self.units.get(unit as usize)?;
            Some((number, Carried { unit, completes: unit.complete == number }))
        })
    }

    /// Where in its direction's stream a unit begins, by way of the buffers that its first byte came through.
    pub fn stream_position(&self, unit: &Unit) -> usize {
        let stream = BufferRef::Derived(unit.direction as u32);
        let (mut buffer, mut at) = (unit.buffer, unit.range.start);
        // Each buffer's parents have smaller numbers, so this ends.
        while buffer != stream {
            match self.buffer(buffer).and_then(|b| b.origins(at..at + 1).next()) {
                Some(piece) => (buffer, at) = (piece.parent, piece.at),
                None => break,
            }
        }
        at
    }

    /// Lists all units and the packets of each.
    pub(super) fn index(&mut self, flow: &Flow) {
        let mut found: Vec<(UnitKind, Direction, BufferRef, Range<usize>)> = Vec::new();
        for (i, record) in self.tls.iter().flat_map(|tls| &tls.records).enumerate() {
            let stream = BufferRef::Derived(record.direction as u32);
            found.push((UnitKind::Record(i), record.direction, stream, record.range.clone()));
        }
        for (i, message) in self.tls.iter().flat_map(|tls| &tls.messages).enumerate() {
            found.push((UnitKind::Handshake(i), message.direction, message.buffer, message.range.clone()));
        }
        for (i, frame) in self.http.iter().flat_map(|http| &http.frames).enumerate() {
            found.push((UnitKind::Frame(i), frame.direction, frame.buffer, frame.range.clone()));
        }
        for (i, message) in self.http.iter().flat_map(|http| &http.messages).enumerate() {
            found.push((UnitKind::Http(i), message.direction, message.buffer, message.range.clone()));
        }
        for (i, message) in self.dns.iter().enumerate() {
            found.push((UnitKind::Dns(i), message.direction, message.buffer, message.range.clone()));
        }
        // A record says nothing before its last byte, the tag's, is there.
        let mut record_ends: BTreeMap<BufferRef, usize> = BTreeMap::new();
        for record in self.tls.iter().flat_map(|tls| &tls.records) {
            if let RecordContent::Decrypted { buffer, .. } = record.content {
                record_ends.insert(buffer, record.range.end);
            }
        }
        for (kind, direction, buffer, range) in found {
            let mut frames: Vec<u32> =
                self.sources(flow, buffer, range.clone()).into_iter().map(|(frame, _)| frame).collect();
            frames.sort_unstable();
            frames.dedup();
            let complete =
                self.complete_at(direction, buffer, range.end, &record_ends).max(frames.last().copied().unwrap_or(0));
            let number = self.units.len() as u32;
            self.by_frame.extend(frames.iter().map(|&frame| (frame, number)));
            if complete != 0 && frames.last() != Some(&complete) {
                self.by_frame.push((complete, number));
            }
            self.units.push(Unit { kind, direction, buffer, range, frames, complete });
        }
        self.by_frame.sort_unstable();
    }

    /// The packet with which all bytes of `direction` before `end` of a buffer are there.
    fn complete_at(
        &self,
        direction: Direction,
        mut buffer: BufferRef,
        mut end: usize,
        record_ends: &BTreeMap<BufferRef, usize>,
    ) -> u32 {
        // Up to the stream, by way of the last byte's origin.
        while buffer != BufferRef::Derived(direction as u32) {
            let last = end.saturating_sub(1);
            let piece = self.buffer(buffer).and_then(|b| b.origins(last..end).next());
            let Some(piece) = piece else { return 0 };
            let record_end = record_ends.get(&buffer).copied();
            (buffer, end) = (piece.parent, record_end.unwrap_or(piece.at + piece.range.len()));
        }
        self.streams[direction as usize].completed_by(end)
    }
}
