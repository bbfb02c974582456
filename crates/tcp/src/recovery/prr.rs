//! Proportional rate reduction (RFC 9937): how the window comes down during a recovery, an acknowledgment at a time.

/// One episode, counted in segments.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Prr {
    /// RecoverFS: how much might be delivered during the episode.
    flight: u32,
    /// prr_delivered and prr_out.
    delivered: u32,
    out: u32,
}

impl Prr {
    /// RFC 9937 §6.1: an episode begins with `flight` segments (RecoverFS).
    pub fn new(flight: u32) -> Prr {
        Prr { flight: flight.max(1), delivered: 0, out: 0 }
    }

    /// RFC 9937 §6.2: an acknowledgment delivered `delivered` segments, `in_flight` are left, the target is `ssthresh`; `safe` if
    /// SND.UNA advanced and nothing more was lost. Gives the new congestion window; `None`: as it was.
    pub fn on_ack(&mut self, delivered: u32, in_flight: u32, ssthresh: u32, safe: bool) -> Option<u32> {
        if delivered == 0 {
            return None;
        }
        self.delivered = self.delivered.saturating_add(delivered);
        let more = if in_flight > ssthresh {
            let out = (u64::from(self.delivered) * u64::from(ssthresh)).div_ceil(self.flight.into());
            u32::try_from(out).unwrap_or(u32::MAX).saturating_sub(self.out)
        } else {
            let bound = self.delivered.saturating_sub(self.out).max(delivered) + u32::from(safe);
            bound.min(ssthresh - in_flight)
        };
        // A fast retransmit is forced upon entering recovery.
        let more = if self.out == 0 { more.max(1) } else { more };
        Some(in_flight + more)
    }

    /// RFC 9937 §6.3: a segment was sent.
    pub fn on_sent(&mut self) {
        self.out = self.out.saturating_add(1);
    }
}
