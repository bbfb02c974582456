//! What the captures are made of.

use wire::dhcp::Op;
use wire::dns::Question;

use super::*;

pub(super) const GATEWAY: [u8; 4] = [10, 0, 1, 1];
pub(super) const P: Flags = Flags(Flags::PSH.0 | Flags::ACK.0);

/// A handshake of 20 ms; the next numbers are 1001 and 4501.
pub(super) fn open(t: &mut Tape) {
    t.c(S, 1000, 0, b"");
    t.ms(20).s(S | A, 4500, 1001, b"");
    t.c(A, 1001, 4501, b"");
}

/// Client first: 1 ms for the client, 20 for the server.
pub(super) fn close(t: &mut Tape, client: u32, server: u32) {
    t.ms(1).c(F | A, client, server, b"");
    t.ms(20).s(F | A, server, client + 1, b"");
    t.c(A, client + 1, server + 1, b"");
}

pub(super) const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";

/// A request and its answer on a connection of its own.
pub(super) fn exchange(t: &mut Tape, request: &[u8], wait_ms: i64, response: &[u8]) {
    open(t);
    let (c, s) = (1001 + request.len() as u32, 4501 + response.len() as u32);
    t.c(P, 1001, 4501, request);
    t.ms(20).s(A, 4501, c, b"");
    t.ms(wait_ms).s(P, 4501, c, response);
    t.c(A, c, s, b"");
    close(t, c, s);
}

pub(super) fn dns(t: &mut Tape, wait_ms: i64, change: impl Fn(&mut Message)) {
    let query = Message::query(7, Question::new("www.example.com".parse().unwrap(), Type::A));
    let mut response = Message::response_to(&query);
    response.recursion_available = true;
    response.answers.push(ResourceRecord::new("www.example.com".parse().unwrap(), 300, RData::A(SERVER.into())));
    change(&mut response);
    t.push(udp((CLIENT, 5000), (GATEWAY, 53), &query.encode()));
    t.ms(wait_ms).push(udp((GATEWAY, 53), (CLIENT, 5000), &response.encode()));
}

pub(super) fn dns_query(t: &mut Tape) {
    dns_query_to(t, (GATEWAY, 53));
}

pub(super) fn dns_query_to(t: &mut Tape, server: ([u8; 4], u16)) {
    let query = Message::query(7, Question::new("www.example.com".parse().unwrap(), Type::A));
    t.push(udp((CLIENT, 5000), server, &query.encode()));
}

pub(super) fn dhcp(t: &mut Tape, kind: MessageType) {
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
pub(super) fn icmp_error(t: &mut Tape, kind: u8, code: u8) {
    let quoted = t.frames.last().unwrap()[14..].to_vec();
    let mut message = vec![kind, code, 0, 0, 0, 0, 5, 0];
    message.extend_from_slice(&quoted[..quoted.len().min(28)]);
    let sum = Sum::of(&message).checksum();
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    t.push(ethernet(EtherType::IPV4, &ip_packet(GATEWAY, CLIENT, 1, &message)));
}

pub(super) fn echo(t: &mut Tape, number: u8) {
    let mut message = vec![8, 0, 0, 0, 0, 9, 0, number];
    let sum = Sum::of(&message).checksum();
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    t.push(ethernet(EtherType::IPV4, &ip_packet(CLIENT, SERVER, 1, &message)));
}

/// Segments of 1000 bytes from the server, in order, `gap` left out.
pub(super) fn data(t: &mut Tape, from: u32, numbers: std::ops::Range<u32>, gap: u32) {
    for i in numbers.filter(|&i| i != gap) {
        t.s(A, from + i * 1000, 1001, &[i as u8; 1000]);
    }
}

/// A request and its answer; the connection stays open.
pub(super) fn exchange_open(t: &mut Tape) {
    open(t);
    t.c(P, 1001, 4501, GET);
    t.ms(20).s(P, 4501, 1042, b"HTTP/1.1 204 No Content\r\n\r\n");
    t.c(A, 1042, 4528, b"");
}

/// A request and the beginning of its answer.
pub(super) fn cut_short(t: &mut Tape) {
    open(t);
    t.c(P, 1001, 4501, GET);
    t.ms(20).s(P, 4501, 1042, b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc");
    t.c(A, 1042, 4544, b"");
}

/// Something else, a while later.
pub(super) fn dns_later(t: &mut Tape) {
    t.ms(10_000);
    dns(t, 10, |_| {});
}

/// An IPv6 packet from the client, or towards it, of `protocol`, its checksum right.
pub(super) fn ipv6(from_client: bool, protocol: u8, mut payload: Vec<u8>) -> Vec<u8> {
    let (here, there) = ("2001:db8::5".parse::<std::net::Ipv6Addr>().unwrap(), "2001:db8:2::10".parse().unwrap());
    let (src, dst): (_, std::net::Ipv6Addr) = if from_client { (here, there) } else { (there, here) };
    let at = if protocol == 17 { 6 } else { 2 };
    let sum = wire::pseudo_header(src.into(), dst.into(), protocol, payload.len()).then(Sum::of(&payload));
    payload[at..at + 2].copy_from_slice(&sum.checksum().to_be_bytes());
    let mut out = vec![0x60, 0, 0, 0];
    out.extend((payload.len() as u16).to_be_bytes());
    out.extend([protocol, 255]);
    out.extend(src.octets().into_iter().chain(dst.octets()));
    out.extend(payload);
    ethernet(EtherType::IPV6, &out)
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
pub(super) fn http2_frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The client's preface and SETTINGS, and a GET on stream 1.
pub(super) fn http2_request() -> Vec<u8> {
    let get = http2_frame(1, 5, 1, &[0x82, 0x84, 0x86]);
    [wire::http2::PREFACE, &http2_frame(4, 0, 0, &[]), &get].concat()
}
