//! Resolution over servers without a network.

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
        let address: super::super::authority::AddressOf = Rc::new(|_| vec![[203, 0, 113, 7].into()]);
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
    let (answer, asked) = servers.resolve(&mut cache, Question::new(name("x.loop.example"), Type::A), Instant::ZERO);
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
    let mut judge =
        |message: &Message, from: Ipv4Addr| resolution.handle_response(Instant::ZERO, from.into(), message, &mut cache);
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
