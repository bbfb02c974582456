//! Reno under random loss, beside Padhye's formula (RFC 5348 §3.1).

use base::{Chance, Duration, Rate};
use tcp::{Config, CongestionKind};
use trace::Level;

use super::path::{Path, Run, config};

/// What came out, and what the formula says.
pub struct Figures {
    /// Loss events a segment.
    pub p: f64,
    /// Segments a second.
    pub measured: f64,
    pub formula: f64,
}

/// Reno with SACK, without RACK and TLP, every segment acknowledged (b = 1), on a path without a queue of 50 ms that loses one in
/// `one_in` segments, for so many seconds.
pub fn reno(one_in: u32, seconds: i64) -> Figures {
    let loss = Chance::parts_per_billion(1_000_000_000 / one_in);
    let path = Path { rate: Rate::mbit(1000), loss, ..Path::new(1000, 50, 100) };
    let reno = Config { rack: false, tlp: false, delayed_ack: false, ..config(CongestionKind::Reno) };
    let mut run = Run::new(path, &[(0, reno)], Level::Off);
    let outcome = run.run(Duration::from_secs(seconds));
    let info = &outcome.info[0];
    let losses = run.loss_events() as f64;
    let sent = info.segments.0 as f64;
    let p = losses / sent;
    // RFC 5348 §3.1 with b = 1: X_Bps / s.
    let (r, rto) = (info.srtt.as_millis_f64() / 1000.0, info.rto.as_millis_f64() / 1000.0);
    let root = |x: f64| x.sqrt();
    let formula = 1.0 / (r * root(2.0 * p / 3.0) + rto * (3.0 * root(3.0 * p / 8.0) * p * (1.0 + 32.0 * p * p)));
    Figures { p, measured: sent / seconds as f64, formula }
}

#[test]
fn reno_is_within_20_percent_of_padhyes_formula() {
    for (one_in, seconds) in [(60, 300), (100, 200), (400, 150)] {
        let Figures { p, measured, formula } = reno(one_in, seconds);
        let off = measured / formula - 1.0;
        assert!(
            off.abs() <= 0.2,
            "one in {one_in}, p {p:.4}: {measured:.1} segments a second, not {formula:.1} ({off:+.2})"
        );
    }
}
