//! Signed certificate timestamps (RFC 6962 §3.3): a public log promises to list a certificate.

use super::parts::{opaque_with, signature, vector};
use crate::{Malformed, Reader, Sink, Value, open_enum};

open_enum! {
    /// The hash of a TLS 1.2 signature.
    pub struct HashAlgorithm(u8) {
        NONE = 0, "none", "RFC 5246 §7.4.1.4.1", "no hash";
        MD5 = 1, "md5", "RFC 5246 §7.4.1.4.1", "MD5: broken";
        SHA1 = 2, "sha1", "RFC 5246 §7.4.1.4.1", "SHA-1: weak";
        SHA224 = 3, "sha224", "RFC 5246 §7.4.1.4.1", "SHA-224";
        SHA256 = 4, "sha256", "RFC 5246 §7.4.1.4.1", "SHA-256";
        SHA384 = 5, "sha384", "RFC 5246 §7.4.1.4.1", "SHA-384";
        SHA512 = 6, "sha512", "RFC 5246 §7.4.1.4.1", "SHA-512";
        INTRINSIC = 8, "intrinsic", "RFC 8422 §5.1.3", "the signature brings its own";
    }
}

open_enum! {
    /// The key of a TLS 1.2 signature.
    pub struct SignatureAlgorithm(u8) {
        ANONYMOUS = 0, "anonymous", "RFC 5246 §7.4.1.4.1", "none";
        RSA = 1, "rsa", "RFC 5246 §7.4.1.4.1", "RSA";
        DSA = 2, "dsa", "RFC 5246 §7.4.1.4.1", "DSA";
        ECDSA = 3, "ecdsa", "RFC 5246 §7.4.1.4.1", "ECDSA";
        ED25519 = 7, "ed25519", "RFC 8422 §5.1.3", "Ed25519";
        ED448 = 8, "ed448", "RFC 8422 §5.1.3", "Ed448";
    }
}

open_enum! {
    /// The version of a timestamp's format.
    pub struct SctVersion(u8) {
        V1 = 0, "v1", "RFC 6962 §3.2", "the first version";
    }
}

crate::fields! {
    /// Fields of signed certificate timestamps.
    pub SCT_FIELDS;
    SCT_LIST = "tls.sct_list", "Timestamps", "RFC 6962 §3.3", Group, "promises of public logs to list the certificate";
    SCT = "tls.sct", "Signed certificate timestamp", "RFC 6962 §3.2", Group, "one log's promise";
    VERSION = "tls.sct.version", "Version", "RFC 6962 §3.2", Dec, "of the format", codes SctVersion::CODES;
    LOG_ID = "tls.sct.log_id", "Log ID", "RFC 6962 §3.2", Bytes, "which log: the SHA-256 hash of its key";
    TIMESTAMP = "tls.sct.timestamp", "Timestamp", "RFC 6962 §3.2", Dec, "when the log saw the certificate, a number of milliseconds since 1970";
    SCT_EXTENSIONS_LEN = "tls.sct.extensions.len", "Extensions length", "RFC 6962 §3.2", Octets, "0: none are in use";
    SCT_EXTENSIONS = "tls.sct.extensions", "Extensions", "RFC 6962 §3.2", Bytes, "none are in use";
    HASH = "tls.sct.hash", "Hash", "RFC 5246 §4.7", Dec, "the hash that was signed", codes HashAlgorithm::CODES;
    SIGNATURE_ALGORITHM = "tls.sct.signature_algorithm", "Signature algorithm", "RFC 5246 §4.7", Dec, "the kind of the log's key", codes SignatureAlgorithm::CODES;
    SIGNATURE = "tls.sct.signature", "Signature", "RFC 6962 §3.2", Bytes, "the log's signature over certificate and time";
    OTHER_SCT = "tls.sct.other", "Timestamp of another version", "RFC 6962 §3.3", Bytes, "in a format that is not known";
}

/// Decodes a list of timestamps that fills the reader. Returns how many there are.
///
/// # Errors
/// If a length is wrong.
pub fn sct_list<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<usize, Malformed> {
    let count = vector(reader, &SCT_LIST, 16, |reader| {
        let mut count = 0;
        while !reader.is_empty() {
            vector(reader, &SCT, 16, sct)?;
            count += 1;
        }
        Ok(count)
    })?;
    Ok(count.unwrap_or(0))
}

fn sct<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    if reader.get::<SctVersion>(&VERSION, 8)? != SctVersion::V1 {
        return reader.rest(&OTHER_SCT).map(drop);
    }
    reader.bytes(&LOG_ID, 32)?;
    let milliseconds = match reader.peek() {
        &[a, b, c, d, e, f, g, h, ..] => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        _ => return Err(reader.error(&TIMESTAMP, "is cut short")),
    };
    // A date within the years that people write.
    match i64::try_from(milliseconds / 1000).ok().filter(|seconds| S::RECORDS && *seconds < 253_402_300_800) {
        Some(seconds) => {
            let date = crate::x509::time::format(seconds);
            reader.bytes_as(&TIMESTAMP, 8, |_| Value::Text(&date))?;
        }
        None => drop(reader.u64(&TIMESTAMP)?),
    }
    opaque_with(reader, &SCT_EXTENSIONS_LEN, &SCT_EXTENSIONS, 16)?;
    reader.u8(&HASH)?;
    let algorithm = reader.get(&SIGNATURE_ALGORITHM, 8)?;
    signature(reader, &SIGNATURE, matches!(algorithm, SignatureAlgorithm::ECDSA | SignatureAlgorithm::DSA))
}
