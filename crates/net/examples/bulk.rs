//! What a data packet costs in CPU time, as the kernel counts it for this process: steadier than the clock on a busy machine.
//!
//! `cargo run --release -p wirescope-net --example bulk [bytes] [pairs] [flows of each] [off|decisions|full] [share|copy]`

#[path = "../benches/support/mod.rs"]
mod support;

use support::{Bulk, Programs, SEGMENT};
use trace::Level;

/// Nanoseconds that this process has run, from Linux' scheduler.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |n: usize, default: usize| args.get(n).and_then(|arg| arg.parse().ok()).unwrap_or(default);
    let (total, pairs, flows) = (number(0, 100_000_000), number(1, 1), number(2, 1));
    let level = match args.get(3).map(String::as_str) {
        Some("full") => Level::Full,
        Some("decisions") => Level::Decisions,
        _ => Level::Off,
    };
    let programs = if args.get(4).is_some_and(|arg| arg == "copy") { Programs::Copy } else { Programs::Share };
    // The first run warms up the allocator and the caches; the best of the others counts.
    let runs = (0..4).map(|_| {
        let bulk = Bulk::new(total, pairs, flows, level, programs);
        let start = cpu_ns();
        let world = bulk.run();
        let spent = cpu_ns() - start;
        (spent, world.steps())
    });
    let (best, steps) = runs.skip(1).min().unwrap_or_default();
    let packets = total.div_ceil(SEGMENT) as u64;
    let per_packet = best / packets.max(1);
    let line = format!(
        "{pairs} pairs x {flows} flows, {packets} data packets, {steps} steps: {per_packet} ns CPU a data packet\n"
    );
    let _ = std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes());
}
