//! The window that we offer (RFC 9293 §3.8.6): how large it is, and when its growth is worth telling.

use trace::{Cx, kinds::tcp as kind};

use crate::connection::Connection;

impl Connection {
    /// How much may be offered: what of the buffer is free, as far as a window field can say.
    fn free_window(&self) -> u32 {
        let free = self.buffer_now().saturating_sub(self.readable_len);
        let free = free.min(65_535 << self.agreed.rcv_shift) as u32;
        if free <= self.offer_most {
            return free;
        }
        // Rounded up, or a small window would be scaled away.
        self.offer_most.next_multiple_of(1 << self.agreed.rcv_shift).min(free)
    }

    /// A segment of `len` bytes has arrived in order: the sender may be offered more (Linux `tcp_grow_window`).
    pub(crate) fn grow_offer(&mut self, len: u32) {
        if self.config.grow_window {
            let most = self.buffer_now().saturating_sub(self.readable_len);
            let most = u32::try_from(most).unwrap_or(u32::MAX);
            let step = 2 * u32::from(self.config.mss).max(len);
            self.offer_most = self.offer_most.saturating_add(step).min(most.max(self.offer_most));
        }
    }

    /// RFC 9293 §3.8.6.2.2, silly window avoidance: the least by which the window is worth widening.
    fn window_step(&self) -> u32 {
        if !self.config.avoid_silly_windows {
            return 0;
        }
        (self.buffer_now() / 2).min(self.acks.full as usize) as u32
    }

    /// The window field of a segment that leaves now.
    pub(crate) fn offer_window(&mut self) -> u16 {
        let (free, left) = (self.free_window(), self.rcv_wnd());
        let offer = if free >= left.saturating_add(self.window_step().max(1)) { free } else { left };
        self.offered = self.offered.max(offer);
        let field = (offer >> self.agreed.rcv_shift).min(65_535);
        // RFC 7323 §2.4: rounding may let the field shrink; what was promised stays acceptable.
        self.rcv_adv = self.rcv_adv.max(self.rcv_nxt + (field << self.agreed.rcv_shift));
        field as u16
    }

    /// The program has read: tell a sender that waits. As on Linux, when the window at least doubles by it, up to what was
    /// offered before: what is free beyond that is told with the next acknowledgment.
    pub(crate) fn after_reading(&mut self, cx: &mut Cx) {
        if self.fin_received || !self.connected || self.is_closed() {
            return;
        }
        let (free, left) = (self.free_window().min(self.offered), self.rcv_wnd());
        if free / 2 >= left && free >= left.saturating_add(self.window_step().max(1)) {
            self.acks.now = Some(cx.event(&kind::WINDOW_UPDATE, self.id, [free.into(), 0]));
        }
    }
}
