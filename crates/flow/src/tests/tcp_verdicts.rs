//! What segments are, judged from those before them.

use wire::tcp::SackBlocks;

use super::*;

#[test]
fn a_handshake_and_a_response() {
    let mut t = Tape::new();
    t.handshake();
    let request = t.c(A, 101, 301, b"GET");
    let answer = t.ms(20).s(A, 301, 104, b"200 OK");
    let ack = t.ms(5).c(A, 104, 307, b"");
    let connection = t.connection(0);
    assert_eq!(connection.initial_rtt(), Some(base::Duration::from_millis(20)));
    assert_eq!(connection.syn_rtt(), Some(base::Duration::from_millis(10)));
    assert_eq!(connection.established_frame(), Some(3));
    assert_eq!((connection.client().isn(), connection.server().isn()), (Some(Seq(100)), Some(Seq(300))));
    let conversation = &t.flow.conversations()[0];
    assert_eq!(conversation.client.to_string(), "10.0.1.5:49152");
    assert_eq!(conversation.packets, [1, 2, 3, 4, 5, 6]);
    assert!((1..=6).all(|n| t.verdicts(n).is_empty()), "nothing remarkable");
    assert_eq!((t.tcp(1).relative_seq(), t.tcp(2).relative_ack()), (Some(0), Some(1)));
    assert_eq!(t.tcp(request).in_flight(), Some(3));
    assert_eq!((t.tcp(answer).acks(), t.tcp(answer).rtt()), (Some(request), Some(base::Duration::from_millis(20))));
    assert_eq!((t.tcp(ack).acks(), t.tcp(ack).relative_ack()), (Some(answer), Some(7)));
}

#[test]
fn a_lost_segment_is_asked_for_and_sent_again() {
    let mut t = Tape::new();
    t.handshake();
    t.s(A, 301, 101, &[1; 100]);
    // 401 is lost ahead of the tap.
    let beyond = t.s(A, 501, 101, &[3; 100]);
    t.ms(1).c(A, 101, 401, b"");
    let dups: Vec<u32> = (0..3)
        .map(|i| {
            t.s(A, 601 + i * 100, 101, &[4; 100]);
            t.ms(1).c(A, 101, 401, b"")
        })
        .collect();
    // A round trip between tap and sender after the first of them (RFC 5681 §3.2).
    let again = t.ms(17).s(A, 401, 101, &[2; 100]);
    assert_eq!(t.verdicts(beyond), Verdicts::LOST_PREVIOUS);
    assert_eq!(dups.iter().map(|&n| t.tcp(n).dup_ack).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(dups.iter().all(|&n| t.verdicts(n) == Verdicts::DUP_ACK && t.tcp(n).repeats() == Some(6)));
    assert_eq!(t.verdicts(again), Verdicts::FAST_RETRANSMISSION);
    let late = t.ms(50).c(A, 101, 901, b"");
    assert_eq!(t.tcp(late).rtt(), Some(base::Duration::from_nanos(68_000_000)), "of the last new segment");
    let spurious = t.ms(1).s(A, 801, 101, &[4; 100]);
    assert_eq!(t.verdicts(spurious), Verdicts::SPURIOUS_RETRANSMISSION);
    assert_eq!(t.tcp(spurious).repeats(), Some(11));
    let stream = t.server_stream();
    assert_eq!(stream.len(), 600);
    assert!(stream[100..200].iter().all(|&b| b == 2));
}

#[test]
fn a_timeout_repeats_a_known_segment_and_karn_forbids_its_sample() {
    let mut t = Tape::new();
    t.handshake();
    let first = t.c(A, 101, 301, b"GET");
    let again = t.ms(200).c(A, 101, 301, b"GET");
    let ack = t.ms(20).s(A, 301, 104, b"");
    assert_eq!(t.verdicts(again), Verdicts::RETRANSMISSION);
    assert_eq!(t.tcp(again).repeats(), Some(first));
    assert_eq!((t.tcp(ack).acks(), t.tcp(ack).rtt()), (Some(first), None));
    assert_eq!(t.connection(0).client().counts().retransmissions, 1);
    assert_eq!(t.connection(0).client().counts().repeated_bytes, 3);
}

#[test]
fn an_overtaken_segment_is_out_of_order_not_sent_again() {
    let mut t = Tape::new();
    t.handshake();
    t.s(A, 301, 101, &[1; 100]);
    let overtaker = t.s(A, 501, 101, &[3; 100]);
    let overtaken = t.ms(1).s(A, 401, 101, &[2; 100]);
    assert_eq!(t.verdicts(overtaker), Verdicts::LOST_PREVIOUS);
    assert_eq!(t.verdicts(overtaken), Verdicts::OUT_OF_ORDER);
    assert_eq!(t.server_stream().len(), 300);
}

#[test]
fn windows_close_are_probed_and_open() {
    let mut t = Tape::new();
    t.handshake();
    let full = t.s(A, 301, 101, &[1; 1000]);
    let closed = t.ms(1).any(true, A, 101, 1301, 0, b"");
    let probe = t.ms(200).s(A, 1301, 101, &[9]);
    let answer = t.ms(1).any(true, A, 101, 1301, 0, b"");
    let linux_probe = t.ms(400).s(A, 1300, 101, b"");
    let answer_2 = t.ms(1).any(true, A, 101, 1301, 0, b"");
    let update = t.ms(1).any(true, A, 101, 1301, 500, b"");
    let more = t.ms(1).s(A, 1301, 101, &[2; 100]);
    assert_eq!(t.verdicts(full), Verdicts::WINDOW_FULL);
    assert_eq!(t.verdicts(closed), Verdicts::ZERO_WINDOW);
    assert_eq!(t.verdicts(probe), Verdicts::ZERO_WINDOW_PROBE);
    assert_eq!(t.verdicts(answer), Verdicts::ZERO_WINDOW_PROBE_ACK | Verdicts::ZERO_WINDOW);
    assert_eq!(t.verdicts(linux_probe), Verdicts::ZERO_WINDOW_PROBE);
    assert_eq!(t.verdicts(answer_2), Verdicts::ZERO_WINDOW_PROBE_ACK | Verdicts::ZERO_WINDOW);
    assert_eq!(t.verdicts(update), Verdicts::WINDOW_UPDATE);
    assert!(!t.verdicts(more).is_retransmission(), "it begins with the probe's byte, and goes on");
}

#[test]
fn keep_alives_and_their_answers() {
    let mut t = Tape::new();
    t.handshake();
    t.c(A, 101, 301, b"GET");
    t.ms(1).s(A, 301, 104, b"");
    let ask = t.ms(7_200_000).c(A, 103, 301, b"");
    let there = t.ms(1).s(A, 301, 104, b"");
    assert_eq!(t.verdicts(ask), Verdicts::KEEP_ALIVE);
    assert_eq!(t.verdicts(there), Verdicts::KEEP_ALIVE_ACK);
    let unacked = t.ms(1).c(A, 104, 301, b"x");
    let again = t.ms(300).c(A, 104, 301, b"x");
    assert!(t.verdicts(unacked).is_empty());
    assert_eq!(t.verdicts(again), Verdicts::RETRANSMISSION, "one byte just below next, but not acknowledged yet");
}

#[test]
fn a_dup_ack_may_change_its_window_if_it_brings_sack_blocks() {
    let mut t = Tape::new();
    t.handshake();
    t.s(A, 301, 101, &[1; 100]);
    t.c(A, 101, 401, b"");
    t.s(A, 501, 101, &[1; 100]);
    let mut sack = SackBlocks::new();
    sack.push((Seq(501), Seq(601)));
    let options = Options { sack, ..Options::default() };
    let n = t.seg(Seg { from_client: true, seq: 101, ack: 401, flags: A, window: 900, options, data: vec![] });
    assert_eq!(t.verdicts(n), Verdicts::DUP_ACK);
    let update = t.any(true, A, 101, 401, 800, b"");
    assert_eq!(t.verdicts(update), Verdicts::WINDOW_UPDATE);
}

#[test]
fn what_is_acknowledged_but_was_never_seen() {
    let mut t = Tape::new();
    t.handshake();
    let ack = t.c(A, 101, 801, b"");
    assert_eq!(t.verdicts(ack), Verdicts::ACKED_UNSEEN);
    assert!(t.ms(1).c(A, 101, 801, b"x") > 0 && t.verdicts(5).is_empty(), "said once");
}

#[test]
fn ports_are_reused_after_the_end_and_syns_in_between_are_suspects() {
    let mut t = Tape::new();
    t.handshake();
    t.c(A, 101, 301, b"GET");
    // A stray SYN is answered with a challenge ACK: the connection goes on.
    let stray = t.ms(1).c(S, 9_000, 0, b"");
    let challenge = t.ms(1).s(A, 301, 104, b"");
    assert_eq!(t.verdicts(stray), Verdicts::SYN_IN_CONNECTION);
    assert!(t.verdicts(challenge).is_empty());
    assert_eq!(t.flow.conversations().len(), 1);
    // The client closes, the server closes: the next SYN opens another connection.
    t.c(F | A, 104, 301, b"");
    t.s(F | A, 301, 105, b"");
    t.c(A, 105, 302, b"");
    let next = t.ms(1).c(S, 5_000, 0, b"");
    assert_eq!(t.verdicts(next), Verdicts::PORT_REUSED);
    let new = &t.flow.conversations()[1];
    assert_eq!((new.incarnation, new.previous), (1, Some(ConversationId(0))));
    assert_eq!(t.tcp(next).relative_seq(), Some(0));
}

#[test]
fn a_syn_in_an_open_connection_that_is_answered_opens_a_new_one() {
    let mut t = Tape::new();
    t.handshake();
    let syn = t.ms(1).c(S, 9_000, 0, b"");
    let answer = t.ms(1).s(S | A, 7_000, 9_001, b"");
    let done = t.ms(1).c(A, 9_001, 7_001, b"");
    assert_eq!(t.flow.conversations().len(), 2);
    assert_eq!(t.flow.conversations()[0].packets, [1, 2, 3]);
    assert_eq!(t.flow.conversations()[1].packets, [syn, answer, done]);
    assert_eq!(t.verdicts(syn), Verdicts::PORT_REUSED);
    assert_eq!(t.tcp(done).relative_seq(), Some(1));
    assert_eq!(t.connection(1).established_frame(), Some(done));
}

#[test]
fn a_simultaneous_open_is_one_connection() {
    let mut t = Tape::new();
    t.c(S, 100, 0, b"");
    t.s(S, 300, 0, b"");
    t.c(S | A, 100, 301, b"");
    t.s(S | A, 300, 101, b"");
    assert_eq!(t.flow.conversations().len(), 1);
    assert_eq!(t.tcp(2).relative_seq(), Some(0));
}

#[test]
fn a_damaged_segment_counts_for_nothing_but_offloaded_checksums_do() {
    let mut t = Tape::new();
    t.handshake();
    let mut bytes = Seg {
        from_client: false,
        seq: 301,
        ack: 101,
        flags: A,
        window: 1000,
        options: Options::default(),
        data: vec![1; 50],
    }
    .bytes(t.ports);
    let last = bytes.len() - 1;
    bytes[last] ^= 0x40;
    let damaged = t.push(bytes);
    let again = t.ms(300).s(A, 301, 101, &[1; 50]);
    assert_eq!(t.verdicts(damaged), Verdicts::DAMAGED);
    assert!(t.verdicts(again).is_empty(), "the first that counts");
    assert_eq!(t.server_stream(), vec![1; 50]);

    // Where no checksum of a connection fits, the capture was changed: nobody damages each packet.
    let mut t = Tape::new();
    let seg = |data: &[u8]| Seg {
        from_client: false,
        seq: 301,
        ack: 101,
        flags: A,
        window: 1000,
        options: Options::default(),
        data: data.to_vec(),
    };
    let mut bytes = seg(b"one").bytes(t.ports);
    bytes[54] ^= 1;
    let altered = t.push(bytes);
    assert_eq!(t.verdicts(altered), Verdicts::ALTERED);
    assert_eq!(t.server_stream().len(), 3);
    assert!(!t.connection(0).server().checksums_offloaded());

    // A sender whose packets hold the pseudo header's sum, not complemented, has its card compute the rest.
    let mut t = Tape::new();
    for (i, data) in [b"one", b"two"].iter().enumerate() {
        let mut bytes = Seg {
            from_client: false,
            seq: 301 + 3 * i as u32,
            ack: 101,
            flags: A,
            window: 1000,
            options: Options::default(),
            data: data.to_vec(),
        }
        .bytes(t.ports);
        let src = std::net::IpAddr::from(SERVER);
        let partial = !wire::pseudo_header(src, std::net::IpAddr::from(CLIENT), 6, 23).checksum();
        bytes[50..52].copy_from_slice(&partial.to_be_bytes());
        t.push(bytes);
    }
    assert_eq!(t.server_stream(), b"onetwo");
    assert!(t.connection(0).server().checksums_offloaded());
}

/// RFC 9293 §3.1: a receiver drops what has a wrong checksum. What it acknowledges had a right one when it arrived.
#[test]
fn what_is_acknowledged_was_not_damaged_on_the_way() {
    let damaged = |t: &mut Tape, seq, data: &[u8]| {
        let data = data.to_vec();
        let seg = Seg { from_client: false, seq, ack: 101, flags: A, window: 1000, options: Options::default(), data };
        let mut bytes = seg.bytes(t.ports);
        *bytes.last_mut().unwrap() ^= 0x40;
        t.push(bytes)
    };
    let mut t = Tape::new();
    t.handshake();
    let first = damaged(&mut t, 301, b"anonymous");
    assert_eq!(t.verdicts(first), Verdicts::DAMAGED);
    let ack = t.ms(20).c(A, 101, 310, b"");
    assert_eq!((t.verdicts(first), t.verdicts(ack)), (Verdicts::ALTERED, Verdicts::NONE));
    assert_eq!(t.server_stream().len(), 9);
    assert_eq!((t.connection(0).server().counts().damaged, t.connection(0).server().counts().packets), (0, 2));

    // Sent again and then acknowledged: the second copy is the one that arrived.
    let mut t = Tape::new();
    t.handshake();
    let first = damaged(&mut t, 301, b"some data");
    t.ms(300).s(A, 301, 101, b"some data");
    t.ms(20).c(A, 101, 310, b"");
    assert_eq!(t.verdicts(first), Verdicts::DAMAGED);
    assert_eq!(t.server_stream(), b"some data");
}

#[test]
fn sequence_numbers_wrap_and_relative_ones_do_not() {
    let mut t = Tape::new();
    t.c(S, u32::MAX - 1, 0, b"");
    t.s(S | A, 300, u32::MAX, b"");
    t.c(A, u32::MAX, 301, &[1; 1000]);
    let after = t.c(A, 999, 301, &[2; 1000]);
    assert_eq!(t.tcp(after).relative_seq(), Some(1001));
    assert!(t.verdicts(after).is_empty());
    let ack = t.s(A, 301, 1999, b"");
    assert_eq!(t.tcp(ack).relative_ack(), Some(2001));
}

#[test]
fn a_reset_is_noted_and_moves_nothing() {
    let mut t = Tape::new();
    t.c(S, 100, 0, b"");
    let refused = t.s(R | A, 0, 101, b"");
    assert_eq!(t.tcp(refused).relative_ack(), Some(1));
    assert!(t.connection(0).reset() && t.connection(0).over());
    assert_eq!(t.connection(0).server().rst_frame(), Some(refused));
}
