//! TCP: opening, loss, windows, closing.

use super::make::*;
use super::*;

/// One capture for each kind; the finding of that kind is the first.
pub(super) const TCP: &[Example] = &[
    ("finding.tcp.unanswered", |t| {
        t.c(S, 1000, 0, b"");
        t.ms(1000).c(S, 1000, 0, b"");
        t.ms(2000).c(S, 1000, 0, b"");
    }),
    ("finding.tcp.refused", |t| {
        t.c(S, 1000, 0, b"");
        t.ms(20).s(R | A, 0, 1001, b"");
    }),
    ("finding.tcp.syn_lost", |t| {
        t.c(S, 1000, 0, b"");
        t.ms(1000);
        exchange(t, GET, 1, b"HTTP/1.1 204 No Content\r\n\r\n");
    }),
    ("finding.tcp.syn_ack_repeated", |t| {
        t.c(S, 1000, 0, b"");
        t.s(S | A, 4500, 1001, b"");
        t.ms(1000).s(S | A, 4500, 1001, b"");
        t.ms(2000).s(S | A, 4500, 1001, b"");
    }),
    ("finding.tcp.no_use", |t| {
        open(t);
        close(t, 1001, 4501);
    }),
    ("finding.tcp.syn_in_connection", |t| {
        open(t);
        t.c(P, 1001, 4501, GET);
        t.ms(1).c(S, 9000, 0, b"");
        t.ms(20).s(A, 4501, 1042, b"");
    }),
    ("finding.tcp.fast_open_refused", |t| {
        t.c(S, 1000, 0, GET);
        t.ms(20).s(S | A, 4500, 1001, b"");
        t.ms(1).c(P, 1001, 4501, GET);
        t.ms(20).s(A, 4501, 1042, b"");
    }),
    ("finding.tcp.mtu_black_hole", |t| {
        open(t);
        t.c(P, 1001, 4501, GET);
        t.ms(20).s(A, 4501, 1042, b"");
        t.s(A, 4501, 1042, &[1; 1448]);
        for wait in [250, 500, 1000] {
            t.ms(wait).s(A, 4501, 1042, &[1; 1448]);
        }
    }),
    ("finding.tcp.timeout", |t| {
        open(t);
        t.c(P, 1001, 4501, GET);
        t.ms(250).c(P, 1001, 4501, GET);
        t.ms(20).s(A, 4501, 1042, b"");
    }),
    ("finding.tcp.tail_loss", |t| {
        open(t);
        data(t, 4501, 0..5, 9);
        t.ms(20).c(A, 1001, 8501, b"");
        t.ms(41).s(P, 8501, 1001, &[1; 1000]);
        t.ms(20).c(A, 1001, 9501, b"");
    }),
    ("finding.tcp.loss", |t| {
        open(t);
        data(t, 4501, 0..6, 1);
        t.ms(20).c(A, 1001, 5501, b"");
        for _ in 0..4 {
            t.c(A, 1001, 5501, b"");
        }
        t.ms(1).s(A, 5501, 1001, &[1; 1000]);
        t.ms(20).c(A, 1001, 10501, b"");
    }),
    ("finding.tcp.spurious", |t| {
        open(t);
        data(t, 4501, 0..3, 9);
        t.ms(20).c(A, 1001, 7501, b"");
        t.ms(1).s(A, 4501, 1001, &[0; 1000]);
        t.ms(20).c(A, 1001, 7501, b"");
    }),
    ("finding.tcp.reordering", |t| {
        open(t);
        for at in [0, 2, 1, 4, 3] {
            t.s(A, 4501 + at * 1000, 1001, &[1; 1000]);
        }
        t.ms(20).c(A, 1001, 9501, b"");
    }),
    ("finding.tcp.damaged", |t| {
        open(t);
        t.s(A, 4501, 1001, &[1; 100]);
        let mut bad = t.frames.last().unwrap().clone();
        *bad.last_mut().unwrap() ^= 4;
        t.ms(1).push(bad);
        t.ms(20).c(A, 1001, 4601, b"");
    }),
    ("finding.tcp.conflicting_data", |t| {
        open(t);
        t.s(A, 4501, 1001, &[1; 100]);
        t.ms(1).s(A, 4501, 1001, &[2; 100]);
        t.ms(20).c(A, 1001, 4601, b"");
    }),
    ("finding.tcp.congestion_marked", |t| {
        open(t);
        t.s(A, 4501, 1001, &[1; 100]);
        t.ms(20).c(A | Flags::ECE, 1001, 4601, b"");
    }),
    ("finding.tcp.zero_window", |t| {
        open(t);
        data(t, 4501, 0..3, 9);
        t.window = 0;
        t.ms(20).c(A, 1001, 7501, b"");
        t.window = 65535;
        t.ms(3000).c(A, 1001, 7501, b"");
        t.ms(20).s(A, 7501, 1001, &[1; 1000]);
    }),
    ("finding.tcp.window_limited", |t| {
        t.window = 4000;
        open(t);
        let mut from = 4501;
        for _ in 0..5 {
            data(t, from, 0..4, 9);
            from += 4000;
            t.ms(20).c(A, 1001, from, b"");
        }
    }),
    ("finding.tcp.nagle_delayed_ack", |t| {
        open(t);
        t.c(P, 1001, 4501, &[b'h'; 200]);
        t.ms(60).s(A, 4501, 1201, b"");
        t.c(P, 1201, 4501, &[b'b'; 300]);
        t.ms(20).s(A, 4501, 1501, b"");
    }),
    ("finding.tcp.delayed_ack", |t| {
        open(t);
        t.s(A, 4501, 1001, &[1; 1448]);
        t.ms(40).c(A, 1001, 5949, b"");
        t.ms(20).s(A, 5949, 1001, &[1; 1448]);
        t.s(A, 7397, 1001, &[1; 1448]);
        t.c(A, 1001, 8845, b"");
    }),
    ("finding.tcp.bufferbloat", |t| {
        open(t);
        let mut acked = 4501;
        for i in 0..12u32 {
            t.s(A, 4501 + i * 2000, 1001, &[1; 1000]);
            t.s(A, 5501 + i * 2000, 1001, &[1; 1000]);
            t.ms(20);
            if i >= 9 {
                t.ms(100);
            }
        }
        for _ in 0..12 {
            acked += 2000;
            t.ms(20).c(A, 1001, acked, b"");
        }
    }),
    ("finding.tcp.forged_reset", |t| {
        open(t);
        t.c(P, 1001, 4501, GET);
        t.ttl = 57;
        t.ms(3).s(R, 4501, 0, b"");
    }),
    ("finding.tcp.idle_reset", |t| {
        exchange_open(t);
        t.ms(600_000).c(P, 1042, 4528, GET);
        t.ms(20).s(R, 4528, 0, b"");
    }),
    ("finding.tcp.half_open", |t| {
        exchange_open(t);
        // The server's machine is started again meanwhile.
        t.ms(20_000).c(P, 1042, 4528, GET);
        t.ms(20).s(R, 4528, 0, b"");
    }),
    ("finding.tcp.server_reset", |t| {
        cut_short(t);
        t.ms(10).s(R | A, 4544, 1042, b"");
    }),
    ("finding.tcp.client_reset", |t| {
        cut_short(t);
        t.ms(10).c(R | A, 1042, 4544, b"");
    }),
    ("finding.tcp.half_closed", |t| {
        exchange_open(t);
        t.c(F | A, 1042, 4528, b"");
        t.ms(20).s(A, 4528, 1043, b"");
        dns_later(t);
    }),
    ("finding.tcp.dead_peer", |t| {
        exchange_open(t);
        for _ in 0..4 {
            t.ms(75_000).c(A, 1041, 4528, b"");
        }
    }),
];
