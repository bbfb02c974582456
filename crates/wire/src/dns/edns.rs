//! EDNS: the OPT pseudo-record and its options (RFC 6891).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::codes::{ErrorInfo, OptionCode};
use crate::{Malformed, Reader, Sink, Value};

crate::fields! {
    /// What an OPT record holds in the place of a record's fields, and its options.
    pub EDNS_FIELDS;
    EDNS = "dns.edns", "EDNS", "RFC 6891 §6.1.1", Group, "extensions of this message in the shape of a record";
    UDP_SIZE = "dns.edns.udp_size", "UDP payload size", "RFC 6891 §6.1.2", Octets, "the longest UDP message that the sender can take";
    EXTENDED_RCODE = "dns.edns.rcode", "Extended RCODE", "RFC 6891 §6.1.3", Dec, "the upper eight bits of the response code";
    VERSION = "dns.edns.version", "Version", "RFC 6891 §6.1.3", Dec, "the version of EDNS: 0";
    DNSSEC_OK = "dns.edns.do", "DO", "RFC 3225 §3", Flag, "the sender wants DNSSEC's records too";
    Z = "dns.edns.z", "Z", "RFC 6891 §6.1.4", Hex, "zero";
    RDLENGTH = "dns.edns.len", "Options length", "RFC 6891 §6.1.2", Octets, "how long all options are together";
    OPTION = "dns.edns.option", "Option", "RFC 6891 §6.1.2", Group, "one extension: its code, length and data";
    OPTION_CODE = "dns.edns.option.code", "Option code", "RFC 6891 §6.1.2", Dec, "which extension this is", codes OptionCode::CODES;
    OPTION_LEN = "dns.edns.option.len", "Option length", "RFC 6891 §6.1.2", Octets, "how long the option's data is";
    OPTION_DATA = "dns.edns.option.data", "Option data", "RFC 6891 §6.1.2", Bytes, "the data of an option that is not taken apart here";
    NSID = "dns.edns.nsid", "Server id", "RFC 5001 §2.3", Bytes, "which of several servers behind one address this is; empty asks for it";
    ECS_FAMILY = "dns.edns.subnet.family", "Family", "RFC 7871 §6", Dec, "1: IPv4; 2: IPv6";
    ECS_SOURCE = "dns.edns.subnet.source", "Source prefix length", "RFC 7871 §6", Dec, "how many bits of the client's address follow";
    ECS_SCOPE = "dns.edns.subnet.scope", "Scope prefix length", "RFC 7871 §6", Dec, "in an answer: for which larger or smaller network it holds";
    ECS_ADDRESS = "dns.edns.subnet.address", "Client's network", "RFC 7871 §6", Address, "the first bits of the client's address";
    COOKIE_CLIENT = "dns.edns.cookie.client", "Client cookie", "RFC 7873 §4.1", Bytes, "chosen by the client for this server; the answer must repeat it";
    COOKIE_SERVER = "dns.edns.cookie.server", "Server cookie", "RFC 7873 §4.2", Bytes, "chosen by the server for this client; later requests repeat it";
    KEEPALIVE = "dns.edns.keepalive", "Idle timeout", "RFC 7828 §3.1", Dec, "how long an idle TCP connection stays open, in units of 100 ms";
    PADDING = "dns.edns.padding", "Padding", "RFC 7830 §3", Opaque(Padding), "zeros that hide the message's length";
    EDE_CODE = "dns.edns.error.code", "Info code", "RFC 8914 §2", Dec, "why the request failed, more precisely", codes ErrorInfo::CODES;
    EDE_TEXT = "dns.edns.error.text", "Extra text", "RFC 8914 §2", Text, "the same in the server's words";
}

/// The extensions of a message. The extended response code stands in [`super::Message::rcode`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edns {
    /// The longest UDP message that the sender can take, in bytes; below 512 counts as 512 (RFC 6891 §6.2.3).
    pub udp_size: u16,
    /// The version: 0.
    pub version: u8,
    /// The sender wants DNSSEC's records.
    pub dnssec_ok: bool,
    /// The other 15 bits of flags, zero.
    pub z: u16,
    /// The options in their order.
    pub options: Vec<EdnsOption>,
}

impl Edns {
    /// Version 0 without options, for messages of `udp_size` bytes. Many resolvers say 1232, which needs no fragments.
    pub fn new(udp_size: u16) -> Edns {
        Edns { udp_size, version: 0, dnssec_ok: false, z: 0, options: Vec::new() }
    }
}

/// An extension (RFC 6891 §6.1.2).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EdnsOption {
    /// Which server this is; empty asks for it.
    Nsid(Vec<u8>),
    /// The network of the client on whose behalf the resolver asks.
    ClientSubnet {
        /// 1 for IPv4, 2 for IPv6.
        family: u16,
        /// How many bits of the address are given.
        source: u8,
        /// For which network an answer holds.
        scope: u8,
        /// As many bytes of the address as `source` needs.
        address: Vec<u8>,
    },
    /// The client's cookie, and the server's: none, or 8 to 32 bytes.
    Cookie([u8; 8], Vec<u8>),
    /// How long an idle TCP connection stays open, in units of 100 ms; a query carries none.
    Keepalive(Option<u16>),
    /// Filling.
    Padding(Vec<u8>),
    /// Why the request failed, and the same in words.
    ExtendedError(ErrorInfo, Vec<u8>),
    /// Any other option and its data.
    Unknown(OptionCode, Vec<u8>),
}

impl EdnsOption {
    /// Its code.
    pub fn code(&self) -> OptionCode {
        match self {
            EdnsOption::Nsid(_) => OptionCode::NSID,
            EdnsOption::ClientSubnet { .. } => OptionCode::CLIENT_SUBNET,
            EdnsOption::Cookie(..) => OptionCode::COOKIE,
            EdnsOption::Keepalive(_) => OptionCode::KEEPALIVE,
            EdnsOption::Padding(_) => OptionCode::PADDING,
            EdnsOption::ExtendedError(..) => OptionCode::EXTENDED_ERROR,
            EdnsOption::Unknown(code, _) => *code,
        }
    }

    fn data(&self) -> Vec<u8> {
        match self {
            EdnsOption::Nsid(bytes) | EdnsOption::Padding(bytes) | EdnsOption::Unknown(_, bytes) => bytes.clone(),
            EdnsOption::ClientSubnet { family, source, scope, address } => {
                [&family.to_be_bytes()[..], &[*source, *scope], address].concat()
            }
            EdnsOption::Cookie(client, server) => [&client[..], server].concat(),
            EdnsOption::Keepalive(timeout) => timeout.map(|t| t.to_be_bytes().to_vec()).unwrap_or_default(),
            EdnsOption::ExtendedError(code, text) => [&code.0.to_be_bytes()[..], text].concat(),
        }
    }
}

/// Decodes an OPT record behind its owner name and type. Returns it with the upper bits of the response code.
pub(super) fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(Edns, u8), Malformed> {
    let udp_size = reader.u16(&UDP_SIZE)?;
    let rcode = reader.u8(&EXTENDED_RCODE)?;
    let version = reader.u8(&VERSION)?;
    let dnssec_ok = reader.get(&DNSSEC_OK, 1)?;
    let z = reader.bits(&Z, 15)? as u16;
    let len = usize::from(reader.u16(&RDLENGTH)?);
    if len > reader.remaining() {
        return Err(reader.error(&RDLENGTH, "reaches behind the end of the message"));
    }
    let mut options = Vec::new();
    reader.within(len, |reader| {
        while !reader.is_empty() {
            reader.group(&OPTION, |reader| {
                let code: OptionCode = reader.get(&OPTION_CODE, 16)?;
                let len = usize::from(reader.u16(&OPTION_LEN)?);
                if len > reader.remaining() {
                    return Err(reader.error(&OPTION_LEN, "reaches behind the record's end"));
                }
                options.extend(reader.within(len, |reader| option(reader, code))?);
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok((Edns { udp_size, version, dnssec_ok, z, options }, rcode))
}

fn option<S: Sink>(reader: &mut Reader<'_, '_, S>, code: OptionCode) -> Result<EdnsOption, Malformed> {
    Ok(match code {
        OptionCode::NSID => EdnsOption::Nsid(reader.rest(&NSID)?.to_vec()),
        OptionCode::CLIENT_SUBNET => {
            let (family, source, scope) = (reader.u16(&ECS_FAMILY)?, reader.u8(&ECS_SOURCE)?, reader.u8(&ECS_SCOPE)?);
            let n = reader.remaining();
            // RFC 7871 §6: the address is cut to as many bytes as the prefix needs.
            let fits = |bits: u8| source <= bits && n == usize::from(source.div_ceil(8));
            let address = match family {
                1 if fits(32) => reader.bytes_as(&ECS_ADDRESS, n, |bytes| {
                    let mut whole = [0; 4];
                    whole.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                    Value::Ip(IpAddr::V4(Ipv4Addr::from(whole)))
                })?,
                2 if fits(128) => reader.bytes_as(&ECS_ADDRESS, n, |bytes| {
                    let mut whole = [0; 16];
                    whole.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                    Value::Ip(IpAddr::V6(Ipv6Addr::from(whole)))
                })?,
                1 | 2 => return Err(reader.error(&ECS_ADDRESS, "is not as long as its prefix says")),
                _ => reader.rest(&ECS_ADDRESS)?,
            };
            EdnsOption::ClientSubnet { family, source, scope, address: address.to_vec() }
        }
        OptionCode::COOKIE => {
            let client = reader.get(&COOKIE_CLIENT, 64)?;
            let server = reader.rest(&COOKIE_SERVER)?;
            // RFC 7873 §4: 8 to 32 bytes if there is one.
            if !matches!(server.len(), 0 | 8..=32) {
                reader.report(&COOKIE_SERVER, "is not 8 to 32 bytes long")?;
            }
            EdnsOption::Cookie(client, server.to_vec())
        }
        OptionCode::KEEPALIVE if reader.is_empty() => EdnsOption::Keepalive(None),
        OptionCode::KEEPALIVE => EdnsOption::Keepalive(Some(reader.u16(&KEEPALIVE)?)),
        OptionCode::PADDING => EdnsOption::Padding(reader.rest(&PADDING)?.to_vec()),
        OptionCode::EXTENDED_ERROR => {
            EdnsOption::ExtendedError(reader.get(&EDE_CODE, 16)?, reader.rest(&EDE_TEXT)?.to_vec())
        }
        _ => EdnsOption::Unknown(code, reader.rest(&OPTION_DATA)?.to_vec()),
    })
}

impl Edns {
    /// The whole record in at most `room` bytes; options that do not fit are left out. 11 bytes always fit.
    pub(super) fn write(&self, extended_rcode: u8, room: usize) -> Vec<u8> {
        let mut options = Vec::new();
        for option in &self.options {
            let data = option.data();
            if data.len() <= 0xffff && 11 + options.len() + 4 + data.len() <= room.min(0xffff) {
                options.extend_from_slice(&option.code().0.to_be_bytes());
                options.extend_from_slice(&(data.len() as u16).to_be_bytes());
                options.extend_from_slice(&data);
            }
        }
        let flags = u16::from(self.dnssec_ok) << 15 | self.z & 0x7fff;
        let mut out = vec![0, 0, 41];
        out.extend_from_slice(&self.udp_size.to_be_bytes());
        out.extend_from_slice(&[extended_rcode, self.version]);
        out.extend_from_slice(&flags.to_be_bytes());
        out.extend_from_slice(&(options.len() as u16).to_be_bytes());
        out.extend_from_slice(&options);
        out
    }
}
