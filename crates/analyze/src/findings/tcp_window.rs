//! Windows, queues and timers: what slows a connection that loses nothing.

use base::{Duration, Instant};
use flow::{Direction, Verdicts};
use wire::tcp::Flags;

use crate::causes::Room;

use super::{Confidence, Connection, Finding, Rule, finding, ms};

/// All of them.
pub(super) static RULES: &[&dyn Rule] = &[&ZeroWindow, &WindowLimited, &NagleDelayedAck, &DelayedAck, &Bufferbloat];

finding! {
    /// The receiver does not read.
    ZeroWindow = "finding.tcp.zero_window", "the receiver does not read", "RFC 9293 §3.8.6.1",
        "the receiver's buffer is full: it announces a window of zero and the sender has to wait",
        advice "The receiving program is slow or stuck: profile it. A larger buffer only helps with bursts.";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let (mut since, mut cost, mut frames): (Option<Instant>, Duration, Vec<u32>) = (None, Duration::ZERO, Vec::new());
            for (row, tcp) in connection.of(direction) {
                let zero = tcp.verdicts.contains(Verdicts::ZERO_WINDOW);
                match (zero, since) {
                    (true, None) => {
                        since = Some(row.at);
                        frames.push(row.number);
                    }
                    (false, Some(from)) => {
                        cost += row.at.since(from);
                        frames.push(row.number);
                        since = None;
                    }
                    _ => {}
                }
            }
            let stuck = since.map(|from| connection.conversation.last_at.since(from));
            let total = cost + stuck.unwrap_or_default();
            // A window that opens again at once costs nobody anything.
            if !frames.is_empty() && (total >= least(connection) || connection.tcp.over() && stuck.is_some()) {
                let text = format!("The {}'s window was closed for {}.", Connection::sender(direction), ms(total));
                out.push(Finding::new(card, text, frames).costs(total));
            }
        }
    };
}

/// A shorter wait is none.
fn least(connection: &Connection<'_>) -> Duration {
    Duration::from_millis(1).max(connection.round_trip().unwrap_or_default() / 4)
}

/// How long the sender waited for room in the window, and behind which packets: no further segment would have fitted into
/// what it knew of the window, and the next one took its time.
fn waits_for_window(connection: &Connection<'_>, room: &Room, direction: Direction) -> (Duration, Vec<u32>) {
    let least = least(connection);
    let full: Vec<u32> = room.packets().collect();
    let (mut cost, mut frames) = (Duration::ZERO, Vec::new());
    let data: Vec<_> = connection.of(direction).filter(|(_, tcp)| tcp.len > 0).collect();
    for ((before, _), (row, tcp)) in data.iter().zip(data.iter().skip(1)) {
        let waited = row.at.since(before.at);
        if waited > least && !tcp.verdicts.is_retransmission() && full.binary_search(&before.number).is_ok() {
            cost += waited;
            frames.push(before.number);
        }
    }
    (cost, frames)
}

/// From the tap to the sender and back: nothing at the sender, a round trip at the receiver.
fn to_sender_and_back(connection: &Connection<'_>, direction: Direction) -> Duration {
    connection.tcp.half(direction.opposite()).rtt_min().unwrap_or_default()
}

/// Whether the waits are far longer than the path is: then it is the receiving machine that takes its time, on a path for
/// which the window is large enough.
fn waits_for_reader(connection: &Connection<'_>, cost: Duration, waits: usize) -> bool {
    let round_trip = connection.round_trip().unwrap_or(cost);
    cost.as_nanos() / MANY_ROUND_TRIPS > round_trip.as_nanos().saturating_mul(waits as i64)
}

/// Room comes a round trip after the data, or with an ACK that was delayed.
const MANY_ROUND_TRIPS: i64 = 50;

finding! {
    /// The window is smaller than the path.
    WindowLimited = "finding.tcp.window_limited", "the receive window is too small for the path", "RFC 7323 §1.1",
        "the sender fills the window and waits a round trip for more, again and again: at most a window a round trip can be carried",
        advice "Turn window scaling on at both ends (net.ipv4.tcp_window_scaling) and let the receive buffer grow (net.ipv4.tcp_rmem, no fixed SO_RCVBUF): rate times round trip is what is needed.";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let closed = connection.of(direction.opposite()).any(|(_, tcp)| tcp.verdicts.contains(Verdicts::ZERO_WINDOW));
            let room = Room::new(connection.tcp, &connection.segments, direction);
            let (cost, frames) = waits_for_window(connection, &room, direction);
            if let Some(held) = room.held().filter(|_| !closed && frames.len() < 3) {
                let text = format!("The {} kept the window full for {}: its rate is a window a round trip.", Connection::sender(direction), ms(held));
                out.push(Finding::new(card, text, room.packets()).costs(held).sure(Confidence::Likely));
            } else if frames.len() >= 3 && !closed && !waits_for_reader(connection, cost, frames.len()) {
                let text = format!("The {} filled the window {} times and waited {} for room.", Connection::sender(direction), frames.len(), ms(cost));
                out.push(Finding::new(card, text, frames).costs(cost));
            }
        }
    };
}

finding! {
    /// Each waits for the other.
    NagleDelayedAck = "finding.tcp.nagle_delayed_ack", "Nagle's algorithm waits for a delayed ACK", "RFC 9293 §3.7.4",
        "the sender holds small data back until the last small segment is acknowledged, and the receiver delays that ACK",
        advice "Set TCP_NODELAY, or write head and body in one call (writev, TCP_CORK).";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let Some(rtt) = connection.tcp.half(direction).rtt_min() else { continue };
            let there = to_sender_and_back(connection, direction);
            let mss = connection.tcp.half(direction.opposite()).syn_options().and_then(|options| options.mss);
            // Options may take 40 bytes of it.
            let full = u32::from(mss.unwrap_or(536)).saturating_sub(40);
            let (mut cost, mut frames) = (Duration::ZERO, Vec::new());
            let list = &connection.segments;
            for (at, (ack_row, ack)) in list.iter().enumerate() {
                // A pure ACK that came much later than the quickest ones do ...
                let delayed = ack.rtt().map(|sample| sample - rtt.min(sample)).filter(|&d| d >= Duration::from_millis(30) && d <= Duration::from_millis(500));
                let (Some(delay), true) = (delayed, ack_row.direction != direction && ack.len == 0) else { continue };
                // ... of a small segment, and at once another small one follows that had waited for it: Linux holds data
                // back while a small segment is outstanding (Minshall's form of Nagle's algorithm).
                let before = list[..at].iter().rev().find(|(row, tcp)| row.direction == direction && tcp.len > 0);
                let after = list.get(at + 1).filter(|(row, tcp)| row.direction == direction && tcp.len > 0);
                let (Some((small_row, small)), Some((next_row, next))) = (before, after) else { continue };
                let gap = next_row.at.since(ack_row.at);
                let prompt = gap >= there - there / 10 && gap <= there + Duration::from_millis(2);
                let fresh = !next.verdicts.is_retransmission() && !small.verdicts.is_retransmission();
                let both_small = small.len < full && next.len < full;
                if both_small && prompt && fresh && Some(small_row.number) == ack.acks() {
                    cost += delay;
                    frames.extend([small_row.number, ack_row.number, next_row.number]);
                }
            }
            if !frames.is_empty() {
                let text = format!("The {} held data back for {} until a delayed ACK came, {} times.", Connection::sender(direction), ms(cost), frames.len() / 3);
                out.push(Finding::new(card, text, frames).costs(cost).sure(Confidence::Likely));
            }
        }
    };
}

finding! {
    /// A sender with a small window waits for one.
    DelayedAck = "finding.tcp.delayed_ack", "the sender waits for delayed ACKs", "RFC 9293 §3.8.6.3",
        "the sender has used up its congestion window, and the receiver holds back the acknowledgment that would let it go on",
        advice "An initial window of one or two segments meets a receiver that waits for a second segment. Use the usual initial window of ten (ip route ... initcwnd 10), or quick ACKs at the receiver.";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let Some(least) = connection.tcp.half(direction).rtt_min() else { continue };
            let there = to_sender_and_back(connection, direction);
            let mss = connection.tcp.half(direction.opposite()).syn_options().and_then(|options| options.mss);
            let full = u32::from(mss.unwrap_or(536)).saturating_sub(40);
            let (mut cost, mut frames) = (Duration::ZERO, Vec::new());
            // From a loss on it is the loss that keeps the window small.
            let lost = connection.of(direction).find(|(_, tcp)| tcp.verdicts.is_retransmission());
            let lost = lost.map_or(u32::MAX, |(row, _)| row.number);
            for (ack, next) in connection.segments.iter().zip(connection.segments.iter().skip(1)) {
                let ((ack_row, ack), (next_row, next)) = (ack, next);
                if next_row.number >= lost {
                    break;
                }
                let delay = ack.rtt().map(|sample| sample - least.min(sample)).unwrap_or_default();
                let delayed = delay >= Duration::from_millis(30) && delay <= Duration::from_millis(500);
                let pure = ack_row.direction != direction && ack.len == 0;
                // What it lets out follows at once, as large as may be: there was more to send.
                let gap = next_row.at.since(ack_row.at);
                let prompt = gap >= there - there / 10 && gap <= there + Duration::from_millis(2);
                let more = next_row.direction == direction && next.len >= full && !next.verdicts.is_retransmission();
                if delayed && pure && prompt && more && next.in_flight().is_some_and(|bytes| bytes <= 3 * next.len) {
                    cost += delay;
                    frames.extend([ack.acks().unwrap_or(0), ack_row.number, next_row.number]);
                }
            }
            if !frames.is_empty() {
                let text = format!("The {} waited {} for acknowledgments that were held back, {} times.", Connection::sender(direction), ms(cost), frames.len() / 3);
                out.push(Finding::new(card, text, frames).costs(cost).sure(Confidence::Likely));
            }
        }
    };
}

/// The round trips of what one side sent, by the packets that end them; without those of segments that had arrived behind a
/// hole: they are acknowledged when that is filled, however short the way is.
fn round_trips(connection: &Connection<'_>, direction: Direction) -> Vec<(u32, Duration)> {
    let (mut sent, mut recover, mut out) = (0, None, Vec::new());
    for (row, tcp) in &connection.segments {
        if row.direction == direction {
            sent = sent.max(tcp.relative_seq().unwrap_or(0) + i64::from(tcp.len));
            continue;
        }
        // RFC 6582 §3.2: what was sent until then may stand behind the hole.
        if tcp.verdicts.contains(Verdicts::DUP_ACK) {
            recover = recover.or(Some(sent));
        }
        let held = recover.is_some();
        recover = recover.filter(|&point| tcp.relative_ack().is_none_or(|ack| ack < point));
        if !held && !tcp.flags.contains(Flags::SYN) {
            out.extend(tcp.rtt().map(|rtt| (row.number, rtt)));
        }
    }
    out
}

finding! {
    /// Queues that fill.
    Bufferbloat = "finding.tcp.bufferbloat", "a queue on the way delays everything", "RFC 7567 §1",
        "the round trip grows many times while data flows: packets wait in a long queue at the slowest link",
        advice "Use active queue management (fq_codel, CAKE) at the slowest link, or shape to slightly less than its rate; a congestion control that watches delay (BBR) fills queues less.";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let half = connection.tcp.half(direction);
            let Some(least) = half.rtt_min() else { continue };
            let samples = round_trips(connection, direction);
            // People notice a tenth of a second more; on a long way a growth to three times it.
            let limit = least + (least + least).max(Duration::from_millis(100));
            let late: Vec<_> = samples.iter().filter(|(_, rtt)| *rtt > limit).collect();
            // A queue fills and empties: many in a row. A delayed ACK or a server's pause are single ones.
            if late.len() >= 5 && late.len() * 4 >= samples.len() && !connection.of(direction.opposite()).any(|(_, tcp)| tcp.verdicts.contains(Verdicts::ZERO_WINDOW)) {
                let most = late.iter().map(|(_, rtt)| *rtt).max().unwrap_or_default();
                let text = format!("The round trip of the {}'s data grew from {} to {}.", Connection::sender(direction), ms(least), ms(most));
                out.push(Finding::new(card, text, late.iter().map(|(n, _)| *n)).costs(most - least).sure(Confidence::Likely));
            }
        }
    };
}
