//! What leaves once more: the first lost segment, the loss probe's (RFC 8985 §7.3), and what its numbers stand for.

use trace::{Cx, kinds::tcp as kind};
use wire::Body;
use wire::tcp::{Flags, Seq};

use super::new_data::Plan;
use crate::Sent;
use crate::connection::{Connection, Transmit};
use crate::recovery::Probe;
use crate::timers::Waiting;

impl Connection {
    /// Sends the first lost segment again, if the window lets it.
    pub(super) fn send_again(&mut self, cx: &mut Cx) -> Option<Transmit> {
        let at = self.flight.next_lost()?;
        if self.snd_una == self.iss && at != self.flight.numbers().start {
            // What went with a SYN waits for its answer.
            return None;
        }
        let free = self.window.cwnd > self.flight.segments() && !self.recovery.hold;
        if !self.retransmit_now && !free {
            return None;
        }
        if self.timers.pacing.is_armed() && !self.retransmit_now {
            return None;
        }
        self.retransmit_now = false;
        if self.is_refused(cx) {
            return None;
        }
        let room = self.window.cwnd.saturating_sub(self.flight.segments()).max(1);
        let push = self.ends_batch_again(at, room);
        let (out, lost) = (self.flight.segments(), self.flight.lost_ever());
        let head = self.flight.numbers().start == at;
        let sent = self.flight.resend(at, self.agreed.mss, cx.now)?;
        self.rate.stamp(sent, cx.now, out, lost);
        let sent = *sent;
        self.note_resend(cx.now);
        if self.recovery.reducing() {
            self.recovery.prr.on_sent();
        }
        let transmit = self.transmit_again(sent, push, cx);
        if self.probing {
            return Some(transmit);
        }
        self.pace(sent.len(), cx);
        // RFC 6298 §5.6 for the oldest; what may only be late has the timer first.
        if !self.timers.retransmit.is_armed() || (head && self.timers.waiting != Waiting::Reordering) {
            self.arm_retransmit(transmit.event, cx);
        }
        Some(transmit)
    }

    /// A segment leaves once more; with `push` the other side's offload need not wait for more.
    fn transmit_again(&mut self, sent: Sent, push: bool, cx: &mut Cx) -> Transmit {
        self.counts.retransmits += 1;
        self.forget_mtu_probe();
        let (flags, body) = self.contents(sent.start, sent.end);
        let flags = if push && !body.is_empty() { flags | Flags::PSH } else { flags };
        let segment = self.segment(sent.start, flags, body, cx);
        let again = cx.caused_by(self.trigger).event_for(
            &kind::RETRANSMIT,
            self.id,
            Some(sent.write),
            [sent.len().into(), sent.start.0.into()],
        );
        self.transmit(segment, again, Some(sent.write), cx)
    }

    /// RFC 8985 §7.3: new data if there is any and the receiver takes it, whatever the congestion window says; the newest segment
    /// again otherwise.
    pub(super) fn send_tail_probe(&mut self, cx: &mut Cx) -> Option<Transmit> {
        if self.is_refused(cx) {
            self.arm_retransmit_rest(self.trigger, cx);
            return None;
        }
        let unsent = if self.fin_sent { 0 } else { self.buffer.end().distance(self.snd_nxt) };
        let len = unsent.min(self.mss_now());
        if len > 0 && len <= self.window_left() {
            let fin = self.fin_wanted.is_some() && len == unsent && self.window_left() > len;
            let transmit = self.send_new(Plan { len, fin, push: false, alone: false }, cx);
            self.recovery.tlp = Some(Probe { end: self.snd_nxt, resent: false });
            return Some(transmit);
        }
        let newest = self.flight.numbers().end.checked_sub(1)?;
        if self.flight.newest()?.len() > self.agreed.mss {
            return None;
        }
        let sent = *self.flight.probe(newest, cx.now)?;
        // As on Linux it no longer belongs to the batch that it left in.
        self.flight.end_batch_before(newest);
        self.recovery.tlp = Some(Probe { end: self.snd_nxt, resent: true });
        Some(self.transmit_again(sent, false, cx))
    }

    /// What the numbers from `start` to `end` stand for: SYN, data, FIN. All of it was sent before.
    fn contents(&mut self, start: Seq, end: Seq) -> (Flags, Body) {
        if start == self.iss {
            return (Flags::SYN, Body::empty());
        }
        let data_end = end.min(self.buffer.end());
        let mut flags = if end.after(self.buffer.end()) { Flags::FIN } else { Flags::NONE };
        let mut body = Body::empty();
        if start.before(data_end) {
            let stretch = self.buffer.stretch(start, data_end.distance(start));
            if stretch.push {
                flags |= Flags::PSH;
            }
            body = stretch.body;
        }
        (flags, body)
    }
}
