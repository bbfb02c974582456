//! Times of certificates (RFC 5280 §4.1.2.5): UTCTime and GeneralizedTime.

use super::der::{Tag, Valued};
use crate::{Field, Malformed, Reader, Sink};

/// A moment as seconds since 1970 began (UTC, leap seconds not counted), from the digits of a DER time: `YYMMDDHHMMSSZ`
/// or `YYYYMMDDHHMMSSZ`. Years of two digits are 1950 to 2049 (RFC 5280 §4.1.2.5.1).
pub fn parse(digits: &[u8], tag: Tag) -> Option<i64> {
    let (year_digits, body) = match tag {
        Tag::UTC_TIME => (2, digits.strip_suffix(b"Z")?),
        _ => (4, digits.strip_suffix(b"Z")?),
    };
    if body.len() != year_digits + 10 || !body.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        body.get(range).map(|digits| digits.iter().fold(0i64, |n, digit| n * 10 + i64::from(digit - b'0')))
    };
    let mut year = number(0..year_digits)?;
    if year_digits == 2 {
        year += if year < 50 { 2000 } else { 1900 };
    }
    let two = |i: usize| number(year_digits + 2 * i..year_digits + 2 * i + 2);
    let (month, day, hour, minute, second) = (two(0)?, two(1)?, two(2)?, two(3)?, two(4)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar: years counted from March, so that the leap day is a year's
/// last, in cycles of 400 years that have 146,097 days.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (cycle, of_cycle) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    cycle * 146_097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - 719_468
}

/// `2026-01-01 00:00:00 UTC`.
pub fn format(seconds: i64) -> String {
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let days = days + 719_468;
    let (cycle, of_cycle) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_cycle = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = cycle * 400 + year_of_cycle + i64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// A time that fills the reader, shown as a date. Returns it in seconds since 1970 began.
pub(super) fn time<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    field: &'static Field,
    tag: Tag,
) -> Result<Option<i64>, Malformed> {
    let digits = reader.peek();
    let Some(seconds) = parse(digits, tag) else {
        reader.report(field, "is no time of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ")?;
        reader.rest(field)?;
        return Ok(None);
    };
    if S::RECORDS {
        reader.text(field, digits.len(), &format(seconds))?;
    } else {
        reader.rest(field)?;
    }
    Ok(Some(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_by_hand() {
        assert_eq!(parse(b"700101000000Z", Tag::UTC_TIME), Some(0));
        assert_eq!(parse(b"20260101000000Z", Tag::GENERALIZED_TIME), Some(1_767_225_600));
        assert_eq!(parse(b"491231235959Z", Tag::UTC_TIME), Some(2_524_607_999), "two-digit years end at 2049");
        assert_eq!(parse(b"500101000000Z", Tag::UTC_TIME), Some(-631_152_000), "and begin at 1950");
        assert_eq!(format(1_767_225_600), "2026-01-01 00:00:00 UTC");
        assert_eq!(format(951_782_400), "2000-02-29 00:00:00 UTC");
        for bad in [&b""[..], b"Z", b"261301000000Z", b"2601010000Z", b"26010100000aZ", b"260101000000+0100"] {
            assert_eq!(parse(bad, Tag::UTC_TIME), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(seconds in -62_135_596_800i64..253_402_300_800) {
            let digits: String = format(seconds).chars().filter(char::is_ascii_digit).chain(['Z']).collect();
            proptest::prop_assert_eq!(parse(digits.as_bytes(), Tag::GENERALIZED_TIME), Some(seconds));
        }
    }
}
