//! Graphs.

use wirescope::Story;
use wirescope::story::series::{Graph, Graphs, Series, Window};

use super::{captured, connection, lossy};
use crate::runs;

fn graphs(story: &Story) -> Graphs {
    story.graphs(connection(story), Window::default()).expect("it is a connection")
}
fn graph<'g>(graphs: &'g Graphs, id: &str) -> &'g Graph {
    graphs.graphs.iter().find(|graph| graph.id == id).unwrap_or_else(|| panic!("there is no graph {id}"))
}
fn series<'g>(graph: &'g Graph, id: &str) -> &'g Series {
    graph.series.iter().find(|series| series.id == id).unwrap_or_else(|| panic!("there is no {id} in {}", graph.id))
}

#[test]
fn columns_fit_together_and_ids_are_unique() {
    let story = runs::at_client(&lossy().trace);
    for story in [captured(&story), story] {
        let graphs = graphs(&story);
        let ids: std::collections::BTreeSet<_> = graphs.graphs.iter().map(|graph| &graph.id).collect();
        assert_eq!(ids.len(), graphs.graphs.len());
        for graph in &graphs.graphs {
            for series in &graph.series {
                let n = series.at_ns.len();
                assert!(series.at_ns.is_sorted(), "{} {}", graph.id, series.id);
                assert_eq!(series.value.len(), n);
                assert!(series.value_to.as_ref().is_none_or(|to| to.len() == n));
                assert!(series.packet.as_ref().is_none_or(|packet| packet.len() == n));
                assert!(series.known != wirescope::story::How::Unknown || !series.why.is_empty());
            }
        }
    }
}

#[test]
fn a_lossy_download_shows_its_repetitions_blocks_and_windows() {
    let story = runs::at_client(&lossy().trace);
    let all = graphs(&story);
    let sent = graph(&all, "sequence.server");
    let again = series(sent, "again");
    let repeated = story.rows().filter(|row| {
        let again = |mark: &wirescope::story::Mark| matches!(mark, wirescope::story::Mark::Verdict(id, _) if id.ends_with("retransmission"));
        row.side == wirescope::story::Side::ToClient && row.marks.iter().any(again)
    });
    assert_eq!(again.at_ns.len(), repeated.count());
    assert!(!again.at_ns.is_empty(), "the line loses packets");
    let blocks = series(sent, "sack");
    assert!(!blocks.at_ns.is_empty(), "the receiver tells what it has behind a gap");
    // RFC 2018 §3: a block lies beyond what is acknowledged, and within what was sent.
    let highest = series(sent, "data").value_to.iter().flatten().max().copied().unwrap_or(0);
    for (from, to) in blocks.value.iter().zip(blocks.value_to.iter().flatten()) {
        assert!(from < to && *to <= highest, "{from} to {to} of {highest}");
    }
    // The window shrinks at a loss, and each time it is told why.
    let limits = graph(&all, "congestion.server");
    assert!(!limits.notes.is_empty());
    assert!(limits.notes.iter().all(|note| note.text.starts_with("the congestion window goes from")));
    assert!(!series(limits, "ssthresh").at_ns.is_empty());
    // What waits in the queue never exceeds its size, and the losses of the line are there.
    let queue = graph(&all, "queue.access-router.homes");
    assert!(series(queue, "queue").value.iter().all(|&waiting| (0..=20_000).contains(&waiting)));
    let trace = story.trace().expect("it was simulated");
    let gone = |id: &str| trace.events.iter().filter(|event| event.kind.id == id).count();
    let marked = |id: &str| {
        let queues = all.graphs.iter().filter(|graph| graph.id.starts_with("queue."));
        queues.map(|graph| series(graph, id).at_ns.len()).sum::<usize>()
    };
    assert_eq!(marked("lost"), gone("link.lost"));
    assert_eq!(marked("dropped"), gone("link.queue_drop"));
}

#[test]
fn a_capture_draws_the_same_sequence_graph_and_says_that_cwnd_is_in_no_packet() {
    let told = runs::at_client(&lossy().trace);
    let again = captured(&told);
    let shift = told.row(1).expect("it has packets").at.as_nanos();
    let (was, said) = (graphs(&told), graphs(&again));
    for id in ["sequence.client", "sequence.server"] {
        for (was, said) in graph(&was, id).series.iter().zip(&graph(&said, id).series) {
            let at: Vec<i64> = was.at_ns.iter().map(|at| at - shift).collect();
            assert_eq!((&at, &was.value, &was.value_to), (&said.at_ns, &said.value, &said.value_to), "{id} {}", was.id);
        }
    }
    let limits = graph(&said, "congestion.server");
    assert!(series(limits, "cwnd").at_ns.is_empty());
    assert_eq!(series(limits, "cwnd").why, "it is the sender's own and stands in no packet");
    assert!(!series(limits, "in_flight").at_ns.is_empty());
    assert!(said.graphs.iter().all(|graph| !graph.id.starts_with("queue.")), "no packet tells of a queue");
    // The client's own round trips are seen where it stands; the server's are not.
    assert!(!series(graph(&said, "rtt.client"), "rtt").at_ns.is_empty());
    assert!(series(graph(&said, "rtt.server"), "rtt").at_ns.is_empty());
}

#[test]
fn few_points_are_asked_for_and_few_come() {
    let story = runs::at_client(&lossy().trace);
    let few = story.graphs(connection(&story), Window { points: 40, ..Window::default() }).expect("it is one");
    for series in few.graphs.iter().flat_map(|graph| &graph.series) {
        assert!(series.at_ns.len() <= 44, "{}: {}", series.id, series.at_ns.len());
    }
    assert!(few.graphs.iter().flat_map(|graph| &graph.series).any(|series| series.left_out > 0));
}
