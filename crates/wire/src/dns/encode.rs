//! Writes messages, with name compression (RFC 1035 §4.1.4) and truncation to a limit (RFC 2181 §9).

use std::collections::BTreeMap;

use super::codes::{Rcode, Type};
use super::message::{Header, Message, ResourceRecord};
use super::name::Name;

/// A message being written.
pub(super) struct Encoder {
    out: Vec<u8>,
    /// Where each name and each of its suffixes stands, by its lower-case wire form.
    names: BTreeMap<Vec<u8>, u16>,
}

impl Encoder {
    /// Appends bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
    /// The message so far, to append to.
    pub(super) fn raw(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Appends a name: labels up to the longest suffix that stands in the message already, then a pointer to it.
    pub(super) fn name(&mut self, name: &Name) {
        let wire = name.as_wire();
        let lower = wire.to_ascii_lowercase();
        let mut at = 0;
        while wire[at] != 0 {
            if let Some(target) = self.names.get(&lower[at..]) {
                self.out.extend_from_slice(&(0xc000 | target).to_be_bytes());
                return;
            }
            // A pointer has 14 bits.
            if self.out.len() < 0x4000 {
                self.names.insert(lower[at..].to_vec(), self.out.len() as u16);
            }
            let end = at + 1 + usize::from(wire[at]);
            self.out.extend_from_slice(&wire[at..end]);
            at = end;
        }
        self.out.push(0);
    }

    fn record(&mut self, record: &ResourceRecord) {
        self.name(&record.name);
        self.bytes(&record.kind().0.to_be_bytes());
        self.bytes(&record.class.0.to_be_bytes());
        self.bytes(&record.ttl.to_be_bytes());
        let len_at = self.out.len();
        self.bytes(&[0, 0]);
        record.data.encode(self);
        let len = self.out.len() - len_at - 2;
        // One that is too long for its length field is too long for the message, and taken back.
        self.out[len_at..len_at + 2].copy_from_slice(&(len.min(0xffff) as u16).to_be_bytes());
    }

    /// Takes back what was written from `len` on.
    fn take_back(&mut self, len: usize) {
        self.out.truncate(len);
        self.names.retain(|_, at| usize::from(*at) < len);
    }

    /// Appends the record sets of a section up to `limit` bytes; says how many records, and whether all.
    fn section(&mut self, records: &[ResourceRecord], limit: usize) -> (u16, bool) {
        let mut written = 0;
        for set in records.chunk_by(|a, b| a.kind() == b.kind() && a.name == b.name) {
            let before = self.out.len();
            for record in set {
                self.record(record);
                if self.out.len() > limit {
                    // RFC 2181 §9: a set that does not fit whole is of no use.
                    self.take_back(before);
                    return (written, false);
                }
            }
            written += set.len() as u16;
        }
        (written, true)
    }
}

impl Message {
    /// The message as bytes, at most 65,535; see [`Message::encode_within`].
    pub fn encode(&self) -> Vec<u8> {
        self.encode_within(0xffff)
    }

    /// The message for TCP: two bytes of length before it (RFC 1035 §4.2.2).
    pub fn encode_for_stream(&self) -> Vec<u8> {
        let message = self.encode();
        let mut out = (message.len() as u16).to_be_bytes().to_vec();
        out.extend_from_slice(&message);
        out
    }

    /// The message in at most `limit` bytes (512 to 65,535). If it does not fit, record sets are left out from the
    /// end, and TC is set if an answer, an authority or the addresses of a referral are among them (RFC 2181 §9,
    /// RFC 9471 §2.1). The OPT record stays. Records of one set must stand together.
    pub fn encode_within(&self, limit: usize) -> Vec<u8> {
        let limit = limit.clamp(512, 0xffff);
        let mut encoder = Encoder { out: vec![0; Header::LEN], names: BTreeMap::new() };
        let mut truncated = self.truncated;
        let edns_room = if self.edns.is_some() { 11 } else { 0 };

        let mut qdcount = 0;
        for question in &self.questions {
            let before = encoder.out.len();
            encoder.name(&question.name);
            encoder.bytes(&question.kind.0.to_be_bytes());
            encoder.bytes(&question.class.0.to_be_bytes());
            if encoder.out.len() + edns_room > limit {
                encoder.take_back(before);
                truncated = true;
                break;
            }
            qdcount += 1;
        }
        let opt = self.edns.as_ref().map(|edns| edns.write((self.rcode.0 >> 4) as u8, limit - encoder.out.len()));
        let limit = limit - opt.as_ref().map_or(0, Vec::len);

        let (ancount, mut whole) = encoder.section(&self.answers, limit);
        let mut counts = [ancount, 0, 0];
        if whole {
            (counts[1], whole) = encoder.section(&self.authorities, limit);
        }
        truncated |= !whole;
        if whole {
            (counts[2], whole) = encoder.section(&self.additionals, limit);
            // RFC 9471 §2.1: without its glue a referral leads nowhere.
            let referral = self.answers.is_empty() && self.authorities.iter().any(|record| record.kind() == Type::NS);
            truncated |= !whole && referral;
        }
        if let Some(opt) = opt {
            encoder.bytes(&opt);
            counts[2] += 1;
        }
        let header = Header {
            id: self.id,
            qr: self.response,
            opcode: self.opcode,
            aa: self.authoritative,
            tc: truncated,
            rd: self.recursion_desired,
            ra: self.recursion_available,
            z: self.z,
            ad: self.authentic_data,
            cd: self.checking_disabled,
            rcode: Rcode(self.rcode.0 & 0xf),
            qdcount,
            ancount: counts[0],
            nscount: counts[1],
            arcount: counts[2],
        };
        header.write(&mut encoder.out);
        encoder.out
    }
}
