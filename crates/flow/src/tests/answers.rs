//! What an end says when it does not get what it expects: challenge ACKs, answers to what is unacceptable, simultaneous
//! opens, other bytes under known numbers.

use super::*;

#[test]
fn a_simultaneous_open_repeats_no_syn() {
    // RFC 9293 §3.5, figure 7.
    let mut t = Tape::new();
    t.c(S, 100, 0, b"");
    t.ms(5).s(S, 300, 0, b"");
    let agreed = t.c(S | A, 100, 301, b"");
    let agreed_too = t.ms(5).s(S | A, 300, 101, b"");
    assert!((1..=4).all(|n| t.verdicts(n).is_empty()), "{:?}", (1..=4).map(|n| t.verdicts(n)).collect::<Vec<_>>());
    assert_eq!(t.connection(0).established_frame(), Some(agreed));
    assert!(t.connection(0).server().asked() && agreed_too == 4);
    // The same once more is a repetition.
    let again = t.ms(1000).c(S | A, 100, 301, b"");
    assert!(t.verdicts(again).is_retransmission());
}

#[test]
fn an_ordinary_syn_ack_sent_again_is_a_retransmission() {
    let mut t = Tape::new();
    t.c(S, 100, 0, b"");
    t.s(S | A, 300, 101, b"");
    let again = t.ms(1000).s(S | A, 300, 101, b"");
    assert!(t.verdicts(again).is_retransmission());
    assert!(!t.connection(0).server().asked());
}

#[test]
fn what_rfc_5961_doubts_is_challenged() {
    // A SYN inside the connection, a reset that is merely in the window, an acknowledgment of what was never sent.
    let doubtful: [fn(&mut Tape) -> u32; 3] =
        [|t| t.c(S, 150, 0, b""), |t| t.c(R, 111, 0, b""), |t| t.c(A, 101, 401, b"")];
    for doubtful in doubtful {
        let mut t = Tape::new();
        t.handshake();
        // Another window than before does not make a window update of it.
        doubtful(&mut t);
        let challenge = t.any(false, A, 301, 101, 999, b"");
        assert_eq!(t.verdicts(challenge), Verdicts::CHALLENGE_ACK);
        let later = t.ms(5).any(false, A, 301, 101, 1000, b"");
        assert_eq!(t.verdicts(later), Verdicts::WINDOW_UPDATE, "only the answer itself");
    }
    let mut t = Tape::new();
    t.handshake();
    t.c(R, 101, 0, b"");
    let answer = t.s(A, 301, 101, b"");
    assert!(!t.verdicts(answer).contains(Verdicts::CHALLENGE_ACK), "that reset is believed");
}

#[test]
fn an_old_number_and_the_answer_to_it() {
    let mut t = Tape::new();
    t.handshake();
    t.c(A, 101, 301, &[7; 20]); // forged, say
    t.s(A, 301, 121, b"");
    let behind = t.ms(20).c(A, 101, 301, b"");
    let answer = t.s(A, 301, 121, b"");
    assert_eq!(t.verdicts(behind), Verdicts::BEHIND);
    assert_eq!(t.verdicts(answer), Verdicts::UNACCEPTABLE_ANSWERED);
    let real = t.ms(200).c(A, 101, 301, &[8; 20]);
    assert!(t.verdicts(real).contains(Verdicts::SPURIOUS_RETRANSMISSION));
    let layers = Layers::of(&t.flow, ConversationId(0), &t.frames, &Default::default()).unwrap();
    assert!(layers.contradicts(real) && !layers.contradicts(behind));
}
