use base::{Duration, Instant};
use wire::tcp::Seq;

use super::*;

const MSS: u32 = 1000;

/// A path of 1 MB/s and 40 ms, 40 segments, seen from one acknowledgment a segment.
struct Bench {
    bbr: Bbr,
    window: Window,
    now: Instant,
    delivered: u64,
}

impl Bench {
    fn new() -> Bench {
        let mut bench = Bench { bbr: Bbr::new(1), window: Window::new(10), now: Instant::ZERO, delivered: 1 };
        bench.ack(0, 0, 40, |_| ());
        bench
    }

    /// So many segments are taken for lost.
    fn loses(&mut self, segments: u32) {
        for lost in 1..=segments {
            self.bbr.on_lost(&LostSegment {
                now: self.now,
                delivered: self.delivered,
                in_flight: 100,
                lost_since_sent: lost,
                app_limited: false,
            });
        }
    }

    /// An acknowledgment of `acked` segments at a rate of so many kB a second, after `ms`.
    fn ack(&mut self, acked: u32, kb_s: u64, ms: i64, change: impl FnOnce(&mut AckSample)) {
        let span = Duration::from_millis(ms);
        self.now += span;
        self.delivered += u64::from(acked * MSS);
        let sampled = kb_s * ms as u64;
        let mut sample = AckSample {
            now: self.now,
            acked,
            lost: 0,
            rtt: Some(Duration::from_millis(40)),
            srtt: Some(Duration::from_millis(40)),
            min_rtt: Some(Duration::from_millis(40)),
            delivered: self.delivered,
            prior_delivered: self.delivered - sampled.min(self.delivered),
            interval: if kb_s == 0 { Duration::ZERO } else { span },
            app_limited: false,
            cwnd_limited: true,
            sent_in_flight: self.window.cwnd,
            lost_since_sent: 0,
            recovering: false,
            sack: true,
            in_flight: (self.window.cwnd, self.window.cwnd),
            mss: MSS,
            una: Seq(0),
            nxt: Seq(0),
        };
        change(&mut sample);
        self.bbr.on_ack(&mut self.window, &sample);
    }

    /// Startup on this path, until its end.
    fn full() -> Bench {
        let mut bench = Bench::new();
        for kb_s in [250, 500, 1000, 1000, 1000, 1000] {
            assert_eq!(bench.bbr.state, BbrState::Startup);
            bench.ack((kb_s * 40 / 1000) as u32, kb_s, 40, |_| ());
        }
        bench
    }
}

#[test]
fn section_5_6_1_the_gains_of_each_state() {
    use BbrState::*;
    let all = [Startup, Drain, Down, Cruise, Refill, Up, ProbeRtt];
    assert_eq!(all.map(BbrState::pacing_gain), [277, 50, 90, 100, 100, 125, 100]);
    assert_eq!(all.map(BbrState::cwnd_gain), [200, 200, 200, 200, 200, 225, 50]);
}

#[test]
fn section_5_6_2_the_first_rate_is_the_initial_window_a_round_trip_times_the_gain() {
    // 10 segments in 40 ms are 250 kB/s.
    assert_eq!(Bench::new().bbr.pacing_rate, 692_500);
}

#[test]
fn section_5_3_1_2_three_rounds_without_a_quarter_of_growth_fill_the_pipe() {
    let mut bench = Bench::full();
    assert_eq!(bench.bbr.state, BbrState::Drain);
    assert_eq!(bench.bbr.max_bw(), 1_000_000);
    // Half of the rate, 1 % less.
    assert_eq!(bench.bbr.pacing_rate, 495_000);
    // Once no more than the product of rate and delay is out the queue is empty.
    bench.ack(10, 1000, 10, |ack| ack.in_flight.1 = 41);
    assert_eq!(bench.bbr.state, BbrState::Drain);
    bench.ack(10, 1000, 10, |ack| ack.in_flight.1 = 40);
    // With that DOWN is over as well.
    assert_eq!(bench.bbr.notes.iter().filter(|note| matches!(note, Note::Bbr { to: BbrState::Down, .. })).count(), 1);
    assert_eq!((bench.bbr.state, bench.bbr.pacing_rate), (BbrState::Cruise, 990_000));
}

#[test]
fn section_5_5_4_what_the_program_limits_counts_only_if_it_is_more() {
    let mut bench = Bench::new();
    bench.ack(20, 500, 40, |_| ());
    bench.ack(10, 250, 40, |ack| ack.app_limited = true);
    assert_eq!((bench.bbr.max_bw(), bench.bbr.full_bw_count), (500_000, 0));
    bench.ack(40, 1000, 40, |ack| ack.app_limited = true);
    assert_eq!(bench.bbr.max_bw(), 1_000_000);
}

#[test]
fn section_5_5_10_2_where_two_percent_of_loss_was_crossed() {
    let mut bench = Bench::full();
    (bench.bbr.state, bench.bbr.is_bw_probe_sample) = (BbrState::Up, true);
    bench.bbr.threshold(&bench.window);
    let lost = LostSegment {
        now: bench.now,
        delivered: bench.delivered,
        in_flight: 100,
        lost_since_sent: 2,
        app_limited: false,
    };
    bench.bbr.on_lost(&lost);
    assert_eq!((bench.bbr.state, bench.bbr.inflight_longterm), (BbrState::Up, INFINITY), "2 of 100 are 2 %, not more");
    bench.bbr.on_lost(&LostSegment { lost_since_sent: 3, ..lost });
    // Before it 2 of 99 were lost, which is too much already.
    assert_eq!((bench.bbr.state, bench.bbr.inflight_longterm), (BbrState::Down, 99_000));
    // It is answered once a probe.
    bench.bbr.on_lost(&LostSegment { in_flight: 50, lost_since_sent: 9, ..lost });
    assert_eq!(bench.bbr.inflight_longterm, 99_000);
    // An undone recovery brings it back, and probes again.
    bench.bbr.undo(&bench.window, 0);
    assert_eq!((bench.bbr.state, bench.bbr.inflight_longterm), (BbrState::Refill, INFINITY));
}

#[test]
fn section_5_5_10_3_losses_in_cruise_bring_the_model_down_by_at_most_three_tenths_a_round() {
    let mut bench = Bench::full();
    bench.bbr.start_down();
    (bench.bbr.state, bench.bbr.is_bw_probe_sample) = (BbrState::Cruise, false);
    bench.loses(20);
    bench.ack(20, 500, 40, |ack| ack.prior_delivered = ack.delivered - 20_000);
    bench.ack(20, 500, 40, |ack| ack.prior_delivered = ack.delivered - 20_000);
    assert_eq!(bench.bbr.bw, 700_000, "half was delivered");
    assert_eq!(bench.bbr.max_bw(), 1_000_000, "the long-term model stays");
    // REFILL forgets it.
    bench.bbr.start_refill();
    bench.ack(1, 900, 40, |_| ());
    assert_eq!(bench.bbr.bw, 1_000_000);
}

#[test]
fn what_a_probe_would_tolerate_is_no_congestion_in_cruise_either() {
    let mut bench = Bench::full();
    bench.bbr.start_down();
    (bench.bbr.state, bench.bbr.is_bw_probe_sample) = (BbrState::Cruise, false);
    // Two rounds, of which so many segments arrive each.
    let two_rounds = |bench: &mut Bench, segments: u32| {
        for _ in 0..2 {
            let volume = u64::from(segments * MSS);
            bench.ack(segments, 1, 40, |ack| ack.prior_delivered = ack.delivered - volume);
        }
    };
    // 2 % of 36 segments is one, in whole segments.
    bench.loses(1);
    two_rounds(&mut bench, 36);
    assert_eq!(bench.bbr.bw, 1_000_000);
    bench.loses(2);
    two_rounds(&mut bench, 36);
    assert_eq!(bench.bbr.bw, 900_000);
    // A mark is not random.
    two_rounds(&mut bench, 32);
    assert_eq!(bench.bbr.bw, 900_000);
    bench.bbr.on_mark(bench.now, 60);
    two_rounds(&mut bench, 32);
    assert_eq!(bench.bbr.bw, 800_000);
}

#[test]
fn section_5_3_4_3_a_pause_every_five_seconds_with_half_of_the_product_in_flight() {
    let mut bench = Bench::full();
    bench.ack(1, 1000, 40, |ack| ack.in_flight.1 = 40);
    let delayed = |ack: &mut AckSample| (ack.rtt, ack.in_flight.1) = (Some(Duration::from_millis(45)), 40);
    let begun = bench.now;
    while bench.bbr.state != BbrState::ProbeRtt {
        bench.ack(40, 1000, 40, delayed);
        assert!(bench.now < begun + Duration::from_secs(6), "{:?}", bench.bbr.state);
    }
    assert_eq!((bench.window.cwnd, bench.bbr.holds_back()), (20, true));
    let little = |ack: &mut AckSample| (ack.rtt, ack.in_flight.1) = (Some(Duration::from_millis(40)), 20);
    let (paused, before) = (bench.now, bench.bbr.prior_cwnd);
    while bench.bbr.state == BbrState::ProbeRtt {
        bench.ack(20, 500, 40, little);
    }
    // 200 ms from when 20 were out, to the first acknowledgment behind them.
    assert_eq!((bench.now - paused).as_millis(), 280);
    assert_eq!((bench.bbr.state, bench.window.cwnd >= before.min(80)), (BbrState::Cruise, true));
    assert_eq!(bench.bbr.min_rtt, Some(Duration::from_millis(40)));
}

#[test]
fn section_3_7_a_mark_counts_as_a_loss() {
    let mut bench = Bench::full();
    (bench.bbr.state, bench.bbr.is_bw_probe_sample) = (BbrState::Up, true);
    bench.bbr.on_mark(bench.now, 60);
    assert_eq!((bench.bbr.state, bench.bbr.inflight_longterm), (BbrState::Down, 60_000));
}
