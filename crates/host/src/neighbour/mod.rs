//! Neighbours: whose hardware address is which. IPv4 asks by ARP, IPv6 by neighbour discovery; the states and times of an
//! entry are the same for both, as in Linux' neighbour table (RFC 4861 §7.3.2, RFC 1122 §2.3.2).

mod cache;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base::{Duration, EventId, FrameId, Instant};
use trace::kinds::{ip as kinds, ipv6};
use trace::{Cx, Kind};
use wire::ethernet::EtherType;
use wire::{MacAddr, Packet};

use crate::timers::Timer;
use crate::{Host, InterfaceId};

use cache::Waiting;
pub(crate) use cache::{Cache, REACHABLE, is_doubtful};
pub use cache::{Neighbour, NeighbourState};

/// How often an address is asked for before the host gives up (Linux `mcast_solicit`, `ucast_solicit`; RFC 4861 §10:
/// MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT).
const PROBES: u8 = 3;
/// How long it waits for each answer (Linux `retrans_time_ms`; RFC 4861 §10: RETRANS_TIMER). RFC 1122 §2.3.2.1 asks for at
/// most one ARP request a second.
const RETRY: Duration = Duration::from_secs(1);
/// How long after its first use a stale entry is asked about (Linux `delay_first_probe_time`; RFC 4861 §10:
/// DELAY_FIRST_PROBE_TIME).
const DELAY: Duration = Duration::from_secs(5);
/// The most packets that wait for one address (Linux `unres_qlen`; RFC 1122 §2.3.2.2: at least the latest).
const MAX_WAITING: usize = 101;

/// Whether a hardware address is one station's: no group's, and not the unknown one.
pub(crate) fn is_station(mac: MacAddr) -> bool {
    !mac.is_multicast() && mac != MacAddr::ZERO
}

/// What the events are called: each family has its own, since each has its own RFC.
struct Events {
    miss: &'static Kind,
    retry: &'static Kind,
    stale: &'static Kind,
    failed: &'static Kind,
    released: &'static Kind,
}

static ARP: Events = Events {
    miss: &kinds::ARP_MISS,
    retry: &kinds::ARP_RETRY,
    stale: &kinds::ARP_STALE,
    failed: &kinds::ARP_FAILED,
    released: &kinds::ARP_RELEASED,
};
static ND: Events = Events {
    miss: &ipv6::ND_MISS,
    retry: &ipv6::ND_RETRY,
    stale: &ipv6::ND_STALE,
    failed: &ipv6::ND_FAILED,
    released: &ipv6::ND_RELEASED,
};

fn events(address: IpAddr) -> &'static Events {
    if address.is_ipv4() { &ARP } else { &ND }
}

/// What a frame to a neighbour with this address carries.
#[inline]
fn ethertype(address: IpAddr) -> EtherType {
    if address.is_ipv4() { EtherType::IPV4 } else { EtherType::IPV6 }
}

impl Host {
    /// Sets a neighbour's hardware address by hand, as a DHCP server does for a client that has no address yet and
    /// cannot answer a request (RFC 2131 §4.1). It counts as stale: used, and asked about five seconds later.
    pub fn set_neighbour(&mut self, interface: InterfaceId, address: impl Into<IpAddr>, mac: MacAddr, cx: &mut Cx<'_>) {
        let address = address.into();
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        if !is_station(mac) {
            return;
        }
        let entry = port.neighbours.entry(address, cx.now);
        (entry.mac, entry.confirmed, entry.touched, entry.due) = (mac, cx.now, cx.now, Instant::NEVER);
        port.neighbours.set_state(address, NeighbourState::Stale);
        self.release_waiting(interface, address, cx);
    }

    /// As [`Host::set_neighbour`], for a neighbour that was heard from just now: it counts as reachable for a while, and
    /// nobody asks about it (RFC 1122 §2.3.2.1(4), advice from above).
    pub fn set_reachable_neighbour(
        &mut self,
        interface: InterfaceId,
        address: impl Into<IpAddr>,
        mac: MacAddr,
        cx: &mut Cx<'_>,
    ) {
        let address = address.into();
        self.set_neighbour(interface, address, mac, cx);
        if let Some(port) = self.interfaces.get_mut(interface.index()) {
            port.neighbours.set_state(address, NeighbourState::Reachable);
        }
    }

    /// Forgets a neighbour.
    pub fn forget_neighbour(&mut self, interface: InterfaceId, address: impl Into<IpAddr>) {
        if let Some(port) = self.interfaces.get_mut(interface.index()) {
            port.neighbours.forget(address.into());
        }
    }

    /// Sends an IP packet to a neighbour, or lets it wait until its hardware address is known.
    #[inline]
    pub(crate) fn transmit_to_neighbour(
        &mut self,
        interface: InterfaceId,
        next_hop: IpAddr,
        packet: Packet,
        event: EventId,
        derived_from: Option<FrameId>,
        cx: &mut Cx<'_>,
    ) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        match port.neighbours.use_known(next_hop, cx.now) {
            Some(mac) => self.transmit_ethernet(interface, mac, ethertype(next_hop), packet, event, derived_from),
            None => self.look_for_neighbour(interface, next_hop, Waiting { packet, event, derived_from }, cx),
        }
    }

    /// A packet is for a neighbour that is not known, or no longer surely.
    #[cold]
    fn look_for_neighbour(&mut self, interface: InterfaceId, next_hop: IpAddr, waiting: Waiting, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let event = waiting.event;
        if let Some(entry) = port.neighbours.get_mut(next_hop) {
            entry.touched = cx.now;
            let mac = entry.mac;
            match entry.state {
                NeighbourState::Reachable | NeighbourState::Stale => {
                    entry.due = cx.now + DELAY;
                    entry.probes = 0;
                    entry.cause = event;
                    let due = entry.due;
                    port.neighbours.set_state(next_hop, NeighbourState::Delay);
                    self.timers.arm(due, Timer::Neighbour(interface, next_hop));
                    let Waiting { packet, event, derived_from } = waiting;
                    return self.transmit_ethernet(interface, mac, ethertype(next_hop), packet, event, derived_from);
                }
                NeighbourState::Incomplete => {
                    if entry.waiting.len() >= MAX_WAITING {
                        entry.waiting.pop_front();
                        let text = cx.recorder.text("too many packets wait for a hardware address");
                        cx.event(&kinds::DISCARDED, 0, [text, 0]);
                    }
                    entry.waiting.push_back(waiting);
                    return;
                }
                // Those in doubt that are being asked about were used above.
                NeighbourState::Delay | NeighbourState::Probe | NeighbourState::Failed => {}
            }
        }
        let at = cx.address(next_hop);
        let asks = cx.caused_by(event).event(events(next_hop).miss, 0, [at, 0]);
        let source = source_of(&waiting.packet);
        let entry = port.neighbours.entry(next_hop, cx.now);
        entry.waiting.push_back(waiting);
        (entry.probes, entry.cause, entry.due, entry.touched) = (1, asks, cx.now + RETRY, cx.now);
        let due = entry.due;
        port.neighbours.set_state(next_hop, NeighbourState::Incomplete);
        self.timers.arm(due, Timer::Neighbour(interface, next_hop));
        self.ask(interface, next_hop, None, source, asks);
    }

    /// The timer of an entry.
    pub(crate) fn neighbour_timeout(&mut self, interface: InterfaceId, address: IpAddr, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let Some(entry) = port.neighbours.get_mut(address).filter(|entry| entry.due <= cx.now) else { return };
        let (at, kinds) = (cx.address(address), events(address));
        let cause = entry.cause;
        if entry.state == NeighbourState::Delay || entry.probes < PROBES {
            entry.probes += 1;
            entry.due = cx.now + RETRY;
            let due = entry.due;
            let kind = if entry.state == NeighbourState::Delay { kinds.stale } else { kinds.retry };
            let event = cx.caused_by(cause).event(kind, 0, [at, 0]);
            entry.cause = event;
            // A neighbour that was known is asked at its address, all others by broadcast or multicast (RFC 1122 §2.3.2.1(2),
            // RFC 4861 §7.3.3).
            let to = (entry.state != NeighbourState::Incomplete).then_some(entry.mac);
            let source = entry.waiting.front().and_then(|waiting| source_of(&waiting.packet));
            if entry.state == NeighbourState::Delay {
                port.neighbours.set_state(address, NeighbourState::Probe);
            }
            self.timers.arm(due, Timer::Neighbour(interface, address));
            self.ask(interface, address, to, source, event);
            return;
        }
        // RFC 1122 §2.3.2.1, §3.3.1.4, RFC 4861 §7.2.2: nobody is there; whoever waits is told.
        let event = cx.caused_by(cause).event(kinds.failed, 0, [at, 0]);
        entry.due = Instant::NEVER;
        let waiting = std::mem::take(&mut entry.waiting);
        port.neighbours.set_state(address, NeighbourState::Failed);
        for packet in waiting {
            let mut cx = cx.caused_by(event);
            match address {
                IpAddr::V4(_) => self.host_unreachable(&packet.packet, &mut cx),
                IpAddr::V6(_) => self.address_unreachable(&packet.packet, &mut cx),
            }
        }
    }

    /// Lets go what waited for `address`.
    pub(crate) fn release_waiting(&mut self, interface: InterfaceId, address: IpAddr, cx: &mut Cx<'_>) {
        let Some(port) = self.interfaces.get_mut(interface.index()) else { return };
        let Some(entry) = port.neighbours.get_mut(address) else { return };
        let (mac, ethertype) = (entry.mac, ethertype(address));
        for waiting in std::mem::take(&mut entry.waiting) {
            let at = cx.address(address);
            let event = cx.event_for(events(address).released, 0, Some(waiting.event), [at, 0]);
            self.transmit_ethernet(interface, mac, ethertype, waiting.packet, event, waiting.derived_from);
        }
    }

    /// Asks for a neighbour's hardware address: everyone, or the station that had it last. It is asked from the waiting
    /// packet's own source where that is ours (Linux `arp_announce` 0; RFC 4861 §7.2.2).
    fn ask(
        &mut self,
        interface: InterfaceId,
        target: IpAddr,
        to: Option<MacAddr>,
        source: Option<IpAddr>,
        event: EventId,
    ) {
        let source = source.filter(|&source| self.is_own(source));
        match (target, source) {
            (IpAddr::V4(target), Some(IpAddr::V4(source))) => self.arp_ask(interface, target, to, Some(source), event),
            (IpAddr::V4(target), _) => self.arp_ask(interface, target, to, None, event),
            (IpAddr::V6(target), Some(IpAddr::V6(source))) => self.nd_ask(interface, target, to, Some(source), event),
            (IpAddr::V6(target), _) => self.nd_ask(interface, target, to, None, event),
        }
    }
}

/// The source address of an IP packet whose header stands in its head.
fn source_of(packet: &Packet) -> Option<IpAddr> {
    let head = packet.head();
    match head.first()? >> 4 {
        4 => Some(Ipv4Addr::from(*head.get(12..)?.first_chunk()?).into()),
        6 => Some(Ipv6Addr::from(*head.get(8..)?.first_chunk()?).into()),
        _ => None,
    }
}
