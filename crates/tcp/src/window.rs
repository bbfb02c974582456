//! The window that we offer (RFC 9293 §3.8.6): how large it is, and when its growth is worth telling.

use trace::{Cx, kinds::tcp as kind};

use crate::connection::Connection;

impl Connection {
    /// The window field of a SYN, or of a SYN-ACK.
    pub(crate) fn first_window(&self, answer: bool) -> u16 {
        let window = match &self.tuning {
            Some(tuning) => tuning.memory.window as usize,
            None if answer => self.rcv_wnd() as usize,
            None => self.config.receive_buffer,
        };
        window.min(65_535) as u16
    }

    /// How much may be offered: what of the buffer is free, as far as a window field can say.
    fn free_window(&self) -> u32 {
        let free = self.config.receive_buffer.saturating_sub(self.readable_len);
        free.min(65_535 << self.agreed.rcv_shift) as u32
    }

    /// RFC 9293 §3.8.6.2.2, silly window avoidance: the least by which the window is worth widening.
    fn window_step(&self) -> u32 {
        if !self.config.avoid_silly_windows {
            return 0;
        }
        (self.config.receive_buffer / 2).min(self.acks.full as usize) as u32
    }

    /// The window field of a segment that leaves now.
    pub(crate) fn offer_window(&mut self) -> u16 {
        if self.tuning.is_some() {
            return self.offer_memory();
        }
        let (free, left) = (self.free_window(), self.rcv_wnd());
        let offer = if free >= left.saturating_add(self.window_step().max(1)) { free } else { left };
        self.offered = self.offered.max(offer);
        let field = (offer >> self.agreed.rcv_shift).min(65_535);
        // RFC 7323 §2.4: rounding may let the field shrink; what was promised stays acceptable.
        self.rcv_adv = self.rcv_adv.max(self.rcv_nxt + (field << self.agreed.rcv_shift));
        field as u16
    }

    /// The window that the receive buffer's memory has room for.
    fn select_window(&mut self) -> u32 {
        let full = if self.config.avoid_silly_windows { self.acks.full } else { 1 };
        let (shift, shrinks) = (self.agreed.rcv_shift, self.config.shrink_window);
        let Some(tuning) = &self.tuning else { return 0 };
        if tuning.memory.is_tight() {
            self.acks.end_quick();
        }
        tuning.memory.select(shift, full, shrinks)
    }

    /// Whether an acknowledgment that leaves now would move the window's right edge; otherwise the program's reading will have it
    /// leave (Linux `__tcp_ack_snd_check`).
    pub(crate) fn would_advance(&mut self) -> bool {
        let window = self.select_window();
        self.tuning.as_ref().is_none_or(|tuning| window >= tuning.memory.window)
    }

    /// As [`Connection::offer_window`], where memory is counted (Linux `tcp_select_window`).
    fn offer_memory(&mut self) -> u16 {
        let (wanted, shift, next) = (self.select_window(), self.agreed.rcv_shift, self.rcv_nxt);
        let shrinks = self.config.shrink_window && shift > 0;
        let Some(tuning) = &mut self.tuning else { return 0 };
        let memory = &mut tuning.memory;
        if std::mem::take(&mut memory.starved) {
            (memory.window, memory.edge) = (0, next);
            return 0;
        }
        let left = memory.left(next);
        // RFC 9293 §3.8.6 (SHLD-14): what was offered is not taken back.
        let window = if wanted < left && !shrinks { left.next_multiple_of(1 << shift) } else { wanted };
        (memory.window, memory.edge) = (window, next + window);
        self.rcv_adv = self.rcv_adv.max(memory.edge);
        (window.min(65_535 << shift) >> shift) as u16
    }

    /// The program has read: tell a sender that waits, as Linux does, when the window at least doubles by it; and acknowledge what
    /// it may wait for.
    pub(crate) fn after_reading(&mut self, cx: &mut Cx) {
        if self.fin_received || !self.connected || self.is_closed() {
            return;
        }
        let (new, left) = match &self.tuning {
            None => {
                // Up to what was offered before: what is free beyond that is told with the next acknowledgment.
                let (free, left) = (self.free_window().min(self.offered), self.rcv_wnd());
                (if free >= left.saturating_add(self.window_step().max(1)) { free } else { 0 }, left)
            }
            Some(tuning) => {
                let all = tuning.memory.taken == 0;
                if self.timers.delayed_ack.is_armed()
                    && (self.has_many_unacknowledged() || (all && self.acks.due_when_read()))
                {
                    self.acks.now = Some(cx.event(&kind::ACK_NOW, self.id, [self.rcv_nxt.0.into(), 0]));
                    return;
                }
                let left = tuning.memory.left(self.rcv_nxt);
                let worth = !tuning.memory.is_wide(left) && !self.read_shut;
                (if worth { self.select_window() } else { 0 }, left)
            }
        };
        if new > 0 && new / 2 >= left {
            self.acks.now = Some(cx.event(&kind::WINDOW_UPDATE, self.id, [new.into(), 0]));
        }
    }

    /// How many bytes of memory may wait for the program (SO_RCVBUF), from now on.
    pub fn set_receive_buffer(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX >> 1);
        match &mut self.tuning {
            Some(tuning) => tuning.memory.fix(bytes),
            None => self.config.receive_buffer = bytes as usize,
        }
    }
}
