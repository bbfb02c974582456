//! Public keys of a key exchange (RFC 8446 §4.2.8), taken apart by their group.

use super::NamedGroup;
use crate::{Malformed, Note, Reader, Sink};

crate::fields! {
    /// Fields of public keys.
    pub KEY_FIELDS;
    KEY = "tls.key_exchange", "Public key", "RFC 8446 §4.2.8", Bytes, "the sender's public key; with the receiver's private key it gives the secret";
    X25519_KEY = "tls.key_exchange.x25519", "X25519 public key", "RFC 7748 §6.1", Bytes, "a point on Curve25519: 32 bytes";
    X448_KEY = "tls.key_exchange.x448", "X448 public key", "RFC 7748 §6.2", Bytes, "a point on Curve448: 56 bytes";
    POINT_FORM = "tls.key_exchange.form", "Point form", "RFC 8446 §4.2.8.2", Dec, "4: both coordinates follow";
    POINT_X = "tls.key_exchange.x", "X", "RFC 8446 §4.2.8.2", Bytes, "the point's x coordinate";
    POINT_Y = "tls.key_exchange.y", "Y", "RFC 8446 §4.2.8.2", Bytes, "the point's y coordinate";
    DH_KEY = "tls.key_exchange.dh", "Diffie-Hellman public value", "RFC 8446 §4.2.8.1", Bytes, "g to the power of a secret number, modulo the group's prime";
    MLKEM_KEY = "tls.key_exchange.mlkem_key", "ML-KEM encapsulation key", "FIPS 203 §7.1", Bytes, "the client's public key: the server encrypts a secret to it";
    MLKEM_CIPHERTEXT = "tls.key_exchange.mlkem_ciphertext", "ML-KEM ciphertext", "FIPS 203 §7.2", Bytes, "the server's secret, encrypted to the client's key";
}

/// Who sends a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The client, who speaks first.
    Client,
    /// The server, who answers.
    Server,
}

/// Decodes a public key of `group` that fills the reader.
///
/// # Errors
/// If an elliptic-curve point has not the length of its curve. Unknown groups survive as bytes.
pub fn public_key<S: Sink>(reader: &mut Reader<'_, '_, S>, group: NamedGroup, side: Side) -> Result<(), Malformed> {
    // FIPS 203 table 3: lengths of encapsulation keys and ciphertexts.
    let kem = |key: usize, ciphertext: usize| match side {
        Side::Client => (key, &MLKEM_KEY),
        Side::Server => (ciphertext, &MLKEM_CIPHERTEXT),
    };
    match group {
        NamedGroup::X25519 => exactly(reader, &X25519_KEY, 32),
        NamedGroup::X448 => exactly(reader, &X448_KEY, 56),
        NamedGroup::SECP256R1 => point(reader, 32),
        NamedGroup::SECP384R1 => point(reader, 48),
        NamedGroup::SECP521R1 => point(reader, 66),
        // The order of the two keys differs, for reasons of certification (draft-ietf-tls-ecdhe-mlkem §4.1).
        NamedGroup::X25519_MLKEM768 => {
            let (n, field) = kem(1184, 1088);
            reader.bytes(field, n)?;
            exactly(reader, &X25519_KEY, 32)
        }
        NamedGroup::SECP256R1_MLKEM768 => {
            let (n, field) = kem(1184, 1088);
            point(reader, 32)?;
            exactly(reader, field, n)
        }
        NamedGroup::SECP384R1_MLKEM1024 => {
            let (n, field) = kem(1568, 1568);
            point(reader, 48)?;
            exactly(reader, field, n)
        }
        NamedGroup::X25519_KYBER768_DRAFT00 => {
            let (n, field) = kem(1184, 1088);
            reader.bytes(&X25519_KEY, 32)?;
            exactly(reader, field, n)
        }
        NamedGroup::MLKEM512 => exactly(reader, kem(800, 768).1, kem(800, 768).0),
        NamedGroup::MLKEM768 => exactly(reader, kem(1184, 1088).1, kem(1184, 1088).0),
        NamedGroup::MLKEM1024 => exactly(reader, kem(1568, 1568).1, kem(1568, 1568).0),
        NamedGroup(256..=260) => reader.rest(&DH_KEY).map(drop),
        _ => {
            reader.rest(&KEY)?;
            if group.is_grease() {
                reader.note(Note::Remark("GREASE: no key (RFC 8701 §3.1)"));
            }
            Ok(())
        }
    }
}

/// The rest of the reader, which must be `n` bytes, as `field`.
fn exactly<S: Sink>(reader: &mut Reader<'_, '_, S>, field: &'static crate::Field, n: usize) -> Result<(), Malformed> {
    if reader.remaining() != n {
        return Err(reader.error(field, "has not the length of its group"));
    }
    reader.bytes(field, n).map(drop)
}

/// An uncompressed point with coordinates of `n` bytes at the front of the reader (RFC 8446 §4.2.8.2).
pub(super) fn point<S: Sink>(reader: &mut Reader<'_, '_, S>, n: usize) -> Result<(), Malformed> {
    if reader.u8(&POINT_FORM)? != 4 {
        return Err(reader.error(&POINT_FORM, "is not 4 (uncompressed)"));
    }
    reader.bytes(&POINT_X, n)?;
    reader.bytes(&POINT_Y, n).map(drop)
}
