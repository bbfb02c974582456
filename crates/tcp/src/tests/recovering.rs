//! Loss: timeouts, fast retransmit, NewReno, limited transmit; and the congestion window's ways.

use wire::tcp::State;

use super::lab::{Lab, ms, plain};
use crate::{Config, Errno};

fn lab() -> Lab {
    Lab::established(plain(), "mss 1000")
}

/// Ten segments are out, the handshake took 100 ms.
fn ten_out(config: Config) -> Lab {
    let mut lab = Lab::connect(config);
    lab.wait(ms(100));
    lab.gets("SYN ACK seq 0 ack 1 mss 1000 sackok");
    lab.skip();
    lab.write(30_000);
    for i in 0..10 {
        lab.sends(&format!("ACK seq {} len 1000", 1 + i * 1000));
    }
    lab.quiet();
    lab
}

#[test]
fn rfc_6298_section_5_the_timer_backs_off_and_gives_up_after_fifteen() {
    let mut lab = lab();
    lab.write(10);
    let mut at = 0;
    let mut rto = 200;
    lab.wait(ms(3_600_000));
    for _ in 0..16 {
        lab.sends_at(at, "PSH ACK seq 1 len 10");
        at += rto;
        rto = (rto * 2).min(120_000);
    }
    lab.quiet();
    lab.is(State::CLOSED);
    assert_eq!(lab.conn.error(), Some(Errno::TimedOut));
    // 15 m 24.6 s: what Linux's documentation of tcp_retries2 says.
    assert_eq!(at, 924_600);
}

#[test]
fn rfc_6298_section_3_karn_a_segment_sent_twice_measures_nothing_and_the_backoff_stays() {
    let mut lab = ten_out(plain());
    lab.wait(ms(300));
    lab.sends_at(400, "ACK seq 1 len 1000");
    assert_eq!(lab.conn.info().rto, ms(600));
    lab.wait(ms(50));
    lab.gets("ACK seq 1 ack 1001");
    assert_eq!((lab.conn.info().srtt, lab.conn.info().rto), (ms(100), ms(600)));
    lab.skip();
}

#[test]
fn rfc_7323_section_4_1_with_timestamps_it_does() {
    let mut lab = Lab::connect(Config { timestamps: true, ..plain() });
    lab.wait(ms(100));
    lab.gets("SYN ACK seq 0 ack 1 mss 1000 ts 1:0");
    lab.skip();
    lab.write(10);
    lab.wait(ms(300));
    lab.skip();
    lab.wait(ms(100));
    // The echo is of the retransmission, sent at 400 ms.
    lab.gets("ACK seq 1 ack 11 ts 2:400");
    assert_eq!(lab.conn.info().srtt, ms(100));
    assert!(lab.conn.info().rto < ms(400));
}

#[test]
fn rfc_5681_section_3_1_a_timeout_begins_slow_start_anew_and_sends_what_was_lost() {
    let mut lab = ten_out(Config { frto: false, ..plain() });
    lab.wait(ms(300));
    lab.sends_at(400, "ACK seq 1 len 1000");
    lab.quiet();
    let info = lab.conn.info();
    assert_eq!((info.cwnd, info.ssthresh), (1000, 5000), "one segment; half of what was out");
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 1001");
    lab.sends("ACK seq 1001 len 1000");
    lab.sends("ACK seq 2001 len 1000");
    lab.quiet();
    // The rest had arrived: new data follows.
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 10001");
    lab.sends("ACK seq 10001 len 1000");
    // The threshold is 5: slow start up to there, and the 6 acknowledged above it count for avoidance.
    assert_eq!(lab.conn.info().cwnd, 6000);
    assert_eq!(lab.skip(), 5);
}

#[test]
fn rfc_5681_section_3_2_three_duplicates_have_the_segment_sent_again() {
    let mut lab = ten_out(plain());
    lab.wait(ms(100));
    // Segment 1 is lost; 2 to 10 arrive. RFC 3042: the first two duplicates let a new segment out each.
    lab.gets("ACK seq 1 ack 1");
    lab.sends("ACK seq 10001 len 1000");
    lab.gets("ACK seq 1 ack 1");
    lab.sends("ACK seq 11001 len 1000");
    lab.quiet();
    lab.says("tcp.limited_transmit");
    lab.gets("ACK seq 1 ack 1");
    lab.sends("ACK seq 1 len 1000");
    lab.quiet();
    let info = lab.conn.info();
    assert_eq!((info.ssthresh, info.in_recovery()), (5000, true), "half of 10; limited transmit does not count");
    // RFC 9937 §6.2, without SACK: 12 were out, 5 are to be left; so 5 leave for 12 duplicates, the first at once.
    for sends in [false, true, false, true, false, false, true] {
        lab.gets("ACK seq 1 ack 1");
        assert_eq!(lab.skip(), usize::from(sends), "after {} duplicates", lab.conn.info().dup_acks);
    }
    // The retransmission arrived: all up to the 12th is acknowledged. RFC 6582 §4.1: the recovery is not left yet, or
    // duplicates of the 12th would begin another one.
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 12001");
    assert!(lab.conn.info().in_recovery());
    lab.skip();
    lab.gets("ACK seq 1 ack 13001");
    lab.says("tcp.recovery_done");
    let info = lab.conn.info();
    assert_eq!((info.cwnd, info.in_recovery()), (5000, false));
    lab.skip();
}

#[test]
fn rfc_6582_section_3_2_a_partial_acknowledgment_has_the_next_one_sent_again() {
    let mut lab = ten_out(plain());
    // 1 and 5 are lost: eight duplicates.
    for _ in 0..3 {
        lab.gets("ACK seq 1 ack 1");
    }
    lab.sends("ACK seq 10001 len 1000");
    lab.sends("ACK seq 11001 len 1000");
    lab.sends("ACK seq 1 len 1000");
    lab.gets("ACK seq 1 ack 4001");
    lab.says("tcp.partial_ack");
    // It leaves as RFC 9937 §6.2 lets it: two have arrived since, one was sent; 3 * 5 / 12 is more than one.
    lab.quiet();
    lab.gets("ACK seq 1 ack 4001");
    lab.sends("ACK seq 4001 len 1000");
    assert!(lab.conn.info().in_recovery());
    lab.skip();
    lab.gets("ACK seq 1 ack 12001");
    lab.skip();
    lab.gets("ACK seq 1 ack 13001");
    assert!(!lab.conn.info().in_recovery());
    assert_eq!(lab.count("tcp.recovery"), 1, "one reduction for one window");
    lab.skip();
}

#[test]
fn rfc_6582_section_3_2_duplicates_of_what_a_timeout_sent_again_start_no_recovery() {
    let mut lab = ten_out(Config { frto: false, ..plain() });
    lab.wait(ms(300));
    lab.sends_at(400, "ACK seq 1 len 1000");
    // The whole flight had arrived but its acknowledgments were lost: the receiver answers what is sent twice.
    lab.gets("ACK seq 1 ack 9001");
    lab.sends("ACK seq 9001 len 1000");
    lab.skip();
    for _ in 0..4 {
        lab.gets("ACK seq 1 ack 9001");
    }
    assert!(!lab.conn.info().in_recovery());
    assert_eq!(lab.count("tcp.fast_retransmit"), 0);
    lab.skip();
}

#[test]
fn rfc_5681_section_2_what_is_not_a_duplicate_acknowledgment() {
    let mut lab = ten_out(plain());
    // A window update, data, an acknowledgment of news.
    for win in [60_000, 60_001, 60_002] {
        lab.gets(&format!("ACK seq 1 ack 1 win {win}"));
    }
    lab.gets("ACK seq 1 ack 1 len 10");
    lab.gets("ACK seq 11 ack 1 len 10");
    lab.gets("ACK seq 21 ack 1 len 10");
    assert_eq!(lab.count("tcp.dup_ack"), 0);
    lab.skip();
    // Nothing is out: nothing is duplicated.
    let mut lab = self::lab();
    for _ in 0..5 {
        lab.gets("ACK seq 1 ack 1");
    }
    assert_eq!(lab.count("tcp.dup_ack"), 0);
    lab.quiet();
}

#[test]
fn rfc_5681_section_3_1_slow_start_doubles_each_round_trip() {
    let mut lab = ten_out(plain());
    lab.wait(ms(100));
    let mut acked = 1;
    for _ in 0..5 {
        acked += 2000;
        lab.gets(&format!("ACK seq 1 ack {acked}"));
    }
    assert_eq!(lab.conn.info().cwnd, 20_000);
    assert_eq!(lab.skip(), 20);
}

#[test]
fn rfc_5681_section_4_1_an_idle_connection_begins_with_the_initial_window_again() {
    let mut lab = ten_out(plain());
    lab.wait(ms(100));
    for i in 1..=10 {
        lab.gets(&format!("ACK seq 1 ack {}", 1 + i * 1000));
    }
    lab.skip();
    lab.gets("ACK seq 1 ack 30001");
    assert!(lab.conn.info().cwnd >= 20_000);
    lab.wait(ms(10_000));
    lab.write(30_000);
    lab.says("tcp.idle_restart");
    assert_eq!(lab.conn.info().cwnd, 10_000);
    assert_eq!(lab.skip(), 10);
}

#[test]
fn rfc_6298_section_5_3_an_acknowledgment_restarts_the_timer_and_the_last_one_stops_it() {
    let mut lab = Lab::connect(plain());
    lab.wait(ms(100));
    lab.gets("SYN ACK seq 0 ack 1 mss 1000");
    lab.skip();
    lab.write(2000);
    lab.skip();
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 1001");
    let left = lab.conn.poll_timeout() - lab.now;
    assert_eq!(left, lab.conn.info().rto);
    lab.gets("ACK seq 1 ack 2001");
    assert_eq!(lab.conn.poll_timeout(), base::Instant::NEVER);
}

#[test]
fn the_receivers_window_bounds_what_is_out() {
    let mut lab = Lab::established(plain(), "mss 1000 win 2500");
    lab.write(10_000);
    lab.sends("ACK seq 1 len 1000");
    lab.sends("ACK seq 1001 len 1000");
    lab.quiet();
}

#[test]
fn an_acknowledgment_in_the_middle_of_a_segment_counts_in_part() {
    let mut lab = lab();
    lab.write(1000);
    lab.sends("PSH ACK seq 1 len 1000");
    lab.gets("ACK seq 1 ack 401");
    assert_eq!(lab.conn.info().in_flight, 600);
    lab.wait(ms(1000));
    lab.sends("PSH ACK seq 401 len 600");
    lab.skip();
}
