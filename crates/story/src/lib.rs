//! The ordered steps that join everything that is known of a run: the one interface that every face reads.
//!
//! A [`Story`] is made from a simulation's trace or from a capture. Either way its rows come from the bytes at one point of
//! observation, read by the same code; a simulation can say more (it witnessed both ends and every cause), and each value
//! says how it is known.

mod brief;
pub mod compare;
pub mod dns;
mod held;
pub mod hops;
mod keys;
mod ladder;
mod ledger;
mod lineage;
pub mod log;
pub mod machines;
mod meaning;
mod names;
mod part;
mod pieces;
pub mod predict;
mod progress;
mod rtt;
pub mod series;
mod shared;
mod shown;
mod source;
mod states;
mod survey;
pub mod tour;
#[cfg(test)]
mod typescript;
mod upper;
mod why;

pub use brief::{Brief, Briefs};
pub use keys::{USELESS_KEYS_REMEDY, UselessKeys, useless_keys};
pub use ladder::{Mark, Row, Side};
pub use names::Names;
pub use part::Around;
pub use shown::{How, Shown, basis_text, why_text};
pub use source::{OpenError, TapChoice};
pub use states::{Ends, StateAt};
pub use why::Link;

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;

use analyze::findings::Search;
use analyze::{Analysis, CriticalPath};
use base::{FrameId, Instant, TapId, WallTime};
use flow::{Conversation, ConversationId, Flow, Layers, Limits, Source as _};
use trace::Trace;
use wire::Record;

use source::Frames;

/// Everything that is known of a run, packet by packet, at one point of observation.
pub struct Story {
    frames: Frames,
    flow: Flow,
    names: Names,
    states: states::States,
    /// Both ends of each TCP connection of a simulation: host and number.
    connection_ends: BTreeMap<ConversationId, [Option<states::End>; 2]>,
    /// Connections whose client, by their packets, is a server by what it is: it asked first in a simultaneous open.
    swapped: BTreeSet<ConversationId>,
    /// Pairs of hosts at one interface between which there is more than one TCP connection.
    several: BTreeSet<(u32, IpAddr, IpAddr)>,
    /// The frames of this tap that were lost behind it, and where.
    losses: BTreeMap<FrameId, String>,
    /// The upper layers of connections, read when they are first asked for.
    layers: RefCell<held::Held>,
    key_log: capture::keylog::KeyLog,
    /// The numbers of the TCP connections among those of the capture, from 1.
    numbers: OnceCell<Vec<(ConversationId, usize)>>,
    /// The capture that this is an excerpt from.
    whole: Option<Whole>,
    /// Whether these are the first packets of a capture whose rest is still being read.
    beginning: bool,
    analysis: OnceCell<Analysis>,
    survey: OnceCell<survey::Survey>,
    compatible: OnceCell<analyze::compatible::Labels>,
    findings: OnceCell<Vec<analyze::findings::Finding>>,
    /// The states that packets tell of, by connection, inferred when they are first asked for.
    inferred: RefCell<BTreeMap<ConversationId, Option<Rc<analyze::States>>>>,
    /// What the ends told of themselves, which frames are the same packet, and how far each connection is after each packet:
    /// read when first asked for.
    ledger: OnceCell<ledger::Ledger>,
    lineage: OnceCell<lineage::Lineage>,
    tables: OnceCell<hops::Tables>,
    progress: RefCell<BTreeMap<ConversationId, Option<Rc<progress::Progress>>>>,
    turns: RefCell<BTreeMap<ConversationId, Option<Rc<machines::Turns>>>>,
    epoch: WallTime,
}

/// What an excerpt needs to know of the capture that it is from.
pub struct Whole {
    /// When the capture began: its zero.
    pub epoch: WallTime,
    /// Its packets.
    pub packets: u32,
    /// The number of each TCP connection of the excerpt, by its first packet.
    pub connections: BTreeMap<u32, usize>,
    /// All its TCP connections.
    pub connections_in_all: usize,
    /// The numbers of the excerpt's requests, in order of time.
    pub requests: Vec<usize>,
    /// All its requests.
    pub requests_in_all: usize,
    /// Interfaces and pairs of hosts, the smaller address first, with more than one TCP connection between them.
    pub several: BTreeSet<(u32, IpAddr, IpAddr)>,
    /// What was found in it: what spans connections is judged by all of them.
    pub search: RefCell<Search>,
}

/// One packet taken apart.
#[derive(Debug)]
pub struct Packet {
    /// Its number.
    pub number: u32,
    /// The buffers, outermost first: the frame, and whatever it completes.
    pub buffers: Vec<Taken>,
}

/// A buffer and its tree.
#[derive(Debug)]
pub struct Taken {
    /// What it is, for people: `frame 7`.
    pub title: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its tree; the leaves tile the bytes.
    pub record: Record,
    /// Which of the packet's buffers it stands in; `None` of the frame itself.
    pub inside: Option<usize>,
}

/// The packets' bytes, as they were captured.
impl flow::Source for Story {
    fn frame(&self, number: u32) -> Option<Cow<'_, [u8]>> {
        self.frames.frame(number)
    }
}

impl Story {
    /// The story of a simulation, seen at one tap.
    ///
    /// # Errors
    /// If the trace has no such tap; the error lists those that it has.
    pub fn from_trace(trace: Trace, tap: TapChoice) -> Result<Story, OpenError> {
        let frames = Frames::simulated(trace, tap)?;
        Ok(Story::new(frames))
    }

    /// The story of a capture, with the secrets of `key_logs` beside those in the file.
    pub fn from_capture(file: capture::read::File, key_log: capture::keylog::KeyLog) -> Story {
        Story::new(Frames::captured(file, key_log))
    }

    /// The story of the first packets of a capture whose rest is still being read.
    pub fn from_beginning(file: capture::read::File, key_log: capture::keylog::KeyLog) -> Story {
        Story { beginning: true, ..Story::from_capture(file, key_log) }
    }

    /// The story of some packets of a capture, which bear their numbers in it.
    pub fn from_excerpt(file: capture::read::File, key_log: capture::keylog::KeyLog, whole: Whole) -> Story {
        let mut frames = Frames::captured(file, key_log);
        if let Frames::Captured { began, .. } = &mut frames {
            *began = Some(whole.epoch);
        }
        let story = Story::new(frames);
        let connections = story.flow.conversations().iter().filter(|conversation| conversation.tcp().is_some());
        let number = |conversation: &Conversation| {
            let first = conversation.packets.first()?;
            Some((conversation.id, *whole.connections.get(first)?))
        };
        let _ = story.numbers.set(connections.filter_map(number).collect());
        let several = whole.several.union(&story.several).copied().collect();
        Story { whole: Some(whole), several, ..story }
    }

    fn new(frames: Frames) -> Story {
        let mut flow = Flow::new(Limits::default());
        frames.push_into(&mut flow);
        let (key_log, _) = capture::keylog::KeyLog::parse(frames.secrets().as_bytes());
        Story::with(frames, flow, key_log)
    }

    /// The story of packets that went through `flow`.
    fn with(frames: Frames, flow: Flow, key_log: capture::keylog::KeyLog) -> Story {
        let names = Names::new(frames.trace());
        let states = states::States::new(frames.trace(), &frames);
        let epoch = frames.epoch();
        let mut connection_ends: BTreeMap<ConversationId, [Option<states::End>; 2]> = BTreeMap::new();
        for row in flow.rows() {
            let end = frames.frame_id(row.number).and_then(|frame| states.sender(frame));
            if let (Some(id), Some(end)) = (row.conversation, end) {
                let known = &mut connection_ends.entry(id).or_default()[row.direction as usize];
                // A SYN-ACK with a cookie is the listener's (RFC 4987 §3.6): the connection is made when it comes back.
                if known.is_none_or(|known| states.listens(known)) {
                    *known = Some(end);
                }
            }
        }
        let swapped = connection_ends.iter().filter(|(_, ends)| is_swapped(frames.trace(), ends));
        let swapped = swapped.map(|(id, _)| *id).collect();
        let several = several(&flow);
        let losses = frames.trace().map(|trace| source::losses(trace, &frames)).unwrap_or_default();
        let layers = RefCell::default();
        Story {
            frames,
            flow,
            names,
            states,
            connection_ends,
            swapped,
            several,
            losses,
            layers,
            key_log,
            numbers: OnceCell::new(),
            whole: None,
            beginning: false,
            analysis: OnceCell::new(),
            survey: OnceCell::new(),
            compatible: OnceCell::new(),
            findings: OnceCell::new(),
            inferred: RefCell::default(),
            ledger: OnceCell::new(),
            lineage: OnceCell::new(),
            tables: OnceCell::new(),
            progress: RefCell::default(),
            turns: RefCell::default(),
            epoch,
        }
    }

    /// Number of packets.
    pub fn len(&self) -> usize {
        self.flow.rows().len()
    }
    /// Number of packets of the capture that these belong to: more than [`Story::len`] where this is an excerpt.
    pub fn packets_in_all(&self) -> usize {
        self.whole.as_ref().map_or(self.len(), |whole| whole.packets as usize)
    }
    /// Number of TCP connections of the capture.
    pub fn connections_in_all(&self) -> usize {
        let own = || self.flow.conversations().iter().filter(|conversation| conversation.tcp().is_some()).count();
        self.whole.as_ref().map_or_else(own, |whole| whole.connections_in_all)
    }
    /// Number of requests of the capture.
    pub fn requests_in_all(&self) -> usize {
        self.whole.as_ref().map_or_else(|| self.analysis().requests.len(), |whole| whole.requests_in_all)
    }
    /// The number of the request at `index` of [`Analysis::requests`] among those of the capture, from 1 in order of time.
    pub fn request_number(&self, index: usize) -> usize {
        let number = self.whole.as_ref().and_then(|whole| whole.requests.get(index).copied());
        number.unwrap_or(index + 1)
    }
    /// The request with this number.
    pub fn request(&self, number: usize) -> Option<&analyze::Request> {
        let requests = &self.analysis().requests;
        let index = match &self.whole {
            Some(whole) => whole.requests.binary_search(&number).ok()?,
            None => number.checked_sub(1)?,
        };
        requests.get(index)
    }
    /// The TCP connection with this number.
    pub fn connection(&self, number: usize) -> Option<&Conversation> {
        let mut connections = self.flow.conversations().iter().filter(|conversation| conversation.tcp().is_some());
        connections.find(|conversation| self.connection_number(conversation.id) == Some(number))
    }
    /// Whether there is no packet.
    pub fn is_empty(&self) -> bool {
        self.flow.rows().is_empty()
    }
    /// What flow found: conversations, streams, verdicts.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }
    /// The trace, if this is a simulation.
    pub fn trace(&self) -> Option<&Trace> {
        self.frames.trace()
    }
    /// The file, if this is a capture. Its packets are told by [`Story::captured`].
    pub fn capture(&self) -> Option<&capture::read::File> {
        match &self.frames {
            Frames::Captured { file, .. } => Some(file),
            Frames::Simulated { .. } | Frames::Part { .. } => None,
        }
    }
    /// The packets as the capture holds them, in order; none of a simulation.
    pub fn captured(&self) -> Box<dyn Iterator<Item = Cow<'_, capture::read::OwnedPacket>> + '_> {
        match &self.frames {
            Frames::Captured { placed: Some(placed), .. } => Box::new(placed.packets().map(Cow::Owned)),
            Frames::Captured { file, .. } => Box::new(file.packets.iter().map(Cow::Borrowed)),
            Frames::Simulated { .. } | Frames::Part { .. } => Box::new(std::iter::empty()),
        }
    }
    /// What a TCP connection carries: TLS, HTTP, DNS. Read when first asked for; `None` if it is no TCP connection.
    pub fn layers(&self, id: ConversationId) -> Option<Rc<Layers>> {
        let known = self.layers.borrow_mut().get(id);
        known.unwrap_or_else(|| {
            let read = Layers::of(&self.flow, id, &self.frames, &self.key_log).map(Rc::new);
            self.layers.borrow_mut().keep(id, read.clone());
            read
        })
    }
    /// Connections and requests. Read when first asked for.
    pub fn analysis(&self) -> &Analysis {
        if self.analysis.get().is_none() {
            self.survey();
        }
        self.analysis.get_or_init(Analysis::default)
    }
    /// What one look at every connection tells. It finds the connections and requests as well.
    pub(crate) fn survey(&self) -> &survey::Survey {
        self.survey.get_or_init(|| {
            let (analysis, survey, inferred) =
                survey::Survey::of(&self.flow, &self.frames, &self.key_log, &mut self.layers.borrow_mut());
            let _ = self.analysis.set(analysis);
            self.inferred.borrow_mut().extend(inferred);
            survey
        })
    }
    /// What Wireshark would say of each segment, beside the verdicts of [`Story::flow`]. Judged when first asked for.
    pub fn compatible(&self) -> &analyze::compatible::Labels {
        self.compatible.get_or_init(|| analyze::compatible::Labels::of(&self.flow, &self.frames))
    }
    /// What went wrong: failures first, then by the time that it cost. Looked for when first asked for.
    pub fn findings(&self) -> &[analyze::findings::Finding] {
        let look = || {
            let whole = self.whole.as_ref().map(|whole| whole.search.take());
            analyze::findings::of(&self.flow, &self.frames, &self.key_log, self.epoch, whole)
        };
        self.findings.get_or_init(look)
    }
    /// Where the time of the request went that the story is about.
    pub fn critical_path(&self) -> Option<CriticalPath> {
        self.analysis().main_path(&self.flow)
    }
    /// The TIME-WAIT of the connection that the story is about: at which end, since when, until when. Witnessed in a
    /// simulation; of a capture only that it began is known, so `None`.
    pub fn time_wait(&self) -> Option<(String, Instant, Instant)> {
        let trace = self.trace()?;
        let over = trace.events.iter().find(|event| std::ptr::eq(event.kind, &trace::kinds::tcp::TIME_WAIT_OVER))?;
        let since = self.states.changes((over.place, over.subject)).iter().rev();
        let since = since.into_iter().find(|change| change.3 == wire::tcp::State::TIME_WAIT)?.0;
        Some((trace.place(over.place)?.name.clone(), since, over.at))
    }
    /// The states of a connection's ends as its packets tell them.
    pub(crate) fn inferred(&self, id: ConversationId) -> Option<Rc<analyze::States>> {
        let mut inferred = self.inferred.borrow_mut();
        inferred.entry(id).or_insert_with(|| analyze::States::of(&self.flow, id).map(Rc::new)).clone()
    }
    /// Both ends of a connection of a simulation, the client's first.
    pub(crate) fn ends_of(&self, id: ConversationId) -> Option<[Option<states::End>; 2]> {
        self.connection_ends.get(&id).copied()
    }
    /// What the ends of a simulation's connections told of themselves.
    pub(crate) fn ledger(&self) -> &ledger::Ledger {
        self.ledger.get_or_init(|| self.trace().map(ledger::of).unwrap_or_default())
    }
    /// Which frames of a simulation are the same packet.
    pub(crate) fn lineage(&self) -> &lineage::Lineage {
        self.lineage.get_or_init(|| match &self.frames {
            Frames::Simulated { trace, ids, .. } => lineage::Lineage::of(trace, ids),
            Frames::Captured { .. } | Frames::Part { .. } => lineage::Lineage::default(),
        })
    }
    /// What the devices of a simulation knew.
    pub(crate) fn tables(&self) -> &hops::Tables {
        self.tables.get_or_init(|| self.trace().map(hops::tables_of).unwrap_or_default())
    }
    /// The packets with which something about the states of a connection's ends changes, as its packets tell them.
    pub(crate) fn turns(&self, id: ConversationId) -> Option<Rc<machines::Turns>> {
        let look = || machines::Turns::of(&self.flow, id, &*self.inferred(id)?).map(Rc::new);
        self.turns.borrow_mut().entry(id).or_insert_with(look).clone()
    }
    /// How far a connection is after each of its packets.
    pub(crate) fn progress(&self, id: ConversationId) -> Option<Rc<progress::Progress>> {
        let mut progress = self.progress.borrow_mut();
        progress.entry(id).or_insert_with(|| progress::Progress::of(&self.flow, id).map(Rc::new)).clone()
    }
    /// The packet that an event of a simulation is about: that which it sends, or names, or that brought it about. `None` if
    /// that packet never passes the story's tap.
    pub fn packet_of_event(&self, event: base::EventId) -> Option<u32> {
        let trace = self.trace()?;
        self.lineage().packet_of(trace, trace.event(event)?)
    }
    /// Whether what the packets say of client and server is the other way round in the simulation.
    pub(crate) fn swapped(&self, id: ConversationId) -> bool {
        self.swapped.contains(&id)
    }
    /// Whether there are more TCP connections between the same two hosts.
    pub(crate) fn is_one_of_several(&self, conversation: &Conversation) -> bool {
        conversation.tcp().is_some() && self.several.contains(&pair(conversation))
    }
    /// The tap that saw packet `number`, in a story told from several.
    pub(crate) fn tap_of(&self, number: u32) -> Option<String> {
        let trace = self.trace().filter(|_| self.frames.tap().is_none())?;
        let meta = trace.frames.meta(self.frame_id(number)?)?;
        trace.tap(meta.tap).map(|tap| tap.name.clone())
    }
    /// Names of hosts.
    pub fn names(&self) -> &Names {
        &self.names
    }
    /// Where the story's zero lies on the wall clock.
    pub fn epoch(&self) -> WallTime {
        self.epoch
    }
    /// The tap of a simulated story.
    pub fn tap(&self) -> Option<TapId> {
        self.frames.tap()
    }
    /// The TLS secrets that are at hand, as the text of a key log.
    pub fn secrets(&self) -> String {
        self.frames.secrets()
    }
    /// The frame of packet `number` in a simulation's trace.
    pub fn frame_id(&self, number: u32) -> Option<FrameId> {
        self.frames.frame_id(number)
    }
    /// The number of the packet that `frame` is at this tap, if it was seen there.
    pub fn number_of(&self, frame: FrameId) -> Option<u32> {
        self.frames.number_of(frame)
    }
    /// Whether packet `number` was lost on its way from here. Only a simulation knows.
    pub fn is_lost(&self, number: u32) -> bool {
        self.frame_id(number).is_some_and(|frame| self.losses.contains_key(&frame))
    }
    /// The captured bytes of packet `number`.
    pub fn bytes(&self, number: u32) -> Option<Vec<u8>> {
        self.frames.frame(number).map(|bytes| bytes.into_owned())
    }

    /// Whether this is a part of a capture of which bytes were let go while it passed: bodies stand as zeros.
    pub fn has_let_go(&self) -> bool {
        matches!(&self.frames, source::Frames::Part { bytes, .. } if bytes.has_let_go())
    }

    /// The ladder's row of packet `number` (from 1).
    pub fn row(&self, number: u32) -> Option<Row> {
        let view = self.flow.row(number)?;
        Some(ladder::row(self, view))
    }
    /// The ladder's rows, first to last.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.flow.rows().iter().filter_map(|row| self.row(row.number))
    }
    /// The number of a TCP connection, from 1 in order of first packets.
    pub fn connection_number(&self, id: ConversationId) -> Option<usize> {
        let numbers = self.numbers.get_or_init(|| {
            let connections = self.flow.conversations().iter().filter(|conversation| conversation.tcp().is_some());
            connections.map(|conversation| conversation.id).zip(1..).collect()
        });
        let at = numbers.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        numbers.get(at).map(|(_, number)| *number)
    }

    /// Packet `number` taken apart, bit by bit.
    pub fn packet(&self, number: u32) -> Option<Packet> {
        let view = self.flow.row(number)?;
        let bytes = self.bytes(number)?;
        let (mut record, frame) = dissect::frame(view.row.link, &bytes, view.row.original as usize);
        if let Some(tcp) = view.tcp {
            if let Some(seq) = tcp.relative_seq() {
                dissect::derive(&mut record, "tcp.seq", "relative", seq.max(0) as u64);
            }
            if let Some(ack) = tcp.relative_ack() {
                dissect::derive(&mut record, "tcp.ack", "relative", ack.max(0) as u64);
            }
        }
        let mut buffers = vec![Taken { title: format!("Frame {number}"), bytes, record, inside: None }];
        let whole = dissect::datagram(&self.flow, view.row, frame.network);
        let layers = view.row.conversation.and_then(|id| self.layers(id));
        let above = layers.map(|layers| dissect::completed(&layers, number)).unwrap_or_default();
        let whole = whole.into_iter().collect::<Vec<_>>();
        // What a transport carries stands in the frame, or in the packet that was put together of several.
        let carrier = whole.len();
        for section in whole.into_iter().chain(above) {
            let inside = section.inside.map_or(carrier, |at| at + carrier + 1).min(buffers.len() - 1);
            let title = match section.packets.as_slice() {
                [] | [_] => section.title,
                [first, .., last] => format!("{} (from packets {first} to {last})", section.title),
            };
            buffers.push(Taken { title, bytes: section.bytes.to_vec(), record: section.record, inside: Some(inside) });
        }
        Some(Packet { number, buffers })
    }

    /// What happened, in words. Empty for a capture.
    pub fn event_text(&self, event: &trace::Event) -> String {
        self.trace().map(|trace| why::text(trace, event)).unwrap_or_default()
    }

    /// The causes of an event: from the event back to a root. Empty for a capture, and for an event that was not recorded.
    pub fn causes(&self, event: base::EventId) -> Vec<Link> {
        self.trace().map(|trace| why::chain_of(trace, event)).unwrap_or_default()
    }

    /// Why packet `number` was sent: from the packet back to an act of the user or a configured timer. Empty for a
    /// capture, which cannot know.
    pub fn why(&self, number: u32) -> Vec<Link> {
        match (self.trace(), self.frame_id(number)) {
            (Some(trace), Some(frame)) => why::chain(trace, frame),
            _ => Vec::new(),
        }
    }
}

/// Whether the client is a server by its role, and the other way round.
fn is_swapped(trace: Option<&Trace>, ends: &[Option<states::End>; 2]) -> bool {
    let role = |end: Option<states::End>| trace?.place(end?.0).map(|place| place.role);
    (role(ends[0]), role(ends[1])) == (Some(trace::Role::Server), Some(trace::Role::Client))
}

/// A conversation's interface and hosts, the smaller address first.
pub fn pair(conversation: &Conversation) -> (u32, IpAddr, IpAddr) {
    let (a, b) = (conversation.client.ip, conversation.server.ip);
    (conversation.interface, a.min(b), a.max(b))
}

fn several(flow: &Flow) -> BTreeSet<(u32, IpAddr, IpAddr)> {
    let mut seen = BTreeSet::new();
    let connections = flow.conversations().iter().filter(|conversation| conversation.tcp().is_some());
    connections.map(pair).filter(|pair| !seen.insert(*pair)).collect()
}
