//! The addresses of an interface and the choice among them (RFC 4862, RFC 6724).

use std::cmp::Reverse;
use std::net::Ipv6Addr;

use base::{EventId, Instant};

use crate::config::{Advertise, Ipv6Config};
use crate::{InterfaceId, Prefix};

/// What an address may be used for (RFC 4862 §5.5.4, §5.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressState {
    /// Being checked: nothing is sent from it, and only questions about it are heard.
    Tentative,
    /// In use.
    Preferred,
    /// Still valid, but no new conversation should start from it.
    Deprecated,
    /// Someone else has it.
    Duplicate,
}

/// An address of an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ipv6Address {
    /// The address.
    pub address: Ipv6Addr,
    /// The prefix that it was made with.
    pub prefix: Prefix,
    /// What it may be used for.
    pub state: AddressState,
    /// When it becomes deprecated.
    pub preferred_until: Instant,
    /// When it goes away.
    pub valid_until: Instant,
    /// Whether it was made of an advertised prefix (RFC 4862 §5.5).
    pub autoconfigured: bool,
    /// When the next step of its check is due (RFC 4862 §5.4); [`Instant::NEVER`] if there is none.
    pub(crate) check_due: Instant,
    /// Questions that were sent about it.
    pub(crate) asked: u8,
    /// How many identifiers were tried before this one (RFC 7217 §6).
    pub(crate) attempt: u8,
    /// Why it is being checked.
    pub(crate) cause: EventId,
}

impl Ipv6Address {
    /// An address that is there for good and needs no check.
    pub(crate) fn fixed(address: Ipv6Addr, len: u8) -> Ipv6Address {
        Ipv6Address {
            address,
            prefix: Prefix::new(address, len),
            state: AddressState::Preferred,
            preferred_until: Instant::NEVER,
            valid_until: Instant::NEVER,
            autoconfigured: false,
            check_due: Instant::NEVER,
            asked: 0,
            attempt: 0,
            cause: EventId::NONE,
        }
    }
    /// Whether packets may be sent from it and received at it.
    pub(crate) fn is_usable(&self) -> bool {
        matches!(self.state, AddressState::Preferred | AddressState::Deprecated)
    }
}

/// A router that has said that it may be used for everything (RFC 4861 §5.1, the default router list).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DefaultRouter {
    pub(crate) address: Ipv6Addr,
    pub(crate) until: Instant,
}

/// A prefix that routers say to be on the link itself (RFC 4861 §5.1, the prefix list).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OnLink {
    pub(crate) prefix: Prefix,
    pub(crate) until: Instant,
}

/// What an interface knows of IPv6.
#[derive(Clone, Debug)]
pub(crate) struct Ipv6Port {
    pub(crate) addresses: Vec<Ipv6Address>,
    /// Whether it makes addresses of what routers advertise (Linux `accept_ra`, `autoconf`).
    pub(crate) autoconfigures: bool,
    /// Whether neighbour discovery is off.
    pub(crate) silent: bool,
    /// What it advertises, where it is a router's.
    pub(crate) advertise: Option<Advertise>,
    pub(crate) routers: Vec<DefaultRouter>,
    pub(crate) on_link: Vec<OnLink>,
    /// Name servers that routers have named (RFC 8106), and until when they may be asked.
    pub(crate) name_servers: Vec<(Ipv6Addr, Instant)>,
    /// The link's MTU as routers say.
    pub(crate) mtu: Option<u16>,
    /// The hop limit that routers say to use; 0 if they leave that open.
    pub(crate) hop_limit: u8,
    /// Routers are being asked for: how often so far, when next, and why.
    pub(crate) soliciting: Option<Soliciting>,
    /// The advertisement that is due next: when, to whom, and why.
    pub(crate) advertising: Option<Advertising>,
    /// When an advertisement was last sent to all (RFC 4861 §6.2.6).
    pub(crate) advertised: Option<Instant>,
    /// What the timer of all this is armed for.
    pub(crate) armed: Instant,
}

/// Asking for routers (RFC 4861 §6.3.7).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Soliciting {
    pub(crate) sent: u8,
    pub(crate) due: Instant,
    pub(crate) cause: EventId,
}

/// Advertising (RFC 4861 §6.2.4): the next unsolicited advertisement, and the answers that are due.
#[derive(Clone, Debug)]
pub(crate) struct Advertising {
    /// When all are told next, and because of what.
    pub(crate) due: Instant,
    pub(crate) cause: EventId,
    /// Who has asked: when the answer is due, its destination, and the event of the question.
    pub(crate) answers: Vec<(Instant, Ipv6Addr, EventId)>,
}

impl Ipv6Port {
    pub(crate) fn new(config: &Ipv6Config) -> Ipv6Port {
        Ipv6Port {
            addresses: config.addresses.iter().map(|&(address, len)| Ipv6Address::fixed(address, len)).collect(),
            autoconfigures: config.autoconfigures,
            silent: config.silent,
            advertise: config.advertise.clone(),
            routers: Vec::new(),
            on_link: Vec::new(),
            name_servers: Vec::new(),
            mtu: None,
            hop_limit: 0,
            soliciting: None,
            advertising: None,
            advertised: None,
            armed: Instant::NEVER,
        }
    }

    /// The entry for an own address.
    pub(crate) fn find(&mut self, address: Ipv6Addr) -> Option<&mut Ipv6Address> {
        self.addresses.iter_mut().find(|own| own.address == address)
    }
    /// Whether packets may be sent from `address` and received at it.
    pub(crate) fn has(&self, address: Ipv6Addr) -> bool {
        self.addresses.iter().any(|own| own.address == address && own.is_usable())
    }
    /// Its link-local address, if that is ready.
    pub(crate) fn link_local(&self) -> Option<Ipv6Addr> {
        self.addresses.iter().find(|own| own.address.is_unicast_link_local() && own.is_usable()).map(|own| own.address)
    }
    /// Whether questions about `group`'s member come to this interface: it listens to the groups of all of its addresses,
    /// those that are still being checked included (RFC 4862 §5.4.2).
    pub(crate) fn listens_to(&self, group: Ipv6Addr, is_router: bool) -> bool {
        group == super::ALL_NODES
            || (is_router && group == super::ALL_ROUTERS)
            || self
                .addresses
                .iter()
                .any(|own| own.state != AddressState::Duplicate && super::solicited_node(own.address) == group)
    }
}

/// How far an address reaches (RFC 4007 §4, RFC 6724 §3.1), ordered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Scope(u8);

impl Scope {
    pub(crate) const LINK: Scope = Scope(2);
    pub(crate) const GLOBAL: Scope = Scope(14);

    pub(crate) fn of(address: Ipv6Addr) -> Scope {
        if address.is_multicast() {
            Scope((address.segments()[0] & 15) as u8)
        } else if address.is_unicast_link_local() || address.is_loopback() {
            // RFC 6724 §3.1: the loopback address has link-local scope.
            Scope::LINK
        } else {
            Scope::GLOBAL
        }
    }
}

/// The label of an address in the default policy table (RFC 6724 §2.1).
fn label(address: Ipv6Addr) -> u8 {
    let [a, b, ..] = address.segments();
    if address.is_loopback() {
        0
    } else if address.to_ipv4_mapped().is_some() {
        4
    } else if a == 0x2002 {
        2
    } else if (a, b) == (0x2001, 0) {
        5
    } else if a & 0xfe00 == 0xfc00 {
        13
    } else {
        1
    }
}

/// How many leading bits two addresses share, the interface identifier not counted (RFC 6724 §2.2: up to the length of the
/// source's prefix).
fn common_prefix(source: &Ipv6Address, destination: Ipv6Addr) -> u32 {
    let same = (source.address.to_bits() ^ destination.to_bits()).leading_zeros();
    same.min(u32::from(source.prefix.len()))
}

/// The best of `candidates` to send to `destination` from out of `interface` (RFC 6724 §5).
pub(crate) fn select<'a>(
    candidates: impl Iterator<Item = (InterfaceId, &'a Ipv6Address)>,
    destination: Ipv6Addr,
    interface: InterfaceId,
) -> Option<Ipv6Addr> {
    let scope = Scope::of(destination);
    let rank = |(at, own): &(InterfaceId, &Ipv6Address)| {
        let own_scope = Scope::of(own.address);
        // Rule 2: the smallest scope that reaches the destination; if none does, the largest.
        let appropriate = if own_scope >= scope {
            (true, Reverse(own_scope), Scope(0))
        } else {
            (false, Reverse(Scope(0)), own_scope)
        };
        (
            own.address == destination,               // rule 1
            appropriate,                              // rule 2
            own.state == AddressState::Preferred,     // rule 3
            *at == interface,                         // rule 5
            label(own.address) == label(destination), // rule 6
            common_prefix(own, destination),          // rule 8
        )
    };
    let usable: Vec<_> = candidates.filter(|(_, own)| own.is_usable()).collect();
    // The first of equals.
    usable.iter().rev().max_by_key(|candidate| rank(candidate)).map(|(_, own)| own.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str) -> Ipv6Address {
        Ipv6Address::fixed(text.parse().unwrap(), 64)
    }
    fn chosen(sources: &[Ipv6Address], destination: &str) -> String {
        let candidates = sources.iter().map(|own| (InterfaceId(0), own));
        select(candidates, destination.parse().unwrap(), InterfaceId(0)).map_or_else(String::new, |a| a.to_string())
    }

    #[test]
    fn the_examples_of_rfc_6724_section_10_1() {
        let (global, local) = (own("2001:db8:3::1"), own("fe80::1"));
        assert_eq!(chosen(&[global, local], "2001:db8:1::1"), "2001:db8:3::1", "prefer appropriate scope");
        assert_eq!(chosen(&[local], "2001:db8:1::1"), "fe80::1", "nothing better");
        assert_eq!(chosen(&[own("2001:db8:3::1"), own("fe80::1")], "ff05::1"), "2001:db8:3::1");
        assert_eq!(
            chosen(&[own("2001:db8:3::2"), own("2001:db8:1::2")], "2001:db8:1::1"),
            "2001:db8:1::2",
            "longest match"
        );
        let old = Ipv6Address { state: AddressState::Deprecated, ..own("fe80::1") };
        assert_eq!(chosen(&[old, own("2001:db8:1::2")], "fe80::5"), "fe80::1", "scope comes before deprecation");
        assert_eq!(
            chosen(&[own("2001:db8:1::1"), own("2001:db8:2::1")], "2001:db8:2::1"),
            "2001:db8:2::1",
            "the same address"
        );
        assert_eq!(
            chosen(&[own("2002:c633:6401:0:d5e3:7953:13eb:22e8"), own("2001:db8:1::2")], "2002:c633:6401::1"),
            "2002:c633:6401:0:d5e3:7953:13eb:22e8",
            "matching label"
        );
        let tentative = Ipv6Address { state: AddressState::Tentative, ..own("2001:db8:1::1") };
        assert_eq!(chosen(&[tentative], "2001:db8:1::2"), "", "not an address yet");
    }
}
