//! Configurations of Encrypted Client Hello (RFC 9849 §4): the public keys to which a ClientHello is encrypted. They come
//! in DNS records of type HTTPS and, when an old one was used, in EncryptedExtensions.

use super::parts::{opaque, opaque_with, vector};
use super::{HpkeAead, HpkeKdf, HpkeKem};
use crate::{Malformed, Reader, Sink};

crate::fields! {
    /// Fields of ECH configurations.
    pub ECH_FIELDS;
    CONFIGS = "tls.ech_configs", "ECH configurations", "RFC 9849 §4", Group, "the server's current public keys for hidden ClientHellos";
    CONFIG = "tls.ech_config", "ECH configuration", "RFC 9849 §4", Group, "one public key and how to use it";
    VERSION = "tls.ech_config.version", "Version", "RFC 9849 §4", Hex, "0xfe0d; others are skipped";
    CONTENTS = "tls.ech_config.contents", "Contents", "RFC 9849 §4", Group, "the key and its names";
    CONFIG_ID = "tls.ech_config.id", "Config id", "RFC 9849 §4", Dec, "the number by which the client says which key it used";
    KEM = "tls.ech_config.kem", "KEM", "RFC 9849 §4", Hex, "the kind of the key", codes HpkeKem::CODES;
    PUBLIC_KEY = "tls.ech_config.public_key", "Public key", "RFC 9849 §4", Bytes, "the key to which a ClientHello is encrypted";
    SUITES = "tls.ech_config.suites", "Cipher suites", "RFC 9849 §4", Group, "the encryptions that the server understands";
    KDF = "tls.ech_config.kdf", "KDF", "RFC 9849 §4", Hex, "key derivation", codes HpkeKdf::CODES;
    AEAD = "tls.ech_config.aead", "AEAD", "RFC 9849 §4", Hex, "cipher", codes HpkeAead::CODES;
    MAX_NAME = "tls.ech_config.max_name", "Maximum name length", "RFC 9849 §4", Octets, "the longest hidden name, so that padding can make all look alike";
    PUBLIC_NAME = "tls.ech_config.public_name", "Public name", "RFC 9849 §4", Text, "the name that stands in the visible ClientHello";
    CONFIG_EXTENSIONS_LEN = "tls.ech_config.extensions.len", "Extensions length", "RFC 9849 §4.2", Octets, "0: none are in use";
    CONFIG_EXTENSIONS = "tls.ech_config.extensions", "Extensions", "RFC 9849 §4.2", Bytes, "none are in use";
    OTHER = "tls.ech_config.other", "Contents", "RFC 9849 §4", Bytes, "of another version";
}

/// Decodes a list of configurations that fills the reader.
///
/// # Errors
/// If a length is wrong.
pub fn configs<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    vector(reader, &CONFIGS, 16, |reader| {
        while !reader.is_empty() {
            reader.group(&CONFIG, |reader| {
                let version = reader.u16(&VERSION)?;
                vector(reader, &CONTENTS, 16, |reader| match version {
                    0xfe0d => contents(reader),
                    _ => reader.rest(&OTHER).map(drop),
                })
            })?;
        }
        Ok(())
    })
    .map(drop)
}

fn contents<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    reader.u8(&CONFIG_ID)?;
    reader.u16(&KEM)?;
    opaque(reader, &PUBLIC_KEY, 16)?;
    vector(reader, &SUITES, 16, |reader| {
        while !reader.is_empty() {
            reader.u16(&KDF)?;
            reader.u16(&AEAD)?;
        }
        Ok(())
    })?;
    reader.u8(&MAX_NAME)?;
    opaque(reader, &PUBLIC_NAME, 8)?;
    opaque_with(reader, &CONFIG_EXTENSIONS_LEN, &CONFIG_EXTENSIONS, 16).map(drop)
}
