//! HTTP/2 on streams: frames cut by packets, messages interleaved, what is missing.

use wire::http::{Framing, Version};

use super::*;
use crate::{HttpMessage, Unread};

/// A frame (RFC 9113 §4.1).
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header block of literals that nobody remembers (RFC 7541 §6.2.2).
pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let literal = |(name, value): &(&str, &str)| {
        [&[0, name.len() as u8], name.as_bytes(), &[value.len() as u8], value.as_bytes()].concat()
    };
    fields.iter().flat_map(literal).collect()
}

const SETTINGS: [u8; 6] = [0, 3, 0, 0, 0, 100];
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

pub(super) fn get(stream: u32, path: &str) -> Vec<u8> {
    let fields = [(":method", "GET"), (":scheme", "http"), (":authority", "example.com"), (":path", path)];
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&fields))
}

pub(super) fn client(frames: &[Vec<u8>]) -> Vec<u8> {
    [wire::http2::PREFACE, &frame(4, 0, 0, &SETTINGS), &frames.concat()].concat()
}

pub(super) fn server(frames: &[Vec<u8>]) -> Vec<u8> {
    [&frame(4, 0, 0, &SETTINGS)[..], &frame(4, 1, 0, b""), &frames.concat()].concat()
}

/// A connection that carries them, in packets of `cut` bytes; the `without` th of the server is not captured.
fn carried(client: &[u8], server: &[u8], cut: usize, without: Option<usize>) -> (Tape, Layers) {
    let mut t = Tape::new();
    t.handshake();
    let mut seq = 101;
    for part in client.chunks(cut) {
        t.ms(1).any(true, A, seq, 301, 65535, part);
        seq += part.len() as u32;
    }
    let mut back = 301;
    for (i, part) in server.chunks(cut).enumerate() {
        if Some(i) != without {
            t.ms(1).any(false, A, back, seq, 65535, part);
        }
        back += part.len() as u32;
    }
    t.ms(1).any(false, F | A, back, seq, 65535, b"");
    let layers = Layers::of(&t.flow, ConversationId(0), &t.frames, &Default::default()).unwrap();
    (t, layers)
}

fn content(layers: &Layers, message: &HttpMessage) -> Vec<u8> {
    layers.bytes(message.buffer)[message.body.clone()].to_vec()
}

#[test]
fn two_requests_at_once_whose_answers_are_interleaved() {
    let asked = client(&[get(1, "/one"), get(3, "/two")]);
    let ok = block(&[(":status", "200"), ("content-type", "text/plain")]);
    let answers = server(&[
        frame(HEADERS, END_HEADERS, 3, &ok),
        frame(DATA, 0, 3, b"second "),
        frame(HEADERS, END_HEADERS, 1, &block(&[(":status", "103"), ("link", "</a.css>")])),
        frame(HEADERS, END_HEADERS, 1, &ok),
        frame(DATA, 0x08, 1, b"\x02first\0\0"),
        frame(DATA, END_STREAM, 3, b"answer"),
        frame(DATA, 0, 1, b" answer"),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&[("x-checksum", "7")])),
    ]);
    for cut in [7, 50, 2000] {
        let (t, layers) = carried(&asked, &answers, cut, None);
        assert_eq!(layers.application, Application::Http);
        let http = layers.http.as_ref().unwrap();
        assert_eq!(http.unread, []);
        assert_eq!(http.frames.len(), 4 + 10);
        let [one, two, second, hint, first] = http.messages.as_slice() else { panic!("{http:#?}") };
        let expected =
            [Exchange { request: Some(0), responses: vec![3, 4] }, Exchange { request: Some(1), responses: vec![2] }];
        assert_eq!(http.exchanges, expected);
        let head = one.head.request().unwrap();
        assert_eq!((head.method.as_str(), head.target.as_str(), head.version), ("GET", "/one", Version::HTTP_2));
        assert_eq!((one.site(), two.head.request().unwrap().target.as_str()), (Some("example.com"), "/two"));
        assert!(hint.interim() && !first.interim());
        assert_eq!(content(&layers, second), b"second answer");
        assert_eq!(content(&layers, first), b"first answer", "the padding is none of it");
        assert_eq!((first.framing, first.state), (Framing::EndStream, MessageState::Whole));
        assert_eq!(first.on_stream.as_ref().map(|on| (on.stream, on.blocks.len())), Some((1, 2)), "head and trailers");
        // The bytes come from where they say.
        let sources = layers.sources(&t.flow, second.buffer, second.body.clone());
        let bytes: Vec<u8> =
            sources.iter().flat_map(|(n, range)| t.frames[*n as usize - 1][range.clone()].to_vec()).collect();
        assert_eq!(bytes, b"second answer");
        let last = layers.units().iter().find(|unit| unit.kind == UnitKind::Http(4)).unwrap();
        assert_eq!(last.complete as usize, t.frames.len() - 1, "the trailers are in the last packet with data");
    }
}

/// RFC 9113 §6.10: a block over several frames, and what may not come between.
#[test]
fn a_block_goes_on_in_continuations() {
    let fields = block(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), ("cookie", "a=b")]);
    let (a, b) = fields.split_at(20);
    let asked = [frame(HEADERS, END_STREAM, 1, a), frame(9, END_HEADERS, 1, b)];
    let (_, layers) = carried(&client(&asked), &server(&[]), 1000, None);
    let http = layers.http.as_ref().unwrap();
    assert_eq!(http.messages[0].field("cookie"), Some("a=b"));
    assert_eq!(http.messages[0].state, MessageState::Whole);
    let asked = [frame(HEADERS, END_STREAM, 1, a), frame(6, 0, 0, &[0; 8]), frame(9, END_HEADERS, 1, b)];
    let (_, layers) = carried(&client(&asked), &server(&[]), 1000, None);
    let http = layers.http.as_ref().unwrap();
    assert!(http.messages.is_empty());
    let why: Vec<&str> = http.unread.iter().map(|unread| unread.why).collect();
    assert_eq!(why, ["follows a header block that does not end", "goes on with a header block that did not begin"]);
}

#[test]
fn a_pushed_answer_has_the_request_that_the_server_made_up() {
    let promise = block(&[(":method", "GET"), (":scheme", "http"), (":authority", "example.com"), (":path", "/a.css")]);
    let answers = server(&[
        frame(5, END_HEADERS, 1, &[&[0, 0, 0, 2][..], &promise].concat()),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&[(":status", "204")])),
        frame(HEADERS, END_HEADERS | END_STREAM, 2, &block(&[(":status", "200")])),
    ]);
    let (_, layers) = carried(&client(&[get(1, "/")]), &answers, 1000, None);
    let http = layers.http.as_ref().unwrap();
    assert_eq!(
        http.exchanges,
        [Exchange { request: Some(0), responses: vec![2] }, Exchange { request: Some(1), responses: vec![3] }]
    );
    assert_eq!(http.messages[1].head.request().unwrap().target, "/a.css");
}

#[test]
fn behind_missing_bytes_frames_are_found_again() {
    let ok = || block(&[(":status", "200")]);
    let asked = client(&[get(1, "/one"), get(3, "/two")]);
    // Each packet of the server is a frame of 100 bytes.
    let data = |stream, flags| frame(DATA, flags, stream, &[b'x'; 91]);
    let head = |stream| {
        let mut fields = ok();
        fields.extend(block(&[("x-filler", &"y".repeat(91 - fields.len() - 11))]));
        frame(HEADERS, END_HEADERS, stream, &fields)
    };
    let frames = [head(1), data(1, 0), data(1, 0), data(1, END_STREAM), head(3), data(3, END_STREAM)];
    let answers = [frame(4, 0, 0, &[[0u8, 9, 0, 0, 0, 1]; 15].concat()), frames.concat()].concat();
    // The settings take 99 bytes and a packet of their own.
    let mut t = Tape::new();
    t.handshake();
    t.ms(1).any(true, A, 101, 301, 65535, &asked);
    let (seq, mut back) = (101 + asked.len() as u32, 301);
    let parts: Vec<&[u8]> = [&answers[..99]].into_iter().chain(answers[99..].chunks(100)).collect();
    for (i, part) in parts.iter().enumerate() {
        // A piece of the first answer's content is missing.
        if i != 3 {
            t.ms(1).any(false, A, back, seq, 65535, part);
        }
        back += part.len() as u32;
    }
    let layers = Layers::of(&t.flow, ConversationId(0), &t.frames, &Default::default()).unwrap();
    let http = layers.http.as_ref().unwrap();
    let answer = |stream: u32| {
        http.messages
            .iter()
            .filter(|m| m.direction == Direction::ToClient)
            .find(|m| m.on_stream.as_ref().unwrap().stream == stream)
    };
    assert!(answer(3).is_some_and(|m| m.state == MessageState::Whole && m.body.len() == 91), "{http:#?}");
    assert!(answer(1).is_some_and(|m| m.state == MessageState::CutShort && m.body.len() == 91), "{http:#?}");
    let [Unread { missing: 100, why: "is broken by missing bytes", .. }] = http.unread.as_slice() else {
        panic!("{:?}", http.unread)
    };
}

/// A capture that begins in the middle: what the table held is unknown, and said to be.
#[test]
fn fields_that_stand_for_what_was_not_captured() {
    let mut t = Tape::new();
    let indexed = frame(HEADERS, END_HEADERS | END_STREAM, 5, &[0x82, 0x86, 0xbe, 0x84]);
    let plain = get(7, "/seen");
    let mut seq = 1000;
    for part in [&frame(8, 0, 0, &[0, 0, 1, 0])[..], &indexed, &plain] {
        t.ms(1).any(true, A, seq, 301, 65535, part);
        seq += part.len() as u32;
    }
    t.any(false, A, 301, seq, 65535, &frame(4, 0, 0, &SETTINGS));
    let layers = Layers::of(&t.flow, ConversationId(0), &t.frames, &Default::default()).unwrap();
    let http = layers.http.as_ref().unwrap();
    let [message] = http.messages.as_slice() else { panic!("{http:#?}") };
    assert_eq!(message.head.request().unwrap().target, "/seen");
    assert!(http.unread.iter().any(|u| u.why == "stands for a field of a block that was not captured"), "{http:#?}");
}

#[test]
fn tables_as_large_as_the_other_side_allows() {
    // The server allows 8192 bytes; the client makes use of it in a block of its own.
    let settings = frame(4, 0, 0, &[0, 1, 0, 0, 0x20, 0]);
    let update = [&[0x3f, 0xe1, 0x3f][..], &block(&[(":method", "GET"), (":scheme", "http"), (":path", "/")])].concat();
    let asked = client(&[frame(HEADERS, END_HEADERS | END_STREAM, 1, &update)]);
    let (_, layers) = carried(&asked, &settings, 1000, None);
    assert_eq!(layers.http.as_ref().unwrap().messages.len(), 1);
    let (_, layers) = carried(&asked, &server(&[]), 1000, None);
    let unread = &layers.http.as_ref().unwrap().unread;
    assert!(unread.iter().any(|u| u.why == "is more than the other side allows"), "{unread:?}");
}

proptest::proptest! {
    /// Whatever comes, frames and what could not be read tile each direction.
    #[test]
    fn any_frames(kinds in proptest::collection::vec((0u8..12, proptest::num::u8::ANY, 0u32..6, proptest::collection::vec(proptest::num::u8::ANY, 0..40)), 0..20), cut in 1usize..200, hole in 0usize..8) {
        let frames: Vec<Vec<u8>> = kinds.iter().map(|(kind, flags, stream, payload)| frame(*kind, *flags, *stream, payload)).collect();
        let (_, layers) = carried(&client(&frames), &server(&frames), cut, Some(hole));
        let Some(http) = &layers.http else { return Ok(()) };
        for message in &http.messages {
            let len = layers.bytes(message.buffer).len();
            proptest::prop_assert!(message.range.end == len && message.body.end <= len && message.head_range.end <= message.body.start);
        }
        for direction in Direction::BOTH {
            let mut frames: Vec<_> = http.frames.iter().filter(|f| f.direction == direction).map(|f| f.range.clone()).collect();
            frames.sort_by_key(|range| range.start);
            proptest::prop_assert!(frames.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
    }
}

/// RFC 7540 §3.2: HTTP/1.1 asks for HTTP/2 on the same connection; its request is stream 1.
#[test]
fn a_connection_is_upgraded_to_http2() {
    let (asked, answers) = upgraded();
    for cut in [7, 50, 2000] {
        let (_, layers) = carried(&asked, &answers, cut, None);
        assert_eq!(layers.application, Application::Http);
        let http = layers.http.as_ref().unwrap();
        assert_eq!(http.unread, []);
        assert_eq!(http.frames.len(), 3 + 6, "preface, settings, request; settings, their acknowledgment, two answers");
        let expected =
            [Exchange { request: Some(0), responses: vec![1, 3] }, Exchange { request: Some(2), responses: vec![4] }];
        assert_eq!(http.exchanges, expected);
        let [first, switching, second, one, two] = http.messages.as_slice() else { panic!("{http:#?}") };
        let target = |message: &HttpMessage| message.head.request().map(|head| (head.target.clone(), head.version));
        assert_eq!(target(first), Some(("/first".to_owned(), Version::HTTP_11)));
        assert_eq!(target(second), Some(("/second".to_owned(), Version::HTTP_2)));
        assert_eq!(switching.head.response().unwrap().status.0, 101);
        assert_eq!((content(&layers, one), content(&layers, two)), (b"one".to_vec(), b"another".to_vec()));
    }
    // A server that does not want to goes on with HTTP/1.1.
    let asked = &asked[..asked.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4];
    let (_, layers) = carried(asked, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 50, None);
    let http = layers.http.as_ref().unwrap();
    assert_eq!((http.messages.len(), http.frames.len(), http.unread.len()), (2, 0, 0));
}

/// How HTTP/1.1 asks for HTTP/2, and how that is granted.
pub(super) const ASK: &[u8] = b"GET /first HTTP/1.1\r\nHost: example.com\r\n\
    Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
pub(super) const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";

/// What both say on a connection that is upgraded.
fn upgraded() -> (Vec<u8>, Vec<u8>) {
    let ok = block(&[(":status", "200")]);
    let answer = |stream: u32, body: &[u8]| {
        [frame(HEADERS, END_HEADERS, stream, &ok), frame(DATA, END_STREAM, stream, body)].concat()
    };
    let asked = [ASK, &client(&[get(3, "/second")])].concat();
    (asked, [SWITCH, &server(&[answer(1, b"one"), answer(3, b"another")])].concat())
}
