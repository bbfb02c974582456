//! What a host does about routers (RFC 4861 §6.3): asks for them, and believes what they advertise.

use std::net::Ipv6Addr;

use base::{Duration, EventId, Instant};
use trace::Cx;
use trace::kinds::ipv6 as kinds;
use wire::ethernet::EtherType;
use wire::icmpv6::{NdOption, NdOptions, PrefixInformation, RouterAdvertisement, Type, options};
use wire::{Reader, Silent, ipv6};

use super::autoconfigure::until;
use super::message;
use crate::ipv6::{ALL_ROUTERS, DefaultRouter, MIN_MTU, OnLink, Soliciting, group_mac};
use crate::{Host, InterfaceId, Prefix, Route};

/// How often and how far apart routers are asked for (RFC 4861 §10: MAX_RTR_SOLICITATIONS, RTR_SOLICITATION_INTERVAL).
const SOLICITATIONS: u8 = 3;
const INTERVAL: Duration = Duration::from_secs(4);
/// The most routers, prefixes and name servers of one link that are remembered, each.
const MAX_KNOWN: usize = 16;

impl Host {
    /// The name servers that routers have named and that may still be asked at `now` (RFC 8106 §5.1).
    pub fn advertised_name_servers(&self, now: Instant) -> Vec<Ipv6Addr> {
        let all = self.interfaces.iter().filter_map(|port| port.ipv6.as_ref()).flat_map(|own| &own.name_servers);
        all.filter(|(_, until)| *until > now).map(|&(server, _)| server).collect()
    }

    /// Begins to ask for routers.
    pub(super) fn solicit_routers(&mut self, interface: InterfaceId, cause: EventId, now: Instant) {
        if let Some(own) = self.interfaces.get_mut(interface.index()).and_then(|port| port.ipv6.as_mut()) {
            own.soliciting = Some(Soliciting { sent: 0, due: now, cause });
        }
    }

    /// A router has advertised itself and its prefixes (RFC 4861 §6.1.2, §6.3.4). `None` if the message is not valid.
    pub(super) fn router_advertised(
        &mut self,
        interface: InterfaceId,
        bytes: &[u8],
        ip: &ipv6::Header,
        cx: &mut Cx<'_>,
    ) -> Option<()> {
        let message = RouterAdvertisement::read(bytes.get(4..4 + RouterAdvertisement::LEN)?);
        let said = options(&mut Reader::new(bytes.get(16..)?, &mut Silent)).ok()?;
        if !ip.src.is_unicast_link_local() {
            return None;
        }
        let forwards = self.forwarding;
        let port = self.interfaces.get_mut(interface.index())?;
        let (now, width) = (cx.now, port.mtu);
        let own = port.ipv6.as_mut()?;
        // A router does not listen to routers (Linux `accept_ra` 1).
        if forwards || !own.autoconfigures {
            return Some(());
        }
        // RFC 4861 §6.3.7: who has been answered asks no more; what follows from the answer follows from the question, too.
        own.soliciting = None;
        if message.hop_limit != 0 {
            own.hop_limit = message.hop_limit;
        }
        if let Some(mtu) =
            said.mtu.and_then(|mtu| u16::try_from(mtu).ok()).filter(|mtu| (MIN_MTU..=width).contains(mtu))
        {
            own.mtu = Some(mtu);
        }
        remember_servers(&mut own.name_servers, &said, now);
        if let Some(mac) = said.source_link {
            self.nd_learn(interface, ip.src, mac, cx);
        }
        self.default_router(interface, ip.src, message.lifetime, cx);
        for prefix in said.prefixes.iter().take(MAX_KNOWN) {
            if prefix.on_link && !prefix.prefix.is_unicast_link_local() {
                self.on_link_prefix(interface, prefix, cx);
            }
            if prefix.autonomous {
                self.autonomous_prefix(interface, prefix, ip.dst.is_multicast(), cx);
            }
        }
        self.arm_nd(interface);
        Some(())
    }

    /// A router may be used for everything, for so many seconds; or, with none, no more.
    fn default_router(&mut self, interface: InterfaceId, address: Ipv6Addr, seconds: u16, cx: &mut Cx<'_>) {
        if seconds == 0 {
            return self.forget_router(interface, address, cx);
        }
        let until = cx.now + Duration::from_secs(seconds.into());
        let Some(own) = self.interfaces.get_mut(interface.index()).and_then(|port| port.ipv6.as_mut()) else { return };
        if let Some(known) = own.routers.iter_mut().find(|router| router.address == address) {
            known.until = until;
            return;
        }
        if own.routers.len() >= MAX_KNOWN {
            return;
        }
        own.routers.push(DefaultRouter { address, until });
        let args = [cx.address(address), u64::from(seconds) * 1_000_000_000];
        cx.event(&kinds::ROUTER_LEARNED, 0, args);
        self.routes.add(Route { prefix: Prefix::ALL_IPV6, via: Some(address.into()), interface });
    }

    /// A router is no default router any more (RFC 4861 §6.3.5).
    pub(super) fn forget_router(&mut self, interface: InterfaceId, address: Ipv6Addr, cx: &mut Cx<'_>) {
        let Some(own) = self.interfaces.get_mut(interface.index()).and_then(|port| port.ipv6.as_mut()) else { return };
        let before = own.routers.len();
        own.routers.retain(|router| router.address != address);
        if own.routers.len() == before {
            return;
        }
        let at = cx.address(address);
        cx.event(&kinds::ROUTER_GONE, 0, [at, 0]);
        let gone = Route { prefix: Prefix::ALL_IPV6, via: Some(address.into()), interface };
        self.routes.remove(|row| *row == gone);
    }

    /// Addresses with a prefix are on the link itself (RFC 4861 §6.3.4).
    fn on_link_prefix(&mut self, interface: InterfaceId, said: &PrefixInformation, cx: &mut Cx<'_>) {
        let prefix = Prefix::new(said.prefix, said.prefix_len);
        let until = until(cx.now, said.valid);
        let Some(own) = self.interfaces.get_mut(interface.index()).and_then(|port| port.ipv6.as_mut()) else { return };
        let route = Route { prefix, via: None, interface };
        if let Some(at) = own.on_link.iter().position(|known| known.prefix == prefix) {
            if said.valid == 0 {
                own.on_link.remove(at);
                self.routes.remove(|row| *row == route);
            } else {
                own.on_link[at].until = until;
            }
        } else if said.valid > 0 && own.on_link.len() < MAX_KNOWN {
            own.on_link.push(OnLink { prefix, until });
            let args = [cx.prefix(prefix.network(), prefix.len()), u64::from(said.valid) * 1_000_000_000];
            cx.event(&kinds::PREFIX_LEARNED, 0, args);
            self.routes.add(route);
        }
    }

    /// Asks for routers where that is due, and forgets what has come to the end of its life.
    pub(super) fn routers_due(&mut self, interface: InterfaceId, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let (mac, Some(own)) = (port.mac, port.ipv6.as_mut()) else { return };
        own.name_servers.retain(|(_, until)| *until > cx.now);
        let old: Vec<Ipv6Addr> = own.routers.iter().filter(|r| r.until <= cx.now).map(|r| r.address).collect();
        let over: Vec<Prefix> = own.on_link.iter().filter(|p| p.until <= cx.now).map(|p| p.prefix).collect();
        own.on_link.retain(|prefix| prefix.until > cx.now);
        self.routes.remove_if_any(|row| row.interface == interface && row.via.is_none() && over.contains(&row.prefix));
        for router in old {
            self.forget_router(interface, router, cx);
        }
        let Some(own) = self.interfaces.get_mut(interface.index()).and_then(|port| port.ipv6.as_mut()) else { return };
        let Some(soliciting) = own.soliciting.filter(|soliciting| soliciting.due <= cx.now) else { return };
        if soliciting.sent >= SOLICITATIONS {
            own.soliciting = None;
            return;
        }
        let Some(source) = own.link_local() else { return };
        let sent = soliciting.sent + 1;
        let event = cx.caused_by(soliciting.cause).event(&kinds::ROUTER_WANTED, 0, [sent.into(), 0]);
        own.soliciting = Some(Soliciting { sent, due: cx.now + INTERVAL, cause: event });
        let body = NdOption::SOURCE_LINK.with_address(mac).to_vec();
        let packet = message(Type::ROUTER_SOLICITATION, 0, body, (source, ALL_ROUTERS));
        self.transmit_ethernet(interface, group_mac(ALL_ROUTERS), EtherType::IPV6, packet, event, None);
    }
}

/// Remembers the name servers of an advertisement; a lifetime of zero forgets them (RFC 8106 §5.1).
fn remember_servers(known: &mut Vec<(Ipv6Addr, Instant)>, said: &NdOptions, now: Instant) {
    for &(server, seconds) in &said.name_servers {
        known.retain(|(other, _)| *other != server);
        if seconds > 0 && known.len() < MAX_KNOWN {
            known.push((server, until(now, seconds)));
        }
    }
}
