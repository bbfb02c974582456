//! A connection on the bench: a test plays the other side and the clock, and reads like a trace.
//!
//! A segment is written as `SYN ACK seq 0 ack 1 len 0 win 65535 mss 1460 ws 7 sackok ts 10:5 sack 1001-2001,3001-4001`.
//! Numbers are relative to the sender's (`seq`) and the receiver's (`ack`, `sack`) first number. A segment that the test sends
//! takes what is not written from where things stand; one that it expects is compared in what is written.

use std::collections::VecDeque;

use base::{Duration, EventId, Instant};
use trace::{Cx, Level, Recorder, Role, kinds};
use wire::Body;
use wire::tcp::{Flags, Options, Seq, State};

use crate::{Config, Connection, Errno, IcmpError, Listener, Segment};

/// Our first number: the data's numbers wrap.
pub const OURS: Seq = Seq(0xffff_fff0);
/// The other side's first number.
pub const THEIRS: Seq = Seq(0x7fff_ff00);

/// No options, segments of 1000 bytes, no delays, Reno: what most rules are easiest seen with.
pub fn plain() -> Config {
    Config {
        mss: 1000,
        window_scale: false,
        sack: false,
        timestamps: false,
        congestion: crate::CongestionKind::Reno,
        receive_buffer: 65_535,
        ..Config::default()
    }
}

pub struct Lab {
    pub conn: Connection,
    pub recorder: Recorder,
    pub now: Instant,
    act: EventId,
    out: VecDeque<(Instant, Segment)>,
    /// The other side's next number and its window, for segments that do not say.
    pub seq: u32,
    pub win: u16,
    seen: usize,
}

pub fn ms(ms: i64) -> Duration {
    Duration::from_millis(ms)
}

fn root(recorder: &mut Recorder) -> EventId {
    let place = recorder.place("here", Role::Client);
    recorder.event(Instant::ZERO, place, &kinds::app::USER_OPENS, 0, EventId::NONE, None, [0, 0])
}

impl Lab {
    /// After an active open; the SYN is still to be expected.
    pub fn connect(config: Config) -> Lab {
        let mut recorder = Recorder::new(Level::Full);
        let act = root(&mut recorder);
        let (local, remote) = ("192.0.2.1:1024".parse().unwrap(), "192.0.2.2:80".parse().unwrap());
        let cx = &mut Cx::new(Instant::ZERO, Default::default(), act, &mut recorder);
        let conn = Connection::connect(&config, 1, local, remote, OURS, cx);
        Lab::with(conn, recorder, act)
    }

    /// A listener that got this SYN.
    pub fn listen(config: Config, syn: &str) -> Lab {
        let mut recorder = Recorder::new(Level::Full);
        let act = root(&mut recorder);
        let (local, remote) = ("192.0.2.1:80".parse().unwrap(), "192.0.2.2:1024".parse().unwrap());
        let cx = &mut Cx::new(Instant::ZERO, Default::default(), act, &mut recorder);
        let mut listener = Listener::new(&config, 1, local, 5, cx);
        let syn = parse(syn, 0, 0, 65_535);
        assert_eq!(listener.handle_segment(&syn, cx), crate::Arrival::Open);
        let conn = Connection::accept(&config, 2, local, remote, OURS, &syn, cx);
        let mut lab = Lab::with(conn, recorder, act);
        lab.seq = 1;
        lab
    }

    /// An established connection in which we were the client. `ack` is what their SYN-ACK says besides.
    pub fn established(config: Config, options: &str) -> Lab {
        let mut lab = Lab::connect(config);
        lab.sends("SYN seq 0");
        lab.gets(&format!("SYN ACK seq 0 ack 1 {options}"));
        lab.sends("ACK seq 1 ack 1 len 0");
        assert_eq!(lab.conn.state(), State::ESTABLISHED);
        lab.quiet();
        lab
    }

    fn with(conn: Connection, recorder: Recorder, act: EventId) -> Lab {
        let out = VecDeque::new();
        let mut lab = Lab { conn, recorder, now: Instant::ZERO, act, out, seq: 0, win: 65_535, seen: 0 };
        lab.pump();
        lab
    }

    fn run<R>(&mut self, f: impl FnOnce(&mut Connection, &mut Cx) -> R) -> R {
        let cx = &mut Cx::new(self.now, Default::default(), self.act, &mut self.recorder);
        let result = f(&mut self.conn, cx);
        self.pump();
        result
    }

    fn pump(&mut self) {
        let cx = &mut Cx::new(self.now, Default::default(), self.act, &mut self.recorder);
        let mut n = 0;
        while let Some(transmit) = self.conn.poll_transmit(cx) {
            self.out.push_back((self.now, transmit.segment));
            n += 1;
            assert!(n < 10_000, "it sends without end");
        }
    }

    /// The other side's segment arrives.
    pub fn gets(&mut self, text: &str) {
        let ack = self.conn.info().snd_nxt.distance(OURS);
        let segment = parse(text, self.seq, ack, self.win);
        self.seq = segment.end().max(THEIRS + self.seq).distance(THEIRS);
        self.win = segment.window;
        self.run(|conn, cx| conn.handle_segment(segment, cx));
    }

    /// The next segment of ours is this one.
    #[track_caller]
    pub fn sends(&mut self, text: &str) -> Segment {
        let Some((_, segment)) = self.out.pop_front() else {
            panic!("expected `{text}`, but nothing was sent (at {:?})", self.now);
        };
        if let Err(why) = compare(text, &segment) {
            panic!("expected `{text}`, but sent `{}`: {why}", write(&segment));
        }
        segment
    }

    /// As [`Lab::sends`], at this moment exactly.
    #[track_caller]
    pub fn sends_at(&mut self, at: i64, text: &str) -> Segment {
        let when = self.out.front().map(|(when, _)| when.as_nanos() / 1_000_000);
        assert_eq!(when, Some(at), "`{text}` is due at {at} ms");
        self.sends(text)
    }

    /// Nothing else was sent.
    #[track_caller]
    pub fn quiet(&mut self) {
        if let Some((_, segment)) = self.out.front() {
            panic!("expected nothing, but sent `{}`", write(segment));
        }
    }

    /// Whatever was sent is not looked at.
    pub fn skip(&mut self) -> usize {
        let n = self.out.len();
        self.out.clear();
        n
    }

    /// Time goes by; timers run out on their way.
    pub fn wait(&mut self, span: Duration) {
        let until = self.now + span;
        for _ in 0..1000 {
            let next = self.conn.poll_timeout();
            if next > until {
                self.now = until;
                return;
            }
            self.now = self.now.max(next);
            self.run(|conn, cx| conn.handle_timeout(cx));
        }
        panic!("timers without end");
    }

    /// The program writes `n` bytes.
    pub fn write(&mut self, n: usize) {
        let taken = self.run(|conn, cx| conn.send(Body::from(vec![b'x'; n]), cx));
        assert_eq!(taken, Ok(n));
    }
    pub fn try_write(&mut self, n: usize) -> Result<usize, Errno> {
        self.run(|conn, cx| conn.send(Body::from(vec![b'x'; n]), cx))
    }
    /// The program reads; gives the number of bytes.
    pub fn read(&mut self, max: usize) -> Result<usize, Errno> {
        self.run(|conn, cx| conn.recv(max, cx)).map(|body| body.len())
    }
    pub fn read_bytes(&mut self) -> Vec<u8> {
        self.run(|conn, cx| conn.recv(usize::MAX, cx)).map(|body| body.to_bytes().to_vec()).unwrap_or_default()
    }
    pub fn shutdown(&mut self) {
        self.run(|conn, cx| conn.shutdown(cx)).unwrap();
    }
    pub fn close(&mut self) {
        self.run(|conn, cx| conn.close(cx));
    }
    pub fn abort(&mut self) {
        self.run(|conn, cx| conn.abort(cx));
    }
    pub fn icmp(&mut self, error: IcmpError, quoted: u32) {
        self.run(|conn, cx| conn.handle_icmp(error, OURS + quoted, cx));
    }
    pub fn command<R>(&mut self, f: impl FnOnce(&mut Connection, &mut Cx) -> R) -> R {
        self.run(f)
    }

    #[track_caller]
    pub fn is(&self, state: State) {
        assert_eq!(self.conn.state(), state);
    }

    /// An event of this kind happened since the last question.
    #[track_caller]
    pub fn says(&mut self, id: &str) {
        let events = &self.recorder.trace().events;
        let new: Vec<&str> = events[self.seen..].iter().map(|event| event.kind.id).collect();
        assert!(new.contains(&id), "{id} was not said, only {new:?}");
        self.seen = events.len();
    }

    /// How often events of this kind happened so far.
    pub fn count(&self, id: &str) -> usize {
        self.recorder.trace().events.iter().filter(|event| event.kind.id == id).count()
    }
}

/// Every chain of causes ends at the user's act.
impl Drop for Lab {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            check_causes(self.recorder.trace());
        }
    }
}

#[track_caller]
pub fn check_causes(trace: &trace::Trace) {
    for event in &trace.events {
        let root = trace.causes(event.id).last().map(|root| (root.kind.id, root.cause));
        assert!(
            root.is_some_and(|(id, cause)| id == "user.opens" && cause.is_none()),
            "{} {} hangs in the air: {root:?}",
            event.id,
            event.kind.id
        );
        if let Some(because) = event.because {
            assert!(because < event.id && trace.event(because).is_some());
        }
    }
}

fn parse(text: &str, seq: u32, ack: u32, win: u16) -> Segment {
    let mut segment =
        Segment { src_port: 80, dst_port: 1024, seq: THEIRS + seq, ack: OURS + ack, window: win, ..Segment::default() };
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if let Some(flag) = flag(word) {
            segment.flags |= flag;
            continue;
        }
        if word == "sackok" {
            segment.options.sack_permitted = true;
            continue;
        }
        if word == "ce" {
            segment.ecn = wire::ipv4::Ecn::CE;
            continue;
        }
        let value = words.next().unwrap_or_else(|| panic!("`{word}` needs a value in `{text}`"));
        let number = || value.parse::<u32>().unwrap_or_else(|_| panic!("`{value}` in `{text}` is no number"));
        let signed = || value.parse::<i64>().unwrap_or_else(|_| panic!("`{value}` in `{text}` is no number")) as u32;
        match word {
            "seq" => segment.seq = THEIRS + signed(),
            "ack" => segment.ack = OURS + signed(),
            "win" => segment.window = number() as u16,
            "len" => {
                // The data tells its own place in the stream.
                let first = segment.seq.distance(THEIRS);
                let bytes: Vec<u8> = (0..number()).map(|i| first.wrapping_add(i) as u8).collect();
                segment.payload = Body::from(bytes);
            }
            "urg" => segment.urgent = number() as u16,
            "mss" => segment.options.mss = Some(number() as u16),
            "ws" => segment.options.window_scale = Some(number() as u8),
            "ts" => {
                let (val, ecr) = value.split_once(':').unwrap();
                segment.options.timestamps = Some((val.parse().unwrap(), ecr.parse().unwrap()));
            }
            "sack" => {
                for block in value.split(',') {
                    let (left, right) = block.split_once('-').unwrap();
                    let at = |n: &str| OURS + n.parse::<u32>().unwrap();
                    segment.options.sack.push((at(left), at(right)));
                }
            }
            _ => panic!("`{word}` in `{text}` means nothing"),
        }
    }
    segment
}

fn flag(word: &str) -> Option<Flags> {
    Some(match word {
        "SYN" => Flags::SYN,
        "ACK" => Flags::ACK,
        "FIN" => Flags::FIN,
        "RST" => Flags::RST,
        "PSH" => Flags::PSH,
        "URG" => Flags::URG,
        "ECE" => Flags::ECE,
        "CWR" => Flags::CWR,
        _ => return None,
    })
}

/// Our segment, written the same way.
pub fn write(segment: &Segment) -> String {
    let mut out = format!(
        "{} seq {} ack {} len {} win {}",
        segment.flags,
        segment.seq.distance(OURS) as i32,
        if segment.flags.contains(Flags::ACK) { segment.ack.distance(THEIRS) as i32 } else { 0 },
        segment.payload.len(),
        segment.window
    );
    let Options { mss, window_scale, sack_permitted, timestamps, sack, fast_open: _, acc_ecn: _ } = &segment.options;
    out += &mss.map(|mss| format!(" mss {mss}")).unwrap_or_default();
    out += &window_scale.map(|shift| format!(" ws {shift}")).unwrap_or_default();
    out += if *sack_permitted { " sackok" } else { "" };
    out += &timestamps.map(|(val, ecr)| format!(" ts {val}:{ecr}")).unwrap_or_default();
    let blocks: Vec<String> =
        sack.iter().map(|(a, b)| format!("{}-{}", a.distance(THEIRS), b.distance(THEIRS))).collect();
    if segment.ecn != wire::ipv4::Ecn::NOT_ECT {
        out += &format!(" ecn {}", segment.ecn.0);
    }
    if !blocks.is_empty() {
        out += &format!(" sack {}", blocks.join(","));
    }
    out
}

fn compare(text: &str, segment: &Segment) -> Result<(), String> {
    let actual = write(segment);
    let pairs = |text: &str| -> Vec<(String, String)> {
        let mut out = Vec::new();
        let mut words = text.split_whitespace().filter(|word| flag(word).is_none());
        while let Some(word) = words.next() {
            let (word, value) = match word {
                "sackok" => ("sackok", "yes"),
                "nosackok" => ("sackok", "none"),
                _ => (word, words.next().unwrap_or("?")),
            };
            out.push((word.to_owned(), value.to_owned()));
        }
        out
    };
    let flags = |text: &str| text.split_whitespace().filter_map(flag).fold(Flags::NONE, |a, b| a | b);
    // PSH is looked at only where it is asked for.
    let (want, have) = (flags(text), flags(&actual));
    let loose = if want.contains(Flags::PSH) { Flags::NONE } else { Flags::PSH };
    if want.without(loose) != have.without(loose) {
        return Err(format!("flags are {have}"));
    }
    let have = pairs(&actual);
    for (key, want) in pairs(text) {
        let value = have.iter().find(|(k, _)| *k == key).map(|(_, v)| v.as_str());
        let absent = want == "none";
        if absent && value.is_some() || !absent && value != Some(&want) {
            return Err(format!("{key} is {}", value.unwrap_or("absent")));
        }
    }
    Ok(())
}
