//! Reading captures: pcap and pcapng, in both byte orders, plain or compressed with gzip or zstd.
//!
//! [`Reader`] streams: it reads in chunks of about 1 MiB, lends one [`Item`] at a time out of its buffer and allocates
//! nothing a packet. [`read_all`] keeps everything.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use capture::read::{Item, Reader};
//! let mut reader = Reader::open(std::fs::File::open("trace.pcapng")?)?;
//! while let Some(item) = reader.next()? {
//!     if let Item::Packet(packet) = item {
//!         println!("{} {:?} {} bytes", packet.number, packet.at, packet.data.len());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What damage does: where a block of a pcapng is wrong inside but its length is consistent, it is skipped; where the
//! lengths contradict each other, the next place that reads as whole blocks is searched for. Both are noted in
//! [`Reader::problems`]. Where nothing more can be read, [`Reader::next`] returns the error, after all that was whole.

mod classic;
mod file;
mod gzip;
mod interface;
mod joined;
mod options;
mod order;
mod packet;
mod pcapng;
mod placed;
mod recovery;
mod sniff;
mod source;
mod zstd;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use crate::{Error, Problems, SecretsKind};

pub use file::{Arrived, File, OwnedPacket, OwnedSecrets, read_all, read_all_within, read_beginning, read_held};
pub use interface::{Interface, Resolution, Section, Statistics};
pub use joined::{Joined, JoinedItem, JoinedPacket};
pub use order::Order;
pub use packet::{Comments, Packet};
pub use placed::{Held, Placed, expected};

use packet::Located;
use source::Source;

/// What a file consists of, in the file's order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item<'a> {
    /// A section of a pcapng starts.
    Section(&'a Section),
    /// An interface is described. A pcap has exactly one, as its first item.
    Interface(&'a Interface),
    /// A packet.
    Packet(Packet<'a>),
    /// Secrets that decrypt packets (Decryption Secrets Block).
    Secrets(Secrets<'a>),
    /// An interface's counters (Interface Statistics Block).
    Statistics(Statistics),
}

/// The content of a Decryption Secrets Block (draft-ietf-opsawg-pcapng §4.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Secrets<'a> {
    /// What the data is.
    pub kind: SecretsKind,
    /// The secrets; for [`SecretsKind::TlsKeyLog`] text that [`crate::keylog::KeyLog::parse`] reads.
    pub data: &'a [u8],
    /// Where the block starts in the file.
    pub offset: u64,
}

/// How a file is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Format {
    /// pcap or pcapng.
    pub container: Container,
    /// How it is compressed; offsets then count decompressed bytes.
    pub compression: Option<Compression>,
}

/// What a capture may be compressed with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Compression {
    /// gzip (RFC 1952), of one member or several.
    Gzip,
    /// Zstandard (RFC 8878), of one frame or several.
    Zstd,
}

impl Compression {
    /// The name of the program that does it.
    pub const fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
    }
}

/// The kinds of capture file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Container {
    /// Classic pcap (draft-ietf-opsawg-pcap).
    Pcap {
        /// Whether stamps count nanoseconds; microseconds otherwise.
        nanoseconds: bool,
        /// The byte order of its numbers.
        order: Order,
    },
    /// pcapng (draft-ietf-opsawg-pcapng); each section has its own byte order.
    PcapNg,
}

/// What a reader refuses to exceed, so that a lying or hostile file cannot take all memory or time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The longest block or record in bytes. Memory grows with what the file really holds, never with what it claims.
    /// Default 256 MiB.
    pub block: u32,
    /// The most bytes that a compressed file may grow to. Default 256 GiB when streaming.
    pub inflated: u64,
    /// The most bytes of packets, comments and secrets that [`read_all`] keeps. Default 4 GiB.
    pub kept: u64,
    /// The most interfaces. Default 65,536.
    pub interfaces: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { block: 256 << 20, inflated: 256 << 30, kept: 4 << 30, interfaces: 65_536 }
    }
}

/// Reads a capture as a stream. See [the module](self).
pub struct Reader<R: Read> {
    source: Source<R>,
    format: Format,
    layout: Layout,
    limits: Limits,
    interfaces: Vec<Interface>,
    problems: Problems,
    skipped: BTreeMap<u32, u64>,
    packets: u64,
    /// How many bytes the item lent last occupies; they go at the next call.
    lent: usize,
    /// Where in them the data of a packet, or secrets, stand.
    data: (usize, usize),
    ended: bool,
}

/// The state that each container needs.
enum Layout {
    Pcap(classic::Header),
    PcapNg(pcapng::State),
}

/// An item as places in the buffer, so that the parser borrows nothing while it goes on.
enum Found {
    Section,
    Interface(usize),
    Packet(Located),
    Secrets { kind: SecretsKind, start: usize, end: usize, offset: u64 },
    Statistics(Statistics),
    End,
}

impl<R: Read> Reader<R> {
    /// Starts to read `source`. No buffering is needed around it.
    ///
    /// # Errors
    /// [`Error::NotACapture`] if it is something else, and says what it looks like; [`Error::Truncated`],
    /// [`Error::Version`], [`Error::Io`] and [`Error::Compression`] if its header cannot be read.
    pub fn open(source: R) -> Result<Reader<R>, Error> {
        Reader::with_limits(source, Limits::default())
    }

    /// As [`Reader::open`], with other limits.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn with_limits(source: R, limits: Limits) -> Result<Reader<R>, Error> {
        let (source, kind) = sniff::recognise(Source::new(source, limits.inflated))?;
        let compression = source.compression();
        let mut reader = Reader {
            source,
            format: Format { container: Container::PcapNg, compression },
            layout: Layout::PcapNg(pcapng::State::new()),
            limits,
            interfaces: Vec::new(),
            problems: Problems::default(),
            skipped: BTreeMap::new(),
            packets: 0,
            lent: 0,
            data: (0, 0),
            ended: false,
        };
        if let sniff::Kind::Pcap(magic) = kind {
            let header = reader.pcap_header(magic)?;
            reader.format.container = Container::Pcap { nanoseconds: magic.nanoseconds, order: magic.order };
            reader.layout = Layout::Pcap(header);
        } else {
            reader.first_section()?;
        }
        Ok(reader)
    }

    /// How the file is laid out.
    pub fn format(&self) -> Format {
        self.format
    }
    /// The interfaces described so far, of all sections; a packet's `interface` is an index into them.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }
    /// What was wrong so far and did not end the reading.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }
    /// Blocks that were skipped because this reader has no use for them, by block type: how many. Name resolution (4),
    /// systemd journal (9), custom (0xBAD, 0x40000BAD) and unknown ones. Beyond 1,024 different types, the others are
    /// counted under type 0xFFFFFFFF.
    pub fn skipped(&self) -> &BTreeMap<u32, u64> {
        &self.skipped
    }
    /// How many packets were returned so far.
    pub fn packets(&self) -> u64 {
        self.packets
    }
    /// How many bytes of the file (of its decompressed content) lie before the next item: the progress so far.
    pub fn position(&self) -> u64 {
        self.source.offset() + self.lent as u64
    }

    /// The next item, or `None` at the file's end. The item borrows the reader's buffer until the next call.
    ///
    /// # Errors
    /// Why nothing more can be read; further calls then return `None`. All that was whole has been returned before.
    #[allow(clippy::should_implement_trait)] // An Iterator cannot lend.
    pub fn next(&mut self) -> Result<Option<Item<'_>>, Error> {
        if self.ended {
            return Ok(None);
        }
        self.source.consume(std::mem::take(&mut self.lent));
        let found = match &self.layout {
            Layout::Pcap(_) => self.next_record(),
            Layout::PcapNg(_) => self.next_block(),
        };
        let found = match found {
            Ok(Found::End) => {
                self.ended = true;
                return Ok(None);
            }
            Ok(found) => found,
            Err(error) => {
                self.ended = true;
                return Err(error);
            }
        };
        self.data = match &found {
            Found::Packet(located) => located.data,
            Found::Secrets { start, end, .. } => (*start, *end),
            _ => (0, 0),
        };
        let block = self.source.available();
        Ok(match found {
            Found::End => None,
            Found::Packet(located) => Some(Item::Packet(located.lend(block))),
            Found::Interface(index) => self.interfaces.get(index).map(Item::Interface),
            Found::Section => match &self.layout {
                Layout::PcapNg(state) => Some(Item::Section(state.section())),
                Layout::Pcap(_) => None,
            },
            Found::Secrets { kind, start, end, offset } => {
                let data = block.get(start..end).unwrap_or_default();
                Some(Item::Secrets(Secrets { kind, data, offset }))
            }
            Found::Statistics(statistics) => Some(Item::Statistics(statistics)),
        })
    }
}

impl<R: Read> Reader<R> {
    /// The data of the packet, or the secrets, that were lent last.
    fn lent(&self) -> &[u8] {
        self.source.available().get(self.data.0..self.data.1).unwrap_or_default()
    }
}

impl<R: Read> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("format", &self.format)
            .field("position", &self.position())
            .field("packets", &self.packets)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.container {
            Container::Pcap { nanoseconds: true, .. } => f.write_str("pcap with nanoseconds")?,
            Container::Pcap { nanoseconds: false, .. } => f.write_str("pcap")?,
            Container::PcapNg => f.write_str("pcapng")?,
        }
        match self.compression {
            Some(compression) => write!(f, ", {}-compressed", compression.name()),
            None => Ok(()),
        }
    }
}
