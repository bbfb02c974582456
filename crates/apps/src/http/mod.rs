//! HTTP/1.1 and HTTP/2 over TCP or TLS: unmodified hyper, h2 and rustls on simulated sockets.

mod broken_off;
mod client;
mod connection;
mod eyeballs;
mod http2;
mod load;
mod server;
mod session;
mod tls_stream;
mod version;

pub use client::{Exchange, FetchError, Request, Response, exchange};
pub use connection::Connection;
pub use eyeballs::connect;
pub use load::load;
pub use server::{Page, Server, serve};
pub use session::Session;
pub use tls_stream::{TlsError, TlsStream};
pub use version::{Version, Versions};
