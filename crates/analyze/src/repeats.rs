//! What was sent again, and what made its sender do so.

use std::collections::VecDeque;

use base::{Duration, Instant};
use flow::tcp::Connection;
use flow::{Direction, Row, Tcp, Verdicts};
use wire::tcp::Flags;

/// What made a sender repeat a segment, as far as the packets tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RepeatCause {
    /// A SYN or SYN ACK was not answered in time (RFC 6298 §2.1).
    Handshake,
    /// Duplicate ACKs or SACK told that it is missing (RFC 5681 §3.2, RFC 6675 §5, RFC 8985 §6.2).
    Told,
    /// Nothing came back for about two round trips: a loss probe (RFC 8985 §7).
    LossProbe,
    /// The retransmission timer ran out (RFC 6298 §5.4).
    Timer,
    /// It had arrived already, as its acknowledgment, seen before it, says.
    Needless,
}

impl RepeatCause {
    /// All, the best-known last.
    pub const ALL: [RepeatCause; 5] =
        [RepeatCause::Handshake, RepeatCause::Told, RepeatCause::LossProbe, RepeatCause::Timer, RepeatCause::Needless];

    /// In a few words.
    pub const fn name(self) -> &'static str {
        match self {
            RepeatCause::Handshake => "handshake timer",
            RepeatCause::Told => "duplicate ACKs or SACK",
            RepeatCause::LossProbe => "loss probe",
            RepeatCause::Timer => "retransmission timer",
            RepeatCause::Needless => "needless",
        }
    }
}

/// A segment that was sent again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repeat {
    /// Its packet.
    pub frame: u32,
    /// The packet that it repeats; 0 if that was not captured.
    pub first: u32,
    /// Who sent it.
    pub direction: Direction,
    /// Its relative sequence number.
    pub seq: i64,
    /// Bytes of data.
    pub len: u32,
    /// Derived: how long its sender had sent nothing before it; at least since the packet that it repeats.
    pub waited: Duration,
    /// Derived: why it was sent.
    pub cause: RepeatCause,
}

/// Linux waits at least so long before its retransmission timer repeats anything (RFC 6298 §2.4 asks for a second).
pub(crate) const RTO_MIN: Duration = Duration::from_millis(200);

/// What the walk remembers of one side.
#[derive(Default)]
struct Sent {
    last_at: Option<Instant>,
    /// The number behind the highest that was sent.
    next: Option<i64>,
    /// Duplicate ACKs that came since its last transmission of anything new.
    told: bool,
    /// When each first copy was sent, in order of the packets.
    first: VecDeque<(u32, Instant)>,
}

impl Sent {
    /// When the first copy was sent that packet `number` is.
    fn sent(&self, number: u32) -> Option<Instant> {
        let at = self.first.binary_search_by_key(&number, |(first, _)| *first).ok()?;
        self.first.get(at).map(|(_, at)| *at)
    }
}

/// All segments of a connection that were sent again, in the order of the capture.
pub(crate) fn repeats(connection: &Connection, segments: &[(&Row, &Tcp)]) -> Vec<Repeat> {
    let round_trip = crate::connections::round_trip(connection).unwrap_or_default();
    let mut sides = [Sent::default(), Sent::default()];
    let mut out = Vec::new();
    for (row, tcp) in segments {
        let direction = row.direction;
        let occupies = tcp.len > 0 || tcp.flags.intersects(Flags(Flags::SYN.0 | Flags::FIN.0));
        if tcp.verdicts.contains(Verdicts::DUP_ACK) {
            sides[direction.opposite() as usize].told = true;
        }
        if tcp.acks().is_some() {
            // What was reported as missing may have been repaired by this.
            sides[direction.opposite() as usize].told &= tcp.verdicts.contains(Verdicts::DUP_ACK);
        }
        let side = &mut sides[direction as usize];
        if tcp.verdicts.is_retransmission() && occupies {
            let first = tcp.repeats().unwrap_or(0);
            let since = side.last_at.into_iter().chain(side.sent(first)).max();
            let waited = row.at.since(since.unwrap_or(row.at));
            let seq = tcp.relative_seq().unwrap_or(0);
            let end = seq + i64::from(tcp.len) + i64::from(tcp.flags.contains(Flags::FIN));
            let cause = if tcp.flags.contains(Flags::SYN) {
                RepeatCause::Handshake
            } else if tcp.verdicts.contains(Verdicts::SPURIOUS_RETRANSMISSION) {
                RepeatCause::Needless
            } else if waited >= RTO_MIN.max(round_trip) {
                RepeatCause::Timer
            } else if tcp.verdicts.contains(Verdicts::FAST_RETRANSMISSION) || side.told {
                RepeatCause::Told
            } else if side.next == Some(end) && waited + waited / 10 >= round_trip + round_trip / 2 {
                // RFC 8985 §7.3 sends the last segment again if there is no new one.
                RepeatCause::LossProbe
            } else {
                RepeatCause::Told
            };
            out.push(Repeat { frame: row.number, first, direction, seq, len: tcp.len, waited, cause });
        }
        if occupies {
            side.last_at = Some(row.at);
            let end = tcp.relative_seq().unwrap_or(0) + i64::from(tcp.len) + i64::from(tcp.flags.contains(Flags::FIN));
            side.next = side.next.max(Some(end));
            if !tcp.verdicts.is_retransmission() {
                side.first.push_back((row.number, row.at));
                // What is long acknowledged is not sent again.
                if side.first.len() > MAX_REMEMBERED {
                    side.first.pop_front();
                }
            }
        }
    }
    out
}

/// First copies whose moments are remembered for each side.
const MAX_REMEMBERED: usize = 4096;
