//! DHCP exchanges: messages of one client with one transaction id (RFC 2131 §4.1).

use std::net::Ipv4Addr;

use base::{Instant, Map};
use wire::MacAddr;
use wire::dhcp::{Message, MessageType};

/// One message of an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DhcpMessage {
    /// Its packet.
    pub frame: u32,
    /// When it passed the tap.
    pub at: Instant,
    /// What it is for; `None` in BOOTP, which has no such option.
    pub kind: Option<MessageType>,
}

/// How a client got (or did not get) its configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DhcpExchange {
    /// The interface where it was seen.
    pub interface: u32,
    /// The transaction id.
    pub xid: u32,
    /// The client.
    pub client: Option<MacAddr>,
    /// Its messages, in order.
    pub messages: Vec<DhcpMessage>,
    /// The address that was acknowledged.
    pub address: Option<Ipv4Addr>,
    /// The server that acknowledged it.
    pub server: Option<Ipv4Addr>,
    /// How long, in seconds.
    pub lease_seconds: Option<u32>,
    /// The gateways that it learned.
    pub routers: Vec<Ipv4Addr>,
    /// The name servers that it learned.
    pub dns_servers: Vec<Ipv4Addr>,
}

impl DhcpExchange {
    /// The message that settles it: an acknowledgment or a refusal.
    pub fn settled(&self) -> Option<&DhcpMessage> {
        self.messages.iter().find(|m| matches!(m.kind, Some(MessageType::ACK | MessageType::NAK)))
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct DhcpExchanges {
    pub list: Vec<DhcpExchange>,
    open: Map<(u32, u32, [u8; 16]), usize>,
}

impl DhcpExchanges {
    pub fn push(&mut self, interface: u32, frame: u32, at: Instant, message: &Message) {
        let header = &message.header;
        let key = (interface, header.xid, header.chaddr);
        let index = *self.open.entry(key).or_insert_with(|| {
            self.list.push(DhcpExchange {
                interface,
                xid: header.xid,
                client: header.mac(),
                messages: Vec::new(),
                address: None,
                server: None,
                lease_seconds: None,
                routers: Vec::new(),
                dns_servers: Vec::new(),
            });
            self.list.len() - 1
        });
        let Some(exchange) = self.list.get_mut(index) else { return };
        let kind = message.message_type();
        exchange.messages.push(DhcpMessage { frame, at, kind });
        if kind == Some(MessageType::ACK) {
            exchange.address = Some(header.yiaddr).filter(|ip| !ip.is_unspecified());
            exchange.server = message.server_id();
            exchange.lease_seconds = message.lease_time();
            exchange.routers = message.routers().unwrap_or_default();
            exchange.dns_servers = message.dns_servers().unwrap_or_default();
        }
    }
}
