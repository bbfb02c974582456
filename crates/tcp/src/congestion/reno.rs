//! Slow start and congestion avoidance (RFC 5681) with appropriate byte counting (RFC 3465).

use super::{AckSample, Congestion, Window};

/// TCP Reno's window.
#[derive(Clone, Copy, Debug)]
pub struct Reno;

impl Congestion for Reno {
    fn on_ack(&mut self, window: &mut Window, ack: &AckSample) {
        let mut acked = ack.acked;
        if window.in_slow_start() {
            acked = window.slow_start(acked);
        }
        if acked > 0 && !window.in_slow_start() {
            // RFC 5681 §3.1 by RFC 3465 §2.1: one segment more for each window acknowledged.
            window.avoid(window.cwnd, acked);
        }
    }

    fn threshold(&mut self, window: &Window) -> u32 {
        // RFC 5681 §3.1, equation 4: half, at least 2. Of the window, as on Linux, which is not larger than what was used.
        (window.cwnd / 2).max(2)
    }

    fn name(&self) -> &'static str {
        "reno"
    }
}
