//! A whole capture in memory.

use std::collections::BTreeMap;
use std::io::Read;

use base::WallTime;
use bytes::{Bytes, BytesMut};

use super::{Format, Held, Interface, Item, JoinedPacket, Limits, Packet, Placed, Reader, Section, Statistics};
use crate::keylog::KeyLog;
use crate::{Direction, Error, LinkType, Problems, SecretsKind};

/// All that a capture holds, as far as it can be read.
#[derive(Debug)]
#[non_exhaustive]
pub struct File {
    /// How the file is laid out.
    pub format: Format,
    /// The sections; a pcap has none.
    pub sections: Vec<Section>,
    /// The interfaces of all sections; a packet's `interface` is an index into them.
    pub interfaces: Vec<Interface>,
    /// The packets in the file's order, which need not be that of their times.
    pub packets: Vec<OwnedPacket>,
    /// The secrets of all Decryption Secrets Blocks; see [`File::key_log`].
    pub secrets: Vec<OwnedSecrets>,
    /// The counters of the interfaces.
    pub statistics: Vec<Statistics>,
    /// Blocks that were skipped, by type: see [`Reader::skipped`].
    pub skipped: BTreeMap<u32, u64>,
    /// What was wrong and did not end the reading.
    pub problems: Problems,
    /// Why the reading ended before the file's end, if it did.
    pub ended_by: Option<Error>,
}

/// A packet of its own: as [`Packet`], but kept. The bytes share memory with those of its neighbours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedPacket {
    /// As [`Packet::number`].
    pub number: u64,
    /// As [`Packet::interface`].
    pub interface: u32,
    /// As [`Packet::at`].
    pub at: Option<WallTime>,
    /// As [`Packet::data`].
    pub data: Bytes,
    /// As [`Packet::original_len`].
    pub original_len: u32,
    /// As [`Packet::direction`].
    pub direction: Option<Direction>,
    /// As [`Packet::fcs_len`].
    pub fcs_len: u8,
    /// As [`Packet::dropped`].
    pub dropped: Option<u64>,
    /// As [`Packet::offset`].
    pub offset: u64,
    /// What people wrote about the packet.
    pub comments: Vec<String>,
}

/// The content of a Decryption Secrets Block, kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedSecrets {
    /// What the data is.
    pub kind: SecretsKind,
    /// The secrets.
    pub data: Vec<u8>,
    /// Where the block starts in the file.
    pub offset: u64,
}

/// Reads a whole capture into memory. Damage after the header is no error here: what could be read is returned, with
/// [`File::problems`] and [`File::ended_by`].
///
/// # Errors
/// As [`Reader::open`].
pub fn read_all<R: Read>(source: R) -> Result<File, Error> {
    read_all_within(source, Limits::default())
}

/// As [`read_all`], with other limits.
///
/// # Errors
/// As [`Reader::open`].
pub fn read_all_within<R: Read>(source: R, limits: Limits) -> Result<File, Error> {
    let reader = Reader::with_limits(source, limits)?;
    let mut packets = Vec::new();
    let mut keep = Keep::default();
    let file = collect_while(reader, limits, |packet, _, kept| {
        packets.push(keep.packet(packet, kept));
        true
    })?;
    Ok(File { packets, ..file })
}

/// Where a packet stands in a file that is being read.
#[derive(Clone, Copy, Debug)]
pub struct Arrived {
    /// What its first byte is.
    pub link_type: LinkType,
    /// How many bytes of the file (of its decompressed content) lie before it.
    pub position: u64,
}

/// As [`read_all`], of bytes that stay where they are. Each packet is lent to `take` as it is read. [`File::packets`]
/// is empty if the packets are given as places; those of a compressed file have none, and are kept.
///
/// # Errors
/// As [`Reader::open`].
pub fn read_held(held: &Held, mut take: impl FnMut(&Packet<'_>, Arrived)) -> Result<(File, Option<Placed>), Error> {
    let limits = Limits::default();
    let reader = Reader::with_limits(held.reader(), limits)?;
    let (mut placed, mut packets, mut keep) = (Placed::new(held.clone()), Vec::new(), Keep::default());
    let plain = reader.format().compression.is_none();
    let file = collect_while(reader, limits, |packet, arrived, kept| {
        take(packet, arrived);
        if plain {
            placed.push(packet);
            *kept += Placed::EACH as u64;
        } else {
            packets.push(keep.packet(packet, kept));
        }
        true
    })?;
    Ok((File { packets, ..file }, plain.then_some(placed)))
}

/// As [`read_all`], of the first `most` packets alone, of a file that is still being written or fetched: `source` may break
/// off anywhere, and that is no damage.
///
/// # Errors
/// As [`Reader::open`].
pub fn read_beginning<R: Read>(source: R, most: usize) -> Result<File, Error> {
    let limits = Limits::default();
    let mut packets = Vec::new();
    let reader = Reader::with_limits(source, limits)?;
    let mut keep = Keep::default();
    let take = |packet: &Packet<'_>, _, kept: &mut u64| {
        packets.push(keep.packet(packet, kept));
        packets.len() < most
    };
    let file = collect_while(reader, limits, take)?;
    Ok(File { packets, problems: Problems::default(), ended_by: None, ..file })
}

/// Reads to the end, or until `take` wants no more, which counts the bytes that it keeps.
fn collect_while<R: Read>(
    mut reader: Reader<R>,
    limits: Limits,
    mut take: impl FnMut(&Packet<'_>, Arrived, &mut u64) -> bool,
) -> Result<File, Error> {
    let mut kept = 0;
    let mut file = File::new(reader.format());
    let mut links: Vec<LinkType> = Vec::new();
    loop {
        match reader.next() {
            Ok(Some(Item::Packet(packet))) => {
                let link_type = links.get(packet.interface as usize).copied().unwrap_or(LinkType::Ethernet);
                let position = packet.offset;
                if !take(&packet, Arrived { link_type, position }, &mut kept) {
                    break;
                }
            }
            Ok(Some(item)) => {
                if let Item::Interface(interface) = &item {
                    links.push(interface.link_type);
                }
                file.take(item, &mut kept);
            }
            Ok(None) => break,
            Err(error) => {
                file.ended_by = Some(error);
                break;
            }
        }
        if kept > limits.kept {
            let (offset, limit) = (reader.position(), limits.kept);
            file.ended_by = Some(Error::Limit { offset, what: "what is kept of the capture, in bytes,", limit });
            break;
        }
    }
    file.interfaces = std::mem::take(&mut reader.interfaces);
    file.skipped = std::mem::take(&mut reader.skipped);
    file.problems = std::mem::take(&mut reader.problems);
    Ok(file)
}

impl File {
    /// One without anything.
    pub(super) fn new(format: Format) -> File {
        File {
            format,
            sections: Vec::new(),
            interfaces: Vec::new(),
            packets: Vec::new(),
            secrets: Vec::new(),
            statistics: Vec::new(),
            skipped: BTreeMap::new(),
            problems: Problems::default(),
            ended_by: None,
        }
    }

    /// The TLS secrets inside the file, merged, and what was wrong with them (lines count within each block).
    pub fn key_log(&self) -> (KeyLog, Problems) {
        let (mut all, mut problems) = (KeyLog::default(), Problems::default());
        for secrets in self.secrets.iter().filter(|secrets| secrets.kind == SecretsKind::TlsKeyLog) {
            problems.append(all.read(&secrets.data));
        }
        (all, problems)
    }

    fn take(&mut self, item: Item<'_>, kept: &mut u64) {
        match item {
            // Taken by whoever collects them.
            Item::Packet(_) => {}
            // Kept by the reader, until the end.
            Item::Interface(interface) => *kept += of_comments(&interface.comments),
            Item::Section(section) => {
                *kept += of_comments(&section.comments);
                self.sections.push(section.clone());
            }
            Item::Secrets(secrets) => {
                let super::Secrets { kind, data, offset } = secrets;
                *kept += data.len() as u64;
                self.secrets.push(OwnedSecrets { kind, data: data.to_vec(), offset });
            }
            Item::Statistics(statistics) => self.statistics.push(statistics),
        }
    }
}

fn of_comments(comments: &[String]) -> u64 {
    comments.iter().map(|comment| comment.len() as u64).sum()
}

/// Copies packets into large pieces of memory, so that no packet has an allocation of its own.
#[derive(Default)]
pub(super) struct Keep {
    piece: BytesMut,
}

/// How large the pieces are.
const PIECE: usize = 1 << 20;

impl Keep {
    fn bytes(&mut self, data: &[u8]) -> Bytes {
        if self.piece.capacity() < data.len() {
            // A packet larger than a piece gets one of its own size, and the next packet a new piece.
            self.piece = BytesMut::with_capacity(data.len().max(PIECE));
        }
        self.piece.extend_from_slice(data);
        self.piece.split().freeze()
    }

    /// A packet of several captures.
    pub(super) fn joined(&mut self, number: u64, packet: JoinedPacket<'_>) -> OwnedPacket {
        OwnedPacket {
            number,
            interface: packet.interface,
            at: packet.at,
            data: self.bytes(packet.data),
            original_len: packet.original_len,
            direction: packet.direction,
            fcs_len: 0,
            dropped: None,
            offset: 0,
            comments: packet.comments,
        }
    }

    /// A packet; `kept` grows by what it takes.
    fn packet(&mut self, packet: &Packet<'_>, kept: &mut u64) -> OwnedPacket {
        let data = self.bytes(packet.data);
        let comments: Vec<String> = packet.comments().map(|comment| comment.into_owned()).collect();
        *kept += packet.data.len() as u64 + size_of::<OwnedPacket>() as u64 + of_comments(&comments);
        OwnedPacket {
            number: packet.number,
            interface: packet.interface,
            at: packet.at,
            data,
            original_len: packet.original_len,
            direction: packet.direction,
            fcs_len: packet.fcs_len,
            dropped: packet.dropped,
            offset: packet.offset,
            comments,
        }
    }
}
