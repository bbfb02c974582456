//! Writes a large capture to standard output, to measure with. The same arguments give the same bytes.
//!
//!     cargo run --release --example large_capture -- mixed 542 > mixed.pcapng      # megabytes
//!     cargo run --release --example large_capture -- http 1000 > http.pcapng       # one response of so many megabytes
//!     cargo run --release --example large_capture -- tls 1000 > tls.pcapng         # the same in one TLS connection
//!     cargo run --release --example large_capture -- short 1000000 > short.pcapng  # connections
//!
//! `mixed` is two fifths HTTP in clear, two fifths TLS 1.3 (its secrets are in the file) in connections of some megabytes,
//! and one fifth short connections; eight long and 32 short ones at a time. In the long ones one segment in a thousand is
//! lost: in turn before the tap, so that it is missing and comes later, and behind it, so that it is seen twice.

use std::io::{BufWriter, Error, Read, Result, StdoutLock, Write};
use std::sync::Arc;

use rustls::{ClientConnection, ServerConnection};
use wirescope::base::{Duration, Seed, WallTime};
use wirescope::capture::LinkType;
use wirescope::capture::write::{Interface, Packet, PcapNg};
use wirescope::tls::{Authority, Certificates, Clock, KeyLines, Options, Request};
use wirescope::wire::{Sum, pseudo_header};

/// Bytes of data in a full segment.
const MSS: usize = 1460;
/// One segment in so many is lost.
const LOSS: u64 = 1000;
/// The round trip: what is sent in it goes out at once.
const SEGMENTS_A_TURN: usize = 8;
const NAME: &str = "www.example.com";

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = arguments.get(1).and_then(|number| number.parse::<u64>().ok());
    let (Some(what), Some(number)) = (arguments.first(), number) else {
        eprintln!("usage: large_capture mixed|http|tls MEGABYTES, or large_capture short CONNECTIONS");
        std::process::exit(2);
    };
    let no = std::iter::empty::<Plan>;
    let mut file = File::new()?;
    match what.as_str() {
        "http" => file.play([Plan::new(false, number * 1_000_000)].into_iter(), no())?,
        "tls" => file.play([Plan::new(true, number * 1_000_000)].into_iter(), no())?,
        "short" => file.play(no(), (0..number).map(|_| Plan::new(false, 100)))?,
        _ => {
            let long = (0..number / 10).map(|n| Plan::new(n % 2 == 1, 8_000_000));
            let short = (0..number * 20).map(|n| Plan::new(n % 16 == 15, 10_000));
            file.play(long, short)?;
        }
    }
    file.out.finish()?.flush()
}

/// A connection to come: whether it speaks TLS, and how many bytes its response has.
struct Plan {
    tls: bool,
    size: u64,
}

impl Plan {
    fn new(tls: bool, size: u64) -> Plan {
        Plan { tls, size }
    }
}

/// The file, and the configurations of both ends.
struct File {
    out: PcapNg<BufWriter<StdoutLock<'static>>>,
    interface: u32,
    at: WallTime,
    connections: u64,
    segments: u64,
    frame: Vec<u8>,
    client: Arc<rustls::ClientConfig>,
    server: Arc<rustls::ServerConfig>,
    keys: Arc<KeyLines>,
    /// Secrets that stand in the file already.
    told: usize,
}

impl File {
    fn new() -> Result<File> {
        let mut out = PcapNg::new(BufWriter::with_capacity(1 << 20, std::io::stdout().lock()))?;
        let interface = out.interface(&Interface::new(LinkType::Ethernet))?;
        let (seed, clock, keys) = (Seed(1), Clock::new(WallTime::SIMULATION_EPOCH), KeyLines::new());
        let options = Options { key_log: Some(keys.clone()), ..Options::default() };
        let authority = Authority::simulated();
        let identity = authority.issue(&mut seed.stream("certificate"), &Request::new(NAME)).map_err(Error::other)?;
        let server = wirescope::tls::server(seed.stream("server"), &clock, Certificates::new(identity), &options);
        let client = wirescope::tls::client(seed.stream("client"), &clock, authority.roots(), &options);
        Ok(File {
            out,
            interface,
            at: WallTime::SIMULATION_EPOCH,
            connections: 0,
            segments: 0,
            frame: Vec::with_capacity(1600),
            client: client.map_err(Error::other)?,
            server: server.map_err(Error::other)?,
            keys,
            told: 0,
        })
    }

    /// Plays connections: eight long and 32 short ones at a time.
    fn play(&mut self, long: impl Iterator<Item = Plan>, short: impl Iterator<Item = Plan>) -> Result<()> {
        let (mut long, mut short) = (long.peekable(), short.peekable());
        let mut open: [Vec<Talk>; 2] = [Vec::new(), Vec::new()];
        loop {
            while open[0].len() < 8 && long.peek().is_some() {
                let plan = long.next().expect("it was peeked at");
                open[0].push(self.open(&plan)?);
            }
            while open[1].len() < 32 && short.peek().is_some() {
                let plan = short.next().expect("it was peeked at");
                open[1].push(self.open(&plan)?);
            }
            if open.iter().all(Vec::is_empty) {
                return Ok(());
            }
            for talks in &mut open {
                for talk in talks.iter_mut() {
                    self.turn(talk)?;
                }
                talks.retain(|talk| !talk.over);
            }
        }
    }

    fn open(&mut self, plan: &Plan) -> Result<Talk> {
        let number = self.connections;
        self.connections += 1;
        let mut talk = Talk::new(number, plan);
        if plan.tls {
            let name = NAME.try_into().map_err(Error::other)?;
            let client = ClientConnection::new(self.client.clone(), name).map_err(Error::other)?;
            let server = ServerConnection::new(self.server.clone()).map_err(Error::other)?;
            talk.tls = Some(Box::new((client, server)));
        }
        self.segment(&talk, true, SYN, b"")?;
        talk.sent[0] += 1;
        self.segment(&talk, false, SYN | ACK, b"")?;
        talk.sent[1] += 1;
        self.segment(&talk, true, ACK, b"")?;
        let request = format!("GET /{number} HTTP/1.1\r\nHost: {NAME}\r\n\r\n");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", plan.size);
        let Some(mut tls) = talk.tls.take() else {
            self.say(&mut talk, true, request.as_bytes())?;
            talk.waiting.extend_from_slice(head.as_bytes());
            return Ok(talk);
        };
        let (client, server) = &mut *tls;
        loop {
            let mut flight = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut flight)?;
            }
            let mut answer = Vec::new();
            let mut unread = flight.as_slice();
            while !unread.is_empty() {
                server.read_tls(&mut unread)?;
                server.process_new_packets().map_err(Error::other)?;
            }
            while server.wants_write() {
                server.write_tls(&mut answer)?;
            }
            // The secrets stand before what they open.
            let secrets = self.keys.since(self.told);
            self.told += secrets.len();
            self.out.tls_secrets(&secrets.iter().map(|line| format!("{line}\n")).collect::<String>())?;
            self.say(&mut talk, true, &flight)?;
            self.say(&mut talk, false, &answer)?;
            let mut unread = answer.as_slice();
            while !unread.is_empty() {
                client.read_tls(&mut unread)?;
                client.process_new_packets().map_err(Error::other)?;
            }
            if flight.is_empty() && answer.is_empty() {
                break;
            }
        }
        client.writer().write_all(request.as_bytes())?;
        let mut asked = Vec::new();
        client.write_tls(&mut asked)?;
        self.say(&mut talk, true, &asked)?;
        server.read_tls(&mut asked.as_slice())?;
        server.process_new_packets().map_err(Error::other)?;
        server.reader().read_exact(&mut vec![0; request.len()])?;
        server.writer().write_all(head.as_bytes())?;
        talk.tls = Some(tls);
        Ok(talk)
    }

    /// Says something short, which the other side acknowledges.
    fn say(&mut self, talk: &mut Talk, to_server: bool, data: &[u8]) -> Result<()> {
        for piece in data.chunks(MSS) {
            self.segment(talk, to_server, ACK | PSH, piece)?;
            talk.sent[usize::from(!to_server)] += piece.len() as u64;
        }
        if data.is_empty() { Ok(()) } else { self.segment(talk, !to_server, ACK, b"") }
    }

    /// The server sends a few segments, and the client acknowledges every other one.
    fn turn(&mut self, talk: &mut Talk) -> Result<()> {
        let mut missing: Option<(u64, Vec<u8>)> = None;
        for n in 0..SEGMENTS_A_TURN {
            talk.produce()?;
            let len = talk.waiting.len().min(MSS);
            if len == 0 {
                break;
            }
            let data: Vec<u8> = talk.waiting.drain(..len).collect();
            self.segments += 1;
            let lost = talk.size > 1_000_000 && self.segments.is_multiple_of(LOSS) && n < 2;
            if lost && (self.segments / LOSS).is_multiple_of(2) {
                missing = Some((talk.sent[1], data));
            } else {
                self.segment(talk, false, ACK, &data)?;
                if lost {
                    missing = Some((talk.sent[1], data));
                }
            }
            talk.sent[1] += len as u64;
            match &missing {
                // Behind a hole every segment is answered, by what was acknowledged last.
                Some((at, _)) => self.numbered(talk, true, ACK, talk.sent[0], *at, b"")?,
                None if n % 2 == 1 => self.segment(talk, true, ACK, b"")?,
                None => {}
            }
        }
        if let Some((at, data)) = missing {
            self.at = self.at + Duration::from_millis(1);
            self.numbered(talk, false, ACK, at, talk.sent[0], &data)?;
            self.segment(talk, true, ACK, b"")?;
        }
        talk.produce()?;
        if talk.waiting.is_empty() {
            self.segment(talk, false, FIN | ACK, b"")?;
            talk.sent[1] += 1;
            self.segment(talk, true, FIN | ACK, b"")?;
            talk.sent[0] += 1;
            self.segment(talk, false, ACK, b"")?;
            talk.over = true;
        }
        Ok(())
    }

    fn segment(&mut self, talk: &Talk, to_server: bool, flags: u8, data: &[u8]) -> Result<()> {
        let [own, other] = if to_server { talk.sent } else { [talk.sent[1], talk.sent[0]] };
        self.numbered(talk, to_server, flags, own, other, data)
    }

    /// Writes a segment with relative numbers.
    fn numbered(&mut self, talk: &Talk, to_server: bool, flags: u8, seq: u64, ack: u64, data: &[u8]) -> Result<()> {
        const SERVER: [u8; 4] = [192, 0, 2, 80];
        // RFC 9293 §3.2: a maximum segment size of 1460; RFC 7323 §2.2: the window is shifted by 7.
        const OPTIONS: [u8; 8] = [2, 4, 0x05, 0xb4, 1, 3, 3, 7];
        let options: &[u8] = if flags & SYN == 0 { b"" } else { &OPTIONS };
        let (from, to) = if to_server { (talk.client, SERVER) } else { (SERVER, talk.client) };
        let server_port = if talk.speaks_tls { 443u16 } else { 80 };
        let ports = if to_server { [talk.port, server_port] } else { [server_port, talk.port] };
        let [own, other] = if to_server { talk.isn } else { [talk.isn[1], talk.isn[0]] };
        let frame = &mut self.frame;
        frame.clear();
        frame.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0]);
        frame.extend((40 + options.len() as u16 + data.len() as u16).to_be_bytes());
        frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        frame.extend(from);
        frame.extend(to);
        let sum = Sum::of(&frame[14..34]).checksum();
        frame[24..26].copy_from_slice(&sum.to_be_bytes());
        ports.iter().for_each(|port| frame.extend(port.to_be_bytes()));
        frame.extend(own.wrapping_add(seq as u32).to_be_bytes());
        let ack = if flags & ACK == 0 { 0 } else { other.wrapping_add(ack as u32) };
        frame.extend(ack.to_be_bytes());
        frame.extend([0x50 + ((options.len() as u8) << 2), flags, 0xff, 0xff, 0, 0, 0, 0]);
        frame.extend(options);
        frame.extend(data);
        let len = frame.len() - 34;
        let sum = pseudo_header(from.into(), to.into(), 6, len).then(Sum::of(&frame[34..]));
        frame[50..52].copy_from_slice(&sum.checksum().to_be_bytes());
        self.at = self.at + Duration::from_micros(10);
        self.out.packet(&Packet::new(self.interface, self.at), [&*frame])
    }
}

/// A connection under way. Numbers are relative; the initial ones differ from connection to connection.
struct Talk {
    client: [u8; 4],
    port: u16,
    isn: [u32; 2],
    /// What each end has sent.
    sent: [u64; 2],
    /// Bytes of the server's stream that are ready to go.
    waiting: Vec<u8>,
    size: u64,
    /// Bytes of the response that are still to be made.
    left: u64,
    speaks_tls: bool,
    tls: Option<Box<(ClientConnection, ServerConnection)>>,
    over: bool,
}

impl Talk {
    fn new(number: u64, plan: &Plan) -> Talk {
        // Ports 1024 to 65535 of one client after the other.
        let (client, port) = (number / 64_512, number % 64_512);
        let isn = (number as u32).wrapping_mul(0x9E37_79B1);
        Talk {
            client: [10, (client >> 16) as u8, (client >> 8) as u8, client as u8 + 1],
            port: 1024 + port as u16,
            isn: [isn, !isn],
            sent: [0, 0],
            waiting: Vec::new(),
            size: plan.size,
            left: plan.size,
            speaks_tls: plan.tls,
            tls: None,
            over: false,
        }
    }

    /// Makes more of the response, once what was made has gone.
    fn produce(&mut self) -> Result<()> {
        const PIECE: usize = 64 << 10;
        if self.waiting.len() >= MSS || self.left == 0 {
            return Ok(());
        }
        let len = self.left.min(PIECE as u64);
        let from = self.size - self.left;
        let body: Vec<u8> = (from..from + len).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        self.left -= len;
        match &mut self.tls {
            Some(tls) => {
                tls.1.set_buffer_limit(None);
                tls.1.writer().write_all(&body)?;
                while tls.1.wants_write() {
                    tls.1.write_tls(&mut self.waiting)?;
                }
            }
            None => self.waiting.extend_from_slice(&body),
        }
        Ok(())
    }
}
