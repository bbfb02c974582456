//! One direction of a connection of TLS 1.2 or before: nothing is protected until change_cipher_spec, then everything is
//! (RFC 5246 §6.1, §7.1).

use capture::keylog::{KeyLog, Label, RsaSecret};
use wire::tls::{CompressionMethod, ContentType};

use super::cbc::BLOCK;
use super::messages::looks_plain;
use super::opened::{Epoch, Plaintext};
use super::protection::{Fault, Protection12, Seed, supported};
use super::session::{Hole, Known, Record, Sender};
use super::why::Why;

/// After a hole, how many sequence numbers are tried at most for one record.
const WINDOW: u64 = 256;
/// How many attempts beyond the first of a record are made in one direction, all in all.
const SPARE_ATTEMPTS: u32 = 4096;

/// One direction's keys.
pub(super) struct Half12 {
    /// How many change_cipher_spec were seen; 0 while nothing is protected.
    changes: u32,
    /// The keys, once they were needed and found.
    keys: Option<Protection12>,
    /// The next record's number under these keys.
    sequence: u64,
    /// TLS 1.0 chains records: the last block of the one before, or nothing when that is missing.
    chain: Option<[u8; BLOCK]>,
    /// Protected records so far.
    records: u64,
    /// Bytes are missing since the last record that opened.
    hole: Option<Hole>,
    spare_attempts: u32,
    /// Why no keys could be made, and of how much of a key log: it is not searched again until it has grown.
    without_keys: Option<(Why, Size)>,
}

/// How many connections and older lines a key log has, and how many secrets of this connection.
type Size = (usize, usize, usize);

impl Default for Half12 {
    fn default() -> Half12 {
        Half12 {
            changes: 0,
            keys: None,
            sequence: 0,
            chain: None,
            records: 0,
            hole: None,
            spare_attempts: SPARE_ATTEMPTS,
            without_keys: None,
        }
    }
}

impl Half12 {
    /// Whether a change_cipher_spec was seen.
    pub(super) fn is_on(&self) -> bool {
        self.changes > 0
    }

    /// A change_cipher_spec: the next record is the first under new keys.
    pub(super) fn change(&mut self) {
        self.changes = self.changes.saturating_add(1);
        self.keys = None;
        self.without_keys = None;
        self.sequence = 0;
        self.chain = None;
        self.hole = None;
    }

    /// Bytes are missing from here on.
    pub(super) fn missing(&mut self, hole: Hole) {
        let (offset, len) = self.hole.map_or((hole.offset, 0), |earlier| (earlier.offset, earlier.len));
        self.hole = Some(Hole { offset, len: len.saturating_add(hole.len) });
        self.chain = None;
    }

    /// Opens a record, or says by `None` that it is plain.
    pub(super) fn open(
        &mut self,
        sender: Sender,
        record: &Record<'_>,
        known: &Known,
        keys: &KeyLog,
    ) -> Option<Result<Plaintext, Why>> {
        if self.is_on() {
            return Some(self.open_protected(sender, record, known, keys));
        }
        let plain = match record.content_type {
            ContentType::HANDSHAKE => self.hole.is_none() || looks_plain(record.fragment),
            ContentType::ALERT => self.hole.is_none() || record.fragment.len() == 2,
            ContentType::CHANGE_CIPHER_SPEC => true,
            _ => false,
        };
        if plain {
            return None;
        }
        let Some(hole) = self.hole else { return Some(Err(Why::HandshakeNotSeen)) };
        // The change_cipher_spec may be what is missing. If the record opens, it was.
        let before = std::mem::take(self);
        self.changes = 1;
        self.hole = Some(hole);
        self.spare_attempts = before.spare_attempts;
        let result = self.open_protected(sender, record, known, keys);
        if result.is_err() {
            *self = Half12 { spare_attempts: self.spare_attempts, hole: Some(hole), ..before };
        }
        Some(result)
    }

    /// Goes on behind a record that was opened before, of a suite whose records are not chained.
    pub(super) fn opened_before(&mut self, sequence: u64) {
        self.records = self.records.saturating_add(1);
        self.sequence = sequence.saturating_add(1);
        self.hole = None;
    }

    /// Goes on behind a record that could not be opened before.
    pub(super) fn closed_before(&mut self) {
        if self.is_on() {
            self.records = self.records.saturating_add(1);
            self.sequence = self.sequence.saturating_add(1);
            self.chain = None;
        }
    }

    fn open_protected(
        &mut self,
        sender: Sender,
        record: &Record<'_>,
        known: &Known,
        keys: &KeyLog,
    ) -> Result<Plaintext, Why> {
        self.records = self.records.saturating_add(1);
        let sequence = self.sequence;
        // A record that does not open has its number all the same.
        self.sequence = sequence.saturating_add(1);
        let chain = self.chain;
        self.chain = record.fragment.last_chunk().copied();
        let made;
        let (protection, chain) = match &self.keys {
            Some(protection) => (protection, chain),
            None => {
                let random = known.client.as_ref().map(|client| client.random);
                let of_connection = random.map_or(0, |random| keys.secrets(&random).len());
                let size = (keys.connections().len(), keys.rsa().len(), of_connection);
                if let Some((why, of)) = &self.without_keys
                    && *of == size
                {
                    return Err(why.clone());
                }
                let (protection, first) =
                    make_keys(sender, known, keys).inspect_err(|why| self.without_keys = Some((why.clone(), size)))?;
                made = self.keys.insert(protection);
                (&*made, if sequence == 0 && self.hole.is_none() { first } else { chain })
            }
        };
        self.chain = protection.next_chain(record);
        // Each lost record had a header of 5 bytes and at least 17 of protection.
        let window = self.hole.map_or(0, |hole| (hole.len / 22).saturating_add(1).min(WINDOW));
        let mut fault = Fault::BadTag;
        for n in 0..=window {
            if n > 0 {
                if self.spare_attempts == 0 {
                    break;
                }
                self.spare_attempts -= 1;
            }
            let sequence = sequence.saturating_add(n);
            match protection.open(sequence, chain.unwrap_or_default(), record) {
                Ok(inside) => {
                    self.sequence = sequence.saturating_add(1);
                    self.hole = None;
                    let epoch = Epoch::Application(self.changes.saturating_sub(1));
                    return Ok(Plaintext::new(inside, sequence, epoch));
                }
                Err(error) => fault = error,
            }
            if fault != Fault::BadTag {
                break;
            }
        }
        Err(match (fault, self.hole) {
            (Fault::TooShort(least), _) => Why::TooShort { len: record.fragment.len(), least },
            (Fault::BadTag, Some(hole)) => Why::Missing { offset: hole.offset, len: hole.len },
            (Fault::BadTag, None) => Why::BadTag { record: self.records, sequence },
        })
    }
}

/// The sender's keys, and the block to which its first record is chained, if records are.
fn make_keys(sender: Sender, known: &Known, keys: &KeyLog) -> Result<(Protection12, Option<[u8; BLOCK]>), Why> {
    let (Some(client), Some(server)) = (&known.client, &known.server) else { return Err(Why::HandshakeNotSeen) };
    if server.compression != CompressionMethod::NULL {
        return Err(Why::Compressed(server.compression));
    }
    let suite = supported(server.suite).filter(|suite| !suite.is_tls13()).ok_or(Why::Suite(server.suite))?;
    let seed = Seed {
        version: server.version,
        suite: &suite,
        client_random: &client.random,
        server_random: &server.random,
        encrypt_then_mac: server.encrypt_then_mac,
    };
    let master = master_secret(&seed, known, keys)?;
    let protection = Protection12::new(&seed, &master, sender).ok_or(Why::Suite(server.suite))?;
    let first = protection.first_chain(&seed, &master, sender);
    Ok((protection, first))
}

/// The master secret, from whichever line of the key log has it.
fn master_secret(seed: &Seed<'_>, known: &Known, keys: &KeyLog) -> Result<Vec<u8>, Why> {
    let (Some(client), Some(server)) = (&known.client, &known.server) else { return Err(Why::HandshakeNotSeen) };
    if let Some(master) = keys.find(&client.random, &Label::MasterSecret) {
        return Ok(master.to_vec());
    }
    let mut premaster = keys.find(&client.random, &Label::PremasterSecret);
    for secret in keys.rsa() {
        match secret {
            RsaSecret::Session { session_id, master } if !session_id.is_empty() && *session_id == server.session_id => {
                return Ok(master.clone());
            }
            RsaSecret::Premaster { encrypted_start, premaster: secret }
                if known.encrypted_premaster == Some(*encrypted_start) =>
            {
                premaster = premaster.or(Some(secret));
            }
            _ => {}
        }
    }
    match premaster {
        // RFC 7627 §4: the master secret then depends on a hash of the handshake.
        Some(_) if server.extended_master_secret => Err(Why::PremasterOnly),
        Some(premaster) => seed.master_secret(premaster).ok_or(Why::HandshakeNotSeen),
        None => Err(Why::NoSecrets {
            client_random: client.random,
            needed: Label::MasterSecret,
            others: !keys.secrets(&client.random).is_empty(),
            encrypted_hello: client.encrypted_hello,
        }),
    }
}

impl std::fmt::Debug for Half12 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Half12")
            .field("changes", &self.changes)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}
