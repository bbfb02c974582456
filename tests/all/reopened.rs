//! Simulated, written, opened: the reader infers from the bytes what the simulation witnessed.

use wirescope::export::TapSet;
use wirescope::story::Row;
use wirescope::trace::{Known, Role};
use wirescope::wire::tcp::{Event, State, transition};
use wirescope::{Story, TapChoice};

use crate::runs;

/// What both know of a packet, whoever tells it. A capture has addresses where a simulation has names, and no idea of
/// what was lost behind the tap.
fn common(row: &Row) -> impl PartialEq + std::fmt::Debug {
    (
        (row.number, row.at, row.protocol, row.flags.clone()),
        (row.seq, row.ack, row.length, row.payload),
        row.marks.iter().filter(|mark| !matches!(mark, wirescope::story::Mark::Lost(_))).cloned().collect::<Vec<_>>(),
    )
}

#[test]
fn a_capture_is_told_as_the_run_was() {
    for (name, trace) in runs::traces() {
        for tap in runs::taps(&trace) {
            let told = Story::from_trace(trace.clone(), TapChoice::Named(tap.clone())).expect("the tap is there");
            let (_, file) = runs::reopened(&trace, TapSet::One(told.tap().expect("one tap")));
            let again = runs::told(file);
            assert_eq!(told.len(), again.len(), "{name} at {tap}");
            // Times of a capture count from its first packet.
            let shift = told.row(1).map(|row| row.at);
            for (mut row, other) in told.rows().zip(again.rows()) {
                row.at = wirescope::base::Instant::ZERO + (row.at - shift.unwrap_or_default());
                assert_eq!(common(&row), common(&other), "{name} at {tap}");
                // In a simultaneous open the capture takes who asked first for the client.
                assert!(
                    row.side == other.side || name == "simultaneous-open",
                    "{name} at {tap}: packet {}",
                    row.number
                );
            }
        }
    }
}

/// Both ends of every connection of every built-in run, each told from the packets at its own interface: there a capture
/// can know all that matters. (Of the far end it knows what that has sent, half a round trip late.)
#[test]
fn inferred_states_are_those_that_were() {
    let (mut compared, mut waiting, mut cookies, mut differing) = (0, 0, 0, Vec::new());
    for (name, trace) in runs::traces() {
        for tap in runs::taps(&trace) {
            let told = Story::from_trace(trace.clone(), TapChoice::Named(tap.clone())).expect("the tap is there");
            let at = told.tap().expect("one tap");
            let role = trace.tap(at).and_then(|tap| trace.place(tap.place)).map(|place| place.role);
            let (_, file) = runs::reopened(&trace, TapSet::One(at));
            let again = runs::told(file);
            for (row, other) in told.rows().zip(again.rows()) {
                let (Some(was), Some(said)) = (row.ends, other.ends) else { continue };
                // In a simultaneous open the capture takes who asked first for the client.
                let said = if row.side == other.side { (said.client, said.server) } else { (said.server, said.client) };
                let (was, said) = match role {
                    Some(Role::Client) => (was.client, said.0),
                    Some(Role::Server) => (was.server, said.1),
                    _ => continue,
                };
                let (Some(was), Known::Inferred(said, _)) = (state(was), said) else { continue };
                compared += 1;
                // The program has closed, and the FIN waits behind data that may not leave yet: RFC 9293 §3.10.4 has the state
                // change at once, and no packet shows it.
                if transition(said, Event::Close).is_some_and(|row| row.to == was) {
                    waiting += 1;
                    continue;
                }
                // A server that answers with a SYN cookie keeps nothing and goes on listening (RFC 4987 §3.6): its SYN-ACK looks
                // like any other.
                if (was, said) == (State::LISTEN, State::SYN_RECEIVED) && name == "syn-flood" {
                    cookies += 1;
                    continue;
                }
                // The capture was made at the server, but what nobody completes has no round trip that would tell: a SYN counts
                // as still on its way until it is answered.
                if (was, said) == (State::SYN_RECEIVED, State::LISTEN) && name == "syn-flood" {
                    continue;
                }
                if was != said {
                    differing.push((name, row.number, was.to_string(), said.to_string()));
                }
            }
        }
    }
    assert!(differing.is_empty(), "run, packet, state, what is inferred: {differing:?}");
    assert!(compared > 400, "{compared} states were compared");
    assert!(cookies > 0, "a server under a flood of SYNs is among the runs");
    assert!(waiting < 5, "{waiting} FINs wait behind data");
}

fn state(known: Known<State>) -> Option<State> {
    match known {
        Known::Witnessed(state) => Some(state),
        _ => None,
    }
}
