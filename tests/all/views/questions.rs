//! DNS as a tree of questions, and the log.

use wirescope::Story;
use wirescope::story::How;
use wirescope::story::dns::Question;
use wirescope::story::log::LogQuery;

use super::captured;
use crate::runs;

fn lifecycle() -> Story {
    let (_, run) = runs::four().find(|(name, _)| *name == "lifecycle").expect("it is built in");
    runs::at_client(&run.trace)
}

/// A line a question, indented by what led to it.
fn lines(questions: &[Question], depth: usize, out: &mut Vec<String>) {
    for question in questions {
        let caches: Vec<&str> = question.caches.iter().map(|cache| if cache.hit { "hit" } else { "miss" }).collect();
        let referral = if question.referral { " referral" } else { "" };
        let caches = caches.join(" ");
        out.push(format!("{:depth$}{} asks {} [{caches}]{referral}", "", question.from, question.to));
        assert!(!question.answer.is_empty(), "{question:?}");
        assert!(question.to_ns.is_some_and(|to| to >= question.at_ns));
        let inside = |child: &Question| child.at_ns >= question.at_ns && child.to_ns <= question.to_ns;
        assert!(question.children.iter().all(inside), "{question:?}");
        lines(&question.children, depth + 1, out);
    }
}

#[test]
fn the_questions_go_from_the_program_down_to_the_authority() {
    let story = lifecycle();
    let asked = story.questions_asked();
    assert_eq!(asked.known, How::Witnessed);
    let mut out = Vec::new();
    lines(&asked.questions, 0, &mut out);
    assert_eq!(
        out,
        [
            "a program on laptop asks laptop [miss miss]",
            " laptop asks home-router [miss]",
            "  home-router asks resolver [miss]",
            "   resolver asks root-dns [] referral",
            "   resolver asks tld-dns [] referral",
            "   resolver asks auth-dns []",
        ]
    );
    let stub = &asked.questions[0].children[0];
    assert_eq!((stub.name.as_str(), stub.sort.as_str()), ("www.funter.com", "A"));
    for number in [stub.packet, stub.answer_packet] {
        assert_eq!(number.and_then(|number| story.row(number)).map(|row| row.protocol), Some("DNS"));
    }
}

#[test]
fn a_capture_tells_the_questions_that_it_holds() {
    let told = lifecycle();
    let asked = captured(&told).questions_asked();
    assert_eq!((asked.known, asked.questions.len()), (How::Inferred, 1));
    assert_eq!(asked.questions[0].answer, told.questions_asked().questions[0].children[0].answer);
    // At the resolver more is seen, and who asks while being asked is taken to ask for that.
    let (_, run) = runs::four().find(|(name, _)| *name == "lifecycle").expect("it is built in");
    let at = wirescope::TapChoice::Named("resolver".to_owned());
    let at_resolver = captured(&Story::from_trace(run.trace, at).expect("there is one")).questions_asked();
    assert_eq!(at_resolver.questions.len(), 1, "{:?}", at_resolver.questions);
    assert_eq!(at_resolver.questions[0].children.len(), 3);
}

#[test]
fn the_log_is_windowed_searched_and_grouped() {
    let story = lifecycle();
    let events = story.trace().expect("it was simulated").events.len();
    let first = story.log(LogQuery { count: 10, ..LogQuery::default() });
    assert_eq!((first.total, first.entries.len(), first.complete), (events, 10, true));
    assert_eq!(first.groups.iter().map(|group| group.count).sum::<usize>(), events);
    let next = story.log(LogQuery { from: 10, count: 10, ..LogQuery::default() });
    assert!(next.groups.is_empty() && next.entries[0].event > first.entries[9].event);
    let found = story.log(LogQuery { count: 5, text: "EsTaBlIsHeD", ..LogQuery::default() });
    assert!(found.total >= 2 && found.entries.iter().all(|entry| entry.text.contains("ESTABLISHED")), "{found:?}");
    for group in &first.groups {
        let rows = story.log(LogQuery { count: 3, group: &group.key, ..LogQuery::default() });
        assert_eq!(rows.total, group.count, "{}", group.key);
        assert!(rows.entries.iter().all(|entry| entry.group == group.key));
    }
    assert_eq!(story.log(LogQuery { count: 5, text: "no such thing", ..LogQuery::default() }).total, 0);
    let past = story.log(LogQuery { from: usize::MAX, count: usize::MAX, ..LogQuery::default() });
    assert!(past.entries.is_empty());
    let of_capture = captured(&story).log(LogQuery { count: 10, ..LogQuery::default() });
    assert!(of_capture.entries.is_empty() && !of_capture.why.is_empty());
}
