//! Smaller questions: texts of a window, a search, a chain of causes, a term.

use story::{Link, Story};

use super::ns;
use crate::api::{Code, Entry, Explained, Hits, Near, Problem, Texts};
use crate::run::Seen;

/// Texts in one answer at most.
pub const MAX_TEXTS: u32 = 1000;
/// Packets that one search looks at before it answers: whoever wants more asks again, and others are heard in between.
const MAX_LOOKED_AT: u32 = 50_000;

/// What `count` packets from number `from` on say.
pub fn texts(story: &Story, from: u32, count: u32) -> Texts {
    let from = from.max(1);
    let to = from.saturating_add(count.min(MAX_TEXTS)).min(story.len() as u32 + 1);
    let texts = (from..to).filter_map(|number| story.row(number)).map(|row| row.meaning).collect();
    Texts { from, texts }
}

/// The packets behind number `after` in whose text, protocol, flags, hosts or marks `what` occurs.
///
/// # Errors
/// If there is nothing to look for.
pub fn find(story: &Story, what: &str, after: u32, limit: usize) -> Result<Hits, Problem> {
    let what = what.trim().to_lowercase();
    if what.is_empty() {
        return Err(Problem::new(Code::BadRequest, "there is nothing to look for").place("q"));
    }
    let limit = limit.max(1);
    let mut numbers = Vec::new();
    let last = story.len() as u32;
    let until = after.saturating_add(MAX_LOOKED_AT).min(last);
    for number in after.saturating_add(1)..=until {
        let Some(row) = story.row(number) else { break };
        let holds = |text: &str| text.to_lowercase().contains(&what);
        let marked = row.marks.iter().any(|mark| match mark {
            story::Mark::Verdict(id, name) => holds(id) || holds(name),
            story::Mark::Lost(place) => holds("lost") || holds(place),
            story::Mark::Malformed => holds("malformed"),
        });
        let found = marked
            || [&row.meaning, &row.flags, &row.from, &row.to].into_iter().any(|text| holds(text))
            || holds(row.protocol);
        if found {
            numbers.push(number);
            if numbers.len() == limit {
                return Ok(Hits { numbers, until: number, more: number < last });
            }
        }
    }
    Ok(Hits { numbers, until, more: until < last })
}

/// A chain of causes, each link with the packet at the tap that it is about.
pub fn chain(seen: &Seen, links: Vec<Link>) -> Vec<crate::api::Link> {
    links
        .into_iter()
        .map(|link| crate::api::Link {
            event: link.event.0 as f64,
            at_ns: ns(link.at),
            packet: seen.story.packet_of_event(link.event),
            place: link.place,
            kind: link.kind.to_owned(),
            text: link.text,
            rfc: link.rfc.to_owned(),
            root: link.root,
            because: link.because.map(|event| event.0 as f64),
        })
        .collect()
}

/// What a term means.
pub fn explained(term: &str) -> Explained {
    let found = explain::find(term);
    let entry = |entry: &&'static explain::Entry| Entry {
        id: entry.id.clone(),
        name: entry.name.to_owned(),
        sort: entry.sort.name().to_owned(),
        line: entry.line.to_owned(),
        text: entry.long.unwrap_or_default().to_owned(),
        rfc: entry.rfc.to_owned(),
        also: entry.also.iter().map(|also| (*also).to_owned()).collect(),
        see: entry.see.iter().map(|see| (*see).to_owned()).collect(),
    };
    Explained {
        entries: found.entries.iter().take(24).map(entry).collect(),
        near: found.near.iter().map(|near| Near { id: near.id.clone(), name: near.name.to_owned() }).collect(),
    }
}
