//! One packet followed over its hops: where it was seen, what each device changed, and the table entry that decided.

mod changes;
mod decisions;
mod tables;

pub use changes::Change;
pub use decisions::Table;
pub(crate) use tables::{Tables, of as tables_of};

use base::FrameId;
use serde::Serialize;
use trace::{Direction, FrameMeta, Role, Trace, kinds};

use crate::{Story, why};

/// A packet on its way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Journey {
    /// The packet at the story's tap.
    pub packet: u32,
    /// Device by device, in order of time; where the packet was copied or cut, each piece goes on by itself.
    pub hops: Vec<Hop>,
    /// Why there are none: a capture shows one place only. Empty otherwise.
    pub why: &'static str,
}

/// A device on the way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Hop {
    /// The device.
    pub place: String,
    /// The interface where it came in; empty where the packet was made.
    pub in_tap: String,
    /// The interface where it went out; empty where it ended.
    pub out_tap: String,
    /// When it came in, or was made.
    pub at_ns: i64,
    /// When it went out; `None` where it ended.
    pub out_ns: Option<i64>,
    /// What the device did with it, in words.
    pub what: String,
    /// The fields that the device changed.
    pub fields: Vec<Change>,
    /// The fields that changed on the line before it: bits that flipped.
    pub damaged: Vec<Change>,
    /// The tables that decided over its way on.
    pub decided: Vec<Table>,
    /// Where and why it was lost behind this device, or discarded in it, if it was.
    pub lost: Option<String>,
    /// When that was.
    pub lost_ns: Option<i64>,
    /// The packet of the story that was seen here; `None` at other places than the story's tap.
    pub packet: Option<u32>,
}

/// Devices of one journey, at most: a packet for everyone on a large network reaches many.
const MAX_HOPS: usize = 256;

impl Story {
    /// Packet `number` from where it was made to where it ended. `None` if there is no such packet.
    pub fn journey(&self, number: u32) -> Option<Journey> {
        self.flow().row(number)?;
        let (Some(trace), Some(frame)) = (self.trace(), self.frame_id(number)) else {
            let why = "a capture shows a packet at one place; what happened to it elsewhere is not known";
            return Some(Journey { packet: number, hops: Vec::new(), why });
        };
        let root = self.lineage().root(frame);
        let mut hops = Vec::new();
        if let Some(meta) = trace.frames.meta(root) {
            self.follow(trace, None, meta, &mut hops);
        }
        hops.sort_by_key(|hop| (hop.at_ns, hop.out_ns));
        Some(Journey { packet: number, hops, why: "" })
    }

    /// The device where `out` left, having come in as `came`, and all behind it.
    fn follow(&self, trace: &Trace, came: Option<&FrameMeta>, out: &FrameMeta, hops: &mut Vec<Hop>) {
        // Each step goes to frames with larger numbers, so this ends; a stack, because a path may be long.
        let mut waiting = vec![(came.copied(), *out)];
        while let Some((came, out)) = waiting.pop() {
            if hops.len() >= MAX_HOPS {
                return;
            }
            hops.push(self.passed(trace, came.as_ref(), &out));
            for arrived in self.metas(trace, out.id) {
                let onward = self.metas(trace, arrived.id);
                if onward.is_empty() {
                    hops.push(self.ended(trace, &arrived));
                }
                waiting.extend(onward.into_iter().map(|next| (Some(arrived), next)));
            }
        }
    }

    fn metas(&self, trace: &Trace, of: FrameId) -> Vec<FrameMeta> {
        self.lineage().children(of).filter_map(|id| trace.frames.meta(id).copied()).collect()
    }

    /// A device that sent the packet, or passed it on.
    fn passed(&self, trace: &Trace, came: Option<&FrameMeta>, out: &FrameMeta) -> Hop {
        let fields = came.map(|came| changes::between(trace, came.id, out.id)).unwrap_or_default();
        let role = place_of(trace, out).map(|place| place.role);
        let has = |id: &str| fields.iter().any(|change: &Change| change.id == id);
        let what = match (came, role) {
            (None, _) => "makes it and sends it",
            (Some(_), Some(Role::Switch)) => "passes it on as it is",
            (Some(_), _) if has("ipv4.fragment_offset") || has("ipv4.more_fragments") => {
                "cuts it and sends this piece on"
            }
            (Some(_), _) if has("ipv4.src") => "puts its own address in the place of the sender's and sends it on",
            (Some(_), _) if has("ipv4.dst") => {
                "puts the address of the machine behind it in the place of its own and sends it on"
            }
            (Some(_), _) => "sends it on",
        };
        let mut hop = self.hop(trace, came.unwrap_or(out), what);
        hop.in_tap = came.map(|came| tap(trace, came)).unwrap_or_default();
        hop.out_tap = tap(trace, out);
        hop.out_ns = Some(out.at.as_nanos());
        hop.fields = fields;
        hop.decided = decisions::tables(trace, self.tables(), out);
        hop.packet = hop.packet.or_else(|| self.lineage().packet_at(out.id));
        if let Some(lost) = self.lineage().lost(out.id).and_then(|event| trace.event(event)) {
            let place = trace.place(lost.place).map_or("", |place| place.name.as_str());
            hop.lost = Some(format!("{place}: {}", why::text(trace, lost)));
            hop.lost_ns = Some(lost.at.as_nanos());
        }
        hop
    }

    /// The device where the packet ended.
    fn ended(&self, trace: &Trace, arrived: &FrameMeta) -> Hop {
        let mut hop = self.hop(trace, arrived, "takes it in");
        hop.in_tap = tap(trace, arrived);
        if let Some(refused) = decisions::refusal(trace, arrived) {
            hop.what = "discards it".to_owned();
            hop.lost = Some(why::text(trace, refused));
            hop.lost_ns = Some(refused.at.as_nanos());
        } else if !decisions::taken(trace, arrived) {
            hop.what = "is not whom it is for, and ignores it".to_owned();
        }
        hop
    }

    fn hop(&self, trace: &Trace, seen: &FrameMeta, what: &str) -> Hop {
        let sent = seen.derived_from.filter(|_| seen.direction == Direction::In);
        Hop {
            place: place_of(trace, seen).map_or_else(String::new, |place| place.name.clone()),
            in_tap: String::new(),
            out_tap: String::new(),
            at_ns: seen.at.as_nanos(),
            out_ns: None,
            what: what.to_owned(),
            fields: Vec::new(),
            damaged: sent.map(|sent| changes::between(trace, sent, seen.id)).unwrap_or_default(),
            decided: Vec::new(),
            lost: None,
            lost_ns: None,
            packet: self.lineage().packet_at(seen.id),
        }
    }
}

fn place_of<'t>(trace: &'t Trace, meta: &FrameMeta) -> Option<&'t trace::Place> {
    trace.place(trace.tap(meta.tap)?.place)
}

fn tap(trace: &Trace, meta: &FrameMeta) -> String {
    trace.tap(meta.tap).map_or_else(String::new, |tap| tap.name.clone())
}

/// Whether an event says that a frame was lost on the line or before it.
pub(crate) fn is_loss(event: &trace::Event) -> bool {
    use kinds::link::{LOST, NOT_CONNECTED, QUEUE_DROP, TOO_BIG};
    [&LOST, &QUEUE_DROP, &TOO_BIG, &NOT_CONNECTED].iter().any(|kind| std::ptr::eq(*kind, event.kind))
}
