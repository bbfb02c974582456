//! One direction's record protection with its keys: opens single records, given their sequence numbers.

use wire::tls::{Cipher, CipherKind, CipherSuite, ContentType, Hash, Suite, Version};

use super::aead::Aead;
use super::cbc::{Aes, BLOCK};
use super::digest::{Prf, expand_label, hmac};
use super::opened::Layout;
use super::session::{Record, Sender};

/// What a record held.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: ContentType,
    pub(super) layout: Layout,
}

/// Why a record does not open under these keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// It is shorter than this.
    TooShort(usize),
    BadTag,
}

/// The suite, if its records can be opened here.
pub(super) fn supported(suite: CipherSuite) -> Option<Suite> {
    suite.suite().filter(|suite| {
        Aead::knows(suite.cipher) || matches!(suite.cipher, Cipher::Aes128Cbc | Cipher::Aes256Cbc | Cipher::Null)
    })
}

/// TLS 1.3 (RFC 8446 §5.2).
pub(super) struct Protection13 {
    aead: Aead,
    iv: [u8; 12],
    tag: usize,
}

impl Protection13 {
    /// The keys that a traffic secret gives (RFC 8446 §7.3).
    pub(super) fn new(suite: &Suite, secret: &[u8]) -> Option<Protection13> {
        let key = expand_label(suite.prf_hash(), secret, "key", suite.cipher.key_len())?;
        let iv = expand_label(suite.prf_hash(), secret, "iv", 12)?.try_into().ok()?;
        Some(Protection13 { aead: Aead::new(suite.cipher, &key)?, iv, tag: suite.cipher.tag_len() })
    }

    pub(super) fn open(&self, sequence: u64, record: &Record<'_>) -> Result<Inside, Fault> {
        let least = self.tag + 1;
        let Some(len) = record.fragment.len().checked_sub(self.tag).filter(|len| *len > 0) else {
            return Err(Fault::TooShort(least));
        };
        let (text, tag) = record.fragment.split_at(len);
        let mut bytes = text.to_vec();
        // RFC 8446 §5.2: the additional data are the record's header.
        let [v0, v1] = record.version.0.to_be_bytes();
        let [l0, l1] = (record.fragment.len() as u16).to_be_bytes();
        let aad = [record.content_type.0, v0, v1, l0, l1];
        if !self.aead.open(&with_sequence(self.iv, sequence), &aad, &mut bytes, tag) {
            return Err(Fault::BadTag);
        }
        // RFC 8446 §5.2: content, its type, which is not zero, and zeros.
        let content = bytes.iter().rposition(|byte| *byte != 0);
        let content_type = ContentType(content.and_then(|at| bytes.get(at)).copied().unwrap_or(0));
        let layout = Layout {
            explicit_nonce: 0,
            ciphertext: len,
            tag: self.tag,
            content: content.unwrap_or(0),
            content_type: usize::from(content.is_some()),
            padding: content.map_or(len, |content| len - content - 1),
            ..Layout::default()
        };
        Ok(Inside { bytes, content_type, layout })
    }
}

/// RFC 8446 §5.3, RFC 7905 §2: the sequence number XORed into the end of the derived nonce.
fn with_sequence(mut iv: [u8; 12], sequence: u64) -> [u8; 12] {
    for (byte, number) in iv.iter_mut().skip(4).zip(sequence.to_be_bytes()) {
        *byte ^= number;
    }
    iv
}

/// TLS 1.2 and before (RFC 5246 §6.2.3).
pub(super) struct Protection12 {
    how: How,
    mac_key: Vec<u8>,
    mac: Hash,
}

enum How {
    /// GCM, CCM: four bytes of nonce derived, eight in the record. ChaCha20-Poly1305: twelve derived.
    Aead { aead: Aead, iv: Vec<u8>, tag: usize },
    /// `explicit`: the record carries its initialisation vector (TLS 1.1 and later). `behind`: so does it its MAC.
    Cbc { aes: Aes, explicit: bool, behind: bool },
    /// No encryption, only a MAC.
    Null,
}

/// What the keys of TLS 1.2 and before are made of.
pub(super) struct Seed<'a> {
    pub(super) version: Version,
    pub(super) suite: &'a Suite,
    pub(super) client_random: &'a [u8; 32],
    pub(super) server_random: &'a [u8; 32],
    /// encrypt_then_mac was agreed (RFC 7366).
    pub(super) encrypt_then_mac: bool,
}

impl Seed<'_> {
    /// The PRF of the version (RFC 5246 §5, RFC 2246 §5).
    fn prf(&self) -> Prf {
        if self.version >= Version::TLS12 { Prf::Tls12(self.suite.prf_hash()) } else { Prf::Md5AndSha1 }
    }

    /// The master secret of a premaster secret (RFC 5246 §8.1).
    pub(super) fn master_secret(&self, premaster: &[u8]) -> Option<Vec<u8>> {
        self.prf().expand(premaster, "master secret", &[self.client_random, self.server_random], 48)
    }
}

impl Protection12 {
    /// The sender's keys: its share of the key block (RFC 5246 §6.3).
    pub(super) fn new(seed: &Seed<'_>, master: &[u8], sender: Sender) -> Option<Protection12> {
        let cipher = seed.suite.cipher;
        let (mac_len, key_len) = (seed.suite.mac_len(), cipher.key_len());
        let explicit = seed.version >= Version::TLS11;
        let iv_len = match cipher.kind() {
            CipherKind::Aead => 12 - cipher.explicit_nonce_len(),
            // RFC 2246 §6.3: TLS 1.0 derives the first record's; later ones stand in the records.
            CipherKind::Cbc if !explicit => cipher.block_len(),
            _ => 0,
        };
        let len = 2 * (mac_len + key_len + iv_len);
        let block = seed.prf().expand(master, "key expansion", &[seed.server_random, seed.client_random], len)?;
        let mut rest = block.as_slice();
        let mut share = |len: usize| {
            let (pair, after) = rest.split_at_checked(2 * len)?;
            rest = after;
            let (client, server) = pair.split_at(len);
            Some(if sender == Sender::Client { client } else { server })
        };
        let (mac_key, key, iv) = (share(mac_len)?.to_vec(), share(key_len)?, share(iv_len)?);
        let how = match cipher.kind() {
            CipherKind::Aead => How::Aead { aead: Aead::new(cipher, key)?, iv: iv.to_vec(), tag: cipher.tag_len() },
            CipherKind::Cbc => How::Cbc { aes: Aes::new(cipher, key)?, explicit, behind: seed.encrypt_then_mac },
            CipherKind::Null => How::Null,
            CipherKind::Stream => return None,
        };
        Some(Protection12 { how, mac_key, mac: seed.suite.hash })
    }

    /// The initialisation vector of the first record, for [`Protection12::open`] (TLS 1.0).
    pub(super) fn first_chain(&self, seed: &Seed<'_>, master: &[u8], sender: Sender) -> Option<[u8; BLOCK]> {
        let How::Cbc { explicit: false, .. } = self.how else { return None };
        let before = 2 * (seed.suite.mac_len() + seed.suite.cipher.key_len());
        let len = before + 2 * BLOCK;
        let block = seed.prf().expand(master, "key expansion", &[seed.server_random, seed.client_random], len)?;
        let at = before + if sender == Sender::Client { 0 } else { BLOCK };
        block.get(at..at + BLOCK)?.try_into().ok()
    }

    /// The block that the next record is chained to, if records are.
    pub(super) fn next_chain(&self, record: &Record<'_>) -> Option<[u8; BLOCK]> {
        let How::Cbc { explicit: false, behind, .. } = self.how else { return None };
        let end = record.fragment.len().checked_sub(if behind { self.mac.len() } else { 0 })?;
        record.fragment.get(..end)?.last_chunk().copied()
    }

    /// `chain`: the block that the record is chained to, if records are.
    pub(super) fn open(&self, sequence: u64, chain: [u8; BLOCK], record: &Record<'_>) -> Result<Inside, Fault> {
        match &self.how {
            How::Aead { aead, iv, tag } => self.open_aead(aead, iv, *tag, sequence, record),
            How::Cbc { aes, explicit, behind } => {
                let iv_len = if *explicit { BLOCK } else { 0 };
                self.open_cbc(aes, iv_len, *behind, sequence, chain, record)
            }
            How::Null => {
                let mac = self.mac.len();
                let content = record.fragment.len().checked_sub(mac).ok_or(Fault::TooShort(mac))?;
                let (text, found) = record.fragment.split_at(content);
                self.check(sequence, record, &[text], found)?;
                let layout = Layout { ciphertext: record.fragment.len(), content, mac, ..Layout::default() };
                Ok(Inside { bytes: record.fragment.to_vec(), content_type: record.content_type, layout })
            }
        }
    }

    fn open_aead(
        &self,
        aead: &Aead,
        iv: &[u8],
        tag: usize,
        sequence: u64,
        record: &Record<'_>,
    ) -> Result<Inside, Fault> {
        let explicit = 12 - iv.len().min(12);
        let least = explicit + tag;
        let content = record.fragment.len().checked_sub(least).ok_or(Fault::TooShort(least))?;
        let (carried, rest) = record.fragment.split_at(explicit);
        let (text, found) = rest.split_at(content);
        let mut nonce = [0; 12];
        for (byte, part) in nonce.iter_mut().zip(iv.iter().chain(carried)) {
            *byte = *part;
        }
        if explicit == 0 {
            nonce = with_sequence(nonce, sequence);
        }
        let mut bytes = text.to_vec();
        // RFC 5246 §6.2.3.3.
        if !aead.open(&nonce, &header(sequence, record, content), &mut bytes, found) {
            return Err(Fault::BadTag);
        }
        let layout = Layout { explicit_nonce: explicit, ciphertext: content, tag, content, ..Layout::default() };
        Ok(Inside { bytes, content_type: record.content_type, layout })
    }

    fn open_cbc(
        &self,
        aes: &Aes,
        iv_len: usize,
        behind: bool,
        sequence: u64,
        chain: [u8; BLOCK],
        record: &Record<'_>,
    ) -> Result<Inside, Fault> {
        let mac = self.mac.len();
        let tag = if behind { mac } else { 0 };
        // At least one block, and as many as a MAC inside and the padding's length need.
        let least = iv_len + tag + if behind { BLOCK } else { (mac + 1).next_multiple_of(BLOCK) };
        let len = record.fragment.len();
        if len < least {
            return Err(Fault::TooShort(least));
        }
        let (before_tag, found) = record.fragment.split_at(len - tag);
        if behind {
            // RFC 7366 §3: the MAC covers the initialisation vector and the ciphertext.
            self.check(sequence, record, &[before_tag], found)?;
        }
        let (carried, text) = before_tag.split_at(iv_len);
        if !text.len().is_multiple_of(BLOCK) {
            return Err(Fault::BadTag);
        }
        let bytes = aes.decrypt(carried.try_into().as_ref().unwrap_or(&chain), text);
        let padding = usize::from(bytes.last().copied().unwrap_or(0));
        let inside = if behind { 0 } else { mac };
        let content = bytes.len().checked_sub(padding + 1 + inside).ok_or(Fault::BadTag)?;
        let (data, rest) = bytes.split_at(content);
        let (found, filling) = rest.split_at(inside);
        // RFC 5246 §6.2.3.2: each byte of the padding holds its length.
        if filling.iter().any(|byte| usize::from(*byte) != padding) {
            return Err(Fault::BadTag);
        }
        if !behind {
            self.check(sequence, record, &[data], found)?;
        }
        let layout = Layout {
            explicit_nonce: iv_len,
            ciphertext: text.len(),
            tag,
            content,
            content_type: 0,
            mac: inside,
            padding,
            padding_length: 1,
        };
        Ok(Inside { bytes, content_type: record.content_type, layout })
    }

    /// The MAC of RFC 5246 §6.2.3.1: over the sequence number, the header with the covered length, and what is covered.
    fn check(&self, sequence: u64, record: &Record<'_>, covered: &[&[u8]], found: &[u8]) -> Result<(), Fault> {
        let len = covered.iter().map(|part| part.len()).sum();
        let header = header(sequence, record, len);
        let parts: Vec<&[u8]> = std::iter::once(&header[..]).chain(covered.iter().copied()).collect();
        let mac = hmac(self.mac, &self.mac_key, &parts);
        if mac.as_deref() == Some(found) { Ok(()) } else { Err(Fault::BadTag) }
    }
}

/// Sequence number, type, version and length: what a MAC or an AEAD of TLS 1.2 covers besides the data.
fn header(sequence: u64, record: &Record<'_>, len: usize) -> [u8; 13] {
    let mut header = [0; 13];
    header[..8].copy_from_slice(&sequence.to_be_bytes());
    header[8] = record.content_type.0;
    header[9..11].copy_from_slice(&record.version.0.to_be_bytes());
    header[11..].copy_from_slice(&(len as u16).to_be_bytes());
    header
}
