//! What a packet says above TCP and UDP, in plain words: TLS, HTTP, DNS, DHCP.

use flow::{
    Carried, Conversation, Direction, Head, Layers, MessageState, RecordContent, Tcp, Unit, UnitKind, Verdicts,
};
use wire::dns::RData;
use wire::http2::{FrameHeader, FrameType};
use wire::tls::ContentType;

use crate::Story;
use crate::meaning::Said;
use crate::pieces::{Pieces, Rest};

/// What a segment completes of the layers above.
pub(crate) struct Upper {
    protocol: &'static str,
    said: Vec<String>,
    /// What it carries of something larger.
    pieces: Pieces,
    /// It completes something whose fields contradict each other.
    pub malformed: bool,
}

impl Upper {
    /// Joined with what the segment itself says.
    pub fn joined(self, tcp: &Tcp, verdicts: Verdicts, segment: Said) -> Said {
        use wire::tcp::Flags;
        let special = verdicts.is_retransmission()
            || verdicts.contains(Verdicts::CONFLICT)
            || tcp.flags.intersects(Flags::FIN | Flags::RST | Flags::SYN);
        let mut parts = self.said;
        for said in self.pieces.said() {
            parts.push(if parts.is_empty() { said } else { format!("and {said}") });
        }
        if parts.is_empty() {
            return segment;
        }
        if special {
            parts.push(segment.text);
        }
        Said { malformed: self.malformed, protocol: self.protocol, text: parts.join(", ") }
    }
}

/// Whether a message goes on behind what was read of it.
fn is_cut_short(layers: &Layers, unit: &Unit) -> bool {
    let message = match unit.kind {
        UnitKind::Http(i) => layers.http.as_ref().and_then(|http| http.messages.get(i)),
        _ => None,
    };
    message.is_some_and(|message| message.state == MessageState::CutShort)
}

/// The stream of HTTP/2 that a message is on.
fn on_stream(layers: &Layers, unit: &Unit) -> Option<u32> {
    let UnitKind::Http(i) = unit.kind else { return None };
    let message = layers.http.as_ref()?.messages.get(i)?;
    message.on_stream.as_ref().map(|on_stream| on_stream.stream)
}

/// The header of a frame of HTTP/2 that carries a message: the message is what speaks.
fn message_frame(layers: &Layers, unit: &Unit) -> Option<FrameHeader> {
    let UnitKind::Frame(i) = unit.kind else { return None };
    layers.http.as_ref()?.frames.get(i)?.header
}

/// What packet `number` of a connection carries above TCP; `None` if that is nothing that can be told.
pub(crate) fn of(story: &Story, number: u32, conversation: &Conversation) -> Option<Upper> {
    let layers = story.layers(conversation.id)?;
    let mut upper = Upper { protocol: "TCP", said: Vec::new(), pieces: Pieces::default(), malformed: false };
    let mut carried = layers.carried(number);
    let over = conversation.tcp().is_some_and(flow::Connection::over);
    // What stands in the packet in which order is told by where it came from; a stable sort keeps layers together.
    carried.sort_by_key(|carried| layers.stream_position(carried.unit));
    for carried in carried {
        let unit = carried.unit;
        let (protocol, speaks) = speaks(&layers, unit)?;
        upper.protocol = higher(upper.protocol, protocol);
        upper.malformed |= carried.completes && at_fault(&layers, unit);
        if !speaks {
            if let Some(header) = message_frame(&layers, unit) {
                upper.pieces.frame(header);
            }
            continue;
        }
        let text = text(&layers, unit, over)?;
        let rest = match (is_cut_short(&layers, unit), story.beginning) {
            (false, _) => Rest::Whole(unit.complete),
            (true, false) => Rest::CutShort(unit.complete),
            (true, true) => Rest::Unread,
        };
        let unread = matches!(rest, Rest::Unread);
        if carried.completes && !unread {
            upper.said.push(text);
        } else if unit.complete > number || unread {
            // A part is named in short: the packet that completes the message says it all.
            let message = match unit.direction {
                Direction::ToServer => "request",
                Direction::ToClient => "response",
            };
            match (unit.kind, on_stream(&layers, unit)) {
                (_, Some(stream)) => upper.pieces.part_on(stream, message, rest),
                (UnitKind::Http(_), None) => upper.pieces.part_of(format!("the {message}"), rest),
                _ => upper.pieces.part_of(text, rest),
            }
        }
    }
    Some(upper)
}

/// The innermost protocol that packet `number` says something of, without the words: what [`of`] tells. And whether what it
/// completes contradicts itself. `carried` is what the packet carries.
pub(crate) fn protocol<'a>(
    layers: &Layers,
    number: u32,
    carried: impl Iterator<Item = Carried<'a>>,
) -> (&'static str, bool) {
    let (mut protocol, mut malformed, mut says) = ("TCP", false, false);
    for carried in carried {
        let Some((of, speaks)) = speaks(layers, carried.unit) else { return ("TCP", false) };
        protocol = higher(protocol, of);
        malformed |= carried.completes && at_fault(layers, carried.unit);
        says |= speaks && (carried.completes || carried.unit.complete > number);
    }
    if says { (protocol, malformed) } else { ("TCP", false) }
}

/// The protocols above TCP, and TCP, lowest first.
pub(crate) const PROTOCOLS: [&str; 4] = ["TCP", "TLS", "DNS", "HTTP"];

/// The higher one of two protocols.
fn higher(a: &'static str, b: &'static str) -> &'static str {
    let rank = |protocol: &str| PROTOCOLS.iter().position(|p| *p == protocol);
    if rank(b) > rank(a) { b } else { a }
}

/// A unit's protocol, and whether the unit says anything by itself: records of the handshake are told by their messages,
/// those of an application's data by what that is.
fn speaks(layers: &Layers, unit: &Unit) -> Option<(&'static str, bool)> {
    Some(match unit.kind {
        UnitKind::Record(i) => {
            let record = layers.tls.as_ref().and_then(|tls| tls.records.get(i))?;
            let speaks = match (&record.content, record.content_type()) {
                (RecordContent::Undecrypted(_) | RecordContent::Missing(_), _) => true,
                (_, ContentType::HANDSHAKE) => false,
                (_, ContentType::APPLICATION_DATA) => layers.http.is_none(),
                _ => true,
            };
            ("TLS", speaks)
        }
        UnitKind::Handshake(_) => ("TLS", true),
        UnitKind::Frame(i) => {
            let frame = layers.http.as_ref().and_then(|http| http.frames.get(i))?;
            let of_message = |header: FrameHeader| {
                matches!(header.kind, FrameType::DATA | FrameType::HEADERS | FrameType::CONTINUATION)
            };
            ("HTTP", !frame.header.is_some_and(of_message))
        }
        UnitKind::Http(_) => ("HTTP", true),
        UnitKind::Dns(_) => ("DNS", true),
    })
}

/// Whether a unit's fields contradict each other.
fn at_fault(layers: &Layers, unit: &Unit) -> bool {
    let UnitKind::Http(i) = unit.kind else { return false };
    layers.http.as_ref().and_then(|http| http.messages.get(i)).is_some_and(|message| !message.faults.is_empty())
}

/// What a unit says, if it speaks.
fn text(layers: &Layers, unit: &Unit, over: bool) -> Option<String> {
    Some(match unit.kind {
        UnitKind::Record(i) => {
            let record = layers.tls.as_ref().and_then(|tls| tls.records.get(i))?;
            match (&record.content, record.content_type()) {
                (RecordContent::Undecrypted(why), _) => format!("an encrypted record: {why}"),
                (RecordContent::Missing(n), _) => format!("a record of which {n} bytes are missing"),
                (_, ContentType::CHANGE_CIPHER_SPEC) => "ChangeCipherSpec".to_owned(),
                (_, ContentType::ALERT) => {
                    let alert = layers.tls.as_ref().and_then(|tls| tls.alerts.iter().find(|(at, _)| *at == i));
                    alert.map_or("an alert".to_owned(), |(_, alert)| format!("alert: {}", alert.description))
                }
                (_, other) => other.to_string(),
            }
        }
        UnitKind::Handshake(i) => {
            let tls = layers.tls.as_ref()?;
            let message = tls.messages.get(i)?;
            let mut text = camel(&message.kind.to_string());
            let name = tls.client_hello.as_ref().and_then(|hello| hello.server_name());
            if let (wire::tls::HandshakeType::CLIENT_HELLO, Some(name)) = (message.kind, name) {
                text.push_str(&format!(" for {name}"));
            }
            text
        }
        UnitKind::Frame(i) => {
            let frame = layers.http.as_ref().and_then(|http| http.frames.get(i))?;
            http2(frame, &layers.bytes(frame.buffer))
        }
        UnitKind::Http(i) => {
            let message = layers.http.as_ref().and_then(|http| http.messages.get(i))?;
            let mut text = match &message.head {
                Head::Request(request) => format!("{} {} {}", request.method, request.target, request.version),
                Head::Response(response) => {
                    let (status, reason) = (response.status.0, &response.reason);
                    let body = crate::meaning::bytes(message.content_len() as u64);
                    format!("{} {status} {reason}, {body} of body", response.version)
                }
            };
            if let Some(on_stream) = &message.on_stream {
                text.push_str(&format!(" on stream {}", on_stream.stream));
            }
            text.push_str(&remarks(layers.http.as_ref(), message, over));
            text
        }
        UnitKind::Dns(i) => {
            let message = layers.dns.get(i)?;
            let bytes = layers.bytes(message.buffer);
            let parsed = bytes.get(message.range.clone()).and_then(|bytes| wire::dns::Message::parse(bytes).ok());
            parsed.map_or_else(|| "a message".to_owned(), |message| dns(&message))
        }
    })
}

/// What a frame of HTTP/2 says by itself; those that carry a message are told by the message.
fn http2(frame: &flow::Http2Frame, bytes: &[u8]) -> String {
    let Some(header) = frame.header else { return "the preface of HTTP/2".to_owned() };
    let payload = bytes.get(frame.range.start + FrameHeader::LEN..frame.range.end).unwrap_or_default();
    let number = |at: usize| {
        let four = payload.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok());
        four.map_or(0, u32::from_be_bytes)
    };
    let kind = header.kind;
    match kind {
        FrameType::SETTINGS | FrameType::PING if header.end_stream => format!("{kind} acknowledged"),
        FrameType::RST_STREAM => format!("{kind} {}: {}", header.stream, frame.error.unwrap_or_default()),
        FrameType::GOAWAY => {
            format!("{kind} after stream {}: {}", number(0) & 0x7fff_ffff, frame.error.unwrap_or_default())
        }
        FrameType::WINDOW_UPDATE => {
            let of = if header.stream == 0 { "all streams".to_owned() } else { format!("stream {}", header.stream) };
            format!("{kind}: {} more on {of}", crate::meaning::bytes(u64::from(number(0) & 0x7fff_ffff)))
        }
        _ => kind.to_string(),
    }
}

/// What there is to say of an HTTP message beside its first line: faults of its framing, and what is missing.
fn remarks(http: Option<&flow::Http>, message: &flow::HttpMessage, over: bool) -> String {
    let mut out = String::new();
    for fault in &message.faults {
        out.push_str(&format!("; {} {}", fault.field(), fault.what()));
    }
    match message.state {
        MessageState::Whole => {}
        MessageState::CutShort if over => out.push_str("; the body was broken off before its end"),
        MessageState::CutShort => out.push_str("; the end of the body was not captured"),
        MessageState::Missing(n) => out.push_str(&format!("; {} of it were not captured", crate::meaning::bytes(n))),
        MessageState::Malformed(why) => out.push_str(&format!("; malformed: {why}")),
    }
    let before = |gap: &&flow::Unread| gap.direction == message.direction && gap.range.end == message.range.start;
    let gap = http.filter(|_| message.resumed).and_then(|http| http.unread.iter().rfind(before));
    if let Some(gap) = gap {
        let (from, to) = (gap.range.start, gap.range.end.saturating_sub(1));
        out.push_str(&format!(
            "; the stream's bytes {from} to {to} before it could not be read ({} were not captured)",
            crate::meaning::bytes(gap.missing)
        ));
    }
    out
}

/// A handshake type (`client_hello`) as RFC 8446's text calls the message (`ClientHello`).
fn camel(name: &str) -> String {
    name.split('_')
        .map(|word| {
            word.chars().enumerate().map(|(i, c)| if i == 0 { c.to_ascii_uppercase() } else { c }).collect::<String>()
        })
        .collect()
}

/// A DNS message in a line.
pub(crate) fn dns(message: &wire::dns::Message) -> String {
    let question = message
        .questions
        .first()
        .map_or_else(|| "nothing".to_owned(), |question| format!("{} {}", question.name, question.kind));
    if !message.response {
        let asks = if message.recursion_desired { "please find" } else { "do you know" };
        return format!("{asks} {question}?");
    }
    if message.rcode != wire::dns::Rcode::NOERROR {
        return format!("{question}: {}", message.rcode);
    }
    let answers: Vec<String> = message
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::A(ip) => Some(ip.to_string()),
            RData::Aaaa(ip) => Some(ip.to_string()),
            RData::Cname(name) => Some(format!("the same as {name}")),
            _ => None,
        })
        .collect();
    if !answers.is_empty() {
        return format!("{question} is {}", answers.join(", "));
    }
    let referred = message.authorities.iter().find(|record| matches!(record.data, RData::Ns(_)));
    match referred {
        Some(record) => format!("{question}? ask the name servers of {}", record.name),
        None => format!("{question}: no such record"),
    }
}

/// A DHCP message in a line.
pub(crate) fn dhcp(message: &wire::dhcp::Message) -> String {
    use wire::dhcp::MessageType;
    let yours = message.header.yiaddr;
    let lease = message.lease_time().map(|seconds| format!(" for {seconds} s")).unwrap_or_default();
    let name = message.host_name().map(|name| String::from_utf8_lossy(&name).into_owned()).unwrap_or_default();
    match message.message_type() {
        Some(MessageType::DISCOVER) => format!("DISCOVER: I am {name}; who can give me an address?"),
        Some(MessageType::OFFER) => format!("OFFER: you can have {yours}{lease}"),
        Some(MessageType::REQUEST) => match message.requested_address() {
            Some(wanted) => format!("REQUEST: I take {wanted}"),
            None => format!("REQUEST: I would like to keep {}", message.header.ciaddr),
        },
        Some(MessageType::ACK) => {
            let list = |ips: Option<Vec<std::net::Ipv4Addr>>| {
                ips.unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            };
            format!(
                "ACK: {yours} is yours{lease}; gateway {}, name server {}",
                list(message.routers()),
                list(message.dns_servers())
            )
        }
        Some(MessageType::NAK) => "NAK: you cannot have that address".to_owned(),
        Some(other) => other.to_string(),
        None => "a BOOTP message".to_owned(),
    }
}
