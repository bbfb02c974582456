//! The ladder: one row a packet.

use base::Instant;
use flow::{Direction, RowView};
use trace::Known;
use wire::tcp::State;

use crate::states::Ends;
use crate::{Story, meaning};

/// One row of the ladder.
#[derive(Clone, Debug)]
pub struct Row {
    /// The packet's number at the tap, from 1.
    pub number: u32,
    /// When it passed the tap.
    pub at: Instant,
    /// The tap's name, where the story is told from several.
    pub tap: Option<String>,
    /// The host that sent it, with its port where several connections between the same hosts need telling apart.
    pub from: String,
    /// The host that it is for.
    pub to: String,
    /// Which way it goes in its conversation.
    pub side: Side,
    /// The innermost protocol that says something: `TLS`, `DNS`, `ARP`.
    pub protocol: &'static str,
    /// TCP flags, e.g. `SYN ACK`; empty for other packets.
    pub flags: String,
    /// Derived: the relative sequence number.
    pub seq: Option<i64>,
    /// Derived: the relative acknowledgment number.
    pub ack: Option<i64>,
    /// Bytes on the wire.
    pub length: u32,
    /// Bytes of payload by the headers.
    pub payload: u32,
    /// What it says, in plain words.
    pub meaning: String,
    /// What is special about it.
    pub marks: Vec<Mark>,
    /// Both ends' TCP states when it passed.
    pub ends: Option<Ends>,
}

/// Which way a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// Something special about a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mark {
    /// A verdict of the analysis, by id and name: `tcp.retransmission`.
    Verdict(&'static str, &'static str),
    /// It is lost on its way, at this place. Only a simulation knows.
    Lost(String),
    /// It broke a format.
    Malformed,
}

pub(crate) fn row(story: &Story, view: RowView<'_>) -> Row {
    let row = view.row;
    let conversation = row.conversation.and_then(|id| story.flow.conversation(id));
    let (from, to) = match conversation {
        Some(conversation) => {
            let [client, server] = end_names(story, conversation);
            if row.direction == Direction::ToServer { (client, server) } else { (server, client) }
        }
        None => (String::new(), String::new()),
    };
    let swapped = conversation.is_some_and(|conversation| story.swapped(conversation.id));
    let said = meaning::of(story, &view, conversation);
    let mut marks: Vec<Mark> = Vec::new();
    marks.extend(meaning::verdicts(story, &view).iter().map(|verdict| Mark::Verdict(verdict.id, verdict.name)));
    if row.malformed || said.malformed {
        marks.push(Mark::Malformed);
    }
    if let Some(place) = story.frame_id(row.number).and_then(|frame| lost(story, frame)) {
        marks.push(Mark::Lost(place));
    }
    Row {
        number: row.number,
        at: row.at,
        tap: story.tap_of(row.number),
        from,
        to,
        side: side(row.direction, swapped),
        protocol: said.protocol,
        flags: view.tcp.map(|tcp| tcp.flags.to_string()).unwrap_or_default(),
        seq: view.tcp.and_then(|tcp| tcp.relative_seq()),
        ack: view.tcp.and_then(|tcp| tcp.relative_ack()),
        length: row.original,
        payload: row.payload.claimed,
        meaning: said.text,
        marks,
        ends: view
            .tcp
            .map(|_| ends(story, &view, conversation))
            .map(|ends| if swapped { ends.swapped() } else { ends }),
    }
}

/// Which way a packet goes, where what the packets say of client and server may be the other way round.
pub(crate) fn side(direction: Direction, swapped: bool) -> Side {
    if (direction == Direction::ToServer) != swapped { Side::ToServer } else { Side::ToClient }
}

/// What both ends of a conversation are called, the client first.
pub(crate) fn end_names(story: &Story, conversation: &flow::Conversation) -> [String; 2] {
    let (client, server) = (conversation.client, conversation.server);
    [host(story, conversation, client, server), host(story, conversation, server, client)]
}

/// One end of a conversation by its name. Where one machine talks to itself, or several connections of a story are between
/// the same two hosts, ports tell them apart: those of the clients, which differ.
fn host(story: &Story, conversation: &flow::Conversation, end: flow::Endpoint, other: flow::Endpoint) -> String {
    if end.ip == other.ip {
        return end.to_string();
    }
    let name = story.names.host(end.ip);
    if end == conversation.client && story.is_one_of_several(conversation) {
        format!("{name}:{}", end.port)
    } else {
        name
    }
}

/// Where the packet of `frame` was lost on its way from here, if it was.
fn lost(story: &Story, frame: base::FrameId) -> Option<String> {
    story.losses.get(&frame).cloned()
}

pub(crate) fn ends(story: &Story, view: &RowView<'_>, conversation: Option<&flow::Conversation>) -> Ends {
    let Some(conversation) = conversation else { return Ends::unknown() };
    let Some([client, server]) = story.connection_ends.get(&conversation.id).copied() else {
        // Nobody witnessed it: what the packets tell.
        let ends = story.inferred(conversation.id).and_then(|states| states.after(view.row.number));
        return ends.map_or_else(Ends::unknown, |ends| Ends { client: ends.client, server: ends.server });
    };
    let trace = story.trace();
    let frame = story.frame_id(view.row.number).and_then(|frame| trace?.frames.meta(frame));
    let known = |end: Option<crate::states::End>, before: State| match (trace, frame, end) {
        (Some(trace), Some(frame), Some(end)) => Known::Witnessed(story.states.after(trace, end, frame, before)),
        _ => Known::Witnessed(before),
    };
    Ends { client: known(client, State::CLOSED), server: known(server, State::LISTEN) }
}
