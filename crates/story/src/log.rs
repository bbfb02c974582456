//! The simulation's log: every event as a row, in windows, searched and grouped.

use std::collections::BTreeMap;

use base::Instant;
use serde::Serialize;
use trace::{Class, Event, Trace};

use crate::{Story, why};

/// Which rows are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LogQuery<'q> {
    /// How many matching rows to pass over.
    pub from: usize,
    /// The moment at which the window stands, with some rows before it, in the place of `from`; of the whole log only.
    pub at: Option<Instant>,
    /// How many rows to give, at most; see [`MAX_ROWS`].
    pub count: usize,
    /// Text that a row's place, kind or words contain, in whatever case; empty for all.
    pub text: &'q str,
    /// The group that rows belong to; empty for all.
    pub group: &'q str,
}

/// Rows that one answer has, at most.
pub const MAX_ROWS: usize = 2_000;
/// Rows that a window has before the moment at which it stands.
const BEFORE: usize = 50;
/// Events that a search looks through, at most; `complete` says whether that was all.
const MAX_SEARCHED: usize = 1_000_000;
/// Groups that are listed, at most.
const MAX_GROUPS: usize = 1_000;

/// A window of the log.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Log {
    /// How many rows match.
    pub total: usize,
    /// Whether all events were looked through.
    pub complete: bool,
    /// How many matching rows stand before the first of these.
    pub from: usize,
    /// The rows, in order of happening.
    pub entries: Vec<LogEntry>,
    /// The groups there are, in order of their first rows; only where `from` is 0.
    pub groups: Vec<LogGroup>,
    /// Why there is no log; empty if there is one.
    pub why: &'static str,
}

/// A row of the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LogEntry {
    /// The event.
    pub event: u64,
    /// When it happened.
    pub at_ns: i64,
    /// Where.
    pub place: String,
    /// The id of its kind, for `explain`.
    pub kind: &'static str,
    /// `act`, `timer`, `decision` or `passage`.
    pub class: &'static str,
    /// What happened, in words.
    pub text: String,
    /// The rule behind it.
    pub rfc: &'static str,
    /// The event that triggered it; `None` for an act.
    pub cause: Option<u64>,
    /// The event that it serves, where that is not what triggered it.
    pub because: Option<u64>,
    /// Its group.
    pub group: String,
    /// The packet at the story's tap that it is about.
    pub packet: Option<u32>,
}

/// Rows that belong together: one connection at one host, one layer of one device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LogGroup {
    /// Its key: what a row's `group` says, and what is asked for.
    pub key: String,
    /// How many rows it has.
    pub count: usize,
}

fn place<'t>(trace: &'t Trace, event: &Event) -> &'t str {
    trace.place(event.place).map_or("", |place| place.name.as_str())
}

/// The group of an event: the place and the layer, and of TCP the connection's number at its host.
fn group(trace: &Trace, event: &Event) -> String {
    let place = place(trace, event);
    let layer = event.kind.id.split('.').next().unwrap_or_default();
    match (layer, event.subject) {
        ("tcp", 1..) => format!("{place} tcp {}", event.subject),
        _ => format!("{place} {layer}"),
    }
}

/// Whether `text` contains `wanted`, which is in lower case.
fn contains(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(wanted)
}

impl Story {
    /// A window of the log. A capture has none, and says so.
    pub fn log(&self, query: LogQuery<'_>) -> Log {
        let Some(trace) = self.trace() else {
            let why = "only a simulation knows what its machines decided; a capture has packets alone";
            return Log { complete: true, why, ..Log::default() };
        };
        let mut log = Log { complete: trace.events.len() <= MAX_SEARCHED, from: query.from, ..Log::default() };
        let count = query.count.min(MAX_ROWS);
        if query.from == 0 {
            log.groups = groups(trace);
        }
        if query.text.is_empty() && query.group.is_empty() {
            (log.total, log.complete) = (trace.events.len(), true);
            if let Some(at) = query.at {
                log.from = trace.events.partition_point(|event| event.at < at).saturating_sub(BEFORE);
            }
            log.entries =
                trace.events.iter().skip(log.from).take(count).map(|event| self.entry(trace, event)).collect();
            return log;
        }
        let wanted = query.text.to_lowercase();
        for event in trace.events.iter().take(MAX_SEARCHED) {
            if !query.group.is_empty() && group(trace, event) != query.group {
                continue;
            }
            let found = wanted.is_empty()
                || contains(event.kind.id, &wanted)
                || contains(place(trace, event), &wanted)
                || contains(&why::text(trace, event), &wanted);
            if found {
                log.total += 1;
                if log.total > query.from && log.entries.len() < count {
                    log.entries.push(self.entry(trace, event));
                }
            }
        }
        log
    }

    fn entry(&self, trace: &Trace, event: &Event) -> LogEntry {
        LogEntry {
            event: event.id.0,
            at_ns: event.at.as_nanos(),
            place: place(trace, event).to_owned(),
            kind: event.kind.id,
            class: match event.kind.class {
                Class::Act => "act",
                Class::Timer => "timer",
                Class::Decision => "decision",
                Class::Passage => "passage",
            },
            text: why::text(trace, event),
            rfc: event.kind.rfc,
            cause: (!event.cause.is_none()).then_some(event.cause.0),
            because: event.because.map(|id| id.0),
            group: group(trace, event),
            packet: self.lineage().packet_of(trace, event),
        }
    }
}

fn groups(trace: &Trace) -> Vec<LogGroup> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (order, event) in trace.events.iter().take(MAX_SEARCHED).enumerate() {
        let group = group(trace, event);
        if counts.len() < MAX_GROUPS || counts.contains_key(&group) {
            counts.entry(group).or_insert((order, 0)).1 += 1;
        }
    }
    let mut groups: Vec<(usize, LogGroup)> =
        counts.into_iter().map(|(key, (first, count))| (first, LogGroup { key, count })).collect();
    groups.sort_by_key(|(first, _)| *first);
    groups.into_iter().map(|(_, group)| group).collect()
}
