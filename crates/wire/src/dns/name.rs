//! Domain names (RFC 1035 §3.1): labels, comparison without regard to case, text form, decoding with compression.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use smallvec::SmallVec;

use crate::{Field, Malformed, Reader, Sink, Value};

/// The longest name on the wire, length bytes and the final zero included (RFC 1035 §2.3.4).
pub const MAX_NAME: usize = 255;
/// The longest label (RFC 1035 §2.3.4).
pub const MAX_LABEL: usize = 63;
/// Pointers followed in one name. A useful pointer yields at least one label, and a name has at most 127.
const MAX_POINTERS: usize = 127;

crate::fields! {
    /// The parts of a name on the wire.
    pub NAME_FIELDS;
    LABEL_LEN = "dns.name.len", "Label length", "RFC 1035 §3.1", Octets, "how many bytes of the next part of the name follow; at most 63";
    LABEL = "dns.name.label", "Label", "RFC 1035 §3.1", Text, "one part of the name; upper and lower case mean the same";
    NAME_END = "dns.name.end", "End of name", "RFC 1035 §3.1", Dec, "a label of no length: the root, where every name ends";
    POINTER_MARK = "dns.name.pointer_mark", "Pointer mark", "RFC 1035 §4.1.4", Dec, "two ones in the place of a length: the rest of the name stands elsewhere in the message";
    POINTER = "dns.name.pointer", "Pointer", "RFC 1035 §4.1.4", Dec, "where the rest of the name stands, counted in bytes from the start of the message";
}

/// A domain name. Compares, sorts and hashes without regard to the case of ASCII letters (RFC 4343 §3) and keeps the
/// case that it was given. The order is that of RFC 4034 §6.1: a zone's names stand together, parents first.
#[derive(Clone)]
pub struct Name {
    /// Labels with their length bytes, and the final zero.
    wire: SmallVec<[u8; 32]>,
}

/// Why some text is no domain name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{input}` is not a domain name: {what}")]
pub struct NameError {
    input: String,
    what: &'static str,
}

impl Name {
    /// The root of the tree, written `.`.
    pub fn root() -> Name {
        Name { wire: SmallVec::from_slice(&[0]) }
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.wire.len() == 1
    }

    /// As it stands on the wire without compression: length bytes, labels, the final zero.
    pub fn as_wire(&self) -> &[u8] {
        &self.wire
    }

    /// Its labels, leftmost (deepest) first; none for the root.
    pub fn labels(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest: &[u8] = &self.wire;
        std::iter::from_fn(move || match rest {
            [0] | [] => None,
            [len, tail @ ..] => {
                let (label, after) = tail.split_at_checked(usize::from(*len))?;
                rest = after;
                Some(label)
            }
        })
    }

    /// How many labels it has, the root's not counted.
    pub fn label_count(&self) -> usize {
        self.labels().count()
    }

    /// The name without its leftmost label; `None` for the root.
    pub fn parent(&self) -> Option<Name> {
        let first = self.labels().next()?;
        Some(Name { wire: SmallVec::from_slice(&self.wire[1 + first.len()..]) })
    }

    /// The last `n` labels: `www.example.com` has the suffix `example.com` for 2. The whole name if it has fewer.
    pub fn suffix(&self, n: usize) -> Name {
        let skip = self.label_count().saturating_sub(n);
        let start: usize = self.labels().take(skip).map(|label| 1 + label.len()).sum();
        Name { wire: SmallVec::from_slice(&self.wire[start..]) }
    }

    /// `label` put before this name; `None` if the label or the result is too long, or the label is empty.
    pub fn child(&self, label: &[u8]) -> Option<Name> {
        if label.is_empty() || label.len() > MAX_LABEL || self.wire.len() + 1 + label.len() > MAX_NAME {
            return None;
        }
        let mut wire = SmallVec::with_capacity(1 + label.len() + self.wire.len());
        wire.push(label.len() as u8);
        wire.extend_from_slice(label);
        wire.extend_from_slice(&self.wire);
        Some(Name { wire })
    }

    /// Whether it is `zone` or lies below it.
    pub fn is_within(&self, zone: &Name) -> bool {
        self.wire.len() >= zone.wire.len() && {
            let tail = self.wire.len() - zone.wire.len();
            // The tail must start at a label, not inside one that happens to end alike.
            self.suffix(zone.label_count()).wire.len() == zone.wire.len()
                && self.wire[tail..].eq_ignore_ascii_case(&zone.wire)
        }
    }

    /// The name in lower case.
    pub fn to_lowercase(&self) -> Name {
        let mut name = self.clone();
        name.wire.make_ascii_lowercase();
        name
    }

    /// The name of an address in the reverse tree: `1.2.0.192.in-addr.arpa` (RFC 1035 §3.5), or the nibbles of an IPv6
    /// address below `ip6.arpa` (RFC 3596 §2.5).
    pub fn reverse(address: std::net::IpAddr) -> Name {
        let mut builder = Builder::default();
        match address {
            std::net::IpAddr::V4(v4) => {
                for byte in v4.octets().iter().rev() {
                    builder.push_fitting(byte.to_string().as_bytes());
                }
                builder.push_fitting(b"in-addr");
            }
            std::net::IpAddr::V6(v6) => {
                for byte in v6.octets().iter().rev() {
                    builder.push_fitting(format!("{:x}", byte & 15).as_bytes());
                    builder.push_fitting(format!("{:x}", byte >> 4).as_bytes());
                }
                builder.push_fitting(b"ip6");
            }
        }
        builder.push_fitting(b"arpa");
        builder.finish()
    }
}

/// A name being put together. Keeps room for the final zero.
#[derive(Default)]
struct Builder {
    wire: SmallVec<[u8; 32]>,
}

impl Builder {
    /// Appends a label of 1 to 63 bytes, or says that the name gets too long.
    fn push(&mut self, label: &[u8]) -> Result<(), &'static str> {
        debug_assert!((1..=MAX_LABEL).contains(&label.len()));
        // RFC 1035 §2.3.4: names are limited to 255 octets, the root's zero among them.
        if self.wire.len() + 1 + label.len() + 1 > MAX_NAME {
            return Err("is longer than 255 bytes");
        }
        self.wire.push(label.len() as u8);
        self.wire.extend_from_slice(label);
        Ok(())
    }
    /// Appends a label that is known to fit.
    fn push_fitting(&mut self, label: &[u8]) {
        self.wire.push(label.len() as u8);
        self.wire.extend_from_slice(label);
    }
    fn finish(mut self) -> Name {
        self.wire.push(0);
        Name { wire: self.wire }
    }
}

/// The message that a name stands in: where its pointers lead.
#[derive(Clone, Copy, Debug)]
pub struct Pointers<'a> {
    /// The bytes that pointers count in.
    message: &'a [u8],
    /// The bit of the sink's buffer where they start.
    start: usize,
    /// The first byte where a name can stand.
    floor: usize,
}

impl<'a> Pointers<'a> {
    /// Pointers count from the reader's next byte; names stand `floor` bytes behind it or later.
    pub(crate) fn from_here<S: Sink>(reader: &Reader<'a, '_, S>, floor: usize) -> Pointers<'a> {
        Pointers { message: reader.peek(), start: reader.bit(), floor }
    }

    /// Appends the labels that stand at `target`, which a name that starts at `before` points to.
    fn follow(&self, target: usize, before: usize, name: &mut Builder) -> Result<(), &'static str> {
        let (mut at, mut start) = (target, before);
        for _ in 0..MAX_POINTERS {
            // RFC 1035 §4.1.4: a pointer leads to a prior occurrence. Each leads further back, so it ends.
            if at >= start {
                return Err("does not point backwards");
            }
            if at < self.floor {
                return Err("points into the header");
            }
            start = at;
            at = loop {
                let len = usize::from(*self.message.get(at).ok_or("leads behind the end of the message")?);
                match len >> 6 {
                    0 if len == 0 => return Ok(()),
                    0 => {
                        let label =
                            self.message.get(at + 1..at + 1 + len).ok_or("leads to a label that is cut short")?;
                        name.push(label)?;
                        at += 1 + len;
                    }
                    3 => {
                        let low = *self.message.get(at + 1).ok_or("leads to a pointer that is cut short")?;
                        break (len & 0x3f) << 8 | usize::from(low);
                    }
                    _ => return Err("leads to a label of a reserved kind"),
                }
            };
        }
        Err("leads through too many pointers")
    }
}

/// Decodes a name as the group `field`, whose value is the name as text.
///
/// # Errors
/// If it is cut short, longer than 255 bytes, has a label of a reserved kind, or a pointer that does not lead back to
/// an earlier name (RFC 1035 §4.1.4).
pub fn decode_name<'a, S: Sink>(
    reader: &mut Reader<'a, '_, S>,
    field: &'static Field,
    pointers: Pointers<'a>,
) -> Result<Name, Malformed> {
    reader.group(field, |reader| {
        let mut name = Builder::default();
        let start = (reader.bit() - pointers.start) / 8;
        loop {
            let Some(&first) = reader.peek().first() else {
                return Err(reader.error(field, "is cut short"));
            };
            match first >> 6 {
                0 if first == 0 => {
                    reader.u8(&NAME_END)?;
                    break;
                }
                0 => {
                    reader.u8(&LABEL_LEN)?;
                    let label = reader.bytes(&LABEL, usize::from(first))?;
                    name.push(label).map_err(|what| reader.error(field, what))?;
                }
                3 => {
                    let at = reader.bit();
                    if reader.remaining() < 2 {
                        return Err(reader.error(&POINTER, "is cut short"));
                    }
                    reader.bits(&POINTER_MARK, 2)?;
                    let target = reader.bits(&POINTER, 14)? as usize;
                    if let Err(what) = pointers.follow(target, start, &mut name) {
                        reader.sink().malformed(Malformed { field: &POINTER, at, what })?;
                    }
                    break;
                }
                // RFC 1035 §4.1.4: the combinations 10 and 01 are reserved.
                _ => return Err(reader.error(&LABEL_LEN, "is of a reserved kind")),
            }
        }
        let name = name.finish();
        if S::RECORDS {
            let text = name.to_string();
            reader.sink().group_value(Value::Text(&text));
        }
        Ok(name)
    })
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        // Length bytes are at most 63 and so are no letters.
        self.wire.eq_ignore_ascii_case(&other.wire)
    }
}
impl Eq for Name {}
impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in &self.wire {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}
impl Ord for Name {
    fn cmp(&self, other: &Name) -> Ordering {
        let mine: SmallVec<[&[u8]; 8]> = self.labels().collect();
        let theirs: SmallVec<[&[u8]; 8]> = other.labels().collect();
        let lower = |label: &&[u8]| label.to_ascii_lowercase();
        mine.iter().rev().map(lower).cmp(theirs.iter().rev().map(lower))
    }
}
impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Without the final dot, except for the root, which is `.`. A dot or backslash inside a label is escaped with a
/// backslash, any other byte outside printable ASCII as `\DDD` (RFC 1035 §5.1).
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        for (i, label) in self.labels().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            for &byte in label {
                match byte {
                    b'.' | b'\\' => write!(f, "\\{}", char::from(byte))?,
                    0x21..=0x7e => write!(f, "{}", char::from(byte))?,
                    _ => write!(f, "\\{byte:03}")?,
                }
            }
        }
        Ok(())
    }
}
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Name {
    type Err = NameError;
    /// Reads `www.example.com`, with or without the final dot; escapes as in zone files (RFC 1035 §5.1).
    fn from_str(input: &str) -> Result<Name, NameError> {
        let error = |what| NameError { input: input.to_owned(), what };
        let mut builder = Builder::default();
        if input == "." {
            return Ok(builder.finish());
        }
        let mut label: SmallVec<[u8; 64]> = SmallVec::new();
        let mut bytes = input.bytes();
        let mut done = false;
        while !done {
            let byte = match bytes.next() {
                None | Some(b'.') => {
                    done = bytes.len() == 0;
                    if label.is_empty() {
                        return Err(error("a part between two dots is empty"));
                    }
                    if label.len() > MAX_LABEL {
                        return Err(error("a part between two dots is longer than 63 bytes"));
                    }
                    builder.push(&label).map_err(|_| error("it is longer than 255 bytes"))?;
                    label.clear();
                    continue;
                }
                Some(b'\\') => match bytes.next() {
                    Some(digit @ b'0'..=b'9') => {
                        let rest = bytes.next().zip(bytes.next());
                        let Some((b @ b'0'..=b'9', c @ b'0'..=b'9')) = rest else {
                            return Err(error("a backslash and a digit need two more digits"));
                        };
                        let value = [digit, b, c].iter().fold(0u32, |n, d| n * 10 + u32::from(d - b'0'));
                        u8::try_from(value).map_err(|_| error("a number behind a backslash is above 255"))?
                    }
                    Some(byte) => byte,
                    None => return Err(error("it ends in a backslash")),
                },
                Some(byte) => byte,
            };
            label.push(byte);
        }
        Ok(builder.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn names_read_as_they_are_written() {
        assert_eq!(name("www.example.com").as_wire(), b"\x03www\x07example\x03com\0");
        assert_eq!(name("www.example.com."), name("WWW.Example.COM"));
        assert_eq!(name(".").to_string(), ".");
        assert_eq!(name(r"a\.b.c\\\001\200").to_string(), r"a\.b.c\\\001\200");
        for bad in ["", "a..b", ".a", "a\\", "a\\1", "a\\999", "a.."] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
        let label = "x".repeat(63);
        assert!(format!("{label}x").parse::<Name>().is_err(), "a label of 64 bytes");
        let longest = format!("{label}.{label}.{label}.{}", "x".repeat(61));
        assert_eq!(name(&longest).as_wire().len(), 255);
        assert!(format!("{longest}x").parse::<Name>().is_err(), "256 bytes");
        assert_eq!(
            "a..b".parse::<Name>().unwrap_err().to_string(),
            "`a..b` is not a domain name: a part between two dots is empty"
        );
    }

    #[test]
    fn a_zone_holds_what_ends_in_its_labels() {
        assert!(name("www.Example.com").is_within(&name("example.COM")));
        assert!(name("example.com").is_within(&name("example.com")));
        assert!(name("example.com").is_within(&Name::root()));
        assert!(!name("badexample.com").is_within(&name("example.com")));
        assert!(!name("com").is_within(&name("example.com")));
        // The bytes of `\007example\003com\000` end this name too, but inside one label.
        let tricky = Name::root().child(b"a\x07example\x03com").unwrap();
        assert!(!tricky.is_within(&name("example.com")));
        assert_eq!(name("a.b.c").parent(), Some(name("b.c")));
        assert_eq!(name("a.b.c").suffix(1), name("c"));
        assert_eq!(Name::root().parent(), None);
    }

    #[test]
    fn the_order_is_the_canonical_one() {
        // The list of RFC 4034 §6.1.
        let sorted = [
            "example",
            "a.example",
            "yljkjljk.a.example",
            "Z.a.example",
            "zABC.a.EXAMPLE",
            "z.example",
            r"\001.z.example",
            "*.z.example",
            r"\200.z.example",
        ];
        for pair in sorted.windows(2) {
            assert!(name(pair[0]) < name(pair[1]), "{} before {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn addresses_have_names_in_the_reverse_tree() {
        assert_eq!(Name::reverse("192.0.2.1".parse().unwrap()).to_string(), "1.2.0.192.in-addr.arpa");
        // RFC 3596 §2.5's own example.
        assert_eq!(
            Name::reverse("4321:0:1:2:3:4:567:89ab".parse().unwrap()).to_string(),
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa"
        );
    }
}
