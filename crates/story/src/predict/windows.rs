//! What does the window allow?

use super::{Prediction, connections};
use crate::Story;

/// Questions of this sort, at most: they are all alike.
const MAX: usize = 5;

/// A question where data was sent and not all is acknowledged, once for each time that the window moved.
pub(super) fn questions(story: &Story) -> Vec<Prediction> {
    let mut out = Vec::new();
    for id in connections(story) {
        let Some(progress) = story.progress(id) else { continue };
        let mut asked = None;
        for (step, next) in progress.steps.iter().zip(progress.steps.iter().skip(1)) {
            let direction = step.direction;
            let (Some(edge), Some((from, to)), true) =
                (step.edge(direction), step.range, step.in_flight(direction) > 0)
            else {
                continue;
            };
            let (sent, acked) = (step.sent[direction as usize], step.acked[direction as usize]);
            let left = edge - sent;
            // Data whose acknowledgment is yet to come; what the other side has said last decides.
            if to <= from || to - from < 2 || left < 0 || acked < 1 || asked == Some(edge) || out.len() >= MAX {
                continue;
            }
            asked = Some(edge);
            let window = edge - acked;
            let who = if direction == flow::Direction::ToServer { "client" } else { "server" };
            out.push(Prediction {
                id: format!("window-{}", step.number),
                before_packet: next.number,
                ask: format!(
                    "The other side has acknowledged everything before {acked} and has offered a window of {window} bytes; with packet {} the {who} has sent everything before {sent}. How many more bytes does the window allow?",
                    step.number
                ),
                kind: "number",
                choices: Vec::new(),
                answer: left.to_string(),
                accepts: Vec::new(),
                because: format!(
                    "the window counts from the acknowledgment: {acked} and {window} make {edge}, and {sent} of that is used (RFC 9293 §3.8.6)"
                ),
                packet: step.number,
                field: Some("tcp.window"),
            });
        }
    }
    out
}
