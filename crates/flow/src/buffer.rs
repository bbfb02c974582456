//! Buffers: bytes that packets carry, and the maps from bytes that were derived to those that they came from.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use crate::layers::SettledRecord;
use crate::{ConversationId, Direction};

/// Which buffer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BufferRef {
    /// The captured bytes of packet `n` (from 1).
    Frame(u32),
    /// The payload of an IP packet put together from fragments: an index for [`crate::Flow::datagram`].
    Datagram(u32),
    /// A buffer of a conversation's upper layers: an index for [`crate::Layers::buffer`].
    Derived(u32),
}

/// What a derived buffer is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BufferKind {
    /// The payload of an IP packet put together from fragments.
    Datagram,
    /// One direction of a TCP connection. Holes are filled with zeros; the stream says where they are.
    Stream,
    /// The content of TLS handshake records, joined: handshake messages may span records (RFC 8446 §5.1).
    Handshake,
    /// What one TLS record holds, decrypted: for TLS 1.3 with its inner content type and padding (RFC 8446 §5.2).
    Record,
    /// The application data of one direction of a TLS connection, joined.
    Plaintext,
    /// A message body without the framing of the chunked coding (RFC 9112 §7.1).
    Body,
    /// A message of HTTP/2: header block, content and trailers, joined from its frames (RFC 9113 §8.1).
    Message,
}

/// A range of a buffer and where its bytes came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The range of this buffer.
    pub range: Range<usize>,
    /// The buffer that it came from.
    pub parent: BufferRef,
    /// Where in the parent it starts. A decrypted record's piece points at its ciphertext, which is as long as the
    /// plaintext, but is not the same bytes.
    pub at: usize,
}

/// Derived bytes, with the map from their ranges to those of their parents. Pieces are sorted and do not overlap; a range
/// that no piece covers was never captured and is filled with zeros.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Buffer {
    /// Which buffer this is.
    pub id: BufferRef,
    /// What it is.
    pub kind: BufferKind,
    /// Its bytes.
    pub bytes: Bytes,
    /// Where they came from.
    pub parents: Vec<Piece>,
}

impl Buffer {
    /// The parts of the parents that `range` came from, in order.
    pub fn origins(&self, range: Range<usize>) -> impl Iterator<Item = Piece> + '_ {
        let first = self.parents.partition_point(|piece| piece.range.end <= range.start);
        self.parents
            .iter()
            .skip(first)
            .take_while({
                let end = range.end;
                move |piece| piece.range.start < end
            })
            .map(move |piece| {
                let (from, to) = (piece.range.start.max(range.start), piece.range.end.min(range.end));
                Piece { range: from..to, parent: piece.parent, at: piece.at + (from - piece.range.start) }
            })
    }

    /// The ranges of `range` that were never captured.
    pub fn holes(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut at = range.start;
        let mut holes = Vec::new();
        for piece in self.origins(range.clone()) {
            if piece.range.start > at {
                holes.push(at..piece.range.start);
            }
            at = piece.range.end;
        }
        if at < range.end {
            holes.push(at..range.end);
        }
        holes
    }
}

/// Gives packets' bytes back: whoever pushes packets into flow holds their bytes and shows them again when asked.
pub trait Source {
    /// The captured bytes of packet `number` (from 1), as they were pushed; `None` if they are no longer there.
    fn frame(&self, number: u32) -> Option<Cow<'_, [u8]>>;
    /// Whether the payload of packet `number` was there and was let go, because nothing is read from it any more. Streams
    /// have zeros in its place.
    fn let_go(&self, _number: u32) -> bool {
        false
    }
    /// What was in a record of TLS whose bytes were let go: that which begins at `at` in a connection's stream.
    fn settled(&self, _conversation: ConversationId, _direction: Direction, _at: usize) -> Option<&SettledRecord> {
        None
    }
}

/// Packets' bytes in memory, packet 1 first.
impl<B: AsRef<[u8]>> Source for [B] {
    fn frame(&self, number: u32) -> Option<Cow<'_, [u8]>> {
        let at = (number as usize).checked_sub(1)?;
        self.get(at).map(|bytes| Cow::Borrowed(bytes.as_ref()))
    }
}
impl<B: AsRef<[u8]>> Source for Vec<B> {
    fn frame(&self, number: u32) -> Option<Cow<'_, [u8]>> {
        self.as_slice().frame(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_cut_to_the_range_and_holes_are_told() {
        let buffer = Buffer {
            id: BufferRef::Derived(0),
            kind: BufferKind::Stream,
            bytes: Bytes::from(vec![0; 30]),
            parents: vec![
                Piece { range: 0..10, parent: BufferRef::Frame(1), at: 54 },
                Piece { range: 15..30, parent: BufferRef::Frame(3), at: 66 },
            ],
        };
        let got: Vec<_> = buffer.origins(8..20).collect();
        assert_eq!(
            got,
            [
                Piece { range: 8..10, parent: BufferRef::Frame(1), at: 62 },
                Piece { range: 15..20, parent: BufferRef::Frame(3), at: 66 },
            ]
        );
        assert_eq!(buffer.holes(8..20), vec![Range { start: 10, end: 15 }]);
        assert_eq!(buffer.holes(0..10), []);
    }
}
