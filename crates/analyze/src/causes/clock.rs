//! The walk along a request's path that hands out its time.

use base::{Duration, Instant};
use flow::tcp::{Connection, Tcp};
use flow::{Direction, Row, Verdicts};
use wire::tcp::Flags;

use super::transfers::{RETRANSMITTED, Transfers};
use super::{Cause, Stretch};
use crate::Request;
use crate::repeats::RTO_MIN;

/// An acknowledgment that comes so much later than the quickest was held back (RFC 9293 §3.8.6.3: up to 500 ms).
const HELD_BACK: (Duration, Duration) = (Duration::from_millis(30), Duration::from_millis(500));
/// What Linux holds an acknowledgment back for, and what others do: a queue of just that length is taken for it.
const USUAL: [(Duration, Duration); 2] =
    [(Duration::from_millis(38), Duration::from_millis(46)), (Duration::from_millis(195), Duration::from_millis(215))];
/// Options may take so many bytes of a full segment.
const OPTIONS: u32 = 40;

/// Walks along the path and hands out its time.
pub(super) struct Clock<'t, 'a> {
    on: &'t Transfers<'a>,
    connection: &'a Connection,
    round_trip: Duration,
    now: Instant,
    stretches: Vec<Stretch>,
}

impl<'t, 'a> Clock<'t, 'a> {
    /// A clock that stands at `now`.
    pub(super) fn new(on: &'t Transfers<'a>, now: Instant) -> Clock<'t, 'a> {
        Clock { on, connection: on.connection, round_trip: on.round_trip, now, stretches: Vec::new() }
    }

    /// What was handed out.
    pub(super) fn into_stretches(self) -> Vec<Stretch> {
        self.stretches
    }

    /// The time up to `to` belongs to `cause`.
    pub(super) fn spend(&mut self, cause: Cause, to: Instant) {
        if to <= self.now {
            return;
        }
        match self.stretches.last_mut() {
            Some(last) if last.cause == cause && last.to == self.now => last.to = to,
            _ => self.stretches.push(Stretch { cause, from: self.now, to }),
        }
        self.now = to;
    }

    /// The segments between now and `to`.
    fn until(&self, to: Instant) -> &'t [(&'a Row, &'a Tcp)] {
        self.on.between(self.now, to)
    }

    /// A handshake: what was waited for a timer is not its own.
    pub(super) fn handshake(&mut self, cause: Cause, to: Instant) {
        for &(row, tcp) in self.until(to) {
            let waited = row.at.since(self.now) >= RTO_MIN.min(self.round_trip.max(Duration::from_millis(1)));
            let again = tcp.verdicts.is_retransmission() && tcp.verdicts != Verdicts::SPURIOUS_RETRANSMISSION;
            self.spend(if again && waited { Cause::TimerWait } else { cause }, row.at);
        }
        self.spend(cause, to);
    }

    /// All data of one direction, as if it were one transfer.
    pub(super) fn whole(&mut self, direction: Direction, to: Instant) {
        self.transfer(direction, to);
    }

    /// Request, wait, response. `ahead` is when the last byte of what was asked for earlier on the connection passed.
    pub(super) fn exchange(&mut self, request: &Request, ahead: Option<Instant>, to: Instant) {
        self.transfer(Direction::ToServer, request.send.1.min(to));
        if let Some((_, first)) = request.wait {
            self.wait(ahead, first.min(to));
        }
        self.transfer(Direction::ToClient, to);
    }

    /// From the request's last byte to the response's first: if it had to be sent again, a timer's; the way there and
    /// back, and what queues add to it; what holds the response up behind others; the rest is the server's.
    fn wait(&mut self, ahead: Option<Instant>, to: Instant) {
        let again = |(_, tcp): &(&Row, &Tcp)| tcp.verdicts.intersects(RETRANSMITTED) && tcp.len > 0;
        let list = self.until(to);
        let sent = |(row, _): &&(&Row, &Tcp)| row.direction == Direction::ToServer;
        if let Some((row, _)) = list.iter().filter(sent).rfind(|s| again(s)) {
            self.spend(Cause::TimerWait, row.at);
        }
        if let Some(ahead) = ahead.filter(|&ahead| ahead > self.now) {
            return self.behind(ahead.min(to), to);
        }
        let there = self.connection.client().rtt_min().unwrap_or(self.round_trip);
        let from = self.now;
        self.spend(Cause::Propagation, to.min(from + there));
        // An acknowledgment of the request that comes before the response tells how long the ways took.
        let end = self.on.asked_until(from);
        let acknowledges = |(row, tcp): &&(&Row, &Tcp)| {
            row.direction == Direction::ToClient && end.is_some() && tcp.relative_ack() >= end
        };
        // Where data brought it first, what comes later tells nothing.
        if let Some((row, _)) = list.iter().find(acknowledges).filter(|(_, tcp)| tcp.len == 0) {
            let extra = row.at.since(from) - there.min(row.at.since(from));
            let held_back = USUAL.iter().any(|(least, most)| extra >= *least && extra <= *most);
            if extra > (there / 8).max(Duration::from_millis(1)) && !held_back {
                self.spend(Cause::Queueing, row.at.min(to));
            }
        }
        self.held_back(Direction::ToClient, to);
        if let Some(hole) = self.hole(to) {
            self.spend(Cause::ServerThink, hole);
            let timer = to.since(hole) >= RTO_MIN.max(self.round_trip);
            self.spend(if timer { Cause::TimerWait } else { Cause::LossRecovery }, to);
        }
        if let Some(waited) = self.first_flight_lost(to) {
            self.spend(Cause::ServerThink, to - waited);
            self.spend(Cause::TimerWait, to);
        }
        self.spend(Cause::ServerThink, to);
    }

    /// When it was first seen that the response's first segment, which is there at `to`, had been lost: what was sent behind it
    /// (the response to another request) passed.
    fn hole(&self, to: Instant) -> Option<Instant> {
        let mut theirs = self.until(to).iter().filter(|(row, tcp)| row.direction == Direction::ToClient && tcp.len > 0);
        let first = theirs.clone().find(|(row, tcp)| row.at == to && tcp.verdicts.intersects(RETRANSMITTED))?;
        let behind = theirs.find(|(row, tcp)| row.at < to && tcp.relative_seq() > first.1.relative_seq())?;
        Some(behind.0.at)
    }

    /// For how long a timer was waited for until `to`, if the response's whole first flight was lost before the tap, which then
    /// sees nothing of it. Its sender tries again with a single segment and waits for its acknowledgment: the last one of the
    /// flight after two round trips (RFC 8985 §7.2), or the first one after its timeout (RFC 6298 §5.4).
    fn first_flight_lost(&self, to: Instant) -> Option<Duration> {
        let theirs = |(row, tcp): &&(&Row, &Tcp)| row.direction == Direction::ToClient && tcp.len > 0;
        let mut data = self.on.since(to).iter().filter(theirs);
        let (first, next) = (data.next()?, data.next()?);
        let alone = next.0.at.since(first.0.at) >= self.round_trip * 3 / 4 && self.round_trip > Duration::ZERO;
        let waited = to.since(self.now);
        if !alone || first.0.at != to {
            None
        } else if first.1.verdicts.contains(Verdicts::LOST_PREVIOUS) {
            Some(waited.min((self.round_trip * 2).max(Duration::from_millis(10))))
        } else {
            // It could have sent more, and took no longer than a timer may.
            let more = first.1.len >= self.full(Direction::ToClient) && !first.1.flags.contains(Flags::PSH);
            (more && waited >= RTO_MIN && waited <= Duration::from_secs(4)).then_some(waited)
        }
    }

    /// The response stands behind another one until `ahead`; the rest is the server's.
    fn behind(&mut self, ahead: Instant, to: Instant) {
        self.spend(Cause::HeadOfLine, ahead);
        self.spend(Cause::ServerThink, to);
    }

    /// Within a wait: small data was sent, and what came at `to` had to wait until its acknowledgment, which was delayed.
    fn held_back(&mut self, direction: Direction, to: Instant) {
        let list = self.until(to);
        let data = |(row, tcp): &&(&Row, &Tcp)| row.direction == direction && tcp.len > 0 && row.at < to;
        let Some((before, small)) = list.iter().rfind(data) else { return };
        let ack = list.iter().find(|(row, tcp)| row.direction != direction && tcp.acks() == Some(before.number));
        let Some((ack, delay)) = ack.and_then(|(row, tcp)| Some((row, self.delayed(direction, tcp)?))) else { return };
        if small.len < self.full(direction) && delay > Duration::ZERO && self.prompt(direction, ack.at, to) {
            self.spend(Cause::ServerThink, before.at);
            self.spend(Cause::NagleOrDelayedAck, to);
        }
    }

    /// How much later than the quickest this acknowledgment of `direction`'s data came, if it was held back.
    fn delayed(&self, direction: Direction, ack: &Tcp) -> Option<Duration> {
        let (sample, least) = (ack.rtt()?, self.connection.half(direction).rtt_min()?);
        let delay = sample - least.min(sample);
        (ack.len == 0 && delay >= HELD_BACK.0 && delay <= HELD_BACK.1).then_some(delay)
    }

    /// Whether what passed at `at` is what an acknowledgment that passed at `ack` let out.
    fn prompt(&self, direction: Direction, ack: Instant, at: Instant) -> bool {
        let there = self.connection.half(direction.opposite()).rtt_min().unwrap_or_default();
        let took = at.since(ack);
        took >= there - there / 10 && took <= there + there / 10 + Duration::from_millis(2)
    }

    /// Bytes of a segment of one direction that is as large as may be.
    fn full(&self, direction: Direction) -> u32 {
        let mss = self.connection.half(direction.opposite()).syn_options().and_then(|options| options.mss);
        u32::from(mss.unwrap_or(536)).saturating_sub(OPTIONS)
    }

    /// Less than this between two data segments is the line's own pace: what three quarters of them keep, but never so
    /// long as an acknowledgment takes.
    fn pace(&self, list: &[(&Row, &Tcp)]) -> Duration {
        let least = Duration::from_millis(1).max(self.round_trip / 8);
        let mut gaps: Vec<Duration> = list.iter().zip(list.iter().skip(1)).map(|(a, b)| b.0.at.since(a.0.at)).collect();
        gaps.sort_unstable();
        let most = gaps.get(gaps.len() * 3 / 4).copied().unwrap_or_default();
        (most + most / 4).min(self.round_trip * 3 / 4).max(least)
    }

    /// Data of one direction: what each wait between its segments was for.
    fn transfer(&mut self, direction: Direction, to: Instant) {
        let list = self.until(to);
        let carries =
            |(row, tcp): &&(&Row, &Tcp)| row.direction == direction && (tcp.len > 0 || tcp.flags.contains(Flags::FIN));
        let data: Vec<(&Row, &Tcp)> = list.iter().filter(carries).copied().collect();
        let pace = self.pace(&data);
        let full = self.full(direction);
        let room = self.on.room(direction);
        let held_by_window = room.held();
        let earlier = |(row, tcp): &&(&Row, &Tcp)| row.direction == direction && tcp.len > 0;
        let mut before = self.on.until(self.now).iter().rfind(earlier).copied();
        let mut lost = self.on.lost_before(direction, self.now);
        let mut last = 0;
        let mut held: Option<(Instant, Duration)> = None;
        for &(row, tcp) in list {
            if row.direction != direction {
                if tcp.acks().is_some() && tcp.acks() == before.map(|(row, _)| row.number) {
                    held = self.delayed(direction, tcp).map(|delay| (row.at, delay));
                }
                continue;
            }
            if tcp.len == 0 && !tcp.flags.contains(Flags::FIN) {
                continue;
            }
            let again = tcp.verdicts.intersects(RETRANSMITTED);
            let waited = row.at.since(self.now);
            if let Some((ack, delay)) = held.take().filter(|_| !again && waited > pace)
                && self.prompt(direction, ack, row.at)
            {
                // Nagle's algorithm holds small data back behind small data; otherwise the window was used up, and only
                // the delay is the acknowledgment's.
                let nagle = tcp.len < full && before.is_some_and(|(_, before)| before.len < full);
                self.spend(Cause::NagleOrDelayedAck, if nagle { row.at } else { row.at.min(self.now + delay) });
            }
            let waited = row.at.since(self.now);
            lost |= again;
            let full_window = room.was_full(last..row.number);
            last = row.number;
            let cause = if again && waited >= RTO_MIN.max(self.round_trip) {
                Cause::TimerWait
            } else if again && waited > Duration::ZERO {
                Cause::LossRecovery
            } else if waited <= pace && held_by_window.is_none() {
                Cause::Transfer
            } else if full_window || waited <= pace {
                Cause::ReceiveWindow
            } else if waited > self.round_trip + self.round_trip / 2 + Duration::from_millis(5) {
                // Longer than any acknowledgment takes. Who has more to send does not set PSH (RFC 9293 §3.9.1.2): then what
                // follows a full segment was lost, all of it, and a timer was waited for. Otherwise nothing was there to send.
                let more = before.is_some_and(|(_, before)| before.len >= full && !before.flags.contains(Flags::PSH));
                match direction {
                    _ if more && waited >= RTO_MIN => Cause::TimerWait,
                    Direction::ToClient => Cause::ServerThink,
                    Direction::ToServer => Cause::ClientIdle,
                }
            } else if lost {
                Cause::CongestionWindow
            } else {
                Cause::SlowStart
            };
            self.spend(cause, row.at);
            before = Some((row, tcp));
        }
        self.spend(Cause::Transfer, to);
    }
}
