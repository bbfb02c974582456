use std::collections::BTreeSet;

use story::Story;

use super::*;

/// Ethernet, IPv4 and a TCP segment from or to port 80, with right checksums.
fn segment(to_server: bool, flags: u8, seq: u32, ack: u32, data: &[u8]) -> Vec<u8> {
    let (client, server) = ([10, 1, 2, 3], [198, 51, 100, 7]);
    let (from, to) = if to_server { (client, server) } else { (server, client) };
    let mut frame = vec![0x3c, 0x22, 0xfb, 1, 2, 3, 0x3c, 0x22, 0xfb, 4, 5, 6, 8, 0, 0x45, 0];
    frame.extend((40 + data.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    frame.extend(from);
    frame.extend(to);
    let sum = wire::Sum::of(&frame[14..34]).checksum();
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    let (from_port, to_port) = if to_server { (40_000u16, 80u16) } else { (80, 40_000) };
    let mut tcp = Vec::new();
    tcp.extend(from_port.to_be_bytes());
    tcp.extend(to_port.to_be_bytes());
    tcp.extend(seq.to_be_bytes());
    tcp.extend(ack.to_be_bytes());
    tcp.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend(data);
    let mut pseudo = [&from[..], &to, &[0, 6], &(tcp.len() as u16).to_be_bytes()].concat();
    pseudo.extend(&tcp);
    let sum = wire::Sum::of(&pseudo).checksum();
    tcp[16..18].copy_from_slice(&sum.to_be_bytes());
    frame.extend(tcp);
    frame
}

fn opened(frames: &[Vec<u8>]) -> Story {
    let mut file = PcapNg::new(Vec::new()).unwrap();
    let interface =
        file.interface(&Interface { name: "eth0 of alice", ..Interface::new(capture::LinkType::Ethernet) }).unwrap();
    file.tls_secrets(&format!("CLIENT_RANDOM {} {}\n", "00".repeat(32), "11".repeat(48))).unwrap();
    for (n, frame) in frames.iter().enumerate() {
        let at = base::WallTime::SIMULATION_EPOCH + base::Duration::from_millis(7 * n as i64);
        let packet = Packet { comments: &["seen by alice"], ..Packet::new(interface, at) };
        file.packet(&packet, [frame]).unwrap();
    }
    let file = capture::read::read_all(&file.finish().unwrap()[..]).unwrap();
    Story::from_capture(file, KeyLog::default())
}

/// A request with all that is private, cut over two segments, its second one sent twice.
fn private() -> Vec<Vec<u8>> {
    let request = b"POST /alice/secret?token=hunter2 HTTP/1.1\r\nHost: intranet.corp.example\r\nCookie: sid=hunter2\r\n\
        Authorization: Basic YWxpY2U6aHVudGVyMg==\r\nX-Own: alice\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nhunter2";
    let (one, two) = request.split_at(90);
    let response = b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=hunter2; Path=/alice\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nhunter2\r\n0\r\n\r\n";
    let (n, all) = (one.len() as u32, request.len() as u32);
    vec![
        segment(true, 0x02, 99, 0, b""),
        segment(false, 0x12, 499, 100, b""),
        segment(true, 0x10, 100, 500, b""),
        segment(true, 0x18, 100, 500, one),
        segment(true, 0x18, 100 + n, 500, two),
        segment(true, 0x18, 100 + n, 500, two),
        segment(false, 0x18, 500, 100 + all, response),
    ]
}

#[test]
fn nothing_private_is_left_and_everything_else_is() {
    let before = opened(&private());
    let mut out = Vec::new();
    let removed = sanitize(&mut out, &before, &[3; 32]).unwrap();
    let lower = out.to_ascii_lowercase();
    for secret in ["alice", "hunter2", "intranet", "corp", "ywxpy2u6", "client_random"] {
        assert!(!lower.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} is still there");
    }
    for address in [&[10, 1, 2, 3][..], &[198, 51, 100, 7], &[0x3c, 0x22, 0xfb]] {
        assert!(!out.windows(address.len()).any(|window| window == address), "{address:?} is still there");
    }
    let told: BTreeSet<&str> = removed.iter().map(|(what, _)| what).collect();
    for what in [
        "IP addresses",
        "hardware addresses",
        "cookies",
        "authorisations",
        "bodies",
        "host names",
        "request targets",
        "values of fields",
        "comments",
        "blocks of TLS secrets",
        "interface descriptions",
    ] {
        assert!(told.contains(what), "{what}: {told:?}");
    }

    let file = capture::read::read_all(&out[..]).unwrap();
    assert!(file.problems.is_empty());
    let after = Story::from_capture(file, KeyLog::default());
    assert_eq!(after.len(), before.len());
    let host = |story: &Story| story.analysis().requests[0].host.clone().unwrap();
    assert_eq!(host(&after).len(), host(&before).len());
    assert!(host(&after).ends_with(".example"));
    for (a, b) in before.rows().zip(after.rows()) {
        assert_eq!(
            (a.at, a.length, a.payload, a.flags, a.seq, a.ack),
            (b.at, b.length, b.payload, b.flags, b.seq, b.ack)
        );
        assert_eq!(a.marks, b.marks, "packet {}", a.number);
        let checksum = |story: &Story| story.flow().row(a.number).unwrap().row.checksum;
        assert_eq!(checksum(&after), wire::frame::Checksum::Good, "packet {}", a.number);
        assert!(!after.flow().row(a.number).unwrap().row.malformed);
    }
    // Still a request and its response, of the same sizes; the cookie that came is the one that goes.
    let (a, b) = (&before.analysis().requests[0], &after.analysis().requests[0]);
    assert_eq!((a.status, a.bytes, a.whole, a.send, a.receive), (b.status, b.bytes, b.whole, b.send, b.receive));
    assert!(b.line.as_deref().is_some_and(|line| line.starts_with("POST /") && line.ends_with(" HTTP/1.1")));
    let layers = after.layers(b.conversation).unwrap();
    let field = |at: usize, name: &str| {
        layers.http.as_ref().unwrap().messages[at].head.fields().get(name).unwrap_or_default().to_owned()
    };
    let sent = field(0, "cookie");
    assert!(field(1, "set-cookie").contains(sent.rsplit('=').next().unwrap()), "the same by the same");
    assert_eq!(field(0, "content-length"), "7");
}

#[test]
fn a_wrong_checksum_stays_wrong_and_another_key_gives_another_file() {
    let mut frames = private();
    frames[3][50] ^= 1;
    let story = opened(&frames);
    let written = |key: u8| {
        let mut out = Vec::new();
        sanitize(&mut out, &story, &[key; 32]).unwrap();
        out
    };
    assert_eq!(written(1), written(1));
    assert_ne!(written(1), written(2));
    let file = capture::read::read_all(&written(1)[..]).unwrap();
    let after = Story::from_capture(file, KeyLog::default());
    let checksum = |number| after.flow().row(number).unwrap().row.checksum;
    assert_eq!(checksum(4), wire::frame::Checksum::Bad);
    assert_eq!(checksum(5), wire::frame::Checksum::Good);
}

#[test]
fn what_no_decoder_knows_is_overwritten() {
    let frames = [
        segment(true, 0x02, 99, 0, b""),
        segment(false, 0x12, 499, 100, b""),
        segment(true, 0x18, 100, 500, b"\x00\x01alice's own protocol"),
    ];
    let mut out = Vec::new();
    sanitize(&mut out, &opened(&frames), &[3; 32]).unwrap();
    assert!(!out.windows(5).any(|window| window == b"alice" || window == b"proto"));
    assert!(out.windows(22).any(|window| window == [b'x'; 22]), "its length stays");
}

/// What is private and stands neither in a stream nor in an address field of its own.
#[test]
fn nothing_private_is_left_in_options_padding_cooked_headers_and_groups() {
    let sanitized = |link: capture::LinkType, frames: &[Vec<u8>]| {
        let mut file = PcapNg::new(Vec::new()).unwrap();
        let interface = file.interface(&Interface::new(link)).unwrap();
        for frame in frames {
            file.packet(&Packet::new(interface, base::WallTime::SIMULATION_EPOCH), [frame]).unwrap();
        }
        let file = capture::read::read_all(&file.finish().unwrap()[..]).unwrap();
        let mut out = Vec::new();
        sanitize(&mut out, &Story::from_capture(file, KeyLog::default()), &[3; 32]).unwrap();
        out
    };
    let left = |out: &[u8], secret: &[u8]| out.windows(secret.len()).any(|window| window == secret);
    // Bytes behind the packet: an old buffer's.
    let mut frame = segment(true, 0x02, 99, 0, b"");
    frame.extend(b"old secret");
    assert!(!left(&sanitized(capture::LinkType::Ethernet, &[frame]), b"old secret"));
    // A cooked header with the sender's address (packet(7)).
    let packet = segment(true, 0x02, 99, 0, b"").split_off(14);
    let sll = [&[0, 0, 0, 1, 0, 6, 0x3c, 0x22, 0xfb, 1, 2, 3, 9, 9, 8, 0], &packet[..]].concat();
    let out = sanitized(capture::LinkType::LinuxSll, &[sll]);
    assert!(!left(&out, &[0x3c, 0x22, 0xfb]) && !left(&out, &[9, 9]));
    // A route that routers recorded (RFC 791 §3.1).
    let mut ip = vec![0x47, 0, 0, 28, 0, 0, 0x40, 0, 64, 99, 0, 0, 10, 1, 2, 3, 198, 51, 100, 7];
    ip.extend([7, 7, 8, 203, 0, 113, 99, 0]);
    let sum = wire::Sum::of(&ip).checksum();
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    assert!(!left(&sanitized(capture::LinkType::Raw, &[ip]), &[203, 0, 113, 99]));
    // Who is asked for by neighbour discovery: the group, and its hardware address, end as the address does (RFC 4291 §2.7.1).
    let target = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xab, 0xac, 0xad];
    let group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xab, 0xac, 0xad];
    let mut frame =
        vec![0x33, 0x33, 0xff, 0xab, 0xac, 0xad, 0x3c, 0x22, 0xfb, 1, 2, 3, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 58, 255];
    frame.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
    frame.extend(group);
    frame.extend([135, 0, 0, 0, 0, 0, 0, 0]);
    frame.extend(target);
    let out = sanitized(capture::LinkType::Ethernet, &[frame]);
    assert!(!left(&out, &[0xab, 0xac, 0xad]));
    let groups: Vec<&[u8]> = out.windows(3).filter(|window| *window == [0x33, 0x33, 0xff]).collect();
    assert_eq!(groups.len(), 1, "it is a solicited-node group still");
    // The name of a file, beside its type; what a strange extension of TLS says.
    let answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar; name=\"alice.ics\"\r\nContent-Length: 0\r\n\r\n";
    let mut hello = [&[3, 3][..], &[1; 32], &[0, 0, 2, 0x13, 1, 1, 0]].concat();
    // RFC 5054 §2.8.1: the user's name for SRP.
    hello.extend([0, 10, 0, 12, 0, 6, 5, b'a', b'l', b'i', b'c', b'e']);
    let message = [&[1, 0, 0, hello.len() as u8][..], &hello].concat();
    let record = [&[22, 3, 1, 0, message.len() as u8][..], &message].concat();
    for (to_server, said) in [(false, &answer[..]), (true, &record)] {
        let seq = if to_server { 100 } else { 500 };
        let frames = [
            segment(true, 0x02, 99, 0, b""),
            segment(false, 0x12, 499, 100, b""),
            segment(to_server, 0x18, seq, 600 - seq, said),
        ];
        let out = sanitized(capture::LinkType::Ethernet, &frames);
        assert!(!left(&out, b"alice"));
        assert_eq!(left(&out, b"text/calendar; "), !to_server, "the type stays");
    }
}
