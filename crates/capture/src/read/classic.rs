//! Classic pcap: a file header, then records (draft-ietf-opsawg-pcap §4 and §5).

use std::io::Read;

use base::WallTime;

use super::packet::Located;
use super::sniff::Magic;
use super::{Found, Interface, Layout, Order, Reader, Resolution};
use crate::{Direction, Error, LinkType, Place};

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
const MODIFIED_RECORD_HEADER: usize = 24;
/// libpcap's own bound for a packet, which holds where a file's snapshot length is smaller or unset.
const USUAL_PACKET: u32 = 256 << 10;

/// What the file header says about the records.
#[derive(Clone, Copy)]
pub(super) struct Header {
    order: Order,
    /// Nanoseconds a unit of the stamp's fraction.
    unit_ns: i64,
    record_header: usize,
    lengths: Lengths,
    fcs_len: u8,
    /// The longest captured length that is believed.
    longest: u32,
    announced: bool,
}

/// Which of a record's two lengths comes first.
#[derive(Clone, Copy)]
enum Lengths {
    CapturedFirst,
    /// Version 2.3 was written both ways; the captured length is the smaller one.
    SmallerIsCaptured,
    /// Versions before 2.3.
    OriginalFirst,
}

impl Header {
    pub(super) fn order(&self) -> Order {
        self.order
    }
}

impl<R: Read> Reader<R> {
    /// Reads the file header, whose magic number is known to be there.
    pub(super) fn pcap_header(&mut self, magic: Magic) -> Result<Header, Error> {
        let order = magic.order;
        let bytes = self.source.fill(FILE_HEADER)?;
        let available = bytes.len() as u64;
        let fields =
            || Some((order.u16(bytes, 4)?, order.u16(bytes, 6)?, order.u32(bytes, 16)?, order.u32(bytes, 20)?));
        let Some((major, minor, snap_len, link)) = fields() else {
            let (what, needed) = ("the pcap file header", FILE_HEADER as u64);
            return Err(Error::Truncated { offset: 0, what, needed, available });
        };
        if major != 2 {
            return Err(Error::Version { offset: 0, format: "pcap", major, minor });
        }
        self.source.consume(FILE_HEADER);

        // The upper half of the link type: 4 bits of FCS length in 16-bit words, a reserved bit, a bit that makes the
        // length valid, 10 reserved bits, which readers do not interpret.
        let fcs_len = if link & 0x0400_0000 == 0 { 0 } else { (link >> 28) as u8 * 2 };
        if link & 0x0BFF_0000 != 0 {
            let place = Place::Byte(20);
            self.problems.note(place, || format!("the reserved bits of the link type are set ({link:#010x}): ignored"));
        }
        let mut interface = Interface::new(0, 0, LinkType::from_u16(link as u16), snap_len, 0);
        interface.resolution = if magic.nanoseconds { Resolution::NANOSECONDS } else { Resolution::MICROSECONDS };
        interface.fcs_len = (fcs_len > 0).then_some(fcs_len);
        self.interfaces.push(interface);

        Ok(Header {
            order,
            unit_ns: if magic.nanoseconds { 1 } else { 1_000 },
            record_header: if magic.modified { MODIFIED_RECORD_HEADER } else { RECORD_HEADER },
            lengths: match minor {
                0..=2 => Lengths::OriginalFirst,
                3 => Lengths::SmallerIsCaptured,
                _ => Lengths::CapturedFirst,
            },
            fcs_len,
            longest: snap_len.max(USUAL_PACKET).min(self.limits.block),
            announced: false,
        })
    }

    /// The next record; the first call announces the interface.
    pub(super) fn next_record(&mut self) -> Result<Found, Error> {
        let Layout::Pcap(header) = &mut self.layout else { return Ok(Found::End) };
        if !std::mem::replace(&mut header.announced, true) {
            return Ok(Found::Interface(0));
        }
        let header = *header;
        let offset = self.source.offset();
        let bytes = self.source.fill(header.record_header)?;
        if bytes.is_empty() {
            return Ok(Found::End);
        }
        let (what, available) = ("a packet's record header", bytes.len() as u64);
        let Some(record) = Record::parse(&header, bytes) else {
            return Err(Error::Truncated { offset, what, needed: header.record_header as u64, available });
        };
        if record.captured > header.longest {
            let Record { captured, .. } = record;
            let longest = header.longest;
            let reason = format!("a packet claims {captured} captured bytes, more than the {longest} that can be");
            return Err(Error::Damaged { offset, reason });
        }
        let whole = header.record_header + record.captured as usize;
        let available = self.source.fill(whole)?.len();
        if available < whole {
            let (what, needed, available) = ("a packet's record", whole as u64, available as u64);
            return Err(Error::Truncated { offset, what, needed, available });
        }
        self.lent = whole;
        self.packets += 1;
        Ok(Found::Packet(Located {
            number: self.packets,
            interface: 0,
            at: Some(record.at),
            data: (header.record_header, whole),
            original_len: record.original,
            direction: record.direction,
            fcs_len: header.fcs_len,
            dropped: None,
            offset,
            options: (0, 0),
            order: header.order,
        }))
    }
}

/// A record header.
struct Record {
    at: WallTime,
    captured: u32,
    original: u32,
    direction: Option<Direction>,
}

impl Record {
    #[inline]
    fn parse(header: &Header, bytes: &[u8]) -> Option<Record> {
        let order = header.order;
        let bytes = bytes.get(..header.record_header)?;
        let (seconds, fraction) = (order.u32(bytes, 0)?, order.u32(bytes, 4)?);
        let (first, second) = (order.u32(bytes, 8)?, order.u32(bytes, 12)?);
        let (captured, original) = match header.lengths {
            Lengths::CapturedFirst => (first, second),
            Lengths::SmallerIsCaptured => (first.min(second), first.max(second)),
            Lengths::OriginalFirst => (second, first),
        };
        // At most 2^32 * 10^9 + 2^32 * 10^3 nanoseconds, half of what fits. A fraction of a second and more just adds up.
        let nanos = i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * header.unit_ns;
        // The modified header goes on with interface index, protocol and packet type as Linux' packet sockets tell them:
        // type 4 is outgoing, 0 to 3 are kinds of incoming. Programs that know none of these write zeros.
        let direction = match (order.u16(bytes, 20), bytes.get(22)) {
            (Some(1..), Some(0..=3)) => Some(Direction::Inbound),
            (Some(1..), Some(4)) => Some(Direction::Outbound),
            _ => None,
        };
        Some(Record { at: WallTime::from_unix_nanos(nanos), captured, original, direction })
    }
}
