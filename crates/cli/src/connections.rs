//! The connections of a capture, one in a few lines.

use std::io::{self, Write};

use analyze::{Ending, Summary};
use story::Story;

use crate::style::{Style, Tone, cut};

/// Connections that are listed; the others are counted.
const LISTED: usize = 40;

/// Prints the capture's connections.
pub fn print(out: &mut impl Write, story: &Story, style: Style) -> io::Result<()> {
    let connections = &story.analysis().connections;
    if connections.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", style.paint(Tone::Heading, &format!("{} TCP connections", connections.len())))?;
    for connection in connections.iter().take(LISTED) {
        one(out, connection, style)?;
    }
    if connections.len() > LISTED {
        writeln!(out, "  and {} more", connections.len() - LISTED)?;
    }
    writeln!(out)
}

fn one(out: &mut impl Write, connection: &Summary, style: Style) -> io::Result<()> {
    let width = style.width().unwrap_or(usize::MAX);
    let mut line = |text: String| writeln!(out, "{}", cut(&text, width));
    let (from, to) = connection.span;
    let bytes = |side: &analyze::Side| side.stream_bytes;
    line(format!(
        "  {} to {}: {} packets, {} bytes there and {} back in {:.3} ms; {}",
        connection.client.end,
        connection.server.end,
        connection.packets,
        bytes(&connection.client),
        bytes(&connection.server),
        (to - from).as_millis_f64(),
        ending(connection.ending),
    ))?;
    let repeated = connection.client.counts.retransmissions + connection.server.counts.retransmissions;
    let mut figures = Vec::new();
    if let Some(rtt) = connection.round_trip {
        figures.push(format!("round trip {:.3} ms (derived)", rtt.as_millis_f64()));
    }
    if repeated > 0 {
        figures.push(format!("{repeated} segments sent again"));
    }
    for (side, who) in [(&connection.client, "the client"), (&connection.server, "the server")] {
        if side.checksums_offloaded {
            let why = "its packets hold the pseudo header's sum alone, or nothing";
            figures.push(format!("captured at {who}, which leaves checksums to its network card ({why})"));
        }
    }
    if !figures.is_empty() {
        line(format!("    {}", figures.join(", ")))?;
    }
    if let Some(tls) = &connection.tls {
        let parts = [&tls.version, &tls.cipher_suite, &tls.group, &tls.alpn, &tls.server_name];
        let text: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        line(format!("    {}; {} of {} records decrypted", text.join(", "), tls.records.1, tls.records.0))?;
        if let Some((n, why)) = &tls.undecrypted {
            line(format!("    {n} records stay encrypted: {why}"))?;
        }
    }
    for (request, response) in connection.http.iter().take(10) {
        line(format!("    {request}: {}", response.as_deref().unwrap_or("no response")))?;
    }
    Ok(())
}

fn ending(ending: Ending) -> String {
    match ending {
        Ending::Closed { client_first } => {
            format!("closed, {} first", if client_first { "the client" } else { "the server" })
        }
        Ending::HalfClosed { client } => {
            format!("only {} has closed", if client { "the client" } else { "the server" })
        }
        Ending::Reset { client } => format!("reset by {}", if client { "the client" } else { "the server" }),
        Ending::Refused => "refused".to_owned(),
        Ending::Unanswered => "nobody answered".to_owned(),
        Ending::Open => "open when the capture ended".to_owned(),
    }
}
