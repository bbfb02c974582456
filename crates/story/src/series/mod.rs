//! Graphs of a connection on one axis of time: sequence numbers, windows, round trips, rates, and the queues of a simulation.

mod congestion;
mod queues;
mod rates;
mod round_trips;
mod sequence;
mod thin;

use base::Instant;
use flow::{ConversationId, Direction};
use serde::Serialize;

use crate::Story;
use crate::shown::How;
use thin::Points;

/// Which part of a story is graphed, and how finely.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// From when.
    pub from: Instant,
    /// To when, included.
    pub to: Instant,
    /// How many points a series may have; of more, those are left out that would not be seen.
    pub points: usize,
}

impl Default for Window {
    /// All of it, in at most 4,000 points a series.
    fn default() -> Window {
        Window { from: Instant::from_nanos(i64::MIN), to: Instant::NEVER, points: 4_000 }
    }
}

/// All graphs of a connection.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Graphs {
    /// The conversation.
    pub conversation: u32,
    /// The graphs, in reading order.
    pub graphs: Vec<Graph>,
}

/// One graph.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Graph {
    /// Its id, unique among the connection's graphs: `sequence.client`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it shows.
    pub line: &'static str,
    /// The unit of its values: `bytes`, `ns`, `bit_s`.
    pub unit: &'static str,
    /// Whose data or figures they are: `client` or `server`; `None` for a link.
    pub side: Option<&'static str>,
    /// What is drawn in it.
    pub series: Vec<Series>,
    /// Moments with a reason: why the congestion window moved.
    pub notes: Vec<Note>,
}

/// Something drawn in a graph: columns of the same length.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Series {
    /// Its id, unique in the graph.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub line: &'static str,
    /// How it is drawn: `line`, `step`, `dots`, `bars`, `cross`, `diamond`.
    pub look: &'static str,
    /// What it stands for: `data`, `retransmission`, `ack`, `window`, `sack`, `limit`, `measured`, `smoothed`, `timer`, `drop`, `loss`.
    pub role: &'static str,
    /// How it is known.
    pub known: How,
    /// What an inference rests on, or why the series is empty.
    pub why: &'static str,
    /// When, in nanoseconds of the story's time; ascending.
    pub at_ns: Vec<i64>,
    /// The values.
    pub value: Vec<i64>,
    /// Where each bar ends, of series that have bars.
    pub value_to: Option<Vec<i64>>,
    /// The packets, of series whose points are packets; 0 where there is none at the story's tap.
    pub packet: Option<Vec<u32>>,
    /// How many points were left out.
    pub left_out: usize,
}

/// A moment with a reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Note {
    /// When.
    pub at_ns: i64,
    /// What happened and why.
    pub text: String,
    /// The packet that brought it about.
    pub packet: Option<u32>,
    /// The event, for its chain of causes.
    pub event: u64,
}

/// What a series is; its points come later.
struct Meaning {
    id: &'static str,
    name: &'static str,
    look: &'static str,
    role: &'static str,
    line: &'static str,
}

impl Meaning {
    fn with(self, window: Window, known: How, why: &'static str, points: Points) -> Series {
        let Meaning { id, name, look, role, line } = self;
        let (points, left_out) = points.thinned(window.points);
        let Points { at, value, value_to, packet } = points;
        Series { id, name, line, look, role, known, why, at_ns: at, value, value_to, packet, left_out }
    }
    /// A series that cannot be told, and why.
    fn unknown(self, why: &'static str) -> Series {
        self.with(Window::default(), How::Unknown, why, Points::default())
    }
}

/// `client` for what the client sends.
fn side(direction: Direction) -> &'static str {
    if direction == Direction::ToServer { "client" } else { "server" }
}

impl Story {
    /// The graphs of a connection. `None` if the conversation is no TCP connection.
    pub fn graphs(&self, id: ConversationId, window: Window) -> Option<Graphs> {
        let progress = self.progress(id)?;
        let mut graphs = Vec::new();
        let sent = |direction: Direction| {
            let ranges =
                progress.steps(self.flow()).filter(|step| step.direction == direction).filter_map(|step| step.range);
            ranges.map(|(from, to)| to - from).sum::<i64>()
        };
        let mut both = Direction::BOTH;
        // Whoever sends more has more to be seen.
        both.sort_by_key(|direction| std::cmp::Reverse(sent(*direction)));
        for direction in both {
            graphs.push(sequence::graph(self, id, &progress, direction, window));
        }
        for direction in both {
            graphs.push(congestion::graph(self, id, &progress, direction, window));
        }
        for direction in both {
            graphs.push(round_trips::graph(self, id, &progress, direction, window));
        }
        for direction in both {
            graphs.push(rates::graph(self, id, &progress, direction, window));
        }
        graphs.extend(queues::graphs(self, window));
        Some(Graphs { conversation: id.0, graphs })
    }
}
