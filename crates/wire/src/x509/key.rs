//! Keys and signatures: SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) and what stands in bit strings.

use super::der::{self, MAX_DEPTH, Tag};
use super::oid;
use crate::{Field, Malformed, Reader, Sink};

crate::fields! {
    /// Fields of keys and signatures.
    pub KEY_FIELDS;
    ALGORITHM_OID = "x509.algorithm.oid", "Algorithm", "RFC 5280 §4.1.1.2", Text, "which algorithm";
    ALGORITHM_ELEMENT = "x509.algorithm", "Algorithm", "RFC 5280 §4.1.1.2", Group, "which algorithm";
    PARAMETERS = "x509.algorithm.parameters", "Parameters", "RFC 5280 §4.1.1.2", Group, "what the algorithm needs to know besides the key: a curve's name, or nothing";
    KEY_INFO = "x509.public_key_info", "Subject public key info", "RFC 5280 §4.1.2.7", Group, "the key that the certificate vouches for";
    KEY_ALGORITHM = "x509.public_key_info.algorithm", "Key algorithm", "RFC 5280 §4.1.2.7", Group, "the kind of the key, and for a curve, which";
    KEY = "x509.public_key", "Public key", "RFC 5280 §4.1.2.7", Group, "the key itself, in a bit string";
    KEY_BYTES = "x509.public_key.bytes", "Key", "RFC 8410 §4", Bytes, "the key's bytes";
    RSA_KEY = "x509.rsa", "RSA public key", "RFC 3279 §2.3.1", Group, "modulus and exponent";
    RSA_MODULUS = "x509.rsa.modulus", "Modulus", "RFC 3279 §2.3.1", Group, "the product of two secret primes";
    RSA_MODULUS_VALUE = "x509.rsa.modulus.value", "Modulus", "RFC 3279 §2.3.1", Bytes, "the product of two secret primes";
    RSA_EXPONENT = "x509.rsa.exponent", "Exponent", "RFC 3279 §2.3.1", Group, "the power to which numbers are raised; mostly 65537";
    RSA_EXPONENT_VALUE = "x509.rsa.exponent.value", "Exponent", "RFC 3279 §2.3.1", Dec, "the power to which numbers are raised; mostly 65537";
    POINT_FORM = "x509.ec.form", "Point form", "RFC 5480 §2.2", Dec, "4: both coordinates follow; 2 or 3: only x";
    POINT_X = "x509.ec.x", "X", "RFC 5480 §2.2", Bytes, "the point's x coordinate";
    POINT_Y = "x509.ec.y", "Y", "RFC 5480 §2.2", Bytes, "the point's y coordinate";
    SIGNATURE_PAIR = "x509.signature.pair", "Signature pair", "RFC 3279 §2.2.3", Group, "the two numbers of an ECDSA or DSA signature";
    SIGNATURE_R = "x509.signature.r", "r", "RFC 3279 §2.2.3", Group, "the first number: the x coordinate of a random point";
    SIGNATURE_R_VALUE = "x509.signature.r.value", "r", "RFC 3279 §2.2.3", Bytes, "the first number";
    SIGNATURE_S = "x509.signature.s", "s", "RFC 3279 §2.2.3", Group, "the second number: the proof";
    SIGNATURE_S_VALUE = "x509.signature.s.value", "s", "RFC 3279 §2.2.3", Bytes, "the second number";
    SIGNATURE_BYTES = "x509.signature.bytes", "Signature", "RFC 5280 §4.1.1.3", Bytes, "the signature's bytes";
}

/// A public key.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PublicKey {
    /// Its algorithm by name (`id-ecPublicKey`, `rsaEncryption`, `id-Ed25519`), or numbers.
    pub algorithm: String,
    /// Its curve by name, if the algorithm has a choice of curves.
    pub curve: Option<String>,
    /// Its strength as people say it: bits of an RSA modulus, or of a curve's coordinates.
    pub bits: Option<usize>,
}

/// An algorithm with parameters.
#[derive(Clone, Copy, Default)]
pub(super) struct Algorithm<'a> {
    /// The encoded object identifier.
    pub oid: &'a [u8],
    /// Of parameters that are an object identifier (a curve), the encoding.
    pub parameter: Option<&'a [u8]>,
}

impl Algorithm<'_> {
    pub fn name(&self) -> String {
        oid::name(self.oid)
    }
}

/// An AlgorithmIdentifier as the next element, in a group (RFC 5280 §4.1.1.2).
pub(super) fn algorithm<'a, S: Sink>(
    reader: &mut Reader<'a, '_, S>,
    group: &'static Field,
) -> Result<Algorithm<'a>, Malformed> {
    let algorithm = der::element(reader, group, Tag::SEQUENCE, |reader| {
        let oid = der::element(reader, &ALGORITHM_ELEMENT, Tag::OID, |reader| {
            der::object_identifier(reader, &ALGORITHM_OID)
        })?;
        let parameter = match reader.peek() {
            [0x06, len, rest @ ..] if *len < 0x80 => rest.get(..usize::from(*len)),
            _ => None,
        };
        if !reader.is_empty() {
            der::any_as(reader, &PARAMETERS, MAX_DEPTH)?;
        }
        Ok(Algorithm { oid: oid.unwrap_or_default(), parameter })
    })?;
    Ok(algorithm.unwrap_or_default())
}

/// SubjectPublicKeyInfo as the next element.
pub(super) fn key_info<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<PublicKey, Malformed> {
    let key = der::element(reader, &KEY_INFO, Tag::SEQUENCE, |reader| {
        let algorithm = algorithm(reader, &KEY_ALGORITHM)?;
        let mut key = PublicKey { algorithm: algorithm.name(), curve: algorithm.parameter.map(oid::name), bits: None };
        key.bits = der::element(reader, &KEY, Tag::BIT_STRING, |reader| {
            der::unused_bits(reader)?;
            match key.algorithm.as_str() {
                "rsaEncryption" | "id-RSASSA-PSS" | "id-RSAES-OAEP" => rsa(reader),
                "id-ecPublicKey" => point(reader),
                _ => {
                    reader.rest(&KEY_BYTES)?;
                    Ok(None)
                }
            }
        })?
        .flatten();
        Ok(key)
    })?;
    Ok(key.unwrap_or_default())
}

/// RFC 3279 §2.3.1: RSAPublicKey.
fn rsa<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Option<usize>, Malformed> {
    let bits = der::element(reader, &RSA_KEY, Tag::SEQUENCE, |reader| {
        let modulus =
            der::element(reader, &RSA_MODULUS, Tag::INTEGER, |reader| der::integer(reader, &RSA_MODULUS_VALUE))?;
        der::element(reader, &RSA_EXPONENT, Tag::INTEGER, |reader| der::integer(reader, &RSA_EXPONENT_VALUE))?;
        Ok(modulus.map(bit_len))
    })?;
    Ok(bits.flatten())
}

/// The bits of a positive number.
fn bit_len(number: &[u8]) -> usize {
    let significant = &number[number.iter().take_while(|byte| **byte == 0).count()..];
    significant.first().map_or(0, |first| significant.len() * 8 - first.leading_zeros() as usize)
}

/// RFC 5480 §2.2: a point, both coordinates or one.
fn point<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Option<usize>, Malformed> {
    let form = reader.u8(&POINT_FORM)?;
    let n = reader.remaining();
    let x = match form {
        4 if n.is_multiple_of(2) => n / 2,
        2 | 3 => n,
        _ => return Err(reader.error(&POINT_FORM, "does not fit the key's length")),
    };
    reader.bytes(&POINT_X, x)?;
    reader.rest(&POINT_Y)?;
    // P-521's coordinates have 521 bits in 66 bytes.
    Ok(Some(if x == 66 { 521 } else { x * 8 }))
}

/// A signature that fills the reader, by `algorithm`: two numbers for ECDSA and DSA, bytes otherwise.
pub(super) fn signature<S: Sink>(reader: &mut Reader<'_, '_, S>, algorithm: &str) -> Result<(), Malformed> {
    match algorithm.starts_with("ecdsa-with") || algorithm.starts_with("id-dsa-with") {
        true => signature_pair(reader),
        false => reader.rest(&SIGNATURE_BYTES).map(drop),
    }
}

/// Decodes an ECDSA or DSA signature that fills the reader: two numbers in DER (RFC 3279 §2.2.2, §2.2.3; RFC 8422 §5.4).
///
/// # Errors
/// If it has another form.
pub fn signature_pair<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    der::element(reader, &SIGNATURE_PAIR, Tag::SEQUENCE, |reader| {
        der::element(reader, &SIGNATURE_R, Tag::INTEGER, |reader| der::integer(reader, &SIGNATURE_R_VALUE))?;
        der::element(reader, &SIGNATURE_S, Tag::INTEGER, |reader| der::integer(reader, &SIGNATURE_S_VALUE))
    })
    .map(drop)
}
