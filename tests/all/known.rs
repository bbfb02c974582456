//! What the reader concludes from a capture of a lossy run, against what the simulation knows: which segments were sent
//! again and why, the round trip, the phases.

use std::collections::BTreeMap;

use wirescope::analyze::{Details, RepeatCause};
use wirescope::export::TapSet;
use wirescope::flow;
use wirescope::scenario::{self, Join, Scenario};
use wirescope::trace::kinds::tcp as kinds;
use wirescope::trace::{Direction, Trace};
use wirescope::{Story, TapChoice};

use crate::runs;

/// What is turned, for each kind of run.
const RUNS: [&[(&str, &str)]; 9] = [
    &[("size", "300k"), ("loss", "1%")],
    &[("size", "200k"), ("loss", "4%")],
    &[("size", "80k"), ("loss", "10%")],
    &[("size", "200k"), ("loss", "3%"), ("sack", "off")],
    &[("size", "200k"), ("loss", "3%"), ("timestamps", "off")],
    &[("size", "500k"), ("queue", "12k"), ("rate", "5Mbit/s")],
    &[("size", "150k"), ("rtt", "150ms"), ("loss", "3%")],
    &[("size", "20k"), ("loss", "8%"), ("cc", "reno")],
    &[("size", "50k"), ("loss", "3%"), ("http", "2"), ("files", "8"), ("file-size", "20k")],
];

/// The packets of a tap that left there because something was sent again, each with what the simulation says why.
fn witnessed(trace: &Trace, tap: wirescope::base::TapId) -> BTreeMap<u32, RepeatCause> {
    let mut out = BTreeMap::new();
    for (number, frame) in (1..).zip(trace.frames_at(tap)) {
        if frame.direction != Direction::Out {
            continue;
        }
        let mut again = false;
        for event in trace.causes(frame.event) {
            let is = |kind: &'static wirescope::trace::Kind| std::ptr::eq(event.kind, kind);
            again |= is(&kinds::RETRANSMIT);
            let cause = if is(&kinds::TLP_FIRED) {
                RepeatCause::LossProbe
            } else if is(&kinds::RTO_FIRED) {
                RepeatCause::Timer
            } else if is(&kinds::RECEIVED) || is(&kinds::REORDERING_OVER) {
                RepeatCause::Told
            } else {
                continue;
            };
            if again {
                out.insert(number, cause);
            }
            break;
        }
    }
    out
}

/// docs/conformance.md says where they may differ: a probe that waited as long as a timer.
#[test]
fn what_was_sent_again_and_why_is_read_from_the_capture() {
    let (mut same, mut other, mut missed) = (0u32, BTreeMap::<(RepeatCause, RepeatCause), u32>::new(), Vec::new());
    for (knobs, seed) in RUNS.iter().flat_map(|knobs| (1..=4).map(move |seed| (knobs, seed))) {
        let mut scenario = Scenario::for_url("http://www.example.com/").expect("a URL");
        scenario.seed = seed;
        (scenario.client.join, scenario.client.knows_address) = (Join::Already, true);
        for (knob, value) in *knobs {
            scenario::find_knob(knob).expect("a knob").turn(&mut scenario, value).expect("a value");
        }
        let run = scenario::run(&scenario).expect("it runs");
        let server = run.trace.taps.iter().find(|tap| tap.name.starts_with("server")).expect("a tap").id;
        let witnessed = witnessed(&run.trace, server);
        let story = runs::told(runs::reopened(&run.trace, TapSet::One(server)).1);
        let summary = story.analysis().connections.first().expect("a connection");
        let details = Details::of(story.flow(), summary).expect("its details");
        let said: BTreeMap<u32, RepeatCause> = details
            .repeats
            .iter()
            .filter(|r| r.direction == flow::Direction::ToClient && r.cause != RepeatCause::Handshake)
            .map(|r| (r.frame, r.cause))
            .collect();
        for (packet, cause) in &witnessed {
            let row = story.row(*packet).expect("it is there");
            match said.get(packet) {
                Some(word) if word == cause => same += 1,
                Some(word) => *other.entry((*cause, *word)).or_default() += 1,
                None if row.flags.contains("SYN") => {}
                None => missed.push(format!("{knobs:?}, seed {seed}: packet {packet} ({cause:?})")),
            }
        }
        for packet in said.keys().filter(|packet| !witnessed.contains_key(packet)) {
            missed.push(format!("{knobs:?}, seed {seed}: packet {packet} was not sent again"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let differing: u32 = other.values().sum();
    let explained = other.keys().all(|pair| *pair == (RepeatCause::LossProbe, RepeatCause::Timer));
    assert!(same > 100 && explained && differing * 20 <= same, "{same} the same; witnessed, concluded: {other:?}");
}

#[test]
fn the_phases_of_a_rough_run_are_those_that_were() {
    for (knobs, seed) in RUNS.iter().flat_map(|knobs| (1..=2).map(move |seed| (knobs, seed))) {
        let mut scenario = Scenario::for_url("https://www.example.com/").expect("a URL");
        scenario.seed = seed;
        for (knob, value) in *knobs {
            scenario::find_knob(knob).expect("a knob").turn(&mut scenario, value).expect("a value");
        }
        let run = scenario::run(&scenario).expect("it runs");
        let told = Story::from_trace(run.trace.clone(), TapChoice::Client).expect("there is a client");
        let (_, file) = runs::reopened(&run.trace, TapSet::One(told.tap().expect("one tap")));
        let again = runs::told(file);
        let phases = |story: &Story| -> Vec<_> {
            let path = story.critical_path();
            path.iter().flat_map(|path| &path.phases).map(|phase| (phase.kind, phase.duration(), phase.rtt)).collect()
        };
        assert_eq!(phases(&told), phases(&again), "{knobs:?}, seed {seed}");
        let round_trips = |story: &Story| -> Vec<_> {
            story.analysis().connections.iter().map(|one| (one.round_trip, one.client.rtt, one.server.rtt)).collect()
        };
        assert_eq!(round_trips(&told), round_trips(&again), "{knobs:?}, seed {seed}");
    }
}
