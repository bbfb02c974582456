//! The compatible label of every segment against tshark's `tcp.analysis`, packet by packet: on every tap of the built-in
//! scenarios, on transfers over lossy lines of many kinds, and on captures of real programs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use wirescope::capture::read::read_all;
use wirescope::export::TapSet;
use wirescope::flow::Verdicts;
use wirescope::scenario::{self, Scenario};
use wirescope::trace::Trace;

use crate::runs;

/// tshark's fields and our bits.
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

/// For each kind: packets on which both say it, only tshark, only we.
#[derive(Default, Debug)]
pub struct Tally(BTreeMap<&'static str, [u32; 3]>);

impl Tally {
    fn add(&mut self, other: Tally) {
        for (kind, counts) in other.0 {
            let mine = self.0.entry(kind).or_default();
            mine.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
        }
    }
    /// Fails if tshark and we agree in fewer than 99 of 100 packets of a kind.
    pub fn demand(&self, what: &str) {
        println!("{what}: kind, both, only tshark, only we: {:?}", self.0);
        for (kind, [both, theirs, ours]) in &self.0 {
            assert!(
                (theirs + ours) * 100 <= both + theirs + ours,
                "{what}: {kind}: both {both}, only tshark {theirs}, only we {ours}"
            );
        }
    }
}

/// What tshark says of each packet: its verdicts, and the number of a duplicate ACK.
fn tshark(file: &Path) -> Vec<(Verdicts, u32)> {
    let mut command = Command::new("tshark");
    command.env("HOME", env!("CARGO_TARGET_TMPDIR")).env_remove("XDG_CONFIG_HOME").arg("-n").arg("-r").arg(file);
    command.args(["-o", "tcp.desegment_tcp_streams:FALSE", "-T", "fields", "-e", "tcp.analysis.duplicate_ack_num"]);
    for (field, _) in PAIRS {
        command.arg("-e").arg(format!("tcp.analysis.{field}"));
    }
    let output = command.output().expect("tshark is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines()
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let mut verdicts = Verdicts::NONE;
            for (_, (_, verdict)) in cells[1..].iter().zip(PAIRS).filter(|(cell, _)| !cell.is_empty()) {
                verdicts |= verdict;
            }
            // It says the general word beside the special one.
            if verdicts.intersects(Verdicts(Verdicts::FAST_RETRANSMISSION.0 | Verdicts::SPURIOUS_RETRANSMISSION.0)) {
                verdicts = Verdicts(verdicts.0 & !Verdicts::RETRANSMISSION.0);
            }
            (verdicts, cells[0].parse().unwrap_or(0))
        })
        .collect()
}

/// tshark's labels of a capture beside ours.
pub fn compare(name: &str, place: &Path, bytes: &[u8]) -> Tally {
    let path = place.join(format!("{name}.pcapng"));
    std::fs::write(&path, bytes).expect("it can be written");
    let file = read_all(bytes).expect("it is a capture");
    let theirs = tshark(&path);
    assert_eq!(theirs.len(), file.packets.len(), "{name}");
    let story = runs::told(file);
    let ours = story.compatible();
    let mut tally = Tally::default();
    let mut told = 0;
    for (number, (verdicts, dup_ack)) in (1..).zip(theirs) {
        let label = ours.get(number);
        for (kind, bit) in PAIRS {
            match (verdicts.contains(bit), label.verdicts.contains(bit)) {
                (false, false) => continue,
                (true, true) => tally.0.entry(kind).or_default()[0] += 1,
                (true, false) => tally.0.entry(kind).or_default()[1] += 1,
                (false, true) => tally.0.entry(kind).or_default()[2] += 1,
            }
        }
        if verdicts == label.verdicts && dup_ack != label.dup_ack {
            tally.0.entry("number of a duplicate ACK").or_default()[1] += 1;
        } else if dup_ack != 0 {
            tally.0.entry("number of a duplicate ACK").or_default()[0] += 1;
        }
        if verdicts != label.verdicts && told < 5 {
            println!("{name}: packet {number}: tshark says {verdicts:?}, the compatible label {:?}", label.verdicts);
            told += 1;
        }
    }
    if told == 0 {
        let _ = std::fs::remove_file(&path);
    }
    tally
}

/// The taps of a run that saw anything, as files; `few`: those at both ends and at both sides of the access line.
fn compare_taps(name: &str, place: &Path, trace: &Trace, few: bool) -> Tally {
    let mut tally = Tally::default();
    let telling = |tap: &String| {
        !few || ["laptop", "server", "access-router.homes", "home-router.wan"].iter().any(|end| tap.starts_with(end))
    };
    for tap in runs::taps(trace).into_iter().filter(telling) {
        let id = trace.tap_named(&tap).expect("the tap is there").id;
        let (bytes, _) = runs::reopened(trace, TapSet::One(id));
        tally.add(compare(&format!("{name}-{}", tap.replace(['/', ' '], "-")), place, &bytes));
    }
    tally
}

#[test]
fn every_tap_of_every_scenario_is_labelled_as_tshark_does() {
    if !oracle::program("tshark") {
        return;
    }
    let place = runs::place("verdicts");
    let mut all = Tally::default();
    for (name, run) in runs::every() {
        all.add(compare_taps(name, &place, &run.trace, false));
    }
    all.demand("built-in scenarios");
}

/// Transfers that lose, wait and fill windows: what is turned, for each.
const ROUGH: [(&str, &[(&str, &str)]); 12] = [
    ("loss 1%", &[("size", "400k"), ("loss", "1%")]),
    ("loss 5%", &[("size", "200k"), ("loss", "5%")]),
    ("loss 20%", &[("size", "60k"), ("loss", "20%")]),
    ("loss without SACK", &[("size", "300k"), ("loss", "3%"), ("sack", "off")]),
    ("loss without timestamps", &[("size", "300k"), ("loss", "3%"), ("timestamps", "off")]),
    ("short queue", &[("size", "1M"), ("queue", "8k"), ("rate", "5Mbit/s")]),
    ("slow line", &[("size", "60k"), ("rate", "256kbit/s")]),
    ("long way", &[("size", "500k"), ("rtt", "300ms"), ("loss", "1%")]),
    ("short way", &[("size", "500k"), ("rtt", "1ms"), ("loss", "2%")]),
    ("no scaling", &[("size", "500k"), ("window-scale", "off"), ("loss", "1%")]),
    ("small packets", &[("size", "100k"), ("mtu", "576"), ("loss", "2%")]),
    ("no delayed ACK", &[("size", "300k"), ("delayed-ack", "off"), ("loss", "2%")]),
];

#[test]
fn rough_transfers_are_labelled_as_tshark_does() {
    if !oracle::program("tshark") {
        return;
    }
    let place = runs::place("verdicts-rough");
    let mut all = Tally::default();
    for (name, knobs) in ROUGH {
        for seed in 1..=2 {
            let mut scenario = Scenario::for_url("http://www.example.com/").expect("a URL");
            scenario.seed = seed;
            for (knob, value) in knobs {
                scenario::find_knob(knob).expect("a knob").turn(&mut scenario, value).expect("a value");
            }
            let run = scenario::run(&scenario).unwrap_or_else(|error| panic!("{name}, seed {seed}: {error}"));
            all.add(compare_taps(&format!("{name} {seed}"), &place, &run.trace, true));
        }
    }
    all.demand("rough transfers");
}

/// Captures of your own: `WIRESCOPE_CAPTURES` names a directory of pcap or pcapng files.
#[test]
fn captures_of_your_own_are_labelled_as_tshark_does() {
    let Some(directory) = std::env::var_os("WIRESCOPE_CAPTURES") else { return };
    if !oracle::program("tshark") {
        return;
    }
    let place = runs::place("verdicts-own");
    let mut all = Tally::default();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
            let bytes = std::fs::read(&path).expect("it can be read");
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            all.add(compare(&name, &place, &bytes));
        }
    }
    all.demand("captures of your own");
}
