//! Finding hardware addresses: ARP (RFC 826) and its cache, with the states and times of Linux' neighbour table.

mod cache;
mod conflict;

use std::net::Ipv4Addr;

use base::{Duration, EventId, FrameId, Instant};
use trace::Cx;
use trace::kinds::ip as kinds;
use wire::arp::{Header, Operation};
use wire::ethernet::EtherType;
use wire::icmp::Unreachable;
use wire::{Body, MacAddr, Packet, Reader, Silent, arp};

use crate::host::mac_arg;
use crate::interface::Cast;
use crate::timers::Timer;
use crate::{Host, InterfaceId};

pub(crate) use cache::{Cache, REACHABLE};
pub use cache::{Neighbour, NeighbourState};
use cache::{Waiting, is_doubtful};

/// How often an address is asked for before the host gives up (Linux `mcast_solicit`, `ucast_solicit`).
const PROBES: u8 = 3;
/// How long it waits for each answer (Linux `retrans_time_ms`). RFC 1122 §2.3.2.1 asks for at most one request a second.
const RETRY: Duration = Duration::from_secs(1);
/// How long after its first use a stale entry is asked about (Linux `delay_first_probe_time`).
const DELAY: Duration = Duration::from_secs(5);
/// The most packets that wait for one address (Linux `unres_qlen`; RFC 1122 §2.3.2.2: at least the latest).
const MAX_WAITING: usize = 101;

/// Who may own a hardware address in an ARP message: one station, and not this one.
fn is_station(mac: MacAddr) -> bool {
    !mac.is_multicast() && mac != MacAddr::ZERO
}

impl Host {
    /// Sets a neighbour's hardware address by hand, as a DHCP server does for a client that has no address yet and
    /// cannot answer a request (RFC 2131 §4.1). It counts as stale: used, and asked about five seconds later.
    pub fn set_neighbour(&mut self, interface: InterfaceId, address: Ipv4Addr, mac: MacAddr, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        if !is_station(mac) {
            return;
        }
        let entry = port.arp.entry(address, cx.now);
        (entry.mac, entry.confirmed, entry.touched, entry.due) = (mac, cx.now, cx.now, Instant::NEVER);
        port.arp.set_state(address, NeighbourState::Stale);
        self.arp_release(interface, address, cx);
    }

    /// As [`Host::set_neighbour`], for a neighbour that was heard from just now: it counts as reachable for a while, and
    /// nobody asks about it (RFC 1122 §2.3.2.1(4), advice from above).
    pub fn set_reachable_neighbour(
        &mut self,
        interface: InterfaceId,
        address: Ipv4Addr,
        mac: MacAddr,
        cx: &mut Cx<'_>,
    ) {
        self.set_neighbour(interface, address, mac, cx);
        if let Some(port) = self.interfaces.get_mut(interface.index()) {
            port.arp.set_state(address, NeighbourState::Reachable);
        }
    }

    /// Forgets a neighbour.
    pub fn forget_neighbour(&mut self, interface: InterfaceId, address: Ipv4Addr) {
        if let Some(port) = self.interfaces.get_mut(interface.index()) {
            port.arp.forget(address);
        }
    }

    /// Sends an IP packet to a neighbour, or lets it wait until its hardware address is known.
    pub(crate) fn transmit_to_neighbour(
        &mut self,
        interface: InterfaceId,
        next_hop: Ipv4Addr,
        packet: Packet,
        event: EventId,
        derived_from: Option<FrameId>,
        cx: &mut Cx<'_>,
    ) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let reachable_for = port.arp.reachable_for;
        if let Some(entry) = port.arp.entries.get_mut(&next_hop) {
            entry.touched = cx.now;
            let mac = entry.mac;
            match entry.state {
                NeighbourState::Reachable if cx.now - entry.confirmed < reachable_for => {
                    return self.transmit_ethernet(interface, mac, EtherType::IPV4, packet, event, derived_from);
                }
                NeighbourState::Reachable | NeighbourState::Stale => {
                    entry.due = cx.now + DELAY;
                    entry.probes = 0;
                    entry.cause = event;
                    let due = entry.due;
                    port.arp.set_state(next_hop, NeighbourState::Delay);
                    self.timers.arm(due, Timer::Arp(interface, next_hop));
                    return self.transmit_ethernet(interface, mac, EtherType::IPV4, packet, event, derived_from);
                }
                NeighbourState::Delay | NeighbourState::Probe => {
                    return self.transmit_ethernet(interface, mac, EtherType::IPV4, packet, event, derived_from);
                }
                NeighbourState::Incomplete => {
                    if entry.waiting.len() >= MAX_WAITING {
                        entry.waiting.pop_front();
                        let text = cx.recorder.text("too many packets wait for a hardware address");
                        cx.event(&kinds::DISCARDED, 0, [text, 0]);
                    }
                    entry.waiting.push_back(Waiting { packet, event, derived_from });
                    return;
                }
                NeighbourState::Failed => {}
            }
        }
        let asks = cx.caused_by(event).event(&kinds::ARP_MISS, 0, [u64::from(next_hop.to_bits()), 0]);
        let source = source_of(&packet);
        let entry = port.arp.entry(next_hop, cx.now);
        entry.waiting.push_back(Waiting { packet, event, derived_from });
        (entry.probes, entry.cause, entry.due, entry.touched) = (1, asks, cx.now + RETRY, cx.now);
        let due = entry.due;
        port.arp.set_state(next_hop, NeighbourState::Incomplete);
        self.timers.arm(due, Timer::Arp(interface, next_hop));
        self.arp_ask(interface, next_hop, MacAddr::BROADCAST, source, asks);
    }

    /// Sends a request. It is sent from the waiting packet's own source where that is ours (Linux `arp_announce` 0).
    fn arp_ask(
        &mut self,
        interface: InterfaceId,
        target: Ipv4Addr,
        to: MacAddr,
        source: Option<Ipv4Addr>,
        event: EventId,
    ) {
        let Some(port) = self.interfaces.get(interface.index()) else { return };
        let own = source.filter(|&source| self.is_own(source));
        let sender = own.or_else(|| port.source_for(target)).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let target_mac = if to.is_broadcast() { MacAddr::ZERO } else { to };
        let message = message(Operation::REQUEST, (port.mac, sender), (target_mac, target));
        self.transmit_ethernet(interface, to, EtherType::ARP, message, event, None);
    }

    /// The timer of an entry.
    pub(crate) fn arp_timeout(&mut self, interface: InterfaceId, address: Ipv4Addr, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let Some(entry) = port.arp.entries.get_mut(&address).filter(|entry| entry.due <= cx.now) else { return };
        let at = u64::from(address.to_bits());
        let cause = entry.cause;
        if entry.state == NeighbourState::Delay || entry.probes < PROBES {
            entry.probes += 1;
            entry.due = cx.now + RETRY;
            let due = entry.due;
            let kind = if entry.state == NeighbourState::Delay { &kinds::ARP_STALE } else { &kinds::ARP_RETRY };
            let event = cx.caused_by(cause).event(kind, 0, [at, 0]);
            entry.cause = event;
            // A neighbour that was known is asked at its address, all others by broadcast (RFC 1122 §2.3.2.1(2)).
            let to = if entry.state == NeighbourState::Incomplete { MacAddr::BROADCAST } else { entry.mac };
            let source = entry.waiting.front().and_then(|waiting| source_of(&waiting.packet));
            if entry.state == NeighbourState::Delay {
                port.arp.set_state(address, NeighbourState::Probe);
            }
            self.timers.arm(due, Timer::Arp(interface, address));
            self.arp_ask(interface, address, to, source, event);
            return;
        }
        // RFC 1122 §2.3.2.1, §3.3.1.4: nobody is there; whoever waits is told.
        let event = cx.caused_by(cause).event(&kinds::ARP_FAILED, 0, [at, 0]);
        entry.due = Instant::NEVER;
        let waiting = std::mem::take(&mut entry.waiting);
        port.arp.set_state(address, NeighbourState::Failed);
        for packet in waiting {
            let mut cx = cx.caused_by(event);
            self.icmp_unreachable(&packet.packet, Cast::Unicast, Unreachable::HOST, 0, &mut cx);
        }
    }

    /// Lets go what waited for `address`.
    fn arp_release(&mut self, interface: InterfaceId, address: Ipv4Addr, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let Some(entry) = port.arp.entries.get_mut(&address) else { return };
        let mac = entry.mac;
        for waiting in std::mem::take(&mut entry.waiting) {
            let at = u64::from(address.to_bits());
            let event = cx.event_for(&kinds::ARP_RELEASED, 0, Some(waiting.event), [at, 0]);
            self.transmit_ethernet(interface, mac, EtherType::IPV4, waiting.packet, event, waiting.derived_from);
        }
    }

    /// An ARP message has arrived (RFC 826, "Packet Reception").
    pub(crate) fn arp_input(&mut self, interface: InterfaceId, mut packet: Packet, cx: &mut Cx<'_>) {
        let header = packet.pull(Header::LEN).map(|head| arp::decode(&mut Reader::new(head, &mut Silent)));
        let Some(Ok(header)) = header else {
            return self.discard("an ARP message that is not for IPv4 over Ethernet", cx);
        };
        let (sender, target) = (header.sender_ip, header.target_ip);
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        if header.sender_mac == port.mac {
            return; // our own broadcast, come back
        }
        if !is_station(header.sender_mac) || sender.is_broadcast() || sender.is_multicast() || sender.is_loopback() {
            return self.discard("an ARP message whose sender is not one station", cx);
        }
        // RFC 5227 §2.1.1: an answer, or someone else who probes for the same, means that the address is taken.
        if let Some((probed, taken)) = &mut port.arp.probing {
            *taken |= *probed == sender || (*probed == target && sender.is_unspecified());
        }
        if self.is_own(sender) {
            // RFC 5227 §2.4: someone else uses this machine's address. It is defended by an announcement.
            cx.event(&kinds::ARP_CONFLICT, 0, [u64::from(sender.to_bits()), mac_arg(header.sender_mac)]);
            return self.defend(interface, sender, cx);
        }
        let for_us = self.is_own(target);
        if !sender.is_unspecified() {
            self.arp_learn(interface, &header, for_us, cx);
        }
        if for_us && header.operation == Operation::REQUEST {
            let answers = cx.event(&kinds::ARP_ANSWERED, 0, [u64::from(target.to_bits()), mac_arg(header.sender_mac)]);
            let Some(port) = self.interfaces.get(interface.index()) else { return };
            let reply = message(Operation::REPLY, (port.mac, target), (header.sender_mac, sender));
            self.transmit_ethernet(interface, header.sender_mac, EtherType::ARP, reply, answers, None);
        }
    }

    /// Learns from a message: an address that is known is updated; one that is not is added if the message is for this
    /// machine (RFC 826: "merge_flag").
    fn arp_learn(&mut self, interface: InterfaceId, header: &Header, for_us: bool, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let (sender, mac) = (header.sender_ip, header.sender_mac);
        let old = port.arp.entries.get(&sender).map(|entry| (entry.state, entry.mac));
        if old.is_none() && !for_us {
            return;
        }
        let asked = old.is_some_and(|(state, _)| state == NeighbourState::Incomplete || is_doubtful(state));
        let known = old.is_some_and(|(state, known)| {
            known == mac && !matches!(state, NeighbourState::Incomplete | NeighbourState::Failed)
        });
        let entry = port.arp.entry(sender, cx.now);
        (entry.mac, entry.touched) = (mac, cx.now);
        // An answer to a question confirms the neighbour; what it volunteers does not (as Linux: only solicited replies
        // make an entry reachable).
        let state = if header.operation == Operation::REPLY && for_us && (asked || known) {
            NeighbourState::Reachable
        } else if known {
            return;
        } else {
            NeighbourState::Stale
        };
        (entry.confirmed, entry.due, entry.probes) = (cx.now, Instant::NEVER, 0);
        let because = old.map(|_| entry.cause);
        port.arp.set_state(sender, state);
        if known {
            return;
        }
        let learned = cx.event_for(&kinds::ARP_LEARNED, 0, because, [u64::from(sender.to_bits()), mac_arg(mac)]);
        self.arp_release(interface, sender, &mut cx.caused_by(learned));
    }
}

/// An ARP message for IPv4 over Ethernet.
fn message(operation: Operation, sender: (MacAddr, Ipv4Addr), target: (MacAddr, Ipv4Addr)) -> Packet {
    let mut packet = Packet::new(Body::empty());
    let header = Header {
        hardware: arp::Hardware::ETHERNET,
        protocol: EtherType::IPV4,
        hardware_len: 6,
        protocol_len: 4,
        operation,
        sender_mac: sender.0,
        sender_ip: sender.1,
        target_mac: target.0,
        target_ip: target.1,
    };
    header.write(packet.push(Header::LEN));
    packet
}

/// The source address of an IPv4 packet whose header stands in its head.
fn source_of(packet: &Packet) -> Option<Ipv4Addr> {
    let octets = packet.head().get(12..16)?;
    Some(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]))
}
