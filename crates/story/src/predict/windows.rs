//! What does the window allow?

use super::{Prediction, connections};
use crate::Story;

/// Questions of this sort in one direction of a connection, at most: they are all alike.
const MAX: usize = 2;

/// A question where data was sent and not all is acknowledged, once for each time that the window moved.
pub(super) fn questions(story: &Story) -> Vec<Prediction> {
    let mut out = Vec::new();
    for id in connections(story) {
        let Some(progress) = story.progress(id) else { continue };
        // By direction: the packet that said last how much room there is for what goes there.
        let mut said: [Option<(u32, i64)>; 2] = [None, None];
        let mut asked: [(usize, Option<i64>); 2] = Default::default();
        let steps = || progress.steps(story.flow());
        for (step, next) in steps().zip(steps().skip(1)) {
            let direction = step.direction;
            let d = direction as usize;
            if let Some(ack) = step.ack {
                said[direction.opposite() as usize] = Some((step.number, ack));
            }
            let (Some(edge), Some((from, to)), true, Some((offer, ack))) =
                (step.edge(direction), step.range, step.in_flight(direction) > 0, said[d])
            else {
                continue;
            };
            let (sent, acked) = (step.sent[d], step.acked[d]);
            let left = edge - sent;
            let (times, before) = asked[d];
            // Data whose acknowledgment is yet to come; what the other side has said last decides.
            if to <= from
                || to - from < 2
                || left < 0
                || acked < 1
                || ack != acked
                || before == Some(edge)
                || times >= MAX
            {
                continue;
            }
            asked[d] = (times + 1, Some(edge));
            let window = edge - acked;
            let (who, other) =
                if direction == flow::Direction::ToServer { ("client", "server") } else { ("server", "client") };
            out.push(Prediction {
                id: format!("window-{}", step.number),
                before_packet: next.number,
                ask: format!(
                    "With packet {offer} the {other} has acknowledged everything before {acked} and offered a window of {window} bytes; with packet {} the {who} has sent everything before {sent}. How many more bytes may it send before it hears again?",
                    step.number
                ),
                kind: "number",
                choices: Vec::new(),
                answer: left.to_string(),
                accepts: Vec::new(),
                because: format!(
                    "the window counts from the acknowledgment: {acked} and {window} make {edge}, and {sent} of that is used (RFC 9293 §3.8.6)"
                ),
                packet: offer,
                field: Some("tcp.window"),
            });
        }
    }
    out
}
