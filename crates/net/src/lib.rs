//! The simulated internet: virtual time, links with delay, rate, queue and faults, switches, hosts, and the one-thread
//! executor on which their programs run: unmodified hyper and rustls among them.
//!
//! A [`World`] holds everything. Its hosts are [`host::Host`]s; their programs are tasks that hold an [`Os`] and sockets.
//! Each interface of each device is a tap that the trace shows, and each happening has its cause: a frame's sending is
//! caused by what made its host send it, its arrival by its sending, what a task does by the event that woke it.

pub mod adapt;
mod agenda;
mod core;
mod exec;
pub mod link;
mod node;
mod os;
mod ping;
mod socket;
mod switch;
mod tcp_socket;
mod udp_socket;
mod wait;
mod world;

pub use adapt::{Exec, Timer};
pub use link::{LaneConfig, LaneStats, LinkConfig, QueueLimit};
pub use node::{LinkId, NodeId};
pub use os::{Join, Os};
pub use ping::PingSocket;
pub use switch::{AGEING_TIME, Switch, TABLE_SIZE};
pub use tcp_socket::{TcpListener, TcpStream};
pub use udp_socket::{Message, UdpSocket};
pub use wait::{Elapsed, Sleep};
pub use world::{DEFAULT_LIMIT, Stop, World};
