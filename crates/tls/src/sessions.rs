//! Where clients and servers remember sessions to resume. rustls' own caches are standard hash maps; these have the
//! fixed order that a repeatable run needs, and forget the oldest entry first.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use rustls::server::StoresServerSessions;

/// How many servers a client, and how many sessions a server, remembers.
const CAPACITY: usize = 256;
/// How many TLS 1.3 tickets a client keeps of one server; each is used once (RFC 8446 appendix C.4).
const TICKETS_PER_SERVER: usize = 8;

/// What a client remembers of the servers it spoke to.
#[derive(Default)]
pub(crate) struct ClientSessions(Mutex<VecDeque<(ServerName<'static>, Known)>>);

#[derive(Default)]
struct Known {
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: VecDeque<Tls13ClientSessionValue>,
}

impl ClientSessions {
    /// Runs `read` on what is known of `server`, if anything is.
    fn look<T>(&self, server: &ServerName<'_>, read: impl FnOnce(&mut Known) -> Option<T>) -> Option<T> {
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        servers.iter_mut().find(|(name, _)| name == server).and_then(|(_, known)| read(known))
    }

    /// Runs `write` on what is known of `server`, which is remembered from now on.
    fn learn(&self, server: ServerName<'static>, write: impl FnOnce(&mut Known)) {
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = servers.iter_mut().find(|(name, _)| *name == server) {
            return write(known);
        }
        let mut known = Known::default();
        write(&mut known);
        if servers.len() == CAPACITY {
            servers.pop_front();
        }
        servers.push_back((server, known));
    }
}

impl ClientSessionStore for ClientSessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.learn(server, |known| known.group = Some(group));
    }
    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.look(server, |known| known.group)
    }
    fn set_tls12_session(&self, server: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.learn(server, |known| known.tls12 = Some(session));
    }
    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.look(server, |known| known.tls12.clone())
    }
    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.look(server, |known| known.tls12.take());
    }
    fn insert_tls13_ticket(&self, server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.learn(server, |known| {
            if known.tls13.len() == TICKETS_PER_SERVER {
                known.tls13.pop_front();
            }
            known.tls13.push_back(ticket);
        });
    }
    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.look(server, |known| known.tls13.pop_back())
    }
}

impl fmt::Debug for ClientSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSessions")
    }
}

/// What a server remembers under the session ids and tickets that it gave out.
#[derive(Default)]
pub(crate) struct ServerSessions(Mutex<Stored>);

#[derive(Default)]
struct Stored {
    sessions: BTreeMap<Vec<u8>, Vec<u8>>,
    oldest_first: VecDeque<Vec<u8>>,
}

impl StoresServerSessions for ServerSessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if stored.sessions.insert(key.clone(), value).is_none() {
            stored.oldest_first.push_back(key);
            if stored.oldest_first.len() > CAPACITY
                && let Some(oldest) = stored.oldest_first.pop_front()
            {
                stored.sessions.remove(&oldest);
            }
        }
        true
    }
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).sessions.get(key).cloned()
    }
    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = stored.sessions.remove(key)?;
        stored.oldest_first.retain(|other| other != key);
        Some(session)
    }
    fn can_cache(&self) -> bool {
        true
    }
}

impl fmt::Debug for ServerSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSessions")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_forgets_its_oldest_session_first() {
        let sessions = ServerSessions::default();
        for n in 0..=CAPACITY as u32 {
            assert!(sessions.put(n.to_be_bytes().to_vec(), vec![1]));
        }
        assert_eq!(sessions.get(&0u32.to_be_bytes()), None);
        assert_eq!(sessions.take(&1u32.to_be_bytes()), Some(vec![1]));
        assert_eq!(sessions.take(&1u32.to_be_bytes()), None, "taken once");
        assert!(sessions.put(2u32.to_be_bytes().to_vec(), vec![2]), "replaces");
        assert_eq!(sessions.get(&2u32.to_be_bytes()), Some(vec![2]));
    }

    #[test]
    fn a_client_forgets_the_server_it_met_first() {
        let sessions = ClientSessions::default();
        let name = |n: usize| ServerName::try_from(format!("host{n}.example")).unwrap();
        for n in 0..=CAPACITY {
            sessions.set_kx_hint(name(n), NamedGroup::X25519);
        }
        assert_eq!(sessions.kx_hint(&name(0)), None);
        assert_eq!(sessions.kx_hint(&name(CAPACITY)), Some(NamedGroup::X25519));
    }
}
