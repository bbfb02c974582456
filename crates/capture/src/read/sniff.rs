//! Which kind of file this is, and if none of ours, what it looks like.

use std::io::Read;

use super::source::Source;
use super::{Compression, Order};
use crate::{Error, block};

/// A capture, by its first bytes.
pub(super) enum Kind {
    Pcap(Magic),
    PcapNg,
}

/// What a pcap's magic number says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Magic {
    pub(super) order: Order,
    pub(super) nanoseconds: bool,
    /// Alexey Kuznetsov's variant, in old Linux distributions: records have a header of 24 bytes instead of 16.
    pub(super) modified: bool,
}

/// How much of a strange file is looked at.
const GLANCE: usize = 512;

/// Tells what the source holds, and sets it up for decompression if need be. Nothing is consumed.
pub(super) fn recognise<R: Read>(mut source: Source<R>) -> Result<(Source<R>, Kind), Error> {
    let first = source.fill(4)?;
    if first.starts_with(b"\x1f\x8b") {
        source = source.decompress(Compression::Gzip);
    } else if is_zstd(first) {
        source = source.decompress(Compression::Zstd);
    }
    // No more than this is asked for, so that a capture that still grows (a pipe) can be read from its first packet on.
    let first = source.fill(4)?;
    if let Some(kind) = capture(first) {
        return Ok((source, kind));
    }
    let (looks, remedy) = stranger(source.fill(GLANCE)?);
    Err(Error::NotACapture { looks, remedy })
}

/// A frame of Zstandard, or one to be skipped before the first (RFC 8878 §3.1.1 and §3.1.2).
fn is_zstd(first: &[u8]) -> bool {
    matches!(Order::Little.u32(first, 0), Some(0xFD2F_B528 | 0x184D_2A50..=0x184D_2A5F))
}

fn capture(first: &[u8]) -> Option<Kind> {
    for order in [Order::Little, Order::Big] {
        let magic = |nanoseconds, modified| Some(Kind::Pcap(Magic { order, nanoseconds, modified }));
        match order.u32(first, 0)? {
            // draft-ietf-opsawg-pcap §4.
            0xA1B2_C3D4 => return magic(false, false),
            0xA1B2_3C4D => return magic(true, false),
            0xA1B2_CD34 => return magic(false, true),
            block::SECTION => return Some(Kind::PcapNg),
            _ => {}
        }
    }
    None
}

const OPEN_IT: &str = "wirescope reads pcap and pcapng, plain or compressed with gzip or zstd";
const CONVERT: &str = "convert it first: editcap -F pcapng FILE NEW.pcapng";
const UNPACK: &str = "unpack it first and open the capture inside";

/// Other files by their first bytes.
const MAGICS: &[(&[u8], &str, &str)] = &[
    (b"\x28\xb5\x2f\xfd", "it is a zstd file inside another", "decompress it first: zstd -d FILE"),
    (b"\xfd7zXZ\0", "it is compressed with xz", "decompress it first: xz -d FILE"),
    (b"BZh", "it is compressed with bzip2", "decompress it first: bzip2 -d FILE"),
    (b"\x04\x22\x4d\x18", "it is compressed with lz4", "decompress it first: lz4 -d FILE"),
    (b"\x1f\x8b", "it is a gzip file inside another", "decompress it first: gzip -d FILE"),
    (b"PK\x03\x04", "it is a ZIP archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7-Zip archive", UNPACK),
    (b"snoop\0\0\0", "it is a Solaris snoop capture", CONVERT),
    (b"btsnoop\0", "it is a Bluetooth btsnoop capture", CONVERT),
    (b"GMBU", "it is a Microsoft Network Monitor 2 capture", CONVERT),
    (b"RTSS", "it is a Microsoft Network Monitor 1 capture", CONVERT),
    (b"TRSNIFF data", "it is a Sniffer capture", CONVERT),
    (b"XCP\0", "it is a Sniffer for Windows capture", CONVERT),
    (b"\x7fELF", "it is an executable program", OPEN_IT),
    (b"%PDF", "it is a PDF document", OPEN_IT),
    (b"\x89PNG", "it is a PNG image", OPEN_IT),
    (b"SQLite format 3\0", "it is an SQLite database", OPEN_IT),
    (b"PAR1", "it is a Parquet file", OPEN_IT),
];

/// Key log lines start with one of these (RFC 9850 §2).
const KEY_LOG: &[&str] =
    &["CLIENT_", "SERVER_", "EXPORTER_SECRET", "EARLY_EXPORTER_SECRET", "RSA ", "# SSL/TLS secrets"];

/// What a file that is no capture looks like, and what to do about it.
fn stranger(start: &[u8]) -> (&'static str, &'static str) {
    if start.is_empty() {
        return ("it is empty", "check how it was written or copied");
    }
    if let Some((_, looks, remedy)) = MAGICS.iter().find(|(magic, ..)| start.starts_with(magic)) {
        return (looks, remedy);
    }
    // A transfer in text mode changes line ends, and pcapng's magic 0A0D0D0A is made to show it: LF became CR LF, or CR LF
    // became LF.
    if start.starts_with(b"\r\n\r\r\r\n") || start.starts_with(b"\n\r\n") {
        return (
            "it looks like a pcapng whose line ends were changed by a transfer in text mode",
            "copy the file again in binary mode",
        );
    }
    if start.len() < 4 {
        return ("it has fewer than four bytes", "the copy was cut short: copy it again");
    }
    if start.iter().all(|b| *b == 0) {
        return ("it starts with zeros only", "the file was never filled: copy or capture it again");
    }
    let Some(text) = as_text(start) else {
        return ("its first bytes belong to no format known here", OPEN_IT);
    };
    let text = text.trim_start();
    if text.starts_with('{') || text.starts_with('[') {
        return if text.contains("\"log\"") {
            ("it looks like a HAR file", "a HAR holds no packets: capture with tcpdump or Wireshark")
        } else {
            ("it looks like JSON", "JSON holds no packets as captured: open the capture itself")
        };
    }
    if text.starts_with('<') {
        return (
            "it looks like XML or HTML",
            "open the capture itself; a download page may have been saved in its place",
        );
    }
    if KEY_LOG.iter().any(|label| text.starts_with(label)) {
        return ("it looks like a TLS key log", "open the capture and give this file with --keylog");
    }
    if text.starts_with("0000") {
        return ("it looks like a hex dump", "convert it first: text2pcap FILE NEW.pcapng");
    }
    ("it looks like text", OPEN_IT)
}

/// The bytes as text, if they are UTF-8 (a cut last character aside) without control characters.
fn as_text(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?,
        Err(_) => return None,
    };
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}');
    text.strip_prefix('\u{feff}').unwrap_or(text).chars().all(plain).then_some(text.trim_start_matches('\u{feff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(bytes: &[u8]) -> String {
        match recognise(Source::new(bytes, u64::MAX)) {
            Ok(_) => "a capture".to_owned(),
            Err(error) => format!("{error} / {}", error.remedy()),
        }
    }

    #[test]
    fn a_stranger_is_named() {
        for (bytes, say) in [
            (&b""[..], "it is empty"),
            (b"\r\n\r\r\r\n\x1c\0\0\0", "line ends"),
            (b"\n\r\n\x1c\0\0\0", "line ends"),
            (b"ab", "fewer than four"),
            (b"{ \"log\": { \"version\": \"1.2\"", "HAR"),
            (b"[1, 2]", "JSON"),
            (b"<?xml version='1.0'?><pdml>", "XML"),
            (b"CLIENT_RANDOM 00", "--keylog"),
            (b"0000  45 00 00 28", "text2pcap"),
            ("Grüße".as_bytes(), "text"),
            (b"\xfd7zXZ\0", "xz -d"),
            (b"snoop\0\0\0\0\0\0\x02", "editcap"),
            (b"\0\0\0\0\0\0\0", "zeros"),
            (b"\x01\x02\x03\x04\xff", "no format known"),
        ] {
            let said = looks(bytes);
            assert!(said.contains(say), "{say}: {said}");
        }
    }

    #[test]
    fn every_magic_number_is_known_in_both_byte_orders() {
        for (number, nanoseconds, modified) in
            [(0xA1B2_C3D4_u32, false, false), (0xA1B2_3C4D, true, false), (0xA1B2_CD34, false, true)]
        {
            for (bytes, order) in [(number.to_le_bytes(), Order::Little), (number.to_be_bytes(), Order::Big)] {
                let Some(Kind::Pcap(magic)) = capture(&bytes) else { panic!("{bytes:x?}") };
                assert_eq!(magic, Magic { order, nanoseconds, modified });
            }
        }
        assert!(matches!(capture(b"\x0a\x0d\x0d\x0a"), Some(Kind::PcapNg)));
    }
}
