//! What limits the sender: the congestion window, the threshold, what is in flight, and the other side's window.

use flow::{ConversationId, Direction};

use super::thin::Points;
use super::{Graph, Meaning, Note, Window, side};
use crate::ledger::Told;
use crate::progress::Progress;
use crate::shown::How;
use crate::{Story, why};

const CWND: Meaning = Meaning {
    id: "cwnd",
    name: "congestion window",
    look: "step",
    role: "limit",
    line: "how much may be in flight for the network's sake",
};
const SSTHRESH: Meaning = Meaning {
    id: "ssthresh",
    name: "slow start threshold",
    look: "step",
    role: "smoothed",
    line: "up to here the congestion window doubles each round trip",
};
const FLIGHT: Meaning = Meaning {
    id: "in_flight",
    name: "in flight",
    look: "step",
    role: "data",
    line: "sent, and neither acknowledged nor taken for lost",
};
const PEER: Meaning = Meaning {
    id: "window",
    name: "receiver's window",
    look: "step",
    role: "window",
    line: "how much the other side has room for",
};
const OWN: &str = "it is the sender's own and stands in no packet";
/// Notes of one graph, at most.
const MAX_NOTES: usize = 2_000;

/// What limits the sender of `direction`.
pub(super) fn graph(
    story: &Story,
    id: ConversationId,
    progress: &Progress,
    direction: Direction,
    window: Window,
) -> Graph {
    let end = story.ends_of(id).and_then(|ends| ends[direction as usize]);
    let mut notes = Vec::new();
    let series = match end.and_then(|end| story.ledger().get(&end)) {
        Some(figures) => {
            let pair = |told: &[Told<[u64; 2]>], which: usize| {
                Points::steps(window, told.iter().map(move |told| (told.at, signed(told.value[which]))))
            };
            let set = figures.ssthresh.iter().filter(|told| told.value < u64::from(u32::MAX));
            let ssthresh = Points::steps(window, set.map(|told| (told.at, signed(told.value))));
            notes = moves(story, &figures.moves, window);
            let seen = |meaning: Meaning, points| meaning.with(window, How::Witnessed, "", points);
            vec![
                seen(CWND, pair(&figures.flight, 1)),
                seen(SSTHRESH, ssthresh),
                seen(FLIGHT, pair(&figures.flight, 0)),
                seen(PEER, pair(&figures.windows, 0)),
            ]
        }
        None => {
            let basis = "from the segments at the tap";
            let flight = progress.steps(story.flow()).map(|step| (step.at, step.in_flight(direction)));
            let d = direction.opposite() as usize;
            let peer = progress.steps(story.flow()).filter_map(|step| Some((step.at, signed(step.offered[d]?))));
            vec![
                CWND.unknown(OWN),
                SSTHRESH.unknown(OWN),
                FLIGHT.with(window, How::Inferred, basis, Points::steps(window, flight)),
                PEER.with(window, How::Inferred, basis, Points::steps(window, peer)),
            ]
        }
    };
    Graph {
        id: format!("congestion.{}", side(direction)),
        title: format!("What limits the {}", side(direction)),
        line: "what is in flight stays below the congestion window and the receiver's",
        unit: "bytes",
        side: Some(side(direction)),
        series,
        notes,
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Why the congestion window moved. Growth by acknowledgments is the rule and needs no note.
fn moves(story: &Story, moves: &[Told<[u64; 2]>], window: Window) -> Vec<Note> {
    let Some(trace) = story.trace() else { return Vec::new() };
    let shrinks = moves.iter().filter(|told| told.value[1] < told.value[0]);
    let inside = shrinks.filter(|told| (window.from..=window.to).contains(&told.at));
    let note = |told: &Told<[u64; 2]>| {
        let event = trace.event(told.event)?;
        let cause = trace.event(event.cause).map(|cause| why::text(trace, cause)).unwrap_or_default();
        Some(Note {
            at_ns: told.at.as_nanos(),
            text: format!("{}: {cause}", why::text(trace, event)),
            packet: story.packet_of_event(told.event),
            event: told.event.0,
        })
    };
    inside.take(MAX_NOTES).filter_map(note).collect()
}
