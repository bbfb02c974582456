//! The average window under deterministic loss: one segment in every 1/p is lost, nothing else happens. A sender's rules alone
//! decide over it, so the network is a list of acknowledgments: every segment takes a round trip, and every one is acknowledged
//! (no delayed acknowledgments).

use base::{Duration, Instant};

use tcp::congestion::{AckSample, Congestion, Cubic, Reno, Window};
use tcp::{CongestionKind, Seq, SlowStart};

/// The average over time of the window in segments, over the second half, when one in `every` segments is lost.
pub fn average_window(kind: CongestionKind, rtt: Duration, every: u64, cycles: u64) -> f64 {
    let mut algorithm: Box<dyn Congestion> = match kind {
        CongestionKind::Bbr => unreachable!("it does not go by losses"),
        CongestionKind::Reno => Box::new(Reno),
        // RFC 9438 §5.1 takes the window to come back to W_max each time: with fast convergence, which is for several
        // flows, it would give way to nobody.
        CongestionKind::Cubic => Box::new(Cubic::new(SlowStart::Plain).without_fast_convergence()),
    };
    // Slow start ends early: from far above the window comes back by 2 % a cycle.
    let mut window = Window { ssthresh: (1.2 * (every as f64).sqrt()) as u32, ..Window::new(10) };
    let (mut now, mut sent, mut acked) = (Instant::ZERO, 0u64, 0u64);
    let (mut area, mut time) = (0f64, 0f64);
    let mut next_loss = every;
    while sent < cycles * every {
        // A round: what the window holds is sent, and acknowledged a round trip later, spread evenly.
        let flight = u64::from(window.cwnd);
        let gap = rtt / flight as i64;
        sent += flight;
        let mut lost = false;
        for _ in 0..flight {
            now += gap;
            acked += 1;
            if acked == next_loss {
                next_loss += every;
                lost = true;
                continue;
            }
            if lost {
                continue; // the window does not grow while it is brought down
            }
            let ack = AckSample {
                now,
                acked: 1,
                lost: 0,
                rtt: Some(rtt),
                srtt: Some(rtt),
                min_rtt: Some(rtt),
                delivered: acked,
                prior_delivered: acked,
                interval: rtt,
                app_limited: false,
                cwnd_limited: true,
                sent_in_flight: window.cwnd,
                lost_since_sent: 0,
                recovering: false,
                sack: true,
                in_flight: (window.cwnd, window.cwnd - 1),
                mss: 1000,
                una: Seq(acked as u32),
                nxt: Seq(sent as u32),
            };
            algorithm.on_ack(&mut window, &ack);
        }
        if sent > cycles * every / 2 {
            area += flight as f64 * rtt.as_millis_f64();
            time += rtt.as_millis_f64();
        }
        if lost {
            window.ssthresh = algorithm.threshold(&window);
            (window.cwnd, window.credit) = (window.ssthresh, 0);
        }
    }
    area / time
}

#[track_caller]
fn close(kind: CongestionKind, rtt_ms: i64, every: u64, want: f64, within: f64) {
    let cycles = (400_000 / every).clamp(150, 400);
    let got = average_window(kind, Duration::from_millis(rtt_ms), every, cycles);
    let off = (got / want - 1.0).abs();
    assert!(off <= within, "{kind:?}, RTT {rtt_ms} ms, p = 1/{every}: {got:.1} segments, not {want}");
}

#[test]
fn reno_is_within_10_percent_of_1_2_over_the_root_of_p() {
    for every in [100, 1000, 10_000] {
        close(CongestionKind::Reno, 100, every, 1.2 * (every as f64).sqrt(), 0.1);
    }
}

#[test]
fn rfc_9438_section_5_1_table_2_a_round_trip_of_10_ms() {
    for (every, want, within) in [(100, 12.0, 0.2), (1000, 38.0, 0.1), (10_000, 120.0, 0.1)] {
        close(CongestionKind::Cubic, 10, every, want, within);
    }
}

#[test]
fn rfc_9438_section_5_1_table_1_a_round_trip_of_100_ms() {
    // From p = 1e-4 on the cubic function is above what Reno would have: 1.054 RTT^0.75 / p^0.75.
    for (every, want, within) in [(100, 12.0, 0.2), (1000, 38.0, 0.1), (10_000, 187.0, 0.1)] {
        close(CongestionKind::Cubic, 100, every, want, within);
    }
}
