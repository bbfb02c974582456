//! A TCP connection a row.

use analyze::{Ending, Summary};
use flow::{Application, Talk};

use super::{Cell, Chosen, Sink, Table, columns};

pub(super) static TABLE: Table = Table {
    name: "connections",
    line: "A TCP connection.",
    columns: columns! {
        "number" Integer "its number, from 1 in order of first packets";
        "client" Text "the client's address";
        "client_port" Integer "and port";
        "server" Text "the server's address";
        "server_port" Integer "and port";
        "first_ns" Integer "when its first packet passed the tap, in nanoseconds since the run's zero";
        "last_ns" Integer "when its last packet did";
        "packets" Integer "packets, both directions";
        "client_bytes" Integer "bytes of the client's stream that were seen, each once";
        "server_bytes" Integer "the server's";
        "client_retransmissions" Integer "segments that the client sent again";
        "server_retransmissions" Integer "and the server";
        "round_trip_ns" Integer "derived: one round trip between the ends";
        "ending" Text "how it ended: closed by client, closed by server, half closed by client, half closed by server, reset by client, reset by server, refused, unanswered, open";
        "application" Text "what its bytes are: nothing, TLS, HTTP, DNS, unknown";
        "server_name" Text "TLS: the name that the client asked for";
        "tls_version" Text "TLS: the version agreed on";
        "cipher_suite" Text "TLS: the cipher suite agreed on";
        "alpn" Text "TLS: the protocol agreed on";
        "records" Integer "TLS: protected records";
        "records_decrypted" Integer "TLS: how many of them were decrypted";
        "undecrypted_because" Text "TLS: why the first of the others was not";
        "requests" Integer "HTTP requests on it that could be read";
    },
    rows,
};

fn rows(chosen: &Chosen<'_>, each: &mut Sink<'_>) -> std::io::Result<()> {
    let flow = chosen.story.flow();
    for summary in &chosen.story.analysis().connections {
        let Some(conversation) = flow.conversation(summary.conversation) else { continue };
        if !chosen.any(conversation.packets.iter().copied()) {
            continue;
        }
        each(&row(chosen.number(summary.conversation), summary))?;
    }
    Ok(())
}

/// A connection's row; `number` is its number in the capture.
pub fn row(number: Option<usize>, summary: &Summary) -> [Cell; 23] {
    let tls = summary.tls.as_ref();
    [
        number.into(),
        summary.client.end.ip.to_string().into(),
        summary.client.end.port.into(),
        summary.server.end.ip.to_string().into(),
        summary.server.end.port.into(),
        summary.span.0.into(),
        summary.span.1.into(),
        summary.packets.into(),
        summary.client.stream_bytes.into(),
        summary.server.stream_bytes.into(),
        Cell::from(summary.client.counts.retransmissions),
        Cell::from(summary.server.counts.retransmissions),
        summary.round_trip.into(),
        ending(summary.ending).into(),
        application(summary.application).into(),
        tls.and_then(|tls| tls.server_name.clone()).into(),
        tls.and_then(|tls| tls.version.clone()).into(),
        tls.and_then(|tls| tls.cipher_suite.clone()).into(),
        tls.and_then(|tls| tls.alpn.clone()).into(),
        tls.map(|tls| tls.records.0).into(),
        tls.map(|tls| tls.records.1).into(),
        tls.and_then(|tls| tls.undecrypted.as_ref()).map(|(_, why)| why.clone()).into(),
        summary.http.len().into(),
    ]
}

/// The row of a connection of which headers alone were looked at; what these do not tell is empty.
pub fn talk_row(number: usize, talk: &Talk) -> [Cell; 23] {
    let (client, server) = (talk.connection.client().counts(), talk.connection.server().counts());
    let mut cells = [const { Cell::Empty }; 23];
    let known: [Cell; 14] = [
        number.into(),
        talk.client.ip.to_string().into(),
        talk.client.port.into(),
        talk.server.ip.to_string().into(),
        talk.server.port.into(),
        talk.span.0.into(),
        talk.span.1.into(),
        talk.packets.into(),
        (client.data_bytes - client.repeated_bytes).into(),
        (server.data_bytes - server.repeated_bytes).into(),
        client.retransmissions.into(),
        server.retransmissions.into(),
        analyze::round_trip(&talk.connection).into(),
        ending(Ending::of(&talk.connection)).into(),
    ];
    for (cell, known) in cells.iter_mut().zip(known) {
        *cell = known;
    }
    cells
}

fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Closed { client_first: true } => "closed by client",
        Ending::Closed { client_first: false } => "closed by server",
        Ending::HalfClosed { client: true } => "half closed by client",
        Ending::HalfClosed { client: false } => "half closed by server",
        Ending::Reset { client: true } => "reset by client",
        Ending::Reset { client: false } => "reset by server",
        Ending::Refused => "refused",
        Ending::Unanswered => "unanswered",
        Ending::Open => "open",
    }
}

fn application(application: Application) -> &'static str {
    match application {
        Application::Nothing => "nothing",
        Application::Tls => "TLS",
        Application::Http => "HTTP",
        Application::Dns => "DNS",
        // What more may be told apart has a row of its own in the ladder; here it is a stream.
        _ => "unknown",
    }
}
