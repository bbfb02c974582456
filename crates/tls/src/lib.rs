//! Everything that lets an unmodified rustls run inside the simulation: a crypto provider whose randomness comes from
//! the run's seed, a certificate authority for whatever name is asked, time that is virtual, and the key log.
//!
//! ```
//! use base::{Seed, WallTime};
//! use tls::{Authority, Certificates, Clock, KeyLines, Options, Request};
//!
//! let seed = Seed(1);
//! let clock = Clock::new(WallTime::SIMULATION_EPOCH);
//! let keys = KeyLines::new();
//! let options = Options { key_log: Some(keys.clone()), alpn: vec![b"http/1.1".to_vec()], ..Options::default() };
//!
//! let authority = Authority::simulated();
//! let identity = authority.issue(&mut seed.stream("tls/certificate"), &Request::new("www.example.com"))?;
//! let server = tls::server(seed.stream("tls/server"), &clock, Certificates::new(identity), &options)?;
//! let client = tls::client(seed.stream("tls/laptop"), &clock, authority.roots(), &options)?;
//!
//! let _connection = rustls::ClientConnection::new(client, "www.example.com".try_into()?)?;
//! let _acceptor = rustls::ServerConnection::new(server)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Two runs of one seed give the same bytes on the wire, the same certificates and the same key log. Nothing here reads
//! a clock or draws entropy, and no dependency does so for us, with one exception that changes no byte: rustls' builders
//! create their own session caches before ours replace them, and those are standard hash maps, whose hasher takes 16
//! bytes of the system's entropy once a thread.
//!
//! The primitives are RustCrypto's and dalek's, written in Rust: that they take their randomness as an argument is what
//! makes a run repeatable. For connections on a real network a hardened provider is the better choice.

//!
//! What it costs (`cargo bench -p wirescope-tls`, one shared core of an AMD EPYC, both ends together): a full handshake
//! with a question and an answer 0.83 ms, of which the client's three ECDSA verifications (the handshake, the leaf, the
//! intermediate) are 0.55; with a new certificate and configurations 0.97 ms; resumed 0.18 ms; the hybrid group 0.27 ms
//! more. The intermediate's verification is 0.18 ms that a chain of two would save: it stays, because the real web's
//! chains have three.

mod aead;
mod authority;
mod certificate;
mod clock;
mod config;
mod der;
mod hash;
mod hybrid;
mod key_exchange;
mod key_log;
mod provider;
mod random;
mod record12;
mod record13;
mod sessions;
mod signing;
mod suites;
mod ticket;
mod verify;

pub use authority::{Authority, Certificates, Defect, NameError, Request};
pub use certificate::pem;
pub use clock::Clock;
pub use config::{Options, Resume, Versions, client, server};
pub use key_log::{KeyLine, KeyLines};
pub use provider::{Group, provider};
pub use signing::{KeyKind, PrivateKey};
pub use ticket::Ticketer;
