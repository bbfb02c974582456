//! What packets take of the receive buffer, and the window that is offered for what is left, where that is as on Linux.
//!
//! RFC 9293 §3.8.6 leaves open how large a window is. Linux counts memory: each packet is charged with the buffer that it lies in
//! (`skb->truesize`), the share of data in that is learned from what arrives (`scaling_ratio`), and the window follows
//! (`__tcp_select_window`). So small packets shrink it, and large ones let it grow beyond half of SO_RCVBUF.

mod behind;

use std::collections::VecDeque;

use wire::tcp::Seq;

use crate::Config;
use behind::Behind;

/// The largest window that scaling can say (RFC 7323 §2.3).
const LARGEST: u32 = 65_535 << 14;
/// The share of data in the buffer, in 256ths, before anything has arrived: half.
const HALF: u32 = 128;

/// What Linux keeps of a packet beside its buffer, within it behind the data, and in front of it.
const RECORD: u32 = 256;
const TRAILER: u32 = 320;
const HEADROOM: u32 = 66;
const PAGE: u32 = 4096;
/// The sizes that buffers come in; what is larger continues in pages.
const SIZES: [u32; 4] = [576, 1024, 2048, PAGE];

/// The memory that a packet of `len` bytes takes, headers and all, and how much more data fits into it.
fn memory_of(len: u32) -> (u32, u32) {
    let needed = (len + HEADROOM).next_multiple_of(64) + TRAILER;
    match SIZES.into_iter().find(|&size| size >= needed) {
        Some(size) => (RECORD + size, size.saturating_sub(TRAILER + HEADROOM + len)),
        None => {
            let first = PAGE - TRAILER - HEADROOM;
            (RECORD + PAGE + len.saturating_sub(first).next_multiple_of(PAGE), 0)
        }
    }
}

/// A packet that waits, for the program or behind a gap: numbers as offsets from the first.
#[derive(Clone, Copy, Debug)]
struct Charge {
    start: u64,
    end: u64,
    memory: u32,
    /// How much more data its buffer takes.
    room: u32,
}

/// The receive buffer's memory (Linux `sk_rcvbuf`, `sk_rmem_alloc`), and the window that comes of it.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    /// How much there is, and how much of it is taken, in bytes.
    pub(crate) limit: u32,
    pub(crate) taken: u64,
    /// The share of it that is data, in 256ths.
    ratio: u32,
    /// Bounds of the window: what the whole buffer may hold, and what may be offered so far (`window_clamp`, `rcv_ssthresh`).
    clamp: u32,
    pub(crate) threshold: u32,
    /// The window as it was offered last, and its right edge then: unlike what was ever promised it may move back.
    pub(crate) window: u32,
    pub(crate) edge: Seq,
    /// Something was dropped as there is no memory: the next acknowledgment closes the window.
    pub(crate) starved: bool,
    /// The program has said how large it is, or nobody may change it: it does not grow.
    fixed: bool,
    /// The most that it may grow to.
    most: u32,
    /// Packets that the program can read, and those behind a gap.
    ready: VecDeque<Charge>,
    behind: Behind,
}

impl Memory {
    /// Nothing has arrived; `mss` bytes are a full segment of ours.
    pub(crate) fn new(config: &Config, mss: u32) -> Memory {
        let small = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX >> 1).min(u32::MAX >> 1);
        let mut memory = Memory {
            limit: small(config.receive_buffer_first),
            taken: 0,
            ratio: HALF,
            clamp: LARGEST,
            threshold: 0,
            window: 0,
            edge: Seq(0),
            starved: false,
            fixed: config.receive_buffer_fixed,
            most: small(config.receive_buffer),
            ready: VecDeque::new(),
            behind: Behind::default(),
        };
        if memory.fixed {
            memory.clamp = memory.full();
        }
        memory.offer_first(mss);
        memory
    }

    /// Linux `tcp_select_initial_window`: whole segments, if it is more than one.
    pub(crate) fn offer_first(&mut self, mss: u32) {
        let space = self.clamp.min(self.full());
        self.window = if space > mss { space - space % mss.max(1) } else { space };
        self.threshold = self.window;
    }

    /// Without scaling the window can be 64 KiB at most.
    pub(crate) fn unscaled(&mut self) {
        self.clamp = self.clamp.min(65_535);
    }

    /// What is offered stays as it is in `before`, whatever has arrived since, and counts from `next`.
    pub(crate) fn offer_as(&mut self, before: &Memory, next: Seq) {
        (self.ratio, self.clamp, self.threshold) = (before.ratio, before.clamp, before.threshold);
        self.edge = next + self.window;
    }

    /// The connection is open (Linux `tcp_init_buffer_space`): one segment of `mss` bytes is set aside.
    pub(crate) fn open(&mut self, mss: u32) {
        let full = self.full();
        self.clamp = self.clamp.min(full);
        if self.clamp > 2 * mss && self.clamp + mss > full {
            self.clamp = (2 * mss).max(full - mss);
        }
        self.threshold = self.threshold.min(self.clamp);
    }

    /// What so much memory holds of data.
    fn data_in(&self, memory: i64) -> i64 {
        (memory * i64::from(self.ratio)) >> 8
    }
    /// The data that the whole of it holds.
    fn full(&self) -> u32 {
        self.data_in(self.limit.into()) as u32
    }
    /// The data that would fit in now; negative if too much was taken.
    fn free(&self) -> i64 {
        self.data_in(i64::from(self.limit) - self.taken as i64)
    }
    /// What is left of the window as it was offered last.
    pub(crate) fn left(&self, next: Seq) -> u32 {
        if self.edge.after(next) { self.edge.distance(next) } else { 0 }
    }
    /// Twice the window is more than may ever be offered: a larger one would not be worth telling.
    pub(crate) fn is_wide(&self, left: u32) -> bool {
        u64::from(left) * 2 > self.clamp.into()
    }
    /// Whether data of `len` bytes that is next may come in without further ado.
    pub(crate) fn takes(&self, len: usize, next: Seq) -> bool {
        len <= self.left(next) as usize && self.taken <= self.limit.into()
    }

    /// Whether another packet may come in (Linux `tcp_try_rmem_schedule`, `tcp_clamp_window`): the buffer makes room as far as it
    /// may grow; otherwise little is offered from here. `mss`: our full segment.
    pub(crate) fn admits(&mut self, mss: u32) -> bool {
        if self.taken <= self.limit.into() {
            return true;
        }
        if !self.fixed && self.limit < self.most {
            self.limit = u32::try_from(self.taken).unwrap_or(u32::MAX).min(self.most);
        }
        if self.taken <= self.limit.into() {
            return true;
        }
        self.threshold = self.clamp.min(2 * mss);
        false
    }

    /// A packet of `packet` bytes, headers and all, brought `len` bytes, and the size of segments that is expected changes with
    /// it: so does the share of data (Linux `tcp_measure_rcv_mss`).
    pub(crate) fn learn(&mut self, len: u32, packet: u32) {
        let ratio = ((u64::from(len) << 8) / u64::from(memory_of(packet).0)).clamp(1, 255) as u32;
        if ratio != self.ratio {
            self.ratio = ratio;
            self.clamp = self.full().max(1152);
            self.threshold = self.threshold.min(self.clamp).max(self.window.min(self.clamp));
        }
    }

    /// As many bytes have arrived: the sender may be offered more (Linux `tcp_grow_window`); `mss` is our full segment, `theirs`
    /// the other side's. Whether it may.
    pub(crate) fn widen(&mut self, len: u32, packet: u32, mss: u32, theirs: u32) -> bool {
        let room = i64::from(self.clamp).min(self.free()) - i64::from(self.threshold);
        let (memory, _) = memory_of(packet);
        if room <= 0 {
            return false;
        }
        let step = match self.data_in(memory.into()) <= len.into() {
            true => 2 * mss,
            false => self.cautious_step(len, memory, theirs),
        };
        if step > 0 {
            self.threshold += i64::from(step.max(2 * len)).min(room) as u32;
        }
        step > 0
    }

    /// Packets that waste memory widen the window only while it is far from the most (Linux `__tcp_grow_window`).
    fn cautious_step(&self, len: u32, memory: u32, theirs: u32) -> u32 {
        let (mut memory, mut window) = (self.data_in(memory.into()) >> 1, self.data_in(self.most.into()) >> 1);
        while i64::from(self.threshold) <= window {
            if memory <= len.into() {
                return 2 * theirs;
            }
            (memory, window) = (memory >> 1, window >> 1);
        }
        0
    }

    /// The buffer is to hold `data` bytes of data, within its bounds. Whether it grew.
    pub(crate) fn hold(&mut self, data: u128) -> bool {
        let memory = data.saturating_mul(256) / u128::from(self.ratio);
        let limit = u32::try_from(memory).unwrap_or(u32::MAX).min(self.most);
        let grows = limit > self.limit && !self.fixed;
        if grows {
            self.limit = limit;
            self.clamp = self.full();
        }
        grows
    }

    /// The program has said how large the buffer is (SO_RCVBUF), in bytes of memory.
    pub(crate) fn fix(&mut self, limit: u32) {
        (self.limit, self.fixed) = (limit, true);
    }

    /// Less than half of the window's bound is free: from here acknowledgments are not hurried, as the sender cannot use them.
    pub(crate) fn is_tight(&self) -> bool {
        self.free() < i64::from(self.clamp.min(self.full()) >> 1)
    }

    /// The window to offer now (Linux `__tcp_select_window`); `theirs` is the other side's full segment.
    pub(crate) fn select(&self, shift: u8, theirs: u32, shrinks: bool) -> u32 {
        let unit = 1i64 << shift;
        let (mut free, allowed) = (self.free(), self.full());
        let full = self.clamp.min(allowed);
        let theirs = theirs.min(full);
        if theirs == 0 {
            return 0;
        }
        let shrinks = shrinks && shift > 0;
        if shrinks {
            free -= free.rem_euclid(unit);
        }
        if free < i64::from(full >> 1) {
            free -= free.rem_euclid(unit);
            if free < i64::from(allowed >> 4) || free < theirs.into() || (shrinks && free < unit) {
                return 0;
            }
        }
        free = free.min(self.threshold.into());
        if shift > 0 {
            // Rounded up, or a small window would be scaled away.
            return ((free + unit - 1) / unit * unit) as u32;
        }
        // RFC 9293 §3.8.6.2.2: whole segments; what was offered stays as long as it is about right.
        let (free, window) = (free as u32, self.window);
        if i64::from(window) <= i64::from(free) - i64::from(theirs) || window > free {
            free - free % theirs
        } else if theirs == full && free > window.saturating_add(full >> 1) {
            free
        } else {
            window
        }
    }
}

/// What is charged.
impl Memory {
    /// The bytes up to `end` arrived next, `len` of them in a packet of `packet` bytes.
    pub(crate) fn charge(&mut self, len: u32, packet: u32, end: u64) {
        if let Some(last) = self.ready.back_mut().filter(|last| last.room >= len) {
            (last.end, last.room) = (end, last.room - len);
            return;
        }
        let (memory, room) = memory_of(packet);
        self.taken += u64::from(memory);
        self.ready.push_back(Charge { start: end - u64::from(len), end, memory, room });
    }

    /// The bytes from `start` to `end` arrived behind a gap: what they cover is no longer needed.
    pub(crate) fn charge_behind(&mut self, (start, end): (u64, u64), packet: u32) {
        let len = (end - start) as u32;
        if self.behind.extend(start, end, len) {
            return;
        }
        let (memory, room) = memory_of(packet);
        let given_back = self.behind.insert(Charge { start, end, memory, room });
        self.taken = self.taken + u64::from(memory) - given_back;
    }

    /// A packet that begins with `number` needs memory: what waits behind it is given up, from the end on, an eighth of the buffer at
    /// a time, until there is some (Linux `tcp_prune_ofo_queue`). From which number on nothing is held any more, if anything was.
    pub(crate) fn prune(&mut self, number: u64) -> Option<u64> {
        let (mut kept, mut goal) = (None, 0);
        while self.taken > self.limit.into() || goal > 0 {
            let Some((charge, end)) = self.behind.pop_last(number) else { break };
            goal = if goal > 0 { goal } else { i64::from(self.limit >> 3) } - i64::from(charge.memory);
            self.taken -= u64::from(charge.memory);
            kept = Some(end);
        }
        kept
    }

    /// What lies before `received` is behind a gap no longer.
    pub(crate) fn close_gap(&mut self, received: u64) {
        while let Some(held) = self.behind.pop_before(received) {
            self.ready.push_back(held);
        }
    }

    /// The program has read what lies before `read`.
    pub(crate) fn release(&mut self, read: u64) {
        while self.ready.front().is_some_and(|first| first.end <= read) {
            self.taken -= self.ready.pop_front().map_or(0, |first| u64::from(first.memory));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(bytes: usize) -> Memory {
        let config = Config { receive_buffer_first: bytes, receive_buffer_fixed: true, ..Config::default() };
        Memory::new(&config, 1460)
    }

    #[test]
    fn packets_take_what_linux_charges_for_them() {
        // Measured on Linux 6.18 behind a TUN device, SK_MEMINFO_RMEM_ALLOC: bytes of data, memory.
        let measured = [
            (1, 832),
            (100, 832),
            (400, 1280),
            (536, 1280),
            (1000, 2304),
            (1460, 2304),
            (2000, 4352),
            (3000, 4352),
            (4000, 8448),
            (9000, 12_544),
            (20_000, 20_736),
            (50_000, 53_504),
            (65_000, 65_792),
        ];
        for (len, memory) in measured {
            assert_eq!(memory_of(len + 40).0, memory, "{len}");
        }
    }

    #[test]
    fn the_first_window_is_whole_segments_of_half_the_buffer() {
        assert_eq!(memory(40_000).window, 18_980);
        assert_eq!(memory(2304).window, 1152, "less than a segment stays as it is");
    }

    #[test]
    fn large_packets_leave_more_for_data() {
        let mut memory = memory(40_000);
        memory.open(1460);
        memory.charge(20_000, 20_040, 20_000);
        memory.learn(20_000, 20_040);
        assert_eq!(memory.select(0, 1000, false), 18_000);
        memory.release(20_000);
        assert_eq!(memory.taken, 0);
    }

    #[test]
    fn small_packets_that_follow_share_a_buffer() {
        let mut memory = memory(40_000);
        (1..=5).for_each(|n| memory.charge(10, 50, n * 10));
        assert_eq!(memory.taken, 832);
        memory.charge(500, 540, 550);
        assert_eq!(memory.taken, 832 + 1280);
    }

    #[test]
    fn what_is_covered_by_later_packets_is_given_back() {
        let mut memory = memory(400_000);
        memory.charge_behind((2000, 3000), 1040);
        memory.charge_behind((4000, 5000), 1040);
        memory.charge_behind((1000, 6000), 5040);
        assert_eq!((memory.behind.len(), memory.taken), (1, u64::from(memory_of(5040).0)));
        memory.close_gap(6000);
        memory.release(6000);
        assert_eq!(memory.taken, 0);
    }
}
