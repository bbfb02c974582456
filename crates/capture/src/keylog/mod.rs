//! TLS key logs: the SSLKEYLOGFILE format (RFC 9850) that browsers and curl write and Wireshark reads.
//!
//! ```
//! use capture::keylog::{KeyLog, Label};
//! let line = format!("CLIENT_RANDOM {} {}\r\n", "0a".repeat(32), "BB".repeat(48));
//! let (log, problems) = KeyLog::parse(line.as_bytes());
//! assert!(problems.is_empty());
//! assert_eq!(log.find(&[0x0a; 32], &Label::MasterSecret), Some(&[0xbb; 48][..]));
//! ```

mod hex;
mod label;
mod parse;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

pub use label::Label;

use hex::Hex;

/// The secrets of connections, each found by the Random of its ClientHello. Connections and their secrets keep the order
/// in which they came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeyLog {
    connections: Vec<Connection>,
    by_client_random: BTreeMap<[u8; 32], usize>,
    rsa: Vec<RsaSecret>,
}

/// The secrets of one connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connection {
    /// The Random of its ClientHello (of the inner one, where Encrypted Client Hello was accepted).
    pub client_random: [u8; 32],
    /// Its secrets.
    pub secrets: Vec<Secret>,
}

/// One secret of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Secret {
    /// Which it is.
    pub label: Label,
    /// The secret itself.
    pub bytes: Vec<u8>,
}

/// A line of the older kind that names no ClientHello: TLS 1.2 and before, not in RFC 9850.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RsaSecret {
    /// `RSA`: a premaster secret, found by the first eight bytes of its encrypted form in the ClientKeyExchange.
    Premaster {
        /// The first eight bytes of the encrypted premaster secret.
        encrypted_start: [u8; 8],
        /// The premaster secret.
        premaster: Vec<u8>,
    },
    /// `RSA Session-ID: Master-Key:`: a master secret, found by the session's id.
    Session {
        /// The session id of the ServerHello.
        session_id: Vec<u8>,
        /// The master secret.
        master: Vec<u8>,
    },
}

/// What became of a secret that was given to a [`KeyLog`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inserted {
    /// It is new.
    New,
    /// It was there already.
    Known,
    /// The connection has a different secret under the same label; both are kept, the older one first.
    Contradicts,
    /// The connection has as many secrets as are kept of one; this one is not.
    Full,
}

impl KeyLog {
    /// The most secrets that are kept of one connection: a real one has fewer than ten and one more a key update.
    pub const PER_CONNECTION: usize = 1_000;

    /// Reads a key log; what is wrong with it is told line by line and hinders nothing else.
    pub fn parse(text: &[u8]) -> (KeyLog, crate::Problems) {
        let mut log = KeyLog::default();
        let problems = log.read(text);
        (log, problems)
    }

    /// Reads a further key log into this one.
    pub fn read(&mut self, text: &[u8]) -> crate::Problems {
        parse::read(self, text)
    }

    /// Adds all secrets of another log.
    pub fn merge(&mut self, other: &KeyLog) {
        for connection in &other.connections {
            for secret in &connection.secrets {
                self.insert(connection.client_random, secret.label.clone(), &secret.bytes);
            }
        }
        for rsa in &other.rsa {
            self.insert_rsa(rsa.clone());
        }
    }

    /// Adds one secret.
    pub fn insert(&mut self, client_random: [u8; 32], label: Label, bytes: &[u8]) -> Inserted {
        let index = *self.by_client_random.entry(client_random).or_insert_with(|| {
            self.connections.push(Connection { client_random, secrets: Vec::new() });
            self.connections.len() - 1
        });
        let Some(connection) = self.connections.get_mut(index) else { return Inserted::Full };
        let mut inserted = Inserted::New;
        for secret in connection.secrets.iter().filter(|secret| secret.label == label) {
            if secret.bytes == bytes {
                return Inserted::Known;
            }
            inserted = Inserted::Contradicts;
        }
        if connection.secrets.len() >= KeyLog::PER_CONNECTION {
            return Inserted::Full;
        }
        connection.secrets.push(Secret { label, bytes: bytes.to_vec() });
        inserted
    }

    /// Adds a secret of the older kind, once.
    pub fn insert_rsa(&mut self, secret: RsaSecret) {
        // Repetitions come one after the other; elsewhere they do no harm and looking for them would cost.
        if self.rsa.last() != Some(&secret) {
            self.rsa.push(secret);
        }
    }

    /// All connections, in the order in which they came.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }
    /// The secrets of one connection; none if the log does not know it.
    pub fn secrets(&self, client_random: &[u8; 32]) -> &[Secret] {
        let connection = self.by_client_random.get(client_random).and_then(|index| self.connections.get(*index));
        connection.map_or(&[], |connection| &connection.secrets)
    }
    /// The first secret of one connection under a label.
    pub fn find(&self, client_random: &[u8; 32], label: &Label) -> Option<&[u8]> {
        self.secrets(client_random).iter().find(|secret| secret.label == *label).map(|secret| secret.bytes.as_slice())
    }
    /// The secrets of the older kind.
    pub fn rsa(&self) -> &[RsaSecret] {
        &self.rsa
    }
    /// Whether there are no secrets at all.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.rsa.is_empty()
    }
}

/// As SSLKEYLOGFILE text (RFC 9850 §2): connections in the order in which they came, hex in lower case, line ends LF.
impl fmt::Display for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for connection in &self.connections {
            for secret in &connection.secrets {
                writeln!(f, "{} {} {}", secret.label, Hex(&connection.client_random), Hex(&secret.bytes))?;
            }
        }
        for rsa in &self.rsa {
            match rsa {
                RsaSecret::Premaster { encrypted_start, premaster } => {
                    writeln!(f, "RSA {} {}", Hex(encrypted_start), Hex(premaster))?;
                }
                RsaSecret::Session { session_id, master } => {
                    writeln!(f, "RSA Session-ID:{} Master-Key:{}", Hex(session_id), Hex(master))?;
                }
            }
        }
        Ok(())
    }
}
