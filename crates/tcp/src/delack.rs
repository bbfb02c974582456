//! When to acknowledge (RFC 9293 §3.8.6.3, RFC 5681 §4.2), with Linux's quick acknowledgments at the start.

use base::{Duration, EventId, Instant};

/// Linux's bounds of a delayed acknowledgment; RFC 9293 §3.8.6.3 (MUST-40) allows less than 500 ms.
const MIN: Duration = Duration::from_millis(40);
const MAX: Duration = Duration::from_millis(200);
/// A tick of Linux's timers (HZ=1000).
const TICK: Duration = Duration::from_millis(1);
/// How many segments are acknowledged at once at the start, so that the sender's slow start gets going.
const QUICK: u32 = 16;

/// Whether, why and when an acknowledgment is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acks {
    /// An acknowledgment is to be sent now, because of this event.
    pub(crate) now: Option<EventId>,
    /// Bytes of data that arrived in order and are not acknowledged yet.
    pub(crate) pending: u32,
    /// How many more to acknowledge at once.
    quick: u32,
    /// The conversation goes back and forth: data of ours will carry the acknowledgment.
    pingpong: bool,
    /// How long to hold back, after the gaps between arrivals; zero before the first.
    ato: Duration,
    last_data: Instant,
    /// The largest segment that arrived: what a full one is.
    pub(crate) full: u32,
    /// The length of the last one, if it was smaller; and whether small ones wait to be acknowledged, one or more.
    last_small: u32,
    small: u8,
}

impl Acks {
    /// Nothing has arrived yet.
    pub(crate) const NEW: Acks = Acks {
        now: None,
        pending: 0,
        quick: 0,
        pingpong: false,
        ato: Duration::ZERO,
        last_data: Instant::ZERO,
        full: 536,
        last_small: 0,
        small: 0,
    };

    /// When data arrived last.
    pub(crate) fn last_data(&self) -> Instant {
        self.last_data
    }
    /// The connection is complete: from now on the silence counts.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.last_data = self.last_data.max(now);
    }

    /// The connection is complete, and its program waits to write: the acknowledgment is held back for that data (Linux
    /// `tcp_rcv_synsent_state_process`), which then counts as an answer.
    pub(crate) fn wait_for_writer(&mut self) {
        (self.ato, self.quick, self.pingpong) = (MIN, QUICK, false);
    }

    /// A segment with `len` bytes of data arrived, and `stamps` bytes of timestamps: learns what a full one is, at most `most` bytes
    /// (Linux `tcp_measure_rcv_mss`). `remnant`: it was pushed, so that it may be the last of several. Whether it is not as long as
    /// a full one was so far, but longer.
    pub(crate) fn measure(&mut self, len: u32, most: u32, stamps: u32, remnant: bool) -> bool {
        let last = std::mem::take(&mut self.last_small);
        if len >= self.full {
            let changes = len != self.full;
            self.full = len.min(most);
            return changes;
        }
        // RFC 9293 §3.7.1: nobody has to take less than 536 bytes; two alike that are smaller show what the path takes.
        if len + stamps >= 536 || (len + stamps >= 88 && !remnant) {
            self.last_small = len;
            if len == last {
                self.full = len;
                return false;
            }
        }
        self.small = (self.small + 1).min(2);
        false
    }

    /// The program has read all there is: if the last that arrived was less than a full segment, the other side may wait for the
    /// acknowledgment (Linux `tcp_cleanup_rbuf`).
    pub(crate) fn due_when_read(&self) -> bool {
        self.small > 1 || (self.small == 1 && !self.pingpong)
    }

    /// A segment arrived in order, and with it `delivered` bytes can be read. `window` is what we offer. Whether to acknowledge at once say
    /// [`Acks::has_many`] and [`Acks::is_quick`].
    pub(crate) fn on_data(&mut self, now: Instant, delivered: u32, window: u32, rto: Duration) {
        self.pending = self.pending.saturating_add(delivered);
        if self.ato == Duration::ZERO {
            // The first data: the sender is in slow start.
            self.quick = self.quick_for(window);
            self.ato = MIN;
        } else {
            let gap = now - self.last_data;
            if gap <= MIN / 2 {
                self.ato = self.ato / 2 + MIN / 2;
            } else if gap < self.ato {
                self.ato = (self.ato / 2 + gap).min(rto);
            } else if gap > rto {
                // The sender was idle and may be in slow start again.
                self.quick = self.quick_for(window);
            }
        }
        self.last_data = now;
    }

    /// RFC 5681 §4.2: at least every second full segment is acknowledged at once.
    pub(crate) fn has_many(&self) -> bool {
        self.pending > self.full
    }
    /// Whether each segment is.
    pub(crate) fn is_quick(&self) -> bool {
        self.quick > 0 && !self.pingpong
    }
    /// The next one is, at least.
    pub(crate) fn hurry(&mut self) {
        self.quick |= 1;
    }
    /// No longer.
    pub(crate) fn end_quick(&mut self) {
        self.quick = 0;
    }

    /// Linux: as many as fill half of the window, at most 16.
    fn quick_for(&self, window: u32) -> u32 {
        (window / (2 * self.full)).clamp(2, QUICK)
    }

    /// Something arrived twice: the sender repairs a loss, and acknowledgments that come at once help it.
    pub(crate) fn on_duplicate(&mut self, window: u32) {
        self.quick = self.quick.max(self.quick_for(window));
        self.pingpong = false;
    }

    /// How long to hold an acknowledgment back.
    pub(crate) fn delay(&self, srtt: Option<Duration>) -> Duration {
        if self.ato == Duration::ZERO {
            // No data has arrived yet, only a FIN: as on Linux the acknowledgment leaves with the next tick of the clock.
            return TICK;
        }
        let bound = if self.pingpong { MAX } else { Duration::from_millis(500) };
        let bound = srtt.map_or(bound, |srtt| bound.min(srtt.max(MIN)));
        self.ato.max(MIN).min(bound).min(MAX)
    }

    /// The delayed acknowledgment became due: the guess was wrong.
    pub(crate) fn on_timer(&mut self, rto: Duration) {
        if self.pingpong {
            self.pingpong = false;
            self.ato = MIN;
        } else {
            self.ato = (self.ato * 2).min(rto);
        }
    }

    /// Data of ours is sent: an answer, if it follows what arrived closely.
    pub(crate) fn on_data_sent(&mut self, now: Instant) {
        if self.ato > Duration::ZERO && now - self.last_data < self.ato {
            self.pingpong = true;
        }
    }

    /// A segment with an acknowledgment is sent.
    pub(crate) fn on_ack_sent(&mut self) {
        (self.now, self.small) = (None, 0);
        if self.pending > 0 {
            self.pending = 0;
            self.quick = self.quick.saturating_sub(1);
        }
    }
}
