//! A whole request, from DHCP to the close, and where its time went.

use base::Duration;
use proptest::prelude::*;
use trace::{Basis, Known, Why};
use wire::dhcp::{MessageType, Op};
use wire::dns::{Message, Question, RData, ResourceRecord, Type};
use wire::tcp::State;

use super::*;
use crate::{Analysis, CriticalPath, Ending, PhaseKind, Tap};

const GATEWAY: [u8; 4] = [10, 0, 1, 1];

fn query() -> (Vec<u8>, Vec<u8>) {
    let query = Message::query(7, Question::new("www.example.com".parse().unwrap(), Type::A));
    let mut response = Message::response_to(&query);
    let name = "www.example.com".parse().unwrap();
    response.answers.push(ResourceRecord::new(name, 300, RData::A(SERVER.into())));
    (query.encode(), response.encode())
}

/// DHCP for 40 ms, ARP 2, DNS 30, TCP 20, the request 20 to the first byte and 5 to the last, seen at the client.
fn whole_request() -> Tape {
    let mut t = Tape::new();
    for (op, kind, wait) in [
        (Op::REQUEST, MessageType::DISCOVER, 0),
        (Op::REPLY, MessageType::OFFER, 20),
        (Op::REQUEST, MessageType::REQUEST, 0),
        (Op::REPLY, MessageType::ACK, 20),
    ] {
        let mut message = wire::dhcp::Message::new(op, kind, 99, MacAddr([4; 6]));
        let (src, dst) = if op == Op::REQUEST { (([0; 4], 68), ([255; 4], 67)) } else { ((GATEWAY, 67), (CLIENT, 68)) };
        if op == Op::REPLY {
            message.header.yiaddr = CLIENT.into();
        }
        t.ms(wait).push(udp(src, dst, &message.encode(576)));
    }
    t.push(arp(1, CLIENT, GATEWAY));
    t.ms(2).push(arp(2, GATEWAY, CLIENT));
    let (query, response) = query();
    t.push(udp((CLIENT, 5000), (GATEWAY, 53), &query));
    t.ms(30).push(udp((GATEWAY, 53), (CLIENT, 5000), &response));
    t.c(S, 1000, 0, b"");
    t.ms(20).s(S | A, 4500, 1001, b"");
    t.c(A, 1001, 4501, b"");
    t.c(A, 1001, 4501, b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
    t.ms(20).s(A, 4501, 1042, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
    t.ms(5).s(A, 4545, 1042, b"56789");
    t.c(A, 1042, 4550, b"");
    t.ms(3).c(F | A, 1042, 4550, b"");
    t.ms(20).s(F | A, 4550, 1043, b"");
    t.c(A, 1043, 4551, b"");
    t
}

#[test]
fn the_phases_partition_the_path_exactly() {
    let t = whole_request();
    let analysis = Analysis::of(&t.flow, &t.frames, &Default::default());
    let path = analysis.main_path(&t.flow).unwrap();
    let got: Vec<_> = path.phases.iter().map(|phase| (phase.kind.name(), phase.duration().as_millis())).collect();
    assert_eq!(got, [("DHCP", 40), ("ARP", 2), ("DNS", 30), ("TCP", 20), ("HTTP", 25)]);
    assert_eq!(path.total(), Duration::from_millis(117));
    assert_eq!(path.time_to_first_byte(), Some(Duration::from_millis(112)));
    assert_eq!(path.phases[3].milli_round_trips(), Some(1000), "the handshake is one round trip");
    assert_eq!(path.phases[4].milli_round_trips(), Some(1250));
    assert_eq!(path.phases[0].milli_round_trips(), Some(2000), "discover and offer, request and acknowledgment");
    let close = path.close.unwrap();
    assert_eq!(close.1.since(close.0), Duration::from_millis(20));
    assert_eq!(path.name_was_cached, Known::Inferred(false, Basis::Segments));
}

#[test]
fn a_request_has_its_timings_and_a_second_one_reuses_the_connection() {
    let mut t = Tape::new();
    t.c(S, 1000, 0, b"");
    t.ms(20).s(S | A, 4500, 1001, b"");
    t.c(A, 1001, 4501, b"");
    t.ms(7).c(A, 1001, 4501, b"GET /1 HTTP/1.1\r\n\r\n");
    t.ms(20).s(A, 4501, 1020, b"HTTP/1.1 204 No Content\r\n\r\n");
    t.c(A, 1020, 4528, b"GET /2 HTTP/1.1\r\n\r\n");
    t.ms(30).s(A, 4528, 1039, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    let analysis = Analysis::of(&t.flow, &t.frames, &Default::default());
    let [first, second] = analysis.requests.as_slice() else { panic!("{:?}", analysis.requests) };
    let ms = |span: Option<crate::Span>| span.map(|(from, to)| to.since(from).as_millis());
    assert_eq!((ms(first.connect), ms(first.tls), ms(first.wait)), (Some(20), None, Some(20)));
    assert_eq!((first.line.as_deref(), first.status, first.whole), (Some("GET /1 HTTP/1.1"), Some(204), true));
    assert_eq!((second.first, second.connect, ms(second.wait)), (false, None, Some(30)));
    assert!(!second.whole, "its body is cut short");
    let path = CriticalPath::of(&t.flow, &analysis.dns, first).unwrap();
    let got: Vec<_> = path.phases.iter().map(|phase| (phase.kind, phase.duration().as_millis())).collect();
    assert_eq!(got, [(PhaseKind::Tcp, 20), (PhaseKind::Local, 7), (PhaseKind::Http, 20)]);
    assert_eq!(path.name_was_cached, Known::Unknown(Why::NotOnTheWire));
}

#[test]
fn a_connection_is_summed_up() {
    let t = whole_request();
    let analysis = Analysis::of(&t.flow, &t.frames, &Default::default());
    let [summary] = analysis.connections.as_slice() else { panic!("one connection") };
    assert_eq!(summary.ending, Ending::Closed { client_first: true });
    assert_eq!(summary.tap, Tap::Client);
    assert_eq!(summary.client.state, Known::Inferred(State::TIME_WAIT, Basis::Segments));
    assert_eq!((summary.client.stream_bytes, summary.server.stream_bytes), (41, 49));
    assert_eq!(summary.client.options.value().unwrap().mss, Some(1460));
    assert_eq!(summary.client.window_shift, Known::Inferred(0, Basis::Segments));
    assert_eq!(summary.client.rtt.unwrap().0, Duration::from_millis(20));
    assert_eq!(summary.http, [("GET / HTTP/1.1".to_owned(), Some("HTTP/1.1 200 OK".to_owned()))]);
    assert!(summary.time_wait.unwrap().client);

    let mut refused = Tape::new();
    refused.c(S, 1, 0, b"");
    refused.ms(1).s(R | A, 0, 2, b"");
    let analysis = Analysis::of(&refused.flow, &refused.frames, &Default::default());
    assert_eq!(analysis.connections[0].ending, Ending::Refused);
    assert!(analysis.main_path(&refused.flow).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is captured, the analysis ends, and the phases of every path touch each other.
    #[test]
    fn any_segments_can_be_analysed(
        segments in proptest::collection::vec((any::<bool>(), 0u16..32, 0u32..40, 0u32..40, 0i64..30, "(GET / HTTP/1.1\r\n\r\n|HTTP/1.1 200 OK\r\n\r\n|[a-z]{0,9})"), 0..40),
    ) {
        let mut t = Tape::new();
        for (client, flags, seq, ack, wait, data) in segments {
            t.ms(wait);
            if client { t.c(Flags(flags), seq, ack, data.as_bytes()) } else { t.s(Flags(flags), seq, ack, data.as_bytes()) };
        }
        let analysis = Analysis::of(&t.flow, &t.frames, &Default::default());
        for request in &analysis.requests {
            let path = CriticalPath::of(&t.flow, &analysis.dns, request).unwrap();
            for (a, b) in path.phases.iter().zip(path.phases.iter().skip(1)) {
                prop_assert_eq!(a.to, b.from);
            }
            if let (Some(first), Some(last)) = (path.phases.first(), path.phases.last()) {
                prop_assert_eq!(path.total(), last.to.since(first.from));
            }
        }
    }
}
