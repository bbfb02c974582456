//! What a packet says, in plain words.

use flow::{Conversation, Direction, Half, RowKind, RowView, Tcp, Verdicts};
use wire::tcp::Flags;

use crate::Story;

/// A packet's innermost protocol and what it says.
pub(crate) struct Said {
    /// Whether what it carries above TCP contradicts itself.
    pub malformed: bool,
    pub protocol: &'static str,
    pub text: String,
}

pub(crate) fn of(story: &Story, view: &RowView<'_>, conversation: Option<&Conversation>) -> Said {
    let row = view.row;
    let bytes = story.bytes(row.number).unwrap_or_default();
    let frame = wire::frame::decode(row.link, &bytes, row.original as usize, &mut wire::Silent);
    match row.kind {
        RowKind::Tcp => match (view.tcp, conversation) {
            (Some(tcp), Some(conversation)) => {
                let verdicts = verdicts(story, view);
                let said = segment(tcp, &Seen { number: row.number, direction: row.direction, verdicts, conversation });
                match crate::upper::of(story, row.number, conversation) {
                    Some(upper) => upper.joined(tcp, verdicts, said),
                    None => said,
                }
            }
            _ => Said { malformed: false, protocol: "TCP", text: "a segment that belongs to no connection".to_owned() },
        },
        RowKind::Arp(_) => Said { malformed: false, protocol: "ARP", text: arp(&frame) },
        RowKind::Icmp(kind, code) => Said { malformed: false, protocol: "ICMP", text: icmp(kind, code) },
        RowKind::Icmpv6(kind, code) => {
            let kind = wire::icmpv6::Type(kind);
            // Neighbour discovery is to IPv6 what ARP is to IPv4.
            let discovery = (133..=137).contains(&kind.0);
            let protocol = if discovery { "ND" } else { "ICMPv6" };
            Said { malformed: false, protocol, text: icmpv6(kind, code, &frame, &bytes) }
        }
        RowKind::Udp => datagram(&frame, bytes.get(frame.payload.clone()).unwrap_or(&[]), row.payload.claimed),
        RowKind::Fragment => {
            Said { malformed: false, protocol: "IP", text: "a fragment of a larger packet".to_owned() }
        }
        RowKind::Ip(n) => Said {
            malformed: false,
            protocol: "IP",
            text: match wire::ipv4::Protocol(n).name() {
                Some(name) => format!("a packet of the protocol {name}"),
                None => format!("a packet of protocol {n}"),
            },
        },
        RowKind::Link => Said {
            malformed: false,
            protocol: "link",
            text: "a frame of a protocol that is not taken apart".to_owned(),
        },
        RowKind::Malformed => Said {
            malformed: false,
            protocol: "?",
            text: match frame.malformed {
                Some(error) => format!("cannot be read: {error}"),
                None => "cannot be read".to_owned(),
            },
        },
    }
}

/// Whether datagrams of a conversation may be DNS or DHCP.
pub(crate) fn may_be_told(conversation: &Conversation) -> bool {
    use wire::{dhcp, dns};
    [conversation.client.port, conversation.server.port]
        .iter()
        .any(|port| [dns::PORT, dhcp::SERVER_PORT, dhcp::CLIENT_PORT].contains(port))
}

/// A UDP datagram: DNS and DHCP by their ports.
fn datagram(frame: &wire::frame::Frame, payload: &[u8], claimed: u32) -> Said {
    use wire::{dhcp, dns};
    let ports = frame.ports().map_or([0, 0], |(from, to)| [from, to]);
    let either = |port: u16| ports.contains(&port);
    if (either(dhcp::SERVER_PORT) || either(dhcp::CLIENT_PORT))
        && let Ok(message) = dhcp::Message::parse(payload)
    {
        return Said { malformed: false, protocol: "DHCP", text: crate::upper::dhcp(&message) };
    }
    if either(dns::PORT)
        && let Ok(message) = dns::Message::parse(payload)
    {
        return Said { malformed: false, protocol: "DNS", text: crate::upper::dns(&message) };
    }
    Said { malformed: false, protocol: "UDP", text: format!("{} of data", bytes(claimed)) }
}

fn arp(frame: &wire::frame::Frame) -> String {
    use wire::arp::Operation;
    let wire::frame::Network::Arp(arp) = frame.network else { return "an address resolution message".to_owned() };
    match arp.operation {
        Operation::REQUEST if arp.sender_ip == arp.target_ip => {
            format!("{} is mine: {}", arp.sender_ip, arp.sender_mac)
        }
        Operation::REQUEST if arp.sender_ip.is_unspecified() => format!("does anyone use {} already?", arp.target_ip),
        // RFC 1122 §2.3.2.1 (2): asked of the neighbour alone, whose address is known.
        Operation::REQUEST if frame.macs.is_some_and(|(_, to)| !to.is_multicast()) => {
            format!("are you still {}? tell {}", arp.target_ip, arp.sender_ip)
        }
        Operation::REQUEST => format!("who has {}? tell {}", arp.target_ip, arp.sender_ip),
        Operation::REPLY => format!("{} is at {}", arp.sender_ip, arp.sender_mac),
        other => format!("operation {other}"),
    }
}

fn icmp(kind: u8, code: u8) -> String {
    use wire::icmp::{Type, Unreachable};
    match Type(kind) {
        Type::UNREACHABLE => match Unreachable(code).name() {
            Some(name) => format!("cannot be delivered: {name}"),
            None => format!("cannot be delivered: code {code}"),
        },
        kind => match kind.name() {
            Some(name) => name.to_owned(),
            None => format!("type {}", kind.0),
        },
    }
}

/// A message of ICMPv6. `bytes` are the frame's.
fn icmpv6(kind: wire::icmpv6::Type, code: u8, frame: &wire::frame::Frame, bytes: &[u8]) -> String {
    use wire::icmpv6::{NdOptions, Neighbor, RouterAdvertisement, Type, Unreachable, options};
    let unnamed = || kind.name().map_or_else(|| format!("type {}", kind.0), str::to_owned);
    let wire::frame::Network::Ipv6(ip) = frame.network else { return unnamed() };
    // Behind type, code and checksum.
    let message = bytes.get(frame.payload.clone()).unwrap_or(&[]);
    let said = |from: usize| -> NdOptions {
        let rest = message.get(from..).unwrap_or(&[]);
        options(&mut wire::Reader::new(rest, &mut wire::Silent)).unwrap_or_default()
    };
    let neighbour = message.get(..Neighbor::LEN).map(Neighbor::read);
    match (kind, neighbour) {
        (Type::NEIGHBOR_SOLICITATION, Some(asked)) if ip.header.src.is_unspecified() => {
            format!("does anyone use {} already?", asked.target)
        }
        (Type::NEIGHBOR_SOLICITATION, Some(asked)) if !ip.header.dst.is_multicast() => {
            format!("are you still {}? tell {}", asked.target, ip.header.src)
        }
        (Type::NEIGHBOR_SOLICITATION, Some(asked)) => format!("who has {}? tell {}", asked.target, ip.header.src),
        (Type::NEIGHBOR_ADVERTISEMENT, Some(told)) => match said(Neighbor::LEN).target_link {
            Some(mac) => format!("{} is at {mac}", told.target),
            None => format!("{} is here", told.target),
        },
        (Type::ROUTER_SOLICITATION, _) => "is there a router on this link?".to_owned(),
        (Type::ROUTER_ADVERTISEMENT, _) => {
            let prefixes = said(RouterAdvertisement::LEN).prefixes;
            let all: Vec<String> = prefixes.iter().map(|p| format!("{}/{}", p.prefix, p.prefix_len)).collect();
            match all.as_slice() {
                [] => "I am a router".to_owned(),
                all => format!("I am a router, and addresses here begin with {}", all.join(", ")),
            }
        }
        (Type::PACKET_TOO_BIG, _) => match message.first_chunk::<4>() {
            Some(&[a, b, c, d]) => format!("too long: at most {} bytes fit", u32::from_be_bytes([a, b, c, d])),
            _ => unnamed(),
        },
        (Type::UNREACHABLE, _) => match Unreachable(code).name() {
            Some(name) => format!("cannot be delivered: {name}"),
            None => format!("cannot be delivered: code {code}"),
        },
        _ => unnamed(),
    }
}

/// The verdicts on a segment, with what its bytes tell: [`Verdicts::CONFLICT`] takes the place of a retransmission.
pub(crate) fn verdicts(story: &Story, view: &RowView<'_>) -> Verdicts {
    let Some(tcp) = view.tcp else { return Verdicts::NONE };
    let layers = view.row.conversation.filter(|_| tcp.repeats().is_some()).and_then(|id| story.layers(id));
    told(tcp, layers.is_some_and(|layers| layers.contradicts(view.row.number)))
}

/// The verdicts on a segment, whose bytes are in `conflict` with those that came before, or not.
pub(crate) fn told(tcp: &Tcp, conflict: bool) -> Verdicts {
    if conflict { tcp.verdicts.without_retransmission() | Verdicts::CONFLICT } else { tcp.verdicts }
}

/// Where a segment was seen, and what it was taken for.
struct Seen<'a> {
    number: u32,
    direction: Direction,
    verdicts: Verdicts,
    conversation: &'a Conversation,
}

impl Seen<'_> {
    /// What the segment's sender sent.
    fn half(&self) -> Option<&Half> {
        self.conversation.tcp().map(|connection| connection.half(self.direction))
    }
    /// What the other side sent.
    fn other(&self) -> Option<&Half> {
        self.conversation.tcp().map(|connection| connection.half(self.direction.opposite()))
    }
    /// Whether an acknowledgment covers the other side's FIN.
    fn closes(&self, ack: i64) -> bool {
        self.other().and_then(Half::fin).is_some_and(|fin| ack > fin)
    }
}

/// A TCP segment without regard to what its data says.
fn segment(tcp: &Tcp, seen: &Seen<'_>) -> Said {
    let (flags, verdicts) = (tcp.flags, seen.verdicts);
    let mut parts: Vec<String> = Vec::new();
    if verdicts.contains(Verdicts::CONFLICT) {
        parts.push(match tcp.repeats() {
            Some(number) => format!("other bytes than packet {number} carried under the same numbers"),
            None => "other bytes than came before under the same numbers".to_owned(),
        });
    } else if verdicts.is_retransmission() {
        parts.push(match tcp.repeats() {
            Some(number) => format!("again what packet {number} carried"),
            None => "again what was sent before".to_owned(),
        });
    }
    if flags.contains(Flags::RST) {
        parts.push(reset(tcp, seen).to_owned());
    } else if flags.contains(Flags::SYN) {
        parts.push(opens(tcp, seen));
    } else if flags.contains(Flags::FIN) {
        parts.push("has nothing more to send".to_owned());
        if tcp.len > 0 {
            parts.push(format!("after {}", these(tcp.len)));
        }
        let first = seen.other().is_some_and(|other| other.fin_frame().is_some() && tcp.acks() == other.fin_frame());
        if first && seen.closes(tcp.relative_ack().unwrap_or_default()) {
            parts.push("and acknowledges that the other side is done".to_owned());
        }
    } else if tcp.len > 0 && verdicts.intersects(Verdicts::ZERO_WINDOW_PROBE) {
        parts.push("is there room again?".to_owned());
    } else if tcp.len > 0 {
        parts.push(format!("{} of data", bytes(tcp.len)));
    } else {
        parts.push(acknowledgment(tcp, seen));
    }
    Said { malformed: false, protocol: "TCP", text: parts.join(", ") }
}

/// A segment without data, SYN, FIN and RST.
fn acknowledgment(tcp: &Tcp, seen: &Seen<'_>) -> String {
    let done = tcp.relative_ack().unwrap_or_default();
    let established = seen.conversation.tcp().and_then(|connection| connection.established_frame());
    if tcp.verdicts.contains(Verdicts::ZERO_WINDOW_PROBE) {
        "is there room again?".to_owned()
    } else if tcp.verdicts.contains(Verdicts::KEEP_ALIVE) {
        "are you still there?".to_owned()
    } else if tcp.verdicts.contains(Verdicts::KEEP_ALIVE_ACK) {
        "still here".to_owned()
    } else if tcp.verdicts.contains(Verdicts::CHALLENGE_ACK) {
        format!("does not believe that: still expects byte {done}")
    } else if tcp.verdicts.contains(Verdicts::BEHIND) {
        let seq = tcp.relative_seq().unwrap_or_default();
        format!("has everything before byte {done}, and has itself sent nothing from byte {seq} on, or was overtaken")
    } else if tcp.verdicts.contains(Verdicts::UNACCEPTABLE_ANSWERED) {
        format!("says again that it has everything before byte {done}: that brought nothing acceptable")
    } else if tcp.verdicts.contains(Verdicts::DUP_ACK) {
        format!("still waits for byte {done}")
    } else if tcp.verdicts.contains(Verdicts::ZERO_WINDOW) {
        format!("has everything before byte {done}, and no room for more")
    } else if tcp.verdicts.contains(Verdicts::WINDOW_UPDATE) {
        "has room again".to_owned()
    } else if established == Some(seen.number) {
        "confirms: the connection is open".to_owned()
    } else if seen.closes(done) {
        "acknowledges that the other side is done".to_owned()
    } else {
        format!("has everything before byte {done}")
    }
}

/// A segment with SYN.
fn opens(tcp: &Tcp, seen: &Seen<'_>) -> String {
    let isn = tcp.seq;
    // RFC 9293 §3.5, figure 7: both asked, and each repeats its SYN to acknowledge the other's.
    let asked_itself = seen.half().is_some_and(|half| half.asked() && half.syn_frame() != Some(seen.number));
    let opened = match (tcp.flags.contains(Flags::ACK), asked_itself) {
        (true, true) => format!("has asked as well, and agrees: its own bytes count from {isn}"),
        (true, false) => format!("agrees, and counts its own bytes from {isn}"),
        (false, _) => format!("asks for a connection, and counts its bytes from {isn}"),
    };
    // RFC 7413 §4.1.2: an empty cookie asks for one.
    let first = seen.half().filter(|half| half.syn_frame() == Some(seen.number));
    match first.and_then(|half| half.syn_options()?.fast_open).map(|option| option.cookie().is_empty()) {
        Some(true) => format!("{opened}; asks for a Fast Open cookie"),
        Some(false) if tcp.flags.contains(Flags::ACK) => format!("{opened}; gives a Fast Open cookie"),
        Some(false) => format!("{opened}; shows its Fast Open cookie"),
        None => opened,
    }
}

/// What a reset says (RFC 9293 §3.5.2).
fn reset(tcp: &Tcp, seen: &Seen<'_>) -> &'static str {
    let first = seen.half().and_then(Half::first_frame);
    let acks = tcp.flags.contains(Flags::ACK);
    if acks && first == Some(seen.number) && tcp.seq == wire::tcp::Seq(0) {
        // Group 1, without an acknowledgment to take the number from: number 0.
        "refuses: nobody listens there"
    } else if acks {
        "ends the connection at once"
    } else {
        // Group 1, with one: its number is what the other side expects.
        "knows no such connection: that is over at once"
    }
}

fn these(n: u32) -> String {
    if n == 1 { "this byte".to_owned() } else { format!("these {n} bytes") }
}

/// A number of bytes, in words.
pub(crate) fn bytes(n: impl Into<u64>) -> String {
    match n.into() {
        1 => "1 byte".to_owned(),
        n => format!("{n} bytes"),
    }
}
