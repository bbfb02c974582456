//! The way of most packets: between two addresses that were judged before. What was decided then is remembered for as long
//! as routes and addresses stay what they are, and only what differs from packet to packet is looked at again.

use std::net::Ipv4Addr;

use base::EventId;
use trace::Cx;
use wire::Packet;
use wire::ethernet::{self, EtherType};
use wire::ipv4::Header;

use super::forward::decrement_ttl;
use crate::interface::{Arrival, Cast};
use crate::{Host, InterfaceId, Route};

/// What was decided.
#[derive(Clone, Copy, Debug)]
enum Judgement {
    /// It is for this machine.
    Own,
    /// It goes on by this row of the routing table.
    Forward(Route),
}

/// The length of a frame's own header.
const LINK: usize = ethernet::Header::LEN;

/// One decision, and what it holds for.
#[derive(Clone, Copy, Debug)]
struct Known {
    key: Key,
    /// The state of routes and addresses that it was made in.
    version: u64,
    judgement: Judgement,
}

/// By which interface, from whom, to whom.
type Key = (u16, Ipv4Addr, Ipv4Addr);

/// The decisions: each pair of addresses has one place, which it shares with others; who comes last has it.
#[derive(Default, Debug)]
pub(crate) struct Decisions(Vec<Option<Known>>);

/// How many places there are at first, and at most. Whoever has many to speak with gets more of them.
const PLACES: usize = 8;
const MOST_PLACES: usize = 8192;

impl Decisions {
    #[inline]
    fn place(&self, (interface, src, dst): Key) -> usize {
        let word = u64::from(src.to_bits()) << 32 | u64::from(dst.to_bits());
        let mixed = (word ^ u64::from(interface) << 16).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 48) as usize & (self.0.len().wrapping_sub(1))
    }

    #[inline]
    fn get(&self, key: Key, version: u64) -> Option<&Judgement> {
        let known = self.0.get(self.place(key))?.as_ref()?;
        (known.key == key && known.version == version).then_some(&known.judgement)
    }

    /// Where another decision has the place of this one, there are too few places.
    fn insert(&mut self, known: Known) {
        if self.0.is_empty() {
            self.0 = vec![None; PLACES];
        }
        let place = self.place(known.key);
        let taken = self.0[place].is_some_and(|other| other.key != known.key && other.version == known.version);
        if taken && self.0.len() < MOST_PLACES {
            let places = vec![None; self.0.len() * 2];
            let before = std::mem::replace(&mut self.0, places);
            for known in before.into_iter().flatten() {
                let place = self.place(known.key);
                self.0[place] = Some(known);
            }
        }
        let place = self.place(known.key);
        self.0[place] = Some(known);
    }
}

impl Host {
    /// A frame that is only to be passed on, as most of a router's are: it leaves by the interface and because of the event
    /// that are returned, its headers rewritten in place. `None`, and nothing has happened, if there is anything else to do
    /// than is done for all its like: then it goes the long way, through [`Host::handle_frame`].
    pub fn pass_on(
        &mut self,
        interface: InterfaceId,
        frame: &mut Packet,
        cx: &mut Cx<'_>,
    ) -> Option<(InterfaceId, EventId)> {
        if !self.forwarding {
            return None;
        }
        let port = self.interfaces.get(interface.index())?;
        let len = frame.len().checked_sub(LINK)?;
        let head = frame.head().first_chunk::<{ LINK + Header::LEN }>()?;
        let link = ethernet::Header::read(&head[..LINK]);
        if link.dst != port.mac || link.ethertype != EtherType::IPV4 || link.src.is_multicast() {
            return None;
        }
        let header = Header::read_plain(&head[LINK..])?;
        if usize::from(header.total_len) != len || header.is_fragment() || header.ttl <= 1 {
            return None;
        }
        let key = (interface.0, header.src, header.dst);
        let Some(&Judgement::Forward(row)) = self.decisions.get(key, self.routes.version()) else { return None };
        let arrival = Arrival { interface: Some(interface), cast: Cast::Unicast, frame: None };
        if self.udp.any_unconfigured() && self.has_unconfigured(&header, arrival) {
            return None;
        }
        let out = self.interfaces.get_mut(row.interface.index()).filter(|out| len <= usize::from(out.mtu))?;
        let next_hop = row.via.unwrap_or(header.dst.into());
        let dst = out.neighbours.use_known(next_hop, cx.now)?;
        let link = ethernet::Header { dst, src: out.mac, ethertype: EtherType::IPV4 };
        let routed = Host::tell_row(row.prefix, next_hop, cx);
        let head = frame.head_mut().first_chunk_mut::<{ LINK + Header::LEN }>()?;
        link.write(&mut head[..LINK]);
        decrement_ttl(&mut head[LINK..]);
        Some((row.interface, routed))
    }

    /// Whether packets like this one, in a frame for this machine alone, are known to be for this machine, whatever they carry.
    #[inline]
    pub(crate) fn knows_own(&self, interface: InterfaceId, header: &Header) -> bool {
        let key = (interface.0, header.src, header.dst);
        matches!(self.decisions.get(key, self.routes.version()), Some(Judgement::Own))
    }

    /// A packet that came by an interface in a frame for this machine alone: deals with it, if it is plain and known to be for
    /// this machine. Gives it back otherwise.
    #[inline]
    pub(super) fn handle_known(&mut self, mut packet: Packet, arrival: Arrival, cx: &mut Cx<'_>) -> Option<Packet> {
        let (Some(interface), Cast::Unicast) = (arrival.interface, arrival.cast) else { return Some(packet) };
        let Some(header) = packet.pull(Header::LEN).and_then(|head| Header::read_plain(head)) else {
            return Some(packet);
        };
        let plain = usize::from(header.total_len) == packet.len() && !header.is_fragment();
        let key = (interface.0, header.src, header.dst);
        match self.decisions.get(key, self.routes.version()) {
            Some(Judgement::Own) if plain => self.dispatch(packet, header, arrival, Cast::Unicast, cx),
            _ => return Some(packet),
        }
        None
    }

    /// Packets like this one are for this machine, whatever they carry. (A NAT looks at each.)
    pub(super) fn learn_own(&mut self, header: &Header, arrival: Arrival) {
        if self.nat.is_none() {
            self.learn(header, arrival, Judgement::Own);
        }
    }

    /// Packets like this one go on by `row`, unless they have lived too long or are too large.
    pub(super) fn learn_forward(&mut self, header: &Header, arrival: Arrival, row: Route) {
        if self.nat.is_none() {
            self.learn(header, arrival, Judgement::Forward(row));
        }
    }

    fn learn(&mut self, header: &Header, arrival: Arrival, judgement: Judgement) {
        let (Some(interface), Cast::Unicast) = (arrival.interface, arrival.cast) else { return };
        let (key, version) = ((interface.0, header.src, header.dst), self.routes.version());
        self.decisions.insert(Known { key, version, judgement });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_holds_for_its_addresses_its_interface_and_the_routes_of_then() {
        let row = Route { prefix: crate::Prefix::ALL, via: None, interface: crate::InterfaceId(1) };
        let (a, b) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(198, 51, 100, 1));
        let mut decisions = Decisions::default();
        let key = (0, a, b);
        decisions.insert(Known { key, version: 3, judgement: Judgement::Forward(row) });
        assert!(matches!(decisions.get(key, 3), Some(Judgement::Forward(known)) if *known == row));
        for (key, version) in [((0, a, b), 4), ((1, a, b), 3), ((0, b, a), 3), ((0, a, a), 3)] {
            assert!(decisions.get(key, version).is_none(), "{key:?} {version}");
        }
        assert!(Decisions::default().get(key, 3).is_none(), "nothing was learnt yet");
    }

    #[test]
    fn who_has_many_to_speak_with_gets_more_places() {
        let mut decisions = Decisions::default();
        let key = |n: u32| (0, Ipv4Addr::from_bits(0x0a00_0000 + n * 4), Ipv4Addr::from_bits(0x0a02_0000 + n * 4));
        for _ in 0..3 {
            (0..1000).for_each(|n| decisions.insert(Known { key: key(n), version: 1, judgement: Judgement::Own }));
        }
        let known = (0..1000).filter(|&n| decisions.get(key(n), 1).is_some()).count();
        assert!(known > 900, "{known} of 1000");
        (0..100_000).for_each(|n| decisions.insert(Known { key: key(n), version: 1, judgement: Judgement::Own }));
        assert_eq!(decisions.0.len(), MOST_PLACES);
    }
}
