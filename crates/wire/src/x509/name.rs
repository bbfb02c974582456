//! Names: of issuer and subject (RFC 5280 §4.1.2.4), and the many kinds of GeneralName (§4.2.1.6).

use std::fmt;
use std::net::IpAddr;

use super::der::{self, MAX_DEPTH, Tag};
use super::oid;
use crate::{Field, Malformed, Reader, Sink, Value};

crate::fields! {
    /// Fields of names.
    pub NAME_FIELDS;
    NAME = "x509.name", "Distinguished name", "RFC 5280 §4.1.2.4", Group, "a name made of parts: country, organisation, ...";
    RDN = "x509.rdn", "Relative distinguished name", "RFC 5280 §4.1.2.4", Group, "one part of the name, mostly a single attribute";
    ATTRIBUTE = "x509.attribute", "Attribute", "RFC 5280 §4.1.2.4", Group, "what the part is, and its value";
    ATTRIBUTE_TYPE_ELEMENT = "x509.attribute.type", "Attribute type", "RFC 5280 §4.1.2.4", Group, "what the part is";
    ATTRIBUTE_TYPE = "x509.attribute.type.oid", "Type", "RFC 5280 §4.1.2.4", Text, "commonName, organizationName, ...";
    ATTRIBUTE_VALUE = "x509.attribute.value", "Attribute value", "RFC 5280 §4.1.2.4", Group, "what the part says";
    ATTRIBUTE_TEXT = "x509.attribute.value.text", "Text", "RFC 5280 §4.1.2.4", Text, "what the part says";
    GENERAL_NAMES = "x509.general_names", "Names", "RFC 5280 §4.2.1.6", Group, "names of any kind";
    GENERAL_NAME = "x509.general_name", "Name", "RFC 5280 §4.2.1.6", Group, "one name; its tag says of which kind";
    DNS_NAME = "x509.general_name.dns", "DNS name", "RFC 5280 §4.2.1.6", Text, "a host name; a * stands for one label";
    MAIL = "x509.general_name.mail", "Mail address", "RFC 5280 §4.2.1.6", Text, "a mail address";
    URI = "x509.general_name.uri", "URI", "RFC 5280 §4.2.1.6", Text, "an address on the web";
    IP = "x509.general_name.ip", "IP address", "RFC 5280 §4.2.1.6", Address, "an IPv4 or IPv6 address";
    REGISTERED_ID = "x509.general_name.registered_id", "Registered id", "RFC 5280 §4.2.1.6", Text, "an object identifier";
}

/// A distinguished name.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Name {
    /// Attribute types (`commonName`, or numbers) and values, in order.
    pub attributes: Vec<(String, String)>,
}

impl Name {
    /// The common name.
    pub fn common_name(&self) -> Option<&str> {
        self.attributes.iter().rev().find(|(kind, _)| kind == "commonName").map(|(_, value)| value.as_str())
    }
}

/// `C=US, O=Example, CN=www.example.com`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (kind, value)) in self.attributes.iter().enumerate() {
            // RFC 4514 §3: short names.
            let kind = match kind.as_str() {
                "commonName" => "CN",
                "countryName" => "C",
                "localityName" => "L",
                "stateOrProvinceName" => "ST",
                "streetAddress" => "STREET",
                "organizationName" => "O",
                "organizationalUnitName" => "OU",
                "domainComponent" => "DC",
                "userId" => "UID",
                kind => kind,
            };
            write!(f, "{}{kind}={value}", if i > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// A distinguished name as the next element, in a group.
pub(super) fn element<S: Sink>(reader: &mut Reader<'_, '_, S>, group: &'static Field) -> Result<Name, Malformed> {
    let mut name = Name::default();
    der::element(reader, group, Tag::SEQUENCE, |reader| {
        while !reader.is_empty() {
            der::element(reader, &RDN, Tag::SET, |reader| {
                while !reader.is_empty() {
                    name.attributes.extend(der::element(reader, &ATTRIBUTE, Tag::SEQUENCE, attribute)?);
                }
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(name)
}

fn attribute<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(String, String), Malformed> {
    let kind = der::element(reader, &ATTRIBUTE_TYPE_ELEMENT, Tag::OID, |reader| {
        der::object_identifier(reader, &ATTRIBUTE_TYPE)
    })?;
    let kind = kind.map(oid::name).unwrap_or_default();
    let value = match der::peek(reader) {
        Some(tag) if der::is_text(tag) => {
            der::element(reader, &ATTRIBUTE_VALUE, tag, |reader| der::text(reader, &ATTRIBUTE_TEXT, tag))?
        }
        _ => {
            der::any(reader, MAX_DEPTH)?;
            None
        }
    };
    Ok((kind, value.unwrap_or_default()))
}

/// A name of a subject beyond the distinguished name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GeneralName {
    /// A host name, perhaps with a wildcard.
    Dns(String),
    /// An address.
    Ip(IpAddr),
    /// An address on the web.
    Uri(String),
    /// A mail address.
    Mail(String),
    /// Another kind.
    Other,
}

/// Names in a row, which fill the reader.
pub(super) fn general_names<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Vec<GeneralName>, Malformed> {
    let mut names = Vec::new();
    while !reader.is_empty() {
        names.push(general_name(reader)?);
    }
    Ok(names)
}

/// A GeneralName as the next element (RFC 5280 §4.2.1.6): its tag says of which kind.
pub(super) fn general_name<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<GeneralName, Malformed> {
    let tag = der::peek(reader).unwrap_or_default();
    let name = der::element(reader, &GENERAL_NAME, tag, |reader| {
        Ok(match tag {
            Tag::CONTEXT_1 => GeneralName::Mail(der::text(reader, &MAIL, Tag::IA5_STRING)?),
            Tag::CONTEXT_2 => GeneralName::Dns(der::text(reader, &DNS_NAME, Tag::IA5_STRING)?),
            Tag::CONTEXT_6 => GeneralName::Uri(der::text(reader, &URI, Tag::IA5_STRING)?),
            Tag::CONTEXT_7 => ip(reader)?,
            Tag::CONTEXT_8 => {
                der::object_identifier(reader, &REGISTERED_ID)?;
                GeneralName::Other
            }
            // Explicitly tagged, for a Name is a choice (X.680 §31.2.7).
            Tag::INSIDE_4 => {
                element(reader, &NAME)?;
                GeneralName::Other
            }
            _ => {
                der::content(reader, tag, MAX_DEPTH)?;
                GeneralName::Other
            }
        })
    })?;
    Ok(name.unwrap_or(GeneralName::Other))
}

fn ip<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<GeneralName, Malformed> {
    let address = match *reader.peek() {
        [a, b, c, d] => IpAddr::from([a, b, c, d]),
        ref bytes => match <[u8; 16]>::try_from(bytes) {
            Ok(bytes) => IpAddr::from(bytes),
            Err(_) => {
                // With a mask, as name constraints have it (RFC 5280 §4.2.1.10).
                reader.rest(&IP)?;
                return Ok(GeneralName::Other);
            }
        },
    };
    reader.bytes_as(&IP, reader.remaining(), |_| Value::Ip(address))?;
    Ok(GeneralName::Ip(address))
}
