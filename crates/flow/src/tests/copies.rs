//! The same packet in a capture more than once.

use super::*;

/// A frame whose IPv4 header bears an identification and a time to live.
fn numbered(mut frame: Vec<u8>, id: u16, ttl: u8) -> Vec<u8> {
    frame[18..20].copy_from_slice(&id.to_be_bytes());
    frame[22] = ttl;
    frame[24..26].fill(0);
    let sum = Sum::of(&frame[14..34]).checksum();
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    frame
}

fn seg(from_client: bool, flags: Flags, seq: u32, ack: u32, data: &[u8]) -> Vec<u8> {
    Seg { from_client, seq, ack, flags, window: 1000, options: Options::default(), data: data.to_vec() }
        .bytes((49152, 80))
}

/// Each packet of a transfer as a mirror of both directions of a port gives it: twice, in a few microseconds. With three
/// duplicate ACKs in it, which are alike in every bit.
fn mirrored() -> Tape {
    let mut t = Tape::new();
    let segments = [
        (true, S, 100, 0, 0),
        (false, S | A, 300, 101, 0),
        (true, A, 101, 301, 0),
        (true, A, 101, 301, 40),
        (false, A, 301, 141, 100),
        (true, A, 141, 401, 0),
        (false, A, 501, 141, 100),
        (true, A, 141, 401, 0),
        (false, A, 601, 141, 100),
        (true, A, 141, 401, 0),
        (false, A, 701, 141, 100),
        (true, A, 141, 401, 0),
        (false, A, 401, 141, 100),
        (true, A, 141, 801, 0),
    ];
    for (from_client, flags, seq, ack, len) in segments {
        let frame = seg(from_client, flags, seq, ack, &vec![7; len]);
        t.now += 5_000_000;
        t.push(frame.clone());
        t.now += 8_000;
        t.push(frame);
    }
    t
}

#[test]
fn a_mirror_of_both_directions_shows_a_packet_and_its_copy() {
    let t = mirrored();
    for row in t.flow.rows() {
        let first = row.number.is_multiple_of(2).then(|| row.number - 1);
        assert_eq!(row.copy_of(), first, "packet {}", row.number);
        assert_eq!(t.verdicts(row.number).contains(Verdicts::COPY), first.is_some());
        assert!(row.conversation.is_some());
    }
    let (client, server) = (t.connection(0).client().counts(), t.connection(0).server().counts());
    assert_eq!((client.packets, client.dup_acks), (8, 3));
    assert_eq!((server.packets, server.retransmissions), (6, 1), "what filled the gap was sent again");
    assert_eq!(t.connection(0).initial_rtt(), Some(base::Duration::from_nanos(10_016_000)));
}

/// What is given up part by part, and what is but counted, leaves them out as well.
#[test]
fn parts_and_figures_leave_copies_out() {
    let t = mirrored();
    let (mut split, mut tally) = (Split::new(Limits::default()), Tally::new(1));
    for (row, bytes) in t.flow.rows().iter().zip(&t.frames) {
        let packet = Packet { at: row.at, interface: 0, link: row.link, bytes, original_len: bytes.len() };
        split.push(packet);
        tally.push(&Wires::default().of(row.number, &packet).unwrap());
    }
    let parts = split.finish();
    let figures = parts[0].flow.conversations()[0].tcp().unwrap().server().counts();
    assert_eq!((figures.packets, figures.retransmissions), (6, 1));
    let talk = tally.finish().remove(0);
    assert_eq!(talk.connection.server().counts(), figures);
    assert_eq!(talk.packets, 28, "each packet of the capture is one");
}

/// RFC 791 §3.1: the identification tells one packet from the next; RFC 1812 §5.3.1: a router takes a hop off.
#[test]
fn a_packet_before_and_behind_a_router_is_one_and_a_repetition_is_another() {
    let mut t = Tape::new();
    t.handshake();
    let data = seg(true, A, 101, 301, &[1; 50]);
    let first = t.push(numbered(data.clone(), 7, 64));
    let behind = t.ms(30).push(numbered(data.clone(), 7, 63));
    let again = t.ms(200).push(numbered(data.clone(), 8, 64));
    let again_behind = t.ms(30).push(numbered(data, 8, 63));
    let copies = [first, behind, again, again_behind].map(|n| t.flow.row(n).unwrap().row.copy_of());
    assert_eq!(copies, [None, Some(first), None, Some(again)]);
    assert!(t.verdicts(again).is_retransmission());
    assert_eq!(t.connection(0).client().counts().retransmissions, 1);
}

/// Without an identification (RFC 6864 §4.1) it is the time that tells.
#[test]
fn what_is_sent_again_a_moment_later_is_no_copy() {
    let mut t = Tape::new();
    t.handshake();
    t.c(A, 101, 301, &[1; 50]);
    let again = t.ms(2).c(A, 101, 301, &[1; 50]);
    assert_eq!(t.flow.row(again).unwrap().row.copy_of(), None);
    assert!(t.verdicts(again).is_retransmission());
}

/// RFC 5681 §4.2: each segment behind a gap is acknowledged at once, by ACKs that are all alike.
#[test]
fn duplicate_acks_are_no_copies() {
    let mut t = Tape::new();
    t.handshake();
    t.s(A, 301, 101, &[1; 100]);
    t.c(A, 101, 401, b"");
    for i in 0..3 {
        t.s(A, 501 + i * 100, 101, &[1; 100]);
    }
    let acks: Vec<u32> = (0..3).map(|_| t.c(A, 101, 401, b"")).collect();
    assert!(acks.iter().all(|&n| t.verdicts(n).contains(Verdicts::DUP_ACK)));
}

/// Many packets between a packet and its copy, and a query whose copy asks nothing anew.
#[test]
fn copies_are_known_behind_thousands_of_others() {
    let mut t = Tape::new();
    let queries: Vec<Vec<u8>> = (0..3000u16)
        .map(|id| {
            let mut message = vec![0; 12];
            message[..2].copy_from_slice(&id.to_be_bytes());
            message[2..6].copy_from_slice(&[1, 0, 0, 1]);
            message.extend([1, b'a', 0, 0, 1, 0, 1]);
            numbered(udp((CLIENT, 4000), (SERVER, 53), &message), 1 + id, 64)
        })
        .collect();
    for query in &queries {
        t.now += 1_000;
        t.push(query.clone());
    }
    for query in &queries {
        t.now += 1_000;
        let id = u16::from_be_bytes([query[18], query[19]]);
        t.push(numbered(query.clone(), id, 63));
    }
    let copies = t.flow.rows().iter().filter(|row| row.copy_of().is_some()).count();
    assert!(copies > 2_900, "{copies} of 3000 copies");
    assert_eq!(t.flow.dns().len(), queries.len());
}

/// RFC 2131 §4.1: what a client asks first and what it asks then are nearly alike, and come at once where the server is near.
#[test]
fn messages_that_differ_at_their_end_are_two() {
    let mut t = Tape::new();
    let mut message = vec![0; 300];
    t.push(udp(([0; 4], 68), ([255; 4], 67), &message));
    message[242] = 3;
    t.now += 100_000;
    let other = t.push(udp(([0; 4], 68), ([255; 4], 67), &message));
    assert_eq!(t.flow.row(other).unwrap().row.copy_of(), None);
}
