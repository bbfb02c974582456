//! Configurations for clients and servers.

use std::sync::Arc;

use base::Rng;
use rustls::client::Resumption;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::{CipherSuite, ClientConfig, Error, RootCertStore, ServerConfig, SupportedProtocolVersion, version};

use crate::clock::LeasedClock;
use crate::random::Lease;
use crate::sessions::{ClientSessions, ServerSessions};
use crate::{Clock, Group, KeyLines, Ticketer, provider};

/// Which versions of TLS are offered or accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Versions {
    /// TLS 1.3 (RFC 8446) and TLS 1.2 (RFC 5246).
    #[default]
    Both,
    /// TLS 1.3 only.
    Tls13,
    /// TLS 1.2 only.
    Tls12,
}

impl Versions {
    fn list(self) -> Vec<&'static SupportedProtocolVersion> {
        match self {
            Versions::Both => vec![&version::TLS13, &version::TLS12],
            Versions::Tls13 => vec![&version::TLS13],
            Versions::Tls12 => vec![&version::TLS12],
        }
    }
}

/// Whether, and how, a later connection may take up an earlier one's session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Resume {
    /// The server stores sessions under an id (TLS 1.2) or a ticket that is only a reference (TLS 1.3). The only kind
    /// that rustls combines with early data, because it can tell whether a ticket was used before.
    #[default]
    Stored,
    /// The server seals the session into the ticket and stores nothing (RFC 5077).
    Tickets,
    /// Every connection is a full handshake.
    Never,
}

/// What a client or a server speaks. The default is both versions, every suite, X25519 before P-256, no ALPN, stored
/// sessions, no early data and no key log.
#[derive(Clone, Debug)]
pub struct Options {
    /// The versions.
    pub versions: Versions,
    /// The cipher suites, the preferred first; empty for all of them.
    pub suites: Vec<CipherSuite>,
    /// The groups, the preferred first. A client sends a share of the first alone.
    pub groups: Vec<Group>,
    /// Application protocols, the preferred first (RFC 7301); empty for no negotiation.
    pub alpn: Vec<Vec<u8>>,
    /// Resumption.
    pub resume: Resume,
    /// How many bytes of early data (0-RTT, RFC 8446 §2.3) a server accepts; a client sends some if this is not zero.
    pub early_data: u32,
    /// Where the secrets go.
    pub key_log: Option<Arc<KeyLines>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            versions: Versions::Both,
            suites: Vec::new(),
            groups: vec![Group::X25519, Group::Secp256r1],
            alpn: Vec::new(),
            resume: Resume::Stored,
            early_data: 0,
            key_log: None,
        }
    }
}

/// A client that trusts `roots`, draws its randomness from `rng` and reads the time from `clock`.
///
/// # Errors
/// [`Error::General`] when the options name a suite that there is not, or leave a version without any.
pub fn client(
    rng: Rng,
    clock: &Arc<Clock>,
    roots: Arc<RootCertStore>,
    options: &Options,
) -> Result<Arc<ClientConfig>, Error> {
    let (provider, time) = parts(rng, clock, options)?;
    let mut config = ClientConfig::builder_with_details(provider, time)
        .with_protocol_versions(&options.versions.list())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols.clone_from(&options.alpn);
    config.enable_early_data = options.early_data != 0;
    config.resumption = match options.resume {
        Resume::Never => Resumption::disabled(),
        Resume::Stored | Resume::Tickets => Resumption::store(Arc::new(ClientSessions::default())),
    };
    if let Some(log) = &options.key_log {
        config.key_log = log.clone();
    }
    Ok(Arc::new(config))
}

/// A server that shows `certificates`, draws its randomness from `rng` and reads the time from `clock`.
///
/// # Errors
/// As [`client`].
pub fn server(
    mut rng: Rng,
    clock: &Arc<Clock>,
    certificates: Arc<dyn ResolvesServerCert>,
    options: &Options,
) -> Result<Arc<ServerConfig>, Error> {
    let mut ticket_seed = [0; 8];
    rng.fill(&mut ticket_seed);
    let (provider, time) = parts(rng, clock, options)?;
    let mut config = ServerConfig::builder_with_details(provider, time)
        .with_protocol_versions(&options.versions.list())?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols.clone_from(&options.alpn);
    config.max_early_data_size = options.early_data;
    match options.resume {
        Resume::Stored => config.session_storage = Arc::new(ServerSessions::default()),
        Resume::Tickets => {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            let tickets = base::Seed(u64::from_be_bytes(ticket_seed)).stream("tls/tickets");
            config.ticketer = Ticketer::new(tickets, clock);
        }
        Resume::Never => {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
    }
    if let Some(log) = &options.key_log {
        config.key_log = log.clone();
    }
    Ok(Arc::new(config))
}

/// The provider and the clock, which keeps the provider's randomness on lease.
fn parts(
    rng: Rng,
    clock: &Arc<Clock>,
    options: &Options,
) -> Result<(Arc<rustls::crypto::CryptoProvider>, Arc<LeasedClock>), Error> {
    let lease = Lease::new(rng);
    let mut provider = provider::assemble(lease.slot(), &options.groups);
    if !options.suites.is_empty() {
        provider::restrict(&mut provider, &options.suites)?;
    }
    Ok((Arc::new(provider), Arc::new(LeasedClock { clock: clock.clone(), _lease: lease })))
}
