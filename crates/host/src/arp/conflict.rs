//! Whether an address is someone else's already (RFC 5227).

use std::net::Ipv4Addr;

use base::Duration;
use trace::Cx;
use trace::kinds::ip as kinds;
use wire::MacAddr;
use wire::arp::Operation;
use wire::ethernet::EtherType;

use super::message;
use crate::{Host, InterfaceId};

impl Host {
    /// Asks whether anyone on the link has `address` already, before it is used (RFC 5227 §2.1.1: a probe). Ask
    /// [`Host::is_taken`] a little later.
    pub fn probe_address(&mut self, interface: InterfaceId, address: Ipv4Addr, cx: &mut Cx<'_>) {
        let at = cx.address(address);
        let event = cx.event(&kinds::ARP_PROBE, 0, [at, 0]);
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        if port.probing.is_none_or(|(probed, _)| probed != address) {
            port.probing = Some((address, false));
        }
        let mac = port.mac;
        let message = message(Operation::REQUEST, (mac, Ipv4Addr::UNSPECIFIED), (MacAddr::ZERO, address));
        self.transmit_ethernet(interface, MacAddr::BROADCAST, EtherType::ARP, message, event, None);
    }

    /// Whether a probe for `address` was answered, or met another's probe (RFC 5227 §2.1.1).
    pub fn is_taken(&self, interface: InterfaceId, address: Ipv4Addr) -> bool {
        self.interfaces.get(interface.index()).is_some_and(|port| port.probing == Some((address, true)))
    }

    /// Tells everyone on the link that `address` is this machine's (RFC 5227 §2.3: an announcement).
    pub fn announce_address(&mut self, interface: InterfaceId, address: Ipv4Addr, cx: &mut Cx<'_>) {
        let at = cx.address(address);
        let event = cx.event(&kinds::ARP_ANNOUNCED, 0, [at, 0]);
        let Some(port) = self.interfaces.get(interface.index()) else { return };
        let message = message(Operation::REQUEST, (port.mac, address), (MacAddr::ZERO, address));
        self.transmit_ethernet(interface, MacAddr::BROADCAST, EtherType::ARP, message, event, None);
    }

    /// Defends an address, at most once in ten seconds (RFC 5227 §2.4(b), DEFEND_INTERVAL).
    pub(super) fn defend(&mut self, interface: InterfaceId, address: Ipv4Addr, cx: &mut Cx<'_>) {
        const DEFEND_INTERVAL: Duration = Duration::from_secs(10);
        if self.defended.is_none_or(|last| cx.now - last >= DEFEND_INTERVAL) {
            self.defended = Some(cx.now);
            self.announce_address(interface, address, cx);
        }
    }
}
