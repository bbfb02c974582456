//! How large the receive buffer should be (Linux `tcp_rcv_space_adjust`, "dynamic right-sizing"): what the program has read in a
//! round trip says what the other side may send in the next. A program that reads slowly gets no more room than it uses.

use base::{Duration, Instant};
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::Seq;

use crate::connection::Connection;

/// What is measured on the receiving side.
#[derive(Clone, Debug)]
pub(crate) struct Tuning {
    /// How many bytes may wait for the program now.
    pub(crate) buffer: usize,
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
    pub(crate) fn new(buffer: usize, now: Instant) -> Tuning {
        Tuning { buffer, space: 0, since: now, read: 1, rtt: None, last_echo: None, lap: None }
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
    /// How many bytes may wait for the program.
    pub(crate) fn buffer_now(&self) -> usize {
        self.tuning.as_ref().map_or(self.config.receive_buffer, |tuning| tuning.buffer)
    }

    /// The handshake is complete: what is read counts from here.
    pub(crate) fn begin_tuning(&mut self, now: Instant) {
        let read = self.received.saturating_sub(self.readable_len as u64);
        // What of a segment timestamps take (RFC 7323 §3.2, padded).
        let options = if self.agreed.timestamps { 12 } else { 0 };
        let space = u64::from(self.config.mss.saturating_sub(options)) * 10;
        if let Some(tuning) = &mut self.tuning {
            (tuning.since, tuning.read, tuning.space) = (now, read, space);
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
        let behind = self.reassembly.end().map_or(0, |end| end.saturating_sub(self.received));
        let Some(tuning) = &mut self.tuning else { return };
        if tuning.rtt.is_none_or(|rtt| cx.now - tuning.since < rtt) {
            return;
        }
        let copied = read.saturating_sub(tuning.read).saturating_sub(unread);
        (tuning.since, tuning.read) = (cx.now, read);
        if copied <= tuning.space {
            return;
        }
        let before = std::mem::replace(&mut tuning.space, copied);
        let twice = copied.saturating_mul(2);
        let growth = u128::from(twice) * u128::from(copied - before) / u128::from(before.max(1));
        let wanted = u128::from(twice) + 2 * growth + u128::from(behind);
        let buffer = usize::try_from(wanted).unwrap_or(usize::MAX).min(self.config.receive_buffer);
        if self.config.tune_receive_buffer && buffer > tuning.buffer {
            let from = std::mem::replace(&mut tuning.buffer, buffer);
            cx.event(&kind::RECEIVE_BUFFER, self.id, [from as u64, buffer as u64]);
        }
    }
}
