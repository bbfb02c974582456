//! What the messages share: length-prefixed vectors (RFC 8446 §3.4), and enumerations whose values name groups of fields.

use super::SignatureScheme;
use crate::{Field, Malformed, Reader, Sink};

crate::fields! {
    /// Fields of every vector.
    pub VECTOR_FIELDS;
    LEN = "tls.len", "Length", "RFC 8446 §3.4", Octets, "how many bytes the field or list behind it takes";
    SIGNATURE_DER = "tls.signature", "Signature", "RFC 8446 §4.2.3", Group, "two numbers, in DER";
}

/// A group: a length of `bits` bits, then that many bytes, which `decode` takes.
pub(super) fn vector<'a, S: Sink, T>(
    reader: &mut Reader<'a, '_, S>,
    group: &'static Field,
    bits: usize,
    decode: impl FnOnce(&mut Reader<'a, '_, S>) -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    reader.group(group, |reader| {
        let n = length(reader, bits)?;
        reader.within(n, decode)
    })
}

/// A length of `bits` bits, then that many bytes, which are `field`.
pub(super) fn opaque<'a, S: Sink>(
    reader: &mut Reader<'a, '_, S>,
    field: &'static Field,
    bits: usize,
) -> Result<&'a [u8], Malformed> {
    let n = length(reader, bits)?;
    reader.bytes(field, n)
}

/// [`opaque`] for a field that is often empty, so that its length must say whose it is.
pub(super) fn opaque_with<'a, S: Sink>(
    reader: &mut Reader<'a, '_, S>,
    len: &'static Field,
    field: &'static Field,
    bits: usize,
) -> Result<&'a [u8], Malformed> {
    let n = length_as(reader, len, bits)?;
    reader.bytes(field, n)
}

/// A length of `bits` bits that does not reach behind the reader's end.
pub(super) fn length<S: Sink>(reader: &mut Reader<'_, '_, S>, bits: usize) -> Result<usize, Malformed> {
    length_as(reader, &LEN, bits)
}

fn length_as<S: Sink>(reader: &mut Reader<'_, '_, S>, field: &'static Field, bits: usize) -> Result<usize, Malformed> {
    let n = reader.bits(field, bits)? as usize;
    if n > reader.remaining() {
        return Err(reader.error(field, "reaches behind the end of what holds it"));
    }
    Ok(n)
}

/// A list of values of 8 or 16 bits, as a group with its length of `bits` bits.
pub(super) fn list<S: Sink, T: crate::Bits>(
    reader: &mut Reader<'_, '_, S>,
    group: &'static Field,
    bits: usize,
    item: &'static Field,
    item_bits: usize,
) -> Result<Vec<T>, Malformed> {
    let items = vector(reader, group, bits, |reader| {
        let mut items = Vec::with_capacity(reader.remaining() * 8 / item_bits);
        while !reader.is_empty() {
            items.push(reader.get(item, item_bits)?);
        }
        Ok(items)
    })?;
    Ok(items.unwrap_or_default())
}

/// A signature with its length of 16 bits: the two numbers of ECDSA and DSA, which are written in DER (RFC 8422 §5.4,
/// RFC 8446 §4.2.3), bytes otherwise.
pub(super) fn signature<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    field: &'static Field,
    is_pair: bool,
) -> Result<(), Malformed> {
    if is_pair {
        vector(reader, &SIGNATURE_DER, 16, crate::x509::signature_pair).map(drop)
    } else {
        opaque(reader, field, 16).map(drop)
    }
}

/// Whether signatures of this scheme are two numbers in DER: by its last byte, ECDSA or DSA before TLS 1.3 (RFC 5246
/// §7.4.1.4.1), and the Brainpool curves of RFC 8734.
pub(super) fn is_pair(scheme: SignatureScheme) -> bool {
    match scheme.0.to_be_bytes() {
        [2..=6, 2 | 3] => true,
        [8, 0x1a..=0x1c] => true,
        _ => scheme == SignatureScheme::SM2SIG_SM3,
    }
}

/// An open enumeration whose values name groups of fields: the id is the prefix and the value's name.
macro_rules! grouped_enum {
    (
        prefix $prefix:literal, make $make:ident, rest $rest:ident;
        $(#[$doc:meta])* pub struct $name:ident($int:ident) { $($variant:ident = $value:expr, $label:literal, $rfc:literal, $line:literal;)* }
    ) => {
        $make! {
            $(#[$doc])*
            pub struct $name($int) { $($variant = $value, $label, $rfc, $line;)* }
        }
        impl $name {
            /// The groups of fields that the named values stand for, in the order of the values' declaration.
            pub const GROUPS: &'static [&'static $crate::Field] = {
                static GROUPS: &[&$crate::Field] = &[$(&$crate::Field {
                    id: concat!($prefix, $label), name: $label, rfc: $rfc, line: $line, show: $crate::Show::Group, codes: &[],
                }),*];
                GROUPS
            };
            /// The group of fields that this value stands for.
            pub fn group(self) -> &'static $crate::Field {
                let row = Self::CODES.iter().position(|code| code.value == u64::from(self.0));
                row.and_then(|row| Self::GROUPS.get(row)).copied().unwrap_or(&$rest)
            }
        }
    };
}
pub(super) use grouped_enum;
