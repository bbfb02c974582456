//! A router that tells its link of itself (RFC 4861 §6.2).

use std::net::{IpAddr, Ipv6Addr};

use base::Duration;
use trace::Cx;
use trace::kinds::ipv6 as kinds;
use wire::ethernet::EtherType;
use wire::icmpv6::{NdOption, Preference, PrefixInformation, RouterAdvertisement, Type, options};
use wire::{MacAddr, Reader, Silent, ipv6};

use super::message;
use crate::config::Advertise;
use crate::ipv6::{ALL_NODES, Advertising, group_mac};
use crate::output::Hop;
use crate::{Host, InterfaceId};

/// The longest that an answer is put off (RFC 4861 §10: MAX_RA_DELAY_TIME).
const MAX_DELAY_NS: u64 = 500_000_000;
/// The shortest time between two advertisements to all (RFC 4861 §10: MIN_DELAY_BETWEEN_RAS).
const MIN_BETWEEN: Duration = Duration::from_secs(3);
/// Advertisements to all are this far apart, at least and at most (RFC 4861 §6.2.1: MinRtrAdvInterval, MaxRtrAdvInterval).
const INTERVAL_S: (u64, u64) = (200, 600);
/// The most questions that wait for an answer.
const MAX_ANSWERS: usize = 64;

impl Host {
    /// Begins to advertise what the interface's configuration says: answers to whoever asks, and from time to time to all.
    pub fn start_advertising(&mut self, interface: InterfaceId, cx: &mut Cx<'_>) {
        let due = cx.now + self.advertising_interval();
        let Some(own) = self.interfaces.get_mut(interface.index()).and_then(|port| port.ipv6.as_mut()) else { return };
        if own.advertise.is_some() && own.advertising.is_none() {
            own.advertising = Some(Advertising { due, cause: cx.cause, answers: Vec::new() });
        }
        self.arm_nd(interface);
    }

    fn advertising_interval(&mut self) -> Duration {
        let (least, most) = INTERVAL_S;
        Duration::from_secs(least as i64)
            + Duration::from_nanos(self.ipv6_rng.below((most - least) * 1_000_000_000) as i64)
    }

    /// Someone asks for routers (RFC 4861 §6.1.1, §6.2.6). `None` if the message is not valid.
    pub(super) fn router_solicited(
        &mut self,
        interface: InterfaceId,
        bytes: &[u8],
        ip: &ipv6::Header,
        cx: &mut Cx<'_>,
    ) -> Option<()> {
        let said = options(&mut Reader::new(bytes.get(8..)?, &mut Silent)).ok()?;
        if ip.src.is_unspecified() && said.source_link.is_some() {
            return None;
        }
        let delay = Duration::from_nanos(self.ipv6_rng.below(MAX_DELAY_NS) as i64);
        let own = self.interfaces.get_mut(interface.index())?.ipv6.as_mut()?;
        // Who does not advertise leaves the question to others (RFC 4861 §6.2.6).
        let Some(advertising) = &mut own.advertising else { return Some(()) };
        let mut at = cx.now + delay;
        let to = if ip.src.is_unspecified() { ALL_NODES } else { ip.src };
        if to == ALL_NODES {
            at = own.advertised.map_or(at, |last| at.max(last + MIN_BETWEEN));
        }
        if advertising.answers.len() < MAX_ANSWERS {
            advertising.answers.push((at, to, cx.cause));
        }
        if let Some(mac) = said.source_link {
            self.nd_learn(interface, ip.src, mac, cx);
        }
        self.arm_nd(interface);
        Some(())
    }

    /// Sends the advertisements that are due.
    pub(super) fn advertisements_due(&mut self, interface: InterfaceId, cx: &mut Cx<'_>) {
        let next = self.interfaces.get(interface.index()).and_then(|port| port.ipv6.as_ref()?.advertising.as_ref());
        if next.is_none() {
            return;
        }
        let interval = self.advertising_interval();
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let (mac, Some(own)) = (port.mac, port.ipv6.as_mut()) else { return };
        let (Some(source), Some(what)) = (own.link_local(), own.advertise.clone()) else { return };
        let Some(advertising) = &mut own.advertising else { return };
        let now = cx.now;
        let mut due: Vec<_> =
            advertising.answers.extract_if(.., |(at, ..)| *at <= now).map(|(_, to, e)| (to, e)).collect();
        if advertising.due <= now {
            due.push((ALL_NODES, advertising.cause));
        }
        if due.iter().any(|(to, _)| *to == ALL_NODES) {
            (advertising.due, own.advertised) = (now + interval, Some(now));
        }
        for (to, cause) in due {
            let at = cx.address(to);
            let mut cx = cx.caused_by(cause);
            let event = cx.event(&kinds::ADVERTISED, 0, [at, 0]);
            let (rest, body) = advertisement(&what, mac);
            let packet = message(Type::ROUTER_ADVERTISEMENT, rest, body, (source, to));
            if to == ALL_NODES {
                self.transmit_ethernet(interface, group_mac(to), EtherType::IPV6, packet, event, None);
            } else {
                self.send_hop(Hop::Neighbour(interface, to.into()), packet, event, None, &mut cx);
            }
        }
    }
}

/// An advertisement behind its checksum: the first four bytes and the rest.
fn advertisement(what: &Advertise, mac: MacAddr) -> (u32, Vec<u8>) {
    let message = RouterAdvertisement {
        hop_limit: what.hop_limit,
        managed: false,
        other: false,
        home_agent: false,
        preference: Preference::MEDIUM,
        reserved: 0,
        lifetime: seconds(what.lifetime) as u16,
        reachable: 0,
        retrans: 0,
    };
    let mut bytes = vec![0; RouterAdvertisement::LEN];
    message.write(&mut bytes);
    bytes.extend(NdOption::SOURCE_LINK.with_address(mac));
    if let Some(mtu) = what.mtu {
        bytes.extend([NdOption::MTU.0, 1, 0, 0]);
        bytes.extend(u32::from(mtu).to_be_bytes());
    }
    for advertised in &what.prefixes {
        let IpAddr::V6(prefix) = advertised.prefix.network() else { continue };
        let option = PrefixInformation {
            kind: NdOption::PREFIX,
            len: 4,
            prefix_len: advertised.prefix.len(),
            on_link: advertised.on_link,
            autonomous: advertised.autonomous,
            reserved: 0,
            valid: seconds(advertised.valid),
            preferred: seconds(advertised.preferred),
            reserved_2: 0,
            prefix,
        };
        let mut room = [0; PrefixInformation::LEN];
        option.write(&mut room);
        bytes.extend(room);
    }
    if !what.name_servers.is_empty() {
        bytes.extend([NdOption::RDNSS.0, 1 + 2 * what.name_servers.len() as u8, 0, 0]);
        bytes.extend(seconds(what.lifetime).to_be_bytes());
        what.name_servers.iter().map(Ipv6Addr::octets).for_each(|server| bytes.extend(server));
    }
    let rest = bytes.split_off(4);
    (bytes.first_chunk().map_or(0, |first| u32::from_be_bytes(*first)), rest)
}

fn seconds(span: Duration) -> u32 {
    u32::try_from(span.as_nanos() / 1_000_000_000).unwrap_or(u32::MAX)
}
