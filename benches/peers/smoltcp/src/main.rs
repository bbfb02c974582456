//! What a data segment costs the stack alone, ours and smoltcp's, in the same run: two machines back to back, each with its
//! Ethernet, ARP, IPv4 and TCP, frames of 1,514 bytes handed over in memory, every checksum computed and verified. No links,
//! no routers, no queue of events, nothing recorded. And what it costs to open a connection and close it.
//!
//! `cargo run --release --manifest-path benches/peers/smoltcp/Cargo.toml [bytes] [connections]`

mod ours;
mod theirs;

/// How many bytes each side of a connection may hold.
const BUFFER: usize = 1 << 16;
/// How much a program writes at once.
const WRITE: usize = 1 << 14;
/// The time that passes from one exchange of frames to the next, in microseconds.
const TURN_US: u64 = 10;

/// A measured transfer.
struct Transfer {
    ns: u64,
    /// Frames with data.
    segments: u64,
    /// Frames in all.
    frames: u64,
}

/// Nanoseconds that this process has run, from Linux' scheduler.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

/// The best of three after one that warms up: smoltcp and ours by turns, so that both meet the same machine.
fn best<const N: usize>(mut runs: [&mut dyn FnMut() -> Transfer; N]) -> [Transfer; N] {
    let mut best: Vec<Option<Transfer>> = runs.iter().map(|_| None).collect();
    for turn in 0..4 {
        for (run, best) in runs.iter_mut().zip(&mut best) {
            let this = run();
            if turn > 0 && best.as_ref().is_none_or(|best| this.ns < best.ns) {
                *best = Some(this);
            }
        }
    }
    let mut best = best.into_iter().flatten();
    std::array::from_fn(|_| best.next().expect("each has run"))
}

fn main() {
    let args: Vec<usize> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let total = args.first().copied().unwrap_or(100_000_000);
    let connections = args.get(1).copied().unwrap_or(10_000);

    let names = ["smoltcp", "ours, copied in and out, frames as bytes", "ours, copied in and out", "ours, shared"];
    let measured = best([
        &mut || theirs::transfer(total),
        &mut || ours::transfer(total, ours::Data::Bytes),
        &mut || ours::transfer(total, ours::Data::Copied),
        &mut || ours::transfer(total, ours::Data::Shared),
    ]);
    let each = |run: &Transfer, what: u64| run.ns as f64 / what as f64;
    let theirs = &measured[0];
    for (name, run) in names.iter().zip(&measured) {
        let gbit = total as f64 * 8.0 / run.ns as f64;
        // smoltcp acknowledges rarely, ours every second segment (RFC 9293 §3.8.6.3): so both are told.
        let (segment, data) = (each(run, run.frames), each(run, run.segments));
        println!(
            "{name}: {segment:.0} ns CPU a segment ({:.2} of smoltcp's), {data:.0} ns a data segment ({:.2}), {gbit:.1} Gbit/s; {} segments, {} with data",
            segment / each(theirs, theirs.frames),
            data / each(theirs, theirs.segments),
            run.frames,
            run.segments,
        );
    }

    let [theirs, ours] = best([&mut || theirs::connections(connections), &mut || ours::connections(connections)]);
    for (name, run) in [("smoltcp", &theirs), ("ours", &ours)] {
        let each = run.ns as f64 / connections as f64;
        println!(
            "{name}: {each:.0} ns CPU a connection opened and closed, {:.0} a second, {:.1} frames each",
            1e9 / each,
            run.frames as f64 / connections as f64
        );
    }
}
