//! Virtual time: moments, spans and the wall clock, each a type of its own, all in signed nanoseconds.

use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// A moment on a trace's own axis: nanoseconds since the axis' zero. A simulated trace starts at zero; a capture's zero
/// is its first packet, so moments before it are negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(i64);

/// A span of time in nanoseconds; negative when it reaches backwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(i64);

/// A date and time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted (as pcapng counts).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WallTime(i64);

impl Instant {
    /// The axis' zero.
    pub const ZERO: Instant = Instant(0);
    /// Later than every moment that a run can reach: a timer that is not armed.
    pub const NEVER: Instant = Instant(i64::MAX);

    /// The moment `ns` nanoseconds after zero.
    pub const fn from_nanos(ns: i64) -> Instant {
        Instant(ns)
    }
    /// The moment `ms` milliseconds after zero.
    pub const fn from_millis(ms: i64) -> Instant {
        Instant(ms * 1_000_000)
    }
    /// Nanoseconds since zero.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }
    /// Milliseconds since zero, the fraction kept. For display only.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
    /// The span from `earlier` to this moment, negative if `earlier` is in fact later.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);
    /// The longest span.
    pub const MAX: Duration = Duration(i64::MAX);

    /// A span of `ns` nanoseconds.
    pub const fn from_nanos(ns: i64) -> Duration {
        Duration(ns)
    }
    /// A span of `us` microseconds.
    pub const fn from_micros(us: i64) -> Duration {
        Duration(us * 1_000)
    }
    /// A span of `ms` milliseconds.
    pub const fn from_millis(ms: i64) -> Duration {
        Duration(ms * 1_000_000)
    }
    /// A span of `s` seconds.
    pub const fn from_secs(s: i64) -> Duration {
        Duration(s * 1_000_000_000)
    }
    /// The span in nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }
    /// The span in whole microseconds, rounded towards zero.
    pub const fn as_micros(self) -> i64 {
        self.0 / 1_000
    }
    /// The span in whole milliseconds, rounded towards zero.
    pub const fn as_millis(self) -> i64 {
        self.0 / 1_000_000
    }
    /// The span in milliseconds, the fraction kept. For display only.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
    /// The span without its sign.
    pub const fn abs(self) -> Duration {
        Duration(self.0.saturating_abs())
    }
    /// This span times `n`, at most [`Duration::MAX`].
    pub const fn saturating_mul(self, n: i64) -> Duration {
        Duration(self.0.saturating_mul(n))
    }
    /// As the standard library's span; a negative one becomes zero.
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_nanos(if self.0 < 0 { 0 } else { self.0 as u64 })
    }
    /// From the standard library's span, at most [`Duration::MAX`].
    pub fn from_std(d: std::time::Duration) -> Duration {
        Duration(i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl WallTime {
    /// 2026-01-01T00:00:00Z: where a simulation's zero lies on the wall clock.
    pub const SIMULATION_EPOCH: WallTime = WallTime(1_767_225_600_000_000_000);

    /// From nanoseconds since 1970-01-01T00:00:00Z.
    pub const fn from_unix_nanos(ns: i64) -> WallTime {
        WallTime(ns)
    }
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub const fn as_unix_nanos(self) -> i64 {
        self.0
    }
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn as_unix_secs(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }
    /// Year, month (1 to 12), day (1 to 31), hour, minute, second and weekday (0 is Sunday) in UTC.
    pub fn civil(self) -> (i64, u32, u32, u32, u32, u32, u32) {
        let secs = self.as_unix_secs();
        let (days, of_day) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
        // Days to civil date: the proleptic Gregorian calendar in eras of 400 years (146,097 days) from 0000-03-01.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
        let month = (if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 }) as u32;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let weekday = (days + 4).rem_euclid(7) as u32;
        (year, month, day, (of_day / 3600) as u32, (of_day / 60 % 60) as u32, (of_day % 60) as u32, weekday)
    }
    /// As an HTTP date, e.g. `Thu, 01 Jan 2026 00:00:00 GMT` (RFC 9110 §5.6.7).
    pub fn http_date(self) -> String {
        const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (y, mo, d, h, mi, s, wd) = self.civil();
        format!("{}, {d:02} {} {y:04} {h:02}:{mi:02}:{s:02} GMT", DAYS[wd as usize], MONTHS[mo as usize - 1])
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, d: Duration) -> Instant {
        Instant(self.0.saturating_add(d.0))
    }
}
impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, d: Duration) {
        *self = *self + d;
    }
}
impl Sub<Duration> for Instant {
    type Output = Instant;
    fn sub(self, d: Duration) -> Instant {
        Instant(self.0.saturating_sub(d.0))
    }
}
impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.since(earlier)
    }
}
impl Add for Duration {
    type Output = Duration;
    fn add(self, d: Duration) -> Duration {
        Duration(self.0.saturating_add(d.0))
    }
}
impl AddAssign for Duration {
    fn add_assign(&mut self, d: Duration) {
        *self = *self + d;
    }
}
impl Sub for Duration {
    type Output = Duration;
    fn sub(self, d: Duration) -> Duration {
        Duration(self.0.saturating_sub(d.0))
    }
}
impl SubAssign for Duration {
    fn sub_assign(&mut self, d: Duration) {
        *self = *self - d;
    }
}
impl Mul<i64> for Duration {
    type Output = Duration;
    fn mul(self, n: i64) -> Duration {
        self.saturating_mul(n)
    }
}
impl Div<i64> for Duration {
    type Output = Duration;
    fn div(self, n: i64) -> Duration {
        Duration(self.0 / n)
    }
}
impl Neg for Duration {
    type Output = Duration;
    fn neg(self) -> Duration {
        Duration(self.0.saturating_neg())
    }
}
impl Add<Duration> for WallTime {
    type Output = WallTime;
    fn add(self, d: Duration) -> WallTime {
        WallTime(self.0.saturating_add(d.0))
    }
}
impl Sub for WallTime {
    type Output = Duration;
    fn sub(self, earlier: WallTime) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl std::iter::Sum for Duration {
    fn sum<I: Iterator<Item = Duration>>(iter: I) -> Duration {
        iter.fold(Duration::ZERO, Add::add)
    }
}

/// Milliseconds with three decimals, e.g. `119.000 ms`; a precision overrides the decimals.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*} ms", f.precision().unwrap_or(3), self.as_millis_f64())
    }
}
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Duration(self.0), f)
    }
}
impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ns", self.0)
    }
}
impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}ns", self.0)
    }
}
/// RFC 3339 with nanoseconds, e.g. `2026-01-01T00:00:00.000000000Z`.
impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, mo, d, h, mi, s, _) = self.civil();
        write!(f, "{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{:09}Z", self.0.rem_euclid(1_000_000_000))
    }
}
impl fmt::Debug for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_speaks_http_and_rfc_3339() {
        assert_eq!(WallTime::SIMULATION_EPOCH.http_date(), "Thu, 01 Jan 2026 00:00:00 GMT");
        // RFC 9110 §5.6.7's own example.
        assert_eq!(WallTime(784_111_777_000_000_000).http_date(), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(WallTime(951_782_400_000_000_000).to_string(), "2000-02-29T00:00:00.000000000Z");
        assert_eq!(WallTime(-1).to_string(), "1969-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn time_saturates_rather_than_wraps() {
        assert_eq!(Instant::NEVER + Duration::from_secs(1), Instant::NEVER);
        assert_eq!(Instant::ZERO - Instant::from_nanos(5), Duration::from_nanos(-5));
        assert_eq!(Duration::from_millis(119).to_string(), "119.000 ms");
    }
}
