//! The names of the simulated internet: a stub resolver, a forwarder, a recursive resolver and the name servers that they
//! ask, from the root down.

mod authority;
mod cache;
mod forwarder;
mod query;
mod recursor;
mod stub;

pub use authority::{Authority, serve};
pub use cache::{Answer, Cache};
pub use forwarder::forward;
pub use query::ResolveError;
pub use recursor::recurse;
pub use stub::Stub;
