//! The listener and its two queues.

use base::{EventId, Instant};
use trace::{Cx, Level, Recorder};
use wire::tcp::{Flags, Seq};

use super::lab::plain;
use crate::{Arrival, Connection, Listener, Segment, refuse};

fn segment(flags: Flags) -> Segment {
    Segment { src_port: 1024, dst_port: 80, seq: Seq(100), ack: Seq(200), flags, window: 1000, ..Segment::default() }
}

fn with(f: impl FnOnce(&mut Listener, &mut Cx)) {
    let mut recorder = Recorder::new(Level::Off);
    let cx = &mut Cx::new(Instant::ZERO, Default::default(), EventId::NONE, &mut recorder);
    let mut listener = Listener::new(&plain(), 1, "192.0.2.1:80".parse().unwrap(), 2, cx);
    f(&mut listener, cx);
}

fn accept(listener: &Listener, id: u32, cx: &mut Cx) -> Connection {
    let remote = "192.0.2.2:1024".parse().unwrap();
    Connection::accept(listener.config(), id, listener.local(), remote, Seq(1), &segment(Flags::SYN), cx)
}

#[test]
fn rfc_9293_section_3_10_7_2_what_a_listener_answers() {
    with(|listener, cx| {
        assert_eq!(listener.handle_segment(&segment(Flags::RST), cx), Arrival::Ignore);
        assert_eq!(listener.handle_segment(&segment(Flags::RST | Flags::ACK), cx), Arrival::Ignore);
        for flags in [Flags::ACK, Flags::SYN | Flags::ACK, Flags::FIN | Flags::ACK] {
            let Arrival::Reset(reset) = listener.handle_segment(&segment(flags), cx) else { panic!() };
            assert_eq!((reset.seq, reset.flags), (Seq(200), Flags::RST), "<SEQ=SEG.ACK><CTL=RST>");
        }
        assert_eq!(listener.handle_segment(&segment(Flags::SYN), cx), Arrival::Open);
        assert_eq!(listener.handle_segment(&segment(Flags::PSH), cx), Arrival::Ignore);
        assert_eq!(listener.handle_segment(&segment(Flags::SYN | Flags::FIN), cx), Arrival::Ignore);
    });
}

#[test]
fn a_full_queue_of_half_open_connections_lets_no_syn_in() {
    with(|listener, cx| {
        for id in 10..12 {
            assert_eq!(listener.handle_segment(&segment(Flags::SYN), cx), Arrival::Open);
            listener.opened(id);
        }
        assert_eq!(listener.handle_segment(&segment(Flags::SYN), cx), Arrival::Ignore);
        listener.gone(10);
        assert_eq!(listener.handle_segment(&segment(Flags::SYN), cx), Arrival::Open);
    });
}

#[test]
fn a_full_accept_queue_ignores_the_last_ack_until_the_program_accepts() {
    with(|listener, cx| {
        // As on Linux, one more than the backlog of two fits.
        for id in 10..13 {
            listener.opened(id);
            assert!(listener.completed(id, cx));
        }
        assert_eq!(listener.handle_segment(&segment(Flags::SYN), cx), Arrival::Ignore);
        let half_open = accept(listener, 13, cx);
        listener.opened(13);
        assert!(!listener.admits(&half_open, &segment(Flags::ACK), cx));
        assert!(listener.admits(&half_open, &segment(Flags::RST), cx));
        assert_eq!(listener.accept(), Some(10));
        assert!(listener.admits(&half_open, &segment(Flags::ACK), cx));
        assert_eq!((listener.accept(), listener.accept(), listener.accept()), (Some(11), Some(12), None));
    });
}

#[test]
fn closing_a_listener_leaves_what_nobody_accepted_to_be_aborted() {
    let mut recorder = Recorder::new(Level::Full);
    let cx = &mut Cx::new(Instant::ZERO, Default::default(), EventId::NONE, &mut recorder);
    let mut listener = Listener::new(&plain(), 1, "192.0.2.1:80".parse().unwrap(), 5, cx);
    listener.opened(7);
    listener.opened(3);
    assert!(listener.completed(7, cx));
    assert!(!listener.completed(8, cx), "it was never half-open");
    assert_eq!(listener.close(cx), [3, 7]);
}

#[test]
fn rfc_9293_section_3_10_7_1_a_segment_for_nobody() {
    let reset = refuse(&segment(Flags::ACK)).unwrap();
    assert_eq!((reset.seq, reset.flags), (Seq(200), Flags::RST));
    assert_eq!((reset.src_port, reset.dst_port), (80, 1024));
    let mut syn = segment(Flags::SYN);
    syn.payload = vec![0; 10].into();
    let reset = refuse(&syn).unwrap();
    assert_eq!((reset.seq, reset.ack, reset.flags), (Seq(0), Seq(111), Flags::RST | Flags::ACK));
    assert_eq!(refuse(&segment(Flags::RST)), None);
}
