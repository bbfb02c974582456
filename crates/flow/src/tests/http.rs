//! HTTP/1 on streams: where messages begin and end, what answers what, which packets carry them.

use proptest::prelude::*;
use wire::http::{Framing, Version};

use super::*;

fn exchange(t: &mut Tape, requests: &[u8], responses: &[u8], cut: usize) {
    t.handshake();
    let mut seq = 101;
    for part in requests.chunks(cut) {
        t.ms(1).any(true, A, seq, 301, 65535, part);
        seq += part.len() as u32;
    }
    let mut back = 301;
    for part in responses.chunks(cut) {
        t.ms(1).any(false, A, back, seq, 65535, part);
        back += part.len() as u32;
    }
    t.ms(1).any(false, F | A, back, seq, 65535, b"");
    t.ms(1).any(true, F | A, seq, back + 1, 65535, b"");
}

fn layers(t: &Tape) -> Layers {
    Layers::of(&t.flow, ConversationId(0), &t.frames, &Default::default()).unwrap()
}

#[test]
fn a_request_and_its_response_over_several_packets() {
    let mut t = Tape::new();
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nServer: x \r\n\r\nhello world";
    exchange(&mut t, b"GET /a?b=c HTTP/1.1\r\nHost: example.com\r\n\r\n", response, 20);
    let layers = layers(&t);
    assert_eq!(layers.application, Application::Http);
    let http = layers.http.as_ref().unwrap();
    assert_eq!(http.exchanges, [Exchange { request: Some(0), responses: vec![1] }]);
    let [request, answer] = http.messages.as_slice() else { panic!("{http:?}") };
    let head = request.head.request().unwrap();
    assert_eq!((head.method.as_str(), head.target.as_str(), head.version), ("GET", "/a?b=c", Version::HTTP_11));
    assert_eq!(request.field("host"), Some("example.com"));
    assert_eq!((request.framing, request.state), (Framing::None, MessageState::Whole));
    let bytes = layers.bytes(answer.buffer);
    assert_eq!(&bytes[answer.body.clone()], b"hello world");
    assert_eq!(answer.field("server"), Some("x"));
    assert_eq!((answer.framing, answer.state), (Framing::Length(11), MessageState::Whole));
    // Packets 4 to 6 carry the request's 42 bytes, 7 to 10 the response's 64.
    let unit = &layers.units()[1];
    assert_eq!((unit.frames.as_slice(), unit.complete), (&[7, 8, 9, 10][..], 10));
    let carried = layers.carried(6);
    assert_eq!((carried.len(), carried[0].completes, carried[0].unit.kind), (1, true, UnitKind::Http(0)));
    assert!(!layers.carried(5)[0].completes);
    assert!(layers.carried(3).is_empty());
    let sources = layers.sources(&t.flow, answer.buffer, answer.body.clone());
    let body: Vec<u8> =
        sources.iter().flat_map(|(n, range)| t.frames[*n as usize - 1][range.clone()].to_vec()).collect();
    assert_eq!(body, b"hello world");
}

#[test]
fn chunks_are_joined_and_mapped_and_trailers_read() {
    let mut t = Tape::new();
    let response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nDigest: d\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    exchange(&mut t, b"GET / HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n", response, 7);
    let layers = layers(&t);
    let http = layers.http.as_ref().unwrap();
    assert_eq!(http.exchanges.len(), 2, "two requests in one go");
    let answer = &http.messages[2];
    assert_eq!((answer.framing, answer.state), (Framing::Chunked, MessageState::Whole));
    assert_eq!((answer.chunks.len(), answer.content_len()), (2, 11));
    let decoded = layers.buffer(answer.decoded.unwrap()).unwrap();
    assert_eq!(decoded.bytes, "hello world");
    let sources = layers.sources(&t.flow, decoded.id, 3..8);
    let back: Vec<u8> =
        sources.iter().flat_map(|(n, range)| t.frames[*n as usize - 1][range.clone()].to_vec()).collect();
    assert_eq!(back, b"lo wo");
    assert_eq!(http.messages[3].framing, Framing::None, "204 has no body");
}

#[test]
fn bodies_end_as_rfc_9112_section_6_3_says() {
    for (request, response, framing, state) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", Framing::None, MessageState::Whole),
        ("GET", "HTTP/1.0 200 OK\r\n\r\nuntil the end", Framing::UntilClose, MessageState::Whole),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", Framing::Length(99), MessageState::CutShort),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", Framing::None, MessageState::Whole),
        ("CONNECT", "HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01", Framing::Tunnel, MessageState::Whole),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", Framing::Length(5), MessageState::Whole),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            Framing::Chunked,
            MessageState::Whole,
        ),
    ] {
        let mut t = Tape::new();
        exchange(&mut t, format!("{request} / HTTP/1.1\r\n\r\n").as_bytes(), response.as_bytes(), 1000);
        let layers = layers(&t);
        let answer = &layers.http.as_ref().unwrap().messages[1];
        assert_eq!((answer.framing, answer.state), (framing, state), "{request}: {response}");
    }
    let mut t = Tape::new();
    exchange(
        &mut t,
        b"GET / HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        1000,
    );
    assert!(matches!(layers(&t).http.unwrap().messages[1].state, MessageState::Malformed(_)));
}

#[test]
fn interim_answers_come_before_the_final_one() {
    let mut t = Tape::new();
    let request = b"POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc";
    exchange(&mut t, request, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1000);
    let http = layers(&t).http.unwrap();
    assert_eq!(http.exchanges, [Exchange { request: Some(0), responses: vec![1, 2] }]);
    assert!(http.messages[1].interim());
}

#[test]
fn a_hole_in_a_body_is_counted_and_the_next_message_found() {
    let mut t = Tape::new();
    t.handshake();
    t.c(A, 101, 301, b"GET / HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
    t.s(A, 301, 136, b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n0123456789");
    // Ten bytes are missing.
    t.s(A, 301 + 49 + 10, 136, b"ABCDEFGHIJHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    t.c(A, 136, 301 + 49 + 20 + 38, b"");
    let layers = layers(&t);
    let http = layers.http.as_ref().unwrap();
    assert_eq!(http.messages[2].state, MessageState::Missing(10));
    assert_eq!(http.messages[3].state, MessageState::Whole);
    assert_eq!(http.exchanges[1].responses, [3]);
}

#[test]
fn behind_a_hole_that_no_length_bridges_the_next_message_is_found() {
    // The hole takes the second request, the end of the first chunked response and the second response with it.
    let mut t = Tape::new();
    t.handshake();
    let request = |n: u32| format!("GET /{n} HTTP/1.1\r\n\r\n").into_bytes();
    let len = request(1).len() as u32;
    let (mut seq, mut back) = (101, 301);
    t.c(A, seq, back, &request(1));
    let first = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    t.ms(20).s(A, back, seq + len, first);
    seq += 2 * len;
    back += first.len() as u32 + 200;
    t.ms(20).c(A, seq, back, &request(3));
    let third = t.ms(20).s(A, back, seq + len, b"HTTP/1.1 204 No Content\r\n\r\n");
    let layers = layers(&t);
    let http = layers.http.as_ref().unwrap();
    let lines: Vec<String> = http
        .messages
        .iter()
        .map(|m| match &m.head {
            Head::Request(request) => request.target.clone(),
            Head::Response(response) => response.status.0.to_string(),
        })
        .collect();
    assert_eq!(lines, ["/1", "/3", "200", "204"]);
    let resumed: Vec<bool> = http.messages.iter().map(|m| m.resumed).collect();
    assert_eq!(resumed, [false, true, false, true]);
    assert_eq!(http.messages[2].state, MessageState::Missing(200));
    assert_eq!(
        http.exchanges,
        [Exchange { request: Some(0), responses: vec![2] }, Exchange { request: Some(1), responses: vec![3] },]
    );
    let lost: Vec<_> = http.unread.iter().map(|gap| (gap.direction, gap.range.clone(), gap.missing)).collect();
    let (one, answer) = (len as usize, first.len());
    assert_eq!(
        lost,
        [(Direction::ToServer, one..2 * one, u64::from(len)), (Direction::ToClient, answer..answer + 200, 200),]
    );
    assert_eq!(layers.carried(third)[0].unit.kind, UnitKind::Http(3));
}

#[test]
fn what_only_looks_like_a_message_is_not_taken_for_one() {
    let mut t = Tape::new();
    t.handshake();
    t.c(A, 101, 301, b"GET / HTTP/1.1\r\n\r\n");
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    t.s(A, 301, 119, head);
    // Behind the hole: a head in the middle of a packet, one that breaks its format, a request from the server.
    let mut at = 301 + head.len() as u32 + 50;
    for data in [&b"text HTTP/1.1 200 OK\r\n\r\n"[..], b"HTTP/1.1 2000 OK\r\n\r\n", b"GET /x HTTP/1.1\r\n\r\n"] {
        t.s(A, at, 119, data);
        at += data.len() as u32;
    }
    let http = layers(&t).http.unwrap();
    assert_eq!(http.messages.len(), 2, "{:?}", http.messages);
    assert_eq!(http.unread.last().map(|gap| gap.missing), Some(50));
}

#[test]
fn queries_over_tcp_are_paired_in_whatever_order_they_are_answered() {
    use wire::dns::{Message, Question, RData, ResourceRecord, Type};
    let mut t = Tape::new();
    t.ports = (49152, 53);
    t.handshake();
    let query = |id: u16, name: &str| {
        let question = Question::new(name.parse().unwrap(), Type::A);
        Message::query(id, question)
    };
    let (a, b) = (query(7, "a.example"), query(8, "b.example"));
    let framed = |message: &Message| {
        let bytes = message.encode();
        [&(bytes.len() as u16).to_be_bytes()[..], &bytes].concat()
    };
    let sent = [framed(&a), framed(&b)].concat();
    t.c(A, 101, 301, &sent);
    let answer = |query: &Message, last: u8| {
        let name = query.questions[0].name.clone();
        let record = ResourceRecord::new(name, 60, RData::A([192, 0, 2, last].into()));
        Message { answers: vec![record], ..Message::response_to(query) }
    };
    let acked = 101 + sent.len() as u32;
    let first = framed(&answer(&b, 2));
    let two = t.ms(10).s(A, 301, acked, &first);
    let one = t.ms(10).s(A, 301 + first.len() as u32, acked, &framed(&answer(&a, 1)));
    let transactions = layers(&t).dns_transactions(&t.flow);
    let got: Vec<_> =
        transactions.iter().map(|t| (t.id, t.response.map(|(n, _)| n), t.addresses[0].to_string())).collect();
    assert_eq!(got, [(7, Some(one), "192.0.2.1".to_owned()), (8, Some(two), "192.0.2.2".to_owned())]);
    assert_eq!(transactions[0].duration(), Some(base::Duration::from_millis(20)));
}

#[test]
fn dns_over_tcp_is_cut_into_messages() {
    let mut t = Tape::new();
    t.ports = (49152, 53);
    t.handshake();
    let mut query = vec![0, 12];
    query.extend([0; 12]);
    t.c(A, 101, 301, &query);
    t.s(A, 301, 115, &query[..5]);
    let end = t.s(A, 306, 115, &query[5..]);
    let layers = layers(&t);
    assert_eq!(layers.application, Application::Dns);
    assert_eq!((layers.dns[1].range.clone(), layers.dns[1].frame), (2..14, end));
    assert_eq!(layers.carried(end)[0].unit.kind, UnitKind::Dns(1));
}

proptest! {
    /// Whatever is sent, nothing panics, and messages stand one behind the other in their buffer.
    #[test]
    fn any_bytes_after_a_first_line(text in "(\\PC|\r\n|[0-9a-f]|Content-Length: |Transfer-Encoding: chunked|HTTP/1.1 200 OK){0,60}", cut in 1usize..60) {
        let mut t = Tape::new();
        let text = format!("HTTP/1.1 200 OK\r\n{text}");
        exchange(&mut t, b"GET / HTTP/1.1\r\n\r\n", text.as_bytes(), cut);
        let layers = layers(&t);
        let mut at = 0;
        for message in layers.http.iter().flat_map(|http| &http.messages).filter(|m| m.direction == Direction::ToClient) {
            prop_assert!(message.range.start >= at && message.range.end <= text.len());
            prop_assert!(message.body.end <= message.range.end && message.head_range.end <= message.body.start);
            at = message.range.end;
        }
    }
}
