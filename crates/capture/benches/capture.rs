//! How fast captures are read and written, in memory; pcap-parser reads the same file for comparison.
//!
//! `cargo bench -p wirescope-capture`

use base::WallTime;
use capture::read::{Item, Reader, read_all};
use capture::write::{Interface, Packet, Pcap, PcapNg};
use capture::{Direction, LinkType};
use divan::{Bencher, black_box, counter::ItemsCount};

const PACKETS: usize = 100_000;
const START: i64 = WallTime::SIMULATION_EPOCH.as_unix_nanos();

fn main() {
    divan::main();
}

/// Packets as a bulk transfer has them: two of full size, then an acknowledgement.
fn sizes() -> impl Iterator<Item = usize> {
    [1_514, 1_514, 66].into_iter().cycle().take(PACKETS)
}

fn pcapng(comments: &[&str], direction: Option<Direction>) -> Vec<u8> {
    let mut out = PcapNg::new(Vec::new()).expect("memory");
    let tap = out.interface(&Interface::new(LinkType::Ethernet)).expect("memory");
    let data = [7; 1_514];
    for (n, size) in sizes().enumerate() {
        let at = WallTime::from_unix_nanos(START + n as i64);
        out.packet(&Packet { comments, direction, ..Packet::new(tap, at) }, [&data[..size]]).expect("memory");
    }
    out.finish().expect("memory")
}

fn stream(file: &[u8]) -> u64 {
    let mut reader = Reader::open(file).expect("a capture");
    let mut sum = 0;
    while let Some(item) = reader.next().expect("sound") {
        if let Item::Packet(packet) = item {
            sum += packet.data.len() as u64 + u64::from(packet.data.first().copied().unwrap_or_default());
        }
    }
    sum
}

#[divan::bench]
fn read_pcapng(bencher: Bencher<'_, '_>) {
    let file = pcapng(&[], None);
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| stream(black_box(&file)));
}

#[divan::bench]
fn read_pcapng_with_options(bencher: Bencher<'_, '_>) {
    let file = pcapng(&["a comment"], Some(Direction::Inbound));
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| stream(black_box(&file)));
}

#[divan::bench]
fn read_pcap(bencher: Bencher<'_, '_>) {
    let mut out = Pcap::new(Vec::new(), LinkType::Ethernet).expect("memory");
    for (n, size) in sizes().enumerate() {
        out.packet(WallTime::from_unix_nanos(START + n as i64), None, [&[7; 1_514][..size]]).expect("memory");
    }
    let file = out.finish().expect("memory");
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| stream(black_box(&file)));
}

#[divan::bench]
fn read_pcapng_whole(bencher: Bencher<'_, '_>) {
    let file = pcapng(&[], None);
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| read_all(black_box(&file[..])).expect("a capture"));
}

#[divan::bench]
fn read_pcapng_by_pcap_parser(bencher: Bencher<'_, '_>) {
    use pcap_parser::{Block, PcapBlockOwned, PcapError, PcapNGReader, traits::PcapReaderIterator};
    let file = pcapng(&[], None);
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        let mut reader = PcapNGReader::new(1 << 20, black_box(&file[..])).expect("a capture");
        let mut sum = 0;
        loop {
            match reader.next() {
                Ok((size, block)) => {
                    if let PcapBlockOwned::NG(Block::EnhancedPacket(packet)) = block {
                        sum += u64::from(packet.caplen) + u64::from(packet.data.first().copied().unwrap_or_default());
                    }
                    reader.consume(size);
                }
                Err(PcapError::Eof) => break sum,
                Err(PcapError::Incomplete(_)) => reader.refill().expect("memory"),
                Err(error) => panic!("{error:?}"),
            }
        }
    });
}

#[divan::bench]
fn write_pcapng(bencher: Bencher<'_, '_>) {
    let data = [7; 1_514];
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        let mut out = PcapNg::new(std::io::sink()).expect("a sink");
        let tap = out.interface(&Interface::new(LinkType::Ethernet)).expect("a sink");
        for (n, size) in sizes().enumerate() {
            let packet = Packet::new(tap, WallTime::from_unix_nanos(START + n as i64));
            let (head, body) = data[..size].split_at(54);
            out.packet(&packet, [black_box(head), black_box(body)]).expect("a sink");
        }
    });
}
