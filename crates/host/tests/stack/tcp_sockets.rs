//! TCP's sockets: RFC 9293 §3.9 and what Linux adds.

use base::Duration;
use host::{ConnectOptions, EphemeralPorts, ListenOptions, SocketId};
use tcp::{Errno, Flags, State};
use wire::Body;
use wire::tcp::Seq;

use crate::lab::{Lab, addr, at, config};

fn listen(lab: &mut Lab, host: usize, local: &str) -> Result<SocketId, Errno> {
    lab.with(host, |h, cx| h.tcp_listen(at(local), ListenOptions::default(), cx))
}
fn connect(lab: &mut Lab, host: usize, to: &str) -> Result<SocketId, Errno> {
    lab.with(host, |h, cx| h.tcp_connect(at(to), ConnectOptions::default(), cx))
}
fn close(lab: &mut Lab, host: usize, id: SocketId) {
    lab.with(host, |h, cx| h.close(id, cx));
}
/// A connection from host 0 to a listener on host 1's port 80, both ends.
fn open(lab: &mut Lab, listener: SocketId) -> (SocketId, SocketId) {
    let client = connect(lab, 0, "10.0.0.2:80").unwrap();
    lab.run(20);
    let (server, _) = lab.with(1, |h, cx| h.tcp_accept(listener, cx)).unwrap();
    (client, server)
}
/// Opens and closes a connection, the client first: its four-tuple is in TIME-WAIT after that.
fn open_and_close(lab: &mut Lab, listener: SocketId) {
    let (client, server) = open(lab, listener);
    close(lab, 0, client);
    lab.run(10);
    close(lab, 1, server);
    lab.run(10);
}
fn states(lab: &Lab, host: usize) -> Vec<State> {
    lab.hosts[host].connections().iter().map(|row| row.state).collect()
}

#[test]
fn a_connection_from_its_first_segment_to_its_last() {
    let mut a = config("a", 1, 1);
    (a.isns, a.ephemeral) = (vec![Seq(1000)], EphemeralPorts::FROM_49152);
    let mut b = config("b", 2, 1);
    b.isns = vec![Seq(4500)];
    let mut lab = Lab::new(vec![a, b], &[&[(0, 0), (1, 0)]]);
    let listener = listen(&mut lab, 1, "0.0.0.0:80").unwrap();
    let client = connect(&mut lab, 0, "10.0.0.2:80").unwrap();
    assert_eq!(lab.with(0, |h, _| h.tcp_connected(client)), Err(Errno::WouldBlock));
    assert_eq!(lab.with(1, |h, cx| h.tcp_accept(listener, cx)), Err(Errno::WouldBlock));
    lab.run(20);
    assert_eq!(lab.with(0, |h, _| h.tcp_connected(client)), Ok(()));
    assert!(lab.woken.contains(&(0, client)) && lab.woken.contains(&(1, listener)));
    let (server, peer) = lab.with(1, |h, cx| h.tcp_accept(listener, cx)).unwrap();
    assert_eq!(peer, at("10.0.0.1:49152"));
    assert_eq!(lab.hosts[1].peer_addr(server), Some(peer));
    assert_eq!(lab.hosts[1].local_addr(server), Some(at("10.0.0.2:80")));

    lab.with(0, |h, cx| h.tcp_send(client, Body::from(b"GET".as_slice()), cx)).unwrap();
    lab.run(20);
    assert!(lab.woken.contains(&(1, server)));
    assert_eq!(lab.with(1, |h, cx| h.tcp_recv(server, 99, cx)).unwrap(), Body::from(b"GET".as_slice()));
    lab.with(1, |h, cx| h.tcp_send(server, Body::from(vec![1; 200]), cx)).unwrap();
    close(&mut lab, 1, server);
    lab.run(20);
    assert_eq!(lab.with(0, |h, cx| h.tcp_recv(client, 999, cx)).unwrap().len(), 200);
    assert!(lab.with(0, |h, cx| h.tcp_recv(client, 999, cx)).unwrap().is_empty(), "the end of the stream");
    close(&mut lab, 0, client);
    lab.run(100);
    let numbers = |host| lab.sent(host, |p| p.tcp().map(|s| (s.flags.without(Flags::PSH), s.seq.0, s.ack.0)));
    let ack = Flags::ACK;
    assert_eq!(numbers(0)[..2], [(Flags::SYN, 1000, 0), (ack, 1001, 4501)]);
    assert_eq!(numbers(1)[0], (Flags::SYN | ack, 4500, 1001));
    assert_eq!(states(&lab, 0), [], "the one who closed last is done");
    assert_eq!(states(&lab, 1), [State::TIME_WAIT]);
    lab.run(61_000);
    assert_eq!(states(&lab, 1), []);
    let trace = lab.trace();
    for said in &lab.said {
        let root = trace.causes(said.event).last().unwrap();
        assert!(root.cause.is_none(), "every frame's chain of causes ends at an act");
    }
}

#[test]
fn nobody_listens() {
    let mut lab = Lab::pair();
    let client = connect(&mut lab, 0, "10.0.0.2:81").unwrap();
    lab.run(20);
    assert_eq!(lab.with(0, |h, _| h.tcp_connected(client)), Err(Errno::ConnectionRefused));
    assert_eq!(lab.count("tcp.refused"), 1);
    close(&mut lab, 0, client);
    assert_eq!(states(&lab, 0), []);
    assert_eq!(lab.with(0, |h, cx| h.tcp_send(client, Body::empty(), cx)), Err(Errno::BadSocket));
}

#[test]
fn nobody_is_there_or_no_way_leads_there() {
    let mut lab = Lab::pair();
    let client = connect(&mut lab, 0, "10.0.0.77:80").unwrap();
    lab.run(4_000);
    assert_eq!(lab.with(0, |h, _| h.tcp_connected(client)), Err(Errno::HostUnreachable), "ARP has failed");
    assert_eq!(connect(&mut lab, 0, "198.51.100.1:80"), Err(Errno::NetworkUnreachable));
    assert_eq!(connect(&mut lab, 0, "255.255.255.255:80"), Err(Errno::NetworkUnreachable));
}

#[test]
fn a_client_runs_out_of_ports_and_what_helps() {
    let mut few = config("a", 1, 1);
    few.ephemeral = EphemeralPorts { first: 50_000, last: 50_019, ..EphemeralPorts::default() };
    let mut lab = Lab::new(vec![few.clone(), config("b", 2, 1)], &[&[(0, 0), (1, 0)]]);
    let listener = listen(&mut lab, 1, "0.0.0.0:80").unwrap();
    let other = listen(&mut lab, 1, "0.0.0.0:81").unwrap();
    for _ in 0..20 {
        open_and_close(&mut lab, listener);
    }
    assert_eq!(states(&lab, 0), [State::TIME_WAIT; 20], "whoever closes first waits");
    assert_eq!(connect(&mut lab, 0, "10.0.0.2:80"), Err(Errno::AddrNotAvailable));
    assert_eq!(lab.count("tcp.no_port"), 1);
    // TIME-WAIT holds a four-tuple, not a port: another destination is fine.
    assert!(connect(&mut lab, 0, "10.0.0.2:81").is_ok());
    lab.run(20);
    assert!(lab.with(1, |h, cx| h.tcp_accept(other, cx)).is_ok());
    // SO_REUSEADDR is no cure.
    let named = ConnectOptions { local: Some(at("10.0.0.1:50003")), reuse_address: true, ..ConnectOptions::default() };
    let refused = lab.with(0, |h, cx| h.tcp_connect(at("10.0.0.2:80"), named, cx));
    assert!(matches!(refused, Err(Errno::AddrNotAvailable | Errno::AddrInUse)), "{refused:?}");
    // Waiting is: the first of them are free a minute after they closed.
    lab.run(59_500);
    assert!(connect(&mut lab, 0, "10.0.0.2:80").is_ok());

    // So is RFC 6191: with timestamps, an old four-tuple may be used again at once.
    few.time_wait_reuse = true;
    let mut lab = Lab::new(vec![few, config("b", 2, 1)], &[&[(0, 0), (1, 0)]]);
    let listener = listen(&mut lab, 1, "0.0.0.0:80").unwrap();
    for _ in 0..60 {
        open_and_close(&mut lab, listener);
        lab.run(1_000);
    }
    assert!(lab.count("tcp.time_wait_reused") >= 1);
    assert!(states(&lab, 0).len() <= 20);
}

#[test]
fn a_servers_port_is_not_used_up_by_accepting() {
    let mut lab = Lab::pair();
    let listener = listen(&mut lab, 1, "0.0.0.0:80").unwrap();
    for _ in 0..50 {
        let (client, server) = open(&mut lab, listener);
        close(&mut lab, 1, server);
        lab.run(10);
        close(&mut lab, 0, client);
        lab.run(10);
    }
    assert_eq!(states(&lab, 1), [State::TIME_WAIT; 50]);
    open(&mut lab, listener);
}

#[test]
fn a_server_that_starts_again_needs_so_reuseaddr() {
    let mut lab = Lab::pair();
    let listener = listen(&mut lab, 1, "0.0.0.0:80").unwrap();
    let (client, server) = open(&mut lab, listener);
    close(&mut lab, 1, server);
    lab.run(10);
    close(&mut lab, 0, client);
    lab.run(10);
    assert_eq!(listen(&mut lab, 1, "0.0.0.0:80"), Err(Errno::AddrInUse), "somebody listens");
    close(&mut lab, 1, listener);
    let plain = ListenOptions { reuse_address: false, ..ListenOptions::default() };
    let refused = lab.with(1, |h, cx| h.tcp_listen(at("0.0.0.0:80"), plain.clone(), cx));
    assert_eq!(refused, Err(Errno::AddrInUse), "a connection is in TIME-WAIT");
    let again = listen(&mut lab, 1, "0.0.0.0:80").unwrap();
    close(&mut lab, 1, again);
    lab.run(61_000);
    assert!(lab.with(1, |h, cx| h.tcp_listen(at("0.0.0.0:80"), plain, cx)).is_ok(), "a minute later");
}

#[test]
fn a_new_syn_may_open_a_four_tuple_in_time_wait() {
    let mut lab = Lab::pair();
    let listener = listen(&mut lab, 1, "0.0.0.0:80").unwrap();
    let named = ConnectOptions { local: Some(at("10.0.0.1:50000")), ..ConnectOptions::default() };
    let client = lab.with(0, |h, cx| h.tcp_connect(at("10.0.0.2:80"), named.clone(), cx)).unwrap();
    lab.run(20);
    let (server, _) = lab.with(1, |h, cx| h.tcp_accept(listener, cx)).unwrap();
    // The server closes first: TIME-WAIT is at its side.
    close(&mut lab, 1, server);
    lab.run(10);
    close(&mut lab, 0, client);
    lab.run(1_000);
    assert_eq!((states(&lab, 0), states(&lab, 1)), (vec![], vec![State::TIME_WAIT]));
    let client = lab.with(0, |h, cx| h.tcp_connect(at("10.0.0.2:80"), named, cx)).unwrap();
    lab.run(20);
    assert_eq!(lab.with(0, |h, _| h.tcp_connected(client)), Ok(()), "RFC 1122 §4.2.2.13");
    assert_eq!(states(&lab, 1), [State::ESTABLISHED]);
}

#[test]
fn both_open_at_once() {
    // RFC 9293 §3.5, figure 7.
    let mut lab = Lab::pair();
    // Neither may be told that nobody listens before its own SYN is out, so that the wire's first frames are the SYNs.
    lab.with(0, |h, cx| h.set_neighbour(host::InterfaceId(0), addr("10.0.0.2"), crate::lab::mac(2), cx));
    lab.with(1, |h, cx| h.set_neighbour(host::InterfaceId(0), addr("10.0.0.1"), crate::lab::mac(1), cx));
    let bound = |local: &str| ConnectOptions { local: Some(at(local)), ..ConnectOptions::default() };
    let a = lab.with(0, |h, cx| h.tcp_connect(at("10.0.0.2:7000"), bound("10.0.0.1:6000"), cx)).unwrap();
    let b = lab.with(1, |h, cx| h.tcp_connect(at("10.0.0.1:6000"), bound("10.0.0.2:7000"), cx)).unwrap();
    lab.run(50);
    assert_eq!((lab.with(0, |h, _| h.tcp_connected(a)), lab.with(1, |h, _| h.tcp_connected(b))), (Ok(()), Ok(())));
    lab.with(0, |h, cx| h.tcp_send(a, Body::from(b"hi".as_slice()), cx)).unwrap();
    lab.run(50);
    assert_eq!(lab.with(1, |h, cx| h.tcp_recv(b, 9, cx)).unwrap().len(), 2);
}

#[test]
fn the_backlog_is_bounded() {
    let mut lab = Lab::pair();
    let options = ListenOptions { backlog: 3, ..ListenOptions::default() };
    let listener = lab.with(1, |h, cx| h.tcp_listen(at("0.0.0.0:80"), options, cx)).unwrap();
    for _ in 0..10 {
        connect(&mut lab, 0, "10.0.0.2:80").unwrap();
        lab.run(10);
    }
    let accepted = (0..10).filter(|_| lab.with(1, |h, cx| h.tcp_accept(listener, cx)).is_ok()).count();
    assert_eq!(accepted, 4, "Linux lets one more in than the backlog says");
    assert!(lab.count("tcp.backlog_full") + lab.count("tcp.accept_queue_full") > 0);
    lab.run(10_000);
    assert!(lab.with(1, |h, cx| h.tcp_accept(listener, cx)).is_ok(), "the others try again");
}

#[test]
fn closing_a_listener_resets_who_waits() {
    let mut lab = Lab::pair();
    let listener = listen(&mut lab, 1, "0.0.0.0:80").unwrap();
    let client = connect(&mut lab, 0, "10.0.0.2:80").unwrap();
    lab.run(20);
    close(&mut lab, 1, listener);
    lab.run(20);
    assert_eq!(lab.with(0, |h, cx| h.tcp_recv(client, 1, cx)).unwrap_err(), Errno::ConnectionReset);
    assert_eq!(states(&lab, 1), []);
    let refused = connect(&mut lab, 0, "10.0.0.2:80").unwrap();
    lab.run(20);
    assert_eq!(lab.with(0, |h, _| h.tcp_connected(refused)), Err(Errno::ConnectionRefused));
}

#[test]
fn a_connection_to_oneself() {
    let mut lab = Lab::pair();
    let listener = listen(&mut lab, 0, "127.0.0.1:80").unwrap();
    let client = connect(&mut lab, 0, "127.0.0.1:80").unwrap();
    lab.run(10);
    let (server, _) = lab.with(0, |h, cx| h.tcp_accept(listener, cx)).unwrap();
    let data = Body::from(vec![3; 300_000]);
    lab.with(0, |h, cx| h.tcp_send(client, data.clone(), cx)).unwrap();
    let mut got = 0;
    for _ in 0..100 {
        lab.run(10);
        got += lab.with(0, |h, cx| h.tcp_recv(server, usize::MAX, cx)).map_or(0, |body| body.len());
    }
    assert_eq!(got, 300_000);
    assert!(lab.said.is_empty());
}

#[test]
fn a_narrow_path_makes_segments_smaller() {
    let mut lab = Lab::routed();
    lab.with(1, |h, _| h.set_mtu(host::InterfaceId(1), 800));
    let listener = lab.with(2, |h, cx| h.tcp_listen(at("0.0.0.0:80"), ListenOptions::default(), cx)).unwrap();
    let client = connect(&mut lab, 0, "10.0.2.10:80").unwrap();
    lab.run(50);
    let (server, _) = lab.with(2, |h, cx| h.tcp_accept(listener, cx)).unwrap();
    let data = Body::from((0..20_000).map(|i| i as u8).collect::<Vec<u8>>());
    lab.with(0, |h, cx| h.tcp_send(client, data.clone(), cx)).unwrap();
    let mut got = Body::empty();
    for _ in 0..300 {
        lab.run(50);
        if let Ok(more) = lab.with(2, |h, cx| h.tcp_recv(server, usize::MAX, cx)) {
            got.append(more);
        }
    }
    assert_eq!(got, data, "RFC 1191 §3: path MTU discovery");
    assert!(lab.sent(1, |p| p.icmp().map(|icmp| icmp.next_mtu())).contains(&800));
}

#[test]
fn progress_keeps_a_neighbour_alive_without_arp() {
    let mut lab = Lab::pair();
    let listener = listen(&mut lab, 1, "0.0.0.0:80").unwrap();
    let (client, server) = open(&mut lab, listener);
    let before = lab.sent(0, |p| p.arp).len() + lab.sent(1, |p| p.arp).len();
    for _ in 0..120 {
        lab.with(0, |h, cx| h.tcp_send(client, Body::from(vec![1; 10]), cx)).unwrap();
        lab.run(500);
        lab.with(1, |h, cx| h.tcp_recv(server, 99, cx)).unwrap();
        lab.with(1, |h, cx| h.tcp_send(server, Body::from(vec![1; 10]), cx)).unwrap();
        lab.run(500);
        lab.with(0, |h, cx| h.tcp_recv(client, 99, cx)).unwrap();
    }
    let after = lab.sent(0, |p| p.arp).len() + lab.sent(1, |p| p.arp).len();
    assert_eq!(after, before, "RFC 1122 §2.3.2.1(4): two minutes of traffic, not one question");
}

#[test]
fn timers_of_closed_connections_leave_nothing_behind() {
    let mut lab = Lab::pair();
    let listener = listen(&mut lab, 1, "0.0.0.0:80").unwrap();
    for _ in 0..20 {
        open_and_close(&mut lab, listener);
    }
    close(&mut lab, 1, listener);
    lab.run(Duration::from_secs(200).as_millis());
    assert_eq!((states(&lab, 0), states(&lab, 1)), (vec![], vec![]));
    assert!(lab.hosts.iter().all(|host| host.poll_timeout() == base::Instant::NEVER));
}
