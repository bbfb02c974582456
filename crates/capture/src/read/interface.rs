//! What a file says about itself and its interfaces.

use base::WallTime;

use super::options::{self, Options};
use super::{Order, options::text};
use crate::LinkType;
use crate::block::option;

/// A section of a pcapng file: its header (draft-ietf-opsawg-pcapng §4.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// The section's number in the file, the first is 0.
    pub number: u32,
    /// The byte order of the section's numbers.
    pub order: Order,
    /// What people wrote about the section.
    pub comments: Vec<String>,
    /// The hardware that made it.
    pub hardware: Option<String>,
    /// The operating system that made it.
    pub os: Option<String>,
    /// The program that made it.
    pub application: Option<String>,
    /// Where its header starts in the file.
    pub offset: u64,
}

/// An interface that saw packets (draft-ietf-opsawg-pcapng §4.2). A pcap has one, without a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// Its number in the file, over all sections; the first is 0.
    pub id: u32,
    /// The number of the section that describes it.
    pub section: u32,
    /// What its packets start with.
    pub link_type: LinkType,
    /// The most bytes that were kept of a packet; 0 is no limit.
    pub snap_len: u32,
    /// Its name, e.g. `eth0`.
    pub name: Option<String>,
    /// What it is, in words.
    pub description: Option<String>,
    /// The capture filter in force, as text.
    pub filter: Option<String>,
    /// Its hardware.
    pub hardware: Option<String>,
    /// The operating system of its machine.
    pub os: Option<String>,
    /// Its speed in bits per second.
    pub speed_bit_s: Option<u64>,
    /// How many bytes of frame check sequence end its packets, if the file says so.
    pub fcs_len: Option<u8>,
    /// What people wrote about the interface.
    pub comments: Vec<String>,
    /// The unit of its time stamps.
    pub resolution: Resolution,
    /// Seconds to add to its time stamps.
    pub offset_s: i64,
    /// Where its description starts in the file.
    pub offset: u64,
}

/// The unit of time stamps: a negative power of ten or of two of a second (if_tsresol, draft-ietf-opsawg-pcapng §4.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Resolution {
    /// 10^-n seconds, n up to 127.
    Decimal(u8),
    /// 2^-n seconds, n up to 127.
    Binary(u8),
}

/// An interface's counters over a span of the capture (draft-ietf-opsawg-pcapng §4.6). Each counts from the capture's
/// start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statistics {
    /// The interface, numbered over all sections.
    pub interface: u32,
    /// When the counters were read.
    pub at: WallTime,
    /// When the capture started.
    pub started: Option<WallTime>,
    /// When the capture ended.
    pub ended: Option<WallTime>,
    /// Packets that the interface received.
    pub received: Option<u64>,
    /// Packets that the interface dropped for lack of resources.
    pub dropped: Option<u64>,
    /// Packets that the capture filter accepted.
    pub filtered: Option<u64>,
    /// Packets that the operating system dropped.
    pub os_dropped: Option<u64>,
    /// Packets that were given to the capturing program.
    pub delivered: Option<u64>,
    /// Where the block starts in the file.
    pub offset: u64,
}

impl Resolution {
    /// Microseconds: pcapng's default, and pcap's.
    pub const MICROSECONDS: Resolution = Resolution::Decimal(6);
    /// Nanoseconds.
    pub const NANOSECONDS: Resolution = Resolution::Decimal(9);

    /// From if_tsresol: the high bit chooses the power of two.
    pub const fn from_u8(n: u8) -> Resolution {
        if n & 0x80 == 0 { Resolution::Decimal(n) } else { Resolution::Binary(n & 0x7F) }
    }

    /// How many nanoseconds `ticks` of this unit are, rounded down.
    fn nanos(self, ticks: u64) -> i128 {
        const NANOS: u128 = 1_000_000_000;
        let ticks = u128::from(ticks);
        let nanos = match self {
            Resolution::Decimal(n @ 0..=9) => ticks * 10u128.pow(9 - u32::from(n)),
            Resolution::Decimal(n) => 10u128.checked_pow(u32::from(n) - 9).map_or(0, |unit| ticks / unit),
            // 2^64 * 10^9 is less than 2^94: no overflow, and a shift of 127 is still legal.
            Resolution::Binary(n) => (ticks * NANOS) >> n.min(127),
        };
        i128::try_from(nanos).unwrap_or(i128::MAX)
    }
}

impl Interface {
    /// An interface about which the file says only this.
    pub(super) fn new(id: u32, section: u32, link_type: LinkType, snap_len: u32, offset: u64) -> Interface {
        Interface {
            id,
            section,
            link_type,
            snap_len,
            name: None,
            description: None,
            filter: None,
            hardware: None,
            os: None,
            speed_bit_s: None,
            fcs_len: None,
            comments: Vec::new(),
            resolution: Resolution::MICROSECONDS,
            offset_s: 0,
            offset,
        }
    }

    /// Takes what the options of an Interface Description Block say; false if the list is damaged.
    pub(super) fn take_options(&mut self, bytes: &[u8], order: Order) -> bool {
        let mut list = Options::new(bytes, order);
        for (code, value) in &mut list {
            let own = || Some(text(value).into_owned());
            match code {
                option::COMMENT => self.comments.push(text(value).into_owned()),
                option::IF_NAME => self.name = own(),
                option::IF_DESCRIPTION => self.description = own(),
                option::IF_SPEED => self.speed_bit_s = order.u64(value, 0),
                option::IF_TSRESOL => {
                    self.resolution = value.first().map_or(Resolution::MICROSECONDS, |n| Resolution::from_u8(*n));
                }
                // The first byte tells a filter in text (0) from compiled ones.
                option::IF_FILTER => {
                    self.filter = value.strip_prefix(&[0]).map(|filter| options::text(filter).into_owned());
                }
                option::IF_OS => self.os = own(),
                option::IF_FCSLEN => self.fcs_len = value.first().copied(),
                option::IF_TSOFFSET => self.offset_s = order.u64(value, 0).map_or(0, |n| n as i64),
                option::IF_HARDWARE => self.hardware = own(),
                _ => {}
            }
        }
        !list.damaged()
    }

    /// The moment of a time stamp of this interface, and whether it is exact: moments before 1677-09-21 or after
    /// 2262-04-11 become those bounds.
    #[inline]
    pub(super) fn wall(&self, ticks: u64) -> (WallTime, bool) {
        let quick = match self.resolution {
            Resolution::NANOSECONDS => Some(ticks),
            Resolution::MICROSECONDS => ticks.checked_mul(1_000),
            _ => None,
        };
        if let Some(nanos) = quick.and_then(|n| i64::try_from(n).ok()).filter(|_| self.offset_s == 0) {
            return (WallTime::from_unix_nanos(nanos), true);
        }
        let nanos = self.resolution.nanos(ticks).saturating_add(i128::from(self.offset_s) * 1_000_000_000);
        let bounded = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        (WallTime::from_unix_nanos(bounded as i64), bounded == nanos)
    }
}

impl std::fmt::Display for Resolution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Resolution::Decimal(0) | Resolution::Binary(0) => f.write_str("1 s"),
            Resolution::Decimal(3) => f.write_str("1 ms"),
            Resolution::Decimal(6) => f.write_str("1 us"),
            Resolution::Decimal(9) => f.write_str("1 ns"),
            Resolution::Decimal(n) => write!(f, "10^-{n} s"),
            Resolution::Binary(n) => write!(f, "2^-{n} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(resolution: Resolution, offset_s: i64, ticks: u64) -> (i64, bool) {
        let mut interface = Interface::new(0, 0, LinkType::Ethernet, 0, 0);
        interface.resolution = resolution;
        interface.offset_s = offset_s;
        let (at, exact) = interface.wall(ticks);
        (at.as_unix_nanos(), exact)
    }

    #[test]
    fn ticks_of_every_resolution_become_nanoseconds() {
        assert_eq!(at(Resolution::Decimal(0), 0, 7), (7_000_000_000, true));
        assert_eq!(at(Resolution::Decimal(3), 0, 7), (7_000_000, true));
        assert_eq!(at(Resolution::Decimal(6), 0, 7), (7_000, true));
        assert_eq!(at(Resolution::Decimal(9), 0, 7), (7, true));
        assert_eq!(at(Resolution::Decimal(12), 0, 7_999), (7, true));
        assert_eq!(at(Resolution::Decimal(127), 0, u64::MAX), (0, true));
        // 2^-20 s is 953.67 ns: three seconds and a half are 3.5 * 2^20 ticks.
        assert_eq!(at(Resolution::Binary(20), 0, 3 * 1_048_576 + 524_288), (3_500_000_000, true));
        assert_eq!(at(Resolution::Binary(127), 0, u64::MAX), (0, true));
    }

    #[test]
    fn an_offset_may_lead_before_1970_and_bounds_hold() {
        assert_eq!(at(Resolution::Decimal(6), -10, 4_000_000), (-6_000_000_000, true));
        assert_eq!(at(Resolution::Decimal(0), 0, u64::MAX), (i64::MAX, false));
        assert_eq!(at(Resolution::Decimal(9), i64::MIN, 0), (i64::MIN, false));
        assert_eq!(at(Resolution::Decimal(9), 0, u64::MAX), (i64::MAX, false));
    }

    #[test]
    fn if_tsresol_has_powers_of_ten_and_of_two() {
        assert_eq!(Resolution::from_u8(9), Resolution::NANOSECONDS);
        assert_eq!(Resolution::from_u8(0x8A), Resolution::Binary(10));
        assert_eq!(Resolution::from_u8(0x8A).to_string(), "2^-10 s");
    }
}
