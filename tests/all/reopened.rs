//! Simulated, written, opened: the reader infers from the bytes what the simulation witnessed.

use wirescope::export::TapSet;
use wirescope::story::Row;
use wirescope::trace::Known;
use wirescope::wire::tcp::State;
use wirescope::{Story, TapChoice};

use crate::runs;

/// What both know of a packet, whoever tells it. A capture has addresses where a simulation has names, and no idea of
/// what was lost behind the tap.
fn common(row: &Row) -> impl PartialEq + std::fmt::Debug {
    (
        (row.number, row.at, row.side, row.protocol, row.flags.clone()),
        (row.seq, row.ack, row.length, row.payload),
        row.marks.iter().filter(|mark| !matches!(mark, wirescope::story::Mark::Lost(_))).cloned().collect::<Vec<_>>(),
    )
}

#[test]
fn a_capture_is_told_as_the_run_was() {
    for (name, run) in runs::every() {
        for tap in runs::taps(&run.trace) {
            let told = Story::from_trace(run.trace.clone(), TapChoice::Named(tap.clone())).expect("the tap is there");
            let (_, file) = runs::reopened(&run.trace, TapSet::One(told.tap().expect("one tap")));
            let again = runs::told(file);
            assert_eq!(told.len(), again.len(), "{name} at {tap}");
            // Times of a capture count from its first packet.
            let shift = told.row(1).map(|row| row.at);
            for (mut row, other) in told.rows().zip(again.rows()) {
                row.at = wirescope::base::Instant::ZERO + (row.at - shift.unwrap_or_default());
                assert_eq!(common(&row), common(&other), "{name} at {tap}");
            }
        }
    }
}

#[test]
fn inferred_states_are_those_that_were() {
    let mut compared = 0;
    for (name, run) in runs::every() {
        let told = runs::at_client(&run.trace);
        let (_, file) = runs::reopened(&run.trace, TapSet::One(told.tap().expect("one tap")));
        let next = told.rows().skip(1).map(Some).chain([None]);
        for ((row, next), other) in told.rows().zip(next).zip(runs::told(file).rows()) {
            // What an end does at one instant it does packet by packet; the simulation's state is the one after them all.
            if next.is_some_and(|next| next.at == row.at) {
                continue;
            }
            let (Some(witnessed), Some(inferred)) = (row.ends, other.ends) else { continue };
            // The tap is the client's: of the server it sees what the server sent, half a round trip later.
            if let (Some(was), Known::Inferred(said, _)) = (state(witnessed.client), inferred.client) {
                assert_eq!(was, said, "{name}: the client's state at packet {}: {}", row.number, row.meaning);
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "{compared} states were compared");
}

fn state(known: Known<State>) -> Option<State> {
    match known {
        Known::Witnessed(state) => Some(state),
        _ => None,
    }
}
