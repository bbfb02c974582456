//! Both ends' TCP states, inferred from the segments at one tap by RFC 9293's own table.
//!
//! A tap sees a segment when it passes, not when it arrives. So an end's state changes here
//! - when a segment of its own passes: what it sends tells what it did;
//! - when a segment to it passes, if the tap is at this end; otherwise only once the end shows that it got the segment (it
//!   acknowledges it, or something sent after it), or a whole round trip later, on the strength of the time alone. A
//!   reset, which nothing answers, counts as arrived when it passes.
//!
//! How long TIME-WAIT lasts is on no wire: see [`TimeWait`].

use std::collections::{BTreeMap, BTreeSet};

use base::{Duration, Instant};
use flow::{Connection, Conversation, ConversationId, Direction, Flow, Tcp, Verdicts};
use trace::{Basis, Known, Why};
use wire::tcp::{Event, Flags, State, transition};

use crate::on_the_way::{Coming, MAX_COMING, OnTheWay};

/// The states of both ends after a packet has passed the tap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ends {
    /// The client's.
    pub client: Known<State>,
    /// The server's.
    pub server: Known<State>,
}

/// Where on the way the tap is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tap {
    /// At the client: it answers at once, as seen from here.
    Client,
    /// At the server.
    Server,
    /// The ends are so close to each other (less than 0.1 ms: one machine) that it makes no difference.
    Both,
    /// Somewhere between, or not known.
    Between,
}

/// A TIME-WAIT whose beginning the capture shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeWait {
    /// Whether it is the client's.
    pub client: bool,
    /// The packet that began it.
    pub frame: u32,
    /// When that passed the tap. A repeated FIN begins it anew (RFC 9293 §3.10.7.4).
    pub since: Instant,
}

impl TimeWait {
    /// When it ends: no packet tells.
    pub const fn until(&self) -> Known<Instant> {
        Known::Unknown(Why::NotOnTheWire)
    }
    /// When it ends if the end's system is Linux: after 60 s (`TCP_TIMEWAIT_LEN`).
    pub fn until_linux(&self) -> Instant {
        self.since + Duration::from_secs(60)
    }
    /// When it ends by the letter of RFC 9293 §3.4.2 and §3.6.1: after twice the maximum segment lifetime of two minutes.
    pub fn until_rfc(&self) -> Instant {
        self.since + Duration::from_secs(240)
    }
}

/// The states of a connection's ends, packet by packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct States {
    tap: Tap,
    at: Vec<(u32, Ends)>,
    time_wait: Option<TimeWait>,
}

impl States {
    /// Infers them from what was captured up to now; `None` if the conversation is no TCP connection.
    pub fn of(flow: &Flow, id: ConversationId) -> Option<States> {
        let conversation = flow.conversation(id)?;
        let connection = conversation.tcp()?;
        let tap = tap(flow, connection);
        let mut walk = Walk::new(flow, conversation, connection, tap);
        let mut at = Vec::with_capacity(conversation.packets.len());
        for view in flow.packets(conversation) {
            let number = view.row.number;
            if let Some(tcp) = view.tcp {
                walk.segment(number, view.row.at, view.row.direction, tcp);
            }
            at.push((number, Ends { client: walk.ends[0].known(), server: walk.ends[1].known() }));
        }
        let time_wait = walk.time_wait;
        Some(States { tap, at, time_wait })
    }

    /// Where the tap seems to be, by the times of the handshake.
    pub fn tap(&self) -> Tap {
        self.tap
    }
    /// The states after packet `number`, if it belongs to the connection.
    pub fn after(&self, number: u32) -> Option<Ends> {
        let at = self.at.binary_search_by_key(&number, |(n, _)| *n).ok()?;
        self.at.get(at).map(|(_, ends)| *ends)
    }
    /// The states before packet `number`.
    pub fn before(&self, number: u32) -> Option<Ends> {
        let at = self.at.partition_point(|(n, _)| *n < number);
        self.at.get(at.checked_sub(1)?).map(|(_, ends)| *ends)
    }
    /// All packets with the states after them.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Ends)> + '_ {
        self.at.iter().copied()
    }
    /// The `index`th packet of the connection, with the states after it.
    pub fn get(&self, index: usize) -> Option<(u32, Ends)> {
        self.at.get(index).copied()
    }
    /// The states after the last packet.
    pub fn last(&self) -> Option<Ends> {
        self.at.last().map(|(_, ends)| *ends)
    }
    /// The TIME-WAIT that the capture saw begin.
    pub fn time_wait(&self) -> Option<TimeWait> {
        self.time_wait
    }
}

/// Where the tap is: an end that answers within a tenth of the round trip is close to it.
fn tap(flow: &Flow, connection: &Connection) -> Tap {
    let at = |number: Option<u32>| number.and_then(|n| flow.row(n)).map(|view| view.row.at);
    let syn = at(connection.client().syn_frame());
    let answer = at(connection.server().syn_frame());
    let done = at(connection.established_frame());
    let (Some(syn), Some(answer), Some(done)) = (syn, answer, done) else { return Tap::Between };
    let (server_side, client_side) = (answer.since(syn), done.since(answer));
    let whole = server_side + client_side;
    if whole < Duration::from_micros(100) {
        return Tap::Both;
    }
    if client_side * 10 < whole {
        Tap::Client
    } else if server_side * 10 < whole {
        Tap::Server
    } else {
        Tap::Between
    }
}

/// One end.
struct End {
    state: Option<State>,
    basis: Basis,
    why: Why,
    near: bool,
    coming: OnTheWay,
    /// The relative number of its FIN, once it has sent it.
    fin: Option<i64>,
    /// What its first FIN acknowledges, if one was captured.
    fin_acks: Option<i64>,
    sent_syn: bool,
    received: Received,
    /// A FIN that has arrived before what comes before it: its relative number.
    early_fin: Option<i64>,
}

impl End {
    fn known(&self) -> Known<State> {
        self.state.map_or(Known::Unknown(self.why), |state| Known::Inferred(state, self.basis))
    }

    /// Follows the table; an event that it does not have in this state changes nothing.
    fn event(&mut self, event: Event, basis: Basis) -> bool {
        let Some(next) = self.state.and_then(|state| transition(state, event)) else { return false };
        self.state = Some(next.to);
        // What the capture began with stays an assumption until the connection's end.
        if self.basis != Basis::MidStream {
            self.basis = basis;
        }
        true
    }
}

struct Walk {
    ends: [End; 2],
    round_trip: Option<Duration>,
    repeated: BTreeSet<u32>,
    time_wait: Option<TimeWait>,
}

impl Walk {
    fn new(flow: &Flow, conversation: &Conversation, connection: &Connection, tap: Tap) -> Walk {
        let mid_stream = connection.mid_stream();
        let basis = if mid_stream { Basis::MidStream } else { Basis::Segments };
        let rows = || flow.packets(conversation);
        let fin_acks = |direction: Direction| {
            let mut sent = rows().filter(|view| view.row.direction == direction).filter_map(|view| view.tcp);
            sent.find(|tcp| tcp.flags.contains(Flags::FIN))?.relative_ack()
        };
        let end = |state: Option<State>, near: bool, direction: Direction| End {
            state,
            basis,
            why: Why::NotOnTheWire,
            near,
            coming: OnTheWay::default(),
            fin: None,
            fin_acks: fin_acks(direction),
            sent_syn: false,
            received: Received::default(),
            early_fin: None,
        };
        let server = connection.server();
        let (client_state, server_state) = if mid_stream {
            (Some(State::ESTABLISHED), Some(State::ESTABLISHED))
        } else if server.syn_frame().is_some() {
            (Some(State::CLOSED), Some(State::LISTEN))
        } else if server.rst_frame().is_some() {
            // RFC 9293 §3.10.7.1: a port where nobody listens answers with a reset.
            (Some(State::CLOSED), Some(State::CLOSED))
        } else {
            (Some(State::CLOSED), None)
        };
        let repeated =
            rows().filter_map(|view| view.tcp.filter(|tcp| tcp.verdicts.is_retransmission())?.repeats()).collect();
        Walk {
            ends: [
                end(client_state, matches!(tap, Tap::Client | Tap::Both), Direction::ToServer),
                end(server_state, matches!(tap, Tap::Server | Tap::Both), Direction::ToClient),
            ],
            round_trip: connection.initial_rtt(),
            repeated,
            time_wait: None,
        }
    }

    fn segment(&mut self, number: u32, at: Instant, direction: Direction, tcp: &Tcp) {
        // What no receiver accepts moves nothing (RFC 9293 §3.10.7.4; RFC 5961 §4.2 for the SYN).
        let ignored = Verdicts::DAMAGED | Verdicts::OUT_OF_WINDOW | Verdicts::SYN_IN_CONNECTION | Verdicts::COPY;
        if tcp.verdicts.intersects(ignored) {
            return;
        }
        let (from, to) = (direction as usize, direction.opposite() as usize);
        self.by_time(at);
        let start = tcp.relative_seq().unwrap_or(0);
        let occupied =
            i64::from(tcp.len) + i64::from(tcp.flags.contains(Flags::SYN)) + i64::from(tcp.flags.contains(Flags::FIN));
        self.sends(from, at, tcp, start + occupied);
        let repeated = self.repeated.contains(&number);
        let coming = Coming {
            frame: number,
            at,
            flags: tcp.flags,
            start,
            end: start + occupied,
            occupies: occupied > 0,
            ack: tcp.relative_ack(),
            repeated,
        };
        if self.ends[to].near {
            self.arrives(to, &coming, Basis::Segments, at);
        } else if tcp.flags.contains(Flags::RST) {
            // Nothing answers a reset, so nothing will ever show its arrival.
            self.arrives(to, &coming, Basis::Timing, at);
        } else {
            self.ends[to].coming.push(coming);
        }
    }

    /// What has been on its way for a whole round trip has arrived.
    fn by_time(&mut self, now: Instant) {
        let Some(round_trip) = self.round_trip else { return };
        for end in 0..2 {
            while let Some(first) = self.ends[end].coming.first() {
                // Whoever has got a FIN acknowledges it with all that it sends from then on: one's own FIN that does not was
                // sent before, and both closed at once (RFC 9293 §3.6, case 3).
                let me = &self.ends[end];
                let after_its_own = first.flags.contains(Flags::FIN)
                    && me.fin.is_none()
                    && me.fin_acks.is_some_and(|acked| acked < first.end);
                if first.repeated || after_its_own || now.since(first.at) <= round_trip {
                    break;
                }
                self.ends[end].coming.pop();
                self.arrives(end, &first, Basis::Timing, now);
            }
        }
    }

    /// An end sent a segment: that tells what it has done, and what it had got before.
    fn sends(&mut self, end: usize, at: Instant, tcp: &Tcp, segment_end: i64) {
        if let Some(ack) = tcp.relative_ack() {
            // What it acknowledges has arrived, and so has what was sent before that.
            for _ in 0..self.ends[end].coming.shown_by(ack) {
                if let Some(coming) = self.ends[end].coming.pop() {
                    self.arrives(end, &coming, Basis::Segments, at);
                }
            }
        }
        if let Some(ack) = tcp.relative_ack() {
            self.ends[end].received.at_least(ack);
            self.early_fin(end, Basis::Segments);
        }
        let me = &mut self.ends[end];
        let (syn, fin, rst) =
            (tcp.flags.contains(Flags::SYN), tcp.flags.contains(Flags::FIN), tcp.flags.contains(Flags::RST));
        if rst {
            if !me.event(Event::Abort, Basis::Segments) && me.state != Some(State::CLOSED) {
                (me.state, me.basis) = (Some(State::CLOSED), Basis::Segments);
            }
            return;
        }
        if syn {
            me.sent_syn = true;
            if !tcp.flags.contains(Flags::ACK) {
                me.event(Event::ActiveOpen, Basis::Segments);
            } else if me.state == Some(State::LISTEN) {
                // The SYN that it answers was not captured.
                me.event(Event::RcvSyn, Basis::Segments);
            }
            return;
        }
        match me.state {
            // A program gets to send only once the connection is open (RFC 9293 §3.10.2, SYN-RECEIVED: queue).
            Some(State::SYN_RECEIVED) if tcp.len > 0 || fin => {
                me.event(Event::RcvAckOfSyn, Basis::Segments);
            }
            // An ACK without SYN from a side that sent a SYN: the answer was not captured.
            Some(State::SYN_SENT) => {
                me.event(Event::RcvSynAck, Basis::Segments);
            }
            Some(State::CLOSED | State::LISTEN) => (me.state, me.why) = (None, Why::Gap),
            _ => {}
        }
        if fin && me.fin.is_none() {
            me.fin = Some(segment_end - 1);
            if !me.event(Event::Close, Basis::Segments) && me.state.is_some() {
                (me.state, me.why) = (None, Why::Gap);
            }
        }
    }

    /// A segment has arrived at an end.
    fn arrives(&mut self, end: usize, segment: &Coming, basis: Basis, now: Instant) {
        let me = &mut self.ends[end];
        let before = me.state;
        let has = |flag: Flags| segment.flags.contains(flag);
        if has(Flags::RST) {
            // RFC 5961 §3.2: in an open connection only the one at exactly the expected number is believed.
            let open = me.state.is_some_and(|state| !matches!(state, State::CLOSED | State::LISTEN | State::SYN_SENT));
            if open && me.near && me.received.next.is_some_and(|next| next != segment.start) {
                return;
            }
            // RFC 9293 §3.10.7.4: from SYN-RECEIVED, a passive opener goes back to LISTEN.
            if !(end == 1 && me.event(Event::RcvRstPassive, basis)) {
                me.event(Event::RcvRst, basis);
            }
            return;
        }
        let acks_syn = segment.ack.is_some_and(|ack| ack >= 1) && me.sent_syn;
        if segment.occupies {
            me.received.add(segment.start, segment.end);
        }
        if has(Flags::SYN) {
            let event = if acks_syn { Event::RcvSynAck } else { Event::RcvSyn };
            if !me.event(event, basis) && acks_syn {
                me.event(Event::RcvAckOfSyn, basis);
            }
            return;
        }
        if acks_syn && me.state == Some(State::SYN_RECEIVED) {
            me.event(Event::RcvAckOfSyn, basis);
        }
        let acks_fin = me.fin.is_some_and(|fin| segment.ack.is_some_and(|ack| ack > fin));
        // A FIN counts once all before it is there (RFC 9293 §3.10.7.4, eighth).
        let fin = segment.end - 1;
        let whole = me.received.next.is_none_or(|next| next > fin);
        if has(Flags::FIN) && !whole {
            me.early_fin = Some(fin);
        }
        match (has(Flags::FIN) && whole, acks_fin) {
            (true, true) => {
                if !me.event(Event::RcvFinAckOfFin, basis) {
                    me.event(Event::RcvAckOfFin, basis);
                    me.event(Event::RcvFin, basis);
                }
            }
            (true, false) => _ = me.event(Event::RcvFin, basis),
            (false, true) => _ = me.event(Event::RcvAckOfFin, basis),
            (false, false) => {}
        }
        self.early_fin(end, basis);
        let me = &mut self.ends[end];
        let repeated_fin = has(Flags::FIN) && before == Some(State::TIME_WAIT);
        if me.state == Some(State::TIME_WAIT) && (before != me.state || repeated_fin) {
            let since = if me.near { segment.at } else { now };
            self.time_wait = Some(TimeWait { client: end == 0, frame: segment.frame, since });
        }
    }

    /// A FIN that came too early counts now, if what was missing before it has come.
    fn early_fin(&mut self, end: usize, basis: Basis) {
        let me = &mut self.ends[end];
        if me.early_fin.is_some_and(|fin| me.received.next.is_some_and(|next| next > fin)) {
            me.early_fin = None;
            me.event(Event::RcvFin, basis);
        }
    }
}

/// Which numbers an end has got.
#[derive(Default)]
struct Received {
    /// The first that it lacks, once any segment to it was seen.
    next: Option<i64>,
    /// What it has beyond that: start and end.
    beyond: BTreeMap<i64, i64>,
}

impl Received {
    /// A segment has arrived.
    fn add(&mut self, start: i64, end: i64) {
        let next = *self.next.get_or_insert(start);
        if start > next {
            if self.beyond.len() < MAX_COMING {
                let known = self.beyond.entry(start).or_insert(end);
                *known = (*known).max(end);
            }
        } else {
            self.at_least(end);
        }
    }

    /// It has everything before `number`.
    fn at_least(&mut self, number: i64) {
        let mut next = self.next.map_or(number, |next| next.max(number));
        while let Some(entry) = self.beyond.first_entry().filter(|entry| *entry.key() <= next) {
            next = next.max(entry.remove());
        }
        self.next = Some(next);
    }
}
