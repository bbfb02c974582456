//! The records of DNSSEC (RFC 4034, RFC 5155), split into their fields; nothing is verified here.

use std::collections::BTreeSet;
use std::fmt;

use super::codes::{Algorithm, DigestType, Type};
use super::name::Name;
use super::rdata::plain_name;
use crate::{Malformed, Reader, Sink, Value};

crate::fields! {
    /// What the records of DNSSEC hold.
    pub DNSSEC_FIELDS;
    DS_KEY_TAG = "dns.ds.key_tag", "Key tag", "RFC 4034 §5.1.1", Dec, "a short number that helps to find the key";
    DS_ALGORITHM = "dns.ds.algorithm", "Algorithm", "RFC 4034 §5.1.2", Dec, "the kind of the key", codes Algorithm::CODES;
    DS_DIGEST_TYPE = "dns.ds.digest_type", "Digest type", "RFC 4034 §5.1.3", Dec, "how the digest is made", codes DigestType::CODES;
    DS_DIGEST = "dns.ds.digest", "Digest", "RFC 4034 §5.1.4", Bytes, "the digest of the child zone's name and key";
    KEY_RESERVED = "dns.dnskey.reserved", "Reserved", "RFC 4034 §2.1.1", Hex, "zero";
    KEY_ZONE = "dns.dnskey.zone", "Zone key", "RFC 4034 §2.1.1", Flag, "the key signs the zone's records";
    KEY_REVOKE = "dns.dnskey.revoke", "Revoked", "RFC 5011 §7", Flag, "the key must not be trusted any more";
    KEY_SEP = "dns.dnskey.sep", "Secure entry point", "RFC 4034 §2.1.1", Flag, "the key is the one that the parent's DS record means";
    KEY_PROTOCOL = "dns.dnskey.protocol", "Protocol", "RFC 4034 §2.1.2", Dec, "always 3";
    KEY_ALGORITHM = "dns.dnskey.algorithm", "Algorithm", "RFC 4034 §2.1.3", Dec, "the kind of the key", codes Algorithm::CODES;
    KEY_KEY = "dns.dnskey.key", "Public key", "RFC 4034 §2.1.4", Bytes, "the key itself";
    SIG_COVERED = "dns.rrsig.covered", "Type covered", "RFC 4034 §3.1.1", Dec, "the type of the records that are signed", codes Type::CODES;
    SIG_ALGORITHM = "dns.rrsig.algorithm", "Algorithm", "RFC 4034 §3.1.2", Dec, "how it was signed", codes Algorithm::CODES;
    SIG_LABELS = "dns.rrsig.labels", "Labels", "RFC 4034 §3.1.3", Dec, "how many labels the signed name has; fewer than the record's own if a wildcard made it";
    SIG_TTL = "dns.rrsig.original_ttl", "Original TTL", "RFC 4034 §3.1.4", Seconds, "the time to live that was signed; a cache counts its own copy down";
    SIG_EXPIRATION = "dns.rrsig.expiration", "Expiration", "RFC 4034 §3.1.5", Dec, "when the signature ends, in seconds since 1970";
    SIG_INCEPTION = "dns.rrsig.inception", "Inception", "RFC 4034 §3.1.5", Dec, "when the signature starts, in seconds since 1970";
    SIG_KEY_TAG = "dns.rrsig.key_tag", "Key tag", "RFC 4034 §3.1.6", Dec, "a short number that helps to find the key";
    SIG_SIGNER = "dns.rrsig.signer", "Signer's name", "RFC 4034 §3.1.7", Text, "the zone whose key signed";
    SIG_SIGNATURE = "dns.rrsig.signature", "Signature", "RFC 4034 §3.1.8", Bytes, "the signature itself";
    NSEC_NEXT = "dns.nsec.next", "Next name", "RFC 4034 §4.1.1", Text, "the name that comes next in the zone; none stands between";
    NSEC3_HASH = "dns.nsec3.hash", "Hash algorithm", "RFC 5155 §3.1.1", Dec, "1 for SHA-1";
    NSEC3_FLAGS = "dns.nsec3.flags", "Flags", "RFC 5155 §3.1.2", Hex, "1: unsigned delegations may be left out";
    NSEC3_ITERATIONS = "dns.nsec3.iterations", "Iterations", "RFC 5155 §3.1.3", Dec, "how often the hash is hashed again; should be 0 (RFC 9276 §3.1)";
    NSEC3_SALT_LEN = "dns.nsec3.salt_len", "Salt length", "RFC 5155 §3.1.4", Octets, "how long the salt is";
    NSEC3_SALT = "dns.nsec3.salt", "Salt", "RFC 5155 §3.1.5", Bytes, "mixed into the hash";
    NSEC3_NEXT_LEN = "dns.nsec3.next_len", "Hash length", "RFC 5155 §3.1.6", Octets, "how long the next hash is";
    NSEC3_NEXT = "dns.nsec3.next", "Next hashed name", "RFC 5155 §3.1.7", Bytes, "the hash that comes next in the zone";
    BITMAP_WINDOW = "dns.nsec.window", "Window", "RFC 4034 §4.1.2", Dec, "the upper byte of the types that follow";
    BITMAP_LEN = "dns.nsec.bitmap_len", "Bitmap length", "RFC 4034 §4.1.2", Octets, "how many bytes of bits follow; at most 32";
    BITMAP = "dns.nsec.bitmap", "Types", "RFC 4034 §4.1.2", Text, "the types of record that exist at this name, a bit each";
}

/// A digest of the child's key (RFC 4034 §5.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ds {
    /// A short number of the key.
    pub key_tag: u16,
    /// The key's algorithm.
    pub algorithm: Algorithm,
    /// The digest's kind.
    pub digest_type: DigestType,
    /// The digest.
    pub digest: Vec<u8>,
}

/// A zone's public key (RFC 4034 §2.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dnskey {
    /// Bit 7 (value 256): zone key; bit 8 (128): revoked; bit 15 (1): secure entry point.
    pub flags: u16,
    /// Always 3.
    pub protocol: u8,
    /// The key's algorithm.
    pub algorithm: Algorithm,
    /// The key.
    pub key: Vec<u8>,
}

/// A signature over a set of records (RFC 4034 §3.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rrsig {
    /// The type of the records that are signed.
    pub covered: Type,
    /// The signature's algorithm.
    pub algorithm: Algorithm,
    /// Labels of the signed name.
    pub labels: u8,
    /// The time to live that was signed, in seconds.
    pub original_ttl: u32,
    /// End, in seconds since 1970.
    pub expiration: u32,
    /// Start, in seconds since 1970.
    pub inception: u32,
    /// A short number of the key.
    pub key_tag: u16,
    /// The zone whose key signed.
    pub signer: Name,
    /// The signature.
    pub signature: Vec<u8>,
}

/// Proof that no name stands between this and the next (RFC 4034 §4.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nsec {
    /// The next name of the zone.
    pub next: Name,
    /// The types that exist at this name.
    pub types: TypeSet,
}

/// The same over hashes of names (RFC 5155 §3.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nsec3 {
    /// 1 for SHA-1.
    pub hash: u8,
    /// Bit 7 (value 1): opt-out.
    pub flags: u8,
    /// Additional rounds.
    pub iterations: u16,
    /// The salt, at most 255 bytes.
    pub salt: Vec<u8>,
    /// The next hash of the zone, at most 255 bytes.
    pub next: Vec<u8>,
    /// The types that exist at this name.
    pub types: TypeSet,
}

/// A set of record types (RFC 4034 §4.1.2).
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TypeSet(pub BTreeSet<Type>);

impl fmt::Display for TypeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, kind) in self.0.iter().enumerate() {
            let space = if i > 0 { " " } else { "" };
            match kind.name() {
                Some(name) => write!(f, "{space}{name}")?,
                None => write!(f, "{space}TYPE{}", kind.0)?,
            }
        }
        Ok(())
    }
}

impl TypeSet {
    fn write(&self, out: &mut Vec<u8>) {
        let mut at = 0usize;
        while at < 0x1_0000 {
            let Some(first) = self.0.range(Type(at as u16)..).next() else { return };
            let window = first.0 >> 8;
            let mut bits = [0u8; 32];
            let mut len = 0;
            for kind in self.0.range(Type(window << 8)..=Type(window << 8 | 0xff)) {
                let low = usize::from(kind.0 & 0xff);
                bits[low / 8] |= 0x80 >> (low % 8);
                len = low / 8 + 1;
            }
            out.extend_from_slice(&[window as u8, len as u8]);
            out.extend_from_slice(&bits[..len]);
            at = (usize::from(window) + 1) << 8;
        }
    }
}

fn decode_types<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<TypeSet, Malformed> {
    let mut set = TypeSet::default();
    let mut last = None;
    while !reader.is_empty() {
        let window = reader.u8(&BITMAP_WINDOW)?;
        if last.is_some_and(|last| last >= window) {
            // RFC 4034 §4.1.2: blocks are present in increasing numerical order.
            reader.report(&BITMAP_WINDOW, "does not ascend")?;
        }
        last = Some(window);
        let len = usize::from(reader.u8(&BITMAP_LEN)?);
        if !(1..=32).contains(&len) {
            return Err(reader.error(&BITMAP_LEN, "is not between 1 and 32"));
        }
        let mut here = TypeSet::default();
        for (i, byte) in reader.peek().iter().take(len).enumerate() {
            let set_bits = (0..8).filter(|bit| byte & (0x80 >> bit) != 0);
            here.0.extend(set_bits.map(|bit| Type(u16::from(window) << 8 | (i * 8 + bit) as u16)));
        }
        let text = if S::RECORDS { here.to_string() } else { String::new() };
        reader.bytes_as(&BITMAP, len, |_| Value::Text(&text))?;
        set.0.append(&mut here.0);
    }
    Ok(set)
}

pub(super) fn decode_ds<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Ds, Malformed> {
    Ok(Ds {
        key_tag: reader.u16(&DS_KEY_TAG)?,
        algorithm: reader.get(&DS_ALGORITHM, 8)?,
        digest_type: reader.get(&DS_DIGEST_TYPE, 8)?,
        digest: reader.rest(&DS_DIGEST)?.to_vec(),
    })
}

pub(super) fn decode_dnskey<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Dnskey, Malformed> {
    let mut flags = 0;
    for (field, bits) in [(&KEY_RESERVED, 7), (&KEY_ZONE, 1), (&KEY_REVOKE, 1), (&KEY_RESERVED, 6), (&KEY_SEP, 1)] {
        flags = flags << bits | reader.bits(field, bits)? as u16;
    }
    Ok(Dnskey {
        flags,
        protocol: reader.u8(&KEY_PROTOCOL)?,
        algorithm: reader.get(&KEY_ALGORITHM, 8)?,
        key: reader.rest(&KEY_KEY)?.to_vec(),
    })
}

pub(super) fn decode_rrsig<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Rrsig, Malformed> {
    Ok(Rrsig {
        covered: reader.get(&SIG_COVERED, 16)?,
        algorithm: reader.get(&SIG_ALGORITHM, 8)?,
        labels: reader.u8(&SIG_LABELS)?,
        original_ttl: reader.u32(&SIG_TTL)?,
        expiration: reader.u32(&SIG_EXPIRATION)?,
        inception: reader.u32(&SIG_INCEPTION)?,
        key_tag: reader.u16(&SIG_KEY_TAG)?,
        // RFC 4034 §3.1.7: not compressed.
        signer: plain_name(reader, &SIG_SIGNER)?,
        signature: reader.rest(&SIG_SIGNATURE)?.to_vec(),
    })
}

pub(super) fn decode_nsec<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Nsec, Malformed> {
    Ok(Nsec { next: plain_name(reader, &NSEC_NEXT)?, types: decode_types(reader)? })
}

pub(super) fn decode_nsec3<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Nsec3, Malformed> {
    let (hash, flags) = (reader.u8(&NSEC3_HASH)?, reader.u8(&NSEC3_FLAGS)?);
    let iterations = reader.u16(&NSEC3_ITERATIONS)?;
    let salt_len = usize::from(reader.u8(&NSEC3_SALT_LEN)?);
    let salt = reader.bytes(&NSEC3_SALT, salt_len)?.to_vec();
    let next_len = usize::from(reader.u8(&NSEC3_NEXT_LEN)?);
    let next = reader.bytes(&NSEC3_NEXT, next_len)?.to_vec();
    Ok(Nsec3 { hash, flags, iterations, salt, next, types: decode_types(reader)? })
}

impl Ds {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key_tag.to_be_bytes());
        out.extend_from_slice(&[self.algorithm.0, self.digest_type.0]);
        out.extend_from_slice(&self.digest);
    }
}
impl Dnskey {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.flags.to_be_bytes());
        out.extend_from_slice(&[self.protocol, self.algorithm.0]);
        out.extend_from_slice(&self.key);
    }
}
impl Rrsig {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.covered.0.to_be_bytes());
        out.extend_from_slice(&[self.algorithm.0, self.labels]);
        for n in [self.original_ttl, self.expiration, self.inception] {
            out.extend_from_slice(&n.to_be_bytes());
        }
        out.extend_from_slice(&self.key_tag.to_be_bytes());
        out.extend_from_slice(self.signer.as_wire());
        out.extend_from_slice(&self.signature);
    }
}
impl Nsec {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.next.as_wire());
        self.types.write(out);
    }
}
impl Nsec3 {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.hash, self.flags]);
        out.extend_from_slice(&self.iterations.to_be_bytes());
        for bytes in [&self.salt, &self.next] {
            let bytes = &bytes[..bytes.len().min(255)];
            out.push(bytes.len() as u8);
            out.extend_from_slice(bytes);
        }
        self.types.write(out);
    }
}
