//! Payload that is shared along its way: slices of reference-counted bytes, each with its partial checksum.

use bytes::Bytes;

use crate::Sum;

/// A slice of shared bytes with its partial Internet checksum, computed once when the chunk is made; for bytes that may
/// well be cut up before anyone asks, whenever it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    bytes: Bytes,
    sum: Option<Sum>,
}

impl Chunk {
    /// A chunk of `bytes`, shared; reads them once for the checksum.
    pub fn new(bytes: Bytes) -> Chunk {
        let sum = Some(Sum::of(&bytes));
        Chunk { bytes, sum }
    }
    /// A chunk of `bytes`, shared, which are not read before their checksum is asked for.
    #[inline]
    pub fn unsummed(bytes: Bytes) -> Chunk {
        Chunk { bytes, sum: None }
    }
    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
    /// Their partial checksum.
    #[inline]
    pub fn sum(&self) -> Sum {
        self.sum.unwrap_or_else(|| Sum::of(&self.bytes))
    }
}

/// A sequence of chunks: what a packet carries behind its headers. Cloning it copies no payload.
#[derive(Clone, Debug, Default)]
pub struct Body {
    chunks: Chunks,
    len: usize,
}

/// The chunks of a body. Most bodies are none or one; `Many` holds at least two.
#[derive(Clone, Debug, Default)]
enum Chunks {
    #[default]
    None,
    One(Chunk),
    Many(Vec<Chunk>),
}

impl Body {
    /// Nothing.
    #[inline]
    pub const fn empty() -> Body {
        Body { chunks: Chunks::None, len: 0 }
    }
    /// Number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// The chunks, first to last; none is empty.
    #[inline]
    pub fn chunks(&self) -> &[Chunk] {
        match &self.chunks {
            Chunks::None => &[],
            Chunks::One(chunk) => std::slice::from_ref(chunk),
            Chunks::Many(chunks) => chunks,
        }
    }
    /// The chunks, first to last, taken apart: each goes to `take`.
    #[inline]
    pub fn take_chunks(self, take: impl FnMut(Chunk)) {
        match self.chunks {
            Chunks::None => {}
            Chunks::One(chunk) => std::iter::once(chunk).for_each(take),
            Chunks::Many(chunks) => chunks.into_iter().for_each(take),
        }
    }
    /// Appends a chunk.
    #[inline]
    pub fn push(&mut self, chunk: Chunk) {
        if !chunk.bytes.is_empty() {
            self.len += chunk.bytes.len();
            match &mut self.chunks {
                Chunks::None => self.chunks = Chunks::One(chunk),
                Chunks::One(_) => self.push_second(chunk),
                Chunks::Many(chunks) => chunks.push(chunk),
            }
        }
    }
    #[cold]
    fn push_second(&mut self, chunk: Chunk) {
        if let Chunks::One(first) = std::mem::take(&mut self.chunks) {
            self.chunks = Chunks::Many(vec![first, chunk]);
        }
    }
    /// Appends all chunks of `other`.
    pub fn append(&mut self, other: Body) {
        if self.is_empty() {
            *self = other;
        } else {
            other.take_chunks(|chunk| self.push(chunk));
        }
    }
    /// The partial checksum of all bytes.
    #[inline]
    pub fn sum(&self) -> Sum {
        match &self.chunks {
            Chunks::None => Sum::EMPTY,
            Chunks::One(chunk) => chunk.sum(),
            Chunks::Many(chunks) => chunks.iter().fold(Sum::EMPTY, |sum, chunk| sum.then(chunk.sum())),
        }
    }
    /// The bytes from `start` to `end` (both at most the length, `start` first), shared. Sums of whole chunks are kept.
    pub fn slice(&self, start: usize, end: usize) -> Body {
        if start == 0 && end >= self.len {
            return self.clone();
        }
        let mut out = Body::empty();
        let mut at = 0;
        for chunk in self.chunks() {
            let len = chunk.bytes.len();
            let (from, to) = (start.clamp(at, at + len) - at, end.clamp(at, at + len) - at);
            if from == 0 && to == len {
                out.push(chunk.clone());
            } else if from < to {
                out.push(Chunk::unsummed(chunk.bytes.slice(from..to)));
            }
            at += len;
        }
        out
    }
    /// Whether both share the very same memory, so that they are equal without a look at it.
    pub fn is_same(&self, other: &Body) -> bool {
        let place = |chunk: &Chunk| (chunk.bytes.as_ptr(), chunk.bytes.len());
        self.len == other.len && self.chunks().iter().map(place).eq(other.chunks().iter().map(place))
    }
    /// All bytes in one piece: shared if there is one chunk, copied otherwise.
    pub fn to_bytes(&self) -> Bytes {
        match self.chunks() {
            [] => Bytes::new(),
            [one] => one.bytes.clone(),
            many => {
                let mut out = Vec::with_capacity(self.len);
                many.iter().for_each(|chunk| out.extend_from_slice(&chunk.bytes));
                out.into()
            }
        }
    }
    /// Copies the first bytes into `out`, as many as fit, and returns how many.
    pub fn copy_to(&self, out: &mut [u8]) -> usize {
        let mut at = 0;
        for chunk in self.chunks() {
            let n = chunk.bytes.len().min(out.len() - at);
            out[at..at + n].copy_from_slice(&chunk.bytes[..n]);
            at += n;
        }
        at
    }
}

impl From<Chunk> for Body {
    #[inline]
    fn from(chunk: Chunk) -> Body {
        match chunk.bytes.len() {
            0 => Body::empty(),
            len => Body { chunks: Chunks::One(chunk), len },
        }
    }
}
impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Body {
        Chunk::new(bytes).into()
    }
}
impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Body {
        Body::from(Bytes::from(bytes))
    }
}
impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Body {
        Body::from(Bytes::from_static(bytes))
    }
}
impl PartialEq for Body {
    fn eq(&self, other: &Body) -> bool {
        let bytes = |body: &Body| body.chunks().iter().flat_map(|c| c.bytes.iter().copied()).collect::<Vec<_>>();
        self.len == other.len && bytes(self) == bytes(other)
    }
}
impl Eq for Body {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_share_and_keep_sums() {
        let mut body = Body::from(vec![1, 2, 3]);
        body.append(Body::from(vec![4, 5, 6, 7]));
        for start in 0..=7 {
            for end in start..=7 {
                let slice = body.slice(start, end);
                let want: Vec<u8> = (1..=7).collect::<Vec<u8>>()[start..end].to_vec();
                assert_eq!(slice.to_bytes(), want);
                assert_eq!(slice.sum(), Sum::of(&want));
                assert!(slice.is_same(&body.slice(start, end)));
                assert_eq!(slice.is_same(&Body::from(want)), slice.is_empty());
            }
        }
    }
}
