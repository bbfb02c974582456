//! A zone's records and how a server in charge answers from them (RFC 1034 §4.3.2).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use wire::dns::{Message, Name, Question, RData, Rcode, ResourceRecord, Soa, Type};

use super::cache::MAX_ALIASES;

/// The records of one zone.
#[derive(Clone, Debug)]
pub struct Zone {
    origin: Name,
    records: BTreeMap<Name, Vec<ResourceRecord>>,
}

impl Zone {
    /// A zone with its SOA record. `ttl` holds for the SOA and the negative answers (RFC 2308 §4).
    pub fn new(origin: Name, primary: Name, ttl: u32) -> Zone {
        let rname = origin.child(b"hostmaster").unwrap_or_else(|| origin.clone());
        let soa = Soa {
            mname: primary,
            rname,
            serial: 2026010101,
            refresh: 7200,
            retry: 3600,
            expire: 1209600,
            minimum: ttl,
        };
        let mut zone = Zone { origin: origin.clone(), records: BTreeMap::new() };
        zone.add(ResourceRecord::new(origin, ttl, RData::Soa(soa)));
        zone
    }

    /// The zone's name.
    pub fn origin(&self) -> &Name {
        &self.origin
    }

    /// Adds a record: of the zone, or glue for a delegation of it.
    pub fn add(&mut self, record: ResourceRecord) {
        let records = self.records.entry(record.name.clone()).or_default();
        if !records.contains(&record) {
            records.push(record);
        }
    }

    /// Names `server` at `address` as in charge of `zone`: this one, or one below that is thereby delegated.
    pub fn add_server(&mut self, zone: &Name, server: &Name, address: Ipv4Addr, ttl: u32) {
        self.add(ResourceRecord::new(zone.clone(), ttl, RData::Ns(server.clone())));
        self.add(ResourceRecord::new(server.clone(), ttl, RData::A(address)));
    }

    fn of(&self, name: &Name, kind: Type) -> Vec<ResourceRecord> {
        let here = self.records.get(name).map_or(&[][..], Vec::as_slice);
        here.iter().filter(|record| kind == Type::ANY || record.kind() == kind).cloned().collect()
    }

    /// The delegation that `name` lies at or below, if there is one between it and the origin.
    fn delegation(&self, name: &Name) -> Option<Vec<ResourceRecord>> {
        let (from, to) = (self.origin.label_count() + 1, name.label_count());
        // From the top: what is below a cut is not this zone's any more (RFC 1034 §4.2.1).
        (from..=to).map(|n| self.of(&name.suffix(n), Type::NS)).find(|servers| !servers.is_empty())
    }

    /// Whether the name exists: it has records, or names below it have (RFC 8020 §2).
    fn exists(&self, name: &Name) -> bool {
        // The order of names is the tree's: what lies below comes right behind.
        self.records.range(name.clone()..).next().is_some_and(|(next, _)| next.is_within(name))
    }

    /// The addresses of the servers that NS records name, as far as the zone knows them.
    fn addresses(&self, servers: &[ResourceRecord]) -> Vec<ResourceRecord> {
        let names = servers.iter().filter_map(|record| match &record.data {
            RData::Ns(server) => Some(server),
            _ => None,
        });
        names.flat_map(|name| [self.of(name, Type::A), self.of(name, Type::AAAA)].concat()).collect()
    }

    /// Answers a question about a name within the zone: RFC 1034 §4.3.2, steps 3 and 4.
    pub fn answer(&self, query: &Message, question: &Question) -> Message {
        let mut response = Message { authoritative: true, ..Message::response_to(query) };
        let mut name = question.name.clone();
        for _ in 0..MAX_ALIASES {
            // Step 3b: a referral. Where aliases have led to it, what was found so far stays the answer.
            if let Some(servers) = self.delegation(&name) {
                // RFC 4035 §3.1.4.1 and RFC 1034 §4.3.2: a DS record is the parent's to answer, all else the child's.
                if !(question.kind == Type::DS && servers.first().is_some_and(|record| record.name == name)) {
                    response.authoritative = !response.answers.is_empty();
                    response.additionals = self.addresses(&servers);
                    response.authorities = servers;
                    return response;
                }
            }
            // Step 3a: the name itself.
            let found = self.of(&name, question.kind);
            if !found.is_empty() {
                // RFC 1034 §4.3.2, step 6: what will be useful besides.
                response.additionals = self.addresses(&found);
                response.answers.extend(found);
                return response;
            }
            let alias = self.of(&name, Type::CNAME);
            match alias.first().map(|record| record.data.clone()) {
                Some(RData::Cname(target)) => {
                    response.answers.extend(alias);
                    if !target.is_within(&self.origin) {
                        return response;
                    }
                    name = target;
                }
                _ => {
                    // Step 3c, and RFC 2308 §3: the SOA record says for how long this may be believed.
                    if !self.exists(&name) {
                        response.rcode = Rcode::NXDOMAIN;
                    }
                    response.authorities = self.of(&self.origin, Type::SOA);
                    return response;
                }
            }
        }
        Message { rcode: Rcode::SERVFAIL, ..Message::response_to(query) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn zone() -> Zone {
        let mut zone = Zone::new(name("example"), name("ns.example"), 900);
        zone.add_server(&name("example"), &name("ns.example"), [192, 0, 2, 1].into(), 3600);
        zone.add_server(&name("child.example"), &name("ns.child.example"), [192, 0, 2, 2].into(), 3600);
        zone.add(ResourceRecord::new(name("a.deep.example"), 60, RData::A([192, 0, 2, 3].into())));
        zone.add(ResourceRecord::new(name("www.example"), 60, RData::Cname(name("a.deep.example"))));
        zone.add(ResourceRecord::new(name("out.example"), 60, RData::Cname(name("elsewhere.test"))));
        zone.add(ResourceRecord::new(name("in.example"), 60, RData::Cname(name("x.child.example"))));
        zone
    }

    fn ask(text: &str, kind: Type) -> Message {
        let question = Question::new(name(text), kind);
        zone().answer(&Message::query(1, question.clone()), &question)
    }

    #[test]
    fn what_the_zone_holds_is_answered_with_authority() {
        let response = ask("a.deep.example", Type::A);
        assert!(response.authoritative && response.answers.len() == 1 && response.authorities.is_empty());
        let alias = ask("www.example", Type::A);
        assert_eq!(alias.answers.iter().map(ResourceRecord::kind).collect::<Vec<_>>(), [Type::CNAME, Type::A]);
        assert_eq!(ask("out.example", Type::A).answers.len(), 1, "the rest is for the asker to find");
        assert_eq!(ask("www.example", Type::CNAME).answers.len(), 1);
    }

    #[test]
    fn what_is_delegated_is_referred_with_glue() {
        let referral = ask("www.child.example", Type::A);
        assert!(!referral.authoritative && referral.answers.is_empty() && referral.rcode == Rcode::NOERROR);
        assert_eq!(referral.authorities[0].to_string(), "child.example 3600 IN NS ns.child.example");
        assert_eq!(referral.additionals[0].to_string(), "ns.child.example 3600 IN A 192.0.2.2");
        assert!(ask("child.example", Type::NS).answers.is_empty(), "not this zone's to answer");
        let ds = ask("child.example", Type::DS);
        assert!(ds.authoritative && ds.authorities[0].kind() == Type::SOA, "DS is the parent's");
        let behind = ask("in.example", Type::A);
        assert!(behind.authoritative && behind.answers.len() == 1 && behind.authorities[0].kind() == Type::NS);
    }

    #[test]
    fn what_does_not_exist_is_denied_with_the_soa() {
        let no = ask("nothing.example", Type::A);
        assert_eq!((no.rcode, no.authoritative, no.authorities[0].kind()), (Rcode::NXDOMAIN, true, Type::SOA));
        let nodata = ask("a.deep.example", Type::MX);
        assert_eq!((nodata.rcode, nodata.answers.len(), nodata.authorities.len()), (Rcode::NOERROR, 0, 1));
        assert_eq!(ask("deep.example", Type::A).rcode, Rcode::NOERROR, "names below it exist: RFC 8020 §2");
    }
}
