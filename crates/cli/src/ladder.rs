//! The ladder as text: one line a packet.

use std::io::{self, Write};

use story::{Mark, Row, Side, Story};
use trace::Known;
use wire::tcp::State;

use crate::style::{Style, Tone, cut, wrap};

/// Below this width the meaning and both TCP states stand below a packet's line.
const ONE_LINE: usize = 120;

/// Characters of a meaning below which it moves down as well.
const LEAST_MEANING: usize = 24;

/// Prints the rows with a heading: those of `packets`, or all.
pub fn print(out: &mut impl Write, story: &Story, packets: Option<&[u32]>, style: Style) -> io::Result<()> {
    let rows: Vec<Row> = match packets {
        None => story.rows().collect(),
        Some(packets) => packets.iter().filter_map(|&number| story.row(number)).collect(),
    };
    let columns = Columns::of(&rows, style);
    writeln!(out, "{}", style.paint(Tone::Heading, columns.heading().trim_end()))?;
    for row in &rows {
        columns.line(out, row, style)?;
    }
    Ok(())
}

/// A ladder that grows while its packets come.
pub struct Growing {
    columns: Option<Columns>,
    style: Style,
}

impl Growing {
    /// No line yet.
    pub fn new(style: Style) -> Growing {
        Growing { columns: None, style }
    }

    /// Prints further rows. Columns become wider where they must, and stay so.
    pub fn print(&mut self, out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
        let mut columns = Columns::of(rows, self.style);
        match &self.columns {
            Some(before) => columns.widen(before),
            None => writeln!(out, "{}", self.style.paint(Tone::Heading, columns.heading().trim_end()))?,
        }
        for row in rows {
            columns.line(out, row, self.style)?;
        }
        self.columns = Some(columns);
        Ok(())
    }
}

struct Columns {
    number: usize,
    time: usize,
    tap: usize,
    host: usize,
    protocol: usize,
    flags: usize,
    seq: usize,
    ack: usize,
    length: usize,
    states: usize,
    layout: Layout,
    width: Option<usize>,
}

/// How a packet is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Everything on one line, the meaning cut where the terminal ends.
    OneLine,
    /// The numbers on one line, meaning and states below.
    Below,
    /// Who, to whom and the protocol on one line; all else below.
    Narrow,
}

impl Columns {
    fn of(rows: &[Row], style: Style) -> Columns {
        let widest = |f: &dyn Fn(&Row) -> usize, least: usize| rows.iter().map(f).max().unwrap_or(0).max(least);
        let width = style.width();
        let one_line = width.is_none_or(|width| width >= ONE_LINE);
        let host = widest(&|row| row.from.chars().count().max(row.to.chars().count()), 4);
        let tap = widest(&|row| row.tap.as_deref().map_or(0, |tap| tap.chars().count()), 0);
        let mut columns = Columns {
            number: widest(&|row| row.number.to_string().len(), 2),
            time: widest(&|row| time(row).len(), 7),
            tap: if tap == 0 { 0 } else { tap.clamp(2, if one_line { 18 } else { 12 }) },
            host: host.min(if one_line { 22 } else { 16 }),
            protocol: widest(&|row| row.protocol.len(), 5),
            flags: widest(&|row| row.flags.len(), 5),
            seq: widest(&|row| number(row.seq).len(), 3),
            ack: widest(&|row| number(row.ack).len(), 3),
            length: widest(&|row| row.length.to_string().len(), 3),
            states: widest(&|row| states(row).chars().count(), 6),
            layout: if one_line { Layout::OneLine } else { Layout::Below },
            width,
        };
        if width.is_some_and(|width| columns.who() + columns.numbers() + columns.states + 4 + LEAST_MEANING > width) {
            columns.layout = Layout::Below;
        }
        if let Some(width) = width.filter(|_| columns.layout == Layout::Below) {
            if columns.who() + columns.numbers() > width {
                columns.layout = Layout::Narrow;
            }
            while columns.layout == Layout::Narrow && columns.who() > width && columns.host > 4 {
                columns.host -= 1;
            }
            if columns.layout == Layout::Narrow && columns.who() > width {
                columns.tap = 0;
            }
        }
        columns
    }

    /// At least as wide as others, and laid out as they are.
    fn widen(&mut self, before: &Columns) {
        for (own, other) in [
            (&mut self.number, before.number),
            (&mut self.time, before.time),
            (&mut self.tap, before.tap),
            (&mut self.host, before.host),
            (&mut self.protocol, before.protocol),
            (&mut self.flags, before.flags),
            (&mut self.seq, before.seq),
            (&mut self.ack, before.ack),
            (&mut self.length, before.length),
            (&mut self.states, before.states),
        ] {
            *own = (*own).max(other);
        }
        self.layout = before.layout;
    }

    /// Characters of number, time, tap, hosts and protocol, with the blanks between.
    fn who(&self) -> usize {
        let tap = if self.tap == 0 { 0 } else { self.tap + 2 };
        self.number + 1 + self.time + 2 + tap + self.host + 4 + self.host + 1 + self.protocol
    }
    /// Characters of the flags and numbers behind them.
    fn numbers(&self) -> usize {
        self.flags + self.seq + self.ack + self.length + 4
    }

    fn heading(&self) -> String {
        let tap = if self.tap == 0 { String::new() } else { format!("{:<w$}  ", "at", w = self.tap) };
        let who = format!(
            "{:>n$} {:>t$}  {tap}{:<h$}    {:<h$} {:<p$}",
            "#",
            "ms",
            "from",
            "to",
            "proto",
            n = self.number,
            t = self.time,
            h = self.host,
            p = self.protocol,
        );
        let numbers = format!(
            " {:<f$} {:>s$} {:>a$} {:>l$}",
            "flags",
            "seq",
            "ack",
            "len",
            f = self.flags,
            s = self.seq,
            a = self.ack,
            l = self.length
        );
        match self.layout {
            Layout::OneLine => {
                format!("{who}{numbers}  {:<st$}  {}", "client | server", "what it says", st = self.states)
            }
            Layout::Below => format!("{who}{numbers}"),
            Layout::Narrow => who,
        }
    }

    fn line(&self, out: &mut impl Write, row: &Row, style: Style) -> io::Result<()> {
        let trouble = row.marks.iter().any(is_trouble);
        let arrow = if row.marks.iter().any(|mark| matches!(mark, Mark::Lost(_))) { "─✗" } else { "─▶" };
        let tone = if row.side == Side::ToServer { Tone::Client } else { Tone::Server };
        let tap = match (self.tap, &row.tap) {
            (0, _) => String::new(),
            (w, tap) => style.paint(Tone::Quiet, &format!("{:<w$}  ", cut(tap.as_deref().unwrap_or(""), w))),
        };
        let who = format!(
            "{:>n$} {:>t$}  {tap}{} {} {} {:<p$}",
            row.number,
            time(row),
            style.paint(tone, &format!("{:<h$}", cut(&row.from, self.host), h = self.host)),
            style.paint(if trouble { Tone::Trouble } else { tone }, arrow),
            style.paint(tone, &format!("{:<h$}", cut(&row.to, self.host), h = self.host)),
            row.protocol,
            n = self.number,
            t = self.time,
            p = self.protocol,
        );
        let numbers = format!(
            " {:<f$} {:>s$} {:>a$} {:>l$}",
            row.flags,
            number(row.seq),
            number(row.ack),
            row.length,
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
        if self.layout == Layout::OneLine {
            let before = self.who() + self.numbers() + self.states + 4;
            let room = self.width.map_or(usize::MAX, |width| width.saturating_sub(before));
            let meaning = cut(&meaning, room);
            let meaning = if trouble { style.paint(Tone::Trouble, &meaning) } else { meaning };
            let states = style.paint(Tone::Quiet, &format!("{:<w$}", states(row), w = self.states));
            return writeln!(out, "{who}{numbers}  {states}  {meaning}");
        }
        let indent = " ".repeat(self.number + 3);
        let width = self.width.unwrap_or(usize::MAX).saturating_sub(indent.len());
        let numbers = if self.layout == Layout::Below { numbers } else { String::new() };
        writeln!(out, "{}", format!("{who}{numbers}").trim_end())?;
        let states = states(row);
        if self.layout == Layout::Below && !states.is_empty() && meaning.chars().count() + states.len() + 4 <= width {
            let meaning = if trouble { style.paint(Tone::Trouble, &meaning) } else { meaning };
            return writeln!(out, "{indent}{meaning}  {}", style.paint(Tone::Quiet, &format!("({states})")));
        }
        for line in wrap(&meaning, width) {
            let line = if trouble { style.paint(Tone::Trouble, &line) } else { line };
            writeln!(out, "{indent}{line}")?;
        }
        let mut below = states;
        if self.layout == Layout::Narrow && row.ends.is_some() {
            let (seq, ack) = (number(row.seq), number(row.ack));
            let ack = if ack.is_empty() { ack } else { format!(" ack {ack}") };
            below = format!("{} seq {seq}{ack} len {}; {below}", row.flags, row.length);
        }
        for line in wrap(&below, width) {
            writeln!(out, "{indent}{}", style.paint(Tone::Quiet, &line))?;
        }
        Ok(())
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
            "tcp.window_update"
                | "tcp.keep_alive"
                | "tcp.keep_alive_ack"
                | "tcp.snapped"
                | "tcp.port_reused"
                | "tcp.unacceptable_answered"
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
