//! Two connections back to back over a path that loses, repeats, delays and reorders: everything arrives, both end.

use std::collections::BTreeMap;

use base::{Draws, Duration, EventId, Instant, Seed};
use proptest::prelude::*;
use trace::{Cx, Level, Recorder};
use wire::tcp::{Flags, Plain, Seq, State};
use wire::{Body, Packet};

use super::lab::ms;
use crate::{Config, Connection, Segment};

/// What the path does, in percent.
#[derive(Clone, Copy, Debug, Default)]
struct Path {
    loss: u64,
    duplication: u64,
    reordering: u64,
    delay: i64,
}

/// One end: its connection, what it has to send and what it got.
struct End {
    conn: Option<Connection>,
    config: Config,
    to_send: Vec<u8>,
    sent: usize,
    got: Vec<u8>,
    saw_end: bool,
    /// Its program closes when it has written all, and reads nothing.
    leaves: bool,
}

struct Pair {
    ends: [End; 2],
    recorder: Recorder,
    now: Instant,
    wire: BTreeMap<(Instant, u64), (usize, Packet)>,
    sent: u64,
    /// All packets that were sent, one behind the other, where they are compared; and how many arrived the short way.
    log: Option<Vec<u8>>,
    expected: u64,
    draws: Draws,
    path: Path,
    /// After this nothing is lost any more, so that the end is reached.
    calm_at: Instant,
}

impl Pair {
    fn new(config: [Config; 2], data: [Vec<u8>; 2], path: Path, seed: u64) -> Pair {
        let mut recorder = Recorder::new(Level::Off);
        let cx = &mut Cx::new(Instant::ZERO, Default::default(), EventId::NONE, &mut recorder);
        let (a, b) = ("192.0.2.1:1024".parse().unwrap(), "192.0.2.2:80".parse().unwrap());
        let conn = Connection::connect(&config[0], 1, a, b, Seq(seed as u32), cx);
        let end =
            |conn, config, to_send| End { conn, config, to_send, sent: 0, got: vec![], saw_end: false, leaves: false };
        let [to_b, to_a] = data;
        Pair {
            ends: [end(Some(conn), config[0], to_b), end(None, config[1], to_a)],
            recorder,
            now: Instant::ZERO,
            wire: BTreeMap::new(),
            sent: 0,
            log: None,
            expected: 0,
            draws: Seed(seed).draws("path"),
            path,
            calm_at: Instant::ZERO + Duration::from_secs(60),
        }
    }

    /// Both ends open at the same time.
    fn open_both(&mut self) {
        let cx = &mut Cx::new(Instant::ZERO, Default::default(), EventId::NONE, &mut self.recorder);
        let (a, b) = ("192.0.2.1:1024".parse().unwrap(), "192.0.2.2:80".parse().unwrap());
        self.ends[1].conn = Some(Connection::connect(&self.ends[1].config, 2, b, a, Seq(77), cx));
    }

    /// Programs write and read what they can; segments go onto the wire.
    fn work(&mut self, who: usize) {
        let end = &mut self.ends[who];
        let Some(conn) = &mut end.conn else { return };
        let cx = &mut Cx::new(self.now, Default::default(), EventId::NONE, &mut self.recorder);
        loop {
            match conn.recv(3000, cx) {
                Ok(body) if body.is_empty() => {
                    end.saw_end = true;
                    break;
                }
                Ok(body) => end.got.extend_from_slice(&body.to_bytes()),
                Err(_) => break,
            }
        }
        while end.sent < end.to_send.len() {
            let upto = (end.sent + 3777).min(end.to_send.len());
            match conn.send(Body::from(end.to_send[end.sent..upto].to_vec()), cx) {
                Ok(n) => end.sent += n,
                Err(_) => break,
            }
        }
        // Where runs are compared an end that has nothing to say stays open as long as the other does.
        let waits = self.log.is_some() && end.to_send.is_empty() && !end.saw_end;
        if end.sent == end.to_send.len() && conn.ready().connected && !conn.ready().write_closed && !waits {
            if end.leaves {
                end.saw_end = true;
                conn.close(cx);
            } else {
                conn.shutdown(cx).unwrap();
            }
        }
        if end.saw_end && conn.ready().write_closed && !conn.is_orphan() {
            conn.close(cx);
        }
        let mut burst = 0;
        while let Some(parcel) = conn.poll_packet(cx) {
            if let Some(log) = &mut self.log {
                parcel.packet.write_to(log);
            }
            burst += 1;
            assert!(burst < 5000, "it sends without end");
            self.sent += 1;
            let n = self.sent;
            let draw = |what: u64| self.draws.at(n * 8 + what) % 100;
            let calm = self.now > self.calm_at;
            if !calm && draw(0) < self.path.loss {
                continue;
            }
            let copies = if !calm && draw(1) < self.path.duplication { 2 } else { 1 };
            for copy in 0..copies {
                let extra = if !calm && draw(2 + copy) < self.path.reordering { draw(4 + copy) as i64 } else { 0 };
                let at = self.now + ms(self.path.delay + extra);
                self.wire.insert((at, n * 2 + copy), (1 - who, parcel.packet.clone()));
            }
        }
        assert!(conn.info().in_flight as usize <= end.config.send_buffer + 1);
        if self.log.is_some() {
            conn.tell_figures(&mut Cx::new(self.now, Default::default(), EventId(1), &mut self.recorder));
        }
    }

    fn deliver(&mut self, to: usize, mut packet: Packet) {
        // Over the wire and back: the codec and its checksum are part of the path.
        let (a, b) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let cx = &mut Cx::new(self.now, Default::default(), EventId::NONE, &mut self.recorder);
        let end = &mut self.ends[to];
        if let (Some(conn), Ok(bytes)) = (&mut end.conn, packet.head().try_into())
            && let Some(header) = Plain::read(bytes)
        {
            assert!(Plain::sum(bytes, a, b, packet.body()).verifies());
            if conn.take_expected(&header, &mut packet, cx) {
                self.expected += 1;
                return;
            }
        }
        let segment = Segment::decode(&mut packet, a, b).unwrap();
        match &mut end.conn {
            Some(conn) => conn.handle_segment(segment, cx),
            None if segment.flags == Flags::SYN => {
                let (local, remote) = ("192.0.2.2:80".parse().unwrap(), "192.0.2.1:1024".parse().unwrap());
                end.conn = Some(Connection::accept(&end.config, 2, local, remote, segment.seq + 12_345, &segment, cx));
            }
            None => {}
        }
    }

    /// Runs until both are closed; gives the time it took.
    fn run(&mut self) -> Duration {
        self.work(0);
        self.work(1);
        for _ in 0..400_000 {
            let arrival = self.wire.first_key_value().map(|(&(at, _), _)| at).unwrap_or(Instant::NEVER);
            let timer = |end: &End| end.conn.as_ref().map_or(Instant::NEVER, Connection::poll_timeout);
            let next = arrival.min(timer(&self.ends[0])).min(timer(&self.ends[1]));
            if next == Instant::NEVER {
                return self.now - Instant::ZERO;
            }
            assert!(next >= self.now, "time goes forward");
            self.now = next;
            for who in 0..2 {
                if timer(&self.ends[who]) <= self.now {
                    let cx = &mut Cx::new(self.now, Default::default(), EventId::NONE, &mut self.recorder);
                    let conn = self.ends[who].conn.as_mut().unwrap();
                    conn.handle_timeout(cx);
                    assert!(conn.poll_timeout() > self.now, "a timer that ran out is off");
                    self.work(who);
                }
            }
            while let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let (to, segment) = entry.remove();
                self.deliver(to, segment);
                self.work(to);
            }
        }
        panic!("it does not end: {:?}", self.ends.each_ref().map(|end| end.conn.as_ref().map(Connection::info)));
    }

    #[track_caller]
    fn check(&self) {
        for who in 0..2 {
            let (this, other) = (&self.ends[who], &self.ends[1 - who]);
            assert_eq!(this.conn.as_ref().map(Connection::state), Some(State::CLOSED));
            assert_eq!(this.conn.as_ref().and_then(Connection::error), None, "end {who}");
            assert!(this.saw_end, "end {who} saw the end of the stream");
            assert!(this.got == other.to_send, "end {who} got {} of {} bytes", this.got.len(), other.to_send.len());
        }
    }
}

fn data(n: usize, salt: u8) -> Vec<u8> {
    (0..n).map(|i| (i as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0] ^ salt).collect()
}

#[test]
fn a_clean_path() {
    let path = Path { delay: 10, ..Path::default() };
    let mut pair = Pair::new([Config::default(); 2], [data(1_000_000, 1), data(50_000, 2)], path, 7);
    let took = pair.run();
    pair.check();
    // The handshake, slow start from 10 segments, and 60 s of TIME-WAIT.
    assert!(took > ms(60_000) && took < ms(60_400), "{took:?}");
    let client = pair.ends[0].conn.as_ref().unwrap().info();
    assert_eq!(client.retransmits, 0);
}

/// All that can be seen of a run from outside: packets, events, bytes that arrived, figures.
fn everything_of(pair: &mut Pair) -> (Vec<u8>, String, [Vec<u8>; 2], String) {
    use std::fmt::Write as _;
    (pair.log, pair.recorder) = (Some(Vec::new()), Recorder::new(Level::Full));
    pair.run();
    pair.check();
    let mut events = String::new();
    for e in &pair.recorder.trace().events {
        let (id, at, cause) = (e.id, e.at, e.cause);
        writeln!(events, "{id} {at:?} {} {} <- {cause} {:?} {:?}", e.kind.id, e.subject, e.because, e.args).unwrap();
    }
    let figures = pair.ends.each_ref().map(|end| end.conn.as_ref().map(Connection::info));
    let got = pair.ends.each_ref().map(|end| end.got.clone());
    (pair.log.take().unwrap(), events, got, format!("{figures:?}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 60, ..ProptestConfig::default() })]

    /// Header prediction saves time and changes nothing: no packet, no event, no figure.
    #[test]
    fn prediction_changes_nothing(
        seed: u64,
        path in (0u64..4, 0u64..3, 0u64..6, 1i64..60)
            .prop_map(|(loss, duplication, reordering, delay)| Path { loss, duplication, reordering, delay }),
        clean: bool,
        leaves: bool,
        sizes in (0usize..300_000, prop_oneof![Just(0usize), 0usize..60_000]),
        switches in proptest::array::uniform2((any::<[bool; 4]>(), 500u16..1460, 1500usize..200_000)),
        send_buffer in prop_oneof![Just(100_000usize), Just(1_000_000)],
        cc in 0usize..3,
    ) {
        let config = switches.map(|([sack, nagle, delayed_ack, grow_window], mss, receive_buffer)| Config {
            mss, sack, nagle, delayed_ack, grow_window, receive_buffer,
            send_buffer, congestion: crate::CongestionKind::ALL[cc].1,
            syn_retries: 100, syn_ack_retries: 100, retries: 100, orphan_retries: 100, max_rto: Duration::from_secs(10),
            ..Config::default()
        });
        let path = if clean { Path { delay: path.delay, ..Path::default() } } else { path };
        let run = |prediction| {
            let config = config.map(|config| Config { prediction, ..config });
            let mut pair = Pair::new(config, [data(sizes.0, 3), data(sizes.1, 4)], path, seed);
            // Who closes is reset if something comes all the same.
            pair.ends[0].leaves = leaves && sizes.1 == 0;
            let seen = everything_of(&mut pair);
            (seen, pair.expected, pair.sent)
        };
        let (short, expected, sent) = run(true);
        let (long, none, _) = run(false);
        prop_assert!(short.0 == long.0, "the packets differ");
        prop_assert!(short.1 == long.1, "the events differ: {:?}", short.1.lines().zip(long.1.lines()).find(|(a, b)| a != b));
        prop_assert!(short.2 == long.2, "the data differs");
        prop_assert_eq!(short.3, long.3);
        prop_assert_eq!(none, 0);
        if clean && sizes.0 > 50_000 && sizes.1 == 0 && config.iter().all(|config| config.sack) {
            prop_assert!(expected * 3 > sent, "{expected} of {sent} packets went the short way");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 60, ..ProptestConfig::default() })]

    /// Whatever the path does for a minute, all bytes arrive intact both ways and both ends reach CLOSED.
    #[test]
    fn everything_arrives(
        seed: u64,
        simultaneous: bool,
        path in (0u64..25, 0u64..10, 0u64..40, 1i64..60)
            .prop_map(|(loss, duplication, reordering, delay)| Path { loss, duplication, reordering, delay }),
        sizes in (0usize..120_000, 0usize..60_000),
        switches in proptest::array::uniform2((any::<[bool; 5]>(), 500u16..1460, 1500usize..100_000)),
    ) {
        let config = switches.map(|([window_scale, sack, timestamps, nagle, delayed_ack], mss, receive_buffer)| Config {
            mss, window_scale, sack, timestamps, nagle, delayed_ack, receive_buffer,
            send_buffer: 50_000,
            // Chance may well lose a SYN seven times; this is not what is looked at here.
            syn_retries: 100, syn_ack_retries: 100, retries: 100, orphan_retries: 100, max_rto: Duration::from_secs(10),
            ..Config::default()
        });
        let mut pair = Pair::new(config, [data(sizes.0, 3), data(sizes.1, 4)], path, seed);
        if simultaneous {
            pair.open_both();
        }
        pair.run();
        pair.check();
    }
}
