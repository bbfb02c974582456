//! One direction of a TLS 1.3 connection: which traffic secret protects the next record (RFC 8446 §5, §7).

use capture::keylog::{KeyLog, Label};
use wire::tls::{CipherSuite, Suite};

use super::digest::expand_label;
use super::hello::ClientHello;
use super::messages::Message;
use super::opened::{Epoch, Plaintext};
use super::protection::{Fault, Protection13, supported};
use super::session::{Hole, Known, Record, Sender};
use super::why::Why;

/// After a hole, how many sequence numbers are tried at most for one record.
const WINDOW: u64 = 256;
/// How many attempts beyond the first of a record are made in one direction, all in all: holes cost no more than this.
const SPARE_ATTEMPTS: u32 = 4096;

/// One direction's place in the sequence of secrets.
pub(super) struct Half13 {
    /// Whose keys protect the next record; `None` before the first.
    epoch: Option<Epoch>,
    sequence: u64,
    /// Protected records so far.
    records: u64,
    /// Bytes are missing since the last record that opened.
    hole: Option<Hole>,
    /// Whether a record of the handshake failed: then its end may have been missed.
    lost_track: bool,
    spare_attempts: u32,
    /// The keys that were made, by epoch and suite.
    keys: Vec<(Epoch, CipherSuite, Protection13)>,
    /// The application traffic secret after some number of key updates, once one was needed.
    application: Option<(u32, Vec<u8>)>,
}

impl Default for Half13 {
    fn default() -> Half13 {
        Half13 {
            epoch: None,
            sequence: 0,
            records: 0,
            hole: None,
            lost_track: false,
            spare_attempts: SPARE_ATTEMPTS,
            keys: Vec::new(),
            application: None,
        }
    }
}

/// One attempt: these keys with these sequence numbers.
struct Attempt {
    epoch: Epoch,
    from: u64,
    count: u64,
}

impl Half13 {
    /// Bytes are missing from here on.
    pub(super) fn missing(&mut self, hole: Hole) {
        let earlier = self.hole.map_or(0, |earlier| earlier.len);
        let offset = self.hole.map_or(hole.offset, |earlier| earlier.offset);
        self.hole = Some(Hole { offset, len: hole.len.saturating_add(earlier) });
    }

    /// What is missing, if something is since the last record that opened.
    pub(super) fn hole(&self) -> Option<Hole> {
        self.hole
    }

    /// Whether a protected record may be opened although no ServerHello was seen.
    pub(super) fn may_open(&self, sender: Sender, known: &Known, keys: &KeyLog) -> bool {
        let Some(client) = &known.client else { return false };
        let label = match sender {
            Sender::Client if client.early_data => return true,
            Sender::Client => Label::ClientHandshakeTrafficSecret,
            Sender::Server => Label::ServerHandshakeTrafficSecret,
        };
        keys.find(&client.random, &label).is_some()
    }

    /// Opens a record of type application_data.
    pub(super) fn open(
        &mut self,
        sender: Sender,
        record: &Record<'_>,
        known: &Known,
        keys: &KeyLog,
    ) -> Result<Plaintext, Why> {
        let client = known.client.as_ref().ok_or(Why::HandshakeNotSeen)?;
        let epoch = self.next(sender, client);
        let suites = match &known.server {
            Some(server) => vec![server.suite],
            None => client.suites.clone(),
        };
        let mut first_fault = None;
        let mut first_why = None;
        for (nth, attempt) in self.attempts(epoch).into_iter().enumerate() {
            for suite in &suites {
                match self.try_attempt(&attempt, *suite, sender, record, known, keys) {
                    Ok(Ok(plaintext)) => return Ok(self.opened(plaintext)),
                    Ok(Err(fault)) if nth == 0 && first_fault.is_none() => first_fault = Some(fault),
                    Ok(Err(_)) => {}
                    Err(why) if nth == 0 => first_why = better(first_why, why),
                    Err(_) => {}
                }
            }
        }
        let sequence = self.sequence;
        self.closed(epoch);
        Err(match (first_fault, first_why, self.hole) {
            (Some(Fault::TooShort(least)), ..) => Why::TooShort { len: record.fragment.len(), least },
            (Some(Fault::BadTag), _, Some(hole)) => Why::Missing { offset: hole.offset, len: hole.len },
            (Some(Fault::BadTag), _, None) => Why::BadTag { record: self.records, sequence },
            (None, Some(why), _) => why,
            (None, None, _) => Why::HandshakeNotSeen,
        })
    }

    /// A message came that ends the use of a secret. The record that it came in was its last.
    pub(super) fn advance(&mut self, sender: Sender, message: Message, known: &Known, keys: &KeyLog) {
        let next = match (self.epoch, message) {
            // RFC 8446 §4.5.
            (Some(Epoch::Early), Message::EndOfEarlyData) => Epoch::Handshake,
            // RFC 8446 §4.4.4: after its Finished a side sends under the application traffic secret.
            (Some(Epoch::Handshake), Message::Finished) => Epoch::Application(0),
            // RFC 8446 §7.2: the next generation.
            (Some(Epoch::Application(n)), Message::KeyUpdate) => {
                let of = |(epoch, id, _): &(Epoch, CipherSuite, _)| (*epoch == Epoch::Application(n)).then_some(*id);
                let Some(suite) = self.keys.iter().find_map(of).and_then(CipherSuite::suite) else { return };
                // The generation that ends must be known, to derive the next.
                if self.application(n, &suite, sender, known, keys).is_err() {
                    return;
                }
                Epoch::Application(n.saturating_add(1))
            }
            _ => return,
        };
        self.enter(next, 0);
    }

    /// What to try for the next record, the likeliest first.
    fn attempts(&mut self, epoch: Epoch) -> Vec<Attempt> {
        // Each lost record had a header of 5 bytes and at least 17 of protection.
        let window = self.hole.map_or(0, |hole| (hole.len / 22).saturating_add(1).min(WINDOW));
        let mut attempts = vec![Attempt { epoch, from: self.sequence, count: window + 1 }];
        let after = |epoch| match epoch {
            Epoch::Early => Epoch::Handshake,
            Epoch::Handshake => Epoch::Application(0),
            Epoch::Application(n) => Epoch::Application(n.saturating_add(1)),
        };
        // A server may reject early data, and then no message ends them: the handshake's first record shows it.
        // And where a part of the handshake could not be read, its end is not seen either.
        let uncertain = self.lost_track || self.hole.is_some();
        if epoch == Epoch::Early || uncertain {
            attempts.push(Attempt { epoch: after(epoch), from: 0, count: window + 1 });
        }
        if epoch == Epoch::Early && uncertain {
            attempts.push(Attempt { epoch: Epoch::Application(0), from: 0, count: window + 1 });
        }
        attempts
    }

    /// Tries the sequence numbers of one attempt. An error says that there are no keys to try.
    fn try_attempt(
        &mut self,
        attempt: &Attempt,
        id: CipherSuite,
        sender: Sender,
        record: &Record<'_>,
        known: &Known,
        keys: &KeyLog,
    ) -> Result<Result<Plaintext, Fault>, Why> {
        let suite = supported(id).filter(Suite::is_tls13).ok_or(Why::Suite(id))?;
        if !self.keys.iter().any(|(epoch, of, _)| *epoch == attempt.epoch && *of == id) {
            let secret = self.secret(attempt.epoch, &suite, sender, known, keys)?;
            let protection = Protection13::new(&suite, &secret).ok_or(Why::Suite(id))?;
            self.keys.push((attempt.epoch, id, protection));
        }
        let Some((.., protection)) = self.keys.iter().find(|(epoch, of, _)| *epoch == attempt.epoch && *of == id)
        else {
            return Err(Why::Suite(id));
        };
        let mut fault = Fault::BadTag;
        for n in 0..attempt.count {
            if n > 0 {
                if self.spare_attempts == 0 {
                    break;
                }
                self.spare_attempts -= 1;
            }
            let sequence = attempt.from.saturating_add(n);
            match protection.open(sequence, record) {
                Ok(inside) => {
                    // Where several suites were in question, this was the one.
                    self.keys.retain(|(epoch, of, _)| *epoch != attempt.epoch || *of == id);
                    return Ok(Ok(Plaintext::new(inside, sequence, attempt.epoch)));
                }
                Err(error) => fault = error,
            }
            if fault != Fault::BadTag {
                break;
            }
        }
        Ok(Err(fault))
    }

    /// Goes on behind a record that opened.
    fn opened(&mut self, plaintext: Plaintext) -> Plaintext {
        if self.epoch != Some(plaintext.epoch) {
            self.enter(plaintext.epoch, 0);
        }
        self.sequence = plaintext.sequence.saturating_add(1);
        self.hole = None;
        plaintext
    }

    /// Goes on behind a record that was opened before.
    pub(super) fn opened_before(&mut self, epoch: Epoch, sequence: u64) {
        self.records += 1;
        if self.epoch != Some(epoch) {
            self.enter(epoch, 0);
        }
        self.sequence = sequence.saturating_add(1);
        self.hole = None;
    }

    /// Goes on behind a record that could not be opened before.
    pub(super) fn closed_before(&mut self, sender: Sender, known: &Known) {
        if let Some(client) = &known.client {
            let epoch = self.next(sender, client);
            self.closed(epoch);
        }
    }

    /// Whose keys protect the next record.
    fn next(&mut self, sender: Sender, client: &ClientHello) -> Epoch {
        self.records += 1;
        *self.epoch.get_or_insert(match sender {
            // RFC 8446 §4.2.10: early data follow the ClientHello that offers them.
            Sender::Client if client.early_data => Epoch::Early,
            _ => Epoch::Handshake,
        })
    }

    /// A record that does not open has its number all the same.
    fn closed(&mut self, epoch: Epoch) {
        self.sequence = self.sequence.saturating_add(1);
        self.lost_track |= matches!(epoch, Epoch::Early | Epoch::Handshake);
    }

    fn enter(&mut self, epoch: Epoch, sequence: u64) {
        self.epoch = Some(epoch);
        self.sequence = sequence;
        self.lost_track = false;
        self.keys.retain(|(of, ..)| *of >= epoch);
    }

    /// The secret of an epoch, of the length that the suite wants.
    fn secret(
        &mut self,
        epoch: Epoch,
        suite: &Suite,
        sender: Sender,
        known: &Known,
        keys: &KeyLog,
    ) -> Result<Vec<u8>, Why> {
        match (epoch, sender) {
            (Epoch::Early, _) => logged(Label::ClientEarlyTrafficSecret, suite, known, keys),
            (Epoch::Handshake, Sender::Client) => logged(Label::ClientHandshakeTrafficSecret, suite, known, keys),
            (Epoch::Handshake, Sender::Server) => logged(Label::ServerHandshakeTrafficSecret, suite, known, keys),
            (Epoch::Application(n), _) => self.application(n, suite, sender, known, keys),
        }
    }

    /// The application traffic secret after `n` key updates: from the log, or derived from the one before (RFC 8446 §7.2).
    fn application(
        &mut self,
        n: u32,
        suite: &Suite,
        sender: Sender,
        known: &Known,
        keys: &KeyLog,
    ) -> Result<Vec<u8>, Why> {
        let label = match sender {
            Sender::Client => Label::ClientTrafficSecret,
            Sender::Server => Label::ServerTrafficSecret,
        };
        let secret = match &self.application {
            Some((have, secret)) if *have == n => secret.clone(),
            Some((have, secret)) if have.checked_add(1) == Some(n) => {
                let len = suite.prf_hash().len();
                expand_label(suite.prf_hash(), secret, "traffic upd", len).ok_or(Why::HandshakeNotSeen)?
            }
            _ => logged(label(n), suite, known, keys)?,
        };
        // What is only tried must not displace what is known.
        let reached = self.epoch.is_some_and(|epoch| epoch >= Epoch::Application(n));
        if reached || self.application.is_none() && n == 0 {
            self.application = Some((n, secret.clone()));
        }
        Ok(secret)
    }
}

impl std::fmt::Debug for Half13 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Half13").field("epoch", &self.epoch).field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// A secret from the log.
fn logged(label: Label, suite: &Suite, known: &Known, keys: &KeyLog) -> Result<Vec<u8>, Why> {
    let client = known.client.as_ref().ok_or(Why::HandshakeNotSeen)?;
    let expected = suite.prf_hash().len();
    match keys.find(&client.random, &label) {
        Some(secret) if secret.len() == expected => Ok(secret.to_vec()),
        Some(secret) => Err(Why::SecretLength { label, found: secret.len(), expected }),
        None => Err(Why::NoSecrets {
            client_random: client.random,
            needed: label,
            others: !keys.secrets(&client.random).is_empty(),
            encrypted_hello: client.encrypted_hello,
        }),
    }
}

/// Of two reasons the one that says more: that a suite which was only offered cannot be used says little.
fn better(first: Option<Why>, second: Why) -> Option<Why> {
    match first {
        Some(first) if !matches!(first, Why::Suite(_) | Why::SecretLength { .. }) => Some(first),
        Some(Why::SecretLength { label, found, expected }) if matches!(second, Why::Suite(_)) => {
            Some(Why::SecretLength { label, found, expected })
        }
        _ => Some(second),
    }
}
