//! Zeros that take no memory until something is written to them.

use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use memmap2::MmapMut;

/// So few are written as fast as they are asked for.
const FEW: usize = 256 << 10;
/// Bytes of a page, by which zeros are copied.
const PAGE: usize = 4096;

/// Whether all of these bytes are zero.
pub(super) fn all_zero(bytes: &[u8]) -> bool {
    static ZEROS: [u8; PAGE] = [0; PAGE];
    bytes.chunks(PAGE).all(|part| ZEROS.starts_with(part))
}

/// So many bytes, zero at first. Many of them come from the system itself, which gives pages of zeros and takes memory for a
/// page when it is written: an allocator may have old memory at hand and would have to write it over.
#[derive(Debug)]
pub(crate) enum Zeros {
    Few(Vec<u8>),
    Many(MmapMut),
}

impl Default for Zeros {
    fn default() -> Zeros {
        Zeros::Few(Vec::new())
    }
}

impl Zeros {
    pub(super) fn new(len: usize) -> Zeros {
        let many = if len > FEW { MmapMut::map_anon(len).ok() } else { None };
        many.map_or_else(|| Zeros::Few(vec![0; len]), Zeros::Many)
    }

    /// So many of them, the others as before.
    pub(super) fn grow(&mut self, len: usize) {
        if len <= self.len() {
            return;
        }
        if let (Zeros::Few(bytes), true) = (&mut *self, len <= FEW) {
            return bytes.resize(len, 0);
        }
        let mut grown = Zeros::new(len);
        for (new, old) in grown.chunks_mut(PAGE).zip(self.chunks(PAGE)).filter(|(_, old)| !all_zero(old)) {
            if let Some(new) = new.get_mut(..old.len()) {
                new.copy_from_slice(old);
            }
        }
        *self = grown;
    }

    /// The first `len` of them, to be shared.
    pub(super) fn freeze(self, len: usize) -> Bytes {
        let mut bytes = match self {
            Zeros::Few(bytes) => Bytes::from(bytes),
            Zeros::Many(map) => Bytes::from_owner(map),
        };
        bytes.truncate(len);
        bytes
    }
}

impl Deref for Zeros {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Zeros::Few(bytes) => bytes,
            Zeros::Many(map) => map,
        }
    }
}

impl DerefMut for Zeros {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Zeros::Few(bytes) => bytes,
            Zeros::Many(map) => map,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_stays_where_it_was_when_they_grow() {
        for (len, grown) in
            [(0, 10), (10, 300), (300, FEW), (300, FEW + 1), (FEW + 1, 3 * FEW + 7), (5 * PAGE + 3, 8 * FEW)]
        {
            let mut zeros = Zeros::new(len);
            let places: Vec<usize> = [0, 7, 4095, 4096, 20_000, 262_144].into_iter().filter(|at| *at < len).collect();
            places.iter().for_each(|at| zeros[*at] = 1);
            zeros.grow(grown);
            assert_eq!(zeros.len(), grown);
            let bytes = zeros.freeze(grown - 1);
            let written: Vec<usize> =
                bytes.iter().enumerate().filter(|(_, byte)| **byte == 1).map(|(at, _)| at).collect();
            assert_eq!((written, bytes.len()), (places, grown - 1));
            assert_eq!(bytes.iter().filter(|byte| **byte > 1).count(), 0);
        }
    }
}
