//! Extensions of certificates (RFC 5280 §4.2).

use super::Certificate;
use super::der::{self, MAX_DEPTH, Tag};
use super::name::{GENERAL_NAMES, general_name, general_names};
use super::oid;
use crate::{Field, Malformed, Reader, Silent, Sink};

crate::fields! {
    /// Fields of extensions.
    pub EXTENSION_FIELDS;
    EXTENSIONS_OUTER = "x509.extensions", "Extensions", "RFC 5280 §4.1.2.9", Group, "what the certificate says beyond its fixed fields";
    EXTENSIONS = "x509.extensions.list", "List of extensions", "RFC 5280 §4.1.2.9", Group, "the extensions in a row";
    EXTENSION = "x509.ext", "Extension", "RFC 5280 §4.2", Group, "an extension of no meaning known here";
    EXT_ID_ELEMENT = "x509.ext.id", "Extension id", "RFC 5280 §4.1.2.9", Group, "which extension this is";
    EXT_ID = "x509.ext.id.oid", "Extension", "RFC 5280 §4.1.2.9", Text, "which extension this is";
    EXT_CRITICAL_ELEMENT = "x509.ext.critical", "Critical", "RFC 5280 §4.2", Group, "whether one who does not understand it must refuse the certificate";
    EXT_CRITICAL = "x509.ext.critical.value", "Critical", "RFC 5280 §4.2", Dec, "255: who does not understand the extension must refuse the certificate";
    EXT_VALUE = "x509.ext.value", "Extension value", "RFC 5280 §4.1.2.9", Group, "what it says, wrapped in an octet string";
    EXT_BYTES = "x509.ext.bytes", "Value", "RFC 5280 §4.1.2.9", Bytes, "a value that is no DER";
    USAGE_ELEMENT = "x509.key_usage", "Usage", "RFC 5280 §4.2.1.3", Group, "what the key may do, bit by bit";
    DIGITAL_SIGNATURE = "x509.key_usage.digital_signature", "digitalSignature", "RFC 5280 §4.2.1.3", Flag, "sign, as a TLS server does in its handshake";
    CONTENT_COMMITMENT = "x509.key_usage.content_commitment", "contentCommitment", "RFC 5280 §4.2.1.3", Flag, "sign so that it cannot be denied later";
    KEY_ENCIPHERMENT = "x509.key_usage.key_encipherment", "keyEncipherment", "RFC 5280 §4.2.1.3", Flag, "have keys encrypted to it, as in TLS 1.2 without forward secrecy";
    DATA_ENCIPHERMENT = "x509.key_usage.data_encipherment", "dataEncipherment", "RFC 5280 §4.2.1.3", Flag, "have data encrypted to it";
    KEY_AGREEMENT = "x509.key_usage.key_agreement", "keyAgreement", "RFC 5280 §4.2.1.3", Flag, "take part in a key exchange";
    KEY_CERT_SIGN = "x509.key_usage.key_cert_sign", "keyCertSign", "RFC 5280 §4.2.1.3", Flag, "sign certificates";
    CRL_SIGN = "x509.key_usage.crl_sign", "cRLSign", "RFC 5280 §4.2.1.3", Flag, "sign lists of revoked certificates";
    ENCIPHER_ONLY = "x509.key_usage.encipher_only", "encipherOnly", "RFC 5280 §4.2.1.3", Flag, "with keyAgreement: to encrypt alone";
    DECIPHER_ONLY = "x509.key_usage.decipher_only", "decipherOnly", "RFC 5280 §4.2.1.3", Flag, "with keyAgreement: to decrypt alone";
    USAGE_FILLING = "x509.key_usage.filling", "Unused bits", "RFC 5280 §4.2.1.3", Opaque(Padding), "bits that do not count";
    PURPOSES = "x509.purposes", "Purposes", "RFC 5280 §4.2.1.12", Group, "what the key is for";
    PURPOSE_ELEMENT = "x509.purpose", "Purpose", "RFC 5280 §4.2.1.12", Group, "one thing that the key is for";
    PURPOSE = "x509.purpose.oid", "Purpose", "RFC 5280 §4.2.1.12", Text, "serverAuth: a TLS server, clientAuth: a TLS client, ...";
    CONSTRAINTS = "x509.basic_constraints", "Constraints", "RFC 5280 §4.2.1.9", Group, "whether the subject may issue certificates; empty: no";
    IS_CA_ELEMENT = "x509.basic_constraints.ca", "CA", "RFC 5280 §4.2.1.9", Group, "whether the subject may issue certificates";
    IS_CA = "x509.basic_constraints.ca.value", "CA", "RFC 5280 §4.2.1.9", Dec, "255: the subject may issue certificates";
    PATH_LEN_ELEMENT = "x509.basic_constraints.path_len", "Path length", "RFC 5280 §4.2.1.9", Group, "how many issuers may stand below it";
    PATH_LEN = "x509.basic_constraints.path_len.value", "Path length", "RFC 5280 §4.2.1.9", Dec, "how many issuers may stand below it";
    KEY_ID_ELEMENT = "x509.key_id", "Key identifier", "RFC 5280 §4.2.1.2", Group, "a short name for a key";
    KEY_ID = "x509.key_id.value", "Key identifier", "RFC 5280 §4.2.1.2", Bytes, "a short name for a key, mostly its hash";
    AUTHORITY_KEY = "x509.authority_key", "Authority key", "RFC 5280 §4.2.1.1", Group, "which key signed the certificate";
    AUTHORITY_ISSUER = "x509.authority_key.issuer", "Issuer of that key's certificate", "RFC 5280 §4.2.1.1", Group, "a name";
    AUTHORITY_SERIAL_ELEMENT = "x509.authority_key.serial", "Serial number of that key's certificate", "RFC 5280 §4.2.1.1", Group, "a number";
    AUTHORITY_SERIAL = "x509.authority_key.serial.value", "Serial number", "RFC 5280 §4.2.1.1", Bytes, "the number of the certificate of the key that signed this one";
    ACCESS_LIST = "x509.access", "Access descriptions", "RFC 5280 §4.2.2.1", Group, "services and where they are";
    ACCESS = "x509.access.entry", "Access description", "RFC 5280 §4.2.2.1", Group, "a service and where it is";
    ACCESS_METHOD_ELEMENT = "x509.access.method", "Access method", "RFC 5280 §4.2.2.1", Group, "which service";
    ACCESS_METHOD = "x509.access.method.oid", "Access method", "RFC 5280 §4.2.2.1", Text, "ocsp: is it revoked? caIssuers: the issuer's certificate";
    CRL_POINTS = "x509.crl", "Distribution points", "RFC 5280 §4.2.1.13", Group, "where lists of revoked certificates are";
    CRL_POINT = "x509.crl.point", "Distribution point", "RFC 5280 §4.2.1.13", Group, "one such place";
    CRL_NAME = "x509.crl.point.name", "Distribution point name", "RFC 5280 §4.2.1.13", Group, "its address";
    POLICIES = "x509.policies", "Policies", "RFC 5280 §4.2.1.4", Group, "the rules by which the certificate was issued";
    POLICY = "x509.policy", "Policy", "RFC 5280 §4.2.1.4", Group, "a set of rules";
    POLICY_ID_ELEMENT = "x509.policy.id", "Policy id", "RFC 5280 §4.2.1.4", Group, "which rules";
    POLICY_ID = "x509.policy.id.oid", "Policy", "RFC 5280 §4.2.1.4", Text, "which rules";
    SCTS = "x509.scts", "Timestamps", "RFC 6962 §3.3", Group, "promises of public logs, wrapped in an octet string";
}

/// The bits of key usage, from the first.
static USAGE_BITS: [&Field; 9] = [
    &DIGITAL_SIGNATURE,
    &CONTENT_COMMITMENT,
    &KEY_ENCIPHERMENT,
    &DATA_ENCIPHERMENT,
    &KEY_AGREEMENT,
    &KEY_CERT_SIGN,
    &CRL_SIGN,
    &ENCIPHER_ONLY,
    &DECIPHER_ONLY,
];

macro_rules! known {
    ($($name:literal, $id:literal, $label:literal, $rfc:literal, $line:literal;)*) => {
        /// Names of extensions that have a group of their own.
        static KNOWN: &[&str] = &[$($name),*];
        /// Their groups.
        pub static KNOWN_GROUPS: &[&Field] = &[$(&Field {
            id: concat!("x509.ext.", $id), name: $label, rfc: $rfc, line: $line, show: crate::Show::Group, codes: &[],
        }),*];
    };
}
known! {
    "subjectKeyIdentifier", "subject_key_id", "Subject key identifier", "RFC 5280 §4.2.1.2", "a short name for the certificate's key";
    "keyUsage", "key_usage", "Key usage", "RFC 5280 §4.2.1.3", "what the key may be used for";
    "subjectAltName", "subject_alt_name", "Subject alternative name", "RFC 5280 §4.2.1.6", "the host names and addresses that the certificate is for";
    "basicConstraints", "basic_constraints", "Basic constraints", "RFC 5280 §4.2.1.9", "whether the subject may issue certificates";
    "cRLDistributionPoints", "crl", "CRL distribution points", "RFC 5280 §4.2.1.13", "where lists of revoked certificates can be fetched";
    "certificatePolicies", "policies", "Certificate policies", "RFC 5280 §4.2.1.4", "the rules by which the certificate was issued";
    "authorityKeyIdentifier", "authority_key_id", "Authority key identifier", "RFC 5280 §4.2.1.1", "which key signed the certificate";
    "extKeyUsage", "purposes", "Extended key usage", "RFC 5280 §4.2.1.12", "the purposes that the key is for";
    "authorityInfoAccess", "authority_access", "Authority information access", "RFC 5280 §4.2.2.1", "where the issuer's certificate and revocation service are";
    "signedCertificateTimestampList", "scts", "Signed certificate timestamps", "RFC 6962 §3.3", "promises of public logs to list the certificate";
    "nameConstraints", "name_constraints", "Name constraints", "RFC 5280 §4.2.1.10", "the names for which the subject may issue certificates";
    "issuerAltName", "issuer_alt_name", "Issuer alternative name", "RFC 5280 §4.2.1.7", "other names of the issuer";
    "tlsFeature", "tls_feature", "TLS feature", "RFC 7633 §4", "TLS extensions that the server must send, such as stapled OCSP";
    "ctPoison", "ct_poison", "CT poison", "RFC 6962 §3.1", "marks a certificate that is for logs only";
}

/// The extensions as the next element, explicitly tagged 3.
pub(super) fn extensions<S: Sink>(reader: &mut Reader<'_, '_, S>, out: &mut Certificate) -> Result<(), Malformed> {
    der::optional(reader, &EXTENSIONS_OUTER, Tag::INSIDE_3, |reader| {
        der::element(reader, &EXTENSIONS, Tag::SEQUENCE, |reader| {
            while !reader.is_empty() {
                let name = peek_oid(reader.peek()).map(oid::name).unwrap_or_default();
                let known = KNOWN.iter().position(|known| *known == name);
                let group = known.and_then(|row| KNOWN_GROUPS.get(row)).copied().unwrap_or(&EXTENSION);
                der::element(reader, group, Tag::SEQUENCE, |reader| extension(reader, &name, out))?;
            }
            Ok(())
        })
    })
    .map(drop)
}

/// The object identifier at the front of a sequence.
fn peek_oid(bytes: &[u8]) -> Option<&[u8]> {
    let long = match bytes.get(1)? {
        2..=0x7f => 0,
        long @ 0x81..=0x84 => usize::from(long & 0x7f),
        _ => return None,
    };
    match bytes.get(2 + long..)? {
        [0x06, len @ 0..0x80, rest @ ..] => rest.get(..usize::from(*len)),
        _ => None,
    }
}

fn extension<S: Sink>(reader: &mut Reader<'_, '_, S>, name: &str, out: &mut Certificate) -> Result<(), Malformed> {
    der::element(reader, &EXT_ID_ELEMENT, Tag::OID, |reader| der::object_identifier(reader, &EXT_ID))?;
    der::optional(reader, &EXT_CRITICAL_ELEMENT, Tag::BOOLEAN, |reader| reader.u8(&EXT_CRITICAL))?;
    der::element(reader, &EXT_VALUE, Tag::OCTET_STRING, |reader| match name {
        "subjectAltName" => {
            out.subject_alt_names = names(reader)?;
            Ok(())
        }
        "issuerAltName" => names(reader).map(drop),
        "keyUsage" => {
            out.key_usage = der::element(reader, &USAGE_ELEMENT, Tag::BIT_STRING, key_usage)?;
            Ok(())
        }
        "extKeyUsage" => purposes(reader, out),
        "basicConstraints" => basic_constraints(reader, out),
        "subjectKeyIdentifier" => {
            der::element(reader, &KEY_ID_ELEMENT, Tag::OCTET_STRING, |reader| reader.rest(&KEY_ID)).map(drop)
        }
        "authorityKeyIdentifier" => authority_key(reader),
        "authorityInfoAccess" => access(reader),
        "cRLDistributionPoints" => crl_points(reader),
        "certificatePolicies" => policies(reader),
        "signedCertificateTimestampList" => {
            let scts = der::element(reader, &SCTS, Tag::OCTET_STRING, crate::tls::sct_list)?;
            out.scts += scts.unwrap_or(0);
            Ok(())
        }
        // What an unknown extension holds should be DER, but anybody may define one.
        _ => {
            let is_der = |bytes| Reader::decode_all(bytes, &mut Silent, |reader| der::all(reader, MAX_DEPTH)).is_ok();
            if is_der(reader.peek()) { der::all(reader, MAX_DEPTH) } else { reader.rest(&EXT_BYTES).map(drop) }
        }
    })
    .map(drop)
}

fn names<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Vec<super::GeneralName>, Malformed> {
    Ok(der::element(reader, &GENERAL_NAMES, Tag::SEQUENCE, general_names)?.unwrap_or_default())
}

/// RFC 5280 §4.2.1.3: named bits, the first is the highest of the first byte.
fn key_usage<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<u16, Malformed> {
    let unused = usize::from(der::unused_bits(reader)?);
    let bits = (reader.remaining() * 8).saturating_sub(unused);
    let mut usage = 0;
    for (i, field) in USAGE_BITS.iter().enumerate().take(bits) {
        let set = reader.bits(field, 1)? == 1;
        usage |= u16::from(set) << i;
    }
    let mut rest = reader.remaining_bits();
    while rest > 0 {
        let n = rest.min(64);
        reader.bits(&USAGE_FILLING, n)?;
        rest -= n;
    }
    Ok(usage)
}

fn purposes<S: Sink>(reader: &mut Reader<'_, '_, S>, out: &mut Certificate) -> Result<(), Malformed> {
    der::element(reader, &PURPOSES, Tag::SEQUENCE, |reader| {
        while !reader.is_empty() {
            let oid =
                der::element(reader, &PURPOSE_ELEMENT, Tag::OID, |reader| der::object_identifier(reader, &PURPOSE))?;
            out.purposes.extend(oid.map(oid::name));
        }
        Ok(())
    })
    .map(drop)
}

fn basic_constraints<S: Sink>(reader: &mut Reader<'_, '_, S>, out: &mut Certificate) -> Result<(), Malformed> {
    der::element(reader, &CONSTRAINTS, Tag::SEQUENCE, |reader| {
        let ca = der::optional(reader, &IS_CA_ELEMENT, Tag::BOOLEAN, |reader| reader.u8(&IS_CA))?;
        out.is_ca = ca.is_some_and(|ca| ca != 0);
        der::optional(reader, &PATH_LEN_ELEMENT, Tag::INTEGER, |reader| der::integer(reader, &PATH_LEN)).map(drop)
    })
    .map(drop)
}

fn authority_key<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    der::element(reader, &AUTHORITY_KEY, Tag::SEQUENCE, |reader| {
        der::optional(reader, &KEY_ID_ELEMENT, Tag::CONTEXT_0, |reader| reader.rest(&KEY_ID))?;
        der::optional(reader, &AUTHORITY_ISSUER, Tag::INSIDE_1, general_names)?;
        der::optional(reader, &AUTHORITY_SERIAL_ELEMENT, Tag::CONTEXT_2, |reader| reader.rest(&AUTHORITY_SERIAL))
            .map(drop)
    })
    .map(drop)
}

fn access<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    der::element(reader, &ACCESS_LIST, Tag::SEQUENCE, |reader| {
        while !reader.is_empty() {
            der::element(reader, &ACCESS, Tag::SEQUENCE, |reader| {
                der::element(reader, &ACCESS_METHOD_ELEMENT, Tag::OID, |reader| {
                    der::object_identifier(reader, &ACCESS_METHOD)
                })?;
                general_name(reader).map(drop)
            })?;
        }
        Ok(())
    })
    .map(drop)
}

/// RFC 5280 §4.2.1.13. Reasons and issuers, which nobody uses, are taken apart by their tags.
fn crl_points<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    der::element(reader, &CRL_POINTS, Tag::SEQUENCE, |reader| {
        while !reader.is_empty() {
            der::element(reader, &CRL_POINT, Tag::SEQUENCE, |reader| {
                der::optional(reader, &CRL_NAME, Tag::INSIDE_0, |reader| {
                    der::optional(reader, &GENERAL_NAMES, Tag::INSIDE_0, general_names)?;
                    der::all(reader, MAX_DEPTH)
                })?;
                der::all(reader, MAX_DEPTH)
            })?;
        }
        Ok(())
    })
    .map(drop)
}

fn policies<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    der::element(reader, &POLICIES, Tag::SEQUENCE, |reader| {
        while !reader.is_empty() {
            der::element(reader, &POLICY, Tag::SEQUENCE, |reader| {
                der::element(reader, &POLICY_ID_ELEMENT, Tag::OID, |reader| {
                    der::object_identifier(reader, &POLICY_ID)
                })?;
                // Qualifiers: a number of the kind, and an address or a notice.
                der::all(reader, MAX_DEPTH)
            })?;
        }
        Ok(())
    })
    .map(drop)
}
