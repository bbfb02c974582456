//! wirescope shows every packet of an HTTP(S) request, explains every byte of it and says where the time went.
//!
//! This crate is the front door to the parts that the program `wirescope` is made of; `ARCHITECTURE.md` has the picture.
//! Every request is real protocol code that exchanges real bytes: our own TCP/IP stack, unmodified rustls and hyper above
//! it, over a simulated internet in virtual time, from a seed.
//!
//! # A request, packet by packet
//!
//! A [`Scenario`] says who asks whom for what and over which network; [`run`](scenario::run) makes it a [`Trace`]; a
//! [`Story`] tells it as one point of observation saw it.
//!
//! ```
//! use wirescope::{Outcome, Scenario, Story, TapChoice, scenario};
//!
//! let mut asked = Scenario::for_url("http://192.0.2.80/index.html")?;
//! asked.seed = 7;
//! asked.network.rtt = "40ms".parse()?;
//! let run = scenario::run(&asked)?;
//! assert!(matches!(run.outcome, Outcome::Response { status: 200, .. }));
//!
//! let story = Story::from_trace(run.trace, TapChoice::Client)?;
//! for row in story.rows() {
//!     println!("{:>3} {:>9.3} ms  {} -> {}  {} {}", row.number, row.at.as_millis_f64(), row.from, row.to, row.protocol, row.meaning);
//! }
//!
//! // Packet 1, bit by bit: the leaves tile the frame.
//! let packet = story.packet(1).expect("there is a first packet");
//! let frame = &packet.buffers[0];
//! assert_eq!(frame.record.check_tiling(frame.bytes.len()), Ok(()));
//! // And why it was sent: from the packet back to what the user did, or a machine's start.
//! assert!(story.why(1).last().is_some_and(|link| link.root));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A world of one's own
//!
//! Machines, links and programs can be put together by hand: a simulated internet for the tests of a client or a server
//! that speaks TCP, with faults, and without waiting.
//!
//! ```
//! use std::net::{Ipv4Addr, SocketAddr};
//! use wirescope::base::{Duration, Rate, Seed};
//! use wirescope::net::{LaneConfig, LinkConfig, Stop, World};
//! use wirescope::trace::{Level, Role, kinds::app};
//! use wirescope::{host::HostConfig, wire::MacAddr};
//!
//! let seed = Seed(1);
//! let mut world = World::new(seed, Level::Full);
//! let mut machine = |role, name: &str, last: u8| {
//!     let mac = MacAddr([2, 0, 0, 0, 0, last]);
//!     world.add_host(role, HostConfig::new(name, seed).interface("eth0", mac, &[(Ipv4Addr::new(192, 0, 2, last), 24)]))
//! };
//! let (client, server) = (machine(Role::Client, "client", 1), machine(Role::Server, "server", 2));
//! // Ten milliseconds each way, and one packet in fifty is lost.
//! let lane = LaneConfig::new(Duration::from_millis(10), Rate::mbit(50)).loss("2%".parse()?);
//! world.link((client, 0), (server, 0), LinkConfig::both(lane));
//!
//! let os = world.os(server);
//! world.spawn_root(server, &app::OPERATOR_STARTS, "a server", async move {
//!     let listener = os.tcp_listen(SocketAddr::from(([0, 0, 0, 0], 7)), 16).expect("the port is free");
//!     let (stream, peer) = listener.accept().await.expect("a connection");
//!     assert_eq!(peer.ip(), Ipv4Addr::new(192, 0, 2, 1));
//!     drop(stream);
//! });
//! let os = world.os(client);
//! let connected = world.spawn_root(client, &app::USER_OPENS, "192.0.2.2:7", async move {
//!     os.tcp_connect(SocketAddr::from(([192, 0, 2, 2], 7))).await.is_ok()
//! });
//! assert_eq!(world.run(), Stop::Idle);
//! assert_eq!(connected.take(), Some(true));
//!
//! let trace = world.into_trace();
//! println!("{} frames, {} events", trace.frames.len(), trace.events.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use {
    analyze, apps, base, capture, dissect, drill, explain, export, filter, flow, host, net, scenario, story, tcp, tls,
    trace, web, wire,
};

pub use scenario::{Outcome, Run, Scenario};
pub use story::{Story, TapChoice};
pub use trace::Trace;
