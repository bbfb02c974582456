//! A packet as the file holds it.

use std::borrow::Cow;

use base::WallTime;

use super::Order;
use super::options::{Options, text};
use crate::Direction;
use crate::block::option;

/// A packet, lent out of the reader's buffer.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    /// Its number in the file; the first is 1. Equal to tshark's frame number as long as the file holds packets only.
    pub number: u64,
    /// The interface that saw it, numbered over all sections.
    pub interface: u32,
    /// When it was seen. `None` in a Simple Packet Block, which has no time.
    pub at: Option<WallTime>,
    /// The bytes that were captured.
    pub data: &'a [u8],
    /// How many bytes it had on the wire. More than `data` where the capture cut it; some programs write less.
    pub original_len: u32,
    /// Which way it went, if the file says so.
    pub direction: Option<Direction>,
    /// How many bytes at the end of the packet are frame check sequence; 0 if none or if the file does not say.
    pub fcs_len: u8,
    /// How many packets the interface lost between the packet before and this one, if the file says so.
    pub dropped: Option<u64>,
    /// Where its block or record starts in the file.
    pub offset: u64,
    /// Where its data starts in the file.
    pub data_offset: u64,
    options: &'a [u8],
    order: Order,
}

impl<'a> Packet<'a> {
    /// What people wrote about the packet, in the file's order.
    pub fn comments(&self) -> Comments<'a> {
        comments_of(Options::new(self.options, self.order))
    }
    /// Its options as the file holds them, and the order of their bytes.
    pub(super) fn options(&self) -> (&'a [u8], Order) {
        (self.options, self.order)
    }
    /// Whether the capture holds fewer bytes than the wire did.
    pub fn is_cut(&self) -> bool {
        self.data.len() < self.original_len as usize
    }
}

/// The comments among options.
pub(super) fn comments_of(options: Options<'_>) -> Comments<'_> {
    Comments(options)
}

/// The comments of one packet.
#[derive(Clone, Debug)]
pub struct Comments<'a>(Options<'a>);

impl<'a> Iterator for Comments<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        self.0.find(|(code, _)| *code == option::COMMENT).map(|(_, value)| text(value))
    }
}

/// A packet as places in the buffer, counted from the start of its block or record.
#[derive(Clone, Copy)]
pub(super) struct Located {
    pub(super) number: u64,
    pub(super) interface: u32,
    pub(super) at: Option<WallTime>,
    pub(super) data: (usize, usize),
    pub(super) original_len: u32,
    pub(super) direction: Option<Direction>,
    pub(super) fcs_len: u8,
    pub(super) dropped: Option<u64>,
    pub(super) offset: u64,
    pub(super) options: (usize, usize),
    pub(super) order: Order,
}

impl Located {
    pub(super) fn lend(self, block: &[u8]) -> Packet<'_> {
        Packet {
            number: self.number,
            interface: self.interface,
            at: self.at,
            data: block.get(self.data.0..self.data.1).unwrap_or_default(),
            original_len: self.original_len,
            direction: self.direction,
            fcs_len: self.fcs_len,
            dropped: self.dropped,
            offset: self.offset,
            data_offset: self.offset + self.data.0 as u64,
            options: block.get(self.options.0..self.options.1).unwrap_or_default(),
            order: self.order,
        }
    }
}
