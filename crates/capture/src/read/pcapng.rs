//! pcapng: sections of blocks (draft-ietf-opsawg-pcapng §3 and §4).

use std::io::Read;

use super::interface::{Interface, Section, Statistics};
use super::options::{Options, text};
use super::packet::Located;
use super::{Found, Layout, Order, Reader};
use crate::block::{self, option};
use crate::{Direction, Error, LinkType, Place, SecretsKind};

/// Block type, length; and at the end the length again.
pub(super) const FRAME: usize = 12;
/// Where a block's body starts.
const BODY: usize = 8;
/// How many different types of skipped blocks are told apart.
const SKIPPED_TYPES: usize = 1_024;
/// The type under which the others are counted.
const OTHER_TYPES: u32 = u32::MAX;

/// Where the reading of the blocks stands.
pub(super) struct State {
    section: Section,
    /// Whether a section header was seen.
    started: bool,
    /// The index, among all interfaces, of the section's first one.
    first_interface: usize,
}

/// Whether what a block says can be used.
enum Use {
    Give(Found),
    Skip,
}

impl State {
    pub(super) fn new() -> State {
        let section = Section {
            number: 0,
            order: Order::Little,
            comments: Vec::new(),
            hardware: None,
            os: None,
            application: None,
            offset: 0,
        };
        State { section, started: false, first_interface: 0 }
    }
    pub(super) fn section(&self) -> &Section {
        &self.section
    }
}

impl<R: Read> Reader<R> {
    /// The next block that has something to give; others are skipped and counted.
    pub(super) fn next_block(&mut self) -> Result<Found, Error> {
        loop {
            let Some((kind, order, len)) = self.frame()? else { return Ok(Found::End) };
            self.lent = len;
            let used = match kind {
                block::ENHANCED_PACKET => self.enhanced_packet(order, len),
                block::SIMPLE_PACKET => self.simple_packet(order, len),
                block::OBSOLETE_PACKET => self.obsolete_packet(order, len),
                block::INTERFACE => self.interface(order, len)?,
                block::SECTION => self.section(order, len)?,
                block::SECRETS => self.secrets(order, len),
                block::STATISTICS => self.statistics(order, len),
                other => {
                    let full = self.skipped.len() >= SKIPPED_TYPES && !self.skipped.contains_key(&other);
                    *self.skipped.entry(if full { OTHER_TYPES } else { other }).or_insert(0) += 1;
                    Use::Skip
                }
            };
            match used {
                Use::Give(found) => return Ok(found),
                Use::Skip => self.source.consume(std::mem::take(&mut self.lent)),
            }
        }
    }

    /// The byte order of the current section.
    pub(super) fn section_order(&self) -> Order {
        match &self.layout {
            Layout::PcapNg(state) => state.section.order,
            Layout::Pcap(header) => header.order(),
        }
    }

    /// Looks at the file's first block, which is known to be a section header, without consuming it: without its byte
    /// order nothing can be read.
    pub(super) fn first_section(&mut self) -> Result<(), Error> {
        let head = self.source.fill(FRAME)?;
        if head.len() < FRAME {
            let (what, needed, available) = (name(block::SECTION), FRAME as u64, head.len() as u64);
            return Err(Error::Truncated { offset: 0, what, needed, available });
        }
        let Some((_, order, _)) = super::recovery::head_of(head, Order::Little) else {
            return Err(Error::NotACapture {
                looks: "it starts as a pcapng does, but its byte-order magic 1a2b3c4d is not there",
                remedy: "the file was damaged: copy it again in binary mode",
            });
        };
        if let Layout::PcapNg(state) = &mut self.layout {
            state.section.order = order;
        }
        Ok(())
    }

    fn note(&mut self, offset: u64, reason: impl FnOnce() -> String) {
        self.problems.note(Place::Byte(offset), reason);
    }

    /// Notes why the block at the window's start is not used.
    fn skip(&mut self, reason: impl FnOnce() -> String) -> Use {
        let offset = self.source.offset();
        self.note(offset, || format!("{}: the block is skipped", reason()));
        Use::Skip
    }

    /// A Section Header Block: byte-order magic, version, section length, options.
    fn section(&mut self, order: Order, len: usize) -> Result<Use, Error> {
        let offset = self.source.offset();
        let bytes = self.source.available();
        let Some((major, minor)) = order.u16(bytes, 12).zip(order.u16(bytes, 14)).filter(|_| len >= 28) else {
            return Ok(self.skip(|| format!("a Section Header Block of {len} bytes is too short to have a version")));
        };
        // §4.1: 1.0 is the version; 1.2 was written by mistake and is to be read the same.
        if major != 1 {
            return Err(Error::Version { offset, format: "pcapng", major, minor });
        }
        let mut section = Section { order, offset, ..State::new().section };
        let mut list = Options::new(bytes.get(24..len - 4).unwrap_or_default(), order);
        for (code, value) in &mut list {
            match code {
                option::COMMENT => section.comments.push(text(value).into_owned()),
                option::SHB_HARDWARE => section.hardware = Some(text(value).into_owned()),
                option::SHB_OS => section.os = Some(text(value).into_owned()),
                option::SHB_APPLICATION => section.application = Some(text(value).into_owned()),
                _ => {}
            }
        }
        let damaged = list.damaged();
        let first_interface = self.interfaces.len();
        if let Layout::PcapNg(state) = &mut self.layout {
            section.number = if state.started { state.section.number + 1 } else { 0 };
            *state = State { section, started: true, first_interface };
        }
        if damaged {
            self.note(offset, || "the section's options are damaged: those before the damage are used".to_owned());
        }
        Ok(Use::Give(Found::Section))
    }

    /// An Interface Description Block: link type, reserved, snapshot length, options.
    fn interface(&mut self, order: Order, len: usize) -> Result<Use, Error> {
        let offset = self.source.offset();
        if self.interfaces.len() as u64 >= u64::from(self.limits.interfaces) {
            let limit = u64::from(self.limits.interfaces);
            return Err(Error::Limit { offset, what: "the number of interfaces", limit });
        }
        let id = self.interfaces.len() as u32;
        let section = match &self.layout {
            Layout::PcapNg(state) => state.section.number,
            Layout::Pcap(_) => 0,
        };
        let bytes = self.source.available();
        let body = bytes.get(BODY..len - 4).unwrap_or_default();
        let Some((link, snap_len)) = order.u16(body, 0).zip(order.u32(body, 4)) else {
            // It must still count, or the interfaces after it would get wrong numbers. No link type is 65535.
            self.interfaces.push(Interface::new(id, section, LinkType::Other(u16::MAX), 0, offset));
            self.note(offset, || {
                format!("the description of interface {id} is too short: its packets cannot be interpreted")
            });
            return Ok(Use::Give(Found::Interface(id as usize)));
        };
        let mut interface = Interface::new(id, section, LinkType::from_u16(link), snap_len, offset);
        let whole = interface.take_options(body.get(8..).unwrap_or_default(), order);
        self.interfaces.push(interface);
        if !whole {
            self.note(offset, || {
                format!("the options of interface {id} are damaged: those before the damage are used")
            });
        }
        Ok(Use::Give(Found::Interface(id as usize)))
    }

    /// The index, among all interfaces, of one that a block of this section names.
    #[inline]
    fn global_interface(&self, in_section: u32) -> Option<usize> {
        let Layout::PcapNg(state) = &self.layout else { return None };
        let index = state.first_interface.checked_add(in_section as usize)?;
        (index < self.interfaces.len()).then_some(index)
    }

    /// An Enhanced Packet Block: interface, time, captured length, original length, bytes, options.
    #[inline]
    fn enhanced_packet(&mut self, order: Order, len: usize) -> Use {
        let bytes = self.source.available();
        let fields =
            || Some((order.u32(bytes, 8)?, order.halves(bytes, 12)?, order.u32(bytes, 20)?, order.u32(bytes, 24)?));
        let Some((interface, ticks, captured, original)) = fields().filter(|_| len >= 32) else {
            return self.skip(|| format!("an Enhanced Packet Block of {len} bytes is too short"));
        };
        self.packet(order, len, Fields { interface, ticks: Some(ticks), captured, original, data: 28, dropped: None })
    }

    /// An obsolete Packet Block: as an enhanced one, but with 16 bits each for the interface and for the packets dropped.
    fn obsolete_packet(&mut self, order: Order, len: usize) -> Use {
        let bytes = self.source.available();
        let fields = || {
            let (interface, drops) = (order.u16(bytes, 8)?, order.u16(bytes, 10)?);
            Some((interface, drops, order.halves(bytes, 12)?, order.u32(bytes, 20)?, order.u32(bytes, 24)?))
        };
        let Some((interface, drops, ticks, captured, original)) = fields().filter(|_| len >= 32) else {
            return self.skip(|| format!("a Packet Block of {len} bytes is too short"));
        };
        // Appendix A: 0xFFFF says that the number of drops is not known.
        let dropped = (drops != u16::MAX).then_some(u64::from(drops));
        let interface = u32::from(interface);
        self.packet(order, len, Fields { interface, ticks: Some(ticks), captured, original, data: 28, dropped })
    }

    /// A Simple Packet Block: original length, bytes; the interface is the section's first, the time unknown.
    fn simple_packet(&mut self, order: Order, len: usize) -> Use {
        let bytes = self.source.available();
        let Some(original) = order.u32(bytes, 8).filter(|_| len >= 16) else {
            return self.skip(|| format!("a Simple Packet Block of {len} bytes is too short"));
        };
        // §4.4: the captured length is the smaller of the original length and the interface's snapshot length. Where a
        // program did not tell the latter, the block's length bounds it.
        let snap_len = self.global_interface(0).and_then(|i| self.interfaces.get(i)).map_or(0, |i| i.snap_len);
        let captured = if snap_len == 0 { original } else { original.min(snap_len) }.min(len as u32 - 16);
        self.packet(order, len, Fields { interface: 0, ticks: None, captured, original, data: 12, dropped: None })
    }

    /// What the three packet blocks have in common.
    #[inline]
    fn packet(&mut self, order: Order, len: usize, fields: Fields) -> Use {
        let Fields { interface, ticks, captured, original, data, dropped } = fields;
        let Some(index) = self.global_interface(interface) else {
            return self.skip(|| format!("a packet names interface {interface}, which this section does not describe"));
        };
        let room = len - 4 - data;
        if captured as usize > room {
            return self
                .skip(|| format!("a packet claims {captured} captured bytes, but its block has room for {room}"));
        }
        let offset = self.source.offset();
        let end = data + captured as usize;
        let mut located = Located {
            number: self.packets + 1,
            interface: index as u32,
            at: None,
            data: (data, end),
            original_len: original,
            direction: None,
            fcs_len: 0,
            dropped,
            offset,
            // A Simple Packet Block has no options: what follows its bytes is padding.
            options: if ticks.is_some() {
                ((data + (captured as usize).next_multiple_of(4)).min(len - 4), len - 4)
            } else {
                (0, 0)
            },
            order,
        };
        let Some(interface) = self.interfaces.get(index) else { return Use::Skip };
        located.fcs_len = interface.fcs_len.unwrap_or(0);
        let mut exact = true;
        if let Some(ticks) = ticks {
            let (at, in_range) = interface.wall(ticks);
            located.at = Some(at);
            exact = in_range;
        }
        let mut whole = true;
        if located.options.0 < located.options.1 {
            whole = self.packet_options(&mut located);
        }
        self.packets += 1;
        if !whole {
            self.note(offset, || "the packet's options are damaged: those before the damage are used".to_owned());
        }
        if !exact {
            self.note(offset, || {
                "the packet's time is outside the years 1677 to 2262: the nearest bound is used".to_owned()
            });
        }
        Use::Give(Found::Packet(located))
    }

    /// Takes direction, FCS length and drops from a packet's options; false if the list is damaged.
    fn packet_options(&self, located: &mut Located) -> bool {
        let bytes = self.source.available().get(located.options.0..located.options.1).unwrap_or_default();
        let mut list = Options::new(bytes, located.order);
        for (code, value) in &mut list {
            match code {
                option::PACKET_FLAGS => {
                    if let Some(flags) = located.order.u32(value, 0) {
                        located.direction = Direction::from_flags(flags);
                        // §4.3.1: bits 5 to 8 are the FCS length in bytes; 0 leaves it to the interface.
                        let fcs_len = (flags >> 5 & 0xF) as u8;
                        if fcs_len != 0 {
                            located.fcs_len = fcs_len;
                        }
                    }
                }
                option::PACKET_DROPPED => located.dropped = located.order.u64(value, 0).or(located.dropped),
                _ => {}
            }
        }
        !list.damaged()
    }

    /// A Decryption Secrets Block: type, length, secrets, options.
    fn secrets(&mut self, order: Order, len: usize) -> Use {
        let offset = self.source.offset();
        let bytes = self.source.available();
        let Some((kind, size)) = order.u32(bytes, 8).zip(order.u32(bytes, 12)).filter(|_| len >= 20) else {
            return self.skip(|| format!("a Decryption Secrets Block of {len} bytes is too short"));
        };
        let room = len - 20;
        if size as usize > room {
            return self.skip(|| format!("a Decryption Secrets Block claims {size} bytes, but has room for {room}"));
        }
        Use::Give(Found::Secrets { kind: SecretsKind::from_u32(kind), start: 16, end: 16 + size as usize, offset })
    }

    /// An Interface Statistics Block: interface, time, options.
    fn statistics(&mut self, order: Order, len: usize) -> Use {
        let offset = self.source.offset();
        let bytes = self.source.available();
        let Some((number, ticks)) = order.u32(bytes, 8).zip(order.halves(bytes, 12)).filter(|_| len >= 24) else {
            return self.skip(|| format!("an Interface Statistics Block of {len} bytes is too short"));
        };
        let found = self.global_interface(number).and_then(|index| self.interfaces.get(index));
        let Some(interface) = found else {
            return self.skip(|| format!("statistics name interface {number}, which this section does not describe"));
        };
        let mut statistics = Statistics {
            interface: interface.id,
            at: interface.wall(ticks).0,
            started: None,
            ended: None,
            received: None,
            dropped: None,
            filtered: None,
            os_dropped: None,
            delivered: None,
            offset,
        };
        let mut list = Options::new(bytes.get(20..len - 4).unwrap_or_default(), order);
        for (code, value) in &mut list {
            let moment = || order.halves(value, 0).map(|ticks| interface.wall(ticks).0);
            match code {
                option::STATS_START => statistics.started = moment(),
                option::STATS_END => statistics.ended = moment(),
                option::STATS_RECEIVED => statistics.received = order.u64(value, 0),
                option::STATS_DROPPED => statistics.dropped = order.u64(value, 0),
                option::STATS_FILTERED => statistics.filtered = order.u64(value, 0),
                option::STATS_OS_DROPPED => statistics.os_dropped = order.u64(value, 0),
                option::STATS_DELIVERED => statistics.delivered = order.u64(value, 0),
                _ => {}
            }
        }
        if list.damaged() {
            self.note(offset, || "the statistics' options are damaged: those before the damage are used".to_owned());
        }
        Use::Give(Found::Statistics(statistics))
    }
}

/// What a packet block says, whichever it is.
struct Fields {
    interface: u32,
    ticks: Option<u64>,
    captured: u32,
    original: u32,
    /// Where the packet's bytes start.
    data: usize,
    dropped: Option<u64>,
}

/// A block's name with its article, for messages.
pub(super) fn name(kind: u32) -> &'static str {
    match kind {
        block::SECTION => "a Section Header Block",
        block::INTERFACE => "an Interface Description Block",
        block::OBSOLETE_PACKET => "a Packet Block",
        block::SIMPLE_PACKET => "a Simple Packet Block",
        block::NAMES => "a Name Resolution Block",
        block::STATISTICS => "an Interface Statistics Block",
        block::ENHANCED_PACKET => "an Enhanced Packet Block",
        block::JOURNAL => "a systemd Journal Export Block",
        block::SECRETS => "a Decryption Secrets Block",
        block::CUSTOM | block::CUSTOM_NO_COPY => "a Custom Block",
        _ => "a block",
    }
}
