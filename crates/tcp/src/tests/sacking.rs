//! Loss recovery with SACK: RACK, TLP, PRR, and what is taken back.

use super::lab::{Lab, ms, plain};
use crate::Config;
use crate::recovery::Phase;

fn sack() -> Config {
    Config { sack: true, ..plain() }
}

/// `n` segments of 1000 bytes are out of a window of `n`, the round trip is 100 ms.
fn out(n: u32, config: Config) -> Lab {
    let mut lab = Lab::connect(Config { initial_window: n, ..config });
    lab.wait(ms(100));
    lab.gets("SYN ACK seq 0 ack 1 mss 1000 sackok");
    lab.skip();
    lab.write(100_000);
    assert_eq!(lab.skip(), n as usize);
    lab
}

/// What RFC 9937 §8's figures show for each acknowledgment: cwnd and inflight before what is sent, and that.
fn figure(lab: &mut Lab, acks: impl IntoIterator<Item = (u32, u32, u32, &'static str)>, holes: u32) {
    for (segment, cwnd, in_flight, sent) in acks {
        lab.wait(ms(1));
        // Segments above the highest in a row are one block, as long as none is missing behind the first holes.
        lab.gets(&format!("ACK seq 1 ack 1 sack {}-{}", holes * 1000 + 1, segment * 1000 + 1001));
        let info = lab.conn.info();
        assert_eq!(info.cwnd, cwnd * 1000, "cwnd at ack#{segment}");
        assert_eq!(info.in_flight, (in_flight + sent.len() as u32) * 1000, "inflight at ack#{segment}");
        for what in sent.chars() {
            let segment = lab.sends("ACK len 1000");
            let again = segment.seq.before(super::lab::OURS + 20_001);
            assert_eq!(again, what == 'R', "new or again");
        }
        lab.quiet();
    }
}

#[test]
fn rfc_9937_section_8_figure_1_a_single_loss() {
    let mut lab = out(20, sack());
    lab.wait(ms(100));
    // The figure has the last but one segment leave for ACK#19, where inflight is 10; but §6.2, as Linux, has it be above
    // ssthresh for the proportional part, so that it leaves one acknowledgment later. All else is the figure's.
    let cwnd = [20, 20, 19, 18, 18, 17, 17, 16, 16, 15, 15, 14, 14, 13, 13, 12, 12, 11, 10, 10, 10];
    let in_flight = [19, 19, 18, 18, 17, 17, 16, 16, 15, 15, 14, 14, 13, 13, 12, 12, 11, 11, 10, 9, 9];
    let sent = ["N", "N", "R", "", "N", "", "N", "", "N", "", "N", "", "N", "", "N", "", "N", "", "", "N", "N"];
    figure(&mut lab, (1..=21).map(|n| (n as u32, cwnd[n - 1], in_flight[n - 1], sent[n - 1])), 1);
    assert_eq!(lab.conn.info().phase, Phase::Recovery);
    // ACK#22 is the full one.
    lab.gets("ACK seq 1 ack 22001");
    let info = lab.conn.info();
    assert_eq!((info.phase, info.cwnd, info.ssthresh), (Phase::Open, 10_000, 10_000));
    assert_eq!(lab.skip(), 1, "inflight 9 of 10");
}

#[test]
fn rfc_9937_section_8_figure_2_a_burst_of_losses() {
    let mut lab = out(20, sack());
    lab.wait(ms(100));
    let acks = [(15, 20, 19, "N"), (16, 20, 19, "N"), (17, 5, 4, "R"), (18, 5, 4, "R"), (19, 5, 4, "R")];
    figure(&mut lab, acks, 15);
    assert_eq!(lab.conn.info().segments_lost, 15);
    // "PRR-SSRB increases the window by exactly 1 segment per ACK" once retransmissions are acknowledged.
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 1001 sack 15001-22001");
    lab.skip();
    let before = lab.conn.info().in_flight;
    lab.gets("ACK seq 1 ack 2001 sack 15001-22001");
    assert_eq!(lab.skip(), 2, "one has arrived, and one more");
    assert_eq!(lab.conn.info().in_flight, before + 1000);
}

#[test]
fn rfc_6675_section_5_without_prr_there_is_half_a_window_of_silence() {
    let mut lab = out(20, Config { prr: false, ..sack() });
    lab.wait(ms(100));
    let in_flight = [19, 19, 18, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 9];
    let cwnd = |n| if n < 3 { 20 } else { 10 };
    let sent = |n| match n {
        1 | 2 => "N",
        3 => "R",
        13.. => "N",
        _ => "",
    };
    figure(&mut lab, (1..=14).map(|n| (n as u32, cwnd(n), in_flight[n - 1], sent(n))), 1);
}

#[test]
fn rfc_8985_section_6_2_what_may_only_be_late_has_a_quarter_of_a_round_trip() {
    let mut lab = out(10, sack());
    lab.wait(ms(100));
    // One is missing and only two behind it have arrived: too few to be sure.
    lab.gets("ACK seq 1 ack 1 sack 1001-3001");
    lab.says("tcp.reordering_armed");
    assert_eq!(lab.skip(), 2, "RFC 3042: two have left");
    // 100 / 4 + 2 ms.
    lab.wait(ms(26));
    lab.quiet();
    lab.wait(ms(1));
    lab.sends_at(227, "ACK seq 1 len 1000");
    lab.says("tcp.rack_lost");
    assert_eq!(lab.conn.info().phase, Phase::Recovery);
    lab.skip();
}

#[test]
fn rfc_8985_section_6_2_three_behind_it_are_enough_until_the_path_is_seen_to_reorder() {
    let mut lab = out(10, sack());
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 1 sack 1001-4001");
    lab.says("tcp.rack_lost");
    lab.sends("ACK seq 1 len 1000");
    lab.skip();
    // The other way round: four overtake the first, and it arrives without having been sent again.
    let mut lab = out(10, sack());
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 1 sack 1001-3001");
    lab.skip();
    lab.gets("ACK seq 1 ack 3001");
    lab.says("tcp.reordering");
    lab.skip();
    // From now on three are not enough: it gets its quarter.
    lab.gets("ACK seq 1 ack 3001 sack 4001-8001");
    assert_eq!(lab.conn.info().phase, Phase::Disorder);
    lab.skip();
    lab.wait(ms(27));
    lab.says("tcp.rack_lost");
    lab.skip();
}

#[test]
fn rfc_8985_section_6_2_a_lost_retransmission_is_found_lost() {
    let mut lab = out(10, sack());
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 1 sack 1001-4001");
    lab.sends("ACK seq 1 len 1000");
    lab.gets("ACK seq 1 ack 1 sack 1001-6001");
    lab.sends("ACK seq 10001 len 1000");
    lab.skip();
    // What was sent after the retransmission arrives; it does not.
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 1 sack 1001-11001");
    lab.sends("ACK seq 1 len 1000");
    lab.skip();
    assert_eq!(lab.count("tcp.recovery"), 1, "one reduction");
}

#[test]
fn rfc_6675_section_5_without_rack_a_lost_retransmission_waits_for_the_timer() {
    let mut lab = out(10, Config { rack: false, ..sack() });
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 1 sack 1001-3001");
    lab.wait(ms(60));
    assert_eq!(lab.conn.info().segments_lost, 0, "time tells nothing");
    lab.skip();
    lab.gets("ACK seq 1 ack 1 sack 1001-4001");
    lab.says("tcp.sack_lost");
    lab.sends("ACK seq 1 len 1000");
    lab.gets("ACK seq 1 ack 1 sack 1001-6001");
    lab.skip();
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 1 sack 1001-11001");
    lab.gets("ACK seq 1 ack 1 sack 1001-12001");
    assert_eq!(lab.count("tcp.retransmit"), 1);
    lab.skip();
}

#[test]
fn rfc_8985_section_7_2_the_probe_timer() {
    // Two round trips (and 2 ms as on Linux) with more than one segment out.
    let mut lab = out(10, sack());
    lab.says("tcp.tlp_armed");
    lab.wait(ms(201));
    lab.quiet();
    lab.wait(ms(1));
    lab.says("tcp.tlp");
    // There is new data: it is the probe, beyond the congestion window.
    lab.sends_at(302, "ACK seq 10001 len 1000");
    lab.quiet();
    // A single segment: the receiver may hold its acknowledgment back for 200 ms; but no later than the timeout of 300 ms.
    let mut lab = Lab::connect(sack());
    lab.wait(ms(100));
    lab.gets("SYN ACK seq 0 ack 1 mss 1000 sackok");
    lab.skip();
    lab.write(500);
    lab.skip();
    lab.wait(ms(299));
    lab.quiet();
    lab.wait(ms(1));
    lab.says("tcp.tlp");
    lab.sends_at(400, "PSH ACK seq 1 len 500");
    // And the retransmission timer runs from there.
    lab.wait(ms(299));
    lab.quiet();
    lab.wait(ms(1));
    lab.says("tcp.rto");
    lab.skip();
}

/// All ten segments were written and sent; the last is sent again as a probe.
fn probed() -> Lab {
    let mut lab = Lab::connect(sack());
    lab.wait(ms(100));
    lab.gets("SYN ACK seq 0 ack 1 mss 1000 sackok");
    lab.skip();
    lab.write(10_000);
    lab.skip();
    lab.wait(ms(202));
    lab.sends("PSH ACK seq 9001 len 1000");
    lab.quiet();
    lab
}

#[test]
fn rfc_8985_section_7_4_2_a_probe_that_repairs_the_tail_halves_the_window() {
    let mut lab = probed();
    lab.wait(ms(50));
    lab.gets("ACK seq 1 ack 9001");
    assert_eq!(lab.conn.info().cwnd, 10_000 + 9000);
    lab.wait(ms(50));
    lab.gets("ACK seq 1 ack 10001");
    assert_eq!(lab.count("tcp.tlp_repaired"), 0, "not known yet: both or one may have arrived");
    lab.write(1000);
    lab.skip();
    lab.wait(ms(100));
    // Later data is acknowledged, and no duplicate was ever reported.
    lab.gets("ACK seq 1 ack 11001");
    lab.says("tcp.tlp_repaired");
    assert_eq!(lab.conn.info().cwnd, lab.conn.info().ssthresh);
    assert!(lab.conn.info().cwnd <= 10_000);
}

#[test]
fn rfc_8985_section_7_4_2_a_probe_that_was_needless_costs_nothing() {
    let mut lab = probed();
    lab.wait(ms(50));
    lab.gets("ACK seq 1 ack 10001");
    let cwnd = lab.conn.info().cwnd;
    lab.gets("ACK seq 1 ack 10001 sack 9001-10001");
    lab.says("tcp.dsack");
    lab.write(1000);
    lab.skip();
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 11001");
    assert_eq!(lab.count("tcp.tlp_repaired"), 0);
    assert!(lab.conn.info().cwnd >= cwnd);
}

#[test]
fn rfc_8985_section_7_a_probe_shows_what_is_lost_before_the_timeout() {
    let mut lab = probed();
    lab.wait(ms(100));
    // The last three were lost, the probe arrives.
    lab.gets("ACK seq 1 ack 7001 sack 9001-10001");
    lab.wait(ms(27));
    lab.sends("ACK seq 7001 len 1000");
    lab.skip();
    assert_eq!((lab.count("tcp.rto"), lab.count("tcp.recovery")), (0, 1));
}

#[test]
fn rfc_3708_section_3_a_retransmission_that_was_needless_is_taken_back() {
    let mut lab = out(10, sack());
    lab.wait(ms(100));
    let before = lab.conn.info();
    lab.gets("ACK seq 1 ack 1 sack 1001-4001");
    lab.sends("ACK seq 1 len 1000");
    lab.gets("ACK seq 1 ack 5001");
    lab.skip();
    assert!(lab.conn.info().in_recovery());
    // The late original had arrived: the retransmission is a duplicate.
    lab.gets("ACK seq 1 ack 6001 sack 1-1001");
    lab.says("tcp.undo_dsack");
    let after = lab.conn.info();
    assert_eq!(
        (after.cwnd, after.ssthresh),
        (before.cwnd + 1000, before.ssthresh),
        "as it was, and slow start goes on"
    );
    assert!(!after.in_recovery());
    lab.skip();
}

#[test]
fn rfc_3522_section_3_2_the_echoed_timestamp_tells_the_original_from_the_retransmission() {
    let mut lab = Lab::connect(Config { timestamps: true, ..sack() });
    lab.wait(ms(100));
    lab.gets("SYN ACK seq 0 ack 1 mss 1012 sackok ts 1:0");
    lab.skip();
    lab.write(100_000);
    lab.skip();
    lab.wait(ms(90));
    lab.gets("ACK seq 1 ack 1 sack 989-3953 ts 2:100");
    lab.says("tcp.recovery");
    lab.sends("ACK seq 1");
    let (cwnd, ssthresh) = (lab.conn.info().cwnd, lab.conn.info().ssthresh);
    assert!(cwnd < 10 * 988 && ssthresh < 10 * 988);
    lab.skip();
    lab.wait(ms(10));
    // What is acknowledged was sent at 100 ms, the retransmission at 190.
    lab.gets("ACK seq 1 ack 9881 ts 3:100");
    lab.says("tcp.undo_eifel");
    assert_eq!(lab.conn.info().ssthresh, u32::MAX);
    assert!(lab.conn.info().cwnd >= 10 * 988);
    lab.skip();
}

#[test]
fn rfc_5682_section_3_1_a_timeout_that_was_too_quick_is_taken_back() {
    // No probe, to have the timeout at once.
    let mut lab = out(10, Config { tlp: false, ..sack() });
    lab.wait(ms(300));
    lab.says("tcp.loss");
    lab.sends_at(400, "ACK seq 1 len 1000");
    lab.quiet();
    assert_eq!(lab.conn.info().cwnd, 1000);
    // The path was slow: the first two originals are acknowledged, the second was sent only once.
    lab.gets("ACK seq 1 ack 2001");
    lab.says("tcp.undo_frto");
    assert_eq!((lab.conn.info().cwnd / 1000, lab.conn.info().ssthresh), (12, u32::MAX));
    assert_eq!(lab.conn.info().segments_lost, 0);
    lab.sends("ACK seq 10001 len 1000");
    lab.skip();
    assert_eq!(lab.count("tcp.retransmit"), 1);
}

#[test]
fn rfc_5682_section_3_1_new_data_finds_out_that_the_timeout_was_right() {
    let mut lab = out(10, Config { tlp: false, ..sack() });
    lab.wait(ms(300));
    lab.sends("ACK seq 1 len 1000");
    lab.wait(ms(100));
    // Step 2.b: the retransmission alone is acknowledged: two new segments instead of more of the old ones.
    lab.gets("ACK seq 1 ack 1001");
    lab.says("tcp.frto");
    lab.sends("ACK seq 10001 len 1000");
    lab.sends("ACK seq 11001 len 1000");
    lab.quiet();
    lab.wait(ms(100));
    // Step 3.a: they arrive behind a gap.
    lab.gets("ACK seq 1 ack 1001 sack 10001-11001");
    lab.says("tcp.frto_real");
    lab.sends("ACK seq 1001 len 1000");
    lab.skip();
    assert_eq!(lab.count("tcp.undo_frto"), 0);
}

#[test]
fn rfc_2018_section_8_a_receiver_that_drops_what_it_reported_is_sent_it_again() {
    let mut lab = out(10, Config { tlp: false, ..sack() });
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 1 sack 1001-3001");
    lab.skip();
    // The first arrives, and is all that is acknowledged.
    lab.gets("ACK seq 1 ack 1001");
    lab.skip();
    lab.wait(ms(51));
    lab.says("tcp.reneged");
    lab.sends("ACK seq 1001 len 1000");
    lab.skip();
}

#[test]
fn rfc_2018_section_5_blocks_of_what_was_never_sent_are_not_believed() {
    let mut lab = out(10, sack());
    for block in ["20001-30001", "5001-4001", "9001-11001", "1-1001", "1-1"] {
        lab.gets(&format!("ACK seq 1 ack 1 sack {block}"));
        assert_eq!(lab.conn.info().segments_sacked, 0, "{block}");
    }
    // Half a segment is not a segment.
    lab.gets("ACK seq 1 ack 1 sack 1501-3001");
    assert_eq!(lab.conn.info().segments_sacked, 1);
    lab.skip();
}

#[test]
fn rfc_2883_section_4_what_arrives_twice_is_reported_first() {
    let mut lab = Lab::established(sack(), "mss 1000 sackok");
    // §4.1: below the acknowledgment.
    lab.gets("ACK seq 1 ack 1 len 1000");
    lab.sends("ACK ack 1001 sack none");
    lab.gets("ACK seq 1 ack 1 len 1000");
    lab.sends("ACK ack 1001 sack 1-1001");
    // §4.1.2: and beside what lies behind a gap.
    lab.gets("ACK seq 3001 ack 1 len 1000");
    lab.sends("ACK ack 1001 sack 3001-4001");
    lab.gets("ACK seq 501 ack 1 len 500");
    lab.sends("ACK ack 1001 sack 501-1001,3001-4001");
    // §4.2: within a block that was reported; the block follows.
    lab.gets("ACK seq 4001 ack 1 len 1000");
    lab.sends("ACK ack 1001 sack 3001-5001");
    lab.gets("ACK seq 3001 ack 1 len 1000");
    lab.sends("ACK ack 1001 sack 3001-4001,3001-5001");
    // §4.3: a part of a segment was there.
    lab.gets("ACK seq 4501 ack 1 len 1000");
    lab.sends("ACK ack 1001 sack 4501-5001,3001-5501");
    // Reported once.
    lab.gets("ACK seq 5501 ack 1 len 1000");
    lab.sends("ACK ack 1001 sack 3001-6501");
    // Without DSACK, nothing of it.
    let mut lab = Lab::established(Config { dsack: false, ..sack() }, "mss 1000 sackok");
    for _ in 0..2 {
        lab.gets("ACK seq 1 ack 1 len 1000");
        lab.sends("ACK ack 1001 sack none");
    }
}
