//! One machine of the simulated internet, sans-IO: Ethernet, ARP, IPv4 both ways, ICMP, UDP and TCP with their sockets, routes,
//! forwarding, and network address translation. It is a small, correct stack: over a TAP device it talks to Linux.
//!
//! [`Host`] is everything; [`HostConfig`] says what it is made of.

mod arp;
mod config;
mod host;
mod icmp;
mod incremental;
mod interface;
mod ipv4;
mod nat;
mod neighbour;
mod output;
mod ports;
mod routes;
mod sockets;
mod tcp;
mod timers;
mod udp;

pub use crate::tcp::{ConnectionRow, FastOpenConnect};
pub use config::{EphemeralPorts, HostConfig, InterfaceConfig, NatConfig, PortOrder, Route};
pub use host::Host;
pub use interface::{Interface, InterfaceId, Outgoing};
pub use nat::{NatRow, NatState};
pub use neighbour::{Neighbour, NeighbourState};
pub use routes::{Prefix, Routes};
pub use sockets::{ConnectOptions, Datagram, ListenOptions, PingAnswer, PingResult, SocketId, UdpOptions};
