//! Round trips: measured, smoothed, and the timeout that follows from them.

use flow::{ConversationId, Direction};

use super::thin::Points;
use super::{Graph, Meaning, Window, side};
use crate::Story;
use crate::progress::Progress;
use crate::rtt::Estimate;
use crate::shown::{How, basis_text};

const SAMPLES: Meaning = Meaning {
    id: "rtt",
    name: "measured",
    look: "dots",
    role: "measured",
    line: "a round trip: from a segment to its acknowledgment",
};
const SRTT: Meaning = Meaning {
    id: "srtt",
    name: "smoothed",
    look: "step",
    role: "smoothed",
    line: "the average that forgets slowly (SRTT)",
};
const RTO: Meaning = Meaning {
    id: "rto",
    name: "timeout",
    look: "step",
    role: "timer",
    line: "how long an acknowledgment is waited for (RTO); it doubles each time that it runs out",
};

/// The round trips that the sender of `direction` measures.
pub(super) fn graph(
    story: &Story,
    id: ConversationId,
    progress: &Progress,
    direction: Direction,
    window: Window,
) -> Graph {
    let end = story.ends_of(id).and_then(|ends| ends[direction as usize]);
    let series = match end.and_then(|end| story.ledger().get(&end)) {
        Some(figures) => {
            let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
            let mut samples = Points::default();
            for told in &figures.rtt {
                let packet = story.packet_of_event(told.event).unwrap_or(0);
                samples.add_packet(window, told.at, signed(told.value[0]), packet);
            }
            let srtt = Points::steps(window, figures.rtt.iter().map(|told| (told.at, signed(told.value[1]))));
            let rto = Points::steps(window, figures.rto.iter().map(|told| (told.at, signed(told.value))));
            let seen = |meaning: Meaning, points| meaning.with(window, How::Witnessed, "", points);
            vec![seen(SAMPLES, samples), seen(SRTT, srtt), seen(RTO, rto)]
        }
        None => match Estimate::all(story, id, progress, direction) {
            Ok(all) => {
                let mut samples = Points::default();
                for estimate in &all {
                    samples.add_packet(window, estimate.at, estimate.sample.as_nanos(), estimate.packet);
                }
                let srtt = Points::steps(window, all.iter().map(|one| (one.at, one.srtt.as_nanos())));
                let rto = Points::steps(window, all.iter().map(|one| (one.at, one.rto.as_nanos())));
                let seen = |meaning: Meaning, points| {
                    meaning.with(window, How::Inferred, basis_text(trace::Basis::Timing), points)
                };
                vec![seen(SAMPLES, samples), seen(SRTT, srtt), seen(RTO, rto)]
            }
            Err(why) => vec![SAMPLES.unknown(why), SRTT.unknown(why), RTO.unknown(why)],
        },
    };
    Graph {
        id: format!("rtt.{}", side(direction)),
        title: format!("Round trips that the {} measures", side(direction)),
        line: "what queues in the network and delayed acknowledgments add shows here first",
        unit: "ns",
        side: Some(side(direction)),
        series,
        notes: Vec::new(),
    }
}
