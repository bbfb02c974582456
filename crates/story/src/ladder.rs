//! The ladder: one row a packet.

use base::Instant;
use flow::{Direction, RowView, Verdicts};
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
    /// The host that sent it.
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
            let sender = conversation.sender(row.direction);
            let receiver = conversation.sender(row.direction.opposite());
            if sender.ip == receiver.ip {
                (sender.to_string(), receiver.to_string()) // one machine talks to itself: its ports tell the ends apart
            } else {
                (story.names.host(sender.ip), story.names.host(receiver.ip))
            }
        }
        None => (String::new(), String::new()),
    };
    let said = meaning::of(story, &view, conversation);
    let mut marks: Vec<Mark> = Vec::new();
    if let Some(tcp) = view.tcp {
        marks.extend(shown(tcp.verdicts).map(|verdict| Mark::Verdict(verdict.id, verdict.name)));
    }
    if row.malformed {
        marks.push(Mark::Malformed);
    }
    if let Some(place) = story.frame_id(row.number).and_then(|frame| lost(story, frame)) {
        marks.push(Mark::Lost(place));
    }
    Row {
        number: row.number,
        at: row.at,
        from,
        to,
        side: if row.direction == Direction::ToServer { Side::ToServer } else { Side::ToClient },
        protocol: said.protocol,
        flags: view.tcp.map(|tcp| tcp.flags.to_string()).unwrap_or_default(),
        seq: view.tcp.and_then(|tcp| tcp.relative_seq()),
        ack: view.tcp.and_then(|tcp| tcp.relative_ack()),
        length: row.original,
        payload: row.payload.claimed,
        meaning: said.text,
        marks,
        ends: view.tcp.map(|_| ends(story, &view, conversation)),
    }
}

/// The verdicts that a reader should see: a window update is no trouble.
fn shown(verdicts: Verdicts) -> impl Iterator<Item = &'static flow::Verdict> {
    verdicts.iter()
}

/// Where the packet of `frame` was lost on its way from here, if it was.
fn lost(story: &Story, frame: base::FrameId) -> Option<String> {
    story.losses.get(&frame).cloned()
}

fn ends(story: &Story, view: &RowView<'_>, conversation: Option<&flow::Conversation>) -> Ends {
    let Some(conversation) = conversation else { return Ends::unknown() };
    let Some([client, server]) = story.connection_ends.get(&conversation.id).copied() else {
        // Nobody witnessed it: what the packets tell.
        let ends = story.inferred(conversation.id).and_then(|states| states.after(view.row.number));
        return ends.map_or_else(Ends::unknown, |ends| Ends { client: ends.client, server: ends.server });
    };
    let at = view.row.at;
    let known = |end: Option<crate::states::End>, before: State| match end {
        Some(end) => Known::Witnessed(story.states.at(end, at, before)),
        None => Known::Witnessed(before),
    };
    Ends { client: known(client, State::CLOSED), server: known(server, State::LISTEN) }
}
