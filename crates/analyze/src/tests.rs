//! Captures made by hand.

use base::Instant;
use flow::{Flow, Packet};
use wire::ethernet::{self, EtherType};
use wire::ipv4::Protocol;
use wire::link::LinkType;
use wire::tcp::{Flags, Options, Seq};
use wire::{MacAddr, Sum};

pub(crate) const S: Flags = Flags::SYN;
pub(crate) const A: Flags = Flags::ACK;
pub(crate) const F: Flags = Flags::FIN;
pub(crate) const R: Flags = Flags::RST;
pub(crate) const CLIENT: [u8; 4] = [10, 0, 1, 5];
pub(crate) const SERVER: [u8; 4] = [10, 0, 2, 10];

/// A capture in the making.
#[derive(Default)]
pub(crate) struct Tape {
    pub flow: Flow,
    pub frames: Vec<Vec<u8>>,
    pub now: i64,
    pub ports: (u16, u16),
    /// The window of the next segments, and the time to live of the next IP packets.
    pub window: u16,
    pub ttl: u8,
    /// Whether a mirror shows each packet twice.
    pub mirrored: bool,
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

pub(crate) fn arp(operation: u16, sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
    let header = wire::arp::Header {
        hardware: wire::arp::Hardware::ETHERNET,
        protocol: EtherType::IPV4,
        hardware_len: 6,
        protocol_len: 4,
        operation: wire::arp::Operation(operation),
        sender_mac: MacAddr([4; 6]),
        sender_ip: sender.into(),
        target_mac: MacAddr::ZERO,
        target_ip: target.into(),
    };
    let mut out = vec![0; 28];
    header.write(&mut out);
    ethernet(EtherType::ARP, &out)
}

impl Tape {
    pub fn new() -> Tape {
        Tape { ports: (49152, 80), window: 65535, ttl: 64, ..Tape::default() }
    }
    pub fn push(&mut self, bytes: Vec<u8>) -> u32 {
        let n = self.take(bytes);
        if self.mirrored {
            self.again();
        }
        n
    }
    /// The last packet once more, a little later.
    pub fn again(&mut self) -> u32 {
        self.now += 20_000;
        self.take(self.frames.last().expect("there was one").clone())
    }
    fn take(&mut self, bytes: Vec<u8>) -> u32 {
        let at = Instant::from_nanos(self.now);
        let (link, original_len) = (LinkType::ETHERNET, bytes.len());
        let n = self.flow.push(Packet { at, interface: 0, link, bytes: &bytes, original_len }).unwrap();
        self.frames.push(bytes);
        n
    }
    pub fn ms(&mut self, ms: i64) -> &mut Tape {
        self.now += ms * 1_000_000;
        self
    }
    pub fn c(&mut self, flags: Flags, seq: u32, ack: u32, data: &[u8]) -> u32 {
        self.segment(true, flags, seq, ack, data)
    }
    pub fn s(&mut self, flags: Flags, seq: u32, ack: u32, data: &[u8]) -> u32 {
        self.segment(false, flags, seq, ack, data)
    }
    fn segment(&mut self, from_client: bool, flags: Flags, seq: u32, ack: u32, data: &[u8]) -> u32 {
        let (src, dst) = if from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let ports = if from_client { self.ports } else { (self.ports.1, self.ports.0) };
        let mut options = [0; 40];
        let syn = Options { mss: Some(1460), ..Options::default() };
        let n = if flags.contains(S) { syn.write(&mut options) } else { 0 };
        let mut header = wire::tcp::Header::new(ports, Seq(seq), Seq(ack), flags, self.window, n);
        let mut out = vec![0; 20];
        header.write(&mut out);
        out.extend_from_slice(&options[..n]);
        out.extend_from_slice(data);
        let sum = wire::pseudo_header(src.into(), dst.into(), 6, out.len());
        header.checksum = sum.then(Sum::of(&out)).checksum();
        header.write(&mut out);
        let mut packet = ip_packet(src, dst, 6, &out);
        if self.ttl != packet[8] {
            packet[8] = self.ttl;
            packet[10..12].fill(0);
            let sum = Sum::of(&packet[..20]).checksum();
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        self.push(ethernet(EtherType::IPV4, &packet))
    }
}

mod analysis;
mod causes;
mod findings;
mod tcp_states;
