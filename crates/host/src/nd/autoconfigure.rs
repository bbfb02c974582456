//! Making addresses and checking that nobody has them (RFC 4862).

use std::net::Ipv6Addr;

use base::{Duration, EventId, Instant};
use trace::Cx;
use trace::kinds::ipv6 as kinds;
use wire::ethernet::EtherType;
use wire::icmpv6::{PrefixInformation, Type};

use super::message;
use crate::ipv6::{AddressState, Ipv6Address, group_mac, solicited_node};
use crate::{Host, InterfaceId, Prefix};

/// How long nobody must object (RFC 4862 §5.4: DupAddrDetectTransmits is 1, RetransTimer 1 s).
const CHECK: Duration = Duration::from_secs(1);
/// The longest wait before the first question, so that machines that start together do not ask together (RFC 4861 §10:
/// MAX_RTR_SOLICITATION_DELAY).
const MAX_DELAY_NS: u64 = 1_000_000_000;
/// How often another identifier is tried where one is taken (RFC 7217 §6, IDGEN_RETRIES).
const RETRIES: u8 = 3;
/// The most addresses that are made (Linux `max_addresses`).
const MAX_ADDRESSES: usize = 16;
/// What an unauthenticated message cannot shorten an address's life below (RFC 4862 §5.5.3(e)).
const TWO_HOURS: Duration = Duration::from_secs(2 * 3600);

/// The end of a lifetime in seconds; all ones mean for ever (RFC 4861 §4.6.2).
pub(super) fn until(now: Instant, seconds: u32) -> Instant {
    if seconds == u32::MAX { Instant::NEVER } else { now + Duration::from_secs(seconds.into()) }
}

impl Host {
    /// The interface comes up: makes itself a link-local address, and, once that is checked, asks for routers and makes
    /// addresses of what they advertise (RFC 4862 §5.3, §5.5). An interface that does not speak IPv6, or has an address of
    /// that kind already, does nothing.
    pub fn join_ipv6(&mut self, interface: InterfaceId, cx: &mut Cx<'_>) {
        let port = self.interfaces.get(interface.index()).filter(|port| port.speaks_ipv6());
        let Some(own) = port.and_then(|port| port.ipv6.as_ref()) else { return };
        if !own.addresses.iter().any(|own| own.address.is_unicast_link_local()) {
            let link_local = Prefix::new(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 64);
            let life = (Instant::NEVER, Instant::NEVER);
            let delay = Duration::from_nanos(self.ipv6_rng.below(MAX_DELAY_NS) as i64);
            self.form(interface, link_local, life, 0, delay, cx.cause, cx);
        }
        self.arm_nd(interface);
    }

    /// The addresses of an interface, those that are being checked among them.
    pub fn ipv6_addresses(&self, interface: InterfaceId) -> &[Ipv6Address] {
        let own = self.interfaces.get(interface.index()).and_then(|port| port.ipv6.as_ref());
        own.map_or(&[], |own| &own.addresses)
    }

    /// Makes an address of `prefix` and begins to check it after `delay`.
    #[allow(clippy::too_many_arguments)] // what an address is made of
    fn form(
        &mut self,
        interface: InterfaceId,
        prefix: Prefix,
        (preferred_until, valid_until): (Instant, Instant),
        attempt: u8,
        delay: Duration,
        cause: EventId,
        cx: &mut Cx<'_>,
    ) {
        let (std::net::IpAddr::V6(network), Some(port)) = (prefix.network(), self.interfaces.get(interface.index()))
        else {
            return;
        };
        // RFC 7217 §5: an identifier that is always the same on one network, and says nothing on another.
        let mut about = network.octets()[..8].to_vec();
        about.extend(port.mac.0);
        about.push(attempt);
        let identifier = tcp::siphash(self.ipv6_secret, &about);
        let address = Ipv6Addr::from_bits(network.to_bits() | u128::from(identifier));
        let Some(own) = self.interfaces.get_mut(interface.index()).and_then(|port| port.ipv6.as_mut()) else { return };
        if own.addresses.len() >= MAX_ADDRESSES {
            return;
        }
        let args = [cx.prefix(network, prefix.len()), cx.address(address)];
        let cause = cx.caused_by(cause).event(&kinds::ADDRESS_FORMED, 0, args);
        own.addresses.push(Ipv6Address {
            prefix,
            state: AddressState::Tentative,
            preferred_until,
            valid_until,
            autoconfigured: true,
            check_due: cx.now + delay,
            attempt,
            cause,
            ..Ipv6Address::fixed(address, prefix.len())
        });
    }

    /// A router names a prefix from which hosts may make addresses (RFC 4862 §5.5.3).
    pub(super) fn autonomous_prefix(
        &mut self,
        interface: InterfaceId,
        said: &PrefixInformation,
        to_all: bool,
        cx: &mut Cx<'_>,
    ) {
        // (b), (c), (d): not the link-local prefix, no contradiction, and room for an identifier of 64 bits.
        if said.prefix.is_unicast_link_local() || said.preferred > said.valid || said.prefix_len != 64 {
            return;
        }
        let prefix = Prefix::new(said.prefix, 64);
        let (preferred, valid) = (until(cx.now, said.preferred), until(cx.now, said.valid));
        let Some(own) = self.interfaces.get_mut(interface.index()).and_then(|port| port.ipv6.as_mut()) else { return };
        let known = own.addresses.iter_mut().filter(|own| own.autoconfigured && own.prefix == prefix);
        let mut any = false;
        for address in known {
            any = true;
            address.preferred_until = preferred;
            if address.state == AddressState::Deprecated && preferred > cx.now {
                address.state = AddressState::Preferred;
            }
            // (e): a forged advertisement cannot end an address at once.
            let (remaining, soon) = (address.valid_until, cx.now + TWO_HOURS);
            if valid > soon || valid > remaining {
                address.valid_until = valid;
            } else if remaining > soon {
                address.valid_until = soon;
            }
        }
        if !any && said.valid > 0 {
            // RFC 4862 §5.4.2: what all were told at once is not asked about at once.
            let delay = if to_all { self.ipv6_rng.below(MAX_DELAY_NS) as i64 } else { 0 };
            self.form(interface, prefix, (preferred, valid), 0, Duration::from_nanos(delay), cx.cause, cx);
        }
    }

    /// Someone else has an address that is being checked (RFC 4862 §5.4.5): another is tried (RFC 7217 §6).
    pub(super) fn address_taken(&mut self, interface: InterfaceId, address: Ipv6Addr, cx: &mut Cx<'_>) {
        let Some(own) = self.interfaces.get_mut(interface.index()).and_then(|port| port.ipv6.as_mut()) else { return };
        let Some(taken) = own.find(address) else { return };
        (taken.state, taken.check_due) = (AddressState::Duplicate, Instant::NEVER);
        let taken = *taken;
        let at = cx.address(address);
        let event = cx.event(&kinds::ADDRESS_TAKEN, 0, [at, 0]);
        if taken.autoconfigured && taken.attempt < RETRIES {
            own.addresses.retain(|own| own.address != address);
            let life = (taken.preferred_until, taken.valid_until);
            self.form(interface, taken.prefix, life, taken.attempt + 1, CHECK, event, cx);
        }
        self.arm_nd(interface);
    }

    /// Sees to the checks and lifetimes that are due.
    pub(super) fn addresses_due(&mut self, interface: InterfaceId, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get(interface.index()) else { return };
        let Some(own) = &port.ipv6 else { return };
        let now = cx.now;
        let due = |own: &&Ipv6Address| {
            let old = own.state == AddressState::Preferred && own.preferred_until <= now;
            own.check_due <= now || own.valid_until <= now || old
        };
        let due: Vec<Ipv6Addr> = own.addresses.iter().filter(due).map(|own| own.address).collect();
        for address in due {
            self.address_due(interface, address, cx);
        }
    }

    fn address_due(&mut self, interface: InterfaceId, address: Ipv6Addr, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let Some(own) = &mut port.ipv6 else { return };
        let Some(entry) = own.find(address) else { return };
        let at = cx.address(address);
        let mut cx = cx.caused_by(entry.cause);
        if entry.valid_until <= cx.now {
            own.addresses.retain(|own| own.address != address);
            self.own.remove(&address.into());
            self.routes.touch();
            cx.event(&kinds::ADDRESS_GONE, 0, [at, 0]);
        } else if entry.check_due <= cx.now && entry.asked == 0 {
            // RFC 4862 §5.4.2: asked for from nobody's address.
            let event = cx.event(&kinds::ADDRESS_CHECKED, 0, [at, 0]);
            (entry.asked, entry.check_due, entry.cause) = (1, cx.now + CHECK, event);
            let group = solicited_node(address);
            let body = address.octets().to_vec();
            let packet = message(Type::NEIGHBOR_SOLICITATION, 0, body, (Ipv6Addr::UNSPECIFIED, group));
            self.transmit_ethernet(interface, group_mac(group), EtherType::IPV6, packet, event, None);
        } else if entry.check_due <= cx.now {
            let event = cx.event(&kinds::ADDRESS_READY, 0, [at, 0]);
            (entry.state, entry.check_due, entry.cause) = (AddressState::Preferred, Instant::NEVER, event);
            let asks = address.is_unicast_link_local() && own.autoconfigures;
            self.own.insert(address.into());
            self.routes.touch();
            cx.recorder.name(address.into(), cx.place);
            if asks {
                self.solicit_routers(interface, event, cx.now);
            }
        } else if entry.state == AddressState::Preferred && entry.preferred_until <= cx.now {
            entry.state = AddressState::Deprecated;
            cx.event(&kinds::ADDRESS_DEPRECATED, 0, [at, 0]);
        }
    }
}
