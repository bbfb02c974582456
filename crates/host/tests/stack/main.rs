//! Hosts back to back, over wires that pass frames by hand; what they say is decoded with `wire` and held against the RFCs.

mod arp;
mod dhcp;
mod forward;
mod icmp;
mod ip;
mod ipv6;
mod lab;
mod mutate;
mod nat;
mod soak;
mod soak_world;
mod tcp_sockets;
mod udp;
