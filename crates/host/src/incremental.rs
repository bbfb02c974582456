//! Checksums adjusted for a change instead of computed anew (RFC 1624): a router changes two bytes of a header, a NAT a
//! few of a segment whose data it never reads.

/// The checksum `checksum` after the 16-bit word `old` became `new`: HC' = ~(~HC + ~m + m') (RFC 1624 §3, eqn. 3).
#[inline]
pub(crate) fn adjust(checksum: u16, old: u16, new: u16) -> u16 {
    let sum = u32::from(!checksum) + u32::from(!old) + u32::from(new);
    let folded = (sum & 0xffff) + (sum >> 16);
    !(((folded & 0xffff) + (folded >> 16)) as u16)
}

/// The checksum after the bytes `old` became `new`. Both start at an even offset and are equally long, an even number.
pub(crate) fn adjust_bytes(checksum: u16, old: &[u8], new: &[u8]) -> u16 {
    debug_assert!(old.len() == new.len() && old.len().is_multiple_of(2));
    old.chunks_exact(2).zip(new.chunks_exact(2)).fold(checksum, |sum, (old, new)| {
        adjust(sum, u16::from_be_bytes([old[0], old[1]]), u16::from_be_bytes([new[0], new[1]]))
    })
}

/// As [`adjust_bytes`] for a UDP checksum: zero means that there is none and stays, and a result of zero is sent as all
/// ones (RFC 768).
pub(crate) fn adjust_udp(checksum: u16, old: &[u8], new: &[u8]) -> u16 {
    match checksum {
        0 => 0,
        _ => match adjust_bytes(checksum, old, new) {
            0 => 0xffff,
            sum => sum,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wire::Sum;

    use super::*;

    #[test]
    fn rfc_1624_section_4_example() {
        // HC = 0xdd2f, m = 0x5555, m' = 0x3285 give 0x0000 with equation 3.
        assert_eq!(adjust(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    proptest! {
        /// What the change gives is what computing anew gives.
        #[test]
        fn the_same_as_computing_anew(mut bytes in proptest::collection::vec(any::<u8>(), 20..60), at in 0usize..8, new: [u8; 4]) {
            // Something that is never zero stands in front, as a version or an address does: only a sum over nothing but
            // zeros tells +0 from -0.
            bytes[0] = 0x45;
            let before = Sum::of(&bytes).checksum();
            let at = 2 + at * 2;
            let old: Vec<u8> = bytes[at..at + 4].to_vec();
            bytes[at..at + 4].copy_from_slice(&new);
            prop_assert_eq!(adjust_bytes(before, &old, &new), Sum::of(&bytes).checksum());
        }
    }

    #[test]
    fn a_udp_checksum_that_is_not_there_stays_away() {
        assert_eq!(adjust_udp(0, &[1, 2], &[3, 4]), 0);
        assert_eq!(adjust_udp(0xdd2f, &[0x55, 0x55], &[0x32, 0x85]), 0xffff, "zero would mean that there is none");
    }
}
