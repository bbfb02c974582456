//! Name servers in charge of zones: they answer or refer (RFC 1034 §4.3.2).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use net::Os;
use trace::kinds::dns as kinds;
use wire::dns::{Class, Message, Name, Opcode, RData, Rcode, ResourceRecord, Soa, Type};

/// Times to live of the simulated internet's records, in seconds: as real servers have them.
const HOST_TTL: u32 = 300;
const DELEGATION_TTL: u32 = 172_800;
const NEGATIVE_TTL: u32 = 900;

/// What a name server is in charge of. The zones are made as they are asked for: every name exists in the simulated
/// internet, except those that end in `.invalid`.
#[derive(Clone, Debug)]
pub enum Authority {
    /// The root: refers to the servers of top-level domains. `.invalid` does not exist (RFC 6761 §6.4).
    Root {
        /// The address of the top-level domains' server.
        top: Ipv4Addr,
    },
    /// The top-level domains: refers to the servers of the domains below them.
    Top {
        /// The address of the domains' server.
        hosts: Ipv4Addr,
    },
    /// The domains: knows the hosts.
    Hosts {
        /// Hosts and their addresses; names in lower case.
        addresses: BTreeMap<Name, Ipv4Addr>,
    },
}

impl Authority {
    /// The answer to a query (RFC 1034 §4.3.2); `None` if it deserves none.
    pub fn answer(&self, query: &Message) -> Option<Message> {
        if query.response {
            return None;
        }
        let mut response = Message::response_to(query);
        let (Opcode::QUERY, Some(question)) = (query.opcode, query.question()) else {
            response.rcode = Rcode::NOTIMP;
            return Some(response);
        };
        if question.class != Class::IN || query.questions.len() != 1 {
            response.rcode = Rcode::REFUSED;
            return Some(response);
        }
        let name = question.name.to_lowercase();
        let labels = name.label_count();
        match self {
            Authority::Root { top } => match (labels, name.suffix(1)) {
                (0, _) => self.absent(&mut response, &Name::root(), Rcode::NOERROR),
                (_, tld) if tld.to_string().trim_end_matches('.') == "invalid" => {
                    self.absent(&mut response, &Name::root(), Rcode::NXDOMAIN);
                }
                (_, tld) => refer(&mut response, &tld, "nic", *top),
            },
            Authority::Top { hosts } => match labels {
                0 | 1 => self.absent(&mut response, &name, Rcode::NOERROR),
                _ => refer(&mut response, &name.suffix(2), "ns1", *hosts),
            },
            Authority::Hosts { addresses } => {
                let zone = name.suffix(labels.min(2));
                match (addresses.get(&name), question.kind) {
                    (Some(address), Type::A | Type::ANY) => {
                        response.authoritative = true;
                        response.answers.push(ResourceRecord::new(question.name.clone(), HOST_TTL, RData::A(*address)));
                    }
                    // RFC 2308 §2.2: the name is there, the type is not.
                    (Some(_), _) => self.absent(&mut response, &zone, Rcode::NOERROR),
                    // A name above a host exists too (RFC 8020 §2).
                    (None, _) if addresses.keys().any(|host| host.is_within(&name)) => {
                        self.absent(&mut response, &zone, Rcode::NOERROR);
                    }
                    (None, _) => self.absent(&mut response, &zone, Rcode::NXDOMAIN),
                }
            }
        }
        Some(response)
    }

    /// There is no such record, or no such name: the zone's SOA says for how long that may be believed (RFC 2308 §3).
    fn absent(&self, response: &mut Message, zone: &Name, rcode: Rcode) {
        response.authoritative = true;
        response.rcode = rcode;
        let server = zone.child(b"ns1").unwrap_or_else(Name::root);
        let soa = Soa {
            mname: server,
            rname: zone.child(b"hostmaster").unwrap_or_else(Name::root),
            serial: 2026010100,
            refresh: 7200,
            retry: 3600,
            expire: 1_209_600,
            minimum: NEGATIVE_TTL,
        };
        response.authorities.push(ResourceRecord::new(zone.clone(), NEGATIVE_TTL, RData::Soa(soa)));
    }
}

/// Refers to the name server of `zone`, with its address: glue (RFC 1034 §4.2.1), as the server's name is inside the zone.
fn refer(response: &mut Message, zone: &Name, label: &str, address: Ipv4Addr) {
    let Some(server) = zone.child(label.as_bytes()) else {
        response.rcode = Rcode::SERVFAIL;
        return;
    };
    response.authorities.push(ResourceRecord::new(zone.clone(), DELEGATION_TTL, RData::Ns(server.clone())));
    response.additionals.push(ResourceRecord::new(server, DELEGATION_TTL, RData::A(address)));
}

/// Answers queries over UDP for ever.
pub async fn serve(os: Os, authority: Authority) {
    let Ok(socket) = os.udp_bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), wire::dns::PORT)) else { return };
    loop {
        let Ok((data, from)) = socket.recv_from().await else { continue };
        let Ok(query) = Message::parse(&data) else { continue };
        let Some(response) = authority.answer(&query) else { continue };
        let id = u32::from(query.id);
        match (response.authoritative, response.authorities.first()) {
            (false, Some(record)) => {
                let zone = os.text(&record.name.to_string());
                os.event(&kinds::REFERRAL, id, [zone, 0]);
            }
            _ => {
                let text = os.text(&super::query::summary(&response));
                os.event(&kinds::ANSWER, id, [text, 0]);
            }
        }
        let _ = socket.send_to(response.encode_within(query.udp_limit()), from);
    }
}

#[cfg(test)]
mod tests {
    use wire::dns::Question;

    use super::*;

    fn ask(authority: &Authority, name: &str, kind: Type) -> Message {
        authority.answer(&Message::query(1, Question::new(name.parse().unwrap(), kind))).unwrap()
    }

    #[test]
    fn the_root_refers_and_invalid_does_not_exist() {
        let root = Authority::Root { top: [192, 0, 2, 20].into() };
        let referral = ask(&root, "www.example.com", Type::A);
        assert!(!referral.authoritative && referral.answers.is_empty());
        assert_eq!(referral.authorities[0].name, "com".parse().unwrap());
        assert_eq!(referral.additionals[0].data, RData::A([192, 0, 2, 20].into()), "glue");
        let absent = ask(&root, "printer.invalid", Type::A);
        assert_eq!((absent.rcode, absent.authoritative), (Rcode::NXDOMAIN, true));
        assert!(matches!(absent.authorities[0].data, RData::Soa(_)), "RFC 2308 §3");
    }

    #[test]
    fn a_host_has_an_address_and_no_other_type() {
        let addresses = BTreeMap::from([("www.example.com".parse().unwrap(), Ipv4Addr::new(203, 0, 113, 9))]);
        let hosts = Authority::Hosts { addresses };
        let answer = ask(&hosts, "WWW.example.com", Type::A);
        assert!(answer.authoritative);
        assert_eq!(answer.answers[0].data, RData::A([203, 0, 113, 9].into()));
        let absent = ask(&hosts, "www.example.com", Type::AAAA);
        assert_eq!((absent.rcode, absent.answers.len()), (Rcode::NOERROR, 0));
        assert_eq!(ask(&hosts, "example.com", Type::A).rcode, Rcode::NOERROR, "an empty non-terminal exists");
        assert_eq!(ask(&hosts, "other.example.com", Type::A).rcode, Rcode::NXDOMAIN);
    }
}
