//! ARP (RFC 826): asking for the hardware addresses of IPv4 neighbours, answering, learning.

mod conflict;

use std::net::{IpAddr, Ipv4Addr};

use base::{EventId, Instant};
use trace::Cx;
use trace::kinds::ip as kinds;
use wire::arp::{Header, Operation};
use wire::ethernet::EtherType;
use wire::{Body, MacAddr, Packet, Reader, Silent, arp};

use crate::host::mac_arg;
use crate::neighbour::{NeighbourState, is_doubtful, is_station};
use crate::{Host, InterfaceId};

impl Host {
    /// Sends a request, by broadcast unless `to` says otherwise.
    pub(crate) fn arp_ask(
        &mut self,
        interface: InterfaceId,
        target: Ipv4Addr,
        to: Option<MacAddr>,
        source: Option<Ipv4Addr>,
        event: EventId,
    ) {
        let Some(port) = self.interfaces.get(interface.index()) else { return };
        let sender = source.or_else(|| port.source_for(target)).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let message = message(Operation::REQUEST, (port.mac, sender), (to.unwrap_or(MacAddr::ZERO), target));
        self.transmit_ethernet(interface, to.unwrap_or(MacAddr::BROADCAST), EtherType::ARP, message, event, None);
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
        if let Some((probed, taken)) = &mut port.probing {
            *taken |= *probed == sender || (*probed == target && sender.is_unspecified());
        }
        if self.is_own(sender) {
            // RFC 5227 §2.4: someone else uses this machine's address. It is defended by an announcement.
            let at = cx.address(sender);
            cx.event(&kinds::ARP_CONFLICT, 0, [at, mac_arg(header.sender_mac)]);
            return self.defend(interface, sender, cx);
        }
        let for_us = self.is_own(target);
        if !sender.is_unspecified() {
            self.arp_learn(interface, &header, for_us, cx);
        }
        if for_us && header.operation == Operation::REQUEST {
            let at = cx.address(target);
            let answers = cx.event(&kinds::ARP_ANSWERED, 0, [at, mac_arg(header.sender_mac)]);
            let Some(port) = self.interfaces.get(interface.index()) else { return };
            let reply = message(Operation::REPLY, (port.mac, target), (header.sender_mac, sender));
            self.transmit_ethernet(interface, header.sender_mac, EtherType::ARP, reply, answers, None);
        }
    }

    /// Learns from a message: an address that is known is updated; one that is not is added if the message is for this
    /// machine (RFC 826: "merge_flag").
    fn arp_learn(&mut self, interface: InterfaceId, header: &Header, for_us: bool, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let (sender, mac) = (IpAddr::V4(header.sender_ip), header.sender_mac);
        let old = port.neighbours.get(sender).map(|entry| (entry.state, entry.mac));
        if old.is_none() && !for_us {
            return;
        }
        let asked = old.is_some_and(|(state, _)| state == NeighbourState::Incomplete || is_doubtful(state));
        let known = old.is_some_and(|(state, known)| {
            known == mac && !matches!(state, NeighbourState::Incomplete | NeighbourState::Failed)
        });
        let entry = port.neighbours.entry(sender, cx.now);
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
        port.neighbours.set_state(sender, state);
        if known {
            return;
        }
        let at = cx.address(sender);
        let learned = cx.event_for(&kinds::ARP_LEARNED, 0, because, [at, mac_arg(mac)]);
        self.release_waiting(interface, sender, &mut cx.caused_by(learned));
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
