//! What is not believed: blind resets, SYNs and acknowledgments (RFC 5961), ICMP (RFC 5927).

use wire::tcp::State;

use super::lab::{Lab, ms, plain};
use crate::{Config, Errno, IcmpError};

fn lab() -> Lab {
    Lab::established(plain(), "mss 1000")
}

#[test]
fn rfc_5961_section_3_2_a_reset_counts_only_at_the_very_next_number() {
    let mut lab = lab();
    lab.gets("RST seq 70000");
    lab.says("tcp.reset_ignored");
    lab.gets("RST seq 0");
    lab.quiet();
    lab.gets("RST seq 2");
    lab.says("tcp.challenge_ack");
    lab.sends("ACK seq 1 ack 1");
    lab.is(State::ESTABLISHED);
    lab.gets("RST seq 1");
    lab.is(State::CLOSED);
    lab.quiet();
    assert_eq!(lab.conn.error(), Some(Errno::ConnectionReset));
    assert_eq!(lab.try_write(1), Err(Errno::ConnectionReset));
}

#[test]
fn rfc_5961_section_4_2_a_syn_is_challenged_wherever_it_stands() {
    for seq in [0, 1, 500] {
        let mut lab = lab();
        lab.gets(&format!("SYN seq {seq}"));
        lab.sends("ACK seq 1 ack 1");
        lab.is(State::ESTABLISHED);
        lab.quiet();
    }
}

#[test]
fn rfc_5961_section_5_2_an_acknowledgment_is_of_what_was_sent_lately() {
    let mut lab = Lab::established(plain(), "mss 1000 win 3000");
    lab.write(3000);
    assert_eq!(lab.skip(), 3);
    lab.gets("ACK seq 1 ack 3001 win 3000");
    // Too new: for what was never sent.
    lab.gets("ACK seq 1 ack 3002 len 10 win 3000");
    lab.says("tcp.challenge_ack");
    lab.sends("ACK seq 3001 ack 1");
    lab.wait(ms(500));
    // Too old: before SND.UNA - MAX.SND.WND.
    lab.gets("ACK seq 1 ack 0 len 10 win 3000");
    lab.sends("ACK seq 3001 ack 1");
    // Old, but not too old: its data is good.
    lab.gets("ACK seq 1 ack 1 len 10 win 3000");
    lab.sends("ACK seq 3001 ack 11");
}

#[test]
fn challenges_are_limited_to_one_in_half_a_second() {
    // RFC 5961 §7; Linux's tcp_invalid_ratelimit.
    let mut lab = lab();
    lab.gets("SYN seq 1");
    lab.sends_at(0, "ACK seq 1 ack 1");
    lab.gets("SYN seq 2");
    lab.says("tcp.challenge_limited");
    lab.gets("ACK seq 90000 ack 1");
    lab.quiet();
    // Data is no part of a loop of acknowledgments.
    lab.gets("ACK seq 90000 ack 1 len 1");
    lab.sends("ACK seq 1 ack 1");
    lab.wait(ms(500));
    lab.gets("SYN seq 3");
    lab.sends_at(500, "ACK seq 1 ack 1");
}

#[test]
fn rfc_5461_an_icmp_error_ends_an_attempt_and_not_a_connection() {
    let gone = IcmpError::Unreachable { errno: Errno::HostUnreachable, code: (3, 1) };
    let mut lab = Lab::connect(plain());
    lab.sends("SYN seq 0");
    lab.icmp(gone, 0);
    lab.is(State::CLOSED);
    assert_eq!(lab.conn.error(), Some(Errno::HostUnreachable));

    let mut lab = Lab::established(plain(), "mss 1000");
    lab.write(10);
    lab.sends("PSH ACK seq 1 len 10");
    lab.icmp(gone, 1);
    lab.says("tcp.soft_error");
    lab.is(State::ESTABLISHED);
    // When it times out, ICMP's reason is better than none.
    lab.wait(ms(3_600_000));
    lab.skip();
    assert_eq!(lab.conn.error(), Some(Errno::HostUnreachable));
}

#[test]
fn rfc_5927_section_4_1_icmp_must_quote_what_is_in_flight() {
    let gone = IcmpError::Unreachable { errno: Errno::HostUnreachable, code: (3, 1) };
    let mut lab = Lab::connect(plain());
    lab.sends("SYN seq 0");
    lab.icmp(gone, 1);
    lab.says("tcp.icmp_ignored");
    lab.icmp(gone, u32::MAX);
    lab.is(State::SYN_SENT);
}

#[test]
fn rfc_1191_smaller_segments_after_fragmentation_needed() {
    let mut lab = Lab::established(Config { mss: 1460, ..plain() }, "mss 1460");
    lab.write(4000);
    lab.sends("ACK seq 1 len 1460");
    lab.sends("ACK seq 1461 len 1460");
    lab.sends("PSH ACK seq 2921 len 1080");
    // The first two do not fit through 1280 bytes: sent again, cut; not taken for congestion.
    let window = lab.conn.info().cwnd / 1460;
    lab.icmp(IcmpError::FragmentationNeeded { mtu: 1280 }, 1);
    lab.says("tcp.mss_lowered");
    lab.sends("ACK seq 1 len 1240");
    lab.sends("ACK seq 1241 len 220");
    lab.sends("ACK seq 1461 len 1240");
    lab.sends("ACK seq 2701 len 220");
    lab.quiet();
    assert_eq!((lab.conn.info().cwnd / 1240, lab.conn.info().mss), (window, 1240));
    // A lie: no path is that narrow (Linux's min_pmtu is 552).
    lab.icmp(IcmpError::FragmentationNeeded { mtu: 68 }, 1);
    assert_eq!(lab.conn.info().mss, 512);
    lab.skip();
    lab.gets("ACK seq 1 ack 4001");
    lab.write(600);
    lab.sends("ACK seq 4001 len 512");
}

#[test]
fn rfc_1191_section_7_1_a_router_that_does_not_say_is_answered_from_the_table() {
    let mut lab = Lab::established(Config { mss: 1460, ..plain() }, "mss 1460");
    lab.write(1460);
    lab.sends("PSH ACK seq 1 len 1460");
    lab.icmp(IcmpError::FragmentationNeeded { mtu: 0 }, 1);
    assert_eq!(lab.conn.info().mss, 1492 - 40);
}
