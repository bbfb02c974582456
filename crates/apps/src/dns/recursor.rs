//! Iterative resolution (RFC 1034 §5.3.3): from what the cache knows, or the root, down the tree of zones to the answer.
//! Sans-IO: a [`Resolution`] says whom to ask what, and is told what came of it.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

use base::{Duration, Instant, Rng};
use wire::dns::{Edns, Message, Name, Question, RData, Rcode, ResourceRecord, Type};

use super::cache::{Answer, Cache, Lookup, MAX_ALIASES, Trust};

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

#[derive(Clone, Debug)]
struct Zone {
    name: Name,
    /// Addresses to ask, the next first.
    servers: VecDeque<Ipv4Addr>,
    /// Servers whose addresses nobody has told.
    unknown: Vec<Name>,
    /// Rounds over `servers` that are done.
    round: u32,
    left_in_round: usize,
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

impl Zone {
    fn new(name: Name) -> Zone {
        Zone { name, servers: VecDeque::new(), unknown: Vec::new(), round: 0, left_in_round: 0 }
    }

    /// Adds a server with the addresses that are known of it. One whose name lies in the zone itself cannot be found
    /// without its address.
    fn add_server(&mut self, server: &Name, addresses: &[ResourceRecord], wanted: &Name) {
        let before = self.servers.len();
        for record in addresses {
            if let RData::A(address) = record.data
                && !self.servers.contains(&address)
            {
                self.servers.push_back(address);
            }
        }
        if self.servers.len() == before && addresses.is_empty() && !server.is_within(&self.name) && server != wanted {
            self.unknown.push(server.clone());
        }
        self.left_in_round = self.servers.len();
    }
}

/// The zone nearest to `name` whose servers the cache knows; the root with its hints if it knows none.
fn nearest_zone(now: Instant, cache: &Cache, name: &Name, hints: &[Ipv4Addr], rng: &mut Rng) -> Zone {
    for labels in (1..=name.label_count()).rev() {
        let cut = name.suffix(labels);
        let servers = cache.set(now, &cut, Type::NS);
        if servers.is_empty() {
            continue;
        }
        let mut zone = Zone::new(cut);
        for record in &servers {
            if let RData::Ns(server) = &record.data {
                zone.add_server(server, &cache.set(now, server, Type::A), name);
            }
        }
        if !zone.servers.is_empty() || !zone.unknown.is_empty() {
            shuffle(&mut zone, rng);
            return zone;
        }
    }
    let mut zone = Zone::new(Name::root());
    zone.servers.extend(hints);
    shuffle(&mut zone, rng);
    zone
}

/// Which server comes first is drawn, to spread the load (and for RFC 5452 §7.2's sake).
fn shuffle(zone: &mut Zone, rng: &mut Rng) {
    let n = zone.servers.len();
    if n > 1 {
        zone.servers.rotate_left(rng.below(n as u64) as usize);
    }
    zone.left_in_round = n;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::rc::Rc;

    use base::Seed;

    use super::super::authority::{Authority, Realm};
    use super::super::zone::Zone as Records;
    use super::*;

    const ROOT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 4);
    const TOP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 20);
    const AUTH: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 36);

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    /// Servers by address, without a network.
    struct Servers(BTreeMap<Ipv4Addr, Authority>);

    impl Servers {
        fn internet(fixed: Vec<ResourceRecord>) -> Servers {
            let address: super::super::authority::AddressOf = Rc::new(|_| [203, 0, 113, 7].into());
            let hosts = Realm::Hosts { own: vec![AUTH], address: address.clone(), fixed };
            Servers(BTreeMap::from([
                (ROOT, Authority::new(Realm::Root { own: vec![ROOT], top: vec![TOP] })),
                (TOP, Authority::new(Realm::Top { own: vec![TOP], hosts: vec![AUTH], address })),
                (AUTH, Authority::new(hosts)),
            ]))
        }

        /// Resolves, and says which servers were asked. Servers that are not there do not answer.
        fn resolve(&self, cache: &mut Cache, question: Question, now: Instant) -> (Answer, Vec<Ipv4Addr>) {
            let mut rng = Seed(1).stream("dns");
            let mut resolution = Resolution::new(question, &[ROOT]);
            let mut asked = Vec::new();
            loop {
                match resolution.next(now, cache, &mut rng) {
                    Step::Done(answer) => return (answer, asked),
                    Step::Ask(ask) => {
                        asked.push(ask.server);
                        match self.0.get(&ask.server).and_then(|server| server.answer(&ask.query)) {
                            Some(response) => {
                                resolution.handle_response(now, ask.server.into(), &response, cache);
                            }
                            None => resolution.handle_timeout(),
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn it_walks_down_the_tree_once_and_remembers() {
        let servers = Servers::internet(Vec::new());
        let mut cache = Cache::new(100);
        let www = Question::new(name("www.example.com"), Type::A);
        let (answer, asked) = servers.resolve(&mut cache, www.clone(), Instant::ZERO);
        assert_eq!(answer.answers[0].to_string(), "www.example.com 300 IN A 203.0.113.7");
        assert_eq!(asked, [ROOT, TOP, AUTH]);
        assert!(servers.resolve(&mut cache, www.clone(), Instant::ZERO).1.is_empty(), "from the cache");
        let later = Instant::from_millis(301_000);
        assert_eq!(servers.resolve(&mut cache, www, later).1, [AUTH], "the delegations are still known");
        let other = Question::new(name("other.com"), Type::A);
        assert_eq!(servers.resolve(&mut cache, other, Instant::ZERO).1, [TOP, AUTH]);
    }

    #[test]
    fn what_does_not_exist_is_said_and_remembered() {
        let servers = Servers::internet(Vec::new());
        let mut cache = Cache::new(100);
        let no = Question::new(name("www.nothing.invalid"), Type::A);
        let (answer, asked) = servers.resolve(&mut cache, no.clone(), Instant::ZERO);
        assert_eq!((answer.rcode, answer.authorities.len(), asked), (Rcode::NXDOMAIN, 1, vec![ROOT]));
        assert!(servers.resolve(&mut cache, no, Instant::ZERO).1.is_empty());
        let nodata = Question::new(name("www.example.com"), Type::AAAA);
        let (answer, _) = servers.resolve(&mut cache, nodata, Instant::ZERO);
        assert_eq!((answer.rcode, answer.answers.len()), (Rcode::NOERROR, 0));
    }

    #[test]
    fn aliases_lead_on_across_zones_and_loops_end() {
        let alias = |from: &str, to: &str| ResourceRecord::new(name(from), 60, RData::Cname(name(to)));
        let servers = Servers::internet(vec![
            alias("www.shop.example", "shop.cdn.test"),
            alias("x.loop.example", "y.loop.test"),
            alias("y.loop.test", "x.loop.example"),
        ]);
        let mut cache = Cache::new(100);
        let (answer, _) = servers.resolve(&mut cache, Question::new(name("www.shop.example"), Type::A), Instant::ZERO);
        assert_eq!(answer.answers.iter().map(ResourceRecord::kind).collect::<Vec<_>>(), [Type::CNAME, Type::A]);
        assert_eq!(answer.answers[1].name, name("shop.cdn.test"));
        let (answer, asked) =
            servers.resolve(&mut cache, Question::new(name("x.loop.example"), Type::A), Instant::ZERO);
        assert_eq!(answer.rcode, Rcode::SERVFAIL);
        assert!(asked.len() <= MAX_QUERIES as usize);
    }

    #[test]
    fn a_server_without_glue_is_looked_up_first() {
        let mut top = Records::new(name("com"), name("a.nic.com"), 60);
        top.add(ResourceRecord::new(name("bare.com"), 60, RData::Ns(name("ns.elsewhere.net"))));
        let mut bare = Records::new(name("bare.com"), name("ns.elsewhere.net"), 60);
        bare.add(ResourceRecord::new(name("www.bare.com"), 60, RData::A([203, 0, 113, 9].into())));
        let mut other = Records::new(name("elsewhere.net"), name("ns1.elsewhere.net"), 60);
        other.add(ResourceRecord::new(name("ns.elsewhere.net"), 60, RData::A([198, 51, 100, 1].into())));
        let mut net = Records::new(name("net"), name("a.nic.net"), 60);
        net.add_server(&name("elsewhere.net"), &name("ns1.elsewhere.net"), AUTH, 60);
        let servers = Servers(BTreeMap::from([
            (ROOT, Authority::new(Realm::Root { own: vec![ROOT], top: vec![TOP] })),
            (TOP, Authority::new(Realm::Zones(vec![top, net]))),
            (AUTH, Authority::new(Realm::Zones(vec![other]))),
            ([198, 51, 100, 1].into(), Authority::new(Realm::Zones(vec![bare]))),
        ]));
        let question = Question::new(name("www.bare.com"), Type::A);
        let (answer, asked) = servers.resolve(&mut Cache::new(100), question, Instant::ZERO);
        assert_eq!(answer.answers[0].data, RData::A([203, 0, 113, 9].into()));
        assert_eq!(asked, [ROOT, TOP, ROOT, TOP, AUTH, Ipv4Addr::new(198, 51, 100, 1)]);
    }

    #[test]
    fn servers_that_are_silent_are_asked_again_and_given_up() {
        let servers = Servers(BTreeMap::new());
        let question = Question::new(name("www.example.com"), Type::A);
        let (answer, asked) = servers.resolve(&mut Cache::new(100), question, Instant::ZERO);
        assert_eq!((answer.rcode, asked.len()), (Rcode::SERVFAIL, MAX_ROUNDS as usize));
    }

    #[test]
    fn forged_and_foreign_records_are_not_believed() {
        let mut cache = Cache::new(100);
        let mut rng = Seed(1).stream("dns");
        let mut resolution = Resolution::new(Question::new(name("www.example.com"), Type::A), &[ROOT]);
        let Step::Ask(ask) = resolution.next(Instant::ZERO, &cache, &mut rng) else { panic!("a question") };
        let evil = ResourceRecord::new(name("www.example.com"), 60, RData::A([198, 51, 100, 66].into()));
        let forged = Message { answers: vec![evil.clone()], ..Message::response_to(&ask.query) };
        let mut judge = |message: &Message, from: Ipv4Addr| {
            resolution.handle_response(Instant::ZERO, from.into(), message, &mut cache)
        };
        let wrong_id = Message { id: ask.query.id ^ 1, ..forged.clone() };
        assert_eq!(judge(&wrong_id, ROOT), Verdict::Ignored("with another id"));
        assert_eq!(judge(&forged, TOP), Verdict::Ignored("from somebody else"));
        let question = vec![Question::new(name("www.example.org"), Type::A)];
        let other = Message { questions: question, ..forged.clone() };
        assert_eq!(judge(&other, ROOT), Verdict::Ignored("to another question"));
        // A referral to `com` that brings an address for a name outside `com` as well, from the root: fine. From the
        // server of `com`, records of `org` are not.
        let mut referral = Message::response_to(&ask.query);
        referral.authorities = vec![ResourceRecord::new(name("com"), 60, RData::Ns(name("a.nic.com")))];
        referral.additionals = vec![ResourceRecord::new(name("a.nic.com"), 60, RData::A(TOP))];
        assert_eq!(judge(&referral, ROOT), Verdict::Referral(name("com")));
        let Step::Ask(ask) = resolution.next(Instant::ZERO, &cache, &mut rng) else { panic!("a question") };
        assert_eq!((ask.server, ask.zone.to_string()), (TOP, "com".to_owned()));
        let mut poison = Message::response_to(&ask.query);
        poison.answers = vec![ResourceRecord::new(name("www.victim.org"), 60, RData::A([198, 51, 100, 66].into()))];
        poison.authorities = vec![ResourceRecord::new(name("org"), 60, RData::Ns(name("ns.evil.com")))];
        let verdict = resolution.handle_response(Instant::ZERO, TOP.into(), &poison, &mut cache);
        assert_eq!(verdict, Verdict::Useless("neither an answer nor a referral"));
        assert!(cache.set(Instant::ZERO, &name("www.victim.org"), Type::A).is_empty());
        assert!(cache.set(Instant::ZERO, &name("org"), Type::NS).is_empty());
    }

    #[test]
    fn a_cut_answer_is_asked_for_over_tcp() {
        let mut cache = Cache::new(100);
        let mut rng = Seed(1).stream("dns");
        let mut resolution = Resolution::new(Question::new(name("www.example.com"), Type::A), &[ROOT]);
        let Step::Ask(ask) = resolution.next(Instant::ZERO, &cache, &mut rng) else { panic!("a question") };
        let cut = Message { truncated: true, ..Message::response_to(&ask.query) };
        assert_eq!(resolution.handle_response(Instant::ZERO, ROOT.into(), &cut, &mut cache), Verdict::Truncated);
        let again = resolution.over_tcp().unwrap();
        assert!(again.tcp && again.query == ask.query);
        let whole = ResourceRecord::new(name("www.example.com"), 60, RData::A([203, 0, 113, 7].into()));
        let whole = Message { answers: vec![whole], ..Message::response_to(&ask.query) };
        assert_eq!(resolution.handle_response(Instant::ZERO, ROOT.into(), &whole, &mut cache), Verdict::Answer);
        assert!(matches!(resolution.next(Instant::ZERO, &cache, &mut rng), Step::Done(_)));
    }
}
