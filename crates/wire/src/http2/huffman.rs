//! The Huffman code of header strings (RFC 7541 Appendix B). It is canonical: among codes of one length the symbols stand
//! in order, so the lengths say it all.

/// The length of each symbol's code in bits; 256 is the end of the string, of which only a beginning ever occurs.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12,
    10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6,
    5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22,
    22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20,
    22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28,
    27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28,
    27, 27, 27, 27, 27, 26, 30,
];

/// The longest code in bits.
const LONGEST: usize = 30;

/// The codes by length: of each length the first code and how many there are; and the symbols in order of their codes.
struct Codes {
    first: [u32; LONGEST + 1],
    count: [u16; LONGEST + 1],
    symbols: [u16; 257],
}

const CODES: Codes = {
    let mut codes = Codes { first: [0; LONGEST + 1], count: [0; LONGEST + 1], symbols: [0; 257] };
    let (mut length, mut next, mut at) = (1, 0, 0);
    while length <= LONGEST {
        next <<= 1;
        codes.first[length] = next;
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                codes.symbols[at] = symbol as u16;
                codes.count[length] += 1;
                (at, next) = (at + 1, next + 1);
            }
            symbol += 1;
        }
        length += 1;
    }
    codes
};

/// Decodes a string.
///
/// # Errors
/// What is wrong with it, as a clause (RFC 7541 §5.2): padding of 8 bits or more or of other bits than the beginning of
/// the end's code, or that code itself.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::with_capacity(bytes.len() * 8 / 5);
    let (mut code, mut length, mut index, mut ones) = (0, 0, 0, true);
    for byte in bytes {
        for shift in (0..8).rev() {
            let bit = u32::from(byte >> shift & 1);
            (code, length, ones) = (code << 1 | bit, length + 1, ones && bit == 1);
            // Shorter codes than the shortest have a count of 0.
            let (first, count) = (CODES.first[length], u32::from(CODES.count[length]));
            if code < first + count {
                match u8::try_from(CODES.symbols[index + (code - first) as usize]) {
                    Ok(symbol) => out.push(symbol),
                    Err(_) => return Err("has the code of the string's end inside"),
                }
                (code, length, index, ones) = (0, 0, 0, true);
                continue;
            }
            index += count as usize;
        }
    }
    match (length, ones) {
        (0, _) | (1..=7, true) => Ok(out),
        (1..=7, false) => Err("ends in bits that are no padding"),
        _ => Err("ends in more than seven bits of padding"),
    }
}

/// A coded string of `chars` characters that fills `bytes` bytes and says nothing; `None` if no such string is at hand.
/// It takes the place of another without any length changing, coded or plain.
pub fn huffman_filler(chars: usize, bytes: usize) -> Option<Vec<u8>> {
    // Harmless characters whose codes have 5, 6, 7 and 8 bits.
    const FILLERS: [(u32, u8); 4] = [(0x0, 5), (0x19, 6), (0x5d, 7), (0xfc, 8)];
    let short = |bits: usize| bits.checked_div(chars).and_then(|short| short.checked_sub(5)).filter(|short| *short < 4);
    let fits = |bits: &usize| short(*bits).is_some_and(|short| short < 3 || bits.is_multiple_of(chars));
    let bits = (bytes * 8).saturating_sub(7)..=bytes * 8;
    let bits = bits.rev().find(fits)?;
    let (low, longer) = (short(bits)?, bits % chars);
    let codes = (0..chars).map(|i| FILLERS[if i < longer { low + 1 } else { low }]);
    let (mut out, mut pending, mut held) = (Vec::with_capacity(bytes), 0u64, 0);
    for (code, length) in codes {
        (pending, held) = (pending << length | u64::from(code), held + u32::from(length));
        while held >= 8 {
            held -= 8;
            out.push((pending >> held) as u8);
        }
    }
    if held > 0 {
        // RFC 7541 §5.2: padded with ones.
        out.push((pending << (8 - held)) as u8 | 0xff >> held);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_complete() {
        // Kraft: no code word is left over.
        let sum: u64 = LENGTHS.iter().map(|length| 1u64 << (LONGEST - usize::from(*length))).sum();
        assert_eq!(sum, 1 << LONGEST);
    }

    /// RFC 7541 §C.4.1, §C.4.3, §C.6.1.
    #[test]
    fn the_examples_of_the_rfc() {
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
        };
        for (coded, plain) in [
            ("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"),
            ("a8eb10649cbf", "no-cache"),
            ("25a849e95ba97d7f", "custom-key"),
            ("d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT"),
            ("9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com"),
        ] {
            assert_eq!(decode(&hex(coded)).unwrap(), plain.as_bytes());
        }
    }

    #[test]
    fn a_filler_has_the_lengths_that_are_asked_for() {
        for chars in 1..60usize {
            // As short and as long as coded text gets.
            for bytes in (chars * 5).div_ceil(8)..=chars {
                let filler = huffman_filler(chars, bytes).unwrap_or_else(|| panic!("{chars} in {bytes}"));
                assert_eq!((filler.len(), decode(&filler).unwrap().len()), (bytes, chars));
            }
        }
        assert_eq!((huffman_filler(1, 3), huffman_filler(0, 1)), (None, None));
    }

    #[test]
    fn padding_that_is_none_is_refused() {
        assert_eq!(decode(&[0b0001_1111]).unwrap(), b"a");
        assert!(decode(&[0b0001_1110]).is_err());
        assert!(decode(&[0b0001_1111, 0xff]).is_err());
        assert!(decode(&[0xff; 4]).is_err());
    }
}
