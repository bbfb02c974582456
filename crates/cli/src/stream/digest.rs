//! What becomes of some parts of a capture: connections, requests and findings, and rows for their packets.

use std::net::IpAddr;

use analyze::findings::Search;
use analyze::{Request, Span, Summary};
use base::WallTime;
use capture::keylog::KeyLog;
use export::Lines;
use filter::{Filter, Selection};
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
#[derive(Default, Debug)]
pub struct Wants {
    /// A row each as JSON.
    pub json: bool,
    /// A row each as CSV.
    pub csv: bool,
    /// Which of them are asked for, where that is not all.
    pub find: Option<Find>,
}

/// Which packets are asked for: those of the same part come along.
#[derive(Default, Debug)]
pub struct Find {
    /// This one.
    pub packet: Option<u32>,
    /// Those of this connection.
    pub connection: Option<usize>,
    /// Those that an expression means.
    pub filter: Option<Filter>,
    /// Whether requests are counted, or only who belongs together is asked.
    pub requests: bool,
}

impl Find {
    /// The part, if it has what is asked for.
    fn wanted(&self, part: &Seen<'_>) -> Option<Wanted> {
        let by_packet = self.packet.is_some_and(|packet| part.flow.row(packet).is_some());
        let by_connection = self.connection.map(|wanted| part.connections.iter().any(|(_, number)| *number == wanted));
        let by_filter = || {
            let Some((filter, story)) = self.filter.as_ref().zip(part.story) else { return false };
            let selection = Selection { filter: Some(filter.clone()), connection: None, request: None };
            selection.packets(story).is_ok_and(|packets| !packets.is_empty())
        };
        let is_in = part.rest || by_packet || by_connection.unwrap_or_else(by_filter);
        is_in.then(|| {
            let first = |(id, number): &(ConversationId, usize)| {
                Some((*part.flow.conversation(*id)?.packets.first()?, *number))
            };
            Wanted {
                packets: part.flow.rows().iter().map(|row| row.number).collect(),
                connections: part.connections.iter().filter_map(first).collect(),
            }
        })
    }
}

/// A part, read or not.
struct Seen<'a> {
    flow: &'a Flow,
    connections: &'a [(ConversationId, usize)],
    rest: bool,
    story: Option<&'a Story>,
}

/// A part that has what is asked for.
pub struct Wanted {
    /// Its packets.
    pub packets: Vec<u32>,
    /// Its connections: the first packet of each, and its number.
    pub connections: Vec<(u32, usize)>,
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
    /// The parts that are asked for.
    pub wanted: Vec<Wanted>,
    /// Of all connections the interface and the hosts, where some parts are asked for.
    pub hosts: Vec<(u32, IpAddr, IpAddr)>,
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
pub fn of(job: Job, keys: &KeyLog, wants: &Wants) -> Digest {
    let mut digest = Digest { number: job.number, epoch: job.epoch, ..Digest::default() };
    let packets = export::table("packets");
    for (lookups, part) in job.parts {
        if wants.find.is_some() {
            let connections = part.flow.conversations().iter().filter(|conversation| conversation.tcp().is_some());
            digest.hosts.extend(connections.map(story::pair));
        }
        if let Some(find) = wants.find.as_ref().filter(|find| !find.requests) {
            let Part { flow, connections, rest, .. } = &part;
            digest.wanted.extend(find.wanted(&Seen { flow, connections, rest: *rest, story: None }));
            continue;
        }
        let (connections, rest) = (part.connections.clone(), part.rest);
        let around = Around { epoch: job.epoch, keys, lookups: &lookups };
        let story = Story::of_part(part, around, &mut digest.search);
        let number = |id: ConversationId| story.connection_number(id);
        let concerned = story.findings().iter().filter_map(|finding| finding.conversation);
        digest.concerned.extend(concerned.filter_map(|id| Some((id, number(id)?))));
        if let Some(find) = &wants.find {
            let (flow, story) = (story.flow(), Some(&story));
            digest.wanted.extend(find.wanted(&Seen { flow, connections: &connections, rest, story }));
        }
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
