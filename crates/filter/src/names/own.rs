//! What is known of every packet without its tree.

use super::Sort;

/// A name of the filter language alone: it is no field of a header.
#[derive(Debug)]
pub struct OwnName {
    /// The name.
    pub name: &'static str,
    /// What it means, in one line.
    pub line: &'static str,
    pub(crate) what: Own,
}

/// Which figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Own {
    Number,
    Time,
    Epoch,
    Length,
    Captured,
    Interface,
    Bytes,
    Lost,
    Malformed,
    From,
    To,
    Host,
    Protocol,
    Meaning,
    Tap,
    Connection,
    Ip,
    IpSource,
    IpDestination,
    IpAddress,
    Tcp,
    Udp,
    Icmp,
    Arp,
    TcpSource,
    TcpDestination,
    TcpPort,
    UdpSource,
    UdpDestination,
    UdpPort,
    Stream,
    TcpLength,
    TcpFlags,
    Flag(u16),
    RelativeSeq,
    RelativeAck,
    AckRtt,
    InFlight,
    DupAckNumber,
    ChecksumBad,
}

impl Own {
    /// What its values are.
    pub(crate) fn sort(self) -> Option<Sort> {
        match self {
            Own::Bytes | Own::From | Own::To | Own::Host | Own::Protocol | Own::Meaning | Own::Tap => None,
            Own::IpSource | Own::IpDestination | Own::IpAddress => Some(Sort::Address),
            _ => Some(Sort::Number),
        }
    }
}

macro_rules! own {
    ($($name:literal, $what:expr, $line:literal;)*) => {
        /// The names that the filter language has of its own.
        pub static OWN: &[OwnName] = &[$(OwnName { name: $name, what: $what, line: $line }),*];
    };
}

own! {
    "frame.number", Own::Number, "the packet's number, from 1";
    "frame.time_relative", Own::Time, "when it passed the tap, in seconds since the first packet (`20ms`, `1.5`)";
    "frame.time_epoch", Own::Epoch, "when it passed the tap, in seconds since 1970";
    "frame.len", Own::Length, "bytes on the wire";
    "frame.cap_len", Own::Captured, "bytes captured";
    "frame.interface_id", Own::Interface, "the interface of the capture, from 0";
    "frame", Own::Bytes, "the captured bytes; for `contains`";
    "lost", Own::Lost, "a simulation: it is lost on its way";
    "malformed", Own::Malformed, "it breaks a format";
    "from", Own::From, "the host that sent it, as the ladder names it";
    "to", Own::To, "the host that it is for";
    "host", Own::Host, "either of them";
    "protocol", Own::Protocol, "the innermost protocol that says something, as the ladder names it";
    "meaning", Own::Meaning, "what it says, as the ladder words it; for `contains`";
    "tap", Own::Tap, "where it was seen, in a run that is told from several places";
    "connection", Own::Connection, "the number of its TCP connection, from 1: that of `--connection`";
    "ip", Own::Ip, "it is an IP packet";
    "ip.src", Own::IpSource, "the sender's address, IPv4 or IPv6";
    "ip.dst", Own::IpDestination, "the receiver's address";
    "ip.addr", Own::IpAddress, "either address";
    "tcp", Own::Tcp, "it is a TCP segment";
    "udp", Own::Udp, "it is a UDP datagram";
    "icmp", Own::Icmp, "it is an ICMP or ICMPv6 message";
    "arp", Own::Arp, "it is an ARP message";
    "tcp.srcport", Own::TcpSource, "the port that a segment comes from";
    "tcp.dstport", Own::TcpDestination, "the port that a segment goes to";
    "tcp.port", Own::TcpPort, "either port of a segment";
    "udp.srcport", Own::UdpSource, "the port that a datagram comes from";
    "udp.dstport", Own::UdpDestination, "the port that a datagram goes to";
    "udp.port", Own::UdpPort, "either port of a datagram";
    "tcp.stream", Own::Stream, "the number of its TCP connection, from 0";
    "tcp.len", Own::TcpLength, "bytes of data in a segment, by its headers";
    "tcp.flags", Own::TcpFlags, "all flags as one number (SYN is 0x02, ACK 0x10)";
    "tcp.relative_seq", Own::RelativeSeq, "derived: the sequence number counted from the initial one";
    "tcp.relative_ack", Own::RelativeAck, "derived: the acknowledgment number counted from the initial one";
    "tcp.flags.fin", Own::Flag(0x01), "the FIN flag; so are the other flags, from the row instead of the tree";
    "tcp.flags.syn", Own::Flag(0x02), "the SYN flag";
    "tcp.flags.reset", Own::Flag(0x04), "the RST flag";
    "tcp.flags.push", Own::Flag(0x08), "the PSH flag";
    "tcp.flags.ack", Own::Flag(0x10), "the ACK flag";
    "tcp.flags.urg", Own::Flag(0x20), "the URG flag";
    "tcp.flags.ece", Own::Flag(0x40), "the ECE flag";
    "tcp.flags.cwr", Own::Flag(0x80), "the CWR flag";
    "tcp.flags.ae", Own::Flag(0x100), "the AE flag";
    "tcp.analysis.ack_rtt", Own::AckRtt, "derived: the time since the segment that it acknowledges, in seconds";
    "tcp.analysis.bytes_in_flight", Own::InFlight, "derived: bytes sent and not acknowledged, as seen at the tap";
    "tcp.analysis.duplicate_ack_num", Own::DupAckNumber, "derived: which repetition of the acknowledgment it is";
    "tcp.checksum_bad", Own::ChecksumBad, "TCP's or UDP's checksum is wrong";
}
