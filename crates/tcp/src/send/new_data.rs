//! New data: how much of it is to leave now (RFC 9293 §3.8.6.2.1, §3.7.4), and its leaving.

use trace::{Cx, kinds::tcp as kind};
use wire::Body;
use wire::tcp::{Flags, State};

use super::hold::Held;
use crate::Sent;
use crate::connection::{Connection, Transmit};
use crate::mtu_probe::MtuStep;
use crate::recovery::Phase;

/// What to send, and how much of it.
pub(super) struct Plan {
    pub(super) len: u32,
    pub(super) fin: bool,
    /// The probe timer has it leave: it is pushed, so that the answer comes at once.
    pub(super) push: bool,
    /// It tries the path (RFC 4821) and is no part of a batch.
    pub(super) alone: bool,
}

impl Connection {
    /// Whether new data could be sent as far as the receiver's window goes.
    pub(crate) fn has_new_data(&self) -> bool {
        let unsent = self.buffer.end().after(self.snd_nxt) || (self.fin_wanted.is_some() && !self.fin_sent);
        unsent && self.window_left() > 0
    }

    /// What of the receiver's window is left.
    pub(crate) fn window_left(&self) -> u32 {
        // A SYN's window is for data: as on Linux our own SYN, unanswered, takes none of it (RFC 7413 §4.2.2).
        let unanswered = u32::from(self.fast_opened && self.snd_una == self.iss);
        let right = self.snd_una + unanswered + self.snd_wnd;
        if right.after(self.snd_nxt) { right.distance(self.snd_nxt) } else { 0 }
    }

    /// Which new data is to be sent now; or why none is.
    pub(super) fn plan(&mut self, cx: &mut Cx) -> Result<Plan, Held> {
        if self.snd_nxt == self.iss {
            if self.syn_awaits().is_some() {
                return Err(Held::Nothing);
            }
            // The SYN. In SYN-RECEIVED the segment that carries it is a SYN-ACK.
            return Ok(Plan { len: 0, fin: false, push: false, alone: false });
        }
        if self.state == State::SYN_SENT || (self.state == State::SYN_RECEIVED && !self.fast_opened) {
            return Err(Held::Nothing);
        }
        let unsent = if self.fin_sent { 0 } else { self.buffer.end().distance(self.snd_nxt) };
        let fin_due = self.fin_wanted.is_some() && !self.fin_sent;
        if unsent == 0 && !fin_due {
            return Err(Held::Nothing);
        }
        if self.mtu.route.is_some() {
            self.follow_route(cx);
        }
        let (mss, left) = (self.mss_now(), self.window_left());
        if self.flight.is_empty() && left > 0 {
            self.restart_after_idle(cx);
        }
        // A record's end is a segment's end.
        let record = self.buffer.record_left(self.snd_nxt).unwrap_or(u32::MAX);
        let want = unsent.min(mss).min(record);
        let mut len = want.min(left);
        let all = len == unsent;
        let probe = std::mem::take(&mut self.probe_now);
        if len < want || (unsent == 0 && left == 0) {
            // RFC 9293 §3.8.6.2.1, sender's silly window avoidance: less than a segment and less than what there is only
            // if it is half of the largest window ever, or nothing else will bring news.
            let worth = len > 0 && (len >= self.max_snd_wnd / 2 || !self.config.avoid_silly_windows);
            if !worth && !probe {
                return Err(Held::Window);
            }
            if len == 0 && left == 0 {
                if self.is_refused(cx) {
                    return Err(Held::Device);
                }
                // RFC 9293 §3.8.6.1 (MUST-36): one byte of new data, or the FIN, into the closed window.
                self.probing = true;
                return Ok(if unsent > 0 {
                    Plan { len: 1, fin: false, push: false, alone: false }
                } else {
                    Plan { len: 0, fin: true, push: false, alone: false }
                });
            }
        } else if len < mss && len == unsent && !fin_due && !probe && self.nagle_holds(unsent) {
            // RFC 9293 §3.7.4 with Linux's (Minshall's) refinement: hold a small segment only while another small one is
            // out. What closes the direction is not held.
            return Err(Held::Nagle(len));
        }
        // As on Linux, a FIN alone leaves all the same.
        if self.segments_of_data() >= self.window.cwnd && unsent > 0 {
            return Err(Held::Congestion);
        }
        if self.timers.pacing.is_armed() {
            return Err(Held::Pacing);
        }
        if self.is_refused(cx) {
            return Err(Held::Device);
        }
        match self.next_mtu_step(unsent, record, left, cx.now) {
            MtuStep::Usual => {}
            MtuStep::Wait => return Err(Held::Congestion),
            MtuStep::Probe(len) => {
                self.note_mtu_probe(self.snd_nxt, len, cx);
                self.batch_left = 0;
                return Ok(Plan { len, fin: false, push: false, alone: true });
            }
        }
        // A window that has room for the data but not for the FIN has it wait.
        let fin = fin_due && all && left > len;
        if len == 0 && !fin {
            return Err(Held::Window);
        }
        len = len.min(unsent);
        Ok(Plan { len, fin, push: probe, alone: false })
    }

    /// Segments in flight, as the congestion window counts them: without our SYN-ACK where it waits for its answer beside data
    /// (RFC 7413 §4.2.2), as on Linux; without limited transmit (RFC 3042) with those that have arrived behind a gap.
    pub(super) fn segments_of_data(&self) -> u32 {
        let unanswered = self.fast_opened && self.snd_una == self.iss && !self.flight.is_empty();
        let arrived = !self.config.limited_transmit && self.recovery.phase <= Phase::Disorder;
        let arrived = if arrived { self.flight.sacked() } else { 0 };
        self.flight.segments() + arrived - u32::from(unanswered)
    }

    fn nagle_holds(&self, unsent: u32) -> bool {
        if self.push_now || unsent >= self.mss_now() || self.buffer.urgent().is_some() {
            return false;
        }
        let waits = !self.config.minshall || self.small_sent.after(self.snd_una);
        self.holds_for_more() || (self.config.nagle && !self.flight.is_empty() && waits)
    }

    /// The program has said that more follows.
    pub(super) fn holds_for_more(&self) -> bool {
        self.corked || self.more_follows
    }

    /// Sends what is planned.
    pub(super) fn send_new(&mut self, plan: Plan, cx: &mut Cx) -> Transmit {
        let start = self.snd_nxt;
        let (flags, body, write, end) = if start == self.iss {
            let body = if self.syn_len > 0 { self.buffer.stretch(start + 1, self.syn_len).body } else { Body::empty() };
            (Flags::SYN, body, self.trigger, start + 1)
        } else if plan.len > 0 {
            let stretch = self.buffer.stretch(start, plan.len);
            let flags = if stretch.push { Flags::PSH } else { Flags::NONE };
            (flags, stretch.body, stretch.write, start + plan.len)
        } else {
            (Flags::NONE, Body::empty(), self.fin_wanted.unwrap_or(self.trigger), start)
        };
        // As Linux: so that the other side's offload does not wait for more.
        let ends_batch = plan.len > 0 && !plan.alone && self.ends_batch();
        let push = ends_batch || (plan.len > 0 && plan.push);
        let flags = if push { flags | Flags::PSH } else { flags };
        let flags = if plan.fin { flags | Flags::FIN } else { flags };
        // RFC 3168 §6.1.2: with new data, not with what is sent again.
        let flags = if plan.len > 0 { flags | self.ecn.take_cwr() } else { flags };
        let end = if plan.fin { end + 1 } else { end };
        self.fin_sent |= plan.fin;
        // RFC 3042 §2: what was sacked, or what duplicates tell of, makes room; nothing is taken for lost yet.
        let beyond = self.flight.len() as u32 >= self.window.cwnd && self.recovery.phase <= Phase::Disorder;
        if beyond && self.flight.sacked() > 0 {
            cx.caused_by(self.trigger).event(&kind::LIMITED_TRANSMIT, self.id, [plan.len.into(), 0]);
        }
        let mut sent = Sent::new(start, end, cx.now, write);
        sent.ends_batch = self.batch_left == 0;
        self.rate.stamp(&mut sent, cx.now, self.flight.segments(), self.flight.lost_ever());
        self.flight.push(sent);
        let mut segment = self.segment(start, flags, body, cx);
        segment.ecn = self.ecn.field(start == self.iss, plan.len > 0 && !self.probing);
        self.snd_nxt = end;
        if start == self.iss {
            // What the SYN carries stands for itself: a SYN that is sent again goes alone, and without a cookie.
            if self.fast_open.option.is_some() {
                self.fast_open.option = None;
            }
            if self.syn_len > 0 {
                self.snd_nxt = end + self.syn_len;
                let mut data = Sent::new(end, self.snd_nxt, cx.now, write);
                self.rate.stamp(&mut data, cx.now, self.flight.segments(), self.flight.lost_ever());
                self.flight.push(data);
                self.last_sent = cx.now;
            }
        }
        self.sent_new = true;
        if self.recovery.reducing() {
            self.recovery.prr.on_sent();
        }
        if plan.len > 0 {
            self.last_sent = cx.now;
            self.acks.on_data_sent(cx.now);
            self.pace(plan.len, cx);
            if plan.len < self.mss_now() {
                self.small_sent = end;
            }
        }
        (self.nagle_held, self.window_closed) = (false, self.window_closed && self.probing);
        let transmit = self.transmit(segment, self.trigger, Some(write), cx);
        if self.probing {
            // It is repeated by its own timer.
            return transmit;
        }
        self.timers.persist.stop();
        self.probe_backoff = 0;
        // RFC 6298 §5.1; a probe may take its place once all is sent that can be.
        if !self.connected && !self.timers.retransmit.is_armed() {
            self.arm_retransmit(transmit.event, cx);
        }
        self.sent_event = transmit.event;
        transmit
    }
}
