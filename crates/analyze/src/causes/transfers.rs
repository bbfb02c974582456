//! What all walks along one connection have in common, found out once however many requests it carries.

use base::{Duration, Instant};
use flow::tcp::{Connection, Tcp};
use flow::{Conversation, Direction, Flow, Row, Verdicts};

use super::Room;

/// Sent again because it was lost.
pub(super) const RETRANSMITTED: Verdicts = Verdicts(Verdicts::RETRANSMISSION.0 | Verdicts::FAST_RETRANSMISSION.0);

/// A connection's segments in order of time, and what is known of them.
pub(super) struct Transfers<'a> {
    pub connection: &'a Connection,
    segments: Vec<(&'a Row, &'a Tcp)>,
    /// Up to each of them, the end of what the client had sent.
    asked: Vec<Option<i64>>,
    /// When each side first sent again what was lost.
    lost: [Option<Instant>; 2],
    rooms: [Room; 2],
    /// A round trip of the connection; zero where none is known.
    pub round_trip: Duration,
}

impl<'a> Transfers<'a> {
    /// Of a TCP connection.
    pub fn of(flow: &'a Flow, conversation: &'a Conversation) -> Option<Transfers<'a>> {
        let connection = conversation.tcp()?;
        let mut segments: Vec<(&Row, &Tcp)> = flow.segments(conversation).collect();
        segments.sort_by_key(|(row, _)| row.at);
        let mut end = None;
        let asked = segments.iter().map(|(row, tcp)| {
            if row.direction == Direction::ToServer && tcp.len > 0 {
                end = end.max(tcp.relative_seq().map(|seq| seq + i64::from(tcp.len)));
            }
            end
        });
        let asked = asked.collect();
        let lost = Direction::BOTH.map(|direction| {
            let again =
                |(row, tcp): &&(&Row, &Tcp)| row.direction == direction && tcp.verdicts.intersects(RETRANSMITTED);
            segments.iter().find(again).map(|(row, _)| row.at)
        });
        let rooms = Direction::BOTH.map(|direction| Room::new(connection, &segments, direction));
        let round_trip = crate::connections::round_trip(connection).unwrap_or_default();
        Some(Transfers { connection, segments, asked, lost, rooms, round_trip })
    }

    /// The segments after `from`, up to `to`.
    pub fn between(&self, from: Instant, to: Instant) -> &[(&'a Row, &'a Tcp)] {
        let (first, end) = (self.behind(from), self.behind(to));
        self.segments.get(first..end).unwrap_or_default()
    }
    /// The segments at `from` and later.
    pub fn since(&self, from: Instant) -> &[(&'a Row, &'a Tcp)] {
        &self.segments[self.segments.partition_point(|(row, _)| row.at < from)..]
    }
    /// The segments up to `to`.
    pub fn until(&self, to: Instant) -> &[(&'a Row, &'a Tcp)] {
        &self.segments[..self.behind(to)]
    }
    fn behind(&self, at: Instant) -> usize {
        self.segments.partition_point(|(row, _)| row.at <= at)
    }

    /// The end of what the client had sent until `at`, counted from its first byte.
    pub fn asked_until(&self, at: Instant) -> Option<i64> {
        self.asked.get(self.behind(at).checked_sub(1)?).copied().flatten()
    }
    /// Whether something of this direction was lost and sent again before `at`.
    pub fn lost_before(&self, direction: Direction, at: Instant) -> bool {
        self.lost[direction as usize].is_some_and(|first| first < at)
    }
    /// What the sender of this direction knows of the receiver's window.
    pub fn room(&self, direction: Direction) -> &Room {
        &self.rooms[direction as usize]
    }
}
