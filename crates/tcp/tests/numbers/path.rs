//! Flows through one bottleneck, in virtual time: a line with a rate and a queue, a delay, and a chance of loss. Each sender has
//! always more to send.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use base::{Chance, Draws, Duration, EventId, Instant, PlaceId, Rate, Seed};
use bytes::Bytes;
use tcp::{Config, CongestionKind, Connection, Info, Segment, Seq};
use trace::{Cx, Level, Recorder};

/// What IPv4 and Ethernet add to a segment.
const HEADERS: usize = 14 + 20 + 32;

/// The path that all flows share.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// The line's rate, of whole frames.
    pub rate: Rate,
    /// The round trip without a queue.
    pub rtt: Duration,
    /// How many bytes may wait in front of the line.
    pub queue: usize,
    /// The chance of a data segment to be lost behind the queue.
    pub loss: Chance,
    /// What decides over the losses, and over all else that is left to chance.
    pub seed: u64,
}

impl Path {
    /// A path with a queue of so many hundredths of its own product of rate and delay.
    pub fn new(mbit: u64, rtt_ms: i64, queue_percent: usize) -> Path {
        let bdp = mbit as usize * 125 * rtt_ms as usize;
        Path {
            rate: Rate::mbit(mbit),
            rtt: Duration::from_millis(rtt_ms),
            queue: bdp / 100 * queue_percent,
            loss: Chance::NEVER,
            seed: 1,
        }
    }
}

/// One flow: its ends, and what was counted.
struct Flow {
    ends: [Option<Connection>; 2],
    /// Bytes that the receiving program has read.
    read: u64,
    read_before: u64,
}

/// What a run has measured of each flow, and of the queue.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Bytes that arrived in the part of the run that was measured.
    pub bytes: Vec<u64>,
    /// How long that was.
    pub span: Duration,
    /// The average of the bytes in the queue over that time.
    pub queue: f64,
    /// Frames that the queue dropped.
    pub drops: u64,
    /// The senders' figures at the end.
    pub info: Vec<Info>,
}

impl Outcome {
    /// The share of the line's rate that all flows had together, headers counted.
    pub fn share_of(&self, path: &Path, mss: u32) -> f64 {
        let payload: u64 = self.bytes.iter().sum();
        let frames = payload as f64 * (1.0 + HEADERS as f64 / f64::from(mss));
        frames * 8.0 / self.span.as_millis_f64() * 1000.0 / path.rate.0 as f64
    }
    /// Jain's index: 1 if all flows got the same.
    pub fn jain(&self) -> f64 {
        let (sum, squares) =
            self.bytes.iter().fold((0.0, 0.0), |(sum, squares), &n| (sum + n as f64, squares + (n as f64).powi(2)));
        sum * sum / (self.bytes.len() as f64 * squares)
    }
}

/// A segment on its way: flow, to which end.
struct Flying(usize, usize, Segment);

pub struct Run {
    path: Path,
    flows: Vec<Flow>,
    starts: Vec<(Instant, Config)>,
    pub recorder: Recorder,
    now: Instant,
    queue: BinaryHeap<Reverse<(Instant, u64)>>,
    flying: std::collections::BTreeMap<u64, Flying>,
    ticket: u64,
    sent: u64,
    draws: Draws,
    data: Bytes,
    // The bottleneck.
    idle_at: Instant,
    waiting: std::collections::VecDeque<(Instant, usize)>,
    waiting_bytes: usize,
    drops: u64,
    /// When something was lost behind the queue.
    losses: Vec<Instant>,
    /// Bytes times milliseconds, since when.
    area: f64,
    area_at: Instant,
}

/// A configuration with this congestion control and buffers that limit nothing.
pub fn config(congestion: CongestionKind) -> Config {
    Config { congestion, receive_buffer: 64 << 20, send_buffer: 4 << 20, ..Config::default() }
}

impl Run {
    /// Flows that begin so many milliseconds after the start.
    pub fn new(path: Path, flows: &[(i64, Config)], level: Level) -> Run {
        let at = |ms| Instant::ZERO + Duration::from_millis(ms);
        Run {
            path,
            flows: flows.iter().map(|_| Flow { ends: [None, None], read: 0, read_before: 0 }).collect(),
            starts: flows.iter().map(|&(ms, config)| (at(ms), config)).collect(),
            recorder: Recorder::new(level),
            now: Instant::ZERO,
            queue: BinaryHeap::new(),
            flying: Default::default(),
            ticket: 0,
            sent: 0,
            draws: Seed(path.seed).draws("loss"),
            data: Bytes::from(vec![0x5a; 256 << 10]),
            idle_at: Instant::ZERO,
            waiting: Default::default(),
            waiting_bytes: 0,
            drops: 0,
            losses: Vec::new(),
            area: 0.0,
            area_at: Instant::ZERO,
        }
    }

    /// Loss events of the whole run: losses within a round trip of the first are one (RFC 5348 §5.2).
    pub fn loss_events(&self) -> usize {
        let (mut events, mut until) = (0, Instant::ZERO);
        for &at in &self.losses {
            if at >= until {
                events += 1;
                until = at + self.path.rtt;
            }
        }
        events
    }

    /// The figures of a flow's sender.
    pub fn info(&self, flow: usize) -> Info {
        self.flows[flow].ends[0].as_ref().expect("it has begun").info()
    }

    /// Goes on for `span`; what was measured before is forgotten.
    pub fn run(&mut self, span: Duration) -> Outcome {
        let until = self.now + span;
        let from = self.now;
        (self.area, self.area_at, self.drops) = (0.0, self.now, 0);
        for flow in &mut self.flows {
            flow.read_before = flow.read;
        }
        loop {
            let arrival = self.queue.peek().map_or(Instant::NEVER, |&Reverse((at, _))| at);
            let timer = |end: &Option<Connection>| end.as_ref().map_or(Instant::NEVER, Connection::poll_timeout);
            let timers = self.flows.iter().flat_map(|flow| flow.ends.iter().map(timer)).min().unwrap_or(Instant::NEVER);
            let start = self.starts.iter().zip(&self.flows).filter(|(_, flow)| flow.ends[0].is_none());
            let start = start.map(|(&(at, _), _)| at).min().unwrap_or(Instant::NEVER);
            let next = arrival.min(timers).min(start);
            if next > until {
                break;
            }
            self.now = next.max(self.now);
            if start <= self.now {
                self.begin();
            }
            while self.queue.peek().is_some_and(|&Reverse((at, _))| at <= self.now) {
                let Some(Reverse((_, ticket))) = self.queue.pop() else { break };
                let Some(Flying(flow, end, segment)) = self.flying.remove(&ticket) else { continue };
                self.deliver(flow, end, segment);
            }
            for flow in 0..self.flows.len() {
                for end in 0..2 {
                    if timer(&self.flows[flow].ends[end]) <= self.now {
                        let cx = &mut cx(self.now, end, &mut self.recorder);
                        self.flows[flow].ends[end].as_mut().unwrap().handle_timeout(cx);
                        self.work(flow, end);
                    }
                }
            }
        }
        self.now = until;
        self.drain_queue();
        self.add_area(until);
        Outcome {
            bytes: self.flows.iter().map(|flow| flow.read - flow.read_before).collect(),
            span,
            queue: self.area / until.since(from).as_millis_f64(),
            drops: self.drops,
            info: (0..self.flows.len()).filter(|&n| self.flows[n].ends[0].is_some()).map(|n| self.info(n)).collect(),
        }
    }

    fn begin(&mut self) {
        for n in 0..self.flows.len() {
            let (at, config) = self.starts[n];
            if at <= self.now && self.flows[n].ends[0].is_none() {
                let (a, b) = addresses(n);
                let isn = Seq(self.draws.at(u64::MAX - n as u64) as u32);
                let cx = &mut cx(self.now, 0, &mut self.recorder);
                self.flows[n].ends[0] = Some(Connection::connect(&config, n as u32, a, b, isn, cx));
                self.work(n, 0);
            }
        }
    }

    fn deliver(&mut self, n: usize, end: usize, segment: Segment) {
        let cx = &mut cx(self.now, end, &mut self.recorder);
        match &mut self.flows[n].ends[end] {
            Some(conn) => conn.handle_segment(segment, cx),
            none => {
                let (a, b) = addresses(n);
                *none = Some(Connection::accept(&self.starts[n].1, n as u32, b, a, Seq(7), &segment, cx));
            }
        }
        self.work(n, end);
    }

    /// The program of this end does what it can, and its segments leave.
    fn work(&mut self, n: usize, end: usize) {
        loop {
            let flow = &mut self.flows[n];
            let Some(conn) = &mut flow.ends[end] else { return };
            let cx = &mut cx(self.now, end, &mut self.recorder);
            if end == 0 {
                while conn.send_room().is_ok_and(|room| room >= self.data.len()) {
                    conn.send_bytes(self.data.clone(), cx).expect("there is room");
                }
            } else {
                while let Ok(body) = conn.recv(1 << 20, cx) {
                    flow.read += body.len() as u64;
                }
            }
            let Some(transmit) = conn.poll_transmit(cx) else { return };
            if end == 0 {
                self.through_the_bottleneck(n, transmit.segment);
            } else {
                self.fly(self.now + self.path.rtt / 2, Flying(n, 0, transmit.segment));
            }
        }
    }

    fn fly(&mut self, at: Instant, flying: Flying) {
        self.ticket += 1;
        self.queue.push(Reverse((at, self.ticket)));
        self.flying.insert(self.ticket, flying);
    }

    fn through_the_bottleneck(&mut self, n: usize, segment: Segment) {
        let len = segment.payload.len() + HEADERS;
        self.drain_queue();
        if self.idle_at > self.now {
            if self.waiting_bytes + len > self.path.queue {
                self.drops += 1;
                return;
            }
            self.add_area(self.now);
            self.waiting.push_back((self.idle_at, len));
            self.waiting_bytes += len;
        }
        self.idle_at = self.idle_at.max(self.now) + self.path.rate.time_for(len);
        self.sent += 1;
        if !segment.payload.is_empty() && self.path.loss.happens(self.draws, self.sent) {
            self.losses.push(self.now);
        } else {
            self.fly(self.idle_at + self.path.rtt / 2, Flying(n, 1, segment));
        }
    }

    /// What has left the queue by now.
    fn drain_queue(&mut self) {
        while let Some((at, len)) = self.waiting.pop_front_if(|(at, _)| *at <= self.now) {
            self.add_area(at);
            self.waiting_bytes -= len;
        }
    }

    fn add_area(&mut self, at: Instant) {
        if at > self.area_at {
            self.area += self.waiting_bytes as f64 * at.since(self.area_at).as_millis_f64();
            self.area_at = at;
        }
    }
}

fn addresses(n: usize) -> (std::net::SocketAddr, std::net::SocketAddr) {
    (
        (std::net::Ipv4Addr::new(192, 0, 2, 1), 1024 + n as u16).into(),
        (std::net::Ipv4Addr::new(192, 0, 2, 2), 80).into(),
    )
}

fn cx(now: Instant, place: usize, recorder: &mut Recorder) -> Cx<'_> {
    Cx::new(now, PlaceId(place as u16), EventId::NONE, recorder)
}
