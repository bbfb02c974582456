//! The phases of a request on the client's critical path: each instant up to the last byte belongs to exactly one.

use base::{Duration, Instant};
use flow::{Conversation, DnsTransaction, Flow};
use trace::{Basis, Known, Why};
use wire::dhcp::MessageType;

use crate::requests::{FRESH, Request, Span};

/// What the client is waiting for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PhaseKind {
    /// An address and the rest of its configuration.
    Dhcp,
    /// The hardware address of the next hop.
    Arp,
    /// Finding its own address, the router or the next hop over IPv6 (RFC 4861, RFC 4862).
    Nd,
    /// The server's address.
    Dns,
    /// The TCP connection.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// The request and its response.
    Http,
    /// What is said over a connection that does not speak HTTP.
    Data,
    /// Nothing that a packet shows: the client itself is at work, or waits for something that was not captured.
    Local,
}

impl PhaseKind {
    /// Its name: `DHCP`, `TCP`; `client` for [`PhaseKind::Local`].
    pub const fn name(self) -> &'static str {
        match self {
            PhaseKind::Dhcp => "DHCP",
            PhaseKind::Arp => "ARP",
            PhaseKind::Nd => "ND",
            PhaseKind::Dns => "DNS",
            PhaseKind::Tcp => "TCP",
            PhaseKind::Tls => "TLS",
            PhaseKind::Http => "HTTP",
            PhaseKind::Data => "data",
            PhaseKind::Local => "client",
        }
    }
}

/// A stretch of the path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Phase {
    /// What the client is waiting for.
    pub kind: PhaseKind,
    /// From when.
    pub from: Instant,
    /// To when: where the next one begins.
    pub to: Instant,
    /// Derived: the round-trip time of the path that it used, if the capture tells.
    pub rtt: Option<Duration>,
}

impl Phase {
    /// Its length.
    pub fn duration(&self) -> Duration {
        self.to.since(self.from)
    }
    /// Derived: its length in thousandths of a round trip of the path that it used.
    pub fn milli_round_trips(&self) -> Option<i64> {
        let rtt = self.rtt.filter(|rtt| rtt.as_nanos() > 0)?;
        Some((i128::from(self.duration().as_nanos()) * 1000 / i128::from(rtt.as_nanos())) as i64)
    }
}

/// A request's way, from the first packet sent for it to the last byte of its response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CriticalPath {
    /// The phases, one behind the other: each begins where the one before ends.
    pub phases: Vec<Phase>,
    /// When the response's first byte passed.
    pub first_byte: Option<Instant>,
    /// When the response's last byte passed (or the last packet of what there is of it): the path's end.
    pub last_byte: Instant,
    /// The close: from the path's end, or the first FIN if that is later, to the connection's last packet. Stands apart.
    pub close: Option<Span>,
    /// Whether the browser's cache, or the operating system's, had the name: a query on the wire says that they had
    /// not; no query says nothing.
    pub name_was_cached: Known<bool>,
}

impl CriticalPath {
    /// The way of a request; `dns` are the capture's ([`crate::Analysis::dns`]).
    pub fn of(flow: &Flow, dns: &[DnsTransaction], request: &Request) -> Option<CriticalPath> {
        let conversation = flow.conversation(request.conversation)?;
        let joining = if request.first { joining(flow, conversation) } else { Vec::new() };
        CriticalPath::behind(&joining, flow, dns, request)
    }

    /// The same, where `flow` has a part of the capture: what the client waited for before is given ([`joining`]).
    pub fn behind(
        joining: &[(PhaseKind, Span)],
        flow: &Flow,
        dns: &[DnsTransaction],
        request: &Request,
    ) -> Option<CriticalPath> {
        let conversation = flow.conversation(request.conversation)?;
        let said = if request.http { PhaseKind::Http } else { PhaseKind::Data };
        let last_byte = request.last_byte().unwrap_or(request.send.1);
        let mut stretches: Vec<(PhaseKind, Span)> = vec![(said, (request.send.0, last_byte))];
        let mut add = |kind: PhaseKind, span: Option<Span>| stretches.extend(span.map(|span| (kind, span)));
        add(PhaseKind::Tls, request.tls);
        add(PhaseKind::Tcp, request.connect);
        add(PhaseKind::Dns, request.dns);
        if request.first {
            let mut begins = request.start();
            // Backwards: what ended shortly before the rest began was waited for.
            for _ in 0..8 {
                // Those that lie on the path, or ended shortly before it begins.
                let near = |span: Span| {
                    span.0 <= last_byte && span.1 <= last_byte && (span.1 >= begins || begins.since(span.1) <= FRESH)
                };
                let found = joining.iter().filter(|(_, span)| near(*span));
                let new: Vec<_> = found.filter(|stretch| !stretches.contains(stretch)).copied().collect();
                if new.is_empty() {
                    break;
                }
                begins = new.iter().map(|(_, span)| span.0).fold(begins, Instant::min);
                stretches.extend(new);
            }
        }
        let phases = partition((flow, dns), conversation, request, &stretches, last_byte);
        Some(CriticalPath {
            phases,
            first_byte: request.first_byte(),
            last_byte,
            close: close(flow, conversation, last_byte),
            name_was_cached: match request.dns {
                Some(_) => Known::Inferred(false, Basis::Segments),
                None => Known::Unknown(Why::NotOnTheWire),
            },
        })
    }

    /// From the first packet to the last byte: the sum of all phases.
    pub fn total(&self) -> Duration {
        self.phases.iter().map(Phase::duration).sum()
    }
    /// From the first packet to the first byte.
    pub fn time_to_first_byte(&self) -> Option<Duration> {
        Some(self.first_byte?.since(self.phases.first()?.from))
    }
    /// How long the phases of one kind take together.
    pub fn of_kind(&self, kind: PhaseKind) -> Duration {
        self.phases.iter().filter(|phase| phase.kind == kind).map(Phase::duration).sum()
    }
}

/// How long an address is checked before it is used.
const CHECK: Duration = Duration::from_secs(1);

/// How long before a connection begins what it waited for may have begun: a client that gets no address by DHCP asks again for
/// minutes (RFC 2131 §4.1).
const PATIENCE: Duration = Duration::from_secs(600);

/// ARP, neighbour discovery and DHCP that a connection's client may have waited for: those that are its own, of the capture's.
pub fn joining(flow: &Flow, conversation: &Conversation) -> Vec<(PhaseKind, Span)> {
    let since = conversation.first_at - PATIENCE;
    let arp = &flow.arp()[flow.arp().partition_point(|exchange| exchange.asked_at < since)..];
    let arp = arp.iter().filter_map(|exchange| {
        let asks = exchange.interface == conversation.interface
            && conversation.client.ip == std::net::IpAddr::V4(exchange.asker)
            && !exchange.announcement();
        Some((PhaseKind::Arp, (exchange.asked_at, exchange.reply?.1))).filter(|_| asks)
    });
    let dhcp = flow.dhcp().iter().filter_map(|exchange| {
        let ours = exchange.interface == conversation.interface
            && exchange.address.map(std::net::IpAddr::V4) == Some(conversation.client.ip);
        let span = (exchange.messages.first()?.at, exchange.settled()?.at);
        Some((PhaseKind::Dhcp, span)).filter(|_| ours)
    });
    let client = conversation.client.ip;
    let is = |address: std::net::Ipv6Addr| client == std::net::IpAddr::V6(address);
    // Of an IPv4 client none is.
    let from = if client.is_ipv6() {
        flow.nd().partition_point(|exchange| exchange.asked_at < since)
    } else {
        flow.nd().len()
    };
    let nd = &flow.nd()[from..];
    let nd = nd.iter().filter(|exchange| exchange.interface == conversation.interface).filter_map(|exchange| {
        let span = if exchange.probe() {
            // Nobody answers: an address is checked for a second (RFC 4862 §5.1, RetransTimer), the link-local one before
            // routers are asked for.
            let asks = |address| flow.nd().iter().any(|other| other.target.is_none() && other.asker == address);
            exchange.target.filter(|&target| is(target) || asks(target))?;
            (exchange.asked_at, exchange.asked_at + CHECK)
        } else {
            (exchange.asked_at, exchange.reply?.1)
        };
        let ours = exchange.probe() || exchange.target.is_none() || is(exchange.asker);
        Some((PhaseKind::Nd, span)).filter(|_| ours)
    });
    arp.chain(dhcp).chain(nd).collect()
}

/// Gives each instant to one phase. Where several stretches overlap, the most elementary counts: what waits for ARP waits
/// in it.
fn partition(
    (flow, dns): (&Flow, &[DnsTransaction]),
    conversation: &Conversation,
    request: &Request,
    stretches: &[(PhaseKind, Span)],
    end: Instant,
) -> Vec<Phase> {
    let mut edges: Vec<Instant> = stretches.iter().flat_map(|(_, span)| [span.0.min(end), span.1.min(end)]).collect();
    edges.sort_unstable();
    edges.dedup();
    // ARP before DHCP before DNS and so on: the order in which the layers need each other.
    let rank = |kind: PhaseKind| match kind {
        PhaseKind::Arp | PhaseKind::Nd => 0,
        PhaseKind::Dhcp => 1,
        PhaseKind::Dns => 2,
        PhaseKind::Tcp => 3,
        PhaseKind::Tls => 4,
        PhaseKind::Http | PhaseKind::Data => 5,
        PhaseKind::Local => 6,
    };
    let mut phases: Vec<Phase> = Vec::new();
    for (from, to) in edges.iter().copied().zip(edges.iter().copied().skip(1)) {
        let covers = |(_, span): &&(PhaseKind, Span)| span.0 <= from && span.1 >= to;
        let kind = stretches.iter().filter(covers).map(|(kind, _)| *kind).min_by_key(|kind| rank(*kind));
        let kind = kind.unwrap_or(PhaseKind::Local);
        match phases.last_mut() {
            Some(last) if last.kind == kind => last.to = to,
            _ => phases.push(Phase { kind, from, to, rtt: rtt((flow, dns), conversation, request, kind) }),
        }
    }
    phases
}

/// The round-trip time of the path that a phase used: of the connection, see [`crate::Summary::round_trip`]; of DNS, ARP and
/// DHCP, the quickest answer that the client got from the same server or on the same link.
fn rtt(
    (flow, dns): (&Flow, &[DnsTransaction]),
    conversation: &Conversation,
    request: &Request,
    kind: PhaseKind,
) -> Option<Duration> {
    match kind {
        PhaseKind::Tcp | PhaseKind::Tls | PhaseKind::Http | PhaseKind::Data => {
            crate::connections::round_trip(conversation.tcp()?)
        }
        PhaseKind::Dns => {
            let from = request.dns?.0;
            let server = dns.iter().find(|t| t.asked_at == from).and_then(|t| flow.conversation(t.conversation))?;
            let same = |t: &&flow::DnsTransaction| {
                flow.conversation(t.conversation).is_some_and(|c| c.server.ip == server.server.ip)
            };
            // One answer alone says nothing of the path: the server may have had to ask others.
            let (mut answers, mut quickest) = (0, None);
            for duration in dns.iter().filter(same).filter_map(flow::DnsTransaction::duration) {
                answers += 1;
                quickest = Some(quickest.map_or(duration, |least: Duration| least.min(duration)));
            }
            quickest.filter(|_| answers > 1)
        }
        PhaseKind::Arp => {
            let ours = |e: &&flow::ArpExchange| conversation.client.ip == std::net::IpAddr::V4(e.asker);
            let replies = flow.arp().iter().filter(ours);
            replies.filter_map(|e| Some(e.reply?.1.since(e.asked_at))).min()
        }
        PhaseKind::Nd => {
            let ours = |e: &&flow::NdExchange| conversation.client.ip == std::net::IpAddr::V6(e.asker);
            let replies = flow.nd().iter().filter(ours);
            replies.filter_map(|e| Some(e.reply?.1.since(e.asked_at))).min()
        }
        PhaseKind::Dhcp => {
            let ours = |e: &&flow::DhcpExchange| e.address.map(std::net::IpAddr::V4) == Some(conversation.client.ip);
            let exchange = flow.dhcp().iter().find(ours)?;
            let asks = |m: &flow::DhcpMessage| matches!(m.kind, Some(MessageType::DISCOVER | MessageType::REQUEST));
            let pairs = exchange.messages.iter().zip(exchange.messages.iter().skip(1));
            pairs.filter(|(a, b)| asks(a) && !asks(b)).map(|(a, b)| b.at.since(a.at)).min()
        }
        PhaseKind::Local => None,
    }
}

/// From the path's end to the last packet of the close, if any FIN or reset was seen.
fn close(flow: &Flow, conversation: &Conversation, end: Instant) -> Option<Span> {
    let connection = conversation.tcp()?;
    let halves = [connection.client(), connection.server()];
    let first = halves.iter().flat_map(|half| [half.fin_frame(), half.rst_frame()]).flatten().min()?;
    let first = flow.row(first)?.row.at.max(end);
    Some((first, conversation.last_at.max(first)))
}
