//! ICMP: RFC 792, RFC 1122 §3.2.2, RFC 1812 §4.3.

use host::PingResult;
use tcp::Errno;
use wire::ipv4::{Header, Protocol};
use wire::{Body, Sum};

use crate::lab::{Lab, addr, frame, mac};

#[test]
fn ping() {
    let mut lab = Lab::pair();
    let id = lab.with(0, |h, _| h.ping_open()).unwrap();
    let data = Body::from((0..56).collect::<Vec<u8>>());
    lab.with(0, |h, cx| h.ping_send(id, addr("10.0.0.2"), 7, data.clone(), None, cx)).unwrap();
    assert_eq!(lab.with(0, |h, _| h.ping_recv(id)).unwrap_err(), Errno::WouldBlock);
    lab.run(10);
    assert!(lab.woken.contains(&(0, id)));
    let answer = lab.with(0, |h, _| h.ping_recv(id)).unwrap();
    assert_eq!((answer.from, answer.sequence, answer.kind), (addr("10.0.0.2").into(), 7, PingResult::Reply));
    assert_eq!((answer.data, answer.ttl), (data, 64));
    assert_eq!(lab.count("icmp.echo"), 1);
}

#[test]
fn a_large_ping_goes_and_comes_in_fragments() {
    let mut lab = Lab::pair();
    let id = lab.with(0, |h, _| h.ping_open()).unwrap();
    let data = Body::from((0..5000).map(|i| i as u8).collect::<Vec<u8>>());
    lab.with(0, |h, cx| h.ping_send(id, addr("10.0.0.2"), 1, data.clone(), None, cx)).unwrap();
    lab.run(10);
    assert_eq!(lab.with(0, |h, _| h.ping_recv(id)).unwrap().data, data);
    assert_eq!(lab.count("ip.fragmented"), 2);
}

#[test]
fn a_ping_to_oneself() {
    let mut lab = Lab::pair();
    let id = lab.with(0, |h, _| h.ping_open()).unwrap();
    lab.with(0, |h, cx| h.ping_send(id, addr("127.0.0.1"), 1, Body::empty(), None, cx)).unwrap();
    lab.run(1);
    assert_eq!(lab.with(0, |h, _| h.ping_recv(id)).unwrap().from, addr("127.0.0.1"));
    assert!(lab.said.is_empty());
}

#[test]
fn pings_that_are_not_answered() {
    let mut lab = Lab::pair();
    let echo = |dst: &str| {
        let mut message = vec![8, 0, 0, 0, 0, 1, 0, 1];
        let sum = Sum::of(&message).checksum();
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        let to = if dst == "10.0.0.2" { mac(2) } else { wire::MacAddr::BROADCAST };
        (frame(mac(1), to, Header::new(addr("10.0.0.1"), addr(dst), Protocol::ICMP, 8), &message), message)
    };
    // To all: Linux ignores it (RFC 1122 §3.2.2.6 allows that).
    lab.inject(1, 0, echo("255.255.255.255").0);
    lab.inject(1, 0, echo("10.0.0.255").0);
    // With a wrong checksum.
    let header = Header::new(addr("10.0.0.1"), addr("10.0.0.2"), Protocol::ICMP, 8);
    let mut wrong = echo("10.0.0.2").1;
    wrong[7] ^= 1;
    lab.inject(1, 0, frame(mac(1), mac(2), header, &wrong));
    lab.run(10);
    assert!(lab.said.is_empty());
    lab.inject(1, 0, echo("10.0.0.2").0);
    lab.run(10);
    assert_eq!(lab.sent(1, |p| p.arp).len(), 1, "the answer asks for the way");
}

#[test]
fn no_error_about_an_error_nor_about_what_was_for_all_nor_about_a_later_fragment() {
    let mut lab = Lab::pair();
    // An ICMP error to a host that did not send the packet that it quotes, and in a protocol that is not spoken.
    let sctp = |fragment_offset, dst: &str| Header {
        fragment_offset,
        ..Header::new(addr("10.0.0.1"), addr(dst), Protocol::SCTP, 12)
    };
    let mut error = vec![3, 2, 0, 0, 0, 0, 0, 0];
    error.extend_from_slice(&frame(mac(1), mac(2), sctp(0, "10.0.0.9"), &[0; 12]).to_vec()[14..]);
    let sum = Sum::of(&error).checksum();
    error[2..4].copy_from_slice(&sum.to_be_bytes());
    let icmp = Header::new(addr("10.0.0.1"), addr("10.0.0.2"), Protocol::ICMP, error.len());
    lab.inject(1, 0, frame(mac(1), mac(2), icmp, &error));
    lab.inject(1, 0, frame(mac(1), wire::MacAddr::BROADCAST, sctp(0, "10.0.0.255"), &[0; 12]));
    lab.inject(1, 0, frame(mac(1), wire::MacAddr::BROADCAST, sctp(0, "10.0.0.2"), &[0; 12]));
    lab.run(10);
    assert!(lab.said.is_empty(), "{:?}", lab.lines());
}

#[test]
fn errors_are_limited() {
    let mut lab = Lab::pair();
    let header = Header::new(addr("10.0.0.1"), addr("10.0.0.2"), Protocol::SCTP, 12);
    let burst = |lab: &mut Lab, n: usize| {
        let before = lab.sent(1, |p| p.icmp()).len();
        (0..n).for_each(|_| lab.inject(1, 0, frame(mac(1), mac(2), header, &[0; 12])));
        lab.run(10);
        lab.sent(1, |p| p.icmp()).len() - before
    };
    assert_eq!(burst(&mut lab, 20), 6, "six at once");
    lab.run(1_000);
    assert_eq!(burst(&mut lab, 20), 1, "and one a second");
    assert_eq!(lab.count("icmp.limited"), 14 + 19);
}
