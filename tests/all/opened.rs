//! `wirescope open FILE`: what went wrong stands first; `--findings` and `--time` say more.

use std::process::{Command, Output};
use std::sync::OnceLock;

use wirescope::export::TapSet;
use wirescope::scenario::{self, Join, Scenario};

use crate::runs;

/// A capture whose SYN was lost once, and whose server thinks for half a second. Written once: the tests run side by side.
fn troubled() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(write_troubled)
}

fn write_troubled() -> String {
    let mut scenario = Scenario::for_url("http://www.example.com/").expect("a URL");
    (scenario.client.join, scenario.client.knows_address) = (Join::Already, true);
    scenario.network.drop_from_client = vec![1];
    scenario::find_knob("think").expect("a knob").turn(&mut scenario, "500ms").expect("a value");
    let run = scenario::run(&scenario).expect("it runs");
    let tap = runs::at_client(&run.trace).tap().expect("one tap");
    let path = runs::place("opened").join("troubled.pcapng");
    std::fs::write(&path, runs::reopened(&run.trace, TapSet::One(tap)).0).expect("it can be written");
    path.display().to_string()
}

fn wirescope(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wirescope")).env("NO_COLOR", "1").args(args).output().expect("built")
}

fn printed(args: &[&str]) -> String {
    let output = wirescope(args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn what_went_wrong_stands_first() {
    let file = troubled();
    let text = printed(&["open", file]);
    let first: Vec<&str> = text.lines().take(9).collect();
    assert_eq!(first.first(), Some(&"What went wrong"), "{text}");
    assert!(first[1].contains("a SYN was lost") && first.iter().any(|line| line.contains("packets")), "{first:#?}");
    assert!(first.iter().any(|line| line.contains("the server is slow")), "{first:#?}");

    let all = printed(&["open", file, "--findings"]);
    assert!(all.contains("wirescope explain finding.tcp.syn_lost"), "{all}");
    let term = printed(&["explain", "finding.tcp.syn_lost"]);
    assert!(term.contains("RFC 6298") && term.contains("listen queue"), "{term}");
}

#[test]
fn findings_and_time_are_for_programs_too() {
    let file = troubled();
    let list: serde_json::Value =
        serde_json::from_str(&printed(&["open", file, "--findings", "--format", "json"])).expect("JSON");
    assert_eq!(list[0]["id"], "finding.tcp.syn_lost");
    // The SYN: before it the laptop asked for its gateway's hardware address, and was told.
    assert_eq!(list[0]["packets"][0], 3);
    assert!(list[0]["cost_ns"].as_i64().is_some_and(|cost| cost >= 990_000_000), "{list:#}");

    let time: serde_json::Value =
        serde_json::from_str(&printed(&["open", file, "--time", "--format", "json"])).expect("JSON");
    let causes = time[0]["causes"].as_array().expect("a list");
    let sum: i64 = causes.iter().filter_map(|cause| cause["ns"].as_i64()).sum();
    assert_eq!(time[0]["total_ns"], sum, "{time:#}");
    let text = printed(&["open", file, "--time", "--request", "1"]);
    assert!(text.contains("retransmission timer") && text.contains("server think time"), "{text}");
}

#[test]
fn a_request_that_is_not_there_is_named() {
    let output = wirescope(&["open", troubled(), "--time", "--request", "7"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(error.contains("no request 7") && error.contains("help: "), "{error}");
}
