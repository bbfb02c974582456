//! The secrets of the connections, in the order in which they came to be, in the form that other programs read
//! (RFC 9850; it began as NSS' key log and is known as `SSLKEYLOGFILE`).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::KeyLog;

/// One secret of one connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyLine {
    /// What it is the secret of: `CLIENT_RANDOM` (TLS 1.2), `CLIENT_HANDSHAKE_TRAFFIC_SECRET`, ...
    pub label: String,
    /// The 32 random bytes of the ClientHello: which connection.
    pub client_random: Vec<u8>,
    /// The secret.
    pub secret: Vec<u8>,
}

/// The line of a key log file, without its newline.
impl fmt::Display for KeyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)?;
        for bytes in [&self.client_random, &self.secret] {
            f.write_str(" ")?;
            for byte in bytes {
                write!(f, "{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Collects secrets. Both ends of a connection may log here: the second to tell a secret is not heard.
#[derive(Debug, Default)]
pub struct KeyLines(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    lines: Vec<KeyLine>,
    seen: BTreeSet<(Vec<u8>, String)>,
    /// How many [`KeyLines::take_new`] has given.
    taken: usize,
}

impl KeyLines {
    /// An empty log.
    pub fn new() -> Arc<KeyLines> {
        Arc::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many secrets there are.
    pub fn len(&self) -> usize {
        self.state().lines.len()
    }
    /// Whether there is no secret yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The secrets after the first `n`, so that a reader can take what is new.
    pub fn since(&self, n: usize) -> Vec<KeyLine> {
        self.state().lines.get(n..).unwrap_or_default().to_vec()
    }
    /// The secrets that no earlier call has given.
    pub fn take_new(&self) -> Vec<KeyLine> {
        let mut state = self.state();
        let (from, to) = (state.taken, state.lines.len());
        state.taken = to;
        state.lines.get(from..).unwrap_or_default().to_vec()
    }
    /// All secrets as the text of a key log file.
    pub fn text(&self) -> String {
        self.state().lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

impl KeyLog for KeyLines {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut state = self.state();
        if state.seen.insert((client_random.to_vec(), label.to_owned())) {
            let (label, client_random, secret) = (label.to_owned(), client_random.to_vec(), secret.to_vec());
            state.lines.push(KeyLine { label, client_random, secret });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_order_and_come_once() {
        let log = KeyLines::new();
        log.log("B", &[1, 0xff], &[2]);
        log.log("A", &[1, 0xff], &[3]);
        log.log("B", &[1, 0xff], &[2]);
        assert_eq!(log.text(), "B 01ff 02\nA 01ff 03\n");
        assert_eq!(log.since(1).len(), 1);
        assert!(log.since(9).is_empty());
    }
}
