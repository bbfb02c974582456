//! Bytes in hexadecimal with their offsets.

/// Sixteen bytes of a buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HexLine {
    /// The offset of the first.
    pub offset: usize,
    /// `45 00 00 3c ...`, a wider gap in the middle.
    pub hex: String,
    /// The printable ASCII characters, dots for the others.
    pub text: String,
}

/// The buffer, sixteen bytes a line.
pub fn hex_lines(buffer: &[u8]) -> impl Iterator<Item = HexLine> + '_ {
    buffer.chunks(16).enumerate().map(|(i, bytes)| {
        let mut hex = String::with_capacity(49);
        for (at, byte) in bytes.iter().enumerate() {
            if at > 0 {
                hex.push(' ');
            }
            if at == 8 {
                hex.push(' ');
            }
            hex.push_str(&format!("{byte:02x}"));
        }
        let text = bytes.iter().map(|&b| if (0x20..0x7f).contains(&b) { char::from(b) } else { '.' }).collect();
        HexLine { offset: i * 16, hex, text }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bytes_a_line() {
        let buffer: Vec<u8> = (0x3f..0x51).collect();
        let lines: Vec<_> = hex_lines(&buffer).collect();
        assert_eq!(lines[0].hex, "3f 40 41 42 43 44 45 46  47 48 49 4a 4b 4c 4d 4e");
        assert_eq!(lines[0].text, "?@ABCDEFGHIJKLMN");
        assert_eq!((lines[1].offset, lines[1].hex.as_str()), (16, "4f 50"));
    }
}
