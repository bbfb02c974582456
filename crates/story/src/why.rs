//! Why a packet was sent: the chain of causes, in words.

use base::{EventId, FrameId, Instant};
use trace::{Arg, Class, Event, Trace};
use wire::tcp::{Flags, State};

/// One link of a chain of causes.
#[derive(Clone, Debug)]
pub struct Link {
    /// The event.
    pub event: EventId,
    /// When it happened.
    pub at: Instant,
    /// Where.
    pub place: String,
    /// The id of its kind, for `explain`.
    pub kind: &'static str,
    /// Whether a chain may end here: an act of a person, or a configured timer.
    pub root: bool,
    /// What happened, in words.
    pub text: String,
    /// The rule behind it.
    pub rfc: &'static str,
    /// What it served, where that is not what triggered it: the chain that supplied the data.
    pub because: Option<EventId>,
}

/// The chain of causes of `frame`: from its passage at the tap back to a root.
pub(crate) fn chain(trace: &Trace, frame: FrameId) -> Vec<Link> {
    trace.frames.meta(frame).map(|meta| chain_of(trace, meta.event)).unwrap_or_default()
}

/// The chain of causes of an event.
pub(crate) fn chain_of(trace: &Trace, event: EventId) -> Vec<Link> {
    trace.causes(event).map(|event| link(trace, event)).collect()
}

fn link(trace: &Trace, event: &Event) -> Link {
    Link {
        event: event.id,
        at: event.at,
        place: trace.place(event.place).map_or_else(String::new, |place| place.name.clone()),
        kind: event.kind.id,
        root: event.cause.is_none() && event.kind.class == Class::Act,
        text: text(trace, event),
        rfc: event.kind.rfc,
        because: event.because,
    }
}

/// What happened, with the arguments in their places.
pub(crate) fn text(trace: &Trace, event: &Event) -> String {
    let mut out = event.kind.line.to_owned();
    for (i, (kind, value)) in event.kind.args.iter().zip(event.args).enumerate() {
        let place = format!("{{{i}}}");
        if out.contains(&place) {
            out = out.replace(&place, &argument(trace, kind, value));
        }
    }
    out
}

fn argument(trace: &Trace, kind: &Arg, value: u64) -> String {
    match kind {
        Arg::None => String::new(),
        Arg::Count | Arg::Seq | Arg::Port => value.to_string(),
        Arg::Bytes => bytes(value),
        Arg::Nanos => nanos(value),
        Arg::Text => trace.string(value).to_owned(),
        Arg::Frame => format!("#{value}"),
        Arg::Flags => Flags(value as u16).to_string(),
        Arg::State => State(value as u8).to_string(),
        Arg::Ip => trace.address(value).to_string(),
        Arg::Prefix => {
            let (network, len) = trace.prefix(value);
            format!("{network}/{len}")
        }
        Arg::Mac => {
            let b = value.to_be_bytes();
            wire::MacAddr([b[2], b[3], b[4], b[5], b[6], b[7]]).to_string()
        }
        Arg::Socket => trace.socket(value).to_string(),
        Arg::Code(codes) => {
            codes.iter().find(|code| code.value == value).map_or_else(|| value.to_string(), |code| code.name.to_owned())
        }
    }
}

/// A number of bytes, in words.
pub(crate) fn bytes(value: u64) -> String {
    format!("{value} {}", if value == 1 { "byte" } else { "bytes" })
}

/// A span in the unit in which people would say it.
pub(crate) fn nanos(value: u64) -> String {
    match value {
        0..1_000 => format!("{value} ns"),
        1_000..1_000_000 => format!("{} µs", value as f64 / 1e3),
        1_000_000..10_000_000_000 => format!("{} ms", (value as f64 / 1e6 * 1e3).round() / 1e3),
        _ => format!("{} s", (value as f64 / 1e9 * 1e3).round() / 1e3),
    }
}
