//! What a data segment costs both ends: two connections back to back, 64 MB one way, every second segment acknowledged.
//! Divide by the items that divan counts: one item is one data segment.

use base::{Duration, EventId, Instant};
use bytes::Bytes;
use divan::Bencher;
use divan::counter::ItemsCount;
use tcp::{Config, Connection, Segment, Seq};
use trace::{Cx, Level, Recorder};

const TOTAL: usize = 64 << 20;
const WRITE: usize = 256 << 10;

fn main() {
    divan::main();
}

/// The state machines and their events alone.
#[divan::bench(args = [Level::Off, Level::Decisions], sample_count = 10)]
fn states(bencher: Bencher, level: Level) {
    bench(bencher, level, Config::default(), false);
}

/// The same over the wire format: every segment is encoded, its checksum computed, and decoded, its checksum verified.
#[divan::bench(args = [Level::Off], sample_count = 10)]
fn codec(bencher: Bencher, level: Level) {
    bench(bencher, level, Config::default(), true);
}

/// With one segment in a hundred lost.
#[divan::bench(args = [Level::Off], sample_count = 10)]
fn lossy(bencher: Bencher, level: Level) {
    let data = Bytes::from(vec![0x5a; WRITE]);
    let segments = run(level, Config::default(), false, 100, &data);
    bencher
        .counter(ItemsCount::new(segments))
        .bench(|| run(level, Config::default(), false, 100, divan::black_box(&data)));
}

fn bench(bencher: Bencher, level: Level, config: Config, codec: bool) {
    let data = Bytes::from(vec![0x5a; WRITE]);
    let segments = run(level, config, codec, 0, &data);
    bencher.counter(ItemsCount::new(segments)).bench(|| run(level, config, codec, 0, divan::black_box(&data)));
}

/// Moves [`TOTAL`] bytes; every `lose`-th data segment is lost. Gives the number of data segments.
fn run(level: Level, config: Config, codec: bool, lose: u64, data: &Bytes) -> u64 {
    let mut recorder = Recorder::new(level);
    let mut now = Instant::ZERO;
    let (a, b) = ("192.0.2.1:1024".parse().unwrap(), "192.0.2.2:80".parse().unwrap());
    let (ip_a, ip_b) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
    macro_rules! cx {
        () => {
            &mut Cx::new(now, Default::default(), EventId::NONE, &mut recorder)
        };
    }
    let wire = |segment: Segment, from, to| {
        if codec { Segment::decode(&mut segment.into_packet(from, to), from, to).unwrap() } else { segment }
    };
    let mut client = Connection::connect(&config, 1, a, b, Seq(1), cx!());
    let syn = client.poll_transmit(cx!()).unwrap().segment;
    let mut server = Connection::accept(&config, 2, b, a, Seq(2), &syn, cx!());
    let (mut written, mut read, mut segments) = (0, 0, 0);
    while read < TOTAL {
        now += Duration::from_millis(10);
        if client.poll_timeout() <= now {
            client.handle_timeout(cx!());
        }
        if server.poll_timeout() <= now {
            server.handle_timeout(cx!());
        }
        while written < TOTAL
            && let Ok(n) = client.send_bytes(data.clone(), cx!())
        {
            written += n;
        }
        while let Some(transmit) = client.poll_transmit(cx!()) {
            segments += u64::from(!transmit.segment.payload.is_empty());
            if lose > 0 && segments % lose == 0 {
                continue;
            }
            server.handle_segment(wire(transmit.segment, ip_a, ip_b), cx!());
            while let Ok(body) = server.recv(WRITE, cx!()) {
                read += body.len();
            }
        }
        now += Duration::from_millis(10);
        while let Some(transmit) = server.poll_transmit(cx!()) {
            client.handle_segment(wire(transmit.segment, ip_b, ip_a), cx!());
        }
    }
    segments
}
