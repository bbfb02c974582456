//! What a connection tells of its figures: how much is in flight and may be, both windows, both buffers, the
//! pacing rate, timers that stop. Told
//! when they have changed by the time that the connection is quiet again.

use trace::{Cx, kinds::tcp as kind};

use crate::connection::Connection;

/// The figures as they were told last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Told {
    /// In flight, and the congestion window.
    flight: [u32; 2],
    /// SND.WND and RCV.WND.
    windows: [u32; 2],
    /// Bytes in the send and the receive buffer.
    buffers: [u32; 2],
    /// The pacing rate, in bytes a second; 0: none.
    pacing: u64,
}

impl Connection {
    /// Tells the figures that have changed since they were told last. Call it when [`Connection::poll_transmit`] has given all;
    /// `cx` says what happened.
    pub fn tell_figures(&mut self, cx: &mut Cx) {
        if cx.cause.is_none() {
            return;
        }
        if self.timers.any_stopped() {
            for (timer, stopped) in self.timers.take_stopped().into_iter().enumerate() {
                if stopped {
                    cx.event(&kind::TIMER_STOPPED, self.id, [timer as u64, 0]);
                }
            }
        }
        let flight = [self.flight.pipe(), self.window.cwnd.saturating_mul(self.agreed.mss)];
        if self.told.flight != flight {
            self.told.flight = flight;
            cx.event(&kind::FLIGHT, self.id, flight.map(u64::from));
        }
        let windows = [self.snd_wnd, self.rcv_wnd()];
        if self.told.windows != windows {
            self.told.windows = windows;
            cx.event(&kind::WINDOWS, self.id, windows.map(u64::from));
        }
        self.tell_buffers(cx);
        let pacing = self.pacing_to_tell();
        if self.told.pacing != pacing {
            self.told.pacing = pacing;
            cx.event(&kind::PACING, self.id, [pacing, 0]);
        }
    }

    /// The same for the buffers alone: where nothing else can have changed, as when the program has read.
    #[inline]
    pub fn tell_buffers(&mut self, cx: &mut Cx) {
        let buffers = [self.queued() as u32, self.readable_len as u32];
        if self.told.buffers != buffers && !cx.cause.is_none() {
            self.told.buffers = buffers;
            cx.event(&kind::BUFFERS, self.id, buffers.map(u64::from));
        }
    }

    /// The pacing rate, or what was told of it last if it has changed by less than a hundredth.
    fn pacing_to_tell(&self) -> u64 {
        let (now, told) = (self.pacing_rate().map_or(0, |rate| rate.0 / 8), self.told.pacing);
        if now.abs_diff(told) <= told / 100 { told } else { now }
    }
}
