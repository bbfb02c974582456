//! Opening a connection: nobody there, refused, SYNs lost.

use base::Duration;
use flow::Direction;
use wire::tcp::Flags;

use super::{Finding, Rule, finding, ms};
use crate::Ending;

/// All of them.
pub(super) static RULES: &[&dyn Rule] =
    &[&Unanswered, &Refused, &SynLost, &SynAckRepeated, &NoUse, &SynInConnection, &FastOpenRefused];

finding! {
    /// SYNs without an answer.
    Unanswered = "finding.tcp.unanswered", "the server does not answer", "RFC 9293 §3.8.3",
        "SYNs get no answer at all: not even a refusal",
        advice "A firewall drops the packets silently, the address is wrong, or the machine is off. Capture at the server: if the SYN arrives there, the way back is broken.";
    look_at = |card, connection, out| {
        let syns: Vec<u32> = connection.with(Flags::SYN).map(|(row, _)| row.number).collect();
        let waited = connection.case.end().since(connection.conversation.first_at);
        let silent = connection.summary.ending == Ending::Unanswered && !syns.is_empty() && !connection.reported;
        if silent && (syns.len() > 1 || waited > Duration::from_secs(1)) {
            let text = format!("{} answered none of {} SYNs within {}.", connection.server(), syns.len(), ms(waited));
            out.push(Finding::new(card, text, syns).failed());
        }
    };
}

finding! {
    /// A reset answers the SYN.
    Refused = "finding.tcp.refused", "connection refused", "RFC 9293 §3.10.7.1",
        "the machine answers the SYN with a reset: no program listens at that port",
        advice "Start the service, or correct the port or the address. A firewall that rejects with a reset looks the same.";
    look_at = |card, connection, out| {
        if connection.summary.ending == Ending::Refused {
            let syn = connection.tcp.client().syn_frame();
            let text = format!("{} refused the connection: it answered the SYN with a reset.", connection.server());
            out.push(Finding::new(card, text, syn.into_iter().chain(connection.tcp.server().rst_frame())).failed());
        }
    };
}

/// SYNs that leave together did not wait for an answer (RFC 6298 §2.1 waits a second, and nobody less than a fifth of one):
/// they waited for the same hardware address (RFC 1122 §2.3.2.2), or stand in the capture twice.
const TOGETHER: Duration = Duration::from_millis(100);

finding! {
    /// The SYN had to be sent again.
    SynLost = "finding.tcp.syn_lost", "a SYN was lost", "RFC 6298 §2.1",
        "the first SYN or its answer was lost, and the client waited a second, then two, before it tried again",
        advice "Look for loss or an overflowing listen queue (nstat: TcpExtListenOverflows) at the server. The wait starts at one second because no round-trip time is known yet.";
    look_at = |card, connection, out| {
        let answered = connection.tcp.server().syn_frame();
        let own = |(row, tcp): &(&flow::Row, &flow::Tcp)| {
            tcp.flags.contains(Flags::SYN) && tcp.relative_seq() == Some(0) && answered.is_none_or(|answer| row.number < answer)
        };
        let syns: Vec<_> = connection.of(Direction::ToServer).filter(own).collect();
        if let (Some(answer), [first, .., last]) = (answered, syns.as_slice()) {
            let cost = last.0.at.since(first.0.at);
            if cost < TOGETHER {
                return;
            }
            let text = format!("The client had to send its SYN {} times, and lost {} by waiting.", syns.len(), ms(cost));
            out.push(Finding::new(card, text, syns.iter().map(|(row, _)| row.number).chain([answer])).costs(cost));
        }
    };
}

finding! {
    /// The answer to the SYN had to be sent again.
    SynAckRepeated = "finding.tcp.syn_ack_repeated", "the server repeats its SYN ACK", "RFC 9293 §3.8.3",
        "the handshake's last step does not reach the server, or its answer does not reach the client",
        advice "If the client has answered, packets towards the server are lost; if not, those towards the client are. Half-open connections in masses are a SYN flood.";
    look_at = |card, connection, out| {
        let answers: Vec<_> = connection.of(Direction::ToClient).filter(|(_, tcp)| tcp.flags.contains(Flags::SYN)).collect();
        let client = connection.tcp.client();
        let again = connection.of(Direction::ToServer).filter(|(_, tcp)| tcp.flags.contains(Flags::SYN)).count();
        if let [first, .., last] = answers.as_slice() && again <= 1 {
            let cost = last.0.at.since(first.0.at);
            let text = format!("The server sent its SYN ACK {} times within {}.", answers.len(), ms(cost));
            let finding = Finding::new(card, text, answers.iter().map(|(row, _)| row.number)).costs(cost);
            out.push(if client.acked().is_none() && connection.summary.initial_rtt.is_none() { finding.failed() } else { finding });
        }
    };
}

finding! {
    /// Opened, and nothing asked.
    NoUse = "finding.tcp.no_use", "a connection was opened for nothing", "RFC 9293 §3.10.1",
        "the connection was opened and closed, and no byte of data was sent",
        advice "A load balancer's health check, a port scan, or a browser that opened one in reserve: harmless, but each costs the server a socket.";
    look_at = |card, connection, out| {
        let quiet = connection.summary.client.stream_bytes == 0 && connection.summary.server.stream_bytes == 0;
        if quiet && connection.tcp.established_frame().is_some() && matches!(connection.summary.ending, Ending::Closed { .. }) {
            let ends = [connection.tcp.client().syn_frame(), connection.tcp.client().fin_frame()];
            out.push(Finding::new(card, format!("The connection to {} was opened and closed without a byte of data.", connection.server()), ends.into_iter().flatten()));
        }
    };
}

finding! {
    /// A SYN inside an open connection.
    SynInConnection = "finding.tcp.syn_in_connection", "a SYN inside an open connection", "RFC 5961 §4.2",
        "one end asks to open what is open at the other: it has forgotten the connection, or somebody forges",
        advice "After a crash the challenge ACK makes the client reset and start again. If nobody crashed, look whether a NAT gives the port to two clients.";
    look_at = |card, connection, out| {
        let strays = connection.segments.iter().filter(|(_, tcp)| tcp.verdicts.contains(flow::Verdicts::SYN_IN_CONNECTION));
        let frames: Vec<u32> = strays.map(|(row, _)| row.number).collect();
        if !frames.is_empty() {
            out.push(Finding::new(card, format!("{} SYNs came inside the open connection to {}.", frames.len(), connection.server()), frames));
        }
    };
}

finding! {
    /// What went with a SYN was not taken.
    FastOpenRefused = "finding.tcp.fast_open_refused", "data in the SYN was not taken", "RFC 7413 §4.2.1",
        "the client sent data with its SYN, and the server acknowledged the SYN alone: the data has to be sent again",
        advice "The cookie is of another server behind the same address (give all the same net.ipv4.tcp_fastopen_key), the server does not do Fast Open (net.ipv4.tcp_fastopen, and its program's TCP_FASTOPEN), or a box on the way strips the option.";
    look_at = |card, connection, out| {
        let syn = connection.of(Direction::ToServer).find(|(_, tcp)| tcp.flags.contains(Flags::SYN) && tcp.len > 0);
        let answer = connection.of(Direction::ToClient).find(|(_, tcp)| tcp.flags.contains(Flags::SYN));
        if let (Some((sent, data)), Some((answered, answer))) = (syn, answer)
            && answer.relative_ack() == Some(1)
        {
            let text = format!("{} did not take the {} bytes that came with the SYN.", connection.server(), data.len);
            let finding = Finding::new(card, text, [sent.number, answered.number]);
            out.push(match connection.round_trip() {
                Some(rtt) => finding.costs(rtt),
                None => finding,
            });
        }
    };
}
