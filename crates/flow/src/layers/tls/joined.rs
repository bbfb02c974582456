//! The content of several records, joined: the handshake's messages, and the application's data.

use wire::tls::{NextMessage, next_message};

use super::settled::KeptPart;
use super::{HandshakeMessage, Tls, learn};
use crate::layers::zeros::Zeros;
use crate::tls::Epoch;
use crate::{Buffer, BufferKind, BufferRef, Direction, Piece};

/// The longest handshake message that is put together: 2^24 bytes are allowed, real ones have fewer than 2^17.
const MAX_MESSAGE: usize = 1 << 20;

/// The handshake's messages as they come, for what they tell of the application inside.
#[derive(Debug)]
pub(crate) struct Handshakes {
    tls: Tls,
    joined: [Joined; 2],
}

impl Default for Handshakes {
    fn default() -> Handshakes {
        Handshakes { tls: Tls::default(), joined: Direction::BOTH.map(Joined::new) }
    }
}

impl Handshakes {
    /// The content of the next record of the handshake.
    pub fn push(&mut self, direction: Direction, content: &[u8]) {
        let joined = &mut self.joined[direction as usize];
        joined.push(content, BufferRef::Derived(direction as u32), 0, None, 0);
        joined.messages(&mut self.tls);
    }
    /// As [`Tls::alpn`].
    pub fn alpn(&self) -> Option<&str> {
        self.tls.alpn.as_deref()
    }
}

/// The content of several records, joined.
#[derive(Debug)]
pub(super) struct Joined {
    direction: Direction,
    /// As many as there is room for, zeros behind `len`.
    bytes: Zeros,
    len: usize,
    /// How many bytes may still come.
    pub(super) room: usize,
    parents: Vec<Piece>,
    /// For each record: where it ends, its packet and whose keys.
    ends: Vec<(usize, u32, Option<Epoch>)>,
    /// Where the next message begins, and the number of the first message that has no buffer yet.
    at: usize,
    first: Option<usize>,
}

impl Joined {
    pub(super) fn new(direction: Direction) -> Joined {
        let bytes = Zeros::default();
        Joined { direction, bytes, len: 0, room: 0, parents: Vec::new(), ends: Vec::new(), at: 0, first: None }
    }

    pub(super) fn push(&mut self, bytes: &[u8], parent: BufferRef, at: usize, epoch: Option<Epoch>, frame: u32) {
        if bytes.is_empty() {
            return;
        }
        let start = self.len;
        self.skip(bytes.len(), parent, epoch, frame);
        if let Some(piece) = self.parents.last_mut() {
            piece.at = at;
        }
        if let Some(place) = self.bytes.get_mut(start..self.len) {
            place.copy_from_slice(bytes);
        }
    }

    /// Leaves zeros in place of `len` bytes that were let go.
    pub(super) fn skip(&mut self, len: usize, parent: BufferRef, epoch: Option<Epoch>, frame: u32) {
        let (start, end) = (self.len, self.len + len);
        if self.bytes.is_empty() {
            // Zeros that nothing is copied to take no memory.
            self.bytes = Zeros::new(self.room.max(len));
        } else if end > self.bytes.len() {
            self.bytes.grow(end.max(self.bytes.len() * 2));
        }
        self.len = end;
        self.room = self.room.saturating_sub(len);
        if len > 0 {
            self.parents.push(Piece { range: start..end, parent, at: 0 });
            self.ends.push((end, frame, epoch));
        }
    }

    /// Puts back what was kept of the last `len` bytes.
    pub(super) fn restore(&mut self, len: usize, parts: &[KeptPart]) {
        let start = self.len.saturating_sub(len);
        for part in parts {
            let from = start + usize::from(part.at);
            if let Some(place) = self.bytes.get_mut(from..from + part.bytes.len()) {
                place.copy_from_slice(&part.bytes);
            }
        }
    }

    /// Reads the messages that have become whole.
    pub(super) fn messages(&mut self, tls: &mut Tls) {
        loop {
            let rest = self.bytes.get(self.at..self.len).unwrap_or_default();
            let (kind, len) = match next_message(rest) {
                NextMessage::Whole { kind, len } => (kind, len),
                NextMessage::Need(_) => return,
            };
            if len > MAX_MESSAGE {
                self.at = self.len;
                return;
            }
            let range = self.at..self.at + len;
            let end = self.ends.partition_point(|(to, ..)| *to < range.end);
            let (_, frame, epoch) = self.ends.get(end).copied().unwrap_or((0, 0, None));
            learn(tls, self.direction, kind, &rest[..len]);
            self.first.get_or_insert(tls.messages.len());
            self.at += len;
            // The buffer's number is known once it is complete; until then the direction's stream stands for it.
            let buffer = BufferRef::Derived(self.direction as u32);
            tls.messages.push(HandshakeMessage { direction: self.direction, kind, buffer, range, epoch, frame });
        }
    }

    /// Keeps what was joined as a buffer, and begins anew.
    pub(super) fn end(&mut self, tls: &mut Tls, keep: &mut dyn FnMut(Buffer) -> BufferRef) {
        let joined = std::mem::replace(self, Joined { room: self.room, ..Joined::new(self.direction) });
        let Some(first) = joined.first else { return };
        let id = keep(joined.into_buffer(BufferKind::Handshake));
        let placeholder = BufferRef::Derived(self.direction as u32);
        for message in tls.messages.iter_mut().skip(first).filter(|message| message.buffer == placeholder) {
            message.buffer = id;
        }
    }

    fn into_buffer(self, kind: BufferKind) -> Buffer {
        Buffer { id: BufferRef::Derived(0), kind, bytes: self.bytes.freeze(self.len), parents: self.parents }
    }
}

/// Keeps the application's data joined so far as a buffer, and begins anew: something is missing behind it.
pub(super) fn flush(data: &mut Joined, tls: &mut Tls, keep: &mut dyn FnMut(Buffer) -> BufferRef) {
    let joined = std::mem::replace(data, Joined { room: data.room, ..Joined::new(data.direction) });
    if joined.len > 0 {
        let side = joined.direction as usize;
        tls.plaintext[side].push(keep(joined.into_buffer(BufferKind::Plaintext)));
    }
}
