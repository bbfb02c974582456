//! What fields are compared with.

use std::cmp::Ordering;
use std::net::IpAddr;

use crate::Operator;

/// Billionths in one: fractions are kept as whole numbers, so that they compare exactly.
const BILLION: i128 = 1_000_000_000;

/// A field's value, or what it is compared with.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A number, a code or a flag.
    Number(i128),
    /// A number with a fraction, in billionths: of times, nanoseconds.
    Billionths(i128),
    /// An address.
    Ip(IpAddr),
    /// All addresses that share so many bits.
    Prefix(IpAddr, u8),
    /// A text, a name, a hardware address.
    Text(String),
    /// Bytes of no format known to the filter.
    Bytes(Vec<u8>),
}

impl Value {
    /// Whether it says yes: all but the number 0.
    pub(crate) fn is_set(&self) -> bool {
        *self != Value::Number(0)
    }

    /// As a number in billionths, if it is one.
    fn billionths(&self) -> Option<i128> {
        match self {
            Value::Number(n) => n.checked_mul(BILLION),
            Value::Billionths(n) => Some(*n),
            _ => None,
        }
    }

    /// Texts are the same whatever the case.
    pub(crate) fn equals(&self, wanted: &Value) -> bool {
        match (self, wanted) {
            (Value::Text(a), Value::Text(b)) => a.eq_ignore_ascii_case(b),
            (Value::Ip(ip), Value::Prefix(net, bits)) => in_prefix(*ip, *net, *bits),
            (Value::Ip(a), Value::Ip(b)) => a == b,
            (Value::Bytes(a), Value::Text(b)) => a == b.as_bytes() || hex(a) == plain_hex(b),
            (Value::Text(a), Value::Number(_) | Value::Ip(_) | Value::Billionths(_) | Value::Prefix(..)) => {
                a.eq_ignore_ascii_case(&wanted.text())
            }
            (a, b) => a.billionths().is_some_and(|a| Some(a) == b.billionths()),
        }
    }

    /// Numbers, texts and addresses of one family have an order.
    fn order(&self, wanted: &Value) -> Option<Ordering> {
        match (self, wanted) {
            (Value::Ip(a), Value::Ip(b)) if a.is_ipv4() == b.is_ipv4() => Some(a.cmp(b)),
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (a, b) => Some(a.billionths()?.cmp(&b.billionths()?)),
        }
    }

    pub(crate) fn compares(&self, operator: Operator, wanted: &Value) -> bool {
        let order = || self.order(wanted);
        match operator {
            Operator::Equal => self.equals(wanted),
            Operator::Unequal => !self.equals(wanted),
            Operator::Less => order().is_some_and(Ordering::is_lt),
            Operator::AtMost => order().is_some_and(Ordering::is_le),
            Operator::More => order().is_some_and(Ordering::is_gt),
            Operator::AtLeast => order().is_some_and(Ordering::is_ge),
            Operator::Contains => self.contains(wanted),
        }
    }

    fn contains(&self, wanted: &Value) -> bool {
        let wanted = wanted.text().to_ascii_lowercase();
        match self {
            Value::Bytes(bytes) => find(bytes, wanted.as_bytes()),
            value => value.text().to_ascii_lowercase().contains(&wanted),
        }
    }

    fn text(&self) -> String {
        match self {
            Value::Number(n) => n.to_string(),
            Value::Billionths(n) => {
                let text = format!("{}.{:09}", n / BILLION, (n % BILLION).unsigned_abs());
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            Value::Ip(ip) => ip.to_string(),
            Value::Prefix(ip, bits) => format!("{ip}/{bits}"),
            Value::Text(text) => text.clone(),
            Value::Bytes(bytes) => hex(bytes),
        }
    }
}

/// Whether `small`, in lower case, stands somewhere in `all` in any case.
fn find(all: &[u8], small: &[u8]) -> bool {
    small.is_empty() || all.windows(small.len()).any(|window| window.eq_ignore_ascii_case(small))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hexadecimal digits as people write them: `de:ad:be:ef`.
fn plain_hex(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).flat_map(char::to_lowercase).collect()
}

fn in_prefix(ip: IpAddr, net: IpAddr, bits: u8) -> bool {
    let number = |ip| match ip {
        IpAddr::V4(ip) => (u128::from(u32::from(ip)) << 96, 32),
        IpAddr::V6(ip) => (u128::from(ip), 128u8),
    };
    let ((a, family), (b, other)) = (number(ip), number(net));
    family == other && (bits == 0 || (a ^ b) >> (128 - u32::from(bits.min(family))) == 0)
}
