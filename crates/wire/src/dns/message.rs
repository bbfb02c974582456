//! A DNS message (RFC 1035 §4): header, questions and three sections of records.

use std::fmt;

use super::codes::{Class, Opcode, Rcode, Type};
use super::edns::{self, EDNS, Edns};
use super::name::{Name, Pointers, decode_name};
use super::rdata::{self, RData};
use crate::{Field, Malformed, Reader, Silent, Sink, Value};

crate::header! {
    /// The header of a message: 12 bytes.
    pub struct Header, mod field = "dns", "DNS", "RFC 1035 §4.1.1",
        "asks for the address (or something else) that belongs to a name, or answers";
    id: u16 = 16, Hex, "ID", "RFC 1035 §4.1.1", "chosen at random by who asks; the answer repeats it";
    qr: bool = 1, Flag, "QR", "RFC 1035 §4.1.1", "not set in a query, set in a response";
    opcode: Opcode = 4, Dec, "Opcode", "RFC 1035 §4.1.1", "what kind of request this is", codes Opcode::CODES;
    aa: bool = 1, Flag, "AA", "RFC 1035 §4.1.1", "authoritative answer: from a server in charge of the zone, not from a cache";
    tc: bool = 1, Flag, "TC", "RFC 1035 §4.1.1", "truncated: the answer did not fit; ask again over TCP";
    rd: bool = 1, Flag, "RD", "RFC 1035 §4.1.1", "recursion desired: please ask others until you have the answer";
    ra: bool = 1, Flag, "RA", "RFC 1035 §4.1.1", "recursion available: this server would ask others";
    z: bool = 1, Flag, "Z", "RFC 1035 §4.1.1", "zero";
    ad: bool = 1, Flag, "AD", "RFC 4035 §3.2.3", "authentic data: the server has verified the signatures";
    cd: bool = 1, Flag, "CD", "RFC 4035 §3.2.2", "checking disabled: the client verifies the signatures itself";
    rcode: Rcode = 4, Dec, "RCODE", "RFC 1035 §4.1.1", "how the request went", codes Rcode::CODES;
    qdcount: u16 = 16, Dec, "QDCOUNT", "RFC 1035 §4.1.1", "how many questions follow";
    ancount: u16 = 16, Dec, "ANCOUNT", "RFC 1035 §4.1.1", "how many records answer them";
    nscount: u16 = 16, Dec, "NSCOUNT", "RFC 1035 §4.1.1", "how many records name the servers in charge";
    arcount: u16 = 16, Dec, "ARCOUNT", "RFC 1035 §4.1.1", "how many records help besides";
}

crate::fields! {
    /// Questions, and the fields that all records share.
    pub RECORD_FIELDS;
    QUESTIONS = "dns.questions", "Question section", "RFC 1035 §4.1.2", Group, "what is asked; a response repeats it";
    ANSWERS = "dns.answers", "Answer section", "RFC 1035 §4.1", Group, "records that answer the question";
    AUTHORITIES = "dns.authorities", "Authority section", "RFC 1035 §4.1", Group, "the servers in charge, or the zone that says no";
    ADDITIONALS = "dns.additionals", "Additional section", "RFC 1035 §4.1", Group, "records that will be useful: addresses of the servers named above";
    QUESTION = "dns.question", "Question", "RFC 1035 §4.1.2", Group, "a name and the type of record that is wanted";
    QNAME = "dns.question.name", "QNAME", "RFC 1035 §4.1.2", Text, "the name that is asked for";
    QTYPE = "dns.question.type", "QTYPE", "RFC 1035 §4.1.2", Dec, "the type of record that is wanted", codes Type::CODES;
    QCLASS = "dns.question.class", "QCLASS", "RFC 1035 §4.1.2", Dec, "the name space, nearly always the Internet", codes Class::CODES;
    RR = "dns.rr", "Resource record", "RFC 1035 §4.1.3", Group, "one fact about a name";
    RR_NAME = "dns.rr.name", "NAME", "RFC 1035 §4.1.3", Text, "the name that the record is about";
    RR_TYPE = "dns.rr.type", "TYPE", "RFC 1035 §4.1.3", Dec, "what the record tells", codes Type::CODES;
    RR_CLASS = "dns.rr.class", "CLASS", "RFC 1035 §4.1.3", Dec, "the name space, nearly always the Internet", codes Class::CODES;
    RR_TTL = "dns.rr.ttl", "TTL", "RFC 1035 §4.1.3", Seconds, "time to live: how long a cache may keep the record";
    RR_RDLENGTH = "dns.rr.rdlength", "RDLENGTH", "RFC 1035 §4.1.3", Octets, "how long the data is";
    RR_RDATA = "dns.rr.rdata", "RDATA", "RFC 1035 §4.1.3", Group, "what the record tells, in the form of its type";
    STREAM_MESSAGE = "dns.tcp", "DNS over TCP", "RFC 7766 §8", Group, "a message with its length before it";
    STREAM_LEN = "dns.tcp.len", "Length", "RFC 1035 §4.2.2", Octets, "over TCP: how long the message is that follows";
}

/// What is asked (RFC 1035 §4.1.2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Question {
    /// The name.
    pub name: Name,
    /// The type of record.
    pub kind: Type,
    /// The name space.
    pub class: Class,
}

impl Question {
    /// Asks the Internet's name space.
    pub fn new(name: Name, kind: Type) -> Question {
        Question { name, kind, class: Class::IN }
    }
}

/// One fact about a name (RFC 1035 §4.1.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceRecord {
    /// The name that it is about.
    pub name: Name,
    /// The name space.
    pub class: Class,
    /// How long a cache may keep it, in seconds, as on the wire: with the highest bit set it counts as 0
    /// (RFC 2181 §8).
    pub ttl: u32,
    /// What it tells, and with it its type.
    pub data: RData,
}

impl ResourceRecord {
    /// A record of the Internet's name space.
    pub fn new(name: Name, ttl: u32, data: RData) -> ResourceRecord {
        ResourceRecord { name, class: Class::IN, ttl, data }
    }
    /// Its type.
    pub fn kind(&self) -> Type {
        self.data.kind()
    }
}

/// A message. The counts of the header are those of the sections.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Message {
    /// Chosen by who asks.
    pub id: u16,
    /// QR: a response.
    pub response: bool,
    /// What kind of request.
    pub opcode: Opcode,
    /// AA: from a server in charge.
    pub authoritative: bool,
    /// TC: did not fit.
    pub truncated: bool,
    /// RD: please ask others.
    pub recursion_desired: bool,
    /// RA: would ask others.
    pub recursion_available: bool,
    /// Z: zero.
    pub z: bool,
    /// AD: signatures verified.
    pub authentic_data: bool,
    /// CD: do not verify.
    pub checking_disabled: bool,
    /// How it went: 4 bits, or 12 with EDNS.
    pub rcode: Rcode,
    /// What is asked.
    pub questions: Vec<Question>,
    /// Records that answer.
    pub answers: Vec<ResourceRecord>,
    /// The servers in charge.
    pub authorities: Vec<ResourceRecord>,
    /// Useful besides. The OPT record is not among them: see `edns`.
    pub additionals: Vec<ResourceRecord>,
    /// The extensions, if the message has an OPT record.
    pub edns: Option<Edns>,
}

impl Message {
    /// A query with one question that desires recursion.
    pub fn query(id: u16, question: Question) -> Message {
        Message { id, recursion_desired: true, questions: vec![question], ..Message::default() }
    }

    /// An empty response to `query`: its id, opcode, RD, CD (RFC 4035 §3.2.2) and questions.
    pub fn response_to(query: &Message) -> Message {
        Message {
            id: query.id,
            response: true,
            opcode: query.opcode,
            recursion_desired: query.recursion_desired,
            checking_disabled: query.checking_disabled,
            questions: query.questions.clone(),
            ..Message::default()
        }
    }

    /// Reads a message that fills `bytes`.
    ///
    /// # Errors
    /// If it breaks the format anywhere, or bytes are left over.
    pub fn parse(bytes: &[u8]) -> Result<Message, Malformed> {
        let decoded = Reader::decode_all(bytes, &mut Silent, |reader| decode(reader))?;
        decoded.ok_or(Malformed { field: &field::GROUP, at: 0, what: "is not a message" })
    }

    /// The first question, if there is one.
    pub fn question(&self) -> Option<&Question> {
        self.questions.first()
    }

    /// The longest UDP answer that the sender of this message takes (RFC 6891 §6.2.3; 512 without EDNS).
    pub fn udp_limit(&self) -> usize {
        self.edns.as_ref().map_or(512, |edns| usize::from(edns.udp_size).max(512))
    }
}

/// Decodes a message from the front of the reader, as a group. Names in it may point back to its start.
///
/// # Errors
/// If it breaks the format where the decoder cannot go on.
pub fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Message, Malformed> {
    let pointers = Pointers::from_here(reader, Header::LEN);
    reader.group(&field::GROUP, |reader| {
        let header = Header::decode(reader)?;
        let mut message = Message {
            id: header.id,
            response: header.qr,
            opcode: header.opcode,
            authoritative: header.aa,
            truncated: header.tc,
            recursion_desired: header.rd,
            recursion_available: header.ra,
            z: header.z,
            authentic_data: header.ad,
            checking_disabled: header.cd,
            rcode: header.rcode,
            ..Message::default()
        };
        message.questions = section(reader, &QUESTIONS, header.qdcount, |reader| {
            reader.group(&QUESTION, |reader| {
                let name = decode_name(reader, &QNAME, pointers)?;
                let question = Question { name, kind: reader.get(&QTYPE, 16)?, class: reader.get(&QCLASS, 16)? };
                group_text(reader, &question);
                Ok(Some(question))
            })
        })?;
        let records = [(&ANSWERS, header.ancount), (&AUTHORITIES, header.nscount), (&ADDITIONALS, header.arcount)];
        for (i, (group, count)) in records.into_iter().enumerate() {
            let found = section(reader, group, count, |reader| {
                if reader.peek().starts_with(&OPT_START) {
                    reader.group(&EDNS, |reader| opt(reader, pointers, group, &mut message))
                } else {
                    reader.group(&RR, |reader| record(reader, pointers, message.opcode))
                }
            })?;
            match i {
                0 => message.answers = found,
                1 => message.authorities = found,
                _ => message.additionals = found,
            }
        }
        Ok(message)
    })
}

/// The root name and the type of an OPT record.
const OPT_START: [u8; 3] = [0, 0, 41];

/// Decodes `count` entries of a section; those that are no records of their own (OPT) leave nothing.
fn section<'a, S: Sink, T>(
    reader: &mut Reader<'a, '_, S>,
    group: &'static Field,
    count: u16,
    mut one: impl FnMut(&mut Reader<'a, '_, S>) -> Result<Option<T>, Malformed>,
) -> Result<Vec<T>, Malformed> {
    if count == 0 {
        return Ok(Vec::new());
    }
    reader.group(group, |reader| {
        let mut found = Vec::new();
        for _ in 0..count {
            if reader.is_empty() {
                return Err(reader.error(group, "has fewer entries than the header counts"));
            }
            found.extend(one(reader)?);
        }
        Ok(found)
    })
}

fn record<'a, S: Sink>(
    reader: &mut Reader<'a, '_, S>,
    pointers: Pointers<'a>,
    opcode: Opcode,
) -> Result<Option<ResourceRecord>, Malformed> {
    let name = decode_name(reader, &RR_NAME, pointers)?;
    let kind: Type = reader.get(&RR_TYPE, 16)?;
    if kind == Type::OPT {
        // RFC 6891 §6.1.2: the name of an OPT record is the root.
        reader.report(&RR_NAME, "is not the root, as that of an OPT record must be")?;
    }
    let class = reader.get(&RR_CLASS, 16)?;
    let ttl = reader.u32(&RR_TTL)?;
    let len = usize::from(reader.u16(&RR_RDLENGTH)?);
    if len > reader.remaining() {
        return Err(reader.error(&RR_RDLENGTH, "reaches behind the end of the message"));
    }
    // RFC 2136 §2.4, §2.5: in an update, a record without data stands for a whole set.
    let data = if len == 0 && opcode == Opcode::UPDATE {
        Some(RData::Unknown(kind, Vec::new()))
    } else if len == 0 {
        // Nothing to group; what the type demands is then missing.
        reader.within(0, |reader| rdata::decode(reader, kind, pointers))?
    } else {
        reader.group_within(&RR_RDATA, len, |reader| rdata::decode(reader, kind, pointers))?
    };
    let record = data.map(|data| ResourceRecord { name, class, ttl, data });
    if let Some(record) = &record {
        group_text(reader, record);
    }
    Ok(record)
}

fn opt<'a, S: Sink, T>(
    reader: &mut Reader<'a, '_, S>,
    pointers: Pointers<'a>,
    section: &'static Field,
    message: &mut Message,
) -> Result<Option<T>, Malformed> {
    if section.id != ADDITIONALS.id {
        // RFC 6891 §6.1.1: in the additional data section.
        reader.report(&EDNS, "stands outside the additional section")?;
    }
    decode_name(reader, &RR_NAME, pointers)?;
    reader.get::<Type>(&RR_TYPE, 16)?;
    let (edns, rcode) = edns::decode(reader)?;
    if message.edns.is_some() {
        // RFC 6891 §6.1.1: more than one is a format error.
        reader.report(&EDNS, "occurs more than once")?;
    } else {
        message.rcode.0 |= u16::from(rcode) << 4;
        message.edns = Some(edns);
    }
    Ok(None)
}

fn group_text<S: Sink>(reader: &mut Reader<'_, '_, S>, value: &impl fmt::Display) {
    if S::RECORDS {
        let text = value.to_string();
        reader.sink().group_value(Value::Text(&text));
    }
}

/// Decodes a stream of messages, each behind two bytes of length (RFC 1035 §4.2.2, RFC 7766 §8), to its end.
///
/// # Errors
/// If the stream ends inside a message, or a message is malformed (with a sink that stops).
pub fn decode_stream<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Vec<Message>, Malformed> {
    let mut messages = Vec::new();
    while !reader.is_empty() {
        reader.group(&STREAM_MESSAGE, |reader| {
            let len = usize::from(reader.u16(&STREAM_LEN)?);
            if len > reader.remaining() {
                return Err(reader.error(&STREAM_LEN, "reaches behind the end of the stream"));
            }
            messages.extend(reader.within(len, |reader| decode(reader))?);
            Ok(())
        })?;
    }
    Ok(messages)
}

/// The first message of a TCP stream and how many bytes of the stream it takes, length included; `None` as long as it
/// is not all there.
pub fn split_stream(stream: &[u8]) -> Option<(&[u8], usize)> {
    let (len, rest) = stream.split_first_chunk::<2>()?;
    let len = usize::from(u16::from_be_bytes(*len));
    Some((rest.get(..len)?, 2 + len))
}

/// A type's name, or `TYPE` and its number (RFC 3597 §5).
struct TypeName(Type);
impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "TYPE{}", self.0.0),
        }
    }
}

/// E.g. `www.example.com A`; with the class before the type where it is not the Internet.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.class {
            Class::IN => write!(f, "{} {}", self.name, TypeName(self.kind)),
            class => write!(f, "{} {class} {}", self.name, TypeName(self.kind)),
        }
    }
}

/// E.g. `www.example.com 300 IN A 192.0.2.1`.
impl fmt::Display for ResourceRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {} {}", self.name, self.ttl, self.class, TypeName(self.kind()), self.data)
    }
}
