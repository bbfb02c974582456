//! One end of a connection at a moment.

use base::{Duration, EventId, Instant};
use flow::{ConversationId, Direction};
use serde::Serialize;
use trace::kinds::tcp as kind;
use trace::{Basis, Known, Trace, Why};
use wire::tcp::State;

use super::values::Value;
use super::{When, arrow, values};
use crate::ledger::{self, Figures};
use crate::progress::Step;
use crate::rtt::Estimate;
use crate::shown::{How, Shown, why_text};
use crate::states::End;
use crate::{Story, why};

/// One end of a connection at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Machine {
    /// `client` or `server`.
    pub side: &'static str,
    /// The host's name, or its address.
    pub host: String,
    /// Its address.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// Its state's code ([`State`]); 255 if it is not known.
    pub state: u8,
    /// Its state, as RFC 9293 calls it; empty if it is not known.
    pub state_name: &'static str,
    /// How the state is known.
    pub known: How,
    /// What the inference rests on, or why the state is not known.
    pub why: &'static str,
    /// How it came into this state; `None` before its first transition.
    pub taken: Option<Taken>,
    /// All transitions that it takes in the whole of the story, the first ones of a few.
    pub history: Vec<Taken>,
    /// The timers that run, the first to run out first.
    pub timers: Vec<RunningTimer>,
    /// Why timers are not known; empty where they are.
    pub timers_why: &'static str,
    /// Its figures, in reading order.
    pub values: Vec<Value>,
}

/// A transition that was taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Taken {
    /// When.
    pub at_ns: i64,
    /// The codes of the states before and after.
    pub codes: [u8; 2],
    /// Whether it was taken at the very moment that is asked about.
    pub now: bool,
    /// The state before.
    pub from: &'static str,
    /// The state after.
    pub to: &'static str,
    /// What happened, as RFC 9293's figure writes it; empty if no arrow leads this way.
    pub event: &'static str,
    /// What was done about it, in the same manner.
    pub action: &'static str,
    /// Where the rule stands.
    pub rfc: &'static str,
    /// The arrow: an index into the drawing's transitions.
    pub arrow: Option<usize>,
    /// The simulation's event, for its chain of causes.
    pub event_id: Option<u64>,
    /// What brought it about, in words; empty for a capture.
    pub text: String,
    /// The packet that brought it about or that it sent, at the story's tap.
    pub packet: Option<u32>,
}

/// A timer that runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RunningTimer {
    /// Its number among TCP's timers.
    pub id: u64,
    /// Its name.
    pub name: &'static str,
    /// What it waits for.
    pub line: &'static str,
    /// Where the rule stands.
    pub rfc: &'static str,
    /// When it was armed.
    pub set_ns: i64,
    /// When it runs out, if nothing stops it.
    pub expires_ns: i64,
    /// How much of it is left.
    pub left_ns: i64,
    /// The event that armed it.
    pub event: u64,
}

/// Transitions in a history at most: a connection takes some ten.
const MAX_HISTORY: usize = 32;

/// The code of a state that is not known.
const UNKNOWN: u8 = 255;

/// One end, the sender of `direction`, then; `last` is how far the connection is by then.
pub(super) fn machine(
    story: &Story,
    id: ConversationId,
    last: Option<&Step>,
    direction: Direction,
    when: When<'_>,
) -> Option<Machine> {
    let conversation = story.flow().conversation(id)?;
    let address = conversation.sender(direction);
    let client = direction == Direction::ToServer;
    let mut machine = Machine {
        side: if client { "client" } else { "server" },
        host: story.names().host(address.ip),
        address: address.ip.to_string(),
        port: address.port,
        state: UNKNOWN,
        state_name: "",
        known: How::Unknown,
        why: why_text(Why::NotOnTheWire),
        taken: None,
        history: Vec::new(),
        timers: Vec::new(),
        timers_why: "",
        values: Vec::new(),
    };
    match (story.trace(), story.ends_of(id)) {
        (Some(trace), Some(ends)) => match ends[direction as usize] {
            Some(end) => witness(story, trace, end, when, &mut machine),
            None => machine.set(Known::Witnessed(before(direction))),
        },
        _ => infer(story, id, last, direction, when, &mut machine),
    }
    Some(machine)
}

/// What an end counts as before it has done anything.
fn before(direction: Direction) -> State {
    if direction == Direction::ToServer { State::CLOSED } else { State::LISTEN }
}

impl Machine {
    fn set(&mut self, state: Known<State>) {
        let shown = Shown::from(state);
        (self.known, self.why) = (shown.known, shown.why);
        self.state = shown.value.map_or(UNKNOWN, |state| state.0);
        self.state_name = shown.value.and_then(State::name).unwrap_or_default();
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Fills in what a simulation's end told.
fn witness(story: &Story, trace: &Trace, end: End, when: When<'_>, machine: &mut Machine) {
    let at = when.at;
    let changes = story.states.changes(end);
    let taken = match when.passage {
        Some(passage) => story.states.taken(trace, end, passage),
        None => changes.partition_point(|change| change.0 <= at),
    };
    let change = taken.checked_sub(1).and_then(|last| changes.get(last)).copied();
    let state = change.map(|change| change.3).or_else(|| changes.first().map(|change| change.2));
    machine.set(state.map_or(Known::Unknown(Why::NotOnTheWire), Known::Witnessed));
    let told = |&(when, event, from, to): &(Instant, EventId, State, State)| {
        let event = trace.event(event)?;
        let index = arrow::witnessed(trace, event, from, to);
        let cause = trace.event(event.cause);
        Some(Taken {
            at_ns: when.as_nanos(),
            now: when == at,
            event_id: Some(event.id.0),
            text: cause.map(|cause| why::text(trace, cause)).unwrap_or_default(),
            packet: story.packet_of_event(event.id),
            ..arrow_taken(from, to, index)
        })
    };
    machine.taken = change.as_ref().and_then(told);
    machine.history = changes.iter().take(MAX_HISTORY).filter_map(told).collect();
    let none = Figures::default();
    let figures = story.ledger().get(&end).unwrap_or(&none);
    let pair = |told: Option<&ledger::Told<[u64; 2]>>, which: usize, none: &'static str| {
        told.map_or(Shown::none(none), |told| Shown::witnessed(signed(told.value[which])))
    };
    let (flight, windows) = (ledger::last(&figures.flight, at), ledger::last(&figures.windows, at));
    let (buffers, rtt) = (ledger::last(&figures.buffers, at), ledger::last(&figures.rtt, at));
    let closed = "there is no connection yet";
    let ssthresh = match ledger::last(&figures.ssthresh, at) {
        Some(told) if told.value < u64::from(u32::MAX) => Shown::witnessed(signed(told.value)),
        _ => Shown::none("there is none before the first loss"),
    };
    let one =
        |told: Option<&ledger::Told<u64>>, none| told.map_or(Shown::none(none), |t| Shown::witnessed(signed(t.value)));
    let unmeasured = "nothing is measured yet";
    machine.values = vec![
        values::IN_FLIGHT.of(pair(flight, 0, closed)),
        values::CWND.of(pair(flight, 1, closed)),
        values::SSTHRESH.of(ssthresh),
        values::PEER_WINDOW.of(pair(windows, 0, closed)),
        values::RECEIVE_WINDOW.of(pair(windows, 1, closed)),
        values::SEND_BUFFER.of(pair(buffers, 0, closed)),
        values::RECEIVE_BUFFER.of(pair(buffers, 1, closed)),
        values::RTT.of(pair(rtt, 0, unmeasured)),
        values::SRTT.of(pair(rtt, 1, unmeasured)),
        values::RTTVAR.of(one(ledger::last(&figures.rttvar, at), unmeasured)),
        values::RTO.of(one(ledger::last(&figures.rto, at), "nothing is sent yet")),
    ];
    machine.timers =
        kind::TIMERS.iter().zip(&figures.timers).filter_map(|(code, told)| timer(code, told, at)).collect();
    machine.timers.sort_by_key(|timer| timer.expires_ns);
}

fn timer(code: &'static wire::Code, told: &[ledger::Told<Option<Duration>>], at: Instant) -> Option<RunningTimer> {
    let armed = ledger::last(told, at)?;
    let deadline = armed.at + armed.value?;
    Some(RunningTimer {
        id: code.value,
        name: code.name,
        line: code.line,
        rfc: code.rfc,
        set_ns: armed.at.as_nanos(),
        expires_ns: deadline.as_nanos(),
        left_ns: (deadline - at).as_nanos(),
        event: armed.event.0,
    })
}

/// The arrow in words; the caller adds when and why.
fn arrow_taken(from: State, to: State, index: Option<usize>) -> Taken {
    let row = index.and_then(arrow::arrow);
    Taken {
        at_ns: 0,
        codes: [from.0, to.0],
        now: false,
        from: from.name().unwrap_or_default(),
        to: to.name().unwrap_or_default(),
        event: row.map_or("", |row| row.event.label()),
        action: row.map_or("", |row| row.action.label()),
        rfc: row.map_or("RFC 9293 §3.3.2", |row| row.rfc),
        arrow: index,
        event_id: None,
        text: String::new(),
        packet: None,
    }
}

/// Fills in what the packets of a capture tell.
fn infer(
    story: &Story,
    id: ConversationId,
    last: Option<&Step>,
    direction: Direction,
    when: When<'_>,
    machine: &mut Machine,
) {
    machine.timers_why = "timers are the ends' own: no packet tells of one before it runs out";
    let Some(turns) = story.turns(id) else { return };
    // A connection whose beginning was captured began as the state machine does.
    let mut was = opened(story, id).then(|| before(direction));
    if let Some(state) = was {
        machine.set(Known::Inferred(state, Basis::Segments));
    }
    for turn in turns.at_end(direction) {
        let (seen, now_taken) = match when.packet {
            Some(number) => (turn.packet <= number, turn.packet == number),
            None => (turn.at <= when.at, turn.at == when.at),
        };
        if let Some(&now) = turn.known.value() {
            if let Some(from) = was.filter(|from| *from != now) {
                let index = arrow::inferred(from, now, turn.reset);
                let packet = Some(turn.packet);
                let taken =
                    Taken { at_ns: turn.at.as_nanos(), now: now_taken, packet, ..arrow_taken(from, now, index) };
                if seen {
                    machine.taken = Some(taken.clone());
                }
                if machine.history.len() < MAX_HISTORY {
                    machine.history.push(taken);
                }
            }
            was = Some(now);
        }
        if seen {
            machine.set(turn.known);
        }
    }
    let unscaled = "the SYNs, which tell how windows are scaled, were not captured";
    let window = |of: Direction| match last.map(|last| last.offered[of as usize]) {
        Some(Some(window)) => Shown::inferred(signed(window), Basis::Segments),
        Some(None) => Shown::unknown_since(unscaled),
        None => Shown::none("nothing is sent yet"),
    };
    let in_flight = last.map_or(0, |last| last.in_flight(direction));
    let estimate = Estimate::after(story, id, last, direction);
    let timing = |of: fn(&Estimate) -> Duration| match &estimate {
        Ok(Some(estimate)) => Shown::inferred(of(estimate).as_nanos(), Basis::Timing),
        Ok(None) => Shown::none("nothing that it sent is acknowledged yet"),
        Err(why) => Shown::unknown_since(why),
    };
    let own = || Shown::unknown_since("it is the end's own and stands in no packet");
    machine.values = vec![
        values::IN_FLIGHT.of(Shown::inferred(in_flight, Basis::Segments)),
        values::CWND.of(own()),
        values::SSTHRESH.of(own()),
        values::PEER_WINDOW.of(window(direction.opposite())),
        values::RECEIVE_WINDOW.of(window(direction)),
        values::SEND_BUFFER.of(own()),
        values::RECEIVE_BUFFER.of(own()),
        values::RTT.of(timing(|estimate| estimate.sample)),
        values::SRTT.of(timing(|estimate| estimate.srtt)),
        values::RTTVAR.of(timing(|estimate| estimate.rttvar)),
        values::RTO.of(timing(|estimate| estimate.rto)),
    ];
}

/// Whether the capture has the connection's first SYN, and somebody answered it.
fn opened(story: &Story, id: ConversationId) -> bool {
    let connection = story.flow().conversation(id).and_then(|conversation| conversation.tcp());
    connection.is_some_and(|tcp| tcp.server().syn_frame().is_some() && tcp.client().syn_frame().is_some())
}
