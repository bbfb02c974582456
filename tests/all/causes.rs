//! Why was this packet sent? Every answer goes back to what somebody did.

use wirescope::trace::{Class, Trace};
use wirescope::{Story, TapChoice};

use crate::runs;

#[test]
fn every_packet_at_every_tap_goes_back_to_an_act() {
    for (name, run) in runs::every() {
        for tap in runs::taps(&run.trace) {
            let story = Story::from_trace(run.trace.clone(), TapChoice::Named(tap.clone())).expect("the tap is there");
            assert!(!story.is_empty(), "{name}: {tap}");
            for number in 1..=story.len() as u32 {
                let chain = story.why(number);
                let last = chain.last().unwrap_or_else(|| panic!("{name}: packet {number} at {tap} has no cause"));
                assert!(
                    last.root,
                    "{name}: packet {number} at {tap} goes back to {} ({}) and no further",
                    last.kind, last.text
                );
                for link in &chain {
                    assert!(!link.text.is_empty() && !link.text.contains('{'), "{name}: `{}`", link.text);
                    assert!(!link.rfc.is_empty() && !link.place.is_empty(), "{name}: {link:?}");
                }
            }
        }
    }
}

#[test]
fn every_event_goes_back_to_an_act() {
    for (name, run) in runs::every() {
        check(name, &run.trace);
    }
}

fn check(name: &str, trace: &Trace) {
    for event in &trace.events {
        let last = trace.causes(event.id).last().expect("an event is in its own chain");
        let root = last.cause.is_none() && last.kind.class == Class::Act;
        assert!(root, "{name}: {} {} goes back to {} {}", event.id, event.kind.id, last.id, last.kind.id);
        // A cause is there before its effect, and so is what an event serves.
        assert!(event.cause < event.id, "{name}: {} {}", event.id, event.kind.id);
        let because = event.because.map(|id| trace.event(id).map(|served| served.at));
        assert!(because.is_none_or(|at| at.is_some_and(|at| at <= event.at)), "{name}: {} {}", event.id, event.kind.id);
    }
}

#[test]
fn frames_are_followed_from_device_to_device() {
    for (name, run) in runs::every() {
        let trace = &run.trace;
        for meta in trace.frames.metas() {
            let first = trace.ancestors(meta.id).last().and_then(|id| trace.frames.meta(id)).unwrap_or(meta);
            assert_eq!(first.direction, wirescope::trace::Direction::Out, "{name}: frame {} was never sent", meta.id);
            assert!(first.at <= meta.at, "{name}: frame {} was there before it was sent", meta.id);
        }
    }
}
