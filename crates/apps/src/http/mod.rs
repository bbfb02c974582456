//! HTTP/1.1 over TCP or TLS: unmodified hyper and rustls on simulated sockets.

mod client;
mod connection;
mod eyeballs;
mod server;
mod tls_stream;

pub use client::{Exchange, FetchError, Request, Response, exchange, exchange_over};
pub use connection::Connection;
pub use eyeballs::connect;
pub use server::{Page, Server, serve};
pub use tls_stream::{TlsError, TlsStream};
