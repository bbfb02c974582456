//! Translation: RFC 3022, RFC 4787, RFC 5382, RFC 5508.

use base::Seed;
use host::{ConnectOptions, HostConfig, InterfaceId, ListenOptions, NatConfig, NatState, PingResult, UdpOptions};
use proptest::prelude::*;
use tcp::Errno;
use wire::icmp::Type;
use wire::ipv4::{Header, Protocol};
use wire::{Body, Packet};

use crate::lab::{Lab, addr, at, frame, mac};

/// Two laptops (0 and 1) behind a home router (2) at 203.0.113.7, and a server (3) at 203.0.113.80.
fn home() -> Lab {
    let laptop = |name: &str, n: u8| {
        HostConfig::new(name, Seed(1))
            .interface("eth0", mac(n), &[(std::net::Ipv4Addr::new(192, 168, 1, n), 24)])
            .gateway(addr("192.168.1.1"), InterfaceId(0))
    };
    let mut router = HostConfig::new("router", Seed(1))
        .interface("lan", mac(9), &[(addr("192.168.1.1"), 24)])
        .interface("wan", mac(10), &[(addr("203.0.113.7"), 24)]);
    router.forwarding = true;
    router.nat = Some(NatConfig::new(InterfaceId(1)));
    let server = HostConfig::new("server", Seed(1)).interface("eth0", mac(80), &[(addr("203.0.113.80"), 24)]);
    Lab::new(
        vec![laptop("laptop", 2), laptop("phone", 3), router, server],
        &[&[(0, 0), (1, 0), (2, 0)], &[(2, 1), (3, 0)]],
    )
}

fn udp(lab: &mut Lab, host: usize, local: &str) -> host::SocketId {
    lab.with(host, |h, cx| h.udp_bind(at(local), UdpOptions::default(), cx)).unwrap()
}
fn send(lab: &mut Lab, host: usize, id: host::SocketId, data: &[u8], to: &str) {
    lab.with(host, |h, cx| h.udp_send_to(id, Body::from(data.to_vec()), at(to), cx)).unwrap();
    lab.run(20);
}
fn recv(lab: &mut Lab, host: usize, id: host::SocketId) -> Result<(Vec<u8>, String), Errno> {
    let got = lab.with(host, |h, cx| h.udp_recv_from(id, cx))?;
    Ok((got.data.to_bytes().to_vec(), got.from.to_string()))
}

#[test]
fn a_question_goes_out_and_the_answer_finds_its_way_in() {
    let mut lab = home();
    let server = udp(&mut lab, 3, "0.0.0.0:53");
    let client = udp(&mut lab, 0, "0.0.0.0:5000");
    send(&mut lab, 0, client, b"where?", "203.0.113.80:53");
    assert_eq!(recv(&mut lab, 3, server), Ok((b"where?".to_vec(), "203.0.113.7:5000".into())), "the port is preserved");
    let row = lab.hosts[2].nat_table(lab.now)[0];
    assert_eq!(
        (row.inside.to_string(), row.outside.to_string(), row.remote.to_string(), row.state),
        ("192.168.1.2:5000".into(), "203.0.113.7:5000".into(), "203.0.113.80:53".into(), NatState::Unreplied)
    );
    send(&mut lab, 3, server, b"there", "203.0.113.7:5000");
    assert_eq!(recv(&mut lab, 0, client), Ok((b"there".to_vec(), "203.0.113.80:53".into())));
    assert_eq!(lab.hosts[2].nat_table(lab.now)[0].state, NatState::Replied);
    // The inside never shows outside.
    let on_the_wan = lab.said.iter().filter(|said| said.host == 3 || said.frame.head()[6..12] == mac(10).0);
    for said in on_the_wan {
        if let Some(ip) = crate::lab::parse(&said.frame).ip {
            assert!(!ip.src.is_private() && !ip.dst.is_private(), "{}", crate::lab::describe(&said.frame));
        }
    }
}

#[test]
fn two_inside_with_the_same_port_get_two_outside_and_one_towards_all() {
    let mut lab = home();
    let (one, two) = (udp(&mut lab, 3, "0.0.0.0:53"), udp(&mut lab, 3, "0.0.0.0:54"));
    let (laptop, phone) = (udp(&mut lab, 0, "0.0.0.0:5000"), udp(&mut lab, 1, "0.0.0.0:5000"));
    let seen = |lab: &mut Lab, host, id, to: &str, at_server| {
        send(lab, host, id, b"x", to);
        recv(lab, 3, at_server).unwrap().1
    };
    let a = seen(&mut lab, 0, laptop, "203.0.113.80:53", one);
    let b = seen(&mut lab, 1, phone, "203.0.113.80:53", one);
    assert_eq!(a, "203.0.113.7:5000");
    assert_ne!(a, b);
    // RFC 4787 REQ-1: endpoint-independent mapping. REQ-4: even stays even.
    assert_eq!(seen(&mut lab, 1, phone, "203.0.113.80:54", two), b);
    assert_eq!(b.rsplit(':').next().unwrap().parse::<u16>().unwrap() % 2, 0);
    // Each answer goes to whom it is for.
    for (host, id, to) in [(0, laptop, a), (1, phone, b)] {
        send(&mut lab, 3, one, to.as_bytes(), &to);
        assert_eq!(recv(&mut lab, host, id).unwrap().0, to.as_bytes());
    }
}

#[test]
fn strangers_are_kept_out() {
    let mut lab = home();
    let client = udp(&mut lab, 0, "0.0.0.0:5000");
    let (asked, other) = (udp(&mut lab, 3, "0.0.0.0:53"), udp(&mut lab, 3, "0.0.0.0:54"));
    send(&mut lab, 3, asked, b"unasked", "203.0.113.7:5000");
    send(&mut lab, 0, client, b"x", "203.0.113.80:53");
    send(&mut lab, 3, other, b"another port", "203.0.113.7:5000");
    assert_eq!(recv(&mut lab, 0, client), Err(Errno::WouldBlock), "address and port-dependent filtering");
    assert_eq!(lab.count("nat.refused"), 2);
    // Nor by way of the inside address.
    lab.with(3, |h, _| h.add_route(crate::lab::route("192.168.1.0/24", "203.0.113.7", 0)));
    send(&mut lab, 3, asked, b"inside", "192.168.1.2:5000");
    assert_eq!(recv(&mut lab, 0, client), Err(Errno::WouldBlock));
    // And nobody is told (RFC 5382 REQ-4).
    assert!(lab.sent(2, |p| p.icmp()).is_empty());
}

#[test]
fn mappings_run_out() {
    let mut lab = home();
    let server = udp(&mut lab, 3, "0.0.0.0:53");
    let client = udp(&mut lab, 0, "0.0.0.0:5000");
    send(&mut lab, 0, client, b"x", "203.0.113.80:53");
    lab.run(31_000);
    send(&mut lab, 3, server, b"late", "203.0.113.7:5000");
    assert_eq!(recv(&mut lab, 0, client), Err(Errno::WouldBlock), "30 s without an answer");
    send(&mut lab, 0, client, b"x", "203.0.113.80:53");
    send(&mut lab, 3, server, b"y", "203.0.113.7:5000");
    lab.run(119_000);
    send(&mut lab, 3, server, b"in time", "203.0.113.7:5000");
    assert!(recv(&mut lab, 0, client).is_ok() && recv(&mut lab, 0, client).is_ok());
    lab.run(121_000);
    assert!(lab.hosts[2].nat_table(lab.now).is_empty(), "RFC 4787 REQ-5: two minutes");
}

#[test]
fn a_tcp_connection_through_it() {
    let mut lab = home();
    let listener = lab.with(3, |h, cx| h.tcp_listen(at("0.0.0.0:80"), ListenOptions::default(), cx)).unwrap();
    let options = ConnectOptions { local: Some(at("0.0.0.0:49152")), ..ConnectOptions::default() };
    let client = lab.with(0, |h, cx| h.tcp_connect(at("203.0.113.80:80"), options, cx)).unwrap();
    lab.run(50);
    let (server, peer) = lab.with(3, |h, cx| h.tcp_accept(listener, cx)).unwrap();
    assert_eq!(peer, at("203.0.113.7:49152"));
    assert_eq!(lab.hosts[2].nat_table(lab.now)[0].state, NatState::Established);
    let data = Body::from((0..10_000).map(|i| i as u8).collect::<Vec<u8>>());
    assert_eq!(lab.with(3, |h, cx| h.tcp_send(server, data.clone(), cx)), Ok(10_000));
    lab.run(100);
    // Every segment's checksum was verified by the receiving stack.
    assert_eq!(lab.with(0, |h, cx| h.tcp_recv(client, 100_000, cx)).unwrap(), data);
    // RFC 5382 REQ-5: idle for two hours, it is still there.
    lab.run(2 * 3600 * 1000);
    lab.with(3, |h, cx| h.tcp_send(server, data.clone(), cx)).unwrap();
    lab.run(100);
    assert_eq!(lab.with(0, |h, cx| h.tcp_recv(client, 100_000, cx)).unwrap().len(), 10_000);
    lab.with(0, |h, cx| h.close(client, cx));
    lab.run(50);
    assert_eq!(lab.hosts[2].nat_table(lab.now)[0].state, NatState::Closing);
    lab.run(241_000);
    assert!(lab.hosts[2].nat_table(lab.now).is_empty(), "four minutes after the close");
}

#[test]
fn pings_and_their_errors_pass() {
    let mut lab = home();
    let (laptop, phone) = (lab.with(0, |h, _| h.ping_open()).unwrap(), lab.with(1, |h, _| h.ping_open()).unwrap());
    for (host, id) in [(0, laptop), (1, phone)] {
        lab.with(host, |h, cx| h.ping_send(id, addr("203.0.113.80"), 5, Body::from(vec![1; 33]), None, cx)).unwrap();
        lab.run(20);
        let answer = lab.with(host, |h, _| h.ping_recv(id)).unwrap();
        assert_eq!((answer.from, answer.data.len()), (addr("203.0.113.80").into(), 33));
    }
    // The router's own error speaks of the packet as it came.
    lab.with(0, |h, cx| h.ping_send(laptop, addr("203.0.113.80"), 6, Body::empty(), Some(1), cx)).unwrap();
    lab.run(20);
    let answer = lab.with(0, |h, _| h.ping_recv(laptop)).unwrap();
    assert_eq!(
        (answer.from, answer.kind, answer.sequence),
        (addr("192.168.1.1").into(), PingResult::Icmp(Type::TIME_EXCEEDED), 6)
    );
    // The outside pings the router itself.
    let outside = lab.with(3, |h, _| h.ping_open()).unwrap();
    lab.with(3, |h, cx| h.ping_send(outside, addr("203.0.113.7"), 1, Body::empty(), None, cx)).unwrap();
    lab.run(20);
    assert_eq!(lab.with(3, |h, _| h.ping_recv(outside)).unwrap().kind, PingResult::Reply);
}

#[test]
fn an_error_from_outside_is_translated_with_the_packet_that_it_quotes() {
    let mut lab = home();
    let client = udp(&mut lab, 0, "0.0.0.0:5000");
    lab.with(0, |h, _| h.udp_connect(client, at("203.0.113.80:9"))).unwrap();
    send(&mut lab, 0, client, b"anyone?", "203.0.113.80:9");
    let inner = lab.sent(2, |p| p.icmp().map(|_| p.payload[8..].to_vec()));
    let quoted = Header::read(&inner[0]);
    assert_eq!((quoted.src, quoted.dst), (addr("192.168.1.2"), addr("203.0.113.80")));
    assert!(wire::Sum::of(&inner[0][..20]).verifies(), "the quoted header's checksum is right again");
    let pseudo = wire::pseudo_header(quoted.src.into(), quoted.dst.into(), 17, inner[0].len() - 20);
    assert!(pseudo.then(wire::Sum::of(&inner[0][20..])).verifies(), "and the quoted datagram's");
    assert_eq!(recv(&mut lab, 0, client), Err(Errno::ConnectionRefused), "so the program is told");
}

#[test]
fn nobody_outside_answers_arp() {
    let mut lab = home();
    let ping = lab.with(0, |h, _| h.ping_open()).unwrap();
    lab.with(0, |h, cx| h.ping_send(ping, addr("203.0.113.99"), 4, Body::empty(), None, cx)).unwrap();
    lab.run(4_000);
    let answer = lab.with(0, |h, _| h.ping_recv(ping)).unwrap();
    assert_eq!(
        (answer.from, answer.kind, answer.code),
        (addr("192.168.1.1").into(), PingResult::Icmp(Type::UNREACHABLE), 1)
    );
    assert_eq!(answer.sequence, 4);
}

#[test]
fn an_error_from_inside_shows_no_inside_address() {
    let mut lab = home();
    let server = udp(&mut lab, 3, "0.0.0.0:53");
    let client = udp(&mut lab, 0, "0.0.0.0:5000");
    send(&mut lab, 0, client, b"x", "203.0.113.80:53");
    recv(&mut lab, 3, server).unwrap();
    lab.with(0, |h, cx| h.close(client, cx));
    lab.with(3, |h, _| h.udp_connect(server, at("203.0.113.7:5000"))).unwrap();
    send(&mut lab, 3, server, b"too late", "203.0.113.7:5000");
    let out = lab.sent(2, |p| p.icmp().map(|_| (p.ip.unwrap().src, Header::read(&p.payload[8..]).dst)));
    assert_eq!(out, [(addr("203.0.113.7"), addr("203.0.113.7"))]);
    assert_eq!(recv(&mut lab, 3, server), Err(Errno::ConnectionRefused));
}

#[test]
fn fragments_are_put_together_before_they_are_translated() {
    let mut lab = home();
    let server = udp(&mut lab, 3, "0.0.0.0:53");
    let client = udp(&mut lab, 0, "0.0.0.0:5000");
    let data: Vec<u8> = (0..5000).map(|i| (i * 3) as u8).collect();
    send(&mut lab, 0, client, &data, "203.0.113.80:53");
    assert_eq!(recv(&mut lab, 3, server), Ok((data.clone(), "203.0.113.7:5000".into())));
    send(&mut lab, 3, server, &data, "203.0.113.7:5000");
    assert_eq!(recv(&mut lab, 0, client), Ok((data, "203.0.113.80:53".into())));
}

#[test]
fn hairpin() {
    let mut lab = home();
    let server = udp(&mut lab, 3, "0.0.0.0:53");
    let (laptop, phone) = (udp(&mut lab, 0, "0.0.0.0:5000"), udp(&mut lab, 1, "0.0.0.0:6000"));
    // Both are known outside, and speak to each other's outside ends, as when punching holes.
    send(&mut lab, 0, laptop, b"x", "203.0.113.80:53");
    send(&mut lab, 1, phone, b"x", "203.0.113.80:53");
    recv(&mut lab, 3, server).unwrap();
    send(&mut lab, 0, laptop, b"first", "203.0.113.7:6000");
    send(&mut lab, 1, phone, b"second", "203.0.113.7:5000");
    assert_eq!(recv(&mut lab, 0, laptop), Ok((b"second".to_vec(), "203.0.113.7:6000".into())), "RFC 4787 REQ-9a");
    send(&mut lab, 0, laptop, b"third", "203.0.113.7:6000");
    assert_eq!(recv(&mut lab, 1, phone).unwrap().0, b"third");
}

#[test]
fn the_routers_own_sockets_work_on_both_sides() {
    let mut lab = home();
    let own = udp(&mut lab, 2, "0.0.0.0:53");
    let outside = udp(&mut lab, 3, "0.0.0.0:1000");
    let inside = udp(&mut lab, 0, "0.0.0.0:53");
    send(&mut lab, 3, outside, b"from outside", "203.0.113.7:53");
    send(&mut lab, 0, inside, b"from inside", "192.168.1.1:53");
    assert_eq!(recv(&mut lab, 2, own).unwrap().1, "203.0.113.80:1000");
    assert_eq!(recv(&mut lab, 2, own).unwrap().1, "192.168.1.2:53");
    // The inside's port 53 cannot be preserved: it is the router's own.
    send(&mut lab, 0, inside, b"x", "203.0.113.80:1000");
    let (_, from) = recv(&mut lab, 3, outside).unwrap();
    assert!(from.starts_with("203.0.113.7:") && from != "203.0.113.7:53", "{from}");
}

#[test]
fn the_table_is_bounded() {
    let mut lab = home();
    let header = Header::new(addr("192.168.1.2"), addr("203.0.113.80"), Protocol::UDP, 8);
    for port in 1..=u16::MAX {
        for remote in 1..=2 {
            let [a, b] = port.to_be_bytes();
            lab.inject(2, 0, frame(mac(2), mac(9), header, &[a, b, 0, remote, 0, 8, 0, 0]));
            lab.said.clear();
        }
        if port % 40_000 == 0 {
            break;
        }
    }
    assert_eq!(lab.hosts[2].nat_table(lab.now).len(), 65_536);
    assert!(lab.count("nat.refused") > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever is sent arrives with the addresses translated, the data untouched and the checksum right, and so does what
    /// comes back.
    #[test]
    fn there_and_back(port in 1u16.., to in 1u16.., data in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut lab = home();
        let server = udp(&mut lab, 3, &format!("0.0.0.0:{to}"));
        let client = udp(&mut lab, 0, &format!("0.0.0.0:{port}"));
        send(&mut lab, 0, client, &data, &format!("203.0.113.80:{to}"));
        prop_assert_eq!(recv(&mut lab, 3, server), Ok((data.clone(), format!("203.0.113.7:{port}"))));
        send(&mut lab, 3, server, &data, &format!("203.0.113.7:{port}"));
        prop_assert_eq!(recv(&mut lab, 0, client), Ok((data, format!("203.0.113.80:{to}"))));
    }
}

#[test]
fn a_protocol_without_ports_stays_in() {
    let mut lab = home();
    let header = Header::new(addr("192.168.1.2"), addr("203.0.113.80"), Protocol::GRE, 8);
    let packet: Packet = frame(mac(2), mac(9), header, &[0; 8]);
    lab.inject(2, 0, packet);
    lab.run(10);
    assert_eq!(lab.count("nat.refused"), 1);
    assert!(lab.said.is_empty());
}
