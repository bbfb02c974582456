//! Iterative resolution (RFC 1034 §5.3.3): from what the cache knows, or the root, down the tree of zones to the answer.
//! Sans-IO: a [`Resolution`] says whom to ask what, and is told what came of it.

mod zone;

use std::net::{IpAddr, Ipv4Addr};

use base::{Duration, Instant, Rng};
use wire::dns::{Edns, Message, Name, Question, RData, Rcode, ResourceRecord, Type};

use super::cache::{Answer, Cache, Lookup, MAX_ALIASES, Trust};
use zone::{Zone, nearest_zone};

/// Questions asked for one question of a client. A bound against loops between zones, as BIND has (`max-recursion-queries`).
const MAX_QUERIES: u32 = 50;
/// Name servers' names that are looked up to answer one question, one for another's sake.
const MAX_DEPTH: usize = 6;
/// How long the first question waits for its answer; each round over all servers doubles it.
const FIRST_TIMEOUT: Duration = Duration::from_millis(800);
/// Rounds over all servers of a zone.
const MAX_ROUNDS: u32 = 3;

/// What a resolution wants next.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// Ask this server, over UDP from a port drawn at random, or over TCP; wait so long.
    Ask(Ask),
    /// That is the answer.
    Done(Answer),
}

/// A question to a server.
#[derive(Clone, PartialEq, Debug)]
pub struct Ask {
    /// The server.
    pub server: Ipv4Addr,
    /// The query, its id drawn at random (RFC 5452 §9.2).
    pub query: Message,
    /// The zone that the server is in charge of.
    pub zone: Name,
    /// Over TCP, since the answer did not fit (RFC 7766 §5).
    pub tcp: bool,
    /// How long to wait.
    pub timeout: Duration,
}

/// What a response turned out to be.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// Not the answer to what was asked (RFC 5452 §4): wait on.
    Ignored(&'static str),
    /// It holds records asked for, or an alias.
    Answer,
    /// It says that there is nothing.
    Nothing(Rcode),
    /// It names the servers of a zone below.
    Referral(Name),
    /// It was cut: TCP is next.
    Truncated,
    /// The server is of no use here; another is next.
    Useless(&'static str),
}

/// The way to one answer.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The question, and above it the questions for addresses of name servers that it waits for.
    stack: Vec<Quest>,
    hints: Vec<Ipv4Addr>,
    queries: u32,
    asked: Option<Ask>,
    done: Option<Answer>,
}

/// One name on its way down the tree.
#[derive(Clone, Debug)]
struct Quest {
    question: Question,
    /// Where aliases have led so far.
    name: Name,
    aliases: usize,
    found: Vec<ResourceRecord>,
    /// The zone whose servers are asked, once that is known.
    zone: Option<Zone>,
}

impl Resolution {
    /// Starts the way to the answer of `question`; `hints` are the addresses of the root's servers.
    pub fn new(question: Question, hints: &[Ipv4Addr]) -> Resolution {
        Resolution { stack: vec![Quest::new(question)], hints: hints.to_vec(), queries: 0, asked: None, done: None }
    }

    /// What is next.
    pub fn next(&mut self, now: Instant, cache: &Cache, rng: &mut Rng) -> Step {
        loop {
            if let Some(done) = self.done.take() {
                return Step::Done(done);
            }
            let Some(quest) = self.stack.last_mut() else { return Step::Done(Answer::failure(Rcode::SERVFAIL)) };
            let current = Question { name: quest.name.clone(), ..quest.question.clone() };
            if quest.zone.is_none() {
                // RFC 1034 §5.3.3, step 1: is the answer at hand?
                if let Lookup::Hit(answer) = cache.answer(now, &current) {
                    self.finish(answer);
                    continue;
                }
                // Step 2: the nearest zone whose servers are known.
                let zone = nearest_zone(now, cache, &current.name, &self.hints, rng);
                quest.zone = Some(zone);
            }
            let depth = self.stack.len();
            let Some(Quest { zone: Some(zone), .. }) = self.stack.last_mut() else { continue };
            if zone.left_in_round == 0 && !zone.servers.is_empty() {
                zone.round += 1;
                zone.left_in_round = zone.servers.len();
            }
            let exhausted = zone.servers.is_empty() || zone.round >= MAX_ROUNDS;
            if self.queries >= MAX_QUERIES {
                return Step::Done(Answer::failure(Rcode::SERVFAIL));
            }
            if exhausted {
                // Servers without known addresses: find one out, and ask it then.
                let unknown = if depth < MAX_DEPTH { zone.unknown.pop() } else { None };
                match unknown {
                    Some(server) => {
                        zone.servers.clear();
                        self.stack.push(Quest::new(Question::new(server, Type::A)));
                    }
                    None => self.finish(Answer::failure(Rcode::SERVFAIL)),
                }
                continue;
            }
            // Step 3: ask, round robin.
            zone.left_in_round -= 1;
            zone.servers.rotate_left(1);
            let Some(&server) = zone.servers.back() else { continue };
            self.queries += 1;
            let id = rng.u32() as u16;
            // RFC 1034 §4.3.1: who asks servers in charge does not ask for recursion.
            let query = Message {
                recursion_desired: false,
                edns: Some(Edns::new(super::UDP_SIZE)),
                ..Message::query(id, current)
            };
            let timeout = FIRST_TIMEOUT * (1 << zone.round.min(4));
            let ask = Ask { server, query, zone: zone.name.clone(), tcp: false, timeout };
            self.asked = Some(ask.clone());
            return Step::Ask(ask);
        }
    }

    /// A message has come from `from` to the port from which the last question was sent.
    pub fn handle_response(&mut self, now: Instant, from: IpAddr, message: &Message, cache: &mut Cache) -> Verdict {
        let server = self.asked.as_ref().map(|ask| ask.server);
        let verdict = self.judge(now, from, message, cache);
        if let (Verdict::Useless(_), Some(Quest { zone: Some(zone), .. })) = (&verdict, self.stack.last_mut()) {
            zone.servers.retain(|known| Some(*known) != server);
            zone.left_in_round = zone.left_in_round.min(zone.servers.len());
        }
        verdict
    }

    fn judge(&mut self, now: Instant, from: IpAddr, message: &Message, cache: &mut Cache) -> Verdict {
        let Some(ask) = self.asked.clone() else { return Verdict::Ignored("nothing was asked") };
        // RFC 5452 §9.1: the same id, question and server; the port is the socket's.
        if from != IpAddr::V4(ask.server) {
            return Verdict::Ignored("from somebody else");
        }
        if !message.response || message.id != ask.query.id {
            return Verdict::Ignored("with another id");
        }
        if message.questions != ask.query.questions {
            return Verdict::Ignored("to another question");
        }
        self.asked = None;
        if message.truncated && !ask.tcp {
            self.asked = Some(Ask { tcp: true, ..ask });
            return Verdict::Truncated;
        }
        let Some(quest) = self.stack.last_mut() else { return Verdict::Ignored("nobody waits for it") };
        let current = Question { name: quest.name.clone(), ..quest.question.clone() };
        if !matches!(message.rcode, Rcode::NOERROR | Rcode::NXDOMAIN) {
            return Verdict::Useless("the server refuses or fails");
        }
        // Records outside the zone that the server is in charge of are none of its business (RFC 5452 §6).
        let in_zone = |record: &&ResourceRecord| record.name.is_within(&ask.zone);
        let of = |section: &[ResourceRecord], name: &Name, kind: Type| -> Vec<ResourceRecord> {
            let of = section.iter().filter(in_zone).filter(|record| record.name == *name && record.kind() == kind);
            of.cloned().collect()
        };

        let mut name = current.name.clone();
        let mut progress = false;
        loop {
            let found = of(&message.answers, &name, current.kind);
            if !found.is_empty() {
                cache.insert(now, &found, Trust::Answer);
                quest.found.extend(found);
                self.finish(Answer::default());
                return Verdict::Answer;
            }
            let alias = of(&message.answers, &name, Type::CNAME);
            let Some(RData::Cname(target)) = alias.first().map(|record| &record.data) else { break };
            quest.aliases += 1;
            if quest.aliases > MAX_ALIASES {
                self.finish(Answer::failure(Rcode::SERVFAIL));
                return Verdict::Useless("too many aliases");
            }
            name = target.clone();
            cache.insert(now, &alias[..1], Trust::Answer);
            quest.found.push(alias[0].clone());
            progress = true;
        }
        quest.name = name.clone();
        let soa = message.authorities.iter().filter(in_zone).find(|record| record.kind() == Type::SOA);
        let servers: Vec<&ResourceRecord> =
            message.authorities.iter().filter(in_zone).filter(|record| record.kind() == Type::NS).collect();

        if message.rcode == Rcode::NXDOMAIN || (soa.is_some() && servers.is_empty()) {
            // RFC 2308 §2: the end of the chain does not exist, or has nothing of that type. Only about its own zone.
            if progress && !name.is_within(&ask.zone) {
                quest.zone = None;
                return Verdict::Answer;
            }
            let end = Question { name, ..current };
            cache.insert_nothing(now, &end, message.rcode, soa);
            let authorities = soa.cloned().into_iter().collect();
            self.finish(Answer { rcode: message.rcode, answers: Vec::new(), authorities });
            return Verdict::Nothing(message.rcode);
        }
        if progress {
            // The alias leads on; where to is for the cache, or the root, to say.
            quest.zone = None;
            return Verdict::Answer;
        }
        // A referral leads down: to a zone below the server's own, in which the name stands (RFC 1034 §5.3.3, step 4b).
        let Some(cut) = servers.first().map(|record| record.name.clone()) else {
            return Verdict::Useless("neither an answer nor a referral");
        };
        if cut == ask.zone || !name.is_within(&cut) {
            return Verdict::Useless("a referral that leads nowhere");
        }
        let set: Vec<ResourceRecord> = servers.into_iter().filter(|record| record.name == cut).cloned().collect();
        cache.insert(now, &set, Trust::Glue);
        let mut zone = Zone::new(cut.clone());
        for record in &set {
            let RData::Ns(server) = &record.data else { continue };
            let glue = of(&message.additionals, server, Type::A);
            cache.insert(now, &glue, Trust::Glue);
            zone.add_server(server, &glue, &name);
        }
        quest.zone = Some(zone);
        Verdict::Referral(cut)
    }

    /// The question that [`Verdict::Truncated`] demands: the same over TCP.
    pub fn over_tcp(&self) -> Option<Ask> {
        self.asked.clone()
    }

    /// No answer came in time, or the server could not be reached.
    pub fn handle_timeout(&mut self) {
        self.asked = None;
    }

    /// The topmost quest is over. If another waits for it, that goes on; if not, this is the answer.
    fn finish(&mut self, mut answer: Answer) {
        let Some(quest) = self.stack.pop() else { return };
        if answer.rcode != Rcode::SERVFAIL {
            answer.answers = [quest.found, answer.answers].concat();
        }
        let Some(Quest { zone: Some(zone), name, .. }) = self.stack.last_mut() else {
            self.done = Some(answer);
            return;
        };
        // It was the address of a name server.
        zone.unknown.retain(|server| *server != quest.question.name);
        if !answer.answers.is_empty() {
            zone.add_server(&quest.question.name, &answer.answers, name);
        }
        zone.round = 0;
        zone.left_in_round = zone.servers.len();
    }
}

impl Quest {
    fn new(question: Question) -> Quest {
        Quest { name: question.name.clone(), question, aliases: 0, found: Vec::new(), zone: None }
    }
}

#[cfg(test)]
mod tests;
