//! The programs: a server in charge, a recursive resolver, a forwarder, and the stub resolver of a machine.

use std::cell::RefCell;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use base::{Instant, Rng};
use net::Os;
use tcp::Errno;
use trace::kinds::dns;
use wire::dns::{Message, Name, Question, RData, Rcode, Type};

use super::authority::Authority;
use super::cache::{Answer, Cache, Lookup};
use super::queries::{Policy, Queries, Reply};
use super::recursor::{Ask, Resolution, Step, Verdict};
use super::serve::{ask, ask_over_tcp, bind_anywhere, serve};

/// Answers from `authority` at port 53 of every address of this machine. Ends only with the world.
///
/// # Errors
/// If the port is taken.
pub async fn authority_server(os: Os, authority: Authority) -> Result<(), Errno> {
    let authority = Rc::new(authority);
    let place = os.clone();
    serve(os, Ipv4Addr::UNSPECIFIED.into(), move |query, _| {
        let (os, authority) = (place.clone(), authority.clone());
        async move {
            let response = authority.answer(&query)?;
            let referral =
                response.authorities.first().filter(|record| !response.authoritative && record.kind() == Type::NS);
            match referral {
                Some(record) => {
                    let zone = os.text(&record.name.to_string());
                    os.event(&dns::REFERRAL, query.id.into(), [zone, 0]);
                }
                None => record_answer(&os, query.id, response.rcode, &response),
            }
            Some(response)
        }
    })
    .await
}

/// What a machine that resolves for others remembers and draws from.
struct Memory {
    cache: Cache,
    rng: Rng,
}

impl Memory {
    fn new(os: &Os, capacity: usize) -> Rc<RefCell<Memory>> {
        Rc::new(RefCell::new(Memory { cache: Cache::new(capacity), rng: os.rng("dns") }))
    }
    /// Looks into the cache, and records the outcome.
    fn look_up(this: &RefCell<Memory>, os: &Os, who: &str, id: u16, question: &Question) -> Option<Answer> {
        let lookup = this.borrow().cache.answer(os.now(), question);
        let who = os.text(who);
        match lookup {
            Lookup::Hit(answer) => {
                os.event(&dns::CACHE_HIT, id.into(), [who, 0]);
                Some(answer)
            }
            Lookup::Miss { .. } => {
                os.event(&dns::CACHE_MISS, id.into(), [who, 0]);
                None
            }
        }
    }
}

/// Resolves for others, down from the root, and remembers at most `capacity` record sets. Ends only with the world.
///
/// # Errors
/// If port 53 is taken.
pub async fn recursive_server(os: Os, root: Vec<Ipv4Addr>, capacity: usize) -> Result<(), Errno> {
    let (memory, root) = (Memory::new(&os, capacity), Rc::new(root));
    let place = os.clone();
    serve(os, Ipv4Addr::UNSPECIFIED.into(), move |query: Message, _| {
        let (os, memory, root) = (place.clone(), memory.clone(), root.clone());
        async move {
            let [question] = query.questions.as_slice() else {
                return Some(Answer::failure(Rcode::FORMERR).response_to(&query));
            };
            let hit = Memory::look_up(&memory, &os, "the resolver", query.id, question);
            let answer = match hit {
                Some(answer) => answer,
                // RFC 1034 §4.3.1: who does not ask for recursion gets what is known.
                None if !query.recursion_desired => Answer::failure(Rcode::REFUSED),
                None => resolve(&os, &memory, &root, question.clone()).await,
            };
            let response = answer.response_to(&query);
            record_answer(&os, query.id, response.rcode, &response);
            Some(response)
        }
    })
    .await
}

/// Goes the way to one answer.
async fn resolve(os: &Os, memory: &RefCell<Memory>, root: &[Ipv4Addr], question: Question) -> Answer {
    let mut resolution = Resolution::new(question, root);
    loop {
        let step = {
            let Memory { cache, rng } = &mut *memory.borrow_mut();
            resolution.next(os.now(), cache, rng)
        };
        match step {
            Step::Done(answer) => return answer,
            Step::Ask(question) => {
                let verdict = one_question(os, memory, &mut resolution, &question).await;
                match verdict {
                    Ok(Verdict::Truncated) => {
                        let Some(again) = resolution.over_tcp() else { continue };
                        match ask_over_tcp(os, again.server.into(), &again.query, again.timeout * 4).await {
                            Ok(message) => {
                                let verdict = judge(memory, &mut resolution, os.now(), again.server.into(), &message);
                                record_verdict(os, again.query.id, &verdict);
                            }
                            Err(_) => resolution.handle_timeout(),
                        }
                    }
                    Ok(verdict) => record_verdict(os, question.query.id, &verdict),
                    Err(_) => resolution.handle_timeout(),
                }
            }
        }
    }
}

async fn one_question(
    os: &Os,
    memory: &RefCell<Memory>,
    resolution: &mut Resolution,
    question: &Ask,
) -> Result<Verdict, Errno> {
    let server = question.server.into();
    let socket = bind_anywhere(os, &mut memory.borrow_mut().rng, server)?;
    ask(os, &socket, server, &question.query, question.timeout, |from, message| {
        match judge(memory, resolution, os.now(), from, &message) {
            Verdict::Ignored(_) => None,
            verdict => Some(verdict),
        }
    })
    .await
}

fn judge(
    memory: &RefCell<Memory>,
    resolution: &mut Resolution,
    now: Instant,
    from: IpAddr,
    message: &Message,
) -> Verdict {
    resolution.handle_response(now, from, message, &mut memory.borrow_mut().cache)
}

fn record_verdict(os: &Os, id: u16, verdict: &Verdict) {
    if let Verdict::Referral(zone) = verdict {
        let zone = os.text(&zone.to_string());
        os.event(&dns::REFERRAL, id.into(), [zone, 0]);
    }
}

fn record_answer(os: &Os, id: u16, rcode: Rcode, message: &Message) {
    let last = message.answers.last().map(|record| record.data.to_string());
    match (rcode, last) {
        (Rcode::NOERROR, Some(data)) => {
            let text = os.text(&data);
            os.event(&dns::ANSWER, id.into(), [text, 0]);
        }
        (rcode, _) => {
            let why = if rcode == Rcode::NOERROR { "no such record".to_owned() } else { rcode.to_string() };
            let text = os.text(&why);
            os.event(&dns::FAILED, id.into(), [text, 0]);
        }
    }
}

/// A home router's DNS proxy (RFC 5625): asks `upstream` for the machines behind it, each time with an id and a port of
/// its own, and remembers at most `capacity` record sets. Listens at `local`. Ends only with the world.
///
/// # Errors
/// If port 53 is taken, or `local` is not this machine's.
pub async fn forwarder(
    os: Os,
    local: impl Into<IpAddr>,
    upstream: Vec<Ipv4Addr>,
    capacity: usize,
) -> Result<(), Errno> {
    let (memory, upstream) = (Memory::new(&os, capacity), Rc::new(upstream));
    let place = os.clone();
    serve(os, local.into(), move |query: Message, _| {
        let (os, memory, upstream) = (place.clone(), memory.clone(), upstream.clone());
        async move {
            let question = query.question()?.clone();
            if let Some(answer) = Memory::look_up(&memory, &os, "the home router", query.id, &question) {
                let response = answer.response_to(&query);
                record_answer(&os, query.id, response.rcode, &response);
                return Some(response);
            }
            // RFC 5625 §4.1: what it does not understand it passes on as it is.
            let mut queries = Queries::new(query.clone(), upstream.as_slice(), Policy::FORWARDER);
            let answered = ask_all(&os, &memory, &mut queries).await;
            let response = match answered {
                Ok(response) => {
                    memory.borrow_mut().cache.insert_response(os.now(), &question, &response);
                    Message { id: query.id, ..response }
                }
                Err(ResolveError::Refused(rcode)) => Answer::failure(rcode).response_to(&query),
                // As dnsmasq: who waits in vain asks again.
                Err(_) => return None,
            };
            record_answer(&os, query.id, response.rcode, &response);
            Some(response)
        }
    })
    .await
}

/// Asks one server after the other until one answers.
async fn ask_all(os: &Os, memory: &RefCell<Memory>, queries: &mut Queries) -> Result<Message, ResolveError> {
    let mut failure = ResolveError::TimedOut;
    loop {
        let asked = queries.next(&mut memory.borrow_mut().rng);
        let Some((server, query, timeout)) = asked else { return Err(failure) };
        let Ok(socket) = bind_anywhere(os, &mut memory.borrow_mut().rng, server) else { return Err(failure) };
        let reply =
            ask(os, &socket, server, &query, timeout, |from, message| match queries.handle_response(from, &message) {
                Reply::Ignored(_) => None,
                reply => Some((reply, message)),
            });
        match reply.await {
            Ok((Reply::Answer, message)) => return Ok(message),
            Ok((Reply::Truncated, _)) => match ask_over_tcp(os, server, &query, timeout).await {
                Ok(message) if queries.handle_response(server, &message) == Reply::Answer => return Ok(message),
                _ => {}
            },
            Ok((Reply::NextServer(rcode), _)) => failure = ResolveError::Refused(rcode),
            Ok((Reply::Ignored(_), _)) | Err(Errno::TimedOut) => {}
            Err(error) => failure = ResolveError::Network(error),
        }
    }
}

/// Why a name has no address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResolveError {
    /// It is no domain name.
    NotAName(String),
    /// The name does not exist (NXDOMAIN).
    NoSuchName(Name),
    /// The name exists, but has no such record (NODATA).
    NoSuchRecord(Question),
    /// Every server that answered failed or refused.
    Refused(Rcode),
    /// No server answered.
    TimedOut,
    /// The network said no.
    Network(Errno),
    /// No server is known.
    NoServers,
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResolveError::NotAName(why) => f.write_str(why),
            ResolveError::NoSuchName(name) => write!(f, "the name {name} does not exist"),
            ResolveError::NoSuchRecord(question) => {
                write!(f, "the name {} has no {} record", question.name, question.kind)
            }
            ResolveError::Refused(rcode) => write!(f, "the name server failed with {rcode}"),
            ResolveError::TimedOut => f.write_str("no name server answered in time"),
            ResolveError::Network(error) => write!(f, "the name server cannot be reached: {error}"),
            ResolveError::NoServers => f.write_str("no name server is known"),
        }
    }
}
impl std::error::Error for ResolveError {}

/// A machine's resolver: asks its name servers and remembers (the operating system's cache). Clones share the cache.
#[derive(Clone)]
pub struct Stub {
    os: Os,
    servers: Rc<RefCell<Vec<IpAddr>>>,
    policy: Policy,
    memory: Rc<RefCell<Memory>>,
}

impl Stub {
    /// A resolver that asks `servers` as glibc does (5 s, 2 attempts) and remembers at most `capacity` record sets; 0 for
    /// a machine without a cache.
    pub fn new(os: &Os, servers: &[impl Into<IpAddr> + Copy], capacity: usize) -> Stub {
        let servers = Rc::new(RefCell::new(servers.iter().map(|&server| server.into()).collect()));
        Stub { os: os.clone(), servers, policy: Policy::GLIBC, memory: Memory::new(os, capacity) }
    }

    /// Asks other servers from now on, as after DHCP.
    pub fn set_servers(&self, servers: &[impl Into<IpAddr> + Copy]) {
        *self.servers.borrow_mut() = servers.iter().map(|&server| server.into()).collect();
    }

    /// Waits and tries as `policy` says.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Keeps an answer as if it had been asked for before.
    pub fn remember(&self, records: &[wire::dns::ResourceRecord]) {
        let now = self.os.now();
        for set in records.chunk_by(|a, b| a.kind() == b.kind() && a.name == b.name) {
            self.memory.borrow_mut().cache.insert(now, set, super::cache::Trust::Answer);
        }
    }

    /// The IPv4 addresses of a host. The name is taken as complete: no search domain is tried behind it.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn resolve(&self, host: &str) -> Result<Vec<Ipv4Addr>, ResolveError> {
        let address = |data: &RData| match data {
            RData::A(address) => Some(*address),
            _ => None,
        };
        self.find(host, Type::A, address).await
    }

    /// The IPv6 addresses of a host (RFC 3596). As [`Stub::resolve`].
    ///
    /// # Errors
    /// Why there is none.
    pub async fn resolve_ipv6(&self, host: &str) -> Result<Vec<Ipv6Addr>, ResolveError> {
        let address = |data: &RData| match data {
            RData::Aaaa(address) => Some(*address),
            _ => None,
        };
        self.find(host, Type::AAAA, address).await
    }

    async fn find<T: fmt::Display>(
        &self,
        host: &str,
        kind: Type,
        address: impl Fn(&RData) -> Option<T>,
    ) -> Result<Vec<T>, ResolveError> {
        let name: Name = host.parse().map_err(|error| ResolveError::NotAName(format!("{error}")))?;
        let text = self.os.text(&name.to_string());
        self.os.event(&dns::ASK, 0, [text, 0]);
        let result = self.look_up(Question::new(name, kind)).await.and_then(|(question, answer)| {
            let addresses: Vec<T> = answer.answers.iter().filter_map(|record| address(&record.data)).collect();
            match answer.rcode {
                Rcode::NOERROR if !addresses.is_empty() => Ok(addresses),
                Rcode::NOERROR => Err(ResolveError::NoSuchRecord(question)),
                Rcode::NXDOMAIN => Err(ResolveError::NoSuchName(question.name)),
                rcode => Err(ResolveError::Refused(rcode)),
            }
        });
        match &result {
            Ok(addresses) => {
                let all: Vec<String> = addresses.iter().map(T::to_string).collect();
                let text = self.os.text(&all.join(", "));
                self.os.event(&dns::ANSWER, 0, [text, 0]);
            }
            Err(error) => {
                let text = self.os.text(&error.to_string());
                self.os.event(&dns::FAILED, 0, [text, 0]);
            }
        }
        result
    }

    async fn look_up(&self, question: Question) -> Result<(Question, Answer), ResolveError> {
        // RFC 6761 §6.3: localhost is this machine, and no server is asked.
        if question.name.labels().last().is_some_and(|label| label.eq_ignore_ascii_case(b"localhost")) {
            let here = match question.kind {
                Type::AAAA => RData::Aaaa(Ipv6Addr::LOCALHOST),
                _ => RData::A(Ipv4Addr::LOCALHOST),
            };
            let answers = vec![wire::dns::ResourceRecord::new(question.name.clone(), 0, here)];
            return Ok((question, Answer { answers, ..Answer::default() }));
        }
        if let Some(answer) = Memory::look_up(&self.memory, &self.os, "the operating system", 0, &question) {
            return Ok((question, answer));
        }
        let servers = self.servers.borrow().clone();
        if servers.is_empty() {
            return Err(ResolveError::NoServers);
        }
        let mut queries = Queries::new(Message::query(0, question.clone()), servers.as_slice(), self.policy);
        let message = ask_all(&self.os, &self.memory, &mut queries).await?;
        self.memory.borrow_mut().cache.insert_response(self.os.now(), &question, &message);
        let answer = Answer { rcode: message.rcode, answers: message.answers, authorities: message.authorities };
        Ok((question, answer))
    }
}

impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stub").field("servers", &self.servers.borrow()).finish_non_exhaustive()
    }
}
