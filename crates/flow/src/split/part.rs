//! A part of a capture, as long as it is open.

use std::ops::Range;

use base::Instant;
use capture::keylog::KeyLog;
use wire::frame::Frame;

use super::Kept;
use crate::conversation::Key;
use crate::open::{self, Pair};
use crate::settle::{Onward, Settled};
use crate::{BufferRef, ConversationId, Flow, Limits, Packet};

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
    /// Whether no bytes are kept.
    pub(super) bare: bool,
    /// How far its connection was read.
    onward: Option<Box<Onward>>,
    /// How many bytes were kept when it was last looked at as a whole, and which connection.
    whole: (usize, Option<ConversationId>),
    /// Of each direction of a connection the relative sequence numbers of what is not kept when it comes.
    ahead: Option<(ConversationId, [Range<i64>; 2])>,
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
    fn new(limits: Limits, bare: bool) -> Part {
        Part { flow: Flow::new(limits), bare, ..Part::default() }
    }

    /// What belongs to no pair of ends: nothing yet.
    pub(super) fn of_rest(limits: Limits, bare: bool) -> Part {
        Part { rest: true, ..Part::new(limits, bare) }
    }

    /// What passes between two ends: nothing yet. It is looked through once so many bytes are kept, and again with so many more.
    pub(super) fn between_ends(limits: Limits, udp: bool, (enough, every): (usize, usize), bare: bool) -> Part {
        Part { udp, enough, every, ..Part::new(limits, bare) }
    }

    pub(super) fn take(
        &mut self,
        number: u32,
        next_id: &mut u32,
        connections: &mut usize,
        packet: Packet<'_>,
        frame: Frame,
    ) {
        self.flow.set_next_id(*next_id);
        let before = self.flow.conversations().len();
        self.flow.take(number, packet, frame);
        *next_id = self.flow.next_id().max(*next_id);
        let opened = self.flow.conversations().iter().skip(before).filter(|conversation| conversation.tcp().is_some());
        for conversation in opened {
            *connections += 1;
            self.connections.push((conversation.id, *connections));
        }
        if self.bare {
            return;
        }
        match self.read_no_more(number) {
            Some(header) => self.bytes.push(number, packet.bytes.get(..header).unwrap_or_default(), true),
            None => self.bytes.push(number, packet.bytes, false),
        }
    }

    /// The length of the headers of a packet whose payload nobody will read.
    fn read_no_more(&self, number: u32) -> Option<usize> {
        let (id, ahead) = self.ahead.as_ref()?;
        let view = self.flow.row(number)?;
        let (tcp, payload) = (view.tcp?, view.row.payload);
        let start = tcp.relative_seq()? + i64::from(tcp.flags.contains(wire::tcp::Flags::SYN));
        let range = &ahead[view.row.direction as usize];
        let inside = tcp.len > 0 && range.start <= start && start + i64::from(tcp.len) <= range.end;
        let own = view.row.conversation == Some(*id) && payload.buffer == BufferRef::Frame(number);
        (inside && own).then_some(payload.at as usize)
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
        let header = |number| flow.row(number).map(|view| view.row.payload.at as usize);
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
    fn kept(&mut self) -> &mut open::Kept {
        &mut self.kept
    }
}
