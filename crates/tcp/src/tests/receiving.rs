//! Segments that arrive: which are acceptable, what is kept, when it is acknowledged.

use wire::tcp::State;

use super::lab::{Lab, ms, plain};
use crate::{Config, Errno};

fn lab() -> Lab {
    Lab::established(plain(), "mss 1000")
}

#[test]
fn data_in_order_is_delivered_and_acknowledged() {
    let mut lab = lab();
    lab.gets("PSH ACK seq 1 ack 1 len 5");
    lab.sends("ACK seq 1 ack 6");
    assert_eq!(lab.read_bytes(), [1, 2, 3, 4, 5]);
    assert_eq!(lab.read(10), Err(Errno::WouldBlock));
    lab.quiet();
}

#[test]
fn rfc_5681_section_4_2_data_behind_a_gap_is_acknowledged_at_once_and_so_is_what_fills_it() {
    let mut lab = lab();
    lab.gets("ACK seq 11 ack 1 len 10");
    lab.sends("ACK seq 1 ack 1");
    lab.gets("ACK seq 31 ack 1 len 10");
    lab.sends("ACK seq 1 ack 1");
    assert_eq!(lab.read(100), Err(Errno::WouldBlock));
    lab.gets("ACK seq 1 ack 1 len 10");
    lab.sends("ACK seq 1 ack 21");
    lab.gets("ACK seq 21 ack 1 len 10");
    lab.sends("ACK seq 1 ack 41");
    assert_eq!(lab.read_bytes(), (1..=40).collect::<Vec<u8>>());
    lab.quiet();
}

#[test]
fn rfc_9293_section_3_10_7_4_a_segment_is_trimmed_to_the_window_and_what_is_known_is_not_taken_twice() {
    let mut lab = Lab::established(Config { receive_buffer: 100, ..plain() }, "mss 1000");
    lab.gets("ACK seq 1 ack 1 len 20");
    lab.sends("ACK ack 21 win 80");
    // Old in front, new behind.
    lab.gets("ACK seq 11 ack 1 len 20");
    lab.sends("ACK ack 31 win 70");
    // 70 are left of the window: the rest is cut off, and with it the FIN.
    lab.gets("FIN ACK seq 31 ack 1 len 90");
    lab.sends("ACK ack 101 win 0");
    lab.is(State::ESTABLISHED);
    assert_eq!(lab.read_bytes(), (1..=100).collect::<Vec<u8>>());
    lab.sends("ACK ack 101 win 100");
}

#[test]
fn rfc_9293_section_3_10_7_4_what_lies_outside_the_window_is_answered_with_an_ack_and_dropped() {
    let mut lab = Lab::established(Config { receive_buffer: 1000, ..plain() }, "mss 1000");
    for text in ["ACK seq 1001 ack 1 len 1", "ACK seq 5000 ack 1 len 10", "ACK seq 5000 ack 1"] {
        lab.gets(text);
        lab.sends("ACK seq 1 ack 1");
        lab.quiet();
        lab.says("tcp.unacceptable");
    }
    lab.gets("ACK seq -100 ack 1 len 101");
    lab.says("tcp.duplicate");
    lab.sends("ACK seq 1 ack 1");
    assert_eq!(lab.read(100), Err(Errno::WouldBlock));
}

#[test]
fn a_retransmission_that_was_not_needed_is_acknowledged() {
    let mut lab = lab();
    lab.gets("ACK seq 1 ack 1 len 10");
    lab.sends("ACK ack 11");
    lab.gets("ACK seq 1 ack 1 len 10");
    lab.sends("ACK ack 11");
    lab.says("tcp.duplicate");
    assert_eq!(lab.read(100), Ok(10));
}

#[test]
fn a_segment_without_ack_is_dropped() {
    // RFC 9293 §3.10.7.4, fifth.
    let mut lab = lab();
    lab.gets("PSH seq 1 len 10");
    lab.quiet();
    assert_eq!(lab.read(100), Err(Errno::WouldBlock));
}

#[test]
fn rfc_6093_section_2_the_last_urgent_byte_stands_aside() {
    // RFC 9293 §3.8.5: the pointer stands behind the third byte.
    let mut lab = lab();
    lab.gets("PSH ACK URG seq 1 ack 1 len 10 urg 3");
    lab.says("tcp.urgent");
    lab.sends("ACK ack 11");
    assert_eq!(lab.read(100), Ok(2), "up to it");
    assert_eq!(lab.read(100), Ok(7), "and behind it");
}

#[test]
fn linux_acknowledges_the_first_segments_at_once_and_then_delays() {
    let mut lab = lab();
    // Sixteen quick acknowledgments.
    for i in 0..16 {
        lab.gets(&format!("ACK seq {} ack 1 len 100", 1 + i * 100));
        lab.sends(&format!("ACK ack {}", 101 + i * 100));
        lab.wait(ms(1));
    }
    // Then 40 ms and up for less than two full segments.
    lab.gets("ACK seq 1601 ack 1 len 100");
    lab.quiet();
    lab.wait(ms(100));
    lab.sends_at(16 + 40, "ACK ack 1701");
    lab.quiet();
}

#[test]
fn rfc_5681_section_4_2_every_second_full_segment_is_acknowledged() {
    let mut lab = lab();
    let mut seq = 1;
    for _ in 0..16 {
        lab.gets(&format!("ACK seq {seq} ack 1 len 1000"));
        seq += 1000;
    }
    assert_eq!(lab.skip(), 16);
    for _ in 0..5 {
        lab.gets(&format!("ACK seq {seq} ack 1 len 1000"));
        lab.quiet();
        lab.gets(&format!("ACK seq {} ack 1 len 1000", seq + 1000));
        seq += 2000;
        lab.sends(&format!("ACK ack {seq}"));
    }
}

#[test]
fn an_answer_carries_the_acknowledgment() {
    let mut lab = lab();
    // The first exchange shows that data goes back and forth.
    lab.gets("PSH ACK seq 1 ack 1 len 10");
    lab.sends("ACK ack 11");
    lab.write(20);
    lab.sends("PSH ACK seq 1 ack 11 len 20");
    lab.gets("PSH ACK seq 11 ack 21 len 10");
    lab.quiet();
    lab.wait(ms(10));
    lab.write(20);
    lab.sends_at(10, "PSH ACK seq 21 ack 21 len 20");
    lab.wait(ms(100));
    lab.quiet();
}

#[test]
fn without_delayed_acknowledgments_each_segment_has_its_own() {
    let mut lab = Lab::established(Config { delayed_ack: false, ..plain() }, "mss 1000");
    for i in 0..40 {
        lab.gets(&format!("ACK seq {} ack 1 len 10", 1 + i * 10));
        lab.sends(&format!("ACK ack {}", 11 + i * 10));
    }
}

#[test]
fn rfc_9293_section_3_8_6_2_2_the_window_opens_only_by_a_worthwhile_step() {
    let mut lab = Lab::established(Config { receive_buffer: 4000, ..plain() }, "mss 1000");
    for i in 0..4 {
        lab.gets(&format!("ACK seq {} ack 1 len 1000 ", 1 + i * 1000));
    }
    lab.sends("ACK ack 1001 win 3000");
    lab.sends("ACK ack 2001 win 2000");
    lab.sends("ACK ack 4001 win 0");
    // A byte, a hundred bytes: not worth a word.
    assert_eq!(lab.read(1), Ok(1));
    assert_eq!(lab.read(100), Ok(100));
    lab.quiet();
    // A whole segment is.
    assert_eq!(lab.read(900), Ok(899));
    lab.sends("ACK ack 4001 win 1000");
    lab.says("tcp.window_update");
    // From now on it must double.
    assert_eq!(lab.read(1000), Ok(1000));
    lab.sends("ACK ack 4001 win 2000");
    assert_eq!(lab.read(1000), Ok(1000));
    lab.quiet();
    assert_eq!(lab.read(1000), Ok(1000));
    lab.sends("ACK ack 4001 win 4000");
}

#[test]
fn rfc_9293_section_3_10_7_4_a_closed_window_still_hears_acknowledgments() {
    let mut lab = Lab::established(Config { receive_buffer: 1000, ..plain() }, "mss 1000");
    lab.gets("ACK seq 1 ack 1 len 1000");
    lab.sends("ACK ack 1001 win 0");
    lab.write(500);
    lab.sends("PSH ACK seq 1 len 500 win 0");
    // A window probe that also acknowledges: its byte is not taken, its acknowledgment is.
    lab.gets("ACK seq 1001 ack 501 len 1");
    lab.sends("ACK ack 1001 win 0");
    assert_eq!(lab.conn.info().snd_una, lab.conn.info().snd_nxt);
}

#[test]
fn the_right_edge_of_the_window_never_moves_back() {
    // RFC 9293 §3.8.6 (SHLD-14); RFC 7323 §2.4: rounding may shrink the field, what was promised is kept.
    let config = Config { window_scale: true, receive_buffer: 1 << 20, ..plain() };
    let mut lab = Lab::established(config, "mss 1000 ws 0");
    let promised = lab.conn.info().rcv_nxt + lab.conn.info().rcv_wnd;
    lab.gets("ACK seq 1 ack 1 len 7");
    lab.sends("ACK ack 8");
    let now = lab.conn.info().rcv_nxt + lab.conn.info().rcv_wnd;
    assert!(now.at_or_after(promised));
}

#[test]
fn rfc_2018_section_4_the_latest_block_comes_first() {
    let mut lab = Lab::established(Config { sack: true, ..plain() }, "mss 1000 sackok");
    lab.gets("ACK seq 101 ack 1 len 100");
    lab.sends("ACK ack 1 sack 101-201");
    lab.gets("ACK seq 301 ack 1 len 100");
    lab.sends("ACK ack 1 sack 301-401,101-201");
    lab.gets("ACK seq 501 ack 1 len 100");
    lab.sends("ACK ack 1 sack 501-601,301-401,101-201");
    lab.gets("ACK seq 701 ack 1 len 100");
    lab.sends("ACK ack 1 sack 701-801,501-601,301-401,101-201");
    lab.gets("ACK seq 201 ack 1 len 100");
    lab.sends("ACK ack 1 sack 101-401,701-801,501-601");
    lab.gets("ACK seq 1 ack 1 len 100");
    lab.sends("ACK ack 401 sack 701-801,501-601");
    lab.gets("ACK seq 401 ack 1 len 300");
    // RFC 2883 §4: what came twice with it is reported.
    lab.sends("ACK ack 801 sack 501-601");
    assert_eq!(lab.read(1000), Ok(800));
}

#[test]
fn three_blocks_fit_beside_timestamps_and_data_leaves_them_room() {
    // RFC 2018 §3; RFC 6691 §2: options come out of the segment's size.
    let mut lab = Lab::connect(Config { mss: 1000, sack: true, timestamps: true, ..plain() });
    lab.sends("SYN sackok ts 0:0");
    lab.gets("SYN ACK seq 0 ack 1 mss 1000 sackok ts 5:0");
    lab.sends("ACK ts 0:5");
    for i in 1..5 {
        lab.gets(&format!("ACK seq {} ack 1 len 10 ts 6:0", 100 * i));
    }
    lab.skip();
    lab.write(2000);
    lab.sends("ACK seq 1 ack 1 len 960 ts 0:5 sack 400-410,300-310,200-210");
}

#[test]
fn rfc_7323_section_5_3_paws_drops_what_comes_from_the_past() {
    let mut lab = Lab::established(Config { timestamps: true, ..plain() }, "mss 1000 ts 1000:0");
    lab.gets("ACK seq 1 ack 1 len 10 ts 1010:0");
    lab.sends("ACK ack 11 ts 0:1010");
    lab.gets("ACK seq 11 ack 1 len 10 ts 1009:0");
    lab.says("tcp.paws");
    lab.sends("ACK ack 11 ts 0:1010");
    assert_eq!(lab.read(100), Ok(10));
    // A reset does not undergo the test (§5.2).
    lab.gets("RST seq 11 ts 900:0");
    lab.is(State::CLOSED);
}

#[test]
fn rfc_7323_section_5_5_after_24_days_of_silence_any_timestamp_is_good() {
    let mut lab = Lab::established(Config { timestamps: true, ..plain() }, "mss 1000 ts 1000:0");
    lab.wait(base::Duration::from_secs(24 * 86_400 + 1));
    lab.gets("ACK seq 1 ack 1 len 10 ts 5:0");
    lab.sends("ACK ack 11");
    assert_eq!(lab.read(100), Ok(10));
}

#[test]
fn rfc_7323_section_3_2_a_segment_without_the_agreed_timestamp_is_dropped() {
    let mut lab = Lab::established(Config { timestamps: true, ..plain() }, "mss 1000 ts 1000:0");
    lab.gets("ACK seq 1 ack 1 len 10");
    lab.says("tcp.timestamp_missing");
    lab.quiet();
    assert_eq!(lab.read(100), Err(Errno::WouldBlock));
}

#[test]
fn rfc_7323_section_4_3_the_echo_is_of_the_segment_that_moved_the_acknowledgment() {
    let mut lab = Lab::established(Config { timestamps: true, ..plain() }, "mss 1000 ts 100:0");
    // Behind a gap: the echo stays, so that the sender's measurement counts the repair.
    lab.gets("ACK seq 11 ack 1 len 10 ts 120:0");
    lab.sends("ACK ack 1 ts 0:100");
    lab.gets("ACK seq 1 ack 1 len 10 ts 130:0");
    lab.sends("ACK ack 21 ts 0:130");
}

#[test]
fn reading_gives_data_before_it_gives_the_error() {
    let mut lab = lab();
    lab.gets("ACK seq 1 ack 1 len 10");
    lab.gets("RST seq 11");
    lab.is(State::CLOSED);
    assert_eq!(lab.read(100), Ok(10));
    assert_eq!(lab.read(100), Err(Errno::ConnectionReset));
}

#[test]
fn a_short_read_leaves_the_rest() {
    let mut lab = lab();
    lab.gets("ACK seq 1 ack 1 len 10");
    assert_eq!(lab.read(3), Ok(3));
    assert_eq!(lab.read(0), Ok(0));
    assert_eq!(lab.read_bytes(), [4, 5, 6, 7, 8, 9, 10]);
    lab.skip();
}

#[test]
fn filling_a_large_gap_does_not_change_what_a_full_segment_is() {
    let mut lab = lab();
    for i in 1..20 {
        lab.gets(&format!("ACK seq {} ack 1 len 1000", 1 + i * 1000));
    }
    lab.gets("ACK seq 1 ack 1 len 1000");
    let mut seq = 20_001;
    // Past the quick acknowledgments, each second segment is acknowledged as before.
    for _ in 0..20 {
        lab.gets(&format!("ACK seq {seq} ack 1 len 1000"));
        seq += 1000;
    }
    lab.skip();
    lab.gets(&format!("ACK seq {seq} ack 1 len 1000"));
    lab.gets(&format!("ACK seq {} ack 1 len 1000", seq + 1000));
    assert_eq!(lab.skip(), 1);
}

#[test]
fn crowds_of_tiny_segments_cost_bounded_memory() {
    let mut lab = lab();
    for i in 0..3000 {
        lab.gets(&format!("ACK seq {} ack 1 len 1", 3 + 2 * i));
    }
    assert!(lab.count("tcp.reassembly_full") > 2000);
    for i in 0..3000 {
        lab.gets(&format!("ACK seq {} ack 1 len 1", 1 + i));
    }
    lab.skip();
    let want: Vec<u8> = (1..=3000u32).map(|i| i as u8).collect();
    assert_eq!(lab.read_bytes(), want);
}
