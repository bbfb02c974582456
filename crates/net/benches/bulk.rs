//! What a packet costs: 100 MB through two hops at 1 Gbit/s and a round trip of 20 ms, with real bytes and checksums, the
//! queue two bandwidth-delay products long (longer where many flows start at once, so that nothing is lost).
//!
//! `cargo bench -p wirescope-net` (the figure per data packet is the reciprocal of the items a second).

mod support;

use divan::Bencher;
use divan::counter::ItemsCount;
use support::{Bulk, Programs, SEGMENT};
use trace::Level;

fn main() {
    divan::main();
}

const TOTAL: usize = 100_000_000;
/// Data packets that carry it.
const PACKETS: usize = TOTAL.div_ceil(SEGMENT);

fn bench(bencher: Bencher, pairs: usize, flows: usize, level: Level) {
    bencher
        .counter(ItemsCount::new(PACKETS))
        .with_inputs(|| Bulk::new(TOTAL, pairs, flows, level, Programs::Share))
        .bench_values(Bulk::run);
}

#[divan::bench(sample_count = 5, args = [1, 100, 1000])]
fn flows_unrecorded(bencher: Bencher, flows: usize) {
    bench(bencher, 1, flows, Level::Off);
}

#[divan::bench(sample_count = 5)]
fn one_flow_decisions(bencher: Bencher) {
    bench(bencher, 1, 1, Level::Decisions);
}

#[divan::bench(sample_count = 5)]
fn one_flow_recorded(bencher: Bencher) {
    bench(bencher, 1, 1, Level::Full);
}

#[divan::bench(sample_count = 5, args = [1, 100, 1000])]
fn pairs_unrecorded(bencher: Bencher, pairs: usize) {
    bench(bencher, pairs, 1, Level::Off);
}
