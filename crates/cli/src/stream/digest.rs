//! What becomes of some parts of a capture: connections, requests and findings, and rows for their packets.

use analyze::findings::Search;
use analyze::{Request, Span, Summary};
use base::WallTime;
use capture::keylog::KeyLog;
use export::Lines;
use flow::{ConversationId, Flow, Part};
use story::{Around, Story};

/// Parts to be looked at.
#[derive(Default)]
pub struct Job {
    /// Its place among the jobs.
    pub number: u64,
    /// The capture's zero.
    pub epoch: WallTime,
    /// The parts, each with the lookups of names before its connections.
    pub parts: Vec<(Vec<(ConversationId, Span)>, Part)>,
    /// How many packets they have.
    pub weight: usize,
}

/// What is wanted of packets.
#[derive(Clone, Copy, Debug)]
pub struct Wants {
    /// A row each as JSON.
    pub json: bool,
    /// A row each as CSV.
    pub csv: bool,
}

/// What was found.
#[derive(Default)]
pub struct Digest {
    /// The job's place.
    pub number: u64,
    /// The capture's zero.
    pub epoch: WallTime,
    /// Connections with their numbers.
    pub connections: Vec<(Option<usize>, Summary)>,
    /// Requests with the numbers of their connections.
    pub requests: Vec<(Option<usize>, Request)>,
    /// What went wrong.
    pub search: Search,
    /// The numbers of the connections that it went wrong on.
    pub concerned: Vec<(ConversationId, usize)>,
    /// The packets' rows.
    pub json: Vec<u8>,
    /// The same.
    pub csv: Vec<u8>,
}

/// When the names of the servers of a part's connections were looked up. `rest` has the capture's DNS so far.
pub fn lookups(part: &Part, rest: &Flow) -> Vec<(ConversationId, Span)> {
    if rest.dns().is_empty() {
        return Vec::new();
    }
    let lookup = |(id, _): &(ConversationId, usize)| {
        let conversation = part.flow.conversation(*id)?;
        let syn = part.flow.row(conversation.tcp()?.client().syn_frame()?)?.row.at;
        Some((*id, analyze::resolution(rest, rest.dns(), conversation, syn)?))
    };
    part.connections.iter().filter_map(lookup).collect()
}

/// Looks at the parts of a job.
pub fn of(job: Job, keys: &KeyLog, wants: Wants) -> Digest {
    let mut digest = Digest { number: job.number, epoch: job.epoch, ..Digest::default() };
    let packets = export::table("packets");
    for (lookups, part) in job.parts {
        let around = Around { epoch: job.epoch, keys, lookups: &lookups };
        let story = Story::of_part(part, around, &mut digest.search);
        let number = |id: ConversationId| story.connection_number(id);
        let concerned = story.findings().iter().filter_map(|finding| finding.conversation);
        digest.concerned.extend(concerned.filter_map(|id| Some((id, number(id)?))));
        let analysis = story.analysis();
        digest.connections.extend(analysis.connections.iter().map(|c| (number(c.conversation), c.clone())));
        digest.requests.extend(analysis.requests.iter().map(|r| (number(r.conversation), r.clone())));
        for (wanted, lines, out) in
            [(wants.json, Lines::Json, &mut digest.json), (wants.csv, Lines::Csv, &mut digest.csv)]
        {
            if let Some(table) = packets.filter(|_| wanted) {
                // What is written to memory does not fail.
                let _ = table.rows(&story, None, &mut |cells| table.row(out, lines, cells));
            }
        }
    }
    digest
}
