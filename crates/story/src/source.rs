//! Where a story's packets come from: a trace at one tap, or a capture.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base::{FrameId, Instant, TapId, WallTime};
use flow::{Flow, Packet};
use trace::{Trace, kinds};
use wire::link::LinkType;

/// Which tap of a trace a story is told from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TapChoice {
    /// The first client's interface.
    Client,
    /// Every tap: all hops.
    All,
    /// The tap with this name, or the first of the place with this name.
    Named(String),
}

/// Why a story cannot be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OpenError {
    /// There is no tap of that name.
    NoSuchTap {
        /// The name asked for.
        asked: String,
        /// The names that there are.
        known: Vec<String>,
    },
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let OpenError::NoSuchTap { asked, known } = self;
        write!(f, "there is no tap `{asked}`; there are {}", known.join(", "))
    }
}
impl std::error::Error for OpenError {}

/// The packets of a story.
pub(crate) enum Frames {
    /// Those that one tap of a simulation saw.
    Simulated {
        /// The run.
        trace: Box<Trace>,
        /// The tap; `None` for all of them.
        tap: Option<TapId>,
        /// Its frames, packet 1 first.
        ids: Vec<FrameId>,
    },
    /// Those of a capture.
    Captured {
        /// The file.
        file: Box<capture::read::File>,
        /// Its packets, where they are not in `file` but stay where they are.
        placed: Option<capture::read::Placed>,
        /// Its secrets and those given beside it.
        key_log: capture::keylog::KeyLog,
        /// The capture's zero, where these are some of its packets.
        began: Option<WallTime>,
    },
    /// Those of a part of a capture, under the numbers that they have in the whole.
    Part {
        /// Their bytes.
        bytes: flow::Kept,
        /// The capture's zero.
        epoch: WallTime,
    },
}

impl Frames {
    pub fn simulated(trace: Trace, choice: TapChoice) -> Result<Frames, OpenError> {
        let place_of = |name: &str| trace.places.iter().find(|place| place.name == name).map(|place| place.id);
        let tap = match &choice {
            TapChoice::Client => trace
                .taps
                .iter()
                .find(|tap| trace.place(tap.place).is_some_and(|place| place.role == trace::Role::Client)),
            TapChoice::All => {
                let ids = trace.frames.metas().iter().map(|meta| meta.id).collect();
                return Ok(Frames::Simulated { trace: Box::new(trace), tap: None, ids });
            }
            TapChoice::Named(name) => trace
                .tap_named(name)
                .or_else(|| place_of(name).and_then(|place| trace.taps.iter().find(|tap| tap.place == place))),
        };
        let Some(tap) = tap.map(|tap| tap.id) else {
            let asked = match choice {
                TapChoice::Client | TapChoice::All => "of a client".to_owned(),
                TapChoice::Named(name) => name,
            };
            return Err(OpenError::NoSuchTap { asked, known: trace.taps.iter().map(|tap| tap.name.clone()).collect() });
        };
        let ids = trace.frames_at(tap).map(|meta| meta.id).collect();
        Ok(Frames::Simulated { trace: Box::new(trace), tap: Some(tap), ids })
    }

    pub fn captured(file: capture::read::File, key_log: capture::keylog::KeyLog) -> Frames {
        Frames::placed(file, None, key_log)
    }

    pub fn placed(
        file: capture::read::File,
        placed: Option<capture::read::Placed>,
        mut key_log: capture::keylog::KeyLog,
    ) -> Frames {
        let (inside, _) = file.key_log();
        key_log.merge(&inside);
        Frames::Captured { file: Box::new(file), placed, key_log, began: None }
    }

    pub fn trace(&self) -> Option<&Trace> {
        match self {
            Frames::Simulated { trace, .. } => Some(trace),
            Frames::Captured { .. } | Frames::Part { .. } => None,
        }
    }
    pub fn secrets(&self) -> String {
        match self {
            Frames::Simulated { trace, .. } => trace.secrets.clone(),
            Frames::Captured { key_log, .. } => key_log.to_string(),
            Frames::Part { .. } => String::new(),
        }
    }
    pub fn tap(&self) -> Option<TapId> {
        match self {
            Frames::Simulated { tap, .. } => *tap,
            Frames::Captured { .. } | Frames::Part { .. } => None,
        }
    }
    pub fn frame_id(&self, number: u32) -> Option<FrameId> {
        match self {
            Frames::Simulated { ids, .. } => (number as usize).checked_sub(1).and_then(|at| ids.get(at)).copied(),
            Frames::Captured { .. } | Frames::Part { .. } => None,
        }
    }

    /// Frames are numbered as they happen, so those of a tap are in order.
    pub fn number_of(&self, frame: FrameId) -> Option<u32> {
        match self {
            Frames::Simulated { ids, .. } => ids.binary_search(&frame).ok().map(|at| at as u32 + 1),
            Frames::Captured { .. } | Frames::Part { .. } => None,
        }
    }

    /// A capture's zero is its first packet that has a time.
    pub fn epoch(&self) -> WallTime {
        match self {
            Frames::Simulated { trace, .. } => trace.epoch,
            Frames::Captured { began: Some(began), .. } => *began,
            Frames::Captured { file, placed, .. } => {
                let placed = placed.as_ref().and_then(capture::read::Placed::first_at);
                let first = placed.or_else(|| file.packets.iter().find_map(|packet| packet.at));
                first.unwrap_or(WallTime::from_unix_nanos(0))
            }
            Frames::Part { epoch, .. } => *epoch,
        }
    }

    pub fn push_into(&self, flow: &mut Flow) {
        match self {
            Frames::Simulated { trace, ids, .. } => {
                let mut bytes = Vec::new();
                for &id in ids {
                    let Some(meta) = trace.frames.meta(id) else { continue };
                    bytes.clear();
                    trace.frames.slices(id).for_each(|piece| bytes.extend_from_slice(piece));
                    flow.push(Packet {
                        at: meta.at,
                        interface: u32::from(meta.tap.0),
                        link: LinkType::ETHERNET,
                        bytes: &bytes,
                        original_len: bytes.len(),
                    });
                }
            }
            Frames::Captured { file, .. } => {
                let epoch = self.epoch();
                let mut last = Instant::ZERO;
                for packet in &file.packets {
                    // A packet without a time (pcapng's Simple Packet Block) stands where the one before it does.
                    let at = packet.at.map_or(last, |at| Instant::ZERO + (at - epoch));
                    last = at;
                    let link = file
                        .interfaces
                        .get(packet.interface as usize)
                        .map_or(LinkType::ETHERNET, |interface| LinkType(u32::from(interface.link_type.to_u16())));
                    let Ok(number) = u32::try_from(packet.number) else { break };
                    let packet = Packet {
                        at,
                        interface: packet.interface,
                        link,
                        bytes: &packet.data,
                        original_len: (packet.original_len as usize).max(packet.data.len()),
                    };
                    flow.push_as(number, packet);
                }
            }
            // They went through the flow before the part was made, as those that are placed did.
            Frames::Part { .. } => {}
        }
    }
}

impl flow::Source for Frames {
    fn frame(&self, number: u32) -> Option<Cow<'_, [u8]>> {
        match self {
            Frames::Simulated { trace, .. } => self.frame_id(number).map(|id| Cow::Owned(trace.frames.bytes(id))),
            Frames::Captured { placed: Some(placed), .. } => placed.bytes(number),
            Frames::Captured { file, .. } => {
                let dense = file.packets.get((number as usize).checked_sub(1)?);
                let packet = match dense.filter(|packet| packet.number == u64::from(number)) {
                    Some(packet) => packet,
                    None => {
                        let at = file.packets.binary_search_by_key(&u64::from(number), |packet| packet.number).ok()?;
                        file.packets.get(at)?
                    }
                };
                Some(Cow::Borrowed(packet.data.as_ref()))
            }
            Frames::Part { bytes, .. } => bytes.frame(number),
        }
    }
    fn let_go(&self, number: u32) -> bool {
        matches!(self, Frames::Part { bytes, .. } if bytes.let_go(number))
    }
    fn settled(
        &self,
        conversation: flow::ConversationId,
        direction: flow::Direction,
        at: usize,
    ) -> Option<&flow::SettledRecord> {
        match self {
            Frames::Part { bytes, .. } => bytes.settled(conversation, direction, at),
            _ => None,
        }
    }
}

/// The frames of the story's tap whose packet was lost or dropped on its way from there, and where.
pub(crate) fn losses(trace: &Trace, frames: &Frames) -> BTreeMap<FrameId, String> {
    let Frames::Simulated { tap, .. } = frames else { return BTreeMap::new() };
    let mut out = BTreeMap::new();
    for event in &trace.events {
        let lost = std::ptr::eq(event.kind, &kinds::link::LOST) || std::ptr::eq(event.kind, &kinds::link::QUEUE_DROP);
        if !lost {
            continue;
        }
        // The loss names the last observation; the packet may have passed our tap before that.
        let frame = FrameId(event.args[0] as u32);
        let seen = std::iter::once(frame).chain(trace.ancestors(frame));
        for id in seen.filter(|&id| trace.frames.meta(id).is_some_and(|meta| tap.is_none_or(|tap| tap == meta.tap))) {
            out.insert(id, trace.place(event.place).map_or_else(String::new, |place| place.name.clone()));
        }
    }
    out
}
