//! Where the time went: the phases are a partition, so they add up, to the nanosecond.

use wirescope::base::Duration;
use wirescope::export::TapSet;

use crate::runs;

#[test]
fn phases_add_up_exactly() {
    for (name, run) in runs::every() {
        let story = runs::at_client(&run.trace);
        let path = story.critical_path().unwrap_or_else(|| panic!("{name}: nobody knows where the time went"));
        for pair in path.phases.windows(2) {
            assert_eq!(pair[0].to, pair[1].from, "{name}: between {:?} and {:?}", pair[0].kind, pair[1].kind);
        }
        let sum = path.phases.iter().fold(Duration::ZERO, |sum, phase| sum + phase.duration());
        assert_eq!(sum, path.total(), "{name}");
        assert_eq!(path.phases.last().map(|phase| phase.to), Some(path.last_byte), "{name}");
        assert!(path.time_to_first_byte().is_some_and(|first| first <= path.total()), "{name}");
        assert!(path.phases.iter().all(|phase| phase.duration() >= Duration::ZERO), "{name}");
        // A capture of the run has the same phases.
        let (_, file) = runs::reopened(&run.trace, TapSet::One(story.tap().expect("one tap")));
        let again = runs::told(file).critical_path().expect("the capture shows the same");
        let all = |path: &wirescope::analyze::CriticalPath| {
            path.phases.iter().map(|phase| (phase.kind.name(), phase.duration(), phase.rtt)).collect::<Vec<_>>()
        };
        assert_eq!(all(&path), all(&again), "{name}");
    }
}
