//! Bulk transfers between simulated hosts.

use std::net::{Ipv4Addr, SocketAddr};

use base::{Duration, Rate, Seed};
use bytes::{Buf, Bytes};
use host::{HostConfig, InterfaceId};
use net::{LaneConfig, LinkConfig, Stop, World};
use trace::{Level, Role, kinds};
use wire::MacAddr;

/// Data bytes of a full segment on Ethernet, with timestamps.
pub const SEGMENT: usize = 1448;
/// Two bandwidth-delay products: 1 Gbit/s for 20 ms is 2.5 MB.
const QUEUE: usize = 5_000_000;

fn mac(kind: u8, n: usize) -> MacAddr {
    MacAddr([2, kind, 0, 0, (n >> 8) as u8, n as u8])
}

/// How the programs hand their bytes over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Programs {
    /// As with POSIX' write and read: copied into the socket, and copied out of it.
    Copy,
    /// Shared: the stack alone is measured. All checksums are computed all the same.
    Share,
}

/// What the servers send, again and again, as a program does that sends from one buffer.
const SOURCE: usize = 1 << 17;

/// `total` bytes: `pairs` clients on the left of a router, as many servers on the right; each pair carries `flows` flows from server to
/// client. Each host has a link of its own to the router, and all flows share 1 Gbit/s where they leave the servers' side:
/// a second router and the bottleneck between the two would be a third hop, so with more than one pair each link gets its
/// share of the rate.
pub struct Bulk {
    world: World,
    per_flow: usize,
}

impl Bulk {
    /// A world in which the transfer has not begun.
    pub fn new(total: usize, pairs: usize, flows: usize, level: Level, programs: Programs) -> Bulk {
        let seed = Seed(1);
        let mut world = World::new(seed, level);
        // Network n of a side is 10.side.x.y/30 where it lies n * 4 from the side's start.
        let address = |side: u8, n: usize, last: usize| {
            let [_, _, a, b] = ((n * 4 + last) as u32).to_be_bytes();
            Ipv4Addr::new(10, side, a, b)
        };
        let mut router = HostConfig::new("router", seed);
        router.forwarding = true;
        for side in [1, 2] {
            for n in 0..pairs {
                let name = format!("{side}.{n}");
                router = router.interface(&name, mac(side + 2, n), &[(address(side, n, 1), 30)]);
            }
        }
        let router = world.add_host(Role::Router, router);
        let rate = Rate(1_000_000_000 / pairs as u64);
        // Flows that begin all at once would overflow that with their first windows, and nothing is to be lost here: then there is
        // room for all that is sent.
        let queue = if flows == 1 { QUEUE } else { QUEUE.max(total.div_ceil(SEGMENT) * 2 * 1514) };
        let lane = || LaneConfig::new(Duration::from_millis(5), rate).queue_bytes(queue);
        let per_flow = total / (pairs * flows);
        let source = Bytes::from((0..SOURCE).map(|i| ((i * 31) >> 3) as u8).collect::<Vec<u8>>());
        for n in 0..pairs {
            let mut host = |side: u8, name: &str| {
                let config = HostConfig::new(&format!("{name}{n}"), seed)
                    .interface("eth0", mac(side, n), &[(address(side, n, 2), 30)])
                    .gateway(address(side, n, 1), InterfaceId(0));
                let node = world.add_host(Role::Client, config);
                let port = (usize::from(side) - 1) * pairs + n;
                world.link((node, 0), (router, port as u16), LinkConfig::both(lane()));
                node
            };
            let (client, server) = (host(1, "client"), host(2, "server"));
            let (os, source) = (world.os(server), source.clone());
            world.spawn_root(server, &kinds::app::OPERATOR_STARTS, "bulk", async move {
                let listener = os.tcp_listen(SocketAddr::from(([0, 0, 0, 0], 80)), 4096).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let source = source.clone();
                    os.spawn("send", async move {
                        let mut left = per_flow;
                        while left > 0 {
                            let mut piece = source.slice(..left.min(SOURCE));
                            left -= piece.len();
                            if programs == Programs::Share {
                                stream.send_all(piece).await.unwrap();
                                continue;
                            }
                            while !piece.is_empty() {
                                let n = std::future::poll_fn(|cx| stream.poll_write(cx, &piece)).await.unwrap();
                                piece.advance(n);
                            }
                        }
                    });
                }
            });
            for _ in 0..flows {
                let os = world.os(client);
                let server = SocketAddr::from((address(2, n, 2), 80));
                world.spawn_root(client, &kinds::app::USER_OPENS, "bulk", async move {
                    let stream = os.tcp_connect(server).await.unwrap();
                    let mut buffer = vec![0; if programs == Programs::Copy { 1 << 16 } else { 0 }];
                    let mut got = 0;
                    loop {
                        let n = match programs {
                            Programs::Copy => {
                                std::future::poll_fn(|cx| stream.poll_read(cx, &mut buffer)).await.unwrap()
                            }
                            Programs::Share => {
                                std::future::poll_fn(|cx| stream.poll_recv(cx, 1 << 16)).await.unwrap().len()
                            }
                        };
                        if n == 0 {
                            break;
                        }
                        got += n;
                    }
                    assert_eq!(got, per_flow);
                });
            }
        }
        Bulk { world, per_flow }
    }

    /// Runs the transfer to its end.
    pub fn run(mut self) -> World {
        assert!(self.per_flow > 0);
        assert_eq!(self.world.run(), Stop::Idle);
        self.world
    }
}
