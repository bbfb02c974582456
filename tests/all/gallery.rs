//! Faults made by the simulator, each with its clean twin: the cause is named first, the twin has no finding.

use wirescope::base::Seed;
use wirescope::export::TapSet;
use wirescope::scenario::{self, Join, Scenario};
use wirescope::{Run, Story};

use crate::runs;

/// A fault: its name, what both runs share, what the faulty one has beside it, and the finding that names it.
struct Fault {
    name: &'static str,
    url: &'static str,
    base: &'static [(&'static str, &'static str)],
    fault: Change,
    finding: &'static str,
}

/// What is wrong.
#[derive(Clone, Copy)]
enum Change {
    /// Knobs.
    Knobs(&'static [(&'static str, &'static str)]),
    /// Frames of the access line that are dropped: from the client, towards it.
    Drop(&'static [u64], &'static [u64]),
    /// The response's status.
    Status(u16),
    /// The receiver's buffer in bytes.
    Buffer(u32),
}
use Change::{Buffer, Drop, Knobs, Status};

const HTTP: &str = "http://www.example.com/";
const HTTPS: &str = "https://www.example.com/";

/// Frames are counted on the access line, where a client that has its address and knows the server's sends its SYN first.
const FAULTS: &[Fault] = &[
    Fault { name: "the SYN is lost", url: HTTP, base: &[], fault: Drop(&[1], &[]), finding: "finding.tcp.syn_lost" },
    Fault {
        name: "two SYNs are lost",
        url: HTTP,
        base: &[],
        fault: Drop(&[1, 2], &[]),
        finding: "finding.tcp.syn_lost",
    },
    Fault {
        name: "the SYN ACK is lost",
        url: HTTP,
        base: &[],
        fault: Drop(&[], &[1]),
        finding: "finding.tcp.syn_lost",
    },
    Fault {
        name: "the SYN is lost, TLS",
        url: HTTPS,
        base: &[],
        fault: Drop(&[1], &[]),
        finding: "finding.tcp.syn_lost",
    },
    Fault { name: "the request is lost", url: HTTP, base: &[], fault: Drop(&[3], &[]), finding: "finding.tcp.timeout" },
    Fault {
        name: "the ClientHello is lost",
        url: HTTPS,
        base: &[],
        fault: Drop(&[3], &[]),
        finding: "finding.tcp.timeout",
    },
    Fault {
        name: "the request is lost twice",
        url: HTTP,
        base: &[],
        fault: Drop(&[3, 4], &[]),
        finding: "finding.tcp.timeout",
    },
    Fault {
        name: "a segment in the midst is lost",
        url: HTTP,
        base: &[("size", "60k")],
        fault: Drop(&[], &[8]),
        finding: "finding.tcp.loss",
    },
    Fault {
        name: "three segments in the midst are lost",
        url: HTTP,
        base: &[("size", "100k")],
        fault: Drop(&[], &[8, 12, 30]),
        finding: "finding.tcp.loss",
    },
    Fault {
        name: "a segment in the midst is lost, TLS",
        url: HTTPS,
        base: &[("size", "60k")],
        fault: Drop(&[], &[12]),
        finding: "finding.tcp.loss",
    },
    Fault {
        name: "no SYN arrives",
        url: HTTP,
        base: &[],
        fault: Drop(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24], &[]),
        finding: "finding.tcp.unanswered",
    },
    Fault {
        name: "the server thinks",
        url: HTTP,
        base: &[],
        fault: Knobs(&[("think", "2s")]),
        finding: "finding.http.slow_server",
    },
    Fault {
        name: "the server thinks, TLS",
        url: HTTPS,
        base: &[],
        fault: Knobs(&[("think", "1s")]),
        finding: "finding.http.slow_server",
    },
    Fault { name: "not found", url: HTTP, base: &[], fault: Status(404), finding: "finding.http.client_error" },
    Fault { name: "not allowed", url: HTTPS, base: &[], fault: Status(403), finding: "finding.http.client_error" },
    Fault { name: "too many", url: HTTP, base: &[], fault: Status(429), finding: "finding.http.client_error" },
    Fault { name: "a bug", url: HTTP, base: &[], fault: Status(500), finding: "finding.http.server_error" },
    Fault {
        name: "a proxy without its server",
        url: HTTPS,
        base: &[],
        fault: Status(502),
        finding: "finding.http.server_error",
    },
    Fault { name: "too much to do", url: HTTP, base: &[], fault: Status(503), finding: "finding.http.server_error" },
    Fault { name: "moved", url: HTTP, base: &[], fault: Status(301), finding: "finding.http.redirect" },
    Fault { name: "moved for now", url: HTTPS, base: &[], fault: Status(307), finding: "finding.http.redirect" },
    Fault {
        name: "no scaling on a long way",
        url: HTTP,
        base: &[("size", "600k"), ("rtt", "150ms")],
        fault: Knobs(&[("window-scale", "off")]),
        finding: "finding.tcp.window_limited",
    },
    Fault {
        name: "a small buffer",
        url: HTTP,
        base: &[("size", "300k")],
        fault: Buffer(16_000),
        finding: "finding.tcp.window_limited",
    },
    Fault {
        name: "a long queue",
        url: HTTP,
        base: &[("size", "1M")],
        fault: Knobs(&[("rate", "2Mbit/s"), ("queue", "1M")]),
        finding: "finding.tcp.bufferbloat",
    },
    Fault {
        name: "text as it is",
        url: HTTP,
        base: &[("size", "60k")],
        fault: Knobs(&[("header", "Accept-Encoding: gzip")]),
        finding: "finding.http.uncompressed",
    },
];

fn scenario(fault: &Fault, faulty: bool, seed: u64) -> Scenario {
    let mut scenario = Scenario::for_url(fault.url).expect("a URL");
    scenario.seed = seed;
    scenario.client.join = Join::Already;
    scenario.client.knows_address = true;
    let turn = |scenario: &mut Scenario, knobs: &[(&str, &str)]| {
        for (knob, value) in knobs {
            scenario::find_knob(knob).expect("a knob").turn(scenario, value).expect("a value");
        }
    };
    turn(&mut scenario, fault.base);
    if faulty {
        match fault.fault {
            Knobs(knobs) => turn(&mut scenario, knobs),
            Drop(from, to) => {
                scenario.network.drop_from_client = from.to_vec();
                scenario.network.drop_to_client = to.to_vec();
            }
            Status(status) => scenario.server.page.status = status,
            Buffer(bytes) => scenario.tcp.receive_buffer = Some(bytes),
        }
    }
    scenario
}

/// What a run's client captured (or its server: only a sender sees the round trip of its data grow), opened as a stranger's
/// file.
fn opened(run: &Run, at_server: bool) -> Story {
    let server = run.trace.taps.iter().find(|tap| tap.name.starts_with("server")).map(|tap| tap.id);
    let client = runs::at_client(&run.trace).tap().expect("one tap");
    let tap = server.filter(|_| at_server).unwrap_or(client);
    runs::told(runs::reopened(&run.trace, TapSet::One(tap)).1)
}

fn play(name: &str, scenario: &Scenario) -> Run {
    scenario::run(scenario).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn named(story: &Story) -> Vec<&'static str> {
    story.findings().iter().map(|finding| finding.card.id).collect()
}

#[test]
fn the_cause_of_each_fault_is_named_first_and_its_twin_is_healthy() {
    let mut wrong = Vec::new();
    for fault in FAULTS {
        for seed in [1, 77] {
            let at_server = fault.finding == "finding.tcp.bufferbloat";
            let found = named(&opened(&play(fault.name, &scenario(fault, true, seed)), at_server));
            if found.first() != Some(&fault.finding) {
                wrong.push(format!("{} (seed {seed}): {found:?} instead of {}", fault.name, fault.finding));
            }
        }
        let twin = opened(&play(fault.name, &scenario(fault, false, 1)), false);
        if !twin.findings().is_empty() {
            wrong.push(format!("{}, the twin: {:?}", fault.name, named(&twin)));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn two_hundred_clean_runs_have_no_finding() {
    let mut wrong = Vec::new();
    for seed in 0..200u64 {
        let mut dice = Seed(seed).stream("gallery/clean");
        let mut pick = |list: &[&'static str]| list[dice.below(list.len() as u64) as usize];
        let url = pick(&[HTTP, HTTPS, "https://static.example.org/a?b=c", "http://203.0.113.80:8080/"]);
        let knobs = [
            ("rtt", pick(&["1ms", "7ms", "20ms", "33ms", "80ms", "150ms", "250ms"])),
            ("rate", pick(&["20Mbit/s", "50Mbit/s", "100Mbit/s", "1Gbit/s"])),
            ("size", pick(&["0", "100", "1k", "5k", "14k", "40k", "100k", "200k"])),
            ("think", pick(&["0ms", "1ms", "5ms", "20ms", "100ms"])),
            ("sack", pick(&["on", "on", "off"])),
            ("timestamps", pick(&["on", "on", "off"])),
            ("delayed-ack", pick(&["on", "on", "off"])),
            ("initial-window", pick(&["4", "10", "20"])),
            ("mtu", pick(&["1500", "1500", "1492", "1280", "576"])),
            ("tls", pick(&["1.3", "1.3", "1.2"])),
        ];
        let mut scenario = Scenario::for_url(url).expect("a URL");
        scenario.seed = seed + 1000;
        for (knob, value) in knobs {
            scenario::find_knob(knob).expect("a knob").turn(&mut scenario, value).expect("a value");
        }
        let found = named(&opened(&play(url, &scenario), seed % 2 == 1));
        if !found.is_empty() {
            wrong.push(format!("{url}, seed {seed}, {knobs:?}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of 200:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_built_in_scenarios_are_healthy_at_every_tap() {
    for (name, run) in runs::every() {
        for tap in runs::taps(&run.trace) {
            let id = run.trace.tap_named(&tap).expect("the tap is there").id;
            let story = runs::told(runs::reopened(&run.trace, TapSet::One(id)).1);
            assert!(story.findings().is_empty(), "{name} at {tap}: {:#?}", story.findings());
        }
    }
}
