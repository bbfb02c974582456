//! Two runs side by side.

use std::process::{Command, Output};

use wirescope::Story;
use wirescope::export::TapSet;
use wirescope::scenario::{self, Scenario};
use wirescope::story::compare::{Comparison, compare};

use super::captured;
use crate::runs;

/// A run of a page with these knobs turned.
fn run(knobs: &[(&str, &str)]) -> Story {
    let mut scenario = Scenario::for_url("https://www.example.com/").expect("it is a URL");
    for (knob, text) in knobs {
        scenario::find_knob(knob).expect("it is a knob").turn(&mut scenario, text).expect("it can be turned");
    }
    runs::at_client(&scenario::run(&scenario).expect("it runs").trace)
}

fn of(a: &Story, b: &Story) -> Comparison {
    compare(&a.digest(), &b.digest())
}

fn texts(found: &Comparison) -> Vec<&str> {
    found.sentences.iter().map(|sentence| sentence.text.as_str()).collect()
}

#[test]
fn tls_1_3_saves_a_round_trip_and_the_words_say_so() {
    let found = of(&run(&[("tls", "1.2")]), &run(&[]));
    assert_eq!(found.sentences[0].phase, "first_byte");
    assert!(texts(&found)[0].ends_with("earlier in B: one round trip less in TLS"), "{:?}", texts(&found));
    assert!(texts(&found).contains(&"A speaks TLS 1.2, B speaks TLS 1.3"), "{:?}", texts(&found));
    let at = |id: &str| found.milestones.iter().find(|one| one.id == id).expect("it happened");
    assert_eq!(at("handshake").later_ns, Some(0), "up to there the two are alike");
    assert!(at("first_byte").later_ns.is_some_and(|later| later < 0));
    let order: Vec<&str> = found.milestones.iter().map(|one| one.id).collect();
    assert_eq!(
        order,
        ["dhcp", "dns", "syn", "handshake", "tls", "request", "first_byte", "last_byte", "first_fin", "closed"]
    );
}

#[test]
fn a_longer_way_is_told_by_its_round_trips() {
    let found = of(&run(&[]), &run(&[("rtt", "100ms")]));
    assert!(texts(&found)[0].contains("a round trip takes 100 ms instead of 33.0 ms"), "{:?}", texts(&found));
}

#[test]
fn a_run_and_itself_differ_in_nothing_and_neither_does_its_capture() {
    let told = run(&[]);
    let nothing = ["nothing differs: the two runs took the same time and the same packets"];
    assert_eq!(texts(&of(&told, &told)), nothing);
    let again = captured(&told);
    assert_eq!(texts(&of(&told, &again)), nothing, "what was inferred is what happened");
    let found = of(&told, &again);
    assert!(found.milestones.iter().all(|one| one.later_ns == Some(0) && one.a_packet == one.b_packet));
}

#[test]
fn each_difference_goes_the_other_way_when_a_and_b_change_places() {
    let (a, b) = (run(&[("loss", "5%"), ("size", "100k")]), run(&[("size", "100k")]));
    let (there, back) = (of(&a, &b), of(&b, &a));
    for (one, other) in there.milestones.iter().zip(&back.milestones) {
        assert_eq!((one.a_ns, one.b_ns, one.a_packet), (other.b_ns, other.a_ns, other.b_packet));
    }
    assert_eq!(there.sentences.len(), back.sentences.len());
    assert!(texts(&there).iter().any(|text| text.starts_with("segments sent again")), "{:?}", texts(&there));
}

fn command(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wirescope")).arg("compare").args(args).output().expect("it was built")
}

#[test]
fn the_command_compares_a_capture_with_a_run() {
    let told = run(&[]);
    let (bytes, _) = runs::reopened(told.trace().expect("simulated"), TapSet::One(told.tap().expect("one tap")));
    let file = runs::place("compare").join("run.pcapng");
    std::fs::write(&file, bytes).expect("it can be written");
    let file = file.to_string_lossy();
    let output = command(&[&file, "https://www.example.com/", "--b-set", "tls=1.2"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("later in B: one round trip more in TLS"), "{text}");
    let output = command(&["curl", "curl", "--b-set", "rtt=60ms", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(document["schema"], 1);
    assert!(document["sentences"].as_array().is_some_and(|all| !all.is_empty()));
    assert_eq!(document["milestones"][0]["id"], "syn");
}

#[test]
fn the_command_says_what_is_wrong() {
    for (args, says) in [
        (&["curl", "nowhere.pcapng"][..], "check the path"),
        (&["curl", "curl", "--set", "tls"][..], "write it like tls=1.2"),
        (&["curl", "curl", "--set", "speed=3"][..], "there is no condition `speed`"),
        (&["curl", "curl", "--a-set", "rtt=soon"][..], "--rtt"),
        (&["curl", "http://["][..], "error"),
    ] {
        let output = command(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(2 | 3)), "{args:?}: {error}");
        assert!(error.contains(says), "{args:?}: {error}");
    }
}
