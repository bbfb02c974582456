//! States as RFC 9293's figures 6 and 12 have them, seen from either end.

use base::Duration;
use flow::ConversationId;
use trace::{Basis, Known, Why};
use wire::tcp::State;

use super::*;
use crate::{States, Tap};

fn names(t: &Tape) -> Vec<(String, String)> {
    let name = |known: Known<State>| known.value().map_or("?".to_owned(), |state| state.to_string());
    let states = States::of(&t.flow, ConversationId(0)).unwrap();
    states.iter().map(|(_, ends)| (name(ends.client), name(ends.server))).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn a_whole_life_seen_at_the_client() {
    let mut t = Tape::new();
    t.c(S, 1000, 0, b"");
    t.ms(20).s(S | A, 4500, 1001, b"");
    t.c(A, 1001, 4501, b"");
    t.c(A, 1001, 4501, b"GET");
    t.ms(20).s(A, 4501, 1004, b"");
    t.s(A, 4501, 1004, &[0; 200]);
    t.c(A, 1004, 4701, b"");
    t.s(F | A, 4701, 1004, b"");
    t.c(A, 1004, 4702, b"");
    t.ms(1).c(F | A, 1004, 4702, b"");
    let last = t.ms(20).s(A, 4702, 1005, b"");
    let want = [
        ("SYN-SENT", "LISTEN"),
        ("ESTABLISHED", "SYN-RECEIVED"),
        ("ESTABLISHED", "SYN-RECEIVED"),
        ("ESTABLISHED", "SYN-RECEIVED"),
        ("ESTABLISHED", "ESTABLISHED"),
        ("ESTABLISHED", "ESTABLISHED"),
        ("ESTABLISHED", "ESTABLISHED"),
        ("CLOSE-WAIT", "FIN-WAIT-1"),
        ("CLOSE-WAIT", "FIN-WAIT-1"),
        ("LAST-ACK", "FIN-WAIT-1"),
        ("CLOSED", "TIME-WAIT"),
    ];
    assert_eq!(names(&t), pairs(&want));
    let states = States::of(&t.flow, ConversationId(0)).unwrap();
    assert_eq!(states.tap(), Tap::Client);
    let wait = states.time_wait().unwrap();
    assert!(!wait.client);
    assert_eq!(wait.until_linux().since(wait.since), Duration::from_secs(60));
    assert_eq!(wait.until(), Known::Unknown(Why::NotOnTheWire));
    assert_eq!(states.after(last).unwrap().client, Known::Inferred(State::CLOSED, Basis::Segments));
}

#[test]
fn the_same_seen_at_the_server() {
    let mut t = Tape::new();
    t.c(S, 1000, 0, b"");
    t.s(S | A, 4500, 1001, b"");
    t.ms(20).c(A, 1001, 4501, b"GET");
    t.s(A, 4501, 1004, b"yes");
    t.s(F | A, 4504, 1004, b"");
    t.ms(20).c(F | A, 1004, 4505, b"");
    t.s(A, 4505, 1005, b"");
    let want = [
        ("SYN-SENT", "SYN-RECEIVED"),
        ("SYN-SENT", "SYN-RECEIVED"),
        ("ESTABLISHED", "ESTABLISHED"),
        ("ESTABLISHED", "ESTABLISHED"),
        ("ESTABLISHED", "FIN-WAIT-1"),
        ("LAST-ACK", "TIME-WAIT"),
        ("LAST-ACK", "TIME-WAIT"),
    ];
    assert_eq!(names(&t), pairs(&want));
}

#[test]
fn on_one_machine_what_is_sent_has_arrived() {
    let mut t = Tape::new();
    t.c(S, 1000, 0, b"");
    t.s(S | A, 4500, 1001, b"");
    t.c(A, 1001, 4501, b"");
    t.ms(1).c(F | A, 1001, 4501, b"");
    t.s(F | A, 4501, 1002, b"");
    t.c(A, 1002, 4502, b"");
    let want = [
        ("SYN-SENT", "SYN-RECEIVED"),
        ("ESTABLISHED", "SYN-RECEIVED"),
        ("ESTABLISHED", "ESTABLISHED"),
        ("FIN-WAIT-1", "CLOSE-WAIT"),
        ("TIME-WAIT", "LAST-ACK"),
        ("TIME-WAIT", "CLOSED"),
    ];
    assert_eq!(names(&t), pairs(&want));
    assert_eq!(States::of(&t.flow, ConversationId(0)).unwrap().tap(), Tap::Both);
}

#[test]
fn a_simultaneous_close() {
    let mut t = Tape::new();
    t.c(S, 100, 0, b"");
    t.ms(20).s(S | A, 300, 101, b"");
    t.c(A, 101, 301, b"");
    t.ms(50).c(F | A, 101, 301, b"");
    t.ms(2).s(F | A, 301, 101, b"");
    t.c(A, 102, 302, b"");
    t.ms(18).s(A, 302, 102, b"");
    let want = [
        ("SYN-SENT", "LISTEN"),
        ("ESTABLISHED", "SYN-RECEIVED"),
        ("ESTABLISHED", "SYN-RECEIVED"),
        // A round trip has passed since the ACK: the server has it by now.
        ("FIN-WAIT-1", "ESTABLISHED"),
        ("CLOSING", "FIN-WAIT-1"),
        ("CLOSING", "FIN-WAIT-1"),
        // Its ACK shows that it got the client's FIN; the ACK of its own may be behind that.
        ("TIME-WAIT", "CLOSING"),
    ];
    assert_eq!(names(&t), pairs(&want));
}

#[test]
fn a_refused_connection_and_one_that_nobody_answers() {
    let mut t = Tape::new();
    t.c(S, 100, 0, b"");
    t.ms(20).s(R | A, 0, 101, b"");
    assert_eq!(names(&t), pairs(&[("SYN-SENT", "CLOSED"), ("CLOSED", "CLOSED")]));
    let mut t = Tape::new();
    t.c(S, 100, 0, b"");
    t.ms(1000).c(S, 100, 0, b"");
    assert_eq!(names(&t), pairs(&[("SYN-SENT", "?"), ("SYN-SENT", "?")]));
}

#[test]
fn what_was_open_before_the_capture_is_assumed_open() {
    let mut t = Tape::new();
    t.c(A, 100, 500, b"x");
    t.s(F | A, 500, 101, b"");
    let states = States::of(&t.flow, ConversationId(0)).unwrap();
    assert_eq!(states.after(1).unwrap().client, Known::Inferred(State::ESTABLISHED, Basis::MidStream));
    assert_eq!(states.after(2).unwrap().server, Known::Inferred(State::FIN_WAIT_1, Basis::MidStream));
}

#[test]
fn a_challenged_syn_moves_nothing() {
    let mut t = Tape::new();
    t.c(S, 100, 0, b"");
    t.ms(20).s(S | A, 300, 101, b"");
    t.c(A, 101, 301, b"GET");
    t.ms(20).s(A, 301, 104, b"");
    let stray = t.c(S, 9000, 0, b"");
    let states = States::of(&t.flow, ConversationId(0)).unwrap();
    assert_eq!(states.after(stray), states.before(stray));
}

/// RFC 9293 §3.6, case 3, seen at the client: a whole round trip after its FIN comes one of the server that does not
/// acknowledge it, so it was sent before.
#[test]
fn a_simultaneous_close_whose_second_fin_comes_late() {
    let mut t = Tape::new();
    t.c(S, 1000, 0, b"");
    t.ms(20).s(S | A, 4500, 1001, b"");
    t.c(A, 1001, 4501, b"");
    t.c(F | A, 1001, 4501, b"");
    t.ms(21).s(F | A, 4501, 1001, b"");
    t.c(A, 1002, 4502, b"");
    t.s(A, 4502, 1002, b"");
    t.ms(21).s(A, 4502, 1002, b"");
    let want = [
        ("SYN-SENT", "LISTEN"),
        ("ESTABLISHED", "SYN-RECEIVED"),
        ("ESTABLISHED", "SYN-RECEIVED"),
        ("FIN-WAIT-1", "SYN-RECEIVED"),
        ("CLOSING", "FIN-WAIT-1"),
        ("CLOSING", "CLOSING"),
        ("TIME-WAIT", "CLOSING"),
        ("TIME-WAIT", "TIME-WAIT"),
    ];
    assert_eq!(names(&t), pairs(&want));
}
