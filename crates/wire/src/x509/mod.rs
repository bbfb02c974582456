//! X.509 certificates (RFC 5280) in DER (X.690), decoded to the last field.

pub mod der;
mod extensions;
mod key;
mod name;
pub mod ocsp;
pub mod oid;
#[cfg(test)]
mod tests;
pub mod time;

pub use key::{PublicKey, signature_pair};
pub use name::{GeneralName, Name};

use crate::{Malformed, Reader, Sink};
use der::Tag;

crate::open_enum! {
    /// The version of a certificate's format.
    pub struct Version(u8) {
        V1 = 0, "v1", "RFC 5280 §4.1.2.1", "without extensions; also meant where no version stands";
        V2 = 1, "v2", "RFC 5280 §4.1.2.1", "with unique identifiers, which nobody uses";
        V3 = 2, "v3", "RFC 5280 §4.1.2.1", "with extensions";
    }
}

crate::fields! {
    /// Fields of certificates.
    pub CERTIFICATE_FIELDS;
    CERTIFICATE = "x509", "X.509 certificate", "RFC 5280 §4.1", Group, "an issuer's signed word that a key belongs to a name";
    TBS = "x509.tbs", "To-be-signed certificate", "RFC 5280 §4.1.2", Group, "what the issuer signed";
    VERSION_OUTER = "x509.version", "Version", "RFC 5280 §4.1.2.1", Group, "of the certificate's format";
    VERSION_ELEMENT = "x509.version.integer", "Version", "RFC 5280 §4.1.2.1", Group, "of the certificate's format";
    VERSION = "x509.version.value", "Version", "RFC 5280 §4.1.2.1", Dec, "one less than its name says", codes Version::CODES;
    SERIAL_ELEMENT = "x509.serial", "Serial number", "RFC 5280 §4.1.2.2", Group, "the issuer's number for this certificate";
    SERIAL = "x509.serial.value", "Serial number", "RFC 5280 §4.1.2.2", Bytes, "the issuer's number for this certificate; mostly random";
    TBS_ALGORITHM = "x509.tbs.algorithm", "Signature algorithm", "RFC 5280 §4.1.2.3", Group, "how the issuer signs; the same as outside";
    ISSUER = "x509.issuer", "Issuer", "RFC 5280 §4.1.2.4", Group, "who vouches";
    VALIDITY = "x509.validity", "Validity", "RFC 5280 §4.1.2.5", Group, "from when to when the certificate counts";
    NOT_BEFORE_ELEMENT = "x509.not_before", "Not before", "RFC 5280 §4.1.2.5", Group, "the certificate counts from here on";
    NOT_BEFORE = "x509.not_before.value", "Not before", "RFC 5280 §4.1.2.5", Text, "the certificate counts from here on";
    NOT_AFTER_ELEMENT = "x509.not_after", "Not after", "RFC 5280 §4.1.2.5", Group, "the certificate counts up to here";
    NOT_AFTER = "x509.not_after.value", "Not after", "RFC 5280 §4.1.2.5", Text, "the certificate counts up to here";
    SUBJECT = "x509.subject", "Subject", "RFC 5280 §4.1.2.6", Group, "for whom is vouched; may be empty, for host names stand in subjectAltName";
    ISSUER_ID = "x509.issuer_id", "Issuer unique id", "RFC 5280 §4.1.2.8", Group, "no longer used";
    SUBJECT_ID = "x509.subject_id", "Subject unique id", "RFC 5280 §4.1.2.8", Group, "no longer used";
    ALGORITHM = "x509.signature_algorithm", "Signature algorithm", "RFC 5280 §4.1.1.2", Group, "how the issuer signed";
    SIGNATURE = "x509.signature", "Signature", "RFC 5280 §4.1.1.3", Group, "the issuer's signature over all of the above";
}

/// Every field of certificates, list by list; the groups of known extensions among them.
pub static FIELDS: &[&[&crate::Field]] = &[
    der::DER_FIELDS,
    CERTIFICATE_FIELDS,
    name::NAME_FIELDS,
    key::KEY_FIELDS,
    extensions::EXTENSION_FIELDS,
    extensions::KNOWN_GROUPS,
    ocsp::OCSP_FIELDS,
];

/// What a certificate says, as far as a reader of handshakes needs it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Certificate {
    /// The version of the format.
    pub version: Version,
    /// The serial number as it stands there, big-endian.
    pub serial: Vec<u8>,
    /// The issuer's signature algorithm by name, or numbers.
    pub signature_algorithm: String,
    /// Who vouches.
    pub issuer: Name,
    /// For whom is vouched.
    pub subject: Name,
    /// Valid from, in seconds since 1970 (UTC). `None` if unreadable.
    pub not_before: Option<i64>,
    /// Valid to, in seconds since 1970 (UTC). `None` if unreadable.
    pub not_after: Option<i64>,
    /// The subject's key.
    pub key: PublicKey,
    /// The subject's host names and addresses.
    pub subject_alt_names: Vec<GeneralName>,
    /// Whether the subject may issue certificates.
    pub is_ca: bool,
    /// What the key may be used for, the first bit lowest (RFC 5280 §4.2.1.3); `None` if it does not say.
    pub key_usage: Option<u16>,
    /// The key's purposes by name, or numbers.
    pub purposes: Vec<String>,
    /// How many public logs' timestamps stand in it.
    pub scts: usize,
}

impl Certificate {
    /// Whether it counts at a moment, given in seconds since 1970 (RFC 5280 §4.1.2.5: both ends included).
    pub fn is_valid_at(&self, seconds: i64) -> bool {
        self.not_before.is_some_and(|from| from <= seconds) && self.not_after.is_some_and(|to| seconds <= to)
    }

    /// Whether it is for this host name or address (RFC 9525 §6.3: the common name does not count; a `*` stands for the
    /// whole leftmost label).
    pub fn is_for(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        if let Ok(address) = host.parse::<std::net::IpAddr>() {
            return self.subject_alt_names.contains(&GeneralName::Ip(address));
        }
        self.subject_alt_names.iter().any(|name| match name {
            GeneralName::Dns(pattern) => match (pattern.strip_prefix("*."), host.split_once('.')) {
                (Some(parent), Some((_, domain))) => domain.eq_ignore_ascii_case(parent),
                (Some(_), None) => false,
                (None, _) => host.eq_ignore_ascii_case(pattern),
            },
            _ => false,
        })
    }

    /// Whether issuer and subject are the same: a root, or a certificate that vouches for itself.
    pub fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }
}

/// Decodes a certificate from the front of the reader, as a group.
///
/// # Errors
/// If it is no DER, or a structure that RFC 5280 names has another form there.
pub fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Certificate, Malformed> {
    let mut out = Certificate::default();
    der::element(reader, &CERTIFICATE, Tag::SEQUENCE, |reader| {
        der::element(reader, &TBS, Tag::SEQUENCE, |reader| to_be_signed(reader, &mut out))?;
        out.signature_algorithm = key::algorithm(reader, &ALGORITHM)?.name();
        der::element(reader, &SIGNATURE, Tag::BIT_STRING, |reader| {
            der::unused_bits(reader)?;
            key::signature(reader, &out.signature_algorithm)
        })
    })?;
    Ok(out)
}

/// RFC 5280 §4.1: TBSCertificate.
fn to_be_signed<S: Sink>(reader: &mut Reader<'_, '_, S>, out: &mut Certificate) -> Result<(), Malformed> {
    der::optional(reader, &VERSION_OUTER, Tag::INSIDE_0, |reader| {
        let version = der::element(reader, &VERSION_ELEMENT, Tag::INTEGER, |reader| der::integer(reader, &VERSION))?;
        out.version = Version(version.and_then(|bytes| bytes.last()).copied().unwrap_or_default());
        Ok(())
    })?;
    let serial = der::element(reader, &SERIAL_ELEMENT, Tag::INTEGER, |reader| reader.rest(&SERIAL))?;
    out.serial = serial.unwrap_or_default().to_vec();
    key::algorithm(reader, &TBS_ALGORITHM)?;
    out.issuer = name::element(reader, &ISSUER)?;
    der::element(reader, &VALIDITY, Tag::SEQUENCE, |reader| {
        out.not_before = moment(reader, &NOT_BEFORE_ELEMENT, &NOT_BEFORE)?;
        out.not_after = moment(reader, &NOT_AFTER_ELEMENT, &NOT_AFTER)?;
        Ok(())
    })?;
    out.subject = name::element(reader, &SUBJECT)?;
    out.key = key::key_info(reader)?;
    der::optional(reader, &ISSUER_ID, Tag::CONTEXT_1, |reader| der::content(reader, Tag::BIT_STRING, 0))?;
    der::optional(reader, &SUBJECT_ID, Tag::CONTEXT_2, |reader| der::content(reader, Tag::BIT_STRING, 0))?;
    extensions::extensions(reader, out)
}

/// A time in either form (RFC 5280 §4.1.2.5).
fn moment<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    group: &'static crate::Field,
    field: &'static crate::Field,
) -> Result<Option<i64>, Malformed> {
    let tag = match der::peek(reader) {
        Some(Tag::GENERALIZED_TIME) => Tag::GENERALIZED_TIME,
        _ => Tag::UTC_TIME,
    };
    Ok(der::element(reader, group, tag, |reader| time::time(reader, field, tag))?.flatten())
}

/// Decodes a distinguished name that fills the reader (RFC 5280 §4.1.2.4).
///
/// # Errors
/// If it is no DER, or has another form.
pub fn name<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Name, Malformed> {
    name::element(reader, &name::NAME)
}
