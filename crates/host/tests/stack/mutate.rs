//! Nothing that comes in on a wire may panic, loop or grow without bound.

use base::Seed;
use bytes::Bytes;
use host::{ConnectOptions, HostConfig, InterfaceId, ListenOptions, NatConfig, UdpOptions};
use proptest::prelude::*;
use wire::{Body, Packet};

use crate::lab::{Lab, addr, at, mac};

/// A host with everything that can be reached: sockets, a router with a translator, waiting fragments.
fn busy() -> Lab {
    let mut router = HostConfig::new("router", Seed(1)).interface("lan", mac(1), &[(addr("10.0.0.1"), 24)]).interface(
        "wan",
        mac(2),
        &[(addr("203.0.113.7"), 24)],
    );
    router.forwarding = true;
    router.nat = Some(NatConfig::new(InterfaceId(1)));
    let mut lab = Lab::new(vec![router], &[]);
    lab.with(0, |h, cx| {
        h.udp_bind(at("0.0.0.0:53"), UdpOptions::default(), cx).unwrap();
        let id = h.udp_bind(at("0.0.0.0:5000"), UdpOptions::default(), cx).unwrap();
        h.udp_connect(id, at("10.0.0.9:53")).unwrap();
        let raw = UdpOptions { unconfigured: true, interface: Some(InterfaceId(1)), ..UdpOptions::default() };
        h.udp_bind(at("0.0.0.0:68"), raw, cx).unwrap();
        h.tcp_listen(at("0.0.0.0:80"), ListenOptions::default(), cx).unwrap();
        let options = ConnectOptions { local: Some(at("10.0.0.1:50000")), ..ConnectOptions::default() };
        h.tcp_connect(at("10.0.0.9:80"), options, cx).unwrap();
        h.ping_open().unwrap();
        h.set_neighbour(InterfaceId(0), addr("10.0.0.9"), mac(9), cx);
    });
    lab
}

/// Frames that mean something to [`busy`], to be damaged: what two real hosts say to each other.
fn sensible() -> Vec<Vec<u8>> {
    let peer = HostConfig::new("peer", Seed(2)).interface("eth0", mac(9), &[(addr("10.0.0.9"), 24)]);
    let host = HostConfig::new("host", Seed(2)).interface("eth0", mac(1), &[(addr("10.0.0.1"), 24)]);
    let mut lab = Lab::new(vec![peer, host], &[&[(0, 0), (1, 0)]]);
    lab.with(1, |h, cx| h.tcp_listen(at("0.0.0.0:80"), ListenOptions::default(), cx)).unwrap();
    let udp = lab.with(0, |h, cx| h.udp_bind(at("0.0.0.0:53"), UdpOptions::default(), cx)).unwrap();
    let ping = lab.with(0, |h, _| h.ping_open()).unwrap();
    lab.with(0, |h, cx| {
        h.udp_send_to(udp, Body::from(vec![1; 40]), at("10.0.0.1:5000"), cx).unwrap();
        h.udp_send_to(udp, Body::from(vec![1; 4000]), at("10.0.0.1:53"), cx).unwrap();
        h.udp_send_to(udp, Body::from(vec![1; 4]), at("10.0.0.1:1"), cx).unwrap();
        h.ping_send(ping, addr("10.0.0.1"), 1, Body::from(vec![5; 30]), None, cx).unwrap();
        h.tcp_connect(at("10.0.0.1:80"), ConnectOptions::default(), cx).unwrap();
    });
    lab.run(300);
    lab.said.iter().map(|said| said.frame.to_vec()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes(frames in proptest::collection::vec((0u16..2, proptest::collection::vec(any::<u8>(), 0..200)), 1..20)) {
        let mut lab = busy();
        for (interface, mut frame) in frames {
            if frame.len() > 14 {
                frame[..6].copy_from_slice(&mac(1 + interface as u8).0);
                let arp = frame[14] % 8 == 0;
                frame[12..14].copy_from_slice(if arp { &[8, 6] } else { &[8, 0] });
            }
            lab.inject(0, interface, Packet::from_bytes(frame.into()));
        }
        lab.run(40_000);
    }

    #[test]
    fn damaged_frames(
        picks in proptest::collection::vec(
            (any::<prop::sample::Index>(), 0u16..2, proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), any::<prop::sample::Index>(), any::<bool>()),
            1..12,
        )
    ) {
        let frames = sensible();
        let mut lab = busy();
        for (pick, interface, damage, cut, fix) in picks {
            let mut frame = frames[pick.index(frames.len())].clone();
            for (at, value) in damage {
                let at = at.index(frame.len());
                frame[at] = value;
            }
            frame[..6].copy_from_slice(&mac(1 + interface as u8).0);
            if cut.index(4) == 0 {
                frame.truncate(14 + cut.index(frame.len() - 13));
            }
            // With the header's checksum right, damage gets further.
            if fix && frame.len() >= 34 {
                let len = (usize::from(frame[14] & 15) * 4).clamp(20, frame.len() - 14);
                frame[24..26].fill(0);
                let sum = wire::Sum::of(&frame[14..14 + len]).checksum();
                frame[24..26].copy_from_slice(&sum.to_be_bytes());
            }
            lab.inject(0, interface, Packet::from_bytes(Bytes::from(frame)));
        }
        lab.run(40_000);
    }
}
