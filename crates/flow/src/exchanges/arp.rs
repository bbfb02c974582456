//! ARP requests and their replies (RFC 826).

use std::net::Ipv4Addr;

use base::{Instant, Map};
use wire::MacAddr;
use wire::arp::{Header, Operation};

/// Who has this address? And the answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArpExchange {
    /// The interface where it was seen.
    pub interface: u32,
    /// Who asks; 0.0.0.0 in a probe (RFC 5227 §2.1.1).
    pub asker: Ipv4Addr,
    /// The asker's hardware address.
    pub asker_mac: MacAddr,
    /// The address asked for. The asker's own in an announcement (RFC 5227 §2.3), which nobody answers.
    pub target: Ipv4Addr,
    /// The packets that ask, the first one first; empty for a reply that nobody asked for.
    pub requests: Vec<u32>,
    /// When it was asked first (or, unasked, answered).
    pub asked_at: Instant,
    /// The reply: its packet, its time and the hardware address.
    pub reply: Option<(u32, Instant, MacAddr)>,
    /// Further replies: two hosts claim the address, or one repeats itself.
    pub more_replies: Vec<u32>,
}

impl ArpExchange {
    /// Whether it announces or defends an address instead of asking for one (RFC 5227 §2.3).
    pub fn announcement(&self) -> bool {
        self.asker == self.target
    }
    /// Whether it asks whether anybody uses an address (RFC 5227 §2.1.1).
    pub fn probe(&self) -> bool {
        self.asker.is_unspecified()
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct ArpExchanges {
    pub list: Vec<ArpExchange>,
    /// The last exchange of an asker for a target at an interface.
    open: Map<(u32, Ipv4Addr, Ipv4Addr), usize>,
}

impl ArpExchanges {
    pub fn push(&mut self, interface: u32, number: u32, at: Instant, arp: &Header) {
        let reply = arp.operation == Operation::REPLY;
        let (asker, target) = if reply { (arp.target_ip, arp.sender_ip) } else { (arp.sender_ip, arp.target_ip) };
        let key = (interface, asker, target);
        let open = self.open.get(&key).and_then(|&i| self.list.get_mut(i));
        match (open, reply) {
            (Some(exchange), true) => match exchange.reply {
                None => exchange.reply = Some((number, at, arp.sender_mac)),
                Some(_) => exchange.more_replies.push(number),
            },
            (Some(exchange), false) if exchange.reply.is_none() => exchange.requests.push(number),
            _ => {
                self.open.insert(key, self.list.len());
                self.list.push(ArpExchange {
                    interface,
                    asker,
                    asker_mac: if reply { arp.target_mac } else { arp.sender_mac },
                    target,
                    requests: if reply { Vec::new() } else { vec![number] },
                    asked_at: at,
                    reply: reply.then_some((number, at, arp.sender_mac)),
                    more_replies: Vec::new(),
                });
            }
        }
    }
}
