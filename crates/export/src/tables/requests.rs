//! A request a row.

use analyze::Request;

use super::{Cell, Chosen, Sink, Table, columns};

pub(super) static TABLE: Table = Table {
    name: "requests",
    line: "A request, or what stands for one on a connection whose bytes cannot be read.",
    columns: columns! {
        "number" Integer "its number, from 1 in order of time: that of `--request`";
        "connection" Integer "its TCP connection";
        "line" Text "the request's first line, where it can be read";
        "host" Text "the site: the Host field, or the name in the ClientHello";
        "status" Integer "the status code of the final response";
        "start_ns" Integer "when the first thing was done for it, in nanoseconds since the run's zero";
        "dns_ns" Integer "how long the name's resolution took; of a connection's first request, like the next two";
        "connect_ns" Integer "the TCP handshake";
        "tls_ns" Integer "the TLS handshake";
        "send_ns" Integer "from the request's first packet to its last";
        "wait_ns" Integer "from there to the response's first packet";
        "receive_ns" Integer "from there to its last";
        "total_ns" Integer "from the start to the response's last byte";
        "request_bytes" Integer "bytes of the request, head and framing included";
        "response_bytes" Integer "bytes of the response";
        "whole" Boolean "whether the response is all there";
        "first_packet" Integer "the request's first packet";
        "last_packet" Integer "the last packet of its response, or of itself";
    },
    rows,
};

fn rows(chosen: &Chosen<'_>, each: &mut Sink<'_>) -> std::io::Result<()> {
    for (index, request) in chosen.story.analysis().requests.iter().enumerate() {
        let number = chosen.story.request_number(index);
        let first = request.request_frames.0;
        let last = request.response_frames.map_or(request.request_frames.1, |frames| frames.1);
        let conversation = chosen.story.flow().conversation(request.conversation);
        let packets = conversation.map(|c| c.packets.as_slice()).unwrap_or_default();
        if !chosen.any(packets.iter().copied().filter(|n| (first..=last).contains(n))) {
            continue;
        }
        each(&row(number, chosen.number(request.conversation), request))?;
    }
    Ok(())
}

/// A request's row: its number, and that of its connection.
pub fn row(number: usize, connection: Option<usize>, request: &Request) -> [Cell; 18] {
    let length = |span: Option<analyze::Span>| span.map(|(from, to)| to - from);
    let first = request.request_frames.0;
    let last = request.response_frames.map_or(request.request_frames.1, |frames| frames.1);
    [
        number.into(),
        connection.into(),
        request.line.clone().into(),
        request.host.clone().into(),
        request.status.into(),
        request.start().into(),
        length(request.dns).into(),
        length(request.connect).into(),
        length(request.tls).into(),
        length(Some(request.send)).into(),
        length(request.wait).into(),
        length(request.receive).into(),
        request.total().into(),
        request.bytes.0.into(),
        request.bytes.1.into(),
        request.whole.into(),
        first.into(),
        last.into(),
    ]
}
