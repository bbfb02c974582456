//! A run as one JSON document. `docs/json.md` describes it; [`SCHEMA`] changes when a reader would have to.

use std::io::{self, Write};

use analyze::CriticalPath;
use analyze::findings::{Cost, Finding};
use base::{Duration, Instant};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value, json};
use story::{Mark, Row, Side, Story};
use trace::Known;
use wire::tcp::State;

/// The version of the schema.
pub const SCHEMA: u32 = 1;

/// The whole run: what it is, its packets (`packets`, or all of them), its events if it was simulated. `extra` is what the
/// face adds at the top: the URL, the outcome, the phases.
pub fn document(story: &Story, packets: Option<&[u32]>, extra: Map<String, Value>) -> Value {
    serde_json::to_value(Document { story, packets, top: top(story, extra) }).unwrap_or_default()
}

/// Writes that document, with a line's end behind it. Packets and events are written one after the other: however many there
/// are, they do not stand in memory.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_document(
    mut out: impl Write,
    story: &Story,
    packets: Option<&[u32]>,
    extra: Map<String, Value>,
) -> io::Result<()> {
    let document = Document { story, packets, top: top(story, extra) };
    serde_json::to_writer_pretty(&mut out, &document)?;
    out.write_all(b"\n")
}

/// What stands in the document beside packets and events.
fn top(story: &Story, extra: Map<String, Value>) -> Map<String, Value> {
    let mut top = Map::new();
    top.insert("schema".into(), json!(SCHEMA));
    top.insert("source".into(), json!(if story.trace().is_some() { "simulated" } else { "captured" }));
    top.insert("epoch".into(), json!(story.epoch().to_string()));
    top.extend(extra);
    // Their places; what they hold is made while it is written.
    top.insert(PACKETS.into(), Value::Null);
    if let Some(trace) = story.trace() {
        let place = |place: &trace::Place| json!({ "id": place.id.0, "name": place.name });
        top.insert("places".into(), trace.places.iter().map(place).collect());
        top.insert(EVENTS.into(), Value::Null);
    }
    top
}

const PACKETS: &str = "packets";
const EVENTS: &str = "events";

/// The document, in the order of its names.
struct Document<'a> {
    story: &'a Story,
    packets: Option<&'a [u32]>,
    top: Map<String, Value>,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let story = self.story;
        let mut map = to.serialize_map(Some(self.top.len()))?;
        for (name, value) in &self.top {
            match (name.as_str(), self.packets, story.trace()) {
                (PACKETS, None, _) => map.serialize_entry(name, &Each(|| story.rows().map(|row| packet(&row))))?,
                (PACKETS, Some(packets), _) => {
                    let rows = || packets.iter().filter_map(|&number| story.row(number)).map(|row| packet(&row));
                    map.serialize_entry(name, &Each(rows))?;
                }
                (EVENTS, _, Some(trace)) => {
                    map.serialize_entry(name, &Each(|| trace.events.iter().map(|event| self::event(story, event))))?;
                }
                _ => map.serialize_entry(name, value)?,
            }
        }
        map.end()
    }
}

/// A list, made while it is written.
struct Each<F>(F);

impl<I: Iterator<Item = Value>, F: Fn() -> I> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq((self.0)())
    }
}

fn packet(row: &Row) -> Value {
    let state = |known: &Known<State>| match known {
        Known::Witnessed(state) => json!({ "state": state.to_string(), "known": "witnessed" }),
        Known::Inferred(state, _) => json!({ "state": state.to_string(), "known": "inferred" }),
        Known::Unknown(_) => json!({ "state": null, "known": "unknown" }),
    };
    let marks: Vec<Value> = row
        .marks
        .iter()
        .map(|mark| match mark {
            Mark::Verdict(id, _) => json!(id),
            Mark::Lost(place) => json!({ "lost": place }),
            Mark::Malformed => json!("malformed"),
        })
        .collect();
    json!({
        "number": row.number,
        "at_ns": row.at.as_nanos(),
        "tap": row.tap,
        "from": row.from,
        "to": row.to,
        "direction": if row.side == Side::ToServer { "to server" } else { "to client" },
        "protocol": row.protocol,
        "flags": row.flags,
        "relative_seq": row.seq,
        "relative_ack": row.ack,
        "length": row.length,
        "payload": row.payload,
        "meaning": row.meaning,
        "marks": marks,
        "client": row.ends.as_ref().map(|ends| state(&ends.client)),
        "server": row.ends.as_ref().map(|ends| state(&ends.server)),
    })
}

fn event(story: &Story, event: &trace::Event) -> Value {
    json!({
        "id": event.id.0,
        "at_ns": event.at.as_nanos(),
        "place": event.place.0,
        "kind": event.kind.id,
        "subject": event.subject,
        "cause": event.cause.0,
        "because": event.because.map(|id| id.0),
        "text": story.event_text(event),
    })
}

/// Where the time went.
pub fn time(path: &CriticalPath) -> Value {
    let at = |at: Instant| at.as_nanos();
    let phases: Vec<Value> = path
        .phases
        .iter()
        .map(|phase| {
            json!({
                "phase": phase.kind.name(), "from_ns": at(phase.from), "to_ns": at(phase.to),
                "rtt_ns": phase.rtt.map(Duration::as_nanos), "milli_round_trips": phase.milli_round_trips(),
            })
        })
        .collect();
    json!({
        "phases": phases,
        "total_ns": path.total().as_nanos(),
        "first_byte_ns": path.time_to_first_byte().map(Duration::as_nanos),
        "close": path.close.map(|(from, to)| json!({ "from_ns": at(from), "to_ns": at(to) })),
    })
}

/// One packet with its tree.
pub fn packet_document(story: &Story, number: u32) -> Option<Value> {
    let row = story.row(number)?;
    let taken = story.packet(number)?;
    let mut value = packet(&row);
    let why: Vec<Value> = story
        .why(number)
        .iter()
        .map(|link| json!({ "event": link.event.0, "at_ns": link.at.as_nanos(), "place": link.place, "kind": link.kind, "text": link.text, "rfc": link.rfc }))
        .collect();
    let buffers: Vec<Value> = taken
        .buffers
        .iter()
        .map(|buffer| {
            let hex: String = buffer.bytes.iter().map(|b| format!("{b:02x}")).collect();
            let nodes: Vec<Value> = buffer
                .record
                .nodes
                .iter()
                .map(|node| {
                    json!({
                        "id": node.field.id,
                        "name": node.field.name,
                        "depth": node.depth,
                        "bits": [node.bits.start, node.bits.end],
                        "leaf": node.leaf,
                        "value": dissect::value_text(node, &buffer.bytes),
                        "meaning": dissect::meaning(node),
                        "notes": node.notes.iter().map(dissect::note_text).collect::<Vec<_>>(),
                        "rfc": node.field.rfc,
                    })
                })
                .collect();
            let errors: Vec<String> = buffer.record.errors.iter().map(ToString::to_string).collect();
            json!({ "title": buffer.title, "hex": hex, "nodes": nodes, "errors": errors })
        })
        .collect();
    if let Value::Object(object) = &mut value {
        object.insert("schema".into(), json!(SCHEMA));
        object.insert("why".into(), json!(why));
        object.insert("buffers".into(), json!(buffers));
    }
    Some(value)
}

/// A finding for programs.
fn finding(finding: &Finding) -> Value {
    let (failed, cost_ns) = match finding.cost {
        Cost::Failed => (true, None),
        Cost::Time(time) => (false, Some(time.as_nanos())),
        Cost::Unmeasured => (false, None),
    };
    json!({
        "id": finding.card.id, "title": finding.card.title, "verdict": finding.verdict, "source": finding.card.source,
        "advice": finding.card.advice, "confidence": finding.confidence.name(), "failed": failed, "cost_ns": cost_ns,
        "packets": finding.evidence, "conversation": finding.conversation.map(|id| id.0),
    })
}

/// What went wrong, each finding with its evidence and its cost; see docs/json.md. Only those with evidence among `packets`,
/// or all.
pub fn findings(story: &Story, packets: Option<&[u32]>) -> Value {
    let shows = |finding: &&Finding| {
        packets.is_none_or(|packets| finding.evidence.iter().any(|n| packets.binary_search(n).is_ok()))
    };
    findings_document(&story.findings().iter().filter(shows).collect::<Vec<_>>())
}

/// Findings, each with its evidence and its cost.
pub fn findings_document(findings: &[&Finding]) -> Value {
    findings.iter().copied().map(finding).collect()
}
