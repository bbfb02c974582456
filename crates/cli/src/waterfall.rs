//! The requests of a page beside each other: when each was asked for, waited for and received.

use std::io::{self, Write};

use analyze::Request;
use base::{Duration, Instant};
use story::Story;

use crate::style::{Style, Tone, hang, wrap};

/// Requests that are shown at most.
const MOST: usize = 40;
/// Columns of the drawing: where there is room, and where it still tells something.
const ROOM: (usize, usize) = (60, 16);
/// Characters of a request's line.
const LINE: usize = 28;
/// Characters beside the drawing: the line, the port, from when to when.
const BESIDE: usize = LINE + 42;

/// Prints the requests of a story that has several. From the request to the response's first byte is `░`, from there to its
/// last byte `█`; before, what the connection took is `┄`.
pub fn print(out: &mut impl Write, story: &Story, style: Style) -> io::Result<()> {
    let requests = &story.analysis().requests;
    let Some((begins, ends)) = ends(requests).filter(|_| requests.len() > 1) else { return Ok(()) };
    writeln!(out, "\n{}", style.paint(Tone::Heading, "The requests"))?;
    let room = style.width().map_or(ROOM.0, |width| width.saturating_sub(BESIDE + 2).min(ROOM.0));
    for request in requests.iter().take(MOST) {
        let line = request.line.as_deref().unwrap_or("cannot be read");
        let line: String = line.chars().take(LINE).collect();
        let connection =
            story.flow().conversation(request.conversation).map_or(0, |conversation| conversation.client.port);
        // As in the ladder: from the first packet of all.
        let from = millis(request.start().since(Instant::ZERO));
        let last = request.last_byte().map_or_else(|| "unanswered".to_owned(), |at| millis(at.since(Instant::ZERO)));
        if style.width().is_some_and(|width| width < BESIDE) {
            writeln!(out, "  {line}")?;
            writeln!(out, "    {from} to {last} ms")?;
            continue;
        }
        write!(out, "  {line:<LINE$}  port {connection:<5}  {from:>9} to {last:>9} ms")?;
        if room >= ROOM.1 {
            write!(out, "  {}", bar(request, begins, ends.since(begins), room))?;
        }
        writeln!(out)?;
    }
    if let Some(more) = requests.len().checked_sub(MOST).filter(|more| *more > 0) {
        writeln!(out, "  and {more} more")?;
    }
    let front = format!("  together {} ms  ", millis(ends.since(begins)));
    for line in hang(&front, "from where the first request begins to the last byte of all", style.width()) {
        writeln!(out, "{line}")?;
    }
    if room >= ROOM.1 {
        let legend = "┄ name and connection, ░ asked for and waited for, █ received";
        for line in wrap(legend, style.prose_width().saturating_sub(2)) {
            writeln!(out, "  {}", style.paint(Tone::Quiet, &line))?;
        }
    }
    Ok(())
}

/// When the first begins and the last is over.
fn ends(requests: &[Request]) -> Option<(Instant, Instant)> {
    let begins = requests.iter().map(Request::start).min()?;
    Some((begins, requests.iter().filter_map(Request::last_byte).max()?))
}

fn bar(request: &Request, begins: Instant, whole: Duration, room: usize) -> String {
    let at = |moment: Instant| {
        let cells = i128::from(moment.since(begins).as_nanos()) * room as i128 / i128::from(whole.as_nanos().max(1));
        usize::try_from(cells).unwrap_or(0).min(room)
    };
    let start = at(request.start());
    let sent = at(request.send.0).max(start);
    let (first, last) = request.receive.map_or((room, room), |(first, last)| (at(first), at(last)));
    let (first, last) = (first.max(sent), last.max(first).max(sent));
    // What is too short for a character is shown all the same.
    let received = (last - first).max(usize::from(request.receive.is_some()));
    let parts = [(" ", start), ("┄", sent - start), ("░", first - sent), ("█", received)];
    parts.iter().map(|(sign, times)| sign.repeat(*times)).collect()
}

fn millis(span: Duration) -> String {
    format!("{:.3}", span.as_millis_f64())
}
