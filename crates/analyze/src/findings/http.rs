//! HTTP: errors, and time and bytes spent for nothing.

use base::{Duration, Instant};
use flow::{Head, HttpMessage, MessageState, UnitKind};

use super::{Confidence, Connection, Finding, Rule, finding, ms};
use crate::{Ending, Request};

/// All of them.
pub(super) static RULES: &[&dyn Rule] = &[
    &ServerError,
    &ClientError,
    &NoResponse,
    &Truncated,
    &Malformed,
    &Smuggling,
    &SlowServer,
    &Stalled,
    &RedirectChain,
    &Redirect,
    &NoKeepAlive,
    &Uncompressed,
];

/// Beyond a round trip, people feel a wait of this length.
const SLOW: Duration = Duration::from_millis(300);
/// Smaller texts fit into a few packets, compressed or not.
const WORTH_COMPRESSING: usize = 10_000;

fn line(request: &Request) -> &str {
    request.line.as_deref().unwrap_or("a request")
}

fn frames(request: &Request) -> Vec<u32> {
    let answer = request.response_frames.map_or((0, 0), |frames| frames);
    vec![request.request_frames.0, answer.0, answer.1]
}

fn by_status(card: &'static super::Card, connection: &Connection<'_>, out: &mut Vec<Finding>, class: u16) {
    for request in connection.requests.iter().filter(|r| r.status.is_some_and(|s| s / 100 == class)) {
        let text = format!("{} was answered with status {}.", line(request), request.status.unwrap_or(0));
        out.push(Finding::new(card, text, frames(request)).failed());
    }
}

/// The final response to a request.
fn response<'a>(connection: &'a Connection<'_>, request: &Request) -> Option<&'a HttpMessage> {
    let http = connection.layers.http.as_ref()?;
    let exchange = http.exchanges.get(request.exchange?)?;
    http.messages.get(*exchange.responses.last()?)
}

finding! {
    /// 5xx.
    ServerError = "finding.http.server_error", "the server failed", "RFC 9110 §15.6",
        "the response has a status of the 500s: the server could not do what it was asked for",
        advice "502, 503 and 504 come from a proxy whose server behind it failed, was full or was too slow: look there. 500 stands in the server's own log.";
    look_at = |card, connection, out| by_status(card, connection, out, 5);
}

finding! {
    /// 4xx.
    ClientError = "finding.http.client_error", "the request was rejected", "RFC 9110 §15.5",
        "the response has a status of the 400s: the server does not accept the request",
        advice "404: check the path. 401 and 403: the credentials. 429: slow down, and heed Retry-After. 400 and 431: a field is malformed or too large (cookies).";
    look_at = |card, connection, out| by_status(card, connection, out, 4);
}

finding! {
    /// Nothing came back.
    NoResponse = "finding.http.no_response", "no response", "RFC 9112 §9.5",
        "the request was sent whole, and no response came",
        advice "The connection may have been closed by the server's idle timeout just as the request was on its way: requests that are safe to repeat should be. Otherwise look at the server.";
    look_at = |card, connection, out| {
        // Of a direction that was not captured nothing is known.
        if connection.tcp.server().counts().packets == 0 {
            return;
        }
        let over = connection.tcp.over() || matches!(connection.summary.ending, Ending::HalfClosed { .. });
        for request in connection.requests.iter().filter(|r| r.exchange.is_some() && r.response_frames.is_none()) {
            let waited = connection.case.end().since(request.send.1);
            if over || waited > Duration::from_secs(2) {
                let text = format!("{} got no response within {}.", line(request), ms(waited));
                out.push(Finding::new(card, text, [request.request_frames.0, request.request_frames.1]).failed());
            }
        }
    };
}

/// Whether bytes of the server's stream reached the client that the capture lacks: nothing is known of where it ended.
fn not_captured(connection: &Connection<'_>) -> bool {
    let half = connection.tcp.server();
    let acked = connection.tcp.client().acked().unwrap_or(0).min(half.fin().unwrap_or(i64::MAX));
    let from = half.stream().start().unwrap_or(1);
    acked > from && half.stream().covered(from..acked) < (acked - from) as u64
}

finding! {
    /// The body ends early.
    Truncated = "finding.http.truncated", "the response is cut short", "RFC 9112 §8",
        "the connection ended before the number of bytes that was announced, or before the last chunk",
        advice "The server or a proxy broke off in the midst: a crash, a timeout, a full disk. Clients must not take the body for whole.";
    look_at = |card, connection, out| {
        let over = connection.tcp.over() || matches!(connection.summary.ending, Ending::HalfClosed { .. });
        for request in &connection.requests {
            let Some(message) = response(connection, request) else { continue };
            // Of HTTP/2, the stream's reset is told instead, with its reason.
            let reset = message.on_stream.as_ref().is_some_and(|on| super::http2::reset(connection, on.stream));
            if message.state == MessageState::CutShort && over && !reset && !not_captured(connection) {
                let text = format!("The response to {} ended after {} bytes of its body.", line(request), message.body.len());
                out.push(Finding::new(card, text, frames(request)).failed());
            }
        }
    };
}

finding! {
    /// Not HTTP.
    Malformed = "finding.http.malformed", "a message breaks HTTP", "RFC 9112 §2.2",
        "a head or a chunk does not have the form that HTTP prescribes",
        advice "Look at the bytes at that place: a header with a line break in it, a body with the wrong length before it, or another protocol on the port.";
    look_at = |card, connection, out| {
        let Some(http) = &connection.layers.http else { return };
        for (at, message) in http.messages.iter().enumerate() {
            let MessageState::Malformed(why) = message.state else { continue };
            let frame = connection.layers.units().iter().find(|unit| unit.kind == UnitKind::Http(at)).map(|unit| unit.complete);
            out.push(Finding::new(card, format!("A message of the {} is malformed: {why}.", Connection::sender(message.direction)), frame).failed());
        }
    };
}

finding! {
    /// Two receivers may see two requests.
    Smuggling = "finding.http.smuggling", "a message whose length is ambiguous", "RFC 9112 §11.2",
        "the fields that tell the body's length contradict each other: two receivers may see different messages, which is how requests are smuggled",
        advice "Reject such messages with 400 and close. If it comes from your own client or proxy, correct it: one Content-Length or chunked, never both.";
    look_at = |card, connection, out| {
        let Some(http) = &connection.layers.http else { return };
        for (at, message) in http.messages.iter().enumerate() {
            let Some(fault) = message.faults.first() else { continue };
            let frame = connection.layers.units().iter().find(|unit| unit.kind == UnitKind::Http(at)).map(|unit| unit.complete);
            out.push(Finding::new(card, format!("A message of the {} is ambiguous: its {} {}.", Connection::sender(message.direction), fault.field(), fault.what()), frame));
        }
    };
}

finding! {
    /// The server thinks long.
    SlowServer = "finding.http.slow_server", "the server is slow", "RFC 9110 §3.7",
        "the request had arrived, and the server took long before its first byte",
        advice "The time passed in the server or behind it: look at its log for this request. Caching, or sending the head early, hides some of it.";
    look_at = |card, connection, out| {
        let again = connection.segments.iter().filter(|(_, tcp)| tcp.verdicts.is_retransmission());
        let mut again: Vec<Instant> = again.map(|(row, _)| row.at).collect();
        again.sort_unstable();
        for request in &connection.requests {
            let Some((from, to)) = request.wait else { continue };
            // A request that had to be repeated waited for the network, not for the server.
            let next = again.get(again.partition_point(|at| *at < request.send.0));
            let repeated = next.is_some_and(|at| *at <= to);
            let rtt = connection.round_trip().unwrap_or_default();
            let thought = to.since(from) - rtt.min(to.since(from));
            if thought > SLOW && !repeated && request.exchange.is_some() {
                let text = format!("The server took {} before it answered {}.", ms(thought), line(request));
                let sure = if connection.tcp.half(flow::Direction::ToClient).acked().is_some() { Confidence::Certain } else { Confidence::Likely };
                out.push(Finding::new(card, text, frames(request)).costs(thought).sure(sure));
            }
        }
    };
}

/// Pauses that are shorter are a program's usual way of writing.
const PAUSE: Duration = Duration::from_millis(20);
/// All of them together are felt from here on.
const PAUSES: Duration = Duration::from_secs(1);

/// What is sent as it happens: nobody waits for its end.
fn streams(message: &HttpMessage) -> bool {
    let fields = message.head.fields();
    let kind = fields.get("content-type").unwrap_or_default().to_ascii_lowercase();
    let live = ["text/event-stream", "multipart/x-mixed-replace", "application/grpc", "application/x-ndjson"];
    fields.get("content-length").is_none() || live.iter().any(|live| kind.starts_with(live))
}

/// How long a server paused within a response although all that it had sent was acknowledged and the window was open: it had
/// nothing to send.
fn pauses(connection: &Connection<'_>, from: Instant, to: Instant) -> (Duration, Vec<u32>) {
    let least = PAUSE.max(connection.round_trip().unwrap_or_default() * 2);
    let (mut sum, mut frames) = (Duration::ZERO, Vec::new());
    let (mut before, mut acked, mut open): (Option<(u32, Instant, i64)>, i64, bool) = (None, 0, true);
    for (row, tcp) in connection.segments.iter().filter(|(row, _)| row.at >= from && row.at <= to) {
        if row.direction == flow::Direction::ToServer {
            acked = acked.max(tcp.relative_ack().unwrap_or(0));
            open = tcp.window > 0;
            continue;
        }
        let Some(start) = tcp.relative_seq().filter(|_| tcp.len > 0) else { continue };
        if let Some((number, at, end)) = before
            && row.at.since(at) >= least
            && start == end
            && acked >= end
            && open
            && !tcp.verdicts.is_retransmission()
        {
            sum += row.at.since(at);
            frames.extend([number, row.number]);
        }
        before = Some((row.number, row.at, start + i64::from(tcp.len)));
    }
    (sum, frames)
}

finding! {
    /// A response in drops.
    Stalled = "finding.http.stalled", "the server pauses within a response", "RFC 9110 §3.7",
        "the response had begun, the network was free and the client ready, and the server sent nothing for a while, once or again and again",
        advice "The program makes the body while it sends it, reads it from a slow place, or is held to a rate (nginx: limit_rate). Look at what it waits for: a database, a disk, the server behind a proxy.";
    look_at = |card, connection, out| {
        for request in connection.requests.iter().filter(|request| !request.multiplexed) {
            let (Some((from, to)), Some(message)) = (request.receive, response(connection, request)) else { continue };
            if streams(message) {
                continue;
            }
            if to.since(from) < PAUSES {
                continue;
            }
            let (sum, frames) = pauses(connection, from, to);
            if sum >= PAUSES && sum >= to.since(from) / 2 {
                let text = format!("Within the response to {} the server sent nothing for {} in all, {} times.", line(request), ms(sum), frames.len() / 2);
                out.push(Finding::new(card, text, frames).costs(sum).sure(Confidence::Likely));
            }
        }
    };
}

finding! {
    /// 3xx.
    Redirect = "finding.http.redirect", "a redirect costs a request", "RFC 9110 §15.4",
        "the server sends the client elsewhere: another request, often another name and connection",
        advice "Link to the final address, join chains of redirects into one, and let browsers remember (301 or 308; HSTS for http to https).";
    look_at = |card, connection, out| {
        for request in connection.requests.iter().filter(|r| matches!(r.status, Some(301 | 302 | 303 | 307 | 308))) {
            let place = response(connection, request).and_then(|m| m.head.fields().get("location").map(str::to_owned));
            let text = format!("{} was redirected to {}.", line(request), place.unwrap_or_else(|| "an unnamed place".to_owned()));
            out.push(Finding::new(card, text, frames(request)).costs(request.total().unwrap_or_default()));
        }
    };
}

/// A request that was redirected, or what a redirect may lead to.
pub(super) struct Leg {
    begins: Instant,
    ends: Instant,
    frames: Vec<u32>,
    host: String,
    target: String,
    location: Option<String>,
}

/// The legs among the requests of a connection.
pub(super) fn legs(connection: &Connection<'_>) -> impl Iterator<Item = Leg> {
    let leg = |request: &Request| {
        let target = request.line.as_deref()?.split(' ').nth(1)?.to_owned();
        let redirect = matches!(request.status, Some(301 | 302 | 303 | 307 | 308));
        let location = response(connection, request).filter(|_| redirect);
        Some(Leg {
            begins: request.start(),
            ends: request.last_byte()?,
            frames: frames(request),
            host: request.host.clone().unwrap_or_default(),
            target,
            location: location.and_then(|m| m.head.fields().get("location").map(str::to_owned)),
        })
    };
    connection.requests.iter().filter_map(leg)
}

/// Whether a redirect to `location` leads to this leg: the same path, and the host if it names one (RFC 9110 §10.2.2).
fn leads_to(from: &Leg, location: &str, leg: &Leg) -> bool {
    let (host, path) = match location.split_once("://").map(|(_, rest)| rest) {
        Some(rest) => rest.find('/').map_or((rest, "/"), |at| rest.split_at(at)),
        None => (from.host.as_str(), location),
    };
    leg.begins >= from.ends && leg.host.eq_ignore_ascii_case(host) && leg.target == path
}

/// The longest time from a redirect to the request that follows it.
const FOLLOWS: Duration = Duration::from_secs(5);

/// Redirects that lead to redirects, over all connections.
fn chains(card: &'static super::Card, legs: &[Leg]) -> Vec<Finding> {
    let mut legs: Vec<&Leg> = legs.iter().collect();
    legs.sort_by_key(|leg| leg.begins);
    let mut next = vec![None; legs.len()];
    let mut led_to = vec![false; legs.len()];
    for (at, leg) in legs.iter().enumerate() {
        let Some(location) = &leg.location else { continue };
        let soon =
            legs.iter().enumerate().skip(at + 1).take_while(|(_, other)| other.begins.since(leg.ends) <= FOLLOWS);
        let follower = soon.filter(|(to, _)| !led_to[*to]).find(|(_, other)| leads_to(leg, location, other));
        if let Some((to, _)) = follower {
            next[at] = Some(to);
            led_to[to] = true;
        }
    }
    let mut out = Vec::new();
    for start in (0..legs.len()).filter(|&at| !led_to[at]) {
        let chain: Vec<&Leg> = std::iter::successors(Some(start), |&at| next[at]).map(|at| legs[at]).collect();
        let redirects = chain.iter().filter(|leg| leg.location.is_some()).count();
        if redirects < 2 {
            continue;
        }
        let last = chain.iter().rfind(|leg| leg.location.is_some()).map_or(chain[0].ends, |leg| leg.ends);
        let cost = last.since(chain[0].begins);
        let names: Vec<String> = chain.iter().take(6).map(|leg| format!("{}{}", leg.host, leg.target)).collect();
        let text = format!("{redirects} redirects one behind the other took {}: {}.", ms(cost), names.join(", then "));
        out.push(Finding::new(card, text, chain.iter().flat_map(|leg| leg.frames.clone())).costs(cost));
    }
    out
}

finding! {
    /// Redirects to redirects.
    RedirectChain = "finding.http.redirect_chain", "a chain of redirects", "RFC 9110 §15.4",
        "a redirect leads to another redirect: each costs a request, and often a connection of its own",
        advice "Let the first redirect lead to the final address: http to https and the bare name to www in one step.";
    conclude = |card, across, out| out.extend(chains(card, &across.legs));
}

finding! {
    /// A connection for each request.
    NoKeepAlive = "finding.http.no_keep_alive", "a new connection for each request", "RFC 9112 §9.3",
        "requests to the same server each opened a connection of their own: each pays for the handshakes again, and starts slowly",
        advice "Reuse connections: a pool in the client, keep-alive at the server and at proxies (proxy_http_version 1.1 in nginx), or HTTP/2.";
    conclude = |card, across, out| {
        for ((_, _, server), turns) in &across.turns {
            // The next one is opened when the one before begins to close.
            if turns.count >= 4 && turns.in_turn + 1 >= turns.count {
                let text = format!("{} connections to {server}, one after the other, each for little.", turns.count);
                out.push(Finding::new(card, text, turns.syns.iter().copied()).costs(turns.cost).sure(Confidence::Likely));
            }
        }
    };
}

finding! {
    /// Text as it is.
    Uncompressed = "finding.http.uncompressed", "text was sent uncompressed", "RFC 9110 §8.4",
        "the client accepts compression, and the server sent a text of many bytes without",
        advice "Turn on gzip, br or zstd for text types at the server or proxy: texts shrink to a quarter.";
    look_at = |card, connection, out| {
        let Some(http) = &connection.layers.http else { return };
        for request in &connection.requests {
            let Some(message) = response(connection, request) else { continue };
            let asked = request.exchange.and_then(|i| http.exchanges.get(i)?.request).and_then(|i| http.messages.get(i));
            let accepts = asked.is_some_and(|m| ["gzip", "br", "zstd", "deflate"].iter().any(|coding| m.head.fields().list_has("accept-encoding", coding)));
            let Head::Response(head) = &message.head else { continue };
            let kind = head.fields.get("content-type").unwrap_or_default().to_ascii_lowercase();
            let text = kind.starts_with("text/") || ["json", "javascript", "xml"].iter().any(|word| kind.contains(word));
            if accepts && text && head.fields.get("content-encoding").is_none() && message.body.len() > WORTH_COMPRESSING {
                let said = format!("{} bytes of {} were sent uncompressed.", message.body.len(), kind.split(';').next().unwrap_or_default());
                out.push(Finding::new(card, said, frames(request)));
            }
        }
    };
}
