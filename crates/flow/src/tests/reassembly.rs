//! Streams and datagrams come out whole, whatever happened on the way.

use proptest::prelude::*;

use super::*;

#[test]
fn fragments_in_any_order_make_one_datagram() {
    // A UDP datagram of 2,000 bytes in three fragments, the last one first.
    let mut message = vec![0; 8];
    wire::udp::Header { src_port: 53, dst_port: 4000, len: 2008, checksum: 0 }.write(&mut message);
    message.extend((0..2000u32).map(|i| i as u8));
    let mut t = Tape::new();
    let mut numbers = Vec::new();
    for (from, to) in [(1600, 2008), (0, 800), (800, 1600)] {
        let mut packet = ip_packet(SERVER, CLIENT, 17, &message[from..to]);
        let mut header = wire::ipv4::Header::read(&packet);
        header.id = 7;
        header.dont_fragment = false;
        header.more_fragments = to != 2008;
        header.fragment_offset = (from / 8) as u16;
        header.checksum = 0;
        header.write(&mut packet);
        header.checksum = Sum::of(&packet[..20]).checksum();
        header.write(&mut packet);
        numbers.push(t.push(ethernet(EtherType::IPV4, &packet)));
    }
    let rows = t.flow.rows();
    assert_eq!((rows[0].kind, rows[1].kind, rows[2].kind), (RowKind::Fragment, RowKind::Fragment, RowKind::Udp));
    assert!(rows.iter().all(|row| row.datagram == Some(0) && row.conversation == Some(ConversationId(0))));
    assert_eq!(rows[2].payload, Payload { buffer: BufferRef::Datagram(0), at: 8, len: 2000, claimed: 2000 });
    let datagram = t.flow.datagram(0).unwrap();
    assert_eq!(datagram.bytes, message);
    for piece in &datagram.parents {
        let BufferRef::Frame(n) = piece.parent else { panic!() };
        let bytes = &t.frames[n as usize - 1][piece.at..piece.at + piece.range.len()];
        assert_eq!(bytes, &message[piece.range.clone()]);
    }
    assert_eq!(t.flow.conversations()[0].packets, [1, 2, 3]);
    assert_eq!(t.flow.conversations()[0].client.ip.to_string(), "10.0.1.5", "port 53 is the server's");
}

/// Fragments of a UDP datagram of 40 bytes: where each begins in units of 8 bytes, its length, whether more follow. Gives the
/// datagrams that became whole.
fn put_together(fragments: &[(u16, usize, bool)]) -> usize {
    let mut t = Tape::new();
    let mut message = vec![0; 40];
    wire::udp::Header { src_port: 4000, dst_port: 4001, len: 40, checksum: 0 }.write(&mut message);
    for &(offset, len, more) in fragments {
        let start = 8 * usize::from(offset);
        let mut packet = ip_packet(SERVER, CLIENT, 17, &message[start..start + len]);
        let mut header = wire::ipv4::Header::read(&packet);
        (header.dont_fragment, header.more_fragments, header.fragment_offset) = (false, more, offset);
        header.checksum = 0;
        header.write(&mut packet);
        header.checksum = Sum::of(&packet[..20]).checksum();
        header.write(&mut packet);
        t.push(ethernet(EtherType::IPV4, &packet));
    }
    for datagram in t.flow.datagrams() {
        assert_eq!(datagram.bytes, message);
    }
    t.flow.datagrams().len()
}

#[test]
fn overlapping_fragments_are_thrown_away() {
    assert_eq!(put_together(&[(0, 16, true), (1, 16, true), (2, 24, false)]), 0, "in part what is there, in part new");
    assert_eq!(put_together(&[(1, 16, true), (0, 40, false)]), 0, "around what is there");
    assert_eq!(put_together(&[(3, 16, false), (0, 24, true)]), 1);
    assert_eq!(put_together(&[(3, 8, false), (3, 16, true), (0, 24, true)]), 0, "behind the end");
    assert_eq!(put_together(&[(3, 16, false), (3, 8, false), (0, 24, true)]), 0, "another end");
}

/// As Linux: what holds nothing new spoils nothing, as a repetition that another router cut otherwise.
#[test]
fn fragments_of_what_is_there_are_ignored() {
    assert_eq!(put_together(&[(0, 24, true), (0, 24, true), (3, 16, false)]), 1, "exact");
    assert_eq!(put_together(&[(0, 24, true), (1, 8, true), (3, 16, false)]), 1, "within one");
    assert_eq!(put_together(&[(0, 8, true), (1, 8, true), (0, 16, true), (2, 24, false)]), 1, "of two side by side");
    assert_eq!(put_together(&[(0, 8, true), (2, 8, true), (0, 24, true), (1, 32, false)]), 0, "with a gap in it");
}

#[test]
fn a_snapped_segment_leaves_a_hole_that_is_known_to_have_passed() {
    let mut t = Tape::new();
    t.handshake();
    let seg = Seg {
        from_client: false,
        seq: 301,
        ack: 101,
        flags: A,
        window: 1000,
        options: Options::default(),
        data: vec![5; 500],
    };
    let mut bytes = seg.bytes(t.ports);
    let whole = bytes.len();
    bytes.truncate(54 + 100);
    let n = t.push_cut(bytes, whole);
    assert_eq!(t.verdicts(n), Verdicts::SNAPPED);
    let piece = *t.connection(0).server().stream().pieces().next().unwrap();
    assert_eq!((piece.start, piece.len, piece.have), (1, 500, 100));
    let next = t.s(A, 801, 101, b"more");
    assert!(t.verdicts(next).is_empty(), "nothing is lost but for the capture");
}

#[test]
fn a_second_copy_that_differs_is_reported_and_not_used() {
    let mut t = Tape::new();
    t.handshake();
    t.s(A, 301, 101, b"genuine bytes");
    t.ms(300).s(A, 301, 101, b"genuine bytes");
    t.ms(300).s(A, 309, 101, b"BYTES and more");
    let layers = Layers::of(&t.flow, ConversationId(0), &t.frames, &Default::default()).unwrap();
    let [(direction, overlap)] = layers.conflicts.as_slice() else { panic!("{:?}", layers.conflicts) };
    assert_eq!((*direction, overlap.kept.frame, overlap.dropped.frame), (Direction::ToClient, 4, 6));
    assert_eq!(layers.stream(Direction::ToClient).bytes(), "genuine bytes and more");
    assert!(t.verdicts(6).contains(Verdicts::OVERLAP));
}

/// RFC 9293 §3.8.4: the byte of a keep-alive is garbage.
#[test]
fn the_byte_of_a_keep_alive_contradicts_nothing() {
    let mut t = Tape::new();
    t.handshake();
    t.s(A, 301, 101, b"genuine");
    t.ms(20).c(A, 101, 308, b"");
    let probe = t.ms(45_000).s(A, 307, 101, b"\0");
    assert!(t.verdicts(probe).contains(Verdicts::KEEP_ALIVE), "{:?}", t.verdicts(probe));
    let layers = Layers::of(&t.flow, ConversationId(0), &t.frames, &Default::default()).unwrap();
    assert!(layers.conflicts.is_empty());
}

#[test]
fn icmp_errors_name_the_conversation_that_they_are_about() {
    let mut t = Tape::new();
    let sent = t.push(udp((CLIENT, 5000), (SERVER, 33434), b"hello"));
    let quote = t.frames[sent as usize - 1][14..].to_vec();
    let mut message = vec![3, 3, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(&quote);
    let sum = Sum::of(&message).checksum();
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    let error = t.push(ethernet(EtherType::IPV4, &ip_packet(SERVER, CLIENT, 1, &message)));
    let row = t.flow.row(error).unwrap().row;
    assert_eq!((row.kind, row.about), (RowKind::Icmp(3, 3), Some(ConversationId(0))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Segments doubled, reordered and cut in any way, some only once: the stream is what was sent.
    #[test]
    fn any_order_gives_the_true_stream(
        len in 1usize..3000,
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 1usize..400), 0..40),
        order in any::<u64>(),
        isn: u32,
    ) {
        let data: Vec<u8> = (0..len).map(|i| (i * 31 + i / 256) as u8).collect();
        let mut segments: Vec<(usize, usize)> = (0..len).step_by(97).map(|from| (from, (from + 97).min(len))).collect();
        segments.extend(cuts.iter().map(|(index, n)| {
            let from = index.index(len);
            (from, (from + n).min(len))
        }));
        let mut rng = order;
        for i in (1..segments.len()).rev() {
            rng = rng.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            segments.swap(i, (rng >> 33) as usize % (i + 1));
        }
        let mut t = Tape::new();
        t.c(S, 100, 0, b"");
        t.s(S | A, isn, 101, b"");
        t.any(true, A, 101, isn.wrapping_add(1), 65535, b"");
        for (from, to) in segments {
            t.ms(1).s(A, isn.wrapping_add(1 + from as u32), 101, &data[from..to]);
        }
        prop_assert_eq!(t.server_stream(), data);
    }

    /// Bytes of any kind, with any link type, change nothing but what is said of them.
    #[test]
    fn random_bytes_never_panic(frames in proptest::collection::vec((0u32..300, proptest::collection::vec(any::<u8>(), 0..120), 0usize..9), 0..40)) {
        let mut flow = Flow::new(Limits::default());
        for (link, bytes, more) in &frames {
            flow.push(Packet { at: Instant::ZERO, interface: 0, link: LinkType(*link), bytes, original_len: bytes.len() + more });
        }
        prop_assert_eq!(flow.rows().len(), frames.len());
    }

    /// Real headers with random numbers in them.
    #[test]
    fn random_segments_never_panic(segments in proptest::collection::vec((any::<bool>(), any::<u32>(), any::<u32>(), 0u16..64, any::<u16>(), 0usize..40), 0..60)) {
        let mut t = Tape::new();
        for (from_client, seq, ack, flags, window, n) in segments {
            // Half of the numbers stay close together, so that they meet.
            let near = |x: u32| if x & 1 == 0 { x } else { (x >> 1) % 64 };
            t.ms(1).any(from_client, Flags(flags), near(seq), near(ack), window, &vec![7; n]);
        }
        let packets: usize = t.flow.conversations().iter().map(|c| c.packets.len()).sum();
        prop_assert_eq!(packets, t.frames.len());
        for conversation in t.flow.conversations() {
            prop_assert!(conversation.packets.is_sorted());
            for half in [conversation.tcp().unwrap().client(), conversation.tcp().unwrap().server()] {
                let mut end = i64::MIN;
                for piece in half.stream().pieces() {
                    prop_assert!(piece.start >= end && piece.len > 0);
                    end = piece.end();
                }
            }
        }
    }
}

/// An IPv6 packet in fragments, of which each has a hop-by-hop header before, and whose data begin with a header of options
/// for the destination (RFC 8200 §4.5: that belongs to the fragmentable part).
#[test]
fn ipv6_fragments_with_extension_headers_before_and_behind() {
    let mut segment = vec![0; 20];
    wire::tcp::Header::new((49152, 80), Seq(100), Seq(0), A, 1000, 0).write(&mut segment);
    segment.extend_from_slice(&[7; 40]);
    // Destination options: next header TCP, 8 bytes, padding (PadN of 4).
    let whole = [&[6, 0, 1, 4, 0, 0, 0, 0][..], &segment].concat();
    let packet = |offset: usize, data: &[u8], more: bool| {
        let payload = [
            // Hop-by-hop options: next header Fragment.
            &[44, 0, 1, 4, 0, 0, 0, 0][..],
            // Fragment: next header destination options, offset and M, identification.
            &[60, 0],
            &((offset as u16) | u16::from(more)).to_be_bytes(),
            &[0, 0, 0, 9],
            data,
        ]
        .concat();
        let head = [
            &[0x60, 0, 0, 0][..],
            &(payload.len() as u16).to_be_bytes(),
            &[0, 64],
            &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
        ]
        .concat();
        ethernet(EtherType::IPV6, &[head, payload].concat())
    };
    let mut t = Tape::new();
    let first = t.push(packet(0, &whole[..32], true));
    let last = t.push(packet(32, &whole[32..], false));
    assert_eq!(t.flow.row(first).unwrap().row.kind, RowKind::Fragment);
    let row = t.flow.row(last).unwrap().row;
    assert_eq!((row.kind, row.payload.claimed), (RowKind::Tcp, 40));
    assert!(!row.malformed);
    let data = &t.flow.datagram(0).unwrap().bytes[row.payload.at as usize..];
    assert_eq!(data, [7; 40]);
    // The tree of the whole begins with the options and tiles it.
    let mut record = wire::Record::new();
    let network = wire::frame::decode(row.link, &t.frames[1], t.frames[1].len(), &mut wire::Silent).network;
    let bytes = &t.flow.datagram(0).unwrap().bytes;
    wire::frame::decode_datagram(network, bytes, &mut record);
    record.check_tiling(bytes.len()).unwrap();
    assert!(record.find("ipv6.extension").is_some() && record.find("tcp").is_some());
}

#[test]
fn a_segment_with_impossible_options_is_a_segment_all_the_same() {
    let mut t = Tape::new();
    t.handshake();
    // An option of length 0 (RFC 9293 §3.1, MUST-7), and one that reaches behind the options' end.
    for (i, options) in [[8, 0, 1, 1], [8, 10, 1, 1]].into_iter().enumerate() {
        let mut segment = vec![0; 20];
        wire::tcp::Header::new((49152, 80), Seq(101 + 3 * i as u32), Seq(301), A, 1000, 4).write(&mut segment);
        segment.extend_from_slice(&options);
        segment.extend_from_slice(b"abc");
        let src = std::net::IpAddr::from(CLIENT);
        let sum = wire::pseudo_header(src, std::net::IpAddr::from(SERVER), 6, segment.len()).then(Sum::of(&segment));
        segment[16..18].copy_from_slice(&sum.checksum().to_be_bytes());
        let n = t.push(ethernet(EtherType::IPV4, &ip_packet(CLIENT, SERVER, 6, &segment)));
        let row = t.flow.row(n).unwrap();
        assert_eq!((row.row.kind, row.row.malformed, row.row.payload.claimed), (RowKind::Tcp, true, 3));
        assert_eq!(row.tcp.unwrap().relative_seq(), Some(1 + 3 * i as i64));
    }
    assert_eq!(t.flow.conversations().len(), 1);
    let layers = Layers::of(&t.flow, ConversationId(0), &t.frames, &Default::default()).unwrap();
    assert_eq!(layers.stream(Direction::ToServer).bytes(), &b"abcabc"[..]);
}
