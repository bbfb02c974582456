//! Sequence numbers over time: the classic graph, with what came back.

use flow::{ConversationId, Direction, Flow, Verdicts};
use wire::frame::Transport;

use super::thin::Points;
use super::{Graph, Meaning, Window, side};
use crate::Story;
use crate::progress::{Progress, Step};
use crate::shown::How;

const DATA: Meaning = Meaning {
    id: "data",
    name: "segments",
    look: "bars",
    role: "data",
    line: "a segment, from its first number to behind its last, when it passed the tap",
};
const AGAIN: Meaning = Meaning {
    id: "again",
    name: "sent again",
    look: "bars",
    role: "retransmission",
    line: "a segment that repeats what was sent before",
};
const ACK: Meaning = Meaning {
    id: "ack",
    name: "acknowledged",
    look: "step",
    role: "ack",
    line: "up to here the other side has said that it has everything",
};
const EDGE: Meaning = Meaning {
    id: "window",
    name: "window's edge",
    look: "step",
    role: "window",
    line: "up to here the other side has room",
};
const SACK: Meaning = Meaning {
    id: "sack",
    name: "SACK blocks",
    look: "bars",
    role: "sack",
    line: "what the other side says that it has behind a gap",
};

/// The graph of what the sender of `direction` sends.
pub(super) fn graph(
    story: &Story,
    id: ConversationId,
    progress: &Progress,
    direction: Direction,
    window: Window,
) -> Graph {
    let (mut data, mut again, mut sack) = (Points::default(), Points::default(), Points::default());
    for step in progress.steps(story.flow()) {
        if !(window.from..=window.to).contains(&step.at) {
            continue;
        }
        if step.direction == direction {
            let Some(range) = step.range.filter(|(from, to)| to > from) else { continue };
            let repeated = step.verdicts.is_retransmission() || step.verdicts.intersects(Verdicts::ZERO_WINDOW_PROBE);
            let points = if repeated { &mut again } else { &mut data };
            points.add_bar(window, step.at, range, step.number);
        } else {
            for block in sack_blocks(story, story.flow(), id, &step) {
                sack.add_bar(window, step.at, block, step.number);
            }
        }
    }
    let d = direction as usize;
    let back = || progress.steps(story.flow()).filter(|step| step.direction != direction);
    let ack = Points::steps(window, back().filter(|step| step.ack.is_some()).map(|step| (step.at, step.acked[d])));
    let edge = Points::steps(window, back().filter_map(|step| Some((step.at, step.edge(direction)?))));
    let unscaled = edge.at.is_empty() && progress.steps(story.flow()).next().is_some();
    let edge = if unscaled && story.trace().is_none() {
        EDGE.unknown("the SYNs, which tell how windows are scaled, were not captured")
    } else {
        EDGE.with(window, How::Inferred, "from the segments at the tap", edge)
    };
    let seen =
        |meaning: Meaning, points: Points| meaning.with(window, How::Inferred, "from the segments at the tap", points);
    Graph {
        id: format!("sequence.{}", side(direction)),
        title: format!("Sequence numbers: what the {} sends", side(direction)),
        line: "relative numbers: 0 is the SYN, 1 the first byte; a steeper line is a faster one",
        unit: "bytes",
        side: Some(side(direction)),
        series: vec![seen(DATA, data), seen(AGAIN, again), seen(SACK, sack), seen(ACK, ack), edge],
        notes: Vec::new(),
    }
}

/// The SACK blocks of a segment (RFC 2018 §3), in relative numbers.
fn sack_blocks(story: &Story, flow: &Flow, id: ConversationId, step: &Step) -> Vec<(i64, i64)> {
    let permitted = flow.conversation(id).and_then(|conversation| conversation.tcp()).is_none_or(|tcp| {
        let options = [tcp.client().syn_options(), tcp.server().syn_options()];
        options.iter().all(|options| options.is_none_or(|options| options.sack_permitted))
    });
    let (true, Some(ack)) = (permitted, step.ack) else { return Vec::new() };
    let (Some(view), Some(bytes)) = (flow.row(step.number), story.bytes(step.number)) else { return Vec::new() };
    let frame = wire::frame::decode(view.row.link, &bytes, view.row.original as usize, &mut wire::Silent);
    let (Transport::Tcp(_, options), Some(tcp)) = (frame.transport, view.tcp) else { return Vec::new() };
    // Blocks lie near the acknowledgment, so that numbers beyond 32 bits come out right.
    let relative = |seq: wire::tcp::Seq| ack + i64::from(seq.0.wrapping_sub(tcp.ack.0) as i32);
    options.sack.iter().map(|&(left, right)| (relative(left), relative(right))).collect()
}
