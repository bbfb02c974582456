//! Certificates as bytes: RFC 5280 §4.1, with the extensions that today's public authorities use.

use base::WallTime;
use rustls::crypto::hash::Hash as _;
use rustls::pki_types::CertificateDer;

use crate::authority::SubjectName;
use crate::hash::Sha256;
use crate::{PrivateKey, der};

// Attribute types (RFC 5280 appendix A.1).
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
// Extensions (RFC 5280 §4.2.1).
const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 0x20];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// id-kp-serverAuth, 1.3.6.1.5.5.7.3.1.
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
/// "Domain validated", 2.23.140.1.2.1 (CA/Browser Forum Baseline Requirements §7.1.6.1).
const DOMAIN_VALIDATED: &[u8] = &[0x67, 0x81, 0x0c, 0x01, 0x02, 0x01];

// Key usages as named bits (RFC 5280 §4.2.1.3).
const DIGITAL_SIGNATURE: u8 = 0x80;
const KEY_CERT_SIGN: u8 = 0x04;
const CRL_SIGN: u8 = 0x02;

/// What goes into a certificate besides the subject's key.
pub(crate) struct Template {
    /// The top bit is ignored: a serial number is positive (RFC 5280 §4.1.2.2).
    pub(crate) serial: [u8; 16],
    pub(crate) issuer: Name,
    pub(crate) subject: Name,
    pub(crate) not_before: WallTime,
    pub(crate) not_after: WallTime,
    pub(crate) extensions: Extensions,
}

/// A distinguished name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Name {
    /// An organisation and a common name.
    Authority(&'static str),
    /// A common name alone.
    Host(String),
    /// Nothing: what the certificate is for stands in its extension of alternative names.
    Empty,
}

/// The extensions of a certificate.
pub(crate) struct Extensions {
    pub(crate) profile: Profile,
    pub(crate) subject_key_id: Vec<u8>,
    /// `None` in a root, which has no authority but itself.
    pub(crate) authority_key_id: Option<Vec<u8>>,
}

/// What the certificate is for.
pub(crate) enum Profile {
    /// To sign intermediates.
    Root,
    /// To sign servers' certificates, and no further authority's.
    Intermediate,
    /// To be shown by the server of these names.
    Server(Vec<SubjectName>),
}

impl Template {
    /// The certificate for `key`, signed with `issuer`'s key.
    pub(crate) fn signed(&self, key: &PrivateKey, issuer: &PrivateKey) -> CertificateDer<'static> {
        let mut body = Vec::with_capacity(512);
        der::sequence(&mut body, |out| {
            // Version 3, which is written as 2, in an explicit tag.
            der::tagged(out, 0xa0, |out| der::unsigned(out, &[2]));
            let mut serial = self.serial;
            serial[0] &= 0x7f;
            der::unsigned(out, &serial);
            algorithm(out, issuer);
            self.issuer.write(out);
            der::sequence(out, |out| {
                der::time(out, self.not_before);
                der::time(out, self.not_after);
            });
            self.subject.write(out);
            out.extend_from_slice(&key.public_key_info());
            der::tagged(out, 0xa3, |out| {
                der::sequence(out, |out| self.extensions.write(out, self.subject == Name::Empty));
            });
        });
        let signature = issuer.sign(&body);
        let mut certificate = Vec::with_capacity(body.len() + 128);
        der::sequence(&mut certificate, |out| {
            out.extend_from_slice(&body);
            algorithm(out, issuer);
            der::bit_string(out, &signature);
        });
        CertificateDer::from(certificate)
    }
}

impl Extensions {
    fn write(&self, out: &mut Vec<u8>, subject_is_empty: bool) {
        let usage = match self.profile {
            Profile::Root => KEY_CERT_SIGN | CRL_SIGN,
            Profile::Intermediate => DIGITAL_SIGNATURE | KEY_CERT_SIGN | CRL_SIGN,
            Profile::Server(_) => DIGITAL_SIGNATURE,
        };
        extension(out, KEY_USAGE, true, |out| der::named_bits(out, usage));
        if !matches!(self.profile, Profile::Root) {
            extension(out, EXTENDED_KEY_USAGE, false, |out| der::sequence(out, |out| der::oid(out, SERVER_AUTH)));
        }
        extension(out, BASIC_CONSTRAINTS, true, |out| {
            der::sequence(out, |out| match self.profile {
                Profile::Root => der::yes(out),
                Profile::Intermediate => {
                    der::yes(out);
                    // pathLenConstraint: no further authority below this one.
                    der::unsigned(out, &[0]);
                }
                // cA is FALSE, the default, which DER does not write.
                Profile::Server(_) => {}
            });
        });
        extension(out, SUBJECT_KEY_IDENTIFIER, false, |out| {
            der::octets(out, |out| out.extend_from_slice(&self.subject_key_id));
        });
        if let Some(id) = &self.authority_key_id {
            extension(out, AUTHORITY_KEY_IDENTIFIER, false, |out| {
                der::sequence(out, |out| der::tagged(out, 0x80, |out| out.extend_from_slice(id)));
            });
        }
        if let Profile::Server(names) = &self.profile {
            // RFC 5280 §4.2.1.6: critical exactly when the subject is empty.
            extension(out, SUBJECT_ALT_NAME, subject_is_empty, |out| {
                der::sequence(out, |out| {
                    for name in names {
                        match name {
                            SubjectName::Dns(name) => {
                                der::tagged(out, 0x82, |out| out.extend_from_slice(name.as_bytes()));
                            }
                            SubjectName::Ip(std::net::IpAddr::V4(ip)) => {
                                der::tagged(out, 0x87, |out| out.extend_from_slice(&ip.octets()));
                            }
                            SubjectName::Ip(std::net::IpAddr::V6(ip)) => {
                                der::tagged(out, 0x87, |out| out.extend_from_slice(&ip.octets()));
                            }
                        }
                    }
                });
            });
        }
        if !matches!(self.profile, Profile::Root) {
            extension(out, CERTIFICATE_POLICIES, false, |out| {
                der::sequence(out, |out| der::sequence(out, |out| der::oid(out, DOMAIN_VALIDATED)));
            });
        }
    }
}

fn extension(out: &mut Vec<u8>, id: &[u8], critical: bool, value: impl FnOnce(&mut Vec<u8>)) {
    der::sequence(out, |out| {
        der::oid(out, id);
        if critical {
            der::yes(out);
        }
        der::octets(out, value);
    });
}

/// The AlgorithmIdentifier of `issuer`'s signatures.
fn algorithm(out: &mut Vec<u8>, issuer: &PrivateKey) {
    der::sequence(out, |out| out.extend_from_slice(&issuer.signature_algorithm()));
}

impl Name {
    fn write(&self, out: &mut Vec<u8>) {
        der::sequence(out, |out| match self {
            Name::Authority(common_name) => {
                attribute(out, ORGANIZATION, "Wirescope");
                attribute(out, COMMON_NAME, common_name);
            }
            Name::Host(common_name) => attribute(out, COMMON_NAME, common_name),
            Name::Empty => {}
        });
    }
}

/// A RelativeDistinguishedName of one attribute.
fn attribute(out: &mut Vec<u8>, kind: &[u8], value: &str) {
    der::set(out, |out| {
        der::sequence(out, |out| {
            der::oid(out, kind);
            der::utf8(out, value);
        });
    });
}

/// A key's identifier: the first 160 bits of the SHA-256 of its bits (RFC 7093 §2, method 1).
pub(crate) fn key_id(key: &PrivateKey) -> Vec<u8> {
    let digest = Sha256.hash(&key.public_key_bits());
    digest.as_ref().iter().take(20).copied().collect()
}

/// A certificate in PEM (RFC 7468 §5): base64 (RFC 4648 §4) in lines of 64 characters.
pub fn pem(certificate: &CertificateDer<'_>) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in certificate.chunks(48) {
        for group in line.chunks(3) {
            let bits = group.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
            for place in 0..4 {
                let letter = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
                text.push(if place <= group.len() { letter as char } else { '=' });
            }
        }
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}
