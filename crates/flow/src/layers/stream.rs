//! One direction of a connection as one buffer.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

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
        let mut out = BytesMut::new();
        let mut parents = Vec::new();
        let mut completion = Vec::new();
        let mut latest = 0;
        let mut cut = None;
        for piece in half.stream().pieces() {
            let Ok(start) = usize::try_from(piece.start - first) else { continue };
            let hole = start.saturating_sub(out.len());
            if hole > limits.hole_bytes {
                cut = Some(Cut::Hole(hole as u64));
                break;
            }
            if start + piece.len as usize > limits.stream_bytes {
                cut = Some(Cut::Limit);
                break;
            }
            out.resize(start, 0);
            let have = append(&mut out, piece, flow, source);
            if have > 0 {
                parents.push(Piece { range: start..start + have, parent: piece.buffer, at: piece.at as usize });
            }
            out.resize(start + piece.len as usize, 0);
            latest = latest.max(piece.frame);
            completion.push((out.len(), latest));
        }
        let end = first + out.len() as i64;
        let ended = cut.is_none() && half.fin() == Some(end);
        let buffer = Buffer { id, kind: BufferKind::Stream, bytes: out.freeze(), parents };
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

/// Appends a piece's bytes, as far as they are there, and tells how many.
fn append(out: &mut BytesMut, piece: &StreamPiece, flow: &Flow, source: &dyn Source) -> usize {
    let range = piece.at as usize..(piece.at + piece.have) as usize;
    let before = out.len();
    match piece.buffer {
        BufferRef::Frame(n) => {
            if let Some(frame) = source.frame(n)
                && let Some(bytes) = frame.get(range)
            {
                out.extend_from_slice(bytes);
            }
        }
        BufferRef::Datagram(n) => {
            if let Some(bytes) = flow.datagram(n).and_then(|buffer| buffer.bytes.get(range)) {
                out.extend_from_slice(bytes);
            }
        }
        BufferRef::Derived(_) => {}
    }
    out.len() - before
}
