//! What is let go of a connection under way: it takes no memory, and changes nothing of what is told.

use ::tls::Versions;
use capture::keylog::KeyLog;
use wire::http::Framing;

use super::http2::{ASK, SWITCH, block, client, frame, get, server};
use super::tls_layers::{carry, talk_of};
use super::*;

/// Bytes of the bodies.
const BODY: usize = 3 << 20;

/// What is told of a connection's upper layers.
fn told(layers: &Layers) -> String {
    let mut out = String::new();
    for message in layers.http.iter().flat_map(|http| &http.messages) {
        let HttpMessage { direction, head, head_range, body, framing, chunks, state, .. } = message;
        let decoded = message.decoded.map(|id| layers.bytes(id).len());
        out +=
            &format!("{direction:?} {head:?} {head_range:?} {body:?} {framing:?} {chunks:?} {state:?} {decoded:?}\n");
    }
    for frame in layers.http.iter().flat_map(|http| &http.frames) {
        out += &format!("{:?} {:?} {:?} {:?}\n", frame.direction, frame.range, frame.header, frame.error);
    }
    for record in layers.tls.iter().flat_map(|tls| &tls.records) {
        let what = match &record.content {
            RecordContent::Decrypted { content_type, layout, sequence, .. } => {
                format!("{content_type:?} {layout:?} {sequence}")
            }
            other => format!("{other:?}"),
        };
        out += &format!("{:?} {:?} {} {what}\n", record.direction, record.range, record.frame);
    }
    let exchanges = layers.http.as_ref().map(|http| (&http.exchanges, &http.unread));
    let units: Vec<_> = layers.units().iter().map(|unit| (unit.kind, unit.complete, unit.frames.len())).collect();
    out + &format!("{exchanges:?} {units:?}")
}

/// Reads a tape whole, and as a stream that lets go; gives the most bytes that were kept of the stream.
fn both_ways(t: &Tape, keys: &KeyLog) -> (Layers, usize) {
    let (_, most) = in_split(t, keys, Split::new(Limits::default()));
    let (layers, without_headers) = in_split(t, keys, Split::new(Limits::default()).without_headers());
    // It is looked through at other moments: a segment more or less is kept then.
    assert!(without_headers <= most + 64_000, "{without_headers} {most}");
    (layers, most)
}

/// The same with a split of one's own.
fn in_split(t: &Tape, keys: &KeyLog, mut split: Split) -> (Layers, usize) {
    let whole = Layers::of(&t.flow, ConversationId(0), &t.frames, keys).unwrap();
    let mut most = 0;
    for (row, bytes) in t.flow.rows().iter().zip(&t.frames) {
        let link = LinkType::ETHERNET;
        split.push(Packet { at: row.at, interface: 0, link, bytes, original_len: bytes.len() });
        if split.full() {
            split.settle(keys);
        }
        most = most.max(split.kept());
    }
    let part = split.finish().remove(0);
    let stream = Layers::of(&part.flow, part.connections[0].0, &part.bytes, keys).unwrap();
    let (told, expected) = (told(&stream), told(&whole));
    let differ = told.lines().zip(expected.lines()).find(|(a, b)| a != b);
    assert_eq!(differ, None);
    assert_eq!(told.len(), expected.len());
    (stream, most)
}

/// A question and an answer in clear.
fn in_clear(question: &[u8], answer: &[u8]) -> Tape {
    let mut t = Tape::new();
    t.handshake();
    t.any(true, A, 101, 301, 65535, question);
    let ack = 101 + question.len() as u32;
    for (n, part) in answer.chunks(1460).enumerate() {
        t.any(false, A, 301 + 1460 * n as u32, ack, 65535, part);
    }
    t.any(false, F | A, 301 + answer.len() as u32, ack, 65535, b"");
    t
}

/// An answer whose body comes in chunks, the last one with a trailer, and a second answer behind it.
fn chunked() -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for n in 0..BODY / 10_000 {
        answer.extend_from_slice(b"2710\r\n");
        answer.extend((0..10_000).map(|at| (at + n) as u8 | 1));
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"0\r\nX-Sum: 7\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
    answer
}

const TWICE: &[u8] = b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\nGET /b HTTP/1.1\r\nHost: a.example\r\n\r\n";

/// Two answers of HTTP/2 whose frames take turns.
fn multiplexed() -> (Vec<u8>, Vec<u8>) {
    (client(&[get(1, "/one"), get(3, "/two")]), taking_turns())
}

/// The server's part of it.
fn taking_turns() -> Vec<u8> {
    let ok = block(&[(":status", "200"), ("content-type", "text/plain")]);
    let mut frames = vec![frame(1, 4, 1, &ok), frame(1, 4, 3, &ok)];
    for n in 0..BODY / 16_000 {
        frames.push(frame(0, 0, 1 + 2 * (n as u32 % 2), &[n as u8 | 1; 16_000]));
    }
    frames.extend([1, 3].map(|stream| frame(0, 1, stream, b"end")));
    server(&frames)
}

#[test]
fn a_chunked_body_takes_no_memory() {
    let (layers, most) = both_ways(&in_clear(TWICE, &chunked()), &KeyLog::default());
    assert!(most < BODY / 2, "{most}");
    let http = layers.http.unwrap();
    assert_eq!((http.messages[2].framing, http.messages[2].state), (Framing::Chunked, MessageState::Whole));
    assert_eq!(http.exchanges.len(), 2);
}

#[test]
fn a_body_that_ends_with_the_connection_takes_no_memory() {
    let mut answer = b"HTTP/1.0 200 OK\r\n\r\n".to_vec();
    answer.extend((0..BODY).map(|n| n as u8 | 1));
    let (layers, most) = both_ways(&in_clear(b"GET / HTTP/1.0\r\n\r\n", &answer), &KeyLog::default());
    assert!(most < BODY / 2, "{most}");
    assert_eq!(layers.http.unwrap().messages[1].body.len(), BODY);
}

#[test]
fn data_frames_of_http2_take_no_memory() {
    let (asked, answered) = multiplexed();
    let (layers, most) = both_ways(&in_clear(&asked, &answered), &KeyLog::default());
    assert!(most < BODY / 2, "{most}");
    assert_eq!(layers.http.unwrap().exchanges.len(), 2);
}

/// RFC 7540 §3.2: the same behind an upgrade.
#[test]
fn data_frames_behind_an_upgrade_take_no_memory() {
    let asked = [ASK, &client(&[get(3, "/two")])].concat();
    let (layers, most) = both_ways(&in_clear(&asked, &[SWITCH, &taking_turns()].concat()), &KeyLog::default());
    assert!(most < BODY / 2, "{most}");
    assert_eq!(layers.http.unwrap().exchanges.len(), 2);
}

#[test]
fn records_take_no_memory_whatever_they_carry() {
    let length = [b"HTTP/1.1 200 OK\r\nContent-Length: 3145728\r\n\r\n".to_vec(), vec![b'x'; BODY]].concat();
    let (asked, answered) = multiplexed();
    let unknown = [b"\x01\x02 what this is nobody knows ".to_vec(), vec![3; BODY]].concat();
    let cases: [(&[u8], &[u8]); 4] = [
        (TWICE, &chunked()),
        (b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", &length),
        (&asked, &answered),
        (b"?", &unknown),
    ];
    for (question, answer) in cases {
        for versions in [Versions::Tls13, Versions::Tls12] {
            let (flights, keys) = talk_of(versions, question, answer);
            let (_, most) = both_ways(&carry(&flights, 1460, &[]), &keys);
            assert!(most < BODY * 2 / 3, "{most}");
            // Without the secrets.
            let (_, most) = both_ways(&carry(&flights, 1460, &[]), &KeyLog::default());
            assert!(most < BODY * 2 / 3, "{most}");
            // With a packet missing in the middle.
            both_ways(&carry(&flights, 1460, &[900]), &keys);
        }
    }
}

/// A segment: whose, its first relative byte, its data.
type Piece = (bool, u32, Vec<u8>);

/// Flights in segments of `cut` bytes.
fn segments(flights: &[(bool, Vec<u8>)], cut: usize) -> Vec<Piece> {
    let mut at = [0, 0];
    let mut out = Vec::new();
    for (client, bytes) in flights {
        for part in bytes.chunks(cut) {
            let at: &mut u32 = &mut at[usize::from(!client)];
            out.push((*client, *at, part.to_vec()));
            *at += part.len() as u32;
        }
    }
    out
}

/// A connection that carries segments in this order.
fn ordered(segments: &[Piece]) -> Tape {
    let mut t = Tape::new();
    t.handshake();
    for (client, at, data) in segments {
        let (seq, ack) = if *client { (101 + at, 301) } else { (301 + at, 101) };
        t.ms(1).any(*client, A, seq, ack, 65535, data);
    }
    t
}

/// Requests and responses with bodies of all framings, `turns` of each; one in a row asks for the head alone.
fn in_turns(turns: usize) -> Vec<(bool, Vec<u8>)> {
    let mut flights = Vec::new();
    for turn in 0..turns {
        let method = if turn % 4 == 3 { "HEAD" } else { "POST" };
        let body = vec![b'q'; turn * 700 % 5000];
        let asked = format!("{method} /{turn} HTTP/1.1\r\nHost: a.example\r\nContent-Length: {}\r\n\r\n", body.len());
        flights.push((true, [asked.as_bytes(), &body].concat()));
        let len = turn * 1_300 % 9_000;
        let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n").into_bytes();
        match turn % 4 {
            3 => {}
            1 => {
                answer =
                    b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
                for chunk in vec![b'c'; len].chunks(900) {
                    answer.extend(format!("{:x}\r\n", chunk.len()).bytes().chain(chunk.to_vec()).chain(*b"\r\n"));
                }
                answer.extend(b"0\r\nX-Turn: 1\r\n\r\n");
            }
            _ => answer.resize(answer.len() + len, b'b'),
        }
        flights.push((false, answer));
    }
    flights.push((false, [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'e'; 20_000]].concat()));
    flights
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(100))]

    /// However what is said is cut, overtaken, lost and sent again, and however often it is looked at what can be let go: what
    /// is told is what a look at the whole tells.
    #[test]
    fn what_is_let_go_changes_nothing(
        kind in 0..6usize,
        cut in 100..1460usize,
        every in 4_000..20_000usize,
        late in proptest::collection::vec((0..400usize, 1..30usize), 0..6),
        again in proptest::collection::vec(0..400usize, 0..4),
        lost in proptest::collection::vec(0..400usize, 1..3),
        loses in proptest::prelude::any::<bool>(),
    ) {
        let said = in_turns(24);
        let side = |client: bool| said.iter().filter(|(of, _)| *of == client).flat_map(|(_, b)| b.clone()).collect::<Vec<u8>>();
        let (asked, answered) = multiplexed();
        let answered = answered[..answered.len().min(200_000)].to_vec();
        let (flights, keys) = match kind {
            0 => (said.clone(), KeyLog::default()),
            1 => (vec![(true, asked), (false, answered)], KeyLog::default()),
            2 => talk_of(Versions::Tls13, &side(true), &side(false)),
            3 => talk_of(Versions::Tls12, &side(true), &side(false)),
            4 => talk_of(Versions::Tls13, &asked, &answered),
            _ => (talk_of(Versions::Tls13, &side(true), &side(false)).0, KeyLog::default()),
        };
        let mut segments = segments(&flights, cut);
        let count = segments.len();
        // Where something never comes it is not waited for all the time what else is late.
        let (late, lost) = if loses { (Vec::new(), lost) } else { (late, Vec::new()) };
        // The handshake is waited for until the first look, which comes far sooner here than otherwise.
        for (from, by) in late.into_iter().filter(|(from, _)| from % count >= 40) {
            let segment = segments.remove(from % count);
            segments.insert((from % count + by).min(count - 1), segment);
        }
        for from in again {
            let segment = segments[from % count].clone();
            segments.push(segment);
        }
        for at in lost {
            if at < segments.len() {
                segments.remove(at);
            }
        }
        let (tape, split) = (ordered(&segments), || Split::new(Limits::default()).looking_every(every));
        in_split(&tape, &keys, split());
        in_split(&tape, &keys, split().without_headers());
    }
}
