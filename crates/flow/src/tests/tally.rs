//! Figures without rows, against the flow that keeps a row a packet.

use proptest::prelude::*;
use wire::tcp::SackBlocks;

use super::*;
use crate::tcp::VERDICTS;

/// Any segment near the others: sequence and acknowledgment numbers as steps from the initial ones.
fn any_segment() -> impl Strategy<Value = (i64, u16, Seg)> {
    let flags = prop_oneof![
        10 => Just(A), 2 => Just(S), 2 => Just(S | A), 1 => Just(F | A), 1 => Just(R), 1 => Just(R | A), 1 => Just(Flags(0))
    ];
    let numbers = (0u32..60, 0u32..60, prop_oneof![4 => Just(1u16), 1 => Just(0), 1 => Just(1000)]);
    let data = prop_oneof![3 => Just(0usize), 1 => Just(1), 5 => 10usize..60];
    let sack = proptest::option::weighted(0.2, (0u32..60, 1u32..30));
    (any::<bool>(), flags, numbers, data, sack, 0i64..300, 0u16..3).prop_map(
        |(from_client, flags, (seq, ack, window), len, sack, ms, port)| {
            let (mine, theirs) = if from_client { (100, 300) } else { (300, 100) };
            let mut blocks = SackBlocks::new();
            if let Some((left, len)) = sack {
                blocks.push((Seq(theirs + 10 * left), Seq(theirs + 10 * left + len)));
            }
            let asks = flags.contains(S);
            let options = Options { window_scale: asks.then_some(2), sack: blocks, ..Options::default() };
            // SYNs with the usual number, mostly.
            let seq = if asks { mine + seq / 50 * 7 } else { mine + 10 * seq + 1 };
            let seg = Seg { from_client, seq, ack: theirs + 10 * ack + 1, flags, window, options, data: vec![7; len] };
            (ms, 1024 + port, seg)
        },
    )
}

/// What is compared of a connection.
type Figures = (String, String, u64, Vec<[u32; 2]>, Vec<Counts>, [Option<base::Duration>; 3], bool);

fn of_flow(flow: &Flow, conversation: &Conversation) -> Figures {
    let connection = conversation.tcp().unwrap();
    let mut verdicts = vec![[0; 2]; VERDICTS.len()];
    for view in conversation.packets.iter().map(|n| flow.row(*n).unwrap()) {
        for (count, _) in verdicts.iter_mut().zip(VERDICTS).filter(|(_, v)| view.tcp.unwrap().verdicts.contains(v.bit))
        {
            count[view.row.direction as usize] += 1;
        }
    }
    figures(conversation.client, conversation.server, conversation.packets.len() as u64, verdicts, connection)
}

fn figures(a: Endpoint, b: Endpoint, packets: u64, verdicts: Vec<[u32; 2]>, c: &Connection) -> Figures {
    let counts = vec![c.client().counts(), c.server().counts()];
    let times = [c.client().rtt_min(), c.server().rtt_min(), c.initial_rtt()];
    (a.to_string(), b.to_string(), packets, verdicts, counts, times, c.ended())
}

proptest! {
    /// Whatever passes: the same connections, in the same order, with the same verdicts, bytes and round trips.
    #[test]
    fn figures_are_those_of_the_rows(segments in proptest::collection::vec(any_segment(), 1..120), shares in 1usize..4) {
        let mut flow = Flow::new(Limits::default());
        let mut tallies: Vec<Tally> = (0..shares).map(|_| Tally::new(shares)).collect();
        let (mut now, mut opened, mut talks) = (0, Vec::new(), Vec::new());
        for (number, (ms, port, seg)) in (1..).zip(&segments) {
            // Less than a second in all: what is over still lingers.
            now += ms * 25_000;
            let bytes = seg.bytes((*port, 80));
            let at = Instant::from_nanos(now);
            let packet = Packet { at, interface: 0, link: LinkType::ETHERNET, bytes: &bytes, original_len: bytes.len() };
            flow.push(packet);
            let wired = Wires::default().of(number, &packet).unwrap();
            let tally = &mut tallies[wired.share(shares)];
            tally.push(&wired);
            opened.extend(tally.take_opened());
            talks.extend(tally.take_ready());
        }
        tallies.iter_mut().for_each(|tally| talks.extend(tally.finish()));
        talks.sort_by_key(|talk| talk.opened_by);
        prop_assert_eq!(&opened, &talks.iter().map(|talk| talk.opened_by).collect::<Vec<_>>());
        let expected: Vec<Figures> = flow.conversations().iter().map(|c| of_flow(&flow, c)).collect();
        let told: Vec<Figures> = talks.iter().map(|talk| {
            let verdicts = VERDICTS.iter().map(|v| Direction::BOTH.map(|d| talk.count_of(d, v.bit))).collect();
            figures(talk.client, talk.server, talk.packets, verdicts, &talk.connection)
        }).collect();
        prop_assert_eq!(told, expected);
    }

    /// However many holes there are, ranges that touch are one and the newest are kept exactly.
    #[test]
    fn memory_stays_small_however_many_holes_there_are(steps in proptest::collection::vec((0u32..20, 1u32..10), 1..900)) {
        let mut connection = Connection::figures_only();
        let limits = Limits { overlaps_per_stream: 0, ..Limits::default() };
        let mut seq = 101u32;
        for (n, (hole, len)) in (1..).zip(steps) {
            seq += hole;
            let seg = Seg { from_client: true, seq, ack: 0, flags: Flags(0), window: 1, options: Options::default(), data: vec![0; len as usize] };
            let bytes = seg.bytes((1024, 80));
            let at = Instant::from_nanos(0);
            let packet = Packet { at, interface: 0, link: LinkType::ETHERNET, bytes: &bytes, original_len: bytes.len() };
            let wired = Wires::default().of(n, &packet).unwrap();
            connection.push(Direction::ToServer, wired.segment(), &limits);
            seq += len;
            prop_assert!(connection.client().stream().pieces().count() <= 257);
        }
    }
}

#[test]
fn a_connection_is_told_once_it_is_over_and_not_before() {
    let mut tally = Tally::new(1);
    let mut t = Tape::new();
    t.handshake();
    t.c(F | A, 101, 301, b"");
    t.s(F | A, 301, 102, b"");
    t.c(A, 102, 302, b"");
    let mut push = |number: u32, ms: i64, bytes: &[u8]| {
        let at = Instant::from_nanos(ms * 1_000_000);
        let packet = Packet { at, interface: 0, link: LinkType::ETHERNET, bytes, original_len: bytes.len() };
        tally.push(&Wires::default().of(number, &packet).unwrap());
        tally.take_ready().len()
    };
    let before: usize = (1..).zip(&t.frames).map(|(n, bytes)| push(n, i64::from(n), bytes)).sum();
    assert_eq!(before, 0, "it lingers");
    let other =
        Seg { from_client: true, seq: 1, ack: 0, flags: S, window: 1, options: Options::default(), data: vec![] };
    assert_eq!(push(7, 2_000, &other.bytes((1, 2))), 1);
}

/// RFC 791 §3.2: a segment that IP cut is counted whole, and each of its fragments as a packet.
#[test]
fn segments_in_fragments_count_as_in_the_rows() {
    let mut t = Tape::new();
    t.handshake();
    t.ms(1).any(true, A, 101, 301, 65535, &[7; 2000]);
    t.ms(1).any(false, A, 301, 2101, 65535, b"");
    let mut frames = t.frames.clone();
    let whole = frames.remove(3);
    let payload = &whole[34..];
    for (n, part) in payload.chunks(800).enumerate() {
        let mut packet = whole[14..34].to_vec();
        let mut header = wire::ipv4::Header::read(&packet);
        header.total_len = 20 + part.len() as u16;
        header.id = 7;
        header.dont_fragment = false;
        header.more_fragments = 800 * n + part.len() < payload.len();
        header.fragment_offset = (100 * n) as u16;
        header.checksum = 0;
        header.write(&mut packet);
        header.checksum = Sum::of(&packet).checksum();
        header.write(&mut packet);
        packet.extend_from_slice(part);
        frames.insert(3 + n, ethernet(EtherType::IPV4, &packet));
    }
    let (mut flow, mut tally, mut wires) = (Flow::new(Limits::default()), Tally::new(1), Wires::default());
    for (number, bytes) in (1..).zip(&frames) {
        let at = Instant::from_nanos(i64::from(number) * 1_000_000);
        let packet = Packet { at, interface: 0, link: LinkType::ETHERNET, bytes, original_len: bytes.len() };
        flow.push(packet);
        wires.of(number, &packet).iter().for_each(|wired| tally.push(wired));
    }
    let [talk] = &tally.finish()[..] else { panic!("one connection") };
    let expected = &flow.conversations()[0];
    let client = expected.tcp().unwrap().client();
    assert_eq!((talk.packets, talk.packets), (expected.packets.len() as u64, 7));
    assert_eq!(talk.connection.client().counts().data_bytes, 2000);
    assert_eq!(talk.connection.client().counts(), client.counts());
    assert_eq!(talk.span, (expected.first_at, expected.last_at));
}
