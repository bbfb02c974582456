//! The listener and its two queues.

use base::{Duration, EventId, Instant};
use trace::{Cx, Level, Recorder};
use wire::tcp::{Flags, Options, Seq, State};

use super::lab::plain;
use crate::{Arrival, Connection, CookieJar, Listener, Segment, SynCookies, refuse};

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

/// A listener with room for two, and what it does about more.
fn with_cookies(cookies: SynCookies, f: impl FnOnce(&mut Listener, &mut Cx)) {
    with(|listener, cx| {
        let mut config = plain();
        config.syn_cookies = cookies;
        listener.set_config(&config);
        f(listener, cx);
    });
}

#[test]
fn a_full_queue_of_half_open_connections_lets_no_syn_in() {
    with_cookies(SynCookies::Never, |listener, cx| {
        for id in 10..13 {
            assert_eq!(listener.handle_segment(&segment(Flags::SYN), cx), Arrival::Open);
            listener.opened(id);
        }
        assert_eq!(listener.handle_segment(&segment(Flags::SYN), cx), Arrival::Ignore);
        listener.gone(10);
        assert_eq!(listener.handle_segment(&segment(Flags::SYN), cx), Arrival::Open);
    });
}

#[test]
fn rfc_4987_section_3_6_a_full_queue_answers_with_cookies_and_takes_them_back_for_two_minutes() {
    with_cookies(SynCookies::WhenFull, |listener, cx| {
        assert!(matches!(listener.handle_segment(&segment(Flags::ACK), cx), Arrival::Reset(_)), "none was given out");
        for id in 10..13 {
            assert_eq!(listener.handle_segment(&segment(Flags::SYN), cx), Arrival::Open);
            listener.opened(id);
        }
        assert_eq!(listener.handle_segment(&segment(Flags::SYN), cx), Arrival::OpenByCookie);
        assert_eq!(listener.handle_segment(&segment(Flags::ACK), cx), Arrival::BringsCookie);
        let later = &mut Cx::new(cx.now + Duration::from_secs(121), Default::default(), EventId::NONE, cx.recorder);
        assert!(matches!(listener.handle_segment(&segment(Flags::ACK), later), Arrival::Reset(_)));
    });
}

#[test]
fn a_connection_made_of_a_cookie_is_as_if_its_syn_had_been_remembered() {
    with_cookies(SynCookies::Always, |listener, cx| {
        let (local, remote) = ("192.0.2.1:80".parse().unwrap(), "192.0.2.2:1024".parse().unwrap());
        let jar = CookieJar { secret: [9; 16], local, remote };
        let config = listener.config().clone();
        let mut syn = segment(Flags::SYN);
        syn.options = Options { mss: Some(1000), ..Options::default() };
        let answer = jar.answer(&config, listener.id(), &syn, cx);
        assert_eq!((answer.flags, answer.ack), (Flags::SYN | Flags::ACK, Seq(101)));
        let mut ack = segment(Flags::ACK);
        (ack.seq, ack.ack, ack.payload) = (Seq(101), answer.seq + 1, vec![7; 30].into());
        let mut connection = jar.open(&config, 5, &ack, cx).expect("it brings the cookie back");
        connection.handle_segment(ack.clone(), cx);
        assert_eq!((connection.state(), connection.info().mss, connection.unread()), (State::ESTABLISHED, 536, 30));
        assert_eq!(connection.info().rto, Duration::from_secs(3), "RFC 6298 §5.7");
        ack.ack += 4;
        assert!(jar.open(&config, 6, &ack, cx).is_none(), "a guess");
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
    assert_eq!(listener.close(cx), crate::Orphans { half_open: vec![3], complete: vec![7] });
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
