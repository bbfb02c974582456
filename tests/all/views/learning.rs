//! Tours and questions.

use wirescope::Story;
use wirescope::story::predict::Prediction;
use wirescope::story::tour::scenarios;

use super::{captured, lossy};
use crate::runs;

fn story(name: &str) -> Story {
    runs::at_client(&runs::run(wirescope::scenario::find(name).expect("it is built in")).trace)
}

#[test]
fn each_of_the_four_has_a_tour_and_every_tours_steps_are_all_there() {
    let names: Vec<&str> = scenarios().collect();
    assert!(runs::FOUR.iter().all(|name| names.contains(name)));
    for name in names {
        let story = story(name);
        let tour = story.tour(name).expect("it has one");
        // Nothing of it is missing in the run that it was written for: as many steps as the file has titles.
        let written = std::fs::read_to_string(format!("{}/crates/story/tours/{name}.toml", env!("CARGO_MANIFEST_DIR")));
        let written = written.expect("it is there").matches("[[step]]").count();
        assert_eq!(tour.steps.len(), written, "{name}: {:?}", tour.steps.iter().map(|s| &s.title).collect::<Vec<_>>());
        let packets: Vec<u32> = tour.steps.iter().filter_map(|step| step.packet).collect();
        assert!(packets.is_sorted(), "{name}: {packets:?}");
        // All but what no packet shows points at something in its packet.
        assert!(tour.steps.iter().all(|step| step.packet.is_none() || step.field.is_some()), "{name}");
        for step in &tour.steps {
            assert!(!step.text.contains(['{', '}']), "{name}: {}", step.text);
            assert!(step.at_ns.is_some());
            let (Some(packet), Some(field)) = (step.packet, &step.field) else { continue };
            let packet = story.packet(packet).expect("it is there");
            let there = packet.buffers.iter().any(|buffer| buffer.record.find(field).is_some());
            assert!(there, "{name}: packet {} has no {field}", packet.number);
        }
    }
}

#[test]
fn a_tour_follows_its_packets_when_the_run_is_another() {
    let mut scenario = wirescope::scenario::find("curl").expect("it is built in").scenario();
    scenario.network.loss = "30%".parse().expect("it is a share");
    scenario.seed = 5;
    let story = runs::at_client(&wirescope::scenario::run(&scenario).expect("it runs").trace);
    let tour = story.tour("curl").expect("it has one");
    let first = &tour.steps[0];
    assert_eq!(first.packet.and_then(|number| story.row(number)).map(|row| row.flags), Some("SYN".to_owned()));
    assert!(captured(&story).tour("curl").is_some_and(|tour| tour.steps.len() >= 3));
    assert!(story.tour("no such scenario").is_none());
}

fn by_id<'q>(questions: &'q [Prediction], id: &str) -> &'q Prediction {
    questions.iter().find(|question| question.id == id).unwrap_or_else(|| panic!("there is no {id}: {questions:#?}"))
}

#[test]
fn the_documents_numbers_are_asked_for_and_marked() {
    let questions = story("curl").predictions().questions;
    // The document's acks: 1001 of the SYN, 4501 of the server's, 4701 of the response, 4702 of its FIN.
    for (id, relative, raw) in
        [("ack-2", "1", "1001"), ("ack-3", "1", "4501"), ("ack-7", "201", "4701"), ("ack-11", "202", "4702")]
    {
        let question = by_id(&questions, id);
        assert!(
            question.marks(relative) && question.marks(raw) && question.marks(&format!(" {relative} ")),
            "{question:?}"
        );
        assert!(!question.marks("0") && !question.marks("") && !question.marks("4500"), "{question:?}");
        assert!(question.because.contains("RFC 9293"));
    }
    let opens = by_id(&questions, "state-2-client");
    assert!(opens.marks("established") && !opens.marks("SYN-SENT"), "{opens:?}");
    assert!(by_id(&questions, "state-8-client").marks("FIN-WAIT-1"));
}

#[test]
fn every_answer_is_what_the_run_shows() {
    let mut stories: Vec<Story> = runs::every().map(|(_, run)| runs::at_client(&run.trace)).collect();
    stories.push(runs::at_client(&lossy().trace));
    let again: Vec<Story> = stories.iter().map(captured).collect();
    for story in stories.iter().chain(&again) {
        let questions = story.predictions().questions;
        assert_eq!(questions, story.predictions().questions, "the same run has the same questions");
        assert!(questions.len() >= 5, "{}", questions.len());
        let ids: std::collections::BTreeSet<&str> = questions.iter().map(|question| question.id.as_str()).collect();
        assert_eq!(ids.len(), questions.len());
        for question in &questions {
            assert!(question.marks(&question.answer) && question.because.contains("RFC"), "{question:?}");
            let row = story.row(question.packet).expect("it is there");
            if let Some(field) = question.field {
                let packet = story.packet(question.packet).expect("it is there");
                let there = packet.buffers.iter().any(|buffer| buffer.record.find(field).is_some());
                assert!(there, "packet {} has no {field}: {question:?}", question.packet);
            }
            match question.id.split('-').next() {
                Some("ack") => assert_eq!(row.ack.map(|ack| ack.to_string()).as_ref(), Some(&question.answer)),
                Some("state") => {
                    let machines = story.machines_after(question.packet).expect("it is a segment");
                    let side = usize::from(question.id.ends_with("server"));
                    assert_eq!(machines.ends[side].state_name, question.answer);
                    assert!(question.choices.contains(&question.answer) && question.choices.len() == 4, "{question:?}");
                }
                Some("window") => {
                    assert!(question.answer.parse::<i64>().is_ok_and(|left| left >= 0), "{question:?}");
                    // The packet that is shown with the answer is the one that offered the window: not the sender's own.
                    let sent: u32 = question.id["window-".len()..].parse().expect("a number");
                    assert_ne!(row.side, story.row(sent).expect("it is there").side, "{question:?}");
                    assert!(
                        question.ask.contains(&format!("before {} ", row.ack.expect("it acknowledges"))),
                        "{question:?}"
                    );
                }
                Some("next") => {
                    assert_eq!(question.answer, format!("{}: {}", row.protocol, row.meaning));
                    assert!(question.choices.len() == 4 && question.choices.contains(&question.answer), "{question:?}");
                    assert!(question.ask.contains(&row.from), "{question:?}");
                }
                Some("stream") => {
                    assert!(row.meaning.contains(&format!("on stream {}", question.answer)), "{}", row.meaning);
                    assert!(question.answer.parse::<u32>().is_ok_and(|stream| stream % 2 == 1), "{question:?}");
                }
                Some("again") => assert!(row.meaning.contains("again"), "{}", row.meaning),
                _ => panic!("{question:?}"),
            }
        }
    }
}

#[test]
fn http2_asks_for_the_stream_of_the_next_request() {
    let questions = story("http2").predictions().questions;
    let streams: Vec<&Prediction> = questions.iter().filter(|question| question.id.starts_with("stream-")).collect();
    // The page is asked for on stream 1; its six files go out in one packet, the first of them on stream 3.
    let [stream] = streams[..] else { panic!("{streams:?}") };
    assert!(stream.marks("3") && !stream.marks("2") && !stream.marks("5"), "{stream:?}");
    assert!(stream.because.contains("RFC 9113"));
    // Requests that have a connection each have no streams.
    assert!(story("curl").predictions().questions.iter().all(|question| !question.id.starts_with("stream-")));
}

#[test]
fn a_lossy_run_asks_why_something_is_sent_again() {
    let story = runs::at_client(&lossy().trace);
    let questions = story.predictions().questions;
    let again: Vec<&Prediction> = questions.iter().filter(|question| question.id.starts_with("again-")).collect();
    assert!(!again.is_empty());
    for question in again {
        let why = story.why(question.packet);
        // The chain of causes tells it as well: the first reason on the way back.
        let reasons = [
            "tcp.rto",
            "tcp.fast_retransmit",
            "tcp.partial_ack",
            "tcp.dup_ack",
            "tcp.recovery",
            "tcp.rack_lost",
            "tcp.sack_lost",
            "tcp.sacked",
            "tcp.tlp",
        ];
        let reason = why.iter().map(|link| link.kind).find(|kind| reasons.contains(kind));
        assert_eq!(question.answer == "its timer ran out", reason == Some("tcp.rto"), "{question:?}: {reason:?}");
        assert_eq!(question.answer.contains("probes"), reason == Some("tcp.tlp"), "{question:?}: {reason:?}");
    }
}
