//! BBRv3: the order of its states, and what it makes of a path.

use base::{Chance, Duration};
use tcp::CongestionKind;
use trace::Level;

use super::path::{Outcome, Path, Run, config};

/// What is said of the sender: its state, by name, and the bandwidth that it believed in when it entered it.
fn said(run: &Run) -> Vec<(&'static str, u64)> {
    let events = run.recorder.trace().events.iter();
    let models = events.clone().filter(|event| event.kind.id == "tcp.bbr_model").map(|event| event.args[0]);
    let states = events.filter(|event| event.kind.id == "tcp.bbr_state").map(|event| event.args[1] as usize);
    states.map(|state| trace::kinds::tcp::BBR_STATES[state].name).zip(models).collect()
}

/// One in a hundred segments is lost at random: the share of the line that is used, on average over runs with three seeds.
pub fn lossy(mbit: u64, rtt_ms: i64, kind: CongestionKind, seconds: i64) -> f64 {
    let share = |seed| {
        let path = Path { loss: Chance::parts_per_billion(10_000_000), seed, ..Path::new(mbit, rtt_ms, 100) };
        let mut run = Run::new(path, &[(0, config(kind))], Level::Off);
        run.run(Duration::from_secs(3));
        let outcome: Outcome = run.run(Duration::from_secs(seconds));
        outcome.share_of(&path, 1448)
    };
    (1..=3).map(share).sum::<f64>() / 3.0
}

#[test]
fn draft_ietf_ccwg_bbr_06_section_5_1_the_states_follow_each_other() {
    let path = Path::new(20, 40, 200);
    let mut run = Run::new(path, &[(0, config(CongestionKind::Bbr))], Level::Decisions);
    let outcome = run.run(Duration::from_secs(12));
    let states: Vec<&str> = said(&run).into_iter().map(|(state, _)| state).collect();
    let cycle = ["ProbeBW_DOWN", "ProbeBW_CRUISE", "ProbeBW_REFILL", "ProbeBW_UP", "ProbeBW_DOWN", "ProbeBW_CRUISE"];
    assert_eq!((states[0], &states[1..7]), ("Drain", &cycle[..]));
    // Out of ProbeRTT it goes through DOWN without a stop.
    let pauses: Vec<usize> = (0..states.len()).filter(|&at| states[at] == "ProbeRTT").collect();
    assert_eq!(pauses.len(), 2, "one in five seconds: {states:?}");
    for at in pauses {
        assert_eq!(states[at + 1..at + 3], cycle[..2]);
    }
    // 1 % below the rate of the line, and the pauses and Startup.
    assert!(outcome.share_of(&path, 1448) > 0.94, "{}", outcome.share_of(&path, 1448));
    assert_eq!((outcome.drops, outcome.info[0].retransmits), (0, 0));
}

#[test]
fn draft_ietf_ccwg_bbr_06_section_5_6_1_each_state_paces_with_its_gain() {
    let mut run = Run::new(Path::new(20, 40, 200), &[(0, config(CongestionKind::Bbr))], Level::Decisions);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..6000 {
        run.run(Duration::from_millis(2));
        let Some(&(state, bandwidth)) = said(&run).last() else { continue };
        let gain = match state {
            "Drain" => 0.5,
            "ProbeBW_DOWN" => 0.9,
            "ProbeBW_UP" => 1.25,
            _ => 1.0,
        };
        let info = run.info(0);
        let got = info.pacing_rate.unwrap() as f64 / (bandwidth as f64 * 0.99);
        assert!((got / gain - 1.0).abs() < 0.06, "{state}: {got:.3}");
        if state == "ProbeRTT" && seen.contains("ProbeRTT") {
            // §5.6.4.5: half of the path's product of rate and delay.
            assert!(info.cwnd <= 36 * 1448, "{}", info.cwnd);
        }
        seen.insert(state);
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
}

#[test]
fn one_percent_of_random_loss_leaves_85_percent_of_the_line() {
    for rtt_ms in [20, 40, 100] {
        let bbr = lossy(50, rtt_ms, CongestionKind::Bbr, 30);
        assert!(bbr >= 0.85, "{rtt_ms} ms: {bbr:.3}");
    }
    let cubic = lossy(50, 100, CongestionKind::Cubic, 30);
    assert!(cubic < 0.1, "CUBIC takes each loss for congestion: {cubic:.3}");
}
