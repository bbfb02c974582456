//! Whatever arrives, and whatever the program does: no panic, no endless loop, no growth without bound.

use base::{Duration, EventId, Instant};
use proptest::prelude::*;
use trace::{Cx, Level, Recorder};
use wire::Body;
use wire::tcp::{AccEcn, FastOpen, Flags, Options, Seq};

use crate::{Config, Connection, Errno, IcmpError, Keepalive, Segment};

#[derive(Clone, Debug)]
enum Deed {
    Segment { seq: i32, ack: i32, flags: u16, window: u16, len: usize, options: Options },
    Write(usize),
    Read(usize),
    Wait(i64),
    Shutdown,
    Close,
    Abort,
    Icmp(u16, i32),
}

/// Numbers near those that matter.
fn near() -> impl Strategy<Value = i32> {
    prop_oneof![8 => -3i32..4, 4 => -3000i32..3000, 1 => any::<i32>()]
}

fn options() -> impl Strategy<Value = Options> {
    let timestamps = prop_oneof![4 => Just(None), 6 => (0u32..5000, 0u32..5000).prop_map(Some)];
    let block = (near(), near()).prop_map(|(a, b)| (Seq(a as u32), Seq(b as u32)));
    let sack = proptest::collection::vec(block, 0..4);
    let cookie = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..18));
    let fast_open = (cookie, any::<bool>()).prop_map(|(cookie, old)| FastOpen::new(&cookie?, old));
    let acc_ecn =
        (any::<[u32; 3]>(), 0usize..6).prop_map(|(counters, n)| Some(AccEcn::order_1(counters, n)).filter(|_| n < 4));
    (any::<Option<u16>>(), any::<Option<u8>>(), any::<bool>(), timestamps, sack, fast_open, acc_ecn).prop_map(
        |(mss, window_scale, sack_permitted, timestamps, sack, fast_open, acc_ecn)| Options {
            mss,
            window_scale,
            sack_permitted,
            timestamps,
            sack: sack.into_iter().collect(),
            fast_open,
            acc_ecn,
        },
    )
}

fn deed() -> impl Strategy<Value = Deed> {
    let flags = prop_oneof![
        20 => Just(Flags::ACK.0),
        4 => Just((Flags::FIN | Flags::ACK).0),
        2 => Just((Flags::SYN | Flags::ACK).0),
        1 => Just(Flags::RST.0),
        1 => Just(Flags::SYN.0),
        2 => 0u16..512,
    ];
    prop_oneof![
        12 => (near(), near(), flags, any::<u16>(), 0usize..2000, options())
            .prop_map(|(seq, ack, flags, window, len, options)| Deed::Segment { seq, ack, flags, window, len, options }),
        4 => (0usize..30_000).prop_map(Deed::Write),
        3 => (0usize..5000).prop_map(Deed::Read),
        4 => (0i64..100_000).prop_map(Deed::Wait),
        1 => Just(Deed::Shutdown),
        1 => Just(Deed::Close),
        1 => Just(Deed::Abort),
        1 => (any::<u16>(), near()).prop_map(|(mtu, seq)| Deed::Icmp(mtu, seq)),
    ]
}

fn check(config: Config, deeds: Vec<Deed>, active: bool) {
    let mut recorder = Recorder::new(Level::Off);
    let mut now = Instant::ZERO;
    macro_rules! cx {
        () => {
            &mut Cx::new(now, Default::default(), EventId::NONE, &mut recorder)
        };
    }
    let (local, remote) = ("192.0.2.1:1024".parse().unwrap(), "192.0.2.2:80".parse().unwrap());
    let (ours, theirs) = (Seq(u32::MAX - 5), Seq(u32::MAX - 9));
    let mut syn = Segment { seq: theirs, flags: Flags::SYN, window: 5000, ..Segment::default() };
    syn.options = Options { mss: Some(1000), window_scale: Some(2), sack_permitted: true, ..Options::default() };
    let mut conn = if active {
        Connection::connect(&config, 1, local, remote, ours, cx!())
    } else {
        Connection::accept(&config, 1, local, remote, ours, &syn, cx!())
    };
    for deed in deeds {
        let info = conn.info();
        match deed {
            Deed::Segment { seq, ack, flags, window, len, options } => {
                let seq = if info.rcv_nxt == Seq(0) { theirs } else { info.rcv_nxt } + seq as u32;
                let flags = Flags(flags);
                let ack = if ack % 2 == 0 { info.snd_nxt } else { info.snd_una } + (ack / 2) as u32;
                let payload = Body::from(vec![7; len.saturating_sub(700)]);
                let base = Segment {
                    src_port: 80,
                    dst_port: 1024,
                    seq,
                    ack,
                    flags,
                    window,
                    options,
                    urgent: 9,
                    payload,
                    ecn: wire::ipv4::Ecn(flags.0 as u8 & 3),
                };
                conn.handle_segment(base, cx!());
            }
            Deed::Write(n) => match conn.send(Body::from(vec![1; n]), cx!()) {
                Ok(taken) => assert!(taken <= n),
                Err(errno) => assert_ne!(errno, Errno::BadSocket),
            },
            Deed::Read(n) => {
                if let Ok(body) = conn.recv(n, cx!()) {
                    assert!(body.len() <= n);
                }
            }
            Deed::Wait(ms) => {
                let until = now + Duration::from_millis(ms);
                for round in 0.. {
                    assert!(round < 3000, "timers without end: {:?}", conn.info());
                    let next = conn.poll_timeout();
                    if next > until {
                        break;
                    }
                    now = now.max(next);
                    conn.handle_timeout(cx!());
                    while conn.poll_transmit(cx!()).is_some() {}
                }
                now = until;
            }
            Deed::Shutdown => _ = conn.shutdown(cx!()),
            Deed::Close => conn.close(cx!()),
            Deed::Abort => conn.abort(cx!()),
            Deed::Icmp(mtu, seq) => {
                let error = if mtu % 3 == 0 {
                    IcmpError::Unreachable { errno: Errno::HostUnreachable, code: (3, 1) }
                } else {
                    IcmpError::FragmentationNeeded { mtu }
                };
                conn.handle_icmp(error, info.snd_una + seq as u32, cx!());
            }
        }
        for round in 0.. {
            assert!(round < 5000, "segments without end: {:?}", conn.info());
            let Some(transmit) = conn.poll_transmit(cx!()) else { break };
            let segment = transmit.segment;
            assert!(segment.payload.len() <= usize::from(config.mss).max(88));
            assert!(segment.options.len() <= 40);
        }
        let info = conn.info();
        assert!(info.snd_una.at_or_before(info.snd_nxt) && info.cwnd >= info.mss.min(1000));
        assert!(info.receive_queue <= config.receive_buffer + 65_536 * 4);
        assert!(info.send_queue <= config.send_buffer);
        assert!(info.in_flight as usize <= config.send_buffer + 2);
        if conn.is_closed() {
            assert_eq!(conn.poll_timeout(), Instant::NEVER);
        }
        let _ = conn.ready();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn nothing_that_arrives_breaks_it(
        deeds in proptest::collection::vec(deed(), 1..60),
        switches: [bool; 6],
        mss in 0u16..3000,
        buffers in (0usize..40_000, 0usize..200_000),
    ) {
        let [window_scale, sack, timestamps, nagle, delayed_ack, active] = switches;
        let keepalive = nagle.then_some(Keepalive { idle: Duration::from_secs(30), ..Keepalive::default() });
        let config = Config {
            mss, window_scale, sack, timestamps, nagle, delayed_ack, keepalive,
            send_buffer: buffers.0, receive_buffer: buffers.1,
            ..Config::default()
        };
        check(config, deeds, active);
    }
}
