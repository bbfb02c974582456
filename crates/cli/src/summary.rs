//! What stands above and below the ladder: the URL in its parts, the caches asked, the network, the outcome.

use std::io::{self, Write};

use scenario::{Outcome, Scenario, Topology, UrlParts};
use story::Story;
use trace::kinds;

use crate::argument::Argument;
use crate::style::{Style, Tone, hang, wrap};

/// What a simulation knows beside its packets.
pub enum Top<'a> {
    /// A request was simulated.
    Request(Request<'a>),
    /// One of the documents' arguments was played.
    Argument(Argument<'a>),
}

/// What is known of a simulated request.
pub struct Request<'a> {
    /// The scenario as it was run.
    pub scenario: &'a Scenario,
    /// The URL in its parts.
    pub url: &'a UrlParts,
    /// What came of the request.
    pub outcome: &'a Outcome,
}

/// Prints what stands above the ladder.
pub fn above(out: &mut impl Write, story: &Story, top: &Top<'_>, style: Style) -> io::Result<()> {
    let top = match top {
        Top::Request(request) => request,
        Top::Argument(argument) => return argument.print(out, style),
    };
    if !top.scenario.title.is_empty() {
        for line in wrap(&top.scenario.title, style.prose_width()) {
            writeln!(out, "{}", style.paint(Tone::Heading, &line))?;
        }
        for line in wrap(&top.scenario.about, style.prose_width()) {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
    }
    url(out, top.url, style)?;
    caches(out, story, style)?;
    network(out, top.scenario, style)
}

fn url(out: &mut impl Write, url: &UrlParts, style: Style) -> io::Result<()> {
    for (i, line) in hang("The URL ", &url.href, style.width()).iter().enumerate() {
        writeln!(out, "{}", if i == 0 { style.paint(Tone::Heading, line) } else { line.clone() })?;
    }
    let inside = if url.scheme.as_str() == "https" { "HTTP inside TLS" } else { "HTTP in clear" };
    let address =
        if url.literal.is_some() { "an address: no name to resolve" } else { "a name: DNS will say its address" };
    let port = if url.port_given { "as the URL says" } else { "the scheme's own" };
    let parts = [
        ("scheme", url.scheme.as_str().to_owned(), inside),
        ("host", url.host.to_string(), address),
        ("port", url.port.to_string(), port),
        ("path", url.path.clone(), ""),
        ("query", url.query.clone().unwrap_or_default(), ""),
    ];
    for (name, value, remark) in parts.iter().filter(|(name, value, _)| *name != "query" || !value.is_empty()) {
        let text = if remark.is_empty() { value.clone() } else { format!("{value:<24} {remark}") };
        for line in hang(&format!("  {name:<8}"), &text, style.width()) {
            writeln!(out, "{line}")?;
        }
    }
    for (key, value) in &url.parameters {
        for line in hang("            ", &format!("{key} = {value}"), style.width()) {
            writeln!(out, "{line}")?;
        }
    }
    if let Some(fragment) = &url.fragment {
        for line in hang("  fragment ", &format!("{fragment} stays in the browser"), style.width()) {
            writeln!(out, "{line}")?;
        }
    }
    writeln!(out)
}

/// The caches in the order in which they were asked, each with its answer.
fn caches(out: &mut impl Write, story: &Story, style: Style) -> io::Result<()> {
    let Some(trace) = story.trace() else { return Ok(()) };
    let asked = trace.events.iter().filter(|event| {
        std::ptr::eq(event.kind, &kinds::dns::CACHE_HIT) || std::ptr::eq(event.kind, &kinds::dns::CACHE_MISS)
    });
    let mut any = false;
    for event in asked {
        if !any {
            for line in wrap("The caches, in the order in which they were asked", style.prose_width()) {
                writeln!(out, "{}", style.paint(Tone::Heading, &line))?;
            }
            any = true;
        }
        let lead = format!("  {:>9.3} ms  ", event.at.as_millis_f64());
        for line in hang(&lead, &story.event_text(event), style.width()) {
            writeln!(out, "{line}")?;
        }
    }
    if any { writeln!(out) } else { Ok(()) }
}

fn network(out: &mut impl Write, scenario: &Scenario, style: Style) -> io::Result<()> {
    let network = &scenario.network;
    for line in wrap("The network (simulated, in virtual time)", style.prose_width()) {
        writeln!(out, "{}", style.paint(Tone::Heading, &line))?;
    }
    let shape = match network.topology {
        Topology::Home => {
            "laptop, switch, home router with NAT, access router, core router, server; a resolver and three name servers beside them"
        }
        Topology::Direct => "client, one router, server",
    };
    let text = format!(
        "{shape}. Seed {}. Round trip {} between the ends; access line {} down, {} up, queues of {} bytes, loss {}; MTU {}. What you do not set is that of a usual home connection.",
        scenario.seed,
        network.rtt.0,
        network.rate.0,
        network.upload.0.min(network.rate.0),
        network.queue.0,
        network.loss.0,
        network.mtu
    );
    for line in wrap(&text, style.prose_width().saturating_sub(2)) {
        writeln!(out, "  {line}")?;
    }
    writeln!(out)
}

/// Prints what stands below the ladder.
pub fn below(out: &mut impl Write, top: &Top<'_>, style: Style) -> io::Result<()> {
    // What came of an argument stands above its packets.
    let Top::Request(top) = top else { return Ok(()) };
    writeln!(out)?;
    match top.outcome {
        Outcome::Response { status, reason, body } => {
            let bytes = if *body == 1 { "byte" } else { "bytes" };
            writeln!(out, "{} {status} {reason}, {body} {bytes} of body", style.paint(Tone::Heading, "Response"))
        }
        Outcome::Failed(why) => {
            for line in wrap(&format!("The request failed: {why}"), style.prose_width()) {
                writeln!(out, "{}", style.paint(Tone::Trouble, &line))?;
            }
            Ok(())
        }
    }
}
