//! Ten thousand connections over a bad path: what arrives is what was sent, nothing hangs, nothing is left over in the hosts' tables.
//! (What is left over in memory: `tests/memory.rs`.)

use host::Holdings;

use super::soak_world::{TOGETHER, soak};

/// Ten thousand connections: nothing is lost, nothing hangs, nothing is left over.
#[test]
fn ten_thousand_connections_over_a_bad_path() {
    let (mut frames, mut whole) = (0, 0);
    for seed in 1..=10 {
        let (more, came, kept) = soak(1000, seed, |_| ());
        (frames, whole) = (frames + more, whole + came);
        // The server listens; there is nothing else, and never was more than are open at a time.
        let empty = Holdings { sockets: 0, places: 0, connections: 0, ports: 0, timers: 0, waiting: 0 };
        for (kept, sockets) in kept.into_iter().zip([0, 1]) {
            assert!(kept.places <= 4 * TOGETHER, "seed {seed}: {kept:?}");
            assert_eq!(Holdings { places: 0, ..kept }, Holdings { sockets, ports: sockets, ..empty }, "seed {seed}");
        }
    }
    assert!(frames > 100_000 && whole > 5_000, "{frames} frames, {whole} connections went to their end");
}
