//! What leaves, and when (RFC 9293 §3.8): retransmissions first, then new data as the windows, Nagle and silly window
//! avoidance let it, then bare acknowledgments.

mod batch;
mod build;
mod hold;
mod new_data;
mod pace;
mod resend;

use base::EventId;
use trace::{Cx, kinds::tcp as kind};
use wire::Body;
use wire::tcp::{Flags, Seq, State};

use crate::Segment;
use crate::connection::{Connection, Transmit};

impl Connection {
    /// The next segment to send, until there is none.
    pub fn poll_transmit(&mut self, cx: &mut Cx) -> Option<Transmit> {
        if !self.outbox.is_empty() {
            let (segment, cause) = self.outbox.remove(0);
            return Some(self.transmit(segment, cause, None, cx));
        }
        if self.state == State::CLOSED || self.is_quiet() {
            return None;
        }
        if std::mem::take(&mut self.probe_tail_now)
            && let Some(transmit) = self.send_tail_probe(cx)
        {
            return Some(transmit);
        }
        // F-RTO, step 2.b: new data before what may not be lost.
        let new_first = self.recovery.new_first;
        if !new_first && let Some(transmit) = self.send_again(cx) {
            return Some(transmit);
        }
        match self.plan(cx) {
            Ok(plan) => return Some(self.send_new(plan, cx)),
            Err(held) => self.hold(held, cx),
        }
        if new_first {
            self.recovery.new_first = false;
            if self.snd_nxt.after(self.recovery.until) {
                self.recovery.hold = true;
            } else {
                self.recovery.frto = false;
                if let Some(transmit) = self.send_again(cx) {
                    return Some(transmit);
                }
            }
        }
        let cause = self.acks.now?;
        _ = self.is_refused(cx);
        let ack = self.segment(self.snd_nxt, Flags::ACK, Body::empty(), cx);
        Some(self.transmit(ack, cause, None, cx))
    }

    /// Whether there is nothing to say and nothing has changed since that was found out last: so it is for who only receives,
    /// with each segment but those that are to be acknowledged at once.
    pub(crate) fn is_quiet(&self) -> bool {
        self.acks.now.is_none() && self.outbox.is_empty() && self.has_only_ack()
    }

    /// The same, but for an acknowledgment that is to be sent at once.
    pub(crate) fn has_only_ack(&self) -> bool {
        let nothing = self.flight.is_empty() && self.buffer.end() == self.snd_nxt;
        let looked = !self.window_full && !self.push_now && !self.sent_new && self.batch_left == 0;
        let idle = self.limits.is_idle() && self.rate.is_idle();
        self.connected && self.fin_wanted.is_none() && nothing && looked && idle && !self.recovery.new_first
    }

    /// A segment that is not part of the stream waits to be sent because of `cause`.
    pub(crate) fn post(&mut self, segment: Segment, cause: EventId) {
        // Each input makes one at most; whoever does not poll in between loses the surplus.
        if self.outbox.len() < 4 {
            self.outbox.push((segment, cause));
        }
    }

    /// The segment leaves.
    fn transmit(&mut self, segment: Segment, cause: EventId, because: Option<EventId>, cx: &mut Cx) -> Transmit {
        let event = self.note_transmit((segment.flags, segment.seq, segment.ack), cause, because, cx);
        Transmit { segment, event }
    }

    /// A segment with these flags, this number and this acknowledgment leaves: what is settled by that, and the event of it.
    pub(crate) fn note_transmit(
        &mut self,
        (flags, seq, ack): (Flags, Seq, Seq),
        cause: EventId,
        because: Option<EventId>,
        cx: &mut Cx,
    ) -> EventId {
        if flags.contains(Flags::ACK) && !flags.contains(Flags::RST) {
            self.acks.on_ack_sent();
            self.timers.delayed_ack.stop();
            self.challenging = false;
            self.repeated = None;
            self.ts.last_ack_sent = ack;
        }
        if self.mtu.route.is_some() {
            self.look_route_up();
        }
        self.counts.sent += 1;
        let args = [flags.0.into(), seq.0.into()];
        cx.caused_by(cause).event_for(&kind::SENT, self.id, because, args)
    }
}
