//! Which frames are the same packet on its way, and which packet of the story an event is about.

use std::collections::BTreeMap;

use base::{EventId, FrameId};
use trace::{Event, FrameMeta, Trace, kinds};

/// The families of a trace's frames: each packet where it was made, and all that was derived from it.
#[derive(Debug, Default)]
pub(crate) struct Lineage {
    /// For each frame, the observation where its packet was made.
    root: Vec<FrameId>,
    /// Frames that were derived from another, by that one: a sorted list of pairs.
    children: Vec<(FrameId, FrameId)>,
    /// The packets at the story's tap, by their roots.
    numbers: BTreeMap<FrameId, Vec<u32>>,
    /// The packet that each frame of the story's tap is.
    by_frame: BTreeMap<FrameId, u32>,
    /// The frame that a sending made; the first, if it was cut.
    made: BTreeMap<EventId, FrameId>,
    /// The frames that were lost on the line behind them, or before it, and the events that say so.
    lost: BTreeMap<FrameId, EventId>,
}

impl Lineage {
    /// Reads a trace's frames once; `ids` are those of the story's tap, packet 1 first.
    pub fn of(trace: &Trace, ids: &[FrameId]) -> Lineage {
        let mut lineage = Lineage::default();
        for meta in trace.frames.metas() {
            let root = meta.derived_from.and_then(|parent| lineage.root.get(parent.index()).copied());
            lineage.root.push(root.unwrap_or(meta.id));
            lineage.children.extend(meta.derived_from.map(|parent| (parent, meta.id)));
            if meta.derived_from.is_none()
                && let Some(sending) = sending(trace, meta)
            {
                lineage.made.entry(sending).or_insert(meta.id);
            }
        }
        lineage.children.sort_unstable();
        for event in trace.events.iter().filter(|event| crate::hops::is_loss(event)) {
            lineage.lost.extend(frame_of(event).map(|frame| (frame, event.id)));
        }
        for (&id, number) in ids.iter().zip(1..) {
            lineage.numbers.entry(lineage.root(id)).or_default().push(number);
            lineage.by_frame.insert(id, number);
        }
        lineage
    }

    /// The observation where the packet of `frame` was made.
    pub fn root(&self, frame: FrameId) -> FrameId {
        self.root.get(frame.index()).copied().unwrap_or(frame)
    }
    /// The observations that were derived from this one: at the other end of the link, behind a router, its fragments.
    pub fn children(&self, frame: FrameId) -> impl Iterator<Item = FrameId> + '_ {
        let from = self.children.partition_point(|(parent, _)| *parent < frame);
        self.children[from..].iter().take_while(move |(parent, _)| *parent == frame).map(|(_, child)| *child)
    }
    /// The packet of the story that was seen as `frame`.
    pub fn packet_at(&self, frame: FrameId) -> Option<u32> {
        self.by_frame.get(&frame).copied()
    }
    /// The event that says that a frame which left here was lost.
    pub fn lost(&self, frame: FrameId) -> Option<EventId> {
        self.lost.get(&frame).copied()
    }
    /// The packet of the story that `frame` is, or that it was or becomes on its way past the tap; the first of several.
    pub fn number(&self, frame: FrameId) -> Option<u32> {
        let own = self.by_frame.get(&frame).copied();
        own.or_else(|| self.numbers.get(&self.root(frame)).and_then(|numbers| numbers.first()).copied())
    }
    /// The packet of the story that an event is about: the one that it sends, the frame that it names, or the one that brought it
    /// about.
    pub fn packet_of(&self, trace: &Trace, event: &Event) -> Option<u32> {
        if let Some(&frame) = self.made.get(&event.id) {
            return self.number(frame);
        }
        self.number(trace.causes(event.id).take(6).find_map(frame_of)?)
    }
}

/// The frame that an event names.
pub(crate) fn frame_of(event: &Event) -> Option<FrameId> {
    matches!(event.kind.args[0], trace::Arg::Frame).then_some(FrameId(u32::try_from(event.args[0]).ok()?))
}

/// The sending, by TCP or UDP, that made the packet of a frame that leaves its maker.
fn sending(trace: &Trace, meta: &FrameMeta) -> Option<EventId> {
    let is =
        |event: &&Event| [&kinds::tcp::SENT, &kinds::ip::UDP_SENT].iter().any(|kind| std::ptr::eq(*kind, event.kind));
    trace.causes(meta.event).take(4).find(is).map(|event| event.id)
}
