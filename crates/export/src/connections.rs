//! The connections of a capture, for programs; see docs/json.md.

use analyze::{Details, Ending, Side, SideDetails, Summary};
use base::Duration;
use serde_json::{Value, json};
use story::Story;
use trace::{Basis, Known};
use wire::tcp::Options;

/// How a value is known, and the value.
fn known<T>(known: &Known<T>, value: impl Fn(&T) -> Value) -> Value {
    let (word, value) = match known {
        Known::Witnessed(inner) => ("witnessed", value(inner)),
        // Of a connection that was open already, the beginning is assumed.
        Known::Inferred(inner, Basis::MidStream) => ("assumed", value(inner)),
        Known::Inferred(inner, _) => ("inferred", value(inner)),
        Known::Unknown(_) => ("unknown", Value::Null),
    };
    json!({ "known": word, "value": value })
}

/// The connections, in order of their first packets.
pub fn connections(story: &Story) -> Value {
    let one = |summary: &Summary| connection(story, summary);
    story.analysis().connections.iter().map(one).collect()
}

fn connection(story: &Story, summary: &Summary) -> Value {
    let details = Details::of(story.flow(), summary);
    let side = |side: &Side, of: fn(&Details) -> &SideDetails| self::side(side, details.as_ref().map(of));
    json!({
        "conversation": summary.conversation.0,
        "packets": summary.packets,
        "from_ns": summary.span.0.as_nanos(),
        "to_ns": summary.span.1.as_nanos(),
        "complete": details.as_ref().map(|details| details.completeness.whole()),
        "completeness": details.as_ref().map(|details| details.completeness.to_string()),
        "round_trip_ns": summary.round_trip.map(Duration::as_nanos),
        "ending": ending(summary.ending),
        "client": side(&summary.client, |details| &details.client),
        "server": side(&summary.server, |details| &details.server),
        "repeats": details.iter().flat_map(|details| &details.repeats).map(|repeat| json!({
            "packet": repeat.frame, "repeats": (repeat.first != 0).then_some(repeat.first),
            "why": repeat.cause.name(), "waited_ns": repeat.waited.as_nanos(),
        })).collect::<Vec<_>>(),
        "tls": summary.tls.as_ref().map(|tls| json!({
            "version": tls.version, "cipher_suite": tls.cipher_suite, "group": tls.group, "alpn": tls.alpn,
            "server_name": tls.server_name, "resumed": tls.resumed, "records": tls.records.0,
            "decrypted": tls.records.1, "decryption": tls.decryption(),
            "alerts": tls.alerts,
        })),
        "http": summary.http.iter().map(|(request, response)| json!({ "request": request, "response": response })).collect::<Vec<_>>(),
    })
}

fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Closed { client_first: true } => "closed by the client",
        Ending::Closed { client_first: false } => "closed by the server",
        Ending::HalfClosed { client: true } => "half closed by the client",
        Ending::HalfClosed { client: false } => "half closed by the server",
        Ending::Reset { client: true } => "reset by the client",
        Ending::Reset { client: false } => "reset by the server",
        Ending::Refused => "refused",
        Ending::Unanswered => "unanswered",
        Ending::Open => "open",
    }
}

fn options(options: &Options) -> Value {
    json!({
        "mss": options.mss, "window_scale": options.window_scale, "sack": options.sack_permitted,
        "timestamps": options.timestamps.is_some(),
    })
}

fn side(side: &Side, details: Option<&SideDetails>) -> Value {
    json!({
        "address": side.end.to_string(),
        "state": known(&side.state, |state| json!(state.to_string())),
        "options": known(&side.options, options),
        "window_shift": known(&side.window_shift, |shift| json!(shift)),
        "segments": side.counts.packets,
        "wire_bytes": side.counts.wire_bytes,
        "stream_bytes": side.stream_bytes,
        "repeated_bytes": side.counts.repeated_bytes,
        "duplicate_acks": side.counts.dup_acks,
        "zero_windows": side.counts.zero_windows,
        "out_of_order": side.counts.out_of_order,
        "damaged": side.counts.damaged,
        "rtt_min_ns": side.rtt.map(|(least, _)| least.as_nanos()),
        "rtt_median_ns": side.rtt.map(|(_, middle)| middle.as_nanos()),
        "goodput_bit_s": details.and_then(|details| details.goodput_bit_s),
        "window": details.and_then(|details| details.window).map(|(least, most)| json!([least, most])),
        "largest_segment": details.and_then(|details| details.segments).map(|(largest, _)| largest),
        "median_segment": details.and_then(|details| details.segments).map(|(_, middle)| middle),
        "repeated": details.map(|details| details.repeats.iter().map(|(cause, count)| json!({ "why": cause.name(), "count": count })).collect::<Vec<_>>()),
        "limits": details.map(|details| details.limits.iter().map(|(cause, time)| json!({ "cause": cause.name(), "ns": time.as_nanos() })).collect::<Vec<_>>()),
    })
}
