//! Thousands of connections between two hosts over a path that loses, repeats, delays, reorders and damages frames, and programs
//! that go away at any moment: what arrives is compared with what was sent, and nothing may hang.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base::{Draws, Duration, EventId, Instant, PlaceId, Seed};
use host::{ConnectOptions, Holdings, Host, HostConfig, InterfaceId, ListenOptions, SocketId};
use tcp::{Config, CongestionKind, Errno, Keepalive};
use trace::{Cx, Level, Recorder, Role};
use wire::{Body, MacAddr, Packet};

const LINK: InterfaceId = InterfaceId(0);
/// So many connections are open at a time.
pub const TOGETHER: usize = 50;

/// What becomes of one connection.
struct Plan {
    /// Bytes that the client and the server send.
    sizes: [usize; 2],
    /// One end goes away when it has read and written so many bytes: which, how many, with a reset or without a word.
    gone: Option<(usize, usize, bool)>,
}

/// One end of a connection.
#[derive(Default)]
struct End {
    socket: Option<SocketId>,
    sent: usize,
    got: usize,
    saw_end: bool,
    /// It has closed, gone away or failed.
    over: bool,
    failed: Option<Errno>,
}

struct World {
    hosts: [Host; 2],
    places: [PlaceId; 2],
    recorder: Recorder,
    now: Instant,
    wire: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    frames: u64,
    draws: Draws,
    /// Chances in a thousand: loss, duplication, reordering, damage.
    path: [u64; 4],
}

/// The bytes of a stream.
fn byte(connection: usize, end: usize, at: usize) -> u8 {
    (at.wrapping_mul(31) ^ (at >> 8) ^ connection.wrapping_mul(7) ^ end) as u8
}

fn address(host: usize) -> [u8; 4] {
    [192, 0, 2, host as u8 + 1]
}

impl World {
    fn new(seed: u64, config: Config) -> World {
        let mut recorder = Recorder::new(Level::Off);
        let places = [recorder.place("client", Role::Client), recorder.place("server", Role::Server)];
        let host = |i: usize| {
            let name = ["client", "server"][i];
            let mac = MacAddr([2, 0, 0, 0, 0, i as u8 + 1]);
            let mut host = HostConfig::new(name, Seed(seed)).interface("eth0", mac, &[(address(i).into(), 24)]);
            host.tcp = config;
            Host::new(host, places[i])
        };
        let draws = Seed(seed).draws("path");
        let (now, wire) = (Instant::ZERO, BTreeMap::new());
        World { hosts: [host(0), host(1)], places, recorder, now, wire, frames: 0, draws, path: [0; 4] }
    }

    fn with<R>(&mut self, who: usize, act: impl FnOnce(&mut Host, &mut Cx<'_>) -> R) -> R {
        let mut cx = Cx::new(self.now, self.places[who], EventId::NONE, &mut self.recorder);
        let result = act(&mut self.hosts[who], &mut cx);
        self.carry(who);
        result
    }

    /// Puts what a host sends onto the path.
    fn carry(&mut self, who: usize) {
        let mut cx = Cx::new(self.now, self.places[who], EventId::NONE, &mut self.recorder);
        while let Some(out) = self.hosts[who].poll_transmit(&mut cx) {
            self.frames += 1;
            let n = self.frames;
            let draw = |what: u64| self.draws.at(n * 8 + what);
            let happens = |what: usize| draw(what as u64) % 1000 < self.path[what];
            let mut bytes = out.frame.to_vec();
            let ip = bytes.get(12..14) == Some(&[8, 0]);
            if happens(0) {
                continue;
            }
            if ip && happens(3) {
                // One bit: each checksum finds it.
                let at = 14 + draw(4) as usize % (bytes.len() - 14);
                bytes[at] ^= 1 << (draw(5) % 8);
            }
            let late = if happens(2) { 1 + draw(6) as i64 % 30 } else { 0 };
            let at = self.now + Duration::from_millis(10 + late);
            self.wire.insert((at, n * 2), (1 - who, bytes.clone()));
            if happens(1) {
                self.wire.insert((at, n * 2 + 1), (1 - who, bytes));
            }
        }
        while self.hosts[who].poll_ready().is_some() {}
    }

    /// The next thing that happens, if any does until `until`.
    fn step(&mut self, until: Instant) -> bool {
        let timers = [self.hosts[0].poll_timeout(), self.hosts[1].poll_timeout()];
        let wire = self.wire.keys().next().map_or(Instant::NEVER, |(at, _)| *at);
        let next = wire.min(timers[0]).min(timers[1]);
        if next > until || next == Instant::NEVER {
            return false;
        }
        self.now = self.now.max(next);
        if wire <= self.now {
            let Some((_, (to, bytes))) = self.wire.pop_first() else { return true };
            let frame = Packet::from_bytes(bytes.into());
            self.with(to, |host, cx| host.handle_frame(LINK, frame, None, cx));
        }
        for (who, due) in timers.into_iter().enumerate() {
            if due <= self.now {
                self.with(who, Host::handle_timeout);
            }
        }
        true
    }

    /// What both hosts keep once the last timer has run out.
    fn holdings(&mut self) -> [Holdings; 2] {
        while self.step(Instant::NEVER) {}
        [0, 1].map(|who| self.hosts[who].holdings())
    }

    /// What the program at one end of a connection does, as far as it can.
    fn work(&mut self, connection: usize, plan: &Plan, who: usize, end: &mut End) {
        let Some(id) = end.socket.filter(|_| !end.over) else { return };
        if self.with(who, |host, _| host.tcp_connected(id)) == Err(Errno::WouldBlock) {
            return;
        }
        loop {
            match self.with(who, |host, cx| host.tcp_recv(id, 3000, cx)) {
                Ok(body) if body.is_empty() => {
                    end.saw_end = true;
                    break;
                }
                Ok(body) => {
                    for (i, got) in body.to_bytes().iter().enumerate() {
                        assert_eq!(*got, byte(connection, 1 - who, end.got + i), "connection {connection}, byte {i}");
                    }
                    end.got += body.len();
                }
                Err(Errno::WouldBlock) => break,
                Err(error) => {
                    end.failed = Some(error);
                    break;
                }
            }
        }
        while end.sent < plan.sizes[who] && end.failed.is_none() {
            let upto = (end.sent + 4321).min(plan.sizes[who]);
            let data: Vec<u8> = (end.sent..upto).map(|at| byte(connection, who, at)).collect();
            match self.with(who, |host, cx| host.tcp_send(id, Body::from(data), cx)) {
                Ok(n) => end.sent += n,
                Err(Errno::WouldBlock) => break,
                Err(error) => end.failed = Some(error),
            }
        }
        let leaves = plan.gone.filter(|&(which, after, _)| which == who && end.sent + end.got >= after);
        let done = end.saw_end && end.sent >= plan.sizes[who];
        if let Some((_, _, true)) = leaves {
            let _ = self.with(who, |host, cx| host.tcp_abort(id, cx));
            end.over = true;
        } else if leaves.is_some() || done || end.failed.is_some() {
            self.with(who, |host, cx| host.close(id, cx));
            end.over = true;
        } else if end.sent >= plan.sizes[who] {
            let _ = self.with(who, |host, cx| host.tcp_shutdown(id, cx));
        }
    }
}

/// `n` connections; how many frames they took, how many went as planned to the end, and what both hosts still keep when all is
/// quiet. `at_quiet` is told each time that no connection is there, with how many there were.
pub fn soak(n: usize, seed: u64, mut at_quiet: impl FnMut(usize)) -> (u64, usize, [Holdings; 2]) {
    let congestion = CongestionKind::ALL[seed as usize % 3].1;
    // A reset may be lost: then nothing but a question shows that nobody is there any more (RFC 9293 §3.8.4).
    let keepalive = Some(Keepalive { idle: Duration::from_secs(60), ..Keepalive::default() });
    let config =
        Config { send_buffer: 64 << 10, receive_buffer: 256 << 10, congestion, keepalive, ..Config::default() };
    let mut world = World::new(seed, config);
    let any: SocketAddr = "0.0.0.0:80".parse().unwrap();
    let options = ListenOptions { backlog: 4096, ..ListenOptions::default() };
    let listener = world.with(1, |host, cx| host.tcp_listen(any, options, cx)).unwrap();
    let draws = Seed(seed).draws("plans");
    let mut whole = 0;
    for first in (0..n).step_by(TOGETHER) {
        let draw = |i: usize, what: u64| draws.at(((first + i) as u64) * 16 + what);
        world.path = [draw(0, 8) % 30, draw(0, 9) % 20, draw(0, 10) % 60, draw(0, 11) % 10];
        let count = TOGETHER.min(n - first);
        // Small ones are more frequent than large ones.
        let size = |i, what| (draw(i, what) % (1 << (draw(i, what + 1) % 17))) as usize;
        let plan = |i| {
            let sizes = [size(i, 0), size(i, 2)];
            let after = (draw(i, 4) % (sizes[0] + sizes[1] + 1) as u64) as usize;
            let gone = draw(i, 5).is_multiple_of(4).then(|| ((draw(i, 6) % 2) as usize, after, draw(i, 7) % 2 == 0));
            Plan { sizes, gone }
        };
        let plans: Vec<Plan> = (0..count).map(plan).collect();
        let mut ends: Vec<[End; 2]> = (0..count).map(|_| Default::default()).collect();
        let server = SocketAddr::from((address(1), 80));
        let mut ports = BTreeMap::new();
        for (i, ends) in ends.iter_mut().enumerate() {
            let id = world.with(0, |host, cx| host.tcp_connect(server, ConnectOptions::default(), cx)).unwrap();
            ports.insert(world.hosts[0].local_addr(id).unwrap().port(), i);
            ends[0].socket = Some(id);
        }
        let deadline = world.now + Duration::from_secs(3600);
        while ends
            .iter()
            .any(|pair| pair[0].socket.is_some() && !pair[0].over || pair[1].socket.is_some() && !pair[1].over)
        {
            while let Ok((id, peer)) = world.with(1, |host, cx| host.tcp_accept(listener, cx)) {
                ends[ports[&peer.port()]][1].socket = Some(id);
            }
            for (i, pair) in ends.iter_mut().enumerate() {
                for (who, end) in pair.iter_mut().enumerate() {
                    world.work(first + i, &plans[i], who, end);
                }
            }
            assert!(world.step(deadline), "seed {seed}: something hangs in connections {first} to {}", first + count);
        }
        // Then there is nothing left of them: TIME-WAIT and what nobody accepted end by themselves.
        let quiet = world.now + Duration::from_secs(1800);
        while !(world.hosts[0].connections().is_empty() && world.hosts[1].connections().is_empty()) {
            while let Ok((id, _)) = world.with(1, |host, cx| host.tcp_accept(listener, cx)) {
                world.with(1, |host, cx| host.close(id, cx));
            }
            assert!(world.step(quiet), "seed {seed}: connections are left over: {:?}", world.hosts[1].connections());
        }
        for (i, (plan, [client, server])) in plans.iter().zip(&ends).enumerate() {
            if plan.gone.is_some() {
                continue;
            }
            let what = format!("seed {seed}, connection {}", first + i);
            assert_eq!((client.failed, server.failed), (None, None), "{what}");
            assert_eq!([server.got, client.got], plan.sizes, "{what}");
            whole += 1;
        }
        drop((plans, ends, ports));
        at_quiet(first + count);
    }
    (world.frames, whole, world.holdings())
}
