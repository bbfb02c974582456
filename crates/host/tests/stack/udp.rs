//! UDP sockets: RFC 768, RFC 1122 §4.1.

use host::{EphemeralPorts, SocketId, UdpOptions};
use tcp::Errno;
use wire::Body;
use wire::ipv4::{Header, Protocol};

use crate::lab::{Lab, addr, at, config, frame, mac};

fn bind(lab: &mut Lab, host: usize, local: &str, options: UdpOptions) -> Result<SocketId, Errno> {
    lab.with(host, |h, cx| h.udp_bind(at(local), options, cx))
}
fn send(lab: &mut Lab, host: usize, id: SocketId, data: &[u8], to: &str) -> Result<(), Errno> {
    lab.with(host, |h, cx| h.udp_send_to(id, Body::from(data.to_vec()), at(to), cx))
}
fn recv(lab: &mut Lab, host: usize, id: SocketId) -> Result<(Vec<u8>, String), Errno> {
    let got = lab.with(host, |h, cx| h.udp_recv_from(id, cx))?;
    Ok((got.data.to_bytes().to_vec(), got.from.to_string()))
}

#[test]
fn a_question_and_its_answer() {
    let mut lab = Lab::pair();
    let server = bind(&mut lab, 1, "0.0.0.0:53", UdpOptions::default()).unwrap();
    let client = bind(&mut lab, 0, "0.0.0.0:5000", UdpOptions::default()).unwrap();
    send(&mut lab, 0, client, b"where?", "10.0.0.2:53").unwrap();
    lab.run(10);
    assert!(lab.woken.contains(&(1, server)));
    assert_eq!(recv(&mut lab, 1, server), Ok((b"where?".to_vec(), "10.0.0.1:5000".into())));
    send(&mut lab, 1, server, b"there", "10.0.0.1:5000").unwrap();
    lab.run(10);
    assert_eq!(recv(&mut lab, 0, client), Ok((b"there".to_vec(), "10.0.0.2:53".into())));
    assert_eq!(recv(&mut lab, 0, client), Err(Errno::WouldBlock));
}

#[test]
fn messages_of_every_length_arrive_in_fragments_if_need_be() {
    let mut lab = Lab::pair();
    let server = bind(&mut lab, 1, "0.0.0.0:53", UdpOptions::default()).unwrap();
    let client = bind(&mut lab, 0, "0.0.0.0:0", UdpOptions::default()).unwrap();
    for len in [0, 1, 1471, 1472, 1473, 2952, 2953, 9000, 65_507] {
        let data: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
        send(&mut lab, 0, client, &data, "10.0.0.2:53").unwrap();
        lab.run(10);
        let (got, _) = recv(&mut lab, 1, server).unwrap_or_else(|error| panic!("{len}: {error}"));
        assert!(got == data, "{len} bytes");
    }
    assert!(lab.said.iter().all(|said| said.frame.len() <= 1514));
    assert_eq!(send(&mut lab, 0, client, &vec![0; 65_508], "10.0.0.2:53"), Err(Errno::MessageTooLong));
    assert_eq!(lab.count("ip.reassembled"), lab.count("ip.fragmented"));
}

#[test]
fn whole_messages_carry_df_and_fragments_do_not() {
    let mut lab = Lab::pair();
    let client = bind(&mut lab, 0, "0.0.0.0:0", UdpOptions::default()).unwrap();
    send(&mut lab, 0, client, &[1; 100], "10.0.0.2:53").unwrap();
    send(&mut lab, 0, client, &[1; 3000], "10.0.0.2:53").unwrap();
    send(&mut lab, 0, client, &[1; 3000], "10.0.0.2:53").unwrap();
    lab.run(10);
    let mine = lab.sent(0, |p| p.ip.map(|ip| (ip.dont_fragment, ip.id)));
    assert!(mine[0].0);
    assert!(mine[1..].iter().all(|(df, _)| !df));
    // RFC 6864 §4.1: each message's fragments share a number that no other message has.
    assert!(mine[1].1 == mine[3].1 && mine[4].1 == mine[6].1 && mine[1].1 != mine[4].1, "{mine:?}");
}

#[test]
fn a_socket_that_must_not_fragment_is_told_what_fits() {
    let mut lab = Lab::routed();
    lab.with(1, |h, _| h.set_mtu(host::InterfaceId(1), 1000));
    let options = UdpOptions { dont_fragment: true, ..UdpOptions::default() };
    let client = bind(&mut lab, 0, "0.0.0.0:5000", options).unwrap();
    assert_eq!(send(&mut lab, 0, client, &[0; 1473], "10.0.2.10:53"), Err(Errno::MessageTooLong), "the own link");
    send(&mut lab, 0, client, &[0; 1472], "10.0.2.10:53").unwrap();
    lab.run(20);
    // RFC 1191: the router has told what its next link takes.
    assert_eq!(send(&mut lab, 0, client, &[0; 973], "10.0.2.10:53"), Err(Errno::MessageTooLong));
    assert_eq!(send(&mut lab, 0, client, &[0; 972], "10.0.2.10:53"), Ok(()));
    assert_eq!(lab.count("ip.fragmented"), 0);
}

#[test]
fn nobody_listens() {
    let mut lab = Lab::pair();
    let client = bind(&mut lab, 0, "0.0.0.0:5000", UdpOptions::default()).unwrap();
    send(&mut lab, 0, client, b"anyone?", "10.0.0.2:53").unwrap();
    lab.run(10);
    let answer = lab.sent(1, |p| p.icmp().map(|icmp| (icmp.kind.0, icmp.code, p.payload[8..].to_vec())));
    assert_eq!((answer[0].0, answer[0].1), (3, 3), "port unreachable");
    // RFC 1122 §3.2.2, RFC 1812 §4.3.2.3: it quotes the packet, header and all.
    assert_eq!(answer[0].2[28..], *b"anyone?");
    // A socket that is not connected is not told, as on Linux; one that is, is.
    assert_eq!(recv(&mut lab, 0, client), Err(Errno::WouldBlock));
    lab.with(0, |h, _| h.udp_connect(client, at("10.0.0.2:53"))).unwrap();
    send(&mut lab, 0, client, b"anyone?", "10.0.0.2:53").unwrap();
    lab.run(10);
    assert!(lab.woken.contains(&(0, client)));
    assert_eq!(recv(&mut lab, 0, client), Err(Errno::ConnectionRefused));
    assert_eq!(recv(&mut lab, 0, client), Err(Errno::WouldBlock), "once");
}

#[test]
fn ports_are_taken_or_shared() {
    let mut lab = Lab::pair();
    let plain = UdpOptions::default();
    let reuse = UdpOptions { reuse_address: true, ..plain };
    bind(&mut lab, 0, "10.0.0.1:53", plain).unwrap();
    assert_eq!(bind(&mut lab, 0, "10.0.0.1:53", plain), Err(Errno::AddrInUse));
    assert_eq!(bind(&mut lab, 0, "0.0.0.0:53", plain), Err(Errno::AddrInUse), "all addresses, that one too");
    assert_eq!(bind(&mut lab, 0, "10.0.0.1:53", reuse), Err(Errno::AddrInUse), "both must agree");
    assert!(bind(&mut lab, 0, "127.0.0.1:53", plain).is_ok(), "another address");
    assert_eq!(bind(&mut lab, 0, "10.0.0.9:99", plain), Err(Errno::AddrNotAvailable));
    let first = bind(&mut lab, 0, "0.0.0.0:99", reuse).unwrap();
    assert!(bind(&mut lab, 0, "0.0.0.0:99", reuse).is_ok());
    lab.with(0, |h, cx| h.close(first, cx));
    assert_eq!(lab.with(0, |h, cx| h.udp_recv_from(first, cx)).unwrap_err(), Errno::BadSocket);
}

#[test]
fn ephemeral_ports_run_out() {
    let mut few = config("a", 1, 1);
    few.ephemeral = EphemeralPorts { first: 50_000, last: 50_009, ..EphemeralPorts::default() };
    let mut lab = Lab::new(vec![few], &[]);
    let mut ports: Vec<u16> = (0..10)
        .map(|_| {
            let id = bind(&mut lab, 0, "0.0.0.0:0", UdpOptions::default()).unwrap();
            lab.hosts[0].local_addr(id).unwrap().port()
        })
        .collect();
    ports.sort_unstable();
    assert_eq!(ports, (50_000..50_010).collect::<Vec<u16>>());
    assert_eq!(bind(&mut lab, 0, "0.0.0.0:0", UdpOptions::default()), Err(Errno::AddrInUse));
}

#[test]
fn broadcasts_need_permission_and_reach_all() {
    let mut lab = Lab::new(vec![config("a", 1, 1), config("b", 2, 1), config("c", 3, 1)], &[&[(0, 0), (1, 0), (2, 0)]]);
    let b = bind(&mut lab, 1, "0.0.0.0:67", UdpOptions::default()).unwrap();
    let c = bind(&mut lab, 2, "0.0.0.0:67", UdpOptions::default()).unwrap();
    let shy = bind(&mut lab, 0, "0.0.0.0:68", UdpOptions::default()).unwrap();
    assert_eq!(send(&mut lab, 0, shy, b"all", "255.255.255.255:67"), Err(Errno::AccessDenied));
    assert_eq!(send(&mut lab, 0, shy, b"all", "10.0.0.255:67"), Err(Errno::AccessDenied));
    let loud = bind(&mut lab, 0, "0.0.0.0:69", UdpOptions { broadcast: true, ..UdpOptions::default() }).unwrap();
    for to in ["255.255.255.255:67", "10.0.0.255:67"] {
        send(&mut lab, 0, loud, b"all", to).unwrap();
        lab.run(10);
        for (host, id) in [(1, b), (2, c)] {
            assert_eq!(recv(&mut lab, host, id), Ok((b"all".to_vec(), "10.0.0.1:69".into())), "{to}");
        }
    }
    // RFC 1122 §3.2.2: nobody is told that a broadcast was for a closed port.
    send(&mut lab, 0, loud, b"all", "255.255.255.255:1").unwrap();
    lab.run(10);
    assert_eq!(lab.count("icmp.unreachable"), 2, "two hosts notice");
    assert!(lab.sent(1, |p| p.icmp()).is_empty(), "and stay silent");
}

#[test]
fn the_best_fitting_socket_gets_the_message() {
    let mut lab = Lab::pair();
    let reuse = UdpOptions { reuse_address: true, ..UdpOptions::default() };
    let any = bind(&mut lab, 1, "0.0.0.0:53", reuse).unwrap();
    let bound = bind(&mut lab, 1, "10.0.0.2:53", reuse).unwrap();
    let connected = bind(&mut lab, 1, "10.0.0.2:53", reuse).unwrap();
    lab.with(1, |h, _| h.udp_connect(connected, at("10.0.0.1:5000"))).unwrap();
    for (port, receiver) in [("5000", connected), ("5001", bound)] {
        let id = bind(&mut lab, 0, &format!("0.0.0.0:{port}"), UdpOptions::default()).unwrap();
        send(&mut lab, 0, id, port.as_bytes(), "10.0.0.2:53").unwrap();
        lab.run(10);
        assert!(recv(&mut lab, 1, receiver).is_ok(), "{port}");
    }
    assert_eq!(recv(&mut lab, 1, any), Err(Errno::WouldBlock));
}

#[test]
fn the_receive_queue_is_bounded() {
    let mut lab = Lab::pair();
    bind(&mut lab, 1, "0.0.0.0:53", UdpOptions::default()).unwrap();
    let client = bind(&mut lab, 0, "0.0.0.0:0", UdpOptions::default()).unwrap();
    send(&mut lab, 0, client, &[0; 1000], "10.0.0.2:53").unwrap();
    lab.run(5);
    for _ in 0..400 {
        send(&mut lab, 0, client, &[0; 1000], "10.0.0.2:53").unwrap();
    }
    lab.run(5);
    assert_eq!(lab.count("udp.delivered"), 212_992 / 1512);
    assert_eq!(lab.count("udp.dropped"), 401 - 212_992 / 1512);
}

#[test]
fn checksums_are_verified_unless_there_is_none() {
    let mut lab = Lab::pair();
    let server = bind(&mut lab, 1, "0.0.0.0:53", UdpOptions::default()).unwrap();
    let header = Header::new(addr("10.0.0.1"), addr("10.0.0.2"), Protocol::UDP, 10);
    let mut datagram = vec![0x13, 0x88, 0, 53, 0, 10, 0, 0, b'h', b'i'];
    lab.inject(1, 0, frame(mac(1), mac(2), header, &datagram));
    assert_eq!(recv(&mut lab, 1, server), Ok((b"hi".to_vec(), "10.0.0.1:5000".into())), "zero: not computed");
    datagram[6..8].copy_from_slice(&[0x12, 0x34]);
    lab.inject(1, 0, frame(mac(1), mac(2), header, &datagram));
    assert_eq!(recv(&mut lab, 1, server), Err(Errno::WouldBlock));
    // A length that lies: longer than the packet, or shorter than the header.
    for len in [11, 7] {
        datagram[4..8].copy_from_slice(&[0, len, 0, 0]);
        lab.inject(1, 0, frame(mac(1), mac(2), header, &datagram));
    }
    assert_eq!(lab.count("ip.discarded"), 3);
}

#[test]
fn a_message_to_oneself_comes_back() {
    let mut lab = Lab::pair();
    let id = bind(&mut lab, 0, "0.0.0.0:5000", UdpOptions::default()).unwrap();
    for to in ["127.0.0.1:5000", "10.0.0.1:5000"] {
        send(&mut lab, 0, id, b"me", to).unwrap();
        lab.run(1);
        assert_eq!(recv(&mut lab, 0, id), Ok((b"me".to_vec(), to.into())));
    }
    assert!(lab.said.is_empty(), "nothing was on the wire");
}

#[test]
fn no_route() {
    let mut lab = Lab::pair();
    let id = bind(&mut lab, 0, "0.0.0.0:0", UdpOptions::default()).unwrap();
    assert_eq!(send(&mut lab, 0, id, b"x", "198.51.100.1:1"), Err(Errno::NetworkUnreachable));
    assert_eq!(send(&mut lab, 0, id, b"x", "10.0.0.2:0"), Err(Errno::Invalid));
    assert_eq!(send(&mut lab, 0, id, b"x", "[2001:db8::1]:53"), Err(Errno::Invalid));
}
