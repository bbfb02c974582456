//! What does the next message say?

use super::{Prediction, ordered, the};
use crate::{Row, Side, Story};

/// Questions of this sort, at most; and of one protocol and direction.
const MAX: usize = 6;
const MAX_ALIKE: usize = 1;
/// Packets that are looked at: what is asked of lies near the beginning.
const MAX_READ: u32 = 400;
/// Acts that say why a message is sent, by the beginning of their kind; those of the layers that only carry it do not.
const REASONS: [&str; 6] = ["tls.", "http.", "dns.", "dhcp.", "arp.", "tcp.received"];

/// A question for the first message of each protocol and direction, with other messages of the run to choose from. None for a
/// capture: it does not know what led to a message.
pub(super) fn questions(story: &Story) -> Vec<Prediction> {
    let rows: Vec<Row> = (1..=MAX_READ.min(story.len() as u32)).filter_map(|number| story.row(number)).collect();
    let said: Vec<&Row> = rows.iter().filter(|row| row.protocol != "TCP" && row.marks.is_empty()).collect();
    let mut out: Vec<Prediction> = Vec::new();
    let mut asked: Vec<(&str, Side)> = Vec::new();
    for (at, row) in said.iter().enumerate() {
        let alike = asked.iter().filter(|one| **one == (row.protocol, row.side)).count();
        let seen = said[..at].iter().any(|before| before.meaning == row.meaning);
        if row.number < 2 || alike >= MAX_ALIKE || seen || out.len() >= MAX {
            continue;
        }
        let Some(because) = because(story, row.number) else { continue };
        let answer = words(row);
        // What comes later first: what was seen already is easily ruled out.
        let mut choices = vec![answer.clone()];
        for other in said[at + 1..].iter().chain(said[..at].iter().rev()).map(|other| words(other)) {
            if choices.len() < 4 && !choices.contains(&other) {
                choices.push(other);
            }
        }
        if choices.len() < 4 {
            continue;
        }
        asked.push((row.protocol, row.side));
        out.push(Prediction {
            id: format!("next-{}", row.number),
            before_packet: row.number,
            ask: format!("Packet {} comes from {}. What does it say?", row.number, the(&row.from)),
            kind: "choice",
            choices: ordered(choices),
            answer,
            accepts: Vec::new(),
            because,
            packet: row.number,
            field: None,
        });
    }
    out
}

/// What a packet says, with its protocol.
fn words(row: &Row) -> String {
    format!("{}: {}", row.protocol, row.meaning)
}

/// What led to a packet: the nearest act that has a reason in it.
fn because(story: &Story, number: u32) -> Option<String> {
    let links = story.why(number);
    let reason = links
        .iter()
        .find(|link| !link.kind.ends_with(".sent") && REASONS.iter().any(|reason| link.kind.starts_with(reason)))?;
    Some(format!("what led to it at {}: {} ({})", the(&reason.place), reason.text, reason.rfc))
}
