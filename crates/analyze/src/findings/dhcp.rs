//! DHCP: no answer, a refusal, a conflict.

use base::Duration;
use wire::dhcp::MessageType;

use super::{Finding, Rule, finding, ms};

/// All of them.
pub(super) static RULES: &[&dyn Rule] = &[&Unanswered, &Refused, &Declined, &Repeated];

/// How long a server may take: clients repeat after 4 s, randomised by one (RFC 2131 §4.1).
const PATIENCE: Duration = Duration::from_secs(3);

fn from_server(kind: Option<MessageType>) -> bool {
    matches!(kind, Some(MessageType::OFFER | MessageType::ACK | MessageType::NAK))
}

finding! {
    /// Nobody answers.
    Unanswered = "finding.dhcp.unanswered", "no DHCP server answers", "RFC 2131 §4.4.1",
        "the client asked for an address, again, and nobody offered one",
        advice "Check that a DHCP server runs on this network, that its pool has addresses left, and that switches and relays let broadcasts to port 67 pass.";
    look = |card, case, out| {
        for exchange in case.flow.dhcp() {
            let Some(first) = exchange.messages.first() else { continue };
            let asked = exchange.messages.iter().filter(|m| !from_server(m.kind) && m.kind != Some(MessageType::RELEASE));
            let asked: Vec<u32> = asked.map(|m| m.frame).collect();
            let silent = !exchange.messages.iter().any(|m| from_server(m.kind));
            if silent && !asked.is_empty() && (asked.len() > 1 || case.end().since(first.at) > PATIENCE) {
                let waited = case.end().since(first.at);
                let text = format!("The client asked {} times for an address and got no answer within {}.", asked.len(), ms(waited));
                out.push(Finding::new(card, text, asked).failed());
            }
        }
    };
}

finding! {
    /// DHCPNAK.
    Refused = "finding.dhcp.refused", "DHCP request refused", "RFC 2131 §4.3.2",
        "the server said that the client cannot have the address that it asked for",
        advice "The client remembers an address of another network or of an expired lease. It starts again by itself; if that repeats, look for two DHCP servers with different pools.";
    look = |card, case, out| {
        for exchange in case.flow.dhcp() {
            let refusals = exchange.messages.iter().filter(|m| m.kind == Some(MessageType::NAK));
            let frames: Vec<u32> = refusals.map(|m| m.frame).collect();
            if !frames.is_empty() {
                out.push(Finding::new(card, "The DHCP server refused the address that the client asked for (DHCPNAK).".to_owned(), frames).failed());
            }
        }
    };
}

finding! {
    /// DHCPDECLINE.
    Declined = "finding.dhcp.declined", "address in use already", "RFC 2131 §4.4.4",
        "the client found that somebody else uses the address that it was given",
        advice "Find the machine with that fixed address (its ARP reply stands before the decline) and take the address out of the pool.";
    look = |card, case, out| {
        for exchange in case.flow.dhcp() {
            let declines = exchange.messages.iter().filter(|m| m.kind == Some(MessageType::DECLINE));
            let frames: Vec<u32> = declines.map(|m| m.frame).collect();
            if !frames.is_empty() {
                out.push(Finding::new(card, "The client declined the address that it was offered: somebody uses it (DHCPDECLINE).".to_owned(), frames).failed());
            }
        }
    };
}

finding! {
    /// Asked again before an answer came.
    Repeated = "finding.dhcp.repeated", "DHCP had to ask again", "RFC 2131 §4.1",
        "a message of the exchange was lost or the server was slow, and the client waited seconds before it repeated it",
        advice "A lost broadcast costs four seconds and more. Look for loss on the wireless link, for spanning tree that blocks the port at first (use edge ports), and for a busy server.";
    look = |card, case, out| {
        for exchange in case.flow.dhcp() {
            if !exchange.messages.iter().any(|m| from_server(m.kind)) {
                continue;
            }
            let mut cost = Duration::ZERO;
            let mut frames = Vec::new();
            for (a, b) in exchange.messages.iter().zip(exchange.messages.iter().skip(1)) {
                if a.kind == b.kind && !from_server(a.kind) {
                    cost += b.at.since(a.at);
                    frames.extend([a.frame, b.frame]);
                }
            }
            if !frames.is_empty() {
                let text = format!("DHCP had to repeat a message after waiting {}.", ms(cost));
                out.push(Finding::new(card, text, frames).costs(cost));
            }
        }
    };
}
