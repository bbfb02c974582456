//! Where the time went, held against what the simulator can take away: without a cause the run is shorter by about the time
//! that was assigned to it.

use wirescope::analyze::{Cause, CriticalPath, TimeSpent};
use wirescope::base::Duration;
use wirescope::export::TapSet;
use wirescope::scenario::{self, Fate, Frames, Join, Line, LineFault, Scenario, Scheme, Span, Way};

use crate::runs;

type Change = fn(&mut Scenario);

/// A cause, what makes it, and what takes it away.
struct Pair {
    name: &'static str,
    url: &'static str,
    base: &'static [(&'static str, &'static str)],
    with: Change,
    without: Change,
    cause: &'static [Cause],
}

const HTTP: &str = "http://www.example.com/";
const HTTPS: &str = "https://www.example.com/";

fn turn(scenario: &mut Scenario, knob: &str, value: &str) {
    scenario::find_knob(knob).expect("a knob").turn(scenario, value).expect("a value");
}

fn lose(scenario: &mut Scenario, (way, of): (Way, Frames), from: u64, to: u64) {
    let hold = Span(Duration::ZERO);
    let (line, then) = (Line::Access, Fate::Lose);
    let fault = LineFault { line, way, of, longer_than: 0, from, to: Some(to), chance: None, then, hold };
    scenario.network.faults.push(fault);
}

/// Packets that are dropped are counted on the access line, where the SYN is the first.
const PAIRS: &[Pair] = &[
    Pair {
        name: "a SYN lost",
        url: HTTP,
        base: &[],
        with: |s| s.network.drop_from_client = vec![1],
        without: |_| {},
        cause: &[Cause::TimerWait],
    },
    Pair {
        name: "two SYNs lost",
        url: HTTP,
        base: &[],
        with: |s| s.network.drop_from_client = vec![1, 2],
        without: |_| {},
        cause: &[Cause::TimerWait],
    },
    Pair {
        name: "a SYN ACK lost",
        url: HTTP,
        base: &[],
        with: |s| s.network.drop_to_client = vec![1],
        without: |_| {},
        cause: &[Cause::TimerWait],
    },
    Pair {
        name: "the request lost",
        url: HTTP,
        base: &[],
        with: |s| s.network.drop_from_client = vec![3],
        without: |_| {},
        cause: &[Cause::TimerWait],
    },
    Pair {
        name: "the request lost twice",
        url: HTTP,
        base: &[],
        with: |s| s.network.drop_from_client = vec![3, 4],
        without: |_| {},
        cause: &[Cause::TimerWait],
    },
    Pair {
        name: "the ClientHello lost",
        url: HTTPS,
        base: &[],
        with: |s| s.network.drop_from_client = vec![3],
        without: |_| {},
        cause: &[Cause::TimerWait],
    },
    Pair {
        name: "the server thinks",
        url: HTTP,
        base: &[],
        with: |s| turn(s, "think", "500ms"),
        without: |_| {},
        cause: &[Cause::ServerThink],
    },
    Pair {
        name: "the server thinks, TLS",
        url: HTTPS,
        base: &[("rtt", "80ms")],
        with: |s| turn(s, "think", "1s"),
        without: |_| {},
        cause: &[Cause::ServerThink],
    },
    Pair {
        name: "the name is not known",
        url: HTTP,
        base: &[],
        with: |s| s.client.knows_address = false,
        without: |s| s.client.knows_address = true,
        cause: &[Cause::NameLookup],
    },
    Pair {
        name: "TLS 1.3",
        url: HTTPS,
        base: &[("size", "1k")],
        with: |_| {},
        without: |s| s.request.url = HTTP.to_owned(),
        cause: &[Cause::Tls],
    },
    Pair {
        name: "TLS 1.2",
        url: HTTPS,
        base: &[("size", "1k"), ("tls", "1.2")],
        with: |_| {},
        without: |s| s.request.url = HTTP.to_owned(),
        cause: &[Cause::Tls],
    },
    Pair {
        name: "slow start",
        url: HTTP,
        base: &[("size", "60k"), ("rtt", "100ms")],
        with: |s| turn(s, "initial-window", "4"),
        without: |s| turn(s, "initial-window", "100"),
        cause: &[Cause::SlowStart],
    },
    Pair {
        name: "slow start from ten",
        url: HTTP,
        base: &[("size", "150k"), ("rtt", "100ms")],
        with: |_| {},
        without: |s| turn(s, "initial-window", "200"),
        cause: &[Cause::SlowStart],
    },
    Pair {
        name: "a window without scaling",
        url: HTTP,
        base: &[("size", "600k"), ("rtt", "150ms"), ("initial-window", "500"), ("queue", "2M")],
        with: |s| turn(s, "window-scale", "off"),
        without: |_| {},
        cause: &[Cause::ReceiveWindow],
    },
    Pair {
        name: "a segment lost",
        url: HTTP,
        base: &[("size", "150k"), ("rtt", "60ms")],
        with: |s| lose(s, (Way::ToClient, Frames::Data), 20, 20),
        without: |_| {},
        cause: &[Cause::LossRecovery, Cause::CongestionWindow, Cause::SlowStart],
    },
    Pair {
        name: "a slow line",
        url: HTTP,
        base: &[("size", "300k"), ("rtt", "20ms")],
        with: |s| turn(s, "rate", "2Mbit/s"),
        without: |_| {},
        cause: &[Cause::Transfer, Cause::SlowStart],
    },
    Pair {
        name: "a queue in front of the request",
        url: HTTP,
        base: &[("rtt", "20ms"), ("initial-window", "100")],
        with: |s| {
            s.request.body = Some("x".repeat(100_000));
            turn(s, "upload", "1Mbit/s");
        },
        without: |s| s.request.body = Some("x".repeat(100_000)),
        cause: &[Cause::Queueing],
    },
    Pair {
        name: "joining",
        url: HTTP,
        base: &[("rtt", "20ms")],
        with: |s| s.client.join = Join::Dhcp,
        without: |_| {},
        cause: &[Cause::Joining],
    },
    Pair {
        name: "the server thinks, HTTP/2",
        url: HTTPS,
        base: &[("http", "2")],
        with: |s| turn(s, "think", "500ms"),
        without: |_| {},
        cause: &[Cause::ServerThink],
    },
    Pair {
        name: "the request lost, HTTP/2",
        url: HTTP,
        base: &[("http", "2")],
        with: |s| s.network.drop_from_client = vec![3],
        without: |_| {},
        cause: &[Cause::TimerWait],
    },
    Pair {
        name: "TLS 1.3 under HTTP/2",
        url: HTTPS,
        base: &[("http", "2"), ("size", "1k")],
        with: |_| {},
        without: |s| s.request.url = HTTP.to_owned(),
        cause: &[Cause::Tls],
    },
    Pair {
        name: "slow start, HTTP/2",
        url: HTTPS,
        base: &[("http", "2"), ("size", "60k"), ("rtt", "100ms")],
        with: |s| turn(s, "initial-window", "4"),
        without: |s| turn(s, "initial-window", "100"),
        cause: &[Cause::SlowStart],
    },
    Pair {
        name: "a segment lost, HTTP/2",
        url: HTTPS,
        base: &[("http", "2"), ("size", "150k"), ("rtt", "60ms")],
        with: |s| lose(s, (Way::ToClient, Frames::Data), 20, 20),
        without: |_| {},
        cause: &[Cause::LossRecovery, Cause::CongestionWindow, Cause::SlowStart],
    },
    // What is lost belongs to the first stream; the last, whose own segments all arrive, waits for it in the line of TCP. (Data
    // towards the client: the server's SETTINGS and its acknowledgment, the page, the files.)
    Pair {
        name: "a segment of another stream lost",
        url: HTTP,
        base: &[("http", "2"), ("files", "5"), ("file-size", "1400"), ("rtt", "60ms")],
        with: |s| lose(s, (Way::ToClient, Frames::Data), 4, 4),
        without: |_| {},
        cause: &[Cause::LossRecovery, Cause::TimerWait],
    },
    Pair {
        name: "a file that the server thinks about",
        url: HTTPS,
        // An acknowledgment that is held back for longer than two round trips makes the client probe for a loss.
        base: &[("http", "2"), ("files", "5"), ("file-size", "1k"), ("delayed-ack", "off")],
        with: |s| s.server.page.file_think = Span(Duration::from_millis(300)),
        without: |_| {},
        cause: &[Cause::ServerThink],
    },
];

fn spent(pair: &Pair, seed: u64, change: Change) -> TimeSpent {
    let mut scenario = Scenario::for_url(pair.url).expect("a URL");
    scenario.seed = seed;
    scenario.client.join = Join::Already;
    scenario.client.knows_address = true;
    pair.base.iter().for_each(|(knob, value)| turn(&mut scenario, knob, value));
    change(&mut scenario);
    let run = scenario::run(&scenario).unwrap_or_else(|error| panic!("{}: {error}", pair.name));
    let tap = runs::at_client(&run.trace).tap().expect("one tap");
    let story = runs::told(runs::reopened(&run.trace, TapSet::One(tap)).1);
    // Of a page with files, the file that was asked for last.
    let files = pair.base.iter().any(|(knob, _)| *knob == "files");
    let request = if files { story.analysis().requests.last() } else { story.analysis().main_request() };
    let request = request.unwrap_or_else(|| panic!("{}: a request", pair.name));
    let spent = TimeSpent::of(story.flow(), story.analysis(), request).expect("its time");
    let path = CriticalPath::of(story.flow(), &story.analysis().dns, request).expect("a path");
    assert_eq!(spent.total(), path.total(), "{}: it adds up exactly", pair.name);
    for (a, b) in spent.stretches.iter().zip(spent.stretches.iter().skip(1)) {
        assert_eq!(a.to, b.from, "{}: each instant once", pair.name);
    }
    spent
}

#[test]
fn without_its_cause_a_run_is_shorter_by_the_time_assigned_to_it() {
    let mut wrong = Vec::new();
    for (pair, seed) in PAIRS.iter().flat_map(|pair| [1, 8, 300].map(|seed| (pair, seed))) {
        let (with, without) = (spent(pair, seed, pair.with), spent(pair, seed, pair.without));
        let gained = with.total() - without.total();
        let on = |spent: &TimeSpent| pair.cause.iter().map(|&cause| spent.on(cause)).sum::<Duration>();
        let assigned = on(&with) - on(&without);
        let off = (gained.as_nanos() - assigned.as_nanos()).abs();
        if gained <= Duration::ZERO || off * 10 > gained.as_nanos() {
            let causes = (with.by_cause(), without.by_cause());
            wrong.push(format!("{}, seed {seed}: {gained} shorter, {assigned} assigned: {causes:?}", pair.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), PAIRS.len(), wrong.join("\n"));
}

#[test]
fn the_time_of_every_scenario_adds_up() {
    for (name, run) in runs::every() {
        let story = runs::at_client(&run.trace);
        for request in &story.analysis().requests {
            let spent = TimeSpent::of(story.flow(), story.analysis(), request).expect("its time");
            let path = CriticalPath::of(story.flow(), &story.analysis().dns, request).expect("a path");
            assert_eq!(spent.total(), path.total(), "{name}");
            let tls = run.url.scheme == Scheme::Https;
            assert_eq!(spent.on(Cause::Tls) > Duration::ZERO, tls && request.first, "{name}");
        }
    }
}
