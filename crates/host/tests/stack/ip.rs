//! What is accepted as a packet: RFC 1122 §3.2.1, RFC 791.

use base::Instant;
use host::UdpOptions;
use wire::ipv4::{Header, Protocol};
use wire::{MacAddr, Packet, Sum};

use crate::lab::{Lab, addr, at, frame, mac};

/// A datagram from 10.0.0.1:5000 to 10.0.0.2:53 that says "hi", without a checksum.
const DATAGRAM: [u8; 10] = [0x13, 0x88, 0, 53, 0, 10, 0, 0, b'h', b'i'];

fn header() -> Header {
    Header::new(addr("10.0.0.1"), addr("10.0.0.2"), Protocol::UDP, DATAGRAM.len())
}

/// Whether host b delivers a frame's message to the program on port 53.
fn delivers(frame: Packet) -> bool {
    let mut lab = Lab::pair();
    let id = lab.with(1, |h, cx| h.udp_bind(at("0.0.0.0:53"), UdpOptions::default(), cx)).unwrap();
    lab.inject(1, 0, frame);
    let delivered = lab.with(1, |h, cx| h.udp_recv_from(id, cx)).is_ok();
    assert!(delivered || lab.said.is_empty(), "what is not delivered is not answered");
    delivered
}

/// The frame with some bytes of its IP header replaced, and the checksum right again.
fn changed(at: usize, bytes: &[u8]) -> Packet {
    let mut raw = frame(mac(1), mac(2), header(), &DATAGRAM).to_vec();
    raw[14 + at..14 + at + bytes.len()].copy_from_slice(bytes);
    raw[24..26].fill(0);
    let len = usize::from(raw[14] & 15) * 4;
    let sum = Sum::of(&raw[14..(14 + len).min(raw.len())]).checksum();
    raw[24..26].copy_from_slice(&sum.to_be_bytes());
    Packet::from_bytes(raw.into())
}

#[test]
fn a_valid_packet_with_padding_is_delivered() {
    assert!(delivers(frame(mac(1), mac(2), header(), &DATAGRAM)));
    let mut padded = frame(mac(1), mac(2), header(), &DATAGRAM).to_vec();
    padded.resize(60, 0xaa);
    assert!(delivers(Packet::from_bytes(padded.into())), "IEEE 802.3 pads to 60 bytes");
}

#[test]
fn headers_that_are_wrong_are_discarded_silently() {
    assert!(delivers(changed(0, &[0x45])), "the helper changes nothing else");
    for (what, at, bytes) in [
        ("version 6", 0, &[0x65][..]),
        ("4 words", 0, &[0x44]),
        ("longer than the packet", 2, &[0, 200]),
        ("shorter than its header", 2, &[0, 19]),
        ("from a group", 12, &[224, 0, 0, 5]),
        ("from all", 12, &[255, 255, 255, 255]),
        ("from a loopback address", 12, &[127, 0, 0, 1]),
        ("from class E", 12, &[240, 0, 0, 1]),
        ("from nobody", 12, &[0, 0, 0, 0]),
        ("from the receiver itself", 12, &[10, 0, 0, 2]),
        ("for a loopback address", 16, &[127, 0, 0, 1]),
        ("for somebody else", 16, &[10, 0, 0, 3]),
        ("for a group", 16, &[224, 0, 0, 251]),
    ] {
        assert!(!delivers(changed(at, bytes)), "{what}");
    }
    let mut wrong = frame(mac(1), mac(2), header(), &DATAGRAM).to_vec();
    wrong[24] ^= 1;
    assert!(!delivers(Packet::from_bytes(wrong.into())), "RFC 1122 §3.2.1.2: the checksum");
    for len in [0, 13, 14, 20, 33, 34, 40] {
        let short = frame(mac(1), mac(2), header(), &DATAGRAM).to_vec()[..len].to_vec();
        assert!(!delivers(Packet::from_bytes(short.into())), "cut to {len}");
    }
}

#[test]
fn frames_for_others_are_not_for_us() {
    for (to, delivered) in [(mac(2), true), (mac(3), false), (MacAddr::BROADCAST, true)] {
        assert_eq!(delivers(frame(mac(1), to, header(), &DATAGRAM)), delivered, "{to}");
    }
    let from_group = frame(MacAddr([1, 0, 0x5e, 0, 0, 1]), mac(2), header(), &DATAGRAM);
    assert!(!delivers(from_group));
}

#[test]
fn options_are_tolerated() {
    let mut with_options = header();
    with_options.ihl = 7;
    let mut payload = vec![1, 1, 1, 1, 7, 3, 4, 0]; // no-operations and a record route
    payload.extend_from_slice(&DATAGRAM);
    let mut raw = frame(mac(1), mac(2), Header { ihl: 5, ..with_options }, &payload).to_vec();
    raw[14] = 0x47;
    raw[24..26].fill(0);
    let sum = Sum::of(&raw[14..42]).checksum();
    raw[24..26].copy_from_slice(&sum.to_be_bytes());
    assert!(delivers(Packet::from_bytes(raw.into())));
}

#[test]
fn a_protocol_that_nobody_speaks_is_unreachable() {
    let mut lab = Lab::pair();
    let header = Header::new(addr("10.0.0.1"), addr("10.0.0.2"), Protocol::SCTP, 12);
    lab.inject(1, 0, frame(mac(1), mac(2), header, &[0; 12]));
    lab.run(10);
    let answers = lab.sent(1, |p| p.icmp().map(|icmp| (icmp.kind.0, icmp.code)));
    assert_eq!(answers, [(3, 2)], "RFC 1122 §3.2.2.1: protocol unreachable");
}

#[test]
fn fragments_come_in_any_order_and_not_for_ever() {
    let mut lab = Lab::pair();
    let id = lab.with(1, |h, cx| h.udp_bind(at("0.0.0.0:53"), UdpOptions::default(), cx)).unwrap();
    let mut whole = vec![0x13, 0x88, 0, 53, 0, 24, 0, 0];
    whole.extend_from_slice(b"0123456789abcdef");
    let piece = |offset: u16, more: bool, data: &[u8]| {
        let fragment =
            Header { fragment_offset: offset, more_fragments: more, dont_fragment: false, id: 77, ..header() };
        frame(mac(1), mac(2), fragment, data)
    };
    lab.inject(1, 0, piece(2, false, &whole[16..]));
    lab.inject(1, 0, piece(0, true, &whole[..8]));
    lab.inject(1, 0, piece(1, true, &whole[8..16]));
    let got = lab.with(1, |h, cx| h.udp_recv_from(id, cx)).unwrap();
    assert_eq!(got.data.to_bytes().as_ref(), b"0123456789abcdef");

    // The first is there, the rest never comes: after 30 s its sender is told (RFC 792, code 1).
    lab.inject(1, 0, piece(0, true, &whole[..8]));
    lab.run_until(Instant::from_millis(29_999));
    assert!(lab.sent(1, |p| p.icmp()).is_empty());
    lab.run(100);
    assert_eq!(lab.sent(1, |p| p.icmp().map(|icmp| (icmp.kind.0, icmp.code))), [(11, 1)]);
    // The first never came: nobody is told.
    lab.inject(1, 0, piece(1, true, &whole[8..16]));
    lab.run(40_000);
    assert_eq!(lab.sent(1, |p| p.icmp()).len(), 1);
    assert_eq!(lab.count("ip.reassembly_timeout"), 2);
    let timeout = lab.trace().events.iter().find(|event| event.kind.id == "ip.reassembly_timeout").unwrap();
    assert_eq!(timeout.at, Instant::from_millis(30_000));
}
