//! Blocks as RFC 7541 shows them, frames of every type, and any bytes.

use proptest::prelude::*;

use super::*;
use crate::http::Fields;
use crate::{Malformed, Reader, Record, Silent};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Decodes a block with both sinks, and checks that they agree and that the leaves tile.
fn block(bytes: &[u8], table: &mut Table) -> Result<Fields, Malformed> {
    let mut record = Record::new();
    let mut other = table.clone();
    Reader::decode_all(bytes, &mut record, |reader| decode_block(reader, &mut other))
        .expect("a recording sink goes on");
    assert_eq!(record.check_tiling(bytes.len()), Ok(()));
    let silent = Reader::decode_all(bytes, &mut Silent, |reader| decode_block(reader, table));
    assert_eq!(record.errors.first(), silent.as_ref().err(), "the first error is the one that stops");
    if silent.is_ok() {
        assert_eq!(*table, other);
    }
    silent.map(Option::unwrap_or_default)
}

fn said(fields: &Fields) -> Vec<String> {
    fields.0.iter().map(|line| format!("{}: {}", line.name, line.value)).collect()
}

/// RFC 7541 §C.4: three requests on one connection, Huffman coded, each shorter for what was remembered.
#[test]
fn three_requests_of_the_rfc() {
    let mut table = Table::default();
    let first = block(&hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"), &mut table).unwrap();
    assert_eq!(said(&first), [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"]);
    let before_second = table.mark();
    let second = block(&hex("8286 84be 5886 a8eb 1064 9cbf"), &mut table).unwrap();
    assert_eq!(said(&second)[3..], [":authority: www.example.com", "cache-control: no-cache"]);
    let third = block(&hex("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"), &mut table).unwrap();
    assert_eq!(said(&third)[2..], [":path: /index.html", ":authority: www.example.com", "custom-key: custom-value"]);
    // As it stood: the second block reads the same again.
    let mut then = table.rewind(before_second);
    assert_eq!(block(&hex("8286 84be 5886 a8eb 1064 9cbf"), &mut then).unwrap(), second);
}

/// RFC 7541 §C.5: three responses with a table of 256 bytes, from which entries are evicted.
#[test]
fn three_responses_with_eviction() {
    let mut table = Table::default();
    block(&hex("3fe1 01"), &mut table).unwrap(); // 256
    let first = "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d";
    let first = block(&hex(first), &mut table).unwrap();
    let rest = ["cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT", "location: https://www.example.com"];
    assert_eq!(said(&first), [&[":status: 302"][..], &rest].concat());
    let second = block(&hex("4803 3330 37c1 c0bf"), &mut table).unwrap();
    assert_eq!(said(&second), [&[":status: 307"][..], &rest].concat());
    // ":status: 302" had to go.
    assert!(block(&hex("c2"), &mut table.clone()).is_err());
}

#[test]
fn tables_and_strings_that_lie_are_refused() {
    for (bytes, what) in [
        ("80", "is 0"),
        ("be", "fewer entries"),
        ("3fe1ff03", "more than the other side allows"),
        ("ffffffffffff7f", "larger than any number"),
        ("4005 61", "cut short"),
        ("4081 fe 00", "padding"),
    ] {
        let error = block(&hex(bytes), &mut Table::default()).unwrap_err();
        assert!(error.what.contains(what), "{bytes}: {error:?}");
    }
    let mut table = Table::default();
    table.forget();
    let error = block(&hex("be"), &mut table).unwrap_err();
    assert!(error.what.contains("not captured"), "{error:?}");
}

/// A remembered field of 4 kB, named by one byte each time: 3 kB would become 12 MB.
#[test]
fn a_bomb_ends_at_the_limit() {
    let mut table = Table::default();
    let mut bytes = vec![0x40, 1, b'a', 0x7f, 0x80, 0x1e];
    bytes.extend([b'x'; 3967]);
    bytes.extend([0xbe; 3000]);
    let error = block(&bytes, &mut table).unwrap_err();
    assert!(error.what.contains("more fields than anyone accepts"), "{error:?}");
}

fn frame(bytes: &[u8]) -> (Record, Result<FrameHeader, Malformed>) {
    let mut record = Record::new();
    Reader::decode_all(bytes, &mut record, |reader| decode_frame(reader)).expect("a recording sink goes on");
    assert_eq!(record.check_tiling(bytes.len()), Ok(()));
    let silent = Reader::decode_all(bytes, &mut Silent, |reader| decode_frame(reader));
    assert_eq!(record.errors.first(), silent.as_ref().err());
    (record, silent.map(|header| header.expect("no error, so there is a header")))
}

#[test]
fn frames_of_every_type() {
    for (bytes, ids) in [
        ("000006 04 00 00000000 0003 00000064", vec!["http2.setting.id", "http2.setting.value"]),
        ("000000 04 01 00000000", vec![]),
        ("000007 00 09 00000001 02 61626364 0000", vec!["http2.pad_length", "http2.data", "http2.padding"]),
        (
            "000008 01 25 00000001 80000003 0f 828684",
            vec!["http2.exclusive", "http2.dependency", "http2.weight", "http2.fragment"],
        ),
        ("000004 03 00 00000001 00000008", vec!["http2.error"]),
        ("000005 05 04 00000001 00000002 82", vec!["http2.promised.reserved", "http2.promised", "http2.fragment"]),
        ("000008 06 01 00000000 0102030405060708", vec!["http2.ping"]),
        (
            "00000a 07 00 00000000 00000003 0000000b 6869",
            vec!["http2.last_stream.reserved", "http2.last_stream", "http2.error", "http2.debug_data"],
        ),
        ("000004 08 00 00000000 00010000", vec!["http2.increment.reserved", "http2.increment"]),
        ("000001 09 04 00000001 82", vec!["http2.fragment"]),
        ("000006 0a 00 00000001 0000 68333d22", vec!["http2.origin_len", "http2.alt_svc"]),
        ("000005 0c 00 00000000 0003 612e62", vec!["http2.origin_len", "http2.origin"]),
        (
            "000007 10 00 00000000 00000001 753d31",
            vec!["http2.prioritized.reserved", "http2.prioritized", "http2.priority_value"],
        ),
        ("000002 77 00 00000000 0102", vec!["http2.unknown"]),
    ] {
        let bytes = hex(bytes);
        let (record, header) = frame(&bytes);
        let header = header.unwrap_or_else(|error| panic!("{bytes:02x?}: {error:?}"));
        let found: Vec<&str> = record.leaves().skip(11).map(|leaf| leaf.field.id).collect();
        assert_eq!(found, ids, "{}", header.kind);
        let parts = parts(&bytes).unwrap().unwrap();
        assert_eq!((parts.len, parts.header), (bytes.len(), header));
        if let Some(content) = record.leaves().find(|leaf| ["http2.data", "http2.fragment"].contains(&leaf.field.id)) {
            assert_eq!(content.bits, parts.content.start * 8..parts.content.end * 8);
        }
    }
    let (_, longer_than_the_frame) = frame(&hex("000002 00 08 00000001 0561"));
    assert!(longer_than_the_frame.is_err());
    assert!(parts(&hex("000002 00 08 00000001 0561")).is_err());
}

#[test]
fn a_connection_of_http2_is_known_by_its_first_bytes() {
    assert!(looks_like_http2(PREFACE) && looks_like_http2(b"PRI * HT"));
    assert!(looks_like_http2(&hex("000006 04 00 00000000 0003 00000064")));
    let two = hex("000004 08 00 00000000 00010000 000000 04 01 00000000");
    assert!(is_chain(&two) && is_chain(&two[..20]) && !is_chain(b"") && !is_chain(b"some text that is no frame"));
    assert!(!looks_like_http2(b"GET / HTTP/1.1\r\n\r\n") && !looks_like_http2(b"PRIVMSG #rust :hi"));
    assert!(!looks_like_http2(&hex("160301 02 00 0100 01fc 03 03")));
}

proptest! {
    #[test]
    fn any_block(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut table = Table::default();
        let _ = block(&bytes, &mut table);
        let _ = block(&bytes, &mut table);
    }

    #[test]
    fn any_frame(kind in 0u8..18, flags: u8, stream: u32, payload in proptest::collection::vec(any::<u8>(), 0..60), cut in 0usize..4) {
        let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(&payload);
        bytes.truncate(bytes.len().saturating_sub(cut));
        let _ = frame(&bytes).1;
        if let Ok(Some(parts)) = parts(&bytes) {
            prop_assert!(parts.content.start <= parts.content.end && parts.content.end <= bytes.len());
        }
    }
}
