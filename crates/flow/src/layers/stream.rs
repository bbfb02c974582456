//! One direction of a connection as one buffer.

use std::ops::Range;

use bytes::Bytes;

use super::zeros::Zeros;
use crate::{Buffer, BufferKind, BufferRef, Flow, Half, Limits, Piece, Source, StreamPiece};

/// One direction of a connection, joined.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The bytes. Holes are zeros that no piece of the buffer covers.
    pub buffer: Buffer,
    /// The relative sequence number of the first byte: 1 unless the capture began later.
    pub first: i64,
    /// Why the buffer ends before the stream does, if so.
    pub cut: Option<Cut>,
    /// Whether the stream's end (its FIN) was seen and the buffer reaches up to it.
    pub ended: bool,
    /// For each piece: where it ends, and the latest packet among it and all before it.
    completion: Vec<(usize, u32)>,
}

/// Why a buffer holds less than its stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// The limit of bytes is reached (`Limits::stream_bytes`).
    Limit,
    /// A hole too long to read across follows (`Limits::hole_bytes`): this many bytes.
    Hole(u64),
}

impl Stream {
    /// Joins what one end of a connection sent.
    pub(crate) fn join(half: &Half, id: BufferRef, flow: &Flow, source: &dyn Source, limits: &Limits) -> Stream {
        let known = half.isn().is_some();
        let first = if known { 1 } else { half.stream().start().unwrap_or(1) };
        let mut cut = None;
        // Which pieces, and how long they are together.
        let (mut len, mut kept, mut count) = (0usize, 0usize, 0usize);
        for piece in half.stream().pieces() {
            let Ok(start) = usize::try_from(piece.start - first) else { continue };
            let hole = start.saturating_sub(len);
            if hole > limits.hole_bytes {
                cut = Some(Cut::Hole(hole as u64));
                break;
            }
            let end = start + piece.len as usize;
            kept += if let_go(piece, source) { 0 } else { end - len.min(end) };
            if kept > limits.stream_bytes || end > limits.stream_len {
                cut = Some(Cut::Limit);
                break;
            }
            (len, count) = (end.max(len), count + 1);
        }
        // Pages that nothing is copied to, as of what was let go, cost nothing.
        let mut out = if kept < len { Zeros::new(len) } else { Zeros::Few(vec![0; len]) };
        let mut parents = Vec::with_capacity(count);
        let mut completion = Vec::with_capacity(count);
        let mut latest = 0;
        for piece in half.stream().pieces() {
            let Ok(start) = usize::try_from(piece.start - first) else { continue };
            let end = start + piece.len as usize;
            let Some(place) = out.get_mut(start..end) else { break };
            let have = if let_go(piece, source) { piece.have as usize } else { copy(place, piece, flow, source) };
            if have > 0 {
                parents.push(Piece { range: start..start + have, parent: piece.buffer, at: piece.at as usize });
            }
            latest = latest.max(piece.frame);
            completion.push((end, latest));
        }
        let end = first + out.len() as i64;
        let ended = cut.is_none() && half.fin() == Some(end);
        let buffer = Buffer { id, kind: BufferKind::Stream, bytes: out.freeze(len), parents };
        Stream { buffer, first, cut, ended, completion }
    }

    /// The latest packet among those that bytes before `end` came in: with it, all of them are there.
    pub fn completed_by(&self, end: usize) -> u32 {
        let at = self.completion.partition_point(|(to, _)| *to < end);
        self.completion.get(at).or(self.completion.last()).map_or(0, |(_, frame)| *frame)
    }

    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.buffer.bytes
    }

    /// The ranges of `range` that were not captured.
    pub fn holes(&self, range: Range<usize>) -> Vec<Range<usize>> {
        self.buffer.holes(range)
    }
}

/// Whether a piece's bytes were there and are no longer kept.
fn let_go(piece: &StreamPiece, source: &dyn Source) -> bool {
    matches!(piece.buffer, BufferRef::Frame(number) if source.let_go(number))
}

/// Copies a piece's bytes into its place, as far as they are there, and tells how many.
fn copy(place: &mut [u8], piece: &StreamPiece, flow: &Flow, source: &dyn Source) -> usize {
    let range = piece.at as usize..(piece.at + piece.have) as usize;
    let mut copied = |bytes: Option<&[u8]>| match (bytes, place.get_mut(..piece.have as usize)) {
        (Some(bytes), Some(place)) if bytes.len() == place.len() => {
            place.copy_from_slice(bytes);
            bytes.len()
        }
        _ => 0,
    };
    match piece.buffer {
        BufferRef::Frame(n) => copied(source.frame(n).as_deref().and_then(|frame| frame.get(range))),
        BufferRef::Datagram(n) => copied(flow.datagram(n).and_then(|buffer| buffer.bytes.get(range))),
        BufferRef::Derived(_) => 0,
    }
}
