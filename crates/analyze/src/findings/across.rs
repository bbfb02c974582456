//! What is found over all connections of a capture together, gathered while they pass one by one.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base::{Duration, Instant};
use flow::{ConversationId, Direction, Endpoint, RowKind, Verdicts};

use super::dns::{Cut, OverTcp};
use super::http::Leg;
use super::{Case, Connection, MAX_EVIDENCE, dns, http};

/// Requests that are kept to be joined to chains of redirects.
const MAX_LEGS: usize = 100_000;
/// Pairs of a client and a server whose connections are counted.
const MAX_PAIRS: usize = 100_000;
/// DNS answers that were cut, and connections to name servers, that are kept to be joined.
const MAX_CUT: usize = 10_000;

/// Gathered from the whole capture, or from the parts of it that have been looked at.
#[derive(Default)]
pub struct Across {
    /// Requests and what they were redirected to.
    pub(super) legs: Vec<Leg>,
    /// Connections between a client and a server on which something was asked and answered, closed, in their order.
    pub(super) turns: BTreeMap<(u32, IpAddr, Endpoint), Turns>,
    /// DNS answers over UDP that were cut, and connections on which the question may have been put again.
    pub(super) cut: Vec<Cut>,
    pub(super) over_tcp: Vec<OverTcp>,
    /// Packets in all.
    pub(super) packets: usize,
    /// Packets that the capture cut.
    pub(super) snapped: Packets,
    /// Packets that break their format.
    pub(super) malformed: Packets,
    /// Segments that were taken although their checksum is wrong.
    pub(super) altered: Packets,
    /// Fragments that never became whole.
    pub(super) fragments: Packets,
    /// Packets that stand in the capture a second time where most do: the capture has them twice.
    pub(super) mirrored: Packets,
    /// The same where few do: the network doubled them.
    pub(super) doubled: Packets,
}

/// Packets of one sort: how many, and the first of them.
#[derive(Default)]
pub(super) struct Packets {
    pub count: usize,
    pub first: Vec<u32>,
}

impl Packets {
    fn add(&mut self, number: u32) {
        self.count += 1;
        if self.first.len() < MAX_EVIDENCE {
            self.first.push(number);
        }
    }
    fn append(&mut self, other: Packets) {
        self.count += other.count;
        self.first.extend(other.first);
        self.first.sort_unstable();
        self.first.truncate(MAX_EVIDENCE);
    }
}

/// Connections one after the other.
#[derive(Default)]
pub(super) struct Turns {
    /// How many.
    pub count: usize,
    /// How many of them were opened when the one before had begun to close.
    pub in_turn: usize,
    /// What the handshakes of all but the first took.
    pub cost: Duration,
    /// The SYNs of the first.
    pub syns: Vec<u32>,
    /// When the first was opened, and when the last began to close.
    first_at: Instant,
    first_rtt: Duration,
    closes: Option<Instant>,
}

impl Turns {
    fn append(&mut self, other: Turns) {
        if self.count == 0 {
            *self = other;
            return;
        }
        self.in_turn += other.in_turn + usize::from(self.closes.is_some_and(|at| at <= other.first_at));
        self.count += other.count;
        self.cost = self.cost + other.first_rtt + other.cost;
        let room = MAX_EVIDENCE.saturating_sub(self.syns.len());
        self.syns.extend(other.syns.into_iter().take(room));
        self.closes = other.closes;
    }
}

impl Across {
    /// Looks at what belongs to no connection alone.
    pub(super) fn gather(&mut self, case: &Case<'_>) {
        self.packets += case.flow.rows().len();
        for row in case.flow.rows() {
            if row.snapped() {
                self.snapped.add(row.number);
            } else if row.malformed && !case.flow.tcp(row).is_some_and(|tcp| tcp.verdicts.contains(Verdicts::ALTERED)) {
                // A header's checksum that fits no better than the segment's tells nothing more.
                self.malformed.add(row.number);
            }
            if row.kind == RowKind::Fragment && row.datagram.is_none() && row.copy_of().is_none() {
                self.fragments.add(row.number);
            }
        }
        self.copies(case);
        let room = MAX_CUT.saturating_sub(self.cut.len());
        self.cut.extend(dns::cut(case).into_iter().take(room));
    }

    /// Counts copies, and tells by their share of a direction where they come from.
    fn copies(&mut self, case: &Case<'_>) {
        let mut copies: BTreeMap<(ConversationId, Direction), Vec<(u32, u32)>> = BTreeMap::new();
        for row in case.flow.rows() {
            if let Some((first, id)) = row.copy_of().zip(row.conversation) {
                copies.entry((id, row.direction)).or_default().push((first, row.number));
            }
        }
        for ((id, direction), copies) in copies {
            let Some(conversation) = case.flow.conversation(id) else { continue };
            let all = case.flow.packets(conversation).filter(|view| view.row.direction == direction).count();
            let sort = if copies.len() * 3 >= all { &mut self.mirrored } else { &mut self.doubled };
            for (first, again) in copies {
                sort.add(first);
                if sort.first.len() < MAX_EVIDENCE {
                    sort.first.push(again);
                }
            }
        }
    }

    fn turn(&mut self, pair: (u32, IpAddr, Endpoint), turns: Turns) {
        if self.turns.len() < MAX_PAIRS || self.turns.contains_key(&pair) {
            self.turns.entry(pair).or_default().append(turns);
        }
    }

    /// Looks at a connection's requests, over HTTP and to name servers.
    pub(super) fn gather_at(&mut self, connection: &Connection<'_>) {
        let altered = connection.segments.iter().filter(|(_, tcp)| tcp.verdicts.contains(Verdicts::ALTERED));
        altered.for_each(|(row, _)| self.altered.add(row.number));
        let room = MAX_LEGS.saturating_sub(self.legs.len());
        self.legs.extend(http::legs(connection).take(room));
        if self.over_tcp.len() < MAX_CUT {
            self.over_tcp.extend(dns::over_tcp(connection));
        }
        let (tcp, conversation) = (connection.tcp, connection.conversation);
        let answered = connection.requests.iter().any(|request| request.receive.is_some());
        if tcp.established_frame().is_none() || !answered || !tcp.over() {
            return;
        }
        let fins = [tcp.client(), tcp.server()].into_iter().filter_map(|half| half.fin_frame().or(half.rst_frame()));
        let one = Turns {
            count: 1,
            in_turn: 0,
            cost: Duration::ZERO,
            syns: tcp.client().syn_frame().into_iter().collect(),
            first_at: conversation.first_at,
            first_rtt: tcp.initial_rtt().unwrap_or_default(),
            closes: fins.min().map(|number| connection.case.at(number)),
        };
        self.turn((conversation.interface, conversation.client.ip, conversation.server), one);
    }

    /// Takes what was gathered elsewhere, from later parts of the capture.
    pub(super) fn append(&mut self, other: Across) {
        let room = MAX_LEGS.saturating_sub(self.legs.len());
        self.legs.extend(other.legs.into_iter().take(room));
        for (pair, turns) in other.turns {
            self.turn(pair, turns);
        }
        let room = MAX_CUT.saturating_sub(self.cut.len());
        self.cut.extend(other.cut.into_iter().take(room));
        let room = MAX_CUT.saturating_sub(self.over_tcp.len());
        self.over_tcp.extend(other.over_tcp.into_iter().take(room));
        self.packets += other.packets;
        self.snapped.append(other.snapped);
        self.malformed.append(other.malformed);
        self.altered.append(other.altered);
        self.fragments.append(other.fragments);
        self.mirrored.append(other.mirrored);
        self.doubled.append(other.doubled);
    }
}
