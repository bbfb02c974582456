//! The programs together, on a small simulated internet: a stub behind a forwarder, a resolver, three servers.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use base::{Chance, Duration, Instant, Rate, Seed};
use host::HostConfig;
use net::{Join, LaneConfig, LinkConfig, NodeId, World};
use trace::{Level, Role, kinds};
use wire::MacAddr;
use wire::dns::{RData, ResourceRecord};

use super::*;

/// Machines at one switch, each with 192.0.2.n.
struct Lan {
    world: World,
    switch: NodeId,
    next: u8,
}

fn address(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, n)
}

impl Lan {
    fn new(seed: u64) -> Lan {
        let mut world = World::new(Seed(seed), Level::Full);
        let switch = world.add_switch("switch", 8);
        Lan { world, switch, next: 0 }
    }
    fn machine(&mut self, name: &str, link: LinkConfig) -> NodeId {
        self.next += 1;
        let n = self.next;
        let config = HostConfig::new(name, Seed(1)).interface("eth0", MacAddr([2, 0, 0, 0, 0, n]), &[(address(n), 24)]);
        let node = self.world.add_host(Role::NameServer, config);
        self.world.link((node, 0), (self.switch, n.into()), link);
        node
    }
    fn start(
        &mut self,
        node: NodeId,
        name: &'static str,
        task: impl Future<Output = Result<(), tcp::Errno>> + 'static,
    ) {
        drop(self.world.spawn_root(node, &kinds::app::OPERATOR_STARTS, name, async move {
            if let Err(error) = task.await {
                panic!("{name}: {error:?}");
            }
        }));
    }
}

fn fast() -> LinkConfig {
    LinkConfig::new(Duration::from_millis(1), Rate::mbit(100))
}

/// Machine 1 is the stub's, 2 the forwarder, 3 the resolver, 4 the root, 5 the top-level domains, 6 everybody's.
fn internet(seed: u64, stub_link: LinkConfig, fixed: Vec<ResourceRecord>) -> (Lan, NodeId) {
    let mut lan = Lan::new(seed);
    let stub = lan.machine("laptop", stub_link);
    let hosts: AddressOf = Rc::new(|name| vec![IpAddr::from([203, 0, 113, name.label_count() as u8])]);
    let node = lan.machine("router", fast());
    let os = lan.world.os(node);
    lan.start(node, "forwarder", forwarder(os, address(2), vec![address(3)], 100));
    let node = lan.machine("resolver", fast());
    let os = lan.world.os(node);
    lan.start(node, "resolver", recursive_server(os, vec![address(4)], 1000));
    let realms = [
        Realm::Root { own: vec![address(4)], top: vec![address(5)] },
        Realm::Top { own: vec![address(5)], hosts: vec![address(6)], address: hosts.clone() },
        Realm::Hosts { own: vec![address(6)], address: hosts, fixed },
    ];
    for (name, realm) in ["root", "top", "authority"].into_iter().zip(realms) {
        let node = lan.machine(name, fast());
        let os = lan.world.os(node);
        lan.start(node, name, authority_server(os, Authority::new(realm)));
    }
    (lan, stub)
}

type Addresses = Result<Vec<Ipv4Addr>, ResolveError>;

/// Lets the stub resolve these, one after the other.
fn resolve(lan: &mut Lan, node: NodeId, servers: &[Ipv4Addr], hosts: &[&'static str]) -> Vec<(Addresses, Duration)> {
    let stub = Stub::new(&lan.world.os(node), servers, 100);
    let (os, hosts) = (lan.world.os(node), hosts.to_vec());
    let join: Join<Vec<(Addresses, Duration)>> =
        lan.world.spawn_root(node, &kinds::app::USER_OPENS, "the names", async move {
            let mut results = Vec::new();
            for host in hosts {
                let start = os.now();
                results.push((stub.resolve(host).await, os.now() - start));
            }
            results
        });
    lan.world.run_until(Instant::from_millis(120_000));
    join.take().expect("it ends")
}

/// How often each kind of event happened.
fn count(lan: Lan, id: &str) -> usize {
    let trace = lan.world.into_trace();
    trace.events.iter().filter(|event| event.kind.id == id).count()
}

#[test]
fn a_name_is_found_through_forwarder_resolver_and_the_tree() {
    let (mut lan, stub) = internet(1, fast(), Vec::new());
    let hosts = ["www.example.com", "www.example.com", "example.com", "localhost"];
    let results = resolve(&mut lan, stub, &[address(2)], &hosts);
    assert_eq!(results[0].0, Ok(vec![[203, 0, 113, 3].into()]));
    assert_eq!(results[1], (Ok(vec![[203, 0, 113, 3].into()]), Duration::ZERO), "from the machine's own cache");
    assert_eq!(results[2].0, Ok(vec![[203, 0, 113, 2].into()]));
    assert_eq!(results[3], (Ok(vec![Ipv4Addr::LOCALHOST]), Duration::ZERO));
    // Stub, forwarder, resolver to root, top and authority; then stub, forwarder, resolver to authority.
    assert_eq!(count(lan, "dns.query"), 5 + 3);
}

#[test]
fn names_that_do_not_exist_are_told_apart() {
    let (mut lan, stub) = internet(1, fast(), Vec::new());
    let results = resolve(&mut lan, stub, &[address(2)], &["www.nowhere.invalid", "a..b", "www.nowhere.invalid"]);
    assert_eq!(results[0].0, Err(ResolveError::NoSuchName("www.nowhere.invalid".parse().unwrap())));
    assert!(matches!(results[1].0, Err(ResolveError::NotAName(_))));
    assert_eq!(results[2].1, Duration::ZERO, "remembered too: RFC 2308");
}

#[test]
fn a_lost_question_is_asked_again_after_five_seconds() {
    // Every frame that leaves the laptop is lost.
    let mut link = fast();
    link.a_to_b = link.a_to_b.loss(Chance::ALWAYS);
    let (mut lan, stub) = internet(1, link, Vec::new());
    let results = resolve(&mut lan, stub, &[address(2)], &["www.example.com"]);
    // ARP fails sooner than DNS: three questions a second apart, then the host is unreachable.
    assert!(matches!(results[0].0, Err(ResolveError::TimedOut | ResolveError::Network(_))), "{results:?}");
    let lane: LaneConfig = fast().a_to_b;
    let mut link = fast();
    // What follows the laptop's ARP question is lost: the first query.
    link.a_to_b = lane.fault(net::link::Fault {
        of: net::link::Match::All,
        which: net::link::Which::Nth(2),
        then: net::link::Then::Lose,
    });
    let (mut lan, stub) = internet(1, link, Vec::new());
    let results = resolve(&mut lan, stub, &[address(2)], &["www.example.com"]);
    assert!(results[0].0.is_ok());
    assert!(results[0].1 >= Duration::from_secs(5) && results[0].1 < Duration::from_secs(6), "{:?}", results[0].1);
    assert_eq!(count(lan, "dns.timeout"), 1);
}

#[test]
fn what_is_too_long_for_udp_comes_over_tcp() {
    let name: wire::dns::Name = "many.example.com".parse().unwrap();
    let fixed = (0..200).map(|i| ResourceRecord::new(name.clone(), 60, RData::A([203, 0, 113, i].into()))).collect();
    let (mut lan, stub) = internet(1, fast(), fixed);
    let results = resolve(&mut lan, stub, &[address(2)], &["many.example.com"]);
    assert_eq!(results[0].0.as_ref().map(Vec::len), Ok(200));
}

#[test]
fn runs_of_one_seed_are_alike() {
    let run = |seed| {
        let (mut lan, stub) = internet(seed, fast(), Vec::new());
        resolve(&mut lan, stub, &[address(2)], &["www.example.com", "x.test"]);
        let trace = lan.world.into_trace();
        trace.events.iter().map(|event| (event.at, event.kind.id, event.subject)).collect::<Vec<_>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8), "ids are drawn");
}
