//! What a packet says, in plain words.

use flow::{Conversation, Direction, RowKind, RowView, Tcp, Verdicts};
use wire::tcp::Flags;

use crate::Story;

/// A packet's innermost protocol and what it says.
pub(crate) struct Said {
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
                let said = segment(tcp, conversation, row.direction);
                match crate::upper::of(story, row.number, conversation) {
                    Some(upper) => upper.joined(tcp, said),
                    None => said,
                }
            }
            _ => Said { protocol: "TCP", text: "a segment that belongs to no connection".to_owned() },
        },
        RowKind::Arp(_) => Said { protocol: "ARP", text: arp(&frame) },
        RowKind::Icmp(kind, code) => Said { protocol: "ICMP", text: icmp(kind, code) },
        RowKind::Icmpv6(kind, _) => {
            let kind = wire::icmpv6::Type(kind);
            Said { protocol: "ICMPv6", text: kind.name().unwrap_or("a message of an unknown type").to_owned() }
        }
        RowKind::Udp => datagram(&frame, bytes.get(frame.payload.clone()).unwrap_or(&[]), row.payload.claimed),
        RowKind::Fragment => Said { protocol: "IP", text: "a fragment of a larger packet".to_owned() },
        RowKind::Ip(n) => Said {
            protocol: "IP",
            text: match wire::ipv4::Protocol(n).name() {
                Some(name) => format!("a packet of the protocol {name}"),
                None => format!("a packet of protocol {n}"),
            },
        },
        RowKind::Link => Said { protocol: "link", text: "a frame of a protocol that is not taken apart".to_owned() },
        RowKind::Malformed => Said {
            protocol: "?",
            text: match frame.malformed {
                Some(error) => format!("cannot be read: {error}"),
                None => "cannot be read".to_owned(),
            },
        },
    }
}

/// A UDP datagram: DNS and DHCP by their ports.
fn datagram(frame: &wire::frame::Frame, payload: &[u8], claimed: u32) -> Said {
    use wire::{dhcp, dns};
    let ports = frame.ports().map_or([0, 0], |(from, to)| [from, to]);
    let either = |port: u16| ports.contains(&port);
    if (either(dhcp::SERVER_PORT) || either(dhcp::CLIENT_PORT))
        && let Ok(message) = dhcp::Message::parse(payload)
    {
        return Said { protocol: "DHCP", text: crate::upper::dhcp(&message) };
    }
    if either(dns::PORT)
        && let Ok(message) = dns::Message::parse(payload)
    {
        return Said { protocol: "DNS", text: crate::upper::dns(&message) };
    }
    Said { protocol: "UDP", text: format!("{claimed} bytes of data") }
}

fn arp(frame: &wire::frame::Frame) -> String {
    use wire::arp::Operation;
    let wire::frame::Network::Arp(arp) = frame.network else { return "an address resolution message".to_owned() };
    match arp.operation {
        Operation::REQUEST if arp.sender_ip == arp.target_ip => {
            format!("{} is mine: {}", arp.sender_ip, arp.sender_mac)
        }
        Operation::REQUEST if arp.sender_ip.is_unspecified() => format!("does anyone use {} already?", arp.target_ip),
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

/// A TCP segment without regard to what its data says.
pub(crate) fn segment(tcp: &Tcp, conversation: &Conversation, direction: Direction) -> Said {
    let flags = tcp.flags;
    let first_ack = conversation.tcp().and_then(|connection| connection.established_frame());
    let mut parts: Vec<String> = Vec::new();
    if tcp.verdicts.is_retransmission() {
        parts.push(match tcp.repeats() {
            Some(number) => format!("again what packet {number} carried"),
            None => "again what was sent before".to_owned(),
        });
    }
    if flags.contains(Flags::RST) {
        parts.push("this connection does not exist, or ends at once".to_owned());
    } else if flags.contains(Flags::SYN) {
        let isn = tcp.seq;
        parts.push(if flags.contains(Flags::ACK) {
            format!("agrees, and counts its own bytes from {isn}")
        } else {
            format!("asks for a connection, and counts its bytes from {isn}")
        });
    } else if flags.contains(Flags::FIN) {
        parts.push("has nothing more to send".to_owned());
        if tcp.len > 0 {
            parts.push(format!("after these {} bytes", tcp.len));
        }
    } else if tcp.len > 0 {
        parts.push(format!("{} bytes of data", tcp.len));
    } else if tcp.verdicts.intersects(Verdicts::KEEP_ALIVE) {
        parts.push("are you still there?".to_owned());
    } else if tcp.verdicts.intersects(Verdicts::DUP_ACK) {
        parts.push(format!("still waits for byte {}", tcp.relative_ack().unwrap_or_default()));
    } else if tcp.verdicts.intersects(Verdicts::WINDOW_UPDATE) {
        parts.push("has room again".to_owned());
    } else {
        let done = tcp.relative_ack().unwrap_or_default();
        let confirms = direction == Direction::ToServer && done == 1 && first_ack.is_some();
        parts.push(if confirms {
            "confirms: the connection is open".to_owned()
        } else if closes(conversation, direction, done) {
            "acknowledges that the other side is done".to_owned()
        } else {
            format!("has everything before byte {done}")
        });
    }
    Said { protocol: "TCP", text: parts.join(", ") }
}

/// Whether an acknowledgment covers the other side's FIN.
fn closes(conversation: &Conversation, direction: Direction, ack: i64) -> bool {
    let other = conversation.tcp().map(|connection| connection.half(direction.opposite()));
    other.and_then(|half| half.fin()).is_some_and(|fin| ack > fin)
}
