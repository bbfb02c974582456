//! DHCP and DNS: Linux' programs ask our servers, our DHCP client asks Linux' server.

use std::net::Ipv4Addr;
use std::rc::Rc;

use apps::dhcp::{Client, Pool};
use apps::dns::{AddressOf, Authority, Realm, authority_server, forwarder, recursive_server};
use base::{Duration, Rate, Seed};
use host::{HostConfig, InterfaceId, NatConfig};
use net::{LinkConfig, NodeId, World};
use trace::{Level, Role, kinds};
use wire::MacAddr;

use crate::http::{Folder, serve};
use crate::namespace::{Namespace, available, wait_for};
use crate::real::{Real, host};

const LAN: InterfaceId = InterfaceId(0);
const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 168, 7, 1);

/// Linux, without an address yet, on the LAN of our home router, which gives addresses and forwards questions; behind it our
/// internet with a recursive resolver, three levels of name servers, and www.example.com, which serves HTTP.
fn internet() -> Real {
    let seed = Seed(1);
    let mut world = World::new(seed, Level::Full);
    let mut router = HostConfig::new("router", seed)
        .interface("lan", MacAddr([2, 0, 0, 0, 7, 1]), &[(ROUTER, 24)])
        .interface("wan", MacAddr([2, 0, 0, 0, 113, 7]), &[(Ipv4Addr::new(203, 0, 113, 7), 24)]);
    router.forwarding = true;
    router.nat = Some(NatConfig::new(InterfaceId(1)));
    let router = world.add_host(Role::Router, router);
    let switch = world.add_switch("exchange", 8);
    let link = LinkConfig::new(Duration::from_millis(1), Rate::UNLIMITED);
    world.link((router, 1), (switch, 0), link.clone());
    let mut port = 0;
    let mut machine = |world: &mut World, name: &str, last: u8| -> NodeId {
        let node = world.add_host(Role::NameServer, host(name, [203, 0, 113, last]));
        port += 1;
        world.link((node, 0), (switch, port), link.clone());
        node
    };
    let address = |last| Ipv4Addr::new(203, 0, 113, last);
    let (recursor, web) = (machine(&mut world, "recursor", 53), machine(&mut world, "www", 80));
    let www: AddressOf = Rc::new(move |_| vec![address(80).into()]);
    let realms = [
        ("root", 1, Realm::Root { own: vec![address(1)], top: vec![address(2)] }),
        ("top", 2, Realm::Top { own: vec![address(2)], hosts: vec![address(3)], address: www.clone() }),
        ("hosts", 3, Realm::Hosts { own: vec![address(3)], address: www, fixed: Vec::new() }),
    ];
    let start = &kinds::app::OPERATOR_STARTS;
    for (name, last, realm) in realms {
        let node = machine(&mut world, name, last);
        let server = authority_server(world.os(node), Authority::new(realm));
        world.spawn_root(node, start, "name server", server);
    }
    let resolver = recursive_server(world.os(recursor), vec![address(1)], 1000);
    world.spawn_root(recursor, start, "resolver", resolver);
    world.spawn_root(web, start, "web server", serve(world.os(web), 80));
    let proxy = forwarder(world.os(router), ROUTER, vec![address(53)], 100);
    world.spawn_root(router, start, "DNS proxy", proxy);
    let pool = Pool {
        server: ROUTER,
        addresses: (Ipv4Addr::new(192, 168, 7, 100), Ipv4Addr::new(192, 168, 7, 199)),
        prefix: 24,
        router: ROUTER,
        dns: vec![ROUTER],
        lease: Duration::from_secs(3600),
    };
    world.spawn_root(router, start, "DHCP server", apps::dhcp::serve(world.os(router), LAN, pool));
    Real::new(world, router, 0, Namespace::new("", None))
}

/// A script for udhcpc that prints what it got and sets the device up.
const SCRIPT: &str = "#!/bin/sh\n\
    [ \"$1\" = bound ] || exit 0\n\
    echo \"lease $ip/$mask $router $dns $lease $serverid\"\n\
    ip addr add \"$ip/$mask\" dev \"$interface\" && ip route add default via \"$router\"\n";

#[test]
fn linux_joins_our_network_and_finds_its_way_to_a_page() {
    if !available("linux_joins_our_network_and_finds_its_way_to_a_page", &["udhcpc", "dig", "curl"]) {
        return;
    }
    let mut real = internet();
    let folder = Folder::new("udhcpc");
    let script = folder.file("script");
    std::fs::write(&script, SCRIPT).expect("a file");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a script");
    let udhcpc = real.linux().start("udhcpc", &["-i", "eth0", "-f", "-n", "-q", "-t", "10", "-T", "1", "-s", &script]);
    let printed = real.finish(udhcpc);
    assert!(printed.contains("lease 192.168.7.100/24 192.168.7.1 192.168.7.1 3600 192.168.7.1"), "{printed}");
    assert_eq!((real.count("dhcp.offered"), real.count("dhcp.leased")), (1, 1));

    let mut dig = |args: &[&str]| {
        let dig = real.linux().start("dig", &[&["@192.168.7.1", "+tries=2", "+time=5"], args].concat());
        real.finish(dig)
    };
    assert_eq!(dig(&["+short", "www.example.com"]), "203.0.113.80\n");
    assert_eq!(dig(&["+short", "+tcp", "www.example.com"]), "203.0.113.80\n", "RFC 7766 §5: over TCP as well");
    let full = dig(&["www.example.com"]);
    assert!(full.contains("status: NOERROR") && full.contains("flags: qr rd ra"), "{full}");
    assert!(!full.contains("Warning") && !full.contains("malformed"), "{full}");
    let absent = dig(&["no.such.name.invalid"]);
    assert!(absent.contains("status: NXDOMAIN") && absent.contains("SOA"), "{absent}");
    let other_type = dig(&["www.example.com", "AAAA"]);
    assert!(other_type.contains("status: NOERROR") && other_type.contains("ANSWER: 0"), "{other_type}");

    let resolve = "www.example.com:80:203.0.113.80";
    let curl = real.linux().start(
        "curl",
        &[
            "-sS",
            "--max-time",
            "20",
            "--resolve",
            resolve,
            "-o",
            "/dev/null",
            "-w",
            "%{http_code} %{size_download}",
            "http://www.example.com/12345",
        ],
    );
    assert_eq!(real.finish(curl), "200 12345");
}

#[test]
fn we_join_linux_network() {
    if !available("we_join_linux_network", &["busybox", "ping"]) {
        return;
    }
    let seed = Seed(1);
    let mut world = World::new(seed, Level::Full);
    let config = HostConfig::new("laptop", seed).interface("eth0", MacAddr([2, 0, 0, 0, 0, 5]), &[]);
    let node = world.add_host(Role::Client, config);
    let mut real = Real::new(world, node, 0, Namespace::new("10.77.0.1/24", None));
    let folder = Folder::new("udhcpd");
    let (leases, pid) = (folder.file("leases"), folder.file("pid"));
    std::fs::write(&leases, "").expect("a file");
    let config = format!(
        "start 10.77.0.50\nend 10.77.0.60\ninterface eth0\nlease_file {leases}\npidfile {pid}\n\
         option subnet 255.255.255.0\nopt router 10.77.0.1\nopt dns 10.77.0.1 9.9.9.9\noption lease 600\n"
    );
    let file = folder.file("udhcpd.conf");
    std::fs::write(&file, config).expect("a file");
    let mut server = real.linux().start("busybox", &["udhcpd", "-f", &file]);
    wait_for("udhcpd", || std::path::Path::new(&pid).exists() || server.is_over());
    assert!(!server.is_over(), "{:?}", server.output());
    let os = real.os();
    let lease = real.world.spawn_root(node, &kinds::app::USER_JOINS, "", async move {
        let mut client = Client::new(os, InterfaceId(0)).expect("an interface");
        client.join().await.expect("a lease")
    });
    let lease = real.join(&lease);
    assert_eq!(
        (lease.prefix, lease.router, lease.server),
        (24, Some(Ipv4Addr::new(10, 77, 0, 1)), Ipv4Addr::new(10, 77, 0, 1))
    );
    assert_eq!(lease.dns, [Ipv4Addr::new(10, 77, 0, 1), Ipv4Addr::new(9, 9, 9, 9)]);
    assert_eq!(lease.length, Duration::from_secs(600));
    assert!(Ipv4Addr::new(10, 77, 0, 50) <= lease.address && lease.address <= Ipv4Addr::new(10, 77, 0, 60));
    // It is configured with it.
    let ping = real.linux().start("ping", &["-c", "2", "-i", "0.05", "-W", "5", &lease.address.to_string()]);
    let output = real.finish(ping);
    assert!(output.contains("2 received"), "{output}");
}
