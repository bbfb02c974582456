//! Ours: two hosts.

use std::collections::VecDeque;

use base::{Duration, EventId, Instant, PlaceId, Seed};
use bytes::Bytes;
use host::{ConnectOptions, Host, HostConfig, InterfaceId, ListenOptions, SocketId};
use tcp::Errno;
use trace::{Cx, Level, Recorder};
use wire::{Body, Chunk, MacAddr, Packet};

use crate::{BUFFER, TURN_US, Transfer, WRITE, cpu_ns};

/// How data goes from program to program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// Shared all the way; checksums are computed once and verified from the partial sums.
    Shared,
    /// Copied into the stack and out of it, as smoltcp does; shared in between.
    Copied,
    /// And written to one piece of memory as a frame, from which it is read again: what the wire does.
    Bytes,
}

/// Two machines, the frames between them, and the time.
struct Pair {
    hosts: [Host; 2],
    wires: [VecDeque<Packet>; 2],
    recorder: Recorder,
    now: Instant,
    as_bytes: bool,
    frames: u64,
    segments: u64,
}

const CLIENT: usize = 0;
const SERVER: usize = 1;

impl Pair {
    fn new(as_bytes: bool) -> Pair {
        let tcp = tcp::Config { send_buffer: BUFFER, receive_buffer: BUFFER, ..tcp::Config::default() };
        let host = |last: u8| {
            let mac = MacAddr([2, 0, 0, 0, 0, last]);
            let mut config = HostConfig::new(&format!("host{last}"), Seed(1)).interface(
                "eth0",
                mac,
                &[([10, 0, 0, last].into(), 24)],
            );
            config.tcp = tcp;
            Host::new(config, PlaceId(last.into()))
        };
        Pair {
            hosts: [host(1), host(2)],
            wires: Default::default(),
            recorder: Recorder::new(Level::Off),
            now: Instant::ZERO,
            as_bytes,
            frames: 0,
            segments: 0,
        }
    }

    /// Lets something happen to a host; what it sends goes on the wire.
    fn with<R>(&mut self, which: usize, f: impl FnOnce(&mut Host, &mut Cx<'_>) -> R) -> R {
        let host = &mut self.hosts[which];
        let cx = &mut Cx::new(self.now, host.place(), EventId::NONE, &mut self.recorder);
        let result = f(host, cx);
        while let Some(out) = host.poll_transmit(cx) {
            self.frames += 1;
            self.segments += u64::from(out.frame.len() > 500);
            self.wires[1 - which].push_back(out.frame);
        }
        while host.poll_ready().is_some() {}
        result
    }

    /// What is on the wires arrives, and what follows from it, until nothing does.
    fn exchange(&mut self) {
        self.now += Duration::from_micros(TURN_US as i64);
        for which in [CLIENT, SERVER] {
            if self.hosts[which].poll_timeout() <= self.now {
                self.with(which, |host, cx| host.handle_timeout(cx));
            }
            while let Some(frame) = self.wires[which].pop_front() {
                let frame = if self.as_bytes { Packet::from_bytes(frame.to_vec().into()) } else { frame };
                self.with(which, |host, cx| host.handle_frame(InterfaceId(0), frame, None, cx));
            }
        }
    }

    fn listen(&mut self) -> SocketId {
        let local = ([0, 0, 0, 0], 80).into();
        self.with(SERVER, |host, cx| host.tcp_listen(local, ListenOptions::default(), cx)).expect("the port is free")
    }

    /// Opens a connection: the client's socket, and the server's.
    fn connect(&mut self, listener: SocketId) -> (SocketId, SocketId) {
        let server = ([10, 0, 0, 2], 80).into();
        let client = self.with(CLIENT, |host, cx| host.tcp_connect(server, ConnectOptions::default(), cx));
        let client = client.expect("there is a port");
        loop {
            self.exchange();
            match self.with(SERVER, |host, cx| host.tcp_accept(listener, cx)) {
                Ok((accepted, _)) => return (client, accepted),
                Err(error) => assert_eq!(error, Errno::WouldBlock),
            }
        }
    }

    fn measured(&self, start: u64) -> Transfer {
        Transfer { ns: cpu_ns() - start, segments: self.segments, frames: self.frames }
    }
}

/// Moves `total` bytes from the server to the client.
pub fn transfer(total: usize, data: Data) -> Transfer {
    let mut pair = Pair::new(data == Data::Bytes);
    let listener = pair.listen();
    let source: Bytes = (0..WRITE).map(|i| ((i * 31) >> 3) as u8).collect::<Vec<u8>>().into();
    let mut buffer = vec![0; BUFFER];
    let (mut written, mut read) = (0, 0);
    let start = cpu_ns();
    let (client, server) = pair.connect(listener);
    while read < total {
        pair.exchange();
        while written < total {
            let from = written % WRITE;
            let mut piece = source.slice(from..WRITE.min(from + total - written));
            if data != Data::Shared {
                // No more is copied than there is room for.
                let Ok(room) = pair.hosts[SERVER].tcp_send_room(server) else { break };
                piece = Bytes::copy_from_slice(&piece[..piece.len().min(room)]);
            }
            let mut body = Body::empty();
            body.push(Chunk::unsummed(piece));
            let Ok(sent) = pair.with(SERVER, |host, cx| host.tcp_send(server, body, cx)) else { break };
            written += sent;
        }
        while let Ok(body) = pair.with(CLIENT, |host, cx| host.tcp_recv(client, BUFFER, cx)) {
            read += if data == Data::Shared { body.len() } else { body.copy_to(&mut buffer) };
        }
    }
    pair.measured(start)
}

/// Opens `count` connections, one after the other; the client closes each first.
pub fn connections(count: usize) -> Transfer {
    let mut pair = Pair::new(false);
    let listener = pair.listen();
    let start = cpu_ns();
    for _ in 0..count {
        let (client, server) = pair.connect(listener);
        pair.with(CLIENT, |host, cx| host.close(client, cx));
        pair.exchange();
        pair.with(SERVER, |host, cx| host.close(server, cx));
        pair.exchange();
        // Those in TIME-WAIT stay for a minute: time goes on, so that there are some thousands of them at most.
        pair.now += Duration::from_millis(10);
    }
    pair.measured(start)
}
