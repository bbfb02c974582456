//! A TCP connection in a second, longer look: what takes another walk over its segments.

use std::fmt;

use base::{Duration, Instant};
use flow::tcp::{Connection, Tcp};
use flow::{Direction, Flow, Row, Verdicts};
use wire::tcp::Flags;

use crate::repeats::{self, Repeat, RepeatCause};
use crate::{Cause, Summary, TimeSpent};

/// How much of a connection the capture has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Completeness {
    /// The SYN, the SYN ACK and the acknowledgment of that.
    pub handshake: [bool; 3],
    /// Data of the client, of the server.
    pub data: [bool; 2],
    /// A FIN of the client, of the server.
    pub fin: [bool; 2],
    /// A reset.
    pub reset: bool,
    /// Whether packets of both directions are there.
    pub both_directions: bool,
    /// Acknowledgments of bytes that the capture lacks: so often it has lost packets.
    pub holes: u32,
}

impl Completeness {
    /// Whether all of it is there: handshake, and close or reset, without a hole.
    pub fn whole(&self) -> bool {
        self.handshake == [true; 3] && (self.fin == [true; 2] || self.reset) && self.holes == 0
    }
}

/// In words: `whole: handshake, data, close`.
impl fmt::Display for Completeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = vec![match self.handshake {
            [true, true, true] => "handshake",
            [true, true, false] => "handshake without its last step",
            [true, false, _] => "SYN without an answer",
            [false, true, _] => "handshake without the SYN",
            [false, false, _] => "begun before the capture",
        }];
        parts.push(match self.data {
            [true, true] => "data both ways",
            [true, false] => "data to the server alone",
            [false, true] => "data to the client alone",
            [false, false] => "no data",
        });
        parts.push(match (self.fin, self.reset) {
            ([true, true], _) => "close",
            (_, true) => "reset",
            ([true, false] | [false, true], _) => "one side's close",
            ([false, false], false) => "no close",
        });
        let holes = format!("{} holes", self.holes);
        if self.holes > 0 {
            parts.push(&holes);
        }
        if !self.both_directions {
            parts.push("one direction only");
        }
        f.write_str(if self.whole() { "whole: " } else { "in part: " })?;
        f.write_str(&parts.join(", "))
    }
}

/// What one end did.
#[derive(Clone, PartialEq, Debug)]
pub struct SideDetails {
    /// Derived: bytes of its stream a second, in bits, from its first data to the last; `None` for less than two segments.
    pub goodput_bit_s: Option<u64>,
    /// Derived: the smallest and the largest window that it announced, in bytes, its SYN's apart; not known where the scale
    /// is not.
    pub window: Option<(u64, u64)>,
    /// Bytes of data of its largest segment, and of the middle one.
    pub segments: Option<(u32, u32)>,
    /// Derived: what it sent again, by cause.
    pub repeats: Vec<(RepeatCause, u32)>,
    /// Derived: what its data waited for, the longest first.
    pub limits: Vec<(Cause, Duration)>,
}

/// A connection in detail.
#[derive(Clone, PartialEq, Debug)]
pub struct Details {
    /// How much of it is there.
    pub completeness: Completeness,
    /// The client.
    pub client: SideDetails,
    /// The server.
    pub server: SideDetails,
    /// What was sent again.
    pub repeats: Vec<Repeat>,
}

impl Details {
    /// Looks at a connection's segments once more.
    pub fn of(flow: &Flow, summary: &Summary) -> Option<Details> {
        let conversation = flow.conversation(summary.conversation)?;
        let connection = conversation.tcp()?;
        let segments: Vec<(&Row, &Tcp)> = flow.segments(conversation).collect();
        let repeats = repeats::repeats(connection, &segments);
        let side = |direction: Direction| SideDetails {
            goodput_bit_s: goodput(connection, &segments, direction),
            window: windows(summary, &segments, direction),
            segments: sizes(&segments, direction),
            repeats: by_cause(&repeats, direction),
            limits: TimeSpent::of_data(flow, conversation.id, direction)
                .map(|time| time.by_cause())
                .unwrap_or_default(),
        };
        Some(Details {
            completeness: completeness(connection, &segments),
            client: side(Direction::ToServer),
            server: side(Direction::ToClient),
            repeats,
        })
    }
}

fn completeness(connection: &Connection, segments: &[(&Row, &Tcp)]) -> Completeness {
    let (client, server) = (connection.client(), connection.server());
    let data = |half: &flow::tcp::Half| half.counts().data_bytes > 0;
    let holes = segments.iter().filter(|(_, tcp)| tcp.verdicts.contains(Verdicts::ACKED_UNSEEN)).count();
    Completeness {
        handshake: [
            client.syn_frame().is_some(),
            server.syn_frame().is_some(),
            !connection.mid_stream() && connection.established_frame().is_some(),
        ],
        data: [data(client), data(server)],
        fin: [client.fin_frame().is_some(), server.fin_frame().is_some()],
        reset: connection.reset(),
        both_directions: client.counts().packets > 0 && server.counts().packets > 0,
        holes: holes as u32,
    }
}

fn goodput(connection: &Connection, segments: &[(&Row, &Tcp)], direction: Direction) -> Option<u64> {
    let mut data =
        segments.iter().filter(|(row, tcp)| row.direction == direction && tcp.len > 0).map(|(row, _)| row.at);
    let from: Instant = data.next()?;
    let time = data.next_back()?.since(from).as_nanos();
    let counts = connection.half(direction).counts();
    let bits = u128::from(counts.data_bytes - counts.repeated_bytes) * 8;
    (time > 0).then(|| (bits * 1_000_000_000 / time as u128) as u64)
}

fn windows(summary: &Summary, segments: &[(&Row, &Tcp)], direction: Direction) -> Option<(u64, u64)> {
    let side = if direction == Direction::ToServer { &summary.client } else { &summary.server };
    let trace::Known::Inferred(shift, _) = side.window_shift else { return None };
    let said = segments.iter().filter(|(row, tcp)| {
        // The window of a SYN is never scaled (RFC 7323 §2.2), that of a reset means nothing.
        row.direction == direction && !tcp.flags.intersects(Flags(Flags::SYN.0 | Flags::RST.0))
    });
    let bytes = said.map(|(_, tcp)| u64::from(tcp.window) << shift);
    bytes.fold(None, |range, bytes| {
        let (least, most) = range.unwrap_or((bytes, bytes));
        Some((bytes.min(least), bytes.max(most)))
    })
}

fn sizes(segments: &[(&Row, &Tcp)], direction: Direction) -> Option<(u32, u32)> {
    let data = segments.iter().filter(|(row, tcp)| row.direction == direction && tcp.len > 0);
    let mut sizes: Vec<u32> = data.map(|(_, tcp)| tcp.len).collect();
    sizes.sort_unstable();
    Some((*sizes.last()?, *sizes.get(sizes.len() / 2)?))
}

fn by_cause(repeats: &[Repeat], direction: Direction) -> Vec<(RepeatCause, u32)> {
    let count = |cause| repeats.iter().filter(|r| r.direction == direction && r.cause == cause).count() as u32;
    RepeatCause::ALL.into_iter().map(|cause| (cause, count(cause))).filter(|(_, count)| *count > 0).collect()
}
