//! One machine of the simulated internet, sans-IO: Ethernet, ARP and neighbour discovery, IPv4 and IPv6 both ways, ICMP, UDP
//! and TCP with their sockets, routes, forwarding, and network address translation. It is a small, correct stack: over a TAP device it talks to Linux.
//!
//! [`Host`] is everything; [`HostConfig`] says what it is made of.

mod arp;
mod config;
mod holdings;
mod host;
mod icmp;
mod icmpv6;
mod incremental;
mod interface;
mod ipv4;
mod ipv6;
mod nat;
mod nd;
mod neighbour;
mod output;
mod ports;
mod qdisc;
mod reassembly;
mod routes;
mod sockets;
mod tcp;
mod timers;
mod udp;

pub use crate::tcp::{ConnectionRow, FastOpenConnect};
pub use config::{
    Advertise, AdvertisedPrefix, EphemeralPorts, HostConfig, InterfaceConfig, Ipv6Config, NatConfig, PortOrder, Route,
};
pub use holdings::Holdings;
pub use host::Host;
pub use interface::{Interface, InterfaceId, Outgoing};
pub use ipv6::{AddressState, Ipv6Address};
pub use nat::{NatRow, NatState};
pub use neighbour::{Neighbour, NeighbourState};
pub use routes::{Prefix, Routes};
pub use sockets::{ConnectOptions, Datagram, ListenOptions, PingAnswer, PingResult, SocketId, UdpOptions};
pub use udp::UdpError;
