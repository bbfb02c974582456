//! What the ends of connections told of themselves in a simulation, figure by figure, so that any moment can be looked up.

use std::collections::BTreeMap;

use base::{Duration, EventId, Instant};
use trace::{Kind, Trace, kinds::tcp as kind};

use crate::states::End;

/// Something that was told, when, and by which event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Told<T> {
    pub at: Instant,
    pub event: EventId,
    pub value: T,
}

/// The figures of one end, each in order of time. Bytes, and nanoseconds.
#[derive(Clone, Default, Debug)]
pub(crate) struct Figures {
    /// In flight, and the congestion window.
    pub flight: Vec<Told<[u64; 2]>>,
    /// The congestion window before and after, by the decisions that moved it.
    pub moves: Vec<Told<[u64; 2]>>,
    pub ssthresh: Vec<Told<u64>>,
    /// The other side's window, and the own one.
    pub windows: Vec<Told<[u64; 2]>>,
    /// The send buffer, and the receive buffer.
    pub buffers: Vec<Told<[u64; 2]>>,
    /// A measured round trip, and the smoothed one.
    pub rtt: Vec<Told<[u64; 2]>>,
    /// The retransmission timeout.
    pub rto: Vec<Told<u64>>,
    pub rttvar: Vec<Told<u64>>,
    /// The pacing rate, in bytes a second.
    pub pacing: Vec<Told<u64>>,
    /// By timer, in the order of [`kind::TIMERS`]: for how long it was armed; `None` when it stopped or ran out.
    pub timers: [Vec<Told<Option<Duration>>>; 5],
}

/// The figures of all ends.
pub(crate) type Ledger = BTreeMap<End, Figures>;

/// What was told last, up to `at` and including it.
pub(crate) fn last<T>(list: &[Told<T>], at: Instant) -> Option<&Told<T>> {
    list.get(list.partition_point(|told| told.at <= at).checked_sub(1)?)
}

/// Which timer an event is about, and whether it arms it.
fn timer(event: &'static Kind, args: [u64; 2]) -> Option<(usize, bool)> {
    let is = |kinds: &[&'static Kind]| kinds.iter().any(|kind| std::ptr::eq(*kind, event));
    let arms: [&[&'static Kind]; 5] = [
        // One timer for all three, as on Linux.
        &[&kind::RTO_ARMED, &kind::RTO_RESUMED, &kind::TLP_ARMED, &kind::REORDERING_ARMED],
        &[&kind::ACK_DELAYED],
        &[&kind::PROBE_ARMED],
        &[&kind::KEEPALIVE_ARMED],
        &[&kind::TIME_WAIT_ARMED, &kind::FIN_WAIT_ARMED],
    ];
    let fires: [&[&'static Kind]; 5] = [
        &[&kind::RTO_FIRED, &kind::TLP_FIRED, &kind::REORDERING_OVER],
        &[&kind::ACK_TIMER],
        &[&kind::PROBE],
        &[&kind::KEEPALIVE],
        &[&kind::TIME_WAIT_OVER, &kind::FIN_WAIT_OVER],
    ];
    if is(&[&kind::TIMER_STOPPED]) {
        return Some((usize::try_from(args[0]).ok().filter(|&timer| timer < 5)?, false));
    }
    let armed = arms.iter().position(|kinds| is(kinds)).map(|timer| (timer, true));
    armed.or_else(|| fires.iter().position(|kinds| is(kinds)).map(|timer| (timer, false)))
}

/// Reads a trace's events once.
pub(crate) fn of(trace: &Trace) -> Ledger {
    let mut ledger = Ledger::new();
    for event in trace.events.iter().filter(|event| event.kind.id.starts_with("tcp.")) {
        let figures = ledger.entry((event.place, event.subject)).or_default();
        let is = |kind: &'static Kind| std::ptr::eq(kind, event.kind);
        let one = |value: u64| Told { at: event.at, event: event.id, value };
        let both = Told { at: event.at, event: event.id, value: event.args };
        if is(&kind::FLIGHT) {
            figures.flight.push(both);
        } else if is(&kind::CWND) {
            figures.moves.push(both);
        } else if is(&kind::SSTHRESH) {
            figures.ssthresh.push(one(event.args[0]));
        } else if is(&kind::WINDOWS) {
            figures.windows.push(both);
        } else if is(&kind::BUFFERS) {
            figures.buffers.push(both);
        } else if is(&kind::RTT_SAMPLE) {
            figures.rtt.push(both);
        } else if is(&kind::PACING) {
            figures.pacing.push(one(event.args[0]));
        } else if is(&kind::RTO_SET) {
            figures.rto.push(one(event.args[0]));
            figures.rttvar.push(one(event.args[1]));
        } else if let Some((timer, armed)) = timer(event.kind, event.args) {
            let span = armed.then(|| Duration::from_nanos(i64::try_from(event.args[0]).unwrap_or(i64::MAX)));
            figures.timers[timer].push(Told { at: event.at, event: event.id, value: span });
            // A timeout that was backed off shows in the timer that it sets.
            if is(&kind::RTO_ARMED) && figures.rto.last().is_none_or(|told| told.value != event.args[0]) {
                figures.rto.push(one(event.args[0]));
            }
        }
    }
    ledger
}
