//! DNS on hosts: servers in charge of zones, recursive resolvers, forwarders, stub resolvers.
//!
//! The cores are sans-IO: [`cache`], [`zone`], [`authority`], [`recursor`], [`queries`]. The programs around them run on
//! simulated hosts: [`authority_server`], [`recursive_server`], [`forwarder`], [`Stub`].

pub mod authority;
pub mod cache;
pub mod queries;
pub mod recursor;
mod run;
mod serve;
#[cfg(test)]
mod tests;
pub mod zone;

pub use authority::{AddressOf, Authority, Realm};
pub use queries::Policy;
pub use run::{ResolveError, Stub, authority_server, forwarder, recursive_server};
pub use zone::Zone;

/// The longest UDP message that our resolvers and servers take: fits into one packet on nearly every path (RFC 9715 §3.1).
pub const UDP_SIZE: u16 = 1232;
