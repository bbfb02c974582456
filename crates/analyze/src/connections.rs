//! A TCP connection in one look.

use base::{Duration, Instant};
use flow::{Application, ConversationId, Counts, Endpoint, Flow, Layers, tcp::Connection};
use trace::{Known, Why};
use wire::tcp::{Options, State};

use crate::{Ends, States, Tap, TimeWait};

/// What one end of a connection showed.
#[derive(Clone, PartialEq, Debug)]
pub struct Side {
    /// Its address and port.
    pub end: Endpoint,
    /// Its state after the last packet.
    pub state: Known<State>,
    /// Its figures.
    pub counts: Counts,
    /// Bytes of its stream that were seen, each once.
    pub stream_bytes: u64,
    /// The options of its SYN; not known where that was not captured.
    pub options: Known<Options>,
    /// Derived: the shift of its window fields: 0 unless both SYNs carry the option (RFC 7323 §2.2).
    pub window_shift: Known<u8>,
    /// Derived: the smallest and the median time from its segments to their acknowledgments, as seen at the tap.
    pub rtt: Option<(Duration, Duration)>,
    /// Whether its checksums are left to the network card.
    pub checksums_offloaded: bool,
}

/// TLS on a connection, in one look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsSummary {
    /// The name that the client asked for (RFC 6066 §3).
    pub server_name: Option<String>,
    /// The protocols that the client offers.
    pub alpn_offered: Vec<String>,
    /// The protocol agreed on.
    pub alpn: Option<String>,
    /// The version agreed on, e.g. `TLS 1.3`.
    pub version: Option<String>,
    /// The cipher suite agreed on, e.g. `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: Option<String>,
    /// The group of the key exchange (TLS 1.3).
    pub group: Option<String>,
    /// Whether an earlier session was taken up.
    pub resumed: Option<bool>,
    /// Whether the server asked for a second ClientHello.
    pub retried: bool,
    /// Protected records, and how many of them were decrypted.
    pub records: (usize, usize),
    /// Why records stayed undecrypted: their number, and the reason of the first.
    pub undecrypted: Option<(usize, String)>,
    /// Alerts that could be read, each as level and description.
    pub alerts: Vec<String>,
    /// Parts of the streams in which no records could be made out, and why: the first few.
    pub lost: Vec<String>,
}

/// Parts of the streams without records that are told of a connection.
const MAX_LOST: usize = 3;

impl TlsSummary {
    /// Whether it was decrypted, or exactly why not, in a sentence without a full stop.
    pub fn decryption(&self) -> String {
        let (protected, decrypted) = self.records;
        let mut text = match (&self.undecrypted, protected) {
            (Some((count, why)), _) if decrypted > 0 => {
                format!("{decrypted} of {protected} protected records decrypted, {count} not: {why}")
            }
            (Some((_, why)), _) => format!("not decrypted: {why}"),
            (None, 0) => {
                let why = match (self.alerts.first(), &self.version) {
                    (Some(alert), _) => format!("the handshake ended with the alert {alert}"),
                    (None, None) => "no ServerHello was seen".to_owned(),
                    (None, Some(_)) => "the capture has the handshake's first messages alone".to_owned(),
                };
                format!("nothing to decrypt: {why}")
            }
            (None, _) => format!("decrypted: all {protected} protected records"),
        };
        for lost in &self.lost {
            text += "; ";
            text += lost;
        }
        text
    }
}

/// A TCP connection in one look.
#[derive(Clone, PartialEq, Debug)]
pub struct Summary {
    /// Which connection.
    pub conversation: ConversationId,
    /// The client.
    pub client: Side,
    /// The server.
    pub server: Side,
    /// Where the tap seems to be.
    pub tap: Tap,
    /// When its first and its last packet passed.
    pub span: (Instant, Instant),
    /// Packets, both directions.
    pub packets: u64,
    /// Derived: one round trip between the ends, from the handshake.
    pub initial_rtt: Option<Duration>,
    /// Derived: one round trip between the ends: the handshake's, or, if that is less (an end had to ask for a hardware
    /// address first), the quickest acknowledgments of the two sides together.
    pub round_trip: Option<Duration>,
    /// How it ended, as far as the capture tells.
    pub ending: Ending,
    /// The TIME-WAIT that the capture saw begin.
    pub time_wait: Option<TimeWait>,
    /// What its bytes are.
    pub application: Application,
    /// TLS.
    pub tls: Option<TlsSummary>,
    /// The first lines of the HTTP requests and of their responses.
    pub http: Vec<(String, Option<String>)>,
}

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Both sides closed.
    Closed {
        /// Whether the client's FIN came first.
        client_first: bool,
    },
    /// One side closed; the other had not when the capture ended.
    HalfClosed {
        /// Whether it is the client.
        client: bool,
    },
    /// A reset, sent by the client or the server.
    Reset {
        /// Whether the client sent it.
        client: bool,
    },
    /// The server refused it: a reset answered the SYN (RFC 9293 §3.10.7.1).
    Refused,
    /// Nobody answered.
    Unanswered,
    /// It was open when the capture ended.
    Open,
}

impl Ending {
    /// How a connection ended, by what both ends sent.
    pub fn of(connection: &Connection) -> Ending {
        let (client, server) = (connection.client(), connection.server());
        match (client.rst_frame(), server.rst_frame()) {
            (None, None) => {}
            (None, Some(_)) if server.syn_frame().is_none() && !connection.mid_stream() => return Ending::Refused,
            (c, s) => {
                let by_client = c.is_some_and(|c| s.is_none_or(|s| c < s));
                // A reset behind a complete close is a late segment's answer, no ending.
                if client.fin_frame().is_some() && server.fin_frame().is_some() {
                    return closed(connection);
                }
                return Ending::Reset { client: by_client };
            }
        }
        match (client.fin_frame(), server.fin_frame()) {
            (Some(_), Some(_)) => closed(connection),
            (Some(_), None) => Ending::HalfClosed { client: true },
            (None, Some(_)) => Ending::HalfClosed { client: false },
            (None, None) if server.counts().packets == 0 => Ending::Unanswered,
            (None, None) => Ending::Open,
        }
    }
}

impl Summary {
    /// Sums up a connection, its upper layers read already.
    pub fn of(flow: &Flow, layers: &Layers) -> Option<Summary> {
        Summary::with(flow, layers, &States::of(flow, layers.conversation)?)
    }

    /// Sums up a connection whose states are known.
    pub(crate) fn with(flow: &Flow, layers: &Layers, states: &States) -> Option<Summary> {
        let conversation = flow.conversation(layers.conversation)?;
        let connection = conversation.tcp()?;
        let last = states.last();
        let samples = rtt_samples(flow, conversation);
        let side = |client: bool| {
            let (half, end) = if client {
                (connection.client(), conversation.client)
            } else {
                (connection.server(), conversation.server)
            };
            let state = last.map_or(
                Known::Unknown(Why::NotCaptured),
                |ends: Ends| {
                    if client { ends.client } else { ends.server }
                },
            );
            Side {
                end,
                state,
                counts: half.counts(),
                stream_bytes: half.counts().data_bytes - half.counts().repeated_bytes,
                options: half.syn_options().map_or(Known::Unknown(Why::NotCaptured), |options| {
                    Known::Inferred(*options, trace::Basis::Segments)
                }),
                window_shift: window_shift(connection, client),
                rtt: half.rtt_min().map(|min| (min, median(&samples[usize::from(!client)]).unwrap_or(min))),
                checksums_offloaded: half.checksums_offloaded(),
            }
        };
        Some(Summary {
            conversation: layers.conversation,
            client: side(true),
            server: side(false),
            tap: states.tap(),
            span: (conversation.first_at, conversation.last_at),
            packets: conversation.packets.len() as u64,
            initial_rtt: connection.initial_rtt(),
            round_trip: round_trip(connection),
            ending: Ending::of(connection),
            time_wait: states.time_wait(),
            application: layers.application,
            tls: layers.tls.as_ref().map(tls),
            http: http(layers),
        })
    }
}

/// See [`Summary::round_trip`]. Wherever the tap is, a segment's way to the one end and back and another's to the other end
/// and back make one round trip.
pub fn round_trip(connection: &Connection) -> Option<Duration> {
    let sides = connection.client().rtt_min().zip(connection.server().rtt_min());
    let quickest = sides.map(|(client, server)| client + server);
    match (connection.initial_rtt(), quickest) {
        (Some(initial), Some(quickest)) => Some(initial.min(quickest)),
        (initial, quickest) => initial.or(quickest),
    }
}

fn window_shift(connection: &Connection, client: bool) -> Known<u8> {
    let (client_syn, server_syn) = (connection.client().syn_options(), connection.server().syn_options());
    let (Some(c), Some(s)) = (client_syn, server_syn) else { return Known::Unknown(Why::NotCaptured) };
    let shift = match (c.window_scale, s.window_scale) {
        // RFC 7323 §2.3: more than 14 counts as 14.
        (Some(c), Some(s)) => if client { c } else { s }.min(14),
        _ => 0,
    };
    Known::Inferred(shift, trace::Basis::Segments)
}

/// The RTT samples of each side's segments: those that the other side acknowledged.
fn rtt_samples(flow: &Flow, conversation: &flow::Conversation) -> [Vec<Duration>; 2] {
    let mut samples = [Vec::new(), Vec::new()];
    for view in flow.packets(conversation) {
        if let Some(rtt) = view.tcp.and_then(|tcp| tcp.rtt()) {
            samples[view.row.direction.opposite() as usize].push(rtt);
        }
    }
    samples.iter_mut().for_each(|list| list.sort_unstable());
    samples
}

/// The middle one of sorted samples; of an even number the lower of the two in the middle.
fn median(sorted: &[Duration]) -> Option<Duration> {
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

fn closed(connection: &Connection) -> Ending {
    Ending::Closed { client_first: connection.client().fin_frame() < connection.server().fin_frame() }
}

fn tls(tls: &flow::Tls) -> TlsSummary {
    let client = tls.client_hello.as_ref();
    let server = tls.server_hello.as_ref();
    let decrypted = tls.records.iter().filter(|r| matches!(r.content, flow::RecordContent::Decrypted { .. })).count();
    TlsSummary {
        server_name: client.and_then(|hello| hello.server_name().map(str::to_owned)),
        alpn_offered: client.map(|hello| hello.extensions.alpn.clone()).unwrap_or_default(),
        alpn: tls.alpn.clone(),
        version: server.map(|hello| hello.version().to_string()),
        cipher_suite: server.map(|hello| hello.cipher_suite.to_string()),
        group: server.and_then(|hello| hello.group()).map(|group| group.to_string()),
        resumed: tls.resumed,
        retried: tls.retried,
        records: (decrypted + tls.undecrypted.as_ref().map_or(0, |(count, _)| *count), decrypted),
        undecrypted: tls.undecrypted.as_ref().map(|(count, why)| (*count, why.to_string())),
        alerts: tls.alerts.iter().map(|(_, alert)| format!("{} {}", alert.level, alert.description)).collect(),
        lost: tls.lost.iter().take(MAX_LOST).map(lost).collect(),
    }
}

fn lost((direction, range, why): &(flow::Direction, std::ops::Range<usize>, &'static str)) -> String {
    let who = if *direction == flow::Direction::ToServer { "client" } else { "server" };
    format!("the {who}'s stream {why} from offset {}", range.start)
}

fn http(layers: &Layers) -> Vec<(String, Option<String>)> {
    let Some(http) = &layers.http else { return Vec::new() };
    let line = |i: usize| http.messages.get(i).map(|message| first_line(&message.head));
    http.exchanges
        .iter()
        .map(|exchange| {
            let request = exchange.request.and_then(line).unwrap_or_default();
            (request, exchange.responses.last().copied().and_then(line))
        })
        .collect()
}

/// A message's first line, as it was sent.
pub fn first_line(head: &flow::Head) -> String {
    match head {
        flow::Head::Request(request) => format!("{} {} {}", request.method, request.target, request.version),
        flow::Head::Response(response) => format!("{} {} {}", response.version, response.status.0, response.reason),
    }
}
