//! A page with many files: a connection a request, a pool of connections, and the streams of one.

use base::{Instant, Seed};
use trace::Trace;
use trace::kinds::{app, tcp};

use super::{Argument, Findings, Played, lab};
use crate::{Header, HttpVersion, Join, Outcome, RunError, Scenario, ScenarioError, Topology};

pub(super) const POOL: Argument = Argument {
    name: "pool",
    title: "A page with thirty files: a connection a request, a pool of six, and one connection of HTTP/2",
    about: "The same page three times, over TLS 1.3. HTTP/1.1 has one request at a time on a connection (RFC 9112 §9.3): \
            without keeping connections, each file pays for a handshake of TCP and one of TLS; a pool pays for six and then \
            waits for a free one. HTTP/2 asks for all files at once, each on a stream (RFC 9113 §5), over the connection that \
            the page came by. The packets below are those of HTTP/2.",
    tap: "laptop",
    play,
};

/// Files of the page.
const FILES: u32 = 30;

fn play(seed: Seed) -> Result<Played, RunError> {
    let mut rows = Vec::new();
    let mut told = Vec::new();
    let mut telling = None;
    for (what, http, keeps) in [
        ("HTTP/1.1, a connection a request", HttpVersion::Http11, false),
        ("HTTP/1.1, a pool of six connections", HttpVersion::Http11, true),
        ("HTTP/2, one connection", HttpVersion::Http2, true),
    ] {
        let trace = one(seed, http, keeps)?;
        let since = Instant::ZERO;
        let connections = lab::count(&trace, "laptop", &app::TLS_DONE, since);
        let answered = lab::count(&trace, "laptop", &app::HTTP_DONE, since);
        let segments = trace.events.iter().filter(|event| std::ptr::eq(event.kind, &tcp::SENT)).count();
        let client = lab::place(&trace, "laptop");
        let done = trace.events.iter().rfind(|e| e.place == client && std::ptr::eq(e.kind, &app::HTTP_DONE));
        let last = done.map_or(Instant::ZERO, |event| event.at).since(Instant::ZERO).as_millis_f64();
        told.push(format!("{last:.0} ms with {connections} connection{}", if connections == 1 { "" } else { "s" }));
        rows.push(vec![
            what.to_owned(),
            connections.to_string(),
            format!("{answered} of {}", FILES + 1),
            segments.to_string(),
            format!("{last:.1} ms"),
        ]);
        telling = Some(trace);
    }
    let verdict = format!(
        "The last file is there after {}. What is saved is handshakes and waiting for a free connection, not bytes. All streams \
         share one TCP connection, though: a lost segment holds up every one of them until it is sent again.",
        told.join(", "),
    );
    let columns = vec!["variant", "connections opened", "requests answered", "segments", "last byte after"];
    Ok(Played { trace: telling.unwrap_or_default(), findings: Findings { columns, rows, verdict } })
}

fn one(seed: Seed, http: HttpVersion, keeps: bool) -> Result<Trace, RunError> {
    let mut scenario = Scenario::for_url("https://www.example.com/")?;
    scenario.seed = seed.0;
    scenario.request.http = http;
    if !keeps {
        // RFC 9112 §9.6
        scenario.request.headers.push(Header("Connection".to_owned(), "close".to_owned()));
    }
    scenario.client.join = Join::Already;
    scenario.client.knows_neighbours = true;
    scenario.client.knows_address = true;
    scenario.network.topology = Topology::Direct;
    (scenario.server.page.files, scenario.server.page.file_size) = (FILES, crate::Octets(2_000));
    let run = crate::run(&scenario)?;
    match run.outcome {
        Outcome::Response { .. } => Ok(run.trace),
        Outcome::Failed(reason) => {
            Err(ScenarioError::Value { key: "request.http", value: http.name().to_owned(), reason }.into())
        }
    }
}
