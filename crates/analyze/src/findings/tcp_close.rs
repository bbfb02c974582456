//! How connections end: resets and their makers, silence.

use base::Duration;
use flow::{Direction, MessageState, Verdicts};
use wire::tcp::Flags;

use super::{Confidence, Connection, Finding, Rule, finding, ms};
use crate::Ending;

/// All of them.
pub(super) static RULES: &[&dyn Rule] =
    &[&ForgedReset, &IdleReset, &HalfOpen, &ServerReset, &ClientReset, &HalfClosed, &DeadPeer];

/// NATs and firewalls forget idle connections after minutes (RFC 5382 §5 asks for two hours and four minutes).
const IDLE: Duration = Duration::from_secs(50);

/// The reset that ended an open connection before it was closed, and who sent it.
fn reset(connection: &Connection<'_>) -> Option<(Direction, u32)> {
    let Ending::Reset { client } = connection.summary.ending else { return None };
    let direction = if client { Direction::ToServer } else { Direction::ToClient };
    let number = connection.tcp.half(direction).rst_frame()?;
    // Where the capture begins with the end of a connection, it may have been closed before.
    let heard = connection.of(direction).any(|(row, tcp)| row.number < number && !tcp.flags.contains(Flags::FIN));
    if connection.tcp.mid_stream() && !heard {
        return None;
    }
    // Who has all that was asked for may break off: programs do so to save the close.
    let served = !connection.requests.is_empty() && connection.requests.iter().all(|request| request.whole);
    // But a server that answers before it has all of the request, and breaks off, has not read the rest (RFC 9112 §9.6); what
    // is wrong with a request that it rejects stands in its answer.
    let rejected = connection.requests.iter().any(|request| request.status.is_some_and(|status| status >= 400));
    let unread = direction == Direction::ToClient && cut_short(connection) && !rejected;
    (!served || unread).then_some((direction, number))
}

/// Whether a request ends before its end.
fn cut_short(connection: &Connection<'_>) -> bool {
    let messages = connection.layers.http.iter().flat_map(|http| &http.messages);
    let mut requests = messages.filter(|message| message.direction == Direction::ToServer);
    requests.any(|message| message.state == MessageState::CutShort)
}

/// Whether the reset's time to live is another than that of the sender's packets before it.
fn forged(connection: &Connection<'_>, direction: Direction, number: u32) -> Option<(u8, u8)> {
    let before = connection.of(direction).map(|(row, _)| row.number).find(|&n| n < number)?;
    let (usual, odd) = (connection.case.ttl(before)?, connection.case.ttl(number)?);
    (usual.abs_diff(odd) > 3).then_some((usual, odd))
}

/// How long nothing was sent before the reset, or before the packet that it answers.
fn idle(connection: &Connection<'_>, number: u32) -> Duration {
    let before: Vec<_> = connection.segments.iter().filter(|(row, _)| row.number <= number).collect();
    let gaps = before.iter().zip(before.iter().skip(1)).rev().take(3);
    gaps.map(|(a, b)| b.0.at.since(a.0.at)).max().unwrap_or_default()
}

/// The packet that a reset answers which says that its sender knows of no connection, and the SYN by which that sender had
/// asked for another one before, if it did.
fn unknown_there(connection: &Connection<'_>, direction: Direction, number: u32) -> Option<(u32, Option<u32>)> {
    let before: Vec<_> = connection.segments.iter().filter(|(row, _)| row.number <= number).collect();
    let (_, reset) = before.iter().rfind(|(row, _)| row.number == number)?;
    let (asked, segment) = before.iter().rfind(|(row, _)| row.direction != direction)?;
    // RFC 9293 §3.10.7.1: where there is no connection, a reset has the number of the ACK that it answers, and none of its own.
    // Who aborts a connection that it knows sets the ACK flag, as Linux does.
    let stateless = !reset.flags.contains(Flags::ACK) && segment.flags.contains(Flags::ACK) && reset.seq == segment.ack;
    // Who has closed knows no more of the connection either, and the other one is not wrong to think that it is open.
    let closed = before.iter().any(|(row, tcp)| row.direction == direction && tcp.flags.contains(Flags::FIN));
    let tries = segment.len > 0 || segment.verdicts.contains(Verdicts::KEEP_ALIVE);
    let syn = before
        .iter()
        .rfind(|(row, tcp)| row.direction == direction && tcp.verdicts.contains(Verdicts::SYN_IN_CONNECTION));
    let syn = syn.map(|(row, _)| row.number).filter(|&syn| syn < asked.number);
    (stateless && !closed && (tries || syn.is_some())).then_some((asked.number, syn))
}

finding! {
    /// One end has lost the connection.
    HalfOpen = "finding.tcp.half_open", "one end no longer knows of the connection", "RFC 9293 §3.5.1",
        "one end takes the connection for open, and the other has lost it: it answers as a machine does that has none",
        advice "Look whether the machine or program behind the address was restarted, or a load balancer or NAT sends the packets to another one. Keep-alives (RFC 9293 §3.8.4) find such connections before they are needed.";
    look_at = |card, connection, out| {
        let Some((direction, number)) = reset(connection) else { return };
        if idle(connection, number) > IDLE || forged(connection, direction, number).is_some() {
            return;
        }
        let Some((asked, syn)) = unknown_there(connection, direction, number) else { return };
        let (sender, other) = (Connection::sender(direction), Connection::sender(direction.opposite()));
        let text = match syn {
            // RFC 9293 §3.5.1, figure 10; otherwise figure 11.
            Some(_) => format!("The {sender} began anew on a connection that was open at the {other}, and reset it when it was told so: it had lost it."),
            None => format!("The {other} took the connection for open, and the {sender} knew of none: it reset what came, without having closed."),
        };
        out.push(Finding::new(card, text, [asked, number].into_iter().chain(syn)).failed().sure(Confidence::Likely));
    };
}

finding! {
    /// A reset with another TTL.
    ForgedReset = "finding.tcp.forged_reset", "a third party reset the connection", "RFC 9293 §3.10.7.4",
        "the reset came from another distance than the packets of the end that it claims to come from",
        advice "A firewall, filter or intrusion prevention system on the way cut the connection. Its distance is the difference of the times to live; look for its log.";
    look_at = |card, connection, out| {
        let Some((direction, number)) = reset(connection) else { return };
        if let Some((usual, odd)) = forged(connection, direction, number) {
            let text = format!("The {}'s packets arrive with a time to live of {usual}, the reset with {odd}: somebody on the way sent it.", Connection::sender(direction));
            out.push(Finding::new(card, text, [number]).failed().sure(Confidence::Likely));
        }
    };
}

finding! {
    /// Data on a forgotten connection.
    IdleReset = "finding.tcp.idle_reset", "an idle connection had been forgotten", "RFC 5382 §5",
        "after a pause, the next packet was answered by a reset: a NAT, a firewall or the server had dropped the connection",
        advice "Close connections in the pool before the middlebox forgets them, or send keep-alives more often (net.ipv4.tcp_keepalive_time, or the application's own).";
    look_at = |card, connection, out| {
        let Some((direction, number)) = reset(connection) else { return };
        let idle = idle(connection, number);
        if idle > IDLE && forged(connection, direction, number).is_none() {
            let text = format!("After {} without a packet the {} answered with a reset.", ms(idle), Connection::sender(direction));
            let before = connection.segments.iter().map(|(row, _)| row.number).rfind(|&n| n < number);
            out.push(Finding::new(card, text, before.into_iter().chain([number])).failed().sure(Confidence::Likely));
        }
    };
}

/// How long after its SYN the client reset what it had asked for, if it had sent nothing else: when the answer came, it no
/// longer wanted the connection.
fn given_up(connection: &Connection<'_>, direction: Direction) -> Option<Duration> {
    let mut sent = connection.of(Direction::ToServer);
    let (syn, reset) = (sent.next()?, sent.next()?);
    let wanted = syn.1.flags.contains(Flags::SYN) && reset.1.flags.contains(Flags::RST);
    (direction == Direction::ToServer && wanted).then(|| reset.0.at.since(syn.0.at))
}

fn aborted(card: &'static super::Card, connection: &Connection<'_>, out: &mut Vec<Finding>, by: Direction) {
    let Some((direction, number)) = reset(connection) else { return };
    if direction != by || forged(connection, direction, number).is_some() || idle(connection, number) > IDLE {
        return;
    }
    if unknown_there(connection, direction, number).is_some() {
        return;
    }
    let given_up = given_up(connection, direction);
    // Who tries several addresses gives up the others as soon as one has answered (RFC 8305 §5), and who only asks whether
    // the port is open needs no more than the answer. A program that no longer wants to wait waits longer.
    if given_up.is_some_and(|after| after < Duration::from_secs(1)) {
        return;
    }
    if let Some(after) = given_up {
        let text = format!("The server's answer came {} after the SYN: the client had given up.", ms(after));
        out.push(Finding::new(card, text, connection.tcp.server().syn_frame().into_iter().chain([number])).failed());
        return;
    }
    let text = format!(
        "The {} reset the connection after {} bytes there and {} back.",
        Connection::sender(by),
        connection.summary.client.stream_bytes,
        connection.summary.server.stream_bytes
    );
    out.push(Finding::new(card, text, [number]).failed());
}

finding! {
    /// The server aborts.
    ServerReset = "finding.tcp.server_reset", "the server reset the connection", "RFC 9293 §3.10.4",
        "the server broke the connection off instead of closing it",
        advice "The program crashed, hit a limit or closed with unread data in its buffer (then Linux resets). Look at the server's log at that moment.";
    look_at = |card, connection, out| aborted(card, connection, out, Direction::ToClient);
}

finding! {
    /// The client aborts.
    ClientReset = "finding.tcp.client_reset", "the client reset the connection", "RFC 9293 §3.10.4",
        "the client broke the connection off instead of closing it",
        advice "The user went away, a timeout ran out, or the program closed with unread data in its buffer. Whether the response was whole tells which.";
    look_at = |card, connection, out| aborted(card, connection, out, Direction::ToServer);
}

finding! {
    /// One side never closes.
    HalfClosed = "finding.tcp.half_closed", "the other side does not close", "RFC 9293 §3.6",
        "one side has closed and the other never does: it keeps a socket in CLOSE-WAIT",
        advice "The program does not close its socket when reading returns the end: a leak. Look for many sockets in CLOSE-WAIT (ss -t state close-wait).";
    look_at = |card, connection, out| {
        let Ending::HalfClosed { client } = connection.summary.ending else { return };
        let direction = if client { Direction::ToServer } else { Direction::ToClient };
        let Some(fin) = connection.tcp.half(direction).fin_frame() else { return };
        let since = connection.case.end().since(connection.case.at(fin));
        let acked = connection.tcp.half(direction.opposite()).acked() > connection.tcp.half(direction).fin();
        let active = connection.of(direction.opposite()).any(|(row, tcp)| row.number > fin && tcp.len > 0);
        if since > Duration::from_secs(5) && acked && !active {
            let text = format!("The {} closed, and the {} has not for {}.", Connection::sender(direction), Connection::sender(direction.opposite()), ms(since));
            out.push(Finding::new(card, text, [fin]).sure(Confidence::Likely));
        }
    };
}

finding! {
    /// Keep-alives or data into the void.
    DeadPeer = "finding.tcp.dead_peer", "the other end has vanished", "RFC 9293 §3.8.3",
        "segments are repeated again and again, or keep-alives are sent, and nothing comes back any more",
        advice "The machine lost power or its network, or a middlebox forgot the connection. TCP_USER_TIMEOUT or shorter keep-alives let the program notice earlier.";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let last_heard = connection.of(direction.opposite()).map(|(row, _)| row.number).last().unwrap_or(0);
            let tries = |tcp: &flow::Tcp| tcp.verdicts.is_retransmission() || tcp.verdicts.contains(Verdicts::KEEP_ALIVE);
            let tail: Vec<u32> = connection.of(direction).filter(|(row, tcp)| row.number > last_heard && tries(tcp)).map(|(row, _)| row.number).collect();
            let syn = connection.of(direction).any(|(row, tcp)| row.number > last_heard && tcp.flags.contains(Flags::SYN));
            if tail.len() >= 3 && last_heard != 0 && !syn {
                let text = format!("The {} tried {} times, and nothing came back from the {}.", Connection::sender(direction), tail.len(), Connection::sender(direction.opposite()));
                out.push(Finding::new(card, text, tail.into_iter().chain([last_heard])).failed());
            }
        }
    };
}
