//! Certificate, CertificateRequest and CertificateVerify in their forms of TLS 1.2 and 1.3.

use super::extensions::{Extensions, Place, SCHEME, SCHEMES, authorities, extensions};
use super::handshake::Context;
use super::parts::{is_pair, list, opaque, opaque_with, signature, vector};
use super::{CertificateCompression, ClientCertificateType, SignatureScheme, Version};
use crate::x509::{self, Certificate};
use crate::{Malformed, Reader, Sink};

crate::fields! {
    /// Fields of messages about certificates.
    pub CERTIFICATE_FIELDS;
    REQUEST_CONTEXT_LEN = "tls.certificate.context.len", "Certificate request context length", "RFC 8446 §4.4.2", Octets, "0 during the handshake";
    REQUEST_CONTEXT = "tls.certificate.context", "Certificate request context", "RFC 8446 §4.4.2", Bytes, "which request this answers; empty during the handshake";
    CHAIN = "tls.certificate.chain", "Certificate list", "RFC 8446 §4.4.2", Group, "the sender's certificate first, each next one vouches for the one before";
    ENTRY = "tls.certificate.entry", "Certificate entry", "RFC 8446 §4.4.2", Group, "a certificate and proofs about it";
    CERT_DATA = "tls.certificate.data", "Certificate data", "RFC 8446 §4.4.2", Group, "one certificate, in DER";
    TYPES = "tls.certificate_request.types", "Certificate types", "RFC 5246 §7.4.4", Group, "the kinds of certificates that the server takes";
    TYPE = "tls.certificate_request.type", "Certificate type", "RFC 5246 §7.4.4", Dec, "a kind of certificate", codes ClientCertificateType::CODES;
    SIGNATURE = "tls.certificate_verify.signature", "Signature", "RFC 8446 §4.4.3", Bytes, "over the hash of all messages so far, by the certificate's key";
    ALGORITHM = "tls.compressed_certificate.algorithm", "Algorithm", "RFC 8879 §4", Dec, "how the message is compressed", codes CertificateCompression::CODES;
    UNCOMPRESSED_LEN = "tls.compressed_certificate.uncompressed_len", "Uncompressed length", "RFC 8879 §4", Octets, "the bytes of the Certificate message once uncompressed";
    COMPRESSED = "tls.compressed_certificate.data", "Compressed certificate message", "RFC 8879 §4", Opaque(Body), "a Certificate message, compressed";
}

/// A Certificate message.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct CertificateMessage {
    /// The chain, the sender's own first. `None` stands for one that could not be decoded.
    pub chain: Vec<Option<Certificate>>,
    /// Signed certificate timestamps beside the certificates.
    pub scts: usize,
    /// Whether a statement about revocation stands beside the first certificate.
    pub stapled: bool,
}

/// Whether the message has the form of TLS 1.3: known, or told by its lengths. TLS 1.2's list fills the message
/// (RFC 5246 §7.4.2); TLS 1.3 has a context before (RFC 8446 §4.4.2).
fn is_tls13(reader: &Reader<'_, '_, impl Sink>, context: &Context) -> bool {
    match (context.version, reader.peek()) {
        (Some(version), _) => version.is_tls13(),
        (None, message @ &[a, b, c, ..]) => u32::from_be_bytes([0, a, b, c]) as usize != message.len() - 3,
        _ => false,
    }
}

pub(super) fn certificate<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    context: &Context,
) -> Result<CertificateMessage, Malformed> {
    let tls13 = is_tls13(reader, context);
    let mut out = CertificateMessage::default();
    if tls13 {
        opaque_with(reader, &REQUEST_CONTEXT_LEN, &REQUEST_CONTEXT, 8)?;
    }
    vector(reader, &CHAIN, 24, |reader| {
        while !reader.is_empty() {
            reader.group(&ENTRY, |reader| {
                let certificate = vector(reader, &CERT_DATA, 24, x509::decode)?;
                out.chain.push(certificate);
                if tls13 {
                    let proofs: Extensions = extensions(reader, Place::Certificate)?;
                    out.scts += proofs.scts;
                    out.stapled |= out.chain.len() == 1 && proofs.has(super::ExtensionType::STATUS_REQUEST);
                }
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(out)
}

pub(super) fn compressed_certificate<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
) -> Result<(CertificateCompression, u32), Malformed> {
    let algorithm = reader.get(&ALGORITHM, 16)?;
    let len = reader.u24(&UNCOMPRESSED_LEN)?;
    opaque(reader, &COMPRESSED, 24)?;
    Ok((algorithm, len))
}

/// CertificateRequest: a context and extensions in TLS 1.3 (RFC 8446 §4.3.2), lists before (RFC 5246 §7.4.4, RFC 4346
/// §7.4.4).
pub(super) fn certificate_request<S: Sink>(reader: &mut Reader<'_, '_, S>, context: &Context) -> Result<(), Malformed> {
    // Without knowledge of the version: TLS 1.3's context is empty during the handshake, TLS 1.2's list of types is not.
    let tls13 = context.version.map_or(reader.peek().first() == Some(&0), Version::is_tls13);
    if tls13 {
        opaque_with(reader, &REQUEST_CONTEXT_LEN, &REQUEST_CONTEXT, 8)?;
        return extensions(reader, Place::CertificateRequest).map(drop);
    }
    list::<S, ClientCertificateType>(reader, &TYPES, 8, &TYPE, 8)?;
    if context.version.is_none_or(|version| version >= Version::TLS12) {
        list::<S, SignatureScheme>(reader, &SCHEMES, 16, &SCHEME, 16)?;
    }
    authorities(reader)
}

/// CertificateVerify: the scheme came with TLS 1.2 (RFC 5246 §7.4.8).
pub(super) fn certificate_verify<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    context: &Context,
) -> Result<Option<SignatureScheme>, Malformed> {
    let scheme = match context.version {
        Some(version) if version < Version::TLS12 => None,
        _ => Some(reader.get(&SCHEME, 16)?),
    };
    signature(reader, &SIGNATURE, scheme.is_some_and(is_pair))?;
    Ok(scheme)
}
