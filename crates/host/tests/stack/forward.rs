//! Routers: RFC 1812, RFC 1191, RFC 1624.

use base::FrameId;
use host::{InterfaceId, PingResult, UdpOptions};
use tcp::Errno;
use wire::icmp::Type;
use wire::ipv4::{Header, Protocol};
use wire::{Body, Packet};

use crate::lab::{Lab, addr, at, frame, mac, route};

fn udp(lab: &mut Lab, host: usize, local: &str) -> host::SocketId {
    lab.with(host, |h, cx| h.udp_bind(at(local), UdpOptions::default(), cx)).unwrap()
}
fn send(lab: &mut Lab, host: usize, id: host::SocketId, len: usize, to: &str) {
    lab.with(host, |h, cx| h.udp_send_to(id, Body::from(vec![7; len]), at(to), cx)).unwrap();
}

#[test]
fn a_router_passes_a_packet_on_and_takes_one_off_its_ttl() {
    let mut lab = Lab::routed();
    let server = udp(&mut lab, 2, "0.0.0.0:53");
    let client = udp(&mut lab, 0, "0.0.0.0:5000");
    send(&mut lab, 0, client, 10, "10.0.2.10:53");
    lab.run(20);
    let got = lab.with(2, |h, cx| h.udp_recv_from(server, cx)).unwrap();
    assert_eq!(got.from, at("10.0.1.5:5000"));
    // Decoding verified the header checksum that RFC 1624's arithmetic made.
    let hops = lab.sent(1, |p| p.udp().map(|_| (p.ethernet.src, p.ethernet.dst, p.ip.unwrap().ttl)));
    assert_eq!(hops, [(mac(10), mac(2), 63)]);
    // Its lineage leads from hop to hop back to the client.
    let arrived =
        lab.trace().frames.metas().iter().rev().find(|meta| lab.trace().tap(meta.tap).unwrap().name == "server.eth0");
    let ancestors: Vec<&str> = lab
        .trace()
        .ancestors(arrived.unwrap().id)
        .map(|id: FrameId| lab.trace().tap(lab.trace().frames.meta(id).unwrap().tap).unwrap().name.as_str())
        .collect();
    assert_eq!(ancestors, ["router.wan", "router.lan", "client.eth0"]);
    assert_eq!(lab.count("ip.routed"), 2, "the client chose a row of its table, and the router of its own");
}

#[test]
fn a_traceroute() {
    let mut lab = Lab::routed();
    let ping = lab.with(0, |h, _| h.ping_open()).unwrap();
    for ttl in 1..=2 {
        lab.with(0, |h, cx| h.ping_send(ping, addr("10.0.2.10"), ttl.into(), Body::empty(), Some(ttl), cx)).unwrap();
        lab.run(20);
    }
    let first = lab.with(0, |h, _| h.ping_recv(ping)).unwrap();
    assert_eq!(
        (first.from, first.sequence, first.kind),
        (addr("10.0.1.1").into(), 1, PingResult::Icmp(Type::TIME_EXCEEDED))
    );
    let second = lab.with(0, |h, _| h.ping_recv(ping)).unwrap();
    assert_eq!((second.from, second.sequence, second.kind), (addr("10.0.2.10").into(), 2, PingResult::Reply));
}

#[test]
fn no_route_and_no_host() {
    let mut lab = Lab::routed();
    let ping = lab.with(0, |h, _| h.ping_open()).unwrap();
    lab.with(0, |h, cx| h.ping_send(ping, addr("198.51.100.1"), 1, Body::empty(), None, cx)).unwrap();
    lab.run(20);
    let answer = lab.with(0, |h, _| h.ping_recv(ping)).unwrap();
    assert_eq!(
        (answer.from, answer.kind, answer.code),
        (addr("10.0.1.1").into(), PingResult::Icmp(Type::UNREACHABLE), 0),
        "no route"
    );
    lab.with(0, |h, cx| h.ping_send(ping, addr("10.0.2.99"), 2, Body::empty(), None, cx)).unwrap();
    lab.run(5_000);
    let answer = lab.with(0, |h, _| h.ping_recv(ping)).unwrap();
    assert_eq!(
        (answer.from, answer.kind, answer.code),
        (addr("10.0.1.1").into(), PingResult::Icmp(Type::UNREACHABLE), 1),
        "no answer to ARP"
    );
}

#[test]
fn the_longest_prefix_decides() {
    let mut lab = Lab::routed();
    lab.with(1, |h, _| {
        h.add_route(route("198.51.100.0/24", "10.0.2.10", 1));
        h.add_route(route("198.51.100.64/26", "10.0.1.5", 0));
    });
    let client = udp(&mut lab, 0, "0.0.0.0:5000");
    send(&mut lab, 0, client, 1, "198.51.100.1:9");
    send(&mut lab, 0, client, 1, "198.51.100.65:9");
    lab.run(20);
    let out = lab.sent(1, |p| p.udp().map(|_| (p.ethernet.src, p.ip.unwrap().dst)));
    assert!(out.contains(&(mac(10), addr("198.51.100.1"))) && out.contains(&(mac(9), addr("198.51.100.65"))));
}

#[test]
fn a_packet_like_one_before_goes_the_same_way_until_routes_or_the_link_change() {
    let mut lab = Lab::routed();
    let server = udp(&mut lab, 2, "0.0.0.0:53");
    let client = udp(&mut lab, 0, "0.0.0.0:5000");
    let passed = |lab: &Lab| lab.sent(1, |p| p.udp().map(|_| (p.ethernet.src, p.ip.unwrap().ttl)));
    for _ in 0..3 {
        send(&mut lab, 0, client, 700, "10.0.2.10:53");
        lab.run(20);
        assert!(lab.with(2, |h, cx| h.udp_recv_from(server, cx)).is_ok());
    }
    assert_eq!(passed(&lab), [(mac(10), 63); 3]);
    assert_eq!(lab.count("ip.routed"), 6, "each packet's way is told");
    // Each has its own time to live.
    let ping = lab.with(0, |h, _| h.ping_open()).unwrap();
    lab.with(0, |h, cx| h.ping_send(ping, addr("10.0.2.10"), 1, Body::empty(), Some(1), cx)).unwrap();
    lab.run(20);
    assert_eq!(lab.with(0, |h, _| h.ping_recv(ping)).unwrap().kind, host::PingResult::Icmp(Type::TIME_EXCEEDED));
    // A better row.
    lab.with(1, |h, _| h.add_route(route("10.0.2.10/32", "10.0.1.5", 0)));
    send(&mut lab, 0, client, 700, "10.0.2.10:53");
    lab.run(20);
    assert_eq!(passed(&lab)[3..], [(mac(9), 63)]);
    // No row but the old one, and a link that has become narrow.
    lab.with(1, |h, _| h.remove_routes("10.0.2.10/32".parse().unwrap()));
    send(&mut lab, 0, client, 700, "10.0.2.10:53");
    lab.run(20);
    assert_eq!(passed(&lab)[4..], [(mac(10), 63)]);
    lab.with(1, |h, _| h.set_mtu(InterfaceId(1), 600));
    send(&mut lab, 0, client, 700, "10.0.2.10:53");
    lab.run(20);
    assert_eq!(passed(&lab).len(), 5, "too large, and not to be fragmented");
    assert!(lab.sent(1, |p| p.icmp()).iter().any(|icmp| (icmp.kind, icmp.code) == (Type::UNREACHABLE, 4)));
}

#[test]
fn a_narrow_link_fragments_or_says_so() {
    let mut lab = Lab::routed();
    lab.with(1, |h, _| h.set_mtu(InterfaceId(1), 1000));
    let server = udp(&mut lab, 2, "0.0.0.0:53");
    let client = udp(&mut lab, 0, "0.0.0.0:5000");
    // Larger than the client's own link: sent in fragments without DF, which the router cuts again.
    send(&mut lab, 0, client, 4000, "10.0.2.10:53");
    lab.run(20);
    let got = lab.with(2, |h, cx| h.udp_recv_from(server, cx)).unwrap();
    assert_eq!(got.data, Body::from(vec![7; 4000]));
    assert!(lab.sent(1, |p| p.ip).iter().all(|ip| ip.total_len <= 1000));
    // It fits the client's link, so DF is set: RFC 1191 §4 tells the MTU, the client remembers and cuts the next one.
    send(&mut lab, 0, client, 1200, "10.0.2.10:53");
    lab.run(20);
    let told = lab.sent(1, |p| p.icmp().map(|icmp| (icmp.kind, icmp.code, icmp.next_mtu())));
    assert_eq!(told, [(Type::UNREACHABLE, 4, 1000)]);
    assert_eq!(lab.with(2, |h, cx| h.udp_recv_from(server, cx)).unwrap_err(), Errno::WouldBlock);
    send(&mut lab, 0, client, 1200, "10.0.2.10:53");
    lab.run(20);
    assert_eq!(lab.with(2, |h, cx| h.udp_recv_from(server, cx)).unwrap().data.len(), 1200);
}

#[test]
fn what_a_router_does_not_forward() {
    let mut lab = Lab::routed();
    let datagram = [0x13, 0x88, 0, 53, 0, 8, 0, 0];
    let from_client = |dst: &str| Header::new(addr("10.0.1.5"), addr(dst), Protocol::UDP, 8);
    let mut inject = |to: wire::MacAddr, header: Header| lab.inject(1, 0, frame(mac(1), to, header, &datagram));
    inject(mac(9), from_client("224.0.0.9"));
    inject(mac(9), from_client("240.0.0.1"));
    inject(mac(9), from_client("0.1.2.3"));
    inject(mac(9), from_client("10.0.2.255")); // RFC 2644: a broadcast on another link
    inject(wire::MacAddr::BROADCAST, from_client("10.0.2.10")); // RFC 1812 §5.3.4
    inject(mac(9), Header { src: addr("127.0.0.1"), ..from_client("10.0.2.10") });
    inject(mac(9), Header { src: addr("224.0.0.1"), ..from_client("10.0.2.10") });
    lab.run(10);
    assert!(lab.said.is_empty(), "{:?}", lab.lines());
    assert_eq!(lab.count("ip.discarded"), 7);
}

#[test]
fn a_fragment_beyond_the_largest_packet_is_not_forwarded() {
    let mut lab = Lab::routed();
    lab.with(1, |h, _| h.set_mtu(InterfaceId(1), 500));
    let fragment = Header {
        dont_fragment: false,
        fragment_offset: 8190,
        ..Header::new(addr("10.0.1.5"), addr("10.0.2.10"), Protocol::UDP, 1200)
    };
    lab.inject(1, 0, frame(mac(1), mac(9), fragment, &[0; 1200]));
    lab.run(10);
    assert!(lab.said.is_empty(), "cut again, its offsets would wrap around");
}

#[test]
fn a_host_does_not_forward() {
    let mut lab = Lab::pair();
    let header = Header::new(addr("10.0.0.1"), addr("10.0.0.9"), Protocol::UDP, 8);
    let frame: Packet = frame(mac(1), mac(2), header, &[0; 8]);
    lab.inject(1, 0, frame);
    lab.run(10);
    assert!(lab.said.is_empty());
}

#[test]
fn a_router_answers_for_all_of_its_addresses() {
    let mut lab = Lab::routed();
    let ping = lab.with(0, |h, _| h.ping_open()).unwrap();
    lab.with(0, |h, cx| h.ping_send(ping, addr("10.0.2.1"), 1, Body::empty(), None, cx)).unwrap();
    lab.run(20);
    assert_eq!(lab.with(0, |h, _| h.ping_recv(ping)).unwrap().from, addr("10.0.2.1"));
}
