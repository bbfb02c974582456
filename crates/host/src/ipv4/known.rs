//! The way of most packets: between two addresses that were judged before. What was decided then is remembered for as long
//! as routes and addresses stay what they are, and only what differs from packet to packet is looked at again.

use std::net::Ipv4Addr;

use trace::Cx;
use wire::Packet;
use wire::ipv4::Header;

use super::forward::decrement_ttl;
use crate::interface::{Arrival, Cast};
use crate::output::Hop;
use crate::{Host, Route};

/// What was decided.
#[derive(Clone, Copy, Debug)]
enum Judgement {
    /// It is for this machine.
    Own,
    /// It goes on by this row of the routing table.
    Forward(Route),
}

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

/// How many places a host and a router have.
const PLACES: usize = 8;
const ROUTER_PLACES: usize = 512;

impl Decisions {
    fn place(&self, (interface, src, dst): Key) -> usize {
        let word = u64::from(src.to_bits()) << 32 | u64::from(dst.to_bits());
        let mixed = (word ^ u64::from(interface) << 16).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 48) as usize & (self.0.len().wrapping_sub(1))
    }

    fn get(&self, key: Key, version: u64) -> Option<Judgement> {
        let known = self.0.get(self.place(key))?.as_ref()?;
        (known.key == key && known.version == version).then_some(known.judgement)
    }
}

impl Host {
    /// A packet that came by an interface in a frame for this machine alone: deals with it, if it is plain and what becomes of
    /// its like is known. Gives it back otherwise.
    pub(super) fn handle_known(&mut self, mut packet: Packet, arrival: Arrival, cx: &mut Cx<'_>) -> Option<Packet> {
        let (Some(interface), Cast::Unicast) = (arrival.interface, arrival.cast) else { return Some(packet) };
        let Some(header) = packet.pull(Header::LEN).and_then(|head| Header::read_plain(head)) else {
            return Some(packet);
        };
        let plain = usize::from(header.total_len) == packet.len() && !header.is_fragment();
        let known = self.decisions.get((interface.0, header.src, header.dst), self.routes.version());
        match known.filter(|_| plain) {
            Some(Judgement::Own) => self.dispatch(packet, header, arrival, Cast::Unicast, cx),
            Some(Judgement::Forward(row)) if header.ttl > 1 && !self.has_unconfigured(&header, arrival) => {
                let mtu = self.interfaces.get(row.interface.index()).map_or(0, |port| port.mtu);
                if packet.len() > usize::from(mtu) {
                    return Some(packet);
                }
                let next_hop = row.via.unwrap_or(header.dst.into());
                let routed = Host::tell_row(row.prefix, next_hop, cx);
                decrement_ttl(&mut packet);
                self.send_hop(Hop::Neighbour(row.interface, next_hop), packet, routed, arrival.frame, cx);
            }
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
        if self.decisions.0.is_empty() {
            self.decisions.0 = vec![None; if self.forwarding { ROUTER_PLACES } else { PLACES }];
        }
        let (key, version) = ((interface.0, header.src, header.dst), self.routes.version());
        let place = self.decisions.place(key);
        self.decisions.0[place] = Some(Known { key, version, judgement });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_holds_for_its_addresses_its_interface_and_the_routes_of_then() {
        let row = Route { prefix: crate::Prefix::ALL, via: None, interface: crate::InterfaceId(1) };
        let (a, b) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(198, 51, 100, 1));
        let mut decisions = Decisions(vec![None; PLACES]);
        let key = (0, a, b);
        let place = decisions.place(key);
        decisions.0[place] = Some(Known { key, version: 3, judgement: Judgement::Forward(row) });
        assert!(matches!(decisions.get(key, 3), Some(Judgement::Forward(known)) if known == row));
        for (key, version) in [((0, a, b), 4), ((1, a, b), 3), ((0, b, a), 3), ((0, a, a), 3)] {
            assert!(decisions.get(key, version).is_none(), "{key:?} {version}");
        }
        assert!(Decisions::default().get(key, 3).is_none(), "nothing was learnt yet");
    }
}
