//! A part of a capture, as long as it is open.

use std::ops::Range;

use base::Instant;
use capture::keylog::KeyLog;
use wire::frame::Frame;
use wire::tcp::Flags;

use super::Kept;
use crate::conversation::Key;
use crate::flow::Passed;
use crate::open::{self, Pair};
use crate::settle::{Onward, Settled};
use crate::{BufferRef, ConversationId, Flow, Limits, Packet, RowView};

/// A part of a capture: all that passed between two ends, or all that belongs to none. Its packets and conversations bear
/// the numbers that they have in the whole.
#[derive(Debug, Default)]
pub struct Part {
    /// What was found out.
    pub flow: Flow,
    /// The packets' bytes.
    pub bytes: Kept,
    /// Its TCP connections and the number of each among those of the whole capture, from 1.
    pub connections: Vec<(ConversationId, usize)>,
    /// Whether it is what belongs to no pair of ends.
    pub rest: bool,
    /// When it was given up, by the capture's clock: nothing came any more until then.
    pub until: Instant,
    kept: open::Kept,
    udp: bool,
    /// How many bytes may be kept before it is looked through for what can be let go, and how many more then.
    pub(super) enough: usize,
    every: usize,
    /// What of its bytes is kept.
    pub(super) keeping: Keeping,
    /// How far its connection was read.
    onward: Option<Box<Onward>>,
    /// How many bytes were kept when it was last looked at as a whole, and which connection.
    whole: (usize, Option<ConversationId>),
    /// Of each direction of a connection the relative sequence numbers of what is not kept when it comes.
    ahead: Option<(ConversationId, [Range<i64>; 2])>,
}

/// What is kept of packets' bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Keeping {
    /// All that may be read again, and the headers of all packets.
    #[default]
    Headers,
    /// All that may be read again where nobody asks for packets: of TCP segments the payload alone.
    Payloads,
    /// Nothing.
    Nothing,
}

/// Packets of a UDP conversation that are kept together.
const MAX_UDP: usize = 4_096;
/// Bytes that are kept of a part before it is looked through for the first time.
pub(super) const ENOUGH: usize = 512 << 10;
/// Where it cannot be read on from where it was left, all is looked through again when as many bytes more are kept, and a tenth
/// part of all that has passed: so the work stays in proportion.
const SHARE: u64 = 10;
/// Where it waits for what is missing in between, so many times as many bytes more are kept: what is only late comes until then.
const PATIENCE: usize = 15;
impl Part {
    fn new(limits: Limits, keeping: Keeping) -> Part {
        Part { flow: Flow::new(limits), keeping, ..Part::default() }
    }

    /// What belongs to no pair of ends: nothing yet.
    pub(super) fn of_rest(limits: Limits, keeping: Keeping) -> Part {
        Part { rest: true, ..Part::new(limits, keeping) }
    }

    /// What passes between two ends: nothing yet. It is looked through once so many bytes are kept, and again with so many more.
    pub(super) fn between_ends(limits: Limits, udp: bool, (enough, every): (usize, usize), keeping: Keeping) -> Part {
        Part { udp, enough, every, ..Part::new(limits, keeping) }
    }

    pub(super) fn take(
        &mut self,
        passed: Passed,
        next_id: &mut u32,
        connections: &mut usize,
        packet: Packet<'_>,
        frame: &Frame,
    ) {
        let Passed { number, copy_of, .. } = passed;
        self.flow.set_next_id(*next_id);
        let before = self.flow.conversations().len();
        self.flow.take(passed, packet, frame);
        *next_id = self.flow.next_id().max(*next_id);
        let opened = self.flow.conversations().iter().skip(before).filter(|conversation| conversation.tcp().is_some());
        for conversation in opened {
            *connections += 1;
            self.connections.push((conversation.id, *connections));
        }
        if self.keeping == Keeping::Nothing {
            return;
        }
        let header = header(&self.flow, self.keeping, number);
        if self.read_no_more(number) || copy_of != 0 && self.is_segment(number) {
            self.bytes.push(number, packet.bytes.get(..header).unwrap_or_default(), true);
        } else if header > 0 || !self.is_bare(number) {
            self.bytes.push(number, packet.bytes, false);
        }
    }

    /// Whether a packet is a TCP segment without data.
    fn is_bare(&self, number: u32) -> bool {
        let view = self.flow.row(number);
        view.is_some_and(|view| view.row.payload.len == 0 && view.tcp.is_some_and(|tcp| tcp.len == 0))
    }

    fn is_segment(&self, number: u32) -> bool {
        self.flow.row(number).is_some_and(|view| view.tcp.is_some())
    }

    /// Whether nobody will read the payload of a packet.
    fn read_no_more(&self, number: u32) -> bool {
        let Some((id, ahead)) = self.ahead.as_ref() else { return false };
        let Some(view) = self.flow.row(number) else { return false };
        let Some((tcp, start)) = view.tcp.and_then(|tcp| Some((tcp, tcp.relative_seq()?))) else { return false };
        let start = start + i64::from(tcp.flags.contains(Flags::SYN));
        let range = &ahead[view.row.direction as usize];
        let inside = tcp.len > 0 && range.start <= start && start + i64::from(tcp.len) <= range.end;
        let own = view.row.conversation == Some(*id) && view.row.payload.buffer == BufferRef::Frame(number);
        inside && own
    }

    /// Looks through what is kept; gives how many packets that were. `patient`: what is missing may still come.
    pub(super) fn settle(&mut self, key: &Key, keys: &KeyLog, patient: bool, scratch: &mut [Vec<u8>; 2]) -> u64 {
        let Some(conversation) = self.flow.current(key) else { return 0 };
        let (id, packets) = (conversation.id, conversation.packets.len() as u64);
        let passed: u64 = conversation
            .tcp()
            .map_or(0, |tcp| [tcp.client(), tcp.server()].iter().map(|half| half.counts().wire_bytes).sum());
        if self.onward.as_ref().is_none_or(|onward| onward.conversation() != id) && self.whole.1 != Some(id) {
            self.onward = Onward::new(&self.flow, id, &self.bytes).map(Box::new);
            self.whole = (0, self.onward.is_none().then_some(id));
        }
        let (flow, mut looked, mut further, mut waits) = (&self.flow, 0, false, false);
        let keeping = self.keeping;
        let header = |number| header(flow, keeping, number);
        if let Some(read) = self.onward.as_mut().and_then(|onward| onward.read(flow, &self.bytes, keys, scratch)) {
            (looked, further, waits) = (read.pieces, read.further, read.waits && patient);
            self.bytes.thin_front(read.needed, read.settled.frames, header);
            self.bytes.remember(id, read.settled.records);
            self.ahead = Some((id, read.settled.ahead));
        }
        let share = self.every + usize::try_from(passed / SHARE).unwrap_or(usize::MAX);
        let wait = if waits { self.every.saturating_mul(PATIENCE) } else { 0 };
        if self.onward.is_none() || self.bytes.len() > self.whole.0.saturating_add(share).saturating_add(wait) {
            if let Some(settled) = Settled::of(flow, id, &self.bytes, keys) {
                self.bytes.thin(&settled.frames, header);
                self.bytes.remember(id, settled.records);
                self.ahead = Some((id, settled.ahead));
            }
            looked += packets;
            if !further {
                self.onward = None;
            }
            let as_a_whole = self.onward.is_none();
            self.whole = (self.bytes.len(), as_a_whole.then_some(id));
            self.enough = self.bytes.len() + if as_a_whole { share } else { self.every };
        } else {
            self.enough = self.bytes.len() + self.every;
        }
        looked
    }
}

/// How many bytes of a packet are kept where its payload is not. Of a TCP segment the options are read again if it has SYN,
/// for the scale of windows.
fn header(flow: &Flow, keeping: Keeping, number: u32) -> usize {
    let Some(RowView { row, tcp }) = flow.row(number) else { return 0 };
    match tcp {
        Some(tcp) if keeping == Keeping::Payloads && !tcp.flags.contains(Flags::SYN) => 0,
        _ => row.payload.at as usize,
    }
}

impl Pair for Part {
    fn over(&self, key: &Key) -> bool {
        if self.udp {
            return self.flow.rows().len() >= MAX_UDP;
        }
        self.flow.current(key).and_then(|conversation| conversation.tcp()).is_some_and(|tcp| tcp.ended())
    }
    fn udp(&self) -> bool {
        self.udp
    }
    fn weight(&self) -> usize {
        self.flow.rows().len()
    }
    fn shrink(&mut self) {
        self.flow.shrink();
        self.bytes.shrink();
    }
    fn kept(&mut self) -> &mut open::Kept {
        &mut self.kept
    }
}
