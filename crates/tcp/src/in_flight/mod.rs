//! What has been sent and not been acknowledged: a record for each segment, and the scoreboard of what became of it.
//!
//! Nothing here grows with the window for each acknowledgment: a segment is touched when it is sent, when it is acknowledged,
//! selectively or not, and when it is taken for lost; a block that was reported before is not walked again.

mod order;
mod sent;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use base::Instant;
use wire::tcp::Seq;

use crate::rare::{Blank, Rare};
pub use sent::Sent;

/// No segment.
const NONE: u64 = u64::MAX;

/// The segments in flight, oldest first. Each has a number of its own, counted over the connection's life.
#[derive(Debug)]
pub struct InFlight {
    queue: VecDeque<Sent>,
    /// The number of the oldest.
    first: u64,
    /// Bytes in the network, as far as is known.
    pipe: u32,
    /// How many segments are sacked, lost, sent again.
    sacked: u32,
    lost: u32,
    resent: u32,
    /// Without SACK: how many segments duplicate acknowledgments tell of.
    told: u32,
    board: Rare<Board>,
    /// The order of transmissions: who was sent longest ago, and who last.
    head: u64,
    tail: u64,
    /// Segments found lost over the connection's life; and whether somebody wants to know which.
    lost_ever: u64,
    reports_losses: bool,
}

/// Which of the segments in flight are sacked or lost: none, where all is well.
#[derive(Debug, Default)]
struct Board {
    /// Runs of segments that were sacked: the first, and the one behind the last.
    runs: BTreeMap<u64, u64>,
    /// The lost ones that wait to be sent again.
    waiting: BTreeSet<u64>,
    /// Those found lost that were not told of yet, if somebody wants to know.
    found_lost: Vec<Sent>,
}

impl Blank for Board {
    const BLANK: &'static Board = &Board { runs: BTreeMap::new(), waiting: BTreeSet::new(), found_lost: Vec::new() };
}

impl Default for InFlight {
    fn default() -> InFlight {
        InFlight {
            queue: VecDeque::new(),
            first: 0,
            pipe: 0,
            sacked: 0,
            lost: 0,
            resent: 0,
            told: 0,
            board: Rare::NONE,
            head: NONE,
            tail: NONE,
            lost_ever: 0,
            reports_losses: false,
        }
    }
}

/// Getters.
impl InFlight {
    /// Bytes in flight: not acknowledged in any way, and not taken for lost, or sent again since (RFC 6675 §2, pipe).
    pub fn pipe(&self) -> u32 {
        self.pipe
    }
    /// The same in segments. Without SACK, duplicate acknowledgments tell how many have left (RFC 9937 §6.2).
    pub fn segments(&self) -> u32 {
        (self.queue.len() as u32 + self.resent).saturating_sub(self.sacked() + self.lost)
    }
    /// Segments that the other side has behind a gap, by SACK or as duplicate acknowledgments tell.
    pub fn sacked(&self) -> u32 {
        self.sacked + self.told
    }
    /// Segments taken for lost and not acknowledged since.
    pub fn lost(&self) -> u32 {
        self.lost
    }
    /// Segments sent again whose retransmission is in the network.
    pub fn resent(&self) -> u32 {
        self.resent
    }
    /// The records, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sent> {
        self.queue.iter()
    }
    /// Number of segments.
    pub fn len(&self) -> usize {
        self.queue.len()
    }
    /// Whether nothing waits for an acknowledgment.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
    /// Whether all is in the network once, as far as is known: nothing sacked, lost or sent again.
    pub(crate) fn is_whole(&self) -> bool {
        self.sacked | self.told | self.lost | self.resent == 0
    }
    /// The oldest segment.
    pub fn oldest(&self) -> Option<&Sent> {
        self.queue.front()
    }
    /// The newest segment: the last by its numbers.
    pub fn newest(&self) -> Option<&Sent> {
        self.queue.back()
    }
    /// The segment with this number.
    pub fn get(&self, number: u64) -> Option<&Sent> {
        self.queue.get(number.checked_sub(self.first)? as usize)
    }
    fn get_mut(&mut self, number: u64) -> Option<&mut Sent> {
        self.queue.get_mut(number.checked_sub(self.first)? as usize)
    }
    /// The numbers of all, oldest first.
    pub fn numbers(&self) -> std::ops::Range<u64> {
        self.first..self.first + self.queue.len() as u64
    }
    /// Whether any segment is lost and waits to be sent again.
    pub fn any_lost(&self) -> bool {
        !self.board.waiting.is_empty()
    }
    /// The first segment that is lost and waits to be sent again.
    pub fn next_lost(&self) -> Option<u64> {
        self.board.waiting.first().copied()
    }
    /// The number behind the last that was selectively acknowledged (RFC 6675 §2, HighACK's like for SACK).
    pub fn highest_sacked(&self) -> Option<Seq> {
        let (_, &behind) = self.board.runs.last_key_value()?;
        self.get(behind - 1).map(|sent| sent.end)
    }
    /// The segment below which `n` segments were selectively acknowledged: it is the `n`th sacked one from the end.
    pub fn nth_sacked_from_end(&self, n: u32) -> Option<u64> {
        let mut left = u64::from(n.max(1));
        for (&start, &behind) in self.board.runs.iter().rev() {
            if behind - start >= left {
                return Some(behind - left);
            }
            left -= behind - start;
        }
        None
    }
    /// The number of the first segment that begins at or behind `seq`.
    pub fn find(&self, seq: Seq) -> u64 {
        self.first + self.queue.partition_point(|sent| sent.start.before(seq)) as u64
    }
    /// The number behind the last segment that ends at or before `seq`.
    pub fn find_end(&self, seq: Seq) -> u64 {
        self.first + self.queue.partition_point(|sent| sent.end.at_or_before(seq)) as u64
    }
}

/// What happens to segments.
impl InFlight {
    /// A new segment was sent, behind all others.
    pub(crate) fn push(&mut self, mut sent: Sent) {
        self.pipe += sent.len();
        let number = self.first + self.queue.len() as u64;
        sent.earlier = self.tail;
        match self.get_mut(self.tail) {
            Some(last) => last.later = number,
            None => self.head = number,
        }
        self.tail = number;
        self.queue.push_back(sent);
    }

    /// Takes the newest segment back: it was a probe that the other side did not take.
    pub(crate) fn pop_newest(&mut self) -> Option<Sent> {
        let number = self.numbers().end.checked_sub(1)?;
        self.forget(number);
        self.queue.pop_back()
    }

    /// Everything before `una` is acknowledged: calls `each` with the record of each segment that was so in whole, oldest
    /// first. A segment that was acknowledged in part is shortened.
    pub(crate) fn acknowledge(&mut self, una: Seq, mut each: impl FnMut(&Sent)) {
        let (whole, first) = (self.is_whole(), self.first);
        while let Some(oldest) = self.queue.front_mut() {
            if oldest.end.after(una) {
                if oldest.start.before(una) {
                    self.pipe -= oldest.copies() * una.distance(oldest.start);
                    oldest.start = una;
                }
                break;
            }
            if whole && self.head == self.first {
                // As mostly: it is counted nowhere else, and was sent longest ago.
                self.pipe -= oldest.len();
                self.head = oldest.later;
                each(oldest);
            } else {
                let sent = *oldest;
                self.forget(self.first);
                each(&sent);
            }
            self.queue.pop_front();
            self.first += 1;
        }
        if self.first > first {
            // Whoever is first in the order of transmissions now has nobody before it.
            match self.get_mut(self.head) {
                Some(earliest) => earliest.earlier = NONE,
                None => (self.head, self.tail) = (NONE, NONE),
            }
        }
    }

    /// The segment leaves the counts and the orders; its record stays.
    fn forget(&mut self, number: u64) {
        let Some(&sent) = self.get(number) else { return };
        self.pipe -= sent.copies() * sent.len();
        self.unlink(number);
        if sent.sacked {
            self.sacked -= 1;
            self.unrun(number);
        }
        if sent.lost {
            self.lost -= 1;
            self.board.waiting.remove(&number);
        }
        self.resent -= u32::from(sent.resent);
    }

    /// Changes the marks of a segment and all that is counted by them.
    fn mark(&mut self, number: u64, change: impl FnOnce(&mut Sent)) {
        let Some(sent) = self.get_mut(number) else { return };
        let before = *sent;
        change(sent);
        let after = *sent;
        self.pipe = self.pipe + after.copies() * after.len() - before.copies() * before.len();
        self.sacked = self.sacked + u32::from(after.sacked) - u32::from(before.sacked);
        self.lost = self.lost + u32::from(after.lost) - u32::from(before.lost);
        self.resent = self.resent + u32::from(after.resent) - u32::from(before.resent);
        if after.lost && !after.resent {
            self.board.waiting.insert(number);
        } else if before.lost {
            self.board.waiting.remove(&number);
        }
    }

    /// The other side has the segments from `from` to before `to`: calls `each` with the record of each that is news, as it was.
    pub(crate) fn sack(&mut self, from: u64, to: u64, mut each: impl FnMut(&Sent)) {
        let range = self.numbers();
        let (mut at, to) = (from.max(range.start), to.min(range.end));
        while at < to {
            // Skip the run that covers `at`; then everything up to the next run is news.
            if let Some(behind) =
                self.board.runs.range(..=at).next_back().map(|(_, &behind)| behind).filter(|&b| b > at)
            {
                at = behind;
                continue;
            }
            let upto = self.board.runs.range(at..to).next().map_or(to, |(&next, _)| next);
            for number in at..upto {
                if let Some(sent) = self.get(number) {
                    each(sent);
                }
                self.unlink(number);
                self.mark(number, |sent| (sent.sacked, sent.lost, sent.resent) = (true, false, false));
            }
            self.run(at, upto);
            at = upto;
        }
    }

    /// Adds a run of sacked segments, joined with those that it touches.
    fn run(&mut self, from: u64, to: u64) {
        let behind = self.board.runs.remove(&to).unwrap_or(to);
        match self.board.runs.range_mut(..from).next_back() {
            Some((_, before)) if *before == from => *before = behind,
            _ => _ = self.board.runs.insert(from, behind),
        }
    }

    /// Takes one segment, at either end of its run, out of the runs.
    fn unrun(&mut self, number: u64) {
        let Some((start, behind)) = self.board.runs.range(..=number).next_back().map(|(&a, &b)| (a, b)) else { return };
        self.board.runs.remove(&start);
        if start < number {
            self.board.runs.insert(start, number);
        }
        if number + 1 < behind {
            self.board.runs.insert(number + 1, behind);
        }
    }

    /// The other side has dropped what it reported (RFC 2018 §8): nothing is sacked any more.
    pub(crate) fn forget_sacked(&mut self) {
        if self.board.runs.is_empty() {
            return;
        }
        let runs = std::mem::take(&mut self.board.runs);
        for number in runs.into_iter().flat_map(|(from, to)| from..to) {
            self.mark(number, |sent| sent.sacked = false);
        }
    }

    /// The segment is taken for lost, unless the other side has it. One that was sent again: that transmission too. Whether that
    /// is news.
    pub fn mark_lost(&mut self, number: u64) -> bool {
        let news = self.get(number).is_some_and(|sent| !sent.sacked && (!sent.lost || sent.resent));
        if news {
            self.unlink(number);
            self.mark(number, |sent| (sent.lost, sent.resent) = (true, false));
            self.lost_ever += 1;
            if let (true, Some(&sent)) = (self.reports_losses, self.get(number)) {
                self.board.found_lost.push(sent);
            }
        }
        news
    }

    /// Segments found lost over the connection's life.
    pub(crate) fn lost_ever(&self) -> u64 {
        self.lost_ever
    }

    /// What is found lost from now on is kept for [`InFlight::take_found_lost`].
    pub(crate) fn report_losses(&mut self) {
        self.reports_losses = true;
    }

    /// What was found lost since this was last asked.
    pub(crate) fn take_found_lost(&mut self) -> Vec<Sent> {
        if self.board.found_lost.is_empty() { Vec::new() } else { std::mem::take(&mut self.board.found_lost) }
    }

    /// All segments are taken for lost, except those that the other side has.
    pub fn mark_all_lost(&mut self) {
        self.numbers().for_each(|number| _ = self.mark_lost(number));
    }

    /// Nothing is lost after all.
    pub(crate) fn unmark_lost(&mut self) {
        let range = self.numbers();
        if self.lost == 0 {
            return;
        }
        self.board.waiting.clear();
        for number in range.clone() {
            self.mark(number, |sent| sent.lost = false);
        }
        self.relink();
    }

    /// Without SACK: duplicate acknowledgments tell of this many segments that have arrived. At least one has not, nor have the
    /// lost ones. Gives what counts.
    pub(crate) fn set_told(&mut self, told: u32) -> u32 {
        let holes = self.lost.max(1);
        self.told = told.min((self.queue.len() as u32).saturating_sub(holes));
        self.told
    }

    /// The segment is sent again at `now` as a loss probe: nobody takes it for lost, so that one copy counts (RFC 8985 §7.3).
    pub(crate) fn probe(&mut self, number: u64, now: Instant) -> Option<&mut Sent> {
        self.unlink(number);
        self.link_last(number);
        let sent = self.get_mut(number)?;
        sent.times_sent = sent.times_sent.saturating_add(1);
        sent.last_sent = now;
        Some(sent)
    }

    /// The segment is sent again at `now`. If it is longer than `mss`, the rest becomes a segment of its own, lost as well. Gives
    /// the record, to be brought up to date.
    pub(crate) fn resend(&mut self, number: u64, mss: u32, now: Instant) -> Option<&mut Sent> {
        if self.get(number)?.len() > mss {
            self.split(number, mss);
        }
        self.unlink(number);
        self.mark(number, |sent| {
            sent.resent = true;
            sent.times_sent = sent.times_sent.saturating_add(1);
            sent.last_sent = now;
        });
        self.link_last(number);
        self.get_mut(number)
    }

    /// The batch that the segment was sent in ends before it from now on.
    pub(crate) fn end_batch_before(&mut self, number: u64) {
        if let Some(before) = number.checked_sub(1).and_then(|before| self.get_mut(before)) {
            before.ends_batch = true;
        }
    }

    /// Cuts a segment behind its first `mss` bytes. Rare: the path has become narrower.
    fn split(&mut self, number: u64, mss: u32) {
        let Some(at) = number.checked_sub(self.first).map(|at| at as usize) else { return };
        let Some(sent) = self.queue.get_mut(at) else { return };
        let mut rest = *sent;
        (sent.end, sent.ends_batch) = (sent.start + mss, false);
        rest.start = sent.end;
        self.queue.insert(at + 1, rest);
        self.sacked += u32::from(rest.sacked);
        self.lost += u32::from(rest.lost);
        self.resent += u32::from(rest.resent);
        // The numbers behind it have moved.
        let behind = |n: u64| if n > number { n + 1 } else { n };
        self.board.waiting = self.board.waiting.iter().copied().map(behind).collect();
        if rest.lost && !rest.resent {
            self.board.waiting.insert(number + 1);
        }
        self.board.runs = self.board.runs.iter().map(|(&from, &to)| (behind(from), behind(to))).collect();
        self.relink();
    }

    /// Where nothing is in flight no memory is kept for it.
    pub(crate) fn give_back(&mut self) {
        if self.queue.is_empty() {
            self.queue = VecDeque::new();
        }
    }

    /// Nothing is in flight any more.
    pub(crate) fn clear(&mut self) {
        *self = InFlight::default();
    }
}

#[cfg(test)]
mod tests;
