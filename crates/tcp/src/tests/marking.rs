//! Explicit congestion notification (RFC 3168).

use super::lab::{Lab, ms, plain};
use crate::recovery::Phase;
use crate::{Config, EcnUse};

fn asks() -> Config {
    Config { ecn: EcnUse::Ask, ..plain() }
}

/// Ten segments of 1000 bytes are out, marks are agreed on.
fn ten_out() -> Lab {
    let mut lab = Lab::connect(asks());
    lab.sends("SYN ECE CWR seq 0 ecn none");
    lab.wait(ms(100));
    lab.gets("SYN ACK ECE seq 0 ack 1 mss 1000");
    lab.says("tcp.ecn");
    lab.sends("ACK seq 1 ecn none");
    lab.write(30_000);
    for i in 0..10 {
        lab.sends(&format!("ACK seq {} len 1000 ecn 2", 1 + i * 1000));
    }
    lab
}

#[test]
fn rfc_3168_section_6_1_1_a_syn_asks_and_a_syn_ack_grants() {
    // Asked and granted; asked and not granted, by silence or by echoing both flags.
    for (answer, ecn) in [("SYN ACK ECE", "2"), ("SYN ACK", "none"), ("SYN ACK ECE CWR", "none")] {
        let mut lab = Lab::connect(asks());
        lab.sends("SYN ECE CWR seq 0");
        lab.gets(&format!("{answer} seq 0 ack 1 mss 1000"));
        lab.sends("ACK seq 1");
        lab.write(100);
        lab.sends(&format!("PSH ACK seq 1 len 100 ecn {ecn}"));
    }
    // Asked by the other side: granted unless it is off.
    for (ecn, answer) in [(EcnUse::Grant, "SYN ACK ECE seq 0"), (EcnUse::Off, "SYN ACK seq 0")] {
        let mut lab = Lab::listen(Config { ecn, ..plain() }, "SYN ECE CWR seq 0 mss 1000");
        lab.sends(answer);
    }
    // Not asked.
    let mut lab = Lab::connect(plain());
    lab.sends("SYN seq 0");
    // §6.1.1.1: a SYN that is not answered asks no more.
    let mut lab = Lab::connect(asks());
    lab.sends("SYN ECE CWR seq 0");
    lab.wait(ms(1000));
    lab.sends("SYN seq 0");
}

#[test]
fn rfc_3168_section_6_1_2_an_echo_reduces_the_window_once_a_round_trip() {
    let mut lab = ten_out();
    lab.wait(ms(100));
    lab.gets("ACK ECE seq 1 ack 1001");
    lab.says("tcp.cwr");
    let info = lab.conn.info();
    assert_eq!((info.phase, info.ssthresh), (Phase::Cwr, 5000));
    for i in 2..=10 {
        lab.gets(&format!("ACK ECE seq 1 ack {}", 1 + i * 1000));
    }
    assert_eq!((lab.count("tcp.cwr"), lab.count("tcp.retransmit")), (1, 0));
    // The first new data says that the window was reduced, and only that.
    lab.sends("ACK CWR seq 10001 len 1000 ecn 2");
    lab.sends("ACK seq 11001 len 1000 ecn 2");
    lab.skip();
    // RFC 9937: by the end of the round trip half of it is out.
    assert_eq!(lab.conn.info().in_flight, 5000);
    lab.wait(ms(100));
    lab.gets("ACK seq 1 ack 11001");
    assert_eq!((lab.conn.info().phase, lab.conn.info().cwnd), (Phase::Open, 5000));
    lab.skip();
}

#[test]
fn rfc_3168_section_6_1_5_what_is_sent_again_may_not_be_marked() {
    let mut lab = ten_out();
    lab.wait(ms(100));
    for _ in 0..3 {
        lab.gets("ACK seq 1 ack 1");
    }
    lab.sends("ACK seq 10001 ecn 2");
    lab.sends("ACK seq 11001 ecn 2");
    lab.sends("ACK seq 1 len 1000 ecn none");
}

#[test]
fn rfc_3168_section_6_1_3_a_mark_is_echoed_until_the_sender_has_slowed_down() {
    let mut lab = Lab::listen(plain(), "SYN ECE CWR seq 0 mss 1000");
    lab.sends("SYN ACK ECE");
    lab.gets("ACK seq 1 ack 1");
    lab.gets("ACK seq 1 ack 1 len 1000");
    lab.sends("ACK ack 1001");
    lab.gets("ACK seq 1001 ack 1 len 1000 ce");
    lab.says("tcp.ce");
    lab.sends("ACK ECE ack 2001");
    lab.gets("ACK seq 2001 ack 1 len 1000");
    lab.sends("ACK ECE ack 3001");
    lab.gets("ACK CWR seq 3001 ack 1 len 1000");
    lab.sends("ACK ack 4001");
    // Without an agreement a mark means nothing.
    let mut lab = Lab::listen(plain(), "SYN seq 0 mss 1000");
    lab.sends("SYN ACK");
    lab.gets("ACK seq 1 ack 1 len 1000 ce");
    lab.sends("ACK ack 1001");
}

#[test]
fn rfc_5961_section_4_2_a_syn_is_challenged_wherever_it_lies() {
    let mut lab = Lab::established(plain(), "mss 1000");
    lab.gets("SYN seq -100000 ack 1");
    lab.says("tcp.challenge_ack");
    lab.sends("ACK seq 1 ack 1");
    // Once in 500 ms.
    lab.gets("SYN seq 100");
    lab.says("tcp.challenge_limited");
    lab.quiet();
    lab.wait(ms(500));
    lab.gets("SYN seq 100");
    lab.sends("ACK seq 1 ack 1");
}
