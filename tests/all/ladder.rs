//! What the ladder says of the packets at which a careless reader of sequence numbers goes wrong.

use wirescope::base::Seed;
use wirescope::story::{Mark, Row};
use wirescope::trace::Known;
use wirescope::{Story, TapChoice, scenario};

fn rows(argument: &str) -> Vec<Row> {
    let argument = scenario::find_argument(argument).expect("it is built in");
    let trace = argument.play(Seed(1)).expect("it comes to an end").trace;
    Story::from_trace(trace, TapChoice::Named(argument.tap.to_owned())).expect("the tap is there").rows().collect()
}

fn marks(row: &Row) -> Vec<&'static str> {
    row.marks.iter().filter_map(|mark| if let Mark::Verdict(id, _) = mark { Some(*id) } else { None }).collect()
}

fn states(row: &Row) -> (String, String) {
    let text = |known| if let Known::Witnessed(state) = known { format!("{state}") } else { "?".to_owned() };
    row.ends.map(|ends| (text(ends.client), text(ends.server))).expect("a segment")
}

#[test]
fn a_simultaneous_open_is_four_packets_none_of_them_repeated() {
    let rows = rows("simultaneous-open");
    assert!(rows.iter().all(|row| marks(row).is_empty()), "{:?}", rows.iter().map(marks).collect::<Vec<_>>());
    assert!(rows[2].meaning.starts_with("has asked as well, and agrees"), "{}", rows[2].meaning);
    assert_eq!(states(&rows[0]), ("SYN-SENT".to_owned(), "SYN-SENT".to_owned()), "both asked at that moment");
    assert_eq!(states(&rows[3]), ("ESTABLISHED".to_owned(), "ESTABLISHED".to_owned()));
}

#[test]
fn what_is_not_believed_is_called_so() {
    let rows = rows("stale-segment");
    let challenge = rows.iter().find(|row| marks(row).contains(&"tcp.challenge")).expect("RFC 5961's answer");
    assert!(challenge.meaning.contains("does not believe"), "{}", challenge.meaning);
    assert!(rows.iter().all(|row| !row.meaning.contains("has room again")));
    // The client has sent nothing yet, whatever the stale segment said; its own bytes come under the same numbers.
    assert!(rows.iter().any(|row| marks(row) == ["tcp.behind"]));
    let real = rows.iter().find(|row| marks(row).contains(&"tcp.conflict")).expect("the real bytes");
    assert!(real.meaning.starts_with("other bytes than packet 10 carried"), "{}", real.meaning);
    let confirms = rows.iter().filter(|row| row.meaning.starts_with("confirms")).count();
    assert_eq!(confirms, 2, "once a connection");
}

#[test]
fn a_state_changes_with_the_packet_that_changes_it() {
    let run = scenario::run(&scenario::find("https").expect("built in").scenario()).expect("it runs");
    let story = Story::from_trace(run.trace, TapChoice::Client).expect("there is a client");
    let client: Vec<(String, String)> =
        story.rows().filter(|row| row.ends.is_some()).map(|row| (row.flags.clone(), states(&row).0)).collect();
    let fin = client.iter().position(|(flags, _)| flags.contains("FIN")).expect("it closes");
    assert_eq!(client[fin].1, "FIN-WAIT-1");
    assert!(client[1..fin].iter().all(|(_, state)| state == "ESTABLISHED"), "{client:?}");
}

#[test]
fn ports_tell_two_connections_apart_and_taps_the_hops() {
    let rows = rows("two-connections");
    let clients: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.from.as_str()).collect();
    assert_eq!(clients.into_iter().collect::<Vec<_>>(), ["client:49152", "client:49153", "server"]);
    let run = scenario::run(&scenario::find("curl").expect("built in").scenario()).expect("it runs");
    let story = Story::from_trace(run.trace, TapChoice::All).expect("it needs no tap");
    let taps: std::collections::BTreeSet<String> = story.rows().filter_map(|row| row.tap).collect();
    assert!(taps.contains("client") && taps.contains("server") && taps.len() >= 4, "{taps:?}");
}
