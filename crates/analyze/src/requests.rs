//! When the parts of each request happened, as seen at the tap.

use base::{Duration, Instant};
use flow::{Application, ConversationId, Direction, Flow, Layers, Unit, UnitKind};
use wire::tls::ContentType;

/// A stretch of time on the trace's axis: from and to.
pub type Span = (Instant, Instant);

/// A request over HTTP, or what stands for one on a connection whose bytes cannot be read: all that the client sent
/// behind the handshake, and all that came back.
#[derive(Clone, PartialEq, Debug)]
pub struct Request {
    /// The connection.
    pub conversation: ConversationId,
    /// The exchange among [`flow::Http::exchanges`]; `None` where the bytes cannot be read.
    pub exchange: Option<usize>,
    /// Whether it is HTTP: readable, or taken for it because it is inside TLS. Otherwise it is what two programs say in a
    /// protocol that is not known here.
    pub http: bool,
    /// The request's first line, if it can be read.
    pub line: Option<String>,
    /// The site: the Host field, or the name in the ClientHello.
    pub host: Option<String>,
    /// The status code of the final response.
    pub status: Option<u16>,
    /// Whether it has a stream of its own, beside others on the connection (HTTP/2), and waits for none of them.
    pub multiplexed: bool,
    /// Whether it is the first on its connection: then name and connection had to be got first.
    pub first: bool,
    /// The name's resolution: from the first query to the answer that gave the server's address. Only of a first request.
    pub dns: Option<Span>,
    /// The TCP handshake: from the first SYN to the client's ACK. Only of a first request.
    pub connect: Option<Span>,
    /// The TLS handshake: from the end of TCP's to the request. Only of a first request.
    pub tls: Option<Span>,
    /// The request itself: from its first packet to its last.
    pub send: Span,
    /// From the request's last packet to the response's first.
    pub wait: Option<Span>,
    /// From the response's first packet to its last.
    pub receive: Option<Span>,
    /// The packets of the request: the first and the last.
    pub request_frames: (u32, u32),
    /// The packets of the final response.
    pub response_frames: Option<(u32, u32)>,
    /// Bytes of the request and of the response, heads and framing included.
    pub bytes: (usize, usize),
    /// Whether the response is all there.
    pub whole: bool,
}

impl Request {
    /// Finds the name's resolution among `dns`, if the connection was opened for this request.
    pub(crate) fn resolved_by(&mut self, flow: &Flow, dns: &[flow::DnsTransaction]) {
        if let (Some(conversation), Some((syn, _))) = (flow.conversation(self.conversation), self.connect) {
            self.dns = resolution(flow, dns, conversation, syn);
        }
    }
    /// Where it begins: with the first thing done for it.
    pub fn start(&self) -> Instant {
        let begins = [self.dns, self.connect, self.tls].into_iter().flatten().map(|span| span.0);
        begins.chain([self.send.0]).min().unwrap_or(self.send.0)
    }
    /// When the response's first byte passed the tap.
    pub fn first_byte(&self) -> Option<Instant> {
        self.receive.map(|span| span.0)
    }
    /// When the response's last byte passed the tap.
    pub fn last_byte(&self) -> Option<Instant> {
        self.receive.map(|span| span.1)
    }
    /// From the beginning to the response's first byte.
    pub fn time_to_first_byte(&self) -> Option<Duration> {
        self.first_byte().map(|at| at.since(self.start()))
    }
    /// From the beginning to the response's last byte.
    pub fn total(&self) -> Option<Duration> {
        self.last_byte().map(|at| at.since(self.start()))
    }

    /// The requests on a connection whose upper layers are read already, in order.
    pub fn of(flow: &Flow, layers: &Layers) -> Vec<Request> {
        let mut requests = match &layers.http {
            Some(http) if !http.exchanges.is_empty() => readable(flow, layers, http),
            _ => unreadable(flow, layers).into_iter().collect(),
        };
        if let Some(first) = requests.first_mut() {
            before(flow, layers, first);
        }
        requests
    }
}

fn at(flow: &Flow, frame: u32) -> Instant {
    flow.row(frame).map_or(Instant::ZERO, |view| view.row.at)
}

fn ends(unit: &Unit) -> (u32, u32) {
    (unit.frames.first().copied().unwrap_or(unit.complete), unit.complete)
}

fn readable(flow: &Flow, layers: &Layers, http: &flow::Http) -> Vec<Request> {
    let mut units: Vec<Option<&Unit>> = vec![None; http.messages.len()];
    for unit in layers.units() {
        if let UnitKind::Http(i) = unit.kind
            && let Some(slot) = units.get_mut(i)
        {
            *slot = Some(unit);
        }
    }
    let unit = |i: usize| units.get(i).copied().flatten();
    let mut out = Vec::new();
    for (number, exchange) in http.exchanges.iter().enumerate() {
        let Some((request, sent)) = exchange.request.and_then(|i| Some((http.messages.get(i)?, unit(i)?))) else {
            continue;
        };
        let request_frames = ends(sent);
        let send = (at(flow, request_frames.0), at(flow, request_frames.1));
        let answer = exchange.responses.last().and_then(|&i| Some((http.messages.get(i)?, unit(i)?)));
        let answer = answer.filter(|(message, _)| !message.interim());
        let response_frames = answer.map(|(_, unit)| ends(unit));
        let receive = response_frames.map(|(first, last)| (at(flow, first), at(flow, last)));
        out.push(Request {
            conversation: layers.conversation,
            exchange: Some(number),
            http: true,
            line: Some(crate::first_line(&request.head)),
            host: request.site().map(str::to_owned).or_else(|| server_name(layers)),
            status: answer.and_then(|(message, _)| message.head.response()).map(|response| response.status.0),
            multiplexed: request.on_stream.is_some(),
            first: out.is_empty(),
            dns: None,
            connect: None,
            tls: None,
            send,
            // A server may answer before the request is all there.
            wait: receive.map(|receive| (send.1.min(receive.0), receive.0)),
            receive,
            request_frames,
            response_frames,
            bytes: (request.range.len(), answer.map_or(0, |(message, _)| message.range.len())),
            whole: answer.is_some_and(|(message, _)| message.state == flow::MessageState::Whole),
        });
    }
    out
}

fn server_name(layers: &Layers) -> Option<String> {
    layers.tls.as_ref()?.client_hello.as_ref()?.server_name().map(str::to_owned)
}

/// What can be told of a connection whose bytes cannot be read.
fn unreadable(flow: &Flow, layers: &Layers) -> Option<Request> {
    let (client, server): (Vec<u32>, Vec<u32>) = match (&layers.tls, layers.application) {
        (Some(tls), _) => {
            let data = |direction: Direction| {
                tls.records
                    .iter()
                    .filter(move |r| r.direction == direction && r.content_type() == ContentType::APPLICATION_DATA)
                    .map(|r| r.frame)
            };
            // In TLS 1.3 the rest of the handshake looks like data too: the client's part of it is one record behind the
            // server's, Finished (RFC 8446 §2).
            let tls13 = tls.server_hello.as_ref().is_some_and(|hello| hello.version().is_tls13());
            let opened = tls.records.iter().any(|r| matches!(r.content, flow::RecordContent::Decrypted { .. }));
            let finished = usize::from(tls13 && !opened);
            let sent: Vec<u32> = data(Direction::ToServer).skip(finished).collect();
            let from = sent.first().copied()?;
            (sent, data(Direction::ToClient).filter(|&frame| frame > from).collect())
        }
        (None, Application::Unknown) => {
            let conversation = flow.conversation(layers.conversation)?;
            let data = |direction: Direction| {
                let carries = move |n: &u32| {
                    flow.row(*n).is_some_and(|v| v.row.direction == direction && v.tcp.is_some_and(|t| t.len > 0))
                };
                conversation.packets.iter().copied().filter(carries).collect::<Vec<u32>>()
            };
            (data(Direction::ToServer), data(Direction::ToClient))
        }
        _ => return None,
    };
    let (first, last_sent) = (*client.first()?, *client.last()?);
    let response_frames = server.first().copied().zip(server.last().copied());
    let last_request = response_frames.map_or(last_sent, |(answer, _)| {
        client.iter().copied().take_while(|&frame| frame < answer).last().unwrap_or(first)
    });
    let send = (at(flow, first), at(flow, last_request));
    let receive = response_frames.map(|(first, last)| (at(flow, first), at(flow, last)));
    Some(Request {
        conversation: layers.conversation,
        exchange: None,
        http: layers.tls.is_some(),
        line: None,
        host: server_name(layers),
        status: None,
        multiplexed: false,
        first: true,
        dns: None,
        connect: None,
        tls: None,
        send,
        wait: receive.map(|receive| (send.1.min(receive.0), receive.0)),
        receive,
        request_frames: (first, last_request),
        response_frames,
        bytes: (0, 0),
        whole: false,
    })
}

/// What had to happen before the first request of a connection.
fn before(flow: &Flow, layers: &Layers, request: &mut Request) {
    let Some(conversation) = flow.conversation(layers.conversation) else { return };
    let Some(connection) = conversation.tcp() else { return };
    if let (Some(syn), Some(done)) = (connection.client().syn_frame(), connection.established_frame()) {
        let (syn, done) = (at(flow, syn), at(flow, done));
        request.connect = Some((syn, done));
        if layers.tls.is_some() && request.send.0 > done {
            request.tls = Some((done, request.send.0));
        }
    } else if let Some(tls) = &layers.tls
        && let Some(hello) = tls.records.first()
    {
        request.tls = Some((at(flow, hello.frame).min(request.send.0), request.send.0));
    }
}

/// How long before the SYN an answer of DNS may have come for the connection to have waited for it. Later uses are of
/// a cache.
pub(crate) const FRESH: Duration = Duration::from_secs(1);

/// How long after a question an answer is taken for its own.
const ANSWERED: Duration = Duration::from_secs(60);

/// The DNS transactions that gave the client the server's address right before `syn`: from the first question to the answer.
/// `dns` are in order of asking, and their conversations are `flow`'s.
pub fn resolution(
    flow: &Flow,
    dns: &[flow::DnsTransaction],
    conversation: &flow::Conversation,
    syn: Instant,
) -> Option<Span> {
    let fits = |t: &&flow::DnsTransaction| {
        // A machine that has both families may ask over one for the address that it then uses over the other.
        let same =
            |ip: std::net::IpAddr| ip == conversation.client.ip || ip.is_ipv4() != conversation.client.ip.is_ipv4();
        let asker = flow
            .conversation(t.conversation)
            .is_some_and(|c| c.interface == conversation.interface && same(c.client.ip));
        let fresh = t.response.is_some_and(|(_, at)| at <= syn && syn.since(at) <= FRESH);
        asker && fresh && t.addresses.contains(&conversation.server.ip)
    };
    // Those that were asked in time.
    let begins = dns.partition_point(|t| t.asked_at < syn - FRESH - ANSWERED);
    let ends = dns.partition_point(|t| t.asked_at <= syn);
    let dns = dns.get(begins..ends)?;
    let answer = dns.iter().rfind(fits)?;
    let name = answer.question.as_ref().map(|question| &question.name);
    // A and AAAA of one name are asked for together: the client waits for both.
    let together = dns.iter().filter(|t| {
        t.conversation == answer.conversation
            || flow.conversation(t.conversation).map(|c| c.client.ip) == Some(conversation.client.ip)
    });
    let begins = together
        .filter(|t| t.question.as_ref().map(|question| &question.name) == name && t.asked_at <= answer.asked_at)
        .filter(|t| answer.asked_at.since(t.asked_at) <= FRESH)
        .map(|t| t.asked_at)
        .min()?;
    Some((begins, answer.response?.1))
}
