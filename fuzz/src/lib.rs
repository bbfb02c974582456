//! What must hold for any bytes. Each function is a fuzz target (`fuzz_targets/`), and `cargo test` replays `corpus/` through it
//! (`tests/all/fuzz.rs`): a panic is a failure, and so is a broken invariant.

use wirescope::capture::keylog::KeyLog;
use wirescope::capture::read::{Limits, read_all_within};
use wirescope::capture::write::{Interface, Packet, PcapNg};
use wirescope::flow::{self, Flow, Layers};
use wirescope::wire::{self, Reader, Record, link::LinkType};
use wirescope::{Story, base, dissect, export, filter};

/// Capture files: what is read, written and read again is the same; and the whole of it can be told and sanitized.
pub fn capture(data: &[u8]) {
    let limits = Limits { block: 1 << 20, inflated: 16 << 20, kept: 32 << 20, interfaces: 64 };
    let Ok(file) = read_all_within(data, limits) else { return };
    let mut copy = PcapNg::new(Vec::new()).expect("memory");
    for interface in &file.interfaces {
        copy.interface(&Interface::new(interface.link_type)).expect("memory");
    }
    let mut written = Vec::new();
    for packet in &file.packets {
        assert!((packet.interface as usize) < file.interfaces.len(), "a packet of an interface that there is");
        let at = packet.at.filter(|at| at.as_unix_nanos() >= 0).unwrap_or(base::WallTime::SIMULATION_EPOCH);
        let head = Packet { original_len: Some(packet.original_len), ..Packet::new(packet.interface, at) };
        if copy.packet(&head, [&packet.data]).is_ok() {
            written.push((packet.interface, at, &packet.data));
        }
    }
    let copy = copy.finish().expect("memory");
    let again = read_all_within(&copy[..], Limits::default()).expect("what we write, we read");
    assert!(again.problems.is_empty() && again.ended_by.is_none());
    assert_eq!(again.packets.len(), written.len());
    for (packet, (interface, at, data)) in again.packets.iter().zip(written) {
        assert_eq!((packet.interface, packet.at, &packet.data), (interface, Some(at), data));
    }
    stream(&file);
    let story = Story::from_capture(file, KeyLog::default());
    let lengths: Vec<u32> = story.rows().map(|row| row.length).collect();
    story.findings();
    let mut sanitized = Vec::new();
    if export::sanitize(&mut sanitized, &story, &[1; 32]).is_ok() {
        let sanitized = read_all_within(&sanitized[..], Limits::default()).expect("what we write, we read");
        assert_eq!(sanitized.packets.len(), lengths.len(), "no packet is lost");
    }
}

/// The same packets taken apart as they pass: each is in one part, with its bytes.
fn stream(file: &wirescope::capture::read::File) {
    let mut split = flow::Split::new(flow::Limits::default());
    let mut parts = Vec::new();
    for packet in &file.packets {
        let link = file.interfaces[packet.interface as usize].link_type;
        let nanos = packet.at.map_or(0, |at| at.as_unix_nanos());
        split.push(flow::Packet {
            at: base::Instant::from_nanos(nanos),
            interface: packet.interface,
            link: LinkType(u32::from(link.to_u16())),
            bytes: &packet.data,
            original_len: (packet.original_len as usize).max(packet.data.len()),
        });
        if split.full() {
            split.settle(&KeyLog::default());
        }
        parts.extend(std::iter::from_fn(|| split.poll()));
    }
    parts.extend(split.finish());
    parts.push(split.take_rest());
    let mut seen: Vec<u32> = Vec::new();
    for part in &parts {
        for row in part.flow.rows() {
            let bytes = flow::Source::frame(&part.bytes, row.number).expect("what has a row has its bytes");
            assert!(file.packets[row.number as usize - 1].data.starts_with(&bytes), "or the beginning of them");
            seen.push(row.number);
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=file.packets.len() as u32).collect::<Vec<_>>(), "each in one part");
}

/// Frames of every link type: the leaves tile them, and the silent decoder says the same as the recording one.
pub fn frame(data: &[u8]) {
    const LINKS: [u32; 8] = [1, 0, 101, 108, 113, 228, 229, 276];
    let Some((&choice, bytes)) = data.split_first() else { return };
    let link = LinkType(LINKS[usize::from(choice) % LINKS.len()]);
    let (record, recorded) = dissect::frame(link, bytes, bytes.len());
    record.check_tiling(bytes.len()).unwrap_or_else(|error| panic!("{link:?}: {error}"));
    let silent = wire::frame::decode(link, bytes, bytes.len(), &mut wire::Silent);
    assert!(silent.payload.end <= bytes.len() && recorded.payload.end <= bytes.len());
}

/// Messages of the upper protocols: the leaves tile them.
pub fn message(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let mut record = Record::new();
    let _ = Reader::decode_all(bytes, &mut record, |reader| match choice % 11 {
        0 => wire::dns::decode(reader).map(drop),
        1 => wire::http::decode_request(reader).map(drop),
        2 => wire::http::decode_response(reader).map(drop),
        3 => wire::tls::decode_handshake(reader, &wire::tls::Context { version: None, suite: None }).map(drop),
        4 => wire::tls::decode_record(reader, wire::tls::Protection::Unknown).map(drop),
        5 => wire::tls::decode_record(reader, wire::tls::Protection::None).map(drop),
        6 => wire::http2::decode_frame(reader).map(drop),
        7 => wire::http2::decode_block(reader, &mut wire::http2::Table::default()).map(drop),
        8 => wire::http::decode_body(reader, wire::http::Framing::Chunked).map(drop),
        9 => wire::dhcp::decode(reader).map(drop),
        _ => wire::tls::decode_inner(reader).map(drop),
    });
    record.check_tiling(bytes.len()).unwrap_or_else(|error| panic!("{choice}: {error}"));
}

/// The byte of a stream at a place.
fn content(at: u32) -> u8 {
    (at.wrapping_mul(0x9E37_79B1) >> 24) as u8
}

/// An Ethernet frame with a TCP segment whose checksum is left to the card.
fn segment(to_server: bool, flags: u8, seq: u32, ack: u32, data: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    frame.extend((40 + data.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    let (from, to) = if to_server { (1, 2) } else { (2, 1) };
    frame.extend([10, 0, 0, from, 10, 0, 0, to]);
    let sum = wire::Sum::of(&frame[14..34]).checksum();
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    let (from, to) = if to_server { (40_000u16, 443u16) } else { (443, 40_000) };
    frame.extend(from.to_be_bytes());
    frame.extend(to.to_be_bytes());
    frame.extend(seq.to_be_bytes());
    frame.extend(ack.to_be_bytes());
    frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend(data);
    frame
}

/// A flow of these frames, a millisecond apart.
fn flowed(frames: &[Vec<u8>]) -> Flow {
    let mut flow = Flow::new(flow::Limits::default());
    for (n, frame) in frames.iter().enumerate() {
        let at = base::Instant::from_millis(n as i64);
        let (bytes, original_len) = (frame.as_slice(), frame.len());
        flow.push(flow::Packet { at, interface: 0, link: LinkType::ETHERNET, bytes, original_len });
    }
    flow
}

/// Reassembly: segments of one stream in any order, cut anyhow, repeated, across the wrap of the sequence numbers: each byte that
/// is there is the one that was sent there.
pub fn reassembly(data: &[u8]) {
    let Some((start, pieces)) = data.split_first_chunk::<4>() else { return };
    let isn = u32::from_be_bytes(*start);
    let mut frames = vec![segment(true, 0x02, isn, 0, b""), segment(false, 0x12, 499, isn.wrapping_add(1), b"")];
    frames.push(segment(true, 0x10, isn.wrapping_add(1), 500, b""));
    for piece in pieces.chunks_exact(3).take(256) {
        let at = u32::from(u16::from_be_bytes([piece[0], piece[1]])) % 16_000;
        let bytes: Vec<u8> = (at..at + u32::from(piece[2]) * 4).map(content).collect();
        frames.push(segment(true, 0x18, isn.wrapping_add(1).wrapping_add(at), 500, &bytes));
    }
    let flow = flowed(&frames);
    for conversation in flow.conversations() {
        let Some(layers) = Layers::of(&flow, conversation.id, &frames, &KeyLog::default()) else { continue };
        let stream = layers.stream(flow::Direction::ToServer);
        assert!(layers.conflicts.is_empty(), "the copies are the same");
        // A stray segment may begin a conversation of its own, whose first byte is elsewhere in the stream.
        if conversation.tcp().is_none_or(|tcp| tcp.client().syn_frame().is_none()) {
            continue;
        }
        let holes = stream.holes(0..stream.bytes().len());
        for (at, byte) in stream.bytes().iter().enumerate() {
            if !holes.iter().any(|hole| hole.contains(&at)) {
                assert_eq!(*byte, content(at as u32), "byte {at}");
            }
        }
    }
}

/// Decryption: whatever a peer and a key log say, every unit lies in its buffer and leads back to bytes of packets.
pub fn decryption(data: &[u8]) {
    let Some((&split, rest)) = data.split_first() else { return };
    let at = rest.len() * usize::from(split) / 255;
    let (talk, keys) = rest.split_at(at);
    let (keys, _) = KeyLog::parse(keys);
    let mut frames = vec![segment(true, 0x02, 99, 0, b""), segment(false, 0x12, 499, 100, b"")];
    let mut next = [100u32, 500];
    // Segments: whose turn it is and how long, then so many bytes.
    let mut rest = talk;
    while let Some((&head, after)) = rest.split_first() {
        let len = (usize::from(head >> 1) * 8).min(after.len());
        let (bytes, after) = after.split_at(len);
        let to_server = head & 1 == 0;
        let (own, other) = if to_server { (0, 1) } else { (1, 0) };
        frames.push(segment(to_server, 0x18, next[own], next[other], bytes));
        next[own] = next[own].wrapping_add(len as u32);
        rest = after;
    }
    let flow = flowed(&frames);
    for conversation in flow.conversations() {
        let Some(layers) = Layers::of(&flow, conversation.id, &frames, &keys) else { continue };
        for unit in layers.units() {
            assert!(unit.range.end <= layers.bytes(unit.buffer).len());
            for (number, range) in layers.sources(&flow, unit.buffer, unit.range.clone()) {
                assert!(range.end <= frames[number as usize - 1].len());
            }
        }
        for number in 1..=frames.len() as u32 {
            for section in dissect::completed(&layers, number) {
                section
                    .record
                    .check_tiling(section.bytes.len())
                    .unwrap_or_else(|error| panic!("{}: {error}", section.title));
            }
        }
    }
}

/// The filter language: an expression or an error inside the text; and an expression and its negation part the packets.
pub fn filter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let parsed = match filter::Filter::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            assert!((1..=text.chars().count() + 1).contains(&error.column), "{error}");
            return;
        }
    };
    let frames = [segment(true, 0x02, 99, 0, b""), segment(false, 0x12, 499, 100, b"")];
    let mut file = PcapNg::new(Vec::new()).expect("memory");
    let interface = file.interface(&Interface::new(wirescope::capture::LinkType::Ethernet)).expect("memory");
    for frame in &frames {
        file.packet(&Packet::new(interface, base::WallTime::SIMULATION_EPOCH), [frame]).expect("memory");
    }
    let file = read_all_within(&file.finish().expect("memory")[..], Limits::default()).expect("what we write, we read");
    let story = Story::from_capture(file, KeyLog::default());
    let count = |filter| {
        let selection = filter::Selection { filter: Some(filter), ..filter::Selection::default() };
        selection.packets(&story).expect("no number was asked for").len()
    };
    let meant = count(parsed);
    // Deeper by one than what was read: it may be too deep.
    if let Ok(others) = filter::Filter::parse(&format!("!({text})")) {
        assert_eq!(meant + count(others), frames.len());
    }
}
