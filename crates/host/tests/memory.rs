//! No leak of memory: after ten thousand connections the heap holds what it held before. A test binary of its own, as each
//! allocation of the process counts.

#[path = "stack/soak_world.rs"]
mod soak_world;

use peak_alloc::PeakAlloc;
use soak_world::{TOGETHER, soak};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What tables may keep of room for entries that are gone, in bytes: they grow when more is in use at a time than ever before,
/// which becomes rare.
const ROOM: usize = 64 << 10;

#[test]
fn ten_thousand_connections_leave_no_byte_behind() {
    // What is made once in a process's life is made here.
    soak(TOGETHER, 1, |_| ());
    let before = HEAP.current_usage();
    // The live heap whenever no connection is there, while both hosts go on.
    let mut quiet = Vec::with_capacity(10_000 / TOGETHER);
    let (.., kept) = soak(10_000, 2, |_| quiet.push(HEAP.current_usage()));
    assert_eq!((quiet.len(), kept[0].connections, kept[1].connections), (10_000 / TOGETHER, 0, 0));
    // With the hosts everything is gone, to the byte; what is left is the list above.
    let list = quiet.capacity() * size_of::<usize>();
    assert_eq!(HEAP.current_usage() - list, before, "bytes that nobody will free");
    // As long as they live they do not grow: after a thousand connections it is as much as after ten thousand.
    let (early, late) = (quiet[..20].iter().max().unwrap(), quiet[180..].iter().max().unwrap());
    println!(
        "before the hosts: {before}; with both, no connection: {:?}",
        quiet.iter().step_by(20).collect::<Vec<_>>()
    );
    assert!(*late <= early + ROOM, "from {early} to {late} bytes: {quiet:?}");
}
