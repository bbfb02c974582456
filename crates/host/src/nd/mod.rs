//! Neighbour discovery (RFC 4861): who has an address, which routers there are, and what addresses to use.
//!
//! Asking for neighbours and answering stands here; [`autoconfigure`] is a host that finds its own addresses, [`routers`] what
//! it learns of routers, [`advertise`] a router that tells.

mod advertise;
mod autoconfigure;
mod routers;

use std::net::{IpAddr, Ipv6Addr};

use base::{EventId, Instant};
use trace::Cx;
use trace::kinds::ipv6 as kinds;
use wire::ethernet::EtherType;
use wire::icmpv6::{Header, NdOption, Neighbor, Type, options};
use wire::ipv4::Protocol;
use wire::{Body, MacAddr, Packet, Reader, Silent, ipv6};

use crate::host::mac_arg;
use crate::interface::Arrival;
use crate::ipv6::{ALL_NODES, AddressState, group_mac, header, push_header, solicited_node};
use crate::neighbour::{NeighbourState, is_station};
use crate::output::Hop;
use crate::{Host, InterfaceId, icmpv6};

/// The hop limit of these messages: no router can have passed one on (RFC 4861 §3.1).
const HOP_LIMIT: u8 = 255;
/// The flags of an advertisement (RFC 4861 §4.4), in the first 32 bits behind the checksum.
const ROUTER: u32 = 1 << 31;
const SOLICITED: u32 = 1 << 30;
const OVERRIDE: u32 = 1 << 29;

/// A message of neighbour discovery as an IPv6 packet.
fn message(kind: Type, rest: u32, body: Vec<u8>, (src, dst): (Ipv6Addr, Ipv6Addr)) -> Packet {
    let mut packet = icmpv6::message(kind, 0, rest, Body::from(body), (src, dst));
    let mut header = header(src, dst, Protocol::ICMPV6, packet.len());
    header.hop_limit = HOP_LIMIT;
    push_header(&mut packet, &header);
    packet
}

impl Host {
    /// Asks for the hardware address of a neighbour (RFC 4861 §7.2.2): its group, or the station that had it last.
    pub(crate) fn nd_ask(
        &mut self,
        interface: InterfaceId,
        target: Ipv6Addr,
        to: Option<MacAddr>,
        source: Option<Ipv6Addr>,
        event: EventId,
    ) {
        let Some(port) = self.interfaces.get(interface.index()) else { return };
        let Some(own) = port.ipv6.as_ref().filter(|own| !own.silent) else { return };
        let usable = || own.addresses.iter().find(|own| own.is_usable()).map(|own| own.address);
        let Some(source) = source.filter(|&source| own.has(source)).or_else(|| own.link_local()).or_else(usable) else {
            return;
        };
        let (mac, group) = (port.mac, solicited_node(target));
        let (to, destination) = to.map_or((group_mac(group), group), |mac| (mac, target));
        let mut body = target.octets().to_vec();
        body.extend(NdOption::SOURCE_LINK.with_address(mac));
        let packet = message(Type::NEIGHBOR_SOLICITATION, 0, body, (source, destination));
        self.transmit_ethernet(interface, to, EtherType::IPV6, packet, event, None);
    }

    /// A message of neighbour discovery has arrived; the packet starts with its ICMP header.
    pub(crate) fn nd_input(
        &mut self,
        packet: Packet,
        header: &Header,
        ip: &ipv6::Header,
        arrival: Arrival,
        cx: &mut Cx<'_>,
    ) {
        let Some(interface) = arrival.interface else { return };
        // RFC 4861 §6.1.1, §6.1.2, §7.1.1, §7.1.2.
        if ip.hop_limit != HOP_LIMIT || header.code != 0 {
            return self.discard("a message of neighbour discovery that a router has passed on", cx);
        }
        if self.interfaces.get(interface.index()).and_then(|port| port.ipv6.as_ref()).is_some_and(|own| own.silent) {
            return self.discard("a message of neighbour discovery, which is off here", cx);
        }
        let bytes = packet.to_vec();
        let taken = match header.kind {
            Type::NEIGHBOR_SOLICITATION => self.solicited(interface, &bytes, ip, cx),
            Type::NEIGHBOR_ADVERTISEMENT => self.advertised(interface, &bytes, ip, cx),
            Type::ROUTER_SOLICITATION => self.router_solicited(interface, &bytes, ip, cx),
            _ => self.router_advertised(interface, &bytes, ip, cx),
        };
        if taken.is_none() {
            self.discard("a message of neighbour discovery that is not valid", cx);
        }
    }

    /// Someone asks for a neighbour (RFC 4861 §7.1.1, §7.2.3). `None` if the message is not valid.
    fn solicited(&mut self, interface: InterfaceId, bytes: &[u8], ip: &ipv6::Header, cx: &mut Cx<'_>) -> Option<()> {
        let target = Ipv6Addr::from(*bytes.get(8..)?.first_chunk()?);
        let said = options(&mut Reader::new(bytes.get(24..)?, &mut Silent)).ok()?;
        let nobody = ip.src.is_unspecified();
        let groups = solicited_node(target) == ip.dst;
        if target.is_multicast() || (nobody && (!groups || said.source_link.is_some())) {
            return None;
        }
        let port = self.interfaces.get_mut(interface.index())?;
        let mac = port.mac;
        let Some(own) = port.ipv6.as_mut().and_then(|own| own.find(target)) else { return Some(()) };
        match own.state {
            // RFC 4862 §5.4.3: whoever asks without an address is checking the very same address.
            AddressState::Tentative if nobody => self.address_taken(interface, target, cx),
            AddressState::Tentative | AddressState::Duplicate => {}
            AddressState::Preferred | AddressState::Deprecated => {
                let mut body = target.octets().to_vec();
                body.extend(NdOption::TARGET_LINK.with_address(mac));
                let router = if self.forwarding { ROUTER } else { 0 };
                let at = cx.address(target);
                if nobody {
                    let event = cx.event(&kinds::ND_DENIED, 0, [at, 0]);
                    let packet = message(Type::NEIGHBOR_ADVERTISEMENT, router | OVERRIDE, body, (target, ALL_NODES));
                    let all = group_mac(ALL_NODES);
                    self.transmit_ethernet(interface, all, EtherType::IPV6, packet, event, None);
                    return Some(());
                }
                if let Some(asker) = said.source_link {
                    self.nd_learn(interface, ip.src, asker, cx);
                }
                let asker = said.source_link.map_or(0, mac_arg);
                let event = cx.event(&kinds::ND_ANSWERED, 0, [at, asker]);
                let flags = router | SOLICITED | OVERRIDE;
                let packet = message(Type::NEIGHBOR_ADVERTISEMENT, flags, body, (target, ip.src));
                self.send_hop(Hop::Neighbour(interface, ip.src.into()), packet, event, None, cx);
            }
        }
        Some(())
    }

    /// A neighbour says where it is (RFC 4861 §7.1.2, §7.2.5). `None` if the message is not valid.
    fn advertised(&mut self, interface: InterfaceId, bytes: &[u8], ip: &ipv6::Header, cx: &mut Cx<'_>) -> Option<()> {
        let message = Neighbor::read(bytes.get(4..4 + Neighbor::LEN)?);
        let said = options(&mut Reader::new(bytes.get(24..)?, &mut Silent)).ok()?;
        let target = message.target;
        if target.is_multicast() || (ip.dst.is_multicast() && message.solicited) {
            return None;
        }
        let port = self.interfaces.get_mut(interface.index())?;
        if let Some(own) = port.ipv6.as_mut().and_then(|own| own.find(target)) {
            if own.state == AddressState::Tentative {
                self.address_taken(interface, target, cx);
            } else {
                self.discard("another machine advertises this machine's address", cx);
            }
            return Some(());
        }
        if !message.router {
            // RFC 4861 §7.2.5: who is no router any more is no default router.
            self.forget_router(interface, target, cx);
        }
        let address = IpAddr::V6(target);
        let port = self.interfaces.get_mut(interface.index())?;
        let Some(entry) = port.neighbours.get_mut(address) else { return Some(()) };
        let told = said.target_link.filter(|&mac| is_station(mac));
        let differs = told.is_some_and(|mac| mac != entry.mac);
        let (was, before) = (entry.state, entry.mac);
        let state = match entry.state {
            NeighbourState::Failed => return Some(()),
            NeighbourState::Incomplete => {
                let Some(mac) = told else { return Some(()) };
                entry.mac = mac;
                if message.solicited { NeighbourState::Reachable } else { NeighbourState::Stale }
            }
            // What does not override, and says something else, is not believed; but it raises a doubt.
            NeighbourState::Reachable if differs && !message.overrides => NeighbourState::Stale,
            _ if differs && !message.overrides => return Some(()),
            known => {
                entry.mac = told.unwrap_or(entry.mac);
                match (message.solicited, differs) {
                    (true, _) => NeighbourState::Reachable,
                    (false, true) => NeighbourState::Stale,
                    (false, false) => known,
                }
            }
        };
        let news = entry.mac != before || was == NeighbourState::Incomplete;
        let (because, mac) = (Some(entry.cause), entry.mac);
        if state == NeighbourState::Reachable && message.solicited {
            entry.confirmed = cx.now;
        }
        if !matches!(state, NeighbourState::Delay | NeighbourState::Probe) {
            (entry.due, entry.probes) = (Instant::NEVER, 0);
        }
        port.neighbours.set_state(address, state);
        if news {
            let at = cx.address(address);
            let learned = cx.event_for(&kinds::ND_LEARNED, 0, because, [at, mac_arg(mac)]);
            self.release_waiting(interface, address, &mut cx.caused_by(learned));
        }
        Some(())
    }

    /// A neighbour has told its hardware address with something else (RFC 4861 §6.2.6, §6.3.4, §7.2.3): it counts as stale.
    fn nd_learn(&mut self, interface: InterfaceId, address: Ipv6Addr, mac: MacAddr, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        if !is_station(mac) || address.is_unspecified() {
            return;
        }
        let address = IpAddr::V6(address);
        let entry = port.neighbours.entry(address, cx.now);
        let known = !matches!(entry.state, NeighbourState::Incomplete | NeighbourState::Failed);
        if known && entry.mac == mac {
            return;
        }
        let because = Some(entry.cause);
        (entry.mac, entry.touched, entry.due, entry.probes) = (mac, cx.now, Instant::NEVER, 0);
        port.neighbours.set_state(address, NeighbourState::Stale);
        let at = cx.address(address);
        let learned = cx.event_for(&kinds::ND_LEARNED, 0, because, [at, mac_arg(mac)]);
        self.release_waiting(interface, address, &mut cx.caused_by(learned));
    }

    /// Arms the timer of what is due next on an interface: checks of addresses, the ends of lifetimes, questions and
    /// advertisements.
    fn arm_nd(&mut self, interface: InterfaceId) {
        let Some(own) = self.interfaces.get_mut(interface.index()).and_then(|port| port.ipv6.as_mut()) else { return };
        let addresses = own.addresses.iter().flat_map(|own| {
            let fresh = own.state == AddressState::Preferred;
            [own.check_due, if fresh { own.preferred_until } else { Instant::NEVER }, own.valid_until]
        });
        let lives = own.routers.iter().map(|router| router.until).chain(own.on_link.iter().map(|prefix| prefix.until));
        let servers = own.name_servers.iter().map(|(_, until)| *until);
        let asks = own.soliciting.iter().map(|soliciting| soliciting.due);
        let tells = own
            .advertising
            .iter()
            .flat_map(|telling| std::iter::once(telling.due).chain(telling.answers.iter().map(|(at, ..)| *at)));
        let due = addresses.chain(lives).chain(servers).chain(asks).chain(tells).min().unwrap_or(Instant::NEVER);
        if due < own.armed {
            own.armed = due;
            self.timers.arm(due, crate::timers::Timer::Nd(interface));
        }
    }

    /// The timer of an interface, which was armed for `at`.
    pub(crate) fn nd_timeout(&mut self, interface: InterfaceId, at: Instant, cx: &mut Cx<'_>) {
        let Some(own) = self.interfaces.get_mut(interface.index()).and_then(|port| port.ipv6.as_mut()) else { return };
        if own.armed != at {
            return;
        }
        own.armed = Instant::NEVER;
        self.addresses_due(interface, cx);
        self.routers_due(interface, cx);
        self.advertisements_due(interface, cx);
        self.arm_nd(interface);
    }
}
