//! The receiver's window as its sender knows it.

use std::collections::VecDeque;
use std::ops::Range;

use base::{Duration, Instant};
use flow::tcp::{Connection, Tcp};
use flow::{Direction, Row};
use wire::tcp::Flags;

/// What the sender of one direction knows of the receiver's window.
pub(crate) struct Room {
    /// The packets behind which no further segment fits.
    full: Vec<u32>,
    /// How long the sender, if it paces, was held by the window.
    held: Option<Duration>,
}

/// A sender that paces goes on below the window's edge while it probes: so many tenths of the window are in flight at least.
const NEAR: i64 = 7;
/// Round trips that it must stay there.
const ROUND_TRIPS: i64 = 3;
/// Times that it must have come up to the edge.
const TOUCHES: usize = 3;

/// What a sender's data waited for.
#[derive(Default)]
struct Waits {
    all: Duration,
    /// Behind segments that left little of the window.
    near: Duration,
    /// Those of them that were so long that it stood still.
    long: Duration,
}

impl Room {
    /// Follows the window of a connection: what the sender does now answers what the tap saw on its way to it.
    pub(crate) fn new(connection: &Connection, segments: &[(&Row, &Tcp)], direction: Direction) -> Room {
        let mut room = Room { full: Vec::new(), held: None };
        let receiver = connection.half(direction.opposite());
        let Some(shift) = shift(connection, direction.opposite()) else { return room };
        let largest = i64::from(connection.half(direction).max_segment());
        let there = receiver.rtt_min().unwrap_or_default();
        let mut announced: VecDeque<(Instant, i64, i64)> = VecDeque::new();
        let (mut edge, mut window) = (None, 0);
        // When the last segment passed, whether it left little of the window, and how long such ones were waited behind.
        let mut before: Option<(Instant, bool)> = None;
        let mut waits = Waits::default();
        let long = Duration::from_millis(1).max(crate::connections::round_trip(connection).unwrap_or_default() / 4);
        for (row, tcp) in segments {
            if row.direction != direction {
                let shift = if tcp.flags.contains(Flags::SYN) { 0 } else { shift };
                let open = i64::from(tcp.window) << shift;
                announced.extend(tcp.relative_ack().map(|ack| (row.at, ack + open, open)));
                continue;
            }
            while announced.front().is_some_and(|(at, ..)| *at + there <= row.at) {
                let Some((_, new, open)) = announced.pop_front() else { break };
                (edge, window) = (Some(edge.map_or(new, |old: i64| old.max(new))), open);
            }
            let (Some(edge), Some(start)) = (edge, tcp.relative_seq().filter(|_| tcp.len > 0)) else { continue };
            let end = start + i64::from(tcp.len);
            if end + largest > edge {
                room.full.push(row.number);
            }
            if let Some((at, was_near)) = before {
                let waited = row.at.since(at);
                waits.all += waited;
                waits.near += if was_near { waited } else { Duration::ZERO };
                waits.long += if was_near && waited > long { waited } else { Duration::ZERO };
            }
            before = Some((row.at, (edge - end) * 10 <= window * (10 - NEAR)));
        }
        room.held = room.holds(connection, segments, direction, &waits).then_some(waits.near);
        room
    }

    /// Whether the window is what set the rate: most of the time nearly all of it was in flight, and it took no longer than
    /// the path does, so that the rate is a window a round trip (RFC 7323 §1.1). Where queues make the round trip longer it is
    /// a link that sets the rate.
    fn holds(&self, connection: &Connection, segments: &[(&Row, &Tcp)], direction: Direction, waits: &Waits) -> bool {
        let Some(round_trip) = crate::connections::round_trip(connection) else { return false };
        let Some(least) = connection.half(direction).rtt_min() else { return false };
        let least_time = Duration::from_millis(2).max(round_trip) * ROUND_TRIPS;
        let most = waits.near >= least_time && waits.near >= waits.all / 2 && waits.long < waits.near / 2;
        if !most || self.full.len() < TOUCHES {
            return false;
        }
        let acks = segments.iter().filter(|(row, _)| row.direction != direction);
        let mut samples: Vec<Duration> = acks.filter_map(|(_, tcp)| tcp.rtt()).collect();
        samples.sort_unstable();
        let median = samples.get(samples.len() / 2).copied().unwrap_or_default();
        median <= least + round_trip / 4 + Duration::from_millis(1)
    }

    /// How long the sender was held by the window although it hardly ever stood still, if it was.
    pub(crate) fn held(&self) -> Option<Duration> {
        self.held
    }
    /// Whether one of these packets had filled the window.
    pub(crate) fn was_full(&self, among: Range<u32>) -> bool {
        let first = self.full.partition_point(|&full| full < among.start);
        self.full.get(first).is_some_and(|&full| full < among.end)
    }
    /// The packets behind which no further segment fitted.
    pub(crate) fn packets(&self) -> impl Iterator<Item = u32> + '_ {
        self.full.iter().copied()
    }
}

/// The shift of the windows that one side announces (RFC 7323 §2.2: on if both SYNs carry the option).
fn shift(connection: &Connection, sender: Direction) -> Option<u8> {
    let (own, other) = (connection.half(sender).syn_options()?, connection.half(sender.opposite()).syn_options()?);
    Some(if other.window_scale.is_some() { own.window_scale.unwrap_or(0).min(14) } else { 0 })
}
