//! Rates: what passed the tap, and what of it arrived for good.

use base::{Duration, Instant};
use flow::{ConversationId, Direction};

use super::thin::Points;
use super::{Graph, Meaning, Window, side};
use crate::Story;
use crate::progress::Progress;
use crate::shown::How;

const THROUGHPUT: Meaning = Meaning {
    id: "throughput",
    name: "throughput",
    look: "step",
    role: "measured",
    line: "all that passed the tap, headers and repetitions included",
};
const GOODPUT: Meaning = Meaning {
    id: "goodput",
    name: "goodput",
    look: "step",
    role: "data",
    line: "data that the other side acknowledged, each byte once",
};
const PACING: Meaning = Meaning {
    id: "pacing",
    name: "pacing rate",
    look: "step",
    role: "limit",
    line: "the rate that the congestion control allows, of data without headers",
};
/// Into how many stretches the time is cut, at most.
const STRETCHES: usize = 400;
/// Into how many at least, where a round trip would be longer.
const LEAST_STRETCHES: i64 = 12;

/// The rates in `direction`.
pub(super) fn graph(
    story: &Story,
    id: ConversationId,
    progress: &Progress,
    direction: Direction,
    window: Window,
) -> Graph {
    let times = || progress.steps(story.flow()).map(|step| step.at);
    let (from, to) = (times().next().unwrap_or(Instant::ZERO), times().last().unwrap_or(Instant::ZERO));
    let (from, to) = (from.max(window.from), to.min(window.to));
    let stretches = STRETCHES.min(window.points).max(1);
    let whole = to.since(from).as_nanos().max(0);
    // A window is sent once a round trip: shorter averages would show bursts and gaps where the rate is even.
    let round_trip =
        story.flow().conversation(id).and_then(|conversation| conversation.tcp()).and_then(analyze::round_trip);
    let even = round_trip.map_or(0, Duration::as_nanos).min(whole / LEAST_STRETCHES);
    let span = (whole / stretches as i64 + 1).max(even).max(1_000);
    let mut sums = vec![[0i64; 2]; stretches + 1];
    let d = direction as usize;
    let mut acked = None;
    for step in progress.steps(story.flow()) {
        let delivered = step.acked[d] - acked.unwrap_or(step.acked[d]);
        acked = Some(step.acked[d]);
        if !(from..=to).contains(&step.at) {
            continue;
        }
        let stretch = usize::try_from(step.at.since(from).as_nanos() / span).unwrap_or(0);
        let Some(sum) = sums.get_mut(stretch) else { continue };
        if step.direction == direction {
            sum[0] += story.flow().row(step.number).map_or(0, |view| i64::from(view.row.original));
        }
        sum[1] += delivered;
    }
    let used = usize::try_from(to.since(from).as_nanos().max(0) / span).unwrap_or(0) + 1;
    let rate =
        |bytes: i64| (i128::from(bytes) * 8_000_000_000 / i128::from(span)).clamp(0, i128::from(i64::MAX)) as i64;
    let line = |which: usize| {
        let mut points = Points::default();
        for (stretch, sum) in sums.iter().take(used).enumerate() {
            points.at.push((from + Duration::from_nanos(span * stretch as i64)).as_nanos());
            points.value.push(rate(sum[which]));
        }
        points
    };
    let seen = |meaning: Meaning, points| meaning.with(window, How::Inferred, "from the segments at the tap", points);
    let mut series = vec![seen(THROUGHPUT, line(0)), seen(GOODPUT, line(1))];
    if let Some(pacing) = pacing(story, id, direction, window) {
        series.push(PACING.with(window, How::Witnessed, "", pacing));
    }
    Graph {
        id: format!("rate.{}", side(direction)),
        title: format!("How fast the {} sends", side(direction)),
        line: "averages over a round trip each, or over a part of what is shown",
        unit: "bit_s",
        side: Some(side(direction)),
        series,
        notes: Vec::new(),
    }
}

/// The pacing rate in bits a second, if the sender has one and told of it.
fn pacing(story: &Story, id: ConversationId, direction: Direction, window: Window) -> Option<Points> {
    let end = story.ends_of(id)?[direction as usize]?;
    let told = &story.ledger().get(&end)?.pacing;
    let bits = |bytes: u64| i64::try_from(bytes.saturating_mul(8)).unwrap_or(i64::MAX);
    (!told.is_empty()).then(|| Points::steps(window, told.iter().map(|told| (told.at, bits(told.value)))))
}
