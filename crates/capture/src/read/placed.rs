//! A capture whose bytes stay where they are, in memory or in a file: of each packet is kept where it stands, and its bytes and
//! comments are read again when they are asked for. A packet takes 48 bytes of memory.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use base::WallTime;
use bytes::Bytes;

use super::options::Options;
use super::packet::comments_of;
use super::{Order, OwnedPacket, Packet};
use crate::Direction;

/// Bytes of a capture that stay where they are.
#[derive(Clone, Debug)]
pub enum Held {
    /// In memory.
    Memory(Bytes),
    /// In a file that can be read anywhere: its first bytes, so many of them. If it becomes shorter, what is no longer there
    /// cannot be read.
    File(Arc<fs::File>, u64),
}

impl Held {
    /// All that a file holds now, if it is one that can be read anywhere: a pipe is none. (Only Unix has a way to read that
    /// does not move on in the file.)
    pub fn of_file(file: &fs::File) -> Option<Held> {
        let about = file.metadata().ok().filter(|about| cfg!(unix) && about.is_file())?;
        Some(Held::File(Arc::new(file.try_clone().ok()?), about.len()))
    }

    /// How many bytes there are.
    pub fn len(&self) -> u64 {
        match self {
            Held::Memory(bytes) => bytes.len() as u64,
            Held::File(_, len) => *len,
        }
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Reads them, the first first.
    pub fn reader(&self) -> impl Read + '_ {
        self.reader_from(0)
    }
    /// Reads those from `at` on.
    pub fn reader_from(&self, at: u64) -> impl Read + '_ {
        From { held: self, at }.take(self.len().saturating_sub(at))
    }
    /// The first `len` of them, or all if there are no more.
    pub fn first(&self, len: u64) -> Held {
        match self {
            Held::Memory(bytes) => {
                Held::Memory(bytes.slice(..bytes.len().min(usize::try_from(len).unwrap_or(usize::MAX))))
            }
            Held::File(file, all) => Held::File(file.clone(), len.min(*all)),
        }
    }

    /// Reads what stands from `at` on, as far as it is there.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Held::Memory(bytes) => {
                let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
                (&rest[..]).read(into)
            }
            #[cfg(unix)]
            Held::File(file, _) => std::os::unix::fs::FileExt::read_at(&**file, into, at),
            #[cfg(not(unix))]
            Held::File(..) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// Reads bytes that are held, the first first.
struct From<'a> {
    held: &'a Held,
    at: u64,
}

impl Read for From<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.held.read_at(self.at, into)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Where a packet stands, and what its record says of it.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Of its block or record.
    offset: u64,
    /// Of its bytes.
    data: u64,
    /// Nanoseconds since 1970, if `timed`.
    at: i64,
    len: u32,
    original_len: u32,
    interface: u32,
    /// Length of the options, which begin behind the bytes, padded to four.
    options: u32,
    timed: bool,
    order: Order,
    direction: Option<Direction>,
    fcs_len: u8,
}

/// How much of a file is read at a time: whoever asks for one packet asks for its neighbours next.
const NEAR: usize = 128 << 10;

/// Packets by which it is told how many there will be.
const FIRST: usize = 2_048;
/// At most so many are expected: whoever lies about it is not believed.
const MOST: u64 = 4 << 20;

/// How many packets a capture of `len` bytes may have, of which so many stand in its first `position` bytes; a few more, so that
/// it is seldom one too few.
pub fn expected(packets: usize, position: u64, len: u64) -> usize {
    let all = (packets as u64).saturating_mul(len) / position.max(1);
    let all = all.min(MOST);
    (all + all / 16) as usize
}

/// The packets of a capture whose bytes stay where they are.
#[derive(Debug)]
pub struct Placed {
    held: Held,
    places: Vec<Place>,
    /// As [`Packet::dropped`], of the few that tell.
    dropped: BTreeMap<u32, u64>,
    near: RefCell<Near>,
}

/// What was read last of a file.
#[derive(Debug, Default)]
struct Near {
    at: u64,
    bytes: Vec<u8>,
}

impl Placed {
    /// No packets yet of what is held.
    pub(super) fn new(held: Held) -> Placed {
        Placed { held, places: Vec::new(), dropped: BTreeMap::new(), near: RefCell::default() }
    }
    /// The next packet: the first is number 1.
    pub(super) fn push(&mut self, packet: &Packet<'_>) {
        if self.places.len() == FIRST {
            let more = expected(FIRST, packet.offset, self.held.len()).saturating_sub(FIRST);
            // Without it, room is made as they arrive.
            let _ = self.places.try_reserve_exact(more);
        }
        let (options, order) = packet.options();
        if let Some(dropped) = packet.dropped {
            self.dropped.insert(self.places.len() as u32, dropped);
        }
        self.places.push(Place {
            offset: packet.offset,
            data: packet.data_offset,
            at: packet.at.map_or(0, WallTime::as_unix_nanos),
            len: packet.data.len() as u32,
            original_len: packet.original_len,
            interface: packet.interface,
            options: options.len() as u32,
            timed: packet.at.is_some(),
            order,
            direction: packet.direction,
            fcs_len: packet.fcs_len,
        });
    }
    /// How much memory a packet takes.
    pub(super) const EACH: usize = size_of::<Place>();

    /// What it was read from.
    pub fn held(&self) -> &Held {
        &self.held
    }
    /// How many packets there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
    /// The time of the first packet that has one.
    pub fn first_at(&self) -> Option<WallTime> {
        self.places.iter().find(|place| place.timed).map(|place| WallTime::from_unix_nanos(place.at))
    }
    /// The bytes of packet `number` (from 1); `None` if there is no such packet, or its bytes are no longer there.
    pub fn bytes(&self, number: u32) -> Option<Cow<'_, [u8]>> {
        let place = self.place(number)?;
        self.range(place.data..place.data + u64::from(place.len))
    }
    /// Packet `number` (from 1), as [`super::read_all`] keeps it. What is no longer there of it is missing.
    pub fn packet(&self, number: u32) -> Option<OwnedPacket> {
        let place = *self.place(number)?;
        let data = match (&self.held, self.bytes(number)) {
            (Held::Memory(file), Some(Cow::Borrowed(bytes))) => file.slice_ref(bytes),
            (_, bytes) => bytes.unwrap_or_default().into_owned().into(),
        };
        let from = place.data + u64::from(place.len).next_multiple_of(4);
        let options = self.range(from..from + u64::from(place.options)).unwrap_or_default();
        Some(OwnedPacket {
            number: number.into(),
            interface: place.interface,
            at: place.timed.then(|| WallTime::from_unix_nanos(place.at)),
            data,
            original_len: place.original_len,
            direction: place.direction,
            fcs_len: place.fcs_len,
            dropped: self.dropped.get(&(number - 1)).copied(),
            offset: place.offset,
            comments: comments_of(Options::new(&options, place.order)).map(Cow::into_owned).collect(),
        })
    }
    /// All packets, in order: see [`Placed::packet`].
    pub fn packets(&self) -> impl Iterator<Item = OwnedPacket> + '_ {
        (1..=self.len() as u32).filter_map(|number| self.packet(number))
    }

    fn place(&self, number: u32) -> Option<&Place> {
        self.places.get((number as usize).checked_sub(1)?)
    }

    fn range(&self, range: Range<u64>) -> Option<Cow<'_, [u8]>> {
        let len = usize::try_from(range.end - range.start).ok()?;
        if let Held::Memory(bytes) = &self.held {
            let from = usize::try_from(range.start).ok()?;
            return bytes.get(from..from + len).map(Cow::Borrowed);
        }
        let mut near = self.near.borrow_mut();
        let within = |near: &Near| {
            let from = usize::try_from(range.start.checked_sub(near.at)?).ok()?;
            near.bytes.get(from..from.checked_add(len)?).map(<[u8]>::to_vec)
        };
        if let Some(bytes) = within(&near) {
            return Some(Cow::Owned(bytes));
        }
        let mut bytes = std::mem::take(&mut near.bytes);
        bytes.resize(len.max(NEAR), 0);
        let mut have = 0;
        while have < len {
            match self.held.read_at(range.start + have as u64, bytes.get_mut(have..)?) {
                Ok(0) => break,
                Ok(more) => have += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        bytes.truncate(have);
        *near = Near { at: range.start, bytes };
        within(&near).map(Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_packets_are_expected_as_the_first_ones_tell_within_bounds() {
        assert_eq!(expected(1_000, 100_000, 1_600_000), 17_000);
        assert_eq!(expected(1, 0, u64::MAX) as u64, MOST + MOST / 16);
        assert_eq!(expected(0, 500, 500), 0);
        let held = Held::Memory(Bytes::from_static(b"0123456789"));
        let read = |held: &Held, from| {
            let mut read = Vec::new();
            held.reader_from(from).read_to_end(&mut read).map(|_| read).unwrap()
        };
        assert_eq!(read(&held, 7), b"789");
        assert_eq!((read(&held.first(4), 2), read(&held, 11)), (b"23".to_vec(), Vec::new()));
        assert_eq!(held.first(20).len(), 10);
    }
}
