//! Why new data stays where it is, and what will bring news.

use trace::{Cx, kinds::tcp as kind};

use crate::config::Qdisc;
use crate::connection::Connection;

/// Why new data stays where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Held {
    /// There is none, or this state sends none.
    Nothing,
    /// The receiver's window.
    Window,
    /// The congestion window.
    Congestion,
    /// Nagle's algorithm: so many bytes.
    Nagle(u32),
    /// The pause that pacing has after the last batch.
    Pacing,
    /// The queue of the outgoing device has no room.
    Device,
}

impl Connection {
    /// What can be sent now was sent: the timer that watches over it, and whether the window was what held the rest back.
    fn after_sending(&mut self, held: Held, cx: &mut Cx) {
        let limited = held == Held::Congestion || self.flight.segments() >= self.window.cwnd;
        let sent = std::mem::take(&mut self.sent_new);
        if sent && !self.probing && self.connected {
            self.arm_after_sending(self.sent_event, cx);
        }
        if (sent || limited) && self.connected {
            self.validate_window(limited, cx);
        }
    }

    /// Nothing more can be sent now: says why, once, and sees to it that something will bring news.
    pub(super) fn hold(&mut self, held: Held, cx: &mut Cx) {
        self.window_full &= held == Held::Window;
        self.end_pace(cx);
        if self.mtu.route.is_some() {
            self.expect_route();
        }
        (self.batch_left, self.again_left) = (0, 0);
        self.push_now = false;
        let busy = !self.flight.is_empty() || self.unsent() > 0;
        let by_receiver = held == Held::Window && self.flight.segments() < self.window.cwnd;
        if self.limits.program_is_waiting() {
            self.grow_send_buffer();
        }
        self.after_sending(held, cx);
        // As on Linux the buffer is too small only where the congestion window is not used either.
        let all_sent = self.unsent() == 0 && !self.is_cwnd_limited();
        self.limits.look(busy && self.connected, by_receiver, all_sent, cx.now);
        match held {
            Held::Nothing => {
                if self.connected && self.flight.segments() < self.window.cwnd && !self.flight.any_lost() {
                    self.rate.app_limited(self.flight.pipe());
                }
            }
            Held::Window => self.hold_for_window(cx),
            Held::Nagle(len) => {
                if !self.nagle_held {
                    self.nagle_held = true;
                    let why = if self.holds_for_more() { &kind::CORK_HELD } else { &kind::NAGLE_HELD };
                    cx.caused_by(self.trigger).event(why, self.id, [len.into(), 0]);
                }
                // As on Linux nothing waits for ever: with nothing in flight the probe timer has it leave.
                if self.flight.is_empty() {
                    self.begin_probing(self.trigger, cx);
                }
            }
            Held::Device if self.flight.is_empty() => self.begin_probing(self.trigger, cx),
            Held::Device | Held::Congestion | Held::Pacing => {}
        }
    }

    /// Whether the outgoing device refuses what is sent. That is congestion on this side of the first link: as on Linux
    /// (`tcp_transmit_skb`) the window comes down as for a mark, and what was refused counts as never sent.
    pub(crate) fn is_refused(&mut self, cx: &mut Cx) -> bool {
        if self.config.qdisc != Qdisc::Full {
            return false;
        }
        let refused = cx.caused_by(self.trigger).event(&kind::DEVICE_FULL, self.id, [0, 0]);
        self.enter_cwr(&mut cx.caused_by(refused));
        true
    }

    /// The receiver's window holds data back. With something in flight its acknowledgment brings news; without, a timer asks.
    fn hold_for_window(&mut self, cx: &mut Cx) {
        let waiting = self.buffer.end().distance(self.snd_nxt.min(self.buffer.end()));
        let mut cause = self.trigger;
        if self.snd_wnd > 0 && !self.flight.is_empty() {
            if !std::mem::replace(&mut self.window_full, true) {
                cx.caused_by(cause).event(&kind::WINDOW_FULL, self.id, [waiting.into(), 0]);
            }
            return;
        }
        if !self.window_closed {
            self.window_closed = true;
            cause = cx.caused_by(cause).event(&kind::WINDOW_CLOSED, self.id, [waiting.into(), 0]);
        }
        if self.flight.is_empty() {
            self.begin_probing(cause, cx);
        }
    }
}
