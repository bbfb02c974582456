//! The ladder of all hops: one row a crossing of a link.

use base::FrameId;
use trace::{Direction, Trace};

use super::columns::{Columns, Packed};
use super::ns;
use super::tables::{Tables, class};
use crate::run::Seen;

/// The crossings of links in a simulation, as columns, in the order in which they begin; `None` for a capture.
pub fn hops(seen: &Seen) -> Option<Packed> {
    let trace = seen.story.trace()?;
    let journeys = seen.tables().journeys.as_ref()?;
    let numbers = numbers(seen, trace);
    let mut rows = Rows::default();
    for meta in trace.frames.metas().iter().filter(|meta| meta.direction == Direction::Out) {
        let Some(from) = trace.tap(meta.tap).map(|tap| tap.place) else { continue };
        let lost = journeys.lost_behind(meta.id);
        let mut reached = false;
        for end in journeys.following(meta.id) {
            let Some(there) = trace.frames.meta(end).filter(|there| there.direction == Direction::In) else { continue };
            let Some(to) = trace.tap(there.tap).map(|tap| tap.place) else { continue };
            reached = true;
            rows.push(ns(meta.at), from.0, meta.id);
            rows.arrived.push(ns(there.at));
            rows.to.push(to.0);
            rows.lost_ns.push(f64::NAN);
            rows.lost_at.push(0);
            rows.frame_to.push(end.0 + 1);
            rows.say(seen, numbers[meta.id.index()], trace.frames.frame_len(meta.id));
        }
        if !reached {
            rows.push(ns(meta.at), from.0, meta.id);
            rows.arrived.push(f64::NAN);
            // Where it was going, nobody saw: the page draws it to where it was lost.
            rows.to.push(from.0);
            rows.lost_ns.push(lost.map_or(f64::NAN, |(_, at)| ns(at)));
            rows.lost_at.push(lost.map_or(0, |(place, _)| place.0 + 1));
            rows.frame_to.push(0);
            rows.say(seen, numbers[meta.id.index()], trace.frames.frame_len(meta.id));
        }
    }
    Some(rows.finish())
}

/// For each frame the number of the same packet at the story's tap; 0 if it never passes there.
fn numbers(seen: &Seen, trace: &Trace) -> Vec<u32> {
    let mut numbers = vec![0; trace.frames.len()];
    for number in 1..=seen.story.len() as u32 {
        let Some(frame) = seen.story.frame_id(number) else { continue };
        let origin = trace.ancestors(frame).last().unwrap_or(frame);
        let mut todo = vec![origin];
        while let Some(frame) = todo.pop() {
            if let Some(slot) = numbers.get_mut(frame.index()).filter(|slot| **slot == 0) {
                *slot = number;
            }
            todo.extend(seen.tables().journeys.iter().flat_map(|journeys| journeys.following(frame)));
        }
    }
    numbers
}

#[derive(Default)]
struct Rows {
    sent: Vec<f64>,
    arrived: Vec<f64>,
    lost_ns: Vec<f64>,
    from: Vec<u16>,
    to: Vec<u16>,
    lost_at: Vec<u16>,
    protocol: Vec<u8>,
    class: Vec<u8>,
    length: Vec<u32>,
    packet: Vec<u32>,
    frame: Vec<u32>,
    frame_to: Vec<u32>,
}

impl Rows {
    fn push(&mut self, sent: f64, from: u16, frame: FrameId) {
        self.sent.push(sent);
        self.from.push(from);
        self.frame.push(frame.0 + 1);
    }

    /// What it is, as the packet at the tap says; a packet that never passes there is an IP packet of some sort.
    fn say(&mut self, seen: &Seen, number: u32, length: usize) {
        let row = seen.story.row(number);
        let protocol = row.as_ref().and_then(|row| index(seen.tables(), row.protocol)).unwrap_or(u8::MAX);
        self.protocol.push(protocol);
        self.class.push(seen.story.flow().row(number).map_or(7, |view| class(&view)));
        self.length.push(length as u32);
        self.packet.push(number);
    }

    fn finish(self) -> Packed {
        let mut out = Columns::new(self.sent.len());
        out.add("sent", self.sent.into());
        out.add("arrived", self.arrived.into());
        out.add("lost_ns", self.lost_ns.into());
        out.add("length", self.length.into());
        out.add("packet", self.packet.into());
        out.add("frame", self.frame.into());
        out.add("frame_to", self.frame_to.into());
        out.add("from", self.from.into());
        out.add("to", self.to.into());
        out.add("lost_at", self.lost_at.into());
        out.add("protocol", self.protocol.into());
        out.add("class", self.class.into());
        out.finish()
    }
}

/// The protocol's place in the head's table.
fn index(tables: &Tables, protocol: &str) -> Option<u8> {
    tables.protocols.iter().position(|one| one.name == protocol).map(|at| at as u8)
}
