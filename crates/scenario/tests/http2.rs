//! HTTP/2 in the simulated internet: who agrees on it, what becomes of a request, and what happens where one end does not
//! speak it.

use scenario::{HttpVersion, Outcome, Run, Scenario, Topology, find_knob, run};
use trace::kinds::app;

fn scenario(url: &str, knobs: &[(&str, &str)]) -> Scenario {
    let mut scenario = Scenario::for_url(url).unwrap();
    scenario.network.topology = Topology::Direct;
    scenario.client.knows_address = true;
    for (name, value) in [&[("http", "2")], knobs].concat() {
        find_knob(name).unwrap().turn(&mut scenario, value).unwrap();
    }
    scenario
}

fn play(scenario: &Scenario) -> Run {
    run(scenario).unwrap()
}

/// The texts of the events of a kind, in order.
fn said(run: &Run, kind: &'static trace::Kind) -> Vec<String> {
    let of = run.trace.events.iter().filter(|event| std::ptr::eq(event.kind, kind));
    of.map(|event| run.trace.strings[event.args[0] as usize].clone()).collect()
}

fn answered(run: &Run) -> (u16, usize) {
    match &run.outcome {
        Outcome::Response { status, body, .. } => (*status, *body),
        Outcome::Failed(why) => panic!("{why}"),
    }
}

fn failed(run: &Run) -> &str {
    match &run.outcome {
        Outcome::Failed(why) => why,
        answered => panic!("{answered:?}"),
    }
}

#[test]
fn both_ends_agree_by_alpn() {
    let agreed = |client: &str, server: Option<HttpVersion>| {
        let mut scenario = scenario("https://www.example.com/", &[("http", client)]);
        scenario.server.http = server;
        let run = play(&scenario);
        assert_eq!(answered(&run).0, 200);
        said(&run, &app::TLS_DONE).concat()
    };
    assert!(agreed("2", None).ends_with(", h2"), "both speak both: RFC 9113 §3.2");
    assert!(agreed("2", Some(HttpVersion::Http2)).ends_with(", h2"));
    assert!(agreed("2", Some(HttpVersion::Http11)).ends_with(", http/1.1"), "the older version is good enough");
    assert!(agreed("1.1", None).ends_with(", http/1.1"));
}

#[test]
fn who_has_nothing_in_common_says_so() {
    // RFC 7301 §3.2: no_application_protocol.
    let mut none = scenario("https://www.example.com/", &[("http", "1.1")]);
    none.server.http = Some(HttpVersion::Http2);
    assert!(failed(&play(&none)).contains("NoApplicationProtocol"));
    // Without TLS nobody asks: the client has to know.
    let mut old = scenario("http://www.example.com/", &[]);
    old.server.http = Some(HttpVersion::Http11);
    let run = play(&old);
    assert!(failed(&run).contains("Ask for HTTP/1.1, or by https"), "{}", failed(&run));
    let mut new = scenario("http://www.example.com/", &[("http", "1.1")]);
    new.server.http = Some(HttpVersion::Http2);
    assert!(failed(&play(&new)).starts_with("the HTTP exchange failed"));
}

#[test]
fn a_request_is_answered_over_plain_tcp_and_over_tls() {
    for url in ["http://www.example.com/a?b=c", "https://www.example.com/a?b=c"] {
        for (size, len) in [("0", 0), ("1k", 1000), ("1M", 1_000_000)] {
            let run = play(&scenario(url, &[("size", size)]));
            assert_eq!(answered(&run), (200, len), "{url}");
            let requests = said(&run, &app::HTTP_REQUEST);
            assert_eq!(requests, ["GET /a?b=c on stream 1", "GET /a?b=c on stream 1"], "the client's, the server's");
            assert_eq!(said(&run, &app::HTTP_RESPONSE), ["200 OK on stream 1", "200 OK on stream 1"]);
            assert!(said(&run, &app::REQUEST_FAILED).is_empty(), "{:?}", said(&run, &app::REQUEST_FAILED));
        }
    }
}

#[test]
fn responses_without_content_have_none() {
    let run = play(&scenario("https://www.example.com/", &[("method", "HEAD"), ("size", "5k")]));
    assert_eq!(answered(&run), (200, 0));
    for status in [204, 304] {
        let mut scenario = scenario("https://www.example.com/", &[]);
        scenario.server.page.status = status;
        assert_eq!(answered(&play(&scenario)), (status, 0));
    }
}

#[test]
fn a_request_body_waits_for_room_in_the_windows() {
    let mut one =
        scenario("https://www.example.com/", &[("initial-window", "1000"), ("upload", "1Gbit/s"), ("rate", "1Gbit/s")]);
    let mut first_byte = |body: usize| {
        one.request.body = Some("x".repeat(body));
        let run = play(&one);
        assert_eq!(answered(&run).0, 200);
        let client = run.trace.events.iter().filter(|event| std::ptr::eq(event.kind, &app::HTTP_RESPONSE)).nth(1);
        client.expect("the response").at
    };
    // A server's streams begin with 65,535 bytes of room (RFC 9113 §6.9.2): what is more waits for a WINDOW_UPDATE, which takes
    // a round trip of 33 ms, though TCP could send all of it at once.
    let (small, large) = (first_byte(65_535), first_byte(100_000));
    let more = large.since(small).as_millis_f64();
    assert!((30.0..40.0).contains(&more), "{more} ms");
}

#[test]
fn what_http2_forbids_is_not_sent() {
    let run = play(&scenario("https://www.example.com/", &[("header", "Connection: close")]));
    assert!(failed(&run).contains("RFC 9113 §8.2.2"), "{}", failed(&run));
    let run = play(&scenario("https://www.example.com/", &[("header", "TE: trailers")]));
    assert_eq!(answered(&run).0, 200);
}

/// How many connections the client opened, when it had everything, and what it asked for in order.
fn page(http: &str, knobs: &[(&str, &str)]) -> (usize, base::Duration, Vec<String>) {
    let run = play(&scenario("https://www.example.com/", &[&[("http", http)], knobs].concat()));
    assert_eq!(answered(&run).0, 200);
    assert!(said(&run, &app::REQUEST_FAILED).is_empty(), "{:?}", said(&run, &app::REQUEST_FAILED));
    let client = run.trace.places.iter().find(|place| place.name == "laptop").unwrap().id;
    let events: Vec<_> = run.trace.events.iter().filter(|event| event.place == client).collect();
    let of = |kind: &'static trace::Kind| events.iter().filter(move |event| std::ptr::eq(event.kind, kind));
    let last = of(&app::HTTP_DONE).next_back().unwrap().at;
    let asked = of(&app::HTTP_REQUEST).map(|event| run.trace.strings[event.args[0] as usize].clone()).collect();
    (of(&app::TLS_DONE).count(), last.since(base::Instant::ZERO), asked)
}

#[test]
fn a_page_with_files_takes_one_connection_of_http2_and_six_of_http11() {
    let knobs = [("files", "12"), ("file-size", "1k")];
    let (connections, old, asked) = page("1.1", &knobs);
    assert_eq!((connections, asked.len()), (6, 13), "{asked:?}");
    let (connections, new, asked) = page("2", &knobs);
    assert_eq!((connections, asked.len()), (1, 13), "{asked:?}");
    assert_eq!(asked[0], "GET / on stream 1");
    assert_eq!(asked[12], "GET /file-12.js on stream 25", "a client's streams are odd: RFC 9113 §5.1.1");
    // All at once takes a round trip; six at a time take two, and five handshakes before.
    assert!(old - new > base::Duration::from_millis(60), "{old} with 1.1, {new} with 2");
    // One connection of HTTP/1.1 needs a round trip for each.
    let (connections, alone, _) = page("1.1", &[("connections", "1"), ("files", "12"), ("file-size", "1k")]);
    assert_eq!(connections, 1);
    assert!(alone - new > base::Duration::from_millis(10 * 33), "{alone} with one connection");
}

#[test]
fn a_page_without_files_takes_one_connection_either_way() {
    assert_eq!(page("1.1", &[]).0, 1);
    assert_eq!(page("2", &[]).0, 1);
}

#[test]
fn more_files_than_streams_wait_their_turn() {
    // The server allows 128 streams at once (RFC 9113 §5.1.2).
    let (connections, _, asked) = page("2", &[("files", "300"), ("file-size", "100")]);
    assert_eq!((connections, asked.len()), (1, 301));
}
