//! What must hold for any bytes. Each function is a fuzz target (`fuzz_targets/`), and `cargo test` replays `corpus/` through it
//! (`tests/all/fuzz.rs`): a panic is a failure, and so is a broken invariant.

mod carried;
mod connections;
mod texts;

pub use carried::{content, datagram, dns, http2, tunnel};
pub use connections::{decryption, reassembly, transport};
use connections::{flowed, segment, sound, talk};
pub use texts::{keylog, scenario, script};

use wirescope::capture::keylog::KeyLog;
use wirescope::capture::read::{Limits, read_all_within};
use wirescope::capture::write::{Interface, Packet, PcapNg};
use wirescope::flow;
use wirescope::wire::{self, Reader, Record, link::LinkType};
use wirescope::{Story, base, capture, dissect, export, filter};

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
    let shapes: Vec<(u32, usize)> = story.captured().map(|packet| (packet.original_len, packet.data.len())).collect();
    story.findings();
    let mut sanitized = Vec::new();
    if export::sanitize(&mut sanitized, &story, &[1; 32]).is_ok() {
        let copy = read_all_within(&sanitized[..], Limits::default()).expect("what we write, we read");
        let again: Vec<_> = copy.packets.iter().map(|packet| (packet.original_len, packet.data.len())).collect();
        assert_eq!(again, shapes, "no packet is lost, and each keeps its lengths");
        let mut twice = Vec::new();
        export::sanitize(&mut twice, &story, &[1; 32]).expect("memory");
        assert_eq!(sanitized, twice, "the same key, the same bytes");
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

/// Messages of the upper protocols: the leaves tile them, and what the silent decoder takes for whole the recording one does too.
pub fn message(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let mut record = Record::new();
    let recorded = upper(choice, bytes, &mut record);
    record.check_tiling(bytes.len()).unwrap_or_else(|error| panic!("{choice}: {error}"));
    if upper(choice, bytes, &mut wire::Silent) {
        assert!(recorded, "{choice}: what the stack takes is no error for the inspector");
    }
}

/// Reads the message that `choice` says; whether it is in order.
fn upper<S: wire::Sink>(choice: u8, bytes: &[u8], sink: &mut S) -> bool {
    let tls13 = wire::tls::Context { version: Some(wire::tls::Version::TLS13), suite: None };
    let unknown = wire::tls::Context { version: None, suite: None };
    let read = Reader::decode_all(bytes, sink, |reader| match choice % 16 {
        0 => wire::dns::decode(reader).map(drop),
        1 => wire::http::decode_request(reader).map(drop),
        2 => wire::http::decode_response(reader).map(drop),
        3 => wire::tls::decode_handshake(reader, &unknown).map(drop),
        4 => wire::tls::decode_record(reader, wire::tls::Protection::Unknown).map(drop),
        5 => wire::tls::decode_record(reader, wire::tls::Protection::None).map(drop),
        6 => wire::http2::decode_frame(reader).map(drop),
        7 => wire::http2::decode_block(reader, &mut wire::http2::Table::default()).map(drop),
        8 => wire::http::decode_body(reader, wire::http::Framing::Chunked).map(drop),
        9 => wire::dhcp::decode(reader).map(drop),
        10 => wire::tls::decode_inner(reader).map(drop),
        11 => wire::tls::decode_handshake(reader, &tls13).map(drop),
        12 => wire::x509::decode(reader).map(drop),
        13 => wire::x509::ocsp::response(reader).map(drop),
        14 => wire::dns::decode_stream(reader).map(drop),
        _ => wire::tls::sct_list(reader).map(drop),
    });
    matches!(read, Ok(Some(())))
}

/// A capture of these Ethernet frames.
fn file(frames: &[Vec<u8>]) -> capture::read::File {
    let mut file = PcapNg::new(Vec::new()).expect("memory");
    let interface = file.interface(&Interface::new(capture::LinkType::Ethernet)).expect("memory");
    for frame in frames {
        file.packet(&Packet::new(interface, base::WallTime::SIMULATION_EPOCH), [frame]).expect("memory");
    }
    read_all_within(&file.finish().expect("memory")[..], Limits::default()).expect("what we write, we read")
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
    let file = file(&frames);
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
