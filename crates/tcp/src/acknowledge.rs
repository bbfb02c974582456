//! The other side acknowledges (RFC 9293 §3.10.7.4, fifth): what leaves the flight, what it says of the path and of loss.

use base::{Duration, EventId, Instant};
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::{Flags, Seq};

use crate::congestion::{AckSample, LostSegment, Note};
use crate::connection::Connection;
use crate::rate::Sample;
use crate::receive::older;
use crate::recovery::{Ack, Phase};
use crate::{Segment, Sent};

/// An acknowledgment was believed.
pub(crate) struct Acknowledged;

impl Connection {
    /// Processes the ACK field, the window and what they mean; `bare` if the segment brings nothing else, `newer` if its timestamp
    /// is newer than all before. `None`: the segment is to be dropped.
    pub(crate) fn acknowledge(
        &mut self,
        segment: &Segment,
        bare: bool,
        newer: bool,
        cx: &mut Cx,
    ) -> Option<Acknowledged> {
        let number = segment.ack;
        // RFC 5961 §5.2: SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT, or it is a blind guess.
        let ancient = number.before(self.snd_una - self.max_snd_wnd) && self.config.blind_defence;
        if number.after(self.snd_nxt) || ancient {
            self.challenge(segment, cx);
            return None;
        }
        let old = number.before(self.snd_una);
        if old && segment.options.sack.is_empty() {
            return Some(Acknowledged);
        }
        let before = (self.flight.segments(), self.flight.lost_ever());
        let delivered = self.rate.delivered;
        let mut ack = Ack { una_before: self.snd_una, ..Ack::default() };
        let mut sample = Sample::default();
        if self.agreed.timestamps {
            ack.echo = segment.options.timestamps.map(|(_, echo)| echo).filter(|&echo| echo != 0);
        }
        self.recovery.hold = false;
        if old {
            // What was acknowledged since is known; what was SACKed may not be.
            if self.agreed.sack && !self.flight.is_empty() {
                self.take_sack(segment, &mut ack, &mut sample, cx);
                self.counts.delivered += u64::from(ack.delivered);
                ack.news = true;
                self.react(&mut ack, cx);
            }
            return Some(Acknowledged);
        }
        // Whoever answers is there: a closed window is probed as long as it takes (RFC 9293 §3.8.6.1, MUST-37).
        if self.probing || self.timers.persist.is_armed() {
            self.attempts = 0;
        }
        let offered = self.snd_wnd;
        // RFC 7323 §2.2: the window in a SYN is not scaled.
        let shift = if segment.flags.contains(Flags::SYN) { 0 } else { self.agreed.snd_shift };
        self.update_window((segment.seq, number), u32::from(segment.window) << shift, cx);
        ack.advanced = number.distance(self.snd_una);
        ack.ece = self.ecn.is_echo(segment.flags);
        ack.news = !bare || self.snd_wnd != offered || ack.advanced > 0;
        let outstanding = !self.flight.is_empty();
        let highest = self.flight.highest_sacked();
        if self.agreed.sack && !segment.options.sack.is_empty() {
            self.take_sack(segment, &mut ack, &mut sample, cx);
        }
        let mut times = AckedTimes::default();
        if ack.advanced > 0 {
            self.advance_una(number, &mut ack, &mut sample, &mut times, cx);
        } else if bare && self.is_duplicate(segment, offered) {
            self.recovery.dup_acks = self.recovery.dup_acks.saturating_add(1);
            let dup = cx.event(&kind::DUP_ACK, self.id, [self.recovery.dup_acks.into(), 0]);
            self.trigger = dup;
        }
        self.counts.delivered += u64::from(ack.delivered) + u64::from(ack.of_syn);
        self.program_may_write(cx.now);
        let progress = newer || ack.advanced > 0 || ack.sacked > 0;
        let arrived = (ack.delivered, (self.rate.delivered - delivered) as u32);
        ack.ece |= self.take_marks(segment, arrived, progress, cx);
        if !outstanding {
            if ack.dsack {
                self.react(&mut ack, cx);
            }
            self.judge_probe(&ack, cx);
            return Some(Acknowledged);
        }
        // A hole was filled by what had not been sent again: the path reorders.
        ack.late = ack.late.filter(|late| highest.is_some_and(|highest| late.before(highest)));
        self.learn(&mut ack, &times, &sample, before, segment.options.timestamps, cx);
        Some(Acknowledged)
    }

    /// There is room to write again.
    pub(crate) fn program_may_write(&mut self, now: Instant) {
        if self.limits.program_is_waiting() && self.is_roomy() {
            self.limits.program_waits(false, now);
        }
    }

    /// What an acknowledgment of something outstanding says of the path, and what follows from that. (`before`: segments in
    /// flight and segments lost before it.)
    pub(crate) fn learn(
        &mut self,
        ack: &mut Ack,
        times: &AckedTimes,
        sample: &Sample,
        before: (u32, u64),
        timestamps: Option<(u32, u32)>,
        cx: &mut Cx,
    ) {
        // Round trips: by what was acknowledged, by what was SACKed, by the echo.
        self.measure(times, ack, timestamps, cx);
        let rtt = times.newest(cx.now).or(ack.sacked_sent.map(|(_, last)| cx.now - last));
        if let Some(rtt) = rtt {
            let delayed = ack.whole == 1 && ack.advanced < self.agreed.mss && ack.sacked == 0 && !ack.of_syn;
            self.min_rtt.add(rtt, cx.now, delayed);
        }
        if let Some(late) = ack.late {
            self.learn_reordering(late, cx);
        }
        let interval = self.rate.finish(sample, self.min_rtt.get());
        self.adapt_reordering_window(sample.prior_delivered(), cx);
        self.judge_probe(ack, cx);
        // RFC 5681 §2: data is outstanding, and the segment says nothing else.
        ack.duplicate = ack.advanced == 0 && !ack.news && !ack.dsack && !self.probing;
        if !ack.news || ack.sacked > 0 || ack.ece || ack.dsack || self.recovery.phase != Phase::Open {
            self.react(ack, cx);
        }
        // RFC 6298 §5.2 and §5.3; RFC 8985 §7.2.
        if self.flight.is_empty() {
            self.timers.retransmit.stop();
        } else if ack.timer_due {
            self.arm_probe_or_timeout(cx.cause, cx);
        }
        self.steer(ack, before, sample, interval, rtt, cx);
    }

    /// The window follows what the acknowledgment says (before it: segments in flight, segments lost).
    fn steer(
        &mut self,
        ack: &Ack,
        (in_flight, lost): (u32, u64),
        sample: &Sample,
        interval: Duration,
        rtt: Option<Duration>,
        cx: &mut Cx,
    ) {
        let now = self.window_now();
        let lost = (self.flight.lost_ever() - lost) as u32;
        // RFC 7661 §4.2, as Linux: a window that was not used says nothing of the path and does not grow.
        let limited = self.is_cwnd_limited();
        // Where the path reorders what was SACKed counts too, or the window would grow in steps.
        let forward = ack.whole > 0 || (self.recovery.reordering > self.config.reordering && ack.delivered > 0);
        let sample = AckSample {
            now: cx.now,
            acked: if self.config.byte_counting { ack.delivered } else { ack.delivered.min(1) },
            lost,
            rtt,
            srtt: self.rtt.srtt(),
            min_rtt: self.min_rtt.get(),
            delivered: self.rate.delivered,
            prior_delivered: sample.prior_delivered().unwrap_or(self.rate.delivered),
            interval,
            app_limited: sample.app_limited,
            cwnd_limited: self.usage.was_limited(),
            sent_in_flight: sample.in_flight,
            lost_since_sent: (self.flight.lost_ever() - sample.lost) as u32,
            recovering: self.recovery.phase >= Phase::Recovery,
            sack: self.agreed.sack,
            in_flight: (in_flight, self.flight.segments()),
            mss: self.agreed.mss,
            una: self.snd_una,
            nxt: self.snd_nxt,
        };
        self.tell_losses(cx.now);
        self.congestion.on_rtt(&mut self.window, &sample);
        if self.congestion.rules_window() || (!self.recovery.reducing() && forward && limited) {
            self.congestion.on_ack(&mut self.window, &sample);
        } else if self.recovery.reducing() {
            let safe = ack.advanced > 0 && lost == 0;
            self.reduce(ack.delivered, safe, cx);
        }
        if self.congestion.holds_back() {
            self.rate.app_limited(self.flight.pipe());
        }
        while let Some(note) = self.congestion.take_note() {
            self.tell_note(note, cx);
        }
        // What reacting has changed was told already.
        self.tell_window(now, cx.cause, cx);
    }

    /// The congestion control hears of each segment that was found lost.
    fn tell_losses(&mut self, now: Instant) {
        for sent in self.flight.take_found_lost() {
            self.congestion.on_lost(&LostSegment {
                now,
                delivered: self.rate.delivered,
                in_flight: sent.in_flight,
                lost_since_sent: (self.flight.lost_ever() - sent.lost_before) as u32,
                app_limited: sent.app_limited,
            });
        }
    }

    /// RFC 5681 §2, for a segment that brings nothing: data is outstanding, number and window are repeated. With SACK, a block beyond
    /// the acknowledgment tells of a gap whatever the window says (RFC 6675 §2).
    fn is_duplicate(&self, segment: &Segment, window: u32) -> bool {
        let tells_of_gap = || {
            self.agreed.sack
                && segment
                    .options
                    .sack
                    .iter()
                    .any(|&(_, right)| right.after(self.snd_una) && right.at_or_before(self.snd_nxt))
        };
        !self.flight.is_empty() && !self.probing && (self.snd_wnd == window || tells_of_gap())
    }

    /// RFC 9293 §3.10.7.4, fifth: SND.WND, unless the segment is older than what we go by.
    pub(crate) fn update_window(&mut self, (seq, ack): (Seq, Seq), window: u32, cx: &mut Cx) {
        let newer = self.snd_wl1.before(seq) || (self.snd_wl1 == seq && self.snd_wl2.at_or_before(ack));
        if !newer {
            return;
        }
        let edge = self.snd_wl2 + self.snd_wnd;
        let taken_back = self.connected && (ack + window).before(edge);
        self.snd_wnd = if taken_back && !self.config.heed_shrinking { edge.distance(ack) } else { window };
        (self.snd_wl1, self.snd_wl2) = (seq, ack);
        self.max_snd_wnd = self.max_snd_wnd.max(window);
        let right = ack + window;
        if right.after(self.snd_una) && (self.window_closed || self.probing) {
            self.reopen_window(ack, cx);
        }
    }

    /// The window was closed, and is open.
    fn reopen_window(&mut self, ack: Seq, cx: &mut Cx) {
        let opened = cx.event(&kind::WINDOW_OPENED, self.id, [self.snd_wnd.into(), 0]);
        self.trigger = opened;
        self.window_closed = false;
        self.timers.persist.stop();
        (self.probe_backoff, self.probe_now) = (0, false);
        if self.probing {
            self.probing = false;
            // A probe that was not taken is taken back: its byte goes out with its neighbours.
            if let Some(probe) = self.flight.oldest().filter(|probe| probe.start.at_or_after(ack)).copied() {
                self.flight.pop_newest();
                self.snd_nxt = probe.start;
                if self.snd_nxt.at_or_before(self.buffer.end()) {
                    self.fin_sent = false;
                }
            }
        }
    }

    /// SND.UNA moves: what leaves the flight.
    pub(crate) fn advance_una(
        &mut self,
        number: Seq,
        ack: &mut Ack,
        sample: &mut Sample,
        times: &mut AckedTimes,
        cx: &mut Cx,
    ) {
        ack.of_syn = self.snd_una == self.iss;
        let syn = u32::from(ack.of_syn);
        self.snd_una = number;
        self.attempts = 0;
        self.recovery.dup_acks = 0;
        if self.probing {
            self.probing = false;
            self.probe_backoff = 0;
        }
        times.outstanding = self.snd_nxt.distance(ack.una_before);
        let (now, until, min_rtt) = (cx.now, self.recovery.until, self.min_rtt.get());
        let (rate, rack, with_sack) = (&mut self.rate, &mut self.recovery.rack, self.agreed.sack);
        // As on Linux a SYN-ACK that data overtook says nothing of that data.
        let overtaken = self.fast_opened.then(|| self.iss + 1);
        self.flight.acknowledge(number, |sent| {
            ack.whole += 1;
            times.add(sent);
            ack.resent_arrived |= sent.times_sent > 1;
            if sent.sacked {
                return;
            }
            if with_sack {
                if Some(sent.end) != overtaken {
                    rack.on_delivered(sent, now, min_rtt);
                }
                ack.delivered += 1;
            }
            if sent.times_sent == 1 {
                ack.late = Some(ack.late.map_or(sent.start, |late| late.min(sent.start)));
                ack.original_arrived |= sent.end.at_or_before(until);
            }
            rate.deliver(sample, sent, sent.len(), now);
        });
        if !with_sack {
            ack.late = None;
            ack.delivered = self.eat_duplicates(ack.whole);
        }
        let fin = u32::from(self.fin_sent && self.snd_una == self.buffer.end() + 1);
        self.counts.bytes_acked += u64::from(ack.advanced - syn - fin);
        ack.whole -= syn.min(ack.whole);
        ack.delivered -= syn.min(ack.delivered);
        self.buffer.acknowledge(self.snd_una);
        self.judge_mtu_probe(cx);
        ack.timer_due = true;
    }

    /// RFC 6298 §3 (Karn): a round trip by a segment that was sent once; by its timestamp echo otherwise (RFC 7323 §4.1).
    fn measure(&mut self, times: &AckedTimes, ack: &Ack, timestamps: Option<(u32, u32)>, cx: &mut Cx) {
        let echoed = || self.echoed(timestamps, cx.now).filter(|_| ack.advanced > 0);
        let sacked = ack.sacked_sent.map(|(first, _)| cx.now - first);
        let Some(r) = times.oldest(cx.now).or(sacked).or_else(echoed) else { return };
        // RFC 7323 Appendix G: so many samples are expected in a round trip. Without timestamps as well: each
        // acknowledgment is one.
        let outstanding = times.outstanding.max(self.snd_nxt.distance(self.snd_una));
        let samples = outstanding.div_ceil(2 * self.agreed.mss.max(1));
        self.take_round_trip(r, samples, cx);
    }

    /// How long ago the timestamp was made that a segment with these timestamps echoes.
    pub(crate) fn echoed(&self, timestamps: Option<(u32, u32)>, now: Instant) -> Option<Duration> {
        let (_, ecr) = timestamps.filter(|_| self.agreed.timestamps)?;
        let ms = self.ts_now(now).wrapping_sub(ecr);
        (ecr != 0 && !older(ms, 0)).then(|| Duration::from_millis(i64::from(ms.max(1))))
    }

    /// A round trip was measured, one of `samples` that are expected in a window.
    pub(crate) fn take_round_trip(&mut self, r: Duration, samples: u32, cx: &mut Cx) {
        self.rtt.sample(r, samples.into());
        let nanos = |d: Duration| d.as_nanos() as u64;
        let sample = cx.event(&kind::RTT_SAMPLE, self.id, [nanos(r), nanos(self.rtt.srtt().unwrap_or_default())]);
        let set = [nanos(self.rtt.rto()), nanos(self.rtt.rttvar())];
        cx.caused_by(sample).event(&kind::RTO_SET, self.id, set);
    }

    /// Says how the congestion window and the threshold changed since they were `before`.
    pub(crate) fn tell_window(&mut self, before: (u32, u32), cause: EventId, cx: &mut Cx) {
        let now = self.window_now();
        let bytes = |segments: u32| u64::from(segments) * u64::from(self.agreed.mss);
        let cx = &mut cx.caused_by(cause);
        if now.1 != before.1 {
            cx.event(&kind::SSTHRESH, self.id, [bytes(now.1), 0]);
        }
        if now.0 != before.0 {
            cx.event(&kind::CWND, self.id, [bytes(before.0), bytes(now.0)]);
        }
    }

    fn tell_note(&mut self, note: Note, cx: &mut Cx) {
        let nanos = |d: Duration| d.as_nanos() as u64;
        match note {
            Note::DelayGrew { now, least } => cx.event(&kind::HYSTART_DELAY, self.id, [nanos(now), nanos(least)]),
            Note::LongTrain { train } => cx.event(&kind::HYSTART_TRAIN, self.id, [nanos(train), 0]),
            Note::Bbr { from, to, bandwidth, min_rtt } => {
                let state = cx.event(&kind::BBR_STATE, self.id, [from as u64, to as u64]);
                cx.caused_by(state).event(&kind::BBR_MODEL, self.id, [bandwidth, nanos(min_rtt)])
            }
        };
    }
}

/// When the segments that an acknowledgment acknowledges had been sent.
#[derive(Clone, Copy, Default)]
pub(crate) struct AckedTimes {
    oldest: Option<Instant>,
    newest: Option<Instant>,
    resent: bool,
    /// Bytes that were out.
    outstanding: u32,
}

impl AckedTimes {
    fn add(&mut self, sent: &Sent) {
        if sent.times_sent > 1 {
            self.resent = true;
        } else if !sent.sacked {
            self.oldest.get_or_insert(sent.first_sent);
            self.newest = Some(sent.first_sent);
        }
    }
    /// The round trip by the oldest, as Linux measures it: a delay of the acknowledgment is part of what a timeout must allow
    /// for. `None` if any was sent more than once.
    fn oldest(&self, now: Instant) -> Option<Duration> {
        self.oldest.filter(|_| !self.resent).map(|sent| now - sent)
    }
    /// The round trip by the newest: what the path itself takes.
    fn newest(&self, now: Instant) -> Option<Duration> {
        self.newest.filter(|_| !self.resent).map(|sent| now - sent)
    }
}
