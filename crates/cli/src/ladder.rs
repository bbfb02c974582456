//! The ladder as text: one line a packet.

use std::io::{self, Write};

use story::{Mark, Row, Side, Story};
use trace::Known;
use wire::tcp::State;

use crate::style::{Style, Tone, cut};

/// Below this width both TCP states and the meaning move to a second line.
const ONE_LINE: usize = 120;

/// Prints the rows with a heading.
pub fn print(out: &mut impl Write, story: &Story, style: Style) -> io::Result<()> {
    let rows: Vec<Row> = story.rows().collect();
    let columns = Columns::of(&rows, style);
    writeln!(out, "{}", style.paint(Tone::Heading, columns.heading().trim_end()))?;
    for row in &rows {
        columns.line(out, row, style)?;
    }
    Ok(())
}

struct Columns {
    number: usize,
    time: usize,
    host: usize,
    protocol: usize,
    flags: usize,
    seq: usize,
    ack: usize,
    length: usize,
    states: usize,
    /// Whether states and meaning stand on the same line.
    one_line: bool,
    width: Option<usize>,
}

impl Columns {
    fn of(rows: &[Row], style: Style) -> Columns {
        let widest = |f: &dyn Fn(&Row) -> usize, least: usize| rows.iter().map(f).max().unwrap_or(0).max(least);
        let one_line = style.width().is_none_or(|width| width >= ONE_LINE);
        let host = widest(&|row| row.from.chars().count().max(row.to.chars().count()), 4);
        Columns {
            number: widest(&|row| row.number.to_string().len(), 2),
            time: widest(&|row| time(row).len(), 7),
            host: host.min(if one_line { 22 } else { 16 }),
            protocol: widest(&|row| row.protocol.len(), 5),
            flags: widest(&|row| row.flags.len(), 5),
            seq: widest(&|row| number(row.seq).len(), 3),
            ack: widest(&|row| number(row.ack).len(), 3),
            length: widest(&|row| row.length.to_string().len(), 3),
            states: widest(&|row| states(row).chars().count(), 6),
            one_line,
            width: style.width(),
        }
    }

    fn heading(&self) -> String {
        let front = format!(
            "{:>n$} {:>t$}  {:<h$}    {:<h$} {:<p$} {:<f$} {:>s$} {:>a$} {:>l$}",
            "#",
            "ms",
            "from",
            "to",
            "proto",
            "flags",
            "seq",
            "ack",
            "len",
            n = self.number,
            t = self.time,
            h = self.host,
            p = self.protocol,
            f = self.flags,
            s = self.seq,
            a = self.ack,
            l = self.length
        );
        let back = format!("{:<st$}  {}", "client | server", "what it says", st = self.states);
        if self.one_line { format!("{front}  {back}") } else { front }
    }

    fn line(&self, out: &mut impl Write, row: &Row, style: Style) -> io::Result<()> {
        let trouble = row.marks.iter().any(is_trouble);
        let arrow = if row.marks.iter().any(|mark| matches!(mark, Mark::Lost(_))) { "─✗" } else { "─▶" };
        let tone = if row.side == Side::ToServer { Tone::Client } else { Tone::Server };
        let front = format!(
            "{:>n$} {:>t$}  {} {} {} {:<p$} {:<f$} {:>s$} {:>a$} {:>l$}",
            row.number,
            time(row),
            style.paint(tone, &format!("{:<h$}", cut(&row.from, self.host), h = self.host)),
            style.paint(if trouble { Tone::Trouble } else { tone }, arrow),
            style.paint(tone, &format!("{:<h$}", cut(&row.to, self.host), h = self.host)),
            row.protocol,
            row.flags,
            number(row.seq),
            number(row.ack),
            row.length,
            n = self.number,
            t = self.time,
            p = self.protocol,
            f = self.flags,
            s = self.seq,
            a = self.ack,
            l = self.length
        );
        let mut meaning = row.meaning.clone();
        let marks: Vec<String> = row.marks.iter().filter(|mark| is_trouble(mark)).map(mark_text).collect();
        if !marks.is_empty() {
            meaning = format!("[{}] {meaning}", marks.join(", "));
        }
        // Everything in front of the meaning, in characters, to know what is left for it.
        let fixed = self.number
            + self.time
            + 2 * self.host
            + self.protocol
            + self.flags
            + self.seq
            + self.ack
            + self.length
            + 12;
        if self.one_line {
            let room = self.width.map_or(usize::MAX, |width| width.saturating_sub(fixed + self.states + 4));
            let meaning = cut(&meaning, room);
            let meaning = if trouble { style.paint(Tone::Trouble, &meaning) } else { meaning };
            let states = style.paint(Tone::Quiet, &format!("{:<w$}", states(row), w = self.states));
            writeln!(out, "{front}  {states}  {meaning}")
        } else {
            writeln!(out, "{front}")?;
            let indent = self.number + self.time + 3;
            let states = states(row);
            let text = if states.is_empty() { meaning } else { format!("{meaning} ({states})") };
            let text = cut(&text, self.width.map_or(usize::MAX, |width| width.saturating_sub(indent)));
            let text = if trouble { style.paint(Tone::Trouble, &text) } else { text };
            writeln!(out, "{:indent$}{text}", "")
        }
    }
}

fn time(row: &Row) -> String {
    format!("{:.3}", row.at.as_millis_f64())
}

fn number(n: Option<i64>) -> String {
    n.map(|n| n.to_string()).unwrap_or_default()
}

/// Both states: the client's, then the server's. An inferred one bears a question mark.
fn states(row: &Row) -> String {
    let text = |state: &Known<State>| match state {
        Known::Witnessed(state) => state.to_string(),
        Known::Inferred(state, _) => format!("{state}?"),
        Known::Unknown(_) => "?".to_owned(),
    };
    row.ends.as_ref().map(|ends| format!("{} | {}", text(&ends.client), text(&ends.server))).unwrap_or_default()
}

/// Marks that mean trouble, as opposed to remarks such as a window update.
fn is_trouble(mark: &Mark) -> bool {
    match mark {
        Mark::Lost(_) | Mark::Malformed => true,
        Mark::Verdict(id, _) => !matches!(
            *id,
            "tcp.window_update" | "tcp.keep_alive" | "tcp.keep_alive_ack" | "tcp.snapped" | "tcp.port_reused"
        ),
    }
}

fn mark_text(mark: &Mark) -> String {
    match mark {
        Mark::Lost(place) => format!("lost on {place}"),
        Mark::Malformed => "malformed".to_owned(),
        Mark::Verdict(_, name) => (*name).to_owned(),
    }
}
