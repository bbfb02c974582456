//! A capture without what is private in it: addresses, names, cookies, authorisation and bodies are replaced by others of the
//! same length, the same by the same; checksums are carried along, lengths and times stay.
//!
//! What carries data is overwritten whole and only what is known to be harmless is put back, so that what no decoder knows
//! does not slip through. TLS stays encrypted, its ciphertext overwritten; secrets and comments are left out.

mod bytes;
mod checksums;
mod names;
mod policy;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use capture::keylog::KeyLog;
use capture::write::{Interface, Packet, PcapNg};
use flow::{BufferRef, Conversation, Direction, Layers, StreamPiece};
use story::Story;
use wire::{Node, Record};

use bytes::{fill, leaf_bytes};
use names::Names;
use policy::Fate;

/// What was replaced or left out, by what it is: how many times.
#[derive(Clone, Debug, Default)]
pub struct Removed {
    counts: BTreeMap<&'static str, u64>,
    /// Segments that repeat others and could not be told apart byte by byte: they were overwritten.
    pub fragments: u64,
}

impl Removed {
    /// What, and how many times, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.counts.iter().map(|(what, count)| (*what, *count))
    }
    fn add(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }
    fn add_many(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            *self.counts.entry(what).or_default() += count;
        }
    }
}

/// Writes the capture that `story` tells without what is private in it. `key` decides what is replaced by what: whoever
/// knows it can find out for a guessed address or name what became of it, so it should be drawn at random and forgotten.
///
/// # Errors
/// If `out` cannot be written, or the story is no capture.
pub fn sanitize(out: impl Write, story: &Story, key: &[u8; 32]) -> io::Result<Removed> {
    let Some(file) = story.capture() else { return Err(io::Error::other("only a capture can be sanitized")) };
    let mut work = Work::new(story, key);
    work.frames();
    work.streams();
    work.repeats();
    work.checksums();
    let Work { frames, mut removed, .. } = work;

    let mut written = PcapNg::new(out)?;
    for interface in &file.interfaces {
        let texts = [&interface.name, &interface.description, &interface.os, &interface.hardware, &interface.filter];
        removed.add_many("interface descriptions", texts.iter().filter(|text| text.is_some()).count() as u64);
        removed.add_many("comments", interface.comments.len() as u64);
        written.interface(&Interface { snap_len: interface.snap_len, ..Interface::new(interface.link_type) })?;
    }
    removed.add_many("blocks of TLS secrets", file.secrets.len() as u64);
    let comments = |sections: &[capture::read::Section]| sections.iter().map(|s| s.comments.len() as u64).sum::<u64>();
    removed.add_many("comments", comments(&file.sections));
    let mut last = story.epoch();
    for (packet, bytes) in story.captured().zip(&frames) {
        last = packet.at.unwrap_or(last);
        removed.add_many("comments", packet.comments.len() as u64);
        let head = Packet {
            original_len: Some(packet.original_len),
            direction: packet.direction,
            ..Packet::new(packet.interface, last)
        };
        written.packet(&head, [bytes])?;
    }
    written.finish()?;
    Ok(removed)
}

/// The work under way: the packets as they will be written.
struct Work<'a> {
    story: &'a Story,
    frames: Vec<Vec<u8>>,
    names: Names,
    removed: Removed,
}

impl<'a> Work<'a> {
    fn new(story: &'a Story, key: &[u8; 32]) -> Work<'a> {
        let frames = (1..=story.len() as u32).map(|n| story.bytes(n).unwrap_or_default()).collect();
        Work { story, frames, names: Names::new(key), removed: Removed::default() }
    }

    /// Replaces what stands in the packets' own trees, and overwrites what they carry for TCP.
    fn frames(&mut self) {
        for number in 1..=self.story.len() as u32 {
            let Some(view) = self.story.flow().row(number) else { continue };
            let Some(original) = self.story.bytes(number) else { continue };
            let (record, _) = dissect::frame(view.row.link, &original, view.row.original as usize);
            let places = |range: Range<usize>| vec![(number, range)];
            self.tree(&record, &original, &places);
        }
    }

    /// Puts back of the streams what is harmless, and the likes of what is not.
    fn streams(&mut self) {
        let story = self.story;
        let conversations: Vec<&Conversation> =
            story.flow().conversations().iter().filter(|c| c.tcp().is_some()).collect();
        for conversation in conversations {
            // Without secrets: what is encrypted stays closed.
            let Some(layers) = Layers::of(story.flow(), conversation.id, story, &KeyLog::default()) else { continue };
            let mut seen = std::collections::BTreeSet::new();
            for &number in &conversation.packets {
                for section in dissect::completed(&layers, number) {
                    let Some((buffer, range)) = section.place.clone() else { continue };
                    if !seen.insert((buffer, range.start, range.end)) {
                        continue;
                    }
                    let places = |part: Range<usize>| {
                        let part = range.start + part.start..range.start + part.end;
                        layers.sources(story.flow(), buffer, part)
                    };
                    self.tree(&section.record, &section.bytes, &places);
                }
            }
        }
    }

    /// Decides of each leaf of a tree what becomes of it, and writes that where its bytes came from.
    fn tree(&mut self, record: &Record, bytes: &[u8], places: &dyn Fn(Range<usize>) -> Vec<(u32, Range<usize>)>) {
        let mut groups: Vec<&Node> = Vec::new();
        for node in &record.nodes {
            groups.truncate(usize::from(node.depth));
            if !node.leaf {
                groups.push(node);
                continue;
            }
            let (start, end) = (node.bits.start / 8, node.bits.end.div_ceil(8));
            let Some(original) = bytes.get(start..end) else { continue };
            // Whole bytes only; flags and such share theirs with neighbours, and are harmless.
            let whole = node.bits.start.is_multiple_of(8) && node.bits.end.is_multiple_of(8);
            let replaced = match policy::fate(node, &groups) {
                _ if !whole => original.to_vec(),
                Fate::Leave => continue,
                Fate::Keep => original.to_vec(),
                Fate::Replace(what, how) => {
                    let new = leaf_bytes(&mut self.names, how, node, original);
                    if new != original {
                        self.removed.add(what);
                    }
                    new
                }
                Fate::Overwrite(what) => {
                    if let Some(what) = what {
                        self.removed.add(what);
                    }
                    fill(original.len())
                }
            };
            let mut at = 0;
            for (number, range) in places(start..end) {
                let part = replaced.get(at..at + range.len()).unwrap_or_default();
                at += range.len();
                let frame = self.frames.get_mut(number as usize - 1).and_then(|frame| frame.get_mut(range));
                if let Some(frame) = frame.filter(|frame| frame.len() == part.len()) {
                    frame.copy_from_slice(part);
                }
            }
        }
    }

    /// What came twice is the same again.
    fn repeats(&mut self) {
        let story = self.story;
        for connection in story.flow().conversations().iter().filter_map(|c| c.tcp()) {
            for direction in Direction::BOTH {
                for overlap in connection.half(direction).stream().overlaps() {
                    let len = overlap.kept.have.min(overlap.dropped.have) as usize;
                    let place = |piece: &StreamPiece| match piece.buffer {
                        BufferRef::Frame(n) => Some((n as usize - 1, piece.at as usize..piece.at as usize + len)),
                        _ => None,
                    };
                    let (Some((from, kept)), Some((to, dropped))) = (place(&overlap.kept), place(&overlap.dropped))
                    else {
                        self.removed.fragments += 1;
                        continue;
                    };
                    let Some(bytes) = self.frames.get(from).and_then(|frame| frame.get(kept)).map(<[u8]>::to_vec)
                    else {
                        continue;
                    };
                    if let Some(into) = self.frames.get_mut(to).and_then(|frame| frame.get_mut(dropped)) {
                        into.copy_from_slice(&bytes);
                    }
                }
            }
        }
    }

    /// Carries checksums along: right ones stay right, wrong ones wrong.
    fn checksums(&mut self) {
        for (number, frame) in (1u32..).zip(&mut self.frames) {
            let (Some(view), Some(original)) = (self.story.flow().row(number), self.story.bytes(number)) else {
                continue;
            };
            checksums::carry(view.row.link, view.row.original as usize, &original, frame);
        }
    }
}

#[cfg(test)]
mod tests;
