//! Connections of TCP made up from a few bytes: reassembly, figures, decryption.

use wirescope::capture::keylog::KeyLog;
use wirescope::flow::{self, Conversation, Direction, Flow, Layers, Tally, VERDICTS, Wires};
use wirescope::wire::{self, link::LinkType};
use wirescope::{base, dissect};

/// The byte of a stream at a place.
fn content(at: u32) -> u8 {
    (at.wrapping_mul(0x9E37_79B1) >> 24) as u8
}

/// An Ethernet frame with a TCP segment whose checksum is left to the card.
pub fn segment(to_server: bool, flags: u8, seq: u32, ack: u32, data: &[u8]) -> Vec<u8> {
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
pub fn flowed(frames: &[Vec<u8>]) -> Flow {
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

/// The packets of one connection on which these bytes are said: whether by the client, and what.
pub fn talk<'a>(said: impl Iterator<Item = (bool, &'a [u8])>) -> Vec<Vec<u8>> {
    let mut frames = vec![segment(true, 0x02, 99, 0, b""), segment(false, 0x12, 499, 100, b"")];
    let mut next = [100u32, 500];
    for (to_server, bytes) in said {
        let (own, other) = if to_server { (0, 1) } else { (1, 0) };
        frames.push(segment(to_server, 0x18, next[own], next[other], bytes));
        next[own] = next[own].wrapping_add(bytes.len() as u32);
    }
    frames
}

/// What was found in a connection is there: every unit lies in its buffer and leads back to bytes of packets, and the leaves tile
/// whatever a packet completes.
pub fn sound(flow: &Flow, layers: &Layers, frames: &[Vec<u8>]) {
    for unit in layers.units() {
        assert!(unit.range.end <= layers.bytes(unit.buffer).len());
        for (number, range) in layers.sources(flow, unit.buffer, unit.range.clone()) {
            assert!(range.end <= frames[number as usize - 1].len());
        }
    }
    for number in 1..=frames.len() as u32 {
        for section in dissect::completed(layers, number) {
            section
                .record
                .check_tiling(section.bytes.len())
                .unwrap_or_else(|error| panic!("{}: {error}", section.title));
        }
    }
}

/// Decryption: whatever a peer and a key log say, what is found is sound.
pub fn decryption(data: &[u8]) {
    let Some((&split, rest)) = data.split_first() else { return };
    let at = rest.len() * usize::from(split) / 255;
    let (said, keys) = rest.split_at(at);
    let (keys, _) = KeyLog::parse(keys);
    let mut said_in_turn = Vec::new();
    // Segments: whose turn it is and how long, then so many bytes.
    let mut rest = said;
    while let Some((&head, after)) = rest.split_first() {
        let (bytes, after) = after.split_at((usize::from(head >> 1) * 8).min(after.len()));
        said_in_turn.push((head & 1 == 0, bytes));
        rest = after;
    }
    let frames = talk(said_in_turn.into_iter());
    let flow = flowed(&frames);
    for conversation in flow.conversations() {
        let Some(layers) = Layers::of(&flow, conversation.id, &frames, &keys) else { continue };
        sound(&flow, &layers, &frames);
    }
}

/// Segments of two connections, whatever their flags and numbers: what looks at headers alone tells the same connections as what keeps a row
/// a packet, with the same verdicts.
pub fn transport(data: &[u8]) {
    let mut flow = Flow::new(flow::Limits::default());
    let (mut tally, mut wires) = (Tally::new(1), Wires::default());
    let mut talks = Vec::new();
    for (number, piece) in (1..).zip(data.chunks_exact(6).take(512)) {
        let [head, flags, seq, ack, len, wait] = [piece[0], piece[1], piece[2], piece[3], piece[4], piece[5]];
        let to_server = head & 1 == 0;
        // Near the wrap of one side's numbers, and steps of 16 so that pieces touch.
        let (own, other) = if to_server { (0xffff_ff00u32, 300) } else { (300, 0xffff_ff00u32) };
        let at = |from: u32, step: u8| from.wrapping_add(u32::from(step) * 16);
        let mut frame = segment(to_server, flags, at(own, seq), at(other, ack), &vec![head; usize::from(len)]);
        if head & 2 != 0 {
            // Another port of the client's.
            let place = if to_server { 35 } else { 37 };
            frame[place] ^= 1;
        }
        let packet = flow::Packet {
            // Less than a second in all: what is over still lingers.
            at: base::Instant::from_nanos(i64::from(number) * 1_000_000 + i64::from(wait) * 1_000),
            interface: 0,
            link: LinkType::ETHERNET,
            bytes: &frame,
            original_len: frame.len(),
        };
        flow.push(packet);
        let Some(wired) = wires.of(number, &packet) else { continue };
        tally.push(&wired);
        talks.extend(tally.take_ready());
    }
    talks.extend(tally.finish());
    talks.sort_by_key(|talk| talk.opened_by);
    let conversations: Vec<&Conversation> = flow.conversations().iter().filter(|c| c.tcp().is_some()).collect();
    assert_eq!(talks.len(), conversations.len());
    for (talk, conversation) in talks.iter().zip(conversations) {
        let connection = conversation.tcp().expect("it is one");
        assert_eq!((talk.client, talk.server), (conversation.client, conversation.server));
        assert_eq!(talk.packets, conversation.packets.len() as u64);
        for direction in Direction::BOTH {
            assert_eq!(talk.connection.half(direction).counts(), connection.half(direction).counts());
        }
        for verdict in VERDICTS {
            for direction in Direction::BOTH {
                let rows = conversation.packets.iter().filter_map(|number| flow.row(*number));
                let said = rows.filter(|view| view.row.direction == direction).filter_map(|view| view.tcp);
                let count = said.filter(|tcp| tcp.verdicts.contains(verdict.bit)).count() as u32;
                assert_eq!(talk.count_of(direction, verdict.bit), count, "{verdict:?} {direction:?}");
            }
        }
    }
}
