//! Linux behind our router: forwarding, translation, path MTU discovery.

use std::net::Ipv4Addr;

use base::{Duration, Rate, Seed};
use host::{HostConfig, InterfaceId, NatConfig};
use net::{LinkConfig, World};
use trace::{Level, Role, kinds};
use wire::MacAddr;

use crate::http::{Folder, serve};
use crate::namespace::{Namespace, available};
use crate::real::{Real, host};

/// Linux at 192.168.7.2, behind our router 192.168.7.1 and 203.0.113.7; our server at 203.0.113.80. The router sends packets of
/// at most `mtu` bytes to it.
fn home(mtu: u16) -> Real {
    let seed = Seed(1);
    let mut world = World::new(seed, Level::Full);
    let mut router = HostConfig::new("router", seed)
        .interface("lan", MacAddr([2, 0, 0, 0, 7, 1]), &[(Ipv4Addr::new(192, 168, 7, 1), 24)])
        .interface("wan", MacAddr([2, 0, 0, 0, 113, 7]), &[(Ipv4Addr::new(203, 0, 113, 7), 24)]);
    router.forwarding = true;
    router.nat = Some(NatConfig::new(InterfaceId(1)));
    router.interfaces[1].mtu = mtu;
    let router = world.add_host(Role::Router, router);
    let server = world.add_host(Role::Server, host("server", [203, 0, 113, 80]));
    world.link((router, 1), (server, 0), LinkConfig::new(Duration::from_millis(2), Rate::UNLIMITED));
    world.spawn_root(server, &kinds::app::OPERATOR_STARTS, "web server", serve(world.os(server), 80));
    Real::new(world, router, 0, Namespace::new("192.168.7.2/24", Some("192.168.7.1")))
}

#[test]
fn curl_from_behind_our_translator() {
    if !available("curl_from_behind_our_translator", &["curl", "ping"]) {
        return;
    }
    let mut real = home(1500);
    let ping = real.linux().start("ping", &["-c", "2", "-i", "0.05", "-W", "5", "203.0.113.80"]);
    let output = real.finish(ping);
    assert!(output.contains("2 received, 0% packet loss") && output.contains("ttl=63"), "{output}");
    let curl = real.linux().start("curl", &["-sS", "--max-time", "20", "http://203.0.113.80/100000"]);
    assert_eq!(real.finish_bytes(curl).len(), 100_000);
    assert!(real.count("nat.rewrote") > 100);
    // Linux checked every checksum that we adjusted; our server saw the router alone.
    let now = real.world.now();
    let rows = real.world.host(real.node(), |h| h.nat_table(now));
    assert!(rows.iter().all(|row| *row.inside.ip() == Ipv4Addr::new(192, 168, 7, 2)) && rows.len() == 2, "{rows:?}");
}

#[test]
fn linux_believes_our_icmp_errors() {
    if !available("linux_believes_our_icmp_errors", &["ping"]) {
        return;
    }
    let mut real = home(1500);
    for (args, said) in [
        (["-t", "1", "203.0.113.80"], "From 192.168.7.1 icmp_seq=1 Time to live exceeded"),
        (["-t", "64", "198.51.100.1"], "From 192.168.7.1 icmp_seq=1 Destination Net Unreachable"),
        (["-t", "64", "203.0.113.99"], "From 192.168.7.1 icmp_seq=1 Destination Host Unreachable"),
    ] {
        let mut ping = real.linux().start("ping", &[&["-c", "1", "-W", "8"], &args[..]].concat());
        real.until("ping", |_| ping.is_over());
        let output = ping.output();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(said), "{args:?}: {text}");
    }
}

#[test]
fn linux_discovers_a_narrow_path() {
    if !available("linux_discovers_a_narrow_path", &["curl", "ping"]) {
        return;
    }
    let mut real = home(1000);
    let folder = Folder::new("narrow");
    let file = folder.0.join("sent");
    std::fs::write(&file, vec![0; 200_000]).expect("a file");
    let data = format!("@{}", file.to_str().expect("UTF-8"));
    let args = ["-sS", "--max-time", "40", "-H", "Expect:", "--data-binary", &data, "http://203.0.113.80/"];
    let upload = real.linux().start("curl", &args);
    assert_eq!(real.finish(upload), "200000 false");
    // Linux cuts the next large packet itself; our translator puts it together to see its identifier, cuts it again, and our
    // server puts it together.
    let ping = real.linux().start("ping", &["-c", "1", "-W", "5", "-M", "dont", "-s", "1400", "203.0.113.80"]);
    let output = real.finish(ping);
    assert!(output.contains("1 received"), "{output}");
    assert_eq!((real.count("ip.fragmented"), real.count("ip.reassembled")), (1, 2));
    let told = real.linux().start("ip", &["route", "get", "203.0.113.80"]);
    let told = real.finish(told);
    assert!(told.contains("mtu 1000"), "Linux remembers what our router said: {told}");
}
