//! Verdicts compared with tshark's `tcp.analysis` on transfers over a lossy path, played from a seed.
//!
//! The two agree but for these differences, each of which is checked to be one of them:
//! - an ACK with SACK blocks and another window is a duplicate ACK (RFC 6675 §2); tshark says window update, so it may
//!   also count fewer duplicates and take a fast retransmission for another kind;
//! - an ACK repeated while nothing is in flight is no duplicate ACK (RFC 5681 §2 (a));
//! - what was seen before is not out of order but sent again (or doubled on the way);
//! - a segment just below `next` towards a closed window is a probe, and its answer the answer to one.

use std::collections::BTreeSet;
use std::process::Command;

use super::path::{Path, play};
use super::*;

const PAIRS: [(&str, Verdicts); 15] = [
    ("retransmission", Verdicts::RETRANSMISSION),
    ("fast_retransmission", Verdicts::FAST_RETRANSMISSION),
    ("spurious_retransmission", Verdicts::SPURIOUS_RETRANSMISSION),
    ("out_of_order", Verdicts::OUT_OF_ORDER),
    ("lost_segment", Verdicts::LOST_PREVIOUS),
    ("duplicate_ack", Verdicts::DUP_ACK),
    ("window_update", Verdicts::WINDOW_UPDATE),
    ("zero_window", Verdicts::ZERO_WINDOW),
    ("zero_window_probe", Verdicts::ZERO_WINDOW_PROBE),
    ("zero_window_probe_ack", Verdicts::ZERO_WINDOW_PROBE_ACK),
    ("keep_alive", Verdicts::KEEP_ALIVE),
    ("keep_alive_ack", Verdicts::KEEP_ALIVE_ACK),
    ("window_full", Verdicts::WINDOW_FULL),
    ("ack_lost_segment", Verdicts::ACKED_UNSEEN),
    ("reused_ports", Verdicts::PORT_REUSED),
];

/// What tshark says of one packet.
struct Said {
    relative_seq: String,
    acks: String,
    ack_rtt: String,
    verdicts: BTreeSet<usize>,
}

/// Whether tshark is there. Without it the test says that it is skipped, or fails where oracles are required.
fn have_tshark() -> bool {
    oracle::program("tshark")
}

fn tshark(tape: &Tape, name: &str) -> Vec<Said> {
    let path = std::env::temp_dir().join(format!("wirescope-flow-{}-{name}.pcap", std::process::id()));
    let mut out = capture::write::Pcap::new(Vec::new(), capture::LinkType::Ethernet).unwrap();
    for (row, bytes) in tape.flow.rows().iter().zip(&tape.frames) {
        let at = base::WallTime::SIMULATION_EPOCH + row.at.since(Instant::ZERO);
        out.packet(at, None, [bytes.as_slice()]).unwrap();
    }
    std::fs::write(&path, out.finish().unwrap()).unwrap();
    let mut command = Command::new("tshark");
    command.arg("-r").arg(&path).args(["-T", "fields", "-e", "tcp.seq", "-e", "tcp.analysis.acks_frame"]);
    command.args(["-e", "tcp.analysis.ack_rtt"]);
    for (field, _) in PAIRS {
        command.arg("-e").arg(format!("tcp.analysis.{field}"));
    }
    let output = command.output().unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let set = |i: &usize| cells.get(3 + i).is_some_and(|cell| !cell.is_empty());
            let mut verdicts: BTreeSet<usize> = (0..PAIRS.len()).filter(set).collect();
            if verdicts.contains(&1) || verdicts.contains(&2) {
                verdicts.remove(&0); // tshark says the general word beside the special one
            }
            Said { relative_seq: cells[0].into(), acks: cells[1].into(), ack_rtt: cells[2].into(), verdicts }
        })
        .collect()
}

/// Whether a difference is one of those that the module's text explains.
fn explained(tape: &Tape, number: u32, theirs: &BTreeSet<usize>, ours: &BTreeSet<usize>) -> bool {
    let tcp = tape.tcp(number);
    let has_sack = tape.frames[number as usize - 1].len() > 54 && tcp.len == 0;
    let name = |i: &usize| PAIRS[*i].0;
    let only_theirs: Vec<&str> = theirs.difference(ours).map(name).collect();
    let only_ours: Vec<&str> = ours.difference(theirs).map(name).collect();
    match (only_theirs.as_slice(), only_ours.as_slice()) {
        (["window_update"], ["duplicate_ack"]) => has_sack,
        ([], ["duplicate_ack"]) => has_sack,
        (["duplicate_ack"], []) => true, // checked by the unit tests: nothing is in flight
        (["out_of_order"], ["retransmission"]) => tcp.repeats().is_some(),
        // Fast retransmission hangs on the number of duplicate ACKs, which is not the same where the above differs.
        (["out_of_order"] | ["retransmission"], ["fast_retransmission"]) => true,
        (["fast_retransmission"], ["out_of_order"] | ["retransmission"]) => true,
        (["keep_alive"], ["zero_window_probe"]) => true,
        ([], ["zero_window_probe_ack"]) => true,
        (_, []) => tcp.verdicts.contains(Verdicts::COPY),
        _ => false,
    }
}

fn compare(name: &str, path: &Path) -> (usize, usize) {
    let tape = play(path);
    let (mut same, mut different) = (0, 0);
    let said = tshark(&tape, name);
    assert_eq!(said.len(), tape.frames.len());
    for (n, theirs) in (1..).zip(&said) {
        let tcp = tape.tcp(n);
        let ours: BTreeSet<usize> = (0..PAIRS.len()).filter(|&i| tcp.verdicts.contains(PAIRS[i].1)).collect();
        if theirs.verdicts != ours {
            assert!(
                explained(&tape, n, &theirs.verdicts, &ours),
                "{name}, packet {n}: tshark says {:?}, we say {} of {tcp:?}",
                theirs.verdicts.iter().map(|&i| PAIRS[i].0).collect::<Vec<_>>(),
                tcp.verdicts,
            );
            different += 1;
        }
        same += theirs.verdicts.intersection(&ours).count();
        assert_eq!(theirs.relative_seq, tcp.relative_seq().unwrap().to_string(), "{name}, packet {n}");
        if let (Some(acks), false) = (tcp.acks(), theirs.acks.is_empty()) {
            assert_eq!(theirs.acks, acks.to_string(), "{name}, packet {n}");
        }
        if let (Some(rtt), false) = (tcp.rtt(), theirs.ack_rtt.is_empty()) {
            let theirs: f64 = theirs.ack_rtt.parse().unwrap();
            assert!((theirs * 1e9 - rtt.as_nanos() as f64).abs() < 2.0, "{name}, packet {n}: {theirs} {rtt}");
        }
    }
    (same, different)
}

#[test]
fn tshark_judges_segments_as_we_do() {
    if !have_tshark() {
        return;
    }
    let clean = Path { segments: 60, ..Path::default() };
    let lossy = Path { segments: 400, loss: 20, seed: 7, ..Path::default() };
    let at_sender = Path { tap_at_sender: true, seed: 8, ..lossy };
    let reordering = Path { segments: 400, reorder: 30, duplicate: 10, seed: 9, ..Path::default() };
    let small_window = Path { segments: 120, window: 4_000, slow_reader: true, seed: 10, ..Path::default() };
    let (mut same, mut different) = (0, 0);
    for (name, path) in [
        ("clean", clean),
        ("lossy", lossy),
        ("at-sender", at_sender),
        ("reordering", reordering),
        ("small-window", small_window),
    ] {
        let (s, d) = compare(name, &path);
        same += s;
        different += d;
    }
    assert!(same > 150, "only {same} verdicts were compared");
    assert!(different * 2 < same, "{different} differences beside {same} equal verdicts");
}
