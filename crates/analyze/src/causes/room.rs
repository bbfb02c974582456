//! The receiver's window as its sender knows it.

use std::collections::VecDeque;

use base::Instant;
use flow::tcp::{Connection, Tcp};
use flow::{Direction, Row};
use wire::tcp::Flags;

/// What the sender of one direction knows of the receiver's window.
pub(crate) struct Room {
    /// The packets behind which no further segment fits.
    full: VecDeque<u32>,
}

impl Room {
    /// Follows the window of a connection: what the sender does now answers what the tap saw on its way to it.
    pub(crate) fn new(connection: &Connection, segments: &[(&Row, &Tcp)], direction: Direction) -> Room {
        let mut full = VecDeque::new();
        let receiver = connection.half(direction.opposite());
        let Some(shift) = shift(connection, direction.opposite()) else { return Room { full } };
        let largest = i64::from(connection.half(direction).max_segment());
        let there = receiver.rtt_min().unwrap_or_default();
        let mut announced: VecDeque<(Instant, i64)> = VecDeque::new();
        let mut edge: Option<i64> = None;
        for (row, tcp) in segments {
            if row.direction != direction {
                let shift = if tcp.flags.contains(Flags::SYN) { 0 } else { shift };
                announced.extend(tcp.relative_ack().map(|ack| (row.at, ack + (i64::from(tcp.window) << shift))));
                continue;
            }
            while announced.front().is_some_and(|(at, _)| *at + there <= row.at) {
                edge = announced.pop_front().map(|(_, new)| edge.map_or(new, |old| old.max(new)));
            }
            let (Some(edge), Some(start)) = (edge, tcp.relative_seq().filter(|_| tcp.len > 0)) else { continue };
            if start + i64::from(tcp.len) + largest > edge {
                full.push_back(row.number);
            }
        }
        Room { full }
    }

    /// Whether the last segment before packet `number` had filled the window; asked in ascending order.
    pub(crate) fn was_full_before(&mut self, number: u32) -> bool {
        let mut last = false;
        while self.full.front().is_some_and(|&full| full < number) {
            self.full.pop_front();
            last = true;
        }
        last
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
