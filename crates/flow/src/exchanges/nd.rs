//! Neighbour discovery: questions for neighbours and routers, and their answers (RFC 4861).

use std::net::Ipv6Addr;

use base::{Instant, Map};
use wire::icmpv6::{Neighbor, Type};
use wire::ipv6::Header;

/// Who has this address, or is there a router? And the answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NdExchange {
    /// The interface where it was seen.
    pub interface: u32,
    /// Who asks; `::` where an address is being checked (RFC 4862 §5.4).
    pub asker: Ipv6Addr,
    /// The address asked for; `None` where routers are asked for.
    pub target: Option<Ipv6Addr>,
    /// The packets that ask, the first one first.
    pub requests: Vec<u32>,
    /// When it was asked first.
    pub asked_at: Instant,
    /// The answer: its packet and its time.
    pub reply: Option<(u32, Instant)>,
}

impl NdExchange {
    /// Whether it asks whether anybody has an address already (RFC 4862 §5.4.2). Nobody should answer.
    pub fn probe(&self) -> bool {
        self.asker.is_unspecified() && self.target.is_some()
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct NdExchanges {
    pub list: Vec<NdExchange>,
    /// The last exchange of an asker for a target at an interface.
    open: Map<(u32, Ipv6Addr, Option<Ipv6Addr>), usize>,
    /// The last question for routers at an interface: its answer may go to everyone.
    routers: Map<u32, usize>,
}

impl NdExchanges {
    /// Takes a message in; `rest` stands behind its first 4 bytes.
    pub fn push(&mut self, interface: u32, number: u32, at: Instant, kind: Type, ip: &Header, rest: &[u8]) {
        let target = rest.get(..Neighbor::LEN).map(|bytes| Neighbor::read(bytes).target);
        match (kind, target) {
            (Type::ROUTER_SOLICITATION, _) => self.asked((interface, ip.src, None), number, at),
            (Type::NEIGHBOR_SOLICITATION, Some(_)) => self.asked((interface, ip.src, target), number, at),
            (Type::ROUTER_ADVERTISEMENT, _) if ip.dst.is_multicast() => {
                let open = self.routers.get(&interface).copied();
                self.answered(open, number, at);
            }
            (Type::ROUTER_ADVERTISEMENT, _) => {
                let open = self.open.get(&(interface, ip.dst, None)).copied();
                self.answered(open, number, at);
            }
            (Type::NEIGHBOR_ADVERTISEMENT, Some(_)) => {
                // An answer to whoever has no address goes to everyone (RFC 4861 §7.2.4).
                let asker = if ip.dst.is_multicast() { Ipv6Addr::UNSPECIFIED } else { ip.dst };
                let open = self.open.get(&(interface, asker, target)).copied();
                self.answered(open, number, at);
            }
            _ => {}
        }
    }

    fn asked(&mut self, key: (u32, Ipv6Addr, Option<Ipv6Addr>), number: u32, at: Instant) {
        let open = self.open.get(&key).and_then(|&i| self.list.get_mut(i)).filter(|open| open.reply.is_none());
        if let Some(open) = open {
            return open.requests.push(number);
        }
        let (interface, asker, target) = key;
        self.open.insert(key, self.list.len());
        if target.is_none() {
            self.routers.insert(interface, self.list.len());
        }
        self.list.push(NdExchange { interface, asker, target, requests: vec![number], asked_at: at, reply: None });
    }

    fn answered(&mut self, open: Option<usize>, number: u32, at: Instant) {
        if let Some(open) = open.and_then(|i| self.list.get_mut(i)).filter(|open| open.reply.is_none()) {
            open.reply = Some((number, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use wire::ipv4::{Dscp, Ecn};
    use wire::ipv6::NextHeader;

    use super::*;

    fn push(all: &mut NdExchanges, number: u32, kind: Type, src: &str, dst: &str, target: &str) {
        let ip = Header {
            version: 6,
            dscp: Dscp::DEFAULT,
            ecn: Ecn::NOT_ECT,
            flow_label: 0,
            payload_len: 24,
            next_header: NextHeader::ICMPV6,
            hop_limit: 255,
            src: src.parse().unwrap(),
            dst: dst.parse().unwrap(),
        };
        let mut rest = vec![0; 4];
        rest.extend(target.parse::<Ipv6Addr>().unwrap().octets());
        all.push(0, number, Instant::from_millis(number.into()), kind, &ip, &rest);
    }

    #[test]
    fn questions_find_their_answers() {
        use Type as T;
        let mut all = NdExchanges::default();
        push(&mut all, 1, T::NEIGHBOR_SOLICITATION, "::", "ff02::1:ff00:5", "fe80::5");
        push(&mut all, 2, T::ROUTER_SOLICITATION, "fe80::5", "ff02::2", "::");
        push(&mut all, 3, T::ROUTER_ADVERTISEMENT, "fe80::1", "ff02::1", "::");
        push(&mut all, 4, T::NEIGHBOR_SOLICITATION, "2001:db8::5", "ff02::1:ff00:1", "2001:db8::1");
        push(&mut all, 5, T::NEIGHBOR_SOLICITATION, "2001:db8::5", "ff02::1:ff00:1", "2001:db8::1");
        push(&mut all, 6, T::NEIGHBOR_ADVERTISEMENT, "2001:db8::1", "2001:db8::5", "2001:db8::1");
        push(&mut all, 7, T::ROUTER_ADVERTISEMENT, "fe80::1", "ff02::1", "::");
        let told: Vec<(Vec<u32>, Option<u32>)> =
            all.list.iter().map(|e| (e.requests.clone(), e.reply.map(|(number, _)| number))).collect();
        assert_eq!(told, [(vec![1], None), (vec![2], Some(3)), (vec![4, 5], Some(6))]);
        assert!(all.list[0].probe());
    }
}
