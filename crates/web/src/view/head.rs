//! A run in one look.

use std::collections::BTreeSet;

use analyze::{CriticalPath, Ending, Request, Summary};
use base::PlaceId;
use flow::{Application, ConversationId};
use story::Story;
use trace::{Trace, kinds};
use wire::tcp::{Flags, State};

use super::hosts::role_name;
use super::tables::{classes, marks};
use super::{ns, span_ns};
use crate::api::{
    Cache, Close, Connection, FlagBit, Head, HttpLine, Phase, Place, RequestLine, TimeWait, TlsInfo, Totals,
};
use crate::html::Export;
use crate::run::{Seen, Workshop};

/// Connections that are listed, and their graphs; those of the others can be asked for all the same.
const MAX_CONNECTIONS: usize = 1000;
/// First lines of HTTP messages that are told of one connection.
const MAX_HTTP: usize = 50;
/// Requests whose times are told.
const MAX_REQUESTS: usize = 500;

/// The connection that the story is about: that of its request, or the first.
pub(crate) fn main_connection(story: &Story) -> Option<ConversationId> {
    let analysis = story.analysis();
    let of_request = analysis.main_request().map(|request| request.conversation);
    of_request.or_else(|| analysis.connections.first().map(|summary| summary.conversation))
}

/// A run in one look, as seen at one tap.
pub fn head(run: &str, workshop: &Workshop, seen: &Seen) -> Head {
    let (story, tables, subject) = (&seen.story, seen.tables(), workshop.subject());
    let path = story.critical_path().filter(|_| !subject.beginning);
    let main = main_connection(story).and_then(|id| tables.connections.get(&id)).copied();
    let summaries = &story.analysis().connections;
    let round_trip = main.and_then(|at| summaries.get(at as usize)).and_then(|summary| summary.round_trip);
    let last_row = story.flow().rows().iter().map(|row| row.at).max();
    let last_event = story.trace().and_then(|trace| trace.events.last()).map(|event| event.at);
    Head {
        run: run.to_owned(),
        tap: seen.tap.clone(),
        badge: subject.badge,
        title: subject.title.clone(),
        about: subject.about.clone(),
        source: subject.source.clone(),
        epoch: story.epoch().to_string(),
        packets: story.len() as u32,
        beginning: subject.beginning,
        duration_ns: last_row.max(last_event).map_or(0.0, ns),
        hosts: tables.hosts.clone(),
        places: story.trace().map(places).unwrap_or_default(),
        devices: story.trace().map(|trace| devices(trace, seen)).unwrap_or_default(),
        taps: workshop.taps(),
        protocols: tables.protocols.clone(),
        classes: classes(),
        flags: flags(),
        states: State::CODES.iter().map(|code| (code.value.to_string(), code.name.to_owned())).collect(),
        marks: marks(),
        known: ["witnessed", "inferred", "unknown"].map(str::to_owned).to_vec(),
        phases: path.as_ref().map(phases).unwrap_or_default(),
        totals: path.as_ref().map(|path| totals(path, story)),
        round_trip_ns: round_trip.map(span_ns),
        main_connection: main,
        connections: (0..MAX_CONNECTIONS)
            .zip(summaries)
            .map(|(at, summary)| connection(workshop, seen, at, summary))
            .collect(),
        connections_in_all: summaries.len() as u32,
        requests: story.analysis().requests.iter().take(MAX_REQUESTS).map(|one| request(seen, one)).collect(),
        requests_in_all: story.analysis().requests.len() as u32,
        caches: caches(story),
        url: subject.url.clone(),
        outcome: subject.outcome.clone(),
        findings: subject.findings.clone(),
        problems: subject.problems.clone(),
        extra: extra(workshop, seen, summaries.len()),
        exports: Export::of(story.len()).map(|export| export.extension().to_owned()).collect(),
    }
}

fn places(trace: &Trace) -> Vec<Place> {
    trace
        .places
        .iter()
        .map(|place| Place { name: place.name.clone(), role: role_name(place.role).to_owned() })
        .collect()
}

/// The devices that frames pass, in the order of the way from the client to its server; the others behind.
fn devices(trace: &Trace, seen: &Seen) -> Vec<u32> {
    let mut order: Vec<PlaceId> = Vec::new();
    let add = |place: PlaceId, order: &mut Vec<PlaceId>| {
        if !order.contains(&place) {
            order.push(place);
        }
    };
    // The first packet that got from a client to a server tells the way.
    if let Some(journeys) = &seen.tables().journeys {
        use trace::Role;
        let role = |id: PlaceId| trace.place(id).map(|place| place.role);
        let arrived_at_server = |frame: &&trace::FrameMeta| {
            let made = frame.derived_from.is_none();
            let journey = made.then(|| journeys.of_frame(trace, frame.id)).flatten();
            journey.is_some_and(|way| {
                role(way.sent.0) == Some(Role::Client)
                    && way.arrived.is_some_and(|(at, _)| role(at) == Some(Role::Server))
            })
        };
        if let Some(first) = trace.frames.metas().iter().find(arrived_at_server) {
            let mut frame = Some(first.id);
            while let Some(id) = frame {
                if let Some(tap) = trace.frames.meta(id).and_then(|meta| trace.tap(meta.tap)) {
                    add(tap.place, &mut order);
                }
                frame = journeys.following(id).last();
            }
        }
    }
    let used: BTreeSet<_> = trace.frames.metas().iter().map(|meta| meta.tap).collect();
    for tap in trace.taps.iter().filter(|tap| used.contains(&tap.id)) {
        add(tap.place, &mut order);
    }
    order.into_iter().map(|place| u32::from(place.0)).collect()
}

fn flags() -> Vec<FlagBit> {
    let all =
        [Flags::FIN, Flags::SYN, Flags::RST, Flags::PSH, Flags::ACK, Flags::URG, Flags::ECE, Flags::CWR, Flags::AE];
    all.into_iter().map(|flag| FlagBit { bit: flag.0.trailing_zeros() as u8, name: flag.to_string() }).collect()
}

fn phases(path: &CriticalPath) -> Vec<Phase> {
    path.phases
        .iter()
        .map(|phase| Phase {
            name: phase.kind.name().to_owned(),
            from_ns: ns(phase.from),
            to_ns: ns(phase.to),
            rtt_ns: phase.rtt.map(span_ns),
            round_trips: phase.milli_round_trips().map(|n| n as f64 / 1000.0),
        })
        .collect()
}

fn totals(path: &CriticalPath, story: &Story) -> Totals {
    Totals {
        total_ns: span_ns(path.total()),
        first_byte_ns: path.time_to_first_byte().map(span_ns),
        close: path.close.map(|(from, to)| Close { from_ns: ns(from), to_ns: ns(to) }),
        time_wait: story.time_wait().map(|(host, from, to)| TimeWait { host, from_ns: ns(from), to_ns: ns(to) }),
    }
}

fn connection(workshop: &Workshop, seen: &Seen, at: usize, summary: &Summary) -> Connection {
    let packets = seen.story.flow().conversation(summary.conversation).map_or(&[][..], |one| one.packets.as_slice());
    let [client_host, server_host] = seen.tables().ends.get(at).copied().unwrap_or([0, 0]).map(u32::from);
    let retransmissions = summary.client.counts.retransmissions + summary.server.counts.retransmissions;
    Connection {
        index: at as u32,
        conversation: summary.conversation.0,
        client: summary.client.end.to_string(),
        server: summary.server.end.to_string(),
        client_host,
        server_host,
        packets: summary.packets as u32,
        first: packets.first().copied().unwrap_or(0),
        last: packets.last().copied().unwrap_or(0),
        from_ns: ns(summary.span.0),
        to_ns: ns(summary.span.1),
        bytes_up: summary.client.stream_bytes as f64,
        bytes_down: summary.server.stream_bytes as f64,
        retransmissions,
        round_trip_ns: summary.round_trip.map(span_ns),
        ending: if workshop.subject().beginning { "not known yet".to_owned() } else { ending(summary.ending) },
        application: match summary.application {
            Application::Nothing => "nothing",
            Application::Tls => "TLS",
            Application::Http => "HTTP",
            Application::Dns => "DNS",
            Application::Unknown => "unknown",
        }
        .to_owned(),
        tls: summary.tls.as_ref().map(|tls| TlsInfo {
            version: tls.version.clone(),
            cipher_suite: tls.cipher_suite.clone(),
            group: tls.group.clone(),
            alpn: tls.alpn.clone(),
            server_name: tls.server_name.clone(),
            records: tls.records.0 as u32,
            decrypted: tls.records.1 as u32,
            why: tls.undecrypted.as_ref().map(|(_, why)| why.clone()),
        }),
        http: summary
            .http
            .iter()
            .take(MAX_HTTP)
            .map(|(request, response)| HttpLine { request: request.clone(), response: response.clone() })
            .collect(),
    }
}

fn request(seen: &Seen, one: &Request) -> RequestLine {
    let main = seen.story.analysis().main_request();
    RequestLine {
        connection: seen.tables().connections.get(&one.conversation).copied(),
        line: one.line.clone(),
        host: one.host.clone(),
        status: one.status,
        main: main.is_some_and(|main| std::ptr::eq(main, one)),
        multiplexed: one.multiplexed,
        from_ns: ns(one.start()),
        asked_ns: ns(one.send.0),
        first_ns: one.first_byte().map(ns),
        last_ns: one.last_byte().map(ns),
        packet: one.request_frames.0,
        response_packet: one.response_frames.map(|(_, last)| last),
        bytes_down: one.bytes.1 as f64,
        whole: one.whole,
    }
}

fn ending(ending: Ending) -> String {
    let who = |client: bool| if client { "the client" } else { "the server" };
    match ending {
        Ending::Closed { client_first } => format!("closed, {} first", who(client_first)),
        Ending::HalfClosed { client } => format!("only {} has closed", who(client)),
        Ending::Reset { client } => format!("reset by {}", who(client)),
        Ending::Refused => "refused".to_owned(),
        Ending::Unanswered => "nobody answered".to_owned(),
        Ending::Open => "open at the end".to_owned(),
    }
}

/// The caches in the order in which they were asked.
fn caches(story: &Story) -> Vec<Cache> {
    let Some(trace) = story.trace() else { return Vec::new() };
    let asked = trace.events.iter().filter(|event| {
        std::ptr::eq(event.kind, &kinds::dns::CACHE_HIT) || std::ptr::eq(event.kind, &kinds::dns::CACHE_MISS)
    });
    asked.map(|event| Cache { at_ns: ns(event.at), text: story.event_text(event) }).collect()
}

/// What else can be asked of the run.
fn extra(workshop: &Workshop, seen: &Seen, connections: usize) -> Vec<String> {
    let mut paths = Vec::new();
    if workshop.subject().beginning {
        // The states at a packet are told by those before it; the rest by the whole.
        paths.extend((connections > 0).then(|| "machines".to_owned()));
        return paths;
    }
    if connections > 0 {
        paths.extend(["machines", "questions"].map(str::to_owned));
    }
    paths.extend((0..connections.min(MAX_CONNECTIONS)).map(|at| format!("series?connection={at}")));
    if seen.story.trace().is_some() {
        paths.extend(["hops", "follow", "log"].map(str::to_owned));
    }
    if seen.tables().protocols.iter().any(|protocol| protocol.name == "DNS") {
        paths.push("dns".to_owned());
    }
    let source = &workshop.subject().source;
    if source.file.is_none() && story::tour::scenarios().any(|name| name == source.source.trim()) {
        paths.push("tour".to_owned());
    }
    paths
}
