//! Batches: which segments leave together, as an offload would be given them, so that the last of each is pushed.

use crate::connection::Connection;

impl Connection {
    /// How many segments leave as one batch, as an offload would be given them (Linux `tcp_tso_autosize`): what the path takes
    /// in a millisecond, more if it is short; at least `least`.
    fn batch_size(&self, least: u32) -> u32 {
        const MOST: u64 = 65_536;
        let mss = u64::from(self.agreed.mss.max(1));
        let window = self.window;
        let micros = |span: base::Duration| u64::try_from(span.as_micros()).unwrap_or(0);
        // draft-ietf-ccwg-bbr-06 §5.6.3: at low rates one segment at a time, otherwise at least two.
        let (rate, least) = match self.congestion.pacing() {
            Some(rate) => (Some(rate), if rate.0 < 1_200_000 { 1 } else { 2 }),
            None => (self.usual_rate(), least),
        };
        let rate = rate.map_or(u64::MAX, |rate| rate.0 / 8);
        let short = self.min_rtt.get().map_or(0, micros) >> 9;
        let bytes = (rate >> 10).saturating_add(if short < 32 { MOST >> short } else { 0 }).min(MOST);
        let autosized = (bytes / mss).max(least.into()) as u32;
        let free = window.cwnd.saturating_sub(self.segments_of_data());
        let unsent = self.buffer.end().distance(self.snd_nxt);
        let waiting = self.buffer.record_left(self.snd_nxt).map_or(unsent, |record| record.min(unsent));
        let ready = waiting.div_ceil(self.agreed.mss).min((self.window_left() / self.agreed.mss).max(1));
        if self.buffer.urgent().is_some() {
            // As on Linux, where an offload would have to move the pointer.
            return 1;
        }
        // At least two batches fill the window.
        autosized.min(free).min(ready).min((window.cwnd / 2).max(1)).max(1)
    }

    /// Whether the segment that is sent now is the last of a batch of several.
    pub(super) fn ends_batch(&mut self) -> bool {
        let Some(least) = self.config.batch else { return false };
        if self.batch_left == 0 {
            self.batch_left = self.batch_size(least);
            self.batch_many = self.batch_left > 1;
        }
        self.batch_left -= 1;
        self.batch_left == 0 && self.batch_many
    }

    /// The same of the segment `at` that is sent again, as the first of at most `room`: what lies together in an offload's segment
    /// leaves together again, as far as it is lost.
    pub(super) fn ends_batch_again(&mut self, at: u64, room: u32) -> bool {
        if self.config.batch.is_none() {
            return false;
        }
        if self.again_left == 0 {
            let mut left = 0;
            for number in at..self.flight.numbers().end {
                let Some(sent) = self.flight.get(number).filter(|sent| sent.lost && !sent.resent) else { break };
                left += sent.len().div_ceil(self.agreed.mss.max(1)).max(1);
                if sent.ends_batch || left >= room {
                    break;
                }
            }
            self.again_left = left.min(room).max(1);
            self.again_many = self.again_left > 1;
        }
        self.again_left -= 1;
        self.again_left == 0 && self.again_many
    }
}
