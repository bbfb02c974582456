//! What a field is: its id, name, source and meaning. One static per field, declared beside its decoder.

/// A field (or group of fields) of a wire format.
///
/// A field is identified by its address: decoders pass `&'static Field`, and two fields are the same if their ids are.
#[derive(Debug)]
pub struct Field {
    /// Dotted id, protocol first: `tcp.window`. Unique over the program; the term that `explain` takes.
    pub id: &'static str,
    /// The field's name in its RFC, for people: `Window`.
    pub name: &'static str,
    /// Where it is defined: `RFC 9293 §3.1`.
    pub rfc: &'static str,
    /// What it means, in one line of plain words.
    pub line: &'static str,
    /// How its value is written.
    pub show: Show,
    /// The names of its values, where they have names.
    pub codes: &'static [Code],
}

/// How a field's value is written for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Show {
    /// A decimal number.
    Dec,
    /// A hexadecimal number, as wide as the field.
    Hex,
    /// One bit: set or not set.
    Flag,
    /// An address (MAC, IPv4 or IPv6).
    Address,
    /// Text (ASCII or UTF-8; other bytes escaped).
    Text,
    /// Bytes that have a meaning of their own (a random, a key share, a signature), in hexadecimal.
    Bytes,
    /// A decimal number of seconds.
    Seconds,
    /// A decimal number of milliseconds.
    Millis,
    /// A decimal number of bytes.
    Octets,
    /// Not a value: a group of fields.
    Group,
    /// Bytes that nobody explains further, and why that is allowed.
    Opaque(Opaque),
}

/// Why a leaf may stay unexplained.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opaque {
    /// The content that the protocol carries for somebody else.
    Body,
    /// Filling without meaning.
    Padding,
    /// Encrypted, and the keys are not at hand (or the plaintext stands in a derived buffer).
    Ciphertext,
    /// Reported malformed: the decoder could make nothing of it.
    Malformed,
}

/// A named value of a field: a flag, a port, a record type, a status code.
#[derive(Debug)]
pub struct Code {
    /// The value on the wire.
    pub value: u64,
    /// Its name in the standard: `ESTABLISHED`, `ClientHello`, `Not Found`.
    pub name: &'static str,
    /// Where it is defined.
    pub rfc: &'static str,
    /// What it means, in one line of plain words.
    pub line: &'static str,
}

impl Field {
    /// The named value `value`, if it has a name.
    pub fn code(&self, value: u64) -> Option<&'static Code> {
        self.codes.iter().find(|code| code.value == value)
    }

    /// Whether leaves of this field stay unexplained, and why.
    pub fn opaque(&self) -> Option<Opaque> {
        match self.show {
            Show::Opaque(why) => Some(why),
            _ => None,
        }
    }
}

/// Bytes that a decoder could make nothing of; every protocol uses this one field for them.
pub static MALFORMED: Field = Field {
    id: "malformed",
    name: "Malformed bytes",
    rfc: "RFC 1122 §1.2.2",
    line: "bytes that do not follow the format; shown as they are",
    show: Show::Opaque(Opaque::Malformed),
    codes: &[],
};

/// Fields that belong to no protocol.
pub static ALL: &[&Field] = &[&MALFORMED];

/// Declares fields of the variable parts of a format, and the list of them all.
///
/// ```
/// wire::fields! {
///     /// Every field declared here.
///     pub ALL;
///     KIND = "tcp.option.kind", "Kind", "RFC 9293 §3.2", Dec, "which option this is";
/// }
/// assert_eq!(ALL[0].name, "Kind");
/// ```
///
/// An entry may end in `, codes EXPR` with the list of named values.
#[macro_export]
macro_rules! fields {
    ($(#[$doc:meta])* $vis:vis $all:ident; $($name:ident = $id:expr, $label:expr, $rfc:expr, $show:expr, $line:expr $(, codes $codes:expr)?;)*) => {
        $(
            #[doc = $line]
            $vis static $name: $crate::Field = {
                #[allow(unused_imports)]
                use $crate::Opaque::*;
                #[allow(unused_imports)]
                use $crate::Show::*;
                #[allow(unused_mut, unused_assignments)]
                let mut codes: &'static [$crate::Code] = &[];
                $( codes = $codes; )?
                $crate::Field { id: $id, name: $label, rfc: $rfc, line: $line, show: $show, codes }
            };
        )*
        $(#[$doc])*
        $vis static $all: &[&$crate::Field] = &[$(&$name),*];
    };
}

/// Declares an open enumeration of the wire: a newtype with named constants that keeps every other value as it is.
///
/// ```
/// wire::open_enum! {
///     /// What an Ethernet frame carries.
///     pub struct Kind(u16) {
///         IPV4 = 0x0800, "IPv4", "RFC 894", "an IPv4 packet";
///     }
/// }
/// assert_eq!(Kind::IPV4.name(), Some("IPv4"));
/// assert_eq!(Kind(7).name(), None);
/// ```
#[macro_export]
macro_rules! open_enum {
    ($(#[$doc:meta])* $vis:vis struct $name:ident($int:ty) { $($variant:ident = $value:expr, $label:expr, $rfc:expr, $line:expr;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        $vis struct $name(pub $int);
        #[allow(dead_code)]
        impl $name {
            $( #[doc = $line] pub const $variant: $name = $name($value); )*
            /// The named values.
            pub const CODES: &'static [$crate::Code] = {
                static CODES: &[$crate::Code] =
                    &[$($crate::Code { value: $value as u64, name: $label, rfc: $rfc, line: $line }),*];
                CODES
            };
            /// The value's name in its standard, if it has one.
            pub fn name(self) -> Option<&'static str> {
                Self::CODES.iter().find(|code| code.value == u64::from(self.0)).map(|code| code.name)
            }
        }
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{}", self.0),
                }
            }
        }
        impl $crate::Bits for $name {
            #[inline(always)]
            fn get(buffer: &[u8], start: usize, len: usize) -> Self {
                $name(<$int as $crate::Bits>::get(buffer, start, len))
            }
            #[inline(always)]
            fn put(self, buffer: &mut [u8], start: usize, len: usize) {
                <$int as $crate::Bits>::put(self.0, buffer, start, len)
            }
            fn value(&self) -> $crate::Value<'_> {
                $crate::Value::Uint(u64::from(self.0))
            }
        }
    };
}
