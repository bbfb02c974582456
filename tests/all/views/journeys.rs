//! One packet over its hops.

use wirescope::Story;
use wirescope::story::hops::{Hop, Journey};

use super::{captured, lossy};
use crate::runs;

fn story(name: &str) -> Story {
    let (_, run) = runs::four().find(|(other, _)| *other == name).expect("it is built in");
    runs::at_client(&run.trace)
}

/// The journey of the first packet with these flags.
fn journey(story: &Story, flags: &str) -> Journey {
    let number = story.rows().find(|row| row.flags == flags).expect("there is one").number;
    story.journey(number).expect("it is there")
}

fn at<'j>(journey: &'j Journey, place: &str) -> &'j Hop {
    journey.hops.iter().find(|hop| hop.place == place).unwrap_or_else(|| panic!("it never came to {place}"))
}

#[test]
fn a_syn_is_followed_through_switch_nat_and_routers() {
    let journey = journey(&story("lifecycle"), "SYN");
    let places: Vec<&str> = journey.hops.iter().map(|hop| hop.place.as_str()).collect();
    assert_eq!(places, ["laptop", "switch", "home-router", "access-router", "core-router", "server"]);
    assert!(at(&journey, "switch").fields.is_empty(), "a switch changes nothing");
    let changed: Vec<&str> = at(&journey, "home-router").fields.iter().map(|change| change.id).collect();
    for id in ["ethernet.src", "ethernet.dst", "ipv4.ttl", "ipv4.checksum", "ipv4.src", "tcp.checksum"] {
        assert!(changed.contains(&id), "the home router changes {id}: {changed:?}");
    }
    let source = at(&journey, "home-router").fields.iter().find(|change| change.id == "ipv4.src").expect("NAT");
    assert_eq!((source.old.as_str(), source.new.as_str()), ("192.168.1.100", "198.51.100.23"));
    assert_eq!((source.layer, source.name), ("IPv4", "Source address"), "named as a person would");
    let ttl: Vec<(&str, &str)> = journey
        .hops
        .iter()
        .flat_map(|hop| hop.fields.iter().filter(|change| change.id == "ipv4.ttl"))
        .map(|change| (change.old.as_str(), change.new.as_str()))
        .collect();
    assert_eq!(ttl, [("64", "63"), ("63", "62"), ("62", "61")]);
    assert!(journey.hops.last().is_some_and(|hop| hop.out_ns.is_none() && hop.what == "takes it in"));
}

#[test]
fn each_decision_names_the_row_that_was_chosen() {
    let journey = journey(&story("lifecycle"), "SYN");
    let chosen = |place: &str, table: &str| {
        let found = at(&journey, place).decided.iter().find(|decided| decided.table == table);
        let found = found.unwrap_or_else(|| panic!("{place} has no {table}: {:?}", at(&journey, place).decided));
        found.rows[found.chosen.unwrap_or_else(|| panic!("{found:?}"))].clone()
    };
    assert_eq!(chosen("laptop", "routing table"), ["0.0.0.0/0", "192.168.1.1"]);
    assert_eq!(chosen("laptop", "ARP table")[0], "192.168.1.1");
    assert_eq!(chosen("home-router", "routing table"), ["0.0.0.0/0", "198.51.100.1"]);
    assert!(chosen("home-router", "NAT table")[0].starts_with("192.168.1.100:"));
    assert_eq!(chosen("core-router", "routing table"), ["203.0.113.0/24", "on the link itself"]);
    assert_eq!(chosen("switch", "switching table")[0].len(), 17, "a hardware address");
}

#[test]
fn every_packet_of_every_run_has_a_journey_that_begins_where_it_was_made() {
    for (name, run) in runs::every() {
        let story = runs::at_client(&run.trace);
        for number in 1..=story.len() as u32 {
            let journey = story.journey(number).expect("it is there");
            let first = journey.hops.first().expect("it was made somewhere");
            assert_eq!((first.what.as_str(), first.in_tap.as_str()), ("makes it and sends it", ""), "{name} {number}");
            assert!(journey.hops.iter().any(|hop| hop.packet == Some(number)), "{name} {number}");
            for decided in journey.hops.iter().flat_map(|hop| &hop.decided) {
                assert!(decided.chosen.is_none_or(|row| row < decided.rows.len()));
                assert!(decided.rows.iter().all(|row| row.len() == decided.columns.len()));
            }
        }
    }
}

#[test]
fn a_lost_packet_says_where() {
    let story = runs::at_client(&lossy().trace);
    let lost =
        |row: &wirescope::story::Row| row.marks.iter().any(|mark| matches!(mark, wirescope::story::Mark::Lost(_)));
    let row = story.rows().find(lost).expect("the line loses packets");
    let journey = story.journey(row.number).expect("it is there");
    let hop = journey.hops.last().expect("it was made somewhere");
    let place = "home-router.wan--access-router.homes";
    assert!(hop.lost.as_ref().is_some_and(|lost| lost.starts_with(place)), "{hop:?}");
    assert!(hop.lost_ns.is_some_and(|at| at >= hop.at_ns));
}

#[test]
fn a_capture_says_why_it_cannot_follow() {
    let journey = captured(&story("curl")).journey(1).expect("it is there");
    assert!(journey.hops.is_empty() && !journey.why.is_empty());
}
