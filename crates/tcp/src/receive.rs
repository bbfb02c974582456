//! A segment arrives (RFC 9293 §3.10.7.4): is it believable, what does it bring, what is answered.

use std::collections::VecDeque;

use trace::{Cx, kinds::tcp as kind};
use wire::ipv4::Ecn;
use wire::tcp::{Event, Flags, Seq, State};

use wire::{Body, Chunk};

use crate::connection::Connection;
use crate::{Errno, Segment, refuse};

/// RFC 7323 §5.5: how long TS.Recent is good for.
const TIMESTAMP_LIFE: base::Duration = base::Duration::from_secs(24 * 86_400);

/// A segment below this many bytes is small: many of them are not kept one by one.
const SMALL: usize = 256;

/// The part of an acceptable segment that lies in the receive window. Only [`Connection::acceptable`] makes one.
pub(crate) struct Text {
    /// The first byte's offset from IRS.
    start: u64,
    body: Body,
    fin: bool,
    /// Some of its data lay beyond the window.
    cut: bool,
    /// It was pushed, or ends the stream: there may be no more of it.
    remnant: bool,
}

impl Text {
    /// All of a segment's data, which begins at the offset `start`.
    pub(crate) fn new(start: u64, body: Body, flags: Flags) -> Text {
        Text { start, body, fin: flags.contains(Flags::FIN), cut: false, remnant: is_remnant(flags) }
    }
    pub(crate) fn start(&self) -> u64 {
        self.start
    }
    pub(crate) fn len(&self) -> usize {
        self.body.len()
    }
    /// Neither data nor FIN.
    pub(crate) fn is_bare_ack(&self) -> bool {
        self.body.is_empty() && !self.fin
    }
}

/// Linux `TCP_REMNANT`: flags of segments that may be short although the other side sends full ones.
pub(crate) fn is_remnant(flags: Flags) -> bool {
    flags.intersects(Flags::PSH | Flags::FIN | Flags::URG | Flags::SYN)
}

/// Input.
impl Connection {
    /// A segment of this connection arrived, its checksum verified.
    pub fn handle_segment(&mut self, mut segment: Segment, cx: &mut Cx) {
        self.take_segment(&mut segment, cx);
    }

    /// As [`Connection::handle_segment`], where the segment stands; its data moves out of it.
    pub fn take_segment(&mut self, segment: &mut Segment, cx: &mut Cx) {
        let cx = &mut self.arrived(segment.flags, segment.seq, cx);
        match self.state {
            State::CLOSED => self.answer_when_gone(segment, cx),
            State::SYN_SENT => self.handle_in_syn_sent(segment, cx),
            _ => self.handle_in_order(segment, cx),
        }
    }

    /// RFC 9293 §3.10.7.4, for all states from SYN-RECEIVED on, in the order of its steps.
    fn handle_in_order(&mut self, segment: &mut Segment, cx: &mut Cx) {
        if self.state == State::SYN_RECEIVED && self.handle_other_syn(segment, cx) {
            return;
        }
        let newer = segment.options.timestamps.is_some_and(|(val, _)| older(self.ts.recent, val));
        // RFC 7323 §5.3, R1, comes before the check of the sequence number; a reset does not undergo it (§5.2).
        let reset = segment.flags.contains(Flags::RST);
        if !reset && !self.timestamp_passes(segment, cx) {
            return;
        }
        // Second, check the RST bit. A reset outside the window would fail the first check, and be dropped all the same.
        if reset {
            return self.handle_reset(segment, cx);
        }
        // First, check the sequence number.
        let bare = segment.is_empty();
        self.note_overlap(segment);
        self.count_marks(segment, cx);
        let Some(text) = self.acceptable(segment) else {
            return self.handle_unacceptable(segment, cx);
        };
        // Fourth, check the SYN bit.
        if segment.flags.contains(Flags::SYN) {
            if self.state == State::SYN_RECEIVED && self.passive {
                return self.step(Event::RcvRstPassive, cx);
            }
            if !self.config.blind_defence {
                // RFC 793 §3.9: "If the SYN is in the window it is an error, send a reset".
                self.reset_for(segment, cx);
                return self.believe_reset(cx);
            }
            // RFC 5961 §4.2: whatever its sequence number.
            return self.challenge(segment, cx);
        }
        // Fifth, check the ACK field: off, drop.
        if !segment.flags.contains(Flags::ACK) {
            return;
        }
        let opening = self.state == State::SYN_RECEIVED && self.fast_opened;
        if self.state == State::SYN_RECEIVED {
            if !(segment.ack.after(self.snd_una) && segment.ack.at_or_before(self.snd_nxt)) {
                return self.reset_for(segment, cx);
            }
            if bare && !opening && self.defers(segment, cx) {
                return;
            }
            self.step(Event::RcvAckOfSyn, cx);
        }
        if self.acknowledge(segment, bare, newer, cx).is_none() {
            return;
        }
        // Only what is believed moves TS.Recent.
        if let (true, Some((val, _))) = (self.agreed.timestamps, segment.options.timestamps) {
            self.take_timestamp(segment.seq, val, cx.now);
        }
        self.take_mark(segment, cx);
        if (!self.connected || opening) && self.snd_una.after(self.iss) {
            self.complete(cx);
        }
        let fin_acked = self.fin_sent && self.snd_una == self.buffer.end() + 1;
        // Sixth, check the URG bit.
        if segment.flags.contains(Flags::URG) {
            self.take_urgent_pointer(segment, cx);
        }
        // Seventh, process the segment text; eighth, check the FIN bit.
        if matches!(self.state, State::ESTABLISHED | State::FIN_WAIT_1 | State::FIN_WAIT_2) {
            let unwanted = self.orphan || (self.read_shut && self.state != State::ESTABLISHED);
            if unwanted && self.brings_new_data(&text) {
                return self.reset_after_close(segment, &text, cx);
            }
            let len = text.body.len();
            self.take_text(text, cx);
            if len > 0 {
                let echo = segment.options.timestamps.filter(|_| self.agreed.timestamps);
                self.measure_round_trip(len, echo.map(|(_, echo)| echo), cx.now);
            }
        }
        if !self.refuses_to_wait(segment, fin_acked, cx) {
            self.follow_fins(fin_acked, cx);
        }
    }

    /// RFC 2883 §4: what of the segment has arrived before is reported with the next acknowledgment.
    fn note_overlap(&mut self, segment: &Segment) {
        let start = segment.seq + u32::from(segment.flags.contains(Flags::SYN));
        let end = start + segment.payload.len() as u32;
        if self.config.dsack && self.agreed.sack && start.before(end) && start.before(self.rcv_nxt) {
            self.repeated = Some((start, end.min(self.rcv_nxt)));
            self.doubt_option();
        }
    }

    /// RFC 3168 §6.1.3: a mark is echoed in each acknowledgment until the sender says that it has slowed down.
    fn take_mark(&mut self, segment: &Segment, cx: &mut Cx) {
        if !self.ecn.agreed || segment.flags.contains(Flags::SYN) {
            return;
        }
        if segment.flags.contains(Flags::CWR) {
            self.ecn.echo = false;
            // As Linux: its window may be a single segment, so that it waits for the acknowledgment.
            if !segment.payload.is_empty() {
                self.acks.now = Some(cx.cause);
            }
        }
        self.ecn.seen |= segment.ecn != Ecn::NOT_ECT && !segment.payload.is_empty();
        if segment.ecn == Ecn::CE {
            let marked = cx.event(&kind::CE, self.id, [segment.payload.len() as u64, segment.seq.0.into()]);
            if !std::mem::replace(&mut self.ecn.echo, true) {
                self.acks.now = Some(marked);
            }
        }
    }

    /// In SYN-RECEIVED: a SYN that repeats the one we have. Whether that was all.
    fn handle_other_syn(&mut self, segment: &mut Segment, cx: &Cx) -> bool {
        let flags = segment.flags;
        if !flags.contains(Flags::SYN) || flags.contains(Flags::RST) || segment.seq != self.irs {
            return false;
        }
        if flags.contains(Flags::ACK) && segment.ack == self.snd_nxt {
            // Simultaneous open (RFC 9293 §3.5, figure 7): the other side's SYN-ACK. Its SYN is known, its ACK is news.
            if let Some(accurate) = &mut self.ecn.accurate {
                accurate.take_crossing(segment);
            }
            segment.flags = flags.without(Flags::SYN);
            segment.seq += 1;
            if self.config.dsack && self.agreed.sack {
                // As on Linux, the SYN that came twice is reported (RFC 2883 §4).
                self.repeated = Some((self.irs, self.irs + 1));
                self.acks.now = Some(cx.cause);
            }
            return false;
        }
        if !flags.contains(Flags::ACK) {
            // Our SYN-ACK was lost, or is late: as Linux does, send it again.
            self.ecn.agree_again(segment);
            self.send_syn_again();
            return true;
        }
        false
    }

    /// RFC 7323 §5.3, R1: whether a segment's timestamp is not from the past. If it is, the segment is dropped.
    fn timestamp_passes(&mut self, segment: &Segment, cx: &mut Cx) -> bool {
        if !self.agreed.timestamps {
            return true;
        }
        let Some((val, _)) = segment.options.timestamps else {
            // RFC 7323 §3.2: once agreed on, each segment has one; one without is dropped in silence.
            if self.state == State::SYN_RECEIVED || !self.config.require_timestamps {
                // As on Linux; the handshake's end may lack it in any case.
                return true;
            }
            cx.event(&kind::TIMESTAMP_MISSING, self.id, [segment.seq.0.into(), 0]);
            return false;
        };
        if !self.config.paws || !older(val, self.ts.recent) || cx.now - self.ts.recent_at > TIMESTAMP_LIFE {
            return true;
        }
        let paws = cx.event(&kind::PAWS, self.id, [val.into(), self.ts.recent.into()]);
        self.answer_limited(segment, &mut cx.caused_by(paws));
        false
    }

    /// RFC 7323 §4.3: TS.Recent follows the segments that continue what was acknowledged last.
    pub(crate) fn take_timestamp(&mut self, seq: Seq, val: u32, now: base::Instant) {
        if seq.at_or_before(self.ts.last_ack_sent) {
            (self.ts.recent, self.ts.recent_at) = (val, now);
        }
    }

    /// RFC 9293 §3.10.7.4, first (§3.4, table 5): whether any of the segment lies in the window; and which part does. That part
    /// moves out of the segment.
    pub(crate) fn acceptable(&self, segment: &mut Segment) -> Option<Text> {
        if self.tuning.is_some() {
            return self.acceptable_whole(segment);
        }
        let (seq, nxt, len, window) = (segment.seq, self.rcv_nxt, segment.len(), self.rcv_wnd());
        let acceptable = match (len, window) {
            // As on Linux, the right edge itself is good for a segment without data: the acknowledgment of a sender that
            // has filled the window may overtake its data.
            (0, _) => seq.distance(nxt) <= window,
            // "If the RCV.WND is zero, no segments will be acceptable, but special allowance should be made to accept
            // valid ACKs, URGs, and RSTs": what asks after a closed window has its ACK heard.
            (_, 0) => seq == nxt,
            _ => seq.in_window(nxt, window) || (segment.end() - 1).in_window(nxt, window),
        };
        if !acceptable {
            return None;
        }
        // Trim it to the window, first the old at the front, then what lies beyond. (A SYN is answered without its text.)
        let body_start = seq + u32::from(segment.flags.contains(Flags::SYN));
        let skip = if body_start.before(nxt) { nxt.distance(body_start) } else { 0 };
        let start = body_start + skip;
        let room = window.saturating_sub(start.distance(nxt));
        let have = (segment.payload.len() as u32).saturating_sub(skip);
        let keep = have.min(room);
        let fin = segment.flags.contains(Flags::FIN) && keep == have && room > keep;
        let (from, upto) = (skip as usize, (skip + keep) as usize);
        let whole = std::mem::take(&mut segment.payload);
        let body = match whole.len() {
            len if from == 0 && upto >= len => whole,
            len if from >= len => Body::empty(),
            _ => whole.slice(from, upto),
        };
        let (start, cut) = (self.received + u64::from(start.distance(nxt)), keep < have);
        Some(Text { start, body, fin, cut, remnant: is_remnant(segment.flags) })
    }

    /// The segment lies outside the window: say where the window is, and drop it (RFC 9293 §3.10.7.4, first).
    fn handle_unacceptable(&mut self, segment: &Segment, cx: &mut Cx) {
        if segment.flags.contains(Flags::SYN) {
            // RFC 5961 §4.2: irrespective of the sequence number.
            if let Some(accurate) = self.ecn.accurate.as_mut().filter(|_| segment.flags.contains(Flags::ACK)) {
                accurate.answer_again(segment);
            }
            return self.challenge(segment, cx);
        }
        if self.state == State::TIME_WAIT && segment.flags.contains(Flags::FIN) && segment.end() == self.rcv_nxt {
            // Eighth, TIME-WAIT: the other side's FIN again. Acknowledge it and restart the wait.
            self.enter_time_wait(cx);
        }
        let old = !segment.payload.is_empty() && segment.end().at_or_before(self.rcv_nxt);
        let why = if old {
            self.acks.on_duplicate(self.rcv_wnd());
            cx.event(&kind::DUPLICATE, self.id, [segment.payload.len() as u64, segment.seq.0.into()])
        } else {
            cx.event(&kind::UNACCEPTABLE, self.id, [segment.seq.0.into(), 0])
        };
        self.answer_limited(segment, &mut cx.caused_by(why));
    }

    /// RFC 9293 §3.10.7.4, second, which is RFC 5961 §3.2.
    fn handle_reset(&mut self, segment: &Segment, cx: &mut Cx) {
        let in_window = segment.seq.in_window(self.rcv_nxt, self.rcv_wnd());
        // Only the very next number is believed ...
        if segment.seq == self.rcv_nxt || (in_window && !self.config.blind_defence) {
            self.believe_reset(cx);
        } else if in_window {
            // ... another in the window may be a blind attacker's: ask; outside, drop it.
            self.challenge(segment, cx);
        } else {
            cx.event(&kind::RESET_IGNORED, self.id, [segment.seq.0.into(), 0]);
        }
    }

    /// The other side has reset the connection (RFC 9293 §3.10.7.4, second).
    fn believe_reset(&mut self, cx: &mut Cx) {
        let reset = cx.event(&kind::RESET, self.id, [0, 0]);
        let cx = &mut cx.caused_by(reset);
        match self.state {
            State::SYN_RECEIVED if self.fast_opened => self.fail(Errno::ConnectionReset, Event::RcvRstPassive, cx),
            State::SYN_RECEIVED if self.passive => self.step(Event::RcvRstPassive, cx),
            State::SYN_RECEIVED => self.fail(Errno::ConnectionRefused, Event::RcvRst, cx),
            // As on Linux, what the program had to send has nowhere to go.
            State::CLOSE_WAIT => self.fail(Errno::BrokenPipe, Event::RcvRst, cx),
            State::ESTABLISHED | State::FIN_WAIT_1 | State::FIN_WAIT_2 => {
                self.fail(Errno::ConnectionReset, Event::RcvRst, cx);
            }
            _ => self.step(Event::RcvRst, cx),
        }
    }

    /// A challenge ACK (RFC 5961): whoever sent this must show that they know where we stand.
    pub(crate) fn challenge(&mut self, segment: &Segment, cx: &mut Cx) {
        let challenge = cx.event(&kind::CHALLENGE_ACK, self.id, [segment.seq.0.into(), 0]);
        let first = self.acks.now.is_none();
        self.limited_ack(&mut cx.caused_by(challenge));
        self.challenging = first && self.acks.now.is_some();
    }

    /// If a challenge ACK is about to leave: how many the host may send in a second. Whoever counts them for the host says with
    /// [`Connection::withhold_challenge`] if this is one too many.
    pub fn challenge_limit(&self) -> Option<u32> {
        self.config.challenge_limit.filter(|_| self.challenging)
    }

    /// The host has sent as many challenge ACKs as it may (RFC 5961 §7): this one stays away.
    pub fn withhold_challenge(&mut self, cx: &mut Cx) {
        if let Some(challenge) = self.acks.now.take_if(|_| self.challenging) {
            cx.caused_by(challenge).event(&kind::CHALLENGES_SPENT, self.id, [0, 0]);
        }
        self.challenging = false;
    }

    /// An acknowledgment in answer to a segment that is dropped. As on Linux, data and FIN are always answered, as they cannot
    /// be part of a loop of acknowledgments.
    fn answer_limited(&mut self, segment: &Segment, cx: &mut Cx) {
        if segment.is_empty() || segment.flags.contains(Flags::SYN) {
            self.limited_ack(cx);
        } else {
            self.acks.now = Some(cx.cause);
        }
    }

    /// RFC 5961 §7.
    fn limited_ack(&mut self, cx: &mut Cx) {
        if self.last_challenge.is_none_or(|last| cx.now - last >= self.config.invalid_interval) {
            self.last_challenge = Some(cx.now);
            self.acks.now = Some(cx.cause);
        } else {
            cx.event(&kind::CHALLENGE_LIMITED, self.id, [0, 0]);
        }
    }

    /// Answers a segment that makes no sense with a reset (RFC 9293 §3.5.2).
    pub(crate) fn reset_for(&mut self, segment: &Segment, cx: &mut Cx) {
        if let Some(reset) = refuse(segment) {
            let why = cx.event(&kind::NOT_OURS, self.id, [segment.ack.0.into(), 0]);
            self.post(reset, why);
        }
    }

    /// RFC 9293 §3.10.7.1: the connection has ended.
    fn answer_when_gone(&mut self, segment: &Segment, cx: &mut Cx) {
        if let Some(reset) = refuse(segment) {
            let why = cx.event(&kind::GONE, self.id, [0, 0]);
            self.post(reset, why);
        }
    }

    /// Whether the program, which is gone, misses something.
    fn brings_new_data(&self, text: &Text) -> bool {
        text.start + text.body.len() as u64 > self.received
    }

    /// Data for a program that is gone (RFC 9293 §3.6.1, as Linux does): a reset tells the other side that it is lost.
    fn reset_after_close(&mut self, segment: &Segment, text: &Text, cx: &mut Cx) {
        let why = cx.event(&kind::DATA_AFTER_CLOSE, self.id, [text.body.len() as u64, 0]);
        let cx = &mut cx.caused_by(why);
        if let Some(reset) = refuse(segment) {
            self.post(reset, why);
        }
        if self.orphan {
            self.step(Event::Abort, cx);
        } else {
            // Both directions were shut down, and the program still has the socket.
            self.fail(Errno::ConnectionReset, Event::Abort, cx);
        }
    }

    /// RFC 9293 §3.10.7.4, seventh and eighth: takes data and FIN in if they are next, keeps them if not.
    pub(crate) fn take_text(&mut self, text: Text, cx: &mut Cx) {
        if self.has_no_room(&text, cx) {
            return;
        }
        let Text { start, body, fin, cut, remnant } = text;
        let len = body.len() as u64;
        if fin {
            self.fin_at = Some(start + len);
        }
        // Whoever sends beyond the window is to learn where it ends.
        // As on Linux a FIN that answers ours is acknowledged at once: nobody has anything to add.
        let closing = matches!(self.state, State::FIN_WAIT_1 | State::FIN_WAIT_2);
        let fin_at_once = !self.config.delay_fin_ack || closing;
        let mut at_once = (fin && fin_at_once) || cut;
        if len > 0 && start == self.received {
            at_once |= self.take_next(body, remnant, cx);
        } else if len > 0 {
            // RFC 5681 §4.2: at once if it is out of order, so that the sender learns of the gap.
            let seq = self.rcv_nxt + (start - self.received) as u32;
            if self.reassembly.pieces() > 64 + self.config.receive_buffer / SMALL {
                // Only a crowd of tiny segments comes here: without a bound their bookkeeping would outgrow the window.
                cx.event(&kind::REASSEMBLY_FULL, self.id, [len, seq.0.into()]);
            } else if self.insert(start, body) {
                self.charge(len as usize, remnant, Some((start, start + len)));
                let space = self.tuning.as_ref().map(|tuning| tuning.space);
                if let Some(space) = space.filter(|_| !self.orphan) {
                    self.grow_buffer(space, cx);
                }
                cx.event(&kind::OUT_OF_ORDER, self.id, [len, seq.0.into()]);
            } else {
                cx.event(&kind::DUPLICATE, self.id, [len, seq.0.into()]);
                self.acks.on_duplicate(self.rcv_wnd());
            }
            at_once = true;
        }
        if self.fin_at == Some(self.received) && !self.fin_received {
            self.fin_received = true;
            self.advance(1);
            // As on Linux nothing is selectively acknowledged any more.
            self.repeated = None;
            cx.event(&kind::CLOSED_BY_PEER, self.id, [0, 0]);
            at_once |= fin_at_once;
        }
        if len > 0 || fin || cut {
            self.owe_ack(at_once || !self.config.delayed_ack, cx);
        }
    }

    /// Takes in the data that is next, and what waited behind it. Whether to acknowledge it at once.
    pub(crate) fn take_next(&mut self, body: Body, remnant: bool, cx: &mut Cx) -> bool {
        let (window, len, before) = (self.rcv_wnd(), body.len(), self.received);
        let gap = !self.reassembly.is_empty();
        self.advance(len as u64);
        body.take_chunks(|chunk| keep(&mut self.readable, chunk));
        self.charge(len, remnant, None);
        if gap {
            self.report_overlap(before, self.received);
            let (received, readable) = (self.received, &mut self.readable);
            let next = self.reassembly.take(received, &mut |chunk| keep(readable, chunk));
            self.advance(next - received);
            if let Some(tuning) = &mut self.tuning {
                tuning.memory.close_gap(next);
            }
        }
        let delivered = self.received - before;
        self.readable_len += delivered as usize;
        self.counts.bytes_received += delivered;
        cx.event(&kind::DELIVERED, self.id, [delivered, 0]);
        // RFC 5681 §4.2: at once if it fills a gap.
        self.acks.on_data(cx.now, delivered as u32, window, self.rtt.rto());
        (self.has_many_unacknowledged() && self.would_advance())
            || (self.config.quick_acks && self.acks.is_quick())
            || gap
    }

    /// RFC 5681 §4.2: more than a full segment waits to be acknowledged.
    pub(crate) fn has_many_unacknowledged(&self) -> bool {
        self.config.ack_every_second && self.acks.has_many()
    }

    /// RFC 2883 §4: what of the bytes from `start` to before `end` is held behind a gap has arrived twice; the first stretch of
    /// it is reported, unless something older is.
    fn report_overlap(&mut self, start: u64, end: u64) {
        if self.config.dsack && self.agreed.sack && self.repeated.is_none() {
            let (nxt, received) = (self.rcv_nxt, self.received);
            // Both may lie on either side of what has arrived in order.
            let number = |at: u64| Seq(nxt.0.wrapping_add(at as u32).wrapping_sub(received as u32));
            self.repeated = self.reassembly.overlap(start, end).map(|(from, to)| (number(from), number(to)));
        }
    }

    /// Keeps data behind a gap. Whether any of it was new; what was not is reported.
    fn insert(&mut self, start: u64, body: Body) -> bool {
        self.report_overlap(start, start + body.len() as u64);
        self.reassembly.insert(start, body)
    }

    fn advance(&mut self, len: u64) {
        self.received += len;
        self.rcv_nxt += len as u32;
    }

    /// Something arrived that is to be acknowledged, at once or soon.
    pub(crate) fn owe_ack(&mut self, at_once: bool, cx: &mut Cx) {
        if at_once {
            self.acks.now = Some(cx.event(&kind::ACK_NOW, self.id, [self.rcv_nxt.0.into(), 0]));
        } else if !self.timers.delayed_ack.is_armed() {
            let delay = self.acks.delay(self.rtt.srtt());
            let armed = cx.event(&kind::ACK_DELAYED, self.id, [delay.as_nanos() as u64, 0]);
            self.timers.delayed_ack.arm(cx.now, delay, armed);
        }
    }

    /// RFC 9293 §3.10.7.4, fifth and eighth: the states follow the FINs, ours acknowledged, theirs received.
    pub(crate) fn follow_fins(&mut self, fin_acked: bool, cx: &mut Cx) {
        let event = match (self.state, self.fin_received, fin_acked) {
            (State::ESTABLISHED, true, _) => Event::RcvFin,
            (State::FIN_WAIT_1, true, true) => Event::RcvFinAckOfFin,
            (State::FIN_WAIT_1, true, false) => Event::RcvFin,
            (State::FIN_WAIT_1, false, true) => Event::RcvAckOfFin,
            (State::FIN_WAIT_2, true, _) => Event::RcvFin,
            (State::CLOSING | State::LAST_ACK, _, true) => Event::RcvAckOfFin,
            _ => return,
        };
        self.step(event, cx);
    }
}

/// Appends a chunk to what waits for the program. A crowd of small ones is joined by copying, so that their bookkeeping does
/// not outgrow the window.
fn keep(readable: &mut VecDeque<Chunk>, chunk: Chunk) {
    let crowd = readable.len() >= 1024 && chunk.bytes().len() < SMALL;
    match readable.back_mut().filter(|last| crowd && last.bytes().len() < 8 * SMALL) {
        Some(last) => *last = Chunk::unsummed([last.bytes().as_ref(), chunk.bytes()].concat().into()),
        None => readable.push_back(chunk),
    }
}

/// RFC 7323 §5.2: whether timestamp `a` is older than `b`, modulo 2^32.
pub(crate) fn older(a: u32, b: u32) -> bool {
    Seq(a).before(Seq(b))
}
