//! Frames as taps saw them.

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
}

/// Which way a frame passed a tap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Into the device.
    In,
    /// Out of the device.
    Out,
}

/// All frames of a trace. Heads stand side by side; bodies are shared with all other frames that carry them.
#[derive(Clone, Default, Debug)]
pub struct Frames {
    metas: Vec<FrameMeta>,
    heads: Vec<u8>,
    bodies: Vec<Body>,
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
        let head = self.meta(id).map_or(&[][..], |m| &self.heads[m.head_start..m.head_start + usize::from(m.head_len)]);
        let chunks = self.bodies.get(id.index()).map_or(&[][..], Body::chunks);
        std::iter::once(head).chain(chunks.iter().map(|chunk| chunk.bytes().as_ref()))
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
        let head = packet.head();
        let head_start = self.heads.len();
        self.heads.extend_from_slice(head);
        self.bodies.push(packet.body().clone());
        let head_len = head.len() as u8; // a packet's head is at most 144 bytes
        self.metas.push(FrameMeta { id, tap, at, direction, derived_from, event, head_start, head_len });
        id
    }
}
