//! IPv6 against Linux': neighbours, pings, fragments, TCP, and the addresses that Linux makes of our advertisements.

use std::net::{Ipv6Addr, SocketAddr};

use base::Seed;
use host::{Advertise, HostConfig, InterfaceId, Ipv6Config, Prefix};
use net::World;
use trace::{Level, Role, kinds};
use wire::MacAddr;

use crate::http::{Folder, nginx, nginx_config, pattern};
use crate::namespace::{Namespace, available, wait_for};
use crate::ping::{linux_pings, we_ping};
use crate::real::Real;

const LINUX: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, 1);
const OURS: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, 2);

fn ours(ipv6: Ipv6Config) -> HostConfig {
    HostConfig::new("ours", Seed(1)).interface("eth0", MacAddr([2, 0, 0, 0, 0, 2]), &[]).ipv6(ipv6)
}

fn link_local() -> (Ipv6Addr, u8) {
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2), 64)
}

/// Our host on the wire to Linux, in one prefix.
fn pair() -> Real {
    let mut world = World::new(Seed(1), Level::Full);
    let node = world.add_host(Role::Server, ours(Ipv6Config::fixed(&[link_local(), (OURS, 64)])));
    let linux = Namespace::new("", None);
    linux.ip(&["-6", "addr", "add", &format!("{LINUX}/64"), "dev", "eth0", "nodad"]);
    Real::new(world, node, 0, linux)
}

#[test]
fn linux_pings_us_over_ipv6() {
    if !available("linux_pings_us_over_ipv6", &["ping"]) {
        return;
    }
    let mut real = pair();
    linux_pings(&mut real, &OURS.to_string(), ["0", "56", "1452", "1453", "20000"]);
    assert_eq!(real.count("icmpv6.echo"), 15);
    assert_eq!(real.count("ipv6.reassembled"), 6, "two sizes were larger than the link's MTU");
    assert!(real.count("nd.answered") > 0, "Linux asked who we are");
}

#[test]
fn we_ping_linux_over_ipv6() {
    if !available("we_ping_linux_over_ipv6", &[]) {
        return;
    }
    let mut real = pair();
    we_ping(&mut real, LINUX.into(), [0, 56, 1453, 20_000]);
    assert!(real.count("nd.learned") > 0, "Linux answered who it is");
}

#[test]
fn curl_fetches_from_us_over_ipv6() {
    if !available("curl_fetches_from_us_over_ipv6", &["curl"]) {
        return;
    }
    let mut real = pair();
    let os = real.os();
    drop(real.world.spawn_root(real.node(), &kinds::app::OPERATOR_STARTS, "server", crate::http::serve(os, 8080)));
    let url = format!("http://[{OURS}]:8080/300000");
    let curl = real.linux().start("curl", &["-g", "-6", "-s", "-S", "--max-time", "30", &url]);
    let got = real.finish_bytes(curl);
    assert!(got == pattern(300_000), "{} bytes", got.len());
}

#[test]
fn linux_makes_itself_an_address_of_what_we_advertise() {
    if !available("linux_makes_itself_an_address_of_what_we_advertise", &["ping"]) {
        return;
    }
    let mut world = World::new(Seed(1), Level::Full);
    let prefix = Prefix::new(OURS, 64);
    let advertise = Some(Advertise::prefix(prefix));
    let ipv6 = Ipv6Config { addresses: vec![link_local(), (OURS, 64)], advertise, ..Ipv6Config::default() };
    let mut config = ours(ipv6);
    config.forwarding = true;
    let node = world.add_host(Role::Router, config);
    world.with_host(node, &kinds::app::OPERATOR_STARTS, "router advertisements", |host, cx| {
        host.start_advertising(InterfaceId(0), cx);
    });
    let mut real = Real::new(world, node, 0, Namespace::new("", None));
    // Linux asks for routers once its link-local address is checked, and then checks the address that it makes.
    real.until("Linux' own address", |real| {
        let said = ip(real, &["-6", "addr", "show", "dev", "eth0", "scope", "global", "-tentative"]);
        said.contains("2001:db8:77:")
    });
    let routes = ip(&real, &["-6", "route"]);
    assert!(routes.contains("default via fe80::2"), "{routes}");
    let ping = real.linux().start("ping", &["-6", "-c", "2", "-i", "0.05", "-W", "5", &OURS.to_string()]);
    let output = real.finish(ping);
    assert!(output.contains("2 received, 0% packet loss"), "{output}");
    assert!(real.count("nd.advertised") > 0);
}

/// What `ip` says inside.
fn ip(real: &Real, args: &[&str]) -> String {
    let output = real.linux().command("ip").args(args).output().expect("ip runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn our_client_talks_to_a_server_of_linux_over_ipv6() {
    if !available("our_client_talks_to_a_server_of_linux_over_ipv6", &["nginx"]) {
        return;
    }
    let mut real = pair();
    let folder = Folder::new("nginx6");
    std::fs::write(folder.file("file"), pattern(200_000)).expect("a file");
    let mut server = nginx(real.linux(), &folder, &nginx_config(&folder, "[::]:8080"));
    let pid = folder.0.join("pid");
    wait_for("nginx", || pid.exists() || server.is_over());
    assert!(!server.is_over(), "{:?}", server.output());
    let os = real.os();
    let answer = real.world.spawn_root(real.node(), &kinds::app::USER_OPENS, "get", async move {
        let to = SocketAddr::new(LINUX.into(), 8080);
        let stream = os.tcp_connect(to).await.expect("a connection");
        let request = "GET /file HTTP/1.1\r\nHost: linux\r\nConnection: close\r\n\r\n";
        stream.send_all(request.into()).await.expect("it is sent");
        stream.recv_to_end().await.expect("an answer")
    });
    let answer = real.join(&answer);
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"), "{:?}", String::from_utf8_lossy(&answer[..answer.len().min(200)]));
    assert!(answer.ends_with(&pattern(200_000)), "{} bytes", answer.len());
}
