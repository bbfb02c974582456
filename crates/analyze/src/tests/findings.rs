//! A capture made by hand for each kind of finding, and none for a healthy one. `docs/findings.md` is made from them.

use std::fmt::Write as _;
use std::path::Path;

use base::{Instant, WallTime};
use wire::dhcp::{MessageType, Op};
use wire::dns::{Message, Question, RData, Rcode, ResourceRecord, Type};

use super::*;
use crate::findings::{self, Cost, Finding};

const GATEWAY: [u8; 4] = [10, 0, 1, 1];
const P: Flags = Flags(Flags::PSH.0 | Flags::ACK.0);

fn found(tape: &Tape) -> Vec<Finding> {
    findings::of(&tape.flow, &tape.frames, &Default::default(), WallTime::SIMULATION_EPOCH)
}

/// A handshake of 20 ms; the next numbers are 1001 and 4501.
fn open(t: &mut Tape) {
    t.c(S, 1000, 0, b"");
    t.ms(20).s(S | A, 4500, 1001, b"");
    t.c(A, 1001, 4501, b"");
}

/// Client first: 1 ms for the client, 20 for the server.
fn close(t: &mut Tape, client: u32, server: u32) {
    t.ms(1).c(F | A, client, server, b"");
    t.ms(20).s(F | A, server, client + 1, b"");
    t.c(A, client + 1, server + 1, b"");
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";

/// A request and its answer on a connection of its own.
fn exchange(t: &mut Tape, request: &[u8], wait_ms: i64, response: &[u8]) {
    open(t);
    let (c, s) = (1001 + request.len() as u32, 4501 + response.len() as u32);
    t.c(P, 1001, 4501, request);
    t.ms(20).s(A, 4501, c, b"");
    t.ms(wait_ms).s(P, 4501, c, response);
    t.c(A, c, s, b"");
    close(t, c, s);
}

fn dns(t: &mut Tape, wait_ms: i64, change: impl Fn(&mut Message)) {
    let query = Message::query(7, Question::new("www.example.com".parse().unwrap(), Type::A));
    let mut response = Message::response_to(&query);
    response.recursion_available = true;
    response.answers.push(ResourceRecord::new("www.example.com".parse().unwrap(), 300, RData::A(SERVER.into())));
    change(&mut response);
    t.push(udp((CLIENT, 5000), (GATEWAY, 53), &query.encode()));
    t.ms(wait_ms).push(udp((GATEWAY, 53), (CLIENT, 5000), &response.encode()));
}

fn dns_query(t: &mut Tape) {
    let query = Message::query(7, Question::new("www.example.com".parse().unwrap(), Type::A));
    t.push(udp((CLIENT, 5000), (GATEWAY, 53), &query.encode()));
}

fn dhcp(t: &mut Tape, kind: MessageType) {
    let client = matches!(kind, MessageType::DISCOVER | MessageType::REQUEST | MessageType::DECLINE);
    let op = if client { Op::REQUEST } else { Op::REPLY };
    let mut message = wire::dhcp::Message::new(op, kind, 99, MacAddr([4; 6]));
    if !client {
        message.header.yiaddr = CLIENT.into();
    }
    let (src, dst) = if client { (([0; 4], 68), ([255; 4], 67)) } else { ((GATEWAY, 67), (CLIENT, 68)) };
    t.push(udp(src, dst, &message.encode(576)));
}

/// An ICMP error of the gateway about the last IP packet.
fn icmp_error(t: &mut Tape, kind: u8, code: u8) {
    let quoted = t.frames.last().unwrap()[14..].to_vec();
    let mut message = vec![kind, code, 0, 0, 0, 0, 5, 0];
    message.extend_from_slice(&quoted[..quoted.len().min(28)]);
    let sum = Sum::of(&message).checksum();
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    t.push(ethernet(EtherType::IPV4, &ip_packet(GATEWAY, CLIENT, 1, &message)));
}

fn echo(t: &mut Tape, number: u8) {
    let mut message = vec![8, 0, 0, 0, 0, 9, 0, number];
    let sum = Sum::of(&message).checksum();
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    t.push(ethernet(EtherType::IPV4, &ip_packet(CLIENT, SERVER, 1, &message)));
}

/// Segments of 1000 bytes from the server, in order, `gap` left out.
fn data(t: &mut Tape, from: u32, numbers: std::ops::Range<u32>, gap: u32) {
    for i in numbers.filter(|&i| i != gap) {
        t.s(A, from + i * 1000, 1001, &[i as u8; 1000]);
    }
}

// --- TLS, byte by byte

fn with_len(bytes: usize, content: &[u8]) -> Vec<u8> {
    let len = (content.len() as u32).to_be_bytes();
    [&len[4 - bytes..], content].concat()
}
fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &with_len(2, content)].concat()
}
fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &with_len(3, body)].concat()
}
fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &with_len(2, body)].concat()
}
fn client_hello(more: &[u8]) -> Vec<u8> {
    let name = with_len(2, &[&[0][..], &with_len(2, b"www.example.com")].concat());
    let extensions = with_len(2, &[&extension(0, &name)[..], more].concat());
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 4, 0xc0, 0x2f, 0x13, 0x01, 1, 0], &extensions].concat();
    record(22, &handshake(1, &body))
}
fn server_hello(version: [u8; 2], random: [u8; 32], suite: [u8; 2], extensions: &[u8]) -> Vec<u8> {
    let body = [&version[..], &random, &[0], &suite, &[0], &with_len(2, extensions)].concat();
    record(22, &handshake(2, &body))
}
/// The Random that makes a ServerHello a HelloRetryRequest (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11,
    0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let len = content.len();
    match len {
        0..128 => [&[tag, len as u8][..], &content].concat(),
        _ => [&[tag, 0x82, (len >> 8) as u8, len as u8][..], &content].concat(),
    }
}
fn certificate(issuer: &str, subject: &str, name: &str, until: &str) -> Vec<u8> {
    let algorithm = der(0x30, &[&der(6, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]]), &[5, 0]]);
    let named =
        |who: &str| der(0x30, &[&der(0x31, &[&der(0x30, &[&der(6, &[&[0x55, 4, 3]]), &der(12, &[who.as_bytes()])])])]);
    let validity = der(0x30, &[&der(0x17, &[b"250101000000Z"]), &der(0x17, &[until.as_bytes()])]);
    let rsa = der(0x30, &[&der(6, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]]), &[5, 0]]);
    let key = der(0x30, &[&der(2, &[&[0x55; 64]]), &der(2, &[&[1, 0, 1]])]);
    let spki = der(0x30, &[&rsa, &der(3, &[&[0], &key])]);
    let names = der(4, &[&der(0x30, &[&der(0x82, &[name.as_bytes()])])]);
    let extensions = der(0xa3, &[&der(0x30, &[&der(0x30, &[&der(6, &[&[0x55, 0x1d, 0x11]]), &names])])]);
    let (issuer, subject) = (named(issuer), named(subject));
    let version = der(0xa0, &[&[2, 1, 2]]);
    let tbs = der(0x30, &[&version, &[2, 1, 9], &algorithm, &issuer, &validity, &subject, &spki, &extensions]);
    der(0x30, &[&tbs, &algorithm, &der(3, &[&[0; 65]])])
}
/// A TLS 1.2 handshake up to the server's certificates, and the client's alert.
fn tls(t: &mut Tape, chain: &[Vec<u8>], alert: Option<u8>) {
    t.ports.1 = 443;
    open(t);
    let hello = client_hello(&[]);
    t.c(P, 1001, 4501, &hello);
    let c = 1001 + hello.len() as u32;
    let list: Vec<u8> = chain.iter().flat_map(|one| with_len(3, one)).collect();
    let mut answer = server_hello([3, 3], [9; 32], [0xc0, 0x2f], &[]);
    answer.extend(record(22, &handshake(11, &with_len(3, &list))));
    t.ms(20).s(P, 4501, c, &answer);
    let s = 4501 + answer.len() as u32;
    t.c(A, c, s, b"");
    if let Some(kind) = alert {
        t.c(P, c, s, &record(21, &[2, kind]));
        close(t, c + 7, s);
    }
}
/// A ClientHello that the server answers with an alert.
fn tls_refused(t: &mut Tape, alert: u8) {
    t.ports.1 = 443;
    open(t);
    let hello = client_hello(&[]);
    t.c(P, 1001, 4501, &hello);
    t.ms(20).s(P, 4501, 1001 + hello.len() as u32, &record(21, &[2, alert]));
    close(t, 1001 + hello.len() as u32, 4508);
}

const GOOD: &str = "300101000000Z";
type Example = (&'static str, fn(&mut Tape));

/// One capture for each kind; the finding of that kind is the first.
const EXAMPLES: &[Example] = &[
    ("finding.dhcp.unanswered", |t| {
        dhcp(t, MessageType::DISCOVER);
        t.ms(4000);
        dhcp(t, MessageType::DISCOVER);
    }),
    ("finding.dhcp.refused", |t| {
        dhcp(t, MessageType::REQUEST);
        t.ms(5);
        dhcp(t, MessageType::NAK);
    }),
    ("finding.dhcp.declined", |t| {
        dhcp(t, MessageType::REQUEST);
        t.ms(5);
        dhcp(t, MessageType::ACK);
        dhcp(t, MessageType::DECLINE);
    }),
    ("finding.dhcp.repeated", |t| {
        dhcp(t, MessageType::DISCOVER);
        t.ms(4000);
        dhcp(t, MessageType::DISCOVER);
        t.ms(5);
        dhcp(t, MessageType::OFFER);
    }),
    ("finding.arp.unanswered", |t| {
        t.push(arp(1, CLIENT, GATEWAY));
        t.ms(1000).push(arp(1, CLIENT, GATEWAY));
    }),
    ("finding.arp.conflict", |t| {
        t.push(arp(1, CLIENT, GATEWAY));
        t.ms(1).push(arp(2, GATEWAY, CLIENT));
        let mut other = arp(2, GATEWAY, CLIENT);
        other[22..28].fill(9);
        t.ms(1).push(other);
    }),
    ("finding.arp.late", |t| {
        t.push(arp(1, CLIENT, GATEWAY));
        t.ms(1000).push(arp(1, CLIENT, GATEWAY));
        t.ms(1).push(arp(2, GATEWAY, CLIENT));
    }),
    ("finding.icmp.port_unreachable", |t| {
        dns_query(t);
        icmp_error(t, 3, 3);
    }),
    ("finding.icmp.host_unreachable", |t| {
        t.c(S, 1000, 0, b"");
        icmp_error(t, 3, 1);
    }),
    ("finding.icmp.prohibited", |t| {
        t.c(S, 1000, 0, b"");
        icmp_error(t, 3, 13);
    }),
    ("finding.icmp.fragmentation_needed", |t| {
        open(t);
        t.c(A, 1001, 4501, &[b'x'; 1400]);
        icmp_error(t, 3, 4);
        t.c(A, 1001, 4501, &[b'x'; 700]);
    }),
    ("finding.icmp.hops_exceeded", |t| {
        t.c(S, 1000, 0, b"");
        icmp_error(t, 11, 0);
    }),
    ("finding.icmp.redirected", |t| {
        t.c(S, 1000, 0, b"");
        icmp_error(t, 5, 1);
    }),
    ("finding.icmp.echo_unanswered", |t| {
        echo(t, 1);
        t.ms(1000);
        echo(t, 2);
    }),
    ("finding.dns.name_error", |t| {
        dns(t, 30, |m| {
            m.rcode = Rcode::NXDOMAIN;
            m.answers.clear();
        });
    }),
    ("finding.dns.server_failure", |t| {
        dns(t, 30, |m| {
            m.rcode = Rcode::SERVFAIL;
            m.answers.clear();
        });
    }),
    ("finding.dns.refused", |t| {
        dns(t, 30, |m| {
            m.rcode = Rcode::REFUSED;
            m.answers.clear();
        });
    }),
    ("finding.dns.unanswered", |t| {
        dns_query(t);
        t.ms(5000);
        dns_query(t);
    }),
    ("finding.dns.no_address", |t| dns(t, 30, |m| m.answers.clear())),
    ("finding.dns.repeated", |t| {
        dns_query(t);
        t.ms(5000);
        dns(t, 30, |_| {});
    }),
    ("finding.dns.slow", |t| dns(t, 1500, |_| {})),
    ("finding.dns.truncated", |t| {
        dns(t, 30, |m| {
            m.truncated = true;
            m.answers.clear();
        });
    }),
    ("finding.dns.second_answer", |t| {
        dns(t, 30, |_| {});
        let last = t.frames.last().unwrap().clone();
        t.ms(1).push(last);
    }),
    ("finding.ip.fragment_missing", |t| {
        let mut packet = ip_packet(CLIENT, SERVER, 17, &[0; 64]);
        packet[6] = 0x20;
        packet[10..12].fill(0);
        let sum = Sum::of(&packet[..20]).checksum();
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        t.push(ethernet(EtherType::IPV4, &packet));
    }),
    ("finding.ip.malformed", |t| {
        let mut packet = ip_packet(CLIENT, SERVER, 6, &[0; 64]);
        packet[0] = 0x42;
        t.push(ethernet(EtherType::IPV4, &packet));
    }),
    ("finding.capture.snapped", |t| {
        let bytes = ethernet(EtherType::IPV4, &ip_packet(CLIENT, SERVER, 17, &[0; 600]));
        let at = Instant::from_nanos(t.now);
        t.flow.push(Packet {
            at,
            interface: 0,
            link: LinkType::ETHERNET,
            bytes: &bytes[..96],
            original_len: bytes.len(),
        });
        t.frames.push(bytes[..96].to_vec());
    }),
    ("finding.capture.packets_missing", |t| {
        open(t);
        t.s(A, 4501, 1001, &[1; 100]);
        t.ms(1).c(A, 1001, 4801, b"");
    }),
    ("finding.capture.one_direction", |t| {
        t.c(A, 1001, 4501, b"");
        t.ms(1).c(A, 1001, 5501, b"");
        t.ms(1).c(A, 1001, 6501, b"");
    }),
    ("finding.tcp.unanswered", |t| {
        t.c(S, 1000, 0, b"");
        t.ms(1000).c(S, 1000, 0, b"");
        t.ms(2000).c(S, 1000, 0, b"");
    }),
    ("finding.tcp.refused", |t| {
        t.c(S, 1000, 0, b"");
        t.ms(20).s(R | A, 0, 1001, b"");
    }),
    ("finding.tcp.syn_lost", |t| {
        t.c(S, 1000, 0, b"");
        t.ms(1000);
        exchange(t, GET, 1, b"HTTP/1.1 204 No Content\r\n\r\n");
    }),
    ("finding.tcp.syn_ack_repeated", |t| {
        t.c(S, 1000, 0, b"");
        t.s(S | A, 4500, 1001, b"");
        t.ms(1000).s(S | A, 4500, 1001, b"");
        t.ms(2000).s(S | A, 4500, 1001, b"");
    }),
    ("finding.tcp.no_use", |t| {
        open(t);
        close(t, 1001, 4501);
    }),
    ("finding.tcp.syn_in_connection", |t| {
        open(t);
        t.c(P, 1001, 4501, GET);
        t.ms(1).c(S, 9000, 0, b"");
        t.ms(20).s(A, 4501, 1042, b"");
    }),
    ("finding.tcp.mtu_black_hole", |t| {
        open(t);
        t.c(P, 1001, 4501, GET);
        t.ms(20).s(A, 4501, 1042, b"");
        t.s(A, 4501, 1042, &[1; 1448]);
        for wait in [250, 500, 1000] {
            t.ms(wait).s(A, 4501, 1042, &[1; 1448]);
        }
    }),
    ("finding.tcp.timeout", |t| {
        open(t);
        t.c(P, 1001, 4501, GET);
        t.ms(250).c(P, 1001, 4501, GET);
        t.ms(20).s(A, 4501, 1042, b"");
    }),
    ("finding.tcp.tail_loss", |t| {
        open(t);
        data(t, 4501, 0..5, 9);
        t.ms(20).c(A, 1001, 8501, b"");
        t.ms(41).s(P, 8501, 1001, &[1; 1000]);
        t.ms(20).c(A, 1001, 9501, b"");
    }),
    ("finding.tcp.loss", |t| {
        open(t);
        data(t, 4501, 0..6, 1);
        t.ms(20).c(A, 1001, 5501, b"");
        for _ in 0..4 {
            t.c(A, 1001, 5501, b"");
        }
        t.ms(1).s(A, 5501, 1001, &[1; 1000]);
        t.ms(20).c(A, 1001, 10501, b"");
    }),
    ("finding.tcp.spurious", |t| {
        open(t);
        data(t, 4501, 0..3, 9);
        t.ms(20).c(A, 1001, 7501, b"");
        t.ms(1).s(A, 4501, 1001, &[0; 1000]);
        t.ms(20).c(A, 1001, 7501, b"");
    }),
    ("finding.tcp.reordering", |t| {
        open(t);
        for at in [0, 2, 1, 4, 3] {
            t.s(A, 4501 + at * 1000, 1001, &[1; 1000]);
        }
        t.ms(20).c(A, 1001, 9501, b"");
    }),
    ("finding.tcp.damaged", |t| {
        open(t);
        t.s(A, 4501, 1001, &[1; 100]);
        let mut bad = t.frames.last().unwrap().clone();
        *bad.last_mut().unwrap() ^= 4;
        t.ms(1).push(bad);
        t.ms(20).c(A, 1001, 4601, b"");
    }),
    ("finding.tcp.conflicting_data", |t| {
        open(t);
        t.s(A, 4501, 1001, &[1; 100]);
        t.ms(1).s(A, 4501, 1001, &[2; 100]);
        t.ms(20).c(A, 1001, 4601, b"");
    }),
    ("finding.tcp.congestion_marked", |t| {
        open(t);
        t.s(A, 4501, 1001, &[1; 100]);
        t.ms(20).c(A | Flags::ECE, 1001, 4601, b"");
    }),
    ("finding.tcp.zero_window", |t| {
        open(t);
        data(t, 4501, 0..3, 9);
        t.window = 0;
        t.ms(20).c(A, 1001, 7501, b"");
        t.window = 65535;
        t.ms(3000).c(A, 1001, 7501, b"");
        t.ms(20).s(A, 7501, 1001, &[1; 1000]);
    }),
    ("finding.tcp.window_limited", |t| {
        t.window = 4000;
        open(t);
        let mut from = 4501;
        for _ in 0..5 {
            data(t, from, 0..4, 9);
            from += 4000;
            t.ms(20).c(A, 1001, from, b"");
        }
    }),
    ("finding.tcp.nagle_delayed_ack", |t| {
        open(t);
        t.c(P, 1001, 4501, &[b'h'; 200]);
        t.ms(60).s(A, 4501, 1201, b"");
        t.c(P, 1201, 4501, &[b'b'; 300]);
        t.ms(20).s(A, 4501, 1501, b"");
    }),
    ("finding.tcp.delayed_ack", |t| {
        open(t);
        t.s(A, 4501, 1001, &[1; 1448]);
        t.ms(40).c(A, 1001, 5949, b"");
        t.ms(20).s(A, 5949, 1001, &[1; 1448]);
        t.s(A, 7397, 1001, &[1; 1448]);
        t.c(A, 1001, 8845, b"");
    }),
    ("finding.tcp.bufferbloat", |t| {
        open(t);
        let mut acked = 4501;
        for i in 0..12u32 {
            t.s(A, 4501 + i * 2000, 1001, &[1; 1000]);
            t.s(A, 5501 + i * 2000, 1001, &[1; 1000]);
            t.ms(20);
            if i >= 9 {
                t.ms(100);
            }
        }
        for _ in 0..12 {
            acked += 2000;
            t.ms(20).c(A, 1001, acked, b"");
        }
    }),
    ("finding.tls.certificate_expired", |t| {
        tls(t, &[certificate("A CA", "site", "www.example.com", "250601000000Z")], Some(45));
    }),
    ("finding.tls.name_mismatch", |t| tls(t, &[certificate("A CA", "site", "other.example", GOOD)], Some(42))),
    ("finding.tls.missing_intermediate", |t| {
        tls(t, &[certificate("A CA", "site", "www.example.com", GOOD)], Some(48));
    }),
    ("finding.tls.self_signed", |t| tls(t, &[certificate("site", "site", "www.example.com", GOOD)], Some(48))),
    ("finding.tls.untrusted_issuer", |t| {
        let chain =
            [certificate("A CA", "site", "www.example.com", GOOD), certificate("Root", "A CA", "ca.example", GOOD)];
        tls(t, &chain, Some(48));
    }),
    ("finding.tls.no_common_version", |t| tls_refused(t, 70)),
    ("finding.tls.no_common_parameters", |t| tls_refused(t, 40)),
    ("finding.tls.unknown_name", |t| tls_refused(t, 112)),
    ("finding.tls.alert", |t| tls_refused(t, 80)),
    ("finding.tls.no_answer", |t| {
        t.ports.1 = 443;
        open(t);
        let hello = client_hello(&[]);
        t.c(P, 1001, 4501, &hello);
        t.ms(20).s(A, 4501, 1001 + hello.len() as u32, b"");
        t.ms(5000).c(F | A, 1001 + hello.len() as u32, 4501, b"");
    }),
    ("finding.tls.old_version", |t| {
        t.ports.1 = 443;
        open(t);
        let hello = client_hello(&[]);
        t.c(P, 1001, 4501, &hello);
        t.ms(20).s(P, 4501, 1001 + hello.len() as u32, &server_hello([3, 1], [9; 32], [0xc0, 0x13], &[]));
    }),
    ("finding.tls.retried", |t| {
        t.ports.1 = 443;
        open(t);
        let hello = client_hello(&extension(43, &[2, 3, 4]));
        t.c(P, 1001, 4501, &hello);
        let c = 1001 + hello.len() as u32;
        let chosen = [extension(43, &[3, 4]), extension(51, &[0, 23])].concat();
        let retry = server_hello([3, 3], RETRY, [0x13, 0x01], &chosen);
        t.ms(20).s(P, 4501, c, &retry);
        t.c(P, c, 4501 + retry.len() as u32, &hello);
        let answer = server_hello([3, 3], [9; 32], [0x13, 0x01], &chosen);
        t.ms(20).s(P, 4501 + retry.len() as u32, c + hello.len() as u32, &answer);
    }),
    ("finding.tls.not_resumed", |t| {
        t.ports.1 = 443;
        open(t);
        let identity = [&with_len(2, b"ticket")[..], &[0, 0, 0, 1]].concat();
        let offer = [with_len(2, &identity), with_len(2, &with_len(1, &[5; 32]))].concat();
        let hello = client_hello(&[extension(43, &[2, 3, 4]), extension(45, &[1, 1]), extension(41, &offer)].concat());
        t.c(P, 1001, 4501, &hello);
        let share = extension(51, &[&[0, 29][..], &with_len(2, &[3; 32])].concat());
        let answer = server_hello([3, 3], [9; 32], [0x13, 0x01], &[extension(43, &[3, 4]), share].concat());
        t.ms(20).s(P, 4501, 1001 + hello.len() as u32, &answer);
    }),
    ("finding.http.server_error", |t| {
        exchange(t, GET, 1, b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    }),
    ("finding.http.client_error", |t| exchange(t, GET, 1, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")),
    ("finding.http.no_response", |t| {
        open(t);
        t.c(P, 1001, 4501, GET);
        t.ms(20).s(A, 4501, 1042, b"");
        t.ms(10).s(F | A, 4501, 1042, b"");
        t.c(F | A, 1042, 4502, b"");
        t.ms(20).s(A, 4502, 1043, b"");
    }),
    ("finding.http.truncated", |t| exchange(t, GET, 1, b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly this")),
    ("finding.http.malformed", |t| {
        exchange(t, GET, 1, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nno chunk\r\n");
    }),
    ("finding.http.smuggling", |t| {
        let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        exchange(t, request, 1, b"HTTP/1.1 204 No Content\r\n\r\n");
    }),
    ("finding.http.slow_server", |t| exchange(t, GET, 2000, b"HTTP/1.1 204 No Content\r\n\r\n")),
    ("finding.http.redirect", |t| {
        exchange(
            t,
            GET,
            1,
            b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://www.example.com/\r\nContent-Length: 0\r\n\r\n",
        );
    }),
    ("finding.http.redirect_chain", |t| {
        let moved = |to: &str| format!("HTTP/1.1 301 Moved Permanently\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        exchange(t, GET, 1, moved("http://www.example.com/home").as_bytes());
        t.ports.0 += 1;
        exchange(t, b"GET /home HTTP/1.1\r\nHost: www.example.com\r\n\r\n", 1, moved("/home/").as_bytes());
        t.ports.0 += 1;
        exchange(t, b"GET /home/ HTTP/1.1\r\nHost: www.example.com\r\n\r\n", 1, b"HTTP/1.1 204 No Content\r\n\r\n");
    }),
    ("finding.http.no_keep_alive", |t| {
        for port in 0..5 {
            t.ports.0 = 49152 + port;
            exchange(t, GET, 1, b"HTTP/1.1 204 No Content\r\n\r\n");
        }
    }),
    ("finding.http.uncompressed", |t| {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br\r\n\r\n";
        let mut response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20000\r\n\r\n".to_vec();
        response.extend([b'a'; 20_000]);
        exchange(t, request, 1, &response);
    }),
    ("finding.tcp.forged_reset", |t| {
        open(t);
        t.c(P, 1001, 4501, GET);
        t.ttl = 57;
        t.ms(3).s(R, 4501, 0, b"");
    }),
    ("finding.tcp.idle_reset", |t| {
        exchange_open(t);
        t.ms(600_000).c(P, 1042, 4528, GET);
        t.ms(20).s(R, 4528, 0, b"");
    }),
    ("finding.tcp.server_reset", |t| {
        cut_short(t);
        t.ms(10).s(R | A, 4544, 1042, b"");
    }),
    ("finding.tcp.client_reset", |t| {
        cut_short(t);
        t.ms(10).c(R | A, 1042, 4544, b"");
    }),
    ("finding.tcp.half_closed", |t| {
        exchange_open(t);
        t.c(F | A, 1042, 4528, b"");
        t.ms(20).s(A, 4528, 1043, b"");
        dns_later(t);
    }),
    ("finding.tcp.dead_peer", |t| {
        exchange_open(t);
        for _ in 0..4 {
            t.ms(75_000).c(A, 1041, 4528, b"");
        }
    }),
];

/// A request and its answer; the connection stays open.
fn exchange_open(t: &mut Tape) {
    open(t);
    t.c(P, 1001, 4501, GET);
    t.ms(20).s(P, 4501, 1042, b"HTTP/1.1 204 No Content\r\n\r\n");
    t.c(A, 1042, 4528, b"");
}

/// A request and the beginning of its answer.
fn cut_short(t: &mut Tape) {
    open(t);
    t.c(P, 1001, 4501, GET);
    t.ms(20).s(P, 4501, 1042, b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc");
    t.c(A, 1042, 4544, b"");
}

/// Something else, a while later.
fn dns_later(t: &mut Tape) {
    t.ms(10_000);
    dns(t, 10, |_| {});
}

#[test]
fn each_kind_is_named_first_on_a_capture_that_has_it() {
    let mut wrong = Vec::new();
    for (id, make) in EXAMPLES {
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
        assert!(EXAMPLES.iter().any(|(example, _)| example == id), "{id} has no example");
    }
    for card in findings::cards() {
        assert!(card.advice.len() > 40 && card.advice.ends_with(['.', ')']), "{}", card.id);
        assert!(!card.line.ends_with('.') && !card.title.ends_with('.'), "{}", card.id);
    }
}

#[test]
fn a_healthy_exchange_has_no_finding() {
    let mut t = Tape::new();
    dns(&mut t, 30, |_| {});
    exchange(&mut t, GET, 5, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let found = found(&t);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_list_in_the_documents_is_this_one() {
    let mut text = String::from(
        "# Findings\n\nWhat `wirescope open FILE` can find, each with what it said of a small capture made for it. `wirescope explain ID`\n\
         prints one of them. Failures come first, then what cost most time. This page is made by a test from the code.\n",
    );
    for card in findings::cards() {
        let (_, make) = EXAMPLES.iter().find(|(id, _)| *id == card.id).unwrap();
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
