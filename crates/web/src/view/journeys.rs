//! The ways of a simulation's packets: where each was made, where it arrived, or where it was lost.

use base::{FrameId, Instant, PlaceId};
use trace::{Direction, Trace, kinds};

/// No frame.
const NONE: u32 = u32::MAX;

/// All ways of a trace, for quick asking.
#[derive(Debug)]
pub struct Journeys {
    /// For each frame its first observation after this one, and for each the next with the same origin.
    first: Vec<u32>,
    next: Vec<u32>,
    /// Losses in order of frames: the frame that was seen last, when it was lost, and at which place.
    lost: Vec<(FrameId, Instant, PlaceId)>,
}

/// The way of one packet, from its sender on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Journey {
    /// Where and when it was sent.
    pub sent: (PlaceId, Instant),
    /// Where and when it arrived for good.
    pub arrived: Option<(PlaceId, Instant)>,
    /// Where and when it was lost, if it arrived nowhere.
    pub lost: Option<(PlaceId, Instant)>,
}

impl Journeys {
    /// Reads a trace.
    pub fn of(trace: &Trace) -> Journeys {
        let metas = trace.frames.metas();
        let mut first = vec![NONE; metas.len()];
        let mut next = vec![NONE; metas.len()];
        // Backwards, so that each list is in order of happening.
        for meta in metas.iter().rev() {
            let Some(from) = meta.derived_from else { continue };
            if let Some(slot) = first.get_mut(from.index()) {
                next[meta.id.index()] = std::mem::replace(slot, meta.id.0);
            }
        }
        let mut lost: Vec<_> = trace
            .events
            .iter()
            .filter(|event| {
                std::ptr::eq(event.kind, &kinds::link::LOST) || std::ptr::eq(event.kind, &kinds::link::QUEUE_DROP)
            })
            .map(|event| (FrameId(event.args[0] as u32), event.at, event.place))
            .collect();
        lost.sort_unstable_by_key(|(frame, at, _)| (*frame, *at));
        Journeys { first, next, lost }
    }

    /// The observations that follow on this one: at the other end of the link, behind a router, as fragments.
    pub fn following(&self, frame: FrameId) -> impl Iterator<Item = FrameId> + '_ {
        let first = self.first.get(frame.index()).copied().unwrap_or(NONE);
        let list = std::iter::successors(Some(first), |&id| self.next.get(id as usize).copied());
        list.take_while(|&id| id != NONE).map(FrameId)
    }

    /// Where the frame was lost behind this observation.
    pub fn lost_behind(&self, frame: FrameId) -> Option<(PlaceId, Instant)> {
        let at = self.lost.binary_search_by_key(&frame, |(frame, ..)| *frame).ok()?;
        self.lost.get(at).map(|&(_, at, place)| (place, at))
    }

    /// The way of the packet that was seen as `frame`.
    pub fn of_frame(&self, trace: &Trace, frame: FrameId) -> Option<Journey> {
        let origin = trace.ancestors(frame).last().unwrap_or(frame);
        let place = |frame: FrameId| {
            let meta = trace.frames.meta(frame)?;
            Some((trace.tap(meta.tap)?.place, meta.at))
        };
        let sent = place(origin)?;
        // The furthest observation counts: flooded copies end where they are not wanted.
        let mut arrived: Option<(usize, FrameId)> = None;
        let mut lost: Option<(PlaceId, Instant)> = None;
        let mut todo = vec![(0, origin)];
        while let Some((depth, frame)) = todo.pop() {
            let goes_in = trace.frames.meta(frame).is_some_and(|meta| meta.direction == Direction::In);
            let mut end = true;
            for follower in self.following(frame) {
                end = false;
                todo.push((depth + 1, follower));
            }
            if end && goes_in && arrived.is_none_or(|(deepest, _)| depth >= deepest) {
                arrived = Some((depth, frame));
            }
            lost = lost.or_else(|| self.lost_behind(frame));
        }
        // A packet of which a part was lost has not arrived.
        let arrived = arrived.filter(|_| lost.is_none()).and_then(|(_, frame)| place(frame));
        Some(Journey { sent, arrived, lost })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(scenario: &str, turn: impl FnOnce(&mut scenario::Scenario)) -> Trace {
        let mut scenario = scenario::find(scenario).unwrap().scenario();
        turn(&mut scenario);
        scenario::run(&scenario).unwrap().trace
    }

    #[test]
    fn a_packet_takes_half_a_round_trip_from_end_to_end() {
        let trace = run("https", |_| ());
        let journeys = Journeys::of(&trace);
        let client = trace.taps.iter().find(|tap| tap.name == "client").unwrap();
        let syn = trace.frames_at(client.id).next().unwrap();
        let journey = journeys.of_frame(&trace, syn.id).unwrap();
        let name = |place: PlaceId| trace.place(place).unwrap().name.as_str();
        assert_eq!((name(journey.sent.0), journey.lost), ("client", None));
        let (place, at) = journey.arrived.unwrap();
        assert_eq!(name(place), "server");
        let way = (at - journey.sent.1).as_millis_f64();
        assert!((33.0..33.1).contains(&way), "{way}");
    }

    #[test]
    fn what_is_lost_does_not_arrive() {
        let trace = run("https", |scenario| scenario.network.drop_from_client = vec![1]);
        let journeys = Journeys::of(&trace);
        let client = trace.taps.iter().find(|tap| tap.name == "client").unwrap();
        let syn = trace.frames_at(client.id).next().unwrap();
        let journey = journeys.of_frame(&trace, syn.id).unwrap();
        assert!(journey.arrived.is_none() && journey.lost.is_some(), "{journey:?}");
    }
}
