//! RFC 9293's state machine as one table: what happens in a state, what is done about it, which state comes next.

use super::State;

/// What can move a connection from one state to another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Event {
    /// The program waits for connections.
    PassiveOpen,
    /// The program opens a connection.
    ActiveOpen,
    /// The program sends on a listening socket, which makes the open an active one.
    Send,
    /// The program closes: no more data from this side.
    Close,
    /// The program aborts.
    Abort,
    /// A SYN arrived.
    RcvSyn,
    /// A SYN arrived that acknowledges ours.
    RcvSynAck,
    /// Our SYN is acknowledged.
    RcvAckOfSyn,
    /// A FIN arrived.
    RcvFin,
    /// Our FIN is acknowledged.
    RcvAckOfFin,
    /// A FIN arrived in a segment that acknowledges ours.
    RcvFinAckOfFin,
    /// A believable RST arrived.
    RcvRst,
    /// A believable RST, or another SYN, arrived while half-open after a passive open.
    RcvRstPassive,
    /// Two maximum segment lifetimes are over.
    TimeWaitOver,
    /// The other side has been silent for too long, or a hard error says that it cannot be reached.
    GiveUp,
    /// FIN-WAIT-2 lasted too long after the program had gone.
    FinWaitOver,
    /// A SYN for a new incarnation of the connection arrived.
    NewSyn,
}

impl Event {
    /// The event as figure 5 of RFC 9293 writes it, or in its manner.
    pub const fn label(self) -> &'static str {
        match self {
            Event::PassiveOpen => "passive OPEN",
            Event::ActiveOpen => "active OPEN",
            Event::Send => "SEND",
            Event::Close => "CLOSE",
            Event::Abort => "ABORT",
            Event::RcvSyn => "rcv SYN",
            Event::RcvSynAck => "rcv SYN,ACK",
            Event::RcvAckOfSyn => "rcv ACK of SYN",
            Event::RcvFin => "rcv FIN",
            Event::RcvAckOfFin => "rcv ACK of FIN",
            Event::RcvFinAckOfFin => "rcv FIN,ACK of FIN",
            Event::RcvRst => "rcv RST",
            Event::RcvRstPassive => "rcv RST (passive)",
            Event::TimeWaitOver => "Timeout=2MSL",
            Event::GiveUp => "USER TIMEOUT",
            Event::FinWaitOver => "FIN-WAIT-2 timeout",
            Event::NewSyn => "rcv new SYN",
        }
    }
}

/// What is done on a transition.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// The connection's record is made.
    CreateTcb,
    /// The record is made, and a SYN is sent.
    CreateTcbSendSyn,
    /// A SYN is sent.
    SendSyn,
    /// A SYN with ACK is sent.
    SendSynAck,
    /// An ACK is sent.
    SendAck,
    /// A FIN is sent, behind all data.
    SendFin,
    /// A RST is sent.
    SendRst,
    /// The record is deleted.
    DeleteTcb,
}

impl Action {
    /// The action as figure 5 of RFC 9293 writes it; `x` for none.
    pub const fn label(self) -> &'static str {
        match self {
            Action::Nothing => "x",
            Action::CreateTcb => "create TCB",
            Action::CreateTcbSendSyn => "create TCB, snd SYN",
            Action::SendSyn => "snd SYN",
            Action::SendSynAck => "snd SYN,ACK",
            Action::SendAck => "snd ACK",
            Action::SendFin => "snd FIN",
            Action::SendRst => "snd RST",
            Action::DeleteTcb => "delete TCB",
        }
    }
}

/// One arrow of the state machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// What happens.
    pub event: Event,
    /// The state after.
    pub to: State,
    /// What is done.
    pub action: Action,
    /// Whether figure 5 draws it; the others stand in the text alone.
    pub in_figure: bool,
    /// Where the rule stands.
    pub rfc: &'static str,
}

/// The arrow that leaves `from` on `event`. `None`: nothing of the kind can happen in that state.
pub fn transition(from: State, event: Event) -> Option<&'static Transition> {
    TRANSITIONS.iter().find(|row| row.from == from && row.event == event)
}

macro_rules! rows {
    ($($kind:ident: $from:ident, $event:ident => $to:ident, $action:ident, $rfc:literal;)*) => {
        &[$(Transition {
            from: State::$from, event: Event::$event, to: State::$to, action: Action::$action,
            in_figure: rows!($kind), rfc: $rfc,
        }),*]
    };
    (figure) => { true };
    (text) => { false };
}

/// The state machine of RFC 9293: figure 5 (§3.3.2), and the arrows that only its text has.
pub const TRANSITIONS: &[Transition] = rows! {
    figure: CLOSED, PassiveOpen => LISTEN, CreateTcb, "RFC 9293 §3.10.1";
    figure: CLOSED, ActiveOpen => SYN_SENT, CreateTcbSendSyn, "RFC 9293 §3.10.1";
    figure: LISTEN, RcvSyn => SYN_RECEIVED, SendSynAck, "RFC 9293 §3.10.7.2";
    figure: LISTEN, Send => SYN_SENT, SendSyn, "RFC 9293 §3.10.2";
    figure: LISTEN, Close => CLOSED, DeleteTcb, "RFC 9293 §3.10.4";
    figure: SYN_SENT, RcvSyn => SYN_RECEIVED, SendSynAck, "RFC 9293 §3.10.7.3";
    figure: SYN_SENT, RcvSynAck => ESTABLISHED, SendAck, "RFC 9293 §3.10.7.3";
    figure: SYN_SENT, Close => CLOSED, DeleteTcb, "RFC 9293 §3.10.4";
    text: SYN_SENT, Abort => CLOSED, DeleteTcb, "RFC 9293 §3.10.5";
    text: SYN_SENT, RcvRst => CLOSED, DeleteTcb, "RFC 9293 §3.10.7.3";
    text: SYN_SENT, GiveUp => CLOSED, DeleteTcb, "RFC 9293 §3.10.8";
    figure: SYN_RECEIVED, RcvAckOfSyn => ESTABLISHED, Nothing, "RFC 9293 §3.10.7.4";
    figure: SYN_RECEIVED, Close => FIN_WAIT_1, SendFin, "RFC 9293 §3.10.4";
    figure: SYN_RECEIVED, RcvRstPassive => LISTEN, Nothing, "RFC 9293 §3.10.7.4";
    text: SYN_RECEIVED, RcvRst => CLOSED, DeleteTcb, "RFC 9293 §3.10.7.4";
    text: SYN_RECEIVED, Abort => CLOSED, SendRst, "RFC 9293 §3.10.5";
    text: SYN_RECEIVED, GiveUp => CLOSED, DeleteTcb, "RFC 9293 §3.10.8";
    figure: ESTABLISHED, Close => FIN_WAIT_1, SendFin, "RFC 9293 §3.10.4";
    figure: ESTABLISHED, RcvFin => CLOSE_WAIT, SendAck, "RFC 9293 §3.10.7.4";
    text: ESTABLISHED, RcvRst => CLOSED, DeleteTcb, "RFC 9293 §3.10.7.4";
    text: ESTABLISHED, Abort => CLOSED, SendRst, "RFC 9293 §3.10.5";
    text: ESTABLISHED, GiveUp => CLOSED, DeleteTcb, "RFC 9293 §3.10.8";
    figure: FIN_WAIT_1, RcvAckOfFin => FIN_WAIT_2, Nothing, "RFC 9293 §3.10.7.4";
    figure: FIN_WAIT_1, RcvFin => CLOSING, SendAck, "RFC 9293 §3.10.7.4";
    figure: FIN_WAIT_1, RcvFinAckOfFin => TIME_WAIT, SendAck, "RFC 9293 §3.10.7.4";
    text: FIN_WAIT_1, RcvRst => CLOSED, DeleteTcb, "RFC 9293 §3.10.7.4";
    text: FIN_WAIT_1, Abort => CLOSED, SendRst, "RFC 9293 §3.10.5";
    text: FIN_WAIT_1, GiveUp => CLOSED, DeleteTcb, "RFC 9293 §3.10.8";
    figure: FIN_WAIT_2, RcvFin => TIME_WAIT, SendAck, "RFC 9293 §3.10.7.4";
    text: FIN_WAIT_2, RcvRst => CLOSED, DeleteTcb, "RFC 9293 §3.10.7.4";
    text: FIN_WAIT_2, Abort => CLOSED, SendRst, "RFC 9293 §3.10.5";
    text: FIN_WAIT_2, GiveUp => CLOSED, DeleteTcb, "RFC 9293 §3.10.8";
    text: FIN_WAIT_2, FinWaitOver => CLOSED, DeleteTcb, "RFC 1122 §4.2.2.13";
    figure: CLOSING, RcvAckOfFin => TIME_WAIT, Nothing, "RFC 9293 §3.10.7.4";
    text: CLOSING, RcvRst => CLOSED, DeleteTcb, "RFC 9293 §3.10.7.4";
    text: CLOSING, Abort => CLOSED, DeleteTcb, "RFC 9293 §3.10.5";
    text: CLOSING, GiveUp => CLOSED, DeleteTcb, "RFC 9293 §3.10.8";
    figure: TIME_WAIT, TimeWaitOver => CLOSED, DeleteTcb, "RFC 9293 §3.10.8";
    text: TIME_WAIT, RcvRst => CLOSED, DeleteTcb, "RFC 9293 §3.10.7.4";
    text: TIME_WAIT, Abort => CLOSED, DeleteTcb, "RFC 9293 §3.10.5";
    text: TIME_WAIT, NewSyn => CLOSED, DeleteTcb, "RFC 6191 §2";
    figure: CLOSE_WAIT, Close => LAST_ACK, SendFin, "RFC 9293 §3.10.4";
    text: CLOSE_WAIT, RcvRst => CLOSED, DeleteTcb, "RFC 9293 §3.10.7.4";
    text: CLOSE_WAIT, Abort => CLOSED, SendRst, "RFC 9293 §3.10.5";
    text: CLOSE_WAIT, GiveUp => CLOSED, DeleteTcb, "RFC 9293 §3.10.8";
    figure: LAST_ACK, RcvAckOfFin => CLOSED, DeleteTcb, "RFC 9293 §3.10.7.4";
    text: LAST_ACK, RcvRst => CLOSED, DeleteTcb, "RFC 9293 §3.10.7.4";
    text: LAST_ACK, Abort => CLOSED, DeleteTcb, "RFC 9293 §3.10.5";
    text: LAST_ACK, GiveUp => CLOSED, DeleteTcb, "RFC 9293 §3.10.8";
};

/// The table as text, a line an arrow: what figure 5 draws, from the same rows.
pub fn figure() -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for row in TRANSITIONS {
        let origin = if row.in_figure { "figure 5" } else { row.rfc };
        let (from, event, action, to) = (row.from.name(), row.event.label(), row.action.label(), row.to.name());
        let _ = writeln!(
            out,
            "{:<13} {:<19} / {:<20} -> {:<13} {origin}",
            from.unwrap_or("?"),
            event,
            action,
            to.unwrap_or("?")
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Figure 5 of RFC 9293, arrow by arrow, as it is drawn there.
    const FIGURE_5: &str = "
        CLOSED        passive OPEN        create TCB           LISTEN
        CLOSED        active OPEN         create TCB, snd SYN  SYN-SENT
        LISTEN        rcv SYN             snd SYN,ACK          SYN-RECEIVED
        LISTEN        SEND                snd SYN              SYN-SENT
        LISTEN        CLOSE               delete TCB           CLOSED
        SYN-SENT      rcv SYN             snd SYN,ACK          SYN-RECEIVED
        SYN-SENT      rcv SYN,ACK         snd ACK              ESTABLISHED
        SYN-SENT      CLOSE               delete TCB           CLOSED
        SYN-RECEIVED  rcv ACK of SYN      x                    ESTABLISHED
        SYN-RECEIVED  CLOSE               snd FIN              FIN-WAIT-1
        SYN-RECEIVED  rcv RST (passive)   x                    LISTEN
        ESTABLISHED   CLOSE               snd FIN              FIN-WAIT-1
        ESTABLISHED   rcv FIN             snd ACK              CLOSE-WAIT
        FIN-WAIT-1    rcv ACK of FIN      x                    FIN-WAIT-2
        FIN-WAIT-1    rcv FIN             snd ACK              CLOSING
        FIN-WAIT-1    rcv FIN,ACK of FIN  snd ACK              TIME-WAIT
        FIN-WAIT-2    rcv FIN             snd ACK              TIME-WAIT
        CLOSING       rcv ACK of FIN      x                    TIME-WAIT
        TIME-WAIT     Timeout=2MSL        delete TCB           CLOSED
        CLOSE-WAIT    CLOSE               snd FIN              LAST-ACK
        LAST-ACK      rcv ACK of FIN      delete TCB           CLOSED
    ";

    #[test]
    fn the_table_is_figure_5() {
        let squeeze = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let want: BTreeSet<String> = FIGURE_5.lines().map(squeeze).filter(|line| !line.is_empty()).collect();
        let have: BTreeSet<String> = TRANSITIONS
            .iter()
            .filter(|row| row.in_figure)
            .map(|row| squeeze(&format!("{} {} {} {}", row.from, row.event.label(), row.action.label(), row.to)))
            .collect();
        assert_eq!(have, want);
    }

    #[test]
    fn each_state_and_event_has_one_arrow_and_each_state_can_be_reached_and_left() {
        let mut seen = BTreeSet::new();
        for row in TRANSITIONS {
            assert!(seen.insert((row.from, row.event.label())), "{} twice on {}", row.from, row.event.label());
            assert!(row.rfc.starts_with("RFC "), "{row:?}");
            assert_eq!(transition(row.from, row.event), Some(row));
        }
        for code in State::CODES {
            let state = State(code.value as u8);
            assert!(TRANSITIONS.iter().any(|row| row.from == state), "{state} can be left");
            assert!(TRANSITIONS.iter().any(|row| row.to == state), "{state} can be reached");
        }
    }

    #[test]
    fn every_synchronised_state_ends_on_a_reset_an_abort_and_silence() {
        for state in [State::ESTABLISHED, State::FIN_WAIT_1, State::FIN_WAIT_2, State::CLOSE_WAIT] {
            for event in [Event::RcvRst, Event::Abort, Event::GiveUp] {
                assert_eq!(transition(state, event).map(|row| row.to), Some(State::CLOSED));
            }
        }
    }

    #[test]
    fn the_table_prints_as_lines() {
        let text = figure();
        assert_eq!(text.lines().count(), TRANSITIONS.len());
        assert!(text.contains("SYN-SENT      rcv SYN,ACK         / snd ACK              -> ESTABLISHED   figure 5"));
        assert!(text.contains("TIME-WAIT     rcv new SYN         / delete TCB           -> CLOSED        RFC 6191 §2"));
    }
}
