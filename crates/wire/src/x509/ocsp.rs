//! OCSP responses (RFC 6960 §4.2): an issuer's fresh word on whether a certificate still counts.

use super::der::{self, MAX_DEPTH, Tag};
use super::key;
use super::name;
use super::time;
use crate::{Field, Malformed, Reader, Sink, open_enum};

open_enum! {
    /// Whether there is an answer.
    pub struct ResponseStatus(u8) {
        SUCCESSFUL = 0, "successful", "RFC 6960 §4.2.1", "the answer follows";
        MALFORMED_REQUEST = 1, "malformedRequest", "RFC 6960 §4.2.1", "the question made no sense";
        INTERNAL_ERROR = 2, "internalError", "RFC 6960 §4.2.1", "the responder failed";
        TRY_LATER = 3, "tryLater", "RFC 6960 §4.2.1", "no answer now";
        SIG_REQUIRED = 5, "sigRequired", "RFC 6960 §4.2.1", "the question must be signed";
        UNAUTHORIZED = 6, "unauthorized", "RFC 6960 §4.2.1", "this responder does not answer you, or not about this";
    }
}

crate::fields! {
    /// Fields of OCSP responses.
    pub OCSP_FIELDS;
    RESPONSE = "ocsp", "OCSP response", "RFC 6960 §4.2.1", Group, "the issuer's signed statement whether the certificate is still good";
    STATUS_ELEMENT = "ocsp.status", "Response status", "RFC 6960 §4.2.1", Group, "whether there is an answer";
    STATUS = "ocsp.status.value", "Response status", "RFC 6960 §4.2.1", Dec, "whether there is an answer", codes ResponseStatus::CODES;
    BYTES_OUTER = "ocsp.bytes", "Response bytes", "RFC 6960 §4.2.1", Group, "the answer";
    BYTES = "ocsp.bytes.sequence", "Response bytes", "RFC 6960 §4.2.1", Group, "the answer's form and the answer";
    KIND_ELEMENT = "ocsp.type", "Response type", "RFC 6960 §4.2.1", Group, "the answer's form";
    KIND = "ocsp.type.oid", "Response type", "RFC 6960 §4.2.1", Text, "the answer's form: basic";
    WRAPPED = "ocsp.response", "Response", "RFC 6960 §4.2.1", Group, "the answer, wrapped in an octet string";
    BASIC = "ocsp.basic", "Basic response", "RFC 6960 §4.2.1", Group, "the answer and the responder's signature";
    DATA = "ocsp.data", "Response data", "RFC 6960 §4.2.1", Group, "what the responder signed";
    VERSION = "ocsp.version", "Version", "RFC 6960 §4.2.1", Group, "of the format";
    BY_NAME = "ocsp.responder.name", "Responder id", "RFC 6960 §4.2.1", Group, "who answers, by name";
    BY_NAME_INNER = "ocsp.responder.name.value", "Name", "RFC 6960 §4.2.1", Group, "the responder's name";
    BY_KEY = "ocsp.responder.key", "Responder id", "RFC 6960 §4.2.1", Group, "who answers, by a hash of the key";
    BY_KEY_OCTETS = "ocsp.responder.key.octets", "Key hash", "RFC 6960 §4.2.1", Group, "the SHA-1 hash of the responder's key";
    BY_KEY_HASH = "ocsp.responder.key.hash", "Key hash", "RFC 6960 §4.2.1", Bytes, "the SHA-1 hash of the responder's key";
    PRODUCED_ELEMENT = "ocsp.produced_at", "Produced at", "RFC 6960 §4.2.2.1", Group, "when the responder signed";
    PRODUCED = "ocsp.produced_at.value", "Produced at", "RFC 6960 §4.2.2.1", Text, "when the responder signed";
    RESPONSES = "ocsp.responses", "Responses", "RFC 6960 §4.2.1", Group, "one for each certificate";
    SINGLE = "ocsp.single", "Single response", "RFC 6960 §4.2.1", Group, "whether one certificate is good";
    CERT_ID = "ocsp.cert_id", "Certificate id", "RFC 6960 §4.1.1", Group, "which certificate: hashes of its issuer's name and key, and its number";
    HASH_ALGORITHM = "ocsp.cert_id.algorithm", "Hash algorithm", "RFC 6960 §4.1.1", Group, "the hash of both";
    NAME_HASH_ELEMENT = "ocsp.cert_id.name", "Issuer name hash", "RFC 6960 §4.1.1", Group, "of the issuer's name";
    NAME_HASH = "ocsp.cert_id.name.hash", "Issuer name hash", "RFC 6960 §4.1.1", Bytes, "of the issuer's name";
    KEY_HASH_ELEMENT = "ocsp.cert_id.key", "Issuer key hash", "RFC 6960 §4.1.1", Group, "of the issuer's key";
    KEY_HASH = "ocsp.cert_id.key.hash", "Issuer key hash", "RFC 6960 §4.1.1", Bytes, "of the issuer's key";
    SERIAL_ELEMENT = "ocsp.cert_id.serial", "Serial number", "RFC 6960 §4.1.1", Group, "the issuer's number for the certificate";
    SERIAL = "ocsp.cert_id.serial.value", "Serial number", "RFC 6960 §4.1.1", Bytes, "the issuer's number for the certificate";
    GOOD = "ocsp.good", "Good", "RFC 6960 §2.2", Group, "not revoked, as far as the responder knows";
    REVOKED = "ocsp.revoked", "Revoked", "RFC 6960 §2.2", Group, "withdrawn, at this time";
    REVOKED_AT_ELEMENT = "ocsp.revoked.at", "Revocation time", "RFC 6960 §4.2.1", Group, "when it was withdrawn";
    REVOKED_AT = "ocsp.revoked.at.value", "Revocation time", "RFC 6960 §4.2.1", Text, "when it was withdrawn";
    UNKNOWN = "ocsp.unknown", "Unknown", "RFC 6960 §2.2", Group, "the responder does not know this certificate";
    THIS_UPDATE_ELEMENT = "ocsp.this_update", "This update", "RFC 6960 §4.2.2.1", Group, "the statement is true at this time";
    THIS_UPDATE = "ocsp.this_update.value", "This update", "RFC 6960 §4.2.2.1", Text, "the statement is true at this time";
    NEXT_UPDATE_OUTER = "ocsp.next_update", "Next update", "RFC 6960 §4.2.2.1", Group, "a newer statement will be there by then";
    NEXT_UPDATE_ELEMENT = "ocsp.next_update.time", "Next update", "RFC 6960 §4.2.2.1", Group, "a newer statement will be there by then";
    NEXT_UPDATE = "ocsp.next_update.value", "Next update", "RFC 6960 §4.2.2.1", Text, "a newer statement will be there by then";
    ALGORITHM = "ocsp.signature_algorithm", "Signature algorithm", "RFC 6960 §4.2.1", Group, "how the responder signs";
    SIGNATURE = "ocsp.signature", "Signature", "RFC 6960 §4.2.1", Group, "the responder's signature";
    CERTS_OUTER = "ocsp.certificates", "Certificates", "RFC 6960 §4.2.1", Group, "who vouches for the responder's key";
    CERTS = "ocsp.certificates.list", "Certificates", "RFC 6960 §4.2.1", Group, "who vouches for the responder's key";
    NOT_DER = "ocsp.not_der", "Response", "RFC 6960 §4.2.1", Bytes, "an answer of another form";
}

/// Decodes an OCSP response that fills the reader.
///
/// # Errors
/// If it is no DER, or a structure that RFC 6960 names has another form there.
pub fn response<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    der::element(reader, &RESPONSE, Tag::SEQUENCE, |reader| {
        der::element(reader, &STATUS_ELEMENT, Tag::ENUMERATED, |reader| der::integer(reader, &STATUS))?;
        der::optional(reader, &BYTES_OUTER, Tag::INSIDE_0, |reader| {
            der::element(reader, &BYTES, Tag::SEQUENCE, |reader| {
                let kind =
                    der::element(reader, &KIND_ELEMENT, Tag::OID, |reader| der::object_identifier(reader, &KIND))?;
                let is_basic = kind.is_some_and(|oid| super::oid::dotted(oid) == "1.3.6.1.5.5.7.48.1.1");
                der::element(reader, &WRAPPED, Tag::OCTET_STRING, |reader| {
                    if is_basic { basic(reader) } else { reader.rest(&NOT_DER).map(drop) }
                })
            })
        })
    })
    .map(drop)
}

fn basic<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    der::element(reader, &BASIC, Tag::SEQUENCE, |reader| {
        der::element(reader, &DATA, Tag::SEQUENCE, data)?;
        let algorithm = key::algorithm(reader, &ALGORITHM)?.name();
        der::element(reader, &SIGNATURE, Tag::BIT_STRING, |reader| {
            der::unused_bits(reader)?;
            key::signature(reader, &algorithm)
        })?;
        // The responder's certificates, if it is not the issuer itself.
        der::optional(reader, &CERTS_OUTER, Tag::INSIDE_0, |reader| {
            der::element(reader, &CERTS, Tag::SEQUENCE, |reader| {
                while !reader.is_empty() {
                    super::decode(reader)?;
                }
                Ok(())
            })
        })
        .map(drop)
    })
    .map(drop)
}

fn data<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    der::optional(reader, &VERSION, Tag::INSIDE_0, |reader| der::all(reader, MAX_DEPTH))?;
    der::optional(reader, &BY_NAME, Tag::INSIDE_1, |reader| name::element(reader, &BY_NAME_INNER))?;
    der::optional(reader, &BY_KEY, Tag::INSIDE_2, |reader| octets(reader, &BY_KEY_OCTETS, &BY_KEY_HASH))?;
    moment(reader, &PRODUCED_ELEMENT, &PRODUCED)?;
    der::element(reader, &RESPONSES, Tag::SEQUENCE, |reader| {
        while !reader.is_empty() {
            der::element(reader, &SINGLE, Tag::SEQUENCE, single)?;
        }
        Ok(())
    })?;
    der::all(reader, MAX_DEPTH)
}

fn single<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    der::element(reader, &CERT_ID, Tag::SEQUENCE, |reader| {
        key::algorithm(reader, &HASH_ALGORITHM)?;
        octets(reader, &NAME_HASH_ELEMENT, &NAME_HASH)?;
        octets(reader, &KEY_HASH_ELEMENT, &KEY_HASH)?;
        der::element(reader, &SERIAL_ELEMENT, Tag::INTEGER, |reader| reader.rest(&SERIAL)).map(drop)
    })?;
    match der::peek(reader) {
        Some(Tag::INSIDE_1) => {
            der::element(reader, &REVOKED, Tag::INSIDE_1, |reader| {
                moment(reader, &REVOKED_AT_ELEMENT, &REVOKED_AT)?;
                der::all(reader, MAX_DEPTH)
            })?;
        }
        Some(Tag::CONTEXT_2) => drop(der::element(reader, &UNKNOWN, Tag::CONTEXT_2, |_| Ok(()))?),
        _ => drop(der::element(reader, &GOOD, Tag::CONTEXT_0, |_| Ok(()))?),
    }
    moment(reader, &THIS_UPDATE_ELEMENT, &THIS_UPDATE)?;
    der::optional(reader, &NEXT_UPDATE_OUTER, Tag::INSIDE_0, |reader| {
        moment(reader, &NEXT_UPDATE_ELEMENT, &NEXT_UPDATE)
    })?;
    der::all(reader, MAX_DEPTH)
}

fn octets<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    group: &'static Field,
    field: &'static Field,
) -> Result<(), Malformed> {
    der::element(reader, group, Tag::OCTET_STRING, |reader| reader.rest(field)).map(drop)
}

/// RFC 6960 §4.2.1: always GeneralizedTime.
fn moment<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    group: &'static Field,
    field: &'static Field,
) -> Result<(), Malformed> {
    der::element(reader, group, Tag::GENERALIZED_TIME, |reader| time::time(reader, field, Tag::GENERALIZED_TIME))
        .map(drop)
}
