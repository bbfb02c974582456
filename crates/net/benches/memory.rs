//! What an idle host and an idle connection cost in memory: divan's "max alloc" divided by the number.
//!
//! `cargo bench -p wirescope-net --bench memory`

use std::net::{Ipv4Addr, SocketAddr};

use base::{Duration, Rate, Seed};
use divan::Bencher;
use host::{HostConfig, InterfaceId};
use net::{LinkConfig, Stop, World};
use trace::{Level, Role, kinds};
use wire::MacAddr;

#[global_allocator]
static ALLOC: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

fn mac(n: u32) -> MacAddr {
    let [a, b, c, d] = n.to_be_bytes();
    MacAddr([2, 0, a, b, c, d])
}

/// Hosts that do nothing, each linked to a port of one switch.
#[divan::bench(args = [1000], sample_count = 3)]
fn idle_hosts(bencher: Bencher, hosts: u16) {
    bencher.bench(|| {
        let mut world = World::new(Seed(1), Level::Off);
        let switch = world.add_switch("switch", hosts);
        for n in 0..hosts {
            let address = Ipv4Addr::from(0x0a00_0001 + u32::from(n));
            let config = HostConfig::new(&format!("host{n}"), Seed(1))
                .interface("eth0", mac(n.into()), &[(address, 8)])
                .gateway(Ipv4Addr::new(10, 255, 255, 254), InterfaceId(0));
            let node = world.add_host(Role::Client, config);
            world.link((node, 0), (switch, n), LinkConfig::new(Duration::from_millis(1), Rate::mbit(100)));
        }
        world
    });
}

/// Established connections between two hosts, both ends counted, each with the tasks that hold its ends. They are opened one
/// after the other: what is counted is what they keep, not the packets of a thousand handshakes at once.
#[divan::bench(args = [1, 1000], sample_count = 3)]
fn idle_connections(bencher: Bencher, connections: usize) {
    bencher.bench(|| {
        let mut world = World::new(Seed(1), Level::Off);
        let mut host = |last: u8| {
            let address = Ipv4Addr::new(10, 0, 0, last);
            let config =
                HostConfig::new(&format!("host{last}"), Seed(1)).interface("eth0", mac(last.into()), &[(address, 8)]);
            world.add_host(Role::Client, config)
        };
        let (a, b) = (host(1), host(2));
        world.link((a, 0), (b, 0), LinkConfig::new(Duration::from_millis(1), Rate::mbit(100)));
        let os = world.os(b);
        world.spawn_root(b, &kinds::app::OPERATOR_STARTS, "", async move {
            let listener = os.tcp_listen(SocketAddr::from(([0, 0, 0, 0], 80)), 4096).unwrap();
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                held.push(stream);
            }
        });
        let os = world.os(a);
        world.spawn_root(a, &kinds::app::USER_OPENS, "", async move {
            for _ in 0..connections {
                let stream = os.tcp_connect(SocketAddr::from(([10, 0, 0, 2], 80))).await.unwrap();
                os.spawn("", async move {
                    std::future::pending::<()>().await;
                    drop(stream);
                });
            }
        });
        assert_eq!(world.run(), Stop::Idle);
        world
    });
}
