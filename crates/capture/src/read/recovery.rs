//! A pcapng's framing: whole blocks, and the way on where the framing is damaged.

use std::io::Read;

use super::pcapng::{FRAME, name};
use super::{Order, Reader};
use crate::{Error, Place, block};

/// While a way on is searched for, longer blocks are not believed in.
const BELIEVED: usize = 1 << 20;
/// How far behind a packet's bytes another block is looked for, when the packet's block has two different lengths.
const OPTIONS: usize = 4 << 10;

/// The block at the window's start: its type, its section's byte order, its length. It is wholly in the window.
type Frame = (u32, Order, usize);

impl<R: Read> Reader<R> {
    /// The next whole block, or `None` at the file's end.
    pub(super) fn frame(&mut self) -> Result<Option<Frame>, Error> {
        match self.whole_block() {
            Err(error @ Error::Damaged { .. }) => self.search(1, error),
            Err(error @ Error::Truncated { .. }) => match self.way_on() {
                Some(from) => self.search(from, error),
                None => Err(error),
            },
            framed => framed,
        }
    }

    #[inline]
    fn whole_block(&mut self) -> Result<Option<Frame>, Error> {
        let offset = self.source.offset();
        let section_order = self.section_order();
        let head = self.source.fill(FRAME)?;
        if head.is_empty() {
            return Ok(None);
        }
        let damaged = |reason| Err(Error::Damaged { offset, reason });
        let Some((kind, order, claimed)) = head_of(head, section_order) else {
            if head.len() >= FRAME {
                return damaged("a Section Header Block lacks its byte-order magic 1a2b3c4d".to_owned());
            }
            let (what, available) = ("a block's header", head.len() as u64);
            return Err(Error::Truncated { offset, what, needed: FRAME as u64, available });
        };
        if (claimed as usize) < FRAME {
            return damaged(format!("{} claims to be {claimed} bytes long; the shortest has {FRAME}", name(kind)));
        }
        if claimed > self.limits.block {
            let limit = self.limits.block;
            return damaged(format!("{} claims to be {claimed} bytes long; the limit is {limit}", name(kind)));
        }
        // §3.1 demands a multiple of four. Some programs left the padding out of the length, but not out of the file.
        let len = (claimed as usize).next_multiple_of(4);
        let whole = self.source.fill(len)?;
        if whole.len() < len {
            let (needed, available) = (len as u64, whole.len() as u64);
            return Err(Error::Truncated { offset, what: name(kind), needed, available });
        }
        let trailer = order.u32(whole, len - 4).unwrap_or_default();
        if trailer == claimed && len == claimed as usize {
            return Ok(Some((kind, order, len)));
        }
        let reason = if trailer == claimed {
            format!(
                "{} is {claimed} bytes long, which is no multiple of four: its padding was read with it",
                name(kind)
            )
        } else if self.follows(len, order)? && !self.swallows(kind, len, order)? {
            format!(
                "{} says {claimed} bytes at its start and {trailer} at its end: what follows agrees with the start",
                name(kind)
            )
        } else {
            let name = name(kind);
            return damaged(format!("{name} says {claimed} bytes at its start and {trailer} at its end"));
        };
        self.problems.note(Place::Byte(offset), || reason);
        Ok(Some((kind, order, len)))
    }

    /// Goes on byte by byte, `skip` bytes from here, to the next place that reads as a whole block of a known type; `error`
    /// if there is none.
    #[cold]
    fn search(&mut self, skip: usize, error: Error) -> Result<Option<Frame>, Error> {
        let from = self.source.offset();
        let order = self.section_order();
        self.source.consume(skip);
        loop {
            if self.source.fill(FRAME)?.len() < FRAME {
                return Err(error);
            }
            if let Some(frame) = self.believable(0, order)? {
                let to = self.source.offset();
                self.problems.note(Place::Byte(from), || {
                    format!("{}: skipped {} bytes, to the next whole block at byte {to}", error.reason(), to - from)
                });
                return Ok(Some(frame));
            }
            self.source.consume(1);
        }
    }

    /// The block at the window's start claims more than the file has left. Either the file was cut, or the claim is wrong
    /// and other blocks follow: then how far from here to search for them. A cut packet must not be searched, for its
    /// bytes may be those of a pcapng that someone transferred.
    fn way_on(&self) -> Option<usize> {
        let bytes = self.source.available();
        let (kind, order, claimed) = head_of(bytes, self.section_order())?;
        match kind {
            block::ENHANCED_PACKET | block::OBSOLETE_PACKET => {
                let end = self.end_of_packet(order)?;
                if end + 4 > claimed as usize {
                    return Some(1);
                }
                // Where the captured length reaches past the file's end too, the two agree: it was cut.
                (end <= bytes.len()).then_some(end)
            }
            block::SIMPLE_PACKET => {
                let agrees = (order.u32(bytes, 8)? as usize).next_multiple_of(4) + 16 >= claimed as usize;
                (!agrees).then_some(1)
            }
            _ => Some(1),
        }
    }

    /// Where the bytes of the packet at the window's start end with their padding, by its captured length.
    fn end_of_packet(&self, order: Order) -> Option<usize> {
        let captured = order.u32(self.source.available(), 20)?;
        Some((captured as usize).next_multiple_of(4) + 28)
    }

    /// Whether a packet's block of `len` bytes would swallow another block behind the packet's bytes.
    fn swallows(&mut self, kind: u32, len: usize, order: Order) -> Result<bool, Error> {
        if !matches!(kind, block::ENHANCED_PACKET | block::OBSOLETE_PACKET) {
            return Ok(false);
        }
        let Some(end) = self.end_of_packet(order) else { return Ok(false) };
        for at in end..len.min(end + OPTIONS) {
            if self.believable(at, order)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the file ends `at` bytes from here, or goes on with a whole block.
    fn follows(&mut self, at: usize, order: Order) -> Result<bool, Error> {
        Ok(self.source.fill(at + 1)?.len() == at || self.believable(at, order)?.is_some())
    }

    /// The block `at` bytes from here, if its type is known, its length likely and the same at both ends.
    fn believable(&mut self, at: usize, order: Order) -> Result<Option<Frame>, Error> {
        let head = self.source.fill(at + FRAME)?.get(at..).unwrap_or_default();
        let Some((kind, order, claimed)) = head_of(head, order) else { return Ok(None) };
        let len = claimed as usize;
        let likely = shortest(kind).is_some_and(|shortest| len >= shortest) && len <= BELIEVED && len.is_multiple_of(4);
        if !likely {
            return Ok(None);
        }
        let whole = self.source.fill(at + len)?.get(at..).unwrap_or_default();
        Ok((order.u32(whole, len - 4) == Some(claimed)).then_some((kind, order, len)))
    }
}

/// Type, byte order and claimed length of the block that starts here; `None` if there are too few bytes, or if it is a
/// section header without its magic.
#[inline]
pub(super) fn head_of(head: &[u8], section_order: Order) -> Option<(u32, Order, u32)> {
    let kind = section_order.u32(head, 0)?;
    let order = if kind == block::SECTION {
        // §4.1: the magic tells the byte order of all that the section holds, its own header's length included.
        match Order::Little.u32(head, 8)? {
            block::BYTE_ORDER_MAGIC => Order::Little,
            magic if magic.swap_bytes() == block::BYTE_ORDER_MAGIC => Order::Big,
            _ => return None,
        }
    } else {
        section_order
    };
    head.get(..FRAME)?;
    Some((kind, order, order.u32(head, 4)?))
}

/// The least length of a block of a known type.
fn shortest(kind: u32) -> Option<usize> {
    Some(match kind {
        block::SECTION => 28,
        block::INTERFACE | block::SECRETS => 20,
        block::OBSOLETE_PACKET | block::ENHANCED_PACKET => 32,
        block::STATISTICS => 24,
        block::SIMPLE_PACKET | block::NAMES | block::CUSTOM | block::CUSTOM_NO_COPY => 16,
        block::JOURNAL => 12,
        _ => return None,
    })
}
