//! SVCB and HTTPS records (RFC 9460): where and how to reach a service.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::codes::SvcParamKey;
use super::name::Name;
use super::rdata::{char_string, plain_name};
use super::text::{CharString, Hex};
use crate::{Malformed, Reader, Sink};

crate::fields! {
    /// What SVCB and HTTPS records hold.
    pub SVCB_FIELDS;
    PRIORITY = "dns.svcb.priority", "Priority", "RFC 9460 §2.4.1", Dec, "0: an alias of the target; else the lower, the earlier it is tried";
    TARGET = "dns.svcb.target", "Target name", "RFC 9460 §2.5", Text, "the host that offers the service; the root stands for the record's own name";
    PARAM = "dns.svcb.param", "Parameter", "RFC 9460 §2.2", Group, "one thing to know about the service before connecting";
    KEY = "dns.svcb.param.key", "Key", "RFC 9460 §14.3", Dec, "which parameter this is", codes SvcParamKey::CODES;
    LEN = "dns.svcb.param.len", "Length", "RFC 9460 §2.2", Octets, "how long its value is";
    MANDATORY = "dns.svcb.mandatory", "Mandatory key", "RFC 9460 §8", Dec, "a parameter that a client must understand to use this record", codes SvcParamKey::CODES;
    ALPN_LEN = "dns.svcb.alpn.len", "Protocol length", "RFC 9460 §7.1.1", Octets, "how long the protocol's name is";
    ALPN = "dns.svcb.alpn", "Protocol", "RFC 9460 §7.1.1", Text, "a protocol that the server speaks, as TLS names it: h2, h3";
    PORT = "dns.svcb.port", "Port", "RFC 9460 §7.2", Dec, "the port to connect to";
    IPV4_HINT = "dns.svcb.ipv4hint", "IPv4 hint", "RFC 9460 §7.3", Address, "an address to try before the A record arrives";
    IPV6_HINT = "dns.svcb.ipv6hint", "IPv6 hint", "RFC 9460 §7.3", Address, "an address to try before the AAAA record arrives";
    ECH = "dns.svcb.ech", "ECH configurations", "RFC 9848 §3", Bytes, "public keys with which the client encrypts its ClientHello";
    DOHPATH = "dns.svcb.dohpath", "DoH path", "RFC 9461 §5", Text, "the template of the path where the server takes DNS over HTTPS";
    VALUE = "dns.svcb.param.value", "Value", "RFC 9460 §2.2", Bytes, "the value of a parameter that is not taken apart here";
}

/// The content of an SVCB or HTTPS record (RFC 9460 §2.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Svcb {
    /// 0 for an alias; else the lower, the earlier it is tried.
    pub priority: u16,
    /// The host that offers the service; the root stands for the record's own name.
    pub target: Name,
    /// The parameters, in strictly ascending order of their keys.
    pub params: Vec<SvcParam>,
}

/// A parameter of a service (RFC 9460 §7).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SvcParam {
    /// Keys that a client must understand.
    Mandatory(Vec<SvcParamKey>),
    /// Protocols, as ALPN names them.
    Alpn(Vec<CharString>),
    /// The scheme's usual protocol does not work.
    NoDefaultAlpn,
    /// The port.
    Port(u16),
    /// IPv4 addresses to try.
    Ipv4Hint(Vec<Ipv4Addr>),
    /// An ECHConfigList.
    Ech(Vec<u8>),
    /// IPv6 addresses to try.
    Ipv6Hint(Vec<Ipv6Addr>),
    /// The URI template of DNS over HTTPS.
    DohPath(Vec<u8>),
    /// Any other key and its value.
    Unknown(SvcParamKey, Vec<u8>),
}

impl SvcParam {
    /// Its key.
    pub fn key(&self) -> SvcParamKey {
        match self {
            SvcParam::Mandatory(_) => SvcParamKey::MANDATORY,
            SvcParam::Alpn(_) => SvcParamKey::ALPN,
            SvcParam::NoDefaultAlpn => SvcParamKey::NO_DEFAULT_ALPN,
            SvcParam::Port(_) => SvcParamKey::PORT,
            SvcParam::Ipv4Hint(_) => SvcParamKey::IPV4_HINT,
            SvcParam::Ech(_) => SvcParamKey::ECH,
            SvcParam::Ipv6Hint(_) => SvcParamKey::IPV6_HINT,
            SvcParam::DohPath(_) => SvcParamKey::DOHPATH,
            SvcParam::Unknown(key, _) => *key,
        }
    }

    fn value(&self) -> Vec<u8> {
        match self {
            SvcParam::Mandatory(keys) => keys.iter().flat_map(|key| key.0.to_be_bytes()).collect(),
            SvcParam::Alpn(names) => {
                let mut value = Vec::new();
                names.iter().for_each(|name| name.write(&mut value));
                value
            }
            SvcParam::NoDefaultAlpn => Vec::new(),
            SvcParam::Port(port) => port.to_be_bytes().to_vec(),
            SvcParam::Ipv4Hint(addresses) => addresses.iter().flat_map(Ipv4Addr::octets).collect(),
            SvcParam::Ipv6Hint(addresses) => addresses.iter().flat_map(Ipv6Addr::octets).collect(),
            SvcParam::Ech(bytes) | SvcParam::DohPath(bytes) | SvcParam::Unknown(_, bytes) => bytes.clone(),
        }
    }
}

impl Svcb {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.priority.to_be_bytes());
        // RFC 9460 §2.2: the target name is not compressed.
        out.extend_from_slice(self.target.as_wire());
        let mut params: Vec<&SvcParam> = self.params.iter().collect();
        // RFC 9460 §2.2: in strictly increasing order of keys.
        params.sort_by_key(|param| param.key());
        for param in params {
            let value = param.value();
            out.extend_from_slice(&param.key().0.to_be_bytes());
            out.extend_from_slice(&(value.len().min(0xffff) as u16).to_be_bytes());
            out.extend_from_slice(&value[..value.len().min(0xffff)]);
        }
    }
}

pub(super) fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Svcb, Malformed> {
    let priority = reader.u16(&PRIORITY)?;
    let target = plain_name(reader, &TARGET)?;
    let mut params: Vec<SvcParam> = Vec::new();
    while !reader.is_empty() {
        reader.group(&PARAM, |reader| {
            let key: SvcParamKey = reader.get(&KEY, 16)?;
            if params.last().is_some_and(|last| last.key() >= key) {
                // RFC 9460 §2.2: receivers treat the record as malformed.
                reader.report(&KEY, "does not ascend")?;
            }
            let len = usize::from(reader.u16(&LEN)?);
            if len > reader.remaining() {
                return Err(reader.error(&LEN, "reaches behind the record's end"));
            }
            params.extend(reader.within(len, |reader| param(reader, key))?);
            Ok(())
        })?;
    }
    Ok(Svcb { priority, target, params })
}

fn param<S: Sink>(reader: &mut Reader<'_, '_, S>, key: SvcParamKey) -> Result<SvcParam, Malformed> {
    /// All that remains, at least one of it (RFC 9460 §7: an empty list is a format error).
    fn list<'a, S: Sink, T>(
        reader: &mut Reader<'a, '_, S>,
        mut one: impl FnMut(&mut Reader<'a, '_, S>) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let mut all = vec![one(reader)?];
        while !reader.is_empty() {
            all.push(one(reader)?);
        }
        Ok(all)
    }
    Ok(match key {
        SvcParamKey::MANDATORY => SvcParam::Mandatory(list(reader, |reader| reader.get(&MANDATORY, 16))?),
        SvcParamKey::ALPN => SvcParam::Alpn(list(reader, |reader| {
            let name = char_string(reader, &ALPN_LEN, &ALPN)?;
            // RFC 9460 §7.1.1: a protocol name is 1 to 255 bytes.
            if name.as_bytes().is_empty() { Err(reader.error(&ALPN_LEN, "is zero")) } else { Ok(name) }
        })?),
        SvcParamKey::NO_DEFAULT_ALPN => SvcParam::NoDefaultAlpn,
        SvcParamKey::PORT => SvcParam::Port(reader.u16(&PORT)?),
        SvcParamKey::IPV4_HINT => SvcParam::Ipv4Hint(list(reader, |reader| reader.get(&IPV4_HINT, 32))?),
        SvcParamKey::IPV6_HINT => SvcParam::Ipv6Hint(list(reader, |reader| reader.get(&IPV6_HINT, 128))?),
        SvcParamKey::ECH => SvcParam::Ech(reader.rest(&ECH)?.to_vec()),
        SvcParamKey::DOHPATH => SvcParam::DohPath(reader.rest(&DOHPATH)?.to_vec()),
        _ => SvcParam::Unknown(key, reader.rest(&VALUE)?.to_vec()),
    })
}

impl fmt::Display for Svcb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.priority, self.target)?;
        self.params.iter().try_for_each(|param| write!(f, " {param}"))
    }
}

/// As in a zone file (RFC 9460 §2.1): `alpn=h2,h3`.
impl fmt::Display for SvcParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = impl fmt::Display>) -> fmt::Result {
            for (i, item) in items.enumerate() {
                write!(f, "{}{item}", if i == 0 { "=" } else { "," })?;
            }
            Ok(())
        }
        match self.key().name() {
            Some(name) => f.write_str(name)?,
            None => write!(f, "key{}", self.key().0)?,
        }
        match self {
            SvcParam::Mandatory(keys) => list(f, keys.iter()),
            SvcParam::Alpn(names) => list(f, names.iter().map(|name| name.as_bytes().escape_ascii())),
            SvcParam::NoDefaultAlpn => Ok(()),
            SvcParam::Port(port) => write!(f, "={port}"),
            SvcParam::Ipv4Hint(addresses) => list(f, addresses.iter()),
            SvcParam::Ipv6Hint(addresses) => list(f, addresses.iter()),
            SvcParam::DohPath(path) => write!(f, "={}", path.escape_ascii()),
            SvcParam::Ech(bytes) | SvcParam::Unknown(_, bytes) => write!(f, "={}", Hex(bytes)),
        }
    }
}
