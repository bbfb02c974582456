//! IPv6 and both families together: what a user sees of them.

use scenario::{IpVersions, Outcome, Run, Scenario, run};
use trace::{Arg, Event};

fn play(url: &str, turn: impl FnOnce(&mut Scenario)) -> Run {
    let mut scenario = Scenario::for_url(url).expect("a URL");
    turn(&mut scenario);
    let run = run(&scenario).expect("it comes to an end");
    assert!(matches!(run.outcome, Outcome::Response { status: 200, .. }), "{:?}", run.outcome);
    run
}

fn events<'r>(run: &'r Run, id: &str) -> Vec<&'r Event> {
    run.trace.events.iter().filter(|event| event.kind.id == id).collect()
}

/// The address that the client's connection was opened to.
fn connected(run: &Run) -> std::net::IpAddr {
    let won = events(run, "race.won");
    let [won] = won.as_slice() else { panic!("{} winners", won.len()) };
    assert!(matches!(won.kind.args[0], Arg::Socket));
    run.trace.socket(won.args[0]).ip()
}

#[test]
fn a_page_over_ipv6_alone() {
    let run = play("https://www.example.com/", |scenario| scenario.network.ip = IpVersions::Six);
    assert!(run.server.is_ipv6());
    // Two addresses are made and checked: one for the link, one of the advertised prefix. There is no DHCP.
    assert_eq!((events(&run, "nd.formed").len(), events(&run, "nd.address").len()), (2, 2));
    assert_eq!(events(&run, "nd.router").len(), 1);
    assert!(events(&run, "dhcp.sent").is_empty());
    let client = run.trace.places.iter().find(|place| place.name == "laptop").expect("the laptop");
    let arp = run.trace.events.iter().filter(|event| event.place == client.id && event.kind.id.starts_with("arp."));
    assert_eq!(arp.count(), 0);
}

#[test]
fn ipv6_is_preferred_where_both_work() {
    let run = play("http://www.example.com/", |scenario| scenario.network.ip = IpVersions::Dual);
    assert!(connected(&run).is_ipv6());
    assert_eq!(events(&run, "race.tries").len(), 1, "nothing else is tried");
}

#[test]
fn broken_ipv6_costs_a_quarter_of_a_second() {
    let run = play("http://www.example.com/", |scenario| {
        scenario.network.ip = IpVersions::Dual;
        scenario.network.ipv6_broken = true;
    });
    assert!(connected(&run).is_ipv4());
    let tries = events(&run, "race.tries");
    let [first, second] = tries.as_slice() else { panic!("{} attempts", tries.len()) };
    assert!(run.trace.socket(first.args[0]).is_ipv6() && run.trace.socket(second.args[0]).is_ipv4());
    assert_eq!(second.at - first.at, base::Duration::from_millis(250), "RFC 8305 §5");
}

#[test]
fn a_direct_network_speaks_it_too() {
    for ip in [IpVersions::Six, IpVersions::Dual] {
        play("http://www.example.com/", |scenario| {
            scenario.network.ip = ip;
            scenario.network.topology = scenario::Topology::Direct;
            scenario.client.knows_address = true;
        });
    }
}

#[test]
fn a_laptop_that_joined_earlier_has_its_addresses() {
    for ip in [IpVersions::Six, IpVersions::Dual] {
        let run = play("http://www.example.com/", |scenario| {
            scenario.network.ip = ip;
            scenario.client.join = scenario::Join::Already;
        });
        assert!(events(&run, "nd.formed").is_empty());
    }
}

#[test]
fn runs_of_one_seed_are_alike() {
    let bytes = || {
        let run = play("http://www.example.com/", |scenario| scenario.network.ip = IpVersions::Dual);
        run.trace.frames.metas().iter().map(|meta| run.trace.frames.bytes(meta.id).to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    let mut scenario = Scenario::for_url("http://www.example.com/").unwrap();
    (scenario.network.ip, scenario.network.mtu) = (IpVersions::Six, 576);
    assert!(scenario.check().unwrap_err().to_string().contains("1280"));
    let mut scenario = Scenario::for_url("http://203.0.113.7/").unwrap();
    scenario.network.ip = IpVersions::Six;
    assert!(scenario.check().unwrap_err().to_string().contains("host name"));
}
