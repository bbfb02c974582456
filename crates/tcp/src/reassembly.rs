//! What arrived behind a gap, and the blocks that selective acknowledgments report of it (RFC 2018 §4).

use std::collections::{BTreeMap, VecDeque};

use wire::tcp::{SackBlocks, Seq};
use wire::{Body, Chunk};

use crate::rare::Blank;

/// Data behind a gap: blocks of neighbouring bytes, none of which touch. All of it lies within the receive window, which
/// bounds it.
///
/// Numbers are offsets from the initial sequence number, which do not wrap.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    blocks: BTreeMap<u64, Block>,
    /// A number in each of the blocks that grew last, the latest first.
    recent: Vec<u64>,
    /// Bytes held, and in how many pieces.
    len: usize,
    pieces: usize,
}

impl Blank for Reassembly {
    const BLANK: &'static Reassembly = &Reassembly { blocks: BTreeMap::new(), recent: Vec::new(), len: 0, pieces: 0 };
}

#[derive(Debug)]
struct Block {
    end: u64,
    bodies: VecDeque<Body>,
}

impl Reassembly {
    /// Whether nothing is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The number behind the last byte that is held.
    pub(crate) fn end(&self) -> Option<u64> {
        self.blocks.values().next_back().map(|block| block.end)
    }

    /// In how many pieces the bytes are held.
    pub(crate) fn pieces(&self) -> usize {
        self.pieces
    }

    /// Bytes held.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The first stretch from `start` to before `end` that is held already.
    pub(crate) fn overlap(&self, start: u64, end: u64) -> Option<(u64, u64)> {
        let before = self.blocks.range(..=start).next_back().filter(|(_, block)| block.end > start);
        let (&from, block) = before.or_else(|| self.blocks.range(start..end).next())?;
        Some((from.max(start), block.end.min(end)))
    }

    /// Keeps `body`, whose first byte is number `start`. Bytes that are held already are not kept twice. Whether any was new.
    pub(crate) fn insert(&mut self, start: u64, body: Body) -> bool {
        let end = start + body.len() as u64;
        let mut new = false;
        let mut at = start;
        // Walk over the blocks that overlap [start, end) and fill what lies between them.
        while at < end {
            let covered = self.blocks.range(..=at).next_back().map(|(_, block)| block.end).filter(|&end| end > at);
            if let Some(covered) = covered {
                at = covered;
                continue;
            }
            let upto = self.blocks.range(at..end).next().map_or(end, |(&next, _)| next);
            self.fill(at, body.slice((at - start) as usize, (upto - start) as usize));
            new = true;
            at = upto;
        }
        if end > start {
            self.touch(start);
        }
        new
    }

    /// Adds `body` at `start`, where nothing is held, and joins it with the blocks that it touches.
    fn fill(&mut self, start: u64, body: Body) {
        let mut end = start + body.len() as u64;
        self.len += body.len();
        self.pieces += 1;
        let right = self.blocks.remove(&end);
        let left = self.blocks.range_mut(..start).next_back().filter(|(_, block)| block.end == start);
        match (left, right) {
            (Some((_, left)), right) => {
                left.bodies.push_back(body);
                if let Some(mut right) = right {
                    end = right.end;
                    left.bodies.append(&mut right.bodies);
                }
                left.end = end;
            }
            (None, Some(mut right)) => {
                right.bodies.push_front(body);
                self.blocks.insert(start, right);
            }
            (None, None) => drop(self.blocks.insert(start, Block { end, bodies: VecDeque::from([body]) })),
        }
    }

    /// Throws away what is held from number `at` on: it will have to be sent again (RFC 2018 §8 lets a receiver do that).
    pub(crate) fn truncate(&mut self, at: u64) {
        while let Some(mut entry) = self.blocks.last_entry().filter(|entry| entry.get().end > at) {
            let start = *entry.key();
            let block = entry.get_mut();
            while block.end > at.max(start) {
                let Some(last) = block.bodies.pop_back() else { break };
                let from = block.end - last.len() as u64;
                self.len -= last.len();
                self.pieces -= 1;
                block.end = from;
                if from < at {
                    let kept = last.slice(0, (at - from) as usize);
                    self.len += kept.len();
                    self.pieces += 1;
                    block.bodies.push_back(kept);
                    block.end = at;
                }
            }
            if block.bodies.is_empty() {
                entry.remove();
            }
        }
        let blocks = &self.blocks;
        self.recent.retain(|number| blocks.range(..=number).next_back().is_some_and(|(_, block)| block.end > *number));
    }

    /// The block that holds `number` is the one that grew last.
    fn touch(&mut self, number: u64) {
        if let Some((&start, block)) = self.blocks.range(..=number).next_back() {
            let end = block.end;
            self.recent.retain(|at| !(start..end).contains(at));
            self.recent.truncate(3);
            self.recent.insert(0, start);
        }
    }

    /// Takes out what follows `next` without a gap: its chunks go to `out`. Gives the number behind it.
    pub(crate) fn take(&mut self, next: u64, out: &mut impl FnMut(Chunk)) -> u64 {
        let mut next = next;
        // What arrived in order may have covered a part of the first block, or whole blocks.
        while let Some(entry) = self.blocks.first_entry().filter(|entry| *entry.key() <= next) {
            let (start, block) = entry.remove_entry();
            let mut at = start;
            for body in block.bodies {
                self.len -= body.len();
                self.pieces -= 1;
                let end = at + body.len() as u64;
                if end > next {
                    let body = if at < next { body.slice((next - at) as usize, body.len()) } else { body };
                    body.chunks().iter().cloned().for_each(&mut *out);
                    next = end;
                }
                at = end;
            }
            self.recent.retain(|number| !(start..block.end).contains(number));
        }
        next
    }

    /// The blocks to report, at most `room` (RFC 2018 §4): first the one that the latest arrival belongs to, then those
    /// reported before, the latest first. `number` turns an offset into a sequence number.
    pub(crate) fn sack(&self, room: usize, number: impl Fn(u64) -> Seq) -> SackBlocks {
        let block = |&at: &u64| self.blocks.range(..=at).next_back().map(|(&start, block)| (start, block.end));
        self.recent.iter().filter_map(block).take(room).map(|(start, end)| (number(start), number(end))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(start: u64, end: u64) -> Body {
        Body::from((start..end).map(|n| n as u8).collect::<Vec<u8>>())
    }

    fn blocks(reassembly: &Reassembly) -> Vec<(u32, u32)> {
        reassembly.sack(4, |n| Seq(n as u32)).iter().map(|(a, b)| (a.0, b.0)).collect()
    }

    #[test]
    fn rfc_2018_section_4_the_example_of_case_2() {
        // RFC 2018 §4, case 2: left edge 5000, segments of 500; the first is lost, the others arrive.
        let mut held = Reassembly::default();
        for (start, want) in [(5500, (5500, 6000)), (6000, (5500, 6500)), (6500, (5500, 7000))] {
            held.insert(start, body(start, start + 500));
            assert_eq!(blocks(&held), [want]);
        }
    }

    #[test]
    fn rfc_2018_section_4_the_example_of_case_3() {
        // Case 3: the 2nd, 4th, 6th and 8th are lost.
        let mut held = Reassembly::default();
        held.insert(5500, body(5500, 6000));
        held.insert(6500, body(6500, 7000));
        held.insert(7500, body(7500, 8000));
        assert_eq!(blocks(&held), [(7500, 8000), (6500, 7000), (5500, 6000)]);
        // Then the 4th (6000) arrives out of order and joins two.
        held.insert(6000, body(6000, 6500));
        assert_eq!(blocks(&held), [(5500, 7000), (7500, 8000)]);
        // The 2nd (5000) arrives: the cumulative acknowledgment takes over.
        let mut out = 0;
        assert_eq!(held.take(5500, &mut |chunk| out += chunk.bytes().len()), 7000);
        assert_eq!((out, blocks(&held)), (1500, vec![(7500, 8000)]));
    }

    #[test]
    fn a_duplicate_is_reported_first_again() {
        let mut held = Reassembly::default();
        assert!(held.insert(100, body(100, 200)));
        assert!(held.insert(300, body(300, 400)));
        assert!(!held.insert(120, body(120, 150)));
        assert_eq!(blocks(&held), [(100, 200), (300, 400)]);
        assert_eq!(held.len(), 200);
    }

    proptest! {
        /// Whatever arrives in whatever order, each byte comes out once, in order, and is the right one.
        #[test]
        fn bytes_come_out_in_order(pieces in proptest::collection::vec((0u64..200, 1u64..60), 1..40)) {
            let mut held = Reassembly::default();
            let mut there = [false; 300];
            for &(start, len) in &pieces {
                let new = (start..start + len).any(|n| !there[n as usize]);
                prop_assert_eq!(held.insert(start, body(start, start + len)), new);
                (start..start + len).for_each(|n| there[n as usize] = true);
                prop_assert_eq!(held.len(), there.iter().filter(|&&is| is).count());
                // Blocks never touch or overlap.
                let spans: Vec<_> = held.blocks.iter().map(|(&start, block)| (start, block.end)).collect();
                prop_assert!(spans.windows(2).all(|w| w[0].1 < w[1].0));
                let latest = held.sack(4, |n| Seq(n as u32));
                prop_assert!(latest[0].0.0 as u64 <= start && latest[0].1.0 as u64 >= start + len);
            }
            // What is thrown away is gone, and the rest as it was.
            let mut cut = Reassembly::default();
            let at = pieces[0].0 + 20;
            pieces.iter().for_each(|&(start, len)| _ = cut.insert(start, body(start, start + len)));
            cut.truncate(at);
            prop_assert_eq!(cut.len(), there[..at as usize].iter().filter(|&&is| is).count());
            prop_assert_eq!(cut.pieces() == 0, cut.is_empty());
            prop_assert!(cut.blocks.values().all(|block| block.end <= at));
            prop_assert!(cut.sack(4, |n| Seq(n as u32)).iter().all(|(from, to)| from.before(*to) && to.0 as u64 <= at));
            let gap = there.iter().position(|&is| !is).unwrap_or(300) as u64;
            let mut out = Vec::new();
            let first = there.iter().position(|&is| is).unwrap_or(0) as u64;
            let next = held.take(first, &mut |chunk| out.extend_from_slice(chunk.bytes()));
            if first == 0 {
                prop_assert_eq!(next, gap);
            }
            prop_assert_eq!(out, (first..next).map(|n| n as u8).collect::<Vec<u8>>());
        }
    }
}
