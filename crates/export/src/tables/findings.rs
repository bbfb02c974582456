//! A finding a row.

use analyze::findings::{Cost, Finding};

use super::{Cell, Chosen, Sink, Table, columns};

pub(super) static TABLE: Table = Table {
    name: "findings",
    line: "Something that went wrong; failures first, then by the time that it cost.",
    columns: columns! {
        "number" Integer "its place, from 1";
        "id" Text "its kind: a term for `wirescope explain`";
        "title" Text "the kind's name";
        "verdict" Text "what happened here, in one sentence";
        "confidence" Text "certain, likely or possible";
        "failed" Boolean "whether something that was asked for did not come";
        "cost_ns" Integer "the time that it cost, where that can be measured";
        "connection" Integer "the TCP connection that it happened on";
        "packets" Text "the packets that show it, separated by blanks";
        "advice" Text "what to do about it";
        "source" Text "where the behaviour is defined";
    },
    rows,
};

fn rows(chosen: &Chosen<'_>, each: &mut Sink<'_>) -> std::io::Result<()> {
    for (number, finding) in (1usize..).zip(chosen.story.findings()) {
        if !chosen.any(finding.evidence.iter().copied()) {
            continue;
        }
        each(&row(number, finding.conversation.and_then(|id| chosen.number(id)), finding))?;
    }
    Ok(())
}

/// A finding's row: its place, and the number of its connection in the capture.
pub fn row(number: usize, connection: Option<usize>, finding: &Finding) -> [Cell; 11] {
    let cost = match finding.cost {
        Cost::Time(time) => time.into(),
        Cost::Failed | Cost::Unmeasured => Cell::Empty,
    };
    let packets: Vec<String> = finding.evidence.iter().map(u32::to_string).collect();
    [
        number.into(),
        finding.card.id.into(),
        finding.card.title.into(),
        finding.verdict.as_str().into(),
        finding.confidence.name().into(),
        (finding.cost == Cost::Failed).into(),
        cost,
        connection.into(),
        packets.join(" ").into(),
        finding.card.advice.into(),
        finding.card.source.into(),
    ]
}
