//! The connections of a capture, one in a few lines.

use std::io::{self, Write};

use analyze::{Details, Ending, Side, SideDetails, Summary};
use base::Duration;
use flow::tcp::VERDICTS;
use flow::{Direction, Talk};
use story::Story;
use trace::{Basis, Known};

use crate::style::{Style, Tone, cut};

/// Connections that are listed; the others are counted.
pub const LISTED: usize = 40;
/// Connections of which more is said than a line or two, if there are no more.
const IN_DETAIL: usize = 8;

/// Prints the capture's connections.
pub fn print(out: &mut impl Write, story: &Story, style: Style) -> io::Result<()> {
    let connections = &story.analysis().connections;
    if connections.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", style.paint(Tone::Heading, &format!("{} TCP connections", connections.len())))?;
    for connection in connections.iter().take(LISTED) {
        let details = if connections.len() <= IN_DETAIL { Details::of(story.flow(), connection) } else { None };
        one(out, connection, details.as_ref(), style)?;
    }
    if connections.len() > LISTED {
        writeln!(out, "  and {} more", connections.len() - LISTED)?;
    }
    writeln!(out)
}

/// Prints the first of `all` connections, a line or two each.
pub fn list(out: &mut impl Write, first: &[&Summary], all: usize, style: Style) -> io::Result<()> {
    writeln!(out, "{}", style.paint(Tone::Heading, &format!("{all} TCP connections")))?;
    for connection in first {
        one(out, connection, None, style)?;
    }
    if all > first.len() {
        writeln!(out, "  and {} more", all - first.len())?;
    }
    writeln!(out)
}

/// Prints the first of `all` connections of which headers alone were looked at.
pub fn talks(out: &mut impl Write, first: &[&Talk], all: usize, style: Style) -> io::Result<()> {
    let width = style.width().unwrap_or(usize::MAX);
    writeln!(out, "{}", style.paint(Tone::Heading, &format!("{all} TCP connections")))?;
    for talk in first {
        let bytes = |direction| {
            let counts = talk.connection.half(direction).counts();
            counts.data_bytes - counts.repeated_bytes
        };
        let line = format!(
            "  {} to {}: {} packets, {} bytes there and {} back in {:.3} ms; {}",
            talk.client,
            talk.server,
            talk.packets,
            bytes(Direction::ToServer),
            bytes(Direction::ToClient),
            (talk.span.1 - talk.span.0).as_millis_f64(),
            ending(Ending::of(&talk.connection)),
        );
        writeln!(out, "{}", cut(&line, width))?;
        let whole = analyze::round_trip(&talk.connection);
        let mut figures: Vec<String> =
            whole.map(|rtt| format!("round trip {} (derived)", ms(rtt))).into_iter().collect();
        for (direction, who) in [(Direction::ToServer, "client"), (Direction::ToClient, "server")] {
            let (half, trips) = (talk.connection.half(direction), talk.round_trips[direction as usize]);
            let mut said = Vec::new();
            if let (Some(least), Some(mean)) = (half.rtt_min(), trips.mean()) {
                let (least, mean, most) = (ms(least), ms(mean), ms(trips.max));
                said.push(format!("acknowledged within {least}, {mean} on average, {most} at most"));
            }
            for (verdict, count) in VERDICTS.iter().zip(talk.verdicts[direction as usize]) {
                if count > 0 {
                    said.push(format!("{} {count}", verdict.name));
                }
            }
            if !said.is_empty() {
                figures.push(format!("{who}: {}", said.join(", ")));
            }
        }
        for figure in figures {
            writeln!(out, "{}", cut(&format!("    {figure}"), width))?;
        }
    }
    if all > first.len() {
        writeln!(out, "  and {} more", all - first.len())?;
    }
    writeln!(out)
}

fn one(out: &mut impl Write, connection: &Summary, details: Option<&Details>, style: Style) -> io::Result<()> {
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
    let mut figures: Vec<String> = details.map(|details| details.completeness.to_string()).into_iter().collect();
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
        line(format!("    {}", figures.join("; ")))?;
    }
    if let Some(details) = details {
        for (side, more, who) in
            [(&connection.client, &details.client, "client"), (&connection.server, &details.server, "server")]
        {
            line(format!("    {who}: {}", one_side(side, more)))?;
        }
    }
    if let Some(tls) = &connection.tls {
        let parts = [&tls.version, &tls.cipher_suite, &tls.group, &tls.alpn, &tls.server_name];
        let text: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        line(format!("    {}", if text.is_empty() { "TLS".to_owned() } else { text.join(", ") }))?;
        line(format!("    {}", tls.decryption()))?;
    }
    for (request, response) in connection.http.iter().take(10) {
        let request = if request.is_empty() { "a request that was not captured" } else { request };
        line(format!("    {request}: {}", response.as_deref().unwrap_or("no response")))?;
    }
    Ok(())
}

/// What one end offered and did.
fn one_side(side: &Side, more: &SideDetails) -> String {
    let mut parts = Vec::new();
    parts.push(match &side.state {
        Known::Witnessed(state) => state.to_string(),
        Known::Inferred(state, Basis::MidStream) => format!("{state} (assumed)"),
        Known::Inferred(state, _) => format!("{state} (inferred)"),
        Known::Unknown(_) => "state not known".to_owned(),
    });
    match side.options.value() {
        Some(options) => {
            let mut offers = Vec::new();
            offers.extend(options.mss.map(|mss| format!("MSS {mss}")));
            offers.extend(options.window_scale.map(|shift| format!("window scale {shift}")));
            offers.extend(options.sack_permitted.then(|| "SACK".to_owned()));
            offers.extend(options.timestamps.map(|_| "timestamps".to_owned()));
            parts.push(if offers.is_empty() {
                "offers no option".to_owned()
            } else {
                format!("offers {}", offers.join(", "))
            });
        }
        None => parts.push("its SYN was not captured".to_owned()),
    }
    if let Some((least, middle)) = side.rtt {
        parts.push(format!("acknowledged within {}, half of it within {}", ms(least), ms(middle)));
    }
    if let Some((least, most)) = more.window {
        parts.push(format!("window {least} to {most}"));
    }
    if let Some((largest, _)) = more.segments {
        parts.push(format!("segments of up to {largest} bytes"));
    }
    if let Some(rate) = more.goodput_bit_s {
        parts.push(format!("{} of goodput", base::Rate(rate)));
    }
    if !more.repeats.is_empty() {
        let causes: Vec<String> =
            more.repeats.iter().map(|(cause, count)| format!("{count} by {}", cause.name())).collect();
        parts.push(format!("sent again: {}", causes.join(", ")));
    }
    let waits: Vec<String> =
        more.limits.iter().take(3).map(|(cause, time)| format!("{} {}", cause.name(), ms(*time))).collect();
    if !waits.is_empty() {
        parts.push(format!("its data took: {}", waits.join(", ")));
    }
    parts.join("; ")
}

fn ms(time: Duration) -> String {
    format!("{:.3} ms", time.as_millis_f64())
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
