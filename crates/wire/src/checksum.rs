//! The Internet checksum (RFC 1071): a one's complement sum of 16-bit words, composable from partial sums.

use std::net::IpAddr;

/// A partial one's complement sum over some bytes, kept with whether their number is odd, so that partial sums of
/// neighbouring pieces can be joined (RFC 1071 §2(B), byte order independence and odd boundaries).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sum {
    folded: u16,
    odd: bool,
}

impl Sum {
    /// The sum of nothing.
    pub const EMPTY: Sum = Sum { folded: 0, odd: false };

    /// The sum of `bytes`, padded with a zero byte if their number is odd.
    #[inline]
    pub fn of(bytes: &[u8]) -> Sum {
        Sum { folded: u16::from_be(fold(words(bytes))), odd: bytes.len() % 2 == 1 }
    }

    /// The sum of the bytes of these words, each in network byte order: what is about to be written need not be read again.
    #[inline(always)]
    pub fn of_words<const N: usize>(words: [u32; N]) -> Sum {
        Sum { folded: fold(words.into_iter().map(u64::from).sum()), odd: false }
    }

    /// The sum of these bytes followed by the bytes of `next`.
    #[inline]
    pub fn then(self, next: Sum) -> Sum {
        // Behind an odd number of bytes each byte of `next` stands in the other half of its word.
        let shifted = if self.odd { next.folded.swap_bytes() } else { next.folded };
        // The carry of two 16-bit words is at most one, and adding it back carries no further.
        let (sum, carry) = self.folded.overflowing_add(shifted);
        Sum { folded: sum + u16::from(carry), odd: self.odd ^ next.odd }
    }

    /// The sum of these bytes followed by the 16-bit number `word`. The bytes so far must be even in number.
    pub fn word(self, word: u16) -> Sum {
        debug_assert!(!self.odd);
        self.then(Sum { folded: word, odd: false })
    }

    /// The checksum to put in a header whose checksum field was zero in the sum.
    #[inline]
    pub fn checksum(self) -> u16 {
        !self.folded
    }

    /// Whether bytes that include their own checksum are intact (RFC 1071 §1: the sum is all ones).
    #[inline]
    pub fn verifies(self) -> bool {
        self.folded == 0xffff
    }
}

/// The sum of words of 64 bits, folded to 64. The sum modulo 2^16 - 1 is the same for any word size that is a multiple of 16
/// bits (RFC 1071 §2(C)).
#[inline(always)]
fn words(bytes: &[u8]) -> u64 {
    let mut total = Total::default();
    let (blocks, rest) = bytes.as_chunks::<128>();
    if !blocks.is_empty() {
        total.blocks(blocks); // not so much as a call for a header
    }
    let (words, rest) = rest.as_chunks::<8>();
    words.iter().for_each(|word| total.add(u64::from_ne_bytes(*word)));
    // The last bytes as words of 32 and 16 bits, the very last one padded with a zero.
    let (half, rest) = rest.as_chunks::<4>();
    half.iter().for_each(|word| total.add(u32::from_ne_bytes(*word).into()));
    let (quarter, rest) = rest.as_chunks::<2>();
    quarter.iter().for_each(|word| total.add(u16::from_ne_bytes(*word).into()));
    rest.iter().for_each(|&last| total.add(u16::from_ne_bytes([last, 0]).into()));
    total.folded()
}

/// A sum of 64-bit words, and how often it wrapped.
#[derive(Default)]
struct Total {
    sum: u64,
    carries: u64,
}

impl Total {
    #[inline]
    fn add(&mut self, word: u64) {
        let (sum, carry) = self.sum.overflowing_add(word);
        self.sum = sum;
        self.carries += u64::from(carry);
    }
    /// Each block is summed by itself, so that the processor need not finish one before it begins the next.
    fn blocks(&mut self, blocks: &[[u8; 128]]) {
        for block in blocks {
            let (mut sum, mut carry) = (0u64, false);
            for word in block.as_chunks::<8>().0 {
                (sum, carry) = sum.carrying_add(u64::from_ne_bytes(*word), carry);
            }
            self.carries += u64::from(carry);
            self.add(sum);
        }
    }
    #[inline]
    fn folded(self) -> u64 {
        let (sum, carry) = self.sum.overflowing_add(self.carries);
        sum + u64::from(carry)
    }
}

/// Adds carries back in until none is left (RFC 1071 §1).
#[inline]
fn fold(acc: u64) -> u16 {
    let acc = (acc >> 32) + (acc & 0xffff_ffff); // below 2^33
    let acc = (acc >> 16) + (acc & 0xffff); // below 2^17 + 2^16
    let acc = (acc >> 16) + (acc & 0xffff); // at most 2^16 + 1
    ((acc >> 16) + (acc & 0xffff)) as u16
}

/// The sum of the pseudo header that TCP, UDP and ICMPv6 checksums cover: both addresses, the protocol and the length
/// of the segment (RFC 9293 §3.1, RFC 8200 §8.1). Addresses of different families give the sum of what each has.
#[inline]
pub fn pseudo_header(src: IpAddr, dst: IpAddr, protocol: u8, len: usize) -> Sum {
    let len = len as u64;
    let addresses = match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => u64::from(src.to_bits()) + u64::from(dst.to_bits()),
        _ => sum_of_address(src) + sum_of_address(dst),
    };
    let sum = addresses + (len >> 16 & 0xffff) + (len & 0xffff) + u64::from(protocol);
    Sum { folded: fold(sum), odd: false }
}

/// Below 2^32 each, of IPv6 the sum of its words.
fn sum_of_address(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(ip) => u64::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.segments().into_iter().map(u64::from).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_1071_section_3_example() {
        // The RFC's own numbers: 0001 f203 f4f5 f6f7 sum to 2ddf0, folded ddf2.
        let sum = Sum::of(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum.folded, 0xddf2);
        assert_eq!(sum.checksum(), !0xddf2);
    }

    #[test]
    fn an_ipv4_header_computed_by_hand() {
        // 4500+0073+0000+4000+4011+c0a8+0001+c0a8+00c7 = 2479c; 479c+2 = 479e; complement b861.
        let header = [0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7];
        assert_eq!(Sum::of(&header).checksum(), 0xb861);
        let mut sent = header;
        sent[10..12].copy_from_slice(&[0xb8, 0x61]);
        assert!(Sum::of(&sent).verifies());
        sent[3] ^= 1;
        assert!(!Sum::of(&sent).verifies());
    }

    #[test]
    fn the_wide_sum_is_the_sum_of_words() {
        // The checksum as RFC 1071 §4.1 computes it, a 16-bit word at a time.
        fn plainly(bytes: &[u8]) -> u16 {
            let words = bytes.chunks(2).map(|w| u64::from(w[0]) << 8 | u64::from(w.get(1).copied().unwrap_or(0)));
            fold(words.sum())
        }
        let bytes: Vec<u8> = (0..400u32).map(|i| (i * i * 31 + 0xf5) as u8 | 0x80).collect();
        for len in 0..bytes.len() {
            assert_eq!(Sum::of(&bytes[..len]).folded, plainly(&bytes[..len]), "{len} bytes");
        }
        assert!(Sum::of(&[0xff; 65_535]).folded == plainly(&[0xff; 65_535]));
    }

    #[test]
    fn words_sum_as_their_bytes() {
        let words = [0x4500_0073, 0xffff_ffff, 0, 0xdead_beef, 0xc0a8_00c7];
        assert_eq!(Sum::of_words(words), Sum::of(&words.map(u32::to_be_bytes).concat()));
        assert_eq!(Sum::of_words([u32::MAX; 8]), Sum::of(&[0xff; 32]));
    }

    #[test]
    fn partial_sums_join_at_odd_boundaries() {
        let bytes: Vec<u8> = (0..201u32).map(|i| (i * 7 + 13) as u8).collect();
        let whole = Sum::of(&bytes);
        for cut in 0..bytes.len() {
            assert_eq!(Sum::of(&bytes[..cut]).then(Sum::of(&bytes[cut..])), whole, "cut at {cut}");
        }
    }
}
