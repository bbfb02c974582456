//! How two flows share a bottleneck, and which queue one leaves in a large buffer.

use base::Duration;
use tcp::CongestionKind::{self, Bbr, Cubic, Reno};
use trace::Level;

use super::path::{Outcome, Path, Run, config};

/// Two flows on 20 Mbit/s, 40 ms, a queue of one product of rate and delay; the second begins a second later. Ten seconds to
/// settle, then so many.
pub fn two(a: CongestionKind, b: CongestionKind, seconds: i64) -> Outcome {
    let mut run = Run::new(Path::new(20, 40, 100), &[(0, config(a)), (1000, config(b))], Level::Off);
    run.run(Duration::from_secs(10));
    run.run(Duration::from_secs(seconds))
}

/// One flow on 20 Mbit/s, 40 ms, a queue of ten products of rate and delay: the average queue in bytes.
pub fn deep_queue(kind: CongestionKind, seconds: i64) -> Outcome {
    let mut run = Run::new(Path::new(20, 40, 1000), &[(0, config(kind))], Level::Off);
    run.run(Duration::from_secs(5));
    run.run(Duration::from_secs(seconds))
}

#[test]
fn two_flows_of_one_kind_share_evenly() {
    for kind in [Reno, Cubic, Bbr] {
        let outcome = two(kind, kind, 30);
        assert!(outcome.jain() >= 0.95, "{kind:?}: Jain's index {:.3} {:?}", outcome.jain(), outcome.bytes);
        assert!(outcome.share_of(&Path::new(20, 40, 100), 1448) > 0.9, "{kind:?} uses the line");
    }
}

#[test]
fn bbr_beside_cubic_starves_neither() {
    let outcome = two(Cubic, Bbr, 30);
    let (cubic, bbr) = (outcome.bytes[0] as f64, outcome.bytes[1] as f64);
    assert!((0.1..10.0).contains(&(cubic / bbr)), "{:?}", outcome.bytes);
}

#[test]
fn bbr_leaves_under_a_quarter_of_cubics_queue_in_a_large_buffer() {
    let (cubic, bbr) = (deep_queue(Cubic, 20), deep_queue(Bbr, 20));
    assert!(bbr.queue < cubic.queue / 4.0, "{:.0} bytes, and CUBIC's {:.0}", bbr.queue, cubic.queue);
    for outcome in [cubic, bbr] {
        assert!(outcome.share_of(&Path::new(20, 40, 1000), 1448) > 0.9);
    }
}
