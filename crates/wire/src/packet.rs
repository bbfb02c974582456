//! A packet on its way: a small owned head for the headers and a shared body.

use std::cell::RefCell;

use bytes::Bytes;

use crate::{Body, Chunk, Sum};

/// Room for headers: Ethernet with two VLAN tags, IPv4 with all options and TCP with all options are 14 + 8 + 60 + 60 bytes;
/// with IPv6 and its fragment header 14 + 8 + 40 + 8 + 60.
const ROOM: usize = 144;

/// A packet or frame: headers in a buffer of its own that grows towards the front, and a body that is shared with
/// whoever else holds it. Moving it moves a pointer; a copy copies the head alone.
#[derive(Clone)]
pub struct Packet {
    inner: Box<Inner>,
}

#[derive(Clone)]
#[repr(C)] // in this order in memory: the headers stand right in front of what describes the body
struct Inner {
    /// The headers stand at the end.
    room: [u8; ROOM],
    /// Where they start.
    start: u8,
    body: Body,
}

/// How many packets' memory is kept at most.
const MOST_SPARE: usize = 256;

thread_local! {
    /// The memory of packets that have been recycled, for the next ones.
    #[allow(clippy::vec_box)] // what is kept is the memory itself
    static SPARE: RefCell<Vec<Box<Inner>>> = const { RefCell::new(Vec::new()) };
}

impl Packet {
    /// A packet that carries `body`, without headers yet.
    #[inline]
    pub fn new(body: Body) -> Packet {
        match SPARE.try_with(|spare| spare.borrow_mut().pop()) {
            Ok(Some(mut inner)) => {
                (inner.start, inner.body) = (ROOM as u8, body);
                Packet { inner }
            }
            _ => Packet { inner: Box::new(Inner { room: [0; ROOM], start: ROOM as u8, body }) },
        }
    }

    /// The packet has arrived and nobody needs it any more: as dropping it, but its memory serves the next one.
    #[inline]
    pub fn recycle(mut self) {
        self.take_body();
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < MOST_SPARE {
                spare.push(self.inner);
            }
        });
    }

    /// A packet made of bytes that came from outside; headers are pulled out of it as they are asked for.
    pub fn from_bytes(bytes: Bytes) -> Packet {
        Packet::new(Body::from(bytes))
    }

    /// Number of bytes, headers and body.
    #[inline]
    pub fn len(&self) -> usize {
        self.head().len() + self.body().len()
    }
    /// Whether there is not a byte in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The headers so far: the bytes in front of the body.
    #[inline]
    pub fn head(&self) -> &[u8] {
        &self.inner.room[usize::from(self.inner.start)..]
    }
    /// The headers, to change them in place (a router's TTL, a NAT's addresses).
    #[inline]
    pub fn head_mut(&mut self) -> &mut [u8] {
        &mut self.inner.room[usize::from(self.inner.start)..]
    }
    /// The bytes behind the headers.
    #[inline]
    pub fn body(&self) -> &Body {
        &self.inner.body
    }
    /// The body, dropping the headers.
    pub fn into_body(mut self) -> Body {
        std::mem::take(&mut self.inner.body)
    }

    /// Takes the body out and leaves none.
    #[inline]
    pub fn take_body(&mut self) -> Body {
        std::mem::take(&mut self.inner.body)
    }

    /// Puts `n` bytes of header in front and returns them, zeroed, to be filled.
    ///
    /// # Panics
    /// If the headers exceed 144 bytes, which no stack of headers that we build does. Headers pulled out of a stranger's
    /// bytes never come near: [`Packet::pull`] refuses.
    #[inline]
    pub fn push(&mut self, n: usize) -> &mut [u8] {
        let inner = &mut *self.inner;
        let start = usize::from(inner.start);
        assert!(n <= start, "headers of {} bytes exceed the room of {ROOM}", n + ROOM - start);
        inner.start = (start - n) as u8;
        let front = &mut inner.room[start - n..start];
        front.fill(0);
        front
    }

    /// Puts a header in front whose bytes are known.
    ///
    /// # Panics
    /// As [`Packet::push`].
    #[inline]
    pub fn push_array<const N: usize>(&mut self, bytes: [u8; N]) {
        let inner = &mut *self.inner;
        let start = usize::from(inner.start);
        let front = inner.room.get_mut(..start).and_then(|room| room.last_chunk_mut::<N>());
        let Some(front) = front else { panic!("headers of {} bytes exceed the room of {ROOM}", N + ROOM - start) };
        *front = bytes;
        inner.start = (start - N) as u8;
    }

    /// Makes sure that at least `n` bytes stand in the head, moving them out of the body where needed, and returns the
    /// head. `None` if the packet is shorter, or the headers would exceed the room.
    #[inline]
    pub fn pull(&mut self, n: usize) -> Option<&mut [u8]> {
        if self.head().len() < n {
            self.pull_from_body(n)?;
        }
        Some(self.head_mut())
    }

    fn pull_from_body(&mut self, n: usize) -> Option<()> {
        let have = self.head().len();
        let inner = &mut *self.inner;
        let missing = n - have;
        if missing > inner.body.len() || n > ROOM {
            return None;
        }
        // Move the head down, then append the new bytes.
        let start = ROOM - n;
        inner.room.copy_within(usize::from(inner.start).., start);
        inner.body.copy_to(&mut inner.room[start + have..]);
        inner.start = start as u8;
        inner.body = inner.body.slice(missing, inner.body.len());
        Some(())
    }

    /// Takes the first `n` bytes off. They must stand in the head (see [`Packet::pull`]); more takes the whole head.
    #[inline]
    pub fn strip(&mut self, n: usize) {
        let inner = &mut *self.inner;
        inner.start = (usize::from(inner.start) + n).min(ROOM) as u8;
    }

    /// Cuts the packet to its first `len` bytes (Ethernet padding behind an IP packet). Longer than it is: no change.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.cut_to(len);
        }
    }

    fn cut_to(&mut self, len: usize) {
        let head = self.head().len();
        let inner = &mut *self.inner;
        if len < head {
            let start = usize::from(inner.start);
            inner.room.copy_within(start..start + len, ROOM - len);
            inner.start = (ROOM - len) as u8;
            inner.body = Body::empty();
        } else {
            inner.body = inner.body.slice(0, len - head);
        }
    }

    /// The partial checksum of all bytes from offset `from` (within the head) to the end.
    #[inline]
    pub fn sum_from(&self, from: usize) -> Sum {
        Sum::of(self.head().get(from..).unwrap_or(&[])).then(self.body().sum())
    }

    /// Appends the bytes to `out`.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.head());
        self.body().chunks().iter().for_each(|chunk| out.extend_from_slice(chunk.bytes()));
    }
    /// The bytes, copied.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len());
        self.write_to(&mut out);
        out
    }
    /// The bytes in pieces, in order, without copying.
    pub fn slices(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(self.head()).chain(self.body().chunks().iter().map(|chunk| chunk.bytes().as_ref()))
    }

    /// Flips bit `bit` (counted from the packet's first), on a private copy of the chunk that holds it: nobody else who
    /// shares the body sees the damage. Beyond the end: no change.
    pub fn corrupt(&mut self, bit: usize) {
        let (byte, mask) = (bit / 8, 0x80 >> (bit % 8));
        let head = self.head().len();
        if byte < head {
            self.head_mut()[byte] ^= mask;
        } else if byte < self.len() {
            let at = byte - head;
            let mut damaged = self.body().slice(at, at + 1).to_bytes().to_vec();
            damaged[0] ^= mask;
            let mut body = self.body().slice(0, at);
            body.push(Chunk::new(damaged.into()));
            body.append(self.body().slice(at + 1, self.body().len()));
            self.inner.body = body;
        }
    }
}

impl std::fmt::Debug for Packet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packet({} + {} bytes)", self.head().len(), self.body().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_go_on_and_come_off() {
        let mut packet = Packet::new(Body::from(vec![9; 10]));
        packet.push(4).copy_from_slice(&[5, 6, 7, 8]);
        packet.push(2).copy_from_slice(&[1, 2]);
        assert_eq!(packet.to_vec(), [1, 2, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
        packet.strip(2);
        assert_eq!(packet.head(), [5, 6, 7, 8]);
        packet.truncate(6);
        assert_eq!(packet.to_vec(), [5, 6, 7, 8, 9, 9]);
    }

    #[test]
    fn a_strangers_bytes_are_pulled_as_needed() {
        let bytes: Vec<u8> = (0..200).map(|i| i as u8).collect();
        let mut packet = Packet::from_bytes(bytes.clone().into());
        assert_eq!(packet.pull(14).map(|h| h.to_vec()), Some(bytes[..14].to_vec()));
        packet.strip(14);
        assert_eq!(packet.pull(20).map(|h| h.to_vec()), Some(bytes[14..34].to_vec()));
        assert_eq!(packet.to_vec(), bytes[14..]);
        assert!(packet.pull(187).is_none(), "there are 186 bytes left");
        assert!(packet.pull(145).is_none(), "headers have a bound");
        assert_eq!(packet.sum_from(0), Sum::of(&bytes[14..]));
    }

    #[test]
    fn corruption_is_private() {
        let original = Packet::from_bytes(vec![0; 8].into());
        let mut damaged = original.clone();
        damaged.corrupt(12);
        assert_eq!(damaged.to_vec(), [0, 8, 0, 0, 0, 0, 0, 0]);
        assert_eq!(original.to_vec(), [0; 8]);
    }
}
