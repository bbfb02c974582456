//! Both ends' TCP states at each packet: witnessed in a simulation.

use std::collections::BTreeMap;

use base::{EventId, FrameId, Instant, PlaceId};
use trace::{Known, Trace, Why, kinds};
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

    /// The state of `end` at `at`, everything that happened at that very moment included. `before` is what it counts as
    /// before its first transition.
    pub fn at(&self, end: End, at: Instant, before: State) -> State {
        let changes = self.changes.get(&end).map_or(&[][..], Vec::as_slice);
        match changes.iter().take_while(|change| change.0 <= at).last() {
            Some(&(.., to)) => to,
            None => changes.first().map_or(before, |&(_, _, from, _)| from),
        }
    }

    /// The transitions of `end`.
    pub fn changes(&self, end: End) -> &[(Instant, EventId, State, State)] {
        self.changes.get(&end).map_or(&[], Vec::as_slice)
    }
}

/// The connection's end that made the segment in `frame`: the first event of a segment's sending in the chain of causes of
/// the earliest observation of the packet.
fn sender(trace: &Trace, frame: FrameId) -> Option<End> {
    let origin = trace.ancestors(frame).last().unwrap_or(frame);
    let meta = trace.frames.meta(origin)?;
    let sent = trace.causes(meta.event).take(4).find(|event| std::ptr::eq(event.kind, &kinds::tcp::SENT))?;
    Some((sent.place, sent.subject))
}
