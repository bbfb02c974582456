//! What single waits are put down to, on captures made by hand at the client.

use base::Duration;

use super::*;
use crate::{Analysis, Cause, TimeSpent};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A handshake of 20 ms; the next numbers are 1001 and 4501.
fn open(t: &mut Tape) {
    t.c(S, 1000, 0, b"");
    t.ms(20).s(S | A, 4500, 1001, b"");
    t.c(A, 1001, 4501, b"");
}

fn spent(t: &Tape, request: usize) -> TimeSpent {
    let analysis = Analysis::of(&t.flow, &t.frames, &Default::default());
    TimeSpent::of(&t.flow, &analysis, &analysis.requests[request]).unwrap()
}

fn ms(ms: i64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn a_response_waits_behind_the_one_before() {
    let mut t = Tape::new();
    open(&mut t);
    let (one, length) = (GET.len() as u32, OK.len() as u32);
    t.c(A, 1001, 4501, GET);
    t.c(A, 1001 + one, 4501, GET);
    t.ms(20).s(A, 4501, 1001 + 2 * one, b"");
    t.ms(300).s(A, 4501, 1001 + 2 * one, OK);
    t.ms(30).s(A, 4501 + length, 1001 + 2 * one, OK);
    t.c(A, 1001 + 2 * one, 4501 + 2 * length, b"");
    let (first, second) = (spent(&t, 0), spent(&t, 1));
    assert_eq!(first.on(Cause::HeadOfLine), Duration::ZERO, "{:?}", first.by_cause());
    assert_eq!(first.on(Cause::ServerThink), ms(300));
    assert_eq!(second.on(Cause::HeadOfLine), ms(320), "{:?}", second.by_cause());
    assert_eq!(second.on(Cause::ServerThink), ms(30));
}

#[test]
fn a_late_acknowledgment_of_the_request_is_a_queue_and_a_delayed_one_is_not() {
    for (late, queueing) in [(70, 70), (40, 0), (1, 0)] {
        let mut t = Tape::new();
        open(&mut t);
        let end = 1001 + GET.len() as u32;
        t.c(A, 1001, 4501, GET);
        t.ms(20 + late).s(A, 4501, end, b"");
        t.ms(100).s(A, 4501, end, OK);
        let spent = spent(&t, 0);
        assert_eq!(spent.on(Cause::Queueing), ms(queueing), "{:?}", spent.by_cause());
        assert_eq!(spent.on(Cause::Propagation), ms(20));
        assert_eq!(spent.on(Cause::ServerThink), ms(100 + late - queueing));
    }
}

#[test]
fn what_nagle_holds_back_waits_for_a_delayed_acknowledgment() {
    let mut t = Tape::new();
    open(&mut t);
    let end = 1001 + GET.len() as u32;
    t.c(A, 1001, 4501, &GET[..10]);
    t.ms(60).s(A, 4501, 1011, b"");
    t.c(A, 1011, 4501, &GET[10..]);
    t.ms(20).s(A, 4501, end, OK);
    let spent = spent(&t, 0);
    assert_eq!(spent.on(Cause::NagleOrDelayedAck), ms(60), "{:?}", spent.by_cause());
    assert_eq!(spent.on(Cause::Propagation), ms(20));
}

#[test]
fn of_a_wait_for_a_delayed_acknowledgment_only_the_delay_is_its_own() {
    let mut t = Tape::new();
    open(&mut t);
    let end = 1001 + GET.len() as u32;
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2896\r\n\r\n";
    let mut first = head.to_vec();
    first.resize(1460, b'x');
    t.c(A, 1001, 4501, GET);
    t.ms(20).s(A, 4501, end, &first);
    t.ms(40).c(A, end, 5961, b"");
    t.ms(20).s(A, 5961, end, &vec![b'x'; 2896 + head.len() - 1460]);
    let spent = spent(&t, 0);
    assert_eq!(spent.on(Cause::NagleOrDelayedAck), ms(40), "{:?}", spent.by_cause());
    assert_eq!(spent.on(Cause::SlowStart), ms(20), "{:?}", spent.by_cause());
}

/// A response of `len` bytes behind its head.
fn response(len: usize) -> Vec<u8> {
    let mut all = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n").into_bytes();
    all.resize(all.len() + len, b'x');
    all
}

#[test]
fn a_first_flight_that_was_lost_before_the_tap_costs_a_timer_and_not_the_server() {
    let all = response(4000);
    for (first, timer) in [(A, 260), (A | Flags::PSH, 0)] {
        let mut t = Tape::new();
        open(&mut t);
        let end = 1001 + GET.len() as u32;
        t.c(A, 1001, 4501, GET);
        t.ms(20).s(A, 4501, end, b"");
        // Nothing is seen of the flight; the first segment comes again, alone.
        t.ms(260).s(first, 4501, end, &all[..1460]);
        t.c(A, end, 4501 + 1460, b"");
        t.ms(20).s(A, 4501 + 1460, end, &all[1460..2920]);
        t.s(A, 4501 + 2920, end, &all[2920..]);
        let spent = spent(&t, 0);
        assert_eq!(spent.on(Cause::TimerWait), ms(timer), "{:?}", spent.by_cause());
        assert_eq!(spent.on(Cause::ServerThink), ms(260 - timer), "{:?}", spent.by_cause());
    }
}

#[test]
fn a_tail_that_was_lost_before_the_tap_costs_a_timer_unless_the_server_had_nothing_to_send() {
    let all = response(4000);
    for (last, timer) in [(A, 220), (A | Flags::PSH, 0)] {
        let mut t = Tape::new();
        open(&mut t);
        let end = 1001 + GET.len() as u32;
        t.c(A, 1001, 4501, GET);
        t.ms(20).s(A, 4501, end, &all[..1460]);
        t.s(last, 4501 + 1460, end, &all[1460..2920]);
        t.c(A, end, 4501 + 2920, b"");
        t.ms(220).s(A, 4501 + 2920, end, &all[2920..]);
        let spent = spent(&t, 0);
        assert_eq!(spent.on(Cause::TimerWait), ms(timer), "{:?}", spent.by_cause());
    }
}
