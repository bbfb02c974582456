//! What leaves, and when (RFC 9293 §3.8): retransmissions first, then new data as the windows, Nagle and silly window
//! avoidance let it, then bare acknowledgments.

use base::EventId;
use trace::{Cx, kinds::tcp as kind};
use wire::Body;
use wire::tcp::{Flags, Options, SackBlocks, Seq, State};

use crate::connection::{Connection, Transmit};
use crate::mtu_probe::MtuStep;
use crate::recovery::{Phase, Probe};
use crate::timers::Waiting;
use crate::{Segment, Sent};

/// What a SACK option with `n` blocks takes of a segment, padded (RFC 2018 §3).
const fn sack_len(n: usize) -> u32 {
    if n == 0 { 0 } else { 4 + 8 * n as u32 }
}

/// Why new data stays where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Held {
    /// There is none, or this state sends none.
    Nothing,
    /// The receiver's window.
    Window,
    /// The congestion window.
    Congestion,
    /// Nagle's algorithm: so many bytes.
    Nagle(u32),
    /// The congestion control's pacing.
    Pacing,
}

/// What to send, and how much of it.
struct Plan {
    len: u32,
    fin: bool,
    /// The probe timer has it leave: it is pushed, so that the answer comes at once.
    push: bool,
    /// It tries the path (RFC 4821) and is no part of a batch.
    alone: bool,
}

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

    /// Sends the first lost segment again, if the window lets it.
    fn send_again(&mut self, cx: &mut Cx) -> Option<Transmit> {
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
    fn send_tail_probe(&mut self, cx: &mut Cx) -> Option<Transmit> {
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

    /// Whether new data could be sent as far as the receiver's window goes.
    pub(crate) fn has_new_data(&self) -> bool {
        let unsent = self.buffer.end().after(self.snd_nxt) || (self.fin_wanted.is_some() && !self.fin_sent);
        unsent && self.window_left() > 0
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

    /// A segment's most data just now: the agreed size less what SACK blocks take.
    fn mss_now(&self) -> u32 {
        let marks = match &self.ecn.accurate {
            Some(accurate) if self.config.ecn_option => accurate.option_room(),
            _ => 0,
        };
        if self.reassembly.is_empty() && self.repeated.is_none() {
            self.agreed.mss - marks
        } else {
            // Both take no more than there is (RFC 9293 §3.1: 40 bytes of options).
            let room = 40 - if self.agreed.timestamps { 12 } else { 0 };
            self.agreed.mss - (sack_len(self.sack_room()) + marks).min(room)
        }
    }

    /// How many SACK blocks a segment takes at most (RFC 2018 §3: three beside timestamps).
    fn sack_room(&self) -> usize {
        match (self.agreed.sack, self.agreed.timestamps) {
            (false, _) => 0,
            (true, true) => 3,
            (true, false) => 4,
        }
    }

    /// What of the receiver's window is left.
    pub(crate) fn window_left(&self) -> u32 {
        // A SYN's window is for data: as on Linux our own SYN, unanswered, takes none of it (RFC 7413 §4.2.2).
        let unanswered = u32::from(self.fast_opened && self.snd_una == self.iss);
        let right = self.snd_una + unanswered + self.snd_wnd;
        if right.after(self.snd_nxt) { right.distance(self.snd_nxt) } else { 0 }
    }

    /// Which new data is to be sent now; or why none is.
    fn plan(&mut self, cx: &mut Cx) -> Result<Plan, Held> {
        if self.snd_nxt == self.iss {
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
            let worth = len > 0 && len >= self.max_snd_wnd / 2;
            if !worth && !probe {
                return Err(Held::Window);
            }
            if len == 0 && left == 0 {
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
    fn segments_of_data(&self) -> u32 {
        let unanswered = self.fast_opened && self.snd_una == self.iss && !self.flight.is_empty();
        let arrived = !self.config.limited_transmit && self.recovery.phase <= Phase::Disorder;
        let arrived = if arrived { self.flight.sacked() } else { 0 };
        self.flight.segments() + arrived - u32::from(unanswered)
    }

    fn nagle_holds(&self, unsent: u32) -> bool {
        if self.push_now || unsent >= self.mss_now() {
            return false;
        }
        self.holds_for_more() || (self.config.nagle && !self.flight.is_empty() && self.small_sent.after(self.snd_una))
    }

    /// The program has said that more follows.
    fn holds_for_more(&self) -> bool {
        self.corked || self.more_follows
    }

    /// How many segments leave as one batch, as an offload would be given them (Linux `tcp_tso_autosize`): what the path takes
    /// in a millisecond, more if it is short; at least `least`.
    fn batch_size(&self, least: u32) -> u32 {
        const MOST: u64 = 65_536;
        let mss = u64::from(self.agreed.mss.max(1));
        let window = self.window;
        let share = if window.cwnd < window.ssthresh / 2 { 200 } else { 120 };
        let micros = |span: base::Duration| u64::try_from(span.as_micros()).unwrap_or(0);
        let rate = match self.rtt.srtt().map(micros).filter(|&micros| micros > 0) {
            Some(micros) => mss * u64::from(window.cwnd) * share / 100 * 1_000_000 / micros,
            None => u64::MAX,
        };
        let short = self.min_rtt.get().map_or(0, micros) >> 9;
        let bytes = (rate >> 10).saturating_add(if short < 32 { MOST >> short } else { 0 }).min(MOST);
        let autosized = (bytes / mss).max(least.into()) as u32;
        let free = window.cwnd.saturating_sub(self.segments_of_data());
        let unsent = self.buffer.end().distance(self.snd_nxt);
        let waiting = self.buffer.record_left(self.snd_nxt).map_or(unsent, |record| record.min(unsent));
        let ready = waiting.div_ceil(self.agreed.mss).min((self.window_left() / self.agreed.mss).max(1));
        // At least two batches fill the window.
        autosized.min(free).min(ready).min((window.cwnd / 2).max(1)).max(1)
    }

    /// Whether the segment that is sent now is the last of a batch of several.
    fn ends_batch(&mut self) -> bool {
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
    fn ends_batch_again(&mut self, at: u64, room: u32) -> bool {
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

    /// Sends what is planned.
    fn send_new(&mut self, plan: Plan, cx: &mut Cx) -> Transmit {
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
    fn hold(&mut self, held: Held, cx: &mut Cx) {
        self.window_full &= held == Held::Window;
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
                if self.flight.is_empty() && !self.timers.persist.is_armed() {
                    self.arm_persist(self.trigger, cx);
                }
            }
            Held::Congestion | Held::Pacing => {}
        }
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
            (self.window_closed, self.closed_since) = (true, cx.now);
            cause = cx.caused_by(cause).event(&kind::WINDOW_CLOSED, self.id, [waiting.into(), 0]);
        }
        if self.flight.is_empty() && !self.timers.persist.is_armed() {
            self.arm_persist(cause, cx);
        }
    }

    /// The congestion control may want a pause after each segment (draft-ietf-ccwg-bbr-06 §5.6.2).
    pub(crate) fn pace(&mut self, len: u32, cx: &mut Cx) {
        let Some(rate) = self.congestion.pacing() else { return };
        // As Linux: a timer that was late, as timers of real machines are, is made up for by up to half of a pause.
        let pause = rate.time_for(len as usize);
        let late = (cx.now - self.paced_until).clamp(base::Duration::ZERO, pause / 2);
        self.paced_until = cx.now + pause - late;
        self.timers.pacing.arm(cx.now, pause - late, self.trigger);
    }

    /// A segment with all that each segment says: ports, acknowledgment, window, options. ACK is added where it belongs.
    pub(crate) fn segment(&mut self, seq: Seq, flags: Flags, payload: Body, cx: &Cx) -> Segment {
        let syn = flags.contains(Flags::SYN);
        let with_ack = self.state != State::SYN_SENT;
        let mut options = Options::default();
        if syn {
            options = self.syn_options(cx.now);
        } else {
            if self.agreed.timestamps {
                options.timestamps = Some((self.ts_now(cx.now), self.ts.recent));
            }
            if self.agreed.sack && (self.repeated.is_some() || !self.reassembly.is_empty()) {
                options.sack = self.sack_blocks(payload.len());
            }
            if let Some(accurate) = self.ecn.accurate.as_mut().filter(|_| self.config.ecn_option) {
                let room = 40 - if self.agreed.timestamps { 12 } else { 0 };
                let (blocks, dsack) = (options.sack.len(), self.repeated.is_some());
                if let Some((option, dropped)) = accurate.option(room, blocks, dsack) {
                    options.acc_ecn = Some(option);
                    options.sack = options.sack.iter().copied().take(blocks - dropped).collect();
                }
            }
        }
        let flags = flags | self.ecn.flags(syn, with_ack, self.syn_retries);
        let window = match (syn, with_ack) {
            // RFC 7323 §2.2: not scaled.
            (true, false) => self.config.receive_buffer.min(65_535) as u16,
            (true, true) => self.rcv_wnd().min(65_535) as u16,
            _ => self.offer_window(),
        };
        Segment {
            src_port: self.local.port(),
            dst_port: self.remote.port(),
            seq,
            ack: if with_ack { self.rcv_nxt } else { Seq(0) },
            flags: if with_ack { flags | Flags::ACK } else { flags },
            window,
            urgent: 0,
            options,
            payload,
            ecn: self.ecn.field(syn, false),
        }
    }

    /// What to report beside `len` bytes of data: what arrived twice (RFC 2883 §4), then what is held behind gaps (RFC 2018 §4).
    fn sack_blocks(&self, len: usize) -> SackBlocks {
        // What is sent again as large as it was leaves room for fewer.
        let left = (self.agreed.mss as usize).saturating_sub(len + 4) / 8;
        let room = self.sack_room().min(left);
        let (nxt, received) = (self.rcv_nxt, self.received);
        let repeated = self.repeated.into_iter().take(room);
        let held = self.reassembly.sack(room - repeated.len(), |at| nxt + (at - received) as u32);
        repeated.chain(held.iter().copied()).collect()
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
        self.counts.sent += 1;
        let args = [flags.0.into(), seq.0.into()];
        cx.caused_by(cause).event_for(&kind::SENT, self.id, because, args)
    }
}
