//! Where the time went: the phases of the request, in milliseconds and in round trips.

use std::io::{self, Write};

use analyze::Phase;
use base::Duration;
use story::Story;

use crate::style::{Style, Tone, hang, wrap};

/// Characters of the widest bar, where there is room.
const BAR: usize = 40;
/// Characters of a line beside its bar.
const BESIDE: usize = 62;
/// Characters of a bar that can still be told from its neighbours.
const NARROWEST_BAR: usize = 4;

/// Prints the phases of the request that the story is about, and the totals.
pub fn print(out: &mut impl Write, story: &Story, style: Style) -> io::Result<()> {
    let Some(path) = story.critical_path() else { return Ok(()) };
    // Of several requests the phases are those of one.
    let analysis = story.analysis();
    let line =
        analysis.main_request().filter(|_| analysis.requests.len() > 1).and_then(|request| request.line.as_ref());
    let of = line.map(|line| format!(": {line}")).unwrap_or_default();
    writeln!(out)?;
    for line in wrap(&format!("Where the time went{of}"), style.prose_width()) {
        writeln!(out, "{}", style.paint(Tone::Heading, &line))?;
    }
    let total = path.total();
    // Without room for a bar that says anything, and its round trips beside it, these go under the duration.
    let room = style.width().map_or(BAR, |width| width.saturating_sub(BESIDE).min(BAR));
    for phase in &path.phases {
        let trips =
            phase.milli_round_trips().map_or_else(String::new, |n| format!("{:>6.2} round trips", n as f64 / 1000.0));
        let detail = phase.rtt.map(|rtt| format!(" of {:.3} ms", rtt.as_millis_f64())).unwrap_or_default();
        let front = format!("  {:<6} {:>10} ms", phase.kind.name(), millis(phase.duration()));
        if room >= NARROWEST_BAR {
            let bar = bar(phase, total, room);
            writeln!(out, "{front}  {bar:<room$}  {trips}{}", style.paint(Tone::Quiet, &detail))?;
        } else {
            writeln!(out, "{front}")?;
            if !trips.is_empty() {
                let text = format!("{}{detail}", trips.trim_start());
                for line in hang("         ", &text, style.width()) {
                    writeln!(out, "{}", style.paint(Tone::Quiet, &line))?;
                }
            }
        }
    }
    let mut figure = |name: &str, span: Duration, text: &str| -> io::Result<()> {
        for line in hang(&format!("  {name:<6} {:>10} ms  ", millis(span)), text, style.width()) {
            writeln!(out, "{line}")?;
        }
        Ok(())
    };
    figure("total", total, "from the first packet to the last byte")?;
    if let Some(first) = path.time_to_first_byte() {
        figure("", first, "to the first byte of the response")?;
    }
    if let Some((from, to)) = path.close {
        figure("close", to - from, "nobody waits for it")?;
    }
    if let Some((who, since, until)) = story.time_wait() {
        figure("", until - since, &format!("TIME-WAIT at the {who}, until {:.3} ms", until.as_millis_f64()))?;
    }
    if path.phases.iter().any(|phase| phase.rtt.is_some()) {
        let text = "Round trips are derived: a duration divided by the round-trip time of the path that it used.";
        for line in wrap(text, style.prose_width().saturating_sub(2)) {
            writeln!(out, "  {}", style.paint(Tone::Quiet, &line))?;
        }
    }
    Ok(())
}

/// Milliseconds to the nanosecond: so that the phases add up exactly, as printed.
fn millis(span: Duration) -> String {
    let ns = span.as_nanos();
    let sign = if ns < 0 { "-" } else { "" };
    let (ms, rest) = (ns.unsigned_abs() / 1_000_000, ns.unsigned_abs() % 1_000_000);
    format!("{sign}{ms}.{rest:06}")
}

fn bar(phase: &Phase, total: Duration, width: usize) -> String {
    let total = total.as_nanos().max(1);
    let cells = i128::from(phase.duration().as_nanos()) * width as i128 / i128::from(total);
    let cells = usize::try_from(cells).unwrap_or(0);
    if cells == 0 && phase.duration() > Duration::ZERO { "▏".to_owned() } else { "█".repeat(cells) }
}
