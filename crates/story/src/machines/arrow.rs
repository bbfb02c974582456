//! Which arrow of the state machine was taken from one state to the next.

use trace::{Event as Happened, Kind, Trace, kinds::tcp as kind};
use wire::tcp::{Event, State, TRANSITIONS, Transition};

/// The index of the arrow from `from` to `to` that `happened` (a change of state) took, in [`TRANSITIONS`]. Where several lead
/// the same way, what brought the change about tells which.
pub(crate) fn witnessed(trace: &Trace, happened: &Happened, from: State, to: State) -> Option<usize> {
    let causes = || trace.causes(happened.id).skip(1).take(3);
    one(from, to, |event| causes().any(|cause| brings(cause.kind, event)))
}

/// The index of the arrow from `from` to `to`, when all that is known is whether the packet that went by was a reset.
pub(crate) fn inferred(from: State, to: State, reset: bool) -> Option<usize> {
    one(from, to, |event| matches!(event, Event::RcvRst | Event::RcvRstPassive) == reset)
}

/// The only arrow, or the first of several that is `likely`, or the first.
fn one(from: State, to: State, likely: impl Fn(Event) -> bool) -> Option<usize> {
    let arrows = || TRANSITIONS.iter().enumerate().filter(|(_, row)| row.from == from && row.to == to);
    let first = arrows().next()?;
    let chosen = arrows().find(|(_, row)| arrows().count() > 1 && likely(row.event)).unwrap_or(first);
    Some(chosen.0)
}

/// Whether an event of this kind is what the state machine calls `event`.
fn brings(happened: &'static Kind, event: Event) -> bool {
    let is = |kinds: &[&'static Kind]| kinds.iter().any(|kind| std::ptr::eq(*kind, happened));
    match event {
        Event::Close => is(&[&kind::CLOSED_BY_PROGRAM]),
        Event::Abort => is(&[&kind::ABORTED, &kind::UNREAD_DATA, &kind::DATA_AFTER_CLOSE]),
        Event::RcvRst | Event::RcvRstPassive => is(&[&kind::RESET]),
        Event::GiveUp => is(&[&kind::TIMED_OUT, &kind::HARD_ERROR]),
        Event::TimeWaitOver => is(&[&kind::TIME_WAIT_OVER]),
        Event::FinWaitOver => is(&[&kind::FIN_WAIT_OVER]),
        Event::NewSyn => is(&[&kind::REOPENED]),
        Event::RcvAckOfFin | Event::RcvFin | Event::RcvSyn => is(&[&kind::RECEIVED]),
        _ => false,
    }
}

/// The arrow with this index.
pub(crate) fn arrow(index: usize) -> Option<&'static Transition> {
    TRANSITIONS.get(index)
}
