//! DHCP for IPv4 (RFC 2131): a client that joins a network and keeps its lease, and a server with a pool of addresses.

mod client;
mod leases;
mod server;
#[cfg(test)]
mod tests;

pub use client::{Client, JoinError, Lease};
pub use leases::{Leases, Pool, Reply, To};
pub use server::serve;

/// The port that servers listen on (RFC 2131 §4.1).
pub const SERVER_PORT: u16 = 67;
/// The port that clients listen on (RFC 2131 §4.1).
pub const CLIENT_PORT: u16 = 68;
