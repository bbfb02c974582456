//! A capture made by hand for each kind of finding, and none for a healthy one. `docs/findings.md` is made from them.

mod handshakes;
mod http;
mod local;
mod make;
mod tcp;
mod tls;

use std::fmt::Write as _;
use std::path::Path;

use base::{Instant, WallTime};
use wire::dhcp::MessageType;
use wire::dns::{Message, RData, Rcode, ResourceRecord, Type};

use super::*;
use crate::findings::{self, Cost, Finding};

fn found(tape: &Tape) -> Vec<Finding> {
    findings::of(&tape.flow, &tape.frames, &Default::default(), WallTime::SIMULATION_EPOCH, None)
}

type Example = (&'static str, fn(&mut Tape));

/// The captures of all layers.
fn examples() -> impl Iterator<Item = &'static Example> {
    [local::LOCAL, tcp::TCP, tls::TLS, http::HTTP].into_iter().flatten()
}

#[test]
fn each_kind_is_named_first_on_a_capture_that_has_it() {
    let mut wrong = Vec::new();
    for (id, make) in examples() {
        let mut tape = Tape::new();
        make(&mut tape);
        let found = found(&tape);
        let ids: Vec<&str> = found.iter().map(|finding| finding.card.id).collect();
        if ids.first() != Some(id) {
            wrong.push(format!("{id}: found {ids:?}"));
        }
        for finding in &found {
            assert!(!finding.evidence.is_empty(), "{id}: {}", finding.card.id);
            let known = |&n: &u32| tape.flow.row(n).is_some();
            assert!(finding.evidence.iter().all(known), "{id}: {:?}", finding.evidence);
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_kind_has_an_example_and_a_card_of_its_own() {
    let ids: Vec<&str> = findings::cards().map(|card| card.id).collect();
    let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len());
    assert!(ids.len() >= 40, "{} kinds", ids.len());
    for id in &ids {
        assert!(examples().any(|(example, _)| example == id), "{id} has no example");
    }
    for card in findings::cards() {
        assert!(card.advice.len() > 40 && card.advice.ends_with(['.', ')']), "{}", card.id);
        assert!(!card.line.ends_with('.') && !card.title.ends_with('.'), "{}", card.id);
    }
}

#[test]
fn a_healthy_exchange_has_no_finding() {
    let mut t = Tape::new();
    make::dns(&mut t, 30, |_| {});
    make::exchange(&mut t, make::GET, 5, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let found = found(&t);
    assert!(found.is_empty(), "{found:#?}");
}

/// RFC 6762 §5.2, RFC 4795 §2: a question to all on the link is one that need not have an answer.
#[test]
fn who_asks_everybody_may_get_no_answer() {
    for (to, port) in [([224, 0, 0, 251], 5353), ([224, 0, 0, 252], 5355), ([255; 4], 53)] {
        let mut t = Tape::new();
        for _ in 0..3 {
            make::dns_query_to(&mut t, (to, port));
            t.ms(5000);
        }
        let found = found(&t);
        assert!(found.is_empty(), "{to:?}: {found:#?}");
    }
}

/// A capture of one direction does not tell that nothing came back.
#[test]
fn of_a_server_that_was_not_captured_nobody_knows_that_it_is_silent() {
    let mut t = Tape::new();
    t.ports.1 = 443;
    let hello = handshakes::client_hello(&[]);
    t.c(S, 1000, 0, b"");
    t.ms(20).c(A, 1001, 4501, b"");
    t.c(A | Flags::PSH, 1001, 4501, &hello);
    t.ms(50).c(A, 1001 + hello.len() as u32, 5501, b"");
    t.ms(5000).c(A | Flags::FIN, 1001 + hello.len() as u32, 5501, b"");
    let found = found(&t);
    assert!(found.iter().all(|finding| finding.card.id != "finding.tls.no_answer"), "{found:#?}");
}

/// RFC 4443 §3.1 to §3.3, RFC 4861 §4.5: what ICMPv6 says is found as what ICMP says is.
#[test]
fn errors_of_icmpv6_are_found_as_those_of_icmp() {
    for (kind, code, id) in [
        (1, 4, "finding.icmp.port_unreachable"),
        (1, 0, "finding.icmp.host_unreachable"),
        (1, 3, "finding.icmp.host_unreachable"),
        (1, 1, "finding.icmp.prohibited"),
        (2, 0, "finding.icmp.fragmentation_needed"),
        (3, 0, "finding.icmp.hops_exceeded"),
        (137, 0, "finding.icmp.redirected"),
    ] {
        let mut tape = Tape::new();
        let datagram = make::ipv6(true, 17, [&[0x13, 0x88, 0x82, 0x9a, 0, 12, 0, 0][..], b"ping"].concat());
        let mut error = vec![kind, code, 0, 0, 0, 0, 5, 0];
        // A redirect names the better router and the destination; what it is about would follow in an option.
        error.extend_from_slice(if kind < 128 { &datagram[14..] } else { &[0xfe; 32] });
        tape.push(datagram);
        tape.push(make::ipv6(false, 58, error));
        let found = found(&tape);
        assert!(found.iter().any(|finding| finding.card.id == id), "{kind}, {code}: {found:#?}");
        if kind < 128 {
            let one = found.iter().find(|finding| finding.card.id == id).unwrap();
            assert_eq!(one.evidence, [1, 2], "the datagram that it speaks of, and itself");
        }
    }
}

/// RFC 9768 §3.2: where both ends count marks, the three flags are a number that begins at 5, and only its growth tells of a
/// mark; the client's first segment reflects the SYN ACK's field instead.
#[test]
fn where_marks_are_counted_only_a_growing_count_tells_of_one() {
    let counted = |counts: [u16; 3]| {
        let ace = |count: u16| Flags((count & 4) << 6 | (count & 2) << 6 | (count & 1) << 6);
        let mut t = Tape::new();
        t.c(S | ace(7), 1000, 0, b"");
        t.ms(20).s(S | A | ace(2), 4500, 1001, b"");
        t.c(A | ace(2), 1001, 4501, b"");
        t.s(A | ace(5), 4501, 1001, &[1; 100]);
        for (from, count) in [4601, 4701, 4801].into_iter().zip(counts) {
            t.ms(20).c(A | ace(count), 1001, from, b"");
            t.s(A | ace(5), from, 1001, &[1; 100]);
        }
        let found = found(&t);
        found.into_iter().find(|one| one.card.id == "finding.tcp.congestion_marked").map(|one| one.evidence)
    };
    assert_eq!(counted([5, 5, 5]), None);
    assert_eq!(counted([5, 6, 6]), Some(vec![7]));
    assert_eq!(counted([5, 7, 0]), Some(vec![7, 9]), "it wraps at eight");
}

/// RFC 8305 §5: a client that tries several addresses gives up all but the first that answers. One that waited for long and
/// no longer does is another matter.
#[test]
fn an_attempt_given_up_at_once_is_no_aborted_connection() {
    let answered = |after: i64| {
        let mut t = Tape::new();
        t.c(S, 1000, 0, b"");
        t.ms(after).s(S | A, 4500, 1001, b"");
        t.c(R, 1001, 0, b"");
        found(&t).into_iter().map(|one| (one.card.id, one.evidence)).collect::<Vec<_>>()
    };
    assert_eq!(answered(30), []);
    assert_eq!(answered(2500), [("finding.tcp.client_reset", vec![2, 3])]);
}

/// A resolver's answer that comes when nobody waits for it any more: the lateness is the fault, not the closed port.
#[test]
fn an_answer_that_is_too_late_is_no_closed_port() {
    let mut tape = Tape::new();
    make::dns(&mut tape, 3000, |_| {});
    let quoted = tape.frames.last().unwrap()[14..42].to_vec();
    let mut message = [&[3, 3, 0, 0, 0, 0, 0, 0][..], &quoted].concat();
    let sum = Sum::of(&message).checksum();
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    tape.push(ethernet(EtherType::IPV4, &ip_packet(CLIENT, make::GATEWAY, 1, &message)));
    let ids: Vec<&str> = found(&tape).iter().map(|finding| finding.card.id).collect();
    assert_eq!(ids, ["finding.dns.slow"]);
}

/// RFC 9293 §3.5.1: figure 10 finds a half-open connection by a SYN, figure 11 by data. Who closed or aborted knows of it.
#[test]
fn half_open_is_what_one_end_lost_without_closing() {
    use make::{GET, P};
    let half_open = |make: fn(&mut Tape)| {
        let mut tape = Tape::new();
        make::exchange_open(&mut tape);
        make(tape.ms(5000));
        let found = found(&tape);
        let ids: Vec<&str> = found.iter().map(|finding| finding.card.id).collect();
        assert!(!ids.contains(&"finding.tcp.half_open") || !ids.contains(&"finding.tcp.client_reset"), "{ids:?}");
        found.into_iter().find(|finding| finding.card.id == "finding.tcp.half_open").map(|finding| finding.evidence)
    };
    let by_a_syn = |t: &mut Tape| {
        t.c(P, 1042, 4528, GET);
        t.ms(20).s(A, 4528, 1083, b"");
        t.ms(3000).c(S, 900_000, 0, b"");
        t.ms(20).s(A, 4528, 1083, b"");
        t.c(R, 1083, 0, b"");
    };
    assert_eq!(half_open(by_a_syn), Some(vec![9, 10, 11]));
    let aborted = |t: &mut Tape| {
        t.c(P, 1042, 4528, GET);
        t.ms(20).s(R | A, 4528, 1083, b"");
    };
    assert_eq!(half_open(aborted), None);
    let closed = |t: &mut Tape| {
        t.c(P, 1042, 4528, GET);
        t.ms(1).c(F | A, 1083, 4528, b"");
        t.ms(20).s(P, 4528, 1084, b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc");
        t.c(R, 1084, 0, b"");
    };
    assert_eq!(half_open(closed), None);
}

#[test]
fn the_list_in_the_documents_is_this_one() {
    let mut text = String::from(
        "# Findings\n\nWhat `wirescope open FILE` can find, each with what it said of a small capture made for it. `wirescope explain ID`\n\
         prints one of them. Failures come first, then what cost most time. This page is made by a test from the code.\n",
    );
    for card in findings::cards() {
        let (_, make) = examples().find(|(id, _)| *id == card.id).unwrap();
        let mut tape = Tape::new();
        make(&mut tape);
        let found = found(&tape);
        let example = found.iter().find(|finding| finding.card.id == card.id).unwrap();
        let packets: Vec<String> = example.evidence.iter().take(6).map(u32::to_string).collect();
        let cost = match example.cost {
            Cost::Failed => "the request fails".to_owned(),
            Cost::Time(time) => format!("{:.0} ms", time.as_millis_f64()),
            Cost::Unmeasured => "not measured".to_owned(),
        };
        write!(
            text,
            "\n## {}\n\n`{}`, {}: {}.\n\n> {} ({}; packets {}; cost: {cost})\n\n{}\n",
            card.title,
            card.id,
            card.source,
            card.line,
            example.verdict,
            example.confidence.name(),
            packets.join(", "),
            card.advice
        )
        .unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/findings.md");
    if std::env::var_os("WIRESCOPE_UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, &text).unwrap();
    }
    let then = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        then == text,
        "docs/findings.md says otherwise; if the change is meant: WIRESCOPE_UPDATE=1 cargo test -p wirescope-analyze"
    );
}

/// RFC 7766 §5: what a name server says over TCP is found as what it says over UDP.
#[test]
fn names_asked_for_over_tcp_are_judged_too() {
    for (rcode, id) in [
        (Rcode::NXDOMAIN, "finding.dns.name_error"),
        (Rcode::SERVFAIL, "finding.dns.server_failure"),
        (Rcode::REFUSED, "finding.dns.refused"),
        (Rcode::NOTIMP, "finding.dns.rejected"),
    ] {
        let mut t = Tape::new();
        t.ports.1 = 53;
        let query = Message::query(7, wire::dns::Question::new("www.example.com".parse().unwrap(), Type::A));
        let mut response = Message::response_to(&query);
        response.rcode = rcode;
        let framed = |bytes: Vec<u8>| [&(bytes.len() as u16).to_be_bytes()[..], &bytes].concat();
        make::exchange(&mut t, &framed(query.encode()), 5, &framed(response.encode()));
        let ids: Vec<&str> = found(&t).iter().map(|finding| finding.card.id).collect();
        assert_eq!(ids, [id]);
    }
}

/// A response that the capture lost a part of is not cut short: the client acknowledged it.
#[test]
fn what_the_capture_lost_was_not_broken_off() {
    let mut t = Tape::new();
    make::open(&mut t);
    let (get, head) = (make::GET, b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n");
    let (c, body) = (1001 + get.len() as u32, 4501 + head.len() as u32);
    t.c(make::P, 1001, 4501, get);
    t.ms(20).s(make::P, 4501, c, head);
    t.s(A, body, c, &[b'x'; 1000]);
    t.ms(1).c(A, c, body + 1000, b"");
    // 2000 bytes are not captured, and then the server closes.
    t.ms(1).s(F | A, body + 3000, c, b"");
    t.ms(1).c(F | A, c, body + 3001, b"");
    t.ms(20).s(A, body + 3001, c + 1, b"");
    let ids: Vec<&str> = found(&t).iter().map(|finding| finding.card.id).collect();
    assert_eq!(ids, ["finding.capture.packets_missing"]);
}

/// RFC 8446 §6: what TLS 1.3 hides shows by its length, at either end; a handshake that goes on has no finding.
#[test]
fn an_alert_that_is_encrypted_shows_by_its_length() {
    let ids = |t: &Tape| found(t).iter().map(|finding| finding.card.id).collect::<Vec<_>>();
    let finished = handshakes::record(23, &[5; 69]);
    for (answer, expected) in [(19, vec!["finding.tls.sealed_alert"]), (300, vec![])] {
        let mut t = Tape::new();
        let (mut c, s) = handshakes::sealed_flight(&mut t);
        for _ in 0..2 {
            t.ms(1).c(make::P, c, s, &finished);
            c += finished.len() as u32;
        }
        let answer = handshakes::record(23, &vec![6; answer]);
        let end = s + answer.len() as u32;
        t.ms(20).s(make::P, s, c, &answer);
        t.ms(1).s(F | A, end, c, b"");
        t.ms(1).c(F | A, c, end + 1, b"");
        t.ms(20).s(A, end + 1, c + 1, b"");
        assert_eq!(ids(&t), expected);
    }
}

/// A capture that begins with what is left of a connection says nothing of how that ended.
#[test]
fn a_reset_without_anything_before_it_is_none() {
    let mut t = Tape::new();
    t.s(make::P, 4501, 1042, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    t.ms(1).c(R, 1042, 0, b"");
    assert!(found(&t).is_empty(), "{:#?}", found(&t));
}

/// RFC 8446 §4.4.2: a server may leave the root out. Where a root has signed its certificate itself, nothing is missing.
#[test]
fn a_lone_certificate_of_a_root_lacks_no_intermediate() {
    let (untrusted, missing) = ("finding.tls.untrusted_issuer", "finding.tls.missing_intermediate");
    for (issuer, expected) in
        [("Our Root", untrusted), ("House Root-CA 2", untrusted), ("Rootless CA", missing), ("", missing)]
    {
        let mut t = Tape::new();
        let leaf = handshakes::certificate(issuer, "site", "www.example.com", "351231000000Z");
        handshakes::presented(&mut t, &[leaf], Some(48));
        let ids: Vec<&str> = found(&t).iter().map(|finding| finding.card.id).collect();
        assert_eq!(ids, [expected], "{issuer}");
    }
}

/// RFC 9112 §9.6: who answers before it has read all of a request, and closes, breaks off what is still coming.
#[test]
fn a_request_that_was_not_read_to_its_end_was_broken_off() {
    for (status, expected) in
        [("200 OK", "finding.tcp.server_reset"), ("413 Content Too Large", "finding.http.client_error")]
    {
        let mut t = Tape::new();
        make::open(&mut t);
        let post = b"POST / HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 5000\r\n\r\nonly this";
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok");
        let (c, s) = (1001 + post.len() as u32, 4501 + answer.len() as u32);
        t.c(make::P, 1001, 4501, post);
        t.ms(20).s(make::P, 4501, c, answer.as_bytes());
        t.ms(1).s(R | A, s, c, b"");
        let ids: Vec<&str> = found(&t).iter().map(|finding| finding.card.id).collect();
        assert_eq!(ids, [expected]);
    }
}

/// A window that is filled on a path of no length is large enough for it: who waits there waits for the receiving machine.
#[test]
fn a_machine_that_takes_its_time_is_no_small_window() {
    for (round_trip, expected) in [(20, vec!["finding.tcp.window_limited"]), (0, vec![])] {
        let mut t = Tape::new();
        t.window = 4000;
        t.c(S, 1000, 0, b"");
        t.ms(round_trip).s(S | A, 4500, 1001, b"");
        t.now += 20_000;
        t.c(A, 1001, 4501, b"");
        let mut from = 4501;
        for _ in 0..5 {
            make::data(&mut t, from, 0..4, 9);
            from += 4000;
            t.ms(20).c(A, 1001, from, b"");
        }
        let ids: Vec<&str> = found(&t).iter().map(|finding| finding.card.id).collect();
        assert_eq!(ids, expected, "{round_trip} ms");
    }
}
