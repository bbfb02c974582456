//! Both ends at a moment.

use wirescope::base::Instant;
use wirescope::scenario::{Scenario, find_knob, run};
use wirescope::story::machines::{Machine, drawing};
use wirescope::story::series::Window;
use wirescope::story::{How, Story};
use wirescope::wire::tcp::State;

use super::{captured, connection, lossy};
use crate::runs;

fn value(machine: &Machine, id: &str) -> Option<i64> {
    machine.values.iter().find(|value| value.id == id).unwrap_or_else(|| panic!("there is no {id}")).value
}

fn curl() -> Story {
    let (_, run) = runs::four().find(|(name, _)| *name == "curl").expect("it is built in");
    runs::at_client(&run.trace)
}

#[test]
fn the_handshake_of_the_document_is_seen_state_by_state() {
    let story = curl();
    let after = |number| story.machines_after(number).expect("it is a segment").ends;
    let [client, server] = after(1);
    assert_eq!((client.state_name, server.state_name), ("SYN-SENT", "LISTEN"));
    let taken = client.taken.expect("it has opened");
    assert_eq!((taken.event, taken.action, taken.now), ("active OPEN", "create TCB, snd SYN", true));
    assert_eq!(client.timers.iter().map(|timer| timer.name).collect::<Vec<_>>(), ["retransmission"]);
    assert_eq!(client.timers[0].expires_ns - client.timers[0].set_ns, 1_000_000_000, "RFC 6298 §2.1: one second");
    let [client, server] = after(2);
    assert_eq!((client.state_name, server.state_name), ("ESTABLISHED", "SYN-RECEIVED"));
    assert_eq!(client.taken.map(|taken| (taken.event, taken.packet)), Some(("rcv SYN,ACK", Some(2))));
    // The SYN's timer is gone; the one that runs is for the request, which leaves at the same moment.
    let now = story.row(2).expect("it is there").at.as_nanos();
    assert_eq!(client.timers.iter().map(|timer| timer.set_ns).collect::<Vec<_>>(), [now]);
    let last = story.machines_after(story.len() as u32).expect("it is a segment").ends;
    assert_eq!(last[0].state_name, "TIME-WAIT");
    assert_eq!(last[0].timers.iter().map(|timer| timer.left_ns).collect::<Vec<_>>(), [60_000_000_000]);
}

#[test]
fn every_transition_of_every_run_is_an_arrow_of_the_drawing() {
    let drawing = drawing();
    let mut taken = 0;
    for (name, run) in runs::every() {
        let told = runs::at_client(&run.trace);
        for story in [captured(&told), told] {
            for number in 1..=story.len() as u32 {
                for machine in story.machines_after(number).into_iter().flat_map(|machines| machines.ends) {
                    let Some(step) = machine.taken else { continue };
                    let arrow = step.arrow.map(|arrow| &drawing.transitions[arrow]);
                    let arrow = arrow.unwrap_or_else(|| panic!("{name}: no arrow from {} to {}", step.from, step.to));
                    assert_eq!([arrow.from, arrow.to], step.codes, "{name}");
                    assert_eq!(machine.state, arrow.to, "{name}: packet {number}");
                    taken += 1;
                }
                // What the ladder's row says of the states is what the machines say, and they know of no packet behind it,
                // however many pass at one moment.
                let (row, machines) = (story.row(number), story.machines_after(number));
                if let Some((ends, machines)) = row.and_then(|row| row.ends).zip(machines) {
                    for (known, machine) in [ends.client, ends.server].iter().zip(machines.ends) {
                        let known = known.value().map_or(255, |state| state.0);
                        assert_eq!(known, machine.state, "{name}: packet {number}");
                        let by = machine.taken.filter(|_| story.trace().is_none()).and_then(|taken| taken.packet);
                        assert!(by <= Some(number), "{name}: packet {number} knows of packet {by:?}");
                    }
                }
            }
        }
    }
    assert!(taken > 100, "{taken}");
}

#[test]
fn in_flight_never_exceeds_what_may_be() {
    let story = runs::at_client(&lossy().trace);
    let id = connection(&story);
    let mut seen = 0;
    for number in 1..=story.len() as u32 {
        let row = story.row(number).expect("it is there");
        let Some(machines) = story.machines(id, row.at) else { continue };
        for machine in machines.ends {
            assert_eq!(machine.known, How::Witnessed);
            if let (Some(flight), Some(window)) = (value(&machine, "in_flight"), value(&machine, "snd_wnd"))
                && machine.state == State::ESTABLISHED.0
            {
                assert!(flight <= window, "packet {number}: {flight} in flight, and room for {window}");
                seen += 1;
            }
        }
    }
    assert!(seen > 100);
}

#[test]
fn a_capture_tells_what_its_packets_tell_and_says_why_not_more() {
    let told = runs::at_client(&lossy().trace);
    let again = captured(&told);
    let shift = told.row(1).expect("it has packets").at;
    let (here, there) = (connection(&told), connection(&again));
    for number in 1..=told.len() as u32 {
        let at = told.row(number).expect("it is there").at;
        let (Some(was), Some(said)) = (told.machines(here, at), again.machines(there, Instant::ZERO + (at - shift)))
        else {
            continue;
        };
        // The tap is the client's: what it offers itself is on the wire at once.
        let (was, said) = (&was.ends[0], &said.ends[0]);
        assert_eq!(value(said, "cwnd"), None);
        assert!(said.values.iter().all(|value| value.value.is_some() || !value.why.is_empty()), "{said:?}");
        assert!(said.timers.is_empty() && !said.timers_why.is_empty());
        if was.state == State::ESTABLISHED.0 && was.taken.as_ref().is_some_and(|taken| !taken.now) {
            assert_eq!(said.state, was.state, "packet {number}");
        }
    }
    let port = |machines: Option<wirescope::story::machines::Machines>| machines.map(|machines| machines.ends[0].port);
    let last = told.row(told.len() as u32).expect("it is there").at;
    assert_eq!(port(told.machines(here, last)), port(again.machines(there, last)));
}

#[test]
fn every_moment_of_a_long_connection_is_told_as_the_graphs_tell_it() {
    let mut scenario = Scenario::for_url("http://www.example.com/").expect("it is a URL");
    for (name, value) in [("size", "2M"), ("loss", "1%")] {
        find_knob(name).expect("there is such a knob").turn(&mut scenario, value).expect("it takes that");
    }
    let story = captured(&runs::at_client(&run(&scenario).expect("it runs").trace));
    assert!(story.len() > 1_500, "so few packets are no long connection: {}", story.len());
    let id = connection(&story);
    let graphs = story.graphs(id, Window { points: usize::MAX, ..Window::default() }).expect("it is a connection");
    let mut told = 0;
    for number in (1..=story.len() as u32).step_by(7) {
        let at = story.row(number).expect("it is there").at;
        let Some(machines) = story.machines(id, at) else { continue };
        for machine in machines.ends {
            for (graph, series, figure) in [
                ("congestion", "in_flight", "in_flight"),
                ("congestion", "window", "snd_wnd"),
                ("rtt", "srtt", "srtt"),
                ("rtt", "rto", "rto"),
            ] {
                let name = format!("{graph}.{}", machine.side);
                let graph = graphs.graphs.iter().find(|graph| graph.id == name).expect("there is such a graph");
                let line = graph.series.iter().find(|line| line.id == series).expect("there is such a line");
                let passed = line.at_ns.partition_point(|ns| *ns <= at.as_nanos());
                let drawn = passed.checked_sub(1).map(|last| line.value[last]);
                // Before the first segment nothing is in flight; the graph begins with it.
                let known = value(&machine, figure).filter(|figure| drawn.is_some() || *figure != 0);
                assert_eq!(known, drawn, "packet {number}, {name}, {figure}");
                told += usize::from(drawn.is_some());
            }
        }
    }
    assert!(told > 1_000, "{told}");
}
