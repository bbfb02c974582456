//! The figures of the congestion controls, as docs/tcp-figures.md has them:
//! `cargo run --release -p wirescope-tcp --example figures > docs/tcp-figures.md`.

#[allow(dead_code, unused_imports)]
#[path = "../tests/numbers/average.rs"]
mod average;
#[allow(dead_code, unused_imports)]
#[path = "../tests/numbers/bbr.rs"]
mod bbr;
#[allow(dead_code, unused_imports)]
#[path = "../tests/numbers/fairness.rs"]
mod fairness;
#[allow(dead_code, unused_imports)]
#[path = "../tests/numbers/padhye.rs"]
mod padhye;
#[allow(dead_code, unused_imports)]
#[path = "../tests/numbers/path.rs"]
mod path;

use base::Duration;
use tcp::CongestionKind::{self, Bbr, Cubic, Reno};

fn main() {
    println!("# TCP: what the congestion controls make of a path\n");
    println!(
        "Written by `cargo run --release -p wirescope-tcp --example figures`; the tests of `crates/tcp/tests/numbers` hold"
    );
    println!(
        "the numbers in smaller runs. Everything is simulated in virtual time, with seeds: the same on every machine.\n"
    );
    windows();
    padhye_table();
    sharing();
    queues();
    losses();
}

/// RFC 9438 §5.1: what a model says, in segments.
fn windows() {
    println!("## The average window under deterministic loss\n");
    println!(
        "One segment in 1/p is lost. In segments; each is acknowledged (no delayed acknowledgments). CUBIC without fast"
    );
    println!(
        "convergence, as RFC 9438 §5.1 assumes; its tables are the larger of 1.054 (RTT/p)^0.75 and Reno's 1.2/sqrt(p).\n"
    );
    println!(
        "| p | Reno | 1.2/sqrt(p) | CUBIC, 10 ms | table 2 | CUBIC, 100 ms | table 1 |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for exponent in 2..=6 {
        let every = 10u64.pow(exponent);
        // From above, CUBIC's window nears what the model says by the root of the losses alone: after n it is 1 / sqrt(1.4 n) off.
        let cycles = if exponent < 6 { 1000 } else { 400 };
        let average = |kind, ms| average::average_window(kind, Duration::from_millis(ms), every, cycles);
        let reno = 1.2 * (every as f64).sqrt();
        let cubic = |rtt: f64| reno.max(1.054 * (rtt * every as f64).powf(0.75));
        println!(
            "| 1e-{exponent} | {:.1} | {reno:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
            average(Reno, 100),
            average(Cubic, 10),
            cubic(0.01),
            average(Cubic, 100),
            cubic(0.1)
        );
    }
    println!();
}

fn padhye_table() {
    println!("## Reno under random loss\n");
    println!(
        "Beside Padhye's formula (RFC 5348 §3.1, b = 1) at the measured loss event rate and timeout: 50 ms, SACK, without RACK"
    );
    println!("and TLP, each segment acknowledged, 1000 s.\n");
    println!("| lost | loss events a segment | segments a second | formula | off |\n| --- | --- | --- | --- | --- |");
    for one_in in [50, 70, 100, 200, 400, 1000] {
        let padhye::Figures { p, measured, formula } = padhye::reno(one_in, 1000);
        let off = (measured / formula - 1.0) * 100.0;
        println!("| 1 in {one_in} | {p:.4} | {measured:.0} | {formula:.0} | {off:+.0} % |");
    }
    println!();
}

fn sharing() {
    println!("## Two flows share a line\n");
    println!(
        "20 Mbit/s, 40 ms, a queue of one product of rate and delay (drop-tail); the second begins a second later; 60 s measured"
    );
    println!("after 10 s. Jain's index, and what each got in Mbit/s of data.\n");
    println!("| flows | index | first | second |\n| --- | --- | --- | --- |");
    for (a, b) in [(Reno, Reno), (Cubic, Cubic), (Bbr, Bbr), (Cubic, Bbr), (Reno, Cubic)] {
        let outcome = fairness::two(a, b, 60);
        let rate = |n: usize| outcome.bytes[n] as f64 * 8.0 / 60e6;
        println!("| {}, {} | {:.3} | {:.2} | {:.2} |", name(a), name(b), outcome.jain(), rate(0), rate(1));
    }
    println!();
}

fn queues() {
    println!("## The queue in a large buffer\n");
    println!("20 Mbit/s, 40 ms, room for ten products of rate and delay (1 MB); the average over 60 s after 5 s.\n");
    println!("| | queue, kB | share of the line | drops |\n| --- | --- | --- | --- |");
    for kind in [Reno, Cubic, Bbr] {
        let outcome = fairness::deep_queue(kind, 60);
        let share = outcome.share_of(&path::Path::new(20, 40, 1000), 1448) * 100.0;
        println!("| {} | {:.1} | {share:.1} % | {} |", name(kind), outcome.queue / 1000.0, outcome.drops);
    }
    println!();
}

fn losses() {
    println!("## One percent of random loss\n");
    let text = [
        "The share of the line that is used, with a queue of one product of rate and delay, over 60 s, on average of three seeds.",
        "Between its probes (every two to three seconds, or as many round trips as segments fill the path, at most 63) the draft's",
        "BBR follows what is delivered: of each round that loses something it keeps what arrived. draft-ietf-ccwg-bbr-06 §5.3.3.8",
        "reckons with that: with 1 % lost, 0.99^N of the rate are left after N rounds. The average of that over the rounds between",
        "two probes is the column beside BBR's: where 63 rounds pass between probes, at 20 to 40 ms, the draft leaves three",
        "quarters of the line (by its letter ours kept 77 to 82 % there). So ours takes losses of up to 2 % of a round, which the",
        "draft's probes tolerate, for no sign of congestion between them either ([deviations](deviations.md)).\n",
    ];
    println!("{}", text.join("\n"));
    println!("| line | BBR | as the draft reckons | CUBIC | Reno |\n| --- | --- | --- | --- | --- |");
    for (mbit, rtt) in [(10, 10), (10, 40), (50, 20), (50, 40), (100, 33), (10, 100), (50, 100), (100, 100)] {
        let share = |kind| bbr::lossy(mbit, rtt, kind, 60) * 100.0;
        println!(
            "| {mbit} Mbit/s, {rtt} ms | {:.0} % | {:.0} % | {:.0} % | {:.0} % |",
            share(Bbr),
            reckoned(mbit as f64, rtt as f64) * 100.0,
            share(Cubic),
            share(Reno)
        );
    }
}

/// draft-ietf-ccwg-bbr-06 §5.3.3.8: the average of what is left of the rate, over the rounds from one probe to the next, if one
/// percent is lost.
fn reckoned(mbit: f64, rtt_ms: f64) -> f64 {
    let segments = mbit * 125.0 * rtt_ms / 1514.0;
    let rounds = segments.min(63.0).min(2500.0 / rtt_ms);
    (1.0 - 0.99f64.powf(rounds)) / (rounds * 0.01)
}

fn name(kind: CongestionKind) -> &'static str {
    match kind {
        Reno => "Reno",
        Cubic => "CUBIC",
        Bbr => "BBR",
    }
}
