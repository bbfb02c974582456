//! Frames as taps saw them.

use std::ops::Range;

use base::{EventId, FrameId, Instant, TapId};
use wire::{Body, Packet};

/// One observation of a frame.
#[derive(Clone, Copy, Debug)]
pub struct FrameMeta {
    /// Its index in the trace's table.
    pub id: FrameId,
    /// Where it was seen.
    pub tap: TapId,
    /// When: as it was handed to the interface, or as its last bit had arrived.
    pub at: Instant,
    /// Which way it passed the tap.
    pub direction: Direction,
    /// The same packet one observation earlier: at the other end of the link, before a router's or NAT's rewrite, before
    /// it was cut into fragments. `None` where it was made.
    pub derived_from: Option<FrameId>,
    /// The event of its passage: why it is here.
    pub event: EventId,
    head_start: usize,
    head_len: u8,
    /// Which of the bodies it carries.
    body: u32,
}

/// Which way a frame passed a tap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Into the device.
    In,
    /// Out of the device.
    Out,
}

/// All frames of a trace. Heads stand side by side. What a frame has in common with the one that it was derived from, its
/// body at each hop and its head from one end of a link to the other, is kept once.
#[derive(Clone, Debug)]
pub struct Frames {
    metas: Vec<FrameMeta>,
    heads: Vec<u8>,
    /// The first one is empty: that of all frames without one.
    bodies: Vec<Body>,
}

impl Default for Frames {
    fn default() -> Frames {
        Frames { metas: Vec::new(), heads: Vec::new(), bodies: vec![Body::empty()] }
    }
}

impl FrameMeta {
    fn head_range(&self) -> Range<usize> {
        self.head_start..self.head_start + usize::from(self.head_len)
    }
}

impl Frames {
    /// Number of frames.
    pub fn len(&self) -> usize {
        self.metas.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.metas.is_empty()
    }
    /// All observations, in order of happening.
    pub fn metas(&self) -> &[FrameMeta] {
        &self.metas
    }
    /// The observation `id`.
    pub fn meta(&self, id: FrameId) -> Option<&FrameMeta> {
        self.metas.get(id.index())
    }
    /// The frame's bytes in pieces, in order; nothing is copied.
    pub fn slices(&self, id: FrameId) -> impl Iterator<Item = &[u8]> {
        let meta = self.meta(id);
        let head = meta.map_or(&[][..], |meta| &self.heads[meta.head_range()]);
        let body = meta.and_then(|meta| self.bodies.get(meta.body as usize)).map_or(&[][..], Body::chunks);
        std::iter::once(head).chain(body.iter().map(|chunk| chunk.bytes().as_ref()))
    }
    /// The frame's length in bytes.
    pub fn frame_len(&self, id: FrameId) -> usize {
        self.slices(id).map(<[u8]>::len).sum()
    }
    /// The frame's bytes, copied.
    pub fn bytes(&self, id: FrameId) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.frame_len(id));
        self.slices(id).for_each(|piece| out.extend_from_slice(piece));
        out
    }

    pub(crate) fn push(
        &mut self,
        tap: TapId,
        at: Instant,
        direction: Direction,
        derived_from: Option<FrameId>,
        event: EventId,
        packet: &Packet,
    ) -> FrameId {
        let id = FrameId(self.metas.len() as u32);
        let before = derived_from.and_then(|before| self.meta(before)).copied();
        let (head_start, body) = (self.head_of(packet, before), self.body_of(packet, before));
        let head_len = packet.head().len() as u8; // a packet's head is at most 144 bytes
        self.metas.push(FrameMeta { id, tap, at, direction, derived_from, event, head_start, head_len, body });
        id
    }

    /// Where the packet's head stands, if need be from now on.
    fn head_of(&mut self, packet: &Packet, before: Option<FrameMeta>) -> usize {
        match before {
            Some(before) if self.heads[before.head_range()] == *packet.head() => before.head_start,
            _ => {
                self.heads.extend_from_slice(packet.head());
                self.heads.len() - packet.head().len()
            }
        }
    }

    /// Which of the bodies the packet carries, if need be a new one.
    fn body_of(&mut self, packet: &Packet, before: Option<FrameMeta>) -> u32 {
        let body = packet.body();
        match before {
            _ if body.is_empty() => 0,
            Some(before) if self.bodies[before.body as usize].is_same(body) => before.body,
            _ => {
                self.bodies.push(body.clone());
                self.bodies.len() as u32 - 1
            }
        }
    }
}
