//! Fixed headers: one declaration makes the struct, its reader and writer, its field map, diagram and glossary.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{MacAddr, Value};

/// A value that stands in a fixed number of bits of a header, big-endian (RFC 791 Appendix B).
pub trait Bits: Sized {
    /// Reads it from `len` bits at bit `start`. The buffer is long enough.
    fn get(buffer: &[u8], start: usize, len: usize) -> Self;
    /// Writes it into `len` bits at bit `start`. The buffer is long enough; surplus high bits are dropped.
    fn put(self, buffer: &mut [u8], start: usize, len: usize);
    /// As a decoder reports it.
    fn value(&self) -> Value<'_>;
}

/// Reads up to 64 bits at any bit offset.
#[inline(always)]
pub(crate) fn get_bits(buffer: &[u8], start: usize, len: usize) -> u64 {
    let byte = start / 8;
    if start.is_multiple_of(8) {
        match len {
            8 => return u64::from(buffer[byte]),
            16 => return u64::from(u16::from_be_bytes([buffer[byte], buffer[byte + 1]])),
            32 => {
                let b = &buffer[byte..byte + 4];
                return u64::from(u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
            }
            _ => {}
        }
    }
    if start % 8 + len <= 8 {
        // Flags and half bytes: within one byte.
        let surplus = 8 - start % 8 - len;
        return u64::from(buffer[byte] >> surplus) & ((1 << len) - 1);
    }
    let last = (start + len).div_ceil(8);
    let mut value: u128 = 0;
    for &b in &buffer[byte..last] {
        value = value << 8 | u128::from(b);
    }
    let surplus = last * 8 - (start + len);
    let mask = if len == 64 { u64::MAX } else { (1 << len) - 1 };
    (value >> surplus) as u64 & mask
}

/// Writes up to 64 bits at any bit offset, leaving the bits around them alone.
#[inline(always)]
fn put_bits(buffer: &mut [u8], start: usize, len: usize, value: u64) {
    let byte = start / 8;
    if start.is_multiple_of(8) {
        match len {
            8 => return buffer[byte] = value as u8,
            16 => return buffer[byte..byte + 2].copy_from_slice(&(value as u16).to_be_bytes()),
            32 => return buffer[byte..byte + 4].copy_from_slice(&(value as u32).to_be_bytes()),
            _ => {}
        }
    }
    if start % 8 + len <= 8 {
        let surplus = 8 - start % 8 - len;
        let mask = (((1u16 << len) - 1) as u8) << surplus;
        return buffer[byte] = buffer[byte] & !mask | ((value as u8) << surplus) & mask;
    }
    if start % 8 + len <= 16 {
        let surplus = 16 - start % 8 - len;
        let mask = (((1u32 << len) - 1) as u16) << surplus;
        let both = u16::from_be_bytes([buffer[byte], buffer[byte + 1]]) & !mask | ((value as u16) << surplus) & mask;
        return buffer[byte..byte + 2].copy_from_slice(&both.to_be_bytes());
    }
    for i in 0..len {
        let (at, shift) = (start + i, len - 1 - i);
        let mask = 0x80 >> (at % 8);
        if value >> shift & 1 == 1 { buffer[at / 8] |= mask } else { buffer[at / 8] &= !mask }
    }
}

macro_rules! bits_of_int {
    ($($int:ty),*) => {$(
        impl Bits for $int {
            #[inline(always)]
            fn get(buffer: &[u8], start: usize, len: usize) -> Self {
                get_bits(buffer, start, len) as $int
            }
            #[inline(always)]
            fn put(self, buffer: &mut [u8], start: usize, len: usize) {
                put_bits(buffer, start, len, u64::from(self))
            }
            fn value(&self) -> Value<'_> {
                Value::Uint(u64::from(*self))
            }
        }
    )*};
}
bits_of_int!(u8, u16, u32, u64);

impl Bits for bool {
    #[inline(always)]
    fn get(buffer: &[u8], start: usize, len: usize) -> Self {
        get_bits(buffer, start, len) != 0
    }
    #[inline(always)]
    fn put(self, buffer: &mut [u8], start: usize, len: usize) {
        put_bits(buffer, start, len, u64::from(self))
    }
    fn value(&self) -> Value<'_> {
        Value::Uint(u64::from(*self))
    }
}

/// Whole bytes at a byte boundary.
impl<const N: usize> Bits for [u8; N] {
    #[inline(always)]
    fn get(buffer: &[u8], start: usize, _: usize) -> Self {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&buffer[start / 8..start / 8 + N]);
        bytes
    }
    #[inline(always)]
    fn put(self, buffer: &mut [u8], start: usize, _: usize) {
        buffer[start / 8..start / 8 + N].copy_from_slice(&self)
    }
    fn value(&self) -> Value<'_> {
        Value::Raw
    }
}

macro_rules! bits_of_address {
    ($($name:ty, $make:expr, $octets:expr, $value:expr;)*) => {$(
        impl Bits for $name {
            #[inline(always)]
            fn get(buffer: &[u8], start: usize, len: usize) -> Self {
                $make(Bits::get(buffer, start, len))
            }
            #[inline(always)]
            fn put(self, buffer: &mut [u8], start: usize, len: usize) {
                $octets(&self).put(buffer, start, len)
            }
            fn value(&self) -> Value<'_> {
                $value(*self)
            }
        }
    )*};
}
bits_of_address! {
    MacAddr, MacAddr, |a: &MacAddr| a.0, Value::Mac;
    Ipv4Addr, |b: [u8; 4]| Ipv4Addr::from(b), Ipv4Addr::octets, |a: Ipv4Addr| Value::Ip(a.into());
    Ipv6Addr, |b: [u8; 16]| Ipv6Addr::from(b), Ipv6Addr::octets, |a: Ipv6Addr| Value::Ip(a.into());
}

/// The sum of the first `n` of `widths`: where field `n` starts.
#[doc(hidden)]
pub const fn offset(widths: &[usize], n: usize) -> usize {
    let (mut sum, mut i) = (0, 0);
    while i < n {
        sum += widths[i];
        i += 1;
    }
    sum
}

/// Declares a fixed header.
///
/// ```
/// wire::header! {
///     /// The UDP header.
///     pub struct Header, mod field = "udp", "UDP header", "RFC 768", "which programs talk";
///     src_port: u16 = 16, Dec, "Source port", "RFC 768", "the port of the program that sends";
///     dst_port: u16 = 16, Dec, "Destination port", "RFC 768", "the port of the program that receives";
///     len: u16 = 16, Octets, "Length", "RFC 768", "header and data, in bytes";
///     checksum: u16 = 16, Hex, "Checksum", "RFC 768", "guards header, data and addresses";
/// }
/// assert_eq!(Header::LEN, 8);
/// assert_eq!(Header::LAYOUT.slots[1].field.id, "udp.dst_port");
/// let header = Header::read(&[0, 68, 0, 67, 0, 8, 0, 0]);
/// assert_eq!((header.src_port, header.dst_port), (68, 67));
/// ```
///
/// Each field is `name: Type = bits, Show, "Name", "RFC", "one line"`, optionally with `, codes LIST` at its end.
#[macro_export]
macro_rules! header {
    (
        $(#[$doc:meta])* $vis:vis struct $header:ident, mod $module:ident = $id:expr, $label:expr, $rfc:expr, $line:expr;
        $($name:ident: $type:ty = $bits:expr, $show:expr, $fname:expr, $frfc:expr, $fline:expr $(, codes $codes:expr)?;)+
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        $vis struct $header {
            $(#[doc = $fline] pub $name: $type,)+
        }

        /// The header's fields, one static each, and the group they form.
        #[allow(non_upper_case_globals, unused_imports)]
        $vis mod $module {
            use super::*;
            use $crate::Opaque::*;
            use $crate::Show::*;
            $(
                #[doc = $fline]
                pub static $name: $crate::Field = {
                    #[allow(unused_mut, unused_assignments)]
                    let mut codes: &'static [$crate::Code] = &[];
                    $( codes = $codes; )?
                    $crate::Field {
                        id: concat!($id, ".", stringify!($name)), name: $fname, rfc: $frfc, line: $fline, show: $show, codes,
                    }
                };
            )+
            /// The header as a group.
            pub static GROUP: $crate::Field =
                $crate::Field { id: $id, name: $label, rfc: $rfc, line: $line, show: Group, codes: &[] };
            /// Every field of the header, the group first.
            pub static ALL: &[&$crate::Field] = &[&GROUP, $(&$name),+];
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            pub(super) enum Index { $($name),+ }
            pub(super) const WIDTHS: &[usize] = &[$($bits),+];
        }

        #[allow(dead_code)]
        impl $header {
            /// Length in bytes.
            pub const LEN: usize = $crate::header_offset($module::WIDTHS, $module::WIDTHS.len()) / 8;
            /// Where each field stands.
            pub const LAYOUT: $crate::Layout = {
                static SLOTS: &[$crate::Slot] = &[$($crate::Slot {
                    field: &$module::$name,
                    start: $crate::header_offset($module::WIDTHS, $module::Index::$name as usize),
                    bits: $bits,
                }),+];
                $crate::Layout { group: &$module::GROUP, slots: SLOTS }
            };

            /// Reads the header from the front of `buffer`, which is at least [`Self::LEN`] long.
            #[inline(always)]
            pub fn read(buffer: &[u8]) -> Self {
                let buffer = &buffer[..Self::LEN];
                $header {
                    $($name: <$type as $crate::Bits>::get(
                        buffer,
                        const { $crate::header_offset($module::WIDTHS, $module::Index::$name as usize) },
                        $bits,
                    ),)+
                }
            }

            /// Writes the header to the front of `buffer`, which is at least [`Self::LEN`] long.
            #[inline(always)]
            pub fn write(&self, buffer: &mut [u8]) {
                let buffer = &mut buffer[..Self::LEN];
                $(<$type as $crate::Bits>::put(
                    self.$name,
                    buffer,
                    const { $crate::header_offset($module::WIDTHS, $module::Index::$name as usize) },
                    $bits,
                );)+
            }

            /// Consumes the header's fields, a leaf each. The caller opens the group, which may be larger than this.
            #[inline]
            pub fn decode<S: $crate::Sink>(reader: &mut $crate::Reader<'_, '_, S>) -> Result<Self, $crate::Malformed> {
                if !S::RECORDS {
                    // Nobody wants to hear of single fields. A header that is cut short takes the long way, to its error.
                    if let Some(bytes) = reader.skip(Self::LEN) {
                        return Ok(Self::read(bytes));
                    }
                }
                Ok($header { $($name: reader.get(&$module::$name, $bits)?,)+ })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is written at any place comes back, and nothing around it changes.
        #[test]
        fn bits_round_trip(fill: u8, value: u64, start in 0usize..24, len in 1usize..=64) {
            let mut buffer = [fill; 12];
            let value = if len == 64 { value } else { value & ((1 << len) - 1) };
            put_bits(&mut buffer, start, len, value);
            prop_assert_eq!(get_bits(&buffer, start, len), value);
            for bit in (0..start).chain(start + len..96) {
                prop_assert_eq!(get_bits(&buffer, bit, 1), get_bits(&[fill], bit % 8, 1));
            }
        }
    }
}
