//! Each of TCP's switches, on and off, as the packets show it.

use base::Instant;
use scenario::{Outcome, Scenario, Topology, find_knob, run};
use tcp::{Flags, Segment};
use trace::Direction;
use wire::Packet;

/// A segment as it left its maker, and the ECN field that it arrived with.
struct Seen {
    at: Instant,
    /// The client sent it.
    client: bool,
    segment: Segment,
}

/// A run's segments in order of sending.
struct Captured {
    segments: Vec<Seen>,
    /// A packet bore a mark of congestion somewhere.
    marked: bool,
    events: Vec<&'static str>,
}

/// The IP header's length, protocol and ECN bits, and the segment of a frame.
fn tcp_of(frame: &[u8]) -> Option<(u8, std::net::Ipv4Addr, Segment)> {
    let ip = frame.get(14..)?;
    if frame[12..14] != [8, 0] || ip[9] != 6 {
        return None;
    }
    let address = |at: usize| std::net::Ipv4Addr::new(ip[at], ip[at + 1], ip[at + 2], ip[at + 3]);
    let (header, total) = (usize::from(ip[0] & 15) * 4, usize::from(u16::from_be_bytes([ip[2], ip[3]])));
    let mut packet = Packet::from_bytes(ip[header..total].to_vec().into());
    let segment = Segment::decode(&mut packet, address(12).into(), address(16).into()).ok()?;
    Some((ip[1] & 3, address(12), segment))
}

fn play(url: &str, knobs: &[(&str, &str)], change: impl FnOnce(&mut Scenario)) -> Captured {
    let mut scenario = Scenario::for_url(url).unwrap();
    scenario.network.topology = Topology::Direct;
    scenario.client.knows_address = true;
    for (name, value) in knobs {
        find_knob(name).unwrap().turn(&mut scenario, value).unwrap();
    }
    change(&mut scenario);
    let run = run(&scenario).unwrap();
    assert!(matches!(run.outcome, Outcome::Response { .. }), "{:?}", run.outcome);
    let (mut segments, mut marked) = (Vec::new(), false);
    for meta in run.trace.frames.metas() {
        let Some((ecn, from, mut segment)) = tcp_of(&run.trace.frames.bytes(meta.id)) else { continue };
        marked |= ecn == 3;
        if meta.derived_from.is_none() && meta.direction == Direction::Out {
            segment.ecn = wire::ipv4::Ecn(ecn);
            segments.push(Seen { at: meta.at, client: run.server.ip() != from, segment });
        }
    }
    let events = run.trace.events.iter().map(|event| event.kind.id).collect();
    Captured { segments, marked, events }
}

const PLAIN: &str = "http://www.example.com/";

impl Captured {
    fn syns(&self) -> impl Iterator<Item = &Seen> {
        self.segments.iter().filter(|seen| seen.segment.flags.contains(Flags::SYN))
    }
    /// Data of the server, or of the client.
    fn data(&self, client: bool) -> impl Iterator<Item = &Seen> {
        self.segments.iter().filter(move |seen| seen.client == client && !seen.segment.payload.is_empty())
    }
    fn bare_acks(&self, client: bool) -> usize {
        let bare =
            |seen: &&Seen| seen.client == client && seen.segment.flags == Flags::ACK && seen.segment.payload.is_empty();
        self.segments.iter().filter(bare).count()
    }
}

#[test]
fn sack() {
    for (value, on) in [("on", true), ("off", false)] {
        let got = play(PLAIN, &[("sack", value), ("size", "100k")], |it| it.network.drop_to_client = vec![5]);
        assert!(got.syns().count() == 2 && got.syns().all(|seen| seen.segment.options.sack_permitted == on));
        let blocks = got.segments.iter().any(|seen| seen.client && !seen.segment.options.sack.is_empty());
        assert_eq!(blocks, on, "the client says what arrived behind the gap");
    }
}

#[test]
fn window_scale() {
    for (value, on) in [("on", true), ("off", false)] {
        let got = play(PLAIN, &[("window-scale", value)], |_| ());
        assert!(got.syns().count() == 2 && got.syns().all(|seen| seen.segment.options.window_scale.is_some() == on));
    }
}

#[test]
fn timestamps() {
    for (value, on) in [("on", true), ("off", false)] {
        let got = play(PLAIN, &[("timestamps", value)], |_| ());
        assert!(got.segments.len() > 6);
        for seen in got.segments.iter().filter(|seen| !seen.segment.flags.contains(Flags::RST)) {
            assert_eq!(seen.segment.options.timestamps.is_some(), on);
        }
    }
}

#[test]
fn nagle() {
    // The end of the TLS handshake and the request are small writes, one right after the other.
    for (value, on) in [("on", true), ("off", false)] {
        let got = play("https://www.example.com/", &[("nagle", value)], |_| ());
        let small: Vec<&Seen> = got.data(true).filter(|seen| seen.segment.payload.len() < 1000).collect();
        let together = small.windows(2).any(|pair| pair[0].at == pair[1].at);
        assert_eq!(together, !on, "two small segments are out at once");
        assert_eq!(got.events.contains(&"tcp.nagle"), on);
    }
}

#[test]
fn delayed_ack() {
    let acks = |value| play(PLAIN, &[("delayed-ack", value), ("size", "1M")], |_| ()).bare_acks(true);
    let (on, off) = (acks("on"), acks("off"));
    assert!(off > 690, "each of about 725 segments is acknowledged: {off}");
    assert!(on < off * 2 / 3, "about every other one is: {on} of {off}");
}

#[test]
fn initial_window() {
    for (value, segments) in [("3", 3), ("10", 10), ("20", 20)] {
        let got = play(PLAIN, &[("initial-window", value), ("size", "100k")], |_| ());
        let first = got.data(false).next().unwrap().at;
        assert_eq!(got.data(false).filter(|seen| seen.at == first).count(), segments);
    }
}

#[test]
fn ecn_and_a_queue_that_marks() {
    // A narrow line: the queue in front of it grows.
    let knobs = [("rate", "5Mbit/s"), ("size", "300k"), ("mark", "16k")];
    for (value, on) in [("on", true), ("off", false)] {
        let got = play(PLAIN, &[&knobs[..], &[("ecn", value)]].concat(), |_| ());
        let syns: Vec<Flags> = got.syns().map(|seen| seen.segment.flags).collect();
        let (ask, grant) = (Flags::SYN | Flags::ECE | Flags::CWR, Flags::SYN | Flags::ACK | Flags::ECE);
        assert_eq!(syns, if on { [ask, grant] } else { [Flags::SYN, Flags::SYN | Flags::ACK] });
        assert!(got.data(false).all(|seen| (seen.segment.ecn.0 == 2) == on), "all new data may be marked");
        let bears = |client, flag| {
            got.segments.iter().any(|seen| {
                seen.client == client && seen.segment.flags.contains(flag) && !seen.segment.flags.contains(Flags::SYN)
            })
        };
        assert_eq!((got.marked, bears(true, Flags::ECE), bears(false, Flags::CWR)), (on, on, on));
        for event in ["link.marked", "tcp.ce", "tcp.cwr"] {
            assert_eq!(got.events.contains(&event), on, "{event}");
        }
    }
}

#[test]
fn accurate_ecn_is_asked_for_with_three_bits() {
    let got = play(PLAIN, &[("ecn", "accurate")], |_| ());
    let ask = Flags::SYN | Flags::ECE | Flags::CWR | Flags::AE;
    assert_eq!(got.syns().next().unwrap().segment.flags, ask, "RFC 9768 §3.1.1");
    assert!(got.events.contains(&"tcp.acc_ecn"));
}

#[test]
fn slow_start_ends_by_the_kind_of_hystart_that_is_chosen() {
    // A line whose queue grows long before anything is lost: round trips grow with it.
    let knobs = [("rate", "5Mbit/s"), ("rtt", "60ms"), ("queue", "1M"), ("size", "1M")];
    let ends = |value| {
        let got = play(PLAIN, &[&knobs[..], &[("slow-start", value)]].concat(), |_| ());
        let classic = ["tcp.hystart_delay", "tcp.hystart_train"].iter().any(|kind| got.events.contains(kind));
        (classic, got.segments.iter().filter(|seen| !seen.client).count())
    };
    let (plain, hystart, plus) = (ends("plain"), ends("hystart"), ends("hystart++"));
    assert_eq!((plain.0, hystart.0), (false, true));
    assert!(plus.0, "it says so as well");
}

#[test]
fn mtu_probing_gets_through_a_black_hole_and_without_it_the_transfer_hangs() {
    // A line that takes no packet above 1300 bytes, and no router that says so.
    let black_hole = r#"
        [[network.faults]]
        way = "to-client"
        of = "data"
        longer_than = 1314
        then = "lose"
    "#;
    let text = format!(
        "[request]\nurl = \"{PLAIN}\"\n[network]\ntopology = \"direct\"\n{black_hole}[client]\nknows_address = true\n"
    );
    let mut scenario = Scenario::parse(&text).unwrap();
    find_knob("size").unwrap().turn(&mut scenario, "300k").unwrap();
    let outcome = |scenario: &Scenario| run(scenario).unwrap();
    let hung = outcome(&scenario);
    assert!(!matches!(hung.outcome, Outcome::Response { .. }), "{:?}", hung.outcome);
    for (value, events) in [
        ("black-hole", &["tcp.mtu_black_hole", "tcp.mtu_probe", "tcp.mtu_probe_passed", "tcp.mtu_probe_lost"][..]),
        ("always", &["tcp.mtu_probe", "tcp.mtu_probe_passed"][..]),
    ] {
        find_knob("mtu-probing").unwrap().turn(&mut scenario, value).unwrap();
        let got = outcome(&scenario);
        assert!(matches!(got.outcome, Outcome::Response { .. }), "{value}: {:?}", got.outcome);
        for wanted in events {
            assert!(got.trace.events.iter().any(|event| event.kind.id == *wanted), "{value}: {wanted}");
        }
    }
}

#[test]
fn congestion_control() {
    for (value, paced) in [("cubic", false), ("reno", false), ("bbr", true)] {
        let got = play(PLAIN, &[("cc", value), ("size", "100k")], |_| ());
        let first: Vec<Instant> = got.data(false).take(10).map(|seen| seen.at).collect();
        assert_eq!(first[0] == first[9], !paced, "{value}: the first ten segments leave at once");
        assert_eq!(got.events.contains(&"tcp.pacing"), paced);
        assert!(!got.events.contains(&"tcp.bbr_state"));
    }
}

#[test]
fn fast_open_asks_for_a_cookie_first_and_then_sends_data_with_the_syn() {
    let fetch = |value| play(PLAIN, &[("tfo", value), ("files", "3"), ("connections", "4")], |_| ());
    // How much data each SYN of the client carries, and whether the option is in it.
    let syns = |got: &Captured| -> Vec<(bool, Option<usize>)> {
        let asks = |seen: &&Seen| seen.client && seen.segment.flags.contains(Flags::SYN);
        let told = |seen: &Seen| {
            let cookie = seen.segment.options.fast_open.map(|option| option.cookie().len());
            (!seen.segment.payload.is_empty(), cookie)
        };
        got.segments.iter().filter(asks).map(told).collect()
    };
    let end = |got: &Captured| got.data(false).last().unwrap().at;
    let (off, on, trusted) = (fetch("off"), fetch("on"), fetch("no-cookie"));
    assert!(syns(&off).len() > 1 && syns(&off).iter().all(|&syn| syn == (false, None)));
    assert_eq!(syns(&on)[0], (false, Some(0)), "the first asks for a cookie");
    assert!(syns(&on)[1..].iter().all(|&syn| syn == (true, Some(8))), "{:?}", syns(&on));
    assert!(syns(&trusted).iter().all(|&syn| syn == (true, None)), "{:?}", syns(&trusted));
    assert!(on.events.contains(&"tcp.fast_open_asked") && on.events.contains(&"tcp.fast_open_taken"));
    assert!(end(&trusted) < end(&on) && end(&on) < end(&off), "each spares a round trip");
}

#[test]
fn a_fair_queue_spaces_segments() {
    let together = |value| {
        let got = play(PLAIN, &[("qdisc", value), ("size", "100k")], |_| ());
        let sent: Vec<Instant> = got.data(false).map(|seen| seen.at).collect();
        assert_eq!(sent[0], sent[9], "{value}: the first ten leave at once");
        sent.windows(2).skip(10).filter(|pair| pair[0] == pair[1]).count()
    };
    assert!(together("fifo") > 10);
    assert_eq!(together("fq"), 0);
}

#[test]
fn a_tuned_receive_buffer_offers_little_at_first_and_more_as_data_arrives() {
    let offered = |value: &str| -> Vec<u32> {
        let got = play(PLAIN, &[("receive-buffer", value), ("size", "300k")], |_| ());
        let acks = got.segments.iter().filter(|seen| seen.client && !seen.segment.flags.contains(Flags::SYN));
        acks.map(|seen| seen.segment.window.into()).collect()
    };
    let (own, tuned) = (offered(""), offered("auto"));
    assert!(own[0] > 10 * tuned[0], "{} and {}", own[0], tuned[0]);
    assert!(tuned.last().unwrap() > &(2 * tuned[0]), "{tuned:?}");
    assert!(offered("8k").iter().all(|&window| window <= 8000));
}

/// RFC 8305 §5: over a network that loses all of IPv6, the page is there after the attempt's delay of a quarter of a second; without
/// happy eyeballs only once the SYNs over IPv6 were given up.
#[test]
fn happy_eyeballs() {
    for (value, on) in [("on", true), ("off", false)] {
        let mut scenario = Scenario::for_url(PLAIN).unwrap();
        for (name, value) in [("ip", "dual"), ("ipv6-broken", "on"), ("happy-eyeballs", value)] {
            find_knob(name).unwrap().turn(&mut scenario, value).unwrap();
        }
        let run = run(&scenario).unwrap();
        assert!(matches!(run.outcome, Outcome::Response { .. }), "{:?}", run.outcome);
        let happened =
            |id: &str| run.trace.events.iter().filter(|event| event.kind.id == id).map(|event| event.at).collect();
        let (tries, won): (Vec<Instant>, Vec<Instant>) = (happened("race.tries"), happened("race.won"));
        let ([ipv6, ipv4], [won]) = (&tries[..], &won[..]) else {
            panic!("two attempts and a winner: {tries:?}, {won:?}")
        };
        assert_eq!(*ipv4 - *ipv6 == base::Duration::from_millis(250), on, "{}", *ipv4 - *ipv6);
        assert_eq!(*won - *ipv6 > base::Duration::from_secs(60), !on, "{}", *won - *ipv6);
    }
}

/// What finds a loss: RACK, by time; without it RFC 6675, by what was SACKed; without SACK NewReno.
#[test]
fn without() {
    let lost = |knobs: &[(&str, &str)]| {
        let got = play(PLAIN, &[knobs, &[("size", "100k")]].concat(), |it| it.network.drop_to_client = vec![5]);
        let of = |id: &str| got.events.contains(&id);
        [of("tcp.rack_lost"), of("tcp.sack_lost"), of("tcp.fast_retransmit")]
    };
    assert_eq!(lost(&[]), [true, false, false]);
    assert_eq!(lost(&[("without", "rack,tlp")]), [false, true, false]);
    assert_eq!(lost(&[("without", "rack"), ("sack", "off")]), [false, false, true]);
    let wrong = find_knob("without").unwrap().turn(&mut Scenario::for_url(PLAIN).unwrap(), "rack,warp");
    assert!(format!("{wrong:?}").contains("newreno"), "{wrong:?}");
}
