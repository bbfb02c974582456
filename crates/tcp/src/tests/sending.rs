//! What the program writes leaves: segments, windows, Nagle, probes, keepalives.

use wire::tcp::State;

use super::lab::{Lab, ms, plain};
use crate::{Config, Errno, Keepalive};

fn lab() -> Lab {
    Lab::established(plain(), "mss 1000")
}

#[test]
fn a_write_leaves_in_segments_and_the_last_pushes() {
    let mut lab = lab();
    lab.write(2500);
    lab.sends("ACK seq 1 len 1000");
    lab.sends("ACK seq 1001 len 1000");
    lab.sends("PSH ACK seq 2001 len 500");
    lab.quiet();
    lab.gets("ACK seq 1 ack 2501");
    assert_eq!(lab.conn.info().bytes_acked, 2500);
}

#[test]
fn rfc_9293_section_3_7_4_nagle_holds_a_small_segment_while_another_is_out() {
    let mut lab = lab();
    lab.write(10);
    lab.sends("PSH ACK seq 1 len 10");
    lab.write(10);
    lab.write(10);
    lab.quiet();
    lab.says("tcp.nagle");
    lab.gets("ACK seq 1 ack 11");
    lab.sends("PSH ACK seq 11 len 20");
    // A full segment is not held.
    lab.write(1000);
    lab.sends("ACK seq 31 len 1000");
    // Linux's refinement: full segments that are out hold nothing back.
    lab.gets("ACK seq 1 ack 31");
    lab.write(5);
    lab.sends("PSH ACK seq 1031 len 5");
}

#[test]
fn without_nagle_every_write_leaves_at_once() {
    let mut lab = Lab::established(Config { nagle: false, ..plain() }, "mss 1000");
    for i in 0..5 {
        lab.write(10);
        lab.sends(&format!("PSH ACK seq {} len 10", 1 + i * 10));
    }
    let mut lab = self::lab();
    lab.write(10);
    lab.write(10);
    lab.sends("PSH ACK seq 1 len 10");
    lab.command(|conn, cx| conn.set_nodelay(true, cx));
    lab.sends("PSH ACK seq 11 len 10");
}

#[test]
fn closing_releases_what_nagle_holds() {
    let mut lab = lab();
    lab.write(10);
    lab.write(10);
    lab.sends("PSH ACK seq 1 len 10");
    lab.shutdown();
    lab.sends("FIN PSH ACK seq 11 len 10");
}

#[test]
fn rfc_9293_section_3_8_6_2_1_the_sender_avoids_silly_segments() {
    let mut lab = Lab::established(plain(), "mss 1000 win 2000");
    lab.write(4000);
    lab.sends("ACK seq 1 len 1000");
    lab.sends("ACK seq 1001 len 1000");
    // 300 bytes of window are neither a segment nor half of the largest window.
    lab.gets("ACK seq 1 ack 2001 win 300");
    lab.quiet();
    lab.gets("ACK seq 1 ack 2001 win 1000");
    lab.sends("ACK seq 2001 len 1000");
}

#[test]
fn rfc_9293_section_3_8_6_2_1_half_of_a_small_window_is_worth_it() {
    let mut lab = Lab::established(plain(), "mss 1000 win 600");
    lab.write(900);
    lab.sends("ACK seq 1 len 600");
    lab.gets("ACK seq 1 ack 601 win 200");
    lab.quiet();
    lab.gets("ACK seq 1 ack 601 win 300");
    lab.sends("PSH ACK seq 601 len 300");
}

#[test]
fn a_small_window_is_used_after_all_when_the_timer_runs_out() {
    // RFC 9293 §3.8.6.2.1, (4): the override timeout; as on Linux the probe timer serves for it.
    let mut lab = Lab::established(plain(), "mss 1000 win 2000");
    lab.write(4000);
    lab.skip();
    lab.gets("ACK seq 1 ack 2001 win 300");
    lab.wait(ms(1000));
    lab.sends_at(200, "ACK seq 2001 len 300");
    // From then on it is data in flight like any other.
    lab.wait(ms(1000));
    lab.sends_at(400, "ACK seq 2001 len 300");
    lab.sends_at(800, "ACK seq 2001 len 300");
    assert_eq!(lab.count("tcp.probe"), 1);
}

#[test]
fn rfc_9293_section_3_8_6_1_a_closed_window_is_probed_with_a_byte_at_doubling_intervals() {
    let mut lab = Lab::established(plain(), "mss 1000 win 1000");
    lab.write(1500);
    lab.sends("ACK seq 1 len 1000");
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 1001 win 0");
    lab.says("tcp.window_closed");
    lab.quiet();
    // The samples were 0 and 100 ms: SRTT 12.5, RTO 212.5. The probes follow at 1, 2, 4 ... times that.
    let rto = base::Duration::from_micros(212_500);
    assert_eq!(lab.conn.info().rto, rto);
    for i in 0..6 {
        let next = lab.conn.poll_timeout() - lab.now;
        assert_eq!(next, rto * (1 << i));
        lab.wait(next);
        lab.sends("ACK seq 1001 len 1");
        lab.gets("ACK seq 1 ack 1001 win 0");
    }
    lab.quiet();
    // It opens: the probe's byte goes out with its neighbours.
    lab.gets("ACK seq 1 ack 1001 win 1000");
    lab.says("tcp.window_opened");
    lab.sends("PSH ACK seq 1001 len 500");
    assert_eq!(lab.conn.info().cwnd, 10_000, "no congestion was seen");
    lab.gets("ACK seq 1 ack 1501 win 1000");
    assert_eq!(lab.conn.info().in_flight, 0);
}

#[test]
fn a_probe_that_is_taken_counts() {
    let mut lab = Lab::established(plain(), "mss 1000 win 1000");
    lab.write(1500);
    lab.skip();
    lab.gets("ACK seq 1 ack 1001 win 0");
    lab.wait(ms(500));
    lab.sends_at(200, "ACK seq 1001 len 1");
    lab.gets("ACK seq 1 ack 1002 win 2000");
    lab.sends("PSH ACK seq 1002 len 499");
}

#[test]
fn rfc_9293_section_3_8_6_1_probes_go_on_as_long_as_they_are_answered() {
    // MUST-37.
    let mut lab = Lab::established(plain(), "mss 1000 win 1000");
    lab.write(1500);
    lab.skip();
    lab.gets("ACK seq 1 ack 1001 win 0");
    for _ in 0..40 {
        lab.wait(ms(120_000));
        if lab.skip() > 0 {
            lab.gets("ACK seq 1 ack 1001 win 0");
        }
    }
    lab.is(State::ESTABLISHED);
    // And end when they are not.
    lab.wait(ms(3_600_000));
    lab.is(State::CLOSED);
    assert_eq!(lab.conn.error(), Some(Errno::TimedOut));
    lab.skip();
}

#[test]
fn a_fin_waits_for_a_closed_window_too() {
    let mut lab = Lab::established(plain(), "mss 1000 win 1000");
    lab.write(1000);
    lab.sends("PSH ACK seq 1 len 1000");
    lab.gets("ACK seq 1 ack 1001 win 0");
    lab.close();
    lab.quiet();
    lab.wait(ms(250));
    lab.sends_at(200, "FIN ACK seq 1001 len 0");
    lab.gets("ACK seq 1 ack 1001 win 10");
    lab.sends("FIN ACK seq 1001 len 0");
    lab.gets("ACK seq 1 ack 1002 win 10");
    lab.is(State::FIN_WAIT_2);
}

#[test]
fn the_window_may_shrink_under_what_is_in_flight() {
    // RFC 9293 §3.8.6 (MUST-34): be robust, retransmit it all the same.
    let mut lab = Lab::established(plain(), "mss 1000 win 3000");
    lab.write(3000);
    assert_eq!(lab.skip(), 3);
    lab.gets("ACK seq 1 ack 1001 win 500");
    lab.quiet();
    lab.wait(ms(250));
    lab.sends_at(200, "ACK seq 1001 len 1000");
}

#[test]
fn the_send_buffer_has_a_limit() {
    let mut lab = Lab::established(Config { send_buffer: 3000, ..plain() }, "mss 1000");
    assert_eq!(lab.try_write(5000), Ok(3000));
    assert_eq!(lab.try_write(1), Err(Errno::WouldBlock));
    assert!(!lab.conn.ready().writable);
    lab.gets("ACK seq 1 ack 1001");
    assert!(lab.conn.ready().writable);
    assert_eq!(lab.try_write(5000), Ok(1000));
    lab.skip();
}

#[test]
fn nothing_is_written_before_the_connection_is_complete() {
    let mut lab = Lab::connect(plain());
    assert_eq!(lab.try_write(1), Err(Errno::WouldBlock));
    assert!(!lab.conn.ready().writable && !lab.conn.ready().connected);
    lab.skip();
}

#[test]
fn rfc_9293_section_3_8_4_keepalives_ask_and_give_up() {
    let keepalive = Keepalive { idle: ms(10_000), interval: ms(1000), probes: 3 };
    let mut lab = Lab::established(Config { keepalive: Some(keepalive), ..plain() }, "mss 1000");
    lab.wait(ms(10_000));
    lab.sends_at(10_000, "ACK seq 0 ack 1 len 0");
    lab.gets("ACK seq 1 ack 1");
    lab.wait(ms(5000));
    // Whatever arrives begins the silence anew.
    lab.gets("ACK seq 1 ack 1");
    lab.quiet();
    lab.wait(ms(60_000));
    for at in [25_000, 26_000, 27_000] {
        lab.sends_at(at, "ACK seq 0 ack 1 len 0");
    }
    lab.sends_at(28_000, "RST ACK seq 1 ack 1");
    lab.is(State::CLOSED);
    assert_eq!(lab.conn.error(), Some(Errno::TimedOut));
}

#[test]
fn keepalives_are_off_unless_asked_for() {
    let mut lab = lab();
    lab.wait(ms(100 * 86_400_000));
    lab.quiet();
    lab.is(State::ESTABLISHED);
    lab.command(|conn, cx| conn.set_keepalive(Some(Keepalive::default()), cx));
    lab.wait(ms(1));
    lab.sends("ACK seq 0 ack 1 len 0");
    lab.gets("ACK seq 1 ack 1");
    lab.command(|conn, cx| conn.set_keepalive(None, cx));
    lab.wait(ms(86_400_000));
    lab.quiet();
}

#[test]
fn a_keepalive_is_answered() {
    let mut lab = lab();
    lab.gets("ACK seq 0 ack 1");
    lab.sends("ACK seq 1 ack 1");
    // With a byte of nothing, as some send it.
    lab.gets("ACK seq 0 ack 1 len 1");
    lab.sends("ACK seq 1 ack 1");
}

#[test]
fn rfc_9293_section_3_8_3_a_user_timeout_ends_what_is_not_acknowledged() {
    let mut lab = lab();
    lab.command(|conn, _| conn.set_user_timeout(Some(ms(5000))));
    lab.write(10);
    lab.wait(ms(60_000));
    lab.is(State::CLOSED);
    assert_eq!(lab.conn.error(), Some(Errno::TimedOut));
    // 0, 0.2, 0.6, 1.4, 3; the timer at 6.2 s is the first behind 5 s.
    assert_eq!(lab.skip(), 5);
}

#[test]
fn each_segment_knows_why_it_was_sent_and_which_write_it_serves() {
    let mut lab = Lab::established(plain(), "mss 1000 win 1000");
    lab.write(2000);
    lab.gets("ACK seq 1 ack 1001 win 1000");
    let trace = lab.recorder.trace();
    let sent: Vec<_> = trace.events.iter().filter(|event| event.kind.id == "tcp.sent").collect();
    let kind = |id| trace.event(id).map(|event| event.kind.id);
    let [.., first, second] = sent.as_slice() else { panic!() };
    assert_eq!((kind(first.cause), first.because), (Some("tcp.written"), None));
    assert_eq!(kind(second.cause), Some("tcp.received"));
    assert_eq!(second.because, Some(first.cause), "an ACK released it, the write supplied it");
    lab.skip();
}

#[test]
fn a_full_window_is_told_once_and_is_not_a_closed_one() {
    let mut lab = Lab::established(plain(), "mss 1000 win 2000");
    lab.write(10_000);
    for i in 1..8 {
        lab.gets(&format!("ACK seq 1 ack {} win 2000", 1 + i * 1000));
    }
    assert_eq!((lab.count("tcp.window_used_up"), lab.count("tcp.window_closed")), (1, 0));
    lab.skip();
}

#[test]
fn a_connection_is_small() {
    // A thousand of them, and a thousand more in TIME-WAIT, are a few megabytes without their buffers.
    assert!(size_of::<crate::Connection>() <= 2048, "{} bytes", size_of::<crate::Connection>());
}
