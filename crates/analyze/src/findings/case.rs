//! What the predicates look at.

use std::collections::BTreeSet;

use base::{Duration, Instant, WallTime};
use flow::tcp::Tcp;
use flow::{Conversation, ConversationId, Direction, Flow, Layers, Row, Source};
use wire::tcp::{Flags, Options};

use crate::{Request, Summary};

/// A whole capture.
pub struct Case<'a> {
    /// What flow found.
    pub flow: &'a Flow,
    /// The packets' bytes.
    pub source: &'a dyn Source,
    /// The conversations that ICMP errors speak of.
    pub reported: BTreeSet<ConversationId>,
    /// Until when nothing more came: the capture's end, or when this part of it was given up.
    pub until: Instant,
}

impl Case<'_> {
    /// When packet `number` passed.
    pub fn at(&self, number: u32) -> Instant {
        self.flow.row(number).map_or(Instant::ZERO, |view| view.row.at)
    }
    /// Until when nothing more came.
    pub fn end(&self) -> Instant {
        self.until
    }
    /// The time to live (hop limit) of packet `number`.
    pub fn ttl(&self, number: u32) -> Option<u8> {
        self.flow.row(number)?.row.hop_limit
    }
    /// The TCP options of packet `number`.
    pub fn options(&self, number: u32) -> Options {
        crate::compatible::options(self.flow, self.source, number)
    }
}

/// A TCP connection with all that is known about it.
pub struct Connection<'a> {
    /// The capture.
    pub case: &'a Case<'a>,
    /// Its ends and packets.
    pub conversation: &'a Conversation,
    /// Both directions.
    pub tcp: &'a flow::Connection,
    /// It in one look.
    pub summary: Summary,
    /// What it carries.
    pub layers: &'a Layers,
    /// Its requests.
    pub requests: Vec<Request>,
    /// Its segments, in order.
    pub segments: Vec<(&'a Row, &'a Tcp)>,
    /// Whether an ICMP error speaks of it.
    pub reported: bool,
    /// Where the flow's zero lies on the wall clock.
    pub epoch: WallTime,
}

impl<'a> Connection<'a> {
    pub(super) fn new(
        case: &'a Case<'a>,
        conversation: &'a Conversation,
        layers: &'a Layers,
        epoch: WallTime,
    ) -> Option<Connection<'a>> {
        Some(Connection {
            case,
            conversation,
            tcp: conversation.tcp()?,
            summary: Summary::of(case.flow, layers)?,
            layers,
            requests: Request::of(case.flow, layers),
            segments: case.flow.segments(conversation).collect(),
            reported: case.reported.contains(&conversation.id),
            epoch,
        })
    }

    /// One round trip between the ends, if the capture tells.
    pub fn round_trip(&self) -> Option<Duration> {
        self.summary.round_trip
    }
    /// The end of which nothing was captured, although the other acknowledges what it sends.
    pub fn unseen(&self) -> Option<Direction> {
        let unseen = |direction: &Direction| {
            let (own, other) = (self.tcp.half(*direction), self.tcp.half(direction.opposite()));
            // An end that nobody answers repeats its SYN and acknowledges nothing.
            own.counts().packets == 0 && other.counts().packets > 1 && other.acked().is_some()
        };
        Direction::BOTH.into_iter().find(unseen)
    }
    /// The server as people write it.
    pub fn server(&self) -> String {
        self.conversation.server.to_string()
    }
    /// Who sends in this direction.
    pub fn sender(direction: Direction) -> &'static str {
        match direction {
            Direction::ToServer => "client",
            Direction::ToClient => "server",
        }
    }
    /// The segments of one direction.
    pub fn of(&self, direction: Direction) -> impl Iterator<Item = (&'a Row, &'a Tcp)> + '_ {
        self.segments.iter().copied().filter(move |(row, _)| row.direction == direction)
    }
    /// The segments with all these flags.
    pub fn with(&self, flags: Flags) -> impl Iterator<Item = (&'a Row, &'a Tcp)> + '_ {
        self.segments.iter().copied().filter(move |(_, tcp)| tcp.flags.contains(flags))
    }
}
