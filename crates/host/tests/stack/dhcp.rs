//! What a DHCP client and server need of their hosts (RFC 2131 §4.1).

use base::Seed;
use host::{HostConfig, InterfaceId, Prefix, Route, UdpOptions};
use wire::{Body, MacAddr};

use crate::lab::{Lab, addr, at, config, mac, parse};

const ETH0: InterfaceId = InterfaceId(0);

#[test]
fn a_host_without_an_address_gets_one() {
    let joining = HostConfig::new("laptop", Seed(1)).interface("eth0", mac(5), &[]);
    let mut lab = Lab::new(vec![joining, config("router", 1, 1)], &[&[(0, 0), (1, 0)]]);
    let options = UdpOptions { broadcast: true, interface: Some(ETH0), unconfigured: true, ..UdpOptions::default() };
    let client = lab.with(0, |h, cx| h.udp_bind(at("0.0.0.0:68"), options, cx)).unwrap();
    let server = UdpOptions { broadcast: true, interface: Some(ETH0), ..UdpOptions::default() };
    let server = lab.with(1, |h, cx| h.udp_bind(at("0.0.0.0:67"), server, cx)).unwrap();

    // DISCOVER: from 0.0.0.0 to all.
    lab.with(0, |h, cx| h.udp_send_to(client, Body::from(b"discover".as_slice()), at("255.255.255.255:67"), cx))
        .unwrap();
    lab.run(5);
    let sent = parse(&lab.said[0].frame);
    assert_eq!(sent.ethernet.dst, MacAddr::BROADCAST);
    assert_eq!(sent.ip.map(|ip| (ip.src, ip.dst)), Some((addr("0.0.0.0"), addr("255.255.255.255"))));
    let got = lab.with(1, |h, cx| h.udp_recv_from(server, cx)).unwrap();
    assert_eq!((got.from, got.to, got.interface), (at("0.0.0.0:68"), at("255.255.255.255:67"), Some(ETH0)));

    // OFFER: to the offered address, in a frame for the client, who cannot answer ARP for it yet.
    lab.with(1, |h, cx| h.set_neighbour(ETH0, addr("10.0.0.50"), mac(5), cx));
    lab.with(1, |h, cx| h.udp_send_to(server, Body::from(b"offer".as_slice()), at("10.0.0.50:68"), cx)).unwrap();
    // And the other way, to all.
    lab.with(1, |h, cx| h.udp_send_to(server, Body::from(b"offer".as_slice()), at("255.255.255.255:68"), cx)).unwrap();
    lab.run(5);
    for to in ["10.0.0.50:68", "255.255.255.255:68"] {
        let got = lab.with(0, |h, cx| h.udp_recv_from(client, cx)).unwrap();
        assert_eq!((got.data, got.from, got.to), (Body::from(b"offer".as_slice()), at("10.0.0.1:67"), at(to)));
    }
    assert!(lab.said.iter().all(|said| parse(&said.frame).arp.is_none()), "no ARP was needed");

    // The client configures itself.
    lab.with(0, |h, cx| {
        h.add_address(ETH0, addr("10.0.0.50"), 24).unwrap();
        h.add_route(Route { prefix: Prefix::ALL, via: Some(addr("10.0.0.1").into()), interface: ETH0 });
        h.announce_address(ETH0, addr("10.0.0.50"), cx);
    });
    lab.with(1, |h, _| h.forget_neighbour(ETH0, addr("10.0.0.50")));
    let ping = lab.with(1, |h, _| h.ping_open()).unwrap();
    lab.with(1, |h, cx| h.ping_send(ping, addr("10.0.0.50"), 1, Body::empty(), None, cx)).unwrap();
    lab.run(10);
    assert!(lab.with(1, |h, _| h.ping_recv(ping)).is_ok());

    // And gives it back.
    lab.with(0, |h, _| h.remove_address(ETH0, addr("10.0.0.50")));
    assert!(!lab.hosts[0].is_own(addr("10.0.0.50")));
    assert_eq!(lab.hosts[0].routes().rows().len(), 1, "the default route is its own affair");
}

#[test]
fn others_do_not_hear_what_is_not_for_them() {
    let mut lab = Lab::pair();
    let id = lab.with(1, |h, cx| h.udp_bind(at("0.0.0.0:68"), UdpOptions::default(), cx)).unwrap();
    lab.with(0, |h, cx| h.set_neighbour(ETH0, addr("10.0.0.99"), mac(2), cx));
    let sender = lab.with(0, |h, cx| h.udp_bind(at("0.0.0.0:67"), UdpOptions::default(), cx)).unwrap();
    lab.with(0, |h, cx| h.udp_send_to(sender, Body::empty(), at("10.0.0.99:68"), cx)).unwrap();
    lab.run(5);
    assert!(lab.with(1, |h, cx| h.udp_recv_from(id, cx)).is_err(), "an ordinary socket wants its own address");
}
