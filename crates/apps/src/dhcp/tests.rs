//! Client and server together on a simulated link.

use std::net::Ipv4Addr;

use base::{Duration, Instant, Rate, Seed};
use host::{HostConfig, InterfaceId};
use net::link::{Fault, Match, Then, Which};
use net::{Join, LinkConfig, NodeId, World};
use trace::{Level, Role, Trace, kinds};
use wire::MacAddr;
use wire::dhcp::{Message, MessageType};

use super::*;

const LAN: InterfaceId = InterfaceId(0);
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
const FIRST: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 100);
const LEASE: i64 = 600;

fn pool() -> Pool {
    Pool {
        server: SERVER,
        addresses: (FIRST, Ipv4Addr::new(192, 168, 1, 199)),
        prefix: 24,
        router: SERVER,
        dns: vec![SERVER],
        lease: Duration::from_secs(LEASE),
    }
}

fn link() -> LinkConfig {
    LinkConfig::new(Duration::from_millis(1), Rate::mbit(100))
}

/// A router that serves, for `serves` or for ever, and a laptop without an address.
fn lan(link: LinkConfig, serves: Option<Duration>) -> (World, NodeId) {
    let mut world = World::new(Seed(1), Level::Full);
    let config = HostConfig::new("router", Seed(1)).interface("lan", MacAddr([2, 0, 0, 0, 0, 1]), &[(SERVER, 24)]);
    let router = world.add_host(Role::Router, config);
    let config = HostConfig::new("laptop", Seed(1)).interface("eth0", MacAddr([2, 0, 0, 0, 0, 2]), &[]);
    let laptop = world.add_host(Role::Client, config);
    world.link((laptop, 0), (router, 0), link);
    let os = world.os(router);
    let server = async move {
        match serves {
            None => serve(os, LAN, pool()).await,
            Some(length) => drop(os.clone().timeout(length, serve(os, LAN, pool())).await),
        }
    };
    drop(world.spawn_root(router, &kinds::app::OPERATOR_STARTS, "the DHCP server", server));
    (world, laptop)
}

/// The laptop joins, and keeps its lease as long as the world runs.
fn join(world: &World, laptop: NodeId) -> Join<Result<Lease, JoinError>> {
    let os = world.os(laptop);
    world.spawn_root(laptop, &kinds::app::USER_JOINS, "", async move {
        let mut client = Client::new(os.clone(), LAN)?;
        let lease = client.join().await?;
        drop(os.spawn("dhcp", client.keep(lease.clone())));
        Ok(lease)
    })
}

fn seconds(n: i64) -> Instant {
    Instant::ZERO + Duration::from_secs(n)
}

fn addresses(world: &World, node: NodeId) -> Vec<Ipv4Addr> {
    world.os(node).with_host(|host, _| host.interfaces()[0].addresses().iter().map(|(address, _)| *address).collect())
}

/// The DHCP messages that the laptop's machine sent and received, each frame once: time, type, destination.
fn messages(trace: &Trace) -> Vec<(i64, MessageType, Ipv4Addr)> {
    let mut seen = Vec::new();
    for frame in trace.frames.metas() {
        let bytes = trace.frames.bytes(frame.id);
        // Ethernet and IPv4 without options, UDP; as sent, not as received.
        if frame.derived_from.is_none()
            && bytes.get(12..14) == Some(&[8, 0])
            && bytes.get(23) == Some(&17)
            && let Some(Ok(message)) = bytes.get(42..).map(Message::parse)
            && let Some(kind) = message.message_type()
        {
            let to = Ipv4Addr::new(bytes[30], bytes[31], bytes[32], bytes[33]);
            seen.push((frame.at.as_nanos() / 1_000_000_000, kind, to));
        }
    }
    seen
}

#[test]
fn four_messages_configure_a_machine() {
    let (mut world, laptop) = lan(link(), None);
    let lease = join(&world, laptop);
    world.run_until(seconds(10));
    let lease = lease.take().expect("it is over").expect("a lease");
    assert_eq!((lease.address, lease.prefix, lease.router), (FIRST, 24, Some(SERVER)));
    assert_eq!(lease.dns, [SERVER]);
    assert_eq!(addresses(&world, laptop), [FIRST]);
    let trace = world.into_trace();
    let everybody = Ipv4Addr::BROADCAST;
    // RFC 2131 §3.1; the answers go straight to the laptop, which did not ask for broadcasts (§4.1).
    assert_eq!(
        messages(&trace),
        [
            (0, MessageType::DISCOVER, everybody),
            (0, MessageType::OFFER, FIRST),
            (0, MessageType::REQUEST, everybody),
            (0, MessageType::ACK, FIRST),
        ]
    );
}

#[test]
fn a_lost_discover_is_sent_again_after_about_four_seconds() {
    let mut lossy = link();
    lossy.a_to_b = lossy.a_to_b.fault(Fault { of: Match::All, which: Which::Range(1, 2), then: Then::Lose });
    let (mut world, laptop) = lan(lossy, None);
    let lease = join(&world, laptop);
    world.run_until(seconds(60));
    assert!(lease.take().is_some_and(|lease| lease.is_ok()));
    let times: Vec<i64> = messages(&world.into_trace())
        .iter()
        .filter(|(_, kind, _)| *kind == MessageType::DISCOVER)
        .map(|(at, ..)| *at)
        .collect();
    // RFC 2131 §4.1: 4 s, then 8 s, each give or take one.
    assert_eq!(times.len(), 3);
    assert!((3..=5).contains(&times[1]) && (7..=9).contains(&(times[2] - times[1])), "{times:?}");
}

#[test]
fn the_lease_is_renewed_at_half_its_time_with_its_server_alone() {
    let (mut world, laptop) = lan(link(), None);
    drop(join(&world, laptop));
    world.run_until(seconds(LEASE * 3));
    assert_eq!(addresses(&world, laptop), [FIRST]);
    let renewals: Vec<_> = messages(&world.into_trace()).split_off(4);
    assert_eq!(renewals.len(), 2 * 5, "at 300, 600, 900, 1200 and 1500 s: {renewals:?}");
    for (i, pair) in renewals.chunks(2).enumerate() {
        assert_eq!(pair[0], (300 * (i as i64 + 1), MessageType::REQUEST, SERVER), "RFC 2131 §4.4.5: unicast");
        assert_eq!((pair[1].1, pair[1].2), (MessageType::ACK, FIRST));
    }
}

#[test]
fn without_its_server_the_client_asks_everybody_and_gives_the_address_up_at_the_end() {
    let (mut world, laptop) = lan(link(), Some(Duration::from_secs(100)));
    drop(join(&world, laptop));
    world.run_until(seconds(LEASE - 1));
    assert_eq!(addresses(&world, laptop), [FIRST], "it is the client's to the last second");
    world.run_until(seconds(LEASE + 1));
    assert!(addresses(&world, laptop).is_empty(), "RFC 2131 §4.4.5: it must stop using it");
    let requests: Vec<_> = messages(&world.into_trace()).split_off(4);
    // T2 is 525 s: from then on the requests are broadcast (REBINDING).
    let (renewing, rest): (Vec<_>, Vec<_>) = requests.into_iter().partition(|(at, ..)| *at < 525);
    assert!(!renewing.is_empty() && renewing.iter().all(|(_, _, to)| *to == SERVER), "{renewing:?}");
    assert!(rest.iter().all(|(_, _, to)| *to == Ipv4Addr::BROADCAST), "{rest:?}");
    assert!(rest.iter().any(|(_, kind, _)| *kind == MessageType::REQUEST));
    assert!(rest.iter().any(|(at, kind, _)| *at >= LEASE && *kind == MessageType::DISCOVER), "and it starts again");
}

#[test]
fn without_any_server_the_client_gives_up() {
    let (mut world, laptop) = lan(link(), Some(Duration::ZERO));
    let lease = join(&world, laptop);
    world.run_until(seconds(300));
    assert_eq!(lease.take(), Some(Err(JoinError::NoServer)));
    let discovers = messages(&world.into_trace());
    // 4, 8, 16, 32 and 64 s: RFC 2131 §4.1.
    assert_eq!(discovers.len(), 5);
}
