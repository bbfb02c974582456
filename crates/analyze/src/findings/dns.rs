//! DNS: names that do not exist, servers that fail, answers that come late or not at all.

use std::net::{IpAddr, Ipv4Addr};

use base::{Duration, Instant, Map, Set};
use flow::{ConversationId, Direction, DnsTransaction, Endpoint};
use wire::dns::{Question, Rcode, Type};

use super::{Case, Confidence, Connection, Finding, Rule, finding, ms};

/// All of them.
pub(super) static RULES: &[&dyn Rule] = &[
    &NameError,
    &ServerFailure,
    &Refused,
    &Rejected,
    &Unanswered,
    &NoAddress,
    &Repeated,
    &Slow,
    &Truncated,
    &SecondAnswer,
];

/// A resolver that has to ask others takes a few round trips; more than this is felt.
const SLOW: Duration = Duration::from_millis(800);
/// The longest time until a question is taken for a new one.
const AGAIN: Duration = Duration::from_secs(30);
/// Stub resolvers wait five seconds (resolv.conf), some one.
const PATIENCE: Duration = Duration::from_secs(1);

fn asked(transaction: &DnsTransaction) -> String {
    transaction.question.as_ref().map_or_else(|| "a question".to_owned(), |q| format!("{} {}", q.name, q.kind))
}

fn frames(transaction: &DnsTransaction) -> Vec<u32> {
    transaction.queries.iter().copied().chain(transaction.response.map(|(n, _)| n)).collect()
}

/// Whether the question went to all on the link (multicast DNS, RFC 6762 §5; LLMNR, RFC 4795 §2; some ask by broadcast): who
/// has no answer says nothing, and it is asked again to find who comes later.
fn asks_everybody(case: &Case<'_>, transaction: &DnsTransaction) -> bool {
    let server = case.flow.conversation(transaction.conversation).map(|conversation| conversation.server.ip);
    server.is_some_and(|ip| ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST))
}

/// The transactions of a whole capture over UDP, or those of one connection over TCP (RFC 7766).
enum Asked<'a, 'b> {
    Udp(&'a Case<'b>),
    Tcp(&'a Connection<'b>),
}

impl Asked<'_, '_> {
    fn transactions(&self) -> Vec<DnsTransaction> {
        match self {
            Asked::Udp(case) => case.flow.dns().to_vec(),
            Asked::Tcp(connection) => connection.layers.dns_transactions(connection.case.flow),
        }
    }
    fn server(&self, transaction: &DnsTransaction) -> String {
        let flow = match self {
            Asked::Udp(case) => case.flow,
            Asked::Tcp(connection) => connection.case.flow,
        };
        flow.conversation(transaction.conversation).map(|c| c.server.ip.to_string()).unwrap_or_default()
    }
}

fn by_rcode(card: &'static super::Card, asked: &Asked<'_, '_>, out: &mut Vec<Finding>, rcode: Rcode, says: &str) {
    for transaction in asked.transactions().iter().filter(|t| t.rcode == Some(rcode)) {
        out.push(refused(card, asked, transaction, says));
    }
}

fn refused(card: &'static super::Card, by: &Asked<'_, '_>, transaction: &DnsTransaction, says: &str) -> Finding {
    let text = format!("{} {says}: {}.", by.server(transaction), asked(transaction));
    let mut finding = Finding::new(card, text, frames(transaction)).failed();
    finding.conversation = Some(transaction.conversation);
    finding
}

/// An answer that took long.
fn slow(card: &'static super::Card, by: &Asked<'_, '_>, out: &mut Vec<Finding>) {
    for transaction in by.transactions().iter().filter(|t| t.queries.len() == 1) {
        let Some(duration) = transaction.duration().filter(|&d| d > SLOW) else { continue };
        let text = format!("The answer for {} took {}.", asked(transaction), ms(duration));
        let mut finding = Finding::new(card, text, frames(transaction)).costs(duration).sure(Confidence::Likely);
        finding.conversation = Some(transaction.conversation);
        out.push(finding);
    }
}

finding! {
    /// NXDOMAIN.
    NameError = "finding.dns.name_error", "the name does not exist", "RFC 2308 §2.1",
        "the name server says that there is no such name (NXDOMAIN)",
        advice "Check the spelling and the search domains. If the name is new, resolvers may remember for a while that it was not there (the SOA record's minimum).";
    look = |card, case, out| by_rcode(card, &Asked::Udp(case), out, Rcode::NXDOMAIN, "says that the name does not exist");
    look_at = |card, connection, out| by_rcode(card, &Asked::Tcp(connection), out, Rcode::NXDOMAIN, "says that the name does not exist");
}

finding! {
    /// SERVFAIL.
    ServerFailure = "finding.dns.server_failure", "the name server failed", "RFC 1035 §4.1.1",
        "the resolver could not get an answer (SERVFAIL)",
        advice "The authoritative servers do not answer, or DNSSEC validation failed. Ask the authoritative servers directly, and again with checking disabled (dig +cd) to tell the two apart.";
    look = |card, case, out| by_rcode(card, &Asked::Udp(case), out, Rcode::SERVFAIL, "could not find an answer");
    look_at = |card, connection, out| by_rcode(card, &Asked::Tcp(connection), out, Rcode::SERVFAIL, "could not find an answer");
}

finding! {
    /// REFUSED.
    Refused = "finding.dns.refused", "the name server refused", "RFC 1035 §4.1.1",
        "the server does not answer questions of this client (REFUSED)",
        advice "The client uses a resolver that does not serve it. Take the resolver that the network announces, or open the server's access list to the client.";
    look = |card, case, out| by_rcode(card, &Asked::Udp(case), out, Rcode::REFUSED, "refused to answer");
    look_at = |card, connection, out| by_rcode(card, &Asked::Tcp(connection), out, Rcode::REFUSED, "refused to answer");
}

/// Codes that have a finding of their own, and none at all.
const TOLD: [Rcode; 4] = [Rcode::NOERROR, Rcode::NXDOMAIN, Rcode::SERVFAIL, Rcode::REFUSED];

fn rejected(card: &'static super::Card, by: &Asked<'_, '_>, out: &mut Vec<Finding>) {
    for transaction in by.transactions() {
        if let Some(rcode) = transaction.rcode.filter(|rcode| !TOLD.contains(rcode)) {
            out.push(refused(card, by, &transaction, &format!("answered with {rcode}")));
        }
    }
}

finding! {
    /// FORMERR, NOTIMP and the rarer ones.
    Rejected = "finding.dns.rejected", "the name server rejects the query", "RFC 1035 §4.1.1",
        "the server could not read the query, or does not know what it asks for (FORMERR, NOTIMP and their like)",
        advice "Old servers and middleboxes trip over EDNS, cookies or unknown types: ask again without them (dig +noedns, +nocookie) to see which it is.";
    look = |card, case, out| rejected(card, &Asked::Udp(case), out);
    look_at = |card, connection, out| rejected(card, &Asked::Tcp(connection), out);
}

/// Queries on a connection that is over, or was waited for, and no response to them.
fn unanswered_over_tcp(card: &'static super::Card, connection: &Connection<'_>, out: &mut Vec<Finding>) {
    let by = Asked::Tcp(connection);
    for transaction in by.transactions().iter().filter(|t| t.response.is_none()) {
        let waited = connection.case.end().since(transaction.asked_at);
        if (waited > PATIENCE || connection.tcp.over()) && connection.tcp.server().counts().packets > 0 {
            let text = format!(
                "{} did not answer the query for {} over TCP within {}.",
                by.server(transaction),
                asked(transaction),
                ms(waited)
            );
            out.push(Finding::new(card, text, frames(transaction)).failed());
        }
    }
}

finding! {
    /// No answer.
    Unanswered = "finding.dns.unanswered", "the name server does not answer", "RFC 1035 §7.2",
        "a query got no response",
        advice "The resolver is down, not reachable, or a firewall drops UDP port 53. Ask it directly (dig @server), and give clients a second resolver.";
    look = |card, case, out| {
        let answered = Answered::of(case);
        for transaction in case.flow.dns().iter().filter(|t| t.response.is_none() && !asks_everybody(case, t)) {
            let waited = case.end().since(transaction.asked_at);
            let refused = case.reported.contains(&transaction.conversation) || answered.repeated(case, transaction).is_some();
            if (transaction.queries.len() > 1 || waited > PATIENCE) && !refused {
                let server = case.flow.conversation(transaction.conversation).map(|c| c.server.ip.to_string());
                let text = format!("{} did not answer {} queries for {} within {}.", server.unwrap_or_default(), transaction.queries.len(), asked(transaction), ms(waited));
                let mut finding = Finding::new(card, text, frames(transaction)).failed();
                finding.conversation = Some(transaction.conversation);
                out.push(finding);
            }
        }
    };
    look_at = |card, connection, out| unanswered_over_tcp(card, connection, out);
}

finding! {
    /// NODATA.
    NoAddress = "finding.dns.no_address", "the name has no address", "RFC 2308 §2.2",
        "the name exists, but has no address of the kind asked for, and none of the other kind either",
        advice "The zone lacks an A or AAAA record for the name: add one, or use the name that has one (often with www in front).";
    look = |card, case, out| {
        let address = |t: &DnsTransaction| t.question.as_ref().is_some_and(|q| matches!(q.kind, Type::A | Type::AAAA));
        let whole = |t: &&DnsTransaction| address(t) && t.rcode == Some(Rcode::NOERROR) && !t.truncated;
        let name = |t: &'_ DnsTransaction| t.question.as_ref().map(|q| q.name.clone());
        let found = case.flow.dns().iter().filter(|t| !t.addresses.is_empty());
        let found: Set<_> = found.filter_map(name).collect();
        for transaction in case.flow.dns().iter().filter(whole).filter(|t| t.addresses.is_empty()) {
            let has_one = name(transaction).is_some_and(|name| found.contains(&name));
            // A referral is an answer to a resolver, and says nothing about addresses.
            if !has_one && recursion_available(case, transaction) {
                let text = format!("There is no address for {}.", asked(transaction));
                let mut finding = Finding::new(card, text, frames(transaction)).failed().sure(Confidence::Likely);
                finding.conversation = Some(transaction.conversation);
                out.push(finding);
            }
        }
    };
}

/// Whether the response comes from a resolver: its RA bit (RFC 1035 §4.1.1).
fn recursion_available(case: &Case<'_>, transaction: &DnsTransaction) -> bool {
    let read = || {
        let (number, _) = transaction.response?;
        let payload = case.flow.row(number)?.row.payload;
        let bytes = case.source.frame(number)?;
        let message = bytes.get(payload.at as usize..(payload.at + payload.len) as usize)?;
        Some(wire::dns::Message::parse(message).ok()?.recursion_available)
    };
    read().unwrap_or(false)
}

/// The transactions that were answered, by who asked what, in order of time.
struct Answered<'a>(Map<(Option<&'a Question>, u32, IpAddr), Vec<&'a DnsTransaction>>);

impl<'a> Answered<'a> {
    fn of(case: &Case<'a>) -> Answered<'a> {
        let mut answered: Map<_, Vec<&DnsTransaction>> = Map::default();
        for transaction in case.flow.dns().iter().filter(|t| t.response.is_some()) {
            if let Some(key) = Answered::key(case, transaction) {
                answered.entry(key).or_default().push(transaction);
            }
        }
        Answered(answered)
    }
    fn key<'b>(case: &Case<'_>, transaction: &'b DnsTransaction) -> Option<(Option<&'b Question>, u32, IpAddr)> {
        let conversation = case.flow.conversation(transaction.conversation)?;
        Some((transaction.question.as_ref(), conversation.interface, conversation.client.ip))
    }

    /// The one by which a resolver repeated one that was not: the same question of the same machine, with another id and port
    /// (RFC 5452 §9.2).
    fn repeated(&self, case: &Case<'a>, lost: &DnsTransaction) -> Option<&'a DnsTransaction> {
        if lost.response.is_some() || asks_everybody(case, lost) {
            return None;
        }
        let same = self.0.get(&Answered::key(case, lost)?)?;
        let later = *same.get(same.partition_point(|t| t.asked_at <= lost.asked_at))?;
        (later.asked_at.since(lost.asked_at) <= AGAIN).then_some(later)
    }
}

finding! {
    /// Asked more than once.
    Repeated = "finding.dns.repeated", "a DNS query had to be repeated", "RFC 1035 §4.2.1",
        "a query or its response was lost: UDP does not repeat, so the client waited for its own timer",
        advice "Look for loss on the way to the resolver. A resolver nearer to the client, or a shorter timeout (options timeout:1), shortens the wait.";
    look = |card, case, out| {
        for transaction in case.flow.dns().iter().filter(|t| t.queries.len() > 1 && t.response.is_some()) {
            let last = transaction.queries.last().map_or(transaction.asked_at, |&n| case.at(n));
            let cost = last.since(transaction.asked_at);
            let text = format!("The query for {} was sent {} times; {} passed before the last.", asked(transaction), transaction.queries.len(), ms(cost));
            let mut finding = Finding::new(card, text, frames(transaction)).costs(cost);
            finding.conversation = Some(transaction.conversation);
            out.push(finding);
        }
        let all = Answered::of(case);
        for lost in case.flow.dns() {
            let Some(answered) = all.repeated(case, lost) else { continue };
            let cost = answered.asked_at.since(lost.asked_at);
            let text = format!("The query for {} was not answered, and put again after {}.", asked(lost), ms(cost));
            let mut finding = Finding::new(card, text, frames(lost).into_iter().chain(frames(answered))).costs(cost);
            finding.conversation = Some(lost.conversation);
            out.push(finding);
        }
    };
}

finding! {
    /// Took long.
    Slow = "finding.dns.slow", "DNS was slow", "RFC 1034 §5.3.3",
        "the answer took long although it was asked for only once",
        advice "The resolver had to ask far or slow servers. Longer times to live, a resolver with a warm cache, or prefetching the name help.";
    look = |card, case, out| slow(card, &Asked::Udp(case), out);
    look_at = |card, connection, out| slow(card, &Asked::Tcp(connection), out);
}

/// A detour over TCP that takes no longer is what the protocol provides for (RFC 7766 §5), and no fault.
const SHORT_DETOUR: Duration = Duration::from_millis(100);

/// An answer over UDP that was cut.
pub(super) struct Cut {
    client: IpAddr,
    server: Endpoint,
    asked_at: Instant,
    cut_at: Instant,
    /// What is found of it, unless the answer came over TCP soon.
    asked: String,
    packets: Vec<u32>,
    conversation: ConversationId,
}

/// A connection to a name server: when it was opened, and when the first answer came.
pub(super) struct OverTcp {
    client: IpAddr,
    server: Endpoint,
    opened_at: Instant,
    answered_at: Instant,
}

/// Answers that were cut.
pub(super) fn cut(case: &Case<'_>) -> Vec<Cut> {
    let one = |transaction: &DnsTransaction| {
        let ends = case.flow.conversation(transaction.conversation)?;
        Some(Cut {
            client: ends.client.ip,
            server: ends.server,
            asked_at: transaction.asked_at,
            cut_at: transaction.response?.1,
            asked: asked(transaction),
            packets: frames(transaction),
            conversation: transaction.conversation,
        })
    };
    case.flow.dns().iter().filter(|transaction| transaction.truncated).filter_map(one).collect()
}

/// A connection on which DNS answered.
pub(super) fn over_tcp(connection: &Connection<'_>) -> Option<OverTcp> {
    let answer = connection.layers.dns.iter().find(|message| message.direction == Direction::ToClient)?;
    let conversation = connection.conversation;
    Some(OverTcp {
        client: conversation.client.ip,
        server: conversation.server,
        opened_at: conversation.first_at,
        answered_at: connection.case.at(answer.frame),
    })
}

finding! {
    /// TC.
    Truncated = "finding.dns.truncated", "a DNS answer did not fit into UDP", "RFC 7766 §5",
        "the response was cut, so the question has to be put again over TCP",
        advice "Offer a larger UDP payload size by EDNS (1232 bytes are safe), make the record set smaller, and let TCP port 53 pass.";
    conclude = |card, across, out| {
        for cut in &across.cut {
            let same = |again: &&OverTcp| again.client == cut.client && again.server == cut.server && again.opened_at >= cut.cut_at;
            let detour = across.over_tcp.iter().filter(same).map(|again| again.answered_at.since(cut.asked_at)).min();
            if detour.is_some_and(|took| took < SHORT_DETOUR) {
                continue;
            }
            let then = detour.map(|took| format!(", and was there over TCP {} after the question", ms(took))).unwrap_or_default();
            let cost = detour.unwrap_or(cut.cut_at.since(cut.asked_at));
            let mut finding = Finding::new(card, format!("The answer for {} came truncated{then}.", cut.asked), cut.packets.iter().copied()).costs(cost);
            finding.conversation = Some(cut.conversation);
            out.push(finding);
        }
    };
}

finding! {
    /// Two answers to one query.
    SecondAnswer = "finding.dns.second_answer", "two answers to one DNS query", "RFC 5452 §3",
        "one query got more than one response: a forged one may have been faster than the true one",
        advice "Compare the answers and their times to live. A middlebox that injects answers, or an attacker on the path, would be defeated by DNS over TLS or DNSSEC.";
    look = |card, case, out| {
        for transaction in case.flow.dns().iter().filter(|t| t.queries.len() == 1 && !t.more_responses.is_empty()) {
            let text = format!("One query for {} got {} responses.", asked(transaction), 1 + transaction.more_responses.len());
            let evidence = frames(transaction).into_iter().chain(transaction.more_responses.iter().copied());
            let mut finding = Finding::new(card, text, evidence).sure(Confidence::Possible);
            finding.conversation = Some(transaction.conversation);
            out.push(finding);
        }
    };
}
