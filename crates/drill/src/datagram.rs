//! IP packets, to and from bytes, with everything that a script may say of them.

use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};

use wire::ipv4::{self, Dscp, Ecn, Protocol};
use wire::tcp::{self, Flags, Seq};
use wire::{Sum, icmp, ipv6, pseudo_header, udp};

use crate::script::TcpOption;

/// An IP packet, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Datagram {
    pub(crate) src: IpAddr,
    pub(crate) dst: IpAddr,
    pub(crate) tos: u8,
    pub(crate) ttl: u8,
    /// 0 over IPv4.
    pub(crate) flow_label: u32,
    pub(crate) body: Body,
}

/// What it carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Body {
    Tcp(Segment),
    Udp {
        ports: (u16, u16),
        payload: Vec<u8>,
    },
    Icmp {
        kind: u8,
        code: u8,
        rest: u32,
        data: Vec<u8>,
    },
    /// Something else.
    Other(u8),
}

/// A TCP segment with its options as they stand.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Segment {
    pub(crate) ports: (u16, u16),
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: Flags,
    pub(crate) window: u16,
    pub(crate) urgent: u16,
    pub(crate) options: Vec<TcpOption>,
    pub(crate) payload: Vec<u8>,
}

impl Segment {
    /// TSval and TSecr.
    pub(crate) fn timestamps(&self) -> Option<(u32, u32)> {
        self.options.iter().find_map(TcpOption::timestamps)
    }
    /// Changes the timestamps, if there are any.
    pub(crate) fn set_timestamps(&mut self, val: u32, ecr: u32) {
        for option in self.options.iter_mut().filter(|option| option.timestamps().is_some()) {
            *option = TcpOption::from_timestamps(val, ecr);
        }
    }
    /// Moves the edges of all SACK blocks.
    pub(crate) fn shift_sack(&mut self, by: u32) {
        for option in self.options.iter_mut().filter(|option| option.kind == TcpOption::SACK) {
            for edge in option.data.chunks_exact_mut(4) {
                let value = u32::from_be_bytes([edge[0], edge[1], edge[2], edge[3]]).wrapping_add(by);
                edge.copy_from_slice(&value.to_be_bytes());
            }
        }
    }
}

impl Datagram {
    /// Takes an IP packet apart; `None` if it is not a whole one.
    pub(crate) fn read(packet: &[u8]) -> Option<Datagram> {
        let (src, dst, tos, ttl, flow_label, protocol, rest) = match packet.first()? >> 4 {
            4 => {
                let header = ipv4::Header::read(packet.get(..ipv4::Header::LEN)?);
                let rest = packet.get(header.header_len()..usize::from(header.total_len).min(packet.len()))?;
                let tos = header.dscp.0 << 2 | header.ecn.0;
                (IpAddr::V4(header.src), IpAddr::V4(header.dst), tos, header.ttl, 0, header.protocol, rest)
            }
            6 => {
                let header = ipv6::Header::read(packet.get(..ipv6::Header::LEN)?);
                let end = (ipv6::Header::LEN + usize::from(header.payload_len)).min(packet.len());
                let (rest, protocol) = (packet.get(ipv6::Header::LEN..end)?, Protocol(header.next_header.0));
                let tos = header.dscp.0 << 2 | header.ecn.0;
                (
                    IpAddr::V6(header.src),
                    IpAddr::V6(header.dst),
                    tos,
                    header.hop_limit,
                    header.flow_label,
                    protocol,
                    rest,
                )
            }
            _ => return None,
        };
        let body = match protocol {
            Protocol::TCP => Body::Tcp(read_segment(rest)?),
            Protocol::UDP => {
                let head = udp::Header::read(rest.get(..udp::Header::LEN)?);
                Body::Udp { ports: (head.src_port, head.dst_port), payload: rest[udp::Header::LEN..].to_vec() }
            }
            // Both begin alike: type, code, checksum, and four bytes that depend on them (RFC 792, RFC 4443 §2.1).
            Protocol::ICMP | Protocol::ICMPV6 => {
                let head = icmp::Header::read(rest.get(..icmp::Header::LEN)?);
                let data = rest[icmp::Header::LEN..].to_vec();
                Body::Icmp { kind: head.kind.0, code: head.code, rest: head.rest, data }
            }
            Protocol(other) => Body::Other(other),
        };
        Some(Datagram { src, dst, tos, ttl, flow_label, body })
    }

    /// The packet in `count` fragments, all but the last of them equally long (RFC 791 §3.2, RFC 8200 §4.5). Fewer if it is too
    /// short for that.
    pub(crate) fn write_fragments(&self, count: usize) -> Vec<Vec<u8>> {
        let whole = self.write();
        let head_len = if self.src.is_ipv6() { ipv6::Header::LEN } else { ipv4::Header::LEN };
        let (head, data) = whole.split_at(head_len.min(whole.len()));
        let size = data.len().div_ceil(count.max(1)).next_multiple_of(8).max(8);
        let pieces = data.chunks(size).enumerate();
        let last = data.len().div_ceil(size).saturating_sub(1);
        pieces.map(|(i, piece)| fragment(head, piece, (i * size / 8) as u16, i < last)).collect()
    }

    /// The packet's bytes, checksums and all.
    pub(crate) fn write(&self) -> Vec<u8> {
        let (protocol, body) = match &self.body {
            Body::Tcp(segment) => (Protocol::TCP, self.write_segment(segment)),
            Body::Udp { ports, payload } => (Protocol::UDP, self.write_udp(*ports, payload)),
            Body::Icmp { kind, code, rest, data } => {
                let protocol = if self.src.is_ipv6() { Protocol::ICMPV6 } else { Protocol::ICMP };
                (protocol, self.write_icmp((*kind, *code), *rest, data))
            }
            Body::Other(number) => (Protocol(*number), Vec::new()),
        };
        let mut packet = header((self.src, self.dst), (self.tos, self.ttl, self.flow_label), protocol, body.len());
        packet.extend(body);
        packet
    }

    fn write_segment(&self, segment: &Segment) -> Vec<u8> {
        let options: Vec<u8> = segment.options.iter().flat_map(write_option).collect();
        let mut header = tcp::Header::new(
            segment.ports,
            Seq(segment.seq),
            Seq(segment.ack),
            segment.flags,
            segment.window,
            options.len(),
        );
        header.urgent = segment.urgent;
        let mut bytes = vec![0; tcp::Header::LEN];
        header.write(&mut bytes);
        bytes.extend(options);
        bytes.extend(&segment.payload);
        self.fill_checksum(Protocol::TCP, &mut bytes, 16);
        bytes
    }

    fn write_udp(&self, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
        let len = (udp::Header::LEN + payload.len()) as u16;
        let mut bytes = vec![0; udp::Header::LEN];
        udp::Header { src_port: ports.0, dst_port: ports.1, len, checksum: 0 }.write(&mut bytes);
        bytes.extend(payload);
        self.fill_checksum(Protocol::UDP, &mut bytes, 6);
        bytes
    }

    /// ICMPv6's checksum counts the addresses too (RFC 4443 §2.3).
    fn write_icmp(&self, (kind, code): (u8, u8), rest: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; icmp::Header::LEN];
        icmp::Header { kind: icmp::Type(kind), code, checksum: 0, rest }.write(&mut bytes);
        bytes.extend(data);
        if self.src.is_ipv6() {
            self.fill_checksum(Protocol::ICMPV6, &mut bytes, 2);
        } else {
            let sum = Sum::of(&bytes).checksum();
            bytes[2..4].copy_from_slice(&sum.to_be_bytes());
        }
        bytes
    }

    fn fill_checksum(&self, protocol: Protocol, bytes: &mut [u8], at: usize) {
        let pseudo = pseudo_header(self.src, self.dst, protocol.0, bytes.len());
        let sum = pseudo.then(Sum::of(bytes)).checksum();
        bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    }
}

/// A piece of a packet whose header was `head`; `offset` in units of 8 bytes.
fn fragment(head: &[u8], piece: &[u8], offset: u16, more: bool) -> Vec<u8> {
    let id = 0x1234;
    if head.len() == ipv6::Header::LEN {
        let mut header = ipv6::Header::read(head);
        let mut middle = [0; ipv6::Fragment::LEN];
        ipv6::Fragment { next_header: header.next_header, reserved: 0, offset, reserved_2: 0, more, id }
            .write(&mut middle);
        header.next_header = ipv6::NextHeader::FRAGMENT;
        header.payload_len = (middle.len() + piece.len()) as u16;
        let mut bytes = vec![0; ipv6::Header::LEN];
        header.write(&mut bytes);
        return [&bytes[..], &middle, piece].concat();
    }
    let mut header = ipv4::Header::read(head);
    header.total_len = (head.len() + piece.len()) as u16;
    (header.id, header.more_fragments, header.fragment_offset, header.checksum) = (id as u16, more, offset, 0);
    let mut bytes = vec![0; ipv4::Header::LEN];
    header.write(&mut bytes);
    header.checksum = Sum::of(&bytes).checksum();
    header.write(&mut bytes);
    [&bytes[..], piece].concat()
}

/// An IP header in front of `len` bytes; addresses of different versions give an IPv4 header without them.
pub(crate) fn header(
    (src, dst): (IpAddr, IpAddr),
    (tos, ttl, flow_label): (u8, u8, u32),
    protocol: Protocol,
    len: usize,
) -> Vec<u8> {
    let (dscp, ecn) = (Dscp(tos >> 2), Ecn(tos & 3));
    if let (IpAddr::V6(src), IpAddr::V6(dst)) = (src, dst) {
        let mut bytes = vec![0; ipv6::Header::LEN];
        let next_header = ipv6::NextHeader(protocol.0);
        let payload_len = len as u16;
        ipv6::Header { version: 6, dscp, ecn, flow_label, payload_len, next_header, hop_limit: ttl, src, dst }
            .write(&mut bytes);
        return bytes;
    }
    let v4 = |address| match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    };
    let mut header = ipv4::Header::new(v4(src), v4(dst), protocol, len);
    (header.dscp, header.ecn, header.ttl) = (dscp, ecn, ttl);
    let mut bytes = vec![0; ipv4::Header::LEN];
    header.write(&mut bytes);
    header.checksum = Sum::of(&bytes).checksum();
    header.write(&mut bytes);
    bytes
}

fn read_segment(bytes: &[u8]) -> Option<Segment> {
    let header = tcp::Header::read(bytes.get(..tcp::Header::LEN)?);
    let options = bytes.get(tcp::Header::LEN..header.header_len())?;
    Some(Segment {
        ports: (header.src_port, header.dst_port),
        seq: header.seq,
        ack: header.ack,
        flags: header.flags(),
        window: header.window,
        urgent: header.urgent,
        options: read_options(options),
        payload: bytes[header.header_len()..].to_vec(),
    })
}

/// One option after the other, fillers included.
pub(crate) fn read_options(mut bytes: &[u8]) -> Vec<TcpOption> {
    let mut options = Vec::new();
    while let Some(&kind) = bytes.first() {
        if kind <= TcpOption::NOP {
            options.push(TcpOption::new(kind, []));
            bytes = &bytes[1..];
            continue;
        }
        let len = bytes.get(1).map_or(0, |&len| usize::from(len));
        let Some(data) = bytes.get(2..len) else { break };
        options.push(TcpOption::new(kind, data));
        bytes = &bytes[len..];
    }
    options
}

fn write_option(option: &TcpOption) -> Vec<u8> {
    if option.kind <= TcpOption::NOP {
        return vec![option.kind];
    }
    let mut bytes = vec![option.kind, option.len() as u8];
    bytes.extend(&option.data);
    bytes
}

/// A segment as scripts write it.
pub(crate) fn segment_text(segment: &Segment, window: bool) -> String {
    let mut text = flags_text(segment.flags);
    let (seq, len) = (segment.seq, segment.payload.len());
    _ = write!(text, " {seq}:{}({len})", seq.wrapping_add(len as u32));
    if segment.flags.contains(Flags::ACK) {
        _ = write!(text, " ack {}", segment.ack);
    }
    if window {
        _ = write!(text, " win {}", segment.window);
    }
    if segment.urgent != 0 {
        _ = write!(text, " urg {}", segment.urgent);
    }
    let options = options_text(&segment.options);
    if !options.is_empty() {
        _ = write!(text, " <{options}>");
    }
    text
}

/// Flags as scripts write them.
pub(crate) fn flags_text(flags: Flags) -> String {
    const LETTERS: [(Flags, char); 9] = [
        (Flags::FIN, 'F'),
        (Flags::SYN, 'S'),
        (Flags::RST, 'R'),
        (Flags::PSH, 'P'),
        (Flags::URG, 'U'),
        (Flags::ECE, 'E'),
        (Flags::CWR, 'W'),
        (Flags::AE, 'A'),
        (Flags::ACK, '.'),
    ];
    let text: String = LETTERS.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, letter)| letter).collect();
    if text.is_empty() { "-".to_owned() } else { text }
}

/// Options as scripts write them, without the angle brackets.
pub(crate) fn options_text(options: &[TcpOption]) -> String {
    let texts: Vec<String> = options.iter().map(ToString::to_string).collect();
    texts.join(",")
}

impl fmt::Display for TcpOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let spaced = |name: &str, bytes: &[u8]| {
            if bytes.is_empty() { name.to_owned() } else { format!("{name} {}", hex(bytes)) }
        };
        match (self.kind, &self.data[..]) {
            (TcpOption::END, _) => f.write_str("eol"),
            (TcpOption::NOP, _) => f.write_str("nop"),
            (TcpOption::MSS, [a, b]) => write!(f, "mss {}", u16::from_be_bytes([*a, *b])),
            (TcpOption::WINDOW_SCALE, [shift]) => write!(f, "wscale {shift}"),
            (TcpOption::SACK_OK, []) => f.write_str("sackOK"),
            (TcpOption::SACK, data) => {
                f.write_str("sack")?;
                for block in data.chunks_exact(8) {
                    let left = u32::from_be_bytes([block[0], block[1], block[2], block[3]]);
                    let right = u32::from_be_bytes([block[4], block[5], block[6], block[7]]);
                    write!(f, " {left}:{right}")?;
                }
                Ok(())
            }
            (TcpOption::TIMESTAMPS, data) if data.len() == 8 => {
                let (val, ecr) = self.timestamps().unwrap_or_default();
                write!(f, "TS val {val} ecr {ecr}")
            }
            (TcpOption::MD5, data) => f.write_str(&spaced("md5", data)),
            (TcpOption::FAST_OPEN, data) => f.write_str(&spaced("FO", data)),
            (TcpOption::EXPERIMENT, [0xF9, 0x89, cookie @ ..]) => f.write_str(&spaced("FOEXP", cookie)),
            (TcpOption::ACC_ECN_0 | TcpOption::ACC_ECN_1, data) => {
                let order =
                    if self.kind == TcpOption::ACC_ECN_0 { ["e0b", "ceb", "e1b"] } else { ["e1b", "ceb", "e0b"] };
                f.write_str("ECN")?;
                for (name, counter) in order.iter().zip(data.chunks_exact(3)) {
                    write!(f, " {name} {}", u32::from_be_bytes([0, counter[0], counter[1], counter[2]]))?;
                }
                Ok(())
            }
            (kind, data) => f.write_str(&spaced(&format!("option-{kind}"), data)),
        }
    }
}
