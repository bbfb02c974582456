//! Slow start and congestion avoidance (RFC 5681) with appropriate byte counting (RFC 3465).

use super::{AckSample, Congestion, Loss};

/// TCP Reno's window.
#[derive(Clone, Copy, Debug)]
pub struct Reno {
    mss: u32,
    initial: u32,
    cwnd: u32,
    ssthresh: u32,
    /// Bytes acknowledged since the window last grew in congestion avoidance.
    acked: u32,
}

impl Reno {
    /// A window of `segments` segments of `mss` bytes to begin with.
    pub fn new(mss: u32, segments: u32) -> Reno {
        let initial = initial_window(mss, segments);
        Reno { mss, initial, cwnd: initial, ssthresh: u32::MAX, acked: 0 }
    }

    /// RFC 5681 §3.1, equation 4: max(FlightSize / 2, 2 SMSS).
    fn halved(&self, in_flight: u32) -> u32 {
        (in_flight / 2).max(2 * self.mss)
    }
}

/// RFC 6928 §2: min(10 MSS, max(2 MSS, 14600)), for 10 segments.
fn initial_window(mss: u32, segments: u32) -> u32 {
    let segments = segments.max(1);
    segments.saturating_mul(mss).min(segments.saturating_mul(1460).max(segments.min(2) * mss))
}

impl Congestion for Reno {
    fn on_ack(&mut self, ack: &AckSample) {
        // A window that was not used says nothing of the path and does not grow (RFC 7661 §4.2; as Linux: in slow start,
        // if at least half of it was used).
        let used = ack.in_flight.0;
        if self.cwnd < self.ssthresh {
            if used.saturating_mul(2) < self.cwnd {
                return;
            }
            // RFC 5681 §3.1, equation 2, with RFC 3465 §2.2's L = 2: an acknowledgment of two segments counts for two.
            let growth = ack.acked.min(2 * self.mss);
            self.cwnd = self.cwnd.saturating_add(growth).min(self.ssthresh.max(self.cwnd));
        } else {
            if used.saturating_add(self.mss) < self.cwnd {
                return;
            }
            // RFC 5681 §3.1 by RFC 3465 §2.1: one segment more for each window acknowledged.
            self.acked = self.acked.saturating_add(ack.acked);
            if self.acked >= self.cwnd {
                self.acked -= self.cwnd;
                self.cwnd = self.cwnd.saturating_add(self.mss);
            }
        }
    }

    fn on_loss(&mut self, what: Loss) {
        self.acked = 0;
        match what {
            Loss::Acks { in_flight } => {
                // RFC 5681 §3.2, steps 2 and 3; loss recovery adds what has left the network.
                self.ssthresh = self.halved(in_flight);
                self.cwnd = self.ssthresh;
            }
            Loss::Timeout { in_flight, again } => {
                // RFC 5681 §3.1: once for a segment; the loss window is one segment.
                if !again {
                    self.ssthresh = self.halved(in_flight);
                }
                self.cwnd = self.mss;
            }
            Loss::Handshake => self.cwnd = self.mss,
            // RFC 5681 §4.1: the restart window is the initial one, unless the window was smaller.
            Loss::Idle => self.cwnd = self.cwnd.min(self.initial),
        }
    }

    fn on_recovered(&mut self, in_flight: u32) {
        // RFC 6582 §3.2, step 3, option 1: no burst follows.
        self.cwnd = self.ssthresh.min(in_flight.max(self.mss) + self.mss);
    }

    fn on_mss(&mut self, mss: u32) {
        // RFC 1191 §6.4 leaves the window as it is; it may not be less than a segment.
        self.mss = mss;
        self.cwnd = self.cwnd.max(mss);
    }

    fn cwnd(&self) -> u32 {
        self.cwnd
    }
    fn ssthresh(&self) -> u32 {
        self.ssthresh
    }
    fn name(&self) -> &'static str {
        "reno"
    }
}

#[cfg(test)]
mod tests {
    use base::{Duration, Instant};

    use super::*;

    fn ack(acked: u32, used: u32) -> AckSample {
        AckSample {
            now: Instant::ZERO,
            acked,
            rtt: None,
            srtt: None,
            delivered: 0,
            prior_delivered: 0,
            interval: Duration::ZERO,
            app_limited: false,
            in_flight: (used, used - acked),
        }
    }

    #[test]
    fn rfc_6928_section_2_initial_windows() {
        // min(10 MSS, max(2 MSS, 14600)).
        for (mss, want) in [(536, 5360), (1460, 14600), (1448, 14480), (8960, 17920), (4000, 14600)] {
            assert_eq!(initial_window(mss, 10), want, "MSS {mss}");
        }
        assert_eq!(initial_window(1460, 1), 1460);
        assert_eq!(initial_window(1460, 3), 4380);
    }

    #[test]
    fn rfc_5681_section_3_1_slow_start_doubles_and_avoidance_adds_a_segment_a_window() {
        let mut reno = Reno::new(1000, 4);
        for _ in 0..4 {
            reno.on_ack(&ack(1000, reno.cwnd()));
        }
        assert_eq!(reno.cwnd(), 8000, "each segment acknowledged adds one");
        reno.on_loss(Loss::Acks { in_flight: 8000 });
        assert_eq!((reno.cwnd(), reno.ssthresh()), (4000, 4000));
        for _ in 0..4 {
            reno.on_ack(&ack(1000, reno.cwnd()));
        }
        assert_eq!(reno.cwnd(), 5000, "one more for a whole window");
    }

    #[test]
    fn rfc_3465_section_2_2_an_ack_of_many_segments_counts_for_two() {
        let mut reno = Reno::new(1000, 10);
        reno.on_ack(&ack(8000, 10_000));
        assert_eq!(reno.cwnd(), 12_000);
    }

    #[test]
    fn a_window_that_is_not_used_does_not_grow() {
        let mut reno = Reno::new(1000, 10);
        reno.on_ack(&ack(1000, 4000));
        assert_eq!(reno.cwnd(), 10_000);
    }

    #[test]
    fn rfc_5681_section_3_1_a_timeout_leaves_one_segment_and_halves_the_threshold_once() {
        let mut reno = Reno::new(1000, 10);
        reno.on_loss(Loss::Timeout { in_flight: 10_000, again: false });
        assert_eq!((reno.cwnd(), reno.ssthresh()), (1000, 5000));
        reno.on_loss(Loss::Timeout { in_flight: 1000, again: true });
        assert_eq!((reno.cwnd(), reno.ssthresh()), (1000, 5000));
        reno.on_loss(Loss::Acks { in_flight: 1000 });
        assert_eq!(reno.ssthresh(), 2000, "never below two segments");
    }
}
