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
