//! The tail loss probe (RFC 8985 §7): nobody acknowledges anything out of order when the last segments are lost, so something is
//! sent that will be acknowledged.

use base::{Duration, EventId};
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::Seq;

use super::rack::LEAST_TIMER;
use super::{Ack, Phase};
use crate::connection::Connection;
use crate::timers::Waiting;

/// RFC 8985 §7.2, TLP.max_ack_delay: how long an acknowledgment of a single segment may be held back (Linux: the least RTO).
const MAX_ACK_DELAY: Duration = Duration::from_millis(200);

/// The probe that is out; there is one at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probe {
    /// TLP.end_seq: SND.NXT when it was sent.
    pub end: Seq,
    /// TLP.is_retrans: it was not new data.
    pub resent: bool,
}

impl Connection {
    /// RFC 8985 §7.2, TLP_calc_PTO: when to probe; `None`: not now. `anew` if the retransmission timer would start anew as well.
    fn probe_timeout(&self, anew: bool, now: base::Instant) -> Option<Duration> {
        let usual = matches!(self.recovery.phase, Phase::Open | Phase::Cwr);
        if !self.config.tlp || !self.rack_on() || !self.connected || self.probing || self.flight.is_empty() || !usual {
            return None;
        }
        let span = match self.rtt.srtt() {
            // Two round trips; for a single segment the receiver may wait for another before it acknowledges.
            Some(srtt) if self.flight.len() == 1 => srtt * 2 + self.config.min_rto.min(MAX_ACK_DELAY),
            Some(srtt) => srtt * 2 + LEAST_TIMER,
            None => self.config.initial_rto,
        };
        let rto = if anew { self.rtt.rto() } else { self.timeout_left(now) };
        Some(if rto > Duration::ZERO { span.min(rto) } else { span })
    }

    /// What is left of the retransmission timeout of the oldest segment.
    fn timeout_left(&self, now: base::Instant) -> Duration {
        self.flight.oldest().map_or(Duration::ZERO, |sent| sent.last_sent + self.rtt.rto() - now)
    }

    /// Sets the probe timer or, where no probe is due, the retransmission timer.
    pub(crate) fn arm_probe_or_timeout(&mut self, cause: EventId, cx: &mut Cx) {
        match self.probe_timeout(true, cx.now) {
            Some(span) => self.arm_probe(span, cause, cx),
            None => self.arm_retransmit(cause, cx),
        }
    }

    /// Something new was sent: RFC 8985 §7.2, the probe timer starts anew.
    pub(crate) fn arm_after_sending(&mut self, cause: EventId, cx: &mut Cx) {
        match self.probe_timeout(false, cx.now) {
            Some(span) => self.arm_probe(span, cause, cx),
            // RFC 6298 §5.1.
            None if !self.timers.retransmit.is_armed() => self.arm_retransmit(cause, cx),
            None => {}
        }
    }

    fn arm_probe(&mut self, span: Duration, cause: EventId, cx: &mut Cx) {
        let armed = cx.caused_by(cause).event(&kind::TLP_ARMED, self.id, [span.as_nanos() as u64, 0]);
        self.timers.wait_for(Waiting::Probe, cx.now, span, armed);
    }

    /// The retransmission timer for what is left of it, after another timer has had its place.
    pub(crate) fn arm_retransmit_rest(&mut self, cause: EventId, cx: &mut Cx) {
        let span = self.timeout_left(cx.now).max(Duration::from_micros(1));
        let armed = cx.caused_by(cause).event(&kind::RTO_RESUMED, self.id, [span.as_nanos() as u64, 0]);
        self.timers.wait_for(Waiting::Timeout, cx.now, span, armed);
    }

    /// RFC 8985 §7.3: the probe timer ran out.
    pub(crate) fn probe_tail(&mut self, fired: EventId, cx: &mut Cx) {
        let cx = &mut cx.caused_by(fired);
        self.trigger = fired;
        if self.recovery.tlp.is_some() || self.flight.is_empty() {
            // One probe at a time.
            return self.arm_retransmit_rest(fired, cx);
        }
        self.probe_tail_now = true;
        self.arm_retransmit(fired, cx);
    }

    /// RFC 8985 §7.4: what an acknowledgment says of the probe.
    pub(crate) fn judge_probe(&mut self, ack: &Ack, cx: &mut Cx) {
        let Some(probe) = self.recovery.tlp.filter(|probe| self.snd_una.at_or_after(probe.end)) else { return };
        if !probe.resent || ack.dsack_of_probe {
            // New data, acknowledged; or the original had arrived as well (§7.4.2).
            self.recovery.tlp = None;
        } else if self.snd_una.after(probe.end) {
            // The probe has repaired a loss that nobody noticed: the window comes down as if (§7.4.2).
            let repaired = cx.event(&kind::TLP_REPAIRED, self.id, [probe.end.0.into(), 0]);
            let cx = &mut cx.caused_by(repaired);
            let before = self.window_now();
            self.begin_reduction(ack);
            self.recovery.phase = Phase::Cwr;
            self.window.cwnd = if self.congestion.rules_window() { self.window.cwnd } else { self.window.ssthresh };
            self.stay_open();
            self.tell_window(before, repaired, cx);
        } else if ack.advanced == 0 && !ack.news && ack.sacked == 0 {
            // A plain duplicate: both have arrived.
            self.recovery.tlp = None;
        }
    }
}
