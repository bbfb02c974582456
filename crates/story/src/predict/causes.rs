//! Why is something sent again?

use flow::Verdicts;
use trace::kinds::tcp as kind;

use super::{Prediction, connections, ordered};
use crate::Story;

/// Questions of this sort, at most.
const MAX: usize = 6;
const TIMER: &str = "its timer ran out";
const DUPLICATES: &str = "acknowledgments said that it is missing";
const ASKED: &str = "the program wrote it twice";
const PROBE: &str = "it probes whether the end of what it sent was lost";

/// A question for each segment that is sent again and of which it is known why.
pub(super) fn questions(story: &Story) -> Vec<Prediction> {
    let mut out = Vec::new();
    for id in connections(story) {
        let Some(conversation) = story.flow().conversation(id) else { continue };
        for view in conversation.packets.iter().filter_map(|&number| story.flow().row(number)) {
            let (Some(tcp), number) = (view.tcp, view.row.number) else { continue };
            if !tcp.verdicts.is_retransmission() {
                continue;
            }
            let Some((answer, why)) = reason(story, number, tcp.verdicts) else { continue };
            if out.len() >= MAX {
                return out;
            }
            let host = story.names().host(conversation.sender(view.row.direction).ip);
            // What was lost on its way here was never seen here.
            let what = match (tcp.repeats(), tcp.relative_seq()) {
                (Some(first), _) => format!("what packet {first} carried"),
                (None, Some(at)) => format!("{} bytes from byte {at}, which never arrived here", tcp.len),
                (None, None) => continue,
            };
            out.push(Prediction {
                id: format!("again-{number}"),
                before_packet: number,
                ask: format!("{host} is about to send again {what}. What makes it do so?"),
                kind: "choice",
                choices: ordered([TIMER, DUPLICATES, PROBE, ASKED].map(str::to_owned).to_vec()),
                answer: answer.to_owned(),
                accepts: Vec::new(),
                because: why.to_owned(),
                packet: number,
                field: Some("tcp.seq"),
            });
        }
    }
    out
}

/// Why a segment was sent again: by the simulation's causes, or by what the capture saw before.
fn reason(story: &Story, number: u32, verdicts: Verdicts) -> Option<(&'static str, &'static str)> {
    let timer = (
        TIMER,
        "no acknowledgment came within the retransmission timeout: the oldest segment is sent again (RFC 6298 §5.4)",
    );
    let duplicates = (
        DUPLICATES,
        "what was sent behind it has been acknowledged: it is sent without waiting (RFC 5681 §3.2, RFC 8985 §6.2)",
    );
    let probe = (
        PROBE,
        "nothing came back for two round trips: the last segment is sent again, so that its acknowledgment tells what is missing before the retransmission timer runs out (RFC 8985 §7)",
    );
    let Some(trace) = story.trace() else {
        return verdicts.contains(Verdicts::FAST_RETRANSMISSION).then_some(duplicates);
    };
    let root = story.lineage().root(story.frame_id(number)?);
    let sent = trace.frames.meta(root)?.event;
    let place = trace.event(sent)?.place;
    for cause in trace.causes(sent).take(12).take_while(|event| event.place == place) {
        let is = |kinds: &[&'static trace::Kind]| kinds.iter().any(|kind| std::ptr::eq(*kind, cause.kind));
        if is(&[&kind::RTO_FIRED]) {
            return Some(timer);
        }
        if is(&[&kind::TLP_FIRED]) {
            return Some(probe);
        }
        let missing = [&kind::FAST_RETRANSMIT, &kind::PARTIAL_ACK, &kind::DUP_ACK, &kind::RECOVERY_ENTERED];
        if is(&missing) || is(&[&kind::RACK_LOST, &kind::SACK_LOST, &kind::SACKED]) {
            return Some(duplicates);
        }
    }
    None
}
