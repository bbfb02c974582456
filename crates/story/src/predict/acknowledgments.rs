//! Which acknowledgment number comes next?

use wire::tcp::Flags;

use super::{MAX_OF_A_SORT, Prediction, connections, the};
use crate::Story;

/// Questions about plain data in one direction of a connection, at most: they are all alike.
const MAX_OF_DATA: usize = 2;

/// A question for each acknowledgment that is the first to cover a SYN or a FIN, and for the first of those that cover data.
pub(super) fn questions(story: &Story) -> Vec<Prediction> {
    let mut out = Vec::new();
    for id in connections(story) {
        let Some(conversation) = story.flow().conversation(id) else { continue };
        let mut of_data = [0, 0];
        for view in conversation.packets.iter().filter_map(|&number| story.flow().row(number)) {
            if out.len() >= MAX_OF_A_SORT {
                return out;
            }
            let Some((tcp, acked)) = view.tcp.and_then(|tcp| Some((tcp, story.flow().row(tcp.acks()?)?))) else {
                continue;
            };
            let (Some(ack), Some(first)) = (tcp.relative_ack(), acked.tcp.and_then(|tcp| tcp.relative_seq())) else {
                continue;
            };
            let (Some(segment), number) = (acked.tcp, view.row.number) else { continue };
            // One that jumps over several segments is no exercise in adding.
            let end = first + i64::from(segment.len) + syn_fin(segment.flags);
            if ack != end {
                continue;
            }
            if syn_fin(segment.flags) == 0 {
                let asked = &mut of_data[acked.row.direction as usize];
                if *asked >= MAX_OF_DATA {
                    continue;
                }
                *asked += 1;
            }
            let (who, whose) = (story.names().host(conversation.sender(view.row.direction).ip), acked.row.number);
            let holds = holds(segment.flags, segment.len);
            out.push(Prediction {
                id: format!("ack-{number}"),
                before_packet: number,
                ask: format!(
                    "Packet {whose} starts at the relative sequence number {first} and carries {holds}. Which acknowledgment number will {} answer with?",
                    the(&who)
                ),
                kind: "number",
                choices: Vec::new(),
                answer: ack.to_string(),
                accepts: vec![tcp.ack.0.to_string()],
                because: format!(
                    "an acknowledgment names the next number that is expected: {first} and {holds} make {ack}, on the wire {}{} (RFC 9293 §3.4)",
                    tcp.ack,
                    if syn_fin(segment.flags) > 0 { "; SYN and FIN count like a byte" } else { "" }
                ),
                packet: number,
                field: Some("tcp.ack"),
            });
        }
    }
    out
}

fn syn_fin(flags: Flags) -> i64 {
    i64::from(flags.contains(Flags::SYN)) + i64::from(flags.contains(Flags::FIN))
}

/// What a segment occupies numbers with, in words.
fn holds(flags: Flags, len: u32) -> String {
    let mut parts = Vec::new();
    if flags.contains(Flags::SYN) {
        parts.push("a SYN".to_owned());
    }
    if len > 0 {
        parts.push(crate::why::bytes(len.into()));
    }
    if flags.contains(Flags::FIN) {
        parts.push("a FIN".to_owned());
    }
    parts.join(" and ")
}
