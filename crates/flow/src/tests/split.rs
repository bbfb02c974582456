//! A capture taken apart while it passes.

use super::*;

/// A capture of connections one after the other, each of `data` segments of the server, `at_once` of them open at a time.
fn connections(count: u16, data: u32, at_once: u16) -> Vec<(i64, Vec<u8>)> {
    let mut out = Vec::new();
    let mut now = 0;
    for batch in (0..count).step_by(at_once.into()) {
        let ports = batch..(batch + at_once).min(count);
        let mut add = |from_client, flags, seq, ack, data: &[u8]| {
            for n in ports.clone() {
                now += 1_000_000;
                let (options, data) = (Options::default(), data.to_vec());
                let seg = Seg { from_client, seq, ack, flags, window: 1000, options, data };
                out.push((now, seg.bytes((1024 + n, 80))));
            }
        };
        add(true, S, 100, 0, b"");
        add(false, S | A, 300, 101, b"");
        add(true, A, 101, 301, b"");
        (0..data).for_each(|n| add(false, A, 301 + 10 * n, 101, b"0123456789"));
        let end = 301 + 10 * data;
        add(false, F | A, end, 101, b"");
        add(true, F | A, 101, end + 1, b"");
        add(false, A, end + 1, 102, b"");
    }
    out
}

fn packet(at: i64, bytes: &[u8]) -> Packet<'_> {
    let at = Instant::from_nanos(at);
    Packet { at, interface: 0, link: LinkType::ETHERNET, bytes, original_len: bytes.len() }
}

/// All parts, and the most that were open at one time.
fn split(frames: &[(i64, Vec<u8>)]) -> (Vec<Part>, usize) {
    let mut split = Split::new(Limits::default());
    let (mut parts, mut open) = (Vec::new(), 0);
    for (at, bytes) in frames {
        split.push(packet(*at, bytes));
        open = open.max(split.open());
        parts.extend(std::iter::from_fn(|| split.poll()));
    }
    parts.extend(split.finish());
    parts.push(split.take_rest());
    (parts, open)
}

#[test]
fn parts_tell_what_the_whole_tells_under_the_same_numbers() {
    parts_tell_the_same(&connections(50, 3, 7));
}

/// Segments in fragments, among those of other connections: which ends a fragment is between is told by the first one of its
/// packet alone.
#[test]
fn segments_in_fragments_belong_to_their_connections() {
    let mut id = 0;
    let cut = |(at, frame): (i64, Vec<u8>)| {
        id += 1;
        let payload = frame[34..].to_vec();
        let pieces: Vec<_> = payload.chunks(24).enumerate().map(|(n, piece)| (n * 3, piece.to_vec())).collect();
        let last = pieces.len() - 1;
        let addresses = (frame[26..30].try_into().unwrap(), frame[30..34].try_into().unwrap());
        let fragment = move |(n, (offset, piece)): (usize, (usize, Vec<u8>))| {
            let mut packet = ip_packet(addresses.0, addresses.1, 6, &piece);
            let mut header = wire::ipv4::Header::read(&packet);
            (header.id, header.dont_fragment, header.more_fragments) = (id, false, n != last);
            (header.fragment_offset, header.checksum) = (offset as u16, 0);
            header.write(&mut packet);
            header.checksum = Sum::of(&packet[..20]).checksum();
            header.write(&mut packet);
            (at + n as i64, ethernet(EtherType::IPV4, &packet))
        };
        pieces.into_iter().enumerate().map(fragment).collect::<Vec<_>>()
    };
    let frames: Vec<_> = connections(20, 3, 7).into_iter().flat_map(cut).collect();
    assert!(frames.len() > 160);
    parts_tell_the_same(&frames);
}

fn parts_tell_the_same(frames: &[(i64, Vec<u8>)]) {
    let mut whole = Flow::new(Limits::default());
    frames.iter().for_each(|(at, bytes)| _ = whole.push(packet(*at, bytes)));
    let (parts, _) = split(frames);
    let mut seen = 0;
    for part in &parts {
        for row in part.flow.rows() {
            seen += 1;
            let view = whole.row(row.number).unwrap();
            assert_eq!(
                (row.at, row.conversation, row.direction),
                (view.row.at, view.row.conversation, view.row.direction)
            );
            assert_eq!(part.flow.row(row.number).unwrap().tcp, view.tcp);
            assert_eq!(part.bytes.frame(row.number).unwrap(), frames[row.number as usize - 1].1.as_slice());
        }
        for (id, number) in &part.connections {
            assert_eq!(id.index() + 1, *number);
            let (a, b) = (part.flow.conversation(*id).unwrap(), whole.conversation(*id).unwrap());
            assert_eq!((a.client, a.server, &a.packets), (b.client, b.server, &b.packets));
        }
    }
    assert_eq!(seen, frames.len());
}

#[test]
fn what_is_held_grows_with_what_is_open_and_not_with_the_capture() {
    let most = |count| split(&connections(count, 1, 5)).1;
    // A connection lingers for a second after its end: at seven packets of a millisecond each, no more than 150 do.
    assert!(most(1000) <= 160 && most(4000) <= 160, "{} {}", most(1000), most(4000));
}

#[test]
fn a_connection_that_follows_between_the_same_ports_is_one_of_its_own() {
    let mut frames = connections(1, 1, 1);
    let again: Vec<_> = frames.iter().map(|(at, bytes)| (at + 100_000_000, bytes.clone())).collect();
    frames.extend(again);
    let (parts, _) = split(&frames);
    let numbers: Vec<usize> = parts.iter().flat_map(|part| &part.connections).map(|(_, number)| *number).collect();
    assert_eq!(numbers, [1, 2]);
    // It came while the first one lingered: one part, which knows of the port's reuse.
    assert_eq!(parts.iter().filter(|part| !part.connections.is_empty()).count(), 1);
    assert!(parts[0].flow.row(8).unwrap().tcp.unwrap().verdicts.contains(Verdicts::PORT_REUSED));
}

/// One response of `segments` full segments on one connection, in clear.
fn download(segments: u32) -> Vec<(i64, Vec<u8>)> {
    let body = vec![b'x'; 1400];
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1400 * segments).into_bytes();
    let request = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let (asked, begun) = (101 + request.len() as u32, 301 + head.len() as u32);
    let mut out = Vec::new();
    let mut add = |from_client, flags, seq, ack, data: &[u8]| {
        let (options, data) = (Options::default(), data.to_vec());
        let seg = Seg { from_client, seq, ack, flags, window: 60_000, options, data };
        out.push((1_000_000 * out.len() as i64, seg.bytes((1024, 80))));
    };
    add(true, S, 100, 0, b"");
    add(false, S | A, 300, 101, b"");
    add(true, A, 101, 301, b"");
    add(true, A, 101, 301, request);
    add(false, A, 301, asked, &head);
    for n in 0..segments {
        add(false, A, begun + 1400 * n, asked, &body);
        add(true, A, asked, begun + 1400 * (n + 1), b"");
    }
    let end = begun + 1400 * segments;
    add(false, F | A, end, asked, b"");
    add(true, F | A, asked, end + 1, b"");
    out
}

/// The part of a download, the most bytes that were kept, and how many packets were looked through again.
fn downloaded(segments: u32) -> (Part, usize, u64) {
    let keys = capture::keylog::KeyLog::default();
    let mut split = Split::new(Limits::default());
    let mut most = 0;
    for (at, bytes) in download(segments) {
        split.push(packet(at, &bytes));
        if split.full() {
            split.settle(&keys);
        }
        most = most.max(split.kept());
    }
    let work = split.looked_through();
    (split.finish().remove(0), most, work)
}

#[test]
fn a_body_takes_no_memory_and_is_whole_all_the_same() {
    let (part, most, _) = downloaded(4000);
    // Of 5.6 MB of body: half a megabyte, and the headers of the packets.
    assert!(most < 1_200_000, "{most}");
    let id = part.connections[0].0;
    let layers = Layers::of(&part.flow, id, &part.bytes, &Default::default()).unwrap();
    let http = layers.http.unwrap();
    assert_eq!(http.messages.len(), 2);
    assert_eq!((http.messages[1].state, http.messages[1].body.len()), (MessageState::Whole, 5_600_000));
    assert!(http.unread.is_empty());
}

#[test]
fn the_work_for_a_body_grows_with_its_length_and_no_faster() {
    let (few, many) = (downloaded(1000).2, downloaded(8000).2);
    assert!(few > 0 && many <= 8 * few, "{few} {many}");
}
