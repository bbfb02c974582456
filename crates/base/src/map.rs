//! Hash maps whose iteration order does not depend on the process.

use std::hash::{BuildHasherDefault, Hasher};

/// A hash map with a fixed hasher: the same insertions give the same iteration order in every process.
#[allow(clippy::disallowed_types)]
pub type Map<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Fixed>>;
/// A hash set with a fixed hasher.
#[allow(clippy::disallowed_types)]
pub type Set<K> = std::collections::HashSet<K, BuildHasherDefault<Fixed>>;

/// A multiply-rotate hasher in the manner of FxHash: fast for small keys, and the same in every process. Keys that a
/// stranger chooses (addresses and ports of a capture) are mixed well enough that the tables' growth stays bounded.
#[derive(Default, Clone, Copy, Debug)]
pub struct Fixed(u64);

const K: u64 = 0x517c_c1b7_2722_0a95;

impl Fixed {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(K);
    }
}

impl Hasher for Fixed {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        if let Ok(four) = <[u8; 4]>::try_from(bytes) {
            return self.add(u32::from_le_bytes(four).into()); // an IPv4 address
        }
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.add(u64::from_le_bytes(word));
        }
    }
    #[inline]
    fn write_u8(&mut self, n: u8) {
        self.add(n.into());
    }
    #[inline]
    fn write_u16(&mut self, n: u16) {
        self.add(n.into());
    }
    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.add(n.into());
    }
    #[inline]
    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }
    #[inline]
    fn write_u128(&mut self, n: u128) {
        self.add((n >> 64) as u64);
        self.add(n as u64);
    }
    #[inline]
    fn write_usize(&mut self, n: usize) {
        self.add(n as u64);
    }
    #[inline]
    fn finish(&self) -> u64 {
        // hashbrown takes its bucket from the low bits and its tag from the high ones: mix both ways.
        (self.0 ^ (self.0 >> 32)).wrapping_mul(K).rotate_left(29)
    }
}
