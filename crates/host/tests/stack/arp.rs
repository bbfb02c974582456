//! ARP: RFC 826, RFC 1122 §2.3.2, RFC 5227.

use base::{Duration, Instant};
use host::{InterfaceId, NeighbourState, UdpOptions};
use tcp::Errno;
use wire::arp::{Hardware, Header, Operation};
use wire::ethernet::EtherType;
use wire::{Body, MacAddr, Packet};

use crate::lab::{Lab, addr, at, mac};

fn message(operation: Operation, sender: (MacAddr, &str), target: (MacAddr, &str), to: MacAddr) -> Packet {
    let mut packet = Packet::new(Body::empty());
    Header {
        hardware: Hardware::ETHERNET,
        protocol: EtherType::IPV4,
        hardware_len: 6,
        protocol_len: 4,
        operation,
        sender_mac: sender.0,
        sender_ip: addr(sender.1),
        target_mac: target.0,
        target_ip: addr(target.1),
    }
    .write(packet.push(Header::LEN));
    let ethernet = wire::ethernet::Header { dst: to, src: sender.0, ethertype: EtherType::ARP };
    ethernet.write(packet.push(wire::ethernet::Header::LEN));
    packet
}

fn say(lab: &mut Lab, host: usize, to: &str) -> Result<(), Errno> {
    let id = lab.with(host, |h, cx| h.udp_bind(at("0.0.0.0:0"), UdpOptions::default(), cx)).expect("a socket");
    lab.with(host, |h, cx| h.udp_send_to(id, Body::from(b"hello".as_slice()), at(to), cx))
}

fn state(lab: &Lab, host: usize, address: &str) -> Option<NeighbourState> {
    lab.hosts[host].neighbour_table(lab.now).into_iter().find(|row| row.address == addr(address)).map(|row| row.state)
}

#[test]
fn the_first_packet_waits_for_an_answer_and_both_sides_learn() {
    let mut lab = Lab::pair();
    lab.with(1, |h, cx| h.udp_bind(at("10.0.0.2:53"), UdpOptions::default(), cx)).unwrap();
    say(&mut lab, 0, "10.0.0.2:53").unwrap();
    lab.run(10);
    let lines = lab.lines();
    assert_eq!(lines[..2], ["a: ARP 10.0.0.1 asks for 10.0.0.2", "b: ARP 10.0.0.2 tells 10.0.0.1"]);
    assert!(lines[2].starts_with("a: 10.0.0.1:") && lines[2].ends_with("10.0.0.2:53 UDP 5"), "{}", lines[2]);
    assert_eq!(lines.len(), 3);
    let asked = crate::lab::parse(&lab.said[0].frame);
    assert_eq!((asked.ethernet.dst, asked.arp.unwrap().target_mac), (MacAddr::BROADCAST, MacAddr::ZERO));
    // RFC 826: the one who is asked learns from the question; the one who asked has an answer.
    assert_eq!(state(&lab, 0, "10.0.0.2"), Some(NeighbourState::Reachable));
    assert_eq!(state(&lab, 1, "10.0.0.1"), Some(NeighbourState::Stale));
    // Why the packet left: because the answer came; and it serves the program's message.
    let left = lab.trace().event(lab.said[2].event).unwrap();
    assert_eq!(left.kind.id, "arp.released");
    assert_eq!(lab.trace().event(left.cause).unwrap().kind.id, "arp.learned");
    assert_eq!(lab.trace().event(left.because.unwrap()).unwrap().kind.id, "udp.sent");
}

#[test]
fn nobody_answers_three_questions_a_second_apart_then_the_sender_is_told() {
    let mut lab = Lab::pair();
    let id = lab.with(0, |h, cx| h.udp_bind(at("0.0.0.0:0"), UdpOptions::default(), cx)).unwrap();
    lab.with(0, |h, _| h.udp_connect(id, at("10.0.0.77:9"))).unwrap();
    lab.with(0, |h, cx| h.udp_send(id, Body::empty(), cx)).unwrap();
    lab.run(5_000);
    let asked: Vec<Instant> = lab.said.iter().map(|said| said.at).collect();
    assert_eq!(asked, [Instant::ZERO, Instant::from_millis(1_000), Instant::from_millis(2_000)]);
    assert_eq!(state(&lab, 0, "10.0.0.77"), Some(NeighbourState::Failed));
    // RFC 1122 §3.3.1.4, §4.1.3.3: the program learns of it.
    assert_eq!(lab.with(0, |h, cx| h.udp_recv_from(id, cx)).unwrap_err(), Errno::HostUnreachable);
    assert_eq!(lab.with(0, |h, cx| h.udp_recv_from(id, cx)).unwrap_err(), Errno::WouldBlock);
}

#[test]
fn only_so_many_packets_wait() {
    let mut lab = Lab::pair();
    lab.filter = Some(Box::new(|_| false));
    for _ in 0..300 {
        say(&mut lab, 0, "10.0.0.2:53").unwrap();
    }
    assert_eq!(lab.count("ip.discarded"), 300 - 101, "Linux keeps 101");
}

#[test]
fn a_stale_entry_is_used_and_asked_about_by_unicast() {
    let mut lab = Lab::pair();
    lab.with(1, |h, cx| h.udp_bind(at("10.0.0.2:53"), UdpOptions::default(), cx)).unwrap();
    say(&mut lab, 0, "10.0.0.2:53").unwrap();
    lab.run(60_000);
    assert_eq!(state(&lab, 0, "10.0.0.2"), Some(NeighbourState::Stale), "at most 45 s after the answer");
    let before = lab.said.len();
    say(&mut lab, 0, "10.0.0.2:53").unwrap();
    assert_eq!(state(&lab, 0, "10.0.0.2"), Some(NeighbourState::Delay));
    lab.run(6_000);
    let lines = &lab.lines()[before..];
    assert!(lines[0].ends_with("UDP 5"), "the packet does not wait");
    assert_eq!(lines[1..], ["a: ARP 10.0.0.1 asks for 10.0.0.2", "b: ARP 10.0.0.2 tells 10.0.0.1"]);
    let asked = &lab.said[before + 1];
    assert_eq!(asked.at, Instant::from_millis(65_000));
    assert_eq!(crate::lab::parse(&asked.frame).ethernet.dst, mac(2), "RFC 1122 §2.3.2.1(2)");
    assert_eq!(state(&lab, 0, "10.0.0.2"), Some(NeighbourState::Reachable));
}

#[test]
fn a_neighbour_that_is_gone_is_noticed() {
    let mut lab = Lab::pair();
    say(&mut lab, 0, "10.0.0.2:53").unwrap();
    lab.run(60_000);
    lab.filter = Some(Box::new(|_| false));
    let id = lab.with(0, |h, cx| h.udp_bind(at("0.0.0.0:0"), UdpOptions::default(), cx)).unwrap();
    lab.with(0, |h, cx| h.udp_send_to(id, Body::empty(), at("10.0.0.2:53"), cx)).unwrap();
    lab.run(9_000);
    assert_eq!(state(&lab, 0, "10.0.0.2"), Some(NeighbourState::Failed));
}

#[test]
fn strangers_teach_nothing() {
    let mut lab = Lab::pair();
    // Not asked, not for us, not known: RFC 826 does not add it.
    let overheard = message(Operation::REQUEST, (mac(3), "10.0.0.3"), (MacAddr::ZERO, "10.0.0.4"), MacAddr::BROADCAST);
    lab.inject(0, 0, overheard);
    let volunteered = message(Operation::REPLY, (mac(3), "10.0.0.3"), (mac(4), "10.0.0.4"), MacAddr::BROADCAST);
    lab.inject(0, 0, volunteered);
    // Senders that are no station.
    for (sender, ip) in [
        (MacAddr::BROADCAST, "10.0.0.3"),
        (MacAddr([1, 0, 0x5e, 0, 0, 1]), "10.0.0.3"),
        (MacAddr::ZERO, "10.0.0.3"),
        (mac(3), "255.255.255.255"),
        (mac(3), "224.0.0.1"),
        (mac(3), "127.0.0.1"),
    ] {
        let ethernet = mac(3);
        let mut bogus = message(Operation::REQUEST, (sender, ip), (MacAddr::ZERO, "10.0.0.1"), mac(1));
        bogus.head_mut()[6..12].copy_from_slice(&ethernet.0);
        lab.inject(0, 0, bogus);
    }
    assert!(lab.hosts[0].neighbour_table(lab.now).is_empty());
    assert!(lab.said.is_empty(), "and gets no answer");
}

#[test]
fn a_known_address_moves_with_an_announcement() {
    let mut lab = Lab::pair();
    lab.with(1, |h, cx| h.udp_bind(at("10.0.0.2:53"), UdpOptions::default(), cx)).unwrap();
    say(&mut lab, 0, "10.0.0.2:53").unwrap();
    lab.run(10);
    let moved = message(Operation::REQUEST, (mac(7), "10.0.0.2"), (MacAddr::ZERO, "10.0.0.2"), MacAddr::BROADCAST);
    lab.inject(0, 0, moved);
    let row = lab.hosts[0].neighbour_table(lab.now)[0];
    assert_eq!((row.mac, row.state), (Some(mac(7)), NeighbourState::Stale));
}

#[test]
fn a_probe_finds_out_that_an_address_is_taken() {
    let mut lab = Lab::pair();
    let (free, taken) = (addr("10.0.0.9"), addr("10.0.0.2"));
    lab.with(0, |h, cx| h.probe_address(InterfaceId(0), free, cx));
    lab.run(200);
    assert!(!lab.hosts[0].is_taken(InterfaceId(0), free));
    lab.with(0, |h, cx| h.probe_address(InterfaceId(0), taken, cx));
    lab.run(200);
    assert!(lab.hosts[0].is_taken(InterfaceId(0), taken));
    let probe = crate::lab::parse(&lab.said[0].frame).arp.unwrap();
    assert_eq!((probe.sender_ip, probe.target_ip), (addr("0.0.0.0"), free), "RFC 5227 §2.1.1");
    // The probe taught nobody anything.
    assert!(lab.hosts[1].neighbour_table(lab.now).is_empty());
}

#[test]
fn an_address_is_defended_but_not_more_than_once_in_ten_seconds() {
    let mut lab = Lab::pair();
    let thief = || message(Operation::REQUEST, (mac(7), "10.0.0.1"), (MacAddr::ZERO, "10.0.0.1"), MacAddr::BROADCAST);
    lab.inject(0, 0, thief());
    lab.inject(0, 0, thief());
    assert_eq!(lab.lines(), ["a: ARP 10.0.0.1 asks for 10.0.0.1"], "RFC 5227 §2.4(b)");
    assert_eq!(lab.count("arp.conflict"), 2);
    lab.run(Duration::from_secs(10).as_millis());
    lab.inject(0, 0, thief());
    assert_eq!(lab.said.len(), 2);
}

#[test]
fn the_cache_is_bounded() {
    let mut lab = Lab::pair();
    for i in 0..5000u32 {
        let [_, _, c, d] = (i + 1).to_be_bytes();
        let request =
            message(Operation::REQUEST, (mac(3), &format!("10.9.{c}.{d}")), (MacAddr::ZERO, "10.0.0.1"), mac(1));
        lab.inject(0, 0, request);
    }
    assert_eq!(lab.hosts[0].neighbour_table(lab.now).len(), 1024);
}
