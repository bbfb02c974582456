//! Payload that is shared along its way: slices of reference-counted bytes, each with its partial checksum.

use bytes::Bytes;
use smallvec::SmallVec;

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
    pub fn unsummed(bytes: Bytes) -> Chunk {
        Chunk { bytes, sum: None }
    }
    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
    /// Their partial checksum.
    pub fn sum(&self) -> Sum {
        self.sum.unwrap_or_else(|| Sum::of(&self.bytes))
    }
}

/// A sequence of chunks: what a packet carries behind its headers. Cloning it copies no payload.
#[derive(Clone, Debug, Default)]
pub struct Body {
    chunks: SmallVec<[Chunk; 1]>,
    len: usize,
}

impl Body {
    /// Nothing.
    pub fn empty() -> Body {
        Body::default()
    }
    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// The chunks, first to last; none is empty.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }
    /// The chunks, first to last, taken apart.
    pub fn into_chunks(self) -> impl Iterator<Item = Chunk> {
        self.chunks.into_iter()
    }
    /// Appends a chunk.
    pub fn push(&mut self, chunk: Chunk) {
        if !chunk.bytes.is_empty() {
            self.len += chunk.bytes.len();
            self.chunks.push(chunk);
        }
    }
    /// Appends all chunks of `other`.
    pub fn append(&mut self, other: Body) {
        self.len += other.len;
        self.chunks.extend(other.chunks);
    }
    /// The partial checksum of all bytes.
    pub fn sum(&self) -> Sum {
        self.chunks.iter().fold(Sum::EMPTY, |sum, chunk| sum.then(chunk.sum()))
    }
    /// The bytes from `start` to `end` (both at most the length, `start` first), shared. Sums of whole chunks are kept.
    pub fn slice(&self, start: usize, end: usize) -> Body {
        let mut out = Body::empty();
        let mut at = 0;
        for chunk in &self.chunks {
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
    /// All bytes in one piece: shared if there is one chunk, copied otherwise.
    pub fn to_bytes(&self) -> Bytes {
        match self.chunks.as_slice() {
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
        for chunk in &self.chunks {
            let n = chunk.bytes.len().min(out.len() - at);
            out[at..at + n].copy_from_slice(&chunk.bytes[..n]);
            at += n;
        }
        at
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Body {
        let mut body = Body::empty();
        body.push(Chunk::new(bytes));
        body
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
        let bytes = |body: &Body| body.chunks.iter().flat_map(|c| c.bytes.iter().copied()).collect::<Vec<_>>();
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
            }
        }
    }
}
