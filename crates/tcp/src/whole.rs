//! Where the receive buffer is as on Linux: a segment is taken whole or not at all. RFC 9293 §3.10.7.4 (first) would have what
//! lies beyond the window cut off, and says that one "could"; Linux takes a segment that is too long if the program has read
//! all there is, and drops it otherwise (`tcp_sequence`, `tcp_data_queue`).

use trace::{Cx, kinds::tcp as kind};
use wire::tcp::{Flags, Seq};

use crate::Segment;
use crate::connection::Connection;
use crate::receive::Text;

impl Connection {
    /// Whether the segment may come in, up to the right edge of all that was ever offered; and what of it is new.
    pub(crate) fn acceptable_whole(&self, segment: &mut Segment) -> Option<Text> {
        let (seq, end, next) = (segment.seq, segment.end(), self.rcv_nxt);
        let limit = next + self.rcv_wnd();
        if segment.is_empty() {
            // An acknowledgment may be as old as the last one of ours: others may have overtaken it.
            if seq.before(self.ts.last_ack_sent) || seq.after(limit) {
                return None;
            }
        } else {
            if end.at_or_before(next) {
                return None;
            }
            // A FIN may stand just beyond the window: some send it to a closed one.
            let fin = u32::from(segment.flags.contains(Flags::FIN));
            let data_end = Seq(end.0.wrapping_sub(fin));
            if data_end.after(limit) && (seq.after(limit) || self.readable_len > 0) {
                return None;
            }
        }
        let first = seq + u32::from(segment.flags.contains(Flags::SYN));
        let skip = if first.before(next) { next.distance(first) as usize } else { 0 };
        let whole = std::mem::take(&mut segment.payload);
        let body = if skip == 0 { whole } else { whole.slice(skip.min(whole.len()), whole.len()) };
        let ahead = if first.after(next) { first.distance(next) } else { 0 };
        Some(Text::new(self.received + u64::from(ahead), body, segment.flags))
    }

    /// Whether there is no room for a segment that is acceptable: the window is closed by now, or was taken back; or there is no
    /// memory. It is dropped then, and the other side told.
    pub(crate) fn has_no_room(&mut self, text: &Text, cx: &mut Cx) -> bool {
        let (mss, next, readable) = (self.announced(), self.rcv_nxt, self.readable_len > 0);
        let (start, len, received) = (text.start(), text.len(), self.received);
        let Some(tuning) = self.tuning.as_mut().filter(|_| !text.is_bare_ack()) else { return false };
        let left = u64::from(tuning.memory.left(next));
        let at = (next + (start - received) as u32).0.into();
        let why = if start == received && left == 0 && len > 0 {
            cx.event(&kind::ZERO_WINDOW_DROP, self.id, [len as u64, at])
        } else if start > received && start - received >= left {
            cx.event(&kind::UNACCEPTABLE, self.id, [at, 0])
        } else if !self.make_room(start, mss, cx) {
            let Some(tuning) = self.tuning.as_mut() else { return false };
            // The next acknowledgment says that the window is closed.
            tuning.memory.starved |= start == received;
            self.acks.now = Some(cx.cause);
            if len == 0 || (start == received && !readable) {
                // A FIN, which takes none, and what there is nothing before are taken all the same.
                return false;
            }
            cx.event(&kind::RECEIVE_MEMORY_FULL, self.id, [len as u64, at])
        } else {
            return false;
        };
        self.acks.on_duplicate(self.rcv_wnd());
        self.acks.now = Some(why);
        true
    }

    /// Whether there is memory for a packet that begins with the offset `start`; what waits behind a gap farther on makes room for it.
    /// Otherwise what is missing could not come in, and what waits would wait for ever.
    fn make_room(&mut self, start: u64, mss: u32, cx: &mut Cx) -> bool {
        let Some(tuning) = self.tuning.as_mut() else { return true };
        if tuning.memory.admits(mss) {
            return true;
        }
        let Some(kept) = tuning.memory.prune(start) else { return false };
        self.reassembly.truncate(kept);
        let from = self.rcv_nxt + (kept.max(self.received) - self.received) as u32;
        cx.event(&kind::PRUNED, self.id, [from.0.into(), 0]);
        self.tuning.as_mut().is_none_or(|tuning| tuning.memory.admits(mss))
    }

    /// `len` bytes arrived in one packet, next in order or behind a gap (`behind`: their offsets): the memory that it takes is
    /// charged, and what it says of the other side's segments is learned.
    pub(crate) fn charge(&mut self, len: usize, remnant: bool, behind: Option<(u64, u64)>) {
        let (own, stamps, received) = (u32::from(self.config.announced_mss()), self.stamp_len(), self.received);
        let mss = self.announced();
        let header = if self.local.is_ipv4() { 40 } else { 60 } + stamps;
        let len = len as u32;
        // What an offload has put together is of the size that it says (Linux `gso_size`).
        let segment = self.config.merged_arrivals.map_or(len, |merged| len.min(merged));
        let Some(tuning) = &mut self.tuning else {
            self.acks.full = self.acks.full.max(segment.min(own));
            return;
        };
        let (memory, packet) = (&mut tuning.memory, len + header);
        match behind {
            None => memory.charge(len, packet, received),
            Some(range) => memory.charge_behind(range, packet),
        }
        if self.acks.measure(segment, mss, stamps, remnant) {
            memory.learn(len, packet);
        }
        // What the window grows by is worth telling at once.
        if (len >= 128 || behind.is_some()) && memory.widen(len, packet, mss, self.acks.full) {
            self.acks.hurry();
        }
    }
}
