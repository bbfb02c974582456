//! The tables that rows refer to, and the rows as columns of numbers: made in one walk over the packets.

use std::collections::BTreeMap;

use flow::{ConversationId, Direction, RowView, Verdicts};
use story::{Brief, Side, Story};
use trace::Known;
use wire::tcp::{Flags, State};

use super::columns::{Column, Columns, Packed};
use super::hosts::Hosts;
use super::journeys::{Journey, Journeys};
use super::ns;
use crate::api::{Class, Host, MarkBit, Protocol};

/// No TCP state is known.
const UNKNOWN: u8 = 255;
/// The marks that are no verdicts.
const LOST: u8 = 30;
const MALFORMED: u8 = 31;

/// The tables that rows refer to, and the rows.
#[derive(Debug)]
pub struct Tables {
    /// The columns of the ladder.
    pub hosts: Vec<Host>,
    /// Protocols that occur.
    pub protocols: Vec<Protocol>,
    /// TCP connections' places in the analysis.
    pub connections: BTreeMap<ConversationId, u32>,
    /// Both ends' columns of each connection.
    pub ends: Vec<[u16; 2]>,
    /// Where packets went, in a simulation.
    pub journeys: Option<Journeys>,
    /// The rows, ready to be sent.
    pub columns: Packed,
}

/// Sorts of packet, by their look.
pub(crate) const CLASSES: &[(&str, &str)] = &[
    ("open", "asks for a TCP connection, or agrees to one"),
    ("data", "a TCP segment with data"),
    ("ack", "a TCP segment that only acknowledges"),
    ("close", "a TCP segment that closes its direction"),
    ("reset", "a TCP segment that ends the connection at once"),
    ("question", "a datagram that asks"),
    ("answer", "a datagram that answers"),
    ("other", "anything else"),
];

/// The sorts of packet for the page.
pub(crate) fn classes() -> Vec<Class> {
    CLASSES.iter().map(|(name, line)| Class { name: (*name).to_owned(), line: (*line).to_owned() }).collect()
}

/// The sort of a packet: an index into [`CLASSES`].
pub(crate) fn class(view: &RowView<'_>) -> u8 {
    use flow::RowKind;
    let to_server = view.row.direction == flow::Direction::ToServer;
    match (view.tcp, view.row.kind) {
        (Some(tcp), _) if tcp.flags.contains(Flags::RST) => 4,
        (Some(tcp), _) if tcp.flags.contains(Flags::SYN) => 0,
        (Some(tcp), _) if tcp.flags.contains(Flags::FIN) => 3,
        (Some(tcp), _) if tcp.len > 0 => 1,
        (Some(_), _) => 2,
        (None, RowKind::Arp(1)) => 5,
        (None, RowKind::Arp(2)) => 6,
        (None, RowKind::Udp) if to_server => 5,
        (None, RowKind::Udp) => 6,
        (None, RowKind::Icmp(8, _) | RowKind::Icmpv6(128, _)) => 5,
        (None, RowKind::Icmp(0, _) | RowKind::Icmpv6(129, _)) => 6,
        _ => 7,
    }
}

/// The OSI layer of a protocol, as `explain osi` has it.
pub(crate) fn layer(protocol: &str) -> u8 {
    match protocol {
        "link" | "Ethernet" | "VLAN" => 2,
        "ARP" | "IP" | "ICMP" | "ICMPv6" => 3,
        "TCP" | "UDP" => 4,
        "TLS" => 6,
        _ => 7,
    }
}

/// What may be special about a packet.
pub(crate) fn marks() -> Vec<MarkBit> {
    let harmless = Verdicts::WINDOW_UPDATE
        | Verdicts::KEEP_ALIVE
        | Verdicts::KEEP_ALIVE_ACK
        | Verdicts::PORT_REUSED
        | Verdicts::SNAPPED
        | Verdicts::ALTERED
        | Verdicts::COPY;
    let verdicts = flow::tcp::VERDICTS.iter().map(|verdict| MarkBit {
        bit: verdict.bit.0.trailing_zeros() as u8,
        id: verdict.id.to_owned(),
        name: verdict.name.to_owned(),
        line: verdict.line.to_owned(),
        rfc: verdict.rfc.to_owned(),
        trouble: !harmless.contains(verdict.bit),
        copy: verdict.bit == Verdicts::COPY,
    });
    let other = |bit: u8, id: &str| {
        let entry = explain::entry(id);
        MarkBit {
            bit,
            id: id.to_owned(),
            name: if bit == LOST { "lost" } else { "malformed" }.to_owned(),
            // An event's line names its frame; a mark stands beside the packet.
            line: if bit == LOST { "it did not arrive" } else { entry.map_or("", |entry| entry.line) }.to_owned(),
            rfc: entry.map_or("", |entry| entry.rfc).to_owned(),
            trouble: true,
            copy: false,
        }
    };
    verdicts.chain([other(LOST, "link.lost"), other(MALFORMED, "malformed")]).collect()
}

/// A state's code and how it is known (0 witnessed, 1 inferred, 2 unknown).
fn state(known: Option<&Known<State>>) -> (u8, u8) {
    match known {
        Some(Known::Witnessed(state)) => (state.0, 0),
        Some(Known::Inferred(state, _)) => (state.0, 1),
        Some(Known::Unknown(_)) | None => (UNKNOWN, 2),
    }
}

/// The rows while they are collected.
struct Rows {
    at: Column<f64>,
    sent: Column<f64>,
    arrived: Column<f64>,
    lost_ns: Column<f64>,
    from: Column<u16>,
    to: Column<u16>,
    lost_at: Column<u16>,
    protocol: Column<u8>,
    class: Column<u8>,
    side: Column<u8>,
    flags: Column<u16>,
    length: Column<u32>,
    payload: Column<u32>,
    seq: Column<f64>,
    ack: Column<f64>,
    seq_raw: Column<u32>,
    ack_raw: Column<u32>,
    window: Column<u32>,
    marks: Column<u32>,
    repeats: Column<u32>,
    connection: Column<u32>,
    states: [Column<u8>; 4],
    known: [Column<u8>; 2],
    frame: Column<u32>,
}

impl Tables {
    /// Walks over the packets of a story.
    pub fn new(story: &Story) -> Tables {
        let summaries = &story.analysis().connections;
        let connections: BTreeMap<ConversationId, u32> =
            (0..).zip(summaries).map(|(at, summary)| (summary.conversation, at)).collect();
        let shifts: Vec<[u8; 2]> = summaries
            .iter()
            .map(|one| [&one.client, &one.server].map(|side| side.window_shift.value().copied().unwrap_or(0)))
            .collect();
        let conversations = story.flow().conversations().len();
        let mut of_conversation = vec![None; conversations];
        for (id, at) in &connections {
            if let Some(place) = of_conversation.get_mut(id.index()) {
                *place = Some(*at);
            }
        }
        let journeys = story.trace().map(Journeys::of);
        let mut walk = Walk {
            story,
            shifts: &shifts,
            journeys: journeys.as_ref(),
            hosts: Hosts::default(),
            of_conversation,
            named: vec![[None; 2]; conversations],
            protocols: Vec::new(),
            before: vec![None; summaries.len()],
            ends: vec![None; summaries.len()],
            rows: Rows::new(story.len()),
        };
        for (i, (view, brief)) in story.briefs().enumerate() {
            walk.packet(i, &view, &brief);
        }
        let Walk { hosts, protocols, ends, rows, .. } = walk;
        let main =
            super::head::main_connection(story).and_then(|id| ends.get(*connections.get(&id)? as usize)).copied();
        let (hosts, order) = hosts.in_order(story, main.flatten());
        let moved = |at: u16| order.get(usize::from(at)).copied().unwrap_or(0);
        let ends = ends.into_iter().map(|ends| ends.unwrap_or([0, 0]).map(moved)).collect();
        let protocols =
            protocols.into_iter().map(|name: &str| Protocol { name: name.to_owned(), layer: layer(name) }).collect();
        let columns = rows.finish(story.len(), moved);
        Tables { hosts, protocols, connections, ends, journeys, columns }
    }
}

struct Walk<'a> {
    story: &'a Story,
    shifts: &'a [[u8; 2]],
    journeys: Option<&'a Journeys>,
    hosts: Hosts,
    /// By conversation: its connection's place in the analysis.
    of_conversation: Vec<Option<u32>>,
    /// By conversation: its ends among the hosts, the client first, once they were met.
    named: Vec<[Option<u16>; 2]>,
    protocols: Vec<&'static str>,
    /// The states of each connection's ends with its last packet.
    before: Vec<Option<[u8; 2]>>,
    ends: Vec<Option<[u16; 2]>>,
    rows: Rows,
}

impl Walk<'_> {
    fn packet(&mut self, i: usize, view: &RowView<'_>, brief: &Brief) {
        let row = view.row;
        let frame = self.story.frame_id(row.number);
        let journey = frame.and_then(|frame| self.journeys?.of_frame(self.story.trace()?, frame));
        let [from, to] = self.ends_of(row, journey);
        let connection = row.conversation.and_then(|id| self.of_conversation.get(id.index()).copied().flatten());
        let client_sent = brief.side == Side::ToServer;
        if let Some(ends) = connection.and_then(|at| self.ends.get_mut(at as usize)) {
            ends.get_or_insert(if client_sent { [from, to] } else { [to, from] });
        }
        let rows = &mut self.rows;
        rows.at.set(i, ns(row.at));
        let mut lost_here = false;
        if let Some(journey) = journey {
            rows.sent.set(i, ns(journey.sent.1));
            rows.arrived.set(i, journey.arrived.map_or(f64::NAN, |(_, at)| ns(at)));
            rows.lost_ns.set(i, journey.lost.map_or(f64::NAN, |(_, at)| ns(at)));
            rows.lost_at.set(i, journey.lost.map_or(0, |(place, _)| place.0 + 1));
            lost_here = self.story.is_lost(row.number);
        }
        rows.from.set(i, from);
        rows.to.set(i, to);
        let protocol = self.protocols.iter().position(|name| *name == brief.protocol).unwrap_or_else(|| {
            self.protocols.push(brief.protocol);
            self.protocols.len() - 1
        });
        rows.protocol.set(i, protocol as u8);
        rows.class.set(i, class(view));
        rows.side.set(i, u8::from(!client_sent));
        rows.length.set(i, row.original);
        rows.payload.set(i, row.payload.claimed);
        rows.connection.set(i, connection.map_or(0, |at| at + 1));
        rows.frame.set(i, frame.map_or(0, |id| id.0 + 1));
        let mut marks = brief.verdicts.0;
        if lost_here {
            marks |= 1 << LOST;
        }
        if brief.malformed {
            marks |= 1 << MALFORMED;
        }
        rows.marks.set(i, marks);
        if let Some(tcp) = view.tcp {
            rows.seq.set(i, tcp.relative_seq().map_or(f64::NAN, |n| n as f64));
            rows.ack.set(i, tcp.relative_ack().map_or(f64::NAN, |n| n as f64));
            rows.flags.set(i, tcp.flags.0);
            rows.seq_raw.set(i, tcp.seq.0);
            rows.ack_raw.set(i, tcp.ack.0);
            // RFC 7323 §2.2: the window of a SYN is never scaled.
            let shift = connection.and_then(|at| self.shifts.get(at as usize)).map_or(0, |s| s[brief.side as usize]);
            let syn = tcp.flags.contains(Flags::SYN);
            rows.window.set(i, if syn { tcp.window.into() } else { u32::from(tcp.window) << shift.min(14) });
            // A duplicate ACK repeats a packet too: what is bound together on the page is what was sent again, or
            // captured again.
            if brief.verdicts.is_retransmission() || brief.verdicts.contains(Verdicts::COPY) {
                rows.repeats.set(i, tcp.repeats().unwrap_or(0));
            }
        }
        self.states(i, brief, view.tcp.map(|tcp| tcp.flags), connection);
    }

    /// The states with this packet, and with the one before it on the same connection.
    fn states(&mut self, i: usize, brief: &Brief, flags: Option<Flags>, connection: Option<u32>) {
        let (client, client_known) = state(brief.ends.as_ref().map(|ends| &ends.client));
        let (server, server_known) = state(brief.ends.as_ref().map(|ends| &ends.server));
        let opens = flags.is_some_and(|flags| flags.contains(Flags::SYN) && !flags.contains(Flags::ACK));
        let begin = if opens { [State::CLOSED.0, State::LISTEN.0] } else { [UNKNOWN; 2] };
        let mut before = [UNKNOWN; 2];
        if let Some(last) = connection.and_then(|at| self.before.get_mut(at as usize)) {
            before = last.unwrap_or(begin);
            *last = Some([client, server]);
        }
        let states = [before[0], client, before[1], server];
        for (column, state) in self.rows.states.iter_mut().zip(states) {
            column.set(i, state);
        }
        self.rows.known[0].set(i, client_known);
        self.rows.known[1].set(i, server_known);
    }

    /// The columns of sender and receiver: the devices of a simulation, whoever they are on the wire; otherwise the
    /// conversation's ends.
    fn ends_of(&mut self, row: &flow::Row, journey: Option<Journey>) -> [u16; 2] {
        let from = match journey {
            Some(journey) => self.hosts.place(self.story, journey.sent.0),
            None => self.named(row, row.direction),
        };
        let to = match journey.and_then(|journey| journey.arrived) {
            Some((place, _)) => self.hosts.place(self.story, place),
            None => self.named(row, row.direction.opposite()),
        };
        [from, to]
    }

    /// The end that packets of this direction come from, by its name.
    fn named(&mut self, row: &flow::Row, direction: Direction) -> u16 {
        const NOBODY: &str = "unknown";
        let Some(id) = row.conversation else { return self.hosts.index(NOBODY) };
        let end = direction as usize;
        if let Some(known) = self.named.get(id.index()).and_then(|ends| ends[end]) {
            return known;
        }
        let names = self.story.end_names(id);
        let name = names.as_ref().map(|names| names[end].as_str()).filter(|name| !name.is_empty());
        let at = self.hosts.index(name.unwrap_or(NOBODY));
        if let Some(ends) = self.named.get_mut(id.index()) {
            ends[end] = Some(at);
        }
        at
    }
}

impl Rows {
    fn new(rows: usize) -> Rows {
        Rows {
            at: Column::new(rows),
            sent: Column::new(rows),
            arrived: Column::new(rows),
            lost_ns: Column::new(rows),
            from: Column::new(rows),
            to: Column::new(rows),
            lost_at: Column::new(rows),
            protocol: Column::new(rows),
            class: Column::new(rows),
            side: Column::new(rows),
            flags: Column::new(rows),
            length: Column::new(rows),
            payload: Column::new(rows),
            seq: Column::new(rows),
            ack: Column::new(rows),
            seq_raw: Column::new(rows),
            ack_raw: Column::new(rows),
            window: Column::new(rows),
            marks: Column::new(rows),
            repeats: Column::new(rows),
            connection: Column::new(rows),
            states: std::array::from_fn(|_| Column::new(rows)),
            known: std::array::from_fn(|_| Column::new(rows)),
            frame: Column::new(rows),
        }
    }

    /// Writes them; `moved` gives each host its place in the ladder.
    fn finish(self, rows: usize, moved: impl Fn(u16) -> u16) -> Packed {
        let mut out = Columns::new(rows);
        out.add("at", self.at);
        out.add("sent", self.sent);
        out.add("arrived", self.arrived);
        out.add("lost_ns", self.lost_ns);
        out.add("seq", self.seq);
        out.add("ack", self.ack);
        out.add("length", self.length);
        out.add("payload", self.payload);
        out.add("seq_raw", self.seq_raw);
        out.add("ack_raw", self.ack_raw);
        out.add("window", self.window);
        out.add("marks", self.marks);
        out.add("repeats", self.repeats);
        out.add("connection", self.connection);
        out.add("frame", self.frame);
        out.add("from", self.from.map(&moved));
        out.add("to", self.to.map(&moved));
        out.add("lost_at", self.lost_at);
        out.add("flags", self.flags);
        out.add("protocol", self.protocol);
        out.add("class", self.class);
        out.add("side", self.side);
        let names = ["client_before", "client_after", "server_before", "server_after"];
        for (name, column) in names.into_iter().zip(self.states) {
            out.add(name, column);
        }
        for (name, column) in ["client_known", "server_known"].into_iter().zip(self.known) {
            out.add(name, column);
        }
        out.finish()
    }
}
