//! The bytes of packets that may be read again.

use std::borrow::Cow;
use std::collections::VecDeque;

use base::{Map, Set};

use crate::layers::SettledRecord;
use crate::{ConversationId, Direction, Source};

/// The bytes of some packets of a capture, in their order. Payloads that are not read again may have been let go.
#[derive(Debug, Default)]
pub struct Kept {
    /// The bytes of packets that may still be let go, and how many such pieces there were before.
    waiting: VecDeque<Vec<u8>>,
    gone: u32,
    /// What stays of packets that were looked through.
    staying: Vec<Vec<u8>>,
    places: Vec<Place>,
    /// Bytes of the packets that are kept whole.
    len: usize,
    /// How many packets, from the first, will not be looked through again, and which behind them are to be let go then.
    done: usize,
    due: Set<u32>,
    /// What was in records of TLS whose bytes were let go.
    records: Map<(ConversationId, Direction, usize), SettledRecord>,
}

/// Where a packet's bytes stand.
#[derive(Clone, Copy, Debug)]
struct Place {
    number: u32,
    piece: u32,
    start: u32,
    len: u32,
    stays: bool,
    let_go: bool,
}

/// Bytes of a piece: small enough that the allocator hands pieces on from one part to the next.
const PIECE: usize = 64 << 10;
/// Bytes of the first piece, and room that is left for what comes late.
const LEAST: usize = 256;

impl Kept {
    /// Whether payloads were let go: what was in them stands as zeros in the streams.
    pub fn has_let_go(&self) -> bool {
        !self.records.is_empty() || self.places.iter().any(|place| place.let_go)
    }
    /// Bytes of the packets that are kept whole.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds the next packet, or what stays of it.
    pub(super) fn push(&mut self, number: u32, bytes: &[u8], let_go: bool) {
        let room = self.waiting.back().map_or(0, |piece| piece.capacity() - piece.len());
        // A packet may be empty: of such a one, too, it is known that it was there.
        if room < bytes.len() || self.waiting.is_empty() {
            // A part of a few packets takes little: as much again as it has. One of many takes whole pieces.
            let all = if self.gone == 0 { self.waiting.iter().take(PIECE / LEAST).map(Vec::len).sum() } else { PIECE };
            self.waiting.push_back(Vec::with_capacity(all.clamp(LEAST, PIECE).max(bytes.len())));
        }
        let piece = self.gone + self.waiting.len() as u32 - 1;
        let Some(last) = self.waiting.back_mut() else { return };
        let start = last.len() as u32;
        last.extend_from_slice(bytes);
        self.len += if let_go { 0 } else { bytes.len() };
        self.places.push(Place { number, piece, start, len: bytes.len() as u32, stays: false, let_go });
    }

    /// Gives back room that is not needed where little more will come.
    pub(super) fn shrink(&mut self) {
        if let Some(last) = self.waiting.back_mut().filter(|last| last.capacity() - last.len() > 2 * LEAST) {
            last.shrink_to(last.len() + LEAST);
        }
        crate::open::shrink(&mut self.places);
    }

    /// Lets go of these packets' bytes but for so many of each as `header` tells.
    pub(super) fn thin(&mut self, frames: &Set<u32>, header: impl Fn(u32) -> usize) {
        let mut thinner = Kept { records: std::mem::take(&mut self.records), ..Kept::default() };
        for place in &self.places {
            let bytes = self.at(place).unwrap_or_default();
            let header = frames.contains(&place.number).then(|| header(place.number));
            match header.and_then(|len| bytes.get(..len)) {
                Some(header) => thinner.push(place.number, header, true),
                None => thinner.push(place.number, bytes, place.let_go),
            }
        }
        *self = thinner;
    }

    /// As [`Kept::thin`], where the packets before `needed` will not be looked through again.
    pub(super) fn thin_front(&mut self, needed: u32, frames: Set<u32>, header: impl Fn(u32) -> usize) {
        if self.due.is_empty() {
            self.due = frames
        } else {
            self.due.extend(frames)
        }
        for place in self.places.iter_mut().skip(self.done).take_while(|place| place.number < needed) {
            let piece = self.waiting.get((place.piece - self.gone) as usize);
            let range = place.start as usize..(place.start + place.len) as usize;
            let Some(bytes) = piece.and_then(|piece| piece.get(range)) else { break };
            let header = self.due.remove(&place.number).then(|| header(place.number));
            let stays = header.and_then(|len| bytes.get(..len)).unwrap_or(bytes);
            self.len -= if header.is_some() && !place.let_go { bytes.len() } else { 0 };
            let room = self.staying.last().map_or(0, |piece| piece.capacity() - piece.len());
            if room < stays.len() || self.staying.is_empty() {
                self.staying.push(Vec::with_capacity(PIECE.max(stays.len())));
            }
            (place.stays, place.let_go, place.len) = (true, place.let_go || header.is_some(), stays.len() as u32);
            place.piece = self.staying.len() as u32 - 1;
            if let Some(last) = self.staying.last_mut() {
                place.start = last.len() as u32;
                last.extend_from_slice(stays);
            }
            self.done += 1;
        }
        let used = self.places.get(self.done).map_or(u32::MAX, |place| place.piece);
        while self.gone < used && self.waiting.pop_front().is_some() {
            self.gone += 1;
        }
    }

    /// What was in some records.
    pub(super) fn remember(&mut self, id: ConversationId, records: Map<(Direction, usize), SettledRecord>) {
        self.records.extend(records.into_iter().map(|((direction, at), record)| ((id, direction, at), record)));
    }

    fn find(&self, number: u32) -> Option<&Place> {
        let at = self.places.binary_search_by_key(&number, |place| place.number).ok()?;
        self.places.get(at)
    }

    fn at(&self, place: &Place) -> Option<&[u8]> {
        let piece = match place.stays {
            true => self.staying.get(place.piece as usize),
            false => self.waiting.get(place.piece.checked_sub(self.gone)? as usize),
        };
        piece?.get(place.start as usize..(place.start + place.len) as usize)
    }
}

impl Source for Kept {
    fn frame(&self, number: u32) -> Option<Cow<'_, [u8]>> {
        self.at(self.find(number)?).map(Cow::Borrowed)
    }
    fn let_go(&self, number: u32) -> bool {
        self.find(number).is_some_and(|place| place.let_go)
    }
    fn settled(&self, conversation: ConversationId, direction: Direction, at: usize) -> Option<&SettledRecord> {
        self.records.get(&(conversation, direction, at))
    }
}
