//! What a connection costs before the first byte: plain HTTP, TLS 1.3, TLS 1.2, near and far.

use base::{Duration, Instant, Seed};
use trace::Trace;
use trace::kinds::app;

use super::{Argument, Findings, Played, lab};
use crate::{Join, RunError, Scenario, ScenarioError, Span, TlsVersion, Topology};

pub(super) const ROUND_TRIPS: Argument = Argument {
    name: "round-trips",
    title: "Round trips before the first byte: plain HTTP, TLS 1.3 and TLS 1.2, at 33 and at 100 ms",
    about: "One request over a new connection, from the user's act to the response's first byte, with the address known \
            already. TCP's handshake takes a round trip, TLS 1.3 one, TLS 1.2 two, the request and its answer one. The \
            packets below are those of TLS 1.3 at 33 ms.",
    tap: "laptop",
    play,
};

fn play(seed: Seed) -> Result<Played, RunError> {
    let mut rows = Vec::new();
    let mut trips = Vec::new();
    let mut telling = None;
    for (what, scheme, version) in [
        ("plain HTTP", "http", TlsVersion::Tls13),
        ("TLS 1.3", "https", TlsVersion::Tls13),
        ("TLS 1.2", "https", TlsVersion::Tls12),
    ] {
        for rtt in [33, 100] {
            let trace = one(seed, scheme, version, Duration::from_millis(rtt))?;
            let first = first_byte(&trace).ok_or_else(|| ScenarioError::Value {
                key: "network.rtt",
                value: format!("{rtt}ms"),
                reason: "the request was not answered".to_owned(),
            })?;
            let ratio = first.as_millis_f64() / rtt as f64;
            trips.push((what, rtt, ratio.round()));
            rows.push(vec![
                what.to_owned(),
                format!("{rtt} ms"),
                format!("{:.1} ms", first.as_millis_f64()),
                format!("{ratio:.2}"),
            ]);
            if (what, rtt) == ("TLS 1.3", 33) {
                telling = Some(trace);
            }
        }
    }
    let of = |name: &str| trips.iter().find(|(what, ..)| *what == name).map_or(0.0, |(.., trips)| *trips);
    let verdict = format!(
        "The first byte is there after {} round trips with plain HTTP, {} with TLS 1.3 and {} with TLS 1.2; the rest is the \
         time that the bytes take on the lines.",
        of("plain HTTP"),
        of("TLS 1.3"),
        of("TLS 1.2"),
    );
    let columns = vec!["variant", "round trip", "first byte after", "in round trips"];
    Ok(Played { trace: telling.unwrap_or_default(), findings: Findings { columns, rows, verdict } })
}

fn one(seed: Seed, scheme: &str, version: TlsVersion, rtt: Duration) -> Result<Trace, RunError> {
    let mut scenario = Scenario::for_url(&format!("{scheme}://www.example.com/"))?;
    scenario.seed = seed.0;
    scenario.request.tls = version;
    scenario.client.join = Join::Already;
    scenario.client.knows_neighbours = true;
    scenario.client.knows_address = true;
    scenario.network.topology = Topology::Direct;
    scenario.network.rtt = Span(rtt);
    Ok(crate::run(&scenario)?.trace)
}

/// When the client's program has the response's head.
fn first_byte(trace: &Trace) -> Option<Duration> {
    let client = lab::place(trace, "laptop");
    let response = trace.events.iter().find(|e| e.place == client && std::ptr::eq(e.kind, &app::HTTP_RESPONSE))?;
    Some(response.at.since(Instant::ZERO))
}
