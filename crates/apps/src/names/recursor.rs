//! The recursive resolver: asks from the root down until it has the answer (RFC 1034 §5.3.3).

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use base::{Duration, Rng};
use net::{Os, UdpSocket};
use trace::kinds::dns as kinds;
use wire::dns::{Message, Name, Question, RData, Rcode, ResourceRecord, Type};

use super::cache::{Answer, Cache, answer_of};
use super::query::{Patience, ResolveError, ask, summary};

/// Referrals that are followed for one question.
const MAX_REFERRALS: usize = 16;
/// Aliases that are followed for one question.
const MAX_ALIASES: usize = 8;
/// BIND asks a server for 0.8 s at first and up to three times.
const PATIENCE: Patience = Patience { timeout: Duration::from_millis(800), attempts: 3 };

struct Resolver {
    os: Os,
    root: Ipv4Addr,
    cache: RefCell<Cache>,
    rng: RefCell<Rng>,
}

/// Answers queries over UDP for ever, knowing nothing at first but the address of the root.
pub async fn recurse(os: Os, root: Ipv4Addr) {
    let Ok(socket) = os.udp_bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), wire::dns::PORT)) else { return };
    let rng = RefCell::new(os.rng("recursor"));
    let resolver = Rc::new(Resolver { os: os.clone(), root, cache: RefCell::new(Cache::new()), rng });
    let socket = Rc::new(socket);
    loop {
        let Ok((data, from)) = socket.recv_from().await else { continue };
        let Ok(query) = Message::parse(&data) else { continue };
        if query.response || query.questions.len() != 1 {
            continue;
        }
        // Each question is a task of its own: a slow one holds nobody up.
        let (resolver, socket) = (resolver.clone(), socket.clone());
        drop(os.spawn("question", async move { resolver.answer(&socket, query, from).await }));
    }
}

impl Resolver {
    async fn answer(&self, socket: &UdpSocket, query: Message, from: SocketAddr) {
        let Some(question) = query.question().cloned() else { return };
        let mut response = Message::response_to(&query);
        response.recursion_available = true;
        if !query.recursion_desired {
            response.rcode = Rcode::REFUSED;
        } else {
            match self.resolve(&question).await {
                Ok(answer) => {
                    response.rcode = answer.rcode;
                    response.answers = answer.records;
                    response.authorities = answer.soa.into_iter().collect();
                }
                Err(_) => response.rcode = Rcode::SERVFAIL,
            }
        }
        let text = self.os.text(&summary(&response));
        self.os.event(&kinds::ANSWER, u32::from(query.id), [text, 0]);
        let _ = socket.send_to(response.encode_within(query.udp_limit()), from);
    }

    /// Finds the answer, following aliases (RFC 1034 §3.6.2).
    async fn resolve(&self, question: &Question) -> Result<Answer, ResolveError> {
        let mut wanted = question.clone();
        let mut chain: Vec<ResourceRecord> = Vec::new();
        for _ in 0..MAX_ALIASES {
            let mut answer = self.find(&wanted).await?;
            let alias = answer.records.iter().find_map(|record| match &record.data {
                RData::Cname(target) if question.kind != Type::CNAME => Some(target.clone()),
                _ => None,
            });
            let whole = answer.records.iter().any(|record| record.kind() == question.kind);
            chain.append(&mut answer.records);
            match alias {
                Some(target) if !whole => wanted = Question::new(target, question.kind),
                _ => return Ok(Answer { records: chain, ..answer }),
            }
        }
        Err(ResolveError::Server(Rcode::SERVFAIL))
    }

    /// Asks the cache, then servers from the closest known one down.
    async fn find(&self, question: &Question) -> Result<Answer, ResolveError> {
        let who = self.os.text("the resolver");
        let known = self.cache.borrow().get(question, self.os.now());
        if let Some(answer) = known {
            self.os.event(&kinds::CACHE_HIT, 0, [who, 0]);
            return Ok(answer);
        }
        self.os.event(&kinds::CACHE_MISS, 0, [who, 0]);
        let (mut zone, mut server) = self.closest(&question.name);
        for _ in 0..MAX_REFERRALS {
            // The borrow ends before the wait: each question draws from a stream of its own.
            let mut rng = self.fork();
            let response = ask(&self.os, &mut rng, server, question, false, PATIENCE).await?;
            let now = self.os.now();
            if let Some(answer) = answer_of(&response) {
                self.cache.borrow_mut().insert(&response, now);
                return Ok(answer);
            }
            if response.rcode != Rcode::NOERROR {
                return Err(ResolveError::Server(response.rcode));
            }
            // A referral must lead down, towards the name (RFC 1034 §5.3.3 4b; RFC 5452 §6: what is outside the asked
            // server's zone is not believed).
            let Some((below, next)) = referral(&response, &zone, &question.name) else {
                return Err(ResolveError::Server(Rcode::SERVFAIL));
            };
            let mut cache = self.cache.borrow_mut();
            let servers: Vec<_> = response.authorities.iter().filter(|record| record.name == below).cloned().collect();
            for record in &servers {
                if let RData::Ns(host) = &record.data {
                    let glue = response.additionals.iter().filter(|record| record.name == *host);
                    let glue: Vec<_> = glue.filter(|record| record.kind() == Type::A).cloned().collect();
                    cache.insert_records(host, Type::A, glue, now);
                }
            }
            cache.insert_records(&below, Type::NS, servers, now);
            drop(cache);
            let text = self.os.text(&below.to_string());
            self.os.event(&kinds::REFERRAL, 0, [text, 0]);
            (zone, server) = (below, next);
        }
        Err(ResolveError::Server(Rcode::SERVFAIL))
    }

    /// The closest enclosing zone whose server is known, the root if none is.
    fn closest(&self, name: &Name) -> (Name, Ipv4Addr) {
        let (cache, now) = (self.cache.borrow(), self.os.now());
        for labels in (1..=name.label_count()).rev() {
            let zone = name.suffix(labels);
            let Some(servers) = cache.get(&Question::new(zone.clone(), Type::NS), now) else { continue };
            for record in &servers.records {
                let RData::Ns(host) = &record.data else { continue };
                let known = cache.get(&Question::new(host.clone(), Type::A), now);
                if let Some(address) = known.and_then(|answer| answer.address()) {
                    return (zone, address);
                }
            }
        }
        (Name::root(), self.root)
    }

    fn fork(&self) -> Rng {
        let mut rng = self.rng.borrow_mut();
        base::Seed(rng.u64()).stream("query")
    }
}

/// The zone that a response refers to and the address of one of its servers, if it is a referral that leads down from `zone`
/// towards `name` and brings glue.
fn referral(response: &Message, zone: &Name, name: &Name) -> Option<(Name, Ipv4Addr)> {
    for record in &response.authorities {
        let RData::Ns(host) = &record.data else { continue };
        let down = record.name.is_within(zone) && record.name.label_count() > zone.label_count();
        if !down || !name.is_within(&record.name) {
            continue;
        }
        let glue = response.additionals.iter().find_map(|extra| match extra.data {
            RData::A(ip) if extra.name == *host && extra.name.is_within(zone) => Some(ip),
            _ => None,
        });
        if let Some(address) = glue {
            return Some((record.name.clone(), address));
        }
    }
    None
}
