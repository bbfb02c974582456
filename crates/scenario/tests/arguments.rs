//! The documents' arguments: what each comes to.

use base::Seed;
use scenario::{ARGUMENTS, Played, find_argument};
use trace::Class;

fn play(name: &str) -> Played {
    find_argument(name).unwrap().play(Seed(1)).unwrap()
}

fn column(played: &Played, name: &str) -> Vec<String> {
    let at = played.findings.columns.iter().position(|column| *column == name).unwrap();
    played.findings.rows.iter().map(|row| row[at].clone()).collect()
}

#[test]
fn a_simultaneous_open_takes_four_packets() {
    let played = play("simultaneous-open");
    assert_eq!(column(&played, "packets until both are open"), ["3", "4"]);
    let path = "SYN-SENT -> SYN-RECEIVED -> ESTABLISHED";
    assert!(column(&played, "client")[1].ends_with(path), "{:?}", played.findings);
    assert!(column(&played, "server")[1].ends_with(path), "{:?}", played.findings);
}

#[test]
fn a_close_takes_three_packets_or_four() {
    let active = "ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2 -> TIME-WAIT -> CLOSED";
    let at_once = "ESTABLISHED -> FIN-WAIT-1 -> TIME-WAIT -> CLOSED";
    let passive = "ESTABLISHED -> CLOSE-WAIT -> LAST-ACK -> CLOSED";
    let closing = "ESTABLISHED -> FIN-WAIT-1 -> CLOSING -> TIME-WAIT -> CLOSED";
    for (name, packets, states, waits) in [
        ("three-packet-close", 3, [at_once, passive], ["60 s", "none"]),
        ("four-packet-close", 4, [active, passive], ["60 s", "none"]),
        ("simultaneous-close", 4, [closing, closing], ["60 s", "60 s"]),
    ] {
        let played = play(name);
        assert_eq!(column(&played, "states"), states, "{name}");
        assert_eq!(column(&played, "TIME-WAIT"), waits, "{name}");
        assert!(played.findings.verdict.contains(&format!("took {packets} packets")), "{}", played.findings.verdict);
    }
}

#[test]
fn ports_tell_two_connections_apart() {
    let played = play("two-connections");
    assert_eq!(column(&played, "client"), ["192.0.2.10:49152", "192.0.2.10:49153"]);
    assert_eq!(column(&played, "server"), ["192.0.2.80:7", "192.0.2.80:7"]);
    assert_eq!(column(&played, "sent"), column(&played, "came back"));
}

#[test]
fn a_pool_saves_handshakes_and_http2_the_waiting_too() {
    let played = play("pool");
    assert_eq!(column(&played, "connections opened"), ["31", "6", "1"]);
    assert_eq!(column(&played, "requests answered"), ["31 of 31"; 3]);
    let numbers = |name: &str| -> Vec<f64> {
        let cells = column(&played, name);
        cells.iter().map(|cell| cell.trim_end_matches(" ms").parse().expect("a number")).collect()
    };
    // Each row takes fewer segments than the one above, and less time by whole round trips of 33 ms.
    let (segments, last) = (numbers("segments"), numbers("last byte after"));
    assert!(segments[0] > 2.0 * segments[1] && segments[1] > 2.0 * segments[2], "{segments:?}");
    assert!(last[0] > last[1] + 33.0 && last[1] > last[2] + 33.0, "{last:?}");
    // TCP, TLS, the page, the files in two flights of slow start: RFC 6928's ten segments do not hold 60 kB.
    assert!((last[2] / 33.0).round() <= 6.0, "{last:?}");
    assert!(
        played.findings.verdict.contains("with 1 connection,")
            || played.findings.verdict.contains("with 1 connection.")
    );
}

#[test]
fn a_client_runs_out_of_ports_and_so_reuse_address_is_no_cure() {
    let played = play("port-exhaustion");
    assert_eq!(column(&played, "connections opened"), ["10", "10", "1", "30", "30"]);
    assert_eq!(column(&played, "requests answered"), ["10 of 30", "10 of 30", "30 of 30", "30 of 30", "30 of 30"]);
    assert_eq!(column(&played, "error"), ["EADDRNOTAVAIL", "EADDRNOTAVAIL", "none", "none", "none"]);
    let verdict = &played.findings.verdict;
    assert!(verdict.contains("28232") && verdict.contains("60 s") && verdict.contains("471 connections"), "{verdict}");
}

#[test]
fn the_first_byte_takes_two_three_or_four_round_trips() {
    let played = play("round-trips");
    let trips: Vec<f64> = column(&played, "in round trips").iter().map(|cell| cell.parse().unwrap()).collect();
    for (trips, wanted) in trips.iter().zip([2.0, 2.0, 3.0, 3.0, 4.0, 4.0]) {
        assert!((wanted..wanted + 0.1).contains(trips), "{:?}", played.findings.rows);
    }
}

#[test]
fn tcp_delivers_over_a_lossy_path_what_udp_does_not() {
    let played = play("lossy");
    let arrived = column(&played, "arrived");
    let udp: usize = arrived[0].split(',').next().unwrap().parse().unwrap();
    let lost: usize = column(&played, "frames lost")[0].parse().unwrap();
    assert!(lost > 0 && udp + lost == 40, "{:?}", played.findings.rows);
    assert_eq!(arrived[1], "40, in order");
    assert!(column(&played, "sent again")[1].parse::<usize>().unwrap() > 0, "{:?}", played.findings.rows);
}

#[test]
fn a_stale_segment_deceives_fixed_numbers_alone() {
    let played = play("stale-segment");
    assert_eq!(column(&played, "the server's program reads"), ["PAY ALICE 900 EUROS", "PAY BOBBY 100 EUROS"]);
    assert!(column(&played, "segments outside the window")[1].parse::<usize>().unwrap() > 0);
}

#[test]
fn a_blind_injection_needs_predictable_numbers() {
    let played = play("blind-injection");
    assert_eq!(
        column(&played, "the server"),
        [
            "takes it for the client's",
            "answers that it lies outside the window, and drops it",
            "resets the connection",
            "answers with a challenge ACK",
            "answers with a challenge ACK",
        ],
        "{:?}",
        played.findings.rows
    );
    let read = column(&played, "the server's program reads");
    assert_eq!(read[0], "GIVE ALL TO MALLORY");
    assert!(read[2].contains("reset"), "{}", read[2]);
    assert_eq!([&read[1], &read[3], &read[4]], ["KEEP ALL FOR ALICE."; 3]);
}

#[test]
fn a_syn_flood_shuts_a_listener_without_syn_cookies() {
    let played = play("syn-flood");
    let answered = column(&played, "clients answered");
    assert_eq!(answered, ["5 of 5", "0 of 5", "5 of 5", "5 of 5"], "{:?}", played.findings.rows);
    assert_eq!(column(&played, "the others' error")[1], tcp::Errno::TimedOut.to_string());
    let count = |name| column(&played, name).iter().map(|n| n.parse::<usize>().unwrap()).collect::<Vec<_>>();
    let (ignored, given, back) =
        (count("SYNs ignored"), count("answered with a cookie"), count("cookies that came back"));
    assert!(ignored[1] >= 100 - 16, "all but what there is room for: {ignored:?}");
    assert_eq!((ignored[2], ignored[3]), (0, 0));
    assert_eq!((given[2], given[3]), (100 - 16 + 5, 100 + 5));
    assert_eq!(back, [0, 0, 5, 5], "nobody else has seen the SYN-ACKs");
}

#[test]
fn the_same_seed_gives_the_same_run_and_every_cause_goes_back_to_an_act() {
    for argument in ARGUMENTS {
        let (once, again) = (play(argument.name), play(argument.name));
        assert_eq!(once.findings, again.findings, "{}", argument.name);
        assert!(once.trace.tap_named(argument.tap).is_some(), "{}", argument.name);
        let bytes = |played: &Played| -> Vec<Vec<u8>> {
            played.trace.frames.metas().iter().map(|meta| played.trace.frames.bytes(meta.id)).collect()
        };
        assert!(bytes(&once) == bytes(&again), "{}", argument.name);
        for event in &once.trace.events {
            let root = once.trace.causes(event.id).last().unwrap();
            assert_eq!(
                root.kind.class,
                Class::Act,
                "{}: {} goes back to {}",
                argument.name,
                event.kind.id,
                root.kind.id
            );
        }
    }
}
