//! What holds for all files: round trips, prefixes, damage anywhere, another reader's view.

use base::WallTime;
use proptest::prelude::*;

use super::*;
use crate::write::{self, PcapNg};
use crate::{Direction, LinkType};

/// A packet to write, and what it must read back as.
#[derive(Clone, Debug)]
struct Sample {
    interface: u32,
    nanos: i64,
    data: Vec<u8>,
    cut: u32,
    direction: Option<Direction>,
    comments: Vec<String>,
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let direction = prop_oneof![Just(None), Just(Some(Direction::Inbound)), Just(Some(Direction::Outbound))];
    let data = prop::collection::vec(any::<u8>(), 0..80);
    let comments = prop::collection::vec("[^\0]{0,9}", 0..3);
    let sample = (0u32..2, 0..i64::MAX, data, 0u32..9, direction, comments);
    let sample = sample.prop_map(|(interface, nanos, data, cut, direction, comments)| Sample {
        interface,
        nanos,
        data,
        cut,
        direction,
        comments,
    });
    prop::collection::vec(sample, 0..12)
}

/// The file, and where each packet's block ends.
fn written(samples: &[Sample]) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = Vec::new();
    let mut out = PcapNg::with_comments(&mut bytes, &["all of it"]).unwrap();
    out.interface(&write::Interface { name: "a", comments: &["near"], ..write::Interface::new(LinkType::Ethernet) })
        .unwrap();
    out.interface(&write::Interface { description: "b", ..write::Interface::new(LinkType::Raw) }).unwrap();
    out.tls_secrets("# none\n").unwrap();
    out.finish().unwrap();
    let mut ends = Vec::new();
    for sample in samples {
        let comments: Vec<&str> = sample.comments.iter().map(String::as_str).collect();
        let packet = write::Packet {
            original_len: Some(sample.data.len() as u32 + sample.cut),
            direction: sample.direction,
            comments: &comments,
            ..write::Packet::new(sample.interface, WallTime::from_unix_nanos(sample.nanos))
        };
        let (head, body) = sample.data.split_at(sample.data.len() / 3);
        // A writer of its own for each packet tells where it ends.
        let mut one = PcapNg::new(Vec::new()).unwrap();
        one.interface(&write::Interface::new(LinkType::Ethernet)).unwrap();
        let before =
            one.interface(&write::Interface::new(LinkType::Ethernet)).map(|_| ()).and_then(|()| one.finish()).unwrap();
        let mut one = PcapNg::new(Vec::new()).unwrap();
        one.interface(&write::Interface::new(LinkType::Ethernet)).unwrap();
        one.interface(&write::Interface::new(LinkType::Ethernet)).unwrap();
        one.packet(&packet, [head, body]).unwrap();
        bytes.extend_from_slice(&one.finish().unwrap()[before.len()..]);
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// Reads to the end, however it ends, as a stream; the sum of the lengths keeps the bytes from being unused.
fn drain(bytes: &[u8]) -> usize {
    let mut sum = 0;
    if let Ok(mut reader) = Reader::open(bytes) {
        while let Ok(Some(item)) = reader.next() {
            if let Item::Packet(packet) = item {
                sum += packet.data.len() + packet.comments().map(|comment| comment.len()).sum::<usize>();
            }
        }
        assert!(reader.position() <= bytes.len() as u64 || reader.format().compression.is_some());
    }
    sum
}

proptest! {
    /// What was written reads back the same.
    #[test]
    fn pcapng_round_trip(samples in samples()) {
        let file = read(&written(&samples).0);
        prop_assert!(file.problems.is_empty() && file.ended_by.is_none());
        prop_assert_eq!(&file.sections[0].comments, &["all of it"]);
        prop_assert_eq!(file.packets.len(), samples.len());
        for (packet, sample) in file.packets.iter().zip(&samples) {
            prop_assert_eq!(packet.interface, sample.interface);
            prop_assert_eq!(packet.at, Some(WallTime::from_unix_nanos(sample.nanos)));
            prop_assert_eq!(&packet.data, &sample.data);
            prop_assert_eq!(packet.original_len, sample.data.len() as u32 + sample.cut);
            prop_assert_eq!(packet.direction, sample.direction);
            prop_assert_eq!(&packet.comments, &sample.comments);
        }
    }

    /// A file that is cut anywhere gives exactly the packets that are wholly before the cut.
    #[test]
    fn a_prefix_gives_the_packets_in_it(samples in samples(), at in any::<prop::sample::Index>()) {
        let (bytes, ends) = written(&samples);
        let cut = at.index(bytes.len() + 1);
        let whole = read(&bytes);
        let inside = ends.iter().filter(|end| **end <= cut).count();
        match read_all(&bytes[..cut]) {
            Ok(file) => {
                prop_assert_eq!(&file.packets, &whole.packets[..inside]);
                // At a block's end the cut cannot be seen; elsewhere it is told.
                prop_assert_eq!(file.ended_by.is_none(), file.ended_by.as_ref().is_none_or(|e| e.offset() == Some(cut as u64)));
            }
            Err(_) => prop_assert!(cut < 12),
        }
    }

    /// The same for pcap.
    #[test]
    fn a_prefix_of_a_pcap_too(sizes in prop::collection::vec(0usize..40, 0..8), at in any::<prop::sample::Index>()) {
        let mut out = write::Pcap::new(Vec::new(), LinkType::Raw).unwrap();
        for size in &sizes {
            out.packet(WallTime::from_unix_nanos(*size as i64), None, [vec![7; *size]]).unwrap();
        }
        let bytes = out.finish().unwrap();
        let cut = at.index(bytes.len() + 1);
        let ends = sizes.iter().scan(24, |end, size| { *end += 16 + size; Some(*end) });
        match read_all(&bytes[..cut]) {
            Ok(file) => {
                prop_assert_eq!(file.packets.len(), ends.filter(|end| *end <= cut).count());
                for (packet, size) in file.packets.iter().zip(&sizes) {
                    prop_assert_eq!((packet.data.len(), packet.at), (*size, Some(WallTime::from_unix_nanos(*size as i64))));
                }
            }
            Err(_) => prop_assert!(cut < 24),
        }
    }

    /// Bytes changed anywhere: no panic, an end, and what both readers (stream and whole) say agrees.
    #[test]
    fn damage_is_survived(
        samples in samples(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
    ) {
        let (mut bytes, _) = written(&samples);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let streamed = drain(&bytes);
        let whole = read_all(&bytes[..]).map_or(0, |file| {
            file.packets.iter().map(|p| p.data.len() + p.comments.iter().map(String::len).sum::<usize>()).sum()
        });
        prop_assert_eq!(streamed, whole);
    }

    /// One changed byte inside one packet's block costs that packet at most.
    #[test]
    fn one_damaged_byte_costs_one_packet(samples in samples(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (mut bytes, ends) = written(&samples);
        let start = written(&[]).0.len();
        if bytes.len() == start {
            return Ok(());
        }
        let before = read(&bytes).packets;
        let at = start + at.index(bytes.len() - start);
        bytes[at] = byte;
        let hit = ends.iter().filter(|end| **end <= at).count();
        let after = read(&bytes);
        prop_assert_eq!(&after.packets[..hit], &before[..hit]);
        let tail = |packets: &[OwnedPacket]| packets.iter().map(|p| (p.offset, p.data.clone())).collect::<Vec<_>>();
        // All behind it are there; a damaged last block may have nothing behind it to go on with.
        prop_assert!(tail(&after.packets).ends_with(&tail(&before[hit + 1..])), "{:?}", after.problems);
    }

    /// Random bytes behind every magic number.
    #[test]
    fn noise_is_survived(magic in 0usize..5, noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let start = [&b""[..], b"\xd4\xc3\xb2\xa1\x02\0\x04\0", b"\xa1\xb2\x3c\x4d\0\x02\0\x04",
            b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0", b"\x1f\x8b\x08\0"][magic];
        drain(&[start, &noise].concat());
    }

    /// pcap-parser, another reader, finds the same packets in both byte orders.
    #[test]
    fn pcap_parser_agrees(samples in samples(), big in any::<bool>()) {
        use pcap_parser::{Block, PcapBlockOwned, PcapError, PcapNGReader, traits::PcapReaderIterator};
        let order = if big { Order::Big } else { Order::Little };
        let mut bytes = section(order);
        bytes.extend(interface(order, 1, 0, &[]));
        for sample in &samples {
            let comments: Vec<_> = sample.comments.iter().map(|text| (1, text.as_bytes())).collect();
            bytes.extend(enhanced(order, 0, sample.nanos as u64, &sample.data, &comments));
        }
        let mut theirs = Vec::new();
        let mut reader = PcapNGReader::new(1 << 16, &bytes[..]).unwrap();
        loop {
            match reader.next() {
                Ok((size, block)) => {
                    if let PcapBlockOwned::NG(Block::EnhancedPacket(packet)) = block {
                        let data = packet.data[..packet.caplen as usize].to_vec();
                        theirs.push((u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low), packet.origlen, data));
                    }
                    reader.consume(size);
                }
                Err(PcapError::Eof) => break,
                Err(PcapError::Incomplete(_)) => reader.refill().unwrap(),
                Err(error) => panic!("{error:?}"),
            }
        }
        let ours = read(&bytes);
        prop_assert_eq!(ours.packets.len(), theirs.len());
        for (packet, (ticks, original, data)) in ours.packets.iter().zip(theirs) {
            let nanos = i64::try_from(u128::from(ticks) * 1_000).unwrap_or(i64::MAX);
            prop_assert_eq!(packet.at, Some(WallTime::from_unix_nanos(nanos)));
            prop_assert_eq!((packet.original_len, &packet.data[..]), (original, &data[..]));
        }
    }
}
