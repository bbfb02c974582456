//! IPv6: addresses that hosts make themselves, neighbours, routers, fragments, and the transports over it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use base::Seed;
use host::{
    AddressState, Advertise, ConnectOptions, HostConfig, InterfaceId, Ipv6Config, ListenOptions, NeighbourState,
    PingResult, Prefix, UdpOptions,
};
use tcp::Errno;
use wire::Body;
use wire::frame::{Checksum, Frame, Network, Transport};
use wire::icmpv6::Type;

use crate::lab::{Lab, addr, at, mac};

const ETH0: InterfaceId = InterfaceId(0);

fn six(text: &str) -> Ipv6Addr {
    text.parse().expect("an IPv6 address")
}
fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

/// What was sent, taken apart: every frame must be whole and its checksums right.
fn said(lab: &Lab) -> Vec<(usize, Frame)> {
    let decode = |bytes: &[u8]| {
        let frame = wire::frame::decode(wire::link::LinkType::ETHERNET, bytes, bytes.len(), &mut wire::Silent);
        assert_eq!(frame.malformed, None);
        assert_ne!(frame.checksum, Checksum::Bad);
        frame
    };
    lab.said.iter().map(|said| (said.host, decode(&said.frame.to_vec()))).collect()
}

/// Who sent which ICMPv6 messages.
fn messages(lab: &Lab) -> Vec<(usize, Type)> {
    let icmp = |(host, frame): (usize, Frame)| match frame.transport {
        Transport::Icmpv6(header) => Some((host, header.kind)),
        _ => None,
    };
    said(lab).into_iter().filter_map(icmp).collect()
}

/// Two hosts on one wire: 2001:db8::1 and ::2.
fn pair() -> Lab {
    let host = |name: &str, n: u8| {
        let own = [(six(&format!("fe80::{n}")), 64), (six(&format!("2001:db8::{n}")), 64)];
        HostConfig::new(name, Seed(1))
            .interface("eth0", mac(n), &[(addr(&format!("10.0.0.{n}")), 24)])
            .ipv6(Ipv6Config::fixed(&own))
    };
    Lab::new(vec![host("a", 1), host("b", 2)], &[&[(0, 0), (1, 0)]])
}

/// A client that finds its own addresses, a router that advertises 2001:db8:1::/64, and a server 2001:db8:2::10.
fn routed() -> Lab {
    let client = HostConfig::new("client", Seed(1)).interface("eth0", mac(1), &[]).ipv6(Ipv6Config::automatic());
    let lan = Ipv6Config {
        addresses: vec![(six("fe80::1"), 64), (six("2001:db8:1::1"), 64)],
        advertise: Some(Advertise {
            name_servers: vec![six("2001:db8:1::1")],
            ..Advertise::prefix(prefix("2001:db8:1::/64"))
        }),
        ..Ipv6Config::default()
    };
    let wan = Ipv6Config::fixed(&[(six("fe80::1"), 64), (six("2001:db8:2::1"), 64)]);
    let mut router = HostConfig::new("router", Seed(1))
        .interface("lan", mac(9), &[])
        .ipv6(lan)
        .interface("wan", mac(10), &[])
        .ipv6(wan);
    router.forwarding = true;
    let server = HostConfig::new("server", Seed(1))
        .interface("eth0", mac(2), &[])
        .ipv6(Ipv6Config::fixed(&[(six("fe80::2"), 64), (six("2001:db8:2::10"), 64)]))
        .gateway(six("2001:db8:2::1"), ETH0);
    let mut lab = Lab::new(vec![client, router, server], &[&[(0, 0), (1, 0)], &[(1, 1), (2, 0)]]);
    lab.with(1, |h, cx| h.start_advertising(ETH0, cx));
    lab.with(0, |h, cx| h.join_ipv6(ETH0, cx));
    lab
}

/// The client's address of the advertised prefix.
fn global(lab: &Lab) -> Ipv6Addr {
    let own = lab.hosts[0].ipv6_addresses(ETH0).iter();
    let mut own =
        own.filter(|own| own.state == AddressState::Preferred && prefix("2001:db8:1::/64").contains(own.address));
    own.next().expect("an address of the prefix").address
}

#[test]
fn a_host_makes_itself_addresses_of_what_a_router_says() {
    let mut lab = routed();
    lab.run(5_000);
    let own = lab.hosts[0].ipv6_addresses(ETH0);
    assert!(own.iter().all(|own| own.state == AddressState::Preferred), "{own:?}");
    assert!(own[0].address.is_unicast_link_local() && own.len() == 2);
    use Type as T;
    let (ns, rs, ra) = (T::NEIGHBOR_SOLICITATION, T::ROUTER_SOLICITATION, T::ROUTER_ADVERTISEMENT);
    // The link-local address is checked, a router asked for, and the address made of its prefix checked.
    assert_eq!(messages(&lab), [(0, ns), (0, rs), (1, ra), (0, ns)]);
    let row = lab.hosts[0].routes().lookup(six("2001:db8:2::10")).expect("a default route");
    assert_eq!(row.via, Some(IpAddr::V6(six("fe80::1"))));
    assert_eq!(lab.hosts[0].routes().lookup(six("2001:db8:1::77")).unwrap().via, None, "on the link itself");
    assert_eq!(lab.hosts[0].advertised_name_servers(lab.now), [six("2001:db8:1::1")]);
    let again = {
        let mut lab = routed();
        lab.run(5_000);
        global(&lab)
    };
    assert_eq!(global(&lab), again, "the same address each time: RFC 7217");
    // RFC 4861 §6.3.5: after half an hour without an advertisement the router is gone. It does advertise, though.
    lab.run(1_900_000);
    assert!(lab.hosts[0].routes().lookup(six("2001:db8:2::10")).is_some());
    lab.filter = Some(Box::new(|_| false));
    lab.run(1_900_000);
    assert!(lab.hosts[0].routes().lookup(six("2001:db8:2::10")).is_none());
    lab.run(86_400_000);
    assert_eq!(lab.hosts[0].ipv6_addresses(ETH0).len(), 1, "only the link-local address lives for ever");
}

#[test]
fn an_address_that_someone_has_is_not_used() {
    let mut lab = routed();
    lab.run(5_000);
    let wanted = global(&lab);
    // Once more, with someone on the link who has it.
    let mut lab = routed();
    let squatter =
        HostConfig::new("squatter", Seed(1)).interface("eth0", mac(7), &[]).ipv6(Ipv6Config::fixed(&[(wanted, 64)]));
    let place = lab.recorder.place("squatter", trace::Role::Server);
    let mut squatter = host::Host::new(squatter, place);
    let mut answered = None;
    // It hears the question, and says that the address is its own.
    for _ in 0..5_000 {
        lab.run(1);
        let asked = lab.said.iter().rposition(|said| {
            let bytes = said.frame.to_vec();
            said.host == 0
                && bytes.len() >= 78
                && bytes[54] == Type::NEIGHBOR_SOLICITATION.0
                && bytes[62..78] == wanted.octets()
        });
        if let Some(asked) = asked.filter(|_| answered.is_none()) {
            let frame = lab.said[asked].frame.clone();
            let mut cx = trace::Cx::new(lab.now, place, base::EventId::NONE, &mut lab.recorder);
            squatter.handle_frame(ETH0, frame, None, &mut cx);
            answered = squatter.poll_transmit(&mut cx).map(|out| out.frame);
            let answer = answered.clone().expect("it defends its address");
            lab.inject(0, 0, answer);
        }
    }
    assert!(answered.is_some());
    assert_ne!(global(&lab), wanted, "another identifier is tried: RFC 7217 §6");
}

#[test]
fn the_first_packet_waits_for_its_neighbour() {
    let mut lab = pair();
    let a = lab.with(0, |h, cx| h.udp_bind(at("[::]:0"), UdpOptions::default(), cx)).unwrap();
    let b = lab.with(1, |h, cx| h.udp_bind(at("[::]:9"), UdpOptions::default(), cx)).unwrap();
    lab.with(0, |h, cx| h.udp_send_to(a, Body::from(vec![1, 2, 3]), at("[2001:db8::2]:9"), cx)).unwrap();
    lab.run(10);
    assert_eq!(messages(&lab), [(0, Type::NEIGHBOR_SOLICITATION), (1, Type::NEIGHBOR_ADVERTISEMENT)]);
    let (_, question) = &said(&lab)[0];
    assert_eq!(question.macs.unwrap().1.to_string(), "33:33:ff:00:00:02", "a group, not everyone");
    let got = lab.with(1, |h, cx| h.udp_recv_from(b, cx)).unwrap();
    assert_eq!((got.data.to_bytes().to_vec(), got.from.ip()), (vec![1, 2, 3], IpAddr::V6(six("2001:db8::1"))));
    let state = |lab: &Lab| lab.hosts[0].neighbour_table(lab.now)[0].state;
    assert_eq!(state(&lab), NeighbourState::Reachable);
    lab.run(60_000);
    assert_eq!(state(&lab), NeighbourState::Stale);
    // Asked about five seconds after it was used again, at its own address.
    lab.with(0, |h, cx| h.udp_send_to(a, Body::from(vec![4]), at("[2001:db8::2]:9"), cx)).unwrap();
    assert_eq!(state(&lab), NeighbourState::Delay);
    lab.run(5_100);
    assert_eq!(state(&lab), NeighbourState::Reachable);
}

#[test]
fn nobody_there_nobody_listening_and_no_route() {
    let mut lab = pair();
    let id = lab.with(0, |h, cx| h.udp_bind(at("[::]:0"), UdpOptions::default(), cx)).unwrap();
    let send = |lab: &mut Lab, to: &str| lab.with(0, |h, cx| h.udp_send_to(id, Body::from(vec![1]), at(to), cx));
    assert_eq!(send(&mut lab, "[2001:db8:5::1]:9"), Err(Errno::NetworkUnreachable));
    lab.with(0, |h, _| h.udp_connect(id, at("[2001:db8::2]:9"))).unwrap();
    send(&mut lab, "[2001:db8::2]:9").unwrap();
    lab.run(10);
    assert_eq!(lab.with(0, |h, cx| h.udp_recv_from(id, cx)).unwrap_err(), Errno::ConnectionRefused);
    lab.with(0, |h, _| h.udp_connect(id, at("[2001:db8::77]:9"))).unwrap();
    send(&mut lab, "[2001:db8::77]:9").unwrap();
    lab.run(4_000);
    assert_eq!(lab.with(0, |h, cx| h.udp_recv_from(id, cx)).unwrap_err(), Errno::HostUnreachable);
    let asked = messages(&lab).iter().filter(|(_, kind)| *kind == Type::NEIGHBOR_SOLICITATION).count();
    assert_eq!(asked, 1 + 3, "three questions, a second apart");
}

#[test]
fn pings_pass_a_router_until_their_hop_limit_ends() {
    let mut lab = routed();
    lab.run(5_000);
    let ping = lab.with(0, |h, _| h.ping_open()).unwrap();
    for limit in 1..=2u8 {
        let to = six("2001:db8:2::10");
        lab.with(0, |h, cx| h.ping_send(ping, to, limit.into(), Body::from(vec![7; 20]), Some(limit), cx)).unwrap();
        lab.run(50);
    }
    let first = lab.with(0, |h, _| h.ping_recv(ping)).unwrap();
    assert_eq!((first.from, first.kind), (six("2001:db8:1::1").into(), PingResult::Icmpv6(Type::TIME_EXCEEDED)));
    let second = lab.with(0, |h, _| h.ping_recv(ping)).unwrap();
    assert_eq!((second.from, second.kind, second.data.len()), (six("2001:db8:2::10").into(), PingResult::Reply, 20));
    assert_eq!(second.ttl, 63);
    lab.with(0, |h, cx| h.ping_send(ping, six("2001:db8:9::1"), 3, Body::empty(), None, cx)).unwrap();
    lab.run(50);
    let third = lab.with(0, |h, _| h.ping_recv(ping)).unwrap();
    assert_eq!((third.kind, third.code), (PingResult::Icmpv6(Type::UNREACHABLE), 0), "no route");
}

#[test]
fn a_narrow_path_is_found_out_and_the_sender_cuts() {
    let mut lab = routed();
    lab.run(5_000);
    lab.hosts[1].set_mtu(InterfaceId(1), 1300);
    lab.hosts[2].set_mtu(ETH0, 1300);
    let ping = lab.with(0, |h, _| h.ping_open()).unwrap();
    let to = six("2001:db8:2::10");
    let data = Body::from((0..1400u32).map(|i| i as u8).collect::<Vec<u8>>());
    lab.with(0, |h, cx| h.ping_send(ping, to, 1, data.clone(), None, cx)).unwrap();
    lab.run(50);
    let told = lab.with(0, |h, _| h.ping_recv(ping)).unwrap();
    assert_eq!((told.from, told.kind), (six("2001:db8:1::1").into(), PingResult::Icmpv6(Type::PACKET_TOO_BIG)));
    lab.with(0, |h, cx| h.ping_send(ping, to, 2, data.clone(), None, cx)).unwrap();
    lab.run(50);
    let answer = lab.with(0, |h, _| h.ping_recv(ping)).unwrap();
    assert_eq!((answer.kind, answer.data), (PingResult::Reply, data));
    let pieces = said(&lab).into_iter().filter(|(host, frame)| *host == 0 && frame.transport == Transport::Fragment);
    let lens: Vec<usize> = pieces.map(|(_, frame)| frame.payload_len).collect();
    assert_eq!(lens, [1248, 1408 - 1248], "a multiple of 8 bytes that fits into 1300");
}

fn talk(lab: &mut Lab, listen: &str, to: &str, bytes: usize) -> (SocketAddr, usize) {
    let (from, server) = (0, lab.hosts.len() - 1);
    let listener = lab.with(server, |h, cx| h.tcp_listen(at(listen), ListenOptions::default(), cx)).unwrap();
    let client = lab.with(from, |h, cx| h.tcp_connect(at(to), ConnectOptions::default(), cx)).unwrap();
    lab.run(100);
    assert_eq!(lab.with(from, |h, _| h.tcp_connected(client)), Ok(()));
    let (accepted, peer) = lab.with(server, |h, cx| h.tcp_accept(listener, cx)).unwrap();
    let data: Vec<u8> = (0..bytes).map(|i| (i / 7) as u8).collect();
    let sent = lab.with(from, |h, cx| h.tcp_send(client, Body::from(data.clone()), cx)).unwrap();
    let mut got = Vec::new();
    for _ in 0..200 {
        lab.run(20);
        if let Ok(body) = lab.with(server, |h, cx| h.tcp_recv(accepted, usize::MAX, cx)) {
            got.extend_from_slice(&body.to_bytes());
        }
    }
    assert_eq!(got, data[..sent]);
    lab.with(from, |h, cx| h.close(client, cx));
    lab.with(server, |h, cx| h.close(accepted, cx));
    lab.with(server, |h, cx| h.close(listener, cx));
    lab.run(100);
    (peer, sent)
}

#[test]
fn tcp_goes_over_it_through_a_router_and_a_narrow_link() {
    let mut lab = routed();
    lab.run(5_000);
    let (peer, sent) = talk(&mut lab, "[::]:80", "[2001:db8:2::10]:80", 20_000);
    assert_eq!(peer.ip(), IpAddr::V6(global(&lab)));
    assert!(sent > 0);
    lab.hosts[1].set_mtu(InterfaceId(1), 1280);
    let before = said(&lab).len();
    talk(&mut lab, "[::]:81", "[2001:db8:2::10]:81", 20_000);
    let later = &said(&lab)[before..];
    let largest = later.iter().filter(|(host, _)| *host == 1).map(|(_, frame)| match &frame.network {
        Network::Ipv6(ip) => 40 + usize::from(ip.header.payload_len),
        _ => 0,
    });
    assert_eq!(largest.max(), Some(1280));
    assert!(messages(&lab).contains(&(1, Type::PACKET_TOO_BIG)));
}

#[test]
fn a_flow_has_one_label_and_another_flow_another() {
    let mut lab = pair();
    talk(&mut lab, "[::]:80", "[2001:db8::2]:80", 5_000);
    talk(&mut lab, "[::]:81", "[2001:db8::2]:81", 5_000);
    let label = |(host, frame): (usize, Frame)| match (frame.network, &frame.transport) {
        (Network::Ipv6(ip), Transport::Tcp(tcp, _)) if host == 0 => Some((tcp.dst_port, ip.header.flow_label)),
        _ => None,
    };
    let labels: std::collections::BTreeSet<(u16, u32)> = said(&lab).into_iter().filter_map(label).collect();
    let ports: Vec<u16> = labels.iter().map(|(port, _)| *port).collect();
    assert_eq!(ports, [80, 81], "one each: {labels:?}");
    assert_eq!(labels.iter().map(|(_, label)| label).collect::<std::collections::BTreeSet<_>>().len(), 2);
}

#[test]
fn one_socket_hears_both_families_unless_it_does_not_want_to() {
    let mut lab = pair();
    let (peer, _) = talk(&mut lab, "[::]:80", "10.0.0.2:80", 100);
    assert_eq!(peer.ip(), IpAddr::V4(addr("10.0.0.1")));
    let (peer, _) = talk(&mut lab, "[::]:81", "[::ffff:10.0.0.2]:81", 100);
    assert_eq!(peer.ip(), IpAddr::V4(addr("10.0.0.1")), "a mapped address is an IPv4 address");
    let only = ListenOptions { v6_only: true, ..ListenOptions::default() };
    lab.with(1, |h, cx| h.tcp_listen(at("[::]:82"), only, cx)).unwrap();
    let refused = lab.with(0, |h, cx| h.tcp_connect(at("10.0.0.2:82"), ConnectOptions::default(), cx)).unwrap();
    lab.run(100);
    assert_eq!(lab.with(0, |h, _| h.tcp_connected(refused)), Err(Errno::ConnectionRefused));
    assert!(lab.with(1, |h, cx| h.tcp_listen(at("0.0.0.0:82"), ListenOptions::default(), cx)).is_ok());
    let both = lab.with(1, |h, cx| h.tcp_listen(at("[::]:83"), ListenOptions::default(), cx));
    assert!(both.is_ok());
    let taken = lab.with(1, |h, cx| h.tcp_listen(at("0.0.0.0:83"), ListenOptions::default(), cx));
    assert_eq!(taken, Err(Errno::AddrInUse));
}

#[test]
fn loopback_speaks_it_too() {
    let mut lab = pair();
    let ping = lab.with(0, |h, _| h.ping_open()).unwrap();
    lab.with(0, |h, cx| h.ping_send(ping, Ipv6Addr::LOCALHOST, 1, Body::empty(), None, cx)).unwrap();
    lab.run(1);
    assert_eq!(lab.with(0, |h, _| h.ping_recv(ping)).unwrap().from, IpAddr::V6(Ipv6Addr::LOCALHOST));
    assert!(lab.said.is_empty());
}

#[test]
fn a_host_without_ipv6_ignores_it() {
    let plain = HostConfig::new("b", Seed(1)).interface("eth0", mac(2), &[(addr("10.0.0.2"), 24)]);
    let six_only = HostConfig::new("a", Seed(1))
        .interface("eth0", mac(1), &[])
        .ipv6(Ipv6Config::fixed(&[(six("2001:db8::1"), 64)]));
    let mut lab = Lab::new(vec![six_only, plain], &[&[(0, 0), (1, 0)]]);
    let ping = lab.with(0, |h, _| h.ping_open()).unwrap();
    lab.with(0, |h, cx| h.ping_send(ping, six("2001:db8::2"), 1, Body::empty(), None, cx)).unwrap();
    lab.run(4_000);
    assert!(lab.said.iter().all(|said| said.host == 0));
    assert_eq!(lab.with(0, |h, _| h.ping_recv(ping)).unwrap().code, 3, "address unreachable, says the host itself");
}
