//! The tables that rows refer to, and the rows as columns of numbers: made in one walk over the packets.

use std::collections::BTreeMap;

use flow::{ConversationId, RowView, Verdicts};
use story::{Mark, Row, Side, Story};
use trace::Known;
use wire::tcp::{Flags, State};

use super::columns::Columns;
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
    pub columns: axum::body::Bytes,
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
        | Verdicts::SNAPPED;
    let verdicts = flow::tcp::VERDICTS.iter().map(|verdict| MarkBit {
        bit: verdict.bit.0.trailing_zeros() as u8,
        id: verdict.id.to_owned(),
        name: verdict.name.to_owned(),
        line: verdict.line.to_owned(),
        rfc: verdict.rfc.to_owned(),
        trouble: !harmless.contains(verdict.bit),
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
#[derive(Default)]
struct Rows {
    at: Vec<f64>,
    sent: Vec<f64>,
    arrived: Vec<f64>,
    lost_ns: Vec<f64>,
    from: Vec<u16>,
    to: Vec<u16>,
    lost_at: Vec<u16>,
    protocol: Vec<u8>,
    class: Vec<u8>,
    side: Vec<u8>,
    flags: Vec<u16>,
    length: Vec<u32>,
    payload: Vec<u32>,
    seq: Vec<f64>,
    ack: Vec<f64>,
    seq_raw: Vec<u32>,
    ack_raw: Vec<u32>,
    window: Vec<u32>,
    marks: Vec<u32>,
    repeats: Vec<u32>,
    connection: Vec<u32>,
    states: [Vec<u8>; 4],
    known: [Vec<u8>; 2],
    frame: Vec<u32>,
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
        let journeys = story.trace().map(Journeys::of);
        let mut walk = Walk {
            story,
            connections: &connections,
            shifts: &shifts,
            journeys: journeys.as_ref(),
            hosts: Hosts::default(),
            protocols: Vec::new(),
            before: vec![None; summaries.len()],
            ends: vec![None; summaries.len()],
            rows: Rows::default(),
        };
        for number in 1..=story.len() as u32 {
            if let (Some(view), Some(row)) = (story.flow().row(number), story.row(number)) {
                walk.packet(&view, &row);
            }
        }
        let Walk { hosts, protocols, ends, rows, .. } = walk;
        let main =
            super::head::main_connection(story).and_then(|id| ends.get(*connections.get(&id)? as usize)).copied();
        let (hosts, order) = hosts.in_order(story, main.flatten());
        let moved = |at: u16| order.get(usize::from(at)).copied().unwrap_or(0);
        let ends = ends.into_iter().map(|ends| ends.unwrap_or([0, 0]).map(moved)).collect();
        let protocols =
            protocols.into_iter().map(|name: &str| Protocol { name: name.to_owned(), layer: layer(name) }).collect();
        let columns = axum::body::Bytes::from(rows.finish(moved));
        Tables { hosts, protocols, connections, ends, journeys, columns }
    }
}

struct Walk<'a> {
    story: &'a Story,
    connections: &'a BTreeMap<ConversationId, u32>,
    shifts: &'a [[u8; 2]],
    journeys: Option<&'a Journeys>,
    hosts: Hosts,
    protocols: Vec<&'static str>,
    /// The states of each connection's ends with its last packet.
    before: Vec<Option<[u8; 2]>>,
    ends: Vec<Option<[u16; 2]>>,
    rows: Rows,
}

impl Walk<'_> {
    fn packet(&mut self, view: &RowView<'_>, row: &Row) {
        let frame = self.story.frame_id(row.number);
        let journey = frame.and_then(|frame| self.journeys?.of_frame(self.story.trace()?, frame));
        let [from, to] = self.ends_of(row, journey);
        let connection = view.row.conversation.and_then(|id| self.connections.get(&id)).copied();
        let client_sent = row.side == Side::ToServer;
        if let Some(ends) = connection.and_then(|at| self.ends.get_mut(at as usize)) {
            ends.get_or_insert(if client_sent { [from, to] } else { [to, from] });
        }
        let rows = &mut self.rows;
        rows.at.push(ns(row.at));
        rows.sent.push(journey.map_or(f64::NAN, |journey| ns(journey.sent.1)));
        rows.arrived.push(journey.and_then(|journey| journey.arrived).map_or(f64::NAN, |(_, at)| ns(at)));
        let lost = journey.and_then(|journey| journey.lost);
        rows.lost_ns.push(lost.map_or(f64::NAN, |(_, at)| ns(at)));
        rows.lost_at.push(lost.map_or(0, |(place, _)| place.0 + 1));
        rows.from.push(from);
        rows.to.push(to);
        let protocol = self.protocols.iter().position(|name| *name == row.protocol).unwrap_or_else(|| {
            self.protocols.push(row.protocol);
            self.protocols.len() - 1
        });
        rows.protocol.push(protocol as u8);
        rows.class.push(class(view));
        rows.side.push(u8::from(!client_sent));
        rows.length.push(row.length);
        rows.payload.push(row.payload);
        rows.seq.push(row.seq.map_or(f64::NAN, |n| n as f64));
        rows.ack.push(row.ack.map_or(f64::NAN, |n| n as f64));
        rows.connection.push(connection.map_or(0, |at| at + 1));
        rows.frame.push(frame.map_or(0, |id| id.0 + 1));
        let tcp = view.tcp;
        rows.flags.push(tcp.map_or(0, |tcp| tcp.flags.0));
        rows.seq_raw.push(tcp.map_or(0, |tcp| tcp.seq.0));
        rows.ack_raw.push(tcp.map_or(0, |tcp| tcp.ack.0));
        // RFC 7323 §2.2: the window of a SYN is never scaled.
        let scaled = tcp.map_or(0, |tcp| {
            let shift = connection.and_then(|at| self.shifts.get(at as usize)).map_or(0, |s| s[row.side as usize]);
            if tcp.flags.contains(Flags::SYN) { tcp.window.into() } else { u32::from(tcp.window) << shift.min(14) }
        });
        rows.window.push(scaled);
        // A duplicate ACK repeats a packet too: what is bound together on the page is what was sent again.
        let again = tcp.filter(|tcp| tcp.verdicts.is_retransmission());
        rows.repeats.push(again.and_then(|tcp| tcp.repeats()).unwrap_or(0));
        let verdicts = tcp.map_or(0, |tcp| tcp.verdicts.0);
        rows.marks.push(row.marks.iter().fold(verdicts, |bits, mark| match mark {
            Mark::Lost(_) => bits | 1 << LOST,
            Mark::Malformed => bits | 1 << MALFORMED,
            Mark::Verdict(..) => bits,
        }));
        self.states(row, tcp.map(|tcp| tcp.flags), connection);
    }

    /// The states with this packet, and with the one before it on the same connection.
    fn states(&mut self, row: &Row, flags: Option<Flags>, connection: Option<u32>) {
        let (client, client_known) = state(row.ends.as_ref().map(|ends| &ends.client));
        let (server, server_known) = state(row.ends.as_ref().map(|ends| &ends.server));
        let opens = flags.is_some_and(|flags| flags.contains(Flags::SYN) && !flags.contains(Flags::ACK));
        let begin = if opens { [State::CLOSED.0, State::LISTEN.0] } else { [UNKNOWN; 2] };
        let mut before = [UNKNOWN; 2];
        if let Some(last) = connection.and_then(|at| self.before.get_mut(at as usize)) {
            before = last.unwrap_or(begin);
            *last = Some([client, server]);
        }
        let states = [before[0], client, before[1], server];
        for (column, state) in self.rows.states.iter_mut().zip(states) {
            column.push(state);
        }
        self.rows.known[0].push(client_known);
        self.rows.known[1].push(server_known);
    }

    /// The columns of sender and receiver: the devices of a simulation, whoever they are on the wire; otherwise the
    /// conversation's ends.
    fn ends_of(&mut self, row: &Row, journey: Option<Journey>) -> [u16; 2] {
        let named = |hosts: &mut Hosts, name: &str| hosts.index(if name.is_empty() { "unknown" } else { name });
        let from = match journey {
            Some(journey) => self.hosts.place(self.story, journey.sent.0),
            None => named(&mut self.hosts, &row.from),
        };
        let to = match journey.and_then(|journey| journey.arrived) {
            Some((place, _)) => self.hosts.place(self.story, place),
            None => named(&mut self.hosts, &row.to),
        };
        [from, to]
    }
}

impl Rows {
    /// Writes them; `moved` gives each host its place in the ladder.
    fn finish(self, moved: impl Fn(u16) -> u16) -> Vec<u8> {
        let mut out = Columns::new(self.at.len());
        out.f64("at", &self.at);
        out.f64("sent", &self.sent);
        out.f64("arrived", &self.arrived);
        out.f64("lost_ns", &self.lost_ns);
        out.f64("seq", &self.seq);
        out.f64("ack", &self.ack);
        out.u32("length", &self.length);
        out.u32("payload", &self.payload);
        out.u32("seq_raw", &self.seq_raw);
        out.u32("ack_raw", &self.ack_raw);
        out.u32("window", &self.window);
        out.u32("marks", &self.marks);
        out.u32("repeats", &self.repeats);
        out.u32("connection", &self.connection);
        out.u32("frame", &self.frame);
        out.u16("from", &self.from.into_iter().map(&moved).collect::<Vec<_>>());
        out.u16("to", &self.to.into_iter().map(&moved).collect::<Vec<_>>());
        out.u16("lost_at", &self.lost_at);
        out.u16("flags", &self.flags);
        out.u8("protocol", &self.protocol);
        out.u8("class", &self.class);
        out.u8("side", &self.side);
        let names = ["client_before", "client_after", "server_before", "server_after"];
        for (name, column) in names.into_iter().zip(&self.states) {
            out.u8(name, column);
        }
        out.u8("client_known", &self.known[0]);
        out.u8("server_known", &self.known[1]);
        out.finish()
    }
}
