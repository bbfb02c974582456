//! What a packet is: its transport protocol, and the messages that stand in single datagrams.

use std::net::IpAddr;

use wire::frame::{Checksum, Frame, Network, Transport};
use wire::pseudo_header;

use super::Flow;
use crate::conversation::{self, ConversationId, Endpoint, Key, Kind};
use crate::row::{Payload, Row, RowKind};
use crate::tcp::{Check, Segment, Silence};

impl Flow {
    /// Gives the packet's transport to its conversation. `bytes` are those that the frame's ranges count in.
    pub(super) fn transport(&mut self, number: u32, frame: &Frame, bytes: &[u8]) {
        let Some(addresses) = frame.addresses() else {
            let kind = match frame.malformed {
                Some(_) => RowKind::Malformed,
                None => RowKind::Link,
            };
            self.set_kind(number, kind);
            return;
        };
        let ports = frame.ports().unwrap_or((0, 0));
        let mut src = Endpoint { ip: addresses.0, port: ports.0 };
        let mut dst = Endpoint { ip: addresses.1, port: ports.1 };
        if let Network::Arp(arp) = &frame.network {
            self.set_kind(number, RowKind::Arp(arp.operation.0));
            let opening = arp.operation == wire::arp::Operation::REQUEST;
            self.plain(number, conversation::ARP, src, dst, opening, Kind::Arp);
            if let Some((interface, at)) = self.message(number) {
                self.arp.push(interface, number, at, arp);
            }
            return;
        }
        match &frame.transport {
            Transport::Tcp(header, options) => {
                self.set_kind(number, RowKind::Tcp);
                let Some(row) = self.row_mut(number) else { return };
                let Row { at, payload, original, options_cut, .. } = *row;
                let captured = Captured { number, at, payload, original, options_cut };
                let checksum = frame.checksum;
                let header_and_data = header.header_len() + frame.payload_len;
                let checksum = check(checksum, header.checksum, (src.ip, dst.ip), header_and_data);
                let segment = segment_of(&captured, header, *options, checksum);
                self.segment(number, src, dst, segment);
            }
            Transport::Udp(_) => {
                self.set_kind(number, RowKind::Udp);
                self.plain(number, 17, src, dst, false, Kind::Udp);
                let payload = bytes.get(frame.payload.clone()).unwrap_or_default();
                if payload.len() == frame.payload_len {
                    self.datagram_message(number, ports, payload);
                }
            }
            Transport::Icmp(icmp) => {
                let rest = bytes.get(frame.payload.clone()).unwrap_or_default();
                self.set_kind(number, RowKind::Icmp(icmp.kind.0, icmp.code));
                if icmp.is_error() {
                    let about = self.about(number, quoted(frame, rest));
                    if let Some(row) = self.row_mut(number) {
                        row.about = about;
                    }
                } else if matches!(icmp.kind.0, 0 | 8) {
                    // An echo's two packets carry one identifier: it stands for the client's port.
                    let client = if icmp.kind.0 == 8 { &mut src } else { &mut dst };
                    client.port = icmp.echo().0;
                }
                self.plain(number, 1, src, dst, icmp.kind.0 == 8, Kind::Icmp);
            }
            Transport::Icmpv6(icmp) => {
                self.set_kind(number, RowKind::Icmpv6(icmp.kind.0, icmp.code));
                let rest = bytes.get(frame.payload.clone()).unwrap_or_default();
                if icmp.kind.0 < 128 {
                    let about = self.about(number, quoted(frame, rest));
                    if let Some(row) = self.row_mut(number) {
                        row.about = about;
                    }
                } else if matches!(icmp.kind.0, 128 | 129) && rest.len() >= 2 {
                    // As for ICMP.
                    let client = if icmp.kind.0 == 128 { &mut src } else { &mut dst };
                    client.port = u16::from_be_bytes([rest[0], rest[1]]);
                }
                self.plain(number, 58, src, dst, icmp.kind.0 == 128, Kind::Icmp);
                if let (133..=136, Network::Ipv6(ip)) = (icmp.kind.0, &frame.network)
                    && let Some((interface, at)) = self.message(number)
                {
                    self.nd.push(interface, number, at, icmp.kind, &ip.header, rest);
                }
            }
            Transport::Other(protocol) => {
                self.set_kind(number, RowKind::Ip(protocol.0));
                self.plain(number, protocol.0.into(), src, dst, false, Kind::Other(protocol.0));
            }
            Transport::None | Transport::Fragment => {
                self.set_kind(number, RowKind::Malformed);
            }
        }
    }

    /// A UDP datagram of `ports`: DNS or DHCP by its ports, as wire's decoders choose.
    fn datagram_message(&mut self, number: u32, ports: (u16, u16), payload: &[u8]) {
        let either = |port| ports.0 == port || ports.1 == port;
        if either(wire::dns::PORT) {
            let Some(conversation) = self.row_mut(number).and_then(|row| row.conversation) else { return };
            if let Ok(message) = wire::dns::Message::parse(payload)
                && let Some((_, at)) = self.message(number)
            {
                self.dns.push(conversation, number, at, &message);
            }
        } else if (either(wire::dhcp::SERVER_PORT) || either(wire::dhcp::CLIENT_PORT))
            && let Ok(message) = wire::dhcp::Message::parse(payload)
            && let Some((interface, at)) = self.message(number)
        {
            self.dhcp.push(interface, number, at, &message);
        }
    }

    /// Counts a message that is kept, unless there are too many: its interface and time. That of a copy was counted.
    fn message(&mut self, number: u32) -> Option<(u32, base::Instant)> {
        if self.row_mut(number)?.copy_of != 0 {
            return None;
        }
        if self.messages >= self.limits.messages {
            self.dropped.messages += 1;
            return None;
        }
        self.messages += 1;
        self.row_mut(number).map(|row| (row.interface, row.at))
    }

    /// The conversation of the packet that an ICMP error quotes.
    fn about(&mut self, number: u32, quoted: Option<(u16, Endpoint, Endpoint)>) -> Option<ConversationId> {
        let interface = self.row_mut(number)?.interface;
        let (protocol, src, dst) = quoted?;
        self.current.get(&Key::new(interface, protocol, src, dst)).copied()
    }
}

/// A packet, as far as its segment bears it.
pub(crate) struct Captured {
    pub number: u32,
    pub at: base::Instant,
    pub payload: Payload,
    pub original: u32,
    pub options_cut: bool,
}

pub(crate) fn segment_of(
    packet: &Captured,
    header: &wire::tcp::Header,
    options: wire::tcp::Options,
    checksum: Check,
) -> Segment {
    Segment {
        frame: packet.number,
        at: packet.at,
        seq: wire::tcp::Seq(header.seq),
        ack: wire::tcp::Seq(header.ack),
        flags: header.flags(),
        window: header.window,
        options,
        options_cut: packet.options_cut,
        len: packet.payload.claimed,
        captured: packet.payload.len,
        buffer: packet.payload.buffer,
        offset: packet.payload.at,
        wire_len: packet.original,
        checksum,
        silence: Silence::default(),
    }
}

/// What a segment's checksum tells, of header and data of `len` bytes together.
pub(crate) fn check(verified: Checksum, sum: u16, (src, dst): (IpAddr, IpAddr), len: usize) -> Check {
    match verified {
        Checksum::Unverified => Check::Unverified,
        Checksum::Good => Check::Good,
        // For the card to complete, systems leave the pseudo header's sum, not complemented (with the length, or without
        // where the card cuts a large segment), or nothing at all.
        Checksum::Bad => {
            let partial = |len| !pseudo_header(src, dst, 6, len).checksum();
            let unfinished = [partial(len), partial(0), 0].contains(&sum);
            if unfinished { Check::Partial } else { Check::Bad }
        }
    }
}

/// Protocol and ends of the packet that an ICMP error quotes. `rest` is what stands behind the error's first four bytes
/// (ICMPv6, RFC 4443 §3.1) or eight (ICMP, RFC 792: a header and at least eight bytes behind it).
pub(crate) fn quoted(frame: &Frame, rest: &[u8]) -> Option<(u16, Endpoint, Endpoint)> {
    let (protocol, src, dst, behind): (u8, IpAddr, IpAddr, &[u8]) = match &frame.transport {
        Transport::Icmp(icmp) if icmp.is_error() => {
            let header = rest.get(..wire::ipv4::Header::LEN).map(wire::ipv4::Header::read)?;
            let behind = rest.get(header.header_len().max(wire::ipv4::Header::LEN)..)?;
            (header.protocol.0, header.src.into(), header.dst.into(), behind)
        }
        Transport::Icmpv6(icmp) if icmp.kind.0 < 128 => {
            let quote = rest.get(4..)?;
            let decoded = wire::ipv6::decode(&mut wire::Reader::new(quote, &mut wire::Silent)).ok()?;
            let behind = quote.get(wire::ipv6::Header::LEN + decoded.extensions_len..)?;
            (decoded.protocol.0, decoded.header.src.into(), decoded.header.dst.into(), behind)
        }
        _ => return None,
    };
    let ports = match (protocol, behind) {
        (6 | 17, [a, b, c, d, ..]) => (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])),
        _ => (0, 0),
    };
    Some((protocol.into(), Endpoint { ip: src, port: ports.0 }, Endpoint { ip: dst, port: ports.1 }))
}
