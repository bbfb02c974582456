//! How large the receive buffer should be (Linux `tcp_rcv_space_adjust`, "dynamic right-sizing"): what the program has read in a
//! round trip says what the other side may send in the next. A program that reads slowly gets no more room than it uses.

use base::{Duration, Instant};
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::Seq;

use crate::connection::Connection;
use crate::memory::Memory;

/// What is measured on the receiving side.
#[derive(Clone, Debug)]
pub(crate) struct Tuning {
    /// What packets may take, and take.
    pub(crate) memory: Memory,
    /// A program has it: what nobody has accepted yet needs no more room.
    pub(crate) owned: bool,
    /// The most that the program has read in a round trip; at first what ten segments hold, as an initial window does.
    pub(crate) space: u64,
    /// When the measurement under way began, and what the program had read by then.
    since: Instant,
    read: u64,
    /// The round trip as the receiver sees it.
    pub(crate) rtt: Option<Duration>,
    /// The timestamp that was echoed last: each is measured once.
    last_echo: Option<u32>,
    /// Without timestamps: a window is a round trip at most. Its end, and when it began.
    lap: Option<(Seq, Instant)>,
}

impl Tuning {
    pub(crate) fn new(memory: Memory, now: Instant) -> Tuning {
        Tuning { memory, owned: true, space: 0, since: now, read: 1, rtt: None, last_echo: None, lap: None }
    }

    /// Linux `tcp_rcv_rtt_update`: the least counts at once, what is more by an eighth; not where a whole window was waited
    /// for, or while data is unread, as the program may have held the other side up.
    fn measured(&mut self, sample: Duration, by_window: bool, unread: bool) {
        match self.rtt {
            Some(known) if sample >= known => {
                if !by_window && !unread {
                    self.rtt = Some(known - known / 8 + sample / 8);
                }
            }
            _ => self.rtt = Some(sample),
        }
    }
}

impl Connection {
    /// The listener's program has accepted it.
    pub fn take_over(&mut self) {
        if let Some(tuning) = &mut self.tuning {
            tuning.owned = true;
        }
    }

    /// What of a segment timestamps take (RFC 7323 §3.2, padded).
    pub(crate) fn stamp_len(&self) -> u32 {
        if self.agreed.timestamps { 12 } else { 0 }
    }
    /// The data of a full segment of the size that we announce (Linux `advmss`).
    pub(crate) fn announced(&self) -> u32 {
        u32::from(self.config.announced_mss()).saturating_sub(self.stamp_len())
    }

    /// The handshake is complete: what is read counts from here.
    pub(crate) fn begin_tuning(&mut self, now: Instant) {
        let read = self.received.saturating_sub(self.readable_len as u64);
        let mss = self.announced();
        if let Some(tuning) = &mut self.tuning {
            tuning.memory.open(mss);
            let space = tuning.memory.threshold.min(tuning.memory.window).min(10 * mss);
            (tuning.since, tuning.read, tuning.space) = (now, read, space.into());
        }
    }

    /// Data has arrived that echoes the timestamp `echo`: a round trip of the receiver's, from what it acknowledged to what was
    /// sent by it.
    pub(crate) fn measure_round_trip(&mut self, len: usize, echo: Option<u32>, now: Instant) {
        let (clock, full) = (self.ts_now(now), self.acks.full as usize);
        let (unread, nxt, end) = (self.readable_len > 0, self.rcv_nxt, self.rcv_adv);
        let Some(tuning) = &mut self.tuning else { return };
        if let Some(echo) = echo.filter(|&echo| echo != 0 && tuning.last_echo != Some(echo)) {
            tuning.last_echo = Some(echo);
            let elapsed = clock.wrapping_sub(echo);
            if len >= full && elapsed > 0 && elapsed < i32::MAX as u32 {
                tuning.measured(Duration::from_millis(elapsed.into()), false, unread);
            }
        }
        match tuning.lap {
            Some((until, _)) if nxt.before(until) => return,
            Some((_, began)) => tuning.measured((now - began).max(Duration::from_micros(1)), true, unread),
            None => {}
        }
        tuning.lap = Some((end.max(nxt), now));
    }

    /// The program reads, `first` bytes to begin with. Once in a round trip: if it has read more than ever, the buffer shall hold
    /// twice as much, as what the other side sends now is a round trip late, and as much more as it may send by then in slow
    /// start. What waits unread counts against it: who does not keep up needs no more room.
    pub(crate) fn tune_buffer(&mut self, first: usize, cx: &mut Cx) {
        let unread = self.readable_len.saturating_sub(first) as u64;
        let read = self.received.saturating_sub(unread);
        let Some(tuning) = &mut self.tuning else { return };
        if tuning.rtt.is_none_or(|rtt| cx.now - tuning.since < rtt) {
            return;
        }
        let copied = read.saturating_sub(tuning.read).saturating_sub(unread);
        (tuning.since, tuning.read) = (cx.now, read);
        if copied <= tuning.space {
            return;
        }
        self.grow_buffer(copied, cx);
    }

    /// The program reads `data` bytes in a round trip, or as much as before if something has arrived out of order (Linux
    /// `tcp_rcvbuf_grow`).
    pub(crate) fn grow_buffer(&mut self, data: u64, cx: &mut Cx) {
        let behind = self.reassembly.end().map_or(0, |end| end.saturating_sub(self.received));
        let Some(tuning) = &mut self.tuning else { return };
        let before = std::mem::replace(&mut tuning.space, data);
        let twice = data.saturating_mul(2);
        let growth = u128::from(twice) * u128::from(data.saturating_sub(before)) / u128::from(before.max(1));
        let wanted = u128::from(twice) + 2 * growth + u128::from(behind);
        let from = tuning.memory.limit;
        if self.config.tune_receive_buffer && tuning.owned && tuning.memory.hold(wanted) {
            cx.event(&kind::RECEIVE_BUFFER, self.id, [from.into(), tuning.memory.limit.into()]);
        }
    }
}
