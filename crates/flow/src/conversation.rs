//! Conversations: packets that belong together because the same two ends exchange them.

use std::fmt;
use std::net::IpAddr;

use base::Instant;

use crate::tcp::Connection;

/// Which conversation: an index, in order of first packets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConversationId(pub u32);

impl ConversationId {
    /// As an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which way a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// From the client to the server.
    ToServer = 0,
    /// From the server to the client.
    ToClient = 1,
}

impl Direction {
    /// Both, the client's first.
    pub const BOTH: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

    /// The other one.
    pub const fn opposite(self) -> Direction {
        match self {
            Direction::ToServer => Direction::ToClient,
            Direction::ToClient => Direction::ToServer,
        }
    }
}

/// One end of a conversation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Endpoint {
    /// Its address.
    pub ip: IpAddr,
    /// Its port; for ICMP echoes the identifier on the client's side; otherwise 0.
    pub port: u16,
}

/// As people write it: `192.0.2.1:80`, `[2001:db8::1]:80`; without a port where there is none.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ip, self.port) {
            (ip, 0) => write!(f, "{ip}"),
            (ip, port) => std::net::SocketAddr::new(ip, port).fmt(f),
        }
    }
}

/// Why one end counts as the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientBy {
    /// It sent the first SYN, the first echo request or the ARP request; or the other end answered with SYN and ACK.
    Opening,
    /// The other end's port is a well-known one and its own is not.
    Port,
    /// It sent the first packet that was captured.
    FirstSender,
}

/// What sort of conversation.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A TCP connection.
    Tcp(Box<Connection>),
    /// UDP datagrams between two sockets.
    Udp,
    /// ICMP or ICMPv6 messages between two hosts; echoes by their identifier.
    Icmp,
    /// ARP messages between two IPv4 addresses.
    Arp,
    /// IP packets of another protocol (by its number) between two hosts.
    Other(u8),
}

/// Packets that belong together.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// The interface where it was seen. The same packets at another interface are another conversation.
    pub interface: u32,
    /// The end that began it.
    pub client: Endpoint,
    /// The other end.
    pub server: Endpoint,
    /// Why the client counts as the client.
    pub client_by: ClientBy,
    /// How many conversations between the same two ends came before: 0 for the first.
    pub incarnation: u32,
    /// The conversation between the same two ends before this one.
    pub previous: Option<ConversationId>,
    /// When its first packet came.
    pub first_at: Instant,
    /// When its last packet came.
    pub last_at: Instant,
    /// Its packets' numbers, in order.
    pub packets: Vec<u32>,
    /// What sort it is, and what only that sort has.
    pub kind: Kind,
}

impl Conversation {
    /// The TCP connection, if it is one.
    pub fn tcp(&self) -> Option<&Connection> {
        match &self.kind {
            Kind::Tcp(connection) => Some(connection),
            _ => None,
        }
    }
    /// The end that packets of this direction come from.
    pub fn sender(&self, direction: Direction) -> Endpoint {
        match direction {
            Direction::ToServer => self.client,
            Direction::ToClient => self.server,
        }
    }
    /// The protocol's short name: `TCP`, `UDP`, `ICMP`, `ARP`, `IP`.
    pub fn protocol(&self) -> &'static str {
        match self.kind {
            Kind::Tcp(_) => "TCP",
            Kind::Udp => "UDP",
            Kind::Icmp => "ICMP",
            Kind::Arp => "ARP",
            Kind::Other(_) => "IP",
        }
    }
}

/// Two ends at one interface, whichever speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key {
    interface: u32,
    protocol: u16,
    low: (u128, u16),
    high: (u128, u16),
}

/// Numbers for [`Key`] of protocols that are not IP's.
pub(crate) const ARP: u16 = 0x100;

impl Key {
    pub(crate) fn new(interface: u32, protocol: u16, a: Endpoint, b: Endpoint) -> Key {
        let (a, b) = (numbers(a), numbers(b));
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        Key { interface, protocol, low, high }
    }
}

/// IPv4 addresses as IPv4-mapped IPv6 ones (RFC 4291 §2.5.5.2): equal keys mean equal ends, as no packet carries both.
fn numbers(end: Endpoint) -> (u128, u16) {
    let ip = match end.ip {
        IpAddr::V4(ip) => 0xffff_0000_0000 | u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    };
    (ip, end.port)
}
