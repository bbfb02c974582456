//! The other side acknowledges (RFC 9293 §3.10.7.4, fifth): what leaves the flight, what it says of the path and of loss.

use base::{Duration, EventId, Instant};
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::{Flags, Seq};

use crate::Segment;
use crate::congestion::{AckSample, Loss};
use crate::connection::Connection;
use crate::rate::Sample;
use crate::receive::older;
use crate::recovery::{AckEvent, Verdict};

/// An acknowledgment was believed.
pub(crate) struct Acknowledged;

impl Connection {
    /// Processes the ACK field, the window and what they mean; `bare` if the segment brings nothing else. `None`: the segment is
    /// to be dropped.
    pub(crate) fn acknowledge(&mut self, segment: &Segment, bare: bool, cx: &mut Cx) -> Option<Acknowledged> {
        let ack = segment.ack;
        // RFC 5961 §5.2: SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT, or it is a blind guess.
        if ack.after(self.snd_nxt) || ack.before(self.snd_una - self.max_snd_wnd) {
            self.challenge(segment, cx);
            return None;
        }
        if ack.before(self.snd_una) {
            return Some(Acknowledged);
        }
        // Whoever answers is there: a closed window is probed as long as it takes (RFC 9293 §3.8.6.1, MUST-37).
        if self.probing {
            self.attempts = 0;
        }
        let window = self.snd_wnd;
        self.update_window(segment, cx);
        let acked = ack.distance(self.snd_una);
        if acked > 0 {
            self.advance_una(segment, acked, cx);
        } else if bare && self.is_duplicate(segment, window) {
            let cwnd = (self.congestion.cwnd(), self.congestion.ssthresh());
            let event = AckEvent {
                now: cx.now,
                una: self.snd_una,
                nxt: self.snd_nxt,
                acked: 0,
                duplicate: true,
                mss: self.agreed.mss,
            };
            let verdict = self.recovery.on_ack(&event, &mut self.flight);
            let dup = cx.event(&kind::DUP_ACK, self.id, [self.recovery.dup_acks().into(), 0]);
            self.trigger = dup;
            self.obey(verdict, &mut cx.caused_by(dup));
            self.tell_window(cwnd, dup, cx);
        }
        Some(Acknowledged)
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
    fn update_window(&mut self, segment: &Segment, cx: &mut Cx) {
        let newer =
            self.snd_wl1.before(segment.seq) || (self.snd_wl1 == segment.seq && self.snd_wl2.at_or_before(segment.ack));
        if !newer {
            return;
        }
        // RFC 7323 §2.2: the window in a SYN is not scaled.
        let shift = if segment.flags.contains(Flags::SYN) { 0 } else { self.agreed.snd_shift };
        self.snd_wnd = u32::from(segment.window) << shift;
        (self.snd_wl1, self.snd_wl2) = (segment.seq, segment.ack);
        self.max_snd_wnd = self.max_snd_wnd.max(self.snd_wnd);
        let right = segment.ack + self.snd_wnd;
        if right.after(self.snd_una) && (self.window_closed || self.probing) {
            self.reopen_window(segment.ack, cx);
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

    /// SND.UNA moves by `acked`.
    fn advance_una(&mut self, segment: &Segment, acked: u32, cx: &mut Cx) {
        let (before, cwnd) = (self.flight.pipe(), (self.congestion.cwnd(), self.congestion.ssthresh()));
        let outstanding = self.snd_nxt.distance(self.snd_una);
        let syn = u32::from(self.snd_una == self.iss);
        self.snd_una = segment.ack;
        self.attempts = 0;
        if self.probing {
            self.probing = false;
            self.probe_backoff = 0;
        }
        // What leaves the flight.
        let mut sample = Sample::default();
        let mut times = AckedTimes::default();
        let (now, rate) = (cx.now, &mut self.rate);
        self.flight.acknowledge(segment.ack, |sent| {
            times.add(sent.first_sent, sent.times_sent);
            rate.deliver(&mut sample, sent, sent.len(), now);
        });
        let fin = u32::from(self.fin_sent && self.snd_una == self.buffer.end() + 1);
        let data = acked - syn - fin;
        self.counts.bytes_acked += u64::from(data);
        self.buffer.acknowledge(self.snd_una);
        self.measure(&times, segment, outstanding, cx);
        let rtt = times.newest(now);
        self.min_rtt = self.min_rtt.into_iter().chain(rtt).min();
        let interval = self.rate.finish(&sample, self.min_rtt);

        let event =
            AckEvent { now, una: self.snd_una, nxt: self.snd_nxt, acked, duplicate: false, mss: self.agreed.mss };
        let was_recovering = self.recovery.until().is_some();
        let verdict = self.recovery.on_ack(&event, &mut self.flight);
        if data > 0 && (!was_recovering || self.congestion.on_ack_in_recovery()) {
            self.congestion.on_ack(&AckSample {
                now,
                acked: data,
                rtt,
                srtt: self.rtt.srtt(),
                delivered: self.rate.delivered,
                prior_delivered: sample.prior_delivered,
                interval,
                app_limited: sample.app_limited,
                in_flight: (before, self.flight.pipe()),
            });
        }
        // RFC 6298 §5.2 and §5.3; in recovery only as RFC 6582 §4 says.
        if self.flight.is_empty() {
            self.timers.retransmit.stop();
        } else if !was_recovering || verdict == Verdict::Done {
            self.arm_retransmit(cx.cause, cx);
        }
        self.obey(verdict, cx);
        self.tell_window(cwnd, cx.cause, cx);
    }

    /// RFC 6298 §3 (Karn): a round trip by a segment that was sent once; by its timestamp echo otherwise (RFC 7323 §4.1).
    fn measure(&mut self, times: &AckedTimes, segment: &Segment, outstanding: u32, cx: &mut Cx) {
        let echoed = || {
            let (_, ecr) = segment.options.timestamps.filter(|_| self.agreed.timestamps)?;
            let ms = self.ts_now(cx.now).wrapping_sub(ecr);
            (ecr != 0 && !older(ms, 0)).then(|| Duration::from_millis(i64::from(ms.max(1))))
        };
        let Some(r) = times.oldest(cx.now).or_else(echoed) else { return };
        // RFC 7323 Appendix G: so many samples are expected in a round trip. Without timestamps as well: each
        // acknowledgment is one.
        let samples = outstanding.div_ceil(2 * self.agreed.mss.max(1));
        self.rtt.sample(r, samples.into());
        let nanos = |d: Duration| d.as_nanos() as u64;
        let sample = cx.event(&kind::RTT_SAMPLE, self.id, [nanos(r), nanos(self.rtt.srtt().unwrap_or_default())]);
        let set = [nanos(self.rtt.rto()), nanos(self.rtt.rttvar())];
        cx.caused_by(sample).event(&kind::RTO_SET, self.id, set);
    }

    /// Does what loss recovery concluded.
    fn obey(&mut self, verdict: Verdict, cx: &mut Cx) {
        match verdict {
            Verdict::Nothing => {}
            Verdict::Enter => {
                let lost = cx.event(&kind::FAST_RETRANSMIT, self.id, [self.snd_una.0.into(), 0]);
                let until = self.recovery.until().unwrap_or(self.snd_nxt);
                // RFC 5681 §3.2, step 2: what limited transmit sent beyond the window does not count.
                let flight = self.snd_nxt.distance(self.snd_una).min(self.congestion.cwnd());
                self.congestion.on_loss(Loss::Acks { in_flight: flight });
                let entered = cx.caused_by(lost).event(&kind::RECOVERY_ENTERED, self.id, [until.0.into(), 0]);
                self.trigger = entered;
                self.retransmit_now = true;
            }
            Verdict::Partial { restart } => {
                let partial = cx.event(&kind::PARTIAL_ACK, self.id, [self.snd_una.0.into(), 0]);
                self.trigger = partial;
                self.retransmit_now = true;
                if restart {
                    self.arm_retransmit(partial, cx);
                }
            }
            Verdict::Done => {
                self.congestion.on_recovered(self.flight.pipe());
                self.trigger = cx.event(&kind::RECOVERY_DONE, self.id, [0, 0]);
            }
        }
    }

    /// Says how the congestion window and the threshold changed since they were `before`.
    pub(crate) fn tell_window(&mut self, before: (u32, u32), cause: EventId, cx: &mut Cx) {
        let now = (self.congestion.cwnd(), self.congestion.ssthresh());
        let cx = &mut cx.caused_by(cause);
        if now.1 != before.1 {
            cx.event(&kind::SSTHRESH, self.id, [now.1.into(), 0]);
        }
        if now.0 != before.0 {
            cx.event(&kind::CWND, self.id, [before.0.into(), now.0.into()]);
        }
    }
}

/// When the segments that an acknowledgment acknowledges had been sent.
#[derive(Clone, Copy, Default)]
struct AckedTimes {
    oldest: Option<Instant>,
    newest: Option<Instant>,
    resent: bool,
}

impl AckedTimes {
    fn add(&mut self, first_sent: Instant, times_sent: u32) {
        self.resent |= times_sent > 1;
        self.oldest.get_or_insert(first_sent);
        self.newest = Some(first_sent);
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
