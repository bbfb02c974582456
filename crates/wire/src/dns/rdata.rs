//! What records tell (RDATA): one decoder and one encoder for each type that we know; the others stay bytes
//! (RFC 3597 §3).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::codes::{Algorithm, DigestType, Type};
use super::dnssec::{self, Dnskey, Ds, Nsec, Nsec3, Rrsig, TypeSet};
use super::encode::Encoder;
use super::name::{Name, Pointers, decode_name};
use super::svcb::{self, Svcb};
use super::text::{CharString, Hex};
use crate::{Field, Malformed, Reader, Sink};

crate::fields! {
    /// What the records of the common types hold.
    pub RDATA_FIELDS;
    A_ADDRESS = "dns.a.address", "Address", "RFC 1035 §3.4.1", Address, "the IPv4 address of the host that the record names";
    AAAA_ADDRESS = "dns.aaaa.address", "Address", "RFC 3596 §2.2", Address, "the IPv6 address of the host that the record names";
    NS_NAME = "dns.ns.nsdname", "Name server", "RFC 1035 §3.3.11", Text, "a host that answers for the zone";
    CNAME_NAME = "dns.cname.cname", "Canonical name", "RFC 1035 §3.3.1", Text, "the name that this one is an alias of";
    DNAME_NAME = "dns.dname.target", "Target", "RFC 6672 §2.1", Text, "what takes the place of the record's own name in every name below it";
    PTR_NAME = "dns.ptr.ptrdname", "Name", "RFC 1035 §3.3.12", Text, "the name pointed at";
    SOA_MNAME = "dns.soa.mname", "Primary server", "RFC 1035 §3.3.13", Text, "the server where the zone is edited";
    SOA_RNAME = "dns.soa.rname", "Responsible person", "RFC 1035 §3.3.13", Text, "the mail address of who runs the zone; its first dot stands for @";
    SOA_SERIAL = "dns.soa.serial", "Serial", "RFC 1982 §7", Dec, "the version of the zone; grows with each change";
    SOA_REFRESH = "dns.soa.refresh", "Refresh", "RFC 1035 §3.3.13", Seconds, "how often secondaries look whether the zone has changed";
    SOA_RETRY = "dns.soa.retry", "Retry", "RFC 1035 §3.3.13", Seconds, "how soon they look again after a failure";
    SOA_EXPIRE = "dns.soa.expire", "Expire", "RFC 1035 §3.3.13", Seconds, "how long they answer without having reached the primary";
    SOA_MINIMUM = "dns.soa.minimum", "Minimum", "RFC 2308 §4", Seconds, "how long the answer `there is no such record` may be kept at most";
    MX_PREFERENCE = "dns.mx.preference", "Preference", "RFC 1035 §3.3.9", Dec, "the lower, the earlier it is tried";
    MX_EXCHANGE = "dns.mx.exchange", "Mail exchange", "RFC 1035 §3.3.9", Text, "a host that takes the mail";
    TXT_LEN = "dns.txt.len", "Text length", "RFC 1035 §3.3.14", Octets, "how many bytes of text follow";
    TXT_DATA = "dns.txt.data", "Text", "RFC 1035 §3.3.14", Text, "text whose meaning depends on the name";
    HINFO_LEN = "dns.hinfo.len", "Length", "RFC 1035 §3.3.2", Octets, "how many bytes follow";
    HINFO_CPU = "dns.hinfo.cpu", "CPU", "RFC 1035 §3.3.2", Text, "the kind of machine; `RFC8482` where a server refuses to answer for all types";
    HINFO_OS = "dns.hinfo.os", "Operating system", "RFC 1035 §3.3.2", Text, "the operating system";
    SRV_PRIORITY = "dns.srv.priority", "Priority", "RFC 2782", Dec, "the lower, the earlier it is tried";
    SRV_WEIGHT = "dns.srv.weight", "Weight", "RFC 2782", Dec, "the share of clients among hosts of the same priority";
    SRV_PORT = "dns.srv.port", "Port", "RFC 2782", Dec, "where the service listens on the host";
    SRV_TARGET = "dns.srv.target", "Target", "RFC 2782", Text, "the host that offers the service; the root if none does";
    CAA_CRITICAL = "dns.caa.critical", "Critical", "RFC 8659 §4.1", Flag, "an authority that does not know the property must not issue";
    CAA_RESERVED = "dns.caa.reserved", "Reserved", "RFC 8659 §4.1", Hex, "zero";
    CAA_TAG_LEN = "dns.caa.tag_len", "Tag length", "RFC 8659 §4.1", Octets, "how long the property's name is";
    CAA_TAG = "dns.caa.tag", "Tag", "RFC 8659 §4.1", Text, "which property: issue, issuewild, iodef, ...";
    CAA_VALUE = "dns.caa.value", "Value", "RFC 8659 §4.1", Text, "for issue: the authority that may issue; a lone semicolon forbids all";
    TLSA_USAGE = "dns.tlsa.usage", "Certificate usage", "RFC 6698 §2.1.1", Dec, "0 and 1: an authority or certificate that must also be trusted otherwise; 2 and 3: one that is trusted for this record's sake";
    TLSA_SELECTOR = "dns.tlsa.selector", "Selector", "RFC 6698 §2.1.2", Dec, "0: the whole certificate; 1: its public key";
    TLSA_MATCHING = "dns.tlsa.matching", "Matching type", "RFC 6698 §2.1.3", Dec, "0: the thing itself; 1: its SHA-256; 2: its SHA-512";
    TLSA_DATA = "dns.tlsa.data", "Association data", "RFC 6698 §2.1.4", Bytes, "what the certificate or key must match";
    UNKNOWN_DATA = "dns.rdata", "Data", "RFC 3597 §3", Bytes, "what the record tells; of a type that is not taken apart here";
}

/// Start of a zone of authority (RFC 1035 §3.3.13).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Soa {
    /// The primary server.
    pub mname: Name,
    /// The responsible person's mail address.
    pub rname: Name,
    /// The zone's version.
    pub serial: u32,
    /// Seconds between two looks of a secondary.
    pub refresh: u32,
    /// Seconds until a secondary looks again after a failure.
    pub retry: u32,
    /// Seconds until a secondary that reaches nobody stops answering.
    pub expire: u32,
    /// Seconds that a negative answer is kept at most (RFC 2308 §4).
    pub minimum: u32,
}

/// What a record tells, by its type.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RData {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A name server.
    Ns(Name),
    /// The canonical name.
    Cname(Name),
    /// The canonical suffix.
    Dname(Name),
    /// A name pointed at.
    Ptr(Name),
    /// Start of a zone.
    Soa(Soa),
    /// Preference and mail host.
    Mx(u16, Name),
    /// Texts, at least one (RFC 1035 §3.3.14).
    Txt(Vec<CharString>),
    /// Machine and operating system.
    Hinfo(CharString, CharString),
    /// A service's host.
    Srv {
        /// The lower, the earlier it is tried.
        priority: u16,
        /// Share among hosts of the same priority.
        weight: u16,
        /// Where it listens.
        port: u16,
        /// The host.
        target: Name,
    },
    /// Who may issue certificates.
    Caa {
        /// The flags byte; the highest bit is "critical".
        flags: u8,
        /// The property, 1 to 255 bytes.
        tag: CharString,
        /// Its value.
        value: Vec<u8>,
    },
    /// Usage, selector, matching type and data of a DANE record.
    Tlsa(u8, u8, u8, Vec<u8>),
    /// How to reach a service.
    Svcb(Svcb),
    /// How to reach a web server.
    Https(Svcb),
    /// A digest of the child's key.
    Ds(Ds),
    /// A key.
    Dnskey(Dnskey),
    /// A signature.
    Rrsig(Rrsig),
    /// No name up to the next.
    Nsec(Nsec),
    /// The same over hashes.
    Nsec3(Nsec3),
    /// Any other type, and its bytes as they are.
    Unknown(Type, Vec<u8>),
}

impl RData {
    /// The record type that it belongs to.
    pub fn kind(&self) -> Type {
        match self {
            RData::A(_) => Type::A,
            RData::Aaaa(_) => Type::AAAA,
            RData::Ns(_) => Type::NS,
            RData::Cname(_) => Type::CNAME,
            RData::Dname(_) => Type::DNAME,
            RData::Ptr(_) => Type::PTR,
            RData::Soa(_) => Type::SOA,
            RData::Mx(..) => Type::MX,
            RData::Txt(_) => Type::TXT,
            RData::Hinfo(..) => Type::HINFO,
            RData::Srv { .. } => Type::SRV,
            RData::Caa { .. } => Type::CAA,
            RData::Tlsa(..) => Type::TLSA,
            RData::Svcb(_) => Type::SVCB,
            RData::Https(_) => Type::HTTPS,
            RData::Ds(_) => Type::DS,
            RData::Dnskey(_) => Type::DNSKEY,
            RData::Rrsig(_) => Type::RRSIG,
            RData::Nsec(_) => Type::NSEC,
            RData::Nsec3(_) => Type::NSEC3,
            RData::Unknown(kind, _) => *kind,
        }
    }
}

/// Decodes the RDATA of a record of type `kind` that fills the reader.
pub(super) fn decode<'a, S: Sink>(
    reader: &mut Reader<'a, '_, S>,
    kind: Type,
    pointers: Pointers<'a>,
) -> Result<RData, Malformed> {
    Ok(match kind {
        Type::A => RData::A(reader.get(&A_ADDRESS, 32)?),
        Type::AAAA => RData::Aaaa(reader.get(&AAAA_ADDRESS, 128)?),
        Type::NS => RData::Ns(decode_name(reader, &NS_NAME, pointers)?),
        Type::CNAME => RData::Cname(decode_name(reader, &CNAME_NAME, pointers)?),
        Type::DNAME => RData::Dname(plain_name(reader, &DNAME_NAME)?),
        Type::PTR => RData::Ptr(decode_name(reader, &PTR_NAME, pointers)?),
        Type::SOA => RData::Soa(Soa {
            mname: decode_name(reader, &SOA_MNAME, pointers)?,
            rname: decode_name(reader, &SOA_RNAME, pointers)?,
            serial: reader.u32(&SOA_SERIAL)?,
            refresh: reader.u32(&SOA_REFRESH)?,
            retry: reader.u32(&SOA_RETRY)?,
            expire: reader.u32(&SOA_EXPIRE)?,
            minimum: reader.u32(&SOA_MINIMUM)?,
        }),
        Type::MX => RData::Mx(reader.u16(&MX_PREFERENCE)?, decode_name(reader, &MX_EXCHANGE, pointers)?),
        Type::TXT => {
            // RFC 1035 §3.3.14: one or more character strings.
            let mut texts = vec![char_string(reader, &TXT_LEN, &TXT_DATA)?];
            while !reader.is_empty() {
                texts.push(char_string(reader, &TXT_LEN, &TXT_DATA)?);
            }
            RData::Txt(texts)
        }
        Type::HINFO => {
            RData::Hinfo(char_string(reader, &HINFO_LEN, &HINFO_CPU)?, char_string(reader, &HINFO_LEN, &HINFO_OS)?)
        }
        Type::SRV => RData::Srv {
            priority: reader.u16(&SRV_PRIORITY)?,
            weight: reader.u16(&SRV_WEIGHT)?,
            port: reader.u16(&SRV_PORT)?,
            // RFC 3597 §4: receivers decompress SRV, though senders must not compress it (RFC 2782).
            target: decode_name(reader, &SRV_TARGET, pointers)?,
        },
        Type::CAA => {
            let critical = reader.bits(&CAA_CRITICAL, 1)? as u8;
            let flags = critical << 7 | reader.bits(&CAA_RESERVED, 7)? as u8;
            let tag = char_string(reader, &CAA_TAG_LEN, &CAA_TAG)?;
            if tag.as_bytes().is_empty() {
                // RFC 8659 §4.1: the tag length must be at least 1.
                return Err(reader.error(&CAA_TAG_LEN, "is zero"));
            }
            RData::Caa { flags, tag, value: reader.rest(&CAA_VALUE)?.to_vec() }
        }
        Type::TLSA => RData::Tlsa(
            reader.u8(&TLSA_USAGE)?,
            reader.u8(&TLSA_SELECTOR)?,
            reader.u8(&TLSA_MATCHING)?,
            reader.rest(&TLSA_DATA)?.to_vec(),
        ),
        Type::SVCB => RData::Svcb(svcb::decode(reader)?),
        Type::HTTPS => RData::Https(svcb::decode(reader)?),
        Type::DS => RData::Ds(dnssec::decode_ds(reader)?),
        Type::DNSKEY => RData::Dnskey(dnssec::decode_dnskey(reader)?),
        Type::RRSIG => RData::Rrsig(dnssec::decode_rrsig(reader)?),
        Type::NSEC => RData::Nsec(dnssec::decode_nsec(reader)?),
        Type::NSEC3 => RData::Nsec3(dnssec::decode_nsec3(reader)?),
        _ => RData::Unknown(kind, reader.rest(&UNKNOWN_DATA)?.to_vec()),
    })
}

/// Decodes a name that must not be compressed (RFC 3597 §4: only the types of RFC 1035 may).
pub(super) fn plain_name<S: Sink>(reader: &mut Reader<'_, '_, S>, field: &'static Field) -> Result<Name, Malformed> {
    // Pointers that count from here have nowhere to point back to.
    let nowhere = Pointers::from_here(reader, 0);
    decode_name(reader, field, nowhere)
}

/// Decodes a length byte and as many bytes.
pub(super) fn char_string<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    len: &'static Field,
    data: &'static Field,
) -> Result<CharString, Malformed> {
    let n = usize::from(reader.u8(len)?);
    let bytes = reader.bytes(data, n)?;
    Ok(CharString::new(bytes).unwrap_or_default())
}

impl RData {
    /// Appends the data to a message, compressing names where the type permits it (RFC 3597 §4).
    pub(super) fn encode(&self, out: &mut Encoder) {
        match self {
            RData::A(address) => out.bytes(&address.octets()),
            RData::Aaaa(address) => out.bytes(&address.octets()),
            RData::Ns(name) | RData::Cname(name) | RData::Ptr(name) => out.name(name),
            RData::Dname(name) => out.bytes(name.as_wire()),
            RData::Soa(soa) => {
                out.name(&soa.mname);
                out.name(&soa.rname);
                for n in [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum] {
                    out.bytes(&n.to_be_bytes());
                }
            }
            RData::Mx(preference, name) => {
                out.bytes(&preference.to_be_bytes());
                out.name(name);
            }
            RData::Txt(texts) => {
                // RFC 1035 §3.3.14: at least one string, be it empty.
                let empty = [CharString::default()];
                let texts = if texts.is_empty() { &empty } else { texts.as_slice() };
                texts.iter().for_each(|text| text.write(out.raw()));
            }
            RData::Hinfo(cpu, os) => {
                cpu.write(out.raw());
                os.write(out.raw());
            }
            RData::Srv { priority, weight, port, target } => {
                for n in [priority, weight, port] {
                    out.bytes(&n.to_be_bytes());
                }
                out.bytes(target.as_wire());
            }
            RData::Caa { flags, tag, value } => {
                out.bytes(&[*flags]);
                tag.write(out.raw());
                out.bytes(value);
            }
            RData::Tlsa(usage, selector, matching, data) => {
                out.bytes(&[*usage, *selector, *matching]);
                out.bytes(data);
            }
            RData::Svcb(svcb) | RData::Https(svcb) => svcb.write(out.raw()),
            RData::Ds(ds) => ds.write(out.raw()),
            RData::Dnskey(key) => key.write(out.raw()),
            RData::Rrsig(signature) => signature.write(out.raw()),
            RData::Nsec(nsec) => nsec.write(out.raw()),
            RData::Nsec3(nsec3) => nsec3.write(out.raw()),
            RData::Unknown(_, bytes) => out.bytes(bytes),
        }
    }
}

/// As a zone file would say it, byte strings in hexadecimal.
impl fmt::Display for RData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RData::A(address) => address.fmt(f),
            RData::Aaaa(address) => address.fmt(f),
            RData::Ns(name) | RData::Cname(name) | RData::Dname(name) | RData::Ptr(name) => name.fmt(f),
            RData::Soa(s) => {
                write!(f, "{} {} {} {} {} {} {}", s.mname, s.rname, s.serial, s.refresh, s.retry, s.expire, s.minimum)
            }
            RData::Mx(preference, name) => write!(f, "{preference} {name}"),
            RData::Txt(texts) => {
                for (i, text) in texts.iter().enumerate() {
                    write!(f, "{}{text}", if i > 0 { " " } else { "" })?;
                }
                Ok(())
            }
            RData::Hinfo(cpu, os) => write!(f, "{cpu} {os}"),
            RData::Srv { priority, weight, port, target } => write!(f, "{priority} {weight} {port} {target}"),
            RData::Caa { flags, tag, value } => {
                write!(f, "{flags} {} {}", String::from_utf8_lossy(tag.as_bytes()), value.escape_ascii())
            }
            RData::Tlsa(usage, selector, matching, data) => write!(f, "{usage} {selector} {matching} {}", Hex(data)),
            RData::Svcb(svcb) | RData::Https(svcb) => svcb.fmt(f),
            RData::Ds(ds) => {
                let (Algorithm(algorithm), DigestType(digest)) = (ds.algorithm, ds.digest_type);
                write!(f, "{} {algorithm} {digest} {}", ds.key_tag, Hex(&ds.digest))
            }
            RData::Dnskey(key) => {
                write!(f, "{} {} {} {}", key.flags, key.protocol, key.algorithm.0, Hex(&key.key))
            }
            RData::Rrsig(s) => write!(
                f,
                "{} {} {} {} {} {} {} {} {}",
                s.covered,
                s.algorithm.0,
                s.labels,
                s.original_ttl,
                s.expiration,
                s.inception,
                s.key_tag,
                s.signer,
                Hex(&s.signature)
            ),
            RData::Nsec(nsec) => write!(f, "{} {}", nsec.next, nsec.types),
            RData::Nsec3(n) => {
                let (salt, next): (_, &TypeSet) = (Hex(&n.salt), &n.types);
                write!(f, "{} {} {} {salt} {} {next}", n.hash, n.flags, n.iterations, Hex(&n.next))
            }
            // RFC 3597 §5: `\#`, the length, the bytes.
            RData::Unknown(_, bytes) => write!(f, "\\# {} {}", bytes.len(), Hex(bytes)),
        }
    }
}
