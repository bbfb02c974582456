//! The round-trip time and the retransmission timeout (RFC 6298).

use base::{Duration, Instant};

/// The estimator and the timeout, with its backoff.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rtt {
    srtt: Option<Duration>,
    rttvar: Duration,
    rto: Duration,
    backoff: u32,
    min: Duration,
    max: Duration,
}

impl Rtt {
    /// Nothing is measured yet. RFC 6298 §2.1: the timeout is `initial`.
    pub(crate) fn new(initial: Duration, min: Duration, max: Duration) -> Rtt {
        Rtt { srtt: None, rttvar: Duration::ZERO, rto: initial, backoff: 0, min, max }
    }

    /// SRTT; `None` before the first measurement.
    pub(crate) fn srtt(&self) -> Option<Duration> {
        self.srtt
    }
    /// RTTVAR; zero before the first measurement.
    pub(crate) fn rttvar(&self) -> Duration {
        self.rttvar
    }
    /// RTO, backed off.
    pub(crate) fn rto(&self) -> Duration {
        // RFC 6298 §5.5 doubles it each time, §2.5 lets us bound it.
        self.rto.saturating_mul(1 << self.backoff.min(32)).min(self.max)
    }

    /// How often it was doubled.
    pub(crate) fn backoff(&self) -> u32 {
        self.backoff
    }

    /// A round trip took `r`. `samples` is how many such measurements a round trip is expected to give (RFC 7323 §4.2:
    /// with timestamps each acknowledgment gives one, and each then moves the average by less).
    pub(crate) fn sample(&mut self, r: Duration, samples: i64) {
        let samples = samples.max(1);
        let srtt = match self.srtt {
            // RFC 6298 §2.2: SRTT <- R, RTTVAR <- R/2.
            None => {
                self.rttvar = r / 2;
                r
            }
            // RFC 6298 §2.3: RTTVAR <- (1 - 1/4) RTTVAR + 1/4 |SRTT - R'|, then SRTT <- (1 - 1/8) SRTT + 1/8 R'.
            Some(srtt) => {
                self.rttvar += ((srtt - r).abs() - self.rttvar) / (4 * samples);
                srtt + (r - srtt) / (8 * samples)
            }
        };
        self.srtt = Some(srtt);
        // RFC 6298 §2.2, §2.3: RTO <- SRTT + max(G, 4 RTTVAR). As on Linux the second term is at least 200 ms, where §2.4 would
        // have the whole at least 1 s (docs/deviations.md).
        self.rto = srtt + (self.rttvar * 4).max(self.min);
        // RFC 6298 §5.7 and Karn: only a measurement ends the backoff.
        self.backoff = 0;
    }

    /// The timer ran out: RFC 6298 §5.5.
    pub(crate) fn back_off(&mut self) {
        self.backoff += 1;
    }

    /// The timer ran out on a SYN and no round trip could be measured (RFC 6298 §5.7): data begins with 3 s.
    pub(crate) fn syn_was_lost(&mut self) {
        if self.srtt.is_none() {
            self.rto = self.rto.max(Duration::from_secs(3));
            self.backoff = 0;
        }
    }
}

/// The least round trip of the last five minutes (Linux's `tcp_min_rtt_wlen`): what the path takes without queues.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LeastRtt(Option<(Duration, Instant)>);

impl LeastRtt {
    const MEMORY: Duration = Duration::from_secs(300);

    /// A round trip took `rtt`, `delayed` if the acknowledgment was probably held back: such a one does not replace what was
    /// forgotten.
    pub(crate) fn add(&mut self, rtt: Duration, now: Instant, delayed: bool) {
        let keep = self.0.is_some_and(|(least, at)| rtt > least && (delayed || now - at <= Self::MEMORY));
        if !keep {
            self.0 = Some((rtt, now));
        }
    }
    /// The least; `None` before the first.
    pub(crate) fn get(&self) -> Option<Duration> {
        self.0.map(|(least, _)| least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: i64) -> Duration {
        Duration::from_millis(ms)
    }

    fn rtt() -> Rtt {
        Rtt::new(ms(1000), ms(200), ms(120_000))
    }

    #[test]
    fn rfc_6298_section_2_computed_by_hand() {
        let mut rtt = rtt();
        assert_eq!(rtt.rto(), ms(1000), "§2.1");
        // R = 100: SRTT 100, RTTVAR 50, RTO 100 + 4 * 50 = 300.
        rtt.sample(ms(100), 1);
        assert_eq!((rtt.srtt(), rtt.rttvar(), rtt.rto()), (Some(ms(100)), ms(50), ms(300)), "§2.2");
        // R' = 200: RTTVAR 3/4 * 50 + 1/4 * 100 = 62.5; SRTT 7/8 * 100 + 1/8 * 200 = 112.5; RTO 112.5 + 250 = 362.5.
        rtt.sample(ms(200), 1);
        let us = Duration::from_micros;
        assert_eq!((rtt.srtt(), rtt.rttvar(), rtt.rto()), (Some(us(112_500)), us(62_500), us(362_500)), "§2.3");
        // R' = 100: RTTVAR 3/4 * 62.5 + 1/4 * 12.5 = 50; SRTT 7/8 * 112.5 + 1/8 * 100 = 110.9375; RTO 110.9375 + 200.
        rtt.sample(ms(100), 1);
        assert_eq!((rtt.srtt(), rtt.rttvar()), (Some(Duration::from_nanos(110_937_500)), ms(50)), "§2.3");
        assert_eq!(rtt.rto(), Duration::from_nanos(310_937_500));
    }

    #[test]
    fn the_variance_term_is_at_least_200_ms() {
        let mut rtt = rtt();
        for _ in 0..100 {
            rtt.sample(ms(20), 1);
        }
        assert_eq!(rtt.rto(), ms(220));
    }

    #[test]
    fn rfc_6298_section_5_5_backoff_doubles_up_to_the_bound_and_a_measurement_ends_it() {
        let mut rtt = rtt();
        rtt.sample(ms(100), 1);
        let mut seen = vec![];
        for _ in 0..11 {
            seen.push(rtt.rto().as_millis());
            rtt.back_off();
        }
        assert_eq!(seen, [300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 76800, 120_000, 120_000]);
        rtt.sample(ms(100), 1);
        assert!(rtt.rto() < ms(301));
    }

    #[test]
    fn rfc_6298_section_5_7_a_lost_syn_makes_data_begin_with_three_seconds() {
        let mut rtt = rtt();
        rtt.back_off();
        rtt.syn_was_lost();
        assert_eq!(rtt.rto(), ms(3000));
    }

    #[test]
    fn rfc_7323_appendix_g_more_samples_a_round_trip_weigh_less() {
        let mut rtt = rtt();
        rtt.sample(ms(100), 1);
        // 4 samples expected: alpha' = 1/32, beta' = 1/16: RTTVAR 50 + (32 - 50)/16, SRTT 100 + 32/32.
        rtt.sample(ms(132), 4);
        assert_eq!((rtt.srtt(), rtt.rttvar()), (Some(ms(101)), Duration::from_micros(48_875)));
    }
}
