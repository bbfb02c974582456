//! What is told of a capture in short, and read by two threads, is what is told of it at length, and read by one.

use std::borrow::Cow;

use capture::keylog::KeyLog;
use capture::read::Held;
use story::{Mark, Row, Story, TapChoice};

use super::tables::Tables;

/// Runs of every sort, the damaged and the hurried among them: their traces.
fn traces() -> Vec<(String, trace::Trace)> {
    let turned = |name: &str, turns: &[(&str, &str)]| {
        let mut scenario = scenario::find(name).unwrap().scenario();
        for (knob, value) in turns {
            scenario::find_knob(knob).unwrap().turn(&mut scenario, value).unwrap();
        }
        (format!("{name} {turns:?}"), scenario::run(&scenario).unwrap().trace)
    };
    let mut all: Vec<_> = scenario::BUILT_IN.iter().map(|built_in| turned(built_in.name, &[])).collect();
    all.push(turned("https", &[("loss", "4%"), ("size", "300k"), ("seed", "7")]));
    all.push(turned("curl", &[("size", "100k"), ("mtu", "576"), ("loss", "2%"), ("seed", "3")]));
    all.extend(scenario::ARGUMENTS.iter().map(|argument| {
        let played = argument.play(base::Seed(1)).unwrap();
        (argument.name.to_owned(), played.trace)
    }));
    all
}

/// Every packet in short is its row without the words.
fn agrees(what: &str, story: &Story) {
    let rows: Vec<Row> = story.rows().collect();
    let briefs: Vec<_> = story.briefs().collect();
    assert_eq!(rows.len(), briefs.len(), "{what}");
    for (row, (view, brief)) in rows.iter().zip(&briefs) {
        let what = format!("{what}, packet {}", row.number);
        assert_eq!(row.number, view.row.number, "{what}");
        assert_eq!((row.side, row.protocol, row.ends), (brief.side, brief.protocol, brief.ends), "{what}");
        let verdicts: Vec<Mark> = brief.verdicts.iter().map(|one| Mark::Verdict(one.id, one.name)).collect();
        let (told, other): (Vec<_>, Vec<_>) =
            row.marks.iter().cloned().partition(|mark| matches!(mark, Mark::Verdict(..)));
        assert_eq!(told, verdicts, "{what}");
        assert_eq!(other.contains(&Mark::Malformed), brief.malformed, "{what}");
        assert_eq!(other.iter().any(|mark| matches!(mark, Mark::Lost(_))), story.is_lost(row.number), "{what}");
        let names = view.row.conversation.and_then(|id| story.end_names(id)).unwrap_or_default();
        let [from, to] = if view.row.direction == flow::Direction::ToServer { [0, 1] } else { [1, 0] };
        assert_eq!((&row.from, &row.to), (&names[from], &names[to]), "{what}");
    }
}

#[test]
fn in_short_and_at_length_from_two_threads_and_from_one() {
    let mut protocols = std::collections::BTreeSet::new();
    for (name, trace) in traces() {
        let simulated = Story::from_trace(trace.clone(), TapChoice::All).unwrap();
        agrees(&name, &simulated);
        let simulated = Story::from_trace(trace.clone(), TapChoice::Client)
            .unwrap_or_else(|_| Story::from_trace(trace.clone(), TapChoice::All).unwrap());
        agrees(&name, &simulated);
        let mut file = Vec::new();
        export::write_story(&mut file, &simulated, None).unwrap();
        // One more that breaks off, as if the capturing program had been stopped.
        for file in [file.clone(), file[..file.len() * 2 / 3].to_vec()] {
            let one = Story::from_capture(capture::read::read_all(&file[..]).unwrap(), KeyLog::default());
            agrees(&name, &one);
            let two = Story::from_held(&Held::Memory(file.clone().into()), KeyLog::default(), |_| ()).unwrap();
            let header = |story: &Story| {
                let file = story.capture().unwrap();
                format!("{:?}", (file.format, &file.interfaces, &file.secrets, &file.problems, &file.ended_by))
            };
            let packets = |story: &Story| story.captured().map(Cow::into_owned).collect::<Vec<_>>();
            assert_eq!(header(&one), header(&two), "{name}");
            assert_eq!(packets(&one), packets(&two), "{name}");
            assert_eq!(packets(&one).len(), one.len(), "{name}");
            assert_eq!((one.epoch(), one.secrets()), (two.epoch(), two.secrets()), "{name}");
            assert_eq!(format!("{:?}", one.analysis()), format!("{:?}", two.analysis()), "{name}");
            let rows = |story: &Story| format!("{:?}", story.rows().collect::<Vec<_>>());
            assert_eq!(rows(&one), rows(&two), "{name}");
            let (a, b) = (Tables::new(&one), Tables::new(&two));
            assert!(a.columns == b.columns && a.columns.len() > 1000, "{name}");
            assert_eq!(format!("{:?}", (a.hosts, a.protocols)), format!("{:?}", (b.hosts, b.protocols)), "{name}");
            protocols.extend(one.rows().map(|row| row.protocol));
        }
    }
    assert!(
        ["TCP", "TLS", "HTTP", "DNS", "DHCP", "ARP", "UDP"].iter().all(|one| protocols.contains(one)),
        "{protocols:?}"
    );
}
