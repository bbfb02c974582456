//! What becomes of some parts of a capture: connections, requests and findings, and rows for their packets.

use std::net::IpAddr;

use analyze::findings::Search;
use analyze::{CriticalPath, PhaseKind, Request, Span, Spending, Summary};
use base::WallTime;
use capture::keylog::KeyLog;
use export::Lines;
use filter::{Filter, Selection};
use flow::{ConversationId, Flow, Part};
use story::{Around, Story};

use crate::args::ViewFormat;

/// Parts to be looked at.
#[derive(Default)]
pub struct Job {
    /// Its place among the jobs.
    pub number: u64,
    /// The capture's zero.
    pub epoch: WallTime,
    /// The parts, each with what its connections waited for before they began.
    pub parts: Vec<(Waited, Part)>,
    /// How many packets they have.
    pub weight: usize,
}

/// What the connections of a part waited for before they began, as the capture's other packets tell.
#[derive(Default)]
pub struct Waited {
    /// The lookups of their servers' names.
    lookups: Vec<(ConversationId, Span)>,
    /// How their clients joined the network; only where that is asked for.
    joining: Vec<(ConversationId, Vec<(PhaseKind, Span)>)>,
}

/// What is wanted of packets.
#[derive(Default, Debug)]
pub struct Wants {
    /// A row each as JSON.
    pub json: bool,
    /// A row each as CSV.
    pub csv: bool,
    /// Of each request where its time went, for people or for programs.
    pub time: Option<ViewFormat>,
    /// Each request as an entry of a HAR.
    pub har: bool,
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
    /// Of each of these requests where its time went: empty, if that is not known.
    pub times: Vec<Vec<u8>>,
    /// Each of them as an entry of a HAR: empty, if it cannot be read.
    pub har: Vec<Vec<u8>>,
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

/// What the connections of a part waited for. `rest` has the capture's ARP, DHCP, neighbour discovery and DNS so far.
pub fn waited(part: &Part, rest: &Flow, joining: bool) -> Waited {
    let mut waited = Waited::default();
    let conversations = part.connections.iter().filter_map(|(id, _)| part.flow.conversation(*id));
    for conversation in conversations {
        if joining {
            waited.joining.push((conversation.id, analyze::joining(rest, conversation)));
        }
        let lookup = || {
            let syn = part.flow.row(conversation.tcp()?.client().syn_frame()?)?.row.at;
            analyze::resolution(rest, rest.dns(), conversation, syn)
        };
        if !rest.dns().is_empty() {
            waited.lookups.extend(lookup().map(|span| (conversation.id, span)));
        }
    }
    waited
}

/// Where the time of each request went, as it is to be written.
fn times(story: &Story, joining: &[(ConversationId, Vec<(PhaseKind, Span)>)], format: ViewFormat) -> Vec<Vec<u8>> {
    let (flow, analysis) = (story.flow(), story.analysis());
    let mut spending = Spending::new(flow, analysis);
    let mut time = |request: &Request| {
        let joining = joining.iter().find(|(of, _)| request.first && *of == request.conversation);
        let joining = joining.map_or(&[][..], |(_, joining)| joining);
        let path = CriticalPath::behind(joining, flow, &analysis.dns, request)?;
        let spent = spending.on_path(&path, request)?;
        match format {
            ViewFormat::Json => serde_json::to_vec(&crate::time::entry(None, request, &spent)).ok(),
            _ => Some(crate::time::told(request, &spent).into_bytes()),
        }
    };
    analysis.requests.iter().map(|request| time(request).unwrap_or_default()).collect()
}

/// The requests as entries of a HAR.
fn har(story: &Story) -> impl Iterator<Item = Vec<u8>> {
    let entry = |request| serde_json::to_vec(&export::har_entry(story, request)?).ok();
    story.analysis().requests.iter().map(move |request| entry(request).unwrap_or_default())
}

/// Looks at the parts of a job.
pub fn of(job: Job, keys: &KeyLog, wants: &Wants) -> Digest {
    let mut digest = Digest { number: job.number, epoch: job.epoch, ..Digest::default() };
    let packets = export::table("packets");
    for (waited, part) in job.parts {
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
        let around = Around { epoch: job.epoch, keys, lookups: &waited.lookups };
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
        digest.times.extend(wants.time.into_iter().flat_map(|format| times(&story, &waited.joining, format)));
        if wants.har {
            digest.har.extend(har(&story));
        }
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
