//! On which stream of HTTP/2 does the next request go?

use super::{Prediction, connections};
use crate::Story;

/// Questions of this sort on a connection, at most: they are all alike.
const MAX: usize = 2;

/// A question for each request of HTTP/2 that begins in a later packet than the one before it.
pub(super) fn questions(story: &Story) -> Vec<Prediction> {
    let mut out = Vec::new();
    for id in connections(story) {
        let Some(layers) = story.layers(id) else { continue };
        let Some(http) = &layers.http else { continue };
        // Where each request goes: its stream, and the packet with which it begins.
        let asked: Vec<(u32, u32)> = story
            .analysis()
            .requests
            .iter()
            .filter(|request| request.conversation == id)
            .filter_map(|request| {
                let message = http.exchanges.get(request.exchange?)?.request?;
                Some((http.messages.get(message)?.on_stream.as_ref()?.stream, request.request_frames.0))
            })
            .collect();
        let pairs = asked.iter().zip(asked.iter().skip(1)).filter(|((_, before), (_, next))| before < next);
        for (&(stream, before), &(next, packet)) in pairs.take(MAX) {
            out.push(Prediction {
                id: format!("stream-{packet}"),
                before_packet: packet,
                ask: format!(
                    "With packet {before} the client has asked for something on stream {stream} of HTTP/2; packet {packet} asks again. On which stream?"
                ),
                kind: "number",
                choices: Vec::new(),
                answer: next.to_string(),
                accepts: Vec::new(),
                because: format!(
                    "a request has a stream of its own, and is never asked on one again; the client's have odd numbers, each higher than all before: {next} comes after {stream} (RFC 9113 §5.1.1)"
                ),
                packet,
                field: Some("http2.frame.stream"),
            });
        }
    }
    out
}
