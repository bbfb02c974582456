//! Pacing: at which rate segments leave, and the pause after each batch of them.

use base::{Duration, Rate};
use trace::Cx;

use crate::config::Qdisc;
use crate::connection::Connection;

/// As on Linux the first segments of a connection are not spaced (`tcp_update_skb_after_send`): there are few of them. A congestion
/// control with a rate of its own spaces them all the same, unless segments leave in Linux' batches.
const FIRST_BURST: u64 = 10;

impl Connection {
    /// At which rate segments leave, if at one; otherwise as acknowledgments come.
    pub(crate) fn pacing_rate(&self) -> Option<Rate> {
        let own = || (self.config.qdisc == Qdisc::Fq).then(|| self.usual_rate()).flatten();
        self.congestion.pacing().or_else(own)
    }

    /// The rate of a window in a round trip with some room to grow: twice as much in slow start, a fifth more beyond (Linux
    /// `tcp_update_pacing_rate`). `None` before a round trip was measured.
    pub(super) fn usual_rate(&self) -> Option<Rate> {
        let share = if self.window.cwnd < self.window.ssthresh / 2 { 200 } else { 120 };
        let micros = u64::try_from(self.rtt.srtt()?.as_micros()).ok().filter(|&micros| micros > 0)?;
        let segments = u64::from(self.window.cwnd.max(self.flight.len() as u32));
        let window = u64::from(self.agreed.mss.max(1)) * segments * share / 100;
        Some(Rate(window.saturating_mul(8_000_000) / micros))
    }

    /// `len` bytes have left: where segments are paced, a pause follows the batch that they belong to
    /// (draft-ietf-ccwg-bbr-06 §5.6.2).
    pub(crate) fn pace(&mut self, len: u32, cx: &mut Cx) {
        let Some(rate) = self.pacing_rate() else { return };
        self.unpaced += len;
        if self.batch_left == 0 && self.again_left == 0 {
            self.pause(rate, cx);
        }
    }

    /// The batch is over, or is cut short here.
    pub(super) fn end_pace(&mut self, cx: &mut Cx) {
        if self.unpaced > 0
            && let Some(rate) = self.pacing_rate()
        {
            self.pause(rate, cx);
        }
    }

    fn pause(&mut self, rate: Rate, cx: &mut Cx) {
        let pause = rate.time_for(std::mem::take(&mut self.unpaced) as usize);
        if (self.config.batch.is_some() || self.congestion.pacing().is_none()) && self.data_sent() < FIRST_BURST {
            return;
        }
        // As Linux: a timer that was late, as timers of real machines are, is made up for by up to half of a pause.
        let late = (cx.now - self.paced_until).clamp(Duration::ZERO, pause / 2);
        self.paced_until = cx.now + pause - late;
        self.timers.pacing.arm(cx.now, pause - late, self.trigger);
    }

    /// Segments of data that were sent so far.
    fn data_sent(&self) -> u64 {
        let out = self.flight.len() as u32 - self.flight.sacked();
        // Our SYN was delivered as well.
        (self.counts.delivered + self.counts.retransmits + u64::from(out)).saturating_sub(1)
    }
}
