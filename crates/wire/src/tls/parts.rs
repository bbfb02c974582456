//! What the messages share: length-prefixed vectors (RFC 8446 §3.4), and enumerations whose values name groups of fields.

use crate::{Field, Malformed, Reader, Sink};

crate::fields! {
    /// Fields of every vector.
    pub VECTOR_FIELDS;
    LEN = "tls.len", "Length", "RFC 8446 §3.4", Octets, "how many bytes the field or list behind it takes";
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

/// A length of `bits` bits that does not reach behind the reader's end.
pub(super) fn length<S: Sink>(reader: &mut Reader<'_, '_, S>, bits: usize) -> Result<usize, Malformed> {
    let n = reader.bits(&LEN, bits)? as usize;
    if n > reader.remaining() {
        return Err(reader.error(&LEN, "reaches behind the end of what holds it"));
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
