//! Opening a connection.

use wire::tcp::State;

use super::lab::{Lab, ms, plain};
use crate::{Config, Errno};

#[test]
fn rfc_9293_section_3_5_figure_6_the_three_way_handshake() {
    let mut lab = Lab::connect(plain());
    lab.sends_at(0, "SYN seq 0 len 0 win 65535 mss 1000 ws none ts none");
    lab.quiet();
    lab.is(State::SYN_SENT);
    lab.wait(ms(100));
    lab.gets("SYN ACK seq 0 ack 1 win 3000 mss 500");
    lab.is(State::ESTABLISHED);
    lab.sends_at(100, "ACK seq 1 ack 1 len 0");
    lab.quiet();
    let info = lab.conn.info();
    assert_eq!((info.mss, info.snd_wnd, info.srtt, info.rto), (500, 3000, ms(100), ms(300)));
}

#[test]
fn rfc_9293_section_3_5_the_passive_side() {
    let mut lab = Lab::listen(plain(), "SYN seq 0 mss 1400");
    lab.is(State::SYN_RECEIVED);
    lab.sends("SYN ACK seq 0 ack 1 win 65535 mss 1000");
    lab.quiet();
    lab.wait(ms(50));
    lab.gets("ACK seq 1 ack 1");
    lab.is(State::ESTABLISHED);
    lab.quiet();
    assert_eq!(lab.conn.info().mss, 1000);
}

#[test]
fn rfc_9293_section_3_5_figure_7_simultaneous_open_takes_four_packets() {
    let mut lab = Lab::connect(plain());
    lab.sends("SYN seq 0");
    lab.gets("SYN seq 0");
    lab.is(State::SYN_RECEIVED);
    lab.sends("SYN ACK seq 0 ack 1");
    lab.quiet();
    lab.gets("SYN ACK seq 0 ack 1");
    lab.is(State::ESTABLISHED);
    lab.quiet();
    lab.write(10);
    lab.sends("PSH ACK seq 1 ack 1 len 10");
}

#[test]
fn a_syn_is_sent_again_six_times_and_then_the_connection_is_given_up() {
    // RFC 6298 §5.5; Linux's tcp_syn_retries: 1 + 2 + 4 + 8 + 16 + 32 + 64 s.
    let mut lab = Lab::connect(plain());
    lab.wait(ms(200_000));
    for at in [0, 1, 3, 7, 15, 31, 63] {
        lab.sends_at(at * 1000, "SYN seq 0 ack 0");
    }
    lab.quiet();
    lab.is(State::CLOSED);
    assert_eq!(lab.conn.error(), Some(Errno::TimedOut));
    assert_eq!(lab.now.as_nanos(), 200_000_000_000);
}

#[test]
fn a_syn_ack_is_sent_again_five_times() {
    let mut lab = Lab::listen(plain(), "SYN seq 0");
    lab.wait(ms(200_000));
    for at in [0, 1, 3, 7, 15, 31] {
        lab.sends_at(at * 1000, "SYN ACK seq 0 ack 1");
    }
    lab.quiet();
    lab.is(State::CLOSED);
}

#[test]
fn a_connection_refused() {
    // RFC 9293 §3.10.7.3, second.
    let mut lab = Lab::connect(plain());
    lab.sends("SYN seq 0");
    lab.gets("RST ACK seq 0 ack 1 win 0");
    lab.is(State::CLOSED);
    lab.quiet();
    assert_eq!(lab.conn.error(), Some(Errno::ConnectionRefused));
    assert_eq!(lab.read(10), Err(Errno::ConnectionRefused));
}

#[test]
fn rfc_9293_section_3_10_7_3_a_reset_that_acknowledges_nothing_is_not_believed() {
    let mut lab = Lab::connect(plain());
    lab.sends("SYN seq 0");
    lab.gets("RST seq 0");
    lab.gets("RST ACK seq 0 ack 2");
    lab.is(State::SYN_SENT);
    lab.quiet();
}

#[test]
fn rfc_9293_section_3_5_1_an_old_ack_in_syn_sent_is_answered_with_a_reset() {
    let mut lab = Lab::connect(plain());
    lab.sends("SYN seq 0");
    lab.gets("ACK seq 300 ack 91");
    lab.sends("RST seq 91");
    lab.gets("SYN ACK seq 300 ack 0");
    lab.sends("RST seq 0");
    lab.is(State::SYN_SENT);
    // A segment without SYN and RST is dropped (fifth).
    lab.gets("ACK seq 300 ack 1");
    lab.quiet();
    lab.is(State::SYN_SENT);
}

#[test]
fn options_are_agreed_on_only_if_both_offer_them() {
    let offers = Config { mss: 1460, ..Config::default() };
    for (answer, scale, sack, ts) in [
        ("mss 1460 ws 9 sackok ts 7:0", Some((9, 7)), true, true),
        ("mss 1460", None, false, false),
        ("mss 1460 ws 15", Some((14, 7)), false, false),
        ("mss 1460 sackok", None, true, false),
    ] {
        let mut lab = Lab::connect(offers);
        lab.sends("SYN seq 0 win 65535 mss 1460 ws 7 sackok ts 0:0");
        lab.gets(&format!("SYN ACK seq 0 ack 1 win 100 {answer}"));
        let info = lab.conn.info();
        assert_eq!((info.window_scale, info.sack, info.timestamps), (scale, sack, ts), "{answer}");
        assert_eq!(info.snd_wnd, 100, "RFC 7323 §2.2: the window of a SYN is not scaled");
        assert_eq!(info.mss, if ts { 1448 } else { 1460 });
        lab.sends("ACK seq 1 ack 1");
    }
}

#[test]
fn a_syn_ack_offers_only_what_the_syn_offered() {
    let offers = Config { mss: 1460, ..Config::default() };
    let mut lab = Lab::listen(offers, "SYN seq 0 mss 1460");
    lab.sends("SYN ACK seq 0 ack 1 mss 1460 ws none nosackok ts none");
    let mut lab = Lab::listen(offers, "SYN seq 0 mss 1460 ws 3 ts 77:0");
    lab.sends("SYN ACK seq 0 ack 1 mss 1460 ws 7 nosackok ts 0:77");
}

#[test]
fn without_an_mss_option_536_is_assumed() {
    // RFC 9293 §3.7.1, MUST-15.
    let lab = Lab::established(plain(), "");
    assert_eq!(lab.conn.info().mss, 536);
}

#[test]
fn the_window_is_scaled_from_the_first_segment_behind_the_syn() {
    // RFC 7323 §2.2.
    let config = Config { window_scale: true, receive_buffer: 1 << 20, ..plain() };
    let mut lab = Lab::connect(config);
    lab.sends("SYN seq 0 win 65535 ws 5");
    lab.gets("SYN ACK seq 0 ack 1 win 1000 mss 1000 ws 2");
    lab.sends("ACK seq 1 ack 1 win 32768");
    lab.gets("ACK seq 1 ack 1 win 1000");
    assert_eq!(lab.conn.info().snd_wnd, 4000);
}

#[test]
fn data_on_a_syn_is_left_for_the_other_side_to_send_again() {
    // RFC 9293 §3.10.7.2 would queue it; as on Linux it is taken with a cookie of Fast Open alone (docs/deviations.md).
    let mut lab = Lab::listen(plain(), "SYN seq 0 len 100");
    lab.sends("SYN ACK seq 0 ack 1");
    assert!(!lab.conn.ready().readable);
    lab.gets("ACK seq 1 ack 1 len 100");
    assert!(lab.conn.ready().readable);
    assert_eq!(lab.read_bytes().len(), 100);
}

#[test]
fn data_on_a_syn_ack_is_taken() {
    let mut lab = Lab::connect(plain());
    lab.sends("SYN seq 0");
    lab.gets("SYN ACK seq 0 ack 1 mss 1000 len 20");
    lab.sends("ACK seq 1 ack 21");
    assert_eq!(lab.read(100), Ok(20));
}

#[test]
fn a_repeated_syn_has_the_syn_ack_repeated() {
    let mut lab = Lab::listen(plain(), "SYN seq 0");
    lab.sends("SYN ACK seq 0 ack 1");
    lab.gets("SYN seq 0");
    lab.sends("SYN ACK seq 0 ack 1");
    lab.quiet();
    lab.gets("ACK seq 1 ack 1");
    lab.is(State::ESTABLISHED);
}

#[test]
fn rfc_9293_section_3_10_7_4_half_open_after_a_passive_open_a_reset_returns_it_to_the_listener() {
    let mut lab = Lab::listen(plain(), "SYN seq 0");
    lab.sends("SYN ACK seq 0 ack 1");
    lab.gets("RST seq 1");
    assert!(lab.conn.is_closed());
    assert_eq!(lab.conn.error(), None);
    lab.quiet();
}

#[test]
fn rfc_9293_section_3_10_7_4_half_open_a_wrong_acknowledgment_is_reset() {
    let mut lab = Lab::listen(plain(), "SYN seq 0");
    lab.sends("SYN ACK seq 0 ack 1");
    lab.gets("ACK seq 1 ack 2");
    lab.sends("RST seq 2");
    lab.is(State::SYN_RECEIVED);
    lab.gets("ACK seq 1 ack 1 len 5");
    lab.is(State::ESTABLISHED);
    lab.sends("ACK seq 1 ack 6");
}

#[test]
fn rfc_6928_section_2_the_initial_window_is_one_segment_after_two_lost_syns() {
    for (lost, cwnd) in [(0, 10_000), (1, 10_000), (2, 1000)] {
        let mut lab = Lab::connect(plain());
        lab.wait(ms([0, 1000, 3000][lost]));
        lab.skip();
        lab.gets("SYN ACK seq 0 ack 1 mss 1000");
        assert_eq!(lab.conn.info().cwnd, cwnd, "{lost} SYNs lost");
    }
}

#[test]
fn rfc_6298_section_5_7_after_a_lost_syn_the_timeout_is_three_seconds() {
    let mut lab = Lab::connect(plain());
    lab.wait(ms(1000));
    lab.skip();
    lab.gets("SYN ACK seq 0 ack 1 mss 1000");
    assert_eq!(lab.conn.info().rto, ms(3000));
    lab.skip();
    lab.write(10);
    lab.sends_at(1000, "ACK seq 1 len 10");
    lab.wait(ms(3000));
    lab.sends_at(4000, "ACK seq 1 len 10");
}

#[test]
fn with_timestamps_a_lost_syn_still_gives_a_round_trip() {
    // RFC 7323 §4.1: the echo tells which SYN was answered.
    let mut lab = Lab::connect(Config { timestamps: true, ..plain() });
    lab.wait(ms(1000));
    lab.sends("SYN seq 0 ts 0:0");
    lab.sends("SYN seq 0 ts 1000:0");
    lab.wait(ms(30));
    lab.gets("SYN ACK seq 0 ack 1 mss 1000 ts 500:1000");
    assert_eq!(lab.conn.info().srtt, ms(30));
}

#[test]
fn closing_before_the_answer_ends_it() {
    // RFC 9293 §3.10.4, SYN-SENT.
    let mut lab = Lab::connect(plain());
    lab.sends("SYN seq 0");
    lab.close();
    lab.is(State::CLOSED);
    lab.quiet();
    lab.gets("SYN ACK seq 0 ack 1");
    lab.sends("RST seq 1");
}

#[test]
fn a_repeated_syn_ack_is_acknowledged_again() {
    // Our last ACK of the handshake was lost.
    let mut lab = Lab::established(plain(), "mss 1000");
    lab.gets("SYN ACK seq 0 ack 1");
    lab.sends("ACK seq 1 ack 1");
    lab.is(State::ESTABLISHED);
}

#[test]
fn rfc_9293_section_3_5_1_figure_9_a_peer_that_forgot_the_connection_resets_it() {
    let mut lab = Lab::established(plain(), "mss 1000");
    lab.gets("SYN seq 400");
    lab.sends("ACK seq 1 ack 1");
    // The acknowledgment means nothing to the peer: <SEQ=SEG.ACK><CTL=RST>.
    lab.gets("RST seq 1");
    lab.is(State::CLOSED);
}

#[test]
fn what_arrives_after_the_end_is_reset() {
    let mut lab = Lab::connect(plain());
    lab.sends("SYN seq 0");
    lab.gets("RST ACK seq 0 ack 1");
    lab.gets("ACK seq 1 ack 1 len 10");
    lab.sends("RST seq 1");
    lab.says("tcp.gone");
    lab.gets("RST seq 1");
    lab.quiet();
}
