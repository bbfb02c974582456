//! Randomness in named streams: one more draw in one stream changes nothing in another.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// What a whole run is repeated from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream called `name` (for example `isn/laptop`). The same seed and name give the same draws on every machine.
    pub fn stream(self, name: &str) -> Rng {
        let mut rng = ChaCha12Rng::seed_from_u64(self.0);
        rng.set_stream(fnv1a(name));
        Rng(rng)
    }

    /// Draws by ordinal for the stream called `name`: whether packet 7 of a link is lost does not depend on how often
    /// anyone asked before.
    pub fn draws(self, name: &str) -> Draws {
        Draws { key: self.stream(name).u64() }
    }
}

/// A stream of random numbers (ChaCha12). Fit for simulated keys: not predictable from what it gave before.
#[derive(Clone, Debug)]
pub struct Rng(ChaCha12Rng);

impl Rng {
    /// 32 random bits.
    pub fn u32(&mut self) -> u32 {
        self.0.next_u32()
    }
    /// 64 random bits.
    pub fn u64(&mut self) -> u64 {
        self.0.next_u64()
    }
    /// A number below `n`, evenly distributed; 0 for `n` = 0.
    pub fn below(&mut self, n: u64) -> u64 {
        // Multiply-shift: the bias is below n / 2^64.
        ((u128::from(self.u64()) * u128::from(n)) >> 64) as u64
    }
    /// Fills `buffer` with random bytes.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        self.0.fill_bytes(buffer);
    }
}

/// Random numbers addressed by ordinal.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    key: u64,
}

impl Draws {
    /// The 64 random bits of ordinal `n` (SplitMix64's finaliser over a keyed counter).
    pub fn at(self, n: u64) -> u64 {
        let mut z = self.key.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// FNV-1a, 64 bits: names a stream.
fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_repeatable_and_independent() {
        let mut a = Seed(7).stream("isn/laptop");
        let mut again = Seed(7).stream("isn/laptop");
        let mut other = Seed(7).stream("isn/server");
        let first = a.u64();
        assert_eq!(first, again.u64());
        assert_ne!(first, other.u64());
        assert_ne!(Seed(8).stream("isn/laptop").u64(), first);
    }

    #[test]
    fn draws_depend_on_the_ordinal_alone() {
        let draws = Seed(1).draws("loss/link3");
        let seventh = draws.at(7);
        draws.at(3);
        assert_eq!(draws.at(7), seventh);
        let ones: u32 = (0..1000).map(|n| draws.at(n).count_ones()).sum();
        assert!((31_000..33_000).contains(&ones), "bits are balanced: {ones} of 64000");
    }

    #[test]
    fn below_stays_below() {
        let mut rng = Seed(3).stream("x");
        assert!((0..1000).all(|_| rng.below(7) < 7));
        assert_eq!(rng.below(0), 0);
    }
}
