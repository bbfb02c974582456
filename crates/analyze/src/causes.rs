//! Where the time of a request went: each instant of its critical path belongs to exactly one cause.

use std::collections::VecDeque;

use base::{Duration, Instant};
use flow::tcp::{Connection, Tcp};
use flow::{Conversation, Direction, DnsTransaction, Flow, Row, Verdicts};
use wire::tcp::Flags;

use crate::{CriticalPath, PhaseKind, Request};

/// What an instant was spent on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cause {
    /// Joining the network and finding the next hop: DHCP, ARP, neighbour discovery.
    Joining,
    /// Finding the address of the name.
    NameLookup,
    /// The TCP handshake.
    ConnectionSetup,
    /// The TLS handshake.
    Tls,
    /// The way of the request's last byte to the server and of the first byte back.
    Propagation,
    /// The server, before its first byte or between bytes.
    ServerThink,
    /// Bytes arriving as fast as they come.
    Transfer,
    /// The sender waits for acknowledgments because its congestion window is still small (RFC 5681 §3.1).
    SlowStart,
    /// The same after a loss has made the window small.
    CongestionWindow,
    /// The sender waits for room in the receiver's window (RFC 9293 §3.8.6).
    ReceiveWindow,
    /// A lost segment is sent again because duplicate ACKs or SACK told (RFC 5681 §3.2).
    LossRecovery,
    /// A lost segment is sent again because a timer ran out (RFC 6298 §5).
    TimerWait,
    /// The client is at work, or waits for what a packet does not show.
    ClientIdle,
}

impl Cause {
    /// All, in the order in which a request meets them.
    pub const ALL: [Cause; 13] = [
        Cause::Joining,
        Cause::NameLookup,
        Cause::ConnectionSetup,
        Cause::Tls,
        Cause::Propagation,
        Cause::ServerThink,
        Cause::Transfer,
        Cause::SlowStart,
        Cause::CongestionWindow,
        Cause::ReceiveWindow,
        Cause::LossRecovery,
        Cause::TimerWait,
        Cause::ClientIdle,
    ];

    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Joining => "joining the network",
            Cause::NameLookup => "name lookup",
            Cause::ConnectionSetup => "connection set-up",
            Cause::Tls => "TLS handshake",
            Cause::Propagation => "propagation",
            Cause::ServerThink => "server think time",
            Cause::Transfer => "transfer",
            Cause::SlowStart => "slow start",
            Cause::CongestionWindow => "congestion window",
            Cause::ReceiveWindow => "receive window",
            Cause::LossRecovery => "loss recovery",
            Cause::TimerWait => "retransmission timer",
            Cause::ClientIdle => "client",
        }
    }
}

/// A stretch of time and its cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// Why.
    pub cause: Cause,
    /// From when.
    pub from: Instant,
    /// To when.
    pub to: Instant,
}

/// Where the time of a request went. The stretches touch each other, from the path's first packet to its last byte.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TimeSpent {
    /// In order of time.
    pub stretches: Vec<Stretch>,
}

/// Linux waits at least so long before a timer repeats anything.
const RTO_MIN: Duration = Duration::from_millis(200);

impl TimeSpent {
    /// Assigns the time of a request; `dns` are the capture's ([`crate::Analysis::dns`]).
    pub fn of(flow: &Flow, dns: &[DnsTransaction], request: &Request) -> Option<TimeSpent> {
        let path = CriticalPath::of(flow, dns, request)?;
        let conversation = flow.conversation(request.conversation)?;
        let mut clock = Clock::new(flow, conversation)?;
        clock.now = path.phases.first()?.from;
        for phase in &path.phases {
            match phase.kind {
                PhaseKind::Dhcp | PhaseKind::Arp | PhaseKind::Nd => clock.spend(Cause::Joining, phase.to),
                PhaseKind::Dns => clock.spend(Cause::NameLookup, phase.to),
                PhaseKind::Tcp => clock.handshake(Cause::ConnectionSetup, phase.to),
                PhaseKind::Tls => clock.handshake(Cause::Tls, phase.to),
                PhaseKind::Local => clock.spend(Cause::ClientIdle, phase.to),
                PhaseKind::Http | PhaseKind::Data => clock.exchange(request, phase.to),
            }
        }
        Some(TimeSpent { stretches: clock.stretches })
    }

    /// All of it.
    pub fn total(&self) -> Duration {
        self.stretches.iter().map(|stretch| stretch.to.since(stretch.from)).sum()
    }
    /// What one cause took.
    pub fn on(&self, cause: Cause) -> Duration {
        self.stretches
            .iter()
            .filter(|stretch| stretch.cause == cause)
            .map(|stretch| stretch.to.since(stretch.from))
            .sum()
    }
    /// The causes with their times, the longest first.
    pub fn by_cause(&self) -> Vec<(Cause, Duration)> {
        let mut list: Vec<_> = Cause::ALL.into_iter().map(|cause| (cause, self.on(cause))).collect();
        list.retain(|(_, time)| *time > Duration::ZERO);
        list.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        list
    }
}

/// Walks along the path and hands out its time.
struct Clock<'a> {
    connection: &'a Connection,
    segments: Vec<(&'a Row, &'a Tcp)>,
    round_trip: Duration,
    now: Instant,
    stretches: Vec<Stretch>,
}

impl<'a> Clock<'a> {
    fn new(flow: &'a Flow, conversation: &'a Conversation) -> Option<Clock<'a>> {
        let connection = conversation.tcp()?;
        let views = conversation.packets.iter().filter_map(|&number| flow.row(number));
        Some(Clock {
            connection,
            segments: views.filter_map(|view| Some((view.row, view.tcp?))).collect(),
            round_trip: crate::connections::round_trip(connection).unwrap_or_default(),
            now: Instant::ZERO,
            stretches: Vec::new(),
        })
    }

    /// The time up to `to` belongs to `cause`.
    fn spend(&mut self, cause: Cause, to: Instant) {
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
    fn until(&self, to: Instant) -> Vec<(&'a Row, &'a Tcp)> {
        let now = self.now;
        self.segments.iter().copied().filter(|(row, _)| row.at > now && row.at <= to).collect()
    }

    /// A handshake: what was waited for a timer is not its own.
    fn handshake(&mut self, cause: Cause, to: Instant) {
        for (row, tcp) in self.until(to) {
            let waited = row.at.since(self.now) >= RTO_MIN.min(self.round_trip.max(Duration::from_millis(1)));
            let again = tcp.verdicts.is_retransmission() && tcp.verdicts != Verdicts::SPURIOUS_RETRANSMISSION;
            self.spend(if again && waited { Cause::TimerWait } else { cause }, row.at);
        }
        self.spend(cause, to);
    }

    /// Request, wait, response.
    fn exchange(&mut self, request: &Request, to: Instant) {
        self.transfer(Direction::ToServer, request.send.1.min(to));
        if let Some((_, first)) = request.wait {
            self.wait(first.min(to));
        }
        self.transfer(Direction::ToClient, to);
    }

    /// From the request's last byte to the response's first: if it had to be sent again, a timer's; the way there and
    /// back; the rest is the server's.
    fn wait(&mut self, to: Instant) {
        let again = |(_, tcp): &(&Row, &Tcp)| tcp.verdicts.intersects(RETRANSMITTED) && tcp.len > 0;
        let list = self.until(to);
        if let Some((row, _)) = list.iter().filter(|(row, _)| row.direction == Direction::ToServer).rfind(|s| again(s))
        {
            self.spend(Cause::TimerWait, row.at);
        }
        // The server's own repetition, seen at its side.
        let there = self.connection.client().rtt_min().unwrap_or(self.round_trip);
        self.spend(Cause::Propagation, to.min(self.now + there));
        self.spend(Cause::ServerThink, to);
    }

    /// Data of one direction: what each wait between its segments was for.
    fn transfer(&mut self, direction: Direction, to: Instant) {
        // Less than this between two segments is the line's own pace.
        let pace = Duration::from_millis(1).max(self.round_trip / 8);
        let mut room = Room::new(self.connection, &self.segments, direction);
        let mut lost = self.segments.iter().any(|(row, tcp)| {
            row.direction == direction && row.at < self.now && tcp.verdicts.intersects(RETRANSMITTED)
        });
        for (row, tcp) in self.until(to) {
            if row.direction != direction || (tcp.len == 0 && !tcp.flags.contains(Flags::FIN)) {
                continue;
            }
            let waited = row.at.since(self.now);
            let again = tcp.verdicts.intersects(RETRANSMITTED);
            lost |= again;
            let cause = if again && waited >= RTO_MIN.max(self.round_trip) {
                Cause::TimerWait
            } else if again && waited > Duration::ZERO {
                Cause::LossRecovery
            } else if waited <= pace {
                Cause::Transfer
            } else if room.was_full_before(row.number) {
                Cause::ReceiveWindow
            } else if waited > self.round_trip + self.round_trip / 2 + Duration::from_millis(5) {
                // Longer than any acknowledgment takes: nothing was there to send.
                if direction == Direction::ToClient { Cause::ServerThink } else { Cause::ClientIdle }
            } else if lost {
                Cause::CongestionWindow
            } else {
                Cause::SlowStart
            };
            self.spend(cause, row.at);
        }
        self.spend(Cause::Transfer, to);
    }
}

/// Sent again because it was lost.
const RETRANSMITTED: Verdicts = Verdicts(Verdicts::RETRANSMISSION.0 | Verdicts::FAST_RETRANSMISSION.0);

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
