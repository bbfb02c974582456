//! What flow keeps of every packet.

use base::Instant;
use wire::frame::Checksum;
use wire::link::LinkType;

use crate::{BufferRef, ConversationId, Direction, Tcp};

/// A packet as it is pushed into flow.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// When it passed the tap.
    pub at: Instant,
    /// Which interface of the capture it was seen at; any number, the same for the same tap.
    pub interface: u32,
    /// What its first byte is.
    pub link: LinkType,
    /// The bytes captured.
    pub bytes: &'a [u8],
    /// Its length on the wire; at least that of the bytes.
    pub original_len: usize,
}

/// What a packet is, down to its transport.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowKind {
    /// A TCP segment.
    Tcp,
    /// A UDP datagram.
    Udp,
    /// ICMP for IPv4, with type and code.
    Icmp(u8, u8),
    /// ICMPv6, with type and code.
    Icmpv6(u8, u8),
    /// ARP, with its operation.
    Arp(u16),
    /// A fragment of an IP packet that it does not complete.
    Fragment,
    /// An IP packet of another protocol, with its number.
    Ip(u8),
    /// A frame of a protocol that is not known here.
    Link,
    /// It broke a format before any of these was known.
    Malformed,
}

/// Where a packet's innermost payload stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Payload {
    /// The buffer: the packet itself, or the datagram that it completes.
    pub buffer: BufferRef,
    /// Where it starts.
    pub at: u32,
    /// How many bytes were captured.
    pub len: u32,
    /// How many there are by the headers.
    pub claimed: u32,
}

/// One packet.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its number, from 1.
    pub number: u32,
    /// When it passed the tap.
    pub at: Instant,
    /// The interface.
    pub interface: u32,
    /// What its first byte is.
    pub link: LinkType,
    /// Bytes captured.
    pub captured: u32,
    /// Bytes on the wire.
    pub original: u32,
    /// What it is. The last fragment of an IP packet is what the whole packet is.
    pub kind: RowKind,
    /// Whether a format was broken somewhere before the payload.
    pub malformed: bool,
    /// Whether the capture ends among the options of TCP's header: what they say is not known.
    pub options_cut: bool,
    /// Whether the transport's checksum is right.
    pub checksum: Checksum,
    /// IPv4's time to live, or IPv6's hop limit, as it passed the tap.
    pub hop_limit: Option<u8>,
    /// The conversation that it belongs to.
    pub conversation: Option<ConversationId>,
    /// Which way it goes in its conversation.
    pub direction: Direction,
    /// The conversation that an ICMP error speaks of, by the packet that it quotes.
    pub about: Option<ConversationId>,
    /// The innermost payload.
    pub payload: Payload,
    /// The IP packet that its fragment belongs to, once that is whole.
    pub datagram: Option<u32>,
    pub(crate) tcp: u32,
    pub(crate) copy_of: u32,
}

pub(crate) const NO_TCP: u32 = u32::MAX;

impl Row {
    /// Whether the capture kept only the beginning of the packet.
    pub fn snapped(&self) -> bool {
        self.captured < self.original
    }
    /// The packet that the capture has once more as this one: seen at another place, or mirrored twice. What is known of its
    /// conversation leaves it out.
    pub fn copy_of(&self) -> Option<u32> {
        (self.copy_of != 0).then_some(self.copy_of)
    }
    pub(crate) fn tcp_index(&self) -> Option<usize> {
        (self.tcp != NO_TCP).then_some(self.tcp as usize)
    }
}

/// A packet and, if it is a TCP segment, what was found out about it.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a> {
    /// The packet.
    pub row: &'a Row,
    /// The segment.
    pub tcp: Option<&'a Tcp>,
}
