//! Both ends' TCP states at each packet: witnessed in a simulation.

use std::collections::BTreeMap;

use base::{EventId, FrameId, Instant, PlaceId};
use trace::{Event, FrameMeta, Known, Trace, Why, kinds};
use wire::tcp::State;

use crate::source::Frames;

/// A TCP state and how it is known.
pub type StateAt = Known<State>;

/// The states of a connection's two ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ends {
    /// The client's.
    pub client: StateAt,
    /// The server's.
    pub server: StateAt,
}

impl Ends {
    pub(crate) fn unknown() -> Ends {
        Ends { client: Known::Unknown(Why::NotOnTheWire), server: Known::Unknown(Why::NotOnTheWire) }
    }
    pub(crate) fn swapped(self) -> Ends {
        Ends { client: self.server, server: self.client }
    }
}

/// A connection's end in a simulation: the host and the number that the host gave it.
pub(crate) type End = (PlaceId, u32);

/// The transitions of every connection of a simulation, in order.
pub(crate) struct States {
    changes: BTreeMap<End, Vec<(Instant, EventId, State, State)>>,
    /// Which end sent each frame of the story that carries a segment.
    senders: BTreeMap<FrameId, End>,
}

impl States {
    pub fn new(trace: Option<&Trace>, frames: &Frames) -> States {
        let mut changes: BTreeMap<End, Vec<_>> = BTreeMap::new();
        let mut senders = BTreeMap::new();
        if let (Some(trace), Frames::Simulated { ids, .. }) = (trace, frames) {
            for event in trace.events.iter().filter(|event| std::ptr::eq(event.kind, &kinds::tcp::STATE)) {
                let (from, to) = (State(event.args[0] as u8), State(event.args[1] as u8));
                changes.entry((event.place, event.subject)).or_default().push((event.at, event.id, from, to));
            }
            for &id in ids {
                if let Some(end) = sender(trace, id) {
                    senders.insert(id, end);
                }
            }
        }
        States { changes, senders }
    }

    /// The end that sent the frame.
    pub fn sender(&self, frame: FrameId) -> Option<End> {
        self.senders.get(&frame).copied()
    }

    /// The state of `end` once the frame that passed with event `passage` has had its effect: all that happened before,
    /// and what the frame itself made TCP do at that moment. What the program does next, a close for example, belongs to
    /// the packet that it sends then. Of an end elsewhere everything counts that has happened there by that moment.
    /// `before` is what the end counts as before its first transition.
    pub fn after(&self, trace: &Trace, end: End, passage: &FrameMeta, before: State) -> State {
        let changes = self.changes(end);
        match self.taken(trace, end, passage).checked_sub(1).and_then(|at| changes.get(at)) {
            Some(&(.., to)) => to,
            None => changes.first().map_or(before, |&(_, _, from, _)| from),
        }
    }

    /// How many transitions `end` has taken by then: see [`States::after`].
    pub fn taken(&self, trace: &Trace, end: End, passage: &FrameMeta) -> usize {
        let changes = self.changes(end);
        let elsewhere = trace.tap(passage.tap).is_none_or(|tap| tap.place != end.0);
        if elsewhere {
            return changes.partition_point(|change| change.0 <= passage.at);
        }
        let past = changes.partition_point(|change| change.1 <= passage.event);
        let own = changes.iter().skip(past).take_while(|change| change.0 == passage.at);
        past + own.take_while(|change| is_effect_of(trace, change.1, passage.event)).count()
    }

    /// Whether `end` is no connection's, but a listener.
    pub fn listens(&self, end: End) -> bool {
        matches!(self.changes(end), [(.., State::LISTEN)])
    }

    /// The transitions of `end`.
    pub fn changes(&self, end: End) -> &[(Instant, EventId, State, State)] {
        self.changes.get(&end).map_or(&[], Vec::as_slice)
    }
}

/// Whether the change of state `event` follows from the passage of a frame without an act of the program in between.
fn is_effect_of(trace: &Trace, event: EventId, passage: EventId) -> bool {
    use kinds::tcp::{ABORTED, CLOSED_BY_PROGRAM, CONNECT};
    let by_program =
        |event: &Event| [&ABORTED, &CLOSED_BY_PROGRAM, &CONNECT].into_iter().any(|kind| std::ptr::eq(event.kind, kind));
    trace.causes(event).take_while(|event| event.id >= passage && !by_program(event)).any(|event| event.id == passage)
}

/// The connection's end that made the segment in `frame`: the first event of a segment's sending in the chain of causes of
/// the earliest observation of the packet.
fn sender(trace: &Trace, frame: FrameId) -> Option<End> {
    let origin = trace.ancestors(frame).last().unwrap_or(frame);
    let meta = trace.frames.meta(origin)?;
    let sent = trace.causes(meta.event).take(4).find(|event| std::ptr::eq(event.kind, &kinds::tcp::SENT))?;
    Some((sent.place, sent.subject))
}
