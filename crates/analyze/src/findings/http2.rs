//! HTTP/2: streams and connections that an error ends.

use flow::{Direction, Http, Http2Frame, MessageState, UnitKind};
use wire::http2::{ErrorCode, FrameType};

use super::{Connection, Finding, Rule, finding};

/// All of them.
pub(super) static RULES: &[&dyn Rule] = &[&StreamReset, &GoAway];

/// The frames of a type that say an error, with the packet that brought each.
fn errors<'a>(
    connection: &'a Connection<'_>,
    http: &'a Http,
    kind: FrameType,
) -> impl Iterator<Item = (&'a Http2Frame, ErrorCode, u32)> {
    let frames = connection.layers.units().iter().filter_map(move |unit| match unit.kind {
        UnitKind::Frame(at) => Some((http.frames.get(at)?, unit.complete)),
        _ => None,
    });
    let of_kind = frames.filter(move |(frame, _)| frame.header.is_some_and(|header| header.kind == kind));
    of_kind.filter_map(|(frame, packet)| {
        let code = frame.error?;
        (code != ErrorCode::NO_ERROR).then_some((frame, code, packet))
    })
}

/// Whether the server ended this stream by an error.
pub(super) fn reset(connection: &Connection<'_>, stream: u32) -> bool {
    connection.layers.http.as_ref().is_some_and(|http| {
        errors(connection, http, FrameType::RST_STREAM).any(|(frame, ..)| {
            frame.direction == Direction::ToClient && frame.header.is_some_and(|header| header.stream == stream)
        })
    })
}

finding! {
    /// RST_STREAM before the answer is whole.
    StreamReset = "finding.http2.stream_reset", "a stream is broken off", "RFC 9113 §6.4",
        "one side ended a request of HTTP/2 with an error before it was answered whole; the connection and its other streams go on",
        advice "REFUSED_STREAM: nothing was done yet, ask again. ENHANCE_YOUR_CALM: ask for less. INTERNAL_ERROR and PROTOCOL_ERROR: look at the log of the side that sent it.";
    look_at = |card, connection, out| {
        let Some(http) = &connection.layers.http else { return };
        for (frame, code, packet) in errors(connection, http, FrameType::RST_STREAM) {
            // A client that no longer wants an answer is no fault.
            if frame.direction == Direction::ToServer && code == ErrorCode::CANCEL {
                continue;
            }
            let stream = frame.header.map_or(0, |header| header.stream);
            let of_stream = |at: &usize| http.messages.get(*at).is_some_and(|m| m.on_stream.as_ref().is_some_and(|on| on.stream == stream));
            let exchange = http.exchanges.iter().enumerate().find(|(_, exchange)| exchange.request.iter().chain(&exchange.responses).any(of_stream));
            let Some((at, exchange)) = exchange else { continue };
            let last = exchange.responses.last().and_then(|at| http.messages.get(*at));
            if last.is_some_and(|message| message.state == MessageState::Whole && !message.interim()) {
                continue;
            }
            let request = connection.requests.iter().find(|request| request.exchange == Some(at));
            let line = request.and_then(|request| request.line.as_deref()).unwrap_or("A request");
            let text = format!("{line} was broken off by the {} with {code}.", Connection::sender(frame.direction));
            out.push(Finding::new(card, text, request.map(|request| request.request_frames.0).into_iter().chain([packet])).failed());
        }
    };
}

finding! {
    /// GOAWAY with an error.
    GoAway = "finding.http2.goaway", "the connection is ended by an error", "RFC 9113 §6.8",
        "one side of HTTP/2 takes no more requests, because the other broke a rule or it cannot go on itself",
        advice "The error code says why, and the debug data behind it sometimes more. Streams above the number that it gives were not processed and can be asked for again.";
    look_at = |card, connection, out| {
        let Some(http) = &connection.layers.http else { return };
        for (frame, code, packet) in errors(connection, http, FrameType::GOAWAY) {
            let text = format!("The {} ended the connection with {code}.", Connection::sender(frame.direction));
            out.push(Finding::new(card, text, [packet]).failed());
        }
    };
}
