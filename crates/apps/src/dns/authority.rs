//! The simulated internet's name servers: the root, the top-level domains, and everybody's own. Zones are made for the
//! question at hand, so that any host name resolves, the same way in every run.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use wire::dns::{Class, Edns, Message, Name, Opcode, RData, Rcode, ResourceRecord};

use super::zone::Zone;

/// Which addresses a host has, of either family.
pub type AddressOf = Rc<dyn Fn(&Name) -> Vec<IpAddr>>;

/// Time to live of delegations: two days, as in the root and most top-level zones.
const DELEGATION_TTL: u32 = 172_800;
/// Time to live of hosts' addresses.
const HOST_TTL: u32 = 300;
/// How long "it does not exist" holds.
const NEGATIVE_TTL: u32 = 900;

/// What a server is in charge of.
#[derive(Clone)]
pub enum Realm {
    /// The root: it knows the servers of every top-level domain but `invalid`.
    Root {
        /// The root's own servers.
        own: Vec<Ipv4Addr>,
        /// Those of the top-level domains.
        top: Vec<Ipv4Addr>,
    },
    /// Every top-level domain: it knows the servers of every domain below.
    Top {
        /// The top-level domains' own servers.
        own: Vec<Ipv4Addr>,
        /// Those of the domains below.
        hosts: Vec<Ipv4Addr>,
        /// The addresses of hosts that are called like a top-level domain, as in `http://intranet/`.
        address: AddressOf,
    },
    /// Every domain below a top-level domain, with every host in it.
    Hosts {
        /// The domains' own servers.
        own: Vec<Ipv4Addr>,
        /// The hosts' addresses.
        address: AddressOf,
        /// Records that stand in the place of what would be made up for their names: aliases, several addresses.
        fixed: Vec<ResourceRecord>,
    },
    /// These zones and nothing else.
    Zones(Vec<Zone>),
}

/// A server that is in charge of zones and asks nobody.
#[derive(Clone)]
pub struct Authority {
    realm: Realm,
}

impl Authority {
    /// A server in charge of `realm`.
    pub fn new(realm: Realm) -> Authority {
        Authority { realm }
    }

    /// The answer to a message; `None` if it deserves none (it is itself a response).
    pub fn answer(&self, query: &Message) -> Option<Message> {
        if query.response {
            return None;
        }
        let refuse = |rcode| Message { rcode, ..Message::response_to(query) };
        let mut response = match query.questions.as_slice() {
            _ if query.opcode != Opcode::QUERY => refuse(Rcode::NOTIMP),
            // RFC 6891 §6.1.3: an unknown version of EDNS.
            _ if query.edns.as_ref().is_some_and(|edns| edns.version > 0) => refuse(Rcode::BADVERS),
            // RFC 9619 §4: exactly one question.
            [question] if question.class == Class::IN => match self.zone(&question.name) {
                Some(zone) => zone.answer(query, question),
                // RFC 1034 §4.3.1: in charge of no such zone; as most servers do, refuse.
                None => refuse(Rcode::REFUSED),
            },
            [_] => refuse(Rcode::REFUSED),
            _ => refuse(Rcode::FORMERR),
        };
        if query.edns.is_some() {
            response.edns = Some(Edns::new(super::UDP_SIZE));
        }
        Some(response)
    }

    /// The zone in which `name` stands, as far as it matters to a question about it.
    fn zone(&self, name: &Name) -> Option<Zone> {
        match &self.realm {
            Realm::Zones(zones) => {
                // RFC 1034 §4.3.2, step 2: the nearest ancestor.
                let matching = zones.iter().filter(|zone| name.is_within(zone.origin()));
                matching.max_by_key(|zone| zone.origin().label_count()).cloned()
            }
            Realm::Root { own, top } => {
                let root = Name::root();
                let mut zone = with_servers(&root, own, root_server);
                let domain = name.suffix(1);
                // RFC 6761 §6.4: names in `invalid` do not exist.
                if !domain.is_root()
                    && domain.labels().next().is_none_or(|label| !label.eq_ignore_ascii_case(b"invalid"))
                {
                    delegate(&mut zone, &domain, top, top_server);
                }
                // The root's servers have names in `net`, which is delegated; the root tells their addresses as glue.
                Some(zone)
            }
            Realm::Top { own, hosts, address } => {
                let domain = name.suffix(1);
                if domain.is_root() {
                    return None;
                }
                let mut zone = with_servers(&domain, own, top_server);
                let below = name.suffix(2);
                let is_server = own.iter().enumerate().any(|(i, _)| top_server(&domain, i).is_within(&below));
                if name.label_count() >= 2 && !is_server {
                    delegate(&mut zone, &below, hosts, host_server);
                } else if name.label_count() == 1 {
                    add_addresses(&mut zone, &domain, address);
                }
                Some(zone)
            }
            Realm::Hosts { own, address, fixed } => {
                let domain = name.suffix(2);
                if domain.label_count() < 2 {
                    return None;
                }
                let mut zone = with_servers(&domain, own, host_server);
                for record in fixed.iter().filter(|record| record.name.is_within(&domain)) {
                    zone.add(record.clone());
                }
                // Aliases within the zone lead to hosts that exist as well.
                let mut hosts = vec![name.clone(), domain.clone()];
                hosts.extend(fixed.iter().filter_map(|record| match &record.data {
                    RData::Cname(target) if target.is_within(&domain) => Some(target.clone()),
                    _ => None,
                }));
                for host in hosts {
                    let is_server = (0..own.len()).any(|i| host_server(&domain, i) == host);
                    if !is_server && !fixed.iter().any(|record| record.name == host) {
                        add_addresses(&mut zone, &host, address);
                    }
                }
                Some(zone)
            }
        }
    }
}

/// The name of the root's server `i`: `a.root-servers.net` and on.
pub fn root_server(_: &Name, i: usize) -> Name {
    named(&letter(i), "root-servers.net")
}
/// The name of server `i` of a top-level domain: `a.nic.com` and on.
fn top_server(domain: &Name, i: usize) -> Name {
    let nic = domain.child(b"nic").unwrap_or_else(|| domain.clone());
    nic.child(&letter(i)).unwrap_or(nic)
}
/// The name of server `i` of a domain: `ns1.example.com` and on.
fn host_server(domain: &Name, i: usize) -> Name {
    domain.child(format!("ns{}", i + 1).as_bytes()).unwrap_or_else(|| domain.clone())
}
fn letter(i: usize) -> [u8; 1] {
    [b'a' + (i % 26) as u8]
}
fn named(label: &[u8], parent: &str) -> Name {
    let parent: Name = parent.parse().unwrap_or_else(|_| Name::root());
    parent.child(label).unwrap_or(parent)
}

/// An A record for each IPv4 address of a host, an AAAA record for each IPv6 address (RFC 3596 §2.1).
fn add_addresses(zone: &mut Zone, host: &Name, address: &AddressOf) {
    for address in address(host) {
        let data = match address {
            IpAddr::V4(address) => RData::A(address),
            IpAddr::V6(address) => RData::Aaaa(address),
        };
        zone.add(ResourceRecord::new(host.clone(), HOST_TTL, data));
    }
}

fn with_servers(origin: &Name, servers: &[Ipv4Addr], server_name: fn(&Name, usize) -> Name) -> Zone {
    let mut zone = Zone::new(origin.clone(), server_name(origin, 0), NEGATIVE_TTL);
    delegate(&mut zone, origin, servers, server_name);
    zone
}

fn delegate(zone: &mut Zone, to: &Name, servers: &[Ipv4Addr], server_name: fn(&Name, usize) -> Name) {
    for (i, address) in servers.iter().enumerate() {
        zone.add_server(to, &server_name(to, i), *address, DELEGATION_TTL);
    }
}

#[cfg(test)]
mod tests {
    use wire::dns::{Question, Type};

    use super::*;

    const ROOT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 4);
    const TOP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 20);
    const AUTH: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 36);

    fn ask(realm: Realm, name: &str, kind: Type) -> Message {
        let query = Message::query(1, Question::new(name.parse().unwrap(), kind));
        Authority::new(realm).answer(&query).unwrap()
    }
    fn root() -> Realm {
        Realm::Root { own: vec![ROOT], top: vec![TOP] }
    }
    fn top() -> Realm {
        Realm::Top { own: vec![TOP], hosts: vec![AUTH], address: Rc::new(|_| vec![[203, 0, 113, 8].into()]) }
    }
    fn hosts() -> Realm {
        let alias = ResourceRecord::new(
            "www.alias.example".parse().unwrap(),
            60,
            RData::Cname("web.alias.example".parse().unwrap()),
        );
        Realm::Hosts { own: vec![AUTH], address: Rc::new(|_| vec![[203, 0, 113, 7].into()]), fixed: vec![alias] }
    }

    #[test]
    fn any_name_is_referred_down_the_tree_and_answered() {
        let referral = ask(root(), "www.example.com", Type::A);
        assert_eq!(referral.authorities[0].to_string(), "com 172800 IN NS a.nic.com");
        assert_eq!(referral.additionals[0].to_string(), "a.nic.com 172800 IN A 192.0.2.20");
        let referral = ask(top(), "www.example.com", Type::A);
        assert_eq!(referral.authorities[0].to_string(), "example.com 172800 IN NS ns1.example.com");
        assert_eq!(referral.additionals[0].to_string(), "ns1.example.com 172800 IN A 192.0.2.36");
        let answer = ask(hosts(), "www.example.com", Type::A);
        assert!(answer.authoritative);
        assert_eq!(answer.answers[0].to_string(), "www.example.com 300 IN A 203.0.113.7");
        let long = ask(hosts(), "a.b.c.d.example.com", Type::A);
        assert_eq!(long.answers.len(), 1);
        assert_eq!(ask(hosts(), "example.com", Type::A).answers.len(), 1);
        let nodata = ask(hosts(), "www.example.com", Type::AAAA);
        assert_eq!((nodata.rcode, nodata.authorities[0].kind()), (Rcode::NOERROR, Type::SOA));
        assert_eq!(ask(hosts(), "www.alias.example", Type::A).answers.len(), 2, "an alias and what it leads to");
    }

    #[test]
    fn servers_answer_for_their_own_names() {
        assert_eq!(ask(top(), "a.nic.com", Type::A).answers[0].data, RData::A(TOP));
        assert_eq!(ask(hosts(), "ns1.example.com", Type::A).answers[0].data, RData::A(AUTH));
        assert_eq!(ask(top(), "intranet", Type::A).answers[0].data, RData::A([203, 0, 113, 8].into()));
        assert_eq!(ask(root(), ".", Type::NS).answers[0].to_string(), ". 172800 IN NS a.root-servers.net");
    }

    #[test]
    fn invalid_does_not_exist() {
        let no = ask(root(), "www.example.INVALID", Type::A);
        assert_eq!((no.rcode, no.authoritative), (Rcode::NXDOMAIN, true));
        assert_eq!(no.authorities[0].name, Name::root());
    }

    #[test]
    fn what_it_is_not_in_charge_of_it_refuses() {
        assert_eq!(ask(hosts(), "com", Type::A).rcode, Rcode::REFUSED);
        let zones = Realm::Zones(vec![Zone::new("example".parse().unwrap(), Name::root(), 60)]);
        assert_eq!(ask(zones.clone(), "www.test", Type::A).rcode, Rcode::REFUSED);
        assert_eq!(ask(zones, "www.example", Type::A).rcode, Rcode::NXDOMAIN);
        let mut query = Message::query(1, Question::new("a.example".parse().unwrap(), Type::A));
        query.questions.clear();
        assert_eq!(Authority::new(root()).answer(&query).unwrap().rcode, Rcode::FORMERR);
        query.opcode = Opcode::UPDATE;
        assert_eq!(Authority::new(root()).answer(&query).unwrap().rcode, Rcode::NOTIMP);
        query.response = true;
        assert_eq!(Authority::new(root()).answer(&query), None);
    }
}
