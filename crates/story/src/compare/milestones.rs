//! What happened in a run, and when: what two runs are aligned by.

use analyze::{CriticalPath, Request};
use base::Instant;
use flow::{Conversation, Flow};
use serde::Serialize;

use crate::Story;

/// What can happen, in order: id and name.
pub(super) const ALL: [(&str, &str); 10] = [
    ("dhcp", "address leased"),
    ("dns", "name resolved"),
    ("syn", "SYN sent"),
    ("handshake", "connection open"),
    ("tls", "TLS ready"),
    ("request", "request sent"),
    ("first_byte", "first byte"),
    ("last_byte", "last byte"),
    ("first_fin", "close begins"),
    ("closed", "closed"),
];

/// What a comparison needs of a run.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Digest {
    /// What happened, in order.
    pub milestones: Vec<Milestone>,
    /// The phases up to the last byte.
    pub phases: Vec<PhaseTime>,
    /// From the first packet of the request's path to its last byte.
    pub total_ns: Option<i64>,
    /// Figures: id, name, and number, if it is known; the same ones in every run.
    pub counts: Vec<(&'static str, &'static str, Option<u64>)>,
    /// The versions and the like that were agreed on: what it is called, and what it was.
    pub agreed: Vec<(&'static str, String)>,
}

/// Something that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Milestone {
    /// Its id.
    pub id: &'static str,
    /// When, from the beginning of the request's path.
    pub at_ns: i64,
    /// The packet with which it happened.
    pub packet: Option<u32>,
}

/// How long a phase took.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct PhaseTime {
    /// Its name.
    pub name: &'static str,
    /// All of its stretches together.
    pub ns: i64,
    /// Derived: the round-trip time of the path that it used.
    pub rtt_ns: Option<i64>,
}

impl PhaseTime {
    /// Derived: its length in thousandths of a round trip.
    pub fn milli_round_trips(&self) -> Option<i64> {
        let rtt = self.rtt_ns.filter(|rtt| *rtt > 0)?;
        i64::try_from(i128::from(self.ns) * 1000 / i128::from(rtt)).ok()
    }
}

impl Digest {
    /// When this happened.
    pub fn milestone(&self, id: &str) -> Option<&Milestone> {
        self.milestones.iter().find(|one| one.id == id)
    }
    /// How long this phase took.
    pub fn phase(&self, name: &str) -> Option<&PhaseTime> {
        self.phases.iter().find(|phase| phase.name == name)
    }
    /// This figure.
    pub fn count(&self, id: &str) -> Option<u64> {
        self.counts.iter().find(|count| count.0 == id)?.2
    }
}

pub(super) fn digest(story: &Story) -> Digest {
    let path = story.critical_path();
    let request = story.analysis().main_request();
    let phases = path.as_ref().map(phases).unwrap_or_default();
    Digest {
        milestones: milestones(story, path.as_ref(), request),
        phases,
        total_ns: path.as_ref().map(|path| path.total().as_nanos()),
        counts: counts(story),
        agreed: agreed(story, request),
    }
}

fn phases(path: &CriticalPath) -> Vec<PhaseTime> {
    let mut phases: Vec<PhaseTime> = Vec::new();
    for phase in &path.phases {
        let (name, ns, rtt_ns) = (phase.kind.name(), phase.duration().as_nanos(), phase.rtt.map(|rtt| rtt.as_nanos()));
        match phases.iter_mut().find(|known| known.name == name) {
            Some(known) => known.ns += ns,
            None => phases.push(PhaseTime { name, ns, rtt_ns }),
        }
    }
    phases
}

fn milestones(story: &Story, path: Option<&CriticalPath>, request: Option<&Request>) -> Vec<Milestone> {
    let flow = story.flow();
    let first = flow.rows().first().map(|row| row.at);
    let Some(zero) = path.and_then(|path| path.phases.first()).map(|phase| phase.from).or(first) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut add = |id: &'static str, at: Option<Instant>, packet: Option<u32>| {
        found.extend(at.map(|at| Milestone { id, at_ns: at.since(zero).as_nanos(), packet }));
    };
    let at = |packet: Option<u32>| packet.and_then(|n| flow.row(n)).map(|view| view.row.at);
    // A run may have connections and no request that could be told from them.
    let conversation = match request {
        Some(request) => flow.conversation(request.conversation),
        None => flow.conversations().iter().find(|conversation| conversation.tcp().is_some()),
    };
    if let Some(conversation) = conversation {
        let leased = flow.dhcp().iter().filter(|exchange| {
            exchange.interface == conversation.interface
                && exchange.address.map(std::net::IpAddr::V4) == Some(conversation.client.ip)
        });
        let leased = leased.filter_map(|exchange| exchange.settled()).find(|message| message.at >= zero);
        add("dhcp", leased.map(|message| message.at), leased.map(|message| message.frame));
        if let Some((_, answered)) = request.and_then(|request| request.dns) {
            let responses = flow.dns().iter().filter_map(|transaction| transaction.response);
            let packet = responses.filter(|(_, at)| *at == answered).map(|(packet, _)| packet).next();
            add("dns", Some(answered), packet);
        }
        if let Some(tcp) = conversation.tcp() {
            let (syn, open) = (tcp.client().syn_frame(), tcp.established_frame());
            add("syn", at(syn), syn);
            add("handshake", at(open), open);
        }
    }
    if let Some(request) = request {
        let (sent, answered) = (request.request_frames, request.response_frames);
        add("tls", request.tls.map(|span| span.1), request.tls.map(|_| sent.0));
        add("request", Some(request.send.0), Some(sent.0));
        add("first_byte", request.first_byte(), answered.map(|frames| frames.0));
        add("last_byte", request.last_byte(), answered.map(|frames| frames.1));
    }
    if let Some(conversation) = conversation {
        let closing = closing(flow, conversation);
        add("first_fin", at(closing.0), closing.0);
        add("closed", at(closing.1), closing.1);
    }
    found
}

/// The packet of the first FIN or reset, and the one after which nothing more is to be sent: the acknowledgment of the second FIN, or
/// the reset.
fn closing(flow: &Flow, conversation: &Conversation) -> (Option<u32>, Option<u32>) {
    let Some(tcp) = conversation.tcp() else { return (None, None) };
    let halves = [tcp.client(), tcp.server()];
    let reset = halves.iter().filter_map(|half| half.rst_frame()).min();
    let fins: Vec<u32> = halves.iter().filter_map(|half| half.fin_frame()).collect();
    let first = fins.iter().copied().chain(reset).min();
    let both = (fins.len() == 2).then(|| fins.iter().copied().max()).flatten();
    let acknowledged = both.and_then(|second| {
        let direction = flow.row(second)?.row.direction;
        let fin = tcp.half(direction).fin()?;
        let mut later = conversation.packets.iter().copied().filter(|&number| number >= second);
        later.find(|&number| {
            let view = flow.row(number);
            view.is_some_and(|view| {
                view.row.direction != direction
                    && view.tcp.and_then(|tcp| tcp.relative_ack()).is_some_and(|ack| ack > fin)
            })
        })
    });
    (first, acknowledged.or(reset))
}

fn counts(story: &Story) -> Vec<(&'static str, &'static str, Option<u64>)> {
    let flow = story.flow();
    let bytes = flow.rows().iter().map(|row| u64::from(row.original)).sum();
    let connections = &story.analysis().connections;
    let of = |what: fn(flow::Counts) -> u64| {
        connections.iter().map(|one| what(one.client.counts) + what(one.server.counts)).sum::<u64>()
    };
    let lost = story.trace().map(|_| story.losses.len() as u64);
    vec![
        ("packets", "packets", Some(story.len() as u64)),
        ("bytes", "bytes", Some(bytes)),
        ("connections", "TCP connections", Some(connections.len() as u64)),
        ("requests", "requests", Some(story.analysis().requests.len() as u64)),
        ("retransmissions", "segments sent again", Some(of(|counts| counts.retransmissions.into()))),
        ("dup_acks", "duplicate acknowledgments", Some(of(|counts| counts.dup_acks.into()))),
        ("lost", "packets lost on their way", lost),
    ]
}

fn agreed(story: &Story, request: Option<&Request>) -> Vec<(&'static str, String)> {
    let Some(request) = request else { return Vec::new() };
    let mut agreed = Vec::new();
    let connection = story.analysis().connections.iter().find(|one| one.conversation == request.conversation);
    let tls = connection.and_then(|connection| connection.tls.as_ref());
    let version =
        tls.map_or_else(|| "no TLS".to_owned(), |tls| tls.version.clone().unwrap_or_else(|| "TLS".to_owned()));
    agreed.push(("speaks", version));
    if let Some(tls) = tls {
        agreed.extend(tls.alpn.clone().map(|alpn| ("agrees on", alpn)));
        agreed.extend(tls.cipher_suite.clone().map(|suite| ("encrypts with", suite)));
        agreed.extend(tls.resumed.map(|resumed| ("begins", if resumed { "resumed" } else { "anew" }.to_owned())));
    }
    agreed.push(("is answered with", request.status.map_or_else(|| "nothing".to_owned(), |status| status.to_string())));
    agreed
}
