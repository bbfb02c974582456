//! Rates, chances and the way people write them on a command line or in a scenario file.

use std::fmt;
use std::str::FromStr;

use crate::{Draws, Duration};

/// A link's rate in bits per second. Zero means "as fast as you like".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Rate(pub u64);

impl Rate {
    /// No limit.
    pub const UNLIMITED: Rate = Rate(0);

    /// A rate of `n` megabits (10^6 bits) per second.
    pub const fn mbit(n: u64) -> Rate {
        Rate(n * 1_000_000)
    }

    /// How long `bytes` bytes take to put on the link, rounded up to a nanosecond.
    pub fn time_for(self, bytes: usize) -> Duration {
        if self.0 == 0 {
            return Duration::ZERO;
        }
        let ns = (bytes as u128 * 8_000_000_000).div_ceil(u128::from(self.0));
        Duration::from_nanos(i64::try_from(ns).unwrap_or(i64::MAX))
    }
}

/// A probability in parts of 10^9, exact for every decimal that people write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Chance(u32);

impl Chance {
    /// It never happens.
    pub const NEVER: Chance = Chance(0);
    /// It always happens.
    pub const ALWAYS: Chance = Chance(1_000_000_000);

    /// `n` parts in 10^9, at most [`Chance::ALWAYS`].
    pub const fn parts_per_billion(n: u32) -> Chance {
        if n > 1_000_000_000 { Chance::ALWAYS } else { Chance(n) }
    }
    /// The chance in parts of 10^9.
    pub const fn as_parts_per_billion(self) -> u32 {
        self.0
    }
    /// Whether it happens on ordinal `n` of `draws`.
    pub fn happens(self, draws: Draws, n: u64) -> bool {
        // The top 64 bits of draw * 10^9 are an even number below 10^9.
        self.0 != 0 && ((u128::from(draws.at(n)) * 1_000_000_000) >> 64) < u128::from(self.0)
    }
}

/// Why a quantity could not be read: names the input and says what would have been right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseUnitError {
    input: String,
    expected: &'static str,
}

impl fmt::Display for ParseUnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not {}", self.input, self.expected)
    }
}
impl std::error::Error for ParseUnitError {}

/// Splits `1.5Mbit/s` into 1.5 (in parts of 10^9) and `Mbit/s`.
fn split(input: &str) -> Option<(u128, &str)> {
    let input = input.trim();
    let end = input.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(input.len());
    let (number, unit) = input.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if number.is_empty() || number == "." || fraction.len() > 9 || whole.len() > 18 || fraction.contains('.') {
        return None;
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: u128 = format!("{fraction:0<9}").parse().ok()?;
    Some((whole * 1_000_000_000 + fraction, unit.trim()))
}

/// Reads a span: `33ms`, `1.5 s`, `250us`, `10ns`, `2min`; a bare number is milliseconds.
pub fn parse_duration(input: &str) -> Result<Duration, ParseUnitError> {
    let error = || ParseUnitError { input: input.to_owned(), expected: "a duration such as 33ms, 1.5s or 250us" };
    let (billionths, unit) = split(input).ok_or_else(error)?;
    let ns_per_unit: u128 = match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" | "" => 1_000_000,
        "s" => 1_000_000_000,
        "min" | "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(error()),
    };
    i64::try_from(billionths * ns_per_unit / 1_000_000_000).map(Duration::from_nanos).map_err(|_| error())
}

/// Reads a number of bytes: `1500`, `200B`, `64k`, `1.5MB` (10^6), `2MiB` (2^20).
pub fn parse_bytes(input: &str) -> Result<u64, ParseUnitError> {
    let error = || ParseUnitError { input: input.to_owned(), expected: "a size such as 1500, 64k, 1.5MB or 2MiB" };
    let (billionths, unit) = split(input).ok_or_else(error)?;
    let bytes_per_unit: u128 = match unit {
        "" | "B" => 1,
        "k" | "kB" | "K" => 1_000,
        "M" | "MB" => 1_000_000,
        "G" | "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(error()),
    };
    u64::try_from(billionths * bytes_per_unit / 1_000_000_000).map_err(|_| error())
}

impl FromStr for Rate {
    type Err = ParseUnitError;
    /// Reads `100Mbit/s`, `1Gbit`, `56k`, `2.5Gbps`; a bare number is bits per second.
    fn from_str(input: &str) -> Result<Rate, ParseUnitError> {
        let error = || ParseUnitError { input: input.to_owned(), expected: "a rate such as 100Mbit/s, 1Gbit or 56k" };
        if input == "unlimited" {
            return Ok(Rate::UNLIMITED);
        }
        let (billionths, unit) = split(input).ok_or_else(error)?;
        let unit = unit.trim_end_matches("/s").trim_end_matches("ps").trim_end_matches("it").trim_end_matches('b');
        let bits_per_unit: u128 = match unit {
            "" => 1,
            "k" | "K" => 1_000,
            "M" => 1_000_000,
            "G" => 1_000_000_000,
            _ => return Err(error()),
        };
        let rate = u64::try_from(billionths * bits_per_unit / 1_000_000_000).map_err(|_| error())?;
        if rate == 0 { Err(error()) } else { Ok(Rate(rate)) }
    }
}

impl FromStr for Chance {
    type Err = ParseUnitError;
    /// Reads `1%`, `0.5 %` or `0.01`.
    fn from_str(input: &str) -> Result<Chance, ParseUnitError> {
        let error =
            || ParseUnitError { input: input.to_owned(), expected: "a probability such as 1% or 0.01, at most 100%" };
        let (billionths, unit) = split(input).ok_or_else(error)?;
        let billionths = match unit {
            "" => billionths,
            "%" => billionths / 100,
            _ => return Err(error()),
        };
        if billionths > 1_000_000_000 { Err(error()) } else { Ok(Chance(billionths as u32)) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = self.0;
        match r {
            0 => f.write_str("unlimited"),
            _ if r >= 1_000_000_000 => write!(f, "{} Gbit/s", r as f64 / 1e9),
            _ if r >= 1_000_000 => write!(f, "{} Mbit/s", r as f64 / 1e6),
            _ if r >= 1_000 => write!(f, "{} kbit/s", r as f64 / 1e3),
            _ => write!(f, "{r} bit/s"),
        }
    }
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", f64::from(self.0) / 1e7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    #[test]
    fn quantities_read_as_people_write_them() {
        assert_eq!(parse_duration("33ms"), Ok(Duration::from_millis(33)));
        assert_eq!(parse_duration("1.5 s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("20"), Ok(Duration::from_millis(20)));
        assert_eq!(parse_bytes("2MiB"), Ok(2 << 20));
        assert_eq!("100Mbit/s".parse(), Ok(Rate::mbit(100)));
        assert_eq!("1Gbps".parse(), Ok(Rate::mbit(1000)));
        assert_eq!("1%".parse(), Ok(Chance(10_000_000)));
        assert_eq!("0.001".parse(), Ok(Chance(1_000_000)));
        for bad in ["", "x", "1.2.3ms", "-1ms", "99999999999999999999", "ms"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
        assert!("101%".parse::<Chance>().is_err());
        assert!("0".parse::<Rate>().is_err());
    }

    #[test]
    fn a_link_takes_its_time() {
        // 1514 bytes at 100 Mbit/s: 12112 bits / 10^8 = 121.12 us.
        assert_eq!(Rate::mbit(100).time_for(1514), Duration::from_nanos(121_120));
        assert_eq!(Rate::UNLIMITED.time_for(1514), Duration::ZERO);
    }

    #[test]
    fn a_chance_of_one_percent_is_one_percent() {
        let draws = Seed(5).draws("loss");
        let chance: Chance = "1%".parse().unwrap();
        let hits = (0..100_000).filter(|&n| chance.happens(draws, n)).count();
        assert!((900..1100).contains(&hits), "{hits} of 100000");
        assert!((0..1000).all(|n| Chance::ALWAYS.happens(draws, n) && !Chance::NEVER.happens(draws, n)));
    }
}
