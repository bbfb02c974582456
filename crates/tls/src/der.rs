//! The few forms of DER (X.690 §8 to §11) that a certificate is made of.

use base::WallTime;

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// Appends a value with `tag` whose contents `body` appends.
pub(crate) fn tagged(out: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let start = out.len();
    body(out);
    let len = out.len() - start;
    // X.690 §10.1: the shortest form of the length.
    let bytes = len.to_be_bytes();
    let significant = &bytes[(len.leading_zeros() / 8) as usize..];
    if len < 0x80 {
        out.insert(start, len as u8);
    } else {
        let length = std::iter::once(0x80 | significant.len() as u8).chain(significant.iter().copied());
        out.splice(start..start, length);
    }
}

/// A SEQUENCE.
pub(crate) fn sequence(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    tagged(out, SEQUENCE, body);
}

/// A SET of one element.
pub(crate) fn set(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    tagged(out, SET, body);
}

/// An OCTET STRING whose contents are DER again, as in every extension.
pub(crate) fn octets(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    tagged(out, OCTET_STRING, body);
}

/// The BOOLEAN TRUE; FALSE is always a default and so never written (X.690 §11.5).
pub(crate) fn yes(out: &mut Vec<u8>) {
    tagged(out, BOOLEAN, |out| out.push(0xff));
}

/// A non-negative INTEGER from its big-endian bytes.
pub(crate) fn unsigned(out: &mut Vec<u8>, bytes: &[u8]) {
    let first = bytes.iter().position(|&byte| byte != 0);
    let significant = first.map_or(&[0][..], |first| &bytes[first..]);
    tagged(out, INTEGER, |out| {
        // X.690 §8.3: two's complement, so a set top bit needs a zero byte in front.
        if significant[0] & 0x80 != 0 {
            out.push(0);
        }
        out.extend_from_slice(significant);
    });
}

/// A BIT STRING of whole bytes.
pub(crate) fn bit_string(out: &mut Vec<u8>, bytes: &[u8]) {
    tagged(out, BIT_STRING, |out| {
        out.push(0);
        out.extend_from_slice(bytes);
    });
}

/// A BIT STRING of named bits, the first of which is the top bit of `bits`; trailing zeros are not written (X.690 §11.2.2).
pub(crate) fn named_bits(out: &mut Vec<u8>, bits: u8) {
    tagged(out, BIT_STRING, |out| out.extend_from_slice(&[bits.trailing_zeros() as u8 & 7, bits]));
}

/// An OBJECT IDENTIFIER given by its encoded contents.
pub(crate) fn oid(out: &mut Vec<u8>, contents: &[u8]) {
    tagged(out, OBJECT_IDENTIFIER, |out| out.extend_from_slice(contents));
}

/// A UTF8String.
pub(crate) fn utf8(out: &mut Vec<u8>, text: &str) {
    tagged(out, UTF8_STRING, |out| out.extend_from_slice(text.as_bytes()));
}

/// A Time: UTCTime to the end of 2049, GeneralizedTime after (RFC 5280 §4.1.2.5).
pub(crate) fn time(out: &mut Vec<u8>, at: WallTime) {
    let (year, month, day, hour, minute, second, _) = at.civil();
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    let (tag, text) = if (1950..2050).contains(&year) {
        (UTC_TIME, format!("{:02}{rest}", year % 100))
    } else {
        (GENERALIZED_TIME, format!("{year:04}{rest}"))
    };
    tagged(out, tag, |out| out.extend_from_slice(text.as_bytes()));
}

/// Bytes from hexadecimal digits, for the test vectors.
#[cfg(test)]
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).expect("a hexadecimal digit") as u8;
    digits.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        body(&mut out);
        out
    }

    #[test]
    fn lengths_take_their_shortest_form() {
        for (len, header) in [(0, "0400"), (127, "047f"), (128, "048180"), (255, "0481ff"), (256, "04820100")] {
            let value = built(|out| octets(out, |out| out.resize(out.len() + len, 7)));
            assert_eq!(value[..header.len() / 2], hex(header), "{len}");
            assert_eq!(value.len(), header.len() / 2 + len);
        }
    }

    #[test]
    fn integers_stay_positive() {
        assert_eq!(built(|out| unsigned(out, &[0, 0])), hex("020100"));
        assert_eq!(built(|out| unsigned(out, &[0, 0x7f])), hex("02017f"));
        assert_eq!(built(|out| unsigned(out, &[0x80, 1])), hex("0203008001"));
    }

    #[test]
    fn times_change_their_form_in_2050() {
        assert_eq!(built(|out| time(out, WallTime::SIMULATION_EPOCH)), b"\x17\x0d260101000000Z");
        assert_eq!(
            built(|out| time(out, WallTime::from_unix_nanos(2_524_608_000_000_000_000))),
            b"\x18\x0f20500101000000Z"
        );
    }

    #[test]
    fn named_bits_lose_their_trailing_zeros() {
        assert_eq!(built(|out| named_bits(out, 0b1000_0000)), hex("03020780"));
        assert_eq!(built(|out| named_bits(out, 0b0000_0110)), hex("03020106"));
    }
}
