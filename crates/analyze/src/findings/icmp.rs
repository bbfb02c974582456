//! ICMP: what routers and hosts report.

use std::collections::BTreeMap;

use base::Duration;
use flow::{ConversationId, Direction, Kind, Row, RowKind};

use super::{Case, Confidence, Finding, Rule, finding};

/// All of them.
pub(super) static RULES: &[&dyn Rule] = &[
    &PortUnreachable,
    &HostUnreachable,
    &Prohibited,
    &FragmentationNeeded,
    &HopsExceeded,
    &Redirected,
    &EchoUnanswered,
];

/// Most conversations that findings of one kind name: a scan of a whole network says no more with its thousandth.
const MOST: usize = 1000;

/// What a message says in either family: a type, and any of its codes.
struct Says {
    v4: (u8, &'static [u8]),
    v6: (u8, &'static [u8]),
}

impl Says {
    /// Whether a row is such a message.
    fn is(&self, row: &Row) -> bool {
        let ((kind, codes), got, code) = match row.kind {
            RowKind::Icmp(got, code) => (self.v4, got, code),
            RowKind::Icmpv6(got, code) => (self.v6, got, code),
            _ => return false,
        };
        got == kind && codes.contains(&code)
    }
}

/// The messages that say so, one finding for each conversation that they speak of, in the order of their first packets.
/// `text` makes its sentence of the first one and of the name of what could not be reached.
fn errors(
    card: &'static super::Card,
    case: &Case<'_>,
    says: &Says,
    text: impl Fn(&Row, Option<String>) -> String,
) -> impl Iterator<Item = Finding> {
    let mut groups: Vec<Vec<&Row>> = Vec::new();
    let mut places: BTreeMap<Option<ConversationId>, usize> = BTreeMap::new();
    for row in case.flow.rows().iter().filter(|row| says.is(row) && row.copy_of().is_none()) {
        let place = *places.entry(row.about).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(row),
            None if place < MOST => groups.push(vec![row]),
            None => {}
        }
    }
    groups.into_iter().filter_map(move |group| {
        let row = group.first()?;
        let about = row.about.and_then(|id| case.flow.conversation(id));
        // The error goes to whoever sent the packet that it quotes; that packet was for the other end.
        let told =
            row.conversation.and_then(|id| case.flow.conversation(id)).map(|c| c.sender(row.direction.opposite()).ip);
        let target = about.map(|c| {
            let by_server = told == Some(c.server.ip) && c.client.ip != c.server.ip;
            format!("{} {}", c.protocol(), if by_server { c.client } else { c.server })
        });
        let first = about.and_then(|c| c.packets.first().copied());
        let mut finding =
            Finding::new(card, text(row, target), group.iter().map(|row| row.number).chain(first)).failed();
        finding.conversation = row.about;
        Some(finding)
    })
}

/// Who sent a packet.
fn sender(case: &Case<'_>, row: &Row) -> String {
    let conversation = row.conversation.and_then(|id| case.flow.conversation(id));
    conversation.map_or_else(|| "a router".to_owned(), |c| c.sender(row.direction).ip.to_string())
}

finding! {
    /// Type 3, code 3; of ICMPv6 type 1, code 4 (RFC 4443 §3.1).
    PortUnreachable = "finding.icmp.port_unreachable", "nobody listens at the port", "RFC 1122 §3.2.2.1",
        "the machine is there, but no program listens at the port",
        advice "Start the service, or correct the port. For DNS: the machine in resolv.conf runs no name server.";
    look = |card, case, out| {
        let found = errors(card, case, &Says { v4: (3, &[3]), v6: (1, &[4]) }, |row, target| {
            format!("{} says that nobody listens at {}.", sender(case, row), target.unwrap_or_else(|| "the port".to_owned()))
        });
        // Who spoke first says so of an answer that comes after it has given up: that it came late is told by itself.
        let by_the_asked = |finding: &Finding| {
            let sent = |number: u32| {
                let view = case.flow.row(number)?;
                let conversation = case.flow.conversation(view.row.conversation?)?;
                Some(conversation.sender(view.row.direction).ip)
            };
            let about = finding.conversation.and_then(|id| case.flow.conversation(id));
            let asker = about.and_then(|about| sent(*about.packets.first()?));
            let told = finding.evidence.iter().find(|&&n| case.flow.row(n).is_some_and(|view| view.row.about.is_some()));
            asker.is_none() || told.and_then(|&number| sent(number)) != asker
        };
        out.extend(found.filter(by_the_asked));
    };
}

finding! {
    /// Type 3, codes 0, 1, 5 to 8, 11, 12; of ICMPv6 type 1, codes 0, 2, 3 (RFC 4443 §3.1).
    HostUnreachable = "finding.icmp.host_unreachable", "network or host unreachable", "RFC 1812 §5.2.7.1",
        "a router has no way to the destination, or the last one got no answer to ARP",
        advice "Check the route at the router that sent it, the prefix of the destination, and whether the destination is on.";
    look = |card, case, out| out.extend(errors(card, case, &Says { v4: (3, &[0, 1, 5, 6, 7, 8, 11, 12]), v6: (1, &[0, 2, 3]) }, |row, target| {
        format!("{} cannot reach {}.", sender(case, row), target.unwrap_or_else(|| "the destination".to_owned()))
    }));
}

finding! {
    /// Type 3, codes 9, 10, 13; of ICMPv6 type 1, codes 1, 5, 6 (RFC 4443 §3.1).
    Prohibited = "finding.icmp.prohibited", "a firewall forbids it", "RFC 1812 §5.2.7.1",
        "a router or firewall was configured not to let the packet through, and says so",
        advice "Open the rule at the machine that sent the message, or use the way that it allows (a proxy, another port).";
    look = |card, case, out| out.extend(errors(card, case, &Says { v4: (3, &[9, 10, 13]), v6: (1, &[1, 5, 6]) }, |row, target| {
        format!("{} does not let packets to {} through.", sender(case, row), target.unwrap_or_else(|| "the destination".to_owned()))
    }));
}

finding! {
    /// Type 3, code 4; of ICMPv6 type 2 (RFC 4443 §3.2).
    FragmentationNeeded = "finding.icmp.fragmentation_needed", "packets are too large for the path", "RFC 1191 §3",
        "a link on the way takes only smaller packets; the sender has to learn that and send again",
        advice "Let these messages pass (without them the path becomes a black hole), or clamp the MSS at the tunnel's end so that TCP never sends too large.";
    look = |card, case, out| {
        let found = errors(card, case, &Says { v4: (3, &[4]), v6: (2, &[0]) }, |row, target| {
            format!("{} says that packets to {} are too large for its next link.", sender(case, row), target.unwrap_or_else(|| "the destination".to_owned()))
        });
        out.extend(found.map(|finding| Finding { cost: super::Cost::Unmeasured, ..finding }));
    };
}

finding! {
    /// Type 11, code 0; of ICMPv6 type 3, code 0 (RFC 4443 §3.3).
    HopsExceeded = "finding.icmp.hops_exceeded", "packets go round or too far", "RFC 1812 §5.3.1",
        "a packet's time to live ran out before it arrived: a routing loop, or a sender that starts too low",
        advice "Trace the route: two routers that repeat send packets to each other. If this is a traceroute, it is meant.";
    look = |card, case, out| {
        let found = errors(card, case, &Says { v4: (11, &[0]), v6: (3, &[0]) }, |row, target| {
            format!("A packet to {} came no farther than {}: its time to live ran out.", target.unwrap_or_else(|| "its destination".to_owned()), sender(case, row))
        });
        out.extend(found.map(|finding| Finding { confidence: Confidence::Likely, ..finding }));
    };
}

finding! {
    /// Type 5; of ICMPv6 type 137 (RFC 4861 §4.5).
    Redirected = "finding.icmp.redirected", "packets take a detour", "RFC 1812 §5.2.7.2",
        "a router says that another router on the same link is nearer to the destination",
        advice "Correct the route of the sender, or ignore redirects and fix the router's own table; redirects from strangers are an attack.";
    look = |card, case, out| {
        let found = errors(card, case, &Says { v4: (5, &[0, 1, 2, 3]), v6: (137, &[0]) }, |row, target| {
            format!("{} says that another router is nearer to {}.", sender(case, row), target.unwrap_or_else(|| "the destination".to_owned()))
        });
        out.extend(found.map(|finding| Finding { cost: super::Cost::Unmeasured, ..finding }));
    };
}

finding! {
    /// A ping that nobody answers.
    EchoUnanswered = "finding.icmp.echo_unanswered", "pings are not answered", "RFC 1122 §3.2.2.6",
        "echo requests get no reply: the host is down, the way back is broken, or a firewall drops them",
        advice "Try a TCP connection to a port that must be open: many hosts drop pings on purpose.";
    look = |card, case, out| {
        for conversation in case.flow.conversations().iter().filter(|c| matches!(c.kind, Kind::Icmp)) {
            let rows = case.flow.packets(conversation).map(|view| view.row).filter(|row| row.copy_of().is_none());
            let asked: Vec<&Row> = rows.clone().filter(|r| matches!(r.kind, RowKind::Icmp(8, _) | RowKind::Icmpv6(128, _))).collect();
            let answered = rows.clone().any(|r| r.direction == Direction::ToClient);
            let waited = asked.first().map_or(Duration::ZERO, |row| case.end().since(row.at));
            if !answered && !asked.is_empty() && (asked.len() > 1 || waited > Duration::from_secs(1)) {
                let text = format!("{} did not answer {} pings.", conversation.server.ip, asked.len());
                let mut finding = Finding::new(card, text, asked.iter().map(|row| row.number)).failed();
                finding.conversation = Some(conversation.id);
                out.push(finding);
            }
        }
    };
}
