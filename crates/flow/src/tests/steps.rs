//! A capture's clock that is set forward.

use super::*;

fn at(t: &mut Tape, ms: i64, from_client: bool, value: u32, (seq, ack, len): (u32, u32, usize)) -> u32 {
    let options = Options { timestamps: Some((value, 1)), ..Options::default() };
    let (flags, window, data) = (A, 1000, vec![1; len]);
    t.ms(ms).seg(Seg { from_client, seq, ack, flags, window, options, data })
}

/// Data each way with timestamps of a tick of 1 ms, then a silence of so many milliseconds by the capture's clock in which
/// the ends' clocks went on by `ticks`.
fn silent(ms: i64, ticks: u32) -> Tape {
    let mut t = Tape::new();
    at(&mut t, 0, true, 5000, (101, 301, 10));
    at(&mut t, 30, false, 90_000, (301, 111, 10));
    at(&mut t, 30, true, 5060, (111, 311, 10));
    at(&mut t, 30, false, 90_060, (311, 121, 10));
    at(&mut t, ms, true, 5060 + ticks, (121, 321, 10));
    at(&mut t, 30, false, 90_060 + ticks + 30, (321, 131, 10));
    t
}

/// RFC 7323 §3.2: the timestamp is the sender's clock. Both ends tell of the step, and it is one.
#[test]
fn the_ends_clocks_tell_that_time_was_set_forward() {
    let t = silent(60_000, 40);
    let steps = t.connection(0).clock_steps();
    assert_eq!(steps.len(), 1);
    assert_eq!((steps[0].before, steps[0].frame), (4, 5));
    let by = steps[0].by.as_millis_f64();
    assert!((59_900.0..60_000.0).contains(&by), "{by} ms");
}

#[test]
fn a_pause_that_the_ends_clocks_saw_is_a_pause() {
    for ms in [100, 2_500, 60_000, 3_600_000] {
        assert!(silent(ms, ms as u32).connection(0).clock_steps().is_empty(), "{ms} ms");
        // A clock that is wrong by a tenth is still a clock.
        assert!(silent(ms, (ms - ms / 10) as u32).connection(0).clock_steps().is_empty(), "{ms} ms");
    }
}

/// RFC 6298 §5: a sender without an acknowledgment sends again, and nothing was sent here.
#[test]
fn what_no_sender_waits_for_is_a_step_without_timestamps_too() {
    for (answer_ms, steps) in [(20, 0), (1_500, 0), (10_000, 1)] {
        let mut t = Tape::new();
        t.handshake();
        t.c(A, 101, 301, &[1; 10]);
        t.ms(answer_ms).s(A, 301, 111, b"");
        assert_eq!(t.connection(0).clock_steps().len(), steps, "{answer_ms} ms");
    }
    let mut t = Tape::new();
    t.handshake();
    t.c(A, 101, 301, &[1; 10]);
    t.ms(1_000).c(A, 101, 301, &[1; 10]);
    t.ms(9_000).s(A, 301, 111, b"");
    assert!(t.connection(0).clock_steps().is_empty(), "it was sent again: the way was long");
}

/// A machine that sleeps counts no ticks: the other end's clock tells that the time passed.
#[test]
fn an_end_that_slept_is_no_step() {
    for slept in [0, 1] {
        let mut t = silent(60_000, 40);
        let (mine, theirs) = if slept == 0 { (5100 + 90, 150_150) } else { (65_100 + 90, 90_130 + 60) };
        at(&mut t, 60_000, true, mine, (131, 331, 10));
        at(&mut t, 30, false, theirs, (331, 141, 10));
        assert_eq!(t.connection(0).clock_steps().len(), 1, "of both ends' steps the first alone: {slept}");
    }
}

/// RFC 7323 §3.2: a timestamp is a clock's. What always says the same was written by somebody on the way.
#[test]
fn timestamps_that_never_count_tell_no_time() {
    let mut t = Tape::new();
    for turn in 0..6 {
        let ms = if turn == 4 { 60_000 } else { 30 };
        let (seq, ack) = (101 + turn * 10, 301 + turn * 10);
        at(&mut t, ms, true, 7, (seq, ack, 10));
        at(&mut t, 30, false, 9, (ack, seq + 10, 10));
    }
    assert!(t.connection(0).clock_steps().is_empty());
}

/// A clock that was set forward leaves a silence of the whole capture.
#[test]
fn while_others_are_heard_the_clock_goes_on() {
    let mut t = Tape::new();
    t.handshake();
    t.c(A, 101, 301, &[1; 10]);
    let ports = std::mem::replace(&mut t.ports, (6000, 7000));
    for _ in 0..10 {
        t.ms(1_000).c(S, 900, 0, b"");
    }
    t.ports = ports;
    t.s(A, 301, 111, b"");
    assert!(t.connection(0).clock_steps().is_empty());
}

/// Some captures leave out acknowledgments without data: then an answer tells nothing of when the data was acknowledged.
#[test]
fn where_no_bare_acknowledgment_is_seen_an_answer_tells_no_step() {
    let mut t = Tape::new();
    t.c(S, 100, 0, b"");
    t.ms(20).s(S | A, 300, 101, b"");
    for turn in 0..3 {
        let (seq, ack) = (101 + turn * 10, 301 + turn * 10);
        t.c(A, seq, ack, &[1; 10]);
        t.ms(if turn == 2 { 10_000 } else { 20 }).s(A, ack, seq + 10, &[2; 10]);
    }
    assert!(t.connection(0).clock_steps().is_empty());
}
