//! X.509 certificates (RFC 5280) in DER (X.690), decoded to the last field.

pub mod der;
pub mod oid;
pub mod time;

use crate::{Malformed, Reader, Sink};

/// What a certificate says, as far as a reader of handshakes needs it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Certificate {}

/// Decodes a certificate that fills the reader.
///
/// # Errors
/// If it is no DER.
pub fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Certificate, Malformed> {
    der::all(reader, der::MAX_DEPTH)?;
    Ok(Certificate {})
}

/// Decodes a distinguished name that fills the reader (RFC 5280 §4.1.2.4).
///
/// # Errors
/// If it is no DER.
pub fn name<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    der::all(reader, der::MAX_DEPTH)
}

/// Every field of certificates, list by list.
pub static FIELDS: &[&[&crate::Field]] = &[der::DER_FIELDS];
