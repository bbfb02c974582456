//! Names: dnsmasq, dig, and a name server that fails.

use std::time::Duration;

use crate::case::Case;
use crate::line::{Fate, Fault, Frames, Line, Way};
use crate::net::plain;
use crate::place::{End, Place, SERVER};

fn dnsmasq(place: &mut Place) {
    // RFC 1035 §4.2.1: more than 512 bytes do not fit into UDP, where nothing else was agreed.
    let texts: Vec<String> =
        (0..4).map(|n| format!("--txt-record=long.example,{}", n.to_string().repeat(180))).collect();
    let mut args = vec![
        "--no-daemon",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--user=root",
        "--pid-file=",
        "--local=/shop.example/",
        "--host-record=shop.example,10.77.0.1",
        "--address=/nowhere.example/",
        "--listen-address=10.77.0.1",
        "--bind-interfaces",
    ];
    args.extend(texts.iter().map(String::as_str));
    place.start(End::Server, "dnsmasq", &args);
    place.await_udp(53);
}

fn dig(place: &Place, name: &str, kind: &str) {
    place.ask("dig", &[&format!("@{SERVER}"), name, kind, "+time=1", "+tries=3", "+nocookie"], 6);
}

fn failing(place: &mut Place, code: u8, wait: u64) {
    place.start_own(End::Server, &format!("name-server {code} {wait}"));
    place.await_udp(53);
}

const fn case(name: &'static str, findings: &'static [&'static str]) -> Case {
    Case {
        name,
        findings,
        at: End::Client,
        line: plain,
        serve: |_, place| dnsmasq(place),
        ask: |_, place| dig(place, "shop.example", "A"),
    }
}

pub const CASES: &[Case] = &[
    Case {
        ask: |play, place| dig(place, if play.faulty { "nowhere.example" } else { "shop.example" }, "A"),
        ..case("no such name", &["finding.dns.name_error"])
    },
    Case {
        ask: |play, place| dig(place, if play.faulty { "elsewhere.example" } else { "shop.example" }, "A"),
        ..case("a name server refuses", &["finding.dns.refused"])
    },
    Case {
        ask: |play, place| dig(place, "shop.example", if play.faulty { "AAAA" } else { "A" }),
        ..case("a name without such an address", &["finding.dns.no_address"])
    },
    Case {
        serve: |play, place| failing(place, if play.faulty { 2 } else { 0 }, 0),
        ..case("a name server fails", &["finding.dns.server_failure"])
    },
    Case {
        serve: |play, place| {
            let code = play.pick(&[1, 4]);
            failing(place, if play.faulty { code } else { 0 }, 0);
        },
        ..case("a name server does not understand", &["finding.dns.rejected"])
    },
    // Near by, the detour over TCP is no fault.
    Case {
        line: |play| {
            let ms = if play.faulty { play.between(40, 60) } else { play.between(3, 8) };
            Line { delay: Duration::from_millis(ms), ..Line::default() }
        },
        ask: |_, place| {
            place.ask("dig", &[&format!("@{SERVER}"), "long.example", "TXT", "+noedns", "+time=2", "+nocookie"], 6);
        },
        ..case("an answer too long for UDP", &["finding.dns.truncated"])
    },
    Case {
        ask: |play, place| {
            let name = if play.faulty { "nowhere.example" } else { "shop.example" };
            place.ask("dig", &[&format!("@{SERVER}"), name, "A", "+tcp", "+time=1", "+tries=1", "+nocookie"], 6);
        },
        ..case("no such name, over TCP", &["finding.dns.name_error"])
    },
    Case {
        serve: |play, place| {
            let wait = play.between(850, 950);
            failing(place, 0, if play.faulty { wait } else { 0 });
        },
        ..case("a name server is slow", &["finding.dns.slow"])
    },
    Case {
        serve: |play, place| {
            if !play.faulty {
                dnsmasq(place);
            }
        },
        ..case("no name server", &["finding.icmp.port_unreachable"])
    },
    Case {
        line: |play| {
            let (mut line, n) = (plain(play), play.between(1, 2));
            if play.faulty {
                line.faults.push(Fault { way: Way::FromClient, of: Frames::Udp, from: 1, to: n, fate: Fate::Lose });
            }
            line
        },
        ..case("a query is lost", &["finding.dns.repeated"])
    },
    Case {
        line: |play| {
            let fault = Fault { way: Way::ToClient, of: Frames::Udp, from: 1, to: u64::MAX, fate: Fate::Lose };
            let line = plain(play);
            if play.faulty { Line { faults: vec![fault], ..line } } else { line }
        },
        ..case("no answer comes back", &["finding.dns.unanswered"])
    },
];
