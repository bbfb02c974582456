//! ARP: no answer, two answers, late answers.

use base::Duration;
use wire::MacAddr;

use super::{Case, Confidence, Finding, Rule, finding, ms};

/// All of them.
pub(super) static RULES: &[&dyn Rule] = &[&Unanswered, &Conflict, &Late];

/// Hosts answer ARP within milliseconds.
const LATE: Duration = Duration::from_millis(100);

finding! {
    /// Nobody has the address.
    Unanswered = "finding.arp.unanswered", "no answer to ARP", "RFC 826",
        "nobody on the link says that it has the address, so no packet can be sent to it",
        advice "The machine is off, on another VLAN, or has another address. Check the address and the prefix length of the sender, and the cable or association of the target.";
    look = |card, case, out| {
        for exchange in case.flow.arp().iter().filter(|e| e.reply.is_none() && !e.probe() && !e.announcement()) {
            let last = exchange.requests.last().map_or(exchange.asked_at, |&n| case.at(n));
            let waited = case.end().since(exchange.asked_at);
            if exchange.requests.len() > 1 || (waited > Duration::from_secs(1) && last == exchange.asked_at) {
                let times = exchange.requests.len();
                let text = format!("{} asked {times} times who has {}, and nobody answered.", exchange.asker, exchange.target);
                out.push(Finding::new(card, text, exchange.requests.iter().copied()).failed());
            }
        }
    };
}

/// The hardware address that the ARP message in packet `number` claims.
fn sender(case: &Case<'_>, number: u32) -> Option<MacAddr> {
    let row = case.flow.row(number)?.row;
    let bytes = case.source.frame(number)?;
    match wire::frame::decode(row.link, &bytes, row.original as usize, &mut wire::Silent).network {
        wire::frame::Network::Arp(arp) => Some(arp.sender_mac),
        _ => None,
    }
}

finding! {
    /// Two hosts have one address.
    Conflict = "finding.arp.conflict", "two machines claim one address", "RFC 5227 §2.4",
        "two hardware addresses answer for one IP address: packets go now to one, now to the other",
        advice "Find both machines by their hardware addresses and give one another IP address. If one of them is not yours, somebody may be redirecting traffic (ARP spoofing).";
    look = |card, case, out| {
        for exchange in case.flow.arp() {
            let Some((frame, _, mac)) = exchange.reply else { continue };
            let other = exchange.more_replies.iter().find_map(|&n| sender(case, n).filter(|&m| m != mac).map(|m| (n, m)));
            if let Some((second, other)) = other {
                let text = format!("Both {mac} and {other} say that they have {}.", exchange.target);
                out.push(Finding::new(card, text, [frame, second]).failed());
            }
        }
    };
}

finding! {
    /// It took long.
    Late = "finding.arp.late", "ARP took long", "RFC 1122 §2.3.2.1",
        "the hardware address of the next hop came late, and the packet had to wait for it",
        advice "A request is repeated after one second: the first one or its reply was lost, often on a wireless link. Static or longer-lived neighbour entries for gateways avoid the wait.";
    look = |card, case, out| {
        for exchange in case.flow.arp() {
            let Some((frame, at, _)) = exchange.reply.filter(|_| !exchange.requests.is_empty()) else { continue };
            let waited = at.since(exchange.asked_at);
            if waited > LATE {
                let text = format!("The hardware address of {} was there only after {} and {} requests.", exchange.target, ms(waited), exchange.requests.len());
                let sure = if exchange.requests.len() > 1 { Confidence::Certain } else { Confidence::Likely };
                out.push(Finding::new(card, text, exchange.requests.iter().copied().chain([frame])).costs(waited).sure(sure));
            }
        }
    };
}
