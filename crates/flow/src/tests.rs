//! Packets made by hand, and what flow must say of them.

use base::Instant;
use wire::ethernet::{self, EtherType};
use wire::ipv4::Protocol;
use wire::link::LinkType;
use wire::tcp::{Flags, Options, Seq};
use wire::{MacAddr, Sum};

use crate::*;

pub(crate) const S: Flags = Flags::SYN;
pub(crate) const A: Flags = Flags::ACK;
pub(crate) const F: Flags = Flags::FIN;
pub(crate) const R: Flags = Flags::RST;

/// A capture in the making: two hosts, one tap.
#[derive(Default)]
pub(crate) struct Tape {
    pub flow: Flow,
    pub frames: Vec<Vec<u8>>,
    pub now: i64,
    pub ports: (u16, u16),
}

#[derive(Clone, Debug)]
pub(crate) struct Seg {
    pub from_client: bool,
    pub seq: u32,
    pub ack: u32,
    pub flags: Flags,
    pub window: u16,
    pub options: Options,
    pub data: Vec<u8>,
}

pub(crate) fn ip_packet(src: [u8; 4], dst: [u8; 4], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut ip = wire::ipv4::Header::new(src.into(), dst.into(), Protocol(protocol), payload.len());
    let mut out = vec![0; 20];
    ip.write(&mut out);
    ip.checksum = Sum::of(&out).checksum();
    ip.write(&mut out);
    out.extend_from_slice(payload);
    out
}

pub(crate) fn ethernet(kind: EtherType, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 14];
    ethernet::Header { dst: MacAddr([2; 6]), src: MacAddr([4; 6]), ethertype: kind }.write(&mut out);
    out.extend_from_slice(payload);
    out
}

pub(crate) fn udp(src: ([u8; 4], u16), dst: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let header = wire::udp::Header { src_port: src.1, dst_port: dst.1, len: 8 + payload.len() as u16, checksum: 0 };
    let mut out = vec![0; 8];
    header.write(&mut out);
    out.extend_from_slice(payload);
    ethernet(EtherType::IPV4, &ip_packet(src.0, dst.0, 17, &out))
}

pub(crate) const CLIENT: [u8; 4] = [10, 0, 1, 5];
pub(crate) const SERVER: [u8; 4] = [10, 0, 2, 10];

impl Seg {
    pub fn bytes(&self, ports: (u16, u16)) -> Vec<u8> {
        let (src, dst) = if self.from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let ports = if self.from_client { ports } else { (ports.1, ports.0) };
        let mut options = [0; 40];
        let n = self.options.write(&mut options);
        let mut header = wire::tcp::Header::new(ports, Seq(self.seq), Seq(self.ack), self.flags, self.window, n);
        let mut out = vec![0; 20];
        header.write(&mut out);
        out.extend_from_slice(&options[..n]);
        out.extend_from_slice(&self.data);
        let sum = wire::pseudo_header(std::net::IpAddr::from(src), std::net::IpAddr::from(dst), 6, out.len());
        header.checksum = sum.then(Sum::of(&out)).checksum();
        header.write(&mut out);
        ethernet(EtherType::IPV4, &ip_packet(src, dst, 6, &out))
    }
}

impl Tape {
    pub fn new() -> Tape {
        Tape { ports: (49152, 80), ..Tape::default() }
    }
    /// Pushes a frame as it is.
    pub fn push(&mut self, bytes: Vec<u8>) -> u32 {
        let len = bytes.len();
        self.push_cut(bytes, len)
    }
    /// Pushes a frame of which the capture kept `bytes`.
    pub fn push_cut(&mut self, bytes: Vec<u8>, original_len: usize) -> u32 {
        let at = Instant::from_nanos(self.now);
        let link = LinkType::ETHERNET;
        let n = self.flow.push(Packet { at, interface: 0, link, bytes: &bytes, original_len }).unwrap();
        self.frames.push(bytes);
        n
    }
    /// Waits.
    pub fn ms(&mut self, ms: i64) -> &mut Tape {
        self.now += ms * 1_000_000;
        self
    }
    pub fn seg(&mut self, seg: Seg) -> u32 {
        let bytes = seg.bytes(self.ports);
        self.push(bytes)
    }
    /// A segment of the client.
    pub fn c(&mut self, flags: Flags, seq: u32, ack: u32, data: &[u8]) -> u32 {
        self.any(true, flags, seq, ack, 1000, data)
    }
    /// A segment of the server.
    pub fn s(&mut self, flags: Flags, seq: u32, ack: u32, data: &[u8]) -> u32 {
        self.any(false, flags, seq, ack, 1000, data)
    }
    pub fn any(&mut self, from_client: bool, flags: Flags, seq: u32, ack: u32, window: u16, data: &[u8]) -> u32 {
        let options = if flags.contains(S) {
            Options { mss: Some(1460), window_scale: Some(0), sack_permitted: true, ..Options::default() }
        } else {
            Options::default()
        };
        self.seg(Seg { from_client, seq, ack, flags, window, options, data: data.to_vec() })
    }
    /// Three packets, 10 ms apart: ISNs 100 and 300.
    pub fn handshake(&mut self) {
        self.c(S, 100, 0, b"");
        self.ms(10).s(S | A, 300, 101, b"");
        self.ms(10).c(A, 101, 301, b"");
        self.ms(10);
    }
    pub fn verdicts(&self, n: u32) -> Verdicts {
        self.tcp(n).verdicts
    }
    pub fn tcp(&self, n: u32) -> Tcp {
        *self.flow.row(n).unwrap().tcp.unwrap()
    }
    pub fn connection(&self, n: usize) -> &Connection {
        self.flow.conversations()[n].tcp().unwrap()
    }
    /// The stream that the server sent.
    pub fn server_stream(&self) -> Vec<u8> {
        let pieces = self.connection(0).server().stream().pieces();
        pieces
            .flat_map(|p| {
                let BufferRef::Frame(n) = p.buffer else { panic!() };
                self.frames[n as usize - 1][p.at as usize..(p.at + p.have) as usize].to_vec()
            })
            .collect()
    }
}

mod answers;
mod copies;
mod exchanges;
mod http;
mod http2;
mod path;
mod reassembly;
mod settling;
mod split;
mod steps;
mod tally;
mod tcp_verdicts;
mod tls_layers;
mod tshark;
