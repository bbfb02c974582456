//! How long a packet takes to pass: bulk transfers in 1 and in 1,000 connections.

use base::Instant;
use divan::counter::{BytesCount, ItemsCount};
use flow::{Flow, Limits, Packet};
use wire::Sum;
use wire::ethernet::{self, EtherType};
use wire::ipv4::{self, Protocol};
use wire::link::LinkType;
use wire::tcp::{self, Flags, Seq};

fn main() {
    divan::main();
}

const PACKETS: u32 = 100_000;
const SERVER: [u8; 4] = [198, 51, 100, 1];

fn segment(from_client: bool, client: u32, seq: u32, ack: u32, flags: Flags, data: usize) -> Vec<u8> {
    let ip = (0x0a00_0000 + client).to_be_bytes();
    let (src, dst, ports) = if from_client { (ip, SERVER, (40_000, 443)) } else { (SERVER, ip, (443, 40_000)) };
    let mut out = vec![0; 14 + 20 + 20 + data];
    let link = ethernet::Header { dst: Default::default(), src: Default::default(), ethertype: EtherType::IPV4 };
    link.write(&mut out);
    let mut header = ipv4::Header::new(src.into(), dst.into(), Protocol::TCP, 20 + data);
    header.write(&mut out[14..]);
    header.checksum = Sum::of(&out[14..34]).checksum();
    header.write(&mut out[14..]);
    let mut header = tcp::Header::new(ports, Seq(seq), Seq(ack), flags, 65_535, 0);
    header.write(&mut out[34..]);
    header.checksum = wire::pseudo_header(src.into(), dst.into(), 6, 20 + data).then(Sum::of(&out[34..])).checksum();
    header.write(&mut out[34..]);
    out
}

/// A response of 1,460-byte segments with an ACK for every second one, spread over `connections`.
fn bulk(connections: u32) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for client in 0..connections {
        frames.push(segment(true, client, 0, 0, Flags::SYN, 0));
        frames.push(segment(false, client, 0, 1, Flags::SYN | Flags::ACK, 0));
        frames.push(segment(true, client, 1, 1, Flags::ACK, 0));
    }
    let mut seq = vec![1u32; connections as usize];
    let mut n = 0u32;
    while frames.len() < PACKETS as usize {
        let client = n / 3 % connections;
        let at = &mut seq[client as usize];
        if n % 3 == 2 {
            frames.push(segment(true, client, 1, *at, Flags::ACK, 0));
        } else {
            frames.push(segment(false, client, *at, 1, Flags::ACK, 1460));
            *at += 1460;
        }
        n += 1;
    }
    frames
}

#[divan::bench(args = [1, 1000], sample_count = 10, sample_size = 1)]
fn push(bencher: divan::Bencher<'_, '_>, connections: u32) {
    let frames = bulk(connections);
    let bytes: usize = frames.iter().map(Vec::len).sum();
    bencher.counter(ItemsCount::new(PACKETS)).counter(BytesCount::new(bytes)).bench(|| {
        let mut flow = Flow::new(Limits::default());
        for (n, bytes) in (0..).zip(&frames) {
            let at = Instant::from_nanos(n * 10_000);
            let link = LinkType::ETHERNET;
            flow.push(Packet { at, interface: 0, link, bytes, original_len: bytes.len() });
        }
        flow
    });
}
