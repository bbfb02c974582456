//! The record of one segment in flight.

use base::{EventId, Instant};
use wire::tcp::Seq;

use super::NONE;

/// A segment in flight: it takes sequence numbers and waits for its acknowledgment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Its first number.
    pub start: Seq,
    /// The number behind its last.
    pub end: Seq,
    /// When it was sent first.
    pub first_sent: Instant,
    /// When it was sent last.
    pub last_sent: Instant,
    /// How often it was sent.
    pub times_sent: u32,
    /// The other side has it, behind a gap (RFC 2018).
    pub sacked: bool,
    /// It is taken for lost, in whole or as far as its first transmission goes: see [`Sent::resent`].
    pub lost: bool,
    /// It was sent again, and that transmission is not taken for lost.
    pub resent: bool,
    /// It was the last of the batch that it first left in.
    pub ends_batch: bool,
    /// How many bytes the connection had delivered when it was sent last, and when the last of those was acknowledged.
    pub delivered: u64,
    /// See [`Sent::delivered`].
    pub delivered_at: Instant,
    /// When the first segment of the flight that it was sent in was sent: where its rate sample's interval begins.
    pub flight_began: Instant,
    /// The program had nothing more to send then.
    pub app_limited: bool,
    /// Segments in flight when it was sent last, itself included, and how many the connection had found lost by then.
    pub in_flight: u32,
    /// See [`Sent::in_flight`].
    pub lost_before: u64,
    /// The write that supplied its data, or the act that made it.
    pub write: EventId,
    /// Its neighbours in the order of the last transmissions, of those that may still be found lost.
    pub(super) earlier: u64,
    pub(super) later: u64,
}

impl Sent {
    /// The numbers from `start` to before `end`, sent at `now` for the first time; `write` supplied the data.
    pub fn new(start: Seq, end: Seq, now: Instant, write: EventId) -> Sent {
        Sent {
            start,
            end,
            first_sent: now,
            last_sent: now,
            times_sent: 1,
            sacked: false,
            lost: false,
            resent: false,
            ends_batch: false,
            delivered: 0,
            delivered_at: now,
            flight_began: now,
            app_limited: false,
            in_flight: 1,
            lost_before: 0,
            write,
            earlier: NONE,
            later: NONE,
        }
    }
    /// How many numbers it takes.
    pub fn len(&self) -> u32 {
        self.end.distance(self.start)
    }
    /// Whether it takes none; no record in flight does.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
    /// How many copies of it are taken to be in the network (RFC 6675 §4, SetPipe).
    pub(super) fn copies(&self) -> u32 {
        u32::from(!self.sacked && !self.lost) + u32::from(self.resent)
    }
}
