//! Where the time of a request went: each instant of its critical path belongs to exactly one cause.

mod clock;
mod room;
mod spending;
mod transfers;

use base::{Duration, Instant};
use flow::{ConversationId, Direction, Flow};

use crate::{Analysis, Request};
use clock::Clock;
pub(crate) use room::Room;
pub use spending::Spending;
use transfers::Transfers;

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
    /// Packets wait in queues on the way: their round trip takes longer than the quickest one (RFC 7567 §1).
    Queueing,
    /// The response has to wait until that of an earlier request on the same connection is through (RFC 9112 §9.3.2).
    HeadOfLine,
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
    /// Small data is held back until what is in flight is acknowledged (RFC 9293 §3.7.4), or the sender waits for an
    /// acknowledgment that is delayed (RFC 9293 §3.8.6.3).
    NagleOrDelayedAck,
    /// The client is at work, or waits for what a packet does not show.
    ClientIdle,
}

impl Cause {
    /// All, in the order in which a request meets them.
    pub const ALL: [Cause; 16] = [
        Cause::Joining,
        Cause::NameLookup,
        Cause::ConnectionSetup,
        Cause::Tls,
        Cause::Propagation,
        Cause::ServerThink,
        Cause::Queueing,
        Cause::HeadOfLine,
        Cause::Transfer,
        Cause::SlowStart,
        Cause::CongestionWindow,
        Cause::ReceiveWindow,
        Cause::LossRecovery,
        Cause::TimerWait,
        Cause::NagleOrDelayedAck,
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
            Cause::Queueing => "queueing",
            Cause::HeadOfLine => "head of line",
            Cause::Transfer => "transfer",
            Cause::SlowStart => "slow start",
            Cause::CongestionWindow => "congestion window",
            Cause::ReceiveWindow => "receive window",
            Cause::LossRecovery => "loss recovery",
            Cause::TimerWait => "retransmission timer",
            Cause::NagleOrDelayedAck => "Nagle or delayed ACK",
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

impl TimeSpent {
    /// Assigns the time of one of the requests of `analysis`; of many of them [`Spending`] does it faster.
    pub fn of(flow: &Flow, analysis: &Analysis, request: &Request) -> Option<TimeSpent> {
        Spending::new(flow, analysis).of(request)
    }

    /// What the data of one direction of a connection waited for, from its first segment to its last, as if all of it were
    /// one transfer: a pause of the program is [`Cause::ServerThink`] or [`Cause::ClientIdle`].
    pub fn of_data(flow: &Flow, id: ConversationId, direction: Direction) -> Option<TimeSpent> {
        let conversation = flow.conversation(id)?;
        let segments = flow.segments(conversation);
        let mut data = segments.filter(|(row, tcp)| row.direction == direction && tcp.len > 0);
        let from = data.next()?.0.at;
        let to = data.last().map_or(from, |(row, _)| row.at);
        let transfers = Transfers::of(flow, conversation)?;
        let mut clock = Clock::new(&transfers, from);
        clock.whole(direction, to);
        Some(TimeSpent { stretches: clock.into_stretches() })
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
