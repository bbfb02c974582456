//! Small worlds, from end to end.

mod common;

use base::{Chance, Duration, Instant, Seed};
use common::{Home, any_at, check_causes, dump, line, pattern, server_at};
use net::link::{Fault, LaneConfig, Match, QueueLimit, Then, Which};
use net::{Join, Stop};
use trace::{Direction, Level, Trace, kinds};

/// A server that echoes what it gets on one connection, and a client that sends `len` bytes and reads them back.
fn echo(home: &Home, len: usize) -> Join<Vec<u8>> {
    let os = home.world.os(home.server);
    home.world.spawn_root(home.server, &kinds::app::OPERATOR_STARTS, "echo", async move {
        let listener = os.tcp_listen(any_at(7), 16).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        loop {
            let data = stream.recv(1 << 16).await.unwrap();
            if data.is_empty() {
                return stream.shutdown().unwrap();
            }
            stream.send_all(data).await.unwrap();
        }
    });
    let os = home.world.os(home.client);
    home.world.spawn_root(home.client, &kinds::app::USER_OPENS, "echo", async move {
        let stream = os.tcp_connect(server_at(7)).await.unwrap();
        let sender = os.spawn("sender", async move {
            let data = pattern(len);
            let mut sent = 0;
            let mut all = Vec::new();
            // One task both writes and reads: the echo is read while there is still something to say.
            while all.len() < len {
                if sent < len {
                    let end = len.min(sent + 30_000);
                    stream.send_all(data[sent..end].to_vec().into()).await.unwrap();
                    sent = end;
                }
                all.extend_from_slice(&stream.recv(1 << 16).await.unwrap());
            }
            stream.shutdown().unwrap();
            assert!(stream.recv(1).await.unwrap().is_empty(), "nothing comes behind the echo");
            all
        });
        sender.await
    })
}

fn echo_trace(seed: Seed, level: Level, uplink: LaneConfig, len: usize) -> (Trace, Instant, u64) {
    let mut home = Home::new(seed, level, uplink, false);
    home.world.set_limit(10_000_000);
    let answer = echo(&home, len);
    assert_eq!(home.world.run(), Stop::Idle);
    assert!(answer.take() == Some(pattern(len)), "what comes back is what was sent");
    let (now, steps) = (home.world.now(), home.world.steps());
    (home.world.into_trace(), now, steps)
}

#[test]
fn header_prediction_changes_no_frame_and_no_event() {
    for (n, loss) in ["0%", "0%", "1%", "3%"].into_iter().enumerate() {
        let run = |prediction| {
            let uplink = LaneConfig::new(Duration::from_millis(10), base::Rate::mbit(100)).loss(loss.parse().unwrap());
            let mut home = Home::new(Seed(n as u64), Level::Full, uplink.queue_bytes(100_000), n == 1);
            for node in [home.client, home.server] {
                home.world.with_host(node, &kinds::app::OPERATOR_STARTS, "sysctl", |host, _| {
                    let config = tcp::Config { prediction, ..*host.tcp_config() };
                    host.set_tcp_config(config);
                });
            }
            let answer = echo(&home, 400_000);
            let got = download(&home, 1_000_000);
            assert_eq!(home.world.run(), Stop::Idle);
            assert!(answer.take() == Some(pattern(400_000)) && got.take() == Some(1_000_000));
            dump(&home.world.into_trace())
        };
        let (short, long) = (run(true), run(false));
        let differs = short.lines().zip(long.lines()).find(|(a, b)| a != b);
        assert!(short == long, "{differs:?}");
    }
}

/// A client that reads `len` bytes from a server.
fn download(home: &Home, len: usize) -> Join<usize> {
    let os = home.world.os(home.server);
    home.world.spawn_root(home.server, &kinds::app::OPERATOR_STARTS, "sends", async move {
        let listener = os.tcp_listen(any_at(80), 16).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        stream.send_all(pattern(len).into()).await.unwrap();
    });
    let os = home.world.os(home.client);
    home.world.spawn_root(home.client, &kinds::app::USER_OPENS, "reads", async move {
        let stream = os.tcp_connect(server_at(80)).await.unwrap();
        stream.recv_to_end().await.unwrap().len()
    })
}

#[test]
fn an_echo_survives_a_lossy_way() {
    let (trace, ..) = echo_trace(Seed(3), Level::Full, line().loss("3%".parse().unwrap()), 300_000);
    let count = |id: &str| trace.events.iter().filter(|event| event.kind.id == id).count();
    assert!(count("link.lost") > 3, "{} frames were lost", count("link.lost"));
    assert!(count("tcp.retransmit") >= 3);
    check_causes(&trace);
}

#[test]
fn an_echo_survives_damage_doubling_and_disorder() {
    let fault = |of, which, then| Fault { of, which, then };
    let uplink = line()
        .fault(fault(Match::TcpData, Which::Range(3, 5), Then::FlipBit(60 * 8)))
        .fault(fault(Match::TcpData, Which::Nth(12), Then::Duplicate))
        .fault(fault(Match::TcpData, Which::Chance("5%".parse().unwrap()), Then::Hold(Duration::from_millis(3))));
    let (trace, ..) = echo_trace(Seed(4), Level::Full, uplink, 200_000);
    let count = |id: &str| trace.events.iter().filter(|event| event.kind.id == id).count();
    assert!(count("link.corrupted") >= 3 && count("link.duplicated") >= 1 && count("link.held") > 2);
    check_causes(&trace);
}

#[test]
fn the_same_seed_gives_the_same_run_and_recording_does_not_change_it() {
    let uplink = || line().loss("2%".parse().unwrap());
    let run = |seed, level| echo_trace(Seed(seed), level, uplink(), 100_000);
    let (first, end, steps) = run(5, Level::Full);
    let (again, ..) = run(5, Level::Full);
    assert!(dump(&first) == dump(&again), "two runs of one seed are alike to the bit");
    for level in [Level::Decisions, Level::Off] {
        let (_, other_end, other_steps) = run(5, level);
        assert_eq!((other_end, other_steps), (end, steps), "recording {level:?} changes nothing");
    }
    let (decisions, ..) = run(5, Level::Decisions);
    for event in &decisions.events {
        let full = first.event(event.id).expect("ids do not depend on the level");
        assert_eq!((full.kind.id, full.at, full.cause), (event.kind.id, event.at, event.cause));
    }
    let (other, ..) = run(6, Level::Full);
    assert!(dump(&first) != dump(&other), "another seed gives another run");
}

#[test]
fn a_short_queue_drops_and_the_transfer_goes_on() {
    let uplink = LaneConfig { queue: QueueLimit::packets(8), ..line() };
    let mut home = Home::new(Seed(1), Level::Full, uplink, false);
    let answer = echo(&home, 400_000);
    assert_eq!(home.world.run(), Stop::Idle);
    assert!(answer.take() == Some(pattern(400_000)));
    let (up, down) = home.world.link_stats(home.uplink);
    assert!(up.queue_drops + down.queue_drops > 0);
    assert!(up.peak_queue_bytes <= 8 * 1514 && down.peak_queue_bytes <= 8 * 1514);
    let trace = home.world.into_trace();
    let drops: Vec<_> = trace.events.iter().filter(|event| event.kind.id == "link.queue_drop").collect();
    for drop in &drops {
        // The event names the frame that was dropped: one that the sender's tap saw and the other end's never did.
        let frame = trace.frames.metas()[drop.args[0] as usize];
        assert_eq!((frame.at, frame.direction), (drop.at, Direction::Out));
        assert!(!trace.frames.metas().iter().any(|meta| meta.derived_from == Some(frame.id)));
    }
    check_causes(&trace);
}

#[test]
fn a_packet_is_followed_through_switch_and_router_to_its_sender() {
    let (trace, ..) = echo_trace(Seed(2), Level::Full, line(), 5_000);
    let tap = |name: &str| trace.taps.iter().find(|tap| tap.name == name).map(|tap| tap.id).unwrap();
    let arrived: Vec<_> = trace.frames_at(tap("server")).filter(|meta| meta.direction == Direction::In).collect();
    let mut followed = 0;
    for meta in arrived {
        let bytes = trace.frames.bytes(meta.id);
        if bytes[12..14] != [8, 0] {
            continue; // ARP of the router's own
        }
        let way: Vec<_> = trace.ancestors(meta.id).map(|id| *trace.frames.meta(id).unwrap()).collect();
        let names: Vec<&str> = way.iter().map(|meta| trace.tap(meta.tap).unwrap().name.as_str()).collect();
        assert_eq!(names, ["router.right", "router.left", "switch.2", "switch.1", "client"]);
        let origin = trace.frames.bytes(way[4].id);
        assert_eq!((origin[22], bytes[22]), (64, 63), "the router took one off the TTL");
        assert_eq!(origin[54..], bytes[54..], "behind the headers nothing changed");
        assert!(way.is_sorted_by(|later, earlier| later.at >= earlier.at));
        followed += 1;
    }
    assert!(followed > 5, "{followed} packets");
}

#[test]
fn a_packet_is_followed_through_a_nat() {
    let mut home = Home::new(Seed(2), Level::Full, line(), true);
    let answer = echo(&home, 5_000);
    assert_eq!(home.world.run(), Stop::Idle);
    assert!(answer.take() == Some(pattern(5_000)));
    let trace = home.world.into_trace();
    check_causes(&trace);
    let tap = |name: &str| trace.taps.iter().find(|tap| tap.name == name).map(|tap| tap.id).unwrap();
    // IPv4 addresses: source at 26, destination at 30.
    let mut followed = 0;
    for meta in trace.frames_at(tap("server")).filter(|meta| meta.direction == Direction::In) {
        let bytes = trace.frames.bytes(meta.id);
        let Some(sender) = trace.ancestors(meta.id).last() else { panic!("frame {} comes from nowhere", meta.id) };
        let origin = trace.frames.bytes(sender);
        if bytes[12..14] == [8, 0] {
            assert_eq!((&bytes[26..30], &origin[26..30]), (&[10, 0, 2, 1][..], &[10, 0, 1, 5][..]));
            assert_eq!(trace.frames.meta(sender).unwrap().tap, tap("client"));
            followed += 1;
        }
    }
    assert!(followed > 5, "{followed} packets");
    for meta in trace.frames_at(tap("client")).filter(|meta| meta.direction == Direction::In) {
        let bytes = trace.frames.bytes(meta.id);
        assert!(bytes[12..14] != [8, 0] || bytes[30..34] == [10, 0, 1, 5], "answers are for the client's own address");
    }
}

#[test]
fn a_loop_of_switches_is_stopped_by_the_limit() {
    let mut home = Home::new(Seed(1), Level::Off, line(), false);
    let other = home.world.add_switch("other", 2);
    home.world.link((home.switch, 2), (other, 0), Default::default());
    home.world.link((home.switch, 3), (other, 1), Default::default());
    echo(&home, 1);
    home.world.set_limit(20_000);
    assert_eq!(home.world.run(), Stop::Limit { steps: 20_000 });
}

#[test]
fn a_run_stops_at_its_deadline_and_goes_on() {
    let mut home = Home::new(Seed(1), Level::Off, line(), false);
    let os = home.world.os(home.client);
    let slept = home.world.spawn_root(home.client, &kinds::app::USER_OPENS, "", async move {
        os.sleep(Duration::from_secs(2)).await;
        let late = os.timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
        (os.now(), late.is_err(), os.wall().to_string())
    });
    assert_eq!(home.world.run_until(Instant::from_millis(1_500)), Stop::Deadline);
    assert_eq!(home.world.now(), Instant::from_millis(1_500));
    assert_eq!(slept.take(), None);
    assert_eq!(home.world.run(), Stop::Idle);
    let want = (Instant::from_millis(3_000), true, "2026-01-01T00:00:03.000000000Z".to_owned());
    assert_eq!(slept.take(), Some(want));
}

#[test]
fn a_connection_to_nobody_is_refused_and_into_the_void_times_out() {
    let mut home = Home::new(Seed(1), Level::Full, line(), false);
    let os = home.world.os(home.client);
    let refused = home.world.spawn_root(home.client, &kinds::app::USER_OPENS, "", async move {
        os.tcp_connect(server_at(81)).await.map(|_| ()).unwrap_err()
    });
    assert_eq!(home.world.run(), Stop::Idle);
    assert_eq!(refused.take(), Some(tcp::Errno::ConnectionRefused));
    check_causes(&home.world.into_trace());

    let void = LaneConfig { loss: Chance::ALWAYS, ..line() };
    let mut home = Home::new(Seed(1), Level::Full, void, false);
    let os = home.world.os(home.client);
    let failed = home.world.spawn_root(home.client, &kinds::app::USER_OPENS, "", async move {
        let error = os.tcp_connect(server_at(81)).await.map(|_| ()).unwrap_err();
        (error, os.now())
    });
    assert_eq!(home.world.run(), Stop::Idle);
    let (error, _) = failed.take().unwrap();
    // The router gets no answer to its ARP and says so.
    assert_eq!(error, tcp::Errno::HostUnreachable);
    check_causes(&home.world.into_trace());
}

#[test]
fn a_writer_waits_for_room_and_is_told_when_the_connection_is_gone() {
    let mut home = Home::new(Seed(1), Level::Off, line(), false);
    let os = home.world.os(home.server);
    home.world.spawn_root(home.server, &kinds::app::OPERATOR_STARTS, "", async move {
        let listener = os.tcp_listen(any_at(7), 16).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        os.sleep(Duration::from_secs(10)).await;
        stream.abort();
    });
    let os = home.world.os(home.client);
    let end = home.world.spawn_root(home.client, &kinds::app::USER_OPENS, "", async move {
        let stream = os.tcp_connect(server_at(7)).await.unwrap();
        let mut written = 0;
        loop {
            // Nobody reads: both buffers fill, then the write waits until the other side resets the connection.
            match std::future::poll_fn(|cx| stream.poll_write(cx, &[1; 100_000])).await {
                Ok(n) => {
                    assert!(n > 0, "a write takes something or waits");
                    written += n;
                }
                Err(error) => return (error, written, os.now().as_nanos() / 1_000_000_000),
            }
        }
    });
    home.world.set_limit(1_000_000);
    assert_eq!(home.world.run(), Stop::Idle);
    let (error, written, seconds) = end.take().unwrap();
    assert_eq!((error, seconds), (tcp::Errno::ConnectionReset, 10));
    let buffers = tcp::Config::default();
    assert!(written >= buffers.send_buffer && written <= buffers.send_buffer + buffers.receive_buffer, "{written}");
}

#[test]
fn a_ping_crosses_a_router_and_a_traceroute_finds_it() {
    let mut home = Home::new(Seed(1), Level::Full, line(), false);
    let os = home.world.os(home.client);
    let answers = home.world.spawn_root(home.client, &kinds::app::USER_OPENS, "ping", async move {
        let ping = os.ping().unwrap();
        let server = std::net::Ipv4Addr::new(10, 0, 2, 10);
        let mut answers = Vec::new();
        for (sequence, ttl) in [(1, None), (2, Some(1))] {
            let start = os.now();
            ping.send(server, sequence, b"are you there?".to_vec(), ttl).unwrap();
            let answer = ping.recv().await.unwrap();
            answers.push((answer.from.to_string(), answer.kind, os.now() - start));
        }
        answers
    });
    assert_eq!(home.world.run(), Stop::Idle);
    let answers = answers.take().unwrap();
    let (from, kind, time) = &answers[0];
    assert_eq!((from.as_str(), *kind), ("10.0.2.10", host::PingResult::Reply));
    // The line alone is 10 ms each way; ARP on it takes another round trip.
    assert!(*time > Duration::from_millis(20) && *time < Duration::from_millis(62), "{time}");
    assert_eq!(
        (answers[1].0.as_str(), answers[1].1),
        ("10.0.1.1", host::PingResult::Icmp(wire::icmp::Type::TIME_EXCEEDED))
    );
    check_causes(&home.world.into_trace());
}
