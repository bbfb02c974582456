//! Closing, from both sides, from one, at once, by force; and TIME-WAIT.

use wire::tcp::{Flags, State};

use super::lab::{Lab, THEIRS, ms, plain};
use crate::{Config, Errno, Segment};

fn lab() -> Lab {
    Lab::established(plain(), "mss 1000")
}

#[test]
fn rfc_9293_section_3_6_figure_12_the_normal_close() {
    let mut lab = lab();
    lab.close();
    lab.is(State::FIN_WAIT_1);
    lab.sends("FIN ACK seq 1 ack 1");
    lab.gets("ACK seq 1 ack 2");
    lab.is(State::FIN_WAIT_2);
    lab.gets("FIN ACK seq 1 ack 2");
    lab.is(State::TIME_WAIT);
    lab.sends("ACK seq 2 ack 2");
    lab.wait(ms(59_999));
    lab.is(State::TIME_WAIT);
    lab.wait(ms(1));
    lab.is(State::CLOSED);
    lab.quiet();
    assert_eq!(lab.conn.error(), None);
}

#[test]
fn the_passive_close() {
    let mut lab = lab();
    lab.gets("FIN ACK seq 1 ack 1");
    lab.is(State::CLOSE_WAIT);
    lab.sends("ACK seq 1 ack 2");
    assert_eq!(lab.read(10), Ok(0), "the end of the stream");
    // Half closed: this direction is open (RFC 9293 §3.6.1).
    lab.write(5);
    lab.sends("PSH ACK seq 1 ack 2 len 5");
    lab.gets("ACK seq 2 ack 6");
    lab.close();
    lab.is(State::LAST_ACK);
    lab.sends("FIN ACK seq 6 ack 2");
    lab.gets("ACK seq 2 ack 7");
    lab.is(State::CLOSED);
    lab.quiet();
}

#[test]
fn rfc_9293_section_3_6_figure_13_both_close_at_the_same_time() {
    let mut lab = lab();
    lab.close();
    lab.sends("FIN ACK seq 1 ack 1");
    lab.gets("FIN ACK seq 1 ack 1");
    lab.is(State::CLOSING);
    lab.sends("ACK seq 2 ack 2");
    lab.gets("ACK seq 2 ack 2");
    lab.is(State::TIME_WAIT);
    lab.quiet();
}

#[test]
fn a_fin_that_acknowledges_ours_goes_straight_to_time_wait() {
    // Figure 5, note 2: FIN-WAIT-2 is skipped.
    let mut lab = lab();
    lab.close();
    lab.sends("FIN ACK seq 1 ack 1");
    lab.gets("FIN ACK seq 1 ack 2");
    lab.sends("ACK seq 2 ack 2");
    lab.is(State::TIME_WAIT);
    let states: Vec<_> = lab.recorder.trace().events.iter().filter(|e| e.kind.id == "tcp.state").collect();
    assert_eq!(states.last().map(|e| e.args[0]), Some(u64::from(State::FIN_WAIT_1.0)));
}

#[test]
fn the_fin_follows_the_data_and_rides_on_the_last_of_it() {
    let mut lab = Lab::established(plain(), "mss 1000 win 1500");
    lab.write(1800);
    lab.sends("ACK seq 1 len 1000");
    lab.close();
    lab.is(State::FIN_WAIT_1);
    lab.quiet();
    lab.gets("ACK seq 1 ack 1001 win 1500");
    lab.sends("FIN PSH ACK seq 1001 len 800");
    lab.gets("ACK seq 1 ack 1801 win 1500");
    lab.is(State::FIN_WAIT_1);
    lab.gets("ACK seq 1 ack 1802 win 1500");
    lab.is(State::FIN_WAIT_2);
}

#[test]
fn half_close_lets_the_other_side_send_on() {
    let mut lab = lab();
    lab.shutdown();
    lab.sends("FIN ACK seq 1 ack 1");
    assert_eq!(lab.try_write(1), Err(Errno::BrokenPipe));
    lab.gets("ACK seq 1 ack 2");
    lab.is(State::FIN_WAIT_2);
    lab.gets("ACK seq 1 ack 2 len 100");
    lab.sends("ACK seq 2 ack 101");
    assert_eq!(lab.read(1000), Ok(100));
    lab.wait(ms(3_600_000));
    lab.is(State::FIN_WAIT_2);
    lab.gets("FIN ACK seq 101 ack 2");
    lab.sends("ACK seq 2 ack 102");
    lab.is(State::TIME_WAIT);
}

#[test]
fn a_lost_fin_is_sent_again() {
    let mut lab = lab();
    lab.close();
    lab.sends_at(0, "FIN ACK seq 1 ack 1");
    lab.wait(ms(3000));
    lab.sends_at(200, "FIN ACK seq 1 ack 1");
    lab.sends_at(600, "FIN ACK seq 1 ack 1");
}

#[test]
fn rfc_9293_section_3_10_7_4_a_repeated_fin_restarts_time_wait() {
    let mut lab = lab();
    lab.close();
    lab.gets("FIN ACK seq 1 ack 2");
    lab.skip();
    lab.wait(ms(50_000));
    lab.gets("FIN ACK seq 1 ack 2");
    lab.sends("ACK seq 2 ack 2");
    lab.wait(ms(59_000));
    lab.is(State::TIME_WAIT);
    lab.wait(ms(1000));
    lab.is(State::CLOSED);
}

#[test]
fn fin_behind_a_gap_waits_for_what_is_missing() {
    let mut lab = lab();
    lab.gets("FIN ACK seq 11 ack 1 len 10");
    lab.sends("ACK ack 1");
    lab.is(State::ESTABLISHED);
    lab.gets("ACK seq 1 ack 1 len 10");
    lab.sends("ACK ack 22");
    lab.is(State::CLOSE_WAIT);
    assert_eq!(lab.read(100), Ok(20));
    assert_eq!(lab.read(100), Ok(0));
}

#[test]
fn rfc_2525_section_2_17_closing_with_unread_data_resets() {
    let mut lab = lab();
    lab.gets("ACK seq 1 ack 1 len 10");
    lab.sends("ACK ack 11");
    lab.close();
    lab.sends("RST ACK seq 1 ack 11");
    lab.is(State::CLOSED);
    lab.says("tcp.unread_data");
}

#[test]
fn rfc_9293_section_3_6_1_data_for_a_program_that_is_gone_is_reset() {
    let mut lab = lab();
    lab.close();
    lab.sends("FIN ACK seq 1 ack 1");
    lab.gets("ACK seq 1 ack 2");
    lab.gets("ACK seq 1 ack 2 len 10");
    lab.sends("RST seq 2");
    lab.is(State::CLOSED);
    lab.says("tcp.data_after_close");
}

#[test]
fn rfc_9293_section_3_10_5_abort_resets_at_once() {
    let mut lab = Lab::established(plain(), "mss 1000 win 500");
    lab.write(800);
    lab.sends("ACK seq 1 len 500");
    lab.abort();
    lab.sends("RST ACK seq 501 ack 1");
    lab.is(State::CLOSED);
    lab.quiet();
}

#[test]
fn fin_wait_2_without_a_program_lasts_a_minute() {
    // Linux's tcp_fin_timeout.
    let mut lab = lab();
    lab.close();
    lab.sends("FIN ACK seq 1");
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 2");
    lab.is(State::FIN_WAIT_2);
    lab.wait(ms(59_999));
    lab.is(State::FIN_WAIT_2);
    lab.wait(ms(1));
    lab.is(State::CLOSED);
    lab.quiet();
}

#[test]
fn a_half_open_connection_that_is_closed_sends_its_fin() {
    // RFC 9293 §3.10.4, SYN-RECEIVED.
    let mut lab = Lab::listen(plain(), "SYN seq 0 mss 1000");
    lab.sends("SYN ACK seq 0 ack 1");
    lab.close();
    lab.is(State::FIN_WAIT_1);
    lab.sends("FIN ACK seq 1 ack 1");
    lab.gets("ACK seq 1 ack 2");
    lab.is(State::FIN_WAIT_2);
    lab.gets("FIN ACK seq 1 ack 2");
    lab.sends("ACK seq 2 ack 2");
    lab.is(State::TIME_WAIT);
}

#[test]
fn resets_while_closing() {
    // RFC 9293 §3.10.7.4, second: in CLOSING, LAST-ACK and TIME-WAIT nothing is left to complain of.
    for (steps, error) in [
        (&["FIN ACK seq 1 ack 1", "RST seq 2"][..], None),
        (&["FIN ACK seq 1 ack 2", "RST seq 2"], None),
        (&["ACK seq 1 ack 2", "RST seq 1"], Some(Errno::ConnectionReset)),
        (&["RST seq 1"], Some(Errno::ConnectionReset)),
    ] {
        let mut lab = lab();
        lab.close();
        steps.iter().for_each(|text| lab.gets(text));
        lab.is(State::CLOSED);
        assert_eq!(lab.conn.error(), error, "{steps:?}");
    }
}

#[test]
fn rfc_6191_a_new_syn_may_end_time_wait() {
    let syn = |seq: u32, ts: Option<(u32, u32)>| {
        let mut syn = Segment { seq: THEIRS + seq, flags: Flags::SYN, ..Segment::default() };
        syn.options.timestamps = ts;
        syn
    };
    let time_wait = |config: Config, more: &str| {
        let mut lab = Lab::established(config, &format!("mss 1000 {more}"));
        lab.close();
        lab.gets(&format!("FIN ACK seq 1 ack 2 {more}"));
        lab.is(State::TIME_WAIT);
        lab.skip();
        lab
    };
    // By its number (RFC 1122 §4.2.2.13): greater than the largest of the old incarnation.
    for (seq, may) in [(1, false), (0, false), (2, true), (3, true), (1_000_000, true)] {
        let mut lab = time_wait(plain(), "");
        let least = lab.command(|conn, cx| conn.reopen(&syn(seq, None), cx));
        assert_eq!(least.is_some(), may, "number {seq}");
        assert_eq!(lab.conn.is_closed(), may);
        if let Some(least) = least {
            assert!(least.after(lab.conn.info().snd_nxt));
        }
    }
    // By its timestamp (RFC 6191 §2).
    for (val, seq, may) in [(99, 0, false), (99, 50, false), (100, 0, false), (100, 50, true), (101, 0, true)] {
        let mut lab = time_wait(Config { timestamps: true, ..plain() }, "ts 100:0");
        let least = lab.command(|conn, cx| conn.reopen(&syn(seq, Some((val, 0))), cx));
        assert_eq!(least.is_some(), may, "timestamp {val}, number {seq}");
    }
    let mut mixed = time_wait(Config { timestamps: true, ..plain() }, "ts 100:0");
    assert!(mixed.command(|conn, cx| conn.reopen(&syn(50, None), cx)).is_some(), "without one, the number decides");
    // Not in another state.
    let mut lab = lab();
    assert_eq!(lab.command(|conn, cx| conn.reopen(&syn(1000, None), cx)), None);
}

#[test]
fn the_peer_sees_what_was_written_before_close() {
    let mut lab = Lab::established(plain(), "mss 1000 win 1000");
    lab.write(3000);
    lab.close();
    lab.sends("ACK seq 1 len 1000");
    lab.gets("ACK seq 1 ack 1001 win 1000");
    lab.sends("ACK seq 1001 len 1000");
    lab.gets("ACK seq 1 ack 2001 win 1000");
    // The window has room for the data alone; the FIN waits its turn.
    lab.sends("PSH ACK seq 2001 len 1000");
    lab.gets("ACK seq 1 ack 3001 win 1000");
    lab.sends("FIN ACK seq 3001 len 0");
}

#[test]
fn repeated_fins_are_always_answered() {
    // They cannot be part of a loop of acknowledgments, so RFC 5961 §7's limit is not for them.
    let mut lab = lab();
    lab.gets("FIN ACK seq 1 ack 1");
    lab.sends("ACK ack 2");
    for _ in 0..3 {
        lab.gets("FIN ACK seq 1 ack 1");
        lab.sends("ACK ack 2");
    }
}

#[test]
fn without_a_program_data_is_sent_again_eight_times() {
    // Linux's tcp_orphan_retries.
    let mut lab = lab();
    lab.write(10);
    lab.close();
    lab.wait(ms(3_600_000));
    assert_eq!(
        lab.skip(),
        9 + 1,
        "the data nine times: until it is acknowledged the window is one segment, and the FIN waits"
    );
    lab.is(State::CLOSED);
}
