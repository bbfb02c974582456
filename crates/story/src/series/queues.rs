//! The queues in front of a simulation's links: how much waits, what is dropped and what is lost.

use std::collections::BTreeMap;

use base::{Duration, Instant, TapId};
use trace::{Kind, kinds::link as kind};

use super::thin::Points;
use super::{Graph, Meaning, Window};
use crate::Story;
use crate::lineage::frame_of;
use crate::shown::How;

const WAITING: Meaning = Meaning {
    id: "queue",
    name: "waiting",
    look: "step",
    role: "data",
    line: "bytes that wait for the line, the frame on it not counted",
};
const DROPPED: Meaning = Meaning {
    id: "dropped",
    name: "dropped",
    look: "cross",
    role: "drop",
    line: "a frame that the full queue, or a line for smaller packets, has no room for",
};
const LOST: Meaning =
    Meaning { id: "lost", name: "lost", look: "diamond", role: "loss", line: "a frame that the line itself loses" };

/// One direction of a link, by the tap in front of it.
#[derive(Default)]
struct Lane {
    /// What the queue gains and loses, when.
    changes: Vec<(Instant, i64)>,
    drops: Vec<(Instant, u32)>,
    losses: Vec<(Instant, u32)>,
}

/// A graph for each direction of a link where a frame waited or was lost. None for a capture: no packet tells of a queue.
pub(super) fn graphs(story: &Story, window: Window) -> Vec<Graph> {
    let Some(trace) = story.trace() else { return Vec::new() };
    let mut lanes: BTreeMap<TapId, Lane> = BTreeMap::new();
    for event in &trace.events {
        let is = |kinds: &[&'static Kind]| kinds.iter().any(|kind| std::ptr::eq(*kind, event.kind));
        let (queued, dropped) = (is(&[&kind::QUEUED]), is(&[&kind::QUEUE_DROP, &kind::TOO_BIG]));
        let lost = is(&[&kind::LOST]);
        if !(queued || dropped || lost) {
            continue;
        }
        let Some(frame) = frame_of(event) else { continue };
        let Some(tap) = trace.frames.meta(frame).map(|meta| meta.tap) else { continue };
        let lane = lanes.entry(tap).or_default();
        let packet = story.lineage().number(frame).unwrap_or(0);
        if queued {
            let len = i64::try_from(trace.frames.frame_len(frame)).unwrap_or(0);
            let wait = Duration::from_nanos(i64::try_from(event.args[1]).unwrap_or(i64::MAX));
            lane.changes.extend([(event.at, len), (event.at + wait, -len)]);
        } else if dropped {
            lane.drops.push((event.at, packet));
        } else {
            lane.losses.push((event.at, packet));
        }
    }
    lanes.into_iter().filter_map(|(tap, lane)| Some(graph(&trace.tap(tap)?.name, lane, window))).collect()
}

fn graph(tap: &str, mut lane: Lane, window: Window) -> Graph {
    // What leaves at a moment makes room before what comes at that moment.
    lane.changes.sort_by_key(|&(at, change)| (at, change));
    let mut waiting = 0;
    let levels: Vec<(Instant, i64)> = lane
        .changes
        .iter()
        .map(|&(at, change)| {
            waiting += change;
            (at, waiting)
        })
        .collect();
    let level = |at: Instant| {
        let before = levels.partition_point(|level| level.0 <= at);
        before.checked_sub(1).map_or(0, |last| levels[last].1)
    };
    let marks = |of: &[(Instant, u32)]| {
        let mut points = Points::default();
        of.iter().for_each(|&(at, packet)| points.add_packet(window, at, level(at), packet));
        points
    };
    let (drops, losses) = (marks(&lane.drops), marks(&lane.losses));
    let seen = |meaning: Meaning, points| meaning.with(window, How::Witnessed, "", points);
    Graph {
        id: format!("queue.{tap}"),
        title: format!("The queue at {tap}"),
        line: "what waits adds to every round trip; what finds no room is lost",
        unit: "bytes",
        side: None,
        series: vec![
            seen(WAITING, Points::steps(window, levels.iter().copied())),
            seen(DROPPED, drops),
            seen(LOST, losses),
        ],
        notes: Vec::new(),
    }
}
